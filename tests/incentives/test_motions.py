"""Who may propose and who decides: the proposing body, the authority over a cadre, and rewards that are barred."""

from datetime import date, timedelta
from typing import Any

import pytest

from deploy.demo.world import World
from services.incentives.model.commands import Decide, HearDefence, MoveOutcome, WithdrawDecision
from services.incentives.model.units import Unit
from shared.contracts.incentives import (
    DecisionOverdue,
    MotionOverdue,
    OutcomeDecided,
    OutcomeMoved,
    OutcomeProposed,
    OutcomeWithdrawn,
)
from shared.contracts.inspection import GradeWithdrawn
from shared.contracts.registry import UnitRegistered
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.incentives.cases import (
    BENXI,
    CITY,
    COUNTY,
    DAY,
    EXAMINED,
    LEADER,
    TODAY,
    UNIT,
    VILLAGE,
    case,
    graded,
    hear,
    hear_defence,
    only,
    record,
    step,
    world_with,
)

REVIEW = {"label": "复核", "rule": "S3:第四项", "within": {"calendar_days": 30}, "answer": {"calendar_days": 30}}
MOVED: dict[str, Any] = {"proposes": "leader_group", "propose_within": {"calendar_days": 15}}


def pack(kind: str = "recall", **said: Any) -> list[dict[str, Any]]:
    """Benxi's outcomes, of which one says something else."""
    return [{**one, **(said if one["kind"] == kind else {})} for one in BENXI["outcomes"]]


@pytest.fixture
def world() -> World:
    return world_with(outcomes=pack(**MOVED))


def move(world: World, *, moved: bool = True, body: str = "leader_group", subject: tuple[str, str] = LEADER) -> None:
    said = {"moved": moved, "body": body, "moved_by": "市扶贫开发领导小组第3次会议"}
    world.command("incentives", step(MoveOutcome, subject, only(world, subject), **said))


def decide(world: World, body: str, subject: tuple[str, str] = LEADER, outcome: str = "", **said: Any) -> None:
    said = {
        "imposed": True,
        **EXAMINED,
        "body": body,
        "decided_by": "某局党组〔2015〕1号",
        "standing": "civil_servant",
    } | said
    world.command("incentives", step(Decide, subject, outcome or only(world, subject), **said))


def awaited(world: World, subject: tuple[str, str] = LEADER) -> list[tuple[str, str, date | None]]:
    found = record(world, subject)
    asked = [(task.action, task.role, task.due) for task in found.tasks(parse_pack(BENXI))]
    assert found.awaits == bool(asked), "the column and the tasks must agree"
    return asked


def test_2_20_a_recall_is_proposed_by_the_leading_group_before_anybody_hears_or_decides(world: World) -> None:
    hear(world, graded("incompetent"))
    assert awaited(world) == [("outcome-motions", "leader_group", TODAY + timedelta(15))]
    (proposed,) = world.said(OutcomeProposed)
    assert proposed.defence_until is None, "nobody has to defend against what is not proposed yet"
    with pytest.raises(Refused, match="has not proposed it yet"):
        hear_defence(world, LEADER)
    with pytest.raises(Refused, match="has not proposed it yet"):
        decide(world, "organisation")
    with pytest.raises(Refused, match="matter of the leading group") as refused:
        move(world, body="organisation")
    assert refused.value.field == "body"
    world.pass_days(TODAY + 5 * DAY)
    move(world)
    (moved,) = world.said(OutcomeMoved)
    assert (moved.moved, moved.defence_until, moved.is_sealed()) == (True, TODAY + timedelta(15), True)
    assert awaited(world) == [("defences", "organisation", TODAY + timedelta(15))], "ten days from the proposal on"
    move(world)
    assert len(world.said(OutcomeMoved)) == 1, "what is proposed is not proposed twice"
    hear_defence(world, LEADER)
    decide(world, "organisation")
    with pytest.raises(Refused, match="decided or withdrawn already"):
        move(world, moved=False)


