"""Messages from a stream: decoded, checked for their sender, run through the rules, and committed in stream order."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any

import msgspec

from shared import chinese, english
from shared.calendar import CHINA
from shared.contracts import EVENTS, Envelope, teller, wire_subject
from shared.contracts.calendar import DayDue, DayPassed
from shared.contracts.registry import VillageRecoded
from shared.divisions import place_of
from shared.engine import dead_letters, store
from shared.engine.days import is_for_all, take_for_all
from shared.engine.flow import Cause, Parked, Wiring, decoder, derived_id, id_bytes, run
from shared.engine.pipeline import AHEAD, Pipeline, apart
from shared.stream.bus import CALENDAR, DAY_DUE, OPEN, SEALED
from shared.stream.consumer import Delivery

_STRANGE = {
    "ahead": ("日期{zh}晚于本机时钟，请校正有误的时钟", "{en} lies beyond this machine's clock; mend the wrong clock"),
    "type": (
        "不认识这类事件（“{type}”），请升级本服务",
        "no contract is known for the event type {type!r}; upgrade this service",
    ),
    "subject": ("这样的内容应发往“{subject}”", "a message with this content belongs on {subject}"),
    "source": ("“{source}”无权发布“{type}”，应由“{teller}”发布", "{source!r} has no say about {type}; {teller!r} has"),
    "place": (
        "村“{village}”不属于区划“{place}”，在那里也没有代码",
        "village {village} does not lie in division {place} and has no code there",
    ),
    "policy": ("从未启用过政策包“{policy}”", "no policy pack {policy} was ever adopted"),
    "early": ("作出决定的日期{zh}尚未到来", "{en}, on which it was decided, has not passed"),
}


class Strange(ValueError):
    """What is wrong with a message, in Chinese and English."""

    def __init__(self, what: str, **facts: str) -> None:
        self.zh, self.en = (text.format(**facts) for text in _STRANGE[what])
        super().__init__(f"{self.zh} / {self.en}")


class Ahead(Strange):
    """Its day lies beyond this machine's clock."""


Heard = tuple[Delivery, Any]
"""A message, and the cause that it carries or what is wrong with it."""
OPEN_READ_WITHIN = 10.0
"""Seconds that a batch of sealed events waits for the open stream before it fails and is tried again."""


async def handle(pipeline: Pipeline, stream: str, deliveries: Sequence[Delivery], *, by_operator: bool = False) -> None:
    """Handle a batch in stream order. Returns when it is committed, with the resulting events in the outbox.

    A message that cannot be handled becomes a dead letter, and the others are handled all the same. A day announced by
    a simulation is accepted only if this installation is one, or if an operator (`by_operator`) recovers its journal.
    Raises what the database raises while it is away: then the batch is to be handed in again.
    """
    await pipeline.relay.reached(pipeline.written - AHEAD)
    simulated, latest = pipeline.simulated or by_operator, pipeline.clock()
    ours = [delivery for delivery in deliveries if _is_ours(pipeline, stream, delivery)]
    heard: list[Heard] = [(delivery, decode(pipeline, delivery, latest, simulated)) for delivery in ours]
    if stream in _CHECKED:
        heard = await _CHECKED[stream](pipeline, heard)
    async with pipeline.writing:
        for for_all, group in groupby(heard, lambda pair: is_for_all(pair[1])):
            if for_all:
                await take_for_all(pipeline, group, stream)
            else:
                await apart([*group], partial(_take, pipeline, stream), partial(_give_up, pipeline, stream))
        # Messages of other replicas at the end change nothing here, so their position is noted in memory only.
        pipeline.positions[stream] = deliveries[-1].read


