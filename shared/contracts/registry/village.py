"""Villages, their codes, and the poverty list."""

from typing import Annotated

from msgspec import Meta

from shared.contracts import Event
from shared.contracts.calendar import Movement
from shared.contracts.values import (
    Day,
    DerivedId,
    DivisionCode,
    Name,
    Number,
    Organ,
    OrganOrNone,
    Place,
    Population,
    Reason,
    RunId,
    Short,
    ShortOrNone,
    VillageId,
    Villages,
)

Matters = Annotated[tuple[RunId, ...], Meta(max_length=5000)]


class VillageRegistered(Event, frozen=True, kw_only=True):
    """A village was registered under its division code, or again with other data."""

    label = ("村登记", "village registered")
    village: VillageId
    name: Name
    township: Name
    population: Population
    issued_by: Organ | None = None
    """The county's organ that gave the village its code; None for codes of the statistics bureau, which gave them until
    2024."""
    reason: Reason | None = None
    """Why the population differs so much from the former figure; needed only if it does."""


class VillageWithdrawn(Event, frozen=True, kw_only=True):
    """The registration of a village was withdrawn: it was a mistake, and nothing depended on it yet."""

    label = ("撤销村登记", "village registration withdrawn")
    village: VillageId
    reason: Reason
    decided_by: Organ


class VillageRecoded(Event, frozen=True, kw_only=True):
    """The division code of a village changed; its stable id did not. `place` is still the division it comes from."""

    label = ("区划代码变更", "division code changed")
    village: VillageId
    code: DivisionCode
    """The new code of 12 digits. Its first six are the `place` of all later events about the village."""
    since: Day
    document: ShortOrNone = ""
    decided_by: OrganOrNone = ""
    matters: Matters = ()
    """The village's own matters, which move to the new division with it."""
    listings: Annotated[tuple[DerivedId, ...], Meta(max_length=5000)] = ()
    """Its places on lists and those of its organisations, which move with it."""


class VillageMerged(Event, frozen=True, kw_only=True):
    """A village was merged into another, which goes on under its own id (Regulation on Administrative Divisions).

    `village` ends. What belonged to it goes over to `into` or is closed, as each service's rules say.
    """

    label = ("村合并", "village merged into another")
    source = "Regulation on Administrative Divisions"
    village: VillageId
    into: VillageId
    into_place: Place
    since: Day
    document: Short
    decided_by: Organ


class VillageSplit(Event, frozen=True, kw_only=True):
    """Parts of a village became villages of their own. `village` goes on and keeps all that belongs to it."""

    label = ("村分设", "village split")
    village: VillageId
    successors: Villages
    """The new villages, which are registered at the same time. Each is on the list from the beginning if `village`
    is."""
    since: Day
    document: Short
    decided_by: Organ


class VillageListed(Event, frozen=True, kw_only=True):
    """A village entered the poverty list, or entered it again after a relapse."""

    label = ("列入贫困村", "entered the poverty list")
    village: VillageId
    spell: Number = 1
    """1 for the first time on the list, 2 after one relapse, and so on."""
    since: Day | None = None
    """The day of the listing, if it lies before the county began to use this system."""
    left: Day | None = None
    """The day on which it left the list, if it has left it already: it was taken over into this system after its exit,
    or was a part of such a village."""


class VillageUnlisted(Event, frozen=True, kw_only=True):
    """A village was put on the list by mistake: the listing counts as never made. This is no exit."""

    label = ("撤销列入", "listing withdrawn")
    village: VillageId
    spell: Number
    reason: Reason
    decided_by: Organ


class DeadlineMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved the last day of something that is owed or open in a village."""

    label = ("期限变更", "deadline moved")
    village: VillageId
