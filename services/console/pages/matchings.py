"""The proposals of a matching with their proof: why each village has its unit, what the next best costs, what would be
otherwise, and how the rest is solved anew while some proposals are kept.
"""

import secrets
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from services.console import store, web, words
from services.console.pages.overview import hearing_of, require_division, require_seen
from services.console.upstream import Refusal, Upstream
from services.console.web import Request, Visitor, page
from shared.divisions import jurisdiction_of
from shared.labels import Both, in_words
from shared.web.problems import Fault

SHOWN: Final = 50
WEIGHTS: Final[dict[str, Both]] = {
    "strength": ("帮扶能力每分", "each point of strength"),
    "same_county": ("本县单位", "a unit of the same county"),
    "reserve": ("每名后备干部", "each reserve cadre"),
    "young": ("每名年轻干部", "each young cadre"),
}
"""What a score is made of, in words."""
_WEIGHT = "最多 5 位数字 · a number of 5 digits at most"
Weight = Annotated[str, QueryParameter(pattern="^[0-9]{0,5}$", description=_WEIGHT)]


class Wishes(msgspec.Struct, frozen=True):
    """What somebody would like to see otherwise, as the address says it."""

    kept: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    weights: dict[str, str] = {}

    @property
    def can_be_had(self) -> bool:
        """Whether it can be had by taking back what is not kept and solving again. Then the pack's weights hold and no
        pair is forbidden, so only `kept` can be had."""
        return not self.forbidden and not self.weights

    @property
    def params(self) -> dict[str, Any]:
        """The parameters by which the dispatch is asked, and this page's."""
        return {"kept": [*self.kept], "forbidden": [*self.forbidden], **self.weights}


async def wishes(
    kept: FromQuery[list[str] | None] = None,
    forbidden: FromQuery[list[str] | None] = None,
    strength: Weight = "",
    same_county: Weight = "",
    reserve: Weight = "",
    young: Weight = "",
) -> Wishes:
    """What is wished for. A weight that is left empty is the pack's."""
    weights = {"strength": strength, "same_county": same_county, "reserve": reserve, "young": young}
    return Wishes(tuple(kept or ()), tuple(forbidden or ()), {name: text for name, text in weights.items() if text})


@get("/matchings/{place:str}", dependencies={"wished": Provide(wishes)})
async def matching(
    request: Request,
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    place: FromPath[str],
    wished: NamedDependency[Wishes],
    after: FromQuery[str] = "",
) -> Response[Any]:
    """The proposals of a division that nobody has assigned yet, beside the best matching."""
    return await _page(request, visitor, upstream, place, wished, after)


async def _page(
    request: Request,
    visitor: Visitor,
    upstream: Upstream,
    place: str,
    wished: Wishes,
    after: str = "",
    *,
    faults: tuple[Fault, ...] = (),
    given: dict[str, str] | None = None,
    taken_back: int = 0,
) -> Response[Any]:
    found = await _proposals(upstream, visitor, place, wished, after)
    if after and not found["proposals"]:  # There are fewer proposals than there were.
        return Redirect(f"/matchings/{place}?{urlencode(wished.params, doseq=True)}", status_code=303)
    rows, hearing = found["proposals"], hearing_of(request)
    book = await hearing.policies()
    policy = words.policy_of(book, place)
    ids = {one[of] for one in rows for of in ("unit", "best", "next") if one[of]}
    ids |= {unit for one in rows for unit in one["obstacles"]} | {one.partition("/")[2] for one in wished.forbidden}
    forbidden = [one.partition("/")[::2] for one in wished.forbidden]
    async with hearing.store.engine.connect() as conn:
        units = await store.unit_names(conn, ids)
        villages = await store.villages(
            conn, [*(one["village"] for one in rows), *(village for village, _ in forbidden)]
        )

    def to(last: str = "") -> str:
        asked = wished.params | ({"after": last} if last else {})
        return f"/matchings/{place}?{urlencode(asked, doseq=True)}"

    return page(
        request, "matching.html", visitor, 422 if faults else 200, found=found, rows=rows, place=place, wished=wished,
        name=words.place(place, {}, book), jurisdiction=words.place(jurisdiction_of(found["place"]), {}, book),
        units=units, villages=villages, forbidden=forbidden, weights=WEIGHTS, faults=faults, given=given or {},
        taken_back=taken_back,
        word=lambda field, code: in_words(field, code, policy), to=to, is_first=not after,
        next=rows[-1]["village"] if len(rows) == SHOWN else "", key=secrets.token_urlsafe(18),
        may_propose=visitor.acting == "organisation", proposed_name=_next_name(found, hearing.today),
    )  # fmt: skip


