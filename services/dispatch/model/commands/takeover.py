"""To take over a team that was at work before the system was used."""

from typing import Annotated, ClassVar

from msgspec import Meta

from shared.contracts import Command
from shared.contracts.dispatch import Item, Member
from shared.contracts.values import Bounded, Code, Day, Numbers, Organ, PartyId, Period, Role, VillageId


class Held(Bounded, frozen=True, kw_only=True):
    """A commitment that was set before the system was used, as it stands now."""

    named_by: ClassVar = ("kind", "period")

    kind: Code
    period: Period
    set_on: Day
    set_by: Organ
    items: Annotated[tuple[Item, ...], Meta(max_length=500)] = ()
    done: Numbers = ()
    """Numbers of the items that are done by now."""
    reconciled_on: Day | None = None
    """The last reconciliation day that was answered. Later ones are still owed."""


class TakeOver(Command, frozen=True, kw_only=True):
    """Take over a team that was at work before the system was used, with its earlier dates and commitments.

    The village, its diagnosis, the unit and the cadres must be registered before.
    """

    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(min_length=1, max_length=50)]
    since: Day
    """The unit's first day in the village."""
    term_start: Day
    """The first day of the current term."""
    extensions: Annotated[int, Meta(ge=0, le=50)] = 0
    """How often this term was extended so far."""
    commitments: Annotated[tuple[Held, ...], Meta(max_length=50)] = ()
    decided_by: Organ
    body: Role
