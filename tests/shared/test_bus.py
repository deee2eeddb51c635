import asyncio
import json
import random
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from signal import SIGKILL
from typing import Any

import pytest
from faststream.nats import NatsBroker
from hypothesis import given
from hypothesis import strategies as st
from nats.js import JetStreamContext
from nats.js.errors import APIError

from shared.stream.bus import (
    CALENDAR,
    DAY_DUE,
    OPEN,
    SEALED,
    TOGETHER,
    Message,
    PublishFailed,
    connect,
    declare_streams,
    joined,
    parts,
    publish_batch,
    schedule_days,
)
from tests.support.pace import slowness
from tests.support.servers import NatsServer
from tests.support.stream import VILLAGE, Database, consuming, messages

pytestmark = pytest.mark.usefixtures("logged")


@pytest.fixture
async def broker(nats_server: NatsServer) -> AsyncIterator[NatsBroker]:
    broker = await connect(nats_server.url, "test")
    await declare_streams(broker.connection.jetstream())
    yield broker
    await broker.connection.close()


@pytest.fixture
def js(broker: NatsBroker) -> JetStreamContext:
    return broker.connection.jetstream()


def ids(start: int, end: int) -> list[str]:
    return [message.id for message in messages(start, end)]


async def until(condition: Callable[[], Any], seconds: float = 10) -> None:
    """Wait for something, for as many seconds as it takes at most where this process has the machine for itself."""
    async with asyncio.timeout(seconds * slowness(time.monotonic)):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def applied(database: Database, count: int, seconds: float = 10) -> None:
    await until(lambda: len(database.applied) == count, seconds)


async def stored(js: JetStreamContext, stream: str = OPEN) -> int:
    return (await js.stream_info(stream)).state.messages


# The streams and the schedule


async def test_streams_keep_everything_and_refuse_to_forget(js: JetStreamContext) -> None:
    for stream in (OPEN, SEALED):
        config = (await js.stream_info(stream)).config
        assert (config.storage, config.retention, config.num_replicas) == ("file", "limits", 1)
        assert (config.max_age, config.max_msgs, config.max_bytes, config.duplicate_window) == (0, -1, -1, 120)
        with pytest.raises(APIError, match="delete not permitted"):
            await js.delete_msg(stream, 1)
        with pytest.raises(APIError, match="purge not permitted"):
            await js.purge_stream(stream)


async def test_declaring_streams_again_mends_what_differs(js: JetStreamContext) -> None:
    await js.update_stream((await js.stream_info(OPEN)).config, duplicate_window=120)
    await declare_streams(js)
    await declare_streams(js)
    assert (await js.stream_info(OPEN)).config.duplicate_window == 120


async def test_schedule_of_days_fires_without_a_message_id(broker: NatsBroker, js: JetStreamContext) -> None:
    database = Database()
    await schedule_days(js)
    await schedule_days(js, "* * * * * *")
    async with consuming(broker, database, DAY_DUE, stream=CALENDAR):
        await until(lambda: len(database.applied) >= 2)
    days = list(database.applied.values())
    assert {day.subject for day in days} == {DAY_DUE}
    for day in days:
        stored = await js.get_msg(CALENDAR, day.sequence)
        assert stored.headers and "Nats-Msg-Id" not in stored.headers and "Nats-Scheduler" in stored.headers
    assert 0.5 < (days[1].recorded - days[0].recorded).total_seconds() < 1.5


# Publishing


async def test_a_single_message_is_stored_once(broker: NatsBroker, js: JetStreamContext) -> None:
    for _ in range(2):
        await publish_batch(broker.connection, OPEN, messages(0, 1))
    stored = await js.get_msg(OPEN, 1)
    assert (stored.subject, stored.data) == (VILLAGE, b"0")
    assert stored.headers and "Nats-Batch-Id" not in stored.headers
    assert (await js.stream_info(OPEN)).state.messages == 1


