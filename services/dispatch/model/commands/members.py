"""Who leaves a team, stays in it, or comes instead."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.contracts import Command
from shared.contracts.values import Day, DerivedId, Organ, PartyId, Reason, Role, VillageId

Cause = Literal["transferred", "ill", "retired", "resigned", "deceased", "disqualified", "other"]
"""Why a member leaves a team other than by a recall."""


class ReportDeparture(Command, frozen=True, kw_only=True):
    """A member leaves the team other than by a recall. The unit owes a replacement; it counts against nobody."""

    village: VillageId
    cadre: PartyId
    cause: Cause
    """The cause is kept here and published nowhere, since an illness is a private matter."""
    until: Day | None = None
    """For `ill` only: the last day on which the cadre cannot be sent. Without it the cadre is never sent again."""
    successor: PartyId | None = None
    """Who takes the role from that day on. A transfer may need one (2.13); else the unit may send one later."""
    decided_by: Organ
    body: Role


class AdjustTeam(Command, frozen=True, kw_only=True):
    """The organisation department says who leaves a team that is adjusted (组织调整); the unit sends others (2.20).

    Whoever leaves is not sent again. This is no recall, and counts against nobody.
    """

    village: VillageId
    outcome: DerivedId
    """The outcome by which the team is adjusted."""
    leaving: Annotated[tuple[PartyId, ...], Meta(min_length=1, max_length=50)]
    decided_by: Organ
    body: Role


class RetainMember(Command, frozen=True, kw_only=True):
    """A member who no longer meets a rule for the role stays by decision of the organisation department."""

    village: VillageId
    cadre: PartyId
    decided_by: Organ
    body: Role


class ReplaceMember(Command, frozen=True, kw_only=True):
    """The unit sends another cadre for one who was recalled or left (2.20, 3.3, 3.4). The rules of the role hold.

    A member of the team may become leader; then the unit owes a member. A cadre who left may come back.
    """

    village: VillageId
    left: PartyId
    """The cadre whose role is to be filled."""
    cadre: PartyId
    replaced_by: Organ
    """The organ, never a person: it is published."""
    body: Role


class ReviewReplacement(Command, frozen=True, kw_only=True):
    """The organisation department reviews who is to replace a member: it approves it, or sends it back (5.13)."""

    village: VillageId
    left: PartyId
    """The cadre whose role is to be filled."""
    approved: bool
    reason: Reason | None = None
    """Why it is sent back; needed then, and for nothing else."""
    decided_by: Organ
    body: Role
