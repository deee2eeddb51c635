"""Signing in, staying signed in and signing out, at real accounts."""

import asyncio
import time
from collections.abc import AsyncIterator
from html import escape
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import typer
from sqlalchemy import select, update

from deploy.cli import commands
from services.console import sessions
from services.console.pages.operations import BY_COMMAND
from services.console.tables import TABLES
from tests.console.desk import URL, Office, office


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as found:
        yield found


async def test_whoever_signs_in_sees_the_page_that_he_wanted(desk: Office) -> None:
    browser = desk.browser()
    sent = await browser.get("/operations")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?to=%2Foperations")
    led = await desk.way(browser, "/operations")
    before = browser.cookie
    done = await browser.get(await desk.typed(led))
    assert done.headers["location"] == "/operations"
    assert browser.cookie != before, "who chose the cookie's value before has no session"
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
    page = (await browser.get("/operations")).text
    assert "县扶贫办" in page and "乡镇" in page


async def test_neither_pages_nor_addresses_nor_tables_have_a_token(desk: Office) -> None:
    browser = await desk.signed_in()
    async with desk.app.state.engine.connect() as conn:
        row = (await conn.execute(select(TABLES.sessions))).one()
    session = await desk.app.state.site.sessions.of(browser.cookie)
    said = "\n".join([str((await browser.get(path)).text) for path in ("/me", "/operations")]) + str(row)
    for secret in (session.kept.access, session.kept.refresh, session.kept.identity, browser.cookie):
        assert secret and secret not in said


async def test_another_browsers_sign_in_lets_nobody_in(desk: Office) -> None:
    theirs, mine = desk.browser(), desk.browser()
    back = await desk.typed(await desk.way(theirs))
    await desk.way(mine)
    done = await mine.get(back)
    assert done.status_code == 400 and "登录已过期" in done.text
    assert (await mine.get("/me")).status_code == 303


@pytest.mark.parametrize("wrong", ["state=forged&code=c", "", "state=forged&error=access_denied"])
async def test_a_forged_way_back_lets_nobody_in(desk: Office, wrong: str) -> None:
    browser = desk.browser()
    await desk.way(browser)
    assert (await browser.get(f"/callback?{wrong}")).status_code == 400
    assert (await browser.get("/me")).status_code == 303


async def test_a_way_back_serves_once(desk: Office) -> None:
    browser = desk.browser()
    back = await desk.typed(await desk.way(browser))
    assert (await browser.get(back)).status_code == 303
    assert (await browser.get(back)).status_code == 400


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_nobody_is_led_elsewhere(desk: Office, to: str) -> None:
    browser = desk.browser()
    done = await browser.get(await desk.typed(await desk.way(browser, to)))
    assert done.headers["location"] == "/"
    changed = await browser.post("/language", lang="en", to=to)
    assert changed.headers["location"] == "/"


async def test_a_form_of_another_site_does_nothing(desk: Office) -> None:
    browser = await desk.signed_in()
    other = await desk.signed_in()
    assert (await browser.http.post("/sign-out", data={})).status_code == 403
    assert (await browser.http.post("/sign-out", data={"form": "0" * 32})).status_code == 403
    elsewhere = await browser.http.post("/sign-out", data={"form": "x"}, headers={"origin": "https://evil.example"})
    assert elsewhere.status_code == 403
    shown = (await other.get("/me")).text
    proof = shown.partition('name="form" value="')[2][:32]
    assert (await browser.http.post("/sign-out", data={"form": proof})).status_code == 403, "another session's proof"
    assert (await browser.get("/me")).status_code == 200


@pytest.mark.parametrize("column", ["used", "begun"])
async def test_a_session_ends_with_rest_and_with_time(desk: Office, column: str) -> None:
    browser = await desk.signed_in()
    ago = {"used": sessions.REST, "begun": sessions.LONGEST}[column] + 5
    async with desk.app.state.engine.begin() as conn:
        await conn.execute(update(TABLES.sessions).values({column: int(time.time()) - ago}))
    assert (await browser.get("/me")).status_code == 303
    async with desk.app.state.engine.connect() as conn:
        assert (await conn.execute(select(TABLES.sessions))).all() == []


async def late(desk: Office, cookie: str) -> sessions.Session:
    """Have the access token of a session end now."""
    kept: sessions.Sessions = desk.app.state.site.sessions
    session = await kept.of(cookie)
    session.kept.until = time.time()
    await kept._keep(session.id, session.kept)
    return session


async def test_two_tabs_use_a_refresh_token_once(desk: Office) -> None:
    browser = await desk.signed_in()
    before = await late(desk, browser.cookie)
    pages = await asyncio.gather(*(browser.get("/me") for _ in range(8)))
    assert {page.status_code for page in pages} == {200}, "a second use would have ended the session at the accounts"
    after = await desk.app.state.site.sessions.of(browser.cookie)
    assert after.kept.refresh != before.kept.refresh
    await late(desk, browser.cookie)
    assert (await browser.get("/me")).status_code == 200


async def test_whoever_is_locked_is_out_when_his_token_ends(desk: Office) -> None:
    browser = await desk.signed_in()
    await late(desk, browser.cookie)
    async with desk.people.log.engine.begin() as conn:
        await conn.exec_driver_sql("DELETE FROM sessions")
    assert (await browser.get("/me")).status_code == 303


