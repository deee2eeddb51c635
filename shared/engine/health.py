"""The health of a service, part by part: `ok`, or a text that says what is wrong and what to do.

A part counts as wrong while something stands still. A single failed attempt does not count, since what recovers by
itself within seconds is only logged.
"""

import math
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from faststream.nats import NatsBroker
from sqlalchemy.exc import DBAPIError

from shared import chinese, english
from shared.calendar import CHINA
from shared.engine.opening import remedy
from shared.engine.pipeline import Pipeline
from shared.stream.consumer import OrderedConsumer

SILENCE = 10.0
"""Seconds without a sign of life after which a consumer counts as stopped."""
OLD = 30.0
"""Seconds that events may wait to be published before it is reported."""
REPEATED = 3
"""The most failed attempts at the same batch that are not reported."""
MIDNIGHT_LASTS = timedelta(minutes=10)
"""How long after midnight (in China) the business day may still be yesterday."""


class Health:
    """What one process knows of its health. `amiss` is what `shared.runtime` found wrong with streams and schedule."""

    def __init__(self, pipeline: Pipeline, streams: Iterable[str]) -> None:
        self.pipeline, self.streams = pipeline, [*streams]
        self.broker: NatsBroker | None = None
        self.consumers: dict[str, OrderedConsumer] = {}
        self.amiss: dict[str, str] = {}

    def lost(self) -> Mapping[str, tuple[int, int]]:
        """For each stream that removed messages before they were read: the first and last sequence of those."""
        return {stream: consumer.lost for stream, consumer in self.consumers.items() if consumer.lost}

    async def parts(self) -> dict[str, Any]:
        """The parts by name. A string other than `ok` says what is wrong; numbers and None are only information."""
        connected = self.broker is not None and self.broker.connection.is_connected
        parts: dict[str, Any] = {"nats": "ok" if connected else _DISCONNECTED}
        for stream in self.streams:
            consumer = self.consumers.get(stream)
            parts[f"consumer {stream}"] = _consumer(stream, consumer)
            parts[f"lag {stream}"] = consumer.behind if consumer else None
            if span := self.lost().get(stream):
                parts[f"lost {stream}"] = _lost(self.pipeline.service.name, stream, *span)
        relay = self.pipeline.relay
        parts["backlog"] = relay.backlog
        parts["outbox"] = _outbox(relay.stuck, relay.age, relay.backlog, relay.trouble)
        parts["database"] = _database(self.pipeline.trouble)
        parts["day"] = self._day()
        return parts | self.amiss

    def _day(self) -> str:
        """`ok` if the business day is today. In a simulation every day is right."""
        today, began = self.pipeline.today, (datetime.now(CHINA) - MIDNIGHT_LASTS).date()
        if self.pipeline.simulated or (today and today >= min(began, self.pipeline.clock())):
            return "ok"
        return (
            f"业务日期{f'是{chinese.day(today)}' if today else '尚未开始'}，不是今天：请检查本机与 nats-server 的时钟、"
            "服务“registry”是否运行及其日志 / "
            f"the business day is {english.day(today) if today else 'none yet'}, not today: look at the clocks of this "
            "machine and of nats-server, and whether the registry runs, and at its log"
        )


_DISCONNECTED = (
    "未连上 NATS：请检查 nats-server 是否运行、ZHUCUN_NATS 是否正确 / "
    "not connected to NATS: see whether nats-server runs and whether ZHUCUN_NATS is right"
)


def _consumer(stream: str, consumer: OrderedConsumer | None) -> str:
    if consumer is None:
        return f"尚未开始读 {stream} / {stream} is not read yet"
    if consumer.failures > REPEATED:
        trouble = consumer.trouble
        zh, en = getattr(trouble, "zh", trouble), getattr(trouble, "en", repr(trouble))
        return (
            f"{stream} 的同一批消息已失败 {consumer.failures} 次，后面的都在等：{zh}；"
            "请排除所述原因（数据库、磁盘、时钟、开放流未读到尾），之后自动继续 / "
            f"the same messages of {stream} failed {consumer.failures} times, and all others wait: "
            f"{en}; mend what it says (database, disk, clock, the open stream that is not read to its end), "
            "and it goes on by itself"
        )
    silence = time.monotonic() - consumer.alive_at
    if silence < SILENCE:
        return "ok"
    zh, en = ("启动以来", "its start") if silence == math.inf else (f"已 {silence:.0f} 秒", f"{silence:.0f} s")
    return (
        f"{stream} 无消息服务（{zh}）：请检查 nats-server 的日志与磁盘 / "
        f"{stream} is silent since {en}: look at the log and the disk of nats-server"
    )


def _lost(service: str, stream: str, first: int, last: int) -> str:
    """The text for messages that were removed before they were read."""
    return (
        f"{stream} 中消息 {first - 1} 之后、现存首条 {last + 1} 之前的消息未读即被删除，服务停在此处，"
        f"请运行 zhucun recover {service} / what {stream} held behind message {first - 1} and before message "
        f"{last + 1}, now its first, was removed unread, and the service waits: run `zhucun recover {service}`"
    )


def _outbox(stuck: Iterable[str], age: float, backlog: int, trouble: Exception | None) -> str:
    if ids := ", ".join(stuck):
        return (
            f"事件 {ids} 无法发布（{trouble}），其后 {backlog} 条都在等：请调大 nats-server 的“max_payload”，"
            "或运行 zhucun dead-letters discard 编号 --reason 原因 / "
            f"the events {ids} cannot be published ({trouble}), and {backlog} wait: raise max_payload of nats-server, "
            "or run `zhucun dead-letters discard ID --reason WHY`"
        )
    if age > OLD:
        return (
            f"{backlog} 条事件已 {age:.0f} 秒发不出去（{trouble}）：请检查 nats-server 的日志与磁盘，必要时重启它 / "
            f"{backlog} events wait for {age:.0f} s to be published ({trouble}): look at the log and the disk of "
            "nats-server, and start it again if it says `write error`"
        )
    return "ok"


def _database(trouble: Exception | None) -> str:
    if trouble is None:
        return "ok"
    origin = trouble.orig if isinstance(trouble, DBAPIError) else trouble
    zh, en = remedy(trouble) or ("请检查数据库是否运行、其日志与磁盘", "see whether it runs, its log and its disk")
    return f"数据库写不进：{zh}（{origin}） / the database cannot be written: {en} ({origin})"
