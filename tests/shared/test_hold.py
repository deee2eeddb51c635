"""That a database is one process's alone: a second one waits for the first to end, and does not begin beside it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from deploy.local.supervisor import SERVICES, System
from shared.engine import hold as module
from shared.engine import store
from shared.engine.hold import DatabaseInUse, Hold

OTHER = """
import asyncio, sys
from shared.engine.hold import Hold
from shared.engine.opening import open_engine

async def main():
    hold = Hold(open_engine(sys.argv[1]))
    await hold.take()
    print("held", flush=True)
    await hold.keep()

asyncio.run(main())
"""
"""A process that takes a database, and keeps it."""


@contextmanager
def other(database: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", OTHER, database], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


@asynccontextmanager
async def made(database: str) -> AsyncIterator[Hold]:
    """A hold that nobody has taken yet, on a database that is there."""
    hold = Hold(store.open_engine(database))
    async with hold.engine.begin() as conn:
        await conn.execute(text("CREATE TABLE IF NOT EXISTS t (a INTEGER)"))
    yield hold
    await hold.end()
    await hold.engine.dispose()


async def test_a_second_process_waits_for_the_end_of_the_first_and_begins_then(database: str) -> None:
    async with made(database) as hold:
        with other(database) as first:
            waiting = asyncio.create_task(hold.take())
            _, pending = await asyncio.wait([waiting], timeout=3 * module.RETRY)
            assert pending, "it does not begin beside the other"
            first.kill()
            await asyncio.wait_for(waiting, 10)


async def test_who_waits_too_long_ends_and_says_why(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT", 1)
    async with made(database) as hold:
        with other(database), pytest.raises(DatabaseInUse, match=r"另一进程使用.*another process uses this database"):
            await hold.take()
        async with hold.engine.connect() as conn:
            assert await conn.scalar(text("SELECT count(*) FROM t")) == 0, "who only reads is let in"


@pytest.mark.parametrize("is_taken", [False, True])
async def test_after_the_database_was_away_it_is_taken_again_or_given_up(
    is_taken: bool, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the connection ends the lock; whoever got the database meanwhile keeps it."""
    database = postgres.format("postgres")
    monkeypatch.setattr(module, "WAIT", 1)
    monkeypatch.setattr(module, "LOOK", 0.1)
    async with made(database) as hold:
        await hold.take()
        async with hold.engine.connect() as conn:
            await conn.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
        if is_taken:
            with other(database), pytest.raises(DatabaseInUse):
                await hold.keep()
            return
        keeping = asyncio.create_task(hold.keep())
        await asyncio.sleep(1)
        assert not keeping.done()
        keeping.cancel()
        async with made(database) as late:
            with pytest.raises(DatabaseInUse):
                await late.take()


async def test_no_process_begins_beside_another_one_of_its_kind(tmp_path: Path) -> None:
    async with System(tmp_path, accounts=True, webhooks=True, console=True) as system:
        await system.ready()
        for name in (*SERVICES, *system.beside):
            second = await asyncio.create_subprocess_exec(
                *system.command(name),
                env=system.environment(name),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            assert second.stdout
            async with asyncio.timeout(60):
                while line := await second.stdout.readline():
                    assert b"address already in use" not in line, "it would answer, were the port another one"
                    if b"the database is another process" in line:
                        break
            second.kill()
            await second.communicate()
            assert line, f"{name} ended without a word"
