"""A unit's team in a village, from its assignment to its release."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts import Event
from shared.contracts.calendar import Movement
from shared.contracts.values import Code, Count, Day, DerivedId, Number, Organ, PartyId, Reason, VillageId

Role = Literal["leader", "member"]


class Member(msgspec.Struct, frozen=True):
    """A cadre's link to the village in a role."""

    cadre: PartyId
    role: Role


class TeamNominated(Event, frozen=True, kw_only=True):
    """The sending unit nominated who goes to the village. The organisation department is to review it (5.13)."""

    label = ("推荐工作队人选", "team nominated")
    source = "5.13"
    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    nominated_by: Organ


class NominationReviewed(Event, frozen=True, kw_only=True):
    """The organisation department reviewed a nomination: the team may be assigned, or the unit nominates again (5.13).

    It is sealed, since the reason may be about a person.
    """

    label = ("审核工作队人选", "nomination reviewed")
    source = "5.13"
    sealing = "always"
    village: VillageId
    unit: PartyId
    approved: bool
    reason: Reason | None = None
    """Why it was sent back to the unit; None if it was approved."""
    decided_by: Organ


class TeamAssigned(Event, frozen=True, kw_only=True):
    """The organisation department assigned unit and team to the village: the term begins."""

    label = ("工作队派驻", "team assigned")
    village: VillageId
    unit: PartyId
    spell: Number
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    term_start: Day
    term_end: Day
    assigned_by: Organ


class HelpBegun(Event, frozen=True, kw_only=True):
    """All that the pack asks for at the start is set: letter, plans, lists and ledger as the region has them."""

    label = ("进入帮扶阶段", "help begun")
    village: VillageId
    unit: PartyId


class TermExtended(Event, frozen=True, kw_only=True):
    """Unit and team stay longer in the village (mechanism 3.11).

    The term ended before the exit (不脱贫不脱钩), or a body decided so about a unit that had not done what it owed."""

    label = ("延长帮扶期限", "term extended")
    source = "3.11"
    village: VillageId
    unit: PartyId
    until: Day
    extension: Number
    outcome: DerivedId | None = None
    """The outcome by which a body decided it; None where the village was on a list at the end of the term."""


class ExtensionWithdrawn(Event, frozen=True, kw_only=True):
    """The decision by which a unit was to stay longer was taken back or overturned, while that time had not begun."""

    label = ("取消延长帮扶期限", "extension withdrawn")
    source = "3.11"
    village: VillageId
    unit: PartyId
    until: Day
    """The last day without it."""
    outcome: DerivedId


class TermEnded(Event, frozen=True, kw_only=True):
    """The term is over, and the pack extends none: the team goes home, and the village gets another one (到期轮换).

    `dispatch.team.released` follows, and after the next matching another assignment.
    """

    label = ("任期届满", "term ended")
    source = "2.10"
    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    until: Day
    """The last day of the term."""


class TeamKept(Event, frozen=True, kw_only=True):
    """The village left the list; the team stays for the transition (摘帽不摘帮扶)."""

    label = ("出列后继续驻村", "team stays after the exit")
    village: VillageId
    unit: PartyId
    until: Day


class TeamReleased(Event, frozen=True, kw_only=True):
    """A team is released, since all that it owed in the village is settled. This is never before the exit (2.13)."""

    label = ("工作队期满撤离", "team released")
    source = "2.13"
    village: VillageId
    unit: PartyId
    spell: Number
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    served_days: Count


class AssignmentWithdrawn(Event, frozen=True, kw_only=True):
    """A team was assigned by mistake. Unit and team are only proposed again, as after the matching."""

    label = ("撤销派驻", "assignment withdrawn")
    village: VillageId
    unit: PartyId
    reason: Reason
    decided_by: Organ


class DeadlineMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved the last day of something that is owed or open in a village."""

    label = ("期限变更", "deadline moved")
    village: VillageId


class TeamDisbanded(Event, frozen=True, kw_only=True):
    """A team's work ended without an exit: the village no longer exists, or should not have been on the list."""

    label = ("工作队因故撤离", "team sent home without an exit")
    village: VillageId
    unit: PartyId
    spell: Count
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    ground: Code
    """Why: `merged` (into a village with a team of its own), `unlisted`, `withdrawn` or `undiagnosed`."""
