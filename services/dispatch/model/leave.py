"""Leave from the village: the team asks for it, and whoever the pack names grants it. It is not a recall.

For long leave the unit sends somebody else. The member is off the team from the first day of the leave, without a
recall on record, and a named body decides afterwards whether the cadre comes back. Who is on leave is sealed.
"""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from services.dispatch.model.commands import DecideLeave, DecideReturn, RequestLeave
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.members import LONGEST_ILLNESS, same_team
from services.dispatch.model.pool import Pool, relatives, without
from services.dispatch.model.roster import Leave, Others, Post, Roster, clocked, decider
from shared.calendar import DAY
from shared.contracts import Event
from shared.contracts.dispatch import LeaveBegun, LeaveGranted, LeaveRefused
from shared.policy import Policy
from shared.policy.presence import Presence
from shared.rules import Change, Due, Key, Refused, addressed, require_body, require_soon

_RULE = "5.12"


def terms_of(policy: Policy) -> Presence:
    """What the pack says of presence and leave. Refuses if it says nothing."""
    if policy.presence is None:
        zh = "本地规定没有驻村天数和请假的规定，请先在政策包中写明"
        raise Refused(_RULE, zh, "the pack says nothing of presence and leave; it needs a section `presence`")
    return policy.presence


def team_of(_state: Roster | None, command: RequestLeave) -> Iterable[Key]:
    """The key of the village's team."""
    return ((Link, id_of(command.village)),)


def request(state: Roster | None, command: RequestLeave, policy: Policy, today: date, others: Others) -> Change:
    """The team asks for a member's leave. Whoever decides on leave of this length gets a task."""
    terms = terms_of(policy)
    kind = terms.kind(command.kind)
    if kind is None:
        raise Refused(
            terms.rule,
            f"本地规定中没有这种假，可填：{'、'.join(one.label for one in terms.leave) or '（无）'}",
            f"the pack has no leave {command.kind}; it has: {', '.join(one.kind for one in terms.leave) or 'none'}",
            field="kind",
            status=422,
        )
    require_body(command.body, "team", terms.rule)
    link = others[Link, id_of(command.village)]
    link = addressed(link if isinstance(link, Link) else None, command)
    state = state or Roster(id=link.village, place=link.place, unit=link.unit)
    if not state.members:  # The team was there before the pack asked for anything.
        state = state.but(unit=link.unit, members={one.cadre: Post(one.role, today) for one in link.team})
    leave = Leave(cadre=command.cadre, kind=command.kind, first=command.first, last=command.last)
    if command.cadre not in state.members and _continued(state, leave) is None:
        zh, en = (
            f"{command.cadre}不是该村工作队的现任队员，请核对",
            f"{command.cadre} is no member of the team now; check it",
        )
        raise Refused(terms.rule, zh, en, field="cadre", status=422)
    if any((one.cadre, one.first, one.last) == (leave.cadre, leave.first, leave.last) for one in state.leaves.values()):
        return Change(state)
    if leave.days < 1 or (kind.longest and leave.days > kind.longest):
        raise Refused(
            terms.rule,
            f"假期应不少于1日{f'，这种假最多{kind.longest}日' if kind.longest else ''}，请更正起止日期",
            f"leave has a day at least{f', and {kind.longest} at most' if kind.longest else ''}; correct its days",
            field="last",
            status=422,
        )
    require_soon(command.last, today, LONGEST_ILLNESS, "last", terms.rule)
    for one in state.leaves.values():
        if one.cadre == leave.cadre and one.first <= leave.last and leave.first <= one.last:
            raise Refused(
                terms.rule,
                f"与{one.first}至{one.last}的假重叠，请更正起止日期",
                f"it overlaps with leave from {one.first} to {one.last}; correct its days",
                field="first",
            )
    number = state.asked + 1
    state = state.but(asked=number, leaves={**state.leaves, str(number): leave})
    return Change(clocked(state, policy, today))


def rule_of(policy: Policy) -> str:
    """What a decision on leave rests on, also where the pack says nothing of leave any more."""
    return policy.presence.rule if policy.presence else _RULE


def _asked(state: Roster | None, command: DecideLeave | DecideReturn, policy: Policy) -> tuple[Roster, Leave]:
    """The roster and the leave that a decision is about."""
    state = addressed(state, command)
    leave = state.leaves.get(str(command.number))
    if leave is None:
        zh, en = f"该村没有第{command.number}号请假，请核对编号", f"there is no request {command.number} here; check it"
        raise Refused(rule_of(policy), zh, en, field="number")
    return state, leave


def decide(state: Roster | None, command: DecideLeave, policy: Policy, today: date) -> Change:
    """Grant leave, or do not. What was granted can be taken back by the same body until long leave has begun."""
    state, leave = _asked(state, command, policy)
    rule = rule_of(policy)
    require_body(command.body, decider(leave, policy), rule)
    if leave.begun:
        raise Refused(
            rule,
            "队员已离队休假，不能再撤销；请假期满后决定是否返回",
            "the leave has begun, and the member is off the team; decide on the return after its end",
        )
    if not command.granted:
        rest = state.but(leaves=without(state.leaves, str(command.number)))
        return Change(clocked(rest, policy, today), (_refused(leave, command, state.id, state.place),))
    if leave.decided_by:
        return Change(state)
    granted = _granted(state, leave, command, policy, today)
    told = _told(granted, state.id, state.place)
    state = state.but(leaves={**state.leaves, str(command.number): granted})
    if not granted.replaced or leave.first > today:
        return Change(clocked(state, policy, today), (told,))
    state, begun = _begun(state, str(command.number), granted)
    return Change(clocked(state, policy, today), (told, *begun))


