"""The burden of inspections on a village (3.7): visits within a few days of each other, and too many in a month."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from services.inspection.model.campaign import MOST_BESIDE, Campaign
from services.inspection.model.supervision import Supervision
from shared.contracts.inspection import (
    BurdenExceeded,
    CampaignPlanned,
    DrawMade,
    VisitMade,
    VisitsCrowded,
    VisitWithdrawn,
)
from shared.policy import Policy
from shared.rules import Change, Key, State

REMEMBERED = timedelta(62)
"""How long the days of a village's visits are kept: a visit may be recorded in the month after it."""


def beside(state: Campaign | None, event: CampaignPlanned | DrawMade) -> Iterable[Key]:
    """The keys of the campaigns whose visits may fall into the same days."""
    ids = event.beside if isinstance(event, CampaignPlanned) else state.beside if state else ()
    return ((Campaign, id) for id in ids)


def planned_before(event: CampaignPlanned, _policy: Policy) -> Iterable[str]:
    """The campaigns that were planned before a new one, and whose visits may fall into the same days."""
    return event.beside


def note_later(state: Campaign | None, event: CampaignPlanned, policy: Policy, today: date) -> Change:
    """Note in a campaign that is not drawn yet one that was planned after it. They are compared once it is drawn."""
    if state is None or not state.awaits_seeds or len(state.beside) >= MOST_BESIDE:
        return Change(state)
    return Change(state.but(beside=tuple(sorted({*state.beside, event.campaign}))))


def compare(
    state: Campaign | None,
    event: CampaignPlanned | DrawMade,
    policy: Policy,
    today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """Tell which villages two campaigns are to visit within a few days, as soon as the days of both are known."""
    if state is None or policy.burden is None:
        return Change(state)
    crowded = []
    for other in others.values():
        near = _near(state, other, policy.burden.merge_within) if isinstance(other, Campaign) else {}
        if isinstance(other, Campaign) and near:
            announced = state.terms.announced and other.terms.announced
            crowded.append(
                VisitsCrowded(place=state.place, campaign=state.id, beside=other.id, announced=announced, visits=near)
            )
    return Change(state, tuple(crowded))


def tally(state: Supervision | None, event: VisitMade, policy: Policy, today: date) -> Change:
    """Count the days of the month on which the village was visited, and tell each one beyond the pack's limit."""
    if state is None or policy.burden is None:
        return Change(state)
    kept = {id: on for id, on in state.visits.items() if on > event.on - REMEMBERED and id != event.campaign}
    month = {on for on in kept.values() if (on.year, on.month) == (event.on.year, event.on.month)}
    counted = state.but(visits={**kept, event.campaign: event.on})
    if event.on in month or len(month) < policy.burden.visits:
        return Change(counted)
    exceeded = BurdenExceeded(
        place=state.place, village=state.id, on=event.on, visits=len(month) + 1, at_most=policy.burden.visits
    )
    return Change(counted, (exceeded,))


def forget(state: Supervision | None, event: VisitWithdrawn, policy: Policy, today: date) -> Change:
    """A visit that was recorded by mistake is no longer counted."""
    if state is None:
        return Change(state)
    return Change(state.but(visits={id: on for id, on in state.visits.items() if id != event.campaign}))


def _near(campaign: Campaign, other: Campaign, days: int) -> dict[str, date]:
    """The villages that both are to visit within so many days, each with the later of its two days."""
    return {
        village: max(on, other.visits[village])
        for village, on in sorted(campaign.visits.items())
        if village in other.visits and village not in other.visited and abs((on - other.visits[village]).days) <= days
    }
