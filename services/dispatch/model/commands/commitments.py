"""To set, reconcile and settle what is owed, and to take such a step back."""

from typing import Annotated, Literal

from msgspec import Meta

from services.dispatch.model.commands.withdrawal import Withdrawal
from shared.contracts import Command
from shared.contracts.dispatch import Item
from shared.contracts.values import Code, Numbers, Organ, PartyId, Period, Role, VillageId


class SetCommitment(Command, frozen=True, kw_only=True):
    """A letter was signed, or a plan, list or ledger was set (mechanisms 1.2, 2.4, 3.5, 3.6)."""

    village: VillageId
    kind: Code
    period: Period
    """As the task names it: the year, such as `2015`, or `term` for what is owed once a term."""
    items: Annotated[tuple[Item, ...], Meta(max_length=500)] = ()
    """What is newly owed. The diagnosis's open problems and items carried over are added automatically."""
    cadre: PartyId | None = None
    """Whose own list it is, where each cadre who holds a link to the village has one (2.3)."""
    set_by: Organ
    """The organ, never a person: it is published."""
    body: Role


class Reconcile(Command, frozen=True, kw_only=True):
    """The ledger was compared with the village at its oldest open reconciliation day (季度对账, 2.4)."""

    village: VillageId
    kind: Code
    period: Period
    done: Numbers
    """Numbers of the items that are done by now. Those reported before stay done."""
    reconciled_by: Organ
    """The organ, never a person: it is published."""
    body: Role


class Settle(Command, frozen=True, kw_only=True):
    """The period's ledger is settled (次年销账, 2.4): some items are closed for good, the rest carried over."""

    village: VillageId
    kind: Code
    period: Period
    closed: Numbers
    """Numbers of the items that are closed; all others are carried."""
    settled_by: Organ
    """The organ, never a person: it is published."""
    body: Role


class WithdrawCommitment(Withdrawal, frozen=True, kw_only=True):
    """Take a step of a commitment back: what was set, one of its items, a reconciliation or a settlement."""

    kind: Code
    period: Period
    step: Literal["set", "reconcile", "settle"] = "set"
    items: Numbers = ()
    """With the step `set`: take back only these items. Empty takes back everything that was set."""
    cadre: PartyId | None = None
    """Whose own list it is, where each cadre who holds a link to the village has one."""
