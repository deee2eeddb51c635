"""The demo: a region's story, played through the real processes of the embedded system."""

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import date
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import structlog
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo import report, village
from deploy.demo.officers import Officers
from deploy.demo.records import Figure, Records, read
from deploy.demo.regions import REGIONS, Region, Ways
from deploy.demo.scenario import Scenario
from deploy.demo.simulation import Simulation
from deploy.language import day as in_language
from deploy.language import told
from deploy.local.supervisor import READY_WITHIN, System, until_stopped
from deploy.terminal import Terminal
from shared.engine.shares import Share, owner, owners
from shared.web.token import operator_headers

DIARY: Final = "play.json"
"""The file in the system's folder from which an interrupted play continues."""
PICTURE: Final = "villages.svg"
STUMBLE: Final = 0.05
"""A kill comes within this many seconds after a day, so that it may hit any part of the next day's work."""


class Result(NamedTuple):
    """How a play ended, as the services tell it."""

    figures: list[Figure]
    ways: Ways
    digests: Mapping[str, Mapping[str, str]]
    """By service and table. They are equal for all plays of the same story, whatever was killed meanwhile."""
    dead_letters: int
    killed: list[str]
    days: int
    seconds: float


async def play(
    system: System,
    *,
    region: Region = REGIONS["benxi"],
    seed: int,
    villages: int,
    until: date,
    kills: int = 0,
    quiet: bool = False,
    beside: Callable[[Simulation], AbstractAsyncContextManager[object]] = nullcontext,
    after: Callable[[date], Awaitable[None]] | None = None,
) -> Result:
    """Play the story on a running system, or continue it where it was interrupted.

    `kills` processes are killed at random moments. The context that `beside` makes is open as long as the story runs.
    What `after` does after a day is awaited before the next begins.
    Raises Refusal if a service refuses a command of the script, and TimeoutError if the system does not settle.
    """
    scenario, began, days = region.story(seed, villages), time.monotonic(), 0
    scenario.divided = system.replicas > 1
    start = scenario.start
    span = (until - start).days
    chance, killed = random.Random(seed), list[str]()
    moments = sorted(chance.randrange(span) for _ in range(kills))
    # They are killed in turn, since chance might never hit one of them.
    victims = cycle(chance.sample(system.processes, len(system.processes)))
    accidents: list[asyncio.Task[None]] = []

    async def strike(name: str, delay: float) -> None:
        await asyncio.sleep(delay)
        system.kill(name)
        killed.append(name)

    console = Terminal(quiet=quiet)
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    async with Simulation(system, scenario.policy) as simulation:
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("", total=span)

            async def watch(day: date) -> None:
                nonlocal days
                days += 1
                while moments and moments[0] <= (day - start).days:
                    moments.pop(0)
                    delay = chance.uniform(0, STUMBLE)
                    accidents.append(asyncio.create_task(strike(next(victims), delay)))
                counts = await _counts(simulation)
                progress.update(bar, completed=(day - start).days, description=f"{in_language(day)}  {counts}")
                if after:
                    await after(day)

            async with beside(simulation):
                await Officers(scenario, simulation, system.folder.root / DIARY).live(until, watch)
            await asyncio.gather(*accidents)
            progress.update(bar, completed=span)
        await simulation.settle()
        digests = await simulation.digests()
        dead_letters = sum(status.dead_letters for status in (await simulation.statuses()).values())
    seconds = time.monotonic() - began
    replicas = [_clients(system, number) for number in owners(scenario.policy.jurisdiction, system.replicas)]
    records = await asyncio.to_thread(read, replicas, scenario, until.year, region.others)
    if not quiet:
        await asyncio.to_thread(_show, console, system, region, scenario, records, until)
        console.print(
            f"\n有业务发生的日期{days}天，用时{seconds:.0f}秒，强制终止{len(killed)}次，待处理消息{dead_letters}件 · "
            f"this run {days} days with anything to do, {seconds:.0f} s, {len(killed)} kills, "
            f"{dead_letters} dead letters"
        )
    return Result(region.figures(records), region.ways(records), digests, dead_letters, killed, days, seconds)


async def _counts(simulation: Simulation) -> str:
    """How much has happened so far, for the line of the bar."""
    events = sum(status.written for status in (await simulation.statuses()).values())
    counted = (
        (told("事件", "events"), events),
        (told("督查", "visits"), simulation.sent["visits"]),
        (told("出列", "exits"), simulation.sent["approvals"]),
    )
    return "  ".join(f"{what} {count:5}" for what, count in counted)


def _show(console: Terminal, system: System, region: Region, scenario: Scenario, records: Records, until: date) -> None:
    report.show(console, region, records, until)
    picture = system.folder.root / PICTURE
    picture.write_text(report.svg(report.stages(records, until)), encoding="utf-8")
    village.show(console, scenario.shown, _clients(system, owner(scenario.shown, system.replicas)))
    console.print(f"\n{told('图', 'picture')}: {picture}")


def _clients(system: System, number: int) -> village.Client:
    """Clients for the replicas of this number, which are responsible for the same prefectures."""
    token, share = operator_headers(system.folder.secret.read_bytes()), Share(number, system.replicas)
    return cache(
        lambda service: httpx.Client(
            base_url=system.url(share.named(service)), headers=token, timeout=60, trust_env=False
        )
    )


async def demo(
    folder: Path,
    region: Region,
    *,
    seed: int,
    villages: int,
    until: date,
    kills: int,
    stay: bool,
    replicas: int = 1,
    tell: Callable[[str], None],
) -> bool:
    """Start a system in a folder, play the story and show what came of it. With `stay` it keeps running afterwards.

    Returns whether the story was played to its end. A signal may cut it short.
    """
    ended = False

    async def live() -> None:
        nonlocal ended
        async with System(folder, kind="demo", replicas=replicas, console=stay or None, tell=tell) as system:
            await system.ready(READY_WITHIN)
            # Messages about lost connections go to a log. Otherwise they would break the progress bar.
            log = os.open(system.folder.log("play"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            structlog.configure(logger_factory=structlog.WriteLoggerFactory(os.fdopen(log, "a", encoding="utf-8")))
            await play(system, region=region, seed=seed, villages=villages, until=until, kills=kills)
            ended = True
            if stay:
                print("系统仍在运行，Ctrl-C 停止 · still running, Ctrl-C stops it")
                print(f"  请在浏览器中打开 · open this in a browser: {system.url('console')}/")
                for name in system.services:
                    print(f"  {name}: {system.url(name)}/docs")
                print(f"  NATS: {system.nats_url}")
                await asyncio.Event().wait()

    await until_stopped(live())
    return ended
