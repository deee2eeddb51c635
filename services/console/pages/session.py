"""How somebody chooses his language, role and division, and where the console begins."""

import re
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from services.console import language, web
from services.console.web import Request

DIVISION: Final = r"([0-9]{2}){0,3}|[0-9]{9}"


@get("/")
async def home(request: Request) -> Redirect:
    """The day's work is the first page."""
    return Redirect("/day", status_code=303)


@post("/language")
async def choose_language(request: Request) -> Response[str]:
    """Keep the language in which this browser reads."""
    given = await web.form(request)
    answer = web.back(request, given)
    web.set_cookie(
        answer, web.site(request), language.COOKIE, "en" if given.get("lang") == "en" else "zh", 400 * 86_400
    )
    return answer


@post("/role")
async def choose_role(request: Request) -> Response[str]:
    """Keep the role and division for which this browser shows the pages."""
    given = await web.form(request)
    role, division = given.get("acting", ""), given.get("place", "")
    answer = web.back(request, given)
    if role in web.ROLE_NAMES and re.fullmatch(DIVISION, division):
        web.set_cookie(answer, web.site(request), web.ROLE, f"{role}.{division}")
    return answer


HANDLERS: Final = (home, choose_language, choose_role)
