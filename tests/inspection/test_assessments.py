"""A team's year and its grade."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.inspection.model.assessment import Assessment
from services.inspection.model.commands import ContestGrade, DeliverReport, VoidInput, WithdrawGrade, WithdrawInput
from services.inspection.model.grade import propose
from shared import chinese
from shared.contracts.dispatch import CommitmentReconciled, CommitmentSettled
from shared.contracts.inspection import (
    AssessmentDropped,
    AssessmentGraded,
    AssessmentOpened,
    AssessmentProposed,
    BallotHeld,
    GradeContested,
    GradeReviewed,
    ReportDelivered,
)
from shared.contracts.registry import VillageMerged, VillageRecoded
from shared.policy import parse_pack
from shared.rules import Due, Refused
from tests.inspection.region import (
    ANNUAL,
    BENXI,
    HALF_YEAR,
    VILLAGE,
    ZUNYI,
    Region,
    changed,
    in_december,
    team_of,
)

QUARTERS = (date(2015, 7, 1), date(2015, 10, 1))
DAY = timedelta(1)
PROPOSED = date(2016, 1, 16)
"""The day after the time for the last reconciliation, 31 December and fifteen days."""


def complete(region: Region, annual: int = 90, satisfied: int = 27) -> AssessmentProposed:
    """Give every input that is awaited, and wait for the proposal."""
    region.report(VILLAGE, 2015)
    region.vote(VILLAGE, 2015, satisfied=satisfied)
    region.visit(VILLAGE, ANNUAL, score=annual)
    region.pass_days(PROPOSED)
    proposed: AssessmentProposed
    (proposed,) = region.said(AssessmentProposed)
    return proposed


def confirm(region: Region, grade: str) -> AssessmentGraded:
    region.ask(region.grade(VILLAGE, 2015, grade))
    graded: AssessmentGraded
    (graded,) = region.said(AssessmentGraded)
    return graded


def reconciled(open: int, on: date = date(2015, 12, 31)) -> CommitmentReconciled:
    return CommitmentReconciled(place="210521", village=VILLAGE, kind="ledger", period="2015", on=on, done=5, open=open)


def found_absent(region: Region, *quarters: date) -> None:
    """Let these quarters' draws find the whole team absent; with one village in the frame each draw takes it."""
    for quarter in quarters:
        campaign = f"2105-unannounced-{quarter}"
        region.await_visit(VILLAGE, campaign)
        region.visit(VILLAGE, campaign, absent=tuple(team_of(VILLAGE)))


def test_3_7_the_score_weighs_ballot_half_year_and_annual_check() -> None:
    proposed = complete(in_december(half_year=80), annual=95, satisfied=27)
    assert proposed.score == pytest.approx((30 * 90 + 20 * 80 + 50 * 95) / 100)
    assert (proposed.grade, proposed.caps) == ("excellent", ())


def test_3_7_a_team_that_came_after_the_half_year_check_is_judged_by_the_rest() -> None:
    region = Region(BENXI, date(2015, 6, 19), villages=1)
    region.pass_days(date(2015, 12, 1))
    (opened,) = region.said(AssessmentOpened)
    assert set(opened.inputs) == {"written_report", "oral_report", "ballot", "annual"}
    assert complete(region, annual=95).score == pytest.approx((30 * 90 + 50 * 95) / 80, abs=0.01)


@pytest.mark.parametrize(("began", "is_in"), [(date(2015, 6, 8), True), (date(2015, 6, 9), False)])
def test_3_7_a_team_that_came_after_the_frame_of_a_check_was_fixed_is_judged_by_the_rest(
    began: date, is_in: bool
) -> None:
    region = Region(changed(BENXI, "campaigns", "half_year", seed_days=10), began, villages=1)
    region.pass_days(date(2015, 12, 1))
    (opened,) = region.said(AssessmentOpened)
    assert ("half_year" in opened.inputs) == is_in


