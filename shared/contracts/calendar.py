"""Days and holidays. In real use, a JetStream schedule begins each day; in a simulation, the simulation does."""

from typing import Annotated

from msgspec import Meta

from shared.contracts import Event, Payload
from shared.contracts.values import Day, Organ, Place, RunId, Short, Year
from shared.divisions import COUNTRY

Days = Annotated[tuple[Day, ...], Meta(max_length=100)]
"""The days of a year that a notice names."""


class DayPassed(Event, frozen=True, kw_only=True):
    """A business day has begun. Each service now does whatever is due by this day, once."""

    about = "day"
    needs_policy = False
    label = ("新的一天", "a day passed")
    day: Day
    place: Place = COUNTRY


class DayDue(Payload, frozen=True, kw_only=True):
    """The schedule fired, or the system was started. The registry turns this message into `DayPassed`.

    It carries neither date nor id, so it is no event. Its day is the day, in China, on which the stream recorded it.
    """

    about = "day"
    needs_policy = False
    label = ("日程触发", "day due")
    day: Day
    place: Place = COUNTRY


class HolidaysAnnounced(Event, frozen=True, kw_only=True):
    """A notice says which days are holidays and which are worked, in the whole country (`place` 000000) or a division.

    From now on every service counts by it, and running deadlines are counted again. The same notice may come again and
    then replaces the earlier one.
    """

    about = "notice"
    needs_policy = False
    label = ("节假日安排公布", "holidays announced")
    notice: RunId
    year: Year
    document: Short
    off: Days
    worked: Days = ()
    """Days of weekends that are worked in exchange for holidays."""
    announced_by: Organ


class Movement(Event, frozen=True, kw_only=True):
    """The fields of every event about a running deadline that newly announced holidays moved."""

    deadline: Short
    """Which deadline: the fields and keys under which the service keeps its last day."""
    was: Day
    due: Day
    """The new last day."""
    notice: RunId
    """The announcement that moved it."""
