"""Villages, their codes, mergers and splits, and the poverty list."""

from typing import Annotated

import msgspec
from msgspec import Meta

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.registry import ProblemClass
from shared.contracts.values import (
    Code,
    Day,
    DivisionCode,
    Figures,
    Name,
    Number,
    Organ,
    OrganOrNone,
    Parties,
    Population,
    Reason,
    Revision,
    Short,
    ShortOrNone,
    VillageId,
    Year,
)


class RegisterVillage(Command, frozen=True, kw_only=True):
    """Register a village, correct its data, or put it on the poverty list."""

    village: VillageId
    name: Name
    township: Name
    population: Population
    listed: bool
    """True puts it on the list for the first time. False takes no village off: only the exit procedure does."""
    listing_document: ShortOrNone = ""
    issued_by: OrganOrNone = ""
    """The county's organ that gave a new village its code: the statistics bureau no longer publishes new codes."""
    issue_document: ShortOrNone = ""
    """The document by which that organ gave the code."""
    reason: Reason | None = None
    """Required where the population differs from the known one by more than 30 %: why it does."""
    replaces: Revision | None = None


class WithdrawVillage(Correction, frozen=True, kw_only=True):
    """A village was registered by mistake. Refused once something depends on it. Its code may be registered again."""

    village: VillageId


class RecodeVillage(Command, frozen=True, kw_only=True):
    """The division code of a village has changed (Regulation on Administrative Divisions 17). Its id stays.

    A change within a county is entered by that county. A move into another county is entered by a division above both,
    such as the city `210500`.
    """

    needs_policy = False
    village: VillageId
    code: DivisionCode
    since: Day
    document: Short
    decided_by: Organ


class MergeVillages(Command, frozen=True, kw_only=True):
    """Villages are merged into another one (Regulation on Administrative Divisions; Village Committees Law 3).

    If the remaining village gets another name, township or code, further commands say so.
    """

    village: VillageId
    """The remaining village. It keeps its team, its commitments and its place on the list."""
    merged: Annotated[tuple[VillageId, ...], Meta(min_length=1, max_length=20)]
    """The villages that end. They must lie in the same county; a village of another county is recoded first."""
    since: Day
    document: Short
    decided_by: Organ


class NewVillage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of a village that becomes a village of its own."""

    code: DivisionCode
    name: Name
    township: Name
    population: Population
    """How many people it takes over. The old village loses as many."""
    households: Parties = ()
    """The ids of the households that it takes over from the old village."""
    issued_by: OrganOrNone = ""
    """The county's organ that gave it its code; empty if the statistics bureau did."""


class SplitVillage(Command, frozen=True, kw_only=True):
    """Parts of a village become villages of their own. The old village remains with the rest."""

    village: VillageId
    parts: Annotated[tuple[NewVillage, ...], Meta(min_length=1, max_length=20)]
    since: Day
    document: Short
    decided_by: Organ


class WithdrawListing(Correction, frozen=True, kw_only=True):
    """A village was put on the list by mistake. Refused once there are survey records. It does not count as an exit."""

    village: VillageId


class YearFigures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was measured in a year before the county was taken over, incidence included."""

    year: Year
    values: Figures


class FoundProblem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outstanding problem that an earlier survey found, with its cause."""

    number: Number
    topic: Code
    cause: ShortOrNone


class TakeOverVillage(Command, frozen=True, kw_only=True):
    """A village whose work began before the system was used, with its earlier dates and figures from documents."""

    village: VillageId
    name: Name
    township: Name
    population: Population
    listed_on: Day
    problem_class: ProblemClass | None = None
    """The joint diagnosis's finding, if there was a diagnosis. Then no survey is awaited here."""
    diagnosed_on: Day | None = None
    problems: Annotated[tuple[FoundProblem, ...], Meta(max_length=500)] = ()
    delisted_on: Day | None = None
    """The day of its exit, if it has left the list. It is monitored from that day on."""
    figures: Annotated[tuple[YearFigures, ...], Meta(max_length=50)] = ()
    document: Short
    decided_by: Organ
