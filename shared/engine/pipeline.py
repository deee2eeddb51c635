"""One event's way through a service, and one command's: decode, load, decide, save, publish, acknowledge.

Everything of a batch happens in one transaction: inbox, states, outbox and positions are committed together or not
at all. The outbox is published after the commit, in order, and only then is the batch acknowledged.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain, groupby
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import structlog
from sqlalchemy import RowMapping, Table, delete, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import logs
from shared.codes import Code
from shared.contracts import EVENTS, Command, Envelope, Event, teller, wire_subject
from shared.contracts.calendar import DayDue, DayPassed, HolidaysAnnounced
from shared.contracts.registry import PolicyAdopted, VillageRecoded
from shared.engine import dead_letters, outbox, store
from shared.engine.dead_letters import TIMERS
from shared.engine.flow import (
    WAITS,
    Cause,
    Fact,
    Missing,
    Parked,
    Result,
    Wiring,
    concerned,
    derived_id,
    id_bytes,
    recount,
    run,
    run_due,
    stop,
)
from shared.engine.requests import Answered, Request, RequestRefused, decide
from shared.engine.shares import WHOLE, Share
from shared.engine.tables import Tables
from shared.policy import PolicyBook
from shared.rules import Key, Reaction, Refused, Rule, State
from shared.stream.bus import CALENDAR, DAY_DUE, OPEN, SEALED
from shared.stream.consumer import Delivery
from shared.stream.relay import Relay

log = structlog.get_logger()
CHINA = ZoneInfo("Asia/Shanghai")
TOLERANCE = timedelta(hours=1)
"""How far a day may begin before this machine's clock says so, since no two clocks agree at midnight."""
AHEAD = 5_000
"""Events that may be committed and not yet published before no further batch is taken."""
PATIENCE = 10.0
"""Seconds that sealed events wait for the open stream before they are tried again."""
NOTE_EVERY = 5.0
"""Seconds between two notes of what was published."""
PROBE_EVERY = 15.0
"""Seconds between two notes where nothing was: so a database that takes no writing is known before it is needed."""

Rows = Sequence[Mapping[str, Any]]
T = TypeVar("T")


