"""The schedule of days: each day is told once, and the next one always."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.registry.model import Clock
from shared.contracts.calendar import DayDue, DayPassed
from tests.registry.county import BEGIN, DAY, County


def struck(county: County, *days: date) -> list[date]:
    """The days that are told after the schedule has fired on these."""
    said = [event for day in days for event in county.hear(DayDue(day=day))]
    assert all(isinstance(event, DayPassed) for event in said)
    return [event.day for event in said]


def test_two_days_struck_are_two_days_told_and_the_same_or_an_earlier_one_is_not() -> None:
    county = County()
    assert struck(county, BEGIN, BEGIN + DAY) == [BEGIN, BEGIN + DAY]
    assert struck(county, BEGIN + DAY, BEGIN) == []
    assert struck(county, BEGIN + 2 * DAY) == [BEGIN + 2 * DAY]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20))
def test_days_are_told_in_order_however_often_the_schedule_fires(fired: list[int]) -> None:
    county = County()
    told = struck(county, *(BEGIN + timedelta(n) for n in fired))
    assert told == sorted({BEGIN + timedelta(n) for i, n in enumerate(fired) if n > max(fired[:i], default=-1)})
    assert county.world.state("registry", Clock, "china").day == BEGIN + timedelta(max(fired))
