"""The regions' stories: the figures of their documents, and whether what is called computed really is."""

import ast
import asyncio
import re
from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.demo.answers import Ask, Letter
from deploy.demo.memory import Memory
from deploy.demo.officers import Officers, Refusal
from deploy.demo.records import Figure, Records
from deploy.demo.regions import REGIONS, Ways
from deploy.demo.regions.benxi import story as benxi
from deploy.demo.regions.guizhou import story as guizhou
from deploy.demo.regions.jalaid import story as jalaid
from deploy.demo.regions.jalaid.figures import unhelped
from deploy.demo.regions.xixiu import story as xixiu
from deploy.demo.regions.zunyi import story as zunyi
from services.registry.model.party import Party, counts
from services.registry.model.yearbook import Yearbook, totals
from shared.contracts.dispatch import (
    GapClosed,
    GapFound,
    LinkBegun,
    LinkEnded,
    MemberLeft,
    MemberReplaced,
    PresenceCounted,
)
from shared.contracts.incentives import AllowancesDrawn, OutcomeDecided, OutcomeDefended, OutcomeProposed
from shared.contracts.inspection import AppraisalGraded, AppraisalProposed
from shared.contracts.registry import (
    CountyDecapped,
    DecapWordGiven,
    PartyRegistered,
    PartyWithdrawn,
    TownshipDecapped,
)
from shared.policy import parse_pack
from shared.policy.shipped import base
from shared.telling import Happened
from tests.support.happened import by_village, of_types

Change = Callable[[pytest.MonkeyPatch], None]
ASSIGNED = {
    "benxi": date(2014, 9, 30),
    "guizhou": guizhou.END,
    "jalaid": jalaid.END,
    "xixiu": xixiu.END,
    "zunyi": zunyi.SETTLED,
}
"""By when the figures that are called computed have come about."""
VILLAGES = {"guizhou": 40, "xixiu": 6, "zunyi": 40}
"""How many villages of a region are played, where the whole takes minutes."""


async def unwatched(_day: date) -> None:
    """What is to be done after each day, where nobody looks."""


def told(name: str, until: date, villages: int) -> Records:
    """What a region's story with so many villages comes to in memory, up to a day."""
    scenario = REGIONS[name].story(2014, villages)
    memory, days = Memory(scenario.start), list[date]()

    async def watch(day: date) -> None:
        days.extend([day] * (len(memory.world.facts) - len(days)))

    asyncio.run(Officers(scenario, memory).live(until, watch))
    states = memory.world.services["registry"].states.values()
    policy = scenario.policy
    books = [state for state in states if isinstance(state, Yearbook)]
    parties = [state for state in states if isinstance(state, Party)]
    return Records(
        by_village(memory.world.facts, days),
        memory.world.all("registry", "units"),
        memory.world.all("registry", "cadres"),
        [
            one
            for by in scenario.levels
            for one in msgspec.to_builtins([*totals(books, policy.indicators, by, policy.jurisdiction, {})])
        ],
        msgspec.to_builtins([*counts(parties, policy.parties)]),
        of_types(memory.world.facts, days, REGIONS[name].others),
    )


def played(name: str) -> Records:
    """What a region's story comes to in memory, as far as tests play it."""
    return told(name, ASSIGNED[name], VILLAGES.get(name, REGIONS[name].story.most))


@cache
def as_played(name: str) -> Records:
    """What a region's story comes to in memory, if nothing is changed."""
    return played(name)


def as_told(name: str) -> tuple[list[Figure], Ways]:
    """A region's figures and what goes wrong, if nothing is changed."""
    return REGIONS[name].figures(as_played(name)), REGIONS[name].ways(as_played(name))


def test_0_1_0_2_0_12_jalaid_comes_to_the_figures_of_its_document() -> None:
    assert [(f.en, f.document, f.system) for f in as_told("jalaid")[0] if not f.equal] == []


