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
from sqlalchemy import Connection, MetaData, inspect

from shared.engine.opening import open_engine


def upgrade(service: str, database: str) -> None:
    """Bring a service's database to the newest schema; nothing happens if it is there already."""
    _with_config(service, database, lambda config: command.upgrade(config, "head"))


def revise(service: str, database: str, message: str) -> None:
    """Write the next revision from what the tables have become; `database` must stand at the newest one."""

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


def _require_own(service: str, metadata: MetaData, connection: Connection) -> None:
    """Raise ValueError for the database of another service: its revisions have the same numbers, and would be gone on
    with as if they were this one's."""
    found, own = {*inspect(connection).get_table_names()} - {"alembic_version"}, {*metadata.tables}
    if not found - own:
        return
    for other in (one.name for one in iter_modules(import_module("services").__path__) if one.name != service):
        theirs = {*import_module(f"services.{other}.tables").TABLES.metadata.tables}
        if found & (theirs - own) and not found & (own - theirs):
            raise ValueError(
                f"这是 {other} 的数据库，不是 {service} 的，没有改动；请核对数据库地址 / "
                f"this is the database of {other}, not of {service}, and was left as it is; look at its address"
            )


def _with_config(service: str, database: str, act: Callable[[Config], Any]) -> None:
    """Do something with Alembic inside one transaction of the service's own engine."""
    tables = import_module(f"services.{service}.tables")
    metadata: MetaData = tables.TABLES.metadata

    def apply(connection: Connection) -> None:
        _require_own(service, metadata, connection)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent))
        config.set_main_option("version_locations", str(Path(str(tables.__file__)).with_name("migrations")))
        config.set_main_option("path_separator", "newline")
        config.attributes.update(connection=connection, metadata=metadata)
        act(config)

    async def main() -> None:
        engine = open_engine(database)
        async with engine.begin() as conn:
            await conn.run_sync(apply)
        await engine.dispose()

    asyncio.run(main())
