"""What every page has: who looks at it, in which language, how it is drawn, and what keeps it from being forged."""

import hmac
import re
import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec
import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response
from litestar import Request as _Request
from litestar.exceptions import HTTPException
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap, Message, Scope

from services.console import words
from services.console.language import Language, Say, language, say
from services.console.sessions import NotSignedIn, Sessions, SignInFailed
from services.console.upstream import Refusal, Upstream
from shared import chinese, english
from shared.contracts.values import ROLES
from shared.labels import Both
from shared.policy import PolicyBook
from shared.web.issuers import Holding
from shared.web.problems import Fault, Unfit
from shared.web.strict import strict

Request = _Request[Any, Any, Any]
log = structlog.get_logger()
HOME: Final = Path(__file__).parent
COOKIE: Final = "zhucun_console"
"""The cookie of a browser. Where people sign in its value is the session's; it is random, and no script reads it."""
ROLE: Final = "zhucun_role"
"""The cookie with the role and division that were chosen, where nobody is asked who he is."""
SCHEMA: Final = "schema"
"""The rule that a refusal names where a request does not fit what its address or command allows."""
FORM: Final = "form"
"""The hidden field by which a form proves that this console made it."""
ADMINISTRATORS: Final = {
    "system": ("系统管理员", "system administrator"),
    "security": ("安全管理员", "security administrator"),
    "audit": ("审计管理员", "audit administrator"),
}
NO_OFFICERS: Final = {*ADMINISTRATORS, "subscriber"}
"""The roles that do no work of an officer. Whoever has no role is shown what a subscriber is shown."""
ROLE_NAMES: Final = {**ROLES, **ADMINISTRATORS, "subscriber": ("订阅程序", "a subscribing program")}
"""All roles that people hold, in Chinese and English."""
EVERYTHING: Final = tuple(Holding(role, "") for role in ROLES if role not in ("villager", "operator"))  # type: ignore[arg-type]
"""What everybody holds where nobody is asked who he is."""
NAV: Final = (
    ("/day", "我的工作", "My day"),
    ("/overview/", "总览", "Overview"),
    ("/villages", "村", "Villages"),
    ("/campaigns", "督查抽查", "Campaigns"),
    ("/cases", "奖惩事项", "Cases"),
    ("/units", "单位", "Units"),
    ("/teams", "工作队", "Teams"),
    ("/acts", "办理", "Act"),
    ("/forms", "填报表", "Forms"),
    ("/policy/", "政策", "Policy"),
    ("/operations", "运行", "Operations"),
    ("/me", "本人", "Me"),
)
"""The pages that the head of every page leads to. A page that does not exist is left out."""
Number = Annotated[int, QueryParameter(name="page")]
"""The number of a page of a list. If it is behind the last page, the last one is shown, since lists may have become
shorter."""
OF_EVERYBODY: Final = {"/cases", "/operations", "/me"}
"""Those pages of `NAV` that have something for people who do no work of an officer: administrators, and people without
a role."""


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at a page."""

    name: str = ""
    """What the page greets him by; empty if nobody is asked who he is."""
    organ: str = ""
    roles: tuple[Holding, ...] = EVERYTHING
    acting: str = "county"
    """The role that he chose for this session among his."""
    place: str = ""
    """The division that goes with it, digits of its code; empty for the whole country."""
    token: str = ""
    """The bearer token for the services; empty where nobody is asked who he is."""
    lang: Language = "zh"
    owner: str = ""
    """The key of his drafts in a browser. It does not tell others who he is; empty for nobody."""

    def may_see(self, place: str) -> bool:
        """Whether one of his roles reaches a division or village, by its code or the first digits of it; an
        administrator's reaches none."""
        return any(held.role not in ADMINISTRATORS and place.startswith(held.division) for held in self.roles)

    def widest(self, place: str) -> str:
        """The widest of his divisions that contains a division or village. He may read all its open events."""
        reaching = (held.division for held in self.roles if held.role not in ADMINISTRATORS)
        return min((division for division in reaching if place.startswith(division)), key=len, default=place)

    def may_do(self, role: str, place: str) -> bool:
        """Whether a task of this role in this place may be his to do."""
        return any(held.role == role and place.startswith(held.division) for held in self.roles)


class Site(NamedTuple):
    """What the pages need of their process."""

    upstream: Upstream
    secret: bytes
    addresses: tuple[str, ...]
    """Where browsers reach the console."""
    sessions: Sessions | None = None
    """Who has signed in; None where nobody is asked who he is."""
    is_demo: bool = False
    """Whether all data are a demo's."""

    def address(self, request: Request) -> str:
        """The address by which a browser came. Raises Refusal for one that is none of ours: links would lead there."""
        host = request.headers.get("host", "")
        for one in self.addresses:
            if urlsplit(one).netloc == host:
                return one
        own = self.addresses[-1]
        raise Refusal(421, (Fault(0, "host", f"请用本系统的地址“{own}”访问", f"reach the console at {own}"),))


