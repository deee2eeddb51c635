"""What attacks HTTP itself, on a real socket: each is refused, or is no other request than it seems."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import uvicorn

from shared.web import serving
from tests.support.desk import asking

POST = "POST /v1/villages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
LAST = "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
HIDDEN = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"
"""A second request, which a proxy before the service would not see."""
TRIED: dict[str, tuple[str, int]] = {
    "two lengths": (f"{POST}Content-Length: 2\r\nContent-Length: 50\r\n\r\n[]{HIDDEN}", 400),
    "a length and chunks": (f"{POST}Content-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}", 400),
    "chunks that are none": (f"{POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{HIDDEN}", 400),
    "a space before the colon": (f"{POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{HIDDEN}", 400),
    "a length below nothing": (f"{POST}Content-Length: -1\r\n\r\n{HIDDEN}", 400),
    "a chunk larger than any number": (f"{POST}Transfer-Encoding: chunked\r\n\r\n{'f' * 18}\r\n", 400),
    "a folded header": (f"{POST}A: b\r\n c\r\nConnection: close\r\n\r\n", 400),
    "a control character in a header": (f"{POST}Idempotency-Key: one\x01request\r\n\r\n", 400),
    "line feeds alone": ("GET /health HTTP/1.1\nHost: x\n\n", 400),
    "bytes that are no address": ("GET /v1/\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "bytes that are no query": ("GET /v1/tasks?about=\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "another site": ("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n", 400),
    "HTTP/2": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a whole address": (f"GET http://127.0.0.1/v1/status {LAST}\r\n", 401),
    "a token of other bytes": (f"GET /v1/tasks {LAST}Authorization: Bearer \xff\r\n\r\n", 401),
    "a web socket": (
        "GET /v1/tasks HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        401,
    ),
    "the request itself": (f"TRACE /v1/tasks {LAST}\r\n", 405),
    "a file above": (f"GET /docs-assets/../../../../etc/passwd {LAST}\r\n", 404),
    "a file above, hidden": (f"GET /docs-assets/%2e%2e/%2e%2e/etc/passwd {LAST}\r\n", 404),
    "a file elsewhere": (f"GET /docs-assets//etc/passwd {LAST}\r\n", 404),
    "a schema above": (f"GET /schemas/..%2f..%2fpyproject.toml {LAST}\r\n", 404),
}
"""What is sent, and the status of the only answer to it."""


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[int]:
    """The port at which an application listens as a service does."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        server = uvicorn.Server(serving.config(app, "127.0.0.1", 0))
        server.capture_signals = nullcontext  # type: ignore[assignment,method-assign]
        running = asyncio.create_task(server.serve(sockets=[own]))
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        try:
            yield own.getsockname()[1]
        finally:
            server.should_exit = True
            await running


async def answered(port: int, sent: bytes) -> bytes:
    """All that is answered, until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        writer.close()


async def test_what_attacks_http_itself_has_one_answer_and_that_is_a_refusal(tmp_path: Path) -> None:
    async with asking(tmp_path) as desk:
        app = desk.api.client._transport.app  # type: ignore[attr-defined]
        async with listening(app) as port:
            for what, (sent, status) in TRIED.items():
                answer = await answered(port, sent.encode("latin-1"))
                assert answer.startswith(f"HTTP/1.1 {status} ".encode()), (what, answer)
                assert answer.count(b"HTTP/1.1 ") == 1, (what, answer)
                head, _, body = answer.partition(b"\r\n\r\n")
                assert b"content-type: application/problem+json" in head, what
                assert json.loads(body)["status"] == status, what
