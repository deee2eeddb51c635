"""Leave of members of a team."""

from shared.contracts import Event
from shared.contracts.values import Code, Day, Organ, PartyId, VillageId


class LeaveGranted(Event, frozen=True, kw_only=True):
    """A member of a team was granted leave (请假). For long leave the unit sends somebody else for the time."""

    label = ("批准请假", "leave granted")
    sealing = "always"
    village: VillageId
    cadre: PartyId
    kind: Code
    first: Day
    last: Day
    replaced: bool
    decided_by: Organ


class LeaveRefused(Event, frozen=True, kw_only=True):
    """Leave was not granted, or was taken back before it began."""

    label = ("不批准请假", "leave refused")
    sealing = "always"
    village: VillageId
    cadre: PartyId
    kind: Code
    first: Day
    last: Day
    decided_by: Organ


class LeaveBegun(Event, frozen=True, kw_only=True):
    """Leave has begun during which the unit sends somebody else. It is no recall, and the member may come back."""

    label = ("离队休假", "leave begun")
    sealing = "always"
    village: VillageId
    unit: PartyId
    cadre: PartyId
    last: Day
    decided_by: Organ
