"""Every timer of every service after days that were missed: what fell due on them is neither lost nor changed.

Most end as if nobody had slept. A draw cannot, since bodies could give nothing meanwhile: they get their time after it.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest

from deploy.demo.world import World
from services.dispatch.model.commands import BeginLink, DecideLeave, ReportDeparture, RequestLeave
from services.dispatch.reactions import DUE as DISPATCH
from services.incentives.reactions import DUE as INCENTIVES
from services.inspection.model.campaign import Campaign
from services.inspection.model.commands import GiveScores, Mark, VoidChannel
from services.inspection.model.verification import Verification
from services.inspection.reactions import DUE as INSPECTION
from services.registry.model import commands as registry
from services.registry.reactions import DUE as REGISTRY
from shared.contracts.inspection import (
    AssessmentOpened,
    CampaignClosed,
    DrawMade,
    SampleDrawn,
    SampleMissed,
    SeedMissed,
)
from shared.contracts.registry import PartyRegistered, PolicyAdopted, VillageRecoded
from shared.engine.flow import encode_state
from shared.policy.shipped import content
from tests.dispatch.benxi import CITY, START, V1, Benxi, cadre, delisted, diagnosed, own_pack, unit
from tests.dispatch.benxi import PACK as BENXI_PACK
from tests.dispatch.helping import CADRES, UNITS, pair
from tests.dispatch.helping import city as helped_city
from tests.dispatch.helping import pack as helping_pack
from tests.dispatch.partnered import begin, city, helped, pledge
from tests.dispatch.posted import begin as post
from tests.dispatch.posted import county as deputies
from tests.dispatch.present import asking
from tests.dispatch.sent import ASSESSED, RELEASE
from tests.dispatch.trained import city as trained
from tests.incentives import cases as outcomes
from tests.incentives.paid import ALLOWANCE, PAY, PERSON, PRESENCE, confirm, counted, entered
from tests.inspection import exits as verifying
from tests.inspection.rated import COUNTY, XIXIU, Rating, V
from tests.inspection.region import ANNUAL, PACKS, VILLAGE, Region, changed, in_december
from tests.inspection.rota import PACK as ROTA
from tests.registry.checklists import county as checklist_county
from tests.registry.county import AT, OBJECT, County
from tests.registry.decapping import noticed as decapping
from tests.registry.leavers import ADVISER, ELDER, KEEPING
from tests.registry.leavers import county as leavers
from tests.registry.lists import asking_county, each_county, enter
from tests.registry.lists import county as listing_county
from tests.registry.matters import opened
from tests.support.outage import sleep
from tests.support.packs import CONTACT
from tests.support.watching import watched

BENXI = PACKS["benxi"]
DAY = timedelta(1)
Q4 = "2105-unannounced-2014-10-01"


class Story(NamedTuple):
    """A world in which a timer runs, and the days on which its service wakes after having slept."""

    told: Callable[[], World]
    wakes: tuple[date, ...]
    of: tuple[str, ...] = ()
    """The kinds of states, and the events by their beginning, that end alike; all where none is named.

    A campaign that is planned late deals its visits from that day on.
    """


def point() -> World:
    """A village that is a demonstration point until 3 June 2016."""
    here = listing_county()
    here.do(enter("demonstration"))
    return here.world


def kept_after_exit() -> World:
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 10}}).helped()
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    return benxi.world


def ill() -> World:
    benxi = Benxi().helped()
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="ill", until=date(2014, 9, 30))
    benxi.send(ReportDeparture, cadre="C-U1-1", cause="ill", until=date(2015, 1, 2))
    return benxi.world


def on_leave() -> World:
    """Long leave that begins tomorrow and ends after two months."""
    benxi = asking().assigned()
    asked: dict[str, Any] = {"cadre": "C-U1-2", "kind": "sick", "first": START + DAY, "last": START + 60 * DAY}
    benxi.send(RequestLeave, **asked, asked_by="工作队", body="team")
    benxi.send(DecideLeave, number=1, granted=True)
    return benxi.world


def adviser_left() -> World:
    here = leavers(parties=[ADVISER])
    here.do(ELDER, registry.WithdrawParty(place=ELDER.place, party=ELDER.party, reason="离任", decided_by="县委组织部"))
    return here.world


def promised() -> World:
    """A firm's promises of two years, which nobody compares."""
    benxi = city(V1)
    begin(benxi)
    for year in (2014, 2015):
        pledge(benxi, {"yuan": 5}, year=year)
    return benxi.world


