"""Campaigns from the calendar to the account: committed, drawn, visited, closed."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.inspection.model.calendar import Calendar
from services.inspection.model.campaign import Campaign
from services.inspection.model.commands import OpenCampaign
from shared.contracts import SEALED_ROOT, wire_subject
from shared.contracts.inspection import (
    CampaignClosed,
    CampaignCommitted,
    CampaignPlanned,
    DrawMade,
    SeedCommitted,
    SeedMissed,
    VisitMade,
)
from shared.contracts.registry import PolicyAdopted, VillageDelisted, VillageListed, VillageRecoded
from shared.draws import BODIES, verify_draw
from shared.rules import Task
from tests.inspection.region import PACKS, Region, changed, hash_of, share
from tests.support.outage import sleep

BENXI, ZUNYI = PACKS["benxi"], PACKS["zunyi"]
DAY = timedelta(1)
Q3 = "2105-unannounced-2014-07-01"
Q4 = "2105-unannounced-2014-10-01"


@pytest.fixture
def benxi() -> Region:
    """Thirty villages with a team, in a week in which no campaign is near: three of them make ten per cent."""
    return Region(BENXI, date(2014, 8, 1), villages=30)


def until_draw(region: Region) -> Campaign:
    """The fourth quarter's draw, made on its opening day."""
    region.pass_days(date(2014, 9, 24))
    region.post_hashes(Q4)
    region.pass_days(date(2014, 10, 1))
    region.give_seeds(Q4)
    campaign: Campaign = region.kept(Campaign, Q4)
    return campaign


def test_2_19_zunyi_visits_at_least_88_of_871_villages_each_quarter_and_proves_it() -> None:
    zunyi = Region(ZUNYI, date(2016, 1, 4), villages=871)
    zunyi.hear(*(VillageListed(place=zunyi.county, village=village) for village in zunyi.villages))
    while zunyi.today < date(2017, 1, 1):
        zunyi.answer_seeds()
        zunyi.visit_all()
        due = min(state.due for state in zunyi.services["inspection"].states.values() if state.due)
        zunyi.pass_days(max(due, zunyi.today + DAY))
    for quarter in ("2016-04-01", "2016-07-01", "2016-10-01"):
        campaign = f"5203-unannounced-{quarter}"
        (closed,) = zunyi.said(CampaignClosed, campaign=campaign)
        assert (len(closed.frame), closed.planned, closed.visited) == (871, 88, 88)
        assert closed.share >= 0.10
        assert verify_draw(closed, *zunyi.commitments(campaign)) == []
    drawn = [frozenset(closed.drawn) for closed in zunyi.said(CampaignClosed, kind="unannounced")]
    assert len(set(drawn)) == 3, "each quarter draws afresh"


def test_2_19_the_sample_follows_the_share_that_the_pack_names() -> None:
    half = changed(BENXI, "campaigns", "unannounced", share=0.5)
    assert until_draw(Region(half, date(2014, 8, 1), villages=30)).size == 15
    assert until_draw(Region(BENXI, date(2014, 8, 1), villages=30)).size == 3


def test_2_19_both_bodies_are_asked_for_their_hashes_a_week_before_and_for_their_shares_on_the_day(
    benxi: Region,
) -> None:
    benxi.pass_days(date(2014, 9, 23))
    assert not benxi.tasks("seed-hashes")
    benxi.pass_days(date(2014, 9, 24))
    tasks = benxi.tasks("seed-hashes", Q4)
    assert {(t.role, t.detail, t.due) for t in tasks} == {
        ("discipline", "discipline", date(2014, 9, 30)),
        ("inspection", "inspection", date(2014, 9, 30)),
    }
    benxi.post_hashes(Q4, ["discipline"])
    assert [t.role for t in benxi.tasks("seed-hashes", Q4)] == ["inspection"]
    benxi.post_hashes(Q4, ["inspection"])
    assert not benxi.tasks("seed-hashes", Q4)
    assert not benxi.tasks("seeds", Q4), "no share is anywhere before the opening day"
    benxi.refuses(benxi.seed(Q4, "discipline"), 409, "body")
    benxi.pass_days(date(2014, 10, 1))
    assert {(t.role, t.detail, t.due) for t in benxi.tasks("seeds", Q4)} == {
        ("discipline", "discipline", date(2014, 10, 8)),
        ("inspection", "inspection", date(2014, 10, 8)),
    }


