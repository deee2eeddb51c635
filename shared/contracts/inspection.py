"""Events of the inspection: draws, visits, findings, orders, grades, and the verification of an exit."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts import Event
from shared.contracts.calendar import Movement
from shared.contracts.values import (
    CampaignId,
    Code,
    Codes,
    Count,
    Day,
    DerivedId,
    Number,
    Organ,
    OrganOrNone,
    Parties,
    PartyId,
    Percent,
    Rate,
    Reason,
    Role,
    Score,
    Seed,
    Sha256,
    VillageId,
    Villages,
    Voters,
    Year,
)


class CampaignPlanned(Event, frozen=True, kw_only=True):
    """A campaign is coming, and its frame is fixed: the villages that may be visited.

    It does not say which are drawn.
    """

    about = "campaign"
    label = ("督查计划", "campaign planned")
    campaign: CampaignId
    kind: Code
    opens: Day
    closes: Day
    frame: Villages
    """The villages with a team in the field on this day, or on a rota those whose turn it is; sorted."""


Body = Literal["discipline", "inspection"]
"""The two bodies whose shares together make the seed of a draw, so that neither can choose the result."""
Shares = Annotated[dict[Code, Seed], Meta(max_length=2)]
"""Shares of a seed, by body."""


class CampaignCommitted(Event, frozen=True, kw_only=True):
    """Frame and size of a draw are fixed and public, before either body gives the hash of its share (2.19)."""

    about = "campaign"
    label = ("抽取底册封存公告", "draw committed")
    source = "2.19"
    campaign: CampaignId
    kind: Code
    opens: Day
    closes: Day
    frame: Count
    size: Count
    frame_hash: Sha256
    """SHA-256 over the sorted village ids of the frame, joined by newlines."""
    seed_hashes: Annotated[dict[Code, Sha256], Meta(max_length=2)]
    """Always empty, since the hashes come in `SeedCommitted`."""
    visit_days: Number = 1
    """Over how many days the visits will be dealt."""


class SeedCommitted(Event, frozen=True, kw_only=True):
    """The hash of a body's share is public. Shares are given only after the hashes, so none can be changed (2.19)."""

    about = "campaign"
    label = ("随机码校验值公布", "seed hash published")
    source = "2.19"
    campaign: CampaignId
    body: Body
    seed_hash: Sha256
    """SHA-256 of the share."""
    on: Day


class SeedMissed(Event, frozen=True, kw_only=True):
    """A body gave no hash before the campaign opened, or no share in time. The draw is made without it (2.19)."""

    about = "campaign"
    label = ("随机码逾期未交", "seed share missed")
    source = "2.19"
    campaign: CampaignId
    body: Body
    what: Literal["hash", "share"]


class DrawMade(Event, frozen=True, kw_only=True):
    """Which villages are visited on which days. Sealed until the campaign closes."""

    about = "campaign"
    sealing = "always"
    label = ("随机抽取", "draw made")
    campaign: CampaignId
    visits: Annotated[dict[VillageId, Day], Meta(max_length=60_000)]


class CampaignClosed(Event, frozen=True, kw_only=True):
    """A campaign ended: what was visited and, if there was a draw, the shares with which anyone can recompute it."""

    about = "campaign"
    label = ("抽查结束", "campaign closed")
    campaign: CampaignId
    kind: Code
    frame: Villages
    """Empty if the whole frame had to be visited, so that nothing was drawn."""
    drawn: Villages
    planned: Count
    visited: Count
    share: Rate
    """Villages visited by the end ÷ villages of the frame, 0 to 1."""
    seeds: Shares = msgspec.field(default_factory=dict)
    """The shares with which the draw was made. For a body that gave no share, its hash was used instead, or, without a
    hash, that of the frame."""
    drawn_on: Day | None = None
    """The day on which the draw was made: both shares were in, or their time was over. None if nothing was drawn."""
    visits: Annotated[dict[VillageId, Day], Meta(max_length=60_000)] = msgspec.field(default_factory=dict)
    """The day for which each visit was drawn."""


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """What a bulletin says of one village."""

    village: VillageId
    unit: PartyId | None = None
    """The unit whose team is in the village; None if it has gone since."""
    absent: Count
    findings: Codes


