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
    """A text with each ISO date in words. A date within an id, such as `2105-annual-2015-12-01`, stays as it is."""
    return _ISO.sub(lambda found: worded(found, day), text)
