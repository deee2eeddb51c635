"""The read tables: they come to the same whatever feed is read first, and to what the services themselves have."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
import pytest
from alembic import command
from sqlalchemy import insert, select

from services.console import store
from services.console.model.rows import REPORTED, Rows, Told, apply
from services.console.model.sums import marks, measures, sums, within
from services.console.model.village import Late, Village
from services.console.tables import TABLES
from shared import migrations
from shared.contracts import registry as r
from shared.engine.opening import open_engine
from tests.console.journals import as_told, journals
from tests.support.lived import Dated, lived

STORIES = ("benxi", "guizhou")
"""Exits with teams and calendars, and lists, splits and mergers."""


@pytest.fixture(scope="module")
def reaches() -> dict[str, Dated]:
    return {region: asyncio.run(lived(region)) for region in STORIES}


def pages(told: Sequence[Told], sizes: random.Random) -> Iterator[Sequence[Told]]:
    while told:
        size = sizes.choice((1, 7, 200, 1000))
        yield told[:size]
        told = told[size:]


async def read(database: str, orders: Sequence[Sequence[Told]], seed: int) -> dict[str, list[Any]]:
    """All read tables after these events, in this order."""
    engine = open_engine(database)
    async with engine.begin() as conn:
        await store.forget(conn)
    for told in orders:
        for page in pages(told, random.Random(seed)):
            async with engine.begin() as conn:
                await store.take_in(conn, page)
    found: dict[str, list[Any]] = {}
    async with engine.connect() as conn:
        for table in TABLES.read:
            rows = [tuple(row) for row in await conn.execute(select(table)) if getattr(row, "number", 1)]
            found[table.name] = sorted(rows, key=str)
    await engine.dispose()
    return found


def test_a_village_stands_where_it_does_since_the_day_that_the_event_names_and_else_since_its_own() -> None:
    at: dict[str, Any] = {"place": "210521", "village": "210521100201"}
    since, moved, own = date(2014, 3, 1), date(2016, 2, 1), date(2016, 5, 3)
    told = (
        r.VillageRegistered(**at, name="上石村", township="小市镇", population=900),
        r.VillageListed(**at, spell=1, since=since),
        r.VillageRecoded(**at, code="210522100201", since=moved),
        r.VillageDiagnosed(**at, spell=1, problem_class="weak", counts={}, problems=(), decided_by="县委"),
    )
    rows, stood = Rows(), []
    for n, event in enumerate(told):
        apply(rows, Told(event, own, str(n), "registry"))
        village = rows.villages[at["village"]]
        stood.append((village.stage, village.since, village.place))
    assert stood == [
        ("registered", own, "210521"),
        ("listed", since, "210521"),
        ("listed", moved, "210522"),
        ("diagnosed", own, "210522"),
    ]


@pytest.mark.parametrize("region", STORIES)
async def test_the_tables_are_the_same_whichever_feed_is_read_first(
    region: str, database: str, reaches: dict[str, Dated]
) -> None:
    """The inspection's whole feed may come before the registry's first event, and the other way round."""
    await asyncio.to_thread(migrations.upgrade, "console", database)
    feeds = journals(reaches[region])
    as_it_came = await read(database, [as_told(feeds)], 1)
    assert as_it_came == await read(database, [feeds[name] for name in sorted(feeds)], 2)
    assert as_it_came == await read(database, [feeds[name] for name in sorted(feeds, reverse=True)], 3)


@pytest.mark.parametrize("region", STORIES)
async def test_the_tables_say_what_the_services_have(region: str, tmp_path: Any, reaches: dict[str, Dated]) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path}/console.sqlite3"
    await asyncio.to_thread(migrations.upgrade, "console", database)
    reach = reaches[region]
    tables = await read(database, [as_told(journals(reach))], 4)
    rows = {one.id: one for row in tables["villages"] for one in [msgspec.json.decode(row[-1], type=Village)]}
    states = defaultdict[str, dict[str, Any]](dict)
    for service in reach.world.services.values():
        for state in service.states.values():
            states[f"{service.name}/{state.kind}"][state.id] = state
    villages = states["registry/villages"]
    assert villages
    assert {id: (one.stage, one.since, one.code) for id, one in rows.items()} == {
        id: (state.stage, state.since, codes(state)) for id, state in villages.items()
    }
    there = ("assigned", "helped", "kept")
    teams = {link.village: len(link.team) for link in states["dispatch/links"].values() if link.stage in there}
    assert {id: one.team for id, one in rows.items() if one.team} == {id: n for id, n in teams.items() if n}
    listed = {(one.village, one.sort) for one in states["registry/listings"].values() if one.last and not one.party}
    assert {(id, kind) for id, one in rows.items() for kind in one.lists} == listed
    measured = {id: (one.measured, one.values.get("incidence")) for id, one in villages.items() if one.measured}
    assert {id: (one.year, one.incidence) for id, one in rows.items() if one.year} == measured
    handed_up = Counter[str]()
    for fact, day in zip(reach.world.facts, reach.days, strict=True):
        if type(fact.event) in REPORTED and getattr(fact.event, "measured_by", True):
            handed_up[f"{fact.event.village} {day.year}"] += 1  # type: ignore[attr-defined]
    assert {f"{id} {year}": n for id, one in rows.items() for year, n in one.reports.items()} == handed_up
    assert_sums(tables, rows)


def test_3_7_what_is_filled_in_for_a_village_counts_in_each_of_its_divisions_by_the_year_of_the_day() -> None:
    """Also what is handed in once more, since it was asked for once more."""
    here: dict[str, Any] = {"place": "210521", "village": "210521100200"}
    named = r.VillageRegistered(**here, name="某村", township="某镇", population=900)
    figures = r.IndicatorsMeasured(**here, year=2014, values={"hall_area": 300.0}, measured_by="某镇人民政府")
    followed = msgspec.structs.replace(figures, measured_by="")
    ticked = r.ChecklistTicked(**here, kind="disclosure", on=date(2015, 3, 31), ticked_by="某村村民委员会")
    read = r.SurveyRecorded(**here, number=1, kind="visit", topic="results")
    days = date(2014, 12, 20), date(2015, 1, 9)
    told = [
        (named, days[0]),
        (read, days[0]),
        (figures, days[0]),
        (figures, days[1]),
        (followed, days[1]),
        (ticked, days[1]),
    ]
    rows = Rows({}, {}, {})
    for number, (event, day) in enumerate(told):
        apply(rows, Told(event, day, f"{number}", "registry"))
    (village,) = rows.villages.values()
    assert village.reports == {"2014": 1, "2015": 2}
    of_place = sums(None, village)
    for place in ("", "21", "2105", "210521", "210521100"):
        assert [of_place[place, f"reports/{year}"] for year in (2014, 2015)] == [1, 2]


async def test_an_upgrade_reads_anew_what_was_told_before_reports_were_counted(database: str) -> None:
    await asyncio.to_thread(migrations._with_config, "console", database, lambda to: command.upgrade(to, "0003"))
    row = {"source": "registry", "cursor": "7", "day": "2015-01-09", "is_current": 1}
    engine = open_engine(database)
    async with engine.begin() as conn:
        await conn.execute(insert(TABLES.positions).values(row))
    await asyncio.to_thread(migrations.upgrade, "console", database)
    async with engine.connect() as conn:
        left = [(await conn.execute(select(table))).all() for table in TABLES.read]
    await engine.dispose()
    assert not any(left)


def codes(state: Any) -> str:
    """The code that a village has by now."""
    return str(state.codes[-1].code if state.codes else state.id)


@pytest.mark.parametrize(
    ("incidence", "bin"),
    [(0, 0), (0.0001, 1), (0.02, 1), (0.0201, 2), (0.05, 2), (0.1, 3), (0.2, 4), (0.2001, 5), (1, 5)],
)
def test_a_share_of_poor_villagers_lies_in_the_bin_whose_upper_end_it_does_not_exceed(
    incidence: float, bin: int
) -> None:
    counted = measures(
        Village(id="210521100201", code="210521100201", name="上石村", stage="listed", incidence=incidence)
    )
    assert [name for name in counted if name.startswith("incidence/")] == [f"incidence/{bin}"]


def test_a_village_in_which_something_is_late_is_counted_once() -> None:
    late = {str(n): Late("dispatch.commitment.overdue.v1", date(2015, 7, 1)) for n in range(3)}
    orders = {"o1": date(2015, 7, 1), "o2": date(2015, 7, 1)}
    village = Village(id="210521100201", code="210521100201", name="上石村", stage="listed", late=late, orders=orders)
    counted = measures(village)
    assert (counted["late"], counted["orders"]) == (1, 1)


def assert_sums(tables: dict[str, list[Any]], rows: dict[str, Village]) -> None:
    """The sums are those of the villages, and what came to each stage minus what left it is what stands there."""
    counted = Counter[tuple[str, str]]()
    for one in rows.values():
        for place in within(one.code):
            counted.update({(place, name): number for name, number in measures(one).items()})
    sums = {(place, name): number for place, name, number in tables["sums"]}
    assert sums == {key: n for key, n in counted.items() if n}
    several = "due", "missed/", "crowded/", "reports/", "visits/"  # A village may have more than one of these.
    found_by = Counter(mark for one in rows.values() for mark in marks(one) if not mark.startswith(several))
    assert {mark: sums.get(("", mark), 0) for mark in found_by} == found_by
    stood = Counter[tuple[str, str]]()
    for place, _, stage, number in tables["changes"]:
        stood[place, f"stage/{stage}"] += number
    assert {key: n for key, n in stood.items() if n} == {
        (place, name): n for (place, name), n in counted.items() if name.startswith("stage/") and len(place) < 9
    }
