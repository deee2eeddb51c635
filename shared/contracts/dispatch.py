"""Events of the dispatch: which unit and team serve which village, what they owe, and until when."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from shared.contracts import Event, values
from shared.contracts.calendar import Movement
from shared.contracts.registry import ProblemClass
from shared.contracts.values import (
    Code,
    Codes,
    Count,
    Day,
    DerivedId,
    Figure,
    Name,
    Number,
    Numbers,
    Organ,
    OrganOrNone,
    PartyId,
    Period,
    Place,
    Reason,
    RunId,
    Short,
    Total,
    VillageId,
    Villages,
)

Role = Literal["leader", "member"]


class Member(msgspec.Struct, frozen=True):
    """A cadre's link to the village in a role."""

    cadre: PartyId
    role: Role


class Item(msgspec.Struct, frozen=True):
    """One measure, target or ledger item: what is owed, and the baseline problem that it answers, if any."""

    number: Number
    text: Short
    problem: Number | None = None
    goal: Number | None = None
    """The number of the item that it serves in the commitment before it: of a yearly measure, the three-year target
    (3.5)."""


class MatchingSolved(Event, frozen=True, kw_only=True):
    """A matching with its certificate: no assignment can score above `bound` (mechanism 3.2)."""

    about = "matching"
    label = ("生成选派建议方案", "matching solved")
    source = "3.2"
    matching: RunId
    matched: Count
    unmet: Count
    objective: Figure
    bound: Figure
    asked_by: Organ


class VillageMatched(Event, frozen=True, kw_only=True):
    """A unit and a team were found for a village, with the reason; a named body still has to assign them."""

    label = ("确定帮扶单位建议", "matched with a unit")
    village: VillageId
    matching: DerivedId
    """The name of the matching. Where none was solved: `kept/<village>/<spell>` for a team that stays, and
    `taken-over/<village>` for one taken over with its earlier dates."""
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    score: Total
    problem_class: ProblemClass
    reasons: Codes
    """Codes of the reasons for this unit and team: `designated`, `class_suits`, `same_county` …"""


class NeedUnmet(Event, frozen=True, kw_only=True):
    """No unit could be matched to a village; `obstacles` says why. The need stays open (mechanisms 0.2, 3.3, 3.4)."""

    label = ("暂无符合条件的派出单位", "no unit could be matched")
    source = "0.2"
    village: VillageId
    matching: RunId
    obstacles: Annotated[dict[PartyId, Code], Meta(max_length=1000)]
    """For each unit that nearly fitted: the rule that it fails, such as `leader_rank`."""


class TeamChosen(Event, frozen=True, kw_only=True):
    """A named body chose another unit or other cadres than the matching proposed; all rules held (3.2–3.4)."""

    label = ("另行选定工作队", "another team chosen than proposed")
    source = "3.2"
    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    score: Total
    cost: Figure
    """The points of the matching's proposal minus those of the choice; negative if the choice has more."""
    reasons: Codes
    reason: Reason
    decided_by: Organ


class TeamAssigned(Event, frozen=True, kw_only=True):
    """The organisation department assigned unit and team to the village: the term begins."""

    label = ("工作队派驻", "team assigned")
    village: VillageId
    unit: PartyId
    spell: Number
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    term_start: Day
    term_end: Day
    assigned_by: Organ


class CommitmentSet(Event, frozen=True, kw_only=True):
    """A letter was signed, a plan made, or a list or ledger set. From now on it says, item by item, what is owed."""

    label = ("定账", "commitment set")
    village: VillageId
    kind: Code
    """As the pack names it: `letter`, `three_year_plan`, `annual_plan`, `ledger` …"""
    period: Period
    """The year, or `term` for what is owed once a term."""
    unit: PartyId
    items: Annotated[tuple[Item, ...], Meta(max_length=500)]
    set_by: OrganOrNone = ""
    """The organ that set it, never a person; empty in events from before this was told."""


