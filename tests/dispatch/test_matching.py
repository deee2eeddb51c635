"""Which unit and team go to which village (mechanisms 0.2, 3.2–3.4), and that it cannot be done better."""

from datetime import date
from hashlib import sha256
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from deploy.demo.world import Service
from services.dispatch.model import optimum, pool
from services.dispatch.model.commands import ChooseTeam, SolveMatching
from services.dispatch.model.eligibility import Cadre, Unit
from services.dispatch.model.matching import Need, Possible
from services.dispatch.model.optimum import best_pairs
from services.dispatch.reactions import DUE, REACTIONS
from shared.contracts.dispatch import MatchingSolved, Member, NeedUnmet, VillageMatched
from shared.contracts.registry import PolicyAdopted
from shared.engine.flow import Cause, derived_id
from shared.labels import said
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import AWAY, CITY, HOME, PACK, START, V1, V2, V3, Benxi, cadre, diagnosed, roles, squad, unit
from tests.support.pace import quicker_than
from tests.support.packs import with_team

# ------------------------------------------------------------ the hard rules


def test_3_2_a_village_gets_a_unit_that_suits_its_class_and_reads_why() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1", department="公安", strength=90), *squad("U1"))
    benxi.hear(unit("U2", department="农业"), *squad("U2"))
    benxi.hear(diagnosed(V1, "lagging_economy"), diagnosed(V2, "weak_governance"))
    benxi.solve()
    farm, police = benxi.said(VillageMatched)
    assert (farm.village, farm.unit, farm.reasons) == (V1, "U2", ("class_suits",))
    assert (police.village, police.unit, police.problem_class) == (V2, "U1", "weak_governance")
    assert farm.place == HOME and farm.team[0] == Member("C-U2-0", "leader") and len(farm.team) == 3
    (solved,) = benxi.said(MatchingSolved)
    assert (solved.matched, solved.unmet, solved.objective, solved.bound) == (2, 0, 140, 140)


def test_3_2_a_designated_unit_goes_where_the_superior_decided_whatever_its_department() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1", level="province", department="体育", strength=1, village=V1), *squad("U1"))
    benxi.hear(unit("U2", strength=100), *squad("U2"), diagnosed(V1), diagnosed(V2))
    benxi.solve()
    assert {m.village: (m.unit, m.reasons) for m in benxi.said(VillageMatched)} == {
        V1: ("U1", ("designated",)),
        V2: ("U2", ("class_suits",)),
    }


def test_3_2_no_score_outweighs_what_a_superior_decided() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1", department="体育", strength=1, village=V1), *squad("U1"), diagnosed(V1))
    benxi.hear(unit("U2", strength=100), *squad("U2"))
    benxi.solve()
    assert benxi.said(VillageMatched)[0].unit == "U1"


def test_3_2_a_designated_unit_is_kept_for_its_village() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1", village=V2), *squad("U1"), diagnosed(V1))
    benxi.solve()
    assert benxi.said(NeedUnmet)[0].obstacles == {"U1": "designated"}


def test_3_2_a_county_unit_serves_its_own_county() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1", level="county", place=HOME), *squad("U1", "deputy_section"), diagnosed(V3))
    benxi.solve()
    assert benxi.said(NeedUnmet)[0].obstacles == {"U1": "county"}
    benxi.hear(diagnosed(V1))
    benxi.solve("m2")
    (matched,) = benxi.said(VillageMatched)
    assert matched.reasons == ("class_suits", "same_county") and matched.score == 50 + 20


@pytest.mark.parametrize(
    ("one", "obstacle"),
    [
        ({"party_member": False}, "team_size"),
        ({"work_since": date(2012, 7, 2)}, "team_size"),
        ({"ties": (V1,)}, "recusal"),
        ({"unit": "U9", "left": "U1"}, "team_size"),
    ],
)
def test_3_3_a_unit_that_lacks_one_eligible_cadre_cannot_be_matched(one: dict[str, Any], obstacle: str) -> None:
    benxi = Benxi(date(2014, 7, 1))
    benxi.hear(unit("U1"), *squad("U1", size=2), cadre("C9", of="U1"), diagnosed(V1), diagnosed(V2))
    benxi.hear(replace(cadre("C9", "U1"), **one))
    benxi.solve()
    if obstacle == "recusal":  # Only the village with the tie is out of reach.
        assert [m.village for m in benxi.said(VillageMatched)] == [V2]
    assert benxi.said(NeedUnmet, village=V1)[0].obstacles == {"U1": obstacle}


UNKNOWN: dict[str, Any] = {"party_member": False, "reserve": False, "unrecorded": ("party_member", "reserve")}
"""A cadre of a county that keeps neither."""


