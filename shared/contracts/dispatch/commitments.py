"""What unit and team owe a village: letters, plans, lists and ledgers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.contracts import Event, values
from shared.contracts.values import (
    Code,
    Count,
    Day,
    Number,
    Numbers,
    Organ,
    OrganOrNone,
    PartyId,
    Period,
    Reason,
    Short,
    VillageId,
    Yuan,
)


class Item(msgspec.Struct, frozen=True):
    """One measure, target or ledger item: what is owed, and the baseline problem that it answers, if any."""

    number: Number
    text: Short
    problem: Number | None = None
    goal: Number | None = None
    """The number of the item that it serves in an earlier commitment: a yearly measure serves a three-year target
    (3.5)."""
    duty: Code | None = None
    """The duty of the list that it carries out, by the pack's code (2.3)."""
    sources: Annotated[tuple[Code, ...], Meta(max_length=10)] = ()
    """Where its money comes from, by the pack's codes (3.5)."""
    yuan: Yuan | None = None
    """What it is planned to cost."""


class OfCommitment(Event, frozen=True, kw_only=True):
    """The fields of every event about what a village is owed."""

    village: VillageId
    kind: Code
    """As the pack names it: `letter`, `three_year_plan`, `annual_plan`, `ledger` …"""
    period: Period
    """The year, or `term` for what is owed once a term."""


class CommitmentSet(OfCommitment, frozen=True, kw_only=True):
    """A letter was signed, a plan made, or a list or ledger set. From now on it says, item by item, what is owed."""

    label = ("定账", "commitment set")
    unit: PartyId
    items: Annotated[tuple[Item, ...], Meta(max_length=500)]
    cadre: PartyId | None = None
    """The cadre whose own it is, if each cadre who holds a link to the village has one; else None (2.3)."""
    set_by: OrganOrNone = ""
    """The organ that set it, never a person; empty in events from before this was told."""


class CommitmentReconciled(OfCommitment, frozen=True, kw_only=True):
    """A ledger was reconciled at one of its dates (季度对账, mechanism 2.4)."""

    label = ("对账", "commitment reconciled")
    source = "2.4"
    on: Day
    done: Count
    open: Count
    reconciled_by: OrganOrNone = ""
    """The organ that reconciled it, never a person; empty in events from before this was told."""


class CommitmentSettled(OfCommitment, frozen=True, kw_only=True):
    """A period's ledger was settled: items closed out or carried into the next (次年销账, mechanism 2.4)."""

    label = ("销账", "commitment settled")
    source = "2.4"
    closed: Count
    carried: Count
    cleared: bool = False
    """Whether everything from before the exit is settled. Then the team may go home or begin a new term."""
    settled_by: OrganOrNone = ""
    """The organ that settled it, never a person; empty in events from before this was told."""


class CommitmentOverdue(OfCommitment, frozen=True, kw_only=True):
    """A due date passed without the step that was owed (mechanism 1.2)."""

    label = ("责任事项逾期", "commitment overdue")
    source = "1.2"
    step: Short
    """`set`, `settle`, or `reconcile` followed by a space and the day of the reconciliation."""
    due: Day
    unit: PartyId
    """The unit that helps the village. It need not be the one that owed the step: see `owed_by`."""
    owed_by: values.EventRole | None = None
    """The role that owed it, by the pack in force on the day after it was due; None in events of earlier versions."""
    link: Code | None = None
    """The kind of link whose holders owed it, such as leaders of the village; None if a role did. They may belong to
    another unit than the one that helps the village. If `owed_by` is the body that decides on the link, nobody held
    it."""
    owing: Count | None = None
    """How many holders of the link owe it, if each has one of their own; else None. None of them is named."""


class CommitmentWithdrawn(OfCommitment, frozen=True, kw_only=True):
    """A letter, plan, list or ledger, one of its items, a reconciliation or a settlement was entered by mistake.

    A withdrawn step is owed again. A withdrawn item is not owed any more.
    """

    label = ("撤回责任事项", "commitment withdrawn")
    step: Code = "set"
    """Which step is taken back: `set`, `reconcile` or `settle`."""
    items: Numbers = ()
    """The numbers of single items that were withdrawn; empty if the whole step was."""
    cadre: PartyId | None = None
    """The cadre whose own it was, if each cadre who holds a link has one; else None."""
    reason: Reason
    decided_by: Organ
