"""The first and last days of leave and of a month's presence: what begins, ends and is asked for on which (5.12)."""

from datetime import date, timedelta

import pytest

from services.dispatch.model.commands import ReportDeparture
from shared.contracts.dispatch import LeaveBegun, LeaveGranted, PresenceMissed, PresenceShort
from shared.rules import Refused
from tests.dispatch.benxi import START, Benxi, cadre
from tests.dispatch.present import FIRST, SECOND, THIRD, ask, asking, count, grant, returns, roster, team

DAY = timedelta(1)


@pytest.mark.parametrize(("days", "replaced"), [(1, False), (29, False), (30, True), (31, True)])
def test_5_12_the_unit_sends_somebody_else_from_so_many_days_on(days: int, replaced: bool) -> None:
    benxi = asking().assigned()
    ask(benxi, START + DAY, START + days * DAY)
    grant(benxi)
    assert [said.replaced for said in benxi.said(LeaveGranted)] == [replaced]
    benxi.until(START + DAY)
    assert (SECOND not in team(benxi)) is replaced


@pytest.mark.parametrize(("days", "accepted"), [(1, True), (20, True), (21, False)])
def test_5_12_the_longest_leave_is_granted_and_a_day_more_is_not(days: int, accepted: bool) -> None:
    benxi = asking().assigned()
    if accepted:
        ask(benxi, START, START + (days - 1) * DAY, kind="personal")
        assert benxi.details("leave-decisions") == ["1"]
    else:
        with pytest.raises(Refused, match="20 at most"):
            ask(benxi, START, START + (days - 1) * DAY, kind="personal")


@pytest.mark.parametrize(("days", "accepted"), [(731, True), (732, False)])
def test_5_12_leave_ends_within_two_years(days: int, accepted: bool) -> None:
    benxi = asking().assigned()
    if accepted:
        ask(benxi, START, START + days * DAY)
        assert benxi.details("leave-decisions") == ["1"]
    else:
        with pytest.raises(Refused) as refused:
            ask(benxi, START, START + days * DAY)
        assert refused.value.field == "last"


@pytest.mark.parametrize(
    ("first", "last", "accepted"),
    [(3, 9, True), (3, 10, False), (10, 11, False), (11, 11, False), (12, 14, False), (13, 14, True), (9, 14, False)],
)
def test_5_12_leave_may_touch_other_leave_and_never_share_a_day(first: int, last: int, accepted: bool) -> None:
    benxi = asking().assigned()
    ask(benxi, START + 10 * DAY, START + 12 * DAY)
    if accepted:
        ask(benxi, START + first * DAY, START + last * DAY)
        assert benxi.details("leave-decisions") == ["1", "2"]
        return
    with pytest.raises(Refused, match="overlaps with leave from") as refused:
        ask(benxi, START + first * DAY, START + last * DAY)
    assert refused.value.field == "first"


@pytest.mark.parametrize(("last", "replaced"), [(39, False), (40, True), (41, True)])
def test_5_12_leave_whose_last_day_is_today_still_takes_the_member_off_the_team(last: int, replaced: bool) -> None:
    benxi = asking().assigned()
    benxi.until(START + 40 * DAY)
    ask(benxi, START, START + last * DAY)
    grant(benxi)
    assert [said.replaced for said in benxi.said(LeaveGranted)] == [replaced]
    assert len(benxi.said(LeaveBegun)) == replaced
    benxi.until(START + 42 * DAY)
    assert benxi.details("leave-returns") == (["1"] if replaced else [])


def test_5_12_leave_that_began_and_ended_during_an_outage_is_known_afterwards() -> None:
    benxi = asking().assigned()
    ask(benxi, START + 10 * DAY, START + 50 * DAY)
    grant(benxi)
    benxi.sleep(START + 90 * DAY)
    (begun,) = benxi.said(LeaveBegun)
    assert begun.last == START + 50 * DAY and SECOND not in team(benxi)
    assert benxi.details("leave-returns") == ["1"]
    returns(benxi)
    assert SECOND in team(benxi)


