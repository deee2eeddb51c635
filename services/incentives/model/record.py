"""The rules of outcomes. A fact leads only to a proposal; a named body makes the decision.

An outcome is a reward or a penalty, such as a commendation (通报表扬), an admonitory talk (约谈) or a recall (召回):

    proposed ─ heard, or the time for it is over ─► decidable ─ decided ─► imposed ─ impact period over ─► expired
                                                        └► dropped, tolerated         └ appeal succeeds ─► overturned

Where the pack names a body that proposes, a case is `found` until that body has put it before the deciding one. If it
declines to, the case is `unmoved`.

If a decision was a mistake it is taken back, and the case is decidable again. If the fact behind a proposal is
withdrawn, such as a grade, the proposal ends as `withdrawn`.

A reward is decidable from the start, since nobody needs a defence against it. An appeal runs beside these states, since
it suspends nothing (Civil Servant Law 96). The pack says which levels of remedy there are, such as a review and an
appeal above it, and which are open to persons of which status. Every outcome keeps the terms of the pack by which it
was proposed until it ends, so that a later pack changes nobody's rights.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final, Literal

import msgspec

from services.incentives.model.commands import EscalateAppeal, LodgeAppeal, SubjectCommand
from shared.calendar import DAY, Span
from shared.contracts import Event
from shared.contracts.incentives import (
    AppealOverdue,
    DeadlineMoved,
    DecisionOverdue,
    Distinction,
    MotionOverdue,
    OutcomeEvent,
    OutcomeExpired,
    Standing,
    Subject,
)
from shared.contracts.registry import PersonForgotten
from shared.contracts.values import ANONYMOUS, Role
from shared.policy import Outcome, Policy
from shared.policy.outcomes import ON_TEAM, Appeal
from shared.rules import Change, Due, Hand, Involved, Moved, Oneself, Refused, State, Task, known


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One outcome from its proposal to its end, with everything that due process needs on record (5.9).

    That is the facts, the clause, the defence, whether tolerance of the error was checked, and the last days for an
    appeal and of the impact period.
    """

    terms: Outcome
    """The pack's entry by which it was proposed: clause, deciding body and periods."""
    village: str
    place: str
    evidence: tuple[str, ...]
    proposed_on: date
    status: Literal[
        "found", "unmoved", "proposed", "decidable", "dropped", "tolerated", "imposed", "overturned", "expired",
        "withdrawn",
    ]  # fmt: skip
    move_by: date | None = None
    """The last day for putting it before the deciding body; None where the pack names nobody for that."""
    is_unmoved: bool = False
    """Whether an event has said that nobody did so in time."""
    moved_on: date | None = None
    defence_until: date | None = None
    heard_on: date | None = None
    statement: str = ""
    """What the subject said in its defence. `finding` is what the verification of that found."""
    finding: str = ""
    accepted: bool = False
    """Whether the defence holds, so that nothing can be imposed."""
    decidable_on: date | None = None
    decide_by: date | None = None
    is_overdue: bool = False
    """Whether an event has said that nobody decided in time."""
    decided_on: date | None = None
    decided_by: str = ""
    distinctions: tuple[Distinction, ...] = ()
    """Which of the three distinctions spoke for the subject."""
    standing: Standing | Literal[""] = ""
    """The status of the person, where the remedies depend on it."""
    remedies: tuple[Appeal, ...] | None = None
    """The levels of remedy by the law of the day of the decision; None before it, or if an earlier version decided."""
    serve_by: date | None = None
    """The last day for serving the decision, or the answer to an appeal; None if nothing is to be served."""
    served_on: date | None = None
    """The day on which the decision, or the latest answer, was served. If the pack asks for no service, the day on
    which it was made."""
    appeal_until: date | None = None
    direct_until: date | None = None
    """The last day for going to the second level of remedy without the first."""
    expires: date | None = None
    appeal: Literal["", "lodged", "upheld", "overturned"] = ""
    """`lodged` until it is answered. `upheld`: the decision stands, the appeal failed. `overturned`: it succeeded."""
    level: int = 0
    """The index of the level of remedy that is running or may be used next: how many were answered or left out."""
    appealed_on: date | None = None
    answered_on: date | None = None
    answer_until: date | None = None
    is_unanswered: bool = False
    """Whether an event has said that nobody answered the appeal in time."""
    hands: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Who took each step last, where the pack has `four_eyes`."""
    story_in: str | None = None
    """Where the story behind an award is told in public; empty if it is not; None until a body has decided that."""

    @property
    def is_untold(self) -> bool:
        """Whether the subject has not been told yet: no time for a defence has begun, and no decision was served."""
        if self.defence_until or self.appeal:
            return False
        is_unserved = self.status == "imposed" and self.serve_by is not None
        return self.status in ("found", "decidable") or is_unserved

    @property
    def levels(self) -> tuple[Appeal, ...]:
        """The levels of remedy that are open to this subject."""
        return self.terms.levels(self.standing, self.remedies)

    @property
    def remedy(self) -> Appeal | None:
        """The level of remedy that is running or may be used next; None if there is none, or none any more."""
        return self.levels[self.level] if self.level < len(self.levels) else None

    @property
    def answers(self) -> Role:
        """Who owes the answer to an appeal."""
        return (self.remedy and self.remedy.body) or self.terms.decides

    @property
    def running(self) -> Iterable[tuple[str, date | None, Span | None]]:
        """The deadlines that holidays can move: the field, the day from which it is counted, and the time that it has.

        The time is None unless the deadline is running.
        """
        terms, level, lodged = self.terms, self.remedy, self.appeal == "lodged"
        open_level = level if self.appeal_until and not lodged else None
        direct = self.levels[1].direct if self.direct_until and not self.appeal else None
        yield "move_by", self.proposed_on, terms.propose_within if self.status == "found" else None
        yield "defence_until", self.moved_on or self.proposed_on, terms.defence if self.status == "proposed" else None
        yield "decide_by", self.decidable_on, terms.decide_by.within if self.status == "decidable" else None
        yield "appeal_until", self.served_on, open_level.within if open_level else None
        yield "direct_until", self.served_on, direct
        yield "answer_until", self.appealed_on, level.answer if level and lodged else None

    @property
    def ending(self) -> tuple[date, str] | None:
        """The next time that ends by itself: the day after its last day, and its field. None if there is none."""
        late = self.appeal == "lodged" and not self.is_unanswered
        last = {
            "move_by": self.move_by if self.status == "found" and not self.is_unmoved else None,
            "defence_until": self.defence_until if self.status == "proposed" else None,
            "decide_by": self.decide_by if self.status == "decidable" and not self.is_overdue else None,
            "answer_until": self.answer_until if late else None,
            "expires": self.expires if self.status == "imposed" else None,
        }
        return min(((day + DAY, field) for field, day in last.items() if day), default=None)

    @property
    def awaited(self) -> Iterable[tuple[str, Role, date | None]]:
        """The commands that the case waits for, who owes each, and the last day for it."""
        if self.status == "found" and self.terms.proposes:
            yield "outcome-motions", self.terms.proposes, self.move_by
        if self.status == "proposed":
            yield "defences", self.terms.decides, self.defence_until
        if self.status == "decidable":
            yield "decisions", self.terms.decides, self.decide_by
        if self.serve_by:
            by = self.levels[self.level - 1].by(self.terms.decides) if self.level else self.terms.decides
            yield "decision-services", by, self.serve_by
        if self.appeal == "lodged":
            yield "appeal-decisions", self.answers, self.answer_until
        if self.status == "imposed" and self.terms.story_by and self.story_in is None:
            yield "stories", self.terms.story_by, None


class Record(State, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that was proposed for one unit, team, cadre or village cadre. Its id is `<subject kind>:<subject>`."""

    kind = "records"
    personal = True
    readers = frozenset({"discipline", "organisation"})
    known_as = ("奖惩记录", "the record of rewards and sanctions")

    subject_kind: Subject
    subject: str
    cases: dict[str, Case] = msgspec.field(default_factory=dict)
    """The cases by outcome id. Finished cases stay as history."""
    met: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """By kind of outcome that looks back over several years: the grades that meet its condition, each as
    `<village>/<year>` or `<assessment>/<subject>/<year>`. An earlier version kept only the year."""
    forgotten: bool = False
    """Whether the person is anonymous. Then the words of a defence are removed once its case is over."""

    def hand(self, action: str, said: object) -> Hand | None:
        outcome = str(getattr(said, "outcome", ""))
        case = self.cases.get(outcome)
        if case is None or not case.terms.four_eyes or action not in _HANDS:
            return None
        return Hand(("cases", outcome, "hands"), f"{action} {case.level}", apart=_HANDS[action])

    def involves(self, said: object) -> Involved:
        case = self.cases.get(str(getattr(said, "outcome", "")))
        return Involved(village=case.village if case else "")

    @classmethod
    def kept_about(cls, person: Oneself) -> Iterable[str]:
        return (record_id("cadre", person.cadre),)

    @property
    def concealed_since(self) -> date | None:
        """The day of the first proposal of which the subject has not been told."""
        return min((case.proposed_on for case in self.cases.values() if case.is_untold), default=None)

    @property
    def status(self) -> str:
        """`open` while somebody must act, else `marked` while an impact period runs, else `clean`."""
        if self.awaits:
            return "open"
        return "marked" if any(c.status == "imposed" and c.expires for c in self.cases.values()) else "clean"

    @property
    def awaits(self) -> bool:
        """Whether a case waits for a command: a motion, a hearing, a decision, its service, an answer or a story."""
        return any(True for case in self.cases.values() for _ in case.awaited)

    def tell_moved(self, moved: Moved, notice: str) -> OutcomeEvent:
        """The event that a deadline of one of the cases has moved."""
        _, outcome, field = moved.path
        return self.tell(DeadlineMoved, outcome, **{**moved.said(notice), "deadline": field})

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """What the bodies of each case must do. An appeal is a right, so it is nobody's task."""
        for outcome, case in sorted(self.cases.items()):
            for action, role, due in case.awaited:
                said = {"subject_kind": self.subject_kind, "subject": self.subject, "outcome": outcome}
                # A hearing names no body: it is only written down.
                yield Task(
                    action=action,
                    about=outcome,
                    role=role,
                    due=due,
                    rule=case.terms.clause,
                    detail=self.id,
                    answer={"place": self.place, **said, **({} if action == "defences" else {"body": role})},
                )

    def keep(self, outcome: str, case: Case) -> "Record":
        """The record with this case in it and its timer set anew."""
        if self.forgotten:
            case = _unsaid(case)
        record = self.but(cases={**self.cases, outcome: case}).clocked()
        for field, since, span in case.running:
            record = record.counting("cases", outcome, field, since=since, span=span, timer="clock")
        return record

    def clocked(self) -> "Record":
        """The record with its timer `clock` on the first day on which a time of a case ends by itself."""
        return self.timed(clock=min((case.ending[0] for case in self.cases.values() if case.ending), default=None))

    def tell(self, event: type[OutcomeEvent], outcome: str, **said: Any) -> OutcomeEvent:
        """An event about one of the cases."""
        case = self.cases[outcome]
        return event(
            place=case.place,
            outcome=outcome,
            kind=case.terms.kind,
            subject_kind="cadre" if self.subject_kind == "village_cadre" else self.subject_kind,
            subject=self.subject,
            is_party=self.subject_kind == "village_cadre",
            village=case.village,
            effect="recall" if case.terms.effect == "recall" else "record",
            on_team=case.terms.effect if case.terms.effect in ON_TEAM else None,
            **said,
        )


