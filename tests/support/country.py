"""The four real services in one process, on real SQLite databases, joined by streams whose order a test decides.

A service runs as a `Process`: a pipeline with its relay, which a test may let die at a chosen moment, between any two
statements, before or after a commit, before or after a publication. What it leaves behind is its database. `Country`
is also the officers' reach into the services.
"""

import asyncio
import hashlib
import random
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeVar

import msgspec
from sqlalchemy import Select, create_engine, event, func, select

from deploy.demo.answers import Awaited, Row, as_command
from deploy.demo.regions.benxi.story import POLICY
from services.dispatch.app import SERVICE as DISPATCH
from services.incentives.app import SERVICE as INCENTIVES
from services.inspection.app import SERVICE as INSPECTION
from services.registry.app import SERVICE as REGISTRY
from shared.contracts import EVENTS, Envelope, wire_subject
from shared.contracts.calendar import DayPassed
from shared.engine import store
from shared.engine.commands import submit
from shared.engine.deliveries import handle
from shared.engine.flow import derived_id
from shared.engine.outbox import PAGE
from shared.engine.pipeline import Pipeline, Service
from shared.engine.requests import RequestRefused, command_ids
from shared.rules import State
from shared.runtime import heard
from shared.stream.bus import OPEN, SEALED, Message
from shared.stream.consumer import Delivery
from shared.stream.relay import Relay
from tests.support.invariants import Evidence, Said

SERVICES: Final = {service.name: service for service in (REGISTRY, DISPATCH, INSPECTION, INCENTIVES)}
_HEARD: Final = {
    (name, stream): {tuple(filter.split(".")[5:]) for filter in heard(service)[stream]}
    for name, service in SERVICES.items()
    for stream in (OPEN, SEALED)
}
"""What each service consumes of each stream: the last three tokens of the subjects."""
_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
MOMENTS: Final = 12
"""Statements and commits of one step, more or less, among which a process dies; or after them, if there are fewer."""
T = TypeVar("T")


class Injuries(NamedTuple):
    """How a country is hurt: the seed of what happens when, and the chance of each kind of trouble per step."""

    seed: int = 0
    crash: float = 0.0
    """That a process dies during a step."""
    repeat: float = 0.0
    """That a batch of some day is stored again, later than the server remembers ids."""
    rewind: float = 0.0
    """That a consumer is handed again what it has read."""
    haste: float = 0.0
    """That officers send the next commands while the services have heard only a part of what the last ones led to."""


class Crash(Exception):
    """A process died."""


class Process:
    """One life of a service."""

    def __init__(self, country: "Country", service: Service) -> None:
        self.country, self.service = country, service
        self.may_publish, self.died = asyncio.Event(), asyncio.Event()
        self.moments: int | None = None
        """How many moments it has left to live; None if it is well."""

    async def start(self) -> Self:
        self.engine = store.open_engine(f"sqlite+aiosqlite:///{self.country.folder}/{self.service.name}")
        # Processes die here, and machines do not: what was written is there, synced or not.
        event.listen(
            self.engine.sync_engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF")
        )
        for moment in ("before_cursor_execute", "commit"):
            event.listen(self.engine.sync_engine, moment, lambda *_: self.pass_moment())
        self.relay = Relay(self._send)
        self.pipeline = Pipeline(self.service, self.engine, self.relay, "http://localhost/schemas", simulated=True)
        await self.pipeline.start()
        self.relaying = asyncio.create_task(self.relay.run())
        return self

    def pass_moment(self) -> None:
        """Die if this is the moment for it."""
        if self.moments is not None:
            self.moments -= 1
            if self.moments < 0:
                self.died.set()
                raise Crash

    async def _send(self, stream: str, messages: Sequence[Message]) -> None:
        await self.may_publish.wait()
        try:
            self.pass_moment()
            self.country.store(stream, messages)
            self.pass_moment()
        except Crash:
            await asyncio.Event().wait()  # The dead do not try again.

    async def publish(self) -> None:
        """Publish what is committed."""
        self.may_publish.set()
        await self.pipeline.published()
        self.may_publish.clear()

    async def do(self, work: Coroutine[Any, Any, T], moments: int | None = None) -> T:
        """Do some work, or die after so many moments of it. Raises Crash."""
        self.moments = moments
        task, died = asyncio.create_task(work), asyncio.create_task(self.died.wait())
        await asyncio.wait((task, died), return_when=asyncio.FIRST_COMPLETED)
        died.cancel()
        if self.died.is_set() or moments is not None:  # At the latest once all is done and nobody has been told.
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.end()
            raise Crash
        return task.result()

    async def end(self) -> None:
        """Nothing is left but the database."""
        self.relaying.cancel()
        with suppress(asyncio.CancelledError):
            await self.relaying
        await self.engine.dispose()


