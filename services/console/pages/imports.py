"""Forms in Excel: one to fill in for a division, and a filled one to hand in, with what is wrong beside its rows."""

import re
import secrets
import time
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Annotated, Any, Final, NamedTuple

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from services.console import kept, web
from services.console.language import say
from services.console.pages.day import due_of, said_by
from services.console.pages.operations import SERVICES
from services.console.pages.overview import hearing_of
from services.console.upstream import Refusal, Upstream
from services.console.web import Request, Visitor
from shared.calendar import CHINA
from shared.engine.requests import IDEMPOTENCY_KEY
from shared.web.places import PlaceQuery
from shared.web.problems import Fault
from shared.workbook import MEDIA_TYPES

TAKEN_WITHIN: Final = 540.0
"""Seconds within which a file must be taken in."""
LARGEST_AGAIN: Final = 4 * 2**20
"""The most bytes of a file that the page itself carries while its reader decides whether known data shall be
overwritten. So the file need not be chosen again, and is kept nowhere meanwhile."""
COPY_KEPT: Final = 3600
"""Seconds for which a service keeps the copy of a file with its errors."""
_KEY = "8 至 80 个字母、数字或 _ - · a key of 8 to 80 letters, digits, _ and -"


class HandedIn(NamedTuple):
    """A file that was handed in."""

    name: str
    content: bytes

    @property
    def again(self) -> str:
        """The content as a field of a form; empty if it is too large for one."""
        return b64encode(self.content).decode() if len(self.content) <= LARGEST_AGAIN else ""


@get("/forms")
async def forms(
    request: Request,
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    all: FromQuery[bool] = False,
) -> Response[str]:
    """The forms that the chosen role may hand in and for which its packs have a use, or all of them; those first by
    which something is due now."""
    due = await due_of(upstream, visitor)
    asked = {"place": visitor.place[:6], "role": visitor.acting, "offered": True}
    acts = {} if all else await upstream.all("/v1/blanks", visitor, **asked)
    said = {(service, act.action) for service, act in said_by(acts)}
    found = {service: await _listed(upstream, service, visitor) for service in SERVICES if upstream.processes(service)}
    groups = [
        (SERVICES[service], service, [one for one in listed if all or (service, one["name"]) in said])
        for service, listed in found.items()
    ]
    owed = [(one, service, due[service, one["name"]]) for _, service, listed in groups for one in listed]
    return web.page(
        request,
        "forms.html",
        visitor,
        groups=[one for one in groups if one[2]],
        all=all,
        owed=[one for one in owed if one[2]],
    )


@get("/forms/{service:str}/{form:str}")
async def form(
    request: Request,
    service: FromPath[str],
    form: FromPath[str],
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
) -> Response[str]:
    """One form: where to get it, and where to hand it in."""
    return await _page(request, service, form, visitor, upstream)


@get("/forms/{service:str}/{form:str}/file")
async def file(
    service: FromPath[str],
    form: FromPath[str],
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    place: PlaceQuery = "",
) -> Response[bytes]:
    """The form for a division, in Excel, with what is known in its rows."""
    asked = {"place": place or visitor.place[:6]}
    name = _process(upstream, service, asked["place"])
    answer = await upstream.send(
        "GET", name, f"/v1/templates/{_name(form)}", visitor, params=asked, seconds=TAKEN_WITHIN
    )
    return _download(answer.content, f"{form}.xlsx")


@get("/forms/{service:str}/copies/{copy:str}")
async def marked(
    service: FromPath[str],
    copy: FromPath[str],
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    place: PlaceQuery = "",
) -> Response[bytes]:
    """The copy of a file that was handed in, with the errors beside their rows."""
    name = _process(upstream, service, place)
    answer = await upstream.send("GET", name, f"/v1/copies/{_name(copy)}", visitor)
    return _download(answer.content, f"errors{PurePath(copy).suffix}")


@get("/forms/{service:str}/{form:str}/progress", media_type="text/plain")
async def progress(
    service: FromPath[str],
    form: FromPath[str],
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    key: Annotated[str, QueryParameter(pattern=r"^[A-Za-z0-9_-]{8,80}$", description=_KEY)],
    place: PlaceQuery = "",
) -> str:
    """How far a file is that is being taken in."""
    name = _process(upstream, service, place)
    answer = await upstream.send(
        "GET", name, f"/v1/imports/{_name(form)}/progress", visitor, headers={IDEMPOTENCY_KEY: key}
    )
    found: dict[str, Any] = answer.json()
    t = say(visitor.lang)
    if not found["running"]:
        return t("正在上传……", "on its way …")
    read, applied = found["read"], found["applied"]
    return t(f"已核对{read}行，已登记{applied}行……", f"{read} rows checked, {applied} applied …")


