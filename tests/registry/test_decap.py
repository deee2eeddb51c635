"""Townships and counties that are to be poor ones no more: asked for, assessed, on notice, decided on (1.18)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.registry.model import Decap, Enrolment, Roster, Yearbook, decap
from services.registry.model import commands as c
from services.registry.model.roster import enrolments, owing
from shared.contracts.registry import (
    CountyDecapped,
    DecapAssessed,
    DecapNoticePosted,
    DecapObjectionDecided,
    DecapRejected,
    DecapRequested,
    DecapStepOverdue,
    DecapWithdrawn,
    TownshipDecapped,
)
from shared.divisions import place_of
from shared.engine.flow import encode_state
from tests.registry.county import BENXI, WHY, County, again, of_type, pack
from tests.registry.decapping import (
    ACCEPT,
    AFTER,
    ASK,
    COUNTY,
    FAR,
    GOOD,
    OBJECT,
    POST,
    TOWNSHIP,
    UPHOLD,
    WORD,
    A,
    B,
    asked,
    count,
    counted,
    noticed,
    over,
    state,
    step,
)


def test_1_18_a_county_leaves_when_its_villages_and_its_sample_keep_the_bounds_and_the_province_decides() -> None:
    county = counted((A, 10), (B, 40), (FAR, 5))
    [request] = county.do(ASK)
    assert request == DecapRequested(
        **COUNTY,
        attempt=1,
        kind="county_exit",
        year=2014,
        incidence=55 / 3000,
        villages=3,
        requested_by=ASK.requested_by,
    )
    assert county.todo() == [("decap-steps", "city", "county_city_review")]
    county.do(step("county_city_review"))
    [task] = county.tasks
    assert (task.action, task.role, task.due) == ("decap-steps", "inspection", date(2015, 3, 1))
    assert len(county.do(step("county_assess"))) == 1
    [_, assessed] = county.do(ACCEPT)
    assert (assessed.wrong_exit_rate, assessed.omission_rate, assessed.approval_rate) == (0.019, 0.019, 0.9)
    assert assessed.passed and county.todo() == [("decap-notices", "province", "county_notice")]
    [posted] = county.do(POST)
    assert isinstance(posted, DecapNoticePosted)
    assert posted.until == county.world.today + timedelta(7)
    assert county.refusal(step("county_approve")).status == 409, "the notice still stands"
    over(county)
    assert county.todo() == [("decap-words", "state", "county_spot_check")]
    assert county.refusal(step("county_approve")).status == 409, "the centre is asked first"
    county.do(WORD)
    done = [event for name in AFTER for event in county.do(step(name))]
    assert of_type(done, CountyDecapped) == [
        CountyDecapped(**COUNTY, year=2014, incidence=55 / 3000, decided_by="province决定")
    ]
    assert county.todo() == [] and state(county).status == "decapped"
    assert "已于" in county.refusal(again(ASK, year=2015)).zh


def test_1_18_a_township_is_judged_by_its_own_villages_alone() -> None:
    county = counted((A, 10), (B, 10), (FAR, 49))
    assert "贫困发生率为2.3%，应当低于2%" in county.refusal(ASK).zh
    ask = c.RequestDecap(**TOWNSHIP, year=2014, body="township", requested_by="镇党委")
    [request] = county.do(ask)
    assert (request.incidence, request.villages) == (0.01, 2)
    county.do(step("township_check", TOWNSHIP))
    county.do(c.PostDecapNotice(**TOWNSHIP, body="county", posted_by="县扶贫办"))
    county.until(date(2014, 12, 9))
    done = county.do(step("township_approve", TOWNSHIP)) + county.do(step("township_announce", TOWNSHIP))
    assert of_type(done, TownshipDecapped) == [
        TownshipDecapped(**TOWNSHIP, year=2014, incidence=0.01, decided_by="city决定")
    ]


@pytest.mark.parametrize(("poor", "may"), [(39, True), (40, False)])
def test_1_18_incidence_must_lie_below_the_bound_and_not_on_it(poor: int, may: bool) -> None:
    county = counted((A, poor), (B, 0 + 1), (FAR, 60 - 41))
    if may:
        assert of_type(county.do(ASK), DecapRequested)
    else:
        assert county.refusal(ASK).status == 409


def test_1_18_incidence_is_read_from_yearbooks_and_from_no_village() -> None:
    assert {kind for kind, _ in decap.yearbooks(None, ASK)} == {Enrolment, Yearbook}


@pytest.mark.parametrize("day", [date(2015, 1, 1), date(2015, 12, 31)])
def test_1_18_last_years_figures_are_the_ground_until_this_year_is_measured(day: date) -> None:
    county = counted((A, 10), (B, 40), (FAR, 5)).until(day)
    assert "还没有测算" in county.refusal(again(ASK, year=2015)).zh
    assert of_type(county.do(ASK), DecapRequested)


def test_1_18_last_years_figures_are_no_ground_once_this_year_is_measured() -> None:
    county = counted((A, 10), (B, 40), (FAR, 5)).until(date(2015, 12, 1))
    for village in (A, B, FAR):
        count(county, village, 200, 2015)
        refused = county.refusal(ASK)
        assert (refused.status, refused.field) == (409, "year") and "不是最近一个年度" in refused.zh
    assert "应当低于2%" in county.refusal(again(ASK, year=2015)).zh


@pytest.mark.parametrize("year", [2013, 2014, 2017])
def test_1_18_an_old_year_and_one_to_come_are_no_ground_even_if_nothing_was_measured_since(year: int) -> None:
    county = counted((A, 10), (B, 40), (FAR, 5)).until(date(2016, 1, 1))
    refused = county.refusal(again(ASK, year=year))
    assert (refused.status, refused.field) == (409, "year") and "不是最近一个年度" in refused.zh


def test_1_18_another_townships_figures_make_no_year_the_latest() -> None:
    county = counted((A, 10), (FAR, 5)).until(date(2015, 12, 1))
    count(county, FAR, 5, 2015)
    ask = c.RequestDecap(**TOWNSHIP, year=2014, body="township", requested_by="镇党委")
    assert of_type(county.do(ask), DecapRequested)


def test_1_18_incidence_leaves_no_registered_village_out() -> None:
    county = counted((A, 10), (B, 40), (FAR, 5)).until(date(2015, 12, 1))
    left = [B, FAR]
    for village in (A, B):
        count(county, village, 10, 2015)
        refused = county.refusal(again(ASK, year=2015))
        assert (refused.status, refused.field) == (409, "year") and f"还有{len(left)}个村没有测算" in refused.zh
        assert all(village in refused.zh for village in left)
        left.pop(0)
    ask = c.RequestDecap(**TOWNSHIP, year=2015, body="township", requested_by="镇党委")
    [request] = county.do(ask)
    assert request.villages == 2, "the other township's villages are not its own"
    count(county, FAR, 10, 2015)
    [request] = county.do(again(ASK, year=2015))
    assert request.villages == 3


NEW = "210521100203"
AT_NEW: dict[str, Any] = {"place": "210521", "village": NEW}


def reform(county: County) -> dict[str, Any]:
    return {"since": county.world.today, "document": "辽政〔2014〕9号", "decided_by": "县政府"}


def owed(county: County, division: str, opened: date) -> set[str]:
    """The villages of a division whose figures were due in the measurement that opened on a day."""
    states = county.world.services["registry"].states
    return owing((states.get(key) for key in enrolments(place_of(division.partition(":")[2]))), division, opened)


def test_1_18_a_village_that_was_never_measured_is_left_out_in_no_first_year() -> None:
    county = counted((A, 10))
    county.do(c.RegisterVillage(**AT_NEW, name="新村", township="示例镇", population=1000, listed=False))
    assert f"还有1个村没有测算指标（如{NEW}）" in county.refusal(ASK).zh
    county.do(c.WithdrawVillage(**AT_NEW, **WHY))
    assert of_type(county.do(ASK), DecapRequested)


def test_1_18_a_village_that_was_merged_owes_nothing_any_more() -> None:
    county = counted((A, 10), (B, 10)).until(date(2015, 12, 1))
    count(county, A, 10, 2015)
    assert B in county.refusal(again(ASK, year=2015)).zh
    county.do(c.MergeVillages(place="210521", village=A, merged=(B,), **reform(county)))
    count(county, A, 10, 2015)
    assert of_type(county.do(again(ASK, year=2015)), DecapRequested)


def test_1_18_a_village_that_moves_is_missing_where_it_lies_and_not_where_it_lay() -> None:
    county = counted((A, 10), (B, 10)).until(date(2015, 6, 1))
    county.do(c.RecodeVillage(place="210500", village=B, code="210522100201", **reform(county)))
    county.until(date(2015, 12, 1))
    count(county, A, 10, 2015)
    assert of_type(county.do(again(ASK, year=2015)), DecapRequested)
    assert owed(county, "county:210522", date(2014, 11, 1)) == set(), "its 2014 was counted where it lay"
    assert owed(county, "township:210522100", date(2015, 11, 1)) == {B}
    assert owed(county, "township:210522101", date(2015, 11, 1)) == set()
    standing = {place: county.world.state("registry", Roster, place).townships for place in ("210521", "210522")}
    assert standing == {"210521": {"210521100": 1}, "210522": {"210522100": 1}}


def test_1_18_a_village_that_changes_its_township_owes_here_from_the_day_on_which_it_came() -> None:
    county = counted((A, 10), (B, 10)).until(date(2015, 6, 1))
    county.do(c.RecodeVillage(place="210500", village=B, code="210522100201", **reform(county)))
    county.until(date(2015, 8, 1))
    county.do(c.RecodeVillage(place="210522", village=B, code="210522101201", **reform(county)))
    assert owed(county, "county:210522", date(2015, 6, 1)) == set(), "it came on that day and was counted before"
    assert owed(county, "township:210522101", date(2015, 6, 2)) == {B}
    county.do(c.RecodeVillage(place="210521", village=A, code="210521101209", **reform(county)))
    assert owed(county, "county:210521", date(2014, 11, 1)) == {A}, "who was always there has always owed"


def test_1_18_parts_of_a_village_owe_nothing_of_a_year_that_was_measured_before_they_were_split() -> None:
    county = counted((A, 10), (B, 10)).until(date(2015, 2, 1))
    part = c.NewVillage(code=NEW, name="新村", township="示例镇", population=400)
    county.do(c.SplitVillage(place="210521", village=B, parts=(part,), **reform(county)))
    assert owed(county, "county:210521", date(2014, 11, 1)) == {A, B}
    assert owed(county, "county:210521", date(2015, 11, 1)) == {A, B, NEW}
    assert county.world.state("registry", Roster, "210521").townships == {"210521100": 3}, "the part counts once"
    [request] = county.do(ASK)
    assert (request.villages, request.missing) == (2, 1)


@pytest.mark.parametrize("miss", [{"wrongly_lifted": 20}, {"omitted": 20}, {"approving": 899}])
def test_1_18_any_rate_that_misses_its_bound_vetoes_and_it_may_be_asked_again(miss: dict[str, int]) -> None:
    county = asked()
    county.do(step("county_city_review"))
    county.do(step("county_assess", sampled=again(GOOD, **miss)))
    [_, assessed, rejected] = county.do(ACCEPT)
    assert isinstance(assessed, DecapAssessed) and not assessed.passed
    assert rejected == DecapRejected(**COUNTY, attempt=1, kind="county_exit", step="county_assess")
    assert county.todo() == [] and state(county).status == "rejected"
    [request] = county.do(ASK)
    assert request.attempt == 2


def test_1_18_a_refusal_ends_it() -> None:
    county = asked()
    [_, rejected] = county.do(step("county_city_review", approved=False))
    assert isinstance(rejected, DecapRejected) and county.todo() == []


def test_1_18_an_upheld_objection_leads_back_to_the_assessment_and_its_ground_is_hidden() -> None:
    county = noticed()
    county.do(OBJECT)
    assert county.todo() == [("decap-objection-decisions", "city", "1")]
    assert Decap.hides.encode() in encode_state(state(county))
    assert "张三" not in repr(state(county).shown()) + repr([fact.event for fact in county.world.facts])
    assert state(county).shown(to_operator=True).course.objections["1"].ground == OBJECT.ground
    assert county.refusal(again(UPHOLD, body="province")).field == "body"
    [decided] = county.do(UPHOLD)
    assert isinstance(decided, DecapObjectionDecided) and decided.back_to == "verify"
    assert county.todo() == [("decap-steps", "inspection", "county_assess")]


def test_1_18_a_dismissed_objection_leaves_the_notice_standing() -> None:
    county = noticed()
    county.do(OBJECT, again(UPHOLD, upheld=False))
    over(county)
    county.do(WORD)
    assert county.todo() == [("decap-steps", "province", "county_approve")]


def test_1_18_what_was_entered_by_mistake_is_taken_back_until_something_rests_on_it() -> None:
    county = noticed()
    county.do(OBJECT)
    assert county.refusal(c.WithdrawDecapNotice(**COUNTY, **WHY)).status == 409
    county.do(c.WithdrawDecapObjection(**COUNTY, objection=1, **WHY), c.WithdrawDecapNotice(**COUNTY, **WHY))
    assert county.todo() == [("decap-notices", "province", "county_notice")]
    assert "市级初审" in county.refusal(c.WithdrawDecap(**COUNTY, **WHY)).zh
    fresh = asked()
    assert fresh.do(c.WithdrawDecap(**COUNTY, **WHY)) == [DecapWithdrawn(**COUNTY, attempt=1, **WHY)]
    assert fresh.todo() == [] and fresh.do(c.WithdrawDecap(**COUNTY, **WHY)) == []


def test_1_18_a_step_that_nobody_takes_is_told_once_and_still_awaited() -> None:
    county = asked().until(date(2015, 2, 1))
    [late] = county.world.said(DecapStepOverdue)
    assert (late.division, late.step, late.owed_by, late.due) == (
        "county:210521",
        "county_city_review",
        "city",
        date(2014, 12, 31),
    )
    assert county.todo() == [("decap-steps", "city", "county_city_review")]


def test_1_18_corrected_figures_of_a_village_change_no_request_that_was_made() -> None:
    county = asked()
    count(county, A, 49)
    assert county.do(ASK) == [] and state(county).incidence == 55 / 3000
    county.do(step("county_city_review", approved=False))
    assert "贫困发生率" in county.refusal(ASK).zh


@pytest.mark.parametrize(
    ("command", "status", "field"),
    [
        (again(ASK, body="township"), 422, "body"),
        (again(ASK, place="210500"), 422, "place"),
        (
            c.RequestDecap(place="210500", division="city:2105", year=2014, body="city", requested_by="市"),
            422,
            "division",
        ),
        (again(ASK, year=2013), 409, "year"),
        (step("county_assess"), 404, "division"),
        (again(POST, division="county:210522", place="210522"), 404, "division"),
    ],
)
def test_1_18_who_asks_for_what_and_when_is_the_packs(command: Any, status: int, field: str | None) -> None:
    refused = counted((A, 10)).refusal(command)
    assert (refused.status, refused.field) == (status, field)


@pytest.mark.parametrize(
    ("command", "status", "field"),
    [
        (step("county_city_review", body="province"), 422, "body"),
        (step("county_city_review", sampled=GOOD), 422, "sampled"),
        (step("county_approve"), 409, None),
        (again(step("county_city_review"), place="210522"), 422, "place"),
        (POST, 409, None),
        (again(ASK, year=2015), 409, None),
    ],
)
def test_1_18_steps_are_taken_in_turn_by_whom_the_pack_names(command: Any, status: int, field: str | None) -> None:
    refused = asked().refusal(command)
    assert (refused.status, refused.field) == (status, field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sampled": None}, "sampled"),
        ({"sampled": again(GOOD, wrongly_lifted=1001)}, "sampled.wrongly_lifted"),
        ({"sampled": again(GOOD, omitted=1001)}, "sampled.omitted"),
        ({"sampled": again(GOOD, approving=1001)}, "sampled.approving"),
        ({"approved": False}, "approved"),
    ],
)
def test_1_18_an_assessment_is_told_by_counts_that_can_be(changes: dict[str, Any], field: str) -> None:
    county = asked()
    county.do(step("county_city_review"))
    refused = county.refusal(step("county_assess", **changes))
    assert (refused.status, refused.field) == (422, field)


def test_1_18_a_region_without_such_a_procedure_has_no_decapping() -> None:
    county = County(pack(procedures=BENXI["procedures"])).registered()
    assert county.refusal(ASK).field == "division"


def test_1_18_a_request_that_was_never_made_is_not_taken_back() -> None:
    county = counted((A, 10))
    back = c.WithdrawDecap(**{field: getattr(ASK, field) for field in ("place", "division")}, **WHY)
    assert county.refusal(back).status == 404
    county.do(ASK)
    assert of_type(county.do(back), DecapWithdrawn) and county.do(back) == []
