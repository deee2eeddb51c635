import asyncio
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from sqlalchemy import inspect, text

import shared.engine.outbox
from shared.contracts import Event
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted
from shared.engine import store
from shared.engine.commands import submit
from shared.engine.deliveries import handle
from shared.engine.flow import derived_id
from shared.engine.pipeline import Pipeline
from shared.engine.replay import replay_letters
from shared.engine.requests import RequestRefused
from shared.rules import Refused
from shared.stream import bus
from shared.stream.bus import OPEN, SEALED, Message
from shared.stream.consumer import OrderedConsumer
from shared.stream.relay import Relay
from tests.support import small
from tests.support.process import DAY, PACK, V1, V2, begin, begun, day, delivery, process, raw, villages
from tests.support.servers import NatsServer, engine_with


async def test_a_command_is_committed_and_said_as_a_cloud_event(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        answer, refused = await submit(running.pipeline, "k1", villages(V1))
        await running.pipeline.published()
        assert (answer.applied, refused) == (1, {})
        assert answer.events == [["registry.village.registered.v1"]]
        assert (await running.state(V1)).name == "村"
        stream, message = running.sent[-1]
        assert (stream, message.subject) == (OPEN, "zhucun.v1.21.05.02.registry.village.registered")
        event = JSONFormat().read(CloudEvent, message.body)
        assert event.get_id() == message.id
        assert event.get_type() == "registry.village.registered.v1"
        assert event.get_extension("occurredon") == "2014-06-01"
        assert event.get_extension("policyversion") == PACK["version"]
        data: Any = event.get_data()
        assert data["village"] == V1


async def test_the_same_key_again_answers_the_same_and_does_nothing(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        first, _ = await submit(running.pipeline, "k1", villages(V1))
        again, _ = await submit(running.pipeline, "k1", villages(V1))
        assert again == first
        await running.pipeline.published()
        assert [m.subject.rsplit(".", 1)[-1] for _, m in running.sent] == ["adopted", "registered"]
        with pytest.raises(Refused, match="another request"):
            await submit(running.pipeline, "k1", villages(V2))


async def test_a_refused_row_keeps_all_rows_out_unless_the_good_ones_are_asked_for(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1))
        with pytest.raises(RequestRefused) as error:
            await submit(running.pipeline, "k2", villages(V2, V1))
        assert {row: refused.rule for row, refused in error.value.refused.items()} == {1: "1.1"}
        assert await running.state(V2) is None
        for _ in range(2):  # The same key again is told the same refusals.
            answer, refused = await submit(running.pipeline, "k2", villages(V2, V1), keep_good=True)
            assert (answer.applied, [(row, error.rule) for row, error in refused.items()]) == (1, [(1, "1.1")])
        assert await running.state(V2) is not None


async def test_the_answer_says_what_each_command_did(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        answer, _ = await submit(running.pipeline, "k1", villages(V1, V1), keep_good=True)
        assert answer.effects == ["created", "refused"]
        answer, _ = await submit(running.pipeline, "k2", [small.Adopt(place="210500", pack=PACK)], dry_run=True)
        assert answer.effects == ["unchanged"]


async def test_a_dry_run_changes_nothing_and_leaves_its_key_free(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        before = await running.digest()
        answer, _ = await submit(running.pipeline, "k1", villages(V1), dry_run=True)
        assert answer.applied == 1
        assert await running.digest() == before
        await submit(running.pipeline, "k1", villages(V1))
        assert await running.state(V1) is not None


async def test_a_command_before_any_day_is_refused(database: str) -> None:
    async with process(database) as running:
        with pytest.raises(Refused) as error:
            await submit(running.pipeline, "k1", villages(V1))
        assert error.value.status == 503


async def test_an_event_delivered_twice_has_its_effect_once(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1))
        one, two = delivery(begun(V1, "U1"), 2), delivery(begun(V1, "U2"), 3)
        await handle(running.pipeline, OPEN, [one, two, one])
        await handle(running.pipeline, OPEN, [one])
        await handle(running.pipeline, OPEN, [delivery(begun(V1, "U2"), 9)])
        assert (await running.state(V1)).heard == ("U1", "U2")


async def test_a_message_of_several_events_is_read_only_with_its_last_one(database: str) -> None:
    events = [msgspec.structs.replace(delivery(begun(V1, f"U{n}"), 7), more=n < 3) for n in range(4)]
    events[1] = msgspec.structs.replace(events[1], body=b"no event")
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1))
        await handle(running.pipeline, OPEN, events[:3])
        assert running.pipeline.read[OPEN] == 6
    async with process(database) as running:
        assert await running.pipeline.position(OPEN) == 6
        await handle(running.pipeline, OPEN, events)
        assert running.pipeline.read[OPEN] == 7
        assert (await running.state(V1)).heard == ("U0", "U2", "U3")
        assert [(letter["sequence"], letter["body"]) for letter in await running.letters()] == [(7, b"no event")]


