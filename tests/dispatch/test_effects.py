"""What a decision does to a unit and its team: the unit stays longer (3.11), or the team is adjusted (2.20)."""

from datetime import date
from typing import Any

import pytest

from services.dispatch.model.commands import AdjustTeam, WithdrawAssignment
from services.dispatch.model.link import Link, id_of
from shared.contracts.dispatch import (
    ExtensionWithdrawn,
    MemberLeft,
    MemberRecalled,
    TeamAssigned,
    TeamKept,
    TeamReleased,
    TermExtended,
)
from shared.contracts.incentives import AppealDecided, DecisionWithdrawn, OutcomeDecided
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import (
    NEVER_EXTENDED,
    PACK,
    V1,
    V2,
    Benxi,
    after,
    cadre,
    delisted,
    diagnosed,
    merged,
    recalled,
    relapsed,
)
from tests.dispatch.sent import ASSESSED

TAKEN_BACK: dict[str, Any] = {"reason": "录入有误", "decided_by": "市委组织部"}


def extended(of: str = "U1", year: int = 2016, **more: Any) -> OutcomeDecided:
    """The unit that had not done what it owed stays longer."""
    outcome = f"extension/{V1}/{year}"
    return recalled(of, V1, "extension", subject_kind="unit", on_team="extend", outcome=outcome, **more)


def adjusted(village: str = V1, **more: Any) -> OutcomeDecided:
    return recalled(village, village, "adjustment", subject_kind="team", on_team="adjust", **more)


def overturned(event: OutcomeDecided, *, overturned: bool = True) -> Any:
    return after(event, AppealDecided, overturned=overturned, decided_by="市委组织部", on_team=event.on_team)


def ends(benxi: Benxi) -> list[tuple[date, int]]:
    return [(said.until, said.extension) for said in benxi.said(TermExtended)]


def test_3_11_a_unit_that_had_not_done_what_it_owed_stays_longer_by_a_decision() -> None:
    benxi = Benxi(team={"term_assessment": ASSESSED}).helped()
    decided = extended()
    benxi.hear(extended(imposed=False), decided, decided, extended(of="U9", year=2015))
    (said,) = benxi.said(TermExtended)
    assert (said.village, said.unit, said.until, said.extension) == (V1, "U1", date(2018, 6, 20), 1)
    assert said.outcome == decided.outcome
    benxi.until(date(2018, 6, 20))
    assert len(benxi.said(TermExtended)) == 1 and not benxi.tasks("term-assessments"), "its term is not over yet"
    benxi.until(date(2018, 6, 21))
    assert ends(benxi) == [(date(2018, 6, 20), 1), (date(2019, 6, 20), 2)], "the village is still on the list"
    assert benxi.said(TermExtended)[1].outcome is None and benxi.tasks("term-assessments")


def test_3_11_a_team_that_is_assigned_anew_has_the_whole_term_and_no_extension_of_the_earlier_assignment() -> None:
    benxi = Benxi().assigned()
    decided = extended()
    benxi.hear(decided)
    assert benxi.assignment().extension == 1
    benxi.send(WithdrawAssignment)
    benxi.assign()
    link = benxi.dispatch.states[Link, id_of(V1)]
    assert isinstance(link, Link) and link.term_end
    assert (link.extension, link.prolonged, link.term_end) == (0, {}, benxi.said(TeamAssigned)[1].term_end)
    benxi.hear(overturned(decided))
    assert not benxi.said(ExtensionWithdrawn)


def test_3_11_after_the_exit_the_team_stays_for_another_extension() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2017, 3, 1))
    benxi.hear(delisted(V1))
    (kept,) = benxi.said(TeamKept)
    assert kept.until == date(2018, 3, 1)
    benxi.hear(extended())
    assert ends(benxi) == [(date(2019, 3, 1), 1)]
    benxi.settle("2014", 1, 2)
    benxi.until(date(2019, 3, 1))
    assert not benxi.said(TeamReleased)
    benxi.until(date(2019, 3, 2))
    assert benxi.said(TeamReleased)
    benxi.hear(extended(year=2018))
    assert len(benxi.said(TermExtended)) == 1, "nobody is there any more"


@pytest.mark.parametrize("ended", [lambda e: after(e, DecisionWithdrawn, **TAKEN_BACK, on_team=e.on_team), overturned])
@pytest.mark.parametrize("exited", [False, True])
def test_3_11_a_decision_that_is_gone_extends_nothing(ended: Any, exited: bool) -> None:
    benxi = Benxi().helped()
    if exited:
        benxi.hear(delisted(V1))
    first, second = extended(), extended(year=2017)
    benxi.hear(first, second, overturned(first, overturned=False))
    assert len(ends(benxi)) == 2 and not benxi.said(ExtensionWithdrawn)
    benxi.hear(ended(first), ended(first))
    (gone,) = benxi.said(ExtensionWithdrawn)
    last = ends(benxi)[0][0]
    assert (gone.until, gone.outcome, gone.unit) == (last, first.outcome, "U1"), "the other decision stands"
    benxi.hear(ended(second))
    assert benxi.said(ExtensionWithdrawn)[1].until == last.replace(year=last.year - 1)
    assert benxi.assignment().extension == 0


def test_3_11_what_has_begun_is_not_taken_back() -> None:
    benxi = Benxi().helped()
    decided = extended()
    benxi.hear(decided)
    benxi.until(date(2018, 6, 21))
    benxi.hear(overturned(decided))
    assert not benxi.said(ExtensionWithdrawn) and benxi.assignment().term_end == date(2019, 6, 20)


