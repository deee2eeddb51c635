"""Events of the registry: villages, units and cadres, the poverty list, and the way off it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts import Event
from shared.contracts.calendar import Movement
from shared.contracts.values import (
    Code,
    Codes,
    Content,
    Count,
    Day,
    DivisionCode,
    DivisionRef,
    EventRole,
    Figure,
    Figures,
    Name,
    Number,
    Organ,
    OrganOrNone,
    ParentRef,
    Parties,
    PartyId,
    PersonDay,
    Persons,
    Place,
    Population,
    Rate,
    Reason,
    Role,
    RunId,
    Score,
    Short,
    ShortOrNone,
    Version,
    VillageId,
    Villages,
    Voters,
    Year,
    Yuan,
    must_be_small,
)

Level = Literal["province", "city", "county"]
Rank = Literal["staff", "deputy_section", "section", "deputy_division", "division", "deputy_department", "department"]
"""The civil service's ranks from the lowest to the highest (科员 … 正厅级). They are the same in the whole country, so
no pack defines them."""
StepKind = Literal["verify", "notice", "decide", "accept", "publish"]
"""The kinds of steps: sampled households are visited, there is a public notice, a body decides, each household accepts,
or something is published."""
BackTo = Literal["verify", "notice", "decide"]
"""The kinds of steps to which an objection or a refusal leads back."""
Matters = Annotated[tuple[RunId, ...], Meta(max_length=5000)]
ProblemClass = Code
"""Why a village is poor, as its policy pack names the classes (mechanism 3.2)."""


class Problem(msgspec.Struct, frozen=True):
    """One outstanding problem that the baseline survey found, with its cause (mechanism 3.1)."""

    number: Number
    topic: Code
    cause: ShortOrNone


class Unmet(msgspec.Struct, frozen=True):
    """One exit criterion that a village does not meet, and the role that can move it."""

    indicator: Code
    value: Figure | None
    bound: Figure
    mover: EventRole
    relation: Literal["", "below", "at_most", "at_least", "above", "is"] = ""
    """How the value must be related to the bound, such as `at_least`; empty in events of earlier versions."""


class PolicyAdopted(Event, frozen=True, kw_only=True):
    """A region adopted a policy pack. Every service decides by it from its effective date on."""

    about = "version"
    label = ("启用政策包", "policy pack adopted")
    version: Version
    adopted_by: Organ
    pack: Content
    """The whole content of the pack's TOML file."""

    def __post_init__(self) -> None:
        super().__post_init__()
        must_be_small(self.pack)


class UnitRegistered(Event, frozen=True, kw_only=True):
    """A department that can send a team was registered, or registered again with other data."""

    about = "unit"
    label = ("单位登记", "unit registered")
    unit: PartyId
    name: Name
    level: Level
    department: Name
    """The department's field (民政, 公安 …), by which the pack matches it to problem classes."""
    strength: Score
    """Strength and experience in helping villages, 0 to 100 (mechanism 3.3)."""
    village: VillageId | None = None
    """The village for which a superior has designated this unit, if any."""


class CadreRegistered(Event, frozen=True, kw_only=True):
    """A cadre whom the unit can send was registered. Sealed: it describes a person."""

    about = "cadre"
    sealing = "always"
    label = ("干部登记", "cadre registered")
    cadre: PartyId
    unit: PartyId
    rank: Rank
    party_member: bool
    work_since: PersonDay
    born_on: PersonDay
    reserve: bool
    ties: Villages = ()
    """Villages where kinship or origin forbids a posting."""
    left: PartyId | None = None
    """The cadre's former unit, if it was another one."""


class PartyRegistered(Event, frozen=True, kw_only=True):
    """A party beside villages and units was registered, or its data changed: a branch, a co-operative, a firm (2.7).

    It is sealed, and has no name, if it is a person.
    """

    about = "party"
    sealing = "sometimes"
    label = ("组织或人员登记", "party registered")
    source = "2.7"
    party: PartyId
    kind: Code
    parent: ParentRef
    """Whom it belongs to."""
    former: ParentRef | None = None
    """Whom it belonged to before, if that was another one."""
    personal: bool = False
    name: Name | None = None
    fields: Annotated[dict[Code, Short | Figure], Meta(max_length=50)] = msgspec.field(default_factory=dict)

    def is_sealed(self) -> bool:
        return self.personal