async def test_a_message_of_several_events_that_is_taken_apart_is_not_read_before_its_last_one(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [msgspec.structs.replace(delivery(begun(V1, f"U{n}"), 7), more=n < 3) for n in range(4)]
    save, seen = store.save_states, list[int]()

    async def refuse(conn: Any, tables: Any, states: Any) -> None:
        if any("U2" in getattr(state, "heard", ()) for state in states):
            seen.append((await store.positions(conn, tables)).get(OPEN, 0))
            raise ValueError
        await save(conn, tables, states)

    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1))
        monkeypatch.setattr(store, "save_states", refuse)
        await handle(running.pipeline, OPEN, events)
        assert max(seen) == 6, "the first half is committed, and a crash now loses nothing of the second"
        assert running.pipeline.read[OPEN] == 7


async def test_malformed_messages_are_parked_with_a_reason_and_block_nothing(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1))
        good = delivery(begun(V1, "U1"), 5)
        wrong = [
            raw(b"\xff\x00 no json", 2),
            raw(good.body.replace(b'"unit":"U1"', b'"unit":1'), 3),
            raw(good.body.replace(b"dispatch.help.begun.v1", b"dispatch.help.begun.v9"), 4),
        ]
        await handle(running.pipeline, OPEN, [*wrong, good])
        assert (await running.state(V1)).heard == ("U1",)
        letters = sorted(await running.letters(), key=lambda letter: letter["sequence"])
        assert [(letter["sequence"], letter["body"]) for letter in letters] == [(d.sequence, d.body) for d in wrong]
        assert "malformed" in letters[0]["reason"]
        assert "$.unit" in letters[1]["reason"]
        assert "dispatch.help.begun.v9" in letters[2]["reason"]


async def test_a_failing_rule_stops_its_village_in_order_and_no_other(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1, V2))
        small.broken.add("U2")
        try:
            await handle(
                running.pipeline,
                OPEN,
                [
                    delivery(begun(v, u), n)
                    for n, (v, u) in enumerate([(V1, "U1"), (V1, "U2"), (V2, "U1"), (V1, "U3")], 2)
                ],
            )
            await handle(running.pipeline, OPEN, [delivery(begun(V1, "U4"), 6), delivery(begun(V2, "U4"), 7)])
            assert (await running.state(V1)).heard == ("U1",)
            assert (await running.state(V2)).heard == ("U1", "U4")
            assert [letter["rule"] for letter in await running.letters()] == ["ZeroDivisionError", "order", "order"]
        finally:
            small.broken.clear()
    async with process(database) as running:  # The block outlives the process.
        await handle(running.pipeline, OPEN, [delivery(begun(V1, "U5"), 8)])
        assert len(await running.letters()) == 4
        assert await replay_letters(running.pipeline, V1) == 4
        assert (await running.state(V1)).heard == ("U1", "U2", "U3", "U4", "U5")
        assert await running.letters() == []
        await handle(running.pipeline, OPEN, [delivery(begun(V1, "U6"), 9)])
        assert (await running.state(V1)).heard[-1] == "U6"


