"""Zunyi's mechanism (document S2) by its pack alone: two years of a small district with the rules of all services.

It differs from Benxi's in what stands in the pack only: no letter but five lists, no plans, grades 优良中差, recall,
organisational adjustment and talks, teams of five, and terms of two years.
"""

import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deploy.demo.answers import Ask, Letter, Row, Story
from services.dispatch.model import commands as dispatch_commands
from services.dispatch.model.link import Link, id_of
from services.inspection.model.campaign import Campaign
from services.inspection.model.supervision import Supervision
from shared.contracts import dispatch as d
from shared.contracts import incentives as n
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.draws import verify_draw
from shared.policy import parse_pack
from shared.rules import Refused
from tests.support.county import DAY, County

PACK = (Path(__file__).parents[2] / "shared/policy/packs/zunyi.toml").read_text()
CITY = "520300"
BEGIN, END = date(2016, 1, 4), date(2018, 2, 10)
LISTS = ("list_leadership", "list_cadres", "list_team", "list_members", "list_capable")


COURSE: Row = {
    "place": CITY, "course": "ZY-2016-1", "kind": "poverty_relief", "title": "脱贫攻坚专题培训班", "first": BEGIN,
    "last": BEGIN, "days": 1, "heads": {"posted": 90, "village_cadre": 30}, "held_by": "市委党校", "body": "city",
}  # fmt: skip


class Fate(NamedTuple):
    """What sets one village apart."""

    lifted: int = 2017
    """The first year whose measurement finds 1.45 % poor people; before, it finds 9.13 % (1.18)."""
    score: int = 95
    """What the special assessment of 2016 gives."""
    satisfied: int = 38
    """Of the 40 who vote at the end of 2016."""
    late: bool = False
    """Whether it rectifies, settles 2016, and sets what is owed for 2017 only once that has become overdue."""
    idle: bool = False
    """Whether nothing on its ledger gets done."""


# Eleven villages, so that a tenth of them is more than one.
LED = ("deputy_division", *["section"] * 4)
"""The ranks of those who are sent first."""
VILLAGES = tuple(f"520302100{number}" for number in range(201, 212))
EARLY, GOOD, MEDIUM, POOR, LATE, IDLE, *_ = VILLAGES
POINTS = {EARLY: date(2016, 9, 1), GOOD: date(2017, 3, 1)}
"""The demonstration points of the district, of which it is to have two at the end of 2016."""
FATES = dict.fromkeys(VILLAGES, Fate()) | {
    EARLY: Fate(lifted=2016),
    GOOD: Fate(score=85),
    MEDIUM: Fate(score=60),
    POOR: Fate(score=40, satisfied=12),
    LATE: Fate(late=True),
    IDLE: Fate(lifted=2100, idle=True),
}


