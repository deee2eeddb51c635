"""What people ask of the incentives: the steps of due process that a person takes."""

from shared.contracts import Command
from shared.contracts.incentives import SubjectKind
from shared.contracts.values import DerivedId, Organ, PartyId, Reason, Role


class SubjectCommand(Command, frozen=True, kw_only=True):
    """The fields of every command about a case: whose case it is, and which outcome."""

    about = "outcome"
    subject_kind: SubjectKind
    subject: PartyId
    """The id of the unit or cadre; for a team, its village's id."""
    outcome: DerivedId


class HearDefence(SubjectCommand, frozen=True, kw_only=True):
    """The deciding body heard the subject's statement and defence (陈述和申辩, Sanctions Law 43)."""


class Decide(SubjectCommand, frozen=True, kw_only=True):
    """The body that the pack names adopts the proposal or drops it."""

    imposed: bool
    tolerance_checked: bool
    """Whether the three distinctions (三个区分开来) were examined. A penalty cannot be decided without that (1.14)."""
    tolerated: bool = False
    """True if the proposal is dropped because the error is tolerated (容错)."""
    body: Role
    """The role that decides, which must be the one that the pack names."""
    decided_by: Organ
    """The organ and its document, such as `本组决〔2015〕3号`. It is published, so it names no person."""


class WithdrawDecision(SubjectCommand, frozen=True, kw_only=True):
    """The body that decided takes back a decision that was a mistake, in order to decide anew.

    It can do so as long as the subject may still appeal and has not done so. A reward can always be taken back.
    """

    reason: Reason
    body: Role
    """The role that decided."""
    decided_by: Organ
    """The organ and its document, as in `Decide`."""


class LodgeAppeal(SubjectCommand, frozen=True, kw_only=True):
    """The subject asks for a review of the decision (复核, Civil Servant Law 95)."""


class DecideAppeal(SubjectCommand, frozen=True, kw_only=True):
    """The body answers an appeal. It can end the outcome or leave it, but not make it worse (Civil Servant Law 96)."""

    overturned: bool
    body: Role
    """The role that answers. It is the one that decided: a review (复核) goes to the organ that made the decision."""
    decided_by: Organ
    """The organ and its document, as in `Decide`."""
