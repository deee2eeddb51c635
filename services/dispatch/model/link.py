"""Which unit and team are bound to a village, since when and until when. What they owe there is in `owed.py`."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

import msgspec

from shared.contracts.dispatch import DeadlineMoved, Member, Role
from shared.policy import Policy
from shared.rules import Moved, State, Task

Stage = Literal["diagnosed", "matched", "assigned", "helped", "kept", "relapsed", "merged", "released"]
"""As in the journey; `kept` and `relapsed` while the team of a village that left the list is still there, and `merged`
while a team that came from a village that ended waits for the diagnosis of the one that goes on."""
OUT: tuple[Stage, ...] = ("assigned", "helped", "kept", "relapsed", "merged")
"""The stages in which a team is in the village."""

TEAM = "team"
"""The kind of link that a village's work team is."""


class Vacancy(msgspec.Struct, frozen=True):
    """A role that is open since a cadre was recalled or left, and the last day for filling it."""

    role: Role
    due: date


class Link(State, frozen=True, kw_only=True, omit_defaults=True):
    """What binds a unit and its team to a village, from the diagnosis on. Its id is `<village>/<kind>`."""

    kind = "links"

    stage: Stage
    spell: int
    unit: str = ""
    team: tuple[Member, ...] = ()
    """The leader first."""
    assign_by: date | None = None
    since: date | None = None
    """The unit's first day here, which a second spell does not change."""
    term_start: date | None = None
    term_end: date | None = None
    extension: int = 0
    until: date | None = None
    """The end of the time for which the team is kept after the exit."""
    unsettled: bool = False
    """Whether ledgers from before the exit must be settled before a new term begins or the team goes home."""
    vacancies: dict[str, Vacancy] = msgspec.field(default_factory=dict)
    """By the cadre who left."""

    @property
    def village(self) -> str:
        """To which it binds."""
        return self.id.partition("/")[0]

    @property
    def journey(self) -> str:
        """The village's."""
        return self.village

    @property
    def status(self) -> str:
        """The stage."""
        return self.stage

    @property
    def awaits(self) -> bool:
        """Whether anybody is to be assigned or sent."""
        return self.stage == "matched" or bool(self.vacancies)

    def awaits_diagnosis(self, spell: int) -> bool:
        """Whether a diagnosis is the one that follows, and none that was heard before."""
        return self.stage in ("relapsed", "merged", "released") and spell > self.spell

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """A deadline of the village moved."""
        return DeadlineMoved(place=self.place, village=self.village, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """Whom the unit must send, and the assignment once nothing stands in its way."""
        village: Mapping[str, str | int] = {"place": self.place, "village": self.village}
        for cadre, vacancy in sorted(self.vacancies.items()):
            yield Task(
                action="replacements", about=self.village, role="unit", due=vacancy.due, rule="2.20", detail=cadre,
                answer={**village, "left": cadre, "body": "unit"},
            )  # fmt: skip
        if self.stage == "matched" and not self.vacancies and not self.unsettled:
            yield Task(
                action="assignments", about=self.village, role="organisation", due=self.assign_by, rule="3.2",
                answer={**village, "body": "organisation"},
            )  # fmt: skip


def id_of(village: str) -> str:
    """The id of the link between a village and its team."""
    return f"{village}/{TEAM}"