class PartyWithdrawn(Event, frozen=True, kw_only=True):
    """A party was registered by mistake, or is no more."""

    about = "party"
    sealing = "sometimes"
    label = ("组织或人员撤销", "party withdrawn")
    party: PartyId
    kind: Code
    parent: ParentRef
    personal: bool = False
    reason: Reason
    decided_by: Organ

    def is_sealed(self) -> bool:
        return self.personal


class VillageRegistered(Event, frozen=True, kw_only=True):
    """A village was registered under its division code, or again with other data."""

    label = ("村登记", "village registered")
    village: VillageId
    name: Name
    township: Name
    population: Population
    issued_by: Organ | None = None
    """The county's organ that gave the village its code; None for codes of the statistics bureau, which gave them until
    2024."""
    reason: Reason | None = None
    """Why the population differs so much from the former figure; needed only if it does."""


class VillageRecoded(Event, frozen=True, kw_only=True):
    """The division code of a village changed; its stable id did not. `place` is still the division it comes from."""

    label = ("区划代码变更", "division code changed")
    village: VillageId
    code: DivisionCode
    """The new code of 12 digits. Its first six are the `place` of all later events about the village."""
    since: Day
    document: ShortOrNone = ""
    decided_by: OrganOrNone = ""
    matters: Matters = ()
    """The village's own matters, which move to the new division with it."""


class VillageListed(Event, frozen=True, kw_only=True):
    """A village entered the poverty list, or entered it again after a relapse."""

    label = ("列入贫困村", "entered the poverty list")
    village: VillageId
    spell: Number = 1
    """1 for the first time on the list, 2 after one relapse, and so on."""
    since: Day | None = None
    """The day of the listing, if it lies before the county began to use this system."""


class SurveyRecorded(Event, frozen=True, kw_only=True):
    """One record of the baseline survey came in: a form, meeting, visit, interview, opinion or problem (3.1)."""

    label = ("摸底排查记录", "survey record")
    source = "3.1"
    village: VillageId
    number: Number
    kind: Code
    topic: Code


class VillageDiagnosed(Event, frozen=True, kw_only=True):
    """The joint diagnosis closed the baseline survey, which from now on is version 0 and cannot be changed (3.1)."""

    label = ("集体会诊", "jointly diagnosed")
    source = "3.1"
    village: VillageId
    spell: Number
    problem_class: ProblemClass
    counts: Annotated[dict[Code, Count], Meta(max_length=100)]
    """How many records of each kind the survey collected."""
    problems: Annotated[tuple[Problem, ...], Meta(max_length=500)]
    decided_by: Organ
    since: Day | None = None
    """The day of the diagnosis, if it lies before the county began to use this system."""


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
    """The year whose poverty line was used, if the pack has none for the measured year, so that a newer pack is
    needed."""
    estimated: Codes = ()
    """Which of the values are estimates."""
    drawn_from: ShortOrNone = ""
    """Where the values come from: a table, a survey, a document."""
    counted_in: Place | None = None
    """The division in whose totals the year counts, if the village has moved to another one since it was measured."""
    including: Villages = ()
    """Villages that were merged into this one, if the values are theirs as well."""


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


class ExitRequested(Event, frozen=True, kw_only=True):
    """All exit criteria are met and the township asks for the village's removal from the list (5.1)."""

    label = ("申请出列", "exit requested")
    source = "5.1"
    village: VillageId
    attempt: Number
    """The number of this verification. A second one, after an objection was upheld, has the number 2."""
    lifted: Parties
    """Stable ids of the households lifted out of poverty, from which the sample is drawn."""
    persons: Annotated[tuple[Persons, ...], Meta(max_length=20_000)] = ()
    """The number of persons in each of these households, in the same order; empty in events of earlier versions."""
    outside: Count | None = None
    """The number of persons outside all registered households, among whom omissions are looked for."""
    remaining: Count
    """Registered households that are still poor."""
    requested_by: Organ


class ExitWithdrawn(Event, frozen=True, kw_only=True):
    """The request for the exit was taken back before it was decided, or its figures turned out to be wrong.

    A verification or notice of that attempt ends, too. The exit can be requested again.
    """

    label = ("撤回出列申请", "exit request withdrawn")
    village: VillageId
    attempt: Number
    reason: Reason
    decided_by: Organ