def test_5_12_of_two_members_each_goes_on_the_own_day() -> None:
    benxi = asking().assigned()
    ask(benxi, START + 10 * DAY, START + 50 * DAY)
    ask(benxi, START + 12 * DAY, START + 70 * DAY, THIRD)
    grant(benxi)
    grant(benxi, 2)
    benxi.until(START + 11 * DAY)
    assert {*team(benxi)} == {FIRST, THIRD}
    benxi.until(START + 12 * DAY)
    assert {*team(benxi)} == {FIRST}
    benxi.until(START + 51 * DAY)
    assert benxi.details("leave-returns") == ["1"]
    benxi.until(START + 71 * DAY)
    assert benxi.details("leave-returns") == ["1", "2"]
    returns(benxi, 2)
    assert benxi.details("leave-returns") == ["1"] and {*team(benxi)} == {FIRST, THIRD}


def test_5_12_who_has_left_the_team_before_long_leave_takes_none() -> None:
    benxi = asking().assigned()
    ask(benxi, START + 10 * DAY, START + 50 * DAY)
    grant(benxi)
    benxi.send(ReportDeparture, cadre=SECOND, cause="transferred")
    benxi.until(START + 60 * DAY)
    assert not benxi.said(LeaveBegun) and not benxi.tasks("leave-returns") and not roster(benxi).leaves


def joined(on: date) -> Benxi:
    """A team one of whose members was replaced on a day."""
    benxi = asking().assigned()
    benxi.hear(cadre("C-U1-9", "U1"))
    benxi.until(on)
    benxi.send(ReportDeparture, cadre=SECOND, cause="transferred")
    benxi.replace(SECOND, "C-U1-9")
    benxi.until(date(2014, 8, 1))
    return benxi


def test_5_12_who_came_on_the_last_day_of_a_month_is_named_for_it_and_who_came_on_the_next_is_not() -> None:
    benxi = joined(date(2014, 7, 31))
    count(benxi, {FIRST: 22, THIRD: 22, "C-U1-9": 1})
    assert not benxi.said(PresenceShort), "of one day nothing is asked"
    benxi = joined(date(2014, 7, 1))
    with pytest.raises(Refused, match="each who was in the team at the month's end"):
        count(benxi, {FIRST: 5, THIRD: 5, "C-U1-9": 1}, month=6)


@pytest.mark.parametrize(("days", "short"), [(19, 1), (20, 0)])
def test_5_12_who_came_on_the_first_of_a_month_owes_the_whole_of_it(days: int, short: int) -> None:
    benxi = joined(date(2014, 7, 1))
    count(benxi, {FIRST: 31, THIRD: 31, "C-U1-9": days})
    assert [said.short for said in benxi.said(PresenceShort)] == [short] * short


def test_5_12_months_that_were_missed_in_an_outage_are_each_told_once() -> None:
    benxi = asking().assigned()
    benxi.sleep(date(2014, 9, 11))
    assert [(said.month, said.due) for said in benxi.said(PresenceMissed)] == [
        (6, date(2014, 7, 10)),
        (7, date(2014, 8, 10)),
        (8, date(2014, 9, 10)),
    ]
    benxi.until(date(2014, 9, 30))
    assert len(benxi.said(PresenceMissed)) == 3
    assert benxi.details("presences") == ["2014-06", "2014-07", "2014-08"]


@pytest.mark.parametrize(
    ("leave", "most"),
    [((-5, -1), 31), ((-5, 0), 30), ((0, 4), 26), ((28, 40), 28), ((30, 30), 30), ((31, 40), 31)],
)
def test_5_12_of_leave_over_the_end_of_a_month_each_month_has_its_own_days(leave: tuple[int, int], most: int) -> None:
    benxi = asking().assigned()
    july = date(2014, 7, 1)
    ask(benxi, july + leave[0] * DAY, july + leave[1] * DAY)
    grant(benxi)
    benxi.until(date(2014, 8, 1))
    with pytest.raises(Refused, match=f"on leave for {most} days of it"):
        count(benxi, {FIRST: 22, SECOND: most + 1, THIRD: 22})
    count(benxi, {FIRST: 22, SECOND: most, THIRD: 22})
