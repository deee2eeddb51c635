"""The simulated officers and the story of Benxi, over the real rules in one memory."""

import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from deploy.local.benxi import START, Row, Scenario
from deploy.local.officers import Awaited, Officers
from services.dispatch import api as dispatch_api
from services.dispatch import reactions as dispatch
from services.incentives import api as incentives_api
from services.incentives import reactions as incentives
from services.inspection import api as inspection_api
from services.inspection import reactions as inspection
from services.registry import api as registry_api
from services.registry import reactions as registry
from tests.world import Service, World

ROOMS: dict[str, tuple[Any, Any]] = {
    "registry": (registry, registry_api),
    "dispatch": (dispatch, dispatch_api),
    "inspection": (inspection, inspection_api),
    "incentives": (incentives, incentives_api),
}


class Memory:
    """The officers' reach into services that live in this process."""

    def __init__(self, shuffle: random.Random | None = None) -> None:
        services = [Service(name, rooms.REACTIONS, rooms.DUE) for name, (rooms, _) in ROOMS.items()]
        self.world = World(START, *services, shuffle=shuffle)
        self.commands = {name: {r.path: r.command for r in api.COMMANDS} for name, (_, api) in ROOMS.items()}
        self.keys: dict[str, int] = {}

    async def pass_day(self, day: date) -> None:
        self.world.today = day
        self.world.deliver({name: service.pass_day(day).facts for name, service in self.world.services.items()})

    async def tasks(self) -> list[Awaited]:
        found = []
        for name, service in self.world.services.items():
            for state in list(service.states.values()):
                policy = service.book.at(state.place, self.world.today)
                tasks = list(state.tasks(policy)) if policy else []
                assert state.awaits or not tasks, f"{state.kind} {state.id} hides {tasks}"
                found += [
                    Awaited(name, state.kind, state.id, state.place, t.action, t.about, t.role, t.due, t.detail)
                    for t in tasks
                ]
        return found

    async def states(self, service: str, kind: str) -> dict[str, Any]:
        states = self.world.services[service].states
        return {id: msgspec.to_builtins(state) for (of, id), state in states.items() if of.kind == kind}

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        assert f"{path}:{key}" not in self.keys, "a key is used once"
        self.keys[f"{path}:{key}"] = len(rows)
        commands = msgspec.convert(msgspec.to_builtins(rows), list[self.commands[service][path]])  # type: ignore[misc]
        self.world.command(service, *commands)

    async def next_due(self) -> date | None:
        states = [state for service in self.world.services.values() for state in service.states.values()]
        return min((state.due for state in states if state.due), default=None)


async def nobody(_day: date) -> None:
    """Watch nothing."""


async def live(until: date, *, villages: int, seed: int = 1, shuffle: random.Random | None = None) -> World:
    """A story in memory, in which nothing may be parked."""
    memory = Memory(shuffle)
    await Officers(Scenario(seed, villages), memory).live(until, nobody)
    assert [parked for service in memory.world.services.values() for parked in service.parked] == []
    return memory.world