def test_5_9_nobody_is_heard_about_what_was_withdrawn_with_its_fact() -> None:
    """A grade is withdrawn, and what was proposed for it: there is no day of a decision to name."""
    world = world_with()
    hear(world, graded("incompetent"))
    gone = GradeWithdrawn(
        place=COUNTY, village=VILLAGE, year=2014, unit=UNIT[1], leader=LEADER[1], grade="incompetent", reason="录错",
        decided_by="市委组织部",
    )  # fmt: skip
    hear(world, gone)
    with pytest.raises(Refused, match="was withdrawn, and the proposal with it") as refused:
        hear_defence(world, LEADER)
    assert "None" not in refused.value.zh + refused.value.en


def test_2_20_what_the_group_declines_leads_to_nothing_until_it_thinks_otherwise(world: World) -> None:
    hear(world, graded("incompetent"))
    move(world, moved=False)
    move(world, moved=False)
    assert [said.moved for said in world.said(OutcomeMoved)] == [False]
    assert (awaited(world), record(world, LEADER).status, case(world, LEADER).status) == ([], "clean", "unmoved")
    said = {"body": "organisation", "decided_by": "市委组织部", "reason": "录错"}
    world.command("incentives", step(WithdrawDecision, LEADER, only(world, LEADER), **said))
    assert case(world, LEADER).status == "unmoved", "there is no decision to take back"
    hear(world, graded("incompetent"))
    world.pass_days(TODAY + timedelta(60))
    assert len(world.said(OutcomeProposed)) == 1 and not world.said(MotionOverdue)
    move(world)
    assert case(world, LEADER).defence_until == world.today + timedelta(10)
    world.pass_days(world.today + timedelta(11))
    assert [action for action, *_ in awaited(world)] == ["decisions"]
    move(world, moved=False)
    assert (awaited(world), case(world, LEADER).decide_by) == ([], None), "it was taken back before the decision"
    world.pass_days(world.today + timedelta(60))
    assert not world.said(DecisionOverdue)


@pytest.mark.parametrize("asleep", [False, True])
def test_2_20_a_motion_that_does_not_come_is_told_once_and_stays_awaited(asleep: bool) -> None:
    world = world_with(outcomes=pack(**MOVED))
    hear(world, graded("incompetent"))
    last = TODAY + timedelta(15)
    if not asleep:
        world.pass_days(last)
        assert not world.said(MotionOverdue)
    world.pass_days(last + timedelta(40))
    (late,) = world.said(MotionOverdue)
    assert (late.proposes, late.due, late.is_sealed()) == ("leader_group", last, True)
    assert awaited(world) == [("outcome-motions", "leader_group", last)]
    assert case(world, LEADER).is_unmoved
    move(world)
    assert (case(world, LEADER).status, case(world, LEADER).is_unmoved) == ("proposed", False)


def test_2_20_what_was_found_ends_with_its_grade(world: World) -> None:
    hear(world, graded("incompetent"))
    hear(world, GradeWithdrawn(
        place=COUNTY, village=VILLAGE, year=2014, unit=UNIT[1], leader=LEADER[1], grade="incompetent", reason="录错",
        decided_by="市委组织部",
    ))  # fmt: skip
    assert len(world.said(OutcomeWithdrawn)) == 1 and awaited(world) == []
    with pytest.raises(Refused, match="decided or withdrawn already"):
        move(world)


def test_2_20_what_the_group_declined_ends_with_its_grade_too_and_comes_again_with_it(world: World) -> None:
    hear(world, graded("incompetent"))
    move(world, moved=False)
    hear(world, GradeWithdrawn(
        place=COUNTY, village=VILLAGE, year=2014, unit=UNIT[1], leader=LEADER[1], grade="incompetent", reason="录错",
        decided_by="市委组织部",
    ))  # fmt: skip
    assert len(world.said(OutcomeWithdrawn)) == 1
    with pytest.raises(Refused, match="decided or withdrawn already"):
        move(world)
    hear(world, graded("incompetent"))
    assert [action for action, *_ in awaited(world)] == ["outcome-motions"], "the group is asked about the new grade"


