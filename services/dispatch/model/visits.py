"""How often those who are bound to a village came in a period: a number that a body reports afterwards (2.11).

After each month, quarter, half-year or year, as the pack says, this number is asked for, for each cadre or party that
is bound to the village. If some came less often than the pack asks, the body that the pack names is told how many.
Nothing follows by itself.
"""

from datetime import date
from typing import Any

from msgspec.structs import replace

from services.dispatch.model.bonds import Contacts, Period, changed, clocked, period_of
from services.dispatch.model.commands import CountVisits
from shared.calendar import DAY
from shared.contracts import Event
from shared.contracts.dispatch import VisitsCounted, VisitsMissed, VisitsShort
from shared.policy import Policy
from shared.rules import Change, Due, Refused, addressed, overwrite, require_body

KEPT = 12
"""How many periods are kept of each kind of link, so that they can be corrected."""


def fall_due(state: Contacts, due: Due, policy: Policy, today: date) -> Change:
    """Tell once which period's visits were not reported in time. On the first day of a period, ask for those of the one
    before."""
    told: list[Event] = []
    for kind, periods in sorted(state.visits.items()):
        link = policy.bonds.get(kind)
        for last, one in sorted(periods.items()):
            if not one.times and not one.is_missed and one.tell_by < due.on:
                periods = {**periods, last: replace(one, is_missed=True)}
                if link and link.visits:
                    told.append(
                        VisitsMissed(
                            place=state.place,
                            village=state.id,
                            kind=kind,
                            last=date.fromisoformat(last),
                            due=one.tell_by,
                            owed_by=link.visits.by,
                        )
                    )
        state = state.but(visits={**state.visits, kind: periods})
    for kind, bond in sorted(state.bonds.items()):
        link = policy.bonds.get(kind)
        if link and link.visits and bond.since and period_of(due.on, link.visits.every) == due.on:
            state = _asked(state, kind, due.on - DAY, policy)
    return Change(clocked(state, policy, due.on), tuple(told))


def _asked(state: Contacts, kind: str, last: date, policy: Policy) -> Contacts:
    """The state that asks for the visits of the period that ended on this day."""
    terms = policy.bonds[kind].visits
    since = {bearer: on for bearer, on in state.bound(kind).items() if on <= last}
    if terms is None or not since:
        return state
    first, name = period_of(last, terms.every), last.isoformat()
    tell_by = terms.count_by.due(last, policy.calendar)
    period = Period(tell_by, {bearer: on <= first for bearer, on in sorted(since.items())})
    periods = {**state.visits.get(kind, {}), name: period}
    state = state.but(visits={**state.visits, kind: dict([*periods.items()][-KEPT:])})
    return state.counting("visits", kind, name, "tell_by", since=last, span=terms.count_by.within, timer="visits")


def count(state: Contacts | None, command: CountVisits, policy: Policy, today: date) -> Change:
    """A body says how often each came. The command names everybody who was bound to the village at the period's end,
    and nobody else."""
    link = policy.bonds.get(command.kind)
    if link is None or link.visits is None:
        zh = "、".join(one.label for one in policy.bonds.values() if one.visits) or "（无）"
        en = ", ".join(one.kind for one in policy.bonds.values() if one.visits) or "none"
        raise Refused(
            "2.11",
            f"本地规定中这种联系不要求到村次数，可填：{zh}",
            f"the pack asks for no visits of such a kind of link, {command.kind}; those that have them: {en}",
            field="kind",
            status=422,
        )
    require_body(command.body, link.visits.by, link.rule)
    state = addressed(state, command)
    before, name = state, command.last.isoformat()
    period = state.visits.get(link.kind, {}).get(name)
    if period is None:
        zh = "这一期不须确认：尚未结束，或者期末没有人联系该村，请核对期末日期"
        en = f"nothing is asked of the period until {name}: it is not over, or nobody was bound; check its last day"
        raise Refused(link.rule, zh, en, field="last")
    times = {one.bearer: one.times for one in command.visited}
    if times.keys() != period.whole.keys():
        raise Refused(
            link.rule,
            f"应填写期末联系该村的每一名（家）：{'、'.join(sorted(period.whole))}，请核对",
            f"each who was bound to the village at the period's end is named: {', '.join(sorted(period.whole))}",
            field="visited",
            status=422,
        )
    if period.times:
        words = {"visited": "到村次数"}
        overwrite(
            {"visited": period.times}, {"visited": times}, command.replaces, link.rule, personal=True, words=words
        )
        if times == period.times:
            return Change(state)
    at: dict[str, Any] = {"place": state.place, "village": state.id, "kind": link.kind, "last": command.last}
    told: tuple[Event, ...] = (VisitsCounted(**at, visited=command.visited, counted_by=command.counted_by),)

    def short(of: dict[str, int]) -> int:
        least = link.visits.at_least if link.visits else 0
        return sum(whole and of[bearer] < least for bearer, whole in period.whole.items())

    if short(times) or (period.times and short(period.times)):
        told = (*told, VisitsShort(**at, short=short(times), owed_by=link.visits.owed_by))
    periods = {**state.visits[link.kind], name: replace(period, times=times)}
    state = state.but(visits={**state.visits, link.kind: periods}).counting("visits", link.kind, name, "tell_by")
    return changed(before, state, policy, today, *told)
