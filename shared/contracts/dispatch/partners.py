"""Parties that help a village, such as firms and Party branches (1.12, 2.17), and visits of whoever is bound to it."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shared.contracts import Event, values
from shared.contracts.values import Code, Count, Day, Organ, OrganOrNone, PartyId, VillageId, Year

Amount = Annotated[float, Meta(ge=0, le=1e12)]
Amounts = Annotated[dict[Code, Amount], Meta(max_length=20)]
"""Amounts by the pack's codes of what one may promise, such as yuan or jobs."""


class OfPartner(Event, frozen=True, kw_only=True):
    """The fields of every event about a party that is paired with a village."""

    village: VillageId
    kind: Code
    """The kind of link, as the pack names it."""
    party: PartyId


class PartnerBegun(OfPartner, frozen=True, kw_only=True):
    """A party was paired with a village, such as a firm (1.12), or a unit's Party branch with the village's (2.17)."""

    label = ("确定结对", "partner begun")
    source = "1.12"
    paired: PartyId | None = None
    """The village's own party with which it is paired, where the pack pairs parties."""
    decided_by: OrganOrNone
    """Empty where the party takes the place of one that was registered twice."""


class PartnerEnded(OfPartner, frozen=True, kw_only=True):
    """A party is no longer paired with a village."""

    label = ("解除结对", "partner ended")
    source = "1.12"
    ground: Code
    """Why. `agreed`, `insolvent`, `mistaken` or `other`: the body that may do so decided it. `delisted`, `list_ended`,
    `merged`, `unlisted`, `withdrawn` or `undiagnosed`: this happened to the village. `dissolved`: the party is no more.
    `duplicate`: it was registered twice, and goes on under its other id."""
    outstanding: Amounts = msgspec.field(default_factory=dict)
    """What it had promised and not given, for years that were not compared yet."""
    decided_by: OrganOrNone


class SupportPledged(OfPartner, frozen=True, kw_only=True):
    """A partner promised amounts for a year (1.12). A later one of the same year replaces it."""

    label = ("承诺帮扶", "support pledged")
    source = "1.12"
    year: Year
    pledged: Amounts
    pledged_by: Organ


class SupportDelivered(OfPartner, frozen=True, kw_only=True):
    """How much of a partner's promise for a year has come by now, in total (1.12)."""

    label = ("帮扶到位", "support delivered")
    source = "1.12"
    year: Year
    pledged: Amounts
    delivered: Amounts
    outstanding: Amounts = msgspec.field(default_factory=dict)
    """What is missing of each promise, once the year was compared. It is told to people, and nothing follows from
    it."""
    compared: bool
    """Whether this is the comparison of the year (对账). Earlier events only tell how much has come so far."""
    reported_by: Organ


class ComparisonMissed(OfPartner, frozen=True, kw_only=True):
    """A partner's promise for a year was not compared in time with what came. The comparison is still awaited."""

    label = ("承诺未按期对照", "pledge not compared")
    source = "1.12"
    year: Year
    due: Day
    owed_by: values.EventRole


class Visited(msgspec.Struct, frozen=True):
    """How often somebody who is bound to a village came in a period: a cadre or a party."""

    bearer: PartyId
    times: Annotated[int, Meta(ge=0, le=400)]

    named_by: ClassVar = ("bearer",)


class VisitsCounted(Event, frozen=True, kw_only=True):
    """How often each who is bound to a village came in a period (2.11). A later event corrects it.

    Sealed: it says of persons how often they came.
    """

    sealing = "always"
    label = ("确认到村次数", "visits counted")
    source = "2.11"
    village: VillageId
    kind: Code
    last: Day
    """The last day of the period."""
    visited: Annotated[tuple[Visited, ...], Meta(max_length=200)]
    counted_by: Organ


class VisitsShort(Event, frozen=True, kw_only=True):
    """Some came less often in a period than the region asks for (2.11). Nothing follows by itself."""

    label = ("到村次数不足", "visits short")
    source = "2.11"
    village: VillageId
    kind: Code
    last: Day
    short: Count
    """How many of them; 0 if a correction found none."""
    owed_by: values.EventRole


class VisitsMissed(Event, frozen=True, kw_only=True):
    """Nobody said in time how often those who are bound to a village came. This is still awaited."""

    label = ("到村次数未按期确认", "visits not counted")
    source = "2.11"
    village: VillageId
    kind: Code
    last: Day
    due: Day
    owed_by: values.EventRole


class PlaceOverdue(Event, frozen=True, kw_only=True):
    """A village has too few cadres or partners in a kind of link after the last day for it (0.2, 4.2)."""

    label = ("联系、结对空缺逾期", "place overdue")
    source = "0.2"
    village: VillageId
    kind: Code
    missing: Count
    due: Day
    owed_by: values.Role


class PlaceFilled(Event, frozen=True, kw_only=True):
    """A village for which a place was overdue has enough in that kind of link, or needs none any more."""

    label = ("联系、结对空缺已补", "place filled")
    source = "0.2"
    village: VillageId
    kind: Code


class PartnerMoved(Event, frozen=True, kw_only=True):
    """A party that was registered twice goes on in a village under its other id, with what it had promised (1.12)."""

    label = ("结对组织重复登记已合并", "partner merged")
    source = "1.12"
    village: VillageId
    kind: Code
    party: PartyId
    """The partner. This is the id that ends, unless `own` is given."""
    own: PartyId | None = None
    """If it is the village's own party that was registered twice: its id that ends."""
    into: PartyId
    """The id that goes on."""