async def test_what_was_committed_before_a_crash_is_published_after_it_in_the_same_batches(database: str) -> None:
    sent: list[tuple[str, Message]] = []
    async with process(database, sent) as running:
        await begin(running)
        await running.pipeline.published()
        running.reachable.clear()
        await submit(running.pipeline, "k1", villages(*(f"210502{n:06}" for n in range(700))))
        frozen = list(running.pipeline.relay._batches)
        assert len(sent) == 1
    async with process(database, sent) as running:
        unsent = [batch for batch in running.pipeline.relay._batches if batch.last > 1]
        assert unsent == frozen
        await running.pipeline.published()
    assert len({message.id for _, message in sent}) == 701


async def test_a_crash_between_publish_and_acknowledgement_repeats_nothing(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1))
        batch = [delivery(begun(V1, f"U{n}"), 2 + n) for n in range(5)]
        await handle(running.pipeline, OPEN, batch)
        before = await running.digest()
    async with process(database) as running:
        assert await running.pipeline.position(OPEN) == 6
        await handle(running.pipeline, OPEN, batch)
        assert await running.digest() == before


async def test_a_day_delivered_twice_or_after_a_gap_does_what_is_due_once(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1))
        await handle(running.pipeline, OPEN, [day(1, 2), day(1, 3), day(5, 4), day(4, 5), day(5, 6)])
        assert (await running.state(V1)).days == 2
        assert running.pipeline.today == DAY + timedelta(5)


async def test_a_crash_in_the_middle_of_a_day_ends_as_without_it(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared.engine.outbox, "PAGE", 10)
    undisturbed = f"sqlite+aiosqlite:///{tmp_path}/undisturbed.sqlite3"
    many = villages(*(f"210502{n:06}" for n in range(25)))
    async with process(undisturbed) as running:
        await begin(running)
        await submit(running.pipeline, "k1", many)
        await handle(running.pipeline, OPEN, [day(1, 2)])
        expected = await running.digest()
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", many)
        pages = 0

        async def die(*args: Any) -> Any:
            nonlocal pages
            pages += 1
            if pages == 2:
                raise ConnectionError("the power is gone")
            return await due_states(*args)

        due_states = store.due_states
        monkeypatch.setattr(store, "due_states", die)
        with pytest.raises(ConnectionError):
            await handle(running.pipeline, OPEN, [day(1, 2)])
        monkeypatch.setattr(store, "due_states", due_states)
    async with process(database) as running:
        assert await running.pipeline.position(OPEN) == 1
        await handle(running.pipeline, OPEN, [day(1, 2)])
        assert await running.digest() == expected


@pytest.mark.parametrize("dies_at", [0, 1, 2, 3, 4, 5])
async def test_all_whom_a_timer_wakes_are_looked_at_on_its_day_once_whatever_crashes(
    database: str, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    monkeypatch.setattr(shared.engine.outbox, "PAGE", 10)
    due_states, pages = store.due_states, 0

    async def die(*args: Any) -> Any:
        nonlocal pages
        pages += 1
        if pages == dies_at:
            raise ConnectionError("the power is gone")
        return await due_states(*args)

    there, elsewhere = [f"210502{n:06}" for n in range(24)], "210503000001"
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(*there))
        await submit(running.pipeline, "k2", villages("210502000024", name="bell"))
        await submit(running.pipeline, "k3", [small.Register(place="210503", village=elsewhere, name="村")])
        monkeypatch.setattr(store, "due_states", die)
        with pytest.raises(ConnectionError) if dies_at else nullcontext():
            await handle(running.pipeline, OPEN, [day(1, 2)])
    async with process(database) as running:
        await handle(running.pipeline, OPEN, [day(1, 2)])
        await handle(running.pipeline, OPEN, [day(1, 3)])
        assert await running.pipeline.position(OPEN) == 3
        assert {(await running.state(id)).heard for id in there} == {(f"woken {DAY + timedelta(1)}",)}
        assert not (await running.state(elsewhere)).heard


