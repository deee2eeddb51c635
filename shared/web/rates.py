"""How often somebody may ask. This is counted in memory, in the same way in every process.

A caller is counted by his pseudonym. Whoever shows no valid token is counted by his address. The installation's own
processes are never counted.
"""

import math
import time
from collections.abc import Callable
from typing import Final

from shared.denied import Denied

A_MINUTE: Final = 600
"""Requests of one caller in a minute, unless the installation sets another number."""
FAILURES: Final = 30
"""Invalid tokens from one address in a minute. After more of them, an invalid token is answered with a time to wait. A
valid one is always accepted: all in an office may have one address, and a neighbour's program must keep nobody out."""
MOST_KNOWN: Final = 10_000
"""Callers and addresses that are counted at the same time, so that invented ones cannot fill the memory."""


def worded(zh: str, en: str, after: int) -> tuple[str, str]:
    """A refusal in both languages: what is too much, and after how many seconds to try again."""
    return (
        f"{zh}，请在 {after} 秒后重试（命令、填报表用原请求编号）",
        f"{en}; try again after {after} second{'s' * (after > 1)}, a command or a form with the same key",
    )


class Rate:
    """Allows each of many names something so many times a minute. A name that was idle for a minute may do all of these
    at once."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each, self._clock = 60 / a_minute, clock
        self._until: dict[str, float] = {}
        """By name: the time until which the requests so far would have lasted at an even pace."""

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
        """Forget names that have been idle. If too many are left, forget those that were counted longest ago, which may
        then do more than others."""
        self._until = {name: until for name, until in self._until.items() if until > now}
        while len(self._until) > MOST_KNOWN * 0.9:
            del self._until[next(iter(self._until))]


class Limits:
    """The limits of one process."""

    def __init__(
        self, a_minute: int = A_MINUTE, clock: Callable[[], float] = time.monotonic, failures: int = FAILURES
    ) -> None:
        self.requests, self.failures = Rate(a_minute, clock), Rate(failures, clock)

    def refusal(self, zh: str, en: str, after: int) -> Exception:
        """The refusal of what is too much, said in Chinese and English, with the seconds to wait."""
        return Denied("limit", *worded(zh, en, after), status=429, after=after)

    def require(self, name: str) -> None:
        """Count a request. Refuses (429) who asks too often."""
        if after := self.requests.wait(name):
            raise self.refusal("请求过于频繁", "too many requests", after)
        self.requests.note(name)

    def require_known(self, shown: str, address: str) -> None:
        """Count somebody who is not known, by his address, whether he shows an invalid token or none."""
        if shown:
            self.require_trust(address)
        else:
            self.require(address)

    def require_trust(self, address: str) -> None:
        """Count an invalid token. Refuses (429) an address that has shown too many."""
        if after := self.failures.wait(address):
            raise self.refusal("无效令牌过多", "too many invalid tokens", after)
        self.failures.note(address)
