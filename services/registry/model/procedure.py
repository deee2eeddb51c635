"""Runs every procedure of a pack step by step, with notices, objections, members and time-outs.

    step ─► step ─► … ─► the effect
      ▲               │ an upheld objection, a refusal or a time-out leads back where the pack says so
      └───────────────┘

The pack says who takes a step, by when, and where the step leads. A procedure keeps the pack's steps as they stood when
it was opened. What a procedure is about and what its end means is in `exit.py` (a village's exit) and `resolution.py`
(a matter that a village decides).
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, ClassVar, Literal, Self, TypeVar, cast

import msgspec

from services.registry.model.commands import (
    DecideDecapObjection,
    DecideObjection,
    PostDecapNotice,
    PostNotice,
    RaiseDecapObjection,
    RaiseObjection,
    WithdrawDecapNotice,
    WithdrawDecapObjection,
    WithdrawNotice,
    WithdrawObjection,
)
from shared import labels
from shared.calendar import Calendar, Span
from shared.contracts import Command, Event
from shared.contracts.registry import (
    BackTo,
    DeadlineMoved,
    NoticePosted,
    NoticeWithdrawn,
    ObjectionDecided,
    ObjectionRaised,
    ObjectionWithdrawn,
    StepKind,
    StepOverdue,
)
from shared.contracts.values import Role
from shared.labels import label
from shared.policy import Policy, Step
from shared.policy.procedure import Kind
from shared.rules import Change, Due, Moved, Refused, State, Task, known, require_body, rests

Notice = PostNotice | RaiseObjection | DecideObjection | WithdrawNotice | WithdrawObjection
"""The commands about a notice. Where a command names no matter it is about the village's exit."""
OfDecap = PostDecapNotice | RaiseDecapObjection | DecideDecapObjection | WithdrawDecapNotice | WithdrawDecapObjection
"""The same about a notice of a township's or county's de-capping."""
Told = NoticePosted | NoticeWithdrawn | ObjectionDecided | StepOverdue
"""The events of a procedure that other states of the registry react to."""
DAY = timedelta(1)
UNREGISTERED = "-"
"""What stands before the step at which a member left because it is no longer in the village's register. It never comes
back, whatever is repeated."""


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
    """The step at which the member left, after UNREGISTERED where that is why; empty while it takes part."""


