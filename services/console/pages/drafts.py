"""What the browser keeps of forms that could not be sent: the page that lists it, and what its worker needs.

The drafts themselves never come here before they are sent: `static/worker.js` keeps them, and `static/drafts.js` sends
them.
"""

from typing import Final

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.console import web
from services.console.language import Language
from services.console.web import Request, Visitor

WORKER: Final = web.HOME / "static" / "worker.js"


@get("/drafts")
async def drafts(request: Request, visitor: NamedDependency[Visitor]) -> Response[str]:
    """What this browser keeps of whoever looks."""
    return web.page(request, "drafts.html", visitor)


@get("/away/{lang:str}")
async def away(request: Request, lang: FromPath[Language]) -> Response[str]:
    """The page that the worker shows in the place of others while there is no network. It is the same for everybody."""
    return web.page(request, "away.html", Visitor(roles=(), lang=lang, owner="away"))


@get("/worker.js")
async def worker() -> Response[str]:
    """The worker. Its address is at the root, since a browser lets a worker handle only what is below its address."""
    return Response(WORKER.read_text("utf-8"), media_type=MediaType.TEXT, headers={"content-type": "text/javascript"})


HANDLERS: Final = (drafts, away, worker)
