"""The assessment of anything else than a team: a village, a township, an organisation, a village cadre, a cadre.

The events of a team's assessment are older and name its village, unit and leader. Whoever hears those must not take
another subject's grade for a team's, so these have types of their own.
"""

from typing import Annotated, Literal

from msgspec import Meta

from shared.contracts import Event
from shared.contracts.values import Code, Codes, Day, GradedId, Organ, Percent, Reason, VillageId, Year

AppraisedKind = Literal["village", "township", "organisation", "village_cadre", "cadre"]
"""What is assessed beside teams. An organisation and a village cadre are parties of the registry, a cadre is one of a
unit who bears a link to a village."""
PERSONS = ("village_cadre", "cadre")
Scores = Annotated[dict[Code, Percent], Meta(max_length=50)]
"""Scores by channel."""


class Appraised(Event, frozen=True, kw_only=True):
    """The fields of every event about such an assessment. It is sealed if its subject is a person."""

    about = "subject"
    sealing = "sometimes"
    kind: Code
    """Which assessment, as the pack names it: `secretary_rating`."""
    subject_kind: AppraisedKind
    subject: GradedId
    """The stable id of the village, party or cadre; a township's is `township:` and its nine digits."""
    village: VillageId | None = None
    """The village itself, or the one that the subject belongs to; None if it belongs to none."""
    year: Year

    def is_sealed(self) -> bool:
        return self.subject_kind in PERSONS

    @property
    def subject_id(self) -> str:
        """The village, since what happens to it and to its parties is told in one order; else the subject."""
        return self.village or self.subject


class AppraisalOpened(Appraised, frozen=True, kw_only=True):
    """The year's assessment of a subject begins. Each year the pack's day opens it for all of its kind (2.21)."""

    label = ("启动考核评价", "appraisal opened")
    source = "2.21"
    inputs: Codes
    """The channels that must come in before a grade can be proposed."""


class AppraisalProposed(Appraised, frozen=True, kw_only=True):
    """The year is over and every channel is in or declared void. A body still has to confirm the grade."""

    label = ("拟定评价等次", "appraisal proposed")
    score: Percent
    """The mean of the channels, weighted as the pack says: 0 to 100, rounded to two decimals."""
    scores: Scores
    """The score of each channel that counts, as it came in (0.10)."""
    grade: Code
    caps: Codes = ()


class AppraisalGraded(Appraised, frozen=True, kw_only=True):
    """The year's grade of a subject was confirmed by a named body (0.9, 2.15)."""

    label = ("评定评价等次", "appraisal graded")
    source = "0.9"
    score: Percent
    grade: Code
    failings: Codes = ()
    """The failings that the body found: such as unwilling, inactive, reckless (0.9)."""
    triggers: Codes = ()
    """The grounds for criticism by the facts of the year."""
    feeds: Codes = ()
    """The reviews in which the result is used without being entered again (2.5, 4.8)."""
    decided_by: Organ


class AppraisalDropped(Appraised, frozen=True, kw_only=True):
    """The subject is no more, or left its post, before a grade was proposed: its year is not graded."""

    label = ("评价终止", "appraisal dropped")


class AppraisalContested(Appraised, frozen=True, kw_only=True):
    """Who was graded asks for a review in time. The grade holds meanwhile."""

    label = ("申请复核评价等次", "appraisal contested")
    grade: Code
    answer_until: Day
    lodged_by: Organ


class AppraisalReviewed(Appraised, frozen=True, kw_only=True):
    """The answer to a review: the grade stands or is a better one, which then gets an `AppraisalGraded` of its own."""

    label = ("评价等次复核决定", "appraisal reviewed")
    before: Code
    grade: Code
    decided_by: Organ


class AppraisalWithdrawn(Appraised, frozen=True, kw_only=True):
    """A grade was entered by mistake; it is to be decided anew. Nothing was decided on it yet."""

    label = ("撤销评价等次", "appraisal withdrawn")
    grade: Code
    reason: Reason
    decided_by: Organ
