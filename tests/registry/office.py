"""The registry's Excel forms over HTTP, and an officer who hands them in."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx
import msgspec

from deploy.demo.answers import Row
from deploy.demo.forms import fill
from deploy.demo.regions.benxi.story import CITY, PACK, POLICY, START, Benxi
from services.registry import api, forms
from services.registry.app import SERVICE
from shared.contracts.calendar import DayPassed
from shared.engine import store
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from shared.web import http
from shared.web.issuers import Issuers
from shared.web.token import operator_headers
from tests.support.process import delivery
from tests.support.servers import engine_with

SURVEYED = date(2014, 6, 12)
SCENARIO = Benxi(seed=1, villages=4)
ROWS: Mapping[str, Sequence[Row]] = {
    "villages": [*SCENARIO.village_rows()],
    "units": [*SCENARIO.unit_rows()],
    "cadres": [*SCENARIO.cadre_rows()],
    "surveys": [row for village in SCENARIO.villages.values() for row in SCENARIO.survey_rows(village, SURVEYED)],
}
"""What the demo's officers enter about four villages; the order is that in which one thing needs another."""
CODE = "村代码"
FIRST = next(iter(SCENARIO.villages.values()))


class Office:
    """An officer before the registry."""

    def __init__(self, client: httpx.AsyncClient, pipeline: Pipeline) -> None:
        self.client, self.pipeline = client, pipeline
        self.said = asyncio.Event()
        """Set whenever the registry has said something."""
        self._keys = 0

    async def get(self, path: str, **params: Any) -> httpx.Response:
        answer = await self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer

    async def post(self, path: str, *rows: Row) -> None:
        self._keys += 1
        headers = {"Idempotency-Key": f"request {self._keys}", "Content-Type": "application/json"}
        answer = await self.client.post(f"/v1/{path}", content=msgspec.json.encode(rows), headers=headers)
        assert answer.status_code == 200, answer.text

    async def template(self, name: str, rows: int = 250) -> bytes:
        return (await self.get(f"/v1/templates/{name}", rows=rows)).content

    async def filled(self, name: str, rows: Sequence[Row] | None = None) -> bytes:
        """The template, filled in with the demo's rows or others."""
        return fill(await self.template(name), forms.FORMS[name].form([POLICY]), ROWS[name] if rows is None else rows)

    async def send(self, name: str, file: bytes, key: str = "", **params: Any) -> httpx.Response:
        self._keys += 1
        headers = {"Idempotency-Key": key or f"request {self._keys}"}
        return await self.client.post(f"/v1/imports/{name}", content=file, headers=headers, params=params)

    async def hand_in(self, name: str, file: bytes, key: str = "", **params: Any) -> dict[str, Any]:
        """The report on an import."""
        answer = await self.send(name, file, key, **params)
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    async def register(self, *names: str) -> None:
        """Enter the demo's rows as JSON."""
        for name in names:
            await self.post(name, *ROWS[name])

    async def digest(self) -> dict[str, str]:
        found: dict[str, str] = (await self.get("/v1/digest")).json()
        return found


@asynccontextmanager
async def office(
    database: str, *, secret: bytes = b"secret", fresh: bool = True, issuers: Issuers | None = None
) -> AsyncIterator[Office]:
    """The registry on the day of the survey with a pack in force; in the end it is killed without a goodbye."""
    engine = await engine_with(database, SERVICE.tables) if fresh else store.open_engine(database)

    async def send(_stream: str, _messages: Sequence[Message]) -> None:
        officer.said.set()

    async def health() -> Mapping[str, Any]:
        return {}

    relay = Relay(send)
    pipeline = Pipeline(SERVICE, engine, relay, "http://localhost/schemas")
    await pipeline.start()
    app: Any = http.build(pipeline, api.COMMANDS, api.QUERIES, health, secret, issuers=issuers)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    relaying = asyncio.create_task(relay.run())
    async with httpx.AsyncClient(transport=transport, base_url="http://registry") as client:
        if issuers:
            client.headers.update(operator_headers(secret))
        officer = Office(client, pipeline)
        if fresh:
            for number, day in enumerate((START, SURVEYED), 1):
                await handle(pipeline, OPEN, [delivery(DayPassed(day=day), number)])
            await officer.post("policies", {"place": CITY, "pack": PACK, "adopted_by": "市委"})
        try:
            yield officer
        finally:
            relaying.cancel()
    await engine.dispose()
