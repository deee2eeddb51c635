"""Lets officers play on services in one process's memory: the story as the rules alone decide it.

Without database, bus, HTTP and forms nothing can be lost, so a play through all of these is compared with this one.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from deploy.access.permissions import WIRED
from deploy.demo.answers import Awaited, Row, as_command
from deploy.demo.officers import Refusal
from deploy.demo.world import Service, World
from shared.engine.flow import encode_state
from shared.rules import Refused, State


class Memory:
    """All services in this process, as the officers reach them."""

    def __init__(self, start: date, *, shuffle: random.Random | None = None) -> None:
        services = [Service(name, wired.reactions, wired.due) for name, wired in WIRED.items()]
        self.world = World(start, *services, shuffle=shuffle)

    async def pass_day(self, day: date) -> None:
        """Let a business day begin, with all that follows from it."""
        self.world.today = day
        self.world.deliver({name: service.pass_day(day).facts for name, service in self.world.services.items()})

    async def tasks(self) -> list[Awaited]:
        """Everything that is awaited."""
        return [
            Awaited.of(name, state, t)
            for name, service in self.world.services.items()
            for state in service.states.values()
            if type(state).tasks is not State.tasks and (policy := service.book.at(state.place, self.world.today))
            for t in state.tasks(policy)
        ]

    async def states(self, service: str, kind: str) -> dict[str, Any]:
        """All states of a kind by id, as they are shown."""
        return self.world.all(service, kind)

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        """Send commands, with all that follows from them."""
        try:
            self.world.command(service, *(as_command(service, path, row) for row in rows))
        except Refused as refused:
            raise Refusal(f"{service} refused {path} ({key}): {refused}", refused.status) from refused

    async def next_due(self) -> date | None:
        """The next day on which anything falls due in any service."""
        states = (state for service in self.world.services.values() for state in service.states.values())
        return min((state.due for state in states if state.timers and state.due), default=None)

    def digests(self) -> dict[str, dict[str, str]]:
        """The services' digests as under /v1/digest, without those of events, whose ids depend on keys of requests."""
        return {
            name: {
                kind.kind: _digest(state for (of, _), state in service.states.items() if of is kind)
                for kind in WIRED[name].tables.states
            }
            for name, service in self.world.services.items()
        }

    def events(self) -> Counter[tuple[str, bytes]]:
        """How often each event was published, by type and content."""
        return counted((fact.event.type, fact.data) for fact in self.world.facts)


def counted(events: Iterable[tuple[str, bytes]]) -> Counter[tuple[str, bytes]]:
    """How often each event occurs, by type and content. The order of keys in the content does not matter."""
    sort = msgspec.json.Encoder(order="deterministic").encode
    return Counter((type, sort(msgspec.json.decode(data))) for type, data in events)


def _digest(states: Iterable[State]) -> str:
    rows = (hashlib.sha256(state.id.encode() + b"\x1f" + encode_state(state)).digest() for state in states)
    return f"{sum(map(int.from_bytes, rows)) % 2**256:064x}"