async def hear_names(pipeline: Pipeline, deliveries: Sequence[Delivery]) -> None:
    """Let only those reactions hear messages that keep names. A message that cannot be handled is left out: it became a
    dead letter when it first came."""
    wiring = Wiring([reaction for reaction in pipeline.service.reactions if reaction.names], {})
    ours = [delivery for delivery in deliveries if _is_ours(pipeline, OPEN, delivery)]
    heard = [decode(pipeline, delivery, pipeline.clock(), pipeline.simulated) for delivery in ours]
    causes = [cause for cause in heard if isinstance(cause, Cause)]
    async with pipeline.writing, pipeline.transaction() as work:
        terms = msgspec.structs.replace(work.terms, wiring=wiring)
        await pipeline.save(work, await pipeline.run(work, partial(run, terms, causes)))
    for cause in causes:
        if isinstance(cause.payload, VillageRecoded):
            pipeline.wiring.note_code(place_of(cause.payload.code), cause.payload.village)


async def _take(pipeline: Pipeline, stream: str, batch: Sequence[Heard]) -> None:
    """Handle messages in one transaction."""
    causes = {id_bytes(cause.id): cause for _, cause in batch if isinstance(cause, Cause)}
    async with pipeline.transaction() as work:
        new = await store.note_heard(work.conn, pipeline.tables, causes)
        fresh = [cause for id, cause in causes.items() if id in new]
        result = await pipeline.run(work, partial(run, work.terms, fresh, blocked=pipeline.blocked))
        await pipeline.save(work, result)
        if result.parked or len(causes) < len(batch):
            await pipeline.park(work, [*_letters(stream, batch, result.parked)])
        work.positions[stream] = batch[-1][0].read


async def _give_up(pipeline: Pipeline, stream: str, heard: Heard, failure: Exception) -> None:
    """Park the one message that makes a transaction fail, unless it was handled before."""
    delivery, cause = heard
    async with pipeline.transaction() as work:
        ids = [id_bytes(cause.id)] if isinstance(cause, Cause) else []
        parked = [Parked(cause, failure) for _ in await store.note_heard(work.conn, pipeline.tables, ids)]
        await pipeline.park(work, [*_letters(stream, [heard], parked)])
        work.positions[stream] = delivery.read


def _letters(stream: str, batch: Sequence[Heard], parked: Sequence[Parked]) -> Iterator[Mapping[str, Any]]:
    """Dead letters for the messages that could not be decoded, and for those that were refused or failed."""
    sources = {}
    for delivery, cause in batch:
        if isinstance(cause, Cause):
            sources[cause.id] = delivery
        else:
            # The body is part of the id: a stream that was made anew counts from 1 again.
            id = derived_id(stream, delivery.sequence, delivery.body.hex())
            yield dead_letters.of_message(stream, delivery, id, "", cause)
    for cause, error in parked:
        yield dead_letters.of_message(stream, sources[cause.id], cause.id, cause.correlation, error)


def _is_ours(pipeline: Pipeline, stream: str, delivery: Delivery) -> bool:
    whole = pipeline.share.of == 1 or stream == CALENDAR or ".calendar." in delivery.subject
    return whole or pipeline.share.has("".join(delivery.subject.split(".", 4)[2:4]))


def decode(pipeline: Pipeline, delivery: Delivery, latest: date, simulated: bool) -> Cause | Exception:
    """The cause that a delivery carries, or the error that makes it a dead letter."""
    try:
        cause = _begun(delivery) if delivery.subject == DAY_DUE else _told(delivery, simulated)
        if cause.day > latest:
            raise Ahead("ahead", zh=chinese.day(cause.day), en=english.day(cause.day))
    except Exception as error:  # Whatever is wrong with a message, it must not stop the others.
        return error
    if pipeline.first_day is None or isinstance(cause.payload, DayDue):
        pipeline.first_day = cause.day
    return cause


