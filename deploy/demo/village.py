"""One village's way in full: what happened, why, who decided, and what keeps it on the list."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from importlib import import_module
from itertools import groupby
from typing import Final, NamedTuple

import httpx
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.supervisor import SERVICES
from deploy.terminal import folded, neutral
from shared.contracts import EVENTS, Envelope, Event
from shared.contracts.journey import STAGES

for _service in SERVICES:
    import_module(f"shared.contracts.{_service}")  # Whatever a journal has must be known here.

Client = Callable[[str], httpx.Client]
"""An open HTTP client of a service by its name, the same one each time: opening one costs tens of milliseconds."""
_RULE: Final = re.compile(r"\d\.\d+|rules §\d|[A-Z]\w+ Law \d+")
"""The mechanism, rule or law that a contract names as its source."""
_WHO: Final = re.compile(r"\w+_by")
_QUIET: Final = ("village", "place", "outcome", "subject_kind", "clause", "name", "township")
"""Fields that say nothing to somebody who reads about one village."""


class Happened(NamedTuple):
    """An event as a service's journal has it."""

    day: date
    time: datetime
    id: str
    cause: str
    event: Event


def history(client: Client, village: str) -> list[Happened]:
    """What all services decided about a village, in the order in which they did."""
    found = []
    for service in SERVICES:
        journal = client(service).get(f"/v1/journal/{village}").raise_for_status().content
        for e in msgspec.json.decode(journal, type=list[Envelope]):
            event = msgspec.json.decode(e.data, type=EVENTS[e.type])
            found.append(Happened(e.occurredon, e.time, e.id, e.causationid, event))
    return sorted(found, key=lambda happened: happened.time)


def show(console: Console, code: str, client: Client) -> None:
    """Print a village's way and, while it is on the list, why it still is."""
    registry = client("registry")
    village = registry.get(f"/v1/villages/{code}").raise_for_status().json()
    reasons = registry.get(f"/v1/why-not-yet/{code}").raise_for_status().json()
    zh, en = STAGES[village["stage"]]
    head = {neutral(village["name"]): "bold", neutral(f"  {code}  {village['township']}  "): "", f"{zh} · {en}": "cyan"}
    console.print(Text.assemble("\n", *head.items()))
    console.print(_way(history(client, code)))
    if reasons:
        why = folded("为什么还没出列？", "why not yet?", "责任主体 who can move it")
        for reason in reasons:
            why.add_row(reason["zh"], reason["en"], reason["mover"])
        console.print(why)


def _way(events: list[Happened]) -> Table:
    table = folded("日期 date", "经过", "what happened", "内容 what it says", "依据 rule", "谁 who")
    labels = {happened.id: happened.event.label[0] for happened in events}
    for (day, kind), same in groupby(events, key=lambda happened: (happened.day, type(happened.event))):
        first, *more = same
        times = f" ×{1 + len(more)}" if more else ""
        said = "" if more else " ".join(_said(first.event))
        because = f"［因{labels[first.cause]}］" if first.cause in labels else ""
        rule = _RULE.search(kind.__doc__ or "")
        table.add_row(
            str(day), f"{kind.label[0]}{times}", f"{kind.label[1]}{times}", said + because,
            getattr(first.event, "clause", "") or (rule[0] if rule else ""),
            " ".join(str(getattr(first.event, f) or "") for f in kind.__struct_fields__ if _WHO.fullmatch(f)),
        )  # fmt: skip
    return table


def _said(event: Event) -> Iterator[str]:
    """The event's figures, codes and names, one by one."""
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if field in _QUIET or _WHO.fullmatch(field) or value in (None, "", (), {}):
            continue
        if isinstance(value, dict):
            value = ",".join(f"{key}:{_short(part)}" for key, part in value.items())
        elif isinstance(value, tuple):
            names = [part if isinstance(part, str) else getattr(part, "indicator", "") for part in value]
            value = ",".join(names) if all(names) else len(value)
        yield f"{field}={_short(value)}"


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
