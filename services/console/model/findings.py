"""What visits found in a village, what its side replied, and what became of it: one entry for each visit."""

from collections.abc import Iterable
from datetime import date

import msgspec

from shared.contracts import Event
from shared.contracts import inspection as i


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit with what followed from it."""

    campaign: str
    kind: str
    on: date
    findings: tuple[str, ...]
    disputed: tuple[str, ...] = ()
    replied: date | None = None
    reply: str = ""
    """The document of the reply."""
    confirmed: tuple[str, ...] = ()
    refuted: tuple[str, ...] = ()
    decided: date | None = None
    due: date | None = None
    """The last day of the order that was issued."""
    overdue: int = 0
    """How often the order has become overdue."""
    closed: date | None = None


def visits(events: Iterable[tuple[date, Event]]) -> list[Visit]:
    """The visits of which a village's events tell, the oldest event first; the latest visit comes first."""
    found: dict[str, Visit] = {}
    for day, event in events:
        if isinstance(event, i.VisitMade):
            found[event.campaign] = Visit(
                campaign=event.campaign, kind=event.kind, on=event.on, findings=event.findings
            )
        elif isinstance(event, i.VisitWithdrawn):
            found.pop(event.campaign, None)
        elif change := _change(day, event):
            campaign, fields = change
            if campaign in found:
                found[campaign] = msgspec.structs.replace(found[campaign], **fields)
    return sorted(found.values(), key=lambda one: one.on, reverse=True)


def _change(day: date, event: Event) -> tuple[str, dict[str, object]] | None:
    """What an event says of a visit: its campaign, and the fields."""
    if isinstance(event, i.VisitReplied):
        return event.campaign, {"disputed": event.disputed, "replied": day, "reply": event.document}
    if isinstance(event, i.ReplyDecided):
        return event.campaign, {"confirmed": event.confirmed, "refuted": event.refuted, "decided": day}
    if isinstance(event, i.OrderIssued):
        return _campaign(event.order), {"due": event.due}
    if isinstance(event, i.OrderOverdue):
        return _campaign(event.order), {"overdue": event.times}
    if isinstance(event, i.OrderClosed):
        return _campaign(event.order), {"closed": day}
    return None


def _campaign(order: str) -> str:
    """The campaign of an order: its id is `<campaign>/<village>`."""
    return order.rpartition("/")[0]
