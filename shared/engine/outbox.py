"""Facts become rows of the outbox, and rows become batches to publish.

Which rows make a batch is decided when they are written, and never changes (decision 4).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from shared.contracts import Envelope, schema_address, wire_subject
from shared.contracts.registry import PolicyAdopted
from shared.engine.flow import Fact
from shared.stream.bus import LARGEST_BATCH, OPEN, SEALED, Message
from shared.stream.relay import Batch

PAGE = 500
"""The most states that a day handles in one transaction. A request with more commands than this runs in a thread."""
BATCH = LARGEST_BATCH
"""The most messages of one atomic batch: as many as the server takes, since each batch costs it 2 ms."""
BATCH_BYTES = 4 * 2**20
"""The most bytes of a batch with several messages. Sending more would take longer than the answer is waited for."""


def rows(facts: Iterable[Fact], after: int, today: date, service: str, schemas: str) -> Iterator[dict[str, Any]]:
    """The facts as rows with CloudEvents, numbered from `after` + 1. `batch` is the position of the batch's first row.

    A batch belongs to one stream and has `BATCH` rows and `BATCH_BYTES` at most. Open and sealed facts alternate, so
    one batch of each is filled at a time. With an adopted pack new batches begin: events that were decided by the pack
    must be published after it, since readers need it to handle them.
    """
    now, source = datetime.now(UTC), f"urn:zhucun:{service}"
    filling: dict[bool, tuple[int, int, int]] = {}
    for position, fact in enumerate(facts, after + 1):
        event, who, size, sealed = fact.event, fact.cause.actor, len(fact.data), fact.event.is_sealed()
        if isinstance(event, PolicyAdopted):
            filling.clear()
        batch, count, bytes = filling.get(sealed, (position, 0, 0))
        if count == BATCH or (count and bytes + size > BATCH_BYTES):
            batch, count, bytes = position, 0, 0
        filling[sealed] = batch, count + 1, bytes + size
        envelope = Envelope(
            id=fact.id, source=source, type=event.type, subject=event.subject_id, time=now, occurredon=today,
            dataschema=schema_address(event.type, schemas), correlationid=fact.correlation, causationid=fact.cause.id,
            actor=who.pseudonym, actororgan=who.organ, policyversion=fact.policy, data=msgspec.Raw(fact.data),
        )  # fmt: skip
        yield {
            "position": position, "batch": batch, "id": fact.id, "sealed": sealed, "subject": wire_subject(event),
            "about": fact.correlation, "type": event.type, "occurred_on": today,
            "body": _JSON.encode(envelope).decode(),
        }  # fmt: skip


def batches(rows: Iterable[Mapping[Any, Any]], end: int) -> list[Batch]:
    """Group rows, given in order, into their batches; `end` is the last position of the outbox.

    The `last` of a batch is the position before the next batch begins. Rows of two batches may alternate, but when a
    batch is published, all rows up to its `last` are.
    """
    members: defaultdict[tuple[int, bool], list[Message]] = defaultdict(list)
    for row in rows:
        members[row["batch"], row["sealed"]].append(Message(row["id"], row["subject"], row["body"].encode()))
    lasts = [*(first - 1 for first, _ in members), end][1:]
    return [
        Batch(last, SEALED if sealed else OPEN, tuple(messages))
        for last, ((_, sealed), messages) in zip(lasts, members.items(), strict=True)
    ]


_JSON = msgspec.json.Encoder()
