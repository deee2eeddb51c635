"""The decision of a case: the hearing before it, the three distinctions, its service, and how it is taken back."""

from datetime import date
from typing import get_args

from services.incentives.model.commands import (
    Decide,
    DecideAppeal,
    HearDefence,
    ServeDecision,
    WithdrawDecision,
)
from services.incentives.model.record import Case, Record, but, case_of, decidable, end_of
from shared.contracts.incentives import (
    DecisionServed,
    DecisionWithdrawn,
    Distinction,
    OutcomeDecided,
    OutcomeDefended,
    Standing,
)
from shared.contracts.values import ROLES
from shared.labels import label
from shared.laws import as_of
from shared.policy import Policy
from shared.rules import Change, Refused, require_body


def hear(record: Record | None, command: HearDefence, policy: Policy, today: date) -> Change:
    """The subject was heard, before any decision. From now on the body may decide (Sanctions Law 43, 政务处分法)."""
    record, case = case_of(record, command)
    rule = as_of("Sanctions Law 43", today)
    _require_moved(case)
    if not case.terms.defence:
        raise Refused(rule, "该事项属于奖励，无需陈述申辩", "this is a reward; no defence is heard on it")
    if case.status == "withdrawn":
        raise Refused(
            rule,
            "该建议所依据的事实已经撤回，建议随之撤销，不再听取陈述申辩",
            "what it rested on was withdrawn, and the proposal with it: there is nothing left to defend against",
        )
    if case.status not in ("proposed", "decidable"):
        raise Refused(
            rule,
            f"已于{case.decided_on}作出决定，不再听取陈述申辩；当事人可依法申请复核或者提出申诉",
            f"it was decided on {case.decided_on}, so the defence is over; the subject may ask for a review or appeal",
        )
    since = case.decidable_on or today  # A late hearing does not prolong the body's time for deciding.
    said = {"statement": command.statement, "finding": command.finding, "accepted": command.accepted}
    was_heard, case = case.heard_on, but(case, heard_on=case.heard_on or today, **said)
    record = record.keep(command.outcome, decidable(case, since, policy))
    return Change(record, () if was_heard else (record.tell(OutcomeDefended, command.outcome),))


def decide(record: Record | None, command: Decide, policy: Policy, today: date) -> Change:
    """The named body adopts the proposal or drops it. If adopted, the times of remedies and impact begin (5.9)."""
    record, case = case_of(record, command)
    terms = case.terms
    require_body(command.body, terms.decides, terms.clause)
    _require_moved(case)
    if case.status == "proposed":
        raise Refused(
            as_of("Sanctions Law 43", today),
            f"尚未听取陈述申辩，期限至 {case.defence_until}；请先听取，或待期满后再决定",
            f"the subject has not been heard and may be until {case.defence_until}; hear it, or decide afterwards",
        )
    if case.status != "decidable":
        by, on = case.decided_by, case.decided_on
        zh = f"已由“{by}”于{on}作出决定" if on else f"该事项现为“{label('status', case.status)}”"
        en = f"{by!r} decided this on {on}" if on else f"the matter is {case.status}"
        raise Refused(
            "5.9",
            f"{zh}，不能再次决定",
            f"{en}; it is not decided twice",
        )
    _require_tolerance(case, command, today)
    _require_unbarred(record, case, command, today)
    standing = _standing(case, command, today)
    case = but(
        case,
        status="imposed" if command.imposed else "tolerated" if command.tolerated else "dropped",
        decided_on=today,
        decided_by=signed(command),
        distinctions=distinctions(command),
        standing=standing or "",
        remedies=tuple(level for level in terms.appeals if policy.in_force(level.rule, today)),
        expires=end_of(terms.impact, today, policy) if command.imposed else None,
    )
    case = to_serve(case, today, policy) if command.imposed else case
    record = record.keep(command.outcome, case)
    decided = record.tell(
        OutcomeDecided,
        command.outcome,
        imposed=command.imposed,
        tolerated=command.tolerated,
        clause=terms.clause,
        decided_by=signed(command),
        distinctions=case.distinctions,
        award=terms.award,
        appeal_until=case.appeal_until,
        expires=case.expires,
    )
    return Change(record, (decided,))