def over() -> World:
    """A term is over, and its members are to be assessed."""
    benxi = Benxi(team={"term_assessment": ASSESSED}).helped()
    benxi.until(date(2017, 6, 21))
    return benxi.world


def dividing() -> World:
    benxi = Benxi().helped()
    own_pack(benxi, effective=date(2014, 8, 1))
    return benxi.world


def quotas() -> World:
    """Two cadres of a unit help one household each. One of them ranks so high that it must be two."""
    benxi = helped_city("H1", "H2")
    pair(benxi, H1="L1", H2="C1")
    return benxi.world


def later_quotas() -> World:
    """A pack with quotas takes effect in February."""
    benxi = Benxi()
    benxi.hear(*UNITS, *CADRES)
    later = {**helping_pack(), "version": "2105-2", "effective_from": date(2015, 2, 1)}
    benxi.hear(PolicyAdopted(place=CITY, version="2105-2", adopted_by="市委", pack=later))
    return benxi.world


def proposed_and_imposed() -> World:
    """One proposal on which the subject may still be heard, and an outcome whose impact period runs."""
    world = outcomes.world_with()
    outcomes.hear(world, outcomes.graded("incompetent"))
    outcomes.hear_defence(world, outcomes.LEADER)
    outcomes.decide(world, outcomes.LEADER)
    outcomes.hear(world, outcomes.overdue())
    return world


def paid() -> World:
    """A team and a secretary who were paid in 2015, by a pack that keeps for one year what it paid."""
    pays = {"parties": [PERSON], "presence": PRESENCE, "statements": [ALLOWANCE, PAY]}
    keeping = {**KEEPING, "statements": {"years": 1}}
    world = outcomes.world_with(**pays, keeping=keeping)
    outcomes.hear(world, counted(C1=22), entered())
    confirm(world)
    return world


def announced_only() -> Region:
    """A region that draws nothing: its campaigns visit every village."""
    campaigns = [one for one in BENXI["campaigns"] if one["choice"] == "all"]
    return Region({**BENXI, "campaigns": campaigns}, date(2014, 8, 1), villages=3)


def new_opening() -> World:
    """A pack from November on has the annual check in the middle of that month."""
    region = announced_only()
    check = {"opens": [{"month": 11, "day": 15}]}
    campaigns = [
        one | (check if one["kind"] == "annual" else {}) for one in BENXI["campaigns"] if one["choice"] == "all"
    ]
    region.adopt({**BENXI, "campaigns": campaigns, "version": "2105-2014.2", "effective_from": date(2014, 11, 1)})
    return region


def visits_dealt() -> World:
    region = announced_only()
    region.pass_days(date(2014, 12, 1))
    return region


def turn_ended() -> World:
    """A turn of the rota is over, and its bulletin awaited until 6 March."""
    seldom = changed(ROTA, "campaigns", "supervision", opens=[{"every": {"months": 6}, "from": date(2015, 3, 3)}])
    region = Region(seldom, date(2015, 2, 20), villages=20)
    region.pass_days(date(2015, 3, 5))
    return region


def replying() -> World:
    """Something was found on 3 March, to which the unit may reply until the 8th."""
    reply = {
        "by": "unit",
        "reply_by": {"after": "inspection.visit.made", "within": {"calendar_days": 5}},
        "decide_by": {"after": "inspection.visit.replied", "within": {"calendar_days": 5}},
    }
    seldom = {"opens": [{"every": {"months": 6}, "from": date(2015, 3, 3)}], "reply": reply}
    region = Region(changed(ROTA, "campaigns", "supervision", **seldom), date(2015, 2, 20), villages=8)
    region.pass_days(date(2015, 3, 3))
    region.visit(region.villages[0], "2105-supervision-2015-03-03", findings=("absent",))
    return region


