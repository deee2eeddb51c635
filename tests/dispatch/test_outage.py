"""Days that were missed in an outage: what fell due on them is told and owed as if nobody had slept."""

from datetime import UTC, date, datetime

import pytest

from services.dispatch.model.link import Link, id_of
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import CommitmentOverdue, CommitmentSettled, Item, TeamReleased, TermExtended
from shared.engine.dead_letters import of_timers
from shared.engine.flow import encode_state
from shared.rules import Refused
from shared.stream.consumer import Delivery
from tests.dispatch.benxi import PACK, START, V1, Benxi, cadre, delisted, recalled


def test_1_2_what_became_overdue_in_an_outage_is_told_with_its_day() -> None:
    benxi = Benxi().assigned()
    benxi.sleep(date(2014, 9, 1))
    (overdue,) = benxi.said(CommitmentOverdue)
    assert (overdue.kind, overdue.step, overdue.due) == ("letter", "set", date(2014, 7, 20))


def test_2_4_reconciliations_of_an_outage_are_owed_and_those_that_lapsed_in_it_are_told() -> None:
    benxi = Benxi().helped()
    benxi.sleep(date(2014, 10, 5))
    assert benxi.details("reconciliations") == ["ledger 2014 2014-06-30"], "one after the other"
    owed = benxi.assignment().owed["ledger/2014"].reconcile
    assert owed == {"2014-06-30": date(2014, 7, 15), "2014-09-30": date(2014, 10, 15)}
    assert [(said.step, said.due) for said in benxi.said(CommitmentOverdue)] == [
        ("reconcile 2014-06-30", date(2014, 7, 15))
    ]


def test_2_4_a_new_working_day_brings_nearer_the_end_of_a_reconciliation_that_opened_in_an_outage() -> None:
    *others, ledger = PACK["commitments"]
    days = {"every": {"months": 3}, "from": date(2014, 3, 31), "within": {"working_days": 10}}
    found = []
    for asleep in (False, True):
        benxi = Benxi(commitments=[*others, {**ledger, "reconcile": [days]}]).helped()
        (benxi.sleep if asleep else benxi.until)(date(2014, 7, 2))
        before = benxi.assignment().owed["ledger/2014"].reconcile["2014-06-30"]
        benxi.world.announce(
            HolidaysAnnounced(
                place="000000",
                notice="2014",
                year=2014,
                document="国办发明电",
                off=(),
                worked=(date(2014, 7, 5),),
                announced_by="国务院办公厅",
            )
        )
        found.append((before, benxi.assignment().owed["ledger/2014"].reconcile["2014-06-30"]))
    assert found[0] == found[1] and found[1][1] < found[1][0]


@pytest.mark.parametrize("wakes", [date(2015, 1, 2), date(2015, 3, 10), date(2015, 7, 20), date(2017, 6, 22)])
def test_2_4_3_5_an_outage_over_new_year_ends_as_if_every_day_had_been_known(wakes: date) -> None:
    awake, asleep = Benxi().helped(problems=1), Benxi().helped(problems=1)
    for benxi in (awake, asleep):
        benxi.until(date(2014, 11, 1))
    awake.until(wakes)
    asleep.sleep(wakes)
    assert encode_state(asleep.assignment()) == encode_state(awake.assignment())
    assert asleep.said(CommitmentOverdue) == awake.said(CommitmentOverdue)
    assert asleep.said(TermExtended) == awake.said(TermExtended)
    assert asleep.tasks() == awake.tasks()


def test_3_5_a_village_that_is_still_being_set_up_at_new_year_owes_the_new_years_plan_and_ledger() -> None:
    benxi = Benxi().assigned()
    benxi.set("letter", "term")
    benxi.set("three_year_plan", "term", "甲", "乙", "丙")
    assert benxi.details("commitments") == ["annual_plan 2014", "ledger 2014"]
    benxi.sleep(date(2015, 1, 1))
    assert [(task.detail, task.due) for task in benxi.tasks("commitments")] == [
        ("annual_plan 2015", date(2015, 1, 31)),
        ("ledger 2015", date(2015, 2, 28)),
    ]
    with pytest.raises(Refused, match="ledger/2014 is not owed now"):
        benxi.set("ledger", "2014", "甲")


def test_the_team_goes_home_by_the_day_on_which_the_transition_ended_not_by_the_end_of_the_outage() -> None:
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 10}}).helped()
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.sleep(date(2015, 3, 1))
    (released,) = benxi.said(TeamReleased)
    assert released.served_days == (date(2014, 7, 1) - START).days


def test_2_4_a_settlement_that_is_sent_again_after_the_next_ledger_is_set_changes_nothing() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2015, 1, 5))
    for _ in range(3):
        benxi.reconcile("2014", 1)
    benxi.settle("2014", 1)
    benxi.set("ledger", "2015", items=(Item(1, "养蜂"),))
    before = benxi.assignment()
    benxi.settle("2014", 1)
    assert benxi.assignment() == before and len(benxi.said(CommitmentSettled)) == 1
    with pytest.raises(Refused, match="is settled already"):
        benxi.settle("2014", 1, 2)


def test_2_20_a_replacement_that_cannot_be_names_the_field_to_correct() -> None:
    benxi = Benxi().helped()
    benxi.hear(recalled("C-U1-2", V1), cadre("C-LOW", "U1", party_member=False))
    for who, left, field in (("C-LOW", "C-U1-2", "cadre"), ("C-U2-0", "C-U1-2", "cadre"), ("C-LOW", "C-U1-1", "left")):
        with pytest.raises(Refused) as refused:
            benxi.replace(left, who)
        assert refused.value.field == field


def test_a_timer_of_a_team_that_cannot_run_out_keeps_the_village_waiting_in_order() -> None:
    link = Benxi().assigned().dispatch.states[Link, id_of(V1)]
    delivered = Delivery(1, "day", b"", datetime(2017, 6, 21, tzinfo=UTC))
    assert of_timers(delivered, "1", link, ValueError("a rule fails"))["about"] == V1
