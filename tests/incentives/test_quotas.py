"""How many rewards of a kind there are for a year: the body chooses, and one too many is refused."""

from typing import Any

import pytest
from msgspec.structs import replace

from deploy.demo.world import World
from services.incentives.model.commands import Decide, WithdrawDecision
from services.incentives.model.quota import Quota
from shared.contracts.incentives import OutcomeDecided, OutcomeProposed
from shared.contracts.inspection import GradeWithdrawn
from shared.contracts.registry import PolicyAdopted
from shared.engine.flow import Cause, derived_id
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.incentives.cases import (
    BENXI,
    COUNTY,
    EXAMINED,
    LEADER,
    UNIT,
    VILLAGE,
    decide,
    graded,
    hear,
    only,
    step,
    world_with,
)

VILLAGES = [f"21052110020{n}" for n in range(1, 5)]


def pack(**said: Any) -> list[dict[str, Any]]:
    """Benxi's outcomes, of which there are two commendations a year."""
    return [one | ({"quota": 2, **said} if one["kind"] == "commendation" else {}) for one in BENXI["outcomes"]]


@pytest.fixture
def world() -> World:
    world = world_with(outcomes=pack())
    hear(world, *(replace(graded("excellent", leader=""), village=village) for village in VILLAGES))
    return world


def commend(world: World, village: str, year: int = 2014, kind: str = "commendation", **said: Any) -> None:
    said = {"imposed": True, **EXAMINED, "body": "organisation", "decided_by": "本组决〔2015〕3号"} | said
    world.command("incentives", step(Decide, ("team", village), f"{kind}/{village}/{year}", **said))


def test_1_16_more_are_proposed_than_there_are_and_the_body_chooses(world: World) -> None:
    assert len(world.said(OutcomeProposed)) == 4, "nobody is left out or ranked by the software"
    commend(world, VILLAGES[3])
    commend(world, VILLAGES[0], imposed=False)
    commend(world, VILLAGES[1])
    with pytest.raises(Refused, match="there are 2 for that year, and all were given") as refused:
        commend(world, VILLAGES[2])
    assert (refused.value.field, refused.value.rule) == ("imposed", "S3:第四项")
    commend(world, VILLAGES[2], imposed=False)
    assert [said.imposed for said in world.said(OutcomeDecided)] == [True, False, True, False]


def test_1_16_what_is_refused_for_another_reason_uses_nothing(world: World) -> None:
    with pytest.raises(Refused, match="this is a matter of"):
        commend(world, VILLAGES[0], body="county")
    assert not [state for (kind, _), state in world.services["incentives"].states.items() if kind is Quota and state]
    commend(world, VILLAGES[0])
    with pytest.raises(Refused, match="not decided twice"):
        commend(world, VILLAGES[0])
    commend(world, VILLAGES[1])


def test_1_16_what_is_taken_back_can_be_given_to_somebody_else(world: World) -> None:
    commend(world, VILLAGES[0])
    commend(world, VILLAGES[1])
    said = {"reason": "对象录错", "body": "organisation", "decided_by": "本组决〔2015〕4号"}
    world.command(
        "incentives", step(WithdrawDecision, ("team", VILLAGES[0]), f"commendation/{VILLAGES[0]}/2014", **said)
    )
    commend(world, VILLAGES[2])
    with pytest.raises(Refused, match="all were given"):
        commend(world, VILLAGES[0])


def test_1_16_each_year_has_its_own(world: World) -> None:
    hear(world, replace(graded("excellent", year=2015, leader=""), village=VILLAGES[2]))
    for village in VILLAGES[:2]:
        commend(world, village)
    commend(world, VILLAGES[2], 2015)
    used = world.state("incentives", Quota, "2105/commendation/2014").given
    assert used == tuple(f"commendation/{village}/2014" for village in VILLAGES[:2])


def test_1_16_who_led_before_a_grade_was_withdrawn_uses_one_as_well() -> None:
    outcomes = [one | ({"quota": 1} if one["kind"] == "talent_pool" else {}) for one in BENXI["outcomes"]]
    world = world_with(outcomes=outcomes)
    hear(world, graded("excellent"))
    decide(world, LEADER, standing=None)
    hear(world, GradeWithdrawn(
        place=COUNTY, village=VILLAGE, year=2014, unit=UNIT[1], leader=LEADER[1], grade="excellent", reason="录错",
        decided_by="市委组织部",
    ), graded("excellent", leader="C2"))  # fmt: skip
    with pytest.raises(Refused, match="all were given"):
        decide(world, ("cadre", "C2"), standing=None)
    said = {"reason": "对象录错", "body": "organisation", "decided_by": "本组决〔2015〕4号"}
    world.command("incentives", step(WithdrawDecision, LEADER, only(world, LEADER), **said))
    decide(world, ("cadre", "C2"), standing=None)


