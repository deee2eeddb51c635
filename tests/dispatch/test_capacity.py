"""One team for several villages (2.10): where the pack allows it a unit sends one team to so many, and to no more."""

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.model.commands import (
    AssignTeam,
    ChooseTeam,
    ReplaceMember,
    ReportDeparture,
    RetainMember,
    SetCommitment,
    Settle,
    SolveMatching,
    TakeOver,
    WithdrawMatch,
)
from services.dispatch.model.optimum import Room, best_pairs
from shared.contracts import Command, Event
from shared.contracts.dispatch import (
    Item,
    MatchingSolved,
    Member,
    MemberDisqualified,
    MemberLeft,
    MemberRecalled,
    MemberReplaced,
    MemberRetained,
    NeedUnmet,
    TeamReleased,
    VillageMatched,
)
from shared.contracts.registry import UnitWithdrawn
from shared.rules import Refused
from tests.dispatch.benxi import CITY, PACK, START, V1, V2, V3, Benxi, cadre, delisted, diagnosed, recalled, squad, unit
from tests.dispatch.kept import kept_alike
from tests.support.packs import with_team

V4, DAY = "210522100202", timedelta(1)
TEAM = (Member("C-U1-0", "leader"), Member("C-U1-1", "member"), Member("C-U1-2", "member"))


def city(*villages: str, most: int = 2, **more: Any) -> Benxi:
    """Villages that wait, and the unit U1, whose team may serve so many."""
    benxi = Benxi(team={"each_bearer": {"at_most": most}})
    benxi.hear(unit("U1"), *squad("U1", **more), *(diagnosed(village) for village in villages))
    return benxi


def shared(**more: Any) -> Benxi:
    """Help has begun in two villages by one team."""
    benxi = city(V1, V2, **more)
    benxi.solve()
    for village in (V1, V2):
        benxi.assign(village)
        benxi.begin(village)
    return benxi


# ---------------------------------------------------------------- the matching


def test_2_10_one_team_serves_as_many_villages_as_the_pack_says_and_no_more() -> None:
    benxi = city(V1, V2, V3)
    benxi.solve()
    served = benxi.said(VillageMatched)
    assert len(served) == 2 and {m.unit for m in served} == {"U1"} and {m.team for m in served} == {TEAM}
    (gap,) = benxi.said(NeedUnmet)
    assert gap.obstacles == {"U1": "matched_elsewhere"}
    benxi.hear(unit("U9"))  # Which reopens the matching, and cannot send anybody.
    benxi.solve("m2")
    assert benxi.said(NeedUnmet)[-1].obstacles == {"U1": "serving", "U9": "team_size"}


def test_2_10_a_team_that_is_out_and_has_room_goes_to_a_village_that_comes_later() -> None:
    benxi = city(V1)
    benxi.solve()
    benxi.assign(V1)
    benxi.hear(cadre("C-better", "U1", "division", reserve=True), diagnosed(V2))
    benxi.solve("m2")
    assert benxi.said(VillageMatched, village=V2)[0].team == TEAM, "the same team, whoever else there is by now"


def test_2_10_nobody_is_sent_to_two_villages_while_another_unit_stays_at_home() -> None:
    benxi = city(V1, V2)
    benxi.hear(unit("U2", strength=1), *squad("U2"))
    benxi.solve()
    assert {m.unit for m in benxi.said(VillageMatched)} == {"U1", "U2"}
    (solved,) = benxi.said(MatchingSolved)
    assert solved.objective == solved.bound == 51


@pytest.mark.parametrize(
    ("gone", "obstacle"),
    [
        (recalled("C-U1-0", V1), "team_size"),
        (cadre("C-U1-1", "U1", party_member=False), "team_size"),
        (cadre("C-U1-0", "U1", "staff"), "leader_rank"),
        (cadre("C-U1-1", "U1", ties=(V2,)), "recusal"),
    ],
)
def test_3_3_a_team_that_is_not_whole_or_not_fit_takes_no_further_village(gone: Any, obstacle: str) -> None:
    benxi = city(V1, size=5)
    benxi.solve()
    benxi.hear(gone, diagnosed(V2))
    benxi.solve("m2")
    assert benxi.said(NeedUnmet)[0].obstacles == {"U1": obstacle}


