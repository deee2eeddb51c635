"""What no service can take, whatever it is made of: it is parked or refused alone, and everything else goes on."""

import asyncio
import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from services.incentives.model import proposal, record
from services.inspection.app import SERVICE as INSPECTION
from services.inspection.model.supervision import Supervision
from services.registry.model.clock import Clock, strike
from shared.calendar import CHINA
from shared.contracts import Event
from shared.contracts.calendar import DayDue, DayPassed
from shared.contracts.dispatch import Member, TeamAssigned
from shared.contracts.registry import CadreRegistered, ListingBegun, PolicyAdopted, VillageRecoded
from shared.contracts.values import DerivedId
from shared.engine import flow, outbox, store
from shared.engine.commands import submit
from shared.engine.deliveries import Ahead, handle
from shared.engine.pipeline import TOLERANCE, Pipeline
from shared.engine.replay import discard_letter, replay_letters
from shared.engine.requests import RequestRefused
from shared.rules import LONGEST_ID, Change, Refused
from shared.stream.bus import CALENDAR, DAY_DUE, OPEN, SEALED, Message, Unpublishable
from shared.stream.consumer import Delivery
from shared.stream.relay import Batch, Relay
from tests.support import small
from tests.support.process import DAY, PACK, V1, V2, begin, begun, day, delivery, process, raw, villages
from tests.support.servers import engine_with

GOOD = delivery(begun(V1, "U1"), 9)


def told(old: str, new: str) -> bytes:
    """A healthy message with something else in one place."""
    assert old.encode() in GOOD.body
    return GOOD.body.replace(old.encode(), new.encode())


STRANGE = {
    "nested 5,000 levels deep": told('"unit":"U1"', '"unit":"U1","more":' + '{"a":' * 5000 + "1" + "}" * 5000),
    "a number beyond all bounds": told('"unit":"U1"', '"unit":1e999'),
    "half of a pair": told('"unit":"U1"', '"unit":"\\ud800"'),
    "a NUL": told('"unit":"U1"', '"unit":"U\\u0000"'),
    "an id with spaces": told(msgspec.json.decode(GOOD.body)["id"], " " * 36),
    "an id of a megabyte": told(msgspec.json.decode(GOOD.body)["id"], "0" * 2**20),
    "another teller": told("urn:zhucun:dispatch", "urn:zhucun:registry"),
    "another county's subject": told('"place":"210502"', '"place":"210503"'),
    "a day beyond the clock": told('"occurredon":"2014-06-01"', '"occurredon":"2099-01-01"'),
    "a type that nobody knows": told("dispatch.help.begun.v1", "dispatch.help.begun.v9"),
    "nothing": b"",
}


@pytest.mark.parametrize("strange", STRANGE)
async def test_a_strange_message_is_parked_alone(database: str, strange: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1, V2))
        before, after = delivery(begun(V1, "U0"), 2), delivery(begun(V1, "U2"), 4)
        await handle(running.pipeline, OPEN, [before, raw(STRANGE[strange], 3), after])
        letters = await running.letters()
        assert [(letter["sequence"], letter["body"]) for letter in letters] == [(3, STRANGE[strange])]
        assert (await running.state(V1)).heard == ("U0", "U2")


@pytest.mark.parametrize("failure", [RecursionError("deep"), MemoryError("much"), OverflowError("large"), ValueError()])
async def test_what_fails_only_where_it_is_saved_is_parked_alone(
    database: str, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = store.save_states

    async def refuse(conn: Any, tables: Any, states: Any) -> None:
        kept = [*states]
        if any(isinstance(state, small.Village) and "U13" in state.heard for state in kept):
            raise failure
        await save(conn, tables, kept)

    ids = [f"210502{n:06}" for n in range(30)]
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(*ids))
        monkeypatch.setattr(store, "save_states", refuse)
        await handle(running.pipeline, OPEN, [delivery(begun(id, f"U{n}"), 2 + n) for n, id in enumerate(ids)])
        assert [(letter["about"], letter["rule"]) for letter in await running.letters()] == [
            (ids[13], type(failure).__name__)
        ]
        assert [(await running.state(id)).heard for id in ids] == [(f"U{n}",) if n != 13 else () for n in range(30)]


