"""The assessment at the end of a term: each who was in the team is graded by a named body (期满考核, 5.14).

It is due whenever a term is over: another team follows, the term is extended, or the team is released. The grades are
the pack's, they are given by people and sealed, and nothing follows from them by itself.
"""

from datetime import date

from msgspec.structs import replace

from services.dispatch.model.commands import AssessTerm
from services.dispatch.model.roster import Ended, Roster, clocked
from shared.contracts.dispatch import AssessmentMissed, TeamReleased, TermAssessed, TermEnded, TermExtended
from shared.policy import Policy
from shared.rules import Change, Due, Refused, addressed, overwrite, require_body

KEPT = 5
"""How many ended terms of a village are kept, so that their grades can be corrected."""


def end(state: Roster | None, event: TermEnded | TermExtended | TeamReleased, policy: Policy, today: date) -> Change:
    """A term is over. Everybody who was in the team is to be assessed, only once even if several events tell of the
    same end. A term that a body extends by a decision is not over."""
    if isinstance(event, TermExtended) and event.outcome:
        return Change(state)
    terms, ended = policy.team.term_assessment, f"{today}"
    members = {*state.members} if state else set[str]()
    if not isinstance(event, TermExtended):
        members = {one.cadre for one in event.team}
    if terms is None or not members or (state and ended in state.ended):
        return Change(state)
    state = state or Roster(id=event.village, place=event.place, unit=event.unit)
    over = Ended(unit=event.unit, members=tuple(sorted(members)), assess_by=terms.assess_by.due(today, policy.calendar))
    state = state.but(ended=dict([*state.ended.items(), (ended, over)][-KEPT:]))
    state = state.counting("ended", ended, "assess_by", since=today, span=terms.assess_by.within, timer="assessment")
    return Change(clocked(state, policy, today))


def assess(state: Roster | None, command: AssessTerm, policy: Policy, today: date) -> Change:
    """Grade each who was in the team at the end of the term. To correct grades, the command names their version."""
    terms = policy.team.term_assessment
    if terms is None:
        zh, en = "本地规定没有期满考核，不须办理", "the pack asks for no assessment at the end of a term"
        raise Refused("5.14", zh, en)
    require_body(command.body, terms.by, terms.rule)
    state = addressed(state, command)
    over = state.ended.get(f"{command.ended}")
    if over is None:
        raise Refused(
            terms.rule,
            f"该村没有于{command.ended}期满的任期，请核对日期",
            f"no term was over here on {command.ended}; check the day",
            field="ended",
        )
    grades = {one.cadre: one.grade for one in command.merits}
    if grades.keys() != {*over.members}:
        raise Refused(
            terms.rule,
            f"应对期满时在队的每名队员评定等次：{'、'.join(over.members)}，请核对",
            f"each who was in the team at the end is graded: {', '.join(over.members)}",
            field="merits",
            status=422,
        )
    if unknown := sorted({*grades.values()} - {grade.name for grade in policy.assessment.grades}):
        raise Refused(
            terms.rule,
            f"本地规定中没有这个等次，可填：{'、'.join(grade.label for grade in policy.assessment.grades)}",
            f"the pack has no grade {', '.join(unknown)}; it has: "
            f"{', '.join(grade.name for grade in policy.assessment.grades)}",
            field="merits",
            status=422,
        )
    if over.grades:
        overwrite({"merits": over.grades}, {"merits": grades}, command.replaces, terms.rule, personal=True)
        if over.grades == grades:
            return Change(state)
    told = TermAssessed(
        place=state.place,
        village=state.id,
        unit=over.unit,
        ended=command.ended,
        merits=command.merits,
        assessed_by=command.assessed_by,
    )
    state = state.but(ended={**state.ended, f"{command.ended}": replace(over, grades=grades)})
    return Change(clocked(state, policy, today), (told,))


def fall_due(state: Roster, due: Due, policy: Policy, today: date) -> Change:
    """Tell once which assessment was not made in time."""
    terms = policy.team.term_assessment
    missed = {
        day: one for day, one in state.ended.items() if one.is_owed and not one.is_missed and one.assess_by < due.on
    }
    state = state.but(ended={**state.ended, **{day: replace(one, is_missed=True) for day, one in missed.items()}})
    told = tuple(
        AssessmentMissed(
            place=state.place,
            village=state.id,
            unit=one.unit,
            ended=date.fromisoformat(day),
            due=one.assess_by,
            owed_by=terms.by,
        )
        for day, one in missed.items()
        if terms
    )
    return Change(clocked(state, policy, due.on), told)
