"""The way off the poverty list, and what is found after it (5.1)."""

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.values import Code, Organ, Role, Short, VillageId


class RequestExit(Command, frozen=True, kw_only=True):
    """Ask for the village's removal from the list. Refused unless it meets all criteria."""

    village: VillageId
    body: Role
    requested_by: Organ


class WithdrawExit(Correction, frozen=True, kw_only=True):
    """The request for the exit is taken back. Refused once the households to visit have been drawn."""

    village: VillageId


class ApproveExit(Command, frozen=True, kw_only=True):
    """A named body approves the removal or refuses it. A refusal leads back to the step that the pack names."""

    village: VillageId
    step: Code | None = None
    """The step that is taken, as the task names it. An announcement or a filing must name it, so that an approval that
    was sent twice is not taken for one."""
    approved: bool
    body: Role
    decided_by: Organ


class DecideMeasures(Command, frozen=True, kw_only=True):
    """A named body decides what is done for a village that misses criteria after its exit (出列指标回落)."""

    village: VillageId
    measures: Short
    """What is done: 产业、就业、饮水等帮扶措施. It is published, so it names no person."""
    body: Role
    decided_by: Organ