async def test_a_session_survives_accounts_that_are_away(desk: Office) -> None:
    browser = await desk.signed_in()
    session = await late(desk, browser.cookie)
    kept: sessions.Sessions = desk.app.state.site.sessions
    good, kept._http = kept._http, httpx.AsyncClient(transport=httpx.ASGITransport(_away))
    assert (await browser.get("/me")).status_code == 503
    kept._http = good
    assert (await browser.get("/me")).status_code == 200
    assert (await kept.of(browser.cookie)).id == session.id


async def _away(scope: object, receive: object, send: object) -> None:
    raise httpx.ConnectError("away")


async def test_signing_out_ends_it_here_and_at_the_accounts(desk: Office) -> None:
    browser = await desk.signed_in()
    cookie, session = browser.cookie, await desk.app.state.site.sessions.of(browser.cookie)
    assert "已退出" in (await browser.post("/sign-out")).text
    assert (await browser.get("/me")).status_code == 303
    browser.http.cookies.set("zhucun_console", cookie)
    assert (await browser.get("/me")).status_code == 303, "the old cookie opens nothing"
    assert (await desk.people.refresh(session.kept.refresh)).status_code == 400


async def test_a_stolen_table_is_nobodys_session(desk: Office) -> None:
    mine, theirs = await desk.signed_in(), await desk.signed_in()
    kept: sessions.Sessions = desk.app.state.site.sessions
    id = (await kept.of(mine.cookie)).id
    thief = desk.browser()
    thief.http.cookies.set("zhucun_console", id)
    assert (await thief.get("/me")).status_code == 303
    async with desk.app.state.engine.begin() as conn:  # Whoever can write the table moves one session's row to another.
        rows = (await conn.execute(select(TABLES.sessions))).all()
        of_mine = next(row.sealed for row in rows if row.id == id)
        await conn.execute(update(TABLES.sessions).where(TABLES.sessions.c.id != id).values(sealed=of_mine))
    assert (await theirs.get("/me")).status_code == 303


async def test_another_host_is_refused_and_https_has_a_secure_cookie(tmp_path: Path) -> None:
    async with office(tmp_path) as desk:
        elsewhere = await desk.browser("http://evil.example").get("/sign-in")
        assert elsewhere.status_code == 421 and "location" not in elsewhere.headers
        site = desk.app.state.site
        desk.app.state.site = site._replace(addresses=(URL, "https://zhucun.example"))
        asked = await desk.browser("https://zhucun.example").get("/sign-in")
        assert "Secure" in asked.headers["set-cookie"]
        assert "redirect_uri=https%3A%2F%2Fzhucun.example%2Fcallback" in asked.headers["location"]


async def test_every_answer_tells_browsers_to_store_nothing_and_run_nothing_of_others(desk: Office) -> None:
    browser = await desk.signed_in()
    for path in ("/me", "/nowhere", "/sign-in"):
        said = (await browser.get(path)).headers
        policy = said["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert "form-action 'self';" in policy
        assert said["cache-control"] == "no-store" and said["x-content-type-options"] == "nosniff"
    page = (await browser.get("/me")).text
    assert "<style" not in page and " style=" not in page and " onclick" not in page


async def test_the_kept_tokens_are_sealed(desk: Office) -> None:
    await desk.signed_in()
    async with desk.app.state.engine.connect() as conn:
        sealed = (await conn.execute(select(TABLES.sessions.c.sealed))).scalar_one()
    with pytest.raises(msgspec.MsgspecError):
        msgspec.json.decode(bytes.fromhex(sealed))


async def test_what_an_operator_does_at_a_terminal_stands_on_a_page_and_is_a_command(desk: Office) -> None:
    page = (await (await desk.signed_in()).get("/operations")).text
    cli: Any = typer.main.get_command(commands.app)
    for command, _, _ in BY_COMMAND:
        assert escape(command) in page
        found, name = cli, "zhucun"
        for name in command.split()[1:]:
            if not name.islower() or name.startswith("-"):
                break
            found = getattr(found, "commands", {}).get(name, found if "." in name else None)
            assert found, command
        given = {word for word in command.split() if word.startswith("--")}
        assert given <= {option for one in found.params for option in one.opts}, command


NOT_THERE = {
    "/nowhere": 404, "/act/nobody/nothing": 404, "/villages/1": 404, "/overview/abc": 404, "/me?stranger=1": 400,
    "/overview/11": 403, "/policy/2105": 503, "/forms/handed-in": 500,
}  # fmt: skip
"""Addresses that are answered by no page, each for another reason."""


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_page_that_says_what_went_wrong_knows_its_reader(desk: Office, lang: str) -> None:
    """It has his organ, role and pages, in his language, also where no page was reached, or a form was too old."""
    browser = await desk.signed_in()
    browser.http.cookies.set("zhucun_language", lang)
    async with desk.app.state.engine.begin() as conn:
        await conn.run_sync(TABLES.imports.drop)
    answers = [(status, await browser.get(path)) for path, status in NOT_THERE.items()]
    answers.append((405, await browser.http.post("/me", data={})))
    answers.append((403, await browser.http.post("/role", data={})))
    answers.append((421, await browser.get("/me", headers={"host": "elsewhere.example"})))
    for status, answer in answers:
        assert answer.status_code == status, answer.text
        assert f"县扶贫办 · {'乡镇' if lang == 'zh' else 'the township'}" in answer.text, answer.url
        assert ("我的工作" if lang == "zh" else "My day") in answer.text and "/sign-in" not in answer.text, answer.url
    assert "/sign-in" in (await desk.browser().get("/nowhere")).text, "nobody is taken for somebody"
