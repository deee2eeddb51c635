"""The first steps of an empty system: a policy pack, then villages, units and cadres by forms, then people."""

import secrets
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency

from services.console import web
from services.console.pages.packs import MOST, adopted, names
from services.console.upstream import Refusal, Upstream
from services.console.web import Request, Visitor
from shared.divisions import lies_in, place_of
from shared.policy import PolicyInvalid, by_itself, read_pack, shipped
from shared.web.problems import Fault

FORMS: Final = ("villages", "units", "cadres")
"""The forms by which a region's data come in, in this order."""


@get("/start")
async def start(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]
) -> Response[str]:
    """What is done already of the first steps, and what comes next."""
    return await _page(request, visitor, upstream)


@post("/start")
async def adopt(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]
) -> Response[Any]:
    """Adopt a pack that comes with the program, whole, for the division that it is written for."""
    given = await web.form(request)
    name, organ = given.get("pack", ""), given.get("organ", "").strip()
    if name not in names():
        raise Refusal(404, (Fault(0, "", "没有这个政策包", "there is no such pack"),))
    pack = shipped.shipped(name)
    try:
        return await adopted(upstream, visitor, by_itself(pack, pack.jurisdiction), organ, web.request_key(given))
    except Refusal as refusal:
        if refusal.status == 401:
            raise
        return await _page(request, visitor, upstream, faults=refusal.faults, organ=organ, chosen=name)


@post("/start/file", status_code=200)
async def hand_in(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]
) -> Response[Any]:
    """Adopt a pack that was written elsewhere, with what it extends among the packs that come with the program."""
    given, sent = await web.form(request), (await request.form()).get("file")
    organ = given.get("organ", "").strip()
    try:
        content = await _content(sent)
        return await adopted(upstream, visitor, content, organ, web.request_key(given))
    except Refusal as refusal:
        if refusal.status == 401:
            raise
        return await _page(request, visitor, upstream, faults=refusal.faults, organ=organ, of_file=True)


async def _content(sent: Any) -> dict[str, Any]:
    """The pack in a file. Raises Refusal for none, and for one that is not sound."""
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise Refusal(422, (Fault(0, "file", "请先选择政策包文件", "choose the file of a pack first"),))
    try:
        policy, _ = read_pack(await sent.read(MOST + 1), shipped.base)
    except PolicyInvalid as error:
        said = (Fault(0, "policy", f"第{one.line}行：{one.zh}", f"line {one.line}: {one.en}") for one in error.faults)
        raise Refusal(422, tuple(said)) from error
    return by_itself(policy, policy.jurisdiction)


async def _page(
    request: Request,
    visitor: Visitor,
    upstream: Upstream,
    *,
    faults: tuple[Fault, ...] = (),
    organ: str = "",
    chosen: str = "",
    of_file: bool = False,
) -> Response[str]:
    """The page, after a refusal with what was typed in and chosen. Only a file must be chosen again."""
    status = await upstream.get("registry", "/v1/status", visitor, at=place_of(visitor.place))
    in_force = sorted(status["policies"])
    packs = [
        (name, pack)
        for name in names()
        for pack in [shipped.shipped(name)]
        if pack.jurisdiction not in in_force and _concerns(visitor.place, pack.jurisdiction)
    ]
    return web.page(
        request, "start.html", visitor, 422 if faults else 200, adopted=in_force, packs=packs, faults=faults,
        all=[(name, shipped.shipped(name)) for name in names()],
        organ=organ or visitor.organ, chosen=chosen, of_file=of_file, forms=FORMS, key=secrets.token_urlsafe(18),
    )  # fmt: skip


def _concerns(place: str, jurisdiction: str) -> bool:
    """Whether a pack is for a division, for one around it, or for one within it."""
    return place == jurisdiction or place.startswith(jurisdiction) or lies_in(jurisdiction, place)


HANDLERS: Final = (start, adopt, hand_in)