class Service(NamedTuple):
    """What makes one service differ from its siblings."""

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
        """Whether a simulation says what day it is; else the registry alone does."""
        self.clock: Callable[[], date] = lambda: (datetime.now(CHINA) + TOLERANCE).date()
        """The latest day that there can be by the wall clock in China. Nothing from beyond it is believed."""
        self.open_is_read: Callable[[], Awaitable[bool]] = _never
        """Whether the open stream was read to its end: what has not come by then will not come."""
        self.trouble: Exception | None = None
        """Why the database could not be written at the last try."""
        self.tables = service.tables
        self.wiring = Wiring(service.reactions, service.due)
        self.book = PolicyBook()
        self.written = 0
        self.blocked: set[str] = set()
        self._positions: dict[str, int] = {}
        self._recoded: set[tuple[str, str]] = set()
        """Villages that have a code in another division than that of their ids, each with this division."""
        self._first_day: date | None = None
        self._fresh = False
        self._requests: list[Request] = []
        self._writing = asyncio.Lock()

    async def start(self) -> None:
        """Take up where the database stands, and hand what was committed but perhaps not published to the relay."""
        letters, journal = self.tables.dead_letters, self.tables.outbox
        async with self.engine.connect() as conn:
            self.book = await store.policy_book(conn, self.tables)
            self._positions = await store.positions(conn, self.tables)
            if self._positions and self._positions.get("share", WHOLE.mark) != self.share.mark:
                raise ValueError(
                    f"数据库属于另一副本，不是 {self.share}；副本数在安装时确定，不能更改 / "
                    f"the database is that of another replica than {self.share}; their number cannot be changed"
                )
            self.written = (await conn.execute(select(func.max(journal.c.position)))).scalar() or 0
            waiting = select(letters.c.about).where(letters.c.discarded_at.is_(None))
            self.blocked = {about for (about,) in await conn.execute(waiting) if about}
            self.relay.published = max(self.relay.published, self._positions.get("published", 0))
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
        ordinal = self._positions.get("today")
        return date.fromordinal(ordinal) if ordinal else None

    @property
    def read(self) -> dict[str, int]:
        """By stream, the last sequence whose effects are committed."""
        return {stream: self._positions[stream] for stream in (CALENDAR, OPEN, SEALED) if stream in self._positions}

    async def position(self, stream: str) -> int:
        """The last sequence of a stream whose effects are committed."""
        return self._positions.get(stream, 0)

    async def is_same(self, stream: str, made: datetime) -> bool:
        """Whether a stream that was made at this moment is the one that was read so far; the first is remembered."""
        name, microseconds = f"{stream} made", int(made.timestamp() * 1e6)
        if not self._positions.get(name):
            async with self._writing, self._transaction() as work:
                work.positions[name] = microseconds
        return self._positions[name] == microseconds

    async def recover(self, stream: str, events: Iterable[tuple[str, bytes]]) -> None:
        """Take events, each with its subject, from other services' journals in the place of those that a stream lost.

        What the inbox knows is dropped, and the position stays, so that this may be repeated.
        """
        here, now = await self.position(stream), datetime.now(UTC)
        if deliveries := [Delivery(here, subject, body, now) for subject, body in events]:
            await self.handle(stream, deliveries, by_operator=True)

    async def recovered(self, stream: str, through: int) -> None:
        """Let reading go on behind the last lost message, in the stream as it is now."""
        async with self._writing, self._transaction() as work:
            work.positions |= {stream: through, f"{stream} made": 0}

    # ---------------------------------------------------------------- events

    async def handle(self, stream: str, deliveries: Sequence[Delivery], *, by_operator: bool = False) -> None:
        """Take a batch as the stream ordered it. Returns when it is committed, with its consequences in the outbox.

        A message that cannot be taken, whatever the reason, is parked and keeps none of the others back. The days of a
        simulation are believed only in one, or from an operator who recovers what one said.
        """
        simulated = self.simulated or by_operator
        await self.relay.reached(self.written - AHEAD)
        ours = [delivery for delivery in deliveries if self._is_ours(stream, delivery)]
        latest = self.clock()
        decoded = [(delivery, self._decode(delivery, latest, simulated)) for delivery in ours]
        if stream == OPEN:
            decoded = await self._placed(decoded)
        if stream == SEALED:
            await self._catch_up([cause for _, cause in decoded if isinstance(cause, Cause)])
            decoded = [(delivery, self._too_early(cause) or cause) for delivery, cause in decoded]
        async with self._writing:
            for by_page, group in groupby(decoded, lambda pair: _by_page(pair[1])):
                if by_page:
                    for delivery, cause in group:
                        take = self._pass_day if isinstance(cause.payload, DayPassed) else self._announce
                        await take(delivery, cause, stream)
                else:
                    await _apart([*group], partial(self._take, stream))
            # What follows of other shares' messages needs no writing.
            self._positions[stream] = deliveries[-1].sequence

    async def _placed(self, decoded: list[tuple[Delivery, Any]]) -> list[tuple[Delivery, Any]]:
        """An event about a village of another division is one only if the village has a code there.

        The first six digits of its id are the division in which it was first registered, so that few need a look.
        """
        codes = self.tables.states.get(Code)
        if codes is None or self.share.of > 1:  # Another replica may have heard of the new code.
            return decoded
        placed = []
        for delivery, cause in decoded:
            event = cause.payload if isinstance(cause, Cause) else None
            if isinstance(event, VillageRecoded):
                self._recoded.add((event.village, event.code[:6]))
            if event is not None and event.about == "village" and event.subject_id[:6] != event.place:
                village, place = event.subject_id, event.place
                if (village, place) not in self._recoded:
                    self._recoded |= await self._codes_within(codes, place)
                if (village, place) not in self._recoded:
                    cause = ValueError(f"village {village} does not lie in division {place} and has no code there")
            placed.append((delivery, cause))
        return placed

    async def _codes_within(self, codes: Table, place: str) -> set[tuple[str, str]]:
        within = select(codes.c.body).where(codes.c.id.between(f"{place}000000", f"{place}999999"))
        async with self.engine.connect() as conn:
            return {(msgspec.json.decode(body, type=Code).village, place) for (body,) in await conn.execute(within)}

    def _is_ours(self, stream: str, delivery: Delivery) -> bool:
        whole = self.share.of == 1 or stream == CALENDAR or ".calendar." in delivery.subject
        return whole or self.share.has("".join(delivery.subject.split(".", 4)[2:4]))

    async def published(self) -> None:
        """Wait until everything that is committed by now is published."""
        await self.relay.reached(self.written)

    async def _catch_up(self, sealed: Sequence[Cause]) -> None:
        """Wait for the open stream: a sealed event may have overtaken the day or the pack that it was decided by.

        Both were published before it, so what has not come when the open stream is read to its end will never come.
        While that is not read, the batch fails and is tried again: taking it early would lead to another state.
        """
        async with asyncio.timeout(PATIENCE):
            while any(map(self._too_early, sealed)):
                if await self.open_is_read():
                    return
                await asyncio.sleep(0.05)  # Rare and short.

    def _too_early(self, cause: object) -> Exception | None:
        """What an event was decided by and is not known here."""
        if isinstance(cause, Cause):
            if cause.policy and not self.book.knows(cause.policy):
                return ValueError(f"no policy pack {cause.policy} was ever adopted")
            if cause.day > (self.today or date.min):
                return ValueError(f"the day {cause.day} on which it was decided has not passed")
        return None

    def _decode(self, delivery: Delivery, latest: date, simulated: bool) -> Any:
        """The cause that a delivery carries, or the error that makes it a dead letter."""
        try:
            if delivery.subject == DAY_DUE:
                day = first = delivery.recorded.astimezone(CHINA).date()
                cause = Cause(derived_id("day due", day), "calendar", DayDue(day=day))
            else:
                envelope = _ENVELOPE.decode(delivery.body)
                id_bytes(envelope.id)  # Refused here rather than where the inbox is written.
                payload = _decode_data(envelope.type, envelope.data)
                _require_genuine(delivery, envelope, payload, simulated)
                day = payload.day if isinstance(payload, DayPassed) else envelope.occurredon
                first = self._first_day or envelope.occurredon
                cause = Cause(envelope.id, envelope.correlationid, payload, envelope.policyversion, envelope.occurredon)
            if day > latest:
                raise ValueError(
                    f"the day {day} lies beyond this machine's clock; mend the clock that is wrong and replay"
                )
        except Exception as error:  # However a message is made, it must not take its neighbours along.
            return error
        self._first_day = first
        return cause

    async def _take(self, stream: str, batch: Sequence[tuple[Delivery, Any]], failure: Exception | None = None) -> None:
        """Take messages in one transaction; with a `failure`, the single one that it came from is parked for it."""
        causes = {id_bytes(cause.id): cause for _, cause in batch if isinstance(cause, Cause)}
        sources = {cause.id: delivery for delivery, cause in batch if isinstance(cause, Cause)}
        malformed = [(delivery, error) for delivery, error in batch if not isinstance(error, Cause)]
        async with self._transaction() as work:
            new = await store.hear(work.conn, self.tables, causes.keys())
            fresh = [cause for id, cause in causes.items() if id in new]
            if failure:
                result = Result({}, [], [Parked(cause, failure) for cause in fresh])
            else:
                result = await self._run(work, lambda loaded: run(
                    self.wiring, self.book, work.day, fresh, loaded, self.blocked
                ), fresh)  # fmt: skip
            await self._save(work, result, fresh)
            await self._park(
                work,
                [
                    # A stream that was made anew counts from one again, so the body is part of the id.
                    dead_letters.of_message(stream, d, derived_id(stream, d.sequence, d.body.hex()), "", error)
                    for d, error in malformed
                ]
                + [
                    dead_letters.of_message(stream, sources[p.cause.id], p.cause.id, p.cause.correlation, p.error)
                    for p in result.parked
                ],
            )
            work.positions[stream] = batch[-1][0].sequence
        _log_facts(result.facts)

    async def _pass_day(self, delivery: Delivery, cause: Cause, stream: str = "") -> None:
        """Do what has fallen due, page by page; the day counts as taken with the last page only.

        A stream's position moves along, unless it is an operator who lets the day be taken again.
        """
        assert isinstance(cause.payload, DayPassed)
        if cause.payload.day.toordinal() <= self._positions.get("passed", 0):
            return  # Told again: a timer that was set since then for this very day waits for the next one.
        day, more = max(cause.payload.day, self.today or cause.payload.day), True
        while more:
            await self._refresh()
            async with self.engine.connect() as conn:
                states = await store.due_states(conn, self.tables, day, outbox.PAGE, self.blocked)
            more = len(states) == outbox.PAGE
            done = {} if more else {"passed": cause.payload.day.toordinal()}
            if stream and not more:
                done[stream] = delivery.sequence

            async def run_out(
                part: Sequence[State], failure: Exception | None = None, last: Any = states[-1:], done: Any = done
            ) -> None:
                ended = done if part[-1:] == last else {}
                await self._run_out(part, delivery, cause, {"today": day.toordinal(), **ended}, failure)

            await _apart(states, run_out)
        log.info("day passed", day=day, service=self.service.name)

    async def _run_out(
        self,
        states: Sequence[State],
        delivery: Delivery,
        cause: Cause,
        positions: Mapping[str, int],
        failure: Exception | None,
    ) -> None:
        """Let the timers of states run out in one transaction; with a `failure`, those of the one that it came from
        are parked for it.
        """
        day = date.fromordinal(positions["today"])
        async with self._transaction() as work:
            work.day = day
            if failure:
                result = stop(cause.id, states[0], failure)
            else:
                result = await self._run(
                    work, lambda loaded: run_due(self.wiring, self.book, day, cause.id, states, loaded)
                )
            await self._save(work, result, [])
            failed = {p.cause.id: p.error for p in result.parked}
            ids = {derived_id(cause.id, state.kind, state.id): state for state in states} if failed else {}
            await self._park(work, [
                dead_letters.of_timers(delivery, id, ids[id], error) for id, error in failed.items()
            ])  # fmt: skip
            work.positions |= positions
        _log_facts(result.facts)

    async def _announce(self, delivery: Delivery, cause: Cause, stream: str = "") -> None:
        """Take holidays in and count running deadlines anew, page by page; counted twice they move once."""
        assert isinstance(cause.payload, HolidaysAnnounced)
        notice, after, more = cause.payload, ("", ""), True
        while more:
            await self._refresh()
            async with self.engine.connect() as conn:
                states = await store.counting_states(conn, self.tables, after, outbox.PAGE)
            more = len(states) == outbox.PAGE
            done = {stream: delivery.sequence} if stream and not more else {}

            async def count_anew(
                part: Sequence[State], failure: Exception | None = None, last: Any = states[-1:], done: Any = done
            ) -> None:
                async with self._transaction() as work:
                    await store.keep_holidays(work.conn, self.tables, notice)
                    self.book.announce(notice)
                    if failure:
                        id = derived_id(cause.id, part[0].kind, part[0].id)
                        await self._park(work, [dead_letters.of_message(OPEN, delivery, id, "", failure)])
                        result = Result({}, [], [])
                    else:
                        result = recount(self.wiring, self.book, work.day, cause, part)
                    await self._save(work, result, [])
                    work.positions |= done if part[-1:] == last else {}
                _log_facts(result.facts)

            await _apart(states, count_anew)
            after = (states[-1].kind, states[-1].id) if states else after

    # -------------------------------------------------------------- commands

    async def submit(
        self, key: str, commands: Sequence[Command], *, dry_run: bool = False, keep_good: bool = False, about: str = ""
    ) -> Answered:
        """Apply a request's commands in order, all or none; with `keep_good` those that are not refused.

        The same key again gives the first answer again, without any effect. A dry run decides and keeps nothing.
        Raises RequestRefused; and Refused if the key was used for another request, or before any day has passed.
        """
        if refused := self.share.misdirected(commands):
            raise RequestRefused(refused)
        asked = partial(Request, dry_run=dry_run, keep_good=keep_good, about=about)
        outcome: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        is_long = len(commands) > outbox.PAGE
        request = await _beside(is_long, asked, self.service.name, key, commands, outcome)
        self._requests.append(request)
        try:
            async with self._writing:
                if not request.outcome.done():  # Whoever comes first answers all that wait, in one transaction.
                    await self._answer_all(request, [other for other in self._requests if other is not request])
        finally:
            self._requests.remove(request)
        return request.outcome.result()

    async def _answer_all(self, request: Request, others: Sequence[Request]) -> None:
        """Answer a request, and others with it unless something is wrong with one of them: that is its own affair."""
        try:
            await self._answer([request, *others])
        except Exception as error:
            if isinstance(error, Refused) or store.passing(error):
                raise
            if others:
                await self._answer_all(request, [])
            elif isinstance(error, (DBAPIError, UnicodeError, OverflowError, RecursionError)):
                raise Refused(
                    "database",
                    f"内容含数据库不能保存的值（{type(error).__name__}），未作更改，请检查特殊字符、长度和数值后重新提交",
                    f"the database does not take a value of this request ({type(error).__name__}), nothing was "
                    "changed; look for odd characters, lengths and numbers, and send it again",
                    status=422,
                ) from error
            else:
                raise

    async def _answer(self, waiting: Sequence[Request]) -> None:
        """Decide waiting requests together, as many as make a page; those that are left take their own turn."""
        together: dict[str, Request] = {}
        size = 0
        for request in waiting:
            size += len(request.causes)
            if not together or (size <= outbox.PAGE and request.key not in together and not request.outcome.done()):
                together[request.key] = request
        table = self.tables.requests
        async with self._transaction() as work:
            for row in (await work.conn.execute(select(table).where(table.c.key.in_(together)))).mappings():
                together.pop(row["key"]).repeat(row["fingerprint"], row["response"])
            if together and self.today is None:
                raise Refused(
                    "calendar",
                    "系统尚未收到业务日期，请稍候或检查日程",
                    "no business day has arrived yet; wait, or check the schedule of days",
                    status=503,
                )
            fresh = list(together.values())
            result, decided = await self._run(work, lambda loaded: decide(
                self.wiring, self.book, work.day, fresh, loaded
            ), chain.from_iterable(request.causes for request in fresh))  # fmt: skip
            await self._save(work, result, [])
            await store.insert(work.conn, table, [row for one in decided for row in one.kept])
        for one in decided:
            one.tell()
        _log_facts(result.facts)

    # ----------------------------------------------------------- dead letters

    async def replay(self, about: str, id: str = "") -> int:
        """Take the dead letters about one village again, in order, or a single one; how many went through.

        Those that fail again stay, with the new reason.
        """
        letters = self.tables.dead_letters
        by_page: list[tuple[Delivery, Cause]] = []
        async with self._writing:
            async with self._transaction() as work:
                waiting = await self._waiting(work.conn)
                rows = [row for row in waiting if row["id"] == id or (not id and row["about"] == about)]
                _require_first(rows if id else (), waiting)
                decoded = {row["id"]: self._decode_again(row) for row in rows if row["stream"] != TIMERS}
                causes = [c for c in decoded.values() if isinstance(c, Cause) and not _by_page(c)]
                result = await self._run(work, lambda loaded: run(
                    self.wiring, self.book, work.day, causes, loaded
                ), causes)  # fmt: skip
                failed = {id: error for id, error in decoded.items() if not isinstance(error, Cause)}
                failed |= {parked.cause.id: parked.error for parked in result.parked}
                await self._save(work, result, causes)
                for row in rows:
                    if row["stream"] == TIMERS:
                        await self._set_again(work.conn, row)
                    elif _by_page(decoded[row["id"]]):
                        by_page.append((dead_letters.delivery(row), decoded[row["id"]]))
                done = [row["id"] for row in rows if row["id"] not in failed]
                await work.conn.execute(delete(letters).where(letters.c.id.in_(done)))
                for letter, error in failed.items():
                    again = letters.update().where(letters.c.id == letter)
                    await work.conn.execute(again.values(**dead_letters.why(error)))
                left = {row["about"] for row in waiting if row["about"] and row["id"] not in done}
            self.blocked = left
            for delivery, cause in by_page:
                await (self._pass_day if isinstance(cause.payload, DayPassed) else self._announce)(delivery, cause)
        return len(done)

    async def discard(self, id: str, because: str) -> None:
        """Give a dead letter up, or an event that cannot be published; it is kept, with the reason."""
        letters, journal = self.tables.dead_letters, self.tables.outbox
        stuck = id in self.relay.stuck
        async with self._writing:
            async with self._transaction() as work:
                waiting = await self._waiting(work.conn)
                found = [row for row in waiting if row["id"] == id]
                if stuck:
                    row = (await work.conn.execute(select(journal).where(journal.c.id == id))).mappings().one()
                    error = self.relay.trouble or ValueError("it cannot be published")
                    await store.insert_new(work.conn, letters, [dead_letters.of_outbox(row, error, because)])
                elif not found:
                    raise Refused(
                        "identity",
                        f"没有待处理的死信 {id}，请用 zhucun dead-letters list 查看",
                        f"no dead letter {id} waits; see `zhucun dead-letters list`",
                        status=404,
                    )
                else:
                    _require_first(found, waiting)
                    given_up = letters.update().where(letters.c.id == id)
                    await work.conn.execute(given_up.values(discarded_at=datetime.now(UTC), discarded_for=because))
            if stuck:
                self.relay.drop(id)
            self.blocked = {row["about"] for row in waiting if row["about"] and row["id"] != id}
        log.warning("discarded by an operator", id=id, reason=because)

    async def _waiting(self, conn: AsyncConnection) -> Sequence[RowMapping]:
        """The dead letters that an operator has not discarded, oldest first."""
        letters = self.tables.dead_letters
        waiting = select(letters).where(letters.c.discarded_at.is_(None))
        found = await conn.execute(waiting.order_by(letters.c.parked_at, letters.c.sequence))
        return found.mappings().all()

    def _decode_again(self, letter: RowMapping) -> Any:
        cause = self._decode(dead_letters.delivery(letter), self.clock(), self.simulated)
        return (self._too_early(cause) if letter["stream"] == SEALED else None) or cause

    async def _set_again(self, conn: AsyncConnection, letter: RowMapping) -> None:
        """Set the timers again that a letter took away; those that were set anew meanwhile stay."""
        kind, id, taken = dead_letters.timers(letter)
        key = next((k, id) for k in self.tables.states if k.kind == kind)
        state = (await store.load_states(conn, self.tables, [key]))[key]
        if state is not None:
            await store.save_states(conn, self.tables, [state.timed(**{**taken, **state.timers})])

    async def note_published(self) -> None:
        """Write down from time to time what was published, so that a restart sends little twice."""
        noted, at = self.relay.published, time.monotonic()
        while True:
            await asyncio.sleep(NOTE_EVERY)
            if self.relay.published != noted or self.trouble or time.monotonic() > at + PROBE_EVERY:
                with suppress(Exception):  # `trouble` keeps it, and the next note will do as well.
                    async with self._writing, self._transaction() as work:
                        noted = work.positions["published"] = self.relay.published
                    at = time.monotonic()

    # ---------------------------------------------------------------- within

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator["_Work"]:
        """One transaction. What it changes in memory counts only once it is committed."""
        try:
            await self._refresh()
            self._fresh = False
            async with self.engine.begin() as conn:
                work = _Work(conn, self.today or self._first_day or date.min)
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
        self._positions |= work.positions
        self.blocked |= work.blocked
        self.relay.put(outbox.batches(work.rows, self.written))

    async def _refresh(self) -> None:
        """Read the database anew after a transaction that failed, perhaps after it was committed."""
        if not self._fresh:
            await self.start()

    async def _run(
        self, work: "_Work", attempt: Callable[[dict[Key, State | None]], T], causes: Iterable[Cause] = ()
    ) -> T:
        """Run the rules, loading what they miss, until they miss nothing.

        What takes long runs beside the event loop. Nothing else changes states or packs meanwhile, since there is one
        writer; what queries see of a pack that is being adopted, they would see a moment later in any case.
        """
        causes = [*causes]
        is_long = len(causes) > outbox.PAGE or any(getattr(cause.payload, "is_long", False) for cause in causes)
        keys = await _beside(is_long, concerned, self.wiring, self.book, work.day, causes)
        loaded = await store.load_states(work.conn, self.tables, keys)
        while True:
            try:
                return await _beside(is_long, attempt, loaded)
            except Missing as missing:
                loaded |= await store.load_states(work.conn, self.tables, missing.keys)

    async def _save(self, work: "_Work", result: Result, causes: Iterable[Cause]) -> None:
        """Write what was decided: states, adopted packs, and the facts as rows of the outbox."""
        refused = {parked.cause.id for parked in result.parked}
        heard = (cause.payload for cause in causes if cause.id not in refused)
        await store.save_states(work.conn, self.tables, result.changed.values())
        adopted = {
            message.version: {"version": message.version, "body": msgspec.json.encode(message.pack).decode()}
            for message in (*heard, *(fact.event for fact in result.facts))
            if isinstance(message, PolicyAdopted)
        }
        await store.upsert(work.conn, self.tables.policies, [*adopted.values()])
        write = partial(
            outbox.rows, after=self.written, service=self.service.name, schemas=self.schemas, today=work.day
        )
        work.rows = await _beside(len(result.facts) > outbox.PAGE, write, result.facts)
        await store.insert(work.conn, self.tables.outbox, work.rows)

    async def _park(self, work: "_Work", letters: Rows) -> None:
        await store.insert_new(work.conn, self.tables.dead_letters, letters)
        work.blocked = {letter["about"] for letter in letters if letter["about"]}
        for letter in letters:
            log.error("parked", **{field: letter[field] for field in ("id", "subject", "about", "rule", "reason")})


