"""Recall and replacement (mechanism 2.20): who leaves, who may come, and who is not sent again."""

from datetime import date, timedelta

import pytest

from shared.contracts.dispatch import Member, MemberRecalled, MemberReplaced, NeedUnmet, TeamAssigned, VillageMatched
from shared.contracts.incentives import AppealDecided, OutcomeDecided, OutcomeExpired
from shared.contracts.registry import CadreRegistered
from shared.rules import Refused
from tests.dispatch.benxi import (
    AWAY,
    HOME,
    PACK,
    V1,
    V2,
    Benxi,
    after,
    cadre,
    delisted,
    diagnosed,
    recalled,
    squad,
    unit,
)


def test_2_20_a_recalled_leader_leaves_and_the_unit_owes_another() -> None:
    benxi = Benxi().helped()
    benxi.hear(recalled("C-U1-0", V1))
    (gone,) = benxi.said(MemberRecalled)
    assert (gone.village, gone.unit, gone.cadre, gone.role) == (V1, "U1", "C-U1-0", "leader")
    (task,) = benxi.tasks("replacements")
    assert (task.role, task.detail, task.due, task.rule) == ("unit", "C-U1-0", date(2014, 7, 20), "2.20")
    benxi.hear(cadre("C-new", "U1", "deputy_division"))
    benxi.replace("C-U1-0", "C-new")
    (replaced,) = benxi.said(MemberReplaced)
    assert (replaced.recalled, replaced.cadre, replaced.role, replaced.unit) == ("C-U1-0", "C-new", "leader", "U1")
    assert replaced.replaced_by == "单位党委"
    assert not benxi.tasks("replacements")
    assert benxi.assignment().team == (
        Member("C-new", "leader"),
        Member("C-U1-1", "member"),
        Member("C-U1-2", "member"),
    )
    benxi.replace("C-U1-0", "C-new")
    assert len(benxi.said(MemberReplaced)) == 1


def test_3_4_a_replacing_leader_below_rank_is_refused() -> None:
    benxi = Benxi().helped()
    benxi.hear(recalled("C-U1-0", V1), cadre("C-LOW", "U1", "section"))
    with pytest.raises(Refused) as refused:
        benxi.replace("C-U1-0", "C-LOW")
    assert (refused.value.rule, refused.value.status, refused.value.field) == ("3.4", 422, "cadre")
    assert benxi.tasks("replacements")


@pytest.mark.parametrize(
    ("other", "rule"),
    [
        (cadre("C9", "U1", party_member=False), "3.3"),
        (cadre("C9", "U1", work_since=date(2013, 1, 1)), "5.5"),
        (cadre("C9", "U1", ties=(V1,)), "5.6"),
        (cadre("C9", "U2"), "2.20"),
        (cadre("C8", "U1"), "2.20"),
    ],
)
def test_3_3_5_5_5_6_a_replacement_who_is_not_eligible_is_refused_by_the_rule(
    other: CadreRegistered, rule: str
) -> None:
    benxi = Benxi().helped()
    benxi.hear(recalled("C-U1-2", V1), other)
    with pytest.raises(Refused) as refused:
        benxi.replace("C-U1-2", "C9")
    assert (refused.value.rule, refused.value.status) == (rule, 422) and refused.value.zh


def test_2_20_a_replacement_in_another_countys_name_is_refused() -> None:
    benxi = Benxi().helped()
    benxi.hear(recalled("C-U1-2", V1), cadre("C-new", "U1"))
    with pytest.raises(Refused, match=f"belongs to division {HOME}, not {AWAY}") as refused:
        benxi.replace("C-U1-2", "C-new", place=AWAY)
    assert (refused.value.status, refused.value.field) == (422, "place")
    assert not benxi.said(MemberReplaced) and benxi.tasks("replacements")


@pytest.mark.parametrize(
    "decided",
    [
        recalled("C-U1-0", V1, imposed=False),
        recalled("C-U1-0", V1, kind="criticism"),
        recalled(V1, V1, subject_kind="team"),
    ],
)
def test_only_an_imposed_recall_of_a_cadre_takes_anyone_off(decided: OutcomeDecided) -> None:
    benxi = Benxi().helped()
    benxi.hear(decided)
    assert not benxi.said(MemberRecalled) and not benxi.tasks()


