"""The chart of stages: whole numbers at its side that are few and round, and years that do not overlap."""

from datetime import date

import pytest

from services.console.model.chart import BOTTOM, HEIGHT, LEFT, WIDTH, by_month, stacked


@pytest.mark.parametrize(
    ("villages", "numbers"),
    [
        (1, ["0", "1"]),
        (4, ["0", "1", "2", "3", "4"]),
        (5, ["0", "2", "4"]),
        (20, ["0", "5", "10", "15", "20"]),
        (21, ["0", "10", "20"]),
        (64, ["0", "20", "40", "60"]),
        (2000, ["0", "500", "1,000", "1,500", "2,000"]),
        (128000, ["0", "50,000", "100,000"]),
    ],
)
def test_the_numbers_at_the_side_are_round_however_many_villages_there_are(villages: int, numbers: list[str]) -> None:
    chart = stacked([(date(2014, 6, 1), {"listed": villages})], ["listed"], date(2014, 7, 1))
    assert chart and [mark.text for mark in chart.numbers] == numbers


@pytest.mark.parametrize(
    ("until", "years"),
    [
        (2014, []),
        (2015, ["2015"]),
        (2020, ["2015", "2016", "2017", "2018", "2019", "2020"]),
        (2022, ["2015", "2016", "2017", "2018", "2019", "2020", "2021", "2022"]),
        (2023, ["2015", "2017", "2019", "2021", "2023"]),
    ],
)
def test_at_most_eight_years_are_marked(until: int, years: list[str]) -> None:
    chart = stacked([(date(2014, 6, 1), {"listed": 3})], ["listed"], date(until, 7, 1))
    assert chart and [mark.text for mark in chart.years] == years


def test_areas_stand_upon_the_bottom_and_reach_as_high_as_there_are_villages() -> None:
    begin, end = date(2014, 1, 1), date(2015, 1, 1)
    chart = stacked([(begin, {"listed": 3, "matched": 1})], ["listed", "matched"], end)
    assert chart is not None
    (nought, *_, four), (area, above) = chart.numbers, chart.areas
    assert (nought.at, four.at) == (HEIGHT - BOTTOM + 4, 4.0)
    points = [tuple(map(float, point.split(","))) for point in area.points.split()]
    assert {x for x, _ in points} == {LEFT, WIDTH} and max(y for _, y in points) == nought.at
    assert min(float(point.split(",")[1]) for point in above.points.split()) == four.at


def test_what_began_on_the_day_itself_is_shown_too() -> None:
    chart = stacked([(date(2014, 6, 1), {"listed": 3})], ["listed"], date(2014, 6, 1))
    assert chart and [area.name for area in chart.areas] == ["listed"] and "nan" not in chart.areas[0].points


def test_who_left_a_stage_in_the_month_is_counted_in_the_next_one_alone() -> None:
    changes = [
        (date(2014, 6, 3), "listed", 2),
        (date(2014, 6, 9), "listed", -1),
        (date(2014, 6, 9), "matched", 1),
        (date(2014, 8, 1), "listed", -1),
        (date(2014, 8, 1), "matched", 1),
    ]
    months = by_month(changes)
    assert months == [(date(2014, 6, 1), {"listed": 1, "matched": 1}), (date(2014, 8, 1), {"matched": 2})]
    chart = stacked(months, ["listed", "matched", "noticed"], date(2014, 9, 1))
    assert chart and [area.name for area in chart.areas] == ["listed", "matched"]
    assert chart.table == [(date(2014, 9, 1), {"matched": 2})] and stacked([], ["listed"], date(2014, 9, 1)) is None
