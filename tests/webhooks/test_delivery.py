"""Events go from a real feed to a receiver on a real socket that fails, hangs, lies and comes back."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import update

from services.webhooks import courier, store
from services.webhooks.model import delivery
from services.webhooks.sender import Sender
from services.webhooks.tables import TABLES
from shared.web.token import operator_headers
from tests.support.asked import refusal, serving
from tests.webhooks.desk import ASKED, ONE, SECRET, THREE, TWO, Desk, until
from tests.webhooks.receiver import GOOD, HALF, receiving, refusing


@pytest.fixture
async def desk(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """Waits are short: a second stands for hours."""
    monkeypatch.setattr(delivery, "FIRST_WAIT", 0.1)
    monkeypatch.setattr(delivery, "LONGEST_WAIT", 0.3)
    monkeypatch.setattr(courier, "AGAIN", 0.1)
    async with serving(f"sqlite+aiosqlite:///{tmp_path}/feed.sqlite3") as service, receiving() as receiver:
        yield Desk(service, receiver, database)


async def test_a_receiver_gets_what_is_new_signed_and_in_order(desk: Desk) -> None:
    await desk.grow(ONE)
    old = await desk.told()
    async with desk.running():
        assert (await desk.add())["status"] == "active"
        await desk.grow(TWO, THREE)
        new = [id for id in await desk.told() if id not in old]
        await until(lambda: len(desk.receiver.taken) == len(new) > 0)
        for subject in (TWO, THREE):
            assert desk.receiver.about(subject) == await desk.told(subject)
        assert sorted(desk.receiver.about()) == sorted(new)


async def test_an_event_that_is_refused_holds_its_village_and_no_other(desk: Desk) -> None:
    desk.receiver.answer = lambda event: refusing(400) if event["subject"] == ONE else GOOD
    async with desk.running():
        await desk.add(since="2000-01-01")
        await desk.grow(ONE, TWO)
        await until(lambda: len(desk.receiver.about(TWO)) == 2)
        await desk.grow(THREE)
        await until(lambda: len(desk.receiver.about(THREE)) == 2)
        assert (await desk.shown())["status"] == "active"
        told = await desk.told(ONE)
        await until(lambda: desk.holds(ONE, told))
        waiting = await desk.shown("/undelivered?about=" + ONE)
        assert {event["id"] for event in desk.receiver.attempts if event["subject"] == ONE} == {waiting[0]["id"]}
        desk.receiver.answer = lambda event: GOOD
        await until(lambda: len(desk.receiver.about(ONE)) == len(told))
        assert desk.receiver.about(ONE) == told


LIES = {
    "half a body": HALF,
    "a redirect": refusing(302, "location: http://169.254.169.254/latest/meta-data/"),
    "an error": refusing(500),
    "too many": refusing(429, "retry-after: 1"),
    "silence": None,
    "nonsense": b"hello\r\n\r\n",
    "no such day": refusing(503, "retry-after: Mon, 01 Jan 99999999999 00:00:00 GMT"),
    "no such zone": refusing(503, "retry-after: Mon, 01 Jan 2024 00:00:00 +99999999999999999999"),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_whatever_a_receiver_answers_nothing_is_lost_and_order_holds(desk: Desk, lie: str) -> None:
    desk.receiver.answer = lambda event: LIES[lie]
    async with desk.running():
        await desk.add(since="2000-01-01")
        await desk.grow(ONE, TWO)
        await until(lambda: len(desk.receiver.attempts) >= 3)
        await until(lambda: desk.fails(" "))
        assert not desk.receiver.taken
        desk.receiver.answer = lambda event: GOOD
        told = await desk.told()
        await until(lambda: set(desk.receiver.about()) == set(told))
        for subject in (ONE, TWO):
            assert desk.receiver.about(subject) == await desk.told(subject)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_slow_drip_ends_in_time(desk: Desk) -> None:
    desk.receiver.drips = True
    async with desk.running():
        await desk.add(since="2000-01-01")
        await desk.grow(ONE)
        await until(lambda: desk.fails("no whole answer within"))
        assert desk.receiver.attempts


async def test_a_process_that_is_killed_goes_on_where_it_stood(desk: Desk) -> None:
    desk.receiver.answer = lambda event: refusing(503)
    async with desk.running():
        await desk.add(since="2000-01-01")
        await desk.grow(*(f"2105020000{n:02}" for n in range(1, 60)))
        await until(lambda: desk.receiver.attempts)
    desk.receiver.answer = lambda event: GOOD
    told = await desk.told()

    def is_enough(enough: int) -> bool:
        return len(desk.receiver.taken) >= enough or set(desk.receiver.about()) == set(told)

    for _ in range(3):  # Cancelled in the midst of a page, as a kill would.
        async with desk.running():
            enough = len(desk.receiver.taken) + 4
            await until(partial(is_enough, enough))
    async with desk.running():
        await until(lambda: set(desk.receiver.about()) == set(told))
    for n in range(1, 60):
        subject = f"2105020000{n:02}"
        assert list(dict.fromkeys(desk.receiver.about(subject))) == await desk.told(subject)
    assert len(desk.receiver.taken) <= len(told) + 4 * 50


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_dead_endpoint_stands_still_and_both_sides_are_told(desk: Desk) -> None:
    desk.receiver.answer = lambda event: refusing(503)
    async with desk.running(patience=0.3):
        await desk.add(since="2000-01-01")
        await desk.grow(ONE)
        await until(lambda: desk.stands("standing"))
        shown = await desk.shown()
        assert shown["error"] == "it answers 503" and shown["waiting"]
        assert desk.id in (await desk.http.get("/health")).json()["deliveries"]
        desk.receiver.answer = lambda event: GOOD
        desk.post.patience = 60.0  # A slow machine may miss an answer.
        attempts = len(desk.receiver.attempts)
        await desk.grow(TWO)
        await asyncio.sleep(0.5)
        assert len(desk.receiver.attempts) == attempts
        await desk.ask("resend")
        await desk.ask("resume")
        told = await desk.told()
        await until(lambda: set(desk.receiver.about()) == set(told))
        assert (await desk.http.get("/health")).json()["deliveries"] == "ok"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_410_ends_it_and_a_pause_keeps_its_place(desk: Desk) -> None:
    async with desk.running():
        await desk.add(since="2000-01-01")
        await until(lambda: len(desk.receiver.taken) == 1)  # The pack's adoption.
        await desk.ask("pause")
        await desk.grow(ONE)
        await asyncio.sleep(0.3)
        assert len(desk.receiver.attempts) == 1
        desk.receiver.answer = lambda event: refusing(410)
        await desk.ask("resume")
        await until(lambda: desk.stands("gone"))
        await desk.ask("remove")
        assert (await desk.http.get("/v1/endpoints", headers=operator_headers(SECRET))).json() == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_was_taken_is_sent_again_on_request(desk: Desk) -> None:
    async with desk.running():
        await desk.add(since="2000-01-01")
        await desk.grow(ONE, TWO)
        await until(lambda: len(desk.receiver.about(TWO)) == 2 == len(desk.receiver.about(ONE)))
        await desk.ask("resend", about=ONE, since="2000-01-01")
        await until(lambda: len(desk.receiver.about(ONE)) == 4)
        assert desk.receiver.about(ONE) == 2 * await desk.told(ONE) and len(desk.receiver.about(TWO)) == 2
        await desk.ask("resend", since="2000-01-01")
        await until(lambda: len(desk.receiver.about(ONE)) == 6 and len(desk.receiver.about(TWO)) == 4)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_receiver_that_has_not_agreed_gets_nothing(desk: Desk) -> None:
    desk.receiver.agrees = refusing(200)
    async with desk.running():
        assert (await desk.add(since="2000-01-01"))["status"] == "unconfirmed"
        await desk.grow(ONE)
        assert not (await desk.ask("test"))["is_delivered"]
        resumed = await desk.http.post(f"/v1/endpoints/{desk.id}/resume", json={}, headers=operator_headers(SECRET))
        assert refusal(resumed, 409)[0]["rule"] == "webhooks"
        paused = await desk.http.post(f"/v1/endpoints/{desk.id}/pause", json={}, headers=operator_headers(SECRET))
        assert refusal(paused, 409)[0]["rule"] == "webhooks"  # A pause and its end would pass the question by.
        assert not desk.receiver.attempts
        desk.receiver.agrees = b"HTTP/1.1 200 OK\r\nwebhook-allowed-origin: *\r\ncontent-length: 0\r\n\r\n"
        assert (await desk.ask("test"))["is_delivered"]
        await until(lambda: len(desk.receiver.about(ONE)) == 2)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_two_secrets_are_valid_for_a_time(desk: Desk) -> None:
    async with desk.running():
        old = (await desk.add())["secret"]
        new = (await desk.ask("rotate"))["secret"]
        assert new != old
        for secret in (old, new):
            desk.receiver.secret = secret
            assert (await desk.ask("test"))["is_delivered"]
            assert (await desk.shown())["id"] == desk.id
        async with desk.post.store.engine.connect() as conn:
            body = await store.endpoint(conn, desk.id)
        assert body and old not in str(body) and new not in str(body)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_after_a_restored_backup_the_receiver_gets_all_from_then_on(desk: Desk) -> None:
    async with desk.running():
        await desk.add(since="2000-01-01")
        await desk.grow(ONE)
        await until(lambda: len(desk.receiver.about(ONE)) == 2)
        async with desk.post.store.writing() as conn:
            cursor, reached = await store.position(conn, desk.id, "registry")
            await store.move(conn, desk.id, "registry", cursor.partition("-")[0] + "-" + "0" * 16, reached)
        await desk.grow(TWO)
        await until(lambda: len(desk.receiver.about(TWO)) >= 2 and len(desk.receiver.about(ONE)) >= 4)
        assert (await desk.shown())["reread"].startswith("registry ")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_after_a_restored_backup_all_that_waits_is_read_from_its_earliest_day(desk: Desk) -> None:
    desk.receiver.answer = lambda event: refusing(400)
    async with desk.running():
        await desk.add(since="2000-01-01")
        for id in (ONE, TWO, THREE):
            await desk.grow(id)
            await until(partial(desk.waits, id, 2))
        told = set(await desk.told())
    desk.receiver.answer = lambda event: GOOD
    async with desk.running():
        async with desk.post.store.writing() as conn:
            cursor, reached = await store.position(conn, desk.id, "registry")
            other = cursor.partition("-")[0] + "-" + "0" * 16
            await store.move(conn, desk.id, "registry", other, reached)
            await conn.execute(update(TABLES.held).values(cursor=other))
        await desk.ask("resume")
        await until(lambda: set(desk.receiver.about()) >= told)
        assert (await desk.shown())["reread"].startswith("registry ")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"url": "http://example.org/"}, "url"),
    ({"url": "https://u:p@example.org/"}, "url"),
    ({"url": "https://example.org/#x"}, "url"),
    ({"url": "ftp://example.org/"}, "url"),
    ({"url": "https://"}, "url"),
    ({"url": "https://[::1/"}, "url"),
    ({"url": "https://example.org:99999/"}, "url"),
    ({"types": ["registry.nothing.v1"]}, "types"),
    ({"types": ["inspection.draw.made.v1"]}, "types"),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_cannot_be_sent_to_is_refused_and_strangers_are_too(desk: Desk) -> None:
    async with desk.running():
        for wrong, field in REFUSED:
            asked = {"url": desk.receiver.url, **ASKED, **wrong}
            answer = await desk.http.post("/v1/endpoints", json=asked, headers=operator_headers(SECRET))
            assert refusal(answer, 422)[0]["field"] == field, wrong
        for name, value in (("division", "2"), ("division", "abc"), ("contact", ""), ("more", 1)):
            asked = {"url": desk.receiver.url, **ASKED, name: value}
            refusal(await desk.http.post("/v1/endpoints", json=asked, headers=operator_headers(SECRET)), 400)
        await desk.add()
        own, other = desk.receiver.secret, (await desk.add())["secret"]
        for method, path, token in (
            ("GET", "", ""),
            ("POST", "", own),
            ("GET", f"/{desk.id}", own),
            ("POST", f"/{desk.id}/pause", other),
            ("GET", f"/{desk.id}/undelivered", ""),
            ("GET", "/w-none", own),
            ("POST", f"/{desk.id}/rotate", own),
            ("GET", "", own),
        ):
            headers = {"Authorization": f"Bearer {token}"}
            refusal(await desk.http.request(method, f"/v1/endpoints{path}", json=ASKED, headers=headers), 401)


RUBBISH = {401: b"{}", 409: b"{}", 503: b"", 200: b'{"events":[{"id":"\xff"}],"after":"","end":true}'}


@pytest.mark.parametrize("status", RUBBISH)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_an_operator_reads_which_service_cannot_be_read(
    desk: Desk, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[httpx.Request] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        await asyncio.sleep(0)  # As a network would, let others go on.
        return httpx.Response(status, content=RUBBISH[status])

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as wrong:
        with monkeypatch.context() as away:
            away.setattr(desk, "client", wrong)
            async with desk.running():
                await until(lambda: asked)
                await asyncio.sleep(0.5)
                assert "registry answers" in (await desk.http.get("/health")).json()["feeds"]
                assert len(asked) < 20  # It waits in between.
    async with desk.running():
        assert (await desk.http.get("/health")).json()["feeds"] == "ok"


async def test_a_receivers_cookies_are_not_kept() -> None:
    async with receiving() as receiver:
        sender = Sender({"127.0.0.1"}, [ip_network("127.0.0.0/8")], 5)
        receiver.agrees = refusing(200, "set-cookie: a=b", "webhook-allowed-origin: zhucun")
        assert (await sender.allows(receiver.url, "zhucun")).is_delivered
        assert not list(sender._http.cookies.jar)
        await sender.aclose()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_courier_that_is_woken_as_it_is_stopped_stops(desk: Desk) -> None:
    async with desk.running():
        await desk.add()
        await desk.ask("pause")
        await asyncio.sleep(0.3)
        desk.post.employ(desk.id)
        async with asyncio.timeout(20):
            await desk.post.stop()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_service_that_is_away_holds_back_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.sources = {"dispatch": "http://away", "registry": "http://service"}  # At first both are the same one.
    desk.receiver.answer = lambda event: refusing(400) if event["subject"] == ONE else GOOD
    async with desk.running():
        await desk.add(since="2000-01-01")
        await desk.grow(ONE)
        await until(lambda: desk.waits(ONE, 2 * 2))
    desk.receiver.answer = lambda event: GOOD
    mounts = {"all://away": httpx.AsyncHTTPTransport()}  # A name that nobody has.
    async with httpx.AsyncClient(transport=desk.client._transport, mounts=mounts) as desk.client, desk.running():
        await until(lambda: "dispatch" in desk.post.away)
        await desk.grow(TWO)
        await until(lambda: desk.receiver.about(TWO))
        assert "dispatch" in {event["source"] for event in await desk.shown(f"/undelivered?about={ONE}")}


async def test_a_service_that_is_back_is_well_although_it_has_nothing_to_tell(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.webhooks.courier.AGAIN", 0.05)
    monkeypatch.setattr("services.webhooks.courier.WAIT", 1)
    async with desk.running(), httpx.AsyncClient(mounts={"all://service": httpx.AsyncHTTPTransport()}) as nobody:
        await desk.add()
        await until(lambda: desk.post.is_idle(desk.id))
        feeds = desk.post.feeds
        there, feeds._http = feeds._http, nobody
        await until(lambda: desk.post.away)
        monkeypatch.setattr("services.webhooks.courier.WAIT", 50)
        feeds._http = there
        await until(lambda: not desk.post.away)


@pytest.mark.parametrize("path", ["w%00", "w/undelivered?about=%00", "w/resend"])
async def test_a_text_that_no_database_takes_is_refused(desk: Desk, path: str) -> None:
    async with desk.running():
        method = "POST" if path.endswith("resend") else "GET"
        url, headers = f"/v1/endpoints/{path}", operator_headers(SECRET)
        refusal(await desk.http.request(method, url, json={"about": "\0"}, headers=headers), 400)


async def test_when_one_of_several_fails_the_others_are_stopped() -> None:
    done = list[int]()

    async def work(number: int) -> int:
        if number == 2:
            raise OSError("broken")
        await asyncio.sleep(0.05 * number)
        done.append(number)
        return number

    assert await courier.together(work(number) for number in (0, 1)) == done == [0, 1]
    with pytest.raises(OSError, match="broken"):
        await courier.together(work(number) for number in (1, 2, 3))
    await asyncio.sleep(0.2)
    assert done == [0, 1]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_under_another_secret_of_the_installation_nothing_is_sent_and_the_operator_is_told(desk: Desk) -> None:
    """As when a database was restored beside another secret: its receiver would believe no signature."""
    async with desk.running():
        await desk.add(since="2000-01-01")
        await desk.grow(ONE)
        await until(lambda: len(desk.receiver.about(ONE)) == 2)
    former, desk.secret = desk.receiver.secret, b"another"
    async with desk.running():
        await desk.grow(TWO)
        await asyncio.sleep(0.5)
        assert not desk.receiver.about(TWO)
        said = (await desk.http.get("/health")).json()["secret"]
        assert desk.id in said and "安装密钥不是原来的" in said and "zhucun webhook rotate" in said
        (shown,) = (await desk.http.get("/v1/endpoints", headers=operator_headers(desk.secret))).json()
        assert shown["zh"] in said and shown["error"] in said
        own = await desk.http.get(f"/v1/endpoints/{desk.id}", headers={"Authorization": f"Bearer {former}"})
        assert "installation's secret is not the former one" in refusal(own, 503)[0]["en"]
        tried = await desk.http.post(f"/v1/endpoints/{desk.id}/test", json={}, headers=operator_headers(desk.secret))
        refusal(tried, 503)
    desk.secret = SECRET
    async with desk.running():
        await until(lambda: len(desk.receiver.about(TWO)) == 2)
        assert (await desk.http.get("/health")).json()["secret"] == "ok"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_where_the_installations_secret_is_lost_a_receiver_gets_another_and_what_waits(desk: Desk) -> None:
    async with desk.running():
        former = (await desk.add(since="2000-01-01"))["secret"]
        await desk.grow(ONE)
        await until(lambda: len(desk.receiver.about(ONE)) == 2)
    desk.secret = b"another"
    async with desk.running():
        await desk.grow(TWO)
        desk.receiver.secret = (await desk.ask("rotate"))["secret"]
        await until(lambda: len(desk.receiver.about(TWO)) == 2)
        assert (await desk.http.get("/health")).json()["secret"] == "ok"
        own = await desk.http.get(f"/v1/endpoints/{desk.id}", headers={"Authorization": f"Bearer {former}"})
        refusal(own, 401)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_an_endpoint_of_an_earlier_version_belongs_to_the_secret_with_which_it_is_found(desk: Desk) -> None:
    async with desk.running():
        await desk.add(since="2000-01-01")
        async with desk.post.store.writing() as conn:
            found = await store.endpoint(conn, desk.id)
            assert found
            await store.save(conn, msgspec.structs.replace(found, mark=""))
    for secret, said in ((SECRET, "ok"), (b"another", desk.id)):
        desk.secret = secret
        async with desk.running():
            assert said in (await desk.http.get("/health")).json()["secret"]
