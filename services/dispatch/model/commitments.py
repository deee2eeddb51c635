"""What unit and team owe, period by period, as the pack lists it: set, reconciled, settled (1.2, 2.4, 3.5, 3.6).

One timer, `commitments`, stands on the next day on which something opens or has become overdue. A rule that moves it
never looks back: whatever lies before it is done.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import msgspec

from services.dispatch.model.assignment import TERM, Assignment, Owed
from services.dispatch.model.commands import Reconcile, SetCommitment, Settle
from shared.contracts import Event
from shared.contracts.dispatch import (
    CommitmentOverdue,
    CommitmentReconciled,
    CommitmentSet,
    CommitmentSettled,
    HelpBegun,
    Item,
    TeamAssigned,
)
from shared.contracts.registry import VillageDelisted, VillageDiagnosed
from shared.policy import Commitment, Policy
from shared.rules import Change, Due, Refused, addressed

DAY = timedelta(1)
ACTIVE = ("assigned", "helped")
"""The stages in which new things come to be owed."""


def with_problems(
    carried: Mapping[str, tuple[Item, ...]], event: VillageDiagnosed, policy: Policy
) -> dict[str, tuple[Item, ...]]:
    """What waits for the next ledgers, with the problems of a new diagnosis added to each kind that is settled (3.1).

    Numbers of an earlier diagnosis mean nothing any more, so what is left of it stays as an item of its own.
    """
    problems = tuple(Item(p.number, p.cause, p.number) for p in event.problems)
    kinds = (commitment.kind for commitment in policy.commitments if commitment.settle)
    return {kind: (*_unlinked(carried.get(kind, ())), *problems) for kind in kinds}


def begin(state: Assignment, event: TeamAssigned, policy: Policy, today: date) -> Change:
    """A term begins with nothing set: what the pack lets begin with the assignment is owed from now on."""
    return _go_on(state.but(owed={}), policy, today)


def set_commitment(state: Assignment | None, command: SetCommitment, policy: Policy, today: date) -> Change:
    """Set what is owed for a period; help has begun once all that the pack asks for at the start is set."""
    state, owed = _owed(state, command, policy)
    commitment = _commitment(command, policy)
    given = tuple(sorted(command.items, key=lambda item: item.number))
    if owed.set_on:
        if set(given) <= set(owed.items):
            return Change(state)
        raise Refused(
            commitment.rule,
            f"{owed.key} 已于 {owed.set_on} 立账，内容不能再改",
            f"{owed.key} was set on {owed.set_on} and does not change any more",
        )
    earlier = [other.key for other in state.unsettled if other.kind == owed.kind]
    if earlier:
        raise Refused(
            commitment.rule, f"{earlier[0]} 尚未销账，请先销账", f"{earlier[0]} is not settled; settle it first"
        )
    if len({item.number for item in given}) < len(given):
        raise Refused(
            commitment.rule, "事项编号重复，请更正", "item numbers occur twice; correct them", field="items", status=422
        )
    _require_goals(state, given, commitment)
    items = _joined(given, state.carried.get(owed.kind, ()))
    if len(items) < commitment.items_at_least:
        raise Refused(
            commitment.rule,
            f"{commitment.label}至少要有 {commitment.items_at_least} 项，现有 {len(items)} 项，请补充",
            f"{owed.kind} needs {commitment.items_at_least} items and has {len(items)}; add some",
            field="items",
            status=422,
        )
    # The period before is over; of a settled one the figures stay.
    kept = {key: o for key, o in state.owed.items() if o.kind != owed.kind or o.closed is not None}
    state = state.but(
        owed={**kept, owed.key: _but(owed, set_on=today, items=items)},
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


def reconcile(state: Assignment | None, command: Reconcile, policy: Policy, today: date) -> Change:
    """Answer the oldest open reconciliation day (2.4)."""
    state, owed = _owed(state, command, policy)
    commitment = _commitment(command, policy)
    done = tuple(sorted({*owed.done, *command.done}))
    if not owed.reconcile:
        if done == owed.done and owed.set_on:
            return Change(state)
        raise Refused(
            commitment.rule,
            f"{owed.key} 现在没有到期的对账，请到对账日再报",
            f"no reconciliation of {owed.key} is due; report on the next reconciliation day",
        )
    _require_items(owed, command.done, commitment, "done")
    on = min(owed.reconcile)
    left = {day: last for day, last in owed.reconcile.items() if day != on}
    state = _with(state, _but(owed, done=done, reconcile=left))
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


def settle(state: Assignment | None, command: Settle, policy: Policy, today: date) -> Change:
    """Close the period's ledger; what is not closed is carried into the next one (2.4)."""
    state, owed = _owed(state, command, policy)
    commitment = _commitment(command, policy)
    if owed.closed == tuple(sorted(set(command.closed))):
        return Change(state)
    if owed.closed is not None:
        raise Refused(commitment.rule, f"{owed.key} 已经销账", f"{owed.key} is settled already")
    if not owed.settle_by:
        raise Refused(
            commitment.rule,
            f"{owed.key} 尚未到销账时间：期满次年或村出列后才能销账",
            f"{owed.key} cannot be settled yet: only in the next year, or after the exit",
        )
    if owed.reconcile:
        raise Refused(
            commitment.rule,
            f"{owed.key} 还有 {min(owed.reconcile)} 的对账未完成，请先对账",
            f"{owed.key} has an open reconciliation of {min(owed.reconcile)}; reconcile first",
        )
    _require_items(owed, command.closed, commitment, "closed")
    closed = tuple(sorted(set(command.closed)))
    carried = tuple(item for item in owed.items if item.number not in closed)
    # After the exit the next ledger, if there is one, belongs to another diagnosis, which may have come already.
    waiting = (*(carried if state.stage in ACTIVE else _unlinked(carried)), *state.carried.get(owed.kind, ()))
    state = _with(state, _but(owed, items=(), done=(), closed=closed, carried=len(carried)))
    state = state.but(carried={**state.carried, owed.kind: waiting})
    settled = CommitmentSettled(
        place=state.place,
        village=state.id,
        kind=owed.kind,
        period=owed.period,
        closed=len(owed.items) - len(carried),
        carried=len(carried),
        settled_by=command.settled_by,
    )
    return Change(_clocked(state, policy, today), (settled,))


