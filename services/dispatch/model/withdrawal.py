"""What was set, reconciled or settled by mistake is taken back, as long as nothing depends on it."""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from services.dispatch.model.commands import WithdrawCommitment
from services.dispatch.model.items import commitment_of, period_of, require_enough, require_items
from services.dispatch.model.owed import Commitments, Owed
from services.dispatch.model.periods import clocked, counting
from shared.contracts.dispatch import CommitmentWithdrawn
from shared.labels import said
from shared.policy import Commitment, Policy
from shared.rules import Change, Refused, require_body


def withdraw_commitment(state: Commitments | None, command: WithdrawCommitment, policy: Policy, today: date) -> Change:
    """Take back what was entered by mistake. Refused once something depends on it."""
    state, owed = period_of(state, command, policy)
    commitment = commitment_of(command, policy)
    require_body(command.body, state.owing(commitment, policy), commitment.rule)
    if command.items and command.step != "set":
        raise Refused(
            commitment.rule,
            "只有定账可以撤回单个事项，请删去撤回的事项编号（“items”）",
            "single items are taken out of what was set only; leave `items` out",
            field="items",
            status=422,
        )
    without = _WITHDRAWALS[command.step](state, owed, command, commitment, policy, today)
    if without is None:
        return Change(state)
    withdrawn = CommitmentWithdrawn(
        place=state.place,
        village=state.id,
        kind=owed.kind,
        period=owed.period,
        step=command.step,
        items=command.items,
        cadre=owed.cadre or None,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(clocked(without, policy, today), (withdrawn,))


def _unset(
    state: Commitments, owed: Owed, command: WithdrawCommitment, commitment: Commitment, policy: Policy, today: date
) -> Commitments | None:
    """The state without what was set for a period, or without some of its items."""
    if not owed.set_on:
        return None
    if rests := [*_rests_on(state, owed, policy, whole=not command.items)]:
        raise Refused(
            commitment.rule,
            f"{'、'.join(zh for zh, _ in rests)}以{said('owed', owed.key, policy)}为依据，不能撤回",
            f"{', '.join(en for _, en in rests)} rest on {owed.key}; it cannot be withdrawn",
        )
    if command.items:
        return state.having(_without_items(state, owed, command.items, commitment, policy))
    back = owed.items[len(owed.items) - owed.joined :]
    # Commitments that may begin only after this one (`after`) are not owed any more, unless they are set.
    opened = {c.kind for c in policy.commitments if c.after == owed.kind}
    rest = {key: one for key, one in state.owed.items() if one.set_on or one.kind not in opened}
    carried = {owed.kind: (*back, *state.carried.get(owed.kind, ()))} if back else {}
    again = Owed(
        kind=owed.kind, period=owed.period, cadre=owed.cadre, set_by=commitment.set_by.due(today, policy.calendar)
    )
    state = state.but(owed={**rest, owed.key: again}, carried={**state.carried, **carried})
    return counting(state, policy, today, owed.key, "set_by")


def _rests_on(state: Commitments, owed: Owed, policy: Policy, *, whole: bool) -> Iterable[tuple[str, str]]:
    """What depends on a period that was set, in Chinese and English."""
    if owed.done or owed.undo or owed.closed is not None:
        yield "已作的对账或销账", "its reconciliation or settlement"
    if not whole:
        return
    for one in state.owed.values():
        later = policy.commitment(one.kind)
        if one.set_on and later and owed.kind in (later.after, later.serves):
            yield said("owed", one.key, policy), one.key
    if state.stage != "assigned" and owed.set_on and owed.set_on <= (state.helped_since or date.max):
        yield "已进入的帮扶阶段", "the help that has begun"


def _without_items(
    state: Commitments, owed: Owed, numbers: tuple[int, ...], commitment: Commitment, policy: Policy
) -> Owed:
    """The period without some items. Refused for items that answer a problem of the diagnosis or that others serve."""
    require_items(owed, numbers, commitment, "items")
    after = {one.kind for one in policy.commitments if owed.kind in (one.after, one.serves)}
    goals = {item.goal for one in state.owed.values() for item in one.items if one.kind in after}
    gone = [item for item in owed.items if item.number in numbers]
    bound = sorted(item.number for item in gone if item.problem is not None or item.number in goals)
    if bound:
        raise Refused(
            commitment.rule,
            f"编号为{'、'.join(map(str, bound))}的事项对应会诊问题或者被其他责任事项引用，不能撤回",
            f"items {bound} answer the diagnosis or are what others serve; they cannot be withdrawn",
            field="items",
        )
    rest = tuple(item for item in owed.items if item not in gone)
    require_enough(rest, commitment)
    joined = {item.number for item in owed.items[len(owed.items) - owed.joined :]}
    return replace(owed, items=rest, joined=sum(item.number in joined for item in rest))


def _unreconcile(
    state: Commitments, owed: Owed, command: WithdrawCommitment, commitment: Commitment, policy: Policy, today: date
) -> Commitments | None:
    """The state as it was before the reconciliation that was entered on this day."""
    undo = owed.undo
    if undo is None or undo.step != "reconcile" or undo.on != today:
        raise Refused(
            commitment.rule,
            f"{said('owed', owed.key, policy)}今日没有可撤回的对账；对账只能在录入当日撤回",
            f"no reconciliation of {owed.key} was entered today; it is withdrawn on the same day only",
        )
    return state.having(replace(owed, done=undo.done, reconcile=undo.reconcile, undo=None))


def _unsettle(
    state: Commitments, owed: Owed, command: WithdrawCommitment, commitment: Commitment, policy: Policy, today: date
) -> Commitments | None:
    """The state as it was before the settlement. Refused once the next ledger is set."""
    if owed.closed is None:
        return None
    undo = owed.undo
    if undo is None or undo.step != "settle":
        raise Refused(
            commitment.rule,
            f"下一期已定账，以{said('owed', owed.key, policy)}的销账为依据，不能撤回",
            f"the next ledger is set and rests on the settlement of {owed.key}; it cannot be withdrawn",
        )
    waiting = state.carried.get(owed.kind, ())[owed.carried :]
    carried = {kind: items for kind, items in state.carried.items() if kind != owed.kind}
    state = state.but(carried={**carried, owed.kind: waiting} if waiting else carried)
    return state.having(replace(owed, items=undo.items, done=undo.done, closed=None, carried=0, undo=None))


_WITHDRAWALS = {"set": _unset, "reconcile": _unreconcile, "settle": _unsettle}