def test_3_7_a_year_in_which_nothing_can_be_scored_is_not_assessed() -> None:
    inputs = [{"channel": "written_report", "weight": 0}, {"channel": "half_year", "weight": 1}]
    pack = {**BENXI, "assessment": {**BENXI["assessment"], "inputs": inputs}}
    late, early = Region(pack, date(2015, 6, 19), villages=1), Region(pack, date(2015, 6, 18), villages=1)
    for region in (late, early):
        region.pass_days(date(2015, 12, 1))
    assert not late.said(AssessmentOpened)
    assert early.said(AssessmentOpened)


def test_3_7_a_year_whose_channels_all_carry_no_weight_by_then_is_dropped_and_not_scored() -> None:
    """An earlier version kept terms by which nothing that came in counts."""
    region = in_december()
    region.report(VILLAGE, 2015)
    region.vote(VILLAGE, 2015)
    region.visit(VILLAGE, ANNUAL, score=90)
    year = region.assessment(VILLAGE, 2015)
    weightless = year.but(terms=msgspec.structs.replace(year.terms, weights=dict.fromkeys(year.terms.weights, 0)))
    assert not weightless.missing and not weightless.can_be_scored
    change = propose(weightless, Due("propose", PROPOSED), parse_pack(BENXI), PROPOSED)
    assert isinstance(change.state, Assessment) and change.state.status == "dropped"
    (dropped,) = change.events
    assert isinstance(dropped, AssessmentDropped) and dropped.year == 2015


def test_2_21_every_team_is_assessed_each_year_from_the_pack_s_day_on() -> None:
    region = Region(BENXI, date(2015, 5, 1), villages=12)
    region.pass_days(date(2015, 11, 30))
    assert not region.said(AssessmentOpened)
    region.pass_days(date(2016, 12, 1))
    for year in (2015, 2016):
        assert {event.village for event in region.said(AssessmentOpened, year=year)} == set(region.villages)


def test_2_21_a_team_that_came_on_the_opening_day_is_assessed_in_the_next_year() -> None:
    region = Region(BENXI, date(2015, 11, 30), villages=1)
    assert region.today == date(2015, 12, 1)
    region.pass_days(date(2016, 11, 30))
    assert not region.said(AssessmentOpened)
    region.pass_days(date(2016, 12, 1))
    (opened,) = region.said(AssessmentOpened)
    assert opened.year == 2016


def test_2_21_the_assessment_opens_on_the_day_that_the_pack_in_force_names() -> None:
    region = Region(BENXI, date(2015, 5, 1), villages=1)
    later = {**BENXI["assessment"], "opens": {"month": 12, "day": 15}}
    region.adopt({**BENXI, "version": "2105-2015.2", "effective_from": date(2015, 9, 1), "assessment": later})
    region.pass_days(date(2015, 12, 14))
    assert not region.said(AssessmentOpened)
    region.pass_days(date(2015, 12, 15))
    assert region.said(AssessmentOpened)


def test_3_8_each_input_is_a_task_until_it_is_in_and_the_ballot_follows_the_oral_report() -> None:
    region = in_december()
    assert {(t.detail, t.role, t.due) for t in region.tasks("reports", VILLAGE)} == {
        ("2015 written", "team", date(2015, 12, 31)),
        ("2015 oral", "team", date(2015, 12, 31)),
    }
    assert not region.tasks("ballots")
    region.refuses(region.ballot(VILLAGE, 2015), 409)
    region.report(VILLAGE, 2015, "oral")
    assert [t.detail for t in region.tasks("reports")] == ["2015 written"]
    assert [(t.detail, t.role) for t in region.tasks("ballots", VILLAGE)] == [("2015", "village")]
    region.vote(VILLAGE, 2015)
    region.report(VILLAGE, 2015, "written")
    assert not region.tasks("ballots") + region.tasks("reports")
    assert region.assessment(VILLAGE, 2015).missing == ("annual",)


def test_2_5_3_8_one_written_report_serves_all_its_audiences() -> None:
    region = in_december()
    region.report(VILLAGE, 2015, "written", "written", "oral")
    audiences = {event.form: event.audiences for event in region.said(ReportDelivered)}
    assert audiences == {"written": ("unit", "organisation", "poverty_office"), "oral": ("village",)}
    assert {event.delivered_by for event in region.said(ReportDelivered)} == {"T"}
    assert len(region.said(ReportDelivered)) == 2, "the same report again changes nothing"