async def test_what_the_database_refuses_is_parked_alone_and_a_passing_trouble_is_not(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(village: small.Village | None, event: Any, _policy: Any, _today: date) -> Change:
        return Change(village and village.but(place="2105020" if event.unit == "ODD" else village.place))

    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1, V2))
        reactions = running.pipeline.wiring.reactions[type(begun(V1, "U1"))]
        strange = {type(begun(V1, "U1")): [msgspec.structs.replace(reactions[0], rule=odd)]}
        monkeypatch.setattr(running.pipeline.wiring, "reactions", running.pipeline.wiring.reactions | strange)
        await handle(running.pipeline, OPEN, [delivery(begun(V1, "ODD"), 2), delivery(begun(V2, "U1"), 3)])
        parked = [letter["about"] for letter in await running.letters()]
        assert parked == ([V1] if database.startswith("postgresql") else []), "SQLite keeps texts of any length"

        async def away(*_: Any) -> None:
            raise OperationalError("", {}, ConnectionError("the database is away"))

        monkeypatch.setattr(store, "save_states", away)
        with pytest.raises(OperationalError):
            await handle(running.pipeline, OPEN, [delivery(begun(V2, "U2"), 4)])
        assert isinstance(running.pipeline.trouble, OperationalError)
        monkeypatch.undo()
        await handle(running.pipeline, OPEN, [delivery(begun(V2, "U2"), 4)])
        assert len(await running.letters()) == len(parked)
        assert running.pipeline.trouble is None


async def test_a_state_that_cannot_be_saved_on_a_day_is_parked_alone(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = store.save_states

    async def refuse(conn: Any, tables: Any, states: Any) -> None:
        kept = [*states]
        if any(isinstance(state, small.Village) and state.name == "bad" and state.days for state in kept):
            raise ValueError("it cannot be written")
        await save(conn, tables, kept)

    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", [*villages(V1, name="bad"), *villages(V2)])
        with monkeypatch.context() as patch:
            patch.setattr(store, "save_states", refuse)
            await handle(running.pipeline, OPEN, [day(1, 2)])
        assert ((await running.state(V1)).days, (await running.state(V2)).days) == (0, 1)
        assert running.pipeline.today == DAY + timedelta(1)
        assert await replay_letters(running.pipeline, V1) == 1
        await handle(running.pipeline, OPEN, [day(2, 3)])
        assert ((await running.state(V1)).days, (await running.state(V2)).days) == (1, 2)


async def test_one_requests_fault_does_not_cost_its_neighbour(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    insert = store.insert

    async def refuse(conn: Any, table: Any, rows: Any) -> None:
        if any(V2 in str(row) for row in rows):
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates")
        await insert(conn, table, rows)

    async with process(database) as running:
        await begin(running)
        monkeypatch.setattr(store, "insert", refuse)
        good, bad, other = await asyncio.gather(
            submit(running.pipeline, "k1", villages(V1)),
            submit(running.pipeline, "k2", villages(V2)),
            submit(running.pipeline, "k3", villages("210502001209")),
            return_exceptions=True,
        )
        assert not isinstance(good, BaseException) and not isinstance(other, BaseException)
        assert isinstance(bad, Refused) and bad.status == 422


# ------------------------------------------------------------------- the sealed stream waits, but not for ever


async def test_a_sealed_event_by_an_unknown_pack_is_parked_once_the_open_stream_is_read(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1))
        read = asyncio.Event()

        async def is_read() -> bool:
            return read.is_set()

        running.pipeline.open_is_read = is_read
        sealed = [sealed_delivery("no-such-pack", 1), sealed_delivery(PACK["version"], 2)]
        waiting = asyncio.create_task(handle(running.pipeline, SEALED, sealed))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done, "while the open stream is behind, the pack may still come"
        read.set()
        await asyncio.wait_for(waiting, 20)
        letters = await running.letters()
        assert [(letter["sequence"], "no-such-pack" in letter["reason"]) for letter in letters] == [(1, True)]
        assert await replay_letters(running.pipeline, "", letters[0]["id"]) == 0, "it is as unknown as before"


def sealed_delivery(policy: str, number: int) -> Delivery:
    event = CadreRegistered(
        place="210500", cadre=f"C{number}", unit="U1", rank="staff", party_member=True, work_since=date(2001, 1, 1),
        born_on=date(1980, 1, 1), reserve=False,
    )  # fmt: skip
    return delivery(event, number, policy=policy)


# ------------------------------------------------------------------------------------------------- days


async def test_a_day_beyond_the_clock_moves_nobody_and_may_be_taken_when_it_has_come(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1))
        running.pipeline.clock = lambda: DAY + timedelta(1)
        await handle(running.pipeline, OPEN, [day(1, 2), day(3, 3), delivery(begun(V1, "U1"), 4)])
        assert running.pipeline.today == DAY + timedelta(1)
        assert (await running.state(V1)).heard == ("U1",)
        [letter] = await running.letters()
        assert "2014年6月4日晚于本机时钟" in letter["reason"] and "beyond this machine's clock" in letter["reason"]
        running.pipeline.clock = lambda: DAY + timedelta(3)
        assert await replay_letters(running.pipeline, "", letter["id"]) == 1
        assert (running.pipeline.today, await running.pipeline.position(OPEN)) == (DAY + timedelta(3), 4)


