"""How a database is opened, and how it is known to be away. This stands apart from `store.py`, so that a process
without rules need not import packs."""

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.engine import sqlite

_PRAGMAS = (
    "journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000",
    # A cache of 8 MB, and a checkpoint only after 16 MB: so the same pages are written less often.
    "cache_size=-8192", "wal_autocheckpoint=4000",
)  # fmt: skip


_AWAY = ("08", "57P")
"""Classes of SQLSTATE for a lost connection and for a server that is starting or stopping."""


def away(error: BaseException) -> bool:
    """Whether the database did not answer at all, for example because it is starting. A full disk is not this case."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (getattr(error.orig, "sqlstate", None) or "").startswith(_AWAY)
    return isinstance(error, (OSError, PoolTimeoutError))


def open_engine(url: str) -> AsyncEngine:
    """An engine whose commits are durable: SQLite in WAL mode with full syncs, PostgreSQL with its defaults."""
    engine = create_async_engine(url, hide_parameters=True)  # Errors are logged, and parameters may be personal data.
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "do_connect", sqlite.connect)

        @event.listens_for(engine.sync_engine, "connect")
        def set_pragmas(connection: Any, _record: Any) -> None:
            # Else the driver commits before each change of the schema, but a migration must be all or nothing.
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in _PRAGMAS:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            connection.connection.dbapi_connection.waiting.append(sqlite.BEGIN)  # type: ignore[union-attr]

    return engine
