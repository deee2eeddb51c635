"""A real accounts application on a real database, asked over HTTP without a network, and a person at a terminal."""

import base64
import hashlib
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx

from services.accounts.app import Settings, build
from services.accounts.model import totp
from services.accounts.tables import TABLES
from shared.engine.audit import UNALTERABLE, AuditLog
from shared.web.token import operator_headers

SECRET = b"5ec4e7" * 10
URL = "http://127.0.0.1:8999"
BACK = "http://127.0.0.1:4321/callback"
VERIFIER = "v" * 43
PROOF = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {
    "client_id": "zhucun-cli", "redirect_uri": BACK, "response_type": "code", "scope": "openid", "state": "s1",
    "nonce": "n1", "code_challenge": PROOF, "code_challenge_method": "S256",
}  # fmt: skip
GOOD = "Chunfeng-2014!"
SENT_WITHIN: Final = 5
"""Seconds that a code may be on its way."""


class Desk:
    """One application, and what people do with it."""

    def __init__(self, app: Any, log: AuditLog) -> None:
        self.app, self.log = app, log
        self.http = self.at("10.0.0.1")
        self.phones: dict[str, bytes] = {}
        self.steps: dict[str, int] = {}

    def at(self, address: str) -> httpx.AsyncClient:
        """A client at another address."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app, client=(address, 1)), base_url=URL)

    async def operator(self, path: str, said: dict[str, Any]) -> httpx.Response:
        return await self.http.post(path, json=said, headers=self.operator_headers())

    def operator_headers(self) -> dict[str, str]:
        return operator_headers(SECRET)

    async def step(self, http: httpx.AsyncClient | None = None, **typed: Any) -> httpx.Response:
        return await (http or self.http).post("/authorize", json={**ASKED, **typed})

    def code(self, name: str) -> str:
        """The next code of a person's phone that was not used yet. One step ahead or behind is within a phone's drift;
        where one behind ends in a moment, as it may on its way on a slow machine, that is waited for."""
        left = totp.SECONDS - time.time() % totp.SECONDS
        if left < SENT_WITHIN:
            time.sleep(left)
        step = max(int(time.time()) // totp.SECONDS - 1, self.steps.get(name, 0) + 1)
        self.steps[name] = step
        return totp.code(self.phones[name], step)

    async def appoint(self, kind: str, name: str, person: str) -> str:
        """An administrator who has changed the first password and set up a second factor. Returns an access token."""
        made = await self.operator(
            "/v1/administrators", {"name": name, "person": person, "organ": "县网信办", "administers": kind}
        )
        assert made.status_code == 201, made.text
        asked = (await self.step(name=name, password=made.json()["password"])).json()
        assert asked["what"] == "change"
        asked = (await self.step(ticket=asked["ticket"], new=GOOD, again=GOOD)).json()
        assert asked["what"] == "enrol"
        padded = asked["secret"] + "=" * (-len(asked["secret"]) % 8)
        self.phones[name] = base64.b32decode(padded)
        signed = asked
        for _ in range(3):  # On a slow machine a code is too old when it comes.
            if "recovery" not in signed:
                signed = (await self.step(ticket=signed["ticket"], confirm=self.code(name))).json()
        assert len(signed["recovery"]) == 8, signed
        return str((await self.redeem(signed["redirect"])).json()["access_token"])

    async def person(self, system: str, name: str, person: str = "李春梅") -> str:
        """A person who has chosen the password `GOOD`. Returns the pseudonym."""
        made = await self.post("/v1/accounts", {"name": name, "person": person, "organ": "县扶贫办"}, system)
        assert made.status_code == 201, made.text
        asked = (await self.step(name=name, password=made.json()["password"])).json()
        signed = (await self.step(ticket=asked["ticket"], new=GOOD, again=GOOD)).json()
        return str(claims((await self.redeem(signed["redirect"])).json()["access_token"])["sub"])

    async def post(self, path: str, said: dict[str, Any], token: str) -> httpx.Response:
        return await self.http.post(path, json=said, headers={"Authorization": f"Bearer {token}"})

    async def get(self, path: str, token: str, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query, headers={"Authorization": f"Bearer {token}"})

    async def redeem(self, redirect: str, **other: str) -> httpx.Response:
        """Redeem the code with which somebody was led back."""
        code = parse_qs(urlsplit(redirect).query)["code"][0]
        fields = {"grant_type": "authorization_code", "client_id": "zhucun-cli", "redirect_uri": BACK, "code": code}
        return await self.http.post("/token", data={**fields, "code_verifier": VERIFIER, **other})

    async def tokens(self, name: str, password: str = GOOD, **typed: Any) -> dict[str, Any]:
        """The tokens of somebody who signs in and owes nothing."""
        signed = (await self.step(name=name, password=password, **typed)).json()
        answer: dict[str, Any] = (await self.redeem(signed["redirect"])).json()
        return answer

    async def refresh(self, token: str) -> httpx.Response:
        return await self.http.post("/token", data={"grant_type": "refresh_token", "refresh_token": token})


class Live(Desk):
    """The accounts of a running system."""

    def __init__(self, url: str, secret: bytes) -> None:
        self.url, self.secret = url, secret
        self.http = self.at("")
        self.phones, self.steps = {}, {}

    def at(self, address: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=60)

    def operator_headers(self) -> dict[str, str]:
        return operator_headers(self.secret)


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    import json

    part = token.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return said


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', html))


@asynccontextmanager
async def opened(folder: Path, database: str = "", installation: bytes = SECRET, **more: Any) -> AsyncIterator[Desk]:
    """An application on a database, which is made if the folder has none."""
    is_new = not (folder / "secret").exists()
    (folder / "secret").write_bytes(installation)
    url = database or f"sqlite+aiosqlite:///{folder}/accounts.sqlite3"
    app, log = build(
        Settings(database=url, port=8999, secret_file=folder / "secret", signing_keys=folder / "keys.json", **more)
    )
    if is_new:
        async with log.engine.begin() as conn:
            await conn.run_sync(TABLES.metadata.create_all)
            for statement in UNALTERABLE[conn.dialect.name]:
                await conn.exec_driver_sql(statement)
    yield Desk(app, log)
    await log.engine.dispose()
