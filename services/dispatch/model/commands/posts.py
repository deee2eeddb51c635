"""Links of cadres and villagers to a party, such as of deputies to a township's leading group."""

from shared.contracts import Command
from shared.contracts.values import Code, Organ, PartyId, Role


class BeginPost(Command, frozen=True, kw_only=True):
    """A cadre or villager is bound to a party in a kind of link of the pack: as a township's deputy (0.5), or as the
    leader of a village's project (2.11)."""

    about = "party"
    party: PartyId
    kind: Code
    unit: PartyId | None = None
    """The cadre's unit, with which the cadre is registered; nothing for a villager."""
    cadre: PartyId
    """The cadre, or the villager where villagers bear the kind of link."""
    post: Code | None = None
    """The post, where the pack names posts."""
    decided_by: Organ
    body: Role


class EndPost(Command, frozen=True, kw_only=True):
    """A cadre's or villager's link to a party ends by decision, such as a recall. The reason is not recorded, since it
    may be personal."""

    about = "party"
    party: PartyId
    kind: Code
    cadre: PartyId
    decided_by: Organ
    body: Role
