"""What is said of packs in which one thing is another: a number, a code, one entry more, a section of another pack.

Each place of the shipped packs is changed in each way that its type allows, and to what places beside it say, and the
pack is checked; so are packs in which two things of one entry are another, and one that says something of everything.
`told/<part>.faults` has, for each place at which a fault is found, how often, and a sum over the words, the examples
and what was changed; for packs that are taken, a sum over what they call things and over who declared what. Where
another check is meant, `python -m tests.shared.test_packs_otherwise` writes the files anew; with a folder behind it, it
writes every single answer there, to compare those of two days.
"""

import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest
from msgspec import inspect

from shared.policy import Policy, PolicyInvalid, find_doubts, parse_pack
from shared.policy.layers import plain
from shared.policy.shipped import base, content
from tests.support.edits import HEAD, NAMES, Edit, Where, edited, edits, entry, generic, places
from tests.support.packs import layer, mixed
from tests.support.variants import shape, ticket

TOLD: Final = Path(__file__).with_name("told")
LAYER: Final = "layer"
"""The name under which are told the packs that are read over another one."""
MIXED: Final = "mixed"
"""The name under which a pack is told that says something of almost everything."""
PAIRS: Final = tuple(f"{name}.pairs" for name in NAMES)
"""The names under which are told the packs in which two things of one entry are another."""
PARTS: Final = (*NAMES, LAYER, MIXED, *PAIRS)
OF_MIXED: Final = 30
"""Of so many things in that pack, one is another."""
OF_PAIRS: Final = 2
"""Of so many things in each pack, one is another together with a second one."""

DAY: Final = date(2018, 6, 1)
"""The first day of the packs that are read over another one."""


@cache
def chosen() -> dict[str, list[Edit]]:
    """For each pack, what is changed in it: at each place each way once, in one of the packs that say it."""
    found = dict[tuple[str, str], tuple[str, Edit]]()
    each = [(pack, edit) for pack in NAMES for edit in edits(pack, content(pack))]
    for pack, edit in sorted(each, key=lambda one: ticket(one[0], one[1].at, one[1].how)):
        found.setdefault((generic(edit.at), edit.how), (pack, edit))
    return {name: [edit for pack, edit in found.values() if pack == name] for name in NAMES}


# ------------------------------------------------------------------ what is said


class Said(NamedTuple):
    """A pack that was checked, and one thing that was said of it."""

    edit: str
    where: str
    whole: str


def checked(edit: str, pack: Any) -> Iterator[Said]:
    """Everything that is said of a pack."""
    try:
        policy = parse_pack(pack, base)
    except PolicyInvalid as refusal:
        for fault in refusal.faults:
            yield Said(edit, generic(fault.path), f"{fault.where}: {fault.zh} / {fault.en} / {fault.example}")
    else:
        known = policy.labels, sorted(map(str, policy.declared.items())), policy.root, policy.extends, policy.version
        doubts = [(fault.where, fault.zh, fault.en) for fault in find_doubts(policy)]
        yield Said(edit, "(taken)", f"{known} {doubts} {policy.spoken('驻村工作队由组织部门派驻，至村出列')}")


OVER: Final = {"2105": "210521", "00": "3301"}
"""What is extended, and by whom."""
SHARE: Final = 40
"""Of so many things that are another in a pack, one is another in a section of one that extends another pack."""