def ordered() -> World:
    region = Region(BENXI, date(2015, 5, 1), villages=1)
    region.pass_days(date(2015, 6, 20))
    region.visit(region.villages[0], "2105-half_year-2015-06-20", findings=("absent",), score=80)
    return region


def all_in() -> World:
    """Everything is in for 2015: the grade is proposed in January."""
    region = in_december()
    region.report(VILLAGE, 2015)
    region.vote(VILLAGE, 2015)
    region.visit(VILLAGE, ANNUAL, score=90)
    return region


def moved_village() -> World:
    """A village that lies in another county from today on, a day before its year is studied."""
    region = Rating(XIXIU)
    region.village(V)
    region.pass_days(date(2015, 11, 30))
    region.hear(VillageRecoded(place=COUNTY, village=V, code="210522" + V[6:], since=region.today))
    return region


def secretaries() -> Region:
    """A region in which a village's secretary is assessed each November."""
    jalaid = content("jalaid")
    of = {name: [one for one in jalaid[name] if "secretary" in one["kind"]] for name in ("parties", "appraisals")}
    rating = [{**one, "rule": "S3"} for one in of["appraisals"]]
    region = Region({**BENXI, "parties": of["parties"], "appraisals": rating}, date(2014, 8, 1))
    region.hear(
        PartyRegistered(place=region.county, party="S1", kind="secretary", parent=f"village:{VILLAGE}", personal=True)
    )
    return region


def secretary_scored() -> World:
    """The peers have scored; the other sides are declared void."""
    region = secretaries()
    region.pass_days(date(2014, 11, 2))
    of: dict[str, Any] = {"place": region.county, "kind": "secretary_rating", "subject": "S1", "year": 2014}
    marks = (Mark("S2", 80),)
    region.ask(
        GiveScores(**of, channel="peers", marks=marks, body="township", given_by="观摩组"),
        *(
            VoidChannel(**of, channel=channel, body="organisation", reason="未组织", decided_by="县委组织部")
            for channel in ("leaders", "committee", "representatives")
        ),
    )
    return region


def reopened() -> World:
    county = County().measured()
    county.do(
        registry.ReopenYear(**AT, year=2014, until=date(2014, 12, 20), reason="误录", decided_by="县扶贫办"),
        registry.ReopenYear(**AT, year=2013, until=date(2015, 1, 10), reason="误录", decided_by="县扶贫办"),
    )
    return county.world


def for_a_term() -> World:
    """A leader who is bound to a village for a year."""
    benxi = Benxi(links=[*BENXI_PACK["links"], {**CONTACT, "term": {"years": 1}}])
    benxi.hear(unit("U1"), cadre("L1", "U1", "division"), diagnosed(V1))
    benxi.send(BeginLink, kind="contact", unit="U1", cadre="L1")
    return benxi.world


def promised_exit() -> World:
    """A leader who promised that a village leaves the list this year."""
    benxi = Benxi(links=[*BENXI_PACK["links"], {**CONTACT, "promise": {"years": 1, "told_to": "county"}}])
    benxi.hear(unit("U1"), cadre("L1", "U1", "division"), diagnosed(V1))
    benxi.send(BeginLink, kind="contact", unit="U1", cadre="L1", exit_year=2014)
    return benxi.world


def deputy() -> World:
    """A township with a deputy whose term has two years."""
    benxi = deputies()
    post(benxi)
    return benxi.world


def objected() -> World:
    """An objection on the last day of a notice, which nobody answers, and an exit that nobody approves."""
    county = County().noticed().until(date(2014, 12, 9))
    county.do(OBJECT)
    return county.world


