"""A village's division codes and its name: an officer may name a village by any code that it has or had.

The code under which a village was first registered is its id for ever. Codes change, and new ones are issued within a
month (Regulation on Administrative Divisions 17). Every later code is an alias of the id. Each service that takes
commands about villages keeps the aliases and replaces them by the id. A service that keeps no villages itself also
keeps the name with the id, so that officers see it beside the code.
"""

from datetime import date
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from shared.contracts import Command
from shared.contracts.registry import VillageRecoded, VillageRegistered
from shared.contracts.values import VillageId
from shared.divisions import place_of
from shared.policy import Policy
from shared.rules import Change, Key, State


class Code(State, frozen=True, kw_only=True):
    """A code that a village has or had: an alias of its id, or the id itself with the village's name."""

    kind = "codes"
    known_as = ("村区划代码沿革", "a code of a village")
    village: str
    name: str = ""
    """What the village is called. Only the state of the id has it, since an alias leads there."""
    later: dict[str, str] = msgspec.field(default_factory=dict)
    """The codes that the village got later, by the day on which this service heard of it, such as `2016-06-01`. Only
    the state of the id has them. They tell in which township a village lies now, and lay on an earlier day."""

    @property
    def status(self) -> str:
        return self.village

    def on(self, day: date) -> str:
        """The code of the village on a day."""
        return next((code for since, code in sorted(self.later.items(), reverse=True) if since <= str(day)), self.id)


def aliased(code: Code | None, event: VillageRecoded, _policy: Policy, _today: date) -> Change:
    """Keep the new code as an alias. The registry has checked that no other village has it.

    A village that comes back to the code that is its id keeps its name there.
    """
    known = code or Code(id=event.code, place="", village=event.village)
    return Change(known.but(place=place_of(event.code), village=event.village))


def moved(code: Code | None, event: VillageRecoded, _policy: Policy, today: date) -> Change:
    """Keep, in the state of the id, which code the village has from now on."""
    known = code or Code(id=event.village, place=event.place, village=event.village)
    return Change(known.but(place=place_of(event.code), later={**known.later, str(today): event.code}))


def called(code: Code | None, event: VillageRegistered, _policy: Policy, _today: date) -> Change:
    """Keep what a village is called. A village that is registered again may have got another name."""
    if code and code.name == event.name:
        return Change(code)
    known = code or Code(id=event.village, place="", village=event.village)
    return Change(known.but(place=event.place, name=event.name))


@cache
def _fields(command: type[Command]) -> tuple[str, ...]:
    """The fields in which a command names registered villages."""
    hints = get_type_hints(command, include_extras=True)
    return tuple(field for field in command.__struct_fields__ if _names_villages(hints[field]))


def _names_villages(hint: Any) -> bool:
    if hint == VillageId:
        return True
    inner = hint.__origin__ if get_origin(hint) is Annotated else hint
    return any(part == VillageId for part in get_args(inner))


def aliases(command: Command) -> list[Key]:
    """For each code by which a command names a village: the key under which that code is kept if it is an alias."""
    keys = list[Key]()
    for field in _fields(type(command)):
        value = getattr(command, field)
        if isinstance(value, tuple):
            keys += [(Code, code) for code in value]
        elif value:
            keys.append((Code, value))
    return keys


def resolved(command: Command, ids: dict[str, str]) -> Command:
    """The command with each alias replaced by the village's id; `ids` has the id of each alias."""
    changes = {}
    for field in _fields(type(command)):
        value = getattr(command, field)
        many = isinstance(value, tuple)
        changes[field] = tuple(ids.get(code, code) for code in value) if many else ids.get(value, value)
    return msgspec.structs.replace(command, **changes)