async def test_the_schedule_waits_for_a_clock_that_is_behind_and_goes_on_by_itself(database: str) -> None:
    due = Delivery(1, DAY_DUE, b"", datetime(2014, 6, 4, tzinfo=CHINA))
    async with process(database) as running:
        await begin(running)
        running.pipeline.clock = lambda: DAY
        with pytest.raises(Ahead, match=r"2014年6月4日晚于本机时钟.* / 4 June 2014 lies beyond this machine's clock"):
            await handle(running.pipeline, CALENDAR, [due])
        assert await running.letters() == [] and await running.pipeline.position(CALENDAR) == 0
        running.pipeline.clock = lambda: DAY + timedelta(3)
        await handle(running.pipeline, CALENDAR, [due])
        assert await running.letters() == [] and await running.pipeline.position(CALENDAR) == 1


async def test_only_the_registry_says_days_and_a_simulation_only_in_one(database: str) -> None:
    by_simulation = Delivery(
        2, day(1, 2).subject, day(1, 2).body.replace(b":registry", b":simulation"), day(1, 2).recorded
    )
    async with process(database) as running:
        await begin(running)
        await handle(running.pipeline, OPEN, [by_simulation])
        assert (running.pipeline.today, len(await running.letters())) == (DAY, 1)
        running.pipeline.simulated = True
        await handle(running.pipeline, OPEN, [by_simulation])
        assert running.pipeline.today == DAY + timedelta(1)


def test_by_default_the_clock_is_that_of_china() -> None:
    made = Pipeline(small.SERVICE, store.open_engine("sqlite+aiosqlite://"), Relay(_nowhere), "")
    now = datetime.now(CHINA) + TOLERANCE
    assert made.clock() in {now.date(), (now - timedelta(minutes=1)).date()}
    assert timedelta() < TOLERANCE < timedelta(hours=12), "tomorrow is not believed during the day"


async def _nowhere(*_: Any) -> None: ...


@pytest.mark.parametrize(
    ("struck", "passed"),
    [
        ([0, 1], [0, 1]),
        ([0, 0], [0]),
        ([1, 0], [1]),
        ([0, 5, 3, 6], [0, 5, 6]),
    ],
)
def test_a_day_is_told_once_and_never_an_earlier_one(struck: list[int], passed: list[int]) -> None:
    clock: Clock | None = None
    told: list[Event] = []
    for number in struck:
        change = strike(clock, DayDue(day=DAY + timedelta(number)), None, DAY)
        assert isinstance(change.state, Clock)
        clock = change.state
        told += change.events
    assert told == [DayPassed(day=DAY + timedelta(number)) for number in passed]


# ------------------------------------------------------------------------ what is committed can be published


async def test_what_no_message_can_carry_is_refused_before_anything_is_kept(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        running.pipeline.wiring.largest = 2000
        with pytest.raises(RequestRefused) as error:
            await submit(running.pipeline, "k1", [*villages(V1), *villages(V2, name="名" * 1000)])
        [(row, refused)] = error.value.refused.items()
        assert (row, refused.status, refused.rule) == (1, 422, "size")
        assert "“村登记”" in refused.zh and "2000" in refused.zh and "village registered" in refused.en
        assert await running.state(V1) is None
        await submit(running.pipeline, "k2", villages(V1))
        await running.pipeline.published()
        assert all(len(message.body) < 2000 + flow.ENVELOPE for _, message in running.sent[-1:])


async def test_a_heard_message_that_leads_to_too_large_a_one_is_parked_alone(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1, V2))
        running.pipeline.wiring.largest = 120
        batch = [delivery(begun(V1, "U" + "1" * 39), 2), delivery(begun(V2, "U1"), 3)]
        await handle(running.pipeline, OPEN, batch)
        assert [(letter["about"], letter["rule"]) for letter in await running.letters()] == [(V1, "size")]
        assert (await running.state(V2)).heard == ("U1",)


