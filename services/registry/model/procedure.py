"""Runs every procedure of a pack step by step, with members and time-outs.

    step ─► step ─► … ─► the effect
      ▲               │ an upheld objection, a refusal or a time-out leads back where the pack says so
      └───────────────┘

The pack says who takes a step, by when, and where the step leads. `proceeding.py` says where a procedure stands,
`notice.py` has its notices and objections. What a procedure is about and what its end means is in `exit.py` (a
village's exit), in `resolution.py` and `steps.py` (a matter that a village decides), and in `decap.py` (a township or
county).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar, Self, TypeVar, cast

import msgspec

from services.registry.model.proceeding import Proceeding
from shared import labels
from shared.calendar import DAY, Calendar
from shared.contracts import Command, Event
from shared.contracts.registry import (
    DeadlineMoved,
    NoticePosted,
    NoticeWithdrawn,
    ObjectionDecided,
    StepKind,
    StepOverdue,
    WordAsked,
)
from shared.contracts.values import Role
from shared.policy import Policy, Step
from shared.policy.procedure import Kind, Procedure
from shared.rules import Change, Due, Hand, Moved, Refused, State, Task

Told = NoticePosted | NoticeWithdrawn | ObjectionDecided | StepOverdue
"""The events of a procedure that other states of the registry react to."""


class Carrier(State, frozen=True, kw_only=True):
    """A state in which a procedure is under way: a village with its exit, or a dossier."""

    hides = '"ground":'
    carries: ClassVar[str] = ""
    """The field that holds the procedure."""
    actions: ClassVar[Mapping[Kind, str]] = {}
    """By kind of step, the command that takes it. A step of a kind that is missing here is taken in another service."""
    opened_by: ClassVar[str] = ""
    """The command that asks for the procedure."""
    decides_objections: ClassVar[str] = "objection-decisions"
    """The command that decides on an objection."""
    decides_delays: ClassVar[str] = "delay-decisions"
    """The command that decides what is done about a late step."""
    tells: ClassVar[Mapping[type[Event], type[Event]]] = {}
    """By event about a village, the event to use instead where the subject is no village, such as a division."""

    @property
    def under_way(self) -> Proceeding | None:
        """The procedure, if there is one."""
        found: Proceeding | None = getattr(self, self.carries)
        return found

    @property
    def names(self) -> dict[str, Any]:
        """The fields by which commands name what the procedure belongs to."""
        raise NotImplementedError

    def tell(self, event: type[Event], **fields: Any) -> Event:
        """An event of the procedure, in the form in which this kind of state tells it."""
        assert self.under_way is not None
        told: Any = self.tells.get(event, event)
        said: Event = told(**self.names, attempt=self.under_way.attempt, **fields)
        return said

    def sent_back(self, after: Proceeding, decided_by: str) -> Event:
        """The event that a deciding body refused. It is told as an upheld objection with the number 0."""
        return self.tell(ObjectionDecided, objection=0, upheld=True, back_to=after.goes_back, decided_by=decided_by)

    def rests_on(self, step: Step | None) -> str:
        """The rule that a step rests on."""
        raise NotImplementedError

    def not_now(self, zh: str, en: str) -> Refused:
        """The refusal of a command that does not fit the present step or stage."""
        raise NotImplementedError

    def check(self, command: Command) -> None:
        """Refuse a command that names this state wrongly, such as another division than the village's."""

    def hand(self, action: str, said: object) -> Hand | None:
        now, path = self.under_way, (self.carries, "hands")
        if now is None or not any(step.four_eyes for step in now.steps):
            return None
        if action == self.opened_by:
            return Hand(path, "", apart=False)
        step = now.step
        if (
            step is None
            or action != self.actions.get(step.kind)
            or getattr(said, "step", None) not in (None, step.name)
        ):
            return None
        return Hand(path, step.name, apart=bool(step.four_eyes))

    def follows(self, after: Proceeding) -> tuple[Event, ...]:
        """The events that follow once a step has moved the procedure to `after`: that a body is asked for its word now,
        and, of a dossier, that it has passed or ended."""
        step = after.step
        if step is None or step.kind != "ask" or self.under_way is None or after.asked == self.under_way.asked:
            return ()
        asked = self.tell(WordAsked, kind=after.kind, step=step.name, asking=after.asked, asked=step.by,
                          due=after.take_by, silence=step.on_timeout)  # fmt: skip
        return (asked,)

    def detail(self, of: object) -> str:
        """The text that distinguishes this state's tasks from one another."""
        return str(of)

    def tell_moved(self, moved: Moved, notice: str) -> Event:
        """The event that new holidays moved a deadline of the procedure."""
        return DeadlineMoved(place=self.place, village=self.names["village"], **moved.said(notice))

    def shown(self, *, to_operator: bool = False) -> Self:
        """The state without the reasons of objections: free text may name a person, so only operators see it."""
        if to_operator or self.under_way is None or not self.under_way.objections:
            return self
        hidden = {n: msgspec.structs.replace(one, ground="") for n, one in self.under_way.objections.items()}
        return self.but(**{self.carries: self.under_way.but(objections=hidden)})

    def awaited(self) -> Iterable[Task]:
        """Tasks for the awaited step and the open objections, each with its last day and the command's known fields."""
        now = self.under_way
        if now is None or (step := now.step) is None:
            return
        names, rule = self.names, self.rests_on(step)
        about = names.get("village", self.id)
        for number in now.open_objections:
            by, detail = now.answers, self.detail(number)
            due = now.objections[str(number)].answer_by
            answer = {**names, "objection": number, "body": by}
            yield Task(
                action=self.decides_objections, about=about, role=by, due=due, rule=rule, detail=detail, answer=answer
            )
        if step.kind in self.actions and now.notice_until is None:
            answer = {
                **names,
                **({} if step.kind == "notice" else {"step": step.name}),
                **({"asking": now.asked} if step.kind == "ask" else {}),
            }
            yield Task(action=self.actions[step.kind], about=about, role=now.by, due=now.take_by, rule=rule,
                       detail=self.detail(step.name), answer={**answer, "body": now.by})  # fmt: skip
        if now.awaits_superior:
            superior = str(step.overdue_to)
            yield Task(action=self.decides_delays, about=about, role=superior, due=None, rule=rule,
                       detail=self.detail(step.name),
                       answer={**names, "step": step.name, "body": superior})  # fmt: skip


