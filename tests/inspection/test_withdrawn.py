"""What was recorded by mistake is withdrawn until something rests on it, and what reforms of divisions do."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.inspection.model.calendar import Calendar
from services.inspection.model.campaign import Campaign
from services.inspection.model.commands import CloseOrder, ContestGrade, WithdrawGrade, WithdrawInput, WithdrawVisit
from services.inspection.model.supervision import Supervision
from services.inspection.model.verification import Verification
from shared.contracts.incentives import DecisionWithdrawn, OutcomeDecided
from shared.contracts.inspection import (
    AssessmentDropped,
    AssessmentGraded,
    AssessmentOpened,
    AssessmentProposed,
    CampaignClosed,
    GradeWithdrawn,
    InputWithdrawn,
    OrderOverdue,
    VisitMade,
    VisitWithdrawn,
)
from shared.contracts.registry import (
    ExitRequested,
    ExitWithdrawn,
    IndicatorsMeasured,
    VillageMerged,
    VillageSplit,
    VillageUnlisted,
)
from tests.inspection.region import PACKS, Region, changed, team_of
from tests.support.outage import sleep

BENXI = PACKS["benxi"]
DAY = timedelta(1)
HALF_YEAR, ANNUAL = "2105-half_year-2015-06-20", "2105-annual-2015-12-01"
WHY: dict[str, Any] = {"reason": "录入有误", "decided_by": "市督查组〔2015〕1号"}


@pytest.fixture
def region() -> Region:
    """Two villages; the first was found wanting in the half-year check."""
    region = Region(BENXI, date(2015, 5, 1), villages=2)
    region.pass_days(date(2015, 6, 30))
    region.visit(region.villages[0], HALF_YEAR, score=40, findings=("absent",), absent=team_of(region.villages[0])[:1])
    return region


def withdraw_visit(region: Region, campaign: str = HALF_YEAR, **changes: Any) -> WithdrawVisit:
    given = {"place": region.county, "village": region.villages[0], "campaign": campaign, "body": "inspection", **WHY}
    return WithdrawVisit(**{**given, **changes})


def withdraw_input(region: Region, channel: Any, **changes: Any) -> WithdrawInput:
    given = {"place": region.county, "village": region.villages[0], "year": 2015, "body": "organisation", **WHY}
    return WithdrawInput(**{**given, "channel": channel, **changes})


def withdraw_grade(region: Region, **changes: Any) -> WithdrawGrade:
    given = {"place": region.county, "village": region.villages[0], "year": 2015, "body": "organisation", **WHY}
    return WithdrawGrade(**{**given, **changes})


def graded(region: Region, grade: str = "basically_competent") -> None:
    """The first village's year, until its grade."""
    village = region.villages[0]
    region.pass_days(date(2015, 12, 30))
    region.visit(village, ANNUAL, score=90)
    region.report(village, 2015)
    region.vote(village, 2015)
    region.pass_days(date(2016, 1, 20))
    region.ask(region.grade(village, 2015, grade))


def test_a_visit_that_was_recorded_by_mistake_is_withdrawn_with_all_that_followed(region: Region) -> None:
    village = region.villages[0]
    assert region.tasks("order-closings")
    region.ask(withdraw_visit(region))
    (withdrawn,) = region.said(VisitWithdrawn)
    assert (withdrawn.reason, withdrawn.decided_by, withdrawn.year) == (WHY["reason"], WHY["decided_by"], 2015)
    assert not region.tasks("order-closings")
    assessment = region.assessment(village, 2015)
    assert not assessment.absences and not assessment.scores
    region.visit(village, HALF_YEAR, score=90)
    assert region.assessment(village, 2015).scores == {"half_year": {HALF_YEAR: 90}}
    region.pass_days(date(2015, 9, 1))
    assert not region.said(OrderOverdue)


def test_another_county_takes_back_no_visit_to_a_village_here(region: Region) -> None:
    foreign = withdraw_visit(region, place="210522")
    assert "belongs to division 210521, not 210522" in region.refuses(foreign, 422, "place").en
    region.ask(withdraw_visit(region))
    assert [told.place for told in region.said(VisitWithdrawn)] == [region.county]


