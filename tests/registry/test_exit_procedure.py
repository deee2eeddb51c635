from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.model import Village, why_not_yet
from services.registry.model import commands as c
from services.registry.model.proceeding import Objection
from shared.contracts import Command
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.inspection import SampleDrawn
from shared.contracts.registry import (
    ExitApproved,
    ExitRequested,
    ExitWithdrawn,
    IndicatorsMeasured,
    NoticePosted,
    NoticeWithdrawn,
    ObjectionDecided,
    ObjectionRaised,
    ObjectionWithdrawn,
    StepOverdue,
    VillageDelisted,
    VillageRegistered,
)
from shared.engine.flow import encode_state
from tests.registry.county import (
    APPROVE,
    AT,
    BENXI,
    CITY,
    DELIST,
    DISMISS,
    MET,
    NOTICE,
    OBJECT,
    REFUSE,
    REQUEST,
    UPHOLD,
    County,
    again,
    exit_of,
    household,
    of_type,
    pack,
    verdict,
)
from tests.support.outage import sleep

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
def test_5_1_each_step_of_the_exit_is_possible_where_it_stands_and_nowhere_else(stage: str, step: str) -> None:
    county = at(stage)
    if step in MAY.get(stage, {}):
        county.do(STEPS[step])
    else:
        assert county.refusal(STEPS[step]).status in (404, 409)


def test_5_1_an_approved_exit_is_announced_and_filed_before_the_village_is_off_the_list() -> None:
    """公告退出, 备案: who approved is told as who decided, not who filed."""
    after: list[dict[str, Any]] = [
        {"name": "announce", "label": "公告退出", "kind": "publish", "by": "township", "within": {"calendar_days": 5}},
        {"name": "file", "label": "备案", "kind": "act", "by": "county", "within": {"calendar_days": 5}},
    ]
    [steps] = [one["steps"] for one in BENXI["procedures"] if one["kind"] == "exit"]
    county = at("decidable", pack(**exit_of([*steps[:3], *after])))
    [approved] = county.do(APPROVE)
    announce: Any = c.ApproveExit(body="township", **AT, step="announce", approved=True, decided_by="镇")
    assert isinstance(approved, ExitApproved) and county.todo() == [("approvals", "township", "")]
    assert [reason.zh for reason in why_not_yet(county.village, county.policy)] == ["出列已经批准，待办理“公告退出”"]
    assert county.refusal(again(announce, approved=False)).field == "approved"
    assert county.refusal(APPROVE).field == "body"
    assert county.refusal(again(announce, step=None)).field == "step", "an approval sent twice announces nothing"
    assert county.refusal(again(announce, step="approve")).field == "step"
    [announced] = county.do(announce)
    assert isinstance(announced, ExitApproved) and announced.step == "announce"
    county.until(date(2014, 12, 20))
    assert [(late.step, late.owed_by) for late in county.world.said(StepOverdue)] == [("file", "county")]
    [delisted] = county.do(again(APPROVE, step="file", decided_by="县扶贫办"))
    assert isinstance(delisted, VillageDelisted) and delisted.decided_by == "县政府"
    assert county.village.delisted_on == county.world.today


def test_5_1_the_way_off_the_list() -> None:
    county = at("measured")
    (asked,) = county.do(REQUEST)
    frame: Any = {"lifted": ("H1", "H2"), "persons": (4, 4), "outside": 982}
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
    approved, announced, delisted = county.do(*DELIST)
    assert [(one.step, one.decided_by) for one in (approved, announced)] == [
        ("approve", "县政府"),
        ("announce", "县政府公告"),
    ]
    assert delisted == VillageDelisted(**AT, spell=1, incidence=0.01, decided_by="县政府"), "filed by another one"
    assert county.village.stage == "delisted" and county.tasks == []


def test_5_1_a_village_with_unmet_criteria_cannot_ask_and_is_told_all_of_them() -> None:
    county = at("helped").until(date(2014, 12, 1)).count(2014, poor_persons=60)
    county.measure(2014, hard_road=0.5)
    refused = county.refusal(REQUEST)
    assert "贫困发生率" in refused.zh and "hard road" in refused.en