class Zunyi(Story):
    """The district, whose officer answers at once, apart from actions that are `left`."""

    def __init__(self, pack: str, *left: str) -> None:
        self.pack, self.left = tomllib.loads(pack), left
        self.policy = parse_pack(self.pack)

    def waits(self, ask: Ask) -> bool:
        """One village rectifies, settles 2016, and sets what is owed for 2017 only once that has become overdue."""
        put_off = {"order-closings": None, "settlements": "2016", "commitments": "2017"}
        late = ask.about in FATES and FATES[ask.about].late and ask.action in put_off
        untaught = ask.action == "attendances" and ask.today <= BEGIN + DAY
        return (
            ask.action in self.left
            or untaught
            or (ask.action == "listings" and ask.today < POINTS[GOOD])
            or (late and ask.given.get("period") == put_off[ask.action] and not ask.is_overdue)
        )

    def surveys(self, ask: Ask) -> Iterator[Row]:
        for topic in ask.detail.split(","):
            what = {"kind": "problem", "cause": "没有主导产业"} if topic == "results" else {"kind": "form"}
            number = [*self.policy.listing.topics].index(topic) + 1
            yield {"number": number, "topic": topic, "on": ask.today, **what}

    def problem_class(self, ask: Ask) -> str:
        return "thin_industry"

    def households(self, ask: Ask) -> list[Row]:
        # 145 people in 29 households stay poor, the other 768 in 192 are lifted: 9.13 % and 1.45 % of 10,000.
        income = 6000 if ask.year >= FATES[ask.about].lifted else 1500
        return [
            {"household": f"{kind}{k}", "persons": persons, "income": each, "secured": True}
            for kind, count, persons, each in (("P", 29, 5, 1500), ("H", 192, 4, income))
            for k in range(count)
        ]

    def indicators(self, ask: Ask) -> dict[str, float]:
        works = {"hard_road": 1.0, "safe_water": 1.0, "electricity": 1.0}
        return {"collective_entities": 1.0, "hall_area": 320.0, **works}

    def listed(self, ask: Ask) -> Row:
        return point(GOOD)

    def items(self, ask: Ask) -> list[str]:
        return [f"第{number}项" for number in range(1, 6)]

    def done(self, ask: Ask) -> list[int]:
        return [] if FATES[ask.about].idle else self.numbers(ask)

    def substitute(self, ask: Ask) -> str:
        unit, _, left = str(ask.given["left"]).partition("-")
        return f"{unit}-{6 if left == '1' else 8 if left == '7' else 7}"

    def contact(self, ask: Ask) -> Row:
        number = VILLAGES.index(ask.about) + 1
        return {"unit": f"U5203-{number:02}", "cadre": f"C{number:02}-6"}

    def helpers(self, ask: Ask) -> list[Row]:
        # Each leader of the village's unit helps two households, the clerks share the others; U5203-11 sends no leader.
        number = VILLAGES.index(ask.about) + 1
        who = [1, 1, 6, 6] if number < len(VILLAGES) else []
        poor = [id for id in ask.state["poor"] if id not in ask.state["circles"]["household_helper"].get("helped", {})]
        of = [*who, *(2 + n % 4 for n in range(len(poor)))]
        unit = f"U5203-{number:02}"
        return [{"household": id, "unit": unit, "cadre": f"C{number:02}-{k}"} for id, k in zip(poor, of, strict=False)]

    def course(self, ask: Ask) -> str:
        return str(COURSE["course"])

    def findings(self, ask: Ask) -> list[str]:
        return ["ledger_untrue"] if ask.campaign == "annual" and FATES[ask.about].late else []

    def score(self, ask: Ask) -> int:
        return FATES[ask.about].score if ask.year == 2016 else 95

    def ballot(self, ask: Ask) -> tuple[int, int, int]:
        return 50, 40, FATES[ask.about].satisfied if ask.year == 2016 else 38

    def checked(self, ask: Ask, number: int, household: str) -> Row:
        return {"persons": 4, "meets": True, "approves": True}

    def unregistered(self, ask: Ask) -> int:
        return 600

    def script(self) -> list[Letter]:
        numbers = range(1, len(VILLAGES) + 1)
        adopted = {"place": CITY, "pack": self.pack, "adopted_by": "市委"}
        listed = {"name": "某村", "township": "龙坑镇", "population": 10_000, "listed": True}
        unit = {"place": CITY, "name": "某局", "level": "city", "department": "农业", "strength": 50}
        return [
            Letter(BEGIN, "registry", "policies", (adopted,)),
            Letter(BEGIN + DAY, "dispatch", "courses", (COURSE,)),
            Letter(BEGIN, "registry", "villages", tuple({**at(village), **listed} for village in VILLAGES)),
            Letter(BEGIN, "registry", "units", tuple({**unit, "unit": f"U5203-{number:02}"} for number in numbers)),
            Letter(BEGIN, "registry", "cadres", tuple(cadre for number in numbers for cadre in cadres(number))),
            Letter(POINTS[EARLY], "registry", "listings", (point(EARLY),)),
        ]


