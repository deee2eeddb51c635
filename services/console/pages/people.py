"""Who uses the system: accounts that the system administrator adds, and roles that the security administrator gives."""

import re
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from services.console import web
from services.console.sessions import Session
from services.console.upstream import Refusal, Upstream
from services.console.web import Request, Visitor
from shared.contracts.values import ROLES
from shared.web.issuers import Holding
from shared.web.problems import Fault

GIVEN: Final = tuple(role for role in ROLES if role not in ("villager", "operator"))
"""The roles that people can have."""


class Account(msgspec.Struct, kw_only=True):
    """An account as the accounts tell it to administrators."""

    name: str
    organ: str
    person: str | None = None
    cadre: str = ""
    unit: str = ""
    team: str = ""
    roles: tuple[Holding, ...] = ()
    administers: str = ""
    is_locked: bool = False
    must_change: bool = False


@get("/people")
async def people(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]
) -> Response[str]:
    """All accounts, with what the visitor may do about them."""
    return await _page(request, visitor, upstream)


@post("/people", status_code=200)
async def invite(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]
) -> Response[str]:
    """Add an account. Its first password is shown once, for whoever hands it over."""
    given = await web.form(request)
    said = {name: given.get(name, "").strip() for name in ("name", "person", "organ")}
    try:
        made = await _ask(request, upstream, visitor, "/v1/accounts", said)
    except Refusal as refusal:
        return await _page(request, visitor, upstream, refusal=refusal, said=said)
    return await _page(request, visitor, upstream, password=(said["name"], made["password"]))


@post("/people/{name:str}/password", status_code=200)
async def renew(
    request: Request, name: FromPath[str], visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]
) -> Response[str]:
    """Give somebody who has forgotten his password another first one."""
    try:
        made = await _ask(request, upstream, visitor, f"/v1/accounts/{_name(name)}/password", {})
    except Refusal as refusal:
        return await _page(request, visitor, upstream, refusal=refusal)
    return await _page(request, visitor, upstream, password=(name, made["password"]))


@post("/people/{name:str}/roles", status_code=200)
async def give(
    request: Request, name: FromPath[str], visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]
) -> Response[Any]:
    """Give an account these roles in place of those that it has, and say whose it is."""
    sent, given = await request.form(), await web.form(request)
    held = [str(one).partition(".") for one in sent.getall("held", [])]
    roles = [{"role": role, "division": division} for role, _, division in held]
    if given.get("role"):
        roles.append({"role": given["role"], "division": given.get("division", "").strip()})
    belongs = {of: given.get(of, "").strip() for of in ("cadre", "unit", "team")}
    try:
        await _ask(request, upstream, visitor, f"/v1/accounts/{_name(name)}/roles", {"roles": roles, **belongs})
    except Refusal as refusal:
        return await _page(request, visitor, upstream, refusal=refusal)
    return Redirect("/people", status_code=303)


async def _page(
    request: Request,
    visitor: Visitor,
    upstream: Upstream,
    *,
    refusal: Refusal | None = None,
    said: dict[str, str] = {},  # noqa: B006 - it is read only
    password: tuple[str, str] = ("", ""),
) -> Response[str]:
    if refusal and refusal.status == 401:
        raise refusal
    accounts = msgspec.convert(await _ask(request, upstream, visitor, "/v1/accounts"), list[Account])
    return web.page(
        request, "people.html", visitor, refusal.status if refusal else 200, accounts=accounts, given=GIVEN,
        faults=refusal.faults if refusal else (), said=said, password=password,
    )  # fmt: skip


async def _ask(
    request: Request, upstream: Upstream, visitor: Visitor, path: str, said: dict[str, Any] | None = None
) -> Any:
    """What the accounts answer to the visitor, who has signed in there. Raises Refusal."""
    session: Session | None = request.scope["state"].get("session")
    if session is None or visitor.acting not in ("system", "security"):
        zh, en = "人员由系统管理员和安全管理员管理", "people are the business of the system and security administrators"
        raise Refusal(403, (Fault(0, "", zh, en),))
    answer = await upstream.send(
        "GET" if said is None else "POST", session.kept.issuer, path, visitor,
        content=None if said is None else msgspec.json.encode(said), headers={"content-type": "application/json"},
    )  # fmt: skip
    return msgspec.json.decode(answer.content)


def _name(text: str) -> str:
    """What stands in the address of an account. Raises Refusal for what would lead to another address."""
    if not re.fullmatch(r"[a-z][a-z0-9._-]{0,60}", text):
        raise Refusal(404, (Fault(0, "", "没有这个账号", "there is no such account"),))
    return text


HANDLERS: Final = (people, invite, renew, give)