PLANS, YEARS = ("calendars", "CampaignPlanned"), ("supervisions", "assessments", "AssessmentOpened")
GRADES = (*YEARS, "AssessmentProposed")
STORIES = {
    ("links", "term"): Story(lambda: Benxi().helped().world, (date(2017, 6, 22), date(2018, 2, 10), date(2021, 1, 5))),
    ("commitments", "commitments"): Story(
        lambda: Benxi().assigned().world, (date(2014, 7, 22), date(2014, 11, 3), date(2015, 1, 3), date(2016, 7, 20))
    ),
    ("links", "kept"): Story(kept_after_exit, (START + 12 * DAY, date(2014, 10, 1), date(2015, 1, 5))),
    ("contacts", "places"): Story(lambda: city(V1).world, (START + 33 * DAY, date(2014, 9, 1), date(2015, 1, 5))),
    ("contacts", "terms"): Story(for_a_term, (date(2015, 6, 23), date(2015, 9, 1))),
    ("contacts", "promises"): Story(promised_exit, (date(2015, 1, 3), date(2015, 6, 1))),
    ("posts", "places"): Story(lambda: deputies().world, (START + 33 * DAY, date(2014, 9, 1))),
    ("posts", "terms"): Story(deputy, (date(2016, 6, 23), date(2016, 9, 1))),
    ("contacts", "pledges"): Story(promised, (date(2015, 1, 3), date(2015, 2, 3), date(2016, 1, 5))),
    ("contacts", "visits"): Story(lambda: helped().world, (date(2014, 7, 3), date(2014, 7, 20), date(2015, 2, 5))),
    ("rosters", "training"): Story(
        lambda: trained({"due": {"month": 2, "day": 1}}).world, (date(2015, 1, 3), date(2015, 2, 20), date(2017, 1, 5))
    ),
    ("rosters", "presence"): Story(
        lambda: asking().assigned().world, (date(2014, 7, 3), date(2014, 7, 20), date(2015, 3, 5))
    ),
    ("rosters", "release"): Story(
        lambda: Benxi(team={"release": RELEASE}).assigned().world,
        (START + 33 * DAY, START + 90 * DAY, START + 400 * DAY),
        ("rosters", "Release"),
    ),
    ("rosters", "assessment"): Story(over, (date(2017, 7, 25), date(2018, 3, 1)), ("rosters", "Assessment")),
    ("rosters", "turn"): Story(
        on_leave, (START + 3 * DAY, START + 70 * DAY, START + 200 * DAY), ("rosters", "Leave", "Member")
    ),
    ("pools", "back"): Story(ill, (date(2014, 10, 3), date(2015, 1, 3), date(2015, 1, 8))),
    ("pools", "divided"): Story(dividing, (date(2014, 8, 3), date(2014, 12, 1), date(2015, 1, 5))),
    ("pools", "quota"): Story(quotas, (date(2015, 1, 1), date(2015, 6, 1), date(2015, 12, 30))),
    ("pools", "quotas_begin"): Story(later_quotas, (date(2015, 2, 3), date(2015, 6, 1), date(2016, 1, 3))),
    ("records", "clock"): Story(proposed_and_imposed, (date(2015, 1, 25), date(2015, 6, 1), date(2016, 8, 1))),
    ("calendars", "adoption"): Story(new_opening, (date(2014, 11, 5), date(2014, 11, 20), date(2015, 7, 1)), PLANS),
    ("calendars", "campaigns"): Story(announced_only, (date(2014, 12, 3), date(2015, 1, 20), date(2016, 2, 1)), PLANS),
    ("campaigns", "visits"): Story(visits_dealt, (date(2014, 12, 13), date(2014, 12, 30), date(2015, 1, 10))),
    ("campaigns", "close"): Story(visits_dealt, (date(2015, 1, 3), date(2015, 3, 1), date(2015, 5, 20))),
    ("campaigns", "bulletin"): Story(turn_ended, (date(2015, 3, 8), date(2015, 3, 12), date(2015, 3, 24))),
    ("supervisions", "assessment"): Story(
        announced_only, (date(2014, 12, 4), date(2015, 1, 4), date(2017, 1, 4)), YEARS
    ),
    ("supervisions", "orders"): Story(
        ordered, (date(2015, 7, 24), date(2015, 11, 24), date(2016, 1, 10)), ("supervisions", "OrderOverdue")
    ),
    ("supervisions", "replies"): Story(
        replying, (date(2015, 3, 10), date(2015, 4, 20), date(2015, 7, 1)), ("supervisions", "Order")
    ),
    ("assessments", "propose"): Story(all_in, (date(2016, 1, 18), date(2016, 5, 1), date(2017, 1, 5)), GRADES),
    ("subjects", "open"): Story(
        secretaries, (date(2014, 11, 2), date(2015, 1, 5), date(2016, 3, 1)), ("appraisals", "AppraisalOpened")
    ),
    ("subjects", "woken"): Story(
        moved_village, (date(2015, 12, 2), date(2016, 1, 5), date(2017, 2, 1)), ("appraisals", "AppraisalOpened")
    ),
    ("appraisals", "propose"): Story(
        secretary_scored, (date(2015, 1, 3), date(2015, 5, 1), date(2016, 3, 1)), ("appraisals", "AppraisalProposed")
    ),
    ("villages", "measure"): Story(
        lambda: County().helped().world, (date(2014, 12, 20), date(2015, 1, 5), date(2016, 12, 25))
    ),
    ("villages", "step"): Story(objected, (date(2014, 12, 12), date(2014, 12, 25), date(2015, 2, 1))),
    ("resolutions", "step"): Story(
        lambda: opened("discuss").world, (date(2014, 7, 6), date(2014, 8, 20), date(2015, 1, 5))
    ),
    ("decaps", "step"): Story(
        lambda: decapping().world, (date(2014, 12, 20), date(2015, 1, 5), date(2015, 3, 1)), ("decaps", "Decap")
    ),
    ("registers", "review"): Story(
        lambda: watched().world, (date(2014, 10, 12), date(2014, 12, 20), date(2015, 6, 1)), ("registers", "Monitoring")
    ),
    ("rosters", "lists"): Story(
        lambda: each_county().world, (date(2015, 1, 3), date(2015, 6, 1), date(2017, 2, 1)), ("rosters", "List")
    ),
    ("checklists", "lists"): Story(
        lambda: checklist_county().world,
        (date(2014, 7, 20), date(2014, 10, 3), date(2015, 4, 1)),
        ("checklists", "Checklist"),
    ),
    ("payrolls", "keep"): Story(paid, (date(2016, 1, 3), date(2016, 6, 1), date(2017, 3, 1))),
    ("cadres", "keep"): Story(lambda: leavers().world, (date(2015, 6, 5), date(2015, 9, 1), date(2016, 6, 1))),
    ("persons", "keep"): Story(adviser_left, (date(2014, 12, 5), date(2015, 1, 5), date(2016, 6, 1))),
    ("listings", "remind"): Story(point, (date(2016, 5, 10), date(2016, 6, 4), date(2016, 12, 1))),
    ("listings", "term"): Story(point, (date(2016, 6, 5), date(2016, 7, 1), date(2017, 6, 1))),
    ("listings", "enter"): Story(
        lambda: asking_county().listed().world, (date(2014, 7, 5), date(2014, 9, 1), date(2015, 2, 1))
    ),
    ("registers", "reopened"): Story(reopened, (date(2014, 12, 23), date(2015, 1, 20), date(2016, 1, 5))),
}
DRAWS = {(kind, timer) for kind in ("campaigns", "verifications") for timer in ("open", "shares")}