async def test_a_batch_is_stored_whole_in_order_and_once(broker: NatsBroker, js: JetStreamContext) -> None:
    await publish_batch(broker.connection, OPEN, messages(0, 1000))
    await publish_batch(broker.connection, OPEN, messages(0, 1000))
    await publish_batch(broker.connection, OPEN, messages(1000, 1010))
    await publish_batch(broker.connection, OPEN, messages(0, 1000))
    database = Database()
    async with consuming(broker, database):
        await applied(database, 1010)
    assert list(database.applied) == ids(0, 1010)
    assert await stored(js) == 1010


@pytest.mark.parametrize(
    ("stream", "batch"),
    [
        pytest.param(SEALED, messages(0, 3), id="wrong stream"),
        pytest.param(SEALED, messages(0, 1), id="wrong stream, alone"),
        pytest.param(OPEN, [*messages(0, 2), *messages(2, 3, "zhucun-sealed.v1.52.x")], id="two streams"),
        pytest.param(OPEN, messages(0, 3, "elsewhere"), id="no stream"),
    ],
)
async def test_a_refused_batch_leaves_nothing(
    broker: NatsBroker, js: JetStreamContext, stream: str, batch: list[Message]
) -> None:
    with pytest.raises(PublishFailed):
        await publish_batch(broker.connection, stream, batch)
    assert (await stored(js, OPEN), await stored(js, SEALED)) == (0, 0)


@pytest.mark.parametrize(
    "batch",
    [
        pytest.param([], id="empty"),
        pytest.param(messages(0, 1001), id="too many"),
        pytest.param(messages(0, 2) + messages(0, 1), id="one id twice"),
        pytest.param([Message("big", VILLAGE, bytes(1024 * 1024 - 100))], id="too large with its headers"),
    ],
)
async def test_an_impossible_batch_is_an_error_of_the_caller(broker: NatsBroker, batch: list[Message]) -> None:
    with pytest.raises(ValueError, match=r"no id twice|bytes at most"):
        await publish_batch(broker.connection, OPEN, batch)
    await publish_batch(broker.connection, OPEN, messages(0, 1))


async def test_a_lost_answer_is_made_good_by_sending_again(
    nats_server: NatsServer, broker: NatsBroker, js: JetStreamContext
) -> None:
    for batch in (messages(0, 20), messages(20, 21)):
        nats_server.pause()
        with pytest.raises(PublishFailed, match="no answer"):
            await publish_batch(broker.connection, OPEN, batch, within=0.2)
        nats_server.resume()
        await publish_batch(broker.connection, OPEN, batch)
    assert await stored(js) == 21


async def test_nothing_is_hoarded_while_the_server_is_away(nats_server: NatsServer, broker: NatsBroker) -> None:
    nc, database = broker.connection, Database()
    async with consuming(broker, database) as consumer:
        await until(lambda: consumer._expected)
        nats_server.stop(SIGKILL)
        await until(lambda: not nc.is_connected)
        with pytest.raises(PublishFailed, match="not connected"):
            await publish_batch(nc, OPEN, messages(0, 5))
        await asyncio.sleep(0.8)
        pending = nc.pending_data_size
        await asyncio.sleep(1.4)
        assert nc.pending_data_size == pending
        nats_server.start()
        await until(lambda: nc.is_connected)
        await publish_batch(nc, OPEN, messages(0, 5))
        await applied(database, 5, 3)


async def test_connect_waits_for_a_server_that_is_not_up(nats_server: NatsServer, logged: list[Any]) -> None:
    nats_server.stop()
    connecting = asyncio.create_task(connect(nats_server.url, "early"))
    await until(lambda: logged)
    await asyncio.sleep(0.7)  # Some attempts more.
    assert not connecting.done()
    nats_server.start()
    try:
        broker = await asyncio.wait_for(connecting, 20)
        assert broker.connection.is_connected
        await broker.connection.close()
    finally:
        nats_server.stop(SIGKILL)
    assert len(logged) == 1, "one outage is one line, however many attempts it takes"


