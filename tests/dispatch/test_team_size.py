"""A team's size is a number or a range (3.3): what is proposed, chosen, and owed when somebody leaves."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.model.commands import ChooseTeam, ReportDeparture
from shared.contracts.dispatch import Member, NeedUnmet, TeamChosen, TermExtended, VillageMatched
from shared.rules import Refused
from tests.dispatch.benxi import V1, Benxi, cadre, diagnosed, recalled, squad, unit

THREE_TO_FIVE, THREE_OR_MORE = {"at_least": 3, "at_most": 5}, {"at_least": 3}


def offered(size: Any, cadres: int) -> Benxi:
    """A matching is made for a village and a unit of so many cadres."""
    benxi = Benxi(team={"each_target": size})
    benxi.hear(unit("U1"), *squad("U1", size=cadres), diagnosed(V1))
    benxi.solve()
    return benxi


def chosen(size: Any, cadres: int) -> Benxi:
    """The unit sends more cadres than the matching proposed, and all of them are assigned."""
    benxi = offered(size, cadres)
    benxi.send(ChooseTeam, unit="U1", team=everybody(cadres))
    benxi.assign()
    return benxi


def everybody(cadres: int) -> tuple[Member, ...]:
    return tuple(Member(f"C-U1-{n}", "member" if n else "leader") for n in range(cadres))


@pytest.mark.parametrize(
    ("size", "cadres", "proposed"),
    [(3, 2, 0), (3, 3, 3), (3, 6, 3), (THREE_TO_FIVE, 2, 0), (THREE_TO_FIVE, 3, 3), (THREE_TO_FIVE, 6, 3),
     (THREE_OR_MORE, 2, 0), (THREE_OR_MORE, 6, 3), ({"at_least": 1, "at_most": 1}, 4, 1)],
)  # fmt: skip
def test_3_3_a_matching_proposes_the_fewest_that_the_pack_asks_for(size: Any, cadres: int, proposed: int) -> None:
    benxi = offered(size, cadres)
    assert [len(matched.team) for matched in benxi.said(VillageMatched)] == ([proposed] if proposed else [])
    assert [unmet.obstacles for unmet in benxi.said(NeedUnmet)] == ([] if proposed else [{"U1": "team_size"}])


@pytest.mark.parametrize(
    ("size", "team", "zh", "en"),
    [
        (3, 2, "工作队至少3人，现为2人", "3 at least, not 2"),
        (3, 4, "工作队最多3人，现为4人", "3 at most, not 4"),
        (THREE_TO_FIVE, 2, "工作队至少3人，现为2人", "3 at least, not 2"),
        (THREE_TO_FIVE, 6, "工作队最多5人，现为6人", "5 at most, not 6"),
        (THREE_OR_MORE, 2, "工作队至少3人，现为2人", "3 at least, not 2"),
    ],
)
def test_3_3_a_team_of_another_size_is_refused(size: Any, team: int, zh: str, en: str) -> None:
    benxi = offered(size, 6)
    with pytest.raises(Refused, match=en) as refused:
        benxi.send(ChooseTeam, unit="U1", team=everybody(team))
    assert refused.value.rule == "3.3" and zh in refused.value.zh and not benxi.said(TeamChosen)


@pytest.mark.parametrize(("size", "team"), [(3, 3), (THREE_TO_FIVE, 4), (THREE_TO_FIVE, 5), (THREE_OR_MORE, 6)])
def test_3_3_people_may_send_as_many_as_the_pack_allows(size: Any, team: int) -> None:
    benxi = chosen(size, 6 if size == THREE_OR_MORE else team)
    assert len(benxi.assignment().team) == team


def test_2_20_a_unit_owes_nobody_while_its_team_is_large_enough_but_may_fill_the_place() -> None:
    benxi = chosen(THREE_TO_FIVE, 5)
    for gone in ("C-U1-4", "C-U1-3"):
        benxi.send(ReportDeparture, cadre=gone, cause="transferred")
    assert not benxi.tasks("replacements") and len(benxi.assignment().team) == 3
    benxi.hear(cadre("C-NEW", "U1"))
    benxi.replace("C-U1-3", "C-NEW")
    assert len(benxi.assignment().team) == 4 and benxi.pool.teams[V1].vacant.keys() == {"C-U1-4"}
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="retired")
    benxi.send(ReportDeparture, cadre="C-U1-1", cause="retired")
    (task,) = benxi.tasks("replacements")
    assert (task.detail, task.due) == ("C-U1-1", date(2014, 7, 20)), "only two are left"
    benxi.hear(cadre("C-NEXT", "U1"))
    benxi.replace("C-U1-4", "C-NEXT")
    assert not benxi.tasks("replacements"), "three again, whichever place was filled"


def test_3_4_a_leader_is_owed_however_large_the_team() -> None:
    benxi = chosen(THREE_TO_FIVE, 5)
    benxi.hear(recalled("C-U1-0", V1), cadre("C-U1-1", "U1", "deputy_division"))
    assert benxi.details("replacements") == ["C-U1-0"]
    benxi.replace("C-U1-0", "C-U1-1")
    assert not benxi.tasks("replacements"), "the new leader's place need not be filled: four are enough"
    assert [m.role for m in benxi.assignment().team] == ["leader", "member", "member", "member"]


def test_3_3_a_team_that_lost_one_before_its_assignment_is_assigned_if_it_is_large_enough() -> None:
    benxi = offered(THREE_TO_FIVE, 4)
    benxi.send(ChooseTeam, unit="U1", team=everybody(4))
    benxi.send(ReportDeparture, cadre="C-U1-3", cause="ill")
    benxi.assign()
    assert len(benxi.assignment().team) == 3
    exact = offered(3, 3)
    exact.send(ReportDeparture, cadre="C-U1-2", cause="ill")
    with pytest.raises(Refused, match="incomplete"):
        exact.assign()


def test_2_20_years_of_coming_and_going_in_a_team_of_three_to_five() -> None:
    """A story: five are sent, two leave, one comes, the leader is recalled, and the term is extended all the same."""
    benxi = chosen(THREE_TO_FIVE, 5)
    benxi.until(date(2015, 3, 1))
    benxi.send(ReportDeparture, cadre="C-U1-4", cause="retired")
    benxi.until(date(2016, 1, 10))
    benxi.hear(recalled("C-U1-0", V1))
    (task,) = benxi.tasks("replacements")
    assert (task.detail, task.due) == ("C-U1-0", date(2016, 2, 9)), "four are left, and nobody leads"
    benxi.hear(cadre("C-BOSS", "U1", "division"))
    benxi.replace("C-U1-0", "C-BOSS")
    benxi.send(ReportDeparture, cadre="C-U1-3", cause="transferred")
    assert not benxi.tasks("replacements") and benxi.assignment().team[0] == Member("C-BOSS", "leader")
    benxi.until(date(2017, 7, 1))
    assert [extended.extension for extended in benxi.said(TermExtended)] == [1]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(0, 3), st.data())
def test_3_3_a_replacement_is_owed_exactly_while_the_team_is_too_small_or_without_a_leader(
    least: int, more: int, data: st.DataObject
) -> None:
    benxi = chosen({"at_least": least, "at_most": least + more}, least + more)
    for n in range(8):
        team, vacant = benxi.assignment().team, benxi.pool.teams[V1].vacant
        assert len(team) <= least + more
        is_led = any(member.role == "leader" for member in team)
        assert bool(benxi.tasks("replacements")) is (len(team) < least or not is_led)
        assert {task.detail for task in benxi.tasks("replacements")} <= vacant.keys()
        if vacant and (not team or data.draw(st.booleans())):
            benxi.hear(cadre(f"C-NEW-{n}", "U1", "deputy_division"))
            benxi.replace(data.draw(st.sampled_from(sorted(vacant))), f"C-NEW-{n}")
        else:
            benxi.send(ReportDeparture, cadre=data.draw(st.sampled_from(team)).cadre, cause="other")
