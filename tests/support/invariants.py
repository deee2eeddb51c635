"""What must hold in every run, whatever people do and whatever breaks: each invariant once, with its source.

They are judged by what anyone could be handed afterwards: the services' journals and states, the streams, and which
commands and days there were.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import date, timedelta
from typing import Any, Final, NamedTuple, TypeVar

from services.dispatch import reactions as dispatch
from services.incentives import reactions as incentives
from services.inspection import reactions as inspection
from services.registry import reactions as registry
from shared.contracts import Event
from shared.contracts import dispatch as d
from shared.contracts import incentives as n
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.contracts.journey import JOURNEY, STAGES, next_stage
from shared.contracts.values import ROLES
from shared.draws import sample_size, verify_draw, verify_sample
from shared.engine.flow import derived_id
from shared.policy import Policy
from shared.policy.exit import INCIDENCE
from shared.rules import State

E = TypeVar("E", bound=Event)
_DUE: Final = {
    "registry": registry.DUE,
    "dispatch": dispatch.DUE,
    "inspection": inspection.DUE,
    "incentives": incentives.DUE,
}


class Said(NamedTuple):
    """An event as its journal has it."""

    id: str
    cause: str
    service: str
    day: date
    event: Any


class Evidence(NamedTuple):
    """What a run left behind."""

    policy: Policy
    journals: Mapping[str, Sequence[Said]]
    """By service, in the order of its outbox."""
    streams: Mapping[str, Sequence[str]]
    """The ids of the messages of each stream in its order, repetitions included."""
    states: Mapping[str, Mapping[tuple[str, str], State]]
    """By service, kind and id."""
    commands: Set[str]
    """The ids of the causes that commands are."""
    days: Mapping[date, str]
    """The days that passed, with the ids of their events."""
    dead_letters: Sequence[Any] = ()
    torn: Sequence[Any] = ()
    """Batches of which the server had a part already, so that it would refuse them for ever."""

    def all(self, event: type[E], **fields: Any) -> list[tuple[date, E]]:
        """The events of a type in the order of their journal, each with its day, whose fields have these values."""
        return [
            (said.day, said.event)
            for said in self.journals[event.type.partition(".")[0]]
            if type(said.event) is event and all(getattr(said.event, f) == value for f, value in fields.items())
        ]

    def content(self) -> dict[str, tuple[str, date, Event]]:
        """What the journals say, whatever the order: by id the cause, the day and the event."""
        return {said.id: (said.cause, said.day, said.event) for journal in self.journals.values() for said in journal}

    def told(self) -> Iterator[Said]:
        """All events of the journals in the order in which they first stand in the streams, the open one first."""
        by_id = {said.id: said for journal in self.journals.values() for said in journal}
        for stream in self.streams.values():
            yield from (by_id[id] for id in dict.fromkeys(stream) if id in by_id)

    def of(self, service: str, kind: str) -> dict[str, Any]:
        """A service's states of a kind by id."""
        return {id: state for (of, id), state in self.states[service].items() if of == kind}


# --------------------------------------------------------------------------------------------------- messages


def ids_are_unique(run: Evidence) -> None:
    """No two events of any journals have one id, nor has a command the id of an event."""
    ids = Counter(said.id for journal in run.journals.values() for said in journal)
    assert [id for id, times in ids.items() if times > 1] == []
    assert not ids.keys() & run.commands and not ids.keys() & set(run.days.values())


def every_event_has_a_cause(run: Evidence) -> None:
    """Each event follows from an event of some journal, a command, or a timer that ran out on a day."""
    causes = {said.id for journal in run.journals.values() for said in journal} | run.commands
    orphans = [said for journal in run.journals.values() for said in journal if said.cause not in causes]
    by_day: dict[tuple[str, date], list[Said]] = defaultdict(list)
    for said in orphans:
        by_day[said.service, said.day].append(said)
    passed = sorted(run.days)
    for (service, day), of_day in by_day.items():
        before = max((other for other in passed if other < day), default=day)
        timers = set(_timers(run, service, day, before))
        assert [said for said in of_day if said.cause not in timers] == [], "these events have no cause"