class CommitmentReconciled(Event, frozen=True, kw_only=True):
    """A ledger was reconciled at one of its dates (季度对账, mechanism 2.4)."""

    label = ("对账", "commitment reconciled")
    source = "2.4"
    village: VillageId
    kind: Code
    period: Period
    on: Day
    done: Count
    open: Count
    reconciled_by: OrganOrNone = ""
    """The organ that reconciled it, never a person; empty in events from before this was told."""


class CommitmentSettled(Event, frozen=True, kw_only=True):
    """A period's ledger was settled: items closed out or carried into the next (次年销账, mechanism 2.4)."""

    label = ("销账", "commitment settled")
    source = "2.4"
    village: VillageId
    kind: Code
    period: Period
    closed: Count
    carried: Count
    cleared: bool = False
    """Whether everything from before the exit is settled. Then the team may go home or begin a new term."""
    settled_by: OrganOrNone = ""
    """The organ that settled it, never a person; empty in events from before this was told."""


class CommitmentOverdue(Event, frozen=True, kw_only=True):
    """A due date passed without the step that was owed (mechanism 1.2)."""

    label = ("责任事项逾期", "commitment overdue")
    source = "1.2"
    village: VillageId
    kind: Code
    period: Period
    step: Short
    """`set`, `settle`, or `reconcile` followed by a space and the day of the reconciliation."""
    due: Day
    unit: PartyId
    """The unit that helps the village. It need not be the one that owed the step: see `owed_by`."""
    owed_by: values.EventRole | None = None
    """The role that owed it, by the pack in force on the day after it was due; None in events of earlier versions."""


class HelpBegun(Event, frozen=True, kw_only=True):
    """All that the pack asks for at the start is set: letter, plans, lists and ledger as the region has them."""

    label = ("进入帮扶阶段", "help begun")
    village: VillageId
    unit: PartyId


class MemberRecalled(Event, frozen=True, kw_only=True):
    """A cadre left the team by a decided recall; the unit owes a replacement (mechanism 2.20)."""

    label = ("召回", "member recalled")
    source = "2.20"
    village: VillageId
    unit: PartyId
    cadre: PartyId
    role: Role


class MemberReplaced(Event, frozen=True, kw_only=True):
    """The unit sent another cadre who meets the same rules."""

    label = ("补派", "member replaced")
    village: VillageId
    unit: PartyId
    recalled: PartyId
    cadre: PartyId
    role: Role
    replaced_by: OrganOrNone = ""
    """The organ that sent the other one, never a person; empty in events from before this was told."""


class TermExtended(Event, frozen=True, kw_only=True):
    """The term ended before the exit, so unit and team stay: 不脱贫不脱钩 (mechanism 3.11)."""

    label = ("延长帮扶期限", "term extended")
    source = "3.11"
    village: VillageId
    unit: PartyId
    until: Day
    extension: Number


class TermEnded(Event, frozen=True, kw_only=True):
    """The term is over, and the pack extends none: the team goes home, and the village gets another one (到期轮换).

    `dispatch.team.released` follows, and after the next matching another assignment.
    """

    label = ("任期届满", "term ended")
    source = "2.10"
    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    until: Day
    """The last day of the term."""


class TeamKept(Event, frozen=True, kw_only=True):
    """The village left the list; the team stays for the transition (摘帽不摘帮扶)."""

    label = ("出列后继续驻村", "team stays after the exit")
    village: VillageId
    unit: PartyId
    until: Day


class TeamReleased(Event, frozen=True, kw_only=True):
    """A team is released, since all that it owed in the village is settled. This is never before the exit (2.13)."""

    label = ("工作队期满撤离", "team released")
    source = "2.13"
    village: VillageId
    unit: PartyId
    spell: Number
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    served_days: Count


class MatchWithdrawn(Event, frozen=True, kw_only=True):
    """A named body took a match back before the team was assigned; the village needs a unit again."""

    label = ("撤销派出单位建议", "match withdrawn")
    village: VillageId
    unit: PartyId
    reason: Reason
    decided_by: Organ


class AssignmentWithdrawn(Event, frozen=True, kw_only=True):
    """A team was assigned by mistake. Unit and team are only proposed again, as after the matching."""

    label = ("撤销派驻", "assignment withdrawn")
    village: VillageId
    unit: PartyId
    reason: Reason
    decided_by: Organ


