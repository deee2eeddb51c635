"""The pool of a jurisdiction: villages that need a unit, units on offer, and who is out in which village.

A unit's cadres are its squad. A squad is a state of its own, because there are millions of cadres: most rules need
those of one unit only, and only a matching loads all.

A county with a pack of its own has a pool of its own beside its city's pool. The city's units may serve in the county
too, and nobody may end up in two teams. Therefore the city's pool keeps a copy of the county's teams: every event about
a team goes to all pools of the village's family. And a rule that asks who is free also looks at the wider pools.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

import msgspec

from services.dispatch.model.commands import Cause, SolveMatching
from services.dispatch.model.eligibility import AGE, Cadre, Posting, Unit, unmet
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.matching import Match, Need, Possible, Serving
from shared.calendar import DAY
from shared.contracts import Event, Payload
from shared.contracts.dispatch import (
    MatchingSolved,
    MatchWithdrawn,
    MemberDisqualified,
    NeedUnmet,
    Role,
    TeamChosen,
    TeamDisbanded,
    TeamNominated,
    TeamReleased,
    VillageMatched,
)
from shared.contracts.registry import (
    CadreRegistered,
    CadreWithdrawn,
    DiagnosisWithdrawn,
    UnitRegistered,
    UnitWithdrawn,
    VillageDelisted,
    VillageDiagnosed,
    VillageUnlisted,
    VillageWithdrawn,
)
from shared.divisions import around, place_of
from shared.policy import Policy
from shared.policy.links import Contact
from shared.rules import Change, Due, Involved, Key, Oneself, Refused, State, Task, known, require_body

V = TypeVar("V")


class Nominee(msgspec.Struct, frozen=True):
    """Who is to replace a member, and the organ that nominated the cadre."""

    cadre: str
    by: str


class Team(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A unit's team for a village, from the matching to the release."""

    unit: str
    place: str
    members: dict[str, Role]
    vacant: dict[str, Role] = msgspec.field(default_factory=dict)
    """The open roles, by id of the cadre who left."""
    doubted: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Members who no longer meet a rule for their role, with those rules. People must decide whether they stay."""
    doubted_since: dict[str, date] = msgspec.field(default_factory=dict)
    """The days on which that was told first. A doubt that an earlier version kept has none."""
    need: Need | None = None
    """The need that the matching answered. None if the team was there already, such as one kept after the exit."""
    score: int = 0
    """The score of the matching's proposal."""
    nominated: dict[str, Nominee] = msgspec.field(default_factory=dict)
    """By cadre who left, whom the unit nominated instead, while the review is awaited."""

    def doubting(self, cadre: str, rules: tuple[str, ...], today: date) -> "Team":
        """The team with a member who no longer meets these rules; without any, the member is not in doubt."""
        doubted, since = without(self.doubted, cadre), without(self.doubted_since, cadre)
        if rules:
            doubted[cadre], since[cadre] = rules, self.doubted_since.get(cadre, today)
        return msgspec.structs.replace(self, doubted=doubted, doubted_since=since)

    def shown(self) -> "Team":
        """The team without the rules that its members do not meet, which are personal."""
        return msgspec.structs.replace(self, doubted=dict.fromkeys(self.doubted, ())) if self.doubted else self


class Absence(msgspec.Struct, frozen=True):
    """Why a cadre who left a team cannot be sent, and the last such day. None if no end is known."""

    cause: Cause
    until: date | None = None


class Attended(msgspec.Struct, frozen=True):
    """A course that a cadre attended: its kind, its last day, and how many days it had."""

    kind: str
    last: date
    days: int


