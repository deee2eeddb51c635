"""Where a procedure stands: its awaited step, its last days, its notice with objections, its members.

It keeps the pack's steps as they stood when it was opened. `procedure.py` carries it in the state to which it belongs.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal, Self, cast

import msgspec

from services.registry.model.commands import Sampled
from shared.calendar import Calendar, Span
from shared.contracts.registry import BackTo
from shared.contracts.values import Role
from shared.policy import Step
from shared.policy.procedure import STAY

UNREGISTERED = "-"
"""The prefix in `Member.left` of a member that left because it is no longer in the village's register. Such a member
does not come back when the step is repeated."""


class Objection(msgspec.Struct, frozen=True, omit_defaults=True):
    """An objection during the notice; `upheld` is None while it is open."""

    ground: str
    upheld: bool | None = None
    member: str = ""
    """The member that it is about; empty if it objects to the notice as a whole."""
    answer_by: date | None = None
    """The last day for the answer. None for an objection from an earlier version, which had no such day."""
    told: bool = False
    """Whether an event has said that the answer is overdue."""


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """A member of a procedure: something that is decided on one by one, such as a household of a round."""

    accepted: Literal["", "self", "phone", "no"] = ""
    """The household's answer: yes in person, yes over the phone, or no. Empty until it has answered."""
    left: str = ""
    """The step at which the member left, after UNREGISTERED if that was the reason; empty while it takes part."""