# ------------------------------------------------------------------- who looks


async def visitor(request: Request) -> Visitor:
    """Who looks at the page. Raises NotSignedIn where people sign in and he has not."""
    sessions = site(request).sessions
    found = await _signed_in(request, sessions) if sessions else _anybody(request)
    request.scope["state"]["packs"] = await request.app.state.hearing.policies()
    request.scope["state"]["visitor"] = found  # For the page that says what went wrong.
    return found


async def know(request: Request) -> None:
    """Find out who looks, if no page has asked yet, for the page that says what went wrong. An error in doing so is
    ignored: it is not what went wrong, or is told already."""
    if "visitor" not in request.scope["state"]:
        with suppress(Exception):
            await visitor(request)


async def told_to(error: Exception, scope: Scope) -> None:
    """Find out whom the page of an error is for. Addresses that lead nowhere are refused before it is asked who
    looks."""
    if not isinstance(error, NotSignedIn | SignInFailed):
        await know(Request(scope))


async def _signed_in(request: Request, sessions: Sessions) -> Visitor:
    session = await sessions.of(request.cookies.get(COOKIE, ""))
    request.scope["state"]["session"] = session
    person, granted, token = session.bearer.person, session.bearer.granted, session.kept.access
    handed = (held for one in granted.delegated if one.until > time.time() for held in one.roles)
    roles = (*granted.roles, *(Holding(held.role, held.division) for held in handed))
    chosen = next((held for held in roles if f"{held.role}.{held.division}" == session.kept.acting), None)
    acting = chosen or next(iter(roles), Holding("subscriber", ""))
    return Visitor(
        name=person.name or granted.organ or person.pseudonym,
        organ=granted.organ,
        roles=roles,
        acting=acting.role,
        place=acting.division,
        token=token,
        lang=language(request),
        owner=_keyed(site(request).secret, f"drafts of {person.pseudonym}"),
    )


def _anybody(request: Request) -> Visitor:
    """Where nobody is asked who he is, everybody chooses a role and a division to look from."""
    role, _, place = request.cookies.get(ROLE, "").partition(".")
    known = {held.role for held in EVERYTHING}
    return Visitor(
        acting=role if role in known else "county",
        place=place if place.isascii() and place.isdigit() and len(place) in (2, 4, 6, 9) else "",
        lang=language(request),
        owner="everybody",
    )


async def upstream(request: Request) -> Upstream:
    """The services."""
    found: Upstream = site(request).upstream
    return found


def site(request: Request) -> Site:
    """What the pages need of their process."""
    found: Site = request.app.state.site
    return found


# --------------------------------------------------------------------- drawing


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HOME / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(role_names=ROLE_NAMES)
    made.filters.update(as_day=as_day)
    return made


def as_day(text: str | None, t: Say) -> str:
    """A day of an answer, such as 2016-03-01, in words: `{{ task.due | as_day(t) }}`. Nothing for none."""
    if not text:
        return ""
    on = date.fromisoformat(text[:10])
    return t(chinese.day(on), english.day(on))


_TEMPLATES: Final = _environment()


def page(request: Request, template: str, visitor: Visitor, /, status: int = 200, **data: Any) -> Response[str]:
    """A page. Every template has `t`, `visitor`, `path`, `day`, and `division`, which names a division by its code; one
    that htmx asks for has no head and foot.

    A template begins with `{% extends layout %}` and fills the blocks `title`, `main` and, if it likes, `aside`.
    """
    is_part = "hx-request" in request.headers and not (
        "hx-boosted" in request.headers or "hx-history-restore-request" in request.headers
    )
    browser = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    t, of, packs = say(visitor.lang), site(request), request.scope["state"].get("packs") or PolicyBook()
    text = _TEMPLATES.get_template(template).render(
        layout="part.html" if is_part else "base.html", t=t, visitor=visitor, path=request.url.path,
        nav=_nav(visitor),
        asked=request.url.query, form_token=_proof(of.secret, browser), signs_in=of.sessions is not None,
        is_demo=of.is_demo, division=lambda code: t(*words.place(code, {}, packs)),
        pages={route.path for route in request.app.routes}, day=chinese.day if visitor.lang == "zh" else english.day,
        **data,
    )  # fmt: skip
    answer = Response(text, media_type=MediaType.HTML, status_code=status)
    if browser != request.cookies.get(COOKIE):
        set_cookie(request, answer, COOKIE, browser)
    return answer


def _nav(visitor: Visitor) -> list[tuple[str, str, str]]:
    return [one for one in NAV if visitor.acting not in NO_OFFICERS or one[0] in OF_EVERYBODY]


