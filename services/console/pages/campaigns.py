"""Campaigns: each with its plan as far as the visitor may see it, and each draw with its public register and proof.

The register is what the inspection told in the open. The page recomputes the draw from it, and so does the visitor's
own browser (`static/draw.js`), which need not believe this process.
"""

import asyncio
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from services.console import store, words
from services.console.model.rows import Campaign
from services.console.pages.card import titles_of
from services.console.pages.day import mark
from services.console.pages.overview import hearing_of, require_division, require_seen
from services.console.upstream import Refusal, Upstream
from services.console.web import Number, Request, Visitor, page
from shared.contracts import Event
from shared.contracts.values import ROLES
from shared.divisions import jurisdiction_of
from shared.draws import BODIES, FAULTS, OF_DRAWS, Register, registers
from shared.labels import in_words
from shared.web.problems import Fault
from shared.web.tasks import OpenTask

MOST: Final = 500
"""Villages of a list on a page; a register to download has them all."""
EARLIER: Final = timedelta(days=500)
"""Before its opening a draw was committed to within this time, so that older events need not be looked through."""
_OF_DRAWS: Final[dict[str, type[Event]]] = {event.type: event for event in OF_DRAWS}


class Line(msgspec.Struct, frozen=True):
    """A village of a plan or an account: for which day its visit was planned, and when it was visited."""

    village: str
    planned: str = ""
    made: str = ""
    instead: str = ""
    """The village that was visited in its place, since it could not be reached."""


@get("/campaigns")
async def campaigns(
    request: Request,
    visitor: NamedDependency[Visitor],
    place: FromQuery[str | None] = None,
    number: Number = 1,
) -> Response[str]:
    """The campaigns of a division, and of those in it and around it, the latest first."""
    place = visitor.place if place is None else place
    require_division(place)
    require_seen(visitor, place)
    hearing = hearing_of(request)
    book = await hearing.policies()
    async with hearing.store.engine.connect() as conn:
        number, last = store.nearest_page(number, await store.campaign_count(conn, place[:6]))
        found = await store.campaigns(conn, place[:6], store.PAGE, (number - 1) * store.PAGE)
    return page(
        request, "campaigns.html", visitor, place=place, number=number, last=last, today=hearing.today,
        found=[(one, in_words("kind", one.kind, words.policy_of(book, one.place))) for one in found],
        name=lambda code: words.place(code, {}, book), jurisdiction=jurisdiction_of, is_current=hearing.is_current,
    )  # fmt: skip


@get("/campaigns/{campaign:str}")
async def campaign(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream], campaign: FromPath[str]
) -> Response[str]:
    """A campaign: what is awaited, its visits as far as they are known, and, of a draw, its register and proof."""
    known = await _known(request, visitor, campaign)
    hearing = hearing_of(request)
    register, plan, tasks, book, titles = await asyncio.gather(
        _register(upstream, visitor, known),
        _plan(upstream, visitor, known),
        _tasks(upstream, visitor, known),
        hearing.policies(),
        titles_of(request, upstream, visitor),
    )
    closed = register.closed if register else None
    lines = _lines(register, plan)
    shown = {*(one.village for one in lines[:MOST]), *(one.instead for one in lines[:MOST])}
    async with hearing.store.engine.connect() as conn:
        names = await store.village_names(conn, {*shown, *known.frame[:MOST]} - {""})
    policy = words.policy_of(book, known.place)
    return page(
        request, "campaign.html", visitor, of=known, kind=in_words("kind", known.kind, policy), register=register,
        closed=closed, lines=lines, names=names, most=MOST, faults=register.faults if register else [], words=FAULTS,
        bodies={body: ROLES[body] for body in BODIES}, tasks=tasks or [], titles=titles, mark=mark,
        strata={code: in_words("kind", code, policy) for code in register.committed.strata} if register else {},
        place=words.place(jurisdiction_of(known.place), {}, book), jurisdiction=jurisdiction_of, today=hearing.today,
        what={"hash": ("随机码校验值", "the hash of its share"), "share": ("随机码", "its share")},
        is_missing=plan is None or tasks is None, iso=date.fromisoformat,
    )  # fmt: skip


