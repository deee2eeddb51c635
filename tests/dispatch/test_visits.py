"""How often those who are bound to a village came, period by period (2.11): a number that a body says, no check-in."""

from datetime import date
from typing import Any

import pytest

from services.dispatch.model.bonds import Contacts
from services.dispatch.model.commands import BeginLink, EndLink
from shared.contracts import Command, Event
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import DeadlineMoved, VisitsCounted, VisitsMissed, VisitsShort
from shared.labels import said
from shared.rules import Refused
from tests.dispatch.benxi import HOME, PACK, START, V1, Benxi, cadre, diagnosed, merged, unit
from tests.dispatch.kept import kept_alike
from tests.dispatch.partnered import BRANCH, EXPERT, FIRM, PARTNERED, bind, helped, listed, visits

QUARTER, NEXT = date(2014, 6, 30), date(2014, 9, 30)


def test_2_11_after_each_quarter_the_village_says_how_often_its_experts_came() -> None:
    benxi = helped()
    benxi.until(QUARTER)
    assert not benxi.tasks("visit-counts")
    benxi.until(date(2014, 7, 1))
    (task,) = benxi.tasks("visit-counts")
    assert (task.role, task.due, task.rule) == ("village", date(2014, 7, 10), "S3:第一项")
    assert task.answer == {"place": HOME, "village": V1, "kind": "expert", "last": "2014-06-30", "body": "village"}
    visits(benxi, QUARTER, E1=0)
    assert [one.visited[0].times for one in benxi.said(VisitsCounted)] == [0] and not benxi.tasks("visit-counts")
    assert not benxi.said(VisitsShort), "E1 came in the middle of the quarter and is not asked for as much"
    benxi.until(date(2014, 7, 20))
    bind(benxi, "E3")
    benxi.until(date(2014, 10, 1))
    visits(benxi, NEXT, E1=1, E3=0)
    (told,) = benxi.said(VisitsShort)
    assert (told.kind, told.last, told.short, told.owed_by) == ("expert", NEXT, 1, "organisation"), "E3 was new"


@pytest.mark.parametrize(
    ("every", "lasts"),
    [
        ("month", ["2014-06-30", "2014-07-31", "2014-08-31"]),
        ("quarter", ["2014-06-30"]),
        ("half_year", ["2014-06-30"]),
        ("year", []),
    ],
)
def test_2_11_periods_begin_in_january_and_follow_each_other(every: str, lasts: list[str]) -> None:
    expert = {**EXPERT, "visits": {**EXPERT["visits"], "every": every}}
    benxi = helped(links=[expert if one is EXPERT else one for one in PARTNERED["links"]])
    benxi.until(date(2014, 9, 5))
    assert [task.answer["last"] for task in benxi.tasks("visit-counts")] == lasts


def test_2_11_a_count_that_nobody_gave_is_told_once_and_still_awaited() -> None:
    benxi = helped()
    benxi.until(date(2014, 9, 1))
    (told,) = benxi.said(VisitsMissed)
    assert (told.last, told.due, told.owed_by) == (QUARTER, date(2014, 7, 10), "village")
    assert len(benxi.tasks("visit-counts")) == 1
    benxi.until(date(2014, 10, 1))
    assert [task.answer["last"] for task in benxi.tasks("visit-counts")] == ["2014-06-30", "2014-09-30"]
    visits(benxi, QUARTER, E1=3)
    visits(benxi, NEXT, E1=2)
    assert not benxi.tasks("visit-counts") and not benxi.said(VisitsShort)


def test_2_11_a_pack_that_asks_for_no_visits_any_more_awaits_none() -> None:
    benxi = helped()
    benxi.until(date(2014, 7, 1))
    assert benxi.dispatch.states[Contacts, V1].awaits
    expert = {field: said for field, said in EXPERT.items() if field != "visits"}
    benxi.adopt(**{**PARTNERED, "links": [expert if one is EXPERT else one for one in PARTNERED["links"]]})
    benxi.until(date(2014, 7, 20))
    assert not benxi.tasks("visit-counts") and not benxi.said(VisitsMissed)
    state = benxi.dispatch.states[Contacts, V1]
    assert isinstance(state, Contacts) and not state.visits["expert"]


def test_2_11_a_count_is_corrected_only_by_its_version_and_a_correction_takes_back_what_was_short() -> None:
    benxi = helped()
    benxi.until(date(2014, 10, 1))
    visits(benxi, NEXT, E1=1)
    with pytest.raises(Refused) as refused:
        visits(benxi, NEXT, E1=2)
    assert "到村次数" in refused.value.zh and "1" not in refused.value.zh.split("版本")[0], "how often is not told"
    visits(benxi, NEXT, replaces=refused.value.version, E1=2)
    assert [one.short for one in benxi.said(VisitsShort)] == [1, 0]


