"""Sessions: from a sign-in until the person signs out, is idle, or has been signed in for long."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

IDLE: Final = timedelta(minutes=30)
"""How long a session may rest. Access tokens are renewed every ten minutes while somebody works."""
LONGEST: Final = timedelta(hours=12)
MOST: Final = 10
"""How many sessions one account may have; the oldest ends when another begins."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in. Its refresh token changes at every use; `secret` is the hash of the one that holds."""

    id: str
    name: str
    secret: str
    client: str
    amr: tuple[str, ...]
    begun: datetime
    used: datetime


def ended(session: Session, now: datetime) -> bool:
    """Whether its time is over."""
    return now - session.used > IDLE or now - session.begun > LONGEST