def test_2_19_frame_and_size_are_public_at_once_and_each_hash_as_it_comes(benxi: Region) -> None:
    benxi.pass_days(date(2014, 9, 24))
    (committed,) = benxi.said(CampaignCommitted)
    assert (committed.frame, committed.size, committed.opens) == (30, 3, date(2014, 10, 1))
    assert committed.frame_hash == hash_of("\n".join(benxi.villages))
    assert not benxi.said(SeedCommitted)
    benxi.pass_days(date(2014, 9, 25))
    benxi.post_hashes(Q4, ["inspection"])
    (said,) = benxi.said(SeedCommitted)
    assert (said.body, said.seed_hash, said.on) == ("inspection", hash_of(share(Q4, "inspection")), benxi.today)
    assert not said.is_sealed()
    benxi.post_hashes(Q4, ["inspection", "discipline"])
    assert len(benxi.said(SeedCommitted)) == 2, "what is sent again is not said again"
    assert benxi.kept(Campaign, Q4).status == "committed"
    assert not benxi.said(DrawMade)


def test_2_19_the_draw_is_sealed_and_no_open_event_tells_a_seed_before_the_end(benxi: Region) -> None:
    until_draw(benxi)
    (drawn,) = benxi.said(DrawMade)
    assert len(drawn.visits) == 3
    assert wire_subject(drawn).startswith(SEALED_ROOT)
    told = b"".join(msgspec.json.encode(fact.event) for fact in benxi.facts if not fact.event.is_sealed()).decode()
    assert not any(share(Q4, body) in told for body in BODIES)


def test_2_19_a_visit_is_known_to_its_inspectors_from_its_day_on_only(benxi: Region) -> None:
    campaign = until_draw(benxi)
    days = sorted(set(campaign.visits.values()))
    assert len(days) == 3

    def due() -> list[Task]:
        return [task for task in benxi.tasks("visits") if task.detail == Q4]

    for day in days:
        benxi.pass_days(day - DAY)
        assert {t.about for t in due()} == {v for v, on in campaign.visits.items() if on < day}
        benxi.pass_days(day)
        tasks = due()
        assert {t.about for t in tasks} == {v for v, on in campaign.visits.items() if on <= day}
        assert {(t.role, t.detail, t.due) for t in tasks} == {("inspection", Q4, date(2014, 12, 31))}
        assert set(benxi.kept(Campaign, Q4).shown().visits) == {t.about for t in tasks}


def test_2_19_what_may_be_read_of_a_campaign_has_no_secret(benxi: Region) -> None:
    campaign = until_draw(benxi)
    shown = campaign.shown()
    later = [village for village, on in campaign.visits.items() if on > benxi.today]
    text = msgspec.json.encode(msgspec.structs.replace(shown, frame=())).decode()
    assert later
    assert not any(secret in text for secret in (*later, *(share(Q4, body) for body in BODIES)))
    assert not any(str(campaign.visits[village]) in text for village in later)
    benxi.pass_days(date(2015, 1, 1))
    assert benxi.kept(Campaign, Q4).shown().seeds.shares == {body: share(Q4, body) for body in BODIES}


def test_2_19_asking_does_not_tell_whether_a_village_was_drawn(benxi: Region) -> None:
    campaign = until_draw(benxi)
    later = max(campaign.visits, key=lambda village: campaign.visits[village])
    never = next(village for village in benxi.villages if village not in campaign.visits)
    answers = {
        benxi.refuses(benxi.visit_to(village, Q4), 409, "village").en.replace(village, "*")
        for village in (later, never)
    }
    assert len(answers) == 1


def test_2_19_an_unannounced_visit_cannot_be_made_up_once_the_draw_is_public(benxi: Region) -> None:
    campaign = until_draw(benxi)
    benxi.pass_days(date(2014, 12, 31))
    made, missed, *_ = sorted(campaign.visits)
    benxi.visit(made, Q4)
    benxi.pass_days(date(2015, 1, 1))
    (closed,) = benxi.said(CampaignClosed, campaign=Q4)
    assert (closed.planned, closed.visited, closed.share) == (3, 1, pytest.approx(1 / 30))
    assert [visit.inspector for visit in benxi.kept(Campaign, Q4).visited.values()] == ["督查一组"]
    assert not [t for t in benxi.tasks("visits") if t.detail == Q4]
    benxi.refuses(benxi.visit_to(missed, Q4), 409, "village")


