"""What follows from the same grade in several years in a row, and ends where one of them is no more."""

import json
import runpy
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from deploy.demo.world import World
from services.incentives.model.record import Record
from shared.contracts.incentives import OutcomeProposed, OutcomeWithdrawn
from shared.contracts.inspection import GradeReviewed, GradeWithdrawn
from shared.contracts.registry import PolicyAdopted, VillageMerged
from shared.policy import PolicyInvalid, parse_pack
from tests.incentives.cases import (
    BENXI,
    CITY,
    COUNTY,
    LEADER,
    TEAM,
    TODAY,
    UNIT,
    VILLAGE,
    graded,
    hear,
    record,
    world_with,
)

INTO = "210521100202"


def pack(**said: Any) -> list[dict[str, Any]]:
    """Benxi's outcomes, of which criticism is for whoever is incompetent in two consecutive years."""
    changed = {"when": {"grade": ["incompetent"]}, "years": 2, **said}
    return [one | (changed if one["kind"] == "criticism" else {}) for one in BENXI["outcomes"]]


@pytest.fixture
def world() -> World:
    return world_with(outcomes=pack())


def criticised(world: World) -> list[str]:
    return [said.outcome for said in world.said(OutcomeProposed) if said.kind == "criticism"]


def poor(year: int) -> Any:
    return graded("incompetent", year=year)


def withdrawn(year: int) -> GradeWithdrawn:
    return GradeWithdrawn(
        place=COUNTY, village=VILLAGE, year=year, unit=UNIT[1], leader=LEADER[1], grade="incompetent", reason="录错",
        decided_by="市委组织部",
    )  # fmt: skip


def reviewed(year: int) -> GradeReviewed:
    return GradeReviewed(
        place=COUNTY, village=VILLAGE, year=year, unit=UNIT[1], leader=LEADER[1], before="incompetent",
        grade="competent", decided_by="市委组织部",
    )  # fmt: skip


@pytest.mark.parametrize(("years", "proposed"), [
    ([2014], []), ([2014, 2014], []), ([2013, 2015], []), ([2014, 2015], [2015]), ([2015, 2014], [2015]),
    ([2014, 2015, 2016], [2015, 2016]), ([2013, 2015, 2014], [2015]), ([2014, 2015, 2014], [2015]),
])  # fmt: skip
def test_2_15_two_years_in_a_row_are_proposed_in_whatever_order_they_are_graded(
    world: World, years: list[int], proposed: list[int]
) -> None:
    hear(world, *map(poor, years))
    assert criticised(world) == [f"criticism/{VILLAGE}/{year}" for year in proposed]


def test_2_15_the_proposal_rests_on_both_years(world: World) -> None:
    hear(world, poor(2014), graded("competent", year=2013), poor(2015))
    (said,) = (said for said in world.said(OutcomeProposed) if said.kind == "criticism")
    assert said.evidence[:2] == tuple(f"inspection.assessment.graded {VILLAGE}/{year}" for year in (2014, 2015))


@pytest.mark.parametrize("year", [2014, 2015])
@pytest.mark.parametrize("change", [withdrawn, reviewed])
def test_2_15_it_ends_where_either_year_is_graded_otherwise_and_comes_again_with_it(
    world: World, change: Any, year: int
) -> None:
    hear(world, poor(2014), poor(2015), change(year))
    ended = [said.outcome for said in world.said(OutcomeWithdrawn) if said.kind == "criticism"]
    assert ended == [f"criticism/{VILLAGE}/2015"]
    hear(world, poor(2016))
    assert len(criticised(world)) == (1 if year == 2015 else 2)
    hear(world, poor(year))
    assert criticised(world)[-1] == f"criticism/{VILLAGE}/201{5 if year == 2014 else 6}"


def test_2_15_the_years_of_a_merged_villages_team_count_in_the_other(world: World) -> None:
    merged = VillageMerged(
        place=COUNTY,
        village=VILLAGE,
        into=INTO,
        into_place=COUNTY,
        since=TODAY,
        document="县政发1号",
        decided_by="县政府",
    )
    hear(world, poor(2014), merged, replace(poor(2015), village=INTO))
    assert criticised(world) == [f"criticism/{INTO}/2015"]
    assert record(world, ("team", VILLAGE)).met == {}


