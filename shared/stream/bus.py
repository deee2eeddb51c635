"""The streams of NATS JetStream, and publishing to them in atomic batches. `consumer` reads them.

It knows nothing of villages. Some code is needed only because server or libraries behave otherwise than documented. A
comment beside it says how; all was observed with nats-server 2.15.1, nats-py 2.16.0 and FastStream 0.7.8.
"""

import asyncio
import dataclasses
import re
import ssl
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec
import nkeys
import structlog
from faststream.nats import NatsBroker
from faststream.nats.security import NatsNKey, NatsSecurity
from nats import errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

log = structlog.get_logger()

OPEN: Final = "ZHUCUN"
"""The stream of events that subscribers may read."""
SEALED: Final = "ZHUCUN_SEALED"
"""The stream of events that only the services concerned may read. Its subjects begin differently, so that permissions
can tell them from open ones."""

CALENDAR: Final = "ZHUCUN_CALENDAR"
"""The stream of the schedule by which each day begins. It is apart because one message can empty a stream that has a
schedule, which must not happen to events."""

_stream = partial(
    StreamConfig,
    storage=StorageType.FILE,
    retention=RetentionPolicy.LIMITS,  # There are no limits: everything is kept and can be replayed.
    max_age=0,
    max_msgs=-1,
    max_bytes=-1,
    max_consumers=-1,
    duplicate_window=120,
    allow_atomic=True,
    deny_delete=True,
)
STREAMS: Final = (
    _stream(name=OPEN, subjects=["zhucun.v1.>"], deny_purge=True),
    _stream(name=SEALED, subjects=["zhucun-sealed.v1.>"], deny_purge=True),
    # A schedule needs roll-ups: a message with this header empties the stream. So `deny_purge` is not possible here.
    _stream(name=CALENDAR, subjects=["zhucun-calendar.v1.>"], allow_msg_schedules=True, allow_rollup_hdrs=True),
)

SAID: Final = "zhucun-said.v1"
"""The first tokens of the subject on which a body elsewhere sends a command. No stream keeps these messages."""

DAY_DUE: Final = "zhucun-calendar.v1.day.due"
"""The subject of the message that the server publishes each midnight in China."""
DAY_SCHEDULED: Final = "zhucun-calendar.v1.day.scheduled"
"""The subject of the message that sets the schedule."""
MIDNIGHT: Final = "0 0 0 * * *"
_SCHEDULE: Final = {
    "Nats-Schedule": MIDNIGHT,
    "Nats-Schedule-Time-Zone": "Asia/Shanghai",
    "Nats-Schedule-Target": DAY_DUE,
}

LARGEST_BATCH: Final = 1000
"""The most messages that the server takes in an atomic batch."""
TOGETHER, TOGETHER_BYTES = 25, 2**16
"""The most events, and the most bytes, of one message in the sealed stream."""
RETRY: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds to wait before the next attempt at a batch, to handle or to publish it; the last value is repeated."""
ANSWERED_WITHIN: Final = 2.0
"""Seconds to wait for an answer about a stream or consumer. A lost connection may lose the answer."""
_HEADER_ROOM = 1024  # Bytes. nats-py checks the body only. If headers make a message too large, the connection is lost.
_BATCH_IS_STORED = 10201  # The server's error code.


class PublishFailed(Exception):
    """The batch may or may not have been stored; publish the same batch again."""


class Unpublishable(ValueError):
    """A batch can never be published as it is. `ids` are the messages that prevent it, if single ones do."""

    def __init__(self, text: str, ids: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.ids = ids


class Message(msgspec.Struct, frozen=True):
    """A message to publish. `id` becomes its Nats-Msg-Id, by which the server drops repetitions."""

    id: str
    subject: str
    body: bytes


class _Answer(msgspec.Struct):
    """The part of the server's answer to a publication that matters here."""

    error: dict[str, Any] | None = None


def pause_after(failures: int) -> float:
    """Seconds to wait before the next attempt, after so many have failed."""
    return RETRY[min(failures, len(RETRY)) - 1]


def inbox(user: str) -> str:
    """The subject under which a user gets answers. Permissions keep all other users from hearing it."""
    return f"_INBOX.{user}"


def require_usable(key: Path | None, ca: Path | None) -> None:
    """Raise OSError or ValueError, with the file's name, for a key or a certificate authority that is not valid."""
    try:
        if key:
            nkeys.from_seed(key.read_bytes().strip())
        if ca:
            ssl.create_default_context(cadata=ca.read_text("ascii"))
    except (nkeys.NkeysError, ssl.SSLError, UnicodeError) as error:
        raise ValueError(f"{ca if isinstance(error, ssl.SSLError) else key or ca}: {error}") from None