@dataclass
class Fraud:
    """What somebody changed in a draw before or after the fact, and the fault that a verifier must find."""

    change: dict[str, Any]
    fault: str


FIRST = "210521100200"


@pytest.mark.parametrize(
    "fraud",
    [
        Fraud({"drawn": (FIRST, "210521100201", "210521100202")}, "drawn"),
        Fraud({"seeds": {body: share("another", body) for body in BODIES}}, "shares"),
        Fraud({"seeds": {"inspection": share(Q4, "inspection")}}, "drawn"),
        Fraud({"visits": {}}, "days"),
        Fraud({"drawn_on": date(2014, 9, 24)}, "early"),
        Fraud({"drawn_on": None}, "early"),
        Fraud({"campaign": Q3}, "events"),
        Fraud({"frame": tuple(f"210521100{n}" for n in range(201, 230))}, "frame"),
        Fraud({"planned": 2}, "size"),
        Fraud({"seeds": {}}, "shares"),
    ],
    ids=lambda fraud: f"{next(iter(fraud.change))}: {fraud.fault}",
)
def test_2_19_a_draw_that_was_tampered_with_is_found_out(benxi: Region, fraud: Fraud) -> None:
    until_draw(benxi)
    benxi.pass_days(date(2015, 1, 1))
    (closed,) = benxi.said(CampaignClosed, campaign=Q4)
    assert verify_draw(closed, *benxi.commitments(Q4)) == []
    faults = verify_draw(msgspec.structs.replace(closed, **fraud.change), *benxi.commitments(Q4))
    assert fraud.fault in faults


def test_2_21_the_annual_check_visits_every_village_and_its_close_proves_it(benxi: Region) -> None:
    annual = "2105-annual-2014-12-01"
    benxi.pass_days(date(2014, 12, 1))
    assert 0 < len([t for t in benxi.tasks("visits") if t.detail == annual]) < 30, "the visits are spread over days"
    benxi.pass_days(date(2014, 12, 31))
    benxi.visit_all()
    benxi.pass_days(date(2015, 1, 1))
    (closed,) = benxi.said(CampaignClosed, campaign=annual)
    assert (closed.planned, closed.visited, closed.share, closed.frame) == (30, 30, 1.0, ())
    assert {visit.village for visit in benxi.said(VisitMade, campaign=annual)} == set(benxi.villages)


def test_2_21_a_missed_visit_counts_as_missed_even_if_it_is_made_up_later(benxi: Region) -> None:
    annual = "2105-annual-2014-12-01"
    benxi.pass_days(date(2015, 1, 5))
    (closed,) = benxi.said(CampaignClosed, campaign=annual)
    assert (closed.planned, closed.visited) == (30, 0)
    late = [t for t in benxi.tasks("visits") if t.detail == annual]
    assert len(late) == 30
    benxi.visit_all()
    assert not benxi.tasks("visits")
    assert len(benxi.said(CampaignClosed, campaign=annual)) == 1
    assert {visit.year for visit in benxi.said(VisitMade, campaign=annual)} == {2014}


def test_a_visit_is_made_once_and_on_a_day_that_fits(benxi: Region) -> None:
    campaign = until_draw(benxi)
    benxi.pass_days(min(campaign.visits.values()) + DAY)
    village = benxi.tasks("visits")[0].about
    for on in (date(2014, 9, 30), benxi.today + DAY):
        benxi.refuses(benxi.visit_to(village, Q4, on=on), 422, "on")
    benxi.visit(village, Q4, on=campaign.visits[village])
    benxi.visit(village, Q4, on=campaign.visits[village])
    assert len(benxi.said(VisitMade, village=village)) == 1, "the same again changes nothing"
    other = benxi.visit_to(village, Q4, on=campaign.visits[village], findings=("good_practice",))
    benxi.refuses(other, 409, "village")
    assert len(benxi.said(VisitMade, village=village)) == 1


