"""The rules of outcomes. A fact leads only to a proposal; a named body makes the decision.

An outcome is a reward or a penalty, such as a commendation (通报表扬), an admonitory talk (约谈) or a recall (召回):

    proposed ─ heard, or the time for it is over ─► decidable ─ decided ─► imposed ─ impact period over ─► expired
                                                        └► dropped, tolerated         └ appeal upheld ─► overturned

If a decision was a mistake it is taken back, and the case is decidable again. If the fact behind a proposal is
withdrawn, such as a grade, the proposal ends as `withdrawn`.

A reward is decidable from the start, since nobody needs a defence against it. An appeal runs beside these states, since
it suspends nothing (Civil Servant Law 96). Every outcome keeps the terms of the pack by which it was proposed until it
ends, so that a later pack changes nobody's rights.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Literal

import msgspec

from services.incentives.model.commands import (
    Decide,
    DecideAppeal,
    HearDefence,
    LodgeAppeal,
    SubjectCommand,
    WithdrawDecision,
)
from shared.calendar import Span
from shared.contracts import Event, dispatch, inspection, short_type
from shared.contracts.incentives import (
    AppealDecided,
    DeadlineMoved,
    DecisionOverdue,
    DecisionWithdrawn,
    OutcomeAppealed,
    OutcomeDecided,
    OutcomeDefended,
    OutcomeEvent,
    OutcomeExpired,
    OutcomeProposed,
    OutcomeWithdrawn,
    SubjectKind,
)
from shared.contracts.registry import VillageMerged, VillageUnlisted, VillageWithdrawn
from shared.contracts.values import ROLES
from shared.divisions import place_of
from shared.labels import label
from shared.policy import Outcome, Policy
from shared.rules import Change, Due, Key, Moved, Refused, State, Task, known, require_body


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
    status: Literal["proposed", "decidable", "dropped", "tolerated", "imposed", "overturned", "expired", "withdrawn"]
    defence_until: date | None = None
    heard_on: date | None = None
    decidable_on: date | None = None
    decide_by: date | None = None
    is_overdue: bool = False
    """Whether an event has said that nobody decided in time."""
    decided_on: date | None = None
    decided_by: str = ""
    appeal_until: date | None = None
    expires: date | None = None
    appeal: Literal["", "lodged", "upheld", "overturned"] = ""
    """`lodged` until it is answered. `upheld`: the decision stands, the appeal failed. `overturned`: it succeeded."""
    appealed_on: date | None = None
    answer_until: date | None = None

    @property
    def running(self) -> Iterable[tuple[str, date | None, Span | None]]:
        """The deadlines that holidays can move: the field, the day from which it is counted, and the time that it has.

        The time is None unless the deadline is running.
        """
        terms, decided, lodged = self.terms, self.status == "imposed" and not self.appeal, self.appeal == "lodged"
        yield "defence_until", self.proposed_on, terms.defence if self.status == "proposed" else None
        yield "decide_by", self.decidable_on, terms.decide_by.span if self.status == "decidable" else None
        yield "appeal_until", self.decided_on, terms.appeal if decided else None
        yield "answer_until", self.appealed_on, terms.answer if lodged else None

    @property
    def turns(self) -> date | None:
        """The next day on which something happens by itself: the day after the last day for the defence, for the
        decision, or of the impact period."""
        decide_by = None if self.is_overdue else self.decide_by
        last = {"proposed": self.defence_until, "decidable": decide_by, "imposed": self.expires}.get(self.status)
        return last and last + timedelta(1)

    @property
    def awaited(self) -> tuple[str, date | None] | None:
        """The command that the case waits for and the last day for it. None if it waits for nobody."""
        if self.appeal == "lodged":
            return "appeal-decisions", self.answer_until
        return {"proposed": ("defences", self.defence_until), "decidable": ("decisions", self.decide_by)}.get(
            self.status
        )


class Record(State, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that was proposed for one unit, team or cadre. Its id is `<subject kind>:<subject>`."""

    kind = "records"
    personal = True

    subject_kind: SubjectKind
    subject: str
    cases: dict[str, Case] = msgspec.field(default_factory=dict)
    """The cases by outcome id. Finished cases stay as history."""

    @property
    def status(self) -> str:
        """`open` while somebody must act, else `marked` while an impact period runs, else `clean`."""
        if self.awaits:
            return "open"
        return "marked" if any(c.status == "imposed" and c.expires for c in self.cases.values()) else "clean"

    @property
    def awaits(self) -> bool:
        """Whether a hearing, a decision or an answer is owed."""
        return any(case.awaited for case in self.cases.values())

    def tell_moved(self, moved: Moved, notice: str) -> OutcomeEvent:
        """The event that a deadline of one of the cases has moved."""
        _, outcome, field = moved.path
        return self.tell(DeadlineMoved, outcome, **{**moved.said(notice), "deadline": field})

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """What the deciding bodies must do. An appeal is a right, so it is nobody's task."""
        for outcome, case in sorted(self.cases.items()):
            if case.awaited:
                action, due = case.awaited
                yield Task(
                    action=action,
                    about=outcome,
                    role=case.terms.decides,
                    due=due,
                    rule=case.terms.clause,
                    detail=self.id,
                    answer=self._answer(outcome, action, case),
                )

    def _answer(self, outcome: str, action: str, case: Case) -> dict[str, str | int]:
        """The known fields of the command that answers a task. A hearing names no body: it is only written down."""
        said = {"subject_kind": self.subject_kind, "subject": self.subject, "outcome": outcome}
        return {"place": self.place, **said, **({} if action == "defences" else {"body": case.terms.decides})}

    def keep(self, outcome: str, case: Case) -> "Record":
        """The record with this case in it and its timer set anew."""
        record = self.but(cases={**self.cases, outcome: case}).clocked()
        for field, since, span in case.running:
            record = record.counting("cases", outcome, field, since=since, span=span, timer="clock")
        return record

    def clocked(self) -> "Record":
        """The record with its timer `clock` on the first day on which something happens to a case by itself."""
        return self.timed(clock=min((case.turns for case in self.cases.values() if case.turns), default=None))

    def tell(self, event: type[OutcomeEvent], outcome: str, **said: Any) -> OutcomeEvent:
        """An event about one of the cases."""
        case = self.cases[outcome]
        return event(
            place=case.place,
            outcome=outcome,
            kind=case.terms.kind,
            subject_kind=self.subject_kind,
            subject=self.subject,
            village=case.village,
            effect=case.terms.effect,
            **said,
        )


