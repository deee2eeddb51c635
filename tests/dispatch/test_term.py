"""Whose term is over is assessed, one by one, by a named body within a time (期满考核, 5.14)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.forms import FORMS
from services.dispatch.model.commands import AssessTerm, ReportDeparture
from services.dispatch.model.roster import Roster
from shared.contracts.dispatch import AssessmentMissed, Merit, TeamReleased, TermAssessed, TermExtended
from shared.rules import Refused
from tests.dispatch.benxi import HOME, NEVER_EXTENDED, START, V1, V2, Benxi, delisted, diagnosed, merged, squad, unit
from tests.dispatch.present import FIRST, SECOND, THIRD
from tests.dispatch.sent import ASSESSED

DAY = timedelta(1)
OVER = date(2017, 6, 21)
GRADES = {FIRST: "excellent", SECOND: "competent", THIRD: "competent"}


def ended(**team: Any) -> Benxi:
    """A team whose three years have passed with the village still on the list, so that the term is extended."""
    benxi = Benxi(team={"term_assessment": ASSESSED, **team}).helped()
    benxi.until(OVER)
    return benxi


def assess(benxi: Benxi, grades: dict[str, str] = GRADES, village: str = V1, **said: Any) -> None:
    merits = tuple(Merit(cadre, grade) for cadre, grade in grades.items())
    usual = {"ended": OVER, "merits": merits, "assessed_by": "县委组织部", "body": "organisation"}
    benxi.send(AssessTerm, village, **{**usual, **said})


def roster(benxi: Benxi, village: str = V1) -> Roster:
    state = benxi.dispatch.states[Roster, village]
    assert isinstance(state, Roster)
    return state


def test_5_14_each_of_a_team_whose_term_is_over_is_graded_sealed() -> None:
    benxi = ended()
    assert benxi.said(TermExtended)
    (task,) = benxi.tasks("term-assessments")
    assert (task.role, task.due, task.rule) == ("organisation", OVER + 30 * DAY, "S3:第五项")
    assert task.answer == {"place": HOME, "village": V1, "ended": "2017-06-21", "body": "organisation"}
    assess(benxi)
    assess(benxi)
    (said,) = benxi.said(TermAssessed)
    assert said.is_sealed() and {one.cadre: one.grade for one in said.merits} == GRADES
    assert not benxi.tasks("term-assessments")
    assert not roster(benxi).shown().ended["2017-06-21"].grades
    assert roster(benxi).shown(to_operator=True).ended["2017-06-21"].grades == GRADES
    benxi.until(OVER + 60 * DAY)
    assert not benxi.said(AssessmentMissed)


def test_5_14_a_wrong_grade_is_corrected_by_its_version() -> None:
    benxi = ended()
    assess(benxi)
    with pytest.raises(Refused) as refused:
        assess(benxi, {**GRADES, FIRST: "competent"})
    assert refused.value.version and FIRST not in refused.value.en
    assess(benxi, {**GRADES, FIRST: "competent"}, replaces=refused.value.version)
    assert len(benxi.said(TermAssessed)) == 2


def test_5_14_what_is_not_assessed_in_time_is_told_once_and_still_awaited() -> None:
    benxi = Benxi(team={"term_assessment": ASSESSED}).helped()
    benxi.until(OVER)
    benxi.sleep(OVER + 200 * DAY)
    assert [(said.due, said.owed_by) for said in benxi.said(AssessmentMissed)] == [(OVER + 30 * DAY, "organisation")]
    assess(benxi)
    assert not benxi.tasks("term-assessments")


def test_5_14_of_two_terms_that_end_on_two_days_each_is_told_on_its_own_day() -> None:
    benxi = Benxi(team={"term_assessment": ASSESSED, "keep_after_exit": {"calendar_days": 1}}).helped()
    benxi.until(OVER)
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.until(OVER + 2 * DAY)
    first, second = (date.fromisoformat(day) for day in roster(benxi).ended)
    benxi.until(first + 30 * DAY)
    assert not benxi.said(AssessmentMissed)
    benxi.until(second + 30 * DAY)
    assert [said.ended for said in benxi.said(AssessmentMissed)] == [first]
    benxi.until(second + 31 * DAY)
    assert [said.ended for said in benxi.said(AssessmentMissed)] == [first, second]


def test_5_14_a_team_that_goes_home_is_assessed_afterwards_and_once() -> None:
    benxi = Benxi(team={"term_assessment": ASSESSED, "keep_after_exit": {"calendar_days": 10}}).helped()
    benxi.send(ReportDeparture, cadre=THIRD, cause="transferred")
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.until(START + 11 * DAY)
    assert benxi.said(TeamReleased) and roster(benxi).status == "empty"
    (task,) = benxi.tasks("term-assessments")
    with pytest.raises(Refused, match="each who was in the team at the end"):
        assess(benxi, ended=START + 11 * DAY)
    assess(benxi, {FIRST: "competent", SECOND: "competent"}, ended=START + 11 * DAY)
    assert not benxi.tasks("term-assessments") and task.detail == f"{START + 11 * DAY}"


def test_5_14_where_another_team_follows_the_first_is_assessed_once() -> None:
    benxi = Benxi(team={"term_assessment": ASSESSED, "extension": None}, outcomes=NEVER_EXTENDED).helped()
    benxi.until(OVER)
    assert [task.detail for task in benxi.tasks("term-assessments")] == ["2017-06-21"]
    assert benxi.said(TeamReleased) and {*roster(benxi).ended["2017-06-21"].members} == {FIRST, SECOND, THIRD}


@pytest.mark.parametrize(
    ("said", "field", "zh"),
    [
        ({"ended": OVER + DAY}, "ended", "没有于2017年6月22日期满的任期"),
        ({"grades": {**GRADES, "C9": "competent"}}, "merits", "应对期满时在队的每名队员评定等次"),
        ({"grades": {**GRADES, FIRST: "superb"}}, "merits", "没有这个等次"),
        ({"body": "unit"}, "body", "组织部门办理"),
        ({"place": "210522"}, "place", "属于区划"),
    ],
)
def test_5_14_an_assessment_that_cannot_be_is_refused(said: dict[str, Any], field: str, zh: str) -> None:
    benxi = ended()
    with pytest.raises(Refused) as refused:
        assess(benxi, **said)
    assert refused.value.field == field and zh in refused.value.zh and benxi.tasks("term-assessments")


def test_5_14_a_pack_without_it_asks_for_none_and_after_a_merger_it_is_owed_where_the_village_went() -> None:
    plain = Benxi().helped()
    plain.until(OVER)
    assert not plain.tasks("term-assessments") and (Roster, V1) not in plain.dispatch.states
    with pytest.raises(Refused, match="the pack asks for no assessment"):
        assess(plain)
    benxi = ended()
    benxi.hear(diagnosed(V2), merged())
    assert [task.about for task in benxi.tasks("term-assessments")] == [V2]


def test_5_14_of_two_teams_that_meet_in_a_merger_the_one_that_goes_home_is_assessed_all_the_same() -> None:
    benxi = Benxi(team={"term_assessment": ASSESSED}).helped()
    benxi.hear(unit("U2"), *squad("U2"), diagnosed(V2))
    benxi.until(START + 30 * DAY)
    benxi.solve("m2")
    benxi.assign(V2)
    benxi.until(OVER)
    benxi.hear(merged())
    assert [(task.about, task.detail) for task in benxi.tasks("term-assessments")] == [(V2, "2017-06-21")]
    assess(benxi, village=V2)
    assert benxi.said(TermAssessed)[0].unit == "U1"
    benxi.until(OVER + 90 * DAY)
    assert [said.ended for said in benxi.said(AssessmentMissed)] == [OVER + 30 * DAY]


def test_5_14_the_form_names_who_was_in_the_team() -> None:
    benxi = ended()
    (task,) = benxi.tasks("term-assessments")
    facts = FORMS["term-assessments"].facts
    assert facts(roster(benxi), task, benxi.policy) == {"in_team": (FIRST, SECOND, THIRD)}
