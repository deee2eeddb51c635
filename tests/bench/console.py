"""How fast the console reads a country: villages put into its tables by the rules that read events, then asked for.

    .venv/bin/python -m tests.bench.console [--villages 128000]

Each village has nine events of three services, fed page by page as the feeds give them, so that the events per second
are those of the tables being made anew. Pages are asked for over the application, as a browser's are. Where others
work on the machine too, the seconds of CPU say more than those of the clock.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from litestar.testing import AsyncTestClient

from services.console import app, store
from services.console.model.rows import Told
from shared import migrations
from shared.contracts import Event
from shared.contracts import dispatch as d
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.engine.opening import open_engine
from shared.web.issuers import UNASKED

START = date(2014, 6, 1)
TIMES = 40
"""How often each page is asked for."""
ANEW = "after an event"
"""What is asked for with nothing kept in memory, as after each event that comes in."""
SIGNS = "东西南北上下前后大小石河山林沟桥"


def village(number: int) -> tuple[str, str, str, str]:
    """The id, place, name and township of a village: ten in each township, sixteen townships in each county."""
    township, county = number // 10, number // 160
    province, city = county // 26, county % 26 // 10
    place = f"{11 + province:02}{1 + city:02}{1 + county % 26 % 10:02}"
    name = SIGNS[number % 16] + SIGNS[number // 16 % 16] + SIGNS[number // 256 % 16] + "村"
    return f"{place}{township % 16 + 100:03}{200 + number % 10:03}", place, name, f"{SIGNS[township % 16]}山乡"


def events(number: int) -> Iterator[Event]:
    """What is told of a village: it is listed, helped, measured, visited and graded."""
    id, place, name, township = village(number)
    unit, team = f"U-{number % 3000}", (d.Member(f"C-{number}", "leader"),)
    if number < 3000:
        yield r.UnitRegistered(
            place=place, unit=f"U-{number}", name=f"{name}农业局", level="county", department="农业", strength=50
        )
    yield r.VillageRegistered(place=place, village=id, name=name, township=township, population=1200)
    yield r.VillageListed(place=place, village=id)
    yield r.VillageDiagnosed(
        place=place, village=id, spell=1, problem_class="lagging_economy", counts={}, problems=(), decided_by="县扶贫办"
    )
    yield d.VillageMatched(
        place=place, village=id, matching="m", unit=unit, team=team, score=1, problem_class="lagging_economy",
        reasons=(),
    )  # fmt: skip
    yield d.TeamAssigned(
        place=place,
        village=id,
        unit=unit,
        spell=1,
        team=team,
        term_start=START,
        term_end=START,
        assigned_by="县委组织部",
    )
    if number % 7:
        yield d.HelpBegun(place=place, village=id, unit=unit)
    figures = {"incidence": number % 97 / 400}
    yield r.IndicatorsMeasured(place=place, village=id, year=2014, values=figures)
    yield i.VisitMade(
        place=place, village=id, campaign=f"{place}-half", kind="half_year", on=START + timedelta(200), absent=0,
        findings=(), year=2014,
    )  # fmt: skip
    yield i.AssessmentGraded(
        place=place, village=id, year=2014, unit=unit, leader="C-1", score=80.0, grade="good", triggers=(),
        decided_by="县委组织部",
    )  # fmt: skip


async def fill(kept: store.Store, villages: int) -> int:
    """Put villages into the tables, a thousand events at a time. Returns how many events there were."""
    page: list[Told] = []
    count = 0
    for first in range(0, villages, 100):
        for number in range(first, min(first + 100, villages)):
            for nth, event in enumerate(events(number)):
                day = START + timedelta(number % 300 + nth)
                page.append(Told(event, day, f"{day}T08:00:00.{nth:06}", event.type.partition(".")[0]))
        while len(page) >= 1000 or (page and first + 100 >= villages):
            async with kept.writing() as conn:
                await store.take_in(conn, page[:1000])
            count, page = count + len(page[:1000]), page[1000:]
    return count


async def measure(villages: int, folder: Path) -> None:
    """Fill the tables, ask for pages, and tell how long each took."""
    database = f"sqlite+aiosqlite:///{folder}/console.sqlite3"
    await asyncio.to_thread(migrations.upgrade, "console", database)
    engine = open_engine(database)
    begun, worked = time.perf_counter(), time.process_time()
    count = await fill(store.Store(engine), villages)
    took, worked = time.perf_counter() - begun, time.process_time() - worked
    print(f"{villages:,} villages, {count:,} events: {took:.1f} s, {count / took:,.0f} events/s", flush=True)
    print(f"of CPU {worked:.1f} s, {count / worked:,.0f} events/s", flush=True)
    (folder / "secret").write_bytes(b"secret")
    settings = app.Settings(
        database=database,
        port=1,
        secret_file=folder / "secret",
        sources="registry=http://127.0.0.1:1",
        console="http://testserver.local",
        issuers=UNASKED,
    )
    id, place, name, _ = village(villages // 2)
    paths = {
        "the country": "/overview/china", f"the country, {ANEW}": "/overview/china",
        "a province": f"/overview/{place[:2]}", "a county": f"/overview/{place}",
        "villages by name": f"/villages?place=&q={name}", "by pinyin": "/villages?place=&q=dashi",
        "by code": f"/villages?place=&q={id[:8]}", "by stage": "/villages?place=&stage=helped",
        "with a team": "/villages?place=&as=covered", "page 2000": "/villages?place=&page=2000",
        "of a unit": "/villages?place=&unit=U-7", "by incidence": "/villages?place=&as=incidence/0", "units": "/units",
    }  # fmt: skip
    built = app.build(settings, engine)
    async with AsyncTestClient(built) as client:
        for what, path in paths.items():
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            times, cpu = [], []
            for _ in range(TIMES):
                if what.endswith(ANEW):
                    built.state["numbers"].clear()
                begun, worked = time.perf_counter(), time.process_time()
                await client.get(path)
                times.append((time.perf_counter() - begun) * 1000)
                cpu.append((time.process_time() - worked) * 1000)
            p95, cpu95 = (statistics.quantiles(of, n=20)[-1] for of in (times, cpu))
            told = f"p95 {p95:6.1f} ms, of CPU {cpu95:6.1f} ms, {len(answer.content):,} bytes"
            print(f"{what:28} median {statistics.median(times):6.1f} ms, {told}", flush=True)
    await engine.dispose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--villages", type=int, default=128_000)
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(measure(parser.parse_args().villages, Path(made)))
