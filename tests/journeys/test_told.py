"""What Benxi's story comes to, event by event: a rule that decides otherwise than before shows here, wherever it is.

`benxi.told` has, for each kind of event, how often the story tells it with which codes, small numbers and days. Days
are counted from the one on which it is told. Where a change is meant, `python -m tests.journeys.test_told` writes the
file anew, and whoever reads the difference sees what has changed.
"""

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from deploy.demo.memory import Memory
from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import START, Benxi

FILE: Final = Path(__file__).with_name("benxi.told")
CODE: Final = re.compile(r"[a-z_]+")
ENTERED: Final = ("registry.survey.recorded.v1", "registry.cadre.registered.v1", "registry.unit.registered.v1")
"""What people have entered: there is much of it, and nothing is decided in it."""
ENDS: Final = date(2017, 3, 1)
"""By then a village has fallen back, and a third team has been released."""


class Dated(Memory):
    """The services in memory; each event is remembered with its day."""

    def __init__(self) -> None:
        super().__init__(START)
        self.days: list[date] = []

    def _note(self) -> None:
        self.days += [self.world.today] * (len(self.world.facts) - len(self.days))

    async def pass_day(self, day: date) -> None:
        await super().pass_day(day)
        self._note()

    async def post(self, service: str, path: str, key: str, rows: Sequence[dict[str, Any]]) -> None:
        await super().post(service, path, key, rows)
        self._note()


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


async def told(watched: Mapping[str, Collection[str]] | None = None) -> list[str]:
    """The lines of the file; with `watched`, of these types and fields alone."""
    reach = Dated()

    async def nothing(_day: date) -> None: ...

    await Officers(Benxi(2014, 12), reach).live(ENDS, nothing)
    lines = Counter[str]()
    for fact, day in zip(reach.world.facts, reach.days, strict=True):
        type = fact.event.type
        if type in ENTERED or (watched is not None and type not in watched):
            continue
        fields = {name: said(value, day) for name, value in msgspec.structs.asdict(fact.event).items()}
        kept = (f"{name}={text}" for name, text in fields.items() if text and (not watched or name in watched[type]))
        lines[" ".join([type, *kept])] += 1
    return sorted(f"{line}: {times}" for line, times in lines.items())


async def test_the_story_comes_to_the_same_decisions_events_and_days() -> None:
    """Kinds of events and fields that are new are not in the file yet, and change nothing for anybody."""
    before = FILE.read_text("utf-8").splitlines()
    watched = defaultdict[str, set[str]](set)
    for type, *fields in (re.sub(r"\[[^]]*\]", "[]", line).split() for line in before):
        watched[type.rstrip(":")] |= {name for name, is_, _ in (field.partition("=") for field in fields) if is_}
    assert await told(watched) == before, "if that is meant: python -m tests.journeys.test_told"


if __name__ == "__main__":
    FILE.write_text("\n".join(asyncio.run(told())) + "\n", "utf-8")
