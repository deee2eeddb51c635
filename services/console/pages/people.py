"""Who uses the system: accounts that the system administrator adds, and roles that the security administrator gives."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from services.console import web, words
from services.console.pages.overview import hearing_of
from services.console.sessions import Session
from services.console.upstream import Refusal, Upstream
from services.console.web import Request, Visitor
from shared.contracts.values import ROLES
from shared.labels import Both
from shared.policy import PolicyBook
from shared.web.issuers import Holding
from shared.web.problems import Fault

GIVEN: Final = tuple(role for role in ROLES if role not in ("villager", "operator"))
"""The roles that people can have."""
WHOLE: Final = {"全国", "china"}
"""What is typed for the whole country. An empty division is refused, so that forgetting it does not give the whole
country."""
DONE: Final[Mapping[str, Both]] = {
    "roles": ("角色已保存，本人下次操作时生效", "the roles are kept, and hold from the next thing that is done"),
    "kin": (
        "近亲属已登记，本人不得办理涉及他们的事项",
        "the relatives are kept: nothing about them is done by this person",
    ),
    "lock": ("已停用，会话随即结束", "locked, and signed out everywhere"),
    "unlock": ("已恢复", "unlocked"),
    "factor": (
        "动态码已取消，本人登录后可以重新设置",
        "there is no second factor any more; the owner may set up another",
    ),
}
"""What the security administrator does about an account, as it is told afterwards."""
PRESSED: Final = ("lock", "unlock", "factor")
"""Those that are done by a button alone, without any field."""


BELONGS: Final = {
    "cadre": ("干部编号（本人登记为干部的）", "Id as a cadre"),
    "unit": ("单位编号（派出单位经办人）", "Id of the unit"),
    "team": ("村编号（工作队队员）", "Id of the village of the team"),
    "village": ("村代码，12位（村干部）", "Village, 12 digits"),
    "township": ("乡镇代码，9位（乡镇干部）", "Township, 9 digits"),
}
"""The ids that say to whom an account belongs, for roles that hold for one's own alone."""


class Account(msgspec.Struct, kw_only=True):
    """An account as the accounts tell it to administrators."""

    name: str
    organ: str
    person: str | None = None
    cadre: str = ""
    unit: str = ""
    team: str = ""
    village: str = ""
    township: str = ""
    roles: tuple[Holding, ...] = ()
    kin: tuple[str, ...] = ()
    administers: str = ""
    is_locked: bool = False
    has_second_factor: bool = False
    must_change: bool = False


@get("/people")
async def people(
    request: Request,
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    q: FromQuery[str] = "",
    done: FromQuery[str] = "",
    of: FromQuery[str] = "",
) -> Response[str]:
    """The accounts, all or those found by a name or organ, with what the visitor may do about them. `done` says what
    was just done about the account `of`."""
    return await _page(request, visitor, upstream, q=q, done=(done, of))


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
    """Give an account these roles in place of those that it has, and say to whom it belongs."""
    sent, given = await request.form(), await web.form(request)
    held = [str(one) for one in sent.getall("held", [])]
    typed = {**given, "held": held}
    roles = [{"role": role, "division": division} for role, _, division in (one.partition(".") for one in held)]
    if role := given.get("role"):
        division = given.get("division", "").strip()
        if not division:
            return await _page(request, visitor, upstream, refusal=_NO_DIVISION, said={**typed, "account": name})
        roles.append({"role": role, "division": "" if division in WHOLE else division})
    belongs = {of: given.get(of, "").strip() for of in BELONGS}
    return await _change(request, upstream, visitor, name, "roles", {"roles": roles, **belongs}, typed)


@post("/people/{name:str}/kin", status_code=200)
async def relate(
    request: Request, name: FromPath[str], visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]
) -> Response[Any]:
    """Say who of the registered cadres are an account's close relatives, in place of those that were said."""
    given = await web.form(request)
    kin = re.split(r"[\s、，,]+", given.get("kin", "").strip())
    return await _change(request, upstream, visitor, name, "kin", {"kin": [one for one in kin if one]}, given)


