"""What people ask of the inspection."""

from datetime import date
from typing import Literal

import msgspec

from shared.contracts import Command


class GiveSeed(Command, frozen=True, kw_only=True):
    """A body gives its share of a draw's seed: a secret that only the draw's end reveals (mechanism 2.19)."""

    about = "campaign"
    campaign: str
    body: Literal["inspection", "discipline"]
    seed: str
    """At least 32 characters that nobody can guess, such as those of `openssl rand -hex 32`."""


class OpenCampaign(Command, frozen=True, kw_only=True):
    """Officers open a campaign beside the pack's calendar, such as a spot check (mechanism 3.7)."""

    about = "campaign"
    kind: str
    """One of the kinds of campaign that the pack names."""
    campaign: str
    """The new campaign's own id: letters, digits, `.`, `_` and `-`, 40 at most."""
    opens: date
    asked_by: str


class RecordVisit(Command, frozen=True, kw_only=True):
    """An inspector tells what a planned visit found."""

    village: str
    campaign: str
    on: date
    absent: tuple[str, ...] = ()
    """Cadre ids of the team's members who were neither present nor on leave. Only their number is told on."""
    findings: tuple[str, ...] = ()
    """Codes of the pack."""
    score: int | None = None
    """0 to 100, and only where the campaign scores."""
    inspector: str
    """The group of inspectors."""


class CloseOrder(Command, frozen=True, kw_only=True):
    """The township accepts a rectification (销号, mechanism 1.6)."""

    village: str
    order: str
    accepted_by: str
    """The organ; it is published, so it names no person."""


class DeliverReport(Command, frozen=True, kw_only=True):
    """The team delivers its yearly duty report (述职, mechanism 3.8)."""

    village: str
    year: int
    form: Literal["written", "oral"]
    delivered_by: str
    """The team or its unit; it is published, so it names no person."""


class HoldBallot(Command, frozen=True, kw_only=True):
    """Members' and villagers' representatives voted on the team after its oral report (民主测评, 3.8)."""

    village: str
    year: int
    entitled: int
    present: int
    satisfied: int


class ConfirmGrade(Command, frozen=True, kw_only=True):
    """The organisation department decides the year's grade: the one proposed, or any that no cap forbids."""

    village: str
    year: int
    grade: str
    decided_by: str
    """The organ and its document; it is published, so it names no person."""


class Checked(msgspec.Struct, frozen=True):
    """What the visit to one sampled household found."""

    persons: int
    meets: bool
    """Whether the household meets the standard, so that it was rightly lifted."""
    approves: bool


class GiveVerificationSeed(Command, frozen=True, kw_only=True):
    """The inspection gives the seed by which an exit's households are sampled (rules §2).

    Until then nobody knows which households will be visited; the verification's end reveals it.
    """

    village: str
    attempt: int
    seed: str
    """At least 32 characters that nobody can guess, such as those of `openssl rand -hex 32`."""


class RecordVerification(Command, frozen=True, kw_only=True):
    """The sampled households were visited, and people outside the register with them (rules §2)."""

    village: str
    attempt: int
    households: dict[str, Checked]
    """Every sampled household by its id, and no other."""
    unregistered: int
    """How many people outside the register were looked at."""
    omitted: int
    """How many of them are poor and should have been in it."""
    verified_by: str
    """The organ; it is published, so it names no person."""