def timers() -> Iterator[tuple[str, str]]:
    for due in (REGISTRY, DISPATCH, INSPECTION, INCENTIVES):
        for kind, rules in due.items():
            yield from ((kind.kind, name) for name in rules)


def test_every_timer_has_its_story() -> None:
    assert {*timers()} == {*STORIES} | DRAWS


def kept(world: World, of: tuple[str, ...]) -> dict[Any, bytes]:
    """The states of these kinds as they are kept."""
    return {
        (name, kind.kind, id): encode_state(state)
        for name, service in world.services.items()
        for (kind, id), state in service.states.items()
        if not of or kind.kind in of
    }


def said(world: World, of: tuple[str, ...]) -> list[str]:
    """What was said, in whatever order."""
    return sorted(text for text in (repr(fact.event) for fact in world.facts) if not of or text.startswith(of))


@pytest.mark.parametrize(
    ("kind", "timer", "wakes"), [(*of, day) for of, story in STORIES.items() for day in story.wakes]
)
def test_an_outage_ends_as_if_every_day_had_been_known(kind: str, timer: str, wakes: date) -> None:
    story = STORIES[kind, timer]
    awake, asleep = story.told(), story.told()
    states = [state for service in asleep.services.values() for state in service.states.values()]
    assert any(s.kind == kind and s.timers.get(timer, wakes) < wakes for s in states), "nothing was missed"
    awake.pass_days(wakes)
    sleep(asleep, wakes)
    assert not any(service.parked for world in (awake, asleep) for service in world.services.values())
    assert said(asleep, story.of) == said(awake, story.of)
    assert kept(asleep, story.of) == kept(awake, story.of)


