"""Policy packs: what a region counts, names and lists, as validated, versioned data (DESIGN §1).

The code knows seven concepts; every number, name and list is here. A sixth region is one more file in `packs/`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

import msgspec

from shared.calendar import Span, YearDay
from shared.contracts import Event, dispatch, inspection, short_type
from shared.contracts.registry import Level, Rank, StepKind

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
Points = Annotated[int, msgspec.Meta(ge=0)]
Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*$")]
"""A name that the wire carries; people see its label."""
Year = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}$")]
SURVEY_KINDS = ("household_visit", "problem")
"""The survey kinds on which rules rely in every region (mechanism 3.1)."""
Role = Literal[
    "organisation", "poverty_office", "inspection", "discipline", "unit", "township", "team", "village", "county",
    "province", "operator",
]  # fmt: skip
"""Who may be awaited to do something; a misspelt one would leave the task to nobody."""


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a pack. A misspelt key is an error, since a default would silently stand in for it.

    A few codes are reserved, since rules rely on them: the indicator `incidence`, which is computed (1.18), the survey
    kinds `problem` and `household_visit` (3.1), and the commitment `letter`, which makes a village `pledged` in the
    journey (3.6); a region without a letter goes from `assigned` to `helped`.
    """


class Listing(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a village is surveyed and diagnosed (mechanism 3.1)."""

    diagnose_within: Span
    problem_classes: Mapping[Code, str]
    """Code to Chinese label."""
    topics: Mapping[Code, str]
    survey_kinds: Mapping[Code, str]


class Criterion(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One exit criterion: an indicator with its bound, and the role that can move it."""

    indicator: Code
    label: str
    at_most: float | None = None
    at_least: float | None = None
    mover: Role

    def holds(self, value: float | None) -> bool:
        """Whether a measured value meets the criterion; an indicator that was not measured never does."""
        return (
            value is not None
            and (self.at_most is None or value <= self.at_most)
            and (self.at_least is None or value >= self.at_least)
        )

    @property
    def bound(self) -> float:
        """The figure to reach, for people to read."""
        return self.at_most if self.at_most is not None else self.at_least or 0.0


class Step(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of a procedure: who may take it, within which time, and where an upheld objection leads back to."""

    name: Code
    kind: StepKind
    by: Role
    within: Span
    """For a notice its length; for the others the time allowed."""
    on_objection: Code | None = None
    """The step to which an upheld objection leads back."""


class Verification(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sampled households confirm an exit, and the rates it must keep (rules §2)."""

    sample_share: Share
    sample_at_least: int
    wrong_exit_below: Share
    omission_below: Share
    approval_at_least: Share


class Exit(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a village may leave the list, step by step, and how it is watched afterwards."""

    measure_from: YearDay
    """From this day to `measure_by` the year's household facts and indicators are taken."""
    measure_by: YearDay
    poverty_line: Annotated[Mapping[Year, int], msgspec.Meta(min_length=1)]
    """Yearly net income in yuan below which a household is poor, by year; the latest earlier year serves."""
    criteria: tuple[Criterion, ...]
    procedure: tuple[Step, ...]
    verification: Verification
    monitor_on: YearDay
    monitor_for: Span

    def line(self, year: int) -> int:
        """The poverty line of a year."""
        return self.poverty_line[max((y for y in self.poverty_line if int(y) <= year), default=min(self.poverty_line))]


class Weights(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whole points for what speaks for a unit and its team where the hard rules leave a choice (mechanism 3.3)."""

    strength: Points
    """For each point of the unit's strength."""
    same_county: Points
    """For a unit of the village's own county."""
    reserve: Points
    """For each reserve cadre in the team."""
    young: Points
    """For each cadre in the team who is younger than `young_below` years."""
    young_below: int


class Team(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is sent, by which unit, for how long (mechanisms 3.2–3.4, 3.11)."""

    size: Annotated[int, msgspec.Meta(ge=1)]
    leader_rank: Mapping[Level, Rank]
    """The lowest rank of a leader, by the unit's level; a level that is left out asks for none."""
    party_members_only: bool
    work_years: int
    """Years of work a member needs at least."""
    suits: Mapping[Code, tuple[str, ...]]
    """Departments by the problem class that they are matched to."""
    same_county_levels: tuple[str, ...]
    """Levels whose units serve villages of their own county only."""
    match_by: Span
    """How long after the diagnosis a unit must be matched."""
    assign_within: Span
    """How long after the matching unit and team must be assigned."""
    weights: Weights
    term: Span
    extension: Span
    keep_after_exit: Span
    replace_within: Span


class Commitment(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something owed by the unit and team of a village, set, reconciled and settled (mechanisms 1.2, 2.4, 3.5)."""

    kind: Code
    """`letter` is reserved: the journey moves a village to `pledged` by it (3.6)."""
    label: str
    rule: str
    by: Role
    """Who owes it."""
    after: Code | None = None
    """The commitment that must be set first; None where the assignment itself starts the clock."""
    within: Span
    """How long after its start the first one must be set."""
    items_at_least: int = 0
    yearly: YearDay | None = None
    """The day by which it is set anew in each later year; None for once a term."""
    reconcile: tuple[YearDay, ...] = ()
    reconcile_within: Span = Span()
    """How long after each of these days the reconciliation may take."""
    settle: YearDay | None = None
    """The day of the next year by which it is settled."""


class Deliberation(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of a procedure of village democracy: something is decided, or published."""

    name: Code
    label: str
    kind: Literal["decide", "publish"]
    by: Role
    """Who answers for the step."""
    rule: str | None = None
    """The law and article of its quorum and majority, where it is not the procedure's own rule."""
    present_at_least: Share | None = None
    """The share of those entitled who must be present; None where nobody is counted."""
    agreed_above: Share | None = None
    """Whose share more must agree; None where a single vote is enough, such as that of a body which decides as one."""
    of: Literal["present", "entitled"] = "present"
    """What the agreement is a share of."""


class Procedure(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a village decides a matter of its own, step by step, such as 四议两公开 (mechanisms 2.18, 3.12)."""

    kind: Code
    label: str
    rule: str
    steps: tuple[Deliberation, ...]


class Campaign(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A set of visits chosen from the villages with a team (mechanisms 2.19, 2.21, 3.7)."""

    kind: Code
    label: str
    rule: str
    choice: Literal["draw", "all"]
    share: Share = 1.0
    opens: tuple[YearDay, ...] = ()
    """The days on which it opens; none where officers open it irregularly."""
    lasts: Span
    announced: bool = True
    """Whether the visited side may know beforehand; otherwise the draw is sealed until the end."""
    seed_days: Annotated[int, msgspec.Meta(ge=0)] = 0
    """How many calendar days before a draw opens its frame is fixed and both bodies are asked for their seed shares."""
    visit_days: Annotated[int, msgspec.Meta(ge=1)] = 1
    """Over how many days, spread evenly, the visits are dealt."""
    scored: bool = False


class Cap(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The best grade that a team can still get once something has happened so often in the year."""

    when: Literal["absences", "open_items"]
    """`absences`: visits that found someone absent; `open_items`: items open at the last reconciliation."""
    at_least: int
    grade: Code


class Input(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One channel of an assessment. A weight of 0 means: must be in, but carries no score."""

    channel: Code
    """`written_report`, `oral_report`, `ballot`, or the kind of a campaign that scores."""
    weight: Annotated[float, msgspec.Meta(ge=0)]


class Grade(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of the scale, from the best to the worst."""

    name: Code
    label: str
    at_least: Percent


class Ground(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an assessment names a ground for criticism (mechanism 3.10)."""

    name: Code
    when: Literal["absences_at_least", "open_items_above", "approval_below"]
    bound: float


class Assessment(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The yearly assessment of every team (mechanisms 2.15, 2.21, 3.7, 3.8)."""

    opens: YearDay
    report_audiences: tuple[Role, ...]
    inputs: tuple[Input, ...]
    ballot_quorum: Share
    """The share of those entitled who must be present (Village Committees Law 26)."""
    grades: tuple[Grade, ...]
    caps: tuple[Cap, ...]
    grounds: tuple[Ground, ...]

    def worst_of(self, *grades: str) -> str:
        """The worst of some grades by the pack's own order."""
        order = [grade.name for grade in self.grades]
        return max(grades, key=order.index)


class Finding(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an inspector may find, by code; some findings lead to an order."""

    code: Code
    label: str
    order: Span | None = None
    """The time allowed for rectification; None where no order follows."""


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
    """A consequence that may be proposed, its due process and its end (rules §4; 1.6, 2.15, 2.20, 3.9, 3.10)."""

    kind: Code
    """Unique in the pack: what is proposed is known by it."""
    label: str
    clause: str
    on: str
    """The short type of the event that gives rise to it, one of `TRIGGERS`."""
    when: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Fields of that event and the value, or list of values, that they must have one of."""
    subject: Literal["unit", "team", "cadre"]
    decides: Role
    defence: Span | None = None
    """How long the subject has to be heard; None for rewards."""
    appeal: Span | None = None
    answer: Span | None = None
    """The time allowed for answering an appeal."""
    impact: Span | None = None
    """How long it counts; None where it ends with its effect."""
    effect: Literal["record", "recall"] = "record"

    @property
    def subject_field(self) -> str:
        """The field of the triggering event that says whom it concerns; a team is named by its village."""
        return {"unit": "unit", "team": "village", "cadre": "leader"}[self.subject]

    @property
    def sanction(self) -> bool:
        """Whether it bears on someone, so that due process is owed; everything else is a reward."""
        return bool(self.impact or self.appeal or self.defence or self.effect == "recall")


class Policy(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One region's pack: everything that the rules may ask about."""

    jurisdiction: Annotated[str, msgspec.Meta(pattern=r"^(\d{2}){1,3}$")]
    """GB/T 2260 prefix that it governs: `2105` is a city with all its counties."""
    version: str
    effective_from: date
    name: str
    name_en: str
    documents: Mapping[str, str]
    listing: Listing
    exit: Exit
    team: Team
    commitments: tuple[Commitment, ...]
    campaigns: tuple[Campaign, ...]
    findings: tuple[Finding, ...]
    assessment: Assessment
    outcomes: tuple[Outcome, ...]
    procedures: tuple[Procedure, ...] = ()

    def campaign(self, kind: str) -> Campaign | None:
        """The campaign of a kind, if this region knows it."""
        return next((campaign for campaign in self.campaigns if campaign.kind == kind), None)

    def commitment(self, kind: str) -> Commitment | None:
        """The commitment of a kind, if this region knows it."""
        return next((commitment for commitment in self.commitments if commitment.kind == kind), None)

    def procedure(self, kind: str) -> Procedure | None:
        """The procedure of a kind, if this region knows it."""
        return next((procedure for procedure in self.procedures if procedure.kind == kind), None)


class PolicyInvalid(ValueError):
    """A pack contradicts the schema or itself; the text says where and what to do."""


def parse_pack(data: bytes | Mapping[str, Any]) -> Policy:
    """A pack from its TOML text or from the same content as an event carries it."""
    try:
        policy = (
            msgspec.toml.decode(data, type=Policy)
            if isinstance(data, bytes)
            else msgspec.convert(data, Policy, strict=False)
        )
    except msgspec.DecodeError as error:
        raise PolicyInvalid(f"政策包格式有误：{error} / the pack does not fit the schema: {error}") from error
    for where, zh, en in _contradictions(policy):
        raise PolicyInvalid(f"政策包自相矛盾：{where}：{zh} / the pack contradicts itself: {where}: {en}")
    return policy


def _contradictions(policy: Policy) -> Iterable[tuple[str, str, str]]:
    """What no schema can say: where, and what is wrong there, in Chinese and in English."""
    grades = [grade.name for grade in policy.assessment.grades]
    steps = [step.name for step in policy.exit.procedure]
    kinds = [commitment.kind for commitment in policy.commitments]
    grounds = [ground.name for ground in policy.assessment.grounds]
    scored = {campaign.kind for campaign in policy.campaigns if campaign.scored}
    for where, names in {
        "exit.criteria": [criterion.indicator for criterion in policy.exit.criteria],
        "exit.procedure": steps,
        "commitments": kinds,
        "campaigns": [campaign.kind for campaign in policy.campaigns],
        "findings": [finding.code for finding in policy.findings],
        "assessment.inputs": [channel.channel for channel in policy.assessment.inputs],
        "assessment.grades": grades,
        "assessment.grounds": grounds,
        "outcomes": [outcome.kind for outcome in policy.outcomes],
        "procedures": [procedure.kind for procedure in policy.procedures],
        **{f"procedures.{p.kind}": [step.name for step in p.steps] for p in policy.procedures},
    }.items():
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield where, f"{name} 出现了两次", f"{name} occurs twice"
    for campaign in policy.campaigns:
        if campaign.choice == "draw" and campaign.announced:
            yield (
                "campaigns",
                f"{campaign.kind} 是抽签，announced 须为 false",
                f"{campaign.kind} is a draw: announced = false",
            )
    for criterion in policy.exit.criteria:
        if (criterion.at_most is None) is (criterion.at_least is None):
            which = criterion.indicator
            yield "exit.criteria", f"{which} 应有 at_most 或 at_least 之一", f"{which} needs either at_most or at_least"
    for step in policy.exit.procedure:
        if step.on_objection not in (None, *steps):
            lost = step.on_objection
            yield (
                "exit.procedure",
                f"{step.name} 指回的 {lost} 不是步骤",
                f"{step.name} leads to {lost}, which is no step",
            )
        if step.kind == "notice" and not step.on_objection:
            yield (
                "exit.procedure",
                f"公示 {step.name} 应有 on_objection",
                f"the notice {step.name} needs an on_objection",
            )
    step_kinds = [step.kind for step in policy.exit.procedure]
    if step_kinds[:2] != ["verify", "notice"] or step_kinds.count("verify") > 1 or step_kinds[-1] != "decide":
        yield (
            "exit.procedure",
            "应以唯一的 verify 和一个 notice 开始，以 decide 结束",
            "it must begin with its only verify step and a notice, and end with a decide step",
        )
    for name in SURVEY_KINDS:
        if name not in policy.listing.survey_kinds:
            yield "listing.survey_kinds", f"缺少保留代码 {name}", f"the reserved code {name} is missing"
    for name in policy.team.suits:
        if name not in policy.listing.problem_classes:
            yield "team.suits", f"没有问题类别 {name}", f"{name} is no problem class"
    for name in policy.listing.problem_classes:
        if not policy.team.suits.get(name):
            yield "team.suits", f"问题类别 {name} 没有对口单位", f"no department suits the problem class {name}"
    for name in policy.team.same_county_levels:
        if name not in get_args(Level):
            yield "team.same_county_levels", f"没有级别 {name}", f"{name} is no level"
    yield from _bad_spans("", policy)
    for campaign in policy.campaigns:
        if campaign.choice == "draw" and not campaign.share:
            zh = f"{campaign.kind} 的抽查比例不能为零"
            yield "campaigns", zh, f"{campaign.kind} draws nothing, since its share is 0"
    for procedure in policy.procedures:
        if not any(step.kind == "decide" for step in procedure.steps):
            yield "procedures", f"{procedure.kind} 没有决策步骤", f"{procedure.kind} has no step that decides"
        for rite in procedure.steps:
            if rite.kind == "publish" and (rite.present_at_least or rite.agreed_above):
                zh = f"{procedure.kind} 的公开步骤 {rite.name} 不计票"
                yield "procedures", zh, f"{procedure.kind}: {rite.name} publishes, so that nobody votes in it"
    for c in policy.commitments:
        if c.after and c.after not in kinds[: kinds.index(c.kind)]:
            zh = f"{c.kind} 的 after 应是列在它前面的承诺，而不是 {c.after}"
            yield "commitments", zh, f"{c.kind} is set after {c.after}, which must be a commitment further up"
        if (c.reconcile or c.settle) and not c.yearly:
            zh = f"{c.kind} 按年对账或销账，应有 yearly"
            yield "commitments", zh, f"{c.kind} is reconciled or settled by the year, so it needs `yearly`"
    for finding in policy.findings:
        if finding.order == Span():
            yield "findings", f"{finding.code} 的整改期限不能为零", f"{finding.code}: an order needs a time"
    if not any(channel.weight for channel in policy.assessment.inputs):
        yield "assessment.inputs", "没有一项有权重，无从计分", "none carries a weight, so there would be no score"
    for channel in policy.assessment.inputs:
        name = channel.channel
        if name not in {"written_report", "oral_report", "ballot"} | scored:
            zh = f"{name} 不是考核渠道，也没有计分的同名督查"
            yield "assessment.inputs", zh, f"{name} is no channel, and no campaign of this kind scores"
        if channel.weight and name.endswith("_report"):
            zh = f"{name} 没有分数，权重应为 0"
            yield "assessment.inputs", zh, f"{name} can carry no weight, since a report has no score"
    bounds = [grade.at_least for grade in policy.assessment.grades]
    if not bounds or bounds[-1] > 0:
        zh = "最后一等应从 0 分起，否则有的分数没有等次"
        yield "assessment.grades", zh, "the last grade must begin at 0, or some scores have no grade"
    if any(better <= worse for better, worse in pairwise(bounds)):
        zh = "各等应从高到低排列"
        yield "assessment.grades", zh, "each must begin above the next, from the best to the worst"
    for cap in policy.assessment.caps:
        if cap.grade not in grades:
            yield "assessment.caps", f"没有等次 {cap.grade}", f"there is no grade {cap.grade}"
    for outcome in policy.outcomes:
        yield from _misfits(outcome, {"grade": grades, "triggers": grounds, "kind": kinds})


def _bad_spans(where: str, part: object) -> Iterable[tuple[str, str, str]]:
    """Spans anywhere in a pack that lead nowhere: with a negative part, or empty where time must pass."""
    if isinstance(part, Span):
        name = where.rsplit(".", 1)[-1]
        # How long a campaign lasts may be counted back from a round time: three months less one day.
        if min(part.years, part.months) < 0 or (part.calendar_days < 0 and name != "lasts"):
            yield where, "时间不能为负", "a time cannot be negative"
        elif name in ("term", "extension", "lasts") and part.after(date(2001, 1, 1)) <= date(2001, 1, 1):
            yield where, "时间不能为零", "it needs a time"
    elif isinstance(part, Section):
        for field in part.__struct_fields__:
            yield from _bad_spans(f"{where}.{field}".removeprefix("."), getattr(part, field))
    elif isinstance(part, tuple):
        for n, entry in enumerate(part):
            yield from _bad_spans(f"{where}.{n}", entry)


def _misfits(outcome: Outcome, said: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, str, str]]:
    """Why an outcome could never come about, or not be decided fairly; `said` holds what events' fields can say."""
    kind, trigger = outcome.kind, TRIGGERS.get(outcome.on)
    if trigger is None:
        known = ", ".join(TRIGGERS)
        yield "outcomes", f"{kind} 的 on 应是 {known} 之一", f"{kind} on {outcome.on}, which is none of {known}"
    else:
        for field in (outcome.subject_field, *outcome.when):
            if field not in trigger.__struct_fields__:
                yield "outcomes", f"{kind}：{outcome.on} 没有 {field}", f"{kind}: {outcome.on} has no {field}"
    for field, wanted in outcome.when.items():
        for value in wanted if isinstance(wanted, (list, tuple)) else [wanted]:
            if field in said and value not in said[field]:
                yield "outcomes", f"{kind}：{field} 不会是 {value}", f"{kind}: {field} is never {value}"
    if outcome.sanction and not (outcome.defence and outcome.appeal and outcome.answer):
        zh = f"{kind} 影响当事人，应有 defence、appeal 和 answer"
        yield "outcomes", zh, f"{kind} bears on someone, so it needs defence, appeal and answer"


class PolicyBook:
    """All packs that a service knows, by jurisdiction. `packs` is never changed, only replaced: hold it to go back."""

    def __init__(self, packs: Mapping[str, Sequence[Policy]] = MappingProxyType({})) -> None:
        self.packs: Mapping[str, Sequence[Policy]] = {}
        self._versions: set[str] = set()
        # What was looked up for one day: a batch asks the same hundreds of times.
        self._day, self._found = date.min, dict[str, Policy | None]()
        self.restore(packs)

    def adopt(self, policy: Policy) -> None:
        """Take a pack in; the same version again replaces itself."""
        others = [p for p in self.packs.get(policy.jurisdiction, []) if p.version != policy.version]
        of_it = sorted([*others, policy], key=lambda p: (p.effective_from, p.version))
        self.restore({**self.packs, policy.jurisdiction: of_it})

    def restore(self, packs: Mapping[str, Sequence[Policy]]) -> None:
        """Go back to the packs as they were: what was adopted since then does not count."""
        if packs is not self.packs:
            self.packs = packs
            self._versions = {policy.version for of_one in packs.values() for policy in of_one}
            self._found.clear()

    def knows(self, version: str) -> bool:
        """Whether the pack of this version was ever adopted."""
        return version in self._versions

    def at(self, place: str, day: date) -> Policy | None:
        """The pack in force in a division on a day: the narrowest jurisdiction wins, then the latest date."""
        if day != self._day:
            self._day = day
            self._found.clear()
        if place not in self._found:
            in_force = (
                policy
                for length in (6, 4, 2)
                for policy in reversed(self.packs.get(place[:length], ()))
                if policy.effective_from <= day
            )
            self._found[place] = next(in_force, None)
        return self._found[place]