def point(village: str) -> Row:
    """A village is named as a demonstration point."""
    named = {"kind": "demonstration", "body": "organisation", "decided_by": "区委组织部"}
    return {**at(village), **named, "since": POINTS[village], "document": "区组通〔2016〕8号"}


def at(village: str) -> dict[str, Any]:
    return {"place": village[:6], "village": village}


def items(duties: Iterable[str | None]) -> tuple[d.Item, ...]:
    return tuple(d.Item(number, f"第{number}项", duty=duty) for number, duty in enumerate(duties, 1))


def cadres(number: int) -> Iterator[Row]:
    """Of a unit the first leads; the sixth stays at home and is there to take over, and so are two clerks."""
    person = {"name": "某某", "born_on": date(1980, 1, 1), "work_since": date(2005, 7, 1)}
    person |= {"party_member": False, "reserve": False}
    for index, rank in enumerate([*LED, "deputy_division", "staff", "staff"], start=1):
        which = {"place": CITY, "cadre": f"C{number:02}-{index}", "unit": f"U5203-{number:02}", "rank": rank}
        yield {**which, **person}


# ---------------------------------------------------------------- what must hold


def live(pack: str, *left: str, until: date = END) -> County:
    county = County(Zunyi(pack, *left), BEGIN).live(until)
    assert not [parked for service in county.services.values() for parked in service.parked]
    return county


@cache
def district_with(pack: str) -> County:
    return live(pack)


@pytest.fixture
def district() -> County:
    return district_with(PACK)


def test_1_18_a_village_leaves_the_list_at_1_45_percent_and_not_at_9_13(district: County) -> None:
    helped = ("registered", "listed", "diagnosed", "matched", "assigned", "helped")
    left = (*helped, "requested", "verified", "noticed", "delisted")
    courses = {village: district.course(village) for village in VILLAGES}
    assert courses == dict.fromkeys(VILLAGES, left) | {EARLY: (*left, "released"), IDLE: helped}
    for village, fate in FATES.items():
        for year in (2016, 2017):
            (measured,) = district.said(r.IndicatorsMeasured, village=village, year=year)
            is_lifted = year >= fate.lifted
            assert measured.values["incidence"] == pytest.approx(0.0145 if is_lifted else 0.0913)
            unmet = [(one.indicator, one.bound) for one in measured.unmet]
            assert unmet == ([] if is_lifted else [("incidence", 0.03)]), "Guizhou is western, hence 3 %"
        exits = [day.year for day, _ in district.dated(r.VillageDelisted, village=village)]
        assert exits == ([] if village == IDLE else [fate.lifted])


def test_2_1_each_village_is_surveyed_under_the_five_headings_and_not_diagnosed_before() -> None:
    district = live(PACK, "surveys", until=date(2016, 3, 1))
    asked = {task.about: task.detail for _, task in district.open_tasks() if task.action == "surveys"}
    assert asked == dict.fromkeys(VILLAGES, "responsibility,organisation,cadres,resources,results")
    assert not district.said(r.VillageDiagnosed)


class Unreached(Zunyi):
    """The district where neither water nor every group's road nor the hall is finished."""

    def indicators(self, ask: Ask) -> dict[str, float]:
        return {**super().indicators(ask), "hard_road": 0.9, "safe_water": 0.99, "hall_area": 299.0}


def test_2_16_works_that_are_unfinished_keep_a_village_on_the_list_and_each_says_who_can_move_it() -> None:
    district = County(Unreached(PACK), BEGIN).live(date(2017, 1, 20))
    (measured,) = district.said(r.IndicatorsMeasured, village=EARLY, year=2016)
    assert {(one.indicator, one.mover) for one in measured.unmet} == {
        ("hard_road", "county"),
        ("safe_water", "county"),
        ("hall_area", "township"),
    }
    assert not district.said(r.ExitRequested)


