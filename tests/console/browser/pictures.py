"""Pictures and outlines of every page in the demo county, kept in docs/console: who looks at what."""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page

from tests.accounts.desk import GOOD
from tests.console.browser import look
from tests.console.county import CITY, DRAW, PLACE, UNIT, County

FOLDER: Final = Path(__file__).parents[3] / "docs" / "console"
PAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "township": (
        "/day", "/acts", "/act/registry/surveys", "/forms", "/forms/registry/villages", "/forms/handed-in", "/drafts",
    ),
    "county": (
        f"/overview/{PLACE}", f"/villages?place={PLACE}", "/villages/{village}", f"/policy/{PLACE}",
        f"/units?place={PLACE}", f"/units/{UNIT}", f"/teams?place={PLACE}", "/forms/registry/villages#errors",
    ),
    "inspector": ("/act/inspection/visits", "/operations", f"/campaigns?place={CITY}", f"/campaigns/{DRAW}"),
    "organisation": ("/cases?finished=true", f"/matchings/{PLACE}", "/teams/{village}"),
    "cadre": ("/me", "/cases#mine"),
    "sun": ("/people", "/start", "/start/pack", "/start/demo"),
    "he": ("/people#security",),
    "": ("/away/{lang}",),
}  # fmt: skip
"""The pages by who looks at them; nobody has signed in for the last."""
ON_PHONES: Final = ("/day", "/act/registry/surveys", "/drafts", "/villages/{village}", "/me", "/cases#mine")
"""Those that are looked at on the way."""
WRONG: Final = """村代码,村名,乡镇,户籍人口,列入贫困村,列入文件,现属区划,人口变动原因
210521901901,上石村（虚构）,第1乡镇（虚构）,八百,是,本溪市贫困村名单（虚构文号）,,
21052190190,下石村（虚构）,第1乡镇（虚构）,640,也许,本溪市贫困村名单（虚构文号）,,
"""
"""A form of villages as somebody may hand it in who has not looked at it twice."""
QUALITY: Final = 40
_OUTLINE: Final = """() => [...document.querySelectorAll("main :is(h1, h2, h3, legend, thead th, label, button)")]
    .filter(one => one.checkVisibility()).map(one => one.innerText.split("\\n")[0].trim().slice(0, 40))
    .filter(Boolean)"""


def name(path: str) -> str:
    """The name of a page's pictures: its path without what stands in it. Behind `#` may stand what is done there."""
    return path.partition("?")[0].format(village="village", lang="").strip("/").replace("/", "-").replace("#", "-")


def wanted(paths: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The pictures of these pages: the path, and the size of the window."""
    for path in paths:
        yield path, "desk"
        if path in ON_PHONES:
            yield path, "phone"


async def shown(browser: Browser, county: County, lang: str) -> AsyncIterator[tuple[str, Page]]:
    """Each page as somebody sees it, with the name of its picture."""
    for who, paths in PAGES.items():
        page = await look.page(browser, "desk", lang, county.url)
        if who:
            await sign_in(page, county, who)
        for path, size in wanted(paths):
            width, height = look.SIZES[size]
            await page.set_viewport_size({"width": width, "height": height})
            await page.goto(county.url + path.format(village=county.village, lang=lang))
            await _do(page, path.partition("#")[2])
            yield f"{name(path)}.{lang}.{size}", page
        await page.context.close()


async def _do(page: Page, deed: str) -> None:
    """What somebody does on a page before the picture is taken: hands in a form with errors, or unfolds the roles of
    an account."""
    if deed == "errors":
        file: Any = {"name": "villages.csv", "mimeType": "text/csv", "buffer": WRONG.encode()}
        await page.set_input_files("input[type=file]", file)
        await page.click("button[value=check]")
        await page.wait_for_selector("main table")
    elif deed == "security":
        await page.click("#county summary")
        await page.evaluate("window.scrollTo(0, 0)")


async def sign_in(page: Page, county: County, who: str) -> None:
    """Sign in as one of the county's people. An administrator types the code of his second factor."""
    await page.goto(f"{county.url}/me")
    await page.fill("input[name=name]", who)
    await page.fill("input[name=password]", GOOD)
    if who in county.live.phones:
        await page.fill("input[name=code]", county.live.code(who))
    await page.click("form button")
    await page.wait_for_url(f"{county.url}/me")


async def picture(page: Page) -> bytes:
    """What is seen of a page, as WebP, which has a fourth of the size of PNG."""
    await page.bring_to_front()  # What was opened behind another page may not be drawn yet.
    session = await page.context.new_cdp_session(page)
    taken: dict[str, Any] = await session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    await session.detach()
    return base64.b64decode(taken["data"])


async def outline(page: Page) -> list[str]:
    """The headings, the heads of tables, the labels and the buttons of a page, in order."""
    found: list[str] = await page.evaluate(_OUTLINE)
    return list(dict.fromkeys(found))
