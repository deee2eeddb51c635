"""What a policy pack can say: one region's numbers, names and lists, as validated data.

Each field is described in Chinese and English; `docs/policy.md` and `docs/policy.schema.json` are made of that.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Meta

from shared import chinese
from shared.calendar import Calendar, Span, YearDay, national
from shared.contracts import Event, dispatch, inspection, short_type
from shared.contracts.registry import Level, Rank, StepKind
from shared.contracts.values import (
    ROLES,
    Bounded,
    Clause,
    Code,
    Day,
    Name,
    Percent,
    Rate,
    Role,
    Short,
    ShortOrNone,
    Version,
)
from shared.policy.bound import Bound

T = TypeVar("T")
_TERMS = re.compile(
    "|".join(["工作队", "出列", *(zh for role, (zh, _) in ROLES.items() if role != "team" and len(zh) > 2)])
)
"""What may be called otherwise in a region; `村` or `县` stand in too many other words."""
_EXIT_STEPS = {"verify": "核查", "notice": "公示", "decide": "审批"}
_GROUNDS = {"absences": "不在岗次数较多", "open_items": "未完成任务较多", "approval": "群众认可度较低"}
_END = r"$(?!\n)"
Points = Annotated[int, Meta(ge=0, le=10_000)]
Year = Annotated[str, Meta(pattern=rf"^(199[0-9]|20[0-9]{{2}}|2100){_END}")]
DocumentKey = Annotated[str, Meta(pattern=rf"^[A-Za-z][A-Za-z0-9]{{0,11}}{_END}")]
"""The short name by which the pack cites a document."""
Jurisdiction = Annotated[str, Meta(pattern=rf"^([0-9]{{2}}){{1,3}}{_END}")]
Line = Annotated[int, Meta(ge=500, le=100_000)]
Some = Annotated[tuple[T, ...], Meta(max_length=50)]
One = Annotated[tuple[T, ...], Meta(min_length=1, max_length=50)]
Labels = Annotated[Mapping[Code, Name], Meta(min_length=1, max_length=50)]
"""Code to Chinese label."""
Scalar = bool | Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] | Annotated[str, Meta(min_length=1, max_length=60)]
Wanted = (
    bool
    | Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    | Annotated[str, Meta(min_length=1, max_length=60)]
    | Annotated[tuple[Scalar, ...], Meta(min_length=1, max_length=20)]
)
"""What a field of an event must be, or one of what it must be."""
NATIONAL = "00"
"""The jurisdiction of what holds in the whole country."""
INCIDENCE = "incidence"
"""The indicator that the system computes itself (1.18)."""
LETTER = "letter"
"""The commitment by which a village becomes pledged (3.6)."""
_PARTS = ("率", "比例", "占比", "比重")
"""What Chinese calls a part of a whole."""
SURVEY_KINDS = ("household_visit", "problem")
"""The survey kinds on which rules rely in every region (mechanism 3.1)."""


class Section(Bounded, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a pack. A misspelt key is an error, since a default would silently stand in for it.

    A few codes are reserved, since rules rely on them: the indicator `incidence`, which is computed (1.18), the survey
    kinds `problem` and `household_visit` (3.1), and the commitment `letter`, which makes a village `pledged` in the
    journey (3.6); a region without a letter goes from `assigned` to `helped`.
    """

    named_by: ClassVar[tuple[str, ...]] = ()
    """Fields that tell entries of a list apart, so that a layer can override one; without any, it replaces all."""


