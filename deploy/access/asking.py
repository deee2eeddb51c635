"""Short questions to nats-servers: whether they are well, and the request to read the permissions again."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec
import nats
from nats.aio.client import Client
from nats.errors import Error, TimeoutError

from shared.stream import bus

ANSWERED_WITHIN: Final = 2.0
"""Seconds to wait for a connection, and for an answer."""
LAST: Final = 0.5
"""Seconds to wait, after all servers of the address have answered, for others of their cluster."""


@asynccontextmanager
async def connected(url: str, key: Path, ca: Path | None = None) -> AsyncIterator[Client]:
    """A connection for a few questions, as the user whose seed the file holds. Raises nats.errors.Error or OSError."""
    client = await nats.connect(
        url.split(","), nkeys_seed=str(key), inbox_prefix=bus.inbox(key.stem),
        tls=ssl.create_default_context(cafile=ca) if ca else None, allow_reconnect=False,
        connect_timeout=ANSWERED_WITHIN, max_reconnect_attempts=1, reconnect_time_wait=0, error_cb=_ignore,
    )  # fmt: skip
    try:
        yield client
    finally:
        with suppress(Error, OSError):
            await client.close()


async def trouble(url: str, key: Path, ca: Path | None = None) -> str:
    """What is wrong with the server, in its own words. Empty if it is well."""
    try:
        async with connected(url, key, ca) as client:
            answer = await client.request("$SYS.REQ.SERVER.PING.HEALTHZ", b"", timeout=ANSWERED_WITHIN)
    except (Error, OSError) as error:
        return repr(error)
    told = msgspec.json.decode(answer.data)["data"]
    return "" if told["status"] == "ok" else str(told.get("error") or told["status"])


async def reload(url: str, key: Path, ca: Path | None = None) -> Sequence[str]:
    """Let every server read the permissions again. Connections that are no longer allowed are cut off.

    Returns the names of the servers. Raises ValueError with the words of a server that failed, or with the number of
    servers that did not answer; nats.errors.Error or OSError if none can be reached.
    """
    named = len(url.split(","))
    async with connected(url, key, ca) as client:
        servers = {server["id"]: server["name"] for server in await _all(client, "$SYS.REQ.SERVER.PING.IDZ", named)}
        for id in servers:
            answer = await client.request(f"$SYS.REQ.SERVER.{id}.RELOAD", b"", timeout=ANSWERED_WITHIN)
            if error := msgspec.json.decode(answer.data).get("error"):
                raise ValueError(f"{servers[id]}: {error.get('description', error)}")
    if lacking := named - len(servers):
        raise ValueError(f"{lacking} nats-server(s) did not answer; those that did: {', '.join(servers.values())}")
    return [*servers.values()]


async def _all(client: Client, subject: str, named: int) -> Sequence[Any]:
    """The answers of all servers to one question. `named` is how many must answer, at least, if all are well."""
    inbox = f"{bytes(client._inbox_prefix).decode()}.{uuid4().hex}"
    heard = await client.subscribe(inbox)
    await client.publish(subject, reply=inbox)
    answers: list[Any] = []
    with suppress(TimeoutError, asyncio.TimeoutError):
        while True:
            message = await heard.next_msg(ANSWERED_WITHIN if len(answers) < named else LAST)
            answers.append(msgspec.json.decode(message.data))
    return answers


async def _ignore(_error: Exception) -> None:
    """Ignore errors here: each is raised where somebody waits for the answer."""
