"""What the compose test says of one thing that it looked at."""

from typing import NamedTuple


class Line(NamedTuple):
    """One line of the result."""

    zh: str
    en: str
    seen: str
    passed: bool


def failed(zh: str, en: str, error: Exception) -> Line:
    """The line of something that could not be done, with the end of what was said."""
    return Line(zh, en, str(error)[-1500:], False)
