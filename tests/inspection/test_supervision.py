"""What a visit leads to in a village: orders, deadlines, close-outs."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.inspection.model.commands import CloseOrder, OpenCampaign, WithdrawVisit
from services.inspection.model.supervision import Supervision
from shared.contracts.dispatch import LeaveGranted, LeaveRefused, MemberRecalled, MemberReplaced
from shared.contracts.inspection import OrderClosed, OrderIssued, OrderOverdue, VisitMade, VisitWithdrawn
from shared.contracts.registry import VillageMerged, VillageRecoded
from shared.rules import Refused
from tests.inspection.region import PACKS, Region, changed, team_of

CHECK = "2105-half_year-2015-06-20"
DAY = timedelta(1)


@pytest.fixture
def region() -> Region:
    """One village on the day of the half-year check."""
    return at_the_check(Region(PACKS["benxi"], date(2015, 5, 1), villages=1))


def at_the_check(region: Region) -> Region:
    region.pass_days(date(2015, 6, 20))
    return region


def close(region: Region, order: str) -> CloseOrder:
    return CloseOrder(
        place=region.county, village=region.villages[0], order=order, body="township", accepted_by="镇党委"
    )


def test_2_19_only_the_team_s_members_can_be_found_absent(region: Region) -> None:
    (village,) = region.villages
    assert (
        "C-NOBODY" in region.refuses(region.visit_to(village, CHECK, absent=("C-NOBODY",), score=80), 422, "absent").en
    )
    leader, member, _ = team_of(village)
    twice = region.refuses(region.visit_to(village, CHECK, absent=(leader, member, leader), score=80), 422, "absent")
    assert leader in twice.zh
    region.visit(village, CHECK, absent=(leader, member), score=80)
    (visit,) = region.said(VisitMade)
    assert visit.absent == 2
    assert leader not in repr(visit), "the open event names nobody"


def test_5_12_2_19_who_is_on_granted_leave_is_not_absent_and_only_whose_visit_is_due_learns_of_it(
    region: Region,
) -> None:
    (village,) = region.villages
    leader, member, other = team_of(village)
    days: dict[str, Any] = {"first": date(2015, 6, 19), "last": date(2015, 6, 20)}
    said = {**days, "place": region.county, "village": village, "kind": "sick", "decided_by": "县委组织部"}
    region.hear(*(LeaveGranted(**said, cadre=cadre, replaced=False) for cadre in (leader, other)))
    region.hear(LeaveRefused(**said, cadre=other))
    undue = region.refuses(region.visit_to(village, "2105-annual-2015-12-01", absent=(leader,)), 404)
    assert "请假" not in undue.zh
    refused = region.refuses(region.visit_to(village, CHECK, absent=(leader, member), score=80), 422, "absent")
    assert refused.zh.startswith(f"{leader}当日经批准请假") and not region.said(VisitMade)
    assert not region.kept(Supervision, village).shown().excused
    region.visit(village, CHECK, absent=(member, other), score=80)
    (visit,) = region.said(VisitMade)
    assert visit.absent == 2, "leave that was taken back excuses nobody"
    region.pass_days(date(2016, 7, 1))
    region.hear(LeaveGranted(**{**said, "first": region.today, "last": region.today}, cadre=member, replaced=False))
    assert {*region.kept(Supervision, village).excused} == {member}, "leave of a year ago is forgotten"


def test_5_12_leave_goes_over_to_the_village_into_which_another_was_merged() -> None:
    region = at_the_check(Region(PACKS["benxi"], date(2015, 5, 1), villages=2))
    village, into = region.villages
    leave: dict[str, Any] = {"kind": "sick", "first": region.today, "last": region.today, "decided_by": "县委组织部"}
    about = {"place": region.county, "village": village}
    region.hear(LeaveGranted(**about, **leave, cadre="C1", replaced=False))
    since = date(2015, 6, 1)
    merged = {
        "into": into,
        "into_place": region.county,
        "since": since,
        "document": "县政发8号",
        "decided_by": "县政府",
    }
    region.hear(VillageMerged(**about, **merged))
    assert {*region.kept(Supervision, into).excused} == {"C1"} and not region.kept(Supervision, village).excused


def test_2_20_a_recalled_member_is_not_absent_but_the_replacement_may_be(region: Region) -> None:
    (village,) = region.villages
    leader = team_of(village)[0]
    recalled = MemberRecalled(place=region.county, village=village, unit="U1", cadre=leader, role="leader")
    region.hear(recalled)
    region.refuses(region.visit_to(village, CHECK, absent=(leader,), score=80), 422, "absent")
    assert region.kept(Supervision, village).leader == leader, "the last leader answers until there is another"
    region.hear(
        MemberReplaced(place=region.county, village=village, unit="U1", recalled=leader, cadre="C-new", role="leader")
    )
    assert region.kept(Supervision, village).leader == "C-new"
    region.hear(
        MemberReplaced(
            place=region.county, village=village, unit="U1", recalled=team_of(village)[1], cadre="C-2", role="member"
        )
    )
    assert region.kept(Supervision, village).leader == "C-new"
    region.visit(village, CHECK, absent=("C-new", "C-2"), score=80)


def test_5_12_a_member_who_comes_back_to_the_open_place_is_in_the_team_again(region: Region) -> None:
    (village,) = region.villages
    member = team_of(village)[1]
    came_back = MemberReplaced(
        place=region.county, village=village, unit="U1", recalled=member, cadre=member, role="member"
    )
    region.hear(came_back)
    region.visit(village, CHECK, absent=(member,), score=80)


def test_2_13_who_is_named_after_the_team_went_home_is_nobody_s_member(region: Region) -> None:
    village = region.villages[0]
    region.hear(region.released(village))
    region.hear(
        MemberReplaced(place=region.county, village=village, unit="U1", recalled="C-1", cadre="C-new", role="leader")
    )
    gone = region.kept(Supervision, village)
    assert (gone.team, gone.leader, gone.status) == ((), "", "released")


def test_a_visit_to_a_village_that_never_had_a_team_is_refused(region: Region) -> None:
    region.refuses(region.visit_to("210521100999", CHECK, score=80), 404)


def test_1_6_one_order_for_a_visit_allows_the_longest_of_its_findings_times(region: Region) -> None:
    (village,) = region.villages
    region.visit(village, CHECK, findings=("good_practice", "absent", "ledger_untrue"), score=80)
    (order,) = region.said(OrderIssued)
    assert order.findings == ("absent", "ledger_untrue"), "good practice is nothing to rectify"
    assert (order.due, order.unit) == (date(2015, 7, 20), f"U{village}")
    (task,) = region.tasks("order-closings", village)
    assert (task.role, task.due, task.detail) == ("township", date(2015, 7, 20), order.order)


def test_1_6_the_township_alone_accepts_a_rectification(region: Region) -> None:
    region.visit(region.villages[0], CHECK, findings=("absent",), score=80)
    (order,) = region.said(OrderIssued)
    by_the_team = msgspec.structs.replace(close(region, order.order), body="team")
    assert region.refuses(by_the_team, 422, "body").rule == "1.6"


def test_2_20_whoever_leaves_a_team_that_was_never_here_is_nobody_s_leader(region: Region) -> None:
    recalled = MemberRecalled(place=region.county, village="210521100999", unit="U1", cadre="C1", role="leader")
    region.hear(recalled)
    assert region.services["inspection"].states.get((Supervision, "210521100999")) is None


def test_1_6_the_time_allowed_is_the_pack_s() -> None:
    week = changed(PACKS["benxi"], "findings", "absent", order={"working_days": 5})
    region = at_the_check(Region(week, date(2015, 5, 1), villages=1))
    region.visit(region.villages[0], CHECK, findings=("absent",), score=80)
    (order,) = region.said(OrderIssued)
    assert order.due == date(2015, 6, 29), "Saturday 20 and the festival on Monday 22 June do not count"


def test_1_6_findings_without_a_time_lead_to_no_order(region: Region) -> None:
    region.visit(region.villages[0], CHECK, findings=("good_practice",), score=95)
    assert not region.said(OrderIssued)
    assert not region.tasks("order-closings")


def test_1_6_an_order_is_overdue_after_its_last_day_and_again_after_each_further_period(region: Region) -> None:
    (village,) = region.villages
    region.visit(village, CHECK, findings=("absent",), score=80)
    (order,) = region.said(OrderIssued)
    region.pass_days(order.due)
    assert not region.said(OrderOverdue)
    region.pass_days(order.due + DAY)
    (overdue,) = region.said(OrderOverdue)
    assert (overdue.order, overdue.unit, overdue.leader) == (order.order, f"U{village}", team_of(village)[0])
    region.pass_days(order.due + 31 * DAY)
    assert [event.times for event in region.said(OrderOverdue)] == [1, 2, 3]
    assert region.tasks("order-closings", village)
    region.ask(close(region, order.order))
    region.pass_days(order.due + 90 * DAY)
    assert len(region.said(OrderOverdue)) == 3


def test_1_6_each_order_has_its_own_last_day(region: Region) -> None:
    (village,) = region.villages
    region.visit(village, CHECK, findings=("absent",), score=80)
    spot = OpenCampaign(
        place=region.place,
        kind="spot_check",
        campaign="spot",
        opens=region.today + DAY,
        body="organisation",
        asked_by="市委组织部",
    )
    region.ask(spot)
    region.await_visit(village, "2105.spot")
    later = region.today - date(2015, 6, 20)
    region.visit(village, "2105.spot", findings=("absent",))
    first, second = region.said(OrderIssued)
    assert second.due == first.due + later > first.due
    region.pass_days(second.due)
    assert [event.order for event in region.said(OrderOverdue)] == [first.order]
    region.pass_days(second.due + DAY)
    assert [event.order for event in region.said(OrderOverdue)] == [first.order, second.order]


def test_1_6_a_rectification_is_closed_out_once(region: Region) -> None:
    region.visit(region.villages[0], CHECK, findings=("absent",), score=80)
    (order,) = region.said(OrderIssued)
    refused = region.refuses(close(region, "none"), 409, "order")
    assert f"待销号的有：“{order.order}”" in refused.zh and f"open are: {order.order!r}" in refused.en
    region.ask(close(region, order.order))
    refused = region.refuses(close(region, "none"), 409, "order")
    assert "该村没有待销号的整改" in refused.zh and "open are: -" in refused.en
    assert [event.accepted_by for event in region.said(OrderClosed)] == ["镇党委"]
    region.ask(close(region, order.order))
    assert len(region.said(OrderClosed)) == 1, "what is closed out already changes nothing"
    region.pass_days(order.due + DAY)
    assert not region.said(OrderOverdue)
    assert not region.tasks("order-closings")


def test_2_13_with_the_team_s_release_its_orders_end(region: Region) -> None:
    (village,) = region.villages
    region.visit(village, CHECK, findings=("absent",), score=80)
    region.hear(region.released(village))
    region.pass_days(date(2016, 1, 31))
    assert not region.said(OrderOverdue)
    assert not region.tasks("order-closings")
    assert region.kept(Supervision, village).status == "released"


@pytest.mark.parametrize("came", ["nothing", "overdue", "closed"])
def test_2_13_after_the_release_a_visit_is_withdrawn_unless_somebody_may_answer_for_its_order(
    region: Region, came: str
) -> None:
    (village,) = region.villages
    region.visit(village, CHECK, findings=("absent",), score=80)
    (order,) = region.said(OrderIssued)
    if came == "overdue":
        region.pass_days(order.due + DAY)
    if came == "closed":
        region.ask(close(region, order.order))
    region.hear(region.released(village))
    withdrawal = WithdrawVisit(
        place=region.county, village=village, campaign=CHECK, body="inspection", reason="录错村", decided_by="督查组"
    )
    if came == "nothing":
        region.ask(withdrawal)
        assert region.said(VisitWithdrawn)
    else:
        assert "已销号或已逾期" in region.refuses(withdrawal, 409, "village").zh


def test_a_visit_on_the_list_is_made_even_if_the_team_has_just_gone(region: Region) -> None:
    (village,) = region.villages
    region.hear(region.released(village))
    region.visit(village, CHECK, findings=("ledger_untrue",), score=60)
    assert len(region.said(VisitMade)) == 1
    assert not region.said(OrderIssued), "nobody is left to rectify"


def test_what_is_said_about_a_village_follows_its_new_division_code(region: Region) -> None:
    (village,) = region.villages
    region.hear(VillageRecoded(place=region.county, village=village, code="210522100200", since=region.today))
    with pytest.raises(Refused, match="belongs to division 210522"):
        region.visit(village, CHECK, findings=("absent",), score=80)
    region.county = "210522"
    region.visit(village, CHECK, findings=("absent",), score=80)
    (order,) = region.said(OrderIssued)
    assert order.place == "210522"