def test_3_8_nothing_is_taken_that_was_not_asked_for() -> None:
    unasked = {
        **BENXI["assessment"],
        "inputs": [i for i in BENXI["assessment"]["inputs"] if i["channel"] != "oral_report"],
    }
    region = in_december({**BENXI, "assessment": unasked})
    assert [t.detail for t in region.tasks("reports")] == ["2015 written"]
    with pytest.raises(Refused, match="oral_report"):
        region.report(VILLAGE, 2015, "oral")


def test_3_8_before_the_assessment_opens_no_report_is_taken() -> None:
    region = Region(BENXI, date(2015, 5, 1), villages=1)
    with pytest.raises(Refused, match="2015-12-01"):
        region.report(VILLAGE, 2015, "written")


@pytest.mark.parametrize(
    ("satisfied", "present", "entitled"), [(27, 26, 40), (10, 41, 40), (-1, 30, 40), (0, 0, 0), (0, 0, 40)]
)
def test_3_8_a_ballot_whose_figures_do_not_fit_is_refused(satisfied: int, present: int, entitled: int) -> None:
    region = in_december()
    region.report(VILLAGE, 2015, "oral")
    region.refuses(region.ballot(VILLAGE, 2015, satisfied, present, entitled), 422, "present")


def test_3_8_a_ballot_needs_two_thirds_and_exactly_two_thirds_are_enough() -> None:
    region = in_december()
    region.report(VILLAGE, 2015, "oral")
    refused = region.refuses(region.ballot(VILLAGE, 2015, satisfied=10, present=19, entitled=30), 422, "present")
    assert refused.rule == "3.8" and "到会比例应当不低于三分之二" in refused.zh
    region.vote(VILLAGE, 2015, satisfied=10, present=20, entitled=30)
    region.vote(VILLAGE, 2015, satisfied=10, present=20, entitled=30)
    assert len(region.said(BallotHeld)) == 1
    region.refuses(region.ballot(VILLAGE, 2015, satisfied=20, present=20, entitled=30), 409)


def test_vcl_26_the_quorum_is_the_pack_s() -> None:
    region = in_december(
        {**BENXI, "assessment": {**BENXI["assessment"], "ballot_quorum": {"figure": "present", "at_least": "3/4"}}}
    )
    region.report(VILLAGE, 2015, "oral")
    region.refuses(region.ballot(VILLAGE, 2015, satisfied=10, present=29, entitled=40), 422, "present")
    region.vote(VILLAGE, 2015, satisfied=10, present=30, entitled=40)
    assert region.said(BallotHeld)


def test_rights_in_one_division_do_not_reach_the_assessment_of_a_village_in_another() -> None:
    region = in_december()
    complete(region)
    confirm(region, "competent")
    about: dict[str, Any] = {"place": "210522", "village": VILLAGE, "year": 2015}
    taken_back: dict[str, Any] = {**about, "body": "organisation", "reason": "录入有误", "decided_by": "市委组织部"}
    for command in (
        DeliverReport(**about, form="oral", body="team", delivered_by="T"),
        msgspec.structs.replace(region.ballot(VILLAGE, 2015), place="210522"),
        msgspec.structs.replace(region.grade(VILLAGE, 2015, "competent"), place="210522"),
        WithdrawInput(**taken_back, channel="ballot"),
        WithdrawGrade(**taken_back),
        ContestGrade(**about, body="team", lodged_by="T"),
    ):
        region.refuses(command, 422, "place")


