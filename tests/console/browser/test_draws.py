"""Draws on the pages of a county that was played: recomputed by the page, and by the reader's browser."""

import asyncio
import json
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
from playwright.async_api import Browser, Page, Route

from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import Benxi
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from services.inspection.model.campaign import Campaign
from shared.draws import FAULTS, Register
from tests.console.browser import look
from tests.inspection.region import Region
from tests.inspection.strata import Q4, closed, drawn, invented, moved, planned, swapped, unreachable

DRAW = "2105-unannounced-2014-10-01"
UNTIL = date(2015, 1, 5)

pytestmark = pytest.mark.skipif(not look.CHROMIUM and not os.environ.get("CI"), reason=look.NONE)


class County(NamedTuple):
    """A played county: the address of its console, and its inspection's database."""

    url: str
    database: Path


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    folder = tmp_path_factory.mktemp("draws")
    loop = asyncio.new_event_loop()
    system = System(folder / "data", console=True, kind="demo")

    async def played() -> None:
        await system.__aenter__()
        await system.ready(300)
        story = Benxi(seed=1, villages=4)
        async with Simulation(system, story.policy) as simulation:
            await Officers(story, simulation).live(UNTIL, _nobody)
        async with httpx.AsyncClient(base_url=system.url("console"), trust_env=False) as console:
            for _ in range(300):
                page = (await console.get("/campaigns", params={"place": "2105"})).text
                if re.search(rf'href="/campaigns/{DRAW}".*?已结束', page, re.S):
                    return
                await asyncio.sleep(0.2)
        raise AssertionError("the console has not heard of the end of the draw")

    loop.run_until_complete(played())
    yield County(system.url("console"), system.folder.database("inspection"))
    loop.run_until_complete(system.__aexit__())
    loop.close()


