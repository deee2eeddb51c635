"""The pool of a jurisdiction: villages that need a unit, units on offer, their squads, and who is out in which village.

A squad is a state of its own: of three million cadres a rule is to meet those of one unit, and only a matching all.

Where a county has a pack of its own, it has a pool of its own beside that of its city. The wider one keeps a copy of
its teams, since its units may serve there: what happens to a team is told to every pool of the village's family, and
a rule that asks who is free looks at the wider pools as well. So nobody is in two teams.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import TypeVar

import msgspec

from services.dispatch.model.commands import Cause, SolveMatching
from services.dispatch.model.eligibility import Cadre, Posting, Unit, unmet
from services.dispatch.model.matching import Match, Need, Serving, match
from shared.contracts import Event, Payload
from shared.contracts.dispatch import (
    MatchingSolved,
    MatchWithdrawn,
    MemberDisqualified,
    NeedUnmet,
    Role,
    TeamChosen,
    TeamDisbanded,
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
from shared.policy import Policy
from shared.rules import Change, Due, Key, Refused, State, Task, known, require_body

V = TypeVar("V")
DAY = timedelta(1)


class Team(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A unit's team out in a village, from the matching to the release."""

    unit: str
    place: str
    members: dict[str, Role]
    vacant: dict[str, Role] = msgspec.field(default_factory=dict)
    """Roles that are open, by the cadres who left them by a recall or otherwise."""
    doubted: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Members who no longer meet rules for their role, with these; somebody has to decide whether they stay."""
    need: Need | None = None
    """The need that the matching answered; None where the team was there already."""
    score: int = 0
    """What the matching's proposal scored."""


class Absence(msgspec.Struct, frozen=True):
    """Why a cadre who left a team cannot be sent, and through which day; None where nobody knows an end."""

    cause: Cause
    until: date | None = None


class Squad(State, frozen=True, kw_only=True, omit_defaults=True):
    """The cadres whom a unit can send, by id. Its own id is the unit's.

    It may be there before the unit: the sealed stream keeps no order with the open one.
    """

    kind = "squads"
    personal = True

    cadres: dict[str, Cadre] = msgspec.field(default_factory=dict)


