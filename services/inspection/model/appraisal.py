"""The yearly assessment of a village, a township, an organisation or a village cadre, and what it awaits.

Channels come in over the year: reports, ballots, the scores of panels, and the results of other assessments. When all
are in or declared void, a grade is proposed, and a body decides it (0.9, 0.10, 1.7, 2.14).
"""

from collections.abc import Iterable
from datetime import date
from statistics import fmean
from typing import Any

import msgspec

from services.inspection.model.assessment import hand_of_year
from shared.calendar import DAY
from shared.contracts.inspection import PERSONS, AppraisalMoved
from shared.contracts.values import Role
from shared.policy import Policy
from shared.policy import appraisals as policies
from shared.policy.channels import Channel
from shared.rules import Hand, Involved, Key, Moved, State, Task

ACTIONS = {"report": "appraisal-reports", "ballot": "appraisal-ballots", "panel": "appraisal-scores"}
"""By the way in which a channel comes in (`Channel.how`), the command that gives it."""
LEVELS: tuple[Role, ...] = ("village", "township", "county", "city", "province")
"""The roles that enter channels at each level, from the village up."""


class Proposal(msgspec.Struct, frozen=True):
    """The score that follows from the channels, and its grade."""

    score: float
    grade: str


class Appraisal(State, frozen=True, kw_only=True, omit_defaults=True):
    """One subject's year. Its id is `<kind>/<subject>/<year>`."""

    kind = "appraisals"
    personal = True
    readers = frozenset({"inspection", "organisation"})
    known_as = ("年度考核", "a year's assessment")

    terms: policies.Appraisal
    """The pack's entry on the day on which it was opened. It holds for this year, whatever pack follows."""
    subject_kind: str
    tells_of_persons: bool = False
    """Whether the subject is a person, or the score is made of persons' results; then its events are sealed."""
    village: str = ""
    """The village that it belonged to when it was opened; empty if to none."""
    parent: str = ""
    """Whom a party belonged to then, such as `township:520321101` or `party:E1`; empty for what is no party."""
    lies_in: str = ""
    """If it belonged to a party then: the village or division in which that party lay; otherwise empty."""
    cohort: str = ""
    """The id of its cohort, if that is ranked or the pack limits its best grades; otherwise empty."""
    reports: frozenset[str] = frozenset()
    """The channels of the reports that are in."""
    scores: dict[str, float] = msgspec.field(default_factory=dict)
    """The scores of ballots and panels by channel, 0 to 100."""
    marks: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """By channel, what each member of a panel gave."""
    void: frozenset[str] = frozenset()
    """The channels that were declared void."""
    results: dict[str, dict[str, float | None]] = msgspec.field(default_factory=dict)
    """What came in without being entered here, by source. If the source is another assessment: the score by subject,
    None until there is a grade. If it is a fact, such as the visits of a campaign: the values by key."""
    by_chance: frozenset[str] = frozenset()
    """The channels that are not awaited, since nothing may happen there this year. They count if something came in."""
    facts_until: date | None = None
    """The last day on which facts of the year can come in; None in assessments from before there were any."""
    proposal: Proposal | None = None
    grade_by: date | None = None
    """The last day for the decision while a grade is proposed."""
    grade: str = ""
    failings: tuple[str, ...] = ()
    review_until: date | None = None
    """The last day for asking for a review of the grade; None if the grade is final."""
    answer_until: date | None = None
    """The last day for the answer to a request for review."""
    decided: frozenset[str] = frozenset()
    """The outcomes that were decided because of the grade."""
    takers: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Who entered each channel last, graded, and answered the request for review, where the pack has `four_eyes`."""
    is_dropped: bool = False
    is_unscored: bool = False
    """Whether nothing was left to be scored. That drops the year until a void is taken back."""

    @property
    def subject(self) -> str:
        """Whom it grades."""
        return self.id.split("/")[1]

    @property
    def year(self) -> int:
        """The year that is assessed."""
        return int(self.id.split("/")[2])

    def involves(self, said: object) -> Involved:
        """The person who is assessed, if it is one."""
        return Involved("", (self.subject,) if self.subject_kind in PERSONS else ())

    def hand(self, action: str, said: object) -> Hand | None:
        if not self.terms.four_eyes:
            return None
        inputs = (*ACTIONS.values(), "appraisal-voids")
        return hand_of_year(action, said, inputs, "appraisal-grades", is_review=bool(self.answer_until))

    @property
    def above(self) -> Iterable[Key]:
        # Imported here, since `subjects` imports this module.
        from services.inspection.model.subjects import Subject

        return ((Subject, self.parent),) if self.parent.startswith("party:") else ()

    @property
    def journey(self) -> str:
        """The village that it concerns, or the subject."""
        return self.village or self.subject

    @property
    def about(self) -> dict[str, Any]:
        """How its events name it."""
        named = {"subject_kind": self.subject_kind, "subject": self.subject, "village": self.village or None}
        return {"kind": self.terms.kind, **named, "year": self.year, "personal": self.tells_of_persons}

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that count: all but those that were declared void."""
        return tuple(one for one in self.terms.channels if one.channel not in self.void)

    @property
    def missing(self) -> tuple[Channel, ...]:
        """The channels that must still come in."""
        return tuple(one for one in self.channels if self.is_awaited(one) and not self.is_in(one))

    def is_awaited(self, channel: Channel) -> bool:
        """Whether the grade waits for a channel. The others count only if something came in."""
        return channel.channel not in self.by_chance

    def is_in(self, channel: Channel) -> bool:
        """Whether a channel is in.

        A channel made of the results of another assessment is in once everybody for whom that one was opened is graded.
        """
        if channel.source:
            results = self.results.get(channel.source, {})
            return bool(results) and None not in results.values()
        return channel.channel in (self.reports if channel.how == "report" else self.scores)

    @property
    def can_be_scored(self) -> bool:
        """Whether a channel that carries weight is in, or is waited for."""
        return any(one.weight and (self.is_awaited(one) or self.is_in(one)) for one in self.channels)

    def score(self, channel: Channel) -> float:
        """The score of a channel that is in, 0 to 100. Where it has several results or facts, it is their mean."""
        if channel.source:
            return fmean(channel.scored(one) for one in self.results[channel.source].values() if one is not None)
        return self.scores[channel.channel]

    @property
    def status(self) -> str:
        """`open` while a channel is missing, `complete` until the year is over, `proposed`, `graded`, and `contested`
        while a review is asked for. `dropped` if the subject has ended or nothing could be scored."""
        if self.grade:
            return "contested" if self.answer_until else "graded"
        if self.proposal:
            return "proposed"
        if self.is_dropped:
            return "dropped"
        return "open" if self.missing else "complete"

    @property
    def awaits(self) -> bool:
        """Whether a channel or the decision is awaited."""
        return self.status in ("open", "proposed", "contested")

    def tell_moved(self, moved: Moved, notice: str) -> AppraisalMoved:
        """The event that new holidays moved the last day for the grade, for asking for a review, or for its answer."""
        return AppraisalMoved(place=self.place, **self.about, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """Each missing channel that somebody has to enter, and, once a grade is proposed, its decision.

        A channel that comes in by itself is a task, too, if nothing can come: nobody was assessed there, or the pack no
        longer has this assessment. Then the deciding body has to declare it void.
        """
        said_no_more = policy.appraisal(self.terms.kind) is None
        said = {name: value for name, value in self.about.items() if name in ("kind", "subject", "year")}
        known = {"place": self.place, **said}
        for one in self.missing if self.status == "open" else ():
            if not one.source or said_no_more or not self.results.get(one.source):
                role = self.enters(one) or self.terms.decides
                yield Task(
                    action=ACTIONS.get(one.how, "appraisal-voids"),
                    about=self.subject,
                    role=role,
                    due=date(self.year, 12, 31),
                    rule=self.terms.rule,
                    detail=f"{self.year} {one.channel}",
                    answer={**known, "channel": one.channel, "body": role},
                )
        if self.status in ("proposed", "contested"):
            yield Task(
                action="appraisal-grades",
                about=self.subject,
                role=self.terms.decides,
                due=self.answer_until or self.grade_by,
                rule=self.terms.rule,
                detail=f"{self.year} {self.terms.kind}",
                answer={**known, "body": self.terms.decides},
            )

    def enters(self, channel: Channel) -> Role | None:
        """The role that enters a channel; None if nobody does.

        If the pack names a level below the one at which the subject lies, the subject's own level enters it. For
        example, a branch of a township lies in no village, so the township enters what the village would (2.7).
        """
        within, _, _ = (self.lies_in or self.parent or self.subject).partition(":")
        at = next((n for n, level in enumerate(LEVELS) if level == within), 0)
        return LEVELS[at] if channel.by in LEVELS[:at] else channel.by

    def timed_once_complete(self, today: date) -> "Appraisal":
        """The assessment with its timer for the proposal, if all channels are in: tomorrow, but not before the year
        and the time for its last facts are over."""
        if self.status != "complete":
            return self.timed(propose=None) if self.status == "open" else self
        return self.timed(propose=max(self.facts_until or date(self.year, 12, 31), today) + DAY)
