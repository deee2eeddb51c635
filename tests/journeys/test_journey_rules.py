"""The whole journey with the rules of all four services in one memory: a small county under Benxi's pack, three years.

What is not the usual course of a village is its `Fate`.
"""

import random
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deploy.demo.answers import Ask, Letter, Row, Story
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.pool import Pool, Squad
from services.incentives.model.record import Record
from services.inspection.model.supervision import Supervision
from services.registry.model import Village
from shared.contracts import EVENTS, Event
from shared.contracts import dispatch as d
from shared.contracts import incentives as n
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.engine.flow import encode_state
from shared.policy import parse_pack
from tests.support.county import DAY, County
from tests.support.invariants import INVARIANTS, Invariant

BENXI = tomllib.loads((Path(__file__).parents[2] / "shared/policy/packs/benxi.toml").read_text())
POLICY = parse_pack(BENXI)
CITY, COUNTY = "210500", "210521"
BEGIN, END = date(2014, 6, 1), date(2017, 9, 30)
NEVER = date(2100, 1, 1)
POPULATION, HOUSEHOLDS, PERSONS = 500, 20, 3


class Fate(NamedTuple):
    """What sets one village apart."""

    good: tuple[tuple[date, date], ...] = ()
    """From when until before when it meets all criteria."""
    objected: tuple[int, ...] = ()
    """Attempts to leave the list against which someone rightly objects."""
    failed: tuple[int, ...] = ()
    """Attempts whose verification finds households that were wrongly lifted."""
    refused: tuple[int, ...] = ()
    """Attempts that the county does not approve."""
    weak: tuple[int, ...] = ()
    """Years in which the team works so badly that its leader is recalled."""
    late: tuple[int, ...] = ()
    """Years in which the half-year check finds something that is put right too late."""
    idle: tuple[int, ...] = ()
    """Years in which nothing on the ledger gets done."""


AUTUMN = {year: date(year, 11, 1) for year in range(2014, 2018)}
FATES: Mapping[str, Fate] = {
    f"{COUNTY}10020{number}": fate
    for number, fate in enumerate(
        (
            Fate(good=((AUTUMN[2014], NEVER),)),
            Fate(good=((AUTUMN[2015], NEVER),), objected=(1,)),
            Fate(good=((AUTUMN[2016], NEVER),), weak=(2015,)),
            Fate(good=((AUTUMN[2016], NEVER),), late=(2015,), idle=(2014, 2015, 2016)),
            Fate(good=((AUTUMN[2016], NEVER),)),
            Fate(idle=(2015, 2016)),
            Fate(good=((AUTUMN[2014], date(2016, 4, 1)),)),
            Fate(good=((AUTUMN[2014], date(2015, 4, 1)), (AUTUMN[2015], NEVER))),
            Fate(good=((AUTUMN[2015], NEVER),), failed=(1,), refused=(2,)),
        ),
        start=1,
    )
}
VILLAGES = tuple(FATES)
EARLY, OBJECTED, RECALLED, LATE, LEADERLESS, IDLE, SLIPPED, SLIPPED_EARLY, FAILED = VILLAGES
WEAK_UNIT, LATE_LEADER = "U2105-09", "C09-0"
"""The only unit for the village with weak governance; nobody in it may lead a team until this cadre comes."""


