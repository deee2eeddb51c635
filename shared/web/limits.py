"""How often somebody may ask, and what every answer tells a browser: limits and headers of a service.

A caller is counted by his pseudonym, whoever shows no valid token by his address. The installation's own processes are
never counted. Where nobody is asked who he is there are no limits: then only those reach the service who may do
everything in it.
"""

import math
import time
from collections.abc import Callable
from typing import Final

from litestar.types import Message, Scope

from shared.rules import Refused

A_MINUTE: Final = 600
"""Requests of one caller in a minute, unless the installation sets another number."""
FAILURES: Final = 30
"""Invalid tokens from one address in a minute. With more, they are told to wait. Valid ones are always taken: an office
may have one address for all, and nobody there is kept out by what a neighbour's program does."""
MOST_KNOWN: Final = 10_000
"""Callers and addresses that are counted at the same time, so that invented ones cannot fill the memory."""
IMPORTS: Final = 2
"""Files of one caller that are taken in at the same time."""


class TooMany(Refused):
    """Somebody asks too often. `after` is the number of seconds after which he may ask again."""

    def __init__(self, zh: str, en: str, after: int) -> None:
        super().__init__(
            "limit",
            f"{zh}，请在 {after} 秒后重试（命令、填报表用原请求编号）",
            f"{en}; try again after {after} second{'s' * (after > 1)}, a command or a form with the same key",
            status=429,
        )
        self.after = after


class Rate:
    """So many times a minute for each of many names. Who was idle for a minute may do as much at once."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each, self._clock = 60 / a_minute, clock
        self._until: dict[str, float] = {}
        """Until when what a name has done so far would take at an even pace."""

    def wait(self, name: str) -> int:
        """For how many seconds a name has to wait; 0 if not at all."""
        return max(0, math.ceil(self._until.get(name, 0) + self._each - self._clock() - 60))

    def note(self, name: str) -> None:
        """Count one time."""
        now = self._clock()
        self._until[name] = max(self._until.pop(name, 0), now) + self._each
        if len(self._until) > MOST_KNOWN:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Forget who has been idle; if nobody has, who was counted first, which does him no harm."""
        self._until = {name: until for name, until in self._until.items() if until > now}
        while len(self._until) > MOST_KNOWN * 0.9:
            del self._until[next(iter(self._until))]


class Limits:
    """The limits of one process."""

    def __init__(
        self, a_minute: int = A_MINUTE, clock: Callable[[], float] = time.monotonic, failures: int = FAILURES
    ) -> None:
        self.requests, self.failures = Rate(a_minute, clock), Rate(failures, clock)

    def require(self, name: str) -> None:
        """Count a request. Refuses (429) who asks too often."""
        if after := self.requests.wait(name):
            raise TooMany("请求过于频繁", "too many requests", after)
        self.requests.note(name)

    def require_trust(self, address: str) -> None:
        """Count an invalid token. Refuses (429) an address that has shown too many."""
        if after := self.failures.wait(address):
            raise TooMany("无效令牌过多", "too many invalid tokens", after)
        self.failures.note(address)


# -------------------------------------------------------------------- headers

_COMMON: Final = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
_POLICY: Final = b"content-security-policy"
_DATA: Final = [
    *_COMMON, (b"cache-control", b"no-store"),
    (_POLICY, b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
]  # fmt: skip
_PAGE: Final = [
    *_COMMON, (_POLICY, b"default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
               b"img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
]  # fmt: skip
"""The page at /docs runs its own scripts, and asks this service only."""


async def guarded(message: Message, scope: Scope) -> None:
    """Add to every answer what keeps browsers from storing it, guessing its type, or showing it within another page."""
    if message["type"] == "http.response.start":
        is_page = scope["path"] == "/docs" or scope["path"].startswith(("/docs/", "/docs-assets/"))
        message["headers"] = [*message["headers"], *(_PAGE if is_page else _DATA)]
