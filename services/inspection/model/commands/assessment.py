"""Commands about the yearly assessment of teams."""

from typing import Literal

from shared.contracts import Command
from shared.contracts.values import Code, Organ, Reason, Representatives, Role, VillageId, Year


class DeliverReport(Command, frozen=True, kw_only=True):
    """The team delivers its yearly duty report (述职, mechanism 3.8)."""

    village: VillageId
    year: Year
    form: Literal["written", "oral"]
    body: Role
    delivered_by: Organ
    """The team or its unit; it is published, so it names no person."""


class HoldBallot(Command, frozen=True, kw_only=True):
    """Representatives of Party members and villagers voted on the team after its oral report (民主测评, 3.8)."""

    village: VillageId
    year: Year
    entitled: Representatives
    present: Representatives
    satisfied: Representatives
    body: Role
    held_by: Organ
    """The organ that held it. It names no person."""


class ConfirmGrade(Command, frozen=True, kw_only=True):
    """The organisation department decides the year's grade: the proposed one, or another that the caps allow."""

    village: VillageId
    year: Year
    grade: Code
    body: Role
    decided_by: Organ
    """The organ and its document; it is published, so it names no person."""


class ContestGrade(Command, frozen=True, kw_only=True):
    """The team asks for a review of its grade (复核, Civil Servant Law 95). The command `grades` answers it."""

    village: VillageId
    year: Year
    body: Role
    lodged_by: Organ
    """The team or its unit; it is published, so it names no person."""


class VoidInput(Command, frozen=True, kw_only=True):
    """The organisation department declares an input void that cannot come in, such as a missed visit."""

    village: VillageId
    year: Year
    channel: Code
    body: Role
    reason: Reason
    decided_by: Organ


class WithdrawInput(Command, frozen=True, kw_only=True):
    """The organisation department takes back a report or a ballot, or a void, that was entered by mistake."""

    village: VillageId
    year: Year
    channel: Code
    body: Role
    reason: Reason
    decided_by: Organ


class WithdrawGrade(Command, frozen=True, kw_only=True):
    """The organisation department takes back a grade that was a mistake. Refused once an outcome rests on it."""

    village: VillageId
    year: Year
    body: Role
    reason: Reason
    decided_by: Organ