async def test_a_failing_timer_is_parked_and_set_again_by_a_replay(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1, name="bad"))
        await submit(running.pipeline, "k2", villages(V2))
        small.broken.add("bad")
        try:
            await handle(running.pipeline, OPEN, [day(1, 2)])
        finally:
            small.broken.clear()
        assert ((await running.state(V1)).days, (await running.state(V2)).days) == (0, 1)
        assert await replay_letters(running.pipeline, V1) == 1
        await handle(running.pipeline, OPEN, [day(2, 3)])
        assert ((await running.state(V1)).days, (await running.state(V2)).days) == (1, 2)


async def test_the_timers_of_a_blocked_village_wait_with_it(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1, V2))
        small.broken.add("U1")
        try:
            await handle(running.pipeline, OPEN, [delivery(begun(V1, "U1"), 2), day(1, 3)])
        finally:
            small.broken.clear()
        assert ((await running.state(V1)).days, (await running.state(V2)).days) == (0, 1)
        assert await replay_letters(running.pipeline, V1) == 1
        await handle(running.pipeline, OPEN, [day(2, 4)])
        assert ((await running.state(V1)).days, (await running.state(V2)).days) == (1, 2)


async def test_a_later_dead_letter_is_not_replayed_before_an_earlier_one(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1))
        small.broken.add("U1")
        try:
            await handle(running.pipeline, OPEN, [delivery(begun(V1, "U1"), 2), delivery(begun(V1, "U2"), 3)])
        finally:
            small.broken.clear()
        first, second = sorted(await running.letters(), key=lambda letter: letter["sequence"])
        with pytest.raises(Refused, match="comes first"):
            await replay_letters(running.pipeline, "", second["id"])
        for letter in (first, second):
            assert await replay_letters(running.pipeline, "", letter["id"]) == 1
        assert (await running.state(V1)).heard == ("U1", "U2")


async def test_a_pack_that_this_version_cannot_read_is_parked_and_leaves_the_service_running(database: str) -> None:
    unreadable = PolicyAdopted(place="210500", version="newer", adopted_by="county", pack={**PACK, "unheard_of": 1})
    async with process(database) as running:
        await begin(running)
        await handle(running.pipeline, OPEN, [delivery(unreadable, 2)])
        assert [letter["rule"] for letter in await running.letters()] == ["policy"]
    async with process(database) as running:
        await submit(running.pipeline, "k1", villages(V1))
        assert await running.state(V1) is not None


async def test_the_longest_key_leaves_room_for_what_follows_from_it(database: str) -> None:
    async with process(database) as running:
        await handle(running.pipeline, OPEN, [day(0, 1)])
        await submit(running.pipeline, "villages:" + "k" * 180, [small.Adopt(place="210500", pack=PACK)])
        await running.pipeline.published()
        assert len(running.sent) == 1


async def test_a_sealed_event_that_overtakes_its_pack_waits_for_it(database: str) -> None:
    async with process(database) as running:
        await handle(running.pipeline, OPEN, [day(0, 1)])
        asked = asyncio.Semaphore(0)

        async def not_yet() -> bool:
            asked.release()
            return False

        running.pipeline.open_is_read = not_yet
        early = asyncio.create_task(
            handle(running.pipeline, SEALED, [delivery(begun(V1, "U1"), 1, policy=PACK["version"])])
        )
        async with asyncio.timeout(10):
            for _ in range(3):  # It waits, and has looked more than once.
                await asked.acquire()
        assert not early.done()
        await submit(running.pipeline, "pack", [small.Adopt(place="210500", pack=PACK)])
        await asyncio.wait_for(early, 20)
        assert await running.letters() == []


