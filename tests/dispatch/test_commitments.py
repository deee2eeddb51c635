"""What unit and team owe: letters, plans and ledgers, set, reconciled and settled (1.2, 2.4, 3.1, 3.5, 3.6)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.model.commands import WithdrawCommitment
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import (
    CommitmentOverdue,
    CommitmentReconciled,
    CommitmentSet,
    CommitmentSettled,
    HelpBegun,
    Item,
)
from shared.engine.flow import encode_state
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import PACK, START, V1, Benxi, delisted


def test_3_6_3_5_letter_plans_and_ledger_follow_one_another_and_help_begins_with_the_last() -> None:
    benxi = Benxi().assigned()
    (letter,) = benxi.tasks()
    assert (letter.action, letter.detail, letter.role) == ("commitments", "letter term", "unit")
    assert (letter.due, letter.rule) == (date(2014, 7, 20), "S3:第三项")
    with pytest.raises(Refused, match="what is: letter/term") as early:
        benxi.set("ledger", "2014", "甲")
    assert early.value.status == 409
    benxi.until(date(2014, 7, 10))
    benxi.set("letter", "term")
    (plan,) = benxi.tasks()
    assert (plan.detail, plan.due, plan.role) == ("three_year_plan term", date(2014, 8, 9), "team")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙")
    assert benxi.details("commitments") == ["annual_plan 2014", "ledger 2014"]
    benxi.set("ledger", "2014", "甲")
    assert not benxi.said(HelpBegun)
    benxi.set("annual_plan", "2014", "甲")
    assert [(begun.village, begun.unit) for begun in benxi.said(HelpBegun)] == [(V1, "U1")]
    assert not benxi.tasks() and benxi.assignment().status == "helped"
    assert [s.kind for s in benxi.said(CommitmentSet)] == ["letter", "three_year_plan", "ledger", "annual_plan"]


def test_1_2_a_letter_unsigned_by_its_deadline_is_told_once_and_stays_awaited() -> None:
    benxi = Benxi().assigned()
    benxi.until(date(2014, 7, 20))
    assert not benxi.said(CommitmentOverdue)
    benxi.until(date(2015, 4, 1))
    (overdue,) = benxi.said(CommitmentOverdue)
    assert (overdue.kind, overdue.period, overdue.step) == ("letter", "term", "set")
    assert (overdue.due, overdue.unit, overdue.owed_by) == (date(2014, 7, 20), "U1", "unit")
    assert benxi.details("commitments") == ["letter term"]
    benxi.set("letter", "term")
    assert benxi.details("commitments") == ["three_year_plan term"]


def test_1_2_a_day_that_becomes_a_working_day_brings_nearer_what_is_owed_and_the_day_on_which_it_is_told() -> None:
    letter = {**PACK["commitments"][0]}
    letter["set_by"] = {"after": "dispatch.team.assigned", "within": {"working_days": 10}}
    benxi = Benxi(commitments=[letter, *PACK["commitments"][1:]]).assigned()
    (before,) = [task.due for task in benxi.tasks("commitments")]
    saturday = benxi.today + timedelta((5 - benxi.today.weekday()) % 7 or 7)
    benxi.world.announce(
        HolidaysAnnounced(place="000000", notice="2014", year=2014, document="国办发明电", off=(), worked=(saturday,),
                          announced_by="国务院办公厅")
    )  # fmt: skip
    (due,) = [task.due for task in benxi.tasks("commitments")]
    assert before and due and due < before
    benxi.until(due)
    assert not benxi.said(CommitmentOverdue)
    benxi.until(due + timedelta(1))
    assert [told.due for told in benxi.said(CommitmentOverdue)] == [due]


def test_3_5_a_measure_of_the_year_serves_a_target_of_the_three_year_plan() -> None:
    benxi = Benxi().assigned()
    benxi.set("letter", "term", "承诺")
    benxi.set("three_year_plan", "term", items=(Item(2, "修路"), Item(4, "引水"), Item(6, "产业")))
    for match, measures in (
        (r"three_year_plan has no goals \[1, 3\]", (Item(1, "修渠", goal=3), Item(2, "硬化", goal=1))),
        (r"which are \[2, 4, 6\]; \[3\] serve none", (Item(1, "修渠", goal=4), Item(3, "打井"))),
    ):
        with pytest.raises(Refused, match=match) as refused:
            benxi.set("annual_plan", "2014", items=measures)
        assert (refused.value.rule, refused.value.status, refused.value.field) == ("3.5", 422, "items")
    good = (Item(1, "修渠", goal=4), Item(2, "硬化", goal=2), Item(3, "打井", goal=4))
    benxi.set("annual_plan", "2014", items=good)
    assert benxi.said(CommitmentSet)[-1].items == good
    benxi.set("ledger", "2014", items=(Item(1, "修渠两公里", goal=4),))
    benxi.until(date(2015, 1, 1))
    for _ in range(3):
        benxi.reconcile("2014")
    benxi.settle("2014")
    benxi.set("ledger", "2015", "打井一眼")
    carried = Item(2, "修渠两公里", goal=4)
    assert carried in benxi.said(CommitmentSet)[-1].items, "what is carried into the next year serves the same target"


def test_3_5_what_follows_nothing_has_no_goal_to_serve() -> None:
    benxi = Benxi().assigned()
    with pytest.raises(Refused, match="has no goals") as refused:
        benxi.set("letter", "term", items=(Item(1, "承诺", goal=1),))
    assert refused.value.status == 422


def test_2_4_every_step_of_a_commitment_names_the_organ_that_took_it() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2014, 6, 30))
    benxi.reconcile("2014", 1)
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1)
    assert {s.set_by for s in benxi.said(CommitmentSet)} == {"工作队"}
    assert [r.reconciled_by for r in benxi.said(CommitmentReconciled)] == ["工作队"]
    assert [s.settled_by for s in benxi.said(CommitmentSettled)] == ["工作队"]


def test_3_1_the_problems_of_the_baseline_open_the_first_ledger() -> None:
    benxi = Benxi().assigned(problems=3)
    benxi.set("letter", "term")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙")
    benxi.set("annual_plan", "2014", "甲")
    benxi.set("ledger", "2014", items=(Item(7, "修渠引水", 2), Item(3, "修路")))
    items = benxi.said(CommitmentSet)[-1].items
    # Problem 2 has its measure already; the others join with numbers of their own.
    assert items == (Item(3, "修路"), Item(7, "修渠引水", 2), Item(8, "第1轮问题1", 1), Item(9, "第1轮问题3", 3))


def test_2_4_a_ledger_of_problems_alone_is_enough_items() -> None:
    benxi = Benxi().assigned(problems=1)
    benxi.set("letter", "term")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙")
    with pytest.raises(Refused, match="needs 1 items and has 0"):
        benxi.set("annual_plan", "2014")
    benxi.set("ledger", "2014")
    assert len(benxi.assignment().owed["ledger/2014"].items) == 1


def test_2_4_a_year_of_the_ledger_set_reconciled_settled_and_carried() -> None:
    benxi = Benxi().helped()
    # 2014 has two reconciliation days left after 20 June: 30 June is one of three.
    benxi.until(date(2014, 6, 30))
    (task,) = benxi.tasks()
    assert (task.action, task.detail) == ("reconciliations", "ledger 2014 2014-06-30")
    assert (task.due, task.rule, task.role) == (date(2014, 7, 15), "S3:第一项", "team")
    benxi.reconcile("2014")
    assert not benxi.tasks()
    benxi.until(date(2014, 9, 30))
    benxi.reconcile("2014", 1)
    benxi.until(date(2014, 12, 31))
    benxi.reconcile("2014")
    assert [(r.on, r.done, r.open) for r in benxi.said(CommitmentReconciled)] == [
        (date(2014, 6, 30), 0, 2),
        (date(2014, 9, 30), 1, 1),
        (date(2014, 12, 31), 1, 1),
    ]
    with pytest.raises(Refused, match="only in the next year"):
        benxi.settle("2014", 1)
    benxi.until(date(2015, 1, 1))
    # The plan of the year is owed, and the old ledger's settlement before the new ledger.
    assert {(t.action, t.detail, t.due) for t in benxi.tasks()} == {
        ("commitments", "annual_plan 2015", date(2015, 1, 31)),
        ("settlements", "ledger 2014", date(2015, 1, 31)),
    }
    with pytest.raises(Refused, match="settle it first"):
        benxi.set("ledger", "2015", "丁")
    benxi.settle("2014", 1)
    assert [(s.closed, s.carried) for s in benxi.said(CommitmentSettled)] == [(1, 1)]
    assert ("ledger 2015", date(2015, 2, 28)) in {(t.detail, t.due) for t in benxi.tasks("commitments")}
    benxi.set("annual_plan", "2015", "甲")
    benxi.set("ledger", "2015", "丁")
    assert benxi.said(CommitmentSet)[-1].items == (Item(1, "丁"), Item(2, "打井两眼"))
    assert not benxi.tasks() and not benxi.said(CommitmentOverdue)


def test_2_4_missed_steps_are_told_once_each_and_stay_awaited() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2015, 4, 1))
    assert [(o.kind, o.step, o.due) for o in benxi.said(CommitmentOverdue)] == [
        ("ledger", "reconcile 2014-06-30", date(2014, 7, 15)),
        ("ledger", "reconcile 2014-09-30", date(2014, 10, 15)),
        ("ledger", "reconcile 2014-12-31", date(2015, 1, 15)),
        ("annual_plan", "set", date(2015, 1, 31)),
        ("ledger", "settle", date(2015, 1, 31)),
        ("ledger", "set", date(2015, 2, 28)),
    ]
    with pytest.raises(Refused, match="reconcile first"):
        benxi.settle("2014", 1)
    for day in ("06-30", "09-30", "12-31"):
        assert benxi.details("reconciliations") == [f"ledger 2014 2014-{day}"]
        benxi.reconcile("2014", 1)
    assert [r.on.month for r in benxi.said(CommitmentReconciled)] == [6, 9, 12]
    assert not benxi.details("reconciliations") and benxi.details("settlements") == ["ledger 2014"]
    benxi.settle("2014", 1, 2)
    benxi.set("ledger", "2015", "丁")
    benxi.set("annual_plan", "2015", "甲")
    assert not benxi.tasks()  # 31 March had passed before the ledger of 2015 was set.


def test_2_4_a_period_that_was_never_set_is_overtaken_by_the_next() -> None:
    benxi = Benxi().helped()
    for _ in range(3):
        benxi.until(date(2014, 12, 31))
        benxi.reconcile("2014")
    benxi.until(date(2015, 1, 1))
    benxi.settle("2014", 1, 2)
    benxi.until(date(2016, 1, 1))
    assert benxi.details("commitments") == ["annual_plan 2016", "ledger 2016"]
    benxi.set("ledger", "2016", "甲")
    with pytest.raises(Refused, match="not owed now"):
        benxi.set("ledger", "2015", "甲")


def test_a_start_in_december_is_for_the_year_that_comes() -> None:
    benxi = Benxi(date(2014, 12, 10)).assigned()
    benxi.begin(year=2015)
    assert benxi.said(HelpBegun)
    benxi.until(date(2015, 3, 31))
    assert benxi.details("reconciliations") == ["ledger 2015 2015-03-31"]
    assert not benxi.details("settlements") and not benxi.said(CommitmentOverdue)


def test_a_village_that_exits_in_the_year_settles_its_ledger_and_sets_no_more() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2014, 6, 30))
    benxi.reconcile("2014", 1)
    benxi.until(date(2014, 10, 1))
    benxi.hear(delisted(V1))
    # The open quarter is answered by the settlement, which is awaited by its regular date at the latest.
    (task,) = benxi.tasks()
    assert (task.action, task.due) == ("settlements", date(2015, 1, 31))
    benxi.settle("2014", 1)
    benxi.until(date(2015, 9, 30))
    assert not benxi.tasks() and not benxi.said(CommitmentOverdue)
    with pytest.raises(Refused):
        benxi.set("annual_plan", "2015", "甲")


def test_an_exit_in_january_takes_back_what_the_new_year_had_opened() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2015, 1, 20))
    benxi.hear(delisted(V1))
    assert [(t.action, t.detail, t.due) for t in benxi.tasks()] == [("settlements", "ledger 2014", date(2015, 1, 31))]


def test_setting_again_with_the_same_content_changes_nothing_and_with_other_content_is_refused() -> None:
    benxi = Benxi().helped(problems=1)
    told = len(benxi.world.facts)
    benxi.begin()
    benxi.reconcile("2014")
    assert len(benxi.world.facts) == told
    with pytest.raises(Refused, match="does not change") as refused:
        benxi.set("ledger", "2014", "别的")
    assert refused.value.status == 409
    benxi.until(date(2015, 1, 1))
    for _ in range(3):
        benxi.reconcile("2014")
    benxi.settle("2014", 2, 1)
    told = len(benxi.world.facts)
    benxi.settle("2014", 1, 2)
    assert len(benxi.world.facts) == told
    with pytest.raises(Refused, match="settled already"):
        benxi.settle("2014", 1)


@pytest.mark.parametrize(
    ("kind", "items", "field", "en"),
    [
        ("five_lists", (), "kind", "no commitment 'five_lists'"),
        ("three_year_plan", (Item(1, "甲"), Item(1, "乙"), Item(2, "丙")), "items", "1 is named twice"),
        ("three_year_plan", (Item(1, "甲"), Item(2, "乙")), "items", "needs 3 items and has 2"),
    ],
)
def test_wrong_content_is_refused_with_the_field(kind: str, items: Any, field: str, en: str) -> None:
    benxi = Benxi().assigned()
    benxi.set("letter", "term")
    with pytest.raises(Refused) as refused:
        benxi.set(kind, "term", items=items)
    assert (refused.value.status, refused.value.field) == (422, field) and refused.value.zh
    assert en in refused.value.en


def test_numbers_of_no_item_are_refused() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2014, 6, 30))
    with pytest.raises(Refused, match=r"\[9\]"):
        benxi.reconcile("2014", 1, 9)
    with pytest.raises(Refused, match="no reconciliation of annual_plan"):
        benxi.reconcile("2014", 1, kind="annual_plan")
    benxi.reconcile("2014", 1)
    for day in (date(2014, 9, 30), date(2014, 12, 31)):
        benxi.until(day)
        benxi.reconcile("2014", 1)
    benxi.until(date(2015, 1, 1))
    with pytest.raises(Refused) as refused:
        benxi.settle("2014", 1, 9)
    assert (refused.value.field, refused.value.status) == ("closed", 422)


def test_the_state_of_a_village_stays_small_over_ten_years() -> None:
    benxi = Benxi().helped(problems=2)
    for year in range(2014, 2024):
        for _ in range(4 if year > 2014 else 3):
            benxi.until(date(year, 12, 31))
            benxi.reconcile(str(year), 1)
        benxi.until(date(year + 1, 1, 1))
        benxi.settle(str(year), *range(1, 5))
        benxi.set("annual_plan", str(year + 1), "修路")
        benxi.set("ledger", str(year + 1), "修路", "打井", "种树", "养牛")
    assert len(encode_state(benxi.assignment())) < 4000


def test_a_pack_may_ask_for_other_commitments_without_any_code() -> None:
    """1.2, as in Xixiu: a letter every year and nothing else."""
    letter = {
        "kind": "letter",
        "label": "脱贫攻坚责任书",
        "rule": "S3:第三项",
        "by": "township",
        "set_by": {"after": "dispatch.team.assigned", "within": {"working_days": 5}},
        "yearly": {"month": 3, "day": 31},
    }
    benxi = Benxi(commitments=[letter]).assigned()
    (task,) = benxi.tasks()
    assert (task.detail, task.role, task.due, task.rule) == ("letter 2014", "township", date(2014, 6, 27), "S3:第三项")
    benxi.set("letter", "2014")
    assert benxi.said(HelpBegun)
    benxi.until(date(2015, 1, 1))
    assert [(t.detail, t.due) for t in benxi.tasks()] == [("letter 2015", date(2015, 3, 31))]


def test_a_pack_without_commitments_helps_from_the_assignment_on() -> None:
    benxi = Benxi(commitments=[]).assigned()
    assert benxi.said(HelpBegun) and benxi.today == START


def test_a_pack_that_settles_what_is_not_yearly_is_refused() -> None:
    ledger = {key: value for key, value in PACK["commitments"][-1].items() if key != "yearly"}
    with pytest.raises(PolicyInvalid, match="ledger is reconciled or settled"):
        parse_pack({**PACK, "commitments": [*PACK["commitments"][:-1], ledger]})


def _planned(**said: Any) -> list[dict[str, Any]]:
    """The pack's commitments, where the annual plan says something else."""
    return [{**one, **said} if one["kind"] == "annual_plan" else one for one in PACK["commitments"]]