class CommitmentWithdrawn(Event, frozen=True, kw_only=True):
    """A letter, plan, list or ledger, one of its items, a reconciliation or a settlement was entered by mistake.

    A withdrawn step is owed again. A withdrawn item is not owed any more.
    """

    label = ("撤回责任事项", "commitment withdrawn")
    village: VillageId
    kind: Code
    period: Period
    step: Code = "set"
    """Which step is taken back: `set`, `reconcile` or `settle`."""
    items: Numbers = ()
    """The numbers of single items that were withdrawn; empty if the whole step was."""
    reason: Reason
    decided_by: Organ


class MemberLeft(Event, frozen=True, kw_only=True):
    """A cadre left the team without any recall, such as by transfer, illness or retirement; the unit owes another.

    The event does not say why, since that is personal; the deciding organ keeps the reason.
    """

    label = ("队员离队", "member left")
    village: VillageId
    unit: PartyId
    cadre: PartyId
    role: Role
    decided_by: Organ


class MemberDisqualified(Event, frozen=True, kw_only=True):
    """A cadre in a team was registered again, with data by which the cadre no longer meets the rules for the role.

    Nothing follows by itself: the organisation department decides whether the cadre stays.
    """

    label = ("队员不再符合条件", "member no longer qualifies")
    village: VillageId
    unit: PartyId
    cadre: PartyId
    role: Role
    rule: Code
    """The rule that is not met any more, such as `leader_rank`, or `unit` if the unit has no such cadre any more."""


class DeadlineMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved the last day of something that is owed or open in a village."""

    label = ("期限变更", "deadline moved")
    village: VillageId


class MemberRetained(Event, frozen=True, kw_only=True):
    """A named body decided that a member stays who no longer meets a rule for the role."""

    label = ("队员继续留任", "member stays")
    village: VillageId
    cadre: PartyId
    decided_by: Organ


class TeamDisbanded(Event, frozen=True, kw_only=True):
    """A team's work ended without an exit: the village no longer exists, or should not have been on the list."""

    label = ("工作队因故撤离", "team sent home without an exit")
    village: VillageId
    unit: PartyId
    spell: Count
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    ground: Code
    """Why: `merged` (into a village with a team of its own), `unlisted`, `withdrawn` or `undiagnosed`."""


class LinkBegun(Event, frozen=True, kw_only=True):
    """A cadre was bound to a village in a kind of link of the pack, such as a leader to a contact point (联系点)."""

    label = ("确定联系人", "link begun")
    source = "4.2"
    village: VillageId
    kind: Code
    unit: PartyId
    cadre: PartyId
    decided_by: Organ


