"""The country in small: every village of two counties comes to its end, through the real processes."""

from datetime import date, timedelta
from typing import Any, TypeVar

import msgspec
import pytest
from rich.console import Console

from deploy.local.supervisor import System
from services.dispatch.model.eligibility import Cadre, Posting, Unit, unmet
from services.dispatch.model.matching import Need, Possible
from shared.calendar import add_months
from shared.policy import parse_pack
from tests.bench import country
from tests.bench.country.county import AT_HOME, BORN, FIRST, LAST, County, Village
from tests.bench.peers import STEPS

COUNTIES, VILLAGES = 2, 12
T = TypeVar("T", bound=msgspec.Struct)


def villages() -> list[Village]:
    return [village for number in range(COUNTIES) for village in County(number, VILLAGES, 120).villages]


def test_each_county_has_a_code_and_a_valid_pack_of_its_own_and_their_teams_differ() -> None:
    counties = [County(number, 1, 10) for number in range(country.COUNTIES)]
    assert len({county.code for county in counties}) == country.COUNTIES
    packs = [parse_pack(next(county.policies())["pack"]) for county in counties[::99]]
    assert all(pack.version.startswith(pack.jurisdiction) and len(pack.jurisdiction) == 6 for pack in packs)
    assert len({(pack.team.each_target, pack.team.roles[0].party_member) for pack in packs}) > 2


def test_a_county_has_as_many_cadres_as_it_is_said_and_nobody_twice() -> None:
    cadres = [row["cadre"] for row in County(0, country.VILLAGES, country.CADRES).cadres()]
    assert len(cadres) == len(set(cadres)) == country.CADRES


@pytest.mark.parametrize("number", range(4))
def test_the_story_has_villages_that_leave_in_each_year_and_some_of_which_each_goes_wrong(number: int) -> None:
    county = County(number, country.VILLAGES, country.CADRES)
    assert all(any(village.leaves(year) for village in county.villages) for year in range(FIRST, LAST + 1))
    assert {village.fate for village in county.villages} == {"", "refuted", "slipped", "recalled"}
    assert any(not village.requests for village in county.villages)


@pytest.mark.parametrize("number", range(12))  # Every mix of requirements, in counties that are short and that are not.
def test_3_4_a_county_lacks_leaders_only_until_they_are_registered_and_whoever_stays_at_home_may_lead(
    number: int,
) -> None:
    county, day = County(number, 30, 400), date(FIRST, 1, 7)
    policy = parse_pack(next(county.policies())["pack"])
    needs = {v.id: Need(place=county.code, problem_class=v.problem, since=day) for v in county.villages}
    units = {row["unit"]: _kept(Unit, row) for row in county.units()}
    cadres = {row["cadre"]: _kept(Cadre, row) for row in county.cadres()}
    first = Possible(needs, units, cadres, {}, policy, day).best()
    unled = {unit[-3:] for found in first.obstacles.values() for unit, why in found.items() if why == "leader_rank"}
    assert unled <= {"004", "005"} and bool(unled) is (number in (1, 4, 7, 10))
    assert len(first.obstacles) == len(unled), "nobody waits for anything else"
    cadres |= {row["cadre"]: _kept(Cadre, row) for row in county.late_leaders()}
    all_of_them = Possible(needs, units, cadres, {}, policy, day).best()
    assert len(all_of_them.matches) == len(needs)
    for found in all_of_them.matches:
        assert not [member for member in found.team if member.cadre.endswith(AT_HOME)]
        substitute = cadres[f"C{found.unit[1:]}-{AT_HOME}"]
        assert unmet(Posting(substitute, units[found.unit], found.village, policy, day), "leader") == []


def _kept(kind: type[T], row: dict[str, Any]) -> T:
    return msgspec.convert({field: row[field] for field in kind.__struct_fields__ if field in row}, kind)


def born_in(village: Village) -> bool:
    """Whether a member of its team is on maternity leave, and another one comes meanwhile."""
    return village.number == BORN and is_counted(village)


def is_counted(village: Village) -> bool:
    """Whether its county counts the days of each month."""
    return village.id[:6] == County(0, 1, 10).code


def _assert_yearly(village: Village, types: list[str]) -> None:
    """Each year a checklist was ticked off and the secretary graded; pay was drawn where it changed, and confirmed."""
    years = [*range(FIRST, LAST + 1)]
    assert types.count("registry.checklist.ticked.v1") == types.count("inspection.appraisal.graded.v1") == len(years)
    assert "registry.checklist.overdue.v1" not in types
    drawn = types.count("incentives.statement.drawn.v1")
    assert drawn == types.count("incentives.statement.confirmed.v1") == 1 + sum(map(village.is_paid_anew, years))


def _assert_monthly(village: Village, types: list[str]) -> None:
    """The days of each month with a team were counted in time, leave was granted, and allowances follow from both."""
    months = [add_months(date(FIRST, 2, 1), n) - timedelta(1) for n in range(12 * len(range(FIRST, LAST + 1)))]
    staffed = sum(map(village.is_staffed, months)) if is_counted(village) else 0
    assert types.count("dispatch.presence.counted.v1") == staffed
    assert "dispatch.presence.missed.v1" not in types
    assert types.count("dispatch.leave.begun.v1") == born_in(village)
    asks = is_counted(village) and village.number % 10 == 4
    asked = sum(village.is_staffed(date(year, 5, 1)) for year in range(FIRST, LAST + 1)) if asks else born_in(village)
    assert types.count("dispatch.leave.granted.v1") == asked
    for told in ("drawn", "confirmed"):
        assert types.count(f"incentives.allowances.{told}.v1") == staffed, "one event for all members"


