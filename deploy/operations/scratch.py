"""Where the self-test runs: a second set of the services, which nobody else sees and of which nothing remains.

If the installation has servers of its own, the self-test uses them. It has its own account on NATS and its own role in
PostgreSQL, so the servers keep it apart from real data. Otherwise it starts servers for itself.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from sqlalchemy import URL, make_url

from deploy.access import asking
from deploy.access.keys import private, seed_file
from deploy.access.users import HARNESS, SELFTEST, SERVICES
from deploy.local.errors import StartError
from deploy.local.supervisor import READY_WITHIN, System
from shared.stream.bus import STREAMS

CLEARING: Final = 30.0
"""Seconds that a server may take to remove the remains of a self-test."""


class LeftBehind(StartError):
    """Data of the self-test could not be removed. The text says which."""


class Site(NamedTuple):
    """An installation's servers, as the self-test reaches them."""

    nats: str
    ca: Path | None
    replicas: int
    """How many of the servers keep a copy of each stream."""
    keys: Path
    """The folder of the self-test's own keys."""
    databases: str
    """PostgreSQL's address, with the self-test's role; empty where services keep their data on SQLite."""

    def addresses(self) -> Mapping[str, URL]:
        """The database address of each service. Empty if the services keep their data on SQLite."""
        services = SERVICES if self.databases else ()
        return {service: make_url(self.databases).set(database=database(service)) for service in services}

    async def clear(self) -> None:
        """Remove everything that a self-test left on the servers. Raises LeftBehind if that fails."""
        try:
            async with asyncio.timeout(CLEARING):
                await self._delete_streams()
                for address in self.addresses().values():
                    await _empty(address)
        except (NatsError, asyncpg.PostgresError, OSError, TimeoutError) as error:
            raise LeftBehind(
                "自检用过的账户和数据库没有清空：nats-server 或 PostgreSQL 没有应答。正式数据不受影响；"
                "请让它们恢复后再运行一次 zhucun selftest，开始时会先清空。\n"
                f"What the self-test made could not be taken away ({error!r}). Nothing real is touched; let "
                "nats-server and PostgreSQL recover and run `zhucun selftest` again, which begins by clearing it."
            ) from error

    async def _delete_streams(self) -> None:
        async with asking.connected(self.nats, seed_file(self.keys, HARNESS), self.ca) as client:
            js = client.jetstream(timeout=CLEARING)
            for stream in STREAMS:
                with suppress(NotFoundError):
                    await js.delete_stream(stream.name or "")


def database(service: str) -> str:
    """The name of the database of a service of the self-test: `selftest-registry`."""
    return f"{SELFTEST}-{service}"


async def _empty(address: URL) -> None:
    """Empty a database, and end connections that a killed self-test left there."""
    connection = await asyncpg.connect(address.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and usename = current_user and pid <> pg_backend_pid()"
        )
        await connection.execute("drop schema public cascade; create schema public")
    finally:
        await connection.close()


@asynccontextmanager
async def scratch(site: Site | None) -> AsyncIterator[System]:
    """A system on a site's servers, or on its own. Afterwards it is removed, whatever happens.

    Raises StartError if it cannot start or another self-test is running there; LeftBehind if data cannot be removed.
    """
    with tempfile.TemporaryDirectory(prefix="zhucun-selftest-") as folder:
        root = Path(folder) / "system"
        if site is None:
            async with System(root) as system:
                await system.ready(READY_WITHIN)
                yield system
            return
        with _alone(site.keys):
            await site.clear()
            try:
                async with _on(site, root) as system:
                    await system.ready(READY_WITHIN)
                    yield system
            finally:
                await _whatever_happens(site.clear())


def _on(site: Site, root: Path) -> System:
    """A system for a site. Its folder has the self-test's keys, and its data too if the site uses SQLite."""
    system = System(
        root,
        nats=site.nats,
        nats_ca=site.ca,
        stream_replicas=site.replicas,
        databases={name: url.render_as_string(hide_password=False) for name, url in site.addresses().items()},
        env={name: os.environ[name] for name in ("PGPASSFILE",) if name in os.environ},
    )
    system.folder.keys.mkdir(mode=0o700, parents=True)
    for key in site.keys.glob("*.nk"):
        shutil.copy(key, system.folder.keys)
    return system


@contextmanager
def _alone(keys: Path) -> Iterator[None]:
    """Keep other self-tests off the same servers by a lock, which ends with its process. Raises StartError if taken."""
    with open(keys / "lock", "a", opener=private) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(
                "另一次自检正在进行，本次没有开始。请等它结束后再运行 zhucun selftest。\n"
                "Another self-test is at work, and this one did not begin. Wait for its end, then run it again."
            ) from None
        yield


async def _whatever_happens(work: Coroutine[Any, Any, None]) -> None:
    """Finish some work even if the waiting task is cancelled meanwhile, once or more often."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    await task
