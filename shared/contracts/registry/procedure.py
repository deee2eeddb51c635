"""Events that every procedure of a village has: notices, objections, and steps that are late."""

from typing import Literal

from shared.contracts import Event
from shared.contracts.values import Code, Day, Number, Organ, OrganOrNone, Reason, Role, RunId, VillageId

StepKind = Literal["verify", "notice", "decide", "accept", "publish"]
"""The kinds of steps: sampled households are visited, there is a public notice, a body decides, each household accepts,
or something is published."""
BackTo = Literal["verify", "notice", "decide"]
"""The kinds of steps to which an objection or a refusal leads back."""
Word = Literal["accepted", "rejected", "later"]
"""What a body says that was asked for its word."""


class OfProcedure(Event, frozen=True, kw_only=True):
    """The fields of every event about a procedure of a village."""

    village: VillageId
    matter: RunId | None = None
    """The matter that it belongs to; None for the village's exit."""
    attempt: Number


class NoticePosted(OfProcedure, frozen=True, kw_only=True):
    """An intended decision is on public notice. Anyone may object until the end of the last day."""

    label = ("公示", "on public notice")
    until: Day
    posted_by: OrganOrNone = ""
    """The body that posted it, never a person."""


class NoticeWithdrawn(OfProcedure, frozen=True, kw_only=True):
    """A public notice was posted by mistake; another one is awaited."""

    label = ("撤回公示", "notice withdrawn")
    reason: Reason
    decided_by: Organ


class ObjectionRaised(OfProcedure, frozen=True, kw_only=True):
    """Someone objected during a notice."""

    label = ("收到异议", "objection raised")
    objection: Number


class ObjectionDecided(OfProcedure, frozen=True, kw_only=True):
    """A named body upheld or dismissed an objection; an upheld one leads back, usually to a new verification."""

    label = ("异议处理", "objection decided")
    objection: Number
    """The number of the objection. 0 means that the deciding body itself refused its approval."""
    upheld: bool
    decided_by: Organ
    back_to: BackTo | None = None
    """The kind of step to which the exit now goes back; None while other objections are open, or if none is upheld."""


class ObjectionWithdrawn(OfProcedure, frozen=True, kw_only=True):
    """An objection that was not decided yet was taken back, or entered by mistake."""

    label = ("撤回异议", "objection withdrawn")
    objection: Number
    reason: Reason
    decided_by: Organ


class OfStep(OfProcedure, frozen=True, kw_only=True):
    """The fields of every event about one step."""

    kind: Code
    """The procedure, as the pack names it."""
    step: Code


class StepOverdue(OfStep, frozen=True, kw_only=True):
    """The last day of a step, or of the answer to an objection, is over.

    It is still owed. This event comes once, and once more if more time was given and is over as well.
    """

    label = ("程序环节逾期", "step overdue")
    objection: Number | None = None
    """The objection that is not answered; None where the step itself is late."""
    due: Day
    owed_by: Role
    leads_to: StepKind | None = None
    """The kind of step to which the time-out leads by the pack; None if the step is still awaited."""
    told_to: Role | None = None
    """Whom the pack has told of it, such as the county above a township; None where it names nobody."""


class DelayDecided(OfStep, frozen=True, kw_only=True):
    """The body that was told of a late step gave it more time, or takes the step itself."""

    label = ("逾期环节处理", "delay decided on")
    until: Day
    """The new last day."""
    taken_by: Role | None = None
    """The body that takes the step itself; None if it stays with the one that is late."""
    reason: Reason
    decided_by: Organ


class WordAsked(OfStep, frozen=True, kw_only=True):
    """A body is asked for its word on what is being decided, such as the province on an exit. The procedure waits."""

    label = ("征求意见", "word asked for")
    asking: Number
    """The number of this asking. An answer names it, so that no answer to an earlier asking is taken for this one."""
    asked: Role
    due: Day
    silence: Code | None = None
    """The step to which silence leads after the last day; None if the word is waited for."""


class WordGiven(OfStep, frozen=True, kw_only=True):
    """The body that was asked for its word gave it, or says that it will do so later."""

    label = ("答复意见", "word given")
    asking: Number
    word: Word
    until: Day | None = None
    """The new last day, where the word comes later."""
    reason: Reason | None = None
    """Why it is rejected, or comes later."""
    decided_by: Organ