def close_out(state: Assignment | None, event: VillageDelisted, policy: Policy, today: date) -> Change:
    """After the exit nothing new is owed, and every ledger that stands is settled before the team goes home."""
    if state is None or state.until is None:
        return Change(state)
    owed = {}
    for key, one in state.owed.items():
        commitment = policy.commitment(one.kind)
        if one.set_on and one.closed is None and one.year and commitment and commitment.settle:
            regular = one.settle_by or commitment.settle.of(one.year + 1)
            one = _but(one, reconcile={}, settle_by=min(regular, state.until))
        if one.set_on:
            owed[key] = one
    return Change(_clocked(state.but(owed=owed), policy, today))


def fall_due(state: Assignment, due: Due, policy: Policy, today: date) -> Change:
    """What became overdue the day before is told once and stays owed; what begins on this day is owed from now on."""
    overdue = tuple(
        CommitmentOverdue(
            place=state.place,
            village=state.id,
            kind=owed.kind,
            period=owed.period,
            step=step,
            due=last,
            unit=state.unit,
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
        # A period that was never set is overtaken by the next one of its kind.
        newest = {owed.kind: owed.period for _, owed in sorted(state.owed.items())}
        state = state.but(owed={k: o for k, o in state.owed.items() if o.set_on or o.period == newest[o.kind]})
    return Change(_clocked(state, policy, due.on), overdue)


def _opened(owed: Owed, on: date, policy: Policy) -> Owed:
    """With the reconciliation or settlement that begins on a day."""
    commitment = policy.commitment(owed.kind)
    if commitment and on in _reconcile_days(owed, commitment):
        owed = _but(owed, reconcile={**owed.reconcile, str(on): commitment.reconcile_within.after(on, policy.calendar)})
    if commitment and commitment.settle and on == _settles_from(owed):
        owed = _but(owed, settle_by=commitment.settle.of(on.year))
    return owed


def _new_periods(state: Assignment, on: date, policy: Policy) -> dict[str, Owed]:
    """On New Year's Day, what is owed anew for the year by commitments that have begun."""
    if (on.month, on.day) != (1, 1):
        return {}
    begun = {owed.kind for owed in state.owed.values()}
    new = [
        Owed(kind=c.kind, period=str(on.year), set_by=c.yearly.of(on.year))
        for c in policy.commitments
        if c.yearly and c.kind in begun
    ]
    return {owed.key: owed for owed in new if owed.key not in state.owed}


def _go_on(state: Assignment, policy: Policy, today: date, *told: Event) -> Change:
    """Open what may begin now that something is set, and see whether all of it is."""
    begun = {owed.kind for owed in state.owed.values()}
    are_set = {owed.kind for owed in state.owed.values() if owed.set_on}
    opened = dict(state.owed)
    for commitment in policy.commitments:
        if commitment.kind not in begun and (commitment.after is None or commitment.after in are_set):
            last = commitment.within.after(today, policy.calendar)
            period = str(last.year) if commitment.yearly else TERM
            owed = Owed(kind=commitment.kind, period=period, set_by=last)
            opened[owed.key] = owed
    new = [key for key in opened if key not in state.owed]
    state = state.but(owed=opened)
    for key in new:
        state = _counting(state, policy, today, key, "set_by")
    if state.stage == "assigned" and all(commitment.kind in are_set for commitment in policy.commitments):
        state = state.but(stage="helped")
        told = (*told, HelpBegun(place=state.place, village=state.id, unit=state.unit))
    return Change(_clocked(state, policy, today), told)


def _counting(state: Assignment, policy: Policy, since: date, key: str, *field: str) -> Assignment:
    """The state with the time for a step that has just begun remembered, if holidays can move its end."""
    commitment = policy.commitment(state.owed[key].kind)
    if commitment is None:
        return state
    span = commitment.within if field == ("set_by",) else commitment.reconcile_within
    return state.counting("owed", key, *field, since=since, span=span, timer="commitments")


def _clocked(state: Assignment, policy: Policy, after: date) -> Assignment:
    """The state with its timer on the first later day on which something opens or has become overdue."""
    days = [last + DAY for owed in state.owed.values() for _, last in owed.steps]
    if state.stage in ACTIVE:
        days.append(date(after.year + 1, 1, 1))
        for owed in state.owed.values():
            commitment = policy.commitment(owed.kind)
            days += _reconcile_days(owed, commitment) if commitment else ()
    return state.timed(commitments=min((day for day in days if day > after), default=None))


def _reconcile_days(owed: Owed, commitment: Commitment) -> Iterable[date]:
    """The reconciliation days of a period that was set; those before it are never looked at."""
    if owed.set_on is None or owed.closed is not None or owed.year is None:
        return ()
    return [day.of(owed.year) for day in commitment.reconcile]


def _settles_from(owed: Owed) -> date | None:
    """The day from which a period that was set is settled: the first of the year after it."""
    if owed.set_on is None or owed.closed is not None or owed.year is None:
        return None
    return date(owed.year + 1, 1, 1)


def _joined(given: tuple[Item, ...], waiting: Iterable[Item]) -> tuple[Item, ...]:
    """What is newly owed and what waited for it, numbered on; what was entered again is not doubled."""
    answered = {item.problem for item in given if item.problem is not None}
    texts = {item.text for item in given}
    rest = [item for item in waiting if item.problem not in answered and item.text not in texts]
    first = max((item.number for item in given), default=0) + 1
    return *given, *(_but(item, number=first + n) for n, item in enumerate(rest))


def _unlinked(items: Iterable[Item]) -> tuple[Item, ...]:
    """Items that no longer answer a problem of the diagnosis in force, nor serve a target of its plan."""
    return tuple(Item(item.number, item.text) for item in items)


def _owed(
    state: Assignment | None, command: SetCommitment | Reconcile | Settle, policy: Policy
) -> tuple[Assignment, Owed]:
    """The assignment and the period that a command is about, or why there is none."""
    state = addressed(state, command)
    commitment = _commitment(command, policy)
    owed = state.owed.get(f"{command.kind}/{command.period}")
    if owed is None:
        now = [one.key for _, one in sorted(state.owed.items()) if one.steps]
        raise Refused(
            commitment.rule,
            f"{command.kind}/{command.period} 现在不需办理；当前待办：{'、'.join(now) or '无'}",
            f"{command.kind}/{command.period} is not owed now; what is: {', '.join(now) or 'nothing'}",
            field="period",
        )
    return state, owed


def _commitment(command: SetCommitment | Reconcile | Settle, policy: Policy) -> Commitment:
    commitment = policy.commitment(command.kind)
    if commitment is None:
        kinds = [c.kind for c in policy.commitments]
        raise Refused(
            "1.2",
            f"政策包没有“{command.kind}”这类承诺，可用：{'、'.join(kinds)}",
            f"the policy pack knows no commitment {command.kind!r}; it knows {', '.join(kinds)}",
            field="kind",
            status=422,
        )
    return commitment


def _require_goals(state: Assignment, items: tuple[Item, ...], commitment: Commitment) -> None:
    """The plan tree: what serves a goal serves one that the commitment before this one has set (3.5)."""
    goals = {item.number for o in state.owed.values() if o.kind == commitment.after and o.set_on for item in o.items}
    unknown = sorted({item.goal for item in items if item.goal is not None} - goals)
    if unknown:
        raise Refused(
            "3.5",
            f"{commitment.after or '此前的承诺'} 没有编号为 {unknown} 的目标，现有 {sorted(goals)}，请核对",
            f"{commitment.after or 'what comes before'} has no goals {unknown} but {sorted(goals)}; check them",
            field="items",
            status=422,
        )


def _require_items(owed: Owed, numbers: tuple[int, ...], commitment: Commitment, field: str) -> None:
    unknown = sorted(set(numbers) - {item.number for item in owed.items})
    if unknown:
        raise Refused(
            commitment.rule,
            f"{owed.key} 没有编号为 {unknown} 的事项，请核对",
            f"{owed.key} has no items numbered {unknown}; check them",
            field=field,
            status=422,
        )


def _with(state: Assignment, owed: Owed) -> Assignment:
    return state.but(owed={**state.owed, owed.key: owed})


_but = msgspec.structs.replace
