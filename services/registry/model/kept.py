"""What the registry must know of a person to tell when he may become anonymous: since when his registration has ended,
and which cases about him are not over.

Cases are the incentives'. Their events name the person by his id, so the registry follows them as far as it must.
"""

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

import msgspec

from shared.calendar import DAY, Span
from shared.contracts.incentives import (
    AppealDecided,
    AppealEscalated,
    DecisionServed,
    DecisionWithdrawn,
    OutcomeAppealed,
    OutcomeDecided,
    OutcomeExpired,
    OutcomeProposed,
    OutcomeWithdrawn,
)
from shared.policy import Policy
from shared.rules import Refused, State, Task

RULE = "PIPL 47"
"""The rule that a refusal cites if the pack has no section `[keeping]`."""
S = TypeVar("S", bound=State)
HIDES = '"matters":{"'
"""The JSON by which queries find stored persons with cases (`State.hides`). Cases are left out of what is shown, since
more roles may read who is registered than may know of a case."""
Case = (
    OutcomeProposed | OutcomeDecided | DecisionServed | OutcomeAppealed | AppealEscalated | AppealDecided
    | OutcomeExpired | OutcomeWithdrawn | DecisionWithdrawn
)  # fmt: skip
CASES: tuple[type[Case], ...] = (
    OutcomeProposed, OutcomeDecided, DecisionServed, OutcomeAppealed, AppealEscalated, AppealDecided, OutcomeExpired,
    OutcomeWithdrawn, DecisionWithdrawn,
)  # fmt: skip
"""The events that begin, end or prolong a case."""


class Matter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A case about a person that is not known to be over."""

    impact: date | None = None
    """The last day of the impact period; None if there is none."""
    remedy: date | None = None
    """The last day for a remedy against the decision; None if there is none."""
    awaited: bool = False
    """Whether a decision, or an answer to an appeal, is awaited."""

    def is_open(self, today: date) -> bool:
        return self.awaited or any(day and day >= today for day in (self.impact, self.remedy))


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What decides how long a person is kept."""

    ended_on: date | None = None
    """The day on which the registration was withdrawn; None while it stands, and if an earlier version withdrew it."""
    outlived: bool = False
    """Whether the pack's time is over, so that a body is asked."""
    forgotten: bool = False
    """Whether the person is anonymous."""
    matters: dict[str, Matter] = {}
    """By outcome, the cases that may not be over."""

    @property
    def shown(self) -> "Kept":
        """The same without the cases, of which the person himself may not know yet."""
        return msgspec.structs.replace(self, matters={})

    def open(self, today: date) -> list[Matter]:
        """The cases that are not over."""
        return [matter for matter in self.matters.values() if matter.is_open(today)]

    def last(self, span: Span | None, policy: Policy) -> date | None:
        """The last day on which the person is kept; None if the pack says no time, or the registration still stands."""
        return span.after(self.ended_on, policy.calendar) if span and self.ended_on else None


def clocked(state: S, kept: Kept, span: Span | None, policy: Policy, today: date) -> S:
    """The state with what is known of its keeping, and its timer `keep` on the day after the last one.

    If the pack says no time there is no timer: a body may still decide, but nobody is asked to.
    """
    last = kept.last(span, policy)
    outlived = last is not None and last < today
    on = last + DAY if last and not outlived else None
    return state.but(kept=msgspec.structs.replace(kept, outlived=outlived)).timed(keep=on)


def standing(kept: Kept | None) -> Kept:
    """What is known of somebody who is registered, perhaps again: cases go on, and no time of keeping runs."""
    return Kept(matters=kept.matters) if kept else Kept()


def not_forgotten(state: State | None, kept: Kept | None, field: str) -> None:
    """Refuse to register somebody under the id of a person who is anonymous."""
    if state and kept and kept.forgotten:
        zh = f"编号“{state.id}”的人员已匿名，编号不再使用；再次登记的，请换一个编号"
        en = f"the person {state.id} was made anonymous, and the id is not used again; choose another one"
        raise Refused(RULE, zh, en, field=field)


def to_forget(state: State, kept: Kept, policy: Policy) -> Iterable[Task]:
    """If the time of keeping is over: the task to decide whether the person becomes anonymous."""
    if kept.outlived and (keeping := policy.keeping):
        answer = {"place": state.place, "person": state.id, "body": keeping.by}
        yield Task(action="forgettings", about=state.id, role=keeping.by, due=None, rule=keeping.rule, answer=answer)


def after(kept: Kept, event: Case) -> Kept:
    """What is known after an event of a case. Of a person who is anonymous already no cases are kept."""
    if kept.forgotten:
        return kept
    matters = {outcome: matter for outcome, matter in kept.matters.items() if outcome != event.outcome}
    matter = _after(kept.matters.get(event.outcome, Matter()), event)
    return msgspec.structs.replace(kept, matters={**matters, event.outcome: matter} if matter else matters)


def _after(matter: Matter, event: Case) -> Matter | None:
    """One case after an event; None if it is over."""
    if isinstance(event, OutcomeDecided):
        return Matter(impact=event.expires, remedy=event.appeal_until) if event.imposed else None
    if isinstance(event, DecisionServed):
        return msgspec.structs.replace(matter, remedy=event.appeal_until)
    if isinstance(event, AppealDecided):
        return None if event.overturned else msgspec.structs.replace(matter, awaited=False)
    if isinstance(event, OutcomeExpired | OutcomeWithdrawn):
        return None
    return msgspec.structs.replace(matter, awaited=True)
