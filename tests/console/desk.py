"""A real console over real accounts on a socket, and browsers that look at it."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import uvicorn

from services.console.app import Settings, build
from services.console.tables import TABLES
from shared.engine.opening import open_engine
from shared.web import serving
from tests.accounts import desk as accounts
from tests.console.people import typed

URL = "http://127.0.0.1:8700"
GRANTED = {"role": "township", "division": "210522"}
TOWNSHIP: Final = "210522105"
"""The one for which the township's officer acts."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def served(app: Any, port: int) -> AsyncIterator[None]:
    """An application on a socket of its own."""
    server = uvicorn.Server(serving.config(app, "127.0.0.1", port))
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await task


class Browser:
    """A browser at the console. It keeps cookies, and follows nothing by itself."""

    def __init__(self, app: Any, url: str = URL) -> None:
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=url)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    async def post(self, path: str, page: str = "/me", **fields: str) -> httpx.Response:
        """Send a form with the proof that stands in a page."""
        shown = (await self.http.get(page)).text
        proof = re.search(r'name="form" value="([^"]+)"', shown)
        return await self.http.post(path, data={**fields, **({"form": proof[1]} if proof else {})})

    @property
    def cookie(self) -> str:
        return self.http.cookies.get("zhucun_console") or ""


class Office:
    """The console, the accounts where people sign in, and an officer called li."""

    def __init__(self, app: Any, people: accounts.Desk, issuer: str) -> None:
        self.app, self.people, self.issuer = app, people, issuer

    def browser(self, url: str = URL) -> Browser:
        return Browser(self.app, url)

    async def way(self, browser: Browser, to: str = "/me") -> httpx.URL:
        """Where the console leads somebody who wants a page."""
        asked = await browser.get("/sign-in", params={"to": to})
        assert asked.status_code == 303, asked.text
        return httpx.URL(asked.headers["location"])

    async def typed(self, led: httpx.URL, name: str = "li", password: str = accounts.GOOD, code: str = "") -> str:
        """The path by which the page to sign in leads back, after a name and password were typed there."""
        parts = urlsplit(await typed(led, self.issuer, name, password, code))
        return f"{parts.path}?{parts.query}"

    async def signed_in(self, to: str = "/me") -> Browser:
        browser = self.browser()
        done = await browser.get(await self.typed(await self.way(browser, to)))
        assert (done.status_code, done.headers["location"]) == (303, to), done.text
        return browser


@asynccontextmanager
async def office(
    folder: Path,
    sources: str = "registry=http://127.0.0.1:9",
    *,
    url: str = URL,
    granted: Mapping[str, str] = GRANTED,
    **more: Any,
) -> AsyncIterator[Office]:
    """The console and accounts, with li, who is of a township of Huanren unless another role is granted."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    (folder / "issuers.toml").write_text(f'[[issuers]]\nurl = "{issuer}"\nhere = true\n')
    engine = open_engine(f"sqlite+aiosqlite:///{folder}/console.sqlite3")
    async with engine.begin() as conn:
        await conn.run_sync(TABLES.metadata.create_all)
    async with accounts.opened(folder, issuer=issuer, console=url) as people, served(people.app, port):
        system = await people.appoint("system", "sun", "孙立")
        await people.person(system, "li")
        security = await people.appoint("security", "bai", "白云")
        given = await people.post("/v1/accounts/li/roles", {"roles": [granted], "township": TOWNSHIP}, security)
        assert given.status_code == 200, given.text
        settings = Settings(
            database="",
            port=8700,
            secret_file=folder / "secret",
            sources=sources,
            console=url,
            issuers=str(folder / "issuers.toml"),
            **more,
        )
        app = build(settings, engine)
        yield Office(app, people, issuer)
        await app.state.site.upstream.aclose()
        await app.state.site.sessions.aclose()
    await engine.dispose()
