"""Who stands behind a pseudonym, and who has read of somebody, is kept as long as packs say, and no longer."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from deploy.demo.regions.benxi.story import CITY, PACK
from services.incentives.app import SERVICE
from shared.calendar import CHINA, Span
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted
from shared.engine import endings
from shared.engine.audit import Subject
from shared.engine.deliveries import handle
from shared.engine.endings import PAGE, last_over
from shared.engine.people import People, Person
from shared.engine.pipeline import Pipeline
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from tests.registry.leavers import KEEPING
from tests.support.process import delivery
from tests.support.servers import engine_with

TODAY = datetime.now(CHINA).date()
BEGIN = date(2015, 3, 2)
YEAR = {"years": 1}
LI, WU = (Person(f"p-{name}", "https://issuer.example", name, name) for name in ("li", "wu"))


class Kept:
    """A service that keeps who its callers are and who has read of a cadre."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.people = People(pipeline.engine, pipeline.tables.people, pipeline.writing)
        self._told = 0

    async def tell(self, *events: Any) -> None:
        heard = [delivery(event, self._told + n) for n, event in enumerate(events, 1)]
        self._told += len(events)
        await handle(self.pipeline, OPEN, heard)

    async def adopt(self, place: str = CITY, **keeping: Any) -> None:
        jurisdiction = place.removesuffix("00")
        without = {name: said for name, said in PACK.items() if name != "keeping"}
        pack = {**without, "version": f"{jurisdiction}-2014.1", "jurisdiction": jurisdiction}
        if keeping:
            pack |= {"keeping": {**KEEPING, **keeping}}
        await self.tell(PolicyAdopted(place=place, version=pack["version"], pack=pack, adopted_by="市委"))

    async def seen(self, person: Person, day: date) -> None:
        await self.people.note(person)
        table = self.pipeline.tables.people
        async with self.pipeline.engine.begin() as conn:
            await conn.execute(update(table).where(table.c.pseudonym == person.pseudonym).values(seen=day))

    async def read(self, *days: date) -> None:
        """Entries of the log by which a cadre was read on these days, the oldest first."""
        texts = dict.fromkeys(("organ", "address", "about", "before", "hash"), "")
        entries = [
            {"number": n, "at": f"{day}T04:00:00.000+00:00", "who": "p", "deed": "GET", "result": "done", **texts}
            for n, day in enumerate(days, 1)
        ]
        tables = self.pipeline.tables
        async with self.pipeline.engine.begin() as conn:
            await conn.execute(insert(tables.audit), entries)
            told = [{"subject": "cadre/C1", "number": one["number"]} for one in entries]
            await conn.execute(insert(tables.readings), told)

    async def readings(self) -> list[int]:
        return [entry.number for entry, _ in await self.pipeline.audit.telling_of([Subject("cadre/C1")])]


@pytest.fixture
async def kept(database: str) -> AsyncIterator[Kept]:
    async def send(_stream: str, _messages: Sequence[Message]) -> None: ...

    pipeline = Pipeline(SERVICE, await engine_with(database, SERVICE.tables), Relay(send), "")
    await pipeline.start()
    yield Kept(pipeline)
    await pipeline.engine.dispose()


def ago(years: int = 0, months: int = 0) -> date:
    """The last day on which somebody was seen of whom nothing is kept today."""
    last = last_over([Span(years=years, months=months)], TODAY)
    assert last
    return last


async def test_who_has_not_acted_for_the_packs_time_is_known_no_more(kept: Kept) -> None:
    """Also where the day itself was missed: whoever was seen long before goes with the next day."""
    await kept.tell(DayPassed(day=BEGIN))
    await kept.adopt(callers=YEAR)
    await kept.seen(LI, ago(years=1))
    await kept.seen(WU, ago(years=1) + timedelta(1))
    await kept.tell(DayPassed(day=BEGIN + timedelta(40)))
    assert await kept.people.find(LI.pseudonym) is None
    assert await kept.people.find(WU.pseudonym) == WU


async def test_whoever_acts_again_is_kept_on(kept: Kept) -> None:
    await kept.tell(DayPassed(day=BEGIN))
    await kept.adopt(callers=YEAR)
    await kept.seen(LI, ago(years=2))
    # After a restart he only appears in a colleague's token, without his name.
    restarted = People(kept.pipeline.engine, kept.pipeline.tables.people, kept.pipeline.writing)
    await restarted.note(Person(LI.pseudonym, LI.issuer, LI.subject))
    await kept.tell(DayPassed(day=BEGIN + timedelta(1)))
    assert await kept.people.find(LI.pseudonym) == LI


async def test_readings_end_by_pages_and_the_log_itself_stays(kept: Kept) -> None:
    old, young = ago(months=6), ago(months=6) + timedelta(1)
    await kept.tell(DayPassed(day=BEGIN))
    await kept.adopt(readings={"months": 6})
    await kept.read(*[old] * (2 * PAGE + 1), young)
    await kept.tell(DayPassed(day=BEGIN + timedelta(1)))
    assert await kept.readings() == [2 * PAGE + 2]
    async with kept.pipeline.engine.connect() as conn:
        assert len((await conn.execute(select(kept.pipeline.tables.audit.c.number))).all()) == 2 * PAGE + 2


@pytest.mark.parametrize("others", [{}, {"callers": {"years": 3}, "readings": {"years": 3}}])
async def test_the_longest_time_of_all_packs_counts_and_none_at_all_is_for_ever(
    others: dict[str, Any], kept: Kept
) -> None:
    await kept.tell(DayPassed(day=BEGIN))
    await kept.adopt(callers=YEAR, readings=YEAR)
    await kept.adopt("210521", **others)
    await kept.seen(LI, ago(years=2))
    await kept.read(ago(years=2))
    await kept.tell(DayPassed(day=BEGIN + timedelta(1)))
    assert await kept.people.find(LI.pseudonym) == LI
    assert await kept.readings() == [1]


@pytest.mark.parametrize(
    ("span", "today", "last"),
    [
        (Span(months=6), date(2026, 3, 1), date(2025, 8, 31)),
        (Span(years=1), date(2025, 2, 28), date(2024, 2, 27)),
        (Span(calendar_days=200), date(2026, 7, 20), date(2025, 12, 31)),
        (Span(years=2, months=6), date(2026, 8, 31), date(2024, 2, 29)),
    ],
)
def test_the_last_day_of_a_time_is_still_kept(span: Span, today: date, last: date) -> None:
    assert endings.last_over([span], today) == last