def test_an_inspector_uses_the_pack_s_codes_and_scores_only_where_it_scores(benxi: Region) -> None:
    benxi.pass_days(min(until_draw(benxi).visits.values()))
    village = benxi.tasks("visits")[0].about
    assert "ledger untrue" in benxi.refuses(benxi.visit_to(village, Q4, findings=("lazy",)), 422, "findings").en
    refused = benxi.refuses(benxi.visit_to(village, Q4, score=80), 422, "score")
    assert "请去掉分数" in refused.zh and "leave the score out" in refused.en
    benxi.pass_days(date(2014, 12, 1))
    (annual, *_) = [t for t in benxi.tasks("visits") if "annual" in t.detail]
    for score in (None, 101, -1):
        refused = benxi.refuses(benxi.visit_to(annual.about, annual.detail, score=score), 422, "score")
        assert "请填0至100" in refused.zh and "give 0 to 100" in refused.en


def test_0_2_a_village_is_in_the_frame_from_its_team_s_assignment_to_the_release(benxi: Region) -> None:
    out, new = benxi.villages[0], "210521100300"
    delisted = VillageDelisted(place="210521", village=benxi.villages[1], spell=1, incidence=0.01, decided_by="县政府")
    benxi.hear(benxi.assigned(new), benxi.released(out), delisted)
    benxi.pass_days(date(2014, 9, 24))
    (planned,) = benxi.said(CampaignPlanned, campaign=Q4)
    assert set(planned.frame) == {new, *benxi.villages} - {out}, "supervision stays after the exit while the team does"


def test_without_any_team_no_campaign_is_planned() -> None:
    region = Region(BENXI, date(2014, 6, 1))
    region.pass_days(date(2015, 6, 1))
    assert not region.said(CampaignPlanned)
    region.refuses(spot_check(region), 409)


def spot_check(region: Region, name: str = "spot-1", **changes: Any) -> OpenCampaign:
    given = {
        "place": "210500",
        "kind": "spot_check",
        "campaign": name,
        "opens": region.today + DAY,
        "body": "organisation",
        "asked_by": "市委组织部",
        **changes,
    }
    return OpenCampaign(**given)


def test_3_7_officers_open_an_irregular_spot_check(benxi: Region) -> None:
    benxi.refuses(spot_check(benxi, place=benxi.county), 422, "place")
    benxi.refuses(spot_check(benxi, kind="raid"), 422, "kind")
    benxi.refuses(spot_check(benxi, opens=benxi.today), 422, "opens")
    for far in (date(2100, 12, 31), date(2100, 12, 20), benxi.today + timedelta(367)):
        benxi.refuses(spot_check(benxi, opens=far), 422, "opens")
    benxi.refuses(spot_check(benxi, body="team"), 422, "body")
    benxi.ask(spot_check(benxi))
    benxi.refuses(spot_check(benxi), 409, "campaign")
    benxi.post_hashes("2105.spot-1")
    benxi.pass_days(benxi.today + DAY)
    benxi.give_seeds("2105.spot-1")
    (drawn,) = benxi.said(DrawMade)
    assert drawn.campaign == "2105.spot-1"
    assert len(drawn.visits) == 2, "5 % of 30, rounded up"
    benxi.pass_days(benxi.today + DAY)
    assert len(benxi.said(DrawMade)) == 1, "the timer of the opening day does not draw again"


def test_2_19_a_draw_of_one_day_ends_with_it_and_names_who_owed_a_share() -> None:
    """The check is planned so late in an outage that its shares open on its last day only."""
    region = Region(BENXI, date(2014, 8, 1), villages=30)
    sleep(region, date(2014, 12, 24))
    draw = region.kept(Campaign, Q4)
    assert draw.seeds.opens == draw.closes == date(2014, 12, 31)
    region.post_hashes(Q4)
    region.pass_days(date(2014, 12, 31))
    region.give_seeds(Q4, ["inspection"])
    region.pass_days(date(2015, 1, 1))
    (closed,) = region.said(CampaignClosed, campaign=Q4)
    assert (closed.drawn_on, closed.drawn, closed.seeds) == (None, (), {})
    assert [(said.body, said.what) for said in region.said(SeedMissed, campaign=Q4)] == [("discipline", "share")]


