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
from nats.errors import Error, NoServersError, TimeoutError

from shared.stream import bus

ANSWERED_WITHIN: Final = 2.0
"""Seconds to wait for a connection, and for an answer."""
ASKED: Final = 5
"""How often a question is put to all servers while some have not answered."""
LAST: Final = 0.5
"""Seconds to wait, after all servers of the address have answered, for others of their cluster."""


@asynccontextmanager
async def connected(url: str, key: Path, ca: Path | None = None) -> AsyncIterator[Client]:
    """A connection for a few questions, as the user whose seed the file holds. Raises nats.errors.Error or OSError."""
    client = await _connect(url.split(","), key, ca)
    try:
        yield client
    finally:
        with suppress(Error, OSError):
            await client.close()


async def _connect(urls: Sequence[str], key: Path, ca: Path | None) -> Client:
    """A connection to the first server that is well. The library by itself would give up at a server that is reached
    but silent."""
    failed: Error | OSError = NoServersError()
    for url in urls:
        try:
            return await nats.connect(
                url, nkeys_seed=str(key), inbox_prefix=bus.inbox(key.stem),
                tls=ssl.create_default_context(cafile=ca) if ca else None, allow_reconnect=False,
                connect_timeout=ANSWERED_WITHIN, max_reconnect_attempts=1, reconnect_time_wait=0, error_cb=_ignore,
            )  # fmt: skip
        except (Error, OSError) as error:
            failed = error
    raise failed


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
    reloaded: list[str] = []
    async with connected(url, key, ca) as client:
        for id, server in (await _answers(client, "$SYS.REQ.SERVER.PING.IDZ", named, LAST)).items():
            for answer in (await _answers(client, f"$SYS.REQ.SERVER.{id}.RELOAD", 1)).values():
                if error := answer.get("error"):
                    raise ValueError(f"{server['name']}: {error.get('description', error)}")
                reloaded.append(server["name"])
    if (lacking := named - len(reloaded)) > 0:
        raise ValueError(f"{lacking} nats-server(s) did not answer; those that did: {', '.join(reloaded)}")
    return reloaded


async def _answers(client: Client, subject: str, named: int, last: float = 0) -> dict[str, Any]:
    """The answers to one question, by server. `named` is how many must answer, at least, if all are well; for further
    answers it waits `last` seconds.

    It is asked again while some are missing: a server that has just found the others may answer before it knows where
    its answer is heard.
    """
    inbox = f"{bytes(client._inbox_prefix).decode()}.{uuid4().hex}"
    heard = await client.subscribe(inbox)
    answers = dict[str, Any]()
    for _ in range(ASKED):
        await client.publish(subject, reply=inbox)
        with suppress(TimeoutError, asyncio.TimeoutError):
            while True:
                message = await heard.next_msg(ANSWERED_WITHIN if len(answers) < named else last)
                answer = msgspec.json.decode(message.data)
                answers[answer.get("id") or answer["server"]["id"]] = answer
        if len(answers) >= named:
            break
    return answers


async def _ignore(_error: Exception) -> None:
    """Ignore errors here: each is raised where somebody waits for the answer."""