@pytest.mark.parametrize(
    ("item", "match"),
    [
        (Item(1, "修渠", goal=1, sources=("lottery",), yuan=30000), "no duty or source 'lottery'"),
        (Item(1, "修渠", goal=1, yuan=30000), r"items \[1\] cost money"),
        (Item(1, "修渠", goal=1, duty="visit"), "no duty or source 'visit'; it has none"),
    ],
)
def test_3_5_a_measure_that_costs_money_names_one_of_the_four_sources(item: Item, match: str) -> None:
    benxi = Benxi().assigned()
    benxi.set("letter", "term")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙")
    with pytest.raises(Refused, match=match) as refused:
        benxi.set("annual_plan", "2014", items=(item,))
    assert (refused.value.status, refused.value.field) == (422, "items")
    paid = Item(1, "修渠", goal=1, sources=("collective", "party_dues"), yuan=30000)
    benxi.set("annual_plan", "2014", items=(paid, Item(2, "宣传政策", goal=2)))
    assert benxi.said(CommitmentSet)[-1].items[0] == paid


def test_3_5_this_years_measures_serve_this_years_plan_where_the_plan_is_a_years() -> None:
    measures = {
        "kind": "measures",
        "label": "帮扶措施",
        "rule": "S3:第三项",
        "by": "team",
        "serves": "annual_plan",
        "set_by": {"after": "annual_plan", "within": {"calendar_days": 30}},
        "yearly": {"month": 2, "day": 15},
    }
    benxi = Benxi(commitments=[*PACK["commitments"][:3], measures]).assigned()
    benxi.set("letter", "term")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙")
    benxi.set("annual_plan", "2014", items=(Item(1, "修路", goal=1), Item(2, "引水", goal=3)))
    benxi.set("measures", "2014", items=(Item(1, "修一公里", goal=2),))
    benxi.until(date(2015, 1, 1))
    with pytest.raises(Refused, match="has no goals"):
        benxi.set("measures", "2015", items=(Item(1, "修两公里", goal=2),))
    benxi.set("annual_plan", "2015", items=(Item(1, "修路", goal=1),))
    benxi.set("measures", "2015", items=(Item(1, "修两公里", goal=1),))


