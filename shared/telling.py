"""How an event is told to people: in a sentence, with its basis, its cause, and the organ that sent the command.

A terminal and a page show a village's way in this form.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from shared.contracts import EVENTS, Envelope, Event
from shared.labels import Both, basis, parties_of, party_key, sentence
from shared.laws import as_of
from shared.policy import Policy


class Happened(NamedTuple):
    """An event as a service's journal has it."""

    day: date
    time: datetime
    id: str
    cause: str
    event: Event
    organ: str = ""
    """The organ in whose name somebody sent the command that led to it; empty if there was none or if it is unknown."""


def happened(envelope: Envelope) -> Happened:
    """The event in an envelope of a journal."""
    event = msgspec.json.decode(envelope.data, type=EVENTS[envelope.type])
    return Happened(
        envelope.occurredon, envelope.time, envelope.id, envelope.causationid, event, envelope.actororgan or ""
    )


def named_in(events: Iterable[Happened]) -> dict[str, str]:
    """The units and parties in these events: by the key under which a sentence looks for a name, the path at which the
    registry has it."""
    found: dict[str, str] = {}
    for one in events:
        if unit := getattr(one.event, "unit", None):
            found[unit] = f"units/{unit}"
        found |= {party_key(id): f"parties/{id}" for id in parties_of(one.event)}
    return found


def line(event: Event, day: date, policy: Policy | None, names: Mapping[str, str]) -> tuple[Both, Both]:
    """What an event says in a sentence, and the document on which it is based on its day, in Chinese and English."""
    source = getattr(event, "clause", "") or event.source
    return sentence(event, policy, names), basis(as_of(source, day), policy)
