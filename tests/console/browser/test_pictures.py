"""The pictures in docs/console show the pages as they are: headings, tables, fields, buttons, and how all looks."""

import json
import os
from pathlib import Path

import pytest

from tests.console.browser import look, pictures
from tests.console.county import county

pytestmark = pytest.mark.skipif(not look.CHROMIUM and not os.environ.get("CI"), reason=look.NONE)
MOST = 0.08
"""How much a page may differ from its picture from afar. Another font makes little of it."""


async def test_the_pictures_show_the_pages_as_they_are(tmp_path: Path) -> None:
    outlines = json.loads((pictures.FOLDER / "outlines.json").read_text("utf-8"))
    seen, told = set[str](), list[str]()
    async with county(tmp_path / "county") as of, look.browser() as browser:
        blank = await look.page(browser, "desk", "zh", of.url)
        for lang in ("zh", "en"):
            async for name, page in pictures.shown(browser, of, lang):
                seen.add(name)
                outline = await pictures.outline(page)
                if outline != outlines.get(name):
                    told.append(f"{name}: {[*set(outline) ^ set(outlines.get(name, ()))]}")
                kept = (pictures.FOLDER / f"{name}.webp").read_bytes()
                differs = await pictures.difference(blank, kept, await pictures.picture(page))
                if differs > MOST:
                    told.append(f"{name} looks otherwise: {differs:.3f}")
    assert told == [], "take them anew with `python -m tests.console.browser` if that is meant"
    assert {path.stem for path in pictures.FOLDER.glob("*.webp")} == seen == outlines.keys()