class Pool(State, frozen=True, kw_only=True, omit_defaults=True):
    """One jurisdiction's needs and offers. Its id is the jurisdiction of the policy pack, such as `2105`."""

    kind = "pools"

    needs: dict[str, Need] = msgspec.field(default_factory=dict)
    """By village: diagnosed, and neither matched nor served."""
    units: dict[str, Unit] = msgspec.field(default_factory=dict)
    teams: dict[str, Team] = msgspec.field(default_factory=dict)
    """By village; its unit and members are not on offer."""
    recalled: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Cadres under recalls whose impact period runs, with the outcomes' ids, sorted; they are not on offer either."""
    away: dict[str, Absence] = msgspec.field(default_factory=dict)
    """Cadres who left a team without a recall and cannot be sent."""
    matching: str = ""
    """The last matching that was solved."""
    answered: bool = False
    """Whether that matching has seen all needs and offers as they stand."""
    turns: dict[str, bool] = msgspec.field(default_factory=dict)
    """By day from which it is so: whether the division has a pool of its own, or a wider one answers for it."""

    @property
    def status(self) -> str:
        """`waiting` while villages wait for a unit, else `quiet`."""
        return "waiting" if self.needs else "quiet"

    @property
    def matching_owed(self) -> bool:
        """Whether villages wait for a matching that has not seen all needs and offers."""
        return bool(self.needs) and not self.answered

    @property
    def awaits(self) -> bool:
        """Whether a matching is owed, or a decision on a member who no longer qualifies."""
        return self.matching_owed or any(team.doubted for team in self.teams.values())

    def shown(self, *, to_operator: bool = False) -> "Pool":
        """Who is away is told to operators alone, why and how long to nobody: an end would tell an illness."""
        away = {cadre: Absence("other") for cadre in self.away} if to_operator else {}
        return self.but(away=away).timed(back=None)

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """A matching, counted from the diagnosis that has waited longest, and members who no longer qualify."""
        if self.matching_owed:
            due = policy.team.match_by.due(min(need.since for need in self.needs.values()), policy.calendar)
            answer: Mapping[str, str | int] = {"place": self.place, "body": "organisation"}
            yield Task(
                action="matchings", about=self.id, role="organisation", due=due, rule="3.2", answer=answer
            )  # fmt: skip
        for village, team in sorted(self.teams.items()):
            for cadre in sorted(team.doubted):
                yield Task(
                    action="retentions", about=village, role="organisation", due=None, rule="3.3", detail=cadre,
                    answer={"village": village, "cadre": cadre, "body": "organisation"},
                )  # fmt: skip

    def family(self, others: Iterable[State | None]) -> list["Pool"]:
        """This pool and the others that may hold a claim on the same units and cadres."""
        return [self, *(other for other in others if isinstance(other, Pool) and other.id != self.id)]

    def out(self, others: Iterable[State | None], besides: str = "") -> dict[str, Team]:
        """The teams that are out, or matched, by village, but for one."""
        teams = {village: team for pool in reversed(self.family(others)) for village, team in pool.teams.items()}
        return without(teams, besides)

    def serving(self, others: Iterable[State | None], besides: str = "") -> dict[str, Serving]:
        """The units that are out, or matched, but for one village."""
        villages = defaultdict[str, list[str]](list)
        teams = self.out(others, besides)
        for village, team in sorted(teams.items()):
            villages[team.unit].append(village)
        return {unit: Serving(tuple(served), teams[served[0]].members) for unit, served in villages.items()}

    def free(self, others: Iterable[State | None], besides: str = "", back: str = "") -> dict[str, Cadre]:
        """The cadres who can be sent: not out in a village, but for one, nor under a recall, nor away.

        `back` is one who was away and comes back.
        """
        states = [*others]
        gone: set[str] = set()
        for pool in self.family(states):
            gone.update(pool.recalled, pool.away.keys() - {back})
            gone.update(id for village, team in pool.teams.items() if village != besides for id in team.members)
        return {id: cadre for id, cadre in all_cadres(states).items() if id not in gone}

    def unit(self, id: str, others: Iterable[State | None]) -> Unit | None:
        """A unit as this pool or a wider one knows it."""
        return next((pool.units[id] for pool in self.family(others) if id in pool.units), None)

    def with_team(self, village: str, team: Team) -> "Pool":
        """The pool with a village's team as it is now."""
        return self.but(teams={**self.teams, village: team})


def all_cadres(states: Iterable[State | None]) -> dict[str, Cadre]:
    """The cadres of all squads among some states, free or not."""
    squads = (squad.cadres.items() for squad in states if isinstance(squad, Squad))
    return {id: cadre for cadres in squads for id, cadre in cadres}


def prefixes(*places: str) -> Iterator[str]:
    """The jurisdictions that a division can stand under, the narrowest first."""
    return iter(dict.fromkeys(place[:length] for length in (6, 4, 2) for place in places))


def family(message: Payload, policy: Policy) -> Iterable[str]:
    """The pools that may know the team of a village: those of the division where it is, and of the one that it is from.

    The first 6 digits of a village's id are the division in which it was first registered.
    """
    origin = getattr(message, "village", message.place)
    return dict.fromkeys((policy.pool, *prefixes(message.place, origin)))


def relatives(message: Payload) -> Iterable[Key]:
    """The same pools for a rule to look at."""
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


def offer_cadre(squad: Squad | None, event: CadreRegistered, policy: Policy, today: date) -> Change:
    """A cadre is on offer, or is described anew; what a registration cannot say is kept in the pool and stays."""
    squad = squad or Squad(id=event.unit, place=event.place)
    return Change(squad.but(cadres={**squad.cadres, event.cadre: described(event)}))


