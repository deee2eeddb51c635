"""Guizhou's story over the real processes: a pack that is wider than a prefecture, on one replica and on two."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from deploy.demo import records, simulation
from deploy.demo.memory import Memory
from deploy.demo.officers import Officers
from deploy.demo.play import play
from deploy.demo.regions import REGIONS
from deploy.demo.regions.guizhou.story import Guizhou
from deploy.local.supervisor import System

SEED, VILLAGES = 52, 16
LISTED, ASSIGNED = date(2008, 3, 6), date(2008, 10, 31)


def in_memory(until: date, *, divided: bool) -> Memory:
    """The story as the rules alone decide it, with one pack of the province or one of each prefecture."""
    story = Guizhou(SEED, VILLAGES)
    story.divided = divided
    memory = Memory(story.start)

    async def nothing(_day: date) -> None: ...

    asyncio.run(Officers(story, memory).live(until, nothing))
    assert [parked for service in memory.world.services.values() for parked in service.parked] == []
    return memory


@pytest.mark.parametrize(("replicas", "until"), [(1, LISTED), (2, ASSIGNED)])
async def test_4_1_a_province_comes_to_what_the_rules_decide_in_memory(
    replicas: int, until: date, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its villages, units and cadres come in several pages, and where there are two replicas each has some of them."""
    for reader in (records, simulation):
        monkeypatch.setattr(reader, "LARGEST_LIST", 7)
    told = await asyncio.to_thread(in_memory, until, divided=replicas > 1)
    async with System(tmp_path, replicas=replicas) as system:
        await system.ready()
        played = await play(
            system, region=REGIONS["guizhou"], seed=SEED, villages=VILLAGES, until=until, quiet=True
        )  # fmt: skip
    assert played.dead_letters == 0
    assert {
        name: {kind: digest for kind, digest in of.items() if kind != "events"} for name, of in played.digests.items()
    } == told.digests()
    shown = {f.en: f.system for f in played.figures}
    assert shown["key villages"] == VILLAGES
    assert shown["key villages without a team"] == (VILLAGES if replicas == 1 else 0)
    # A province's own figures are recorded where one process has it whole.
    assert shown["a farmer's income in thousandths of the country's"] == (553 if replicas == 1 else 0)


def test_a_divided_province_draws_and_matches_in_each_prefecture() -> None:
    whole, parts = in_memory(ASSIGNED, divided=False), in_memory(ASSIGNED, divided=True)
    assert [*whole.world.all("dispatch", "pools")] == ["52"]
    prefectures = sorted(parts.world.all("dispatch", "pools"))
    assert prefectures == ["5291", "5292", "5293", "5294"]
    assert [*whole.world.all("inspection", "calendars")] == ["52"]
    assert sorted(parts.world.all("inspection", "calendars")) == prefectures
