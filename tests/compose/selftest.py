"""`zhucun selftest` where an operator runs it: beside a system at work it passes, leaves nothing, and sees a fault."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from nats.js.errors import NotFoundError

from deploy.access import asking
from deploy.access.permissions import WIRED
from deploy.access.users import HARNESS, SELFTEST
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import SERVICES, System
from deploy.operations.scratch import database
from shared.stream.bus import STREAMS
from tests.compose.engine import Broken, Installation
from tests.compose.line import Line, failed

LONGEST: Final = 600
"""Seconds that it may take on a busy machine."""
EDITED: Final = "update units set body = replace(body, '第1单位', '第7单位') where body like '%第1单位%'"
"""What somebody does to a row of its databases while it runs."""
NAMED: Final = "数据与仅按规则推演的一致"
"""The check that is to see it, alone."""


def tested(placed: Installation, system: System) -> Iterator[Line]:
    """That it passes, with what the real system shows before and after; and with PostgreSQL that it can fail."""
    zh, en = "自检，前后系统所示不变", "the self-test, and what the system shows stays"
    before, began = asyncio.run(_shown(system)), time.monotonic()
    try:
        told = placed.inside("zhucun", "selftest", seconds=LONGEST)
    except Broken as error:
        yield failed(zh, en, error)
        return
    seconds, left = time.monotonic() - began, [*asyncio.run(_streams(_key(placed), system)), *_tables(placed)]
    changed = [what for what, seen in asyncio.run(_shown(system)).items() if seen != before[what]]
    seen = f"{seconds:.0f} s, {told.count('✓')} ✓, changed: {changed or 'nothing'}, left: {left or 'nothing'}"
    yield Line(zh, en, seen, "✗" not in told and not changed and not left)
    if "postgres" in placed.running():
        yield _seen(placed)


async def _shown(system: System) -> Mapping[str, Any]:
    """What lists, totals, feeds and reports are made of."""
    async with Simulation(system) as simulation:
        await simulation.settle()
        shown: dict[str, Any] = {"digests": await simulation.digests(), "streams": await simulation._ends()}
        for name, (service, _) in system.services.items():
            kinds = [kind.kind for kind in WIRED[service].tables.states]
            paths = ["status", "tasks", "journal", "dead-letters", *kinds, *(f"summary/{kind}" for kind in kinds)]
            shown |= {f"{name}/{path}": await simulation.get(name, f"/v1/{path}") for path in paths}
    return shown


def _key(placed: Installation) -> Path:
    """A key to the self-test's account."""
    key = Path(placed.folder, "keys", SELFTEST, f"{HARNESS}.nk")
    key.parent.mkdir(exist_ok=True)
    key.write_text(placed.inside("cat", f"/keys/{SELFTEST}/{HARNESS}.nk"))
    return key


async def _streams(key: Path, system: System) -> list[str]:
    """The streams of the self-test's account."""
    found = []
    async with asking.connected(system.nats_url, key, system.nats_ca) as client:
        for stream in STREAMS:
            with suppress(NotFoundError):
                found.append(str((await client.jetstream().stream_info(stream.name or "")).config.name))
    return found


def _tables(placed: Installation) -> list[str]:
    """The tables of its databases, where there are any."""
    if "postgres" not in placed.running():
        return []
    asked = "select tablename from pg_tables where schemaname = 'public'"
    return [table for service in SERVICES for table in _psql(placed, service, asked).split()]


def _psql(placed: Installation, service: str, words: str) -> str:
    asked = ("psql", "-U", "postgres", "-At", "-d", database(service), "-c", words)
    return placed.engine.run("exec", placed.container("postgres"), *asked)


def _seen(placed: Installation) -> Line:
    """Whether it names a row that somebody edits in its databases, and nothing else."""
    zh, en, edited, ended = "自检库中改一行", "a row of its databases edited", Event(), Event()

    def edit() -> None:
        while not ended.wait(0.2):
            with suppress(Broken):  # As long as there is no such table.
                if "UPDATE 1" in _psql(placed, "registry", EDITED):
                    edited.set()
                    return

    editor = Thread(target=edit, daemon=True)
    editor.start()
    try:
        placed.inside("env", "COLUMNS=160", "zhucun", "selftest", seconds=LONGEST)
    except Broken as error:
        wrong = [line for line in str(error).splitlines() if "│ ✗" in line]
        told = " ".join(wrong[0].replace("│", " ").split()) if wrong else str(error)[-500:]
        return Line(zh, en, told, edited.is_set() and len(wrong) == 1 and NAMED in wrong[0])
    finally:
        ended.set()
        editor.join()
    return Line(zh, en, "not seen", False)
