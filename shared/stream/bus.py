"""The edge to NATS JetStream: its streams, and publishing in atomic batches. `consumer` reads them.

It knows no business. Where it answers what libraries and server do beyond their documentation, the reason stands beside
the code; all of it was seen with nats-server 2.15.1, nats-py 2.16.0 and FastStream 0.7.8.
"""

import asyncio
import dataclasses
import re
import ssl
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec
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
"""The stream of events that only the owning services may read; its subjects have a root of their own."""

CALENDAR: Final = "ZHUCUN_CALENDAR"
"""The stream of the schedule that begins each day; it is apart since a stream with a schedule can be erased."""

_stream = partial(
    StreamConfig,
    storage=StorageType.FILE,
    retention=RetentionPolicy.LIMITS,  # Without any limit: everything is kept, so that it can be replayed.
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
    # Schedules need roll-ups, and roll-ups exclude deny_purge: one header can empty such a stream.
    _stream(name=CALENDAR, subjects=["zhucun-calendar.v1.>"], allow_msg_schedules=True, allow_rollup_hdrs=True),
)

DAY_DUE: Final = "zhucun-calendar.v1.day.due"
"""The subject on which the schedule of days fires."""
DAY_SCHEDULED: Final = "zhucun-calendar.v1.day.scheduled"
"""The subject that holds the schedule itself."""
MIDNIGHT: Final = "0 0 0 * * *"
_SCHEDULE: Final = {
    "Nats-Schedule": MIDNIGHT, "Nats-Schedule-Time-Zone": "Asia/Shanghai", "Nats-Schedule-Target": DAY_DUE,
}  # fmt: skip

LARGEST_BATCH: Final = 1000
"""The server's limit for an atomic batch, in messages."""
ANSWERED_WITHIN: Final = 2.0
"""Seconds to wait for an answer about a stream or consumer, which a lost connection may swallow."""
_HEADER_ROOM = 1024  # Bytes. nats-py checks a body alone; with its headers too large, it costs the connection for good.
_BATCH_IS_STORED = 10201  # The server's error code.


class PublishFailed(Exception):
    """It is not certain that the batch was stored; publish the same batch again."""