def record_id(subject_kind: str, subject: str) -> str:
    """The id of a subject's record."""
    return f"{subject_kind}:{subject}"


_OCCASION: Mapping[type[Event], Callable[[Any], str]] = {
    inspection.AssessmentGraded: lambda e: f"{e.village}/{e.year}",
    inspection.OrderOverdue: lambda e: f"{e.order}/{e.times}",
    dispatch.CommitmentOverdue: lambda e: f"{e.village}/{e.kind}/{e.step.replace(' ', ':')}/{e.due}",
    dispatch.TermExtended: lambda e: f"{e.village}/{e.until}",
    dispatch.TeamReleased: lambda e: f"{e.village}/{e.spell}",
}
"""By type of event, the key of its occasion: `<village>/<year>` for a grade. A fact that is told twice has the same
key, so it makes no second proposal."""


def occasion(event: Event) -> str:
    """The occasion of an event, as it stands in an outcome's id."""
    return _OCCASION[type(event)](event)


def matches(when: Mapping[str, Any], event: Event) -> bool:
    """Whether an event meets a pack's condition: each named field has one of the wanted values."""
    return all(_found(event, field, wanted) for field, wanted in when.items())


def _found(event: Event, field: str, wanted: Any) -> list[Any]:
    return [value for value in _several(getattr(event, field)) if value in _several(wanted)]


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


def proposals(subject_kind: SubjectKind, event: Event, policy: Policy) -> list[Outcome]:
    """The outcomes of the pack that an event proposes for a kind of subject (1.6, 2.15, 2.20, 3.9, 3.10)."""
    return [
        terms
        for terms in policy.outcomes
        if terms.subject == subject_kind
        and terms.on == short_type(event.type)
        and getattr(event, terms.subject_field)
        and matches(terms.when, event)
        and _is_theirs(terms, event)
    ]


def _is_theirs(terms: Outcome, event: Event) -> bool:
    """Whether the subject answers for what happened: a unit does not answer for what the village itself owed, or
    for what a leader of another unit did who is bound to the village."""
    if not isinstance(event, dispatch.CommitmentOverdue):
        return True
    return event.link is None and (event.owed_by is None or event.owed_by in terms.answers_for)


