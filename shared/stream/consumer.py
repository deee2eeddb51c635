"""Reading a stream in order and in batches, from where the database says (decisions 1, 3 and 17).

Like `bus`, it knows nothing of villages. Code that is needed only because server or libraries behave otherwise than
documented has its reason beside it, for the versions that `bus` names.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import structlog
from faststream import AckPolicy as Acknowledge
from faststream.nats import JStream, NatsBroker, PullSub
from msgspec.structs import replace
from nats import errors
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StatusCode
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from shared.stream.bus import ANSWERED_WITHIN, CALENDAR, SEALED, parts, pause_after

log = structlog.get_logger()

BATCH: Final = 500
"""The most messages that are handled in one transaction."""
_UNACKNOWLEDGED = 20 * BATCH  # Messages handled but not acknowledged, since their results are still being published.
_FILL, _LULL = 0.02, 0.004  # Seconds for which a batch is filled at most, and without a message that end it before.
_STANDS = 1.0  # Seconds for which a request for messages is valid.
_LOOK = 0.5  # Seconds between two checks of the consumer.
_GATHER = 0.1  # Seconds to wait before the next fetch while only messages come that nobody waits for.
_ACK_WAIT = 60.0  # Seconds. A redelivery after them makes us create the consumer anew, so that order is kept.
_REPLY_TOKENS = 9  # Tokens of a reply subject on a server without a domain.


class MessagesLost(Exception):
    """The stream removed messages before they were read. Reading must stop, or they would be lost without notice.

    `span` is their first and last sequence. If the stream was deleted and made anew, the first is the sequence that was
    to be read next in the old stream, and the last is the one after which the new stream is to be read.
    """

    def __init__(self, stream: str, first: int, last: int) -> None:
        super().__init__(f"{stream} lost messages {first} to {last} before they were read")
        self.span = first, last


class Delivery(msgspec.Struct, frozen=True):
    """A message in a stream, or one of several events in it: its sequence, its subject and body, and when the stream
    recorded it."""

    sequence: int
    subject: str
    body: bytes
    recorded: datetime
    more: bool = False
    """Whether further events of the same message follow."""

    @property
    def read(self) -> int:
        """The sequence up to which the stream is read once this is handled. With its last event a message is read."""
        return self.sequence - 1 if self.more else self.sequence


Event = tuple[Delivery, Msg | None]
"""An event that has come. The last event of a message has the message with it, to be acknowledged."""


class OrderedConsumer:
    """Hands a stream's messages to `handle` in batches, one at a time, in stream order, each message at least once.

    The position is kept in the database, not on the server. `position()` returns the last sequence whose effects are
    committed. `handle` commits a batch's last sequence together with its effects, even if it is lower than the position
    before. The durable consumer on the server is only a cursor. If anything arrives out of order, or does not arrive,
    the consumer is deleted and created again behind `position()`. So a message may be delivered twice, and the inbox
    then drops it, but none is skipped. Only one process at a time may use a durable name.

    If the subjects of all fetched messages end with one of `unhurried`, the next fetch waits a moment. Nobody waits for
    such messages, and it costs less to fetch and handle many of them together.

    The next messages are fetched while `handle` works. After the commit, `published()` waits until the resulting events
    are published; then the batch is acknowledged.

    `delivered` counts the handled messages, `failures` the failed attempts at the present batch. `alive_at` is the
    monotonic time at which the consumer was last seen to work. `lost` is the span of messages that the stream removed
    before they were read (see MessagesLost, which `position()` may raise, too). Then nothing more is handed on until an
    operator has recovered them and `position()` has moved.
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
        unhurried: Sequence[str] = (),
    ) -> None:
        self._broker, self._stream, self._durable, self._subjects = broker, stream, durable, list(subjects)
        self._handle, self._position, self._published = handle, position, published
        self._unhurried = tuple(unhurried)
        self._js = broker.connection.jetstream(timeout=ANSWERED_WITHIN)
        self._log = log.bind(stream=stream, durable=durable)
        self._subscriber: Any = None
        self._expected: int | None = None  # The next consumer sequence; None if a new consumer is needed.
        self._fetched = 0  # The stream sequence up to which everything has arrived.
        self._waiting: deque[Event] = deque()  # Fetched in order, but not handed on yet.
        self._moved = asyncio.Condition()
        self._busy = False
        self._acknowledging: set[asyncio.Task[None]] = set()
        self._stuck_at: int | None = None  # `delivered` at the last check, if messages were waiting then.
        self._stopping = asyncio.Event()
        self.lost: tuple[int, int] | None = None
        self.delivered = self.failures = 0
        self.trouble: Exception | None = None  # The error of the last failed attempt.
        self.behind = 0  # Messages still to be handled at the last check.
        self.alive_at = -math.inf

    async def start(self) -> None:
        """Start in the background; it waits for server and stream as long as necessary."""
        self._tasks = [
            asyncio.create_task(self._watch(), name=f"watch {self._durable}"),
            asyncio.create_task(self._work(), name=f"work {self._durable}"),
        ]

    async def stop(self) -> None:
        """Stop after the attempt that is running, but after 15 s at the latest."""
        self._stopping.set()
        await self._drop()
        await asyncio.wait(self._tasks, timeout=15)
        for task in (*self._tasks, *self._acknowledging):
            task.cancel()

    async def lag(self) -> tuple[int, int]:
        """The number of messages still to be delivered, and of those delivered but not acknowledged.

        Raises nats.errors.Error if the server or the consumer is not available.
        """
        info = await self._js.consumer_info(self._stream, self._durable)
        return info.num_pending or 0, info.num_ack_pending or 0

    async def at_end(self) -> bool:
        """Whether everything that the stream holds for this consumer now has been handled."""
        try:
            info = await self._js.consumer_info(self._stream, self._durable)
        except errors.Error:
            return False
        last = info.delivered.consumer_seq + 1 if info.delivered else 1
        return not info.num_pending and self._expected == last and not self._waiting and not self._busy

    async def _watch(self) -> None:
        """Check again and again that the consumer exists and delivers, and create it if not.

        FastStream does not notice when a consumer is deleted: it goes on pulling and gets nothing.
        """
        trouble = ""
        while not self._stopping.is_set():
            if not self._busy:  # A batch that is being handled stays valid, even if its consumer is gone.
                try:
                    if not self._broker.connection.is_connected:
                        await self._drop()  # Else pull requests pile up until the server is back.
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
        """Raise if the consumer is gone, or if messages have been waiting since the last check and none has arrived."""
        stuck_at, self._stuck_at = self._stuck_at, None
        state = (await self._js.stream_info(self._stream)).state
        self.behind = sum(await self.lag())
        if self._lacks(state.first_seq):
            raise LookupError("the stream removed messages that had not come here")
        if not self.behind:  # Everything is read; what remains has subjects of others.
            self._fetched = max(self._fetched, state.last_seq)
        if self.behind and not self._busy and not self._acknowledging:
            if stuck_at == self.delivered:
                raise TimeoutError("messages are waiting and do not arrive")
            self._stuck_at = self.delivered

    async def _create(self) -> None:
        """Create the consumer behind the database's position; an existing one is deleted. Raises MessagesLost."""
        await self._drop()
        position = await self._position()
        state = (await self._js.stream_info(self._stream)).state
        last = state.last_seq
        # The calendar's stream may lose messages: only the latest day matters.
        if position < state.first_seq - 1 and self._stream != CALENDAR:
            raise MessagesLost(self._stream, position + 1, state.first_seq - 1)
        if position > last:
            # The server lost the end of the stream. Read all of it again; the inbox drops what was handled.
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
            config=config,  # FastStream creates the consumer with it, since none has this name.
            stream=JStream(self._stream, declare=False),
            pull_sub=PullSub(BATCH, timeout=_FILL, batch=True),
            ack_policy=Acknowledge.MANUAL,
            decoder=_undecoded,
            persistent=False,
            inbox_prefix=bytes(self._broker.connection._inbox_prefix) + b".",  # FastStream would use another prefix.
        )
        subscriber(self._receive)
        self._subscriber = subscriber
        await subscriber.start()
        subscription: Any = subscriber.subscription
        subscription.fetch = _StandingPull(subscription).fetch
        self._expected, self._fetched, self._stuck_at, self.lost = 1, position, None, None

    async def _drop(self) -> None:
        """Stop pulling, and forget messages that were pulled but not handed on yet."""
        self._expected = None
        async with self._moved:
            self._waiting.clear()
            self._moved.notify_all()
        subscriber, self._subscriber = self._subscriber, None
        if subscriber:
            with suppress(errors.Error):
                await subscriber.stop()

    async def _receive(self, messages: list[Msg]) -> None:
        """Queue messages that follow directly on those before.

        If they do not, drop them and let the consumer be created anew.
        """
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
            self._expected, self._fetched = self._expected + len(messages), deliveries[-1].sequence
            self._waiting.extend(_apart(self._stream, zip(deliveries, messages, strict=True)))
            self._moved.notify_all()
            await self._moved.wait_for(lambda: len(self._waiting) <= BATCH)
        if len(messages) < BATCH and all(delivery.subject.endswith(self._unhurried) for delivery in deliveries):
            await asyncio.sleep(_GATHER)

    def _lacks(self, first: int) -> bool:
        """Whether a stream that now begins with sequence `first` has removed messages that had not arrived here."""
        return first > self._fetched + 1 and self._stream != CALENDAR

    async def _complete(self, deliveries: Sequence[Delivery]) -> bool:
        """Whether no message was removed between these and those before.

        A gap in the sequences may also be messages with other subjects. The server does not tell the difference.
        """
        if deliveries[-1].sequence == self._fetched + len(deliveries):
            return True
        with suppress(errors.Error):
            return not self._lacks((await self._js.stream_info(self._stream)).state.first_seq)
        return False

    async def _work(self) -> None:
        """Hand on what waits, as much as there is, but no more than a batch at a time."""
        while not self._stopping.is_set():
            async with self._moved:
                await self._moved.wait_for(lambda: self._waiting or self._stopping.is_set())
                taken = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                self._busy = bool(taken)
                self._moved.notify_all()
            if taken and await self._handled([delivery for delivery, _ in taken]):
                self.delivered, self.alive_at = self.delivered + len(taken), time.monotonic()
                task = asyncio.create_task(self._acknowledge(taken, self._published()))
                self._acknowledging.add(task)
                task.add_done_callback(self._acknowledging.discard)
            self._busy = False

    async def _handled(self, batch: list[Delivery]) -> bool:
        """Repeat a batch until the handler succeeds. False if the consumer is stopped before."""
        while not self._stopping.is_set():
            try:
                await self._handle(batch)
                self.failures = 0
                return True
            except Exception as error:
                await self._failed(batch, error)
        return False

    async def _acknowledge(self, taken: Sequence[Event], published: Awaitable[None]) -> None:
        await published
        # A lost acknowledgement does no harm: the position is in the database. A batch may be a part of one message.
        with suppress(errors.Error, IndexError):
            await [message for _, message in taken if message][-1].ack()

    async def _failed(self, batch: list[Delivery], error: Exception) -> None:
        """Note why the handler failed, and wait before the next attempt."""
        self.failures += 1
        self.trouble = error
        where = {"first": batch[0].sequence, "last": batch[-1].sequence, "attempt": self.failures}
        self._log.warning("batch failed", **where, error=repr(error), exc_info=self.failures == 1)
        await self._pause(pause_after(self.failures))

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


