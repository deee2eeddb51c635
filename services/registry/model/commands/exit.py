"""The way off the poverty list, and what is found after it (5.1)."""

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.values import Organ, Role, VillageId


class RequestExit(Command, frozen=True, kw_only=True):
    """Ask for the village's removal from the list. Refused unless it meets all criteria."""

    village: VillageId
    body: Role
    requested_by: Organ


class WithdrawExit(Correction, frozen=True, kw_only=True):
    """The request for the exit is taken back before it is decided."""

    village: VillageId


class ApproveExit(Command, frozen=True, kw_only=True):
    """A named body approves the removal or refuses it. A refusal leads back to the same step as an upheld objection."""

    village: VillageId
    approved: bool
    body: Role
    decided_by: Organ


class ConfirmRelapse(Command, frozen=True, kw_only=True):
    """A named body decides whether a village that misses criteria after its exit has relapsed (出列指标回落)."""

    village: VillageId
    relapsed: bool
    body: Role
    decided_by: Organ
