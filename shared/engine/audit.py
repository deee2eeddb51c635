"""The audit log: who did or read what, when, from where, and with which result (Cybersecurity Law, article 21).

Entries are numbered without gaps and each carries the hash of the one before it, so whoever keeps an export, or only
its last hash, notices when an earlier entry was altered, removed or put in between. Nothing here ever deletes an entry,
so they are kept for more than the 180 days that the law asks for; the database itself refuses changes as well. This
file imports little, since small processes use it.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    false,
    insert,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

BEGINNING: Final = "0" * 64
"""The hash before the first entry."""
MOST: Final = 1000
"""The most entries that are read at once."""
NAME: Final = "audit"
READINGS: Final = "readings"
"""The table beside the log that tells in which entries a person occurs."""
_PLAIN: Final = re.compile(r"(?!/?[0-9]{17}[0-9Xx]$)(?!/?1[0-9]{10}$)[!-~ ]*")
TELLS: Final = " : "
"""What separates, in `about`, what was asked from those of whom the answer told, each as `<kind of state>/<id>`."""
UNALTERABLE: Final = {
    "sqlite": [
        f"CREATE TRIGGER {NAME}_{deed} BEFORE {deed} ON {NAME} BEGIN SELECT RAISE(ABORT, 'the audit log is kept'); END"
        for deed in ("update", "delete")
    ],
    "postgresql": [
        f"CREATE OR REPLACE FUNCTION {NAME}_kept() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is kept'; END $$",
        f"CREATE TRIGGER {NAME}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {NAME} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {NAME}_kept()",
    ],
}
"""By database, the statements of the migration that makes the table: from then on it refuses changes."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did. No field may hold a password, a token, or a text that a stranger typed."""

    who: str
    """The pseudonym of who acted; `operator` for the installation's own token, empty for somebody unknown."""
    organ: str = ""
    """The organ in whose name he acted."""
    address: str = ""
    """The network address that the request came from."""
    deed: str
    """What was done or read, such as `sign-in` or `GET /v1/accounts`."""
    about: str = ""
    """Whom or what it concerns: a pseudonym, a stable id or a place. Entries are never deleted, so it holds no name."""
    result: str = "done"
    """`done`, or what refused it: a rule, or the HTTP status of the answer."""


def plain(value: str) -> str:
    """What somebody asked for, in the form that the log may keep for ever: a code, an id or a day. Anything else is
    replaced by `…`: it may be a name, a phone number or an identity card, even if nothing was found for it."""
    return value if _PLAIN.fullmatch(value) else "…"


class Read(Entry, frozen=True, kw_only=True):
    """What somebody read of persons. `about` names them as well, so that the hash binds them."""

    told: Collection[str]
    """Of whom the answer told, each as `<kind of state>/<id>`."""


class Kept(Entry, frozen=True, kw_only=True):
    """An entry as it stands in the log: numbered, dated, and bound to the one before it."""

    number: int
    at: str
    """When, in UTC (ISO 8601)."""
    before: str
    """The hash of the entry before."""
    hash: str = ""

    def sealed(self) -> "Kept":
        """The entry with the hash of everything else in it."""
        content = msgspec.json.encode([getattr(self, name) for name in FIELDS[:-1]])
        return msgspec.structs.replace(self, hash=hashlib.sha256(content).hexdigest())


FIELDS: Final = ("number", "at", "who", "organ", "address", "deed", "about", "result", "before", "hash")
"""The columns, in the order in which they are hashed."""


def audit_table(metadata: MetaData) -> Table:
    """The table of the log in a service's own database."""
    return Table(
        NAME,
        metadata,
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
        Column("at", String(40), nullable=False),
        Column("who", String(80), nullable=False),
        Column("organ", String(120), nullable=False),
        Column("address", String(80), nullable=False),
        Column("deed", String(200), nullable=False),
        Column("about", Text, nullable=False),
        Column("result", Text, nullable=False),
        Column("before", String(64), nullable=False),
        Column("hash", String(64), nullable=False),
    )


def readings_table(metadata: MetaData) -> Table:
    """The table that tells in which entries of the log a person occurs."""
    return Table(
        READINGS,
        metadata,
        Column("subject", String(200), primary_key=True),
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
        Index(f"ix_{READINGS}_number", "number"),  # `endings.py` removes the oldest first.
    )


class Subject(NamedTuple):
    """A state about somebody, of which entries may tell."""

    id: str
    """As `<kind of state>/<id>`."""
    until: datetime | None = None
    """The time from which on it is secret who read it; None if it never is."""