def test_2_22_the_district_is_told_that_it_has_one_demonstration_point_of_two_and_when_it_has_both(
    district: County,
) -> None:
    assert {said.village: said.since for said in district.said(r.ListingBegun)} == POINTS
    (short,), (filled,) = district.said(r.ListUnfilled), district.said(r.ListFilled)
    assert (short.kind, short.number, short.at_least, short.due) == ("demonstration", 1, 2, date(2016, 12, 31))
    assert filled.number == 2


def test_2_12_everybody_who_was_sent_is_trained(district: County) -> None:
    (course,) = district.said(d.CourseHeld)
    assert sum(course.heads.values()) == 120, "1,200 in the city's ten courses"
    sent = {member.cadre for said in district.said(d.TeamAssigned) for member in said.team}
    sent |= {said.cadre for said in district.said(d.MemberReplaced)}
    sent |= {said.cadre for said in district.said(d.LinkBegun)}
    trained = {one.cadre for said in district.said(d.CourseAttended) for one in said.attended}
    assert sent == trained and not district.said(d.TrainingMissed)


def test_5_12_the_days_of_each_month_are_confirmed_for_every_team(district: County) -> None:
    counted = [(said.village, said.year, said.month) for said in district.said(d.PresenceCounted)]
    assert len(counted) == len({*counted}) and {village for village, *_ in counted} == {*VILLAGES}
    assert {(year, month) for village, year, month in counted if village == IDLE} == {
        (year, month) for year in (2016, 2017, 2018) for month in range(1, 13) if (year, month) < (2018, 2)
    }
    assert not district.said(d.PresenceShort) and not district.said(d.PresenceMissed)


def test_2_12_who_is_sent_untrained_is_told_of_half_a_year_later() -> None:
    district = live(PACK, "attendances", until=date(2016, 9, 1))
    sent = {said.village: len(said.team) for said in district.said(d.TeamAssigned)}
    assert {said.village: (said.missing, said.owed_by) for said in district.said(d.TrainingMissed)} == {
        village: (size + 1, "county") for village, size in sent.items()
    }, "the team, and the leader who is bound to the village"


def test_2_3_help_begins_with_five_lists_and_a_ledger_and_without_any_letter() -> None:
    district = live(PACK, "commitments", until=date(2016, 2, 10))
    assert {said.step for said in district.said(d.CommitmentOverdue, due=date(2016, 2, 3))} == {"set"}
    assert {said.kind for said in district.said(d.CommitmentOverdue, village=GOOD)} == set(LISTS)
    signed = {"period": "2016", "set_by": "某机关"}
    leader = district.said(d.LinkBegun, village=GOOD)[0].cadre
    for kind, count in zip((*LISTS, "ledger"), (5, 4, 5, 2, 3, 0), strict=True):
        assert not district.said(d.HelpBegun)
        assert district.course(GOOD)[-1] == "assigned"
        owed = district.policy.commitment(kind)
        assert owed
        duties = [*(owed.duties or ())]
        assert len(duties) == count
        given = {"kind": kind, **signed, **at(GOOD), "body": owed.role, "cadre": leader if owed.each else None}
        # The problem of the survey stands on the ledger by itself, so that only a list can be too short.
        if kind != "ledger":
            with pytest.raises(Refused, match=rf"\[S2:.*none of {duties[-1]}"):
                district.command("dispatch", dispatch_commands.SetCommitment(**given, items=items(duties[:-1])))
        district.command("dispatch", dispatch_commands.SetCommitment(**given, items=items(duties or [None])))
    assert [said.village for said in district.said(d.HelpBegun)] == [GOOD]