class Country:
    """The services, their streams, and what lies between them."""

    def __init__(self, folder: Path, injuries: Injuries | None = None) -> None:
        self.folder, self.hurt, self.injuries = folder, injuries is not None, injuries or Injuries()
        self.chance = random.Random(self.injuries.seed)
        self.databases = {name: create_engine(f"sqlite:///{folder}/{name}") for name in SERVICES}
        for name, database in self.databases.items():
            SERVICES[name].tables.metadata.create_all(database)
        self.running: dict[str, Process] = {}
        self.streams: dict[str, list[Delivery]] = {OPEN: [], SEALED: []}
        self.stored: list[tuple[str, Sequence[Message]]] = []
        self.ids: set[str] = set()
        self.torn: list[Sequence[Message]] = []
        """Batches of which some messages were stored already and others not: a server refuses them for ever."""
        self.days: dict[date, str] = {}
        self.commands: set[str] = set()
        self.crashes = 0

    async def __aenter__(self) -> Self:
        for name in SERVICES:
            await self.process(name)
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for process in self.running.values():
            await process.end()
        for database in self.databases.values():
            database.dispose()

    async def process(self, name: str) -> Process:
        """The process of a service, started if it is dead."""
        if name not in self.running:
            self.running[name] = await Process(self, SERVICES[name]).start()
        return self.running[name]

    # --------------------------------------------------------------- the server

    def store(self, stream: str, messages: Sequence[Message]) -> None:
        """Take an atomic batch as JetStream does: a repetition within its window changes nothing."""
        known = [message.id in self.ids for message in messages]
        if any(known) and not all(known):
            self.torn.append(messages)
        if not any(known) or self._happens(self.injuries.repeat):
            self._append(stream, messages)
        if not any(known):
            self.stored.append((stream, messages))
            self.ids.update(message.id for message in messages)

    def _append(self, stream: str, messages: Sequence[Message]) -> None:
        log = self.streams[stream]
        log += [
            Delivery(sequence=len(log) + n, subject=m.subject, body=m.body, recorded=datetime.now(UTC))
            for n, m in enumerate(messages, 1)
        ]

    async def unread(self, name: str, stream: str, rewind: int = 0) -> list[Delivery]:
        """What a service has still to read of a stream."""
        position = await self.running[name].pipeline.position(stream)
        wanted = _HEARD[name, stream]
        later = self.streams[stream][max(position - rewind, 0) :]
        return [delivery for delivery in later if tuple(delivery.subject.split(".")[5:]) in wanted]

    # ------------------------------------------------------------------- trouble

    def _happens(self, chance: float) -> bool:
        return self.hurt and self.chance.random() < chance

    async def _do(self, name: str, work: Coroutine[Any, Any, T]) -> T:
        moments = self.chance.randrange(MOMENTS) if self._happens(self.injuries.crash) else None
        try:
            return await self.running[name].do(work, moments)
        except Crash:
            del self.running[name]
            self.crashes += 1
            raise

    # ---------------------------------------------------------------------- steps

    async def settle(self) -> None:
        """Go on until every service has heard everything and said everything that followed."""
        while steps := await self._steps():
            await self._go_on(steps)

    async def _go_on(self, steps: Sequence[tuple[str, str]]) -> None:
        if self._happens(self.injuries.repeat):
            self._append(*self.chance.choice(self.stored))
        with suppress(Crash, TimeoutError):  # A sealed event that came too early is tried again.
            await self._step(*(self.chance.choice(steps) if self.hurt else steps[0]))

    async def _steps(self) -> list[tuple[str, str]]:
        """What can be done now: start a process, publish, or let a service read a stream."""
        steps = [(name, "start") for name in SERVICES if name not in self.running]
        alive = [name for name in SERVICES if name in self.running]
        steps += [(name, "publish") for name in alive if self.running[name].relay.backlog]
        for stream in (OPEN, SEALED):
            steps += [(name, stream) for name in alive if await self.unread(name, stream)]
        return steps

    async def _step(self, name: str, what: str) -> None:
        if what == "start":
            await self.process(name)
        elif what == "publish":
            await self._do(name, self.running[name].publish())
        else:
            rewind = self.chance.randrange(20) if self._happens(self.injuries.rewind) else 0
            batch = (await self.unread(name, what, rewind))[:PAGE]
            cut = self.chance.randint(1, len(batch)) if self.hurt else len(batch)
            await self._do(name, handle(self.running[name].pipeline, what, batch[:cut]))

    # -------------------------------------------------------------------- officers

    async def pass_day(self, day: date) -> None:
        """Let a business day begin, and return when all that follows from it is done."""
        await self.settle()
        said, id = DayPassed(day=day), derived_id("day", day)
        self.days[day] = id
        envelope = Envelope(
            id=id, source="urn:zhucun:simulation", type=said.type, subject=said.subject_id, time=datetime.now(UTC),
            dataschema="", correlationid=id, causationid=id, occurredon=day, policyversion="",
            data=msgspec.Raw(msgspec.json.encode(said)),
        )  # fmt: skip
        self.store(OPEN, [Message(id, wire_subject(said), msgspec.json.encode(envelope))])
        await self.settle()

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        """Send commands under a key until they are answered; those that are refused are left out."""
        commands = [as_command(service, path, row) for row in rows]
        key = f"{path}:{key}"
        self.commands |= set(command_ids(service, key, commands))
        while True:
            pipeline = (await self.process(service)).pipeline
            with suppress(Crash):
                await self._do(service, submit(pipeline, key, commands, keep_good=True))
                break
        while self._happens(self.injuries.haste) and (steps := await self._steps()):
            await self._go_on(steps)

    async def refuses(self, service: str, path: str, key: str, row: Row) -> bool:
        """Whether a command is refused; if it is, nothing at all may have changed."""
        try:
            command = as_command(service, path, row)
        except msgspec.ValidationError:  # It does not even come in.
            return False
        before = self.everything(service)
        key = f"{path}:{key}"
        self.commands.update(command_ids(service, key, [command]))
        try:
            await submit(self.running[service].pipeline, key, [command])
        except RequestRefused as refusal:
            assert refusal.refused[0].status < 500, f"{command} broke a rule of {service}: {refusal.refused[0]}"
            assert self.everything(service) == before, f"{command} was refused and left something behind"
            return True
        return False

    async def tasks(self) -> list[Awaited]:
        """Everything that is awaited."""
        return [
            Awaited.of(name, state, t)
            for name in SERVICES
            for state in self.kept(name).values()
            for t in state.tasks(POLICY)
        ]

    async def states(self, service: str, kind: str) -> dict[str, Any]:
        """All states of a kind by id."""
        kept = self.kept(service)
        return {id: msgspec.to_builtins(state) for (of, id), state in kept.items() if of == kind}

    async def next_due(self) -> date | None:
        """The next day on which anything falls due in any service."""
        days = [
            self.rows(name, select(func.min(table.c.due)))[0][0]
            for name, service in SERVICES.items()
            for table in service.tables.states.values()
        ]
        return min((day for day in days if day), default=None)

    # ------------------------------------------------------------------ what is kept

    def rows(self, service: str, query: Select[Any]) -> Sequence[Any]:
        """What a service's database holds, read from outside and at once."""
        with self.databases[service].connect() as conn:
            return conn.execute(query).all()

    def kept(self, service: str) -> Mapping[tuple[str, str], State]:
        """All states of a service by kind and id."""
        return {
            (kind.kind, id): store.decode_state(kind, body)
            for kind, table in SERVICES[service].tables.states.items()
            for id, body in self.rows(service, select(table.c.id, table.c.body).order_by(table.c.id))
        }

    def everything(self, service: str) -> list[Any]:
        """A hash over each table of a service, whatever it holds."""
        with self.databases[service].connect() as conn:
            return [
                hashlib.sha256(repr(conn.exec_driver_sql(f"select * from {table}").all()).encode()).digest()
                for table in SERVICES[service].tables.metadata.sorted_tables
            ]

    async def digests(self) -> dict[str, dict[str, str]]:
        """What each service says under /v1/digest."""
        digests = {}
        for name, process in self.running.items():
            async with process.engine.connect() as conn:
                digests[name] = await store.digest(conn, process.service.tables)
        return digests

    def evidence(self) -> Evidence:
        """Everything that the invariants are judged by."""
        journals = {}
        for name, service in SERVICES.items():
            outbox = service.tables.outbox.c
            journals[name] = [
                _said(name, body) for (body,) in self.rows(name, select(outbox.body).order_by(outbox.position))
            ]
        return Evidence(
            policy=POLICY,
            journals=journals,
            streams={s: [_ENVELOPE.decode(d.body).id for d in log] for s, log in self.streams.items()},
            states={name: self.kept(name) for name in SERVICES},
            commands=self.commands,
            days=self.days,
            dead_letters=[
                letter
                for name, service in SERVICES.items()
                for letter in self.rows(name, select(service.tables.dead_letters))
            ],
            torn=self.torn,
        )


def _said(service: str, body: str) -> Said:
    envelope = _ENVELOPE.decode(body)
    said = msgspec.json.decode(envelope.data, type=EVENTS[envelope.type])
    return Said(envelope.id, envelope.causationid, service, envelope.occurredon, said)
