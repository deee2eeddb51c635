"""Teams that lists beside the poverty list ask for, and terms after which another team comes (2.7, 2.10, 2.13).

A village has one team while anything asks for it: its diagnosis as a poor village, or any number of lists whose pack
entry needs a team. The team goes home when the last of these is over. Where the pack extends no term, the team goes
home at its end, and another one is found while the lists go on.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from services.dispatch.model import commitments
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.matching import Need
from services.dispatch.model.owed import Commitments
from services.dispatch.model.pool import Pool, family, pool_of, without
from services.dispatch.model.team import disbanded, kept_team, let_go
from shared.contracts.dispatch import TermEnded
from shared.contracts.registry import ListingBegun, ListingEnded
from shared.policy import Policy
from shared.rules import Change, Key, State

Others = Mapping[Key, State | None]


def link_of(message: ListingBegun | ListingEnded, _policy: Policy) -> Iterable[str]:
    """The link of the village that a list concerns; none if it concerns no village."""
    return (id_of(message.village),) if message.village else ()


def pools_of(event: ListingEnded, policy: Policy) -> Iterable[str]:
    """The pools that may know of the village."""
    return family(event, policy) if event.village else ()


def owed_of(message: ListingEnded, _policy: Policy) -> Iterable[str]:
    """The id of what is owed in the village that a list concerns; none if it concerns no village."""
    return (message.village,) if message.village else ()


def pool_for(event: ListingBegun, policy: Policy) -> Iterable[str]:
    """The pool that finds a team, if the list needs one."""
    return (policy.pool,) if event.village and _needs_team(event, policy) else ()


def _needs_team(event: ListingBegun, policy: Policy) -> bool:
    kind = policy.list_kind(event.kind)
    return kind is not None and kind.needs_team


def link_there(_state: State | None, event: ListingEnded | TermEnded) -> Iterable[Key]:
    """The key of the village's link, so that the rule can read it."""
    return ((Link, id_of(event.village)),) if event.village else ()


def owed_there(_state: Link | None, event: ListingEnded) -> Iterable[Key]:
    """The key of what is owed in the village, so that the rule can read it."""
    return ((Commitments, event.village),) if event.village else ()


# ----------------------------------------------------------------------- a list begins


def need_unit(pool: Pool | None, event: ListingBegun, policy: Policy, today: date) -> Change:
    """A village on a list that needs a team needs a unit, unless it has one or waits for one already (2.10)."""
    pool, kind, village = pool_of(pool, policy), policy.list_kind(event.kind), event.village
    assert kind and kind.problem_class and village, "only a village on a list that needs a team concerns a pool"
    if village in pool.teams or village in pool.needs:
        return Change(pool)
    need = Need(place=event.place, problem_class=kind.problem_class, since=today)
    return Change(pool.but(needs={**pool.needs, village: need}, answered=False))


def enlist(state: Link | None, event: ListingBegun, policy: Policy, _today: date) -> Change:
    """A list holds the village's team. A team that was about to go home, or came by a merger, stays for it."""
    kind = policy.list_kind(event.kind)
    if kind is None or not kind.needs_team or event.village is None:
        return Change(state)
    state = state or Link(id=id_of(event.village), place=event.place, stage="released", spell=0)
    held = state.but(lists=tuple(sorted({*state.lists, event.listing})))
    if state.stage not in ("released", "kept", "merged"):
        return Change(held)
    problem_class = kind.problem_class
    assert problem_class, "a list that needs a team says of which class its villages are"
    begun = held.but(stage="diagnosed", by_lists=True, problem_class=problem_class, until=None).timed(kept=None)
    return Change(begun, () if state.stage == "released" else (kept_team(begun, problem_class),))


# ------------------------------------------------------------------------- a list ends


def close_out(state: Commitments | None, event: ListingEnded, policy: Policy, today: date, others: Others) -> Change:
    """If nothing asks for the team any more, nothing new is owed, and open ledgers are settled before it goes home."""
    link = others.get((Link, id_of(str(event.village))))
    if state is None or not isinstance(link, Link) or link.goes_on_after(event):
        return Change(state)
    if event.ground == "mistaken":
        return Change(commitments.nothing_owed(state, state.carried))
    return Change(commitments.closing(state, policy, today))


def need_no_more(pool: Pool | None, event: ListingEnded, _policy: Policy, _today: date, others: Others) -> Change:
    """A village that nothing asks for a team any more needs no unit."""
    link = others.get((Link, id_of(str(event.village))))
    if pool is None or event.village not in pool.needs or not isinstance(link, Link) or link.goes_on_after(event):
        return Change(pool)
    return Change(pool.but(needs=without(pool.needs, str(event.village))))


def unlist(state: Link | None, event: ListingEnded, policy: Policy, today: date, others: Others) -> Change:
    """A list holds the team no more. If it was the last, the team goes home as after an exit, or at once if the
    listing was a mistake or the team has not come yet.

    A merged village's team is left to the merger, which follows.
    """
    if state is None or event.listing not in state.lists:
        return Change(state)
    goes_on = state.goes_on_after(event)
    state = state.but(lists=tuple(one for one in state.lists if one != event.listing))
    if goes_on:
        return Change(state)
    if event.ground != "mistaken" and state.stage in ("assigned", "helped"):
        return let_go(state, policy, today, others)
    rest = Link(id=state.id, place=state.place, stage="released", spell=state.spell)
    return Change(rest, disbanded(state, event.ground) if state.unit else ())


# ------------------------------------------------------------------------ a term ends


def need_successor(pool: Pool | None, event: TermEnded, policy: Policy, today: date, others: Others) -> Change:
    """Another team is to be found for a village whose team's term is over."""
    if pool is None or event.village not in pool.teams:
        return Change(pool)
    link, before = others[Link, id_of(event.village)], pool.teams[event.village].need
    known = link.problem_class if isinstance(link, Link) else ""
    usual = next(iter(policy.listing.problem_classes))
    need = Need(place=event.place, problem_class=known or (before.problem_class if before else usual), since=today)
    return Change(pool.but(needs={**pool.needs, event.village: need}, answered=False))


def hand_over(state: Commitments | None, _event: TermEnded, policy: Policy, _today: date) -> Change:
    """What the team leaves open waits for the next one's ledgers."""
    return Change(state and state.but(carried=commitments.left_open({}, state, policy)))
