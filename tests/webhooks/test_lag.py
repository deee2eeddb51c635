"""Both sides see how far an endpoint is behind, and since when."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.cli import webhooks as cli
from services.webhooks import api, courier, lag
from services.webhooks.model import delivery
from shared.web.token import operator_headers
from tests.support.asked import serving
from tests.webhooks.desk import ONE, SECRET, TWO, Desk, until
from tests.webhooks.receiver import GOOD, receiving, refusing


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    for name, seconds in (("FIRST_WAIT", 0.1), ("LONGEST_WAIT", 0.3)):
        monkeypatch.setattr(delivery, name, seconds)
    monkeypatch.setattr(courier, "AGAIN", 0.1)
    path = f"sqlite+aiosqlite:///{tmp_path}"
    async with serving(f"{path}/feed.sqlite3") as service, receiving() as receiver:
        yield Desk(service, receiver, f"{path}/webhooks.sqlite3")


async def listed(desk: Desk) -> dict[str, Any]:
    """What the operator is told of the endpoint."""
    (one,) = (await desk.http.get("/v1/endpoints", headers=operator_headers(SECRET))).json()
    found: dict[str, Any] = one
    return found


async def lacks(desk: Desk, count: int) -> bool:
    return bool((await listed(desk))["lacks"] == count)


async def test_what_was_refused_and_what_was_not_read_are_counted(desk: Desk) -> None:
    began = datetime.now(UTC)
    desk.receiver.answer = lambda event: refusing(400) if event["subject"] == ONE else GOOD
    async with desk.running():
        await desk.add(since="2000-01-01")
        await desk.grow(ONE)
        await until(lambda: desk.waits(ONE, 2))
        await until(lambda: desk.post.is_idle(desk.id))
        found = await desk.shown()  # The receiver sees the same by its secret.
        assert found["oldest_day"] == "2014-06-01" and not found["lacks_more"] and not found["away"]
        assert began <= datetime.fromisoformat(found["oldest_at"]) <= datetime.now(UTC)
        await desk.ask("pause")
        await desk.grow(TWO)
        paused = await listed(desk)
        assert paused["lacks"] == len(await desk.told()) - len(desk.receiver.taken) > paused["waiting"] == 2
        assert paused["oldest_at"] == found["oldest_at"]
        desk.receiver.answer = lambda event: GOOD
        await desk.ask("resume")
        await until(lambda: lacks(desk, 0))
        assert (await desk.shown())["oldest_at"] is None


async def test_what_is_more_than_is_counted_is_said_to_be_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "COUNTED", 1)
    async with desk.running():
        await desk.add(since="2000-01-01")
        await desk.ask("pause")
        await desk.grow(ONE)
        found = await listed(desk)
        assert (found["lacks"] - found["waiting"], found["lacks_more"]) == (1, True)


async def test_a_service_that_does_not_say_what_there_is_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk.running():
        await desk.add()
        await until(lambda: desk.post.is_idle(desk.id))
    mounts = {"all://service": httpx.AsyncHTTPTransport()}  # A name that nobody has.
    async with httpx.AsyncClient(mounts=mounts) as desk.client, desk.running():
        await until(lambda: desk.post.away)
        assert (await listed(desk))["away"] == ["registry"]


async def test_the_operator_is_told_of_an_endpoint_that_is_late(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deliveries() -> str:
        return str((await desk.http.get("/health")).json()["deliveries"])

    desk.receiver.answer = lambda event: refusing(503)
    async with desk.running():
        await desk.add(since="2000-01-01")
        await desk.grow(ONE)
        await until(lambda: desk.fails("503"))
        assert await deliveries() == "ok"
        monkeypatch.setattr(api, "LATE", 0.2)
        await asyncio.sleep(0.3)
        assert f"{desk.id} 一天以上没有送达" in await deliveries() and "zhucun webhook list" in await deliveries()
        await desk.ask("pause")
        assert await deliveries() == "ok"  # Somebody wanted that.


@pytest.mark.parametrize(
    ("lag", "zh", "en"),
    [
        ({}, "0 条", "0"),
        ({"lacks": 3, "lacks_more": True}, "3 条以上", "3 or more"),
        ({"away": ["registry"]}, "0 条（暂时读不到“registry”）", "0 (registry cannot be read now)"),
    ],
)
def test_the_lag_is_told_in_words(lag: dict[str, Any], zh: str, en: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"lacks": 0, "lacks_more": False, "oldest_at": None, "oldest_day": "", "away": [], **lag}
    for language, expected in (("zh_CN.UTF-8", zh), ("en_US.UTF-8", en)):
        monkeypatch.setenv("LC_ALL", language)
        assert cli._lag(one) == expected
    old = {**one, "oldest_day": "2014-05-04", "oldest_at": datetime.now(UTC).isoformat()}
    assert ", the oldest of 4 May 2014, for 0.0 hours" in cli._lag(old)
