"""No missed deadline of a village is forgotten by the read tables."""

from services.console.model.late import CLOSED, ONLY_TOLD, OPENED
from services.console.model.rows import KNOWN
from shared.contracts import EVENTS, Event

NO_DEADLINES = {"dispatch.exit_promise.missed.v1", "registry.floor.missed.v1"}
"""A promise and a figure that were not reached: nothing is owed that could be made up for."""


def test_every_deadline_missed_in_a_village_is_counted() -> None:
    told = {
        name: event
        for name, event in EVENTS.items()
        if name.split(".")[2] in ("overdue", "missed")
        and event.about == "village"
        and event.sealing == "never"
        and name not in NO_DEADLINES
    }
    counted: set[type[Event]] = {*OPENED, *ONLY_TOLD}
    assert told.keys() == {event.type for event in counted}


def test_only_open_events_change_rows() -> None:
    """What is sealed, such as what a member of a team is paid, never comes into the tables."""
    heard: set[type[Event]] = {*KNOWN, *CLOSED}
    assert [event.type for event in heard if event.sealing == "always"] == []
