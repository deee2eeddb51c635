"""SQLite's way in one step: what becomes of a connection and its transaction when a statement ends in another way."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.engine import store

LONG = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100000) SELECT {} FROM c"
"""A query that computes many numbers."""


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = store.open_engine(f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3")
    async with engine.begin() as conn:
        await conn.exec_driver_sql("CREATE TABLE t (a INTEGER UNIQUE)")
    yield engine
    await engine.dispose()


async def begun(engine: AsyncEngine, then: Callable[[AsyncConnection], Awaitable[Any]]) -> None:
    """A transaction that has written a row, and then does something."""
    async with engine.begin() as conn:
        await conn.exec_driver_sql("INSERT INTO t VALUES (1)")
        await then(conn)


async def with_function(conn: AsyncConnection, function: Callable[[], Any]) -> Any:
    """The driver's connection, on which statements can call `act()`."""
    raw: Any = (await conn.get_raw_connection()).driver_connection
    await raw.create_function("act", 0, function)
    return raw


async def interrupted_in(conn: AsyncConnection, what: str) -> None:
    raw = await with_function(conn, lambda: raw._connection.interrupt())
    await conn.exec_driver_sql(LONG.format(what))


async def filled(conn: AsyncConnection) -> None:
    """As on a full disk."""
    await conn.exec_driver_sql("PRAGMA max_page_count = 8")
    await conn.exec_driver_sql("INSERT INTO t VALUES (?)", [(n,) for n in range(2, 50_000)])


ENDS: list[tuple[Callable[[AsyncConnection], Awaitable[Any]], str, bool]] = [
    (lambda conn: interrupted_in(conn, "sum(CASE x WHEN 9 THEN act() END)"), "interrupted", True),
    (lambda conn: interrupted_in(conn, "CASE x WHEN 9 THEN act() END"), "interrupted", True),
    (filled, "database or disk is full", True),
    (lambda conn: conn.exec_driver_sql("INSERT INTO t VALUES (?)", [(2,), (1,)]), "UNIQUE constraint failed", True),
    (lambda conn: conn.exec_driver_sql("SELECT ?", (object(),)), "type 'object' is not supported", False),
]
"""What fails, with its error, and whether it may succeed later."""


async def require_free(engine: AsyncEngine, tmp_path: Path) -> None:
    """No transaction is open, no connection is taken, nothing of the failed one is there, and the next one works."""
    assert engine.sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    with sqlite3.connect(tmp_path / "service.sqlite3", timeout=0, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)
        other.rollback()
    other.close()
    async with engine.begin() as conn:
        await conn.exec_driver_sql("PRAGMA max_page_count = 1000000")
        await conn.exec_driver_sql("INSERT INTO t VALUES (1)")
        assert (await conn.exec_driver_sql("SELECT a FROM t")).all() == [(1,)]


@pytest.mark.parametrize("number", range(len(ENDS)), ids=["interrupted", "while reading", "full", "clash", "unfit"])
async def test_a_statement_that_fails_leaves_no_transaction_open(
    engine: AsyncEngine, tmp_path: Path, number: int
) -> None:
    fail, error, may_pass = ENDS[number]
    with pytest.raises(DBAPIError, match=error) as raised:
        await begun(engine, fail)
    assert store.passing(raised.value) == may_pass
    await require_free(engine, tmp_path)  # While the error is kept, and with it the frames that knew the cursor.


