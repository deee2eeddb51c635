"""Guizhou's story over the real processes: a pack that is wider than a prefecture, on one replica and on two."""

import asyncio
import re
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from typer.testing import CliRunner

from deploy.cli import commands
from deploy.demo import records, simulation
from deploy.demo.memory import Memory
from deploy.demo.officers import Officers
from deploy.demo.play import play
from deploy.demo.regions import REGIONS
from deploy.demo.regions.guizhou.story import END, ITSELF, KNOWN, POLICY, Guizhou
from deploy.local.supervisor import System
from services.registry.model import yearbook
from shared.divisions import place_of
from shared.web.token import operator_headers

SEED, VILLAGES = 52, 16
LISTED, ASSIGNED, MEASURED = date(2008, 3, 6), date(2008, 10, 31), date(2008, 12, 31)


def in_memory(until: date, *, divided: bool) -> Memory:
    """The story as the rules alone decide it, with one pack of the province or one of each prefecture."""
    story = Guizhou(SEED, VILLAGES)
    story.divided = divided
    memory = Memory(story.start)

    async def nothing(_day: date) -> None: ...

    asyncio.run(Officers(story, memory).live(until, nothing))
    assert [parked for service in memory.world.services.values() for parked in service.parked] == []
    return memory


def asked(folder: Path, *words: str) -> str:
    """What the command line answers about a running system."""
    ran = CliRunner().invoke(commands.app, [*words, "--folder", str(folder)], env={"COLUMNS": "200"})
    assert ran.exit_code == 0, ran.output
    return ran.output


def parts(system: System, path: str) -> list[tuple[str, Any]]:
    """What each replica of the registry answers: of which share it says that it is, and the answer."""
    headers = operator_headers(system.folder.secret.read_bytes())
    urls = [system.url(name) for name in system.processes if name.startswith("registry")]
    answers = [httpx.get(f"{url}{path}", headers=headers, trust_env=False).raise_for_status() for url in urls]
    return [(answer.headers.get("zhucun-share", ""), answer.json()) for answer in answers]


def seen_at(system: System, *pages: str) -> list[httpx.Response]:
    """What the console answers about the form of a division's figures."""
    urls = [f"{system.url('console')}/{page.format('registry/division-figures')}" for page in pages]
    return [httpx.get(url, trust_env=False, follow_redirects=True).raise_for_status() for url in urls]


def totals_of(memory: Memory) -> list[yearbook.Total]:
    """The province's totals of 2008 as the rules alone come to them."""
    states = memory.world.services["registry"].states.values()
    books = [state for state in states if isinstance(state, yearbook.Yearbook) and state.status == "2008"]
    return [*yearbook.totals(books, POLICY.indicators, "province", "52", {})]


@pytest.mark.parametrize(("replicas", "until"), [(1, LISTED), (2, MEASURED)])
async def test_4_1_a_province_comes_to_what_the_rules_decide_in_memory(
    replicas: int, until: date, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its villages, units and cadres come in several pages, and where there are two replicas each has some of them."""
    for reader in (records, simulation):
        monkeypatch.setattr(reader, "LARGEST_LIST", 7)
    told = await asyncio.to_thread(in_memory, until, divided=replicas > 1)
    async with System(tmp_path, replicas=replicas, console=True) as system:
        await system.ready()
        played = await play(system, region=REGIONS["guizhou"], seed=SEED, villages=VILLAGES, until=until, quiet=True)
        counted = await asyncio.to_thread(parts, system, "/v1/summary/villages?place=52")
        found = await asyncio.to_thread(parts, system, "/v1/totals/52?since=2008&by=province")
        of_province = await asyncio.to_thread(parts, system, f"/v1/totals/52?since={KNOWN}&by=province")
        form = tmp_path / "figures.xlsx"
        await asyncio.to_thread(asked, tmp_path, "template", "division-figures", "--place", ITSELF, "--out", str(form))
        shown_there = await asyncio.to_thread(asked, tmp_path, "totals", "52", "--since", "2008", "--by", "province")
        page, filled = await asyncio.to_thread(seen_at, system, "act/{}?place=52", "forms/{}/file?place=52")
    assert "全省人口" in page.text and filled.content.startswith(b"PK"), (
        "the province's officer records them in the browser"
    )
    assert played.dead_letters == 0
    assert {
        name: {kind: digest for kind, digest in of.items() if kind != "events"} for name, of in played.digests.items()
    } == told.digests()
    assert [share for share, _ in counted] == ([""] if replicas == 1 else ["1/2", "2/2"])
    assert sum(sum(by.values()) for _, by in counted) == VILLAGES
    # What each replica counts of the province is its part; the command line puts the parts together.
    whole = yearbook.united(msgspec.convert(one, yearbook.Total) for _, of in found for one in of)
    assert [(one.figure, one.villages) for one in whole] == [(one.figure, one.villages) for one in totals_of(told)]
    assert [one.value for one in whole] == pytest.approx([one.value for one in totals_of(told)])
    assert len(whole) == (2 if replicas == 2 else 0) and len(found) == replicas
    for one in whole:
        assert re.search(rf"{one.label}\s.*\s{one.value:,.10g}\s.*\s{VILLAGES}\s", shown_there), shown_there
    shown = {f.en: f.system for f in played.figures}
    assert shown["key villages"] == VILLAGES
    assert shown["key villages without a team"] == (VILLAGES if replicas == 1 else 0)
    assert shown["a farmer's income in thousandths of the country's"] == 553, "the province's own figure"
    assert [
        (one["division"], one["name"]) for _, of in of_province for one in of if one["figure"] == "income_ratio"
    ] == [("province:52", "贵州省")], "one replica has it"
    assert form.exists(), "and issues the form for it"


def test_a_divided_province_draws_and_matches_in_each_prefecture() -> None:
    whole, parts = in_memory(ASSIGNED, divided=False), in_memory(END, divided=True)
    assert [*whole.world.all("dispatch", "pools")] == ["52"]
    prefectures = sorted(parts.world.all("dispatch", "pools"))
    assert prefectures == ["5291", "5292", "5293", "5294"]
    assert [*whole.world.all("inspection", "calendars")] == ["52"]
    # What is the province's own is as one more prefecture, in which nothing lies and nothing is drawn.
    assert sorted(parts.world.all("inspection", "calendars")) == [ITSELF, *prefectures]
    places = {one["place"] for one in parts.world.all("inspection", "campaigns").values()}
    assert places and place_of(ITSELF) not in places