@post("/forms/{service:str}/{form:str}", status_code=200)
async def hand_in(
    request: Request,
    service: FromPath[str],
    form: FromPath[str],
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
) -> Response[str]:
    """Hand in a filled form: check it only, or apply it. What would overwrite known data is shown first."""
    given = await web.form(request)
    sent = await _handed_in((await request.form()).get("file"), given)
    place = given.get("place", "") if re.fullmatch("[0-9]{0,6}", given.get("place", "")) else ""
    if sent is None:
        return await _page(request, service, form, visitor, upstream, faults=(_NO_FILE,), place=place, status=422)
    keep_good = given.get("keep_good") == "true"
    asked = {
        "place": place,
        "dry_run": given.get("do") == "check",
        "keep_good": keep_good,
        "confirm": given.get("confirm", "")[:64],
    }
    kind = MEDIA_TYPES.get(PurePath(sent.name).suffix.lower(), "application/octet-stream")
    try:
        answer = await upstream.send(
            "POST",
            _process(upstream, service, place),
            f"/v1/imports/{_name(form)}",
            visitor,
            params=asked,
            content=sent.content,
            seconds=TAKEN_WITHIN,
            headers={IDEMPOTENCY_KEY: web.request_key(given), "content-type": kind},
        )
    except Refusal as refusal:
        if refusal.status == 401:
            raise
        return await _page(
            request, service, form, visitor, upstream, faults=refusal.faults, place=place, status=refusal.status,
            sent=sent, keep_good=keep_good,
        )  # fmt: skip
    report: dict[str, Any] = answer.json()
    await _note(request, service, form, visitor, upstream, asked, report)
    stays = not report["applied"] and (bool(report["confirm"]) or not report["counts"]["bad"])
    return await _page(
        request, service, form, visitor, upstream, report=report, place=place, sent=sent if stays else None,
        keep_good=keep_good,
    )  # fmt: skip


async def _handed_in(chosen: Any, given: Mapping[str, str]) -> HandedIn | None:
    """The file that was chosen, or else the one that the page still has; None for neither."""
    if isinstance(chosen, UploadFile) and chosen.filename:
        return HandedIn(chosen.filename, await chosen.read())
    try:
        content = b64decode(given.get("again", ""), validate=True)
    except (Error, ValueError):
        return None
    return HandedIn(given.get("again_name", "")[:200], content) if content else None


async def _note(
    request: Request,
    service: str,
    form: str,
    visitor: Visitor,
    upstream: Upstream,
    asked: Mapping[str, Any],
    report: Mapping[str, Any],
) -> None:
    """Remember what came of a file. The file itself, and what stands in it, is not kept."""
    counts = report["counts"]
    applied = counts["created"] + counts["changed"] if report["applied"] else 0
    found = next(one for one in await _listed(upstream, service, visitor) if one["name"] == form)
    one = kept.Import(
        service=service, form=form, zh=found["zh"], en=found["en"], place=asked["place"], organ=visitor.organ,
        rows=counts["rows"], bad=counts["bad"], applied=applied, checked=asked["dry_run"],
        differs=bool(report["confirm"]) and not report["applied"], copy=_copy(report),
    )  # fmt: skip
    at = int(time.time())
    async with hearing_of(request).store.writing() as conn:
        await kept.note_import(conn, web.keeper(request), secrets.token_hex(16), at, one)


@get("/forms/handed-in")
async def handed_in(request: Request, visitor: NamedDependency[Visitor]) -> Response[str]:
    """The files that the visitor handed in, the latest first, with what came of each and the errors that are kept."""
    async with request.app.state.engine.connect() as conn:
        found = await kept.imports(conn, web.keeper(request))
    now = time.time()
    rows = [(datetime.fromtimestamp(at, CHINA), one, now - at < COPY_KEPT) for at, one in found]
    return web.page(request, "handed_in.html", visitor, rows=rows, services=SERVICES, most=kept.MOST_KEPT)


def _copy(report: Mapping[str, Any]) -> str:
    return PurePath(report["copy"]).name if report.get("copy") else ""


async def _page(
    request: Request,
    service: str,
    form: str,
    visitor: Visitor,
    upstream: Upstream,
    *,
    place: str | None = None,
    report: dict[str, Any] | None = None,
    faults: tuple[Fault, ...] = (),
    status: int = 200,
    sent: HandedIn | None = None,
    keep_good: bool = False,
) -> Response[str]:
    """The page of a form. What was `sent` can be handed in again as it is; with errors in it, it is to be corrected."""
    _process(upstream, service, "")
    found = next((one for one in await _listed(upstream, service, visitor) if one["name"] == form), None)
    if found is None:
        raise _unknown()
    copy = _copy(report) if report else ""
    return web.page(
        request, "form.html", visitor, status, service=service, form=found, report=report, faults=faults, copy=copy,
        place=visitor.place[:6] if place is None else place, key=secrets.token_urlsafe(18),
        sent=sent, keep_good=keep_good, confirm=report["confirm"] if report and sent else "",
    )  # fmt: skip


async def _listed(upstream: Upstream, service: str, visitor: Visitor) -> list[dict[str, Any]]:
    answer = await upstream.send("GET", upstream.processes(service)[0], "/v1/templates", visitor)
    found: list[dict[str, Any]] = answer.json()
    return found


def _process(upstream: Upstream, service: str, place: str) -> str:
    """The process that keeps a place. Raises Refusal for a service that is none."""
    if service not in SERVICES or not upstream.processes(service, place):
        raise _unknown()
    return upstream.keeper(service, place)


def _name(text: str) -> str:
    """What stands in the address of a service. Raises Refusal for what would lead to another address."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}(\.[a-z]{1,5})?", text):
        raise _unknown()
    return text


def _unknown() -> Refusal:
    return Refusal(404, (Fault(0, "", "没有这份表", "there is no such form"),))


_NO_FILE: Final = Fault(0, "file", "请先选择填好的文件", "choose the filled form first", "file")


def _download(content: bytes, name: str) -> Response[bytes]:
    kind = MEDIA_TYPES.get(PurePath(name).suffix, "application/octet-stream")
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


HANDLERS: Final = (forms, handed_in, form, file, marked, progress, hand_in)
