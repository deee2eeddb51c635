"""The de-capping of a township or county (摘帽, 1.18)."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.contracts import Event
from shared.contracts.calendar import Movement
from shared.contracts.registry.procedure import BackTo, StepKind, Word
from shared.contracts.values import (
    Code,
    Count,
    Day,
    DivisionRef,
    Exhibits,
    Number,
    Organ,
    Rate,
    Reason,
    Role,
    Short,
    Year,
)

DisputedRates = Annotated[tuple[Literal["wrong_exit", "omission", "approval"], ...], Meta(max_length=3)]
"""Those of a sample's rates that the assessed side disputes."""


class OfDecap(Event, frozen=True, kw_only=True):
    """The fields of every event about one request of a township or county."""

    about = "division"
    division: DivisionRef
    attempt: Number
    """How many times it has asked, this time included."""


class DecapRequested(OfDecap, frozen=True, kw_only=True):
    """A township or county asks to count as poor no longer (摘帽), by the incidence of its villages (1.18)."""

    label = ("申请摘帽", "de-capping requested")
    source = "1.18"
    kind: Code
    """The procedure, as the pack names it."""
    year: Year
    """The year whose figures it rests on."""
    incidence: Rate
    """People in poor households ÷ the population, of all villages that were measured in that year."""
    villages: Count
    """How many villages were measured: all whose figures of the year are due."""
    missing: Count = 0
    """How many villages are not counted in it, since they came later by a split or from another county."""
    requested_by: Organ


class DecapWithdrawn(OfDecap, frozen=True, kw_only=True):
    """The request was taken back before any step of it was taken."""

    label = ("撤回摘帽申请", "de-capping withdrawn")
    reason: Reason
    decided_by: Organ


class DecapFound(OfDecap, frozen=True, kw_only=True):
    """What the assessment of a sample found. Nothing is concluded before the assessed side has replied (1.18)."""

    label = ("摘帽专项评估检查初步结果", "findings of a de-capping")
    source = "1.18"
    step: Code
    wrong_exit_rate: Rate
    omission_rate: Rate
    approval_rate: Rate
    reply_by: Day
    """The last day for the reply. Without one the findings stand."""
    decided_by: Organ


class DecapReplied(OfDecap, frozen=True, kw_only=True):
    """The assessed side accepts what the sample found, or disputes some of the rates with its evidence (1.18)."""

    label = ("摘帽被评估方说明", "findings of a de-capping replied to")
    source = "1.18"
    step: Code
    disputed_rates: DisputedRates
    """The rates that it disputes; none if it accepts them all."""
    document: Short
    """The document in which it says why."""
    evidence: Exhibits = ()
    """The numbers of records, or hashes of photographs, that prove it."""
    replied_by: Organ


class DecapAssessed(OfDecap, frozen=True, kw_only=True):
    """A sample of its households was assessed. A rate that misses its bound vetoes the exit (1.18)."""

    label = ("摘帽专项评估检查", "de-capping assessed")
    source = "1.18"
    step: Code
    wrong_exit_rate: Rate
    omission_rate: Rate
    approval_rate: Rate
    passed: bool
    document: Short | None = None
    """The document that decides on what the assessed side disputed; None where nothing was disputed."""
    decided_by: Organ


class DecapStepTaken(OfDecap, frozen=True, kw_only=True):
    """A body approved the de-capping or refused it, or announced or filed what was approved."""

    label = ("摘帽办理环节", "step of a de-capping taken")
    source = "1.18"
    step: Code
    approved: bool
    decided_by: Organ


class OfDecapStep(OfDecap, frozen=True, kw_only=True):
    """The fields of every event about one step, where it says which procedure."""

    kind: Code
    """The procedure, as the pack names it."""
    step: Code


class DecapRejected(OfDecapStep, frozen=True, kw_only=True):
    """The de-capping ended at a step that refused or vetoed it. It can be asked for again."""

    label = ("不予摘帽", "de-capping rejected")
    source = "1.18"