def _granted(state: Roster, leave: Leave, command: DecideLeave, policy: Policy, today: date) -> Leave:
    """The leave as it is granted, with whether the unit sends somebody else for its time."""
    kind = policy.presence.kind(leave.kind) if policy.presence else None
    is_long = bool(kind and kind.replaced_from and leave.days >= kind.replaced_from)
    replaced = leave.last >= today and (is_long or _continued(state, leave) is not None)
    return replace(leave, decided_by=command.decided_by, replaced=replaced)


def _told(leave: Leave, village: str, place: str) -> LeaveGranted:
    return LeaveGranted(
        place=place, village=village, cadre=leave.cadre, kind=leave.kind, first=leave.first, last=leave.last,
        replaced=leave.replaced, decided_by=leave.decided_by,
    )  # fmt: skip


def _refused(leave: Leave, command: DecideLeave, village: str, place: str) -> LeaveRefused:
    return LeaveRefused(
        place=place,
        village=village,
        cadre=leave.cadre,
        kind=leave.kind,
        first=leave.first,
        last=leave.last,
        decided_by=command.decided_by,
    )


def asked_in(_pool: Pool | None, command: DecideLeave) -> Iterable[Key]:
    """The keys of the roster that knows the request, and of the pools that know where the team is."""
    return (Roster, command.village), *relatives(command)


def share(pool: Pool | None, command: DecideLeave, policy: Policy, today: date, others: Others) -> Change:
    """Tell what is decided on leave in each other village of the team, where an inspector may come as well (2.10).

    The roster's own rule says whether this may be decided.
    """
    team, roster = pool.teams.get(command.village) if pool else None, others[Roster, command.village]
    leave = roster.leaves.get(str(command.number)) if isinstance(roster, Roster) else None
    if pool is None or team is None or leave is None or bool(leave.decided_by) == command.granted:
        return Change(pool)
    assert isinstance(roster, Roster)
    granted = _granted(roster, leave, command, policy, today)
    return Change(
        pool,
        tuple(
            _told(granted, village, one.place) if command.granted else _refused(leave, command, village, one.place)
            for village, one in same_team(pool, team, others)
            if village != command.village
        ),
    )


def _continued(state: Roster, leave: Leave) -> str | None:
    """The number of the cadre's long leave that ends on the day before, so that this one goes on with it."""
    return next((number for number, one in state.leaves.items()
                 if one.replaced and one.cadre == leave.cadre and one.last + DAY == leave.first), None)  # fmt: skip


def _begun(state: Roster, number: str, leave: Leave) -> tuple[Roster, tuple[Event, ...]]:
    """Long leave begins: the member is off the team. If the member left the team before, the leave is dropped.

    If this leave follows directly on another long one, the member is off the team already. The earlier leave is then
    dropped, so that there is one return to decide on.
    """
    before = _continued(state, leave)
    if before is not None and state.leaves[before].begun:
        first = state.leaves[before]
        leave = replace(leave, substitute=first.substitute, role=first.role, acting=first.acting)
        state = state.but(leaves=without(state.leaves, before))
    elif leave.cadre not in state.members:
        return state.but(leaves=without(state.leaves, number)), ()
    else:
        leave = replace(leave, role=state.members[leave.cadre].role)
    begun = LeaveBegun(
        place=state.place,
        village=state.id,
        unit=state.unit,
        cadre=leave.cadre,
        last=leave.last,
        decided_by=leave.decided_by,
    )
    return state.but(leaves={**state.leaves, number: replace(leave, begun=True)}), (begun,)


def fall_due(state: Roster, due: Due, policy: Policy, today: date) -> Change:
    """Long leave begins, and after its end the return is to be decided."""
    told: tuple[Event, ...] = ()
    for number, leave in sorted(state.leaves.items(), key=lambda item: item[1].first):
        if leave.replaced and not leave.begun and leave.first <= due.on:
            state, begun = _begun(state, number, leave)
            told += begun
    ended = {
        number: replace(leave, over=True)
        for number, leave in state.leaves.items()
        if leave.begun and leave.last < due.on
    }
    state = state.but(leaves={**state.leaves, **ended})
    return Change(clocked(state, policy, due.on), told)


def decide_return(state: Roster | None, command: DecideReturn, policy: Policy, today: date) -> Change:
    """The leave is done with. The pool's rule (`members.take_in`) settles whether the cadre comes back."""
    require_body(command.body, "organisation", rule_of(policy))
    state, _ = _asked(state, command, policy)
    return Change(clocked(state.but(leaves=without(state.leaves, str(command.number))), policy, today))


def on_leave(leaves: Iterable[Leave], cadre: str, first: date, last: date) -> int:
    """The days from `first` to `last` for which a cadre was granted leave; each once, also if two villages say it."""
    granted = [leave for leave in leaves if leave.cadre == cadre and leave.decided_by]
    if not granted:
        return 0
    days = (first + DAY * n for n in range((last - first).days + 1))
    return sum(any(one.first <= day <= one.last for one in granted) for day in days)
