"""Time runs out, processes end, people do things at once, and strangers send anything."""

import asyncio
import base64
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.accounts import signin, store
from services.accounts.model import totp
from services.accounts.tables import TABLES
from shared import migrations
from shared.engine.audit import AuditLog, Entry
from shared.engine.opening import open_engine
from shared.web.brief import MOST, Brief
from shared.web.rates import FAILURES
from tests.accounts.desk import ASKED, GOOD, Desk, opened

NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("begun", "used", "lives"),
    [
        (timedelta(hours=11, minutes=59), timedelta(minutes=29), True),
        (timedelta(hours=1), timedelta(minutes=30), False),
        (timedelta(hours=12), timedelta(minutes=1), False),
    ],
)
async def test_a_session_ends_with_rest_and_with_time(
    tmp_path: Path, begun: timedelta, used: timedelta, lives: bool
) -> None:
    async with opened(tmp_path) as desk:
        await desk.person(await desk.appoint("system", "sun", "孙立"), "li")
        token = (await desk.tokens("li"))["refresh_token"]
        async with desk.log.writing() as conn:
            kept = await store.session(conn, token.partition(".")[0])
            assert kept
            now = datetime.now(UTC) - timedelta(seconds=1)
            await store.keep(conn, msgspec.structs.replace(kept, begun=now - begun, used=now - used))
        assert (await desk.refresh(token)).is_success == lives


async def test_who_asks_too_often_waits_by_himself(tmp_path: Path) -> None:
    async with opened(tmp_path, requests_a_minute=3) as desk:
        shown = await desk.appoint("security", "sun", "孙立")

        async def ask(token: str) -> httpx.Response:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            return await desk.http.get("/v1/accounts", headers=headers)

        asked = [await ask(shown) for _ in range(4)]
        assert [answer.status_code for answer in asked] == [200, 200, 200, 429]
        assert asked[-1].json()["errors"][0]["rule"] == "limit" and 0 < int(asked[-1].headers["retry-after"]) <= 20
        operator = [await desk.http.get("/v1/accounts", headers=desk.operator_headers()) for _ in range(5)]
        assert [answer.status_code for answer in operator] == [200] * 5, "the installation itself is never counted"
        assert [(await ask("")).status_code for _ in range(4)] == [401] * 3 + [429]
        assert [(await ask("a.b.c")).status_code for _ in range(FAILURES + 1)] == [401] * FAILURES + [429]


