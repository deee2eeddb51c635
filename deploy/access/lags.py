"""How far subscribers on NATS are behind, as an operator sees it, and what they lose if nobody does anything."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from nats.aio.client import Client
from nats.js.api import ConsumerInfo

from deploy.access.grants import DURABLE
from shared import chinese, english
from shared.calendar import DAY
from shared.stream.bus import OPEN

LISTED_WITHIN: Final = 6.0
"""Seconds to wait for the list. A cluster waits four for a consumer that has no leader now, and leaves it out."""
PAGE: Final = 256
"""The most consumers of which the server tells at once."""
LATE: Final = DAY
"""How long events may wait for a subscriber before an operator is told."""


class Lag(NamedTuple):
    """How far one subscriber's consumer is behind."""

    name: str
    waiting: int
    """Events that it has not acknowledged."""
    read: datetime
    """When it acknowledged the latest; when it was made, if it has acknowledged none."""
    ends: datetime | None
    """When the server deletes the consumer and forgets its place, if it does not ask before; None if never."""

    @property
    def told(self) -> tuple[str, str]:
        """The lag in Chinese and English."""
        zh = f"待读 {self.waiting} 条，最近一次确认在{chinese.day(self.read.date())}"
        return zh, f"{self.waiting} events to read, the latest was acknowledged on {english.day(self.read.date())}"

    def alarm(self, now: datetime) -> tuple[str, str] | None:
        """What an operator should tell the subscriber, in Chinese and English."""
        if self.ends and now > self.read + (self.ends - self.read) / 2:
            at = self.ends
            return (
                f"订阅者的消费者“{self.name}”到{chinese.day(at.date())} {at:%H:%M}（UTC）仍不读取即被删除，"
                "其位置随之丢失，请通知对方",
                f"the consumer {self.name} is deleted on {english.day(at.date())} at {at:%H:%M} UTC, and its place "
                "with it, unless its subscriber reads before; tell him",
            )
        if self.waiting and now - self.read > LATE:
            days = (now - self.read).days
            return (
                f"订阅者的消费者“{self.name}”有 {self.waiting} 条待读，已 {days} 天没有确认，请与对方核对",
                f"{self.waiting} events wait for the consumer {self.name}, which has acknowledged none for {days} "
                "days; ask its subscriber",
            )
        return None


async def infos(client: Client) -> Mapping[str, ConsumerInfo]:
    """What the server says of each subscriber's consumer, by its name. Raises nats.errors.Error."""
    js, found = client.jetstream(timeout=LISTED_WITHIN), list[ConsumerInfo]()
    while len(found) % PAGE == 0:
        page = await js.consumers_info(OPEN, len(found))
        found += page
        if not page:
            break
    return {info.name: info for info in found if DURABLE.fullmatch(info.name)}


async def lags(client: Client) -> list[Lag]:
    """How far each subscriber's consumer is behind. Raises nats.errors.Error."""
    now = datetime.now(UTC)
    return [lag_of(info, now) for info in (await infos(client)).values()]


def alarms(found: Mapping[str, ConsumerInfo]) -> Mapping[str, str]:
    """By consumer, what an operator should know now."""
    now = datetime.now(UTC)
    said = {name: lag_of(info, now).alarm(now) for name, info in found.items()}
    return {name: f"{alarm[0]} · {alarm[1]}" for name, alarm in said.items() if alarm}


def lag_of(info: ConsumerInfo, now: datetime) -> Lag:
    """How far a consumer is behind."""
    floor, after = info.ack_floor, info.config.inactive_threshold
    read = (floor.last_active if floor else None) or info.created
    is_asking = bool(info.num_waiting)
    return Lag(
        info.name,
        (info.num_pending or 0) + (info.num_ack_pending or 0),
        now if is_asking else read.astimezone(UTC),
        read + timedelta(seconds=after) if after and not is_asking else None,
    )
