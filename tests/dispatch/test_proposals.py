"""What a matching proposes, weighed anew (3.2): what the next best costs, and what would be with other wishes."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.model.alternatives import Ways
from services.dispatch.model.commands import AssignTeam, ChooseTeam, WithdrawMatch
from services.dispatch.model.optimum import Room, best_pairs
from services.dispatch.model.proposals import Page, Proposal, Proposals, Wishes, asked_about, weighed
from shared.contracts.dispatch import VillageMatched
from tests.dispatch.benxi import CITY, HOME, V1, V2, V3, Benxi, diagnosed, squad, unit

VILLAGES, UNITS = "ABC", "xyz"
Graph = tuple[dict[tuple[str, str], int], dict[str, Room]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A few pairs with their scores, and units with room for one village or more."""
    pairs = draw(st.lists(st.sampled_from([*product(VILLAGES, UNITS)]), min_size=1, unique=True))
    scores = {pair: draw(st.integers(0, 6)) for pair in sorted(pairs)}
    rooms = st.sampled_from([Room(), Room(1, 1), Room(0, 1), Room(0, 2)])
    return scores, {unit: draw(rooms) for unit in sorted({unit for _, unit in pairs})}


def counted(scores: dict[tuple[str, str], int], rooms: dict[str, Room]) -> tuple[int, int, int, dict[str, str]]:
    """How many villages the best pairs have, how many first places they take, what they score, and which they are."""
    pairs = [*scores]
    found = best_pairs(pairs, [*scores.values()], rooms)
    chosen = dict(pairs[k] for k in found.chosen)
    firsts = sum(rooms[unit].first for unit in set(chosen.values()))
    return len(chosen), firsts, found.objective, chosen


@settings(max_examples=300)
@given(graphs())
def test_3_2_the_next_best_is_what_the_matching_finds_without_the_pair(graph: Graph) -> None:
    scores, rooms = graph
    villages, units, score, chosen = counted(scores, rooms)
    pairs = [*scores]
    ways = Ways(pairs, [*scores.values()], [k for k, (v, u) in enumerate(pairs) if chosen.get(v) == u], rooms)
    for village, own in chosen.items():
        rest = {pair: points for pair, points in scores.items() if pair != (village, own)}
        fewer, less, lower, others = counted(rest, rooms) if rest else (0, 0, 0, {})
        found = ways.without(village)
        assert found[1:] == (villages - fewer, units - less, score - lower), (village, others)
        assert found.unit != own


def asked(benxi: Benxi, *, place: str = "", **wishes: Any) -> Proposals:
    states = {key: benxi.dispatch.states.get(key) for key in asked_about(benxi.pool)}
    return weighed(benxi.pool, benxi.policy, benxi.world.today, states, Wishes(**wishes), Page(place))


def by_village(found: Proposals) -> dict[str, Proposal]:
    return {one.village: one for one in found.proposals}


@pytest.fixture
def benxi() -> Benxi:
    """Two villages and three units: U1 suits best, U2 next, U3 least."""
    made = Benxi()
    for id, strength in (("U1", 90), ("U2", 60), ("U3", 50)):
        made.hear(unit(id, strength=strength), *squad(id))
    made.hear(diagnosed(V1), diagnosed(V3))
    made.solve()
    return made


def test_3_2_each_village_reads_why_it_has_its_unit_and_what_the_next_best_costs(benxi: Benxi) -> None:
    found = asked(benxi)
    assert (found.proposed, found.matched, found.waiting, found.score) == (2, 2, 0, found.bound)
    assert found.score == found.best_score == sum(one.score for one in benxi.said(VillageMatched))
    one = by_village(found)[V1]
    assert (one.unit, one.best, one.reasons) == (one.best, one.unit, ("class_suits",))
    # Without its unit the village swaps with the other one, or gets the third unit: the cheaper way counts.
    assert (one.fewer_villages, one.fewer_units, one.cost) == (0, 0, 0) and one.next not in (None, one.unit)
    alone = asked(benxi, place=HOME)
    assert [one.village for one in alone.proposals] == [V1] and alone.bound == found.bound


def test_3_2_a_village_that_only_one_unit_suits_would_have_none(benxi: Benxi) -> None:
    benxi.hear(unit("U9", department="公安"), *squad("U9"), diagnosed(V2, "weak_governance"))
    benxi.solve("m2")
    one = by_village(asked(benxi))[V2]
    assert (one.best, one.next, one.fewer_villages, one.fewer_units) == ("U9", None, 1, 1)


def test_3_2_what_is_asked_is_what_comes_when_the_rest_is_taken_back_and_solved_again(benxi: Benxi) -> None:
    """Somebody chose another unit; one village is kept, the other solved anew."""
    before = {village: team.unit for village, team in benxi.pool.teams.items()}
    choice = ChooseTeam(
        place=HOME, village=V1, unit="U3", reason="熟悉当地情况", decided_by="县委组织部", body="organisation"
    )
    benxi.world.command("dispatch", choice)
    found = asked(benxi, kept=[V1])
    kept, other = by_village(found)[V1], by_village(found)[V3]
    assert (kept.kept, kept.unit, kept.best, kept.cost) == (True, "U3", "U3", None)
    assert other.best == "U1" and found.best_score == found.bound < asked(benxi).bound
    assert {village: team.unit for village, team in benxi.pool.teams.items()} == before | {V1: "U3"}, "nothing changed"
    back = WithdrawMatch(place=V3[:6], village=V3, reason="重新生成方案", decided_by="市委组织部", body="organisation")
    benxi.world.command("dispatch", back)
    benxi.solve("m2")
    assert {village: team.unit for village, team in benxi.pool.teams.items()} == {V1: "U3", V3: "U1"}


def test_3_2_a_forbidden_pair_and_other_weights_show_what_would_be(benxi: Benxi) -> None:
    free = asked(benxi)
    used = {one.best for one in free.proposals}
    assert used == {"U1", "U2"}
    forbidden = [(village, "U1") for village in (V1, V3)]
    without = asked(benxi, forbidden=forbidden)
    assert {one.best for one in without.proposals} == {"U2", "U3"} and without.best_score < free.best_score
    none = asked(benxi, forbidden=[(V1, f"U{n}") for n in (1, 2, 3)])
    assert (none.waiting, by_village(none)[V1].best, by_village(none)[V1].obstacles) == (1, None, {})
    flat = asked(benxi, weights={"strength": 0})
    assert flat.weights["strength"] == 0 and flat.bound < free.bound and flat.score == flat.best_score


def test_3_2_a_team_that_is_assigned_is_asked_about_no_more(benxi: Benxi) -> None:
    gone = benxi.pool.teams[V1].unit
    benxi.world.command("dispatch", AssignTeam(place=HOME, village=V1, assigned_by="市委组织部", body="organisation"))
    found = asked(benxi)
    assert [one.village for one in found.proposals] == [V3] and found.place == CITY
    assert gone not in {one.best for one in found.proposals} | {one.next for one in found.proposals}


def test_3_2_nothing_proposed_is_answered_too() -> None:
    made = Benxi()
    made.hear(unit("U1"), *squad("U1"))
    found = asked(made)
    assert (found.proposals, found.matched, found.bound) == ((), 0, 0)
