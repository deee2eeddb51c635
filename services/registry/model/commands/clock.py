"""Holidays that are announced."""

from shared.contracts import Command
from shared.contracts.calendar import Days
from shared.contracts.values import Organ, Revision, RunId, Short, Year


class AnnounceHolidays(Command, frozen=True, kw_only=True):
    """Holidays are announced, in the whole country (`place` 000000) or in one division, as a document says."""

    about = "notice"
    needs_policy = False
    notice: RunId
    """A short name, such as `2027`; the same name again can replace what it said."""
    year: Year
    document: Short
    """The document's number, and its article where it has any: 国办发明电〔2025〕7号."""
    off: Days
    worked: Days = ()
    """Weekend days that are worked in exchange."""
    announced_by: Organ
    replaces: Revision | None = None
    """The version that a refusal named, to overwrite what this notice said before."""