class Small(Story):
    """The county's nine villages, whose officer forgets hardly anything."""

    policy = POLICY

    def waits(self, ask: Ask) -> bool:
        """Some answer once that has become overdue, others never."""
        match ask.action:
            case "commitments":
                said = ask.about, ask.given["kind"], ask.given["period"]
                return said == (IDLE, "ledger", "2016") and not ask.is_overdue
            case "order-closings":
                return ask.today.year in FATES[ask.about].late and not ask.is_overdue
            case "seeds" | "verification-seeds":  # Where time is up for both bodies, the first share draws.
                return ask.due is None and ask.role == "inspection"
            case "defences":  # The unit that is talked to lets its time pass; everyone else is heard at once.
                return ask.about.startswith("talk/")
        return False

    def moves(self, ask: Ask) -> Iterator[Letter]:
        """Who measures again asks the households again; some object, and who is recalled appeals after a while."""
        whose = {"place": COUNTY, "village": ask.about}
        if ask.action == "measurements":
            facts = {"year": ask.year, "households": self.households(ask), "recorded_by": "清河镇"}
            yield Letter(ask.today, "registry", "households", ({**whose, **facts},))
        if ask.action == "notices" and ask.state["exit"]["attempt"] in FATES[ask.about].objected:
            objection = {**whose, "objection": 1, "ground": "有户不达标"}
            yield Letter(ask.today + DAY, "registry", "objections", (objection,))
        if ask.action == "decision-services" and ask.about.startswith("recall/"):
            appeal = {field: said for field, said in ask.given.items() if field != "body"}
            yield Letter(ask.today + timedelta(20), "incentives", "appeals", (appeal,))

    def surveys(self, ask: Ask) -> Iterator[Row]:
        """A record for each topic that is still missing."""
        for topic in ask.detail.split(","):
            what: Row = {"kind": "form"}
            if topic == "problems":
                what = {"kind": "problem", "cause": "饮水工程年久失修"}
            elif topic == "incomes":
                what = {"kind": "household_visit", "household": self.households(ask)[0]}
            yield {"number": [*POLICY.listing.topics].index(topic) + 1, "topic": topic, "on": ask.today, **what}

    def problem_class(self, ask: Ask) -> str:
        return "weak_governance" if ask.about == LEADERLESS else "lagging_economy"

    def households(self, ask: Ask) -> list[Row]:
        well = is_good(ask.about, ask.today)
        return [
            {
                "household": f"H{ask.about[-2:]}-{number}",
                "persons": PERSONS,
                "income": 6000 if number and well else 1500,
                "secured": True,
            }
            for number in range(HOUSEHOLDS)
        ]

    def indicators(self, ask: Ask) -> dict[str, float]:
        income = 30000.0 if is_good(ask.about, ask.today) else 5000.0
        return {"collective_income": income, "safe_water": 1.0, "hard_road": 1.0}

    def agrees(self, ask: Ask) -> bool:
        return ask.action != "approvals" or ask.state["exit"]["attempt"] not in FATES[ask.about].refused

    def items(self, ask: Ask) -> list[str]:
        return ["{kind} {period}".format(**ask.given)] * 3

    def done(self, ask: Ask) -> list[int]:
        return [] if ask.year in FATES[ask.about].idle else self.numbers(ask)

    def substitute(self, ask: Ask) -> str:
        return f"{ask.given['left'][:-1]}5"

    def absent(self, ask: Ask) -> list[str]:
        return ask.state["team"][:1] if ask.year in FATES[ask.about].weak else []

    def findings(self, ask: Ask) -> list[str]:
        late = ask.campaign == "half_year" and ask.year in FATES[ask.about].late
        return ["measure_stalled"] if late else []

    def score(self, ask: Ask) -> int:
        return 40 if ask.year in FATES[ask.about].weak else 95

    def ballot(self, ask: Ask) -> tuple[int, int, int]:
        return 50, 40, 12 if ask.year in FATES[ask.about].weak else 38

    def checked(self, ask: Ask, number: int, household: str) -> Row:
        return {"persons": PERSONS, "meets": ask.given["attempt"] not in FATES[ask.about].failed, "approves": True}

    def unregistered(self, ask: Ask) -> int:
        return 60

    def tolerates(self, ask: Ask) -> bool:
        """The first year of the village in which nothing got done is tolerated, the second is not."""
        return ask.about == f"criticism/{IDLE}/2015"

    def overturns(self, ask: Ask) -> bool:
        return True

    def script(self) -> list[Letter]:
        opens = date(2016, 3, 1)
        adopted = {"place": CITY, "pack": BENXI, "adopted_by": "市委"}
        spot_check = {
            "place": CITY,
            "kind": "spot_check",
            "campaign": f"spot_check-{opens}",
            "opens": opens,
            "body": "organisation",
            "asked_by": "市委组织部",
        }
        return [
            Letter(BEGIN, "registry", "policies", (adopted,)),
            Letter(BEGIN, "registry", "units", (*map(unit, range(1, 10)),)),
            Letter(BEGIN, "registry", "cadres", (*cadres(),)),
            Letter(BEGIN, "registry", "villages", (*map(village, VILLAGES),)),
            Letter(date(2014, 9, 1), "registry", "cadres", (cadre(LATE_LEADER, "deputy_division"),)),
            Letter(opens - DAY, "inspection", "campaigns", (spot_check,)),
        ]


