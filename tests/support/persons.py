"""A service that asks its callers who they are, with states about persons for them to read."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from deploy.demo.regions.benxi.story import CITY, PACK, POLICY
from deploy.rights_page import app_of
from services.registry.model.units import Cadre
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted
from shared.engine import store
from shared.engine.audit import Kept, decode
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.rules import State
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from shared.web.issuers import Issuers
from shared.web.token import operator_headers
from tests.support.issuer import SmallIssuer, issuing
from tests.support.process import delivery
from tests.support.servers import engine_with

SECRET, OPERATOR, DAY, PLACE = b"secret", operator_headers(b"secret"), date(2015, 3, 2), "210521"
TERMS = next(one for one in POLICY.outcomes if one.subject == "team" and one.decides == "organisation")
VILLAGE = "210521100201"


def cadre(id: str = "C1") -> Cadre:
    return Cadre(
        id=id, place=PLACE, unit="U1", name="欧阳正华", rank="section", party_member=True, reserve=False,
        work_since=date(2000, 7, 1), born_on=date(1976, 3, 1),
    )  # fmt: skip


class Desk(NamedTuple):
    """A service that asks its callers who they are, unless it has no issuer."""

    client: httpx.AsyncClient
    issuer: SmallIssuer
    pipeline: Pipeline

    def bearer(self, role: str, **said: Any) -> dict[str, str]:
        """The header of somebody with a role such as `team/210502`."""
        name, _, division = role.partition("/")
        held = {"roles": [{"role": name, "division": division}], "organ": f"县{name}", **said}
        return {"Authorization": f"Bearer {self.issuer.token(sub=role, zhucun=held)}"}

    async def get(self, address: str, role: str = "", **said: Any) -> httpx.Response:
        return await self.client.get(address, headers=self.bearer(role, **said) if role else {})

    async def log(self) -> list[Kept]:
        answer = await self.get("/v1/audit", "audit/")
        return [one for one in decode(answer.content.splitlines()) if one.deed != "GET /v1/audit"]


@asynccontextmanager
async def serving(folder: Path, service: str, states: Sequence[State], *, asks: bool = True) -> AsyncIterator[Desk]:
    wiring = import_module(f"services.{service}.app")
    engine = await engine_with(f"sqlite+aiosqlite:///{folder}/{service}.sqlite3", wiring.SERVICE.tables)

    async def send(_stream: str, _messages: Sequence[Message]) -> None: ...

    pipeline = Pipeline(wiring.SERVICE, engine, Relay(send), "")
    await pipeline.start()
    adopted = PolicyAdopted(place=CITY, version=POLICY.version, pack=PACK, adopted_by="市委")
    await handle(pipeline, OPEN, [delivery(event, n) for n, event in enumerate((DayPassed(day=DAY), adopted), 1)])
    async with engine.begin() as conn:
        await store.save_states(conn, pipeline.tables, states)
    async with issuing() as issuer:
        issuers = Issuers([issuer.trusted()], folder, SECRET) if asks else None
        app: Any = app_of(service, pipeline, SECRET, issuers)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield Desk(client, issuer, pipeline)
    await engine.dispose()