async def connect(url: str, name: str, key: Path | None = None, ca: Path | None = None) -> NatsBroker:
    """Connect to NATS, wait for a server that is not up yet, and reconnect for ever. `broker.connection` is the client.

    `url` is one address, or those of a cluster, separated by commas. `key` is the file with the user's seed, named
    after the user; `ca` is the file with the certificate authority, for TLS. Each error is logged once until the
    connection is back. Delivered messages have no headers. Raises nats.errors.Error if the server refuses the user.
    """
    seen: set[str] = set()

    async def failed(error: Exception) -> None:
        if repr(error) not in seen:
            seen.add(repr(error))
            log.warning("nats is in trouble", connection=name, error=repr(error))

    async def reconnected() -> None:
        seen.clear()
        log.info("nats is connected again", connection=name)

    tls = ssl.create_default_context(cafile=ca) if ca else None
    broker = NatsBroker(
        url.split(","),
        name=name,
        security=NatsNKey.from_file(str(key), ssl_context=tls) if key else NatsSecurity(ssl_context=tls),
        inbox_prefix=inbox(key.stem if key else name),
        error_cb=failed,
        reconnected_cb=reconnected,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.2,  # type: ignore[arg-type]  # Declared as int, but only passed to sleep.
        js_options={"timeout": ANSWERED_WITHIN},
        apply_types=False,
        logger=None,
    )
    client = await broker.connect()
    # FastStream wraps the callback. If a reconnection is refused, its wrapper raises, and nats-py stops reconnecting.
    client._error_cb = failed
    process = client._process_headers

    async def of_the_server(headers: Any) -> dict[str, str] | None:
        """Parse headers only if they begin with a status line: these come from the server itself, not from a message.

        We need no headers of messages. Parsing them in nats-py is slow, and a message with a header `Status` would be
        taken for a notice of the server and lost.
        """
        return await process(headers) if headers and headers.startswith(b"NATS/1.0 ") else None

    client._process_headers = of_the_server  # type: ignore[method-assign]
    return broker


async def declare_streams(js: JetStreamContext, replicas: int = 1) -> list[str]:
    """Create missing streams, and set others back to what STREAMS says. `replicas` servers keep a copy of each.

    Returns in words what was missing or changed. At the first start all streams are missing, which is no fault then.
    Raises APIError if the server does not allow a stream to be changed back.
    """
    amiss = []
    for stream in STREAMS:
        config = stream.evolve(num_replicas=replicas)
        missing, fault = await _fault(js, config)
        if missing:
            await js.add_stream(config)
        elif fault:
            await js.update_stream(config)
        amiss += [fault] if fault else []
    return amiss


async def look_at_streams(js: JetStreamContext, names: Collection[str], replicas: int = 1) -> list[str]:
    """What is wrong with some of the streams, in words. For services, which may look at streams but not change them."""
    found = [(await _fault(js, stream.evolve(num_replicas=replicas)))[1] for stream in STREAMS if stream.name in names]
    return [fault for fault in found if fault]


async def _fault(js: JetStreamContext, wanted: StreamConfig) -> tuple[bool, str]:
    """Whether a stream is missing, and in words what is wrong with it; empty if nothing is."""
    try:
        found = (await js.stream_info(wanted.name or "")).config
    except NotFoundError:
        return True, f"{wanted.name} is missing"
    changed = _differences(found, wanted)
    return False, f"{wanted.name} was changed: {changed}" if changed else ""


def _differences(found: StreamConfig, wanted: StreamConfig) -> str:
    """Settings of a stream that differ from STREAMS, as `name=value`. Those that do not affect events are ignored."""
    return ", ".join(
        f"{field.name}={value!r}"
        for field in dataclasses.fields(StreamConfig)
        if field.name not in _LEFT_ALONE
        for value in [getattr(found, field.name)]
        if (value or None) != (getattr(wanted, field.name) or None)
    )


_LEFT_ALONE = {"description", "metadata", "placement", "first_seq", "compression", "allow_direct", "mirror_direct"} | {
    "persist_mode",
    "template_owner",
    "consumer_limits",
}


async def schedule_days(js: JetStreamContext, cron: str = MIDNIGHT) -> None:
    """Let the server publish a message whenever a day begins. `cron` has six fields, seconds first, in Chinese time.

    A subject holds one schedule, so a second call replaces the first. The published message has an empty body and no
    Nats-Msg-Id. It means the day on which the stream recorded it.
    """
    await js.publish(DAY_SCHEDULED, headers={**_SCHEDULE, "Nats-Schedule": cron}, stream=CALENDAR)


async def start_calendar(js: JetStreamContext) -> bool:
    """Set the schedule of days if it is missing, and let today begin at once. Returns whether it was missing.

    Today must not wait for the next midnight. Days that passed without a schedule need no message: whatever fell due
    on them is done today.
    """
    if await _is_scheduled(js):
        return False
    await schedule_days(js)
    await begin_today(js)
    return True


async def begin_today(js: JetStreamContext) -> None:
    """Publish that today is due. If the day has begun already, this has no effect."""
    await js.publish(DAY_DUE, b"", stream=CALENDAR)


async def _is_scheduled(js: JetStreamContext) -> bool:
    try:
        headers = (await js.get_last_msg(CALENDAR, DAY_SCHEDULED)).headers or {}
    except NotFoundError:
        return False
    return {name: headers.get(name) for name in _SCHEDULE} == _SCHEDULE


