"""How long pages wait for a service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from services.console import upstream
from services.console.upstream import Refusal, Upstream
from shared.engine import store


class Nobody(NamedTuple):
    token: str = ""


@asynccontextmanager
async def answering_after(seconds: float) -> AsyncIterator[Upstream]:
    """A registry that takes its time."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(seconds)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        asked = Upstream({"registry": f"http://127.0.0.1:{port}"})
        yield asked
        await asked.aclose()


async def test_commands_are_waited_for_longer_than_services_wait_for_their_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert upstream.WITHIN < store.PATIENCE < upstream.DONE_WITHIN
    async with answering_after(0.5) as asked:
        assert await asked.post("registry", "/v1/surveys", Nobody(), [], key="k1") == []
        monkeypatch.setattr(upstream, "DONE_WITHIN", 0.1)
        with pytest.raises(Refusal, match="does not answer"):
            await asked.post("registry", "/v1/surveys", Nobody(), [], key="k2")
