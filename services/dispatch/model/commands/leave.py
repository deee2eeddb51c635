"""Leave of members of a team: asked for, decided, and over."""

from shared.contracts import Command
from shared.contracts.values import Code, Day, Number, Organ, PartyId, Role, VillageId


class RequestLeave(Command, frozen=True, kw_only=True):
    """The team asks for a member's leave, in writing. Why is said by the kind alone."""

    village: VillageId
    cadre: PartyId
    kind: Code
    first: Day
    last: Day
    asked_by: Organ
    body: Role


class DecideLeave(Command, frozen=True, kw_only=True):
    """Whoever the pack names for its length grants leave or does not. Leave that has not begun can be taken back so."""

    village: VillageId
    number: Number
    """The number of the request within the village, as the task says it."""
    granted: bool
    decided_by: Organ
    body: Role


class DecideReturn(Command, frozen=True, kw_only=True):
    """After long leave the organisation department decides whether the cadre comes back to the team.

    Who was sent meanwhile then goes home; both are nobody's recall.
    """

    village: VillageId
    number: Number
    returns: bool
    decided_by: Organ
    body: Role
