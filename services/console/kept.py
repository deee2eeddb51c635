"""What people keep here for themselves: searches under a name, and what came of the files that they handed in."""

from typing import Final

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.console.tables import TABLES
from shared.engine import store

MOST_KEPT: Final = 50
"""Searches that somebody keeps, and files of his that are remembered."""


async def searches(conn: AsyncConnection, owner: str) -> list[tuple[str, str]]:
    """The searches that somebody keeps: the name of each, and the query of its address."""
    table = TABLES.searches
    found = select(table.c.name, table.c.query).where(table.c.owner == owner).order_by(table.c.name)
    return [(row.name, row.query) for row in await conn.execute(found)]


async def keep_search(conn: AsyncConnection, owner: str, name: str, query: str) -> bool:
    """Keep a search under a name. False where somebody keeps too many already."""
    known = {name for name, _ in await searches(conn, owner)}
    if len(known | {name}) > MOST_KEPT:
        return False
    await store.upsert(conn, TABLES.searches, [{"owner": owner, "name": name, "query": query}])
    return True


async def drop_search(conn: AsyncConnection, owner: str, name: str) -> None:
    """Keep a search no more."""
    table = TABLES.searches
    await conn.execute(delete(table).where(table.c.owner == owner, table.c.name == name))


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """A file that somebody handed in, and what came of it."""

    service: str
    form: str
    zh: str
    en: str
    place: str
    organ: str
    rows: int
    bad: int
    applied: int
    """How many rows were applied."""
    checked: bool
    """Whether it was to be checked only."""
    differs: bool
    """Whether it waited to be confirmed, because it would have overwritten what is known."""
    copy: str = ""
    """The name of the copy with its errors, which the service keeps for a while."""


async def note_import(conn: AsyncConnection, owner: str, id: str, at: int, one: Import) -> None:
    """Remember a file that was handed in. Of what somebody handed in, the latest are remembered."""
    table = TABLES.imports
    row = {"id": id, "owner": owner, "at": at, "body": msgspec.json.encode(one).decode()}
    await store.upsert(conn, table, [row])
    last = select(table.c.id).where(table.c.owner == owner).order_by(table.c.at.desc()).limit(MOST_KEPT)
    await conn.execute(delete(table).where(table.c.owner == owner, table.c.id.not_in(last)))


async def imports(conn: AsyncConnection, owner: str) -> list[tuple[int, Import]]:
    """The files that somebody handed in, each with when he did, the latest first."""
    table = TABLES.imports
    found = select(table.c.at, table.c.body).where(table.c.owner == owner).order_by(table.c.at.desc())
    return [(row.at, msgspec.json.decode(row.body, type=Import)) for row in await conn.execute(found)]
