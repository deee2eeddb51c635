"""The yearly assessment of a village's team: its inputs, its grade, and the review of the grade."""

from typing import Literal

from shared.contracts import Event
from shared.contracts.values import (
    Code,
    Codes,
    Day,
    Organ,
    OrganOrNone,
    PartyId,
    Percent,
    Reason,
    VillageId,
    Voters,
    Year,
)


class ReportDelivered(Event, frozen=True, kw_only=True):
    """The yearly duty report, one document for all its audiences (述职, mechanism 3.8)."""

    label = ("述职", "duty report delivered")
    source = "3.8"
    village: VillageId
    year: Year
    form: Literal["written", "oral"]
    audiences: Codes
    delivered_by: OrganOrNone = ""
    """The team or its unit, never a person."""


class BallotHeld(Event, frozen=True, kw_only=True):
    """Members' and villagers' representatives voted on the team after its oral report (民主测评, 3.8)."""

    label = ("民主测评", "ballot held")
    source = "3.8"
    village: VillageId
    year: Year
    entitled: Voters
    present: Voters
    satisfied: Voters
    held_by: OrganOrNone = ""


class OfTeamsYear(Event, frozen=True, kw_only=True):
    """The fields of every event about a team's year that names whom it grades."""

    village: VillageId
    year: Year
    unit: PartyId
    leader: PartyId
    """The team's leader on the day on which the assessment was opened, who gets the grade."""


class AssessmentOpened(OfTeamsYear, frozen=True, kw_only=True):
    """The year's assessment of a team begins, for every village with one (mechanism 2.21)."""

    label = ("启动年度考核", "assessment opened")
    source = "2.21"
    inputs: Codes
    """The inputs needed before a grade can be proposed. Checks from before the team's arrival are not among them."""


class AssessmentProposed(Event, frozen=True, kw_only=True):
    """The year is over and all inputs are in. The software proposes score and grade; a body still has to confirm it."""

    label = ("拟定考核等次", "assessment proposed")
    village: VillageId
    year: Year
    score: Percent
    """The mean of the inputs, weighted as the pack says: 0 to 100, rounded to two decimals."""
    grade: Code
    caps: Codes


class InputVoided(Event, frozen=True, kw_only=True):
    """A body declared that an input cannot come in this year. The other weights are scaled up."""

    label = ("考核来源作废", "input voided")
    village: VillageId
    year: Year
    channel: Code
    reason: Reason
    decided_by: Organ


class InputWithdrawn(Event, frozen=True, kw_only=True):
    """What came in was a mistake, or an input was declared void by mistake: it is awaited again."""

    label = ("撤销考核材料", "input withdrawn")
    village: VillageId
    year: Year
    channel: Code
    reason: Reason
    decided_by: Organ


class GradeWithdrawn(OfTeamsYear, frozen=True, kw_only=True):
    """A grade was entered by mistake; it is to be decided anew. Nothing was decided on it yet."""

    label = ("撤销考核等次", "grade withdrawn")
    grade: Code
    reason: Reason
    decided_by: Organ


class GradeContested(OfTeamsYear, frozen=True, kw_only=True):
    """Those who were graded ask for a review in time; the grade holds meanwhile (Civil Servant Law 95, 96)."""

    label = ("申请复核考核等次", "grade contested")
    source = "Civil Servant Law 95"
    grade: Code
    answer_until: Day
    lodged_by: Organ


class GradeReviewed(OfTeamsYear, frozen=True, kw_only=True):
    """The answer to a review: the grade stands or is a better one; it never aggravates (Civil Servant Law 96).

    If it is better, outcomes proposed for the former grade end, and the new grade gets an `AssessmentGraded` of its
    own.
    """

    label = ("考核等次复核决定", "grade reviewed")
    source = "Civil Servant Law 96"
    before: Code
    grade: Code
    decided_by: Organ


class AssessmentDropped(Event, frozen=True, kw_only=True):
    """The team's year is not graded.

    The village was merged into another before a grade was proposed, or nothing was left that could be scored. In the
    second case, `AssessmentOpened` is told again if the body takes that back."""

    label = ("考核终止", "assessment dropped")
    village: VillageId
    year: Year


class AssessmentGraded(OfTeamsYear, frozen=True, kw_only=True):
    """The year's grade of a team was confirmed by a named body (mechanisms 2.15, 3.7)."""

    label = ("评定考核等次", "assessment graded")
    source = "2.15"
    score: Percent
    grade: Code
    triggers: Codes
    decided_by: Organ
