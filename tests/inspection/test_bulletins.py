"""Two days for a round of inspections, and a bulletin after each (1.5): the rota, and the bulletin's ways."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from services.inspection.model.campaign import Campaign
from services.inspection.model.commands import PublishBulletin, ReplaceVisit, WithdrawBulletin, WithdrawVisit
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.inspection import (
    BulletinMissed,
    BulletinMoved,
    BulletinPublished,
    BulletinWithdrawn,
    CampaignPlanned,
    Noted,
    VisitMade,
)
from shared.contracts.registry import VillageMerged
from shared.policy import PolicyInvalid, parse_pack
from tests.inspection.region import BENXI, Region, changed
from tests.inspection.rota import CLOSED, MARCH_3, PACK, ROTA
from tests.support.outage import sleep

DAY = timedelta(1)
FIRST, SECOND = "2105-supervision-2015-03-03", "2105-supervision-2015-03-05"


@pytest.fixture
def region() -> Region:
    """Twenty villages with a team; the first turn of the rota begins today."""
    region = Region(PACK, date(2015, 2, 20), villages=20)
    region.pass_days(MARCH_3)
    return region


def publish(region: Region, campaign: str = FIRST, **changes: Any) -> PublishBulletin:
    given = {"place": "210500", "campaign": campaign, "body": "discipline", "published_by": "市纪委", **changes}
    return PublishBulletin(**given)


def withdraw(region: Region, campaign: str = FIRST) -> WithdrawBulletin:
    said = {"reason": "漏登一村", "decided_by": "市纪委", "body": "discipline"}
    return WithdrawBulletin(place="210500", campaign=campaign, **said)  # type: ignore[arg-type]


def mistaken(region: Region, village: str) -> WithdrawVisit:
    said = {"body": "inspection", "reason": "误录", "decided_by": "督查组"}
    return WithdrawVisit(place=region.county, village=village, campaign=FIRST, **said)  # type: ignore[arg-type]


def test_1_5_every_two_days_the_next_eight_villages_have_their_turn_until_it_begins_anew(region: Region) -> None:
    turns = []
    for _ in range(5):
        region.pass_days(region.today + 2 * DAY)
    turns = [set(said.frame) for said in region.said(CampaignPlanned, kind="supervision")]
    v = region.villages
    assert turns == [{*v[:8]}, {*v[8:16]}, {*v[16:], *v[:4]}, {*v[4:12]}, {*v[12:]}, {*v[:8]}]
    days = [said.opens for said in region.said(CampaignPlanned, kind="supervision")]
    assert days == [MARCH_3 + 2 * n * DAY for n in range(6)]


def test_1_5_a_rota_with_fewer_villages_than_a_turn_visits_each_once() -> None:
    region = Region(PACK, date(2015, 2, 20), villages=3)
    region.pass_days(MARCH_3)
    region.visit_all()
    assert [visit.village for visit in region.said(VisitMade)] == region.villages
    assert {len(said.frame) for said in region.said(CampaignPlanned)} == {3}


def test_1_5_a_village_that_joins_or_leaves_does_not_change_whose_turn_is_next(region: Region) -> None:
    new = "210521100299"
    region.hear(region.assigned(new), region.released(region.villages[7]), region.released(region.villages[9]))
    region.pass_days(MARCH_3 + 2 * DAY)
    said = region.said(CampaignPlanned, campaign=SECOND)[0]
    assert said.frame == (region.villages[8], *region.villages[10:17])
    region.pass_days(MARCH_3 + 4 * DAY)
    third = region.said(CampaignPlanned, kind="supervision")[-1]
    assert set(third.frame) == {*region.villages[17:], new, *region.villages[:4]}


def test_1_5_the_bulletin_says_what_was_found_where_and_names_the_unit(region: Region) -> None:
    first, second, third, *rest = region.villages[:8]
    region.visit(first, FIRST, absent=(f"C{first}-1",), findings=("absent",))
    region.visit(second, FIRST, findings=("ledger_untrue",))
    region.visit(third, FIRST)
    region.refuses(publish(region), 409, "campaign")
    region.pass_days(MARCH_3 + 2 * DAY)
    (task,) = region.tasks("bulletins")
    assert (task.about, task.role, task.due) == (FIRST, "discipline", MARCH_3 + 3 * DAY)
    region.ask(PublishBulletin(published_by="市纪委", **task.answer))  # type: ignore[arg-type]
    (said,) = region.said(BulletinPublished)
    assert (said.planned, said.visited, said.late, said.missed) == (8, 3, False, tuple(rest))
    assert said.noted == (
        Noted(village=first, unit=f"U{first}", absent=1, findings=("absent",)),
        Noted(village=second, unit=f"U{second}", absent=0, findings=("ledger_untrue",)),
    )
    assert not region.tasks("bulletins")
    region.refuses(publish(region), 409, "campaign")


def test_1_5_a_visit_is_recorded_until_the_bulletin_is_out_and_a_missed_one_waits_for_the_next_turn(
    region: Region,
) -> None:
    first, second = region.villages[:2]
    region.pass_days(MARCH_3 + 2 * DAY)
    assert {task.about for task in region.tasks("visits") if task.detail == FIRST} == {*region.villages[:8]}
    region.visit(first, FIRST, on=MARCH_3, findings=("absent",))
    region.ask(publish(region))
    assert [one.village for one in region.said(BulletinPublished)[0].noted] == [first]
    assert not [task for task in region.tasks("visits") if task.detail == FIRST]
    region.refuses(region.visit_to(second, FIRST, on=MARCH_3), 409, "village")


def test_1_5_a_round_that_found_nothing_owes_its_bulletin_too_and_an_unpublished_one_is_told(region: Region) -> None:
    region.visit_all()
    region.pass_days(MARCH_3 + 3 * DAY)
    assert not region.said(BulletinMissed)
    region.pass_days(MARCH_3 + 4 * DAY)
    (missed,) = region.said(BulletinMissed)
    assert (missed.campaign, missed.body, missed.due) == (FIRST, "discipline", MARCH_3 + 3 * DAY)
    assert FIRST in {task.about for task in region.tasks("bulletins")}, "it is still awaited"
    region.ask(publish(region))
    (said,) = region.said(BulletinPublished)
    assert (said.late, said.noted, said.missed) == (True, (), ())
    region.pass_days(MARCH_3 + 5 * DAY)
    assert [said.campaign for said in region.said(BulletinMissed)] == [FIRST], "told once"


def test_1_5_after_days_without_the_service_the_body_still_has_its_time(region: Region) -> None:
    sleep(region, MARCH_3 + 10 * DAY)
    assert (FIRST, MARCH_3 + 11 * DAY) in {(task.about, task.due) for task in region.tasks("bulletins")}
    region.pass_days(MARCH_3 + 11 * DAY)
    assert not region.said(BulletinMissed), "nobody could publish anything while the service was away"
    region.ask(publish(region))
    assert [said.late for said in region.said(BulletinPublished)] == [False]


def test_1_5_only_the_body_of_the_pack_publishes_and_only_where_there_is_a_bulletin(region: Region) -> None:
    region.pass_days(MARCH_3 + 2 * DAY)
    region.refuses(publish(region, body="organisation"), 422, "body")
    region.refuses(publish(region, place="210521"), 422, "place")
    region.refuses(publish(region, campaign="2105-supervision-2014-03-03"), 404, None)
    region.refuses(withdraw(region), 404, "campaign")
    region.pass_days(date(2015, 7, 5))
    half_year = next(one.id for one in region.campaigns("half_year"))
    region.refuses(publish(region, campaign=half_year), 409, "campaign")


def test_1_5_a_visit_is_corrected_after_its_bulletin_is_withdrawn_and_another_bulletin_follows(region: Region) -> None:
    village = region.villages[0]
    region.visit(village, FIRST, findings=("absent",))
    region.pass_days(MARCH_3 + 2 * DAY)
    region.ask(publish(region))
    assert "通报" in region.refuses(mistaken(region, village), 409, "village").zh
    region.ask(withdraw(region))
    assert region.said(BulletinWithdrawn)[0].reason == "漏登一村"
    region.ask(mistaken(region, village))
    region.visit(village, FIRST, on=MARCH_3, findings=("ledger_untrue",))
    region.ask(publish(region))
    assert [one.findings for one in region.said(BulletinPublished)[-1].noted] == [("ledger_untrue",)]


def test_1_5_a_mistaken_visit_is_recorded_anew_after_a_turn_that_has_no_bulletin() -> None:
    silent = {**BENXI, "campaigns": [*BENXI["campaigns"], {k: v for k, v in ROTA.items() if k != "bulletin"}]}
    region = Region(silent, date(2015, 2, 20), villages=2)
    region.pass_days(MARCH_3)
    first, second = region.villages
    region.visit(first, FIRST, findings=("absent",))
    region.pass_days(MARCH_3 + 2 * DAY)
    region.ask(mistaken(region, first))
    assert [task.about for task in region.tasks("visits") if task.detail == FIRST] == [first]
    region.visit(first, FIRST, on=MARCH_3, findings=("ledger_untrue",))
    assert region.kept(Campaign, FIRST).visited[first].findings == ("ledger_untrue",)
    assert not [task for task in region.tasks("visits") if task.detail == FIRST]
    region.refuses(region.visit_to(second, FIRST, on=MARCH_3), 409, "village")


def test_1_5_a_visit_that_was_taken_back_before_a_bulletin_is_not_recorded_after_it(region: Region) -> None:
    village = region.villages[0]
    region.visit(village, FIRST, findings=("absent",))
    region.pass_days(MARCH_3 + 2 * DAY)
    region.ask(mistaken(region, village))
    region.ask(publish(region))
    assert village in region.said(BulletinPublished)[0].missed
    region.refuses(region.visit_to(village, FIRST, on=MARCH_3), 409, "village")


@pytest.mark.parametrize(("withdrawn", "missed"), [(2, 1), (3, 1), (6, 0)])
def test_1_5_a_withdrawn_bulletin_is_missed_again_only_if_its_last_day_is_to_come(
    region: Region, withdrawn: int, missed: int
) -> None:
    region.pass_days(MARCH_3 + 2 * DAY)
    region.ask(publish(region))
    region.pass_days(MARCH_3 + withdrawn * DAY)
    region.ask(withdraw(region))
    region.pass_days(MARCH_3 + 9 * DAY)
    assert len(region.said(BulletinMissed, campaign=FIRST)) == missed
    assert FIRST in {task.about for task in region.tasks("bulletins")}


def test_1_5_a_merged_village_s_unit_is_not_named_and_its_visit_counts_as_missed(region: Region) -> None:
    first, second = region.villages[:2]
    region.visit(first, FIRST, findings=("absent",))
    merged = {
        "place": region.county,
        "into": region.villages[3],
        "into_place": region.county,
        "since": MARCH_3,
        "document": "D",
        "decided_by": "县",
    }
    region.hear(*(VillageMerged(village=village, **merged) for village in (first, second)))
    region.pass_days(MARCH_3 + 2 * DAY)
    region.ask(publish(region))
    (said,) = region.said(BulletinPublished)
    assert [(one.village, one.unit) for one in said.noted] == [(first, None)]
    assert second in said.missed


def test_1_5_holidays_move_the_last_day_that_was_counted_in_working_days() -> None:
    two = {"by": "discipline", "publish_by": {"after": CLOSED, "within": {"working_days": 2}}}
    region = Region(changed(PACK, "campaigns", "supervision", bulletin=two), date(2015, 2, 20), villages=2)
    region.pass_days(MARCH_3 + 2 * DAY)
    assert [task.due for task in region.tasks("bulletins")] == [date(2015, 3, 6)]
    notice = {"notice": "N1", "year": 2015, "document": "D", "announced_by": "国务院办公厅", "place": "000000"}
    region.announce(HolidaysAnnounced(off=(date(2015, 3, 6),), **notice))  # type: ignore[arg-type]
    assert [(said.was, said.due) for said in region.said(BulletinMoved)] == [(date(2015, 3, 6), date(2015, 3, 9))]
    region.pass_days(date(2015, 3, 9))
    assert not region.said(BulletinMissed, campaign=FIRST)
    region.pass_days(date(2015, 3, 10))
    assert [said.due for said in region.said(BulletinMissed, campaign=FIRST)] == [date(2015, 3, 9)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"turn": 0}, "turn"),
        ({"share": 0.5}, "share"),
        ({"announced": False}, "announced"),
        ({"choice": "all"}, "turn"),
        ({"bulletin": {**ROTA["bulletin"], "by": "unit"}}, "bulletin.by"),
        ({"bulletin": {**ROTA["bulletin"], "publish_by": {"month": 3, "day": 1}}}, "bulletin.publish_by"),
        (
            {"bulletin": {**ROTA["bulletin"], "publish_by": {"after": "proposal", "within": {"months": 1}}}},
            "bulletin.publish_by.after",
        ),
        ({"lasts": {"calendar_days": 2}}, "opens"),
    ],
)
def test_1_5_a_pack_that_contradicts_itself_about_a_rota_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**BENXI, "campaigns": [*BENXI["campaigns"], {**ROTA, **change}]})
    at = len(BENXI["campaigns"])
    assert [path for path, *_ in refused.value.faults] == [("campaigns", at, *field.split("."))]


def test_1_5_the_campaign_s_state_awaits_its_bulletin(region: Region) -> None:
    region.visit_all()
    region.pass_days(MARCH_3 + 2 * DAY)
    assert region.kept(Campaign, FIRST).awaits
    region.ask(publish(region))
    assert not region.kept(Campaign, FIRST).awaits


def test_1_5_a_district_s_year_comes_to_1464_reports_and_each_finding_stands_in_one_bulletin() -> None:
    """Eight groups, a village each, every second day from New Year's Day on: 183 turns, as in Xixiu in a year."""
    all_year = {"opens": [{"every": {"calendar_days": 2}, "from": date(2015, 1, 1)}]}
    region = Region(changed(PACK, "campaigns", "supervision", **all_year), date(2014, 12, 20), villages=182)
    while region.today < date(2016, 1, 2):
        region.pass_days(region.today + DAY)
        for task in region.tasks("visits"):
            if "supervision-2015" in task.detail:
                region.visit(task.about, task.detail, findings=("absent",) if task.about.endswith("7") else ())
        region.ask(*(publish(region, task.about) for task in region.tasks("bulletins")))
    reports, bulletins = region.said(VisitMade, kind="supervision"), region.said(BulletinPublished)
    assert (len(reports), len(bulletins)) == (1464, 183)
    times = Counter(one.village for one in reports)
    assert {*times.values()} == {8, 9}, "nobody has a turn more than once before all have had theirs"
    found = {(one.campaign, one.village) for one in reports if one.findings}
    assert {(one.campaign, noted.village) for one in bulletins for noted in one.noted} == found
    assert not region.said(BulletinMissed)


def test_1_5_a_village_that_could_not_be_reached_is_excused_and_not_named_as_missed() -> None:
    rule = {"by": "discipline", "hindrances": {"road_cut": "道路中断"}, "at_most": 2}
    region = Region(changed(PACK, "campaigns", "supervision", unreachable=rule), date(2015, 2, 20), villages=20)
    region.pass_days(MARCH_3)
    first, second, third = region.villages[:3]
    for village in (first, second):
        region.ask(
            ReplaceVisit(
                place=region.county,
                village=village,
                campaign=FIRST,
                hindrance="road_cut",
                body="discipline",
                decided_by="市纪委",
            )
        )
    region.pass_days(MARCH_3 + 2 * DAY)
    region.ask(publish(region))
    (said,) = region.said(BulletinPublished)
    assert said.excused == (first, second)
    assert said.missed == tuple(region.villages[2:8]) and third in said.missed