def _timers(run: Evidence, service: str, day: date, before: date) -> Iterator[str]:
    """The ids of all timers that can have run out on a day: those of the days since the last one that was known of."""
    timers = {kind.kind: rules for kind, rules in _DUE[service].items()}
    for (kind, id), state in run.states[service].items():
        for name in timers.get(kind, ()):
            for back in range((day - before).days + 1):
                yield derived_id(run.days[day], kind, state.place[:4], id, name, day - timedelta(back))


def everything_can_be_handled(run: Evidence) -> None:
    """No message waits as a dead letter, and no batch is such that the server would never take it."""
    assert list(run.dead_letters) == [] and list(run.torn) == []


def nothing_is_lost_or_invented_on_the_way(run: Evidence) -> None:
    """The streams hold what the journals hold, and no more but days; each journal in its order."""
    journals = {said.id: said for journal in run.journals.values() for said in journal}
    streamed = [id for stream in run.streams.values() for id in stream]
    assert set(streamed) - set(run.days.values()) == journals.keys()
    for stream in run.streams.values():
        first = [id for id in dict.fromkeys(stream) if id in journals]
        for service, journal in run.journals.items():
            here = set(first)
            assert [id for id in first if journals[id].service == service] == [s.id for s in journal if s.id in here]


# --------------------------------------------------------------------------------------------------- the journey


def every_village_goes_by_the_journey(run: Evidence) -> None:
    """What the open stream tells about a village is a path of the state machine, to where the registry has it.

    What does not move a village is what people may say again, or what the other spell's team still has to say.
    """
    moving = {move.event for move in JOURNEY}
    stages: dict[str, str] = defaultdict(str)
    spells: dict[str, int] = defaultdict(int)
    for said in run.told():
        event = said.event
        if type(event) not in moving:
            continue
        village = event.village
        late = isinstance(event, d.TeamReleased) and event.spell != spells[village]
        stage = stages[village] if late else next_stage(stages[village], event)
        if isinstance(event, r.VillageListed):
            spells[village] = event.spell
        stays = late or isinstance(event, r.VillageRegistered | d.CommitmentSet)
        assert stage != stages[village] or stays, f"{event} does not lead on from {stages[village]!r}"
        stages[village] = stage
    kept = {id: village.stage for id, village in run.of("registry", "villages").items()}
    assert kept == dict(stages)


def stages_add_up_to_the_villages(run: Evidence) -> None:
    """Each village that was registered is in exactly one stage of the journey."""
    registered = {event.village for _, event in run.all(r.VillageRegistered)}
    stages = Counter(village.stage for village in run.of("registry", "villages").values())
    assert stages.keys() <= STAGES.keys()
    assert stages.total() == len(registered)


def no_exit_without_all_criteria_verified_and_noticed(run: Evidence) -> None:
    """Off the list only with all criteria met, households verified, a notice served, objections decided (5.1)."""
    measured: dict[str, Any] = {}
    attempts: dict[str, tuple[int, date]] = {}
    notices: dict[str, Any] = {}
    objections: dict[tuple[str, int], set[int]] = defaultdict(set)
    upheld: set[tuple[str, int]] = set()
    verified = {(event.village, event.attempt): (day, event) for day, event in run.all(i.ExitVerified)}
    assert len(verified) == len(run.all(i.ExitVerified)), "each attempt is verified once"
    for said in run.journals["registry"]:
        event, village = said.event, getattr(said.event, "village", "")
        match event:
            case r.IndicatorsMeasured() if event.year >= getattr(measured.get(village), "year", 0):
                measured[village] = event
            case r.ExitRequested():
                assert not measured[village].unmet or attempts.get(village), "asked for with criteria unmet"
                attempts[village] = event.attempt, said.day
            case r.NoticePosted():
                notices[village] = event
            case r.ObjectionRaised():
                objections[village, event.attempt].add(event.objection)
            case r.ObjectionDecided():
                objections[village, event.attempt].discard(event.objection)
                if event.upheld:
                    upheld.add((village, event.attempt))
            case r.VillageDelisted():
                attempt, asked_on = attempts[village]
                verified_on, verdict = verified[village, attempt]
                assert verdict.passed and asked_on <= verified_on <= said.day
                assert notices[village].attempt == attempt and notices[village].until < said.day
                assert not objections[village, attempt] and (village, attempt) not in upheld
                assert not measured[village].unmet and event.decided_by
                values = measured[village].values
                assert all(c.holds(values.get(c.figure)) for c in run.policy.exit.criteria)
                assert event.incidence == values[INCIDENCE]


