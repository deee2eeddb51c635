"""Messages that a stream removed before a service had read them: an alarm, a stop, and the way back by the journals."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Any

import httpx
import msgspec
import pytest
from nats.js import JetStreamContext
from rich.progress import Progress

from deploy.access.users import HARNESS
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import SERVICES, System
from deploy.operations import recovery
from services.dispatch.app import SERVICE as DISPATCH
from shared.contracts import Envelope, Event, wire_subject
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import VillageListed
from shared.engine import store
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.runtime import heard
from shared.stream import bus
from shared.stream.bus import OPEN, SEALED, Message, declare_streams, publish_batch
from shared.stream.consumer import Delivery, OrderedConsumer
from shared.stream.relay import Relay
from shared.web.journals import Entry
from shared.web.token import operator_key
from tests.support.asked import Api, serving
from tests.support.process import PACK
from tests.support.servers import NatsServer, engine_with

ZHUCUN = str(Path(sys.executable).with_name("zhucun"))
DAY = date(2014, 6, 1)
VILLAGE = "zhucun.v1.52.03.24.registry.village.registered"


async def until(condition: Any, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def shorten(js: JetStreamContext, stream: str = OPEN) -> None:
    """Let a stream forget all but its last message, as a limit does that somebody sets."""
    config = (await js.stream_info(stream)).config
    await js.update_stream(config.evolve(max_msgs=1))
    await js.update_stream(config)


async def make_anew(js: JetStreamContext, stream: str = OPEN) -> None:
    await js.delete_stream(stream)
    await declare_streams(js)


# ------------------------------------------------------------- the consumer


class Reader:
    """Reads a stream batch by batch, each only when it is told to."""

    def __init__(self) -> None:
        self.at, self.read = 0, list[int]()
        self.may, self.reading = asyncio.Event(), asyncio.Event()

    async def position(self) -> int:
        return self.at

    async def published(self) -> None:
        pass

    async def handle(self, batch: list[Delivery]) -> None:
        self.reading.set()
        await self.may.wait()
        self.read += [delivery.sequence for delivery in batch]
        self.at = batch[-1].sequence


@asynccontextmanager
async def reading(server: NatsServer, reader: Reader) -> AsyncIterator[tuple[OrderedConsumer, Any]]:
    broker = await bus.connect(server.url, "test")
    await declare_streams(broker.connection.jetstream())
    consumer = OrderedConsumer(
        broker,
        stream=OPEN,
        durable="registry",
        subjects=[VILLAGE],
        handle=reader.handle,
        position=reader.position,
        published=reader.published,
    )
    await consumer.start()
    try:
        yield consumer, broker
    finally:
        reader.may.set()
        await consumer.stop()
        await broker.stop()


async def publish(broker: Any, start: int, end: int, subject: str = VILLAGE) -> None:
    for first in range(start, end, 500):
        page = [Message(f"m{n}", subject, b"%d" % n) for n in range(first, min(first + 500, end))]
        await publish_batch(broker.connection, OPEN, page)


async def test_a_gap_that_opens_before_a_slow_reader_stops_it(nats_server: NatsServer) -> None:
    reader = Reader()
    async with reading(nats_server, reader) as (consumer, broker):
        await publish(broker, 0, 5000)
        await reader.reading.wait()
        await asyncio.sleep(0.5)  # It fetches ahead, but not all.
        await shorten(broker.connection.jetstream())
        await publish(broker, 5000, 5010)
        reader.may.set()

        async def lost() -> bool:
            return consumer.lost is not None

        await until(lost)
        assert reader.read == list(range(1, reader.at + 1)), "what had come before the gap is good, no more is taken"
        assert consumer.lost == (reader.at + 1, 4999)
        reader.at = 4999  # The recovery.

        async def caught_up() -> bool:
            return reader.at == 5010

        await until(caught_up)
        assert reader.read[-11:] == list(range(5000, 5011)) and consumer.lost is None


async def test_what_a_reader_does_not_hear_is_not_missed(nats_server: NatsServer) -> None:
    reader = Reader()
    reader.may.set()
    async with reading(nats_server, reader) as (consumer, broker):
        await publish(broker, 0, 10)
        await publish(broker, 10, 20, "zhucun.v1.52.03.24.dispatch.help.begun")

        async def at_the_end() -> bool:
            return consumer._fetched == 20  # It has looked, and knows that nothing else is for it.

        await until(at_the_end)
        await shorten(broker.connection.jetstream())
        await asyncio.sleep(1)
        await publish(broker, 20, 30)

        async def caught_up() -> bool:
            return reader.at == 30

        await until(caught_up)
        assert reader.read == [*range(1, 11), *range(21, 31)] and consumer.lost is None


# ------------------------------------------------------------- the journals


async def test_a_journal_is_read_by_position_and_shows_open_events_only(any_api: Api) -> None:
    await any_api.post("villages", *({"place": "210502", "village": f"V{n}", "name": "村"} for n in range(5)))
    await any_api.post("matters", {"place": "210502", "matter": "secret draw"})
    everything = await any_api.get("/v1/journal")
    assert [e["event"]["type"] for e in everything] == [
        "registry.policy.adopted.v1",
        *["registry.village.registered.v1"] * 5,
    ]
    page = await any_api.get("/v1/journal", after=everything[1]["position"], limit=2)
    assert page == everything[2:4]
    villages = await any_api.get("/v1/journal", type="registry.village.registered.v1")
    assert villages == everything[1:] and villages[0]["subject"] == "zhucun.v1.21.05.02.registry.village.registered"


async def test_sealed_events_and_handing_in_need_the_operators_key(any_api: Api) -> None:
    await any_api.post("matters", {"place": "210502", "matter": "secret draw"})
    query = {"stream": SEALED, "type": "inspection.draw.made.v1"}
    forged = msgspec.json.encode([entry(VillageListed(place="210502", village="V1"), DAY, 0)])
    for headers in ({}, {"Authorization": "Bearer guess"}, {"Authorization": f"Bearer {operator_key(b'other')}"}):
        asked = await any_api.client.get("/v1/recovery/journal", params=query, headers=headers)
        told = await any_api.client.post("/v1/recovery?stream=ZHUCUN", content=forged, headers=headers)
        ended = await any_api.client.post("/v1/recovery/end?stream=ZHUCUN&through=9", headers=headers)
        assert (asked.status_code, told.status_code, ended.status_code) == (401, 401, 401)
    allowed = {"Authorization": f"Bearer {operator_key(b'secret')}"}
    asked = await any_api.client.get("/v1/recovery/journal", params=query, headers=allowed)
    assert [e["event"]["type"] for e in asked.json()] == ["inspection.draw.made.v1"]
    ended = await any_api.client.post("/v1/recovery/end?stream=ZHUCUN&through=9", headers=allowed)
    assert ended.status_code == 409, "nothing is lost, so nothing may be passed over"


@pytest.fixture
async def any_api(tmp_path: Path) -> AsyncIterator[Api]:
    async with serving(f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3") as found:
        yield found


def entry(event: Event, day: date, second: int) -> Entry:
    envelope = Envelope(
        id="", source="", type=event.type, subject="", time=datetime(2020, 1, 1, 0, 0, second, tzinfo=UTC),
        dataschema="", correlationid="", causationid="", occurredon=day, policyversion="",
        data=msgspec.Raw(msgspec.json.encode(event)),
    )  # fmt: skip
    return Entry(0, wire_subject(event), msgspec.Raw(msgspec.json.encode(envelope)))


def listed(village: str, day: int, second: int) -> Entry:
    return entry(VillageListed(place="210502", village=village), DAY + timedelta(day), second)


def passed(day: int, second: int) -> Entry:
    return entry(DayPassed(day=DAY + timedelta(day)), DAY + timedelta(day - 1), second)


def told(events: Any) -> list[str]:
    """Each event as its village, each day as its number."""
    data = [msgspec.json.decode(event.event)["data"] for event in events]
    return [d.get("village") or f"day {(date.fromisoformat(d['day']) - DAY).days}" for d in data]


def test_journals_meet_by_day_whatever_clocks_say_and_each_keeps_its_order() -> None:
    slow_clock = [listed("A1", 0, 1), listed("A2", 1, 2), listed("A3", 1, 3)]
    fast_clock = [listed("B1", 0, 50), passed(1, 51), listed("B2", 0, 52), listed("B3", 1, 40)]
    assert told(recovery._merged([iter(slow_clock), iter(fast_clock)])) == ["A1", "B1", "day 1", "B2", "A2", "A3", "B3"]


def test_days_that_no_journal_has_are_put_before_what_was_decided_on_them() -> None:
    events = [listed("A", 0, 1), passed(1, 2), listed("B", 1, 3), passed(2, 4), listed("C", 3, 5), listed("D", 3, 6)]
    with_days = recovery._with_days(iter(events), DAY + timedelta(1), date.min, DAY + timedelta(5))
    assert told(with_days) == ["A", "day 1", "B", "day 2", "day 3", "C", "D", "day 5"]
    assert told(recovery._with_days(iter(events[:3]), DAY + timedelta(2), DAY)) == ["A", "B"]


# ------------------------------------------------------------- the processes


class Country:
    """Four services of whom somebody asks something day by day."""

    def __init__(self, system: System, simulation: Simulation, js: JetStreamContext) -> None:
        self.system, self.simulation, self.js, self.days, self.keys = system, simulation, js, 0, 0

    async def post(self, path: str, *rows: Any) -> None:
        self.keys += 1
        async with httpx.AsyncClient(base_url=self.system.url("registry"), trust_env=False) as client:
            headers = {"Idempotency-Key": f"request {self.keys}"}
            (await client.post(f"/v1/{path}", json=rows, headers=headers)).raise_for_status()

    async def register(self, *numbers: int) -> None:
        same = {"place": "210521", "township": "镇", "population": 99, "listed": True}
        await self.post("villages", *({**same, "village": f"210521{n:06}", "name": f"村{n}"} for n in numbers))

    async def say_day(self) -> None:
        """Publish a day without waiting for anybody."""
        self.days += 1
        day = recovery._day(DAY + timedelta(self.days))
        await self.js.publish(day.subject, bytes(day.event))

    async def get(self, service: str, path: str) -> Any:
        async with httpx.AsyncClient(base_url=self.system.url(service), trust_env=False, timeout=5) as client:
            return (await client.get(path)).json()

    async def ready(self, service: str) -> bool:
        async with httpx.AsyncClient(base_url=self.system.url(service), trust_env=False, timeout=5) as client:
            return (await client.get("/health/ready")).status_code == 200

    async def lost(self, service: str) -> bool:
        try:
            return bool((await self.get(service, "/v1/status"))["lost"])
        except httpx.HTTPError:
            return False

    async def behind(self, service: str) -> int:
        """Messages that a service has not handled, those included that it has fetched: they are lost with a stream."""
        info = await self.js.consumer_info(OPEN, service)
        return (info.num_pending or 0) + (info.num_ack_pending or 0)

    async def recover(self, service: str) -> str:
        """What the operator's command says."""
        done = await asyncio.to_thread(
            subprocess.run,
            [ZHUCUN, "recover", service, "--folder", str(self.system.folder.root)],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@asynccontextmanager
async def country(folder: Path) -> AsyncIterator[Country]:
    """A system on its first day with a pack in force."""
    async with System(folder) as system:
        await system.ready(120)
        async with Simulation(system) as simulation:
            broker = await bus.connect(system.nats_url, "test", system.key(HARNESS))
            found = Country(system, simulation, broker.connection.jetstream())
            await found.say_day()
            await simulation.settle()
            await found.post("policies", {"place": "210500", "pack": PACK, "adopted_by": "市委组织部"})
            await found.register(1, 2)
            await simulation.settle()
            yield found
            await broker.stop()


async def test_what_a_stream_forgot_or_took_with_it_comes_back_from_the_journals(tmp_path: Path) -> None:
    async with country(tmp_path / "hurt") as hurt:
        js, others = hurt.js, set(SERVICES) - {"dispatch"}

        # A limit that somebody set removes what a stopped service has not read.
        hurt.system.kill("dispatch", SIGSTOP)
        for number in range(3):
            await hurt.register(*range(10 * number + 10, 10 * number + 15))
            await hurt.say_day()
            await until(lambda: _none_behind(hurt, others))
        before = await _held(js)
        await js.delete_consumer(OPEN, "dispatch")
        await shorten(js)
        hurt.system.kill("dispatch", SIGCONT)
        await until(lambda: hurt.lost("dispatch"))
        health = await hurt.get("dispatch", "/health/ready")
        assert "zhucun recover dispatch" in health["lost ZHUCUN"] and "消息" in health["lost ZHUCUN"]
        assert not await hurt.ready("dispatch")

        # The first recovery dies in the middle, and the service with it; the next begins anew, the last finds nothing.
        journals, target = clients(hurt.system, SERVICES), clients(hurt.system, ["dispatch"])[0]
        page = [e for j in journals for e in recovery._journal(j, OPEN, heard(DISPATCH)[OPEN], 12, lambda _: None)]
        assert target.post("/v1/recovery", params={"stream": OPEN}, content=msgspec.json.encode(page)).is_success
        hurt.system.kill("dispatch", SIGKILL)
        await until(lambda: hurt.lost("dispatch"))
        await hurt.recover("dispatch")
        await until(lambda: hurt.ready("dispatch"))
        await asyncio.to_thread(hand_in, hurt.system, "dispatch")

        # The stream is made anew, and has grown past what was read before anybody looks.
        hurt.system.kill("dispatch", SIGSTOP)
        await hurt.register(*range(50, 60))
        await until(lambda: _none_behind(hurt, others))
        between = await _held(js)
        await make_anew(js)
        await hurt.register(*range(100, 200))
        await until(lambda: _ends_behind(js, before[-1].sequence + 20))
        hurt.system.kill("dispatch", SIGCONT)
        for service in SERVICES:
            await until(lambda service=service: hurt.lost(service))
            await asyncio.to_thread(hand_in, hurt.system, service)
        for service in SERVICES:
            await until(lambda service=service: hurt.ready(service))
        await hurt.simulation.settle()

        # Dispatch is as it would be had it read everything in its time.
        stream = [*before, *(d for d in between if d.sequence > before[-1].sequence), *await _held(js)]
        assert await hurt.get("dispatch", "/v1/digest") == await _digest_after(tmp_path, stream)
        for service in SERVICES:
            status = await hurt.get(service, "/v1/status")
            assert (status["lost"], status["dead_letters"]) == ({}, 0)
            assert status["today"] == str(DAY + timedelta(hurt.days))


async def _none_behind(country: Country, services: set[str]) -> bool:
    return not any([await country.behind(service) for service in services])


async def _ends_behind(js: JetStreamContext, sequence: int) -> bool:
    return (await js.stream_info(OPEN)).state.last_seq > sequence


async def _held(js: JetStreamContext) -> list[Delivery]:
    """What the open stream holds of what dispatch hears."""
    ends = (await js.stream_info(OPEN)).state
    messages: list[Any] = [await js.get_msg(OPEN, sequence) for sequence in range(ends.first_seq, ends.last_seq + 1)]
    heard_here = {subject.rpartition("*.")[2] for subject in heard(DISPATCH)[OPEN]}
    return [
        Delivery(m.seq, m.subject, m.data, datetime.now(UTC))
        for m in messages
        if m.subject.split(".", 5)[5] in heard_here
    ]


async def _digest_after(folder: Path, stream: list[Delivery]) -> dict[str, str]:
    """What dispatch's digest is after it has read these."""

    async def send(*_: Any) -> None:
        pass

    engine = await engine_with(f"sqlite+aiosqlite:///{folder}/undisturbed.sqlite3", DISPATCH.tables)
    relay = Relay(send)
    relaying = asyncio.create_task(relay.run())
    pipeline = Pipeline(DISPATCH, engine, relay, "http://localhost/schemas", simulated=True)
    await pipeline.start()
    await handle(pipeline, OPEN, stream)
    async with engine.connect() as conn:
        digest = await store.digest(conn, DISPATCH.tables)
    relaying.cancel()
    await engine.dispose()
    return digest


def clients(system: System, services: Any) -> list[httpx.Client]:
    headers = {"Authorization": f"Bearer {operator_key(system.folder.secret.read_bytes())}"}
    return [
        httpx.Client(base_url=system.url(service), headers=headers, timeout=60, trust_env=False) for service in services
    ]


def hand_in(system: System, service: str) -> None:
    """What `zhucun recover` does."""
    hears = heard(import_module(f"services.{service}.app").SERVICE)
    recovery.recover(clients(system, [service])[0], clients(system, SERVICES), hears, Progress(disable=True))
