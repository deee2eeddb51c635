"""Messages from a stream: decoded, checked for their sender, run through the rules, and committed in stream order."""

import asyncio
from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any

import msgspec

from shared.calendar import CHINA
from shared.codes import Code
from shared.contracts import EVENTS, Envelope, Event, teller, wire_subject
from shared.contracts.calendar import DayDue, DayPassed
from shared.contracts.registry import VillageRecoded
from shared.engine import dead_letters, store
from shared.engine.days import is_for_all, take_for_all
from shared.engine.flow import Cause, Parked, Result, derived_id, id_bytes, run
from shared.engine.pipeline import AHEAD, Pipeline, apart, log_facts
from shared.stream.bus import CALENDAR, DAY_DUE, OPEN, SEALED
from shared.stream.consumer import Delivery

OPEN_READ_WITHIN = 10.0
"""Seconds that a batch of sealed events waits for the open stream before it fails and is tried again."""


async def handle(pipeline: Pipeline, stream: str, deliveries: Sequence[Delivery], *, by_operator: bool = False) -> None:
    """Handle a batch in stream order. Returns when it is committed, with the resulting events in the outbox.

    A message that cannot be handled becomes a dead letter, and the others are handled all the same. A day announced by
    a simulation is accepted only if this installation is one, or if an operator (`by_operator`) recovers its journal.
    Raises what the database raises while it is away: then the batch is to be handed in again.
    """
    simulated = pipeline.simulated or by_operator
    await pipeline.relay.reached(pipeline.written - AHEAD)
    ours = [delivery for delivery in deliveries if _is_ours(pipeline, stream, delivery)]
    latest = pipeline.clock()
    decoded = [(delivery, decode(pipeline, delivery, latest, simulated)) for delivery in ours]
    if stream == OPEN:
        decoded = _placed(pipeline, decoded)
    if stream == SEALED:
        await _catch_up(pipeline, [cause for _, cause in decoded if isinstance(cause, Cause)])
        decoded = [(delivery, too_early(pipeline, cause) or cause) for delivery, cause in decoded]
    async with pipeline.writing:
        for for_all, group in groupby(decoded, lambda pair: is_for_all(pair[1])):
            if for_all:
                for delivery, cause in group:
                    await take_for_all(pipeline, delivery, cause, stream)
            else:
                await apart([*group], partial(_take, pipeline, stream))
        # The rest belongs to other replicas, so there is nothing to write.
        pipeline.positions[stream] = deliveries[-1].sequence


async def _take(
    pipeline: Pipeline, stream: str, batch: Sequence[tuple[Delivery, Any]], failure: Exception | None = None
) -> None:
    """Handle messages in one transaction.

    With a `failure`, the batch is the one message that caused it: it is parked.
    """
    causes = {id_bytes(cause.id): cause for _, cause in batch if isinstance(cause, Cause)}
    sources = {cause.id: delivery for delivery, cause in batch if isinstance(cause, Cause)}
    malformed = [(delivery, error) for delivery, error in batch if not isinstance(error, Cause)]
    async with pipeline.transaction() as work:
        new = await store.note_heard(work.conn, pipeline.tables, causes.keys())
        fresh = [cause for id, cause in causes.items() if id in new]
        if failure:
            result = Result({}, [], [Parked(cause, failure) for cause in fresh])
        else:
            result = await pipeline.run(work, lambda loaded: run(
                pipeline.wiring, pipeline.book, work.day, fresh, loaded, pipeline.blocked
            ), fresh)  # fmt: skip
        await pipeline.save(work, result, fresh)
        await pipeline.park(
            work,
            [
                # The body is part of the id: a stream that was made anew counts from 1 again.
                dead_letters.of_message(stream, d, derived_id(stream, d.sequence, d.body.hex()), "", error)
                for d, error in malformed
            ]
            + [
                dead_letters.of_message(stream, sources[p.cause.id], p.cause.id, p.cause.correlation, p.error)
                for p in result.parked
            ],
        )
        work.positions[stream] = batch[-1][0].sequence
    log_facts(result.facts)


def _is_ours(pipeline: Pipeline, stream: str, delivery: Delivery) -> bool:
    whole = pipeline.share.of == 1 or stream == CALENDAR or ".calendar." in delivery.subject
    return whole or pipeline.share.has("".join(delivery.subject.split(".", 4)[2:4]))