def test_3_3_a_unit_whose_cadres_may_be_party_members_is_told_that_nobody_recorded_it() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1"), *squad("U1", **UNKNOWN), unit("U2"), *squad("U2", size=1, **UNKNOWN), diagnosed(V1))
    benxi.hear(unit("U3"), *squad("U3", size=4), cadre("C-U3-0", "U3", party_member=False))
    benxi.solve()
    [unmet] = benxi.said(NeedUnmet)
    assert unmet.obstacles == {"U1": "unrecorded", "U2": "team_size", "U3": "leader_rank"}
    assert said("obstacles", {"U1": "unrecorded"}) == "U1须为党员而未登记是否中共党员"
    benxi.hear(unit("U4"), *squad("U4"))
    benxi.solve("m2")
    team = (Member("C-U1-0", "leader"), Member("C-U1-1", "member"), Member("C-U1-2", "member"))
    with pytest.raises(Refused, match="no entry that says whether a Party member") as refused:
        benxi.send(ChooseTeam, unit="U1", team=team)
    assert "C-U1-0未登记是否中共党员" in refused.value.zh and "不是中共党员" not in refused.value.zh


def test_3_3_where_neither_is_asked_for_teams_go_and_only_the_points_are_missing() -> None:
    benxi = Benxi(team={"roles": roles(party_member=False)})
    benxi.hear(unit("U1"), *squad("U1", **UNKNOWN), diagnosed(V1))
    benxi.solve()
    [matched] = benxi.said(VillageMatched)
    assert matched.reasons == ("class_suits", "reserve_unrecorded") and matched.score == 50
    assert said("reasons", matched.reasons) == "单位类别对口、有队员未登记是否后备干部，此项未加分"


def test_5_6_a_unit_with_enough_others_sends_a_team_without_whoever_has_ties() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1"), *squad("U1"), cadre("C-tied", "U1", reserve=True, ties=(V1,)), diagnosed(V1))
    benxi.solve()
    (matched,) = benxi.said(VillageMatched)
    assert {member.cadre for member in matched.team} == {"C-U1-0", "C-U1-1", "C-U1-2"}


def test_5_5_work_years_are_full_on_the_anniversary() -> None:
    benxi = Benxi(date(2014, 7, 1))
    benxi.hear(unit("U1"), *squad("U1", work_since=date(2012, 7, 1)), diagnosed(V1))
    benxi.solve()
    assert benxi.said(VillageMatched)


def test_3_3_reserve_and_young_cadres_are_sent_first() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1"), *squad("U1", size=5), diagnosed(V1))
    benxi.hear(cadre("C-young", "U1", born_on=date(1984, 1, 1)), cadre("C-reserve", "U1", reserve=True))
    benxi.solve()
    (matched,) = benxi.said(VillageMatched)
    assert matched.team == (Member("C-U1-0", "leader"), Member("C-reserve", "member"), Member("C-young", "member"))
    assert "reserve_cadres" in matched.reasons and matched.score == 50 + 10 + 5


@pytest.mark.parametrize(
    ("level", "rank", "leads"),
    [
        ("city", "section", False),
        ("city", "deputy_division", True),
        ("city", "division", True),
        ("county", "staff", False),
        ("county", "deputy_section", True),
        ("province", "section", False),
    ],
)
def test_3_4_leader_below_rank_is_refused(level: str, rank: str, leads: bool) -> None:
    benxi = Benxi()
    benxi.hear(unit("U1", level=level, place=HOME), *squad("U1", rank), diagnosed(V1))
    benxi.solve()
    assert bool(benxi.said(VillageMatched)) is leads
    assert [unmet.obstacles for unmet in benxi.said(NeedUnmet)] == ([] if leads else [{"U1": "leader_rank"}])


def test_3_4_the_highest_in_rank_leads() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1"), *squad("U1", "deputy_division"), cadre("C-zz", "U1", "division"), diagnosed(V1))
    benxi.solve()
    assert benxi.said(VillageMatched)[0].team[0] == Member("C-zz", "leader")


def test_0_2_a_gap_names_the_units_that_could_be_brought_to_close_it() -> None:
    """A free unit that only lacks a leader is what an officer can act on, so the many others do not hide it."""
    benxi = Benxi()
    for n in range(6):
        benxi.hear(unit(f"U1{n}", department="公安"), *squad(f"U1{n}"))
    benxi.hear(unit("U20", village=V2), *squad("U20"), diagnosed(V2))
    benxi.solve()
    benxi.hear(unit("U90"), *squad("U90", "staff"), unit("U20"), diagnosed(V1))
    benxi.solve("m2")
    (gap,) = benxi.said(NeedUnmet)
    assert gap.obstacles["U90"] == "leader_rank" and gap.obstacles["U20"] == "serving"
    assert len(gap.obstacles) == 5 and gap.matching == "m2"
    assert benxi.assignment(V1).status == "diagnosed"


