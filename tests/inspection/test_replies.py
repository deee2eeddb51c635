"""The visited side's reply to what was found, before an order follows, and what it disputes (1.6)."""

from datetime import date, timedelta
from typing import Any

from services.inspection.model.campaign import Campaign
from services.inspection.model.commands import (
    DecideReply,
    PublishBulletin,
    ReplyToVisit,
    WithdrawVisit,
)
from services.inspection.model.supervision import Supervision
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.inspection import (
    BulletinPublished,
    DeadlineMoved,
    OrderIssued,
    ReplyDecided,
    VisitMade,
    VisitReplied,
)
from tests.inspection.region import Region, changed
from tests.inspection.rota import CLOSED, PACK
from tests.support.outage import sleep

TURN = "2105-supervision-2015-03-03"
REPLY = {
    "by": "unit",
    "reply_by": {"after": "inspection.visit.made", "within": {"calendar_days": 5}},
    "decide_by": {"after": "inspection.visit.replied", "within": {"calendar_days": 5}},
}
LATER = {"by": "discipline", "publish_by": {"after": CLOSED, "within": {"calendar_days": 20}}}
FINDINGS = ("absent", "ledger_untrue")


def visited(*findings: str) -> tuple[Region, str]:
    """A village in which something was found on 3 March, and to which its unit may reply until the 8th."""
    pack = changed(PACK, "campaigns", "supervision", reply=REPLY, bulletin=LATER)
    region = Region(pack, date(2015, 2, 20), villages=8)
    region.pass_days(date(2015, 3, 3))
    village = region.villages[0]
    region.visit(village, TURN, findings=findings or FINDINGS)
    return region, village


def reply(region: Region, village: str, *disputed: str, **said: Any) -> ReplyToVisit:
    said = {"body": "unit", "replied_by": "市交通局", "document": "市交函〔2015〕3号", **said}
    return ReplyToVisit(place=region.county, village=village, campaign=TURN, disputed=disputed, **said)


def decide(region: Region, village: str, *confirmed: str, **said: Any) -> DecideReply:
    said = {"body": "inspection", "decided_by": "市委督查室", "document": "市督函〔2015〕5号", **said}
    return DecideReply(place=region.county, village=village, campaign=TURN, confirmed=confirmed, **said)


def a_day_off_is_announced(region: Region) -> None:
    """5 March is a holiday after all."""
    said = {"place": "000000", "year": 2015, "notice": "临时放假", "document": "国办发明电〔2015〕1号"}
    off = {"off": (date(2015, 3, 5),), "worked": (), "announced_by": "国务院办公厅"}
    region.announce(HolidaysAnnounced(**said, **off))  # type: ignore[arg-type]


def test_1_6_an_order_waits_for_the_reply_of_the_visited_side() -> None:
    region, village = visited()
    assert not region.said(OrderIssued)
    (task,) = region.tasks("replies")
    assert (task.about, task.role, task.due, task.detail) == (village, "unit", date(2015, 3, 8), TURN)
    region.ask(reply(region, village))
    (order,) = region.said(OrderIssued)
    assert (order.findings, order.due) == (FINDINGS, date(2015, 4, 2))
    assert not region.tasks("replies")


def test_1_6_what_nobody_replies_to_in_time_is_ordered_then() -> None:
    region, village = visited()
    region.pass_days(date(2015, 3, 8))
    assert not region.said(OrderIssued)
    region.pass_days(date(2015, 3, 9))
    assert [(order.village, order.due) for order in region.said(OrderIssued)] == [(village, date(2015, 4, 8))]
    region.refuses(reply(region, village, "absent"), 409, "campaign")


def test_1_6_of_two_visits_whose_replies_were_missed_each_order_counts_from_its_own_day() -> None:
    region, village = visited()
    region.pass_days(date(2015, 3, 5))
    region.visit(village, "2105-supervision-2015-03-05", findings=FINDINGS)
    sleep(region, date(2015, 3, 20))
    assert [order.due for order in region.said(OrderIssued)] == [date(2015, 4, 8), date(2015, 4, 10)]


