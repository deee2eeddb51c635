"""The story of Benxi: the simulated officers over the real rules in one memory, and over the real processes."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import msgspec
import pytest
from rich.console import Console

from deploy.demo import report
from deploy.demo.benxi import END, START, Row, Scenario
from deploy.demo.officers import Awaited, Officers
from deploy.demo.play import play
from deploy.demo.report import Records
from deploy.demo.village import Happened, show
from deploy.local.supervisor import System
from services.dispatch import api as dispatch_api
from services.dispatch import reactions as dispatch
from services.incentives import api as incentives_api
from services.incentives import reactions as incentives
from services.inspection import api as inspection_api
from services.inspection import reactions as inspection
from services.registry import api as registry_api
from services.registry import reactions as registry
from shared.engine.flow import encode_state
from shared.rules import State
from tests.support.world import Service, World

ROOMS: dict[str, tuple[Any, Any]] = {
    "registry": (registry, registry_api),
    "dispatch": (dispatch, dispatch_api),
    "inspection": (inspection, inspection_api),
    "incentives": (incentives, incentives_api),
}
SEED = 2014


class Interrupted(Exception):
    pass


class Memory:
    """The officers' reach into services that live in this process; it can be interrupted after so many requests."""

    def __init__(self, *, shuffle: random.Random | None = None, interrupted_after: int | None = None) -> None:
        services = [Service(name, rooms.REACTIONS, rooms.DUE) for name, (rooms, _) in ROOMS.items()]
        self.world = World(START, *services, shuffle=shuffle)
        self.commands = {name: {r.path: r.command for r in api.COMMANDS} for name, (_, api) in ROOMS.items()}
        self.answered: dict[str, bytes] = {}
        self.interrupted_after = interrupted_after
        self.facts: list[tuple[date, int]] = []

    async def pass_day(self, day: date) -> None:
        if day != self.world.today or not self.answered:
            self.world.today = day
            self.world.deliver({name: service.pass_day(day).facts for name, service in self.world.services.items()})

    async def tasks(self) -> list[Awaited]:
        found = []
        for name, service in self.world.services.items():
            for state in list(service.states.values()):
                policy = service.book.at(state.place, self.world.today)
                tasks = list(state.tasks(policy)) if policy else []
                assert state.awaits or not tasks, f"{state.kind} {state.id} hides {tasks}"
                found += [
                    Awaited(name, state.kind, state.id, state.place, t.action, t.about, t.role, t.due, t.detail)
                    for t in tasks
                ]
        return found

    async def states(self, service: str, kind: str) -> dict[str, Any]:
        return self.all(service, kind)

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        body, key = msgspec.json.encode(rows), f"{path}:{key}"
        assert self.answered.get(key, body) == body, "the same key says the same"
        if key not in self.answered:
            self.world.command(service, *msgspec.json.decode(body, type=list[self.commands[service][path]]))  # type: ignore[misc]
            self.answered[key] = body
        if len(self.answered) == self.interrupted_after:
            self.interrupted_after = None
            raise Interrupted

    async def next_due(self) -> date | None:
        states = [state for service in self.world.services.values() for state in service.states.values()]
        return min((state.due for state in states if state.due), default=None)

    async def watch(self, day: date) -> None:
        """Remember up to which fact the day went, since facts in memory have no date."""
        self.facts.append((day, len(self.world.facts)))

    def digests(self) -> dict[str, dict[str, str]]:
        """What the services say under /v1/digest, as far as it does not depend on the keys of the requests."""

        def total(states: Iterable[State]) -> str:
            rows = (hashlib.sha256(state.id.encode() + b"\x1f" + encode_state(state)).digest() for state in states)
            return f"{sum(map(int.from_bytes, rows)) % 2**256:064x}"

        return {
            name: {
                kind.kind: total(state for (of, _), state in service.states.items() if of is kind)
                for kind in ROOMS[name][0].KINDS
            }
            for name, service in self.world.services.items()
        }

    def records(self) -> Records:
        """What a report is computed from."""
        days = iter(self.facts)
        day, last = next(days)
        events: dict[str, list[Happened]] = {}
        for number, fact in enumerate(self.world.facts):
            while number >= last:
                day, last = next(days)
            if village := getattr(fact.event, "village", None):
                happened = Happened(day, datetime.min, fact.id, fact.cause.id, fact.event)
                events.setdefault(village, []).append(happened)
        return Records(events, self.all("registry", "units"), self.all("registry", "cadres"))

    def all(self, service: str, kind: str) -> dict[str, Any]:
        """All states of a kind as they are shown."""
        states = self.world.services[service].states.items()
        return {id: msgspec.to_builtins(state) for (of, id), state in states if of.kind == kind}


