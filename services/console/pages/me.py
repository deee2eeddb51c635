"""Who somebody is here, what he may do, and who has read what is kept about him."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency

from services.console import web
from services.console.sessions import Session
from services.console.upstream import Refusal, Upstream
from services.console.web import Request, Visitor

MOST: Final = 200
"""Readings that the page shows, the latest ones."""


@get("/me")
async def me(request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]) -> Response[str]:
    """The roles of whoever looks, what others handed to him, and who has read what is kept about him."""
    session: Session | None = request.scope["state"].get("session")
    granted = session.bearer.granted if session else None
    found = await upstream.all("/v1/readings", visitor) if granted and granted.cadre else {}
    alike = Counter((one["day"], tuple(one["organ"]), tuple(one["what"]), one["purpose"]) for one in _told(found))
    readings = sorted(alike.items(), key=lambda one: str(one[0][0]), reverse=True)[:MOST]
    return web.page(
        request,
        "me.html",
        visitor,
        granted=granted,
        readings=readings,
        on=date.fromtimestamp,
        missing=[name for name, answer in found.items() if isinstance(answer, Refusal) and answer.status >= 500],
    )


def _told(answers: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for answer in answers.values():
        if not isinstance(answer, Refusal):
            yield from answer


HANDLERS: Final = (me,)
