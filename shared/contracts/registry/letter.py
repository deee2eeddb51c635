"""Events of the letters of responsibility that a county signs with its townships (1.2)."""

from shared.contracts import Event
from shared.contracts.values import Code, Day, DivisionRef, EventRole, Organ, Reason, Year


class OfLetter(Event, frozen=True, kw_only=True):
    """What the events about a township's letter have in common."""

    about = "division"
    division: DivisionRef
    """The township."""
    kind: Code
    """The letter, as the pack names it."""
    year: Year


class LetterSigned(OfLetter, frozen=True, kw_only=True):
    """A township signed its letter of responsibility for a year (1.2)."""

    label = ("签订责任书", "letter of responsibility signed")
    source = "1.2"
    renewed: bool
    """Whether it had one the year before."""
    signed_by: Organ
    """The organs that signed it, never a person."""


class LetterOverdue(OfLetter, frozen=True, kw_only=True):
    """A letter was not signed by its day. It is told once, and owed until the end of the year (1.2)."""

    label = ("责任书逾期未签订", "letter of responsibility not signed in time")
    source = "1.2"
    due: Day
    owed_by: EventRole


class LetterBroken(OfLetter, frozen=True, kw_only=True):
    """A body found that a township has broken its letter (1.2)."""

    label = ("未履行责任书", "letter of responsibility broken")
    source = "1.2"
    reason: Reason
    decided_by: Organ


class LetterWithdrawn(OfLetter, frozen=True, kw_only=True):
    """A signature, or that a letter was broken, was entered by mistake."""

    label = ("撤回责任书登记", "entry of a letter withdrawn")
    broken: bool
    """Whether it was the finding that it was broken; else it was the signature, and the letter is owed again."""
    reason: Reason
    decided_by: Organ