def _next_name(found: dict[str, Any], today: date | None) -> str:
    """A name for the next matching, by its division and day, as the last one may have been named: `2105-2015-04-30-2`
    for the second one of a day."""
    name = f"{jurisdiction_of(found['place'])}-{today}"
    last, _, number = str(found["matching"] or "").partition(f"{name}-")
    return f"{name}-{int(number) + 1 if number.isdecimal() else 2}" if last == name or number else name


async def _proposals(
    upstream: Upstream, visitor: Visitor, place: str, wished: Wishes, after: str = "", limit: int = SHOWN
) -> dict[str, Any]:
    require_division(place)
    require_seen(visitor, place)
    asked = {**wished.params, "after": after, "limit": limit}
    name = upstream.processes("dispatch", place)[0]
    answer = await upstream.send("GET", name, f"/v1/proposals/{place[:6]}", visitor, params=asked)
    found: dict[str, Any] = answer.json()
    return found


@post("/matchings/{place:str}")
async def solve(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream], place: FromPath[str]
) -> Response[Any]:
    """Take back the proposals that are not kept, and have the matching solved anew for their villages.

    Both are done by the ordinary commands, so they are checked, told and logged as always.
    """
    given = await web.form(request)
    kept = tuple(str(one) for one in (await request.form()).getall("kept", []))
    key, wished = web.request_key(given), Wishes(kept)
    said = {"organ": given.get("organ", "").strip(), "name": given.get("name", "").strip()}
    said["reason"], taken_back = given.get("reason", "").strip(), 0
    try:
        rest, found = await _rest(upstream, visitor, place, wished)
        for first in range(0, len(rest), AT_ONCE):
            commands = [
                {
                    "place": one["place"],
                    "village": one["village"],
                    "reason": said["reason"],
                    "decided_by": said["organ"],
                    "body": "organisation",
                }
                for one in rest[first : first + AT_ONCE]
            ]
            await upstream.post("dispatch", "/v1/match-withdrawals", visitor, commands, key=f"{key}-{first}")
            taken_back += len(commands)
        command = {
            "place": found["place"],
            "matching": said["name"],
            "asked_by": said["organ"],
            "body": "organisation",
        }
        await upstream.post("dispatch", "/v1/matchings", visitor, command, key=f"{key}-solve")
    except Refusal as refusal:
        if refusal.status == 401:
            raise
        return await _page(
            request, visitor, upstream, place, wished, faults=refusal.faults, given=said, taken_back=taken_back
        )
    return Redirect(f"/matchings/{place}", status_code=303)


AT_ONCE: Final = 200
"""How many proposals one request takes back."""


async def _rest(
    upstream: Upstream, visitor: Visitor, place: str, wished: Wishes
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All proposals of a division that are not kept, and what was told of the whole."""
    rest, after = list[dict[str, Any]](), ""
    while True:
        found = await _proposals(upstream, visitor, place, wished, after, AT_ONCE)
        rest += [one for one in found["proposals"] if one["unit"] and not one["kept"]]
        if len(found["proposals"]) < AT_ONCE:
            return rest, found
        after = found["proposals"][-1]["village"]


HANDLERS: Final = (matching, solve)