_HANDS: Final = {"outcome-motions": False, "defences": False, "decisions": True, "appeal-decisions": True}
"""The steps that count where the pack has `four_eyes`. True: whoever took another step may not take this one."""


def record_id(subject_kind: str, subject: str) -> str:
    """The id of a subject's record."""
    return f"{subject_kind}:{subject}"


def run_clock(record: Record, due: Due, policy: Policy, today: date) -> Change:
    """A time of a case is over. After the time for a defence the body may decide. After the time for a motion, for a
    decision or for the answer to an appeal, an event says that it is overdue. After the impact period the outcome ends.

    Each time is counted from its own first day. So if the system was off for days, several may end at once.
    """
    told: tuple[Event, ...] = ()
    for outcome, before in sorted(record.cases.items()):
        case = before
        while case.ending and case.ending[0] <= today:
            day, field = case.ending
            if field == "move_by":
                case = but(case, is_unmoved=True)
                told = (*told, record.tell(MotionOverdue, outcome, proposes=case.terms.proposes, due=case.move_by))
            elif field == "defence_until":
                case = decidable(case, day, policy)
            elif field == "decide_by":
                case = but(case, is_overdue=True)
                late = record.tell(DecisionOverdue, outcome, decides=case.terms.decides, due=case.decide_by)
                told = (*told, late)
            elif field == "answer_until":
                case = but(case, is_unanswered=True)
                told = (*told, record.tell(AppealOverdue, outcome, answers=case.answers, due=case.answer_until))
            else:
                case = but(case, status="expired")
                told = (*told, record.tell(OutcomeExpired, outcome))
        if case is not before:
            record = record.keep(outcome, case)
    return Change(record.clocked(), told)  # Holidays may have moved the day for which the timer was set.


