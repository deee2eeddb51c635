"""Public notices and the objections to them, in every kind of procedure: an exit, a matter, a de-capping.

Anyone may object until the end of the notice's last day. Every objection gets an answer. Once none is open, an upheld
one leads the procedure back; otherwise it goes on when the notice is over.
"""

from datetime import date

import msgspec

from services.registry.model.commands import (
    DecideDecapDelay,
    DecideDecapObjection,
    DecideDelay,
    DecideObjection,
    GiveDecapWord,
    GiveWord,
    PostDecapNotice,
    PostNotice,
    RaiseDecapObjection,
    RaiseObjection,
    WithdrawDecapNotice,
    WithdrawDecapObjection,
    WithdrawNotice,
    WithdrawObjection,
)
from services.registry.model.procedure import Carrier, carry, no_decap, no_matter, settled
from services.registry.model.proceeding import Objection, Proceeding
from shared.contracts.registry import (
    NoticePosted,
    NoticeWithdrawn,
    ObjectionDecided,
    ObjectionRaised,
    ObjectionWithdrawn,
)
from shared.labels import label
from shared.policy import Policy, Step
from shared.rules import Change, Refused, known, require_body, rests

Notice = PostNotice | RaiseObjection | DecideObjection | WithdrawNotice | WithdrawObjection | DecideDelay | GiveWord
"""The commands about a notice, a late step or a word that is asked for. Where a command names no matter it is about
the village's exit."""
OfDecap = (
    PostDecapNotice
    | RaiseDecapObjection
    | DecideDecapObjection
    | WithdrawDecapNotice
    | WithdrawDecapObjection
    | DecideDecapDelay
    | GiveDecapWord
)
"""The same commands about the de-capping of a township or county."""


def post_notice(state: Carrier | None, command: PostNotice | PostDecapNotice, policy: Policy, today: date) -> Change:
    """Post a notice for the pack's time. The next step may be taken on the day after the notice's last day."""
    state, now, step = _at_notice(state, command, "还没有轮到公示", "it is not the turn of a notice yet")
    require_body(command.body, now.by, state.rests_on(step))
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
    state = named(state, command)
    now = state.under_way
    if now is None or now.step is None or now.notice_until is None:
        if now and now.step and now.at and now.steps[now.at - 1].kind == "notice":
            zh = f"公示期已满，待{label('by', now.by, policy)}办理“{now.step.label}”"
            rests(state.rests_on(now.step), {zh: f"it is over, and {now.by} is awaited to take {now.step.name}"})
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
        )
    assert step.answer is not None, "every notice has its time for answers"
    given = msgspec.structs.replace(given, answer_by=step.answer.after(today, policy.calendar))
    event = state.tell(ObjectionRaised, objection=command.objection)
    now = now.but(objections={**now.objections, str(command.objection): given})
    return Change(carry(state, now, today), (event,))


def decide_objection(
    state: Carrier | None, command: DecideObjection | DecideDecapObjection, policy: Policy, today: date
) -> Change:
    """Decide on an objection.

    If it is upheld and is about one member, only that member leaves. If it is upheld and is about the notice as a
    whole, the procedure moves back once no other objection is open. Without such an objection it goes on when the
    notice is over.
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
    after = settled(now, today, policy.calendar)
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
    state = named(state, command)
    now = state.under_way
    if now is None or (objection := now.objections.get(str(command.objection))) is None:
        return Change(state)
    if objection.upheld is not None:
        zh = f"第 {command.objection} 号异议的处理"
        rests(state.rests_on(now.step), {zh: f"the decision on objection {command.objection}"})
    others = {number: one for number, one in now.objections.items() if number != str(command.objection)}
    event = state.tell(
        ObjectionWithdrawn, objection=command.objection, reason=command.reason, decided_by=command.decided_by
    )
    after = settled(now.but(objections=others), today, policy.calendar)
    return Change(carry(state, after, today), (event, *state.follows(after)))


def named(state: Carrier | None, command: Notice | OfDecap) -> Carrier:
    """The matter or division that a command names, or the village if its exit is meant. Raises Refused if unknown."""
    if state is None and command.matter is not None:
        raise no_matter(command.matter)
    if state is None and command.about == "division":
        raise no_decap(command.subject_id)
    state = known(state, "村", "village", command.subject_id)
    state.check(command)
    return state


def _at_notice(state: Carrier | None, command: Notice | OfDecap, zh: str, en: str) -> tuple[Carrier, Proceeding, Step]:
    """The named state, its procedure and its awaited step. Raises Refused if that step is no notice."""
    state = named(state, command)
    now = state.under_way
    if now is None or now.step is None or now.step.kind != "notice":
        raise state.not_now(zh, en)
    return state, now, now.step