@pytest.mark.parametrize("left_out", ["written_report", "oral_report", "ballot", "annual"])
def test_2_15_without_every_input_no_grade_is_ever_proposed(left_out: str) -> None:
    region = in_december()
    region.report(VILLAGE, 2015, *sorted({"written", "oral"} - {left_out.removesuffix("_report")}))
    if left_out not in ("ballot", "oral_report"):
        region.vote(VILLAGE, 2015)
    if left_out != "annual":
        region.visit(VILLAGE, ANNUAL, score=90)
    region.pass_days(date(2016, 6, 1))
    assert not region.said(AssessmentProposed)
    assert left_out.replace("_", " ") in region.refuses(region.grade(VILLAGE, 2015, "competent"), 409).en
    overdue = [
        t for t in region.tasks("reports") + region.tasks("ballots") + region.tasks("visits") if "2015" in t.detail
    ]
    assert [t for t in overdue if t.due and t.due < region.today], "it stays on the day page, overdue"


def about(channel: str, **changes: Any) -> dict[str, Any]:
    """The fields of a command by which the organisation department says something about an input of the year."""
    why = {"body": "organisation", "reason": "未组织检查", "decided_by": "市委组织部"}
    return {"place": "210521", "village": VILLAGE, "year": 2015, "channel": channel, **why, **changes}


def unvisited() -> Region:
    """One village in December whose team nobody has visited."""
    region = Region(BENXI, date(2015, 5, 1), villages=1)
    region.pass_days(date(2015, 12, 1))
    return region


def test_2_15_a_visit_that_never_comes_is_declared_void_once_the_year_is_over() -> None:
    region = in_december(half_year=80)
    region.report(VILLAGE, 2015)
    region.vote(VILLAGE, 2015, satisfied=27)
    assert not region.tasks("input-voids"), "it may still come"
    region.pass_days(date(2016, 3, 1))
    (task,) = region.tasks("input-voids", VILLAGE)
    assert task.role == "organisation" and task.answer["channel"] == "annual"
    region.refuses(VoidInput(**about("annual", body="team")), 422, "body")
    region.refuses(VoidInput(**about("annual", place="210522")), 422, "place")
    region.refuses(VoidInput(**about("half_year")), 409)
    region.ask(VoidInput(**about("annual")))
    assert not region.tasks("input-voids")
    region.pass_days(date(2016, 3, 2))
    (proposed,) = region.said(AssessmentProposed)
    assert proposed.score == pytest.approx((30 * 90 + 20 * 80) / 50), "the other weights are scaled up"


def test_2_15_what_comes_after_it_was_declared_void_counts_once_that_is_taken_back() -> None:
    region = in_december(half_year=80)
    region.report(VILLAGE, 2015)
    region.vote(VILLAGE, 2015, satisfied=27)
    region.ask(VoidInput(**about("annual")))
    region.refuses(WithdrawInput(**about("half_year")), 404, "channel")
    region.ask(WithdrawInput(**about("annual")))
    region.pass_days(date(2016, 3, 1))
    assert not region.said(AssessmentProposed)
    region.ask(VoidInput(**about("annual")))
    region.visit(VILLAGE, ANNUAL, score=95)
    region.ask(WithdrawInput(**about("annual")))
    region.pass_days(date(2016, 3, 2))
    (proposed,) = region.said(AssessmentProposed)
    assert proposed.score == pytest.approx((30 * 90 + 20 * 80 + 50 * 95) / 100)


def test_2_15_a_year_of_which_nothing_is_left_to_score_ends_and_goes_on_when_that_was_a_mistake() -> None:
    region = unvisited()
    for channel in ("half_year", "annual", "ballot"):
        assert not region.said(AssessmentDropped)
        region.ask(VoidInput(**about(channel)))
    assert [said.year for said in region.said(AssessmentDropped)] == [2015]
    assert region.assessment(VILLAGE, 2015).status == "dropped"
    region.refuses(VoidInput(**about("oral_report")), 409)
    region.ask(WithdrawInput(**about("ballot")))
    assert region.assessment(VILLAGE, 2015).status == "open"
    region.report(VILLAGE, 2015)
    region.vote(VILLAGE, 2015, satisfied=27)
    region.pass_days(PROPOSED)
    assert [said.score for said in region.said(AssessmentProposed)] == [90]