def test_5_1_a_failed_verification_leads_back_to_helping_until_the_next_years_measurement() -> None:
    county = at("requested")
    county.hear(verdict(passed=False))
    assert county.village.stage == "helped" and county.tasks == []
    assert "20 November 2015" in county.refusal(REQUEST).en
    county.measure(2014, safe_water=1.0, hard_road=1.0)
    assert county.refusal(REQUEST).status == 409, "better figures of the same year do not renew the request"
    county.until(date(2015, 12, 1)).count(2015).measure(2015)
    [event] = county.do(REQUEST)
    assert event.attempt == 2 and county.village.stage == "requested"


def test_5_1_a_verdict_on_an_earlier_attempt_is_ignored() -> None:
    county = at("requested")
    county.hear(verdict(attempt=0, passed=False), verdict(attempt=7))
    assert county.village.stage == "requested"


def test_5_1_an_objection_counts_to_the_end_of_the_last_day_of_the_notice() -> None:
    county = at("noticed").until(date(2014, 12, 9))
    assert county.refusal(APPROVE).status == 409
    assert county.do(OBJECT) == [ObjectionRaised(**AT, attempt=1, objection=1)]
    county.until(date(2014, 12, 10))
    assert county.refusal(again(OBJECT, objection=2)).status == 409
    assert county.todo() == [("objection-decisions", "county", "1")], "no approval while an objection is open"
    assert county.refusal(APPROVE).status == 409
    county.do(DISMISS)
    assert county.todo() == [("approvals", "county", "")]


def test_5_1_an_objection_is_taken_once_and_its_ground_stays_out_of_the_event() -> None:
    county = at("noticed")
    county.do(OBJECT)
    assert county.do(OBJECT) == []
    assert county.refusal(again(OBJECT, ground="住房")).field == "objection"
    county.do(again(OBJECT, objection=2))
    county.do(DISMISS)
    assert county.do(DISMISS) == []
    assert county.refusal(UPHOLD).status == 409
    assert county.refusal(again(UPHOLD, objection=3)).status == 404


def test_5_1_an_upheld_objection_leads_to_a_new_verification_of_the_households_as_they_are_now() -> None:
    county = at("noticed")
    county.do(OBJECT)
    decided, requested = county.do(UPHOLD)
    assert decided == ObjectionDecided(
        **AT, attempt=1, objection=1, upheld=True, decided_by="县扶贫办", back_to="verify"
    )
    assert requested == ExitRequested(
        **AT, attempt=2, lifted=("H1", "H2"), persons=(4, 4), outside=982, remaining=1, requested_by="县扶贫办"
    )
    assert (county.village.stage, set(county.village.timers)) == ("requested", {"measure", "step"})
    county.until(date(2014, 12, 20)).hear(verdict(attempt=2))
    assert county.do(NOTICE) == [NoticePosted(**AT, attempt=2, until=date(2014, 12, 27), posted_by="镇")]
    county.do(OBJECT)  # Numbers begin anew with each notice.
    county.do(DISMISS)
    county.until(date(2014, 12, 28)).do(*DELIST)
    assert county.village.stage == "delisted"


