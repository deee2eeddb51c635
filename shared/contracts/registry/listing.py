"""Events of lists beside the poverty list, and of the organisations that leave one by a rectification."""

from typing import Literal

from shared.contracts import Event
from shared.contracts.values import (
    Code,
    Codes,
    Count,
    Day,
    Number,
    Organ,
    OrganOrNone,
    PartyId,
    Reason,
    Role,
    RunId,
    Short,
    VillageId,
)

Ended = Literal["decided", "rectified", "expired", "mistaken", "merged"]
"""Why something left a list: a body decided it, a rectification was accepted, its term was over, it was never to be on
it, or its village was merged into another one."""


class Listed(Event, frozen=True, kw_only=True):
    """What the events about a list beside the poverty list have in common."""

    kind: Code
    """The list, as the pack names it."""
    village: VillageId | None = None
    """The village on it, or the village of the organisation on it. None if that belongs to no village."""
    party: PartyId | None = None
    """The organisation on it; None on a list of villages."""
    spell: Number
    """Which time it is on the list."""

    @property
    def subject_id(self) -> str:
        """The village, since what happens to it and to its organisations is told in one order; else the party."""
        return str(self.village or self.party)

    @property
    def listing(self) -> str:
        """The id of the listing: `weak_organisation/ORG-0012`."""
        return f"{self.kind}/{self.party or self.village}"


class ListingBegun(Listed, frozen=True, kw_only=True):
    """A village or an organisation is on a list beside the poverty list, such as that of demonstration points (2.22).

    It is told again, with the next spell, when its term begins anew, or it is in another mode from then on (4.2).
    """

    label = ("列入名单", "listing begun")
    source = "2.10"
    since: Day
    until: Day | None = None
    """The last day of its term; None without a term."""
    mode: Code | None = None
    """In which of the list's modes it is, such as `relocation`; None where the list has none."""
    document: Short
    decided_by: Organ
    restored: bool = False
    """Whether it is as it was before its term was begun anew by mistake."""
    reason: Reason | None = None
    """Why, if it is restored."""


class ListingOmitted(Event, frozen=True, kw_only=True):
    """A new village of a split is not on a list of the old one, since all places on that list are taken (2.22)."""

    label = ("未随原村列入名单", "listing omitted")
    source = "2.22"
    kind: Code
    """The list, as the pack names it."""
    village: VillageId
    """The new village."""
    at_most: Number
    """How many places there are."""


class OfCounty(Event, frozen=True, kw_only=True):
    """What the events about a county's places on a list have in common."""

    about = "place"
    kind: Code
    """The list, as the pack names it."""
    number: Count
    """How many the county has on it."""
    at_least: Number
    """How many it is to have at least."""


class ListUnfilled(OfCounty, frozen=True, kw_only=True):
    """A county has fewer on a list than its pack asks of each county, and the day for it has passed (2.22)."""

    label = ("名单未达最低数", "too few on a list")
    source = "2.22"
    due: Day


class ListFilled(OfCounty, frozen=True, kw_only=True):
    """A county that had too few on a list has enough now."""

    label = ("名单已达最低数", "enough on a list")
    source = "2.22"


class ListingEnded(Listed, frozen=True, kw_only=True):
    """A village or an organisation has left a list beside the poverty list."""

    label = ("移出名单", "listing ended")
    source = "2.10"
    ground: Ended
    reason: Reason | None = None
    """Why, if a body decided it or takes it back as a mistake."""
    into: VillageId | None = None
    """After a merger, the village that goes on."""
    decided_by: OrganOrNone = ""
    """The body that decided it; empty where the term was over."""


class EntryAsked(Event, frozen=True, kw_only=True):
    """A village on the poverty list is to be on another list by a day, as each such village is (4.2)."""

    label = ("应列入名单", "entry asked for")
    source = "4.2"
    kind: Code
    """The list, as the pack names it."""
    village: VillageId
    due: Day

    @property
    def listing(self) -> str:
        """The id of the listing: `relief_mode/520402104205`."""
        return f"{self.kind}/{self.village}"


class EntryOverdue(Event, frozen=True, kw_only=True):
    """A village on the poverty list is not on another list by its day, as each such village is to be (4.2)."""

    label = ("应列入而未列入名单", "entry overdue")
    source = "4.2"
    kind: Code
    """The list, as the pack names it."""
    village: VillageId
    due: Day
    owed_by: Role


class PartyRectified(Event, frozen=True, kw_only=True):
    """An organisation was put in order (整顿), and the body that accepts it has done so (0.6)."""

    label = ("整顿验收通过", "organisation put in order")
    source = "0.6"
    village: VillageId
    party: PartyId
    matter: RunId
    kind: Code
    """The procedure, as the pack names it."""
    found: Codes = ()
    """What was wrong, by the codes of its first step."""
    decided_by: Organ


class EntryDeclined(Event, frozen=True, kw_only=True):
    """Whoever keeps a list does not follow the proposal of a ranking: nothing is listed (2.6)."""

    about = "party"
    label = ("不予列入名单", "entry declined")
    source = "2.6"
    kind: Code
    """The list."""
    village: VillageId | None = None
    party: PartyId | None = None
    reason: Reason
    decided_by: Organ

    @property
    def subject_id(self) -> str:
        """The village or the organisation."""
        return str(self.village or self.party)