def forget(record: Record | None, _event: PersonForgotten, _policy: Policy, _today: date) -> Change:
    """The person is anonymous: remove the words of the defence and what was found about them (PIPL 47).

    The cases themselves stay, since others decided on them. An open case keeps these texts until it is over.
    """
    if record is None:
        return Change(None)
    cases = {outcome: _unsaid(case) for outcome, case in record.cases.items()}
    return Change(record.but(cases=cases, forgotten=True))


def _unsaid(case: Case) -> Case:
    """The case without the words of a defence, unless something is still awaited in it."""
    if any(case.awaited) or not (case.statement or case.finding):
        return case
    return but(case, statement=ANONYMOUS, finding=ANONYMOUS)


def case_of(record: Record | None, command: SubjectCommand) -> tuple[Record, Case]:
    """The case that a command names. Raises Refused if the command names another division than the case allows.

    Bodies act in the division of the record. A subject may also appeal in the division of the village.
    """
    record = known(record, "奖惩记录", "the record of", record_id(command.subject_kind, command.subject))
    case = known(record.cases.get(command.outcome), "奖惩事项", "the outcome", command.outcome)
    if command.place != record.place and not (
        isinstance(command, LodgeAppeal | EscalateAppeal) and command.place == case.place
    ):
        raise Refused(
            "identity",
            f"该事项由区划 {record.place} 办理，不属于 {command.place}，请改填",
            f"this outcome is dealt with in division {record.place}, not {command.place}; name that one",
            field="place",
            status=422,
        )
    return record, case


def put(case: Case, today: date, policy: Policy) -> Case:
    """The case put before the deciding body. The subject may be heard from now on; a reward is decidable at once."""
    defence_until = end_of(case.terms.defence, today, policy)
    case = but(case, status="proposed", defence_until=defence_until)
    return case if defence_until else decidable(case, today, policy)


def decidable(case: Case, since: date, policy: Policy) -> Case:
    """The case made decidable, with the last day for deciding by the pack."""
    decide_by = case.terms.decide_by.due(since, policy.calendar)
    return but(case, status="decidable", decidable_on=since, decide_by=decide_by)


def end_of(span: Span | None, start: date, policy: Policy) -> date | None:
    """The last day of a span that begins on a day; None if there is no span."""
    return span.after(start, policy.calendar) if span else None


but = msgspec.structs.replace
"""A case with some fields changed."""
