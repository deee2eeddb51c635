"""The grade of a subject's year (0.9, 2.14): the system proposes, a body decides, a review may change it."""

from collections.abc import Iterable, Mapping
from datetime import date

from services.inspection.model.appraisal import Appraisal, Proposal
from services.inspection.model.appraisal_inputs import running
from services.inspection.model.cohort import Cohort
from services.inspection.model.commands import ContestAppraisal, GradeAppraisal, WithdrawAppraisal
from services.inspection.model.grade import contested, require_in_time, reviewable, ungraded, weighted
from shared.contracts.inspection import (
    AppraisalContested,
    AppraisalDropped,
    AppraisalGraded,
    AppraisalProposed,
    AppraisalReviewed,
    AppraisalWithdrawn,
)
from shared.labels import in_words, label, said
from shared.policy import Policy
from shared.rules import Change, Due, Key, Refused, State, require_body

RULE = "0.9"


def propose(state: Appraisal, due: Due, policy: Policy, today: date) -> Change:
    """The year is over and all channels are in: propose the grade of the weighted score.

    A channel that was declared void, or in which nothing came, is left out, and the other weights are scaled up. If
    nothing is left, for example because the only visit that counted was withdrawn, the year is not graded.
    """
    if not state.can_be_scored:
        return Change(state.but(is_unscored=True), (AppraisalDropped(place=state.place, **state.about),))
    counted = (one for one in state.channels if one.weight and state.is_in(one))
    weighed = {one.channel: (one.weight, state.score(one)) for one in counted}
    score = weighted([*weighed.values()])
    grade = next(grade.name for grade in state.terms.grades if score >= grade.at_least)
    scores = {channel: round(one, 2) for channel, (_, one) in weighed.items()}
    told = AppraisalProposed(place=state.place, **state.about, score=score, scores=scores, grade=grade)
    return Change(_to_be_graded(state.but(proposal=Proposal(score, grade)), policy, due.on), (told,))


def confirm(state: Appraisal | None, command: GradeAppraisal, policy: Policy, today: date) -> Change:
    """A named body decides the grade, and says which failings it finds (0.9)."""
    one = running(state, command)
    require_body(command.body, one.terms.decides, RULE)
    if one.is_dropped and one.proposal is None:
        raise Refused(
            RULE,
            "对象已不在、已离任，或者当年没有可以计分的来源，本年度考核评价已终止，不再评定等次",
            "the subject is no more or left its post, or nothing could be scored, so that the year was dropped",
        )
    if one.proposal is None:
        missing = "、".join(channel.label for channel in one.missing)
        raise Refused(
            RULE,
            f"本年度尚未拟定等次：{f'缺{missing}；' if missing else ''}年度终了、各项来源齐全后方可拟定",
            f"no grade is proposed yet; missing: {', '.join(c.channel for c in one.missing) or '-'}; and the year must "
            "be over",
        )
    if command.grade not in one.terms.names:
        raise Refused(
            RULE,
            f"没有代码为“{command.grade}”的等次，可填：{said('grade', one.terms.names, policy)}",
            f"there is no grade {command.grade!r}; the scale has {', '.join(one.terms.names)}",
            field="grade",
            status=422,
        )
    known = one.terms.failings or {}
    if unknown := sorted({*command.failings} - {*known}):
        raise Refused(
            RULE,
            f"没有代码为“{'、'.join(unknown)}”的问题，可填：{'、'.join(known.values()) or '（无）'}",
            f"there is no failing {', '.join(unknown)}; the pack has {', '.join(known) or 'none'}",
            field="failings",
            status=422,
        )
    failings = tuple(sorted(command.failings))
    if one.answer_until:
        return _reviewed(one, command, policy)
    if one.grade:
        if (one.grade, one.failings) == (command.grade, failings):
            return Change(one)
        raise Refused(
            RULE,
            f"本年度已评定为“{label('grade', one.grade, policy)}”；确有错误的，请先撤销等次",
            f"it was graded {one.grade!r}; if that is wrong, withdraw the grade first",
            field="grade",
        )
    graded = reviewable(one.but(grade=command.grade, failings=failings), one.terms.review, policy, today)
    return Change(graded, (_told(graded, command.decided_by),))