@settings(max_examples=40, deadline=None)
@given(
    verdicts=st.dictionaries(st.integers(1, 5), st.booleans(), min_size=1),
    order=st.randoms(use_true_random=False),
    over=st.booleans(),
)
def test_5_1_several_objections_are_all_answered_and_one_upheld_leads_back(
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


def test_5_1_a_refused_approval_has_the_village_verified_again() -> None:
    county = at("decidable")
    refusal, requested = county.do(REFUSE)
    assert (refusal.objection, refusal.upheld, refusal.decided_by, refusal.back_to) == (0, True, "县政府", "verify")
    assert (requested.attempt, county.village.stage) == (2, "requested")


def test_5_1_figures_that_turn_out_worse_during_the_procedure_end_it() -> None:
    county = at("decidable")
    worse = c.CorrectFigures(
        **AT, year=2014, households=(household("H2", 30, 500),), reason="异议属实", decided_by="县扶贫办"
    )
    withdrawn, measured = county.do(worse)
    assert withdrawn == ExitWithdrawn(**AT, attempt=1, reason="异议属实", decided_by="县扶贫办")
    assert measured.values["incidence"] == 0.04 and county.village.stage == "helped"
    assert county.refusal(APPROVE).status == 409 and "0.04" in county.refusal(REQUEST).en


NOTICE_STEP: dict[str, Any] = {
    "kind": "notice",
    "label": "公示",
    "within": {"calendar_days": 20},
    "answer": {"working_days": 3},
}
DECIDE_STEP: dict[str, Any] = {"kind": "decide", "label": "审批", "on_refusal": "check"}
TWO_BODIES: list[dict[str, Any]] = [
    {"name": "check", "label": "核查", "kind": "verify", "by": "inspection", "within": {"calendar_days": 30}},
    {**NOTICE_STEP, "name": "village_notice", "by": "poverty_office", "notice_for": {"working_days": 5},
     "on_objection": "check"},
    {**DECIDE_STEP, "name": "county", "by": "county", "within": {"calendar_days": 5}},
    {**NOTICE_STEP, "name": "county_notice", "by": "county", "notice_for": {"calendar_days": 7},
     "on_objection": "county"},
    {**DECIDE_STEP, "name": "city", "by": "city", "within": {"calendar_days": 15}},
]  # fmt: skip


def test_5_1_a_region_with_two_notices_and_two_decisions_needs_a_pack_and_no_code() -> None:
    county = at("verified", pack(**exit_of(TWO_BODIES)))
    county.until(date(2014, 12, 2))
    assert county.todo() == [("notices", "poverty_office", "")]
    [notice] = county.do(again(NOTICE, body="poverty_office"))
    assert notice.until == date(2014, 12, 9), "five working days"
    county.until(date(2014, 12, 10))
    assert county.todo() == [("approvals", "county", "")]
    [approved] = county.do(APPROVE)
    assert approved == ExitApproved(**AT, attempt=1, step="county", decided_by="县政府")
    assert (county.village.stage, county.todo()) == ("noticed", [("notices", "county", "")])
    county.do(again(NOTICE, body="county"))
    county.do(OBJECT)
    [decided] = county.do(again(UPHOLD, body="city"))
    assert decided.back_to == "decide", "this pack has the county decide again instead of a new verification"
    assert (county.village.stage, county.todo()) == ("noticed", [("approvals", "county", "")])
    county.do(APPROVE)
    county.do(again(NOTICE, body="county"))
    county.until(date(2014, 12, 18))
    assert county.todo() == [("approvals", "city", "")]
    assert [type(event) for event in county.do(again(APPROVE, body="city"))] == [VillageDelisted]


def test_5_1_a_procedure_ends_as_it_began_though_a_new_pack_changes_it() -> None:
    county = at("noticed")
    changed = pack(version="2105-2014.2", effective_from=date(2014, 12, 5), **exit_of(TWO_BODIES))
    county.do(c.AdoptPolicy(place=CITY, pack=changed, adopted_by="市委"))
    county.until(date(2014, 12, 10))
    assert county.todo() == [("approvals", "county", "")]
    county.do(*DELIST)
    assert county.village.stage == "delisted"


def test_5_1_days_that_were_missed_end_the_notice_on_its_own_day() -> None:
    county = at("noticed")
    county.world.today = date(2014, 12, 15)
    county.registry.pass_day(county.world.today)
    assert county.tasks[0].due == date(2014, 12, 24)


def test_5_1_a_step_that_began_in_an_outage_is_counted_from_its_own_day_when_working_days_are_announced() -> None:
    """TWO_BODIES: the county decides after the notice, here within ten working days."""
    due = []
    for asleep in (False, True):
        steps = [{**one, "within": {"working_days": 10}} if one["name"] == "county" else one for one in TWO_BODIES]
        county = at("verified", pack(**exit_of(steps))).until(date(2014, 12, 2))
        county.do(again(NOTICE, body="poverty_office"))
        if asleep:
            sleep(county.world, date(2014, 12, 15))
        else:
            county.until(date(2014, 12, 15))
        (before,) = [task.due for task in county.tasks]
        county.world.announce(
            HolidaysAnnounced(
                place="000000",
                notice="2014",
                year=2014,
                document="国办发明电",
                off=(),
                worked=(date(2014, 12, 13),),
                announced_by="国务院办公厅",
            )
        )
        (after,) = [task.due for task in county.tasks]
        due.append((before, after))
    assert due[0] == due[1] and due[0][0] != due[0][1]


# ------------------------------------------------------------- who takes a step


@pytest.mark.parametrize(
    ("stage", "command", "role"),
    [
        ("measured", REQUEST, "township"),
        ("verified", NOTICE, "township"),
        ("decidable", APPROVE, "county"),
        ("decidable", REFUSE, "county"),
    ],
)
def test_5_1_a_step_is_taken_by_the_body_that_the_pack_names_and_by_no_other(
    stage: str, command: Any, role: str
) -> None:
    county = at(stage)
    for other in ("village", "township", "county", "organisation", "inspection"):
        if other != role:
            refused = county.refusal(again(command, body=other))
            assert (refused.status, refused.field) == (422, "body")
    assert county.do(command)


def test_5_1_who_posted_the_notice_does_not_answer_the_objections_to_it() -> None:
    by_county = [dict(step, by="county") if step["name"] == "county_notice" else step for step in TWO_BODIES]
    county = at("verified", pack(**exit_of([*by_county[:4], dict(by_county[4], by="county")])))
    county.do(again(NOTICE, body="poverty_office"))
    county.do(OBJECT)
    assert county.refusal(again(UPHOLD, body="poverty_office")).field == "body"
    assert county.todo()[0] == ("objection-decisions", "county", "1")
    county.do(DISMISS)
    both = [dict(step, by="city") if step["kind"] == "notice" else step for step in TWO_BODIES]
    county = at("verified", pack(**exit_of(both)))
    county.do(again(NOTICE, body="city"))
    county.do(OBJECT)
    assert county.refusal(again(UPHOLD, body="city")).field == "body", "the last body posted this notice"
    assert county.do(UPHOLD)[0].back_to == "verify"


# ---------------------------------------------------- figures while they are judged


FACTS = c.RecordHouseholds(**AT, year=2014, households=(household("H1", 60, 100),), recorded_by="镇")
CORRECT = c.CorrectFigures(
    **AT, year=2014, population=990, values={"hard_road": 0.96}, reason="漏登", decided_by="县扶贫办"
)


@pytest.mark.parametrize("stage", ["requested", "verified", "noticed", "decidable"])
@pytest.mark.parametrize(
    "command",
    [
        c.RegisterVillage(**AT, name="上石村", township="小市镇", population=199_000, listed=True, reason="误录"),
        FACTS,
        c.MeasureIndicators(**AT, year=2014, values={"hard_road": 1.0}, measured_by="镇"),
        c.WithdrawMeasurement(**AT, year=2014, reason="误录", decided_by="县扶贫办"),
        c.WithdrawHousehold(**AT, household="H9", reason="误录", decided_by="县扶贫办"),
        c.ReopenYear(**AT, year=2014, until=date(2014, 12, 20), reason="误录", decided_by="县扶贫办"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_1_18_figures_stand_still_while_an_exit_is_judged_by_them(stage: str, command: Any) -> None:
    county = at(stage)
    refused = county.refusal(command)
    assert (refused.status, "figure-corrections" in refused.en) == (409, True)


def test_1_18_a_correction_in_the_middle_is_told_and_leads_the_exit_back() -> None:
    county = at("noticed")
    withdrawn, registered, measured = county.do(CORRECT)
    assert withdrawn == ExitWithdrawn(**AT, attempt=1, reason="漏登", decided_by="县扶贫办")
    assert (registered.population, registered.reason) == (990, "漏登")
    assert measured.values["incidence"] == 10 / 990 and measured.values["hard_road"] == 0.96
    assert (county.village.stage, set(county.village.timers)) == ("helped", {"measure"})
    [asked] = county.do(REQUEST)
    assert asked.attempt == 2 and county.village.stage == "requested"


def test_1_18_after_a_correction_the_year_is_measured_again_without_its_households_being_asked_for_anew() -> None:
    county = at("noticed")
    county.do(CORRECT)
    [measured] = county.measure(2014)
    assert measured.values == {**MET, "incidence": 10 / 990}


def test_1_18_a_correction_that_corrects_nothing_leaves_the_exit_where_it_is() -> None:
    county = at("noticed")
    same = again(CORRECT, population=1000, values={"hard_road": 0.97}, households=(household("H1"),))
    assert county.do(same) == [] and county.village.stage == "noticed"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"values": {"hard_road": 0.96}}, [IndicatorsMeasured]),
        ({"population": 990}, [VillageRegistered, IndicatorsMeasured]),
        ({"households": (household("H9", 11, 1_000),)}, [IndicatorsMeasured]),
        ({"households": (household("H9", 10, 1_000, registered=False),)}, [IndicatorsMeasured]),
        ({"households": (household("H1", 4, 2_000),)}, [IndicatorsMeasured]),
        ({"households": (household("H1", secured=False),)}, [IndicatorsMeasured]),
        ({"households": (household("H3"),)}, []),
    ],
)
def test_1_18_one_figure_alone_that_is_corrected_leads_the_exit_back(changes: dict[str, Any], told: list[Any]) -> None:
    county = at("noticed")
    events = county.do(again(CORRECT, **{"population": None, "values": {}, **changes}))
    assert [type(event) for event in events] == [ExitWithdrawn, *told]
    assert (county.village.stage, county.village.exit) == ("helped", None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"year": 2013}, "year"),
        ({"values": {"hard_road": 96.0}}, "values.hard_road"),
        ({"population": 5}, "households"),
        ({"households": (household("H5", 50), *(household(f"X{n}", 50) for n in range(20)))}, "households"),
    ],
)
def test_1_18_a_correction_is_checked_like_any_other_figure(changes: dict[str, Any], field: str) -> None:
    assert at("noticed").refusal(again(CORRECT, **changes)).field == field


