"""Leave that is no recall: who grants it, who is sent in turn, how a cadre comes back (5.12, 2.12, 2.10)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.model.commands import (
    ReportDeparture,
    WithdrawAssignment,
    WithdrawMatch,
)
from services.dispatch.model.link import Link
from services.dispatch.model.roster import Roster
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
)
from shared.contracts.registry import PolicyAdopted
from shared.policy import parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import AWAY, HOME, PACK, START, V1, V2, Benxi, cadre, diagnosed, recalled, squad, unit
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
