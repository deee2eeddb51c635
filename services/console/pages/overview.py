"""A division at a glance: where its villages stand, and what of them is late. Every number leads to its villages."""

from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from services.console import store, words
from services.console.hearing import Hearing
from services.console.model.chart import Stacked, by_month, stacked
from services.console.model.rows import Campaign
from services.console.model.sums import BINS
from services.console.model.village import Village
from services.console.upstream import Refusal
from services.console.web import ADMINISTRATORS, Request, Visitor, page
from shared.contracts.journey import STAGES
from shared.divisions import jurisdiction_of
from shared.labels import in_words
from shared.web.problems import Fault

MOST_KEPT: Final = 500
"""Divisions whose numbers are kept in memory between two events."""


def hearing_of(request: Request) -> Hearing:
    """What follows the feeds."""
    found: Hearing = request.app.state.hearing
    return found


async def known_village(request: Request, visitor: Visitor, code: str) -> Village:
    """The village with this code. Raises Refusal for none, and for one that lies in none of the visitor's divisions."""
    async with hearing_of(request).store.engine.connect() as conn:
        found = await store.village(conn, code)
    if not found:
        raise Refusal(404, (Fault(0, "village", "没有此代码的村", "there is no village with this code"),))
    require_seen(visitor, found.code)
    return found


def require_seen(visitor: Visitor, place: str) -> None:
    """Refuse (403) a division that is none of the visitor's."""
    require_officer(visitor)
    if not visitor.may_see(place):
        zh, en = "您无权查看此区划", "this division is not one of yours"
        raise Refusal(403, (Fault(0, "place", zh, en, "place"),))


def require_officer(visitor: Visitor) -> None:
    """Refuse (403) administrators, and people without a role: the work is none of theirs."""
    if visitor.acting in ADMINISTRATORS or not visitor.roles:
        zh = "本账号没有办事人员的角色，不能查看村、单位、工作队和督查"
        raise Refusal(403, (Fault(0, "role", zh, "this account has no officer's role, and sees nothing of the work"),))


def require_division(place: str) -> None:
    """Refuse (404) what is no division's code."""
    if place and not (place.isascii() and place.isdigit() and len(place) in (2, 4, 6, 9)):
        zh, en = "区划代码应为2、4、6或9位数字", "a division's code has 2, 4, 6 or 9 digits"
        raise Refusal(404, (Fault(0, "place", zh, en, "place"),))


@get("/overview/")
async def own(visitor: NamedDependency[Visitor]) -> Redirect:
    """The visitor's own division."""
    return Redirect(f"/overview/{visitor.place or visitor.roles[0].division or 'china'}", status_code=303)


@get("/overview/{place:str}")
async def overview(request: Request, visitor: NamedDependency[Visitor], place: FromPath[str]) -> Response[str]:
    """A division's villages by stage and part, over time, and what is due and late in them."""
    place = "" if place == "china" else place
    require_division(place)
    require_seen(visitor, place)
    hearing = hearing_of(request)
    book = await hearing.policies()
    parts, sums, townships, chart, campaigns = await _numbers(request, hearing, place)
    own_sums, policy, today = sums[place], words.policy_of(book, place), hearing.today
    stages = [stage for stage in STAGES if own_sums.get(f"stage/{stage}")]
    on_list, covered = own_sums.get("on_list", 0), own_sums.get("covered", 0)
    return page(
        request, "overview.html", visitor, place=place, parts=parts, sums=sums, own=own_sums, stages=stages,
        stage_words=STAGES, colours=words.COLOURS, chart=chart,
        name=lambda code: words.place(code, townships, book), above=words.above(place), link=link, today=today,
        share=covered / on_list if on_list else None, lists=_words(own_sums, "list/", policy),
        brackets=_words(own_sums, "bracket/", policy), bins=_bins(own_sums), years=_years(own_sums),
        campaigns=[(one, in_words("kind", one.kind, words.policy_of(book, one.place))) for one in campaigns],
        is_current=hearing.is_current, jurisdiction=jurisdiction_of,
    )  # fmt: skip


class Numbers(NamedTuple):
    """What an overview reads in the tables."""

    parts: list[str]
    sums: dict[str, dict[str, int]]
    townships: dict[str, str]
    chart: Stacked | None
    campaigns: list[Campaign]


async def _numbers(request: Request, hearing: Hearing, place: str) -> Numbers:
    """The numbers of a division. They are read again once an event has come in."""
    kept: dict[str, tuple[Any, Numbers]] = request.app.state.setdefault("numbers", {})
    standing, today = hearing.standing, hearing.today
    if place in kept and kept[place][0] == standing:
        return kept[place][1]
    async with hearing.store.engine.connect() as conn:
        parts = await store.parts(conn, place)
        sums = await store.summed(conn, [place, *parts])
        townships = await store.names(conn, [one for one in [place, *parts] if len(one) == 9])
        changes = await store.stages_by_month(conn, place) if len(place) < 9 else []
        campaigns = await store.campaigns(conn, place)
    chart = stacked(by_month(changes), [*STAGES], today) if today else None
    if len(kept) >= MOST_KEPT:
        kept.clear()
    found = Numbers(parts, sums, townships, chart, campaigns)
    kept[place] = standing, found
    return found


def link(place: str, stage: str = "", mark: str = "") -> str:
    """The page of villages behind a number."""
    given = {"place": place, "stage": stage, "as": mark}
    return "/villages?" + urlencode({name: value for name, value in given.items() if value})


def _words(sums: dict[str, int], prefix: str, policy: Any) -> list[tuple[str, tuple[str, str], int]]:
    """What villages are counted as below a prefix: the mark, its words, and how many they are."""
    return [(mark, words.counted(mark, policy), n) for mark, n in sorted(sums.items()) if mark.startswith(prefix)]


def _bins(sums: dict[str, int]) -> list[tuple[str, tuple[str, str], int]]:
    """How many villages on the list lie in each bin of incidences."""
    found = [(f"incidence/{n}", words.incidence(n), sums.get(f"incidence/{n}", 0)) for n in range(len(BINS))]
    return found if any(n for _, _, n in found) else []


def _years(sums: dict[str, int]) -> list[tuple[str, dict[str, int]]]:
    """By year, the latest first: deadlines missed, visits made, villages visited too often, reports handed in, yuan
    released."""
    found: dict[str, dict[str, int]] = {}
    for mark, number in sums.items():
        name, _, year = mark.partition("/")
        if name in ("missed", "visits", "crowded", "reports", "funds"):
            found.setdefault(year, {})[name] = number
    return sorted(found.items(), reverse=True)[:5]


HANDLERS: Final = (own, overview)
