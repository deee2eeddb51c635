"""Shows one village's way in full: what happened, by which rule, who decided, and what keeps it on the list."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib import import_module
from itertools import groupby
from typing import Any, Final

import httpx
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.day_page import open_tasks, overdue, table_of
from deploy.language import chosen, told
from deploy.language import day as in_language
from deploy.local.supervisor import SERVICES
from deploy.terminal import folded, neutral
from shared.contracts import Envelope
from shared.contracts.journey import STAGES
from shared.divisions import COUNTRY, around, place_of
from shared.labels import in_words
from shared.policy import Policy, PolicyBook, kept_pack
from shared.telling import Happened, happened, line, named_in

for _service in SERVICES:
    import_module(f"shared.contracts.{_service}")  # So that every event of the journals is known here.

Client = Callable[[str], httpx.Client]
"""Gives the open HTTP client of a service by its name. It is the same client each time, since opening one takes tens of
milliseconds."""


def history(client: Client, village: str) -> list[Happened]:
    """All services' events about a village, in the order in which they were decided."""
    found = [one for service in SERVICES for one in journal(client(service), village)]
    return sorted(found, key=lambda one: one.time)


def journal(service: httpx.Client, about: str) -> list[Happened]:
    """A service's events about a village, a campaign or something else that it keeps."""
    told = service.get(f"/v1/journal/{about}").raise_for_status().content
    return [happened(envelope) for envelope in msgspec.json.decode(told, type=list[Envelope])]


def show(console: Console, code: str, client: Client) -> None:
    """Print a village's way, why it is still on the list, and what any service awaits of whom.

    So the gaps of its links, its missing figures and the steps with which somebody is late are named beside the
    criteria.
    """
    registry = client("registry")
    village = registry.get(f"/v1/villages/{code}").raise_for_status().json()
    reasons = registry.get(f"/v1/why-not-yet/{code}").raise_for_status().json()
    policy = in_force(registry, village["place"])
    head = {neutral(village["name"]): "bold", neutral(f"  {code}  {village['township']}  "): ""}
    console.print(Text.assemble("\n", *head.items(), (chosen(STAGES[village["stage"]]), "cyan")))
    events = history(client, code)
    console.print(way(events, policy, _names(registry, events)))
    levels = client("dispatch").get("/v1/linkages", params={"village": code}).raise_for_status().json()
    if levels:
        console.print(answering(levels))
    # What waits in a wider place may be about the village, too, such as a visit of a city's inspection.
    places = [*map(place_of, around(village["place"])), COUNTRY]
    asked = [(client(service), place) for service in SERVICES for place in dict.fromkeys(places)]
    waiting = [
        task for http, place in asked for task in open_tasks(http, place=place, about=village["id"], words="true")
    ]
    said = [((reason["zh"], reason["en"]), in_words("mover", reason["mover"], policy)) for reason in reasons]
    today = date.fromisoformat(registry.get("/v1/status").raise_for_status().json()["today"])
    if found := [*said, *overdue(waiting, today)]:
        why = folded(
            told("为什么还没出列？", "why not yet?") if said else told("谁在拖延？", "who is late?"),
            told("责任主体", "who can move it"),
        )
        for reason, mover in found:
            why.add_row(chosen(reason), chosen(mover))
        console.print(why)
    if waiting:
        console.print(told("\n正在等待办理：", "\nwhat is awaited:"), table_of(waiting))


def answering(linkages: Sequence[Mapping[str, Any]]) -> Table:
    """Who answers together for the village, level by level, and where somebody is missing."""
    table = folded(*map(chosen, _LEVELS))
    for linkage in linkages:
        for level in linkage["levels"]:
            who = told("、", ", ").join(filter(None, (level["unit"], *level["cadres"])))
            missing = level["missing"]
            lacks = told(f"缺{missing}名（户）", f"{missing} missing") if missing else ""
            table.add_row(linkage["label"], level["label"], neutral(who), lacks)
    return table


_LEVELS: Final = ("包联", "linkage"), ("层级", "level"), ("由谁负责", "who answers"), ("空缺", "gap")


def _names(registry: httpx.Client, events: Sequence[Happened]) -> dict[str, str]:
    """The names of the units and parties that the events speak of, by the key under which a sentence looks for them.

    What is not registered any more keeps its id, and so do persons, whom only operators may look up.
    """
    found = [(key, registry.get(f"/v1/{path}")) for key, path in sorted(named_in(events).items())]
    return {key: answer.json()["name"] for key, answer in found if answer.is_success}


def in_force(registry: httpx.Client, place: str) -> Policy | None:
    """The pack in force in a division today, with its layers merged. None if there is none."""
    book = PolicyBook()
    for pack in registry.get(f"/v1/packs/{place}").raise_for_status().json():
        book.adopt(kept_pack(pack))
    return book.base(place, date.max)


def way(events: Sequence[Happened], policy: Policy | None, names: Mapping[str, str]) -> Table:
    """The events in sentences, in the reader's language. Events that are repeated on a day share one line."""
    table = folded(*map(chosen, _HEADINGS))
    labels = {happened.id: chosen(happened.event.label) for happened in events}
    for (day, kind), same in groupby(events, key=lambda happened: (happened.day, type(happened.event))):
        first, *more = same
        cause, organ = labels.get(first.cause, ""), first.organ
        organ = organ if all(one.organ == organ for one in more) else ""
        why = told(f"因{cause}", f"after: {cause}") if cause else told(f"由{organ}办理", f"by {organ}") if organ else ""
        said, source = line(first.event, day, policy, names)
        table.add_row(
            in_language(day),
            f"{chosen(kind.label)} ×{1 + len(more)}" if more else chosen(said),
            neutral(why),
            "" if more else chosen(source),
        )
    return table


_HEADINGS: Final = ("日期", "date"), ("经过", "what happened"), ("起因", "why"), ("依据", "basis")
