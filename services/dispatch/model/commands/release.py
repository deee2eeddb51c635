"""Full release from duties at home."""

from typing import Annotated

from msgspec import Meta

from shared.contracts import Command
from shared.contracts.values import Organ, PartyId, Role, VillageId


class ConfirmRelease(Command, frozen=True, kw_only=True):
    """Whoever the pack names confirms that members have no duties at home, or says that they have some (0.3)."""

    village: VillageId
    members: Annotated[tuple[PartyId, ...], Meta(min_length=1, max_length=50)]
    released: bool
    """False if they turned out to have duties at home, or were confirmed by mistake: they are then to be released."""
    confirmed_by: Organ
    """The organ, never a person: it is published."""
    body: Role
