"""The assessment at the end of a term."""

from shared.contracts import Command
from shared.contracts.dispatch import Merits
from shared.contracts.values import Day, Organ, Revision, Role, VillageId


class AssessTerm(Command, frozen=True, kw_only=True):
    """Whoever the pack names grades each member of a team whose term is over (期满考核, 5.14)."""

    village: VillageId
    ended: Day
    """The day on which the term was over, as the task names it."""
    merits: Merits
    assessed_by: Organ
    body: Role
    replaces: Revision | None = None
    """To correct grades that were given: the version that the refusal names."""