async def test_a_refused_reconnection_is_not_the_last(
    nats_server: NatsServer, broker: NatsBroker, logged: list[Any]
) -> None:
    nats_server.stop(SIGKILL)
    nats_server.start("authorization { token: other }")
    await until(lambda: any("authorization" in repr(entry).lower() for entry in logged))
    nats_server.stop(SIGKILL)
    nats_server.start()
    await until(lambda: broker.connection.is_connected)


# Consuming


async def test_every_byte_reaches_the_handler_as_it_is(broker: NatsBroker, js: JetStreamContext) -> None:
    bodies = [b"{", b"\xff\xfe\x00", b"", b"[" * 5000, "驻村".encode(), json.dumps({"a": 1}).encode()]
    for body in bodies:
        await js.publish(VILLAGE, body, headers={"content-type": "application/json", "note": "驻村"})
    for status in ("409", "503", "no number"):
        await js.publish(VILLAGE, b"like the server's own", headers={"Status": status})
    inline = b"NATS/1.0 503 like the server's own\r\n\r\n"
    await broker.connection._send_command(
        f"HPUB {VILLAGE} {len(inline)} {len(inline) + 6}\r\n".encode() + inline + b"inline\r\n"
    )
    await js.publish(VILLAGE, b"bare")
    database = Database()
    async with consuming(broker, database):
        await applied(database, 11)
    heard = [*database.applied.values()]
    like = 3 * [b"like the server's own"]
    assert [delivery.body for delivery in heard] == [*bodies, *like, b"inline", b"bare"]
    assert abs(heard[-1].recorded.timestamp() - time.time()) < 10


