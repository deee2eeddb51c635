"""What a play in memory told of each village, as a report reads it from the services' journals."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from deploy.demo.village import Happened
from shared.engine.flow import Fact


def by_village(facts: Iterable[Fact], days: Sequence[date], of: str = "village") -> dict[str, list[Happened]]:
    """The facts about each village, each with its day, since facts in memory have no date. With `of`, those about
    each campaign as such."""
    events: dict[str, list[Happened]] = {}
    for day, fact in zip(days, facts, strict=True):
        if about := (of in (fact.event.about, "village") and getattr(fact.event, of, None)):
            happened = Happened(day, datetime.min, fact.id, fact.cause.id, fact.event)
            events.setdefault(about, []).append(happened)
    return events
