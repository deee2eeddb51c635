"""The township officer's day and the inspector's, each in both languages: what waits, a form that is refused and
corrected, one that is written without a network, a file, and what came of it all."""

import os
import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from playwright.async_api import Browser, Page, expect

from deploy.demo.simulation import Simulation
from tests.console.browser import look, pictures
from tests.console.county import CITY, DRAW, PLACE, County, county

pytestmark = pytest.mark.skipif(not look.CHROMIUM and not os.environ.get("CI"), reason=look.NONE)
VILLAGES: Final = 4
EVE, DAY = date(2014, 11, 30), date(2014, 12, 1)
"""On this day the indicators of each village are to be measured, and the yearly campaign visits its first villages."""
MEASURED: Final = {"collective_income": "12000", "safe_water": "0.85", "hard_road": "0.9"}


class Officer(NamedTuple):
    """Somebody at his pages, in his language."""

    page: Page
    county: County
    lang: str

    def t(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en

    async def opens(self, path: str) -> None:
        await self.page.goto(self.county.url + path)
        await self.reads()

    async def reads(self) -> None:
        """Look at what stands on the page: nothing in it is of another language, a code, or wider than the window."""
        assert look.untold(await self.page.inner_text("main"), self.lang) == [], self.page.url
        assert await look.barriers(self.page) == [], self.page.url

    async def sees(self, where: str, zh: str, en: str) -> None:
        await expect(self.page.locator(where).filter(has_text=self.t(zh, en)).first).to_be_visible()
        await self.reads()

    async def due(self, kind: str) -> list[str]:
        """The links of what is due of a kind on my day, which says as many."""
        await self.opens(f"/day?kind={kind}")
        links: list[str] = await self.page.eval_on_selector_all(
            "main td a[href^='/act/'], main th a[href^='/act/']", "all => all.map(one => one.getAttribute('href'))"
        )
        if links:
            await self.sees("caption", f"共{len(links)}项", f"{len(links)} in all")
        else:
            await self.sees("main .empty", "没有", "othing")
        return links

    async def presses(self, deed: str) -> None:
        await self.page.click(f"button[value={deed}]")

    async def away(self, is_away: bool) -> None:
        await self.page.context.set_offline(is_away)


@pytest.fixture
async def played(tmp_path: Path) -> AsyncIterator[tuple[County, Browser]]:
    assert look.CHROMIUM, look.NONE
    async with county(tmp_path / "county", until=EVE, villages=VILLAGES) as of, look.browser() as browser:
        async with Simulation(of.system) as clock:
            await clock.pass_day(DAY)
        yield of, browser


async def test_each_day_is_the_same_in_both_languages(played: tuple[County, Browser]) -> None:
    of, browser = played
    for lang in ("zh", "en"):
        for who, day in (("township", _township), ("inspector", _inspector)):
            page = await look.page(browser, "phone", lang, of.url)
            await pictures.sign_in(page, of, who)
            await page.evaluate("navigator.serviceWorker.ready")
            await day(Officer(page, of, lang))
            told = [one for one in page.faults if "ERR_INTERNET_DISCONNECTED" not in one]  # type: ignore[attr-defined]
            assert [one for one in told if "status of 422" not in one] == []
            await page.context.close()


async def _township(one: Officer) -> None:
    """Measure a village's indicators with a figure that is none, then with the right ones; one without a network."""
    page, links = one.page, await one.due("registry/measurements")
    before = len(links)
    await _hands_in(one, before)
    await one.opens(links[0])
    for figure, text in MEASURED.items():
        await page.fill(f"[name='f.values.{figure}']", text)
    await page.fill("[name='f.values.safe_water']", "85")
    await page.fill("[name='f.drawn_from']", "2014")
    await one.presses("say")
    await one.sees("main [role=alert]", "没有办理", "Nothing was done")
    assert await page.input_value("[name='f.values.safe_water'][aria-invalid=true]") == "85"
    assert await page.input_value("[name='f.values.collective_income']") == MEASURED["collective_income"]
    await page.fill("[name='f.values.safe_water']", MEASURED["safe_water"])
    await one.presses("check")
    await one.sees("main [role=status]", "核对通过，尚未提交", "nothing stands against it")
    await one.presses("say")
    await one.sees("main", "已办理1项", "Done: 1")
    links = await one.due("registry/measurements")
    assert len(links) == before - 1
    await one.opens(links[0])
    for figure, text in MEASURED.items():
        await page.fill(f"[name='f.values.{figure}']", text)
    await one.away(True)
    await one.presses("say")
    await expect(page.locator("#told")).to_contain_text(one.t("已存在本机，联网后自动提交", "kept on this device"))
    await expect(page.locator("#drafts b")).to_have_text("1")
    await one.away(False)
    await one.opens("/drafts")
    await expect(page.locator("#draft-list [data-state=sent]")).to_be_visible()
    await one.sees("#draft-list li", "已办理1项", "Done: 1")
    assert len(await one.due("registry/measurements")) == before - 2


async def _hands_in(one: Officer, due: int) -> None:
    """Look for the form by which something is due, get it, and hand in a file with the wrong columns."""
    page = one.page
    await one.opens("/forms")
    form = "main li:has(a[href='/forms/registry/measurements'])"
    await one.sees(form, f"待办{due}项，已逐项列出", f"{due} due, each in a row")
    await one.opens("/forms/registry/measurements")
    async with page.expect_download() as got:
        await page.click(f"text={one.t('下载表格', 'Get the form')}")
    assert (await got.value).suggested_filename == "measurements.xlsx"
    await one.opens("/forms/registry/villages")
    file: Any = {"name": "villages.csv", "mimeType": "text/csv", "buffer": pictures.WRONG.encode()}
    await page.set_input_files("input[type=file]", file)
    await page.check("input[name=keep_good]")
    await one.presses("check")
    await one.sees("main", "有错误，没有登记", "Errors: nothing was applied")
    assert await page.is_checked("input[name=keep_good]"), "what was chosen stays"
    await one.opens("/forms/handed-in")
    await one.sees("main table", "只核对", "checked")


async def _inspector(one: Officer) -> None:
    """Visit a village without a network, with a day that is missing first and a score that is missing then; look at
    what is public of a draw that goes on, and at the village."""
    page, links = one.page, await one.due("inspection/visits")
    before = len(links)
    assert before, "a visit is due"
    await one.opens("/day?kind=inspection/visits")
    visited = re.search("[0-9]{12}", await page.locator("main tbody tr").first.inner_text())[0]  # type: ignore[index]
    await one.opens(links[0])
    await one.sees("main", "2014年12月1日年度考核", "the annual campaign of 1 December 2014")
    await page.check("input[type=checkbox] >> nth=0")
    await one.away(True)
    await one.presses("say")
    assert await page.evaluate("document.activeElement.name") == "f.on", "what is missing is shown before one leaves"
    await page.fill("[name='f.on']", DAY.isoformat())
    await one.presses("say")
    await expect(page.locator("#drafts b")).to_have_text("1")
    await one.away(False)
    await one.opens("/drafts")
    await expect(page.locator("#draft-list [data-state=refused]")).to_be_visible()
    await one.sees("#draft-list li", "本类督查应当打分", "score")
    await page.click(f"text={one.t('打开改正', 'Open and correct')}")
    await one.sees("main [role=alert]", "没有办理", "Nothing was done")
    await page.fill("[name='f.score'][aria-invalid=true]", "88")
    await one.presses("say")
    await one.sees("main", "已办理1项", "Done: 1")
    await expect(page.locator("#drafts")).to_be_hidden()
    assert len(await one.due("inspection/visits")) == before - 1
    await one.opens(f"/campaigns?place={CITY}")
    await page.click(f'a[href="/campaigns/{DRAW}"]')
    await one.sees("main section", "任何人都可以重算", "anybody can recompute them")
    await one.opens(f"/villages?place={PLACE}")
    await page.click(f"a[href='/villages/{visited}']")
    await one.sees("main td", "2014年12月1日年度考核", "after the annual campaign of 1 December 2014")
