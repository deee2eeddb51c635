"""The days. They come from a JetStream schedule in real use and from the simulation otherwise (DESIGN §5)."""

from datetime import date

from shared.contracts import Event, Place


class DayPassed(Event, frozen=True, kw_only=True):
    """A business day has begun; whatever fell due up to and including it is to be done, once."""

    about = "day"
    label = ("新的一天", "a day passed")
    day: date
    place: Place = "000000"


class DayDue(Event, frozen=True, kw_only=True):
    """The server's schedule fired: the registry turns it into `DayPassed`, which has a date and an id of its own.

    A fired schedule carries neither, so the receiver takes the day from the stream's time stamp, in China's time.
    """

    about = "day"
    needs_policy = False
    label = ("日程触发", "day due")
    day: date
    place: Place = "000000"
