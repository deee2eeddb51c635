"""SQLite with one way to the connection's thread and back for several statements.

aiosqlite goes there four times for each: to make a cursor, to execute, to fetch and to close. Each time takes more CPU
than a short statement itself. It was so with SQLAlchemy 2.1.9 and aiosqlite 0.22.1. Here a statement goes once, and
what nobody waits for goes along with the next one: the transaction's begin, and rows to write. Their errors come up
there, or at the commit. This file uses what both libraries keep for themselves, so pyproject.toml names the versions
for which tests/shared/test_sqlite.py shows that it works.

Whoever waits for a statement may be cancelled, but the statement itself goes on in the thread and always comes to its
end there. So none is left half read, and the connection can be closed, which ends its transaction.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from operator import methodcaller
from types import SimpleNamespace
from typing import Any

import aiosqlite
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_ss_cursor,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util import immutabledict
from sqlalchemy.util.concurrency import await_

_Statement = Callable[[sqlite3.Connection], Any]
BEGIN: _Statement = methodcaller("execute", "BEGIN")
"""What waits first in a transaction."""
_ALONE: tuple[_Statement, ...] = (
    methodcaller("execute", "PRAGMA busy_timeout = 60000"),
    methodcaller("execute", "BEGIN IMMEDIATE"),
)
_TO_COME = SimpleNamespace(description=None, rowcount=-1, lastrowid=None)
"""The cursor of a statement that was not run yet."""


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that executes, fetches and is done, all at once. Streams keep the library's own."""

    __slots__ = ()
    _adapt_connection: "_Connection"
    _cursor: Any

    def __init__(self, connection: "_Connection") -> None:
        self._adapt_connection, self._connection = connection, connection._connection
        self._cursor, self._rows, self._soft_closed_memoized = _TO_COME, deque(), immutabledict()

    def execute(self, operation: str, parameters: Any = None) -> None:
        """Run a statement."""

        def at_once(connection: sqlite3.Connection) -> tuple[sqlite3.Cursor, deque[Any]]:
            cursor = connection.execute(operation, parameters or ())
            return cursor, deque(cursor.fetchall())

        self._cursor, self._rows = self._adapt_connection.run(at_once)

    def executemany(self, operation: str, seq_of_parameters: Any) -> None:
        """Let many rows wait to be written by a statement."""
        self._adapt_connection.waiting.append(methodcaller("executemany", operation, seq_of_parameters))
        await_(self._async_soft_close())  # SQLAlchemy insists that something is awaited.

    async def _async_soft_close(self) -> None:
        """Nothing is open: all rows are here."""

    def close(self) -> None:
        """Forget the rows."""
        self._rows.clear()


class _Stream(AsyncAdapt_aiosqlite_ss_cursor):
    """The library's own cursor, which goes to the thread by itself, after what waits."""

    __slots__ = ()

    def __init__(self, connection: "_Connection") -> None:
        connection.run(lambda _: None)
        super().__init__(connection)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ("waiting",)
    _cursor_cls: type[AsyncAdapt_aiosqlite_cursor] = _Cursor
    _ss_cursor_cls: type[AsyncAdapt_aiosqlite_ss_cursor] = _Stream

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.waiting: list[_Statement] = []

    def run(self, last: _Statement) -> Any:
        """Do in the connection's thread what waits, and then this, and return what comes of it."""
        together, self.waiting = [*self.waiting, last], []
        try:
            return await_(self._connection._execute(lambda: [do(self._connection._conn) for do in together][-1]))
        except Exception as error:
            self._handle_exception(error)

    def commit(self) -> None:
        """Write what waits, and commit."""
        self.run(sqlite3.Connection.commit)

    def rollback(self) -> None:
        """Roll back, if there is anything to: SQLAlchemy asks for it whenever a connection is returned, even a closed
        one, which cannot tell whether it is in a transaction."""
        self.waiting.clear()
        if self._connection._connection and self._connection.in_transaction:
            super().rollback()


def write_alone(connection: Connection) -> None:
    """Let a transaction that has only begun wait, for a minute at most, until no other one writes, and keep all others
    from writing from then on, before it has written anything itself."""
    pooled: Any = connection.connection.dbapi_connection
    pooled.waiting[:] = _ALONE
    pooled.run(lambda _: None)


def write_later(connection: AsyncConnection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Let rows wait to be written along with the connection's next statement, or with the commit. SQLAlchemy itself
    would take a single row for something that somebody waits for."""
    pooled: Any = connection.sync_connection
    pooled.connection.dbapi_connection.waiting.append(methodcaller("executemany", statement, rows))


async def _opened(*given: Any, **named: Any) -> aiosqlite.Connection:
    """Open a database. Where that fails, the connection's thread has ended before anybody hears of it; else the thread
    might still call a loop that is closed by then, and a traceback would stand beside what an operator is told."""
    connection = aiosqlite.connect(*given, **named)
    connection._thread.daemon = True
    try:
        return await connection
    except sqlite3.Error:
        connection._thread.join()
        raise


def connect(dialect: Any, _record: Any, arguments: Any, named: Any) -> _Connection:
    """Connect, as SQLAlchemy's event `do_connect` asks for it."""
    opened = dialect.connect(*arguments, async_creator_fn=_opened, **named)
    return _Connection(dialect.dbapi, opened.driver_connection)
