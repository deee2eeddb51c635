"""The pool of needs and offers: what arrives in which order, who is on offer, and when a matching is awaited."""

from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.model.pool import Pool
from shared.contracts.dispatch import MatchingSolved, NeedUnmet, VillageMatched
from shared.engine.flow import encode_state
from shared.rules import Refused
from tests.dispatch.benxi import START, V1, V2, Benxi, cadre, diagnosed, recalled, squad, unit


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_registrations_diagnoses_and_recalls_may_come_in_any_order(shuffle: Random) -> None:
    """The sealed stream keeps no order with the open one, and the incentives none with the registry."""
    told = [unit("U1"), *squad("U1"), unit("U2"), *squad("U2"), diagnosed(V1), recalled("C-U2-0", V2)]

    def pool(events: list[Any]) -> bytes:
        benxi = Benxi()
        benxi.hear(*events)
        return encode_state(benxi.pool)

    assert pool(shuffle.sample(told, len(told))) == pool(told)


def test_a_pool_belongs_to_the_jurisdiction_of_the_pack() -> None:
    benxi = Benxi()
    benxi.hear(diagnosed(V1), unit("U1"), *squad("U1"))
    assert {state.id for state in benxi.dispatch.states.values() if isinstance(state, Pool)} == {"2105"}
    assert benxi.pool.place == "210500" and benxi.pool.status == "waiting"


def test_registering_again_replaces_what_was_said() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1", department="体育"), *squad("U1", "staff"), diagnosed(V1))
    benxi.solve()
    assert benxi.said(NeedUnmet)
    benxi.hear(unit("U1"), cadre("C-U1-0", "U1", "division"))
    benxi.solve("m2")
    assert benxi.said(VillageMatched)[0].matching == "m2"


def test_a_unit_and_cadres_who_serve_are_not_offered_again() -> None:
    benxi = Benxi().matched()
    moved = cadre("C-U1-0", "U2", "division", left="U1")
    benxi.hear(unit("U1", strength=99), moved, *squad("U2")[1:], unit("U2"), diagnosed(V2))
    benxi.solve("m2")
    # The cadre who moved to U2 in the books is out with the first team and cannot lead the second.
    assert benxi.said(NeedUnmet)[0].obstacles == {"U1": "serving", "U2": "team_size"}


def test_a_cadre_who_moves_is_sent_by_the_new_unit_only() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1"), *squad("U1"), unit("U2"), *squad("U2")[1:], diagnosed(V1), diagnosed(V2))
    benxi.hear(cadre("C-U1-0", "U2", "division", left="U1"))
    benxi.solve()
    (matched,), (unmet,) = benxi.said(VillageMatched), benxi.said(NeedUnmet)
    assert matched.unit == "U2" and matched.team[0].cadre == "C-U1-0"
    assert unmet.obstacles == {"U1": "team_size", "U2": "matched_elsewhere"}


def test_a_matching_is_awaited_until_it_has_seen_everything() -> None:
    benxi = Benxi()
    assert not benxi.tasks()
    benxi.hear(diagnosed(V1))
    benxi.until(date(2014, 6, 25))
    benxi.hear(diagnosed(V2))
    (task,) = benxi.tasks("matchings")
    assert (task.about, task.role, task.due) == ("2105", "organisation", date(2014, 7, 10))
    benxi.solve()
    assert len(benxi.said(NeedUnmet)) == 2 and not benxi.tasks("matchings")
    # What might close a gap asks for a matching again.
    benxi.hear(unit("U1"), *squad("U1"))
    assert benxi.tasks("matchings")[0].due == date(2014, 7, 10)
    benxi.solve("m2")
    assert len(benxi.said(VillageMatched)) == 1 and not benxi.tasks("matchings")
    assert benxi.pool.status == "waiting"


def test_the_same_matching_again_changes_nothing_and_a_new_one_needs_a_new_name() -> None:
    benxi = Benxi().matched()
    benxi.solve("m1")
    assert len(benxi.said(MatchingSolved)) == 1
    benxi.hear(diagnosed(V2))
    with pytest.raises(Refused, match="another name"):
        benxi.solve("m1")


def test_a_diagnosis_told_twice_makes_one_need() -> None:
    benxi = Benxi()
    benxi.hear(diagnosed(V1))
    benxi.until(date(2014, 6, 25))
    benxi.hear(diagnosed(V1))
    assert benxi.pool.needs[V1].since == START
    benxi.hear(unit("U1"), *squad("U1"))
    benxi.solve()
    benxi.hear(diagnosed(V1))
    assert not benxi.pool.needs and benxi.assignment().status == "matched"
