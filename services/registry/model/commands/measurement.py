"""A year's figures of villages and divisions (1.18)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from services.registry.model.commands.correction import Correction
from services.registry.model.commands.register import HouseholdFacts
from shared.contracts import Command
from shared.contracts.values import (
    Codes,
    DivisionRef,
    Figures,
    Organ,
    Population,
    Revision,
    ShortOrNone,
    VillageId,
    Year,
)


class MeasureIndicators(Command, frozen=True, kw_only=True):
    """The year's figures by the codes of the pack's criteria and indicators, except those that are computed (1.18)."""

    village: VillageId
    year: Year
    values: Figures = msgspec.field(default_factory=dict)
    """Empty only where the pack computes all its figures from households."""
    estimated: Codes = ()
    """Which of them are estimates."""
    drawn_from: ShortOrNone = ""
    """Where they come from: a table, a survey, a document."""
    measured_by: Organ
    replaces: Revision | None = None


class WithdrawMeasurement(Correction, frozen=True, kw_only=True):
    """A year's figures were entered by mistake; the year is measured again."""

    village: VillageId
    year: Year


class CorrectFigures(Correction, frozen=True, kw_only=True):
    """Figures turn out to be wrong while an exit is under way. They are corrected, and the exit ends undecided."""

    village: VillageId
    year: Year
    population: Population | None = None
    households: Annotated[tuple[HouseholdFacts, ...], Meta(max_length=5000)] = ()
    values: Figures = msgspec.field(default_factory=dict)

    @property
    def facts_year(self) -> int:
        """The year about which it brings household facts; 0 if it brings none."""
        return self.year if self.households else 0


class RecordFigures(Command, frozen=True, kw_only=True):
    """A division's own figures of a year, such as its area (0.1), by the codes of the pack's indicators."""

    about = "division"
    division: DivisionRef
    year: Year
    values: Annotated[Figures, Meta(min_length=1)]
    estimated: Codes = ()
    drawn_from: ShortOrNone = ""
    recorded_by: Organ
    replaces: Revision | None = None
    """The version that a refusal named, to overwrite figures that differ."""


class WithdrawFigures(Correction, frozen=True, kw_only=True):
    """A division's figures of a year were recorded by mistake."""

    about = "division"
    division: DivisionRef
    year: Year
