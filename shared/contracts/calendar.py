"""The days. They come from a JetStream schedule in real use and from the simulation otherwise."""

from typing import Annotated

from msgspec import Meta

from shared.contracts import Event, Payload
from shared.contracts.values import Day, Organ, Place, RunId, Short, Year

Days = Annotated[tuple[Day, ...], Meta(max_length=100)]
"""The days of a year of which a notice tells."""


class DayPassed(Event, frozen=True, kw_only=True):
    """A business day has begun; whatever fell due up to and including it is to be done, once."""

    about = "day"
    needs_policy = False
    label = ("新的一天", "a day passed")
    day: Day
    place: Place = "000000"


class DayDue(Payload, frozen=True, kw_only=True):
    """The server's schedule fired, or the system was started: the registry turns it into `DayPassed`.

    A fired schedule carries neither date nor id, so it is no event: its day is the one, in China, on which the stream
    recorded it.
    """

    about = "day"
    needs_policy = False
    label = ("日程触发", "day due")
    day: Day
    place: Place = "000000"


class HolidaysAnnounced(Event, frozen=True, kw_only=True):
    """A notice tells on which days is rested or worked, in the whole country (`place` 000000) or in one division.

    Every service counts by it from now on, and counts again what runs already. The same notice again replaces itself.
    """

    about = "notice"
    needs_policy = False
    label = ("节假日安排公布", "holidays announced")
    notice: RunId
    year: Year
    document: Short
    off: Days
    worked: Days = ()
    """Weekend days that are worked in exchange."""
    announced_by: Organ


class Movement(Event, frozen=True, kw_only=True):
    """What every service says of a running deadline that newly announced holidays moved."""

    deadline: Short
    """Which one: the fields and keys under which the service keeps its last day."""
    was: Day
    due: Day
    """Its last day now."""
    notice: RunId
    """The announcement that moved it."""
