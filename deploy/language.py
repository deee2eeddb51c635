"""Which of the two languages a reader at the terminal wants."""

import os
from collections.abc import Sequence
from datetime import date, datetime

from shared import chinese, english


def reads_english() -> bool:
    """Whether LC_ALL, LC_MESSAGES or LANG, the first that is set, names English; everybody else reads Chinese."""
    wanted = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return wanted.lower().startswith("en")


def told(zh: str, en: str) -> str:
    """One thing in the reader's language."""
    return en if reads_english() else zh


def chosen(both: Sequence[str]) -> str:
    """One of two texts that came together, Chinese and English."""
    return told(both[0], both[1])


def moment(at: datetime) -> str:
    """A day and the time of day."""
    return f"{day(at.date())} {at:%H:%M}"


def day(on: date | None) -> str:
    """A day in the reader's language; nothing where there is none."""
    return told(chinese.day(on), english.day(on)) if on else ""
