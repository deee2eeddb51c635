"""Teams: which unit's team is in which village, until when, and who is missing."""

import asyncio
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from services.console import store, web, words
from services.console.pages.overview import hearing_of, known_village, require_division, require_seen
from services.console.upstream import Upstream
from services.console.web import Request, Visitor, page
from shared.contracts.journey import STAGES
from shared.labels import Both, in_words

SHOWN: Final = 50
STANDINGS: Final[dict[str, Both]] = {
    **{stage: STAGES[stage] for stage in ("diagnosed", "matched", "assigned", "helped")},
    "kept": ("出列后继续帮扶", "kept after the exit"),
    "relapsed": ("出列后返贫，工作队仍在村", "fell back with the team still there"),
    "merged": ("村合并，工作队待会诊", "merged, and the team waits for the diagnosis"),
    "released": ("工作队已撤离", "the team has gone home"),
}
"""How it stands with a village's team, in words."""


@get("/teams")
async def teams(
    request: Request,
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    place: FromQuery[str | None] = None,
    standing: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    """Teams of a division, in order of the villages, as the dispatch has them."""
    place = visitor.place if place is None else place
    require_division(place)
    require_seen(visitor, place)
    web.require_known(request, {"standing": STANDINGS})
    hearing = hearing_of(request)
    book = await hearing.policies()
    found: list[dict[str, Any]] = await upstream.get(
        "dispatch", "/v1/assignments", visitor, place=place[:6], status=standing, after=after, limit=SHOWN
    )
    if after and not found:  # There are fewer teams than there were.
        return Redirect(f"/teams?{urlencode({'place': place, 'standing': standing})}", status_code=303)
    found = sorted(found, key=lambda one: one["id"])
    is_more = len(found) >= SHOWN
    shown = [one for one in found if one["id"].startswith(place)] if len(place) > 6 else found
    async with hearing.store.engine.connect() as conn:
        villages = await store.villages(conn, [one["id"] for one in found])
        units = await store.unit_names(conn, {one.get("unit", "") for one in shown})
        parts = await store.parts(conn, place[:6])
        counts = (await store.summed(conn, [place]))[place]

    def to(**more: str) -> str:
        given = {"place": place, "standing": standing, **more}
        return f"/teams?{urlencode({name: value for name, value in given.items() if value or name == 'place'})}"

    return page(
        request, "teams.html", visitor, found=shown[:SHOWN], place=place, standing=standing, standings=STANDINGS,
        villages=villages, units=units, to=to, after=found[SHOWN - 1]["id"] if is_more else "",
        parts=[one for one in parts if len(one) <= 6], name=lambda code: words.place(code, {}, book),
        counts=counts, today=hearing.today, iso=date.fromisoformat, is_first=not after,
    )  # fmt: skip


@get("/teams/{village:str}")
async def team(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream], village: FromPath[str]
) -> Response[str]:
    """A village's team: its members, their terms, open places, and who else is bound to the village."""
    hearing = hearing_of(request)
    known = await known_village(request, visitor, village)
    policy = words.policy_of(await hearing.policies(), known.place)
    found = await upstream.get("dispatch", f"/v1/assignments/{known.id}", visitor, at=known.place)
    members = found.get("team", [])
    ids = [*(one["cadre"] for one in members), *found.get("vacancies", {}), *_nominees(found)]
    names = await asyncio.gather(*(upstream.cadre_name(visitor, id, known.place) for id in ids))
    async with hearing.store.engine.connect() as conn:
        units = await store.unit_names(conn, [found.get("unit", "")])
    return page(
        request, "team.html", visitor, village=known, found=found, members=members, unit=units.get(found.get("unit")),
        names=dict(zip(ids, names, strict=True)), standing=STANDINGS[found["stage"]],
        role=lambda code: in_words("role", code, policy), today=hearing.today, iso=date.fromisoformat,
        links=[(in_words("kind", kind, policy), n) for kind, n in sorted(known.links.items())],
    )  # fmt: skip


def _nominees(found: dict[str, Any]) -> list[str]:
    return [one["cadre"] for one in found.get("reviews", {}).values()]


HANDLERS: Final = (teams, team)