def _assert_ranked(states: dict[str, dict[str, Any]]) -> None:
    """Each year each county's townships were graded, and those who lead them ranked: the worst came to the list."""
    years = len(range(FIRST, LAST + 1))
    assert {one["grade"] for one in states["appraisals"].values()} >= {"good", "able", "passable"}
    assert sum("/township:" in id for id in states["appraisals"]) == COUNTIES * years
    assert len(states["cohorts"]) == COUNTIES * years and all(one["worst"] for one in states["cohorts"].values())
    lagging = [one for one in states["listings"].values() if one["sort"] == "lagging"]
    assert len(lagging) == COUNTIES and all(len(one["spells"]) == years for one in lagging)


async def test_every_village_comes_to_its_end(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(country, "GROUP", 1)  # As in the whole country, counties do not move in step.
    async with System(tmp_path_factory.mktemp("country")) as system:
        await system.ready()
        told = await country.journeys(system, COUNTIES, villages=VILLAGES, cadres=120, console=Console(quiet=True))
        async with country.Country(system, []) as reader:
            states = {
                kind: {state["id"]: state for state in msgspec.json.decode(await reader.get(service, f"/v1/{kind}"))}
                for service, kind in (
                    ("registry", "villages"),
                    ("registry", "registers"),
                    ("dispatch", "pools"),
                    ("dispatch", "pairings"),
                    ("inspection", "campaigns"),
                    ("inspection", "appraisals"),
                    ("inspection", "cohorts"),
                    ("registry", "listings"),
                    ("dispatch", "rosters"),
                    ("incentives", "payrolls"),
                )
            }
            journal = {
                village.id: [
                    event["type"]
                    for service in system.services
                    for event in msgspec.json.decode(await reader.get(service, f"/v1/journal/{village.id}"))
                ]
                for village in villages()
            }

    assert told.dead_letters == 0
    assert told.villages == COUNTIES * VILLAGES == len(states["villages"])
    stays = [village.id for village in villages() if not village.requests]
    assert told.stages == {"released": told.villages - len(stays), "helped": len(stays)}
    for village in villages():
        types, state = journal[village.id], states["villages"][village.id]
        exits = sum(village.leaves(year) for year in range(FIRST, LAST + 1))
        assert state["stage"] == ("released" if village.requests else "helped")
        assert state["spell"] == 1
        assert types.count("registry.village.delisted.v1") == types.count("dispatch.team.released.v1") == exits
        assert types.count("inspection.exit.verified.v1") == len(village.requests)
        assert types.count("dispatch.member.replaced.v1") == (village.fate == "recalled") + 2 * born_in(village)
        assert "registry.village.relapsed.v1" not in types
        graded = sum(village.helped(year) for year in range(FIRST, LAST + 1))
        assert types.count("inspection.assessment.graded.v1") == graded
        assert types.count("dispatch.term.extended.v1") >= (not village.requests)
        assert types.count("dispatch.commitment.reconciled.v1") == 2 * graded
        years = range(FIRST, LAST + 1)
        assert types.count("registry.listing.begun.v1") == sum(map(village.is_shown, years))
        assert types.count("registry.listing.ended.v1") == sum(map(village.is_shown, years[:-1]))
        last = [kind for kind in map(village.watch, years) if kind][-1:]
        household = states["registers"][village.id]["households"][village.register[0]]
        assert ["watch" in household, "cleared" in household] == [
            last == ["monitoring_entry"],
            last == ["risk_removal"],
        ]
        helped = states["pairings"][village.id]["circles"]["household_helper"].get("helped", {})
        assert len(helped) == (0 if village.leaves(FIRST) else len(village.register)), "helpers stay after the exit"
        assert "dispatch.gap.found.v1" in types and "dispatch.gap.closed.v1" in types, "each had poor households"
        _assert_yearly(village, types)
        _assert_monthly(village, types)
        assert not states["rosters"][village.id]["lessons"]["posted"], "all who owed training came to a course"
    _assert_ranked(states)
    for campaign in states["campaigns"].values():
        assert len(campaign["visits"]) == campaign["size"] >= len(campaign.get("frame", ())) / 10
        assert campaign.get("published", False) is (campaign["terms"]["choice"] == "rota")
        assert len(campaign["visited"]) == campaign["size"]
    # A short county waited for leaders of rank (3.4), and in the end nobody waits.
    assert any("dispatch.need.unmet.v1" in types for types in journal.values())
    assert all(not pool.get("needs") for pool in states["pools"].values())
    assert told.handled > told.events > 40 * told.villages
    assert sum(told.phases.values()) <= told.seconds


async def test_a_plain_journey_is_what_a_step_of_a_peer_stands_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with System(tmp_path_factory.mktemp("plain")) as system:
        await system.ready()
        told = await country.journeys(system, 1, villages=VILLAGES, cadres=120, is_plain=True)
    assert told.stages == {"released": VILLAGES - 1, "helped": 1} and told.dead_letters == 0
    assert (told.events - told.registered) / told.villages == pytest.approx(STEPS, abs=5)