async def test_after_what_is_in_no_hurry_the_next_messages_come_together(
    broker: NatsBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.stream.consumer._GATHER", 6)
    database, urgent = Database(), "zhucun.v1.52.03.24.registry.village.listed"
    async with consuming(broker, database, unhurried=[".village.registered"]) as consumer:
        await publish_batch(broker.connection, OPEN, messages(0, 1))
        await applied(database, 1)
        for n in range(1, 3):
            await publish_batch(broker.connection, OPEN, messages(n, n + 1))
        await publish_batch(broker.connection, OPEN, messages(3, 4, urgent))
        assert not await consumer.at_end()
        await applied(database, 4)
        assert (list(database.applied), database.batches) == (ids(0, 4), [1, 3])
        for n in range(4, 6):  # Nobody waits after one that is in a hurry.
            await publish_batch(broker.connection, OPEN, messages(n, n + 1, urgent))
            began = time.monotonic()
            await applied(database, n + 1)
            assert time.monotonic() - began < 5


async def test_only_the_wished_subjects_are_delivered(broker: NatsBroker) -> None:
    subjects = ["zhucun.v1.52.03.24.registry.village.listed", "zhucun.v1.53.01.02.dispatch.team.assigned", VILLAGE]
    batch = [Message(f"m{n}", subjects[n % 3], b"%d" % n) for n in range(30)]
    await publish_batch(broker.connection, OPEN, batch)
    database = Database()
    async with consuming(broker, database, "zhucun.v1.*.*.*.registry.village.listed", "zhucun.v1.*.*.*.dispatch.>"):
        await applied(database, 20)
    assert list(database.applied) == [message.id for message in batch if message.subject != VILLAGE]


async def test_both_streams_are_consumed_side_by_side(broker: NatsBroker) -> None:
    opened, sealed, subject = Database(), Database(), "zhucun-sealed.v1.52.03.24.inspection.round.drawn"
    async with consuming(broker, opened), consuming(broker, sealed, "zhucun-sealed.v1.>", stream=SEALED):
        for n in range(0, 100, 10):
            await publish_batch(broker.connection, OPEN, messages(n, n + 10))
            await publish_batch(broker.connection, SEALED, messages(n + 100, n + 110, subject))
        await applied(opened, 100)
        await applied(sealed, 100)
    assert (list(opened.applied), list(sealed.applied)) == (ids(0, 100), ids(100, 200))


async def seal(broker: NatsBroker, batch: list[Message], most: int = 2**20) -> None:
    """Publish to the sealed stream as services do."""
    await publish_batch(broker.connection, SEALED, [*joined(batch, most)])


ROUND = "zhucun-sealed.v1.52.03.24.inspection.round.drawn"


async def test_sealed_events_share_messages_and_come_out_one_by_one_in_order(
    broker: NatsBroker, js: JetStreamContext
) -> None:
    elsewhere = ROUND.replace("24", "25")
    batch = [*messages(0, 60, ROUND), *messages(60, 61, elsewhere), *messages(61, 63, ROUND)]
    await seal(broker, batch)
    assert await stored(js, SEALED) == 3 + 1 + 1, "an order may not be changed to save a message"
    await publish_batch(broker.connection, OPEN, messages(0, 60))
    assert await stored(js, OPEN) == 60, "subscribers read one event in each message"
    database = Database()
    async with consuming(broker, database, "zhucun-sealed.v1.>", stream=SEALED):
        await applied(database, 63)
    assert [*database.applied] == ids(0, 63)
    assert [database.applied[f"m{n}"].subject for n in (59, 60, 61)] == [ROUND, elsewhere, ROUND]


async def test_a_message_that_is_half_read_is_read_again_in_the_next_life(broker: NatsBroker) -> None:
    await seal(broker, messages(0, 10, ROUND))
    for start in range(10, 1010, 500):
        await seal(broker, messages(start, start + 500, ROUND))
    database = Database()

    def dies() -> None:
        if database.batches:
            raise RuntimeError("the process dies")

    database.trouble = dies
    async with consuming(broker, database, "zhucun-sealed.v1.>", stream=SEALED) as consumer:
        await until(lambda: consumer.failures)
        assert (database.batches, database.at) == ([500], 1 + 19), "19 messages of 25 and 15 events of the next"
        waiting, unsettled = await consumer.lag()
        assert waiting + unsettled >= 21, "nothing is acknowledged of which a part is still to be handled"
    database.trouble = lambda: None
    async with consuming(broker, database, "zhucun-sealed.v1.>", stream=SEALED):
        await applied(database, 1010)
    assert ([*database.applied], database.gaps, database.at) == (ids(0, 1010), [], 41)


async def test_what_was_stored_one_by_one_is_not_stored_again_together(
    broker: NatsBroker, js: JetStreamContext
) -> None:
    for count in (2, 60):
        batch = messages(count, 2 * count, ROUND)
        await publish_batch(broker.connection, SEALED, batch)
        known = await stored(js, SEALED)
        await seal(broker, batch)
        assert await stored(js, SEALED) == known


@given(
    st.lists(st.tuples(st.sampled_from(["a.b", "a.c"]), st.binary(max_size=40)), min_size=1, max_size=120),
    st.integers(10, 2000),
)
def test_joined_events_are_the_same_in_the_same_order(said: list[tuple[str, bytes]], most: int) -> None:
    single = [Message(f"m{n}", subject, json.dumps(text.hex()).encode()) for n, (subject, text) in enumerate(said)]
    together = [*joined(single, most + 1024)]  # Headers take the difference.
    apart = [(message.subject, body) for message in together for body in parts(message.body)]
    assert apart == [(message.subject, message.body) for message in single]
    counts = [len(parts(message.body)) for message in together]
    assert all(len(m.body) <= most for m, count in zip(together, counts, strict=True) if count > 1)
    assert max(counts) <= TOGETHER
    assert [message.id for message in together] == [single[sum(counts[:n])].id for n in range(len(counts))]
    for (one, two), count in zip(pairwise(together), counts, strict=False):  # No more messages than there must be.
        size = len(one.body) + (2 if count == 1 else 0)
        assert one.subject != two.subject or count == TOGETHER or size + 1 + len(parts(two.body)[0]) > most


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"[1,", b"{}", b"[" + b"1," * 1000 + b"1]", b"\xff", b"[" * 5000])
def test_what_nobody_has_joined_stays_whole(body: bytes) -> None:
    assert parts(body) == [body]


