"""Dates as rules count them: spans with a unit, days of the year, and the official calendar of working days."""

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

DAY = timedelta(1)
CHINA = ZoneInfo("Asia/Shanghai")
"""The time zone of the whole country: a business day begins at midnight there."""


class Calendar:
    """Which days are worked: Monday to Friday, except where a notice says otherwise. A calendar never changes."""

    def __init__(self, said: Mapping[date, bool], known_until: date) -> None:
        self.said = said
        """For each day that a notice names: whether it is worked (True) or rested (False)."""
        self.known_until = known_until
        """31 December of the last year whose notice is known. No earlier year is missing."""
        differing = sorted(
            (day.toordinal(), 1 if works else -1) for day, works in said.items() if works is not _week(day)
        )
        self._days = [day for day, _ in differing]
        self._more = [0, *accumulate(more for _, more in differing)]

    def works(self, day: date) -> bool:
        """Whether a day is worked."""
        return self.said.get(day, _week(day))

    def later(self, day: date, working_days: int) -> date:
        """The day that is `working_days` working days after `day`, found by bisection: long spans are quick, too."""
        first = day.toordinal()
        wanted = self._worked(first) + working_days
        last = first + 2 * working_days + 2 * len(self._days) + 14
        return date.fromordinal(first + 1 + bisect_left(range(first + 1, last), wanted, key=self._worked))

    def told(self, off: Iterable[date], worked: Iterable[date], *, year: int | None = None) -> "Calendar":
        """This calendar with a notice added: the days that it lets people rest (`off`) and work (`worked`).

        `year` is given for the State Council's yearly notice only. It moves `known_until` if it is the following year.
        """
        said = {**self.said, **dict.fromkeys(off, False), **dict.fromkeys(worked, True)}
        follows = year == self.known_until.year + 1
        return Calendar(said, date(self.known_until.year + 1, 12, 31) if follows else self.known_until)

    def _worked(self, ordinal: int) -> int:
        """How many working days there are up to a day, given as its ordinal. Ordinal 1 is a Monday, 0001-01-01."""
        weeks, rest = divmod(ordinal, 7)
        return 5 * weeks + min(rest, 5) + self._more[bisect_right(self._days, ordinal)]


def _week(day: date) -> bool:
    return day.weekday() < 5


@cache
def national() -> Calendar:
    """The calendar by the State Council's notices that are in `holidays.toml`."""
    notices = tomllib.loads((resources.files("shared") / "holidays.toml").read_text("utf-8"))["notices"]
    said = {
        day: works
        for notice in notices
        for days, works in ((notice["off"], False), (notice["worked"], True))
        for day in days
    }
    return Calendar(said, date(notices[-1]["year"], 12, 31))


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """一段时间，写明单位。 · A length of time as a document states it, with its unit: `{ calendar_days = 7 }`.

    The bounds are ten years in days and fifty in months or years, longer than any programme.
    """

    calendar_days: Annotated[int, Meta(ge=-3660, le=3660)] = 0
    """日历日；督查时间可倒扣，如三个月少一天。 · Calendar days; a campaign may count some back from a round time."""
    working_days: Annotated[int, Meta(ge=0, le=3660)] = 0
    """工作日，按国务院办公厅公布的节假日安排计算。 · Working days by the official calendar."""
    months: Annotated[int, Meta(ge=0, le=600)] = 0
    """月。 · Months."""
    years: Annotated[int, Meta(ge=0, le=50)] = 0
    """年。 · Years."""
    roll: bool = False
    """最后一日是节假日的，顺延至节假日后第一个工作日。 · A last day that is a holiday moves to the next working day."""

    @property
    def follows_calendar(self) -> bool:
        """Whether holidays can move the last day: it counts working days, or rolls over a holiday."""
        return self.roll or self.working_days > 0

    def after(self, start: date, calendar: Calendar) -> date:
        """The last day of the span. The day after `start` is the first one: seven days from 1 March end on 8 March."""
        day = add_months(start, 12 * self.years + self.months) + timedelta(self.calendar_days)
        if self.working_days:
            day = calendar.later(day, self.working_days)
        return calendar.later(day, 1) if self.roll and not calendar.works(day) else day


def add_months(day: date, months: int) -> date:
    """The same day some months later: 31 January and one month is the last day of February."""
    if not months:
        return day
    month = day.year * 12 + day.month - 1 + months
    for back in range(4):
        try:
            return date(month // 12, month % 12 + 1, day.day - back)
        except ValueError:
            continue
    raise AssertionError("no month is shorter than 28 days")


class YearDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """每年的一天。 · A day of every year: `{ month = 2, day = 28 }`. ValueError if no year has it."""

    month: Annotated[int, Meta(ge=1, le=12)]
    """月。 · The month."""
    day: Annotated[int, Meta(ge=1, le=31)]
    """日；2 月 29 日在平年按 28 日计。 · The day; 29 February is the 28th where the year has none."""

    def __post_init__(self) -> None:
        date(2000, self.month, self.day)

    def of(self, year: int) -> date:
        """This day in a year; 29 February becomes 28 February in a year that has none."""
        try:
            return date(year, self.month, self.day)
        except ValueError:
            return date(year, 2, 28)

    def next_after(self, day: date) -> date:
        """The first such day that is later than `day`."""
        this_year = self.of(day.year)
        return this_year if this_year > day else self.of(day.year + 1)