def kept(answer: Response[Any]) -> Response[Any]:
    """Have the browser's worker keep a form: the one on this page, or the one that this page refuses to take now."""
    answer.headers["x-keep"] = "form"
    return answer


def set_cookie(request: Request, answer: Response[Any], name: str, value: str, seconds: int | None = None) -> None:
    """Have the browser keep a value, which no script reads and no form elsewhere sends."""
    secure = f"https://{request.headers.get('host', '')}" in site(request).addresses
    answer.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/")


# --------------------------------------------------------------------- forgery


def _keyed(secret: bytes, text: str) -> str:
    return hmac.digest(secret, f"zhucun console {text}".encode(), "sha256").hex()[:32]


def _proof(secret: bytes, browser: str) -> str:
    return _keyed(secret, f"form {browser}")


async def form(request: Request) -> dict[str, str]:
    """The fields of a form that was sent, without the one that proves its origin. If a name comes twice, the last one
    counts."""
    return dict(await _texts(request))


async def _texts(request: Request) -> list[tuple[str, str]]:
    """The fields of a form that was sent, one by one, without files."""
    sent = (await request.form()).multi_items()
    return [(name, value) for name, value in sent if name != FORM and isinstance(value, str)]


def request_key(given: Mapping[str, str]) -> str:
    """The key that a form gives its request, so that what is sent twice is done once; a new one if none fits."""
    key = given.get("key", "")
    return key if re.fullmatch("[A-Za-z0-9_-]{8,80}", key) else secrets.token_urlsafe(18)


def keeper(request: Request) -> str:
    """Who keeps something here: a person, or the browser where nobody is asked who he is.

    It is a hash, so that the tables alone tell nobody who keeps what. Empty for a browser that was never here.
    """
    session = request.scope["state"].get("session")
    browser = request.cookies.get(COOKIE, "")
    of = f"{session.kept.issuer} {session.bearer.person.pseudonym}" if session else browser
    return _keyed(site(request).secret, f"what is kept by {of}") if of else ""


async def unforged(request: Request) -> Response[Any] | None:
    """Refuse parameters that the address does not know, and forms that another site made. It runs before every
    handler."""
    if request.url.path.startswith("/health"):
        return await strict(request)
    address = site(request).address(request)
    if request.method == "POST":
        sent = request.headers.get("origin", "")
        given, browser = (await request.form()).get(FORM, ""), request.cookies.get(COOKIE, "")
        proof = _proof(site(request).secret, browser)
        is_ours = isinstance(given, str) and hmac.compare_digest(given.encode(), proof.encode())
        if not browser or not is_ours or sent not in ("", address):
            zh, en = "页面已过期，请返回后重新打开再提交", "the page is too old; go back, open it again, and submit"
            await know(request)
            return kept(_said(request, 403, (Fault(0, "form", zh, en),)))
        request.scope["state"]["sent"] = await _texts(request)
    return await strict(request)


async def headed(message: Message, scope: Scope) -> None:
    """Add to every answer what keeps browsers from storing it, running what is not ours, or showing it elsewhere."""
    if message["type"] == "http.response.start":
        is_static = scope["path"].startswith("/static/")
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        said = {
            "content-security-policy": policy,
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cache-control": "public, max-age=3600" if is_static else "no-store",
        }
        have = {name.lower() for name, _ in message["headers"]}
        more = [(name.encode(), value.encode()) for name, value in said.items() if name.encode() not in have]
        message["headers"] = [*message["headers"], *more]


# ---------------------------------------------------------------------- errors


def own_path(text: str) -> str:
    """A path of this console, to lead somebody back to; `/` for anything that could lead elsewhere."""
    parts = urlsplit(text)
    is_own = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and len(text) <= 500
    return text if is_own and not parts.scheme and not parts.netloc and "\\" not in text else "/"


def back(request: Request, given: Mapping[str, str], fallback: str = "/") -> Redirect:
    """Lead back to the page that the form's field `to` names, if it is one of ours."""
    return Redirect(own_path(given.get("to", fallback)), status_code=303)


def require_known(request: Request, known: Mapping[str, Collection[str]]) -> None:
    """Refuse (404) an address that asks, by one of these names, for something else than what is known."""
    wrong = {name for name, text in request.query_params.multi_items() if text and text not in known.get(name, (text,))}
    if wrong:
        raise Unfit([Fault(0, SCHEMA, "不符合要求", "does not fit", name) for name in wrong], status=404)


def _said(request: Request, status: int, faults: Sequence[Fault]) -> Response[str]:
    """A page that says what is wrong, and leads to the nearest one that there is. Where the reader need not correct
    anything, what he sent can be sent again."""
    again = request.scope["state"].get("sent", ()) if status >= 500 else ()
    looks = request.scope["state"].get("visitor") or Visitor(roles=(), lang=language(request))
    wrong = {fault.field for fault in faults if fault.field}
    is_read = request.method == "GET"
    if is_read and status in (400, 404) and all(fault.rule == SCHEMA for fault in faults):
        faults = (_of_address(request, wrong),)
    nearest, named = _nearest(request, looks, wrong)
    return page(
        request, "error.html", looks, status, faults=faults, again=again, nearest=nearest, named=named, is_read=is_read
    )


