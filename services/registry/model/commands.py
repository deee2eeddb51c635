"""What people ask of the registry. A village is named by its stable id, the code that it was first registered under."""

from datetime import date
from typing import Annotated, Any

import msgspec

from shared.contracts import Command
from shared.contracts.registry import Level, ProblemClass, Rank

DivisionCode = Annotated[str, msgspec.Meta(pattern=r"^\d{12}$")]
"""The 12 digits of a village in the statistical division codes; the first six are its county (GB/T 2260)."""
Year = Annotated[int, msgspec.Meta(ge=2000, le=2100)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Matter = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]
"""What a village calls a matter that it decides; unique within the village."""


class HouseholdFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known about a household, without any name."""

    household: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    """Its stable, pseudonymous id."""
    persons: Positive
    income: Annotated[float, msgspec.Meta(ge=0)]
    """Net income per person in yuan a year."""
    secured: bool
    """Two worries free, three guarantees (两不愁三保障)."""
    registered: bool = True
    """Whether it stands in the register of poor households (建档立卡)."""


class AdoptPolicy(Command, frozen=True, kw_only=True):
    """A region adopts a policy pack. `place` is its jurisdiction, filled up with zeros to six digits."""

    pack: dict[str, Any]
    """The whole pack as its TOML file says it."""
    adopted_by: Short

    @property
    def subject_id(self) -> str:
        return str(self.pack.get("version", ""))


class RegisterUnit(Command, frozen=True, kw_only=True):
    """Register a department that can send a team, or correct its data."""

    about = "unit"
    unit: str
    name: str
    level: Level
    department: str
    """Its field (民政, 公安 …), by which the pack matches it to problem classes."""
    strength: Annotated[int, msgspec.Meta(ge=0, le=100)]
    """Strength and experience in helping villages (mechanism 3.3)."""
    village: DivisionCode | None = None
    """The village that a superior has already designated it for, if any."""


class RegisterCadre(Command, frozen=True, kw_only=True):
    """Register a cadre whom a unit can send, or correct the data. The name stays in the registry."""

    about = "cadre"
    cadre: str
    """A stable, pseudonymous id."""
    unit: str
    name: str
    rank: Rank
    party_member: bool
    work_since: date
    born_on: date
    reserve: bool
    """A reserve cadre (后备干部)."""
    ties: tuple[DivisionCode, ...] = ()
    """Villages where kinship or origin forbids a posting."""


class RegisterVillage(Command, frozen=True, kw_only=True):
    """Register a village, correct its data, or put it on the poverty list."""

    village: DivisionCode
    name: str
    township: str
    population: Positive
    listed: bool
    """True puts it on the list for the first time; False takes nothing off it, since only the exit procedure does."""
    listing_document: Short = ""


class RecodeVillage(Command, frozen=True, kw_only=True):
    """The division code of a village has changed (Regulation on Administrative Divisions 17). Its id stays."""

    village: DivisionCode
    code: DivisionCode
    since: date


class RecordSurvey(Command, frozen=True, kw_only=True):
    """One record of the baseline survey (mechanism 3.1)."""

    village: DivisionCode
    number: Positive
    """Its number within the village's survey, by which a repetition is recognised."""
    kind: str
    """As the pack names it; `problem` is an outstanding problem."""
    topic: str
    on: date
    household: HouseholdFacts | None = None
    """What a visit found, entered here once for the register as well."""
    cause: Short = ""
    """What lies behind a problem; exactly the records of kind `problem` have one."""

    @property
    def facts_year(self) -> int:
        """The year about which it brings household facts; 0 if it brings none."""
        return self.on.year if self.household else 0


class Diagnose(Command, frozen=True, kw_only=True):
    """The joint diagnosis (集体会诊): it closes the survey and names why the village is poor."""

    village: DivisionCode
    problem_class: ProblemClass
    decided_by: Short


class RecordHouseholds(Command, frozen=True, kw_only=True):
    """The facts of a year about households; those that are not named keep their latest facts."""

    village: DivisionCode
    year: Year
    households: tuple[HouseholdFacts, ...]
    recorded_by: Short

    @property
    def facts_year(self) -> int:
        """The year about which it brings household facts."""
        return self.year


class MeasureIndicators(Command, frozen=True, kw_only=True):
    """The year's indicators by the codes of the pack's criteria, except incidence, which is computed (1.18)."""

    village: DivisionCode
    year: Year
    values: dict[str, float]
    measured_by: Short


class RequestExit(Command, frozen=True, kw_only=True):
    """Ask for the village's removal from the list, all criteria being met."""

    village: DivisionCode
    requested_by: Short


class PostNotice(Command, frozen=True, kw_only=True):
    """Put the intended removal on public notice (公示)."""

    village: DivisionCode
    posted_by: Short


class RaiseObjection(Command, frozen=True, kw_only=True):
    """Object to the removal while it is on notice. Who objects is not asked for."""

    village: DivisionCode
    objection: Positive
    """Its number within this notice, by which a repetition is recognised."""
    ground: Short


class DecideObjection(Command, frozen=True, kw_only=True):
    """A named body upholds or dismisses an objection."""

    village: DivisionCode
    objection: Positive
    upheld: bool
    decided_by: Short


class ApproveExit(Command, frozen=True, kw_only=True):
    """A named body approves the removal, or refuses it, which leads back like an upheld objection."""

    village: DivisionCode
    approved: bool
    decided_by: Short


class ConfirmRelapse(Command, frozen=True, kw_only=True):
    """A named body decides whether criteria that were missed after the exit are a relapse (返贫)."""

    village: DivisionCode
    relapsed: bool
    decided_by: Short


class OpenResolution(Command, frozen=True, kw_only=True):
    """A village begins to decide a matter of its own by a procedure of its pack (mechanisms 2.18, 3.12)."""

    village: DivisionCode
    matter: Matter
    kind: str
    """The procedure, as the pack names it."""
    subject_code: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    """What it is about, as a code: it is told to everyone, so that it holds no free text."""
    opened_by: Short


class TakeStep(Command, frozen=True, kw_only=True):
    """The awaited step of a village's procedure was taken. What is published has no figures."""

    village: DivisionCode
    matter: Matter
    step: str
    entitled: Count = 0
    """How many may vote. A body that decides as one is 1 of 1."""
    present: Count = 0
    agreed: Count = 0
    decided_by: Short
    """The body, never a person."""