def test_1_6_a_disputed_finding_is_decided_by_the_inspection_before_the_order() -> None:
    region, village = visited()
    region.ask(reply(region, village, "ledger_untrue"))
    (told,) = region.said(VisitReplied)
    assert told.disputed == ("ledger_untrue",)
    assert not region.said(OrderIssued) and not region.tasks("replies")
    (task,) = region.tasks("reply-decisions")
    assert (task.role, task.due) == ("inspection", date(2015, 3, 8))
    region.pass_days(date(2015, 3, 20))
    assert not region.said(OrderIssued), "what is disputed waits for its decision, and not for a day"
    region.ask(decide(region, village))
    (decided,) = region.said(ReplyDecided)
    assert (decided.confirmed, decided.refuted) == ((), ("ledger_untrue",))
    (order,) = region.said(OrderIssued)
    assert (order.findings, order.due) == (("absent",), date(2015, 4, 4)), "15 days for what is left"


def test_1_6_a_finding_that_stands_is_ordered_with_the_rest() -> None:
    region, village = visited()
    region.ask(reply(region, village, *FINDINGS), decide(region, village, *FINDINGS))
    assert region.said(OrderIssued)[0].findings == FINDINGS


def test_1_6_where_nothing_is_left_no_order_follows() -> None:
    region, village = visited("absent")
    region.ask(reply(region, village, "absent"), decide(region, village))
    assert not region.said(OrderIssued)
    assert not region.kept(Supervision, village).awaits
    assert region.kept(Campaign, TURN).visited[village].findings == ()


def test_1_6_a_finding_that_leads_to_no_order_can_be_disputed_too() -> None:
    region, village = visited("good_practice")
    region.ask(reply(region, village, "good_practice"), decide(region, village))
    assert region.said(ReplyDecided)[0].refuted == ("good_practice",)


def test_1_6_a_reply_can_be_another_one_until_the_decision() -> None:
    region, village = visited()
    region.ask(reply(region, village, "absent"), reply(region, village, "absent"))
    assert len(region.said(VisitReplied)) == 1, "what is sent again is not said again"
    region.ask(reply(region, village, *FINDINGS))
    region.pass_days(region.today + timedelta(3))
    region.ask(reply(region, village))
    assert region.said(OrderIssued)[0].findings == FINDINGS
    region.refuses(decide(region, village), 409, "campaign")


def test_1_6_only_the_visited_side_replies_and_only_to_what_was_found() -> None:
    region, village = visited("absent")
    region.refuses(reply(region, village, body="inspection"), 422, "body")
    region.refuses(reply(region, village, "ledger_untrue"), 422, "disputed")
    region.refuses(decide(region, village), 409, "campaign")
    region.refuses(reply(region, region.villages[1]), 409, "campaign")
    region.ask(reply(region, village, "absent"))
    region.refuses(decide(region, village, body="unit"), 422, "body")
    region.refuses(decide(region, village, "ledger_untrue"), 422, "confirmed")


def test_1_6_a_visit_with_nothing_found_awaits_no_reply() -> None:
    region, village = visited()
    region.visit(region.villages[1], TURN)
    assert [task.about for task in region.tasks("replies")] == [village]


def test_1_6_a_visit_that_is_withdrawn_takes_the_reply_along() -> None:
    region, village = visited()
    region.ask(reply(region, village, "absent"))
    region.ask(
        WithdrawVisit(place=region.county, village=village, campaign=TURN, body="inspection", reason="误录",
                      decided_by="市委督查室")
    )  # fmt: skip
    assert not region.kept(Supervision, village).awaits and not region.kept(Campaign, TURN).disputed
    region.visit(village, TURN, findings=("absent",))
    assert len(region.tasks("replies")) == 1
    assert len(region.said(VisitMade)) == 2


def test_1_6_1_5_the_bulletin_says_what_is_disputed_and_nothing_that_was_refuted() -> None:
    region, village = visited()
    other = region.villages[1]
    region.visit(other, TURN, findings=FINDINGS)
    region.ask(reply(region, village, "absent"), reply(region, other, "absent"), decide(region, other))
    region.pass_days(date(2015, 3, 5))
    region.ask(PublishBulletin(place=region.place, campaign=TURN, body="discipline", published_by="市纪委"))
    (bulletin,) = region.said(BulletinPublished)
    assert [(one.village, one.findings, one.disputed) for one in bulletin.noted] == [
        (village, FINDINGS, ("absent",)),
        (other, ("ledger_untrue",), ()),
    ]


def test_1_6_a_team_that_is_gone_has_nothing_to_reply_to() -> None:
    region, village = visited()
    region.hear(region.released(village))
    region.pass_days(date(2015, 3, 9))
    assert not region.tasks("replies") and not region.said(OrderIssued)


