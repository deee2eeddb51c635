"""What the console makes of a village's events: through which stages it went, and as what it is counted."""

from datetime import date

import msgspec
import pytest

from services.console.model.sums import measures
from services.console.model.village import Step, Village, standings
from shared.contracts.journey import JOURNEY, STAGES
from shared.contracts.registry import VillageDelisted, VillageMerged, VillageUnlisted, VillageWithdrawn

ID = "210521100201"


@pytest.mark.parametrize(("stage", "as_what"), [("merged", ["stage/merged"]), ("withdrawn", ["stage/withdrawn"])])
def test_a_village_that_is_no_more_counts_as_nothing_but_that(stage: str, as_what: list[str]) -> None:
    village = Village(id=ID, code=ID, name="朝阳村", population=900, lists={"backward": ""})
    assert [*measures(msgspec.structs.replace(village, stage=stage))] == as_what
    assert {"villages", "population", "list/backward"} <= {*measures(msgspec.structs.replace(village, stage="listed"))}


def test_a_step_of_an_earlier_time_on_the_list_moves_nobody_in_a_later_one() -> None:
    listed = Step(date(2014, 1, 1), "", "registry", {"registered": "listed", "": "listed"}, spell=1, begins=True)
    again = Step(date(2016, 1, 1), "", "registry", {"delisted": "listed", "listed": "listed"}, spell=2, begins=True)
    late = Step(date(2016, 2, 1), "", "dispatch", {"listed": "matched"}, spell=1)
    way = (listed, again, late, msgspec.structs.replace(late, day=date(2016, 3, 1), spell=2))
    assert [(one.stage, one.since) for one in standings(ID, way)] == [
        ("listed", date(2014, 1, 1)),
        ("matched", date(2016, 3, 1)),
    ]


def test_a_village_counts_as_on_the_list_from_its_listing_until_it_leaves_it() -> None:
    ends = (VillageDelisted, VillageUnlisted, VillageMerged, VillageWithdrawn)
    on_list, reached = set[str](), {"listed"}
    while reached - on_list:
        on_list |= reached
        reached = {move.target for move in JOURNEY if move.source in on_list and move.event not in ends}
    villages = [Village(id=ID, code=ID, name="朝阳村", stage=stage) for stage in STAGES]
    assert {village.stage for village in villages if "on_list" in measures(village)} == on_list
