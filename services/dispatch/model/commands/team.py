"""To assign a team, and to take that back."""

from services.dispatch.model.commands.withdrawal import Withdrawal
from shared.contracts import Command
from shared.contracts.values import Organ, Role, VillageId


class AssignTeam(Command, frozen=True, kw_only=True):
    """The organisation department assigns the matched unit and team to the village: the term begins."""

    village: VillageId
    assigned_by: Organ
    body: Role


class WithdrawAssignment(Withdrawal, frozen=True, kw_only=True):
    """Take an assignment back before anything depends on it. Unit and team are only proposed again."""
