"""The pages of a county at work, in a browser: they show what their pictures show, and keep nobody out."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.console.browser import look, pictures
from tests.console.county import PLACE, County, county

pytestmark = pytest.mark.skipif(not look.CHROMIUM and not os.environ.get("CI"), reason=look.NONE)


@pytest.fixture
async def played(tmp_path: Path) -> AsyncIterator[tuple[County, Browser]]:
    assert look.CHROMIUM, look.NONE
    async with county(tmp_path / "county") as of, look.browser() as browser:
        yield of, browser


async def test_the_pages_show_what_their_pictures_show_and_keep_nobody_out(played: tuple[County, Browser]) -> None:
    """What stands on each page is compared, and not how it is drawn, which differs with the fonts of a machine.

    Chinese pages are searched for barriers on a desk, English ones on a phone. Nothing is scrolled sideways on either.
    Then an officer keeps one proposal and has the others solved anew, by the keyboard alone.
    """
    of, browser = played
    outlines = json.loads((pictures.FOLDER / "outlines.json").read_text("utf-8"))
    seen, told = set[str](), list[str]()
    for lang in ("zh", "en"):
        async for name, page in pictures.shown(browser, of, lang):
            seen.add(name)
            if (outline := await pictures.outline(page)) != outlines.get(name):
                told.append(f"{name} shows otherwise: {[*set(outline) ^ set(outlines.get(name, ()))]}")
            if name.endswith("phone"):
                continue
            told += [f"{name}: {one}" for one in await look.faults(page, searched=lang == "zh")]
            await page.set_viewport_size({"width": look.SIZES["phone"][0], "height": look.SIZES["phone"][1]})
            told += [f"{name} on a phone: {one}" for one in await look.faults(page, searched=lang == "en")]
            if lang == "zh":
                text = await page.inner_text("main")
                assert not re.search(r"[a-z]{3,}=|\bnull\b|\bNone\b|代码“", text), name
            else:
                told += [f"{name} says {one}" for one in look.untold(await page.inner_text("main"), lang)]
    told += ["if that is meant, take the pictures anew with `python -m tests.console.browser`"] if told else []
    assert not told, "\n".join(told)
    assert {path.stem for path in pictures.FOLDER.glob("*.webp")} == seen == outlines.keys()
    await _keep_one_and_solve_the_rest(browser, of)


async def _keep_one_and_solve_the_rest(browser: Browser, of: County) -> None:
    page = await look.page(browser, "desk", "zh", of.url)
    page.on("dialog", lambda asked: asyncio.ensure_future(asked.accept()))
    await pictures.sign_in(page, of, "organisation")
    await page.goto(f"{of.url}/matchings/{PLACE}")
    await _reach(page, "input[name=kept]")
    await page.keyboard.press("Space")
    await _reach(page, "#trial button")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=撤销未锁定的1个村的建议")
    await _reach(page, "[name=reason]")
    await page.keyboard.type("按新情况重新生成")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=撤销未锁定的2个村的建议")
    assert page.faults == []  # type: ignore[attr-defined]


async def _reach(page: Page, selector: str) -> None:
    """Go on with the tabulator until this has the focus."""
    for _ in range(100):
        await page.keyboard.press("Tab")
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")
