"""The register follows the rounds: who is lifted, what the incidence is, and what an exit is judged by (1.18, 5.2)."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.model import commands as c
from shared.contracts.registry import ExitRequested, HouseholdsLifted, IndicatorsMeasured
from tests.registry.county import AT, MET, REQUEST, County, again, household, of_type
from tests.support.rounds import OF, OPEN, answered, opened, round_of, step

WHY: dict[str, Any] = {"reason": "误录", "decided_by": "镇政府"}
BACK = c.WithdrawStep(**OF, step="announce", **WHY)


def through(county: County, **answers: bool) -> list[Any]:
    """The round from its first step to its last; what the last one said."""
    county.do(step("appraise"), answered(**answers))
    county.do(c.PostNotice(**OF, body="village", posted_by="村"))
    county.until(county.world.today.replace(day=county.world.today.day + 8)).do(step("review"))
    return county.do(step("announce"))


def measured(county: County) -> County:
    county.do(c.MeasureIndicators(**AT, year=2014, values=MET, measured_by="镇"))
    return county


def test_1_18_5_2_a_household_is_poor_until_a_round_has_lifted_it() -> None:
    county = measured(opened())
    assert county.village.values["incidence"] == 26 / 1000, "four households of four and ten poor people"
    assert "0.026" in county.refusal(REQUEST).en
    ended = through(county, H1=True, H2=True, H3=True, H4=False)
    [told] = of_type(ended, IndicatorsMeasured)
    assert told.values == {**MET, "incidence": 14 / 1000} and not told.unmet
    [asked] = county.do(REQUEST)
    assert (asked.lifted, asked.persons, asked.remaining, asked.outside) == (("H1", "H2", "H3"), (4, 4, 4), 2, 974)


def test_5_2_a_lifting_by_mistake_is_taken_back_and_repeated_and_the_figures_add_up() -> None:
    county = measured(opened())
    through(county, H1=True, H2=True, H3=True, H4=True)
    back = county.do(BACK)
    assert of_type(back, IndicatorsMeasured)[0].values["incidence"] == 26 / 1000
    assert county.do(BACK) == [] and county.refusal(REQUEST).status == 409
    again_said = county.do(step("announce"))
    assert len(of_type(again_said, HouseholdsLifted)) == 1
    assert county.village.values["incidence"] == 10 / 1000


def test_5_2_what_an_exit_is_judged_by_is_not_taken_back() -> None:
    county = measured(opened())
    through(county, H1=True, H2=True, H3=True, H4=True)
    county.do(REQUEST)
    assert "figure-corrections" in county.refusal(BACK).en


def test_5_2_a_household_is_lifted_once_and_poor_again_in_a_year_whose_facts_say_so() -> None:
    county = measured(opened())
    through(county, H1=True, H2=True, H3=True, H4=True)
    assert county.refusal(again(OPEN, matter="2014-2")).field == "members"
    county.until(date(2015, 12, 1))
    county.do(c.RecordHouseholds(**AT, year=2015, households=(household("H1", income=900),), recorded_by="镇"))
    county.measure(2015)
    assert county.register.past["2014"] == 10 / 1000 and county.village.values["incidence"] == 14 / 1000


def test_5_2_a_lifting_counts_from_its_year_on() -> None:
    county = opened().until(date(2015, 1, 5))
    through(county, H1=True, H2=True, H3=True, H4=True)
    assert county.register.incidence(2014, county.policy) == 26 / 1000
    assert county.register.incidence(2015, county.policy) == 10 / 1000


@pytest.mark.parametrize("measure_first", [True, False])
def test_1_18_households_that_left_a_village_are_not_lifted_in_it(measure_first: bool) -> None:
    county = measured(opened()) if measure_first else opened()
    county.do(step("appraise"), answered(H1=True, H2=True, H3=True, H4=True))
    county.do(c.WithdrawHousehold(**AT, household="H4", **WHY))
    county.do(c.PostNotice(**OF, body="village", posted_by="村"))
    county.until(date(2014, 12, 9)).do(step("review"))
    [lifted] = of_type(county.do(step("announce")), HouseholdsLifted)
    assert lifted.households == ("H1", "H2", "H3")


HOMES = ("H1", "H2", "H3", "H4")
MOVE = st.one_of(
    st.tuples(st.just("round"), st.lists(st.booleans(), min_size=4, max_size=4)),
    st.tuples(st.just("back"), st.none()),
    st.tuples(st.just("repeat"), st.none()),
    st.tuples(st.just("facts"), st.tuples(st.sampled_from(HOMES), st.sampled_from([900.0, 9_000.0]))),
)


@settings(max_examples=25, deadline=None)
@given(moves=st.lists(MOVE, max_size=6), measure=st.booleans())
def test_5_2_never_more_are_lifted_than_there_are_and_the_figures_add_up(moves: list[Any], measure: bool) -> None:
    county = measured(opened()) if measure else opened()
    begun, lifted, incomes = False, set[str](), dict.fromkeys(HOMES, 9_000.0)
    for what, how in moves:
        if what == "round" and not begun and any(how):
            begun = True
            through(county, **dict(zip(HOMES, how, strict=True)))
            lifted = {home for home, yes in zip(HOMES, how, strict=True) if yes}
        elif what == "back" and begun:
            county.do(BACK)
            lifted = set()
        elif what == "repeat" and begun and not lifted:
            lifted = {*of_type(county.do(step("announce")), HouseholdsLifted)[0].households}
        elif what == "facts":
            incomes[how[0]] = how[1]
            county.sure(
                c.RecordHouseholds(**AT, year=2014, households=(household(how[0], income=how[1]),), recorded_by="镇")
            )
        out = {home for home in lifted if incomes[home] == 9_000.0}
        register = county.register
        assert {id for id, one in register.households.items() if one.lifted} == lifted <= {*register.households}
        assert register.incidence(2014, county.policy) == (26 - 4 * len(out)) / 1000
        if measure:
            assert county.village.values["incidence"] == (26 - 4 * len(out)) / 1000
    if county.village.can_leave:
        [asked] = of_type(county.do(REQUEST), ExitRequested)
        assert sum(asked.persons) + asked.outside + 4 * (asked.remaining - 1) + 10 == 1000


def test_5_2_a_lifting_is_not_taken_back_once_one_of_its_households_has_gone() -> None:
    county = measured(opened())
    through(county, H1=True, H2=True, H3=True, H4=True)
    county.do(c.WithdrawHousehold(**AT, household="H4", **WHY))
    refused = county.refusal(BACK)
    assert "household H4, which has gone" in refused.en and "H4" in refused.zh and refused.rule == "S3"


def test_5_2_a_notice_of_a_round_is_posted_and_not_taken_as_a_step() -> None:
    county = opened()
    county.do(step("appraise"), answered(H1=True, H2=True, H3=True, H4=True))
    assert "`notices`" in county.refusal(step("village_notice")).en


def test_5_2_an_earlier_step_is_not_taken_back_before_the_later_one_whatever_else_stands_in_the_way() -> None:
    county = measured(opened())
    through(county, H1=True, H2=True, H3=True, H4=True)
    county.do(REQUEST)
    assert "公告" in county.refusal(again(BACK, step="review")).zh
    assert "figure-corrections" in county.refusal(BACK).en


def test_5_2_whoever_reads_a_round_that_has_passed_sees_whom_it_is_about() -> None:
    county = opened()
    assert sorted(round_of(county).shown().course.members) == ["H1", "H2", "H3", "H4"]
