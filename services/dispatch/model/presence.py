"""How many days of a month each member was in the village: a number that the township, or whoever the pack names,
reports once a month (5.12).

On the first of a month, the days of the month before are asked for. If members were there for fewer days than the pack
asks, the body that the pack names is told how many members that were. Nothing follows by itself. The days of a team
that serves several villages are added up.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from services.dispatch.model.commands import CountPresence, DecideLeave
from services.dispatch.model.leave import on_leave, terms_of
from services.dispatch.model.pool import Pool
from services.dispatch.model.roster import Month, Others, Roster, clocked
from shared.calendar import DAY
from shared.contracts import Event
from shared.contracts.dispatch import PresenceCounted, PresenceMissed, PresenceShort
from shared.policy import Policy
from shared.policy.presence import Presence
from shared.rules import Change, Due, Key, Refused, addressed, overwrite, require_body

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
            "months", f"{last:%Y-%m}", "count_by", since=last, span=terms.count_by.within, timer="presence"
        )
    return Change(clocked(state, policy, due.on), tuple(told))


def _missed(state: Roster, name: str, month: Month, terms: Presence) -> PresenceMissed:
    year, _, number = name.partition("-")
    return PresenceMissed(
        place=state.place, village=state.id, year=int(year), month=int(number), due=month.count_by, owed_by=terms.by
    )


def count(state: Roster | None, command: CountPresence, policy: Policy, today: date) -> Change:
    """The body that the pack names says how many days each was there. The command names everybody who was in the team
    at the month's end, and nobody else."""
    terms = terms_of(policy)
    require_body(command.body, terms.by, terms.rule)
    state = addressed(state, command)
    name = f"{command.year}-{command.month:02}"
    month = state.months.get(name)
    if month is None:
        zh = f"{command.year}年{command.month}月不须确认：尚未结束，或者当月没有工作队，请核对月份"
        en = f"nothing is asked of {name}: it is not over, or there was no team; check the month"
        raise Refused(terms.rule, zh, en, field="month")
    days = {one.cadre: one.days for one in command.present}
    if days.keys() != month.since.keys():
        raise Refused(
            terms.rule,
            f"应填写月末在队的每名队员：{'、'.join(sorted(month.since))}，请核对",
            f"each who was in the team at the month's end is named: {', '.join(sorted(month.since))}",
            field="present",
            status=422,
        )
    if command.hindered and not terms.hindered:
        zh, en = "按本地规定，没有视为在岗的日子，请不填", "no days count as days there by the pack; leave them out"
        raise Refused(terms.rule, zh, en, field="hindered", status=422)
    if command.hindered > (length := monthrange(command.year, command.month)[1]):
        zh, en = f"当月只有{length}日，不能多于此数，请核对", f"the month has {length} days; check the number"
        raise Refused(terms.rule, zh, en, field="hindered", status=422)
    if month.days:
        # If the pack no longer counts such days, those that were entered are not silently taken back.
        given = {"present": days} | ({"hindered": command.hindered} if terms.hindered or month.hindered else {})
        known = {"present": month.days, "hindered": month.hindered}
        overwrite(known, given, command.replaces, terms.rule, personal=True)
        if month.days == days and month.hindered == command.hindered:
            return Change(state)
    state = state.but(months={**state.months, name: replace(month, days=days, hindered=command.hindered)})
    alone = policy.team.most_villages == 1
    asked = _asked([state], name, terms) if alone else {}
    counted = PresenceCounted(
        place=state.place,
        village=state.id,
        year=command.year,
        month=command.month,
        present=command.present,
        counted_by=command.counted_by,
        hindered=command.hindered,
        asked=tuple(asked[one.cadre] for one in command.present) if alone else (),
    )
    short = _short([state], name, asked, terms) if alone else ()
    return Change(clocked(state, policy, today), (counted, *short))


def shared(message: PresenceCounted | DecideLeave, policy: Policy) -> Iterable[str]:
    """The pool, which knows the team's other villages, if a team may have several; else none, so that no pool is
    loaded."""
    return (policy.pool,) if policy.team.most_villages > 1 else ()


def rosters(pool: Pool | None, event: PresenceCounted) -> Iterable[Key]:
    """The keys of the rosters of all villages that the village's team serves."""
    teams = pool.teams if pool else {}
    unit = teams[event.village].unit if event.village in teams else None
    return ((Roster, village) for village, team in teams.items() if team.unit == unit)


def add_up(pool: Pool | None, event: PresenceCounted, policy: Policy, today: date, others: Others) -> Change:
    """The days in all villages of one team are added up, once each of them has said its own (2.10)."""
    name = f"{event.year}-{event.month:02}"
    terms, team = terms_of(policy), [one for one in others.values() if isinstance(one, Roster) and name in one.months]
    return Change(pool, _short(team, name, _asked(team, name, terms), terms))


def note_short(state: Roster | None, event: PresenceShort, policy: Policy, today: date) -> Change:
    """Remember what was told, so that it is told again only if a correction changes it."""
    name = f"{event.year}-{event.month:02}"
    if state is None or name not in state.months:
        return Change(state)
    return Change(state.but(months={**state.months, name: replace(state.months[name], short=event.short)}))


def _short(team: Sequence[Roster], name: str, asked: Mapping[str, int], terms: Presence) -> tuple[PresenceShort, ...]:
    """What is told of a month in which some of a team were in its villages for fewer days than was asked of them;
    nothing that was told before, and nothing while the days of a village are still awaited."""
    year, number = map(int, name.split("-"))
    months = [one.months[name] for one in team]
    hindered = max((month.hindered for month in months), default=0)
    short = sum(sum(month.days.get(cadre, 0) for month in months) + hindered < days for cadre, days in asked.items())
    if not all(month.days for month in months):
        return ()
    return tuple(
        PresenceShort(place=one.place, village=one.id, year=year, month=number, short=short, owed_by=terms.owed_by)
        for one in team
        if one.months[name].short != short
    )


def _asked(team: Sequence[Roster], name: str, terms: Presence) -> dict[str, int]:
    """How many days of a month are asked of each member: what the pack asks for the whole month, and in proportion less
    of a member who came later or was on leave. Refuses (422) more days than there were."""
    year, number = map(int, name.split("-"))
    first, last = date(year, number, 1), date(year, number, monthrange(year, number)[1])
    months, leaves = [one.months[name] for one in team], [leave for one in team for leave in one.leaves.values()]
    asked, whole = dict[str, int](), terms.asked(year, number)
    for cadre in sorted({cadre for month in months for cadre in month.since}):
        begun = max(first, min(month.since[cadre] for month in months if cadre in month.since))
        free = (last - begun).days + 1 - on_leave(leaves, cadre, begun, last)
        days = sum(month.days.get(cadre, 0) for month in months)
        if days > free:
            raise Refused(
                terms.rule,
                f"{cadre}当月在队而未请假的只有{free}日，驻村天数{'（各村合计）' if team[1:] else ''}不能多于此数，"
                "请核对",
                f"{cadre} was in the team and not on leave for {free} days of it, and cannot have been there "
                f"for more{', in all villages together' if team[1:] else ''}; check the days",
                field=f"present.{cadre}.days",
                status=422,
            )
        asked[cadre] = int(whole * free // last.day)
    return asked