def test_2_15_an_ended_year_does_not_go_on_without_its_team() -> None:
    region = unvisited()
    for channel in ("half_year", "annual", "ballot"):
        region.ask(VoidInput(**about(channel)))
    into, day = f"{VILLAGE[:-1]}9", region.today
    region.hear(
        VillageMerged(
            place="210521", village=VILLAGE, into=into, into_place="210521", since=day, document="D", decided_by="O"
        )
    )
    region.refuses(WithdrawInput(**about("ballot")), 409, "channel")


def test_2_15_what_comes_late_is_proposed_on_the_next_day() -> None:
    region = in_december()
    region.report(VILLAGE, 2015)
    region.visit(VILLAGE, ANNUAL, score=90)
    region.pass_days(date(2016, 3, 1))
    region.vote(VILLAGE, 2015)
    assert not region.said(AssessmentProposed)
    region.pass_days(date(2016, 3, 2))
    assert len(region.said(AssessmentProposed)) == 1


def test_2_4_the_year_s_last_reconciliation_counts_although_all_inputs_were_in_before() -> None:
    region = in_december()
    region.hear(reconciled(open=4, on=date(2015, 9, 30)))
    region.report(VILLAGE, 2015)
    region.vote(VILLAGE, 2015)
    region.visit(VILLAGE, ANNUAL, score=100)
    region.pass_days(PROPOSED - DAY)
    assert not region.said(AssessmentProposed)
    region.hear(reconciled(open=0))
    region.pass_days(PROPOSED)
    (proposed,) = region.said(AssessmentProposed)
    assert (proposed.grade, proposed.caps) == ("excellent", ())


def test_2_4_without_reconciliations_the_year_s_end_is_enough() -> None:
    region = in_december(changed(BENXI, "commitments", "ledger", reconcile=[]))
    region.report(VILLAGE, 2015)
    region.vote(VILLAGE, 2015)
    region.visit(VILLAGE, ANNUAL, score=100)
    region.pass_days(date(2015, 12, 31))
    assert not region.said(AssessmentProposed)
    region.pass_days(date(2016, 1, 1))
    assert region.said(AssessmentProposed)


def test_2_4_items_that_are_still_open_block_the_best_grade() -> None:
    region = in_december(half_year=100)
    region.hear(reconciled(open=1))
    proposed = complete(region, annual=100, satisfied=30)
    assert (proposed.score, proposed.grade, proposed.caps) == (100, "competent", ("open_items",))


def test_2_4_items_carried_by_the_settlement_are_open_items() -> None:
    region = in_december(half_year=100)
    region.hear(reconciled(open=0))
    region.hear(CommitmentSettled(place="210521", village=VILLAGE, kind="ledger", period="2015", closed=5, carried=2))
    assert complete(region, annual=100, satisfied=30).caps == ("open_items",)


def test_what_is_owed_once_a_term_belongs_to_no_year() -> None:
    region = in_december(half_year=100)
    region.hear(
        CommitmentReconciled(
            place="210521", village=VILLAGE, kind="three_year_plan", period="term", on=region.today, done=0, open=9
        )
    )
    assert complete(region, annual=100, satisfied=30).grade == "excellent"


@pytest.mark.parametrize(("times", "grade"), [(0, "excellent"), (1, "competent"), (2, "basically_competent")])
def test_5_8_each_visit_that_finds_someone_absent_lowers_the_best_grade(times: int, grade: str) -> None:
    region = Region(BENXI, date(2015, 5, 1), villages=1)
    region.pass_days(date(2015, 6, 20))
    region.visit(VILLAGE, HALF_YEAR, score=100)
    found_absent(region, *QUARTERS[:times])
    region.pass_days(date(2015, 12, 1))
    proposed = complete(region, annual=100, satisfied=30)
    assert (proposed.score, proposed.grade) == (100, grade)
    assert proposed.caps == (("absences",) if times else ())
    assert confirm(region, grade).triggers == (("not_resident",) if times == 2 else ())