class Hearing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an assessment found, while it waits for the reply of the assessed side."""

    found: Sampled
    assessed_by: str
    """The organ that assessed."""
    reply_by: date
    disputed: tuple[str, ...] = ()
    """The rates that are disputed; none before the reply."""
    document: str = ""
    evidence: tuple[str, ...] = ()
    decide_by: date | None = None
    """The last day for the decision on what is disputed. None as long as nothing is."""
    told: bool = False
    """Whether an event has said that the decision is overdue."""


class Proceeding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a procedure stands."""

    kind: str
    """The procedure, as the pack names it."""
    attempt: int
    """Of an exit, how many verifications were asked for so far; of a de-capping, how many requests there were; 1 for a
    matter."""
    steps: tuple[Step, ...]
    """The steps of the pack in force when the procedure was opened. A later pack does not change them."""
    at: int = 0
    """The index of the awaited step in `steps`. It equals the number of steps once all have been taken."""
    take_by: date | None = None
    """The last day for the awaited step. None while its notice stands, or if the pack set no time when it began."""
    told: bool = False
    """Whether an event has said that the step is overdue."""
    asked: int = 0
    """How often a body was asked for its word so far: the number of the latest asking."""
    word: bool = False
    """Whether the step before this one asked a body for its word, and the body accepted. It may say otherwise
    until this step has begun (`word.py`)."""
    extended: int = 0
    """How often the step got more time: from a superior when it was late, or because a word is given later."""
    more_from: date | None = None
    """The day from which its latest extension is counted. None once that is over: more time is then a new one."""
    taken_by: Role | None = None
    """The body that took the step over after it was overdue; None while the body that the pack names takes it."""
    notice_until: date | None = None
    """The last day of the notice of this step, once it is posted."""
    notice_over: bool = False
    objections: dict[str, Objection] = msgspec.field(default_factory=dict)
    """The objections to this notice, by number."""
    hearing: Hearing | None = None
    """What this step's assessment found, until it is concluded."""
    members: dict[str, Member] = msgspec.field(default_factory=dict)
    """The members by id, such as the households of a round. Empty if the village decides as a whole."""
    hands: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Who took each step last, and who asked for it all (the step ""), where one of the steps has `four_eyes`."""
    ended: Literal["", "rejected", "withdrawn"] = ""
    """How it ended, if it ended before its last step."""

    @property
    def step(self) -> Step | None:
        """The awaited step; None once it has ended."""
        return None if self.ended or self.at == len(self.steps) else self.steps[self.at]

    @property
    def by(self) -> Role:
        """Who takes the awaited step: the pack's body, or the one that took it over."""
        return self.taken_by or self.steps[self.at].by

    @property
    def awaits_superior(self) -> bool:
        """Whether the body that was told of the delay can do something about it, and has not yet."""
        step = self.step
        if step is None or not self.told or self.taken_by or step.overdue_to is None:
            return False
        return step.by not in STAY or self.extended < (step.extensions or 0)

    @property
    def goes_back(self) -> BackTo:
        """The kind of the step to which the procedure was just led back. Packs can lead back to these kinds only."""
        return cast(BackTo, self.steps[self.at].kind)

    @property
    def passed(self) -> bool:
        """Whether nothing is left to be decided or done. An announcement may still be awaited."""
        return not self.ended and all(step.kind not in ("decide", "act") for step in self.steps[self.at :])

    @property
    def published(self) -> bool:
        """Whether something was published. Where money is released, that comes after the last decision (2.18)."""
        return any(step.kind == "publish" for step in self.steps[: self.at])

    @property
    def present(self) -> list[str]:
        """The ids of the members that have not left."""
        return [id for id, member in self.members.items() if not member.left]

    @property
    def answers(self) -> Role:
        """Who decides on objections: the last body that decides in this procedure and did not post the notice itself.

        If the same body posts the notice and decides everything, it answers itself.
        """
        deciding = [step.by for step in reversed(self.steps) if step.kind == "decide"]
        return next((by for by in deciding if by != self.by), deciding[0])

    @property
    def open_objections(self) -> list[int]:
        """The numbers of the objections that await their decision."""
        return sorted(int(number) for number, objection in self.objections.items() if objection.upheld is None)

    @property
    def days(self) -> dict[tuple[str, ...], tuple[date, Span | None]]:
        """The days that fall due. By path of the field in this struct: the last day, and the span that it ends.

        If somebody named the day, there is no span, so that holidays do not move it.
        """
        step = self.step
        if step is None:
            return {}
        named = self.more_from and not self.taken_by
        found: dict[tuple[str, ...], tuple[date | None, Span | None]] = {
            ("take_by",): (None if self.told else self.take_by, None if named else step.within),
            ("notice_until",): (None if self.notice_over else self.notice_until, step.notice_for),
        }
        if (heard := self.hearing) and step.reply:
            replied = heard.decide_by is not None
            found["hearing", "reply_by"] = (None if replied else heard.reply_by, step.reply.within)
            found["hearing", "decide_by"] = (None if heard.told else heard.decide_by, step.reply.decide_within)
        for number in map(str, self.open_objections):
            one = self.objections[number]
            found["objections", number, "answer_by"] = (None if one.told else one.answer_by, step.answer)
        return {path: (day, span) for path, (day, span) in found.items() if day}

    def but(self, **changes: Any) -> Self:
        """The same with some fields changed."""
        return msgspec.structs.replace(self, **changes)

    def moved_to(self, at: int, since: date, calendar: Calendar) -> Self:
        """The procedure at another step, without notice and objections yet, or at its end.

        If it goes back, members that had left in a step to be repeated take part again, and they are asked anew if
        acceptance is repeated.
        """
        by = self.steps[at].within.after(since, calendar) if at < len(self.steps) else None
        again, members = {step.name: step.kind for step in self.steps[at:]} if at <= self.at else {}, self.members
        if again:
            members = {
                id: Member("" if "accept" in again.values() else one.accepted, "" if one.left in again else one.left)
                for id, one in members.items()
            }
        asked = self.asked + (at < len(self.steps) and self.steps[at].kind == "ask")
        return self.but(at=at, take_by=by, told=False, asked=asked, word=False, extended=0, more_from=None,
                        taken_by=None, notice_until=None, notice_over=False, objections={}, hearing=None, ended="",
                        members=members)  # fmt: skip

    def led_to(self, name: str | None, since: date, calendar: Calendar) -> Self:
        """The procedure at the step of this name, to which the awaited step led. Without a name it ends as rejected."""
        return self.closed("rejected") if name is None else self.moved_to(self.index(name), since, calendar)

    def taken(self, agreed: bool, since: date, calendar: Calendar) -> Self:
        """The procedure after the awaited step was taken: at the next one, or where its refusal leads."""
        if agreed:
            return self.moved_to(self.at + 1, since, calendar)
        return self.led_to(self.steps[self.at].on_refusal, since, calendar)

    def closed(self, how: Literal["rejected", "withdrawn"]) -> Self:
        """The procedure after it has ended before its last step. Nothing is awaited any more."""
        return self.but(ended=how, take_by=None, hearing=None)

    def index(self, name: str) -> int:
        """The index of the step of this name."""
        return [step.name for step in self.steps].index(name)

    def without(self, members: Iterable[str], why: str = "") -> Self:
        """The procedure after some members have left at the awaited step. It ends if nobody is left."""
        gone = dict.fromkeys(members, why + self.steps[self.at].name)
        kept = {id: msgspec.structs.replace(one, left=gone.get(id, one.left)) for id, one in self.members.items()}
        left = self.but(members=kept)
        return left.closed("rejected") if kept and not left.present else left
