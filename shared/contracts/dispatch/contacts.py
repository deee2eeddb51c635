"""Cadres' own links to a village, such as leaders to contact points."""

from typing import Annotated

from msgspec import Meta

from shared.contracts import Event
from shared.contracts.values import Code, Count, Day, EventRole, Organ, OrganOrNone, PartyId, VillageId, Year

Shared = Annotated[dict[Code, Annotated[tuple[PartyId, ...], Meta(max_length=200)]], Meta(max_length=10)]
"""By kind of link, cadres or parties."""


class LinkBegun(Event, frozen=True, kw_only=True):
    """A cadre was bound to a village in a kind of link of the pack, such as a leader to a contact point (联系点)."""

    label = ("确定联系人", "link begun")
    source = "4.2"
    village: VillageId
    kind: Code
    unit: PartyId
    cadre: PartyId
    skill: Code | None = None
    """The skill of an expert, by the pack's code (2.11)."""
    until: Day | None = None
    """The last day of the term; None without one."""
    exit_year: Year | None = None
    """The year in which the village leaves the list, if the cadre promised one (2.2)."""
    decided_by: Organ


class LinkEnded(Event, frozen=True, kw_only=True):
    """A cadre is no longer bound to a village in a kind of link."""

    label = ("解除联系", "link ended")
    source = "4.2"
    village: VillageId
    kind: Code
    cadre: PartyId
    ground: Code
    """Why: `decided` by the body that may, `delisted`, `merged`, `unlisted`, `withdrawn`, `undiagnosed`,
    `list_ended`, `term` if the term is over, or `disqualified` if the cadre no longer meets a requirement. Which
    requirement is personal, and told to nobody."""
    decided_by: OrganOrNone


class ExitPromiseKept(Event, frozen=True, kw_only=True):
    """A village left the list by the year that those who are bound to it had promised (2.2)."""

    label = ("确保出列已兑现", "promise of the exit kept")
    source = "2.2"
    village: VillageId
    kind: Code
    year: Year


class ExitPromiseMissed(Event, frozen=True, kw_only=True):
    """A village did not leave the list by the end of the year that those who are bound to it had promised (2.2).

    Nothing follows by itself."""

    label = ("确保出列未兑现", "promise of the exit missed")
    source = "2.2"
    village: VillageId
    kind: Code
    year: Year
    number: Count
    """How many had promised it."""
    owed_by: EventRole
    """Who is told."""


class ResultShared(Event, frozen=True, kw_only=True):
    """Those who answer for a village beside its team share the team's grade for a year (三级包联, 0.7).

    A later event of the same year replaces it. It is a fact for the people who review them; nothing follows by itself.
    It is sealed, since it names persons.
    """

    sealing = "always"
    label = ("包联各级共担考核结果", "result shared")
    source = "0.7"
    village: VillageId
    kind: Code
    """The linkage, by the pack's code."""
    year: Year
    grade: Code | None
    """None where the grade was taken back."""
    shared_by: Shared
    """By kind of link, the cadres or parties that were bound to the village in that year and still are."""
