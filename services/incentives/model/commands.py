"""What people ask of the incentives: the steps of due process that a person takes."""

from shared.contracts import Command
from shared.contracts.incentives import SubjectKind
from shared.contracts.values import DerivedId, Organ, PartyId, Reason, Role


class SubjectCommand(Command, frozen=True, kw_only=True):
    """What every step that a person takes in a case says: whose case, and which outcome."""

    about = "outcome"
    subject_kind: SubjectKind
    subject: PartyId
    """The unit's or cadre's id; a team is named by its village."""
    outcome: DerivedId


class HearDefence(SubjectCommand, frozen=True, kw_only=True):
    """The deciding body heard the subject's statement and defence (Sanctions Law 43)."""


class Decide(SubjectCommand, frozen=True, kw_only=True):
    """The body that the pack names adopts the proposal or drops it."""

    imposed: bool
    tolerance_checked: bool
    """Whether the three distinctions (三个区分开来) were examined; a sanction is not decided without (1.14)."""
    tolerated: bool = False
    """Whether error tolerance is why the proposal is dropped."""
    body: Role
    """The role that decides, which must be the one that the pack names."""
    decided_by: Organ
    """The organ and its document, such as `本组决〔2015〕3号`. It is published, so it names no person."""


class WithdrawDecision(SubjectCommand, frozen=True, kw_only=True):
    """The body that decided takes back a decision that was entered by mistake, and decides anew.

    It can as long as the subject may appeal and has not; a reward, against which nobody appeals, always.
    """

    reason: Reason
    body: Role
    """The role that decided."""
    decided_by: Organ
    """The organ and its document, as in `Decide`."""


class LodgeAppeal(SubjectCommand, frozen=True, kw_only=True):
    """The subject asks for a review of the decision (Civil Servant Law 95)."""


class DecideAppeal(SubjectCommand, frozen=True, kw_only=True):
    """The body answers an appeal; it can end the outcome or leave it as it is, and cannot aggravate it."""

    overturned: bool
    body: Role
    """The role that answers: the one that decided, as a review (复核) goes to the organ that made the decision."""
    decided_by: Organ
    """The organ and its document, as in `Decide`."""
