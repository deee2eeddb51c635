"""The steps of a village's matter: its votes, acceptances, answers and publications (2.18, 3.12, 4.7, 5.2).

In a round the households are judged one by one. A household leaves the round if a decision leaves it out, if it does
not accept the result, or if an objection to it is upheld; the others continue. It is national practice that a lifted
household must accept (本人认可). Votes follow 四议两公开 and, where villagers' representatives meet, article 26
of the Organic Law of Villagers' Committees (村民委员会组织法).
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Literal

from services.registry.model.commands import TakeStep, WithdrawStep
from services.registry.model.monitoring import eligible
from services.registry.model.procedure import carry, check_given
from services.registry.model.proceeding import UNREGISTERED, Member, Proceeding
from services.registry.model.register import Register
from services.registry.model.resolution import Question, Resolution, found
from services.registry.model.village import Village, standing
from shared.contracts import Event
from shared.contracts.registry import PartyRectified, StepTaken, StepWithdrawn
from shared.policy import Policy, Step
from shared.rules import Change, Key, Refused, State, few, require_body, rests


def take_step(
    resolution: Resolution | None, command: TakeStep, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Take the awaited step. A meeting without quorum is refused; a failed vote leads back or ends the matter.

    Households that have left the register since the last step, by a withdrawal or a split, leave the round first.
    """
    resolution = found(resolution, command)
    before, step = resolution.course, resolution.course.step
    known = eligible(resolution.effect, resolution.subject_code, others[Register, command.village])
    now = before.without((id for id in before.present if id not in known), UNREGISTERED) if step else before
    if step is None or step.name != command.step:
        if any(_same(command, taken, resolution.question) for taken in resolution.taken):
            return Change(resolution)
        raise resolution.out_of_turn(command.step)
    if step.kind not in _FIGURES:
        raise resolution.not_now(
            "公示请用公示命令办理，征求意见请用答复命令办理", "a notice is posted by `notices`, a word given by `words`"
        )
    rule = resolution.rests_on(step)
    require_body(command.body, now.by, rule)
    if now.ended:
        return Change(carry(resolution, now, today), resolution.follows(now))
    _check_figures(now, step, command, rule)
    answers = step.kind == "act" and resolution.question is not None
    check_given(step, "answer", command.answer, _HEADINGS["answer"], rule, wanted=answers)
    _check_codes(step, command, rule)
    marked = _asked(now, step, command, rule) if step.kind == "accept" else now.without(command.left_out)
    asked = [one for one in marked.members.values() if one.left in ("", step.name)]
    if step.kind == "accept" and not all(one.accepted for one in asked):
        return Change(resolution.but(course=marked))
    agreed = step.kind != "decide" or _is_agreed(step, command)
    after = marked if agreed and marked.ended else marked.taken(agreed, today, policy.calendar)
    figures = command.entitled, command.present, command.agreed
    if step.kind == "accept":
        figures = len(asked), len(asked), sum(one.accepted != "no" for one in asked)
    taken = StepTaken(
        **resolution.names,
        step=step.name,
        entitled=figures[0],
        present=figures[1],
        agreed=figures[2],
        left_out=sum(one.left.removeprefix(UNREGISTERED) == step.name for one in marked.members.values()),
        codes=tuple(sorted(command.codes)),
        decided_by=command.decided_by,
    )
    events: list[Event] = [taken]
    if not agreed and not after.ended:
        events.append(resolution.sent_back(after, command.decided_by))
    answered = _answered(resolution.question, command.answer or "") if step.kind == "act" else resolution.question
    moved = resolution.but(question=answered, taken=(*resolution.taken, taken))
    events += resolution.follows(after)
    if resolution.effect == "rectify" and after.step is None and not after.ended:
        events.append(_rectified(moved, command))
    return Change(carry(moved, after, today), tuple(events))


def _rectified(resolution: Resolution, command: TakeStep) -> PartyRectified:
    """The organisation was put in order, and the body that accepts it says so (0.6)."""
    assert resolution.party, "a rectification has its organisation"
    return PartyRectified(
        **resolution.names,
        party=resolution.party,
        kind=resolution.course.kind,
        found=resolution.taken[0].codes,
        decided_by=command.decided_by,
    )


def _answered(question: Question | None, answer: str) -> Question | None:
    """The question with its answer. An empty answer means that there is none yet."""
    return question and Question(question.ground, answer)


