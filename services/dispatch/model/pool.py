"""The pool of a jurisdiction: villages that need a unit, units on offer, their squads, and who is out in which village.

A squad is a state of its own: of three million cadres a rule is to meet those of one unit, and only a matching all.
"""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from services.dispatch.model.commands import ReplaceMember, SolveMatching
from services.dispatch.model.eligibility import Cadre, Posting, Unit, unmet
from services.dispatch.model.matching import Need, match
from shared.contracts import Event
from shared.contracts.dispatch import (
    MatchingSolved,
    MemberRecalled,
    MemberReplaced,
    NeedUnmet,
    Role,
    TeamReleased,
    VillageMatched,
)
from shared.contracts.incentives import OutcomeDecided, OutcomeEvent
from shared.contracts.registry import CadreRegistered, UnitRegistered, VillageDiagnosed, VillageRecoded
from shared.policy import Policy
from shared.rules import Change, Key, Refused, State, Task, addressed, known


class Team(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A unit's team out in a village, from the matching to the release."""

    unit: str
    place: str
    members: dict[str, Role]
    vacant: dict[str, Role] = msgspec.field(default_factory=dict)
    """Roles that recalled cadres left open, by these cadres."""


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
    matching: str = ""
    """The last matching that was solved."""
    answered: bool = False
    """Whether that matching has seen all needs and offers as they stand."""

    @property
    def status(self) -> str:
        """`waiting` while villages wait for a unit, else `quiet`."""
        return "waiting" if self.needs else "quiet"

    @property
    def awaits(self) -> bool:
        """Whether a matching is owed."""
        return bool(self.needs) and not self.answered

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """A matching, counted from the diagnosis that has waited longest."""
        if self.awaits:
            due = policy.team.match_by.after(min(need.since for need in self.needs.values()), policy.calendar)
            yield Task(action="matchings", about=self.id, role="organisation", due=due, rule="3.2")

    def free(self, squads: Iterable[State | None]) -> dict[str, Cadre]:
        """The cadres who can be sent: neither out in a village nor under a recall."""
        gone = {cadre for team in self.teams.values() for cadre in team.members} | self.recalled.keys()
        of_all = (squad.cadres.items() for squad in squads if isinstance(squad, Squad))
        return {id: cadre for cadres in of_all for id, cadre in cadres if id not in gone}


def offer_unit(pool: Pool | None, event: UnitRegistered, policy: Policy, today: date) -> Change:
    """A unit is on offer, or is described anew."""
    pool = _pool(pool, policy)
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
    cadre = Cadre(
        unit=event.unit,
        rank=event.rank,
        party_member=event.party_member,
        work_since=event.work_since,
        born_on=event.born_on,
        reserve=event.reserve,
        ties=event.ties,
    )
    return Change(squad.but(cadres={**squad.cadres, event.cadre: cadre}))


def lose_cadre(squad: Squad | None, event: CadreRegistered, policy: Policy, today: date) -> Change:
    """A cadre belongs to another unit from now on."""
    left = {id: cadre for id, cadre in squad.cadres.items() if id != event.cadre} if squad else {}
    return Change(squad and squad.but(cadres=left))


def reopen(pool: Pool | None, event: CadreRegistered, policy: Policy, today: date) -> Change:
    """Another matching may find what the last one did not."""
    return Change(pool.but(answered=False) if pool and pool.answered else pool)


def need_unit(pool: Pool | None, event: VillageDiagnosed, policy: Policy, today: date) -> Change:
    """A diagnosed village needs a unit, unless one that was kept after the exit is still there."""
    pool = _pool(pool, policy)
    if event.village in pool.teams or event.village in pool.needs:
        return Change(pool)
    need = Need(place=event.place, problem_class=event.problem_class, since=today)
    return Change(pool.but(needs={**pool.needs, event.village: need}, answered=False))


def recode(pool: Pool | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """A village's need and team lie in the division of its current code."""
    if pool is None:
        return Change(None)
    moved = {
        field: {**kept, event.village: msgspec.structs.replace(kept[event.village], place=event.code[:6])}
        for field, kept in (("needs", pool.needs), ("teams", pool.teams))
        if event.village in kept
    }
    return Change(pool.but(**moved))


def solve(
    pool: Pool | None, command: SolveMatching, policy: Policy, today: date, offers: Mapping[Key, State | None]
) -> Change:
    """Match what can be matched (3.2), and say what stands in the way of the rest (0.2)."""
    pool = known(pool, "辖区", "the pool", policy.jurisdiction)
    if command.matching == pool.matching and pool.answered:
        return Change(pool)
    if command.matching == pool.matching:
        raise Refused(
            "3.2",
            f"“{command.matching}”已经求解过，此后需求或可派单位又有变化，请另起名称",
            f"{command.matching!r} was solved before needs or offers changed; give this run another name",
            field="matching",
        )
    if command.place != pool.place:
        raise Refused(
            "3.2",
            f"匹配以整个辖区为范围，place 应填 {pool.place}",
            f"a matching is for the whole jurisdiction; `place` must be {pool.place}",
            field="place",
            status=422,
        )
    if not pool.needs:
        raise Refused(
            "3.2", "没有等待匹配的村，请待会诊后再匹配", "no village waits for a unit; match after a diagnosis"
        )
    serving = {team.unit for team in pool.teams.values()}
    found = match(pool.needs, pool.units, pool.free(offers.values()), serving, policy, today)
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
        teams[m.village] = Team(unit=m.unit, place=need.place, members={x.cadre: x.role for x in m.team})
        told.append(
            VillageMatched(
                place=need.place,
                village=m.village,
                matching=command.matching,
                unit=m.unit,
                team=m.team,
                score=m.score,
                problem_class=need.problem_class,
                reasons=m.reasons,
            )
        )
    told += [
        NeedUnmet(place=needs[village].place, village=village, matching=command.matching, obstacles=obstacles)
        for village, obstacles in found.obstacles.items()
    ]
    pool = pool.but(needs=needs, teams=teams, matching=command.matching, answered=True)
    return Change(pool, tuple(told))


def recall(pool: Pool | None, event: OutcomeDecided, policy: Policy, today: date) -> Change:
    """A recalled cadre leaves the team, wherever that is by now, and is not sent again while the recall counts (2.20).

    Whether an outcome recalls is in the event; the table of reactions asks it.
    """
    pool = _pool(pool, policy)
    cadre = event.subject
    outcomes = {*pool.recalled.get(cadre, ()), event.outcome}
    pool = pool.but(recalled={**pool.recalled, cadre: tuple(sorted(outcomes))})
    for village, team in pool.teams.items():
        if cadre in team.members:
            members = dict(team.members)
            role = members.pop(cadre)
            left = msgspec.structs.replace(team, members=members, vacant={**team.vacant, cadre: role})
            recalled = MemberRecalled(place=team.place, village=village, unit=team.unit, cadre=cadre, role=role)
            return Change(pool.but(teams={**pool.teams, village: left}), (recalled,))
    return Change(pool)


def end_recall(pool: Pool | None, event: OutcomeEvent, policy: Policy, today: date) -> Change:
    """The recall was overturned, or its impact period is over.

    With no other recall left the cadre may be sent again, but is not put back.
    """
    if pool is None or event.outcome not in pool.recalled.get(event.subject, ()):
        return Change(pool)
    left = tuple(outcome for outcome in pool.recalled[event.subject] if outcome != event.outcome)
    if left:
        return Change(pool.but(recalled={**pool.recalled, event.subject: left}))
    recalled = {cadre: outcomes for cadre, outcomes in pool.recalled.items() if cadre != event.subject}
    return Change(pool.but(recalled=recalled, answered=False))


def replace_member(
    pool: Pool | None, command: ReplaceMember, policy: Policy, today: date, squads: Mapping[Key, State | None]
) -> Change:
    """Another cadre of the unit takes the role that was left open, if the rules for the role allow (3.3, 3.4)."""
    pool = known(pool, "辖区", "the pool", policy.jurisdiction)
    team = addressed(pool.teams.get(command.village), command, "驻村工作队", "the team of village")
    role = team.vacant.get(command.recalled)
    if role is None and command.cadre in team.members:
        return Change(pool)
    if role is None:
        raise Refused(
            "2.20",
            f"{command.recalled} 没有留下空缺，请核对被召回的队员",
            f"{command.recalled} left no vacancy; check who was recalled",
            field="recalled",
        )
    cadre = pool.free(squads.values()).get(command.cadre)
    if cadre is None:
        raise Refused(
            "2.20",
            f"{command.cadre} 不是单位 {team.unit} 可派的干部（未登记、属他单位、已驻村或在召回影响期内），请改派他人",
            f"{command.cadre} is no cadre whom {team.unit} can send: not registered, of another unit, out in a village "
            "or under a recall; choose another",
            field="cadre",
            status=422,
        )
    failed = unmet(Posting(cadre, pool.units[team.unit], command.village, policy, today), role)
    if failed:
        raise Refused(
            failed.rule, f"{command.cadre} {failed.zh}", f"{command.cadre} {failed.en}", field="cadre", status=422
        )
    vacant = {id: left for id, left in team.vacant.items() if id != command.recalled}
    joined = msgspec.structs.replace(team, members={**team.members, command.cadre: role}, vacant=vacant)
    replaced = MemberReplaced(
        place=team.place,
        village=command.village,
        unit=team.unit,
        recalled=command.recalled,
        cadre=command.cadre,
        role=role,
        replaced_by=command.replaced_by,
    )
    return Change(pool.but(teams={**pool.teams, command.village: joined}), (replaced,))


def take_back(pool: Pool | None, event: TeamReleased, policy: Policy, today: date) -> Change:
    """Unit and team are home from a village and on offer again."""
    pool = _pool(pool, policy)
    teams = {village: team for village, team in pool.teams.items() if village != event.village}
    return Change(pool.but(teams=teams, answered=False))


def _pool(pool: Pool | None, policy: Policy) -> Pool:
    return pool or Pool(id=policy.jurisdiction, place=policy.jurisdiction.ljust(6, "0"))