def live(until: date, villages: int, memory: Memory | None = None, diary: Path | None = None) -> Memory:
    """The story in memory, in which nothing may be parked."""
    memory = memory or Memory()
    asyncio.run(Officers(Scenario(SEED, villages), memory, diary).live(until, memory.watch))
    assert [parked for service in memory.world.services.values() for parked in service.parked] == []
    return memory


@pytest.fixture(scope="module")
def three_years() -> Memory:
    return live(END, villages=9)


def test_3_1_to_3_6_the_system_comes_to_the_figures_of_the_document() -> None:
    figures = report.figures(live(date(2014, 12, 31), villages=72).records())
    assert [(f.en, f.document, f.system) for f in figures if not f.equal] == []


def test_everything_that_can_go_wrong_goes_wrong_once_at_least(three_years: Memory) -> None:
    assert [way for way, times in report.ways(three_years.records()).items() if not times] == []


def test_who_meets_the_criteria_is_off_the_list_and_who_does_not_keeps_the_team(three_years: Memory) -> None:
    stages = {id: village["stage"] for id, village in three_years.all("registry", "villages").items()}
    teams = three_years.all("dispatch", "assignments")
    for village in Scenario(SEED, 9).villages.values():
        if village.leaves is None or village.fate == "relapsed":
            assert stages[village.id] == "helped", village
            assert len(teams[village.id]["team"]) == 3
        else:
            assert stages[village.id] in ("delisted", "released"), village


@pytest.mark.parametrize("seed", range(3))
def test_the_story_is_the_same_in_whatever_order_the_services_hear_one_another(seed: int) -> None:
    until, villages = date(2015, 3, 31), 5
    told, shuffled = live(until, villages), live(until, villages, Memory(shuffle=random.Random(seed)))
    assert shuffled.digests() == told.digests()
    assert {fact.id for fact in shuffled.world.facts} == {fact.id for fact in told.world.facts}


@pytest.mark.parametrize("requests", [1, 3, 20, 47, 60])
def test_an_interrupted_play_goes_on_to_the_same_end(requests: int, tmp_path: Path) -> None:
    until, villages, diary = date(2015, 1, 31), 3, tmp_path / "play.json"
    memory = Memory(interrupted_after=requests)
    with pytest.raises(Interrupted):
        live(until, villages, memory, diary)
    assert live(until, villages, memory, diary).digests() == live(until, villages).digests()


def test_a_diary_of_another_story_is_refused(tmp_path: Path) -> None:
    live(date(2014, 6, 2), 2, diary=tmp_path / "play.json")
    with pytest.raises(ValueError, match="2 villages with seed 2014"):
        Officers(Scenario(SEED, 3), Memory(), tmp_path / "play.json")


def test_the_picture_has_every_village_in_every_month_and_ends_as_the_registry_does(three_years: Memory) -> None:
    over_time = report.stages(three_years.records(), END)
    assert len(over_time) == 40
    assert {sum(counts.values()) for counts in over_time.values()} == {9}
    assert over_time[END] == Counter(v["stage"] for v in three_years.all("registry", "villages").values())
    bars = ElementTree.fromstring(report.svg(over_time)).iter("{http://www.w3.org/2000/svg}title")
    assert sum(int((bar.text or "").split()[-1]) for bar in bars) == 9 * 40


def test_the_report_shows_the_figures_what_went_wrong_and_the_months(three_years: Memory) -> None:
    shown = StringIO()
    report.show(Console(file=shown, width=200), three_years.records(), END)
    lines = shown.getvalue().splitlines()
    assert any("贫困村 " in line and " 72 " in line and " 9 " in line and "≠" in line for line in lines)
    assert any("召回队员" in line and "1" in line for line in lines)
    assert [line for line in lines if line.startswith("2015-12 ")] == ["2015-12 " + "█" * 9]


async def test_killed_processes_come_to_what_the_rules_decide_in_memory(tmp_path: Path) -> None:
    until, villages = date(2014, 9, 15), 3
    async with System(tmp_path) as system:
        await system.ready()
        played = await play(system, seed=SEED, villages=villages, until=until, kills=3, quiet=True)
        console, first = Console(file=(shown := StringIO()), width=200), "210521901201"
        await asyncio.to_thread(show, console, first, cache(lambda name: httpx.Client(base_url=system.url(name))))
    told = await asyncio.to_thread(live, until, villages)
    assert len(played.killed) == 3
    assert played.dead_letters == 0
    assert {
        name: {k: d for k, d in of.items() if k != "events"} for name, of in played.digests.items()
    } == told.digests()
    assert played.ways == report.ways(told.records())
    way = shown.getvalue()
    assert "摸底排查记录 ×" in way and "county" in way and "县（区）集体会诊会议" in way, way
    assert "指标自 2014-11-20 起测算" in way, "why not yet"