def described(event: CadreRegistered) -> Cadre:
    """What the rules ask about a cadre."""
    return Cadre(
        unit=event.unit,
        rank=event.rank,
        party_member=event.party_member,
        work_since=event.work_since,
        born_on=event.born_on,
        reserve=event.reserve,
        ties=event.ties,
    )


def lose_cadre(squad: Squad | None, event: CadreRegistered, policy: Policy, today: date) -> Change:
    """A cadre belongs to another unit from now on."""
    return Change(squad and squad.but(cadres=without(squad.cadres, event.cadre)))


def reopen(pool: Pool | None, event: CadreRegistered, policy: Policy, today: date) -> Change:
    """Another matching may find what the last one did not; and whoever is out has to qualify as before (3.3, 3.4).

    A cadre who left a team because of a transfer can be sent by the unit that has him now.
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
            pool, more = _doubt(pool, village, event.cadre, role, failed)
            told += more
    return Change(pool, told)


def _failed(
    pool: Pool, village: str, team: Team, role: Role, event: CadreRegistered, policy: Policy, today: date
) -> tuple[str, ...]:
    """The rules that a member does not meet any more, as registered now."""
    if event.unit != team.unit:
        return ("unit",)
    unit = pool.units.get(team.unit)
    if unit is None:  # It is another pool's.
        return ()
    return tuple(x.code for x in unmet(Posting(described(event), unit, village, policy, today), role))


def _doubt(pool: Pool, village: str, cadre: str, role: Role, failed: tuple[str, ...]) -> tuple[Pool, tuple[Event, ...]]:
    """Say which rules a member no longer meets; whether the cadre stays is for people to decide."""
    team = pool.teams[village]
    if team.doubted.get(cadre, ()) == failed:
        return pool, ()
    doubted = {**team.doubted, cadre: failed} if failed else without(team.doubted, cadre)
    told = tuple(
        MemberDisqualified(place=team.place, village=village, unit=team.unit, cadre=cadre, role=role, rule=code)
        for code in failed
    )
    return pool.with_team(village, msgspec.structs.replace(team, doubted=doubted)), told


def withdraw_unit(pool: Pool | None, event: UnitWithdrawn, policy: Policy, today: date) -> Change:
    """The unit is not on offer any more; one that is out stays until its team is home."""
    if pool is None or event.unit not in pool.units:
        return Change(pool)
    if event.unit in pool.serving(()):
        gone = msgspec.structs.replace(pool.units[event.unit], withdrawn=True)
        return Change(pool.but(units={**pool.units, event.unit: gone}))
    return Change(pool.but(units=without(pool.units, event.unit)))


def withdraw_cadre(squad: Squad | None, event: CadreWithdrawn, policy: Policy, today: date) -> Change:
    """The unit has the cadre no more."""
    return Change(squad and squad.but(cadres=without(squad.cadres, event.cadre)))


def doubt_withdrawn(pool: Pool | None, event: CadreWithdrawn, policy: Policy, today: date) -> Change:
    """A cadre who is out and was withdrawn does not qualify any more."""
    told: tuple[Event, ...] = ()
    for village, team in pool.teams.items() if pool else ():
        if role := team.members.get(event.cadre):
            assert pool
            pool, more = _doubt(pool, village, event.cadre, role, ("withdrawn",))
            told += more
    return Change(pool, told)


def need_unit(pool: Pool | None, event: VillageDiagnosed, policy: Policy, today: date) -> Change:
    """A diagnosed village needs a unit, unless one that was kept after the exit is still there."""
    pool = pool_of(pool, policy)
    if event.village in pool.teams or event.village in pool.needs:
        return Change(pool)
    need = Need(place=event.place, problem_class=event.problem_class, since=today)
    return Change(pool.but(needs={**pool.needs, event.village: need}, answered=False))


def solve(
    pool: Pool | None, command: SolveMatching, policy: Policy, today: date, offers: Mapping[Key, State | None]
) -> Change:
    """Match what can be matched (3.2), and say what stands in the way of the rest (0.2)."""
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
    states = [*offers.values()]
    units = {id: unit for id, unit in pool.units.items() if not unit.withdrawn}
    serving, known_cadres = pool.serving(states), all_cadres(states)
    shared = (id for out in serving.values() if out.has_room(policy) for id in out.members if id in known_cadres)
    cadres = {**pool.free(states), **{id: known_cadres[id] for id in shared}}
    found = match(pool.needs, units, cadres, serving, policy, today)
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


def matched(m: Match, need: Need, matching: str) -> VillageMatched:
    """What is told about a match."""
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


def note_team(pool: Pool | None, event: VillageMatched | TeamChosen, policy: Policy, today: date) -> Change:
    """A unit and a team are found for a village, wherever that was decided."""
    if pool is None:
        return Change(pool)
    before = pool.teams.get(event.village)
    if before and isinstance(event, VillageMatched):
        # A team that is kept answers no need that could wait again.
        kept = before.need is not None and "kept_team" in event.reasons
        return Change(pool.with_team(event.village, msgspec.structs.replace(before, need=None)) if kept else pool)
    members = {member.cadre: member.role for member in event.team}
    usual = Team(unit=event.unit, place=event.place, members=members)
    team = msgspec.structs.replace(before, unit=event.unit, members=members, doubted={}) if before else usual
    # Whom the choice sets free may be what another village waits for.
    pool = pool.but(needs=without(pool.needs, event.village), answered=pool.answered and not before)
    return Change(pool.with_team(event.village, team))


def need_again(pool: Pool | None, event: MatchWithdrawn, policy: Policy, today: date) -> Change:
    """A match was taken back: the village needs a unit, and unit and cadres are on offer."""
    if pool is None or event.village not in pool.teams:
        return Change(pool)
    # Of the village's pools one asks for a unit, the others only knew of the team.
    need = pool.teams[event.village].need if pool.id == policy.pool else None
    needs = {**pool.needs, event.village: need} if need else pool.needs
    return Change(pool.but(needs=needs, teams=without(pool.teams, event.village), answered=False))


def need_no_more(
    pool: Pool | None,
    event: VillageUnlisted | VillageWithdrawn | DiagnosisWithdrawn | VillageDelisted,
    policy: Policy,
    today: date,
) -> Change:  # fmt: skip
    """A village that is not on the list, or whose diagnosis was withdrawn, needs no unit."""
    if pool is None or event.village not in pool.needs:
        return Change(pool)
    return Change(pool.but(needs=without(pool.needs, event.village)))


def take_back(pool: Pool | None, event: TeamReleased | TeamDisbanded, policy: Policy, today: date) -> Change:
    """Unit and team are home from a village and on offer again; a unit that is none any more is not.

    A team that serves another village as well stays out in that one.
    """
    if pool is None:
        return Change(pool)
    pool = pool.but(teams=without(pool.teams, event.village), answered=False)
    unit = pool.units.get(event.unit)
    is_gone = unit is not None and unit.withdrawn and event.unit not in pool.serving(())
    return Change(pool.but(units=without(pool.units, event.unit)) if is_gone else pool)


def come_back(pool: Pool, due: Due, policy: Policy, today: date) -> Change:
    """Whoever was away until the day before can be sent again."""
    away = {cadre: absence for cadre, absence in pool.away.items() if not absence.until or absence.until >= due.on}
    return Change(with_absences(pool, away).but(answered=False))


def with_absences(pool: Pool, away: Mapping[str, Absence]) -> Pool:
    """The pool with those who are away, and its timer on the day after the first of their last days."""
    first = min((absence.until for absence in away.values() if absence.until), default=None)
    return pool.but(away=dict(away)).timed(back=first and first + DAY)


def without(mapping: Mapping[str, V], key: str) -> dict[str, V]:
    """The mapping but for one key."""
    return {id: value for id, value in mapping.items() if id != key}


def pool_of(pool: Pool | None, policy: Policy) -> Pool:
    """The pool of the pack's jurisdiction, which is there from the first thing that it hears."""
    return pool or Pool(id=policy.pool, place=policy.pool.ljust(6, "0"))
