"""Full release: whoever is in a village has no duties at home meanwhile."""

from typing import Annotated

from msgspec import Meta

from shared.contracts import Event
from shared.contracts.values import Count, Day, EventRole, Organ, PartyId, VillageId

Released = Annotated[tuple[PartyId, ...], Meta(max_length=50)]
"""Members of a team."""


class ReleaseConfirmed(Event, frozen=True, kw_only=True):
    """Members of a team have handed over all their duties at home, and work only in the village (全脱产, 0.3)."""

    label = ("确认全脱产", "release confirmed")
    source = "0.3"
    village: VillageId
    unit: PartyId
    released: Released
    confirmed_by: Organ


class ReleaseDoubted(Event, frozen=True, kw_only=True):
    """Members of a team have duties at home all the same. They are to be released anew. Sealed: it names persons."""

    label = ("发现未全脱产", "release doubted")
    source = "0.3"
    sealing = "always"
    village: VillageId
    unit: PartyId
    doubted: Released
    confirmed_by: Organ


class ReleaseMissed(Event, frozen=True, kw_only=True):
    """Members of a team were not released from their duties at home by the last day, as far as is confirmed."""

    label = ("全脱产未按期确认", "release missed")
    source = "0.3"
    village: VillageId
    unit: PartyId
    due: Day
    missing: Count
    """How many members it is."""
    owed_by: EventRole
