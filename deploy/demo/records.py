"""What the report of a play reads from the services, and the figures that it shows beside a document's."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from itertools import chain
from typing import Any, Final, Literal, NamedTuple

import httpx
import msgspec

from deploy.demo.scenario import Scenario
from deploy.demo.village import Client
from deploy.local.supervisor import SERVICES
from shared.contracts import EVENTS, Envelope, Event
from shared.stream.bus import OPEN, SEALED
from shared.telling import Happened, happened
from shared.web.journals import Entry
from shared.web.lists import LARGEST_LIST, LARGEST_PAGE

Origin = Literal["computed", "solved", "counted", "policy", "decided", "historical"]
ORIGINS: Final[Mapping[Origin, tuple[str, str]]] = {
    "computed": ("系统计算", "computed"),
    "solved": ("由文件数字推得", "solved"),
    "counted": ("逐项录入累计", "counted"),
    "policy": ("政策包规定", "policy"),
    "decided": ("机关决定", "decided"),
    "historical": ("历史数字", "historical"),
}
"""Where a figure of the system comes from.

Rules *computed* it from entries that do not contain it. The entries were *solved* from other figures of the document,
so that equality shows only that the document's figures agree. The story entered so many, and the system *counted*
them. The pack says it (*policy*). A body *decided* so in the story. It was entered as it stands (*historical*)."""


class Records(NamedTuple):
    """The parts of the services' journals and states that the report needs."""

    events: Mapping[str, Sequence[Happened]]
    """The events by village, in order."""
    units: Mapping[str, Any]
    cadres: Mapping[str, Any]
    totals: Sequence[Mapping[str, Any]] = ()
    """What the villages' indicators add up to year by year, and a county's own, as `/v1/totals` says it."""
    parties: Sequence[Mapping[str, Any]] = ()
    """How many parties of each kind there are, as `/v1/party-counts` says it."""
    others: Sequence[Happened] = ()
    """Events about anything else than a village, such as a campaign or a township, by type and in order."""

    def said(
        self, kind: type[Event] | tuple[type[Event], ...], where: Callable[[Any], object] = lambda _event: True
    ) -> list[Any]:
        """All events of a type, or of several, that meet a condition; those about one village in order."""
        return [
            happened.event
            for happened in chain(chain.from_iterable(self.events.values()), self.others)
            if isinstance(happened.event, kind) and where(happened.event)
        ]

    def until(self, day: date) -> "Records":
        """The same without what happened after a day."""
        events = {about: [one for one in told if one.day <= day] for about, told in self.events.items()}
        return self._replace(events=events, others=[one for one in self.others if one.day <= day])


class Figure(NamedTuple):
    """A figure of the document beside the system's."""

    zh: str
    en: str
    mechanism: str
    document: int | None
    """None where the document says that there are such, but not how many."""
    system: int
    origin: Origin
    and_more: bool = False
    """Whether the document says "and some more" (余). The play is made to reach the round figure."""

    @property
    def equal(self) -> bool:
        """Whether the system's figure equals the document's, if that has one."""
        return self.document in (None, self.system)


def read(replicas: Sequence[Client], scenario: Scenario, until: int, others: Collection[type[Event]] = ()) -> Records:
    """Ask the services, each replica for its part, for everything that the report is computed from.

    Totals are those of the region up to the year `until`. `others` are the types of events about anything else than a
    village that the report needs.
    """
    parts = [_part(client, scenario, until, others) for client in replicas]
    return Records(
        events=dict(sorted(item for part in parts for item in part.events.items())),
        units={id: unit for part in parts for id, unit in part.units.items()},
        cadres={id: cadre for part in parts for id, cadre in part.cadres.items()},
        totals=[total for part in parts for total in part.totals],
        parties=[count for part in parts for count in part.parties],
        others=[one for part in parts for one in part.others],
    )


def _part(client: Client, scenario: Scenario, until: int, others: Collection[type[Event]]) -> Records:
    """What one replica of each service knows."""
    registry, place = client("registry"), scenario.policy.jurisdiction

    def asked(path: str, **params: Any) -> list[Any]:
        found: list[Any] = registry.get(path, params=params).raise_for_status().json()
        return found

    villages = states(registry, "villages")
    with ThreadPoolExecutor(len(SERVICES)) as readers:  # Each service has a process, so that they answer side by side.
        journals = [*readers.map(partial(_journal, client, {*others}), SERVICES)]
    told = sorted(chain.from_iterable(journals), key=lambda one: one.time)
    events: dict[str, list[Happened]] = {village: [] for village in villages}
    for one in told:
        if (about := getattr(one.event, "village", None)) in events:
            events[about].append(one)
    since = scenario.since or scenario.start.year
    return Records(
        events,
        units=states(registry, "units"),
        cadres=states(registry, "cadres"),
        totals=[
            total for by in scenario.levels for total in asked(f"/v1/totals/{place}", since=since, until=until, by=by)
        ],
        parties=asked(f"/v1/party-counts/{place}"),
        others=[one for one in told if type(one.event) in others],
    )


def states(service: httpx.Client, kind: str) -> dict[str, Any]:
    """All states of a kind that a service has, by id, page by page."""
    found: dict[str, Any] = {}
    while True:
        after = next(reversed(found), "")
        page = service.get(f"/v1/{kind}", params={"limit": LARGEST_LIST, "after": after}).raise_for_status().json()
        found |= {state["id"]: state for state in page}
        if len(page) < LARGEST_LIST:
            return found


def _journal(client: Client, others: Collection[type[Event]], service: str) -> list[Happened]:
    """A service's events about villages and of the other types, in the order in which it decided them. One request for
    each of a province's villages would take minutes."""
    told = [one for one in EVENTS.values() if one.type.startswith(f"{service}.")]
    types = [one for one in told if one in others or "village" in one.__struct_fields__]
    streams = {stream: [one.type for one in types if one.sealing != never] for stream, never in _SEALING.items()}
    pages = (_pages(client(service), stream, asked) for stream, asked in streams.items() if asked)
    entries = sorted(chain.from_iterable(pages), key=lambda entry: entry.position)
    return [happened(msgspec.json.decode(entry.event, type=Envelope)) for entry in entries]


_SEALING: Final = {OPEN: "always", SEALED: "never"}
"""By stream: the sealing of events that are never in it."""


def _pages(service: httpx.Client, stream: str, types: Sequence[str]) -> Iterator[Entry]:
    """What a service published of these types on a stream, page by page."""
    after: int | None = 0
    while after is not None:
        params: dict[str, Any] = {"stream": stream, "type": types, "after": after, "limit": LARGEST_PAGE}
        answer = service.get("/v1/recovery/journal", params=params).raise_for_status()
        page = msgspec.json.decode(answer.content, type=list[Entry])
        yield from page
        after = page[-1].position if len(page) == LARGEST_PAGE else None