def test_2_2_every_village_has_a_leader_of_its_own_until_it_leaves_the_list(district: County) -> None:
    begun = district.dated(d.LinkBegun)
    diagnosed = {said.village: day for day, said in district.dated(r.VillageDiagnosed)}
    assert {said.village: day for day, said in begun} == diagnosed, "the officer answers at once"
    assert len({said.cadre for _, said in begun}) == len(VILLAGES) == len(begun), "nobody has two"
    ended = {said.village: (said.cadre, said.ground) for said in district.said(d.LinkEnded)}
    assert ended == {said.village: (said.cadre, "delisted") for _, said in begun if said.village != IDLE}


def test_2_2_a_village_without_a_leader_is_told_with_the_day_and_whose_it_is() -> None:
    district = live(PACK, "links", until=date(2016, 3, 1))
    tasks = [task for _, task in district.open_tasks() if task.action == "links"]
    diagnosed = {said.village: day for day, said in district.dated(r.VillageDiagnosed)}
    assert {(task.about, task.due) for task in tasks} == {(of, day + 30 * DAY) for of, day in diagnosed.items()}
    assert {(task.role, task.rule, task.detail) for task in tasks} == {("organisation", "S2:二（一）", "leader")}


def test_2_3_lists_and_ledger_of_a_year_are_owed_before_march(district: County) -> None:
    overdue = [said for said in district.said(d.CommitmentOverdue) if said.step == "set"]
    assert {(said.village, said.kind) for said in overdue} == {(LATE, kind) for kind in (*LISTS, "ledger")}
    assert {said.due for said in overdue} == {date(2017, 2, 28)}
    by = {"list_leadership": "unit", "list_cadres": "unit", "list_members": "village", "list_capable": "village"}
    assert {said.kind: said.owed_by for said in overdue} == {kind: by.get(kind, "team") for kind in (*LISTS, "ledger")}
    assert {said.kind: said.link for said in overdue} == dict.fromkeys((*LISTS, "ledger")) | {"list_cadres": "leader"}


def test_2_3_the_list_of_a_villages_leaders_names_the_leader_whose_it_is() -> None:
    district = live(PACK, "commitments", until=date(2016, 1, 20))
    leaders = {said.village: (said.cadre,) for said in district.said(d.LinkBegun)}
    asked = {
        (task.about, task.answer["kind"]): task for _, task in district.open_tasks() if task.action == "commitments"
    }
    for village in VILLAGES:
        task, other = asked[village, "list_cadres"], asked[village, "list_leadership"]
        assert (task.role, task.whom) == ("unit", leaders[village]) and other.whom == ()


def test_2_4_a_ledger_is_reconciled_quarterly_and_settled_in_the_next_year(district: County) -> None:
    quarters = [date(2016, month, day) for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))]
    for village in set(VILLAGES) - {EARLY}:
        reconciled = district.said(d.CommitmentReconciled, village=village, kind="ledger", period="2016")
        assert [said.on for said in reconciled] == quarters
        ((day, _),) = district.dated(d.CommitmentSettled, village=village, period="2016")
        assert day == (date(2017, 2, 1) if village == LATE else date(2017, 1, 1))
    assert [(said.village, said.due) for said in district.said(d.CommitmentOverdue, step="settle")] == [
        (LATE, date(2017, 1, 31))
    ]
    (settled,) = district.said(d.CommitmentSettled, village=IDLE, period="2016")
    (second,) = district.said(d.CommitmentSet, village=IDLE, kind="ledger", period="2017")
    assert (settled.closed, settled.carried) == (0, 6), "five items and the problem that the survey found"
    assert [item.text for item in second.items if item.problem] == ["没有主导产业"]
    (graded,) = district.said(i.AssessmentGraded, village=IDLE, year=2016)
    assert (graded.score, graded.grade) == (95, "good"), "unclosed items block 优"


