"""Commands about the verification of an exit."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.contracts import Command
from shared.contracts.inspection import Body
from shared.contracts.values import Count, Number, Organ, PartyId, Persons, Role, Seed, Sha256, VillageId


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
