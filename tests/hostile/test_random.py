"""Random requests to services that ask who calls: whatever is sent, by whomever, is answered as the document says."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from deploy.demo.regions.benxi.story import CITY, PACK, POLICY
from deploy.local.supervisor import SERVICES
from deploy.rights_page import ALL_ROLES, app_of
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from shared.web import rates
from shared.web.documents import JSON
from shared.web.issuers import Issuers
from shared.web.limits import Limits
from shared.web.openapi import document
from shared.web.token import operator_headers
from tests.accounts import desk as accounts
from tests.support.asked import serving
from tests.support.issuer import issuing
from tests.support.process import delivery
from tests.support.servers import engine_with
from tests.support.usual import whole
from tests.webhooks import desk as webhooks
from tests.webhooks.receiver import receiving

RANDOM = settings(
    max_examples=1,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


async def send(_stream: str, _messages: Sequence[Message]) -> None:
    """Nobody hears it."""


class Random(NamedTuple):
    """A service that is asked at random."""

    client: httpx.AsyncClient
    said: dict[str, Any]
    """Its document."""
    callers: list[dict[str, str]]
    """The headers of each who asks."""
    name: str = ""
    """What its addresses are about, so that more is met than what does not exist."""


@asynccontextmanager
async def random_callers(service: str, folder: Path) -> AsyncIterator[Random]:
    """A service with a pack in force, its document, and the headers of a stranger, of somebody without a role, and of
    somebody with all of them."""
    wiring = import_module(f"services.{service}.app")
    engine = await engine_with(f"sqlite+aiosqlite:///{folder}/{service}.sqlite3", wiring.SERVICE.tables)
    pipeline = Pipeline(wiring.SERVICE, engine, Relay(send), "")
    await pipeline.start()
    adopted = PolicyAdopted(place=CITY, version=POLICY.version, pack=PACK, adopted_by="市委")
    first = [delivery(event, n) for n, event in enumerate((DayPassed(day=date(2015, 3, 2)), adopted), 1)]
    await handle(pipeline, OPEN, first)
    relaying = asyncio.create_task(pipeline.relay.run())
    async with issuing() as issuer:
        app: Any = app_of(service, pipeline, b"secret", Issuers([issuer.trusted()], folder, b"secret"))
        app.state.limits = Limits(10**6, failures=10**6)
        all_of_them = [{"role": role, "division": ""} for role in ALL_ROLES]
        tokens = [issuer.token(zhucun={"organ": "市委", "roles": roles}) for roles in ([], all_of_them)]
        callers = [dict[str, str](), *({"authorization": f"Bearer {token}"} for token in tokens)]
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield Random(client, document(app), callers)
    relaying.cancel()
    await engine.dispose()


@asynccontextmanager
async def callers_of_accounts(folder: Path) -> AsyncIterator[Random]:
    """The accounts, with a stranger, the operator, each administrator, and an officer."""
    async with accounts.opened(folder, requests_a_minute=10**6) as desk:
        names = {"孙立": "system", "沈安": "security", "佘计": "audit"}
        tokens = [await desk.appoint(kind, kind, name) for name, kind in names.items()]
        await desk.person(tokens[0], "li")
        tokens.append((await desk.tokens("li"))["access_token"])
        callers = [dict[str, str](), desk.operator_headers(), *({"authorization": f"Bearer {one}"} for one in tokens)]
        yield Random(desk.http, (await desk.http.get("/docs/openapi.json")).json(), callers, "li")


@asynccontextmanager
async def callers_of_webhooks(folder: Path) -> AsyncIterator[Random]:
    """Webhooks with one endpoint, with a stranger, the operator, the endpoint's receiver, and somebody without a
    role."""
    path = f"sqlite+aiosqlite:///{folder}"
    async with serving(f"{path}/feed.sqlite3") as service, receiving() as receiver, issuing() as issuer:
        desk = webhooks.Desk(service, receiver, f"{path}/webhooks.sqlite3")
        desk.issuers = Issuers([issuer.trusted()], folder, webhooks.SECRET)
        desk.limits = rates.Limits(10**6, failures=10**6)
        async with desk.running():
            shown = (await desk.add())["secret"], issuer.token(zhucun={"organ": "市委", "roles": []})
            callers = [dict[str, str](), operator_headers(webhooks.SECRET)]
            callers += [{"authorization": f"Bearer {one}"} for one in shown]
            yield Random(desk.http, (await desk.http.get("/docs/openapi.json")).json(), callers, desk.id)


OTHERS = {"accounts": callers_of_accounts, "webhooks": callers_of_webhooks}


@pytest.mark.parametrize("service", [*SERVICES, *OTHERS])
async def test_whoever_sends_anything_is_answered_as_the_document_says(service: str, tmp_path: Path) -> None:
    """Where nobody is asked who he is, the real processes are tried by tests/shared/test_fuzzing.py."""
    opened = OTHERS[service](tmp_path) if service in OTHERS else random_callers(service, tmp_path)
    async with opened as (client, said, callers, name):
        loop, statuses, faults = asyncio.get_running_loop(), Counter[int](), list[str]()

        def ask(case: Any) -> None:
            if name and case.meta.generation.mode is GenerationMode.POSITIVE and "name" in case.path_parameters:
                case.path_parameters["name"] = name
            for who in callers:
                asked = sendable(client, case, who)
                answer = asyncio.run_coroutine_threadsafe(client.send(asked), loop).result(60)
                statuses[answer.status_code] += 1
                try:
                    # What is well formed may still come at the wrong time, or be about nothing.
                    case.validate_response(answer, excluded_checks=[positive_data_acceptance])
                except BaseExceptionGroup as group:
                    faults.append(f"{asked.method} {asked.url} {answer.status_code}: {group.exceptions[0]}")

        for operation in (one for path in said["paths"].values() for one in path.values()):
            operation.pop("security", None)  # Who asks is `callers`, with good tokens.

        def try_all() -> None:
            found: Any
            for found in schemathesis.openapi.from_dict(said).get_all_operations():
                operation = found.ok()
                for mode in GenerationMode:
                    typed = [*operation.iter_parameters(), *(one for one in operation.body if one.media_type == JSON)]
                    if mode is GenerationMode.POSITIVE or typed:  # What is a text alone cannot be ill-typed.
                        RANDOM(given(case=operation.as_strategy(generation_mode=mode).map(usual))(ask))()

        await asyncio.to_thread(try_all)
    assert not faults, "\n\n".join(faults)
    assert not [status for status in statuses if status >= 500]
    assert min(statuses[status] for status in (200, 400, 401, 403)) > 3, statuses


def usual(case: Any) -> Any:
    """The case with dates and numbers as people write them, which waits for no news."""
    case.body = whole(case.body)
    if "wait" in (case.query or {}):
        case.query["wait"] = 0
    return case


def sendable(client: httpx.AsyncClient, case: Any, who: dict[str, str]) -> httpx.Request:
    """A case as a request of somebody, encoded as schemathesis would."""
    told = case.as_transport_kwargs(base_url=str(client.base_url))
    known = ("method", "url", "params", "headers", "cookies", "json", "data", "files")
    ready = requests.Request(**{name: told[name] for name in known if name in told}).prepare()
    headers = {name: value for name, value in ready.headers.items() if name.lower() != "authorization"}
    raw = [(_bytes(name), _bytes(value)) for name, value in (headers | who).items()]
    body: Any = ready.body
    return client.build_request(str(ready.method), str(ready.url), headers=raw, content=_bytes(body) if body else None)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")


@pytest.mark.parametrize("service", OTHERS)
async def test_every_address_stands_in_the_document(service: str, tmp_path: Path) -> None:
    async with OTHERS[service](tmp_path) as asked:
        app: Any = asked.client._transport.app  # type: ignore[attr-defined]
        said = {(method.upper(), path) for path, of in asked.said["paths"].items() for method in of}
        known = {(method, "/".join(parts)) for method, parts in app._routes}
        assert known - said == {("GET", "/docs/openapi.json")}
