import tomllib
from datetime import date
from pathlib import Path

import pytest

from services.registry.model import Reason, why_not_yet
from shared.contracts.dispatch import NeedUnmet
from tests.registry.county import AT, BENXI, MATCHED, OBJECT, County, pack, verdict
from tests.support.packs import CONTACT

SAID = {
    "listed": [("diagnoses", "county", "尚未完成摸底排查和集体会诊")],
    "diagnosed": [("matchings", "organisation", "尚未确定帮扶单位")],
    "matched": [("assignments", "organisation", "已确定帮扶单位，尚未派驻")],
    "assigned": [("commitments", "unit", "尚未签订：工作目标责任书")],
    "pledged": [("commitments", "team", "尚未制定：三年帮扶目标、年度帮扶计划、工作台账")],
    "helped": [("measurements", "township", "指标自2014年11月20日起测算")],
    "measured": [("exit-requests", "township", "各项指标均已达标，尚未申请出列")],
    "requested": [("verifications", "inspection", "待入户核查")],
    "verified": [("notices", "township", "核查已通过，待公示")],
    "noticed": [("notices", "township", "公示期至2014年12月9日")],
    "decidable": [("approvals", "county", "公示期已满，待审批")],
}


def why(county: County) -> tuple[Reason, ...]:
    return why_not_yet(county.village, county.policy)


def codes(county: County) -> list[tuple[str, str]]:
    return [(reason.code, reason.mover) for reason in why(county)]


@pytest.mark.parametrize("stage", SAID)
def test_wish_10_every_stage_on_the_list_says_what_it_waits_for_and_who_can_move_it(stage: str) -> None:
    county: County = getattr(County(), stage)()
    assert [(reason.code, reason.mover, reason.zh) for reason in why(county)] == SAID[stage]
    assert all(reason.zh and reason.en and "{" not in reason.zh + reason.en for reason in why(county))


def test_wish_10_what_a_team_and_its_unit_owe_is_named_as_the_pack_has_it() -> None:
    assert why(County().assigned())[0].zh == "尚未签订：工作目标责任书"
    assert why(County().pledged())[0].zh == "尚未制定：三年帮扶目标、年度帮扶计划、工作台账"
    zunyi = tomllib.loads(Path("shared/policy/packs/zunyi.toml").read_text("utf-8"))["commitments"]
    owed = [{**one, "rule": "S3"} for one in zunyi]
    leaders = {**CONTACT, "kind": "leader"}
    reasons = why(County(pack(commitments=owed, links=[*BENXI["links"], leaders])).assigned())
    assert [(reason.mover, reason.en) for reason in reasons] == [
        ("unit", "waiting for: list leadership, list cadres"),
        ("team", "waiting for: list team, ledger"),
        ("village", "waiting for: list members, list capable"),
    ]


@pytest.mark.parametrize("stage", ["registered", "delisted", "released"])
def test_wish_10_a_village_that_is_not_on_the_list_is_kept_by_nothing(stage: str) -> None:
    assert why(getattr(County(), stage)()) == ()


def test_wish_10_unmet_criteria_are_named_with_value_bound_and_mover() -> None:
    county = County().helped().until(date(2014, 12, 1))
    assert codes(county) == [("households", "township")]
    county.count(2014, poor_persons=91)
    assert codes(county) == [("measurements", "township")]
    county.measure(2014, collective_income=12_000)
    incidence, income = why(county)
    assert incidence == Reason(
        "incidence", "贫困发生率9.1%，应低于2%", "incidence is not met: 0.091, required below 0.02", "team"
    )
    assert (income.code, income.mover) == ("collective_income", "unit") and "12000" in income.zh


def test_wish_10_a_gap_in_the_matching_is_told_with_the_rules_that_stood_in_the_way() -> None:
    county = County().diagnosed()
    county.hear(NeedUnmet(**AT, matching="M1", obstacles={"U2": "leader_rank", "U1": "leader_rank", "U3": "team_size"}))
    assert codes(county) == [("matchings", "organisation"), ("need_unmet", "organisation")]
    assert "无符合职务层次要求的队长人选、符合条件的干部不足" in why(county)[1].zh
    county.hear(MATCHED)
    assert codes(county) == [("assignments", "organisation")]


def test_wish_10_a_failed_verification_says_when_the_next_measurement_opens() -> None:
    county = County().requested()
    county.hear(verdict(passed=False))
    [reason] = why(county)
    assert reason.code == "verifications" and "2015年11月20日" in reason.zh


def test_wish_10_open_objections_are_named_one_by_one() -> None:
    county = County().noticed()
    county.do(OBJECT)
    assert codes(county) == [("objection-decisions", "county"), ("notices", "township")]
    assert "第1号" in why(county)[0].zh


def test_wish_10_after_the_last_day_of_a_notice_only_its_objections_are_waited_for() -> None:
    county = County().noticed()
    county.do(OBJECT)
    county.until(date(2014, 12, 10))
    assert codes(county) == [("objection-decisions", "county")]
