"""What is kept for minutes in memory alone, under a random key: authorization codes and half-finished sign-ins."""

import secrets
import time
from typing import Final, Generic, TypeVar

T = TypeVar("T")
MOST: Final = 10_000
"""How many things are kept at once. If there are more, the oldest are forgotten first."""


class Brief(Generic[T]):
    """Things that are taken once, and forgotten after some seconds. After a restart people sign in again."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._kept = seconds, dict[str, tuple[float, T]]()

    def put(self, thing: T, key: str = "") -> str:
        """Keep a thing. Returns the key under which it can be taken."""
        key = key or secrets.token_urlsafe(32)
        self._kept[key] = (time.monotonic() + self._seconds, thing)
        while len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        return key

    def take(self, key: str) -> T | None:
        """The thing under a key, which is forgotten by this. None if there is none, or if its time is over."""
        until, thing = self._kept.pop(key, (0.0, None))
        return thing if time.monotonic() < until else None
