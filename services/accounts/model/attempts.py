"""How long somebody who typed wrong passwords must wait.

They are counted by account and address, so that a stranger elsewhere locks nobody out. The wait doubles and has a
bound, so that whoever shares an address with the stranger, behind a proxy, is kept out for minutes, never for good.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

FREE: Final = 5
"""How many failures cost nothing: people mistype."""
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(minutes=15)
FORGOTTEN: Final = timedelta(hours=1)
"""After so long without a failure, counting begins anew."""


class Attempts(msgspec.Struct, frozen=True):
    """How often signing in failed in a row, and when it failed last."""

    failures: int = 0
    last: datetime | None = None


def wait(attempts: Attempts, now: datetime) -> timedelta:
    """How long nobody is let in yet, even with the right password. Attempts meanwhile do not prolong it."""
    if not attempts.last or attempts.failures < FREE:
        return timedelta()
    pause = min(SHORTEST * (1 << min(attempts.failures - FREE, 10)), LONGEST)
    return max(attempts.last + pause - now, timedelta())


def failed(attempts: Attempts, now: datetime) -> Attempts:
    """The count after another failure."""
    is_old = not attempts.last or now - attempts.last > FORGOTTEN
    return Attempts(1 if is_old else attempts.failures + 1, now)
