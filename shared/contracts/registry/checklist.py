"""Events of the lists that are ticked off for a village on known days (0.8, 1.17)."""

from shared.contracts import Event
from shared.contracts.values import Code, Codes, Day, Organ, Reason, Role, Short, VillageId


class OfChecklist(Event, frozen=True, kw_only=True):
    """What the events about a list that is ticked off have in common."""

    village: VillageId
    kind: Code
    """The list, as the pack names it."""
    on: Day
    """The day of the list that it is about, on which it was due to be ticked off."""


class ChecklistTicked(OfChecklist, frozen=True, kw_only=True):
    """A list was ticked off for a village: what it follows or has disclosed, and what it has not (0.8, 1.17)."""

    label = ("清单已填报", "list ticked off")
    source = "0.8"
    followed: Codes = ()
    """What was done, by the pack's codes."""
    vacant: Codes = ()
    """The items for which there was nothing to do this time."""
    unfollowed: Codes = ()
    """All other items: the gap."""
    proof: Short | None = None
    """Where what was done can be seen."""
    ticked_by: Organ


class ChecklistOverdue(OfChecklist, frozen=True, kw_only=True):
    """A list was not ticked off in time. It is told once, and still owed until the list's next day."""

    label = ("清单逾期未填报", "list not ticked off in time")
    source = "0.8"
    due: Day
    owed_by: Role


class ChecklistWithdrawn(OfChecklist, frozen=True, kw_only=True):
    """What was ticked off was a mistake; the list is owed again."""

    label = ("撤销清单填报", "ticking-off withdrawn")
    reason: Reason
    decided_by: Organ
