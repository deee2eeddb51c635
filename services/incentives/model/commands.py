"""What people ask of the incentives: the steps of due process that a person takes."""

from shared.contracts import Command
from shared.contracts.dispatch import MonthNumber
from shared.contracts.incentives import Money, Standing, Subject
from shared.contracts.values import Code, Day, DerivedId, Organ, PartyId, Reason, Role, Told, VillageId, Year


class SubjectCommand(Command, frozen=True, kw_only=True):
    """The fields of every command about a case: whose case it is, and which outcome."""

    about = "outcome"
    subject_kind: Subject
    subject: PartyId
    """The id of the unit or cadre, or of a village cadre as a party; for a team, its village's id."""
    outcome: DerivedId


class MoveOutcome(SubjectCommand, frozen=True, kw_only=True):
    """The body that the pack names puts a proposal before the deciding one (提请), or declines to (2.20).

    It can change its mind until the decision.
    """

    moved: bool
    """Whether it is put before the deciding body."""
    body: Role
    """The role that proposes, which must be the one that the pack names."""
    moved_by: Organ
    """The organ and its document. It is published, so it names no person."""


class HearDefence(SubjectCommand, frozen=True, kw_only=True):
    """The deciding body heard the subject's statement and defence (陈述和申辩), put it on record and verified it.

    It can be entered anew until the decision. No event has its texts (Sanctions Law 43).
    """

    statement: Told
    """What the subject said, or that it waived its defence."""
    finding: Told
    """What the verification of it found."""
    accepted: bool
    """Whether it holds. Then it must be adopted, and nothing can be imposed."""


class Decide(SubjectCommand, frozen=True, kw_only=True):
    """The body that the pack names adopts the proposal or drops it."""

    imposed: bool
    inexperience: bool | None = None
    """Whether it was inexperience in something new, and not a knowing breach: the first of the three distinctions
    (三个区分开来). A penalty cannot be decided until all three are answered (1.14)."""
    exploration: bool | None = None
    """Whether it was a trial that nothing forbade, and not defiance of a clear ban."""
    unintended: bool | None = None
    """Whether it was an unintended slip for the common good, and not private gain."""
    tolerated: bool = False
    """True if the proposal is dropped because the error is tolerated (容错)."""
    standing: Standing | None = None
    """The status of the person, where the remedies depend on it."""
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


class ServeDecision(SubjectCommand, frozen=True, kw_only=True):
    """The decision, or the answer to an appeal, was served on the subject (送达). Its remedies count from that day."""

    served_on: Day
    body: Role
    """The role that decided or answered."""


class LodgeAppeal(SubjectCommand, frozen=True, kw_only=True):
    """The subject asks for a review of the decision (复核, Civil Servant Law 95)."""

    lodged_on: Day | None = None
    """The day on which it was handed in, if it was lodged on paper and is entered later. None for today."""


class EscalateAppeal(SubjectCommand, frozen=True, kw_only=True):
    """The subject goes on to the next level, such as an appeal (申诉) to the organ above (Civil Servant Law 95)."""

    lodged_on: Day | None = None
    """The day on which it was handed in, as in `LodgeAppeal`."""


class DecideAppeal(SubjectCommand, frozen=True, kw_only=True):
    """The body answers an appeal. It can end the outcome or leave it, but not make it worse (Civil Servant Law 96)."""

    overturned: bool
    body: Role
    """The role that answers: a review (复核) goes to the one that decided, an appeal (申诉) to the one above."""
    decided_by: Organ
    """The organ and its document, as in `Decide`."""


class TellStory(SubjectCommand, frozen=True, kw_only=True):
    """The body that the pack names decides whether the story behind an award is told in public.

    It can decide anew at any time, for example when the person no longer agrees.
    """

    public: bool
    agreed: bool = False
    """Whether the person agreed to it. Without that, nobody's story is told (PIPL 25, 个人信息保护法)."""
    story_in: Organ | None = None
    """Where it can be read or seen. It is published, so it names no person."""
    body: Role
    decided_by: Organ
    """The organ and its document, as in `Decide`."""


class ConfirmStatements(Command, frozen=True, kw_only=True):
    """The body that the pack names, such as finance, confirms all statements of one kind and month in a village."""

    village: VillageId
    kind: Code
    year: Year
    month: MonthNumber
    body: Role
    confirmed_by: Organ


class CorrectStatement(Command, frozen=True, kw_only=True):
    """The body corrects one part of what somebody is paid in a month. It is then confirmed again."""

    village: VillageId
    kind: Code
    person: PartyId
    year: Year
    month: MonthNumber
    part: Code
    yuan: Money
    reason: Reason
    body: Role
    corrected_by: Organ


class ExplainPay(Command, frozen=True, kw_only=True):
    """The body that the pack names says why somebody is paid less than the floor. It can replace the reason later."""

    village: VillageId
    kind: Code
    person: PartyId
    year: Year
    month: MonthNumber
    why: Told
    """The reason. No event has it."""
    body: Role
    explained_by: Organ
