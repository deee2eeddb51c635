"""The story of Benxi: the simulated officers over the real rules in one memory, and over the real processes."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import cache
from io import StringIO
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from deploy.demo import report, simulation
from deploy.demo.answers import Awaited, Row
from deploy.demo.memory import Memory
from deploy.demo.officers import Officers
from deploy.demo.play import play
from deploy.demo.records import Records
from deploy.demo.regions import REGIONS
from deploy.demo.regions.benxi.story import END, Benxi
from deploy.demo.village import show
from deploy.local.supervisor import System
from tests.support.happened import by_village

SEED = 2014


class Interrupted(Exception):
    pass


class Story(Memory):
    """The story in memory, in which nothing is hidden; it can be interrupted after so many requests."""

    def __init__(self, *, shuffle: random.Random | None = None, interrupted_after: int | None = None) -> None:
        super().__init__(Benxi.start, shuffle=shuffle)
        self.answered: dict[str, bytes] = {}
        self.interrupted_after = interrupted_after
        self.days: list[date] = []

    async def pass_day(self, day: date) -> None:
        if day != self.world.today or not self.answered:
            await super().pass_day(day)

    async def tasks(self) -> list[Awaited]:
        found = await super().tasks()
        for name, service in self.world.services.items():
            hiding = {(state.kind, state.id) for state in service.states.values() if not state.awaits}
            assert not [task for task in found if task.service == name and (task.kind, task.id) in hiding]
        return found

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        body, key = msgspec.json.encode(rows), f"{path}:{key}"
        assert self.answered.get(key, body) == body, "the same key says the same"
        if key not in self.answered:
            await super().post(service, path, key, rows)
            self.answered[key] = body
        if len(self.answered) == self.interrupted_after:
            self.interrupted_after = None
            raise Interrupted

    async def watch(self, day: date) -> None:
        """Remember the day of each fact."""
        self.days += [day] * (len(self.world.facts) - len(self.days))

    def records(self) -> Records:
        """What a report is computed from."""
        events = by_village(self.world.facts, self.days)
        return Records(events, self.world.all("registry", "units"), self.world.all("registry", "cadres"))


def live(until: date, villages: int, memory: Story | None = None, diary: Path | None = None) -> Story:
    """The story in memory, in which nothing may be parked."""
    memory = memory or Story()
    asyncio.run(Officers(Benxi(SEED, villages), memory, diary).live(until, memory.watch))
    assert [parked for service in memory.world.services.values() for parked in service.parked] == []
    return memory


@pytest.fixture(scope="module")
def three_years() -> Story:
    return live(END, villages=9)


def test_3_1_to_3_6_the_system_comes_to_the_figures_of_the_document() -> None:
    figures = REGIONS["benxi"].figures(live(date(2014, 12, 31), villages=72).records())
    assert [(f.en, f.document, f.system) for f in figures if not f.equal] == []


def test_everything_that_can_go_wrong_goes_wrong_once_at_least(three_years: Story) -> None:
    assert [way for way, times in REGIONS["benxi"].ways(three_years.records()).items() if not times] == []


def test_who_meets_the_criteria_is_off_the_list_and_who_does_not_keeps_the_team(three_years: Story) -> None:
    stages = {id: village["stage"] for id, village in three_years.world.all("registry", "villages").items()}
    teams = three_years.world.all("dispatch", "links")
    for village in Benxi(SEED, 9).villages.values():
        if village.leaves is None:
            assert stages[village.id] == "helped", village
            assert len(teams[f"{village.id}/team"]["team"]) == 3
        else:
            assert stages[village.id] in ("delisted", "released"), village


@pytest.mark.parametrize("seed", range(3))
def test_the_story_is_the_same_in_whatever_order_the_services_hear_one_another(seed: int) -> None:
    until, villages = date(2015, 3, 31), 5
    told, shuffled = live(until, villages), live(until, villages, Story(shuffle=random.Random(seed)))
    assert shuffled.digests() == told.digests()
    assert {fact.id for fact in shuffled.world.facts} == {fact.id for fact in told.world.facts}


@pytest.mark.parametrize("requests", [1, 3, 20, 47, 60])
def test_an_interrupted_play_goes_on_to_the_same_end(requests: int, tmp_path: Path) -> None:
    until, villages, diary = date(2015, 1, 31), 3, tmp_path / "play.json"
    memory = Story(interrupted_after=requests)
    with pytest.raises(Interrupted):
        live(until, villages, memory, diary)
    assert live(until, villages, memory, diary).digests() == live(until, villages).digests()


def test_a_diary_of_another_story_is_refused(tmp_path: Path) -> None:
    live(date(2014, 6, 2), 2, diary=tmp_path / "play.json")
    with pytest.raises(ValueError, match="2 villages with seed 2014"):
        Officers(Benxi(SEED, 3), Story(), tmp_path / "play.json")


def test_the_picture_has_every_village_in_every_month_and_ends_as_the_registry_does(three_years: Story) -> None:
    over_time = report.stages(three_years.records(), END)
    assert len(over_time) == 40
    assert {sum(counts.values()) for counts in over_time.values()} == {9}
    assert over_time[END] == Counter(v["stage"] for v in three_years.world.all("registry", "villages").values())
    bars = ElementTree.fromstring(report.svg(over_time)).iter("{http://www.w3.org/2000/svg}title")
    assert sum(int((bar.text or "").split()[-1]) for bar in bars) == 9 * 40


def test_the_report_shows_the_figures_what_went_wrong_and_the_months(three_years: Story) -> None:
    shown = StringIO()
    report.show(Console(file=shown, width=200), REGIONS["benxi"], three_years.records(), END)
    lines = shown.getvalue().splitlines()
    assert any("贫困村 " in line and " 72 " in line and " 9 " in line and "≠" in line for line in lines)
    assert any("召回队员" in line and "1" in line for line in lines)
    assert [line for line in lines if line.startswith("2015-12 ")] == ["2015-12 " + "█" * 9]


async def test_killed_processes_come_to_what_the_rules_decide_in_memory(tmp_path: Path) -> None:
    until, villages = date(2014, 10, 1), 3
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
    assert played.ways == REGIONS["benxi"].ways(told.records())
    way = shown.getvalue()
    assert "摸底排查记录 ×" in way and "县" in way and "县（区）集体会诊会议" in way, way
    assert "正在等待办理" in way and "对账" in way.partition("正在等待办理")[2], "what is awaited of whom"
    assert "指标自2014年11月20日起测算" in way, "why not yet"


@given(
    rows=st.lists(st.integers(0, 40).map(lambda many: {"households": list(range(many))}), max_size=30),
    most=st.integers(1, 8),
)
def test_a_letter_is_sent_whole_and_in_parts_that_a_service_takes(rows: list[Row], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "MOST_VALUES", 200)
        parts = [(start, msgspec.json.decode(body)) for start, body in simulation._requests(rows, most)]
    assert [row for _, part in parts for row in part] == rows
    assert [start for start, _ in parts] == [sum(len(part) for _, part in parts[:n]) for n in range(len(parts))]
    assert all(len(part) == 1 or sum(max(len(row["households"]) - 1, 0) for row in part) <= 50 for _, part in parts)
    assert all(len(part) <= most for _, part in parts)
    together = pairwise(parts)
    assert all(
        len(one) == most or sum(max(len(row["households"]) - 1, 0) for row in [*one, other[0]]) > 50
        for (_, one), (_, other) in together
    ), "and no more parts than that takes"