def test_3_5_the_three_year_plan_is_not_withdrawn_under_measures_that_serve_it() -> None:
    benxi = Benxi().assigned()
    benxi.set("letter", "term")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙", "丁")
    benxi.set("annual_plan", "2014", items=(Item(1, "修路", goal=2),))
    with pytest.raises(Refused, match=r"items \[2\]"):
        benxi.send(WithdrawCommitment, kind="three_year_plan", period="term", items=(2,), body="team")
    benxi.send(WithdrawCommitment, kind="three_year_plan", period="term", items=(4,), body="team")


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"serves": "ledger"}, "ledger need not be set before annual_plan"),
        ({"serves": "letter"}, "letter may have no item"),
        ({"serves": "nothing"}, "nothing need not be set before annual_plan"),
    ],
)
def test_3_5_a_plan_that_serves_what_is_not_set_before_it_is_refused(said: dict[str, Any], match: str) -> None:
    with pytest.raises(PolicyInvalid, match=match):
        parse_pack({**PACK, "commitments": _planned(**said)})


def test_3_5_a_plan_of_the_term_does_not_serve_one_that_each_year_replaces() -> None:
    plan = {
        "kind": "detail",
        "label": "实施方案",
        "rule": "S3:第三项",
        "by": "team",
        "serves": "annual_plan",
        "set_by": {"after": "annual_plan", "within": {"calendar_days": 30}},
    }
    with pytest.raises(PolicyInvalid, match="its goals would be gone"):
        parse_pack({**PACK, "commitments": [*PACK["commitments"], plan]})


def test_2_3_each_duty_of_a_list_has_an_item() -> None:
    duties = {"lead": "牵头抓总", "stay": "蹲点指导"}
    list_ = {
        "kind": "list_team",
        "label": "驻村责任清单",
        "rule": "S3:第三项",
        "by": "team",
        "duties": duties,
        "set_by": {"after": "dispatch.team.assigned", "within": {"calendar_days": 30}},
        "yearly": {"month": 2, "day": 29},
    }
    benxi = Benxi(commitments=[list_]).assigned()
    with pytest.raises(Refused, match="there is none of stay") as refused:
        benxi.set("list_team", "2014", items=(Item(1, "开会", duty="lead"), Item(2, "另一件")))
    assert (refused.value.status, refused.value.field) == (422, "items")
    benxi.set("list_team", "2014", items=(Item(1, "开会", duty="lead"), Item(2, "住村", duty="stay")))
    assert benxi.said(HelpBegun)
    twice = {**list_, "kind": "list_unit", "duties": {"lead": "牵头"}}
    with pytest.raises(PolicyInvalid, match="shares its name or its code"):
        parse_pack({**PACK, "commitments": [list_, twice]})
