"""Officers of a region who speak to the real processes, and what the tests ask those about it."""

import json
from datetime import date
from typing import Any

from deploy.demo.simulation import Simulation
from shared.stream.bus import OPEN, SEALED

PERSON = {"work_since": "2005-07-01", "born_on": "1980-01-01", "party_member": True, "reserve": False}


class Office:
    """Officers who send commands, each with a key of its own."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation, self.sent = simulation, 0

    async def do(self, path: str, *rows: dict[str, Any], service: str = "registry") -> None:
        self.sent += 1
        sent = json.loads(json.dumps(rows, default=str))
        await self.simulation.post(service, path, f"letter-{self.sent:03}", sent)

    async def until(self, day: date) -> None:
        while (due := await self.simulation.next_due()) and due < day:
            await self.simulation.pass_day(due)
        await self.simulation.pass_day(day)

    async def asked(self, service: str, path: str, **params: str | list[str]) -> Any:
        """What the one process of a service answers to a query."""
        return json.loads(await self.simulation.get(service, path, **params))

    async def told(self, service: str, *kinds: str) -> list[dict[str, Any]]:
        """What a service said in events of these kinds, sealed ones too: open ones first, in their order."""
        asked: dict[str, str | list[str]] = {"type": [f"{service}.{kind}.v1" for kind in kinds]}
        pages = [await self.asked(service, "/v1/recovery/journal", stream=stream, **asked) for stream in (OPEN, SEALED)]
        return [one["event"]["data"] for page in pages for one in page]

    async def awaited(self, action: str) -> list[tuple[str, str, date | None]]:
        """Whom officers are asked for in tasks of an action, with the body that is asked, and by which day."""
        return [(task.about, task.role, task.due) for task in await self.simulation.tasks() if task.action == action]

    async def survives(self, *services: str) -> None:
        """Kill services and see that they come back with what they had."""
        before = await self.simulation.digests()
        for service in services:
            self.simulation.system.kill(service)
        assert await self.simulation.digests() == before


def unit(id: str, place: str) -> dict[str, Any]:
    return {"place": place, "unit": id, "name": "某（虚构）", "level": "city", "department": "农业", "strength": 50}


def squad(of: str, place: str) -> list[dict[str, Any]]:
    named = [{"cadre": f"C-{of}-{n}", "rank": "deputy_section" if n == 0 else "staff"} for n in range(3)]
    return [{"place": place, "unit": of, "name": "某（虚构）", **PERSON, **one} for one in named]