class Proceeding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a procedure stands."""

    kind: str
    """The procedure, as the pack names it."""
    attempt: int
    """How many times the village has tried to leave the list, this time included; 1 for a matter."""
    steps: tuple[Step, ...]
    """The steps of the pack in force when the procedure was opened. A later pack does not change them."""
    at: int = 0
    """The index of the awaited step in `steps`. It equals the number of steps once all have been taken."""
    take_by: date | None = None
    """The last day for the awaited step. None while its notice stands, or if the pack set no time when it began."""
    told: bool = False
    """Whether an event has said that the step is overdue."""
    notice_until: date | None = None
    """The last day of the notice of this step, once it is posted."""
    notice_over: bool = False
    objections: dict[str, Objection] = msgspec.field(default_factory=dict)
    """The objections to this notice, by number."""
    members: dict[str, Member] = msgspec.field(default_factory=dict)
    """The members by id, such as the households of a round. Empty if the village decides as a whole."""
    ended: Literal["", "rejected", "withdrawn"] = ""
    """How it ended, if it ended before its last step."""

    @property
    def step(self) -> Step | None:
        """The awaited step; None once it has ended."""
        return None if self.ended or self.at == len(self.steps) else self.steps[self.at]

    @property
    def goes_back(self) -> BackTo:
        """The kind of the step to which something has just led back. Packs can lead back to these kinds only."""
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
        return next((by for by in deciding if by != self.steps[self.at].by), deciding[0])

    @property
    def open_objections(self) -> list[int]:
        """The numbers of the objections that await their decision."""
        return sorted(int(number) for number, objection in self.objections.items() if objection.upheld is None)

    @property
    def days(self) -> dict[tuple[str, ...], tuple[date, Span]]:
        """The days that fall due. By path of the field in this struct: the last day, and the span that it ends."""
        step = self.step
        if step is None:
            return {}
        found: dict[tuple[str, ...], tuple[date | None, Span | None]] = {
            ("take_by",): (None if self.told else self.take_by, step.within),
            ("notice_until",): (None if self.notice_over else self.notice_until, step.notice_for),
        }
        for number in map(str, self.open_objections):
            one = self.objections[number]
            found["objections", number, "answer_by"] = (None if one.told else one.answer_by, step.answer)
        return {path: (day, span) for path, (day, span) in found.items() if day and span}

    def but(self, **changes: Any) -> Self:
        """The same with some fields changed."""
        return msgspec.structs.replace(self, **changes)

    def moved_to(self, at: int, since: date, calendar: Calendar) -> Self:
        """The procedure at another step, without notice and objections yet, or at its end.

        Where it goes back, the steps that are repeated also judge its members again.
        """
        by = self.steps[at].within.after(since, calendar) if at < len(self.steps) else None
        again, members = {step.name: step.kind for step in self.steps[at:]} if at <= self.at else {}, self.members
        if again:
            members = {
                id: Member("" if "accept" in again.values() else one.accepted, "" if one.left in again else one.left)
                for id, one in members.items()
            }
        return self.but(at=at, take_by=by, told=False, notice_until=None, notice_over=False, objections={}, ended="",
                        members=members)  # fmt: skip

    def led_to(self, name: str | None, since: date, calendar: Calendar) -> Self:
        """The procedure at the step of this name, to which the awaited step led. Without a name it ends."""
        if name is None:
            return self.but(ended="rejected", take_by=None)
        return self.moved_to(self.index(name), since, calendar)

    def index(self, name: str) -> int:
        """The index of the step of this name."""
        return [step.name for step in self.steps].index(name)

    def without(self, members: Iterable[str], why: str = "") -> Self:
        """The procedure after some members have left at the awaited step. It ends if nobody is left."""
        gone = dict.fromkeys(members, why + self.steps[self.at].name)
        kept = {id: msgspec.structs.replace(one, left=gone.get(id, one.left)) for id, one in self.members.items()}
        left = self.but(members=kept)
        return left.but(ended="rejected", take_by=None) if kept and not left.present else left


class Carrier(State, frozen=True, kw_only=True):
    """A state in which a procedure is under way: a village with its exit, or a matter."""

    carries: ClassVar[str] = ""
    """The field that holds the procedure."""
    actions: ClassVar[Mapping[Kind, str]] = {}
    """By kind of step, the command that takes it. A kind that is missing here is another service's task."""
    decides_objections: ClassVar[str] = "objection-decisions"
    """The command that decides on an objection."""
    tells: ClassVar[Mapping[type[Event], type[Event]]] = {}
    """Events that are told in another form than a village's, since they name another subject."""

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

    def rests_on(self, step: Step | None) -> str:
        """The rule that a step rests on."""
        raise NotImplementedError

    def not_now(self, zh: str, en: str) -> Refused:
        """The refusal of a command that does not fit the present step or stage."""
        raise NotImplementedError

    def check(self, command: Command) -> None:
        """Refuse a command that names this state wrongly, such as another division than the village's."""

    def follows(self, after: Proceeding) -> tuple[Event, ...]:
        """The events that follow from where the procedure stands after a step: that it has passed or ended."""
        return ()

    def detail(self, of: object) -> str:
        """The text that distinguishes this state's tasks from one another."""
        return str(of)

    def tell_moved(self, moved: Moved, notice: str) -> Event:
        """A deadline of the village moved."""
        return DeadlineMoved(place=self.place, village=self.names["village"], **moved.said(notice))

    def shown(self, *, to_operator: bool = False) -> Self:
        """The state without the reasons of objections: free text may name a person, so only those who decide see it."""
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
            yield Task(action=self.decides_objections, about=about, role=by, due=due, rule=rule, detail=detail,
                       answer=answer)  # fmt: skip
        if step.kind in self.actions and now.notice_until is None:
            answer = {**names, **({"step": step.name} if self.actions[step.kind].endswith("steps") else {})}
            yield Task(action=self.actions[step.kind], about=about, role=step.by, due=now.take_by, rule=rule,
                       detail=self.detail(step.name), answer={**answer, "body": step.by})  # fmt: skip


C = TypeVar("C", bound=Carrier)