def test_1_18_a_measurement_that_opens_meanwhile_waits_for_the_decision() -> None:
    county = at("requested").until(date(2015, 12, 1))
    assert county.tasks == [] and county.village.owed == (2015,)
    county.hear(verdict(passed=False))
    assert county.todo() == [("households", "township", "2015")]


# ------------------------------------------------------------- taken back


WHY: dict[str, Any] = {"reason": "误报", "decided_by": "镇政府"}
WITHDRAW = c.WithdrawExit(**AT, **WHY)


def test_5_1_a_request_is_taken_back_until_the_households_to_visit_are_drawn() -> None:
    county = at("requested")
    county.hear(SampleDrawn(**AT, attempt=7, size=2))
    assert county.do(WITHDRAW) == [ExitWithdrawn(**AT, attempt=1, **WHY)]
    assert (county.village.stage, county.village.exit, county.do(WITHDRAW)) == ("helped", None, [])
    county.hear(verdict())
    assert county.village.stage == "helped"
    assert county.do(REQUEST)[0].attempt == 2
    county.hear(SampleDrawn(**AT, attempt=2, size=2))
    refused = county.refusal(WITHDRAW)
    assert "核查户已经抽取" in refused.zh and "更正" in refused.zh and "drawn" in refused.en
    assert "2014年12月10日" in at("delisted").refusal(WITHDRAW).zh


