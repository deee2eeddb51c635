"""What a service keeps from an upgrade on, it also keeps of what it was told before."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from importlib import import_module
from typing import Any

import pytest
from msgspec.structs import replace

from deploy.demo.regions.benxi.story import CITY, PACK, POLICY
from services.incentives.app import SERVICE
from services.incentives.model.units import Unit
from shared import runtime
from shared.contracts import Event
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted, UnitRegistered, VillageRegistered
from shared.engine import store
from shared.engine.health import Health
from shared.engine.pipeline import Pipeline, Service
from shared.engine.replay import recover
from shared.stream import bus
from shared.stream.bus import OPEN, SEALED, Message
from shared.stream.relay import Relay
from shared.web.limits import Limits
from tests.support.pace import slowness
from tests.support.process import delivery
from tests.support.servers import NatsServer, engine_with

ID = "210521100201"
BEFORE = SERVICE._replace(reactions=[one for one in SERVICE.reactions if not one.names])
"""The service as it was before it kept names."""


def village(name: str) -> VillageRegistered:
    return VillageRegistered(place="210521", village=ID, name=name, township="碱厂镇", population=900)


UNIT = UnitRegistered(place="210521", unit="U1", name="县农业局", level="county", department="农业", strength=50)
ADOPTED = PolicyAdopted(place=CITY, version=POLICY.version, pack=PACK, adopted_by="市委")


async def _none(_stream: str, _messages: Sequence[Message]) -> None:
    """Nothing follows from names."""


@asynccontextmanager
async def at_work(service: Service, database: str, nats: NatsServer) -> AsyncIterator[Pipeline]:
    """A version of a service that reads its streams."""
    pipeline = Pipeline(service, await engine_with(database, service.tables), Relay(_none), "", simulated=True)
    await pipeline.start()
    health = Health(pipeline, [OPEN, SEALED])
    settings = runtime.Settings(
        database=database, port=1, nats=nats.url, simulated=True, schemas="", requests_a_minute=1
    )
    talking = asyncio.create_task(runtime._talk(settings, health, {}, Limits(1)))
    try:
        yield pipeline
    finally:
        for consumer in health.consumers.values():
            await consumer.stop()
        talking.cancel()
        if health.broker:
            await health.broker.connection.close()
        await pipeline.engine.dispose()


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(15 * slowness()):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def known(pipeline: Pipeline) -> tuple[dict[str, str], Any]:
    """What the village is called, and what is kept of the unit."""
    async with pipeline.engine.connect() as conn:
        units = await store.load_states(conn, pipeline.tables, [(Unit, "U1")])
        return await store.names(conn, pipeline.tables, [ID]), units[Unit, "U1"]


async def digest(pipeline: Pipeline) -> dict[str, str]:
    async with pipeline.engine.connect() as conn:
        return await store.digest(conn, pipeline.tables)


async def test_a_version_that_begins_to_keep_names_knows_those_that_were_told_before(
    database: str, nats_server: NatsServer, logged: list[Any]
) -> None:
    broker = await bus.connect(nats_server.url, "test")
    await bus.declare_streams(broker.connection.jetstream())

    async def tell(first: int, *events: Event) -> None:
        told = [(f"m{n}", delivery(event, n)) for n, event in enumerate(events, first)]
        await bus.publish_batch(broker.connection, OPEN, [Message(id, one.subject, one.body) for id, one in told])

    await tell(1, DayPassed(day=date(2015, 3, 2)), ADOPTED, village("上石村"), UNIT, village("下石村"))
    await tell(6, DayPassed(day=date(2015, 3, 3)))
    async with at_work(BEFORE, database, nats_server) as pipeline:
        await until(lambda: pipeline.read.get(OPEN) == 6)
        assert await known(pipeline) == ({}, None)
        before = await digest(pipeline)
    await tell(7, village("新石村"), DayPassed(day=date(2015, 3, 4)))
    async with at_work(SERVICE, database, nats_server) as pipeline:
        await until(lambda: pipeline.read.get(OPEN) == 8)
        called, unit = await known(pipeline)
        after = await digest(pipeline)
    assert called == {ID: "新石村"}
    assert unit == Unit(id="U1", place="210521", name="县农业局", level="county")
    assert {kind for kind in before if before[kind] != after[kind]} == {"codes", "units"}
    async with at_work(SERVICE, database, nats_server) as pipeline:
        await tell(9, DayPassed(day=date(2015, 3, 5)))
        await until(lambda: pipeline.read.get(OPEN) == 9)
        assert await digest(pipeline) == after
    assert [one["messages"] for one in logged if one["event"] == "names are heard once more"] == [4]
    await broker.stop()


async def test_what_the_version_before_passed_over_is_not_heard_again_until_an_operator_hands_it_in(
    database: str, nats_server: NatsServer
) -> None:
    """In an upgrade that rolls, a service that is replaced early may tell what another one does not hear yet."""
    new = SERVICE._replace(reactions=[replace(one, names=False) for one in SERVICE.reactions])
    broker = await bus.connect(nats_server.url, "test")
    await bus.declare_streams(broker.connection.jetstream())
    told = [delivery(event, n) for n, event in enumerate((DayPassed(day=date(2015, 3, 2)), ADOPTED, UNIT), 1)]
    told.append(delivery(DayPassed(day=date(2015, 3, 3)), 4))
    messages = [Message(f"m{n}", one.subject, one.body) for n, one in enumerate(told)]
    await bus.publish_batch(broker.connection, OPEN, messages)
    async with at_work(BEFORE, database, nats_server) as pipeline:
        await until(lambda: pipeline.read.get(OPEN) == 4)
    async with at_work(new, database, nats_server) as pipeline:
        later = delivery(DayPassed(day=date(2015, 3, 4)), 5)
        await bus.publish_batch(broker.connection, OPEN, [Message("m5", later.subject, later.body)])
        await until(lambda: pipeline.read.get(OPEN) == 5)
        assert await known(pipeline) == ({}, None), "its place in the stream is behind it"
        before = await digest(pipeline)
        for _ in range(2):
            await recover(pipeline, OPEN, [(one.subject, one.body) for one in told])
        _, unit = await known(pipeline)
        after = await digest(pipeline)
    assert unit == Unit(id="U1", place="210521", name="县农业局", level="county")
    assert {kind for kind in before if before[kind] != after[kind]} == {"units"}
    await broker.stop()


async def test_a_new_service_hears_names_once(database: str, nats_server: NatsServer, logged: list[Any]) -> None:
    broker = await bus.connect(nats_server.url, "test")
    await bus.declare_streams(broker.connection.jetstream())
    for _ in range(2):
        async with at_work(SERVICE, database, nats_server) as pipeline:
            await until(lambda: pipeline.positions.get(runtime.NAMED))
    assert not [one for one in logged if one["event"] == "names are heard once more"]
    await broker.stop()


@pytest.mark.parametrize("name", ["dispatch", "inspection", "incentives"])
def test_what_keeps_names_is_told_openly_and_nobody_waits_for_it(name: str) -> None:
    reactions = [one for one in import_module(f"services.{name}.app").SERVICE.reactions if one.names]
    assert reactions and all(one.unhurried and one.on.sealing == "never" for one in reactions)
