"""What people ask of the inspection."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts import Command
from shared.contracts.inspection import Body
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
    Parties,
    PartyId,
    Persons,
    Reason,
    Representatives,
    Role,
    RunId,
    Score,
    Seed,
    Sha256,
    Short,
    VillageId,
    Year,
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
    """Ids of the persons who went, where the pack asks for recusal. They are neither published nor kept."""


class ReplaceVisit(Command, frozen=True, kw_only=True):
    """A body decides that a village cannot be reached; in a draw the next ticket takes its place (mechanism 2.19)."""

    village: VillageId
    campaign: CampaignId
    hindrance: Code
    """Why it cannot be reached, by the pack's code."""
    body: Role
    decided_by: Organ


class ReplyToVisit(Command, frozen=True, kw_only=True):
    """The visited side replies to what was found, before an order follows. As long as nothing is decided, it may reply
    otherwise."""

    village: VillageId
    campaign: CampaignId
    disputed: Codes = ()
    """The findings that it disputes, by the codes of the pack; none if it accepts them all."""
    document: Short
    """The document in which it says why."""
    body: Role
    replied_by: Organ


class DecideReply(Command, frozen=True, kw_only=True):
    """The inspection decides on the findings that are disputed. Those that it does not confirm are none."""

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
    """A body publishes what a campaign came to (通报, mechanism 1.5). The recorded visits say what stands in it."""

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


class DeliverReport(Command, frozen=True, kw_only=True):
    """The team delivers its yearly duty report (述职, mechanism 3.8)."""

    village: VillageId
    year: Year
    form: Literal["written", "oral"]
    body: Role
    delivered_by: Organ
    """The team or its unit; it is published, so it names no person."""


class HoldBallot(Command, frozen=True, kw_only=True):
    """Representatives of Party members and villagers voted on the team after its oral report (民主测评, 3.8)."""

    village: VillageId
    year: Year
    entitled: Representatives
    present: Representatives
    satisfied: Representatives
    body: Role
    held_by: Organ
    """Who held it; it is an organ, never a person."""


class ConfirmGrade(Command, frozen=True, kw_only=True):
    """The organisation department decides the year's grade: the proposed one, or another that the caps allow."""

    village: VillageId
    year: Year
    grade: Code
    body: Role
    decided_by: Organ
    """The organ and its document; it is published, so it names no person."""


class ContestGrade(Command, frozen=True, kw_only=True):
    """The team asks for a review of its grade (复核, Civil Servant Law 95). The command `grades` answers it."""

    village: VillageId
    year: Year
    body: Role
    lodged_by: Organ
    """The team or its unit; it is published, so it names no person."""


class WithdrawInput(Command, frozen=True, kw_only=True):
    """The organisation department takes back a report or a ballot that was entered by mistake."""

    village: VillageId
    year: Year
    channel: Literal["written_report", "oral_report", "ballot"]
    body: Role
    reason: Reason
    decided_by: Organ


class WithdrawGrade(Command, frozen=True, kw_only=True):
    """The organisation department takes back a grade that was a mistake. Refused once an outcome was decided by it."""

    village: VillageId
    year: Year
    body: Role
    reason: Reason
    decided_by: Organ


class Checked(msgspec.Struct, frozen=True):
    """What the visit to one sampled household found."""

    persons: Persons
    """How many people live there. The number must be the register's; otherwise the register is corrected first."""
    meets: bool
    """Whether the household meets the standard, so that it was rightly lifted."""
    approves: bool


class PostVerificationHash(Command, frozen=True, kw_only=True):
    """A body publishes the hash of its share of a verification's seed.

    It does so before the exit is asked for, so that it cannot know the households when it chooses its share.
    """

    by_token = True
    village: VillageId
    attempt: Number
    body: Body
    seed_hash: Sha256
    """SHA-256 of the share; `zhucun seed` makes both."""


class GiveVerificationSeed(Command, frozen=True, kw_only=True):
    """After the request for an exit a body gives the share that belongs to its published hash (5.3).

    Both shares together decide which households are visited. Until both are in nobody can know them. The end of the
    verification reveals the shares, so that everybody can check the sample.
    """

    by_token = True
    village: VillageId
    attempt: Number
    body: Body
    seed: Seed
    """64 random hexadecimal digits, such as `zhucun seed` makes, or 32 other characters that nobody can guess."""


class RecordVerification(Command, frozen=True, kw_only=True):
    """The sampled households were visited, and people outside the register were looked at (5.3).

    From both follow the rates of wrong exits (错退率), of omissions (漏评率) and of approval (群众认可度).
    """

    village: VillageId
    attempt: Number
    households: Annotated[dict[PartyId, Checked], Meta(max_length=5000)]
    """Every sampled household by its id, and no other."""
    unregistered: Count
    """How many people outside the register were looked at, poor or not."""
    omitted: Count
    """How many of them are poor, so that they should have been in the register."""
    body: Role
    """The role that the pack's procedure names."""
    verified_by: Organ
    """The organ; it is published, so it names no person."""
