"""Whatever a service hears or is asked about what it does not know, it takes or refuses, and goes on.

What the services say on one day comes in any order, and somebody may name what nobody has registered.
"""

import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.access.permissions import WIRED
from shared.contracts import Command, Payload
from shared.contracts.registry import PolicyAdopted
from shared.contracts.values import ROLES
from shared.engine.flow import Cause, Missing, Result, States, Terms, Wiring, run
from shared.policy import PolicyBook
from shared.rules import Refused
from tests.support import bounds

PACKS = {
    name: tomllib.loads(Path(f"shared/policy/packs/{name}.toml").read_text("utf-8"))
    for name in ("national", "zunyi", "xixiu")
}
TODAY = date(2019, 6, 20)


def filled(struct: type[Payload], place: str) -> Any:
    """A message with something in all its fields, about a village and a county. Its sender saw nothing before."""
    message: Any = bounds.longest_of(struct, real=True)
    said = {"place": place, "division": place, "into_place": place, "village": f"{place}100201", "attempt": 1,
            "code": f"{place}100201", "into": f"{place}100202", "expects": None}  # fmt: skip
    return msgspec.structs.replace(message, **{name: said[name] for name in said if hasattr(message, name)})


def kinds(part: Any) -> Iterator[str]:
    """All codes that a pack gives to kinds."""
    if isinstance(part, dict):
        if isinstance(part.get("kind"), str):
            yield part["kind"]
        yield from (kind for value in part.values() for kind in kinds(value))
    elif isinstance(part, list):
        yield from (kind for value in part for kind in kinds(value))


def taken(wiring: Wiring, book: PolicyBook, message: Payload) -> Result:
    """What a service that knows nothing but its packs does with a message."""
    loaded: States = {}
    while True:
        try:
            return run(Terms(wiring, book, TODAY), [Cause("cause", "cause", message)], loaded)
        except Missing as missing:
            loaded |= dict.fromkeys(missing.keys)


@cache
def service(name: str, region: str) -> tuple[Wiring, PolicyBook]:
    """A service's reactions, and a book with the country's pack and a region's."""
    wiring, book = Wiring(WIRED[name].reactions, WIRED[name].due), PolicyBook()
    for pack in (PACKS["national"], PACKS[region]):
        place = pack["jurisdiction"].ljust(6, "0")
        adopted = PolicyAdopted(place=place, version=pack["version"], adopted_by="政府", pack=pack)
        assert not taken(wiring, book, adopted).parked
    return wiring, book


@pytest.mark.parametrize("region", ["zunyi", "xixiu"])
@pytest.mark.parametrize("name", WIRED)
def test_what_is_unknown_is_taken_or_refused_and_stops_nobody(name: str, region: str) -> None:
    wiring, book = service(name, region)
    codes = sorted({*kinds(PACKS[region])})
    place = f"{PACKS[region]['jurisdiction']:0<4}21"[:6]
    heard = 0
    for on in wiring.reactions:
        if "pack" in on.__struct_fields__ or getattr(on, "type", "").startswith(f"{name}."):
            continue  # What it says itself is about what it knows.
        message = filled(on, place)
        of_kind = "kind" in on.__struct_fields__
        bodies = cycle(sorted(ROLES))
        for kind in codes if of_kind else sorted(ROLES) if issubclass(on, Command) else ("",):
            said = {"kind": kind} if of_kind else {}
            if "body" in on.__struct_fields__:
                said["body"] = next(bodies)
            result = taken(wiring, book, msgspec.structs.replace(message, **said))
            assert all(isinstance(one.error, Refused) for one in result.parked), (on, kind, result.parked)
            heard += 1
    assert heard > 100
