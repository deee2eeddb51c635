"""Bulk reading and writing on SQLite and PostgreSQL: one statement for a table, however many rows there are."""

import asyncio
import hashlib
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from operator import itemgetter
from typing import Any, Final, Literal, TypeVar

import msgspec
from nats.errors import Error as NatsError
from sqlalchemy import Boolean, ColumnElement, Date, Dialect, Table, func, select, union_all
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from shared.codes import Code
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.registry import PolicyAdopted
from shared.divisions import place_of
from shared.engine import sqlite
from shared.engine.flow import States, decoder, encode_state
from shared.engine.opening import away as away
from shared.engine.opening import open_engine as open_engine
from shared.engine.tables import Tables
from shared.policy import PolicyBook, kept_pack
from shared.rules import Key, State, Wake

Rows = Sequence[Mapping[str, Any]]
T = TypeVar("T")
PATIENCE: Final = 90.0
"""Seconds that a request waits for a database that is away, so that officers meet a delay and not an error."""
PAUSE: Final = 0.5
"""Seconds between two attempts to reach the database."""
HOLIDAYS = "holidays/"
"""The prefix of the keys under which the table of packs also keeps announced holidays."""


def passing(error: BaseException) -> bool:
    """Whether trying again later may succeed, since the database or the network is away, full or locked.

    False if the database refused a value itself: then every further attempt would fail, too.
    """
    if not isinstance(error, DBAPIError):
        return isinstance(error, (OSError, SQLAlchemyError, NatsError))
    if code := getattr(error.orig, "sqlstate", None):
        return not code.startswith(_UNFIT)
    if code := getattr(error.orig, "sqlite_errorcode", None):
        return code & 0xFF not in _UNFIT_FOR_SQLITE
    # Without a code the driver itself failed: the connection is gone, or it could not encode a value.
    return error.statement is None or error.connection_invalidated or not isinstance(error, _UNWRITABLE)


class Away(OSError):
    """The database did not answer, as a query's answer says (`shared/web/patience.py`)."""


async def patiently(take: Callable[[], Awaitable[T]], until: float) -> T:
    """Repeat `take` while the database is away, until the time `until` on the monotonic clock.

    Raises its last error.
    """
    while True:
        try:
            return await take()
        except Exception as error:
            if not away(error) or time.monotonic() > until:
                raise
        await asyncio.sleep(PAUSE)


_UNFIT = ("22", "54")
"""Classes of SQLSTATE by which PostgreSQL refuses a value: bad data and exceeded limits. Violated constraints (23) are
not among them: only a second writer can cause one, and reading the database again resolves it."""
_UNFIT_FOR_SQLITE = {18, 20, 25}
"""The same for SQLite: SQLITE_TOOBIG, SQLITE_MISMATCH and SQLITE_RANGE."""
_UNWRITABLE = (DataError, NotSupportedError, ProgrammingError)


async def upsert(conn: AsyncConnection, table: Table, rows: Rows) -> None:
    """Insert rows, replacing those with the same primary key. No two of the given rows may share a key."""
    await _write(conn, table, rows, "replace")


async def insert(conn: AsyncConnection, table: Table, rows: Rows) -> None:
    """Insert rows; a primary key that exists already is an error."""
    await _write(conn, table, rows, "fail")


async def insert_new(conn: AsyncConnection, table: Table, rows: Rows) -> None:
    """Insert rows, leaving those alone whose primary key exists already."""
    await _write(conn, table, rows, "keep")


async def add(conn: AsyncConnection, table: Table, rows: Rows) -> None:
    """Insert rows of numbers; where the primary key exists already, the numbers are added to those that stand there."""
    await _write(conn, table, rows, "add")


Clash = Literal["fail", "keep", "replace", "add"]
"""What to do with a row whose primary key exists already."""


async def _write(conn: AsyncConnection, table: Table, rows: Rows, clash: Clash) -> None:
    """Write all rows by one statement of the driver. SQLAlchemy would process every parameter, which costs more.

    PostgreSQL gets each column as one array. Otherwise it would run the statement once for each row. On SQLite rows
    wait for the next statement, or for the commit.
    """
    if not rows:
        return
    statement, pick, adapt = _statement(conn.dialect, table, clash)
    columns: list[Sequence[Any]] = [*zip(*map(pick, rows), strict=True)]
    for number, processor in adapt:
        columns[number] = [*map(processor, columns[number])]
    if conn.dialect.name == "postgresql":
        await conn.exec_driver_sql(statement, tuple(columns))
    else:
        sqlite.write_later(conn, statement, [*zip(*columns, strict=True)])