class NoticePosted(Event, frozen=True, kw_only=True):
    """An intended decision is on public notice. Anyone may object until the end of the last day."""

    label = ("公示", "on public notice")
    village: VillageId
    matter: RunId | None = None
    """The matter that it belongs to; None for the village's exit."""
    attempt: Number
    until: Day
    posted_by: OrganOrNone = ""
    """The body that posted it, never a person."""


class ObjectionRaised(Event, frozen=True, kw_only=True):
    """Someone objected during a notice."""

    label = ("收到异议", "objection raised")
    village: VillageId
    matter: RunId | None = None
    """The matter that it belongs to; None for the village's exit."""
    attempt: Number
    objection: Number


class ObjectionDecided(Event, frozen=True, kw_only=True):
    """A named body upheld or dismissed an objection; an upheld one leads back, usually to a new verification."""

    label = ("异议处理", "objection decided")
    village: VillageId
    matter: RunId | None = None
    """The matter that it belongs to; None for the village's exit."""
    attempt: Number
    objection: Number
    """The number of the objection. 0 means that the deciding body itself refused its approval."""
    upheld: bool
    decided_by: Organ
    back_to: BackTo | None = None
    """The kind of step to which the exit now goes back; None while other objections are open, or if none is upheld."""


class ExitApproved(Event, frozen=True, kw_only=True):
    """A body approved the exit, and another step follows. After the last step comes `VillageDelisted` instead."""

    label = ("出列审批通过", "exit approved at one step")
    village: VillageId
    attempt: Number
    step: Code
    decided_by: Organ


class VillageDelisted(Event, frozen=True, kw_only=True):
    """The village was removed from the poverty list (出列)."""

    label = ("出列", "removed from the poverty list")
    village: VillageId
    spell: Number
    incidence: Rate
    """The share of the population that was still poor, from 0 to 1."""
    decided_by: Organ
    since: Day | None = None
    """The day of the exit, if it lies before the county began to use this system."""


class VillageMonitored(Event, frozen=True, kw_only=True):
    """A monitoring review after the exit ended without a relapse."""

    label = ("防返贫监测", "monitored after exit")
    village: VillageId
    year: Year
    values: Figures
    unmet: Annotated[tuple[Unmet, ...], Meta(max_length=200)] = ()
    """Criteria that are not met, although a body decided that this is no relapse; empty if all are met."""
    decided_by: Organ | None = None
    """The body that decided this; None if all criteria are met."""


class VillageRelapsed(Event, frozen=True, kw_only=True):
    """Monitoring found that the village no longer meets its criteria, so it is listed again (出列指标回落)."""

    label = ("出列指标回落", "criteria missed after the exit")
    village: VillageId
    unmet: Annotated[tuple[Unmet, ...], Meta(max_length=200)]
    decided_by: Organ


class ResolutionOpened(Event, frozen=True, kw_only=True):
    """A village begins to decide a matter of its own, by one of its pack's procedures (2.18, 3.12)."""

    label = ("启动民主决策", "resolution opened")
    source = "2.18"
    village: VillageId
    matter: RunId
    """Its number or name within the village, without anybody's name."""
    kind: Code
    """The procedure, as the pack names it."""
    subject_code: Code
    """The subject of the matter, as a code."""
    opened_by: Organ
    amount: Yuan | None = None
    """The money that is asked for, in yuan; None where the matter is about no money."""
    origin: Code | None = None
    """Where that money comes from, by the pack's code."""


class StepTaken(Event, frozen=True, kw_only=True):
    """A step of a village's procedure was taken: a vote, with its figures, or a publication, which has none (3.12)."""

    label = ("民主决策环节", "step of a resolution taken")
    source = "3.12"
    village: VillageId
    matter: RunId
    step: Code
    entitled: Voters = 0
    present: Voters = 0
    agreed: Voters = 0
    left_out: Count = 0
    """The number of a round's households that leave it with this step."""
    decided_by: Organ


