"""How a service listens: what one connection may take of it in time and size, and how many there may be."""

import asyncio
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.web.problems import PROBLEM, Problem

HEAD_SECONDS, BODY_SECONDS = 20.0, 300.0
"""How long a request's head may take, and then its body, such as a file over the line of a remote county."""
PAUSE_SECONDS = 20.0
"""How long nothing more of a body may come, since half a request keeps a place from others."""
LONGEST_HEAD = 32 * 2**10
"""Bytes of address and headers."""
MOST_CONNECTIONS = 500
"""Connections that are served at once; beyond them only health is told."""
MOST_OF_PEER = 200
"""Connections of one address that are served at once; beyond them only health is told, beyond twice as many nothing."""
LAST_SECONDS = 30
"""How long a service that is told to stop waits for answers that are under way."""

_LATE = "请求迟迟没有发完，连接已关闭 / the request was not sent in time; the connection is closed"
_LONG = f"地址与请求头超过 {LONGEST_HEAD // 2**10} KiB / address and headers exceed {LONGEST_HEAD // 2**10} KiB"
_BROKEN = "不是有效的 HTTP 请求 / no valid HTTP request"
_BUSY = "连接过多，请稍后用同一请求编号重试 / too many connections; try again later with the same key"


def config(app: Any, host: str, port: int, **more: Any) -> uvicorn.Config:
    """How uvicorn serves a service's HTTP side."""
    return uvicorn.Config(
        app, host, port, http=Protocol, ws="none", lifespan="off", log_config=None, access_log=False,
        timeout_graceful_shutdown=LAST_SECONDS, **more,
    )  # fmt: skip


class Protocol(HttpToolsProtocol):
    """One connection: what comes too slowly or is too much is refused, and the connection is closed."""

    limit: asyncio.TimerHandle | None = None
    """When its patience ends with what is being sent now."""
    head = 0
    """Bytes of the head that is being received."""
    is_complete = False
    """Whether the head was received."""
    until = 0.0
    """When the body must be there, by the loop's clock."""
    is_surplus = False
    """Whether its peer had as many connections as it may when it was made."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that says nothing is not kept either, and one peer leaves room for the others."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)
        of_peer = sum(other.peer == self.peer for other in self._all())
        self.is_surplus = of_peer > MOST_OF_PEER
        if of_peer > 2 * MOST_OF_PEER:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, _BUSY)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more is awaited."""
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """The parser would gather a head of any length."""
        if not self.is_complete:
            self.head += len(data)
        else:
            self._wait_for_more()
        super().data_received(data)
        if not self.is_complete and self.head > LONGEST_HEAD and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _LONG)

    def on_message_begin(self) -> None:
        """A request begins, perhaps on a connection that has served others."""
        super().on_message_begin()
        self.is_complete = False
        self._wait(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        """The head is here: it is answered at once if it is too long, or if there are too many connections."""
        self.is_complete, self.head = True, 0
        self.until = self.loop.time() + BODY_SECONDS
        self._wait_for_more()
        length = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if length > LONGEST_HEAD:
            self.app = _Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _LONG)
        elif self._is_too_many() and not self.url.startswith(b"/health"):
            self.app = _Answer(HTTPStatus.SERVICE_UNAVAILABLE, _BUSY)
        else:
            self.app = self.config.loaded_app
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All is here; what takes time now is this side's affair."""
        self._wait(None)
        self.is_complete = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is told like every other refusal."""
        self._refuse(HTTPStatus.BAD_REQUEST, _BROKEN)

    @property
    def peer(self) -> str:
        """The address of the other side."""
        return self.client[0] if self.client else ""

    def _all(self) -> Iterator["Protocol"]:
        """The server's connections."""
        return (one for one in self.connections if isinstance(one, Protocol))

    def _is_too_many(self) -> bool:
        """Whether the peer has its share already, or all have theirs; what one has beyond its share counts for none."""
        if self.is_surplus or len(self.tasks) > MOST_CONNECTIONS:
            return True
        over = len(self.connections) - MOST_CONNECTIONS
        return over > 0 and over > sum(other.is_surplus for other in self._all())

    def _wait_for_more(self) -> None:
        """More of the body has to come soon, and all of it in time."""
        self._wait(max(0.001, min(PAUSE_SECONDS, self.until - self.loop.time())))

    def _wait(self, seconds: float | None) -> None:
        if self.limit:
            self.limit.cancel()
        self.limit = self.loop.call_later(seconds, self._late) if seconds else None

    def _late(self) -> None:
        if self.flow.read_paused and self.loop.time() < self.until:
            self._wait_for_more()  # It is this side that does not take what is sent.
        elif self.is_complete or self.head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, _LATE)
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus, title: str) -> None:
        """Say why, unless an answer is being given already, and close the connection."""
        if not (self.cycle and self.cycle.response_started and not self.cycle.response_complete):
            body, headers = _problem(status, title)
            headers += self.server_state.default_headers
            lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode(), *(b": ".join(header) for header in headers)]
            self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()


class _Answer:
    """An application that gives one and the same answer, and closes the connection."""

    def __init__(self, status: HTTPStatus, title: str) -> None:
        self.status, (self.body, self.headers) = status, _problem(status, title)

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": self.status.value, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def _problem(status: HTTPStatus, title: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    body = msgspec.json.encode(Problem(title=title, status=status.value, detail=status.phrase))
    return body, [
        (b"content-type", PROBLEM.encode()), (b"content-length", str(len(body)).encode()), (b"connection", b"close"),
    ]  # fmt: skip