async def test_an_account_has_ten_sessions_and_the_oldest_ends(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        await desk.person(await desk.appoint("system", "sun", "孙立"), "li")
        tokens = [(await desk.tokens("li"))["refresh_token"] for _ in range(11)]
        assert (await desk.refresh(tokens[0])).status_code == 400
        assert all([(await desk.refresh(token)).is_success for token in tokens[1:]])


async def test_a_restart_forgets_no_failure_and_no_session(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        await desk.person(await desk.appoint("system", "sun", "孙立"), "li")
        token = (await desk.tokens("li"))["refresh_token"]
        half = (await desk.step(name="li", password=GOOD, change=True)).json()["ticket"]
        for _ in range(5):
            await desk.step(name="li", password="Wrong-12345")
    async with opened(tmp_path) as desk:
        assert (await desk.step(name="li", password=GOOD)).status_code == 429
        assert (await desk.refresh(token)).is_success, "the keys and the session are those of before"
        assert (await desk.step(ticket=half, new="Xiayu-2015!!", again="Xiayu-2015!!")).status_code == 401


async def test_whoever_invents_names_leaves_others_their_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signin, "CROWD", 4)
    monkeypatch.setattr(signin, "OF_ADDRESS", 3)
    async with opened(tmp_path) as desk:
        await desk.person(await desk.appoint("system", "sun", "孙立"), "li")
        trying = [asyncio.create_task(desk.step(name=f"x{n}", password="Wrong-12345")) for n in range(6)]
        await asyncio.sleep(0.01)
        assert (await desk.step(desk.at("10.0.0.2"), name="li", password=GOOD)).is_success
        assert sorted(answer.status_code for answer in await asyncio.gather(*trying)) == [401] * 3 + [503] * 3
        assert (await desk.step(name="li", password=GOOD)).is_success, "whoever has left makes room"


async def test_who_is_locked_meanwhile_does_not_come_in(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        system = await desk.appoint("system", "sun", "孙立")
        security = await desk.appoint("security", "he", "何平")
        await desk.person(system, "li")
        half = (await desk.step(name="li", password=GOOD, change=True)).json()["ticket"]
        redirect = (await desk.step(name="li", password=GOOD)).json()["redirect"]
        await desk.post("/v1/accounts/li/lock", {}, security)
        assert (await desk.step(ticket=half, new="Xiayu-2015!!", again="Xiayu-2015!!")).status_code == 403
        assert (await desk.redeem(redirect)).json()["error"] == "invalid_grant"
        await desk.operator("/v1/accounts/sun/lock", {})
        assert (await desk.get("/v1/accounts", system)).status_code == 401, "an administrator's token ends at once"


async def test_no_ticket_or_code_outlives_the_password_or_factor_with_which_it_was_got(tmp_path: Path) -> None:
    """Who has stolen a password keeps nothing once another one is given, or the owner has set up a second factor."""
    async with opened(tmp_path) as desk:
        system = await desk.appoint("system", "sun", "孙立")
        await desk.person(system, "li")
        stolen = [(await desk.step(name="li", password=GOOD, change=True)).json()["ticket"] for _ in range(2)]
        enrols = (await desk.step(name="li", password=GOOD, enrol=True)).json()
        codes = [(await desk.step(name="li", password=GOOD)).json()["redirect"] for _ in range(2)]
        owner = (await desk.step(name="li", password=GOOD, enrol=True)).json()
        desk.phones["li"] = base64.b32decode(owner["secret"])
        assert (await desk.step(ticket=owner["ticket"], confirm=desk.code("li"))).is_success
        assert (await desk.step(ticket=stolen[0], new="Xiayu-2015!!", again="Xiayu-2015!!")).status_code == 401
        thief = totp.code(base64.b32decode(enrols["secret"]), int(time.time()) // totp.SECONDS)
        assert (await desk.step(ticket=enrols["ticket"], confirm=thief)).status_code == 401
        assert (await desk.redeem(codes[0])).json()["error"] == "invalid_grant"
        assert (await desk.post("/v1/accounts/li/password", {}, system)).is_success
        assert (await desk.step(ticket=stolen[1], new="Xiayu-2015!!", again="Xiayu-2015!!")).status_code == 401
        assert (await desk.redeem(codes[1])).json()["error"] == "invalid_grant"


async def test_what_an_administrator_does_while_somebody_signs_in_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        system = await desk.appoint("system", "sun", "孙立")
        security = await desk.appoint("security", "he", "何平")
        await desk.person(system, "li")
        roles = {"roles": [{"role": "county", "division": "210522"}]}
        for _ in range(5):
            await asyncio.gather(
                desk.step(name="li", password=GOOD),
                desk.post("/v1/accounts/li/roles", roles, security),
                desk.step(name="li", password=GOOD),
                desk.post("/v1/accounts/li/lock", {}, security),
            )
            one = next(one for one in (await desk.get("/v1/accounts", system)).json() if one["name"] == "li")
            assert one["roles"] == roles["roles"] and one["is_locked"]
            await desk.post("/v1/accounts/li/roles", {"roles": []}, security)
            await desk.post("/v1/accounts/li/unlock", {}, security)


async def test_one_refresh_token_used_at_once_serves_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        await desk.person(await desk.appoint("system", "sun", "孙立"), "li")
        token = (await desk.tokens("li"))["refresh_token"]
        answers = await asyncio.gather(*(desk.refresh(token) for _ in range(8)))
        assert sum(answer.is_success for answer in answers) == 1


async def test_two_people_who_take_one_name_at_once_get_one_account(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        system = await desk.appoint("system", "sun", "孙立")
        said = {"name": "li", "person": "李春梅", "organ": "县扶贫办"}
        answers = await asyncio.gather(*(desk.post("/v1/accounts", said, system) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


def test_the_migrated_database_is_that_of_the_code_and_keeps_the_log(database: str) -> None:
    migrations.upgrade("accounts", database)
    migrations.check("accounts", database)

    async def altered() -> None:
        engine = open_engine(database)
        with pytest.raises(DBAPIError, match="the audit log is kept"):
            try:
                log = AuditLog(engine, TABLES.audit)
                async with log.writing() as conn:
                    await log.append(conn, [Entry(who="", deed="sign-in")])
                    await conn.execute(text("DELETE FROM audit"))
            finally:
                await engine.dispose()

    asyncio.run(altered())


def test_what_is_kept_for_minutes_is_bounded_and_ends() -> None:
    late = Brief[int](-1)
    assert late.take(late.put(1)) is None
    full = Brief[int](60)
    keys = [full.put(number) for number in range(MOST + 1)]
    assert full.take(keys[0]) is None and full.take(keys[1]) == 1 and full.take(keys[1]) is None


ODD = (
    "", "\x00", "\ud800", "李", "%00", "' OR 1=1 --", "a" * 300, "../../x", "null", "[]", "{}", "-1", "1e400",
    "\r\nSet-Cookie: x=1", "basic", "Bearer", "==", "...", "eyJhbGciOiJub25lIn0.e30.", GOOD, "li", "zhucun-cli",
)  # fmt: skip
FIELDS = (
    *ASKED, "grant_type", "code", "refresh_token", "client_secret", "code_verifier", "name", "password", "ticket",
    "new", "again", "confirm", "change", "enrol", "id_token_hint", "after", "form", "person",
    "organ", "roles", "administers",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_that_is_sent_breaks_it(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with opened(tmp_path) as desk:
        await desk.appoint("system", "sun", "孙立")
        for _ in range(150):
            answer = await sent(desk, chance)
            assert answer.status_code < 500, (answer.request.method, answer.request.url, answer.text)
            assert answer.headers["cache-control"] == "no-store" and "x=1" not in answer.headers.get("set-cookie", "")
        async with desk.log.engine.connect() as conn:
            assert [one.name for one in await store.accounts(conn)] == ["sun"]


async def sent(desk: Desk, chance: random.Random) -> httpx.Response:
    """A request that nobody means well by."""
    method, path = chance.choice([*desk.app._routes])
    address = "/".join(path).replace("{name}", chance.choice(("sun", "nobody", "%2e%2e", "%00")))
    fields: dict[str, object] = {name: chance.choice(ODD) for name in chance.sample(FIELDS, chance.randrange(12))}
    if chance.random() < 0.5:
        fields = {**ASKED, **fields}
    if chance.random() < 0.3:
        fields["grant_type"] = chance.choice(("authorization_code", "refresh_token", "client_credentials"))
    safe = {name: str(value).encode("utf-8", "replace").decode() for name, value in fields.items()}
    headers = {"authorization": chance.choice(("Basic x", "Basic 5p2O", "Bearer x", "Bearer eyJ.e30.x", "Basic", ""))}
    query = safe if chance.random() < 0.3 else {}
    http = desk.at(f"10.2.0.{chance.randrange(250)}")
    how = chance.randrange(3)
    if method == "GET":
        return await http.get(address, params=safe, headers=headers)
    if how == 0:
        return await http.post(address, params=query, data=safe, headers=headers)
    if how == 1:
        typed: dict[str, object] = {name: chance.choice((value, 1, None, [], {}, True)) for name, value in safe.items()}
        return await http.post(address, params=query, json=typed, headers=headers)
    headers["content-type"] = chance.choice(
        ("application/json", "application/x-www-form-urlencoded", "text/plain", "é/x")
    )
    raw = chance.randbytes(chance.randrange(200))
    latin = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return await http.post(address, params=query, content=raw, headers=latin)
