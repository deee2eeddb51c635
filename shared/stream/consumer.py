"""Reading a stream: in its order, in batches, behind what the database has.

It knows no business either. Where it answers what libraries and server do beyond their documentation, the reason stands
beside the code, for the versions that `bus` names (decisions 1, 3 and 17).
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import structlog
from faststream import AckPolicy as Acknowledge
from faststream.nats import JStream, NatsBroker, PullSub
from nats import errors
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError, NotFoundError

from shared.stream.bus import ANSWERED_WITHIN, CALENDAR

log = structlog.get_logger()

BATCH: Final = 500
"""Messages that are handled in one transaction at most."""
_UNACKNOWLEDGED = 20 * BATCH  # Messages whose consequences may be on their way out while later ones are handled.
_FILL, _IDLE = 0.02, 1.0  # Seconds that a pull waits to fill a batch, and for a first message where nothing came.
_LOOK = 0.5  # Seconds between two looks at the consumer.
_ACK_WAIT = 60.0  # Seconds; what comes again after them is thrown away, which costs a new consumer but never order.
_RETRY_FIRST, _RETRY_LONGEST = 0.1, 5.0  # Seconds between two attempts at a batch that the handler refused.
_REPLY_TOKENS = 9  # Of a delivery's reply subject, where the server has no domain.


class MessagesLost(Exception):
    """The stream removed messages that were not read: going on would break order and lose them in silence.

    `span` are the first and the last of them. Where the stream was made anew, the first is the one of the old stream
    that was to be read next, and the new one is to be read behind the last.
    """

    def __init__(self, stream: str, first: int, last: int) -> None:
        super().__init__(f"{stream} lost messages {first} to {last} before they were read")
        self.span = first, last


class Delivery(msgspec.Struct, frozen=True):
    """A message as the stream holds it: its sequence there, its bytes untouched, and when the stream recorded it."""

    sequence: int
    subject: str
    body: bytes
    recorded: datetime


class OrderedConsumer:
    """Hands a stream's messages to `handle` in batches, one at a time, in stream order, each message at least once.

    The database owns the position: `position()` says the last stream sequence whose effects are committed, and `handle`
    is to commit the batch's last one, even if it is lower than the former, together with its effects. The durable
    consumer on the server is only a cursor: whenever anything came out of order or failed to come, it is thrown away
    and created anew behind `position()`. So a message may come again (the inbox of ids drops it), but none is passed
    over. One process at a time may use a durable name.

    Messages are fetched while `handle` works on those before them. A batch is acknowledged as soon as `published()`,
    called after its commit, says that its consequences are out.

    `delivered` counts the messages handled, `failures` the attempts at the present batch that raised, and `alive_at`
    is the monotonic time when the consumer was last known to be served. `lost` are the first and the last sequence of
    messages that the stream removed before they were read here, as MessagesLost has them: no later one is handed on
    until `position()`, which may raise it too, says that they were recovered from elsewhere.
    """

    def __init__(
        self,
        broker: NatsBroker,
        *,
        stream: str,
        durable: str,
        subjects: Sequence[str],
        handle: Callable[[list[Delivery]], Awaitable[None]],
        position: Callable[[], Awaitable[int]],
        published: Callable[[], Awaitable[None]],
    ) -> None:
        self._broker, self._stream, self._durable, self._subjects = broker, stream, durable, list(subjects)
        self._handle, self._position, self._published = handle, position, published
        self._js = broker.connection.jetstream(timeout=ANSWERED_WITHIN)
        self._log = log.bind(stream=stream, durable=durable)
        self._subscriber: Any = None
        self._expected: int | None = None  # The next consumer sequence; None while there is no consumer to trust.
        self._fetched = 0  # The stream sequence up to which nothing is missing here.
        self._waiting: deque[tuple[Delivery, Msg]] = deque()  # Fetched in order, and not yet taken in hand.
        self._moved = asyncio.Condition()
        self._busy = False
        self._acknowledging: set[asyncio.Task[None]] = set()
        self._stuck_at: int | None = None  # What `delivered` was when messages were last seen to wait.
        self._stopping = asyncio.Event()
        self.lost: tuple[int, int] | None = None
        self.delivered = self.failures = 0
        self.trouble: Exception | None = None  # Why the last attempt failed that did.
        self.behind = 0  # Messages of the stream that were still to be handled at the last look.
        self.alive_at = -math.inf

    async def start(self) -> None:
        """Begin to consume as soon as server and stream are there."""
        self._tasks = [
            asyncio.create_task(self._watch(), name=f"watch {self._durable}"),
            asyncio.create_task(self._work(), name=f"work {self._durable}"),
        ]

    async def stop(self) -> None:
        """Stop after the attempt in hand, for which there are 15 s."""
        self._stopping.set()
        await self._drop()
        await asyncio.wait(self._tasks, timeout=15)
        for task in (*self._tasks, *self._acknowledging):
            task.cancel()

    async def lag(self) -> tuple[int, int]:
        """Count the messages still to be delivered, and those delivered but not acknowledged.

        Raises nats.errors.Error while the server or the consumer is not there.
        """
        info = await self._js.consumer_info(self._stream, self._durable)
        return info.num_pending or 0, info.num_ack_pending or 0

    async def at_end(self) -> bool:
        """Whether all that the stream has for this consumer by now was handled."""
        try:
            info = await self._js.consumer_info(self._stream, self._durable)
        except errors.Error:
            return False
        last = info.delivered.consumer_seq + 1 if info.delivered else 1
        return not info.num_pending and self._expected == last and not self._waiting and not self._busy

    async def _watch(self) -> None:
        """See to it that there is a consumer and that it is served: from a deleted one FastStream pulls in silence."""
        trouble = ""
        while not self._stopping.is_set():
            if not self._busy:  # A batch in hand is good, whatever became of the consumer that brought it.
                try:
                    if not self._broker.connection.is_connected:
                        await self._drop()  # Else the pulls pile up until the server is back.
                        raise ConnectionError("not connected")
                    await (self._create() if self._expected is None else self._check())
                    trouble, self.alive_at = "", time.monotonic()
                except MessagesLost as error:
                    if error.span != self.lost:
                        self.lost = error.span
                        self._log.error("reading stops here until `zhucun recover`", error=str(error))
                except Exception as error:
                    self._expected = None
                    if repr(error) != trouble:
                        trouble = repr(error)
                        self._log.warning("consumer is to be created anew", error=trouble)
            await self._pause(_LOOK)

    async def _check(self) -> None:
        """Raise if the consumer is gone, or if messages were waiting at the last look and nobody has got them since."""
        stuck_at, self._stuck_at = self._stuck_at, None
        state = (await self._js.stream_info(self._stream)).state
        self.behind = sum(await self.lag())
        if self._lacks(state.first_seq):
            raise LookupError("the stream removed messages that had not come here")
        if not self.behind:  # Then all up to here is read, also what others' subjects are.
            self._fetched = max(self._fetched, state.last_seq)
        if self.behind and not self._busy and not self._acknowledging:
            if stuck_at == self.delivered:
                raise TimeoutError("messages are waiting and do not arrive")
            self._stuck_at = self.delivered

    async def _create(self) -> None:
        """Put a new consumer behind the database's position in the place of whatever there is."""
        await self._drop()
        position = await self._position()
        state = (await self._js.stream_info(self._stream)).state
        last = state.last_seq
        # The calendar's stream may forget: its schedule is replaced, and the latest day says all.
        if position < state.first_seq - 1 and self._stream != CALENDAR:
            raise MessagesLost(self._stream, position + 1, state.first_seq - 1)
        if position > last:
            # The server came back with less than it had; the inbox drops what was handled before.
            self._log.error("stream ends before what was handled, is read anew", position=position, last_sequence=last)
            position = 0
        with suppress(NotFoundError):
            await self._js.delete_consumer(self._stream, self._durable)
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=position + 1,
            filter_subjects=self._subjects,
            ack_policy=AckPolicy.ALL,
            ack_wait=_ACK_WAIT,
            max_ack_pending=_UNACKNOWLEDGED,
        )
        subscriber = self._broker.subscriber(
            durable=self._durable,
            config=config,  # FastStream creates the consumer by it, since there is none of this name.
            stream=JStream(self._stream, declare=False),
            pull_sub=PullSub(BATCH, timeout=_FILL, batch=True),
            ack_policy=Acknowledge.MANUAL,
            decoder=_undecoded,
            persistent=False,
            inbox_prefix=bytes(self._broker.connection._inbox_prefix) + b".",  # FastStream has a default of its own.
        )
        subscriber(self._receive)
        self._subscriber = subscriber
        await subscriber.start()
        _mend(subscriber.subscription)
        self._expected, self._fetched, self._stuck_at, self.lost = 1, position, None, None

    async def _drop(self) -> None:
        """Stop pulling; what was pulled and not yet taken in hand is forgotten."""
        self._expected = None
        async with self._moved:
            self._waiting.clear()
            self._moved.notify_all()
        subscriber, self._subscriber = self._subscriber, None
        if subscriber:
            with suppress(errors.Error):
                await subscriber.stop()

    async def _receive(self, messages: list[Msg]) -> None:
        """Keep messages that follow those before; throw away any other, and the consumer with it."""
        if self._expected is None:
            return
        deliveries = []
        for expected, message in enumerate(messages, self._expected):
            number, times, delivery = _delivery(message)
            if number != expected or times > 1:
                self._log.warning("out of order", expected=expected, got=number)
                self._expected = None
                return
            deliveries.append(delivery)
        if not await self._complete(deliveries):
            self._expected = None
        async with self._moved:
            if self._expected is None:
                return
            self._expected += len(messages)
            self._fetched = deliveries[-1].sequence
            self._waiting.extend(zip(deliveries, messages, strict=True))
            self._moved.notify_all()
            await self._moved.wait_for(lambda: len(self._waiting) <= BATCH)

    def _lacks(self, first: int) -> bool:
        """Whether a stream that begins there now may have removed what had not come here."""
        return first > self._fetched + 1 and self._stream != CALENDAR

    async def _complete(self, deliveries: Sequence[Delivery]) -> bool:
        """Whether nothing was removed before these came: the server passes over that as over others' subjects."""
        if deliveries[-1].sequence == self._fetched + len(deliveries):
            return True
        try:
            return not self._lacks((await self._js.stream_info(self._stream)).state.first_seq)
        except errors.Error:
            return False

    async def _work(self) -> None:
        """Hand on what waits, as much at a time as there is, up to a batch."""
        while not self._stopping.is_set():
            async with self._moved:
                await self._moved.wait_for(lambda: self._waiting or self._stopping.is_set())
                taken = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                self._busy = bool(taken)
                self._moved.notify_all()
            if taken and await self._handled([delivery for delivery, _ in taken]):
                self.delivered, self.alive_at = self.delivered + len(taken), time.monotonic()
                task = asyncio.create_task(self._acknowledge(taken[-1][1], self._published()))
                self._acknowledging.add(task)
                task.add_done_callback(self._acknowledging.discard)
            self._busy = False

    async def _handled(self, batch: list[Delivery]) -> bool:
        """Offer a batch to the handler until it takes it; False if we are to stop before that."""
        delay = _RETRY_FIRST
        while not await self._attempt(batch):
            await self._pause(delay)
            if self._stopping.is_set():
                return False
            delay = min(2 * delay, _RETRY_LONGEST)
        return True

    async def _attempt(self, batch: list[Delivery]) -> bool:
        """Offer the batch to the handler and say whether it took it."""
        try:
            await self._handle(batch)
        except Exception as error:
            self.failures += 1
            self.trouble = error
            where = {"first": batch[0].sequence, "last": batch[-1].sequence, "attempt": self.failures}
            self._log.warning("batch failed", **where, error=repr(error), exc_info=self.failures == 1)
            return False
        self.failures = 0
        return True

    async def _acknowledge(self, last: Msg, published: Awaitable[None]) -> None:
        await published
        with suppress(errors.Error):  # A lost acknowledgement costs nothing: the position stands in the database.
            await last.ack()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


