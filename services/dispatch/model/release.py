"""Full release: members of a team are confirmed to have no duties at home while they serve (全脱产驻村, 0.3).

Whoever joins a team must be released by the pack's day. How many were not is told once, as a number. A member who is
found to have duties at home all the same must be released anew.
"""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from services.dispatch.model.commands import ConfirmRelease
from services.dispatch.model.roster import Bound, Roster, clocked
from shared.contracts import Event
from shared.contracts.dispatch import ReleaseConfirmed, ReleaseDoubted, ReleaseMissed
from shared.policy import Policy
from shared.rules import Change, Due, Refused, addressed, require_body


def bind(state: Roster, cadres: Iterable[str], policy: Policy, today: date) -> Roster:
    """The roster in which these members are to be released from now on, where the pack asks for it."""
    terms = policy.team.release
    if terms is None:
        return state
    for cadre in cadres:
        bound = Bound(terms.confirm_by.due(today, policy.calendar))
        state = state.but(bound={**state.bound, cadre: bound})
        state = state.counting("bound", cadre, "release_by", since=today, span=terms.confirm_by.within, timer="release")
    return state


def confirm(state: Roster | None, command: ConfirmRelease, policy: Policy, today: date) -> Change:
    """Members are released, or are found not to be. Saying again what was said before changes nothing."""
    terms = policy.team.release
    if terms is None:
        zh, en = (
            "本地规定不要求全脱产，不须确认",
            "the pack asks for no full release, so that there is nothing to confirm",
        )
        raise Refused("0.3", zh, en)
    if command.released or command.body != terms.checked_by:
        require_body(command.body, terms.by, terms.rule)
    state = addressed(state, command)
    for cadre in command.members:
        if cadre not in state.members:
            raise Refused(
                terms.rule,
                f"{cadre}不是该村工作队的现任队员，请核对",
                f"{cadre} is no member of the team now; check the id",
                field="members",
                status=422,
            )
    concerned = tuple(cadre for cadre in command.members if (cadre in state.bound) == command.released)
    if not concerned:
        return Change(state)
    told: Event
    if command.released:
        state = state.but(bound={cadre: one for cadre, one in state.bound.items() if cadre not in concerned})
        told = ReleaseConfirmed(
            place=state.place, village=state.id, unit=state.unit, released=concerned, confirmed_by=command.confirmed_by
        )
    else:
        state = bind(state, concerned, policy, today)
        told = ReleaseDoubted(
            place=state.place, village=state.id, unit=state.unit, doubted=concerned, confirmed_by=command.confirmed_by
        )
    return Change(clocked(state, policy, today), (told,))


def fall_due(state: Roster, due: Due, policy: Policy, today: date) -> Change:
    """Tell once how many members were not released by a day."""
    terms = policy.team.release
    missed = {cadre: one for cadre, one in state.bound.items() if not one.is_missed and one.release_by < due.on}
    state = state.but(bound={**state.bound, **{cadre: replace(one, is_missed=True) for cadre, one in missed.items()}})
    told = tuple(
        ReleaseMissed(
            place=state.place,
            village=state.id,
            unit=state.unit,
            due=last,
            missing=sum(one.release_by == last for one in missed.values()),
            owed_by=terms.by,
        )
        for last in sorted({one.release_by for one in missed.values()})
        if terms
    )
    return Change(clocked(state, policy, due.on), told)
