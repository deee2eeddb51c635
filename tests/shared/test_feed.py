"""The pull feed as a subscriber meets it: order, filters, waiting, and journals that are not what they were."""

import asyncio
import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.engine.deliveries import handle
from shared.engine.shares import Share
from shared.stream.bus import OPEN
from shared.web import feed
from tests.support.asked import Api, refusal, serving, village
from tests.support.process import DAY, begun, day, delivery

pytestmark = pytest.mark.usefixtures("logged")
ONE, TWO, FAR = "210502000001", "210502000002", "210602000001"
REGISTERED, LISTED = "registry.village.registered.v1", "registry.village.listed.v1"


async def read(api: Api, **asked: Any) -> dict[str, Any]:
    answer = await api.client.get("/v1/events", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def all_of(api: Api, **asked: Any) -> list[dict[str, Any]]:
    """All events, as a subscriber reads them that keeps nothing but the cursor."""
    found, events = await read(api, **asked), list[dict[str, Any]]()
    asked.pop("since", None)
    events += found["events"]
    while not found["end"]:
        found = await read(api, **asked, after=found["after"])
        events += found["events"]
    return events


def about(found: dict[str, Any]) -> list[str]:
    return [event["subject"] for event in found["events"]]


async def test_a_subscriber_reads_what_is_published_in_order_page_by_page(api: Api) -> None:
    await api.post("villages", *(village(f"2105020000{n:02}") for n in range(1, 8)))
    await api.post("matters", {"place": "210502", "matter": "M1"})  # It leads to a sealed event.
    published = [json.loads(message.body) for message in api.sent if message.subject.startswith("zhucun.v1.")]
    for limit in (1, 2, 3, 8, 1000):
        assert await all_of(api, limit=limit) == published
    assert "inspection.draw.made.v1" not in {event["type"] for event in await all_of(api)}


async def test_filters_name_division_type_and_village(api: Api) -> None:
    await api.post("villages", village(ONE), village(TWO))
    await handle(api.pipeline, OPEN, [delivery(begun(TWO, "U1"), 2), day(1, 3)])
    assert sorted(about(await read(api, type=[LISTED]))) == [ONE, TWO]
    assert {event["type"] for event in await all_of(api, type=[REGISTERED, LISTED])} == {REGISTERED, LISTED}
    assert set(about(await read(api, about=TWO))) == {TWO}
    assert len((await read(api, below="21"))["events"]) == len((await read(api, below="2105"))["events"]) == 6
    assert sorted(about(await read(api, below="210502"))) == [ONE, ONE, TWO, TWO, TWO]
    assert about(await read(api, below="2106")) == about(await read(api, below="52")) == []


async def test_reading_begins_with_a_business_day(api: Api) -> None:
    await api.post("villages", village(ONE))
    await handle(api.pipeline, OPEN, [day(1, 2), day(2, 3), day(3, 4)])
    for days in range(-1, 6):
        told = [event["occurredon"] for event in await all_of(api, since=DAY + timedelta(days))]
        assert told == [
            one for one in (e["occurredon"] for e in await all_of(api)) if one >= str(DAY + timedelta(days))
        ]
    (fault,) = refusal(await api.client.get("/v1/events?since=2014-06-01&after=0-0123456789abcdef"), 422)
    assert (fault["rule"], fault["field"]) == ("feed", "since")


async def test_the_cursor_moves_on_over_what_does_not_match(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SCANNED", 3)
    await api.post("villages", *(village(f"2105020000{n:02}") for n in range(1, 9)))
    await handle(api.pipeline, OPEN, [delivery(begun("210502000008", "U1"), 2)])
    found, asked = await read(api, type=["registry.policy.adopted.v1"]), 1
    assert len(found["events"]) == 1 and not found["end"]
    while not found["end"]:
        found, asked = await read(api, type=["registry.policy.adopted.v1"], after=found["after"]), asked + 1
        assert found["events"] == []
    assert asked == 4, "ten rows, three at a time: no request looks through the whole journal"
    assert await read(api, type=["registry.policy.adopted.v1"], after=found["after"]) == found


async def test_who_waits_is_told_as_soon_as_there_is_something(api: Api) -> None:
    at = (await read(api))["after"]
    waiting = asyncio.create_task(read(api, after=at, wait=30, type=[LISTED]))
    await asyncio.sleep(0.1)
    await api.post("villages", village(ONE))
    await asyncio.sleep(2 * feed.GATHER)
    assert not waiting.done(), "what was not asked for ends no waiting"
    await handle(api.pipeline, OPEN, [day(1, 2)])
    async with asyncio.timeout(20):
        found = await waiting
    assert about(found) == [ONE] and found["end"]
    before = asyncio.get_running_loop().time()
    assert (await read(api, after=found["after"], wait=1))["events"] == []
    assert asyncio.get_running_loop().time() - before > 0.9


async def test_too_many_who_wait_are_refused_and_a_stopping_service_lets_all_go(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_WAITING", 2)
    at = (await read(api))["after"]
    waiting = [asyncio.create_task(read(api, after=at, wait=50)) for _ in range(2)]
    await asyncio.sleep(0.1)
    (fault,) = refusal(await api.client.get("/v1/events", params={"after": at, "wait": 50}), 503)
    assert fault["field"] == "wait"
    assert (await read(api, after=at))["events"] == [], "who does not wait is answered"
    api.client._transport.app.state.stopping.set()  # type: ignore[attr-defined]
    async with asyncio.timeout(20):
        assert all(found["events"] == [] for found in await asyncio.gather(*waiting))


async def test_what_has_not_changed_is_not_sent_again(api: Api) -> None:
    await api.post("villages", village(ONE))
    first = await api.client.get("/v1/events")
    known = {"If-None-Match": first.headers["ETag"]}
    again = await api.client.get("/v1/events", headers=known)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    await api.post("villages", village(TWO))
    assert (await api.client.get("/v1/events", headers=known)).status_code == 200


def refused_cursor(answer: httpx.Response) -> None:
    (fault,) = refusal(answer, 409)
    assert (fault["rule"], fault["field"]) == ("feed", "after")
    assert "since" in fault["zh"] and "since" in fault["en"], "it is told what to do"


async def test_a_restored_backup_is_told_even_if_the_same_is_decided_again(tmp_path: Path) -> None:
    database, backup = tmp_path / "service.sqlite3", tmp_path / "backup.sqlite3"
    async with serving(f"sqlite+aiosqlite:///{database}") as api:
        await api.post("villages", village(ONE), key="the first one")
        early = (await read(api))["after"]
    shutil.copy(database, backup)
    async with serving(f"sqlite+aiosqlite:///{database}") as api:
        await api.post("villages", village(TWO), key="the second one")
        late = await read(api)
    shutil.copy(backup, database)
    async with serving(f"sqlite+aiosqlite:///{database}") as api:
        refused_cursor(await api.client.get("/v1/events", params={"after": late["after"]}))
        await api.post("villages", village(TWO), key="the second one")
        again = await read(api)
        assert [e["id"] for e in again["events"]] == [e["id"] for e in late["events"]], "the same decision, the same id"
        refused_cursor(await api.client.get("/v1/events", params={"after": late["after"]}))
        assert about(await read(api, after=early)) == [TWO], "who was no further than the backup goes on exactly"


async def test_the_cursor_of_another_database_or_replica_is_refused(api: Api, tmp_path: Path) -> None:
    await api.post("villages", village(ONE), village(TWO))
    at = (await read(api, limit=2))["after"]
    async with serving(f"sqlite+aiosqlite:///{tmp_path / 'another.sqlite3'}") as other:
        refused_cursor(await other.client.get("/v1/events", params={"after": at}))
        await other.post("villages", village(ONE), village(TWO))
        refused_cursor(await other.client.get("/v1/events", params={"after": at}))
    api.pipeline.share = Share(1, 2)
    refused_cursor(await api.client.get("/v1/events", params={"after": at}))


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({"after": "12"}, 400, "after"),
        ({"after": "-1-0123456789abcdef"}, 400, "after"),
        ({"after": "999999999999999-0123456789abcdef"}, 409, "after"),
        ({"below": "辽宁"}, 400, "below"),
        ({"wait": "56"}, 400, "wait"),
        ({"limit": "0"}, 400, "limit"),
        ({"since": "yesterday"}, 400, "since"),
        ({"type": "village.listed"}, 422, "type"),
        ({"type": "dispatch.team.assigned.v1"}, 422, "type"),
        ({"types": LISTED}, 400, "types"),
    ],
)
async def test_what_cannot_be_asked_is_refused(api: Api, asked: dict[str, str], status: int, field: str) -> None:
    (fault,) = refusal(await api.client.get("/v1/events", params=asked), status)
    assert fault["field"] == field


# ------------------------------------------------------------------ snapshots


async def standing(api: Api, **asked: Any) -> dict[str, Any]:
    answer = await api.client.get("/v1/snapshots", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def test_a_snapshot_has_what_queries_show_and_events_follow_it_without_a_gap(api: Api) -> None:
    await api.post("villages", village(ONE), village(TWO))
    await api.post("matters", {"place": "210502", "matter": f"{ONE}/M1"})
    found = await standing(api, about=ONE)
    assert [(s["kind"], s["state"]["id"]) for s in found["states"]] == [("matters", f"{ONE}/M1"), ("villages", ONE)]
    assert found["states"][1]["state"] == await api.get(f"/v1/villages/{ONE}")
    assert "drawn" not in found["states"][0]["state"], "a secret of today is in no snapshot"
    assert (await read(api, after=found["after"]))["events"] == []
    await handle(api.pipeline, OPEN, [day(1, 2)])
    assert about(await read(api, after=found["after"], about=ONE)) == [ONE]
    assert (await standing(api, about="210502999999"))["states"] == []


@pytest.mark.parametrize("limit", [1, 2, 3, 500])
async def test_a_division_comes_in_pages_and_nothing_is_missed_between_them(api: Api, limit: int) -> None:
    await api.post("villages", *(village(f"2105020000{n:02}") for n in range(1, 6)))
    first = found = await standing(api, place="2105", limit=limit)
    states, number = [*found["states"]], 6
    while found["page"]:
        await api.post("villages", village(f"2105020000{number:02}"))  # Somebody works meanwhile.
        found, number = await standing(api, place="2105", limit=limit, page=found["page"]), number + 1
        states += found["states"]
        if number > 20:
            break
    known = {s["state"]["id"] for s in states if s["kind"] == "villages"}
    told = {e["subject"] for e in (await read(api, after=first["after"], type=[REGISTERED]))["events"]}
    assert known | told == {v["id"] for v in await api.get("/v1/villages")}
    assert len({(s["kind"], s["state"]["id"]) for s in states}) == len(states)
    assert (await standing(api, place="52"))["states"] == []


@pytest.mark.parametrize("asked", [{}, {"about": ONE, "place": "21"}])
async def test_a_snapshot_is_of_a_village_or_a_division(api: Api, asked: dict[str, str]) -> None:
    (fault,) = refusal(await api.client.get("/v1/snapshots", params=asked), 422)
    assert fault["field"] == "about"
