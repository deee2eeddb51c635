"""What was entered by mistake is taken back by a named body with a reason, until something rests on it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from services.dispatch.model.commands import WithdrawAssignment, WithdrawCommitment, WithdrawMatch
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.owed import Commitments
from shared.contracts import Command
from shared.contracts.dispatch import (
    AssignmentWithdrawn,
    CommitmentReconciled,
    CommitmentSet,
    CommitmentSettled,
    CommitmentWithdrawn,
    HelpBegun,
    Item,
    MatchWithdrawn,
    TeamAssigned,
    VillageMatched,
)
from shared.contracts.journey import next_stage
from shared.contracts.values import ROLES
from shared.rules import Refused
from tests.dispatch.benxi import START, V1, Benxi, delisted, diagnosed, relapsed, unlisted


def withdraw(benxi: Benxi, kind: str, period: str = "term", step: str = "set", **said: Any) -> None:
    benxi.send(WithdrawCommitment, kind=kind, period=period, step=step, **{"body": benxi.by(kind), **said})


def stage(benxi: Benxi) -> str:
    """Where the registry has the village."""
    at = "diagnosed"
    for fact in benxi.world.facts:
        at = next_stage(at, fact.event)
    return at


# ---------------------------------------------------------------- matches and assignments


def test_a_match_is_taken_back_and_the_village_waits_from_the_day_of_its_diagnosis() -> None:
    benxi = Benxi().matched()
    benxi.until(date(2014, 6, 25))
    benxi.send(WithdrawMatch)
    (withdrawn,) = benxi.said(MatchWithdrawn)
    assert (withdrawn.unit, withdrawn.reason) == ("U1", "录入有误") and stage(benxi) == "diagnosed"
    assert benxi.pool.needs[V1].since == START and "C-U1-0" in benxi.free
    assert [task.action for task in benxi.tasks()] == ["matchings"] and benxi.assignment().status == "diagnosed"
    benxi.send(WithdrawMatch)
    assert len(benxi.said(MatchWithdrawn)) == 1, "what changes nothing is not told"
    benxi.solve("m2")
    assert benxi.said(VillageMatched)[-1].matching == "m2" and stage(benxi) == "matched"


def test_an_assignment_is_taken_back_until_something_is_set_and_given_again() -> None:
    benxi = Benxi().assigned()
    benxi.until(date(2014, 7, 1))
    benxi.send(WithdrawAssignment)
    assert len(benxi.said(AssignmentWithdrawn)) == 1 and stage(benxi) == "matched"
    assert [(task.action, task.due) for task in benxi.tasks()] == [("assignments", date(2014, 7, 11))]
    assert not benxi.assignment().timers
    benxi.assign()
    (first, second) = benxi.said(TeamAssigned)
    assert (first.term_start, second.term_start) == (START, date(2014, 7, 1))
    assert benxi.assignment().since == date(2014, 7, 1) and benxi.details("commitments") == ["letter term"]
    benxi.set("letter", "term", "承诺")
    with pytest.raises(Refused, match="letter/term rest on this assignment"):
        benxi.send(WithdrawAssignment)
    withdraw(benxi, "letter")
    benxi.send(WithdrawAssignment)
    benxi.send(WithdrawMatch)
    assert stage(benxi) == "diagnosed"


def test_a_match_that_was_assigned_is_taken_back_with_the_assignment_first() -> None:
    benxi = Benxi().assigned()
    with pytest.raises(Refused, match="withdraw the assignment first"):
        benxi.send(WithdrawMatch)


def test_a_team_that_is_kept_after_a_relapse_is_no_match_to_take_back() -> None:
    benxi = Benxi().helped()
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.hear(relapsed(V1), diagnosed(V1, spell=2))
    with pytest.raises(Refused, match="keeps the team that it has"):
        benxi.send(WithdrawMatch)


@pytest.mark.parametrize("command", [WithdrawMatch, WithdrawAssignment])
def test_only_the_organisation_department_takes_back(command: Any) -> None:
    benxi = Benxi().matched()
    with pytest.raises(Refused, match="a matter of the organisation department"):
        benxi.send(command, body="unit")
    benxi = Benxi()
    with pytest.raises(Refused) as nothing:
        benxi.send(command)
    assert nothing.value.status == 404


# ---------------------------------------------------------------- letters, plans and ledgers


def test_3_6_a_letter_is_taken_back_and_owed_anew_with_all_that_only_it_had_opened() -> None:
    benxi = Benxi().assigned()
    benxi.set("letter", "term", "承诺")
    assert stage(benxi) == "pledged"
    benxi.until(date(2014, 8, 1))
    withdraw(benxi, "letter")
    (withdrawn,) = benxi.said(CommitmentWithdrawn)
    assert (withdrawn.kind, withdrawn.period, withdrawn.step, withdrawn.items) == ("letter", "term", "set", ())
    assert stage(benxi) == "assigned"
    assert [(t.detail, t.due) for t in benxi.tasks("commitments")] == [("letter term", date(2014, 8, 31))]
    benxi.set("letter", "term", "改正后的承诺")
    assert stage(benxi) == "pledged" and benxi.details("commitments") == ["three_year_plan term"]


def test_what_others_rest_on_is_not_taken_back_and_the_refusal_says_what_rests_on_it() -> None:
    benxi = Benxi().assigned()
    benxi.set("letter", "term", "承诺")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙")
    with pytest.raises(Refused, match="three_year_plan/term rest on letter/term"):
        withdraw(benxi, "letter")
    withdraw(benxi, "three_year_plan")
    withdraw(benxi, "letter")
    assert stage(benxi) == "assigned"
    benxi = Benxi().helped()
    with pytest.raises(Refused, match="the help that has begun"):
        withdraw(benxi, "ledger", "2014")
    assert len(benxi.said(HelpBegun)) == 1


def test_2_4_problems_that_joined_a_ledger_wait_again_and_join_the_next_try() -> None:
    benxi = Benxi().assigned(problems=2)
    benxi.set("letter", "term")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙")
    benxi.set("ledger", "2014", "打错的事项")
    withdraw(benxi, "ledger", "2014")
    benxi.set("ledger", "2014", "打井")
    texts = [[item.text for item in said.items] for said in benxi.said(CommitmentSet, kind="ledger")]
    assert texts == [["打错的事项", "第1轮问题1", "第1轮问题2"], ["打井", "第1轮问题1", "第1轮问题2"]]


def test_single_items_are_taken_out_but_not_problems_nor_goals_nor_all() -> None:
    benxi = Benxi().assigned(problems=1)
    benxi.set("letter", "term", "承诺")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙", "丁")
    benxi.set("ledger", "2014", items=(Item(1, "误录"), Item(2, "修渠", goal=2)))
    withdraw(benxi, "ledger", "2014", items=(1,))
    assert [item.text for item in benxi.assignment().owed["ledger/2014"].items] == ["修渠", "第1轮问题1"]
    assert benxi.said(CommitmentWithdrawn)[-1].items == (1,)
    for kind, period, numbers, why in (
        ("ledger", "2014", (3,), "answer the diagnosis"),
        ("three_year_plan", "term", (2,), "what others serve"),
        ("three_year_plan", "term", (1, 3), "needs 3 items and has 2"),
        ("three_year_plan", "term", (9,), "no items numbered"),
    ):
        with pytest.raises(Refused, match=why):
            withdraw(benxi, kind, period, items=numbers)
    benxi.set("annual_plan", "2014", items=(Item(1, "修路", goal=3), Item(2, "修渠", goal=1), Item(3, "误录", goal=2)))
    withdraw(benxi, "annual_plan", "2014", items=(2, 3))
    assert [item.text for item in benxi.assignment().owed["annual_plan/2014"].items] == ["修路"], (
        "goals 2 and 3 are the three-year plan's"
    )
    with pytest.raises(Refused, match=r"items \[3\] answer the diagnosis or are what others serve"):
        withdraw(benxi, "three_year_plan", items=(3,))


def test_an_item_of_the_letter_is_taken_out_while_nothing_is_set_after_it() -> None:
    benxi = Benxi().assigned()
    benxi.set("letter", "term", "承诺")
    withdraw(benxi, "letter", items=(1,))
    assert stage(benxi) == "pledged", "the letter stands without one of its items"


def test_2_4_a_reconciliation_is_taken_back_on_its_day_only() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2014, 7, 1))
    benxi.reconcile("2014", 1, 2)
    owed = ["ledger 2014 2014-06-30"]
    with pytest.raises(Refused, match="its reconciliation or settlement"):
        withdraw(benxi, "ledger", "2014", items=(2,))
    withdraw(benxi, "ledger", "2014", "reconcile")
    assert benxi.details("reconciliations") == owed and not benxi.assignment().owed["ledger/2014"].done
    benxi.reconcile("2014", 1)
    assert [(said.done, said.open) for said in benxi.said(CommitmentReconciled)] == [(2, 0), (1, 1)]
    benxi.until(date(2014, 7, 2))
    with pytest.raises(Refused, match="on the same day only"):
        withdraw(benxi, "ledger", "2014", "reconcile")


def test_2_4_a_settlement_is_taken_back_until_the_next_ledger_is_set() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2015, 1, 5))
    for _ in range(3):
        benxi.reconcile("2014", 1)
    benxi.settle("2014", 1, 2)
    benxi.until(date(2015, 1, 20))
    withdraw(benxi, "ledger", "2014", "settle")
    assert benxi.details("settlements") == ["ledger 2014"] and not benxi.assignment().carried.get("ledger")
    benxi.settle("2014", 1)
    assert [(said.closed, said.carried) for said in benxi.said(CommitmentSettled)] == [(2, 0), (1, 1)]
    withdraw(benxi, "ledger", "2014", "settle")
    benxi.settle("2014", 1)
    assert [item.text for item in benxi.assignment().carried["ledger"]] == ["打井两眼"]
    benxi.set("ledger", "2015", "养蜂")
    with pytest.raises(Refused, match="rests on the settlement of ledger/2014"):
        withdraw(benxi, "ledger", "2014", "settle")
    withdraw(benxi, "ledger", "2015")
    assert [item.text for item in benxi.assignment().carried["ledger"]] == ["打井两眼"]
    benxi.set("ledger", "2015", "养蜂")
    benxi.until(date(2016, 1, 5))
    for _ in range(4):
        benxi.reconcile("2015")
    benxi.settle("2015", 1, 2)
    benxi.set("ledger", "2016", "种茶")
    with pytest.raises(Refused, match="its reconciliation or settlement rest on ledger/2015"):
        withdraw(benxi, "ledger", "2015")


@pytest.mark.parametrize("step", ["set", "settle"])
def test_what_was_not_entered_is_not_taken_back(step: str) -> None:
    benxi = Benxi().assigned()
    withdraw(benxi, "letter", step=step)
    assert not benxi.said(CommitmentWithdrawn)


@pytest.mark.parametrize(
    ("said", "status", "why"),
    [
        ({"body": "team"}, 422, "a matter of the sending unit"),
        ({"period": "2013"}, 409, "is not owed now"),
        ({"kind": "promise"}, 422, "knows no commitment"),
        ({"step": "reconcile"}, 409, "no reconciliation"),
        ({"step": "settle", "items": (1,)}, 422, "leave `items` out"),
    ],
)
def test_a_withdrawal_that_cannot_be_is_refused(said: dict[str, Any], status: int, why: str) -> None:
    benxi = Benxi().assigned()
    benxi.set("letter", "term", "承诺")
    with pytest.raises(Refused, match=why) as refused:
        withdraw(benxi, **{"kind": "letter", **said})
    assert refused.value.status == status and refused.value.zh


# ---------------------------------------------------------------- who may take a step


@pytest.mark.parametrize(
    ("before", "act", "role"),
    [
        ("none", "matching", "organisation"),
        ("matched", "assign", "organisation"),
        ("assigned", "letter", "unit"),
        ("helped", "reconcile", "team"),
        ("helped", "settle", "team"),
    ],
)
def test_a_step_is_taken_by_whom_the_rules_name(before: str, act: str, role: str) -> None:
    from services.dispatch.model import commands as c

    benxi = Benxi()
    if before == "none":
        benxi.hear(diagnosed(V1))
    else:
        getattr(benxi, before)()
    benxi.until(date(2014, 7, 5))
    signed: dict[str, Any] = {"place": V1[:6], "village": V1, "body": "county"}
    commands: dict[str, Callable[[], Command]] = {
        "matching": lambda: c.SolveMatching(place="210500", matching="m9", asked_by="县", body="county"),
        "assign": lambda: c.AssignTeam(**signed, assigned_by="县"),
        "letter": lambda: c.SetCommitment(**signed, kind="letter", period="term", set_by="县"),
        "reconcile": lambda: c.Reconcile(**signed, kind="ledger", period="2014", done=(), reconciled_by="县"),
        "settle": lambda: c.Settle(**signed, kind="ledger", period="2014", closed=(), settled_by="县"),
    }
    with pytest.raises(Refused, match=f"a matter of {ROLES[role][1]}, not of the county") as refused:
        benxi.world.command("dispatch", commands[act]())
    assert (refused.value.status, refused.value.field) == (422, "body")


def test_what_was_set_and_taken_back_on_one_day_leaves_nothing_behind() -> None:
    benxi = Benxi().assigned(problems=1)
    before = benxi.dispatch.states[Commitments, V1]
    benxi.set("letter", "term", "承诺")
    withdraw(benxi, "letter")
    assert benxi.dispatch.states[Commitments, V1] == before


def test_a_mistaken_listing_of_a_later_spell_leaves_the_one_before_it() -> None:
    benxi = Benxi().helped()
    benxi.hear(delisted(V1), relapsed(V1), diagnosed(V1, spell=2), unlisted(V1, spell=2))
    state = benxi.dispatch.states[Link, id_of(V1)]
    assert isinstance(state, Link) and state.spell == 1
