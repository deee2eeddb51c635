from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.model import commands as c
from shared.contracts import Command
from shared.contracts.registry import (
    ExitApproved,
    ExitRequested,
    NoticePosted,
    ObjectionDecided,
    ObjectionRaised,
    VillageDelisted,
)
from tests.registry.county import (
    APPROVE,
    AT,
    CITY,
    DISMISS,
    NOTICE,
    OBJECT,
    REFUSE,
    REQUEST,
    UPHOLD,
    County,
    again,
    household,
    of_type,
    pack,
    verdict,
)

STAGES = (
    *("registered", "listed", "diagnosed", "matched", "assigned", "pledged", "helped", "measured"),
    *("requested", "verified", "noticed", "decidable", "delisted", "released"),
)
MAY: dict[str, dict[str, Command]] = {
    "measured": {"request": REQUEST},
    "verified": {"post": NOTICE},
    "noticed": {"post": NOTICE, "object": OBJECT},
    "decidable": {"approve": APPROVE, "refuse": REFUSE},
}
STEPS = {"request": REQUEST, "post": NOTICE, "object": OBJECT, "uphold": UPHOLD, "approve": APPROVE, "refuse": REFUSE}


def at(stage: str, policy: dict[str, Any] | None = None) -> County:
    county: County = getattr(County(policy), stage)()
    return county


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("step", STEPS)
def test_rules_2_each_step_of_the_exit_is_possible_where_it_stands_and_nowhere_else(stage: str, step: str) -> None:
    county = at(stage)
    if step in MAY.get(stage, {}):
        county.do(STEPS[step])
    else:
        assert county.refusal(STEPS[step]).status in (404, 409)


def test_rules_2_the_way_off_the_list() -> None:
    county = at("measured")
    (asked,) = county.do(REQUEST)
    frame = {"lifted": ("H1", "H2"), "persons": (4, 4), "outside": 982}
    assert asked == ExitRequested(**AT, attempt=1, **frame, remaining=1, requested_by="镇")
    assert county.tasks == [], "the verification is the inspection's task"
    county.hear(verdict())
    assert county.todo() == [("notices", "township", "")]
    county.until(date(2014, 12, 2))
    assert county.do(NOTICE) == [NoticePosted(**AT, attempt=1, until=date(2014, 12, 9), posted_by="镇")]
    assert county.do(NOTICE) == [] and county.tasks == []
    county.until(date(2014, 12, 10))
    assert county.todo() == [("approvals", "county", "")]
    assert county.tasks[0].due == date(2014, 12, 24), "ten working days from 10 December 2014"
    assert county.do(APPROVE) == [VillageDelisted(**AT, spell=1, incidence=0.01, decided_by="县政府")]
    assert county.village.stage == "delisted" and county.tasks == []


def test_rules_2_a_village_with_unmet_criteria_cannot_ask_and_is_told_all_of_them() -> None:
    county = at("helped").until(date(2014, 12, 1)).count(2014, poor_persons=60)
    county.measure(2014, hard_road=0.5)
    refused = county.refusal(REQUEST)
    assert "贫困发生率" in refused.zh and "hard road" in refused.en


def test_rules_2_a_failed_verification_leads_back_to_helping_until_the_next_years_measurement() -> None:
    county = at("requested")
    county.hear(verdict(passed=False))
    assert county.village.stage == "helped" and county.tasks == []
    assert "2015-11-20" in county.refusal(REQUEST).en
    county.measure(2014, safe_water=1.0, hard_road=1.0)
    assert county.refusal(REQUEST).status == 409, "better figures of the same year do not renew the request"
    county.until(date(2015, 12, 1)).count(2015).measure(2015)
    [event] = county.do(REQUEST)
    assert event.attempt == 2 and county.village.stage == "requested"


def test_rules_2_a_verdict_on_an_earlier_attempt_is_ignored() -> None:
    county = at("requested")
    county.hear(verdict(attempt=0, passed=False), verdict(attempt=7))
    assert county.village.stage == "requested"


def test_rules_2_an_objection_counts_to_the_end_of_the_last_day_of_the_notice() -> None:
    county = at("noticed").until(date(2014, 12, 9))
    assert county.refusal(APPROVE).status == 409
    assert county.do(OBJECT) == [ObjectionRaised(**AT, attempt=1, objection=1)]
    county.until(date(2014, 12, 10))
    assert county.refusal(again(OBJECT, objection=2)).status == 409
    assert county.todo() == [("objection-decisions", "county", "1")], "no approval while an objection is open"
    assert county.refusal(APPROVE).status == 409
    county.do(DISMISS)
    assert county.todo() == [("approvals", "county", "")]


def test_rules_2_an_objection_is_taken_once_and_its_ground_stays_out_of_the_event() -> None:
    county = at("noticed")
    county.do(OBJECT)
    assert county.do(OBJECT) == []
    assert county.refusal(again(OBJECT, ground="住房")).field == "objection"
    county.do(again(OBJECT, objection=2))
    county.do(DISMISS)
    assert county.do(DISMISS) == []
    assert county.refusal(UPHOLD).status == 409
    assert county.refusal(again(UPHOLD, objection=3)).status == 404


