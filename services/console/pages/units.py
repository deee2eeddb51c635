"""Units that can send a team: how strong each is, and the villages for which it is proposed or in which its team is."""

from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from services.console import store, words
from services.console.pages.overview import hearing_of, require_division, require_officer, require_seen
from services.console.store import Asked
from services.console.upstream import Refusal, Upstream
from services.console.web import Number, Request, Visitor, page
from shared.contracts.journey import STAGES
from shared.divisions import jurisdiction_of
from shared.labels import in_words
from shared.web.problems import Fault


@get("/units")
async def units(
    request: Request,
    visitor: NamedDependency[Visitor],
    place: FromQuery[str | None] = None,
    q: FromQuery[str] = "",
    number: Number = 1,
) -> Response[str]:
    """A page of the units of a division, by id, found by name, pinyin or the beginning of the id."""
    place = visitor.place[:6] if place is None else place
    require_division(place)
    require_seen(visitor, place)
    hearing = hearing_of(request)
    book = await hearing.policies()
    async with hearing.store.engine.connect() as conn:
        found = await store.find_units(conn, place, q[:60], number)
        parts = await store.parts(conn, place)
    number, last = store.nearest_page(number, found.number)

    def to(of: int) -> str:
        given = {"place": place, "q": q} | ({"page": str(of)} if of > 1 else {})
        return f"/units?{urlencode(given)}"

    return page(
        request, "units.html", visitor, found=found, place=place, q=q, number=number, to=to,
        parts=[one for one in parts if len(one) <= 6], last=last,
        name=lambda code: words.place(code, {}, book), lies_in=jurisdiction_of,
        level=lambda code: in_words("level", code), is_current=hearing.is_current,
    )  # fmt: skip


@get("/units/{id:str}")
async def unit(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream], id: FromPath[str]
) -> Response[str]:
    """A unit with the villages of the visitor's divisions that it serves. Who its cadres are, the dispatch tells only
    those who may know."""
    require_officer(visitor)
    hearing = hearing_of(request)
    book = await hearing.policies()
    async with hearing.store.engine.connect() as conn:
        found = await store.unit(conn, id)
        served = (await store.find(conn, Asked(unit=id))).villages
    if not found:
        raise Refusal(404, (Fault(0, "unit", "没有此编号的单位", "there is no unit with this id"),))
    squad = await _squad(upstream, visitor, found.place, id)
    return page(
        request, "unit.html", visitor, unit=found, villages=[one for one in served if visitor.may_see(one.code)],
        elsewhere=sum(not visitor.may_see(one.code) for one in served), stages=STAGES, squad=squad,
        lies_in=words.place(jurisdiction_of(found.place), {}, book), level=in_words("level", found.level),
        rank=lambda code: in_words("rank", code),
    )  # fmt: skip


async def _squad(upstream: Upstream, visitor: Visitor, place: str, id: str) -> dict[str, Any] | None:
    """The cadres whom a unit can send, as far as the visitor may know who they are; None if he may not."""
    try:
        found: dict[str, Any] = await upstream.get("dispatch", f"/v1/squads/{id}", visitor, at=place)
    except Refusal:
        return None
    return found


HANDLERS: Final = (units, unit)
