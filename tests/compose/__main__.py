"""`make compose-test`: the composed system is started, looked at, hurt while a county is played on it, and measured."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from typing import Final

from deploy.demo.play import Result, play
from deploy.local.supervisor import SERVICES, System
from deploy.terminal import Terminal, folded
from services.registry import forms
from shared.policy import parse_pack
from tests.bench import imports
from tests.compose.beside import beside
from tests.compose.commands import commands, outside, subscribed, within
from tests.compose.engine import Broken, Engine, Installation, find
from tests.compose.line import Line
from tests.compose.placed import placed
from tests.compose.selftest import tested
from tests.faults.composed import leads_streams, lost, node, postgres
from tests.faults.trial import Ground, differing

VILLAGES, UNTIL, SEED = 6, date(2015, 6, 30), 7
"""A small county from the survey to the first half-year."""
AWAY: Final = 5.0
"""Seconds for which a container is lost; `make faults` loses each for a minute."""
NEW: Final = ("210521777001", "210521777002", "210521777003")
"""Villages of the county that nobody has registered yet."""
CADRES: Final = 50_000
"""Cadres in the file of the load."""
IMAGE, LARGE, SMALL = 250 * 2**20, 2 * 2**30, 700 * 2**20
"""Bytes: the image at most, and the memory of all containers together in either size."""
WITHOUT: Final = "--where-possible"


def main() -> int:
    """Run all and print the table; the exit code."""
    console = Terminal()
    try:
        engine = find()
        if engine is None:
            console.bad(
                "本机没有应答的 docker 或 podman：未做 compose 测试 · "
                "neither docker nor podman answers here: compose is not tested"
            )
            return 0 if WITHOUT in sys.argv else 1
        lines = list(_told(console, _all(engine)))
    except Broken as error:
        console.bad(f"compose 测试失败 · the compose test failed: {error}")
        return 1
    table = folded("", "检查", "checked", "结果 seen")
    for line in lines:
        table.add_row("✓" if line.passed else "✗", line.zh, line.en, line.seen)
    console.print(table)
    return 0 if all(line.passed for line in lines) else 1


def _told(console: Terminal, lines: Iterator[Line]) -> Iterator[Line]:
    """Each line as soon as it is known: the whole takes minutes."""
    for line in lines:
        (console.good if line.passed else console.bad)(f"{line.zh} · {line.en}: {line.seen}")
        yield line


def _all(engine: Engine) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as root:
        quiet = asyncio.run(_quiet(Path(root) / "quiet"))
        yield Line(
            "无故障的一次", "the quiet play", f"{quiet.days} days, {quiet.seconds:.0f} s", not quiet.dead_letters
        )
        yield from _large(engine, Path(root) / "large", quiet)
        yield from _replicas(engine, Path(root) / "replicas", quiet)
        yield from _small(engine, Path(root) / "small", quiet)


async def _quiet(folder: Path) -> Result:
    async with System(folder) as system:
        await system.ready()
        return await play(system, seed=SEED, villages=VILLAGES, until=UNTIL, quiet=True)


def _large(engine: Engine, folder: Path, quiet: Result) -> Iterator[Line]:
    began = time.monotonic()
    with placed(engine, folder) as (found, system):
        yield Line("就绪", "ready", f"{time.monotonic() - began:.0f} s", True)
        yield _bound("镜像", "the image", found.size(), IMAGE)
        yield _bound("内存，空闲", "memory at rest", found.memory(), LARGE)
        yield _unchanged(found)
        ground = Ground(folder, SEED, VILLAGES, 0, quiet, lambda _line: None, UNTIL)
        verdict = asyncio.run(lost(ground, found, system, (postgres, node, leads_streams), AWAY))
        yield Line("演一个县，期间丢失容器", "a county, containers lost", verdict.seen, bool(verdict.passed))
        yield _healthy(found)
        yield from (commands(place(found), village) for place, village in zip((outside, within), NEW, strict=False))
        yield from subscribed(found, VILLAGES + 2, NEW[2])
        with _most(found) as most:
            asyncio.run(press(system))
        yield _bound("内存，性能测试的负载", "memory under the bench's load", most(), LARGE)
        yield from tested(found, system)
        yield _archived(found, folder / "images.tar")


def _replicas(engine: Engine, folder: Path, quiet: Result) -> Iterator[Line]:
    """Of the images of the archive, and nothing else."""
    with placed(engine, folder, "compose.replicas.yaml", replicas=2, build=False) as (_, system):
        yield _played("两个副本演同一个县", "the same county, two replicas", system, quiet)


def _small(engine: Engine, folder: Path, quiet: Result) -> Iterator[Line]:
    with placed(engine, folder, "compose.small.yaml", build=False) as (found, system), _most(found) as most:
        yield _played("小型部署演同一个县", "the same county, small", system, quiet)
        asyncio.run(press(system))
        yield _bound("小型部署的内存，性能测试的负载", "memory, small, under the bench's load", most(), SMALL)
        yield from tested(found, system)
        yield from beside(found)


def _played(zh: str, en: str, system: System, quiet: Result) -> Line:
    result = asyncio.run(play(system, seed=SEED, villages=VILLAGES, until=UNTIL, quiet=True))
    difference = differing(result.digests, quiet.digests)
    seen = f"{result.seconds:.0f} s, digests {f'differ: {difference}' if difference else 'equal'}"
    return Line(zh, en, seen, not difference)


def _bound(zh: str, en: str, found: float, most: int) -> Line:
    return Line(zh, en, f"{found / 2**20:.0f} MiB, at most {most >> 20}", found <= most)


def _unchanged(placed: Installation) -> Line:
    """Whether a second start leaves the keys as they are."""
    asked = ("sh", "-c", "cd /keys && sha256sum secret databases.pgpass *.pem accounts.conf")
    before = placed.inside(*asked)
    placed.engine.run("start", "-a", placed.container("init"))
    after = placed.inside(*asked)
    mark = sha256(after.encode()).hexdigest()[:8]
    return Line("再次初始化不改变密钥", "a second start changes no key", mark, before == after)


def _healthy(placed: Installation) -> Line:
    """Whether health checks tell the truth: nobody is ill, and all services are while there is no PostgreSQL."""
    well = placed.unhealthy()
    placed.kill("postgres")
    ill = placed.unhealthy()
    placed.start("postgres")
    placed.ready()
    told = f"ill at rest: {', '.join(sorted(well)) or 'none'}; without PostgreSQL: {', '.join(sorted(ill))}"
    return Line("健康检查", "health checks", told, not well and ill == set(SERVICES))


def _archived(placed: Installation, archive: Path) -> Line:
    """Put all images into one file, take them away here, and load them again: what follows has no others."""
    images, several = [placed.image("registry"), placed.image("postgres")], ["-m"]
    placed.compose("down", "-v")
    placed.engine.run("save", *(several if placed.engine.command == "podman" else ()), "-o", str(archive), *images)
    placed.engine.run("rmi", *images)
    placed.engine.run("load", "-i", str(archive))
    told = f"{', '.join(images)}: {archive.stat().st_size / 2**20:.0f} MiB"
    archive.unlink()
    return Line("镜像存档、删除、再载入", "images saved, removed and loaded", told, True)


async def press(system: System) -> None:
    """The load of the bench that takes most memory: cadres come in, in one large Excel file."""
    form = forms.FORMS["cadres"].form([parse_pack(imports.PACK.read_bytes())])
    file = system.folder.root / "cadres.xlsx"
    imports.KINDS["xlsx"].write(form, file, imports.lines("xlsx", 0, CADRES))
    await imports.begin(system)
    await imports.take_in(system, file.read_bytes(), CADRES, "bench-cadres")


@contextmanager
def _most(placed: Installation) -> Iterator[Callable[[], float]]:
    """The most memory that was seen while this is entered."""
    seen, ended = [0.0], Event()

    def look() -> None:
        while not ended.wait(3):
            seen.append(placed.memory())

    watcher = Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield lambda: max(seen)
    finally:
        ended.set()
        watcher.join()


if __name__ == "__main__":
    sys.exit(main())
