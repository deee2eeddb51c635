"""The schedule of days: each day is told once, and the next one always."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.registry.model import Clock
from services.registry.tables import TABLES
from shared.contracts.calendar import DayDue, DayPassed
from shared.divisions import COUNTRY
from shared.engine import store
from tests.registry.county import BEGIN, DAY, County
from tests.registry.office import office


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


async def test_the_next_years_holidays_are_awaited_also_where_the_country_has_no_pack(database: str) -> None:
    late = Clock(id="china", place=COUNTRY, day=date(2099, 12, 1))
    async with office(database) as desk:
        async with desk.pipeline.engine.begin() as conn:
            await store.save_states(conn, TABLES, [late])
        awaited = (await desk.get("/v1/tasks", place=COUNTRY)).json()
    assert [(one["task"]["action"], one["task"]["answer"]["year"]) for one in awaited] == [
        ("holidays", late.known_until.year + 1)
    ]
