"""The console as a process: settings and wiring only."""

from pathlib import Path

import httpx
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.static_files import create_static_files_router
from sqlalchemy.ext.asyncio import AsyncEngine

from services.console import web
from services.console.hearing import Hearing
from services.console.pages import PAGES
from services.console.pages.demo import Demo
from services.console.sessions import Sessions
from services.console.store import Store
from services.console.upstream import Upstream
from shared.engine.opening import open_engine
from shared.settings import applied
from shared.web import issuers, process
from shared.web.following import WAIT, Feeds
from shared.web.token import operator_headers

NAME = "console"
LARGEST = 64 * 2**20
"""The most bytes of a form, which may have a workbook in it."""


class Settings(process.Settings, kw_only=True):
    """The settings of the console, beside those that every process has."""

    sources: str
    """The services' processes with their addresses: `registry=http://registry:8000,dispatch=http://…`."""
    console: str = ""
    """The addresses at which browsers reach this process, with commas in between. Without any, host and port."""
    issuers: str = ""
    """The file of the issuers by whose tokens people are known (`shared/web/issuers.py`), or `none`."""
    simulated: bool = False
    """Whether all of it is a demo: each page says so."""
    demo: str = ""
    """The command that plays the demo county; empty where nobody may begin it from the pages."""
    demo_folder: Path | None = None
    """The folder in which that command plays it."""


def build(of: Settings, engine: AsyncEngine) -> Litestar:
    """The application. The caller disposes of the engine."""
    sources = dict(one.split("=", 1) for one in of.sources.split(",") if one.strip())
    upstream, secret = Upstream(sources), of.secret_file.read_bytes()
    http = httpx.AsyncClient(headers=operator_headers(secret), timeout=WAIT + 30, trust_env=False)
    hearing = Hearing(Store(engine), Feeds(sources, http))
    addresses = [one.strip().rstrip("/") for one in of.console.split(",") if one.strip()]
    trusted = issuers.named(of.issuers, secret)
    sessions = Sessions(engine, secret, trusted) if trusted else None
    site = web.Site(upstream, secret, tuple(addresses or [f"http://{of.host}:{of.port}"]), sessions, of.simulated)
    return Litestar(
        route_handlers=[
            *PAGES,
            create_static_files_router("/static", [web.HOME / "static", web.htmx()]),
        ],
        dependencies={"visitor": Provide(web.visitor), "upstream": Provide(web.upstream)},
        exception_handlers=web.HANDLERS,
        after_exception=[web.told_to],
        before_request=web.unforged,
        before_send=[web.headed],
        openapi_config=None,
        logging_config=None,
        state=State({"site": site, "engine": engine, "hearing": hearing, "demo": Demo(of.demo, of.demo_folder)}),
        request_max_body_size=LARGEST,
    )


def serve() -> None:
    """Run until SIGINT or SIGTERM."""
    of = Settings.read()
    process.run(NAME, of, _run(of))


async def _run(of: Settings) -> None:
    with applied():
        engine = open_engine(of.database)
        app = build(of, engine)
    async with process.held(engine, NAME, of) as hold:
        hearing: Hearing = app.state.hearing
        await hearing.start()
        try:
            await process.serve(app, NAME, of, hold)
        finally:  # What reads the database must end before it is closed.
            await hearing.stop()
            await app.state.demo.end()
            await app.state.site.upstream.aclose()
            if app.state.site.sessions:
                await app.state.site.sessions.aclose()


if __name__ == "__main__":
    serve()
