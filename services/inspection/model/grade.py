"""The grade of a year's assessment (2.15, 3.7, 3.8): the system proposes, a body decides, a review may change it.

The functions at the end are used for a team's year and for that of any other subject (`appraisal_grade.py`).
"""

from collections.abc import Sequence
from datetime import date
from statistics import fmean
from typing import TypeVar

from services.inspection.model.appraisal import Appraisal
from services.inspection.model.assessment import Assessment, Proposal, Terms, terms_of
from services.inspection.model.commands import (
    ConfirmGrade,
    ContestGrade,
    WithdrawGrade,
)
from shared.contracts.incentives import DecisionWithdrawn, OutcomeDecided
from shared.contracts.inspection import (
    AssessmentDropped,
    AssessmentGraded,
    AssessmentProposed,
    GradeContested,
    GradeReviewed,
    GradeWithdrawn,
)
from shared.labels import in_words, label, said
from shared.laws import as_of
from shared.policy import Policy, Review
from shared.rules import Change, Due, Refused, addressed, require_body

G = TypeVar("G", Assessment, Appraisal)
"""A year that is graded: a team's, or another subject's."""


def propose(state: Assessment, due: Due, policy: Policy, today: date) -> Change:
    """The year is over: once all inputs are in, propose the grade of the weighted score, capped by the year's facts.

    A channel that could not come in this year, or was declared void, is left out, and the other weights are scaled up.
    If nothing is left that carries weight, the year is not graded.
    """
    if state.missing:
        return Change(state.but(is_overdue=True))
    if not state.can_be_scored:
        dropped = AssessmentDropped(place=state.place, village=state.village, year=state.year)
        return Change(state.but(is_dropped=True), (dropped,))
    terms = terms_of(state, policy)
    given = {kind: fmean(scores.values()) for kind, scores in state.scores.items()}
    if state.ballot:
        given["ballot"] = 100 * state.ballot.approval
    counted = [channel for channel in terms.weights if channel in given.keys() - state.void]
    weighed = [(terms.weights[channel], given[channel]) for channel in counted]
    score = weighted(weighed)
    earned = next(grade.name for grade in terms.grades if score >= grade.at_least)
    happened: dict[str, float | None] = {
        "absences": len(state.absences),
        "open_items": sum(state.open_items.values()),
        "approval": state.ballot.approval if state.ballot else None,
    }
    caps = [cap for cap in terms.caps if cap.holds(happened[cap.figure])]
    ceiling = terms.worst_of(terms.grades[0].name, *(cap.grade for cap in caps))
    grade = terms.worst_of(earned, ceiling)
    triggers = tuple(ground.name for ground in terms.grounds if ground.holds(happened[ground.figure]))
    proposed = AssessmentProposed(
        place=state.place,
        village=state.village,
        year=state.year,
        score=score,
        grade=grade,
        caps=tuple(sorted({cap.figure for cap in caps if terms.worst_of(earned, cap.grade) != earned})),
    )
    state = state.but(proposal=Proposal(score, grade, ceiling, triggers))
    return Change(_to_be_graded(state, policy, due.on), (proposed,))