def layers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Packs that say one section otherwise than the pack that they extend, or drop some of it."""
    for extends, jurisdiction in OVER.items():
        head = layer(jurisdiction=jurisdiction, extends=extends, version=f"{jurisdiction}-1", effective_from=DAY)
        yield f"{extends} as it is", head
        for at, names in drops(extends):
            yield f"{extends} without {at} {names}", {**head, "drop": named(at, names)}
        for section in sorted({section for name in NAMES for section in content(name)} - {*HEAD}):
            of = [name for name in NAMES if section in content(name)]
            for name in sorted(of, key=lambda name: ticket(extends, section, name))[:2]:
                yield f"{extends}, {section} as in {name}", {**head, section: content(name)[section]}
        for name, several in chosen().items():
            for edit in several:
                section = str(edit.at[0])
                if section not in HEAD and ticket(extends, name, edit.at, edit.how) % SHARE == 0:
                    value = edited(content(name), edit.at, edit.value).get(section, {})
                    yield f"{extends}, {name} {edit.told}", {**head, section: value}


def drops(extends: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What may be dropped of a pack: of each list and table its last entry, one that is not there, and no list."""
    below = base(extends, DAY)
    assert below
    for at, kind, value in places(shape(Policy), plain(msgspec.to_builtins(below))):
        names: list[str] = []
        if isinstance(value, dict) and isinstance(kind, inspect.DictType):
            names = [*value][-1:]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            names = [str(part) for part in value[-1].values()][:1]
        if names and not any(isinstance(step, int) for step in at):
            yield from ((tuple(map(str, at)), some) for some in (names, ["no_such_code"], 3))


def named(at: tuple[str, ...], names: Any) -> Any:
    """Tables within tables, the innermost with these names."""
    return {at[0]: named(at[1:], names)} if at else names


def pairs(pack: str) -> Iterator[tuple[Edit, Edit]]:
    """Two things of an entry, each of another place."""
    entries = defaultdict[Where, list[Edit]](list)
    for edit in chosen()[pack]:
        entries[entry(edit.at)].append(edit)
    for edit in chosen()[pack]:
        if ticket(pack, edit.told) % OF_PAIRS == 0:
            apart = [one for one in entries[entry(edit.at)] if generic(one.at) != generic(edit.at)]
            for one in sorted(apart, key=lambda one: ticket(edit.told, one.told))[:1]:
                yield edit, one


def answers(part: str) -> Iterator[Said]:
    """What is said of a pack in which one thing is another, or two are, for each of these things."""
    if part == LAYER:
        for how, one in layers():
            yield from checked(how, one)
    elif part == MIXED:
        own = mixed("zunyi")
        for edit in edits("zunyi", own):
            if ticket(edit.told) % OF_MIXED == 0:
                yield from checked(edit.told, edited(own, edit.at, edit.value))
    elif part in PAIRS:
        own = content(part.removesuffix(".pairs"))
        for first, second in pairs(part.removesuffix(".pairs")):
            with suppress(LookupError):  # The first may have left out what the second changes.
                both = edited(edited(own, first.at, first.value), second.at, second.value)
                yield from checked(f"{first.told} {second.told}", both)
    else:
        own = content(part)
        for edit in chosen()[part]:
            yield from checked(edit.told, edited(own, edit.at, edit.value))


def lines(found: Iterable[Said]) -> list[str]:
    """The lines of a pack's file."""
    sums = defaultdict[str, list[int]](list)
    for one in found:
        digest = hashlib.sha256(f"{one.edit} {one.whole}".encode()).digest()
        sums[one.where].append(int.from_bytes(digest[:3], "big"))
    return sorted(f"{where}: {len(each)} {sum(each) % 2**24:06x}" for where, each in sums.items())


@pytest.mark.parametrize("part", PARTS)
def test_the_same_is_said_as_before_of_packs_in_which_things_are_another(part: str) -> None:
    before = (TOLD / f"{part}.faults").read_text("utf-8").splitlines()
    difference = sorted({*before} ^ {*lines(answers(part))})
    assert not difference, "if that is meant: python -m tests.shared.test_packs_otherwise"


if __name__ == "__main__":
    TOLD.mkdir(exist_ok=True)
    for name in PARTS:
        said_of = [*answers(name)]
        if sys.argv[1:]:
            Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
            each = sorted(f"{one.where}: {one.edit}: {one.whole}" for one in said_of)
            (Path(sys.argv[1]) / f"{name}.txt").write_text("\n".join(each) + "\n", "utf-8")
        else:
            (TOLD / f"{name}.faults").write_text("\n".join(lines(said_of)) + "\n", "utf-8")