def propose(subject_kind: SubjectKind, record: Record | None, event: Any, policy: Policy, today: date) -> Change:
    """Propose the outcomes of the pack for this event, with evidence and clause. A proposal affects nobody yet."""
    told: tuple[Event, ...] = ()
    said_about = occasion(event)
    for terms in proposals(subject_kind, event, policy):
        # The record lies in the division whose pack declares the outcome, since the deciding bodies are there. Outcomes
        # of a city and a county may arrive in any order; the smaller code, the city's, wins.
        place = place_of(policy.layer("outcomes", terms.kind))
        subject = getattr(event, terms.subject_field)
        record = record or Record(
            id=record_id(subject_kind, subject), place=place, subject_kind=subject_kind, subject=subject
        )
        outcome = f"{terms.kind}/{said_about}"
        # A proposal that was withdrawn with its fact is made again if the fact comes again, such as a new grade.
        if outcome in record.cases and record.cases[outcome].status != "withdrawn":
            continue
        found = (f"{field} {value}" for field, wanted in terms.when.items() for value in _found(event, field, wanted))
        evidence = (f"{terms.on} {said_about}", *found)
        defence_until = _end(terms.defence, today, policy)
        case = Case(
            terms=terms,
            village=event.village,
            place=event.place,
            evidence=evidence,
            proposed_on=today,
            status="proposed",
            defence_until=defence_until,
        )
        case = case if defence_until else _decidable(case, today, policy)
        record = record.but(place=min(record.place, place)).keep(outcome, case)
        proposed = record.tell(
            OutcomeProposed, outcome, clause=terms.clause, evidence=evidence, defence_until=defence_until
        )
        told = (*told, proposed)
    return Change(record, told)


def hear(record: Record | None, command: HearDefence, policy: Policy, today: date) -> Change:
    """The subject was heard, before any decision. From now on the body may decide (Sanctions Law 43, 政务处分法)."""
    record, case = _case(record, command)
    if not case.terms.defence:
        raise Refused("Sanctions Law 43", "该事项属于奖励，无需陈述申辩", "this is a reward; no defence is heard on it")
    if case.heard_on:
        return Change(record)
    if case.status not in ("proposed", "decidable"):
        raise Refused(
            "Sanctions Law 43",
            f"已于{case.decided_on}作出决定，不再听取陈述申辩；当事人可依法申请复核或者提出申诉",
            f"it was decided on {case.decided_on}, so the defence is over; the subject may ask for a review or appeal",
        )
    since = case.decidable_on or today  # A late hearing does not prolong the body's time for deciding.
    record = record.keep(command.outcome, _decidable(_but(case, heard_on=today), since, policy))
    return Change(record, (record.tell(OutcomeDefended, command.outcome),))


def decide(record: Record | None, command: Decide, policy: Policy, today: date) -> Change:
    """The named body adopts the proposal or drops it. If adopted, appeal and impact have their times (5.9)."""
    record, case = _case(record, command)
    terms = case.terms
    require_body(command.body, terms.decides, terms.clause)
    if case.status == "proposed":
        raise Refused(
            "Sanctions Law 43",
            f"尚未听取陈述申辩，期限至 {case.defence_until}；请先听取，或待期满后再决定",
            f"the subject has not been heard and may be until {case.defence_until}; hear it, or decide afterwards",
        )
    if case.status != "decidable":
        by, on = case.decided_by, case.decided_on
        zh = f"已由“{by}”于{on}作出决定" if on else f"该事项现为“{label('status', case.status)}”"
        en = f"{by!r} decided this on {on}" if on else f"the matter is {case.status}"
        raise Refused(
            "5.9",
            f"{zh}，不能再次决定",
            f"{en}; it is not decided twice",
        )
    if terms.sanction and not command.tolerance_checked:
        raise Refused(
            "1.14",
            "决定前必须按“三个区分开来”核查是否适用容错，请核查后注明",
            "whether error tolerance applies must be examined before the decision; examine it and say so",
            field="tolerance_checked",
            status=422,
        )
    if command.tolerated and (command.imposed or not terms.sanction):
        raise Refused(
            "1.14",
            "容错免责只适用于不予采纳的问责建议，请更正“容错”或“采纳”",
            "error tolerance is a reason for dropping a sanction only; correct `tolerated` or `imposed`",
            field="tolerated",
            status=422,
        )
    ends = [_end(span, today, policy) if command.imposed else None for span in (terms.appeal, terms.impact)]
    appeal_until, expires = ends
    case = _but(
        case,
        status="imposed" if command.imposed else "tolerated" if command.tolerated else "dropped",
        decided_on=today,
        decided_by=_signed(command),
        appeal_until=appeal_until,
        expires=expires,
    )
    record = record.keep(command.outcome, case)
    decided = record.tell(
        OutcomeDecided,
        command.outcome,
        imposed=command.imposed,
        tolerated=command.tolerated,
        clause=terms.clause,
        decided_by=_signed(command),
        appeal_until=appeal_until,
        expires=expires,
    )
    return Change(record, (decided,))


