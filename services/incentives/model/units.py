"""What units are called, so that whoever decides on a case sees the unit's name beside its number."""

from datetime import date

from shared.contracts.registry import UnitRegistered
from shared.policy import Policy
from shared.rules import Change, State


class Unit(State, frozen=True, kw_only=True):
    """A unit's name, kept under the unit's id."""

    kind = "units"

    name: str


def called(_unit: Unit | None, event: UnitRegistered, _policy: Policy, _today: date) -> Change:
    """Keep what a unit is called. One that is registered again may have got another name."""
    return Change(Unit(id=event.unit, place=event.place, name=event.name))
