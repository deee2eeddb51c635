"""Dates as rules count them. Holidays and working weekends are those of the State Council's notices."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import Span, YearDay, add_months, is_working_day

DAYS = st.dates(date(2005, 1, 1), date(2024, 12, 31))
SPANS = st.builds(
    Span,
    calendar_days=st.integers(0, 400),
    working_days=st.integers(0, 30),
    months=st.integers(0, 30),
    years=st.integers(0, 5),
)


def on(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "span", "last"),
    [
        ("2014-06-01", Span(calendar_days=7), "2014-06-08"),
        ("2014-12-31", Span(calendar_days=1), "2015-01-01"),
        ("2016-02-28", Span(calendar_days=1), "2016-02-29"),
        ("2014-06-30", Span(), "2014-06-30"),
        ("2014-01-31", Span(months=1), "2014-02-28"),
        ("2016-01-31", Span(months=1), "2016-02-29"),
        ("2014-08-31", Span(months=6), "2015-02-28"),
        ("2014-12-31", Span(months=2), "2015-02-28"),
        ("2014-02-28", Span(months=1), "2014-03-28"),
        ("2016-02-29", Span(years=1), "2017-02-28"),
        ("2016-02-29", Span(years=4), "2020-02-29"),
        ("2014-07-31", Span(years=3), "2017-07-31"),
        ("2014-01-01", Span(months=3, calendar_days=-1), "2014-03-31"),
        ("2014-11-30", Span(years=1, months=3, calendar_days=1), "2016-03-01"),
        # A weekend, and a Friday's next working day.
        ("2014-06-06", Span(working_days=1), "2014-06-09"),
        ("2014-06-07", Span(working_days=1), "2014-06-09"),
        ("2014-06-09", Span(working_days=5), "2014-06-16"),
        # Spring Festival 2014: off from 31 January to 6 February; 26 January and 8 February are worked.
        ("2014-01-24", Span(working_days=1), "2014-01-26"),
        ("2014-01-30", Span(working_days=1), "2014-02-07"),
        ("2014-01-30", Span(working_days=2), "2014-02-08"),
        ("2014-01-30", Span(working_days=3), "2014-02-10"),
        # Spring Festival 2015: off from 18 to 24 February; 15 and 28 February are worked.
        ("2015-02-13", Span(working_days=1), "2015-02-15"),
        ("2015-02-17", Span(working_days=1), "2015-02-25"),
        ("2015-02-17", Span(working_days=4), "2015-02-28"),
        ("2015-02-17", Span(working_days=5), "2015-03-02"),
        # The National Day of 2014 ends on 7 October; 11 October, a Saturday, is worked.
        ("2014-09-30", Span(working_days=4), "2014-10-11"),
        # Calendar days first, then working days.
        ("2014-09-29", Span(calendar_days=2, working_days=1), "2014-10-08"),
    ],
)
def test_a_span_ends_with_its_last_day(start: str, span: Span, last: str) -> None:
    assert span.after(on(start)) == on(last)


@given(DAYS, st.integers(0, 2000))
def test_calendar_days_are_just_counted(start: date, days: int) -> None:
    assert Span(calendar_days=days).after(start) == start + timedelta(days)


@given(DAYS, st.integers(1, 40))
def test_working_days_are_counted_one_by_one(start: date, days: int) -> None:
    last = Span(working_days=days).after(start)
    between = [start + timedelta(n) for n in range(1, (last - start).days + 1)]
    assert is_working_day(last)
    assert sum(map(is_working_day, between)) == days


@given(DAYS, st.integers(1, 60))
def test_months_keep_the_day_or_end_with_the_month(start: date, months: int) -> None:
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(1)).day == 1)


@given(DAYS, st.integers(0, 10))
def test_a_year_is_twelve_months(start: date, years: int) -> None:
    assert Span(years=years).after(start) == Span(months=12 * years).after(start)


@given(DAYS, st.integers(0, 60), SPANS)
def test_who_begins_later_never_ends_earlier(start: date, later: int, span: Span) -> None:
    assert span.after(start) <= span.after(start + timedelta(later))


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2014-06-03", True),
        ("2014-06-07", False),
        ("2014-06-02", False),  # The Dragon Boat Festival, a Monday.
        ("2014-09-28", True),  # A Sunday, worked for the National Day.
        ("2015-09-03", False),  # The day of victory, a holiday in that year alone.
        ("2016-09-03", False),  # A Saturday.
        ("2090-09-04", True),  # No notice is known yet: a Monday and a Saturday.
        ("2090-09-02", False),
    ],
)
def test_working_days_are_the_official_ones(day: str, worked: bool) -> None:
    assert is_working_day(on(day)) is worked


@pytest.mark.parametrize(
    ("month", "day", "year", "is_"),
    [
        (6, 30, 2014, "2014-06-30"),
        (2, 29, 2016, "2016-02-29"),
        (2, 29, 2015, "2015-02-28"),
        (12, 31, 2014, "2014-12-31"),
    ],
)
def test_a_day_of_every_year_exists_in_every_year(month: int, day: int, year: int, is_: str) -> None:
    assert YearDay(month, day).of(year) == on(is_)


@pytest.mark.parametrize(
    ("after", "next_"),
    [
        ("2014-06-19", "2014-06-20"),
        ("2014-06-20", "2015-06-20"),
        ("2014-12-31", "2015-06-20"),
    ],
)
def test_the_next_of_a_yearly_day_is_a_later_one(after: str, next_: str) -> None:
    assert YearDay(6, 20).next_after(on(after)) == on(next_)


@given(st.integers(1, 12), st.integers(1, 31), DAYS)
def test_the_next_of_a_yearly_day_comes_within_a_year(month: int, day: int, after: date) -> None:
    if day > (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31):
        with pytest.raises(ValueError):
            YearDay(month, day)
        return
    next_ = YearDay(month, day).next_after(after)
    assert after < next_ <= Span(years=1, calendar_days=1).after(after)
    assert next_ == YearDay(month, day).of(next_.year)


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        (YearDay, '{"month": 13, "day": 1}', "month must be in 1..12"),
        (YearDay, '{"month": 2, "day": 30}', "day is out of range"),
        (YearDay, '{"month": 6}', "day"),
        (Span, '{"working_days": -1}', "working_days"),
        (Span, '{"days": 7}', "days"),
        (Span, '{"months": 1.5}', "months"),
    ],
)
def test_what_no_calendar_has_is_refused(kind: type, text: str, says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.json.decode(text, type=kind)
