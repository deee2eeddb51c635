"""A process that speaks HTTP: how it begins, and how it answers until it is stopped.

Accounts, webhooks and the console are such processes and nothing more, and take their settings from here. The four
services (`shared/runtime.py`) also talk to NATS. This file imports little, since small processes use it.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import uvicorn
import uvloop
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import logs, settings
from shared.engine import schema
from shared.engine.hold import Hold
from shared.engine.opening import contact
from shared.settings import CannotRun
from shared.web import serving
from shared.web.rates import A_MINUTE


class Served(settings.Settings, kw_only=True):
    """The settings of every process that speaks HTTP, besides those that every process has."""

    database: str
    port: Annotated[int, Meta(ge=1, le=65535)]
    host: str = "127.0.0.1"
    installation: str = ""
    """The identity of the data folder, sent with every answer; empty if there is no folder."""
    requests_a_minute: Annotated[int, Meta(ge=1)] = A_MINUTE
    """The most requests of one caller that are answered in a minute. Those of the installation's own processes are not
    counted."""
    migrate_on_start: bool = True


class Settings(Served, kw_only=True):
    """The settings of a process that only speaks HTTP."""

    secret_file: Path
    """The file with the installation's secret."""


def run(name: str, of: Served, work: Coroutine[Any, Any, None]) -> None:
    """Set up the log, bring the database to the newest schema if asked, and do a process's work to its end.

    What an operator has to mend ends it with one line that says so; any other error keeps its traceback.
    """
    logs.configure(name, of.log_level)
    try:
        if of.migrate_on_start:
            from shared import migrations  # Only here: Alembic takes 10 MiB of memory.

            migrations.upgrade(name, of.database)
        uvloop.run(work)
    except CannotRun as error:
        raise SystemExit(f"无法运行：{error.zh} · cannot run: {error.en}") from None
    finally:
        work.close()


@asynccontextmanager
async def held(engine: AsyncEngine, name: str, of: Served) -> AsyncIterator[Hold]:
    """Hold the database for this process, and check its schema unless the process has just migrated it.

    At the end the database is left to others, and the engine is disposed of.
    """
    hold = Hold(engine)
    try:
        with contact():
            await hold.take()
            if not of.migrate_on_start:
                await schema.require(engine, name)
        yield hold
    finally:
        await hold.end()
        await engine.dispose()


def named(name: str, installation: str) -> list[tuple[str, str]]:
    """The headers by which a client notices that it reached another process or another installation."""
    return [("zhucun-service", name), ("zhucun-installation", installation)]


async def answer(server: uvicorn.Server, hold: Hold) -> None:
    """Answer requests until SIGINT or SIGTERM. Raises CannotRun if the address is taken, or if another process has
    taken the database."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # uvicorn raises the signal again when it has stopped.
    keeping = asyncio.create_task(hold.keep())
    keeping.add_done_callback(lambda _: setattr(server, "should_exit", True))
    try:
        await server.serve()
    except SystemExit:  # uvicorn has logged what the system said of the address.
        host, port = server.config.host, server.config.port
        raise CannotRun(
            f"不能在 {host} 的端口 {port} 上监听，原因见日志；请停用占用它的程序，或改 ZHUCUN_HOST、ZHUCUN_PORT",
            f"it cannot listen at {host}, port {port}, as the log says: stop whoever has the port, or set another one "
            "by ZHUCUN_HOST and ZHUCUN_PORT",
        ) from None
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def serve(app: Any, name: str, of: Settings, hold: Hold) -> None:
    """Answer requests to a small process until it is stopped.

    Headers of proxies are not believed: with them anybody could have his failures counted for another address.
    """
    headers = named(name, of.installation)
    await answer(uvicorn.Server(serving.config(app, of.host, of.port, headers=headers)), hold)