async def test_a_new_life_goes_on_where_the_database_stands(broker: NatsBroker) -> None:
    await publish_batch(broker.connection, OPEN, messages(0, 30))
    database = Database()
    for at, count in ((0, 30), (30, 0), (12, 18)):
        database.at = at
        async with consuming(broker, database) as consumer:
            await until(lambda: consumer._expected)
            await asyncio.sleep(0.3)
        assert consumer.delivered == count


async def test_one_acknowledgement_settles_a_batch(broker: NatsBroker) -> None:
    await publish_batch(broker.connection, OPEN, messages(0, 700))
    database = Database()
    async with consuming(broker, database) as consumer:
        await until(lambda: consumer.delivered == 700)
        await asyncio.sleep(0.1)
        assert await consumer.lag() == (0, 0)


async def test_a_failing_batch_holds_up_what_follows_and_is_tried_again(broker: NatsBroker, logged: list[Any]) -> None:
    database, attempts = Database(), 0

    def trouble() -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 4:
            raise RuntimeError("the database is away")

    database.trouble = trouble
    async with consuming(broker, database) as consumer:
        await publish_batch(broker.connection, OPEN, messages(0, 5))
        await until(lambda: consumer.failures == 2)
        await publish_batch(broker.connection, OPEN, messages(5, 10))
        await applied(database, 10)
        assert consumer.failures == 0
    assert list(database.applied) == ids(0, 10)
    assert [entry["attempt"] for entry in logged if entry["event"].startswith("batch failed")] == [1, 2, 3]


async def test_a_batch_that_keeps_failing_does_not_hold_up_the_stop(broker: NatsBroker) -> None:
    await publish_batch(broker.connection, OPEN, messages(0, 5))
    database = Database()

    def trouble() -> None:
        raise RuntimeError("always")

    database.trouble = trouble
    async with consuming(broker, database) as consumer:
        await until(lambda: consumer.failures >= 1)
        alive_at = consumer.alive_at
        await until(lambda: consumer.failures >= 4)
        assert consumer.alive_at == alive_at, "who fails for long must not look healthy"
        began = time.monotonic()
    assert time.monotonic() - began < 1
    database.trouble = lambda: None
    async with consuming(broker, database):
        await applied(database, 5)


async def test_lone_messages_arrive_at_once_and_none_is_lost_on_the_way(broker: NatsBroker, logged: list[Any]) -> None:
    database, waits = Database(), list[float]()
    async with consuming(broker, database) as consumer:
        await until(lambda: consumer._expected)
        for n in range(60):
            await asyncio.sleep(0.005 + 0.0005 * n)
            began = time.monotonic()
            await publish_batch(broker.connection, OPEN, messages(n, n + 1))
            await applied(database, n + 1)
            waits.append(time.monotonic() - began)
    assert statistics.median(waits) < 0.05 * slowness(time.monotonic)
    assert logged == []


async def test_an_idle_consumer_hardly_asks(broker: NatsBroker) -> None:
    async with consuming(broker, Database()) as consumer:
        await until(lambda: consumer._expected)
        await asyncio.sleep(0.1)
        before = broker.connection.stats["out_msgs"]
        await asyncio.sleep(1)
        assert broker.connection.stats["out_msgs"] - before < 10


