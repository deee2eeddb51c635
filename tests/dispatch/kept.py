"""A story of the dispatch on a real database, beside the same story in memory."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from services.dispatch.app import SERVICE
from shared.contracts import Command, Event
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted
from shared.engine import store
from shared.engine.commands import submit
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.stream.bus import OPEN, SEALED
from shared.stream.relay import Relay
from tests.dispatch.benxi import CITY, START, Benxi
from tests.support.process import delivery
from tests.support.servers import engine_with


async def kept_alike(
    benxi: Benxi, pack: dict[str, Any], steps: Iterable[Event | Command | date], database: str
) -> None:
    """Lead the steps through both. Every state is in the database as it is in memory, and nothing was put aside."""
    engine, sequences = await engine_with(database, SERVICE.tables), Counter[str]()
    pipeline = Pipeline(SERVICE, engine, Relay(nowhere), "http://localhost/schemas", simulated=True)
    await pipeline.start()

    async def hear(event: Event) -> None:
        stream = SEALED if event.sealing == "always" else OPEN
        sequences[stream] += 1
        await handle(pipeline, stream, [delivery(event, sequences[stream], policy=benxi.policy.version)])

    await hear(DayPassed(day=START))
    await hear(PolicyAdopted(place=CITY, version=pack["version"], adopted_by="市委", pack=pack))
    for number, step in enumerate(steps):
        if isinstance(step, Command):
            benxi.world.command("dispatch", step)
            await submit(pipeline, f"step-{number}", [step])
        elif isinstance(step, date):
            benxi.until(step)
            await hear(DayPassed(day=step))
        else:
            benxi.hear(step)
            await hear(step)
    async with engine.connect() as conn:
        kept = await store.load_states(conn, pipeline.tables, benxi.dispatch.states)
        letters = (await conn.execute(pipeline.tables.dead_letters.select())).mappings().all()
    await engine.dispose()
    assert [letter["reason"] for letter in letters] == []
    assert kept == benxi.dispatch.states


async def nowhere(_stream: str, _messages: Any) -> None:
    """Nobody else listens."""