def test_1_6_holidays_that_are_announced_move_the_last_day_for_a_reply_and_for_its_decision() -> None:
    working = {
        name: {"after": after, "within": {"working_days": 3}}
        for name, after in (("reply_by", "inspection.visit.made"), ("decide_by", "inspection.visit.replied"))
    }
    pack = changed(PACK, "campaigns", "supervision", reply={"by": "unit", **working}, bulletin=LATER)
    region = Region(pack, date(2015, 2, 20), villages=8)
    region.pass_days(date(2015, 3, 3))
    first, second = region.villages[:2]
    region.visit(first, TURN, findings=FINDINGS)
    region.visit(second, TURN, findings=FINDINGS)
    region.ask(reply(region, second, "absent"))
    assert [task.due for task in (*region.tasks("replies"), *region.tasks("reply-decisions"))] == [date(2015, 3, 6)] * 2
    a_day_off_is_announced(region)
    assert {(one.village, one.due) for one in region.said(DeadlineMoved)} == {
        (first, date(2015, 3, 9)),
        (second, date(2015, 3, 9)),
    }
    region.pass_days(date(2015, 3, 9))
    assert not region.said(OrderIssued), "the old day is over, and the new one is not"
    region.pass_days(date(2015, 3, 10))
    assert [order.village for order in region.said(OrderIssued)] == [first]


def test_1_6_the_time_for_a_reply_is_gone_with_the_team_and_no_holiday_moves_it() -> None:
    within = {"reply_by": {"after": "inspection.visit.made", "within": {"working_days": 3}}}
    region = Region(changed(PACK, "campaigns", "supervision", reply={**REPLY, **within}), date(2015, 2, 20), villages=8)
    region.pass_days(date(2015, 3, 3))
    village = region.villages[0]
    region.visit(village, TURN, findings=FINDINGS)
    region.hear(region.released(village))
    a_day_off_is_announced(region)
    assert not region.said(DeadlineMoved)
    state = region.kept(Supervision, village)
    assert (state.hearings, state.deadlines) == ({}, ())


def test_1_6_a_second_reply_does_not_put_the_decision_off_with_the_holidays_either() -> None:
    within = {"decide_by": {"after": "inspection.visit.replied", "within": {"working_days": 3}}}
    region = Region(changed(PACK, "campaigns", "supervision", reply={**REPLY, **within}), date(2015, 2, 20), villages=8)
    region.pass_days(date(2015, 3, 3))
    village = region.villages[0]
    region.visit(village, TURN, findings=FINDINGS)
    region.ask(reply(region, village, "absent"))
    region.pass_days(date(2015, 3, 4))
    region.ask(reply(region, village, *FINDINGS))
    a_day_off_is_announced(region)
    assert [task.due for task in region.tasks("reply-decisions")] == [date(2015, 3, 9)]


def test_1_6_what_a_team_disputed_is_decided_after_it_has_gone_and_no_order_follows() -> None:
    region, village = visited()
    region.ask(reply(region, village, "ledger_untrue"))
    region.hear(region.released(village))
    (task,) = region.tasks("reply-decisions")
    assert (task.role, task.due) == ("inspection", date(2015, 3, 8))
    region.hear(region.assigned(village))
    region.ask(decide(region, village, "ledger_untrue"))
    assert region.said(ReplyDecided)[0].confirmed == ("ledger_untrue",)
    assert not region.said(OrderIssued), "another team does not answer for it"
    assert not region.tasks("reply-decisions") and region.kept(Campaign, TURN).disputed == {}


def test_1_6_what_nobody_disputed_ends_with_the_team() -> None:
    region, village = visited()
    region.hear(region.released(village))
    assert not region.tasks("replies") and not region.tasks("reply-decisions")
    region.pass_days(date(2015, 3, 20))
    assert not region.said(OrderIssued)


def test_1_6_holidays_still_move_the_decision_on_what_a_team_disputed_that_has_gone() -> None:
    rolled = {**REPLY, "decide_by": {"after": "inspection.visit.replied", "within": {"working_days": 5}}}
    pack = changed(PACK, "campaigns", "supervision", reply=rolled)
    region = Region(pack, date(2015, 2, 20), villages=8)
    region.pass_days(date(2015, 3, 3))
    village = region.villages[0]
    region.visit(village, TURN, findings=FINDINGS)
    region.ask(reply(region, village, "ledger_untrue"))
    region.hear(region.released(village))
    (before,) = [task.due for task in region.tasks("reply-decisions")]
    a_day_off_is_announced(region)
    (after,) = [task.due for task in region.tasks("reply-decisions")]
    assert before and after and before < after
