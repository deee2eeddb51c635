"""What unit and team owe, period by period, as the pack lists it: set, reconciled, settled (1.2, 2.3, 2.4, 3.5, 3.6).

For example, a yearly ledger is set (定账) by the team, reconciled (对账) each quarter, and settled (销账) next year.
`periods.py` says what opens and falls due on which day.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec.structs import replace

from services.dispatch.model.commands import Reconcile, SetCommitment, Settle
from services.dispatch.model.items import (
    commitment_of,
    joined,
    period_of,
    require_enough,
    require_items,
    require_known,
    require_whole,
    unlinked,
)
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.owed import Commitments, Undo
from services.dispatch.model.periods import ACTIVE, clocked, go_on
from shared.contracts.dispatch import (
    AssignmentWithdrawn,
    CommitmentReconciled,
    CommitmentSet,
    CommitmentSettled,
    Item,
    LinkBegun,
    LinkEnded,
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
from shared.labels import said
from shared.policy import Policy
from shared.rules import Change, Key, Refused, State, require_body

Others = Mapping[Key, State | None]


def team_there(
    _state: State | None,
    event: VillageDiagnosed | VillageDelisted | VillageUnlisted | VillageWithdrawn | DiagnosisWithdrawn,
) -> Iterable[Key]:
    """The key of the village's link to its team, so that the rule can read it."""
    return ((Link, id_of(event.village)),)


def diagnose(state: Commitments | None, event: VillageDiagnosed, policy: Policy, today: date, others: Others) -> Change:
    """Keep the problems of a diagnosis for the next ledgers, which must answer them (3.1)."""
    link = others[Link, id_of(event.village)]
    if isinstance(link, Link) and not link.awaits_diagnosis(event.spell):
        return Change(state)
    state = state or Commitments(id=event.village, place=event.place)
    state = closing(state, policy, today)  # A team that stays for another list begins anew, but settles first.
    return Change(state.but(carried=_with_problems(state.carried, event, policy)))


def _with_problems(
    carried: Mapping[str, tuple[Item, ...]], event: VillageDiagnosed, policy: Policy
) -> dict[str, tuple[Item, ...]]:
    """What waits for the next ledgers, with a new diagnosis's problems added to each kind that is settled (3.1).

    Items left from an earlier diagnosis lose their problem numbers, which mean nothing in the new one.
    """
    problems = tuple(Item(p.number, p.cause, p.number) for p in event.problems)
    kinds = (commitment.kind for commitment in policy.commitments if commitment.settle)
    return {kind: (*unlinked(carried.get(kind, ())), *problems) for kind in kinds}


def end(
    state: Commitments | None,
    event: DiagnosisWithdrawn | VillageUnlisted | VillageWithdrawn,
    policy: Policy,
    today: date,
    others: Others,
) -> Change:
    """The diagnosis, listing or registration was a mistake, so nothing is owed. If it was the diagnosis, items that
    were open before it still wait; otherwise they are dropped too.

    If a team stays for another list, only the problems of the diagnosis are dropped.
    """
    if state is None:
        return Change(state)
    link = others[Link, id_of(event.village)]
    stays = isinstance(link, Link) and link.goes_on_after(event)
    before = state.carried if stays or isinstance(event, DiagnosisWithdrawn) else {}
    without = {kind: tuple(item for item in items if item.problem is None) for kind, items in before.items()}
    carried = {kind: items for kind, items in without.items() if items}
    return Change(state.but(carried=carried) if stays else nothing_owed(state, carried))


def clear(state: Commitments | None, event: TeamReleased | AssignmentWithdrawn, policy: Policy, today: date) -> Change:
    """The team went home, or its assignment was a mistake: nothing is owed. Open items wait for the next ledgers."""
    return Change(state and nothing_owed(state, state.carried))


def nothing_owed(state: Commitments, carried: Mapping[str, tuple[Item, ...]]) -> Commitments:
    """The state in which nothing is owed, and these items wait for the next ledgers."""
    return Commitments(id=state.id, place=state.place, holders=state.holders, carried=dict(carried))