def _require_moved(case: Case) -> None:
    """Refuse a step about a case that nobody has put before the deciding body yet."""
    if case.terms.proposes and case.status in ("found", "unmoved"):
        who, who_en = ROLES[case.terms.proposes]
        raise Refused(
            "2.20",
            f"尚未由{who}提请，不能听取陈述申辩或者作出决定",
            f"{who_en} has not proposed it yet, so nobody is heard and nothing is decided",
        )


def _require_tolerance(case: Case, command: Decide, today: date) -> None:
    """Refuse a penalty if tolerance of the error was not examined, or if a defence that holds is passed over (1.14)."""
    unanswered = next((name for name in get_args(Distinction) if getattr(command, name) is None), None)
    if case.terms.sanction and unanswered:
        raise Refused(
            "1.14",
            "决定前必须按“三个区分开来”逐项核查是否适用容错，请逐项注明",
            "each of the three distinctions must be examined before the decision; answer all of them",
            field=unanswered,
            status=422,
        )
    if command.tolerated and (command.imposed or not case.terms.sanction):
        raise Refused(
            "1.14",
            "容错免责只适用于不予采纳的问责建议，请更正“容错”或“采纳”",
            "error tolerance is a reason for dropping a sanction only; correct `tolerated` or `imposed`",
            field="tolerated",
            status=422,
        )
    if command.tolerated and not distinctions(command):
        raise Refused(
            "1.14",
            "“三个区分开来”逐项核查均不符合，不能容错免责，请更正",
            "none of the three distinctions speaks for the subject, so the error cannot be tolerated; correct it",
            field="tolerated",
            status=422,
        )
    if command.imposed and case.accepted:
        raise Refused(
            as_of("Sanctions Law 43", today),
            "当事人的陈述申辩经核实成立，应当采纳，不能作出处理",
            "the defence was verified and holds, so it must be adopted: nothing can be imposed",
            field="imposed",
        )


def _require_unbarred(record: Record, case: Case, command: Decide, today: date) -> None:
    """Refuse a reward during the impact period of another outcome that bars rewards (`bars`)."""
    barred = [
        (one.expires, one.terms.label)
        for one in record.cases.values()
        if one.terms.bars and one.status == "imposed" and one.expires and one.expires >= today
    ]
    if command.imposed and not case.terms.sanction and barred:
        until, label_ = max(barred)
        raise Refused(
            case.terms.clause,
            f"当事人受到“{label_}”，影响期至{until}，影响期内不得奖励；可不予采纳，或待期满后再决定",
            f"the subject cannot be rewarded while another outcome counts, until {until}; drop this, or decide "
            "afterwards",
            field="imposed",
        )


def distinctions(command: Decide) -> tuple[Distinction, ...]:
    """Which of the three distinctions speak for the subject."""
    return tuple(name for name in get_args(Distinction) if getattr(command, name))


def _standing(case: Case, command: Decide, today: date) -> Standing | None:
    """The status of the person. Refused if the remedies depend on it and it is missing, or if the subject has none."""
    if command.imposed and case.terms.tells_apart and not command.standing:
        raise Refused(
            as_of("Civil Servant Law 95", today),
            "当事人的救济途径因身份而不同，请填写其身份",
            "the remedies depend on the status of the person; say which it is",
            field="standing",
            status=422,
        )
    if command.standing and case.terms.subject != "cadre":
        raise Refused(
            as_of("Civil Servant Law 95", today),
            "只有派出单位的干部才有身份之分，单位、工作队和村干部不填",
            "only a person has such a status, of those whom units send; leave it empty for others",
            field="standing",
            status=422,
        )
    return command.standing


def to_serve(case: Case, today: date, policy: Policy) -> Case:
    """The case after a decision, or after the answer to an appeal.

    If the pack asks for service, that is awaited now. Otherwise the next remedy is open at once.
    """
    if case.terms.serve:
        serve_by = end_of(case.terms.serve, today, policy)
        return but(case, serve_by=serve_by, served_on=None, appeal_until=None, direct_until=None)
    return opened(case, today, policy)