class Document(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """所引文件。 · A document that the pack cites."""

    title: Short
    """文件名称。 · Its title."""
    jurisdiction: Jurisdiction
    """发文机关所辖区划的代码；全国性文件填 00。 ·
    The division of the organ that issued it; 00 for the whole country."""
    number: ShortOrNone = ""
    """文号。 · Its number."""
    date: Day | None = None
    """发文日期。 · The day on which it was issued."""


class Reference(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一节的依据。 · What a section of the pack rests on."""

    document: DocumentKey
    """文件，须列在 [documents]。 · The document, one of `[documents]`."""
    article: ShortOrNone = ""
    """条款。 · Its article."""
    date: Day | None = None
    """所依据文本的日期。 · The day of the text that is meant, where a document was amended."""


class Listing(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """摸底排查和集体会诊（3.1）。 · How a village is surveyed and diagnosed (mechanism 3.1)."""

    diagnose_within: Span
    """列入贫困村后，多长时间内完成集体会诊。 · The time from the listing to the joint diagnosis."""
    problem_classes: Labels
    """贫困村类别：代码和名称。 · Why villages are poor: code and name."""
    topics: Labels
    """摸底内容：代码和名称。 · What the survey asks about: code and name."""
    survey_kinds: Labels
    """调查方式：代码和名称；household_visit（入户）和 problem（突出问题）不可缺。 · Kinds of record: code and name;
    `household_visit` and `problem` must be among them."""
    reference: Reference | None = None
    """本节依据。 · What the section rests on."""


class Criterion(Bound, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """出列指标：数值 incidence（贫困发生率）由系统计算，其他代码为本地指标。 ·
    One exit criterion: `incidence` is computed, and any other figure is an indicator of the region."""

    named_by = ("figure",)
    label: Name
    """指标名称。 · Its name."""
    mover: Role
    """责任主体。 · The role that can move it."""

    @property
    def is_share(self) -> bool:
        """Whether it is a part of a whole. A bound of 1 may also be one of something, such as one clinic."""
        return 0 < self.number < 1 or (self.number == 1 and any(word in self.label for word in _PARTS))


class Step(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """出列程序的一个环节。 ·
    One step of the exit procedure: who takes it, within which time, where an objection leads."""

    name: Code
    """环节代码。 · Its code."""
    kind: StepKind
    """核查 verify、公示 notice 或审批 decide。 · A verification, a public notice or a decision."""
    by: Role
    """由谁办理。 · Who takes it."""
    within: Span
    """公示为公示期，其他为办理时限。 · For a notice its length; for the others the time allowed."""
    on_objection: Code | None = None
    """异议成立时退回的环节；公示必填。 · The step to which an upheld objection leads back; a notice needs it."""


class Verification(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """抽户核查的比例和标准。 · How sampled households confirm an exit, and the rates it must keep (rules §2)."""

    sample_share: Rate
    """抽查户比例。 · The share of the lifted households that is visited."""
    sample_at_least: Annotated[int, Meta(ge=1, le=10_000)]
    """至少抽查户数；不足的全查。 · The least number of households; where there are fewer, all of them."""
    rates: Annotated[tuple[Bound, ...], Meta(min_length=3, max_length=3)]
    """须达到的标准：wrong_exit 错退率、omission 漏评率、approval 群众认可度各一项。 ·
    What must be kept: one bound each for `wrong_exit`, `omission` and `approval`."""
    outside_share: Rate = 0.05
    """未建档人口中至少抽查的比例。 · The share of the people outside the register who are looked at for omissions."""
    reference: Reference | None = None
    """本节依据。 · What the section rests on."""


class Exit(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """出列标准、程序和出列后监测。 ·
    When a village may leave the list, step by step, and how it is watched afterwards."""

    measure_from: YearDay
    """每年自此日起采集年度农户信息和指标。 ·
    From this day to `measure_by` the year's facts and indicators are taken."""
    measure_by: YearDay
    """每年采集的截止日。 · The last day for it."""
    poverty_line: Annotated[Mapping[Year, Line], Meta(min_length=1, max_length=60)]
    """各年度贫困线：人均年纯收入（元）。 · Yearly net income in yuan below which a household is poor, by year."""
    criteria: One[Criterion]
    """出列指标。 · The criteria, all of which must be met."""
    procedure: One[Step]
    """出列程序各环节，按顺序。 · The steps in their order."""
    verification: Verification
    """抽户核查。 · The verification by sampled households."""
    monitor_on: YearDay
    """出列后每年监测日。 · The yearly day of the review after the exit."""
    monitor_for: Span
    """出列后监测期。 · For how long after the exit."""
    reference: Reference | None = None
    """本节依据。 · What the section rests on."""

    def line(self, year: int) -> int:
        """The poverty line of a year."""
        return self.poverty_line[str(self.line_of(year))]

    def line_of(self, year: int) -> int:
        """The year whose line serves for a year: its own, or else the latest earlier one, or the first of all."""
        years = sorted(map(int, self.poverty_line))
        return max((known for known in years if known <= year), default=years[0])


class Weights(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """选派建议的加分。 ·
    Whole points for what speaks for a unit and its team where the hard rules leave a choice (3.3)."""

    strength: Points
    """单位帮扶能力每一分的加分。 · For each point of the unit's strength."""
    same_county: Points
    """本县单位的加分。 · For a unit of the village's own county."""
    reserve: Points
    """每名后备干部的加分。 · For each reserve cadre in the team."""
    young: Points
    """每名年轻干部的加分。 · For each cadre in the team who is younger than `young_below` years."""
    young_below: Annotated[int, Meta(ge=18, le=60)]
    """年龄低于此数为年轻干部。 · The age below which a cadre is young."""


MATCHED = (
    "size", "leader_rank", "party_members_only", "work_years", "suits", "same_county_levels", "match_by", "weights",
)  # fmt: skip
"""What of `[team]` says whom a village is sent: a division that says it otherwise matches by itself."""


class Team(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """派驻工作队：人数、资格、任期。 · Who is sent, by which unit, for how long (mechanisms 3.2–3.4, 3.11)."""

    size: Annotated[int, Meta(ge=1, le=20)]
    """每队人数。 · Cadres in a team."""
    leader_rank: Annotated[Mapping[Level, Rank], Meta(max_length=3)]
    """队长最低职务层次，按单位级别；未列的级别不作要求。 ·
    The lowest rank of a leader by the unit's level; a level that
    is left out asks for none."""
    party_members_only: bool
    """是否只派党员。 · Whether all must be Party members."""
    work_years: Annotated[int, Meta(ge=0, le=40)]
    """队员最低工作年限。 · Years of work a member needs at least."""
    suits: Annotated[Mapping[Code, One[Name]], Meta(max_length=50)]
    """各贫困村类别对口的单位类别。 · Departments by the problem class that they are matched to."""
    same_county_levels: Annotated[tuple[Level, ...], Meta(max_length=3)]
    """只帮扶本县村的单位级别。 · Levels whose units serve villages of their own county only."""
    match_by: Span
    """会诊后多长时间内确定帮扶单位。 · How long after the diagnosis a unit must be matched."""
    assign_within: Span
    """确定帮扶单位后多长时间内派驻。 · How long after the matching unit and team must be assigned."""
    weights: Weights
    """选派建议的加分。 · The points of the matching."""
    term: Span
    """任期，按年、月或日历日计。 · The term, in years, months or calendar days."""
    extension: Span
    """期满未出列的，每次延长时间。 · By how much it is extended while the village is on the list."""
    keep_after_exit: Span
    """出列后继续驻村时间。 · How long the team stays after the exit."""
    replace_within: Span
    """召回后多长时间内补派。 · The time for replacing a recalled member."""
    reference: Reference | None = None
    """本节依据。 · What the section rests on."""


class Commitment(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """责任事项：责任书、计划、清单、台账。 ·
    Something owed for a village, set, reconciled and settled (1.2, 2.4, 3.5)."""

    named_by = ("kind",)
    kind: Code
    """代码；letter 专指责任书。 · Its code; `letter` is reserved: by it a village becomes `pledged` (3.6)."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据：[documents] 中的文件和条款，如 S3:第三项。 · A cited document and its article, as `S3:第三项`."""
    by: Role
    """由谁负责。 · Who owes it."""
    after: Code | None = None
    """须先定账的事项；不填则自派驻之日起算。 ·
    The commitment that must be set first; without it the assignment starts the
    clock."""
    within: Span
    """首次定账的时限。 · How long after its start the first one must be set."""
    items_at_least: Annotated[int, Meta(ge=0, le=100)] = 0
    """至少几项。 · The least number of items."""
    yearly: YearDay | None = None
    """以后每年重新定账的日期；不填则每届一次。 ·
    The day by which it is set anew in each later year; without it once a term."""
    reconcile: Annotated[tuple[YearDay, ...], Meta(max_length=12)] = ()
    """对账日。 · The days of reconciliation."""
    reconcile_within: Span = Span()
    """对账日后多长时间内完成对账。 · How long after each of these days the reconciliation may take."""
    settle: YearDay | None = None
    """次年销账日。 · The day of the next year by which it is settled."""


class Deliberation(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """民主决策的一个环节。 · One step of a procedure of village democracy: something is decided, or published."""

    name: Code
    """环节代码。 · Its code."""
    label: Name
    """环节名称。 · Its name."""
    kind: Literal["decide", "publish"]
    """决策 decide 或公开 publish。 · Whether it decides or publishes."""
    by: Role
    """由谁负责。 · Who answers for the step."""
    rule: Clause | None = None
    """到会人数和表决要求的依据，与程序依据不同时填写。 ·
    The law and article of its quorum and majority, where it is not
    the procedure's own rule."""
    quorum: Bound | None = None
    """法定人数：present（到会人数占应到人数的比例）；不计人数的不填。 ·
    Of those entitled, how many must be present (`present`); None where nobody is counted."""
    majority: Bound | None = None
    """通过条件：agreed（赞成占到会）或 agreed_of_entitled（赞成占应到）；集体议定的不填。 ·
    How many of those present (`agreed`) or entitled (`agreed_of_entitled`) must agree; None where a body decides as
    one."""


class Procedure(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """村民主决策程序，如四议两公开。 · How a village decides a matter of its own, step by step (2.18, 3.12)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据。 · Where it comes from."""
    steps: Some[Deliberation]
    """各环节，按顺序。 · The steps in their order."""


class Campaign(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一类督查。 · A set of visits chosen from the villages with a team (mechanisms 2.19, 2.21, 3.7)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rule: Clause
    """依据。 · Where it comes from."""
    choice: Literal["draw", "all"]
    """随机抽取 draw 或全部 all。 · Whether villages are drawn, or all are visited."""
    share: Rate = 1.0
    """抽取比例，10% 填 0.1。 · The share that is drawn; 10 % is 0.1."""
    opens: Annotated[tuple[YearDay, ...], Meta(max_length=53)] = ()
    """每年开始日；不定期的不填。 · The days on which it opens; none where officers open it irregularly."""
    lasts: Span
    """持续时间，按年、月或日历日计。 · How long it lasts, in years, months or calendar days."""
    announced: bool = True
    """是否事先通知；抽取的为 false。 · Whether the visited side may know beforehand; a draw is sealed until its end."""
    seed_days: Annotated[int, Meta(ge=0, le=60)] = 0
    """抽取前几天封存底册、征集随机码。 ·
    How many calendar days before a draw opens its frame is fixed and both bodies are
    asked for their seed shares."""
    visit_days: Annotated[int, Meta(ge=1, le=366)] = 1
    """到村督查分几天进行。 · Over how many days, spread evenly, the visits are dealt."""
    scored: bool = False
    """是否打分计入考核。 · Whether its visits are scored for the assessment."""


class Cap(Bound, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """考核等次的限制情形：absences 查岗不在岗次数，open_items 未销号事项数，approval 民主测评满意率。 ·
    The best grade that a team can still get once something has happened in the year: `absences`, visits that found
    someone absent; `open_items`, items open at the last reconciliation; `approval`, the ballot's."""

    grade: Code
    """等次不得高于。 · The best grade that is left."""


class Input(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """考核的一项来源；权重 0 表示须提交但不计分。 · One channel of an assessment; with a weight of 0 it must be in, but
    carries no score."""

    channel: Code
    """written_report 书面述职、oral_report 口头述职、ballot 民主测评，或计分的督查代码。 ·
    `written_report`, `oral_report`,
    `ballot`, or the kind of a campaign that scores."""
    weight: Annotated[float, Meta(ge=0, le=100)]
    """权重，各项合计 100，或按小数合计 1。 · Its weight; all of them make 100, or 1 as shares."""


class Grade(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """考核等次，从高到低。 · One step of the scale, from the best to the worst."""

    name: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    at_least: Percent
    """最低分；最后一等为 0。 · The least score; 0 for the last."""


class Ground(Bound, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """通报批评的情形（3.10），可用的数值与等次限制相同。 ·
    When an assessment names a ground for criticism (mechanism 3.10), by the same figures as its caps."""

    named_by = ("name",)
    name: Code
    """代码。 · Its code."""
    label: ShortOrNone = ""
    """名称；不填则用通用名称。 · Its name; without it the usual one."""


class Review(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """对考核等次申请复核（公务员法第九十五条：定期考核定为不称职）。 ·
    How a grade is contested (Civil Servant Law 95: the grade of incompetent)."""

    grades: One[Code]
    """可以申请复核的等次。 · The grades against which a review can be asked for."""
    within: Span
    """定等后多长时间内可以申请。 · For how long after the grading."""
    answer: Span
    """申请后多长时间内作出复核决定。 · The time for the answer."""


class Assessment(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """年度考核。 · The yearly assessment of every team (mechanisms 2.15, 2.21, 3.7, 3.8)."""

    opens: YearDay
    """每年启动日。 · The day on which it opens."""
    report_audiences: Annotated[tuple[Role, ...], Meta(max_length=11)]
    """书面述职报送对象。 · To whom the written report goes."""
    inputs: One[Input]
    """考核来源和权重。 · The channels and their weights."""
    ballot_quorum: Bound
    """民主测评的法定人数：present，到会人数占应到人数的比例。 ·
    Of those entitled, how many must be present at the ballot: `present`."""
    grades: One[Grade]
    """等次，从高到低。 · The grades from the best to the worst."""
    caps: Some[Cap]
    """等次的限制情形。 · What limits the grade."""
    grounds: Some[Ground]
    """通报批评的情形。 · The grounds for criticism."""
    review: Review | None = None
    """对等次申请复核；不填则等次为最终决定。 · How a grade is contested; without it grades are final."""
    reference: Reference | None = None
    """本节依据。 · What the section rests on."""

    def worst_of(self, *grades: str) -> str:
        """The worst of some grades by the pack's own order."""
        order = [grade.name for grade in self.grades]
        return max(grades, key=order.index)


class Finding(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """督查发现的问题类型。 · What an inspector may find; some findings lead to an order."""

    named_by = ("code",)
    code: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    order: Span | None = None
    """整改期限；不填则不下达整改。 · The time allowed for rectification; None where no order follows."""


TRIGGERS: Mapping[str, type[Event]] = {
    short_type(event.type): event
    for event in (
        inspection.AssessmentGraded,
        inspection.OrderOverdue,
        dispatch.CommitmentOverdue,
        dispatch.TermExtended,
        dispatch.TeamReleased,
    )
}
"""The events that may give rise to an outcome, by their short type: they name who answers for the village."""


class Outcome(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """奖励或问责建议。 · A consequence that may be proposed, its due process and its end (rules §4)."""

    named_by = ("kind",)
    kind: Code
    """代码，不得重复。 · Unique in the pack: what is proposed is known by it."""
    label: Name
    """名称。 · Its name."""
    clause: Short
    """依据：[documents] 中的文件和条款，如 S3:第四项。 · A cited document and its article, as `S3:第四项`."""
    on: Name
    """由哪类事件提出。 · The event that gives rise to it."""
    when: Annotated[Mapping[Code, Wanted], Meta(max_length=10)] = msgspec.field(default_factory=dict)
    """该事件的字段应为何值（或其中之一）。 ·
    Fields of that event and the value, or one of the values, that they must have."""
    subject: Literal["unit", "team", "cadre"]
    """对象：单位、工作队或队长。 · Whom it concerns: the unit, the team or its leader."""
    decides: Role
    """由谁决定。 · Who decides."""
    within: Span
    """作出决定的期限，自可以决定之日起。 · The time for the decision, from the day on which it may be made."""
    defence: Span | None = None
    """陈述申辩期；奖励不填。 · How long the subject has to be heard; None for rewards."""
    appeal: Span | None = None
    """申请复核的期限。 · The time for asking for a review."""
    answer: Span | None = None
    """作出复核决定的期限。 · The time allowed for the answer."""
    impact: Span | None = None
    """影响期；不填则随办结终止。 · How long it counts; None where it ends with its effect."""
    effect: Literal["record", "recall"] = "record"
    """记录 record 或召回 recall。 · Whether it is recorded only, or takes the cadre off the team."""

    @property
    def subject_field(self) -> str:
        """The field of the triggering event that says whom it concerns; a team is named by its village."""
        return {"unit": "unit", "team": "village", "cadre": "leader"}[self.subject]

    @property
    def answers_for(self) -> tuple[Role, ...]:
        """The roles whose omissions the subject answers for: never those of village, township or county."""
        return ("unit", "team") if self.subject == "unit" else ("team",)

    @property
    def sanction(self) -> bool:
        """Whether it bears on someone, so that due process is owed; everything else is a reward."""
        return bool(self.impact or self.appeal or self.defence or self.effect == "recall")


class Holidays(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """本地节假日。 · Days on which a region rests, or works, otherwise than the State Council's notices say."""

    named_by = ("kind", "days")
    kind: Literal["holiday", "workday"]
    """放假 holiday 或上班 workday。 · Whether the days are off or worked."""
    days: Annotated[tuple[Day, ...], Meta(min_length=1, max_length=100)]
    """日期。 · The days."""
    document: DocumentKey
    """依据的文件，须列在 [documents]。 · The document that says so, one of `[documents]`."""
    article: ShortOrNone = ""
    """条款。 · Its article."""


class Words(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """本地用语。 · What a region calls things otherwise than the rest of the country."""

    team: Name = "工作队"
    """驻村力量的名称，如工作队、工作组。 · The resident team."""
    exit: Name = "出列"
    """贫困村退出的名称，如出列、销号。 · A village's removal from the list."""
    roles: Annotated[Mapping[Role, Name], Meta(max_length=11)] = msgspec.field(default_factory=dict)
    """各办理机构的称谓，如 organisation（组织部门）为“市委组织部”。 · What those who act are called."""


class Policy(Section, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """一个地区的实施规则。 · One region's pack: everything that the rules may ask about."""

    jurisdiction: Jurisdiction
    """适用区划代码：2 位省、4 位市、6 位县（GB/T 2260）。 ·
    The GB/T 2260 prefix that it governs: `2105` is a city with all
    its counties."""
    version: Version
    """版本号，以区划代码开头，用过的不得再用。 ·
    Its version, which begins with the jurisdiction and is never used again."""
    effective_from: Day
    """生效日期。 · The day from which it is in force."""
    name: Name
    """地区名称。 · The region's name in Chinese."""
    name_en: Name
    """地区英文名称。 · The region's name in English."""
    documents: Annotated[Mapping[DocumentKey, Document | Short], Meta(min_length=1, max_length=50)]
    """所引文件，第一项为制定依据。 · The documents that it cites; the first is the one it rests on."""
    listing: Listing
    """摸底排查和会诊。 · Survey and diagnosis."""
    exit: Exit
    """出列和监测。 · The way off the list, and what follows."""
    team: Team
    """派驻工作队。 · The team."""
    commitments: Some[Commitment]
    """责任事项。 · What is owed."""
    campaigns: Annotated[tuple[Campaign, ...], Meta(max_length=20)]
    """督查。 · The inspections."""
    findings: Annotated[tuple[Finding, ...], Meta(max_length=100)]
    """问题类型。 · What an inspector may find."""
    assessment: Assessment
    """年度考核。 · The yearly assessment."""
    outcomes: Some[Outcome]
    """奖励和问责。 · Rewards and accountability."""
    procedures: Annotated[tuple[Procedure, ...], Meta(max_length=20)] = ()
    """村民主决策程序。 · How a village decides matters of its own."""
    holidays: Some[Holidays] = ()
    """本地节假日。 · The region's own holidays."""
    words: Words = msgspec.field(default_factory=Words)
    """本地用语。 · The region's own words."""

    @cached_property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """The pack's own words for codes, by what they name."""
        inspected = {campaign.kind: campaign.label for campaign in self.campaigns}
        kinds: dict[str, str] = {}
        for part in (self.commitments, self.campaigns, self.outcomes, self.procedures):
            kinds |= {one.kind: one.label for one in part}
        deliberations = {step.name: step.label for procedure in self.procedures for step in procedure.steps}
        roles = {role: self.spoken(zh) for role, (zh, _) in ROLES.items()} | dict(self.words.roles)
        exits = {step.name: f"{roles[step.by]}{_EXIT_STEPS[step.kind]}" for step in self.exit.procedure}
        return {
            "problem_class": self.listing.problem_classes,
            "topic": self.listing.topics,
            "survey_kind": self.listing.survey_kinds,
            "indicator": {criterion.figure: criterion.label for criterion in self.exit.criteria},
            "kind": kinds,
            "finding": {finding.code: finding.label for finding in self.findings},
            "grade": {grade.name: grade.label for grade in self.assessment.grades},
            "trigger": {ground.name: ground.label or _GROUNDS[ground.figure] for ground in self.assessment.grounds},
            "channel": inspected,
            "step": deliberations | {name: zh for name, zh in exits.items() if name not in _EXIT_STEPS},
            "by": roles,
        }

    def spoken(self, zh: str) -> str:
        """A Chinese text of the country's, in the region's own words."""
        return _TERMS.sub(lambda found: self._terms.get(found[0], found[0]), zh)

    @cached_property
    def _terms(self) -> Mapping[str, str]:
        named = {ROLES[role][0]: name for role, name in self.words.roles.items()}
        return {"工作队": self.words.team, "出列": self.words.exit, **named}

    @cached_property
    def calendar(self) -> Calendar:
        """The working days of the region; a book of packs adds what was announced."""
        return self._calendar(national())

    @cached_property
    def declared(self) -> Mapping[tuple[str | int, ...], str]:
        """What layers say, by path and name, with the jurisdiction that says it; all else is the root's."""
        return {}

    @cached_property
    def root(self) -> str:
        """The jurisdiction of the pack that extends no other."""
        return self.jurisdiction

    @cached_property
    def extends(self) -> str | None:
        """The jurisdiction whose pack this one is read over."""
        return None

    def layer(self, *path: str) -> str:
        """The jurisdiction that declared an entry, such as `("campaigns", "unannounced")`; its villages are drawn from
        together."""
        return self.declared.get(path, self.root)

    @cached_property
    def pool(self) -> str:
        """The jurisdiction whose villages and units are matched together: the narrowest that says whom to send."""
        by = (of for path, of in self.declared.items() if path[0] == "team" and path[1] in MATCHED)
        return max(by, key=len, default=self.root)

    @property
    def own_version(self) -> str:
        """The version of the pack itself, without those that it is read over."""
        return self.version.partition("+")[0]

    def informed(self, calendar: Calendar) -> "Policy":
        """The pack with another calendar of the country under its own holidays."""
        policy = msgspec.structs.replace(self)
        policy.__dict__.update(self.__dict__)
        policy.__dict__["calendar"] = self._calendar(calendar)
        return policy

    def _calendar(self, calendar: Calendar) -> Calendar:
        for entry in self.holidays:
            off, worked = (entry.days, ()) if entry.kind == "holiday" else ((), entry.days)
            calendar = calendar.told(off, worked)
        return calendar

    def campaign(self, kind: str) -> Campaign | None:
        """The campaign of a kind, if this region knows it."""
        return next((campaign for campaign in self.campaigns if campaign.kind == kind), None)

    def commitment(self, kind: str) -> Commitment | None:
        """The commitment of a kind, if this region knows it."""
        return next((commitment for commitment in self.commitments if commitment.kind == kind), None)

    def procedure(self, kind: str) -> Procedure | None:
        """The procedure of a kind, if this region knows it."""
        return next((procedure for procedure in self.procedures if procedure.kind == kind), None)

    def title(self, document: str) -> str:
        """The title of a document that the pack cites."""
        cited = self.documents[document]
        return cited if isinstance(cited, str) else cited.title

    def cited(self, clause: str) -> str:
        """A clause as people read it: 《村民委员会组织法》第二十六条."""
        document, _, article = clause.partition(":")
        if document not in self.documents:
            return clause
        cited = self.documents[document]
        number = "" if isinstance(cited, str) or not cited.number else f"（{cited.number}）"
        return f"《{self.title(document)}》{number}{chinese.article(int(article)) if article.isdecimal() else article}"