def test_2_19_a_visit_is_recorded_in_a_campaign_that_exists(benxi: Region) -> None:
    refused = benxi.refuses(benxi.visit_to(benxi.villages[0], "2105-nothing-2014-10-01"), 404)
    assert "督查" in refused.zh and refused.en.startswith("campaign ")


def test_a_name_that_people_choose_never_takes_the_id_of_a_campaign_of_the_calendar(benxi: Region) -> None:
    benxi.ask(spot_check(benxi, "2105-annual-2014-12-01"))
    benxi.pass_days(date(2014, 12, 1))
    assert benxi.kept(Campaign, "2105.2105-annual-2014-12-01").terms.kind == "spot_check"
    annual = benxi.kept(Campaign, "2105-annual-2014-12-01")
    assert (annual.terms.kind, len(annual.visits)) == ("annual", 30)


def test_two_campaigns_that_open_on_one_day_do_not_meet(benxi: Region) -> None:
    on = date(2014, 10, 1)
    benxi.ask(spot_check(benxi, "a", opens=on), spot_check(benxi, "b", opens=on))
    benxi.pass_days(date(2014, 9, 30))
    for campaign in ("2105.a", "2105.b", Q4):
        benxi.post_hashes(campaign)
    benxi.pass_days(on)
    for campaign in ("2105.a", "2105.b", Q4):
        benxi.give_seeds(campaign)
    assert [len(benxi.kept(Campaign, id).visits) for id in ("2105.a", "2105.b", Q4)] == [2, 2, 3]


def test_a_pack_governs_the_openings_from_its_effective_date_on(benxi: Region) -> None:
    """From November the half-year check is in November, and the fourth quarter's draw has been planned before."""
    november = changed(BENXI, "campaigns", "half_year", opens=[{"month": 11, "day": 1}])
    benxi.adopt({**november, "version": "2105-2014.2", "effective_from": date(2014, 11, 1)})
    benxi.pass_days(date(2014, 10, 31))
    assert [c.id for c in benxi.campaigns("unannounced")] == [Q4]
    assert not benxi.campaigns("half_year")
    benxi.pass_days(date(2014, 11, 1))
    (check,) = benxi.campaigns("half_year")
    assert check.opens == date(2014, 11, 1)
    benxi.pass_days(date(2015, 10, 30))
    assert len(benxi.campaigns("half_year")) == 1, "the old day in June is gone"
    planned = [event.campaign for event in benxi.said(CampaignPlanned)]
    assert len(planned) == len(set(planned))


def test_a_pack_from_new_year_s_day_opens_that_day_s_campaigns_once(benxi: Region) -> None:
    daily = changed(BENXI, "campaigns", "half_year", opens=[{"month": 1, "day": 1}])
    benxi.adopt({**daily, "version": "2105-2015.1", "effective_from": date(2015, 1, 1)})
    benxi.pass_days(date(2015, 1, 2))
    assert [c.opens for c in benxi.campaigns("half_year")] == [date(2015, 1, 1)]
    assert len(benxi.said(CampaignPlanned, campaign="2105-half_year-2015-01-01")) == 1


def test_a_pack_adopted_again_on_an_opening_day_opens_nothing_twice(benxi: Region) -> None:
    benxi.pass_days(date(2014, 12, 1))
    benxi.adopt(BENXI)
    benxi.pass_days(date(2014, 12, 31))
    assert len(benxi.said(CampaignPlanned, kind="annual")) == 1


def test_a_draw_keeps_the_terms_and_shares_of_its_first_plan(benxi: Region) -> None:
    """A pack that asks three days before, adopted between the seventh day and the third, plans the quarter again."""
    benxi.pass_days(date(2014, 9, 25))
    benxi.post_hashes(Q4)
    benxi.adopt({**changed(BENXI, "campaigns", "unannounced", seed_days=3, share=0.5), "version": "2105-2014.2"})
    benxi.pass_days(date(2014, 10, 1))
    benxi.give_seeds(Q4)
    (drawn,) = benxi.said(DrawMade)
    assert len(drawn.visits) == 3


