"""An officer chooses another unit or other cadres than proposed: the cost is told, the rules hold (3.2–3.4)."""

from typing import Any

import pytest

from services.dispatch.model.commands import ChooseTeam, WithdrawMatch
from shared.contracts.dispatch import Member, TeamAssigned, TeamChosen, VillageMatched
from shared.contracts.registry import UnitWithdrawn
from shared.rules import Refused
from tests.dispatch.benxi import AWAY, CITY, V1, V2, Benxi, cadre, diagnosed, recalled, squad, unit


def two_units(**more: Any) -> Benxi:
    """V1 is matched with U1, the stronger one; U2 stays at home."""
    benxi = Benxi()
    benxi.hear(unit("U1", strength=60), *squad("U1", size=4), unit("U2", strength=45, **more), *squad("U2", size=4))
    benxi.hear(diagnosed(V1))
    benxi.solve()
    return benxi


def test_another_unit_is_chosen_its_cost_is_told_and_the_proposed_one_is_on_offer_again() -> None:
    benxi = two_units()
    benxi.send(ChooseTeam, unit="U2", reason="该单位多年联系本村")
    (chosen,) = benxi.said(TeamChosen)
    assert (chosen.unit, chosen.score, chosen.cost, chosen.reason) == ("U2", 45, 15, "该单位多年联系本村")
    assert [m.role for m in chosen.team] == ["leader", "member", "member"] and chosen.decided_by
    assert "C-U1-0" in benxi.free and "C-U2-0" not in benxi.free
    assert [(task.about, task.action) for task in benxi.tasks()] == [(V1, "assignments")]
    benxi.assign()
    (assigned,) = benxi.said(TeamAssigned)
    assert (assigned.unit, assigned.team) == ("U2", chosen.team)
    benxi.hear(diagnosed(V2))
    benxi.solve("m2")
    assert benxi.said(VillageMatched, village=V2)[0].unit == "U1"


def test_other_cadres_of_the_same_unit_are_chosen_and_the_cost_counts_from_the_proposal() -> None:
    benxi = two_units()
    benxi.hear(cadre("C-R", "U1", reserve=True))  # Registered after the matching: worth 10 points.
    team = (Member("C-R", "member"), Member("C-U1-0", "leader"), Member("C-U1-3", "member"))
    benxi.send(ChooseTeam, unit="U1", team=team)
    (chosen,) = benxi.said(TeamChosen)
    assert chosen.cost == -10 and chosen.team[0] == Member("C-U1-0", "leader") and "reserve_cadres" in chosen.reasons
    assert set(benxi.pool.teams[V1].members) == {"C-R", "C-U1-0", "C-U1-3"}
    benxi.send(ChooseTeam, unit="U2")
    assert benxi.said(TeamChosen)[-1].cost == 15, "not counted from the choice before"
    benxi.send(ChooseTeam, unit="U2")
    assert len(benxi.said(TeamChosen)) == 2, "what changes nothing is not told"


def test_3_2_what_a_chosen_team_is_worth_counts_and_not_what_the_unit_would_send() -> None:
    benxi = two_units()
    benxi.hear(cadre("C-R", "U2", reserve=True))
    for team, score in ((("C-U2-0", "C-U2-1", "C-R"), 55), (("C-U2-0", "C-U2-1", "C-U2-2"), 45)):
        benxi.send(ChooseTeam, unit="U2", team=team_of(*team))
        assert benxi.said(TeamChosen)[-1].score == score


def team_of(*cadres: str, lead: int = 0) -> tuple[Member, ...]:
    return tuple(Member(id, "leader" if n == lead else "member") for n, id in enumerate(cadres))


USUAL = team_of("C-U2-0", "C-U2-1", "C-U2-2")