def _told(delivery: Delivery, simulated: bool) -> Cause:
    """The event that a delivery carries. Raises ValueError if there is anything wrong with it.

    The subject must fit the content, and the source must own this type of event.
    """
    envelope = _ENVELOPE.decode(delivery.body)
    if envelope.type not in EVENTS:
        raise Strange("type", type=envelope.type)
    id_bytes(envelope.id)  # Checked here, so that writing to the inbox cannot fail for it.
    event = decoder(EVENTS[envelope.type]).decode(envelope.data)
    if delivery.subject != wire_subject(event):
        raise Strange("subject", subject=wire_subject(event))
    owners = teller(envelope.type), _SIMULATION if simulated and isinstance(event, DayPassed) else None
    if envelope.source not in owners:
        raise Strange("source", source=envelope.source, type=envelope.type, teller=teller(envelope.type))
    day = event.day if isinstance(event, DayPassed) else envelope.occurredon
    return Cause(envelope.id, envelope.correlationid, event, envelope.policyversion, day)


def _begun(delivery: Delivery) -> Cause:
    """The day that the schedule of the stream begins: its message says only when."""
    day = delivery.recorded.astimezone(CHINA).date()
    return Cause(derived_id("day due", day), "calendar", DayDue(day=day), day=day)


async def _placed(pipeline: Pipeline, heard: list[Heard]) -> list[Heard]:
    """Replace by an error each event whose village does not belong to the division that the event names.

    A village belongs to a division if its id or a later code begins with the division's digits.
    """
    # A service that does not hear of new codes cannot judge. With several replicas, another one may know the code.
    if VillageRecoded not in pipeline.wiring.reactions or pipeline.share.of > 1:
        return heard
    placed: list[Heard] = []
    for delivery, cause in heard:
        event = cause.payload if isinstance(cause, Cause) else None
        if isinstance(event, VillageRecoded):
            pipeline.wiring.note_code(place_of(event.code), event.village)
        # An event about a party that belongs to no village names no village.
        if event and event.about == "village" and (village := getattr(event, event.about)):
            place = event.place
            if place_of(village) != place and village not in pipeline.wiring.recoded.get(place, ()):
                cause = Strange("place", village=village, place=place)
        placed.append((delivery, cause))
    return placed


async def _come(_pipeline: Pipeline, heard: list[Heard]) -> list[Heard]:
    """Raise `Ahead` for a day that this machine's clock has not reached: one of both clocks is wrong. The batch is
    tried again until the clock is right. Only days are in this stream, so nothing else has to wait."""
    for _, cause in heard:
        if isinstance(cause, Ahead):
            raise cause
    return heard


async def _caught_up(pipeline: Pipeline, heard: list[Heard]) -> list[Heard]:
    """Wait until the day and the pack by which sealed events were decided have arrived (decision 12).

    If they will never come, an error takes the event's place.

    Day and pack come by the open stream, and a sealed event may overtake them. They were published before it: once the
    open stream is read to its end, what is still missing will never come. Until then the batch waits, and if that takes
    too long it is tried again, since handling it early would lead to another state.
    """
    async with asyncio.timeout(OPEN_READ_WITHIN):
        while any(too_early(pipeline, cause) for _, cause in heard):
            if await pipeline.open_is_read():
                return [(delivery, too_early(pipeline, cause) or cause) for delivery, cause in heard]
            await asyncio.sleep(0.05)  # This is rare and takes moments.
    return heard


def too_early(pipeline: Pipeline, cause: object) -> Exception | None:
    """An error if the pack or the day by which an event was decided is not known here yet; else None."""
    if isinstance(cause, Cause):
        if cause.policy and not pipeline.book.knows(cause.policy):
            return Strange("policy", policy=cause.policy)
        if cause.day > (pipeline.today or date.min):
            return Strange("early", zh=chinese.day(cause.day), en=english.day(cause.day))
    return None


_ENVELOPE = msgspec.json.Decoder(Envelope)
_SIMULATION = "urn:zhucun:simulation"
_CHECKED = {CALENDAR: _come, OPEN: _placed, SEALED: _caught_up}
"""By stream, a further check of its events before they are handled."""
