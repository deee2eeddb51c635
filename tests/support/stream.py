"""A reader of a stream, and what it reads."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from faststream.nats import NatsBroker

from shared.stream.bus import OPEN, Message
from shared.stream.consumer import Delivery, OrderedConsumer

VILLAGE = "zhucun.v1.52.03.24.registry.village.registered"


class Database:
    """Stands for a service's database: the position, the inbox of ids, and what was applied, in order."""

    def __init__(self) -> None:
        self.at, self.applied, self.gaps = 0, dict[str, Delivery](), list[str]()
        self.batches = list[int]()
        """How many messages each batch had."""
        self.trouble: Callable[[], None] = lambda: None

    async def position(self) -> int:
        return self.at

    def reached(self, position: int) -> bool:
        return self.at >= position

    async def handle(self, batch: list[Delivery]) -> None:
        self.trouble()
        if batch[0].sequence > self.at + 1:
            self.gaps.append(f"{batch[0].sequence} after {self.at}")
        for delivery in batch:  # It has no id; `messages` numbers bodies as it numbers ids.
            self.applied.setdefault(
                f"m{delivery.body.decode()}" if delivery.body.isdigit() else f"#{delivery.sequence}", delivery
            )
        self.at = batch[-1].read
        self.batches.append(len(batch))
        self.trouble()


def messages(start: int, end: int, subject: str = VILLAGE) -> list[Message]:
    return [Message(f"m{n}", subject, b"%d" % n) for n in range(start, end)]


@asynccontextmanager
async def consuming(
    broker: NatsBroker, database: Database, *subjects: str, stream: str = OPEN, unhurried: Sequence[str] = ()
) -> AsyncIterator[OrderedConsumer]:
    consumer = OrderedConsumer(
        broker,
        stream=stream,
        durable="registry",
        subjects=subjects or ["zhucun.v1.>"],
        handle=database.handle,
        position=database.position,
        published=partial(asyncio.sleep, 0),
        unhurried=unhurried,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