def test_3_3_a_team_for_several_villages_is_one_without_ties_to_any_of_them_if_there_is_one() -> None:
    benxi = city(V1, V2, size=4)
    benxi.hear(cadre("C-U1-1", "U1", ties=(V1,)), cadre("C-U1-2", "U1", ties=(V3,)))
    benxi.solve()
    teams = {tuple(member.cadre for member in m.team) for m in benxi.said(VillageMatched)}
    assert teams == {("C-U1-0", "C-U1-2", "C-U1-3")}
    tied = city(V1, V2)
    tied.hear(cadre("C-U1-1", "U1", ties=(V1,)))
    tied.solve()
    assert [m.village for m in tied.said(VillageMatched)] == [V2]
    assert tied.said(NeedUnmet)[0].obstacles == {"U1": "recusal"}


# ------------------------------------------------------------ who leaves, who comes


def test_2_20_a_recall_leaves_a_vacancy_in_both_villages_and_one_successor_fills_both() -> None:
    benxi = shared(size=4)
    benxi.hear(recalled("C-U1-0", V1))
    assert [said.village for said in benxi.said(MemberRecalled)] == [V1, V2]
    assert [task.about for task in benxi.tasks("replacements")] == [V1, V2]
    benxi.hear(cadre("C-tied", "U1", "division", ties=(V2,)), cadre("C-new", "U1", "division"))
    with pytest.raises(Refused, match="ties"):
        benxi.replace("C-U1-0", "C-tied", V1)
    benxi.replace("C-U1-0", "C-new", V2)
    assert [(said.village, said.role) for said in benxi.said(MemberReplaced)] == [(V1, "leader"), (V2, "leader")]
    assert not benxi.tasks("replacements")
    assert benxi.assignment(V1).team == benxi.assignment(V2).team != TEAM


def test_3_3_whoever_leaves_or_stays_does_so_in_both_villages() -> None:
    benxi = shared(size=4)
    benxi.hear(cadre("C-U1-2", "U1", party_member=False))
    assert [said.village for said in benxi.said(MemberDisqualified)] == [V1, V2]
    benxi.send(RetainMember, V2, cadre="C-U1-2")
    assert [said.village for said in benxi.said(MemberRetained)] == [V1, V2] and not benxi.tasks("retentions")
    benxi.send(ReportDeparture, V2, cadre="C-U1-1", cause="ill")
    assert [said.village for said in benxi.said(MemberLeft)] == [V1, V2]
    assert benxi.assignment(V1).team == benxi.assignment(V2).team == (TEAM[0], TEAM[2])


def kept_until(benxi: Benxi, village: str) -> date:
    until = benxi.assignment(village).until
    assert until
    return until


def test_2_13_a_team_is_home_when_the_last_of_its_villages_releases_it() -> None:
    benxi = shared()
    benxi.hear(UnitWithdrawn(place=CITY, unit="U1", reason="撤并", decided_by="编办"), delisted(V1))
    benxi.settle("2014", 1, 2, village=V1)
    benxi.until(kept_until(benxi, V1) + timedelta(1))
    assert [said.village for said in benxi.said(TeamReleased)] == [V1]
    assert not benxi.free and benxi.pool.teams.keys() == {V2} and "U1" in benxi.pool.units
    benxi.hear(delisted(V2))
    benxi.settle("2014", 1, 2, village=V2)
    benxi.until(kept_until(benxi, V2) + timedelta(1))
    assert [said.village for said in benxi.said(TeamReleased)] == [V1, V2]
    assert benxi.free.keys() == {"C-U1-0", "C-U1-1", "C-U1-2"} and "U1" not in benxi.pool.units