def test_0_2_2_2_every_poor_household_has_a_helper_and_who_helps_fewer_than_the_rank_asks_is_told(
    district: County,
) -> None:
    for village in VILLAGES:
        found, closed = (district.dated(event, village=village) for event in (d.GapFound, d.GapClosed))
        assert [said.missing for _, said in found] == [29 if village == EARLY else 221]
        assert [day for day, _ in closed] == [day for day, _ in found], "the officer answers at once"
    missed = {(day.year, said.unit): said.cadres for day, said in district.dated(d.QuotaMissed)}
    last = f"U5203-{len(VILLAGES)}"
    assert missed == {(year, last): {"C11-1": 2, "C11-6": 2} for year in (2016, 2017)}, "two for a deputy division"


def test_2_13_nobody_is_released_before_the_exit(district: County) -> None:
    ((day, released),) = district.dated(d.TeamReleased)
    ((left, _),) = district.dated(r.VillageDelisted, village=EARLY)
    assert (released.village, day) == (EARLY, left.replace(year=left.year + 1) + DAY)
    ((day, extended),) = district.dated(d.TermExtended)
    assert (extended.village, day, extended.until) == (IDLE, date(2018, 1, 5), date(2019, 1, 4))
    for village in set(VILLAGES) - {EARLY}:
        assert len(district.state("dispatch", Link, id_of(village)).team) == 5


def test_2_15_the_four_grades_and_what_follows_from_them(district: County) -> None:
    labels = {grade.name: grade.label for grade in district.policy.assessment.grades}
    grades = {said.village: labels[said.grade] for said in district.said(i.AssessmentGraded, year=2016)}
    assert [grades[village] for village in (EARLY, GOOD, MEDIUM, POOR)] == ["优", "良", "中", "差"]
    followed = {
        village: {said.kind for said in district.said(n.OutcomeDecided, village=village) if said.outcome[-4:] == "2016"}
        for village in (EARLY, GOOD, MEDIUM, POOR)
    }
    assert followed == {
        EARLY: set[str](),
        GOOD: set(),
        MEDIUM: set(),
        POOR: {"accountability", "recall", "adjustment"},
    }
    decided = {said.kind for said in district.said(n.OutcomeDecided, subject_kind="cadre")}
    assert decided == {"accountability", "recall"}, "what the document promises village cadres is no leader's"
    (accountability,) = district.said(n.OutcomeDecided, kind="accountability")
    assert district.said(n.OutcomeDefended, outcome=accountability.outcome), "nobody is sanctioned unheard"


def test_2_19_each_quarter_a_tenth_is_visited_unannounced(district: County) -> None:
    closed = district.said(i.CampaignClosed, kind="unannounced")
    assert [said.campaign[-10:] for said in closed] == [
        f"{year}-{month:02}-01" for year in (2016, 2017) for month in (1, 4, 7, 10) if (year, month) > (2016, 1)
    ]
    for said in closed:
        (committed,) = district.said(i.CampaignCommitted, campaign=said.campaign)
        hashes = district.said(i.SeedCommitted, campaign=said.campaign)
        assert verify_draw(said, committed, hashes) == []
        assert len(said.drawn) == said.visited == ceil(len(said.frame) / 10)
        (drawn,) = district.said(i.DrawMade, campaign=said.campaign)
        assert drawn.is_sealed(), "those who are visited cannot know beforehand"
        assert {v.village: v.on for v in district.said(i.VisitMade, campaign=said.campaign)} == drawn.visits
    # The frame is the list of poor villages, of which one has left by 2017.
    assert [len(said.frame) for said in closed] == [11] * 3 + [10] * 4


def test_2_19_while_a_quarter_runs_nobody_reads_whom_it_will_visit() -> None:
    district = live(PACK, until=date(2016, 4, 1))
    campaign = district.state("inspection", Campaign, "5203-unannounced-2016-04-01")
    assert len(campaign.visits) == 2
    assert max(campaign.visits.values()) > district.today, "a visit is still to come"
    shown = campaign.shown()
    assert (shown.seeds.shares, shown.due) == ({}, campaign.closes + DAY)
    assert shown.visits == {village: day for village, day in campaign.visits.items() if day <= district.today}


