"""SQLite with one way to the connection's thread and back for each statement.

aiosqlite goes there four times: to make a cursor, to execute, to fetch and to close. Each time takes more CPU than a
short statement itself. It was so with SQLAlchemy 2.1.9 and aiosqlite 0.22.1. This file uses what both keep for
themselves, so pyproject.toml names the versions for which tests/shared/test_sqlite.py shows that it works.

Whoever waits for a statement may be cancelled, but the statement itself goes on in the thread and always comes to its
end there. So none is left half read, and the connection can be closed, which ends its transaction.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor
from sqlalchemy.util import immutabledict
from sqlalchemy.util.concurrency import await_


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that executes, fetches and is done, all at once. Streams keep the library's own."""

    __slots__ = ()
    _cursor: Any

    def __init__(self, connection: Any) -> None:
        self._adapt_connection, self._connection = connection, connection._connection
        self._cursor, self._rows, self._soft_closed_memoized = None, deque(), immutabledict()

    def execute(self, operation: str, parameters: Any = None) -> None:
        """Run a statement."""
        self._run(sqlite3.Cursor.execute, operation, parameters or ())

    def executemany(self, operation: str, seq_of_parameters: Any) -> None:
        """Run a statement with many rows of parameters."""
        self._run(sqlite3.Cursor.executemany, operation, seq_of_parameters)

    def _run(self, execute: Callable[..., sqlite3.Cursor], *given: Any) -> None:
        def at_once() -> tuple[sqlite3.Cursor, list[Any]]:
            cursor = execute(self._connection._conn.cursor(), *given)
            return cursor, cursor.fetchall()

        try:
            self._cursor, rows = await_(self._connection._execute(at_once))
        except Exception as error:
            self._adapt_connection._handle_exception(error)
        self._rows = deque(rows)

    async def _async_soft_close(self) -> None:
        """Nothing is open: all rows are here."""

    def close(self) -> None:
        """Forget the rows."""
        self._rows.clear()


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls: type[AsyncAdapt_aiosqlite_cursor] = _Cursor

    def rollback(self) -> None:
        """Roll back, if there is anything to: SQLAlchemy asks for it whenever a connection is returned, even a closed
        one, which cannot tell whether it is in a transaction."""
        if self._connection._connection and self._connection.in_transaction:
            super().rollback()


def connect(dialect: Any, _record: Any, arguments: Any, named: Any) -> _Connection:
    """Connect, as SQLAlchemy's event `do_connect` asks for it."""
    return _Connection(dialect.dbapi, dialect.connect(*arguments, **named).driver_connection)
