"""`zhucun recover`: if a stream lost messages before a service read them, the service gets them from journals.

Every service's outbox is a journal of all events that it ever decided, so they are still known when a stream has lost
them. The events of each service are handed in in their order. The receiving service drops those that it knows, so a
recovery may be repeated from the start, however the last one ended. Only the days that a simulation published are in no
journal; they are concluded from the events that were decided on them.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

import httpx
import msgspec
from rich.progress import Progress

from deploy.operations.days import day_message
from shared.contracts import EVENTS, Envelope, short_type
from shared.contracts.calendar import DayPassed
from shared.engine.outbox import PAGE
from shared.stream.bus import OPEN, SEALED
from shared.web.journals import Entry

Order = tuple[date, bool, datetime]
"""The key by which events of different services are ordered: the business day, whether it is anything else than the
event that the day began (which comes first), and the time."""


def recover(
    service: httpx.Client, journals: Sequence[httpx.Client], hears: Mapping[str, Sequence[str]], progress: Progress
) -> int:
    """Hand in what the service may have missed, and let it read on after the gaps in its streams.

    `journals` are clients for all processes of all services, with the operator's token. `hears` has the subjects by
    stream, as `shared.runtime.heard` gives them. If nothing was lost, all events are handed in, for comparison.
    Returns the number of events that were handed in.
    """
    status, count = service.get("/v1/status").json(), 0
    for stream in (OPEN, SEALED):
        if not hears[stream] or (status["lost"] and stream not in status["lost"]):
            continue
        ends = [journal.get("/v1/status").json() for journal in journals]
        bar = progress.add_task(stream, total=sum(end["written"] for end in ends))
        events: Iterator[Entry] = _merged(
            _journal(journal, stream, hears[stream], end["written"], lambda n, bar=bar: progress.advance(bar, n))
            for journal, end in zip(journals, ends, strict=True)
        )
        if stream == OPEN:
            events = _with_days(events, *(date.fromisoformat(s["today"] or "0001-01-01") for s in (status, *ends)))
        while page := list(islice(events, PAGE)):
            service.post("/v1/recovery", params={"stream": stream}, content=msgspec.json.encode(page))
            count += len(page)
        if stream in status["lost"]:
            service.post("/v1/recovery/end", params={"stream": stream, "through": status["lost"][stream][1]})
    return count


def _journal(journal: httpx.Client, stream: str, subjects: Sequence[str], end: int, advance: Any) -> Iterator[Entry]:
    """The events of one process on these subjects of a stream, up to the position it had when the recovery began."""
    said = {".".join(subject.split(".")[-3:]) for subject in subjects}
    asked = {"stream": stream, "type": [type for type in EVENTS if short_type(type) in said]}
    after = 0
    while after < end:
        answer = journal.get("/v1/recovery/journal", params={**asked, "after": after})
        page = msgspec.json.decode(answer.content, type=list[Entry])
        yield from (entry for entry in page if entry.position <= end)
        reached = page[-1].position if len(page) == PAGE else end
        advance(reached - after)
        after = reached


def _merged(journals: Iterable[Iterator[Entry]]) -> Iterator[Entry]:
    """All journals merged into one. Each journal keeps its own order, whatever the clocks of machines say.

    The merge goes by business day and time. An event's business day is never before its cause's, so wrong clocks can
    only mix up events of one day, and within a day the order between services does not matter.
    """
    keyed = (((_key(entry), n, entry) for entry in journal) for n, journal in enumerate(journals))
    return (entry for _, _, entry in heapq.merge(*keyed, key=lambda item: item[:2]))


def _key(entry: Entry) -> Order:
    envelope = msgspec.json.decode(entry.event, type=Envelope)
    day = _day_in(envelope)
    return day or envelope.occurredon, day is None, envelope.time


def _day_in(envelope: Envelope) -> date | None:
    """The day that began by this event. None for any other event."""
    return msgspec.json.decode(envelope.data, type=DayPassed).day if envelope.type == DayPassed.type else None


def _with_days(events: Iterator[Entry], today: date, *others: date) -> Iterator[Entry]:
    """Add the days of a simulation, which no journal has, between the events. Leave out days that the service has had.

    An event shows that its business day had begun. After the last event, the other services' present day is added.
    """
    last = today
    for entry in events:
        envelope = msgspec.json.decode(entry.event, type=Envelope)
        day = _day_in(envelope)
        if day is None and envelope.occurredon > last:
            yield _day(envelope.occurredon)
        if day is None or day >= today:
            yield entry
        last = max(last, day or envelope.occurredon)
    if max(others) > last:
        yield _day(max(others))


def _day(day: date) -> Entry:
    """The day as the simulation publishes it, with the same id: ids of everything that follows are made from it."""
    message = day_message(day, "simulation")
    return Entry(0, message.subject, msgspec.Raw(message.body))