@get("/campaigns/{campaign:str}/register")
async def register(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream], campaign: FromPath[str]
) -> Response[bytes]:
    """The public register of a draw as a file, which the browser reads to recompute the draw, and others keep."""
    known = await _known(request, visitor, campaign)
    found = await _register(upstream, visitor, known)
    if found is None:
        raise _none("这次督查没有公开的抽取登记", "this campaign has no public register of a draw")
    body = msgspec.json.encode(found)
    headers = {"content-disposition": f'attachment; filename="{known.id}.json"'}
    return Response(body, media_type="application/json", headers=headers)


async def _known(request: Request, visitor: Visitor, id: str) -> Campaign:
    """The campaign with this id. Raises Refusal for none, and for one of a division that is none of the visitor's."""
    async with hearing_of(request).store.engine.connect() as conn:
        known = await store.campaign(conn, id)
    if known is None:
        raise _none("没有此编号的督查", "there is no campaign with this id")
    require_seen(visitor, jurisdiction_of(known.place))
    return known


def _none(zh: str, en: str) -> Refusal:
    return Refusal(404, (Fault(0, "campaign", zh, en),))


async def _register(upstream: Upstream, visitor: Visitor, of: Campaign) -> Register | None:
    """What the inspection told of a draw in the open; None for a campaign that draws nothing."""
    asked: dict[str, Any] = {"below": jurisdiction_of(of.place), "type": list(_OF_DRAWS), "limit": 1000}
    told, since, is_end = list[Event](), {"since": (of.opens - EARLIER).isoformat()}, False
    while not is_end:
        answer = await upstream.get("inspection", "/v1/events", visitor, at=of.place, **asked, **since)
        said = (one for one in answer["events"] if one["subject"] == of.id)
        told += [msgspec.convert(one["data"], _OF_DRAWS[one["type"]]) for one in said]
        since, is_end = {"after": answer["after"]}, answer["end"]
    return next((one for one in registers(told) if one.committed.place == of.place), None)


async def _plan(upstream: Upstream, visitor: Visitor, of: Campaign) -> dict[str, Any] | None:
    """The campaign as the inspection shows it to the visitor, without what is secret. None where it refuses."""
    try:
        found: dict[str, Any] = await upstream.get(
            "inspection", f"/v1/campaigns/{quote(of.id, safe='')}", visitor, at=of.place
        )
    except Refusal:
        return None
    return found


async def _tasks(upstream: Upstream, visitor: Visitor, of: Campaign) -> list[OpenTask] | None:
    """What is awaited for the campaign as such, such as hashes, shares and the bulletin. None where it is refused."""
    place = jurisdiction_of(of.place)
    try:
        found = await upstream.get("inspection", "/v1/tasks", visitor, place=place, about=of.id, words=True)
    except Refusal:
        return None
    return msgspec.convert(found, list[OpenTask])


def _lines(register: Register | None, plan: dict[str, Any] | None) -> list[Line]:
    """The villages of the plan, or of the account of a draw that has ended, by the day of their visit."""
    closed = register.closed if register else None
    planned = {village: on.isoformat() for village, on in closed.visits.items()} if closed else {}
    planned |= dict((plan or {}).get("visits", {}))
    made = {village: one[1] for village, one in (plan or {}).get("visited", {}).items()}
    instead = {one.village: one.replacement or "" for one in closed.replaced} if closed else {}
    found = [
        Line(village, planned.get(village, ""), made.get(village, ""), instead.get(village, ""))
        for village in {**planned, **made, **instead}
    ]
    return sorted(found, key=lambda one: (one.planned or one.made, one.village))


HANDLERS: Final = (campaigns, campaign, register)