async def _undecoded(message: Any) -> list[Msg]:
    """Stand in for FastStream's decoder, which drops a whole batch for one malformed message."""
    return message.raw_message  # type: ignore[no-any-return]


def _delivery(message: Msg) -> tuple[int, int, Delivery]:
    """The message's number within the consumer, how often it was delivered, and the message as the stream holds it.

    The server says so in the reply subject. nats-py reads it as well, but takes as long as decoding the event does.
    """
    tokens = message.reply.split(".")
    fields = tokens[4:8] if len(tokens) == _REPLY_TOKENS else tokens[6:10]  # With a domain and an account, two more.
    times, sequence, number, nanoseconds = map(int, fields)
    recorded = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    return number, times, Delivery(sequence, message.subject, message.data, recorded)


def _mend(subscription: Any) -> None:
    """Change how a pull subscription fetches, in three ways; FastStream's loop is left as it is.

    Where nothing came, the next pull waits long and for one message: a pull every 20 ms costs a tenth of a core per
    idle consumer, and a lone message would wait for its batch to fill. A pull that ran out of time says so in nats-py's
    own type: with less than 0.1 ms left nats-py raises the bare TimeoutError, of which FastStream's task dies together
    with the messages gathered so far. And after a refusal there is a pause, since FastStream repeats it at once.
    """
    fetch, idle = subscription.fetch, False

    async def mended(batch: int, timeout: float) -> Any:  # noqa: ASYNC109
        nonlocal idle
        try:
            messages = await (fetch(1, _IDLE) if idle else fetch(batch, timeout))
        except TimeoutError as error:
            idle = True
            raise errors.TimeoutError from error
        except APIError:
            await asyncio.sleep(timeout)
            raise
        idle = False
        return messages

    subscription.fetch = mended
