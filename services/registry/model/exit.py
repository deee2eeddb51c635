"""The way off the list: the pack's procedure, step by step, with what an objection does (rules §2).

    request ─► verify ─► notice, objections ─► decide ─► removed from the list
                 ▲            └ an upheld one ┘ │
                 └──────────────────────────────┴ a refused approval

Each step is the pack's: who takes it, within which time, and how many notices and decisions there are. A village
goes through the procedure of the pack that was in force when the attempt began.
"""

from datetime import date, timedelta

import msgspec

from services.registry.model.commands import (
    ApproveExit,
    DecideObjection,
    PostNotice,
    RaiseObjection,
    RequestExit,
    WithdrawExit,
    WithdrawNotice,
    WithdrawObjection,
)
from services.registry.model.village import LEFT, Exit, Objection, Village, moved, standing
from services.registry.model.why import why_not_yet
from shared.contracts.inspection import ExitVerified, SampleDrawn
from shared.contracts.registry import (
    ExitApproved,
    ExitRequested,
    ExitWithdrawn,
    NoticePosted,
    NoticeWithdrawn,
    ObjectionDecided,
    ObjectionRaised,
    ObjectionWithdrawn,
    StepKind,
    VillageDelisted,
)
from shared.contracts.values import Role
from shared.labels import label
from shared.policy import Policy, Step
from shared.policy.exit import INCIDENCE
from shared.rules import Change, Due, Refused, require_body, rests

REQUESTS: Role = "township"
"""Who asks for an exit and measures what it rests on (rules §2)."""


def may_request(village: Village | None, command: RequestExit, policy: Policy, _today: date) -> Change:
    """Whether the exit can be asked for; a refusal says everything that is missing. The register then asks for it."""
    village = standing(village, command)
    require_body(command.body, REQUESTS, "rules §2")
    if village.stage != "helped":
        raise village.not_now("只有帮扶中的村可以申请出列", "only a village that is being helped can ask to leave")
    if not village.can_leave:
        reasons = why_not_yet(village, policy)
        raise Refused(
            "rules §2",
            "尚不能申请出列：" + "；".join(reason.zh for reason in reasons),
            "the exit cannot be asked for yet: " + "; ".join(reason.en for reason in reasons),
        )
    return Change(village)


def requested(village: Village, event: ExitRequested, policy: Policy, today: date) -> Change:
    """The procedure begins, or begins again."""
    exit = Exit(attempt=event.attempt, procedure=policy.exit.procedure, since=today)
    return moved(village.but(exit=exit), event, policy, today)


def drawn(village: Village | None, event: SampleDrawn, _policy: Policy, _today: date) -> Change:
    """The households to visit are drawn: who does not like them can no longer ask anew for others."""
    if village is None or not village.exit or village.exit.attempt != event.attempt:
        return Change(village)
    return Change(village.but(exit=msgspec.structs.replace(village.exit, drawn=True)))


def verified(village: Village | None, event: ExitVerified, policy: Policy, today: date) -> Change:
    """The households were visited: on with the procedure, or back to helping until the next year's measurement."""
    if village is None or village.stage != "requested" or not village.exit or village.exit.attempt != event.attempt:
        return Change(village)
    if event.passed:
        return moved(village.but(exit=_next(village.exit, today)), event, policy, today)
    return moved(village.but(exit=None, spent=village.measured), event, policy, today)


def withdrawal(village: Village, reason: str, decided_by: str) -> tuple[ExitWithdrawn, ...]:
    """What is told where an exit that is under way ends without a decision; nothing where there is none.

    Every objection gets its answer, so that none may be open.
    """
    if village.exit is None:
        return ()
    numbers = village.exit.open_objections
    if numbers:
        raise village.not_now(
            f"{'、'.join(f'第 {number} 号异议' for number in numbers)}尚未处理，出列程序不能就此终止；请先处理异议",
            f"objection {', '.join(map(str, numbers))} awaits a decision, so that the exit cannot end; decide first",
        )
    return (
        ExitWithdrawn(
            place=village.place,
            village=village.id,
            attempt=village.exit.attempt,
            reason=reason,
            decided_by=decided_by,
        ),
    )


def withdrawn(village: Village | None, event: ExitWithdrawn, policy: Policy, today: date) -> Change:
    """The attempt ends, and the village is being helped as before; it may ask again."""
    if village is None or village.exit is None:
        return Change(village)
    return moved(village.but(exit=None).timed(notice=None), event, policy, today)


