"""Helpers' money and donations: the village decides, the township agrees, all is public, and then it is released."""

from datetime import date
from typing import Any

import pytest

from services.registry.model import Resolution
from services.registry.model import commands as c
from shared.contracts.registry import FundReleased, FundWithdrawn, ResolutionOpened, ResolutionRejected, StepOverdue
from tests.registry.county import AT, BENXI, VILLAGE, WHY, County, again, of_type, pack
from tests.registry.matters import ZUNYI

OF: dict[str, Any] = {**AT, "matter": "2014-9"}
ASK = c.OpenResolution(
    **OF, kind="fund", subject_code="industry", fund=c.Fund(amount=80_000, origin="donation"), opened_by="村党组织"
)
BACK = c.WithdrawFund(**OF, **WHY)
VOTES = {
    "fund_propose": (3, 3, 3),
    "fund_discuss": (7, 6, 5),
    "fund_members_review": (30, 20, 16),
    "fund_resolve": (45, 30, 16),
    "fund_gate": (1, 1, 1),
    "direct_propose": (3, 3, 3),
    "direct_discuss": (60, 31, 16),
    "direct_gate": (1, 1, 1),
}
FOUR = ("fund_propose", "fund_discuss", "fund_members_review", "fund_resolve")
"""四议."""
STEPS = (*FOUR, "fund_gate", "fund_publish_resolution", "fund_publish_result")
DIRECT = ("direct_propose", "direct_discuss", "direct_gate", "direct_publish", "direct_result")


def step(name: str, agreed: int | None = None) -> c.TakeStep:
    entitled, present, in_favour = VOTES.get(name, (0, 0, 0))
    body: Any = "township" if name.endswith("gate") else "village"
    votes: Any = {"entitled": entitled, "present": present, "agreed": in_favour if agreed is None else agreed}
    return c.TakeStep(**OF, step=name, **votes, body=body, decided_by="村“两委”")


def opened(until: str = "fund_propose") -> County:
    """A village that asks for a donation's use, with all steps before this one taken; no day has passed."""
    county = County(pack(procedures=[*ZUNYI[:-1], *BENXI["procedures"][-1:]])).registered()
    county.do(ASK)
    for name in STEPS[: STEPS.index(until)]:
        county.do(step(name))
    return county


def matter(county: County) -> Resolution:
    found: Resolution = county.world.state("registry", Resolution, f"{VILLAGE}/2014-9")
    return found


@pytest.mark.parametrize(("kind", "steps"), [("fund", STEPS), ("fund_direct", DIRECT)])
def test_2_18_money_is_released_once_both_have_agreed_and_it_is_public(kind: str, steps: tuple[str, ...]) -> None:
    county = opened()
    county.do(c.WithdrawResolution(**OF, **WHY))
    [asked] = county.do(again(ASK, kind=kind))
    assert isinstance(asked, ResolutionOpened) and (asked.amount, asked.origin) == (80_000, "donation")
    released = []
    for name in steps:
        role = "township" if name.endswith("gate") else "village"
        assert county.todo() == [("resolution-steps", role, f"2014-9 {name}")]
        released += [(name, event) for event in of_type(county.do(step(name)), FundReleased)]
    told = FundReleased(**OF, kind=kind, subject_code="industry", amount=80_000, origin="donation")
    assert released == [(steps[-2], told)]
    assert county.todo() == []


@pytest.mark.parametrize("refuses", ["fund_resolve", "fund_gate"])
def test_2_18_money_that_either_refuses_is_never_released(refuses: str) -> None:
    county = opened(refuses)
    [_, rejected] = county.do(step(refuses, agreed=0))
    assert isinstance(rejected, ResolutionRejected) and rejected.step == refuses
    assert county.todo() == [] and matter(county).status == "rejected"
    assert county.refusal(step("fund_publish_resolution")).status == 409


@pytest.mark.parametrize("until", STEPS)
@pytest.mark.parametrize(
    "fund", [c.Fund(amount=800_000, origin="donation"), c.Fund(amount=80_000, origin="carried_over")]
)
def test_2_18_the_sum_cannot_change_on_the_way(until: str, fund: c.Fund) -> None:
    refused = opened(until).refusal(again(ASK, fund=fund))
    assert (refused.status, refused.field) == (409, "fund")
    assert "80000元（企业、社会资助资金）" in refused.zh.replace(",", "")


