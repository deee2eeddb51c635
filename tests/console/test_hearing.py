"""The console follows a real feed: nothing counts twice, another journal is read anew, and standing still shows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.console import store
from services.console.hearing import Hearing
from services.console.store import Position, Store
from shared import migrations
from shared.engine.deliveries import handle
from shared.engine.opening import open_engine
from shared.stream.bus import OPEN
from shared.web.following import Feeds
from tests.support.asked import Api, serving, village
from tests.support.process import day
from tests.webhooks.desk import until

ONE, TWO = "210502000001", "210502000002"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Api]:
    async with serving(f"sqlite+aiosqlite:///{tmp_path}/feed.sqlite3") as found:
        yield found


@asynccontextmanager
async def console(database: str, service: Api) -> AsyncIterator[Hearing]:
    engine = open_engine(database)
    yield Hearing(Store(engine), Feeds({"registry": "http://service"}, service.client))
    await engine.dispose()


async def caught_up(hearing: Hearing) -> None:
    """Take in all that there is."""
    while await hearing.step(hearing.sources["registry"], wait=0):
        pass


async def sums(hearing: Hearing) -> dict[str, int]:
    async with hearing.store.engine.connect() as conn:
        return (await store.summed(conn, [""]))[""]


async def test_two_that_read_the_same_page_count_it_once(database: str, service: Api) -> None:
    """So it is too where a console died before it knew that its page was written."""
    await asyncio.to_thread(migrations.upgrade, "console", database)
    assert (await service.post("villages", village(ONE))).status_code == 200
    async with console(database, service) as first, console(database, service) as second:
        await asyncio.gather(caught_up(first), caught_up(second), return_exceptions=True)
        await caught_up(first)
        assert await sums(first) == {"villages": 1, "population": 1, "stage/registered": 1}
        with first.listening() as queue:
            await handle(service.pipeline, OPEN, [day(1, 2)])
            await caught_up(first)
            assert queue.get_nowait() == {ONE}
        assert await sums(first) == {"villages": 1, "population": 1, "stage/listed": 1, "on_list": 1}


async def test_another_journal_is_read_from_its_beginning_and_health_says_so(database: str, service: Api) -> None:
    await asyncio.to_thread(migrations.upgrade, "console", database)
    assert (await service.post("villages", village(ONE), village(TWO))).status_code == 200
    async with console(database, service) as hearing:
        assert hearing.health()["feed registry"] != "ok"
        await caught_up(hearing)
        assert hearing.health()["feed registry"] == "ok" and hearing.is_current
        async with hearing.store.writing() as conn:
            known = await store.position(conn, "registry")
            number, _, _ = known.cursor.partition("-")
            await store.move(conn, "registry", Position(f"{number}-{'0' * 16}", known.day, True))
        assert await hearing.step(hearing.sources["registry"], wait=0)
        assert await sums(hearing) == {} and not hearing.is_current
        assert "being made" in hearing.health()["feed registry"]
        await caught_up(hearing)
        assert (await sums(hearing))["villages"] == 2 and hearing.health()["feed registry"] == "ok"


async def test_a_service_that_is_away_is_no_green(
    tmp_path: Path, service: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands in the tables stays, and is read on once the service is back."""
    monkeypatch.setattr("services.console.hearing.AGAIN", 0.05)
    database = f"sqlite+aiosqlite:///{tmp_path}/console.sqlite3"
    await asyncio.to_thread(migrations.upgrade, "console", database)
    async with console(database, service) as hearing, httpx.AsyncClient() as nobody:
        await caught_up(hearing)
        hearing._feeds = Feeds({"registry": "http://127.0.0.1:1"}, nobody)
        await hearing.start()
        await until(lambda: "registry does not answer" in hearing.health()["feed registry"])
        assert hearing.health()["feed registry"].startswith("读不到 registry 的事件 / ")
        hearing._feeds = Feeds({"registry": "http://service"}, service.client)
        await until(lambda: hearing.health()["feed registry"] == "ok")
        assert (await service.post("villages", village(ONE))).status_code == 200
        await until(lambda: sums(hearing))
        assert hearing.health()["feed registry"] == "ok"
        for task in hearing._tasks:
            task.cancel()
        await asyncio.gather(*hearing._tasks, return_exceptions=True)
