"""The example subscribers of the documents, each as a stranger starts it, against a service that listens on a port."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from shared.web import serving as web
from tests.support.asked import Api, serving, village

pytestmark = pytest.mark.usefixtures("logged")
FOLDER = Path(__file__).parents[2] / "docs" / "subscribers"
PROGRAMS = {"follow.py": (sys.executable,), "follow.mjs": ("node",), "follow.sh": ("sh",)}
FIRST, SECOND = "210502000001", "210502000002"


@asynccontextmanager
async def listening(api: Api) -> AsyncIterator[str]:
    """The service's address while it listens."""
    app = api.client._transport.app  # type: ignore[attr-defined]
    server = web.Server(app, web.config(app, "127.0.0.1", 0))
    serves = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - short
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    async with asyncio.timeout(10):  # Whoever waits is let go; a waiting request lasts 50 s.
        await serves


@asynccontextmanager
async def following(command: Sequence[str], **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env={**os.environ, **env})
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def told(process: asyncio.subprocess.Process, last: str) -> str:
    """What a program says, up to the line with a village's id."""
    assert process.stdout
    said = ""
    async with asyncio.timeout(60):
        while last not in said:
            line = await process.stdout.readline()
            assert line, "it ended before"
            said += line.decode()
    return said


@pytest.mark.parametrize("program", PROGRAMS)
async def test_an_example_follows_goes_on_where_it_was_and_stops_at_another_journal(
    program: str, tmp_path: Path
) -> None:
    if not shutil.which(PROGRAMS[program][0]) or (program == "follow.sh" and not shutil.which("curl")):
        pytest.skip(f"{program} cannot be run here")
    assert len((FOLDER / program).read_text("utf-8").splitlines()) < 40
    kept = tmp_path / "registry.cursor"
    async with serving(f"sqlite+aiosqlite:///{tmp_path / 'service.sqlite3'}") as api, listening(api) as address:
        command = [*PROGRAMS[program], str(FOLDER / program), address, str(kept), "2105"]
        await api.post("villages", village(FIRST))
        async with following(command) as process:
            assert "registry.policy.adopted.v1" in await told(process, FIRST)
            await api.post("villages", village(SECOND))
            assert FIRST not in await told(process, SECOND), "what comes while it waits is told at once"
            async with asyncio.timeout(30):
                while not kept.exists() or not kept.read_text().startswith("3-"):  # noqa: ASYNC110 - short
                    await asyncio.sleep(0.05)
        await api.post("villages", village("210502000003"))
        async with following(command) as process:
            said = await told(process, "210502000003")
            assert SECOND not in said, "started again, it goes on behind what it has"
        kept.write_text("3-0123456789abcdef")
        async with following(command) as process:
            async with asyncio.timeout(30):
                _, error = await process.communicate()
            assert process.returncode == 1 and "since=" in error.decode(), "it stops, and says what to do"


@pytest.mark.parametrize("program", PROGRAMS)
async def test_half_an_answer_moves_no_example_on(program: str, tmp_path: Path) -> None:
    if not shutil.which(PROGRAMS[program][0]) or (program == "follow.sh" and not shutil.which("curl")):
        pytest.skip(f"{program} cannot be run here")
    kept, asked = tmp_path / "registry.cursor", asyncio.Event()
    kept.write_text("3-0123456789abcdef")

    async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"events":[{"id":')
        await writer.drain()
        writer.close()
        asked.set()

    async with await asyncio.start_server(breaks_off, "127.0.0.1") as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with following([*PROGRAMS[program], str(FOLDER / program), address, str(kept), "21"]) as process:
            async with asyncio.timeout(30):
                await asked.wait()
            await asyncio.sleep(1)
            assert process.returncode is None, "it asks again later"
        assert kept.read_text() == "3-0123456789abcdef"


@pytest.mark.parametrize("program", PROGRAMS)
async def test_an_example_goes_on_when_its_token_ends_and_stops_when_its_secret_does(
    program: str, tmp_path: Path
) -> None:
    if not shutil.which(PROGRAMS[program][0]) or (program == "follow.sh" and not shutil.which("curl")):
        pytest.skip(f"{program} cannot be run here")
    secrets, live, granted = ["first"], set[str](), list[str]()

    async def issue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Issue tokens, and answer as a feed that takes each token once."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        asked = parse_qs((await reader.readexactly(int(length[1]) if length else 0)).decode())
        shown = re.search(r"authorization: Bearer (\S+)", head, re.IGNORECASE)
        status, said = "401 No", dict[str, Any](errors="refused")
        if head.startswith("POST"):
            assert asked["grant_type"] == ["client_credentials"] and asked["client_id"] == ["province"]
            if asked["client_secret"] == secrets:
                granted.append(f"t{len(granted)}")
                live.add(granted[-1])
                status, said = "200 OK", {"access_token": granted[-1], "expires_in": 600}
        elif shown and shown[1] in live:
            event = {"occurredon": "2014-05-04", "type": "t", "subject": shown[1], "id": "e"}
            status, said = "200 OK", {"events": [event], "after": "1-0123456789abcdef", "end": True}
            live.clear()  # From now on it is refused.
        body = json.dumps(said, separators=(",", ":")).encode()
        writer.write(f"HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(issue, "127.0.0.1") as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        command = [*PROGRAMS[program], str(FOLDER / program), address, str(tmp_path / "cursor"), "21"]
        account = {"ZHUCUN_CLIENT_ID": "province", "ZHUCUN_CLIENT_SECRET": "first"}
        async with following(command, ZHUCUN_TOKEN_URL=f"{address}/token", **account) as process:
            await told(process, "t2")  # Each token has served once.
            secrets[0] = "second"
            async with asyncio.timeout(30):
                await process.communicate()
            assert process.returncode == 1, "a refused secret is no reason to ask again and again"
