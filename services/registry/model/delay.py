"""What is done about a step that is late: the body that the pack has told of it gives it more time, or takes it itself.

    overdue ─► told upward ─► more time, as often as the pack allows ─► taken, or overdue again
                          └─► taken over: from now on the superior owes the step

Some steps are for one body alone, such as what a village decides or an inspection finds. They can get more time, but
nobody else can take them.
"""

from datetime import date
from typing import cast

from services.registry.model.commands import DecideDecapDelay, DecideDelay
from services.registry.model.notice import named
from services.registry.model.procedure import Carrier, carry, check_given
from services.registry.model.proceeding import Proceeding
from shared import chinese
from shared.contracts.registry import DelayDecided
from shared.contracts.values import Role
from shared.labels import label
from shared.policy import Policy, Step
from shared.policy.procedure import STAY
from shared.rules import Change, Refused, require_body


def decide(state: Carrier | None, command: DecideDelay | DecideDecapDelay, policy: Policy, today: date) -> Change:
    """Decide on a late step. Until it is taken the same body may decide otherwise."""
    state = named(state, command)
    now = state.under_way
    if now is None or now.step is None or now.step.name != command.step or now.notice_until or now.hearing:
        raise state.not_now("所填环节不在办理中，请核对", "the step that is named is not awaited; check it")
    step, rule = now.step, state.rests_on(now.step)
    if step.overdue_to is None or not (now.told or now.extended or now.taken_by):
        raise state.not_now(
            f"“{step.label}”{'没有逾期' if step.overdue_to else '逾期不由上级处理'}，无须处理",
            f"{step.name} {'is not late' if step.overdue_to else 'has no body above it that decides on delays'}",
        )
    require_body(command.body, step.overdue_to, rule)
    check_given(step, "until", command.until, "新的期限", rule, wanted=not command.takes_over)
    after = (
        _taken_over(now, step, command.body, rule, today, policy)
        if command.takes_over
        else (_extended(now, step, cast(date, command.until), rule, today, policy))
    )
    if after == now:
        return Change(state)
    event = state.tell(DelayDecided, kind=now.kind, step=step.name, until=after.take_by, taken_by=after.taken_by,
                       reason=command.reason, decided_by=command.decided_by)  # fmt: skip
    return Change(carry(state, after, today), (event,))


def _taken_over(now: Proceeding, step: Step, by: Role, rule: str, today: date, policy: Policy) -> Proceeding:
    """The procedure with its step taken over. The new body has the step's full time, counted from today."""
    if now.taken_by == by:
        return now
    if step.by in STAY:
        who = label("by", step.by, policy)
        raise Refused(
            rule,
            f"“{step.label}”由{who}自行办理，其他机构不能接办；请督促办理，本地规定允许的可以延期",
            f"{step.name} is a matter of {step.by} alone, and nobody takes it over; urge it on, or give it more time "
            "where the pack allows that",
            field="takes_over",
            status=422,
        )
    due = step.within.after(today, policy.calendar)
    return now.but(taken_by=by, take_by=due, told=False)


def _extended(now: Proceeding, step: Step, until: date, rule: str, today: date, policy: Policy) -> Proceeding:
    """The procedure with a new last day for its step, which the body named by the pack takes again.

    An extension runs at most as long as the step's own time. Until that much time has passed since it was given, the
    superior may change its day, and that is not counted as another extension.
    """
    if now.more_from and not now.taken_by and now.take_by == until:
        return now
    most, before, since = step.extensions or 0, now.extended, today
    if now.more_from and step.within.after(now.more_from, policy.calendar) > today:
        before, since = before - 1, now.more_from
    if before >= most:
        told = f"“{step.label}”最多延期{most}次，已延期{before}次" if most else f"“{step.label}”不能延期"
        taken = "请督促办理" if step.by in STAY else "请督促办理，或者接办"
        raise Refused(
            rule,
            f"{told}；{taken}",
            f"{step.name} may get more time {most} times, and got it {before} times; urge it on, or take it over where "
            "that is possible",
            field="until",
        )
    last = step.within.after(since, policy.calendar)
    if not today < until <= last:
        raise Refused(
            rule,
            f"新的期限应在{chinese.day(today)}之后，不晚于{chinese.day(last)}（不超过该环节的办理时限），请改填",
            f"the new last day must be after {today} and not after {last}, since nothing gets more time than the step "
            "has; name another",
            field="until",
            status=422,
        )
    return now.but(take_by=until, told=False, extended=before + 1, more_from=since, taken_by=None)