def test_2_19_a_draw_whose_day_was_missed_opens_its_shares_the_day_after_and_nobody_is_named() -> None:
    region = Region(BENXI, date(2014, 8, 1), villages=3)
    region.pass_days(date(2014, 9, 25))
    sleep(region, date(2014, 10, 6))
    draw: Campaign = region.kept(Campaign, Q4)
    assert (draw.seeds.opens, draw.timers["open"]) == (date(2014, 10, 7), date(2014, 10, 7))
    assert not region.said(SeedMissed), "nobody could give a hash while the service was away"
    region.post_hashes(Q4)
    sleep(region, date(2014, 10, 30))
    assert not region.said(SeedMissed) and not region.said(DrawMade)
    region.pass_days(region.kept(Campaign, Q4).timers["open"])
    region.give_seeds(Q4)
    (drawn,) = region.said(DrawMade)
    assert min(drawn.visits.values()) >= region.today, "nothing is dealt into the past"


def test_2_19_a_draw_whose_whole_time_was_missed_ends_and_counts_nothing_as_visited() -> None:
    region = Region(BENXI, date(2014, 8, 1), villages=3)
    region.pass_days(date(2014, 9, 25))
    region.post_hashes(Q4)
    sleep(region, date(2015, 1, 20))
    (closed,) = region.said(CampaignClosed, campaign=Q4)
    assert (closed.visited, closed.drawn, closed.drawn_on) == (0, (), None)


@pytest.mark.parametrize("hashed", [False, True], ids=["hashes", "shares"])
@pytest.mark.parametrize("away", [1, 15, 400])
def test_5_3_a_sample_whose_days_were_missed_goes_on_the_day_after_and_nobody_is_named(hashed: bool, away: int) -> None:
    region = Region(BENXI, date(2016, 1, 4))
    verifying.measured(region)
    if hashed:
        region.ask(*(verifying.hashed(region, body) for body in ("discipline", "inspection")))
    verifying.ask(region)
    name = "shares" if hashed else "open"
    missed = region.kept(Verification, VILLAGE).timers[name]
    sleep(region, missed + away * DAY)
    assert not region.said(SampleMissed) and not region.said(SampleDrawn)
    assert region.kept(Verification, VILLAGE).timers[name] == region.today + DAY
    region.pass_days(region.today + 20 * DAY)
    assert len(region.said(SampleMissed)) == 2, "later it is as ever"


def test_2_21_a_year_whose_day_a_pack_moved_back_in_an_outage_is_opened_once() -> None:
    region = Region(BENXI, date(2015, 8, 1), villages=1)
    later = {**BENXI["assessment"], "opens": {"month": 12, "day": 15}}
    region.adopt({**BENXI, "version": "2105-2015.2", "effective_from": date(2015, 9, 1), "assessment": later})
    sleep(region, date(2015, 12, 20))
    assert [said.year for said in region.said(AssessmentOpened)] == [2015]


def test_2_19_a_draw_whose_last_share_was_awaited_all_through_an_outage_visits_nobody_in_the_past() -> None:
    region = Region(BENXI, date(2014, 8, 1), villages=3)
    region.pass_days(date(2014, 9, 25))
    region.post_hashes(Q4)
    region.pass_days(date(2014, 10, 1))
    region.give_seeds(Q4, ["discipline"])
    sleep(region, date(2015, 1, 20))
    (closed,) = region.said(CampaignClosed, campaign=Q4)
    assert (closed.visited, closed.drawn_on) == (0, region.today)
    assert all(on >= region.today for drawn in region.said(DrawMade) for on in drawn.visits.values())