def is_good(village: str, day: date) -> bool:
    return any(since <= day < until for since, until in FATES[village].good)


def cadre(id: str, rank: str) -> Row:
    return {
        "place": CITY, "cadre": id, "unit": f"U2105-{id[1:3]}", "name": "某某", "rank": rank, "party_member": True,
        "work_since": date(2005, 7, 1), "born_on": date(1980, 1, 1), "reserve": False,
    }  # fmt: skip


def cadres() -> Iterator[Row]:
    """Of each unit whoever has the rank and the lower number leads; the other one is there to take over."""
    for number in range(1, 10):
        is_weak = f"U2105-0{number}" == WEAK_UNIT
        ranks = ["section"] * 4 if is_weak else ["deputy_division", *["section"] * 3, "deputy_division"]
        yield from (cadre(f"C0{number}-{index}", rank) for index, rank in enumerate(ranks, start=1))


def unit(number: int) -> Row:
    id = f"U2105-0{number}"
    return {
        "place": CITY,
        "unit": id,
        "name": f"单位{number}",
        "level": "city",
        "department": "公安" if id == WEAK_UNIT else "农业",
        "strength": 50 + number,
    }


def village(id: str) -> Row:
    return {
        "place": COUNTY,
        "village": id,
        "name": f"村{id[-1]}",
        "township": "清河镇",
        "population": POPULATION,
        "listed": True,
    }


# ---------------------------------------------------------------- what must hold

LAGS = (0, 20)
"""An officer who is always quick, and one with whom much becomes overdue."""


@cache
def county_with(lag: int) -> County:
    return County(Small(), BEGIN, lag).live(END)


@pytest.fixture
def county() -> County:
    return county_with(0)


HELPED = ("registered", "listed", "diagnosed", "matched", "assigned", "pledged", "helped")
VERIFIED = ("requested", "verified", "noticed")
COURSES: Mapping[str, tuple[str, ...]] = {
    EARLY: (*HELPED, *VERIFIED, "delisted", "released"),
    OBJECTED: (*HELPED, *VERIFIED, *VERIFIED, "delisted", "released"),
    RECALLED: (*HELPED, *VERIFIED, "delisted"),
    LATE: (*HELPED, *VERIFIED, "delisted"),
    LEADERLESS: (*HELPED, *VERIFIED, "delisted"),
    IDLE: HELPED,
    SLIPPED: (*HELPED, *VERIFIED, "delisted", "released"),
    SLIPPED_EARLY: (*HELPED, *VERIFIED, "delisted", "released"),
    FAILED: (*HELPED, "requested", "helped", *VERIFIED, *VERIFIED, "delisted"),
}


@pytest.mark.parametrize("lag", LAGS)
def test_each_village_takes_its_course(lag: int) -> None:
    county = county_with(lag)
    assert {village: county.course(village) for village in VILLAGES} == COURSES
    for village, course in COURSES.items():
        assert county.state("registry", Village, village).stage == course[-1]


@pytest.mark.parametrize("lag", LAGS)
def test_no_task_is_left_unanswered(lag: int) -> None:
    county = county_with(lag)
    assert [task for task, since in county.waiting.items() if since + county.lag <= county.today] == []


@pytest.mark.parametrize("invariant", INVARIANTS)
@pytest.mark.parametrize("lag", LAGS)
def test_0_2_1_18_2_4_2_13_2_19_2_20_3_2_what_always_holds_holds_here(lag: int, invariant: Invariant) -> None:
    invariant(county_with(lag).evidence())