class Unpublishable(ValueError):
    """Some messages of a batch, by their ids, can never be published as they are."""

    def __init__(self, text: str, ids: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.ids = ids


class Message(msgspec.Struct, frozen=True):
    """What is to be published; `id` becomes the Nats-Msg-Id by which the server drops repetitions."""

    id: str
    subject: str
    body: bytes


class _Answer(msgspec.Struct):
    """The server's answer to a publication, as far as it matters here."""

    error: dict[str, Any] | None = None


def inbox(user: str) -> str:
    """The subject below which a user is answered; no other may hear it."""
    return f"_INBOX.{user}"


async def connect(url: str, name: str, key: Path | None = None, ca: Path | None = None) -> NatsBroker:
    """Connect, waiting for a server that is not up yet, and connect again for ever; `broker.connection` is the client.

    `url` is a server's address, or those of a cluster with commas between them. `key` holds the seed of the user who
    connects, whose name its file has; `ca` is who vouches for servers that speak TLS. Each distinct trouble is logged
    once until the connection stands again. Messages that it delivers have no headers. Raises nats.errors.Error if the
    server refuses who connects.
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
        reconnect_time_wait=0.2,  # type: ignore[arg-type]  # It is declared int but only slept on.
        js_options={"timeout": ANSWERED_WITHIN},
        apply_types=False,
        logger=None,
    )
    client = await broker.connect()
    # FastStream's wrapper of the callback raises when a reconnection is refused, which ends reconnecting for good.
    client._error_cb = failed
    process = client._process_headers

    async def of_the_server(headers: Any) -> dict[str, str] | None:
        """Only the server begins headers with a status, which it removes from what it stores.

        Those of stored messages are not read: nothing here needs them, nats-py looks at each character of their names,
        and it would take a header `Status` for the server's word and throw the message away.
        """
        return await process(headers) if headers and headers.startswith(b"NATS/1.0 ") else None

    client._process_headers = of_the_server  # type: ignore[method-assign]
    return broker


async def declare_streams(js: JetStreamContext, replicas: int = 1) -> list[str]:
    """Create streams that are missing, and bring others to what STREAMS says; `replicas` servers keep a copy.

    Returns what was amiss, in words; what had to be made is amiss only for who has seen it before. Raises APIError
    where the server does not let a stream be changed back.
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
    """What is amiss with some of the streams, in words, for who may not change it."""
    found = [
        (await _fault(js, stream.evolve(num_replicas=replicas)))[1] for stream in STREAMS if stream.name in names
    ]  # fmt: skip
    return [fault for fault in found if fault]


async def _fault(js: JetStreamContext, wanted: StreamConfig) -> tuple[bool, str]:
    """Whether a stream is missing, and what is amiss with it, if anything is."""
    try:
        found = (await js.stream_info(wanted.name or "")).config
    except NotFoundError:
        return True, f"{wanted.name} is missing"
    changed = _differences(found, wanted)
    return False, f"{wanted.name} was changed: {changed}" if changed else ""


def _differences(found: StreamConfig, wanted: StreamConfig) -> str:
    """What a stream has that STREAMS does not say, each as `name=value`. What only helps reading is left alone."""
    return ", ".join(
        f"{field.name}={value!r}"
        for field in dataclasses.fields(StreamConfig)
        if field.name not in _LEFT_ALONE
        for value in [getattr(found, field.name)]
        if (value or None) != (getattr(wanted, field.name) or None)
    )


_LEFT_ALONE = {"description", "metadata", "placement", "first_seq", "compression", "allow_direct", "mirror_direct"} | {
    "persist_mode", "template_owner", "consumer_limits",
}  # fmt: skip


async def schedule_days(js: JetStreamContext, cron: str = MIDNIGHT) -> None:
    """Let the server say that a day is due; `cron` has six fields, from seconds on, in Chinese time.

    A subject holds one schedule, so calling this again replaces it. What fires has an empty body and no Nats-Msg-Id:
    the day on which the stream recorded it is its identity.
    """
    await js.publish(DAY_SCHEDULED, headers={**_SCHEDULE, "Nats-Schedule": cron}, stream=CALENDAR)


async def start_calendar(js: JetStreamContext) -> bool:
    """Set the schedule of days unless it stands already, and let today begin at once; whether it had to be set.

    The next midnight may be far, and days that passed without a schedule need no message of their own: what fell due
    on them is done today.
    """
    if await _is_scheduled(js):
        return False
    await schedule_days(js)
    await begin_today(js)
    return True


async def begin_today(js: JetStreamContext) -> None:
    """Say that today is due; that it has begun already is no harm."""
    await js.publish(DAY_DUE, b"", stream=CALENDAR)


async def _is_scheduled(js: JetStreamContext) -> bool:
    try:
        headers = (await js.get_last_msg(CALENDAR, DAY_SCHEDULED)).headers or {}
    except NotFoundError:
        return False
    return {name: headers.get(name) for name in _SCHEDULE} == _SCHEDULE


async def publish_batch(
    nc: Client,
    stream: str,
    messages: Sequence[Message],
    timeout: float = 5.0,  # noqa: ASYNC109
) -> None:
    """Store the messages in the stream, all or none, in this order and next to one another.

    A message must belong to one batch for ever: only then the server knows a batch that is sent again either whole or
    not at all. Raises PublishFailed on any refusal and after `timeout` seconds (send the same batch again), and
    Unpublishable for a batch that no repetition can mend.
    """
    count, limit = len(messages), nc.max_payload - _HEADER_ROOM
    if not 0 < count <= LARGEST_BATCH or len({message.id for message in messages}) < count:
        raise Unpublishable(f"{count} messages are no batch: it has 1 to {LARGEST_BATCH}, and no id twice")
    if large := [message.id for message in messages if len(message.body) > limit]:
        raise Unpublishable(f"the server takes bodies of {limit} bytes at most; larger are those of {large}", large)
    if strange := [message.id for message in messages if not _is_subject(message.subject)]:
        raise Unpublishable(f"what {strange} are to be published on is no subject", strange)
    if not nc.is_connected:  # Else nats-py would hoard one copy per attempt until the server is back.
        raise PublishFailed(f"not connected to publish to {stream}")
    headers = [{"Nats-Msg-Id": message.id} for message in messages]
    headers[0]["Nats-Expected-Stream"] = stream
    if count > 1:
        # Each attempt has its own batch id: what is left of a broken one would spoil the next under the same id.
        batch = uuid4().hex
        for number, own in enumerate(headers, 1):
            own |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
        headers[-1]["Nats-Batch-Commit"] = "1"

    try:
        async with asyncio.timeout(timeout):
            await _send_ahead(nc, messages[:-1], headers)
            # The server judges the whole batch at its last message, so no other asks for an answer.
            last = messages[-1]
            reply = await nc.request(last.subject, last.body, timeout=timeout, headers=headers[-1])
    except (errors.Error, TimeoutError, OSError) as error:
        raise PublishFailed(
            f"no answer from {stream} to {count} messages from id {messages[0].id}: {error!r}"
        ) from error
    refusal = msgspec.json.decode(reply.data, type=_Answer).error
    # The code says that an id of the batch is stored, and then all are, since each belongs to this batch alone. What a
    # cluster has not settled yet, and may still lose, it refuses with another code (10158).
    if refusal and refusal.get("err_code") != _BATCH_IS_STORED:
        raise PublishFailed(f"{stream} refused {count} messages from id {messages[0].id}: {refusal}")


@lru_cache(10_000)
def _is_subject(text: str) -> bool:
    """Whether a subject can be written to the wire; one with a space would cost the connection."""
    return all(token and not re.search(r"[^!-~]|[*>]", token) for token in text.split("."))


async def _send_ahead(nc: Client, messages: Iterable[Message], headers: Iterable[Mapping[str, str]]) -> None:
    """Write messages that wait for no answer at one go; nats-py would look at each, and at each header, by itself."""
    wire = bytearray()
    for message, own in zip(messages, headers, strict=False):
        head = "".join(("NATS/1.0\r\n", *(f"{name}: {value}\r\n" for name, value in own.items()), "\r\n")).encode()
        wire += f"HPUB {message.subject} {len(head)} {len(head) + len(message.body)}\r\n".encode()
        wire += head + message.body + b"\r\n"
    await nc._send_command(bytes(wire))
    await nc._flush_pending()
