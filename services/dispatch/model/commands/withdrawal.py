"""What every command has that takes back something entered by mistake."""

from shared.contracts import Command
from shared.contracts.values import Organ, Reason, Role, VillageId


class Withdrawal(Command, frozen=True, kw_only=True):
    """The fields of every command that takes back something entered by mistake."""

    village: VillageId
    reason: Reason
    decided_by: Organ
    body: Role
