"""What people ask of the inspection."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts import Command
from shared.contracts.values import (
    CampaignId,
    Code,
    Codes,
    Count,
    Day,
    DerivedId,
    Number,
    Organ,
    Parties,
    PartyId,
    Persons,
    Score,
    Seed,
    VillageId,
    Voters,
    Year,
)


class GiveSeed(Command, frozen=True, kw_only=True):
    """A body gives its share of a draw's seed: a secret that only the draw's end reveals (mechanism 2.19)."""

    about = "campaign"
    campaign: CampaignId
    body: Literal["inspection", "discipline"]
    seed: Seed
    """At least 32 characters that nobody can guess, such as those of `openssl rand -hex 32`."""


class OpenCampaign(Command, frozen=True, kw_only=True):
    """Officers open a campaign beside the pack's calendar, such as a spot check (mechanism 3.7)."""

    about = "campaign"
    kind: Code
    """One of the kinds of campaign that the pack names."""
    campaign: CampaignId
    """The new campaign's own id: letters, digits, `.`, `_` and `-`, 40 at most."""
    opens: Day
    asked_by: Organ


class RecordVisit(Command, frozen=True, kw_only=True):
    """An inspector tells what a planned visit found."""

    village: VillageId
    campaign: CampaignId
    on: Day
    absent: Parties = ()
    """Cadre ids of the team's members who were neither present nor on leave. Only their number is told on."""
    findings: Codes = ()
    """Codes of the pack."""
    score: Score | None = None
    """0 to 100, and only where the campaign scores."""
    inspector: Organ
    """The group of inspectors."""


class CloseOrder(Command, frozen=True, kw_only=True):
    """The township accepts a rectification (销号, mechanism 1.6)."""

    village: VillageId
    order: DerivedId
    accepted_by: Organ
    """The organ; it is published, so it names no person."""


class DeliverReport(Command, frozen=True, kw_only=True):
    """The team delivers its yearly duty report (述职, mechanism 3.8)."""

    village: VillageId
    year: Year
    form: Literal["written", "oral"]
    delivered_by: Organ
    """The team or its unit; it is published, so it names no person."""


class HoldBallot(Command, frozen=True, kw_only=True):
    """Members' and villagers' representatives voted on the team after its oral report (民主测评, 3.8)."""

    village: VillageId
    year: Year
    entitled: Voters
    present: Voters
    satisfied: Voters


class ConfirmGrade(Command, frozen=True, kw_only=True):
    """The organisation department decides the year's grade: the one proposed, or any that no cap forbids."""

    village: VillageId
    year: Year
    grade: Code
    decided_by: Organ
    """The organ and its document; it is published, so it names no person."""


class Checked(msgspec.Struct, frozen=True):
    """What the visit to one sampled household found."""

    persons: Persons
    meets: bool
    """Whether the household meets the standard, so that it was rightly lifted."""
    approves: bool


class GiveVerificationSeed(Command, frozen=True, kw_only=True):
    """The inspection gives the seed by which an exit's households are sampled (rules §2).

    Until then nobody knows which households will be visited; the verification's end reveals it.
    """

    village: VillageId
    attempt: Number
    seed: Seed
    """At least 32 characters that nobody can guess, such as those of `openssl rand -hex 32`."""


class RecordVerification(Command, frozen=True, kw_only=True):
    """The sampled households were visited, and people outside the register with them (rules §2)."""

    village: VillageId
    attempt: Number
    households: Annotated[dict[PartyId, Checked], Meta(max_length=5000)]
    """Every sampled household by its id, and no other."""
    unregistered: Count
    """How many people outside the register were looked at."""
    omitted: Count
    """How many of them are poor and should have been in it."""
    verified_by: Organ
    """The organ; it is published, so it names no person."""
