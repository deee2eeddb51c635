"""Each time that a case runs by is counted anew when holidays are announced, and only while it runs."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from deploy.demo.world import World
from services.incentives.model.commands import LodgeAppeal
from services.incentives.model.record import Case
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.incentives import DeadlineMoved
from shared.contracts.inspection import GradeReviewed
from tests.incentives.cases import (
    BENXI,
    DAY,
    LEADER,
    TODAY,
    VILLAGE,
    decide,
    graded,
    hear,
    hear_defence,
    only,
    record,
    step,
    world_with,
)

TIMES = ("defence_until", "decide_by", "appeal_until", "direct_until", "expires", "answer_until")
NOTICE: Any = {
    "place": "000000",
    "notice": "2015",
    "year": 2015,
    "document": "国办发〔2014〕1号",
    "announced_by": "国务院",
}


def proposed() -> World:
    """A recall is proposed, whose times are of ten working days; how long it has an effect never depends on those."""
    days = {"working_days": 10}
    review, above, *_ = next(one["appeals"] for one in BENXI["outcomes"] if one["kind"] == "recall")
    ten = {"defence": days, "decide_by": {"after": "defence", "within": days}, "serve": None,
           "appeals": [{**review, "rule": "S3", "within": days, "answer": days},
                       {**above, "rule": "S3", "direct": days, "standings": []}]}  # fmt: skip
    outcomes = [
        {name: ten.get(name, said) for name, said in outcome.items()} if outcome["kind"] == "recall" else outcome
        for outcome in BENXI["outcomes"]
    ]
    world = world_with(outcomes=outcomes)
    hear(world, graded("incompetent"))
    return world


def heard(world: World) -> None:
    hear_defence(world, LEADER)


def imposed(world: World) -> None:
    heard(world)
    decide(world, LEADER)


def appealed(world: World) -> None:
    imposed(world)
    world.command("incentives", step(LodgeAppeal, LEADER, only(world, LEADER)))


def case(world: World) -> Case:
    return record(world, LEADER).cases[only(world, LEADER)]


def times(world: World) -> dict[str, date]:
    return {name: last for name in TIMES if (last := getattr(case(world), name))}


@pytest.mark.parametrize(
    ("reach", "running"),
    [
        (lambda world: None, {"defence_until"}),
        (heard, {"decide_by"}),
        (imposed, {"appeal_until", "direct_until"}),
        (appealed, {"answer_until"}),
    ],
)
def test_each_time_that_runs_moves_by_the_week_that_is_taken_off_and_no_other(
    reach: Callable[[World], None], running: set[str]
) -> None:
    world = proposed()
    reach(world)
    before = times(world)
    monday = TODAY + 2 * DAY
    off = tuple(monday + n * DAY for n in range(5))
    world.announce(HolidaysAnnounced(off=off, **NOTICE))
    after = times(world)
    assert {name for name in after if after[name] != before[name]} == running
    assert {after[name] - before[name] for name in running} == {7 * DAY}
    assert {(told.deadline, told.was, told.due) for told in world.said(DeadlineMoved)} == {
        (name, before[name], after[name]) for name in running
    }


def test_a_case_whose_time_moved_turns_on_the_later_day() -> None:
    world = proposed()
    before = times(world)["defence_until"]
    world.announce(HolidaysAnnounced(off=(TODAY + 2 * DAY,), **NOTICE))
    world.pass_days(before + DAY)
    assert case(world).status == "proposed"
    world.pass_days(times(world)["defence_until"] + DAY)
    assert case(world).status == "decidable"


def test_a_review_that_leaves_the_grade_as_it_was_leaves_what_was_proposed_for_it() -> None:
    world = proposed()
    same = GradeReviewed(
        place=VILLAGE[:6], village=VILLAGE, year=2014, unit="U2105-001", leader="C1", before="incompetent",
        grade="incompetent", decided_by="市委组织部",
    )  # fmt: skip
    hear(world, same)
    assert case(world).status == "proposed"