def test_the_county_meets_every_event_but_these(county: County) -> None:
    said = {type(fact.event) for fact in county.facts}
    unsaid = {event for module in (r, d, i, n) for event in vars(module).values() if is_event(event)} - said
    own_matters = {r.ResolutionOpened, r.StepTaken, r.ResolutionPassed, r.ResolutionRejected}
    own_matters |= {r.StepOverdue, r.DelayDecided, r.RoundEnded, r.HouseholdsLifted, r.FundReleased, r.QuestionAnswered}
    own_matters |= {r.WordAsked, r.WordGiven, r.PersonForgotten}
    own_matters |= {r.BracketChanged, r.FloorMet, r.FiguresRecorded, r.PartyRegistered, d.LinkBegun, d.LinkEnded}
    own_matters |= {r.HouseholdsMonitored, r.HouseholdsCleared, r.MonitoringCounted, r.MonitoringOverdue}
    own_matters |= {r.HouseholdsCounted, d.HouseholdsPaired, d.HouseholdsUnpaired, d.GapFound, d.GapClosed}
    own_matters |= {d.TeamNominated, d.NominationReviewed, d.ReleaseConfirmed, d.ReleaseDoubted, d.TermAssessed}
    own_matters |= {d.QuotaAsked, d.QuotaMet}
    own_matters |= {d.PartnerBegun, d.PartnerEnded, d.PartnerMoved, d.SupportPledged, d.SupportDelivered}
    own_matters |= {d.VisitsCounted, d.VisitsShort, d.PlaceOverdue, d.PlaceFilled, d.ResultShared}
    own_matters |= {d.PostBegun, d.PostEnded, d.PostOverdue, d.PostFilled, d.PostDeadlineMoved, d.ExitPromiseKept}
    own_matters |= {d.ReplacementNominated, d.ReplacementReviewed}
    own_matters |= {d.ChargeBegun, d.ChargeEnded, r.EntryAsked, r.EntryOverdue}
    own_matters |= {d.CourseHeld, d.CourseAttended, d.SkillsReported, d.TrainingCompleted}
    own_matters |= {d.LeaveGranted, d.LeaveRefused, d.LeaveBegun, d.PresenceCounted, d.PresenceShort}
    own_matters |= {r.ListingBegun, r.ListingEnded, r.PartyRectified, d.TermEnded}
    own_matters |= {r.LetterSigned, r.LetterOverdue, r.LetterBroken}
    own_matters |= {r.ChecklistTicked, r.ChecklistOverdue}
    own_matters |= {r.ListingOmitted, r.ListUnfilled, r.ListFilled}
    own_matters |= {
        event for name, event in vars(r).items() if "Decap" in name and is_event(event) and not is_rare(event)
    }
    own_matters |= {
        event for event in vars(i).values() if is_event(event) and "Apprais" in event.__name__ and not is_rare(event)
    }
    own_matters |= {i.BulletinPublished, i.BulletinMoved, i.VisitReplaced, i.VisitReplied, i.ReplyDecided}
    own_matters |= {i.BestExceeded, i.RankingMade, i.EntryProposed, r.EntryDeclined}
    own_matters |= {i.VisitsCrowded, i.BurdenExceeded, i.InputVoided}
    own_matters |= {i.BestExceeded, i.RankingMade}
    own_matters |= {n.StoryPublished, n.OutcomeMoved, n.MotionOverdue}
    own_matters |= {n.StatementDrawn, n.StatementCorrected, n.StatementConfirmed, n.PayShort}
    own_matters |= {n.PayExplained, n.AllowancesDrawn, n.AllowancesConfirmed}
    own_matters |= {r.DeadlineMoved, d.DeadlineMoved, i.DeadlineMoved, n.DeadlineMoved}
    assert {event for event in unsaid if not is_rare(event)} == {
        r.VillageRecoded, r.VillageRelapsed, n.DecisionOverdue, i.GradeContested,
        i.GradeReviewed, n.AppealEscalated, n.AppealOverdue, n.OutcomeExpired,
    } | own_matters  # fmt: skip


