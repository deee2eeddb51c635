"""Publishes the outbox to the streams, in order, in the batches that were fixed when the rows were written."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

import structlog

from shared.stream.bus import Message, Unpublishable, pause_after

log = structlog.get_logger()


class Batch(NamedTuple):
    """Rows of the outbox that are published together. Once they are, the outbox is published up to position `last`."""

    last: int
    stream: str
    messages: tuple[Message, ...]


class Relay:
    """Publishes one batch after another. It gives none up, so that all that is committed is published in the end."""

    def __init__(self, send: Callable[[str, Sequence[Message]], Awaitable[None]]) -> None:
        self._send = send
        self._batches: deque[Batch] = deque()
        self._filled = asyncio.Event()
        self._moved = asyncio.Condition()
        self._moved_at = time.monotonic()
        self._failures = 0
        self.published = 0
        self.trouble: Exception | None = None
        """Why the last attempt to publish the next batch failed; None if it did not."""

    @property
    def stuck(self) -> Sequence[str]:
        """The ids of messages that can never be published as they are; all later ones wait for them."""
        return self.trouble.ids if isinstance(self.trouble, Unpublishable) else ()

    @property
    def age(self) -> float:
        """For how many seconds nothing has been published although something waits; 0 if nothing waits."""
        return time.monotonic() - self._moved_at if self._batches else 0.0

    @property
    def backlog(self) -> int:
        """The number of messages that are committed but not yet known to be published."""
        return sum(len(batch.messages) for batch in self._batches)

    def put(self, batches: Iterable[Batch]) -> None:
        """Add committed batches, in order. Those that wait here already, or are published, are ignored."""
        last = self._batches[-1].last if self._batches else self.published
        if not self._batches:
            self._moved_at = time.monotonic()
        self._batches.extend(batch for batch in batches if batch.last > last)
        if self._batches:
            self._filled.set()

    def drop(self, id: str) -> None:
        """Leave a stuck message out of the next batch. That is safe, since the server has nothing of this batch yet."""
        batch = self._batches[0]
        kept = tuple(message for message in batch.messages if message.id != id)
        self._batches[0] = batch._replace(messages=kept)
        self.trouble = None

    async def reached(self, position: int) -> None:
        """Wait until the outbox is published up to a position."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.published >= position)

    async def run(self) -> None:
        """Publish for ever. A batch that fails is tried again before the next one, since order must be kept."""
        while True:
            await self._filled.wait()
            batch = self._batches[0]
            try:
                if batch.messages:  # It is empty if an operator has discarded all of its messages.
                    await self._send(batch.stream, batch.messages)
            except Exception as error:
                await self._failed(batch, error)
                continue
            self._failures, self.trouble, self._moved_at = 0, None, time.monotonic()
            self._batches.popleft()
            self.published = batch.last
            if not self._batches:
                self._filled.clear()
            async with self._moved:
                self._moved.notify_all()

    async def _failed(self, batch: Batch, error: Exception) -> None:
        """Note why a batch could not be published, and wait before the next attempt."""
        self._failures += 1
        self.trouble = error
        log.warning("publish failed", error=str(error), backlog=self.backlog, position=batch.last)
        await asyncio.sleep(pause_after(self._failures))