def test_a_visit_stands_once_something_rests_on_it(region: Region) -> None:
    village = region.villages[0]
    region.refuses(withdraw_visit(region, body="township"), 422, "body")
    region.refuses(withdraw_visit(region, village=region.villages[1]), 404, "village")
    region.pass_days(date(2015, 7, 16))
    assert region.said(OrderOverdue)
    assert "逾期" in region.refuses(withdraw_visit(region), 409, "village").zh
    order = f"{HALF_YEAR}/{village}"
    closing: Any = {
        "place": region.county,
        "village": village,
        "order": order,
        "body": "township",
        "accepted_by": "镇党委",
    }
    region.ask(CloseOrder(**closing))
    assert "销号" in region.refuses(withdraw_visit(region), 409, "village").zh
    graded(region, "incompetent")
    assert "拟定" in region.refuses(withdraw_visit(region, ANNUAL), 409, "village").zh
    region.ask(ContestGrade(place=region.county, village=village, year=2015, body="team", lodged_by="驻村工作队"))
    assert "拟定" in region.refuses(withdraw_visit(region, ANNUAL), 409, "village").zh, "while a review is asked for"


def test_a_visit_of_a_draw_whose_account_is_public_stands() -> None:
    region = Region(BENXI, date(2015, 9, 1), villages=1)
    campaign = "2105-unannounced-2015-10-01"
    region.await_visit(region.villages[0], campaign)
    region.visit(region.villages[0], campaign)
    region.pass_days(date(2016, 1, 1))
    assert "公布" in region.refuses(withdraw_visit(region, campaign), 409, "village").zh


def test_reports_and_ballots_are_awaited_again_after_a_withdrawal(region: Region) -> None:
    village = region.villages[0]
    region.pass_days(date(2015, 12, 1))
    region.refuses(withdraw_input(region, "ballot"), 404, "channel")
    region.report(village, 2015)
    region.vote(village, 2015, satisfied=3)
    assert "测评" in region.refuses(withdraw_input(region, "oral_report"), 409, "channel").zh
    region.refuses(withdraw_input(region, "ballot", body="village"), 422, "body")
    region.ask(withdraw_input(region, "ballot"))
    assert [said.channel for said in region.said(InputWithdrawn)] == ["ballot"]
    assert region.tasks("ballots", village)
    region.vote(village, 2015, satisfied=27)
    ballot = region.assessment(village, 2015).ballot
    assert ballot and ballot.satisfied == 27


def test_with_a_grade_proposed_its_inputs_stand(region: Region) -> None:
    graded(region)
    for channel in ("ballot", "written_report"):
        assert "拟定" in region.refuses(withdraw_input(region, channel), 409, "channel").zh


def test_a_grade_is_withdrawn_until_a_body_decided_on_it(region: Region) -> None:
    village = region.villages[0]
    region.refuses(withdraw_grade(region), 404, "year")
    graded(region)
    region.refuses(withdraw_grade(region, body="township"), 422, "body")
    region.ask(withdraw_grade(region))
    assert [said.grade for said in region.said(GradeWithdrawn)] == ["basically_competent"]
    assert region.tasks("grades", village)
    region.ask(region.grade(village, 2015, "incompetent"))
    assert [said.grade for said in region.said(AssessmentGraded)] == ["basically_competent", "incompetent"]
    about: dict[str, Any] = {
        "place": region.county,
        "village": village,
        "subject_kind": "cadre",
        "subject": "C1",
        "kind": "recall",
        "outcome": f"recall/{village}/2015",
    }
    decided: Any = {"imposed": True, "tolerated": False, "clause": "2.20", "decided_by": "organisation 决定"}
    region.hear(OutcomeDecided(**about, **decided))
    assert "召回" in region.refuses(withdraw_grade(region), 409, "year").zh
    region.hear(DecisionWithdrawn(**about, reason="录入有误", decided_by="市委组织部"))
    region.ask(withdraw_grade(region))