def is_rare(event: type[Event]) -> bool:
    """Whether it takes something back, or tells of a reform of divisions or a team: these have tests of their own."""
    rare = "Withdrawn Unlisted Merged Split Reopened YearClosed MemberLeft Disqualified Retained Missed Dropped"
    return event.__name__.endswith((*rare.split(), "TeamChosen", "Disbanded", "Divided", "PoolChanged"))


def is_event(thing: Any) -> bool:
    return thing in EVENTS.values()  # A base class of several events is none.


def test_what_the_county_counts(county: County) -> None:
    counts = {
        event: len(county.said(event))
        for event in (
            r.VillageListed, r.VillageDelisted, d.NeedUnmet, d.TeamAssigned, d.TeamKept,
            d.TeamReleased, d.TermExtended, d.MemberRecalled, d.MemberReplaced, d.CommitmentOverdue, i.OrderOverdue,
            i.ExitVerified, n.OutcomeAppealed,
        )
    }  # fmt: skip
    assert counts == {
        r.VillageListed: 9,
        r.VillageDelisted: 8,
        d.NeedUnmet: 1,
        d.TeamAssigned: 9,
        d.TeamKept: 8,
        d.TeamReleased: 4,
        d.TermExtended: 2,
        d.MemberRecalled: 1,
        d.MemberReplaced: 1,
        d.CommitmentOverdue: 1,
        i.OrderOverdue: 1,
        i.ExitVerified: 11,
        n.OutcomeAppealed: 1,
    }


def test_3_11_a_village_still_on_the_list_after_three_years_keeps_its_team_for_another(county: County) -> None:
    ((day, extended),) = county.dated(d.TermExtended, outcome=None)
    ((_, assigned),) = county.dated(d.TeamAssigned, village=IDLE)
    assert (extended.village, extended.unit) == (IDLE, assigned.unit)
    assert day == assigned.term_end + DAY
    assert POLICY.team.extension
    assert extended.until == POLICY.team.extension.after(assigned.term_end, POLICY.calendar)


def test_3_11_a_unit_that_missed_its_task_in_three_years_stays_longer_after_the_exit(county: County) -> None:
    ((day, decided),) = county.dated(n.OutcomeDecided, kind="extension")
    extended = next(said for said in county.said(d.TermExtended) if said.outcome)
    (kept,) = county.said(d.TeamKept, village=LATE)
    assert (decided.outcome, decided.subject) == (f"extension/{LATE}/2016", kept.unit)
    assert (extended.village, extended.unit, extended.outcome) == (LATE, kept.unit, decided.outcome)
    assert POLICY.team.extension and day < kept.until
    assert extended.until == POLICY.team.extension.after(kept.until, POLICY.calendar)


@pytest.mark.parametrize("lag", LAGS)
def test_every_outcome_of_the_pack_is_decided_once(lag: int) -> None:
    decisions = county_with(lag).said(n.OutcomeDecided)
    graded_early = {"extension"} if lag else set[str]()
    """Where everybody answers late, 2014 is graded before its first ledger is compared: no third year is missed."""
    assert {said.kind for said in decisions} == {outcome.kind for outcome in POLICY.outcomes} - graded_early


def test_2_20_a_recalled_leader_is_replaced_and_cleared_by_the_appeal(county: County) -> None:
    ((day, recalled),) = county.dated(d.MemberRecalled)
    ((_, decided),) = county.dated(n.OutcomeDecided, kind="recall")
    ((_, replaced),) = county.dated(d.MemberReplaced)
    assert (recalled.village, recalled.cadre, recalled.role) == (RECALLED, decided.subject, "leader")
    assert (replaced.village, replaced.recalled, replaced.role) == (RECALLED, recalled.cadre, "leader")
    team = county.state("dispatch", Link, id_of(RECALLED)).team
    assert [member.cadre for member in team if member.role == "leader"] == [replaced.cadre]
    assert county.state("inspection", Supervision, RECALLED).leader == replaced.cadre
    ((answered, appeal),) = county.dated(n.AppealDecided)
    assert (appeal.outcome, appeal.overturned) == (decided.outcome, True)
    assert answered == day + timedelta(20)
    squad = county.state("dispatch", Squad, recalled.unit)
    assert recalled.cadre in county.state("dispatch", Pool, "2105").free([squad], county.policy)


