"""What people ask of the registry. A village is named by its stable id, the code that it was first registered under."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.contracts import Command
from shared.contracts.calendar import Days
from shared.contracts.registry import Level, ProblemClass, Rank
from shared.contracts.values import (
    Code,
    Content,
    Day,
    DivisionCode,
    Figures,
    Income,
    Name,
    Number,
    Organ,
    OrganOrNone,
    Parties,
    PartyId,
    PersonDay,
    Persons,
    Population,
    Reason,
    Revision,
    Role,
    RunId,
    Score,
    Short,
    ShortOrNone,
    VillageId,
    Villages,
    Voters,
    Year,
    must_be_small,
)


class Correction(Command, frozen=True, kw_only=True):
    """What takes something back that was done by mistake. It is a named body's decision, with its reason."""

    reason: Reason
    decided_by: Organ


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


class AdoptPolicy(Command, frozen=True, kw_only=True):
    """A region adopts a policy pack. `place` is its jurisdiction, filled up with zeros to six digits."""

    is_long = True
    at_once = 20
    pack: Content
    """The whole pack as its TOML file says it."""
    adopted_by: Organ

    def __post_init__(self) -> None:
        super().__post_init__()
        must_be_small(self.pack)

    @property
    def subject_id(self) -> str:
        return str(self.pack.get("version", ""))


class AnnounceHolidays(Command, frozen=True, kw_only=True):
    """Holidays are announced, in the whole country (`place` 000000) or in one division, as a document says."""

    about = "notice"
    needs_policy = False
    notice: RunId
    """A short name, such as `2027`; the same name again can replace what it said."""
    year: Year
    document: Short
    """The document's number, and its article where it has any: 国办发明电〔2025〕7号."""
    off: Days
    worked: Days = ()
    """Weekend days that are worked in exchange."""
    announced_by: Organ
    replaces: Revision | None = None
    """What it overwrites, if this notice said something else before: the version that the refusal named."""


class RegisterUnit(Command, frozen=True, kw_only=True):
    """Register a department that can send a team, or correct its data."""

    about = "unit"
    unit: PartyId
    name: Name
    level: Level
    department: Name
    """Its field (民政, 公安 …), by which the pack matches it to problem classes."""
    strength: Score
    """Strength and experience in helping villages (mechanism 3.3)."""
    village: VillageId | None = None
    """The village that a superior has already designated it for, if any."""
    replaces: Revision | None = None
    """What it overwrites, if data are known that differ: the version that the refusal named."""


class RegisterCadre(Command, frozen=True, kw_only=True):
    """Register a cadre whom a unit can send, or correct the data. The name stays in the registry."""

    about = "cadre"
    cadre: PartyId
    """A stable, pseudonymous id."""
    unit: PartyId
    name: Name
    rank: Rank
    party_member: bool
    work_since: PersonDay
    born_on: PersonDay
    reserve: bool
    """A reserve cadre (后备干部)."""
    ties: Villages = ()
    """Villages where kinship or origin forbids a posting."""
    replaces: Revision | None = None


class WithdrawUnit(Correction, frozen=True, kw_only=True):
    """A unit was registered by mistake, or is no more; it serves no village and has no cadres."""

    about = "unit"
    unit: PartyId


class WithdrawCadre(Correction, frozen=True, kw_only=True):
    """A cadre was registered by mistake, or has left the service; the cadre is in no team."""

    about = "cadre"
    cadre: PartyId


class RegisterVillage(Command, frozen=True, kw_only=True):
    """Register a village, correct its data, or put it on the poverty list."""

    village: VillageId
    name: Name
    township: Name
    population: Population
    listed: bool
    """True puts it on the list for the first time; False takes nothing off it, since only the exit procedure does."""
    listing_document: ShortOrNone = ""
    issued_by: OrganOrNone = ""
    """The county's organ that gave a new village its code, since the statistics bureau publishes none any more."""
    issue_document: ShortOrNone = ""
    """Its document."""
    reason: Reason | None = None
    """Why the population differs by more than a third from what is known, if it does."""
    replaces: Revision | None = None


class RecodeVillage(Command, frozen=True, kw_only=True):
    """The division code of a village has changed (Regulation on Administrative Divisions 17). Its id stays.

    Within its county that county enters it; into another one a place above both, such as `210500`.
    """

    needs_policy = False
    village: VillageId
    code: DivisionCode
    since: Day
    document: Short
    decided_by: Organ


class WithdrawVillage(Correction, frozen=True, kw_only=True):
    """A village was registered by mistake; nothing may rest on it yet. Its code may be registered anew."""

    village: VillageId


