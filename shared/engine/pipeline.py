"""The one writer of a service's database, and its transactions: load, run the rules, save, hand on.

A batch is one transaction: inbox, states, outbox and positions are committed together or not at all. After the commit
the outbox is published, in order, and only then is the batch acknowledged. Four modules bring work into transactions:
`deliveries` (messages from streams), `days`, `commands` (from people) and `replay` (of dead letters).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import logs
from shared.calendar import CHINA
from shared.engine import dead_letters, outbox, store
from shared.engine.audit import AuditLog
from shared.engine.flow import Fact, Missing, Result, States, Terms, Wiring
from shared.engine.requests import Request
from shared.engine.shares import WHOLE, Share
from shared.engine.tables import Tables
from shared.policy import PolicyBook
from shared.rules import Reaction, Rule, State
from shared.settings import CannotRun
from shared.stream.bus import CALENDAR, OPEN, SEALED
from shared.stream.relay import Relay

log = structlog.get_logger()
TOLERANCE = timedelta(hours=1)
"""How long before midnight, by this machine's clock, the next day may begin, since two machines' clocks differ."""
AHEAD = 5_000
"""How many events may wait to be published. With more, no further batch is handled."""
NOTE_EVERY = 5.0
"""Seconds between two writes of the position up to which the outbox is published."""
PROBE_EVERY = 15.0
"""Seconds between two such writes if nothing was published. They show in time that the database cannot be written."""

Rows = Sequence[Mapping[str, Any]]
T = TypeVar("T")


class Service(NamedTuple):
    """Everything in which one service differs from the others: its name, tables, reactions and timers."""

    name: str
    tables: Tables
    reactions: Sequence[Reaction]
    due: Mapping[type[State], Mapping[str, Rule]]


class Pipeline:
    """The one writer of a service's database."""

    def __init__(
        self,
        service: Service,
        engine: AsyncEngine,
        relay: Relay,
        schemas: str,
        share: Share = WHOLE,
        *,
        simulated: bool = False,
    ) -> None:
        self.service, self.engine, self.relay, self.schemas, self.share = service, engine, relay, schemas, share
        self.simulated = simulated
        """Whether a simulation announces the days; otherwise only the registry may."""
        self.clock: Callable[[], date] = lambda: (datetime.now(CHINA) + TOLERANCE).date()
        """The latest possible day, by this machine's clock and Chinese time. Messages from later days are not
        accepted."""
        self.open_is_read: Callable[[], Awaitable[bool]] = _never
        """Tells whether the open stream is read to its end. Sealed events may have to wait for this."""
        self.trouble: Exception | None = None
        """Why the database could not be written at the last attempt; None if it could."""
        self.tables = service.tables
        self.wiring = Wiring(service.reactions, service.due)
        self.book = PolicyBook()
        self.written = 0
        self.blocked: set[str] = set()
        self.positions: dict[str, int] = {}
        self.first_day: date | None = None
        """The day of the first message, or of the latest `DayDue`. It is used until a business day has begun."""
        self.requests: list[Request] = []
        """Requests of people that wait for an answer."""
        self.writing = asyncio.Lock()
        """The lock of the one writer, held from before a transaction until its changes are also made in memory."""
        self.audit = AuditLog(engine, self.tables.audit, self.writing, self.tables.readings)
        """The audit log. HTTP and NATS share this object, since it remembers the last entry: with two of them, entries
        would be numbered twice."""
        self._fresh = False

    async def start(self) -> None:
        """Read packs, positions and dead letters from the database, and give the relay what may be unpublished.

        Raises CannotRun if the database belongs to another replica.
        """
        letters, journal = self.tables.dead_letters, self.tables.outbox
        async with self.engine.connect() as conn:
            self.book = await store.policy_book(conn, self.tables)
            for place, village in await store.recoded(conn, self.tables):
                self.wiring.note_code(place, village)
            self.positions = await store.positions(conn, self.tables)
            if self.positions and self.positions.get("share", WHOLE.mark) != self.share.mark:
                raise CannotRun(
                    f"数据库属于另一副本，不是第{self.share.number}个（共{self.share.of}个）；副本数在安装时确定，不能更改",
                    f"the database is that of another replica than {self.share.number} of {self.share.of}; their "
                    "number cannot be changed",
                )
            self.written = (await conn.execute(select(func.max(journal.c.position)))).scalar() or 0
            waiting = select(letters.c.about).where(letters.c.discarded_at.is_(None))
            self.blocked = {about for (about,) in await conn.execute(waiting) if about}
            self.relay.published = max(self.relay.published, self.positions.get("published", 0))
            sent = self.relay.published
            never = select(letters.c.id).where(letters.c.stream == dead_letters.OUTBOX)
            unsent = select(journal).where(
                journal.c.position > sent, journal.c.batch > sent, journal.c.id.not_in(never)
            )
            rows = (await conn.execute(unsent.order_by(journal.c.position))).mappings()
            self.relay.put(outbox.batches(rows, self.written))
        self._fresh = True

    @property
    def today(self) -> date | None:
        """The business day; None before any has begun."""
        return date.fromordinal(ordinal) if (ordinal := self.positions.get("today")) else None

    @property
    def read(self) -> dict[str, int]:
        """The last sequence of each stream whose effects are committed."""
        return {stream: self.positions[stream] for stream in (CALENDAR, OPEN, SEALED) if stream in self.positions}

    async def position(self, stream: str) -> int:
        """The last sequence of a stream whose effects are committed."""
        return self.positions.get(stream, 0)

    async def is_same(self, stream: str, made: datetime) -> bool:
        """Whether the stream created at `made` is the one that was read so far. The first one seen is remembered."""
        name, microseconds = f"{stream} made", int(made.timestamp() * 1e6)
        if not self.positions.get(name):
            async with self.writing, self.transaction() as work:
                work.positions[name] = microseconds
        return self.positions[name] == microseconds

    async def published(self) -> None:
        """Wait until everything that is committed by now is published."""
        await self.relay.reached(self.written)

    async def note_published(self) -> None:
        """Store the published position from time to time, for ever, so that a restart sends little twice."""
        noted, at = self.relay.published, time.monotonic()
        while True:
            await asyncio.sleep(NOTE_EVERY)
            if self.relay.published != noted or self.trouble or time.monotonic() > at + PROBE_EVERY:
                with suppress(Exception):  # `trouble` has the error, and the next write will do.
                    async with self.writing, self.transaction() as work:
                        noted = work.positions["published"] = self.relay.published
                    at = time.monotonic()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Work"]:
        """One transaction. Its changes in memory are made only after the commit."""
        try:
            await self.refresh()
            self._fresh = False
            async with self.engine.begin() as conn:
                work = Work(conn, Terms(self.wiring, self.book, self.today or self.first_day or date.min))
                yield work
                if work.rows or work.positions:
                    positions = {"published": self.relay.published, "share": self.share.mark, **work.positions}
                    rows = [{"name": name, "value": value} for name, value in positions.items()]
                    await store.upsert(conn, self.tables.positions, rows)
        except Exception as error:
            if store.passing(error):
                self.trouble = error
            raise
        self._fresh, self.trouble = True, None
        self.written += len(work.rows)
        self.positions |= work.positions
        self.blocked |= work.blocked
        self.relay.put(outbox.batches(work.rows, self.written))
        log_facts(work.facts)

    async def refresh(self) -> None:
        """Read everything from the database again if the last transaction failed, since it may have been committed all
        the same."""
        if not self._fresh:
            await self.start()

    async def run(self, work: "Work", attempt: Callable[[States], T], *, is_long: bool = False) -> T:
        """Run the rules, load the states that they miss, and run them again, until none is missing.

        The first run only tells which states the messages name. A long run goes to a thread. Nothing else changes
        states or packs meanwhile, since there is one writer. A query may see a pack a moment before its adoption is
        committed, which does no harm.
        """
        loaded: States = {}
        while True:
            try:
                return await beside(is_long, attempt, loaded)
            except Missing as missing:
                loaded |= await store.load_states(work.conn, self.tables, missing.keys)

    async def save(self, work: "Work", result: Result) -> None:
        """Write the decided states, the adopted packs, and the facts as rows of the outbox."""
        await store.save_states(work.conn, self.tables, result.changed.values())
        await store.keep_packs(work.conn, self.tables, result.adopted)
        work.facts = result.facts
        rows = outbox.rows(result.facts, self.written, work.day, self.service.name, self.schemas)
        work.rows = await beside(len(result.facts) > outbox.PAGE, list, rows)
        await store.insert(work.conn, self.tables.outbox, work.rows)

    async def park(self, work: "Work", letters: Rows) -> None:
        """Write dead letters, if there are any. Later messages about the same villages will wait until they are
        replayed."""
        await store.insert_new(work.conn, self.tables.dead_letters, letters)
        work.blocked = {letter["about"] for letter in letters if letter["about"]}
        for letter in letters:
            log.error("parked", **{field: letter[field] for field in ("id", "subject", "about", "rule", "reason")})


