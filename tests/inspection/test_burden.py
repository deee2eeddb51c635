"""What inspections ask of a village: three rhythms in a year, visits that crowd, and too many in a month (3.7)."""

from datetime import date
from typing import Any

import pytest

from services.inspection.model.campaign import Campaign
from services.inspection.model.commands import OpenCampaign, WithdrawVisit
from services.inspection.model.supervision import Supervision
from shared.contracts.inspection import (
    AssessmentGraded,
    BurdenExceeded,
    CampaignClosed,
    VisitMade,
    VisitsCrowded,
)
from shared.policy import PolicyInvalid, parse_pack
from tests.inspection.region import BENXI, Region, changed

HALF_YEAR = "2105-half_year-2015-06-20"
FLOODS = "2105.floods"
LIMITS: dict[str, Any] = {"burden": {"rule": "S3", "visits": 2, "merge_within": 7}}
ALL = {"choice": "all", "share": 1.0, "announced": True}


def limited(**spot_check: Any) -> Region:
    """Two villages on the day on which the half-year check has dealt its visits, 20 and 30 June."""
    pack = changed({**BENXI, **LIMITS}, "campaigns", "spot_check", **spot_check)
    region = Region(pack, date(2015, 5, 1), villages=2)
    region.pass_days(date(2015, 6, 20))
    return region


def spot_check(region: Region, opens: date) -> None:
    region.ask(
        OpenCampaign(
            place=region.place,
            kind="spot_check",
            campaign="floods",
            opens=opens,
            body="poverty_office",
            asked_by="市扶贫办",
        )
    )


def test_3_7_spot_checks_the_half_year_check_and_the_yearly_assessment_are_held_in_one_year() -> None:
    region = Region(BENXI, date(2015, 5, 1), villages=2)
    region.pass_days(date(2015, 5, 20))
    spot_check(region, date(2015, 5, 25))
    while region.today < date(2016, 2, 1):
        region.answer_seeds()
        region.visit_all()
        for village in region.villages if region.today == date(2015, 12, 10) else ():
            region.report(village, 2015)
            region.vote(village, 2015)
        for task in region.tasks("grades"):
            region.ask(region.grade(task.about, 2015, "competent"))
        region.pass_days(date.fromordinal(region.today.toordinal() + 1))
    held = {one.kind: one.visited for one in region.said(CampaignClosed) if one.campaign.find("2016") < 0}
    assert held == {"spot_check": 1, "half_year": 2, "unannounced": 1, "annual": 2}
    assert {one.village for one in region.said(AssessmentGraded, year=2015)} == {*region.villages}


def test_3_7_two_campaigns_in_one_village_in_one_week_are_told_before_they_happen() -> None:
    region = limited(**ALL)
    spot_check(region, date(2015, 6, 22))
    (told,) = region.said(VisitsCrowded)
    early, _late = region.villages
    assert (told.campaign, told.beside, told.is_sealed()) == (FLOODS, HALF_YEAR, False)
    assert told.visits == {early: date(2015, 6, 22)}, "one visit on the later day serves both"
    region.pass_days(date(2015, 6, 22))
    region.visit(early, FLOODS)
    region.visit(early, HALF_YEAR, score=80)
    assert len({*region.kept(Supervision, early).visits.values()}) == 1


def test_3_7_what_lies_further_apart_or_was_visited_already_is_not_told() -> None:
    region = limited(**ALL)
    region.visit(region.villages[0], HALF_YEAR, score=80)
    spot_check(region, date(2015, 6, 22))
    assert not region.said(VisitsCrowded)
    later = limited(**ALL)
    spot_check(later, date(2015, 8, 1))
    assert not later.said(VisitsCrowded)


def test_3_7_of_a_draw_it_is_told_sealed_once_it_is_made() -> None:
    region = limited(share=1.0)
    spot_check(region, date(2015, 6, 28))
    assert not region.said(VisitsCrowded), "nobody knows yet where the draw leads"
    region.post_hashes(FLOODS)
    region.pass_days(date(2015, 6, 28))
    region.give_seeds(FLOODS)
    (told,) = region.said(VisitsCrowded)
    drawn: Campaign = region.kept(Campaign, FLOODS)
    assert told.is_sealed()
    assert set(told.visits) == {
        village
        for village, on in region.kept(Campaign, HALF_YEAR).visits.items()
        if abs((on - drawn.visits[village]).days) <= 7
    }


def test_3_7_what_an_announced_campaign_has_in_common_with_a_draw_is_told_sealed_as_well() -> None:
    region = limited(share=1.0)
    spot_check(region, date(2015, 6, 28))
    region.post_hashes(FLOODS)
    region.pass_days(date(2015, 6, 28))
    region.give_seeds(FLOODS)
    check = OpenCampaign(place=region.place, kind="half_year", campaign="again", opens=date(2015, 6, 30),
                         body="poverty_office", asked_by="市扶贫办")  # fmt: skip
    region.ask(check)
    (told,) = region.said(VisitsCrowded, campaign="2105.again", beside=FLOODS)
    assert told.is_sealed()


