"""What people ask of the registry. A village is named by its stable id, the code that it was first registered under."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shared.contracts import Command
from shared.contracts.calendar import Days
from shared.contracts.registry import Level, ProblemClass, Rank
from shared.contracts.values import (
    Code,
    Codes,
    Content,
    Count,
    Day,
    DivisionCode,
    DivisionRef,
    Figure,
    Figures,
    Income,
    Name,
    Number,
    Organ,
    OrganOrNone,
    ParentRef,
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
    Told,
    VillageId,
    Villages,
    Voters,
    Year,
    Yuan,
    must_be_small,
)


class Correction(Command, frozen=True, kw_only=True):
    """A command that takes back something done by mistake. A named body decides so, and gives its reason."""

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
    """A region adopts a policy pack. `place` is its jurisdiction, filled up with zeros to six digits: `210500`."""

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
    """The version that a refusal named, to overwrite what this notice said before."""


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
    """The version that a refusal named, to overwrite known data that differ."""


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


class RegisterParty(Command, frozen=True, kw_only=True):
    """Register a party beside villages and units, such as a branch, a co-operative or an adviser, or correct it."""

    about = "party"
    party: PartyId
    kind: Code
    """Its kind, one of the pack's `[[parties]]`."""
    parent: ParentRef
    """Whom it belongs to."""
    name: Name
    fields: Annotated[dict[Code, Short | Figure], Meta(max_length=50)] = msgspec.field(default_factory=dict)
    """What the pack asks of its kind."""
    replaces: Revision | None = None
    """The version that a refusal named, to overwrite known data that differ."""


class WithdrawParty(Correction, frozen=True, kw_only=True):
    """A party was registered by mistake, or is no more. Refused while others belong to it."""

    about = "party"
    party: PartyId


class WithdrawUnit(Correction, frozen=True, kw_only=True):
    """A unit was registered by mistake, or is no more; it serves no village and has no cadres."""

    about = "unit"
    unit: PartyId


class WithdrawCadre(Correction, frozen=True, kw_only=True):
    """A cadre was registered by mistake, or has left the service. Refused while the cadre is in a team."""

    about = "cadre"
    cadre: PartyId


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


class WithdrawVillage(Correction, frozen=True, kw_only=True):
    """A village was registered by mistake. Refused once something depends on it. Its code may be registered again."""

    village: VillageId


class WithdrawListing(Correction, frozen=True, kw_only=True):
    """A village was put on the list by mistake. Refused once there are survey records. It does not count as an exit."""

    village: VillageId


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
    """What a visit to a household found. It goes into the register too, so nobody enters it twice."""
    cause: ShortOrNone = ""
    """The cause of a problem. Required for records of kind `problem`, refused for others."""

    @property
    def facts_year(self) -> int:
        """The year about which it brings household facts; 0 if it brings none."""
        return self.on.year if self.household else 0


class WithdrawSurvey(Correction, frozen=True, kw_only=True):
    """A survey record was entered by mistake. Refused after the diagnosis."""

    village: VillageId
    number: Number


class WithdrawDiagnosis(Correction, frozen=True, kw_only=True):
    """The joint diagnosis is taken back. Refused once the village was matched with a unit."""

    village: VillageId


class Diagnose(Command, frozen=True, kw_only=True):
    """The joint diagnosis (集体会诊, mechanism 3.1) closes the survey and says why the village is poor."""

    village: VillageId
    problem_class: ProblemClass
    body: Role
    decided_by: Organ


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


class WithdrawHousehold(Correction, frozen=True, kw_only=True):
    """A household was entered by mistake, such as under a wrong id."""

    village: VillageId
    household: PartyId


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


class ReopenYear(Correction, frozen=True, kw_only=True):
    """A closed year's figures can be corrected until a given day. After that day the year closes by itself."""

    village: VillageId
    year: Year
    until: Day


class RequestExit(Command, frozen=True, kw_only=True):
    """Ask for the village's removal from the list. Refused unless it meets all criteria."""

    village: VillageId
    body: Role
    requested_by: Organ


class WithdrawExit(Correction, frozen=True, kw_only=True):
    """The request for the exit is taken back before it is decided."""

    village: VillageId


class WithdrawNotice(Correction, frozen=True, kw_only=True):
    """A notice was posted by mistake. Refused once somebody has objected or the notice is over."""

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
    """Object to what is on notice. The objector's name is not asked for."""

    village: VillageId
    matter: RunId | None = None
    """The matter whose notice it is; None for that of the village's exit."""
    objection: Number
    """Its number within this notice, by which a repetition is recognised."""
    household: PartyId | None = None
    """The household that the objection is about, where the notice lists households."""
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
    """A named body approves the removal or refuses it. A refusal leads back to the same step as an upheld objection."""

    village: VillageId
    approved: bool
    body: Role
    decided_by: Organ


class ConfirmRelapse(Command, frozen=True, kw_only=True):
    """A named body decides whether a village that misses criteria after its exit has relapsed (出列指标回落)."""

    village: VillageId
    relapsed: bool
    body: Role
    decided_by: Organ


