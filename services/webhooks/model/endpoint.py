"""An endpoint: where a receiver takes events, which ones, and how it has answered so far."""

from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from services.webhooks.model.delivery import Outcome, wait
from shared.denied import Denied

Status = Literal["unconfirmed", "active", "paused", "standing", "gone"]
STATUSES: Final[dict[Status, tuple[str, str]]] = {
    "unconfirmed": ("待确认", "to be confirmed"),
    "active": ("正常", "active"),
    "paused": ("已暂停", "paused"),
    "standing": ("已停止重试", "stands still"),
    "gone": ("接收方已注销", "ended by its receiver"),
}
"""What each status is called. In all but `active`, events that come meanwhile wait."""
REFUSALS: Final = 3
"""So many new events refused one after the other mean that the endpoint is at fault, and not one of the events."""
OVERLAP: Final = 86_400.0
"""Seconds for which the secret before still signs after a rotation."""
MOST_SECRETS: Final = 5
"""Secrets that sign at the same time at most. Each adds a signature to every request."""


class NewEndpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked for."""

    url: Annotated[str, Meta(max_length=500)]
    division: Annotated[str, Meta(pattern=r"^([0-9]{2}){0,3}$(?!\n)")]
    """The first digits of the code of the division whose events are sent; empty for the whole country."""
    description: Annotated[str, Meta(min_length=1, max_length=200)]
    contact: Annotated[str, Meta(min_length=1, max_length=200)]
    """How to reach whoever answers for the receiver, such as the telephone of an office."""
    types: Annotated[tuple[Annotated[str, Meta(max_length=80)], ...], Meta(max_length=100)] = ()
    """The types of event; all open ones if there are none."""
    since: date | None = None
    """The business day with whose events it begins; without it, with what is new."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint. Times are seconds since 1970."""

    id: str
    asked: NewEndpoint
    status: Status = "unconfirmed"
    generation: int = 1
    """The number of its secret: each rotation makes the next."""
    old: tuple[float, ...] = ()
    """Until when each earlier secret is valid too, the newest first."""
    failures: int = 0
    """Failures in a row that count against the endpoint: no answer, or a new event refused."""
    failing_since: float = 0.0
    next: float = 0.0
    """Nothing is sent before this time."""
    delivered_at: float = 0.0
    error: str = ""
    """Why the latest attempt failed, in English. Empty once one has succeeded."""
    zh: str = ""
    """The same in Chinese."""
    owner: str = ""
    """The pseudonym of the subscriber who added it; empty if an administrator or the operator did."""
    mark: str = ""
    """Which secret of the installation its own was derived from. Empty for one that an earlier version has added."""
    reread: str = ""
    """Which service's journal was another one, and from which day its events were sent again. Empty if none was."""

    def valid(self, now: float) -> tuple[int, ...]:
        """The numbers of the secrets that are valid now, the newest first."""
        before = range(self.generation - 1, 0, -1)
        return (self.generation, *(number for number, until in zip(before, self.old, strict=False) if now < until))


def after(one: Endpoint, outcome: Outcome, now: float, jitter: float, patience: float, *, is_first: bool) -> Endpoint:
    """The endpoint after an attempt.

    A delivery ends all failures. 410 ends the endpoint. No answer, or one that asks to wait, is the endpoint's own
    failure: it rests, with growing waits. A refusal is at first the event's: only several new events refused one after
    the other let the endpoint rest. `is_first` is true for a new event. If an event that was tried before is refused
    again, that says nothing new. After `patience` seconds without a delivery it stands still until somebody resumes it.
    """
    replace = msgspec.structs.replace
    if outcome.is_delivered:
        return replace(one, failures=0, failing_since=0.0, next=0.0, delivered_at=now, error="", zh="")
    if outcome.is_gone:
        return replace(one, status="gone", error=outcome.error, zh=outcome.zh)
    if not (outcome.is_away or is_first):
        return one
    failures, since = one.failures + 1, one.failing_since or now
    changed = replace(one, failures=failures, failing_since=since, error=outcome.error, zh=outcome.zh)
    if outcome.is_away or failures >= REFUSALS:
        changed = replace(changed, next=now + max(wait(failures, jitter), outcome.retry_after))
    is_over = now - since >= patience and one.status == "active"
    return replace(changed, status="standing") if is_over else changed


def resumed(one: Endpoint) -> Endpoint:
    """The endpoint, active again, with its failures forgotten."""
    return msgspec.structs.replace(one, status="active", failures=0, failing_since=0.0, next=0.0, error="", zh="")


def rotated(one: Endpoint, now: float, *, at_once: bool) -> Endpoint:
    """The endpoint with another secret. Each one before is valid for a day after its own rotation.

    `at_once` ends the earlier ones now, since somebody else may know one. Raises Denied where too many are valid.
    """
    if not at_once and len(one.valid(now)) >= MOST_SECRETS:
        raise Denied(
            "webhooks",
            f"一天内最多换发 {MOST_SECRETS - 1} 次密钥，请明日再换，或令旧密钥立即失效（--at-once）",
            f"a secret is made anew {MOST_SECRETS - 1} times a day at most; wait until tomorrow, or end the old ones "
            "at once (--at-once)",
        )
    old = () if at_once else (now + OVERLAP, *one.old)[: MOST_SECRETS - 1]
    return msgspec.structs.replace(one, generation=one.generation + 1, old=old)
