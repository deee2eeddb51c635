"""Random requests to services that ask who calls: whatever is sent, by whomever, is answered as the document says."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

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
from shared.web.issuers import Issuers
from shared.web.limits import Limits
from shared.web.openapi import document
from tests.support.issuer import issuing
from tests.support.process import delivery
from tests.support.servers import engine_with

RANDOM = settings(
    max_examples=1, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


async def send(_stream: str, _messages: Sequence[Message]) -> None:
    """Nobody hears it."""


@asynccontextmanager
async def random_callers(
    service: str, folder: Path
) -> AsyncIterator[tuple[httpx.AsyncClient, dict[str, Any], list[dict[str, str]]]]:
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
            yield client, document(app), callers
    relaying.cancel()
    await engine.dispose()


@pytest.mark.parametrize("service", SERVICES)
async def test_whoever_sends_anything_is_answered_as_the_document_says(service: str, tmp_path: Path) -> None:
    """Where nobody is asked who he is, the real processes are tried by tests/shared/test_fuzzing.py."""
    async with random_callers(service, tmp_path) as (client, said, callers):
        loop, statuses, faults = asyncio.get_running_loop(), Counter[int](), list[str]()

        def ask(case: Any) -> None:
            for who in callers:
                asked = sendable(client, case, who)
                answer = asyncio.run_coroutine_threadsafe(client.send(asked), loop).result(60)
                statuses[answer.status_code] += 1
                try:
                    # What is well formed may still come at the wrong time, or be about nothing.
                    case.validate_response(answer, excluded_checks=[positive_data_acceptance])
                except BaseExceptionGroup as group:
                    faults.append(f"{asked.method} {asked.url} {answer.status_code}: {group.exceptions[0]}")

        def try_all() -> None:
            found: Any
            for found in schemathesis.openapi.from_dict(said).get_all_operations():
                operation = found.ok()
                for mode in GenerationMode:
                    if mode is GenerationMode.POSITIVE or [*operation.iter_parameters()] or operation.body:
                        RANDOM(given(case=operation.as_strategy(generation_mode=mode).map(usual))(ask))()

        await asyncio.to_thread(try_all)
    assert not faults, "\n\n".join(faults)
    assert not [status for status in statuses if status >= 500]
    assert min(statuses[status] for status in (200, 400, 401, 403)) > 9, statuses


def usual(case: Any) -> Any:
    """The case with dates and numbers as people write them, which waits for no news."""
    case.body = whole(case.body)
    if "wait" in (case.query or {}):
        case.query["wait"] = 0
    return case


def whole(value: Any) -> Any:
    """For JSON Schema 3.0 is an integer, and a date of any year is one; here they are not, as the descriptions say."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch("[0-9]{4}(-[0-9]{2}-[0-9]{2})", value):
        return f"2016{value[4:]}"
    if isinstance(value, dict):
        return {key: whole(part) for key, part in value.items()}
    return [whole(part) for part in value] if isinstance(value, list) else value


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