class _Work:
    """One transaction of the writer, and what it will have changed in memory once it is committed."""

    def __init__(self, conn: AsyncConnection, day: date) -> None:
        self.conn = conn
        self.day = day
        """The business day; before any has begun, the one that the first messages are about."""
        self.rows: list[dict[str, Any]] = []
        self.positions: dict[str, int] = {}
        self.blocked: set[str] = set()


def _require_first(chosen: Iterable[RowMapping], waiting: Iterable[RowMapping]) -> None:
    """Raise Refused if an earlier letter about the same village comes first."""
    for row in chosen:
        first = next(letter for letter in waiting if letter["about"] == row["about"])
        if row["about"] and first is not row:
            raise Refused(
                WAITS,
                f"{row['about']} 有更早的死信 {first['id']}，请先处理它",
                f"an earlier dead letter about {row['about']} comes first: {first['id']}; deal with that one",
            )


async def _apart(items: Sequence[T], take: Callable[..., Awaitable[None]]) -> None:
    """Take items together, or in halves where that cannot succeed, down to the one that is taken with its failure."""
    try:
        await take(items)
    except Exception as error:
        if store.passing(error) or not items:
            raise
        log.warning("a batch failed and is taken apart", size=len(items), error=f"{type(error).__name__}: {error}")
        if len(items) == 1:
            await take(items, error)
            return
        half = len(items) // 2
        await _apart(items[:half], take)
        await _apart(items[half:], take)


