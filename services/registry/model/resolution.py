"""A village's matters: what they are, their opening, their end (2.18, 3.12, 4.7, 5.2, 5.10).

A matter concerns the village as a whole, such as a project, or it is a round over households, such as those that are to
be lifted out of poverty. Two kinds of matters bring something of their own. Money may be spent once the village has
decided, the body above it has agreed, and the decision is public. A villager's question and its answer are texts that
stand in no event. `steps.py` has the steps from the opening to the end.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Self

import msgspec

from services.registry.model import monitoring
from services.registry.model.commands import (
    Fund,
    OpenResolution,
    TakeStep,
    WithdrawFund,
    WithdrawResolution,
    WithdrawStep,
)
from services.registry.model.notice import Notice
from services.registry.model.procedure import Dossier, carry, check_answered, check_given, no_matter
from services.registry.model.proceeding import Member, Proceeding
from services.registry.model.register import Register, households_in, registered_in
from shared.contracts import Event
from shared.contracts.registry import (
    FundReleased,
    FundWithdrawn,
    HouseholdsCleared,
    HouseholdsLifted,
    HouseholdsMonitored,
    QuestionAnswered,
    ResolutionOpened,
    ResolutionPassed,
    ResolutionRejected,
    ResolutionWithdrawn,
    RoundEnded,
    StepTaken,
)
from shared.labels import said
from shared.policy import Policy
from shared.policy.procedure import Effect, Procedure
from shared.rules import Change, Key, Refused, State, entry, few, require_body, rests


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a villager asked, and the answer. Both are free text that may name a person, so only operators read them."""

    ground: str
    answer: str = ""


class Resolution(Dossier, frozen=True, kw_only=True):
    """A matter that a village decides. Its id is `<village>/<matter>`."""

    kind = "resolutions"
    known_as = ("民主决策事项", "a matter that a village decides")
    hides = ""  # Queries decode every matter: questions and rounds on who is watched both have something to hide.
    opened_by = "resolutions"
    actions = MappingProxyType(
        {
            "notice": "notices",
            "ask": "words",
            **dict.fromkeys(("decide", "accept", "act", "publish"), "resolution-steps"),
        }
    )
    village: str
    matter: str
    subject_code: str
    effect: Effect = "decide"
    fund: Fund | None = None
    question: Question | None = None
    party: str | None = None
    """The organisation that is put in order, if the matter is a rectification."""
    taken: tuple[StepTaken, ...] = ()
    """The steps that were taken, in order."""

    @property
    def status(self) -> str:
        return self.course.ended or ("passed" if self.course.passed else "open")

    @property
    def names(self) -> dict[str, Any]:
        """How commands name it."""
        return {"place": self.place, "village": self.village, "matter": self.matter}

    def detail(self, of: object) -> str:
        """The matter before the step or objection, since a village may have several matters at a time."""
        return f"{self.matter} {of}"

    def shown(self, *, to_operator: bool = False) -> Self:
        """The matter without reasons of objections, question and answer, which may name a person, and without the
        households of a round on who is watched."""
        state = super().shown(to_operator=to_operator)
        if to_operator:
            return state
        if state.effect in WATCHING:
            state = state.but(course=state.course.but(members={}))
        return state if state.question is None else state.but(question=Question(""))

    def follows(self, after: Proceeding) -> tuple[Event, ...]:
        """That the matter has passed or failed, and what its procedure leads to, such as money that is released."""
        before, about = self.course, {**self.names, "kind": self.course.kind}
        over = after.step is None and before.step is not None and not after.ended
        events: list[Event] = [*super().follows(after)]
        if after.ended == "rejected" != before.ended:
            failed = after.steps[after.at].name
            events.append(ResolutionRejected(**about, subject_code=self.subject_code, step=failed, party=self.party))
        elif after.passed and not before.passed and self.question is None:
            events.append(ResolutionPassed(**about, subject_code=self.subject_code))
        if self.effect == "lift" and over:
            lifted = tuple(after.present)
            events.append(RoundEnded(**about, lifted=len(lifted), left_out=len(after.members) - len(lifted)))
            events.append(HouseholdsLifted(**about, households=lifted))
        elif self.effect in WATCHING and over:
            told = WATCHING[self.effect]
            events.append(told(**about, watch_class=self.subject_code, households=tuple(after.present)))
        if self.fund and after.published and not before.published:
            fund = msgspec.structs.asdict(self.fund)
            events.append(FundReleased(**about, subject_code=self.subject_code, **fund))
        if self.question and over:
            events.append(QuestionAnswered(**about, subject_code=self.subject_code))
        return tuple(events)


WATCHING: Mapping[str, type[HouseholdsMonitored] | type[HouseholdsCleared]] = {
    "monitor": HouseholdsMonitored,
    "clear": HouseholdsCleared,
}
"""By effect of a round on who is watched: the event that it leads to."""


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