def bind(state: Commitments | None, event: LinkBegun, policy: Policy, today: date) -> Change:
    """A cadre is bound to the village, and owes what the pack asks of those who hold this kind of link (2.3)."""
    state = state or Commitments(id=event.village, place=event.place)
    of_kind = {**state.holders.get(event.kind, {}), event.cadre: event.unit}
    state = state.but(holders={**state.holders, event.kind: of_kind})
    return go_on(state, policy, today) if state.stage in ACTIVE and _own(event, policy) else Change(state)


def unbind(state: Commitments | None, event: LinkEnded, policy: Policy, today: date) -> Change:
    """A cadre is not bound to the village any more. What was owed stays owed, by whoever comes next; but a list of the
    cadre's own is dropped."""
    if state is None:
        return Change(state)
    left = {cadre: unit for cadre, unit in state.holders.get(event.kind, {}).items() if cadre != event.cadre}
    others = {kind: of_kind for kind, of_kind in state.holders.items() if kind != event.kind}
    own = _own(event, policy)
    owed = {key: one for key, one in state.owed.items() if one.cadre != event.cadre or one.kind not in own}
    state = state.but(holders={**others, event.kind: left} if left else others, owed=owed)
    return go_on(state, policy, today) if state.stage in ACTIVE and own else Change(state)


def _own(event: LinkBegun | LinkEnded, policy: Policy) -> list[str]:
    """The kinds of commitment that each cadre with this link has of their own."""
    return [one.kind for one in policy.commitments if one.each and one.link == event.kind]


def joining(_state: Commitments | None, event: VillageMerged) -> Iterable[Key]:
    """The key of what is owed in the village that ends, so that the rule can read it."""
    return ((Commitments, event.village),)


def absorb(state: Commitments | None, event: VillageMerged, policy: Policy, today: date, others: Others) -> Change:
    """After a merger the remaining village takes over the open items of the other one."""
    other = others[Commitments, event.village]
    if not isinstance(other, Commitments):
        return Change(state)
    state = state or Commitments(id=event.into, place=event.into_place)
    return Change(state.but(carried=left_open(state.carried, other, policy)))