async def _undecoded(message: Any) -> list[Msg]:
    """Replace FastStream's decoder, which drops a whole batch if one message is malformed."""
    return message.raw_message  # type: ignore[no-any-return]


def _delivery(message: Msg) -> tuple[int, int, Delivery]:
    """The message's number within the consumer, how often it was delivered, and the message itself.

    Both numbers are in the reply subject. nats-py can parse it, too, but takes as long as decoding the whole event.
    """
    tokens = message.reply.split(".")
    fields = tokens[4:8] if len(tokens) == _REPLY_TOKENS else tokens[6:10]  # With a domain, two more in front.
    times, sequence, number, nanoseconds = map(int, fields)
    recorded = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    return number, times, Delivery(sequence, message.subject, message.data, recorded)


def _apart(stream: str, fetched: Iterable[tuple[Delivery, Msg]]) -> Iterator[Event]:
    """The events of messages one by one. Only those of the sealed stream may have several."""
    for delivery, message in fetched:
        *before, last = parts(delivery.body) if stream == SEALED else [delivery.body]
        yield from ((replace(delivery, body=body, more=True), None) for body in before)
        yield (replace(delivery, body=last) if before else delivery), message


class _StandingPull:
    """Fetches by one request, which is valid until it has brought a batch, or for a second.

    Meanwhile each message comes as soon as it is stored, and a fetch takes what has arrived. nats-py makes two requests
    for each fetch, and waits for each message by a task, a timer and a random id: together more than a message costs.
    FastStream's own loop, which calls `fetch`, stays as it is.
    """

    def __init__(self, subscription: Any) -> None:
        self._client, self._to, self._reply = subscription._nc, subscription._nms, subscription._deliver
        self._received = subscription._sub
        self._due = 0  # Messages that the request may still bring.
        self._expires = -math.inf  # When it ends, in monotonic time.

    async def fetch(self, batch: int, timeout: float) -> list[Msg]:  # noqa: ASYNC109
        """What has arrived, a batch at most; if nothing has, the next message, for which it waits a second.

        FastStream asks for the rest of a batch until `_FILL` is over. Here that ends early if nothing comes for `_LULL`
        seconds: messages in great number come fast, and for single ones somebody waits. Raises
        nats.errors.TimeoutError, since the built-in one would end FastStream's task. If the server refuses, raises
        APIError after a pause, since FastStream asks again at once.
        """
        until = time.monotonic() + (min(timeout, _LULL) if batch < BATCH else _STANDS)
        while status := JetStreamContext.is_status_msg(message := await self._next(until)):
            await self._ended(message, status)
        messages, arrived = [message], self._received._pending_queue
        while len(messages) < batch and not arrived.empty():
            message = self._taken(arrived.get_nowait())
            if JetStreamContext.is_status_msg(message):
                self._due = 0  # Should it be a refusal, the next request will get it again.
            else:
                messages.append(message)
        return messages

    async def _next(self, until: float) -> Msg:
        """The next message or status. Asks for messages if none has arrived and no request is valid."""
        arrived: asyncio.Queue[Msg] = self._received._pending_queue
        if not arrived.empty():
            return self._taken(arrived.get_nowait())
        await self._ask()
        try:
            async with asyncio.timeout(until - time.monotonic()):
                return self._taken(await arrived.get())
        except TimeoutError as error:
            raise errors.TimeoutError from error

    def _taken(self, message: Msg) -> Msg:
        """The message, after nats-py's counts are updated as nats-py would do, and our own."""
        self._received._pending_size -= len(message.data)
        self._received._pending_queue.task_done()
        self._due -= 1
        return message

    async def _ask(self) -> None:
        """Make a request unless one is valid. One that was lost with the connection is replaced soon after its end."""
        if self._due <= 0 or time.monotonic() > self._expires + _LOOK:
            self._due, self._expires = BATCH, time.monotonic() + _STANDS
            request = {"batch": BATCH, "expires": int(_STANDS * 1e9)}
            await self._client.publish(self._to, msgspec.json.encode(request), self._reply)

    async def _ended(self, message: Msg, status: str) -> None:
        """Note that the server has ended a request. If it has refused one, raise that after a pause."""
        if status != StatusCode.REQUEST_TIMEOUT:
            self._due = 0
            await asyncio.sleep(_FILL)
            raise errors.TimeoutError if status == StatusCode.CONFLICT else APIError.from_msg(message)
        if time.monotonic() > self._expires - _FILL:  # Else it was an earlier request.
            self._due = 0