def found(
    resolution: Resolution | None, command: TakeStep | WithdrawStep | WithdrawFund | WithdrawResolution
) -> Resolution:
    """The matter that a command names, in the division where its village lies now. Raises Refused if there is none."""
    if resolution is None:
        raise no_matter(command.matter)
    return resolution.but(place=command.place)


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
    """Open a matter for one procedure of the pack. A number that is in use opens no second matter."""
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
    decided = [one for one in policy.procedures if one.effect not in ("delist", "decap")]
    procedure = entry(command.kind, decided, "3.12", "决策程序", "procedure")
    check_given(procedure, "body", command.body, "提出机构", procedure.rule, wanted=bool(procedure.proposed_by))
    if command.body and procedure.proposed_by:
        require_body(command.body, procedure.proposed_by, procedure.rule)
    _check_subject(procedure, command, policy)
    _check_members(procedure, command, others[Register, command.village], policy, today)
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
        party=command.party,
        course=course,
    )
    event = ResolutionOpened(
        **opened.names,
        kind=command.kind,
        subject_code=command.subject_code,
        opened_by=command.opened_by,
        party=command.party,
        **(msgspec.structs.asdict(command.fund) if command.fund else {}),
    )
    return Change(carry(opened, course.moved_to(0, today, policy.calendar), today), (event,))


def _is_known(resolution: Resolution, command: OpenResolution) -> bool:
    """Whether a command opens the matter that is already there."""
    asked = resolution.question.ground if resolution.question else None
    about = resolution.course.kind, resolution.subject_code, resolution.party
    known = *about, resolution.fund, asked, {*resolution.course.members}
    named = command.kind, command.subject_code, command.party
    return known == (*named, command.fund, command.question, {*command.members})


def _money(fund: Fund, policy: Policy) -> str:
    return f"{said('amount', fund.amount)}（{said('origin', fund.origin, policy)}）"


def _check_subject(procedure: Procedure, command: OpenResolution, policy: Policy) -> None:
    """Refuse a subject or an origin that the pack does not list, and money or a question where it does not belong."""
    for field, given, zh, effect in (
        ("fund", command.fund, "资金的金额和来源", "release_fund"),
        ("question", command.question, "村民所提的问题", "answer"),
        ("party", command.party, "所整顿的组织编号", "rectify"),
    ):
        check_given(procedure, field, given, zh, procedure.rule, wanted=procedure.effect == effect)
    if procedure.effect in WATCHING:
        return
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


def _check_members(
    procedure: Procedure, command: OpenResolution, register: State | None, policy: Policy, today: date
) -> None:
    """Refuse a round without households or with ones that it cannot be about, and households in any other matter."""
    watching, given = procedure.effect in WATCHING, command.members
    known = households_in(register) if watching else registered_in(register)
    if procedure.members is None and given:
        zh, en = (
            f"“{procedure.label}”不是逐户办理，请删去农户",
            f"{procedure.kind} is no round; leave the households out",
        )
    elif procedure.members and not given:
        zh, en = f"“{procedure.label}”逐户办理，请填写农户", f"{procedure.kind} is a round; name its households"
    elif strange := [id for id in given if id not in known]:
        missing = (
            ("没有录入信息", "households whose facts are known")
            if watching
            else ("未建档立卡", "registered poor households of the village")
        )
        zh, en = few(strange)
        zh, en = f"农户 {zh} {missing[0]}，请核对", f"{en} are no {missing[1]}; check them"
    elif watching:
        assert isinstance(register, Register), "its households are known"
        return monitoring.check_members(procedure, command, register, policy, today)
    elif lifted := [id for id in given if known[id].lifted]:
        zh, en = few(lifted)
        zh = f"农户 {zh} 已评定脱贫，请从名单中删去"
        en = f"{en} have been lifted out of poverty already; leave them out"
    else:
        return None
    raise Refused(procedure.rule, zh, en, field="members", status=422)


# --------------------------------------------------------------------- the end


def withdraw(resolution: Resolution | None, command: WithdrawResolution, _policy: Policy, _today: date) -> Change:
    """Withdraw a matter that was opened by mistake. Refused once a step was taken, or a notice of it stands."""
    if resolution is None or resolution.course.ended == "withdrawn":
        return Change(resolution)
    resolution = found(resolution, command)
    now = resolution.course
    labels = {step.name: step.label for step in now.steps}
    begun = {f"已进行的“{labels[taken.step]}”": taken.step for taken in resolution.taken}
    if now.step and now.notice_until:
        begun[f"“{now.step.label}”"] = f"the notice {now.step.name}"
    begun |= {f"第{number}号异议": f"objection {number}" for number in now.objections}
    rests(resolution.rule, begun)
    event = ResolutionWithdrawn(
        **resolution.names, party=resolution.party, reason=command.reason, decided_by=command.decided_by
    )
    return Change(resolution, (event,))


def withdrawn(resolution: Resolution | None, _event: ResolutionWithdrawn, _policy: Policy, today: date) -> Change:
    """The matter is withdrawn, and no step is awaited any more. A matter that has already ended keeps its decision."""
    if resolution is None or resolution.course.step is None:
        return Change(resolution)
    return Change(carry(resolution, resolution.course.closed("withdrawn"), today))


def withdraw_fund(resolution: Resolution | None, command: WithdrawFund, _policy: Policy, today: date) -> Change:
    """Whoever gives the money takes it back, which ends the matter. Refused once the money is released (2.18).

    Money that was refused can be taken back, too, since the refusal may still be withdrawn as a mistake.
    """
    resolution = found(resolution, command)
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
    event = FundWithdrawn(**resolution.names, reason=command.reason, decided_by=command.decided_by)
    return Change(carry(resolution, now.closed("withdrawn"), today), (event,))
