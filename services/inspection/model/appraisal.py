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
"""By the way in which a channel comes in: the command that gives it."""
LEVELS: tuple[Role, ...] = ("village", "township", "county", "city", "province")
"""Who acts for what lies where, from a village's people up."""


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
    """The village or division in which the party lay then to which it belonged; empty for what belonged to none."""
    cohort: str = ""
    """All who are assessed together, if they are ranked or the best grade has a share."""
    reports: frozenset[str] = frozenset()
    """The channels of the reports that are in."""
    scores: dict[str, float] = msgspec.field(default_factory=dict)
    """The scores of ballots and panels by channel, 0 to 100."""
    marks: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """By channel, what each member of a panel gave."""
    void: frozenset[str] = frozenset()
    """The channels that were declared void."""
    results: dict[str, dict[str, float | None]] = msgspec.field(default_factory=dict)
    """By source: of another assessment whose result counts, the score by subject, None until there is a grade; of a
    fact, such as the visits of a campaign, its values by key."""
    by_chance: frozenset[str] = frozenset()
    """The channels that are not awaited, since the year may bring nothing of them: they count where something came in.
    """
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
        # Only here, since who is assessed knows his assessment.
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
        """Whether the grade waits for a channel, and does not only count it where something came in."""
        return channel.channel not in self.by_chance

    def is_in(self, channel: Channel) -> bool:
        """Whether a channel is in. A result is, once all for whom that assessment was opened have theirs."""
        if channel.source:
            results = self.results.get(channel.source, {})
            return bool(results) and None not in results.values()
        return channel.channel in (self.reports if channel.how == "report" else self.scores)

    @property
    def can_be_scored(self) -> bool:
        """Whether a channel that carries weight is in, or is waited for."""
        return any(one.weight and (self.is_awaited(one) or self.is_in(one)) for one in self.channels)

    def score(self, channel: Channel) -> float:
        """The score of a channel that is in, 0 to 100; of several results or facts it is their mean."""
        if channel.source:
            return fmean(channel.scored(one) for one in self.results[channel.source].values() if one is not None)
        return self.scores[channel.channel]

    @property
    def status(self) -> str:
        """`open`, `complete` until the year is over, `proposed`, `graded`,
        `contested` while a review is asked for; `dropped` where the subject is no more."""
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
        """The time for the grade, for its review, or for the answer moved."""
        return AppraisalMoved(place=self.place, **self.about, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """Each channel that somebody enters; once a grade is proposed, its decision.

        Where nobody's result could come in, the deciding body has to declare that channel void. So it has where the
        pack says the assessment no more, since nothing comes into it any longer by itself.
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
        """Who enters a channel, if anybody does. What a village's or township's people enter for what is theirs is, for
        what lies in no village or township, entered where it lies: a branch of a township has no village whose people
        could say what its members think of it (2.7)."""
        within, _, _ = (self.lies_in or self.parent or self.subject).partition(":")
        at = next((n for n, level in enumerate(LEVELS) if level == within), 0)
        return LEVELS[at] if channel.by in LEVELS[:at] else channel.by

    def timed_once_complete(self, today: date) -> "Appraisal":
        """The assessment with its timer for the proposal once all is in: the day after, and not before the year is
        over and with it the time for its last facts."""
        if self.status != "complete":
            return self.timed(propose=None) if self.status == "open" else self
        return self.timed(propose=max(self.facts_until or date(self.year, 12, 31), today) + DAY)
