"""Shows one village's way in full: what happened, by which rule, who decided, and what keeps it on the list."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from importlib import import_module
from itertools import groupby
from typing import Final, NamedTuple

import httpx
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.language import chosen, told
from deploy.language import day as in_language
from deploy.local.supervisor import SERVICES
from deploy.terminal import folded, neutral
from shared.contracts import EVENTS, Envelope, Event
from shared.contracts.journey import STAGES
from shared.labels import Both, basis, in_words, says
from shared.policy import Policy, PolicyBook, kept_pack

for _service in SERVICES:
    import_module(f"shared.contracts.{_service}")  # So that every event of the journals is known here.

Client = Callable[[str], httpx.Client]
"""Gives the open HTTP client of a service by its name. The same each time: opening one takes tens of milliseconds.
"""
_WHO: Final = re.compile(r"\w+_by")
_QUIET: Final = ("village", "place", "outcome", "clause", "name", "township", "pack")
"""Fields that are of no interest to somebody who reads about one village."""


class Happened(NamedTuple):
    """An event as a service's journal has it."""

    day: date
    time: datetime
    id: str
    cause: str
    event: Event


def history(client: Client, village: str) -> list[Happened]:
    """All services' events about a village, in the order in which they were decided."""
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
    policy = in_force(registry, village["place"])
    head = {neutral(village["name"]): "bold", neutral(f"  {code}  {village['township']}  "): ""}
    console.print(Text.assemble("\n", *head.items(), (chosen(STAGES[village["stage"]]), "cyan")))
    console.print(way(history(client, code), policy))
    if reasons:
        why = folded(told("为什么还没出列？", "why not yet?"), told("责任主体", "who can move it"))
        for reason in reasons:
            why.add_row(told(reason["zh"], reason["en"]), chosen(in_words("mover", reason["mover"], policy)))
        console.print(why)


def in_force(registry: httpx.Client, place: str) -> Policy | None:
    """The pack in force in a division today, with its layers merged. None if there is none."""
    book = PolicyBook()
    for pack in registry.get(f"/v1/packs/{place}").raise_for_status().json():
        book.adopt(kept_pack(pack))
    return book.base(place, date.max)


def way(events: Sequence[Happened], policy: Policy | None) -> Table:
    """The events line by line, in the reader's language. Events that are repeated on a day share one line."""
    table = folded(*map(chosen, _HEADINGS))
    labels = {happened.id: chosen(happened.event.label) for happened in events}
    for (day, kind), same in groupby(events, key=lambda happened: (happened.day, type(happened.event))):
        first, *more = same
        cause = labels.get(first.cause, "")
        table.add_row(
            in_language(day), f"{chosen(kind.label)}{f' ×{1 + len(more)}' if more else ''}",
            told(f"因{cause}", f"after: {cause}") if cause else "",
            *([""] * 3 if more else map(chosen, line(first.event, policy))),
        )  # fmt: skip
    return table


_HEADINGS: Final = (
    ("日期", "date"), ("经过", "what happened"), ("起因", "why"), ("内容", "what it says"), ("依据", "basis"),
    ("谁", "who"),
)  # fmt: skip


def line(event: Event, policy: Policy | None) -> tuple[Both, Both, Both]:
    """What an event says, by which document, and who decided it, each in Chinese and English."""
    fields = type(event).__struct_fields__
    by = [field for field in fields if _WHO.fullmatch(field)]
    names = [in_words(field, getattr(event, field), policy) for field in by if getattr(event, field)]
    source = getattr(event, "clause", "") or event.source
    who = "、".join(zh for zh, _ in names), ", ".join(en for _, en in names)
    return says(event, policy, {*_QUIET, *by}), basis(source, policy), who
