"""A receiver on a real socket, which behaves as badly as a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from standardwebhooks import Webhook

GOOD = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"
AGREES = b"HTTP/1.1 200 OK\r\nwebhook-allowed-origin: zhucun\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\nhalf"


def refusing(status: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} No", "content-length: 0", "connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


class Receiver:
    """Notes what it takes. `answer` says how it answers an event; None means that it hangs."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.attempts: list[dict[str, Any]] = []
        self.secret = ""
        self.agrees = AGREES
        self.answer: Callable[[dict[str, Any]], bytes | None] = lambda event: GOOD
        self.drips = False
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events"

    def about(self, subject: str = "") -> list[str]:
        """The ids that it has taken, in order, about a village."""
        return [event["id"] for event in self.taken if subject in ("", event.get("subject"))]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = (line.partition(": ") for line in head.split("\r\n")[1:-2])
        headers = httpx.Headers([(name, value) for name, _, value in lines])
        if head.startswith("OPTIONS"):
            assert headers["webhook-request-origin"] == "zhucun"
            writer.write(self.agrees)
        else:
            body = await reader.readexactly(int(headers["content-length"]))
            event = json.loads(body)
            assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
            if self.secret:
                assert Webhook(self.secret).verify(body, dict(headers)) == event
            assert headers["webhook-id"] == event["id"]
            self.attempts.append(event)
            answer = self.answer(event)
            if answer == GOOD:
                self.taken.append(event)
            for part in [answer[n : n + 1] for n in range(len(answer))] if self.drips and answer else [answer]:
                if part is None or self.drips:
                    await asyncio.sleep(0.2 if part else 60)
                writer.write(part or b"")
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    made, tasks = Receiver(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            await made.serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1")
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