def test_0_2_a_unit_that_another_village_got_is_named_as_such() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1"), *squad("U1"), diagnosed(V1), diagnosed(V2))
    benxi.solve()
    assert len(benxi.said(VillageMatched)) == 1
    assert benxi.said(NeedUnmet)[0].obstacles == {"U1": "matched_elsewhere"}


# ------------------------------------------------------------ policy is data


def test_another_pack_asks_for_another_team_without_any_code() -> None:
    ranks = {"city": "section"}
    teams_of_four = Benxi(team={"each_target": 4, "roles": roles({"rank": ranks}, party_member=False, work_years=0)})
    teams_of_four.hear(unit("U1"), *squad("U1", "section", size=4, party_member=False), diagnosed(V1))
    teams_of_four.hear(unit("U2"), *squad("U2", "division", size=3), diagnosed(V2))
    teams_of_four.solve()
    (matched,) = teams_of_four.said(VillageMatched)
    assert matched.unit == "U1" and len(matched.team) == 4
    assert teams_of_four.said(NeedUnmet)[0].obstacles == {"U1": "matched_elsewhere", "U2": "team_size"}


def test_weights_decide_between_units() -> None:
    for strength, expected in ((0, "U-near"), (1, "U-strong")):
        benxi = Benxi(team={"weights": {**PACK["links"][0]["weights"], "strength": strength}})
        benxi.hear(unit("U-near", level="county", place=HOME, strength=10), *squad("U-near"))
        benxi.hear(unit("U-strong", strength=90), *squad("U-strong"), diagnosed(V1))
        benxi.solve()
        assert benxi.said(VillageMatched)[0].unit == expected


def test_a_pack_with_an_unknown_rank_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match=r"links\[0\]\.roles\[0\]\.rank\.city"):
        parse_pack(with_team(roles=roles({"rank": {"city": "deputy_divison"}})))


# ------------------------------------------------------------ the optimum

Scores = dict[tuple[str, str], int]
SMALL: st.SearchStrategy[Scores] = st.dictionaries(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("vwxyz")), st.integers(0, 4), max_size=20
)
"""Few different scores, so that ties are many."""


def brute_force(scores: Scores) -> tuple[int, int, int, list[tuple[str, str]]]:
    """Try everything: the most pairs, the highest score with so many, then the highest sum of SHA-256 tickets."""
    villages = sorted({village for village, _ in scores})
    units: list[str | None] = [*sorted({unit for _, unit in scores}), *(None for _ in villages)]
    tickets = {pair: int(sha256(" ".join(pair).encode()).hexdigest()[:8], 16) for pair in scores}
    found = []
    for order in set(permutations(units, len(villages))):
        pairs = [(village, unit) for village, unit in zip(villages, order, strict=True) if (village, unit) in scores]
        chosen = [(village, unit) for village, unit in pairs if unit]
        found.append((len(chosen), sum(scores[p] for p in chosen), sum(tickets[p] for p in chosen), chosen))
    return max(found)


@settings(deadline=None)
@given(SMALL, st.randoms(use_true_random=False))
def test_3_2_no_pairing_is_better_and_ties_are_broken_the_same_way_in_any_order(scores: Scores, shuffle: Any) -> None:
    pairs = shuffle.sample(sorted(scores), len(scores))
    found = best_pairs(pairs, [scores[pair] for pair in pairs])
    _, score, _, chosen = brute_force(scores)
    assert sorted(pairs[i] for i in found.chosen) == chosen
    assert found.objective == found.bound == score


