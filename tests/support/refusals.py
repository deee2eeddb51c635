"""What a refusal names beside its sentences: the rule that it rests on, the field to correct, and its HTTP status."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from shared.contracts import Command
from shared.labels import basis
from shared.policy.shipped import FILES, shipped
from shared.rules import Refused

_ROOT: Final = Path(__file__).parents[2]
_OF_THE_SYSTEM: Final = {"identity", "policy", "form", "contract", "share"}
"""Rules that no document gives: an id is used once, a form has its columns."""
_OF_FILES: Final = ("form", "contract")
"""Rules whose refusals name a column."""
_STATUS: Final = {404, 409, 422}

_DERIVED: Final = re.compile("（“?[^”）]*[a-z]/|=[a-z]")
"""An id of several parts in brackets, such as `talk/secretary_rating/S1/2015`, or a field with its code."""


@cache
def rules() -> frozenset[str]:
    """The mechanisms, the documents of the shipped packs, and what the system itself asks for."""
    rows = tomllib.loads((_ROOT / "docs/mechanisms.toml").read_text("utf-8"))
    packs = [shipped(path.stem) for path in FILES]
    return frozenset({*rows["mechanisms"], *(key for pack in packs for key in pack.documents)} | _OF_THE_SYSTEM)


_REPR: Final = re.compile(
    r"\bNone\b|\{\}|\[\]|\(\)|\b(?:frozenset|set|dict|tuple)\(|\bdatetime\.|[A-Za-z]\w*\(\w+=|<\w+ object"
)
"""A value as a program writes it, such as an empty one or a structure, in place of what it means."""
_FIELDS: Final = set[str]()
"""The fields of commands, as far as they were asked for."""


def _is_field(name: str) -> bool:
    if name not in _FIELDS:
        for kind in below(Command):  # Commands of tests are made while tests run.
            _FIELDS.update(kind.__struct_fields__)
    return name in _FIELDS


def below(kind: type[Any]) -> Iterator[type[Any]]:
    """All kinds that are made of a kind."""
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


def unfounded(refused: Refused) -> tuple[str, ...]:
    """What is wrong with these names."""
    found = []
    if refused.rule.partition(":")[0] not in rules() and not any(basis(refused.rule)):
        found.append(f"no such rule: {refused.rule}")
    if raw := {found[0] for text in (refused.zh, refused.en) for found in _REPR.finditer(text)}:
        found.append(f"a value as a program writes it: {', '.join(sorted(raw))} in {refused.zh} / {refused.en}")
    if _DERIVED.search(refused.zh):
        found.append(f"an id that the system made explains nothing to an officer: {refused.zh}")
    if refused.status not in _STATUS:
        found.append(f"no such status: {refused.status}")
    if (
        refused.field
        and not refused.differs
        and refused.rule not in _OF_FILES
        and not _is_field(refused.field.partition(".")[0].partition("[")[0])
    ):
        found.append(f"no command has such a field: {refused.field}")
    return tuple(found)