def withdraw_decision(record: Record | None, command: WithdrawDecision, policy: Policy, today: date) -> Change:
    """Take back a decision about the wrong person or with the wrong text. Refused once something depends on it."""
    record, case = _case(record, command)
    require_body(command.body, case.terms.decides, case.terms.clause)
    if case.status in ("proposed", "decidable"):
        return Change(record)
    if case.appeal:
        raise Refused(
            "Civil Servant Law 95",
            "当事人已申请复核，该决定只能由复核决定改变",
            "the subject has appealed; the decision is changed by answering the appeal only",
        )
    last = case.appeal_until or (case.decided_on and _end(case.terms.appeal, case.decided_on, policy))
    if case.status not in ("imposed", "dropped", "tolerated") or (last and today > last):
        raise Refused(
            "5.9",
            f"该决定已不能撤回，现为“{label('status', case.status)}”" + (f"；可撤回的最后一日是{last}" if last else ""),
            f"the decision can no longer be taken back (it could until {last or '-'}); it is {case.status}",
        )
    undecided = _but(case, decided_on=None, decided_by="", appeal_until=None, expires=None, is_overdue=False)
    case = _decidable(undecided, today, policy)
    record = record.keep(command.outcome, case)
    withdrawn = record.tell(
        DecisionWithdrawn, command.outcome, reason=command.reason, decided_by=command.decided_by
    )  # fmt: skip
    return Change(record, (withdrawn,))


def unlist(record: Record | None, event: VillageUnlisted | VillageWithdrawn, policy: Policy, today: date) -> Change:
    """The village was listed or registered by mistake, so open proposals about its team end.

    Decisions stay. The deciding body can take them back, and the subject can appeal.
    """
    return _withdraw(record, lambda _outcome, _case: True, event.reason)


def ungrade(record: Record | None, event: inspection.GradeWithdrawn, policy: Policy, today: date) -> Change:
    """A grade was withdrawn, and the open proposals that rest on it end."""
    return _withdraw(record, _rests_on(event.village, event.year), event.reason)


def regrade(record: Record | None, event: inspection.GradeReviewed, policy: Policy, today: date) -> Change:
    """A review gave a better grade, so open proposals for the former one end. The next event tells the new grade.

    Decisions stay until the body takes them back or an appeal ends them.
    """
    if event.grade == event.before:
        return Change(record)
    return _withdraw(record, _rests_on(event.village, event.year), "复核改变了考核等次")


def _rests_on(village: str, year: int) -> Callable[[str, Case], bool]:
    """A test for cases that rest on a village's grade of a year."""
    graded = short_type(inspection.AssessmentGraded.type)
    return lambda outcome, case: case.terms.on == graded and outcome.endswith(f"/{village}/{year}")


def _withdraw(record: Record | None, rests: Callable[[str, Case], bool], reason: str) -> Change:
    """Withdraw the open proposals for which `rests` holds, since the fact behind them was withdrawn."""
    told: tuple[Event, ...] = ()
    for outcome, case in sorted(record.cases.items()) if record else ():
        if record and case.status in ("proposed", "decidable") and rests(outcome, case):
            record = record.keep(outcome, _but(case, status="withdrawn"))
            told = (*told, record.tell(OutcomeWithdrawn, outcome, reason=reason))
    return Change(record, told)


def both_teams(_record: Record | None, event: VillageMerged) -> Iterable[Key]:
    """The keys of the records of both villages' teams."""
    return ((Record, record_id("team", event.village)), (Record, record_id("team", event.into)))


