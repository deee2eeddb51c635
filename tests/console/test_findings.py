"""What visits found in a village, what was replied, and what became of it, as its open events tell it."""

from datetime import date
from typing import Any

from services.console.model.findings import visits
from shared.contracts import inspection as i
from tests.support.lived import lived

PLACE, VILLAGE = "210521", "210521100201"
AT: dict[str, Any] = {"place": PLACE, "village": VILLAGE}


def visit(campaign: str, on: date, *findings: str) -> i.VisitMade:
    return i.VisitMade(**AT, campaign=campaign, kind="half_year", on=on, absent=0, findings=findings, year=2015)


def test_a_visit_shows_its_findings_its_reply_and_its_order() -> None:
    day = date(2015, 5, 1)
    disputed = i.VisitReplied(
        **AT, campaign="c1", disputed=("idle",), document="说明〔2015〕1号", replied_by="县农业局"
    )
    decided = i.ReplyDecided(
        **AT, campaign="c1", confirmed=(), refuted=("idle",), document="认定〔2015〕1号", decided_by="市委督查室"
    )
    order = f"c1/{VILLAGE}"
    issued = i.OrderIssued(**AT, order=order, unit="U1", findings=("ledger",), due=date(2015, 7, 1))
    overdue = i.OrderOverdue(**AT, order=order, unit="U1", leader="C1", times=1)
    closed = i.OrderClosed(**AT, order=order, accepted_by="市委督查室")
    events = [
        visit("c1", day, "idle", "ledger"),
        disputed,
        decided,
        issued,
        overdue,
        closed,
        visit("c2", date(2015, 9, 1)),
    ]
    later, first = visits((day, event) for event in events)
    assert (later.campaign, later.findings, later.due) == ("c2", (), None)
    assert (first.disputed, first.refuted, first.reply) == (("idle",), ("idle",), "说明〔2015〕1号")
    assert (first.due, first.overdue, first.closed) == (date(2015, 7, 1), 1, day)
    withdrawn = i.VisitWithdrawn(
        **AT, campaign="c1", kind="half_year", year=2015, reason="误录", decided_by="市委督查室"
    )
    assert [one.campaign for one in visits((day, event) for event in [*events, withdrawn])] == ["c2"]


async def test_each_order_of_a_story_is_found_at_its_visit() -> None:
    reach = await lived("benxi")
    facts = [(fact.event, day) for fact, day in zip(reach.world.facts, reach.days, strict=True)]
    orders = [event for event, _ in facts if isinstance(event, i.OrderIssued)]
    assert orders
    for order in orders:
        of = [(day, event) for event, day in facts if getattr(event, "village", "") == order.village]
        (found,) = [one for one in visits(of) if f"{one.campaign}/{order.village}" == order.order]
        assert found.due and set(order.findings) <= set(found.findings)
