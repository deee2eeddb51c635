"""`zhucun recover`: a service that a stream lost messages for takes them from the journals of those who said them.

Every outbox is a journal of all that its service ever decided, so what a stream no longer has is still known. It is
handed in per producer in order, and the service drops what it knows, so that a recovery may be repeated from its start
however it ended. Only the days that a simulation published stand in no journal; they follow from what was decided on
them.
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
from shared.web.http import Entry

Order = tuple[date, bool, datetime]
"""Where an event stands among those of other services: its business day, the day itself before all else, the time."""


def recover(
    service: httpx.Client, journals: Sequence[httpx.Client], hears: Mapping[str, Sequence[str]], progress: Progress
) -> int:
    """Hand in what the service may have missed, and let it read on behind what its streams lost; how many events.

    `journals` are all processes of all services, each client with the operator's key; `hears` the subjects by stream
    as `shared.runtime.heard` gives them. What was lost by now is recovered; where nothing was, all is compared.
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
        )  # fmt: skip
        if stream == OPEN:
            events = _with_days(events, *(date.fromisoformat(s["today"] or "0001-01-01") for s in (status, *ends)))
        while page := list(islice(events, PAGE)):
            service.post("/v1/recovery", params={"stream": stream}, content=msgspec.json.encode(page))
            count += len(page)
        if stream in status["lost"]:
            service.post("/v1/recovery/end", params={"stream": stream, "through": status["lost"][stream][1]})
    return count


def _journal(journal: httpx.Client, stream: str, subjects: Sequence[str], end: int, advance: Any) -> Iterator[Entry]:
    """What one process said to a stream on these subjects, up to a position, which it had reached before this began."""
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
    """All journals as one; each keeps its own order, whatever clocks say.

    An event's business day is never before that of what caused it, so clocks that differ can only mix up what happened
    on one day, of which the order between services does not matter.
    """
    keyed = (((_key(entry), n, entry) for entry in journal) for n, journal in enumerate(journals))
    return (entry for _, _, entry in heapq.merge(*keyed, key=lambda item: item[:2]))


def _key(entry: Entry) -> Order:
    envelope = msgspec.json.decode(entry.event, type=Envelope)
    day = _day_in(envelope)
    return day or envelope.occurredon, day is None, envelope.time


def _day_in(envelope: Envelope) -> date | None:
    """The day that an event says has passed."""
    return msgspec.json.decode(envelope.data, type=DayPassed).day if envelope.type == DayPassed.type else None


def _with_days(events: Iterator[Entry], today: date, *others: date) -> Iterator[Entry]:
    """Put those days between the events that no journal has, and leave out those that the service is past.

    What was decided on a day shows that it had passed; what nobody decided anything on, the others' day shows.
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
    """The day as the simulation publishes it, with the same id, by which all that follows from it is known."""
    message = day_message(day, "simulation")
    return Entry(0, message.subject, msgspec.Raw(message.body))