class StepOverdue(Event, frozen=True, kw_only=True):
    """The last day of a step, or of the answer to an objection, is over.

    It is still owed; this event comes only once.
    """

    label = ("程序环节逾期", "step overdue")
    village: VillageId
    matter: RunId | None = None
    attempt: Number
    kind: Code
    """The procedure, as the pack names it."""
    step: Code
    objection: Number | None = None
    """The objection that is not answered; None where the step itself is late."""
    due: Day
    owed_by: Role
    leads_to: StepKind | None = None
    """The kind of step to which the time-out leads by the pack; None if the step is still awaited."""
    told_to: Role | None = None
    """Whom the pack has told of it, such as the county above a township; None where it names nobody."""


class ResolutionPassed(Event, frozen=True, kw_only=True):
    """Every deciding body has agreed; only publications remain (3.12)."""

    label = ("决议通过", "resolution passed")
    source = "3.12"
    village: VillageId
    matter: RunId
    kind: Code
    subject_code: Code


class RoundEnded(Event, frozen=True, kw_only=True):
    """A round over a village's households has ended: so many are lifted, and so many left it on the way (5.2)."""

    label = ("农户评定结束", "round over households ended")
    source = "5.2"
    village: VillageId
    matter: RunId
    kind: Code
    lifted: Count
    left_out: Count


class HouseholdsLifted(Event, frozen=True, kw_only=True):
    """The households that a round lifts out of poverty. Sealed: it describes persons."""

    sealing = "always"
    label = ("农户脱贫", "households lifted")
    village: VillageId
    matter: RunId
    kind: Code
    households: Parties


class ResolutionRejected(Event, frozen=True, kw_only=True):
    """A vote failed, which ends the procedure (3.12)."""

    label = ("决议未通过", "resolution rejected")
    source = "3.12"
    village: VillageId
    matter: RunId
    kind: Code
    subject_code: Code
    step: Code


class FundReleased(Event, frozen=True, kw_only=True):
    """Money may be spent: the village has decided, the body above it has agreed, and the decision is public (2.18)."""

    label = ("帮扶资金拨付", "fund released")
    source = "2.18"
    village: VillageId
    matter: RunId
    kind: Code
    subject_code: Code
    """What the money is for, by the pack's code."""
    amount: Yuan
    origin: Code
    """Where the money comes from, by the pack's code."""


class FundWithdrawn(Event, frozen=True, kw_only=True):
    """Whoever gives the money took it back before it was released, so that nothing more is decided (2.18)."""

    label = ("撤回帮扶资金", "fund withdrawn")
    source = "2.18"
    village: VillageId
    matter: RunId
    reason: Reason
    decided_by: Organ


class QuestionAnswered(Event, frozen=True, kw_only=True):
    """A villager's question about public affairs was answered and the answer made public (4.7).

    The event says neither question nor answer, since both may name persons.
    """

    label = ("点题公开答复", "question answered")
    source = "4.7"
    village: VillageId
    matter: RunId
    kind: Code
    subject_code: Code
    """What the question is about, by the pack's code."""


class DecapRequested(Event, frozen=True, kw_only=True):
    """A township or county asks to be no poor one any more (摘帽), by the incidence of its villages (1.18)."""

    about = "division"
    label = ("申请摘帽", "de-capping requested")
    source = "1.18"
    division: DivisionRef
    attempt: Number
    """How many times it has asked, this time included."""
    kind: Code
    """The procedure, as the pack names it."""
    year: Year
    """The year whose figures it rests on."""
    incidence: Rate
    """People in poor households ÷ the population, of all villages that were measured in that year."""
    villages: Count
    """How many villages were measured: all whose figures of the year are due."""
    missing: Count = 0
    """How many villages are not in it, since they came later by a split or from another county."""
    requested_by: Organ


class DecapAssessed(Event, frozen=True, kw_only=True):
    """A sample of its households was assessed. A rate that misses its bound vetoes the exit (1.18)."""

    about = "division"
    label = ("摘帽专项评估检查", "de-capping assessed")
    source = "1.18"
    division: DivisionRef
    attempt: Number
    step: Code
    wrong_exit_rate: Rate
    omission_rate: Rate
    approval_rate: Rate
    passed: bool
    decided_by: Organ


class DecapStepTaken(Event, frozen=True, kw_only=True):
    """A body approved the de-capping or refused it, or announced or filed what was approved."""

    about = "division"
    label = ("摘帽办理环节", "step of a de-capping taken")
    source = "1.18"
    division: DivisionRef
    attempt: Number
    step: Code
    approved: bool
    decided_by: Organ


