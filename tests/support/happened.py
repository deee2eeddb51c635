"""What a play in memory told, as a report reads it from the services' journals."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from shared.contracts import Event
from shared.engine.flow import Fact
from shared.telling import Happened


def by_village(facts: Iterable[Fact], days: Sequence[date]) -> dict[str, list[Happened]]:
    """The facts about each village, each with its day, since facts in memory have no date."""
    events: dict[str, list[Happened]] = {}
    for day, fact in zip(days, facts, strict=True):
        if about := getattr(fact.event, "village", None):
            events.setdefault(about, []).append(_happened(day, fact))
    return events


def of_types(facts: Iterable[Fact], days: Sequence[date], types: Sequence[type[Event]]) -> list[Happened]:
    """The facts of these types, each with its day."""
    told = zip(days, facts, strict=True)
    return [_happened(day, fact) for day, fact in told if isinstance(fact.event, tuple(types))]


def _happened(day: date, fact: Fact) -> Happened:
    return Happened(day, datetime.min, fact.id, fact.cause.id, fact.event)
