"""The small service as a client meets it, over HTTP."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx
from litestar import get
from litestar.params import FromQuery

from shared.codes import Code, aliased, moved
from shared.contracts import Command
from shared.contracts.inspection import DrawMade
from shared.contracts.registry import VillageRecoded
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline, Service
from shared.engine.tables import service_tables
from shared.policy import Policy
from shared.rules import Change, Involved, Reaction, State, Task, by
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from shared.web import http
from shared.web.http import Route
from shared.web.identity import KNOWN
from shared.web.issuers import Issuers
from shared.web.token import operator_headers
from tests.support import small
from tests.support.process import DAY, PACK, day
from tests.support.servers import engine_with


class Ask(Command, frozen=True, kw_only=True):
    """Await an answer from someone."""

    about = "matter"
    matter: str
    of: str = "team"
    answered: bool = False


class Answer(Ask, frozen=True, kw_only=True):
    """An answer for which a body shows its own token."""

    by_token = True
    body: str


class Matter(State, frozen=True, kw_only=True, omit_defaults=True):
    """Something that an answer is awaited about; what was drawn for it is secret until then."""

    kind = "matters"
    hides_from_all = True
    known_as = ("询问事项", "a matter that is asked about")
    of: str
    drawn: str = ""
    answered: bool = False

    @property
    def status(self) -> str:
        return "answered" if self.answered else "asked"

    @property
    def awaits(self) -> bool:
        return not self.answered

    def tasks(self, policy: Policy) -> tuple[Task, ...]:
        given = {"subject": "210502001001"}
        task = Task(action="matters", about=self.id, role=self.of, due=DAY, rule="1.1", answer=given)
        return (task,) if self.awaits else ()

    def involves(self, said: object) -> Involved:
        """A matter is about the cadre of the same id."""
        return Involved(cadres=(self.id,))

    def shown(self, *, to_operator: bool = False) -> "Matter":
        return self if self.answered else self.but(drawn="")


def ask(_matter: Matter | None, command: Ask, _policy: Policy, today: date) -> Change:
    drawn = DrawMade(place=command.place, campaign=command.matter, visits={"210502001001": today})
    matter = Matter(
        id=command.matter, place=command.place, of=command.of, drawn="210502001001", answered=command.answered
    )
    return Change(_matter) if matter == _matter else Change(matter, (drawn,))


SERVICE = Service(
    "registry",
    service_tables((small.Village, small.Adoption, Matter, Code)),
    (
        *small.SERVICE.reactions,
        *(Reaction(asked, Matter, by("matter"), ask) for asked in (Ask, Answer)),
        Reaction(VillageRecoded, Code, by("code"), aliased),
        Reaction(VillageRecoded, Code, by("village"), moved),
    ),
    small.SERVICE.due,
)
ROUTES = (
    Route("policies", small.Adopt, "启用政策包", "Adopt a pack", by=("leader_group",)),
    Route("villages", small.Register, "登记村", "Register a village", by=("poverty_office", "county")),
    Route("matters", Ask, "询问", "Ask", by=("team", "county"), concerns=()),
    Route("answers", Answer, "答复", "Answer"),
)
OPERATOR = operator_headers(b"secret")


class Api:
    """A service and someone who talks to it."""

    def __init__(self, client: httpx.AsyncClient, pipeline: Pipeline) -> None:
        self.client, self.pipeline = client, pipeline
        self.sent: list[Message] = []
        self.reachable = asyncio.Event()
        self.reachable.set()
        self.parts: dict[str, Any] = {"nats": "ok"}
        self._keys = 0

    async def post(self, path: str, *rows: Any, key: str = "", **params: Any) -> httpx.Response:
        self._keys += 1
        headers = {"Idempotency-Key": key or f"request {self._keys}"}
        return await self.client.post(f"/v1/{path}", params=params, json=rows, headers=headers)

    async def get(self, path: str, **params: Any) -> Any:
        """What an operator is answered."""
        answer = await self.client.get(path, params=params, headers=OPERATOR)
        assert answer.status_code == 200, answer.text
        return answer.json()


@get("/v1/days", tags=["queries"], opt={"asks": KNOWN})
async def on_day(day: FromQuery[date | None] = None) -> list[date]:
    """A query about a day."""
    return [day] if day else []


@asynccontextmanager
async def serving(database: str, issuers: Issuers | None = None) -> AsyncIterator[Api]:
    """A service on its first day with a pack in force. With issuers it asks its callers who they are."""
    engine = await engine_with(database, SERVICE.tables)

    async def send(_stream: str, messages: Any) -> None:
        await found.reachable.wait()
        found.sent.extend(messages)

    async def health() -> Mapping[str, Any]:
        return found.parts

    relay = Relay(send)
    pipeline = Pipeline(SERVICE, engine, relay, "http://localhost/schemas")
    await pipeline.start()
    app: Any = http.build(pipeline, ROUTES, (on_day,), health, b"secret", issuers=issuers)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        found = Api(client, pipeline)
        relaying = asyncio.create_task(relay.run())
        await handle(pipeline, OPEN, [day(0, 1)])
        first = [{"place": "210500", "pack": PACK}]
        headers = {"Idempotency-Key": "policies first", **OPERATOR}
        assert (await client.post("/v1/policies", json=first, headers=headers)).status_code == 200
        yield found
        relaying.cancel()
    await engine.dispose()


def village(id: str = "V1", **fields: Any) -> dict[str, Any]:
    return {"place": "210502", "village": id, "name": "村", **fields}


def refusal(answer: httpx.Response, status: int) -> list[dict[str, Any]]:
    """The faults of a refusal, which is always told in the same shape and in both languages."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert re.search("[\u4e00-\u9fff].* / .*[a-z]", problem["title"])
    for fault in problem.get("errors", []):
        assert re.search("[\u4e00-\u9fff]", fault["zh"]) and not re.search("[\u4e00-\u9fff]", fault["en"])
    return list(problem.get("errors", []))


async def known(api: Api) -> list[str]:
    return [state["id"] for state in await api.get("/v1/villages")]
