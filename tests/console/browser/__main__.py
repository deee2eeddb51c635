"""Takes pictures of pages of a running console for docs/console: `python -m tests.console.browser ADDRESS PATH…`."""

import asyncio
import sys
from pathlib import Path

from tests.console.browser import look

FOLDER = Path("docs/console")


def name(path: str) -> str:
    """The name of a page's pictures: its path without what stands in it."""
    return path.partition("?")[0].strip("/").replace("/", "-") or "home"


async def main(url: str, paths: list[str]) -> None:
    """Pictures of each page in both languages, wide and narrow."""
    async with look.browser() as browser:
        for lang in ("zh", "en"):
            for size in look.SIZES:
                page = await look.page(browser, size, lang, url)
                for path in paths:
                    await page.goto(url + path)
                    await page.screenshot(path=FOLDER / f"{name(path)}.{lang}.{size}.png")
                await page.context.close()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(sys.argv[1].rstrip("/"), sys.argv[2:]))