class Dossier(Carrier, frozen=True, kw_only=True):
    """A state that exists for its procedure alone: a matter of a village, or a de-capping."""

    carries = "course"
    rule: str
    """The rule on which the procedure rests, and every step that names no rule of its own."""
    course: Proceeding

    @property
    def awaits(self) -> bool:
        return self.course.step is not None

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """The awaited step, for the role that answers for it."""
        return self.awaited()

    def rests_on(self, step: Step | None) -> str:
        """The rule that a step rests on."""
        return (step and step.rule) or self.rule

    def not_now(self, zh: str, en: str) -> Refused:
        """The refusal of a command that comes out of turn. It names the awaited step."""
        step = self.course.step
        now = (
            (f"当前环节是“{step.label}”", f"the step that is awaited is {step.name}")
            if step
            else ("程序已结束", "the procedure has ended")
        )
        return Refused(self.rests_on(step), f"{zh}；{now[0]}", f"{en}; {now[1]}")

    def out_of_turn(self, name: str) -> Refused:
        """The refusal of a step that is not the awaited one."""
        wanted = next((one.label for one in self.course.steps if one.name == name), "所填环节")
        return self.not_now(f"不能办理“{wanted}”", f"{name} cannot be taken")


C = TypeVar("C", bound=Carrier)


def carry(state: C, now: Proceeding | None, since: date) -> C:
    """The state with this procedure in it. Its timer `step` runs out on the day after the earliest last day."""
    field, was = state.carries, state.under_way
    state = state.but(**{field: now}).counting(field)
    if now is None:
        return state.timed(step=None)
    counted, days = was.days if was and was.at == now.at else {}, now.days
    for path, (day, span) in days.items():
        if counted.get(path) != (day, span):
            state = state.counting(field, *path, since=since, span=span, timer="step")
    return state.timed(step=min((day + DAY for day, _ in days.values()), default=None))


