"""Cadres and villagers who are responsible for households."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from shared.contracts import Command
from shared.contracts.values import Code, Organ, PartyId, Role, VillageId


class Pairing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cadre or villager who is to be responsible for a household."""

    named_by: ClassVar = ("household", "cadre")

    household: PartyId
    unit: PartyId | None = None
    """The cadre's unit, with which the cadre is registered; nothing for a villager."""
    cadre: PartyId
    """The cadre, or the villager where villagers bear the kind of link."""
    kin: bool = False
    """Whether the cadre is a relative of the household, as the unit declares. Such a pair is refused."""


class PairHouseholds(Command, frozen=True, kw_only=True):
    """Cadres or villagers become responsible for a village's households (帮扶责任人, 0.2, 2.2, 2.17)."""

    at_once = 200
    village: VillageId
    kind: Code
    pairs: Annotated[tuple[Pairing, ...], Meta(min_length=1, max_length=5000)]
    """Pairs that are known already change nothing."""
    decided_by: Organ
    body: Role


class Parting(msgspec.Struct, frozen=True, kw_only=True):
    """A cadre or villager who is no longer responsible for a household."""

    named_by: ClassVar = ("household", "cadre")

    household: PartyId
    cadre: PartyId


class EndPairings(Command, frozen=True, kw_only=True):
    """Cadres or villagers are no longer responsible for households of a village."""

    at_once = 200
    village: VillageId
    kind: Code
    pairs: Annotated[tuple[Parting, ...], Meta(min_length=1, max_length=5000)]
    because: Literal["changed", "kin", "mistaken"]
    """Somebody else takes over, the two turned out to be relatives, or the pair was entered by mistake."""
    decided_by: Organ
    body: Role