def test_2_18_whoever_gives_the_money_takes_it_back_until_it_is_released() -> None:
    for until in STEPS[:-1]:
        county = opened(until)
        assert county.do(BACK) == [FundWithdrawn(**OF, **WHY)]
        assert county.todo() == [] and matter(county).status == "withdrawn" and county.do(BACK) == []
        assert county.refusal(step(until)).status == 409
    released = opened("fund_publish_result")
    assert "已拨付的资金" in released.refusal(BACK).zh
    assert "已拨付的资金" in released.refusal(c.WithdrawStep(**OF, step="fund_publish_resolution", **WHY)).zh
    released.do(step("fund_publish_result"), c.WithdrawStep(**OF, step="fund_publish_result", **WHY))
    assert released.todo() == [("resolution-steps", "village", "2014-9 fund_publish_result")]


def test_2_18_what_was_decided_before_the_money_was_taken_back_stays_on_record() -> None:
    county = opened("fund_gate")
    county.do(BACK)
    assert county.refusal(again(ASK, fund=c.Fund(amount=1, origin="donation"))).field == "fund"
    assert county.do(ASK) == [] and [taken.step for taken in matter(county).taken] == [*FOUR]


@pytest.mark.parametrize("name", STEPS[:-2])
@pytest.mark.parametrize("agreed", [None, 0], ids=["agreed", "refused"])
def test_2_18_money_that_was_taken_back_is_never_released(name: str, agreed: int | None) -> None:
    county = opened(name)
    county.do(step(name, agreed), BACK)
    steps = [taken.step for taken in matter(county).taken]
    for taken in steps:
        refused = county.refusal(c.WithdrawStep(**OF, step=taken, **WHY))
        assert (refused.status, refused.field) == (409, "matter") and "已经撤回" in refused.zh
        assert county.refusal(step("fund_publish_resolution")).status == 409
    assert [taken.step for taken in matter(county).taken] == steps and county.do(BACK) == []
    assert county.todo() == [] and matter(county).status == "withdrawn"
    assert county.world.said(FundReleased) == []


def test_2_18_a_refusal_that_was_a_mistake_is_taken_back_while_the_money_is_there() -> None:
    county = opened("fund_gate")
    county.do(step("fund_gate", agreed=0), c.WithdrawStep(**OF, step="fund_gate", **WHY))
    assert county.todo() == [("resolution-steps", "township", "2014-9 fund_gate")]


def test_2_18_a_township_that_sits_on_the_gate_is_told_to_the_county_once() -> None:
    county = opened("fund_gate")
    county.until(date(2014, 7, 30))
    [late] = county.world.said(StepOverdue)
    assert (late.step, late.due, late.owed_by, late.told_to) == ("fund_gate", date(2014, 6, 17), "township", "county")
    task, above = county.tasks
    assert (task.role, task.due) == ("township", date(2014, 6, 17)), "it is awaited as before"
    assert (above.action, above.role) == ("delay-decisions", "county")
    county.do(step("fund_gate"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fund": None}, "fund"),
        ({"subject_code": "road"}, "subject_code"),
        ({"fund": c.Fund(amount=5, origin="lottery")}, "fund.origin"),
        ({"kind": "four_deliberations"}, "fund"),
        ({"question": "钱花在哪里"}, "question"),
    ],
)
def test_2_18_money_has_a_sum_an_origin_and_a_purpose_that_the_region_knows(changes: Any, field: str) -> None:
    refused = opened().refusal(again(ASK, **{"matter": "2014-10", **changes}))
    assert (refused.status, refused.field) == (422, field)


def test_2_18_only_a_matter_about_money_has_money_to_take_back() -> None:
    county = opened()
    county.do(again(ASK, matter="2014-10", kind="four_deliberations", fund=None))
    assert county.refusal(again(BACK, matter="2014-10")).field == "matter"
    assert county.refusal(again(BACK, matter="2014-11")).status == 404
