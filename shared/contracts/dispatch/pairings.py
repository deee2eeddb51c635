"""Cadres and villagers who are responsible for households, and how many each cadre helps."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.contracts import Event
from shared.contracts.values import Code, Count, OrganOrNone, PartyId, VillageId


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A household, and the cadre or villager who is responsible for it, with the unit that has the cadre."""

    household: PartyId
    unit: PartyId
    """The unit that has the cadre. A villager has no unit, and his own id is repeated here."""
    cadre: PartyId


Pairs = Annotated[tuple[Pair, ...], Meta(max_length=20_000)]


class HouseholdsPaired(Event, frozen=True, kw_only=True):
    """Cadres or villagers became responsible for households of a village (帮扶责任人).

    Villagers are, for example, those who lead ten households. Sealed: it names persons and households."""

    sealing = "always"
    label = ("确定帮扶责任人", "households paired with cadres")
    source = "2.2"
    village: VillageId
    kind: Code
    pairs: Pairs
    decided_by: OrganOrNone
    """Empty where the households came from another village with their helpers."""


class HouseholdsUnpaired(Event, frozen=True, kw_only=True):
    """Cadres are no longer responsible for households of a village. Sealed: it names persons and households."""

    sealing = "always"
    label = ("解除帮扶责任人", "households no longer paired")
    source = "2.2"
    village: VillageId
    kind: Code
    pairs: Pairs
    ground: Code
    """Why. `changed`, `kin` or `mistaken`: a body decided it, since helpers changed, are relatives, or were entered by
    mistake. `left`: the cadre left the unit, or the villager is no longer registered. `unregistered`: the household is
    no longer registered. `moved`: it came to another village with its helper."""
    decided_by: OrganOrNone


class GapFound(Event, frozen=True, kw_only=True):
    """Poor households of a village have too few helpers in a kind of link (0.2). Which these are is not told openly."""

    label = ("贫困户缺少帮扶责任人", "households without a helper")
    source = "0.2"
    village: VillageId
    kind: Code
    missing: Count
    """How many of the poor households; told anew whenever it changes."""
    households: Count
    """How many poor households the village has."""


class GapClosed(Event, frozen=True, kw_only=True):
    """Every poor household of a village has its helpers (0.2)."""

    label = ("贫困户均有帮扶责任人", "every household has a helper")
    source = "0.2"
    village: VillageId
    kind: Code


class QuotaAsked(Event, frozen=True, kw_only=True):
    """On this day a region checks who helps fewer households than the rank asks for (2.2)."""

    about = "place"
    label = ("核对帮扶任务数", "quotas looked at")
    source = "2.2"
    kind: Code


class QuotaMissed(Event, frozen=True, kw_only=True):
    """Cadres of a unit help fewer households than their ranks ask for (2.2). Sealed: it names persons."""

    about = "unit"
    sealing = "always"
    label = ("帮扶任务数不足", "quota missed")
    source = "2.2"
    unit: PartyId
    kind: Code
    cadres: Annotated[dict[PartyId, Count], Meta(max_length=20_000)]
    """The cadres, each with how many households the rank asks for."""


class QuotaMet(Event, frozen=True, kw_only=True):
    """All cadres of a unit who helped too few households now help as many as their ranks ask for (2.2)."""

    about = "unit"
    sealing = "always"
    label = ("帮扶任务数已达到", "quota met")
    source = "2.2"
    unit: PartyId
    kind: Code
