"""One attempt to deliver: what its answer means, and when the next one is due."""

from typing import Final

import msgspec

FIRST_WAIT, LONGEST_WAIT = 10.0, 4 * 3600.0
"""Seconds before the second attempt, and the most between two. Each wait is three times the one before."""
LONGEST_RETRY_AFTER: Final = 86_400.0
"""The most seconds that a receiver may ask us to wait."""
AWAY: Final = frozenset({0, 408, 429, 502, 503, 504})
"""Answers that speak of the endpoint and not of the event; 0 is no answer."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of an attempt."""

    status: int
    """The HTTP status, 0 if there was no whole answer."""
    error: str = ""
    """What is wrong, in English, for operators; empty for a delivery."""
    retry_after: float = 0.0
    zh: str = ""
    """What is wrong, in Chinese."""

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has taken the event."""
        return 200 <= self.status < 300 and not self.error

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants no more events at all."""
        return self.status == 410

    @property
    def is_away(self) -> bool:
        """Whether the endpoint as a whole does not answer, or asks to wait."""
        return self.status in AWAY


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An event that an endpoint has not taken yet. Its body is read again from its service when it is due."""

    number: int = 0
    """Its place in the queue; events about the same village go in this order."""
    source: str
    """The service, or its replica, that told it."""
    cursor: str
    """The cursor with which its service's feed gives a page that has it."""
    id: str
    subject: str
    """The village, or whatever else it is about."""
    type: str
    day: str
    """Its business day."""
    since: float
    """Since when it waits."""
    told: float = 0.0
    """When its service told it, in seconds since 1970."""
    attempts: int = 0
    next: float | None = 0.0
    """When the next attempt is due. None: it stands still until somebody sends it again."""
    error: str = ""
    """Why the latest attempt failed, in English."""
    zh: str = ""
    """The same in Chinese."""


def wait(failures: int, jitter: float) -> float:
    """Seconds until the next attempt after so many failures. `jitter`, from 0 to 1, spreads attempts by a quarter
    either way."""
    return float(min(FIRST_WAIT * 3 ** min(failures - 1, 20), LONGEST_WAIT)) * (0.75 + jitter / 2)


def put_off(held: Held, outcome: Outcome, now: float, jitter: float, patience: float) -> Held:
    """The event after a failed attempt. After `patience` seconds it stands still and is kept."""
    attempts = held.attempts + 1
    due = now + max(wait(attempts, jitter), outcome.retry_after)
    is_over = now - held.since >= patience
    return msgspec.structs.replace(
        held, attempts=attempts, error=outcome.error, zh=outcome.zh, next=None if is_over else due
    )


def retry_after(header: str, now: float, date: float | None) -> float:
    """Seconds that a Retry-After asks for: a number, or a `date` in seconds since 1970; 0 if it is neither."""
    asked = float(header) if header.isascii() and header.isdigit() and len(header) < 10 else (date or now) - now
    return min(max(asked, 0.0), LONGEST_RETRY_AFTER)


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """How far an endpoint is behind."""

    count: int = 0
    """Events that it has not taken, as far as they were counted."""
    is_more: bool = False
    """Whether there may be more than were counted."""
    day: str = ""
    """The business day of the oldest; empty if it lacks none."""
    since: float = 0.0
    """When the oldest was told, or began to wait, in seconds since 1970."""
    away: tuple[str, ...] = ()
    """The services that do not answer now, so that their part of the lag is not known."""

    def joined(self, other: "Lag") -> "Lag":
        """The lag of both together."""
        days = [day for day in (self.day, other.day) if day]
        times = [since for since in (self.since, other.since) if since]
        return Lag(
            count=self.count + other.count,
            is_more=self.is_more or other.is_more,
            day=min(days, default=""),
            since=min(times, default=0.0),
            away=(*self.away, *other.away),
        )
