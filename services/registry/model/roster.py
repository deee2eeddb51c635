"""Which villages there are in a county, so that a figure of the county can tell if it leaves some of them out."""

from collections.abc import Iterable
from datetime import date

import msgspec

from shared.contracts.registry import (
    VillageMerged,
    VillageRecoded,
    VillageRegistered,
    VillageSplit,
    VillageWithdrawn,
)
from shared.divisions import place_of
from shared.policy import Policy
from shared.rules import Change, State


class Enrolled(msgspec.Struct, frozen=True, omit_defaults=True):
    """A village of the county under its present code."""

    code: str
    since: date | None = None
    """The day on which it came from another county or was split from another village; None if it did neither."""


class Roster(State, frozen=True, kw_only=True):
    """A county's villages by id."""

    kind = "rosters"
    villages: dict[str, Enrolled] = msgspec.field(default_factory=dict)

    def owing(self, division: str, opened: date) -> set[str]:
        """The villages of a division whose figures were due in the measurement that opened on a day.

        What came later was counted that year with the village or in the county that it came from.
        """
        code = division.partition(":")[2]
        here = {id: one for id, one in self.villages.items() if one.code.startswith(code)}
        return {id for id, one in here.items() if one.since is None or one.since < opened}


def place(event: VillageRegistered | VillageSplit | VillageMerged | VillageWithdrawn, _policy: Policy) -> Iterable[str]:
    """The county that an event is about."""
    return (event.place,)


def enrol(roster: Roster | None, event: VillageRegistered | VillageSplit, _policy: Policy, today: date) -> Change:
    """A village was registered, or some were split from another one."""
    roster = roster or Roster(id=event.place, place=event.place)
    if isinstance(event, VillageSplit):
        parts = {id: Enrolled(id, today) for id in event.successors}
        return Change(roster.but(villages={**roster.villages, **parts}))
    return Change(roster.but(villages={event.village: Enrolled(event.village), **roster.villages}))


def strike(
    roster: Roster | None, event: VillageMerged | VillageWithdrawn | VillageRecoded, _policy: Policy, _today: date
) -> Change:
    """A village is none any more, or lies in another county from now on."""
    if roster is None:
        return Change(None)
    return Change(roster.but(villages={id: one for id, one in roster.villages.items() if id != event.village}))


def left(event: VillageRecoded, _policy: Policy) -> Iterable[str]:
    """The county that a village leaves; none if it stays in it under another code."""
    return (event.place,) if place_of(event.code) != event.place else ()


def entered(event: VillageRecoded, _policy: Policy) -> Iterable[str]:
    """The county in which a village lies under its new code."""
    return (place_of(event.code),)


def recode(roster: Roster | None, event: VillageRecoded, _policy: Policy, today: date) -> Change:
    """A village has a new code. If it comes from another county, it counts here from that day on."""
    here = place_of(event.code)
    roster = roster or Roster(id=here, place=here)
    before = roster.villages.get(event.village)
    since = today if here != event.place else before.since if before else None
    return Change(roster.but(villages={**roster.villages, event.village: Enrolled(event.code, since)}))
