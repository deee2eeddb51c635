"""What is on a list in a city or a province, and whether it has a place left where a pack limits them (2.22, 4.9)."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from services.registry.model.roster import Roster
from shared.contracts.registry import ListingBegun, ListingEnded
from shared.divisions import around, part_of, place_of
from shared.policy import Policy
from shared.policy.lists import ListKind
from shared.rules import Change, Key, State


class Roll(State, frozen=True, kw_only=True, omit_defaults=True):
    """What is on a list in a city, or in a province whose pack says how many places there are. Its id is
    `<division>/<list>`. For a county the same is kept in its roster (`roster.py`)."""

    kind = "rolls"
    known_as = ("名单在册对象", "who is on a list")
    members: tuple[str, ...] = ()
    """The subjects, sorted. A village that moves to another division is counted where it was listed."""


def counting(place: str, kind: str) -> Iterable[Key]:
    """The states that know how much is on a list in the divisions around a place."""
    yield Roster, place
    yield from ((Roll, f"{division}/{kind}") for division in around(place))


def has_room(kind: ListKind, policy: Policy, others: Mapping[Key, State | None], more: int = 0) -> bool:
    """Whether there is a place for one more on the list, after `more` others that are not counted yet.

    The places are counted in the division whose pack says how many there are.
    """
    if kind.at_most is None:
        return True
    frame = policy.layer("lists", kind.kind)
    roll, roster = others.get((Roll, f"{frame}/{kind.kind}")), others.get((Roster, frame))
    there = {*(roll.members if isinstance(roll, Roll) else ())}
    there |= {*(roster.listed.get(kind.kind, ()) if isinstance(roster, Roster) else ())}
    return len(there) + more < kind.at_most


def in_city(event: ListingBegun, _policy: Policy) -> Iterable[str]:
    """The roll of the city. It counts every list, since a pack may say later how many places there are."""
    return (f"{part_of(event.place, 'city')}/{event.kind}",)


def in_province(event: ListingBegun, policy: Policy) -> Iterable[str]:
    """The roll of the province, if its pack says how many places there are."""
    kind, province = policy.list_kind(event.kind), part_of(event.place, "province")
    limited = kind and kind.at_most and policy.layer("lists", event.kind) == province
    return (f"{province}/{event.kind}",) if limited else ()


def rolls(event: ListingEnded, _policy: Policy) -> Iterable[str]:
    """The rolls that may have counted it: of the divisions where it lies now, and of those where it lay first."""
    codes = (*around(event.place), *around(event.village or event.place))
    return dict.fromkeys(f"{code}/{event.kind}" for code in codes)


def count(
    roll: Roll | None, event: ListingBegun, _policy: Policy, _today: date, level: Literal["city", "province"]
) -> Change:
    """One more is on the list."""
    division = part_of(event.place, level)
    roll = roll or Roll(id=f"{division}/{event.kind}", place=place_of(division))
    return Change(roll.but(members=tuple(sorted({*roll.members, event.listing}))))


def discount(roll: Roll | None, event: ListingEnded, _policy: Policy, _today: date) -> Change:
    """One is off the list."""
    return Change(roll and roll.but(members=tuple(one for one in roll.members if one != event.listing)))