def a_village_is_listed_once(run: Evidence) -> None:
    """Nobody puts a village on the poverty list again; it leaves the list once at most."""
    listed = Counter((event.village, event.spell) for _, event in run.all(r.VillageListed))
    left = Counter((event.village, event.spell) for _, event in run.all(r.VillageDelisted))
    assert not run.all(r.VillageRelapsed), "no body declares that a village has fallen into poverty"
    assert all(spell == 1 and times == 1 for (_, spell), times in listed.items())
    assert left <= listed
    diagnoses = [(event.village, event.spell) for _, event in run.all(r.VillageDiagnosed)]
    assert len(diagnoses) == len(set(diagnoses))


# --------------------------------------------------------------------------------------------------- teams


def one_village_at_a_time(run: Evidence) -> None:
    """Every unit and every cadre serves one village at a time, in teams of the pack's size (0.2, 2.13)."""
    units: dict[str, str] = {}
    cadres: dict[str, str] = {}
    for said in run.journals["dispatch"]:
        event = said.event
        match event:
            case d.VillageMatched() if "kept_team" not in event.reasons:
                members = {member.cadre for member in event.team}
                assert len(members) == len(event.team) == run.policy.team.fewest
                assert [member.role for member in event.team].count("leader") == 1
                assert event.unit not in units and not members & cadres.keys()
                units[event.unit] = event.village
                cadres |= dict.fromkeys(members, event.village)
            case d.TeamAssigned():
                assert units[event.unit] == event.village
                members = {member.cadre for member in event.team}
                assert members == {cadre for cadre, village in cadres.items() if village == event.village}
                assert len(members) == run.policy.team.fewest
            case d.MemberRecalled():
                assert cadres.pop(event.cadre) == event.village
            case d.MemberReplaced():
                assert event.cadre not in cadres
                cadres[event.cadre] = event.village
            case d.TeamReleased():
                assert units.pop(event.unit) == event.village
                assert {cadres.pop(member.cadre) for member in event.team} <= {event.village}
                assert event.village not in cadres.values()


def teams_are_everywhere_the_same(run: Evidence) -> None:
    """Pool, link and supervision agree on who is out in which village (0.2)."""
    for pool in run.of("dispatch", "pools").values():
        units = [team.unit for team in pool.teams.values()]
        cadres = [cadre for team in pool.teams.values() for cadre in team.members]
        assert len(units) == len(set(units)) and len(cadres) == len(set(cadres))
        assert not pool.needs.keys() & pool.teams.keys() and not pool.recalled.keys() & set(cadres)
        for link in run.of("dispatch", "links").values():
            team = pool.teams.get(link.village)
            assert (link.unit, {m.cadre: m.role for m in link.team}) == (
                (team.unit, team.members) if team else ("", {})
            )
            supervised = run.of("inspection", "supervisions").get(link.village)
            if link.since:
                assert supervised and supervised.unit == link.unit
                assert set(supervised.team) == {member.cadre for member in link.team}


