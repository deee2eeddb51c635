"""Checklists that are ticked off for a village on fixed days: its working methods, what it discloses (0.8, 1.17).

    a day of the list ─► open ─► ticked off item by item; the event names the items that are missing
                          └─ its time is over: an event says so once, and it is owed until the list's next day

The village itself owes them, with or without a team. What a unit owes are the commitments of the dispatch.
"""

from collections.abc import Iterable
from datetime import date

import msgspec

from services.registry.model.commands import TickChecklist, WithdrawChecklist
from shared.calendar import DAY
from shared.contracts.registry import (
    ChecklistOverdue,
    ChecklistTicked,
    ChecklistWithdrawn,
    IndicatorsMeasured,
    VillageMerged,
    VillageRecoded,
    VillageRegistered,
    VillageWithdrawn,
)
from shared.divisions import place_of
from shared.labels import said
from shared.policy import Policy
from shared.policy.checklists import Checklist
from shared.rules import Change, Due, Refused, State, Task, addressed, entry, require_body

RULE = "0.8"
"""The rule that a refusal cites if the pack has no such list."""


class Ticked(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a list was ticked off last."""

    on: date
    due: date
    followed: tuple[str, ...]
    vacant: tuple[str, ...] = ()
    proof: str | None = None
    late: bool = False
    """Whether it was ticked off after its last day, when an event had already said that it was overdue."""


class Checklists(State, frozen=True, kw_only=True, omit_defaults=True):
    """What is ticked off for a village. Its id is the village's."""

    kind = "checklists"
    known_as = ("村级清单填报情况", "what is ticked off for a village")
    open: dict[str, date] = msgspec.field(default_factory=dict)
    """By list and day, as `disclosure/2018-03-31`: the last day for ticking it off."""
    last: dict[str, Ticked] = msgspec.field(default_factory=dict)
    """By list."""

    @property
    def status(self) -> str:
        return "open" if self.open else ""

    @property
    def awaits(self) -> bool:
        return bool(self.open)

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """The lists to tick off."""
        for key, due in sorted(self.open.items()):
            kind, _, on = key.partition("/")
            if one := policy.checklist(kind):
                answer = {"place": self.place, "village": self.id, "kind": kind, "on": on, "body": one.by}
                yield Task(
                    action="checklists", about=self.id, role=one.by, due=due, rule=one.rule, detail=key, answer=answer
                )

    def clocked(self, policy: Policy, after: date) -> "Checklists":
        """The state with its timer on the first later day on which a list opens or has become overdue.

        It stands on New Year's Day at the latest, since a new pack may have other lists.
        """
        days = [date(after.year + 1, 1, 1), *(due + DAY for due in self.open.values())]
        days += (when.begins(after, policy.calendar) for one in policy.checklists for when in one.when)
        return self.timed(lists=min(day for day in days if day > after))


def of_village(event: VillageRegistered | IndicatorsMeasured, policy: Policy) -> Iterable[str]:
    """The village, if the pack has checklists.

    A village that was registered before the pack had any begins when its next figures come in.
    """
    return (event.village,) if policy.checklists else ()


def begin(
    state: Checklists | None, event: VillageRegistered | IndicatorsMeasured, policy: Policy, today: date
) -> Change:
    """A village's lists are due from now on."""
    state = state or Checklists(id=event.village, place=event.place)
    return Change(state if "lists" in state.timers else state.clocked(policy, today))


def move(state: Checklists | None, event: VillageRecoded, _policy: Policy, today: date) -> Change:
    """The village has a new code. If it lies in another county now, it owes that county's lists from tomorrow on.

    If the timer of today has not run yet, it stays, so that today's lists are not passed over.
    """
    here = place_of(event.code)
    if here == event.place:
        return Change(state)
    state = state or Checklists(id=event.village, place=here)
    return Change(state.but(place=here).timed(lists=min((today + DAY, *state.timers.values()))))


def end(state: Checklists | None, _event: VillageMerged | VillageWithdrawn, _policy: Policy, _today: date) -> Change:
    """Nothing is ticked off any more for a village that has ended."""
    return Change(state and state.but(open={}, timers={}))


def look(state: Checklists, due: Due, policy: Policy, _today: date) -> Change:
    """Tell once which lists had their last day yesterday, and open those whose day has come.

    A list that was not ticked off before its next day is no longer owed for the earlier day.
    """
    overdue = []
    for key, last in sorted(state.open.items()):
        kind, _, on = key.partition("/")
        if last + DAY == due.on and (one := policy.checklist(kind)):
            overdue.append(_overdue(state, one, date.fromisoformat(on), last))
    opened = {
        one.kind: when.within.after(due.on, policy.calendar)
        for one in policy.checklists
        for when in one.when
        if [*when.days(due.on, due.on, policy.calendar)]
    }
    kept = {key: last for key, last in state.open.items() if _goes_on(key.partition("/")[0], opened, policy)}
    kept |= {f"{kind}/{due.on}": last for kind, last in opened.items()}
    return Change(state.but(open=kept).clocked(policy, due.on), tuple(overdue))


def _overdue(state: Checklists, one: Checklist, on: date, due: date) -> ChecklistOverdue:
    return ChecklistOverdue(place=state.place, village=state.id, kind=one.kind, on=on, due=due, owed_by=one.by)


def _goes_on(kind: str, opened: Iterable[str], policy: Policy) -> bool:
    return kind not in opened and policy.checklist(kind) is not None


def tick(state: Checklists | None, command: TickChecklist, policy: Policy, today: date) -> Change:
    """Tick a list off. Items that are neither followed nor vacant are told as missing (`unfollowed`)."""
    one = _checklist(command, policy)
    state = addressed(state, command)
    require_body(command.body, one.by, one.rule)
    _check_items(command, one)
    key = f"{command.kind}/{command.on}"
    due, last = state.open.get(key), state.last.get(command.kind)
    followed, vacant = (
        tuple(code for code in one.items if code in said) for said in (command.followed, command.vacant)
    )
    if due is None and last and last.on == command.on:
        if (last.followed, last.vacant, last.proof) == (followed, vacant, command.proof):
            return Change(state)
        raise Refused(
            one.rule,
            f"“{one.label}”{command.on}的一次已经填报，确有错误的请先撤销",
            f"{one.kind} of {command.on} was ticked off already; if that was wrong, withdraw it first",
            field="on",
        )
    if due is None:
        days = [key.partition("/")[2] for key in state.open if key.startswith(f"{one.kind}/")]
        raise Refused(
            one.rule,
            f"“{one.label}”{command.on}没有应填报的一次；现应填报：{'、'.join(days) or '无'}",
            f"{one.kind} is not due of {command.on}; what is: {', '.join(days) or 'nothing'}",
            field="on",
        )
    unfollowed = tuple(code for code in one.items if code not in (*followed, *vacant))
    after = state.but(
        open={other: last for other, last in state.open.items() if other != key},
        last={**state.last, one.kind: Ticked(command.on, due, followed, vacant, command.proof, due < today)},
    )
    event = ChecklistTicked(
        place=state.place,
        village=state.id,
        kind=one.kind,
        on=command.on,
        followed=followed,
        vacant=vacant,
        unfollowed=unfollowed,
        proof=command.proof,
        ticked_by=command.ticked_by,
    )
    return Change(after.clocked(policy, today), (event,))


def _checklist(command: TickChecklist | WithdrawChecklist, policy: Policy) -> Checklist:
    """The list that a command names. Raises Refused if the pack has none."""
    return entry(command.kind, policy.checklists, RULE, "清单", "list")


def _check_items(command: TickChecklist, one: Checklist) -> None:
    """Refuse unknown items, items said to be both, vacant items where the list has none, and a missing proof."""
    known = "、".join(one.items.values())
    for field, codes in (("followed", command.followed), ("vacant", command.vacant)):
        if unknown := sorted({*codes} - {*one.items}):
            raise Refused(
                one.rule,
                f"“{one.label}”没有代码为“{unknown[0]}”的事项，可填：{known}",
                f"{one.kind} has no item {unknown[0]!r}, only {', '.join(one.items)}",
                field=field,
                status=422,
            )
    if command.vacant and not one.vacant:
        zh, en = f"“{one.label}”各项不得填“本期无内容”", f"no item of {one.kind} may have nothing"
    elif both := [code for code in one.items if code in command.followed and code in command.vacant]:
        zh = f"“{one.items[both[0]]}”不能既已落实又本期无内容，请改填"
        en = f"{both[0]} cannot be followed and have nothing; say one of both"
    else:
        if one.proof and command.followed and not command.proof:
            zh, en = f"“{one.label}”已落实的，须写明佐证", f"{one.kind} needs a proof for what was done"
            raise Refused(one.rule, zh, en, field="proof", status=422)
        return
    raise Refused(one.rule, zh, en, field="vacant", status=422)


def withdraw(state: Checklists | None, command: WithdrawChecklist, policy: Policy, today: date) -> Change:
    """What was ticked off last was a mistake, so the list is owed again.

    If its last day is over by now, it is told as overdue, unless that was told before. Once the list's next day has
    come, nothing can be withdrawn.
    """
    one = _checklist(command, policy)
    state = addressed(state, command)
    last, key = state.last.get(command.kind), f"{command.kind}/{command.on}"
    if key in state.open:
        return Change(state)
    if last is None or last.on != command.on or any(other.startswith(f"{one.kind}/") for other in state.open):
        raise Refused(
            one.rule,
            f"{said('kind', one.kind, policy)}{command.on}的一次没有填报，或者下一次已经开始，不能撤销",
            f"{one.kind} of {command.on} was not ticked off, or its next day has come, so that it stands",
            field="on",
        )
    after = state.but(
        open={**state.open, key: last.due}, last={kind: was for kind, was in state.last.items() if kind != one.kind}
    )
    event = ChecklistWithdrawn(
        place=state.place,
        village=state.id,
        kind=one.kind,
        on=command.on,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    if last.late or last.due >= today:
        return Change(after.clocked(policy, today), (event,))
    return Change(after.clocked(policy, today), (event, _overdue(state, one, command.on, last.due)))
