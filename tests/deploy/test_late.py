"""A village's page says on which tasks somebody sits, from every service, and who can move them."""

from collections.abc import Iterable
from datetime import date, timedelta

from deploy.day_page import overdue
from shared.policy import Policy
from shared.rules import Task
from shared.web.tasks import OpenTask
from tests.dispatch.benxi import START
from tests.dispatch.trained import city
from tests.registry.county import County
from tests.registry.matters import OPEN
from tests.support.texts import faults

NAMES = {"210521100201": "上石村"}


def told(tasks: Iterable[Task], policy: Policy, today: date) -> list[tuple[str, str]]:
    """What the page says in Chinese: what is late, and who can move it."""
    found = overdue((OpenTask("kind", "id", "210521", task).told(policy, NAMES) for task in tasks), today)
    assert all(not faults(zh) for pair in found for zh, _ in pair) and all(en for pair in found for _, en in pair)
    return [(zh, by) for (zh, _), (by, _) in found]


def test_2_12_training_that_was_not_had_is_told_with_who_can_move_it() -> None:
    world = city()
    due = min(task.due for task in world.tasks("attendances") if task.due)
    world.until(due)
    assert told(world.tasks("attendances"), world.policy, due) == [], "its last day counts"
    late = told(world.tasks("attendances"), world.policy, due + timedelta(1))
    assert late and all("登记参训人员" in zh and "逾期未办" in zh and by for zh, by in late)
    assert due > START


def test_1_18_a_missing_figure_is_told_with_who_can_move_it() -> None:
    county = County().helped().until(date(2015, 3, 1))
    late = told(county.tasks, county.policy, date(2015, 3, 1))
    assert any("农户信息" in zh or "测算" in zh for zh, _ in late) and {by for _, by in late} >= {"乡镇"}


def test_3_12_a_step_on_which_somebody_sits_is_told_with_who_can_move_it() -> None:
    county = County().registered()
    county.do(OPEN)
    [first] = county.tasks
    assert first.due
    county.until(first.due + timedelta(1))
    late = told(county.tasks, county.policy, county.world.today)
    assert len(late) == 1 and "2014-7" in late[0][0] and late[0][1] == "村"