def _require_genuine(delivery: Delivery, envelope: Envelope, event: Event, simulated: bool) -> None:
    """What a message says in several places must agree, and only the owner of an event says it."""
    if delivery.subject != wire_subject(event):
        raise ValueError(f"a message with this content belongs on {wire_subject(event)}")
    if envelope.source == teller(envelope.type):
        return
    if not (simulated and isinstance(event, DayPassed) and envelope.source == "urn:zhucun:simulation"):
        raise ValueError(f"{envelope.source!r} has no say about {envelope.type}; {teller(envelope.type)!r} has")


async def _never() -> bool:
    return False


def _by_page(cause: object) -> bool:
    """Whether a message is for every state there may be, and therefore taken page by page."""
    return isinstance(cause, Cause) and isinstance(cause.payload, (DayPassed, HolidaysAnnounced))


async def _beside(is_long: bool, do: Callable[..., T], *given: Any) -> T:
    """Do something beside the event loop if it takes long; what is short takes less than going there."""
    return await asyncio.to_thread(do, *given) if is_long else do(*given)


def _log_facts(facts: Sequence[Fact]) -> None:
    """One line for each fact; of a sealed one only what kind it is, since its ids tell whose case it is."""
    logs.lines(
        {
            "event": "decided", "type": fact.event.type, "id": fact.id, "causation": fact.cause.id,
            **({} if fact.event.is_sealed() else {"about": fact.event.subject_id, "correlation": fact.correlation}),
        }
        for fact in facts
    )  # fmt: skip


def _decode_data(type: str, data: msgspec.Raw) -> Event:
    if type not in EVENTS:
        raise ValueError(f"no contract is known for the event type {type!r}; upgrade this service and replay")
    if type not in _PAYLOADS:
        _PAYLOADS[type] = msgspec.json.Decoder(EVENTS[type])
    return _PAYLOADS[type].decode(data)


_ENVELOPE = msgspec.json.Decoder(Envelope)
_PAYLOADS: dict[str, msgspec.json.Decoder[Event]] = {}
