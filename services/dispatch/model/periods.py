"""Which periods of a commitment are open, and when their steps fall due.

One timer, `commitments`, stands on the next day on which something opens or becomes overdue. The rule that sets it
only looks at later days: everything before the timer has been dealt with.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from msgspec.structs import replace

from services.dispatch.model.owed import TERM, Commitments, Owed
from shared.calendar import DAY, Span
from shared.contracts import Event
from shared.contracts.dispatch import (
    CommitmentOverdue,
    HelpBegun,
)
from shared.policy import Commitment, Policy
from shared.rules import Change, Due

ACTIVE = ("assigned", "helped")
"""The stages in which new commitments come up."""


def fall_due(state: Commitments, due: Due, policy: Policy, today: date) -> Change:
    """Tell once what became overdue yesterday (it stays owed), and open what begins today."""
    missed = Counter(
        (owed.kind, owed.period, step)
        for _, owed in sorted(state.owed.items())
        for step, last in owed.steps
        if last + DAY == due.on
    )
    overdue = []
    for (kind, period, step), count in missed.items():
        commitment = policy.commitment(kind)
        overdue.append(
            CommitmentOverdue(
                place=state.place,
                village=state.id,
                kind=kind,
                period=period,
                step=step,
                due=due.on - DAY,
                unit=state.unit,
                owed_by=state.owing(commitment, policy) if commitment else None,
                link=commitment.link if commitment else None,
                owing=count if commitment and commitment.each else None,
            )
        )
    if state.stage in ACTIVE:
        kept = {key: _opened(owed, due.on, policy) for key, owed in state.owed.items()}
        state = state.but(owed={**kept, **_new_periods(state, due.on, policy)})
        for key in kept:
            state = counting(state, policy, due.on, key, "reconcile", str(due.on))
        # A period that was never set is dropped when the next one of its kind opens.
        newest = {(owed.kind, owed.cadre): owed.period for _, owed in sorted(state.owed.items())}
        state = state.but(owed={k: o for k, o in state.owed.items() if o.set_on or o.period == newest[o.kind, o.cadre]})
    return Change(clocked(state, policy, due.on), tuple(overdue))


def _opened(owed: Owed, on: date, policy: Policy) -> Owed:
    """The period with the reconciliation or settlement that begins on this day."""
    commitment = policy.commitment(owed.kind)
    span = reconciliations(owed, commitment, policy).get(on) if commitment else None
    if span is not None:
        owed = replace(owed, reconcile={**owed.reconcile, str(on): span.after(on, policy.calendar)})
    if commitment and commitment.settle and on == settles_from(owed):
        owed = replace(owed, settle_by=commitment.settle.of(on.year))
    return owed


def _new_periods(state: Commitments, on: date, policy: Policy) -> dict[str, Owed]:
    """On New Year's Day: the new year's periods of the yearly commitments that have begun."""
    if (on.month, on.day) != (1, 1):
        return {}
    begun = {(owed.kind, owed.cadre) for owed in state.owed.values()}
    new = [
        Owed(kind=c.kind, period=str(on.year), cadre=cadre, set_by=c.yearly.of(on.year))
        for c in policy.commitments
        for cadre in state.owners(c)
        if c.yearly and (c.kind, cadre) in begun
    ]
    return {owed.key: owed for owed in new if owed.key not in state.owed}


def go_on(state: Commitments, policy: Policy, today: date, *told: Event) -> Change:
    """After something was set, open what may begin after it, and see whether help can begin."""
    begun = {(owed.kind, owed.cadre) for owed in state.owed.values()}
    are_set = {(owed.kind, owed.cadre) for owed in state.owed.values() if owed.set_on}
    opened, every = dict(state.owed), [(one, cadre) for one in policy.commitments for cadre in state.owners(one)]
    for commitment, cadre in every:
        if (commitment.kind, cadre) not in begun and (commitment.after is None or (commitment.after, "") in are_set):
            last = commitment.set_by.due(today, policy.calendar)
            period = str(last.year) if commitment.yearly else TERM
            owed = Owed(kind=commitment.kind, period=period, cadre=cadre, set_by=last)
            opened[owed.key] = owed
    new = [key for key in opened if key not in state.owed]
    state = state.but(owed=opened)
    for key in new:
        state = counting(state, policy, today, key, "set_by")
    if state.stage == "assigned" and all((commitment.kind, cadre) in are_set for commitment, cadre in every):
        state = state.but(stage="helped", helped_since=today)
        told = (*told, HelpBegun(place=state.place, village=state.id, unit=state.unit))
    return Change(clocked(state, policy, today), told)


def counting(state: Commitments, policy: Policy, since: date, key: str, *field: str) -> Commitments:
    """Remember from which day the time for a step is counted, so that newly announced holidays can move its end."""
    commitment = policy.commitment(state.owed[key].kind)
    if commitment is None:
        return state
    is_set = field == ("set_by",)
    span = commitment.set_by.within if is_set else reconciliations(state.owed[key], commitment, policy).get(since)
    return state.counting("owed", key, *field, since=since, span=span, timer="commitments")


def clocked(state: Commitments, policy: Policy, after: date) -> Commitments:
    """The state with its timer on the first day after `after` on which something opens or has become overdue."""
    days = [last + DAY for owed in state.owed.values() for _, last in owed.steps]
    if state.stage in ACTIVE:
        days.append(date(after.year + 1, 1, 1))
        for owed in state.owed.values():
            commitment = policy.commitment(owed.kind)
            days += reconciliations(owed, commitment, policy) if commitment else ()
    return state.timed(commitments=min((day for day in days if day > after), default=None))


def reconciliations(owed: Owed, commitment: Commitment, policy: Policy) -> Mapping[date, Span]:
    """By reconciliation day of a period that was set: the time for it. Days before the setting are there, but no timer
    ever stands on them."""
    if owed.set_on is None or owed.closed is not None or owed.year is None:
        return {}
    return policy.reconciliations(commitment, owed.year)


def settles_from(owed: Owed) -> date | None:
    """The day from which a period can be settled: 1 January of the next year. None for what is owed once a term."""
    if owed.set_on is None or owed.closed is not None or owed.year is None:
        return None
    return date(owed.year + 1, 1, 1)
