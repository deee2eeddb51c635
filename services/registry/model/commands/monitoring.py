"""Households at risk of poverty: reports, visits, and the end of their monitoring by a named body."""

from typing import Literal

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.values import Code, Day, Organ, PartyId, Role, VillageId


class ReportRisk(Command, frozen=True, kw_only=True):
    """A household may fall into poverty: it said so, somebody found out on a visit, or a department's data show it.

    The report proposes the household to the body that asks for monitoring. It decides nothing.
    """

    village: VillageId
    household: PartyId
    watch_class: Code
    """The class in which it is to be watched, as the pack names it."""
    source: Literal["self", "visit", "department"]
    """How it became known: 自主申报, 干部排查 or 部门筛查预警."""
    on: Day
    reported_by: Organ


class WithdrawRisk(Correction, frozen=True, kw_only=True):
    """A report of a household at risk was a mistake."""

    village: VillageId
    household: PartyId


class ReviewHousehold(Command, frozen=True, kw_only=True):
    """A household that is watched was visited."""

    village: VillageId
    household: PartyId
    on: Day
    eased: bool
    """Whether its risk seems to be removed. It goes on being watched until the procedure for that has ended."""
    body: Role
    reviewed_by: Organ


class WithdrawMonitoring(Correction, frozen=True, kw_only=True):
    """A household is watched no more: it was watched by mistake, has moved away, or is no more."""

    village: VillageId
    household: PartyId
