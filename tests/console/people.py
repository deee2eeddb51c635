"""People with accounts in a running system, who sign in at its console in a browser that keeps its cookies."""

from html import unescape
from typing import Any, Self

import httpx

from deploy.local.supervisor import System
from tests.accounts import desk as accounts


async def typed(led: httpx.URL, issuer: str, name: str, password: str, code: str = "") -> str:
    """The address to which the page to sign in leads back, after a name and password were typed there."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        shown = await http.get(led)
        hidden = {name: unescape(value) for name, value in accounts.hidden(shown.text).items()}
        said = {**hidden, "name": name, "password": password, "code": code}
        answer = await http.post(f"{issuer}/authorize", data=said)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


class People:
    """Who works with a system. Each gets an account for what he is when he first acts, and signs in once."""

    def __init__(self, system: System) -> None:
        self.url, self.issuer = system.url("console"), system.url("accounts")
        self.live = accounts.Live(self.issuer, system.folder.secret.read_bytes())
        self._browsers: dict[tuple[str, ...], httpx.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        self.keeper = await self.live.appoint("system", "sun", "孙立")
        self.security = await self.live.appoint("security", "he", "何平")
        return self

    async def __aexit__(self, *given: object) -> None:
        for browser in self._browsers.values():
            await browser.aclose()
        await self.live.http.aclose()

    async def browser(self, role: str, division: str, **belongs: str) -> httpx.AsyncClient:
        """The browser of whoever has this role there, and belongs to this unit or team or is this cadre."""
        who = (role, division, *(f"{name}={id}" for name, id in sorted(belongs.items())))
        if who not in self._browsers:
            name = f"p{len(self._browsers) + 1}"
            await self.live.person(self.keeper, name)
            granted: dict[str, Any] = {"roles": [{"role": role, "division": division}], **belongs}
            given = await self.live.post(f"/v1/accounts/{name}/roles", granted, self.security)
            assert given.is_success, given.text
            self._browsers[who] = await self._signed_in(name)
        return self._browsers[who]

    async def _signed_in(self, name: str) -> httpx.AsyncClient:
        browser = httpx.AsyncClient(base_url=self.url, timeout=120, trust_env=False, headers={"origin": self.url})
        asked = await browser.get("/sign-in", params={"to": "/day"})
        back = await typed(httpx.URL(asked.headers["location"]), self.issuer, name, accounts.GOOD)
        done = await browser.get(back)
        assert (done.status_code, done.headers["location"]) == (303, "/day"), done.text
        return browser
