"""Commitments from before the system was used are taken over with their dates, and go on as usual."""

from datetime import date

from msgspec.structs import replace

from services.dispatch.model.commands import Held, TakeOver
from services.dispatch.model.items import (
    commitment_of,
    require_enough,
    require_items,
    require_known,
)
from services.dispatch.model.owed import TERM, Commitments, Owed
from services.dispatch.model.periods import go_on, reconciliations, settles_from
from shared.contracts import Event
from shared.contracts.dispatch import CommitmentSet
from shared.labels import label, said
from shared.policy import Commitment, Policy
from shared.rules import Change, Refused, addressed


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
        commitment = commitment_of(held, policy)
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
    return go_on(state, policy, today, *told) if told else Change(state)


def _held(state: Commitments, held: Held, since: date, commitment: Commitment, policy: Policy, today: date) -> Owed:
    """One commitment that was set before the system was used. Raises Refused if its dates or numbers are impossible."""
    if commitment.after and not any(o.kind == commitment.after and o.set_on for o in state.owed.values()):
        raise _contradicted(
            commitment,
            f"应当先定账{label('kind', commitment.after, policy)}",
            f"{commitment.after} must be set before it",
        )
    if commitment.each:
        raise _contradicted(
            commitment, "每人一份，请在确定联系人后另行定账", "each cadre sets one, once the link is known"
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
    require_enough(items, commitment)
    require_known(state, items, commitment, held.period)
    owed = Owed(
        kind=held.kind,
        period=held.period,
        set_by=held.set_on,
        set_on=held.set_on,
        items=items,
        done=tuple(sorted(set(held.done))),
    )
    require_items(owed, owed.done, commitment, "commitments")
    if owed.year and not today.year - 1 <= owed.year <= today.year:
        raise _contradicted(
            commitment, f"期间“{held.period}”已结束", f"the period {held.period!r} is not open any more"
        )
    answered = held.reconciled_on or held.set_on
    days = {day: span for day, span in reconciliations(owed, commitment, policy).items() if answered < day <= today}
    owed = replace(owed, reconcile={str(day): span.after(day, policy.calendar) for day, span in days.items()})
    settles = settles_from(owed)
    if commitment.settle and settles and settles <= today:
        owed = replace(owed, settle_by=commitment.settle.of(settles.year))
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
