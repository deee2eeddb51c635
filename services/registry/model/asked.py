"""Lists beside the poverty list on which every poor village has to be, such as one of modes of development (4.2).

    on the poverty list ─► asked for by a day ─► on the list, or told as overdue once and still awaited

A village that leaves such a list while it is still poor is asked for again.
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
    """A village was put on the poverty list, so it is asked for on each list on which all poor villages have to be.

    A village that was taken over may have left the poverty list already; it is not asked for.
    """
    if event.left:
        return Change(village)
    there = {one.kind for one in village.listings.values() if one.party is None}
    kinds = (kind for kind in policy.lists if kind.kind not in there)
    return Change(village, tuple(_asked(kinds, event.place, event.village, policy, today)))


def again(village: Village | None, event: ListingEnded, policy: Policy, today: date) -> Change:
    """A village has left a list. If it is still poor and every poor village has to be there, it is asked for again."""
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
    """The village has to be on the list by the day that the event names."""
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
    """The ids of the listings that may be waiting for the village."""
    return (f"{one.kind}/{event.village}" for one in policy.lists)


def lapse(
    listing: Listing | None,
    _event: VillageDelisted | VillageUnlisted | VillageWithdrawn | VillageMerged,
    _policy: Policy,
    _today: date,
) -> Change:
    """The village is no longer on the poverty list, so it need not be on this list either."""
    return Change(listing and listing.asked_no_more())


def fall_due(listing: Listing, _due: Due, policy: Policy, _today: date) -> Change:
    """The last day for entering the list is over. An event says so once, and the village is still awaited.

    If the pack no longer asks every poor village to be on this list, the waiting ends without an event.
    """
    kind = policy.list_kind(listing.sort)
    if listing.enter_by is None or kind is None or kind.each_poor is None:
        return Change(listing.asked_no_more())
    if listing.is_told:
        return Change(listing.timed(enter=None))
    told = EntryOverdue(
        place=listing.place, village=listing.village, kind=listing.sort, due=listing.enter_by, owed_by=kind.by
    )
    return Change(listing.but(is_told=True).timed(enter=None), (told,))