def test_a_grade_goes_by_the_terms_of_its_opening_whatever_pack_came_since(region: Region) -> None:
    """A new scale from New Year's Day on: neither the proposal of January nor the decision follows it."""
    village = region.villages[0]
    scale = [{"name": "good", "label": "好", "at_least": 50}, {"name": "bad", "label": "差", "at_least": 0}]
    assessment = {**BENXI["assessment"], "grades": scale, "caps": [], "grounds": []}
    assessment["review"] = {**assessment["review"], "grades": ["bad"]}
    assessment |= {"ballot_quorum": {"figure": "present", "is": 1}}
    pack = {**BENXI, "version": "2105-2016.1", "effective_from": date(2015, 12, 15), "assessment": assessment}
    region.adopt({**pack, "outcomes": []})
    region.pass_days(date(2015, 12, 20))
    region.report(village, 2015)
    region.vote(village, 2015, present=30, entitled=40)
    region.visit(village, ANNUAL, score=90)
    region.pass_days(date(2016, 1, 20))
    (proposed,) = region.said(AssessmentProposed, village=village)
    assert proposed.grade == "competent", "capped by an absence as the old pack says"
    region.refuses(region.grade(village, 2015, "good"), 422, "grade")
    region.ask(region.grade(village, 2015, "competent"))


def test_a_visit_is_judged_by_the_findings_of_its_campaign(region: Region) -> None:
    """A pack that drops a finding does not make what was seen unsayable, nor its order shorter."""
    findings = [{"code": "absent", "label": "不在岗", "order": {"calendar_days": 1}}]
    region.adopt({**BENXI, "version": "2105-2015.9", "effective_from": date(2015, 7, 1), "findings": findings})
    region.pass_days(date(2015, 7, 2))
    region.visit(region.villages[1], HALF_YEAR, score=50, findings=("ledger_untrue",))
    (order,) = region.kept(Supervision, region.villages[1]).orders.values()
    assert order.due == date(2015, 7, 2) + timedelta(30)


# ---------------------------------------------------------------- outages


def test_an_outage_over_new_year_loses_no_year_s_assessment(region: Region) -> None:
    sleep(region, date(2016, 1, 10))
    assert {(said.village, said.year) for said in region.said(AssessmentOpened)} == {(v, 2015) for v in region.villages}
    region.pass_days(date(2016, 12, 1))
    assert {said.year for said in region.said(AssessmentOpened)} == {2015, 2016}


def test_an_outage_of_two_years_opens_both(region: Region) -> None:
    sleep(region, date(2017, 2, 1))
    opened = [said.year for said in region.said(AssessmentOpened, village=region.villages[1])]
    assert opened == [2015, 2016]


def test_a_day_that_a_pack_moved_back_is_followed_after_an_outage_too(region: Region) -> None:
    later = {**BENXI["assessment"], "opens": {"month": 12, "day": 15}}
    region.adopt({**BENXI, "version": "2105-2015.2", "effective_from": date(2015, 9, 1), "assessment": later})
    sleep(region, date(2015, 12, 10))
    assert not region.said(AssessmentOpened)
    sleep(region, date(2016, 1, 5))
    assert {said.year for said in region.said(AssessmentOpened)} == {2015}


# ---------------------------------------------------------------- reforms


def merged(region: Region) -> VillageMerged:
    village, into = region.villages
    what = {"since": region.today, "document": "民政〔2015〕1号", "decided_by": "县政府"}
    return VillageMerged(place=region.county, village=village, into=into, into_place=region.county, **what)  # type: ignore[arg-type]


def test_a_merged_village_is_not_visited_any_more() -> None:
    region = Region(changed(BENXI, "campaigns", "unannounced", share=1.0), date(2015, 5, 1), villages=2)
    quarter = "2105-unannounced-2015-07-01"
    region.await_visit(region.villages[0], quarter)
    region.hear(merged(region))
    assert region.villages[0] not in {task.about for task in region.tasks("visits")}
    region.refuses(region.visit_to(region.villages[0], quarter), 409, "village")
    region.pass_days(date(2015, 10, 1))
    (closed,) = region.said(CampaignClosed, campaign=quarter)
    assert set(closed.frame) == set(region.villages), "the draw can still be recomputed"
    assert region.kept(Calendar, "2105").frame == (region.villages[1],)
    region.pass_days(date(2015, 12, 31))
    assert {task.about for task in region.tasks("visits")} <= {region.villages[1]}


