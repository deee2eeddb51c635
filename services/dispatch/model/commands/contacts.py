"""Cadres' own links to a village, such as leaders to contact points."""

from shared.contracts import Command
from shared.contracts.values import Code, Organ, PartyId, Role, VillageId, Year


class BeginLink(Command, frozen=True, kw_only=True):
    """A cadre is bound to a village in a kind of link of the pack, such as a leader to a contact point (4.2)."""

    village: VillageId
    kind: Code
    unit: PartyId
    """The cadre's unit, with which the cadre is registered."""
    cadre: PartyId
    skill: Code | None = None
    """For which skill, where the pack names skills: experts on tea, on breeding (2.11)."""
    exit_year: Year | None = None
    """The year in which the village leaves the list, where the pack asks for that promise (2.2)."""
    decided_by: Organ
    body: Role


class EndLink(Command, frozen=True, kw_only=True):
    """A cadre's link to a village ends by decision. The reason is not recorded, since it may be personal."""

    village: VillageId
    kind: Code
    cadre: PartyId
    decided_by: Organ
    body: Role
