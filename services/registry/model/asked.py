"""Lists on which each village of the poverty list is to be, as where each has its mode of development (4.2).

    on the poverty list ─► asked for by a day ─► on the list, or told as overdue once and still awaited

What leaves such a list while its village is poor is asked for again.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from services.registry.model.listing import Listing
from services.registry.model.village import LISTED, Village
from shared.calendar import DAY
from shared.contracts.registry import (
    EntryAsked,
    EntryOverdue,
    ListingEnded,
    VillageDelisted,
    VillageListed,
    VillageMerged,
    VillageUnlisted,
    VillageWithdrawn,
)
from shared.policy import Policy
from shared.policy.lists import ListKind
from shared.rules import Change, Due


def each(village: Village, event: VillageListed, policy: Policy, today: date) -> Change:
    """A village is on the poverty list. It is asked for on each list on which all such villages are to be, unless it
    has left the poverty list already."""
    if event.left:
        return Change(village)
    there = {one.kind for one in village.listings.values() if one.party is None}
    kinds = (kind for kind in policy.lists if kind.kind not in there)
    return Change(village, tuple(_asked(kinds, event.place, event.village, policy, today)))


def again(village: Village | None, event: ListingEnded, policy: Policy, today: date) -> Change:
    """It is off a list while it is poor, and is asked for again."""
    kind = policy.list_kind(event.kind)
    if village is None or kind is None or event.party or event.into or village.stage not in LISTED:
        return Change(village)
    return Change(village, tuple(_asked([kind], village.place, village.id, policy, today)))


def _asked(kinds: Iterable[ListKind], place: str, village: str, policy: Policy, today: date) -> Iterator[EntryAsked]:
    for kind in kinds:
        if kind.each_poor:
            due = kind.each_poor.due(today, policy.calendar)
            yield EntryAsked(place=place, village=village, kind=kind.kind, due=due)


def wait(listing: Listing | None, event: EntryAsked, policy: Policy, today: date) -> Change:
    """It is to be on the list by that day."""
    listing = listing or Listing(id=event.listing, place=event.place, sort=event.kind, village=event.village)
    if listing.last:
        return Change(listing)
    kind = policy.list_kind(event.kind)
    span = kind.each_poor.within if kind and kind.each_poor else None
    asked = listing.but(place=event.place, enter_by=event.due, is_told=False).timed(enter=event.due + DAY)
    return Change(asked.counting("enter_by", since=today, span=span, timer="enter"))


def of_poor(
    event: VillageDelisted | VillageUnlisted | VillageWithdrawn | VillageMerged, policy: Policy
) -> Iterable[str]:
    """The listings of a village on which it may be asked for."""
    return (f"{one.kind}/{event.village}" for one in policy.lists)


def lapse(
    listing: Listing | None,
    _event: VillageDelisted | VillageUnlisted | VillageWithdrawn | VillageMerged,
    _policy: Policy,
    _today: date,
) -> Change:
    """The village is on the poverty list no more, and need not be on this one."""
    return Change(listing and listing.asked_no_more())


def fall_due(listing: Listing, _due: Due, policy: Policy, _today: date) -> Change:
    """The day for it is over: that is told once, and the village is still awaited. What the pack asks for no more is
    not."""
    kind = policy.list_kind(listing.sort)
    if listing.enter_by is None or kind is None or kind.each_poor is None:
        return Change(listing.asked_no_more())
    if listing.is_told:
        return Change(listing.timed(enter=None))
    told = EntryOverdue(
        place=listing.place, village=listing.village, kind=listing.sort, due=listing.enter_by, owed_by=kind.by
    )
    return Change(listing.but(is_told=True).timed(enter=None), (told,))
