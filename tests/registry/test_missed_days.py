"""Days of the registry that were missed in an outage: each is caught up as if it had been met (1.17, 1.18)."""

from datetime import date, timedelta

from services.registry.model import Checklists
from shared.contracts import registry as r
from tests.registry.checklists import county
from tests.registry.county import BEGIN, VILLAGE, County
from tests.support.outage import sleep

DAY = timedelta(1)


def test_1_17_lists_that_came_and_went_in_an_outage_are_each_told_once_and_the_last_is_owed() -> None:
    here = county()
    sleep(here.world, date(2015, 2, 10))
    assert [(one.kind, one.on, one.due) for one in here.world.said(r.ChecklistOverdue)] == [
        ("disclosure", date(2014, 6, 30), date(2014, 7, 15)),
        ("disclosure", date(2014, 9, 30), date(2014, 10, 15)),
        ("methods", date(2014, 12, 1), date(2015, 1, 1)),
        ("disclosure", date(2014, 12, 31), date(2015, 1, 15)),
    ]
    kept: Checklists = here.world.state("registry", Checklists, VILLAGE)
    assert {*kept.open} == {"disclosure/2014-12-31", "methods/2014-12-01"}
    here.until(date(2015, 3, 31))
    assert [task.detail for task in here.tasks if task.action == "checklists"][:1] == ["disclosure/2015-03-31"]


def test_1_18_the_years_whose_day_was_missed_are_all_asked_for() -> None:
    here = County().helped()
    sleep(here.world, date(2016, 12, 31))
    assert here.village.owed == (2014, 2015, 2016)
    assert here.village.timers["measure"] > date(2016, 12, 31)
    here = County().helped()
    sleep(here.world, BEGIN + DAY)
    assert here.village.owed == ()