def carry(state: C, now: Proceeding | None, since: date) -> C:
    """The state with this procedure in it. The timer `step` stands on the first of the days that fall due."""
    field, was = state.carries, state.under_way
    state = state.but(**{field: now}).counting(field)
    if now is None:
        return state.timed(step=None)
    counted = was.days if was and was.at == now.at else {}
    for path, (day, span) in now.days.items():
        if path not in counted or counted[path][0] != day:
            state = state.counting(field, *path, since=since, span=span, timer="step")
    return state.timed(step=min((day + DAY for day, _ in now.days.values()), default=None))


def fall_due(state: Carrier, due: Due, policy: Policy, _today: date) -> Change:
    """A last day of the procedure is over. Either a notice has ended, or an event says, once, who is late."""
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
        now = _settled(now.but(notice_over=True), due.on, policy.calendar)
    elif "take_by" in passed:
        after = now.but(told=True)
        if step.on_timeout:
            silent = [id for id in now.present if not now.members[id].accepted] if step.kind == "accept" else []
            after = now.without(silent)
            after = after if after.ended else after.led_to(step.on_timeout, due.on, policy.calendar)
        leads_to = cast(StepKind, after.step.kind) if step.on_timeout and after.step else None
        due_by = passed["take_by"]
        events.append(_overdue(state, now, step.by, due_by, leads_to=leads_to, told_to=step.overdue_to))
        now = after
    return Change(carry(state, now, due.on), (*events, *state.follows(now)))


def _overdue(state: Carrier, now: Proceeding, owed_by: Role, due: date, **more: Any) -> Event:
    assert now.step is not None
    return state.tell(StepOverdue, kind=now.kind, step=now.step.name, due=due, owed_by=owed_by, **more)


# ------------------------------------------------------------ notices and objections


def post_notice(state: Carrier | None, command: PostNotice | PostDecapNotice, policy: Policy, today: date) -> Change:
    """Post a notice for the pack's time. The next step may be taken on the day after the notice's last day."""
    state, now, step = _at_notice(state, command, "还没有轮到公示", "it is not the turn of a notice yet")
    require_body(command.body, step.by, state.rests_on(step))
    if now.notice_until is not None:
        return Change(state)
    assert step.notice_for is not None, "every notice has its time"
    until = step.notice_for.after(today, policy.calendar)
    event = state.tell(NoticePosted, until=until, posted_by=command.posted_by)
    return Change(carry(state, now.but(notice_until=until, take_by=None, told=False), today), (event,))


def withdraw_notice(
    state: Carrier | None, command: WithdrawNotice | WithdrawDecapNotice, policy: Policy, today: date
) -> Change:
    """Take down a notice that was posted by mistake. Refused once somebody has objected or the notice is over."""
    state = _named(state, command)
    now = state.under_way
    if now is None or now.step is None or now.notice_until is None:
        if now and now.step and now.at and now.steps[now.at - 1].kind == "notice":
            zh = f"公示期已满，待{label('by', now.step.by, policy)}办理“{now.step.label}”"
            rests(state.rests_on(now.step), {zh: f"it is over, and {now.step.by} is awaited to take {now.step.name}"})
        return Change(state)
    numbers = sorted(now.objections, key=int)
    rests(state.rests_on(now.step), {f"第{number}号异议": f"objection {number}" for number in numbers})
    event = state.tell(NoticeWithdrawn, reason=command.reason, decided_by=command.decided_by)
    return Change(carry(state, now.moved_to(now.at, today, policy.calendar), today), (event,))


def raise_objection(
    state: Carrier | None, command: RaiseObjection | RaiseDecapObjection, policy: Policy, today: date
) -> Change:
    """Anyone may object to the notice, or to one member of it, through the notice's last day."""
    during = "只在公示期内受理异议", "objections are heard during the notice only"
    state, now, step = _at_notice(state, command, *during)
    given = Objection(command.ground, member=command.household or "")
    before = now.objections.get(str(command.objection))
    if before is not None:
        if (before.ground, before.member) == (given.ground, given.member):
            return Change(state)
        raise Refused(
            state.rests_on(step),
            f"编号 {command.objection} 已用于另一异议，请另编",
            f"the number {command.objection} is another objection's; take a new one",
            field="objection",
            status=422,
        )
    if now.notice_until is None or today > now.notice_until:
        raise state.not_now(*during)
    if given.member not in now.present and (given.member or step.on_objection is None):
        raise Refused(
            state.rests_on(step),
            "请填写公示所列农户的编号" if now.members else "本次公示不针对单户，请删去农户编号",
            "name a household that is on this notice" if now.members else "this notice is about no single household",
            field="household",
            status=422,
        )  # fmt: skip
    assert step.answer is not None, "every notice has its time for answers"
    given = msgspec.structs.replace(given, answer_by=step.answer.after(today, policy.calendar))
    event = state.tell(ObjectionRaised, objection=command.objection)
    now = now.but(objections={**now.objections, str(command.objection): given})
    return Change(carry(state, now, today), (event,))