def confirm(state: Assessment | None, command: ConfirmGrade, policy: Policy, today: date) -> Change:
    """A named body decides the grade. The event also tells the grounds for criticism (mechanism 3.10).

    The scale is that of the pack under which the assessment was opened, whatever pack was adopted since.
    """
    require_body(command.body, "organisation", "2.15")
    state = state and addressed(state, command)
    if state is None or state.proposal is None:
        missing = state.missing if state and state.unit else ()
        lacks = f"缺{said('inputs', missing, policy)}；" if missing else ""
        raise Refused(
            "2.15",
            f"村 {command.village} {command.year} 年度尚未拟定考核等次：{lacks}年度对账期满后方可拟定",
            f"no grade is proposed yet for {command.year} in village {command.village}; missing: "
            f"{', '.join(missing) or '-'}; and the time for the year's last reconciliation must be over",
        )
    terms, is_review = terms_of(state, policy), state.answer_until is not None
    if state.grade == command.grade and not is_review:
        return Change(state)
    if state.grade and not is_review:
        until = state.review_until
        zh = f"对结果不服的，可在{until}前（含当日）申请复核" if until else "不再更改"
        en = f"until {until} the team can ask for a review by grade-reviews" if until else "it does not change any more"
        raise Refused(
            "2.15",
            f"村 {state.village} {state.year} 年度考核等次已评定为“{label('grade', state.grade, policy)}”；{zh}",
            f"{state.year} in village {state.village} was graded {state.grade!r}; {en}",
        )
    names = terms.names
    if command.grade not in names:
        raise Refused(
            "2.15",
            f"没有代码为“{command.grade}”的等次，可填：{said('grade', names, policy)}",
            f"there is no grade {command.grade!r}; the scale has {', '.join(names)}",
            field="grade",
            status=422,
        )
    if is_review:
        return _reviewed(state, command, terms, policy, today)
    if terms.worst_of(command.grade, state.proposal.ceiling) != command.grade:
        raise Refused(
            "5.8",
            f"因{_why_capped(state, terms, policy)}，等次不得高于“{label('grade', state.proposal.ceiling, policy)}”，"
            f"不能评定为“{label('grade', command.grade, policy)}”",
            f"the year's facts allow {state.proposal.ceiling!r} at best, not {command.grade!r}",
            field="grade",
            status=422,
        )
    graded = _told(state, state.proposal, command)
    return Change(reviewable(state.but(grade=command.grade), terms.review, policy, today), (graded,))


def _told(state: Assessment, proposal: Proposal, command: ConfirmGrade) -> AssessmentGraded:
    return AssessmentGraded(
        place=state.place,
        village=state.village,
        year=state.year,
        unit=state.unit,
        leader=state.leader,
        score=proposal.score,
        grade=command.grade,
        triggers=proposal.triggers,
        decided_by=command.decided_by,
    )


def contest(state: Assessment | None, command: ContestGrade, policy: Policy, today: date) -> Change:
    """The team asks for a review in time (Civil Servant Law 95). The grade and its effects hold meanwhile (96)."""
    rule = as_of("Civil Servant Law 95", today)
    require_body(command.body, "team", rule)
    state = state and addressed(state, command)
    if state is not None and state.answer_until:
        return Change(state)
    terms = state and terms_of(state, policy).review
    if state is None or not terms or not state.review_until:
        raise Refused(
            rule,
            f"村 {command.village} {command.year} 年没有可申请复核的等次：尚未定等、政策包未列入，或已经复核",
            f"no grade of {command.year} in village {command.village} can be reviewed: there is none yet, the pack "
            "lists no review of it, or it was reviewed already",
            field="year",
        )
    require_in_time(state.review_until, today, rule)
    answer_until = terms.answer.after(today, policy.calendar)
    told = GradeContested(
        place=state.place,
        village=state.village,
        year=state.year,
        unit=state.unit,
        leader=state.leader,
        grade=state.grade,
        answer_until=answer_until,
        lodged_by=command.lodged_by,
    )
    return Change(contested(state, terms, answer_until, today), (told,))


def _reviewed(state: Assessment, command: ConfirmGrade, terms: Terms, policy: Policy, today: date) -> Change:
    """Answer a review with the same grade or a better one. It may exceed the caps: their facts are reviewed, too."""
    if terms.worst_of(command.grade, state.grade) != state.grade:
        raise Refused(
            as_of("Civil Servant Law 96", today),
            f"复核不得加重：等次不得低于原定的“{label('grade', state.grade, policy)}”，请改填",
            f"a review never aggravates: the grade cannot be worse than {state.grade!r}; give that or a better one",
            field="grade",
            status=422,
        )
    assert state.proposal, "what is graded was proposed"
    reviewed = GradeReviewed(
        place=state.place,
        village=state.village,
        year=state.year,
        unit=state.unit,
        leader=state.leader,
        before=state.grade,
        grade=command.grade,
        decided_by=command.decided_by,
    )
    is_better = command.grade != state.grade
    after = state.but(grade=command.grade, answer_until=None).counting("answer_until")
    return Change(after, (reviewed, _told(state, state.proposal, command)) if is_better else (reviewed,))


