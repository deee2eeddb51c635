"""The baseline survey of a village and its joint diagnosis (3.1)."""

from services.registry.model.commands.correction import Correction
from services.registry.model.commands.register import HouseholdFacts
from shared.contracts import Command
from shared.contracts.registry import ProblemClass
from shared.contracts.values import Code, Day, Number, Organ, Role, ShortOrNone, VillageId


class RecordSurvey(Command, frozen=True, kw_only=True):
    """One record of the baseline survey (mechanism 3.1)."""

    village: VillageId
    number: Number
    """Its number within the village's survey, by which a repetition is recognised."""
    kind: Code
    """As the pack names it; `problem` is an outstanding problem."""
    topic: Code
    on: Day
    household: HouseholdFacts | None = None
    """What a visit to a household found. It goes into the register too, so nobody enters it twice."""
    cause: ShortOrNone = ""
    """The cause of a problem. Required for records of kind `problem`, refused for others."""

    @property
    def facts_year(self) -> int:
        """The year about which it brings household facts; 0 if it brings none."""
        return self.on.year if self.household else 0


class WithdrawSurvey(Correction, frozen=True, kw_only=True):
    """A survey record was entered by mistake. Refused after the diagnosis."""

    village: VillageId
    number: Number


class Diagnose(Command, frozen=True, kw_only=True):
    """The joint diagnosis (集体会诊, mechanism 3.1) closes the survey and says why the village is poor."""

    village: VillageId
    problem_class: ProblemClass
    body: Role
    decided_by: Organ


class WithdrawDiagnosis(Correction, frozen=True, kw_only=True):
    """The joint diagnosis is taken back. Refused once the village was matched with a unit."""

    village: VillageId
