"""The days of an assessment: when it opens, what is asked by when, what moves with announced holidays (0.9, 1.7)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from services.inspection.model.appraisal import ACTIONS
from services.inspection.model.cohort import Cohort
from services.inspection.model.commands import ContestAppraisal
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.inspection import AppraisalDropped, AppraisalMoved, AppraisalOpened, AppraisalProposed
from shared.contracts.registry import VillageMerged, VillageRecoded
from shared.rules import Task
from tests.inspection.rated import (
    COUNTY,
    GUIZHOU,
    JALAID,
    SCORED,
    TOWNSHIP,
    XIXIU,
    Rating,
    V,
    W,
    cadres,
    give,
    grade_all,
    of_team,
    pack_of,
    ranked,
    ranking,
    rating,
)
from tests.inspection.region import changed
from tests.support.outage import sleep

DAY = timedelta(1)
TEN: dict[str, Any] = {"working_days": 10}


def counted() -> Rating:
    """A secretary with a proposed grade of 2015, every time of whose rating is ten working days."""
    pack = pack_of(JALAID)
    in_ten = {"decide_within": TEN, "review": {"grades": ["fair", "weak"], "within": TEN, "answer": TEN}}
    pack["appraisals"] = [one | in_ten if one["kind"] == "secretary_rating" else one for one in pack["appraisals"]]
    region = Rating(pack=pack)
    region.village()
    region.party("S1", "secretary")
    region.pass_days(date(2015, 11, 2))
    give(region, *SCORED, "representatives")
    region.pass_days(date(2016, 1, 1))
    return region


def tasks_of(region: Rating) -> list[Task]:
    """All that is asked about the secretary."""
    return [task for action in (*ACTIONS.values(), "appraisal-grades") for task in region.tasks(action, "S1")]


def weak(region: Rating) -> None:
    region.ask(region.graded("secretary_rating", "S1", "weak"))


def contested(region: Rating) -> None:
    weak(region)
    said: dict[str, Any] = {"body": "village", "lodged_by": "朝阳村党支部"}
    region.ask(ContestAppraisal(**region.about("secretary_rating", "S1"), **said))


def answered(region: Rating) -> None:
    contested(region)
    region.ask(region.graded("secretary_rating", "S1", "fair"))


def taken_back(region: Rating) -> None:
    weak(region)
    region.ask(region.take_back("secretary_rating", "S1"))


@pytest.mark.parametrize(
    ("reach", "running"),
    [
        (lambda region: None, "grade_by"),
        (weak, "review_until"),
        (contested, "answer_until"),
        (answered, ""),
        (taken_back, "grade_by"),
        (lambda region: region.ask(region.graded("secretary_rating", "S1", "sound")), ""),
    ],
)
def test_0_9_the_time_that_runs_moves_with_a_week_of_holidays_and_no_other(
    reach: Callable[[Rating], None], running: str
) -> None:
    region = counted()
    reach(region)
    was = {name: getattr(region.state_of("secretary_rating", "S1"), name) for name in TIMES}
    assert [name for name in TIMES if was[name]] == ([running] if running else [])
    off = tuple(date(2016, 1, 11) + n * DAY for n in range(5))
    said: dict[str, Any] = {"document": "国办发〔2015〕9号", "announced_by": "国务院", "notice": "2016", "year": 2016}
    region.announce(HolidaysAnnounced(place="000000", off=off, **said))
    moved = [(one.deadline, one.was, one.due, one.subject) for one in region.said(AppraisalMoved)]
    assert moved == ([(running, was[running], was[running] + 7 * DAY, "S1")] if running else [])
    if running:
        assert getattr(region.state_of("secretary_rating", "S1"), running) == was[running] + 7 * DAY


TIMES = ("grade_by", "review_until", "answer_until")


@pytest.mark.parametrize(("late", "accepted"), [(0, True), (1, False)])
def test_0_9_a_grade_is_contested_through_the_last_day(late: int, accepted: bool) -> None:
    region = counted()
    weak(region)
    last = region.state_of("secretary_rating", "S1").review_until
    assert last
    region.pass_days(last + late * DAY)
    said: dict[str, Any] = {"body": "village", "lodged_by": "朝阳村党支部"}
    contest = ContestAppraisal(**region.about("secretary_rating", "S1"), **said)
    if not accepted:
        region.refuses(contest, 409)
        return
    region.ask(contest, contest)
    (task,) = region.tasks("appraisal-grades")
    assert (task.role, task.rule, task.detail) == ("organisation", "S3", "2015 secretary_rating")
    assert task.due == region.state_of("secretary_rating", "S1").answer_until


def test_0_10_each_task_names_the_channel_its_body_and_the_end_of_the_year() -> None:
    region = rating()
    give(region, "peers")
    asked = {(task.action, task.detail, task.role, task.due, task.rule) for task in tasks_of(region)}
    end = date(2015, 12, 31)
    assert asked == {
        ("appraisal-scores", "2015 leaders", "county", end, "S3"),
        ("appraisal-ballots", "2015 representatives", "village", end, "S3"),
        ("appraisal-scores", "2015 committee", "organisation", end, "S3"),
    }
    ballot = next(task for task in tasks_of(region) if task.action == "appraisal-ballots")
    assert ballot.answer == {
        **region.about("secretary_rating", "S1"),
        "channel": "representatives",
        "body": "village",
    }
    give(region, "leaders", "committee", "representatives")
    assert tasks_of(region) == [], "the year is not over"
    region.pass_days(date(2016, 1, 1))
    (grading,) = tasks_of(region)
    assert (grading.action, grading.due) == ("appraisal-grades", date(2016, 2, 1))
    assert grading.answer == {**region.about("secretary_rating", "S1"), "body": "organisation"}


@pytest.mark.parametrize(
    ("last", "proposed"),
    [
        (date(2015, 12, 30), date(2016, 1, 1)),
        (date(2015, 12, 31), date(2016, 1, 1)),
        (date(2016, 1, 1), date(2016, 1, 2)),
        (date(2016, 3, 1), date(2016, 3, 2)),
    ],
)
def test_0_9_the_grade_is_proposed_when_all_is_in_and_the_year_is_over(last: date, proposed: date) -> None:
    region = rating()
    give(region, *SCORED)
    region.pass_days(last)
    give(region, "representatives")
    region.pass_days(proposed - DAY)
    assert not region.said(AppraisalProposed)
    region.pass_days(proposed)
    assert len(region.said(AppraisalProposed)) == 1


@pytest.mark.parametrize(
    ("scores", "grade"),
    [
        ((85, 85, 85), "sound"),
        ((84, 85, 85), "fairly_good"),
        ((60, 60, 60), "fair"),
        ((59, 60, 60), "weak"),
        ((0, 0, 0), "weak"),
    ],
)
def test_0_9_a_score_at_the_line_has_the_better_grade(scores: tuple[int, int, int], grade: str) -> None:
    region = rating()
    region.ask(region.void("secretary_rating", "S1", "representatives"))
    for (channel, body), score in zip(
        {"peers": "township", "leaders": "county", "committee": "organisation"}.items(), scores, strict=True
    ):
        region.ask(region.score("secretary_rating", "S1", channel, body, score))
    region.pass_days(date(2016, 1, 2))
    assert region.said(AppraisalProposed)[0].grade == grade


def test_0_9_each_year_opens_on_its_day_also_after_an_outage_and_a_subject_that_ends_leaves_the_open_one() -> None:
    region = Rating(JALAID)
    region.village()
    region.party("S1", "secretary")
    region.pass_days(date(2015, 10, 31))
    assert not region.said(AppraisalOpened, subject="S1")
    region.pass_days(date(2018, 11, 1))
    opened = region.said(AppraisalOpened, subject="S1")
    assert [one.year for one in opened] == [2015, 2016, 2017, 2018]
    assert [one.inputs for one in opened] == [("peers", "leaders", "representatives", "committee")] * 4
    region.left("S1")
    assert {one.year for one in region.said(AppraisalDropped, subject="S1")} == {2017, 2018}, "the last two are known"


def test_2_21_a_village_that_moves_is_assessed_by_its_new_division() -> None:
    region = Rating(XIXIU)
    region.village()
    region.hear(VillageRecoded(place=COUNTY, village=V, code="210522" + V[6:], since=region.today))
    region.pass_days(date(2015, 12, 2))
    assert [one.place for one in region.said(AppraisalOpened, subject=V)] == ["210522"]


@pytest.mark.parametrize("from_day", [date(2015, 2, 1), date(2015, 9, 1), date(2015, 10, 1)])
@pytest.mark.parametrize("away", [False, True])
def test_2_21_a_pack_of_autumn_opens_what_it_assesses_that_year(from_day: date, away: bool) -> None:
    """Nobody was assessed there before. One village is registered between the pack's adoption and its first day."""
    october = changed(pack_of(XIXIU), "appraisals", "village_study", opens={"month": 10, "day": 1})
    region = Rating(pack=pack_of())
    region.village(V)
    region.pass_days(date(2015, 8, 1))
    region.adopt({**october, "version": "2105-2015.2", "effective_from": from_day})
    region.village(W)
    region.pass_days(date(2015, 9, 30))
    assert not region.said(AppraisalOpened)
    if away:
        sleep(region, date(2015, 10, 20))
    region.pass_days(date(2015, 12, 31))
    opened = [(one.subject, one.year) for one in region.said(AppraisalOpened, kind="village_study")]
    assert sorted(opened) == [(V, 2015), (W, 2015)]


