"""How English sentences write days: 31 March 2015."""

import re
from datetime import date
from typing import Final

from shared.chinese import ISO, worded

_ISO: Final = re.compile(ISO, re.ASCII)


def day(on: date) -> str:
    """A day in words."""
    return f"{on.day} {on:%B %Y}"


def written(text: str) -> str:
    """A text with its days in words; those that are a part of an id stay."""
    return _ISO.sub(lambda found: worded(found, day), text)