def test_2_20_poor_work_leads_to_recall_with_replacement_to_adjustment_and_to_a_talk(district: County) -> None:
    ((day, recalled),) = district.dated(d.MemberRecalled)
    ((decided_on, decided),) = district.dated(n.OutcomeDecided, kind="recall")
    assert (recalled.village, recalled.cadre, recalled.role, day) == (POOR, decided.subject, "leader", decided_on)
    ((replaced_on, replaced),) = district.dated(d.MemberReplaced, recalled=recalled.cadre)
    assert (replaced.recalled, replaced.role) == (recalled.cadre, "leader")
    assert replaced_on <= district.policy.team.replace_by.due(day, district.policy.calendar)
    assert district.state("inspection", Supervision, POOR).leader == replaced.cadre
    adjusted = {said.outcome for said in district.said(n.OutcomeDecided, kind="adjustment")}
    assert adjusted == {f"adjustment/{POOR}/2016", f"adjustment/{IDLE}/2016", f"adjustment/{IDLE}/2017"}
    left = [(day.year, said.village, said.cadre) for day, said in district.dated(d.MemberLeft)]
    cadre = {
        village: f"C{said.unit[-2:]}"
        for village in (POOR, IDLE)
        for said in district.said(d.TeamAssigned, village=village)
    }
    assert left == [
        (2017, POOR, f"{cadre[POOR]}-5"),
        (2017, IDLE, f"{cadre[IDLE]}-5"),
        (2018, IDLE, f"{cadre[IDLE]}-7"),
    ], "the last of the members leaves each time, and the unit sends another"
    for village, now in ((POOR, [2, 3, 4, 6, 7]), (IDLE, [1, 2, 3, 4, 8])):
        team = district.state("dispatch", Link, id_of(village)).team
        assert sorted(one.cadre for one in team) == [f"{cadre[village]}-{n}" for n in now]
    talks = [(said.village, said.subject_kind) for said in district.said(n.OutcomeDecided, kind="talk")]
    assert talks == [(LATE, "unit")] * 2, "its rectification was late in both years"


def test_2_21_every_team_is_visited_and_graded_at_the_end_of_each_year(district: County) -> None:
    for year, villages in ((2016, set(VILLAGES)), (2017, set(VILLAGES) - {EARLY})):
        (closed,) = district.said(i.CampaignClosed, campaign=f"5203-annual-{year}-12-01")
        assert (closed.share, closed.visited) == (1, len(villages))
        assert {said.village for said in district.said(i.VisitMade, campaign=closed.campaign)} == villages
        assert {said.village for said in district.said(i.AssessmentGraded, year=year)} == villages


def test_another_pack_is_another_behaviour_without_other_code(district: County) -> None:
    pack = PACK
    for before, after in {
        "each_target = 5 ": "each_target = 3 ",
        "share = 0.10": "share = 0.50",
        "notice_for = { calendar_days = 7 }": "notice_for = { calendar_days = 10 }",
        '"excellent"': '"first_class"',
        '"poor"': '"failed"',
    }.items():
        assert before in pack
        pack = pack.replace(before, after)
    other = district_with(pack)
    seen = [
        (
            {len(said.team) for said in one.said(d.TeamAssigned)},
            {len(said.drawn) for said in one.said(i.CampaignClosed, kind="unannounced")},
            {(said.until - day).days for day, said in one.dated(r.NoticePosted)},
            {said.grade for said in one.said(i.AssessmentGraded)},
            {said.village for said in one.said(d.MemberRecalled)},
        )
        for one in (district, other)
    ]
    assert seen == [
        ({5}, {1, 2}, {7}, {"excellent", "good", "medium", "poor"}, {POOR}),
        ({3}, {5, 6}, {10}, {"first_class", "good", "medium", "failed"}, {POOR}),
    ]
