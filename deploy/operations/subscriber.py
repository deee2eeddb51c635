"""A subscriber that shares no code with the services. What it hears is compared with the services' journals."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, Self

import msgspec
import nats
from nats.errors import Error
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from sqlalchemy import select

from deploy.access.permissions import WIRED
from deploy.access.users import HARNESS
from deploy.local.supervisor import System
from shared.contracts import Envelope
from shared.engine import store
from shared.stream import bus
from shared.stream.bus import OPEN, SEALED

OUTSIDE: Final = "urn:zhucun:simulation"
"""The source of the days in a simulation. No journal has them."""
READ_WITHIN: Final = 30.0
"""Seconds that a subscriber may take to come to the end of a stream."""


class Said(NamedTuple):
    """One event, from a journal or as it was heard."""

    stream: str
    subject: str
    source: str
    id: str
    about: str
    """The village that the event is about. Events about one village must come in order."""
    body: bytes


class Difference(NamedTuple):
    """The ids of events that were heard otherwise than the journals have them, by kind of fault."""

    heard: int
    missing: list[str]
    invented: list[str]
    """Events that are in no journal, or have another content there."""
    doubled: list[str]
    misordered: list[str]
    """Events in whose place another event of the same producer about the same village was heard."""

    def __str__(self) -> str:
        faults = ((name, getattr(self, name)) for name in self._fields[1:])
        return f"{self.heard} events heard, " + ", ".join(
            f"{len(ids)} {name}{f' such as {ids[0]}' if ids else ''}" for name, ids in faults
        )


def compare(journal: Iterable[Said], heard: Iterable[Said]) -> Difference:
    """Compare what was heard with journals. Order is checked per producer, stream and village, repetitions aside."""
    decided = {said.id: said for said in journal}
    first: dict[str, Said] = {}
    invented, doubled = [], []
    for said in heard:
        if said.source == OUTSIDE:
            continue
        if decided.get(said.id) != said:
            invented.append(said.id)
        elif said.id in first:
            doubled.append(said.id)
        else:
            first[said.id] = said
    right, actual = _orders(said for id, said in decided.items() if id in first), _orders(first.values())
    return Difference(
        len(first),
        [id for id in decided if id not in first],
        invented,
        doubled,
        [is_ for key, ids in right.items() for was, is_ in zip(ids, actual[key], strict=True) if was != is_],
    )


def _orders(events: Iterable[Said]) -> dict[tuple[str, str, str], list[str]]:
    """The ids in order, for each producer, stream and village."""
    orders: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for said in events:
        orders[said.source, said.stream, said.about].append(said.id)
    return orders


async def journals(system: System) -> list[Said]:
    """All events that the services decided, read from the databases, since HTTP does not show sealed events."""
    said = []
    for process, (service, _) in system.services.items():
        outbox = WIRED[service].tables.outbox.c
        rows = select(outbox.sealed, outbox.subject, outbox.id, outbox.about, outbox.body).order_by(outbox.position)
        engine = store.open_engine(system.environment(process)["ZHUCUN_DATABASE"])
        try:
            async with engine.connect() as conn:
                said += [
                    Said(SEALED if sealed else OPEN, subject, f"urn:zhucun:{service}", id, about, body.encode())
                    for sealed, subject, id, about, body in await conn.execute(rows)
                ]
        finally:
            await engine.dispose()
    return said


class Subscriber:
    """Listens to both streams from their first message. After a break it continues behind the last message it heard."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._sequences = dict.fromkeys((OPEN, SEALED), 0)
        self.heard: list[Said] = []
        """All events heard, in order within each stream."""

    async def __aenter__(self) -> Self:
        ca = self._system.nats_ca
        self.client = await nats.connect(
            self._system.nats_url.split(","),
            nkeys_seed=str(self._system.key(HARNESS)),
            tls=ssl.create_default_context(cafile=ca) if ca else None,
            inbox_prefix=bus.inbox(HARNESS),
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.2,
            error_cb=_ignore,
        )
        self.js = self.client.jetstream(timeout=2)
        self._left = False
        self._listeners = [asyncio.create_task(self._listen(stream)) for stream in self._sequences]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._left = True  # nats-py may swallow a cancellation while it flushes.
        for listener in self._listeners:
            listener.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)
        await self.client.close()

    async def come_to_the_end(self) -> None:
        """Wait until all that the streams hold is heard. Raises TimeoutError."""
        async with asyncio.timeout(READ_WITHIN):
            for stream in self._sequences:
                last = (await self.js.stream_info(stream)).state.last_seq
                while self._sequences[stream] < last:  # noqa: ASYNC110 - short
                    await asyncio.sleep(0.05)

    async def _listen(self, stream: str) -> None:
        while not self._left:
            # The server may be away, the consumer lost, or there is nothing new: the next consumer continues from here.
            with suppress(Error, OSError, TimeoutError):
                config = ConsumerConfig(
                    deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                    opt_start_seq=self._sequences[stream] + 1,
                    ack_policy=AckPolicy.NONE,
                    inactive_threshold=30,
                    mem_storage=True,
                )
                consumer = await self.js.pull_subscribe("", stream=stream, config=config)
                try:
                    while self._take(stream, await consumer.fetch(500, timeout=1)):
                        pass
                finally:
                    with suppress(Error):
                        await consumer.unsubscribe()
            await asyncio.sleep(0.1)

    def _take(self, stream: str, messages: Sequence[Any]) -> bool:
        """Keep messages that follow directly on the last one heard. Returns False at the first gap."""
        for message in messages:
            sequence = message.metadata.sequence.stream
            if sequence != self._sequences[stream] + 1:
                return False
            self._sequences[stream] = sequence
            for body in bus.parts(message.data):
                envelope = msgspec.json.decode(body, type=Envelope)
                about = envelope.correlationid
                self.heard.append(Said(stream, message.subject, envelope.source, envelope.id, about, body))
        return True


async def _ignore(_error: Exception) -> None:
    """Ignore errors of the connection: they are made on purpose, and the comparison at the end shows what they cost."""