def test_a_merged_village_s_orders_and_open_assessment_end_and_a_proposed_grade_is_decided(region: Region) -> None:
    village = region.villages[0]
    graded(region)
    region.pass_days(date(2016, 12, 2))
    assert region.tasks("reports", village)
    region.hear(merged(region))
    assert [(said.village, said.year) for said in region.said(AssessmentDropped)] == [(village, 2016)]
    assert not region.tasks("reports", village) and not region.tasks("order-closings", village)
    region.refuses(region.ballot(village, 2016), 409)
    region.pass_days(date(2017, 3, 1))
    assert not region.said(AssessmentProposed, village=village, year=2016)
    assert region.said(AssessmentOpened, village=region.villages[1], year=2016)


def test_a_split_village_goes_on(region: Region) -> None:
    before = dict(region.services["inspection"].states)
    village, *_ = region.villages
    what = {"since": region.today, "document": "民政〔2015〕1号", "decided_by": "县政府"}
    region.hear(VillageSplit(place=region.county, village=village, successors=("210521100900",), **what))  # type: ignore[arg-type]
    assert region.services["inspection"].states == before


def asked(region: Region) -> Verification:
    at: dict[str, Any] = {"place": region.county, "village": region.villages[0]}
    region.hear(IndicatorsMeasured(**at, year=2015, values={}, unmet=(), measured_by="镇政府"))
    region.hear(ExitRequested(**at, attempt=1, lifted=("H1",), persons=(3,), remaining=0, requested_by="镇政府"))
    kept: Verification = region.kept(Verification, region.villages[0])
    return kept


def awaited(region: Region) -> list[str]:
    actions = ("verification-seed-hashes", "verification-seeds", "verifications")
    return [task.action for action in actions for task in region.tasks(action, region.villages[0])]


def test_a_request_that_was_taken_back_is_not_verified_and_the_next_one_is(region: Region) -> None:
    assert asked(region).status == "requested" and awaited(region)
    at: dict[str, Any] = {"place": region.county, "village": region.villages[0]}
    region.hear(ExitWithdrawn(**at, attempt=1, reason="数据有误", decided_by="县扶贫办"))
    assert region.kept(Verification, region.villages[0]).status == "withdrawn" and not awaited(region)
    region.hear(IndicatorsMeasured(**at, year=2016, values={}, unmet=(), measured_by="镇政府"))
    assert {task.detail for task in region.tasks("verification-seed-hashes")} == {"2 discipline", "2 inspection"}


def test_of_a_village_that_is_no_more_or_not_on_the_list_nothing_is_verified(region: Region) -> None:
    at: dict[str, Any] = {"place": region.county, "village": region.villages[0]}
    unlisted = VillageUnlisted(**at, spell=1, reason="误列", decided_by="县扶贫办")
    for gone in (merged(region), unlisted):
        region = Region(BENXI, date(2015, 5, 1), villages=2)
        asked(region)
        region.hear(gone)
        assert not awaited(region)


def test_the_visit_of_a_campaign_is_kept_without_names(region: Region) -> None:
    assert team_of(region.villages[0])[0] not in str(region.kept(Campaign, HALF_YEAR))
    assert region.said(VisitMade)[0].absent == 1


def test_1_6_a_visit_that_led_to_no_order_is_withdrawn_at_any_time() -> None:
    region = Region(BENXI, date(2015, 5, 1), villages=1)
    region.pass_days(date(2015, 6, 20))
    region.visit(region.villages[0], HALF_YEAR, score=80)
    region.ask(withdraw_visit(region))
    assert len(region.said(VisitWithdrawn)) == 1


def test_3_8_a_report_is_taken_back_before_any_ballot_and_awaited_again(region: Region) -> None:
    village = region.villages[0]
    region.pass_days(date(2015, 12, 30))
    region.report(village, 2015)
    region.ask(withdraw_input(region, "written_report"))
    assert "written_report" not in region.assessment(village, 2015).reports
    region.refuses(withdraw_input(region, "written_report"), 404, "channel")
    region.refuses(withdraw_input(region, "ballot"), 404, "channel")
