"""A village's card: what it is, what keeps it on the list, who has to act, and its whole way in sentences."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from services.console import store, web, words
from services.console.model.findings import visits
from services.console.model.village import Village
from services.console.pages.day import mark
from services.console.pages.overview import hearing_of, known_village
from services.console.upstream import Refusal, Upstream
from services.console.web import Number, Request, Visitor, page
from shared.contracts import EVENTS, Envelope, short_type
from shared.contracts.journey import STAGES
from shared.labels import Both, in_words
from shared.policy import Policy
from shared.telling import Happened, happened, line, named_in
from shared.web.tasks import OpenTask

SHOWN: Final = 40
"""Entries of the timeline on a page."""
LONGEST: Final = 20
"""Pages of a feed that are read for one village: more events than any has."""


class _Told(msgspec.Struct):
    events: list[Envelope]
    after: str
    end: bool


class Entry(msgspec.Struct, frozen=True):
    """A line of the timeline."""

    happened: Happened
    said: Both
    basis: Both
    why: Both
    """The event from which it follows, or the organ that asked for it."""


@get("/villages/{code:str}")
async def card(
    request: Request,
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    code: FromPath[str],
    kind: FromQuery[str] = "",
    number: Number = 1,
) -> Response[str]:
    """A village by its code, with one page of its timeline, the newest first."""
    hearing = hearing_of(request)
    village = await known_village(request, visitor, code)
    async with hearing.store.engine.connect() as conn:
        units = await store.unit_names(conn, [village.unit])
    book = await hearing.policies()
    policy = words.policy_of(book, village.place)
    reasons, tasks, linkages, assignment, (events, is_all) = await asyncio.gather(
        _of_village(upstream, visitor, "registry", village, f"/v1/why-not-yet/{village.code}"),
        _tasks(upstream, visitor, village),
        _of_village(upstream, visitor, "dispatch", village, "/v1/linkages", village=village.code),
        _of_village(upstream, visitor, "dispatch", village, f"/v1/assignments/{village.id}"),
        _events(upstream, visitor, village),
    )
    web.require_known(request, {"kind": {short_type(type) for type in EVENTS}})
    kinds = {short_type(one.event.type): one.event.label for one in reversed(events)}
    chosen = [one for one in events if kind in ("", short_type(one.event.type))]
    number, last = store.nearest_page(number, len(chosen), SHOWN)
    shown = chosen[(number - 1) * SHOWN : number * SHOWN]
    names = await _names(upstream, visitor, village, shown)
    # A county's officer may not ask for a unit of the city, but the read tables have its name.
    async with hearing.store.engine.connect() as conn:
        names |= await store.unit_names(conn, [key for key in named_in(shown) if key not in names])

    def to(page_: int = 1, of: str = kind) -> str:
        given = {"kind": of} | ({"page": str(page_)} if page_ > 1 else {})
        return f"/villages/{village.code}?{urlencode({name: value for name, value in given.items() if value})}#way"

    return page(
        request, "card.html", visitor, village=village, stage=STAGES[village.stage] if village.stage else None,
        unit=units.get(village.unit, village.unit), reasons=reasons or [], tasks=tasks, mark=mark,
        linkages=linkages or [],
        movers={reason["mover"]: in_words("mover", reason["mover"], policy) for reason in reasons or []},
        entries=_entries(shown, events, policy, names), kinds=kinds, kind=kind, number=number,
        last=last, total=len(chosen), to=to, today=hearing.today,
        lists=[words.counted(f"list/{name}", policy) for name in village.lists],
        links=[(in_words("kind", name, policy), n) for name, n in sorted(village.links.items())],
        grade=lambda code: in_words("grade", code, policy), outcomes=[
            words.by_name(in_words("outcome", id, policy), {village.id: village.name}) for id in village.outcomes
        ], problem=in_words("problem_class", village.problem, policy) if village.problem else None,
        late=sorted(((words.late(one.type, one.kind, policy), one.due) for one in village.late.values()), key=str),
        is_missing=reasons is None or tasks is None or not is_all, titles=await titles_of(request, upstream, visitor),
        owed=_owed(assignment or {}, policy),
        visits=[one for one in visits((one.day, one.event) for one in reversed(events)) if one.findings],
        named=lambda text: words.by_name(text, {village.code: village.name, village.id: village.name}),
        finding=lambda code: in_words("finding", code, policy), visit_kind=lambda code: in_words("kind", code, policy),
        iso=date.fromisoformat, is_current=hearing.is_current, county=words.place(village.place, {}, book),
    )  # fmt: skip


async def _of_village(upstream: Upstream, visitor: Visitor, service: str, of: Village, path: str, **params: str) -> Any:
    """What the service that keeps the village answers.

    None where it refuses or is away, so that the rest of the card is shown all the same.
    """
    try:
        name = upstream.processes(service, of.place)[0]
        return msgspec.json.decode((await upstream.send("GET", name, path, visitor, params=params)).content)
    except Refusal:
        return None


async def titles_of(request: Request, upstream: Upstream, visitor: Visitor) -> dict[str, Both]:
    """What each command does, by its path, as the services' blanks say. They are asked once."""
    known: dict[str, Both] = request.app.state.setdefault("titles", {})
    if not known:
        answers = (await upstream.all("/v1/blanks", visitor, place=visitor.place[:6], anybody=True)).values()
        if any(isinstance(answer, Refusal) for answer in answers):
            return {}
        known |= {act["action"]: (act["zh"], act["en"]) for answer in answers for act in answer}
    return known


