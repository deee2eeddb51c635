"""What the regions' stories come to, event by event and task by task: a rule that decides otherwise shows here.

`told/<region>.told` has, for each kind of event and of task, how often the story meets it with which codes, small
numbers and days, and how many states of each kind stand how at the end. Days are counted from the one on which it is
told, or first asked. Where a change is meant, `python -m tests.journeys.test_told` writes the files anew, and whoever
reads the difference sees what has changed.
"""

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from deploy import examples
from deploy.demo.answers import Awaited
from deploy.demo.memory import Memory
from deploy.demo.officers import Officers
from deploy.demo.regions import REGIONS
from shared.labels import awaited
from tests.support.moments import Moments
from tests.support.texts import faults

FOLDER: Final = Path(__file__).with_name("told")
CODE: Final = re.compile(r"[a-z_]+")
ENTERED: Final = ("registry.survey.recorded.v1", "registry.cadre.registered.v1", "registry.unit.registered.v1")
"""What people have entered: there is much of it, and nothing is decided in it."""
PLAYED: Final = {
    "benxi": (12, date(2017, 3, 1)),
    "guizhou": (12, REGIONS["guizhou"].story.end),
    "jalaid": (20, REGIONS["jalaid"].story.end),
    "xixiu": (5, REGIONS["xixiu"].story.end),
    "zunyi": (12, REGIONS["zunyi"].story.end),
}
"""How many villages of each region are played, and until when: in Benxi a village has fallen back by then, and a third
team has been released."""


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


def said(value: Any, today: date) -> str:
    """A value as the file has it; empty for names, ids, texts and figures, of which there are too many."""
    match value:
        case bool() | None:
            return str(value).lower()
        case int() if -9 <= value <= 9:
            return str(value)
        case date():
            return f"{(value - today).days:+}d"
        case str() if CODE.fullmatch(value):
            return value
        case tuple() | list() | dict():
            codes = [one for one in value if isinstance(one, str) and CODE.fullmatch(one)]
            return f"[{' '.join(codes)}]" if codes or not value else ""
    return ""


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


def told(reach: Dated, watched: Mapping[str, Collection[str]] | None = None) -> list[str]:
    """The lines of a region's file; with `watched`, of these types and fields alone."""
    lines = Counter[str]()
    for type, values, day in reach.met():
        if watched is not None and type not in watched:
            continue
        fields = {name: said(value, day) for name, value in values.items()}
        kept = (f"{name}={text}" for name, text in fields.items() if text and (not watched or name in watched[type]))
        lines[" ".join([type, *kept])] += 1
    return sorted(f"{line}: {times}" for line, times in lines.items())


@pytest.mark.parametrize("region", PLAYED)
async def test_the_story_comes_to_the_same_decisions_events_tasks_and_days(region: str) -> None:
    """Kinds of events and fields that are new are not in the file yet, and change nothing for anybody."""
    before = (FOLDER / f"{region}.told").read_text("utf-8").splitlines()
    watched = defaultdict[str, set[str]](set)
    for type, *fields in (re.sub(r"\[[^]]*\]", "[]", line).split() for line in before):
        watched[type.rstrip(":")] |= {name for name, is_, _ in (field.partition("=") for field in fields) if is_}
    reach = await lived(region)
    assert told(reach, watched) == before, "if that is meant: python -m tests.journeys.test_told"
    assert {zh: action for zh, action in reach.worded.items() if faults(zh) or "代码“" in zh} == {}
    shown = examples.read()
    lacking = {fact.event.type for fact in reach.world.facts if not fact.event.is_sealed()} - shown.keys()
    assert not lacking, "their pages show an invented example: python -m tests.journeys.test_told"


if __name__ == "__main__":
    found: dict[str, examples.Example] = {}
    for name in PLAYED:
        played = asyncio.run(lived(name))
        (FOLDER / f"{name}.told").write_text("\n".join(told(played)) + "\n", "utf-8")
        found = examples.met(found, name, zip(played.world.facts, played.days, strict=True))
    examples.write(found)
