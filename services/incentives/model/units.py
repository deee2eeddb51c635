"""The names of units, shown beside their ids to whoever decides on a case, and their levels."""

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
    """It tells who manages the unit's cadres (`managed` of an outcome). None if an earlier version kept the unit."""


def called(_unit: Unit | None, event: UnitRegistered, _policy: Policy, _today: date) -> Change:
    """Keep a unit's name and level. When a unit is registered again, both may be new."""
    return Change(Unit(id=event.unit, place=event.place, name=event.name, level=event.level))