class WithdrawListing(Correction, frozen=True, kw_only=True):
    """A village was put on the list by mistake; no survey record may rest on it. This is no exit."""

    village: VillageId


class MergeVillages(Command, frozen=True, kw_only=True):
    """Villages are merged into one that goes on (Regulation on Administrative Divisions; Village Committees Law 3).

    Its name, township and code change, where they do, by commands of their own.
    """

    village: VillageId
    """The one that goes on, with its team, its commitments and its place on the list."""
    merged: Annotated[tuple[VillageId, ...], Meta(min_length=1, max_length=20)]
    """Those that end. They lie in the same county; one of another county is recoded first."""
    since: Day
    document: Short
    decided_by: Organ


class NewVillage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of a village that becomes a village of its own."""

    code: DivisionCode
    name: Name
    township: Name
    population: Population
    """Its share of the population, which the village loses."""
    households: Parties = ()
    """Those of the village's households that go over to it."""
    issued_by: OrganOrNone = ""
    """The county's organ that gave it its code, if that is not the statistics bureau's."""


class SplitVillage(Command, frozen=True, kw_only=True):
    """Parts of a village become villages of their own; it goes on with what is left."""

    village: VillageId
    parts: Annotated[tuple[NewVillage, ...], Meta(min_length=1, max_length=20)]
    since: Day
    document: Short
    decided_by: Organ


class RecordSurvey(Command, frozen=True, kw_only=True):
    """One record of the baseline survey (mechanism 3.1)."""

    village: VillageId
    number: Number
    """Its number within the village's survey, by which a repetition is recognised."""
    kind: Code
    """As the pack names it; `problem` is an outstanding problem."""
    topic: Code
    on: Day
    household: HouseholdFacts | None = None
    """What a visit found, entered here once for the register as well."""
    cause: ShortOrNone = ""
    """What lies behind a problem; exactly the records of kind `problem` have one."""

    @property
    def facts_year(self) -> int:
        """The year about which it brings household facts; 0 if it brings none."""
        return self.on.year if self.household else 0


class WithdrawSurvey(Correction, frozen=True, kw_only=True):
    """A survey record was entered by mistake; the diagnosis must not rest on it yet."""

    village: VillageId
    number: Number


class WithdrawDiagnosis(Correction, frozen=True, kw_only=True):
    """The joint diagnosis is taken back, until the village was matched with a unit."""

    village: VillageId


class Diagnose(Command, frozen=True, kw_only=True):
    """The joint diagnosis (集体会诊): it closes the survey and names why the village is poor."""

    village: VillageId
    problem_class: ProblemClass
    body: Role
    decided_by: Organ


class RecordHouseholds(Command, frozen=True, kw_only=True):
    """The facts of a year about households; those that are not named keep their latest facts."""

    village: VillageId
    year: Year
    households: Annotated[tuple[HouseholdFacts, ...], Meta(max_length=5000)]
    recorded_by: Organ
    replaces: Revision | None = None
    """What it overwrites, if facts of that year's list are known that differ: the version that the refusal named."""

    @property
    def facts_year(self) -> int:
        """The year about which it brings household facts."""
        return self.year


class MeasureIndicators(Command, frozen=True, kw_only=True):
    """The year's indicators by the codes of the pack's criteria, except incidence, which is computed (1.18)."""

    village: VillageId
    year: Year
    values: Annotated[Figures, Meta(min_length=1)]
    measured_by: Organ
    replaces: Revision | None = None


class WithdrawHousehold(Correction, frozen=True, kw_only=True):
    """A household was entered by mistake, such as under a wrong id."""

    village: VillageId
    household: PartyId


class WithdrawMeasurement(Correction, frozen=True, kw_only=True):
    """A year's figures were entered by mistake; the year is measured again."""

    village: VillageId
    year: Year


class CorrectFigures(Correction, frozen=True, kw_only=True):
    """Figures by which an exit is being judged are wrong: they are corrected, and the exit is led back to its start."""

    village: VillageId
    year: Year
    population: Population | None = None
    households: Annotated[tuple[HouseholdFacts, ...], Meta(max_length=5000)] = ()
    values: Figures = msgspec.field(default_factory=dict)

    @property
    def facts_year(self) -> int:
        """The year about which it brings household facts; 0 if it brings none."""
        return self.year if self.households else 0


class ReopenYear(Correction, frozen=True, kw_only=True):
    """A closed year's figures can be corrected until a day; then it closes again by itself."""

    village: VillageId
    year: Year
    until: Day