@pytest.mark.parametrize(
    ("pairs", "answers"),
    [
        ("av", [([], [1, 0])]),
        ("av", [([0], [1, 1])]),
        ("av bv", [([0, 1], [1, 1, 0])]),
        ("av", [([0], [2, -1])]),
        ("av", [([0], [1, 0]), ([], [0, 0])]),
    ],
    ids=[
        "a pair is missing",
        "prices are too high",
        "a unit serves twice",
        "a price is negative",
        "what an earlier aim fills stays empty",
    ],
)
def test_3_2_a_solution_that_its_prices_do_not_prove_is_no_matching(
    pairs: str, answers: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The solver computes with fractions. What it answers wrongly must never become a proposal."""
    left = iter(answers)
    monkeypatch.setattr(optimum, "_solve", lambda *_: next(left))
    with pytest.raises(ArithmeticError, match="do not prove"):
        best_pairs([(pair[0], pair[1]) for pair in pairs.split()], [0] * len(pairs.split()))
    assert not [*left], "and at the first aim that is not proved"


def test_3_2_what_no_pair_connects_is_solved_by_itself_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 88 counties of a province are 88 small problems: one with all of them together takes ten times as long."""
    counties = [
        [(f"{county}v{village}", f"{county}u{unit}") for village in range(3) for unit in range(4)]
        for county in range(88)
    ]
    pairs = [pair for county in counties for pair in county]
    scores = {pair: int(sha256("".join(pair).encode()).hexdigest()[:2], 16) for pair in pairs}
    alone = [best_pairs(county, [scores[pair] for pair in county]) for county in counties]
    sizes, solve = list[int](), optimum._solve

    def measured(columns: Any, *rest: Any) -> Any:
        sizes.append(len(columns))
        return solve(columns, *rest)

    monkeypatch.setattr(optimum, "_solve", measured)
    mixed = sorted(pairs, key=lambda pair: pair[::-1])
    found = best_pairs(mixed, [scores[pair] for pair in mixed])
    assert max(sizes) <= 12
    assert found.objective == found.bound == sum(one.objective for one in alone)
    assert {mixed[i] for i in found.chosen} == {
        county[i] for county, one in zip(counties, alone, strict=True) for i in one.chosen
    }


def test_3_2_a_prefecture_is_matched_at_once_with_its_certificate() -> None:
    """150 villages and 200 units in six counties: whole, proved, and quick enough to answer a person."""
    counties, classes = [f"2105{n:02d}" for n in range(1, 7)], list(PACK["links"][0]["suits"])
    needs = {
        f"{counties[n % 6]}{n:06d}": Need(place=counties[n % 6], problem_class=classes[n % 7 > 3], since=START)
        for n in range(150)
    }
    departments = [name for names in PACK["links"][0]["suits"].values() for name in names]
    units, cadres = {}, {}
    for n in range(200):
        level, place = ("city", CITY) if n % 2 else ("county", counties[n % 12 // 2])
        department = departments[n % len(departments)]
        units[f"U{n:03d}"] = Unit(place=place, level=level, department=department, strength=n * 37 % 101)  # type: ignore[arg-type]
        for k in range(5):
            cadres[f"C{n:03d}-{k}"] = Cadre(
                unit=f"U{n:03d}",
                rank="staff" if k else "division",
                party_member=True,
                work_since=date(2000, 1, 1),
                born_on=date(1960 + n * k % 30, 1, 1),
                reserve=n % (k + 2) == 0,
            )
    with quicker_than(2):  # Half a second by itself.
        matching = Possible(needs, units, cadres, {}, Benxi().policy, START).best()
    assert matching.objective == matching.bound == sum(m.score for m in matching.matches)
    assert len(matching.matches) + len(matching.obstacles) == 150 and len(matching.matches) >= 145
    assert len({m.unit for m in matching.matches}) == len(matching.matches)
    assert all(len(m.team) == 3 and m.team[0].role == "leader" for m in matching.matches)


def test_a_thousand_villages_are_matched_in_one_command_and_solved_but_twice() -> None:
    """The engine loads what a rule's events need at once, or the matching would be solved once per village."""
    solved = []

    def counted(*arguments: Any) -> Any:
        solved.append(arguments)
        return pool.solve(*arguments)

    reactions = [replace(r, rule=counted) if r.rule is pool.solve else r for r in REACTIONS]
    dispatch = Service("dispatch", reactions, DUE)
    pack = with_team(each_target=1)
    villages = [f"{HOME if n % 2 else AWAY}{n:06d}" for n in range(1001)]
    told: list[Any] = [PolicyAdopted(place=CITY, version="v", adopted_by="市委", pack=pack)]
    for n, village in enumerate(villages):
        told += [unit(f"U{n}", village=village), *squad(f"U{n}", size=1), diagnosed(village)]
    told.append(SolveMatching(place=CITY, matching="m1", asked_by="市委组织部", body="organisation"))
    result = dispatch.take([Cause(derived_id(n), "test", event) for n, event in enumerate(told)], START)
    assert not result.parked
    assert len([fact for fact in result.facts if isinstance(fact.event, VillageMatched)]) == 1001
    assert len(solved) <= 3


def test_refusals_of_a_matching_say_what_to_do() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1"), *squad("U1"))
    with pytest.raises(Refused, match="no village waits"):
        benxi.solve()
    benxi.hear(diagnosed(V1))
    with pytest.raises(Refused, match="whole jurisdiction") as refused:
        benxi.solve(place=HOME)
    assert refused.value.status == 422 and refused.value.field == "place"
