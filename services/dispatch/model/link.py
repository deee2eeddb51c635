"""The link that binds a unit and its team to a village for a time. What they owe there is in `owed.py`."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

import msgspec

from shared.contracts import Event
from shared.contracts.dispatch import DeadlineMoved, Member, Role
from shared.contracts.registry import ListingEnded
from shared.policy import Policy
from shared.policy.links import TEAM
from shared.rules import Involved, Moved, State, Task

Stage = Literal["diagnosed", "matched", "assigned", "helped", "kept", "relapsed", "merged", "released"]
"""The stages of the journey, and three more. `kept`: the village left the list, and its team is still there.
`relapsed`: it fell back meanwhile. `merged`: the team came from a village that was merged into this one, and waits for
this one's diagnosis."""
OUT: tuple[Stage, ...] = ("assigned", "helped", "kept", "relapsed", "merged")
"""The stages in which a team is in the village."""


class Vacancy(msgspec.Struct, frozen=True):
    """A role that has been open since a cadre was recalled or left, and the last day for filling it."""

    role: Role
    due: date


class Awaited(msgspec.Struct, frozen=True):
    """A cadre who is nominated as a replacement, the role, and the last day for the review."""

    cadre: str
    role: Role
    due: date


class Link(State, frozen=True, kw_only=True, omit_defaults=True):
    """What binds a unit and its team to a village, from the diagnosis on. Its id is `<village>/<kind>`."""

    kind = "links"
    known_as = ("派驻关系", "the link between a unit and a village")
    hides = '"refused"'

    stage: Stage
    spell: int
    lists: tuple[str, ...] = ()
    """The lists beside the poverty list that ask for a team here, by listing: `weak_organisation/ORG-0012`."""
    by_lists: bool = False
    """True while only these lists ask for a team, and no diagnosis as a poor village does."""
    problem_class: str = ""
    """The class by which a unit is matched; empty in links of earlier versions."""
    unit: str = ""
    team: tuple[Member, ...] = ()
    """Its members, the leader first."""
    assign_by: date | None = None
    nominate_by: date | None = None
    """While a nomination by the unit is awaited: its last day."""
    review_by: date | None = None
    """While the nomination's review is awaited: its last day. If neither day is set, the team may be assigned."""
    refused: str = ""
    """Why the last nomination was sent back to the unit, as long as no other one has come."""
    since: date | None = None
    """The unit's first day here. It stays the same if the unit serves the village again after a relapse."""
    term_start: date | None = None
    term_end: date | None = None
    extension: int = 0
    prolonged: dict[str, date] = msgspec.field(default_factory=dict)
    """By outcome that lets the unit stay longer: the last day of the term without it. Empty once the longer time has
    begun."""
    adjustments: dict[str, date] = msgspec.field(default_factory=dict)
    """By outcome that asks for other members: the last day for saying who leaves the team."""
    until: date | None = None
    """After the exit: the last day for which the pack keeps the team there."""
    unsettled: bool = False
    """True if ledgers from before the exit must still be settled before a new term begins or the team goes home."""
    vacancies: dict[str, Vacancy] = msgspec.field(default_factory=dict)
    """By id of the cadre who left."""
    reviews: dict[str, Awaited] = msgspec.field(default_factory=dict)
    """By id of the cadre who left, the nominated replacement, whose review is awaited."""

    @property
    def village(self) -> str:
        """The id of the village."""
        return self.id.partition("/")[0]

    @property
    def journey(self) -> str:
        """The id of the village whose journey this link is part of."""
        return self.village

    def involves(self, said: object) -> Involved:
        """Whom a command concerns: the unit, the members of its team, and the nominated replacement for the cadre who
        left."""
        nominee = self.reviews.get(str(getattr(said, "left", "")))
        return Involved(self.unit, [one.cadre for one in (*self.team, nominee) if one])

    @property
    def status(self) -> str:
        """The stage."""
        return self.stage

    @property
    def awaits(self) -> bool:
        """Whether an assignment, a replacement or an adjustment is awaited."""
        return self.stage == "matched" or bool(self.vacancies or self.reviews or self.adjustments)

    def shown(self, *, to_operator: bool = False) -> "Link":
        """The link as it may be read: only operators see why a nomination was sent back, as it may be personal."""
        return self if to_operator else self.but(refused="")

    def awaits_diagnosis(self, spell: int) -> bool:
        """Whether a diagnosis is the expected one, and no repetition of an earlier one."""
        return (self.by_lists or self.stage in ("relapsed", "merged", "released")) and spell > self.spell

    def goes_on_after(self, event: Event) -> bool:
        """Whether something still asks for a team here after an event that ends a list, or the diagnosis.

        Whether a merged village's team goes on is decided by the merger's own rule. So a list that ends by a merger
        ends nothing here.
        """
        if not isinstance(event, ListingEnded):
            return bool(self.lists)
        if not self.by_lists or event.listing not in self.lists or event.ground == "merged":
            return True
        return len(self.lists) > 1

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """A deadline of the village moved."""
        return DeadlineMoved(place=self.place, village=self.village, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """Replacements that the unit must send or that are reviewed, and the assignment once nothing is in its way."""
        village: Mapping[str, str | int] = {"place": self.place, "village": self.village}
        # If the pack no longer asks for nominations, those that an earlier pack asked for hold nothing up.
        nominate_by, review_by = (self.nominate_by, self.review_by) if policy.team.nomination else (None, None)
        reviews = self.reviews if policy.team.nomination else {}
        for cadre, one in sorted(reviews.items()):
            yield Task(
                action="replacement-reviews",
                about=self.village,
                role="organisation",
                due=one.due,
                rule="5.13",
                detail=cadre,
                answer={**village, "left": cadre, "body": "organisation"},
            )
        for cadre, vacancy in sorted(self.vacancies.items()) if not nominate_by else ():
            if cadre in reviews:
                continue
            yield Task(
                action="replacements",
                about=self.village,
                role="unit",
                due=vacancy.due,
                rule="2.20",
                detail=cadre,
                answer={**village, "left": cadre, "body": "unit"},
            )
        for outcome, due in sorted(self.adjustments.items()):
            yield Task(
                action="adjustments",
                about=self.village,
                role="organisation",
                due=due,
                rule="2.20",
                detail=outcome,
                answer={**village, "outcome": outcome, "body": "organisation"},
            )
        if nominate_by:
            yield Task(
                action="nominations",
                about=self.village,
                role="unit",
                due=nominate_by,
                rule="5.13",
                answer={**village, "unit": self.unit, "body": "unit"},
            )
        elif review_by and not self.vacancies:
            yield Task(
                action="nomination-reviews",
                about=self.village,
                role="organisation",
                due=review_by,
                rule="5.13",
                answer={**village, "body": "organisation"},
            )
        elif self.stage == "matched" and not self.vacancies and not self.unsettled:
            yield Task(
                action="assignments",
                about=self.village,
                role="organisation",
                due=self.assign_by,
                rule="3.2",
                answer={**village, "body": "organisation"},
            )


def id_of(village: str) -> str:
    """The id of the link between a village and its team."""
    return f"{village}/{TEAM}"