class LinkEnded(Event, frozen=True, kw_only=True):
    """A cadre is no longer bound to a village in a kind of link."""

    label = ("解除联系", "link ended")
    source = "4.2"
    village: VillageId
    kind: Code
    cadre: PartyId
    ground: Code
    """Why: `decided` by the body that may, `delisted`, `merged`, `unlisted`, `withdrawn`, `undiagnosed`, or
    `disqualified`: the cadre no longer fits. What of it, is personal and said to nobody."""
    decided_by: OrganOrNone


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A household, and the cadre who is responsible for it, with the unit that has the cadre."""

    household: PartyId
    unit: PartyId
    cadre: PartyId


Pairs = Annotated[tuple[Pair, ...], Meta(max_length=20_000)]


class HouseholdsPaired(Event, frozen=True, kw_only=True):
    """Cadres became responsible for households of a village (帮扶责任人). Sealed: it names persons and households."""

    sealing = "always"
    label = ("确定帮扶责任人", "households paired with cadres")
    source = "2.2"
    village: VillageId
    kind: Code
    pairs: Pairs
    decided_by: OrganOrNone
    """Empty where the households came from another village with their helpers."""


class HouseholdsUnpaired(Event, frozen=True, kw_only=True):
    """Cadres are no longer responsible for households of a village. Sealed: it names persons and households."""

    sealing = "always"
    label = ("解除帮扶责任人", "households no longer paired")
    source = "2.2"
    village: VillageId
    kind: Code
    pairs: Pairs
    ground: Code
    """Why: by decision since it `changed`, they are `kin`, or it was `mistaken`; since the cadre `left` the unit, the
    household is `unregistered`, or it `moved` to another village with its helper."""
    decided_by: OrganOrNone


class GapFound(Event, frozen=True, kw_only=True):
    """Poor households of a village have too few helpers in a kind of link (0.2). Which ones, is not told openly."""

    label = ("贫困户缺少帮扶责任人", "households without a helper")
    source = "0.2"
    village: VillageId
    kind: Code
    missing: Count
    """How many of the poor households; told anew whenever it changes."""
    households: Count
    """How many poor households the village has."""


class GapClosed(Event, frozen=True, kw_only=True):
    """Every poor household of a village has its helpers (0.2)."""

    label = ("贫困户均有帮扶责任人", "every household has a helper")
    source = "0.2"
    village: VillageId
    kind: Code


class QuotaAsked(Event, frozen=True, kw_only=True):
    """It is the day on which a region looks who helps fewer households than the rank asks for (2.2)."""

    about = "place"
    label = ("核对帮扶任务数", "quotas looked at")
    source = "2.2"
    kind: Code


class QuotaMissed(Event, frozen=True, kw_only=True):
    """Cadres of a unit help fewer households than their ranks ask for (2.2). Sealed: it names persons."""

    about = "unit"
    sealing = "always"
    label = ("帮扶任务数不足", "quota missed")
    source = "2.2"
    unit: PartyId
    kind: Code
    cadres: Annotated[dict[PartyId, Count], Meta(max_length=20_000)]
    """The cadres, each with how many households the rank asks for."""


class QuotaMet(Event, frozen=True, kw_only=True):
    """Those cadres of a unit who helped too few households all help as many as their ranks ask for now (2.2)."""

    about = "unit"
    sealing = "always"
    label = ("帮扶任务数已达到", "quota met")
    source = "2.2"
    unit: PartyId
    kind: Code


class Attendee(msgspec.Struct, frozen=True):
    """A cadre who came to a course, with the unit that has registered the cadre."""

    unit: PartyId
    cadre: PartyId

    named_by: ClassVar = ("cadre",)


CourseDays = Annotated[int, Meta(ge=1, le=120)]
"""How many days a course lasts."""
Attendees = Annotated[tuple[Attendee, ...], Meta(max_length=2000)]
"""At most as many as one command may name."""
Heads = Annotated[dict[Code, Count], Meta(max_length=50)]
"""Persons by the pack's groups."""


class CourseHeld(Event, frozen=True, kw_only=True):
    """A course was held (2.12, 4.5): how many came, by group. Who came is said in no open event."""

    about = "course"
    label = ("举办培训", "course held")
    source = "2.12"
    course: RunId
    kind: Code
    title: Name
    first: Day
    last: Day
    days: CourseDays
    heads: Heads
    skills: Codes = ()
    villages: Villages = ()
    """The villages whose reported lack of these skills it answers (1.8)."""
    holder: values.Role
    held_by: Organ


class CourseWithdrawn(Event, frozen=True, kw_only=True):
    """A course was recorded by mistake. It counts for nobody, and a lack that it answered is open again."""

    about = "course"
    label = ("撤销培训登记", "course withdrawn")
    source = "2.12"
    course: RunId
    kind: Code
    skills: Codes = ()
    villages: Villages = ()
    reason: Reason
    decided_by: Organ


class CourseAttended(Event, frozen=True, kw_only=True):
    """Who came to a course, as far as it was recorded by name: for those who owe training."""

    about = "course"
    label = ("参加培训", "course attended")
    source = "2.12"
    sealing = "always"
    course: RunId
    kind: Code
    last: Day
    days: CourseDays
    attended: Attendees
    villages: Villages
    """The villages that are served by the teams of which some of them are members."""


class AttendanceWithdrawn(Event, frozen=True, kw_only=True):
    """Cadres were recorded as having come to a course by mistake, or the course itself was."""

    about = "course"
    label = ("撤销参训登记", "attendance withdrawn")
    source = "2.12"
    sealing = "always"
    course: RunId
    kind: Code
    attended: Attendees
    villages: Villages
    reason: Reason
    decided_by: Organ


