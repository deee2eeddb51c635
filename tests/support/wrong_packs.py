"""Edits of the first pack that make something in it wrong, and what is said of it then."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from shared.policy import Fault, PolicyInvalid, parse_pack
from tests.support.packs import PACK


def within(pack: Any, where: str) -> tuple[Any, Any]:
    """The part of a pack that something stands in, and under which name or number."""
    *path, last = where.split(".")
    for name in path:
        pack = pack[int(name) if isinstance(pack, list) else name]
    return pack, int(last) if isinstance(pack, list) else last


def all_of(*edits: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """Several edits as one."""

    def edit(pack: dict[str, Any]) -> None:
        for one in edits:
            one(pack)

    return edit


def put(where: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """An edit that sets `exit.criteria.0.mover` and the like."""

    def edit(pack: dict[str, Any]) -> None:
        part, last = within(pack, where)
        part[last] = value

    return edit


def drop(where: str) -> Callable[[dict[str, Any]], None]:
    """An edit that takes something away."""

    def edit(pack: dict[str, Any]) -> None:
        part, last = within(pack, where)
        del part[last]

    return edit


def twice(where: str) -> Callable[[dict[str, Any]], None]:
    """An edit that repeats the last entry of a list."""

    def edit(pack: dict[str, Any]) -> None:
        part, last = within(pack, where)
        part[last].append(copy.deepcopy(part[last][-1]))

    return edit


def find(where: str) -> Any:
    """A part of the first pack."""
    part, last = within(PACK, where)
    return part[last]


STEPS, EXIT = "procedures.1.steps", "procedures[1].steps"
"""The steps of the exit, as they are edited and as they are told."""


def faults_of(*edits: Any) -> list[Fault]:
    """What is said about the first pack after some edits."""
    pack = copy.deepcopy(PACK)
    for edit in edits:
        edit(pack)
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(pack)
    return [*refusal.value.faults]