def test_1_16_a_countys_quota_holds_where_the_city_rewards_the_same_teams() -> None:
    world = world_with()
    (of_city,) = (one for one in BENXI["outcomes"] if one["kind"] == "commendation")
    layer = {
        "extends": "2105",
        "jurisdiction": COUNTY,
        "version": "county-1",
        "name": "某县",
        "name_en": "A county",
        "effective_from": BENXI["effective_from"],
        "outcomes": [{**of_city, "kind": "county_praise", "label": "县级表扬", "quota": 1}],
    }
    adopted = PolicyAdopted(place=COUNTY, version="county-1", adopted_by="县委", pack=layer)
    world.services["incentives"].take([Cause(derived_id("layer"), "layer", adopted)], world.today)
    hear(world, *(replace(graded("excellent", leader=""), village=village) for village in VILLAGES[:2]))
    commend(world, VILLAGES[0], kind="county_praise")
    with pytest.raises(Refused, match="there are 1 for that year"):
        commend(world, VILLAGES[1], kind="county_praise")
    commend(world, VILLAGES[1])
    assert list(world.state("incentives", Quota, f"{COUNTY}/county_praise/2014").given) == [
        f"county_praise/{VILLAGES[0]}/2014"
    ]


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("criticism", "nobody is sanctioned to fill a quota"),
        ("settlement", "from the grade of a year"),
    ],
)
def test_1_16_a_quota_of_what_is_no_reward_of_a_year_is_refused(kind: str, complaint: str) -> None:
    outcomes = [one | ({"quota": 2} if one["kind"] == kind else {}) for one in BENXI["outcomes"]]
    with pytest.raises(PolicyInvalid, match=complaint):
        parse_pack({**BENXI, "outcomes": outcomes})


def shared_out(share: float = 0.5, **said: Any) -> list[dict[str, Any]]:
    """Benxi's outcomes, of which a commendation is for a share of the teams that are graded."""
    limit = {"quota_share": share, **said}
    return [one | (limit if one["kind"] == "commendation" else {}) for one in BENXI["outcomes"]]


def grades(*villages: str, grade: str = "competent") -> list[Any]:
    return [replace(graded(grade, leader=""), village=village) for village in villages]


def test_2_15_a_share_is_one_of_all_who_are_graded_by_then_rounded_down() -> None:
    world = world_with(outcomes=shared_out())
    hear(world, *grades(*VILLAGES[:2], grade="excellent"), *grades(VILLAGES[2]))
    commend(world, VILLAGES[0])
    with pytest.raises(Refused, match="3 have a grade of that year, and 50% of them") as refused:
        commend(world, VILLAGES[1])
    assert "有3个，最多给予其中的50%，即1个" in refused.value.zh and refused.value.field == "imposed"
    hear(world, *grades(VILLAGES[3]))
    commend(world, VILLAGES[1])


def test_2_15_who_is_graded_anew_counts_once_and_whose_grade_is_withdrawn_does_not() -> None:
    world = world_with(outcomes=shared_out())
    hear(world, *grades(*VILLAGES[:2], grade="excellent"), *grades(VILLAGES[2], VILLAGES[2], VILLAGES[2]))
    hear(world, *grades(VILLAGES[2], grade="excellent"))
    gone = GradeWithdrawn(
        place=COUNTY, village=VILLAGES[2], year=2014, unit=UNIT[1], leader="", grade="excellent", reason="录错",
        decided_by="市委组织部",
    )  # fmt: skip
    quota: Quota = world.state("incentives", Quota, "2105/commendation/2014")
    assert (len(quota.graded), quota.place) == (3, "210500")
    hear(world, gone)
    commend(world, VILLAGES[0])
    with pytest.raises(Refused, match="2 have a grade of that year"):
        commend(world, VILLAGES[1])


def test_2_15_a_share_and_a_number_hold_both_and_a_share_of_few_may_be_none() -> None:
    world = world_with(outcomes=shared_out(0.9, quota=1))
    hear(world, *grades(*VILLAGES[:3], grade="excellent"))
    commend(world, VILLAGES[0])
    with pytest.raises(Refused, match="there are 1 for that year"):
        commend(world, VILLAGES[1])
    few = world_with(outcomes=shared_out(0.2))
    hear(few, *grades(VILLAGES[0], grade="excellent"))
    with pytest.raises(Refused, match="which are 0"):
        commend(few, VILLAGES[0])


def test_2_15_two_rewards_that_are_shares_of_the_same_grades_and_a_sanction_by_share_are_refused() -> None:
    twice = [
        one | ({"quota_share": 0.1} if one["kind"] in ("commendation", "talent_pool") else {}) for one in shared_out()
    ]
    with pytest.raises(PolicyInvalid, match="of one assessment one reward is a share") as refused:
        parse_pack(BENXI | {"outcomes": twice})
    assert [fault.where.rpartition(".")[2] for fault in refused.value.faults] == ["quota_share"]
    sanction = [one | ({"quota_share": 0.1} if one["kind"] == "criticism" else {}) for one in BENXI["outcomes"]]
    with pytest.raises(PolicyInvalid, match="nobody is sanctioned to fill a quota"):
        parse_pack(BENXI | {"outcomes": sanction})