class TownshipDecapped(Event, frozen=True, kw_only=True):
    """A poor township counts as poor no longer (乡镇摘帽, 1.18)."""

    about = "division"
    label = ("乡镇摘帽", "township de-capped")
    source = "1.18"
    division: DivisionRef
    year: Year
    incidence: Rate
    """The share of its people who were still poor in that year."""
    decided_by: Organ


class CountyDecapped(Event, frozen=True, kw_only=True):
    """A poor county counts as poor no longer (贫困县退出, 1.18)."""

    about = "division"
    label = ("贫困县退出", "county de-capped")
    source = "1.18"
    division: DivisionRef
    year: Year
    incidence: Rate
    """The share of its people who were still poor in that year."""
    decided_by: Organ


class DecapNoticePosted(OfDecap, frozen=True, kw_only=True):
    """An intended de-capping is on public notice. Anyone may object until the end of the last day."""

    label = ("摘帽公示", "de-capping on public notice")
    until: Day
    posted_by: Organ


class DecapNoticeWithdrawn(OfDecap, frozen=True, kw_only=True):
    """A notice of a de-capping was posted by mistake; another one is awaited."""

    label = ("撤回摘帽公示", "notice of a de-capping withdrawn")
    reason: Reason
    decided_by: Organ


class DecapObjectionRaised(OfDecap, frozen=True, kw_only=True):
    """Someone objected to a de-capping."""

    label = ("收到摘帽异议", "objection to a de-capping raised")
    objection: Number


class DecapObjectionDecided(OfDecap, frozen=True, kw_only=True):
    """An objection to a de-capping was upheld or dismissed."""

    label = ("摘帽异议处理", "objection to a de-capping decided")
    objection: Number
    upheld: bool
    decided_by: Organ
    back_to: BackTo | None = None
    """The kind of step to which it goes back; None while other objections are open, or if none is upheld."""


class DecapObjectionWithdrawn(OfDecap, frozen=True, kw_only=True):
    """An objection to a de-capping was taken back before it was decided."""

    label = ("撤回摘帽异议", "objection to a de-capping withdrawn")
    objection: Number
    reason: Reason
    decided_by: Organ


class DecapStepOverdue(OfDecapStep, frozen=True, kw_only=True):
    """The last day of a step of a de-capping, or of the answer to an objection or a reply, is over. This comes only
    once."""

    label = ("摘帽环节逾期", "step of a de-capping overdue")
    objection: Number | None = None
    due: Day
    owed_by: Role
    leads_to: StepKind | None = None
    told_to: Role | None = None


class DecapDelayDecided(OfDecapStep, frozen=True, kw_only=True):
    """The body that was told of a late step of a de-capping gave it more time, or takes the step itself."""

    label = ("摘帽逾期环节处理", "delay of a de-capping decided on")
    until: Day
    """The new last day."""
    taken_by: Role | None = None
    """The body that takes the step itself; None if it stays with the one that is late."""
    reason: Reason
    decided_by: Organ


class DecapWordAsked(OfDecapStep, frozen=True, kw_only=True):
    """A body is asked for its word on a de-capping, such as the province. The procedure waits."""

    label = ("摘帽征求意见", "word on a de-capping asked for")
    asking: Number
    """The number of this asking. An answer names it, so that no answer to an earlier asking is taken for this one."""
    asked: Role
    due: Day
    silence: Code | None = None
    """The step to which silence leads after the last day; None if the word is waited for."""


class DecapWordGiven(OfDecapStep, frozen=True, kw_only=True):
    """The body that was asked for its word on a de-capping gave it, or says that it will do so later."""

    label = ("摘帽答复意见", "word on a de-capping given")
    asking: Number
    word: Word
    until: Day | None = None
    """The new last day, where the word comes later."""
    reason: Reason | None = None
    """Why it is rejected, or comes later."""
    decided_by: Organ


class DecapDeadlineMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved a last day of a de-capping."""

    about = "division"
    label = ("摘帽期限变更", "deadline of a de-capping moved")
    division: DivisionRef
