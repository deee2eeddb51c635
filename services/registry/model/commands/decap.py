"""The de-capping of a township or county (摘帽, 1.18)."""

from typing import ClassVar

import msgspec

from shared.contracts import Command
from shared.contracts.registry.decap import DisputedRates
from shared.contracts.registry.procedure import Word
from shared.contracts.values import (
    Code,
    Count,
    Day,
    DivisionRef,
    Exhibits,
    Number,
    Organ,
    Population,
    Reason,
    Role,
    Short,
    Year,
)


class OfDivision(Command, frozen=True, kw_only=True):
    """A command about a township or county. `place` is the county that it lies in, or is."""

    about = "division"
    matter: ClassVar[None] = None
    household: ClassVar[None] = None
    division: DivisionRef


class RequestDecap(OfDivision, frozen=True, kw_only=True):
    """Ask that a township or county be no poor one any more. Refused unless its incidence keeps the pack's bound."""

    year: Year
    """The year whose figures it rests on."""
    body: Role
    requested_by: Organ


class Sampled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an assessment found in its sample. The rates follow from these counts, and nobody types them in."""

    lifted: Population
    """People in the lifted households of the sample."""
    wrongly_lifted: Count
    """Those of them who are below the standard."""
    outside: Population
    """People outside the register in the sampled villages."""
    omitted: Count
    """Those of them who should be in it."""
    asked: Population
    """Households that were asked, poor and not poor."""
    approving: Count
    """Those of them who approve."""


class TakeDecapStep(OfDivision, frozen=True, kw_only=True):
    """The awaited step was taken: an assessment, an approval or a refusal, an announcement, a filing."""

    step: Code
    approved: bool = True
    sampled: Sampled | None = None
    """For an assessment: what was found."""
    body: Role
    decided_by: Organ


class ReplyToDecap(OfDivision, frozen=True, kw_only=True):
    """The assessed side replies to what an assessment found, before it is concluded. It may change its reply as long as
    nothing is decided."""

    disputed_rates: DisputedRates = ()
    """The rates that it disputes; none if it accepts them all."""
    document: Short
    """The document in which it says why."""
    evidence: Exhibits = ()
    """Numbers of records, or hashes of photographs. A dispute needs one at least."""
    body: Role
    replied_by: Organ


class DecideDecapReply(OfDivision, frozen=True, kw_only=True):
    """Who assessed decides on what is disputed, and concludes the assessment."""

    sampled: Sampled
    """The counts after the evidence was looked at. The counts of rates that nobody disputes must not change."""
    document: Short
    """The document in which it says why."""
    body: Role
    decided_by: Organ


class PostDecapNotice(OfDivision, frozen=True, kw_only=True):
    """Put an intended de-capping on public notice."""

    body: Role
    posted_by: Organ


class RaiseDecapObjection(OfDivision, frozen=True, kw_only=True):
    """Object to a de-capping. The objector's name is not asked for."""

    everybodys: ClassVar[bool] = True
    objection: Number
    ground: Short


class DecideDecapObjection(OfDivision, frozen=True, kw_only=True):
    """A named body upholds or dismisses an objection to a de-capping."""

    objection: Number
    upheld: bool
    body: Role
    decided_by: Organ


class DecapCorrection(OfDivision, frozen=True, kw_only=True):
    """A correction of what was entered about a township or county."""

    reason: Reason
    decided_by: Organ


class WithdrawDecap(DecapCorrection, frozen=True, kw_only=True):
    """The request is taken back. Refused once a step of it was taken."""


class WithdrawDecapNotice(DecapCorrection, frozen=True, kw_only=True):
    """A notice of a de-capping was posted by mistake. Refused once somebody has objected or it is over."""


class WithdrawDecapObjection(DecapCorrection, frozen=True, kw_only=True):
    """An objection to a de-capping is taken back before it is decided."""

    objection: Number


class DecideDecapDelay(DecapCorrection, frozen=True, kw_only=True):
    """The body that was told of a late step of a de-capping gives it more time, or takes the step itself."""

    step: Code
    takes_over: bool
    until: Day | None = None
    """The new last day; None if the body takes the step itself."""
    body: Role


class GiveDecapWord(OfDivision, frozen=True, kw_only=True):
    """The body that was asked for its word on a de-capping accepts, rejects with its reason, or will answer later."""

    by_event = True
    step: Code
    asking: Number
    """The number of the asking that is answered, from the event `registry.decap_word.asked`."""
    word: Word
    until: Day | None = None
    """The day by which it answers, where that is later; else None."""
    reason: Reason | None = None
    """Why it is rejected, or comes later; None where it is accepted."""
    body: Role
    decided_by: Organ
