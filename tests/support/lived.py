"""The regions' stories, played in memory by the rules alone: what was told, asked and awaited on which day."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from deploy.demo.answers import Awaited
from deploy.demo.memory import Memory
from deploy.demo.officers import Officers
from deploy.demo.regions import REGIONS
from deploy.demo.regions.zunyi.story import SETTLED
from shared.labels import awaited
from tests.support.moments import Moments

FOLDER: Final = Path(__file__).parents[1] / "journeys" / "told"
ENTERED: Final = ("registry.survey.recorded.v1", "registry.cadre.registered.v1", "registry.unit.registered.v1")
"""What people have entered: there is much of it, and nothing is decided in it."""
PLAYED: Final = {
    "benxi": (12, date(2017, 3, 1)),
    "guizhou": (12, REGIONS["guizhou"].story.end),
    "jalaid": (20, REGIONS["jalaid"].story.end),
    "xixiu": (5, REGIONS["xixiu"].story.end),
    "zunyi": (12, SETTLED),
}
"""How many villages of each region are played, and until when: in Benxi a village has fallen back by then, and a third
team has been released; in Zunyi a year's work has been answered for."""


class Dated(Memory):
    """The services in memory; each event is remembered with its day, each task with the day on which it was first
    asked."""

    def __init__(self, start: date) -> None:
        super().__init__(start)
        self.days: list[date] = []
        self.asked: dict[Awaited, date] = {}
        self.worded: dict[str, str] = {}
        """What people read of the tasks in Chinese, with the action of one of those that are told so."""

    def _note(self) -> None:
        self.days += [self.world.today] * (len(self.world.facts) - len(self.days))

    async def pass_day(self, day: date) -> None:
        await super().pass_day(day)
        self._note()

    async def post(self, service: str, path: str, key: str, rows: Sequence[dict[str, Any]]) -> None:
        await super().post(service, path, key, rows)
        self._note()

    async def tasks(self) -> list[Awaited]:
        found = await super().tasks()
        for task in found:
            if task not in self.asked:
                self.asked[task] = self.world.today
                policy = self.world.services[task.service].book.at(task.place, self.world.today)
                words = awaited(task.about, dict(task.answer), task.detail, policy)
                self.worded |= {zh: task.action for zh, _ in words}
        return found

    def met(self) -> Iterator[tuple[str, dict[str, Any], date]]:
        """All events, tasks, and states at the end: the type, or the service and the action or kind, the fields, and
        the day."""
        for fact, day in zip(self.world.facts, self.days, strict=True):
            if fact.event.type not in ENTERED:
                yield fact.event.type, msgspec.structs.asdict(fact.event), day
        for task, day in self.asked.items():
            said = {"role": task.role, "due": task.due, "detail": task.detail, **dict(task.answer)}
            yield f"{task.service}/{task.action}", said, day
        for name, service in self.world.services.items():
            for state in service.states.values():
                yield f"{name}={state.kind}", {"status": state.status, "awaits": state.awaits}, self.world.today


async def lived(region: str, moments: Moments | None = None) -> Dated:
    """A region's story, played to its end. `moments` remembers on the way what services are told."""
    villages, ends = PLAYED[region]
    story = REGIONS[region].story(2014, villages)
    reach = Dated(story.start)
    if moments:
        for service in reach.world.services.values():
            moments.watch(service)

    async def nothing(_day: date) -> None: ...

    await Officers(story, reach).live(ends, nothing)
    return reach
