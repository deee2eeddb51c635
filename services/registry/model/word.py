"""The word of a body that is asked before others decide, such as the province's on an exit.

    asked ─► accepted, or silence where the pack says so ─► the next step
      ▲ └──► rejected, with the reason ─► back to the step that the pack names
      └────► later: by a day, as often as the pack allows

Each asking has its number, and an answer names it: what was said to an earlier asking is never taken for the present
one. Nobody else gives the word, however late it is.
"""

from datetime import date

from services.registry.model.commands import GiveDecapWord, GiveWord
from services.registry.model.notice import named
from services.registry.model.procedure import Carrier, carry, check_given
from services.registry.model.proceeding import Proceeding
from shared import chinese
from shared.contracts import Event
from shared.contracts.registry import WordGiven
from shared.policy import Policy, Step
from shared.rules import Change, Refused, require_body


def give(state: Carrier | None, command: GiveWord | GiveDecapWord, policy: Policy, today: date) -> Change:
    """Take the word. A body that has accepted may say otherwise until something is done in the step that follows."""
    state = named(state, command)
    now, again = _asked(state, command)
    step = now.steps[now.at]
    rule = state.rests_on(step)
    require_body(command.body, step.by, rule)
    check_given(step, "reason", command.reason, "理由", rule, wanted=command.word != "accepted")
    check_given(step, "until", command.until, "推迟到的日期", rule, wanted=command.word == "later")
    if again and command.word == "accepted":
        return Change(state)
    if command.word == "later":
        assert command.until is not None, "it was checked"
        after = _later(now, step, command.until, rule, today, policy)
        if after == now and not again:
            return Change(state)
    else:
        after = now.taken(command.word == "accepted", today, policy.calendar).but(word=command.word == "accepted")
    said: Event = state.tell(WordGiven, kind=now.kind, step=step.name, asking=now.asked, word=command.word,
                             until=command.until, reason=command.reason, decided_by=command.decided_by)  # fmt: skip
    events = [said, *state.follows(after)]
    if command.word == "rejected":
        events.append(state.sent_back(after, command.decided_by))
    return Change(carry(state, after, today), tuple(events))


def _asked(state: Carrier, command: GiveWord | GiveDecapWord) -> tuple[Proceeding, bool]:
    """The procedure at the step that asks, and whether it has been answered already and can be answered otherwise.

    Raises Refused if the asking that the command names is over, or never was.
    """
    now = state.under_way
    step = now.step if now else None
    if now and step and step.kind == "ask" and step.name == command.step:
        if command.asking == now.asked:
            return now, False
        raise Refused(
            state.rests_on(step),
            f"“{step.label}”现在是第 {now.asked} 次征求意见，不是第 {command.asking} 次，请核对后按本次征求的内容答复",
            f"{step.name} asks for a word with the number {now.asked} now, and this answers asking {command.asking}; "
            "look at what is asked now, and answer that",
            field="asking",
        )
    if now and step and now.word and now.steps[now.at - 1].name == command.step and command.asking == now.asked:
        answered = step.kind == "accept" and any(one.accepted for one in now.members.values())
        if answered or now.notice_until or now.hearing or now.told or now.extended or now.taken_by:
            raise state.not_now(
                f"“{step.label}”已经开始办理，答复不能再更改", f"{step.name} has begun, so that the word stands"
            )
        return now.but(at=now.at - 1, take_by=None), True
    raise state.not_now(
        "所填环节没有在征求意见（尚未征求、已经答复，或者逾期未答复已按规定继续办理），请核对",
        "the step that is named asks for no word now (not yet, no more, or it went on after silence); check it",
    )


def _later(now: Proceeding, step: Step, until: date, rule: str, today: date, policy: Policy) -> Proceeding:
    """The procedure with a later day for the word.

    It may lie as long after the present last day (or after today, if that day is over) as the step's own time. Until
    the new day is over, it may be changed within that limit, and this is not counted as another postponement.
    """
    if now.more_from and now.take_by == until:
        return now
    most, before, since = step.postponements or 0, now.extended, today if now.told else now.take_by or today
    if now.more_from:
        before, since = before - 1, now.more_from
    if before >= most:
        told = f"最多推迟{most}次，已推迟{before}次" if most else "不能推迟"
        raise Refused(
            rule,
            f"“{step.label}”的答复{told}；请答复同意或者不同意",
            f"the word of {step.name} may come later {most} times, and did {before} times; accept or reject",
            field="until",
        )
    last = step.within.after(since, policy.calendar)
    if not today < until <= last:
        raise Refused(
            rule,
            f"推迟到的日期应在{chinese.day(today)}之后，不晚于{chinese.day(last)}（每次不超过该环节的办理时限），请改填",
            f"the word must come after {today} and not after {last}, since it is put off by no more time than the "
            "step has; name another day",
            field="until",
            status=422,
        )
    return now.but(take_by=until, told=False, extended=before + 1, more_from=since)
