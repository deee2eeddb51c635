"""Which unit and team are found for a village, and which a named body chooses instead."""

from typing import Annotated

from msgspec import Meta

from shared.contracts import Event
from shared.contracts.dispatch.team import Member
from shared.contracts.registry import ProblemClass
from shared.contracts.values import (
    Code,
    Codes,
    Count,
    DerivedId,
    Figure,
    Organ,
    PartyId,
    Reason,
    RunId,
    Total,
    VillageId,
)


class MatchingSolved(Event, frozen=True, kw_only=True):
    """A matching with its certificate: no assignment can score above `bound` (mechanism 3.2)."""

    about = "matching"
    label = ("生成选派建议方案", "matching solved")
    source = "3.2"
    matching: RunId
    matched: Count
    unmet: Count
    objective: Figure
    bound: Figure
    asked_by: Organ


class VillageMatched(Event, frozen=True, kw_only=True):
    """A unit and a team were found for a village, with the reason; a named body still has to assign them."""

    label = ("确定帮扶单位建议", "matched with a unit")
    village: VillageId
    matching: DerivedId
    """The name of the matching. Where none was solved: `kept/<village>/<spell>` for a team that stays, and
    `taken-over/<village>` for one taken over with its earlier dates."""
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    score: Total
    problem_class: ProblemClass
    reasons: Codes
    """Codes of the reasons for this unit and team: `designated`, `class_suits`, `same_county` …"""


class NeedUnmet(Event, frozen=True, kw_only=True):
    """No unit could be matched to a village; `obstacles` says why. The need stays open (mechanisms 0.2, 3.3, 3.4)."""

    label = ("暂无符合条件的派出单位", "no unit could be matched")
    source = "0.2"
    village: VillageId
    matching: RunId
    obstacles: Annotated[dict[PartyId, Code], Meta(max_length=1000)]
    """For each unit that nearly fitted: the rule that it fails, such as `leader_rank`."""


class TeamChosen(Event, frozen=True, kw_only=True):
    """A named body chose another unit or other cadres than the matching proposed; all rules held (3.2–3.4)."""

    label = ("另行选定工作队", "another team chosen than proposed")
    source = "3.2"
    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(max_length=50)]
    score: Total
    cost: Figure
    """The points of the matching's proposal minus those of the choice; negative if the choice has more."""
    reasons: Codes
    reason: Reason
    decided_by: Organ


class MatchWithdrawn(Event, frozen=True, kw_only=True):
    """A named body took a match back before the team was assigned; the village needs a unit again."""

    label = ("撤销派出单位建议", "match withdrawn")
    village: VillageId
    unit: PartyId
    reason: Reason
    decided_by: Organ