class BulletinPublished(Event, frozen=True, kw_only=True):
    """A body has published what a campaign came to (通报, mechanism 1.5)."""

    about = "campaign"
    label = ("印发督查通报", "bulletin published")
    source = "1.5"
    campaign: CampaignId
    kind: Code
    planned: Count
    visited: Count
    noted: Annotated[tuple[Noted, ...], Meta(max_length=60_000)] = ()
    """The villages in which something was found, or members were absent without leave; none if all was well."""
    missed: Villages = ()
    """The villages whose visit was not made."""
    late: bool
    """Whether it was published after its last day."""
    published_by: Organ


class BulletinMissed(Event, frozen=True, kw_only=True):
    """The last day for a campaign's bulletin passed without one. It is still awaited."""

    about = "campaign"
    label = ("督查通报逾期未印发", "bulletin missed")
    source = "1.5"
    campaign: CampaignId
    kind: Code
    body: Role
    """Who was to publish it."""
    due: Day


class BulletinWithdrawn(Event, frozen=True, kw_only=True):
    """A body takes back a bulletin that says something wrong. Another one is awaited."""

    about = "campaign"
    label = ("撤回督查通报", "bulletin withdrawn")
    source = "1.5"
    campaign: CampaignId
    reason: Reason
    decided_by: Organ


class VisitMade(Event, frozen=True, kw_only=True):
    """An inspection visited a village's team.

    Findings are codes of the pack; notes in words stay with the inspectors.
    """

    label = ("到村督查", "visit made")
    village: VillageId
    campaign: CampaignId
    kind: Code
    on: Day
    absent: Count
    """Team members who were neither present nor on leave."""
    findings: Codes
    year: Year
    """The year to whose assessment the visit counts: the one in which the campaign opened."""
    score: Score | None = None
    """0 to 100 where the campaign scores, such as the half-year check and the annual assessment."""


class VisitWithdrawn(Event, frozen=True, kw_only=True):
    """A visit was recorded by mistake. It counts as not made, and the order that it led to ends."""

    label = ("撤销督查记录", "visit withdrawn")
    village: VillageId
    campaign: CampaignId
    kind: Code
    year: Year
    reason: Reason
    decided_by: Organ


class VisitDropped(Event, frozen=True, kw_only=True):
    """A village was merged into another, so running campaigns cannot visit it any more. Its visit counts as missed."""

    label = ("到村督查取消", "visit dropped")
    village: VillageId
    campaign: CampaignId


class OrderIssued(Event, frozen=True, kw_only=True):
    """Rectification by a deadline (限期整改, mechanism 1.6)."""

    label = ("限期整改", "rectification ordered")
    source = "1.6"
    village: VillageId
    order: DerivedId
    """`<campaign>/<village>`: one visit leads to one order."""
    unit: PartyId
    findings: Codes
    due: Day


class OrderClosed(Event, frozen=True, kw_only=True):
    """The rectification was accepted (销号)."""

    label = ("整改销号", "rectification closed out")
    village: VillageId
    order: DerivedId
    accepted_by: Organ


class OrderOverdue(Event, frozen=True, kw_only=True):
    """The deadline passed without an accepted rectification; it stays open."""

    label = ("整改逾期", "rectification overdue")
    village: VillageId
    order: DerivedId
    unit: PartyId
    leader: PartyId
    times: Number
    """How often this order has become overdue, 1 the first time."""


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


class AssessmentOpened(Event, frozen=True, kw_only=True):
    """The year's assessment of a team begins, for every village with one (mechanism 2.21)."""

    label = ("启动年度考核", "assessment opened")
    source = "2.21"
    village: VillageId
    year: Year
    unit: PartyId
    leader: PartyId
    """The team's leader on this day, who will get the grade."""
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


class InputWithdrawn(Event, frozen=True, kw_only=True):
    """A report or a ballot was entered by mistake, and is awaited again."""

    label = ("撤销考核材料", "input withdrawn")
    village: VillageId
    year: Year
    channel: Code
    reason: Reason
    decided_by: Organ