def test_no_batch_is_larger_than_can_be_sent_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "BATCH_BYTES", 1000)
    cause = flow.Cause(flow.derived_id("a cause"), "", DayDue(day=DAY))
    sizes = [400, 400, 400, 3000, 100, 100]
    facts = [flow.Fact(flow.derived_id(n), cause, begun(V1, "U1"), "", b"1" * size, V1) for n, size in enumerate(sizes)]
    written = outbox.rows(facts, after=0, service="dispatch", schemas="", today=DAY)
    assert [len(batch.messages) for batch in outbox.batches(written, 6)] == [2, 1, 1, 2]


async def test_an_operator_discards_an_event_that_cannot_be_published_and_all_others_go_out(database: str) -> None:
    sent: list[tuple[str, Message]] = []
    async with process(database, sent) as running:
        await begin(running)
        await running.pipeline.published()
        send = running.pipeline.relay._send

        async def limited(stream: str, messages: Any) -> None:
            if large := [message.id for message in messages if V2 in message.body.decode()]:
                raise Unpublishable("too large", large)
            await send(stream, messages)

        running.pipeline.relay._send = limited
        await submit(running.pipeline, "k1", villages(V1, V2))
        while not running.pipeline.relay.stuck:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        [stuck] = running.pipeline.relay.stuck
        await discard_letter(running.pipeline, stuck, "节点换了上限 / the limit was lowered")
        await asyncio.wait_for(running.pipeline.published(), 10)
        [letter] = await running.letters()
        assert (letter["id"], letter["stream"], letter["discarded_for"][:4]) == (stuck, "outbox", "节点换了")
        assert stuck not in {message.id for _, message in sent}
    async with process(database, sent) as running:
        assert stuck not in {m.id for batch in running.pipeline.relay._batches for m in batch.messages}


async def test_a_relay_says_for_how_long_nothing_went_out() -> None:
    async def fail(*_: Any) -> None:
        raise ConnectionError("away")

    relay = Relay(fail)
    assert (relay.age, relay.stuck) == (0.0, ())
    relay.put([Batch(1, OPEN, (Message("m1", "a.b", b"1"),))])
    task = asyncio.create_task(relay.run())
    await asyncio.sleep(0.05)
    assert 0 < relay.age < 5 and isinstance(relay.trouble, ConnectionError)
    task.cancel()


# -------------------------------------------------------------------------------------------- discarding


async def test_a_discarded_letter_is_kept_with_its_reason_and_nothing_waits_for_it(database: str) -> None:
    async with process(database) as running:
        await begin(running)
        await submit(running.pipeline, "k1", villages(V1))
        small.broken.add("U1")
        try:
            await handle(running.pipeline, OPEN, [delivery(begun(V1, "U1"), 2), delivery(begun(V1, "U2"), 3)])
            first, second = sorted(await running.letters(), key=lambda letter: letter["sequence"])
            with pytest.raises(Refused, match="comes first"):
                await discard_letter(running.pipeline, second["id"], "not its turn")
            await discard_letter(running.pipeline, first["id"], "登记有误，已另行更正")
        finally:
            small.broken.clear()
        with pytest.raises(Refused, match="no dead letter"):
            await discard_letter(running.pipeline, first["id"], "twice")
    async with process(database) as running:
        assert await replay_letters(running.pipeline, V1) == 1, (
            "the one behind it goes through, the discarded one does not"
        )
        assert (await running.state(V1)).heard == ("U2",)
        kept = {letter["id"]: letter["discarded_for"] for letter in await running.letters()}
        assert kept == {first["id"]: "登记有误，已另行更正"}
        await handle(running.pipeline, OPEN, [delivery(begun(V1, "U3"), 4)])
        assert (await running.state(V1)).heard == ("U2", "U3")


