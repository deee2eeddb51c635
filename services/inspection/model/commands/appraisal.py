"""Commands about the assessment of subjects other than teams."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.contracts import Command
from shared.contracts.values import Code, Codes, GradedId, Organ, PartyId, Reason, Representatives, Role, Score, Year


class AppraisalCommand(Command, frozen=True, kw_only=True):
    """The fields of every command about one subject's year: which assessment, whose, of which year."""

    about = "subject"
    kind: Code
    subject: GradedId
    year: Year
    body: Role


class GiveReport(AppraisalCommand, frozen=True, kw_only=True):
    """The subject's duty report is in (述职, mechanism 3.8)."""

    channel: Code
    given_by: Organ


class GiveBallot(AppraisalCommand, frozen=True, kw_only=True):
    """Representatives voted (民主测评, mechanism 0.10)."""

    channel: Code
    entitled: Representatives
    present: Representatives
    satisfied: Representatives
    given_by: Organ


class Mark(msgspec.Struct, frozen=True):
    """The score that one member of a panel gives."""

    member: PartyId
    score: Score


class GiveScores(AppraisalCommand, frozen=True, kw_only=True):
    """The members of a panel have scored (评议, mechanism 0.10). Their mean counts; their names stay here."""

    channel: Code
    marks: Annotated[tuple[Mark, ...], Meta(min_length=1, max_length=500)]
    given_by: Organ


class VoidChannel(AppraisalCommand, frozen=True, kw_only=True):
    """The deciding body declares that a channel cannot come in this year, for example because no tour was held."""

    channel: Code
    reason: Reason
    decided_by: Organ


class WithdrawAppraisalInput(AppraisalCommand, frozen=True, kw_only=True):
    """The deciding body takes back what came in by mistake, or was declared void by mistake."""

    channel: Code
    reason: Reason
    decided_by: Organ


class GradeAppraisal(AppraisalCommand, frozen=True, kw_only=True):
    """The deciding body confirms the proposed grade, or another one, and says which failings it finds (0.9)."""

    grade: Code
    failings: Codes = ()
    decided_by: Organ


class ContestAppraisal(AppraisalCommand, frozen=True, kw_only=True):
    """The village, or a township for itself, asks for a review of a grade. `appraisal-grades` answers it."""

    lodged_by: Organ


class WithdrawAppraisal(AppraisalCommand, frozen=True, kw_only=True):
    """The deciding body takes back a grade. Refused once an outcome was decided because of it, or its cohort ranked."""

    reason: Reason
    decided_by: Organ


class OfYearCommand(Command, frozen=True, kw_only=True):
    """The fields of every command about all who are assessed in a year."""

    about = "kind"
    kind: Code
    year: Year
    body: Role


class MakeRanking(OfYearCommand, frozen=True, kw_only=True):
    """A body ranks all who were graded; the worst are proposed for a list (倒排, mechanism 2.6)."""

    chosen: Annotated[tuple[GradedId, ...], Meta(max_length=2000)] = ()
    """If several have the same score at the last place: the ones who are chosen among them."""
    decided_by: Organ


class WithdrawRanking(OfYearCommand, frozen=True, kw_only=True):
    """The body takes back its ranking; another one can be made."""

    reason: Reason
    decided_by: Organ
