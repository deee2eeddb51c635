"""Parties that help a village (1.12, 2.17): pairs, promises and what came of them; and visits (2.11)."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.contracts import Command
from shared.contracts.dispatch import Amounts, Visited
from shared.contracts.values import Code, Day, Organ, PartyId, Revision, Role, VillageId, Year


class BeginPartner(Command, frozen=True, kw_only=True):
    """A party is paired with a village in a kind of link of the pack, such as a firm (1.12)."""

    village: VillageId
    kind: Code
    party: PartyId
    paired: PartyId | None = None
    """The village's own party with which it is paired, where the pack pairs parties, such as branches (2.17)."""
    decided_by: Organ
    body: Role


class EndPartner(Command, frozen=True, kw_only=True):
    """A party is no longer paired with a village. What it had promised and not given is told."""

    village: VillageId
    kind: Code
    party: PartyId
    because: Literal["agreed", "insolvent", "mistaken", "other"]
    decided_by: Organ
    body: Role


class PledgeSupport(Command, frozen=True, kw_only=True):
    """A partner promises amounts for a year (1.12)."""

    village: VillageId
    kind: Code
    party: PartyId
    year: Year
    pledged: Amounts
    pledged_by: Organ
    """The partner, as an organ."""
    body: Role
    replaces: Revision | None = None
    """To change a promise that was made: the version that the refusal names."""


class ReportSupport(Command, frozen=True, kw_only=True):
    """What of a partner's promise for a year has come, all of the year together (1.12)."""

    village: VillageId
    kind: Code
    party: PartyId
    year: Year
    delivered: Amounts
    reported_by: Organ
    body: Role
    replaces: Revision | None = None
    """To say less than was said before, or to correct a comparison: the version that the refusal names."""


class CountVisits(Command, frozen=True, kw_only=True):
    """How often each who is bound to a village came in a period (2.11). Nobody checks in for this."""

    village: VillageId
    kind: Code
    last: Day
    """The last day of the period, as the task says it."""
    visited: Annotated[tuple[Visited, ...], Meta(max_length=200)]
    counted_by: Organ
    body: Role
    replaces: Revision | None = None
    """To correct a period that was counted: the version that the refusal names."""
