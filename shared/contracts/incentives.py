"""Events of the incentives: proposals, defences, decisions and appeals, for rewards and accountability."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from shared.contracts import Event
from shared.contracts.dispatch import MonthNumber
from shared.contracts.values import (
    Code,
    Day,
    DerivedId,
    EventRole,
    Organ,
    OrganOrNone,
    PartyId,
    Reason,
    Role,
    RunId,
    Short,
    VillageId,
    Year,
)
from shared.divisions import Level

Money = Annotated[int, Meta(ge=0, le=1_000_000)]
"""A sum of money in whole yuan, from 0 on."""
SubjectKind = Literal["unit", "team", "cadre"]
Subject = Literal["unit", "team", "cadre", "village_cadre"]
"""Whom a case may concern. Events tell a village cadre as a cadre who is a party of the registry."""
Standing = Literal["civil_servant", "institution", "enterprise", "village_cadre"]
"""The status of a person, on which it depends what remedies the law gives: a civil servant (公务员), or somebody of a
public institution (事业单位), of a state enterprise, or of a village."""
Distinction = Literal["inexperience", "exploration", "unintended"]
"""The three distinctions (三个区分开来): inexperience and not a knowing breach, a trial that nothing forbade and not
defiance, an unintended slip for the common good and not private gain (1.14)."""


class OutcomeEvent(Event, frozen=True, kw_only=True):
    """The fields of every event about an outcome.

    Events about a person are sealed; those about a unit or team are open.
    """

    about = "outcome"
    sealing = "sometimes"
    outcome: DerivedId
    kind: Code
    """As the pack names it: `commendation`, `criticism`, `talk`, `recall` …"""
    subject_kind: SubjectKind
    subject: PartyId
    """The stable id of the unit or cadre; a team is named by its village."""
    village: VillageId
    is_party: bool = False
    """Whether the cadre is one of a village, known by the id of a party, and not one of a unit."""
    effect: Literal["record", "recall"] = "record"
    """What it does when it is imposed: a `recall` takes the cadre off the team (2.20). It is fixed by the proposal."""
    on_team: Code | None = None
    """What else it does when it is imposed: `extend` keeps the unit in the village for longer (3.11), `adjust` asks for
    other members of the team (2.20). None if it does neither."""

    def is_sealed(self) -> bool:
        return self.subject_kind == "cadre"


class OutcomeProposed(OutcomeEvent, frozen=True, kw_only=True):
    """The software proposes an outcome, with evidence and clause. This alone has no effect on anyone."""

    label = ("提出处理（奖励）建议", "outcome proposed")
    clause: Short
    evidence: Annotated[tuple[Short, ...], Meta(max_length=100)]
    """What the proposal rests on, as references to events: `inspection.assessment.graded 2014` …"""
    defence_until: Day | None = None


class OutcomeMoved(OutcomeEvent, frozen=True, kw_only=True):
    """A named body put the proposal before the one that decides, or declined to. It affects nobody yet."""

    label = ("提请决定", "proposal moved")
    source = "2.20"
    moved: bool
    """Whether it is before the deciding body; False if it was declined, or taken back from there."""
    moved_by: Short
    """The role that proposes, the organ and its document."""
    defence_until: Day | None = None


class MotionOverdue(OutcomeEvent, frozen=True, kw_only=True):
    """The time for putting a proposal before the deciding body is over. It still can; this event comes only once."""

    label = ("提请逾期", "motion overdue")
    source = "2.20"
    proposes: Role
    """Who owes the motion."""
    due: Day


class OutcomeDefended(OutcomeEvent, frozen=True, kw_only=True):
    """The subject was heard before the decision (Sanctions Law 43)."""

    label = ("听取陈述申辩", "defence heard")
    source = "Sanctions Law 43"


class DecisionOverdue(OutcomeEvent, frozen=True, kw_only=True):
    """The time for deciding on a proposal is over. The decision is still owed; this event comes only once."""

    label = ("决定逾期", "decision overdue")
    decides: EventRole
    """Who owes the decision."""
    due: Day


class OutcomeDecided(OutcomeEvent, frozen=True, kw_only=True):
    """A named body decided; the tolerance check (三个区分开来) was made before."""

    label = ("作出决定", "outcome decided")
    imposed: bool
    """Whether the proposal was adopted; False where the body dropped it."""
    tolerated: bool
    """Whether error tolerance was the reason for dropping it (mechanism 1.14)."""
    clause: Short
    decided_by: Short
    """The role that decided, the organ and its document."""
    distinctions: Annotated[tuple[Distinction, ...], Meta(max_length=3)] = ()
    """Which of the three distinctions spoke for the subject."""
    award: Level | None = None
    """The level of a commendation."""
    appeal_until: Day | None = None
    """None where no rule gives a remedy, and until the decision is served."""
    expires: Day | None = None
    """The end of the impact period, after which the record is clean."""


class DecisionServed(OutcomeEvent, frozen=True, kw_only=True):
    """The decision, or the answer to an appeal, was served (送达). The time for the next remedy counts from that."""

    label = ("送达决定", "decision served")
    source = "Civil Servant Law 95"
    served_on: Day
    appeal_until: Day | None = None


class OutcomeAppealed(OutcomeEvent, frozen=True, kw_only=True):
    """The subject asked for a review in time; the effect is not suspended (Civil Servant Law 95, 96)."""

    label = ("申请复核", "review asked for")
    source = "Civil Servant Law 95"
    answer_until: Day


class AppealEscalated(OutcomeEvent, frozen=True, kw_only=True):
    """The subject went on to the next level of remedy, such as an appeal (申诉) to the organ above."""

    label = ("提出申诉", "appeal escalated")
    source = "Civil Servant Law 95"
    answers: Role
    """Who owes the answer."""
    answer_until: Day


class AppealOverdue(OutcomeEvent, frozen=True, kw_only=True):
    """The time for answering a review or appeal is over. The answer is still owed; this event comes only once."""

    label = ("复核或申诉逾期未答复", "appeal overdue")
    answers: Role
    due: Day


class AppealDecided(OutcomeEvent, frozen=True, kw_only=True):
    """The review's result; it never aggravates (Civil Servant Law 96)."""

    label = ("复核决定", "review decided")
    source = "Civil Servant Law 96"
    overturned: bool
    decided_by: Short


