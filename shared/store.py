"""Reading and writing in bulk, the same on SQLite and PostgreSQL: one statement a table, whatever the batch."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.flow import Key, encode_state
from shared.policy import PolicyBook, parse_pack
from shared.rules import State
from shared.tables import Tables

INSERTS: Mapping[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""Both dialects know the same ON CONFLICT, which the common Insert does not."""
Rows = Sequence[Mapping[str, Any]]


def open_engine(url: str) -> AsyncEngine:
    """An engine with durable commits: SQLite in WAL mode with full syncs; PostgreSQL as it comes."""
    engine = create_async_engine(url, hide_parameters=True)  # They may be personal data, and errors are logged.
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine.sync_engine, "connect")
        def set_pragmas(connection: Any, _record: Any) -> None:
            # The driver would commit by itself before each change of the schema; a migration must be all or nothing.
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN")

    return engine


async def upsert(conn: AsyncConnection, table: Table, rows: Rows) -> None:
    """Insert rows, or replace those with the same primary key."""
    if rows:
        statement = INSERTS[conn.dialect.name](table)
        keys = [column.name for column in table.primary_key]
        others = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
        await conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), list(rows))


async def insert(conn: AsyncConnection, table: Table, rows: Rows) -> None:
    """Insert new rows."""
    if rows:
        await conn.execute(table.insert(), list(rows))


async def insert_new(conn: AsyncConnection, table: Table, rows: Rows) -> None:
    """Insert rows, and leave those alone that are there already."""
    if rows:
        await conn.execute(INSERTS[conn.dialect.name](table).on_conflict_do_nothing(), list(rows))


async def seen(conn: AsyncConnection, tables: Tables, ids: Iterable[bytes]) -> set[bytes]:
    """Which of these messages the inbox holds already."""
    inbox = tables.inbox.c.id
    return set((await conn.execute(select(inbox).where(inbox.in_(list(ids))))).scalars())


async def load_states(conn: AsyncConnection, tables: Tables, keys: Iterable[Key]) -> dict[Key, State | None]:
    """The states with these keys; None for those that are not there yet."""
    found: dict[Key, State | None] = dict.fromkeys(keys)
    wanted = defaultdict(list)
    for kind, id in found:
        wanted[kind].append(id)
    for kind, ids in wanted.items():
        table = tables.states[kind]
        for start in range(0, len(ids), 1000):
            rows = await conn.execute(select(table.c.id, table.c.body).where(table.c.id.in_(ids[start : start + 1000])))
            found |= {(kind, id): decode_state(kind, body) for id, body in rows}
    return found


async def due_states(
    conn: AsyncConnection, tables: Tables, day: date, most: int, blocked: Iterable[str] = ()
) -> list[State]:
    """Up to `most` states on which something is due by a day; what belongs to a blocked village waits with it."""
    states: list[State] = []
    for kind, table in tables.states.items():
        if len(states) < most:
            due = select(table.c.body).where(table.c.due <= day)
            for village in blocked:
                due = due.where(table.c.id != village, ~table.c.id.startswith(f"{village}/", autoescape=True))
            page = await conn.execute(due.order_by(table.c.id).limit(most - len(states)))
            states += [decode_state(kind, body) for (body,) in page]
    return states


async def next_due(conn: AsyncConnection, tables: Tables) -> date | None:
    """The first day on which anything at all falls due in this service."""
    days = [(await conn.execute(select(func.min(table.c.due)))).scalar() for table in tables.states.values()]
    return min((day for day in days if day), default=None)


async def save_states(conn: AsyncConnection, tables: Tables, states: Iterable[State]) -> None:
    """Write states, each with the columns that it is found by."""
    rows = defaultdict(list)
    for state in states:
        rows[type(state)].append(
            {
                "id": state.id,
                "place": state.place,
                "status": state.status,
                "due": state.due,
                "awaits": state.awaits,
                "body": encode_state(state).decode(),
            }
        )
    for kind, of_kind in rows.items():
        await upsert(conn, tables.states[kind], of_kind)


async def positions(conn: AsyncConnection, tables: Tables) -> dict[str, int]:
    """All positions by name."""
    return {row.name: row.value for row in await conn.execute(select(tables.positions))}


async def policy_book(conn: AsyncConnection, tables: Tables) -> PolicyBook:
    """All packs that were ever adopted."""
    book = PolicyBook()
    for (body,) in await conn.execute(select(tables.policies.c.body)):
        book.adopt(parse_pack(msgspec.json.decode(body)))
    return book


async def digest(conn: AsyncConnection, tables: Tables) -> dict[str, str]:
    """A digest of the business content of each table of states, and of the decided events by id.

    Two runs that decided the same have the same digests, whatever crashed, was repeated or came in another order. A
    digest is the sum of the rows' SHA-256 modulo 2**256, so that those of several replicas add up.
    """
    content = {kind.kind: select(table.c.id, table.c.body) for kind, table in tables.states.items()}
    content["events"] = select(tables.outbox.c.id)
    digests = {}
    for name, rows in sorted(content.items()):
        total = 0
        async for row in await conn.stream(rows):
            total += int.from_bytes(hashlib.sha256("\x1f".join(row).encode()).digest())
        digests[name] = _digest(total)
    return digests


def united(digests: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The digests of the content that several replicas have together."""
    total: defaultdict[str, int] = defaultdict(int)
    for replica in digests:
        for name, digest in replica.items():
            total[name] += int(digest, 16)
    return {name: _digest(value) for name, value in total.items()}


def _digest(total: int) -> str:
    return f"{total % 2**256:064x}"


def decode_state(kind: type[State], body: str) -> State:
    """A state from its kept form."""
    return _DECODERS[kind].decode(body)


class _Decoders(dict[type[State], msgspec.json.Decoder[State]]):
    def __missing__(self, kind: type[State]) -> msgspec.json.Decoder[State]:
        self[kind] = msgspec.json.Decoder(kind)
        return self[kind]


_DECODERS = _Decoders()