@pytest.mark.parametrize("stage", ["verified", "noticed", "decidable"])
def test_5_1_what_was_verified_is_not_taken_back(stage: str) -> None:
    assert at(stage).refusal(WITHDRAW).status == 409


def test_5_1_a_notice_is_taken_down_until_somebody_objects() -> None:
    county = at("noticed")
    down = c.WithdrawNotice(**AT, **WHY)
    assert county.do(down) == [NoticeWithdrawn(**AT, attempt=1, **WHY)]
    assert (county.village.stage, county.todo()) == ("verified", [("notices", "township", "")])
    assert county.village.timers["step"] == date(2014, 12, 18) and county.do(down) == []
    county.until(date(2014, 12, 4))
    assert county.do(NOTICE)[0].until == date(2014, 12, 11)
    county.do(OBJECT)
    assert "第1号异议" in county.refusal(down).zh
    assert at("decidable").refusal(down).status == 409


def test_5_1_an_objection_is_taken_back_until_it_is_decided() -> None:
    county = at("noticed")
    county.do(OBJECT)
    back = c.WithdrawObjection(**AT, objection=1, **WHY)
    county.until(date(2014, 12, 10))
    assert county.do(back) == [ObjectionWithdrawn(**AT, attempt=1, objection=1, **WHY)]
    assert county.todo() == [("approvals", "county", "")], "with the last open objection the exit goes on"
    assert county.do(back) == []
    county = at("noticed")
    county.do(OBJECT, again(OBJECT, objection=2), DISMISS)
    assert county.refusal(back).status == 409


