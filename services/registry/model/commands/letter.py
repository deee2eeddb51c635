"""Commands about the letters of responsibility between a county and its townships."""

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.values import Code, DivisionRef, Organ, Reason, Role, Year


class SignLetter(Command, frozen=True, kw_only=True):
    """A township signed its letter of responsibility for a year (1.2)."""

    about = "division"
    division: DivisionRef
    """The township, such as `township:520402100`."""
    kind: Code
    """The letter, one of the pack's `[[letters]]`."""
    year: Year
    body: Role
    signed_by: Organ
    """The organs that signed. It is published, so it names no person."""


class BreakLetter(Command, frozen=True, kw_only=True):
    """A body finds that a township has broken its letter (1.2)."""

    about = "division"
    division: DivisionRef
    kind: Code
    year: Year
    reason: Reason
    body: Role
    decided_by: Organ


class WithdrawLetter(Correction, frozen=True, kw_only=True):
    """The latest entry about a letter was a mistake: that it was broken, or else the signature."""

    about = "division"
    division: DivisionRef
    kind: Code
    year: Year
