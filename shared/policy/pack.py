"""What a policy pack can say: one region's numbers, names and lists, as validated data (DESIGN §1)."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec

from shared.calendar import Calendar, Span, YearDay, national
from shared.contracts import Event, dispatch, inspection, short_type
from shared.contracts.registry import Level, Rank, StepKind
from shared.contracts.values import Code, Percent, Role, Share

Points = Annotated[int, msgspec.Meta(ge=0)]
Year = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}$")]
SURVEY_KINDS = ("household_visit", "problem")
"""The survey kinds on which rules rely in every region (mechanism 3.1)."""


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
    outside_share: Share = 0.05
    """Which share of the people outside the register must be looked at for omissions at least."""


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


class Holidays(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days on which a region rests, or works, otherwise than the State Council's notices say."""

    kind: Literal["holiday", "workday"]
    days: tuple[date, ...]
    document: str
    article: str = ""


class Policy(Section, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
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
    holidays: tuple[Holidays, ...] = ()

    @cached_property
    def calendar(self) -> Calendar:
        """The working days of the region; a book of packs adds what was announced."""
        return self._calendar(national())

    def informed(self, calendar: Calendar) -> "Policy":
        """The pack with another calendar of the country under its own holidays."""
        policy = msgspec.structs.replace(self)
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