def test_4_2_4_7_4_9_in_guizhou_things_come_late_and_the_document_has_a_number_of_few() -> None:
    figures, ways = as_told("guizhou")
    shown = {f.en: f.system for f in figures}
    assert [way for way, times in ways.items() if not times] == [
        ("示范点到期未续", "demonstration points whose year ended")
    ]
    assert shown["villages drawn for a check"] == 2, "a twentieth of 40 in one draw over the counties of the province"
    assert shown["visits with evidence of process and result"] == 4, "in the yearly check and in the irregular one"
    modes = [times for en, times in shown.items() if en.startswith("villages in the mode")]
    assert sum(modes) == shown["key villages"] == VILLAGES["guizhou"] and all(modes)
    assert shown["key villages without a team"] == 0
    assert all(f.document is None or f.document >= 100 for f in figures), "what has no number in the document has none"


def test_1_5_xixius_inspectors_miss_visits_and_publish_late_and_villages_stay_for_their_reasons() -> None:
    ways = as_told("xixiu")[1]
    assert [way for way, times in ways.items() if not times] == []
    rounds, visits, missed = ([*ways.values()][n] for n in (0, 1, 2))
    turn, cycle = rota(VILLAGES["xixiu"])
    turns = (xixiu.END - date(2014, 1, 2)).days // cycle
    assert turns - 2 <= rounds <= turns + 1, "a round in each turn from the first team on, each published"
    assert 0 <= visits + missed - rounds * turn <= turn, "the last round is not published yet"
    assert sum(times for (zh, _), times in ways.items() if "未出列" in zh) > 0


def rota(villages: int) -> tuple[int, int]:
    """How many of so many villages Xixiu's inspectors visit at once, and the days from one time to the next."""
    [terms] = [one for one in xixiu.Xixiu(2014, villages).policy.campaigns if one.choice == "rota"]
    assert terms.opens[0].every
    return terms.turn, terms.opens[0].every.calendar_days


@pytest.mark.parametrize("villages", [3, 6, 20, 60, 193])
def test_1_5_a_village_of_xixiu_is_visited_as_often_however_few_are_played(villages: int) -> None:
    story = xixiu.Xixiu(2014, villages)
    with_team = sum(village.listed or village.weak for village in story.villages.values())
    turn, cycle = rota(villages)
    assert 30 <= with_team / turn * cycle <= 60, "days from one visit of a village to the next"
    assert villages < xixiu.VILLAGES or (turn, cycle) == (8, 2), "the whole district has the document's eight teams"


def test_1_6_who_lets_rectifications_become_overdue_climbs_the_ladder_and_is_heard_each_time() -> None:
    records = as_played("xixiu")
    decided = records.said(OutcomeDecided, lambda event: event.kind in ("talk", "admonishment", "case_filing"))
    assert [*dict.fromkeys(event.kind for event in decided)] == ["talk", "admonishment", "case_filing"]
    heard = {event.outcome for event in records.said(OutcomeDefended)}
    assert {event.outcome for event in decided} <= heard


def test_1_4_reinforcement_teams_go_when_what_they_came_for_is_done() -> None:
    links = [(event.village, event.cadre) for event in as_played("xixiu").said(LinkBegun, _reinforces)]
    assert links and sorted(links) == sorted(
        (event.village, event.cadre) for event in as_played("xixiu").said(LinkEnded, _reinforces)
    )


def _reinforces(event: LinkBegun | LinkEnded) -> bool:
    return event.kind == "reinforcement"


def test_1_7_a_village_is_studied_by_what_its_branch_its_committee_and_its_cadres_came_to() -> None:
    records = as_played("xixiu")
    of = {
        "branch_review": "of_branch",
        "committee_review": "of_committee",
        "secretary_review": "of_secretary",
        "director_review": "of_director",
    }
    studies = records.said(AppraisalProposed, lambda event: event.kind == "village_study")
    assert len(studies) == VILLAGES["xixiu"] * (xixiu.LAST - xixiu.FIRST), "every village in every year"
    graded = {(e.village, e.year, of.get(e.kind)): e.score for e in records.said(AppraisalGraded)}
    for study in studies:
        taken = {channel: graded[study.village, study.year, channel] for channel in of.values()}
        assert taken.items() <= study.scores.items()