def withdraw(village: Village | None, command: WithdrawExit, _policy: Policy, _today: date) -> Change:
    """The request is taken back, until the households that are visited for it have been drawn."""
    village = standing(village, command)
    if village.exit is None:
        if village.stage in LEFT:
            rests(
                "rules §2",
                {f"{village.delisted_on}的出列决定": f"the exit decided on {village.delisted_on}"},
            )
        return Change(village)
    if village.exit.drawn or village.exit.step.kind != "verify":
        raise village.not_now(
            "核查户已经抽取，出列申请不能再撤回；申请所依据的数据确有错误的，由扶贫部门更正出列依据，出列程序随之退回",
            "the households to visit have been drawn, so that the request stands; where the figures that it rests on "
            "are wrong, the poverty office corrects them by figure-corrections, which leads the exit back",
        )
    return Change(village, withdrawal(village, command.reason, command.decided_by))


def withdraw_notice(village: Village | None, command: WithdrawNotice, policy: Policy, _today: date) -> Change:
    """A notice that was posted by mistake is taken down, until somebody has objected or it is over."""
    village = standing(village, command)
    exit = village.exit
    if exit is None or exit.notice_until is None:
        if exit and exit.step.kind == "decide":
            step = exit.step
            zh = f"公示期已满，待{label('by', step.by, policy)}审批"
            rests("rules §2", {zh: f"it is over, and {step.by} is awaited to decide"})
        return Change(village)
    numbers = sorted(exit.objections, key=int)
    rests("rules §2", {f"第{number}号异议": f"objection {number}" for number in numbers})
    event = NoticeWithdrawn(
        place=village.place,
        village=village.id,
        attempt=exit.attempt,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    taken_down = msgspec.structs.replace(exit, notice_until=None, notice_over=False)
    return Change(village.but(exit=taken_down).timed(notice=None).counting("exit", "notice_until"), (event,))


def notice_withdrawn(village: Village, event: NoticeWithdrawn, policy: Policy, today: date) -> Change:
    """The first notice of a procedure led to a stage of its own; a later one did not."""
    first = village.exit is not None and all(s.kind != "notice" for s in village.exit.procedure[: village.exit.at])
    return moved(village, event, policy, today) if first else Change(village)


def withdraw_objection(village: Village | None, command: WithdrawObjection, _policy: Policy, today: date) -> Change:
    """Whoever objected takes it back, or it was entered by mistake; a decided one stands."""
    village = standing(village, command)
    exit = village.exit
    objection = exit.objections.get(str(command.objection)) if exit else None
    if exit is None or objection is None:
        return Change(village)
    if objection.upheld is not None:
        rests("rules §2", {f"第 {command.objection} 号异议的处理": f"the decision on objection {command.objection}"})
    others = {number: o for number, o in exit.objections.items() if number != str(command.objection)}
    village = village.but(exit=msgspec.structs.replace(exit, objections=others))
    assert village.exit is not None
    if village.exit.notice_over and not village.exit.open_objections:
        village = village.but(exit=_next(village.exit, today))
    event = ObjectionWithdrawn(
        place=village.place,
        village=village.id,
        attempt=exit.attempt,
        objection=command.objection,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(village, (event,))


def post_notice(village: Village | None, command: PostNotice, policy: Policy, today: date) -> Change:
    """The notice runs for the pack's time; the day after its last day, what follows may be decided."""
    village = standing(village, command)
    exit, step = _awaited(village, "notice", "须在核查通过后公示", "a notice follows a passed verification")
    require_body(command.body, step.by, "rules §2")
    if exit.notice_until is not None:
        return Change(village)
    until = step.within.after(today, policy.calendar)
    posted = village.but(exit=msgspec.structs.replace(exit, notice_until=until))
    event = NoticePosted(
        place=village.place, village=village.id, attempt=exit.attempt, until=until, posted_by=command.posted_by
    )
    posted = posted.timed(notice=until + timedelta(1))
    return Change(posted.counting("exit", "notice_until", since=today, span=step.within, timer="notice"), (event,))


def raise_objection(village: Village | None, command: RaiseObjection, _policy: Policy, today: date) -> Change:
    """Anyone may object until the end of the last day of the notice."""
    village = standing(village, command)
    exit, _ = _awaited(village, "notice", "只在公示期内受理异议", "objections are heard during the notice only")
    before = exit.objections.get(str(command.objection))
    if before is not None:
        if before.ground == command.ground:
            return Change(village)
        raise Refused(
            "rules §2",
            f"编号 {command.objection} 已用于另一异议，请另编",
            f"the number {command.objection} is another objection's; take a new one",
            field="objection",
            status=422,
        )
    if exit.notice_until is None or today > exit.notice_until:
        raise village.not_now("只在公示期内受理异议", "objections are heard during the notice only")
    event = ObjectionRaised(place=village.place, village=village.id, attempt=exit.attempt, objection=command.objection)
    return Change(_with_objection(village, exit, command.objection, Objection(command.ground)), (event,))


def decide_objection(village: Village | None, command: DecideObjection, _policy: Policy, today: date) -> Change:
    """Every objection gets its answer. With the last one the exit goes back if any was upheld, or on otherwise."""
    village = standing(village, command)
    exit, _ = _awaited(village, "notice", "没有待处理的异议", "no objection is awaiting its decision")
    require_body(command.body, exit.answers, "rules §2")
    objection = exit.objections.get(str(command.objection))
    if objection is None:
        raise Refused(
            "rules §2",
            f"没有第 {command.objection} 号异议，请核对编号",
            f"there is no objection {command.objection}; check its number",
            field="objection",
            status=404,
        )
    if objection.upheld == command.upheld:
        return Change(village)
    if objection.upheld is not None:
        raise village.not_now(
            f"第 {command.objection} 号异议已作处理，不能更改", f"objection {command.objection} has been decided"
        )
    village = _with_objection(village, exit, command.objection, Objection(objection.ground, command.upheld))
    assert village.exit is not None
    exit = village.exit
    back = not exit.open_objections and any(decided.upheld for decided in exit.objections.values())
    if back:
        village = _back(village, exit, today)
    elif exit.notice_over and not exit.open_objections:
        village = village.but(exit=_next(exit, today))
    event = ObjectionDecided(
        place=village.place,
        village=village.id,
        attempt=exit.attempt,
        objection=command.objection,
        upheld=command.upheld,
        decided_by=command.decided_by,
        back_to=_target(exit).kind if back else None,
    )
    return Change(village, (event,))


def end_notice(village: Village, due: Due, _policy: Policy, _today: date) -> Change:
    """The last day of the notice is over. An objection that is still open keeps the exit from going on."""
    exit = village.exit
    assert exit is not None and exit.notice_until is not None, "the timer of a notice goes with its procedure"
    if exit.notice_until >= due.on:  # Holidays that were announced meanwhile have moved its end.
        return Change(village.timed(notice=exit.notice_until + timedelta(1)))
    if exit.open_objections:
        return Change(village.but(exit=msgspec.structs.replace(exit, notice_over=True)))
    return Change(village.but(exit=_next(exit, due.on)))


def approve(village: Village | None, command: ApproveExit, policy: Policy, today: date) -> Change:
    """A named body approves; after the last approval the village leaves the list. A refusal has it verified again."""
    village = standing(village, command)
    exit, step = _awaited(village, "decide", "公示期满且异议处理完毕后方可审批", "the approval follows the notice")
    require_body(command.body, step.by, "rules §2")
    if not command.approved:
        refusal = ObjectionDecided(
            place=village.place,
            village=village.id,
            attempt=exit.attempt,
            objection=0,
            upheld=True,
            decided_by=command.decided_by,
            back_to=_target(exit).kind,
        )
        return Change(_back(village, exit, today), (refusal,))
    if village.unmet:
        raise village.not_now(
            f"{village.measured} 年度有指标未达标，不能批准出列",
            f"criteria were not met in {village.measured}, so that the exit cannot be approved",
        )
    if step != exit.procedure[-1]:
        approval = ExitApproved(
            place=village.place,
            village=village.id,
            attempt=exit.attempt,
            step=step.name,
            decided_by=command.decided_by,
        )
        return Change(village.but(exit=_next(exit, today)), (approval,))
    delisted = VillageDelisted(
        place=village.place,
        village=village.id,
        spell=village.spell,
        incidence=village.values[INCIDENCE],
        decided_by=command.decided_by,
    )
    village = village.but(exit=None, delisted_on=today, left_by=village.measured)
    return Change(village.timed(measure=village.next_measurement(policy, today)), (delisted,))


def _awaited(village: Village, kind: StepKind, zh: str, en: str) -> tuple[Exit, Step]:
    """The procedure and its awaited step, if it is of this kind."""
    if village.exit is None or village.exit.step.kind != kind:
        raise village.not_now(zh, en)
    return village.exit, village.exit.step


def _next(exit: Exit, since: date) -> Exit:
    return exit.moved_to(exit.at + 1, since)


def _target(exit: Exit) -> Step:
    """Where an upheld objection leads from the awaited step: what the step says, or the verification."""
    named = (step for step in exit.procedure if step.name == exit.step.on_objection)
    return next(named, exit.procedure[0])


def _back(village: Village, exit: Exit, today: date) -> Village:
    """The exit is at an earlier step again; if that is the verification, the register asks for a new one."""
    return village.but(exit=exit.moved_to(exit.procedure.index(_target(exit)), today)).timed(notice=None)


def _with_objection(village: Village, exit: Exit, number: int, objection: Objection) -> Village:
    return village.but(exit=msgspec.structs.replace(exit, objections={**exit.objections, str(number): objection}))