class AuditLog:
    """The log in one database, which has one writing process. Entries that wait share a transaction.

    If others in the process write to the database as well, `lock` is the lock of its one writer. `readings` is the
    table made by `readings_table`, if entries name persons.
    """

    def __init__(
        self, engine: AsyncEngine, table: Table, lock: asyncio.Lock | None = None, readings: Table | None = None
    ) -> None:
        self.engine, self.table, self.readings = engine, table, readings
        self._lock, self._waiting = lock or asyncio.Lock(), list[Entry]()
        self._last: tuple[int, str] | None = None
        """Number and hash of the last entry in the database; None before it was read, and after a failure."""
        self._next: tuple[int, str] | None = None
        """The same, once the present transaction is committed."""

    async def note(self, entry: Entry) -> None:
        """Add an entry by itself; it is in the database when this returns. Raises the database's error if it is not."""
        self._waiting.append(entry)
        try:
            async with self._lock:
                batch = [*self._waiting]  # Empty if whoever had the lock before took this entry along.
                if batch:
                    async with self._transaction() as conn:
                        await self.append(conn, batch)
                    del self._waiting[: len(batch)]
        except BaseException:
            if entry in self._waiting:
                self._waiting.remove(entry)  # The others that wait try for themselves.
            raise

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction in which `append` may be called, so that a deed and its entry are committed together."""
        async with self._lock, self._transaction() as conn:
            yield conn

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction whose first entry will follow the last one in the database."""
        if self._last is None:
            self._last = await self._found()
        self._next, self._last = self._last, None
        async with self.engine.begin() as conn:
            yield conn
        self._last = self._next

    async def _found(self) -> tuple[int, str]:
        table = self.table
        async with self.engine.connect() as conn:
            last = select(table.c.number, table.c.hash).order_by(table.c.number.desc()).limit(1)
            row = (await conn.execute(last)).first()
        return (row.number, row.hash) if row else (0, BEGINNING)

    async def append(self, conn: AsyncConnection, entries: Iterable[Entry]) -> None:
        """Add entries within the transaction of `writing`."""
        assert self._next, "append is called within `writing`"
        rows, told, at = [], [], datetime.now(UTC).isoformat(timespec="milliseconds")
        number, before = self._next
        for entry in entries:
            number += 1
            said = {name: getattr(entry, name) for name in Entry.__struct_fields__}
            kept = Kept(number=number, at=at, before=before, **said).sealed()
            rows.append(msgspec.structs.asdict(kept))
            before = kept.hash
            if isinstance(entry, Read):
                told += [{"subject": subject, "number": number} for subject in entry.told]
        if rows:
            await conn.execute(insert(self.table), rows)
        if told and self.readings is not None:
            await conn.execute(insert(self.readings), told)
        self._next = number, before

    async def read(self, after: int, limit: int = MOST) -> list[Kept]:
        """The entries after a number, the oldest first."""
        async with self.engine.connect() as conn:
            found = await conn.execute(
                select(self.table).where(self.table.c.number > after).order_by(self.table.c.number).limit(limit)
            )
            return [Kept(**row._mapping) for row in found]

    async def telling_of(
        self, subjects: Collection[Subject], since: datetime | None = None, after: int = 0, limit: int = MOST
    ) -> list[tuple[Kept, list[str]]]:
        """The entries after a number in which somebody was read, the oldest first, each with the subjects it names.

        What was refused told nothing, and is left out. `since` is the time from which they are wanted.
        """
        log, readings = self.table, self.readings
        assert readings is not None, "this log names nobody who was read"
        both = log.join(readings, log.c.number == readings.c.number)
        wanted = [
            readings.c.subject.in_([subject.id for subject in subjects]),  # Uses the index; the `or` below may not.
            readings.c.number > after,
            log.c.result == "done",
            or_(false(), *(_named(log, readings, subject) for subject in subjects)),
        ]
        if since:
            wanted.append(log.c.at >= _written(since))
        number = readings.c.number
        page = select(number).select_from(both).where(*wanted).distinct().order_by(number).limit(limit)
        async with self.engine.connect() as conn:
            numbers = [*(await conn.execute(page)).scalars()]
            wanted.append(number <= max(numbers, default=0))
            found = select(log, readings.c.subject).select_from(both).where(*wanted)
            entries: dict[int, tuple[Kept, list[str]]] = {}
            for *row, subject in await conn.execute(found.order_by(number, readings.c.subject)):
                kept = Kept(**dict(zip(FIELDS, row, strict=True)))
                entries.setdefault(kept.number, (kept, []))[1].append(subject)
        return [*entries.values()]


def _named(log: Table, readings: Table, subject: Subject) -> ColumnElement[bool]:
    """Whether an entry tells of a subject at a time that may be told."""
    is_named = readings.c.subject == subject.id
    return and_(is_named, log.c.at < _written(subject.until)) if subject.until else is_named


def _written(moment: datetime) -> str:
    """A time in the form in which entries have it, so that comparing the texts compares the times."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def first_fault(entries: Sequence[Kept], number: int = 0, before: str = BEGINNING) -> tuple[str, str] | None:
    """The first fault in entries that should follow the one with this number and hash, in Chinese and English.

    None if each follows the one before it and has the hash of what it says.
    """
    for entry in entries:
        if entry.number != number + 1:
            return f"第{number}条之后是第{entry.number}条，中间缺失", f"entry {entry.number} comes after {number}"
        if entry.before != before:
            return (
                f"第{entry.number}条与前一条不相接，前面的记录被改动过",
                f"entry {entry.number} does not follow the one before it, so an earlier one was altered",
            )
        if entry.sealed().hash != entry.hash:
            return f"第{entry.number}条被改动过", f"entry {entry.number} was altered"
        number, before = entry.number, entry.hash
    return None


def decode(lines: Iterable[bytes]) -> list[Kept]:
    """The entries of an exported file, which has one JSON object a line. Raises msgspec.MsgspecError."""
    return [msgspec.json.decode(line, type=Kept) for line in lines if line.strip()]


def encode(entries: Iterable[Kept]) -> bytes:
    """Entries as lines of a file."""
    return b"".join(msgspec.json.encode({name: getattr(entry, name) for name in FIELDS}) + b"\n" for entry in entries)
