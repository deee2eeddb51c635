"""The households of a village's register, and the years that are closed for them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.values import Day, Income, Organ, PartyId, Persons, Revision, VillageId, Year


class HouseholdFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known about a household, without any name."""

    household: PartyId
    """Its stable, pseudonymous id."""
    persons: Persons
    income: Income
    """Net income per person in yuan a year."""
    secured: bool
    """Two worries free, three guarantees (两不愁三保障)."""
    registered: bool = True
    """Whether it stands in the register of poor households (建档立卡)."""


class RecordHouseholds(Command, frozen=True, kw_only=True):
    """A year's facts about households. Households that are not named keep their latest facts."""

    village: VillageId
    year: Year
    households: Annotated[tuple[HouseholdFacts, ...], Meta(max_length=5000)]
    recorded_by: Organ
    replaces: Revision | None = None
    """The version that a refusal named, to overwrite facts that this year's list has already given."""

    @property
    def facts_year(self) -> int:
        """The year about which it brings household facts."""
        return self.year


class WithdrawHousehold(Correction, frozen=True, kw_only=True):
    """A household was entered by mistake, such as under a wrong id."""

    village: VillageId
    household: PartyId


class ReopenYear(Correction, frozen=True, kw_only=True):
    """A closed year's figures can be corrected until a given day. After that day the year closes by itself."""

    village: VillageId
    year: Year
    until: Day
