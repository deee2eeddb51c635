"""Who leaves a team, and who comes instead."""

from shared.contracts import Event
from shared.contracts.dispatch.team import Role
from shared.contracts.values import Code, Organ, OrganOrNone, PartyId, Reason, VillageId


class MemberRecalled(Event, frozen=True, kw_only=True):
    """A cadre left the team by a decided recall; the unit owes a replacement (mechanism 2.20)."""

    label = ("召回", "member recalled")
    source = "2.20"
    village: VillageId
    unit: PartyId
    cadre: PartyId
    role: Role


class MemberReplaced(Event, frozen=True, kw_only=True):
    """The unit sent another cadre who meets the same rules."""

    label = ("补派", "member replaced")
    village: VillageId
    unit: PartyId
    recalled: PartyId
    cadre: PartyId
    role: Role
    replaced_by: OrganOrNone = ""
    """The organ that sent the other one, never a person; empty in events from before this was told."""


class ReplacementNominated(Event, frozen=True, kw_only=True):
    """The unit nominated who replaces a member. The organisation department is to review it (5.13)."""

    label = ("推荐补派人选", "replacement nominated")
    source = "5.13"
    village: VillageId
    unit: PartyId
    left: PartyId
    cadre: PartyId
    role: Role
    nominated_by: Organ


class ReplacementReviewed(Event, frozen=True, kw_only=True):
    """The organisation department reviewed who is to replace a member (5.13).

    The cadre joins the team, or the unit nominates another one. It is sealed, since the reason may be about a person.
    """

    label = ("审核补派人选", "replacement reviewed")
    source = "5.13"
    sealing = "always"
    village: VillageId
    unit: PartyId
    left: PartyId
    cadre: PartyId
    approved: bool
    reason: Reason | None = None
    """Why it was sent back to the unit; None if it was approved."""
    decided_by: Organ


class MemberLeft(Event, frozen=True, kw_only=True):
    """A cadre left the team without any recall, such as by transfer, illness or retirement; the unit owes another.

    The event does not say why, since that is personal; the deciding organ keeps the reason.
    """

    label = ("队员离队", "member left")
    village: VillageId
    unit: PartyId
    cadre: PartyId
    role: Role
    decided_by: Organ


class MemberDisqualified(Event, frozen=True, kw_only=True):
    """A cadre in a team was registered again, with data by which the cadre no longer meets the rules for the role.

    Nothing follows by itself: the organisation department decides whether the cadre stays.
    """

    label = ("队员不再符合条件", "member no longer qualifies")
    village: VillageId
    unit: PartyId
    cadre: PartyId
    role: Role
    rule: Code
    """`unit` if the unit has no such cadre any more, else `undisclosed`: which rule is not met is personal, and is kept
    with the team in `pools`. Events of earlier versions name the rule, such as `leader_rank`."""


class MemberRetained(Event, frozen=True, kw_only=True):
    """A named body decided that a member stays who no longer meets a rule for the role."""

    label = ("队员继续留任", "member stays")
    village: VillageId
    cadre: PartyId
    decided_by: Organ