class RequestExit(Command, frozen=True, kw_only=True):
    """Ask for the village's removal from the list, all criteria being met."""

    village: VillageId
    body: Role
    requested_by: Organ


class WithdrawExit(Correction, frozen=True, kw_only=True):
    """The request for the exit is taken back before it is decided."""

    village: VillageId


class WithdrawNotice(Correction, frozen=True, kw_only=True):
    """A notice was posted by mistake; nobody has objected yet, and it is not over."""

    village: VillageId
    matter: RunId | None = None
    """The matter whose notice it is; None for that of the village's exit."""


class WithdrawObjection(Correction, frozen=True, kw_only=True):
    """An objection is taken back before it is decided."""

    village: VillageId
    matter: RunId | None = None
    """The matter whose notice it is; None for that of the village's exit."""
    objection: Number


class PostNotice(Command, frozen=True, kw_only=True):
    """Put what is intended on public notice (公示): the removal from the list, or the households of a round."""

    village: VillageId
    matter: RunId | None = None
    """The matter whose notice it is; None for that of the village's exit."""
    body: Role
    posted_by: Organ


class RaiseObjection(Command, frozen=True, kw_only=True):
    """Object to what is on notice. Who objects is not asked for."""

    village: VillageId
    matter: RunId | None = None
    """The matter whose notice it is; None for that of the village's exit."""
    objection: Number
    """Its number within this notice, by which a repetition is recognised."""
    household: PartyId | None = None
    """The household that it is about, where the notice names households."""
    ground: Short


class DecideObjection(Command, frozen=True, kw_only=True):
    """A named body upholds or dismisses an objection."""

    village: VillageId
    matter: RunId | None = None
    """The matter whose notice it is; None for that of the village's exit."""
    objection: Number
    upheld: bool
    body: Role
    decided_by: Organ


class ApproveExit(Command, frozen=True, kw_only=True):
    """A named body approves the removal, or refuses it, which leads back like an upheld objection."""

    village: VillageId
    approved: bool
    body: Role
    decided_by: Organ


class ConfirmRelapse(Command, frozen=True, kw_only=True):
    """A named body decides whether criteria that were missed after the exit are a relapse (出列指标回落)."""

    village: VillageId
    relapsed: bool
    body: Role
    decided_by: Organ


class OpenResolution(Command, frozen=True, kw_only=True):
    """A village begins to decide a matter by a procedure of its pack (2.18, 3.12), or a round over its households."""

    village: VillageId
    matter: RunId
    kind: Code
    """The procedure, as the pack names it."""
    subject_code: Code
    """What it is about, as a code: it is told to everyone, so that it holds no free text."""
    members: Parties = ()
    """The households of a round; none for other matters."""
    opened_by: Organ


class Acceptance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a household answered when it was asked."""

    household: PartyId
    accepted: bool
    by_phone: bool = False
    """Whether it was away and answered over the phone."""


class TakeStep(Command, frozen=True, kw_only=True):
    """The awaited step of a village's procedure was taken. What is published has no figures."""

    village: VillageId
    matter: RunId
    step: Code
    entitled: Voters = 0
    """How many may vote. A body that decides as one is 1 of 1."""
    present: Voters = 0
    agreed: Voters = 0
    left_out: Parties = ()
    """The households of a round that this decision leaves out; the others go on."""
    acceptances: Annotated[tuple[Acceptance, ...], Meta(max_length=5000)] = ()
    """How households answered, where the step is their acceptance; it is taken when all of them have."""
    body: Role
    decided_by: Organ
    """The body, never a person."""


class WithdrawStep(Correction, frozen=True, kw_only=True):
    """The latest step of a matter was entered by mistake."""

    village: VillageId
    matter: RunId
    step: Code


class WithdrawResolution(Correction, frozen=True, kw_only=True):
    """A matter was opened by mistake; no step of it was taken."""

    village: VillageId
    matter: RunId


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
    """A village of a county that began years ago, with its earlier dates and figures as documents have them."""

    village: VillageId
    name: Name
    township: Name
    population: Population
    listed_on: Day
    problem_class: ProblemClass | None = None
    """What the joint diagnosis found, if there was one: then no survey is awaited any more."""
    diagnosed_on: Day | None = None
    problems: Annotated[tuple[FoundProblem, ...], Meta(max_length=500)] = ()
    delisted_on: Day | None = None
    """The day of its exit, if it has left the list: then it is monitored from that day on."""
    figures: Annotated[tuple[YearFigures, ...], Meta(max_length=50)] = ()
    document: Short
    decided_by: Organ