class DecapRejected(Event, frozen=True, kw_only=True):
    """The de-capping ended at a step that refused or vetoed it. It can be asked for again."""

    about = "division"
    label = ("不予摘帽", "de-capping rejected")
    source = "1.18"
    division: DivisionRef
    attempt: Number
    kind: Code
    step: Code


class DecapWithdrawn(Event, frozen=True, kw_only=True):
    """The request was taken back before any step of it was taken."""

    about = "division"
    label = ("撤回摘帽申请", "de-capping withdrawn")
    division: DivisionRef
    attempt: Number
    reason: Reason
    decided_by: Organ


class TownshipDecapped(Event, frozen=True, kw_only=True):
    """A poor township is none any more (乡镇摘帽, 1.18)."""

    about = "division"
    label = ("乡镇摘帽", "township de-capped")
    source = "1.18"
    division: DivisionRef
    year: Year
    incidence: Rate
    """The share of its people who were still poor in that year."""
    decided_by: Organ


class CountyDecapped(Event, frozen=True, kw_only=True):
    """A poor county is none any more (贫困县退出, 1.18)."""

    about = "division"
    label = ("贫困县退出", "county de-capped")
    source = "1.18"
    division: DivisionRef
    year: Year
    incidence: Rate
    """The share of its people who were still poor in that year."""
    decided_by: Organ


class DecapNoticePosted(Event, frozen=True, kw_only=True):
    """An intended de-capping is on public notice. Anyone may object until the end of the last day."""

    about = "division"
    label = ("摘帽公示", "de-capping on public notice")
    division: DivisionRef
    attempt: Number
    until: Day
    posted_by: Organ


class DecapNoticeWithdrawn(Event, frozen=True, kw_only=True):
    """A notice of a de-capping was posted by mistake; another one is awaited."""

    about = "division"
    label = ("撤回摘帽公示", "notice of a de-capping withdrawn")
    division: DivisionRef
    attempt: Number
    reason: Reason
    decided_by: Organ


class DecapObjectionRaised(Event, frozen=True, kw_only=True):
    """Someone objected to a de-capping."""

    about = "division"
    label = ("收到摘帽异议", "objection to a de-capping raised")
    division: DivisionRef
    attempt: Number
    objection: Number


class DecapObjectionDecided(Event, frozen=True, kw_only=True):
    """An objection to a de-capping was upheld or dismissed."""

    about = "division"
    label = ("摘帽异议处理", "objection to a de-capping decided")
    division: DivisionRef
    attempt: Number
    objection: Number
    upheld: bool
    decided_by: Organ
    back_to: BackTo | None = None
    """The kind of step to which it goes back; None while other objections are open, or if none is upheld."""


class DecapObjectionWithdrawn(Event, frozen=True, kw_only=True):
    """An objection to a de-capping was taken back before it was decided."""

    about = "division"
    label = ("撤回摘帽异议", "objection to a de-capping withdrawn")
    division: DivisionRef
    attempt: Number
    objection: Number
    reason: Reason
    decided_by: Organ


class DecapStepOverdue(Event, frozen=True, kw_only=True):
    """The last day of a step of a de-capping, or of the answer to an objection, is over. This comes only once."""

    about = "division"
    label = ("摘帽环节逾期", "step of a de-capping overdue")
    division: DivisionRef
    attempt: Number
    kind: Code
    step: Code
    objection: Number | None = None
    due: Day
    owed_by: Role
    leads_to: StepKind | None = None
    told_to: Role | None = None


class DecapDeadlineMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved a last day of a de-capping."""

    about = "division"
    label = ("摘帽期限变更", "deadline of a de-capping moved")
    division: DivisionRef


class VillageWithdrawn(Event, frozen=True, kw_only=True):
    """The registration of a village was withdrawn: it was a mistake, and nothing depended on it yet."""

    label = ("撤销村登记", "village registration withdrawn")
    village: VillageId
    reason: Reason
    decided_by: Organ


class VillageUnlisted(Event, frozen=True, kw_only=True):
    """A village was put on the list by mistake: the listing counts as never made. This is no exit."""

    label = ("撤销列入", "listing withdrawn")
    village: VillageId
    spell: Number
    reason: Reason
    decided_by: Organ


class UnitWithdrawn(Event, frozen=True, kw_only=True):
    """A unit was registered by mistake, or no longer exists.

    It serves no village, and none of its cadres is in a team.
    """

    about = "unit"
    label = ("撤销单位登记", "unit registration withdrawn")
    unit: PartyId
    reason: Reason
    decided_by: Organ


class CadreWithdrawn(Event, frozen=True, kw_only=True):
    """A cadre was registered by mistake, or has left the service. Sealed: it describes a person."""

    about = "cadre"
    sealing = "always"
    label = ("撤销干部登记", "cadre registration withdrawn")
    cadre: PartyId
    unit: PartyId
    reason: Reason
    decided_by: Organ


class VillageMerged(Event, frozen=True, kw_only=True):
    """A village was merged into another, which goes on under its own id (Regulation on Administrative Divisions).

    `village` ends. What belonged to it goes over to `into` or is closed, as each service's rules say.
    """

    label = ("村合并", "village merged into another")
    source = "Regulation on Administrative Divisions"
    village: VillageId
    into: VillageId
    into_place: Place
    since: Day
    document: Short
    decided_by: Organ


class VillageSplit(Event, frozen=True, kw_only=True):
    """Parts of a village became villages of their own. `village` goes on and keeps all that belongs to it."""

    label = ("村分设", "village split")
    village: VillageId
    successors: Villages
    """The new villages, which are registered at the same time. Each is on the list from the beginning if `village`
    is."""
    since: Day
    document: Short
    decided_by: Organ


class DeadlineMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved the last day of something that is owed or open in a village."""

    label = ("期限变更", "deadline moved")
    village: VillageId


class SurveyWithdrawn(Event, frozen=True, kw_only=True):
    """A survey record was entered by mistake; its number is free again."""

    label = ("撤销摸底排查记录", "survey record withdrawn")
    village: VillageId
    number: Number
    reason: Reason
    decided_by: Organ


class DiagnosisWithdrawn(Event, frozen=True, kw_only=True):
    """The joint diagnosis is taken back before the village was matched: the survey is open again."""

    label = ("撤销会诊结论", "diagnosis withdrawn")
    village: VillageId
    spell: Number
    reason: Reason
    decided_by: Organ


class HouseholdWithdrawn(Event, frozen=True, kw_only=True):
    """A household was entered by mistake, such as under a wrong id, and counts in no figure any more."""

    label = ("撤销农户信息", "household withdrawn")
    village: VillageId
    household: PartyId
    reason: Reason
    decided_by: Organ


class MeasurementWithdrawn(Event, frozen=True, kw_only=True):
    """A year's figures were entered by mistake: that year is to be measured again."""

    label = ("撤销年度测算", "measurement withdrawn")
    village: VillageId
    year: Year
    reason: Reason
    decided_by: Organ
    counted_in: Place | None = None
    """The division in whose totals the year was counted, if the village has moved to another one since."""


class NoticeWithdrawn(Event, frozen=True, kw_only=True):
    """A public notice was posted by mistake; another one is awaited."""

    label = ("撤回公示", "notice withdrawn")
    village: VillageId
    matter: RunId | None = None
    """The matter that it belongs to; None for the village's exit."""
    attempt: Number
    reason: Reason
    decided_by: Organ


class ObjectionWithdrawn(Event, frozen=True, kw_only=True):
    """An objection that was not decided yet was taken back, or entered by mistake."""

    label = ("撤回异议", "objection withdrawn")
    village: VillageId
    matter: RunId | None = None
    """The matter that it belongs to; None for the village's exit."""
    attempt: Number
    objection: Number
    reason: Reason
    decided_by: Organ


class StepWithdrawn(Event, frozen=True, kw_only=True):
    """The latest step of a village's procedure was entered by mistake, and is awaited again."""

    label = ("撤销民主决策环节", "step of a resolution withdrawn")
    village: VillageId
    matter: RunId
    step: Code
    reason: Reason
    decided_by: Organ


class ResolutionWithdrawn(Event, frozen=True, kw_only=True):
    """A matter was opened by mistake, and no step of it was taken."""

    label = ("撤销民主决策事项", "resolution withdrawn")
    village: VillageId
    matter: RunId
    reason: Reason
    decided_by: Organ


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
