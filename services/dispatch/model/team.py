"""The life of a village's team: matched, assigned, recalled from and completed, extended, kept, and sent home."""

from datetime import date, timedelta

from services.dispatch.model.assignment import Assignment, Vacancy
from services.dispatch.model.commands import AssignTeam
from services.dispatch.model.commitments import with_problems
from shared.contracts.dispatch import (
    CommitmentSettled,
    Member,
    MemberRecalled,
    MemberReplaced,
    TeamAssigned,
    TeamKept,
    TeamReleased,
    TermExtended,
    VillageMatched,
)
from shared.contracts.registry import VillageDelisted, VillageDiagnosed, VillageRelapsed
from shared.policy import Policy
from shared.rules import Change, Due, Refused, addressed, known

DAY = timedelta(1)


def diagnose(state: Assignment | None, event: VillageDiagnosed, policy: Policy, today: date) -> Change:
    """A diagnosed village waits for a unit; one that relapsed while its team was kept gets the same team again."""
    state = state or Assignment(id=event.village, place=event.place, stage="released", spell=0)
    if state.stage not in ("relapsed", "released") or event.spell <= state.spell:
        return Change(state)
    goes_on = state.stage == "relapsed"
    state = state.but(stage="diagnosed", spell=event.spell, carried=with_problems(state.carried, event, policy))
    if not goes_on:
        return Change(state)
    matched = VillageMatched(
        place=state.place,
        village=state.id,
        matching=f"kept-{state.id}-{event.spell}",
        unit=state.unit,
        team=state.team,
        score=0,  # Nothing was weighed: 摘帽不摘帮扶.
        problem_class=event.problem_class,
        reasons=("kept_team",),
    )
    return Change(state, (matched,))


def match(state: Assignment | None, event: VillageMatched, policy: Policy, today: date) -> Change:
    """Unit and team are found; the organisation department is awaited."""
    if state is None or state.stage != "diagnosed":
        return Change(state)
    assign_by = policy.team.assign_within.after(today, policy.calendar)
    matched = state.but(stage="matched", unit=event.unit, team=event.team, assign_by=assign_by)
    return Change(matched.counting("assign_by", since=today, span=policy.team.assign_within))


def assign(state: Assignment | None, command: AssignTeam, policy: Policy, today: date) -> Change:
    """The term begins (rules §3), with a complete team and nothing left over from an earlier spell."""
    state = addressed(state, command)
    if state.stage in ("assigned", "helped"):
        return Change(state)
    if state.stage != "matched":
        raise Refused(
            "3.2", "该村尚未匹配单位，请先求解匹配", "the village is not matched with a unit; solve a matching first"
        )
    if state.vacancies:
        raise Refused(
            "2.20",
            f"队员 {'、'.join(state.vacancies)} 被召回后尚未补派，请先补派",
            f"the team is incomplete: {', '.join(state.vacancies)} was recalled; replace the member first",
        )
    if state.unsettled:
        ledgers = [owed.key for owed in state.unsettled]
        raise Refused(
            "2.4",
            f"上一轮帮扶的 {'、'.join(ledgers)} 尚未销账，请先销账",
            f"{', '.join(ledgers)} of the earlier spell is not settled; settle it first",
        )
    term_end = policy.team.term.after(today, policy.calendar)
    state = state.but(
        stage="assigned", assign_by=None, since=state.since or today, term_end=term_end, extension=0
    ).timed(term=term_end + DAY)  # fmt: skip
    assigned = TeamAssigned(
        place=state.place,
        village=state.id,
        unit=state.unit,
        spell=state.spell,
        team=state.team,
        term_start=today,
        term_end=term_end,
        assigned_by=command.assigned_by,
    )
    return Change(state, (assigned,))


def lose_member(state: Assignment | None, event: MemberRecalled, policy: Policy, today: date) -> Change:
    """The recalled cadre is off the team, and the unit owes another (2.20)."""
    state = known(state, "村", "the village", event.village)
    vacancy = Vacancy(event.role, policy.team.replace_within.after(today, policy.calendar))
    team = tuple(member for member in state.team if member.cadre != event.cadre)
    left = state.but(team=team, vacancies={**state.vacancies, event.cadre: vacancy})
    return Change(left.counting("vacancies", event.cadre, "due", since=today, span=policy.team.replace_within))


def gain_member(state: Assignment | None, event: MemberReplaced, policy: Policy, today: date) -> Change:
    """The replacement joins the team."""
    state = known(state, "村", "the village", event.village)
    team = sorted((*state.team, Member(event.cadre, event.role)), key=lambda m: (m.role != "leader", m.cadre))
    vacancies = {cadre: vacancy for cadre, vacancy in state.vacancies.items() if cadre != event.recalled}
    return Change(state.but(team=tuple(team), vacancies=vacancies))


def extend(state: Assignment, due: Due, policy: Policy, today: date) -> Change:
    """The term is over and the village still on the list, so unit and team stay: 不脱贫不脱钩 (3.11, 2.13).

    An exit takes this timer away, so that it only ever runs out before one.
    """
    until = policy.team.extension.after(due.on - DAY, policy.calendar)
    extension = state.extension + 1
    extended = TermExtended(
        place=state.place, village=state.id, unit=state.unit, until=until, extension=extension
    )  # fmt: skip
    return Change(state.but(term_end=until, extension=extension).timed(term=until + DAY), (extended,))


def keep(state: Assignment | None, event: VillageDelisted, policy: Policy, today: date) -> Change:
    """The village left the list; its team stays for the transition (rules §2: 摘帽不摘帮扶)."""
    if state is None or state.stage not in ("assigned", "helped"):
        return Change(state)
    until = policy.team.keep_after_exit.after(today, policy.calendar)
    kept = TeamKept(place=state.place, village=state.id, unit=state.unit, until=until)
    return Change(state.but(stage="kept", until=until).timed(term=None, kept=until + DAY), (kept,))


def stay(state: Assignment | None, event: VillageRelapsed, policy: Policy, today: date) -> Change:
    """The village fell back while its team was still there: nobody goes home before the next exit (2.13)."""
    if state is None or state.stage != "kept":
        return Change(state)
    return Change(state.but(stage="relapsed", until=None).timed(kept=None))


def go_home(state: Assignment, due: Due, policy: Policy, today: date) -> Change:
    """The transition is over. With a ledger unsettled the team stays until `go_home_when_settled`."""
    return Change(state) if state.unsettled else _release(state, due.on)


def go_home_when_settled(state: Assignment | None, event: CommitmentSettled, policy: Policy, today: date) -> Change:
    """The last ledger was settled after the transition was over."""
    if state is None or state.until is None or state.until >= today or state.unsettled:
        return Change(state)
    return _release(state, today)


def _release(state: Assignment, on: date) -> Change:
    """The team goes home. What remains is the handover: the spell, and items that the next ledger would take up."""
    assert state.since, "a team that is kept was assigned"
    released = TeamReleased(
        place=state.place,
        village=state.id,
        unit=state.unit,
        spell=state.spell,
        team=state.team,
        served_days=(on - state.since).days,
    )
    rest = Assignment(id=state.id, place=state.place, stage="released", spell=state.spell, carried=state.carried)
    return Change(rest, (released,))
