"""What takes back something done by mistake."""

from shared.contracts import Command
from shared.contracts.values import Organ, Reason


class Correction(Command, frozen=True, kw_only=True):
    """A command that takes back something done by mistake. A named body decides so, and gives its reason."""

    reason: Reason
    decided_by: Organ
