"""To match villages with units, and to choose another unit or team than was proposed."""

from typing import Annotated

from msgspec import Meta

from services.dispatch.model.commands.withdrawal import Withdrawal
from shared.contracts import Command
from shared.contracts.dispatch import Member
from shared.contracts.values import Organ, PartyId, Reason, Role, RunId, VillageId


class SolveMatching(Command, frozen=True, kw_only=True):
    """Match all diagnosed villages of a jurisdiction with units (3.2). It only proposes: a named body assigns them."""

    about = "matching"
    is_long = True
    matching: RunId
    """A name for this run, such as `2014-1`. A run with the same name is a repetition and changes nothing."""
    asked_by: Organ
    body: Role


class ChooseTeam(Command, frozen=True, kw_only=True):
    """The organisation department chooses another unit or other cadres than the matching proposed (3.2–3.4).

    The same rules hold as for the matching. A dry run tells beforehand how many points the choice costs.
    """

    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(max_length=50)] = ()
    """Who goes, in which role. If it is left out, the unit's team is formed by the rules of the matching."""
    reason: Reason
    decided_by: Organ
    body: Role


class NominateTeam(Command, frozen=True, kw_only=True):
    """The matched unit nominates who goes (派出单位推荐, 5.13). The rules for a team hold."""

    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(min_length=1, max_length=50)]
    nominated_by: Organ
    body: Role


class ReviewNomination(Command, frozen=True, kw_only=True):
    """The organisation department reviews a nomination: it approves it, or sends it back to the unit (5.13)."""

    village: VillageId
    approved: bool
    reason: Reason | None = None
    """Why it is sent back; needed then, and for nothing else."""
    decided_by: Organ
    body: Role


class WithdrawMatch(Withdrawal, frozen=True, kw_only=True):
    """Take a match back before the team is assigned. Unit and cadres are on offer again; the village needs a unit."""