def test_5_8_a_cap_is_told_only_where_it_lowers_the_grade() -> None:
    region = Region(BENXI, date(2015, 5, 1), villages=1)
    region.pass_days(date(2015, 6, 20))
    region.visit(VILLAGE, HALF_YEAR, score=60)
    found_absent(region, *QUARTERS)
    region.pass_days(date(2015, 12, 1))
    proposed = complete(region, annual=60, satisfied=18)
    assert (proposed.grade, proposed.caps) == ("basically_competent", ())


def test_5_8_three_absences_cannot_be_graded_better_than_the_worst() -> None:
    region = Region(BENXI, date(2015, 5, 1), villages=1)
    region.pass_days(date(2015, 6, 20))
    region.visit(VILLAGE, HALF_YEAR, score=100)
    found_absent(region, *QUARTERS)
    region.pass_days(date(2015, 12, 1))
    region.visit(VILLAGE, ANNUAL, score=100, absent=(team_of(VILLAGE)[1],))
    region.report(VILLAGE, 2015)
    region.vote(VILLAGE, 2015)
    region.pass_days(PROPOSED)
    region.refuses(region.grade(VILLAGE, 2015, "basically_competent"), 422, "grade")
    assert confirm(region, "incompetent").triggers == ("not_resident",)


def test_an_absence_of_the_next_year_does_not_count() -> None:
    region = in_december(half_year=100)
    found_absent(region, date(2016, 1, 1))
    assert region.assessment(VILLAGE, 2016).absences == {"2105-unannounced-2016-01-01"}
    assert not region.assessment(VILLAGE, 2015).absences


def test_2_15_a_named_body_decides_and_may_be_stricter_than_the_proposal() -> None:
    region = in_december()
    complete(region)
    (task,) = region.tasks("grades")
    assert (task.about, task.role, task.detail) == (VILLAGE, "organisation", "2015")
    assert not region.said(AssessmentGraded), "no grade without a decision"
    graded = confirm(region, "basically_competent")
    assert graded.grade == "basically_competent", "the body's decision is told, not the proposal"
    assert (graded.unit, graded.leader, graded.decided_by) == (f"U{VILLAGE}", team_of(VILLAGE)[0], "市委组织部")
    assert not region.tasks("grades")


def test_2_15_a_grade_is_decided_once_and_among_the_pack_s_grades() -> None:
    region = in_december()
    region.refuses(region.grade(VILLAGE, 2015, "competent"), 409)
    complete(region)
    region.refuses(region.grade(VILLAGE, 2015, "good"), 422, "grade")
    confirm(region, "competent")
    confirm(region, "competent")
    refused = region.refuses(region.grade(VILLAGE, 2015, "incompetent"), 409)
    assert "grade-reviews" not in refused.en, "this grade is final, so that nothing is promised"
    assert "不再更改" in refused.zh and "it does not change any more" in refused.en


def contest(region: Region, body: Any = "team") -> ContestGrade:
    return ContestGrade(place=region.county, village=VILLAGE, year=2015, body=body, lodged_by="驻村工作队")


def incompetent() -> Region:
    """A team that was graded as incompetent on 3 February 2016."""
    region = in_december()
    complete(region, annual=10, satisfied=5)
    region.pass_days(date(2016, 2, 3))
    confirm(region, "incompetent")
    return region


LAST = date(2016, 3, 4)
"""Thirty days later, a Friday."""


def test_civil_servant_law_95_a_grade_of_incompetent_is_reviewed_and_may_become_better() -> None:
    region = incompetent()
    refused = region.refuses(region.grade(VILLAGE, 2015, "competent"), 409)
    assert "grade-reviews" in refused.en and chinese.day(LAST) in refused.zh
    region.pass_days(LAST)
    region.ask(contest(region))
    region.ask(contest(region))
    (contested,) = region.said(GradeContested)
    assert (contested.grade, contested.answer_until) == ("incompetent", date(2016, 4, 5)), "3 April is in the holidays"
    (task,) = region.tasks("grades")
    assert (task.role, task.due) == ("organisation", contested.answer_until)
    assert len(region.said(AssessmentGraded)) == 1, "the grade holds meanwhile"
    region.ask(region.grade(VILLAGE, 2015, "competent"))
    (reviewed,) = region.said(GradeReviewed)
    assert (reviewed.before, reviewed.grade) == ("incompetent", "competent")
    assert [graded.grade for graded in region.said(AssessmentGraded)] == ["incompetent", "competent"]
    assert not region.tasks("grades") and region.assessment(VILLAGE, 2015).status == "graded"
    assert "已经复核" in region.refuses(contest(region), 409, "year").zh