@cache
def _statement(
    dialect: Dialect, table: Table, clash: Clash
) -> tuple[str, Callable[[Any], tuple[Any, ...]], Sequence[tuple[int, Callable[[Any], Any]]]]:
    """The statement, a function that picks the values of all columns from a row, and, for those columns that need it,
    their number and a function that converts their values for the driver."""
    name = dialect.identifier_preparer.quote
    columns, keys = list(table.columns), ", ".join(name(column.name) for column in table.primary_key)
    if dialect.name == "postgresql":
        # The type without its length: a cast would silently cut a text, but the column refuses one that is too long.
        types = (re.sub(r"\(\d+\)", "", column.type.compile(dialect)) for column in columns)
        arrays = (f"${n}::{type}[]" for n, type in enumerate(types, 1))
        values = f"SELECT * FROM unnest({', '.join(arrays)})"
    else:
        values = f"VALUES ({', '.join('?' * len(columns))})"
    others = ", ".join(f"{name(c.name)} = excluded.{name(c.name)}" for c in columns if not c.primary_key)
    update, own = f"ON CONFLICT ({keys}) DO UPDATE SET", name(table.name)
    summed = ", ".join(
        f"{name(c.name)} = {own}.{name(c.name)} + excluded.{name(c.name)}" for c in columns if not c.primary_key
    )
    told = {"fail": "", "keep": "ON CONFLICT DO NOTHING", "replace": f"{update} {others}", "add": f"{update} {summed}"}
    names = ", ".join(name(column.name) for column in columns)
    adapt = [(n, converter) for n, c in enumerate(columns) if (converter := _converter(c.type, dialect))]
    pick = itemgetter(*(column.name for column in columns))  # Of two columns at least, so that it returns a tuple.
    return f"INSERT INTO {name(table.name)} ({names}) {values} {told[clash]}", pick, adapt


