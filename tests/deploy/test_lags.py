"""When an operator is told that a subscriber on NATS is behind, or about to lose its place."""

from datetime import UTC, datetime, timedelta

import pytest
from nats.js.api import ConsumerConfig, ConsumerInfo, SequenceInfo

from deploy.access.lags import Lag, lag_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def info(
    read: timedelta | None, threshold: timedelta | None = None, *, waiting: int = 0, asks: int = 0
) -> ConsumerInfo:
    """What the server says of a consumer that acknowledged so long ago, if ever; it was made ten days ago."""
    floor = SequenceInfo(1, 1, NOW - read) if read else SequenceInfo(0, 0)
    seconds = threshold.total_seconds() if threshold else None
    return ConsumerInfo(
        "liaoning-21", "ZHUCUN", ConsumerConfig(inactive_threshold=seconds), NOW - 10 * DAY, ack_floor=floor,
        num_pending=waiting, num_ack_pending=0, num_waiting=asks,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "alarm"),
    [
        (info(HOUR, waiting=5), ""),
        (info(3 * DAY), ""),
        (info(3 * DAY, waiting=5), "3 天没有确认"),
        (info(None, waiting=5), "10 天没有确认"),
        (info(3 * DAY, waiting=5, asks=1), ""),
        (info(HOUR, DAY), ""),
        (info(13 * HOUR, DAY), "2026年3月10日 23:00"),
        (info(13 * HOUR, DAY, waiting=5), "2026年3月10日 23:00"),
        (info(13 * HOUR, DAY, asks=1), ""),
        (info(13 * HOUR, 2 * DAY), ""),
    ],
)
def test_an_operator_is_told_of_who_does_not_read_and_before_a_place_is_lost(said: ConsumerInfo, alarm: str) -> None:
    found = lag_of(said, NOW).alarm(NOW)
    assert alarm in found[0] if found else not alarm, found
    assert found is None or ("liaoning-21" in found[0] and "liaoning-21" in found[1])


def test_a_lag_is_told_in_words() -> None:
    zh, en = Lag("liaoning-21", 3, NOW, None).told
    assert zh == "待读 3 条，最近一次确认在2026年3月10日"
    assert en == "3 events to read, the latest was acknowledged on 10 March 2026"
