"""Makes the streams, puts them right when they change, and makes subscribers' consumers: `python -m
deploy.access.streams`. It has the only key that may do this, the installer's.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import structlog
import uvloop
from msgspec import Meta
from nats.aio.client import Client
from nats.errors import Error

from deploy.access.asking import connected
from deploy.access.consumers import admit, look_after
from deploy.access.lags import alarms, infos
from deploy.access.users import GATE
from shared import logs, settings
from shared.stream import bus

log = structlog.get_logger()
LOOK: Final = 5.0
"""Seconds between two looks at the streams."""
RETRY: Final = 0.5
"""Seconds between two looks while they fail."""


class Settings(settings.Settings, kw_only=True):
    """The settings, with the same names as the services'."""

    nats: str = "nats://127.0.0.1:4222"
    nats_key: Path
    nats_ca: Path | None = None
    stream_replicas: Annotated[int, Meta(ge=1, le=5)] = 1


async def keep(
    url: str, key: Path, ca: Path | None, replicas: int, tell: Callable[[str], None], made: asyncio.Event
) -> None:
    """Keep the streams until cancelled: make them, put them right if they were changed, see to subscribers' consumers.

    `made` is set as soon as the streams exist. `tell` is called with everything that was put right, and once with each
    new trouble. The grants are read from the folder of the key.
    """
    told, floors, late = "", dict[str, int](), set[str]()

    def trouble(error: Exception) -> None:
        nonlocal told
        if repr(error) != told:
            told = repr(error)
            tell(f"事件流暂时无法维护 · the streams cannot be looked after: {told}")

    while True:
        try:
            async with connected(url, key, ca) as client:
                await client.subscribe(f"{GATE}.>", "keeper", cb=partial(admit, client, key.parent))
                while not client.is_closed:
                    try:
                        amiss = await bus.declare_streams(client.jetstream(timeout=bus.ANSWERED_WITHIN), replicas)
                    except Error as error:  # Subscribers are admitted all the while, on the same connection.
                        trouble(error)
                        await asyncio.sleep(RETRY)
                        continue
                    if made.is_set():
                        for what in amiss:
                            tell(f"事件流设置有误，已恢复 · {what}; it was put right")
                    now_late = await _subscribers(client, key.parent, floors, tell)
                    for name in now_late.keys() - late:
                        tell(now_late[name])
                    late = {*now_late}
                    made.set()
                    told = ""
                    await asyncio.sleep(LOOK)
        except Exception as error:  # Whatever goes wrong: if this task ended, nobody would keep the streams.
            trouble(error)
        await asyncio.sleep(RETRY)


async def _subscribers(
    client: Client, keys: Path, floors: dict[str, int], tell: Callable[[str], None]
) -> dict[str, str]:
    """See to subscribers' consumers. Returns, by consumer, what an operator should know for as long as it lasts."""
    try:
        found = await infos(client)
        for what in await look_after(client, keys, found, floors):
            tell(what)
        return {**alarms(found)}
    except Error as error:  # The streams are kept all the same.
        return {"": f"订阅方的消费者暂时无法查看 · subscribers' consumers cannot be looked at: {error!r}"}


def main() -> None:
    """Keep the streams of the servers that the environment names."""
    of = Settings.read()
    logs.configure("streams", of.log_level)
    uvloop.run(keep(of.nats, of.nats_key, of.nats_ca, of.stream_replicas, log.error, asyncio.Event()))


if __name__ == "__main__":
    main()
