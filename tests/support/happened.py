"""What a play in memory told of each village, as a report reads it from the services' journals."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from deploy.demo.village import Happened
from shared.engine.flow import Fact


def by_village(facts: Iterable[Fact], days: Sequence[date]) -> dict[str, list[Happened]]:
    """The facts about each village, each with its day, since facts in memory have no date."""
    events: dict[str, list[Happened]] = {}
    for day, fact in zip(days, facts, strict=True):
        if village := getattr(fact.event, "village", None):
            happened = Happened(day, datetime.min, fact.id, fact.cause.id, fact.event)
            events.setdefault(village, []).append(happened)
    return events
