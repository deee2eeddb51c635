"""A year's figures of villages and divisions, with what they miss (1.18)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts import Event
from shared.contracts.values import (
    Code,
    Codes,
    DivisionRef,
    EventRole,
    Figure,
    Figures,
    Name,
    Organ,
    OrganOrNone,
    Place,
    Reason,
    RelationName,
    ShortOrNone,
    VillageId,
    Villages,
    Year,
)


class Unmet(msgspec.Struct, frozen=True):
    """One exit criterion that a village does not meet, and the role that can move it."""

    indicator: Code
    value: Figure | None
    bound: Figure
    mover: EventRole
    relation: Literal["", RelationName] = ""
    """How the value must be related to the bound, such as `at_least`; empty in events of earlier versions."""


class IndicatorsMeasured(Event, frozen=True, kw_only=True):
    """The indicators of a year; incidence is computed from household facts, never typed in (1.18)."""

    label = ("年度指标测算", "indicators measured")
    source = "1.18"
    village: VillageId
    year: Year
    values: Figures
    """Values by the codes of the pack's criteria, in the units of their bounds; incidence is a share from 0 to 1."""
    unmet: Annotated[tuple[Unmet, ...], Meta(max_length=200)] = ()
    measured_by: OrganOrNone = ""
    """The body that measured, never a person; empty if corrected household facts changed the figures."""
    line_year: Year | None = None
    """The year whose poverty line was used, if the pack has none for the measured year. Then a newer pack is needed."""
    estimated: Codes = ()
    """Which of the values are estimates."""
    drawn_from: ShortOrNone = ""
    """Where the values come from: a table, a survey, a document."""
    counted_in: Place | None = None
    """The division in whose totals the year counts, if the village has moved to another one since it was measured."""
    including: Villages = ()
    """Villages that were merged into this one, if the values are theirs as well."""


class MeasurementWithdrawn(Event, frozen=True, kw_only=True):
    """A year's figures were entered by mistake: that year is to be measured again."""

    label = ("撤销年度测算", "measurement withdrawn")
    village: VillageId
    year: Year
    reason: Reason
    decided_by: Organ
    counted_in: Place | None = None
    """The division in whose totals the year was counted, if the village has moved to another one since."""


class BracketChanged(Event, frozen=True, kw_only=True):
    """A village's figure moved into another bracket, such as that of its collective income (0.12)."""

    label = ("指标分档变化", "bracket changed")
    source = "0.12"
    village: VillageId
    year: Year
    figure: Code
    value: Figure
    bracket: Name
    """The bracket's name in the pack."""
    earlier: Name | None = None
    """The bracket before; None if there was no value before."""


class FloorMissed(Event, frozen=True, kw_only=True):
    """A village's figure is below its floor, such as what village cadres are paid (2.8)."""

    label = ("低于最低标准", "below the floor")
    source = "2.8"
    village: VillageId
    year: Year
    figure: Code
    value: Figure
    at_least: Figure
    mover: EventRole


class FloorMet(Event, frozen=True, kw_only=True):
    """A village's figure that was below its floor has reached it (2.8)."""

    label = ("达到最低标准", "floor reached")
    source = "2.8"
    village: VillageId
    year: Year
    figure: Code
    value: Figure
    at_least: Figure


class FiguresRecorded(Event, frozen=True, kw_only=True):
    """A division's own figures of a year were recorded, such as its area (0.1)."""

    label = ("区划指标录入", "figures of a division recorded")
    source = "0.1"
    about = "division"
    division: DivisionRef
    year: Year
    values: Figures
    estimated: Codes = ()
    drawn_from: ShortOrNone = ""
    recorded_by: Organ


class FiguresWithdrawn(Event, frozen=True, kw_only=True):
    """Figures of a division that were recorded by mistake were taken back."""

    label = ("区划指标撤销", "figures of a division withdrawn")
    about = "division"
    division: DivisionRef
    year: Year
    reason: Reason
    decided_by: Organ
