"""Dates as rules count them: spans with their unit, days of the year, and China's official working days."""

from datetime import date, timedelta
from typing import Annotated

import chinese_calendar
import msgspec


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A length of time as a document states it, with its unit: `{ calendar_days = 7 }`."""

    calendar_days: int = 0
    working_days: Annotated[int, msgspec.Meta(ge=0)] = 0
    months: int = 0
    years: int = 0

    def after(self, start: date) -> date:
        """The last day of the span that begins after `start`: day 7 of seven days' notice is its last day."""
        day = add_months(start, 12 * self.years + self.months) + timedelta(self.calendar_days)
        for _ in range(self.working_days):
            day += timedelta(1)
            while not is_working_day(day):
                day += timedelta(1)
        return day


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last day of a month that is too short."""
    if not months:
        return day
    month = day.year * 12 + day.month - 1 + months
    for back in range(4):
        try:
            return date(month // 12, month % 12 + 1, day.day - back)
        except ValueError:
            continue
    raise AssertionError("no month is shorter than 28 days")


def is_working_day(day: date) -> bool:
    """By the State Council's yearly notices where they are known, by the weekday otherwise."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


class YearDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day of every year: `{ month = 2, day = 28 }`. ValueError if there is no such day in any year."""

    month: int
    day: int

    def __post_init__(self) -> None:
        date(2000, self.month, self.day)

    def of(self, year: int) -> date:
        """This day in a year; the 29th of February is the 28th where the year has none."""
        return add_months(date(2000, self.month, self.day), 12 * (year - 2000))

    def next_after(self, day: date) -> date:
        """The first such day that is later than `day`."""
        this_year = self.of(day.year)
        return this_year if this_year > day else self.of(day.year + 1)