async def test_a_batch_is_handled_once_nothing_more_comes(broker: NatsBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.stream.consumer._FILL", 60)
    database = Database()
    async with consuming(broker, database):
        for n in range(3):
            await publish_batch(broker.connection, OPEN, messages(5 * n, 5 * n + 5))
            began = time.monotonic()
            await applied(database, 5 * n + 5)
            assert time.monotonic() - began < 5


async def test_lone_messages_are_not_asked_for_one_by_one(broker: NatsBroker) -> None:
    database = Database()
    async with consuming(broker, database) as consumer:
        await until(lambda: consumer._expected)
        before, began = broker.connection.stats["out_msgs"], time.monotonic()
        for n in range(40):
            await publish_batch(broker.connection, OPEN, messages(n, n + 1))
            await applied(database, n + 1)
        sent, seconds = broker.connection.stats["out_msgs"] - before, time.monotonic() - began
    # Each is published and acknowledged. The request stands for a second, and two questions a second look after it.
    assert sent < 2 * 40 + 6 * (1 + seconds)


async def test_messages_lost_on_the_way_are_fetched_again_in_order(broker: NatsBroker, js: JetStreamContext) -> None:
    database = Database()
    async with consuming(broker, database) as consumer:
        await publish_batch(broker.connection, OPEN, messages(0, 10))
        await until(lambda: consumer.delivered == 10)
        thief = await js.pull_subscribe_bind("registry", OPEN)
        # The second time nothing follows what is stolen, so that no gap gives the loss away.
        for start, end in ((10, 30), (30, 32)):
            stealing = asyncio.create_task(thief.fetch(7, timeout=1))
            await asyncio.sleep(0.1)
            await publish_batch(broker.connection, OPEN, messages(start, end))
            assert await stealing
            await applied(database, end, 5)
    assert list(database.applied) == ids(0, 32)
    assert database.gaps == []


async def test_a_deleted_consumer_comes_back(broker: NatsBroker, js: JetStreamContext) -> None:
    database = Database()
    async with consuming(broker, database):
        for n in range(2):
            await publish_batch(broker.connection, OPEN, messages(10 * n, 10 * n + 10))
            await applied(database, 10 * n + 10)
            await js.delete_consumer(OPEN, "registry")
        await publish_batch(broker.connection, OPEN, messages(20, 30))
        await applied(database, 30, 3)
    assert list(database.applied) == ids(0, 30)


async def test_a_stream_made_anew_is_read_from_its_start_with_an_alarm(
    broker: NatsBroker, js: JetStreamContext, logged: list[Any]
) -> None:
    database = Database()
    async with consuming(broker, database):
        await publish_batch(broker.connection, OPEN, messages(0, 50))
        await applied(database, 50)
        await js.delete_stream(OPEN)
        await declare_streams(js)
        await publish_batch(broker.connection, OPEN, messages(48, 60))
        await applied(database, 60, 3)
    assert list(database.applied) == ids(0, 60)
    assert [entry["position"] for entry in logged if entry["log_level"] == "error"] == [50]


async def test_order_and_completeness_survive_kills_failures_deletions_and_restarts(
    nats_server: NatsServer, broker: NatsBroker, js: JetStreamContext
) -> None:
    chance, database, count, size = random.Random(52), Database(), 200, 10

    def trouble() -> None:
        if chance.random() < 0.1:
            raise RuntimeError("now and then")

    async def publish() -> None:
        for n in range(count):
            while True:
                try:
                    await publish_batch(broker.connection, OPEN, messages(n * size, (n + 1) * size), within=1)
                    break
                except PublishFailed:
                    await asyncio.sleep(0.05)
            await asyncio.sleep(0.03)

    database.trouble = trouble
    publishing = asyncio.create_task(publish())
    for life in range(3):
        async with consuming(broker, database):
            await asyncio.sleep(chance.uniform(0.2, 0.5))
            if life == 1:
                with suppress(APIError):
                    await js.delete_consumer(OPEN, "registry")
            nats_server.stop(SIGKILL)
            await asyncio.sleep(chance.uniform(0, 0.3))
            nats_server.start()
            await until(lambda: broker.connection.is_connected)
            goal = min(database.at + 1, count * size)
            await until(partial(database.reached, goal), 5)
    async with consuming(broker, database):
        await until(publishing.done, 15)
        await publishing
        await applied(database, count * size)
    assert list(database.applied) == ids(0, count * size)
    assert database.gaps == []
    assert await stored(js) == count * size
