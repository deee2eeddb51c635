"""A team's yearly assessment (2.15, 3.7, 3.8): inputs come in over the year, a grade is proposed, a body decides it.

The inputs are called channels: the team's duty reports, the ballot on it, and the scores of campaigns.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from shared.contracts.inspection import (
    DeadlineMoved,
)
from shared.laws import as_of
from shared.policy import Bound, Cap, Ground, Policy, Review
from shared.policy.channels import PRESENCE
from shared.rules import Hand, Involved, Moved, State, Task


class Ballot(msgspec.Struct, frozen=True):
    """How the representatives of Party members and villagers voted."""

    entitled: int
    present: int
    satisfied: int

    @property
    def approval(self) -> float:
        """The share of those present who are satisfied."""
        return self.satisfied / self.present


class Step(NamedTuple):
    """One grade of a scale, and the lowest score that earns it."""

    name: str
    at_least: float


class Terms(msgspec.Struct, frozen=True, array_like=True):
    """The pack's terms on the day on which the assessment was opened. They hold for this year whatever pack follows."""

    weights: dict[str, float] = {}
    grades: tuple[Step, ...] = ()
    """From the best to the worst."""
    caps: tuple[Cap, ...] = ()
    grounds: tuple[Ground, ...] = ()
    ballot_quorum: Bound | None = None
    audiences: tuple[str, ...] = ()
    facts_until: date = date.min
    """The last day on which facts of the year can still come in: the end of the time for its last reconciliation, and
    for the days of December where they count."""
    review: Review | None = None

    @property
    def names(self) -> list[str]:
        """The grades, from the best to the worst."""
        return [grade.name for grade in self.grades]

    def worst_of(self, *grades: str) -> str:
        """The worst of some grades."""
        return max(grades, key=self.names.index)


class Proposal(msgspec.Struct, frozen=True):
    """The grade that follows from the inputs, the best grade that the caps allow, and the grounds for criticism."""

    score: float
    grade: str
    ceiling: str
    triggers: tuple[str, ...]
    """The grounds for criticism by the facts at the time of the proposal. Later settlements do not change them."""


