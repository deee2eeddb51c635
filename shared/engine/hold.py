"""Holds a database for one process alone. A second process, started by mistake, would decide by what it remembers while
the first one changes the database, and neither would notice anything."""

import asyncio
import fcntl
import os
from contextlib import suppress
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.engine.opening import away, remedy
from shared.settings import CannotRun

log = structlog.get_logger()
WAIT: Final = 60.0
"""Seconds that a process waits for the one before it to end, such as in an upgrade."""
RETRY: Final = 0.5
LOOK: Final = 5.0
"""Seconds between two checks whether the hold is still there."""
_NUMBER: Final = 0x5A_48_55
"""The number of the lock that each process of Zhucun asks PostgreSQL for. Each database has locks of its own."""
_SOON: Final = "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3"
"""Lets PostgreSQL notice within 25 seconds that the machine of a process is gone, and end its lock. Otherwise that
takes hours."""


class DatabaseInUse(CannotRun):
    """Another process uses the database."""

    def __init__(self) -> None:
        super().__init__(
            "数据库正由另一进程使用，请停用其中一个，只保留一个", "another process uses this database: stop one of both"
        )


class Hold:
    """Keeps a database for one process as long as it lives: by a lock on SQLite's file, or by a lock of PostgreSQL
    that ends with its connection."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._file: int | None = None
        self._connection: AsyncConnection | None = None

    async def take(self) -> None:
        """Take the database as soon as no other process has it. Raises DatabaseInUse after `WAIT` seconds, not counting
        the time for which the database was away."""
        waited = 0.0
        while not await self._taken():
            if not waited:
                log.warning("the database is another process's; waiting for its end")
            waited += RETRY
            if waited > WAIT:
                raise DatabaseInUse
            await asyncio.sleep(RETRY)

    async def keep(self) -> None:
        """Check for ever whether the hold is there, and take it again after the database was away. Raises as `take`.

        Only a lock of PostgreSQL can be lost; SQLite's stays with the process.
        """
        while True:
            await asyncio.sleep(LOOK)
            if self._connection is None:
                continue
            try:
                await self._connection.execute(text("select 1"))
            except Exception as error:
                if not away(error):
                    raise
                await self.end()
                await self.take()

    async def end(self) -> None:
        """Leave the database to others. To be called when nothing is written any more.

        SQLite's file stays open until the process ends: closing a file gives up all locks that the process has on it,
        and SQLite's own would be among them.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # It may be lost already.
                await connection.close()

    async def _taken(self) -> bool:
        if self.engine.dialect.name == "sqlite":
            return self._locked()
        is_told = False
        while True:
            try:
                return await self._asked()
            except (DBAPIError, OSError) as error:
                if not away(error):
                    raise
                if not is_told:
                    log.warning("the database is away; waiting for it", error=repr(error), remedy=remedy(error))
                is_told = True
                await asyncio.sleep(RETRY)

    def _locked(self) -> bool:
        """Lock the database's file. Returns whether this process has the lock."""
        if self._file is None:
            self._file = os.open(str(self.engine.url.database), os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def _asked(self) -> bool:
        """Whether PostgreSQL gives the lock to a new connection, which is then kept open."""
        connection = await self.engine.connect()
        is_given = False
        try:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            for one in _SOON.split(";"):
                await connection.execute(text(one))
            is_given = bool(await connection.scalar(text("select pg_try_advisory_lock(:number)"), {"number": _NUMBER}))
        finally:
            if not is_given:
                await connection.close()
        if is_given:
            self._connection = connection
        return is_given
