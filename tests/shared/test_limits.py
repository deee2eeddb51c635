"""What one sender may take of a service: in size, in number, in time, and never a neighbour's share."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import pytest
import uvicorn

from shared.web import serving
from shared.web.problems import PROBLEM
from shared.web.strict import LARGEST_BODY, MOST_COMMANDS, MOST_VALUES
from tests.support.asked import Api, known, refusal, village
from tests.support.pace import alone, quicker_than, slowness
from tests.support.process import PACK
from tests.support.small import Adopt

pytestmark = pytest.mark.usefixtures("logged")
LONGEST = 0.05
"""Seconds that the event loop may be kept from its other work."""


@contextmanager
def unblocked() -> Iterator[None]:
    """Fails if the loop was busy for long, by its own thread's time, which other processes do not lengthen."""
    pauses: list[float] = []

    async def watch() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            pauses.append(time.thread_time() - before)

    with alone():
        slow, watching = slowness(), asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()
    assert max(pauses) < LONGEST * max(slow, slowness()), f"{max(pauses) * 1000:.0f} ms"


@pytest.mark.parametrize("limit", ["commands", "bytes", "faults"])
async def test_the_largest_request_leaves_the_loop_to_others(any_api: Api, limit: str) -> None:
    name = {"commands": "村", "bytes": "村" * (LARGEST_BODY // MOST_COMMANDS // 3 - 40), "faults": 5}[limit]
    rows = [village(f"V{n}", name=name) for n in range(MOST_COMMANDS)]
    content = json.dumps(rows, ensure_ascii=False).encode()
    headers = {"Idempotency-Key": "the largest", "Content-Type": "application/json"}
    await any_api.post("villages", *(village(f"W{n}") for n in range(600)))  # What is made once is made by now.
    with unblocked():
        answer = await any_api.client.post("/v1/villages", content=content, headers=headers)
    assert answer.status_code == (400 if limit == "faults" else 200), answer.text[:500]
    with unblocked():
        assert len((await any_api.client.get("/v1/villages?limit=10000")).content) > 1


async def test_what_is_too_large_is_refused_and_says_so(any_api: Api) -> None:
    (fault,) = refusal(await any_api.post("villages", *(village(f"V{n}") for n in range(MOST_COMMANDS + 1))), 413)
    assert str(MOST_COMMANDS) in fault["zh"] and str(MOST_COMMANDS) in fault["en"]
    headers = {"Idempotency-Key": "request 1", "Content-Type": "application/json"}
    assert (
        refusal(await any_api.client.post("/v1/villages", content=b" " * LARGEST_BODY + b"[]", headers=headers), 413)
        == []
    )
    assert await known(any_api) == []


async def test_a_request_of_countless_values_is_refused_before_any_is_looked_at(any_api: Api) -> None:
    values = {f"k{n}": 1 for n in range(MOST_VALUES + 2)}
    with quicker_than(2):
        (fault,) = refusal(await any_api.post("villages", {**village("V1"), "values": values}), 413)
    assert str(MOST_VALUES) in fault["zh"]


async def test_packs_are_few_at_once_and_looked_at_beside_the_loop(any_api: Api) -> None:
    campaigns = [{**PACK["campaigns"][0], "kind": f"k{n}", "share": 60} for n in range(20)]
    pack = {"place": "210500", "pack": {**PACK, "campaigns": campaigns}}
    with unblocked():
        refused = refusal(await any_api.post("policies", *[pack] * Adopt.at_once), 422)
    assert len(refused) == Adopt.at_once and "share" in refused[0]["zh"]
    (fault,) = refusal(await any_api.post("policies", *[pack] * (Adopt.at_once + 1)), 413)
    assert str(Adopt.at_once) in fault["zh"]


@pytest.mark.parametrize(
    "poison",
    [village("V\0"), village("V" * 500), village("VX", name="村" * 700_000), village("VX", name="failing")],
    ids=["a NUL", "a long id", "more than a message carries", "a rule that fails"],
)
async def test_one_requests_fault_costs_no_neighbour(api: Api, poison: dict[str, Any]) -> None:
    """All wait for one transaction, the poisoned one among them."""
    async with api.pipeline.writing:
        waiting = [asyncio.create_task(api.post("villages", village(f"V{n}"))) for n in range(3)]
        waiting.insert(1, asyncio.create_task(api.post("villages", poison)))
        while len(api.pipeline.requests) < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    answers = await asyncio.gather(*waiting)
    assert [answer.status_code for n, answer in enumerate(answers) if n != 1] == [200, 200, 200]
    refused = answers[1].status_code
    assert refused in (200, 422, 500) and (refused == 500) == (poison["name"] == "failing"), answers[1].text
    if refused == 200:
        assert "\0" in poison["village"], "which SQLite keeps as any other character"
    assert {"V0", "V1", "V2"} <= {*await known(api)}
    assert (await api.post("villages", village("V9"))).status_code == 200


async def test_a_key_stands_for_the_whole_request(api: Api) -> None:
    assert (await api.post("villages", village("V1"), key="my key 1")).status_code == 200
    for mode in ({"dry_run": True}, {"keep_good": True}):
        (fault,) = refusal(await api.post("villages", village("V1"), key="my key 1", **mode), 422)
        assert fault["field"] == "Idempotency-Key"


# -------------------------------------------------------------- connections


@asynccontextmanager
async def listening() -> AsyncIterator[int]:
    """A server that answers nothing but what a connection's limits say; its port."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        host = scope["client"][0].encode()
        while (await receive()).get("more_body"):
            pass
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0"), (b"from", host)]}
        )
        await send({"type": "http.response.body"})

    server = uvicorn.Server(serving.config(app, "127.0.0.1", 0, headers=[("zhucun-service", "registry")]))
    server.capture_signals = _quiet  # type: ignore[method-assign]
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


@contextmanager
def _quiet() -> Iterator[None]:
    yield


async def exchanged(port: int, *sent: bytes, source: str = "127.0.0.1", pause: float = 0) -> bytes:
    """All that is answered to something, until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    for piece in sent:
        writer.write(piece)
        with suppress(ConnectionError):
            await writer.drain()
        await asyncio.sleep(pause)
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()


HEALTH = b"GET /health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
HEAD = b"POST /v1/villages HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 0),
        (HEAD, 408),
        (HEAD + b"Content-Length: 100\r\n\r\n[", 408),
        (HEAD + b"Content-Length: 1\r\n\r\n[", 200),
        (HEAD + b"X: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (HEAD + b"X: " + b"x" * 40_000, 431),
        (HEAD + b"X: x\r\n" * 8_000 + b"\r\n", 431),
        (b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"BREW /coffee HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    ],
    ids=["silence", "half a head", "half a body", "whole", "long", "endless", "many", "address", "method", "TLS"],
)
async def test_a_connection_has_its_limits(monkeypatch: pytest.MonkeyPatch, sent: bytes, status: int) -> None:
    monkeypatch.setattr(serving, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(serving, "BODY_SECONDS", 0.3)
    async with listening() as port:
        answer = await exchanged(port, sent)
    assert answer[:12] == (f"HTTP/1.1 {status}".encode() if status else b"")
    if status >= 400:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert f"content-type: {PROBLEM}".encode() in head and b"zhucun-service: registry" in head
        assert json.loads(body)["status"] == status


async def test_too_many_connections_are_told_to_come_again_but_health_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 3)
    async with listening() as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        answer = await exchanged(port, b"GET /v1/tasks HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 503") and PROBLEM.encode() in answer
        assert (await exchanged(port, HEALTH)).startswith(b"HTTP/1.1 200")
        for _, writer in idle:
            writer.close()


async def test_half_requests_of_one_peer_keep_nobody_else_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 4)
    monkeypatch.setattr(serving, "MOST_OF_PEER", 3)
    ask = b"GET /v1/tasks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with listening() as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        for _, writer in held[:3]:
            writer.write(HEAD + b"Content-Length: 100\r\n\r\n[")
        assert (await exchanged(port, ask)).startswith(b"HTTP/1.1 503")
        assert (await exchanged(port, HEALTH)).startswith(b"HTTP/1.1 200")
        assert (await exchanged(port, ask, source="127.0.0.2")).startswith(b"HTTP/1.1 200")
        held.append(await asyncio.open_connection("127.0.0.1", port))
        assert (await exchanged(port)).startswith(b"HTTP/1.1 503"), "beyond twice its share nothing is awaited"
        assert (await exchanged(port, HEALTH, source="127.0.0.2")).startswith(b"HTTP/1.1 200")
        for _, writer in held:
            writer.close()


async def test_a_forwarded_address_is_not_believed() -> None:
    """By it, a caller on the same machine could let the audit log and the limits name somebody else."""
    async with listening() as port:
        sent = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.9\r\nConnection: close\r\n\r\n"
        assert b"from: 127.0.0.1\r\n" in await exchanged(port, sent)


async def test_a_body_has_to_go_on_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "PAUSE_SECONDS", 0.3)
    head = HEAD + b"Content-Length: 8\r\n\r\n"
    async with listening() as port:
        began = time.monotonic()
        assert (await exchanged(port, head, b"[")).startswith(b"HTTP/1.1 408")
        assert time.monotonic() - began < 2
        assert (await exchanged(port, head, *[b"x"] * 8, pause=0.1)).startswith(b"HTTP/1.1 200")
