"""What changes when divisions do: a county gets a pool of its own, a village moves to another division, two merge."""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from services.dispatch.model.eligibility import Posting
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.pool import (
    Pool,
    Squad,
    doubt,
    no_more_met,
    pool_of,
    prefixes,
    with_absences,
    without,
)
from shared.calendar import DAY
from shared.contracts import Event
from shared.contracts.dispatch import PoolChanged, PoolDivided
from shared.contracts.registry import PolicyAdopted, VillageMerged, VillageRecoded
from shared.divisions import jurisdiction_of, place_of
from shared.policy import Policy
from shared.rules import Change, Due, Key, State

Others = Mapping[Key, State | None]
Bound = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By kind of link and cadre, the villages and parties."""
_but = msgspec.structs.replace


def others_of(message: PoolDivided, policy: Policy) -> Iterable[str]:
    """The other pools of the division, which no longer answer for it."""
    return (id for id in prefixes(message.place) if id != policy.pool)


def above(_pool: Pool | None, message: PolicyAdopted | PoolDivided) -> Iterable[Key]:
    """The keys of the pools of a division and of the divisions around it, so that the rule can read them."""
    return ((Pool, id) for id in prefixes(message.place))


def adopt(pool: Pool | None, event: PolicyAdopted, policy: Policy, today: date, others: Others) -> Change:
    """A region adopts a pack. If the pack itself says whom to send, the region has its own pool from that day on.

    A pack that extends a wider one may leave that to it; then the wider pool answers. A further version of the pack
    changes nothing unless it differs from the one before in this respect.
    """
    own = policy.pool == policy.jurisdiction
    # A pool without turns is from an earlier version, in which every pack had its own pool.
    turns = pool.turns if pool and pool.turns else {"": True} if pool else {}
    if not own and not turns:
        return Change(pool)
    before = _apart(turns, policy.effective_from - DAY)
    turns = {**turns, policy.effective_from.isoformat(): own}
    if policy.effective_from > today:
        kept = pool or Pool(id=policy.jurisdiction, place=event.place)
        return Change(kept.but(turns=turns).timed(divided=_next_turn(turns, today)))
    concerned = any(_part(event.place, other) for other in _besides(policy, others))
    told = (PoolDivided(place=event.place),) if before != own and concerned else ()
    return Change(pool and pool.but(turns=turns), told)


def divide(pool: Pool, due: Due, policy: Policy, today: date) -> Change:
    """A pack takes effect, and with it another pool answers for the division than before."""
    return Change(pool.timed(divided=_next_turn(pool.turns, due.on)), (PoolDivided(place=pool.place),))


def _apart(turns: Mapping[str, bool], day: date) -> bool:
    """Whether a division has a pool of its own on a day."""
    return next((own for since, own in sorted(turns.items(), reverse=True) if since <= day.isoformat()), False)


def _next_turn(turns: Mapping[str, bool], after: date) -> date | None:
    """The next day on which another pool begins to answer for the division."""
    days = (date.fromisoformat(since) for since in sorted(turns) if since > after.isoformat())
    return next((day for day in days if _apart(turns, day) != _apart(turns, day - DAY)), None)


def take_part(pool: Pool | None, event: PoolDivided, policy: Policy, today: date, others: Others) -> Change:
    """Take over what lies in the region from the other pools: needs, units, and the teams in its villages.

    A pool that ends also hands over who is under a recall, away, or bound to a village or party. A pool that goes on
    keeps that itself.
    """
    pool = pool_of(pool, policy)
    for other in _besides(policy, others):
        pool = pool.but(merged={**other.merged, **pool.merged})
        part = _part(event.place, other)
        if part:
            pool = pool.but(
                needs={**part.needs, **pool.needs},
                units={**part.units, **pool.units},
                teams={**part.teams, **pool.teams},
                answered=False,
            )
        if len(other.id) > len(pool.id):
            pool = pool.but(recalled={**other.recalled, **pool.recalled}, bound=_both(other.bound, pool.bound))
            pool = with_absences(pool, {**other.away, **pool.away})
    return Change(pool)


def _both(ends: Bound, goes_on: Bound) -> dict[str, dict[str, tuple[str, ...]]]:
    """Who is bound, as two pools know it. A cadre may be bound in the counties of both."""
    both = {kind: {**ends.get(kind, {}), **goes_on.get(kind, {})} for kind in {**ends, **goes_on}}
    return {
        kind: {
            cadre: tuple(dict.fromkeys((*ends.get(kind, {}).get(cadre, ()), *goes_on.get(kind, {}).get(cadre, ()))))
            for cadre in of
        }
        for kind, of in both.items()
    }


def hand_over(pool: Pool | None, event: PoolDivided, policy: Policy, today: date) -> Change:
    """What went over is no longer on offer here. Its teams stay known, since units of this pool may serve there."""
    part = _part(event.place, pool) if pool else None
    if pool is None or part is None:
        return Change(pool)
    needs = {village: need for village, need in pool.needs.items() if village not in part.needs}
    units = {id: unit for id, unit in pool.units.items() if id not in part.units}
    return Change(pool.but(needs=needs, units=units))


def _besides(policy: Policy, others: Others) -> list[Pool]:
    return [other for (_, id), other in others.items() if isinstance(other, Pool) and id != policy.pool]


def _part(place: str, pool: Pool) -> Pool | None:
    """The part of a pool that lies in a division. A unit that serves outside the division stays until it is home.

    Of the division's own pool it is everything, since units from elsewhere may have come to it with their teams.
    """
    region = jurisdiction_of(place)
    if pool.id.startswith(region):
        return pool if pool.needs or pool.units or pool.teams else None
    outside = {team.unit for team in pool.teams.values() if not team.place.startswith(region)}
    needs, units, teams = (
        {id: one for id, one in kept.items() if one.place.startswith(region)}
        for kept in (pool.needs, pool.units, pool.teams)
    )
    units = {id: unit for id, unit in units.items() if id not in outside}
    return pool.but(needs=needs, units=units, teams=teams) if needs or units or teams else None


def recode(pool: Pool | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """Move a village's need and team to the division of its new code. Another pool may answer for it there."""
    if pool is None or not (event.village in pool.needs or event.village in pool.teams):
        return Change(pool)
    moved = {
        field: {**kept, event.village: _but(kept[event.village], place=place_of(event.code))}
        for field, kept in (("needs", pool.needs), ("teams", pool.teams))
        if event.village in kept
    }
    changed = PoolChanged(place=place_of(event.code), village=event.village, former=event.place)
    # Only the pool of the old division makes the event, so that it is said once.
    told = (changed,) if pool.id == policy.pool and place_of(event.code) != event.place else ()
    return Change(pool.but(**moved), told)


