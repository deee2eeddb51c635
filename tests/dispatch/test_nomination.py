"""The sending unit nominates who goes, and the organisation department reviews it before the assignment (5.13)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.forms import FORMS
from services.dispatch.model.commands import (
    ChooseTeam,
    NominateTeam,
    ReportDeparture,
    ReviewNomination,
    TakeOver,
    WithdrawAssignment,
    WithdrawMatch,
)
from services.dispatch.model.link import Link, id_of
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import DeadlineMoved, Member, NominationReviewed, TeamAssigned, TeamNominated
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import HOME, PACK, START, V1, V2, Benxi, delisted, diagnosed, relapsed, squad, unit
from tests.dispatch.sent import NOMINATION
from tests.support.packs import with_team

DAY = timedelta(1)
OTHERS = (Member("C-U1-0", "leader"), Member("C-U1-2", "member"), Member("C-U1-3", "member"))


def city(**said: Any) -> Benxi:
    """A village that is matched with U1, whose squad has four, and whose team is C-U1-0 to C-U1-2."""
    benxi = Benxi(team={"nomination": {**NOMINATION, **said}})
    benxi.hear(unit("U1"), *squad("U1", size=4), diagnosed(V1))
    benxi.solve()
    return benxi


def nominate(benxi: Benxi, team: tuple[Member, ...] = OTHERS, village: str = V1, **said: Any) -> None:
    benxi.send(NominateTeam, village, **{"unit": "U1", "team": team, "nominated_by": "局党组", "body": "unit", **said})


def review(benxi: Benxi, approved: bool = True, **said: Any) -> None:
    usual = {} if approved else {"reason": "队员近两年考核未定等次"}
    benxi.send(ReviewNomination, approved=approved, **{"reason": None, **usual, **said})


def owed(benxi: Benxi) -> list[tuple[str, str, date | None]]:
    return [(task.action, task.role, task.due) for task in benxi.tasks()]


def test_5_13_holidays_move_the_days_for_nomination_and_review_that_count_in_working_days() -> None:
    within: dict[str, Any] = {"within": {"working_days": 3}}
    benxi = city(nominate_by=NOMINATION["nominate_by"] | within, review_by=NOMINATION["review_by"] | within)
    for action, field in (("nominations", "nominate_by"), ("nomination-reviews", "review_by")):
        ((_, _, before),) = owed(benxi)
        assert before
        benxi.world.announce(
            HolidaysAnnounced(
                place="000000",
                notice=action,
                year=2014,
                document="国办发明电",
                off=(before,),
                worked=(),
                announced_by="国务院办公厅",
            )
        )
        ((asked, _, after),) = owed(benxi)
        assert asked == action and after and after > before
        assert [said.deadline for said in benxi.said(DeadlineMoved)][-1] == field
        if action == "nominations":
            nominate(benxi)


def test_5_13_the_unit_nominates_the_department_reviews_and_only_then_assigns() -> None:
    benxi = city()
    assert owed(benxi) == [("nominations", "unit", START + 5 * DAY)]
    assert benxi.tasks()[0].answer == {"place": HOME, "village": V1, "unit": "U1", "body": "unit"}
    with pytest.raises(Refused, match="the unit nominates the team") as refused:
        benxi.assign()
    assert refused.value.rule == "5.13"
    benxi.until(START + 2 * DAY)
    nominate(benxi)
    assert owed(benxi) == [("nomination-reviews", "organisation", START + 5 * DAY)]
    with pytest.raises(Refused, match="the department reviews it"):
        benxi.assign()
    review(benxi)
    review(benxi)
    assert [said.approved for said in benxi.said(NominationReviewed)] == [True]
    assert [task.action for task in benxi.tasks()] == ["assignments"]
    benxi.assign()
    (assigned,) = benxi.said(TeamAssigned)
    assert assigned.team == OTHERS and benxi.pool.teams[V1].members.keys() == {one.cadre for one in OTHERS}
    assert {*benxi.free} == {"C-U1-1"}, "who was proposed and not nominated is on offer again"


def test_5_13_what_is_sent_back_comes_again_and_why_is_said_to_operators_alone() -> None:
    benxi = city()
    nominate(benxi)
    with pytest.raises(Refused) as refused:
        review(benxi, False, reason=None)
    assert refused.value.field == "reason" and benxi.tasks("nomination-reviews")
    benxi.until(START + 3 * DAY)
    review(benxi, False)
    (said,) = benxi.said(NominationReviewed)
    assert said.is_sealed() and said.reason == "队员近两年考核未定等次"
    assert owed(benxi) == [("nominations", "unit", START + 8 * DAY)], "the unit has the same time again"
    link = benxi.dispatch.states[Link, id_of(V1)]
    assert isinstance(link, Link) and link.shown(to_operator=True).refused and not link.shown().refused
    assert not benxi.assignment().refused, "nor in what everybody may ask of a village"
    with pytest.raises(Refused, match="no nomination to review"):
        review(benxi)
    nominate(benxi, (Member("C-U1-0", "leader"), Member("C-U1-1", "member"), Member("C-U1-3", "member")))
    assert not benxi.assignment().refused
    review(benxi)
    review(benxi, False)
    assert [said.approved for said in benxi.said(NominationReviewed)] == [False, True, False]
    assert benxi.tasks("nominations"), "until the assignment it can be sent back"


def test_5_13_until_the_review_the_unit_may_name_others_and_a_repetition_changes_nothing() -> None:
    benxi = city()
    nominate(benxi)
    nominate(benxi)
    assert len(benxi.said(TeamNominated)) == 1
    nominate(benxi, (Member("C-U1-0", "leader"), Member("C-U1-1", "member"), Member("C-U1-2", "member")))
    assert len(benxi.said(TeamNominated)) == 2
    review(benxi)
    with pytest.raises(Refused, match="the nomination is approved"):
        nominate(benxi)


@pytest.mark.parametrize(
    ("said", "field", "zh"),
    [
        ({"body": "organisation"}, "body", "派出单位办理"),
        ({"unit": "U2"}, "unit", "该村的帮扶单位是U1"),
        ({"team": OTHERS[:2]}, "team", "工作队至少3人"),
        ({"team": (*OTHERS[:2], Member("C-U2-0", "member"))}, "team", "C-U2-0不是该单位可派的干部"),
        ({"team": (Member("C-U1-1", "leader"), *OTHERS[1:])}, "team", "职务层次"),
        ({"place": "210522"}, "place", "属于区划"),
    ],
)
def test_5_13_3_3_a_nomination_that_cannot_be_is_refused(said: dict[str, Any], field: str, zh: str) -> None:
    benxi = city()
    benxi.hear(unit("U2"), *squad("U2"))
    with pytest.raises(Refused) as refused:
        nominate(benxi, **said)
    assert refused.value.field == field and zh in refused.value.zh and benxi.tasks("nominations")


def test_5_13_what_is_chosen_or_replaced_before_the_assignment_is_asked_for_again() -> None:
    benxi = city()
    nominate(benxi)
    review(benxi)
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="transferred")
    benxi.replace("C-U1-2", "C-U1-1")
    assert [task.action for task in benxi.tasks()] == ["nomination-reviews"], "the unit sent another; it is reviewed"
    review(benxi)
    benxi.hear(unit("U2"), *squad("U2"))
    benxi.send(ChooseTeam, unit="U2", reason="该单位熟悉本村情况")
    assert [(task.action, task.answer["unit"]) for task in benxi.tasks("nominations")] == [("nominations", "U2")]


def test_5_13_a_nomination_ends_a_vacancy_that_came_before_it() -> None:
    benxi = city()
    benxi.send(ReportDeparture, cadre="C-U1-1", cause="retired")
    assert [task.action for task in benxi.tasks()] == ["nominations"]
    nominate(benxi)
    assert not benxi.assignment().vacancies and not benxi.pool.teams[V1].vacant
    review(benxi)
    benxi.assign()
    assert benxi.assignment().team == OTHERS and not benxi.tasks("replacements")


def test_5_13_a_match_or_assignment_that_is_taken_back_is_asked_for_as_before() -> None:
    benxi = city()
    nominate(benxi)
    review(benxi)
    benxi.assign()
    with pytest.raises(Refused, match="is assigned already"):
        nominate(benxi)
    with pytest.raises(Refused) as refused:
        review(benxi, False)
    assert "不需审核" in refused.value.zh
    benxi.send(WithdrawAssignment)
    assert [task.action for task in benxi.tasks()] == ["assignments"], "who was approved is approved"
    benxi.send(WithdrawMatch)
    benxi.solve("m2")
    assert [task.action for task in benxi.tasks()] == ["nominations"]


def test_5_13_a_team_that_is_there_is_not_nominated() -> None:
    benxi = city()
    benxi.hear(unit("U2"), *squad("U2"), diagnosed(V2))
    team = tuple(Member(f"C-U2-{n}", "leader" if n == 0 else "member") for n in range(3))
    benxi.send(TakeOver, V2, unit="U2", team=team, since=START - 9 * DAY, term_start=START - 9 * DAY)
    assert {task.about for task in benxi.tasks("nominations")} == {V1}, "one that is taken over was sent long ago"
    nominate(benxi)
    review(benxi)
    benxi.assign()
    benxi.begin()
    benxi.hear(delisted(V1), relapsed(V1), diagnosed(V1, spell=2))
    benxi.settle("2014", 1, 2)
    assert not benxi.tasks("nominations") and [task.about for task in benxi.tasks("assignments")] == [V1]


def test_5_13_a_pack_that_does_not_ask_takes_no_nomination() -> None:
    benxi = Benxi().matched()
    for ask in (nominate, review):
        with pytest.raises(Refused, match="the pack asks for no nomination"):
            ask(benxi)
    benxi.assign()


@pytest.mark.parametrize("nominated", [False, True])
def test_5_13_a_pack_that_asks_no_more_lets_the_team_be_assigned_that_waited_for_it(nominated: bool) -> None:
    benxi = city()
    if nominated:
        nominate(benxi)
    benxi.adopt()
    assert [task.action for task in benxi.tasks()] == ["assignments"]
    with pytest.raises(Refused, match="the team can be assigned"):
        nominate(benxi)
    benxi.assign()
    assert benxi.said(TeamAssigned)


def test_5_13_times_that_are_counted_from_elsewhere_are_refused() -> None:
    wrong = {**NOMINATION, "nominate_by": {"after": "vacancy", "within": {"calendar_days": 5}}}
    with pytest.raises(PolicyInvalid, match="counted from"):
        parse_pack(with_team(PACK, nomination=wrong))


def test_5_13_the_review_form_says_who_is_nominated() -> None:
    benxi = city()
    nominate(benxi)
    (task,) = benxi.tasks("nomination-reviews")
    facts = FORMS["nomination-reviews"].facts
    shown = facts(benxi.dispatch.states[Link, id_of(V1)], task, benxi.policy)
    assert str(shown["nominated"]).startswith("C-U1-0（") and str(shown["nominated"]).count("、") == 2


def test_5_13_a_nomination_is_reviewed_where_the_village_lies() -> None:
    benxi = city()
    nominate(benxi)
    with pytest.raises(Refused) as refused:
        review(benxi, place="210522")
    assert (refused.value.rule, refused.value.field) == ("identity", "place")
    with pytest.raises(Refused) as unknown:
        review(benxi, village=V2)
    assert unknown.value.status == 404


def test_5_13_a_replacement_before_the_nomination_leaves_the_nomination_to_the_unit() -> None:
    benxi = city()
    benxi.send(ReportDeparture, cadre="C-U1-1", cause="ill")
    benxi.replace("C-U1-1", "C-U1-3")
    assert [task.action for task in benxi.tasks()] == ["nominations"]