@pytest.mark.parametrize("kind", ["recall", "criticism", "sent_home"])
def test_2_20_what_recalls_is_said_by_the_terms_of_the_proposal_and_not_by_the_pack_in_force(kind: str) -> None:
    benxi = Benxi(outcomes=[o for o in PACK["outcomes"] if o["kind"] != "recall"]).helped()
    recall = recalled("C-U1-0", V1, kind=kind, effect="recall")
    benxi.hear(recall)
    assert benxi.said(MemberRecalled)
    benxi.hear(after(recall, OutcomeExpired))
    assert "C-U1-0" in benxi.free


@pytest.mark.parametrize("first", [0, 1])
def test_2_20_of_two_recalls_of_one_cadre_the_end_of_one_does_not_lift_the_other(first: int) -> None:
    benxi = Benxi()
    recalls = recalled("C-U1-0", V2), recalled("C-U1-0", V2, outcome="recall/later")
    benxi.hear(unit("U1"), *squad("U1"), diagnosed(V1), *recalls)
    benxi.solve()
    benxi.hear(after(recalls[first], AppealDecided, overturned=True, decided_by="市委"))
    assert "C-U1-0" not in benxi.free
    assert not benxi.tasks("matchings"), "nothing is on offer that was not before"
    benxi.hear(after(recalls[1 - first], OutcomeExpired))
    benxi.solve("m2")
    assert benxi.said(VillageMatched)[0].team[0] == Member("C-U1-0", "leader")


def test_a_recall_reaches_the_cadre_in_the_village_that_follows() -> None:
    """The year's grade in one village is decided on after unit and team have gone on to the next."""
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 0}}).helped()
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.until(benxi.today + timedelta(1))
    other = f"{AWAY}100201"
    benxi.hear(diagnosed(other))
    benxi.solve("m2")
    benxi.assign(other)
    benxi.hear(recalled("C-U1-0", V1))
    (gone,) = benxi.said(MemberRecalled)
    assert (gone.village, gone.place) == (other, AWAY)
    assert [task.about for task in benxi.tasks("replacements")] == [other]


def test_a_team_that_lost_a_member_before_the_assignment_is_completed_first() -> None:
    benxi = Benxi().matched()
    benxi.hear(recalled("C-U1-1", V1), cadre("C-new", "U1"))
    assert [task.action for task in benxi.tasks()] == ["replacements"]
    with pytest.raises(Refused, match="replace the member first"):
        benxi.assign()
    benxi.replace("C-U1-1", "C-new")
    benxi.assign()
    assert Member("C-new", "member") in benxi.said(TeamAssigned)[0].team


def test_a_recalled_cadre_is_not_sent_again_until_the_impact_period_is_over() -> None:
    benxi = Benxi()
    recall = recalled("C-U1-0", V2)
    benxi.hear(unit("U1"), *squad("U1"), diagnosed(V1), recall)
    benxi.solve()
    assert benxi.said(NeedUnmet)[0].obstacles == {"U1": "team_size"}
    benxi.hear(*squad("U1"))  # Registering again does not wash it away.
    benxi.solve("m2")
    assert len(benxi.said(NeedUnmet)) == 2
    benxi.hear(after(recalled("C-U1-0", V1), OutcomeExpired))  # Another one.
    assert not benxi.tasks("matchings")
    benxi.hear(after(recall, OutcomeExpired))
    benxi.solve("m3")
    assert benxi.said(VillageMatched)[0].team[0] == Member("C-U1-0", "leader")


def test_an_overturned_recall_makes_eligible_again_but_puts_nobody_back() -> None:
    benxi = Benxi().helped()
    recall = recalled("C-U1-0", V1)
    benxi.hear(recall)
    benxi.hear(after(recall, AppealDecided, overturned=False, decided_by="市委"))
    with pytest.raises(Refused, match="under a recall"):
        benxi.replace("C-U1-0", "C-U1-0")
    benxi.hear(after(recall, AppealDecided, overturned=True, decided_by="市委"))
    assert benxi.tasks("replacements")
    assert Member("C-U1-0", "leader") not in benxi.assignment().team
    # The unit may send the same cadre again if it wants to.
    benxi.replace("C-U1-0", "C-U1-0")
    assert Member("C-U1-0", "leader") in benxi.assignment().team and not benxi.tasks("replacements")


def test_a_replacement_needs_a_vacancy() -> None:
    benxi = Benxi().helped()
    benxi.hear(cadre("C-new", "U1"))
    with pytest.raises(Refused, match="left no vacancy"):
        benxi.replace("C-U1-1", "C-new")
    with pytest.raises(Refused) as nowhere:
        benxi.replace("C-U1-1", "C-new", village=V2)
    assert nowhere.value.status == 404
