"""The assessment of anything else than a team: a village, a township, an organisation, a village cadre, a cadre.

The events of a team's assessment are older and name its village, unit and leader. Whoever hears those must not take
another subject's grade for a team's, so these have types of their own.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts import Event
from shared.contracts.calendar import Movement
from shared.contracts.values import (
    Code,
    Codes,
    Count,
    Day,
    DerivedId,
    GradedId,
    Organ,
    ParentRef,
    PartyId,
    Percent,
    Place,
    Reason,
    VillageId,
    Year,
)

AppraisedKind = Literal["village", "township", "organisation", "village_cadre", "cadre"]
"""What is assessed besides teams. An organisation and a village cadre are parties of the registry. A cadre belongs to a
unit and bears a link to a village."""
PERSONS = ("village_cadre", "cadre")
Scores = Annotated[dict[Code, Percent], Meta(max_length=50)]
"""Scores by channel."""


class Appraised(Event, frozen=True, kw_only=True):
    """The fields of every event about such an assessment. It is sealed if it tells of a person."""

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
    personal: bool = False
    """Whether its score is made of persons' results, which it would tell (1.7)."""

    def is_sealed(self) -> bool:
        return self.personal or self.subject_kind in PERSONS

    @property
    def subject_id(self) -> str:
        """The village, since what happens to it and to its parties is told in one order; else the subject."""
        return self.village or self.subject


class AppraisalOpened(Appraised, frozen=True, kw_only=True):
    """The year's assessment of a subject begins.

    Each year it opens for all subjects of a kind on the pack's day (2.21). An assessment begins again if it was dropped
    because its last channel was declared void by mistake."""

    label = ("启动考核评价", "appraisal opened")
    source = "2.21"
    inputs: Codes
    """The channels that must come in before a grade can be proposed."""
    parent: ParentRef | None = None
    """Whom the subject belongs to; None for a village or township, and where the assessment begins again."""


class AppraisalInputGiven(Appraised, frozen=True, kw_only=True):
    """A channel came in: a report, a ballot, or the scores of a panel, whose members are not told (0.10, 3.8)."""

    label = ("报送评价材料", "appraisal input given")
    source = "0.10"
    channel: Code
    score: Percent | None = None
    """The ballot's share of the satisfied, or the mean of the panel's scores, 0 to 100; None for a report."""
    members: Count = 0
    """How many of a panel scored, or came to a ballot; 0 for a report."""
    given_by: Organ


class AppraisalInputVoided(Appraised, frozen=True, kw_only=True):
    """A body declared that a channel cannot come in this year. The other weights are scaled up."""

    label = ("评价来源作废", "appraisal input voided")
    channel: Code
    reason: Reason
    decided_by: Organ


class AppraisalInputWithdrawn(Appraised, frozen=True, kw_only=True):
    """What came in was a mistake, or a channel was declared void by mistake: it is awaited again."""

    label = ("撤销评价材料", "appraisal input withdrawn")
    channel: Code
    reason: Reason
    decided_by: Organ


class AppraisalProposed(Appraised, frozen=True, kw_only=True):
    """The year is over and every channel is in or declared void. A body still has to confirm the grade."""

    label = ("拟定评价等次", "appraisal proposed")
    score: Percent
    """The mean of the channels, weighted as the pack says: 0 to 100, rounded to two decimals."""
    scores: Scores
    """The score of each channel that counts, as it came in (0.10)."""
    grade: Code


class AppraisalGraded(Appraised, frozen=True, kw_only=True):
    """The year's grade of a subject was confirmed by a named body (0.9, 2.15)."""

    label = ("评定评价等次", "appraisal graded")
    source = "0.9"
    score: Percent
    grade: Code
    failings: Codes = ()
    """The failings that the body found: such as unwilling, inactive, reckless (0.9)."""
    feeds: Codes = ()
    """The reviews in which the result is used without being entered again (2.5, 4.8)."""
    decided_by: Organ


class AppraisalDropped(Appraised, frozen=True, kw_only=True):
    """The year is not graded.

    The subject is no more, or left its post, before a grade was proposed, or the year brought nothing to be scored."""

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


class AppraisalMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved a last day of an assessment: for the grade, its review, or the answer to it."""

    about = "subject"
    sealing = "sometimes"
    label = ("评价期限变更", "appraisal's deadline moved")
    kind: Code
    subject_kind: AppraisedKind
    subject: GradedId
    village: VillageId | None = None
    year: Year
    personal: bool = False

    def is_sealed(self) -> bool:
        return self.personal or self.subject_kind in PERSONS

    @property
    def subject_id(self) -> str:
        """The village, as with the assessment's other events; else the subject."""
        return self.village or self.subject


class OfYear(Event, frozen=True, kw_only=True):
    """The fields of every event about all who are assessed in a year under one pack."""

    about = "ranking"
    ranking: DerivedId
    """`<jurisdiction of the pack>/<kind>/<year>`."""
    kind: Code
    year: Year


class BestExceeded(OfYear, frozen=True, kw_only=True):
    """More have the best grade than the pack allows. The body chooses whose grade it takes back (2.15)."""

    label = ("最高等次超过比例", "best grades exceed their share")
    source = "2.15"
    grade: Code
    number: Count
    """How many have it."""
    at_most: Count
    """How many can have it."""


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One of the worst: an organisation, a village or a township, never a person."""

    subject: GradedId
    place: Place
    score: Percent


class RankingMade(OfYear, frozen=True, kw_only=True):
    """A body ranked all who were graded. The worst are proposed for a list; whoever keeps the list decides (2.6)."""

    label = ("倒排名单", "ranking made")
    source = "2.6"
    ranked: Count
    """How many were graded."""
    worst: Annotated[tuple[Ranked, ...], Meta(max_length=2000)]
    """The worst, from the least score up."""
    tied: Count = 0
    """How many had the score of the last place, if more than there was room for. The body chose among them."""
    lists: Code
    """The list for which the worst are proposed."""
    decided_by: Organ


class OfEntry(Event, frozen=True, kw_only=True):
    """The fields of every event about one of the worst, who is proposed for a list."""

    ranking: DerivedId
    """The ranking by which it is proposed."""
    kind: Code
    """The list."""
    village: VillageId | None = None
    """The village, on a list of villages."""
    party: PartyId | None = None
    """The organisation, on a list of organisations."""

    @property
    def subject_id(self) -> str:
        """The village or the organisation."""
        return str(self.village or self.party)

    @property
    def listing(self) -> str:
        """The id of its place on the list: `weak_organisation/ORG-0012`."""
        return f"{self.kind}/{self.party or self.village}"


class EntryProposed(OfEntry, frozen=True, kw_only=True):
    """One of the worst is proposed for a list (倒排整顿, mechanism 2.6). Whoever keeps the list decides."""

    about = "party"
    label = ("提请列入名单", "entry proposed")
    source = "2.6"
    score: Percent


class EntryDropped(OfEntry, frozen=True, kw_only=True):
    """The ranking was taken back, and with it what it proposed. What was listed meanwhile stays."""

    about = "party"
    label = ("撤回提请", "entry dropped")


class RankingWithdrawn(OfYear, frozen=True, kw_only=True):
    """A ranking was a mistake. What was proposed by it is proposed no more; what was listed stays."""

    label = ("撤销倒排", "ranking withdrawn")
    reason: Reason
    decided_by: Organ
