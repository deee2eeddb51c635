"""A client of the services' pull feeds (`shared/web/feed.py`): their open events, journal by journal.

Whoever follows a feed keeps its cursor together with what he made of its events. If the source has another journal by
now, `AnotherJournal` is raised: then what was read before is not in force any more.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import httpx
import msgspec

from shared.contracts import teller

PAGE: Final = 50
"""Events on a page, unless another number is asked for."""
TAIL: Final = "9999-12-31"
"""A business day that never comes. Reading a feed from this day on begins at its end."""
WAIT: Final = 50
"""Seconds for which a feed is asked to wait for an event."""


class Event(msgspec.Struct, frozen=True):
    """What must be known of an event to pass it on; `body` is the whole CloudEvent, byte for byte."""

    id: str
    subject: str
    type: str
    day: str
    body: bytes
    time: datetime
    """When its service told it."""


class Page(msgspec.Struct, frozen=True):
    """Events of one source, and where to go on."""

    events: tuple[Event, ...]
    after: str
    end: bool


class Chosen(msgspec.Struct, frozen=True):
    """Which events are asked for. The same choice and cursor give the same page, which may only have become longer."""

    division: str = ""
    types: tuple[str, ...] = ()
    about: str = ""


class Away(Exception):
    """A source cannot be read now, for the reason in the text."""


class AnotherJournal(Exception):
    """The cursor is not of the journal that the source has now: a backup was restored, or its database is another."""


class _Head(msgspec.Struct):
    id: str
    subject: str
    type: str
    occurredon: str
    time: datetime


class _Page(msgspec.Struct):
    events: list[msgspec.Raw]
    after: str
    end: bool


class Feeds:
    """The feeds of all services, by the name of the process."""

    def __init__(self, sources: Mapping[str, str], http: httpx.AsyncClient) -> None:
        self.sources, self._http = dict(sources), http

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def of(self, types: Sequence[str]) -> list[str]:
        """The sources that tell at least one of these types; all if none is named."""
        tellers = {teller(type).rpartition(":")[2] for type in types}
        return [name for name in self.sources if not types or name.partition("-")[0] in tellers]

    async def page(self, source: str, chosen: Chosen, at: str, *, wait: int = 0, limit: int = PAGE) -> Page:
        """The events behind the cursor `at`, or of the business day `at` and later. Raises Away and AnotherJournal."""
        own = [type for type in chosen.types if teller(type).rpartition(":")[2] == source.partition("-")[0]]
        begin = "since" if len(at) == len(TAIL) else "after"  # Every cursor is longer than a day.
        asked = {begin: at, "below": chosen.division, "about": chosen.about}
        query = {name: value for name, value in asked.items() if value}
        url = f"{self.sources[source]}/v1/events"
        try:
            answer = await self._http.get(url, params={**query, "type": own, "limit": limit, "wait": wait})
        except httpx.HTTPError as error:
            raise Away(f"{source} does not answer: {type(error).__name__}") from None
        if answer.status_code == 409 and begin == "after":  # Upon a 409 for a day, its caller would try for ever.
            raise AnotherJournal
        if answer.status_code != 200:
            raise Away(f"{source} answers {answer.status_code}")
        try:
            page = msgspec.json.decode(answer.content, type=_Page)
            return Page(tuple(_event(bytes(raw)) for raw in page.events), page.after, page.end)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Away(f"{source} answers what is no page of events: {error}") from None


def _event(body: bytes) -> Event:
    head = msgspec.json.decode(body, type=_Head)
    return Event(head.id, head.subject, head.type, head.occurredon, body, head.time)
