"""What unit and team owe, period by period, as the pack lists it: set, reconciled, settled (1.2, 2.3, 2.4, 3.5, 3.6).

For example, a yearly ledger is set (定账) by the team, reconciled (对账) each quarter, and settled (销账) next year.
One timer, `commitments`, stands on the next day on which something opens or becomes overdue. The rule that sets it
only looks at later days: everything before the timer has been dealt with.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import msgspec

from services.dispatch.model.commands import Held, Reconcile, SetCommitment, Settle, TakeOver, WithdrawCommitment
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.owed import TERM, Commitments, Owed, Undo
from shared.calendar import Span
from shared.contracts import Event
from shared.contracts.dispatch import (
    AssignmentWithdrawn,
    CommitmentOverdue,
    CommitmentReconciled,
    CommitmentSet,
    CommitmentSettled,
    CommitmentWithdrawn,
    HelpBegun,
    Item,
    TeamAssigned,
    TeamReleased,
)
from shared.contracts.registry import (
    DiagnosisWithdrawn,
    VillageDelisted,
    VillageDiagnosed,
    VillageMerged,
    VillageUnlisted,
    VillageWithdrawn,
)
from shared.labels import label, said
from shared.policy import Commitment, Policy
from shared.rules import Change, Due, Key, Refused, State, addressed, require_body

DAY = timedelta(1)
ACTIVE = ("assigned", "helped")
"""The stages in which new commitments come up."""


Others = Mapping[Key, State | None]


def team_there(_state: Commitments | None, event: VillageDiagnosed) -> Iterable[Key]:
    """The key of the village's link to its team, so that the rule can read it."""
    return ((Link, id_of(event.village)),)


def diagnose(
    state: Commitments | None, event: VillageDiagnosed, policy: Policy, today: date, others: Others
) -> Change:  # fmt: skip
    """Keep the problems of a diagnosis for the next ledgers, which must answer them (3.1)."""
    link = others[Link, id_of(event.village)]
    if isinstance(link, Link) and not link.awaits_diagnosis(event.spell):
        return Change(state)
    state = state or Commitments(id=event.village, place=event.place)
    return Change(state.but(carried=_with_problems(state.carried, event, policy)))


def _with_problems(
    carried: Mapping[str, tuple[Item, ...]], event: VillageDiagnosed, policy: Policy
) -> dict[str, tuple[Item, ...]]:
    """What waits for the next ledgers, with a new diagnosis's problems added to each kind that is settled (3.1).

    Items left from an earlier diagnosis lose their problem numbers, which mean nothing in the new one.
    """
    problems = tuple(Item(p.number, p.cause, p.number) for p in event.problems)
    kinds = (commitment.kind for commitment in policy.commitments if commitment.settle)
    return {kind: (*_unlinked(carried.get(kind, ())), *problems) for kind in kinds}


def end(
    state: Commitments | None,
    event: DiagnosisWithdrawn | VillageUnlisted | VillageWithdrawn,
    policy: Policy,
    today: date,
) -> Change:  # fmt: skip
    """The diagnosis, listing or registration was a mistake, so nothing is owed. What was open before it stays open."""
    if state is None:
        return Change(state)
    before = state.carried if isinstance(event, DiagnosisWithdrawn) else {}
    without = {kind: tuple(item for item in items if item.problem is None) for kind, items in before.items()}
    return Change(_nothing_owed(state, {kind: items for kind, items in without.items() if items}))


def clear(
    state: Commitments | None, event: TeamReleased | AssignmentWithdrawn, policy: Policy, today: date
) -> Change:  # fmt: skip
    """The team went home, or its assignment was a mistake: nothing is owed. Open items wait for the next ledgers."""
    return Change(state and _nothing_owed(state, state.carried))


def _nothing_owed(state: Commitments, carried: Mapping[str, tuple[Item, ...]]) -> Commitments:
    return Commitments(id=state.id, place=state.place, carried=dict(carried))


def joining(_state: Commitments | None, event: VillageMerged) -> Iterable[Key]:
    """The key of what is owed in the village that ends, so that the rule can read it."""
    return ((Commitments, event.village),)