def test_2_20_the_sending_unit_carries_out_what_the_group_proposed() -> None:
    world = world_with(outcomes=pack(**MOVED, decides="unit"))
    hear(world, graded("incompetent"))
    move(world)
    hear_defence(world, LEADER)
    with pytest.raises(Refused, match="matter of the sending unit"):
        decide(world, "organisation")
    world.pass_days(TODAY + timedelta(31))
    assert [said.decides for said in world.said(DecisionOverdue)] == ["unit"], "it has to act in time"
    decide(world, "unit")
    (decided,) = world.said(OutcomeDecided)
    assert decided.decided_by.startswith("派出单位") and decided.effect == "recall"


def test_2_20_only_what_names_a_proposer_is_proposed() -> None:
    world = world_with()
    hear(world, graded("incompetent"))
    with pytest.raises(Refused, match="nobody has to propose"):
        move(world)


def test_1_15_a_reward_that_is_proposed_is_decidable_from_then_on() -> None:
    world = world_with(outcomes=pack("talent_pool", **MOVED))
    hear(world, graded("excellent"))
    world.pass_days(TODAY + 7 * DAY)
    move(world)
    assert awaited(world) == [("decisions", "organisation", TODAY + timedelta(37))]


@pytest.mark.parametrize(
    ("level", "who", "other"),
    [
        ("province", "province", "organisation"),
        ("city", "organisation", "province"),
        (None, "organisation", "province"),
    ],
)
def test_2_20_whoever_manages_the_cadre_decides_and_nobody_else(level: Any, who: str, other: str) -> None:
    levels = [REVIEW, {**REVIEW, "label": "申诉", "body": "province"}]
    world = world_with(outcomes=pack(managed={"province": "province"}, appeals=levels))
    if level:
        hear(world, UnitRegistered(place=CITY, unit=UNIT[1], name="某厅", level=level, department="财政", strength=50))
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    assert [role for _, role, _ in awaited(world)] == [who]
    with pytest.raises(Refused, match="this is a matter of") as refused:
        decide(world, other)
    assert (refused.value.field, refused.value.status) == ("body", 422)
    decide(world, who)


def test_2_20_a_unit_that_an_earlier_version_kept_has_no_level() -> None:
    world = world_with(outcomes=pack(managed={"province": "province"}, appeals=[REVIEW]))
    world.services["incentives"].states[Unit, UNIT[1]] = Unit(id=UNIT[1], place=CITY, name="某厅")
    hear(world, graded("incompetent"))
    assert case(world, LEADER).terms.decides == "organisation"


BARRED = pack(bars=True)


def rewarded(world: World, year: int) -> str:
    """The proposal of a reward for the leader, after an excellent year."""
    hear(world, graded("excellent", year=year))
    return str(world.said(OutcomeProposed, subject_kind="cadre")[-1].outcome)


def test_2_15_nobody_is_rewarded_while_a_recall_counts_against_him() -> None:
    world = world_with(outcomes=BARRED)
    hear(world, graded("incompetent"))
    recall = only(world, LEADER)
    hear_defence(world, LEADER)
    decide(world, "organisation")
    outcome = rewarded(world, 2015)
    expires = record(world, LEADER).cases[recall].expires
    assert expires
    with pytest.raises(Refused, match="cannot be rewarded while another outcome counts") as refused:
        decide(world, "organisation", outcome=outcome, standing=None)
    assert refused.value.field == "imposed"
    decide(world, "organisation", outcome=outcome, imposed=False, standing=None)
    world.pass_days(expires + DAY)
    decide(world, "organisation", outcome=rewarded(world, 2016), standing=None)
    assert [said.imposed for said in world.said(OutcomeDecided)] == [True, False, True]