async def test_after_a_failed_commit_the_pipeline_goes_on_from_the_database(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with process(database) as running:
        await begin(running)

        async def fail(*_: Any) -> None:
            raise ConnectionError("the database is gone")

        with monkeypatch.context() as patch:
            patch.setattr(store, "save_states", fail)
            patch.setattr(store, "PATIENCE", 1.0)  # Whoever asks waits that long for a database that is away.
            with pytest.raises(ConnectionError):
                await submit(running.pipeline, "k1", villages(V1))
        await submit(running.pipeline, "k1", villages(V1))
        await submit(running.pipeline, "k2", villages(V2))
        await running.pipeline.published()
        assert [m.subject.rsplit(".", 1)[-1] for _, m in running.sent] == ["adopted", "registered", "registered"]


async def test_through_a_real_server_with_kills_everything_arrives_once_and_in_order(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    engine = await engine_with(f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3", small.SERVICE.tables)
    broker = await bus.connect(nats_server.url, "registry")
    await bus.declare_streams(broker.connection.jetstream())
    relay = Relay(lambda stream, messages: bus.publish_batch(broker.connection, stream, messages))
    pipeline = Pipeline(small.SERVICE, engine, relay, "http://localhost/schemas")
    await pipeline.start()
    relaying = asyncio.create_task(relay.run())
    consumer = OrderedConsumer(
        broker,
        stream=OPEN,
        durable="registry",
        subjects=["zhucun.v1.*.*.*.dispatch.help.begun", "zhucun.v1.*.*.*.calendar.day.passed"],
        handle=lambda deliveries: handle(pipeline, OPEN, deliveries),
        position=lambda: pipeline.position(OPEN),
        published=pipeline.published,
    )
    await consumer.start()

    async def publish(event: Event) -> None:
        d = delivery(event, 0)
        await bus.publish_batch(broker.connection, OPEN, [Message(derived_id("test", event), d.subject, d.body)])

    async def until(condition: Any) -> None:
        async with asyncio.timeout(30):
            while not condition():  # noqa: ASYNC110 - what is awaited happens in other tasks and sets no event
                await asyncio.sleep(0.02)

    await publish(DayPassed(day=DAY))
    await until(lambda: pipeline.today == DAY)
    await submit(pipeline, "pack", [small.Adopt(place="210500", pack=PACK)])
    await submit(pipeline, "k1", villages(V1))
    for number in range(60):
        if number in (20, 40):
            nats_server.stop(9)
            nats_server.start()
        while True:
            try:
                await publish(begun(V1, f"U{number}"))
                break
            except Exception:
                await asyncio.sleep(0.1)
    await until(lambda: pipeline.written == 62 and relay.backlog == 0)
    async with engine.connect() as conn:
        state = (await store.load_states(conn, pipeline.tables, [(small.Village, V1)]))[small.Village, V1]
    assert isinstance(state, small.Village)
    assert state.heard == tuple(f"U{number}" for number in range(60))
    await consumer.stop()
    relaying.cancel()
    await broker.stop()
    await engine.dispose()


async def test_a_change_of_the_schema_that_fails_midway_leaves_nothing_behind(database: str) -> None:
    engine = store.open_engine(database)
    with pytest.raises(ConnectionError):
        async with engine.begin() as conn:
            await conn.run_sync(small.SERVICE.tables.metadata.create_all)
            raise ConnectionError("killed midway")
    async with engine.connect() as conn:
        assert await conn.run_sync(lambda sync: inspect(sync).get_table_names()) == []
    await engine.dispose()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_table_that_has_grown_since_it_was_first_read_is_still_read_by_its_index(database: str) -> None:
    """PostgreSQL keeps the plan that it made for an empty table: each id would be compared with each row."""
    engine = await engine_with(database, small.SERVICE.tables)
    villages = [small.Village(id=f"2105211{number:05}", place="210521") for number in range(2000)]
    keys = [(small.Village, village.id) for village in villages[::7]]
    scans = text("select seq_scan from pg_stat_user_tables where relname = 'villages'")
    async with engine.connect() as conn:
        for _ in range(10):  # From the sixth time on PostgreSQL plans no more.
            await store.load_states(conn, small.SERVICE.tables, keys)
        await store.save_states(conn, small.SERVICE.tables, villages)
        await conn.commit()
        await conn.execute(text("select pg_stat_force_next_flush()"))
        await conn.commit()
        before = (await conn.execute(scans)).scalar()
        found = await store.load_states(conn, small.SERVICE.tables, keys)
        assert all(found.values())
        await conn.execute(text("select pg_stat_force_next_flush()"))
        await conn.commit()
        assert (await conn.execute(scans)).scalar() == before
    await engine.dispose()