def test_civil_servant_law_96_a_review_never_aggravates_and_may_leave_the_grade() -> None:
    region = incompetent()
    region.ask(contest(region))
    region.ask(region.grade(VILLAGE, 2015, "incompetent"))
    (reviewed,) = region.said(GradeReviewed)
    assert reviewed.before == reviewed.grade == "incompetent"
    assert len(region.said(AssessmentGraded)) == 1, "a grade that stands is not told again"
    region.refuses(contest(region), 409, "year")


def test_civil_servant_law_91_the_answer_cannot_be_worse() -> None:
    review = {**BENXI["assessment"]["review"], "grades": ["basically_competent", "incompetent"]}
    region = in_december({**BENXI, "assessment": {**BENXI["assessment"], "review": review}})
    complete(region)
    confirm(region, "basically_competent")
    region.ask(contest(region))
    refused = region.refuses(region.grade(VILLAGE, 2015, "incompetent"), 422, "grade")
    assert refused.rule == "Civil Servant Law 91", "the law of 2005, as of the story's year"
    region.ask(region.grade(VILLAGE, 2015, "excellent"))
    assert region.said(GradeReviewed)[0].grade == "excellent"


def test_civil_servant_law_95_a_review_is_asked_for_in_time_by_the_team_and_where_the_pack_knows_one() -> None:
    region = incompetent()
    region.refuses(contest(region, body="unit"), 422, "body")
    region.pass_days(LAST + timedelta(1))
    assert chinese.day(LAST) in region.refuses(contest(region), 409).zh
    assessment = {name: part for name, part in BENXI["assessment"].items() if name != "review"}
    final = in_december({**BENXI, "assessment": assessment})
    final.refuses(contest(final), 409, "year")
    complete(final, annual=10, satisfied=5)
    confirm(final, "incompetent")
    assert "grade-reviews" not in final.refuses(final.grade(VILLAGE, 2015, "competent"), 409).en
    final.refuses(contest(final), 409, "year")


@pytest.mark.parametrize(
    ("open_items", "satisfied", "triggers"),
    [
        (2, 30, ()),
        (0, 18, ()),
        (3, 30, ("task_missed",)),
        (0, 17, ("bad_opinion",)),
        (3, 17, ("task_missed", "bad_opinion")),
    ],
)
def test_3_10_the_grounds_for_criticism_are_told_with_the_grade(
    open_items: int, satisfied: int, triggers: tuple[str, ...]
) -> None:
    region = in_december()
    region.hear(reconciled(open=open_items))
    proposed = complete(region, satisfied=satisfied)
    assert confirm(region, proposed.grade).triggers == triggers


@pytest.mark.parametrize(("before", "after", "triggers"), [(3, 0, ("task_missed",)), (0, 3, ())])
def test_3_10_a_settlement_after_the_proposal_changes_no_ground(
    before: int, after: int, triggers: tuple[str, ...]
) -> None:
    region = in_december()
    region.hear(reconciled(open=before))
    proposed = complete(region)
    region.hear(
        CommitmentSettled(place="210521", village=VILLAGE, kind="ledger", period="2015", closed=5, carried=after)
    )
    assert confirm(region, proposed.grade).triggers == triggers


