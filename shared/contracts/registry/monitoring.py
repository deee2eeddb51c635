"""Events of households that are watched so that they do not fall into poverty (防返贫监测)."""

from typing import Annotated

from msgspec import Meta

from shared.contracts import Event
from shared.contracts.values import Code, Count, Day, Organ, Parties, PartyId, Reason, Role, RunId, VillageId


class HouseholdsMonitored(Event, frozen=True, kw_only=True):
    """Households are watched from now on so that they do not fall into poverty (纳入监测). Sealed."""

    sealing = "always"
    label = ("纳入防返贫监测", "households watched against poverty")
    village: VillageId
    matter: RunId
    kind: Code
    watch_class: Code
    """The class in which they are watched, as the pack names it."""
    households: Parties


class HouseholdsCleared(Event, frozen=True, kw_only=True):
    """The risk of households is found removed (风险消除), so that they are watched no more. Sealed."""

    sealing = "always"
    label = ("风险消除", "risk of households removed")
    village: VillageId
    matter: RunId
    kind: Code
    watch_class: Code
    households: Parties


class MonitoringWithdrawn(Event, frozen=True, kw_only=True):
    """A household is watched no more without its risk being removed: it was a mistake, or it has gone. Sealed."""

    sealing = "always"
    label = ("撤销监测", "monitoring of a household withdrawn")
    village: VillageId
    household: PartyId
    watch_class: Code
    reason: Reason
    decided_by: Organ


class MonitoringCounted(Event, frozen=True, kw_only=True):
    """How many households of a village are watched in each class now. It comes whenever these numbers change."""

    label = ("监测对象统计", "watched households counted")
    village: VillageId
    watched: Annotated[dict[Code, Count], Meta(max_length=10)]
    """Households by class. A class that once had some has the number 0; one that never had any is left out."""
    watched_persons: Annotated[dict[Code, Count], Meta(max_length=10)]
    """The people in them."""


class MonitoringOverdue(Event, frozen=True, kw_only=True):
    """Households that are watched were not visited in time. Each late visit is told only once."""

    label = ("监测走访逾期", "visits to watched households overdue")
    village: VillageId
    late: Count
    """How many households were not visited."""
    due: Day
    """The last day of the first of these visits."""
    owed_by: Role
