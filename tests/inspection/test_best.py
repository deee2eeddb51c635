"""How many teams of a region can have the best grade (2.15)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.inspection.model.cohort import Cohort
from shared.contracts.inspection import (
    AssessmentDropped,
    AssessmentGraded,
    AssessmentOpened,
    BestExceeded,
    GradeWithdrawn,
)
from shared.policy import PolicyInvalid, parse_pack
from tests.inspection.region import BENXI, Region

LIMITED = {**BENXI, "assessment": {**BENXI["assessment"], "best_at_most": 0.3}}


def opened(teams: int, pack: dict[str, Any] = LIMITED) -> Region:
    """A region in which so many teams are assessed in 2015."""
    region = Region(pack, date(2015, 11, 1), villages=teams)
    region.pass_days(date(2015, 12, 1))
    assert len(region.said(AssessmentOpened)) == teams
    return region


def about(region: Region, n: int) -> dict[str, Any]:
    village = region.villages[n]
    return {"place": region.county, "village": village, "year": 2015, "unit": f"U{village}", "leader": "C1"}


def graded(region: Region, n: int, grade: str = "excellent") -> None:
    region.hear(AssessmentGraded(**about(region, n), score=95, grade=grade, triggers=(), decided_by="市委组织部"))


def taken_back(region: Region, n: int) -> None:
    region.hear(GradeWithdrawn(**about(region, n), grade="excellent", reason="超过比例", decided_by="市委组织部"))


def test_2_15_more_excellent_teams_than_their_share_are_told_once_and_the_body_chooses_whose_to_take_back() -> None:
    region = opened(10)
    for n in range(3):
        graded(region, n)
    assert not region.said(BestExceeded) and not region.tasks("grade-withdrawals")
    graded(region, 3)
    graded(region, 4)
    (told,) = region.said(BestExceeded)
    assert (told.kind, told.number, told.at_most, told.year) == ("team", 4, 3, 2015)
    (task,) = region.tasks("grade-withdrawals")
    assert (task.role, task.answer) == ("organisation", {"year": 2015, "body": "organisation"})
    for n in (0, 4):
        taken_back(region, n)
        graded(region, n, "competent")
    assert not region.tasks("grade-withdrawals")
    assert region.kept(Cohort, "2105/team/2015").best == 3


def test_2_15_a_team_that_is_assessed_no_more_makes_the_share_smaller() -> None:
    region = opened(10)
    for n in range(3):
        graded(region, n)
    region.hear(AssessmentDropped(place=region.county, village=region.villages[9], year=2015))
    (told,) = region.said(BestExceeded)
    assert (told.number, told.at_most) == (3, 2), "three tenths of nine teams, rounded down"


def test_2_15_a_team_that_is_assessed_late_makes_the_share_larger() -> None:
    region = opened(10)
    for n in range(4):
        graded(region, n)
    assert region.tasks("grade-withdrawals")
    for n in range(4):
        late = f"210521109{n:03}"
        region.hear(
            AssessmentOpened(place=region.county, village=late, year=2015, unit="U", leader="C", inputs=("ballot",))
        )
    assert not region.tasks("grade-withdrawals"), "four of fourteen are less than three tenths"


def test_2_15_each_year_is_counted_for_itself() -> None:
    region = opened(4)
    graded(region, 0)
    region.pass_days(date(2016, 12, 2))
    village = region.villages[1]
    region.hear(
        AssessmentGraded(
            place=region.county,
            village=village,
            year=2016,
            unit="U",
            leader="C1",
            score=95,
            grade="excellent",
            triggers=(),
            decided_by="市委组织部",
        )
    )
    assert not region.said(BestExceeded)


def test_2_15_where_nothing_is_said_any_number_can_be_excellent() -> None:
    region = opened(2, BENXI)
    graded(region, 0)
    graded(region, 1)
    assert not region.said(BestExceeded) and not region.tasks("grade-withdrawals")


def test_2_15_a_pack_that_says_the_share_no_more_asks_nobody_to_take_a_grade_back() -> None:
    region = opened(2)
    graded(region, 0)
    assert region.tasks("grade-withdrawals")
    region.adopt({**BENXI, "version": "2105-2016.1", "effective_from": date(2016, 1, 1)})
    region.pass_days(date(2016, 1, 1) + timedelta(1))
    assert not region.tasks("grade-withdrawals")


@pytest.mark.parametrize("share", [0, 1, 30])
def test_2_15_a_share_that_limits_nothing_or_everything_is_refused(share: float) -> None:
    with pytest.raises(PolicyInvalid):
        parse_pack({**LIMITED, "assessment": {**LIMITED["assessment"], "best_at_most": share}})
