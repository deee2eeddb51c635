"""Part 7 of `make bench`: the same journeys with one and with two replicas of each service, and with replicas killed.

The processes of a run share the machine's cores, so two replicas can only gain what one process of a service leaves
idle. What must not change is the outcome: it is compared by the digests of all services, replicas united.
"""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console

from deploy.demo.simulation import Simulation
from deploy.local.supervisor import SERVICES, System
from tests.bench.country import Journeys, journeys
from tests.bench.figure import Figure

COUNTIES, FEWEST, CADRES = 200, 4, 1_600
"""Counties at scale 1 and at least, and cadres in the register of each."""
KILLS, PAUSE = 20, (1.0, 5.0)
"""How often a replica is killed at most, and seconds at least and at most from its return to the next kill."""
SEED: Final = 2014


class _Run(NamedTuple):
    journeys: Journeys
    digests: Mapping[str, Mapping[str, str]]

    @property
    def rate(self) -> float:
        """Messages and commands handled in a second by all processes."""
        return self.journeys.handled / self.journeys.seconds

    @property
    def states(self) -> dict[str, dict[str, str]]:
        """The digests but those of the events: their ids come from the requests' keys, which go by process here."""
        return {service: {k: d for k, d in of.items() if k != "events"} for service, of in self.digests.items()}


def measure(console: Console, scale: float) -> list[Figure]:
    """Three runs of the same journeys: one replica, two, and two that are killed."""
    counties, killed = max(FEWEST, round(COUNTIES * scale)), list[str]()
    one = asyncio.run(_run(console, counties, 1))
    two = asyncio.run(_run(console, counties, 2))
    hurt = asyncio.run(_run(console, counties, 2, killed))
    differing = _differing(one.states, two.states)
    dead = sum(run.journeys.dead_letters for run in (one, two, hurt))
    return [
        Figure(
            key="replicas.two", zh="两个副本每秒处理", en="Handled by two replicas of each service", value=two.rate,
            unit="messages and commands/s", beside="one replica of each, on the same cores", ratio=two.rate / one.rate,
            note=f"{two.journeys.villages:,} villages in {counties} counties, {two.journeys.handled:,} handled in "
            f"{two.journeys.seconds:.0f} s, with one replica in {one.journeys.seconds:.0f} s; dead letters: {dead}",
        ),
        Figure(
            key="replicas.differing", zh="两个副本与一个副本摘要不同的表", en="Tables that differ from one replica's",
            value=len(differing), unit="tables", most=0, note=", ".join(differing),
        ),
        Figure(
            key="replicas.killed", zh="副本被杀后摘要不同的表", en="Tables that differ after replicas were killed",
            value=len(_differing(two.digests, hurt.digests)), unit="tables", most=0,
            note=f"{len(killed)} times one of the processes was killed at a random moment and came back, "
            f"{len(set(killed))} of {2 * len(SERVICES)} were hit; {hurt.journeys.seconds:.0f} s",
        ),
    ]  # fmt: skip


def _differing(left: Mapping[str, Mapping[str, str]], right: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The tables whose digests differ, each as `<service> <table>`."""
    return [f"{of} {table}" for of in left for table in left[of] if left[of][table] != right[of][table]]


async def _run(console: Console, counties: int, replicas: int, killed: list[str] | None = None) -> _Run:
    """One run on a system of its own; with `killed` its replicas are killed at random, and noted there."""
    with tempfile.TemporaryDirectory() as folder:
        async with System(Path(folder), replicas=replicas) as system:
            await system.ready()
            beside: AbstractAsyncContextManager[None] = nullcontext() if killed is None else _killing(system, killed)
            async with beside:
                done = await journeys(system, counties, cadres=CADRES, console=console)
            async with Simulation(system) as simulation:
                return _Run(done, await simulation.digests())


@asynccontextmanager
async def _killing(system: System, killed: list[str]) -> AsyncIterator[None]:
    """Kill one replica after the other, each as soon as the one before has been back for a while."""
    chance = random.Random(SEED)

    async def kill() -> None:
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(*PAUSE))
            name = chance.choice([*system.services])
            system.kill(name)
            killed.append(name)
            await system.ready()

    killing = asyncio.create_task(kill())
    try:
        yield
    finally:
        killing.cancel()
        await system.ready()