def test_1_13_allowances_follow_the_days_in_the_village() -> None:
    records = as_played("xixiu")
    drawn = {
        (e.village, one.person, e.year, e.month): one.total for e in records.said(AllowancesDrawn) for one in e.paid
    }
    counted = {
        (e.village, one.cadre, e.year, e.month): 50 * one.days
        for e in records.said(PresenceCounted)
        for one in e.present
        if one.days
    }
    assert counted and drawn == counted


def test_1_18_a_poor_township_is_decapped_once_its_incidence_is_below_the_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [decapped] = as_played("xixiu").said(TownshipDecapped)
    assert decapped.year == xixiu.LAST - 1 and decapped.incidence < 0.03, "earlier requests were refused"
    fewer_sign(monkeypatch)
    assert played("xixiu").said(TownshipDecapped) == [], "households that do not sign stay poor"


def test_1_18_a_district_of_the_west_is_decapped_after_the_centres_word_on_its_sample() -> None:
    records = as_played("xixiu")
    [word], [decapped] = records.said(DecapWordGiven), records.said(CountyDecapped)
    assert (word.step, word.word) == ("county_spot_check", "accepted")
    assert decapped.year == xixiu.LAST - 1 and decapped.incidence < 0.03
    shown = {f.en: (f.system, f.origin) for f in as_told("xixiu")[0]}
    assert shown["words of the centre on its sample, before the district's exit"] == (1, "decided")


def test_what_is_tried_may_be_refused_for_now_and_never_for_what_it_says() -> None:
    story = xixiu.Xixiu(2014, 3)
    officers = Officers(story, Memory(story.start))

    def ask(year: int, division: str) -> Letter:
        row = {"place": xixiu.DISTRICT, "division": division, "year": year, "body": "township", "requested_by": "镇"}
        return Letter(story.start, "registry", "decap-requests", (row,), tried=True)

    asyncio.run(officers.live(story.start, unwatched))
    asyncio.run(officers._send([ask(2013, "township:520402901")]))  # Nothing was measured yet.
    with pytest.raises(Refusal, match="belongs to division"):
        asyncio.run(officers._send([ask(2013, "city:5204")]))


def test_2_13_a_transferred_member_of_zunyis_teams_is_replaced() -> None:
    records = as_played("zunyi")
    left, sent = records.said(MemberLeft), records.said(MemberReplaced)
    adjusted = {event.subject for event in records.said(OutcomeDecided) if event.on_team == "adjust" and event.imposed}
    assert adjusted <= {event.village for event in left}, "what is decided of a team takes a member off it as well"
    assert len(left) == VILLAGES["zunyi"] // zunyi.DEPARTING + len(adjusted)
    assert {event.village for event in left} <= {event.village for event in sent}


@pytest.mark.parametrize("kind", zunyi.CHOSEN)
def test_2_15_as_many_village_cadres_are_excellent_and_chosen_as_the_document_says(kind: str) -> None:
    """In the whole story, of which tests play a part."""
    story = zunyi.Zunyi(2014)

    def ask(about: str) -> Ask:
        return Ask("", about, story.start, {"year": zunyi.YEAR}, detail="township_panel")

    best = [f"CADRE-{v.number}" for v in story.villages.values() if story.mark(ask(f"CADRE-{v.number}")) > 90]
    assert len(best) == story.most // zunyi.BEST
    chosen = [cadre for cadre in best if story.imposes(ask(f"{kind}/village_cadre_year/{cadre}/{zunyi.YEAR}"))]
    assert len(chosen) == zunyi.CHOSEN[kind]


def test_2_10_as_many_cadres_are_sent_to_zunyis_villages_as_the_document_says() -> None:
    """In the whole story: five for each team, and one for whoever was transferred, recalled, or left when a team was
    adjusted."""
    [sent] = [f.document for f in as_told("zunyi")[0] if f.en == "first secretaries and cadres sent"]
    poor = zunyi.POOR // zunyi.WEAKEST
    most = zunyi.Zunyi.most
    assert sent == most * zunyi.POLICY.team.fewest + most // zunyi.DEPARTING + 2 * poor