def test_3_4_a_unit_without_a_leader_of_rank_is_matched_once_it_has_one(county: County) -> None:
    (unmet,) = county.said(d.NeedUnmet)
    assert (unmet.village, unmet.obstacles[WEAK_UNIT]) == (LEADERLESS, "leader_rank")
    ((day, assigned),) = county.dated(d.TeamAssigned, village=LEADERLESS)
    assert (day, assigned.unit) == (date(2014, 9, 1), WEAK_UNIT)
    assert [member.cadre for member in assigned.team if member.role == "leader"] == [LATE_LEADER]


def test_1_6_a_late_rectification_leads_to_a_talk_that_leaves_no_mark(county: County) -> None:
    ((_, issued),) = county.dated(i.OrderIssued, village=LATE)
    ((day, overdue),) = county.dated(i.OrderOverdue)
    assert (overdue.order, day) == (issued.order, issued.due + DAY)
    ((_, proposed),) = county.dated(n.OutcomeProposed, kind="talk")
    ((decided_on, decided),) = county.dated(n.OutcomeDecided, kind="talk")
    assert not county.said(n.OutcomeDefended, kind="talk"), "the unit let its time pass"
    assert decided_on == proposed.defence_until + DAY
    assert (decided.imposed, decided.expires, decided.appeal_until) == (True, None, None)
    assert county.state("incentives", Record, f"unit:{overdue.unit}").status == "clean"


def test_3_10_open_items_lead_to_criticism_unless_it_is_tolerated(county: County) -> None:
    decisions = {said.outcome: (said.imposed, said.tolerated) for said in county.said(n.OutcomeDecided, subject=IDLE)}
    assert decisions[f"criticism/{IDLE}/2015"] == (False, True)
    assert decisions[f"criticism/{IDLE}/2016"] == (True, False)


@pytest.mark.parametrize(("lag", "draws"), [(0, 13), (20, 11)])
def test_2_19_a_slow_officer_misses_the_draw_of_the_first_quarter_and_the_spot_check(lag: int, draws: int) -> None:
    assert len([closed for closed in county_with(lag).said(i.CampaignClosed) if closed.frame and closed.seeds]) == draws


def test_2_21_every_team_in_the_field_is_assessed_every_year(county: County) -> None:
    for year in (2014, 2015, 2016):
        day = POLICY.assessment.opens.of(year)
        assigned = {said.village for on, said in county.dated(d.TeamAssigned) if on < day}
        home = {
            said.village
            for on, said in county.dated(d.TeamReleased)
            if on < day and not [a for a, _ in county.dated(d.TeamAssigned, village=said.village) if on < a < day]
        }
        assert {said.village for said in county.said(i.AssessmentGraded, year=year)} == assigned - home


def test_a_village_that_misses_criteria_after_its_exit_is_helped_and_stays_off_the_list(county: County) -> None:
    missed = [said for said in county.said(r.VillageMonitored) if said.unmet]
    assert {said.village for said in missed} == {SLIPPED, SLIPPED_EARLY}
    assert all(said.measures and said.decided_by for said in missed)


def final_states(county: County) -> dict[tuple[str, str, str], bytes]:
    return {
        (service.name, kind.kind, id): encode_state(state)
        for service in county.services.values()
        for (kind, id), state in service.states.items()
    }


@pytest.mark.parametrize(("lag", "seed"), [(0, 1), (0, 2), (20, 3), (20, 4)])
def test_what_services_say_on_one_day_leads_to_the_same_states_in_any_order(lag: int, seed: int) -> None:
    straight, shuffled = county_with(lag), County(Small(), BEGIN, lag, random.Random(seed)).live(END)
    assert [fact.event for fact in shuffled.facts] != [fact.event for fact in straight.facts], "nothing was shuffled"
    assert final_states(shuffled) == final_states(straight)