def _converter(type: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What makes a value fit for the driver. Only SQLite needs it, for dates, which it keeps as text."""
    if dialect.name == "sqlite" and isinstance(type, Date):
        return lambda day: day and day.isoformat()
    # Both drivers take booleans as they are.
    return None if isinstance(type, Boolean) else type.dialect_impl(dialect).bind_processor(dialect)


async def note_heard(conn: AsyncConnection, tables: Tables, ids: Collection[bytes]) -> set[bytes]:
    """Add message ids to the inbox. Returns those that are new, so that the others can be dropped (decision 2)."""
    if not ids:
        return set()
    by_array = conn.dialect.name == "postgresql"
    rows = "SELECT * FROM unnest($1::bytea[])" if by_array else f"VALUES {', '.join(['(?)'] * len(ids))}"
    statement = f"INSERT INTO {tables.inbox.name} (id) {rows} ON CONFLICT DO NOTHING RETURNING id"
    return {id for (id,) in await conn.exec_driver_sql(statement, ([*ids],) if by_array else tuple(ids))}


async def answers(conn: AsyncConnection, tables: Tables, keys: Iterable[str]) -> Sequence[tuple[str, bytes, str]]:
    """Key, fingerprint and response of those requests that were answered before."""
    by_array = conn.dialect.name == "postgresql"
    chosen = "= ANY($1::varchar[])" if by_array else "IN (SELECT value FROM json_each(?1))"
    statement = f'SELECT "key", fingerprint, response FROM {tables.requests.name} WHERE "key" {chosen}'
    asked: Any = [*keys]
    given = asked if by_array else msgspec.json.encode(asked).decode()
    rows: Sequence[Any] = (await conn.exec_driver_sql(statement, (given,))).all()
    return rows


async def load_states(conn: AsyncConnection, tables: Tables, keys: Iterable[Key]) -> States:
    """The states with these keys; None where there is no such state."""
    found: States = dict.fromkeys(keys)
    kinds = [*dict.fromkeys(kind for kind, _ in found)]
    asked: Sequence[Any] = [[id for of, id in found if of is kind] for kind in kinds]
    # One statement reads all kinds at once. All ids of a kind are one parameter: otherwise each number of ids would
    # need a statement of its own. Rows are fetched together: one by one, each would take three steps more.
    by_array = conn.dialect.name == "postgresql"
    chosen = "= ANY(${2}::varchar[])" if by_array else "IN (SELECT value FROM json_each(?{2}))"
    one = "SELECT {0}, id, body FROM {1} WHERE id " + chosen
    statement = " UNION ALL ".join(one.format(n, tables.states[kind].name, n + 1) for n, kind in enumerate(kinds))
    given = asked if by_array else [msgspec.json.encode(ids).decode() for ids in asked]
    rows: Sequence[Any] = (await conn.exec_driver_sql(statement, tuple(given))).all() if kinds else ()
    return found | {(kinds[n], id): decode_state(kinds[n], body) for n, id, body in rows}


async def due_states(
    conn: AsyncConnection,
    tables: Tables,
    kinds: Collection[type[State]],
    day: date,
    most: int,
    blocked: Iterable[str] = (),
) -> list[State]:
    """Up to `most` states of these kinds with timers due by a day, except those of `blocked` villages, which wait."""
    states: list[State] = []
    # On most days most kinds have no due timer, and asking for all kinds at once costs no more than asking for one.
    # The index has the first due day. For EXISTS instead, PostgreSQL would look row by row.
    due_by = "SELECT '{}' WHERE (SELECT min(due) FROM {}) <= '{}'"
    asked = " UNION ALL ".join(due_by.format(kind.kind, tables.states[kind].name, day) for kind in kinds)
    found = {name for (name,) in await conn.exec_driver_sql(asked)} if asked else set()
    for kind in kinds:
        if kind.kind in found and len(states) < most:
            table = tables.states[kind]
            due = select(table.c.body).where(table.c.due <= day)
            for village in blocked:
                due = due.where(table.c.id != village, ~table.c.id.startswith(f"{village}/", autoescape=True))
            page = await conn.execute(due.order_by(table.c.due).limit(most - len(states)))
            states += [decode_state(kind, body) for (body,) in page]
    return states


def within(table: Table, place: str) -> Iterable[ColumnElement[bool]]:
    """The condition that a state lies in a division with this prefix: a range, since LIKE would not use the index."""
    if len(place) == 6:
        yield table.c.place == place
    elif place:
        yield table.c.place.between(place_of(place), place.ljust(6, "9"))


async def wake(conn: AsyncConnection, tables: Tables, wakes: Iterable[Wake], most: int) -> None:
    """Set the timer `woken` of all states of a kind in a jurisdiction, up to `most` of them at a time."""
    for kind, place, on in wakes:
        table, after = tables.states[kind], ""
        there = select(table.c.body).where(*within(table, place)).order_by(table.c.id).limit(most)
        while bodies := (await conn.execute(there.where(table.c.id > after))).scalars().all():
            states = [decode_state(kind, body) for body in bodies]
            await save_states(conn, tables, [state.woken(on) for state in states])
            after = states[-1].id


async def counting_states(conn: AsyncConnection, tables: Tables, after: tuple[str, str], most: int) -> list[State]:
    """Up to `most` states with deadlines that holidays can move, by kind and id, after the one with the key `after`."""
    states: list[State] = []
    for kind, table in sorted(tables.states.items(), key=lambda item: item[0].kind):
        if kind.kind >= after[0] and len(states) < most:
            counting = select(table.c.body).where(table.c.body.contains('"deadlines":[{', autoescape=True))
            if kind.kind == after[0]:
                counting = counting.where(table.c.id > after[1])
            page = await conn.execute(counting.order_by(table.c.id).limit(most - len(states)))
            states += [decode_state(kind, body) for (body,) in page]
    return states


async def next_due(conn: AsyncConnection, tables: Tables, kinds: Iterable[type[State]]) -> date | None:
    """The first day on which a timer of any state of these kinds runs out; None without timers."""
    # One statement for all kinds, since this is asked often, and each statement costs a call into SQLite's thread.
    firsts = [select(func.min(tables.states[kind].c.due)) for kind in kinds]
    days = (await conn.execute(union_all(*firsts))).scalars() if firsts else ()
    return min((day for day in days if day), default=None)


async def save_states(conn: AsyncConnection, tables: Tables, states: Collection[State]) -> None:
    """Write states, each with the columns by which lists and timers find it."""
    for kind in dict.fromkeys(map(type, states)):
        rows = [{
            "id": state.id, "place": state.place, "status": state.status, "due": state.due, "awaits": state.awaits,
            "body": encode_state(state).decode(),
        } for state in states if type(state) is kind]  # fmt: skip
        await upsert(conn, tables.states[kind], rows)


async def positions(conn: AsyncConnection, tables: Tables) -> dict[str, int]:
    """All positions by name: those of streams, of the outbox, and the business day as an ordinal."""
    return {row.name: row.value for row in await conn.execute(select(tables.positions))}


async def policy_book(conn: AsyncConnection, tables: Tables) -> PolicyBook:
    """All packs that were ever adopted, and all announced holidays.

    They are not checked again: a pack that passed the checks of its day stays in force.
    """
    book = PolicyBook()
    for version, body in await conn.execute(select(tables.policies.c.version, tables.policies.c.body)):
        if version.startswith(HOLIDAYS):
            book.announce(msgspec.json.decode(body, type=HolidaysAnnounced))
        else:
            book.adopt(kept_pack(msgspec.json.decode(body)))
    return book


async def recoded(conn: AsyncConnection, tables: Tables) -> Sequence[tuple[str, str]]:
    """The divisions in which villages have a code that is not their id, each with such a village."""
    codes = tables.states.get(Code)
    if codes is None:
        return ()
    aliases = select(codes.c.place, codes.c.status).where(codes.c.id != codes.c.status)
    return [(place, village) for place, village in await conn.execute(aliases)]


async def names(conn: AsyncConnection, tables: Tables, villages: Iterable[str]) -> dict[str, str]:
    """What villages are called, by id: as the registry has it, or as another service heard it from there."""
    kept = next((kind for kind in tables.states if kind.kind == "villages"), Code)
    if kept not in tables.states:
        return {}
    found = await load_states(conn, tables, {(kept, id): None for id in villages})
    return {id: name for (_, id), state in found.items() if (name := getattr(state, "name", ""))}


async def id_by_code(conn: AsyncConnection, tables: Tables, id: str) -> str:
    """The id of a village, found by its id or by any other code that it has had."""
    if (codes := tables.states.get(Code)) is None:
        return id
    body = (await conn.execute(select(codes.c.body).where(codes.c.id == id))).scalar()
    return msgspec.json.decode(body, type=Code).village if body else id


def shown(kind: type[State], body: str, *, to_operator: bool) -> str:
    """A stored state as it is shown, without its secrets. Most states have none and need not be decoded."""
    if kind.shown is State.shown or kind.hides not in body or (to_operator and not kind.hides_from_all):
        return body
    return encode_state(decode_state(kind, body).shown(to_operator=to_operator)).decode()


async def keep_packs(conn: AsyncConnection, tables: Tables, adopted: Iterable[PolicyAdopted]) -> None:
    """Write adopted packs. The same version again replaces the earlier one."""
    bodies = {message.version: msgspec.json.encode(message.pack).decode() for message in adopted}
    await upsert(conn, tables.policies, [{"version": version, "body": body} for version, body in bodies.items()])


async def keep_holidays(conn: AsyncConnection, tables: Tables, notice: HolidaysAnnounced) -> None:
    """Write announced holidays into the table of packs. Their key has a slash, which no version of a pack has."""
    row = {"version": f"{HOLIDAYS}{notice.place}/{notice.notice}", "body": msgspec.json.encode(notice).decode()}
    await upsert(conn, tables.policies, [row])


async def digest(conn: AsyncConnection, tables: Tables) -> dict[str, str]:
    """A digest of each table of states, and one of the ids of all decided events, in hexadecimal.

    Two runs with the same decisions have the same digests, whatever crashed, was repeated or came in another order. A
    digest is the sum of the SHA-256 of all rows, modulo 2**256, so the digests of replicas can be added.
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
    """The digests of several replicas together: their sums."""
    total: defaultdict[str, int] = defaultdict(int)
    for replica in digests:
        for name, digest in replica.items():
            total[name] += int(digest, 16)
    return {name: _digest(value) for name, value in total.items()}


def _digest(total: int) -> str:
    return f"{total % 2**256:064x}"


def decode_state(kind: type[State], body: str) -> State:
    """A state from its stored JSON."""
    return decoder(kind).decode(body)  # type: ignore[no-any-return]