def test_2_15_where_the_pack_bars_nobody_a_reward_is_decided_while_a_recall_counts() -> None:
    world = world_with(outcomes=pack(bars=False))
    hear(world, graded("incompetent"))
    recall = only(world, LEADER)
    hear_defence(world, LEADER)
    decide(world, "organisation")
    decide(world, "organisation", outcome=rewarded(world, 2015), standing=None)
    assert [said.imposed for said in world.said(OutcomeDecided)] == [True, True]
    assert (record(world, LEADER).cases[recall].expires or world.today) > world.today, "the recall still counts"


def test_2_15_what_was_taken_back_bars_from_nothing() -> None:
    world = world_with(outcomes=BARRED)
    hear(world, graded("incompetent"))
    recall = only(world, LEADER)
    hear_defence(world, LEADER)
    decide(world, "organisation")
    outcome = rewarded(world, 2015)
    said = {"reason": "人员录错", "body": "organisation", "decided_by": "市委组织部"}
    world.command("incentives", step(WithdrawDecision, LEADER, recall, **said))
    decide(world, "organisation", outcome=outcome, standing=None)
    assert world.said(OutcomeDecided)[-1].imposed


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"proposes": "leader_group"}, "go together"),
        ({"propose_within": {"calendar_days": 5}}, "go together"),
        ({**MOVED, "proposes": "organisation"}, "must be another than who decides"),
        ({**MOVED, "proposes": "team"}, "team cannot do this"),
        ({**MOVED, "propose_within": {"calendar_days": 0}}, "it needs a time"),
        ({"decides": "unit"}, "unit cannot do this"),
        ({**MOVED, "managed": {"province": "leader_group"}}, "managed"),
        ({"managed": {"province": "organisation"}}, "it is whom `decides` names anyway|for province"),
        ({"managed": {"province": "province"}}, "lies below one that may decide"),
        ({"bars": True, "impact": None}, "without an impact period"),
    ],
)
def test_2_20_a_pack_that_parts_proposer_and_decider_wrongly_is_refused(change: dict[str, Any], complaint: str) -> None:
    said = {name: value for name, value in change.items() if value is not None}
    outcomes = [
        {name: value for name, value in one.items() if name not in change or change[name] is not None}
        if one["kind"] == "recall"
        else one
        for one in pack(**said)
    ]
    with pytest.raises(PolicyInvalid, match=complaint):
        parse_pack({**BENXI, "outcomes": outcomes})


@pytest.mark.parametrize(
    ("kind", "change", "complaint"),
    [
        ("talk", {**MOVED, "decides": "unit"}, "unit cannot do this"),
        ("talk", {"managed": {"province": "province"}}, "only a cadre of a unit is managed"),
        ("criticism", {"bars": True, "impact": {"months": 6}, "subject": "unit"}, "no reward of a unit"),
    ],
)
def test_2_20_a_unit_neither_judges_itself_nor_is_managed(kind: str, change: dict[str, Any], complaint: str) -> None:
    outcomes = [one for one in pack(kind, **change) if one["kind"] != "settlement"]
    with pytest.raises(PolicyInvalid, match=complaint):
        parse_pack({**BENXI, "outcomes": outcomes})


def test_2_20_a_decision_that_is_late_after_another_motion_is_told_once_more(world: World) -> None:
    hear(world, graded("incompetent"))
    for told in (1, 2):
        move(world)
        world.pass_days(world.today + timedelta(90))
        assert len(world.said(DecisionOverdue)) == told
        move(world, moved=False)


def test_5_9_a_defence_against_something_that_is_proposed_again_is_heard_again(world: World) -> None:
    hear(world, graded("incompetent"))
    move(world)
    hear_defence(world, LEADER)
    move(world, moved=False)
    move(world)
    assert [action for action, *_ in awaited(world)] == ["defences"]
    said = {"statement": "补充陈述", "finding": "属实", "accepted": True}
    world.command("incentives", step(HearDefence, LEADER, only(world, LEADER), **said))
    with pytest.raises(Refused, match="nothing can be imposed"):
        decide(world, "organisation")
