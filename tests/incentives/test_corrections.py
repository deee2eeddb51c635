"""Decisions entered by mistake are taken back by the body that decided; what a team's case rests on may end."""

from datetime import date, timedelta
from typing import Any

import pytest

from deploy.demo.world import World
from services.incentives.model.commands import Decide, DecideAppeal, LodgeAppeal, WithdrawDecision
from services.incentives.model.record import Record
from shared.contracts.incentives import (
    DecisionWithdrawn,
    OutcomeDecided,
    OutcomeExpired,
    OutcomeProposed,
    OutcomeWithdrawn,
)
from shared.contracts.inspection import GradeReviewed, GradeWithdrawn
from shared.contracts.registry import VillageMerged, VillageUnlisted, VillageWithdrawn
from shared.rules import Refused
from tests.incentives.cases import (
    BENXI,
    CITY,
    COUNTY,
    EXAMINED,
    LEADER,
    TEAM,
    TODAY,
    UNIT,
    VILLAGE,
    decide,
    graded,
    hear,
    only,
    overdue,
    recalled,
    record,
    serve,
    step,
    tasks,
    world_with,
)

INTO = "210521100202"


def withdraw(world: World, subject: tuple[str, str], **said: Any) -> None:
    fields = {"body": "organisation", "decided_by": "市委组织部2015年第9号", "reason": "人员录错"} | said
    world.command("incentives", step(WithdrawDecision, subject, only(world, subject), **fields))


@pytest.mark.parametrize(
    "decision", [{}, {"imposed": False}, {"imposed": False, "tolerated": True, "unintended": True}]
)
def test_a_decision_entered_by_mistake_is_taken_back_and_decided_anew(world: World, decision: dict[str, Any]) -> None:
    recalled(world, **decision)
    withdraw(world, LEADER)
    (withdrawn,) = world.said(DecisionWithdrawn)
    assert (withdrawn.subject, withdrawn.effect, withdrawn.reason) == (LEADER[1], "recall", "人员录错")
    assert withdrawn.is_sealed(), "a person's case"
    assert tasks(world, LEADER) == [("decisions", "organisation", world.today + timedelta(30))]
    case = record(world, LEADER).cases[only(world, LEADER)]
    assert case.heard_on and not (case.decided_by or case.decided_on or case.appeal_until or case.expires)
    withdraw(world, LEADER)
    assert len(world.said(DecisionWithdrawn)) == 1, "what changes nothing is not told"
    decide(world, LEADER, imposed=True)
    assert len(world.said(OutcomeDecided)) == 2


def test_what_was_taken_back_does_not_expire(world: World) -> None:
    recalled(world)
    withdraw(world, LEADER)
    world.pass_days(date(2018, 1, 1))
    assert not world.said(OutcomeExpired)


def test_5_9_a_decision_stands_once_the_time_for_an_appeal_is_over(world: World) -> None:
    recalled(world)
    world.pass_days(TODAY + timedelta(30))
    withdraw(world, LEADER)
    decide(world, LEADER)
    serve(world, LEADER)
    world.pass_days(world.today + timedelta(31))
    with pytest.raises(Refused, match="can no longer be taken back") as late:
        withdraw(world, LEADER)
    assert late.value.status == 409


def test_an_appeal_that_runs_or_was_answered_decides_and_no_correction(world: World) -> None:
    recalled(world)
    world.command("incentives", step(LodgeAppeal, LEADER, only(world, LEADER)))
    for _ in range(2):
        with pytest.raises(Refused, match="answering the appeal only"):
            withdraw(world, LEADER)
        answer = step(
            DecideAppeal, LEADER, only(world, LEADER), overturned=False, body="organisation", decided_by="复核组"
        )
        if record(world, LEADER).cases[only(world, LEADER)].appeal == "lodged":
            world.command("incentives", answer)


@pytest.mark.parametrize("after", ["incompetent", "competent"])
def test_civil_servant_law_95_what_was_proposed_for_a_grade_ends_with_a_review_that_makes_it_better(after: str) -> None:
    world = world_with()
    hear(world, graded("incompetent", "task_missed"))
    was = graded("incompetent")
    reviewed = GradeReviewed(
        place=was.place, village=was.village, year=was.year, unit=was.unit, leader=was.leader, before="incompetent",
        grade=after, decided_by="市委组织部",
    )  # fmt: skip
    is_better = after != "incompetent"
    hear(world, reviewed, *([graded(after)] if is_better else ()))
    ended = {said.kind for said in world.said(OutcomeWithdrawn)}
    assert ended == ({"recall", "criticism"} if is_better else set())
    assert (tasks(world, LEADER) == []) is is_better


