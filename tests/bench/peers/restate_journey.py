"""The journey as a Restate handler: every step an entry in its journal, which its server syncs, as it does by default.

The server comes as the npm package @restatedev/restate-server; RESTATE_SERVER names its binary.
"""

import os
import socket
import subprocess
import time
from contextlib import suppress
from threading import Thread
from typing import Any

import asyncpg
import httpx
import restate
from hypercorn.config import Config
from hypercorn.run import run

from tests.bench.peers import STEPS, WRITE, given, row

arguments = given()
village = restate.Service("village")
pools: list[asyncpg.Pool] = []


async def step(name: str, number: int) -> None:
    """One step: one row of the application."""
    await pools[0].execute(WRITE, *row(name, number))


@village.handler()
async def journey(ctx: restate.Context, place: tuple[int, int]) -> None:
    """A village's way; then the next village's."""
    number, round = place
    for at in range(STEPS):
        await ctx.run_typed("step", step, name=f"{number}-{round}", number=at)
    ctx.service_send(journey, (number, round + 1))


endpoint = restate.app([village])


async def app(scope: Any, receive: Any, send: Any) -> None:
    """The endpoint, with a pool of connections for each process."""
    if not pools:
        pools.append(asyncpg.create_pool(arguments.database, min_size=1, max_size=20))
        await pools[0]
    await endpoint(scope, receive, send)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def send(admin: int, ingress: int, ours: int) -> None:
    """Tell the server, as soon as it is there, where the handler is, and send the first villages on their way."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        for url, body in (
            (f"http://127.0.0.1:{admin}/deployments", {"uri": f"http://127.0.0.1:{ours}"}),
            *((f"http://127.0.0.1:{ingress}/village/journey/send", (n, 0)) for n in range(arguments.at_once)),
        ):
            while True:
                with suppress(httpx.HTTPError):
                    if client.post(url, json=body).is_success:
                        break
                time.sleep(0.1)


if __name__ == "__main__":
    admin, ingress, node, ours = (free_port() for _ in range(4))
    subprocess.Popen((os.environ["RESTATE_SERVER"], "--base-dir", arguments.folder), env=os.environ | {
        "RESTATE_DISABLE_TELEMETRY": "true", "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}", "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
    })  # fmt: skip
    Thread(target=send, args=(admin, ingress, ours), daemon=True).start()
    config = Config()
    config.application_path = "tests.bench.peers.restate_journey:app"
    config.bind, config.workers, config.worker_class = [f"127.0.0.1:{ours}"], arguments.workers, "uvloop"
    run(config)