def decode(pipeline: Pipeline, delivery: Delivery, latest: date, simulated: bool) -> Any:
    """The cause that a delivery carries, or the error that makes it a dead letter."""
    try:
        if delivery.subject == DAY_DUE:
            day = first = delivery.recorded.astimezone(CHINA).date()
            cause = Cause(derived_id("day due", day), "calendar", DayDue(day=day))
        else:
            envelope = _ENVELOPE.decode(delivery.body)
            id_bytes(envelope.id)  # Checked here, so that writing to the inbox cannot fail for it.
            payload = _decode_data(envelope.type, envelope.data)
            _require_genuine(delivery, envelope, payload, simulated)
            day = payload.day if isinstance(payload, DayPassed) else envelope.occurredon
            first = pipeline.first_day or envelope.occurredon
            cause = Cause(envelope.id, envelope.correlationid, payload, envelope.policyversion, envelope.occurredon)
        if day > latest:
            raise ValueError(f"the day {day} lies beyond this machine's clock; mend the clock that is wrong and replay")
    except Exception as error:  # Whatever is wrong with a message, it must not stop the others.
        return error
    pipeline.first_day = first
    return cause


def _require_genuine(delivery: Delivery, envelope: Envelope, event: Event, simulated: bool) -> None:
    """Raise ValueError if the subject does not fit the content, or if the source does not own this type of event."""
    if delivery.subject != wire_subject(event):
        raise ValueError(f"a message with this content belongs on {wire_subject(event)}")
    if envelope.source == teller(envelope.type):
        return
    if not (simulated and isinstance(event, DayPassed) and envelope.source == "urn:zhucun:simulation"):
        raise ValueError(f"{envelope.source!r} has no say about {envelope.type}; {teller(envelope.type)!r} has")


def _decode_data(type: str, data: msgspec.Raw) -> Event:
    if type not in EVENTS:
        raise ValueError(f"no contract is known for the event type {type!r}; upgrade this service and replay")
    if type not in _PAYLOADS:
        _PAYLOADS[type] = msgspec.json.Decoder(EVENTS[type])
    return _PAYLOADS[type].decode(data)


def _placed(pipeline: Pipeline, decoded: list[tuple[Delivery, Any]]) -> list[tuple[Delivery, Any]]:
    """Replace by an error each event whose village does not belong to the division that the event names.

    A village belongs to a division if its id or a later code begins with the division's digits.
    """
    # The new code may be known to another replica only.
    if Code not in pipeline.tables.states or pipeline.share.of > 1:
        return decoded
    placed = []
    for delivery, cause in decoded:
        event = cause.payload if isinstance(cause, Cause) else None
        if isinstance(event, VillageRecoded):
            pipeline.wiring.note_code(event)
        if event is not None and event.about == "village" and event.subject_id[:6] != event.place:
            village, place = event.subject_id, event.place
            if village not in pipeline.wiring.recoded.get(place, ()):
                cause = ValueError(f"village {village} does not lie in division {place} and has no code there")
        placed.append((delivery, cause))
    return placed


async def _catch_up(pipeline: Pipeline, sealed: Sequence[Cause]) -> None:
    """Wait until the day and the pack by which sealed events were decided have arrived (decision 12).

    They come by the open stream, which a sealed event may overtake. They were published before it, so once the open
    stream is read to its end, what is still missing will never come. Until then the batch fails and is tried again:
    handling it early would lead to another state.
    """
    async with asyncio.timeout(OPEN_READ_WITHIN):
        while any(map(partial(too_early, pipeline), sealed)):
            if await pipeline.open_is_read():
                return
            await asyncio.sleep(0.05)  # This is rare and takes moments.


def too_early(pipeline: Pipeline, cause: object) -> Exception | None:
    """An error if the pack or the day by which an event was decided is not known here yet; else None."""
    if isinstance(cause, Cause):
        if cause.policy and not pipeline.book.knows(cause.policy):
            return ValueError(f"no policy pack {cause.policy} was ever adopted")
        if cause.day > (pipeline.today or date.min):
            return ValueError(f"the day {cause.day} on which it was decided has not passed")
    return None


_ENVELOPE = msgspec.json.Decoder(Envelope)
_PAYLOADS: dict[str, msgspec.json.Decoder[Event]] = {}