async def _nobody(_day: date) -> None:
    """Nobody watches."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    assert look.CHROMIUM, look.NONE
    async with look.browser() as found:
        yield found


async def _verified(page: Page) -> tuple[str, list[str]]:
    """What the browser says of the draw: its verdict, and the faults that it shows."""
    button = page.locator("[data-proof] button")
    await button.wait_for()  # It is hidden until the script is there that it begins.
    await button.focus()
    await page.keyboard.press("Enter")
    said = page.locator("[data-said]:visible")
    await said.wait_for()
    shown = page.locator("[data-fault]:visible")
    faults = [str(await one.get_attribute("data-fault")) for one in await shown.all()]
    return str(await said.get_attribute("data-said")), faults


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", look.SIZES)
async def test_2_19_a_draw_is_recomputed_in_the_readers_browser(
    county: County, browser: Browser, size: str, lang: str
) -> None:
    page = await look.page(browser, size, lang, county.url)
    await page.goto(f"{county.url}/campaigns?place=2105")
    assert await look.barriers(page) == []
    await page.click(f'a[href="/campaigns/{DRAW}"]')
    await page.wait_for_selector("#proof")
    assert await page.locator("#proof ~ .note.good").count() == 1, "the page has recomputed it as well"
    assert await _verified(page) == ("holds", [])
    assert await look.barriers(page) == []
    width, window = await look.widths(page)
    assert width <= window
    if lang == "zh":
        text = await page.inner_text("main")
        assert not re.search(r"[a-z]{3,}=|\bnull\b|\bNone\b", text)
    else:
        assert look.untold(await page.inner_text("main"), lang) == []
    assert page.faults == []  # type: ignore[attr-defined]


def _other_village(of: dict[str, Any]) -> None:
    never = next(id for id in of["closed"]["frame"] if id not in of["closed"]["drawn"])
    of["closed"]["drawn"] = sorted([*of["closed"]["drawn"][1:], never])


def _other_share(of: dict[str, Any]) -> None:
    of["closed"]["seeds"]["inspection"] = "9f" * 32


def _other_day(of: dict[str, Any]) -> None:
    village = next(iter(of["closed"]["visits"]))
    of["closed"]["visits"][village] = "2014-10-02"


def _smaller_frame(of: dict[str, Any]) -> None:
    of["closed"]["frame"] = of["closed"]["frame"][1:]


def _late_hash(of: dict[str, Any]) -> None:
    of["hashes"][0]["on"] = of["closed"]["drawn_on"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("forge", [_other_village, _other_share, _other_day, _smaller_frame, _late_hash])
async def test_2_19_a_register_that_was_forged_on_its_way_is_seen_as_forged(
    county: County, browser: Browser, forge: Callable[[dict[str, Any]], None], lang: str
) -> None:
    page = await look.page(browser, "desk", lang, county.url)
    forged: dict[str, Any] = {}

    async def tampered(route: Route) -> None:
        forged.update(await (await route.fetch()).json())
        forge(forged)
        await route.fulfill(json=forged)

    await page.route("**/register", tampered)
    await page.goto(f"{county.url}/campaigns/{DRAW}")
    said, faults = await _verified(page)
    assert (said, faults) == ("fails", msgspec.convert(forged, Register).faults)
    assert faults
    assert FAULTS[faults[0]][lang == "en"] in await page.inner_text("[data-said=fails]")


@pytest.mark.parametrize(("locale", "holds"), [("zh-CN", "与登记一致"), ("en", "it holds")])
async def test_2_19_without_scripts_the_page_itself_recomputes_the_draw(
    county: County, browser: Browser, locale: str, holds: str
) -> None:
    context = await browser.new_context(java_script_enabled=False, locale=locale)
    page = await context.new_page()
    await page.goto(f"{county.url}/campaigns/{DRAW}")
    assert holds in await page.inner_text("main")
    assert not await page.locator("[data-proof] button").is_visible()
    assert f"zhucun verify-draw {DRAW}" in await page.inner_text("main")


def _registers() -> Iterator[Register]:
    """Draws with strata and a village out of reach, as they were and as frauds would have them."""
    region: Region = drawn(planned(30, key=range(8), poor=range(8, 16)))
    unreachable(region, next(village for village in region.villages[:8] if village in region.kept(Campaign, Q4).visits))
    end = closed(region)
    committed, hashes = region.commitments(Q4)
    whole = Register(committed=committed, hashes=tuple(hashes), closed=end)
    yield whole
    changes: tuple[dict[str, Any], ...] = (
        moved(end),
        {"strata": {}},
        swapped(end),
        invented(end),
        {"visits": {}},
        {"seeds": {}},
    )
    for change in changes:
        yield msgspec.structs.replace(whole, closed=msgspec.structs.replace(end, **change))
    yield msgspec.structs.replace(whole, hashes=whole.hashes[:1])
    yield msgspec.structs.replace(whole, hashes=(*whole.hashes, whole.hashes[0]))


async def test_2_19_the_browser_comes_to_the_same_as_the_command_line(county: County, browser: Browser) -> None:
    page = await look.page(browser, "desk", "zh", county.url)
    await page.goto(f"{county.url}/campaigns/{DRAW}")
    seen = set[str]()
    for register in _registers():
        told = json.loads(msgspec.json.encode(register))
        found = await page.evaluate("register => faultsOf(register)", told)
        assert found == register.faults
        seen |= {*found}
    assert seen >= {"strata", "next", "replaced", "days", "shares", "hashes", "drawn"}


async def test_2_19_a_journal_that_was_forged_afterwards_is_seen_as_forged(county: County, browser: Browser) -> None:
    """Somebody who has the database puts another village into the account of the draw. It stands last in this file."""
    with sqlite3.connect(county.database, timeout=60) as database:
        closed_ones = "type = 'inspection.campaign.closed.v1' AND body LIKE ?"
        (body,) = database.execute(f"SELECT body FROM outbox WHERE {closed_ones}", (f"%{DRAW}%",)).fetchone()
        envelope = json.loads(body)
        _other_village({"closed": envelope["data"]})
        database.execute(f"UPDATE outbox SET body = ? WHERE {closed_ones}", (json.dumps(envelope), f"%{DRAW}%"))
    page = await look.page(browser, "desk", "zh", county.url)
    await page.goto(f"{county.url}/campaigns/{DRAW}")
    assert FAULTS["drawn"][0] in await page.inner_text("#proof ~ .faults[role=alert]")
    assert await _verified(page) == ("fails", ["drawn"])
