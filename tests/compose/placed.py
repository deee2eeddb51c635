"""A composed system as plays and trials see it: it runs already, and is reached at the ports that it was given."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from deploy.init.certificates import NODES
from deploy.local.supervisor import SERVICES, Folder, System
from shared.engine.shares import Share
from tests.compose.engine import Engine, Installation, reached
from tests.compose.replicas import container


class Composed(System):
    """A composed system, to a play the same as one that it started itself."""

    def __init__(self, folder: Path, placed: Installation, replicas: int) -> None:
        nats = ",".join(f"tls://127.0.0.1:{placed.ports[node]}" for node in NODES if node in placed.running())
        words, port = placed.passwords(), placed.ports["postgres"]
        databases = {
            share.named(name): f"postgresql+asyncpg://{name}:{words[name]}@127.0.0.1:{port}/{share.named(name)}"
            for name in SERVICES
            for share in (Share(number, replicas) for number in range(1, replicas + 1))
        }
        ca = folder / "keys" / "ca.pem"
        super().__init__(folder, nats=nats, nats_ca=ca, databases=databases, replicas=replicas)
        self.folder.ports = {
            name: placed.ports[container(service, share.number)] for name, (service, share) in self.services.items()
        }

    async def __aenter__(self) -> Self:
        """It runs already."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """It runs on."""

    async def ready(self, timeout: float = 60) -> None:  # noqa: ASYNC109 - as the other's
        """It was waited for already."""


@contextmanager
def placed(
    engine: Engine, folder: Path, overlay: str = "", *, replicas: int = 1, build: bool = True
) -> Iterator[tuple[Installation, Composed]]:
    """A composed system on free ports, ready, its keys at hand."""
    own = Folder(folder, "trial")
    own.claim(reached(replicas))
    try:
        with Installation(engine, folder, own.ports, overlay, build=build) as found:
            found.ready()
            found.take_out()
            yield found, Composed(folder, found, replicas)
    finally:
        own.release()