@pytest.mark.parametrize(
    ("of_unit", "other", "team", "rule", "said"),
    [
        ({"department": "体育"}, None, (), "3.2", "does not suit"),
        ({"level": "county", "place": AWAY}, None, (), "3.2", "its own county only"),
        ({"village": V2}, None, (), "3.2", "designated for another village"),
        ({}, None, team_of("C-U2-1", "C-U2-0", "C-U2-2"), "3.4", "ranks too low"),
        ({}, None, team_of("C-U2-0", "C-U2-1"), "3.3", "has 3 at least"),
        ({}, None, team_of("C-U2-0", "C-U2-1", "C-U2-1"), "identity", "C-U2-1 is named twice"),
        ({}, None, team_of("C-U2-0", "C-U2-1", "C-U2-2", lead=9), "3.4", "one leader"),
        ({}, None, team_of("C-U2-0", "C-U2-1", "C-U1-2"), "3.3", "C-U1-2 is no cadre whom the unit can send"),
        ({}, cadre("C-U2-2", "U2", ties=(V1,)), USUAL, "5.6", "must be recused"),
        ({}, cadre("C-U2-2", "U2", party_member=False), USUAL, "3.3", "no Party member"),
        ({}, cadre("C-U2-2", "U9", left="U2"), USUAL, "3.3", "C-U2-2 is no cadre"),
        ({}, recalled("C-U2-2", V2), USUAL, "3.3", "under a recall"),
    ],
)
def test_3_2_3_3_3_4_a_choice_that_breaks_a_rule_is_refused_by_it(
    of_unit: dict[str, Any], other: Any, team: tuple[Member, ...], rule: str, said: str
) -> None:
    benxi = two_units(**of_unit)
    if other:
        benxi.hear(other)
    with pytest.raises(Refused, match=said) as refused:
        benxi.send(ChooseTeam, unit="U2", team=team)
    assert (refused.value.rule, refused.value.status) == (rule, 422) and refused.value.zh
    assert (refused.value.field or "").startswith("team" if team else "unit")
    assert not benxi.said(TeamChosen) and benxi.pool.teams[V1].unit == "U1"


def test_all_reasons_are_told_at_once() -> None:
    benxi = two_units(department="体育")
    benxi.hear(cadre("C-U2-2", "U2", party_member=False, ties=(V1,)))
    with pytest.raises(Refused) as refused:
        benxi.send(ChooseTeam, unit="U2", team=team_of("C-U2-1", "C-U2-2", "C-U2-0"))
    for said in ("does not suit", "C-U2-1 ranks too low", "C-U2-2 is no Party member", "C-U2-2 has ties"):
        assert said in refused.value.en
    assert refused.value.zh.count("；") == 3


def test_a_unit_that_is_matched_with_another_village_cannot_be_chosen_until_it_is_set_free() -> None:
    benxi = two_units()
    benxi.hear(diagnosed(V2))
    benxi.solve("m2")
    with pytest.raises(Refused, match="serves or is matched elsewhere"):
        benxi.send(ChooseTeam, unit="U2")
    benxi.send(WithdrawMatch, V2)
    benxi.send(ChooseTeam, unit="U2")
    assert benxi.said(TeamChosen)


def test_a_unit_that_is_no_more_cannot_be_chosen_while_its_team_is_still_out() -> None:
    benxi = two_units()
    benxi.hear(diagnosed(V2))
    benxi.solve("m2")
    benxi.hear(UnitWithdrawn(place=CITY, unit="U2", reason="机构撤销", decided_by="市委编办"))
    with pytest.raises(Refused, match="U2 is no unit on offer here"):
        benxi.send(ChooseTeam, unit="U2")


def test_a_choice_comes_before_the_assignment_and_by_the_organisation_department() -> None:
    benxi = two_units()
    with pytest.raises(Refused, match="a matter of the organisation department, not of the sending unit"):
        benxi.send(ChooseTeam, unit="U2", body="unit")
    with pytest.raises(Refused) as unknown:
        benxi.send(ChooseTeam, V2, unit="U2")
    assert unknown.value.status == 404
    benxi.assign()
    with pytest.raises(Refused, match="withdraw the assignment first"):
        benxi.send(ChooseTeam, unit="U2")


def test_a_place_left_open_by_a_recall_before_the_assignment_is_filled_by_a_choice_too() -> None:
    benxi = two_units()
    benxi.hear(recalled("C-U1-1", V1))
    benxi.send(ChooseTeam, unit="U1")
    assert set(benxi.pool.teams[V1].members) == {"C-U1-0", "C-U1-2", "C-U1-3"}
    assert not benxi.tasks("replacements")
    benxi.assign()
