"""Streams are made and put right here, with the only key that may, and so are subscribers' consumers:
`python -m deploy.access.streams`.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import structlog
import uvloop
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.access.asking import connected
from deploy.access.consumers import admit, end_ungranted
from deploy.access.users import GATE
from shared import logs
from shared.stream import bus

log = structlog.get_logger()
LOOK: Final = 5.0
"""Seconds between two looks at the streams."""
RETRY: Final = 0.5
"""Seconds between two looks as long as they fail."""


class Settings(BaseSettings):
    """Read from the environment, as those of the services are."""

    model_config = SettingsConfigDict(env_prefix="ZHUCUN_")

    nats: str = "nats://127.0.0.1:4222"
    nats_key: Path
    nats_ca: Path | None = None
    stream_replicas: int = 1
    log_level: str = "INFO"


async def keep(
    url: str, key: Path, ca: Path | None, replicas: int, tell: Callable[[str], None], made: asyncio.Event
) -> None:
    """Make the streams, and put them right whenever somebody changed them, for ever; and see to subscribers' consumers.

    `made` is set as soon as they stand. `tell` is told of what was put right, and of each distinct trouble once. What
    is granted stands beside the key.
    """
    told = ""
    while True:
        try:
            async with connected(url, key, ca) as client:
                await client.subscribe(f"{GATE}.>", "keeper", cb=partial(admit, client))
                while True:
                    amiss = await bus.declare_streams(client.jetstream(timeout=bus.ANSWERED_WITHIN), replicas)
                    if made.is_set():
                        for what in amiss:
                            tell(f"{what}; it was put right")
                    await end_ungranted(client, key.parent)
                    made.set()
                    told = ""
                    await asyncio.sleep(LOOK)
        except Exception as error:  # Whatever it is, streams without anybody who keeps them are worse.
            if repr(error) != told:
                told = repr(error)
                tell(f"the streams cannot be looked after: {told}")
        await asyncio.sleep(RETRY)


def main() -> None:
    """Keep the streams of the servers that the environment names."""
    settings = Settings()  # type: ignore[call-arg]  # The environment gives what has no default.
    logs.configure("streams", settings.log_level)
    uvloop.run(
        keep(
            settings.nats, settings.nats_key, settings.nats_ca, settings.stream_replicas, log.error, asyncio.Event()
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
