"""The exit from the poverty list (出列): request, verification by the inspection, notice, decision, removal (5.1).

    request ─► verify ─► notice, objections ─► decide ─► announce, file ─► removed from the list
                 ▲            └ an upheld one ┘ │        (where the pack says so)
                 └──────────────────────────────┴ a refused approval

`procedure.py` runs the steps, as it does for any procedure; this module has only what is special about an exit. The
national opinion of 2016 on the exit mechanism (关于建立贫困退出机制的意见) asks for a notice in the township and an
announcement. How many days a notice lasts and who decides is the region's, so it comes from its pack.
"""

from datetime import date
from typing import Any

from services.registry.model.commands import ApproveExit, RequestExit, WithdrawExit
from services.registry.model.procedure import carry, check_answered, check_approved
from services.registry.model.village import EXIT_RULE, LEFT, Exit, Village, moved, standing
from services.registry.model.why import why_not_yet
from shared.contracts.inspection import ExitVerified, SampleDrawn
from shared.contracts.registry import (
    ExitApproved,
    ExitRequested,
    ExitWithdrawn,
    NoticeWithdrawn,
    VillageDelisted,
)
from shared.contracts.values import Role
from shared.policy import Policy
from shared.policy.exit import INCIDENCE
from shared.rules import Change, Refused, require_body, rests

REQUESTS: Role = "township"
"""Who asks for an exit and measures the figures for it. It is the township in every pack: the village lies in it."""


def may_request(village: Village | None, command: RequestExit, policy: Policy, _today: date) -> Change:
    """Check the request. A refusal names everything that is missing. The event comes from `register.request`."""
    village = standing(village, command)
    require_body(command.body, REQUESTS, EXIT_RULE)
    if village.stage != "helped":
        raise village.not_now("只有帮扶中的村可以申请出列", "only a village that is being helped can ask to leave")
    if not village.can_leave:
        reasons = why_not_yet(village, policy)
        raise Refused(
            EXIT_RULE,
            "尚不能申请出列：" + "；".join(reason.zh for reason in reasons),
            "the exit cannot be asked for yet: " + "; ".join(reason.en for reason in reasons),
        )
    return Change(village)


def requested(village: Village, event: ExitRequested, policy: Policy, today: date) -> Change:
    """The procedure begins, or begins again with the same steps, whatever pack has been adopted meanwhile."""
    terms = village.exit or policy.delisting
    hands = village.exit.hands if village.exit else {}
    exit = Exit(kind=terms.kind, attempt=event.attempt, steps=terms.steps, hands=hands)
    exit = exit.moved_to(0, today, policy.calendar)
    return moved(carry(village, exit, today), event, policy, today)


def drawn(village: Village | None, event: SampleDrawn, _policy: Policy, _today: date) -> Change:
    """The households to visit are drawn. From here on the request cannot be withdrawn to get another sample."""
    if village is None or not village.exit or village.exit.attempt != event.attempt:
        return Change(village)
    return Change(village.but(exit=village.exit.but(drawn=True)))


def verified(village: Village | None, event: ExitVerified, policy: Policy, today: date) -> Change:
    """The households were visited. If they pass, the procedure goes on; else help does, until the next measurement."""
    if village is None or village.stage != "requested" or not village.exit or village.exit.attempt != event.attempt:
        return Change(village)
    if event.passed:
        after = carry(village, village.exit.moved_to(1, today, policy.calendar), today)
        return moved(after, event, policy, today)
    return moved(carry(village, None, today).but(spent=village.measured), event, policy, today)


def withdrawal(village: Village, reason: str, decided_by: str) -> tuple[ExitWithdrawn, ...]:
    """The event that ends an exit without a decision; nothing if no exit is under way.

    Refused while an objection is open, since every objection must get its answer first.
    """
    if village.exit is None:
        return ()
    check_answered(village)
    return (ExitWithdrawn(**village.names, attempt=village.exit.attempt, reason=reason, decided_by=decided_by),)


def withdrawn(village: Village | None, event: ExitWithdrawn, policy: Policy, today: date) -> Change:
    """The attempt ends. The village is helped as before and may ask again."""
    if village is None or village.exit is None:
        return Change(village)
    return moved(carry(village, None, today), event, policy, today)


def withdraw(village: Village | None, command: WithdrawExit, _policy: Policy, _today: date) -> Change:
    """Take the request back. Refused once the households to visit have been drawn."""
    village = standing(village, command)
    if village.exit is None:
        if village.stage in LEFT:
            rests(EXIT_RULE, village.exited)
        return Change(village)
    if village.exit.drawn or village.exit.at:
        raise village.not_now(
            "核查户已经抽取，出列申请不能再撤回；申请所依据的数据确有错误的，由扶贫部门更正出列依据，出列程序随之终止，可重新申请",
            "the households to visit have been drawn, so that the request stands; where the figures that it rests on "
            "are wrong, the poverty office corrects them by figure-corrections, which ends the exit; it may be "
            "asked for again",
        )
    return Change(village, withdrawal(village, command.reason, command.decided_by))


def notice_withdrawn(village: Village | None, event: NoticeWithdrawn, policy: Policy, today: date) -> Change:
    """Only the first notice moves the village to the stage `noticed`, so only its withdrawal moves the village back."""
    if village is None or village.exit is None:
        return Change(village)
    first = all(step.kind != "notice" for step in village.exit.steps[: village.exit.at])
    return moved(village, event, policy, today) if first else Change(village)


def approve(village: Village | None, command: ApproveExit, policy: Policy, today: date) -> Change:
    """A named body approves or refuses, or announces and files what was approved (公告退出, 备案).

    After the last step the village leaves the list. A refusal leads back.
    """
    village = standing(village, command)
    exit = village.exit
    if exit is None or (step := exit.step) is None or village.actions.get(step.kind) != "approvals":
        raise village.not_now(
            "公示期满、异议处理完毕后方可审批；规定须征求意见的，还应先取得答复",
            "the approval follows the notice, and the word of whoever has to be asked",
        )
    require_body(command.body, exit.by, EXIT_RULE)
    if command.step != step.name and (command.step or step.kind != "decide"):
        raise Refused(
            EXIT_RULE,
            f"现在应办理的是“{step.label}”，请写明环节代码“{step.name}”（“step”）",
            f"what is to be done now is {step.name}; name it as the `step`",
            field="step",
        )
    about: dict[str, Any] = {**village.names, "decided_by": command.decided_by}
    check_approved(village, step, command.approved)
    after = exit.taken(command.approved, today, policy.calendar)
    if not command.approved:
        return Change(carry(village, after, today), (village.sent_back(after, command.decided_by),))
    if village.unmet:
        raise village.not_now(
            f"{village.measured} 年度有指标未达标，不能批准出列",
            f"criteria were not met in {village.measured}, so that the exit cannot be approved",
        )
    if step.kind == "decide":
        after = after.but(decided_by=command.decided_by)
    if after.step:
        approval = ExitApproved(**about, attempt=exit.attempt, step=step.name)
        return Change(carry(village, after, today), (approval, *village.follows(after)))
    about["decided_by"] = after.decided_by or command.decided_by
    delisted = VillageDelisted(**about, spell=village.spell, incidence=village.values[INCIDENCE])
    village = carry(village, None, today).but(delisted_on=today, left_by=village.measured)
    return Change(village.timed(measure=village.next_measurement(policy, today)), (delisted,))
