"""A process that speaks HTTP: how it begins, and how it answers until it is stopped.

Accounts, webhooks and the console are no more than that, and take their settings from here. The four services
(`shared/runtime.py`) also talk to NATS. This file imports little, since small processes use it.
"""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from msgspec import Meta

from shared import logs, settings
from shared.engine.hold import Hold
from shared.web import serving
from shared.web.rates import A_MINUTE


class Served(settings.Settings, kw_only=True):
    """What every process that speaks HTTP has beside."""

    database: str
    port: Annotated[int, Meta(ge=1, le=65535)]
    host: str = "127.0.0.1"
    installation: str = ""
    """The identity of the data folder, sent with every answer; empty if there is no folder."""
    requests_a_minute: Annotated[int, Meta(ge=1)] = A_MINUTE
    """How many requests of one caller are answered in a minute. Those of the installation's own processes are not
    counted."""
    migrate_on_start: bool = True


class Settings(Served, kw_only=True):
    """What a process has that does no more."""

    secret_file: Path
    """The file with the installation's secret."""


def prepare(name: str, log_level: str, database: str, *, migrate: bool) -> None:
    """Set up the log and, if asked, bring the database to the newest schema."""
    logs.configure(name, log_level)
    if migrate:
        from shared import migrations  # Only here: Alembic takes 10 MiB of memory.

        migrations.upgrade(name, database)


def named(name: str, installation: str) -> list[tuple[str, str]]:
    """The headers by which a client notices that it reached another process or another installation."""
    return [("zhucun-service", name), ("zhucun-installation", installation)]


async def answer(server: uvicorn.Server, hold: Hold) -> None:
    """Answer requests until SIGINT or SIGTERM, or until another process has taken the database (DatabaseInUse)."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # uvicorn raises the signal again when it has stopped.
    keeping = asyncio.create_task(hold.keep())
    keeping.add_done_callback(lambda _: setattr(server, "should_exit", True))
    await server.serve()
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def serve(app: Any, name: str, of: Settings, hold: Hold) -> None:
    """Answer requests to a small process until it is stopped.

    Headers of proxies are not believed: by them anybody could have his failures counted for another address.
    """
    headers = named(name, of.installation)
    await answer(uvicorn.Server(serving.config(app, of.host, of.port, headers=headers)), hold)