def fall_due(state: Carrier, due: Due, policy: Policy, _today: date) -> Change:
    """A last day of the procedure is over: a notice has ended, or an event says once that somebody is late."""
    now = state.under_way
    assert now is not None and now.step is not None, "the timer goes with its procedure"
    step, events = now.step, list[Event]()
    passed = {path[0]: day for path, (day, _) in now.days.items() if day < due.on}
    for number in map(str, now.open_objections):
        one = now.objections[number]
        if one.answer_by and one.answer_by < due.on and not one.told:
            now = now.but(objections={**now.objections, number: msgspec.structs.replace(one, told=True)})
            events.append(_overdue(state, now, now.answers, one.answer_by, objection=int(number)))
    if "notice_until" in passed:
        now = settled(now.but(notice_over=True), due.on, policy.calendar)
    elif "take_by" in passed:
        after = now.but(told=True, more_from=None)
        if step.on_timeout:
            silent = [id for id in now.present if not now.members[id].accepted] if step.kind == "accept" else []
            after = now.without(silent)
            after = after if after.ended else after.led_to(step.on_timeout, due.on, policy.calendar)
        leads_to = cast(StepKind, after.step.kind) if step.on_timeout and after.step else None
        told_to = None if now.taken_by else step.overdue_to
        events.append(_overdue(state, now, now.by, passed["take_by"], leads_to=leads_to, told_to=told_to))
        now = after
    return Change(carry(state, now, due.on), (*events, *state.follows(now)))


def _overdue(state: Carrier, now: Proceeding, owed_by: Role, due: date, **more: Any) -> Event:
    assert now.step is not None
    return state.tell(StepOverdue, kind=now.kind, step=now.step.name, due=due, owed_by=owed_by, **more)


def settled(now: Proceeding, since: date, calendar: Calendar) -> Proceeding:
    """The procedure after its objections: unchanged while one is open. Otherwise it goes back if one to the notice as
    a whole was upheld, and else forward if the notice is over."""
    step = now.step
    if step is None or now.open_objections:
        return now
    if any(one.upheld and not one.member for one in now.objections.values()):
        return now.led_to(step.on_objection, since, calendar)
    return now.moved_to(now.at + 1, since, calendar) if now.notice_over else now


def check_given(of: Procedure | Step, field: str, given: object, zh: str, rule: str, *, wanted: bool) -> None:
    """Refuse a command without a field that a procedure or a step needs, or with one that does not belong to it."""
    if bool(given) == wanted:
        return
    name = of.kind if isinstance(of, Procedure) else of.name
    raise Refused(
        rule,
        f"“{of.label}”{f'应当填写{zh}' if wanted else f'不填{zh}，请删去'}",
        f"{name} {'needs' if wanted else 'has no'} {field}; {'enter it' if wanted else 'leave it out'}",
        field=field,
        status=422,
    )


def check_approved(state: Carrier, step: Step, approved: bool) -> None:
    """Refuse `approved = False` in a step that decides nothing, such as an announcement."""
    if not approved and step.kind != "decide":
        raise Refused(
            state.rests_on(step),
            f"“{step.label}”不是审批环节，不能填“不同意”；请在办结后填“同意”",
            f"{step.name} decides nothing, so that it cannot be refused; confirm it once it is done",
            field="approved",
            status=422,
        )


def check_answered(state: Carrier) -> None:
    """Refuse to end a procedure without a decision while an objection is open: each must get its answer first."""
    numbers = state.under_way.open_objections if state.under_way else []
    if numbers:
        raise state.not_now(
            f"{'、'.join(f'第{number}号异议' for number in numbers)}尚未处理，程序不能就此终止；请先处理异议",
            f"objection {', '.join(map(str, numbers))} is still undecided; decide on it before the procedure ends",
        )


def no_matter(matter: str) -> Refused:
    """The refusal of a command about a matter that nobody has opened."""
    zh, en = f"没有事项“{matter}”，请先启动程序", f"there is no matter {matter!r}; open it first"
    return Refused("3.12", zh, en, field="matter", status=404)


def no_decap(division: str) -> Refused:
    """The refusal of a command about a township or county that has not asked to be de-capped."""
    zh = f"{labels.said('division', division)}尚未申请摘帽，请先申请"
    en = f"{division} has not asked to be de-capped; ask first (decap-requests)"
    return Refused("1.18", zh, en, field="division", status=404)
