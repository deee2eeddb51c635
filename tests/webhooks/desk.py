"""The webhooks of one service, with a receiver on a real socket, and those who look after them."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import httpx

from services.webhooks.api import Api
from services.webhooks.callers import Callers
from services.webhooks.courier import Post
from services.webhooks.sender import Sender
from services.webhooks.store import Store
from services.webhooks.tables import TABLES
from shared.engine.audit import AuditLog
from shared.engine.deliveries import handle
from shared.engine.opening import open_engine
from shared.stream.bus import OPEN
from shared.web.asgi import App
from shared.web.following import Feeds
from shared.web.issuers import Issuers
from shared.web.rates import Limits
from shared.web.token import operator_headers
from tests.support.asked import Api as Service
from tests.support.asked import village
from tests.support.process import day
from tests.webhooks.receiver import Receiver

SECRET = b"secret"
ONE, TWO, THREE = "210502000001", "210502000002", "210502000003"
ASKED = {"division": "21", "description": "省平台", "contact": "024-1234"}


class Desk:
    """The webhooks of one service, with a receiver, and the operator."""

    def __init__(self, service: Service, receiver: Receiver, path: str) -> None:
        self.service, self.receiver, self.path, self.id = service, receiver, path, ""
        self.days, self.sources, self.client = 0, {"registry": "http://service"}, service.client
        self.issuers: Issuers | None = None
        self.limits, self.secret = Limits(), SECRET

    @asynccontextmanager
    async def running(self, patience: float = 604_800.0) -> AsyncIterator[None]:
        """The process, from its start to its end."""
        engine = open_engine(self.path)
        async with engine.begin() as conn:
            await conn.run_sync(TABLES.metadata.create_all)
        kept = Store(engine)

        def sender() -> Sender:
            return Sender({"127.0.0.1"}, [ip_network("127.0.0.0/8")], 0.5)

        feeds = Feeds(self.sources, self.client)
        self.post = Post(kept, feeds, self.secret, sender, patience)
        log = AuditLog(engine, TABLES.audit, kept.lock)
        callers = Callers(kept, log, self.secret, self.post.secrets, self.issuers, self.limits)
        app = App(Api(self.post, sender, {"127.0.0.1"}, log, callers).routes, "webhooks")
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://webhooks")
        await self.post.start()
        try:
            yield
        finally:
            for task in self.post._tasks:
                task.cancel()
            await asyncio.gather(*self.post._tasks, return_exceptions=True)
            await self.http.aclose()
            await engine.dispose()

    async def add(self, **more: Any) -> dict[str, Any]:
        made = await self.http.post(
            "/v1/endpoints", json={"url": self.receiver.url, **ASKED, **more}, headers=operator_headers(self.secret)
        )
        assert made.status_code == 201, made.text
        said: dict[str, Any] = made.json()
        self.id, self.receiver.secret = said["id"], said["secret"]
        return said

    async def ask(self, what: str, **said: Any) -> Any:
        answer = await self.http.post(
            f"/v1/endpoints/{self.id}/{what}", json=said, headers=operator_headers(self.secret)
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def shown(self, what: str = "") -> Any:
        """What the receiver is told, by its own secret."""
        answer = await self.http.get(
            f"/v1/endpoints/{self.id}{what}", headers={"Authorization": f"Bearer {self.receiver.secret}"}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def grow(self, *ids: str) -> None:
        """Register villages and let a day pass, so that two events are told of each."""
        assert (await self.service.post("villages", *(village(id) for id in ids))).status_code == 200
        self.days += 1
        await handle(self.service.pipeline, OPEN, [day(self.days, self.days + 1)])

    async def holds(self, about: str, ids: list[str]) -> bool:
        return [event["id"] for event in await self.shown(f"/undelivered?about={about}")] == ids

    async def waits(self, about: str, count: int) -> bool:
        return len(await self.shown(f"/undelivered?about={about}")) == count

    async def fails(self, why: str) -> bool:
        return why in (await self.shown())["error"]

    async def stands(self, status: str) -> bool:
        return bool((await self.shown())["status"] == status)

    async def told(self, about: str = "") -> list[str]:
        """The ids that the service has told."""
        page = await self.service.client.get("/v1/events", params={"below": "21", "about": about, "limit": 1000})
        return [event["id"] for event in page.json()["events"]]


async def until(true: Callable[[], Any]) -> None:
    """Wait until something is true, or until something to await is."""
    async with asyncio.timeout(20):
        for _ in range(10_000):
            found = true()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(0.02)
