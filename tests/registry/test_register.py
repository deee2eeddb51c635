from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.model import commands as c
from shared.contracts.registry import IndicatorsMeasured, Unmet
from tests.registry.county import AT, BENXI, TAKE_OVER, County, again, household, of_type, pack

LINE_2014 = BENXI["exit"]["poverty_line"]["2014"]
BY_2014 = date(2014, 12, 1)
HOLIDAYS = c.AnnounceHolidays(
    place="000000",
    notice="2015",
    year=2015,
    document="国办发〔2014〕9号",
    off=(date(2015, 1, 1),),
    announced_by="国务院",
)


def with_bound(bound: float) -> County:
    [incidence, *others] = BENXI["exit"]["criteria"]
    return County(pack(exit={"criteria": [{**incidence, "below": bound}, *others]}))


@pytest.mark.parametrize(
    ("poor", "bound", "meets"),
    [
        (913, 0.02, False),
        (145, 0.02, True),
        (913, 0.03, False),
        (145, 0.03, True),
        (200, 0.02, False),
        (199, 0.02, True),
    ],
)
def test_1_18_an_incidence_of_9_13_percent_fails_and_1_45_percent_passes(poor: int, bound: float, meets: bool) -> None:
    county = with_bound(bound).registered(listed=True, population=10_000)
    county.until(BY_2014).count(2014, poor_persons=poor)
    [event] = county.measure(2014)
    assert event.values["incidence"] == poor / 10_000
    assert [unmet.indicator for unmet in event.unmet] == ([] if meets else ["incidence"])


def test_1_18_a_typed_in_incidence_is_refused() -> None:
    county = County().listed().until(BY_2014).count(2014)
    measurement = c.MeasureIndicators(**AT, year=2014, values={"incidence": 0.01}, measured_by="镇")
    refused = county.refusal(measurement)
    assert (refused.rule, refused.status, refused.field) == ("1.18", 422, "values.incidence")


@pytest.mark.parametrize(
    ("facts", "poor"),
    [
        ({"income": LINE_2014 - 1}, True),
        ({"income": LINE_2014}, False),
        ({"income": 9_000, "secured": False}, True),
        ({"income": 0, "secured": False, "registered": False}, False),
    ],
)
def test_1_18_who_counts_as_poor(facts: dict[str, Any], poor: bool) -> None:
    county = County().listed().until(BY_2014)
    county.do(c.RecordHouseholds(**AT, year=2014, households=(household(persons=5, **facts),), recorded_by="镇"))
    [event] = county.measure(2014)
    assert event.values["incidence"] == (0.005 if poor else 0)


