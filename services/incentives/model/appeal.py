"""The remedies of somebody who was sanctioned, level by level: a review, and perhaps an appeal to an organ above."""

from datetime import date

from services.incentives.model.commands import DecideAppeal, EscalateAppeal, LodgeAppeal
from services.incentives.model.decision import signed, to_serve
from services.incentives.model.record import Case, Record, but, case_of, end_of
from shared.contracts.incentives import AppealDecided, AppealEscalated, OutcomeAppealed
from shared.laws import as_of
from shared.policy import Policy
from shared.rules import Change, Refused, require_body

_LAW = "Civil Servant Law 95"


def appeal(record: Record | None, command: LodgeAppeal, policy: Policy, today: date) -> Change:
    """The subject asks for the first remedy in time. The decision keeps its effect meanwhile (Civil Servant Law 96)."""
    record, case = case_of(record, command)
    if case.appeal == "lodged":
        return Change(record)
    if case.appeal:
        raise Refused(as_of(_LAW, today), *_what_is_next(case))
    case = _lodged(case, command, case.appeal_until, policy, today)
    record = record.keep(command.outcome, case)
    return Change(record, (record.tell(OutcomeAppealed, command.outcome, answer_until=case.answer_until),))


def escalate(record: Record | None, command: EscalateAppeal, policy: Policy, today: date) -> Change:
    """The subject goes on to the next level of remedy.

    That is possible after an answer, if no answer came in time, or directly where the pack lets the first level be left
    out.
    """
    record, case = case_of(record, command)
    if case.appeal == "lodged" and not case.is_unanswered:
        # An appeal with the same day is the same one entered again. One with another day is meant for the next level.
        if case.level and (command.lodged_on or today) == case.appealed_on:
            return Change(record)
        zh, en = f"尚在{case.answer_until}前的答复期限内", f"the answer has time until {case.answer_until}"
        raise Refused(as_of(_LAW, today), f"{zh}，请待答复后再提出", f"{en}; wait for it")
    is_first = not case.appeal
    last = case.direct_until if is_first else case.appeal_until
    if is_first or case.appeal == "lodged":
        case = but(case, level=case.level + 1)
    # Without an answer there is no last day for going on, since that time would be counted from the answer.
    case = _lodged(case, command, today if case.appeal == "lodged" else last, policy, today)
    record = record.keep(command.outcome, case)
    escalated = record.tell(AppealEscalated, command.outcome, answers=case.answers, answer_until=case.answer_until)
    return Change(record, (escalated,))


def _lodged(case: Case, command: LodgeAppeal | EscalateAppeal, last: date | None, policy: Policy, today: date) -> Case:
    """The case with an appeal under way. An appeal that was handed in on paper in time may be entered later."""
    level, lodged_on = case.remedy, command.lodged_on or today
    if not (case.served_on and level and last):
        raise Refused(as_of(_LAW, today), *_none_open(case))
    if lodged_on > today or lodged_on < case.served_on:
        raise Refused(
            as_of(_LAW, today),
            f"提出之日应在{case.served_on}至{today}之间，请更正",
            f"it was lodged between {case.served_on} and {today}; correct the day",
            field="lodged_on",
            status=422,
        )
    if lodged_on > last:
        raise Refused(
            as_of(_LAW, today),
            f"申请{level.label}的期限已于{last}届满",
            f"the time for an appeal ended on {last}",
        )
    answer_until = end_of(level.answer, lodged_on, policy)
    return but(
        case, appeal="lodged", appealed_on=lodged_on, answer_until=answer_until, is_unanswered=False,
        serve_by=None, appeal_until=None, direct_until=None,
    )  # fmt: skip


def _none_open(case: Case) -> tuple[str, str]:
    """Why no remedy is open."""
    if case.serve_by:
        return (
            "决定尚未送达，救济期限自送达之日起算",
            "the decision was not served yet; the time counts from its service",
        )
    if case.status == "imposed" and not case.remedy:
        return (
            "依据的规定对该决定没有规定这一级救济途径",
            "the rules that this decision rests on give no such remedy",
        )
    return (
        "该事项没有可以申请复核的决定：尚未作出决定、未予采纳或者属于奖励；或者不能不经前一级直接提出",
        "there is no decision here to appeal against: it is not decided, was dropped, or is a reward; or the level "
        "before cannot be left out",
    )


def _what_is_next(case: Case) -> tuple[str, str]:
    """What the subject can still do after an answer."""
    if case.remedy and case.appeal == "upheld":
        until = f"{case.appeal_until}前" if case.appeal_until else "自送达之日起的期限内"
        return (
            f"已作出答复；不服的，可以在{until}提出{case.remedy.label}",
            "it was answered already; whoever does not accept the answer may go on to the higher organ by "
            f"{case.appeal_until or 'the time that counts from the service of the answer'}",
        )
    return "已作出答复，没有下一级救济途径", "it was answered already, and no higher organ can be asked"


def decide_appeal(record: Record | None, command: DecideAppeal, policy: Policy, today: date) -> Change:
    """Answer an appeal. If the decision is overturned the outcome ends, else nothing changes (Civil Servant Law 96)."""
    record, case = case_of(record, command)
    require_body(command.body, case.answers, case.terms.clause)
    if case.appeal != "lodged":
        raise Refused(as_of(_LAW, today), "没有待复核的申请", "no appeal awaits an answer here")
    if command.overturned:
        case = but(case, appeal="overturned", status="overturned", expires=None)
    else:
        case = but(case, appeal="upheld", level=case.level + 1, answered_on=today)
        case = to_serve(case, today, policy)
    record = record.keep(command.outcome, case)
    answered = record.tell(AppealDecided, command.outcome, overturned=command.overturned, decided_by=signed(command))
    return Change(record, (answered,))
