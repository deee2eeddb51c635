"""A service's pipeline as one process lives, and what the stream delivers to it."""

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from shared.contracts import Envelope, Event, teller, wire_subject
from shared.contracts.calendar import DayPassed
from shared.contracts.dispatch import HelpBegun
from shared.engine import store
from shared.engine.commands import submit
from shared.engine.deliveries import handle
from shared.engine.flow import derived_id
from shared.engine.pipeline import Pipeline
from shared.stream.bus import OPEN, Message
from shared.stream.consumer import Delivery
from shared.stream.relay import Relay
from tests.support import small
from tests.support.servers import engine_with

V1, V2 = "210502001201", "210502001202"
PACK = json.loads(json.dumps(tomllib.loads(Path("shared/policy/packs/benxi.toml").read_text("utf-8")), default=str))
DAY = date(2014, 6, 1)


def delivery(event: Event, sequence: int, id: str | None = None, policy: str = "") -> Delivery:
    """An event of another service as the stream delivers it."""
    body = Envelope(
        id=id or derived_id("test", event),
        source=teller(event.type),
        type=event.type,
        subject=event.subject_id,
        time=datetime.now(UTC),
        dataschema="http://localhost/schemas/x.json",
        correlationid=getattr(event, "village", None) or "calendar",
        causationid="",
        occurredon=DAY,
        policyversion=policy,
        data=msgspec.Raw(msgspec.json.encode(event)),
    )
    return raw(msgspec.json.encode(body), sequence, wire_subject(event))


def raw(body: bytes, sequence: int, subject: str = "zhucun.v1.21.05.02.dispatch.help.begun") -> Delivery:
    return Delivery(sequence=sequence, subject=subject, body=body, recorded=datetime.now(UTC))


def day(number: int, sequence: int) -> Delivery:
    return delivery(DayPassed(day=DAY + timedelta(number)), sequence)


def begun(village: str, unit: str) -> HelpBegun:
    return HelpBegun(place="210502", village=village, unit=unit)


def villages(*ids: str, name: str = "村") -> list[small.Register]:
    return [small.Register(place="210502", village=id, name=name) for id in ids]


class Process:
    """A service's pipeline as one process lives: what it sent, and the power to die between commit and publish."""

    def __init__(self, pipeline: Pipeline, sent: list[tuple[str, Message]]) -> None:
        self.pipeline, self.sent = pipeline, sent
        self.reachable = asyncio.Event()
        self.reachable.set()

    async def state(self, id: str) -> Any:
        async with self.pipeline.engine.connect() as conn:
            key = (small.Village, id)
            return (await store.load_states(conn, self.pipeline.tables, [key]))[key]

    async def digest(self) -> dict[str, str]:
        async with self.pipeline.engine.connect() as conn:
            return await store.digest(conn, self.pipeline.tables)

    async def letters(self) -> list[Any]:
        async with self.pipeline.engine.connect() as conn:
            return [*(await conn.execute(self.pipeline.tables.dead_letters.select())).mappings()]


@asynccontextmanager
async def process(database: str, sent: list[tuple[str, Message]] | None = None) -> AsyncIterator[Process]:
    """Start a process on a database, and kill it in the end without a goodbye."""
    engine = await engine_with(database, small.SERVICE.tables)
    told = [] if sent is None else sent

    async def send(stream: str, messages: Iterable[Message]) -> None:
        await running.reachable.wait()
        told.extend((stream, message) for message in messages)

    relay = Relay(send)
    running = Process(Pipeline(small.SERVICE, engine, relay, "http://localhost/schemas"), told)
    await running.pipeline.start()
    task = asyncio.create_task(relay.run())
    try:
        yield running
    finally:
        task.cancel()
        await engine.dispose()


async def begin(running: Process) -> None:
    """The first day, and a pack to decide by."""
    await handle(running.pipeline, OPEN, [day(0, 1)])
    await submit(running.pipeline, "pack", [small.Adopt(place="210500", pack=PACK)])
