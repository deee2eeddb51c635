"""The baseline survey of a village and its joint diagnosis (3.1)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.contracts import Event
from shared.contracts.values import Code, Count, Day, Number, Organ, Reason, ShortOrNone, VillageId

ProblemClass = Code
"""Why a village is poor, as its policy pack names the classes (mechanism 3.2)."""


class Problem(msgspec.Struct, frozen=True):
    """One outstanding problem that the baseline survey found, with its cause (mechanism 3.1)."""

    number: Number
    topic: Code
    cause: ShortOrNone


class SurveyRecorded(Event, frozen=True, kw_only=True):
    """One record of the baseline survey came in: a form, meeting, visit, interview, opinion or problem (3.1)."""

    label = ("摸底排查记录", "survey record")
    source = "3.1"
    village: VillageId
    number: Number
    kind: Code
    topic: Code


class SurveyWithdrawn(Event, frozen=True, kw_only=True):
    """A survey record was entered by mistake; its number is free again."""

    label = ("撤销摸底排查记录", "survey record withdrawn")
    village: VillageId
    number: Number
    reason: Reason
    decided_by: Organ


class VillageDiagnosed(Event, frozen=True, kw_only=True):
    """The joint diagnosis closed the baseline survey, which from now on is version 0 and cannot be changed (3.1)."""

    label = ("集体会诊", "jointly diagnosed")
    source = "3.1"
    village: VillageId
    spell: Number
    problem_class: ProblemClass
    counts: Annotated[dict[Code, Count], Meta(max_length=100)]
    """How many records of each kind the survey collected."""
    problems: Annotated[tuple[Problem, ...], Meta(max_length=500)]
    decided_by: Organ
    since: Day | None = None
    """The day of the diagnosis, if it lies before the county began to use this system."""


class DiagnosisWithdrawn(Event, frozen=True, kw_only=True):
    """The joint diagnosis is taken back before the village was matched: the survey is open again."""

    label = ("撤销会诊结论", "diagnosis withdrawn")
    village: VillageId
    spell: Number
    reason: Reason
    decided_by: Organ
