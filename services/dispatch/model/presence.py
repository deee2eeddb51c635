"""How many days of a month each member was in the village: a number that the township says, once a month (5.12).

On the first of a month that of the month before is asked for. Where members were there for fewer days than the pack
asks, the one whom it names is told how many members it was. Nothing follows by itself.
"""

from calendar import monthrange
from datetime import date
from typing import Any

from msgspec.structs import replace

from services.dispatch.model.commands import CountPresence
from services.dispatch.model.leave import on_leave, terms_of
from services.dispatch.model.roster import DAY, Month, Roster, clocked
from shared.contracts import Event
from shared.contracts.dispatch import PresenceCounted, PresenceMissed, PresenceShort
from shared.policy import Policy
from shared.policy.presence import Presence
from shared.rules import Change, Due, Refused, addressed, overwrite, require_body

KEPT = 12
"""How many months are kept, so that they can be corrected."""


def fall_due(state: Roster, due: Due, policy: Policy, today: date) -> Change:
    """Tell once which month was not confirmed in time, and on the first of a month ask for the one before."""
    told: list[Event] = []
    terms = policy.presence
    for name, month in sorted(state.months.items()):
        if not month.days and not month.is_missed and month.count_by < due.on and terms:
            state = state.but(months={**state.months, name: replace(month, is_missed=True)})
            told.append(_missed(state, name, month, terms))
    last = due.on - DAY
    since = {cadre: post.since for cadre, post in state.members.items() if post.since <= last}
    if terms and due.on.day == 1 and since:
        count_by = terms.count_by.due(last, policy.calendar)
        months = {**state.months, f"{last:%Y-%m}": Month(count_by=count_by, since=since)}
        state = state.but(months=dict([*months.items()][-KEPT:]))
        state = state.counting(
            "months", f"{last:%Y-%m}", "count_by", since=last, span=terms.count_by.span, timer="presence"
        )
    return Change(clocked(state, policy, due.on), tuple(told))


def _missed(state: Roster, name: str, month: Month, terms: Presence) -> PresenceMissed:
    year, _, number = name.partition("-")
    return PresenceMissed(
        place=state.place, village=state.id, year=int(year), month=int(number), due=month.count_by, owed_by=terms.by
    )  # fmt: skip


def count(state: Roster | None, command: CountPresence, policy: Policy, today: date) -> Change:
    """The township says how many days each was there. Each who was in the team at the month's end is named."""
    terms = terms_of(policy)
    require_body(command.body, terms.by, terms.rule)
    state = addressed(state, command)
    name = f"{command.year}-{command.month:02}"
    month = state.months.get(name)
    if month is None:
        zh = f"{command.year}年{command.month}月不须确认：尚未结束，或者当月没有工作队，请核对月份"
        en = f"nothing is asked of {name}: it is not over, or there was no team; check the month"
        raise Refused(terms.rule, zh, en, field="month")
    first, last = date(command.year, command.month, 1), _last(command.year, command.month)
    days = {one.cadre: one.days for one in command.present}
    if days.keys() != month.since.keys():
        raise Refused(
            terms.rule,
            f"应填写月末在队的每名队员：{'、'.join(sorted(month.since))}，请核对",
            f"each who was in the team at the month's end is named: {', '.join(sorted(month.since))}",
            field="present",
            status=422,
        )
    free: dict[str, int] = {}
    for cadre, since in month.since.items():
        begun = max(first, since)
        free[cadre] = (last - begun).days + 1 - on_leave(state.leaves, cadre, begun, last)
        if days[cadre] > free[cadre]:
            raise Refused(
                terms.rule,
                f"{cadre}当月在队而未请假的只有{free[cadre]}日，驻村天数不能多于此数，请核对",
                f"{cadre} was in the team and not on leave for {free[cadre]} days of it, and cannot have been there "
                "for more; check the days",
                field=f"present.{cadre}.days",
                status=422,
            )
    if month.days:
        overwrite({"present": month.days}, {"present": days}, command.replaces, terms.rule, personal=True)
        if month.days == days:
            return Change(state)
    least = {cadre: terms.days * number // last.day for cadre, number in free.items()}
    short = sum(days[cadre] < least[cadre] for cadre in days)
    was_short = bool(month.days) and any(month.days[cadre] < least[cadre] for cadre in days)
    at: dict[str, Any] = {"place": state.place, "village": state.id, "year": command.year, "month": command.month}
    told: tuple[Event, ...] = (PresenceCounted(**at, present=command.present, counted_by=command.counted_by),)
    if short or was_short:
        told = (*told, PresenceShort(**at, short=short, owed_by=terms.owed_by))
    state = state.but(months={**state.months, name: replace(month, days=days)})
    return Change(clocked(state, policy, today), told)


def _last(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
