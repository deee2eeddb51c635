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
from typing import Final, Self

from deploy.demo.play import Result, play
from deploy.init.certificates import NODES
from deploy.local.supervisor import SERVICES, System
from deploy.terminal import Terminal, folded
from tests.compose.engine import INNER, Broken, Engine, Installation, find
from tests.compose.line import Line
from tests.compose.selftest import tested
from tests.faults.injury import hurt_often
from tests.faults.trial import Ground, differing

VILLAGES, UNTIL, SEED = 6, date(2015, 12, 31), 7
"""A small county from the survey to the first year's grades."""
AWAY: Final = 5.0
"""Seconds for which a server is lost."""
LOST: Final = ("nats-2", "postgres", "nats-1")
"""What is lost during the play, one after the other."""
IMAGE, LARGE, SMALL = 250 * 2**20, 2 * 2**30, 700 * 2**20
"""Bytes: the image at most, and the memory of all containers together in either size."""
WITHOUT: Final = "--where-possible"


class Composed(System):
    """A composed system, to a play the same as one that it started itself."""

    def __init__(self, folder: Path, placed: Installation) -> None:
        nats = ",".join(f"tls://127.0.0.1:{placed.ports[node]}" for node in NODES if node in placed.running())
        words = placed.passwords()
        databases = {
            name: f"postgresql+asyncpg://{name}:{words[name]}@127.0.0.1:{placed.ports['postgres']}/{name}"
            for name in SERVICES
        }
        super().__init__(folder, nats=nats, nats_ca=folder / "keys" / "ca.pem", databases=databases)
        self.folder.ports = {**placed.ports}

    async def __aenter__(self) -> Self:
        """It runs already."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """It runs on."""

    async def ready(self, timeout: float = 60) -> None:  # noqa: ASYNC109 - as the other's
        """It was waited for already."""


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
        yield from _small(engine, Path(root) / "small", quiet)


async def _quiet(folder: Path) -> Result:
    async with System(folder) as system:
        await system.ready()
        return await play(system, seed=SEED, villages=VILLAGES, until=UNTIL, quiet=True)


@contextmanager
def _placed(engine: Engine, folder: Path, overlay: str = "") -> Iterator[tuple[Installation, System]]:
    """A composed system on free ports, ready, its keys at hand."""
    own = System(folder)
    own.folder.claim(INNER)
    try:
        with Installation(engine, folder, own.folder.ports, overlay) as placed:
            placed.ready()
            placed.take_out()
            yield placed, Composed(folder, placed)
    finally:
        own.folder.release()


def _large(engine: Engine, folder: Path, quiet: Result) -> Iterator[Line]:
    began = time.monotonic()
    with _placed(engine, folder) as (placed, system):
        yield Line("就绪", "ready", f"{time.monotonic() - began:.0f} s", True)
        yield _bound("镜像", "the image", placed.image(), IMAGE)
        yield _bound("内存，空闲", "memory at rest", placed.memory(), LARGE)
        yield _unchanged(placed)
        ground = Ground(folder, SEED, VILLAGES, 0, quiet, lambda _line: None, UNTIL)

        async def harm(number: int) -> None:
            await asyncio.to_thread(placed.lose, LOST[number], AWAY)

        with _most(placed) as most:
            verdict = asyncio.run(hurt_often(ground, system, len(LOST), harm))
        what = f"{', '.join(LOST)} lost for {AWAY:.0f} s each: {verdict.seen}"
        yield Line("演一个县，期间丢失节点与数据库", "a county, nodes and database lost", what, bool(verdict.passed))
        yield _bound("内存，有负载", "memory under load", most(), LARGE)
        yield from tested(placed, system)
        yield _doctor(placed)
        yield _granted(placed)


def _small(engine: Engine, folder: Path, quiet: Result) -> Iterator[Line]:
    with _placed(engine, folder, "compose.small.yaml") as (placed, system), _most(placed) as most:
        result = asyncio.run(play(system, seed=SEED, villages=VILLAGES, until=UNTIL, quiet=True))
        difference = differing(result.digests, quiet.digests)
        seen = f"{result.seconds:.0f} s, digests {f'differ: {difference}' if difference else 'equal'}"
        yield Line("小型部署演同一个县", "the same county, small", seen, not difference)
        yield _bound("小型部署的内存", "memory, small", most(), SMALL)
        yield from tested(placed, system)


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


def _doctor(placed: Installation) -> Line:
    """What `zhucun doctor` says where an operator runs it."""
    try:
        told = placed.inside("zhucun", "doctor")
    except Broken as error:
        return Line("体检", "doctor", str(error)[-1500:], False)
    return Line("体检", "doctor", f"{told.count('✓')} ✓", "✗" not in told)


def _granted(placed: Installation) -> Line:
    """Whether an operator can give a subscriber a key that all servers take up."""
    try:
        told = placed.inside("zhucun", "access", "grant", "liaoning", "--place", "21", "-o", "/tmp/liaoning.nk")
    except Broken as error:
        return Line("发给订阅方密钥", "a subscriber's key", str(error)[-1500:], False)
    return Line("发给订阅方密钥", "a subscriber's key", "granted", "下次启动" not in told)


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