def test_3_7_a_village_that_is_visited_on_too_many_days_of_a_month_is_told_once() -> None:
    region = limited(**ALL, visit_days=1)
    village = region.villages[0]
    for name, day in (("a", 21), ("b", 22), ("c", 23)):
        region.ask(
            OpenCampaign(place=region.place, kind="spot_check", campaign=name, opens=date(2015, 6, day),
                         body="poverty_office", asked_by="市扶贫办")
        )  # fmt: skip
    for name, day in (("a", 21), ("b", 22), ("c", 23)):
        region.pass_days(date(2015, 6, day))
        region.visit(village, f"2105.{name}")
        assert len(region.said(BurdenExceeded)) == (day == 23)
    (told,) = region.said(BurdenExceeded)
    assert (told.village, told.on, told.visits, told.at_most) == (village, date(2015, 6, 23), 3, 2)
    region.visit(village, HALF_YEAR, score=80)
    assert len(region.said(BurdenExceeded)) == 1, "a second visit of the same day asks no more of the village"
    region.pass_days(date(2015, 7, 1))
    region.visit(region.villages[1], "2105.a")
    assert len(region.said(BurdenExceeded)) == 1, "a month begins anew"


def test_3_7_a_visit_that_was_recorded_by_mistake_is_not_counted() -> None:
    region = limited(**ALL)
    village = region.villages[0]
    region.visit(village, HALF_YEAR, score=80)
    region.ask(
        WithdrawVisit(place=region.county, village=village, campaign=HALF_YEAR, body="inspection", reason="误录",
                      decided_by="市委督查室")
    )  # fmt: skip
    assert not region.kept(Supervision, village).visits


def test_3_7_without_limits_nothing_is_compared_or_counted() -> None:
    region = Region(changed(BENXI, "campaigns", "spot_check", **ALL), date(2015, 5, 1), villages=2)
    region.pass_days(date(2015, 6, 20))
    spot_check(region, date(2015, 6, 22))
    region.visit(region.villages[0], HALF_YEAR, score=80)
    assert not region.said(VisitsCrowded) and not region.kept(Supervision, region.villages[0]).visits


def test_3_7_a_pack_that_visits_every_village_more_often_than_it_allows_is_refused() -> None:
    twice = changed({**BENXI, **LIMITS}, "campaigns", "half_year", opens=[{"month": 12, "day": 15}])
    parse_pack(twice)
    with pytest.raises(PolicyInvalid, match="visits every village 2 times"):
        parse_pack({**twice, "burden": {**LIMITS["burden"], "visits": 1}})
    with pytest.raises(PolicyInvalid, match=r"burden\.rule"):
        parse_pack({**BENXI, "burden": {**LIMITS["burden"], "rule": "X9"}})


def test_3_7_a_draw_that_was_planned_first_is_compared_with_a_campaign_that_came_after_it() -> None:
    region = limited(share=1.0)
    spot_check(region, date(2015, 6, 28))
    region.post_hashes(FLOODS)
    later = OpenCampaign(place=region.place, kind="other", campaign="second", opens=date(2015, 6, 28),
                         body="poverty_office", asked_by="市扶贫办")  # fmt: skip
    pack = changed({**BENXI, **LIMITS, "version": "2105-2015-later"}, "campaigns", "spot_check", share=1.0)
    every = next(one for one in pack["campaigns"] if one["kind"] == "spot_check")
    other = {**every, **ALL, "kind": "other", "label": "专项督查", "seed_days": 0, "opens": []}
    region.adopt({**pack, "campaigns": [*pack["campaigns"], other]})
    region.pass_days(date(2015, 6, 27))
    region.ask(later)
    assert all(FLOODS not in (one.campaign, one.beside) for one in region.said(VisitsCrowded)), "it is not drawn yet"
    region.pass_days(date(2015, 6, 28))
    region.give_seeds(FLOODS)
    (told,) = (one for one in region.said(VisitsCrowded) if {one.campaign, one.beside} == {FLOODS, "2105.second"})
    assert told.is_sealed() and {*told.visits} == {*region.villages}


def test_3_7_visits_are_counted_for_the_village_whatever_becomes_of_its_team() -> None:
    region = limited(**ALL)
    village = region.villages[0]
    region.visit(village, HALF_YEAR, score=80)
    region.hear(region.released(village))
    assert HALF_YEAR in region.kept(Supervision, village).visits


def test_3_7_days_of_another_month_are_not_counted_with_those_of_this_one() -> None:
    region = limited(**ALL, visit_days=1)
    village = region.villages[0]
    for name, day in (("a", date(2015, 6, 21)), ("b", date(2015, 6, 22)), ("c", date(2015, 7, 1))):
        spot = OpenCampaign(
            place=region.place, kind="spot_check", campaign=name, opens=day, body="poverty_office", asked_by="市扶贫办"
        )
        region.ask(spot)
        region.pass_days(day)
        region.visit(village, f"2105.{name}")
    assert region.said(VisitMade, village=village)[-1].on == date(2015, 7, 1)
    assert not region.said(BurdenExceeded), "two days in June, and one in July"