def former(message: PoolChanged, policy: Policy) -> Iterable[str]:
    """The pools of the village's old division, without those in which it stays."""
    return (id for id in prefixes(message.former, message.village) if id != policy.pool)


def known_before(_pool: Pool | None, message: PoolChanged) -> Iterable[Key]:
    """The keys of the pools of the village's old division, so that the rule can read them."""
    return ((Pool, id) for id in prefixes(message.former, message.village))


def receive(pool: Pool | None, event: PoolChanged, policy: Policy, today: date, others: Others) -> Change:
    """The pool of the village's new division takes over its need or its team."""
    pool = pool_of(pool, policy)
    for other in others.values():
        if not isinstance(other, Pool) or other.id == pool.id:
            continue
        pool = pool.but(merged={**other.merged, **pool.merged})
        if event.village in other.needs and event.village not in pool.teams:
            need = _but(other.needs[event.village], place=event.place)
            pool = pool.but(needs={event.village: need, **pool.needs}, answered=False)
        if event.village in other.teams and event.village not in pool.teams:
            team = _but(other.teams[event.village], place=event.place)
            pool = pool.with_team(event.village, team)
            if not _hears_of(other, event) and _goes_along(other, event.village):
                pool = pool.but(units={team.unit: other.units[team.unit], **pool.units})
    return Change(pool)


def let_go(pool: Pool | None, event: PoolChanged, policy: Policy, today: date) -> Change:
    """A pool that the village has left keeps only its team, and only if it will hear what happens to the team.

    If it will not hear, the unit goes along: when the team is home, the unit is on offer in the other pool.
    """
    if pool is None:
        return Change(pool)
    pool = pool.but(needs=without(pool.needs, event.village)) if event.village in pool.needs else pool
    team = pool.teams.get(event.village)
    if team is None or _hears_of(pool, event):
        return Change(pool)
    units = without(pool.units, team.unit) if _goes_along(pool, event.village) else pool.units
    return Change(pool.but(teams=without(pool.teams, event.village), units=units))


def _goes_along(pool: Pool, village: str) -> bool:
    """Whether a village's unit belongs to this pool and serves no other village here."""
    unit = pool.teams[village].unit
    return unit in pool.units and len(pool.serving(())[unit].villages) == 1


def _hears_of(pool: Pool, event: PoolChanged) -> bool:
    """Whether the pool will receive later events about the village (see `pool.family`)."""
    return pool.id in prefixes(event.place, event.village)


def both(pool: Pool | None, event: VillageMerged) -> Iterable[Key]:
    """The keys of the links of two villages that become one, and of the squads of their units."""
    teams = [pool.teams[village] for village in (event.village, event.into) if village in pool.teams] if pool else []
    squads = ((Squad, team.unit) for team in teams)
    return ((Link, id_of(event.village)), (Link, id_of(event.into)), *squads)


def merge(pool: Pool | None, event: VillageMerged, policy: Policy, today: date, others: Others) -> Change:
    """Two villages are one. Whoever has ties to the one that ended keeps away from the other (5.6): people decide
    whether members of the team that is out there stay."""
    if pool is None:
        return Change(pool)
    pool = _merged(pool.but(merged={**pool.merged, event.village: event.into}), event, policy, others)
    team, told = pool.teams.get(event.into), list[Event]()
    unit = pool.units.get(team.unit) if team else None
    if team is None or unit is None:  # The unit belongs to another pool, which tells it.
        return Change(pool)
    for cadre, role in team.members.items():
        known = pool.cadres(others.values()).get(cadre)
        if known and known.unit == team.unit:
            failed = no_more_met(Posting(known, unit, event.into, policy, today), role)
            pool, more = doubt(pool, event.into, cadre, role, failed, today)
            told += more
    return Change(pool, tuple(told))


def _merged(pool: Pool, event: VillageMerged, policy: Policy, others: Others) -> Pool:
    """The village that ended needs no unit. If the remaining village took its team, the team is out there now."""
    if not (event.village in pool.needs or event.village in pool.teams):
        return pool
    team, successor = pool.teams.get(event.village), others[Link, id_of(event.into)]
    pool = pool.but(needs=without(pool.needs, event.village), teams=without(pool.teams, event.village), answered=False)
    # A pool that knew only the ended village will hear nothing about the other one.
    hears = pool.id in (policy.pool, *prefixes(event.into_place, event.into))
    if team and hears and isinstance(successor, Link) and successor.unit == team.unit:
        pool = pool.with_team(event.into, _but(team, place=event.into_place, need=None))
    return pool