def inherit(
    record: Record | None, event: VillageMerged, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """The remaining village's record takes over the cases of the merged village's team."""
    ended = others[Record, record_id("team", event.village)]
    if not isinstance(ended, Record) or not ended.cases:
        return Change(record)
    record = record or ended.but(id=record_id("team", event.into), subject=event.into, cases={}, deadlines=())
    for outcome, case in sorted(ended.cases.items()):
        record = record.keep(outcome, case)
    return Change(record)


def leave(record: Record | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """Empty the record of a merged village's team: the remaining village's record has its cases."""
    return Change(record and record.but(cases={}, deadlines=()).clocked())


def appeal(record: Record | None, command: LodgeAppeal, policy: Policy, today: date) -> Change:
    """The subject appeals in time. The decision keeps its effect meanwhile (Civil Servant Law 95, 96)."""
    record, case = _case(record, command)
    answer_until = _end(case.terms.answer, today, policy)
    if not case.appeal_until or not answer_until:
        raise Refused(
            "Civil Servant Law 95",
            "该事项没有可以申请复核的决定：尚未作出决定、未予采纳或者属于奖励",
            "there is no decision here to appeal against: it is not decided, was dropped, or is a reward",
        )
    if case.appeal == "lodged":
        return Change(record)
    if case.appeal:
        raise Refused(
            "Civil Servant Law 95",
            "已作出复核决定；对复核结果不服的，可自接到复核决定之日起十五日内，"
            "向同级公务员主管部门或者作出该人事处理的机关的上一级机关提出申诉",
            "the decision was reviewed already; whoever does not accept the result may appeal within 15 days of "
            "receiving it to the civil service authority of the same level, or to the next higher organ",
        )
    if today > case.appeal_until:
        raise Refused(
            "Civil Servant Law 95",
            f"申请复核的期限已于{case.appeal_until}届满",
            f"the time for an appeal ended on {case.appeal_until}",
        )
    record = record.keep(command.outcome, _but(case, appeal="lodged", appealed_on=today, answer_until=answer_until))
    return Change(record, (record.tell(OutcomeAppealed, command.outcome, answer_until=answer_until),))


def _signed(command: Decide | DecideAppeal) -> str:
    """The deciding body and its document or meeting, as one text."""
    return f"{ROLES[command.body][0]} {command.decided_by}"


def decide_appeal(record: Record | None, command: DecideAppeal, policy: Policy, today: date) -> Change:
    """Answer an appeal. If the decision is overturned the outcome ends, else nothing changes (Civil Servant Law 96)."""
    record, case = _case(record, command)
    require_body(command.body, case.terms.decides, case.terms.clause)
    if case.appeal != "lodged":
        raise Refused("Civil Servant Law 95", "没有待复核的申请", "no appeal awaits an answer here")
    case = _but(case, appeal="upheld")
    if command.overturned:
        case = _but(case, appeal="overturned", status="overturned", expires=None)
    record = record.keep(command.outcome, case)
    answered = record.tell(
        AppealDecided, command.outcome, overturned=command.overturned, decided_by=_signed(command)
    )  # fmt: skip
    return Change(record, (answered,))


def run_clock(record: Record, due: Due, policy: Policy, today: date) -> Change:
    """A time of a case is over. After the time for a defence the body may decide; after the time for deciding an event
    says that the decision is overdue; after the impact period the outcome expires.

    Each time is counted from its own first day. So if the system was off for days, several may end at once.
    """
    told: tuple[Event, ...] = ()
    for outcome, before in sorted(record.cases.items()):
        case = before
        while case.turns and case.turns <= today:
            if case.status == "proposed":
                case = _decidable(case, case.turns, policy)
            elif case.status == "decidable":
                case = _but(case, is_overdue=True)
                late = record.tell(DecisionOverdue, outcome, decides=case.terms.decides, due=case.decide_by)
                told = (*told, late)
            else:
                case = _but(case, status="expired")
                told = (*told, record.tell(OutcomeExpired, outcome))
        if case is not before:
            record = record.keep(outcome, case)
    return Change(record.clocked(), told)  # Holidays may have moved the day for which the timer was set.


def _case(record: Record | None, command: SubjectCommand) -> tuple[Record, Case]:
    """The case that a command names. Raises Refused if the command names another division than the case allows.

    Bodies act in the division of the record. A subject may also appeal in the division of the village.
    """
    record = known(record, "奖惩记录", "the record of", record_id(command.subject_kind, command.subject))
    case = known(record.cases.get(command.outcome), "奖惩事项", "the outcome", command.outcome)
    if command.place != record.place and not (isinstance(command, LodgeAppeal) and command.place == case.place):
        raise Refused(
            "identity",
            f"该事项由区划 {record.place} 办理，不属于 {command.place}，请改填",
            f"this outcome is dealt with in division {record.place}, not {command.place}; name that one",
            field="place",
            status=422,
        )
    return record, case


def _decidable(case: Case, since: date, policy: Policy) -> Case:
    """The case made decidable, with the last day for deciding by the pack."""
    decide_by = case.terms.decide_by.due(since, policy.calendar)
    return _but(case, status="decidable", decidable_on=since, decide_by=decide_by)


def _end(span: Span | None, start: date, policy: Policy) -> date | None:
    return span.after(start, policy.calendar) if span else None


_but = msgspec.structs.replace
