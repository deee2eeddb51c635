"""What the report of a play reads from the services, and the figures that it shows beside a document's."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Final, Literal, NamedTuple

from deploy.demo.village import Client, Happened, history, journal
from shared.contracts import Event

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
    campaigns: Mapping[str, Sequence[Happened]] = {}
    """The events of the inspection about its campaigns as such, in order."""

    def said(
        self, kind: type[Event] | tuple[type[Event], ...], where: Callable[[Any], object] = lambda _event: True
    ) -> list[Any]:
        """All events of a type, or of several, that meet a condition; those about one village or campaign in order."""
        return [
            happened.event
            for events in chain(self.events.values(), self.campaigns.values())
            for happened in events
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


def read(client: Client, place: str, since: int, until: int) -> Records:
    """Ask the services for everything that the report is computed from. Totals are a place's, of the years named."""
    registry = client("registry")

    def asked(path: str, **params: Any) -> Any:
        return registry.get(path, params=params).raise_for_status().json()

    villages, units, cadres = (
        {state["id"]: state for state in asked(f"/v1/{kind}", limit=10_000)} for kind in ("villages", "units", "cadres")
    )
    events = {village: history(client, village) for village in sorted(villages)}
    totals = asked(f"/v1/totals/{place}", since=since, until=until)
    inspection = client("inspection")
    found = inspection.get("/v1/campaigns", params={"limit": 10_000}).raise_for_status().json()
    campaigns = {state["id"]: journal(inspection, state["id"]) for state in found}
    return Records(events, units, cadres, totals, asked(f"/v1/party-counts/{place}"), campaigns)
