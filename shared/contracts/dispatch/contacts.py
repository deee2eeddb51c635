"""Cadres' own links to a village, such as leaders to contact points."""

from shared.contracts import Event
from shared.contracts.values import Code, Organ, OrganOrNone, PartyId, VillageId


class LinkBegun(Event, frozen=True, kw_only=True):
    """A cadre was bound to a village in a kind of link of the pack, such as a leader to a contact point (联系点)."""

    label = ("确定联系人", "link begun")
    source = "4.2"
    village: VillageId
    kind: Code
    unit: PartyId
    cadre: PartyId
    skill: Code | None = None
    """Of an expert the skill, by the pack's code (2.11)."""
    decided_by: Organ


class LinkEnded(Event, frozen=True, kw_only=True):
    """A cadre is no longer bound to a village in a kind of link."""

    label = ("解除联系", "link ended")
    source = "4.2"
    village: VillageId
    kind: Code
    cadre: PartyId
    ground: Code
    """Why: `decided` by the body that may, `delisted`, `merged`, `unlisted`, `withdrawn`, `undiagnosed`,
    `list_ended`, or
    `disqualified`: the cadre no longer fits. What of it, is personal and said to nobody."""
    decided_by: OrganOrNone