class OutcomeExpired(OutcomeEvent, frozen=True, kw_only=True):
    """The impact period is over and the record is clean."""

    label = ("影响期满", "impact period ended")


class DeadlineMoved(OutcomeEvent, frozen=True, kw_only=True):
    """Newly announced holidays moved the last day for a defence, an appeal or an answer."""

    label = ("期限变更", "deadline moved")
    deadline: Short
    """Which deadline, by the name of its field in these events, such as `appeal_until`."""
    was: Day
    due: Day
    notice: RunId
    """The announcement that moved it."""


class OutcomeWithdrawn(OutcomeEvent, frozen=True, kw_only=True):
    """The fact on which a proposal was based was withdrawn, so the proposal ends."""

    label = ("撤销处理（奖励）建议", "proposal withdrawn")
    reason: Reason
    """Which fact was withdrawn."""


class DecisionWithdrawn(OutcomeEvent, frozen=True, kw_only=True):
    """The deciding body withdrew a decision that was entered by mistake.

    Its effects end, and it is to be decided again.
    """

    label = ("撤回误录决定", "decision withdrawn")
    reason: Reason
    decided_by: Organ


class OfStory(Event, frozen=True, kw_only=True):
    """The fields of both events about the story behind an award. They are open, and name the village and no person."""

    source = "1.16"
    village: VillageId
    kind: Code
    """As the pack names the award."""
    award: Level
    story_in: Organ
    """Where the story can be read or seen, such as `区政府网站“驻村好声音”专栏`."""
    decided_by: Organ


class StoryPublished(OfStory, frozen=True, kw_only=True):
    """The body that the pack names lets the story behind an award be told in public (1.16)."""

    label = ("公开宣传事迹", "story published")


class StoryWithdrawn(OfStory, frozen=True, kw_only=True):
    """The story is no longer told: the person agrees no more, or it was a mistake."""

    label = ("停止公开宣传事迹", "story withdrawn")


class StatementEvent(Event, frozen=True, kw_only=True):
    """The fields of every event about what somebody in a village is paid for a month. All are sealed."""

    sealing = "always"
    village: VillageId
    kind: Code
    """As the pack names it: `secretary_pay`."""
    person: PartyId
    year: Year
    month: MonthNumber
    recurs: bool
    """Whether it holds each month until another one follows. Otherwise it is for that month alone."""
    total: Money


Parts = Annotated[dict[Code, Money], Meta(max_length=50)]
"""Yuan by part of the pay."""


class StatementDrawn(StatementEvent, frozen=True, kw_only=True):
    """It was computed what somebody is paid by post and grades. It is told only if it changes (0.11, 1.13).

    Earlier versions also told by this event what each member of a team was paid for the days of a month."""

    label = ("核算报酬补贴", "statement drawn")
    source = "0.11"
    parts: Parts


class StatementCorrected(StatementEvent, frozen=True, kw_only=True):
    """A statement changed: a grade was changed after a review, days were counted anew, or a body corrected it."""

    label = ("更正报酬补贴", "statement corrected")
    source = "0.11"
    parts: Parts
    before: Money
    """The total before."""
    reason: Reason | None = None
    """Given where a body corrected it."""
    decided_by: OrganOrNone = ""


class StatementConfirmed(StatementEvent, frozen=True, kw_only=True):
    """A named body confirmed a statement."""

    label = ("核定报酬补贴", "statement confirmed")
    source = "0.11"
    confirmed_by: Organ


class Paid(msgspec.Struct, frozen=True):
    """What a member of a team is paid for the days of a month."""

    person: PartyId
    total: Money
    parts: Parts

    named_by: ClassVar = ("person",)


class AllowancesEvent(Event, frozen=True, kw_only=True):
    """The fields of every event about what a team is paid for a month: one event for all members. All are sealed."""

    sealing = "always"
    village: VillageId
    kind: Code
    """As the pack names it: `allowance`."""
    year: Year
    month: MonthNumber
    paid: Annotated[tuple[Paid, ...], Meta(max_length=500)]


class AllowancesDrawn(AllowancesEvent, frozen=True, kw_only=True):
    """It was computed what members of a team are paid for their days of a month in the village (1.13)."""

    label = ("核算驻村补贴", "allowances drawn")
    source = "1.13"


class AllowancesConfirmed(AllowancesEvent, frozen=True, kw_only=True):
    """A named body confirmed what members of a team are paid for a month."""

    label = ("核定驻村补贴", "allowances confirmed")
    source = "1.13"
    confirmed_by: Organ


class PayShort(StatementEvent, frozen=True, kw_only=True):
    """What somebody is paid each month is less than the region's floor (2.8)."""

    label = ("报酬低于最低数额", "pay short")
    source = "2.8"
    floor: Money


class PayExplained(StatementEvent, frozen=True, kw_only=True):
    """A named body said why somebody is paid less than the floor. The reason is kept with the statement (2.8)."""

    label = ("说明报酬低于最低数额的原因", "low pay explained")
    source = "2.8"
    explained_by: Organ