def test_2_21_a_pack_that_assesses_nobody_any_more_opens_nothing() -> None:
    region = Rating(XIXIU)
    region.village(V)
    region.adopt({**pack_of(), "version": "2105-2015.2", "effective_from": date(2015, 3, 1)})
    region.pass_days(date(2016, 12, 31))
    assert not region.said(AppraisalOpened)


def test_2_21_a_pack_of_the_opening_day_opens_nothing_twice_and_wakes_nobody_who_is_gone() -> None:
    region = Rating(XIXIU)
    region.village(V)
    region.village(W)
    region.hear(
        VillageMerged(
            place=COUNTY,
            village=W,
            into=V,
            into_place=COUNTY,
            since=region.today,
            document="辽民〔2015〕1号",
            decided_by="省民政厅",
        )
    )
    region.pass_days(date(2015, 11, 30))
    region.adopt({**pack_of(XIXIU), "version": "2105-2015.2", "effective_from": date(2015, 12, 1)})
    region.pass_days(date(2015, 12, 31))
    assert [one.subject for one in region.said(AppraisalOpened, kind="village_study")] == [V]


@pytest.mark.parametrize(("scores", "mean"), [((90,), 90), ((90, 70), 80), ((90, 70, 65), 75)])
def test_4_8_a_township_has_the_mean_of_its_teams(scores: tuple[int, ...], mean: float) -> None:
    region = Rating(GUIZHOU)
    villages = [f"{COUNTY}1002{n:02}" for n in range(len(scores))]
    for village in villages:
        region.village(village)
    region.village(f"{COUNTY}101200")
    region.pass_days(date(2015, 12, 2))
    for village, score in zip(villages, scores, strict=True):
        of_team(region, village, score)
    of_team(region, f"{COUNTY}101200", 10)
    region.ask(region.score("first_responsible", TOWNSHIP, "joint_meeting", "county", 80))
    region.pass_days(date(2016, 1, 2))
    (proposed,) = region.said(AppraisalProposed, subject=TOWNSHIP)
    assert (proposed.score, proposed.scores) == ((mean + 80) / 2, {"of_teams": mean, "joint_meeting": 80})


