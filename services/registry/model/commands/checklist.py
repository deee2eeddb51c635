"""Commands about checklists that are ticked off for a village on fixed days."""

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.values import Code, Codes, Day, Organ, Role, Short, VillageId


class TickChecklist(Command, frozen=True, kw_only=True):
    """A list is ticked off for a village: which items it follows or has disclosed (0.8, 1.17). The rest is missing."""

    village: VillageId
    kind: Code
    """The list, one of the pack's `[[checklists]]`."""
    on: Day
    """The day of the list, as the task names it."""
    followed: Codes = ()
    vacant: Codes = ()
    """Items for which there was nothing to do or disclose this time, where the list allows that."""
    proof: Short | None = None
    """Where what was done can be seen: a notice board, a document."""
    body: Role
    ticked_by: Organ


class WithdrawChecklist(Correction, frozen=True, kw_only=True):
    """What was ticked off last was a mistake."""

    village: VillageId
    kind: Code
    on: Day