def test_2_10_leaving_one_village_makes_room_for_one_and_not_for_two() -> None:
    benxi = city(V1, V2)
    benxi.solve()
    benxi.send(WithdrawMatch, V1)
    assert not benxi.free, "the team still serves the other village"
    benxi.hear(diagnosed(V3), diagnosed(V4))
    benxi.solve("m2")
    assert len(benxi.said(VillageMatched, matching="m2")) == 1 and len(benxi.said(NeedUnmet, matching="m2")) == 2


# ------------------------------------------------------------ what people choose


def test_3_2_a_unit_that_serves_another_village_is_chosen_with_its_team_or_not_at_all() -> None:
    benxi = city(V1, V2, size=5)
    benxi.hear(unit("U2", strength=1), *squad("U2"))
    benxi.solve()
    (mine,) = (m for m in benxi.said(VillageMatched) if m.unit == "U1")
    other = V2 if mine.village == V1 else V1
    team = tuple(Member(f"C-U1-{n}", "leader" if n == 0 else "member") for n in (0, 3, 4))
    with pytest.raises(Refused, match="the same team serves both"):
        benxi.send(ChooseTeam, other, unit="U1", team=team)
    benxi.send(ChooseTeam, other, unit="U1")
    assert benxi.assignment(other).team == benxi.assignment(mine.village).team == TEAM
    with pytest.raises(Refused, match="the same team serves both"):
        benxi.send(ChooseTeam, mine.village, unit="U1", team=team)
    benxi.hear(diagnosed(V3))
    benxi.solve("m2")
    with pytest.raises(Refused, match="matched elsewhere"):
        benxi.send(ChooseTeam, V3, unit="U1")


@pytest.mark.parametrize(
    ("most", "team", "said"),
    [(2, TEAM, ""), (2, (TEAM[0], TEAM[1], Member("C-U1-3", "member")), "the same team"), (1, TEAM, "elsewhere")],
)
def test_a_team_at_work_in_two_villages_is_taken_over_in_both(most: int, team: tuple[Member, ...], said: str) -> None:
    benxi = city(V1, V2, most=most, size=4)
    fields: dict[str, Any] = {"unit": "U1", "since": date(2013, 6, 1), "term_start": date(2013, 6, 1)}
    benxi.send(TakeOver, V1, team=TEAM, **fields)
    if said:
        with pytest.raises(Refused, match=said):
            benxi.send(TakeOver, V2, team=team, **fields)
    else:
        benxi.send(TakeOver, V2, team=team, **fields)
        assert benxi.assignment(V1).team == benxi.assignment(V2).team == TEAM


# ---------------------------------------------------------------- a whole story


def steps() -> list[Event | Command | date]:
    """Two villages with one team: matched, assigned, a leader recalled and replaced, and one of them off the list."""
    signed = {"body": "organisation", "assigned_by": "市委组织部"}
    told: list[Event | Command | date] = [unit("U1"), *squad("U1", size=4), diagnosed(V1, problems=1), diagnosed(V2)]
    told.append(SolveMatching(place=CITY, matching="m1", asked_by="市委组织部", body="organisation"))
    told += [AssignTeam(place=v[:6], village=v, **signed) for v in (V1, V2)]  # type: ignore[arg-type]
    for kind, period, body in (
        ("letter", "term", "unit"),
        ("three_year_plan", "term", "team"),
        ("annual_plan", "2014", "team"),
        ("ledger", "2014", "team"),
    ):
        texts = enumerate(("修路", "引水", "产业"), 1)
        items = tuple(Item(n, text, goal=n if kind == "annual_plan" else None) for n, text in texts)
        owed = {"kind": kind, "period": period, "items": items, "set_by": "工作队", "body": body}
        told += [SetCommitment(place=v[:6], village=v, **owed) for v in (V1, V2)]  # type: ignore[arg-type]
    told += [recalled("C-U1-0", V1), cadre("C-NEW", "U1", "division"), START + DAY]
    replaced = {"left": "C-U1-0", "cadre": "C-NEW", "replaced_by": "单位", "body": "unit"}
    told += [ReplaceMember(place=V2[:6], village=V2, **replaced), delisted(V1)]  # type: ignore[arg-type]
    settled = {"kind": "ledger", "period": "2014", "closed": (1,), "settled_by": "工作队", "body": "team"}
    told.append(Settle(place=V1[:6], village=V1, **settled))  # type: ignore[arg-type]
    return [*told, *(START + n * DAY for n in range(2, 9))]


