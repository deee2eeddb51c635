"""The day as it is told to all: the server's schedule fires, and one service says which day that is."""

from datetime import date

from shared.contracts.calendar import DayDue, DayPassed
from shared.policy import Policy
from shared.rules import Change, State


class Clock(State, frozen=True, kw_only=True):
    """The last day that was told; there is one clock, with the id `china`."""

    kind = "clocks"
    day: date

    @property
    def status(self) -> str:
        return self.day.isoformat()


def strike(clock: Clock | None, due: DayDue, _policy: Policy | None, _today: date) -> Change:
    """Tell that a day has begun, once, however often the schedule fires or the system is started on it."""
    if clock is not None and clock.day >= due.day:
        return Change(clock)
    return Change(Clock(id="china", place=due.place, day=due.day), (DayPassed(day=due.day),))
