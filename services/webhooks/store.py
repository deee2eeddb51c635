"""Reading and writing endpoints, positions and the events that were not taken."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.webhooks.model import Endpoint, Held
from services.webhooks.tables import TABLES

MOST_HELD: Final = 10_000
"""Events that may wait for one endpoint by themselves. Beyond it, the journal is read on only when some are taken."""
MOST_SHOWN: Final = 500


class Store:
    """The database. One process writes it, and one transaction at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine, self.lock = engine, asyncio.Lock()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write. Nobody else changes what it reads meanwhile."""
        async with self.lock, self.engine.begin() as conn:
            yield conn


async def endpoints(conn: AsyncConnection) -> list[Endpoint]:
    """All endpoints."""
    found = await conn.scalars(select(TABLES.endpoints.c.body).order_by(TABLES.endpoints.c.id))
    return [msgspec.json.decode(body, type=Endpoint) for body in found]


async def endpoint(conn: AsyncConnection, id: str) -> Endpoint | None:
    """One endpoint."""
    body = await conn.scalar(select(TABLES.endpoints.c.body).where(TABLES.endpoints.c.id == id))
    return msgspec.json.decode(body, type=Endpoint) if body else None


async def save(conn: AsyncConnection, one: Endpoint) -> None:
    """Write an endpoint, new or known."""
    body = msgspec.json.encode(one).decode()
    changed = await conn.execute(update(TABLES.endpoints).where(TABLES.endpoints.c.id == one.id).values(body=body))
    if not changed.rowcount:
        await conn.execute(insert(TABLES.endpoints).values(id=one.id, body=body))


async def remove(conn: AsyncConnection, id: str) -> None:
    """Forget an endpoint, with its positions and what it has not taken."""
    for table, column in (
        (TABLES.held, TABLES.held.c.endpoint),
        (TABLES.positions, TABLES.positions.c.endpoint),
        (TABLES.endpoints, TABLES.endpoints.c.id),
    ):
        await conn.execute(delete(table).where(column == id))


async def position(conn: AsyncConnection, id: str, source: str) -> tuple[str, str]:
    """The cursor behind which an endpoint reads a source, and the business day that it has reached. Empty at first."""
    table = TABLES.positions
    row = (await conn.execute(select(table).where(table.c.endpoint == id, table.c.source == source))).first()
    return (row.cursor, row.day) if row else ("", "")


async def move(conn: AsyncConnection, id: str, source: str, cursor: str, day: str) -> None:
    """Write how far an endpoint has read a source."""
    table = TABLES.positions
    values = {"cursor": cursor, "day": day}
    known = (table.c.endpoint == id, table.c.source == source)
    if not (await conn.execute(update(table).where(*known).values(**values))).rowcount:
        await conn.execute(insert(table).values(endpoint=id, source=source, **values))


async def hold(conn: AsyncConnection, id: str, events: Sequence[Held]) -> None:
    """Put events behind those that an endpoint has not taken. One that waits already keeps its place."""
    table = TABLES.held
    for one in events:
        known = await conn.scalar(select(table.c.number).where(*_is(id, one)))
        if known is None:
            await conn.execute(insert(table).values(endpoint=id, **_row(one)))


async def update_held(conn: AsyncConnection, id: str, one: Held) -> None:
    """Write what an attempt has changed."""
    await conn.execute(update(TABLES.held).where(*_is(id, one)).values(**_row(one)))


async def taken(conn: AsyncConnection, id: str, one: Held) -> None:
    """Forget an event that the endpoint has taken."""
    await conn.execute(delete(TABLES.held).where(*_is(id, one)))


async def waiting(conn: AsyncConnection, id: str, about: str = "", most: int = MOST_SHOWN) -> list[Held]:
    """The first events that an endpoint has not taken, in order; of one village, if it is named."""
    table = TABLES.held
    found = select(table).where(table.c.endpoint == id, *([table.c.subject == about] if about else []))
    return [_held(row) for row in await conn.execute(found.order_by(table.c.number).limit(most))]


async def heads(conn: AsyncConnection, id: str, now: float, most: int) -> list[Held]:
    """The events that are due and are the first in the queue of their village."""
    table = TABLES.held
    firsts = select(func.min(table.c.number)).where(table.c.endpoint == id).group_by(table.c.subject)
    found = select(table).where(table.c.number.in_(firsts), table.c.next <= now).order_by(table.c.next).limit(most)
    return [_held(row) for row in await conn.execute(found)]


async def next_due(conn: AsyncConnection, id: str) -> float | None:
    """When the next event that is the first of its village is due. None if there is none."""
    table = TABLES.held
    firsts = select(func.min(table.c.number)).where(table.c.endpoint == id).group_by(table.c.subject)
    found: float | None = await conn.scalar(select(func.min(table.c.next)).where(table.c.number.in_(firsts)))
    return found


async def held_subjects(conn: AsyncConnection, id: str) -> set[str]:
    """The villages of which something waits."""
    return set(await conn.scalars(select(TABLES.held.c.subject).where(TABLES.held.c.endpoint == id).distinct()))


async def count(conn: AsyncConnection, id: str, *, only_standing: bool = False) -> int:
    """How many events an endpoint has not taken, or how many of them stand still."""
    table = TABLES.held
    found = select(func.count()).where(table.c.endpoint == id, *([table.c.next.is_(None)] if only_standing else []))
    return int(await conn.scalar(found) or 0)


async def oldest(conn: AsyncConnection, id: str) -> tuple[str, float]:
    """The first business day of what an endpoint has not taken, and when the oldest was told; empty and 0 if it has
    taken all."""
    table = TABLES.held
    found = select(func.min(table.c.day), func.min(table.c.told)).where(table.c.endpoint == id)
    day, since = (await conn.execute(found)).one()
    return day or "", since or 0.0


async def wake(conn: AsyncConnection, id: str, about: str, since: str, now: float) -> int:
    """Make events that wait due at once, also those that stand still. Returns how many."""
    table = TABLES.held
    chosen = [table.c.endpoint == id, table.c.day >= since, *([table.c.subject == about] if about else [])]
    values = {"next": 0.0, "since": now, "attempts": 0}
    return int((await conn.execute(update(table).where(*chosen).values(**values))).rowcount)


async def forget_source(conn: AsyncConnection, id: str, source: str) -> str | None:
    """Forget what an endpoint has not taken from a source. Returns the first business day of it."""
    table = TABLES.held
    chosen = (table.c.endpoint == id, table.c.source == source)
    first: str | None = await conn.scalar(select(func.min(table.c.day)).where(*chosen))
    await conn.execute(delete(table).where(*chosen))
    return first


def _is(id: str, one: Held) -> tuple[Any, ...]:
    table = TABLES.held
    return table.c.endpoint == id, table.c.source == one.source, table.c.id == one.id


def _row(one: Held) -> dict[str, Any]:
    values = msgspec.structs.asdict(one)
    del values["number"]
    return values


def _held(row: Any) -> Held:
    return Held(**{name: getattr(row, name) for name in Held.__struct_fields__})
