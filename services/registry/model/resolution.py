"""A village's matters: their opening, their votes, acceptances and answers, their end (2.18, 3.12, 4.7, 5.2, 5.10).

A matter concerns the village as a whole, such as a project, or it is a round over households, such as those that are to
be lifted out of poverty. In a round the households are judged one by one. A household leaves the round if a decision
leaves it out, if it does not accept the result itself, or if an objection to it is upheld; the others continue. That a
lifted household must accept (本人认可) is national practice. Votes follow 四议两公开 and, where villagers'
representatives meet, article 26 of the Organic Law of Villagers' Committees (村民委员会组织法). `procedure.py` runs the
steps.

Two kinds of matters bring something of their own. Money may be spent once the village has decided, the body above it
has agreed, and the decision is public. A villager's question is answered in words that no event carries.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal, Self

import msgspec

from services.registry.model.commands import (
    Fund,
    OpenResolution,
    TakeStep,
    WithdrawFund,
    WithdrawResolution,
    WithdrawStep,
)
from services.registry.model.procedure import (
    UNREGISTERED,
    Carrier,
    Member,
    Notice,
    Proceeding,
    carry,
    check_answered,
    no_matter,
)
from services.registry.model.register import Household, Register
from services.registry.model.village import Village, standing
from shared.contracts import Event
from shared.contracts.registry import (
    FundReleased,
    FundWithdrawn,
    HouseholdsLifted,
    ObjectionDecided,
    QuestionAnswered,
    ResolutionOpened,
    ResolutionPassed,
    ResolutionRejected,
    ResolutionWithdrawn,
    RoundEnded,
    StepTaken,
    StepWithdrawn,
)
from shared.labels import said
from shared.policy import Policy, Step
from shared.policy.procedure import Effect, Procedure
from shared.rules import Change, Key, Refused, State, Task, require_body, rests


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a villager asked, and the answer. Both are free text and kept as objections' reasons are."""

    ground: str
    answer: str = ""


class Resolution(Carrier, frozen=True, kw_only=True):
    """A matter that a village decides. Its id is `<village>/<matter>`."""

    kind = "resolutions"
    hides = '"ground":'
    carries = "course"
    actions = MappingProxyType(
        {"notice": "notices", **dict.fromkeys(("decide", "accept", "act", "publish"), "resolution-steps")}
    )
    village: str
    matter: str
    rule: str
    subject_code: str
    effect: Effect = "decide"
    fund: Fund | None = None
    question: Question | None = None
    course: Proceeding
    taken: tuple[StepTaken, ...] = ()
    """The steps so far, in order."""

    @property
    def status(self) -> str:
        return self.course.ended or ("passed" if self.course.passed else "open")

    @property
    def awaits(self) -> bool:
        return self.course.step is not None

    @property
    def names(self) -> dict[str, Any]:
        """How commands name it."""
        return {"place": self.place, "village": self.village, "matter": self.matter}

    def rests_on(self, step: Step | None) -> str:
        """The rule that a step rests on."""
        return (step and step.rule) or self.rule

    def detail(self, of: object) -> str:
        """The matter and what is asked: a village may have several matters at a time."""
        return f"{self.matter} {of}"

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """The awaited step, for the role that answers for it."""
        return self.awaited()

    def shown(self, *, to_operator: bool = False) -> Self:
        """The matter without reasons of objections, question and answer, which may name a person."""
        state = super().shown(to_operator=to_operator)
        return state if to_operator or state.question is None else state.but(question=Question(""))

    def not_now(self, zh: str, en: str) -> Refused:
        """The refusal of a command that comes out of turn. It names the awaited step."""
        step = self.course.step
        now = (f"当前环节是“{step.label}”", f"the step that is awaited is {step.name}") if step else (
            "程序已结束", "the procedure has ended")  # fmt: skip
        return Refused(self.rests_on(step), f"{zh}；{now[0]}", f"{en}; {now[1]}")

    def follows(self, after: Proceeding) -> tuple[Event, ...]:
        """The event that the matter has passed or failed, and what its procedure leads to."""
        before, about = self.course, {**self.names, "kind": self.course.kind}
        over = after.step is None and before.step is not None and not after.ended
        events: list[Event] = []
        if after.ended == "rejected" != before.ended:
            failed = after.steps[after.at].name
            events.append(ResolutionRejected(**about, subject_code=self.subject_code, step=failed))
        elif after.passed and not before.passed and self.question is None:
            events.append(ResolutionPassed(**about, subject_code=self.subject_code))
        if self.effect == "lift" and over:
            lifted = tuple(after.present)
            events.append(RoundEnded(**about, lifted=len(lifted), left_out=len(after.members) - len(lifted)))
            events.append(HouseholdsLifted(**about, households=lifted))
        if self.fund and after.published and not before.published:
            fund = msgspec.structs.asdict(self.fund)
            events.append(FundReleased(**about, subject_code=self.subject_code, **fund))
        if self.question and over:
            events.append(QuestionAnswered(**about, subject_code=self.subject_code))
        return tuple(events)