def absorb(
    state: Commitments | None, event: VillageMerged, policy: Policy, today: date, others: Others
) -> Change:  # fmt: skip
    """After a merger the remaining village takes over the open items of the other one."""
    other = others[Commitments, event.village]
    if not isinstance(other, Commitments):
        return Change(state)
    state = state or Commitments(id=event.into, place=event.into_place)
    return Change(state.but(carried=_left_open(state.carried, other, policy)))


def dissolve(state: Commitments | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """Nothing is owed any more in a village that was merged into another."""
    return Change(state and _nothing_owed(state, {}))


def _left_open(
    carried: Mapping[str, tuple[Item, ...]], other: Commitments, policy: Policy
) -> dict[str, tuple[Item, ...]]:  # fmt: skip
    """What waits for the next ledgers, with the open items of a village that is now part of this one."""
    joined = dict(carried)
    for commitment in policy.commitments:
        if commitment.settle:
            owed = (one for _, one in sorted(other.owed.items()) if one.kind == commitment.kind and one.closed is None)
            items = [item for one in owed for item in one.items if item.number not in one.done]
            more = _unlinked((*items, *other.carried.get(commitment.kind, ())))
            if more:
                joined[commitment.kind] = (*joined.get(commitment.kind, ()), *more)
    return joined


def begin(state: Commitments | None, event: TeamAssigned, policy: Policy, today: date) -> Change:
    """A term begins. From now on the commitments are owed that the pack lets begin with the assignment."""
    state = state or Commitments(id=event.village, place=event.place)
    return _go_on(state.but(stage="assigned", unit=event.unit, helped_since=None, owed={}), policy, today)


def set_commitment(state: Commitments | None, command: SetCommitment, policy: Policy, today: date) -> Change:
    """Set what is owed for a period. Help begins once everything is set that the pack asks for at the start."""
    state, owed = _owed(state, command, policy)
    commitment = _commitment(command, policy)
    require_body(command.body, commitment.by, commitment.rule)
    given = tuple(sorted(command.items, key=lambda item: item.number))
    if owed.set_on:
        if set(given) <= set(owed.items):
            return Change(state)
        raise Refused(
            commitment.rule,
            f"{said('owed', owed.key, policy)}已于{owed.set_on}定账，内容不能再改",
            f"{owed.key} was set on {owed.set_on} and does not change any more",
        )
    earlier = [other.key for other in state.unsettled if other.kind == owed.kind]
    if earlier:
        raise Refused(
            commitment.rule,
            f"{said('owed', earlier[0], policy)}尚未销账，请先销账",
            f"{earlier[0]} is not settled; settle it first",
        )
    _require_numbers(given, commitment)
    _require_goals(state, given, commitment)
    items = _joined(given, state.carried.get(owed.kind, ()))
    _require_enough(items, commitment)
    # The period before is over. If it was settled its figures stay, and the settlement cannot be taken back any more.
    kept = {
        key: _but(o, undo=None) if o.kind == owed.kind else o
        for key, o in state.owed.items()
        if o.kind != owed.kind or o.closed is not None
    }
    state = state.but(
        owed={**kept, owed.key: _but(owed, set_on=today, items=items, joined=len(items) - len(given))},
        carried={kind: items for kind, items in state.carried.items() if kind != owed.kind},
    )
    is_set = CommitmentSet(
        place=state.place,
        village=state.id,
        kind=owed.kind,
        period=owed.period,
        unit=state.unit,
        items=items,
        set_by=command.set_by,
    )
    return _go_on(state.counting("owed", owed.key, "set_by"), policy, today, is_set)


def reconcile(state: Commitments | None, command: Reconcile, policy: Policy, today: date) -> Change:
    """Answer the oldest open reconciliation day (2.4)."""
    state, owed = _owed(state, command, policy)
    commitment = _commitment(command, policy)
    require_body(command.body, commitment.by, commitment.rule)
    done = tuple(sorted({*owed.done, *command.done}))
    if not owed.reconcile:
        if done == owed.done and owed.set_on:
            return Change(state)
        raise Refused(
            commitment.rule,
            f"{said('owed', owed.key, policy)}现在没有到期的对账，请到对账日再报",
            f"no reconciliation of {owed.key} is due; report on the next reconciliation day",
        )
    _require_items(owed, command.done, commitment, "done")
    on = min(owed.reconcile)
    left = {day: last for day, last in owed.reconcile.items() if day != on}
    undo = Undo(step="reconcile", on=today, done=owed.done, reconcile=owed.reconcile)
    state = _with(state, _but(owed, done=done, reconcile=left, undo=undo))
    reconciled = CommitmentReconciled(
        place=state.place,
        village=state.id,
        kind=owed.kind,
        period=owed.period,
        on=date.fromisoformat(on),
        done=len(done),
        open=len(owed.items) - len(done),
        reconciled_by=command.reconciled_by,
    )
    return Change(_clocked(state, policy, today), (reconciled,))


def settle(state: Commitments | None, command: Settle, policy: Policy, today: date) -> Change:
    """Close the period's ledger; what is not closed is carried into the next one (2.4)."""
    state, owed = _owed(state, command, policy)
    commitment = _commitment(command, policy)
    require_body(command.body, commitment.by, commitment.rule)
    if owed.closed == tuple(sorted(set(command.closed))):
        return Change(state)
    if owed.closed is not None:
        raise Refused(commitment.rule, f"{said('owed', owed.key, policy)}已经销账", f"{owed.key} is settled already")
    if not owed.settle_by:
        raise Refused(
            commitment.rule,
            f"{said('owed', owed.key, policy)}尚未到销账时间：年度终了后的次年，或者村出列后，方可销账",
            f"{owed.key} cannot be settled yet: only in the next year, or after the exit",
        )
    if owed.reconcile:
        raise Refused(
            commitment.rule,
            f"{said('owed', owed.key, policy)}还有{min(owed.reconcile)}的对账未完成，请先对账",
            f"{owed.key} has an open reconciliation of {min(owed.reconcile)}; reconcile first",
        )
    _require_items(owed, command.closed, commitment, "closed")
    closed = tuple(sorted(set(command.closed)))
    carried = tuple(item for item in owed.items if item.number not in closed)
    # After the exit the next ledger, if there is one, answers another diagnosis, which may have come already.
    waiting = (*(carried if state.stage in ACTIVE else _unlinked(carried)), *state.carried.get(owed.kind, ()))
    undo = Undo(step="settle", on=today, items=owed.items, done=owed.done)
    state = _with(state, _but(owed, items=(), done=(), closed=closed, carried=len(carried), undo=undo))
    state = state.but(carried={**state.carried, owed.kind: waiting})
    cleared = state.stage not in ACTIVE and not state.unsettled
    settled = CommitmentSettled(
        place=state.place,
        village=state.id,
        kind=owed.kind,
        period=owed.period,
        closed=len(owed.items) - len(carried),
        carried=len(carried),
        cleared=cleared,
        settled_by=command.settled_by,
    )
    return Change(_clocked(state, policy, today), (settled,))


def close_out(state: Commitments | None, event: VillageDelisted, policy: Policy, today: date) -> Change:
    """After the exit nothing new is owed. Every open ledger must be settled before the team goes home."""
    if state is None or state.stage not in ACTIVE:
        return Change(state)
    until = policy.team.keep_after_exit.after(today, policy.calendar)
    owed = {}
    for key, one in state.owed.items():
        commitment = policy.commitment(one.kind)
        if one.set_on and one.closed is None and one.year and commitment and commitment.settle:
            regular = one.settle_by or commitment.settle.of(one.year + 1)
            one = _but(one, reconcile={}, settle_by=min(regular, until))
        if one.set_on:
            owed[key] = one
    return Change(_clocked(state.but(stage="closing", owed=owed), policy, today))


def withdraw_commitment(
    state: Commitments | None, command: WithdrawCommitment, policy: Policy, today: date
) -> Change:  # fmt: skip
    """Take back what was entered by mistake. Refused once something depends on it."""
    state, owed = _owed(state, command, policy)
    commitment = _commitment(command, policy)
    require_body(command.body, commitment.by, commitment.rule)
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
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(_clocked(without, policy, today), (withdrawn,))


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
        return _with(state, _without_items(state, owed, command.items, commitment))
    back = owed.items[len(owed.items) - owed.joined :]
    # Commitments that may begin only after this one (`after`) are not owed any more, unless they are set.
    opened = {c.kind for c in policy.commitments if c.after == owed.kind}
    rest = {key: one for key, one in state.owed.items() if one.set_on or one.kind not in opened}
    carried = {owed.kind: (*back, *state.carried.get(owed.kind, ()))} if back else {}
    again = Owed(kind=owed.kind, period=owed.period, set_by=commitment.set_by.due(today, policy.calendar))
    state = state.but(owed={**rest, owed.key: again}, carried={**state.carried, **carried})
    return _counting(state, policy, today, owed.key, "set_by")


def _rests_on(state: Commitments, owed: Owed, policy: Policy, *, whole: bool) -> Iterable[tuple[str, str]]:
    """What depends on a period that was set, in Chinese and English."""
    if owed.done or owed.undo or owed.closed is not None:
        yield "已作的对账或销账", "its reconciliation or settlement"
    if not whole:
        return
    for one in state.owed.values():
        later = policy.commitment(one.kind)
        if one.set_on and later and later.after == owed.kind:
            yield said("owed", one.key, policy), one.key
    if state.stage != "assigned" and owed.set_on and owed.set_on <= (state.helped_since or date.max):
        yield "已进入的帮扶阶段", "the help that has begun"


def _without_items(state: Commitments, owed: Owed, numbers: tuple[int, ...], commitment: Commitment) -> Owed:
    """The period without some items. Refused for items that answer a problem of the diagnosis or that others serve."""
    _require_items(owed, numbers, commitment, "items")
    goals = {item.goal for one in state.owed.values() for item in one.items if one.kind != owed.kind}
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
    _require_enough(rest, commitment)
    joined = {item.number for item in owed.items[len(owed.items) - owed.joined :]}
    return _but(owed, items=rest, joined=sum(item.number in joined for item in rest))


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
    return _with(state, _but(owed, done=undo.done, reconcile=undo.reconcile, undo=None))


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
    return _with(state, _but(owed, items=undo.items, done=undo.done, closed=None, carried=0, undo=None))


_WITHDRAWALS = {"set": _unset, "reconcile": _unreconcile, "settle": _unsettle}


def take_over(state: Commitments | None, command: TakeOver, policy: Policy, today: date) -> Change:
    """Take over commitments from before the system was used, with their dates. From here on they go on as usual."""
    state = addressed(state, command)
    order = [commitment.kind for commitment in policy.commitments]
    told: list[Event] = []
    if len({held.kind for held in command.commitments}) < len(command.commitments):
        raise Refused(
            "1.2", "同一责任事项重复填写，请更正", "a commitment is named twice", field="commitments", status=422
        )
    for held in sorted(
        command.commitments, key=lambda held: (held.kind in order and order.index(held.kind), held.kind)
    ):
        commitment = _commitment(held, policy)
        owed = _held(state, held, command.since, commitment, policy, today)
        before = state.owed.get(owed.key)
        if before and before.set_on:
            if (before.set_on, before.items) != (owed.set_on, owed.items):
                raise _contradicted(
                    commitment, f"{said('owed', owed.key, policy)}已另行定账", f"{owed.key} is set otherwise already"
                )
            continue
        rest = {key: one for key, one in state.owed.items() if one.kind != owed.kind}
        following = _following(owed, commitment, policy, today)
        state = state.but(owed={**rest, **following, owed.key: owed})
        told.append(
            CommitmentSet(
                place=state.place,
                village=state.id,
                kind=owed.kind,
                period=owed.period,
                unit=state.unit,
                items=owed.items,
                set_by=held.set_by,
            )
        )
    return _go_on(state, policy, today, *told) if told else Change(state)


def _held(
    state: Commitments, held: Held, since: date, commitment: Commitment, policy: Policy, today: date
) -> Owed:  # fmt: skip
    """One commitment that was set before the system was used. Raises Refused if its dates or numbers are impossible."""
    if commitment.after and not any(o.kind == commitment.after and o.set_on for o in state.owed.values()):
        raise _contradicted(
            commitment,
            f"应当先定账{label('kind', commitment.after, policy)}",
            f"{commitment.after} must be set before it",
        )
    if not since <= held.set_on <= today:
        raise _contradicted(
            commitment,
            f"日期{held.set_on}不在进村之日至今天之间",
            f"{held.set_on} is not between the arrival and today",
        )
    if (held.period == TERM) == bool(commitment.yearly):
        raise _contradicted(commitment, f"期间“{held.period}”不符", f"the period {held.period!r} is not one of its own")
    items = tuple(sorted(held.items, key=lambda item: item.number))
    _require_numbers(items, commitment)
    _require_enough(items, commitment)
    _require_goals(state, items, commitment)
    owed = Owed(
        kind=held.kind,
        period=held.period,
        set_by=held.set_on,
        set_on=held.set_on,
        items=items,
        done=tuple(sorted(set(held.done))),
    )
    _require_items(owed, owed.done, commitment, "commitments")
    if owed.year and not today.year - 1 <= owed.year <= today.year:
        raise _contradicted(
            commitment, f"期间“{held.period}”已结束", f"the period {held.period!r} is not open any more"
        )
    answered = held.reconciled_on or held.set_on
    days = {day: span for day, span in _reconciliations(owed, commitment, policy).items() if answered < day <= today}
    owed = _but(owed, reconcile={str(day): span.after(day, policy.calendar) for day, span in days.items()})
    settles = _settles_from(owed)
    if commitment.settle and settles and settles <= today:
        owed = _but(owed, settle_by=commitment.settle.of(settles.year))
    return owed


def _following(owed: Owed, commitment: Commitment, policy: Policy, today: date) -> dict[str, Owed]:
    """What is owed for this year, if the period that was taken over is last year's."""
    if not commitment.yearly or owed.year is None or owed.year >= today.year:
        return {}
    set_by = max(commitment.yearly.of(today.year), commitment.set_by.due(today, policy.calendar))
    one = Owed(kind=owed.kind, period=str(today.year), set_by=set_by)
    return {one.key: one}


def _contradicted(commitment: Commitment, zh: str, en: str) -> Refused:
    return Refused(
        commitment.rule,
        f"{commitment.label}：{zh}，请核对",
        f"{commitment.kind}: {en}; check it",
        field="commitments",
        status=422,
    )


def fall_due(state: Commitments, due: Due, policy: Policy, today: date) -> Change:
    """Tell once what became overdue yesterday (it stays owed), and open what begins today."""
    owed_by = {commitment.kind: commitment.by for commitment in policy.commitments}
    overdue = tuple(
        CommitmentOverdue(
            place=state.place,
            village=state.id,
            kind=owed.kind,
            period=owed.period,
            step=step,
            due=last,
            unit=state.unit,
            owed_by=owed_by.get(owed.kind),
        )
        for _, owed in sorted(state.owed.items())
        for step, last in owed.steps
        if last + DAY == due.on
    )
    if state.stage in ACTIVE:
        kept = {key: _opened(owed, due.on, policy) for key, owed in state.owed.items()}
        opened = [owed for key, owed in kept.items() if owed is not state.owed[key] and str(due.on) in owed.reconcile]
        state = state.but(owed={**kept, **_new_periods(state, due.on, policy)})
        for owed in opened:
            state = _counting(state, policy, due.on, owed.key, "reconcile", str(due.on))
        # A period that was never set is dropped when the next one of its kind opens.
        newest = {owed.kind: owed.period for _, owed in sorted(state.owed.items())}
        state = state.but(owed={k: o for k, o in state.owed.items() if o.set_on or o.period == newest[o.kind]})
    return Change(_clocked(state, policy, due.on), overdue)


def _opened(owed: Owed, on: date, policy: Policy) -> Owed:
    """The period with the reconciliation or settlement that begins on this day."""
    commitment = policy.commitment(owed.kind)
    span = _reconciliations(owed, commitment, policy).get(on) if commitment else None
    if span is not None:
        owed = _but(owed, reconcile={**owed.reconcile, str(on): span.after(on, policy.calendar)})
    if commitment and commitment.settle and on == _settles_from(owed):
        owed = _but(owed, settle_by=commitment.settle.of(on.year))
    return owed


def _new_periods(state: Commitments, on: date, policy: Policy) -> dict[str, Owed]:
    """On New Year's Day: the new year's periods of the yearly commitments that have begun."""
    if (on.month, on.day) != (1, 1):
        return {}
    begun = {owed.kind for owed in state.owed.values()}
    new = [
        Owed(kind=c.kind, period=str(on.year), set_by=c.yearly.of(on.year))
        for c in policy.commitments
        if c.yearly and c.kind in begun
    ]
    return {owed.key: owed for owed in new if owed.key not in state.owed}


def _go_on(state: Commitments, policy: Policy, today: date, *told: Event) -> Change:
    """After something was set, open what may begin after it, and see whether help can begin."""
    begun = {owed.kind for owed in state.owed.values()}
    are_set = {owed.kind for owed in state.owed.values() if owed.set_on}
    opened = dict(state.owed)
    for commitment in policy.commitments:
        if commitment.kind not in begun and (commitment.after is None or commitment.after in are_set):
            last = commitment.set_by.due(today, policy.calendar)
            period = str(last.year) if commitment.yearly else TERM
            owed = Owed(kind=commitment.kind, period=period, set_by=last)
            opened[owed.key] = owed
    new = [key for key in opened if key not in state.owed]
    state = state.but(owed=opened)
    for key in new:
        state = _counting(state, policy, today, key, "set_by")
    if state.stage == "assigned" and all(commitment.kind in are_set for commitment in policy.commitments):
        state = state.but(stage="helped", helped_since=today)
        told = (*told, HelpBegun(place=state.place, village=state.id, unit=state.unit))
    return Change(_clocked(state, policy, today), told)


def _counting(state: Commitments, policy: Policy, since: date, key: str, *field: str) -> Commitments:
    """Remember from which day the time for a step is counted, so that newly announced holidays can move its end."""
    commitment = policy.commitment(state.owed[key].kind)
    if commitment is None:
        return state
    if field == ("set_by",):
        span = commitment.set_by.span
    else:
        span = _reconciliations(state.owed[key], commitment, policy).get(since)
    return state.counting("owed", key, *field, since=since, span=span, timer="commitments")


def _clocked(state: Commitments, policy: Policy, after: date) -> Commitments:
    """The state with its timer on the first day after `after` on which something opens or has become overdue."""
    days = [last + DAY for owed in state.owed.values() for _, last in owed.steps]
    if state.stage in ACTIVE:
        days.append(date(after.year + 1, 1, 1))
        for owed in state.owed.values():
            commitment = policy.commitment(owed.kind)
            days += _reconciliations(owed, commitment, policy) if commitment else ()
    return state.timed(commitments=min((day for day in days if day > after), default=None))


def _reconciliations(owed: Owed, commitment: Commitment, policy: Policy) -> Mapping[date, Span]:
    """By reconciliation day of a period that was set: the time for it. Days before the setting are there, but no timer
    ever stands on them."""
    if owed.set_on is None or owed.closed is not None or owed.year is None:
        return {}
    return commitment.reconciliations(owed.year, policy.calendar)


def _settles_from(owed: Owed) -> date | None:
    """The day from which a period can be settled: 1 January of the next year. None for what is owed once a term."""
    if owed.set_on is None or owed.closed is not None or owed.year is None:
        return None
    return date(owed.year + 1, 1, 1)


def _joined(given: tuple[Item, ...], waiting: Iterable[Item]) -> tuple[Item, ...]:
    """The new items and those that waited, numbered on. An item that waited and was entered again counts once."""
    answered = {item.problem for item in given if item.problem is not None}
    texts = {item.text for item in given}
    rest = [item for item in waiting if item.problem not in answered and item.text not in texts]
    first = max((item.number for item in given), default=0) + 1
    return *given, *(_but(item, number=first + n) for n, item in enumerate(rest))


def _unlinked(items: Iterable[Item]) -> tuple[Item, ...]:
    """Items without their links to the problems of an earlier diagnosis and the targets of its plan."""
    return tuple(Item(item.number, item.text) for item in items)


def _owed(
    state: Commitments | None, command: SetCommitment | Reconcile | Settle | WithdrawCommitment, policy: Policy
) -> tuple[Commitments, Owed]:
    """The state and the period that a command is about. Raises Refused if there is none."""
    state = addressed(state, command)
    commitment = _commitment(command, policy)
    owed = state.owed.get(f"{command.kind}/{command.period}")
    if owed is None:
        key, now = f"{command.kind}/{command.period}", [one.key for _, one in sorted(state.owed.items()) if one.steps]
        raise Refused(
            commitment.rule,
            f"{said('owed', key, policy)}现在不需办理；当前待办：{said('owed', now, policy) or '无'}",
            f"{key} is not owed now; what is: {', '.join(now) or 'nothing'}",
            field="period",
        )
    return state, owed


def _commitment(
    command: SetCommitment | Reconcile | Settle | WithdrawCommitment | Held, policy: Policy
) -> Commitment:  # fmt: skip
    commitment = policy.commitment(command.kind)
    if commitment is None:
        kinds = [c.kind for c in policy.commitments]
        raise Refused(
            "1.2",
            f"本地规定中没有代码为“{command.kind}”的责任事项，可填：{said('kind', kinds, policy)}",
            f"the policy pack knows no commitment {command.kind!r}; it knows {', '.join(kinds)}",
            field="kind",
            status=422,
        )
    return commitment


def _require_numbers(items: tuple[Item, ...], commitment: Commitment) -> None:
    if len({item.number for item in items}) < len(items):
        raise Refused(
            commitment.rule, "事项编号重复，请更正", "item numbers occur twice; correct them", field="items", status=422
        )


def _require_enough(items: tuple[Item, ...], commitment: Commitment) -> None:
    if len(items) < commitment.items_at_least:
        raise Refused(
            commitment.rule,
            f"{commitment.label}至少要有 {commitment.items_at_least} 项，现有 {len(items)} 项，请补充",
            f"{commitment.kind} needs {commitment.items_at_least} items and has {len(items)}; add some",
            field="items",
            status=422,
        )


def _require_goals(state: Commitments, items: tuple[Item, ...], commitment: Commitment) -> None:
    """Refuse items that serve a goal which the commitment before this one has not set: plans form a tree (3.5)."""
    goals = {item.number for o in state.owed.values() if o.kind == commitment.after and o.set_on for item in o.items}
    unknown = sorted({item.goal for item in items if item.goal is not None} - goals)
    if unknown:
        raise Refused(
            "3.5",
            f"所服务的上一级责任事项没有编号为{'、'.join(map(str, unknown))}的目标"
            f"（现有{'、'.join(map(str, sorted(goals))) or '无'}），请核对",
            f"{commitment.after or 'what comes before'} has no goals {unknown} but {sorted(goals)}; check them",
            field="items",
            status=422,
        )


def _require_items(owed: Owed, numbers: tuple[int, ...], commitment: Commitment, field: str) -> None:
    unknown = sorted(set(numbers) - {item.number for item in owed.items})
    if unknown:
        raise Refused(
            commitment.rule,
            f"{commitment.label}没有编号为{'、'.join(map(str, unknown))}的事项，请核对",
            f"{owed.key} has no items numbered {unknown}; check them",
            field=field,
            status=422,
        )


def _with(state: Commitments, owed: Owed) -> Commitments:
    return state.but(owed={**state.owed, owed.key: owed})


_but = msgspec.structs.replace
