"""The schema's history with Alembic, the same way for every service; revisions are in `services/<name>/migrations/`."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from shared.engine import sqlite
from shared.engine.opening import contact, open_engine
from shared.engine.schema import revisions, standing
from shared.settings import CannotRun

_NUMBER = 0x5A_48_4D
"""The number of the lock by which processes that migrate one database of PostgreSQL wait for each other."""


def upgrade(service: str, database: str) -> None:
    """Bring a service's database to the newest schema. Nothing happens if it has that already.

    If two processes do this, the second waits for the first. Raises CannotRun for a database that an operator has to
    look at.
    """
    _with_config(service, database, lambda config: command.upgrade(config, "head"))


def revise(service: str, database: str, message: str) -> None:
    """Write the next revision from what the tables in code have become; `database` must be at the newest one."""

    def write(config: Config) -> None:
        newest = ScriptDirectory.from_config(config).get_current_head() or "0000"
        command.revision(config, message, autogenerate=True, rev_id=f"{int(newest) + 1:04}")

    _with_config(service, database, write)


def check(service: str, database: str) -> None:
    """Raise if the tables in code and the newest revision differ."""
    _with_config(service, database, command.check)


def run() -> None:
    """What `env.py` calls, within the transaction that the caller opened."""
    attributes = context.config.attributes
    context.configure(
        connection=attributes["connection"],
        target_metadata=attributes["metadata"],
        render_as_batch=True,  # SQLite cannot alter a column in place.
        compare_type=False,  # Dialects name the same type differently; lengths are checked by review.
    )
    with context.begin_transaction():
        context.run_migrations()


def _alone(connection: Connection) -> None:
    """Wait until nobody else migrates the database, before anything of it is read."""
    if connection.dialect.name == "sqlite":
        sqlite.write_alone(connection)
    else:
        connection.execute(text("select pg_advisory_xact_lock(:number)"), {"number": _NUMBER})


def _require_own(service: str, metadata: MetaData, connection: Connection) -> None:
    """Raise CannotRun for the database of another service, and for one that a newer version has used. The revisions of
    all services have the same numbers, so migrating would otherwise go on from another service's revision."""
    (found, revision), own = standing(connection), {*metadata.tables}
    # Others' tables are imported only if this database has unknown ones, since that code takes 20 MiB of memory for
    # good.
    others = iter_modules(import_module("services").__path__) if found - own else ()
    for other in (one.name for one in others if one.name != service):
        theirs = {*import_module(f"services.{other}.tables").TABLES.metadata.tables}
        if found & (theirs - own) and not found & (own - theirs):
            raise CannotRun(
                f"这是 {other} 的数据库，不是 {service} 的，没有改动；请核对数据库地址",
                f"this is the database of {other}, not of {service}, and was left as it is; look at its address",
            )
    if revision and revision not in revisions(service):
        raise CannotRun(
            f"数据库的结构版本是“{revision}”，本程序只认得到“{revisions(service)[-1]}”：它被更新的版本用过，没有改动；"
            "请安装那个版本，或恢复升级之前的备份",
            f"the database's schema is at {revision}, this program knows it up to {revisions(service)[-1]}: a newer "
            "version has used it, and it was left as it is; install that version, or restore the backup from before",
        )


def _with_config(service: str, database: str, act: Callable[[Config], Any]) -> None:
    """Do something with Alembic inside one transaction of the service's own engine."""
    tables = import_module(f"services.{service}.tables")
    metadata: MetaData = tables.TABLES.metadata

    def apply(connection: Connection) -> None:
        _alone(connection)
        _require_own(service, metadata, connection)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent))
        config.set_main_option("version_locations", str(Path(str(tables.__file__)).with_name("migrations")))
        config.set_main_option("path_separator", "newline")
        config.attributes.update(connection=connection, metadata=metadata)
        act(config)

    async def main() -> None:
        engine = open_engine(database)
        try:
            async with engine.begin() as conn:
                await conn.run_sync(apply)
        finally:
            await engine.dispose()

    with contact():
        asyncio.run(main())
