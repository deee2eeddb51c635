"""Takes the pictures in docs/console anew: `python -m tests.console.browser`, or `… FOLDER` to put them elsewhere."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from tests.console.browser import look, pictures
from tests.console.county import County, county


async def main(folder: Path) -> None:
    """Take the pictures of a county that is made for them."""
    with tempfile.TemporaryDirectory() as data:
        async with county(Path(data) / "county") as of:
            await take(folder, of)


async def take(folder: Path, of: County) -> None:
    """Pictures of each page of a county in both languages, and what stands on them."""
    outlines: dict[str, list[str]] = {}
    async with look.browser() as browser:
        for lang in ("zh", "en"):
            async for name, page in pictures.shown(browser, of, lang):
                (folder / f"{name}.webp").write_bytes(await pictures.picture(page))
                outlines[name] = await pictures.outline(page)
    text = msgspec.json.format(msgspec.json.encode(outlines), indent=1)
    (folder / "outlines.json").write_bytes(text + b"\n")


NO_FONT = "no font here has Chinese characters, which pictures would show as boxes: apt-get install fonts-noto-cjk"

if __name__ == "__main__":
    if not subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=True).stdout:
        sys.exit(NO_FONT)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else pictures.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(folder))
