"""The packs that come with the program, in `packs/`."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from shared.policy import Policy, PolicyBook, kept_pack, parse_pack

FILES: Final = tuple(sorted((Path(__file__).parent / "packs").glob("*.toml")))


def shipped(name: str) -> Policy:
    """A pack by the name of its file, read over what it extends. Raises PolicyInvalid."""
    return parse_pack((FILES[0].parent / f"{name}.toml").read_bytes(), base)


def base(jurisdiction: str, day: date) -> Policy | None:
    """The shipped pack of a jurisdiction that is in force on a day. None if there is none."""
    return _book().base(jurisdiction, day)


@cache
def _book() -> PolicyBook:
    book = PolicyBook()
    for path in FILES:
        book.adopt(kept_pack(tomllib.loads(path.read_text("utf-8"))))
    return book