def test_rules_2_an_upheld_objection_leads_to_a_new_verification_of_the_households_as_they_are_now() -> None:
    county = at("noticed")
    county.do(OBJECT)
    county.do(c.RecordHouseholds(**AT, year=2014, households=(household("H2", 4, 500),), recorded_by="镇"))
    decided, requested = county.do(UPHOLD)
    assert decided == ObjectionDecided(
        **AT, attempt=1, objection=1, upheld=True, decided_by="县扶贫办", back_to="verify"
    )
    assert requested == ExitRequested(
        **AT, attempt=2, lifted=("H1",), persons=(4,), outside=982, remaining=2, requested_by="县扶贫办"
    )
    assert (county.village.stage, set(county.village.timers)) == ("requested", {"measure"})
    county.until(date(2014, 12, 20)).hear(verdict(attempt=2))
    assert county.do(NOTICE) == [NoticePosted(**AT, attempt=2, until=date(2014, 12, 27), posted_by="镇")]
    county.do(OBJECT)  # Numbers begin anew with each notice.
    county.do(DISMISS)
    county.until(date(2014, 12, 28)).do(APPROVE)
    assert county.village.stage == "delisted"


@settings(max_examples=40, deadline=None)
@given(
    verdicts=st.dictionaries(st.integers(1, 5), st.booleans(), min_size=1),
    order=st.randoms(use_true_random=False),
    over=st.booleans(),
)
def test_rules_2_several_objections_are_all_answered_and_one_upheld_leads_back(
    verdicts: dict[int, bool], order: Any, over: bool
) -> None:
    county = at("noticed")
    county.do(*(again(OBJECT, objection=n) for n in verdicts))
    if over:
        county.until(date(2014, 12, 15))
    numbers = sorted(verdicts)
    order.shuffle(numbers)
    for decided, number in enumerate(numbers):
        assert county.village.stage == "noticed"
        assert len([task for task in county.todo() if task[0] == "objection-decisions"]) == len(numbers) - decided
        assert county.refusal(APPROVE).status == 409
        events = county.do(again(DISMISS, objection=number, upheld=verdicts[number]))
    back = any(verdicts.values())
    assert len(of_type(events, ExitRequested)) == back
    assert county.village.stage == ("requested" if back else "noticed")
    assert county.todo() == ([("approvals", "county", "")] if over and not back else [])


def test_rules_2_a_refused_approval_has_the_village_verified_again() -> None:
    county = at("decidable")
    refusal, requested = county.do(REFUSE)
    assert (refusal.objection, refusal.upheld, refusal.decided_by, refusal.back_to) == (0, True, "县政府", "verify")
    assert (requested.attempt, county.village.stage) == (2, "requested")


def test_rules_2_figures_that_turn_out_worse_during_the_procedure_block_the_approval() -> None:
    county = at("decidable")
    county.do(c.RecordHouseholds(**AT, year=2014, households=(household("H2", 30, 500),), recorded_by="镇"))
    assert "2014" in county.refusal(APPROVE).en
    county.do(REFUSE)
    county.hear(verdict(attempt=2, passed=False))
    assert county.village.stage == "helped"


TWO_BODIES = [
    {"name": "check", "kind": "verify", "by": "inspection", "within": {"calendar_days": 30}},
    {
        "name": "village_notice",
        "kind": "notice",
        "by": "village",
        "within": {"working_days": 5},
        "on_objection": "check",
    },
    {"name": "county", "kind": "decide", "by": "county", "within": {"calendar_days": 5}},
    {
        "name": "county_notice",
        "kind": "notice",
        "by": "county",
        "within": {"calendar_days": 7},
        "on_objection": "county",
    },
    {"name": "city", "kind": "decide", "by": "organisation", "within": {"calendar_days": 15}},
]


def test_rules_2_a_region_with_two_notices_and_two_decisions_needs_a_pack_and_no_code() -> None:
    county = at("verified", pack(exit={"procedure": TWO_BODIES}))
    county.until(date(2014, 12, 2))
    assert county.todo() == [("notices", "village", "")]
    [notice] = county.do(NOTICE)
    assert notice.until == date(2014, 12, 9), "five working days"
    county.until(date(2014, 12, 10))
    assert county.todo() == [("approvals", "county", "")]
    [approved] = county.do(APPROVE)
    assert approved == ExitApproved(**AT, attempt=1, step="county", decided_by="县政府")
    assert (county.village.stage, county.todo()) == ("noticed", [("notices", "county", "")])
    county.do(NOTICE)
    county.do(OBJECT)
    [decided] = county.do(UPHOLD)
    assert decided.back_to == "decide", "this pack has the county decide again instead of a new verification"
    assert (county.village.stage, county.todo()) == ("noticed", [("approvals", "county", "")])
    county.do(APPROVE)
    county.do(NOTICE)
    county.until(date(2014, 12, 18))
    assert county.todo() == [("approvals", "organisation", "")]
    assert [type(event) for event in county.do(APPROVE)] == [VillageDelisted]


def test_rules_2_a_procedure_ends_as_it_began_though_a_new_pack_changes_it() -> None:
    county = at("noticed")
    changed = pack(version="2105-2014.2", effective_from=date(2014, 12, 5), exit={"procedure": TWO_BODIES})
    county.do(c.AdoptPolicy(place=CITY, pack=changed, adopted_by="市委"))
    county.until(date(2014, 12, 10))
    assert county.todo() == [("approvals", "county", "")]
    county.do(APPROVE)
    assert county.village.stage == "delisted"


def test_rules_2_days_that_were_missed_end_the_notice_on_its_own_day() -> None:
    county = at("noticed")
    county.world.today = date(2014, 12, 15)
    county.registry.pass_day(county.world.today)
    assert county.tasks[0].due == date(2014, 12, 24)