class Awaited(NamedTuple):
    """What is awaited, of a service, and whether it may be the visitor's to do."""

    service: str
    open: OpenTask
    is_his: bool


class Owed(NamedTuple):
    """A commitment of one period, as far as it has come."""

    kind: Both
    period: str
    set_on: str | None
    items: int
    done: int
    closed: int | None
    """How many items the settlement closed; None before it."""
    steps: list[tuple[Both, str]]
    """What is owed of it now, each with its last day."""


def _owed(assignment: dict[str, Any], policy: Policy | None) -> list[Owed]:
    """What is owed in the village, the latest period first."""
    found = []
    for one in assignment.get("owed", {}).values():
        steps = [] if one.get("set_on") else [(in_words("step", "set", policy), one["set_by"])]
        if one.get("set_on"):
            steps += [
                (in_words("step", "reconcile", policy), due) for _, due in sorted(one.get("reconcile", {}).items())
            ]
            if one.get("settle_by") and one.get("closed") is None:
                steps.append((in_words("step", "settle", policy), one["settle_by"]))
        closed = one.get("closed")
        found.append(
            Owed(
                in_words("kind", one["kind"], policy),
                one["period"] if one["period"] != "term" else "",
                one.get("set_on"),
                len(one.get("items", ())),
                len(one.get("done", ())),
                None if closed is None else len(closed),
                steps,
            )
        )
    return sorted(found, key=lambda one: (one.period or "9999", one.kind), reverse=True)


async def _tasks(upstream: Upstream, visitor: Visitor, village: Village) -> list[Awaited] | None:
    """What any service awaits about the village, what is due first at the top. None where a service is away."""
    found = await upstream.all("/v1/tasks", visitor, place=village.place, about=village.id, words=True)
    if any(isinstance(answer, Refusal) for answer in found.values()):
        return None
    tasks = [
        Awaited(name.partition("-")[0], one, visitor.may_do(one.task.role, one.place))
        for name, answer in found.items()
        for one in msgspec.convert(answer, list[OpenTask])
    ]
    return sorted(tasks, key=lambda one: (one.open.task.due or date.max, one.open.task.action))


async def _events(upstream: Upstream, visitor: Visitor, village: Village) -> tuple[list[Happened], bool]:
    """The open events about the village of all services, the newest first, and whether these are all: no service was
    away."""
    found, is_all = list[Happened](), True
    for name in upstream.sources:
        after = ""
        for _ in range(LONGEST):
            asked = {"about": village.id, "below": visitor.widest(village.code), "limit": 1000, "after": after}
            try:
                answer = await upstream.send("GET", name, "/v1/events", visitor, params=asked)
            except Refusal:
                is_all = False
                break
            told = msgspec.json.decode(answer.content, type=_Told)
            found += [happened(one) for one in told.events if one.type in EVENTS]
            after = told.after
            if told.end:
                break
    return sorted(found, key=lambda one: one.time, reverse=True), is_all


async def _names(upstream: Upstream, visitor: Visitor, village: Village, shown: list[Happened]) -> dict[str, str]:
    """The names of the units and parties of which the shown events speak. One that has no name any more keeps its
    id."""
    asked = sorted(named_in(shown).items())
    found = await asyncio.gather(
        *(_of_village(upstream, visitor, "registry", village, f"/v1/{path}") for _, path in asked)
    )
    return {key: answer["name"] for (key, _), answer in zip(asked, found, strict=True) if answer and answer.get("name")}


def _entries(
    shown: list[Happened], events: list[Happened], policy: Policy | None, names: Mapping[str, str]
) -> list[Entry]:
    """The shown events as lines, each with its cause, if that is an event about the same village."""
    labels = {one.id: one.event.label for one in events}
    found = []
    for one in shown:
        said, basis = line(one.event, one.day, policy, names)
        zh, en = labels.get(one.cause, ("", ""))
        why = (
            (f"因{zh}", f"after: {en}") if zh else (f"由{one.organ}办理", f"by {one.organ}") if one.organ else ("", "")
        )
        found.append(Entry(one, said, basis, why))
    return found


HANDLERS: Final = (card,)