def test_2_15_after_two_poor_years_an_office_ends_and_another_is_elected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zunyi, "WEAKEST", 4)
    story = zunyi.Zunyi(2014, 5)
    memory = Memory(story.start)
    asyncio.run(Officers(story, memory).live(story.end, unwatched))
    said = memory.world.said
    (graded_first, graded_again) = said(AppraisalGraded, subject="CADRE-5", grade="poor")
    assert (graded_first.year, graded_again.year) == (zunyi.YEAR, zunyi.YEAR + 1)
    (proposed,), (decided,) = (said(kind, kind="office_ends") for kind in (OutcomeProposed, OutcomeDecided))
    assert proposed.outcome == decided.outcome == f"office_ends/village_cadre_year/CADRE-5/{zunyi.YEAR + 1}"
    assert decided.imposed and "乡镇党委 镇党决〔2018〕" in decided.decided_by
    assert said(OutcomeDefended, outcome=decided.outcome), "nobody's office ends unheard"
    assert [one.party for one in said(PartyWithdrawn)] == ["CADRE-5"]
    first, second = (said(PartyRegistered, party=party)[0] for party in ("CADRE-5", "CADRE-5-2"))
    assert first.parent == second.parent
    assert not [one for one in said(OutcomeProposed, kind="office_ends") if one.subject != "CADRE-5"]


def test_2_15_what_follows_in_zunyis_second_year_is_shown_and_changes_no_figure_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zunyi, "WEAKEST", 4)
    region = REGIONS["zunyi"]
    first, both = (told("zunyi", until, 5) for until in (zunyi.SETTLED, zunyi.END))
    assert region.figures(first) == region.figures(both)
    ended = "连续两年评差、职务终止的村干部", "village cadres whose office ended after two poor years"
    assert (region.ways(first)[ended], region.ways(both)[ended]) == (0, 1)


def test_2_20_a_unit_of_zunyi_keeps_somebody_who_can_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    """In both years the leader of the village that does badly is recalled, and a member leaves its team."""
    monkeypatch.setattr(zunyi, "WEAKEST", 4)
    replaced = told("zunyi", zunyi.END, 5).said(MemberReplaced)
    ranks = {row["cadre"]: row["rank"] for row in zunyi.Zunyi(2014, 5).cadre_rows()}
    by_role = {role: [ranks[one.cadre] for one in replaced if one.role == role] for role in ("leader", "member")}
    assert len(by_role["leader"]) == len(by_role["member"]) == 2
    assert "staff" not in by_role["leader"] and {*by_role["member"]} == {"staff"}


def test_2_2_who_helps_too_few_households_is_counted_by_rank() -> None:
    ways = as_told("zunyi")[1]
    story = zunyi.Zunyi(2014, VILLAGES["zunyi"])
    idle = story.units - sum(village.nth > 0 for village in story.villages.values())
    assert (ways[_TOWNSHIP_RANK], ways[_COUNTY_RANK]) == (5 * idle, idle), (
        "of a unit, five heads of section and one above"
    )


_TOWNSHIP_RANK = ("帮扶不足1户的乡科级领导干部", "leaders of township rank who help no household")
_COUNTY_RANK = ("帮扶不足2户的县处级领导干部", "leaders of county rank who help fewer than two")


def test_a_gap_that_opens_again_is_a_gap() -> None:
    about = {"place": "152223", "village": "152223901201", "kind": "helper"}
    found, closed = GapFound(**about, households=9, missing=2), GapClosed(**about)
    told = [Happened(jalaid.START, datetime.min, str(n), "", event) for n, event in enumerate((found, closed, found))]
    assert unhelped(Records({"152223901201": told}, {}, {})) == 2
    assert unhelped(Records({"152223901201": told[:2]}, {}, {})) == 0


def numbers_of(name: str) -> set[str]:
    """All numbers that stand in a region's story or pack."""
    script = Path(f"deploy/demo/regions/{name}/story.py").read_text("utf-8")
    pack = Path(f"shared/policy/packs/{name}.toml").read_text("utf-8")
    typed = (node.value for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Constant))
    return {str(number) for number in typed if isinstance(number, int)} | {
        number.replace("_", "") for number in re.findall(r"\d[\d_]*", re.sub(r"#.*", "", pack))
    }


