"""How many days of a month the members of a team were in the village."""

from typing import Annotated

from msgspec import Meta

from shared.contracts import Command
from shared.contracts.dispatch import MonthDays, MonthNumber, Present
from shared.contracts.values import Organ, Revision, Role, VillageId, Year


class CountPresence(Command, frozen=True, kw_only=True):
    """The township, or whoever the pack names, says how many days of a month each member was in the village. Nobody
    checks in for this."""

    village: VillageId
    year: Year
    month: MonthNumber
    present: Annotated[tuple[Present, ...], Meta(max_length=50)]
    hindered: MonthDays = 0
    """On how many days nobody could get there, where the pack counts them as days there (5.12)."""
    counted_by: Organ
    body: Role
    replaces: Revision | None = None
    """To correct a month that was counted: the version that the refusal names."""
