"""The pools from which a region matches: its needs, units and teams."""

from shared.contracts import Event
from shared.contracts.values import Place, VillageId


class PoolDivided(Event, frozen=True, kw_only=True):
    """A region adopted a pack with matching rules of its own, so it got a pool of its own.

    Its needs, units and teams leave the wider pool for it.
    """

    about = "place"
    label = ("选派库分设", "pool divided")


class PoolChanged(Event, frozen=True, kw_only=True):
    """A village came to another division. From now on its need or team belongs to the pool there."""

    label = ("选派库变更", "pool changed")
    village: VillageId
    former: Place
    """The division that it came from."""