households = st.lists(
    st.builds(
        household,
        id=st.sampled_from([f"H{n}" for n in range(12)]),
        persons=st.integers(1, 9),
        income=st.integers(0, 6_000),
        secured=st.booleans(),
        registered=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda facts: facts.household,
)


@settings(max_examples=60, deadline=None)
@given(first=households, second=households)
def test_1_18_incidence_follows_from_the_latest_facts_of_each_household_and_past_years_stay(
    first: list[c.HouseholdFacts], second: list[c.HouseholdFacts]
) -> None:
    def expected(facts: list[c.HouseholdFacts], line: int) -> float:
        latest = {fact.household: fact for fact in facts}.values()
        return sum(f.persons for f in latest if f.registered and (f.income < line or not f.secured)) / 1000

    county = County().listed().until(BY_2014)
    county.do(c.RecordHouseholds(**AT, year=2014, households=tuple(first), recorded_by="镇"))
    county.until(date(2015, 12, 1))
    county.do(c.RecordHouseholds(**AT, year=2015, households=tuple(second), recorded_by="镇"))
    lines = BENXI["exit"]["poverty_line"]
    assert county.measure(2015)[0].values["incidence"] == expected([*first, *second], lines["2015"])
    assert county.measure(2014)[0].values["incidence"] == expected(first, lines["2014"])


def test_5_1_unmet_criteria_are_told_with_their_movers() -> None:
    county = County().listed().until(BY_2014).count(2014, poor_persons=30)
    [event] = county.do(c.MeasureIndicators(**AT, year=2014, values={"safe_water": 0.9}, measured_by="镇"))
    assert event.unmet == (
        Unmet("incidence", 0.03, 0.02, "team", "below"),
        Unmet("collective_income", None, 20_000, "unit", "at_least"),
        Unmet("safe_water", 0.9, 1.0, "county", "at_least"),
        Unmet("hard_road", None, 0.95, "county", "at_least"),
    )


def test_an_indicator_that_the_pack_does_not_know_is_refused_with_those_it_knows() -> None:
    county = County().listed().until(BY_2014).count(2014)
    misspelt = c.MeasureIndicators(**AT, year=2014, values={"save_water": 1.0}, measured_by="镇")
    refused = county.refusal(misspelt)
    assert refused.field == "values.save_water" and "safe water" in refused.en


def test_1_18_no_measurement_without_household_facts_of_the_year() -> None:
    county = County().listed().until(BY_2014)
    measurement = c.MeasureIndicators(**AT, year=2014, values={}, measured_by="镇")
    assert county.refusal(measurement).rule == "1.18"
    county.count(2014).measure(2014)
    county.until(date(2015, 12, 1))
    assert county.refusal(again(measurement, year=2015)).field == "year"


def test_1_18_measuring_again_with_the_same_figures_says_nothing_and_with_others_corrects() -> None:
    county = County().listed().until(BY_2014).count(2014)
    assert len(county.measure(2014)) == 1
    assert county.measure(2014) == []
    [event] = county.measure(2014, safe_water=0.5)
    assert [u.indicator for u in event.unmet] == ["safe_water"] == [u.indicator for u in county.village.unmet]


def test_1_18_corrected_household_facts_correct_the_years_figures() -> None:
    county = County().listed().until(BY_2014).count(2014, poor_persons=10)
    county.measure(2014)
    correction = c.RecordHouseholds(**AT, year=2014, households=(household("H9", 30, 900),), recorded_by="镇")
    [event] = of_type(county.correct(correction), IndicatorsMeasured)
    assert event.values == {**county.register.measurements["2014"], "incidence": 0.03}
    assert county.village.unmet[0].value == 0.03
    assert county.do(correction) == []


@pytest.mark.parametrize(("year", "status"), [(2016, 422), (2014, 409)])
def test_household_facts_belong_to_a_year_that_is_neither_to_come_nor_closed(year: int, status: int) -> None:
    county = County().listed()
    county.do(c.RecordHouseholds(**AT, year=2014, households=(household(),), recorded_by="镇"))
    county.until(date(2015, 12, 1)).count(2015)
    late = c.RecordHouseholds(**AT, year=year, households=(), recorded_by="镇")
    assert county.refusal(late).status == status


def test_1_18_facts_of_a_missed_year_serve_for_that_year_alone() -> None:
    county = County().listed().until(date(2015, 12, 1)).count(2015, poor_persons=10)
    county.do(c.RecordHouseholds(**AT, year=2014, households=(household("H9", 50, 500),), recorded_by="镇"))
    assert county.measure(2014)[0].values["incidence"] == 0.05
    assert county.measure(2015)[0].values["incidence"] == 0.01


def test_1_18_incidence_is_a_share_of_the_population_as_it_is() -> None:
    county = County().listed().until(BY_2014).count(2014, poor_persons=10)
    fewer = c.RegisterVillage(**AT, name="上石村", township="小市镇", population=800, listed=True)
    county.correct(fewer)
    assert county.measure(2014)[0].values["incidence"] == 0.0125


@pytest.mark.parametrize("year", [1990, 2013])
def test_1_18_a_year_without_any_poverty_line_is_refused_with_those_that_have_one(year: int) -> None:
    county = County().listed().until(BY_2014)
    for command in (
        c.RecordHouseholds(**AT, year=year, households=(household(),), recorded_by="镇"),
        c.MeasureIndicators(**AT, year=year, values={"safe_water": 1.0}, measured_by="镇"),
    ):
        refused = county.refusal(command)
        assert (refused.status, refused.field) == (422, "year")
        assert str(year) in refused.zh and "2014、2015、2016、2017" in refused.zh and "2014, 2015" in refused.en


@pytest.mark.parametrize(
    ("command", "field", "named"),
    [
        (
            c.RecordHouseholds(
                **AT, year=2014, households=(household("N1"), household("N2"), household("N1", 5)), recorded_by="镇"
            ),
            "households",
            "N1",
        ),
        (
            c.CorrectFigures(
                **AT, year=2014, households=(household("N1"), household("N1")), reason="误录", decided_by="县扶贫办"
            ),
            "households",
            "N1",
        ),
        (
            c.MergeVillages(**AT, merged=("210521100202",) * 2, since=BY_2014, document="文", decided_by="县"),
            "merged",
            "202",
        ),
        (
            c.SplitVillage(
                **AT,
                parts=(
                    c.NewVillage(
                        code="210521100299", name="新村", township="镇", population=9, households=("N1", "N1")
                    ),
                ),
                since=BY_2014,
                document="文",
                decided_by="县",
            ),
            "parts[0].households",
            "N1",
        ),
        (
            c.SplitVillage(
                **AT,
                parts=(c.NewVillage(code="210521100299", name="新村", township="镇", population=9),) * 2,
                since=BY_2014,
                document="文",
                decided_by="县",
            ),
            "parts",
            "299",
        ),
        (again(TAKE_OVER, figures=TAKE_OVER.figures[:1] * 2), "figures", "2014"),
        (again(TAKE_OVER, problems=TAKE_OVER.problems * 2), "problems", "1"),
        (again(HOLIDAYS, off=(date(2015, 1, 1),) * 2), "off", "2015"),
        (again(HOLIDAYS, worked=(date(2015, 1, 4),) * 2), "worked", "2015"),
    ],
)
def test_what_is_named_twice_in_one_list_is_refused(command: Any, field: str, named: str) -> None:
    """Else the last entry would win, and the other one would be lost in silence."""
    refused = County().listed().until(BY_2014).refusal(command)
    assert (refused.status, refused.field) == (422, field)
    assert named in refused.zh and named in refused.en and "两次" in refused.zh
    assert "-" not in refused.zh, "a day is written as people write it"


def test_1_18_facts_that_come_late_are_those_of_the_last_day_of_their_year() -> None:
    county = County().listed().until(date(2015, 1, 20)).count(2014)
    assert county.register.households["H1"].as_of == date(2014, 12, 31)
    county = County().listed().until(BY_2014).count(2014)
    assert county.register.households["H1"].as_of == BY_2014