class Villager(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person of a village who is no cadre, as the registry has it, and what the villager is in charge of."""

    sort: str
    """The kind of person, by the pack's code."""
    parent: str
    """Whom the person belongs to, such as `village:520322104205`."""
    leads: dict[str, tuple[str, ...]] = {}
    """By kind of link, the parties."""


class Squad(State, frozen=True, kw_only=True, omit_defaults=True):
    """The cadres whom a unit can send, by id. Its own id is the unit's.

    A squad may exist before its unit: cadres are told on the sealed stream and units on the open one, and there is no
    order between the two.

    A villager, who comes from no unit, helps as a squad of one: its id is then the villager's (see `villagers`).
    """

    kind = "squads"
    personal = True
    readers = frozenset({"organisation"})
    known_as = ("派出单位的派驻人员名册", "the list of cadres whom a unit can send")

    cadres: dict[str, Cadre] = msgspec.field(default_factory=dict)
    attended: dict[str, dict[str, Attended]] = msgspec.field(default_factory=dict)
    """By cadre, the courses that the cadre attended (2.12), by their ids with the prefecture."""
    went: dict[str, str] = msgspec.field(default_factory=dict)
    """By cadre who attended courses while here, the unit to which the cadre went with them."""
    helps: dict[str, dict[str, dict[str, int]]] = msgspec.field(default_factory=dict)
    """By kind of link and cadre: how many households the cadre helps in each village (see `helpers`)."""
    short: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """By kind of link: the cadres who helped too few households at the last check and still do, each with the number
    asked for."""
    villager: Villager | None = None
    """Who it is, if it is a villager and no unit's squad; None as well once the villager is not registered any more."""

    @classmethod
    def kept_about(cls, person: Oneself) -> Iterable[str]:
        return (person.unit,)

    def tells_of(self, cadre: str) -> bool:
        return cadre in self.cadres or cadre in self.attended

    @property
    def status(self) -> str:
        """`short` while a cadre helps too few households."""
        return "short" if any(self.short.values()) else ""

    def helping(self, kind: str, cadre: str) -> int:
        """How many households a cadre helps."""
        return sum(self.helps.get(kind, {}).get(cadre, {}).values())


class Pool(State, frozen=True, kw_only=True, omit_defaults=True):
    """One jurisdiction's needs and offers. Its id is the jurisdiction of the policy pack, such as `2105`."""

    kind = "pools"
    hides_from_all = True
    known_as = ("派驻供需情况", "the needs and offers of a jurisdiction")

    needs: dict[str, Need] = msgspec.field(default_factory=dict)
    """By village, the needs of those that are diagnosed and have no unit."""
    units: dict[str, Unit] = msgspec.field(default_factory=dict)
    teams: dict[str, Team] = msgspec.field(default_factory=dict)
    """By village, the teams that are matched or out. Their members are not on offer for others."""
    recalled: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Cadres under recalls whose impact period is running, with the sorted ids of those outcomes: not on offer."""
    away: dict[str, Absence] = msgspec.field(default_factory=dict)
    """Cadres who left a team without a recall and cannot be sent."""
    bound: dict[str, dict[str, tuple[str, ...]]] = msgspec.field(default_factory=dict)
    """By kind of link and cadre, the villages or parties to which the cadre is bound by a link of the cadre's own. The
    pack in force says which kinds are full-time, such as a reinforcement team's (1.4) or a deputy's posting (0.5)."""
    matching: str = ""
    """The name of the last matching that was solved."""
    answered: bool = False
    """True if no need or offer has changed since that matching."""
    merged: dict[str, str] = msgspec.field(default_factory=dict)
    """By village that was merged into another, that other: whoever is recused in the first keeps away from it (5.6)."""
    turns: dict[str, bool] = msgspec.field(default_factory=dict)
    """By day of change: True if the division has a pool of its own from that day on, False if a wider one answers."""

    @property
    def status(self) -> str:
        """`waiting` while villages wait for a unit, else `quiet`."""
        return "waiting" if self.needs else "quiet"

    @property
    def matching_owed(self) -> bool:
        """Whether villages wait for a unit, and needs or offers have changed since the last matching."""
        return bool(self.needs) and not self.answered

    @property
    def awaits(self) -> bool:
        """Whether a matching is owed, or a decision on a member who no longer qualifies."""
        return self.matching_owed or any(team.doubted for team in self.teams.values())

    def shown(self, *, to_operator: bool = False) -> "Pool":
        """The pool as it may be read. Only operators see who is away, and which rules a member does not meet; nobody
        sees why and how long somebody is away: an absence with an end is an illness."""
        away = {cadre: Absence("other") for cadre in self.away} if to_operator else {}
        teams = self.teams if to_operator else {village: team.shown() for village, team in self.teams.items()}
        return self.but(away=away, teams=teams).timed(back=None)

    def involves(self, said: object) -> Involved:
        """Whose team the village of a command has, who left it, and who is to come instead."""
        team, left = self.teams.get(getattr(said, "village", "")), getattr(said, "left", "")
        if team is None:
            return Involved()
        nominee = team.nominated.get(left)
        return Involved(team.unit, (left, nominee.cadre) if nominee else (left,))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """A matching, whose time is counted from the oldest waiting diagnosis, and decisions on members in doubt."""
        if self.matching_owed:
            due = policy.team.match_by.due(min(need.since for need in self.needs.values()), policy.calendar)
            answer: Mapping[str, str | int] = {"place": self.place, "body": "organisation"}
            yield Task(action="matchings", about=self.id, role="organisation", due=due, rule="3.2", answer=answer)
        for village, team in sorted(self.teams.items()):
            for cadre in sorted(team.doubted):
                since = team.doubted_since.get(cadre)
                last = since and policy.team.retain_by.due(since, policy.calendar)
                yield Task(
                    action="retentions",
                    about=village,
                    role="organisation",
                    due=last,
                    rule="3.3",
                    detail=cadre,
                    answer={"place": team.place, "village": village, "cadre": cadre, "body": "organisation"},
                )

    def family(self, others: Iterable[State | None]) -> list["Pool"]:
        """This pool and the others, of wider or narrower divisions, that may use the same units and cadres."""
        return [self, *(other for other in others if isinstance(other, Pool) and other.id != self.id)]

    def out(self, others: Iterable[State | None], besides: str = "") -> dict[str, Team]:
        """By village, the teams that are matched or out. The village `besides` is left out."""
        teams = {village: team for pool in reversed(self.family(others)) for village, team in pool.teams.items()}
        return without(teams, besides)

    def serving(self, others: Iterable[State | None], besides: str = "") -> dict[str, Serving]:
        """The units that are matched or out, with their villages and teams. The village `besides` is left out."""
        villages = defaultdict[str, list[str]](list)
        teams = self.out(others, besides)
        for village, team in sorted(teams.items()):
            villages[team.unit].append(village)
        return {unit: Serving(tuple(served), teams[served[0]].members) for unit, served in villages.items()}

    def free(
        self, others: Iterable[State | None], policy: Policy, besides: str = "", back: str = ""
    ) -> dict[str, Cadre]:
        """The cadres who can be sent: in no team, not in a village full-time otherwise, not under a recall, not away.

        The team of the village `besides` does not count, nor does the absence of the cadre `back`, who comes back.
        """
        states = [*others]
        gone: set[str] = set()
        full_time = full_time_kinds(policy)
        for pool in self.family(states):
            gone.update(pool.recalled, pool.away.keys() - {back})
            gone.update(id for kind in full_time for id in pool.bound.get(kind, {}))
            gone.update(id for village, team in pool.teams.items() if village != besides for id in team.members)
        return {id: cadre for id, cadre in self.cadres(states).items() if id not in gone}

    def cadres(self, others: Iterable[State | None]) -> dict[str, Cadre]:
        """The cadres of all squads among some states, free or not, with their ties as they stand after mergers."""
        states = [*others]
        merged = {ended: into for pool in self.family(states) for ended, into in pool.merged.items()}
        squads = (squad.cadres.items() for squad in states if isinstance(squad, Squad))
        return {id: tied(cadre, merged) for cadres in squads for id, cadre in cadres}

    def unit(self, id: str, others: Iterable[State | None]) -> Unit | None:
        """A unit as this pool or a wider one knows it."""
        return next((pool.units[id] for pool in self.family(others) if id in pool.units), None)

    def with_team(self, village: str, team: Team) -> "Pool":
        """The pool with a village's team as it is now."""
        return self.but(teams={**self.teams, village: team})


def full_time_kinds(policy: Policy) -> list[str]:
    """The kinds of cadres' own links that are full-time, as the pack says by now."""
    links = (*policy.contacts.values(), *policy.posts.values())
    return [link.kind for link in links if isinstance(link, Contact) and link.full_time]


def tied(cadre: Cadre, merged: Mapping[str, str]) -> Cadre:
    """The cadre, with further ties after mergers: ties to a village that was merged are also ties to the one into which
    it was merged (5.6)."""
    ties = dict.fromkeys(cadre.ties)
    while more := {merged[tie] for tie in ties if tie in merged} - ties.keys():
        ties |= dict.fromkeys(sorted(more))
    return msgspec.structs.replace(cadre, ties=tuple(ties)) if len(ties) > len(cadre.ties) else cadre


def enrolled(states: Mapping[Key, State | None], unit: str | None, cadre: str, rule: str, field: str) -> Cadre:
    """The cadre of a unit, whose squad is among `states`. Refuses somebody who is not registered with that unit, and a
    cadre without a unit."""
    if unit is None:
        zh, en = f"须填{cadre}登记时所属的单位", f"it names the unit with which {cadre} is registered"
        raise Refused(rule, zh, en, field=unit_field(field), status=422)
    squad = states[Squad, unit]
    found = squad.cadres.get(cadre) if isinstance(squad, Squad) else None
    if found is None:
        zh = f"{cadre}不是单位{unit}登记的干部，请核对"
        en = f"{cadre} is not registered as a cadre of {unit}; check both ids"
        raise Refused(rule, zh, en, field=field, status=422)
    return found


def unit_field(field: str) -> str:
    """Where a command says the unit, beside a cadre at `field`, such as `pairs.H1.unit` beside `pairs.H1.cadre`."""
    return ".".join((*field.split(".")[:-1], "unit"))


def prefixes(*places: str) -> Iterator[str]:
    """The jurisdictions whose pack can hold in a division, the narrowest first: `210521`, `2105`, `21`."""
    return iter(dict.fromkeys(id for ids in zip(*map(around, places), strict=True) for id in ids))


def family(message: Payload, policy: Policy) -> Iterable[str]:
    """The ids of the pools that may know a village's team: its family.

    These are the pools over the village's present division, and those over the division in which it was first
    registered, which the first 6 digits of its id name.
    """
    origin = getattr(message, "village", message.place)
    return dict.fromkeys((policy.pool, *prefixes(message.place, origin)))


def relatives(message: Payload) -> Iterable[Key]:
    """The keys of the pools of the family, so that a rule can read them."""
    return ((Pool, id) for id in prefixes(message.place, getattr(message, "village", message.place)))


def offer_unit(pool: Pool | None, event: UnitRegistered, policy: Policy, today: date) -> Change:
    """A unit is on offer, or is described anew."""
    pool = pool_of(pool, policy)
    unit = Unit(
        place=event.place,
        level=event.level,
        department=event.department,
        strength=event.strength,
        village=event.village,
    )
    return Change(pool.but(units={**pool.units, event.unit: unit}, answered=False))


def left_unit(_squad: Squad | None, event: CadreRegistered) -> Iterable[Key]:
    """The key of the unit that the cadre left."""
    return ((Squad, event.left),) if event.left else ()


def offer_cadre(
    squad: Squad | None, event: CadreRegistered, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """A cadre is on offer, or is described anew, and brings along what the cadre attended while in another unit.

    Recalls and absences are kept in the pool, so they stay.
    """
    squad = squad or Squad(id=event.unit, place=event.place)
    squad = squad.but(cadres={**squad.cadres, event.cadre: described(event)}, went=without(squad.went, event.cadre))
    before = others.get((Squad, event.left or ""))
    if not isinstance(before, Squad):
        return Change(squad)
    came = before.attended.get(event.cadre)
    rest = without(squad.attended, event.cadre)
    return Change(squad.but(attended={**rest, event.cadre: came} if came else rest))


def described(event: CadreRegistered) -> Cadre:
    """What the rules ask about a cadre."""
    return Cadre(
        unit=event.unit,
        rank=event.rank,
        party_member=None if "party_member" in event.unrecorded else event.party_member,
        work_since=event.work_since,
        born_on=event.born_on,
        reserve=None if "reserve" in event.unrecorded else event.reserve,
        ties=event.ties,
    )


def lose_cadre(squad: Squad | None, event: CadreRegistered, policy: Policy, today: date) -> Change:
    """Take a cadre out of the squad: another unit has the cadre now, and knows what the cadre attended here."""
    if squad is None:
        return Change(squad)
    went = {**squad.went, event.cadre: event.unit} if event.cadre in squad.attended else squad.went
    return Change(squad.but(cadres=without(squad.cadres, event.cadre), went=went))


def reopen(pool: Pool | None, event: CadreRegistered, policy: Policy, today: date) -> Change:
    """A cadre was registered or changed: another matching may find more, and one in a team is judged again (3.3, 3.4).

    A cadre who left a team because of a transfer can be sent by the new unit.
    """
    if pool is None:
        return Change(pool)
    absence = pool.away.get(event.cadre)
    if event.left and absence and absence.cause == "transferred":
        pool = pool.but(away=without(pool.away, event.cadre))
    pool = pool.but(answered=False) if pool.answered else pool
    told: tuple[Event, ...] = ()
    for village, team in pool.teams.items():
        if role := team.members.get(event.cadre):
            failed = _failed(pool, village, team, role, event, policy, today)
            pool, more = doubt(pool, village, event.cadre, role, failed, today)
            told += more
    return Change(pool, told)


def _failed(
    pool: Pool, village: str, team: Team, role: Role, event: CadreRegistered, policy: Policy, today: date
) -> tuple[str, ...]:
    """The rules for the role that a member no longer meets, by the latest registration."""
    if event.unit != team.unit:
        return ("unit",)
    unit = pool.units.get(team.unit)
    if unit is None:  # It is another pool's.
        return ()
    return no_more_met(Posting(tied(described(event), pool.merged), unit, village, policy, today), role)


def no_more_met(posting: Posting, role: Role) -> tuple[str, ...]:
    """The rules for a role that somebody who serves in it does not meet any more."""
    return tuple(failed.code for failed in unmet(posting, role) if failed.code != AGE)


def doubt(
    pool: Pool, village: str, cadre: str, role: Role, failed: tuple[str, ...], today: date
) -> tuple[Pool, tuple[Event, ...]]:
    """Tell which rules a member no longer meets. People decide whether the member stays."""
    team = pool.teams[village]
    if team.doubted.get(cadre, ()) == failed:
        return pool, ()
    told = (disqualified(village, team, cadre, role, failed),) if failed else ()
    return pool.with_team(village, team.doubting(cadre, failed, today)), told


def disqualified(village: str, team: Team, cadre: str, role: Role, failed: tuple[str, ...]) -> MemberDisqualified:
    """The event that a member no longer qualifies. It is open, so that it does not say which rule is not met."""
    rule = "unit" if failed == ("unit",) else "undisclosed"
    return MemberDisqualified(place=team.place, village=village, unit=team.unit, cadre=cadre, role=role, rule=rule)


def withdraw_unit(pool: Pool | None, event: UnitWithdrawn, policy: Policy, today: date) -> Change:
    """The unit is no longer on offer. A unit that is out is kept until its team is home."""
    if pool is None or event.unit not in pool.units:
        return Change(pool)
    if event.unit in pool.serving(()):
        gone = msgspec.structs.replace(pool.units[event.unit], withdrawn=True)
        return Change(pool.but(units={**pool.units, event.unit: gone}))
    return Change(pool.but(units=without(pool.units, event.unit)))


def withdraw_cadre(squad: Squad | None, event: CadreWithdrawn, policy: Policy, today: date) -> Change:
    """Take a withdrawn cadre out of the squad."""
    return Change(squad and squad.but(cadres=without(squad.cadres, event.cadre)))


def doubt_withdrawn(pool: Pool | None, event: CadreWithdrawn, policy: Policy, today: date) -> Change:
    """A withdrawn cadre who is in a team no longer qualifies for it.

    A withdrawal is sealed, but this event is open. So it says only what it would say after a transfer: that the unit
    has no such cadre.
    """
    told: tuple[Event, ...] = ()
    for village, team in pool.teams.items() if pool else ():
        if role := team.members.get(event.cadre):
            assert pool
            pool, more = doubt(pool, village, event.cadre, role, ("unit",), today)
            told += more
    return Change(pool, told)


def need_unit(pool: Pool | None, event: VillageDiagnosed, policy: Policy, today: date) -> Change:
    """A diagnosed village needs a unit, unless its team, kept after an earlier exit, is still there."""
    pool = pool_of(pool, policy)
    if event.village in pool.teams or event.village in pool.needs:
        return Change(pool)
    need = Need(place=event.place, problem_class=event.problem_class, since=today)
    return Change(pool.but(needs={**pool.needs, event.village: need}, answered=False))


def solve(
    pool: Pool | None, command: SolveMatching, policy: Policy, today: date, offers: Mapping[Key, State | None]
) -> Change:
    """Match as many villages as possible (3.2), and tell for each of the others what stands in the way (0.2)."""
    require_body(command.body, "organisation", "3.2")
    pool = known(pool, "选派库", "the pool", policy.pool)
    if command.matching == pool.matching and pool.answered:
        return Change(pool)
    if command.matching == pool.matching:
        raise Refused(
            "3.2",
            f"方案“{command.matching}”已生成，此后村或单位情况有变，请另立编号重新生成",
            f"{command.matching!r} was solved before needs or offers changed; give this run another name",
            field="matching",
        )
    if command.place != pool.place:
        raise Refused(
            "3.2",
            f"选派建议方案以整个辖区为范围，区划应填{pool.place}",
            f"a matching is for the whole jurisdiction; `place` must be {pool.place}",
            field="place",
            status=422,
        )
    if not pool.needs:
        raise Refused(
            "3.2",
            "没有待确定帮扶单位的村，请在集体会诊后再办理",
            "no village waits for a unit; match after a diagnosis",
        )
    found = possible(pool, [*offers.values()], policy, today).best()
    teams, needs = dict(pool.teams), dict(pool.needs)
    told: list[Event] = [
        MatchingSolved(
            place=pool.place,
            matching=command.matching,
            matched=len(found.matches),
            unmet=len(found.obstacles),
            objective=found.objective,
            bound=found.bound,
            asked_by=command.asked_by,
        )
    ]
    for m in found.matches:
        need = needs.pop(m.village)
        teams[m.village] = Team(
            unit=m.unit, place=need.place, members={x.cadre: x.role for x in m.team}, need=need, score=m.score
        )
        told.append(matched(m, need, command.matching))
    told += [
        NeedUnmet(place=needs[village].place, village=village, matching=command.matching, obstacles=obstacles)
        for village, obstacles in found.obstacles.items()
    ]
    pool = pool.but(needs=needs, teams=teams, matching=command.matching, answered=True)
    return Change(pool, tuple(told))


def possible(
    pool: Pool, states: Sequence[State | None], policy: Policy, today: date, forbidden: Collection[tuple[str, str]] = ()
) -> Possible:
    """The pairs that can be matched in a pool: its needs with the units and cadres that are on offer by now."""
    units = {id: unit for id, unit in pool.units.items() if not unit.withdrawn}
    serving, known_cadres = pool.serving(states), pool.cadres(states)
    # A team may serve another village of its unit. A member who is another unit's by now is on offer for neither.
    shared = [(unit, id) for unit, out in serving.items() if out.has_room(policy) for id in out.members]
    again = {id: known_cadres[id] for unit, id in shared if id in known_cadres and known_cadres[id].unit == unit}
    cadres = {**pool.free(states, policy), **again}
    return Possible(pool.needs, units, cadres, serving, policy, today, forbidden)


def matched(m: Match, need: Need, matching: str) -> VillageMatched:
    """The event about a match."""
    return VillageMatched(
        place=need.place,
        village=m.village,
        matching=matching,
        unit=m.unit,
        team=m.team,
        score=m.score,
        problem_class=need.problem_class,
        reasons=m.reasons,
    )


def note_team(
    pool: Pool | None, event: VillageMatched | TeamChosen | TeamNominated, policy: Policy, today: date
) -> Change:
    """A unit and a team were found for a village, by this pool or another one."""
    if pool is None:
        return Change(pool)
    before = pool.teams.get(event.village)
    if before and isinstance(event, VillageMatched):
        # A kept team answers no need. So if the match is withdrawn, no need can be put back.
        kept = before.need is not None and "kept_team" in event.reasons
        return Change(pool.with_team(event.village, msgspec.structs.replace(before, need=None)) if kept else pool)
    members = {member.cadre: member.role for member in event.team}
    usual = Team(unit=event.unit, place=event.place, members=members)
    team = (
        msgspec.structs.replace(
            before, unit=event.unit, members=members, vacant={}, doubted={}, doubted_since={}, nominated={}
        )
        if before
        else usual
    )
    # A choice may set free a unit that another village waits for, so another matching is worth while.
    pool = pool.but(needs=without(pool.needs, event.village), answered=pool.answered and not before)
    return Change(pool.with_team(event.village, team))


def need_again(pool: Pool | None, event: MatchWithdrawn, policy: Policy, today: date) -> Change:
    """A match was taken back. The village needs a unit again; unit and cadres are on offer again."""
    if pool is None or event.village not in pool.teams:
        return Change(pool)
    # Only the village's own pool has the need. The other pools of the family only knew the team.
    need = pool.teams[event.village].need if pool.id == policy.pool else None
    needs = {**pool.needs, event.village: need} if need else pool.needs
    return Change(pool.but(needs=needs, teams=without(pool.teams, event.village), answered=False))


def need_no_more(
    pool: Pool | None,
    event: VillageUnlisted | VillageWithdrawn | DiagnosisWithdrawn | VillageDelisted,
    policy: Policy,
    today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """A village that left the list, or whose diagnosis was withdrawn, needs no unit any more, unless another list asks
    for one."""
    link = others[Link, id_of(event.village)]
    if pool is None or event.village not in pool.needs or (isinstance(link, Link) and link.goes_on_after(event)):
        return Change(pool)
    return Change(pool.but(needs=without(pool.needs, event.village)))


def take_back(pool: Pool | None, event: TeamReleased | TeamDisbanded, policy: Policy, today: date) -> Change:
    """Unit and team are home from a village and on offer again, unless the unit was withdrawn meanwhile.

    A team that also serves another village stays out there.
    """
    if pool is None:
        return Change(pool)
    pool = pool.but(teams=without(pool.teams, event.village), answered=False)
    unit = pool.units.get(event.unit)
    is_gone = unit is not None and unit.withdrawn and event.unit not in pool.serving(())
    return Change(pool.but(units=without(pool.units, event.unit)) if is_gone else pool)


def come_back(pool: Pool, due: Due, policy: Policy, today: date) -> Change:
    """Cadres whose absence ended yesterday can be sent again."""
    away = {cadre: absence for cadre, absence in pool.away.items() if not absence.until or absence.until >= due.on}
    return Change(with_absences(pool, away).but(answered=False))


def with_absences(pool: Pool, away: Mapping[str, Absence]) -> Pool:
    """The pool with these absences. Its timer stands on the day after the first of them ends."""
    first = min((absence.until for absence in away.values() if absence.until), default=None)
    return pool.but(away=dict(away)).timed(back=first and first + DAY)


def without(mapping: Mapping[str, V], key: str) -> dict[str, V]:
    """The mapping without one key."""
    return {id: value for id, value in mapping.items() if id != key}


def pool_of(pool: Pool | None, policy: Policy) -> Pool:
    """The pool of the pack's jurisdiction. It is made when the first message for it arrives."""
    return pool or Pool(id=policy.pool, place=place_of(policy.pool))
