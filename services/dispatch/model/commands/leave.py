"""Leave of members of a team: asked for, decided, and over."""

from shared.contracts import Command
from shared.contracts.values import Code, Day, Number, Organ, PartyId, Role, VillageId


class RequestLeave(Command, frozen=True, kw_only=True):
    """The team asks for a member's leave, in writing. No other reason is given than its kind."""

    village: VillageId
    cadre: PartyId
    kind: Code
    first: Day
    last: Day
    asked_by: Organ
    body: Role


class DecideLeave(Command, frozen=True, kw_only=True):
    """Whoever the pack names for its length grants leave or does not. Granted leave is taken back in the same way,
    until long leave has begun."""

    village: VillageId
    number: Number
    """The number of the request within the village, as the task says it."""
    granted: bool
    decided_by: Organ
    body: Role


class DecideReturn(Command, frozen=True, kw_only=True):
    """After long leave the organisation department decides whether the cadre comes back to the team.

    If the cadre does, whoever was sent meanwhile goes home. Neither is a recall.
    """

    village: VillageId
    number: Number
    returns: bool
    decided_by: Organ
    body: Role