# ---------------------------------------------------------------------------------------------- lengths


LONGEST: dict[str, Any] = {
    "village": "2" * 12, "year": 2100, "times": 1_000_000, "kind": "k" * 32, "step": "reconcile 2100-12-31",
    "due": date(2100, 12, 31), "until": date(2100, 12, 31), "spell": 1_000_000,
    "order": f"{'C' * 60}/{'2' * 12}", "subject": "S" * 40,
}  # fmt: skip
"""The longest parts of which the services make ids, as `shared.contracts.values` bounds them."""


@pytest.mark.parametrize("event", proposal._OCCASION, ids=lambda event: event.__name__)
def test_14_every_case_about_every_event_has_an_id_that_fits(event: type[Event]) -> None:
    assert set(LONGEST) & set(event.__struct_fields__)
    hints = get_type_hints(event, include_extras=True)
    for field in {"village", "kind", "year", "times", "spell", "subject"} & set(hints):  # Nothing longer may come in.
        value = LONGEST[field]
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(f"{value}0" if isinstance(value, str) else value + 1, hints[field])
    outcome = f"{'k' * 32}/{proposal._OCCASION[event](SimpleNamespace(**LONGEST))}"
    assert msgspec.convert(outcome, DerivedId) == outcome


def test_14_a_unit_of_the_longest_id_has_a_record() -> None:
    assert len(record.record_id("first_secretary", "U" * 40)) <= LONGEST_ID


def test_columns_keep_the_longest_derived_id() -> None:
    assert f"{{0,{LONGEST_ID - 1}}}" in get_args(DerivedId)[1].pattern
    for table in small.SERVICE.tables.states.values():
        assert table.c.id.type.length == LONGEST_ID  # type: ignore[attr-defined]
    assert {small.SERVICE.tables.outbox.c.about.type.length, small.SERVICE.tables.dead_letters.c.about.type.length} == {  # type: ignore[attr-defined]
        LONGEST_ID
    }


async def test_an_event_about_a_village_of_another_division_is_believed_once_it_has_a_code_there(database: str) -> None:
    ours, theirs, today = "210521100200", "210522100227", date(2014, 6, 1)
    pack = tomllib.loads((Path(__file__).parents[2] / "shared/policy/packs/benxi.toml").read_text())
    engine = await engine_with(database, INSPECTION.tables)

    async def send(_stream: str, _messages: Any) -> None:
        pass

    async def opened() -> Pipeline:
        pipeline = Pipeline(INSPECTION, engine, Relay(send), "http://localhost/schemas")
        await pipeline.start()
        return pipeline

    def assigned(village: str, number: int) -> TeamAssigned:
        return TeamAssigned(
            place="210521", village=village, unit=f"U{number}", spell=1, team=(Member(f"C{number}", "leader"),),
            term_start=today, term_end=date(2017, 6, 1), assigned_by="市委组织部",
        )  # fmt: skip

    async def supervised() -> set[str]:
        async with engine.connect() as conn:
            return {*await conn.scalars(select(INSPECTION.tables.states[Supervision].c.id))}

    pipeline = await opened()
    adopted = PolicyAdopted(place="210500", version=pack["version"], adopted_by="市委组织部", pack=pack)
    heard = [DayPassed(day=today), adopted, assigned(ours, 1), assigned(theirs, 2), assigned("999999999999", 3)]
    await handle(pipeline, OPEN, [delivery(event, n) for n, event in enumerate(heard, 1)])
    assert await supervised() == {ours} and not pipeline.blocked, "nothing about the village waits behind it"
    recoded = VillageRecoded(place="210522", village=theirs, code="210521100888", since=today)
    await handle(pipeline, OPEN, [delivery(recoded, 6)])
    begun = ListingBegun(
        place="210521", kind="weak_branch", party="B1", spell=1, since=today, document="县组发1号", decided_by="县委"
    )
    await handle((await opened()), OPEN, [delivery(assigned(theirs, 4), 7), delivery(begun, 8)])
    async with engine.connect() as conn:
        letters = INSPECTION.tables.dead_letters
        sequences = [*await conn.scalars(select(letters.c.sequence).order_by(letters.c.sequence))]
    assert sequences == [4, 5], "a party of no village lies in none"
    await engine.dispose()
