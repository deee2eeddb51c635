"""An officer who is asked something by a registry, at a console of his own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.console.app import Settings, build
from services.console.tables import TABLES
from services.console.upstream import Upstream
from shared.engine.opening import open_engine
from shared.web.issuers import UNASKED
from tests.console.desk import URL, free_port, served
from tests.console.officer import Page
from tests.registry.office import FIRST, Office, office

ROLE = {"zhucun_role": "county.210521"}


class Desk:
    """An officer's browser at a console that reaches a registry."""

    def __init__(self, browser: httpx.AsyncClient, registry: Office, upstream: Upstream) -> None:
        self.browser, self.registry, self.upstream = browser, registry, upstream

    async def task(self) -> str:
        """The link of the first task of my day."""
        return next(link for link in Page((await self.browser.get("/day")).text).links if link.startswith("/act/"))

    async def press(self, page: Page, deed: str = "say", **typed: str) -> httpx.Response:
        data: dict[str, list[str]] = {"deed": [deed]}
        for name, value in page.hidden:
            data.setdefault(name, []).append(value)
        return await self.browser.post(
            "/act/registry/diagnoses", data=data | {f"f.{of}": [t] for of, t in typed.items()}
        )

    async def diagnosed(self) -> int:
        events = (await self.registry.get(f"/v1/journal/{FIRST.id}")).json()
        return sum(event["type"] == "registry.village.diagnosed.v1" for event in events)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with seated(tmp_path, "villages", "units", "cadres", "surveys") as found:
        yield found


@asynccontextmanager
async def seated(tmp_path: Path, *registered: str) -> AsyncIterator[Desk]:
    """The officer, where so much is registered."""
    async with office(f"sqlite+aiosqlite:///{tmp_path}/registry.sqlite3") as registry:
        await registry.register(*registered)
        engine = open_engine(f"sqlite+aiosqlite:///{tmp_path}/console.sqlite3")
        async with engine.begin() as conn:
            await conn.run_sync(TABLES.metadata.create_all)
        port = free_port()
        async with served(registry.client._transport.app, port):  # type: ignore[attr-defined]
            (tmp_path / "secret").write_bytes(b"secret of the console")
            settings = Settings(
                database=str(engine.url),
                secret_file=tmp_path / "secret",
                port=8700,
                sources=f"registry=http://127.0.0.1:{port}",
                console=URL,
                issuers=UNASKED,
            )
            app: Any = build(settings, engine)
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=URL, cookies=ROLE) as browser:
                yield Desk(browser, registry, app.state.site.upstream)
            await app.state.site.upstream.aclose()
        await engine.dispose()