class Work:
    """One transaction, and the changes to make in memory once it is committed."""

    def __init__(self, conn: AsyncConnection, terms: Terms) -> None:
        self.conn, self.terms = conn, terms
        self.facts: Sequence[Fact] = ()
        self.rows: Rows = ()
        self.positions: dict[str, int] = {}
        self.blocked: set[str] = set()

    @property
    def day(self) -> date:
        """The business day; before the first one has begun, the day of the first messages."""
        return self.terms.today


Take = Callable[[Sequence[T]], Awaitable[None]]
GiveUp = Callable[[T, Exception], Awaitable[None]]


async def apart(items: Sequence[T], take: Take[T], give_up: GiveUp[T]) -> None:
    """Take items together. If that fails, try each half by itself, down to the single item that fails.

    That item is given up with its error, so that it can be parked. Errors that may pass, as when the database is away,
    are raised at once.
    """
    try:
        await take(items)
    except Exception as error:
        if store.passing(error) or not items:
            raise
        await _halved(items, take, give_up, error)


async def _halved(items: Sequence[T], take: Take[T], give_up: GiveUp[T], error: Exception) -> None:
    log.warning("a batch failed and is taken apart", size=len(items), error=f"{type(error).__name__}: {error}")
    if len(items) == 1:
        await give_up(items[0], error)
    else:
        half = len(items) // 2
        await apart(items[:half], take, give_up)
        await apart(items[half:], take, give_up)


async def beside(is_long: bool, do: Callable[..., T], *given: Any) -> T:
    """Do long work in a thread, so that the event loop goes on; short work costs less than the way to a thread."""
    return await asyncio.to_thread(do, *given) if is_long else do(*given)


def log_facts(facts: Sequence[Fact]) -> None:
    """Log each fact. A sealed fact is logged without the ids that would tell whose case it is."""
    logs.lines(
        {"event": "decided", "type": fact.event.type, "id": fact.id, "causation": fact.cause.id}
        | ({} if fact.event.is_sealed() else {"about": fact.event.subject_id, "correlation": fact.correlation})
        for fact in facts
    )


async def _never() -> bool:
    return False