def withdraw_grade(state: Assessment | None, command: WithdrawGrade, policy: Policy, today: date) -> Change:
    """Take back a grade that was entered by mistake: it is decided anew. Refused if an outcome was decided by it."""
    require_body(command.body, "organisation", "2.15")
    state = state and addressed(state, command)
    if state is None or not state.grade:
        raise Refused(
            "2.15",
            f"村 {command.village} {command.year} 年度尚未评定考核等次，无可撤销",
            f"there is no grade of {command.year} in village {command.village} to withdraw",
            field="year",
            status=404,
        )
    if state.decided:
        zh, en = in_words("outcome", sorted(state.decided), policy)
        raise Refused(
            "2.15",
            f"已据此作出{zh}的决定，考核等次不能撤销；请先撤销该决定，或者由当事人依法申请复核、提出申诉",
            f"it cannot be withdrawn: {en} was decided on it; withdraw that decision first, or contest it by a review",
            field="year",
        )
    withdrawn = GradeWithdrawn(
        place=state.place,
        village=state.village,
        year=state.year,
        unit=state.unit,
        leader=state.leader,
        grade=state.grade,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(_to_be_graded(ungraded(state), policy, today), (withdrawn,))


def _to_be_graded(state: Assessment, policy: Policy, since: date) -> Assessment:
    """The assessment with the last day for deciding its grade, which the pack counts from `since`."""
    grade_by = policy.assessment.grade_by
    state = state.but(grade_by=grade_by.due(since, policy.calendar))
    return state.counting("grade_by", since=since, span=grade_by.within)


def _why_capped(state: Assessment, terms: Terms, policy: Policy) -> str:
    """The facts behind the caps that limit the grade, in words for a refusal."""
    assert state.proposal
    return said("caps", sorted({cap.figure for cap in terms.caps if cap.grade == state.proposal.ceiling}), policy)


# ------------------------------------------------------- what every graded year has in common


def weighted(scores: Sequence[tuple[float, float]]) -> float:
    """The mean of scores, each with its weight before it: 0 to 100, rounded to two decimals."""
    return round(sum(weight * score for weight, score in scores) / sum(weight for weight, _ in scores), 2)


def reviewable(state: G, review: Review | None, policy: Policy, today: date) -> G:
    """A year whose grade was decided today, with the time for asking for a review, if that grade can be reviewed."""
    state = state.but(grade_by=None).counting("grade_by")
    if review is None or state.grade not in review.grades:
        return state
    state = state.but(review_until=review.within.after(today, policy.calendar))
    return state.counting("review_until", since=today, span=review.within)


def require_in_time(until: date, today: date, rule: str) -> None:
    """Refuse to open a review after its last day."""
    if today > until:
        zh, en = f"申请复核的期限已于 {until} 届满", f"the time for asking for a review ended on {until}"
        raise Refused(rule, zh, en)


def contested(state: G, review: Review, answer_until: date, today: date) -> G:
    """A year whose grade is under review from today on, with the last day for the answer."""
    state = state.but(answer_until=answer_until, review_until=None).counting("review_until")
    return state.counting("answer_until", since=today, span=review.answer)


def ungraded(state: G) -> G:
    """A year whose grade was withdrawn: nothing can be reviewed any more."""
    state = state.but(grade="", review_until=None, answer_until=None)
    return state.counting("review_until").counting("answer_until")


def note_decision(state: G | None, event: OutcomeDecided, policy: Policy, today: date) -> Change:
    """A body has decided something because of the grade, so the grade can no longer be withdrawn."""
    return Change(state and state.but(decided=state.decided | {event.outcome}))


def forget_decision(state: G | None, event: DecisionWithdrawn, policy: Policy, today: date) -> Change:
    """That decision was taken back, so the grade can be withdrawn again."""
    return Change(state and state.but(decided=state.decided - {event.outcome}))