def opened(case: Case, since: date, policy: Policy) -> Case:
    """The case with the last days for its next remedies, counted from the service of the decision or answer."""
    level, levels = case.remedy, case.levels
    direct = levels[1].direct if case.level == 0 and len(levels) > 1 else None
    return but(
        case,
        serve_by=None,
        served_on=since,
        appeal_until=end_of(level.within if level else None, since, policy),
        direct_until=end_of(direct, since, policy),
    )


def serve(record: Record | None, command: ServeDecision, policy: Policy, today: date) -> Change:
    """The decision, or the answer to an appeal, was served. The time for a remedy begins with that.

    A wrong day can be entered anew, as long as no appeal was lodged since.
    """
    record, case = case_of(record, command)
    answered = case.level > 0
    owing = case.levels[case.level - 1].by(case.terms.decides) if answered else case.terms.decides
    require_body(command.body, owing, case.terms.clause)
    if not case.terms.serve or not (case.serve_by or case.served_on) or case.appeal in ("lodged", "overturned"):
        raise Refused(
            as_of("Civil Servant Law 95", today),
            "没有待送达的决定",
            "no decision is to be served here",
        )
    since = case.answered_on if answered else case.decided_on
    assert since
    if not since <= command.served_on <= today:
        raise Refused(
            as_of("Civil Servant Law 95", today),
            f"送达之日应在{since}至{today}之间，请更正",
            f"the service lies between {since} and {today}; correct it",
            field="served_on",
            status=422,
        )
    if command.served_on == case.served_on:
        return Change(record)
    record = record.keep(command.outcome, opened(case, command.served_on, policy))
    case = record.cases[command.outcome]
    served = record.tell(DecisionServed, command.outcome, served_on=command.served_on, appeal_until=case.appeal_until)
    return Change(record, (served,))


def signed(command: Decide | DecideAppeal) -> str:
    """The deciding body and its document or meeting, as one text."""
    return f"{ROLES[command.body][0]}：{command.decided_by}"


def withdraw_decision(record: Record | None, command: WithdrawDecision, policy: Policy, today: date) -> Change:
    """Take back a decision about the wrong person or with the wrong text.

    Refused after an appeal, while the story behind it is told in public, and once the time for an appeal is over.
    """
    record, case = case_of(record, command)
    require_body(command.body, case.terms.decides, case.terms.clause)
    if case.status in ("found", "unmoved", "proposed", "decidable"):
        return Change(record)
    if case.appeal:
        raise Refused(
            as_of("Civil Servant Law 95", today),
            "当事人已申请复核，该决定只能由复核决定改变",
            "the subject has appealed; the decision is changed by answering the appeal only",
        )
    if case.story_in:
        raise Refused(
            "1.16",
            f"事迹正在公开宣传（{case.story_in}），请先停止宣传",
            f"its story is told in public ({case.story_in!r}); stop that first",
        )
    first = case.levels[0].within if case.levels else None
    last = case.appeal_until or (case.decided_on and end_of(first, case.decided_on, policy))
    last = None if case.serve_by else last  # A decision that was not served can always be taken back.
    if case.status not in ("imposed", "dropped", "tolerated") or (last and today > last):
        raise Refused(
            "5.9",
            f"该决定已不能撤回，现为“{label('status', case.status)}”" + (f"；可撤回的最后一日是{last}" if last else ""),
            f"the decision can no longer be taken back (it could until {last or '-'}); it is {case.status}",
        )
    undecided = but(
        case, decided_on=None, decided_by="", distinctions=(), standing="", is_overdue=False, remedies=None,
        serve_by=None, served_on=None, appeal_until=None, direct_until=None, expires=None, story_in=None,
    )  # fmt: skip
    case = decidable(undecided, today, policy)
    record = record.keep(command.outcome, case)
    withdrawn = record.tell(DecisionWithdrawn, command.outcome, reason=command.reason, decided_by=command.decided_by)
    return Change(record, (withdrawn,))
