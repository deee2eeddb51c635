"""A pack of one's own: written in a form that begins with a pack of the program, then checked, adopted, or
downloaded."""

import re
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import msgspec
import tomli_w
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from services.console import web
from services.console.model import pack_form
from services.console.upstream import Refusal, Upstream
from services.console.web import Request, Visitor
from shared.contracts.values import Organ
from shared.divisions import place_of
from shared.policy import Policy, PolicyInvalid, by_itself, parse_pack, shipped
from shared.policy.checking import Fault as Wrong
from shared.web.problems import Fault

MOST: Final = 256 * 2**10
"""The most bytes of what was changed so far."""


def names() -> list[str]:
    """The packs that a region can adopt or from which it can write its own: all but the country's, which they
    extend."""
    return [path.stem for path in shipped.FILES if not path.stem.startswith("national")]


class Draft(msgspec.Struct):
    """A pack that is being written: with which pack it was begun, and what it changes, by the names of lines."""

    pack: str
    said: dict[str, str] = {}

    @property
    def policy(self) -> Policy:
        """The pack that it was begun with."""
        return shipped.shipped(self.pack)

    @property
    def before(self) -> dict[str, Any]:
        """The content of that pack, with what it extends."""
        return by_itself(self.policy, self.policy.jurisdiction)

    @property
    def content(self) -> dict[str, Any]:
        """The content as it stands."""
        return pack_form.filled(self.policy, self.before, self.said)


@get("/start/pack")
async def begin(request: Request, visitor: NamedDependency[Visitor], pack: FromQuery[str] = "benxi") -> Response[str]:
    """The form, with what a pack that comes with the program says."""
    draft = _draft({"pack": pack})
    return _page(request, visitor, draft, "")


@post("/start/pack", status_code=200)
async def write(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]
) -> Response[Any]:
    """Keep what was typed, and go to another section; or check it, adopt it, or download it as a file."""
    given = await web.form(request)
    draft, section = _draft(given), given.get("section", "")
    for line in (
        pack_form.lines(draft.policy, draft.before, section)
        if section in ("", *pack_form.sections(draft.before))
        else ()
    ):
        if line.kind == "entry":
            draft.said.pop(f"-{line.name}", None)
            draft.said |= {f"-{line.name}": "yes"} if f"-.{line.name}" in given else {}
        elif (text := given.get(f".{line.name}")) is not None:
            draft.said.pop(line.name, None)
            draft.said |= {line.name: text[:500]} if text != line.value else {}
    deed, organ = given.get("deed", ""), given.get("organ", "").strip()
    if deed == "file":
        return Response(
            written(draft.content),
            media_type="application/toml; charset=utf-8",
            headers={"content-disposition": 'attachment; filename="pack.toml"'},
        )
    if deed not in ("check", "adopt"):
        return _page(request, visitor, draft, deed.removeprefix("to."), organ=organ)
    try:
        parse_pack(draft.content)
    except PolicyInvalid as error:
        return _page(request, visitor, draft, section, wrong=error.faults, organ=organ)
    if deed == "check":
        return _page(request, visitor, draft, section, checked=True, organ=organ)
    try:
        return await adopted(upstream, visitor, draft.content, organ, web.request_key(given))
    except Refusal as refusal:
        if refusal.status == 401:
            raise
        return _page(request, visitor, draft, section, faults=refusal.faults, organ=organ)


async def adopted(upstream: Upstream, visitor: Visitor, content: Mapping[str, Any], organ: str, key: str) -> Redirect:
    """Adopt a pack that is sound. Raises Refusal."""
    try:
        msgspec.convert(organ, Organ)
    except msgspec.ValidationError as error:
        zh, en = "请填写决定机关及文号", "say which organ decided it, and by which document"
        raise Refusal(422, (Fault(0, "schema", zh, en, "organ"),)) from error
    command = {"place": place_of(content["jurisdiction"]), "pack": content, "adopted_by": organ}
    await upstream.post("registry", "/v1/policies", visitor, command, key=key)
    return Redirect("/start", status_code=303)


def written(content: Mapping[str, Any]) -> str:
    """A pack as a file."""
    return tomli_w.dumps(_dated(content))


def _dated(value: Any) -> Any:
    """Content as TOML has it: its days are texts where they come as JSON."""
    if isinstance(value, Mapping):
        return {name: _dated(one) for name, one in value.items()}
    if isinstance(value, list):
        return [*map(_dated, value)]
    is_day = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value)
    return date.fromisoformat(value) if is_day else value


def _draft(given: Mapping[str, str]) -> Draft:
    """The pack that is being written. Raises Refusal for one that cannot come from the form."""
    pack, said = given.get("pack", ""), given.get("said", "{}")
    if pack not in names():
        raise Refusal(404, (Fault(0, "", "没有这个政策包", "there is no such pack"),))
    try:
        return Draft(pack, msgspec.json.decode(said[:MOST], type=dict[str, str]))
    except msgspec.MsgspecError as error:
        zh, en = "页面内容不完整，请重新打开", "the page has lost something; open it again"
        raise Refusal(400, (Fault(0, "form", zh, en),)) from error


def _page(
    request: Request,
    visitor: Visitor,
    draft: Draft,
    section: str,
    *,
    wrong: list[Wrong] = [],  # noqa: B006 - it is read only
    faults: tuple[Fault, ...] = (),
    checked: bool = False,
    organ: str = "",
) -> Response[str]:
    """One section of the pack, with what is wrong with it all."""
    before = draft.before
    sections = pack_form.sections(before)
    section = section if section in sections else ""
    beside: dict[str, list[Wrong]] = {}
    for one in wrong:
        beside.setdefault(".".join(map(str, one.path)), []).append(one)
    return web.page(
        request, "pack.html", visitor, 422 if wrong or faults else 200, draft=draft, section=section, sections=sections,
        lines=pack_form.lines(draft.policy, before, section), wrong=wrong, beside=beside, faults=faults,
        checked=checked, organ=organ or visitor.organ, key=secrets.token_urlsafe(18),
        kept=msgspec.json.encode(draft.said).decode(),
    )  # fmt: skip


HANDLERS: Final = (begin, write)
