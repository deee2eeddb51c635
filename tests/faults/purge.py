"""Streams that forget what a service has not read: it must stop, say so, and come back by the others' journals."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from importlib import import_module
from itertools import cycle
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Final

import httpx
from nats.errors import Error
from nats.js import JetStreamContext
from rich.progress import Progress

from deploy.access.users import HARNESS
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import SERVICES, System
from deploy.operations.recovery import recover
from shared.runtime import heard
from shared.stream import bus
from shared.stream.bus import OPEN, SEALED
from shared.web.token import operator_headers
from tests.faults.trial import Ground, Trial, Verdict, hurt, progress

GAPS: Final = 4
"""Times that the streams forget something unread; the services lag in turn."""
HELD: Final = 1.0
"""Seconds for which a service is held still while the others go on."""
READ_WITHIN: Final = 120.0
"""Seconds until everything is read, or a service that came back says what it lacks."""

Forget = Callable[[JetStreamContext, str], Awaitable[None]]
"""Lets a stream forget what it holds."""


async def shorten(js: JetStreamContext, stream: str) -> None:
    """Let a stream forget all but its last message, as a limit does that somebody sets."""
    config = (await js.stream_info(stream)).config
    await js.update_stream(config.evolve(max_msgs=1))
    await js.update_stream(config)


async def make_anew(js: JetStreamContext, stream: str) -> None:
    """Put an empty stream in the place of one, which counts on where the other ended."""
    info = await js.stream_info(stream)
    await js.delete_stream(stream)
    await js.add_stream(info.config.evolve(first_seq=info.state.last_seq + 1))


async def forgetting(ground: Ground, forget: Forget) -> Verdict:
    """Let the streams forget what one service has not read yet, in the middle of the work, and recover who says so."""
    chance, system = random.Random(ground.seed), System(ground.folder)
    laggards = cycle(chance.sample(SERVICES, len(SERVICES)))
    gaps, recovered = 0, 0

    async def operate() -> None:
        """Recover whoever says that it lacks something, as an operator does who watches."""
        nonlocal recovered
        while True:
            for service in SERVICES:
                if await _lacks(system, service):
                    with suppress(httpx.HTTPError):  # The laggard is still starting; what is not done is tried again.
                        await asyncio.to_thread(_recover, system, service)
                        recovered += 1
            await asyncio.sleep(HELD)

    async def injure(_system: System, _simulation: Simulation) -> None:
        nonlocal gaps
        broker = await bus.connect(system.nats_url, "purge", system.key(HARNESS))
        js, operator = broker.connection.jetstream(), asyncio.create_task(operate())
        try:
            async for part in progress(ground, system):
                if gaps < GAPS * part:
                    await asyncio.sleep(chance.uniform(0, 0.2))
                    before = recovered
                    if await _passed_by(system, js, next(laggards), forget):
                        await _until(lambda: _all_read(system, js, SERVICES))
                        gaps += recovered > before  # Else all that it had not read was still there.
                        ground.tell(f"{gaps} / {GAPS} gaps")
                if operator.done():
                    operator.result()  # It ends only with an error.
        finally:
            operator.cancel()
            await broker.stop()

    # A stream made anew has forgotten its ids: what the killed service had published and not yet noted comes twice.
    verdict = await hurt(ground, system, injure, repeated=forget is make_anew)
    return Verdict(verdict.passed and gaps > GAPS / 2, f"{gaps} gaps, {recovered} recoveries, {verdict.seen}")


async def _passed_by(system: System, js: JetStreamContext, laggard: str, forget: Forget) -> bool:
    """Hold a service still, let the streams forget what it has not read, and kill it; False if it had read all."""
    others = [service for service in SERVICES if service != laggard]
    system.kill(laggard, SIGSTOP)
    try:
        await asyncio.sleep(HELD)
        if not await _unread(js, laggard):
            return False
        await _until(lambda: _all_read(system, js, others))
        await asyncio.sleep(HELD)  # The independent subscriber must have heard it too: it knows no recovery.
        for stream in (OPEN, SEALED):
            with suppress(Error):  # It does not hear every stream.
                await js.delete_consumer(stream, laggard)  # Or the play would take what is gone for read.
            await forget(js, stream)
        system.kill(laggard, SIGKILL)  # What it had received and not handled goes with it.
        return True
    finally:
        system.kill(laggard, SIGCONT)


async def _lacks(system: System, service: str) -> bool:
    """Whether a service says that a stream lost what it had not read."""
    with suppress(httpx.HTTPError):
        async with httpx.AsyncClient(base_url=system.url(service), trust_env=False) as client:
            health = await client.get("/health/ready")
            return health.status_code == 503 and any(part.startswith("lost ") for part in health.json())
    return False


def _recover(system: System, service: str) -> None:
    """What `zhucun recover` does."""
    headers = operator_headers(system.folder.secret.read_bytes())
    clients = {
        name: httpx.Client(
            base_url=system.url(name),
            headers=headers,
            timeout=READ_WITHIN,
            trust_env=False,
            event_hooks={"response": [httpx.Response.raise_for_status]},
        )
        for name in SERVICES
    }
    hears = heard(import_module(f"services.{service}.app").SERVICE)
    recover(clients[service], [*clients.values()], hears, Progress(disable=True))
    for client in clients.values():
        client.close()


async def _unread(js: JetStreamContext, service: str) -> bool:
    """Whether the open stream holds messages that a service has not acknowledged, or it does not read at all."""
    try:
        info = await js.consumer_info(OPEN, service)
    except Error:
        return True
    return bool(info.num_pending or info.num_ack_pending)


async def _all_read(system: System, js: JetStreamContext, services: Iterable[str]) -> bool:
    """Whether services have read everything and said all that follows."""
    for service in services:
        if await _unread(js, service):
            return False
        try:
            async with httpx.AsyncClient(base_url=system.url(service), trust_env=False) as client:
                if (await client.get("/v1/status")).json()["backlog"]:
                    return False
        except httpx.HTTPError:
            return False
    return True


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    until = time.monotonic() + READ_WITHIN
    while not await condition():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {READ_WITHIN:.0f} s")
        await asyncio.sleep(0.05)


TRIALS: Final = (
    Trial(
        "streams.shortened",
        "消息流在落后的服务读到之前被截短",
        "streams shortened before a lagging service read them",
        lambda ground: forgetting(ground, shorten),
    ),
    Trial(
        "streams.anew",
        "消息流在落后的服务读到之前被删除重建",
        "streams deleted and made anew before they were read",
        lambda ground: forgetting(ground, make_anew),
    ),
)