@pytest.mark.parametrize("since", [date(2015, 12, 20), date(2016, 1, 10), date(2014, 3, 1)])
def test_a_code_that_is_told_late_moves_this_year_s_assessment_too(since: date) -> None:
    region = in_december()
    region.pass_days(date(2016, 1, 31))
    region.hear(
        CommitmentReconciled(
            place="210521", village=VILLAGE, kind="ledger", period="2016", on=region.today, done=0, open=1
        ),
        VillageRecoded(place="210521", village=VILLAGE, code="210522100200", since=since),
    )
    assert region.assessment(VILLAGE, 2015).place == "210522"
    region.county = "210522"
    region.pass_days(date(2016, 12, 1))
    region.report(VILLAGE, 2016, "written")
    assert region.assessment(VILLAGE, 2016).place == "210522"


def test_2_13_the_year_of_a_team_that_went_home_meanwhile_is_still_graded() -> None:
    region = in_december()
    region.hear(region.released(VILLAGE))
    proposed = complete(region)
    assert confirm(region, proposed.grade).leader == team_of(VILLAGE)[0]
    region.pass_days(date(2016, 12, 31))
    assert not region.said(AssessmentOpened, year=2016)


def in_zunyi(pack: dict[str, Any], annual: int, satisfied: int) -> Region:
    region = Region(pack, date(2016, 1, 4), villages=1)
    (village,) = region.villages
    region.pass_days(date(2016, 12, 1))
    region.report(village, 2016)
    region.vote(village, 2016, satisfied=satisfied)
    region.visit(village, "5203-annual-2016-12-01", score=annual)
    region.pass_days(date(2017, 1, 31))
    return region


@pytest.mark.parametrize(
    ("annual", "satisfied", "grade"),
    [(95, 29, "excellent"), (90, 27, "excellent"), (85, 27, "good"), (70, 20, "medium"), (40, 12, "poor")],
)
def test_2_14_2_15_zunyi_grades_its_teams_on_its_own_scale(annual: int, satisfied: int, grade: str) -> None:
    """30 % ballot and 70 % annual check; there is no half-year check in Zunyi."""
    region = in_zunyi(ZUNYI, annual, satisfied)
    (proposed,) = region.said(AssessmentProposed)
    assert proposed.score == pytest.approx(0.3 * 100 * satisfied / 30 + 0.7 * annual, abs=0.01)
    assert proposed.grade == grade


def test_0_4_2_15_a_region_s_scale_is_its_pack_s() -> None:
    """Jalaid's four grades in Zunyi's pack (0.9), with bounds of their own."""
    scale = [("hao", "好", 85), ("better", "较好", 70), ("fair", "一般", 50), ("worse", "较差", 0)]
    assessment = {
        **ZUNYI["assessment"],
        "grades": [{"name": name, "label": zh, "at_least": at_least} for name, zh, at_least in scale],
        "caps": [],
        "review": {**ZUNYI["assessment"]["review"], "grades": ["worse"]},
    }
    region = in_zunyi({**ZUNYI, "assessment": assessment, "outcomes": []}, annual=85, satisfied=27)
    (proposed,) = region.said(AssessmentProposed)
    assert proposed.grade == "hao"
    (village,) = region.villages
    region.refuses(region.grade(village, 2016, "good"), 422, "grade")


def test_2_19_a_check_that_scores_only_in_one_region_weighs_only_there() -> None:
    pack = changed(BENXI, "campaigns", "unannounced", scored=True)
    halved = [{**channel, "weight": channel["weight"] / 2} for channel in BENXI["assessment"]["inputs"]]
    inputs = [*halved, {"channel": "unannounced", "weight": 50}]
    region = Region({**pack, "assessment": {**BENXI["assessment"], "inputs": inputs}}, date(2015, 5, 1), villages=1)
    region.pass_days(date(2015, 6, 20))
    region.visit(VILLAGE, HALF_YEAR, score=100)
    for quarter, score in ((date(2015, 7, 1), 40), (date(2015, 10, 1), 60)):
        campaign = f"2105-unannounced-{quarter}"
        region.await_visit(VILLAGE, campaign)
        region.visit(VILLAGE, campaign, score=score)
    region.pass_days(date(2015, 12, 1))
    proposed = complete(region, annual=100, satisfied=30)
    assert proposed.score == pytest.approx((100 * 100 + 100 * 50) / 200), "two visits of one kind count by their mean"