@pytest.mark.parametrize("name", REGIONS)
def test_no_figure_that_is_called_computed_stands_in_the_story_or_the_pack(name: str) -> None:
    computed = {f.en: str(f.document) for f in as_told(name)[0] if f.origin == "computed" and f.document}
    assert computed
    assert {en: number for en, number in computed.items() if number in numbers_of(name)} == {}


def pack_of(story: Any, change: Callable[[dict[str, Any]], None]) -> Change:
    """The region's pack with a change, as the story adopts it."""

    def put(patch: pytest.MonkeyPatch) -> None:
        pack = deepcopy(story.PACK)
        change(pack)
        patch.setattr(story, "PACK", pack)
        patch.setattr(story, "POLICY", parse_pack(pack, base))

    return put


def teams_of(size: int) -> Callable[[dict[str, Any]], None]:
    """Teams of another size."""

    def put(pack: dict[str, Any]) -> None:
        pack["links"][0]["each_target"] = size

    return put


def offers(units: int) -> Change:
    """So many units offer a first secretary."""
    return lambda patch: patch.setattr(jalaid, "OFFERED", units)


def richest(yuan: int) -> Change:
    """The richest village has another income."""
    return lambda patch: patch.setattr(jalaid, "INCOMES", (*jalaid.INCOMES[:-1], (1, yuan, 0)))


def late_helpers(patch: pytest.MonkeyPatch) -> None:
    """The first village finds helpers only after the end of the story."""
    patch.setattr(
        jalaid.Jalaid,
        "late",
        lambda story, about, action, detail: 90 * (action == "pairings" and about.endswith("201")),
    )


def fewer_sign(patch: pytest.MonkeyPatch) -> None:
    """Every third household does not sign that it is lifted."""
    patch.setattr(xixiu, "UNSIGNED", 3)


def nothing_earned(patch: pytest.MonkeyPatch) -> None:
    """The villages have no income in the last year."""
    patch.setattr(xixiu, "EARNED", {**xixiu.EARNED, xixiu.LAST: 0})


def small_halls(patch: pytest.MonkeyPatch) -> None:
    """Every other village has a small hall."""
    patch.setattr(xixiu, "SMALL_HALLS", 2)


def few_units(patch: pytest.MonkeyPatch) -> None:
    """Two units send teams."""
    patch.setattr(xixiu, "UNITS", 64)


def larger_draws(pack: dict[str, Any]) -> None:
    """Half of the villages are drawn in a quarter."""
    quarterly = next(one for one in pack["campaigns"] if one["choice"] == "draw")
    for one in (quarterly, *quarterly["facets"]):
        one["share"] = 0.5


def more_do_badly(patch: pytest.MonkeyPatch) -> None:
    """Every eighth poor village has a team that does badly."""
    patch.setattr(zunyi, "WEAKEST", 8)


