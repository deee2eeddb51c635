"""A team from the assignment to the release: the term, the transition, relapse; and that nobody leaves too early."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.model.commands import WithdrawCommitment
from shared.contracts.dispatch import (
    CommitmentOverdue,
    HelpBegun,
    Item,
    TeamAssigned,
    TeamKept,
    TeamReleased,
    TermExtended,
    VillageMatched,
)
from shared.contracts.registry import VillageDelisted, VillageRelapsed
from shared.rules import Refused
from tests.dispatch.benxi import START, V1, V2, Benxi, delisted, diagnosed, recalled, relapsed, squad, unit


def test_5_7_the_organisation_department_assigns_what_was_matched() -> None:
    benxi = Benxi().matched()
    (task,) = benxi.tasks("assignments")
    assert (task.about, task.role, task.due) == (V1, "organisation", date(2014, 6, 30))
    benxi.until(date(2014, 6, 25))
    benxi.assign()
    (assigned,) = benxi.said(TeamAssigned)
    assert (assigned.unit, assigned.spell, assigned.place) == ("U1", 1, "210521")
    assert (assigned.term_start, assigned.term_end) == (date(2014, 6, 25), date(2017, 6, 25))
    assert assigned.team == benxi.said(VillageMatched)[0].team
    assert not benxi.tasks("assignments")
    benxi.assign()
    assert len(benxi.said(TeamAssigned)) == 1


def test_only_a_matched_village_can_be_assigned() -> None:
    benxi = Benxi()
    with pytest.raises(Refused) as unknown:
        benxi.assign()
    assert unknown.value.status == 404
    benxi.hear(diagnosed(V1))
    with pytest.raises(Refused, match="not matched") as waiting:
        benxi.assign()
    assert waiting.value.status == 409


def test_3_11_the_term_is_extended_again_and_again_until_the_exit() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2017, 6, 20))
    assert not benxi.said(TermExtended)
    benxi.until(date(2019, 7, 1))
    assert [(e.extension, e.until) for e in benxi.said(TermExtended)] == [
        (1, date(2018, 6, 20)),
        (2, date(2019, 6, 20)),
        (3, date(2020, 6, 20)),
    ]
    benxi.hear(delisted(V1))
    benxi.until(date(2022, 1, 1))
    assert len(benxi.said(TermExtended)) == 3


def test_3_11_an_exit_on_the_last_day_of_the_term_is_in_time() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2017, 6, 20))
    benxi.hear(delisted(V1))
    benxi.until(date(2017, 12, 31))
    assert not benxi.said(TermExtended)


def test_3_11_missed_days_do_not_shorten_an_extension() -> None:
    """The service was down at the end of the term; the new end counts from the old one."""
    benxi = Benxi().helped()
    benxi.until(date(2017, 6, 19))
    benxi.world.today = date(2017, 9, 1)
    benxi.dispatch.pass_day(benxi.today)
    assert benxi.assignment().term_end == date(2018, 6, 20)


def test_5_4_after_the_exit_the_team_is_kept_for_the_transition_and_then_released() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2014, 12, 31))
    benxi.reconcile("2014")
    benxi.reconcile("2014")
    benxi.until(date(2015, 1, 20))
    benxi.hear(delisted(V1))
    assert [kept.until for kept in benxi.said(TeamKept)] == [date(2016, 1, 20)]
    benxi.settle("2014", 1, 2)
    assert not benxi.tasks()
    benxi.hear(delisted(V1))
    assert len(benxi.said(TeamKept)) == 1, "what is told twice prolongs nothing"
    benxi.until(date(2016, 1, 20))
    assert not benxi.said(TeamReleased) and benxi.assignment().status == "kept"
    benxi.until(date(2016, 1, 21))
    (released,) = benxi.said(TeamReleased)
    assert released.served_days == (date(2016, 1, 21) - START).days
    assert (released.unit, released.spell, len(released.team)) == ("U1", 1, 3)
    assert benxi.assignment().status == "released" and not benxi.assignment().timers
    # Unit and cadres are on offer again.
    benxi.hear(diagnosed(V2))
    benxi.solve("m2")
    assert benxi.said(VillageMatched)[-1].unit == "U1"


def test_the_team_settles_before_it_goes_home() -> None:
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 10}}).helped()
    benxi.until(date(2014, 8, 1))
    benxi.hear(delisted(V1))
    (task,) = benxi.tasks()
    assert (task.action, task.due) == ("settlements", date(2014, 8, 11))
    benxi.until(date(2014, 9, 1))
    assert not benxi.said(TeamReleased)
    assert [late.due for late in benxi.said(CommitmentOverdue, step="settle")] == [date(2014, 8, 11)]
    benxi.settle("2014", 1)
    (released,) = benxi.said(TeamReleased)
    assert released.served_days == (date(2014, 9, 1) - START).days
    assert not benxi.tasks()


def test_a_village_that_falls_back_while_its_team_is_there_gets_the_same_team_again() -> None:
    benxi = Benxi().helped(problems=1)
    benxi.until(date(2014, 8, 1))
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1)
    benxi.until(date(2015, 6, 30))
    benxi.hear(relapsed(V1))
    benxi.until(date(2015, 9, 1))
    assert not benxi.said(TeamReleased)  # It would have gone home on 1 August.
    benxi.hear(diagnosed(V1, spell=2, problems=1))
    assert not benxi.tasks("matchings") and not benxi.pool.needs
    again = benxi.said(VillageMatched)[-1]
    assert (again.unit, again.reasons, again.team) == ("U1", ("kept_team",), benxi.said(VillageMatched)[0].team)
    benxi.assign()
    assigned = benxi.said(TeamAssigned)[-1]
    assert (assigned.spell, assigned.term_start, assigned.term_end) == (2, date(2015, 9, 1), date(2018, 9, 1))
    # All is owed anew: what was left of the first spell, and the problems of the second diagnosis.
    assert benxi.details("commitments") == ["letter term"]
    benxi.set("letter", "term")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙")
    benxi.set("annual_plan", "2015", "甲")
    benxi.set("ledger", "2015", "新事项")
    assert [item.text for item in benxi.assignment().owed["ledger/2015"].items] == [
        "新事项",
        "打井两眼",
        "第1轮问题1",
        "第2轮问题1",
    ]
    assert len(benxi.said(HelpBegun)) == 2
    benxi.hear(delisted(V1, spell=2))
    benxi.settle("2015", 1, 2, 3, 4)
    benxi.until(benxi.said(TeamKept)[-1].until + timedelta(1))
    (released,) = benxi.said(TeamReleased)
    assert released.spell == 2 and released.served_days == (benxi.today - START).days


def test_a_relapse_leaves_the_old_ledger_to_be_settled_before_the_new_assignment() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2014, 8, 1))
    benxi.hear(delisted(V1), relapsed(V1), diagnosed(V1, spell=2))
    assert [task.action for task in benxi.tasks()] == ["settlements"]
    with pytest.raises(Refused, match="not settled"):
        benxi.assign()
    benxi.settle("2014", 1, 2)
    assert [task.action for task in benxi.tasks()] == ["assignments"]
    benxi.assign()
    assert benxi.assignment().stage == "assigned"


def test_what_was_left_and_what_was_diagnosed_anew_meet_in_the_next_ledger() -> None:
    benxi = Benxi().helped(problems=1)
    benxi.hear(delisted(V1), relapsed(V1), diagnosed(V1, spell=2, problems=2))
    benxi.settle("2014", 1, 2)
    benxi.assign()
    benxi.set("letter", "term")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙")
    benxi.set("ledger", "2014", items=(Item(1, "解决新问题", 1),))
    # The new problem 1 has its measure; the old problem 1 is another one.
    assert benxi.assignment().owed["ledger/2014"].items == (
        Item(1, "解决新问题", 1),
        Item(2, "第1轮问题1"),
        Item(3, "第2轮问题2", 2),
    )


def test_a_diagnosis_that_comes_again_does_not_begin_a_new_spell() -> None:
    benxi = Benxi().helped()
    benxi.hear(delisted(V1), diagnosed(V1))
    assert benxi.assignment().stage == "kept" and len(benxi.said(VillageMatched)) == 1


def test_3_11_a_second_spell_counts_its_extensions_anew() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2017, 7, 1))
    benxi.hear(delisted(V1), relapsed(V1), diagnosed(V1, spell=2))
    for task in benxi.tasks("reconciliations"):
        benxi.reconcile(task.detail.split()[1])
    benxi.settle("2014", 1, 2)
    benxi.assign()
    benxi.until(date(2020, 7, 2))
    assert [(e.extension, e.until.year) for e in benxi.said(TermExtended)] == [(1, 2018), (1, 2021)]


def test_a_released_team_may_close_a_gap() -> None:
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 0}}).helped()
    benxi.hear(diagnosed(V2))
    benxi.solve("m2")
    assert not benxi.tasks("matchings")
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.until(benxi.today + timedelta(1))
    assert benxi.tasks("matchings")


def test_a_village_that_falls_back_after_the_release_waits_in_the_pool() -> None:
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 0}}).helped()
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.until(benxi.today + timedelta(1))
    assert benxi.said(TeamReleased)
    benxi.hear(relapsed(V1), diagnosed(V1, spell=2))
    assert V1 in benxi.pool.needs and benxi.assignment().status == "diagnosed"
    benxi.solve("m2")
    assert benxi.said(VillageMatched)[-1].matching == "m2"
    benxi.assign()
    assert benxi.said(TeamAssigned)[-1].spell == 2


STEPS = st.lists(st.tuples(st.integers(0, 59), st.sampled_from([0, 0, 1, 40, 90, 700])), min_size=6, max_size=20)
"""Which of the things that can happen then, and how many days pass after it."""


@settings(deadline=None, max_examples=80)
@given(STEPS)
def test_2_13_nobody_is_released_before_exit(steps: list[tuple[int, int]]) -> None:
    """Whatever officers do or leave undone, and however often a village falls back."""
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 30}})
    benxi.hear(unit("U1"), *squad("U1", size=6), diagnosed(V1))
    answer_everything(benxi)
    spell, listed, kept_until = 1, True, date.min
    for choice, days in steps:
        state = benxi.assignment()
        possible = {
            "work": True,
            "recall": bool(state.team),
            "delist": listed and state.stage in ("assigned", "helped"),
            "relapse": not listed,
            "diagnose": listed and state.spell < spell,
        }
        steps_now = [step for step, can in possible.items() if can]
        step = steps_now[choice % len(steps_now)]
        if step == "work":
            answer_everything(benxi)
        elif step == "recall":
            benxi.hear(recalled(state.team[-1].cadre, V1))
        elif step == "delist":
            benxi.hear(delisted(V1, spell))
            listed, kept_until = False, benxi.said(TeamKept)[-1].until
        elif step == "relapse":
            spell, listed = spell + 1, True
            benxi.hear(relapsed(V1))
        elif step == "diagnose":
            benxi.hear(diagnosed(V1, spell=spell))
        releases = len(benxi.said(TeamReleased))
        benxi.until(benxi.today + timedelta(days))
        for _ in benxi.said(TeamReleased)[releases:]:
            assert not listed and kept_until < benxi.today
        if benxi.assignment().stage in ("assigned", "helped"):
            term_end = benxi.assignment().term_end
            assert listed and term_end and term_end >= benxi.today
    # Every release has its exit, and what goes home after a relapse has gone home after the next exit.
    told = [f.event for f in benxi.world.facts if isinstance(f.event, VillageDelisted | VillageRelapsed | TeamReleased)]
    for before, event in zip([None, *told], told, strict=False):
        assert not isinstance(event, TeamReleased) or isinstance(before, VillageDelisted)


def answer_everything(benxi: Benxi) -> None:
    """Do what is awaited, as diligent officers do."""
    for round in range(20):
        tasks = benxi.tasks()
        if not tasks:
            return
        for task in tasks:
            kind, period, *_ = (*task.detail.split(), "", "")
            if task.action == "matchings":
                benxi.solve(f"{benxi.today} {round}")
            elif task.action == "assignments":
                benxi.assign()
            elif task.action == "commitments":
                benxi.set(kind, period, "甲", "乙", "丙")
            elif task.action == "reconciliations":
                benxi.reconcile(period, 1)
            elif task.action == "settlements":
                benxi.settle(period, 1)
            elif task.action == "replacements" and not replace(benxi, task.detail):
                return
    raise AssertionError(f"still awaited: {benxi.tasks()}")


def replace(benxi: Benxi, recalled: str) -> bool:
    for cadre in benxi.free:
        try:
            benxi.replace(recalled, cadre)
        except Refused:
            continue
        return True
    return False


def test_2_4_a_settlement_that_is_taken_back_after_the_exit_keeps_the_team_until_it_is_made_again() -> None:
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 10}}).helped()
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1)
    benxi.send(WithdrawCommitment, kind="ledger", period="2014", step="settle", body=benxi.by("ledger"))
    benxi.until(START + 30 * timedelta(1))
    assert not benxi.said(TeamReleased) and benxi.details("settlements")
    benxi.settle("2014", 1)
    assert len(benxi.said(TeamReleased)) == 1
