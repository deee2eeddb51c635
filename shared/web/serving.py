"""How a service listens: limits of time and size for each connection, and of the number of connections."""

import asyncio
import socket
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

PROBLEM = "application/problem+json"
"""The media type of every refusal (RFC 9457)."""
HEAD_SECONDS, BODY_SECONDS = 20.0, 300.0
"""Seconds in which a request's head must arrive, and then its body, which may be a file on a slow line."""
PAUSE_SECONDS = 20.0
"""Seconds without any new byte of a body before the request is ended, since it holds a connection."""
LONGEST_HEAD = 32 * 2**10
"""The most bytes of address and headers together."""
MOST_CONNECTIONS = 500
"""Connections that are served at the same time. Others can only ask for health."""
MOST_OF_PEER = 200
"""Connections of one address that are served at the same time. Others can only ask for health; beyond twice this
number, connections are closed."""
LAST_SECONDS = 30
"""Seconds that a stopping service waits for requests that it is answering."""

_LATE = "请求迟迟没有发完，连接已关闭 / the request was not sent in time; the connection is closed"
_LONG = f"地址与请求头超过 {LONGEST_HEAD // 2**10} KiB / address and headers exceed {LONGEST_HEAD // 2**10} KiB"
_BROKEN = "不是有效的 HTTP 请求 / no valid HTTP request"
_BUSY = "连接过多，请稍后用同一请求编号重试 / too many connections; try again later with the same key"


def config(app: Any, host: str, port: int, **more: Any) -> uvicorn.Config:
    """The configuration of uvicorn for a service. Headers of proxies are not believed, since anybody can send them: the
    audit log would name an invented address, and limits would count it."""
    return uvicorn.Config(
        app, host, port, http=Protocol, ws="none", lifespan="off", log_config=None, access_log=False,
        proxy_headers=False, timeout_graceful_shutdown=LAST_SECONDS, **more,
    )  # fmt: skip


class Server(uvicorn.Server):
    """A server that, when it stops, first ends the requests that only wait for news."""

    def __init__(self, app: Any, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopping: asyncio.Event = app.state.stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell those that wait, and then stop as usual."""
        self.stopping.set()
        await super().shutdown(sockets)


class Protocol(HttpToolsProtocol):
    """One connection. A request that is too slow or too large is refused, and the connection is closed."""

    limit: asyncio.TimerHandle | None = None
    """The timer that ends the connection if the client is too slow."""
    head = 0
    """Bytes received of the present request's head."""
    is_complete = False
    """Whether the head has been received, so that a body may follow."""
    until = 0.0
    """The time, by the loop's clock, at which the body must have arrived."""
    is_surplus = False
    """Whether its peer already had `MOST_OF_PEER` connections when this one was made."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit, since a silent connection must not be kept. Refuse a peer with far too many."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)
        of_peer = sum(other.peer == self.peer for other in self._all())
        self.is_surplus = of_peer > MOST_OF_PEER
        if of_peer > 2 * MOST_OF_PEER:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, _BUSY)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the head's bytes here, since the parser would collect a head of any length."""
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
        """Choose who answers: the application, or a refusal if the head is too long or there are too many
        connections."""
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
        """Stop the timer: the request is complete, and from now on only we can be slow."""
        self._wait(None)
        self.is_complete = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP in the same form as other refusals."""
        self._refuse(HTTPStatus.BAD_REQUEST, _BROKEN)

    @property
    def peer(self) -> str:
        """The address of the other side."""
        return self.client[0] if self.client else ""

    def _all(self) -> Iterator["Protocol"]:
        """All connections of the server."""
        return (one for one in self.connections if isinstance(one, Protocol))

    def _is_too_many(self) -> bool:
        """Whether this request must be refused: its peer has too many connections, or the server has.

        Connections beyond a peer's limit are not counted, so that one peer cannot take the places of others.
        """
        if self.is_surplus or len(self.tasks) > MOST_CONNECTIONS:
            return True
        over = len(self.connections) - MOST_CONNECTIONS
        return over > 0 and over > sum(other.is_surplus for other in self._all())

    def _wait_for_more(self) -> None:
        """Wait for more of the body, but not beyond the time for the whole body."""
        self._wait(max(0.001, min(PAUSE_SECONDS, self.until - self.loop.time())))

    def _wait(self, seconds: float | None) -> None:
        if self.limit:
            self.limit.cancel()
        self.limit = self.loop.call_later(seconds, self._late) if seconds else None

    def _late(self) -> None:
        if self.flow.read_paused and self.loop.time() < self.until:
            self._wait_for_more()  # We ourselves have paused reading; the client is not slow.
        elif self.is_complete or self.head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, _LATE)
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus, title: str) -> None:
        """Close the connection, and say why unless an answer is already being sent."""
        if not (self.cycle and self.cycle.response_started and not self.cycle.response_complete):
            body, headers = _problem(status, title)
            headers += self.server_state.default_headers
            lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode(), *(b": ".join(header) for header in headers)]
            self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()


class _Answer:
    """An ASGI application that gives one fixed answer and closes the connection."""

    def __init__(self, status: HTTPStatus, title: str) -> None:
        self.status, (self.body, self.headers) = status, _problem(status, title)

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": self.status.value, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def _problem(status: HTTPStatus, title: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    body = msgspec.json.encode({"title": title, "status": status.value, "detail": status.phrase})
    return body, [
        (b"content-type", PROBLEM.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
