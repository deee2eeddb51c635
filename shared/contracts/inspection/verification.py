"""The verification of an exit: which households are drawn, and what the visits to them found."""

from typing import Literal

import msgspec

from shared.contracts import Event
from shared.contracts.inspection.campaign import Body, Shares
from shared.contracts.values import Count, Day, Number, OrganOrNone, Parties, Rate, Seed, Sha256, VillageId


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
    """The households to visit for an exit's verification are drawn. Which these are is secret until it is recorded."""

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