@pytest.mark.parametrize(("best", "told"), [(2, 0), (3, 1)])
def test_2_15_a_fifth_of_ten_is_two(best: int, told: int) -> None:
    region = cadres(10)
    for n in range(best):
        region.ask(region.graded("village_cadre_year", f"K{n}", "excellent", "township"))
    cohort: Cohort = region.kept(Cohort, "2105/village_cadre_year/2015")
    assert (cohort.at_most, cohort.best, cohort.exceeded, cohort.status) == (2, best, bool(told), "open")
    for task in region.tasks("appraisal-grade-withdrawals"):
        assert (task.about, task.due, task.detail) == ("2105/village_cadre_year/2015", None, "2015")
        assert task.answer == {"place": "210500", "kind": "village_cadre_year", "year": 2015, "body": "township"}
    assert len(region.tasks("appraisal-grade-withdrawals")) == told


def test_2_6_a_member_without_a_score_waits_and_one_who_leaves_is_not_waited_for() -> None:
    region = ranked({"A": 90, "B": 50, "C": 70}, worst=1)
    grade_all(region, "A", "B")
    assert not region.tasks("rankings")
    region.hear(
        AppraisalDropped(
            place=COUNTY, kind="branch_review", subject_kind="organisation", subject="C", village=V, year=2015
        )
    )
    (task,) = region.tasks("rankings")
    assert (task.about, task.role, task.due, task.detail) == ("2105/branch_review/2015", "organisation", None, "2015")
    assert task.answer == {"place": "210500", "kind": "branch_review", "year": 2015, "body": "organisation"}
    region.ask(ranking())
    assert region.kept(Cohort, "2105/branch_review/2015").status == "ranked"


def test_2_6_who_is_taken_by_a_tie_is_named_in_full_where_all_have_a_place() -> None:
    region = ranked({"A": 60, "B": 60, "C": 90}, worst=2)
    grade_all(region, "A", "B", "C")
    region.refuses(ranking("A"), 422, "chosen")
    region.ask(ranking())
    assert region.kept(Cohort, "2105/branch_review/2015").worst == ("A", "B")


def test_0_10_of_many_with_one_score_a_refusal_names_twenty() -> None:
    region = ranked({f"B{n:02}": 60 for n in range(22)}, worst=1)
    grade_all(region, *(f"B{n:02}" for n in range(22)))
    refused = region.refuses(ranking(), 422, "chosen")
    assert "B19" in refused.en and "B20" not in refused.en and "等" in refused.zh