async def test_a_single_row_is_there_for_the_next_statement_and_a_clash_of_one_undoes_all(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    pairs = Table("pairs", MetaData(), Column("a", Integer, primary_key=True), Column("b", Integer))

    async def clash(conn: AsyncConnection) -> None:
        await conn.run_sync(pairs.create)
        await store.insert(conn, pairs, [{"a": 1, "b": 1}])
        assert (await conn.exec_driver_sql("SELECT b FROM pairs WHERE a = 1")).scalar() == 1
        await store.insert(conn, pairs, [{"a": 1, "b": 2}])

    with pytest.raises(IntegrityError, match="UNIQUE constraint failed"):
        await begun(engine, clash)
    await require_free(engine, tmp_path)


async def test_an_error_is_not_hidden_by_a_connection_that_was_closed_meanwhile(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    async def closed(conn: AsyncConnection) -> None:
        raw: Any = (await conn.get_raw_connection()).driver_connection
        await raw.close()
        raise OSError("the network is away")

    with pytest.raises(OSError, match="away"):
        await begun(engine, closed)
    with pytest.raises(OperationalError) as raised:
        await begun(engine, closed)
    assert store.passing(raised.value), "the next attempt gets another connection"
    await require_free(engine, tmp_path)


async def test_a_transaction_that_waits_for_another_ones_end_can_be_repeated(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "service.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with engine.begin() as conn:
        await conn.exec_driver_sql("PRAGMA busy_timeout = 50")
    with pytest.raises(OperationalError, match="locked") as raised:
        await begun(engine, lambda conn: conn.exec_driver_sql("SELECT 1"))
    assert store.passing(raised.value) and not store.away(raised.value)
    other.rollback()
    other.close()
    await require_free(engine, tmp_path)


async def test_a_query_that_is_cancelled_while_it_reads_leaves_no_transaction_open(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    loop, reading, gate = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def act() -> int:
        loop.call_soon_threadsafe(reading.set)
        return gate.wait(60)

    async def read(conn: AsyncConnection) -> None:
        await with_function(conn, act)
        await conn.exec_driver_sql("SELECT act() UNION ALL SELECT 2")

    task = asyncio.create_task(begun(engine, read))
    await reading.wait()
    task.cancel()
    loop.call_later(0.1, gate.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    await require_free(engine, tmp_path)


async def test_a_transaction_that_is_cancelled_at_any_step_is_kept_whole_or_not_at_all(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    async def both() -> None:
        async with engine.begin() as conn:
            await conn.exec_driver_sql("INSERT INTO t SELECT coalesce(max(a), 0) + 1 FROM t")
            await conn.exec_driver_sql("INSERT INTO t SELECT max(a) + 1 FROM t RETURNING a")

    ended = 0
    for steps in range(40):
        task = asyncio.create_task(both())
        for _ in range(steps):
            await asyncio.sleep(0.0005)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
            ended += 1
        with sqlite3.connect(tmp_path / "service.sqlite3", timeout=0, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            assert other.execute("SELECT count(*) % 2 FROM t").fetchone() == (0,)
            other.rollback()
        other.close()
    assert 0 < ended < 40


async def test_rows_that_wait_are_there_for_the_next_statement_and_for_a_stream(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.exec_driver_sql("INSERT INTO t VALUES (?)", [(1,), (2,)])
        assert (await conn.exec_driver_sql("SELECT a FROM t")).all() == [(1,), (2,)]
        await conn.exec_driver_sql("INSERT INTO t VALUES (?)", [(3,), (4,)])
        streamed = await conn.stream(text("SELECT a FROM t"))
        assert await streamed.scalars().all() == [1, 2, 3, 4]
        await conn.exec_driver_sql("INSERT INTO t VALUES (?)", [(5,), (6,)])
    async with engine.connect() as conn:
        assert (await conn.exec_driver_sql("SELECT max(a) FROM t")).scalar() == 6


async def test_rows_that_wait_when_a_transaction_is_given_up_are_in_no_later_one(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    async def given_up(conn: AsyncConnection) -> None:
        await conn.exec_driver_sql("INSERT INTO t VALUES (?)", [(2,), (3,)])
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        await begun(engine, given_up)
    async with engine.connect() as conn:  # Nobody commits: it is rolled back as well.
        await conn.exec_driver_sql("INSERT INTO t VALUES (?)", [(4,), (5,)])
    await require_free(engine, tmp_path)


async def test_a_database_that_cannot_be_opened_leaves_no_thread() -> None:
    engine = store.open_engine("sqlite+aiosqlite:////nowhere/at/all.db")
    others = set(threading.enumerate())
    with pytest.raises(OperationalError, match="unable to open"):
        await engine.connect()
    assert set(threading.enumerate()) <= others