class Fund(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The money that a village asks to spend. What it is for is what the matter is about."""

    amount: Yuan
    """It cannot be changed later: another sum is another matter."""
    origin: Code
    """Where the money comes from, as the pack names it, such as a donation."""


class OpenResolution(Command, frozen=True, kw_only=True):
    """A village begins a procedure of its pack.

    It decides a matter (3.12) or the use of money (2.18), judges its households (5.2), or answers a question (4.7).
    """

    village: VillageId
    matter: RunId
    kind: Code
    """The procedure, as the pack names it."""
    subject_code: Code
    """What the matter is about, as a code. The code is public, so free text, which could name a person, is refused."""
    members: Parties = ()
    """The households of a round; none for other matters."""
    fund: Fund | None = None
    """The money, where the procedure releases any."""
    question: Told | None = None
    """What a villager asks, where the procedure answers a question. Who asks is not asked for."""
    opened_by: Organ


class Acceptance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a household answered when it was asked."""

    household: PartyId
    accepted: bool
    by_phone: bool = False
    """True if the household was away and answered over the phone."""


class TakeStep(Command, frozen=True, kw_only=True):
    """The awaited step of a village's procedure was taken. The figures given here are not published."""

    village: VillageId
    matter: RunId
    step: Code
    entitled: Voters = 0
    """How many may vote. A body that decides without counting votes is entered as 1 of 1."""
    present: Voters = 0
    agreed: Voters = 0
    left_out: Parties = ()
    """The households that this decision leaves out of the round. The others continue."""
    acceptances: Annotated[tuple[Acceptance, ...], Meta(max_length=5000)] = ()
    """For a step of acceptance: the answers of households. The step is taken once every household has answered."""
    answer: Told | None = None
    """For the step that answers a villager's question: the answer."""
    body: Role
    decided_by: Organ
    """The body, never a person."""


class WithdrawStep(Correction, frozen=True, kw_only=True):
    """The latest step of a matter was entered by mistake."""

    village: VillageId
    matter: RunId
    step: Code


class WithdrawResolution(Correction, frozen=True, kw_only=True):
    """A matter was opened by mistake. Refused once a step of it was taken."""

    village: VillageId
    matter: RunId


class WithdrawFund(Correction, frozen=True, kw_only=True):
    """Whoever gives the money takes it back. Refused once it is released."""

    village: VillageId
    matter: RunId


class OfDivision(Command, frozen=True, kw_only=True):
    """A command about a township or county. `place` is the county that it lies in, or is."""

    about = "division"
    matter: ClassVar[None] = None
    household: ClassVar[None] = None
    division: DivisionRef


class RequestDecap(OfDivision, frozen=True, kw_only=True):
    """Ask that a township or county be no poor one any more. Refused unless its incidence keeps the pack's bound."""

    year: Year
    """The year whose figures it rests on."""
    body: Role
    requested_by: Organ


class Sampled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an assessment found in its sample. The rates follow from these counts, and nobody types them in."""

    lifted: Population
    """People in the lifted households of the sample."""
    wrongly_lifted: Count
    """Those of them who are below the standard."""
    outside: Population
    """People outside the register in the sampled villages."""
    omitted: Count
    """Those of them who should be in it."""
    asked: Population
    """Households that were asked, poor and not poor."""
    approving: Count
    """Those of them who approve."""


class TakeDecapStep(OfDivision, frozen=True, kw_only=True):
    """The awaited step was taken: an assessment, an approval or a refusal, an announcement, a filing."""

    step: Code
    approved: bool = True
    sampled: Sampled | None = None
    """For an assessment: what was found."""
    body: Role
    decided_by: Organ


class PostDecapNotice(OfDivision, frozen=True, kw_only=True):
    """Put an intended de-capping on public notice."""

    body: Role
    posted_by: Organ


class RaiseDecapObjection(OfDivision, frozen=True, kw_only=True):
    """Object to a de-capping. The objector's name is not asked for."""

    objection: Number
    ground: Short


class DecideDecapObjection(OfDivision, frozen=True, kw_only=True):
    """A named body upholds or dismisses an objection to a de-capping."""

    objection: Number
    upheld: bool
    body: Role
    decided_by: Organ


class DecapCorrection(OfDivision, frozen=True, kw_only=True):
    """A correction of what was entered about a township or county."""

    reason: Reason
    decided_by: Organ


class WithdrawDecapNotice(DecapCorrection, frozen=True, kw_only=True):
    """A notice of a de-capping was posted by mistake. Refused once somebody has objected or it is over."""


class WithdrawDecapObjection(DecapCorrection, frozen=True, kw_only=True):
    """An objection to a de-capping is taken back before it is decided."""

    objection: Number


class WithdrawDecap(DecapCorrection, frozen=True, kw_only=True):
    """The request is taken back. Refused once a step of it was taken."""


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