def of_cadre() -> World:
    """Two years in a row count for the leader, who may lead the teams of two villages."""
    (appeals,) = (one["appeals"] for one in BENXI["outcomes"] if one["kind"] == "recall")
    of_cadre = {"subject": "cadre", "appeals": appeals}
    outcomes = [{**one, **of_cadre} if one["kind"] == "criticism" else one for one in pack()]
    return world_with(outcomes=outcomes)


def test_3_11_the_years_of_a_unit_are_those_of_one_village() -> None:
    """A unit that helps two villages missed its task in both, in three years in a row in one of them alone."""
    world = world_with()

    def missed(year: int, village: str = VILLAGE) -> Any:
        return replace(graded("competent", "task_missed", year=year), village=village)

    hear(world, missed(2014), missed(2015, INTO), missed(2016), missed(2014, INTO), missed(2017))
    assert not [said for said in world.said(OutcomeProposed) if said.kind == "extension"]
    hear(world, missed(2016, INTO))
    (said,) = (said for said in world.said(OutcomeProposed) if said.kind == "extension")
    assert (said.outcome, said.subject, said.on_team) == (f"extension/{INTO}/2016", UNIT[1], "extend")
    hear(world, replace(withdrawn(2016), village=VILLAGE))
    assert not [said for said in world.said(OutcomeWithdrawn) if said.kind == "extension"]
    hear(world, replace(withdrawn(2015), village=INTO))
    assert [said.outcome for said in world.said(OutcomeWithdrawn) if said.kind == "extension"] == [said.outcome]


def elsewhere(year: int) -> Any:
    return replace(poor(year), village=INTO)


def test_2_15_each_year_is_named_with_the_village_of_its_grade() -> None:
    world = of_cadre()
    hear(world, poor(2014), elsewhere(2015))
    (said,) = (said for said in world.said(OutcomeProposed) if said.kind == "criticism")
    assert said.outcome == f"criticism/{INTO}/2015"
    assert said.evidence[:2] == (
        f"inspection.assessment.graded {VILLAGE}/2014",
        f"inspection.assessment.graded {INTO}/2015",
    )


@pytest.mark.parametrize("change", [withdrawn, reviewed])
def test_2_15_a_year_counts_on_if_the_leader_was_graded_alike_in_a_second_village(change: Any) -> None:
    world = of_cadre()
    hear(world, poor(2014), elsewhere(2014), poor(2015), change(2014))
    assert not [said for said in world.said(OutcomeWithdrawn) if said.kind == "criticism"]
    hear(world, replace(change(2014), village=INTO))
    assert [said.outcome for said in world.said(OutcomeWithdrawn) if said.kind == "criticism"] == [
        f"criticism/{VILLAGE}/2015"
    ]


def test_2_15_a_year_that_an_earlier_version_kept_counts_on(world: World) -> None:
    hear(world, poor(2014))
    migrated = runpy.run_path("services/incentives/migrations/0010_grades.py")["_record"]
    before = {**json.loads(msgspec.json.encode(record(world, TEAM))), "met": {"criticism": [2014]}}
    after = msgspec.convert(migrated(before), Record, strict=False)
    service = world.services["incentives"]
    service.states[Record, after.id] = after
    hear(world, poor(2015))
    assert criticised(world) == [f"criticism/{VILLAGE}/2015"]
    hear(world, withdrawn(2014))
    assert [said.kind for said in world.said(OutcomeWithdrawn)].count("criticism") == 1
    assert migrated({"id": "team:T1"}) == {"id": "team:T1"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"on": "dispatch.team.released", "when": {}, "subject": "team"}, "only the grades of years"),
        ({"years": 1}, "years"),
    ],
)
def test_2_15_what_cannot_be_counted_over_years_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(PolicyInvalid, match=complaint):
        parse_pack({**BENXI, "outcomes": pack(**change)})


def test_2_15_what_a_further_pack_counts_no_more_is_forgotten_with_its_years(world: World) -> None:
    hear(world, poor(2014))
    fewer = [one for one in BENXI["outcomes"] if one["kind"] != "criticism"]
    pack_now = {**BENXI, "version": "2105-2014.9", "outcomes": fewer}
    hear(world, PolicyAdopted(place=CITY, version=pack_now["version"], adopted_by="市委组织部", pack=pack_now))
    hear(world, withdrawn(2014), poor(2014), poor(2015))
    assert not criticised(world)