def _of_address(request: Request, wrong: Collection[str]) -> Fault:
    """What is wrong with an address, in words for somebody who followed an old link. The services' words are for
    programs."""
    texts = [(text or name)[:40] for name, text in sorted(request.query_params.multi_items()) if name in wrong]
    quoted = [f"“{text}”" for text in texts if text.isprintable()]
    return Fault(
        0,
        SCHEMA,
        f"网址中的{''.join(quoted) or '内容'}本页查不到，可能是旧的链接，或者输入有误",
        f"this page knows nothing of {' and '.join(quoted) or 'what stands'} in its address: the link may be old, or "
        "mistyped",
    )


def _nearest(request: Request, looks: Visitor, wrong: Collection[str]) -> tuple[str, Both]:
    """The nearest page that exists, and the words that lead there: this page without what is wrong in its address, else
    the page of `NAV` under whose address it would be, else the first page."""
    path, asked = request.url.path, sorted(request.query_params.multi_items())
    rest = [one for one in asked if one[0] not in wrong]
    if len(rest) < len(asked):
        return f"{path}?{urlencode(rest)}".removesuffix("?"), ("去掉查不到的，打开本页", "Open this page without it")
    under = path.split("/")[1]
    for to, zh, en in _nav(looks):
        if under and to.startswith(f"/{under}") and to != path:
            return to, (f"打开“{zh}”", f"Open “{en}”")
    return "/", ("回到首页", "Back to the first page")


def _not_signed_in(request: Request, error: NotSignedIn) -> Response[Any]:
    """Lead to where people sign in, and back to this page afterwards."""
    if "hx-request" in request.headers:  # A part of a page would show the page to sign in inside itself.
        return Response("", status_code=401, headers={"hx-redirect": "/sign-in"})
    if request.method != "GET":  # Led elsewhere, he would lose what he wrote.
        zh, en = (
            "会话已结束：请另开窗口重新登录，再返回提交",
            "the session has ended: sign in in another window, then go back and submit",
        )
        return kept(_said(request, 401, (Fault(0, "sign-in", zh, en),)))
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Redirect(f"/sign-in?{urlencode({'to': own_path(wanted)})}", status_code=303)


def _sign_in_failed(request: Request, error: SignInFailed) -> Response[str]:
    return _said(request, error.status, (Fault(0, "sign-in", error.zh, error.en),))


def _refused(request: Request, error: Refusal) -> Response[Any]:
    if error.status == 401 and site(request).sessions:
        return _not_signed_in(request, NotSignedIn())
    return _said(request, error.status, error.faults)


def _unfit(request: Request, error: Unfit) -> Response[str]:
    return _said(request, error.status, error.faults)


def _http(request: Request, error: HTTPException) -> Response[str]:
    status = error.status_code if error.status_code < 500 else 400  # Its only 5xx: the browser went away.
    zh, en = {
        404: ("没有这个页面", "there is no such page"),
        405: ("这个网址只在提交表单时用，不能直接打开", "this address takes forms that are submitted, and is no page"),
        413: ("文件过大，请分成几份提交", "the file is too large; hand it in in parts"),
    }.get(status, ("提交的内容不完整，请重新打开后再提交", "something was lost of what was sent; open the page again"))
    asked = {*request.query_params} if status == 400 else set[str]()
    named = asked.intersection(one.get("key") for one in error.extra) if isinstance(error.extra, list) else asked
    told = [Fault(0, SCHEMA, zh, en, name) for name in named or asked]  # The framework has other names for some.
    return _said(request, status, told or [Fault(0, SCHEMA if status == 400 else "", zh, en)])


def _failed(request: Request, error: Exception) -> Response[str]:
    log.error("a page failed", path=request.url.path, exc_info=error)
    return _said(request, 500, (Fault(0, "", "系统内部错误，请告知运维", "an error of the system; tell operations"),))


HANDLERS: ExceptionHandlersMap = {
    Refusal: _refused,
    NotSignedIn: _not_signed_in,
    SignInFailed: _sign_in_failed,
    Unfit: _unfit,
    HTTPException: _http,
    Exception: _failed,
}
"""The page for each kind of error."""


def htmx() -> Path:
    """The folder with htmx, in the package that ships it, which is not imported."""
    spec = find_spec("django_htmx")
    assert spec and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "static" / "django_htmx"


__all__ = ["Request", "Say", "Visitor", "back", "form", "page", "upstream", "visitor"]
