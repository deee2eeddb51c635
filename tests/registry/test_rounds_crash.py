"""A round through the real pipeline on both databases: killed after every step, and every delivery repeated."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from services.registry.app import SERVICE
from services.registry.model import Resolution
from services.registry.model import commands as c
from shared.contracts import Envelope, teller, wire_subject
from shared.contracts.calendar import DayPassed
from shared.engine import store
from shared.engine.commands import submit
from shared.engine.deliveries import handle
from shared.engine.flow import derived_id
from shared.engine.pipeline import Pipeline
from shared.stream.bus import OPEN, Message
from shared.stream.consumer import Delivery
from shared.stream.relay import Relay
from tests.registry.county import AT, BENXI, CITY, VILLAGE, household, pack
from tests.support.rounds import OF, ROUND, answered, step
from tests.support.rounds import OPEN as BEGIN_ROUND
from tests.support.servers import engine_with

BEGIN = date(2014, 11, 3)
POST = c.PostNotice(**OF, body="village", posted_by="村")
OBJECT = c.RaiseObjection(**OF, objection=1, household="H1", ground="收入不实")
UPHOLD = c.DecideObjection(**OF, objection=1, upheld=True, body="township", decided_by="镇")
FACTS = c.RecordHouseholds(
    **AT, year=2014, households=tuple(household(f"H{n}") for n in (1, 2, 3, 4)), recorded_by="镇"
)
STORY: tuple[tuple[date, Any], ...] = (
    (BEGIN, c.AdoptPolicy(place=CITY, pack=pack(procedures=[*BENXI["procedures"], ROUND]), adopted_by="市委")),
    (BEGIN, c.RegisterVillage(**AT, name="上石村", township="小市镇", population=1000, listed=True)),
    (BEGIN, FACTS),
    (BEGIN, BEGIN_ROUND),
    (date(2014, 12, 8), step("appraise", left_out=("H4",))),  # Late, and told so.
    (date(2014, 12, 9), answered(H1=True, H2=True)),
    (date(2014, 12, 22), POST),  # H3 has not answered in time; the round goes on without it.
    (date(2014, 12, 23), OBJECT),
    (date(2015, 2, 3), UPHOLD),  # Late, after the notice has ended.
    (date(2015, 2, 4), step("review", agreed=0)),
    (date(2015, 2, 5), step("appraise")),
    (date(2015, 2, 6), answered(H1=False, H2=True, H3=True, H4=True)),
    (date(2015, 2, 9), POST),
    (date(2015, 3, 20), step("review")),
    (date(2015, 3, 21), step("announce")),
)


def day(on: date) -> Delivery:
    event, sequence = DayPassed(day=on), (on - BEGIN).days + 1
    body = Envelope(
        id=derived_id("test", event), source=teller(event.type), type=event.type, subject=event.subject_id,
        time=datetime.now(UTC), dataschema="http://localhost/schemas/x.json", correlationid="calendar", causationid="",
        occurredon=on, policyversion="", data=msgspec.Raw(msgspec.json.encode(event)),
    )  # fmt: skip
    return Delivery(
        sequence=sequence, subject=wire_subject(event), body=msgspec.json.encode(body), recorded=datetime.now(UTC)
    )


@asynccontextmanager
async def registry(database: str, sent: list[Message]) -> AsyncIterator[Pipeline]:
    """A registry, killed in the end without a goodbye."""
    engine = await engine_with(database, SERVICE.tables)

    async def send(_stream: str, messages: Iterable[Message]) -> None:
        sent.extend(messages)

    pipeline = Pipeline(SERVICE, engine, Relay(send), "http://localhost/schemas")
    await pipeline.start()
    relaying = asyncio.create_task(pipeline.relay.run())
    try:
        yield pipeline
    finally:
        relaying.cancel()
        await engine.dispose()


async def play(pipeline: Pipeline, number: int, times: int) -> None:
    """One entry of the story: its day comes, then its command, each as often as told."""
    on, command = STORY[number]
    for _ in range(times):
        await handle(pipeline, OPEN, [day(on)])
        await submit(pipeline, f"k{number}", [command])


async def kept(pipeline: Pipeline) -> tuple[dict[str, str], Resolution]:
    async with pipeline.engine.connect() as conn:
        key = (Resolution, f"{VILLAGE}/2014-1")
        found = (await store.load_states(conn, pipeline.tables, [key]))[key]
        assert isinstance(found, Resolution)
        return await store.digest(conn, pipeline.tables), found


async def test_5_2_a_round_survives_a_crash_after_every_step_and_every_delivery_twice(
    database: str, tmp_path: Path
) -> None:
    undisturbed, killed = list[Message](), list[Message]()
    async with registry(f"sqlite+aiosqlite:///{tmp_path}/undisturbed.sqlite3", undisturbed) as pipeline:
        for number in range(len(STORY)):
            await play(pipeline, number, 1)
        await pipeline.published()
        expected, round = await kept(pipeline)
    for number in range(len(STORY)):
        async with registry(database, killed) as pipeline:
            await play(pipeline, number, 2)
    async with registry(database, killed) as pipeline:
        await play(pipeline, len(STORY) - 1, 1)
        await pipeline.published()
        assert (await kept(pipeline))[0] == expected
    assert (round.status, round.course.present) == ("passed", ["H2", "H3", "H4"])
    told = {message.id: message.subject.rsplit(".", 2)[1:] for message in undisturbed}
    assert {message.id: message.subject.rsplit(".", 2)[1:] for message in killed} == told
    assert [*told.values()].count(["step", "overdue"]) == 4 and ["households", "lifted"] in told.values()
