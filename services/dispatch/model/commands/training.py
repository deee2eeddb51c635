"""Which skills are lacking in a village."""

from shared.contracts import Command
from shared.contracts.dispatch import Heads
from shared.contracts.values import Code, Organ, Role, VillageId


class ReportSkills(Command, frozen=True, kw_only=True):
    """How many people in a village lack which skills now (1.8). It replaces what was reported before."""

    village: VillageId
    kind: Code
    lacking: Heads
    """By skill; 0 where nobody lacks it any more."""
    reported_by: Organ
    body: Role