def dissolve(state: Commitments | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """Nothing is owed any more in a village that was merged into another."""
    return Change(state and nothing_owed(state, {}))


def left_open(
    carried: Mapping[str, tuple[Item, ...]], other: Commitments, policy: Policy
) -> dict[str, tuple[Item, ...]]:
    """What waits for the next ledgers, with the open items of a village that is now part of this one."""
    joined = dict(carried)
    for commitment in policy.commitments:
        if commitment.settle:
            owed = (one for _, one in sorted(other.owed.items()) if one.kind == commitment.kind and one.closed is None)
            items = [item for one in owed for item in one.items if item.number not in one.done]
            more = unlinked((*items, *other.carried.get(commitment.kind, ())))
            if more:
                joined[commitment.kind] = (*joined.get(commitment.kind, ()), *more)
    return joined


def begin(state: Commitments | None, event: TeamAssigned, policy: Policy, today: date) -> Change:
    """A term begins. From now on the commitments are owed that the pack lets begin with the assignment."""
    state = state or Commitments(id=event.village, place=event.place)
    return go_on(state.but(stage="assigned", unit=event.unit, helped_since=None, owed={}), policy, today)


def set_commitment(state: Commitments | None, command: SetCommitment, policy: Policy, today: date) -> Change:
    """Set what is owed for a period. Help begins once everything is set that the pack asks for at the start."""
    state, owed = period_of(state, command, policy)
    commitment = commitment_of(command, policy)
    require_body(command.body, state.owing(commitment, policy), commitment.rule)
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
    require_known(state, given, commitment, command.period)
    require_whole(state, given, commitment, command.period, policy)
    items = joined(given, state.carried.get(owed.kind, ()))
    require_enough(items, commitment)
    # The period before is over. If it was settled its figures stay, and the settlement cannot be taken back any more.
    kept = {
        key: replace(o, undo=None) if o.kind == owed.kind else o
        for key, o in state.owed.items()
        if (o.kind, o.cadre) != (owed.kind, owed.cadre) or o.closed is not None
    }
    state = state.but(
        owed={**kept, owed.key: replace(owed, set_on=today, items=items, joined=len(items) - len(given))},
        carried={kind: items for kind, items in state.carried.items() if kind != owed.kind},
    )
    is_set = CommitmentSet(
        place=state.place,
        village=state.id,
        kind=owed.kind,
        period=owed.period,
        unit=state.unit,
        items=items,
        cadre=owed.cadre or None,
        set_by=command.set_by,
    )
    return go_on(state.counting("owed", owed.key, "set_by"), policy, today, is_set)


def reconcile(state: Commitments | None, command: Reconcile, policy: Policy, today: date) -> Change:
    """Answer the oldest open reconciliation day (2.4)."""
    state, owed = period_of(state, command, policy)
    commitment = commitment_of(command, policy)
    require_body(command.body, state.owing(commitment, policy), commitment.rule)
    done = tuple(sorted({*owed.done, *command.done}))
    if not owed.reconcile:
        if done == owed.done and owed.set_on:
            return Change(state)
        raise Refused(
            commitment.rule,
            f"{said('owed', owed.key, policy)}现在没有到期的对账，请到对账日再报",
            f"no reconciliation of {owed.key} is due; report on the next reconciliation day",
        )
    require_items(owed, command.done, commitment, "done")
    on = min(owed.reconcile)
    left = {day: last for day, last in owed.reconcile.items() if day != on}
    undo = Undo(step="reconcile", on=today, done=owed.done, reconcile=owed.reconcile)
    state = state.having(replace(owed, done=done, reconcile=left, undo=undo))
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
    return Change(clocked(state, policy, today), (reconciled,))


def settle(state: Commitments | None, command: Settle, policy: Policy, today: date) -> Change:
    """Close the period's ledger; what is not closed is carried into the next one (2.4)."""
    state, owed = period_of(state, command, policy)
    commitment = commitment_of(command, policy)
    require_body(command.body, state.owing(commitment, policy), commitment.rule)
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
    require_items(owed, command.closed, commitment, "closed")
    closed = tuple(sorted(set(command.closed)))
    carried = tuple(item for item in owed.items if item.number not in closed)
    # After the exit the next ledger, if there is one, answers another diagnosis, which may have come already.
    waiting = (*(carried if state.stage in ACTIVE else unlinked(carried)), *state.carried.get(owed.kind, ()))
    undo = Undo(step="settle", on=today, items=owed.items, done=owed.done)
    state = state.having(replace(owed, items=(), done=(), closed=closed, carried=len(carried), undo=undo))
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
    return Change(clocked(state, policy, today), (settled,))


def close_out(state: Commitments | None, event: VillageDelisted, policy: Policy, today: date, others: Others) -> Change:
    """After the exit nothing new is owed, unless the team stays for another list."""
    link = others[Link, id_of(event.village)]
    if state is None or state.stage not in ACTIVE or (isinstance(link, Link) and link.goes_on_after(event)):
        return Change(state)
    return Change(closing(state, policy, today))


def closing(state: Commitments, policy: Policy, today: date) -> Commitments:
    """Nothing new is owed, and every open ledger must be settled before the team goes home or begins anew."""
    if state.stage not in ACTIVE:
        return state
    until = policy.team.keep_after_exit.after(today, policy.calendar)
    owed = {}
    for key, one in state.owed.items():
        commitment = policy.commitment(one.kind)
        if one.set_on and one.closed is None and one.year and commitment and commitment.settle:
            regular = one.settle_by or commitment.settle.of(one.year + 1)
            one = replace(one, reconcile={}, settle_by=min(regular, until))
        if one.set_on:
            owed[key] = one
    return clocked(state.but(stage="closing", owed=owed), policy, today)
