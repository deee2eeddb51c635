"""Every page of the console on a real county, in a browser: both languages, both sizes, the keyboard, and axe."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser

from deploy.local.supervisor import System
from tests.console.browser import look

PAGES = (
    "/day", "/acts", "/act/registry/units", "/operations", "/forms", "/forms?all=true", "/forms/registry/villages",
    "/me", "/start", "/policy/2105", "/policy/", "/nowhere", "/overview/china", "/villages",
    "/start/pack", "/start/pack?pack=zunyi", "/start/demo", "/drafts", "/away/zh",
    "/campaigns", "/cases",
    "/units", "/teams", "/forms/handed-in",
)  # fmt: skip
"""The pages that need no village."""
REFUSED = {"/nowhere": 404, "/act/registry/units": 409}
"""Those that say what is missing: a page, and a pack for the choices of a form."""

pytestmark = pytest.mark.skipif(not look.CHROMIUM and not os.environ.get("CI"), reason=look.NONE)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A running installation, in which nobody is asked who he is."""
    folder = tmp_path_factory.mktemp("console")
    loop = asyncio.new_event_loop()
    system = System(folder / "data", console=True, kind="real")

    async def begun() -> None:
        await system.__aenter__()
        await system.ready(300)

    loop.run_until_complete(begun())
    yield system
    loop.run_until_complete(system.__aexit__())
    loop.close()


@pytest.fixture
def county(installation: System) -> str:
    """The address of its console."""
    return installation.url("console")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    assert look.CHROMIUM, look.NONE
    async with look.browser() as found:
        yield found


@pytest.mark.parametrize(("lang", "size"), [("zh", "desk"), ("en", "phone")])
async def test_every_page_is_sound(county: str, browser: Browser, size: str, lang: str) -> None:
    """No barrier, no error of a script, nothing that the policy forbids, no sideways scrolling, 100 kB at most."""
    page = await look.page(browser, size, lang, county)
    for path in PAGES:
        answer = await page.goto(county + path)
        assert answer and answer.status == REFUSED.get(path, 200), path
        assert len(await answer.body()) < 100_000, path
        assert await look.barriers(page) == [], path
        width, window = await look.widths(page)
        assert width <= window, f"{path} is {width} wide in a window of {window}"
        text = await page.inner_text("body")
        if lang == "zh":
            assert not re.search(r"[a-z]{3,}=|\bnull\b|\bNone\b", text), path
    told = [one for one in page.faults if not re.search("status of (404|409)", one)]  # type: ignore[attr-defined]
    assert told == []


async def test_an_empty_system_is_begun_without_the_command_line(county: str, browser: Browser, tmp_path: Path) -> None:
    page = await look.page(browser, "desk", "zh", county)
    await page.goto(f"{county}/start")
    await page.check("input[value=benxi]")
    await page.fill("input[name=organ]", "中共本溪市委、市政府，本委发〔2014〕1号")
    await page.click("main button")
    await page.wait_for_selector("text=已启用的区划")
    await page.click("main a[href='/policy/2105']")
    assert "本溪" in await page.inner_text("h1")
    assert "〔本溪市〕" in (await page.text_content("main") or ""), "each sentence says what it rests on"
    await page.goto(f"{county}/start/pack?pack=zunyi")
    await page.fill("[name='.name']", "演练市")
    await page.fill("[name='.effective_from']", "2014-06-01")
    await page.click("button[value='to.exit']")
    field = page.locator("main .field input").first
    good = await field.input_value()
    await field.fill("三")
    await page.click("button[value=check]")
    await page.wait_for_selector("input[aria-invalid=true]")
    await field.fill(good)
    await page.click("button[value=check]")
    await page.wait_for_selector("text=核对通过，可以启用")
    await page.fill("input[name=organ]", "中共演练市委，演发〔2014〕1号")
    await page.click("button[value=adopt]")
    await page.wait_for_selector("main a[href='/policy/5203']")
    await page.click("main a[href='/policy/5203']")
    assert "演练市" in await page.inner_text("h1")
    await page.goto(f"{county}/forms/registry/villages")
    async with page.expect_download() as got:
        await page.fill("main input[name=place]", "2105")
        await page.click("text=下载表格")
    file = tmp_path / "villages.xlsx"
    await (await got.value).save_as(file)
    await page.set_input_files("input[type=file]", file)
    await page.click("button[value=check]")
    await page.wait_for_selector("[role=alert] li, [aria-live] h2")


async def test_what_happens_elsewhere_shows_without_another_look(
    installation: System, county: str, browser: Browser
) -> None:
    """Somebody registers a village over HTTP while a page is open: its number comes by server-sent events."""
    page = await look.page(browser, "desk", "zh", county)
    for number in (1, 2):
        await page.goto(f"{county}/overview/2105")
        await page.evaluate("window.sameDocument = true")
        village = {
            "place": "210521",
            "village": f"21052110020{number}",
            "name": f"石桥{number}村",
            "township": "碱厂镇",
            "population": 900,
            "listed": False,
        }
        async with httpx.AsyncClient(base_url=installation.url("registry"), timeout=60, trust_env=False) as http:
            answer = await http.post(
                "/v1/villages", json=[village], headers={"Idempotency-Key": f"live-village-{number}"}
            )
            assert answer.status_code == 200, answer.text
        await page.wait_for_selector(f".cards .figure:has-text('{number}')", timeout=60_000)
        assert await page.evaluate("window.sameDocument"), "the page was not loaded anew"
    assert page.faults == []  # type: ignore[attr-defined]


async def test_a_page_is_used_by_the_keyboard_alone(county: str, browser: Browser) -> None:
    page = await look.page(browser, "desk", "zh", county)
    await page.goto(f"{county}/operations")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip", "the first stop leads to the content"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
    await page.goto(f"{county}/operations")
    seen = []
    for _ in range(30):
        await page.keyboard.press("Tab")
        seen.append(await page.evaluate("document.activeElement.innerText || ''"))
        outlined = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outlined != "none", f"what has the focus does not show it: {seen[-1]}"
        if seen[-1] == "English":
            break
    await page.keyboard.press("Enter")
    await page.wait_for_selector("html[lang=en]")
    assert await page.inner_text("h1") == "Operations"


async def test_a_role_and_division_are_chosen_and_kept(county: str, browser: Browser) -> None:
    page = await look.page(browser, "desk", "zh", county)
    await page.goto(f"{county}/forms")
    await page.click("summary")
    await page.select_option("select[name=acting]", "inspection")
    await page.fill("input[name=place]", "2106")  # No pack of this installation names it.
    await page.click("details button")
    await page.wait_for_selector("summary:has-text('督查部门 区划2106')")
    assert page.url == f"{county}/forms"


async def test_a_form_is_got_and_handed_in_with_its_errors_in_place(
    county: str, browser: Browser, tmp_path: Path
) -> None:
    page = await look.page(browser, "desk", "zh", county)
    await page.goto(f"{county}/forms/registry/villages")
    wrong = tmp_path / "villages.csv"
    wrong.write_text("村\n清河村\n", "utf-8")
    await page.set_input_files("input[type=file]", wrong)
    await page.click("button[value=check]")
    await page.wait_for_selector("[role=alert] li")
    said = await page.inner_text("[role=alert]")
    assert "政策包" in said or "表头" in said, said
