"""The country's own rules: a household leaves by a round that it accepts, and the exit is judged by what follows."""

from datetime import date
from typing import Any

import pytest

from services.registry.model import Resolution
from services.registry.model import commands as c
from shared.contracts.registry import ExitRequested, HouseholdsLifted, RoundEnded, VillageDelisted
from tests.registry.county import AT, REQUEST, VILLAGE, County, of_type, verdict
from tests.registry.nation import NATION, OURS

OF: dict[str, Any] = {**AT, "matter": "2014-R1"}
ROUND = c.OpenResolution(
    **OF, kind="household_exit", subject_code="exit", members=("H1", "H2", "H3", "H4"), opened_by="村“两委”"
)
BODIES = {
    "check": "team",
    "review": "township",
    "approve_households": "county",
    "deregister": "poverty_office",
}
POST = c.PostNotice(**OF, body="village", posted_by="村委会")


def step(name: str, **more: Any) -> c.TakeStep:
    body: Any = BODIES.get(name, "village")
    votes: Any = {"entitled": 30, "present": 20, "agreed": 20}
    if name in ("accept", "announce_households", "deregister"):
        votes = {}
    return c.TakeStep(**OF, step=name, body=body, decided_by="会议", **{**votes, **more})


def accepted(*households: str, yes: bool = True) -> c.TakeStep:
    return step("accept", acceptances=tuple(c.Acceptance(household=id, accepted=yes) for id in households))


def helped() -> County:
    """A village of 1,000 people with four registered households of ten people each, all well off by their facts."""
    county = County(OURS).helped().until(date(2014, 11, 3))
    facts = [c.HouseholdFacts(household=f"H{n}", persons=10, income=9_000, secured=True) for n in (1, 2, 3, 4)]
    county.do(c.RecordHouseholds(**AT, year=2014, households=tuple(facts), recorded_by="镇"))
    return county


def lifted(*left_out: str) -> County:
    """The same after a round over all four households, which leaves some of them out."""
    county = helped()
    county.do(ROUND, step("appraise"), step("check", left_out=left_out))
    county.do(accepted(*({"H1", "H2", "H3", "H4"} - {*left_out})), POST)
    county.until(date(2014, 11, 11))
    county.do(step("review"), step("approve_households"), step("announce_households"), step("deregister"))
    return county


def incidence(county: County) -> float:
    county.sure(c.MeasureIndicators(**AT, year=2014, values={"safe_water": 1.0}, measured_by="镇"))
    return county.village.values["incidence"]


def test_5_2_a_household_leaves_by_appraisal_check_its_own_word_notice_review_approval_and_announcement() -> None:
    county = helped()
    county.do(ROUND)
    county.do(step("appraise"), step("check", left_out=("H4",)), accepted("H1", "H2"), accepted("H3", yes=False))
    county.do(POST)
    matter: Resolution = county.world.state("registry", Resolution, f"{VILLAGE}/2014-R1")
    assert matter.course.notice_until == date(2014, 11, 10)
    assert county.refusal(step("review")).status == 409, "the notice still stands"
    county.until(date(2014, 11, 11))
    county.do(step("review"), step("approve_households"), step("announce_households"))
    assert incidence(county) == 0.04, "nobody is off the register yet"
    assert county.todo()[0] == ("resolution-steps", "poverty_office", "2014-R1 deregister")
    ended = county.do(step("deregister"))
    assert of_type(ended, HouseholdsLifted)[0].households == ("H1", "H2")
    assert of_type(ended, RoundEnded)[0].left_out == 2
    assert county.village.values["incidence"] == 0.02


@pytest.mark.parametrize("name", ["check", "review", "approve_households"])
def test_5_2_who_checks_reviews_or_approves_may_send_the_round_back_to_the_appraisal(name: str) -> None:
    county = helped()
    county.do(ROUND, step("appraise"))
    if name != "check":
        county.do(step("check"), accepted("H1", "H2", "H3", "H4"), POST)
        county.until(date(2014, 11, 11))
    if name == "approve_households":
        county.do(step("review"))
    county.do(step(name, agreed=0))
    assert ("resolution-steps", "village", "2014-R1 appraise") in county.todo()


@pytest.mark.parametrize(
    ("left_out", "rate", "may_leave"), [((), 0.0, True), (("H4",), 0.01, True), (("H3", "H4"), 0.02, False)]
)
def test_5_1_5_2_the_exit_is_judged_at_the_rate_that_the_round_leaves(
    left_out: tuple[str, ...], rate: float, may_leave: bool
) -> None:
    county = lifted(*left_out)
    county.until(date(2014, 12, 1))
    assert incidence(county) == rate
    if not may_leave:
        assert "贫困发生率" in county.refusal(REQUEST).zh
        return
    [asked] = of_type(county.do(REQUEST), ExitRequested)
    assert asked.remaining == len(left_out) and len(asked.lifted) == 4 - len(left_out)
    county.hear(verdict())
    county.do(c.PostNotice(**AT, body="township", posted_by="镇"))
    county.until(date(2014, 12, 9))
    done: list[Any] = []
    by: Any = {"body": "leader_group", "decided_by": "县扶贫开发领导小组"}
    for step in ("approve", "announce", "file"):
        done += county.do(c.ApproveExit(**AT, step=step, approved=True, **by))
    assert [event.incidence for event in of_type(done, VillageDelisted)] == [rate]


def test_1_18_where_all_is_computed_from_households_a_year_is_measured_without_any_figure() -> None:
    county = County({**OURS, "exit": NATION["exit"]}).helped().until(date(2014, 11, 3))
    facts = (c.HouseholdFacts(household="H1", persons=10, income=1_000, secured=True),)
    county.do(c.RecordHouseholds(**AT, year=2014, households=facts, recorded_by="镇"))
    county.do(c.MeasureIndicators(**AT, year=2014, measured_by="镇"))
    assert county.village.values["incidence"] == 0.01
    more = helped()
    refused = more.refusal(c.MeasureIndicators(**AT, year=2014, measured_by="镇"))
    assert (refused.status, refused.field) == (422, "values") and "安全饮水覆盖率" in refused.zh