@pytest.mark.parametrize("answer", [DISMISS, c.WithdrawObjection(**AT, objection=1, **WHY)])
def test_5_1_no_objection_vanishes_unanswered_with_the_figures_that_are_corrected(answer: Command) -> None:
    county = at("noticed")
    county.do(OBJECT)
    wrong = c.CorrectFigures(**AT, year=2014, households=(household("H1", 5),), **WHY)
    refused = county.refusal(wrong)
    assert "第1号异议" in refused.zh and "objection 1" in refused.en
    county.do(answer)
    assert of_type(county.do(wrong), ExitWithdrawn)


def test_5_1_the_ground_of_an_objection_is_for_those_who_answer_it() -> None:
    """It is free text, in which somebody may be named."""
    village = at("noticed").village
    assert village.exit is not None
    exit = msgspec.structs.replace(village.exit, objections={"1": Objection("村民某某反映")})
    village = village.but(exit=exit)
    assert village.shown(to_operator=True) == village
    shown = village.shown()
    assert shown.exit and shown.exit.objections == {"1": Objection("")} and "某某" not in str(shown)
    assert Village.hides in encode_state(village).decode()
    assert Village.hides not in encode_state(at("noticed").village).decode()


def test_1_18_figures_are_corrected_this_way_only_while_they_are_judged() -> None:
    county = at("measured")
    assert "no exit is under way" in county.refusal(CORRECT).en
    county.do(REQUEST)
    assert of_type(county.do(CORRECT), ExitWithdrawn)
    assert "no exit is under way" in county.refusal(CORRECT).en


def test_a_refusal_speaks_as_the_region_does() -> None:
    refused = at("helped", {**BENXI, "words": {"exit": "销号"}}).refusal(REQUEST)
    assert refused.zh.startswith("尚不能申请销号") and "出列" not in refused.zh
    assert "出列" in at("helped").refusal(REQUEST).zh


def test_5_1_a_second_notice_that_is_taken_down_leaves_the_village_in_its_stage() -> None:
    county = at("verified", pack(**exit_of(TWO_BODIES)))
    county.until(date(2014, 12, 2)).do(again(NOTICE, body="poverty_office"))
    down = c.WithdrawNotice(**AT, **WHY)
    county.do(down)
    assert (county.village.stage, county.todo()) == ("verified", [("notices", "poverty_office", "")])
    county.do(again(NOTICE, body="poverty_office"))
    county.until(date(2014, 12, 10)).do(APPROVE, again(NOTICE, body="county"), down)
    assert (county.village.stage, county.todo()) == ("noticed", [("notices", "county", "")])


@pytest.mark.parametrize("day", [date(2014, 12, 3), date(2015, 1, 5)])
def test_1_18_a_correction_that_corrects_nothing_leaves_no_trace_in_the_register(day: date) -> None:
    county = at("noticed").until(day)
    before = county.snapshot()
    county.do(again(CORRECT, population=1000, values={"hard_road": 0.97}, households=(household("H1"),)))
    assert county.snapshot() == before