def decide_objection(
    state: Carrier | None, command: DecideObjection | DecideDecapObjection, policy: Policy, today: date
) -> Change:
    """Decide on an objection. Every objection gets an answer; the procedure moves on or back after the last one.

    It moves back if an objection to the notice as a whole was upheld. If an objection to a member was upheld, only that
    member leaves.
    """
    state, now, step = _at_notice(state, command, "没有待处理的异议", "no objection is awaiting its decision")
    require_body(command.body, now.answers, state.rests_on(step))
    objection = now.objections.get(str(command.objection))
    if objection is None:
        raise Refused(
            state.rests_on(step),
            f"没有第 {command.objection} 号异议，请核对编号",
            f"there is no objection {command.objection}; check its number",
            field="objection",
            status=404,
        )
    if objection.upheld == command.upheld:
        return Change(state)
    if objection.upheld is not None:
        raise state.not_now(
            f"第 {command.objection} 号异议已作处理，不能更改", f"objection {command.objection} has been decided"
        )
    answered = msgspec.structs.replace(objection, upheld=command.upheld)
    now = now.but(objections={**now.objections, str(command.objection): answered})
    if command.upheld and objection.member:
        now = now.without([objection.member])
    after = _settled(now, today, policy.calendar)
    event = state.tell(
        ObjectionDecided,
        objection=command.objection,
        upheld=command.upheld,
        decided_by=command.decided_by,
        back_to=after.goes_back if after.at < now.at else None,
    )
    return Change(carry(state, after, today), (event, *state.follows(after)))


def withdraw_objection(
    state: Carrier | None, command: WithdrawObjection | WithdrawDecapObjection, policy: Policy, today: date
) -> Change:
    """Withdraw an objection that the objector takes back or that was entered by mistake, before it is decided."""
    state = _named(state, command)
    now = state.under_way
    objection = now.objections.get(str(command.objection)) if now else None
    if now is None or objection is None:
        return Change(state)
    if objection.upheld is not None:
        zh = f"第 {command.objection} 号异议的处理"
        rests(state.rests_on(now.step), {zh: f"the decision on objection {command.objection}"})
    others = {number: one for number, one in now.objections.items() if number != str(command.objection)}
    event = state.tell(
        ObjectionWithdrawn, objection=command.objection, reason=command.reason, decided_by=command.decided_by
    )
    after = _settled(now.but(objections=others), today, policy.calendar)
    return Change(carry(state, after, today), (event, *state.follows(after)))


def _settled(now: Proceeding, since: date, calendar: Calendar) -> Proceeding:
    """Move on, once no objection is open: back if one to the whole was upheld, else forward if the notice is over."""
    step = now.step
    if step is None or now.open_objections:
        return now
    if any(one.upheld and not one.member for one in now.objections.values()):
        return now.led_to(step.on_objection, since, calendar)
    return now.moved_to(now.at + 1, since, calendar) if now.notice_over else now


def _named(state: Carrier | None, command: Notice | OfDecap) -> Carrier:
    """The matter or division that a command names, or the village if its exit is meant. Raises Refused without it."""
    if state is None and command.matter is not None:
        raise no_matter(command.matter)
    if state is None and command.about == "division":
        raise no_decap(command.subject_id)
    state = known(state, "村", "village", command.subject_id)
    state.check(command)
    return state


def _at_notice(state: Carrier | None, command: Notice | OfDecap, zh: str, en: str) -> tuple[Carrier, Proceeding, Step]:
    """The named state, its procedure and its awaited step. Raises Refused if that step is no notice."""
    state = _named(state, command)
    now = state.under_way
    if now is None or now.step is None or now.step.kind != "notice":
        raise state.not_now(zh, en)
    return state, now, now.step


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