class Assessment(State, frozen=True, kw_only=True, omit_defaults=True):
    """One team's year. Its id is `<village>/<year>`. It exists before it is opened, if visits or ledgers come first."""

    kind = "assessments"
    known_as = ("工作队年度考核", "a team's yearly assessment")
    hides = f'"{PRESENCE}"'

    unit: str = ""
    """Empty until the assessment is opened."""
    leader: str = ""
    inputs: tuple[str, ...] = ()
    """The channels that must come in before a grade is proposed."""
    terms: Terms = Terms()
    reports: frozenset[str] = frozenset()
    """The channels of the reports that were delivered."""
    ballot: Ballot | None = None
    scores: dict[str, dict[str, int | float]] = msgspec.field(default_factory=dict)
    """Scores from 0 to 100 that nobody enters for the assessment: by kind of campaign those of its visits; by kind of
    commitment the share of its items that is done; of the days in the village (`presence`) those of each month."""
    absences: frozenset[str] = frozenset()
    """The campaigns whose visit found someone absent. A visit is one absence, however many members were missing."""
    open_items: dict[str, int] = msgspec.field(default_factory=dict)
    """By kind of commitment, the items that the last reconciliation left open or the settlement carried over."""
    proposal: Proposal | None = None
    grade_by: date | None = None
    """The last day for the decision while a grade is proposed."""
    grade: str = ""
    review_until: date | None = None
    """The last day for asking for a review of the grade. None if the grade is final."""
    answer_until: date | None = None
    """The last day for the answer to a request for review. None without one."""
    decided: frozenset[str] = frozenset()
    """The outcomes that were decided because of the grade. While there are any, the grade cannot be withdrawn."""
    void: frozenset[str] = frozenset()
    """The channels that were declared void."""
    is_overdue: bool = False
    """Whether the time for the year's facts is over while a channel is still missing. Visits are not entered for the
    assessment, so nobody could be asked for them; the deciding body is asked to declare their channel void instead."""
    four_eyes: bool = False
    """Whether the pack wanted two persons on the day on which it was opened."""
    takers: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Who entered each channel last, graded, and answered the request for review, where the pack has `four_eyes`."""
    is_dropped: bool = False
    """Whether the village was merged into another before a grade was proposed, or nothing was left to be scored."""

    def involves(self, said: object) -> Involved:
        """The team's unit and its leader."""
        return Involved(self.unit, (self.leader,))

    def hand(self, action: str, said: object) -> Hand | None:
        if not self.four_eyes:
            return None
        inputs = ("reports", "ballots", "input-voids")
        return hand_of_year(action, said, inputs, "grades", is_review=bool(self.answer_until))

    @property
    def village(self) -> str:
        """The village whose team is assessed."""
        return self.id.split("/")[0]

    @property
    def year(self) -> int:
        """The year that is assessed."""
        return int(self.id.split("/")[1])

    @property
    def missing(self) -> tuple[str, ...]:
        """The channels that must still come in."""
        given = {*self.reports, *self.scores, *(("ballot",) if self.ballot else ())}
        return tuple(channel for channel in self.inputs if channel not in given | self.void)

    @property
    def can_be_scored(self) -> bool:
        """Whether a channel that carries weight is in, or is waited for."""
        return any(self.terms.weights.get(channel) for channel in {*self.inputs, *self.scores} - self.void)

    def shown(self, *, to_operator: bool = False) -> "Assessment":
        """The assessment as it may be read: only operators see by how much the days of a month were too few."""
        scores = {channel: scores for channel, scores in self.scores.items() if channel != PRESENCE}
        return self if to_operator else self.but(scores=scores)

    @property
    def status(self) -> str:
        """`gathering` before it is opened, `open` while a channel is missing, `complete` until the year is over,
        `proposed`, `graded`, `contested` while a review is asked for; `dropped` if the year is not graded."""
        if self.grade:
            return "contested" if self.answer_until else "graded"
        if self.proposal:
            return "proposed"
        if self.is_dropped:
            return "dropped"
        if not self.unit:
            return "gathering"
        return "open" if self.missing else "complete"

    @property
    def awaits(self) -> bool:
        """Whether an input or the decision is awaited."""
        return self.status in ("open", "proposed", "contested")

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """The event that new holidays moved the last day for the grade, for asking for a review, or for its answer."""
        return DeadlineMoved(place=self.place, village=self.village, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """The reports; the ballot, once the oral report is in; what must be declared void once the time for the year's
        facts is over; and, once a grade is proposed, its confirmation."""
        year_end = date(self.year, 12, 31)
        said: Mapping[str, str | int] = {"place": self.place, "village": self.village, "year": self.year}
        for channel in () if self.is_dropped else self.missing:
            if channel.endswith("_report"):
                form = channel.removesuffix("_report")
                yield Task(
                    action="reports",
                    about=self.village,
                    role="team",
                    due=year_end,
                    rule="3.8",
                    detail=f"{self.year} {form}",
                    answer={**said, "form": form, "body": "team"},
                )
            elif channel == "ballot" and "oral_report" not in self.missing:
                yield Task(
                    action="ballots",
                    about=self.village,
                    role="village",
                    due=year_end,
                    rule="3.8",
                    detail=str(self.year),
                    answer={**said, "body": "village"},
                )
            elif self.is_overdue and channel != "ballot":
                yield Task(
                    action="input-voids",
                    about=self.village,
                    role="organisation",
                    due=None,
                    rule="3.8",
                    detail=f"{self.year} {channel}",
                    answer={**said, "channel": channel, "body": "organisation"},
                )
        if self.status in ("proposed", "contested"):
            # A grade that an earlier version proposed has no last day, so it is counted from the end of its year.
            due = self.answer_until or self.grade_by or policy.assessment.grade_by.due(year_end, policy.calendar)
            rule = "2.15" if self.status == "proposed" else as_of("Civil Servant Law 95", due)
            yield Task(
                action="grades",
                about=self.village,
                role="organisation",
                due=due,
                rule=rule,
                detail=str(self.year),
                answer={**said, "body": "organisation"},
            )


def hand_of_year(action: str, said: object, inputs: Collection[str], grades: str, *, is_review: bool) -> Hand | None:
    """The step that a command takes in the year of a team or of another subject: an input, the grade, or the answer to
    a request for a review."""
    if action == grades:
        return Hand(("takers",), "review" if is_review else "grade", apart=True)
    channel = getattr(said, "channel", "") or getattr(said, "form", "") or "ballot"
    return Hand(("takers",), channel, apart=False) if action in inputs else None


def terms_now(policy: Policy, year: int) -> Terms:
    """The terms by the pack in force, for an assessment that is opened now."""
    said = policy.assessment
    owed = (days for c in policy.commitments for days in policy.reconciliations(c, year).items())
    reconciled_by = (within.after(on, policy.calendar) for on, within in owed)
    last, channels = date(year, 12, 31), [one.channel for one in said.inputs]
    counts = policy.presence.count_by if policy.presence and PRESENCE in channels else None
    counted_by = [counts.due(last, policy.calendar)] if counts else []
    return Terms(
        weights={i.channel: i.weight for i in said.inputs},
        grades=tuple(Step(grade.name, grade.at_least) for grade in said.grades),
        caps=said.caps,
        grounds=said.grounds,
        ballot_quorum=said.ballot_quorum,
        audiences=tuple(said.report_audiences),
        review=said.review,
        facts_until=max([last, *reconciled_by, *counted_by]),
    )


def terms_of(state: Assessment, policy: Policy) -> Terms:
    """The terms of an assessment. One that an earlier version opened has none, so it goes by the pack in force."""
    return state.terms if state.terms.grades else terms_now(policy, state.year)