async def publish_batch(nc: Client, stream: str, messages: Sequence[Message], within: float = 5.0) -> None:
    """Store the messages in the stream: all or none, in this order, with nothing between them.

    A message must always be sent in the same batch. Then the server has either the whole batch already or nothing of
    it, and a repetition is safe. Raises PublishFailed if the server refuses, or does not answer in `within` seconds:
    send the same batch again. Raises Unpublishable if sending it again cannot help.
    """
    _require_publishable(nc, stream, messages)
    headers = [{"Nats-Msg-Id": message.id} for message in messages]
    headers[0]["Nats-Expected-Stream"] = stream
    if len(messages) > 1:
        # Each attempt has its own batch id, so that the remains of a broken attempt cannot mix with the next.
        batch = uuid4().hex
        for number, own in enumerate(headers, 1):
            own |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
        headers[-1]["Nats-Batch-Commit"] = "1"
    try:
        async with asyncio.timeout(within):
            await _send_ahead(nc, messages[:-1], headers)
            # The server answers for the whole batch at its last message, so only that one is a request.
            reply = await nc.request(messages[-1].subject, messages[-1].body, timeout=within, headers=headers[-1])
    except (errors.Error, TimeoutError, OSError) as error:
        told = f"no answer from {stream} to {len(messages)} messages from id {messages[0].id}: {error!r}"
        raise PublishFailed(told) from error
    refusal = msgspec.json.decode(reply.data, type=_Answer).error
    # This code says that one id of the batch is stored already. Then all are, since they are only sent together.
    # While a cluster may still lose the batch, it answers with another code (10158).
    if refusal and refusal.get("err_code") != _BATCH_IS_STORED:
        raise PublishFailed(f"{stream} refused {len(messages)} messages from id {messages[0].id}: {refusal}")


def _require_publishable(nc: Client, stream: str, messages: Sequence[Message]) -> None:
    """Raise Unpublishable for messages that can never be published as they are, and PublishFailed while offline."""
    count, limit = len(messages), nc.max_payload - _HEADER_ROOM
    if not 0 < count <= LARGEST_BATCH or len({message.id for message in messages}) < count:
        raise Unpublishable(f"{count} messages are no batch: it has 1 to {LARGEST_BATCH}, and no id twice")
    if large := [message.id for message in messages if len(message.body) > limit]:
        raise Unpublishable(f"the server takes bodies of {limit} bytes at most; larger are those of {large}", large)
    if strange := [message.id for message in messages if not _is_subject(message.subject)]:
        raise Unpublishable(f"what {strange} are to be published on is no subject", strange)
    if not nc.is_connected:  # Else nats-py would keep a copy of each attempt until the server is back.
        raise PublishFailed(f"not connected to publish to {stream}")


def joined(messages: Iterable[Message], max_payload: int) -> Iterator[Message]:
    """Join events that follow one another on one subject: each message is a JSON array (a batch of CloudEvents).

    A message costs the server and its readers more than its bytes do. Only services read sealed messages, so these may
    have up to `TOGETHER` events each. A message has the id of its first event. So the server recognises a batch that it
    has stored, even if its events are joined in another way the next time.
    """
    most_bytes = min(TOGETHER_BYTES, max_payload - _HEADER_ROOM)
    for _, group in groupby(messages, lambda message: message.subject):
        waiting, size = list[Message](), 1
        for message in group:
            if waiting and (len(waiting) == TOGETHER or size + len(message.body) + 1 > most_bytes):
                yield _as_one(waiting)
                waiting, size = [], 1
            waiting.append(message)
            size += len(message.body) + 1
        yield _as_one(waiting)


def _as_one(messages: Sequence[Message]) -> Message:
    first, *others = messages
    body = b"[" + b",".join(message.body for message in messages) + b"]" if others else first.body
    return Message(first.id, first.subject, body)


def parts(body: bytes) -> Sequence[bytes]:
    """The events of a message, in order. A body that `joined` has not made is returned as it is, whatever it may be."""
    if not body.startswith(b"["):
        return [body]
    try:
        found = [*map(bytes, _ARRAY.decode(body))]
    except (msgspec.DecodeError, RecursionError):
        return [body]
    return found if 0 < len(found) <= LARGEST_BATCH else [body]


_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


@lru_cache(10_000)
def _is_subject(text: str) -> bool:
    """Whether a subject is valid. One with a space, for example, would break the protocol and lose the connection."""
    return all(token and not re.search(r"[^!-~]|[*>]", token) for token in text.split("."))


async def _send_ahead(nc: Client, messages: Iterable[Message], headers: Iterable[Mapping[str, str]]) -> None:
    """Write messages that need no answer, all at once. nats-py would handle each message and each header singly."""
    wire = bytearray()
    for message, own in zip(messages, headers, strict=False):
        head = "".join(["NATS/1.0\r\n", *[f"{name}: {value}\r\n" for name, value in own.items()], "\r\n"]).encode()
        wire += f"HPUB {message.subject} {len(head)} {len(head) + len(message.body)}\r\n".encode()
        wire += head + message.body + b"\r\n"
    await nc._send_command(bytes(wire))
    await nc._flush_pending()
