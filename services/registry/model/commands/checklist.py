"""What people say about lists that are ticked off for a village on known days."""

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.values import Code, Codes, Day, Organ, Role, Short, VillageId


class TickChecklist(Command, frozen=True, kw_only=True):
    """A list is ticked off for a village: which items it follows or has disclosed (0.8, 1.17). Others are the gap."""

    village: VillageId
    kind: Code
    """The list, one of the pack's `[[checklists]]`."""
    on: Day
    """The day of the list, as the task names it."""
    followed: Codes = ()
    vacant: Codes = ()
    """Items of which there is nothing this time, where the list allows it."""
    proof: Short | None = None
    """Where what was done can be seen: a notice board, a document."""
    body: Role
    ticked_by: Organ


class WithdrawChecklist(Correction, frozen=True, kw_only=True):
    """What was ticked off last was a mistake."""

    village: VillageId
    kind: Code
    on: Day