def nobody_goes_home_before_the_exit(run: Evidence) -> None:
    """A team goes home after the exit, its transition and the last settlement, never before (2.13, 2.4, 5.4)."""
    settled = {commitment.kind for commitment in run.policy.commitments if commitment.settle}
    unsettled: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for said in run.journals["dispatch"]:
        event = said.event
        match event:
            case d.CommitmentSet() if event.kind in settled:
                unsettled[event.village].add((event.kind, event.period))
            case d.CommitmentSettled():
                unsettled[event.village].remove((event.kind, event.period))
            case d.TeamReleased():
                ((left, _),) = run.all(r.VillageDelisted, village=event.village, spell=event.spell)
                assert said.day >= run.policy.team.keep_after_exit.after(left, run.policy.calendar)
                assert not unsettled[event.village]


# --------------------------------------------------------------------------------------------------- due process


def no_sanction_without_due_process(run: Evidence) -> None:
    """A named body decides, after a defence that was heard or let pass, and nothing happens to anyone before.

    A recall is the effect of a decision and of nothing else (2.20, 5.9; Sanctions Law 43, Civil Servant Law 95).
    """
    terms = {outcome.kind: outcome for outcome in run.policy.outcomes}
    proposed = {event.outcome: event for _, event in run.all(n.OutcomeProposed)}
    decided = {event.outcome: event for _, event in run.all(n.OutcomeDecided)}
    assert len(proposed) == len(run.all(n.OutcomeProposed)) and len(decided) == len(run.all(n.OutcomeDecided))
    for day, event in run.all(n.OutcomeDecided):
        heard = [on for on, _ in run.all(n.OutcomeDefended, outcome=event.outcome)]
        body, _, document = event.decided_by.partition("：")
        assert body == ROLES[terms[event.kind].decides][0] and document
        assert not (event.imposed and event.tolerated)
        if terms[event.kind].sanction:
            lapsed = proposed[event.outcome].defence_until
            assert (heard and heard[0] <= day) or (lapsed and day > lapsed)
    imposed = {outcome for outcome, event in decided.items() if event.imposed}
    for later in (n.OutcomeAppealed, n.AppealDecided, n.OutcomeExpired):
        told = [event.outcome for _, event in run.all(later)]
        assert set(told) <= imposed and len(told) == len(set(told))
    causes = {said.id: said.event for said in run.journals["incentives"]}
    for said in run.journals["dispatch"]:
        if isinstance(said.event, d.MemberRecalled):
            decision = causes[said.cause]
            assert isinstance(decision, n.OutcomeDecided) and decision.imposed and decision.effect == "recall"
            assert decision.subject == said.event.cadre


# --------------------------------------------------------------------------------------------------- sums


def a_draw_reaches_its_share(run: Evidence) -> None:
    """A draw covers at least the pack's share of its frame, and anyone can recompute it (2.19)."""
    for _, closed in run.all(i.CampaignClosed):
        terms = run.policy.campaign(closed.kind)
        assert terms
        if closed.frame and closed.seeds:
            ((_, committed),) = run.all(i.CampaignCommitted, campaign=closed.campaign)
            hashes = [event for _, event in run.all(i.SeedCommitted, campaign=closed.campaign)]
            assert verify_draw(closed, committed, hashes) == []
            assert len(closed.drawn) >= terms.share * len(closed.frame)
        elif closed.frame:
            assert not closed.drawn, "nothing is drawn without a share"
        visited = {event.village for _, event in run.all(i.VisitMade, campaign=closed.campaign)}
        assert not closed.frame or visited <= set(closed.drawn)
        assert 0 <= closed.share <= 1 and closed.visited <= len(visited)


