"""Draws, visits, findings, orders and bulletins."""

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
    Exhibits,
    Number,
    Organ,
    PartyId,
    Rate,
    Reason,
    Role,
    Score,
    Seed,
    Sha256,
    Short,
    VillageId,
    Villages,
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
    """The villages that have a team on this day, or that are on the campaign's list; on a rota, those whose turn it is.
    They are sorted."""
    beside: Annotated[tuple[CampaignId, ...], Meta(max_length=100)] = ()
    """The campaigns whose visits may fall on the same days, if the pack limits what is asked of a village."""
    strata: Annotated[dict[Code, Villages], Meta(max_length=10)] = msgspec.field(default_factory=dict)
    """By list, the villages of the frame that are drawn with a share of their own; each village in one of them at
    most."""


Body = Literal["discipline", "inspection"]
"""The two bodies whose shares together make the seed of a draw, so that neither can choose the result."""
Shares = Annotated[dict[Code, Seed], Meta(max_length=2)]
"""Shares of a seed, by body."""


class StratumCommitted(msgspec.Struct, frozen=True, kw_only=True):
    """What is fixed of a stratum before a draw."""

    frame: Count
    """How many villages of the frame it has."""
    size: Count
    """How many of them are drawn."""
    frame_hash: Sha256
    """SHA-256 over its sorted village ids, joined by newlines."""


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
    facets: Annotated[dict[Code, Count], Meta(max_length=20)] = msgspec.field(default_factory=dict)
    """In how many villages at least each part of the work will be looked into, if visits are divided."""
    strata: Annotated[dict[Code, StratumCommitted], Meta(max_length=10)] = msgspec.field(default_factory=dict)
    """By list, the strata that are drawn apart. The rest of `size` is drawn from the villages in none of them."""


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


class Replacement(msgspec.Struct, frozen=True, kw_only=True):
    """A drawn village that could not be reached."""

    village: VillageId
    replacement: VillageId | None = None
    """The village that is visited in its place: the one with the next ticket, in the same stratum if there are strata.
    None if none was left."""
    hindrance: Code
    """Why it could not be reached, by the pack's code."""
    on: Day
    """From this day on the other village is visited."""


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
    replaced: Annotated[tuple[Replacement, ...], Meta(max_length=10_000)] = ()
    """The villages that could not be reached, in the order in which others took their places."""
    facets: Annotated[dict[Code, Villages], Meta(max_length=20)] = msgspec.field(default_factory=dict)
    """By part of the work, the villages in which it was looked into."""
    uncovered: Codes = ()
    """The parts of the work that were looked into in fewer villages than planned."""
    strata: Annotated[dict[Code, Villages], Meta(max_length=10)] = msgspec.field(default_factory=dict)
    """By list, the villages of the frame that were drawn with a share of their own."""


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """What a bulletin says of one village."""

    village: VillageId
    unit: PartyId | None = None
    """The unit whose team is in the village; None if it has gone since."""
    absent: Count
    findings: Codes
    disputed: Codes = ()
    """Those of the findings that the visited side disputes, and on which the inspection has not decided."""


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
    """The villages whose visit was not made, though they could be visited."""
    excused: Villages = ()
    """The villages that could not be reached, as a body decided. Not to have visited them was nobody's failure."""
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
    facets: Codes = ()
    """The parts of the work that were looked into, where the campaign divides its visits."""
    process: Exhibits = ()
    """Evidence of how the work is done: records, documents, photographs (4.10)."""
    result: Exhibits = ()
    """Evidence of what the work led to."""


class VisitReplaced(Event, frozen=True, kw_only=True):
    """A village cannot be reached. In a draw the village with the next ticket is visited in its place (2.19).

    It is sealed, since it tells which villages were drawn; the campaign's end tells it to everybody.
    """

    sealing = "always"
    label = ("替补到村督查", "visit replaced")
    source = "2.19"
    village: VillageId
    campaign: CampaignId
    replacement: VillageId | None
    """The village of the next ticket that was not merged since; None where nobody takes its place."""
    hindrance: Code
    """Why it cannot be reached, by the pack's code."""
    decided_by: Organ


class VisitReplied(Event, frozen=True, kw_only=True):
    """The visited side says what it thinks of the findings. An order follows once nothing is disputed any more."""

    label = ("被督查方说明", "visit replied to")
    source = "1.6"
    village: VillageId
    campaign: CampaignId
    disputed: Codes
    """The findings that it disputes; none if it accepts them."""
    document: Short
    """The document in which it says why."""
    replied_by: Organ


class ReplyDecided(Event, frozen=True, kw_only=True):
    """The inspection decided on disputed findings: some stand, the others are refuted."""

    label = ("认定有异议的问题", "reply decided")
    source = "1.6"
    village: VillageId
    campaign: CampaignId
    confirmed: Codes
    refuted: Codes
    document: Short
    """The document in which it says why."""
    decided_by: Organ
    kind: Code | None = None
    """The kind of campaign; None in events of earlier versions."""
    year: Year | None = None
    """The year to whose assessment the visit counts; None in events of earlier versions."""
    cleared: bool = False
    """Whether nothing of what the visit found stands, and nobody was absent."""


class VisitsCrowded(Event, frozen=True, kw_only=True):
    """Two campaigns are to visit the same villages within a few days. It is told before, so that one visit serves both.

    It is sealed if the villages of one of them were drawn, since it names villages.
    """

    about = "campaign"
    sealing = "sometimes"
    label = ("督查扎堆提示", "visits crowded")
    source = "3.7"
    campaign: CampaignId
    beside: CampaignId
    """The campaign that was planned before."""
    announced: bool
    """Whether both are announced."""
    visits: Annotated[dict[VillageId, Day], Meta(max_length=60_000)]
    """By village, the first day on which one visit serves both."""

    def is_sealed(self) -> bool:
        return not self.announced


class BurdenExceeded(Event, frozen=True, kw_only=True):
    """A village was visited on more days of a month than the pack allows."""

    label = ("到村督查超过限度", "burden exceeded")
    source = "3.7"
    village: VillageId
    on: Day
    """The day of the visit that was one too many."""
    visits: Count
    """Days with a visit in that month."""
    at_most: Number


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


class BulletinMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved the last day for a campaign's bulletin."""

    about = "campaign"
    label = ("督查通报期限变更", "bulletin's deadline moved")
    campaign: CampaignId


class DeadlineMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved the last day of something that is owed or open in a village."""

    label = ("期限变更", "deadline moved")
    village: VillageId
