"""How somebody signs in and out, and chooses his language, role and division; and where the console begins."""

import re
import secrets
from typing import Annotated, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect

from services.console import language, web
from services.console.sessions import Session, Sessions
from services.console.upstream import Refusal
from services.console.web import Request, Visitor
from shared.web.problems import Fault

DIVISION: Final = r"([0-9]{2}){0,3}|[0-9]{9}"


@get("/")
async def home(visitor: NamedDependency[Visitor]) -> Redirect:
    """Lead to the first page: the day's work; for administrators the people; and `/me` for whoever has no role to act
    in, and for the audit administrator."""
    first = {"system": "/people", "security": "/people", "audit": "/me", "subscriber": "/me"}
    return Redirect(first.get(visitor.acting, "/day"), status_code=303)


@get("/sign-in")
async def sign_in(request: Request, to: FromQuery[str] = "/", issuer: FromQuery[int] = 0) -> Response[str]:
    """Lead to where people sign in. Where there are several such places, ask which; they are counted from 1."""
    sessions = _sessions(request)
    trusted = sessions.issuers.trusted
    chosen = trusted[issuer - 1] if 0 < issuer <= len(trusted) else None
    if chosen is None and len(trusted) > 1:
        nobody = Visitor(roles=(), lang=language.language(request))
        return web.page(request, "sign_in.html", nobody, issuers=[one.url for one in trusted], to=web.own_path(to))
    browser = request.cookies.get(web.COOKIE) or secrets.token_urlsafe(24)
    back = f"{web.site(request).address(request)}/callback"
    led = await sessions.begin(chosen or trusted[0], browser, back, web.own_path(to))
    answer = Redirect(led, status_code=303)
    web.set_cookie(request, answer, web.COOKIE, browser)
    return answer


@get("/callback")
async def callback(
    request: Request,
    begun: Annotated[str, QueryParameter(name="state")] = "",
    code: FromQuery[str] = "",
    iss: FromQuery[str | None] = None,
    error: FromQuery[str] = "",
    error_description: FromQuery[str] = "",
    error_uri: FromQuery[str] = "",
    session_state: FromQuery[str] = "",
) -> Response[str]:
    """Take in whoever comes back from signing in. The session gets a new cookie, so nobody else can have chosen its
    value."""
    given = {"state": begun, "code": code, "error": error, **({} if iss is None else {"iss": iss})}
    shown, to = await _sessions(request).finish(request.cookies.get(web.COOKIE, ""), given)
    answer = Redirect(to, status_code=303)
    web.set_cookie(request, answer, web.COOKIE, shown)
    return answer


@post("/sign-out")
async def sign_out(request: Request) -> Response[str]:
    """End the session, here and at the issuer."""
    await _sessions(request).end(request.cookies.get(web.COOKIE, ""))
    answer = web.page(request, "signed_out.html", Visitor(roles=(), lang=language.language(request)))
    web.set_cookie(request, answer, web.COOKIE, secrets.token_urlsafe(24))
    return answer


@post("/language")
async def choose_language(request: Request) -> Response[str]:
    """Keep the language in which this browser reads."""
    given = await web.form(request)
    answer = web.back(request, given)
    chosen = "en" if given.get("lang") == "en" else "zh"
    web.set_cookie(request, answer, language.COOKIE, chosen, 400 * 86_400)
    return answer


@post("/role")
async def choose_role(request: Request, visitor: NamedDependency[Visitor]) -> Response[str]:
    """Keep the role and division for which the pages are shown."""
    given = await web.form(request)
    role, _, division = given.get("acting", "").partition(".")
    division = given.get("place", division)
    answer = web.back(request, given)
    session: Session | None = request.scope["state"].get("session")
    if session and any((held.role, held.division) == (role, division) for held in visitor.roles):
        await _sessions(request).choose(session, f"{role}.{division}")
    elif not session and role in web.ROLE_NAMES and re.fullmatch(DIVISION, division):
        web.set_cookie(request, answer, web.ROLE, f"{role}.{division}")
    return answer


def _sessions(request: Request) -> Sessions:
    """The sessions. Raises Refusal where nobody is asked who he is."""
    found = web.site(request).sessions
    if found is None:
        raise Refusal(404, (Fault(0, "", "此系统无须登录", "nobody signs in to this system"),))
    return found


HANDLERS: Final = (home, sign_in, callback, sign_out, choose_language, choose_role)