class SkillsReported(Event, frozen=True, kw_only=True):
    """How many people in a village lack which skills, so that courses follow (缺什么补什么, 1.8)."""

    label = ("报告所缺技能", "lacking skills reported")
    source = "1.8"
    village: VillageId
    kind: Code
    lacking: Heads
    reported_by: Organ


class TrainingMissed(Event, frozen=True, kw_only=True):
    """Training that was owed was not had in time: by members of a team (2.12), or in a skill that is lacking (1.8).

    It is told to who has to see to the courses. It is nobody's fault who was sent without.
    """

    label = ("培训未按期完成", "training missed")
    source = "2.12"
    village: VillageId
    kind: Code
    skill: Code | None = None
    """The skill that is lacking; None if it is members of the team who were not trained."""
    due: Day
    missing: Count
    """How many members of the team were not trained, or how many people lack the skill."""
    owed_by: values.EventRole


class TrainingCompleted(Event, frozen=True, kw_only=True):
    """Training that had been missed is made up for, or was recorded late: nobody in the village lacks it now."""

    label = ("培训已补齐", "training completed")
    source = "2.12"
    village: VillageId
    kind: Code
    skill: Code | None = None


MonthNumber = Annotated[int, Meta(ge=1, le=12)]
MonthDays = Annotated[int, Meta(ge=0, le=31)]


class Present(msgspec.Struct, frozen=True):
    """How many days of a month a member of the team was in the village."""

    cadre: PartyId
    days: MonthDays


class LeaveGranted(Event, frozen=True, kw_only=True):
    """A member of a team was granted leave (请假). For long leave the unit sends somebody else for the time."""

    label = ("批准请假", "leave granted")
    sealing = "always"
    village: VillageId
    cadre: PartyId
    kind: Code
    first: Day
    last: Day
    replaced: bool
    decided_by: Organ


class LeaveRefused(Event, frozen=True, kw_only=True):
    """Leave was not granted, or was taken back before it began."""

    label = ("不批准请假", "leave refused")
    sealing = "always"
    village: VillageId
    cadre: PartyId
    kind: Code
    first: Day
    last: Day
    decided_by: Organ


class LeaveBegun(Event, frozen=True, kw_only=True):
    """Leave for whose time the unit sends somebody else has begun. It is no recall, and the member may come back."""

    label = ("离队休假", "leave begun")
    sealing = "always"
    village: VillageId
    unit: PartyId
    cadre: PartyId
    last: Day
    decided_by: Organ


class PresenceCounted(Event, frozen=True, kw_only=True):
    """How many days of a month each member was in the village, as the township says. A later one corrects it."""

    label = ("确认驻村天数", "presence counted")
    sealing = "always"
    village: VillageId
    year: values.Year
    month: MonthNumber
    present: Annotated[tuple[Present, ...], Meta(max_length=50)]
    counted_by: Organ


class PresenceShort(Event, frozen=True, kw_only=True):
    """Members were in the village for fewer days of a month than the region asks for. Nothing follows by itself."""

    label = ("驻村天数不足", "presence short")
    village: VillageId
    year: values.Year
    month: MonthNumber
    short: Count
    """How many members it was; 0 if a correction found none."""
    owed_by: values.EventRole


class PresenceMissed(Event, frozen=True, kw_only=True):
    """The days of a month were not confirmed in time. They are still awaited."""

    label = ("驻村天数未按期确认", "presence not counted")
    village: VillageId
    year: values.Year
    month: MonthNumber
    due: Day
    owed_by: values.EventRole


class PoolDivided(Event, frozen=True, kw_only=True):
    """A region adopted a pack with matching rules of its own, so it got a pool of its own.

    Its needs, units and teams leave the wider pool for it.
    """

    about = "place"
    label = ("选派库分设", "pool divided")


class PoolChanged(Event, frozen=True, kw_only=True):
    """A village came to another division. From now on its need or team belongs to the pool there."""

    label = ("选派库变更", "pool changed")
    village: VillageId
    former: Place
    """The division that it came from."""