def a_matching_answers_every_need(run: Evidence) -> None:
    """Matched and unmet make up the needs, and no better matching exists (3.2, 0.2)."""
    diagnosed = {event.village for _, event in run.all(r.VillageDiagnosed)}
    for _, solved in run.all(d.MatchingSolved):
        matched = [event.village for _, event in run.all(d.VillageMatched, matching=solved.matching)]
        unmet = [event.village for _, event in run.all(d.NeedUnmet, matching=solved.matching)]
        assert (len(matched), len(unmet)) == (solved.matched, solved.unmet)
        assert len({*matched, *unmet}) == solved.matched + solved.unmet > 0
        assert {*matched, *unmet} <= diagnosed
        assert solved.objective == solved.bound
    in_hand = {village for pool in run.of("dispatch", "pools").values() for village in (*pool.needs, *pool.teams)}
    released = {link.village for link in run.of("dispatch", "links").values() if link.stage == "released"}
    assert in_hand | released == diagnosed and not in_hand & released


def items_settled_and_open_make_up_what_was_set(run: Evidence) -> None:
    """Of a ledger's items each is done or open at every reconciliation, closed or carried at the settlement (2.4)."""
    items: dict[tuple[str, str, str], int] = {}
    for said in run.journals["dispatch"]:
        event = said.event
        match event:
            case d.CommitmentSet():
                assert len({item.number for item in event.items}) == len(event.items)
                items[event.village, event.kind, event.period] = len(event.items)
            case d.CommitmentReconciled():
                assert min(event.done, event.open) >= 0
                assert event.done + event.open == items[event.village, event.kind, event.period]
            case d.CommitmentSettled():
                assert min(event.closed, event.carried) >= 0
                assert event.closed + event.carried == items[event.village, event.kind, event.period]


def households_and_persons_add_up(run: Evidence) -> None:
    """The sample is the pack's share of those lifted; rates and incidence count whole people (5.3, 1.18).

    A village may be registered again with another population; what was measured before is a share of the former one.
    """
    terms = run.policy.exit.verification
    asked = {(event.village, event.attempt): event for _, event in run.all(r.ExitRequested)}
    for _, verified in run.all(i.ExitVerified):
        lifted = asked[verified.village, verified.attempt].lifted
        hashes = [e for _, e in run.all(i.SampleCommitted, village=verified.village, attempt=verified.attempt)]
        asked_for, sizes = asked[verified.village, verified.attempt], (terms.sample_share, terms.sample_at_least)
        assert verify_sample(verified, asked_for, hashes, *sizes) == []
        assert verified.sampled == len(verified.households)
        assert verified.sampled - len(verified.again) == sample_size(sizes[0], len(lifted), sizes[1])
        rates = (verified.wrong_exit_rate, verified.omission_rate, verified.approval_rate)
        assert all(0 <= rate <= 1 for rate in rates)
        kept = dict(zip(("wrong_exit", "omission", "approval"), rates, strict=True))
        assert verified.passed == all(bound.holds(kept[bound.figure]) for bound in terms.rates)
    populations = defaultdict[str, set[int]](set)
    for _, registered in run.all(r.VillageRegistered):
        populations[registered.village].add(registered.population)
    for village, register in run.of("registry", "registers").items():
        assert register.population in populations[village]
        for values in register.measurements.values():
            assert 0 <= values[INCIDENCE] <= 1
            assert any(abs(poor - round(poor)) < 1e-6 for poor in map(values[INCIDENCE].__mul__, populations[village]))


Invariant = Callable[[Evidence], None]
INVARIANTS: Final[Sequence[Invariant]] = (
    ids_are_unique,
    every_event_has_a_cause,
    everything_can_be_handled,
    nothing_is_lost_or_invented_on_the_way,
    every_village_goes_by_the_journey,
    stages_add_up_to_the_villages,
    no_exit_without_all_criteria_verified_and_noticed,
    a_village_is_listed_once,
    one_village_at_a_time,
    teams_are_everywhere_the_same,
    nobody_goes_home_before_the_exit,
    no_sanction_without_due_process,
    a_draw_reaches_its_share,
    a_matching_answers_every_need,
    items_settled_and_open_make_up_what_was_set,
    households_and_persons_add_up,
)