def _same(command: TakeStep, taken: StepTaken, question: Question | None) -> bool:
    """Whether a command repeats a step that was taken.

    Households' answers are not compared, since the event has only their number.
    """
    named = ("step", "decided_by", *(() if command.acceptances else ("entitled", "present", "agreed")))
    if {*command.codes} != {*taken.codes}:
        return False
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
    """Take back the latest step, which was entered by mistake. An earlier one is refused: later steps rest on it.

    Refused as well once the matter or its money was withdrawn, since nothing is decided there any more.
    """
    resolution = found(resolution, command)
    if command.step not in (taken.step for taken in resolution.taken):
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
    if resolution.effect == "rectify" and now.step is None:
        rests(resolution.rule, {"整顿的结果": "what the rectification has come to"})
    if resolution.fund and now.published and not now.moved_to(at, today, policy.calendar).published:
        rests(resolution.rule, {"已拨付的资金": "the money, which has been released"})
    event = StepWithdrawn(**resolution.names, step=command.step, reason=command.reason, decided_by=command.decided_by)
    question = _answered(resolution.question, "") if now.steps[at].kind == "act" else resolution.question
    before = resolution.but(question=question, taken=tuple(earlier))
    return Change(carry(before, now.moved_to(at, today, policy.calendar), today), (event,))


def _is_agreed(step: Step, command: TakeStep) -> bool:
    """Whether enough people agreed. Where the step asks for no majority, one vote in favour is enough."""
    if step.majority is None:
        return command.agreed > 0
    base = command.present if step.majority.figure == "agreed" else command.entitled
    return step.majority.holds(Fraction(command.agreed, base))


_FIGURES: Mapping[str, tuple[str, ...]] = {
    "decide": ("entitled", "present", "agreed", "left_out"),
    "accept": ("acceptances",),
    "act": ("answer", "codes"),
    "publish": (),
}
"""By kind of step, the fields of a command that takes it. Of `decide` and `accept` the last field names households."""
_NEEDED: Mapping[str, str] = {"decide": "present", "accept": "acceptances"}
"""By kind of step, the field that must be given."""
_HEADINGS = {
    "entitled": "应到人数",
    "present": "实到人数",
    "agreed": "同意人数",
    "left_out": "未继续参加评定的农户",
    "acceptances": "农户的答复",
    "answer": "答复内容",
    "codes": "查明的问题",
}


def _check_figures(now: Proceeding, step: Step, command: TakeStep, rule: str) -> None:
    """Refuse figures that do not belong to the step or are impossible, and a meeting without its quorum."""
    for field in (field for field in _HEADINGS if field not in _FIGURES[step.kind]):
        check_given(step, field, getattr(command, field), _HEADINGS[field], rule, wanted=False)
    if needed := _NEEDED.get(step.kind):
        check_given(step, needed, getattr(command, needed), _HEADINGS[needed], rule, wanted=True)
    named = (*command.left_out, *(one.household for one in command.acceptances))
    known = {id for id, one in now.members.items() if one.left in ("", step.name)}
    if strange := [id for id in named if id not in known]:
        zh, en = few(strange)
        raise Refused(
            rule,
            f"“{step.label}”所涉农户中没有{zh}，请核对",
            f"{en} are none of the households that {step.name} is about; check them",
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
    if step.quorum and not step.quorum.holds(Fraction(command.present, command.entitled)):
        raise Refused(
            rule,
            f"“{step.label}”应到 {command.entitled} 人，到会 {command.present} 人，未达到规定人数"
            f"（到会比例应当{step.quorum.said[0]}），应当重新召开",
            f"{command.present} of {command.entitled} were present at {step.name}, which is no quorum: "
            f"{step.quorum.said[1]} of them must come; hold it again",
            field="present",
        )


def _check_codes(step: Step, command: TakeStep, rule: str) -> None:
    """Require known codes in the step that finds out what is wrong, and refuse codes in every other step (0.6)."""
    known = step.codes
    check_given(step, "codes", command.codes, _HEADINGS["codes"], rule, wanted=bool(known))
    if known and (strange := [code for code in command.codes if code not in known]):
        raise Refused(
            rule,
            f"“{step.label}”没有代码为“{strange[0]}”的问题，可填：{'、'.join(known.values())}",
            f"{step.name} knows no {strange[0]!r}, only {', '.join(known)}",
            field="codes",
            status=422,
        )
