"""Makes the event by which a day begins, for simulations and for the recovery of their days, which have no schedule."""

from datetime import UTC, date, datetime

import msgspec

from shared.contracts import Envelope, schema_address, wire_subject
from shared.contracts.calendar import DayPassed
from shared.engine.flow import derived_id
from shared.stream.bus import Message


def day_message(day: date, by: str) -> Message:
    """The message that a day has begun, with `by` as its source.

    Its id follows from the day alone. The ids of all timers follow from this id, so a repeated day must have the same.
    """
    event, id = DayPassed(day=day), derived_id("day", day)
    envelope = Envelope(
        id=id, source=f"urn:zhucun:{by}", type=event.type, subject=event.subject_id, time=datetime.now(UTC),
        dataschema=schema_address(event.type), correlationid=id, causationid=id, occurredon=day,
        policyversion="", data=msgspec.Raw(msgspec.json.encode(event)),
    )  # fmt: skip
    return Message(id, wire_subject(event), msgspec.json.encode(envelope))