def test_3_11_a_relapse_leaves_no_extension_behind() -> None:
    benxi = Benxi().helped()
    benxi.hear(delisted(V1), extended(), relapsed(V1), overturned(extended()))
    assert not benxi.said(ExtensionWithdrawn) and benxi.assignment().until is None


def test_2_20_a_team_is_adjusted_by_who_leaves_it_and_the_unit_sends_others() -> None:
    benxi = Benxi().helped()
    benxi.hear(adjusted(imposed=False))
    assert not benxi.tasks("adjustments")
    decided = adjusted()
    benxi.hear(decided, decided)
    (task,) = benxi.tasks("adjustments")
    assert (task.role, task.due, task.rule, task.detail) == ("organisation", date(2014, 7, 20), "2.20", decided.outcome)
    assert not benxi.said(MemberLeft), "nobody leaves by the decision alone"
    with pytest.raises(Refused) as refused:
        benxi.send(AdjustTeam, outcome=decided.outcome, leaving=("C-U1-1", "C-U9-1"))
    assert (refused.value.rule, refused.value.field, refused.value.status) == ("3.3", "leaving", 422)
    with pytest.raises(Refused, match="matter of the organisation department"):
        benxi.send(AdjustTeam, outcome=decided.outcome, leaving=("C-U1-1",), body="unit")
    benxi.send(AdjustTeam, outcome=decided.outcome, leaving=("C-U1-1", "C-U1-2"))
    assert [(left.cadre, left.role) for left in benxi.said(MemberLeft)] == [("C-U1-1", "member"), ("C-U1-2", "member")]
    assert not benxi.said(MemberRecalled) and not benxi.tasks("adjustments")
    assert sorted(benxi.details("replacements")) == ["C-U1-1", "C-U1-2"]
    benxi.hear(cadre("C-NEW", "U1"))
    assert {*benxi.free} == {"C-NEW"}, "who left is not sent again"
    benxi.replace("C-U1-1", "C-NEW")
    assert benxi.details("replacements") == ["C-U1-2"]
    with pytest.raises(Refused, match="no such adjustment") as done:
        benxi.send(AdjustTeam, outcome=decided.outcome, leaving=("C-NEW",))
    assert (done.value.rule, done.value.field) == ("2.20", "outcome")


def test_2_20_an_adjusted_team_changes_in_each_village_that_it_serves() -> None:
    benxi = Benxi(team={"each_bearer": {"at_most": 2}}).helped()
    benxi.hear(diagnosed(V2))
    benxi.solve("m2")
    benxi.assign(V2)
    benxi.hear(adjusted())
    benxi.send(AdjustTeam, outcome=adjusted().outcome, leaving=("C-U1-2",))
    assert [(left.village, left.cadre) for left in benxi.said(MemberLeft)] == [(V1, "C-U1-2"), (V2, "C-U1-2")]
    assert not benxi.tasks("adjustments")


@pytest.mark.parametrize("ended", [lambda e: after(e, DecisionWithdrawn, **TAKEN_BACK, on_team=e.on_team), overturned])
def test_2_20_a_decision_that_is_gone_adjusts_no_team(ended: Any) -> None:
    benxi = Benxi().helped()
    decided = adjusted()
    benxi.hear(decided, overturned(decided, overturned=False))
    assert benxi.tasks("adjustments")
    benxi.hear(ended(decided), ended(decided))
    assert not benxi.tasks("adjustments") and len(benxi.assignment().team) == 3


def test_2_20_a_village_without_a_team_has_none_to_adjust() -> None:
    benxi = Benxi().matched()
    benxi.hear(adjusted(), extended())
    link = next(state for state in benxi.dispatch.states.values() if isinstance(state, Link))
    assert not link.adjustments and not link.prolonged and not benxi.said(TermExtended)


@pytest.mark.parametrize(
    ("kind", "said", "what"),
    [
        ("extension", {"subject": "team"}, "only a unit can bear extend"),
        ("criticism", {"effect": "recall"}, "only a cadre can bear recall"),
        ("talk", {"effect": "adjust"}, "only a team can bear adjust"),
        ("settlement", {"effect": "extend", "defence": {"calendar_days": 7}}, "nothing left to extend"),
    ],
)
def test_3_11_2_20_an_effect_that_nobody_can_bear_is_refused(kind: str, said: dict[str, Any], what: str) -> None:
    outcomes = [{**one, **(said if one["kind"] == kind else {})} for one in PACK["outcomes"]]
    with pytest.raises(PolicyInvalid, match=what):
        parse_pack({**PACK, "outcomes": outcomes})


def test_3_11_a_region_that_extends_no_term_cannot_extend_one_by_decision() -> None:
    team, *others = PACK["links"]
    rotating = {field: said for field, said in team.items() if field != "extension"}
    with pytest.raises(PolicyInvalid, match="no `extension`"):
        parse_pack({**PACK, "links": [rotating, *others]})


def test_3_11_a_later_pack_that_extends_no_term_ends_the_extension_with_its_decision() -> None:
    benxi = Benxi().helped()
    decided = extended()
    benxi.hear(decided)
    team, *others = PACK["links"]
    rotating = {field: said for field, said in team.items() if field != "extension"}
    benxi.adopt(links=[rotating, *others], outcomes=NEVER_EXTENDED, effective_from=date(2014, 7, 1))
    benxi.until(date(2014, 7, 2))
    benxi.hear(extended(year=2017), overturned(decided))
    assert len(benxi.said(TermExtended)) == 1 and benxi.assignment().term_end == date(2017, 6, 20)


def test_2_20_the_team_of_a_merged_village_takes_its_adjustment_along() -> None:

    benxi = Benxi().helped()
    benxi.hear(adjusted(), merged())
    (task,) = benxi.tasks("adjustments")
    assert task.about == V2 and task.answer["village"] == V2
