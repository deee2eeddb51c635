"""Commands about campaigns: their draws, visits, bulletins and orders."""

from shared.contracts import Command
from shared.contracts.inspection import Body
from shared.contracts.values import (
    CampaignId,
    Code,
    Codes,
    Day,
    DerivedId,
    Exhibits,
    Organ,
    Parties,
    Reason,
    Role,
    RunId,
    Score,
    Seed,
    Sha256,
    Short,
    VillageId,
)


class PostSeedHash(Command, frozen=True, kw_only=True):
    """A body publishes the hash of its share of a draw's seed, and keeps the share to itself (mechanism 2.19)."""

    by_token = True
    about = "campaign"
    campaign: CampaignId
    body: Body
    seed_hash: Sha256
    """SHA-256 of the share; `zhucun seed` makes both."""


class GiveSeed(Command, frozen=True, kw_only=True):
    """A body gives the share that belongs to its published hash, from the opening day on. The end reveals it (2.19)."""

    by_token = True
    about = "campaign"
    campaign: CampaignId
    body: Body
    seed: Seed
    """64 random hexadecimal digits, such as `zhucun seed` makes, or 32 other characters that nobody can guess."""


class OpenCampaign(Command, frozen=True, kw_only=True):
    """Officers open a campaign beside the pack's calendar, such as a spot check (mechanism 3.7)."""

    about = "campaign"
    kind: Code
    """One of the kinds of campaign that the pack names."""
    campaign: RunId
    """A name for it; its id is the jurisdiction, a dot and this name, such as `2105.floods`."""
    opens: Day
    body: Role
    """The organisation department or the poverty office."""
    asked_by: Organ


class RecordVisit(Command, frozen=True, kw_only=True):
    """Inspectors record what a planned visit found."""

    village: VillageId
    campaign: CampaignId
    on: Day
    absent: Parties = ()
    """Ids of the team's members who were neither present nor on leave. Only their number is published and kept."""
    findings: Codes = ()
    """The findings, by the codes of the pack."""
    score: Score | None = None
    """0 to 100. Only in a campaign that scores teams."""
    facets: Codes = ()
    """The parts of the work that were looked into, by the pack's codes, where a campaign divides its visits (2.19)."""
    process: Exhibits = ()
    """Evidence of how the work is done: records, documents, hashes of photographs (4.10)."""
    result: Exhibits = ()
    """Evidence of what the work led to."""
    body: Role
    inspector: Organ
    """The group of inspectors."""
    inspectors: Parties = ()
    """Ids of the persons who went, where the pack asks for recusal or for several. They are neither published nor kept.
    """


class ReplaceVisit(Command, frozen=True, kw_only=True):
    """A body decides that a village cannot be reached; in a draw the next ticket takes its place (mechanism 2.19)."""

    village: VillageId
    campaign: CampaignId
    hindrance: Code
    """Why it cannot be reached, by the pack's code."""
    body: Role
    decided_by: Organ


class ReplyToVisit(Command, frozen=True, kw_only=True):
    """The visited side replies to what was found, before an order follows. It may change its reply as long as nothing
    is decided."""

    village: VillageId
    campaign: CampaignId
    disputed: Codes = ()
    """The findings that it disputes, by the codes of the pack; none if it accepts them all."""
    document: Short
    """The document in which it says why."""
    body: Role
    replied_by: Organ


class DecideReply(Command, frozen=True, kw_only=True):
    """The inspection decides on the findings that are disputed. Those that it does not confirm no longer count."""

    village: VillageId
    campaign: CampaignId
    confirmed: Codes = ()
    """The disputed findings that stand."""
    document: Short
    """The document in which it says why."""
    body: Role
    decided_by: Organ


class WithdrawVisit(Command, frozen=True, kw_only=True):
    """The inspection takes back a visit that was recorded by mistake; it can be recorded anew."""

    village: VillageId
    campaign: CampaignId
    body: Role
    reason: Reason
    decided_by: Organ


class PublishBulletin(Command, frozen=True, kw_only=True):
    """A body publishes the bulletin of a campaign (通报, mechanism 1.5). Its content comes from the recorded visits."""

    about = "campaign"
    campaign: CampaignId
    body: Role
    published_by: Organ


class WithdrawBulletin(Command, frozen=True, kw_only=True):
    """A body takes back its bulletin. Visits can be corrected then, and another bulletin is awaited."""

    about = "campaign"
    campaign: CampaignId
    body: Role
    reason: Reason
    decided_by: Organ


class CloseOrder(Command, frozen=True, kw_only=True):
    """The township accepts a rectification, which closes its order (销号, mechanism 1.6)."""

    village: VillageId
    order: DerivedId
    body: Role
    accepted_by: Organ
    """The organ; it is published, so it names no person."""
