"""A small service that asks its callers who they are, and its audit log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from shared.engine.audit import Kept, decode, first_fault
from shared.web.issuers import Issuers
from tests.support.asked import Api, serving
from tests.support.issuer import SmallIssuer, issuing


class Desk(NamedTuple):
    """A service that asks its callers who they are, and the issuer that tells it."""

    api: Api
    issuer: SmallIssuer

    def bearer(self, *roles: str, sub: str = "p-1") -> dict[str, str]:
        """The header of somebody with roles such as `team/210502`."""
        held = [{"role": role.partition("/")[0], "division": role.partition("/")[2]} for role in roles]
        return {"Authorization": f"Bearer {self.issuer.token(sub=sub, zhucun={'roles': held, 'organ': '县扶贫办'})}"}

    async def get(self, address: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.api.client.get(address, headers=headers or {})

    async def post(self, path: str, headers: dict[str, str], *rows: Any, **params: Any) -> httpx.Response:
        key = {"Idempotency-Key": f"{path} {abs(hash(repr((headers, rows))))}"}
        return await self.api.client.post(f"/v1/{path}", json=rows, headers=headers | key, params=params)


@asynccontextmanager
async def asking(folder: Path) -> AsyncIterator[Desk]:
    """The small service, which asks its callers who they are."""
    async with issuing() as issuer:
        issuers = Issuers([issuer.trusted()], folder, b"secret")
        async with serving(f"sqlite+aiosqlite:///{folder}/service.sqlite3", issuers) as api:
            yield Desk(api, issuer)


async def log(desk: Desk) -> list[Kept]:
    """The log, read by the audit administrator, without its first entry, the adoption of a pack."""
    answer = await desk.get("/v1/audit", desk.bearer("audit/", sub="auditor"))
    assert answer.status_code == 200
    entries = decode(answer.content.splitlines())
    assert first_fault(entries) is None
    assert entries[0].deed == "POST /v1/policies"
    return entries[1:]
