"""SQLite that needs only one call into the connection's thread for several statements.

aiosqlite calls its thread four times for each statement: to make a cursor, to execute, to fetch and to close. Each call
takes more CPU than a short statement itself, as measured with SQLAlchemy 2.1.9 and aiosqlite 0.22.1. Here a statement
needs one call. Statements that nobody waits for, such as BEGIN and rows to write, go along with the next one; their
errors are raised there, or at the commit. This file uses private parts of both libraries, so pyproject.toml names the
versions for which tests/shared/test_sqlite.py shows that it works.

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
"""The statement with which each transaction begins. It waits for the first one that somebody needs."""
_ALONE: tuple[_Statement, ...] = (
    methodcaller("execute", "PRAGMA busy_timeout = 60000"),
    methodcaller("execute", "BEGIN IMMEDIATE"),
)
_TO_COME = SimpleNamespace(description=None, rowcount=-1, lastrowid=None)
"""Stands for the cursor of a statement that was not run yet."""


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that executes and fetches in one call. Streams keep the library's own cursor."""

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
        """Let many rows wait to be written by one statement."""
        self._adapt_connection.waiting.append(methodcaller("executemany", operation, seq_of_parameters))
        await_(self._async_soft_close())  # SQLAlchemy insists that something is awaited.

    async def _async_soft_close(self) -> None:
        """Do nothing: all rows were fetched, so nothing is open."""

    def close(self) -> None:
        """Forget the rows."""
        self._rows.clear()


class _Stream(AsyncAdapt_aiosqlite_ss_cursor):
    """The library's own cursor, which calls the thread by itself. What waits is done before."""

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
        """In the connection's thread, do what waits and then this statement. Returns the result of the latter."""
        together, self.waiting = [*self.waiting, last], []
        try:
            return await_(self._connection._execute(lambda: [do(self._connection._conn) for do in together][-1]))
        except Exception as error:
            self._handle_exception(error)

    def commit(self) -> None:
        """Write what waits, and commit."""
        self.run(sqlite3.Connection.commit)

    def rollback(self) -> None:
        """Roll back if a transaction is open. SQLAlchemy asks for this whenever a connection is returned, even a closed
        one, which cannot tell whether it is in a transaction."""
        self.waiting.clear()
        if self._connection._connection and self._connection.in_transaction:
            super().rollback()


def write_alone(connection: Connection) -> None:
    """Make a transaction that has done nothing yet the only one that writes.

    It waits, for a minute at most, until no other one writes. From then on no other can, even before this one does.
    """
    pooled: Any = connection.connection.dbapi_connection
    pooled.waiting[:] = _ALONE
    pooled.run(lambda _: None)


def write_later(connection: AsyncConnection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Let rows wait to be written along with the connection's next statement, or with the commit. SQLAlchemy itself
    would run a single row as a statement of its own, which somebody waits for."""
    pooled: Any = connection.sync_connection
    pooled.connection.dbapi_connection.waiting.append(methodcaller("executemany", statement, rows))


async def _opened(*given: Any, **named: Any) -> aiosqlite.Connection:
    """Open a database. If that fails, wait for the end of the connection's thread before raising the error. Otherwise
    the thread might call an event loop that is closed by then, and print a traceback beside what an operator is told.
    """
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
