"""Which of the two languages a reader at the terminal gets, and texts in it."""

import os
from collections.abc import Sequence
from datetime import date, datetime

from shared import chinese, english


def reads_english() -> bool:
    """Whether the reader gets English. The first of LC_ALL, LC_MESSAGES and LANG that is set decides; else Chinese."""
    wanted = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return wanted.lower().startswith("en")


def told(zh: str, en: str) -> str:
    """The Chinese or the English text, as the reader wants."""
    return en if reads_english() else zh


def chosen(both: Sequence[str]) -> str:
    """The same for two texts that come as a pair, Chinese first."""
    return told(both[0], both[1])


def moment(at: datetime) -> str:
    """A day and the time of day, in the reader's language."""
    return f"{day(at.date())} {at:%H:%M}"


def day(on: date | None) -> str:
    """A day in the reader's language. Empty for None."""
    return told(chinese.day(on), english.day(on)) if on else ""
