"""What the regions' stories come to, event by event and task by task: a rule that decides otherwise shows here.

`told/<region>.told` has, for each kind of event and of task, how often the story meets it with which codes, small
numbers and days, and how many states of each kind stand how at the end. Days are counted from the one on which it is
told, or first asked. Where a change is meant, `python -m tests.journeys.test_told` writes the files anew, and whoever
reads the difference sees what has changed.
"""

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

import pytest

from deploy import examples
from tests.support.lived import FOLDER, PLAYED, Dated, lived
from tests.support.texts import faults

CODE: Final = re.compile(r"[a-z_]+")


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