class GradeWithdrawn(Event, frozen=True, kw_only=True):
    """A grade was entered by mistake; it is to be decided anew. Nothing was decided on it yet."""

    label = ("撤销考核等次", "grade withdrawn")
    village: VillageId
    year: Year
    unit: PartyId
    leader: PartyId
    grade: Code
    reason: Reason
    decided_by: Organ


class GradeContested(Event, frozen=True, kw_only=True):
    """Those who were graded ask for a review in time; the grade holds meanwhile (Civil Servant Law 95, 96)."""

    label = ("申请复核考核等次", "grade contested")
    source = "Civil Servant Law 95"
    village: VillageId
    year: Year
    unit: PartyId
    leader: PartyId
    grade: Code
    answer_until: Day
    lodged_by: Organ


class GradeReviewed(Event, frozen=True, kw_only=True):
    """The answer to a review: the grade stands or is a better one; it never aggravates (Civil Servant Law 96).

    If it is better, outcomes proposed for the former grade end, and the new grade gets an `AssessmentGraded` of its
    own.
    """

    label = ("考核等次复核决定", "grade reviewed")
    source = "Civil Servant Law 96"
    village: VillageId
    year: Year
    unit: PartyId
    leader: PartyId
    before: Code
    grade: Code
    decided_by: Organ


class AssessmentDropped(Event, frozen=True, kw_only=True):
    """The village was merged into another before a grade was proposed: its team's year is not graded."""

    label = ("考核终止", "assessment dropped")
    village: VillageId
    year: Year


class AssessmentGraded(Event, frozen=True, kw_only=True):
    """The year's grade of a team was confirmed by a named body (mechanisms 2.15, 3.7)."""

    label = ("评定考核等次", "assessment graded")
    source = "2.15"
    village: VillageId
    year: Year
    unit: PartyId
    leader: PartyId
    score: Percent
    grade: Code
    triggers: Codes
    decided_by: Organ


class SampleCommitted(Event, frozen=True, kw_only=True):
    """A body's hash of its seed share for the sample of an exit's verification is public (5.3)."""

    label = ("核查随机码校验值公布", "sample hash published")
    source = "5.3"
    village: VillageId
    attempt: Number
    body: Body
    seed_hash: Sha256
    """SHA-256 of the share."""
    on: Day


class SampleMissed(Event, frozen=True, kw_only=True):
    """A body gave no hash or no share for an exit's sample in time. The sample is drawn without it (5.3)."""

    label = ("核查随机码逾期未交", "sample share missed")
    source = "5.3"
    village: VillageId
    attempt: Number
    body: Body
    what: Literal["hash", "share"]


class SampleDrawn(Event, frozen=True, kw_only=True):
    """The households to visit for an exit's verification are drawn. Which ones stays secret until it is recorded."""

    label = ("核查户抽取", "sample drawn")
    village: VillageId
    attempt: Number
    size: Count
    """How many households will be visited."""


class ExitVerified(Event, frozen=True, kw_only=True):
    """Sampled households were visited: the request holds, or it does not, by the pack's rates (5.3)."""

    label = ("出列核查", "exit verified")
    source = "5.3"
    village: VillageId
    attempt: Number
    passed: bool
    sampled: Count
    """Households."""
    wrong_exit_rate: Rate
    """People in sampled households that do not meet the standard ÷ people in sampled households, 0 to 1."""
    omission_rate: Rate
    """Poor people outside the register ÷ people outside it who were looked at, 0 to 1."""
    approval_rate: Rate
    """Approving households ÷ sampled households, 0 to 1; 1 where none was sampled."""
    verified_by: OrganOrNone = ""
    """The organ, never a person."""
    seed: Seed = ""
    """The seed, if one body alone gave it, as in earlier versions."""
    seeds: Shares = msgspec.field(default_factory=dict)
    """The shares with which anyone can recompute which lifted households were sampled."""
    households: Parties = ()
    """The households that were sampled."""
    again: Parties = ()
    """The last of `households`: they were drawn by an earlier attempt, which ended before its verification was
    recorded."""


class BulletinMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved the last day for a campaign's bulletin."""

    about = "campaign"
    label = ("督查通报期限变更", "bulletin's deadline moved")
    campaign: CampaignId


class DeadlineMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved the last day of something that is owed or open in a village."""

    label = ("期限变更", "deadline moved")
    village: VillageId
