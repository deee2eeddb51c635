"""The days. They come from a JetStream schedule in real use and from the simulation otherwise (DESIGN §5)."""

from shared.contracts import Event, Payload
from shared.contracts.values import Day, Place


class DayPassed(Event, frozen=True, kw_only=True):
    """A business day has begun; whatever fell due up to and including it is to be done, once."""

    about = "day"
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
