"""What units are called, so that whoever decides on a case sees the unit's name beside its number, and their level."""

from datetime import date

from shared.contracts.registry import UnitRegistered
from shared.divisions import Level
from shared.policy import Policy
from shared.rules import Change, State


class Unit(State, frozen=True, kw_only=True):
    """A unit's name and level, kept under the unit's id."""

    kind = "units"
    known_as = ("派出单位概况", "what is kept of a unit")

    name: str
    level: Level | None = None
    """By it the authority over its cadres is known. None if an earlier version kept the unit."""


def called(_unit: Unit | None, event: UnitRegistered, _policy: Policy, _today: date) -> Change:
    """Keep what a unit is called, and its level. One that is registered again may have got others."""
    return Change(Unit(id=event.unit, place=event.place, name=event.name, level=event.level))
