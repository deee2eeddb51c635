"""Leave that is no recall, and the days in the village that a township confirms once a month (5.12)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.forms import FORMS
from services.dispatch.model.commands import (
    AssignTeam,
    CountPresence,
    DecideLeave,
    DecideReturn,
    ReportDeparture,
    RequestLeave,
    SolveMatching,
    WithdrawAssignment,
    WithdrawMatch,
)
from services.dispatch.model.link import Link
from services.dispatch.model.roster import Roster
from shared.contracts import Command
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import (
    LeaveBegun,
    LeaveGranted,
    LeaveRefused,
    MemberLeft,
    MemberRecalled,
    MemberReplaced,
    PresenceCounted,
    PresenceMissed,
    PresenceShort,
    Present,
)
from shared.contracts.registry import PolicyAdopted
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import AWAY, HOME, PACK, START, V1, V2, Benxi, cadre, diagnosed, recalled, squad, unit
from tests.dispatch.kept import kept_alike
from tests.dispatch.present import (
    FIRST,
    PRESENCE,
    SECOND,
    THIRD,
    ask,
    asking,
    count,
    grant,
    returns,
    roster,
    team,
)
from tests.dispatch.trained import YEARLY, asks

DAY = timedelta(1)
LATER = START + 60 * DAY
JUNE = (Present(FIRST, 8), Present(THIRD, 8))
JULY = {FIRST: 22, SECOND: 20, THIRD: 31}


# --------------------------------------------------------------------------- leave


def test_5_12_2_12_what_falls_on_one_day_happens_all() -> None:
    benxi = asking(**asks({"due": YEARLY})).assigned()
    ask(benxi, date(2015, 1, 1), date(2015, 2, 28))
    grant(benxi)
    benxi.until(date(2015, 1, 1))
    assert SECOND not in team(benxi), "the leave begins"
    assert {*roster(benxi).lessons["posted"]} == {FIRST, THIRD}, "the year's training is owed"
    assert {*roster(benxi).months["2014-12"].since} == {FIRST, SECOND, THIRD}, "December's presence is asked for"


def test_5_12_short_leave_is_the_townships_and_longer_the_organisation_departments() -> None:
    benxi = asking().assigned()
    ask(benxi, START + DAY, START + 3 * DAY, kind="personal")
    ask(benxi, START + DAY, START + 4 * DAY, THIRD, kind="personal")
    assert [(t.role, t.due, t.detail) for t in benxi.tasks("leave-decisions")] == [
        ("township", START + DAY, "1"),
        ("organisation", START + DAY, "2"),
    ]
    answer = {"place": HOME, "village": V1, "number": 1, "body": "township"}
    assert benxi.tasks("leave-decisions")[0].answer == answer
    with pytest.raises(Refused, match="a matter of the township"):
        grant(benxi, 1)
    grant(benxi, 1, body="township")
    grant(benxi, 1, body="township")
    grant(benxi, 2, granted=False)
    assert [(said.cadre, said.replaced) for said in benxi.said(LeaveGranted)] == [(SECOND, False)]
    assert [said.cadre for said in benxi.said(LeaveRefused)] == [THIRD]
    assert not benxi.tasks("leave-decisions") and not benxi.said(MemberLeft)
    assert all(said.is_sealed() for kind in (LeaveGranted, LeaveRefused) for said in benxi.said(kind))


def test_5_12_long_leave_is_replaced_and_is_no_recall_and_the_cadre_comes_back_by_decision() -> None:
    benxi = asking().assigned()
    benxi.hear(cadre("C-U1-9", "U1"))
    ask(benxi, START + 10 * DAY, START + 100 * DAY)
    grant(benxi)
    benxi.until(START + 9 * DAY)
    assert SECOND in team(benxi) and not benxi.said(LeaveBegun), "until the first day nothing changes"
    benxi.until(START + 10 * DAY)
    assert SECOND not in team(benxi) and not benxi.said(MemberRecalled)
    (task,) = benxi.tasks("replacements")
    assert (task.role, task.due) == ("unit", START + 40 * DAY)
    with pytest.raises(Refused, match="out in a village, under a recall or away"):
        benxi.replace(SECOND, "C-U1-8")
    benxi.replace(SECOND, "C-U1-9")
    with pytest.raises(Refused, match="is no long leave that is over"):
        returns(benxi)
    benxi.until(START + 101 * DAY)
    (task,) = benxi.tasks("leave-returns")
    assert (task.role, task.due) == ("organisation", START + 101 * DAY)
    returns(benxi)
    assert team(benxi) == {FIRST: "leader", SECOND: "member", THIRD: "member"}
    assert [said.cadre for said in benxi.said(MemberLeft)] == [SECOND, "C-U1-9"]
    assert "C-U1-9" in benxi.free and SECOND not in benxi.free, "who was sent meanwhile is on offer again"
    assert not benxi.tasks("leave-returns") and not benxi.tasks("replacements")


def test_5_12_nobody_was_sent_and_the_cadre_comes_back_to_the_open_place() -> None:
    benxi = asking().assigned()
    ask(benxi, START, START + 60 * DAY)
    grant(benxi)
    assert SECOND not in team(benxi), "leave that begins today begins with its grant"
    benxi.until(START + 61 * DAY)
    returns(benxi)
    assert SECOND in team(benxi) and not benxi.tasks("replacements")
    (said,) = benxi.said(MemberReplaced)
    assert (said.recalled, said.cadre, said.role) == (SECOND, SECOND, "member")


def test_5_12_a_cadre_who_does_not_come_back_leaves_whoever_was_sent_in_the_team() -> None:
    benxi = asking().assigned()
    benxi.hear(cadre("C-U1-9", "U1"))
    ask(benxi, START, START + 60 * DAY)
    grant(benxi)
    benxi.replace(SECOND, "C-U1-9")
    benxi.until(START + 61 * DAY)
    returns(benxi, returns=False)
    assert {*team(benxi)} == {FIRST, "C-U1-9", THIRD} and SECOND in benxi.free
    with pytest.raises(Refused, match="there is no request 1 here"):
        returns(benxi)


def test_5_12_who_was_sent_in_turn_left_and_another_came_for_whom_the_cadre_comes_back() -> None:
    benxi = asking().assigned()
    benxi.hear(cadre("C-U1-8", "U1"), cadre("C-U1-9", "U1"))
    ask(benxi, START, START + 60 * DAY)
    grant(benxi)
    benxi.replace(SECOND, "C-U1-8")
    benxi.send(ReportDeparture, cadre="C-U1-8", cause="transferred")
    benxi.replace("C-U1-8", "C-U1-9")
    benxi.until(START + 61 * DAY)
    returns(benxi)
    assert {*team(benxi)} == {FIRST, SECOND, THIRD}


def test_5_12_long_leave_that_is_over_when_it_is_granted_sends_nobody_in_turn() -> None:
    benxi = asking().assigned()
    benxi.until(START + 60 * DAY)
    ask(benxi, START, START + 59 * DAY)
    grant(benxi)
    (said,) = benxi.said(LeaveGranted)
    assert not said.replaced and not benxi.said(LeaveBegun)
    assert SECOND in team(benxi) and not benxi.tasks("leave-returns") and not benxi.tasks("replacements")


def test_5_12_holidays_move_the_last_day_on_which_presence_is_to_be_confirmed() -> None:
    count_by = {"after": "month", "within": {"working_days": 10}}
    benxi = Benxi(presence={**PRESENCE, "count_by": count_by}).assigned()
    benxi.until(date(2014, 8, 1))
    (before,) = [task.due for task in benxi.tasks("presences") if task.detail == "2014-07"]
    assert before
    benxi.world.announce(
        HolidaysAnnounced(place="000000", notice="2014", year=2014, document="国办发明电", off=(before,), worked=(),
                          announced_by="国务院办公厅")
    )  # fmt: skip
    (after,) = [task.due for task in benxi.tasks("presences") if task.detail == "2014-07"]
    assert after and after > before
    benxi.until(after)
    assert not [said for said in benxi.said(PresenceMissed) if said.month == 7]
    benxi.until(after + DAY)
    assert [said.due for said in benxi.said(PresenceMissed) if said.month == 7] == [after]


def test_5_12_leave_of_one_team_in_two_villages_is_leave_in_both() -> None:
    benxi = asking(team={"each_bearer": {"at_most": 2}})
    benxi.hear(unit("U1"), *squad("U1"), diagnosed(V1), diagnosed(V2))
    benxi.solve()
    benxi.assign(V1)
    benxi.assign(V2)
    ask(benxi, START, START + 60 * DAY)
    grant(benxi)
    assert SECOND not in team(benxi) and SECOND not in team(benxi, V2)
    benxi.until(START + 61 * DAY)
    returns(benxi)
    assert SECOND in team(benxi) and SECOND in team(benxi, V2)


def pair() -> Benxi:
    """One team that serves two villages."""
    benxi = asking(team={"each_bearer": {"at_most": 2}})
    benxi.hear(unit("U1"), *squad("U1"), diagnosed(V1), diagnosed(V2))
    benxi.solve()
    benxi.assign(V1)
    benxi.assign(V2)
    return benxi


def test_5_12_2_10_short_leave_of_one_team_in_two_villages_is_told_in_both() -> None:
    benxi = pair()
    ask(benxi, START, START + DAY, kind="personal")
    grant(benxi, body="township")
    grant(benxi, body="township")
    assert [(said.village, said.cadre) for said in benxi.said(LeaveGranted)] == [(V2, SECOND), (V1, SECOND)]
    grant(benxi, granted=False, body="township")
    assert [said.village for said in benxi.said(LeaveRefused)] == [V2, V1]
    ask(benxi, START + 5 * DAY, START + 6 * DAY, kind="personal")
    with pytest.raises(Refused, match="a matter of the township"):
        grant(benxi, 2)
    assert len(benxi.said(LeaveGranted)) == 2
    grant(benxi, 2, granted=False, body="township")
    assert len(benxi.said(LeaveRefused)) == 3, "what was never granted needs not be taken back elsewhere"


def test_5_12_2_10_the_days_of_one_team_in_two_villages_are_added_up_and_leave_in_one_is_leave_in_both() -> None:
    benxi = pair()
    ask(benxi, date(2014, 7, 1), date(2014, 7, 3), kind="personal")
    grant(benxi, body="township")
    benxi.until(date(2014, 8, 1))
    with pytest.raises(Refused, match="for 28 days of it, and cannot have been there for more, in all villages"):
        count(benxi, {FIRST: 12, SECOND: 29, THIRD: 5})
    count(benxi, {FIRST: 12, SECOND: 10, THIRD: 5})
    assert not benxi.said(PresenceShort), "the other village is awaited"
    assert [said.asked for said in benxi.said(PresenceCounted)] == [()], "no village alone is asked for days"
    with pytest.raises(Refused, match="for 28 days of it, and cannot have been there for more, in all villages"):
        count(benxi, {FIRST: 8, SECOND: 19, THIRD: 6}, village=V2)
    assert [task.about for task in benxi.tasks("presences") if task.detail == "2014-07"] == [V2]
    count(benxi, {FIRST: 8, SECOND: 8, THIRD: 6}, village=V2)
    assert [(said.village, said.month, said.short) for said in benxi.said(PresenceShort)] == [(V1, 7, 1), (V2, 7, 1)]
    with pytest.raises(Refused) as refused:
        count(benxi, {FIRST: 12, SECOND: 10, THIRD: 20})
    count(benxi, {FIRST: 12, SECOND: 10, THIRD: 20}, replaces=refused.value.version)
    assert [said.short for said in benxi.said(PresenceShort)] == [1, 1, 0, 0]
    count(benxi, {FIRST: 12, SECOND: 10, THIRD: 20})
    assert len(benxi.said(PresenceShort)) == 4


def test_5_12_leave_that_goes_on_is_one_absence_with_one_return() -> None:
    benxi = asking().assigned()
    benxi.hear(cadre("C-U1-9", "U1"))
    ask(benxi, START + 10 * DAY, START + 50 * DAY)
    grant(benxi)
    benxi.until(START + 20 * DAY)
    benxi.replace(SECOND, "C-U1-9")
    with pytest.raises(Refused, match="is no member of the team now"):
        ask(benxi, START + 52 * DAY, START + 60 * DAY)
    ask(benxi, START + 51 * DAY, START + 60 * DAY)
    grant(benxi, 2)
    benxi.until(START + 60 * DAY)
    assert not benxi.tasks("leave-returns") and SECOND not in benxi.free
    benxi.until(START + 61 * DAY)
    assert [task.detail for task in benxi.tasks("leave-returns")] == ["2"]
    ask(benxi, START + 61 * DAY, START + 70 * DAY)
    grant(benxi, 3)
    assert not benxi.tasks("leave-returns"), "it may also be asked for afterwards"
    benxi.until(START + 71 * DAY)
    returns(benxi, 3)
    assert team(benxi) == {FIRST: "leader", SECOND: "member", THIRD: "member"} and "C-U1-9" in benxi.free


def test_5_12_a_pack_that_asks_for_presence_no_more_leaves_no_month_awaited_and_nobody_in_the_village() -> None:
    benxi = asking().assigned()
    benxi.until(date(2014, 7, 2))
    later = {**PACK, "version": "2105-2", "effective_from": date(2014, 7, 3)}
    benxi.hear(PolicyAdopted(place="210500", version="2105-2", adopted_by="市委", pack=later))
    benxi.policy = parse_pack(later)
    benxi.until(date(2014, 9, 3))
    assert not benxi.tasks("presences") and not benxi.said(PresenceMissed)
    benxi.send(WithdrawAssignment)
    assert roster(benxi).status == "empty" and not roster(benxi).timers


@pytest.mark.parametrize("why", ["recalled", "transferred", "sent"])
def test_5_12_2_20_who_cannot_be_sent_does_not_come_back_from_leave(why: str) -> None:
    benxi = asking().assigned()
    ask(benxi, START + 10 * DAY, START + 50 * DAY)
    grant(benxi)
    benxi.until(START + 51 * DAY)
    if why == "recalled":
        benxi.hear(recalled(SECOND, V1))
    else:
        benxi.hear(cadre(SECOND, "U2", left="U1"))
    if why == "sent":
        benxi.hear(unit("U2"), *squad("U2", size=2), diagnosed(V2))
        benxi.solve("m2")
        assert SECOND in benxi.pool.teams[V2].members
    with pytest.raises(Refused, match="cannot come back"):
        returns(benxi)
    returns(benxi, returns=False)
    assert SECOND not in team(benxi) and not benxi.tasks("leave-returns")


def leaderless(**pack: Any) -> Benxi:
    """The leader is on leave, and the member C-U1-7, who may lead, does so meanwhile."""
    benxi = asking(**pack).matched()
    benxi.hear(cadre("C-U1-7", "U1", "deputy_division"), cadre("C-U1-8", "U1"), cadre("C-U1-9", "U1", "division"))
    benxi.assign()
    benxi.send(ReportDeparture, cadre=SECOND, cause="other")
    benxi.replace(SECOND, "C-U1-7")
    ask(benxi, START + 10 * DAY, START + 50 * DAY, FIRST)
    grant(benxi)
    benxi.until(START + 11 * DAY)
    benxi.replace(FIRST, "C-U1-7")
    return benxi


@pytest.mark.parametrize("is_filled", [False, True])
@pytest.mark.parametrize("fewest", [2, 3])
def test_5_12_a_leader_back_from_leave_leads_again_and_who_led_meanwhile_is_a_member(
    is_filled: bool, fewest: int
) -> None:
    benxi = leaderless(team={"each_target": {"at_least": fewest, "at_most": 5}} if fewest == 2 else None)
    if is_filled:
        benxi.replace(FIRST, "C-U1-8")
    benxi.until(START + 51 * DAY)
    returns(benxi)
    third = {} if fewest == 2 else {THIRD: "member"}
    assert team(benxi) == {FIRST: "leader", "C-U1-7": "member", **third} and not benxi.tasks("replacements")
    assert benxi.pool.teams[V1].members == team(benxi) and not benxi.pool.teams[V1].vacant
    assert {cadre: post.role for cadre, post in roster(benxi).members.items()} == team(benxi)
    assert "C-U1-8" in benxi.free


def test_5_12_leave_of_a_leader_that_goes_on_ends_with_the_lead() -> None:
    benxi = leaderless()
    ask(benxi, START + 51 * DAY, START + 60 * DAY, FIRST)
    grant(benxi, 2)
    benxi.until(START + 61 * DAY)
    returns(benxi, 2)
    assert team(benxi) == {FIRST: "leader", "C-U1-7": "member", THIRD: "member"}


def test_5_12_a_leader_back_from_leave_leads_again_whoever_led_last_meanwhile() -> None:
    benxi = leaderless()
    benxi.replace(FIRST, "C-U1-8")
    benxi.hear(recalled("C-U1-7", V1))
    benxi.replace("C-U1-7", "C-U1-9")
    benxi.until(START + 51 * DAY)
    returns(benxi)
    assert team(benxi) == {FIRST: "leader", "C-U1-9": "member", THIRD: "member"} and "C-U1-8" in benxi.free


def test_5_12_leave_and_training_that_a_pack_has_no_more_are_still_decided_or_not_awaited() -> None:
    benxi = asking(**asks()).assigned()
    ask(benxi, START + DAY, START + 2 * DAY, kind="personal")
    ask(benxi, START + 5 * DAY, START + 60 * DAY, THIRD)
    grant(benxi, 2)
    benxi.until(START + 10 * DAY)
    later = {**PACK, "version": "2105-2", "effective_from": benxi.today}
    benxi.hear(PolicyAdopted(place="210500", version="2105-2", adopted_by="市委", pack=later))
    benxi.policy = parse_pack(later)
    (task,) = benxi.tasks("leave-decisions")
    assert task.role == "organisation" and task.answer["body"] == "organisation"
    grant(benxi, granted=False)
    benxi.until(START + 61 * DAY)
    assert benxi.tasks("leave-returns")
    returns(benxi, 2)
    assert THIRD in team(benxi) and not roster(benxi).awaits and not benxi.tasks("leave-returns")


def test_5_12_a_team_that_is_only_proposed_owes_no_presence_and_one_of_before_is_known_whole() -> None:
    benxi = asking().matched()
    benxi.hear(cadre("C-U1-9", "U1"))
    benxi.send(ReportDeparture, cadre=SECOND, cause="other")
    benxi.replace(SECOND, "C-U1-9")
    benxi.send(WithdrawMatch)
    benxi.until(date(2014, 8, 1))
    assert not benxi.tasks("presences")
    benxi = Benxi().assigned()
    benxi.hear(cadre("C-U1-9", "U1"))
    later = {**PACK, "presence": PRESENCE, "version": "2105-2", "effective_from": START}
    benxi.hear(PolicyAdopted(place="210500", version="2105-2", adopted_by="市委", pack=later))
    benxi.policy = parse_pack(later)
    benxi.send(ReportDeparture, cadre=SECOND, cause="other")
    benxi.replace(SECOND, "C-U1-9")
    assert {*roster(benxi).members} == {FIRST, THIRD, "C-U1-9"}


def test_5_12_long_leave_that_is_granted_after_its_end_takes_nobody_off_the_team() -> None:
    benxi = asking().assigned()
    benxi.until(START + 70 * DAY)
    ask(benxi, START + 5 * DAY, START + 60 * DAY)
    grant(benxi)
    benxi.until(START + 72 * DAY)
    assert SECOND in team(benxi) and not benxi.said(LeaveBegun) and not benxi.tasks("leave-returns")


def test_5_12_leave_can_be_taken_back_until_it_has_begun() -> None:
    benxi = asking().assigned()
    ask(benxi, START + 5 * DAY, START + 60 * DAY)
    grant(benxi)
    grant(benxi, granted=False)
    benxi.until(START + 90 * DAY)
    assert SECOND in team(benxi) and not benxi.said(LeaveBegun)
    ask(benxi, benxi.today, benxi.today + 60 * DAY)
    grant(benxi, 2)
    with pytest.raises(Refused, match="the leave has begun"):
        grant(benxi, 2, granted=False)


def test_5_12_nothing_is_kept_of_a_team_of_which_the_pack_asks_nothing() -> None:
    kept = {kind for (kind, _), state in Benxi().assigned().dispatch.states.items() if state}
    assert Link in kept and Roster not in kept


def test_5_12_a_member_who_left_before_the_leave_and_a_team_that_went_home_leave_nothing_behind() -> None:
    benxi = asking().assigned()
    ask(benxi, START + 5 * DAY, START + 60 * DAY)
    grant(benxi)
    benxi.send(ReportDeparture, cadre=SECOND, cause="retired")
    benxi.until(START + 90 * DAY)
    assert not benxi.said(LeaveBegun) and not roster(benxi).leaves
    benxi = asking().assigned()
    ask(benxi, START + 5 * DAY, START + 60 * DAY)
    grant(benxi)
    benxi.send(WithdrawAssignment)
    benxi.until(START + 90 * DAY)
    assert not benxi.said(LeaveBegun) and not benxi.tasks("leave-decisions")
    benxi = asking().assigned()
    benxi.until(date(2014, 8, 1))
    assert benxi.tasks("presences")
    benxi.send(WithdrawAssignment)
    assert not benxi.tasks("presences")


@pytest.mark.parametrize(
    ("said", "field", "zh"),
    [
        ({"kind": "study"}, "kind", "可填：事假、病假"),
        ({"body": "unit"}, "body", "驻村工作队办理"),
        ({"cadre": "C9"}, "cadre", "不是该村工作队的现任队员"),
        ({"first": START + 9 * DAY}, "last", "假期应不少于1日"),
        ({"kind": "personal", "last": START + 30 * DAY}, "last", "最多20日"),
        ({"last": START + 999 * DAY}, "last", "太远"),
        ({"village": V2}, None, "不存在"),
        ({"place": AWAY}, "place", "属于区划"),
    ],
)
def test_5_12_leave_that_cannot_be_is_refused(said: dict[str, Any], field: str | None, zh: str) -> None:
    benxi = asking().assigned()
    with pytest.raises(Refused) as refused:
        ask(benxi, **{"first": START, "last": START + 5 * DAY, **said})
    assert refused.value.field == field and zh in refused.value.zh
    assert not benxi.tasks("leave-decisions")


def test_5_12_leave_does_not_overlap_and_is_not_asked_for_twice() -> None:
    benxi = asking().assigned()
    ask(benxi, START, START + 5 * DAY)
    ask(benxi, START, START + 5 * DAY)
    assert len(benxi.tasks("leave-decisions")) == 1, "a repetition changes nothing"
    with pytest.raises(Refused, match="overlaps with leave from"):
        ask(benxi, START + 5 * DAY, START + 6 * DAY)
    ask(benxi, START + 6 * DAY, START + 7 * DAY)
    ask(benxi, START, START + 5 * DAY, THIRD)


def test_5_12_a_pack_without_presence_takes_no_leave() -> None:
    benxi = Benxi().assigned()
    with pytest.raises(Refused, match="the pack says nothing of presence and leave"):
        ask(benxi, START, START + DAY)


def test_5_12_who_is_on_leave_is_shown_to_operators_alone() -> None:
    benxi = asking().assigned()
    ask(benxi, START, START + 60 * DAY)
    grant(benxi)
    benxi.until(START + 12 * DAY)
    count(benxi, {FIRST: 9, THIRD: 9}, month=6)
    state = roster(benxi)
    shown = state.shown()
    assert state.leaves and not shown.leaves and "turn" not in shown.timers
    assert state.months["2014-06"].days and not shown.months["2014-06"].days
    assert state.shown(to_operator=True) == state


# ------------------------------------------------------------------------ presence


def test_5_12_the_township_says_once_a_month_who_was_there() -> None:
    benxi = asking().assigned()
    benxi.until(date(2014, 7, 1))
    (task,) = benxi.tasks("presences")
    assert (task.role, task.due, task.detail) == ("township", date(2014, 7, 10), "2014-06")
    assert task.answer == {"place": HOME, "village": V1, "year": 2014, "month": 6, "body": "township"}
    count(benxi, {FIRST: 11, SECOND: 8, THIRD: 7}, month=6)
    assert not benxi.tasks("presences")
    assert not benxi.said(PresenceShort), "of 11 days of 30 a third of 20 is asked: 7"
    assert [said.asked for said in benxi.said(PresenceCounted)] == [(7, 7, 7)]
    benxi.until(date(2014, 8, 1))
    count(benxi, JULY)
    assert [said.is_sealed() for said in benxi.said(PresenceCounted)] == [True, True]
    assert not benxi.said(PresenceShort)
    benxi.until(date(2014, 12, 31))
    assert [(said.month, said.owed_by) for said in benxi.said(PresenceMissed)] == [
        (8, "township"),
        (9, "township"),
        (10, "township"),
        (11, "township"),
    ]
    assert len(benxi.tasks("presences")) == 4, "they stay awaited"


def test_5_12_too_few_days_are_told_to_the_unit_as_a_number_and_a_correction_takes_it_back() -> None:
    benxi = asking().assigned()
    benxi.until(date(2014, 8, 1))
    count(benxi, {**JULY, SECOND: 19})
    assert [said.asked for said in benxi.said(PresenceCounted)] == [(20, 20, 20)]
    (said,) = benxi.said(PresenceShort)
    assert said == PresenceShort(place=HOME, village=V1, year=2014, month=7, short=1, owed_by="unit")
    count(benxi, {**JULY, SECOND: 19})
    assert len(benxi.said(PresenceCounted)) == 1, "a repetition changes nothing"
    with pytest.raises(Refused) as refused:
        count(benxi, JULY)
    assert SECOND not in refused.value.en and refused.value.version
    count(benxi, JULY, replaces=refused.value.version)
    assert [said.short for said in benxi.said(PresenceShort)] == [1, 0]
    assert len(benxi.said(PresenceCounted)) == 2


CLOSED: dict[str, Any] = {
    "label": "伏季休渔期",
    "from": {"month": 5, "day": 1},
    "until": {"month": 8, "day": 16},
    "days": 26,
}


@pytest.mark.parametrize(
    ("month", "days", "short"),
    [(7, 25, 1), (7, 26, 0), (8, 22, 1), (8, 23, 0), (9, 19, 1), (9, 20, 0)],
)
def test_5_12_a_season_asks_for_other_days_and_a_month_that_lies_in_it_in_part_for_its_share(
    month: int, days: int, short: int
) -> None:
    """Of August 16 days are asked as 26 a month and 15 as 20, which makes 23."""
    benxi = Benxi(presence={**PRESENCE, "seasons": [CLOSED]}).assigned()
    benxi.until(date(2014, month + 1, 1))
    count(benxi, {FIRST: 26, SECOND: days, THIRD: 26}, month=month)
    assert sum(said.short for said in benxi.said(PresenceShort)) == short


def test_5_12_a_season_over_the_new_year_and_one_of_leap_days_hold_their_days() -> None:
    winter = {"label": "冬季", "from": {"month": 12, "day": 1}, "until": {"month": 2, "day": 29}, "days": 10}
    presence = parse_pack({**PACK, "presence": {**PRESENCE, "seasons": [CLOSED, winter]}}).presence
    assert presence and [int(presence.asked(2015, month)) for month in range(1, 13)] == [
        10, 10, 20, 20, 26, 26, 26, 23, 20, 20, 20, 10,
    ]  # fmt: skip


def test_5_12_two_seasons_of_one_day_are_refused() -> None:
    autumn = {"label": "台风季", "from": {"month": 8, "day": 16}, "until": {"month": 10, "day": 31}, "days": 12}
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, "presence": {**PRESENCE, "seasons": [CLOSED, autumn]}})
    (fault,) = refused.value.faults
    assert (fault.where, fault.zh) == ("presence.seasons[1].from", "台风季与伏季休渔期有重叠的日子，如2015年8月16日")


def test_5_12_days_on_leave_are_not_asked_for_and_not_counted() -> None:
    benxi = asking().assigned()
    ask(benxi, date(2014, 7, 1), date(2014, 7, 15))
    grant(benxi)
    benxi.until(date(2014, 8, 1))
    with pytest.raises(Refused, match="not on leave for 16 days of it"):
        count(benxi, {**JULY, SECOND: 17})
    count(benxi, {**JULY, SECOND: 10})
    assert not benxi.said(PresenceShort), "16 of 31 days: 10 of 20"


@pytest.mark.parametrize(
    ("days", "said", "zh"),
    [
        ({FIRST: 20}, {}, "应填写月末在队的每名队员"),
        ({**JULY, "C9": 3}, {}, "应填写月末在队的每名队员"),
        (JULY, {"month": 8}, "2014年8月不须确认"),
        (JULY, {"month": 5}, "2014年5月不须确认"),
        (JULY, {"body": "team"}, "乡镇办理"),
    ],
)
def test_5_12_a_month_that_cannot_be_is_refused(days: dict[str, int], said: dict[str, Any], zh: str) -> None:
    benxi = asking().assigned()
    benxi.until(date(2014, 8, 1))
    with pytest.raises(Refused) as refused:
        count(benxi, days, **said)
    assert zh in refused.value.zh and not benxi.said(PresenceCounted)


def test_5_12_who_came_in_the_month_owes_a_part_of_it_and_who_left_nothing() -> None:
    benxi = asking().assigned()
    benxi.hear(cadre("C-U1-9", "U1"))
    benxi.until(date(2014, 7, 21))
    benxi.send(ReportDeparture, cadre=SECOND, cause="transferred")
    benxi.replace(SECOND, "C-U1-9")
    benxi.until(date(2014, 8, 1))
    with pytest.raises(Refused, match="was in the team and not on leave for 11 days"):
        count(benxi, {FIRST: 22, THIRD: 22, "C-U1-9": 12})
    count(benxi, {FIRST: 22, THIRD: 22, "C-U1-9": 6})
    assert [said.short for said in benxi.said(PresenceShort)] == [1]


def test_5_12_a_year_of_months_is_kept_and_no_more() -> None:
    benxi = asking().assigned()
    benxi.until(date(2016, 1, 2))
    assert [*roster(benxi).months] == [f"2015-{month:02}" for month in range(1, 13)]


def test_5_12_the_forms_name_who_was_in_the_team() -> None:
    benxi = asking().assigned()
    benxi.until(date(2014, 7, 1))
    (task,) = benxi.tasks("presences")
    blank = FORMS["presences"]
    rows = [*blank.lines(blank.row(roster(benxi), task, benxi.policy), 1)]
    assert [(row["village"], row["month"], row["present.cadre"]) for row in rows] == [
        (V1, 6, one) for one in (FIRST, SECOND, THIRD)
    ]


SICK = PRESENCE["leave"][1]


@pytest.mark.parametrize(
    ("wrong", "en"),
    [
        ({"count_by": {"after": "vacancy", "within": {"calendar_days": 10}}}, "from vacancy, but from month"),
        ({"by": "operator"}, "operator cannot do this"),
        ({"rule": "S9:1"}, "S9 is none of [documents]"),
        ({"leave": [{**SICK, "decided_by": [{"days": 9, "by": "county"}]}]}, "nobody decides on leave of more than 9"),
        ({"leave": [{**SICK, "decided_by": [{"by": "county"}, {"days": 3, "by": "township"}]}]}, "rise from tier to"),
        ({"leave": [{**SICK, "decided_by": [{"by": "operator"}]}]}, "operator cannot do this"),
        ({"leave": [{**SICK, "longest": 10}]}, "it is more than the longest leave"),
        ({"leave": [SICK, SICK]}, "sick occurs twice"),
    ],
)
def test_5_12_what_a_pack_cannot_say_of_presence_is_refused(wrong: dict[str, Any], en: str) -> None:
    with pytest.raises(PolicyInvalid) as invalid:
        parse_pack({**PACK, "presence": {**PRESENCE, **wrong}})
    assert en in invalid.value.en


async def test_5_12_leave_and_presence_are_kept_alike_on_both_databases(database: str) -> None:
    at: dict[str, Any] = {"place": HOME, "village": V1}
    benxi = asking()
    at_work = [unit("U1"), *squad("U1"), diagnosed(V1)]
    await kept_alike(
        benxi,
        {**PACK, "presence": PRESENCE},
        [
            *at_work,
            *_assigned(),
            RequestLeave(
                **at, cadre=SECOND, kind="sick", first=START, last=START + 60 * DAY, asked_by="队", body="team"
            ),
            DecideLeave(**at, number=1, granted=True, decided_by="县委组织部", body="organisation"),
            date(2014, 7, 1),
            CountPresence(
                **at,
                year=2014,
                month=6,
                present=(Present(FIRST, 8), Present(THIRD, 8)),
                counted_by="镇",
                body="township",
            ),
            START + 61 * DAY,
            DecideReturn(**at, number=1, returns=True, decided_by="县委组织部", body="organisation"),
        ],
        database,
    )


def _assigned() -> list[Command]:
    return [
        SolveMatching(place="210500", matching="m1", asked_by="市委组织部", body="organisation"),
        AssignTeam(place=HOME, village=V1, assigned_by="市委组织部", body="organisation"),
    ]


def test_5_12_days_on_which_nobody_could_get_there_count_where_the_pack_says_so() -> None:
    benxi = Benxi(presence={**PRESENCE, "hindered": "台风停航"}).assigned()
    benxi.until(date(2014, 8, 1))
    count(benxi, {**JULY, SECOND: 18}, hindered=2)
    assert not benxi.said(PresenceShort)
    (said,) = benxi.said(PresenceCounted)
    assert said.hindered == 2 and {one.cadre: one.days for one in said.present}[SECOND] == 18, (
        "what is paid is paid by it"
    )
    count(benxi, {**JULY, SECOND: 18}, hindered=2)
    assert len(benxi.said(PresenceCounted)) == 1, "a repetition changes nothing"
    with pytest.raises(Refused) as refused:
        count(benxi, {**JULY, SECOND: 18}, hindered=1)
    count(benxi, {**JULY, SECOND: 18}, hindered=1, replaces=refused.value.version)
    assert [said.short for said in benxi.said(PresenceShort)] == [1]


def test_5_12_days_on_which_nobody_could_get_there_are_refused_where_the_pack_knows_none() -> None:
    benxi = asking().assigned()
    benxi.until(date(2014, 8, 1))
    with pytest.raises(Refused, match="no days count as days there"):
        count(benxi, JULY, hindered=2)
    assert not benxi.said(PresenceCounted)


def test_5_12_nobody_was_kept_away_on_more_days_than_the_month_has() -> None:
    benxi = Benxi(presence={**PRESENCE, "hindered": "台风停航"}).assigned()
    benxi.until(date(2015, 3, 1))
    with pytest.raises(Refused, match="the month has 28 days") as refused:
        count(benxi, dict.fromkeys(JULY, 1), year=2015, month=2, hindered=29)
    assert (refused.value.field, refused.value.status) == ("hindered", 422) and "只有28日" in refused.value.zh
    count(benxi, dict.fromkeys(JULY, 0), year=2015, month=2, hindered=28)


def test_5_12_such_days_are_not_taken_back_silently_once_the_pack_counts_them_no_more() -> None:
    benxi = Benxi(presence={**PRESENCE, "hindered": "台风停航"}).assigned()
    benxi.until(date(2014, 8, 1))
    count(benxi, JULY, hindered=2)
    benxi.adopt(presence=PRESENCE)
    with pytest.raises(Refused, match="hindered") as refused:
        count(benxi, JULY)
    assert roster(benxi).months["2014-07"].hindered == 2
    count(benxi, JULY, replaces=refused.value.version)
    assert benxi.said(PresenceCounted)[-1].hindered == 0


def test_5_12_there_is_no_place_to_come_back_to_while_nobody_follows_who_was_sent() -> None:
    benxi = asking().assigned()
    benxi.hear(cadre("C-U1-9", "U1"))
    ask(benxi, START, START + 60 * DAY)
    grant(benxi)
    benxi.replace(SECOND, "C-U1-9")
    benxi.send(ReportDeparture, cadre="C-U1-9", cause="transferred")
    benxi.until(START + 61 * DAY)
    with pytest.raises(Refused, match="there is no place to come back to") as refused:
        returns(benxi)
    assert refused.value.field == "returns" and benxi.details("replacements") == ["C-U1-9"]
    returns(benxi, returns=False)
    assert SECOND in benxi.free


def test_5_12_leave_is_asked_for_by_a_team_that_was_there_before_the_pack_asked_for_presence() -> None:
    benxi = Benxi().assigned()
    benxi.adopt(presence=PRESENCE)
    with pytest.raises(Refused, match="C9 is no member of the team now"):
        ask(benxi, START, START + DAY, cadre="C9")
    ask(benxi, START, START + DAY)
    assert benxi.details("leave-decisions") == ["1"]
    assert {*roster(benxi).members} == {FIRST, SECOND, THIRD}


def test_5_12_days_of_hindrance_are_not_added_unawares_to_a_month_that_had_none() -> None:
    benxi = Benxi(presence={**PRESENCE, "hindered": "台风停航"}).assigned()
    benxi.until(date(2014, 8, 1))
    count(benxi, JULY)
    with pytest.raises(Refused) as refused:
        count(benxi, JULY, hindered=3)
    assert refused.value.version and roster(benxi).months["2014-07"].hindered == 0
    count(benxi, JULY, hindered=3, replaces=refused.value.version)
    assert roster(benxi).months["2014-07"].hindered == 3


def test_5_12_short_leave_and_leave_that_nobody_decided_on_ask_for_no_return() -> None:
    benxi = asking().assigned()
    ask(benxi, START + 5 * DAY, START + 44 * DAY)
    ask(benxi, START + 5 * DAY, START + 44 * DAY, THIRD)
    ask(benxi, START + 6 * DAY, START + 9 * DAY, FIRST)
    grant(benxi, 2)
    grant(benxi, 3)
    benxi.until(START + 60 * DAY)
    assert [task.detail for task in benxi.tasks("leave-decisions")] == ["1"]
    assert [task.detail for task in benxi.tasks("leave-returns")] == ["2"], "short leave ends by itself"


def test_5_12_a_refusal_names_the_document_that_asks_for_presence() -> None:
    benxi = asking().assigned()
    with pytest.raises(Refused) as refused:
        grant(benxi, 9)
    assert refused.value.rule == "S3:第四项"
