"""That what the fault harness does to a system really happens: else its trials would pass for nothing."""

import asyncio
import errno
import os
import re
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, cast

import pytest
from nats.errors import Error
from nats.js.errors import NotFoundError

from deploy.demo.play import Result
from deploy.local.folder import Folder
from deploy.local.supervisor import find_server
from shared.engine import store
from shared.stream import bus
from tests.faults import power
from tests.faults.cluster import Link
from tests.faults.injury import NotAllowed, Server, filled, hold, resume, small_disk
from tests.faults.power import MEGABYTES, Disk, cut_power
from tests.faults.trial import Ground

SYS_ADMIN = 21
"""The number of the right to mount, which root has and a container may have taken from it."""
TICKING = "import sys, time\nwhile True: open(sys.argv[1], 'a').write('x'); time.sleep(0.005)"
PARENT = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {TICKING!r}, sys.argv[1]])"

Test = Callable[[Path], Coroutine[Any, Any, None]]


def mounting(test: Test) -> Test:
    """A test that mounts disks, and asserts where it may not that the reason is told."""

    @wraps(test)
    async def made(tmp_path: Path) -> None:
        if may_mount():
            await test(tmp_path)
        else:
            with pytest.raises(NotAllowed, match=r"^not tried, since it takes a disk of its own: mount: "):
                await test(tmp_path)

    return made


def may_mount() -> bool:
    rights = re.search(r"CapEff:\s*(\w+)", Path("/proc/self/status").read_text())
    return rights is not None and bool(int(rights[1], 16) >> SYS_ADMIN & 1)


@contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    with small_disk(folder / "images", 2 * MEGABYTES) as images, Disk(images / "image", folder / "disk") as disk:
        yield disk


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """The port of a server that sends back what it gets."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_cut_link_is_silent_and_a_joined_one_brings_what_was_held_back() -> None:
    async with echo() as port, Link(port) as link:
        reader, writer = await asyncio.open_connection(*link.address.split(":"))
        writer.write(b"1")
        assert await reader.read(10) == b"1"
        link.cut()
        writer.write(b"2")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(10), 0.3)
        link.join()
        writer.write(b"3")
        assert await asyncio.wait_for(reader.readexactly(2), 10) == b"23"
        writer.close()


async def test_a_severed_link_ends_its_connections_and_takes_none_until_it_is_joined() -> None:
    async with echo() as port, Link(port) as link:
        reader, writer = await asyncio.open_connection(*link.address.split(":"))
        writer.write(b"1")
        assert await reader.read(10) == b"1"
        link.sever()
        with pytest.raises(ConnectionError):
            await ended(reader)
        with pytest.raises(ConnectionError):
            await ended((await asyncio.open_connection(*link.address.split(":")))[0])
        link.join()
        reader, writer = await asyncio.open_connection(*link.address.split(":"))
        writer.write(b"2")
        assert await asyncio.wait_for(reader.read(10), 10) == b"2"
        writer.close()


async def ended(reader: asyncio.StreamReader) -> None:
    if not await asyncio.wait_for(reader.read(10), 10):
        raise ConnectionResetError


async def test_a_held_family_does_nothing_and_a_killed_one_is_gone_with_its_children(tmp_path: Path) -> None:
    ticks = tmp_path / "ticks"
    server = Server([sys.executable, "-S", "-c", PARENT, str(ticks)], tmp_path / "log")
    server.start()
    try:
        await size_over(ticks, 0)
        family = hold([server.pid])
        held = size_of(ticks)
        await asyncio.sleep(0.1)
        assert len(family) == 2 and size_of(ticks) == held
        resume(family)
        await size_over(ticks, held)
    finally:
        server.kill()
    killed = size_of(ticks)
    await asyncio.sleep(0.1)
    assert not server.runs and size_of(ticks) == killed


async def size_over(file: Path, size: int) -> None:
    async with asyncio.timeout(20):
        while size_of(file) <= size:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)


def size_of(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


@mounting
async def test_a_filled_disk_has_no_room_and_has_it_again_afterwards(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 2) as small:
        with filled(small), pytest.raises(OSError) as refused, (small / "file").open("wb", buffering=0) as file:
            file.write(bytes(4096))
        assert refused.value.errno == errno.ENOSPC
        assert (small / "file").write_bytes(bytes(4096)) == 4096


@mounting
async def test_a_power_cut_drops_what_was_not_synced_and_nothing_else(tmp_path: Path) -> None:
    with disk(tmp_path) as own:
        (own.at / "lost").write_text("never synced")
        with (own.at / "kept").open("w") as file:
            file.write("synced")
            file.flush()
            os.fsync(file.fileno())
            file.write(", and something more")
            file.flush()
            own.remember()
        own.find_again()
        assert (own.at / "kept").read_text() == "synced"
        assert not (own.at / "lost").exists() or (own.at / "lost").read_text() == ""


@mounting
async def test_nats_server_keeps_through_a_power_cut_what_it_acknowledged(tmp_path: Path) -> None:
    config = Path(__file__).parents[2] / "deploy" / "local" / "nats.conf"
    assert await kept_by_nats(tmp_path, "-c", str(config)) == 100


@mounting
async def test_nats_server_as_it_comes_loses_in_a_power_cut_what_it_acknowledged(tmp_path: Path) -> None:
    assert await kept_by_nats(tmp_path, "-js") < 100


async def kept_by_nats(folder: Path, *options: str) -> int:
    """How many of 100 acknowledged messages a server holds after a power cut."""
    port = Folder(folder / "ports")
    port.claim(["nats"])
    with disk(folder) as own:
        command = [find_server(), *options, "-a", "127.0.0.1", "-p", str(port.ports["nats"]), "-sd", str(own.at)]
        server = Server(command, folder / "log")
        server.start()
        broker = await bus.connect(f"nats://127.0.0.1:{port.ports['nats']}", "test")
        try:
            js = broker.connection.jetstream(timeout=0.5)
            await bus.declare_streams(js)
            messages = [bus.Message(str(n), "zhucun.v1.test", bytes(500)) for n in range(100)]
            for first in range(0, 100, 10):
                await bus.publish_batch(broker.connection, bus.OPEN, messages[first : first + 10])
            cut_power([server.pid], [own])
            server.start()
            async with asyncio.timeout(4):
                while True:
                    try:
                        return (await js.stream_info(bus.OPEN)).state.messages
                    except NotFoundError:
                        return 0
                    except Error:
                        await asyncio.sleep(0.05)
        finally:
            await broker.stop()
            server.kill()
            port.release()


@mounting
async def test_sqlite_keeps_through_a_power_cut_what_it_committed(tmp_path: Path) -> None:
    assert await kept_by_sqlite(tmp_path, "") == 100


@mounting
async def test_sqlite_that_does_not_sync_loses_in_a_power_cut_what_it_committed(tmp_path: Path) -> None:
    assert await kept_by_sqlite(tmp_path, "pragma synchronous = off") < 100


async def kept_by_sqlite(folder: Path, pragma: str) -> int:
    """How many of 100 committed rows a database holds after a power cut."""
    with disk(folder) as own:
        engine = store.open_engine(f"sqlite+aiosqlite:///{own.at}/file")
        async with engine.connect() as conn:
            if pragma:
                driver = (await conn.get_raw_connection()).driver_connection
                assert driver  # Directly, since it has no effect within a transaction, which SQLAlchemy would begin.
                await driver.execute(pragma)
            for statement in ["create table t (id)", *(f"insert into t values ({n})" for n in range(100))]:
                await conn.exec_driver_sql(statement)
                await conn.commit()
            own.remember()
        await engine.dispose()
        own.find_again()
        with closing(sqlite3.connect(own.at / "file")) as found:
            try:
                return int(found.execute("select count(*) from t").fetchone()[0])
            except sqlite3.DatabaseError:
                return 0


async def test_a_trial_that_gets_no_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "HARD", "an option that no system knows")
    ground = Ground(tmp_path / "ground", 1, 1, 0, cast(Result, None), print)
    ground.folder.mkdir()
    verdict = await power.TRIALS[0].run(ground)
    assert verdict.passed is None and verdict.seen.startswith("not tried, since it takes a disk of its own: mount: ")
