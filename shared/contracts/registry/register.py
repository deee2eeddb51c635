"""The households of a village's register, and the years that are closed for them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.contracts import Event
from shared.contracts.values import Code, Day, Organ, Parties, PartyId, Reason, RunId, VillageId, Year


class HouseholdWithdrawn(Event, frozen=True, kw_only=True):
    """A household was entered by mistake, such as under a wrong id, and counts in no figure any more."""

    label = ("撤销农户信息", "household withdrawn")
    village: VillageId
    household: PartyId
    reason: Reason
    decided_by: Organ


class HouseholdsLifted(Event, frozen=True, kw_only=True):
    """The households that a round lifts out of poverty. Sealed: it describes persons."""

    sealing = "always"
    label = ("农户脱贫", "households lifted")
    village: VillageId
    matter: RunId
    kind: Code
    households: Parties


class HouseholdsCounted(Event, frozen=True, kw_only=True):
    """Which registered households of a village are poor (0.2, 2.2).

    If the pack binds cadres to households, this is told whenever it changes. Sealed: it describes persons."""

    sealing = "always"
    label = ("核定贫困户", "poor households counted")
    source = "0.2"
    village: VillageId
    poor: Parties
    lifted: Parties
    """The registered households that are no longer poor."""
    former: VillageId | None = None
    """The village from which households came by a merger or a split, if that is why it is told."""
    came: Annotated[dict[PartyId, PartyId], Meta(max_length=20_000)] = msgspec.field(default_factory=dict)
    """The ids of these households in that village, each with its id in this one."""


class YearReopened(Event, frozen=True, kw_only=True):
    """A closed year was opened again for corrections. It closes by itself after the last day."""

    label = ("重开封存年度", "closed year reopened")
    village: VillageId
    year: Year
    until: Day
    """The last day on which its figures can be corrected."""
    delisted_on: Day | None = None
    """The day of the exit that was decided by this year's figures, if any. The exit stands unless a body decides
    otherwise."""
    reason: Reason
    decided_by: Organ


class YearClosed(Event, frozen=True, kw_only=True):
    """The time for corrections of a reopened year is over."""

    label = ("年度重新封存", "year closed again")
    village: VillageId
    year: Year
