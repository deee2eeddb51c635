"""A browser, what it finds wrong with a page, and pictures of pages."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support import texts

CHROMIUM: Final = shutil.which("chromium") or ""
NONE: Final = (
    "本机没有 chromium，未在浏览器中检查网页：请安装（apt-get install chromium）后重试 / there is no chromium on this "
    "machine, so that the pages were not looked at in a browser: install it (apt-get install chromium)"
)
WITHIN: Final = 90_000
"""Milliseconds within which anything on a page comes about, also on a machine that is busy with other tests."""
expect.set_options(timeout=WITHIN)
SIZES: Final = {"desk": (1366, 768), "phone": (390, 844)}
_ARGUMENTS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

_UNSEEN: Final = """() => [...document.querySelectorAll("a, button, input, select, textarea, summary, [tabindex='0']")]
    .filter(one => one.checkVisibility() && !one.disabled)
    .filter(one => (one.focus(), document.activeElement === one && getComputedStyle(one).outlineStyle === "none"))
    .map(one => one.outerHTML.slice(0, 200))"""


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A browser, closed at the end."""
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*_ARGUMENTS])
        yield found
        await found.close()


async def page(of: Browser, size: str, lang: str, url: str) -> Page:
    """An empty page of this size for a reader of this language at the console of this address.

    `page.faults` lists what the browser complains of: errors of scripts, and what the content policy forbids.
    """
    width, height = SIZES[size]
    context = await of.new_context(viewport={"width": width, "height": height}, locale={"zh": "zh-CN"}.get(lang, "en"))
    await context.add_cookies([{"name": "zhucun_language", "value": lang, "url": url}])
    context.set_default_timeout(WITHIN)
    found = await context.new_page()
    faults: list[str] = []
    found.faults = faults  # type: ignore[attr-defined]
    found.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    found.on("pageerror", lambda error: faults.append(str(error)))
    return found


def _axe() -> str:
    spec = find_spec("axe_playwright_python")
    assert spec and spec.submodule_search_locations
    return (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text("utf-8")


async def barriers(of: Page) -> list[str]:
    """What keeps people with disabilities out of a page (WCAG 2.2 AA), as far as axe finds it."""
    await of.evaluate(f"() => {{ {_axe()} }}")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found: dict[str, Any] = await of.evaluate("tags => axe.run({runOnly: tags})", tags)
    return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]


def untold(text: str, lang: str) -> list[str]:
    """What in the text of a page is of no language that its reader knows, each with its line: codes, days as programs
    write them, and words of the other language that are nobody's name."""
    wrong = texts.faults if lang == "zh" else texts.english_faults
    return [f"{one}: {line}" for line in text.splitlines() for one in wrong(line)]


async def faults(of: Page, *, searched: bool) -> list[str]:
    """What is wrong with a page in its window: barriers if it is searched for them, content that must be scrolled
    sideways, and what does not show that it has the focus."""
    width, window = await widths(of)
    await of.keyboard.press("Tab")  # From now on the browser shows what has the focus.
    unseen: list[str] = await of.evaluate(_UNSEEN)
    return [
        *(await barriers(of) if searched else ()),
        *([f"{width} wide in a window of {window}"] if width > window else ()),
        *(f"does not show the focus: {html}" for html in unseen),
    ]


async def widths(of: Page) -> tuple[int, int]:
    """How wide the content is, and the window: a page that is wider must be scrolled sideways."""
    width, window = await of.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return width, window
