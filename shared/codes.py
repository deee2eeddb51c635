"""A village's division codes: whoever names it by any of them reaches it by its stable id.

The code under which a village was first registered is its id. Every later one is an alias, kept here in each service
that takes commands about villages (Regulation on Administrative Divisions 17).
"""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from shared.contracts import Command, Payload
from shared.contracts.registry import VillageRecoded
from shared.contracts.values import VillageId
from shared.policy import Policy
from shared.rules import Change, State


class Code(State, frozen=True, kw_only=True):
    """A code that a village has or had, and that is not its id."""

    kind = "codes"
    village: str

    @property
    def status(self) -> str:
        return self.village


def aliased(_code: Code | None, event: VillageRecoded, _policy: Policy, _today: date) -> Change:
    """From now on the new code leads to the village; the registry has seen to it that it leads to no other."""
    return Change(Code(id=event.code, place=event.code[:6], village=event.village))


@cache
def _fields(command: type[Payload]) -> tuple[str, ...]:
    """The fields in which a command names villages that are registered already."""
    if not issubclass(command, Command):
        return ()
    hints = get_type_hints(command, include_extras=True)
    return tuple(field for field in command.__struct_fields__ if _names_villages(hints[field]))


def _names_villages(hint: Any) -> bool:
    if hint == VillageId:
        return True
    inner = hint.__origin__ if get_origin(hint) is Annotated else hint
    return any(part == VillageId for part in get_args(inner))


def named(payload: Payload) -> Iterable[str]:
    """The codes by which a command names villages; an event names them by their ids always."""
    for field in _fields(type(payload)):
        value = getattr(payload, field)
        yield from value if isinstance(value, tuple) else (value,) if value else ()


def resolved(payload: Payload, ids: dict[str, str]) -> Payload:
    """The command with ids in the place of those codes that are aliases."""
    if not ids:
        return payload
    changes = {}
    for field in _fields(type(payload)):
        value = getattr(payload, field)
        many = isinstance(value, tuple)
        changes[field] = tuple(ids.get(code, code) for code in value) if many else ids.get(value, value)
    return msgspec.structs.replace(payload, **changes)
