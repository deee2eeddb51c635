"""What an officer writes without a network is kept in his browser, sent once, and told of; nobody else sends it."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import update

from services.console import sessions
from services.console.tables import TABLES
from shared.web import issuers
from tests.accounts import desk as accounts
from tests.console import desk as console
from tests.console.browser import look
from tests.registry.office import FIRST, Office, office

pytestmark = pytest.mark.skipif(not look.CHROMIUM and not os.environ.get("CI"), reason=look.NONE)
SURVEY: Final = f"/act/registry/surveys?about={FIRST.id}"
GRANTED: Final = {"role": "poverty_office", "division": "210521"}


class Field:
    """An officer called li with a browser in his language, at a console that reaches a registry."""

    def __init__(self, url: str, desk: console.Office, registry: Office, page: Page, lang: str) -> None:
        self.url, self.desk, self.registry, self.page, self.lang = url, desk, registry, page, lang

    def t(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en

    async def sign_in(self, page: Page, name: str = "li") -> None:
        await page.goto(f"{self.url}/me")
        await page.fill("input[name=name]", name)
        await page.fill("input[name=password]", accounts.GOOD)
        await page.click("button[type=submit], form button")
        await page.wait_for_url(f"{self.url}/me")
        await page.evaluate("navigator.serviceWorker.ready")

    async def write(self, page: Page, number: int, topic: int = 1) -> None:
        await page.fill("[name='f.number']", str(number))
        await page.select_option("[name='f.kind']", "座谈会")
        await page.select_option("[name='f.topic']", index=topic)
        await page.fill("[name='f.on']", "2014-06-12")

    async def away(self, is_away: bool) -> None:
        await self.page.context.set_offline(is_away)

    async def surveyed(self) -> int:
        """How many records the registry has of the village."""
        events = (await self.registry.get(f"/v1/journal/{FIRST.id}")).json()
        return sum(event["type"].startswith("registry.survey") for event in events)


@pytest.fixture(params=["zh", "en"])
async def field(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Field]:
    assert look.CHROMIUM, look.NONE
    port, services = console.free_port(), console.free_port()
    url = f"http://127.0.0.1:{port}"
    async with console.office(tmp_path, f"registry=http://127.0.0.1:{services}", url=url, granted=GRANTED) as desk:
        trusted = issuers.read(tmp_path / "issuers.toml", accounts.SECRET)
        database = f"sqlite+aiosqlite:///{tmp_path}/registry.sqlite3"
        async with office(database, secret=accounts.SECRET, issuers=trusted) as registry:
            await registry.register("villages", "units", "cadres")
            app: Any = registry.client._transport.app  # type: ignore[attr-defined]
            async with console.served(app, services), console.served(desk.app, port), look.browser() as browser:
                page = await look.page(browser, "phone", request.param, url)
                found = Field(url, desk, registry, page, request.param)
                await found.sign_in(page)
                await page.goto(url + SURVEY)
                yield found


async def told(page: Page, text: str) -> None:
    await expect(page.locator("#told")).to_contain_text(text)


async def count(page: Page, number: int) -> None:
    if number:
        await expect(page.locator("#drafts b")).to_have_text(str(number))
    else:
        await expect(page.locator("#drafts")).to_be_hidden()


async def test_what_is_submitted_without_a_network_is_sent_once_when_there_is_one(field: Field) -> None:
    page = field.page
    await field.write(page, 1)
    await field.away(True)
    await page.click("button[value=say]")
    await told(page, field.t("已存在本机，联网后自动提交", "this is kept on this device, and sent once there is one"))
    await count(page, 1)
    assert await page.input_value("[name='f.number']") == "1", "what was written stays where it is"
    await page.click("button[value=say]")
    await asyncio.sleep(1)
    await count(page, 1)
    await page.goto(f"{field.url}/villages")
    await expect(page.locator("h1")).to_have_text(field.t("没有网络", "There is no network"))
    await expect(page.locator("#draft-list li")).to_contain_text(
        field.t("录入摸底排查记录", "Record the baseline survey")
    )
    await page.goto(field.url + SURVEY)
    await field.write(page, 2)
    await page.click("button[value=say]")
    await count(page, 2)
    assert await field.surveyed() == 0
    other = await page.context.new_page()
    await other.goto(f"{field.url}/drafts")
    await field.away(False)
    await page.reload()
    await other.goto(f"{field.url}/drafts")
    await count(other, 0)
    await expect(other.locator("#draft-list li")).to_have_count(2)
    await expect(other.locator("#draft-list [data-state=sent]").last).to_be_visible()
    await expect(other.locator("#draft-list li").first).to_contain_text(field.t("已办理1项", "Done: 1"))
    assert await field.surveyed() == 2
    await page.goto(f"{field.url}/day")
    await count(page, 0)
    assert await field.surveyed() == 2


async def test_what_is_missing_is_told_before_it_is_kept(field: Field) -> None:
    """Without a network nobody else would say so, and whoever wrote it would have left the village by then."""
    page = field.page
    await field.write(page, 1)
    await page.fill("[name='f.on']", "")
    await field.away(True)
    await page.click("button[value=say]")
    assert await page.evaluate("document.activeElement.name") == "f.on", "the browser shows where something is missing"
    await count(page, 0)
    await page.fill("[name='f.on']", "2014-06-12")
    await page.click("button[value=say]")
    await count(page, 1)


async def test_what_arrived_without_an_answer_is_not_done_twice(field: Field) -> None:
    page = field.page
    await field.write(page, 1)

    async def unanswered(route: Any) -> None:
        await route.fetch()
        await route.abort()

    await page.context.route("**/act/registry/surveys", unanswered, times=1)
    await page.click("button[value=say]")
    await told(page, field.t("已存在本机", "kept on this device"))
    assert await field.surveyed() == 1
    await page.goto(f"{field.url}/drafts")
    await expect(page.locator("#draft-list [data-state=sent]")).to_be_visible()
    assert await field.surveyed() == 1


async def test_what_is_refused_is_told_opened_and_corrected(field: Field) -> None:
    page = field.page
    await field.write(page, 1)
    await page.fill("[name='f.number']", field.t("一", "one"))
    await field.away(True)
    await page.click("button[value=say]")
    await count(page, 1)
    await field.away(False)
    await page.goto(f"{field.url}/drafts")
    await expect(page.locator("#draft-list [data-state=refused]")).to_be_visible()
    await expect(page.locator("#draft-list li")).to_contain_text(field.t("没有办理", "Nothing was done"))
    await page.click(f"text={field.t('打开改正', 'Open and correct')}")
    await expect(page.locator("main [role=alert]")).to_contain_text(field.t("没有办理", "Nothing was done"))
    assert await page.input_value("[name='f.number'][aria-invalid=true]") == field.t("一", "one")
    assert await field.surveyed() == 0
    await page.fill("[name='f.number']", "1")
    await page.click("button[value=say]")
    await page.wait_for_selector(f"text={field.t('已办理1项', 'Done: 1')}")
    await count(page, 0)
    assert await field.surveyed() == 1


async def test_what_was_written_in_a_session_that_ended_is_sent_after_signing_in(field: Field) -> None:
    page = field.page
    await field.write(page, 1)
    async with field.desk.app.state.engine.begin() as conn:
        await conn.execute(update(TABLES.sessions).values(used=int(time.time()) - sessions.REST - 5))
    await page.click("button[value=say]")
    await told(page, field.t("会话已结束：已存在本机", "The session has ended: this is kept on this device"))
    assert await field.surveyed() == 0
    await page.click("#told a")
    if not page.url.startswith(field.url):
        await page.fill("input[name=name]", "li")
        await page.fill("input[name=password]", accounts.GOOD)
        await page.click("form button")
    await page.wait_for_url(f"{field.url}/drafts")
    await expect(page.locator("#draft-list [data-state=sent]")).to_be_visible()
    assert await field.surveyed() == 1


async def test_signing_out_warns_and_deletes(field: Field) -> None:
    page = field.page
    await field.write(page, 1)
    await page.context.route("**/act/registry/surveys", lambda route: route.abort())
    await page.click("button[value=say]")
    await count(page, 1)
    asked = list[str]()

    async def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        await (dialog.dismiss() if len(asked) == 1 else dialog.accept())

    page.on("dialog", answer)
    await page.click(".who summary")
    await page.click(f"text={field.t('退出', 'Sign out')}")
    asked_zh = "本机还有1份没有提交，退出后将删除。仍要退出？"
    asked_en = "1 are kept on this device unsent, and will be deleted. Sign out all the same?"
    assert asked == [field.t(asked_zh, asked_en)]
    await count(page, 1)
    await page.click(f"text={field.t('退出', 'Sign out')}")
    await page.wait_for_selector(f"h1:has-text('{field.t('已退出', 'Signed out')}')")
    await page.wait_for_load_state()
    assert await page.evaluate("kept.setting('owner')") == ""
    assert await page.evaluate("caches.has('forms')") is False, "no form is left on the device"
    left = await page.evaluate(
        "new Promise(done => { const opening = indexedDB.open('zhucun'); opening.onsuccess = () => {"
        " const all = opening.result.transaction('drafts').objectStore('drafts').getAll();"
        " all.onsuccess = () => done(all.result.length) } })"
    )
    assert left == 0


async def test_nobody_else_sees_or_sends_what_somebody_wrote(field: Field) -> None:
    page = field.page
    await field.write(page, 1)
    await field.away(True)
    await page.click("button[value=say]")
    await count(page, 1)
    kept = await page.evaluate("kept.setting('owner').then(owner => kept.of(owner))")
    said = str(kept)
    token = await page.get_attribute("main input[name=form]", "value")
    assert token and token not in said and "李" not in said, "neither a proof nor a name is kept"
    await page.evaluate(
        "(async () => { const [draft] = await kept.of(await kept.setting('owner'));"
        " await kept.put({...draft, owner: 'somebody else'}) })()"
    )
    await field.away(False)
    await page.goto(f"{field.url}/drafts")
    await expect(page.locator("#no-drafts")).to_be_visible()
    await count(page, 0)
    assert await field.surveyed() == 0


async def test_a_form_of_another_site_is_not_kept(field: Field) -> None:
    page = field.page
    owner = await page.get_attribute("#drafts", "data-owner")
    await page.goto(f"{field.desk.issuer}/.well-known/openid-configuration")
    await page.context.route(f"{field.url}/act/**", lambda route: route.abort())
    await page.evaluate(
        """([url, owner]) => {
            const form = document.createElement("form");
            form.method = "post"; form.action = url + "/act/registry/surveys";
            const said = {deed: "say", key: "key-of-another-site", "draft.owner": owner};
            for (const [name, value] of Object.entries(said)) {
                const field = document.createElement("input");
                [field.name, field.value] = [name, value];
                form.append(field);
            }
            document.documentElement.append(form); form.submit();
        }""",
        [field.url, owner],
    )
    await asyncio.sleep(1)
    await page.goto(f"{field.url}/drafts")
    await expect(page.locator("#no-drafts")).to_be_visible()
