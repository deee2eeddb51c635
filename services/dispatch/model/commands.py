"""What people ask of the dispatch."""

from typing import Annotated

from msgspec import Meta

from shared.contracts import Command
from shared.contracts.dispatch import Item
from shared.contracts.values import Code, Numbers, Organ, PartyId, Period, RunId, VillageId


class SolveMatching(Command, frozen=True, kw_only=True):
    """Match the diagnosed villages of a whole jurisdiction with units; a named body still assigns them (3.2)."""

    about = "matching"
    matching: RunId
    """A name of its own for this run, such as `2014-1`; the same one again changes nothing."""
    asked_by: Organ


class AssignTeam(Command, frozen=True, kw_only=True):
    """The organisation department assigns the matched unit and team to the village: the term begins."""

    village: VillageId
    assigned_by: Organ


class SetCommitment(Command, frozen=True, kw_only=True):
    """A letter was signed, or a plan, list or ledger was set (mechanisms 1.2, 2.4, 3.5, 3.6)."""

    village: VillageId
    kind: Code
    period: Period
    """As the task names it: the year, or `term`."""
    items: Annotated[tuple[Item, ...], Meta(max_length=500)] = ()
    """What is newly owed. Open problems and items carried over join by themselves and are not entered again."""
    set_by: Organ
    """The organ, never a person: it is published."""


class Reconcile(Command, frozen=True, kw_only=True):
    """The ledger was compared with the village at its oldest open reconciliation day (季度对账, 2.4)."""

    village: VillageId
    kind: Code
    period: Period
    done: Numbers
    """Numbers of the items that are done by now. Those reported before stay done."""
    reconciled_by: Organ
    """The organ, never a person: it is published."""


class Settle(Command, frozen=True, kw_only=True):
    """The period's ledger is closed: some items for good, the rest carried into the next one (次年销账, 2.4)."""

    village: VillageId
    kind: Code
    period: Period
    closed: Numbers
    """Numbers of the items that are closed; all others are carried."""
    settled_by: Organ
    """The organ, never a person: it is published."""


class ReplaceMember(Command, frozen=True, kw_only=True):
    """The unit sends another cadre for one who was recalled; the same rules hold for the role (2.20, 3.3, 3.4)."""

    village: VillageId
    recalled: PartyId
    cadre: PartyId
    replaced_by: Organ
    """The organ, never a person: it is published."""
