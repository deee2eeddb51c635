"""Where a pack binds cadres to households, the register tells which households are poor (0.2)."""

from datetime import date
from typing import Any

from services.registry.model import commands as c
from shared.contracts.registry import HouseholdsCounted
from tests.registry.county import (
    AT,
    BEGIN,
    BENXI,
    CITY,
    PLACE,
    VILLAGE,
    WHY,
    County,
    household,
    of_type,
    pack,
    record,
)
from tests.support.packs import HELPER
from tests.support.rounds import OF, OPEN, ROUND, answered, step

OTHER, PART = "210521100202", "210521100301"
ON: dict[str, Any] = {"since": BEGIN, "document": "辽政〔2014〕9号", "decided_by": "县政府"}
HELPED = {"links": [*BENXI["links"], HELPER]}


def counted(said: list[Any]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """What was told: the village, its poor households and the lifted ones."""
    assert all(event.is_sealed() for event in of_type(said, HouseholdsCounted)), "it describes persons"
    return [(event.village, event.poor, event.lifted) for event in of_type(said, HouseholdsCounted)]


def facts(county: County, *of: c.HouseholdFacts, year: int = 2014) -> list[Any]:
    return county.sure(c.RecordHouseholds(**AT, year=year, households=of, recorded_by="镇"))


POOR = (household("H1", income=900), household("H2", secured=False), household("H3"))


def test_0_2_the_poor_are_told_when_others_are_poor_than_before() -> None:
    county = County(pack(**HELPED)).listed()
    others = household("H4", income=900, registered=False)
    assert counted(facts(county, *POOR, others)) == [(VILLAGE, ("H1", "H2"), ("H3",))]
    assert counted(facts(county, *POOR)) == [], "a repetition says nothing"
    assert counted(facts(county, household("H1", income=800))) == [], "as poor as before"
    assert counted(facts(county, household("H1", income=9000))) == [(VILLAGE, ("H2",), ("H1", "H3"))]
    assert counted(county.do(c.WithdrawHousehold(**AT, household="H2", **WHY))) == [(VILLAGE, (), ("H1", "H3"))]


def test_0_2_a_pack_without_helpers_is_told_nothing() -> None:
    assert counted(facts(County().listed(), *POOR)) == []


def test_0_2_the_list_that_was_recorded_before_the_pack_is_told_when_it_is_recorded_again() -> None:
    county = County().listed()
    facts(county, *POOR)
    later = {**pack(**HELPED), "version": "2105-2014.2", "effective_from": date(2014, 6, 4)}
    county.do(c.AdoptPolicy(place=CITY, pack=later, adopted_by="市委"))
    county.until(date(2014, 6, 4))
    assert counted(facts(county, *POOR)) == [(VILLAGE, ("H1", "H2"), ("H3",))]


def test_0_2_what_a_visit_and_a_correction_find_is_told() -> None:
    county = County(pack(**HELPED)).listed()
    visit = record(1, kind="household_visit", household=household("H1", income=900))
    assert counted(county.do(visit)) == [(VILLAGE, ("H1",), ())]
    assert counted(county.do(c.WithdrawSurvey(**AT, number=1, **WHY))) == [(VILLAGE, (), ())]


def test_0_2_a_merged_village_hands_its_households_over_under_the_ids_that_they_get() -> None:
    county = County(pack(**HELPED)).listed()
    other = {"place": PLACE, "village": OTHER}
    county.do(c.RegisterVillage(**other, name="下石村", township="小市镇", population=500, listed=False))
    facts(county, household("H1", income=900))
    theirs = (household("H1", income=900), household("H7"))
    county.do(c.RecordHouseholds(**other, year=2014, households=theirs, recorded_by="镇"))
    into, gone = of_type(county.do(c.MergeVillages(**AT, merged=(OTHER,), **ON)), HouseholdsCounted)
    assert (into.village, into.poor, into.lifted) == (VILLAGE, (f"{OTHER}-H1", "H1"), ("H7",))
    assert (into.former, into.came) == (OTHER, {"H1": f"{OTHER}-H1", "H7": "H7"})
    assert (gone.village, gone.poor, gone.lifted, gone.former) == (OTHER, (), (), None)


def test_0_2_a_new_village_gets_its_households_from_the_old_one() -> None:
    county = County(pack(**HELPED)).listed()
    facts(county, *POOR)
    part = c.NewVillage(code=PART, name="石岭村", township="小市镇", population=100, households=("H1", "H3"))
    new, old = of_type(county.do(c.SplitVillage(**AT, parts=(part,), **ON)), HouseholdsCounted)
    assert (new.village, new.poor, new.lifted, new.former) == (PART, ("H1",), ("H3",), VILLAGE)
    assert new.came == {"H1": "H1", "H3": "H3"}
    assert (old.village, old.poor, old.lifted) == (VILLAGE, ("H2",), ())


def test_0_2_5_2_whom_a_round_lifts_is_poor_no_more_and_poor_again_when_it_is_taken_back() -> None:
    county = County(pack(procedures=[*BENXI["procedures"], ROUND], **HELPED)).helped().until(date(2014, 12, 1))
    county.count(2014, lifted=("H1", "H2", "H3", "H4"))
    county.do(OPEN)
    county.do(step("appraise"), answered(H1=True, H2=True, H3=True, H4=False))
    county.do(c.PostNotice(**OF, body="village", posted_by="村"))
    county.until(date(2014, 12, 9)).do(step("review"))
    assert counted(county.do(step("announce"))) == [(VILLAGE, ("H4", "H9"), ("H1", "H2", "H3"))]
    back = county.do(c.WithdrawStep(**OF, step="announce", **WHY))
    assert counted(back) == [(VILLAGE, ("H1", "H2", "H3", "H4", "H9"), ())]


def test_0_2_households_that_come_along_are_told_though_none_of_them_is_poor() -> None:
    county = County(pack(**HELPED)).listed()
    other = {"place": PLACE, "village": OTHER}
    county.do(c.RegisterVillage(**other, name="下石村", township="小市镇", population=500, listed=False))
    theirs = (household("H7", registered=False),)
    county.do(c.RecordHouseholds(**other, year=2014, households=theirs, recorded_by="镇"))
    [into] = of_type(county.do(c.MergeVillages(**AT, merged=(OTHER,), **ON)), HouseholdsCounted)
    assert (into.village, into.poor, into.lifted) == (VILLAGE, (), ())
    assert (into.former, into.came) == (OTHER, {"H7": "H7"})
