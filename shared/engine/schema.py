"""Checks whether a database has the schema that a process needs, if the process does not migrate it itself: where two
versions work side by side, `zhucun migrate` does. This imports no Alembic, which takes 10 MiB of memory."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module, resources

import structlog
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.settings import CannotRun

log = structlog.get_logger()


@cache
def revisions(service: str) -> list[str]:
    """The revisions of a service's schema that this version knows, the oldest first."""
    folder = resources.files("services") / service / "migrations"
    return sorted(file.name.partition("_")[0] for file in folder.iterdir() if file.name[:4].isdigit())


def standing(connection: Connection) -> tuple[set[str], str]:
    """The tables of a database, and its revision; empty if it has none."""
    tables = {*inspect(connection).get_table_names()}
    found = connection.scalar(text("select version_num from alembic_version")) if "alembic_version" in tables else ""
    return tables - {"alembic_version"}, found or ""


async def require(engine: AsyncEngine, service: str) -> None:
    """Raise CannotRun if the schema is older than this version, or belongs to another service.

    A schema of a newer version has all that this one needs. So a process of this version may still be started again
    while an upgrade is going on.
    """
    async with engine.connect() as conn:
        tables, revision = await conn.run_sync(standing)
    own: Iterable[str] = import_module(f"services.{service}.tables").TABLES.metadata.tables
    if not tables or revision in revisions(service)[:-1]:
        raise CannotRun(
            f"数据库的结构尚未升级到本版本（现为“{revision or '空'}”，需要“{revisions(service)[-1]}”），"
            f"请运行 zhucun migrate {service}",
            f"the database's schema is not at this version yet (it is at {revision or 'nothing'}, this version needs "
            f"{revisions(service)[-1]}): run `zhucun migrate {service}`",
        )
    if not tables.issuperset(own):
        raise CannotRun(
            f"这不是 {service} 的数据库，没有改动；请核对 ZHUCUN_DATABASE",
            f"this is not the database of {service}, and was left as it is; look at ZHUCUN_DATABASE",
        )
    if revision not in revisions(service):
        log.warning("a newer version has migrated the database", revision=revision, known=revisions(service)[-1])