@pytest.mark.parametrize(
    ("given", "status", "zh", "en"),
    [
        ({"last": date(2014, 8, 31)}, 409, "这一期不须确认", "nothing is asked of the period"),
        ({"by": "team"}, 422, "由村办理", "a matter of the village"),
        ({"E1": None}, 422, "期末联系该村的每一名（家）：E1", "at the period's end is named: E1"),
        ({"E3": 2}, 422, "期末联系该村的每一名（家）：E1", "at the period's end is named: E1"),
    ],
)
def test_2_11_a_count_that_does_not_fit_is_refused(given: dict[str, Any], status: int, zh: str, en: str) -> None:
    benxi = helped()
    benxi.until(date(2014, 7, 1))
    told = {field: value for field, value in {"last": QUARTER, "E1": 1, **given}.items() if value is not None}
    with pytest.raises(Refused) as refused:
        visits(benxi, **told)
    assert refused.value.status == status and zh in refused.value.zh and en in refused.value.en
    assert not benxi.said(VisitsCounted)


def test_2_11_who_left_before_the_end_of_a_period_is_not_asked_for() -> None:
    benxi = helped()
    benxi.send(EndLink, kind="expert", cadre="E1")
    benxi.until(date(2014, 12, 1))
    assert not benxi.tasks("visit-counts") and not benxi.said(VisitsMissed)


def test_2_11_of_a_village_that_merged_nobody_is_asked_how_often_they_came() -> None:
    benxi = helped()
    benxi.until(date(2014, 10, 1))
    assert benxi.tasks("visit-counts")
    benxi.hear(merged())
    assert not benxi.tasks("visit-counts")
    told = len(benxi.said(VisitsMissed))
    benxi.until(date(2014, 11, 1))
    assert len(benxi.said(VisitsMissed)) == told


def test_2_11_how_often_each_came_is_shown_to_operators_alone() -> None:
    benxi = helped()
    benxi.until(date(2014, 7, 1))
    visits(benxi, QUARTER, E1=7)
    state = benxi.dispatch.states[Contacts, V1]
    assert isinstance(state, Contacts)
    shown, to_operator = state.shown(), state.shown(to_operator=True)
    assert not shown.visits["expert"]["2014-06-30"].times and to_operator.visits["expert"]["2014-06-30"].times


def test_2_11_holidays_move_the_last_day_of_a_count() -> None:
    links = [
        *PACK["links"],
        FIRM,
        BRANCH,
        {**EXPERT, "visits": {**EXPERT["visits"], "count_by": {"after": "period", "within": {"working_days": 3}}}},
    ]
    benxi = helped(links=links)
    benxi.until(date(2014, 7, 1))
    ((before,),) = ([task.due for task in benxi.tasks("visit-counts")],)
    assert before
    benxi.world.announce(
        HolidaysAnnounced(place="000000", notice="2014", year=2014, document="国办发明电", off=(before,), worked=(),
                          announced_by="国务院办公厅")
    )  # fmt: skip
    (moved,) = benxi.said(DeadlineMoved)
    assert moved.was == before < moved.due and said("deadline", moved.deadline, benxi.policy) == "确认到村次数的期限"


async def test_2_11_visits_are_on_both_databases_what_the_rules_decide_in_memory(database: str) -> None:
    benxi = Benxi(**PARTNERED)
    signed: dict[str, Any] = {"place": HOME, "village": V1, "kind": "expert"}
    steps: list[Event | Command | date] = [
        unit("U1"),
        cadre("E1", "U1"),
        diagnosed(V1),
        listed(V1),
        BeginLink(**signed, unit="U1", cadre="E1", skill="tea", decided_by="市委组织部", body="organisation"),
        date(2014, 7, 1),
        date(2014, 7, 11),
        START.replace(year=2015),
    ]
    await kept_alike(benxi, {**PACK, **PARTNERED}, steps, database)
    assert benxi.said(VisitsMissed)


def test_2_11_a_pack_that_asks_no_more_lets_go_what_was_never_counted_and_keeps_what_was() -> None:
    benxi = helped()
    benxi.until(date(2014, 7, 1))
    visits(benxi, QUARTER, E1=3)
    benxi.until(date(2014, 10, 1))
    expert = {field: said for field, said in EXPERT.items() if field != "visits"}
    benxi.adopt(**{**PARTNERED, "links": [expert if one is EXPERT else one for one in PARTNERED["links"]]})
    benxi.until(date(2014, 10, 20))
    state = benxi.dispatch.states[Contacts, V1]
    assert isinstance(state, Contacts)
    assert {last: one.times for last, one in state.visits["expert"].items()} == {"2014-06-30": {"E1": 3}}
