"""What different services say on one day leads to the same states in whatever order it arrives."""

import random
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import Event
from shared.contracts.dispatch import (
    CommitmentReconciled,
    CommitmentSettled,
    MemberRecalled,
    MemberReplaced,
    TeamReleased,
)
from shared.contracts.registry import ExitRequested, PolicyAdopted, VillageRecoded
from shared.engine.flow import encode_state
from tests.inspection.region import PACKS, Region, team_of

NEW, OLD = "210521100300", "210521100200"
PLACE = "210521"


def by_dispatch(region: Region) -> list[Event]:
    """One producer's events, whose order among themselves is kept."""
    leader = team_of(NEW)[0]
    return [
        region.assigned(NEW),
        CommitmentReconciled(place=PLACE, village=OLD, kind="ledger", period="2015", on=region.today, done=1, open=2),
        MemberRecalled(place=PLACE, village=NEW, unit="U1", cadre=leader, role="leader"),
        MemberReplaced(place=PLACE, village=NEW, unit="U1", recalled=leader, cadre="C-new", role="leader"),
        CommitmentSettled(place=PLACE, village=OLD, kind="ledger", period="2015", closed=1, carried=1),
        TeamReleased(place=PLACE, village=OLD, unit="U1", spell=1, team=(), served_days=300),
    ]


def by_registry(region: Region) -> list[Event]:
    pack = {**PACKS["benxi"], "version": "2105-2015.2"}
    return [
        VillageRecoded(place=PLACE, village=NEW, code="210522100300", since=region.today),
        PolicyAdopted(place="210500", version=pack["version"], adopted_by="市委组织部", pack=pack),
        ExitRequested(
            place=PLACE, village=OLD, attempt=1, lifted=("H1", "H2", "H3"), remaining=0, requested_by="镇政府"
        ),
        VillageRecoded(place=PLACE, village=OLD, code="210522100200", since=region.today),
    ]


def states_after(order: random.Random | None) -> dict[str, bytes]:
    region = Region(PACKS["benxi"], date(2015, 9, 10), villages=1)
    said = [by_dispatch(region), by_registry(region)]
    while any(said):
        queue = (order.choice if order else lambda queues: queues[0])([queue for queue in said if queue])
        region.hear(queue.pop(0))
    region.pass_days(region.today + timedelta(120))
    return {
        f"{kind.kind} {id}": encode_state(state) for (kind, id), state in region.services["inspection"].states.items()
    }


ONE_ORDER = states_after(None)


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_order_of_what_two_services_say_on_a_day_leads_to_the_same_states(order: random.Random) -> None:
    assert states_after(order) == ONE_ORDER