def test_a_reward_against_which_nobody_appeals_can_always_be_taken_back(world: World) -> None:
    hear(world, graded("excellent"))
    decide(world, TEAM, **dict.fromkeys(EXAMINED))
    world.pass_days(date(2016, 1, 1))
    withdraw(world, TEAM)
    assert (
        tasks(world, TEAM) == [("decisions", "organisation", world.today + timedelta(30))]
        and not world.said(DecisionWithdrawn)[0].is_sealed()
    )


def test_only_the_body_that_decided_takes_back(world: World) -> None:
    recalled(world)
    with pytest.raises(Refused, match="organisation department, not of the discipline inspection") as other:
        withdraw(world, LEADER, body="discipline")
    assert (other.value.status, other.value.field) == (422, "body")


def test_a_grade_that_is_withdrawn_takes_its_proposals_along_and_the_next_one_is_answered_anew(world: World) -> None:
    hear(world, graded("incompetent", "not_resident"), graded("basically_competent", "not_resident", year=2013))
    withdrawn = GradeWithdrawn(
        place=COUNTY, village=VILLAGE, year=2014, unit=UNIT[1], leader=LEADER[1], grade="incompetent",
        reason="录错等次", decided_by="市委组织部",
    )  # fmt: skip
    hear(world, withdrawn)
    assert {(said.kind, said.subject_kind) for said in world.said(OutcomeWithdrawn)} == {
        ("recall", "cadre"),
        ("criticism", "team"),
    }
    assert [task[0] for task in tasks(world, TEAM)] == ["defences"], "that of the year before stays"
    assert tasks(world, LEADER) == []
    hear(world, graded("incompetent", "bad_opinion"))
    assert [task[0] for task in tasks(world, LEADER)] == ["defences"] and len(tasks(world, TEAM)) == 2


def ended(kind: type[Any], **said: Any) -> Any:
    return kind(place=COUNTY, village=VILLAGE, reason="误列", decided_by="县政府", **said)


@pytest.mark.parametrize("event", [ended(VillageUnlisted, spell=1), ended(VillageWithdrawn)])
def test_a_proposal_against_the_team_of_a_village_that_was_never_rightly_listed_ends(event: Any) -> None:
    world = world_with()
    hear(world, graded("incompetent", "not_resident"), event)
    (withdrawn,) = world.said(OutcomeWithdrawn)
    assert (withdrawn.kind, withdrawn.subject, withdrawn.reason) == ("criticism", VILLAGE, "误列")
    assert tasks(world, TEAM) == [] and record(world, TEAM).status == "clean"
    assert tasks(world, LEADER), "what a person did stays to be answered"
    with pytest.raises(Refused):
        decide(world, TEAM)
    world.pass_days(date(2015, 6, 1))
    assert tasks(world, TEAM) == []


def merged() -> VillageMerged:
    return VillageMerged(
        place=COUNTY,
        village=VILLAGE,
        into=INTO,
        into_place=COUNTY,
        since=TODAY,
        document="县政发1号",
        decided_by="县政府",
    )


def test_the_record_of_a_merged_villages_team_goes_over_to_the_successor_with_its_periods() -> None:
    lasting = [o | ({"impact": {"months": 6}} if o["kind"] == "criticism" else {}) for o in BENXI["outcomes"]]
    world = world_with(outcomes=lasting)
    hear(world, graded("basically_competent", "not_resident", year=2013), graded("basically_competent", "bad_opinion"))
    first, second = sorted(record(world, TEAM).cases)
    hear(world, merged())
    successor = ("team", INTO)
    assert record(world, TEAM).cases == {} and not record(world, TEAM).timers and tasks(world, TEAM) == []
    assert [task[0] for task in tasks(world, successor)] == ["defences", "defences"]
    fields = {"imposed": True, **EXAMINED, "body": "organisation", "decided_by": "市委"}
    world.pass_days(TODAY + timedelta(11))
    world.command("incentives", step(Decide, successor, first, **fields))
    world.pass_days(date(2015, 8, 1))
    assert [(said.outcome, said.subject) for said in world.said(OutcomeExpired)] == [(first, INTO)]
    assert isinstance(record(world, successor), Record) and second in record(world, successor).cases
    assert record(world, successor).place == CITY


def test_a_grade_that_is_withdrawn_leaves_what_was_proposed_for_something_else() -> None:
    world = world_with()
    hear(world, overdue())
    (other,) = {said.outcome for said in world.said(OutcomeProposed)}
    hear(world, graded("incompetent"))
    withdrawn = GradeWithdrawn(
        place=COUNTY, village=VILLAGE, year=2014, unit=UNIT[1], leader=LEADER[1], grade="incompetent",
        reason="录错等次", decided_by="市委组织部",
    )  # fmt: skip
    hear(world, withdrawn)
    assert world.said(OutcomeWithdrawn) and other not in {said.outcome for said in world.said(OutcomeWithdrawn)}