def _told(state: Appraisal, decided_by: str) -> AppraisalGraded:
    """The grade, and the reviews in which it is used without being entered again (2.5, 4.8)."""
    assert state.proposal
    return AppraisalGraded(
        place=state.place,
        **state.about,
        score=state.proposal.score,
        grade=state.grade,
        failings=state.failings,
        feeds=tuple(state.terms.feeds or {}),
        decided_by=decided_by,
    )


def contest(state: Appraisal | None, command: ContestAppraisal, policy: Policy, today: date) -> Change:
    """A review of the grade is asked for in time: by the township for itself, by the village for all others.

    The grade holds meanwhile.
    """
    one = running(state, command)
    require_body(command.body, "township" if one.subject_kind == "township" else "village", RULE)
    if one.answer_until:
        return Change(one)
    terms = one.terms.review
    if not terms or not one.review_until:
        raise Refused(
            RULE,
            "没有可申请复核的等次：尚未定等、政策包未列入，或者已经复核",
            "there is no grade that can be reviewed: there is none yet, the pack lists no review of it, or it was "
            "reviewed already",
            field="year",
        )
    require_in_time(one.review_until, today, RULE)
    answer_until = terms.answer.after(today, policy.calendar)
    told = AppraisalContested(
        place=one.place, **one.about, grade=one.grade, answer_until=answer_until, lodged_by=command.lodged_by
    )
    return Change(contested(one, terms, answer_until, today), (told,))


def _reviewed(one: Appraisal, command: GradeAppraisal, policy: Policy) -> Change:
    """Answer a review with the same grade or a better one. The answer may drop failings and adds none."""
    names = one.terms.names
    if names.index(command.grade) > names.index(one.grade) or not {*command.failings} <= {*one.failings}:
        raise Refused(
            RULE,
            f"复核不得加重：等次不得低于原定的“{label('grade', one.grade, policy)}”，也不得增加问题，请改填",
            f"a review never aggravates: the grade cannot be worse than {one.grade!r}, and no failing is added",
            field="grade",
            status=422,
        )
    told = AppraisalReviewed(
        place=one.place, **one.about, before=one.grade, grade=command.grade, decided_by=command.decided_by
    )
    after = one.but(grade=command.grade, failings=tuple(sorted(command.failings)), answer_until=None)
    after = after.counting("answer_until")
    is_other = (after.grade, after.failings) != (one.grade, one.failings)
    return Change(after, (told, _told(after, command.decided_by)) if is_other else (told,))


def ranked_in(state: Appraisal | None, _command: WithdrawAppraisal) -> Iterable[Key]:
    """The subject's cohort, which may have been ranked."""
    return ((Cohort, state.cohort),) if state and state.cohort else ()


def withdraw(
    state: Appraisal | None, command: WithdrawAppraisal, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Take back a grade that was a mistake, or one best grade too many. Refused once something rests on it."""
    one = running(state, command)
    require_body(command.body, one.terms.decides, RULE)
    if not one.grade:
        raise Refused(RULE, "尚未评定等次，无可撤销", "there is no grade to withdraw", field="year", status=404)
    cohort = others.get((Cohort, one.cohort))
    if one.decided or (isinstance(cohort, Cohort) and cohort.worst):
        zh, en = in_words("outcome", sorted(one.decided), policy)
        zh, en = (
            (f"已据此作出{zh}的决定", f"{en} was decided on it")
            if one.decided
            else ("已据此排名", "it was ranked by it")
        )
        raise Refused(RULE, f"{zh}，请先撤销", f"it cannot be withdrawn: {en}; withdraw that first", field="year")
    told = AppraisalWithdrawn(
        place=one.place, **one.about, grade=one.grade, reason=command.reason, decided_by=command.decided_by
    )
    return Change(_to_be_graded(ungraded(one.but(failings=())), policy, today), (told,))


def _to_be_graded(state: Appraisal, policy: Policy, since: date) -> Appraisal:
    """The assessment with the last day for deciding its grade, counted from `since`."""
    within = state.terms.decide_within
    state = state.but(grade_by=within.after(since, policy.calendar))
    return state.counting("grade_by", since=since, span=within)