async def test_2_10_a_shared_team_is_on_both_databases_what_the_rules_decide_in_memory(database: str) -> None:
    team: dict[str, Any] = {"each_bearer": {"at_most": 2}, "keep_after_exit": {"calendar_days": 5}}
    benxi = Benxi(team=team)
    await kept_alike(benxi, with_team(**team), steps(), database)
    assert (benxi.assignment(V1).stage, benxi.assignment(V2).stage) == ("released", "helped")
    assert Member("C-NEW", "leader") in benxi.assignment(V2).team and benxi.pool.teams.keys() == {V2}


# ------------------------------------------------------------------ the optimum

Scores = dict[tuple[str, str], int]
SMALL: st.SearchStrategy[Scores] = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), st.integers(0, 4), max_size=12
)
ROOMS = st.fixed_dictionaries({unit: st.builds(Room, st.integers(0, 1), st.integers(0, 2)) for unit in "xyz"})


def best(scores: Scores, rooms: dict[str, Room]) -> tuple[int, int, int]:
    """Try everything: the most pairs, the most units that served none before, then the highest score."""
    villages = sorted({village for village, _ in scores})
    found = []
    for units in product([None, *rooms], repeat=len(villages)):
        pairs = [(village, unit) for village, unit in zip(villages, units, strict=True) if unit]
        counts = {unit: sum(unit == other for _, other in pairs) for unit in rooms}
        if all(pair in scores for pair in pairs) and all(counts[u] <= sum(room) for u, room in rooms.items()):
            firsts = sum(min(counts[unit], room.first) for unit, room in rooms.items())
            found.append((len(pairs), firsts, sum(scores[pair] for pair in pairs)))
    return max(found)


@settings(deadline=None)
@given(SMALL, ROOMS, st.randoms(use_true_random=False))
def test_3_2_with_room_for_several_villages_no_choice_is_better_and_none_has_more(
    scores: Scores, rooms: dict[str, Room], shuffle: Any
) -> None:
    pairs = sorted(scores)
    optimum = best_pairs(pairs, [scores[pair] for pair in pairs], rooms)
    chosen = [pairs[i] for i in optimum.chosen]
    counts = {unit: sum(unit == other for _, other in chosen) for unit in rooms}
    assert len({village for village, _ in chosen}) == len(chosen)
    assert all(counts[unit] <= sum(room) for unit, room in rooms.items())
    firsts = sum(min(counts[unit], room.first) for unit, room in rooms.items())
    assert (len(chosen), firsts, optimum.objective) == best(scores, rooms) and optimum.objective == optimum.bound
    mixed = shuffle.sample(pairs, len(pairs))
    again = best_pairs(mixed, [scores[pair] for pair in mixed], rooms)
    assert sorted(mixed[i] for i in again.chosen) == sorted(chosen)


def test_room_for_one_is_what_a_pack_means_that_says_nothing() -> None:
    assert Benxi(START).policy.team.most_villages == 1


def test_3_3_a_team_whose_member_is_too_old_by_then_serves_no_further_village() -> None:
    leader, member = PACK["links"][0]["roles"]
    roles = [leader, {**member, "younger_than": 45}]
    benxi = Benxi(team={"each_bearer": {"at_most": 2}, "roles": roles})
    of_rank = cadre("C-U1-2", "U1", "deputy_division", born_on=date(1970, 1, 1))
    benxi.hear(unit("U1"), *squad("U1", size=2, born_on=date(1970, 1, 1)), of_rank, diagnosed(V1))
    benxi.solve()
    benxi.until(date(2015, 1, 2))
    benxi.hear(diagnosed(V2))
    benxi.solve("m2")
    assert [said.obstacles for said in benxi.said(NeedUnmet, matching="m2")] == [{"U1": "team_size"}]
