"""The assessed side's reply to what a sample found, before a township's or county's assessment is concluded (1.18).

    findings ─► the reply: accepted, or time over ─► concluded by the findings
                └─► disputed, with evidence ─► decided on by who assessed ─► concluded by the counts that stand

Only then do the rates decide. Findings without a reply in time count as accepted. What is disputed waits for its
decision, however long that takes.
"""

from datetime import date

import msgspec

from services.registry.model import procedure
from services.registry.model.commands import DecideDecapReply, ReplyToDecap
from services.registry.model.decap import PARTS, Decap, check_counts, concluded
from services.registry.model.procedure import carry, no_decap
from services.registry.model.proceeding import Hearing
from shared.contracts.registry import DecapReplied, StepOverdue
from shared.labels import said
from shared.policy import Policy, Step
from shared.policy.procedure import StepReply
from shared.rules import Change, Due, Refused, require_body


def reply(decap: Decap | None, command: ReplyToDecap, policy: Policy, today: date) -> Change:
    """Take the reply. If nothing is disputed the assessment is concluded; else who assessed decides first."""
    decap, step, terms, hearing = _heard(decap, command)
    require_body(command.body, terms.by, decap.rests_on(step))
    disputed, evidence = tuple(sorted({*command.disputed_rates})), tuple(sorted({*command.evidence}))
    if disputed and not evidence:
        raise Refused(
            decap.rests_on(step),
            "提出异议应当举证，请填写材料编号或者照片的校验值",
            "a dispute needs its evidence; give the numbers of records or the hashes of photographs",
            field="evidence",
            status=422,
        )
    again = msgspec.structs.replace(hearing, disputed=disputed, document=command.document, evidence=evidence)
    if disputed and again == hearing:
        return Change(decap)
    now = decap.course
    told = DecapReplied(
        **decap.names,
        attempt=now.attempt,
        step=step.name,
        disputed_rates=disputed,
        document=command.document,
        evidence=evidence,
        replied_by=command.replied_by,
    )
    if not disputed:
        after = concluded(decap, hearing.found, hearing.assessed_by, policy, today)
        return Change(after.state, (told, *after.events))
    last = hearing.decide_by or terms.decide_within.after(today, policy.calendar)
    waiting = now.but(hearing=msgspec.structs.replace(again, decide_by=last))
    return Change(carry(decap, waiting, today), (told,))


def decide(decap: Decap | None, command: DecideDecapReply, policy: Policy, today: date) -> Change:
    """Decide on what is disputed, and conclude the assessment by the counts that stand."""
    decap, step, _, hearing = _heard(decap, command)
    rule = decap.rests_on(step)
    require_body(command.body, decap.course.by, rule)
    if not hearing.disputed:
        raise decap.not_now(
            "被评估方尚未提出异议，无须认定；待其说明或者期满后作出结论",
            "nothing is disputed yet, so there is nothing to decide; the reply or the end of its time concludes it",
        )
    check_counts(command.sampled, rule)
    for figure, (part, whole, zh, zh_whole) in PARTS.items():
        changed = any(getattr(command.sampled, one) != getattr(hearing.found, one) for one in (part, whole))
        if changed and figure not in hearing.disputed:
            raise Refused(
                rule,
                f"{said('disputed_rates', figure, policy)}没有异议，{zh}、{zh_whole}应当与原结果一致；"
                f"有异议的是：{said('disputed_rates', hearing.disputed, policy)}",
                f"nobody disputes {figure}, so that {part} and {whole} stay as they were found; disputed is "
                f"{', '.join(hearing.disputed)}",
                field=f"sampled.{part}",
                status=422,
            )
    return concluded(decap, command.sampled, command.decided_by, policy, today, command.document)


def fall_due(state: Decap, due: Due, policy: Policy, today: date) -> Change:
    """A last day is over.

    If it was that of the reply, the assessment is concluded by the findings. If it was that of the decision on the
    reply, an event says so once. All other days are those of any procedure.
    """
    now = state.course
    hearing = now.hearing
    if hearing is None or now.step is None:
        return procedure.fall_due(state, due, policy, today)
    last = hearing.decide_by or hearing.reply_by
    if last >= due.on:
        return Change(carry(state, now, due.on))
    if hearing.decide_by is None:
        return concluded(state, hearing.found, hearing.assessed_by, policy, due.on)
    late = state.tell(StepOverdue, kind=now.kind, step=now.step.name, due=last, owed_by=now.by)
    return Change(carry(state, now.but(hearing=msgspec.structs.replace(hearing, told=True)), due.on), (late,))


def _heard(decap: Decap | None, command: ReplyToDecap | DecideDecapReply) -> tuple[Decap, Step, StepReply, Hearing]:
    """The named de-capping, its step, who replies, and what was found. Raises Refused if nothing awaits a reply."""
    if decap is None:
        raise no_decap(command.division)
    decap.check(command)
    step, hearing = decap.course.step, decap.course.hearing
    if step is None or step.reply is None or hearing is None:
        raise decap.not_now(
            "没有待说明的评估检查结果（尚未评估、已作出结论或者本地规定不听取说明）",
            "no findings await a reply (nothing was assessed yet, it is concluded, or the pack gives no reply)",
        )
    return decap, step, step.reply, hearing
