"""What the report of a play reads from the services, and the figures that it shows beside a document's."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, Literal, NamedTuple

import msgspec

from deploy.demo.village import Client, Happened, happened, history
from shared.contracts import Envelope, Event
from shared.stream.bus import OPEN, SEALED
from shared.web.http import LARGEST_PAGE, Entry

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


class Figure(NamedTuple):
    """A figure of the document beside the system's."""

    zh: str
    en: str
    mechanism: str
    document: int
    system: int
    origin: Origin
    and_more: bool = False
    """Whether the document says "and some more" (余). The play is made to reach the round figure."""

    @property
    def equal(self) -> bool:
        """Whether the system's figure equals the document's."""
        return self.document == self.system


def read(client: Client, place: str, since: int, until: int, others: Sequence[type[Event]] = ()) -> Records:
    """Ask the services for everything that the report is computed from. Totals are a place's, of the years named;
    `others` are the types of events about anything else than a village that it needs."""
    registry = client("registry")

    def asked(path: str, **params: Any) -> Any:
        return registry.get(path, params=params).raise_for_status().json()

    villages, units, cadres = (
        {state["id"]: state for state in asked(f"/v1/{kind}", limit=10_000)} for kind in ("villages", "units", "cadres")
    )
    events = {village: history(client, village) for village in sorted(villages)}
    totals = asked(f"/v1/totals/{place}", since=since, until=until)
    parties = asked(f"/v1/party-counts/{place}")
    return Records(events, units, cadres, totals, parties, [*_of_types(client, others)])


def _of_types(client: Client, types: Sequence[type[Event]]) -> Iterator[Happened]:
    """All events of these types, page by page from the journal of the service that tells them."""
    by_journal = defaultdict[tuple[str, str], list[str]](list)
    for event in types:
        streams = {"never": [OPEN], "sometimes": [OPEN, SEALED], "always": [SEALED]}[event.sealing]
        for stream in streams:
            by_journal[event.type.partition(".")[0], stream].append(event.type)
    for (service, stream), asked in by_journal.items():
        after: int | None = 0
        while after is not None:
            params: dict[str, Any] = {"stream": stream, "type": asked, "after": after, "limit": LARGEST_PAGE}
            answer = client(service).get("/v1/recovery/journal", params=params).raise_for_status()
            page = msgspec.json.decode(answer.content, type=list[Entry])
            yield from (happened(msgspec.json.decode(entry.event, type=Envelope)) for entry in page)
            after = page[-1].position if len(page) == LARGEST_PAGE else None
