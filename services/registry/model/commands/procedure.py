"""Notices of a village's procedures, objections to them, late steps, and words that a body is asked for."""

from typing import ClassVar

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.registry.procedure import Word
from shared.contracts.values import Code, Day, Number, Organ, PartyId, Reason, Role, RunId, Short, VillageId


class PostNotice(Command, frozen=True, kw_only=True):
    """Put what is intended on public notice (公示): the removal from the list, or the households of a round."""

    village: VillageId
    matter: RunId | None = None
    """The matter whose notice it is; None for that of the village's exit."""
    body: Role
    posted_by: Organ


class WithdrawNotice(Correction, frozen=True, kw_only=True):
    """A notice was posted by mistake. Refused once somebody has objected or the notice is over."""

    village: VillageId
    matter: RunId | None = None
    """The matter whose notice it is; None for that of the village's exit."""


class RaiseObjection(Command, frozen=True, kw_only=True):
    """Object to what is on notice. The objector's name is not asked for."""

    everybodys: ClassVar[bool] = True
    village: VillageId
    matter: RunId | None = None
    """The matter whose notice it is; None for that of the village's exit."""
    objection: Number
    """Its number within this notice, by which a repetition is recognised."""
    household: PartyId | None = None
    """The household that the objection is about, where the notice lists households."""
    ground: Short


class DecideObjection(Command, frozen=True, kw_only=True):
    """A named body upholds or dismisses an objection."""

    village: VillageId
    matter: RunId | None = None
    """The matter whose notice it is; None for that of the village's exit."""
    objection: Number
    upheld: bool
    body: Role
    decided_by: Organ


class WithdrawObjection(Correction, frozen=True, kw_only=True):
    """An objection is taken back before it is decided."""

    village: VillageId
    matter: RunId | None = None
    """The matter whose notice it is; None for that of the village's exit."""
    objection: Number


class DecideDelay(Command, frozen=True, kw_only=True):
    """The body that was told of a late step gives it more time, or takes the step itself.

    The same body may decide otherwise, as long as the step has not been taken.
    """

    village: VillageId
    matter: RunId | None = None
    """The matter whose step is late; None for a step of the village's exit."""
    step: Code
    takes_over: bool
    until: Day | None = None
    """The new last day; None if the body takes the step itself."""
    reason: Reason
    body: Role
    decided_by: Organ


class GiveWord(Command, frozen=True, kw_only=True):
    """The body that was asked for its word accepts, rejects with its reason, or says that it will answer later.

    A body that has accepted may still say otherwise, as long as nothing was done in the next step.
    """

    by_event = True
    village: VillageId
    matter: RunId | None = None
    """The matter that it was asked about; None for the village's exit."""
    step: Code
    asking: Number
    """The number of the asking that is answered, from the event `registry.word.asked`."""
    word: Word
    until: Day | None = None
    """The day by which it answers, where that is later; else None."""
    reason: Reason | None = None
    """Why it is rejected, or comes later; None where it is accepted."""
    body: Role
    decided_by: Organ