def resolution_id(
    message: OpenResolution
    | TakeStep
    | WithdrawStep
    | WithdrawFund
    | WithdrawResolution
    | ResolutionWithdrawn
    | Notice,
    _policy: Policy,
) -> Iterable[str]:
    """The id of the matter that a message names; none if it names no matter. Each village numbers its own matters."""
    return (f"{message.village}/{message.matter}",) if message.matter else ()


# ------------------------------------------------------------------ the opening


def of_village(_resolution: Resolution | None, command: OpenResolution | TakeStep) -> Iterable[Key]:
    """The register from which a round's households come."""
    yield Register, command.village


def open_resolution(
    resolution: Resolution | None,
    command: OpenResolution,
    policy: Policy,
    today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """Open a matter for one procedure of the pack. The same number opens no second matter."""
    if resolution is not None and (resolution.course.ended != "withdrawn" or resolution.taken):
        if _is_known(resolution, command):
            return Change(resolution)
        if resolution.fund not in (None, command.fund):
            raise Refused(
                resolution.rule,
                f"事项“{command.matter}”的资金已按{_money(resolution.fund, policy)}提请审批，不能更改；"
                "金额或者来源有变的，请另编事项重新提请",
                f"the money of {command.matter!r} is being decided on as it was asked for and cannot be changed; where "
                "sum or origin differ, open another matter",
                field="fund",
            )
        raise Refused(
            resolution.rule,
            f"编号“{command.matter}”已用于另一事项，请另编",
            f"the matter {command.matter!r} is another one; take a new name",
            field="matter",
        )
    procedure = policy.procedure(command.kind)
    if procedure is None or procedure.effect == "delist":
        kinds = [known.kind for known in policy.procedures if known.effect != "delist"]
        raise Refused(
            "3.12",
            f"本地规定中没有代码为“{command.kind}”的决策程序，可填：{said('kind', kinds, policy)}",
            f"the pack knows no procedure {command.kind!r}, only {', '.join(kinds)}",
            field="kind",
            status=422,
        )
    _check_members(procedure, command.members, others[Register, command.village])
    _check_subject(procedure, command, policy)
    course = Proceeding(
        kind=procedure.kind,
        attempt=1,
        steps=procedure.steps,
        members={household: Member() for household in command.members},
    )
    opened = Resolution(
        id=f"{command.village}/{command.matter}",
        place=command.place,
        village=command.village,
        matter=command.matter,
        rule=procedure.rule,
        subject_code=command.subject_code,
        effect=procedure.effect,
        fund=command.fund,
        question=Question(command.question) if command.question else None,
        course=course,
    )
    event = ResolutionOpened(
        place=command.place,
        village=command.village,
        matter=command.matter,
        kind=command.kind,
        subject_code=command.subject_code,
        opened_by=command.opened_by,
        **(msgspec.structs.asdict(command.fund) if command.fund else {}),
    )
    return Change(carry(opened, course.moved_to(0, today, policy.calendar), today), (event,))


def _is_known(resolution: Resolution, command: OpenResolution) -> bool:
    """Whether a command opens the matter that is already there."""
    asked = resolution.question.ground if resolution.question else None
    known = resolution.course.kind, resolution.subject_code, resolution.fund, asked, {*resolution.course.members}
    return known == (command.kind, command.subject_code, command.fund, command.question, {*command.members})


def _money(fund: Fund, policy: Policy) -> str:
    return f"{said('amount', fund.amount)}（{said('origin', fund.origin, policy)}）"


def _check_subject(procedure: Procedure, command: OpenResolution, policy: Policy) -> None:
    """Refuse a subject or an origin that the pack does not list, and money or a question where it does not belong."""
    for field, given, wanted, zh in (
        ("fund", command.fund, procedure.effect == "release_fund", "资金的金额和来源"),
        ("question", command.question, procedure.effect == "answer", "村民所提的问题"),
    ):
        if (given is not None) != wanted:
            raise Refused(
                procedure.rule,
                f"“{procedure.label}”{f'应当填写{zh}' if wanted else f'不填{zh}，请删去'}",
                f"{procedure.kind} {'needs' if wanted else 'has no'} {field}; {'enter' if wanted else 'leave'} it"
                f"{'' if wanted else ' out'}",
                field=field,
                status=422,
            )
    for field, code, codes in (
        ("subject_code", command.subject_code, procedure.subjects),
        ("fund.origin", command.fund and command.fund.origin, procedure.origins),
    ):
        if codes is not None and code not in codes:
            raise Refused(
                procedure.rule,
                f"“{procedure.label}”没有代码“{code}”，可填：{'、'.join(codes.values())}",
                f"{procedure.kind} knows no {code!r} here, only {', '.join(codes)}",
                field=field,
                status=422,
            )


def _check_members(procedure: Procedure, given: tuple[str, ...], register: State | None) -> None:
    """A round must name households, all from the register of poor households. Other matters must name none."""
    known = _registered(register)
    if procedure.members is None and given:
        zh, en = (
            f"“{procedure.label}”不是逐户办理，请删去农户",
            f"{procedure.kind} is no round; leave the households out",
        )
    elif procedure.members and not given:
        zh, en = f"“{procedure.label}”逐户办理，请填写农户", f"{procedure.kind} is a round; name its households"
    elif strange := [id for id in given if id not in known]:
        zh = f"农户 {'、'.join(strange[:5])} 未建档立卡，请核对"
        en = f"{', '.join(strange[:5])} are no registered poor households of the village; check them"
    elif lifted := [id for id in given if known[id].lifted]:
        zh = f"农户 {'、'.join(lifted[:5])} 已评定脱贫，请从名单中删去"
        en = f"{', '.join(lifted[:5])} have been lifted out of poverty already; leave them out"
    else:
        return
    raise Refused(procedure.rule, zh, en, field="members", status=422)


def _registered(register: State | None) -> Mapping[str, Household]:
    """The village's registered poor households by id."""
    households = register.households if isinstance(register, Register) else {}
    return {id: household for id, household in households.items() if household.registered}


# ---------------------------------------------------------------------- steps


def take_step(
    resolution: Resolution | None, command: TakeStep, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Take the awaited step. A meeting without quorum is refused; a failed vote leads back or ends the matter.

    Households that have left the register since the last step, by a withdrawal or a split, leave the round first.
    """
    if resolution is None:
        raise no_matter(command.matter)
    before, step = resolution.course, resolution.course.step
    known = _registered(others[Register, command.village])
    now = before.without((id for id in before.present if id not in known), UNREGISTERED) if step else before
    if step is None or step.name != command.step:
        if any(_same(command, taken, resolution.question) for taken in resolution.taken):
            return Change(resolution)
        wanted = next((one.label for one in now.steps if one.name == command.step), "所填环节")
        raise resolution.not_now(f"不能办理“{wanted}”", f"{command.step} cannot be taken")
    if step.kind not in _FIGURES:
        raise resolution.not_now("公示请用公示命令办理", "a notice is posted by `notices`")
    rule = resolution.rests_on(step)
    require_body(command.body, step.by, rule)
    if now.ended:
        return Change(carry(resolution.but(place=command.place), now, today), resolution.follows(now))
    _check_figures(now, step, command, rule)
    _check_answer(resolution, step, command)
    marked = _asked(now, step, command, rule) if step.kind == "accept" else now.without(command.left_out)
    asked = [one for one in marked.members.values() if one.left in ("", step.name)]
    if step.kind == "accept" and not all(one.accepted for one in asked):
        return Change(resolution.but(place=command.place, course=marked))
    agreed = step.kind != "decide" or _is_agreed(step, command)
    if not agreed:
        after = marked.led_to(step.on_refusal, today, policy.calendar)
    else:
        after = marked if marked.ended else marked.moved_to(now.at + 1, today, policy.calendar)
    figures = command.entitled, command.present, command.agreed
    if step.kind == "accept":
        figures = len(asked), len(asked), sum(one.accepted != "no" for one in asked)
    taken = StepTaken(
        **resolution.names, step=step.name, entitled=figures[0], present=figures[1], agreed=figures[2],
        left_out=sum(one.left.removeprefix(UNREGISTERED) == step.name for one in marked.members.values()),
        decided_by=command.decided_by,
    )  # fmt: skip
    events: list[Event] = [taken]
    if not agreed and not after.ended:
        refusal = ObjectionDecided(
            **resolution.names, attempt=now.attempt, objection=0, upheld=True, back_to=after.goes_back,
            decided_by=command.decided_by,
        )  # fmt: skip
        events.append(refusal)
    answered = _answered(resolution.question, command.answer or "") if step.kind == "act" else resolution.question
    moved = resolution.but(place=command.place, question=answered, taken=(*resolution.taken, taken))
    return Change(carry(moved, after, today), (*events, *resolution.follows(after)))


def _answered(question: Question | None, answer: str) -> Question | None:
    """The question with its answer; an empty one is none yet."""
    return question and Question(question.ground, answer)


def _same(command: TakeStep, taken: StepTaken, question: Question | None) -> bool:
    """Whether a command repeats a step that was taken. Of households' answers the event has only the number."""
    named = ("step", "decided_by", *(() if command.acceptances else ("entitled", "present", "agreed")))
    if command.answer and (question is None or question.answer != command.answer):
        return False
    return all(getattr(command, field) == getattr(taken, field) for field in named)


def _asked(now: Proceeding, step: Step, command: TakeStep, rule: str) -> Proceeding:
    """The procedure with households' answers. A household that does not accept leaves; a given answer cannot change."""
    members = dict(now.members)
    for one in command.acceptances:
        answer: Literal["self", "phone", "no"] = "no" if not one.accepted else "phone" if one.by_phone else "self"
        if (before := members[one.household].accepted) not in ("", answer):
            raise Refused(
                rule,
                f"农户“{one.household}”的答复已登记为“{_ANSWERS[before]}”，不能更改",
                f"the answer of household {one.household!r} is known as {before!r} and cannot be changed",
                field="acceptances",
            )
        members[one.household] = Member(answer)
    return now.but(members=members).without(id for id, one in members.items() if one.accepted == "no" and not one.left)


_ANSWERS = {"self": "同意", "phone": "电话同意", "no": "不同意"}


def check_voters(village: Village | None, command: TakeStep, _policy: Policy, _today: date) -> Change:
    """Refuse more voters than the village has people."""
    village = standing(village, command)
    if command.entitled > village.population:
        raise Refused(
            "3.12",
            f"应到 {command.entitled} 人，多于全村人口 {village.population} 人，请核对",
            f"{command.entitled} entitled are more than the {village.population} people of the village; check it",
            field="entitled",
            status=422,
        )
    return Change(village)


def withdraw_step(resolution: Resolution | None, command: WithdrawStep, policy: Policy, today: date) -> Change:
    """Take back the latest step, which was entered by mistake. Later steps rest on earlier ones, so those stay.

    Nothing is decided any more once the matter or its money is withdrawn, so that no step is awaited again.
    """
    if resolution is None or command.step not in (taken.step for taken in resolution.taken):
        return Change(resolution)
    now = resolution.course
    if now.ended == "withdrawn":
        raise Refused(
            resolution.rule,
            f"事项“{command.matter}”已经撤回，不再办理，其环节不能撤销；需要继续办理的，请另编事项重新提请",
            f"the matter {command.matter!r} has been withdrawn, so that none of its steps is taken back; open another "
            "matter to go on",
            field="matter",
        )
    *earlier, latest = resolution.taken
    at = now.index(latest.step)
    if latest.step != command.step:
        label = now.steps[at].label
        rests(resolution.rule, {f"其后的“{label}”": f"{latest.step}, which came after it"})
    if now.notice_until or (now.at != at + 1 and now.ended != "rejected"):
        label = now.steps[min(now.at, len(now.steps) - 1)].label
        rests(resolution.rule, {f"已转入的“{label}”": "where the procedure has gone since"})
    if resolution.fund and now.published and not now.moved_to(at, today, policy.calendar).published:
        rests(resolution.rule, {"已拨付的资金": "the money, which has been released"})
    event = StepWithdrawn(
        place=command.place,
        village=command.village,
        matter=command.matter,
        step=command.step,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    question = _answered(resolution.question, "") if now.steps[at].kind == "act" else resolution.question
    before = resolution.but(place=command.place, question=question, taken=tuple(earlier))
    return Change(carry(before, now.moved_to(at, today, policy.calendar), today), (event,))


def withdraw(resolution: Resolution | None, command: WithdrawResolution, _policy: Policy, _today: date) -> Change:
    """Withdraw a matter that was opened by mistake. Refused once a step was taken, or a notice of it stands."""
    if resolution is None or resolution.course.ended == "withdrawn":
        return Change(resolution)
    now = resolution.course
    labels = {step.name: step.label for step in now.steps}
    found = {f"已进行的“{labels[taken.step]}”": taken.step for taken in resolution.taken}
    if now.step and now.notice_until:
        found[f"“{now.step.label}”"] = f"the notice {now.step.name}"
    found |= {f"第{number}号异议": f"objection {number}" for number in now.objections}
    rests(resolution.rule, found)
    event = ResolutionWithdrawn(
        place=command.place,
        village=command.village,
        matter=command.matter,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(resolution, (event,))


def withdrawn(resolution: Resolution | None, event: ResolutionWithdrawn, _policy: Policy, today: date) -> Change:
    """The matter is withdrawn and nothing more is awaited. A matter that has already ended keeps its decision."""
    if resolution is None or resolution.course.step is None:
        return Change(resolution)
    ended = resolution.course.but(ended="withdrawn", take_by=None)
    return Change(carry(resolution.but(place=event.place), ended, today))


def withdraw_fund(resolution: Resolution | None, command: WithdrawFund, _policy: Policy, today: date) -> Change:
    """Whoever gives the money takes it back: nothing more is decided. Refused once the money is released (2.18).

    Money that was refused can be taken back, too: the refusal may yet be withdrawn as a mistake.
    """
    if resolution is None:
        raise no_matter(command.matter)
    now = resolution.course
    if resolution.fund is None:
        raise Refused(
            resolution.rule,
            f"事项“{command.matter}”不是资金审批，没有可以撤回的资金，请核对编号",
            f"the matter {command.matter!r} is about no money that could be withdrawn; check its number",
            field="matter",
            status=422,
        )
    if now.ended == "withdrawn":
        return Change(resolution)
    if now.published:
        rests(resolution.rule, {"已拨付的资金": "the money, which has been released"})
    check_answered(resolution)
    event = FundWithdrawn(
        place=command.place,
        village=command.village,
        matter=command.matter,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    ended = now.but(ended="withdrawn", take_by=None)
    return Change(carry(resolution.but(place=command.place), ended, today), (event,))


def _is_agreed(step: Step, command: TakeStep) -> bool:
    """Whether enough people agreed. Where the step asks for no majority, one vote in favour is enough."""
    if step.majority is None:
        return command.agreed > 0
    base = command.present if step.majority.figure == "agreed" else command.entitled
    return step.majority.holds(Fraction(command.agreed, base))


_FIGURES: Mapping[str, tuple[str, ...]] = {
    "decide": ("entitled", "present", "agreed", "left_out"), "accept": ("acceptances",), "act": ("answer",),
    "publish": (),
}  # fmt: skip
"""By kind of step, what a command that takes it says; the last of it names households."""
_HEADINGS = {
    "entitled": "应到人数", "present": "实到人数", "agreed": "同意人数", "left_out": "未继续参加评定的农户",
    "acceptances": "农户的答复", "answer": "答复内容",
}  # fmt: skip


def _check_figures(now: Proceeding, step: Step, command: TakeStep, rule: str) -> None:
    """Refuse figures that do not belong to the step or are impossible, and a meeting without its quorum."""
    for field in _HEADINGS:
        if getattr(command, field) and field not in _FIGURES[step.kind]:
            raise Refused(
                rule,
                f"“{step.label}”不填{_HEADINGS[field]}，请删去",
                f"{step.name} is a {step.kind} step and has no {field}; leave it out",
                field=field,
                status=422,
            )
    if step.kind == "accept" and not command.acceptances:
        raise Refused(
            rule,
            f"“{step.label}”没有农户的答复，请填写",
            f"{step.name} has no answer of any household; enter it",
            field="acceptances",
            status=422,
        )
    named = (*command.left_out, *(one.household for one in command.acceptances))
    known = {id for id, one in now.members.items() if one.left in ("", step.name)}
    if strange := [id for id in named if id not in known]:
        raise Refused(
            rule,
            f"“{step.label}”所涉农户中没有{'、'.join(strange[:5])}，请核对",
            f"{', '.join(strange[:5])} are none of the households that {step.name} is about; check them",
            field=_FIGURES[step.kind][-1],
            status=422,
        )
    if not command.agreed <= command.present <= command.entitled:
        raise Refused(
            rule,
            f"同意 {command.agreed} 人、到会 {command.present} 人、应到 {command.entitled} 人有误：前者不得多于后者",
            f"{command.agreed} agreed of {command.present} present of {command.entitled} entitled cannot be; check it",
            field="agreed" if command.agreed > command.present else "present",
            status=422,
        )
    if step.kind == "decide" and not command.present:
        raise Refused(
            rule,
            f"“{step.label}”没有到会人数，请填写",
            f"nobody was present at {step.name}; enter the figures",
            field="present",
            status=422,
        )
    if step.quorum and not step.quorum.holds(Fraction(command.present, command.entitled)):
        raise Refused(
            rule,
            f"“{step.label}”应到 {command.entitled} 人，到会 {command.present} 人，未达到规定人数"
            f"（到会比例应当{step.quorum.said[0]}），应当重新召开",
            f"{command.present} of {command.entitled} were present at {step.name}, which is no quorum: "
            f"{step.quorum.said[1]} of them must come; hold it again",
            field="present",
        )


def _check_answer(resolution: Resolution, step: Step, command: TakeStep) -> None:
    """The step that answers a question says what the answer is, and no other step does."""
    wanted = step.kind == "act" and resolution.question is not None
    if wanted != bool(command.answer):
        zh, en = ("应当填写答复内容", "needs its answer; enter it") if wanted else (
            "不填答复内容，请删去", "has no answer; leave it out")  # fmt: skip
        raise Refused(resolution.rests_on(step), f"“{step.label}”{zh}", f"{step.name} {en}", field="answer", status=422)
