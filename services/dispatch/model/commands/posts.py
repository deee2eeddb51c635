"""Cadres' own links to a party, such as deputies of a township's leading group."""

from shared.contracts import Command
from shared.contracts.values import Code, Organ, PartyId, Role


class BeginPost(Command, frozen=True, kw_only=True):
    """A cadre is bound to a party in a kind of link of the pack, such as a township's deputy (0.5)."""

    about = "party"
    party: PartyId
    kind: Code
    unit: PartyId
    """The cadre's unit, with which the cadre is registered."""
    cadre: PartyId
    post: Code | None = None
    """The post, where the pack names posts."""
    decided_by: Organ
    body: Role


class EndPost(Command, frozen=True, kw_only=True):
    """A cadre's link to a party ends by decision, such as a recall. Why is said to nobody, since it may be personal."""

    about = "party"
    party: PartyId
    kind: Code
    cadre: PartyId
    decided_by: Organ
    body: Role