@post("/people/{name:str}/do/{deed:str}", status_code=200)
async def press(
    request: Request,
    name: FromPath[str],
    deed: FromPath[str],
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
) -> Response[Any]:
    """Lock an account, unlock it, or take its second factor away from whoever has lost his phone."""
    if deed not in PRESSED:
        raise NotFoundException
    return await _change(request, upstream, visitor, name, deed, {})


async def _change(
    request: Request,
    upstream: Upstream,
    visitor: Visitor,
    name: str,
    deed: str,
    said: dict[str, Any],
    given: Mapping[str, Any] = {},
) -> Response[Any]:
    """Do something about an account. If that is refused, what was `given` in its form stands there again."""
    try:
        await _ask(request, upstream, visitor, f"/v1/accounts/{_name(name)}/{deed}", said)
    except Refusal as refusal:
        return await _page(request, visitor, upstream, refusal=refusal, said={**given, "account": name})
    return Redirect(f"/people?{urlencode({'done': deed, 'of': name})}", status_code=303)


async def _page(
    request: Request,
    visitor: Visitor,
    upstream: Upstream,
    *,
    refusal: Refusal | None = None,
    said: Mapping[str, Any] = {},
    password: tuple[str, str] = ("", ""),
    q: str = "",
    done: tuple[str, str] = ("", ""),
) -> Response[str]:
    if refusal and refusal.status == 401:
        raise refusal
    accounts = msgspec.convert(await _ask(request, upstream, visitor, "/v1/accounts"), list[Account])
    found = [one for one in accounts if q.strip().lower() in f"{one.name} {one.person} {one.organ}".lower()]
    deed, of = done
    shown = next((one.person or one.name for one in accounts if one.name == of and deed in DONE), "")
    return web.page(
        request, "people.html", visitor, refusal.status if refusal else 200, accounts=found, given=GIVEN, q=q,
        faults=refusal.faults if refusal else (), said=said, password=password, done=DONE.get(deed), done_of=shown,
        divisions=_divisions(await hearing_of(request).policies()), belongs=BELONGS,
    )  # fmt: skip


def _divisions(book: PolicyBook) -> dict[str, Both]:
    """The divisions that packs name, by their codes, of as many digits as a role may have."""
    packs = (words.policy_of(book, code) for code in book.packs)
    named = {code for pack in packs if pack for code in pack.words.places}
    return {code: words.place(code, {}, book) for code in sorted({*book.packs, *named}) if len(code) <= 6}


async def _ask(
    request: Request, upstream: Upstream, visitor: Visitor, path: str, said: dict[str, Any] | None = None
) -> Any:
    """What the accounts answer to the visitor, who has signed in there. Raises Refusal."""
    session: Session | None = request.scope["state"].get("session")
    if session is None or visitor.acting not in ("system", "security"):
        zh, en = "人员由系统管理员和安全管理员管理", "people are the business of the system and security administrators"
        raise Refusal(403, (Fault(0, "", zh, en),))
    answer = await upstream.send(
        "GET" if said is None else "POST",
        session.kept.issuer,
        path,
        visitor,
        content=None if said is None else msgspec.json.encode(said),
        headers={"content-type": "application/json"},
    )
    return msgspec.json.decode(answer.content)


def _name(text: str) -> str:
    """What stands in the address of an account. Raises Refusal for what would lead to another address."""
    if not re.fullmatch(r"[a-z][a-z0-9._-]{0,60}", text):
        raise Refusal(404, (Fault(0, "", "没有这个账号", "there is no such account"),))
    return text


_NO_DIVISION: Final = Refusal(
    422,
    (
        Fault(
            0,
            "division",
            "请填角色对哪个区划有效；对全国有效的，填“全国”",
            "say in which division the role holds; “china” for the whole country",
            "division",
        ),
    ),
)

HANDLERS: Final = (people, invite, renew, give, relate, press)