def test_a_plan_that_an_outage_delays_leaves_both_bodies_their_time(benxi: Region) -> None:
    """The service sleeps from August to October: the draw is planned late, and opens after the pack's seven days."""
    sleep(benxi, date(2014, 10, 20))
    assert [c.id for c in benxi.campaigns("unannounced")] == [Q4]
    assert len(benxi.tasks("seed-hashes", Q4)) == 2
    benxi.post_hashes(Q4)
    benxi.refuses(benxi.seed(Q4, "discipline"), 409, "body")
    benxi.pass_days(date(2014, 10, 27))
    benxi.give_seeds(Q4)
    assert min(benxi.said(DrawMade)[0].visits.values()) >= date(2014, 10, 27), "nothing is dealt into the past"
    benxi.pass_days(date(2015, 1, 1))
    (closed,) = benxi.said(CampaignClosed, campaign=Q4)
    assert verify_draw(closed, *benxi.commitments(Q4)) == []
    assert not benxi.said(SeedMissed, campaign=Q4)


def test_of_two_openings_in_one_outage_none_is_lost(benxi: Region) -> None:
    sleep(benxi, date(2015, 1, 20))
    plans = [event.campaign for event in benxi.said(CampaignPlanned)]
    assert plans == [Q4, "2105-annual-2014-12-01", "2105-unannounced-2015-01-01"]
    benxi.pass_days(date(2015, 3, 25))
    assert benxi.said(CampaignPlanned)[-1].campaign == "2105-unannounced-2015-04-01"


def test_a_pack_that_takes_effect_in_an_outage_opens_from_its_day_on(benxi: Region) -> None:
    november = changed(BENXI, "campaigns", "half_year", opens=[{"month": 11, "day": 1}])
    benxi.adopt({**november, "version": "2105-2014.2", "effective_from": date(2014, 11, 1)})
    sleep(benxi, date(2014, 11, 20))
    assert [c.opens for c in benxi.campaigns("half_year")] == [date(2014, 11, 1)]


def test_nobody_is_named_for_days_on_which_the_service_was_away(benxi: Region) -> None:
    benxi.pass_days(date(2014, 9, 24))
    benxi.post_hashes(Q4, ["inspection"])
    sleep(benxi, date(2014, 10, 15))
    assert not benxi.said(SeedMissed)
    benxi.post_hashes(Q4, ["discipline"])
    benxi.pass_days(date(2014, 10, 16))
    benxi.give_seeds(Q4, ["inspection"])
    sleep(benxi, date(2014, 11, 15))
    assert not benxi.said(SeedMissed)
    benxi.pass_days(date(2014, 11, 16))
    (missed,) = benxi.said(SeedMissed)
    assert (missed.body, missed.what) == ("discipline", "share")


def test_a_team_s_village_counts_in_the_calendar_of_its_own_region() -> None:
    region = Region(BENXI, date(2014, 8, 1), villages=2)
    assert region.kept(Calendar, "2105").frame == tuple(region.villages)
    assert region.kept(Calendar, "2105").place == "210500"
    region.hear(region.assigned("210521100199"), region.assigned(region.villages[0]))
    assert region.kept(Calendar, "2105").frame == ("210521100199", *region.villages), "sorted, each village once"


def test_2_19_a_recoded_village_is_visited_by_the_jurisdiction_of_its_new_code() -> None:
    region = Region(BENXI, date(2016, 8, 1), villages=2)
    moving, staying = region.villages
    region.hear(PolicyAdopted(place="520300", version=ZUNYI["version"], adopted_by="遵义市委组织部", pack=ZUNYI))

    assert region.kept(Calendar, "5203").awaited == (region.today + DAY,), "it decides from the day after its adoption"

    def recode(village: str, before: str, code: str) -> None:
        region.hear(VillageRecoded(place=before, village=village, code=code, since=region.today))

    def frames() -> tuple[set[str], set[str]]:
        return set(region.kept(Calendar, "2105").frame), set(region.kept(Calendar, "5203").frame)

    recode(moving, "210521", "520302100888")
    assert frames() == ({staying}, {moving})
    recode(moving, "520302", "210521100888")
    recode(moving, "210521", "210522100888")
    assert frames() == ({moving, staying}, set())
    assert region.kept(Calendar, "2105").place_of(moving) == "210522", "whose campaigns visit it from now on"
    recode("210521100777", "210521", "520302100777")
    assert frames() == ({moving, staying}, set()), "it has no team"