def more_weak_ones(patch: pytest.MonkeyPatch) -> None:
    """Half of the poor villages have a weak organisation as well."""
    patch.setattr(zunyi, "POOR_AND_WEAK", zunyi.POOR // 2)


def nobody_is_heard(patch: pytest.MonkeyPatch) -> None:
    """Whoever could be heard comes too late."""

    def late(_story: object, _about: str, action: str, _detail: str) -> int:
        return 90 * (action == "defences")

    patch.setattr(zunyi.Zunyi, "late", late)


def fewer_offers(patch: pytest.MonkeyPatch) -> None:
    """Not half as many units offer a team."""
    patch.setattr(zunyi, "OFFERED", 400)


def more_companies(patch: pytest.MonkeyPatch) -> None:
    """As many share companies as 902 villages have."""
    patch.setattr(zunyi, "COMPANIES", zunyi.POOR + zunyi.OTHERS)


def richer_province(patch: pytest.MonkeyPatch) -> None:
    """A farmer of the province earned 2,000 yuan."""
    patch.setattr(guizhou, "INCOMES", {**guizhou.INCOMES, "province_income": 2000})


def more_leaders(patch: pytest.MonkeyPatch) -> None:
    """Every county has three leaders more than its contact points take."""
    patch.setattr(guizhou, "LEADERS_MORE", 3)


def few_teams(patch: pytest.MonkeyPatch) -> None:
    """Half as many units as villages."""
    patch.setattr(guizhou.Guizhou, "_units", lambda story, place: len(story.counties[place]) // 2)


def all_are_tardy(patch: pytest.MonkeyPatch) -> None:
    """Every question is answered late."""
    patch.setattr(guizhou, "TARDY", 1)


def none_is_renewed(patch: pytest.MonkeyPatch) -> None:
    """No demonstration point is named again."""
    patch.setattr(guizhou, "RENEWED", 0)


def all_do_badly(patch: pytest.MonkeyPatch) -> None:
    """The work goes badly in every township."""
    patch.setattr(guizhou, "WEAK", 1)


def a_fifth(pack: dict[str, Any]) -> None:
    """A fifth of the villages is drawn for a check."""
    pack["campaigns"][0]["share"] = 0.2


CHANGED: list[tuple[str, Change, dict[str, int]]] = [
    ("benxi", pack_of(benxi, teams_of(2)), {"Party-member cadres": 128}),
    ("guizhou", richer_province, {"a farmer's income in thousandths of the country's": 558}),
    ("guizhou", more_leaders, {"leaders without a contact point": 30}),
    ("guizhou", few_teams, {"key villages without a team": 20}),
    ("guizhou", all_are_tardy, {"questions answered late": 6}),
    ("guizhou", none_is_renewed, {"demonstration points that were not named again": 2}),
    ("guizhou", all_do_badly, {"of these, with poor results": 10}),
    ("guizhou", pack_of(guizhou, a_fifth), {"villages drawn for a check": 8}),
    (
        "jalaid",
        offers(195),
        {"first secretaries": 195, "reserve cadres among them": 195, "villages without a team": 1},
    ),
    ("jalaid", pack_of(jalaid, teams_of(4)), {"members of teams": 588}),
    ("jalaid", late_helpers, {"households without a helper": 36}),
    ("jalaid", richest(2_002_000 + 196), {"mean of a village in yuan": 95_664}),
    (
        "xixiu",
        fewer_sign,
        {"persons lifted": 1068, "households lifted": 272, "incidence at last, of 10,000": 382},
    ),
    ("xixiu", nothing_earned, {"shell villages at last": 6, "the latter in per cent of the former": 0}),
    ("xixiu", small_halls, {"villages with a hall of 300 m²": 3}),
    ("xixiu", few_units, {"poor villages without a team": 2, "villages removed from the list": 1}),
    (
        "zunyi",
        pack_of(zunyi, larger_draws),
        {"villages drawn in a quarter": 19, "villages where each part was looked into": 19},
    ),
    ("zunyi", more_weak_ones, {"entries on these lists": 67}),
    ("zunyi", more_do_badly, {"teams graded poor": 4, "cases of accountability": 4}),
    ("zunyi", nobody_is_heard, {"cases whose subject was not heard": 1}),
    ("zunyi", fewer_offers, {"villages on a list without a team": 16}),
    ("zunyi", more_companies, {"collective entities": 148}),
]
"""By region: a change of one entry or pack, and what computed figures become of it."""


@pytest.mark.parametrize(("name", "change", "becomes"), CHANGED)
def test_a_computed_figure_changes_with_what_it_is_computed_from(
    name: str, change: Change, becomes: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {f.en: f.system for f in as_told(name)[0] if f.en in becomes}
    change(monkeypatch)
    now = {f.en: f.system for f in REGIONS[name].figures(played(name)) if f.en in becomes}
    assert now == becomes
    assert not before.items() & now.items(), "each of them is another one"


def test_every_computed_figure_is_changed_once() -> None:
    computed = {(name, f.en) for name in REGIONS for f in as_told(name)[0] if f.origin == "computed"}
    assert computed == {(name, figure) for name, _, becomes in CHANGED for figure in becomes}
