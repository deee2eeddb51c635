"""Villages are merged and split, and nothing that hangs on them is lost."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.model import Baseline, Register, Village
from services.registry.model import commands as c
from shared.contracts.registry import (
    ExitWithdrawn,
    VillageDelisted,
    VillageListed,
    VillageMerged,
    VillageRegistered,
    VillageSplit,
)
from tests.registry.county import (
    AT,
    BEGIN,
    NOTICE,
    PLACE,
    REQUEST,
    VILLAGE,
    County,
    again,
    household,
    of_type,
    record,
    verdict,
)

OTHER, THIRD, PART, PART2 = "210521100202", "210521100203", "210521100301", "210521100302"
ON: dict[str, Any] = {"since": BEGIN, "document": "辽政〔2014〕9号", "decided_by": "县政府"}
MERGE = c.MergeVillages(**AT, merged=(OTHER,), **ON)


def part(code: str = PART, population: int = 100, households: tuple[str, ...] = ()) -> c.NewVillage:
    return c.NewVillage(code=code, name="石岭村", township="小市镇", population=population, households=households)


SPLIT = c.SplitVillage(**AT, parts=(part(),), **ON)


def state(county: County, kind: type[Any], id: str) -> Any:
    return county.world.state("registry", kind, id)


def with_other(county: County, listed: bool = False, id: str = OTHER, population: int = 500) -> County:
    county.do(
        c.RegisterVillage(
            place=PLACE, village=id, name="下石村", township="小市镇", population=population, listed=listed
        )
    )
    return county


def facts_of(county: County, village: str, year: int, *facts: c.HouseholdFacts) -> None:
    county.do(c.RecordHouseholds(place=PLACE, village=village, year=year, households=facts, recorded_by="镇"))


# ------------------------------------------------------------------- mergers


@pytest.mark.parametrize("recoded", [VILLAGE, OTHER])
def test_a_merger_is_of_no_day_before_either_village_got_its_code(recoded: str) -> None:
    county = with_other(County().listed()).until(BEGIN + timedelta(5))
    since, code = BEGIN + timedelta(3), f"{PLACE}100{'4' if recoded == VILLAGE else '5'}01"
    county.do(c.RecodeVillage(place=PLACE, village=recoded, code=code, since=since, document="民发", decided_by="县"))
    refused = county.refusal(again(MERGE, since=BEGIN + timedelta(2)))
    assert (refused.field, refused.status) == ("since", 422) and recoded in refused.zh


def test_a_merged_village_ends_and_its_people_and_households_go_over() -> None:
    county = with_other(County().listed())
    facts_of(county, VILLAGE, 2014, household("H1", 4), household("H2", 3, 900))
    facts_of(county, OTHER, 2014, household("H1", 5, 800), household("H7", 2))
    merged, told = county.do(MERGE)
    assert merged == VillageMerged(place=PLACE, village=OTHER, into=VILLAGE, into_place=PLACE, **ON)
    assert isinstance(told, VillageRegistered) and told.population == 1500
    assert {id: h.persons for id, h in county.register.households.items()} == {
        "H1": 4,
        "H2": 3,
        "H7": 2,
        f"{OTHER}-H1": 5,
    }
    assert (county.register.population, county.village.population) == (1500, 1500)
    ended = state(county, Village, OTHER)
    assert (ended.stage, ended.into, county.village.predecessors) == ("merged", VILLAGE, (OTHER,))
    assert state(county, Register, OTHER).households == {}
    assert county.do(MERGE) == [], "sent again it changes nothing"
    assert county.register.population == 1500


def test_nothing_is_done_about_a_merged_village_any_more_and_the_refusal_names_its_successor() -> None:
    county = with_other(County().listed(), listed=True)
    county.do(MERGE)
    at_other: dict[str, Any] = {"place": PLACE, "village": OTHER}
    for command in (
        again(record(9), village=OTHER),
        c.RegisterVillage(**at_other, name="下石村", township="小市镇", population=500, listed=True),
        again(NOTICE, village=OTHER),
    ):
        assert VILLAGE in county.refusal(command).zh
    assert {task.about for task in county.tasks} == {VILLAGE}
    assert state(county, Baseline, OTHER).status == "ended"


def test_1_18_past_shares_are_weighed_by_the_people_of_both_villages() -> None:
    county = with_other(County().listed(), listed=True)
    facts_of(county, VILLAGE, 2014, household("H1", 20, 900))
    facts_of(county, OTHER, 2014, household("H1", 40, 900))
    county.until(date(2015, 12, 1))
    facts_of(county, VILLAGE, 2015, household("H1", 20, 9000))
    county.do(again(MERGE, since=date(2015, 12, 1)))
    assert county.register.past == {"2014": 60 / 1500}
    county.measure(2014)
    assert county.measure(2015)[0].values["incidence"] == 40 / 1500, "the other's households have their latest facts"


@pytest.mark.parametrize("stage", ["listed", "matched", "helped"])
def test_a_village_on_the_list_goes_on_where_it_stands(stage: str) -> None:
    county = with_other(getattr(County(), stage)(), listed=True)
    assert of_type(county.do(MERGE), VillageListed) == []
    assert (county.village.stage, county.village.spell) == (stage, 1)


def test_a_village_that_was_never_listed_enters_the_list_with_one_that_is_on_it() -> None:
    county = with_other(County().registered(), listed=True)
    assert county.do(MERGE)[-1] == VillageListed(**AT, spell=1)
    assert county.village.stage == "listed" and county.todo()[0][0] == "surveys"


@pytest.mark.parametrize(("ours", "theirs"), [("delisted", "listed"), ("registered", "delisted")])
def test_no_village_loses_its_place_on_the_list_or_its_monitoring_in_a_merger(ours: str, theirs: str) -> None:
    county = County().delisted()
    with_other(county, listed=theirs == "listed")
    today = county.world.today
    merge = again(MERGE, since=today)
    if ours == "registered":
        merge = again(merge, village=OTHER, merged=(VILLAGE,))
    refused = county.refusal(merge)
    assert refused.field == "village"
    assert county.do(again(merge, village=merge.merged[0], merged=(merge.village,))), "the other way round"


@pytest.mark.parametrize("which", ["goes on", "ends"])
def test_an_exit_that_is_under_way_ends_with_its_reason(which: str) -> None:
    county = with_other(County().noticed(), listed=True)
    merge = again(MERGE, since=county.world.today)
    if which == "ends":
        merge = again(merge, village=OTHER, merged=(VILLAGE,))
    [withdrawn] = of_type(county.do(merge), ExitWithdrawn)
    assert (withdrawn.village, withdrawn.attempt, "辽政〔2014〕9号" in withdrawn.reason) == (VILLAGE, 1, True)
    assert county.village.exit is None and "step" not in county.village.timers
    assert county.village.stage == ("helped" if which == "goes on" else "merged")
    county.hear(verdict())
    assert county.village.stage == ("helped" if which == "goes on" else "merged"), "a late verdict moves nothing"


def test_the_latest_figures_are_measured_again_after_a_merger() -> None:
    county = with_other(County().measured(), listed=True)
    facts_of(county, OTHER, 2014, household("H1", 40, 900))
    county.do(again(MERGE, since=county.world.today))
    assert county.refusal(REQUEST).status == 409
    assert ("measurements", "township", "2014") in county.todo()
    [event] = county.measure(2014)
    assert event.values["incidence"] == 50 / 1500 and county.village.unmet


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"merged": (VILLAGE,)}, "merged"),
        ({"merged": (OTHER, OTHER)}, "merged"),
        ({"since": date(2014, 6, 4)}, "since"),
        ({"since": date(2014, 6, 2)}, "since"),
        ({"place": "210522"}, "place"),
        ({"merged": ("210521100299",)}, None),
    ],
)
def test_a_merger_that_cannot_be_is_refused(changes: dict[str, Any], field: str | None) -> None:
    assert with_other(County().listed()).refusal(again(MERGE, **changes)).field == field


def test_a_village_of_another_county_is_not_merged_before_that_county_recodes_it() -> None:
    county = with_other(County().listed())
    county.do(
        c.RecodeVillage(
            place="210500",
            village=OTHER,
            code="210504100202",
            since=BEGIN,
            document="民发〔2014〕3号",
            decided_by="市政府",
        )
    )
    assert county.refusal(MERGE).field == "merged"
    county.do(
        c.RecodeVillage(
            place="210500",
            village=OTHER,
            code="210521100209",
            since=BEGIN,
            document="民发〔2014〕3号",
            decided_by="市政府",
        )
    )
    assert county.do(again(MERGE, merged=("210521100209",)))[0].village == OTHER, "named by its latest code"


def test_an_ended_village_is_not_merged_again() -> None:
    county = with_other(with_other(County().listed()), id=THIRD)
    county.do(MERGE)
    assert county.refusal(again(MERGE, village=THIRD)).field == "merged"
    assert county.refusal(again(MERGE, village=OTHER, merged=(THIRD,))).field == "village"


# -------------------------------------------------------------------- splits


def test_a_part_becomes_a_village_with_its_share_and_the_old_one_goes_on() -> None:
    county = County().helped()
    facts_of(county, VILLAGE, 2014, household("H1", 4), household("H2", 3, 900), household("H3", 2))
    events = county.do(again(SPLIT, parts=(part(households=("H2", "H3")),)))
    assert [type(event) for event in events] == [VillageRegistered, VillageListed, VillageSplit, VillageRegistered]
    assert events[2] == VillageSplit(**AT, successors=(PART,), **ON)
    assert (events[0].village, events[0].population, events[3].village, events[3].population) == (
        PART,
        100,
        VILLAGE,
        900,
    )
    assert [*county.register.households] == ["H1"] and county.village.stage == "helped"
    new = state(county, Village, PART)
    assert (new.stage, new.predecessors, new.facts, new.place) == ("listed", (VILLAGE,), 2014, PLACE)
    assert {*state(county, Register, PART).households} == {"H2", "H3"}
    assert ("surveys", "township", "committees,collective_economy,incomes,problems") in county.todo()
    before = county.snapshot()
    assert county.do(again(SPLIT, parts=(part(households=("H2", "H3")),))) == []
    assert county.snapshot() == before, "sent again it changes nothing"


def test_a_part_without_households_has_the_past_of_the_old_village_all_the_same() -> None:
    county = County().helped()
    facts_of(county, VILLAGE, 2014, household("H1", 4))
    county.until(date(2015, 12, 1))
    facts_of(county, VILLAGE, 2015, household("H1", 4))
    county.do(again(SPLIT, since=county.world.today))
    new = state(county, Register, PART)
    assert (new.year, new.past, new.households) == (2015, county.register.past, {}) and new.past


@pytest.mark.parametrize(
    ("stage", "begins"), [("registered", "registered"), ("listed", "listed"), ("delisted", "delisted")]
)
def test_a_new_village_begins_where_the_old_one_stands(stage: str, begins: str) -> None:
    county = getattr(County(), stage)()
    events = county.do(again(SPLIT, since=county.world.today))
    new = state(county, Village, PART)
    assert new.stage == stage
    if stage == "delisted":
        assert of_type(events, VillageDelisted)[0].village == PART
        assert (new.delisted_on, new.due) == (county.village.delisted_on, county.village.due)
        assert [task for task in county.tasks if task.about == PART] == []
        county.until(date(2015, 6, 30))
        assert ("households", "poverty_office", "monitor 2015") in county.todo()


def test_an_exit_under_way_ends_with_a_split_and_the_figures_are_measured_again() -> None:
    county = County().noticed()
    events = county.do(again(SPLIT, since=county.world.today))
    assert isinstance(events[0], ExitWithdrawn) and county.village.stage == "helped"
    assert ("measurements", "township", "2014") in county.todo()
    county.measure(2014)
    assert ("exit-requests", "township", "") in county.todo()


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ((part("210521100202"),), "parts[0].code"),
        ((part(), part("210522100301")), "parts[1].code"),
        ((part(), part()), "parts"),
        ((part(households=("H1",)), part(PART2, households=("H1",))), "parts"),
        ((part(households=("H99",)),), "parts"),
        ((part(population=1000),), "parts"),
        ((part(population=999),), "parts"),
        ((part(population=3, households=("H1",)),), "parts"),
    ],
)
def test_a_split_that_cannot_be_is_refused(parts: tuple[c.NewVillage, ...], field: str) -> None:
    county = with_other(County().listed())
    facts_of(county, VILLAGE, 2014, household("H1", 4), household("H2", 3))
    refused = county.refusal(again(SPLIT, parts=parts))
    assert (refused.field, refused.status in (409, 422)) == (field, True)


def test_a_code_that_the_county_issued_to_a_part_is_told_as_such() -> None:
    county = County().listed()
    own = again(part(), issued_by="县民政局")
    assert county.do(again(SPLIT, parts=(own,)))[0].issued_by == "县民政局"
    assert County().listed().refusal(again(SPLIT, parts=(again(own, code="210521100901"),))).field == "parts[0].code"


# ------------------------------------------------------------- whatever comes


@settings(max_examples=60, deadline=None)
@given(moves=st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_no_person_and_no_household_is_lost_or_doubled_by_mergers_and_splits(
    moves: list[tuple[bool, int, int]],
) -> None:
    county = with_other(with_other(County().listed(), listed=True), id=THIRD)
    for village in (VILLAGE, OTHER, THIRD):
        facts_of(county, village, 2014, *(household(f"H{n}", n, 900) for n in (1, 2, 3)))

    def living() -> list[Village]:
        return sorted(
            (s for s in county.registry.states.values() if isinstance(s, Village) and s.stage != "merged"),
            key=lambda s: s.id,
        )

    for number, (merges, first, second) in enumerate(moves):
        villages = living()
        one, other = villages[first % len(villages)], villages[second % len(villages)]
        about: dict[str, Any] = {"place": PLACE, "village": one.id}
        if not merges and one.population > 40:
            homes = tuple(sorted(state(county, Register, one.id).households)[:1])
            county.do(c.SplitVillage(**about, parts=(part(f"2105211004{number:02}", 20, homes),), **ON))
        elif merges and one.id != other.id:
            county.do(c.MergeVillages(**about, merged=(other.id,), **ON))
    registers = [state(county, Register, village.id) for village in living()]
    assert sum(village.population for village in living()) == sum(r.population for r in registers) == 2000
    assert sum(len(r.households) for r in registers) == 9
    assert sum(r.persons(r.households) for r in registers) == 18
    listed = {village.id for village in living() if village.stage == "listed"}
    assert len(listed) >= 1, "poor villages stay on the list in their successors"
