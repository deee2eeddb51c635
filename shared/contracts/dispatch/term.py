"""How the members of a team are assessed at the end of a term."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.contracts import Event
from shared.contracts.values import Code, Day, EventRole, Organ, PartyId, VillageId


class Merit(msgspec.Struct, frozen=True):
    """The grade of a member for the term."""

    cadre: PartyId
    grade: Code


Merits = Annotated[tuple[Merit, ...], Meta(max_length=50)]


class TermAssessed(Event, frozen=True, kw_only=True):
    """The members of a team were assessed at the end of its term (期满考核, 5.14). A later event corrects it.

    It is sealed, since it grades persons, and nothing follows from it by itself.
    """

    label = ("期满考核", "term assessed")
    source = "5.14"
    sealing = "always"
    village: VillageId
    unit: PartyId
    ended: Day
    """The day on which the term was over, or the team released."""
    merits: Merits
    assessed_by: Organ


class AssessmentMissed(Event, frozen=True, kw_only=True):
    """The members of a team were not assessed in time after the end of its term. This is still awaited (5.14)."""

    label = ("期满考核逾期", "assessment of a term missed")
    source = "5.14"
    village: VillageId
    unit: PartyId
    ended: Day
    """The day on which the term was over, or the team released."""
    due: Day
    owed_by: EventRole
