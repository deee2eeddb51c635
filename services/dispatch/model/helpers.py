"""The cadres who are responsible for households (2.2), seen from their unit, and the quotas by rank.

A unit's squad counts how many households each cadre helps. On the day that the pack names, it is checked which cadres
help fewer households than their rank asks for. One event for each unit names them; it is sealed, since it is about
persons.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from services.dispatch.model.pool import Pool, Squad, pool_of, without
from shared.calendar import DAY
from shared.contracts import Event
from shared.contracts.dispatch import HouseholdsPaired, HouseholdsUnpaired, QuotaAsked, QuotaMet, QuotaMissed
from shared.contracts.registry import CadreRegistered, CadreWithdrawn, PolicyAdopted
from shared.divisions import NATIONAL
from shared.policy import Policy
from shared.policy.links import Contact
from shared.rules import Change, Due, Key, State

Others = Mapping[Key, State | None]


def units(event: HouseholdsPaired | HouseholdsUnpaired, _policy: Policy) -> Iterable[str]:
    """The units of the cadres, each once."""
    return sorted({pair.unit for pair in event.pairs})


def note(squad: Squad | None, event: HouseholdsPaired | HouseholdsUnpaired, policy: Policy, today: date) -> Change:
    """Count the households of each cadre anew. Once none of the unit's cadres helps too few any more, it is told that
    the unit has met its quota."""
    if squad is None:
        return Change(squad)
    sign = 1 if isinstance(event, HouseholdsPaired) else -1
    kept = dict(squad.helps.get(event.kind, {}))
    for cadre, change in Counter(pair.cadre for pair in event.pairs if pair.unit == squad.id).items():
        villages = kept.get(cadre, {})
        numbers = {**villages, event.village: villages.get(event.village, 0) + sign * change}
        kept[cadre] = {village: number for village, number in numbers.items() if number > 0}
    helps = {cadre: villages for cadre, villages in kept.items() if villages}
    squad = squad.but(helps={**squad.helps, event.kind: helps})
    owed = squad.short.get(event.kind, {})
    short = {cadre: n for cadre, n in owed.items() if cadre in squad.cadres and squad.helping(event.kind, cadre) < n}
    if short == owed:
        return Change(squad)
    met = () if short else (QuotaMet(place=squad.place, unit=squad.id, kind=event.kind),)
    return Change(squad.but(short={**squad.short, event.kind: short}), met)


def owe_no_more(squad: Squad | None, event: CadreRegistered | CadreWithdrawn, policy: Policy, today: date) -> Change:
    """A cadre who left the unit owes it no help. If nobody else helps too few, the unit has met its quota."""
    if squad is None:
        return Change(squad)
    short = {kind: without(owed, event.cadre) for kind, owed in squad.short.items()}
    met = [kind for kind, owed in sorted(squad.short.items()) if owed and not short[kind]]
    told = tuple(QuotaMet(place=squad.place, unit=squad.id, kind=kind) for kind in met)
    return Change(squad.but(short=short), told)


# ------------------------------------------------------------------ the day on which quotas are looked at


def plan(pool: Pool | None, event: PolicyAdopted, policy: Policy, today: date) -> Change:
    """A pack with quotas sets the next day on which they are checked; a pack without them takes that day away. Until
    the pack takes effect, the days of the one before it count.

    A layer that leaves the matching to a wider pack leaves the quotas to it as well. The country's pack is in force
    only where a region extends it, which has a pool of its own.
    """
    if policy.jurisdiction != policy.pool or policy.jurisdiction == NATIONAL:
        return Change(pool)
    day = _next_day(policy, today)
    if not (day or pool):
        return Change(pool)
    pool = pool_of(pool, policy)
    if policy.effective_from > today:
        return Change(pool.timed(quotas_begin=min(policy.effective_from, pool.timers.get("quotas_begin", date.max))))
    return Change(pool.timed(quota=day))


def begin(pool: Pool, due: Due, policy: Policy, today: date) -> Change:
    """A pack takes effect, and from now on its days for checking quotas count."""
    return Change(pool.timed(quota=_next_day(policy, due.on - DAY) if pool.id == policy.pool else None))


def _quotas(policy: Policy) -> Iterable[Contact]:
    return (link for link in policy.helping.values() if isinstance(link, Contact) and link.quotas)


def _next_day(policy: Policy, after: date) -> date | None:
    days = (link.quota_on.begins(after, policy.calendar) for link in _quotas(policy) if link.quota_on)
    return min(days, default=None)


def ask(pool: Pool, due: Due, policy: Policy, today: date) -> Change:
    """It is the day on which quotas are checked. After an outage they are checked once, by what is known now.

    If a wider pool answers for the region by now, this one checks nothing.
    """
    if pool.id != policy.pool:
        return Change(pool)
    before = due.on - DAY
    told: tuple[Event, ...] = tuple(
        QuotaAsked(place=pool.place, kind=link.kind)
        for link in _quotas(policy)
        if link.quota_on and link.quota_on.begins(before, policy.calendar) <= today
    )
    return Change(pool.timed(quota=_next_day(policy, today)), told)


def squads(pool: Pool | None, _event: QuotaAsked) -> Iterable[Key]:
    """The keys of the squads of all units of the pool."""
    return ((Squad, unit) for unit in (pool.units if pool else ()))


def look(pool: Pool | None, event: QuotaAsked, policy: Policy, today: date, others: Others) -> Change:
    """Tell each unit whose cadres help fewer households than their ranks ask for (2.2)."""
    link, told = policy.helping.get(event.kind), list[Event]()
    for unit in sorted(pool.units) if pool and link else ():
        squad = others[Squad, unit]
        short = _short(squad, link) if isinstance(squad, Squad) and isinstance(link, Contact) else {}
        if isinstance(squad, Squad) and short:
            told.append(QuotaMissed(place=squad.place, unit=unit, kind=event.kind, cadres=short))
    return Change(pool, tuple(told))


def _short(squad: Squad, link: Contact) -> dict[str, int]:
    """The cadres who help too few households, with how many they must."""
    return {
        id: link.quota(cadre.rank)
        for id, cadre in sorted(squad.cadres.items())
        if squad.helping(link.kind, id) < link.quota(cadre.rank)
    }


def remember(squad: Squad | None, event: QuotaMissed, policy: Policy, today: date) -> Change:
    """Keep who must help more, so that it can be told when all of them do."""
    return Change(squad and squad.but(short={**squad.short, event.kind: event.cadres}))
