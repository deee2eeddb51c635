"""The packs that come with the program, in `packs/`."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from shared.policy import Policy, PolicyBook, kept_pack, parse_pack

FOLDER: Final = Path(__file__).parent / "packs"
FILES: Final = tuple(sorted(FOLDER.glob("*.toml")))


def content(name: str) -> dict[str, Any]:
    """What a pack says, by the name of its file, without what it extends."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


def shipped(name: str) -> Policy:
    """A pack by the name of its file, read over what it extends. Raises PolicyInvalid."""
    return parse_pack((FOLDER / f"{name}.toml").read_bytes(), base)


def base(jurisdiction: str, day: date) -> Policy | None:
    """The shipped pack of a jurisdiction that is in force on a day. None if there is none."""
    return _book().base(jurisdiction, day)


@cache
def _book() -> PolicyBook:
    book = PolicyBook()
    for path in FILES:
        book.adopt(kept_pack(content(path.stem)))
    return book
