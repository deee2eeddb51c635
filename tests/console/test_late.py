"""No missed deadline of a village is forgotten by the read tables."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import pytest

from services.console.model.late import CLOSED, ONLY_TOLD, OPENED, reckoned
from services.console.model.rows import KNOWN
from services.console.model.village import Late, Village
from shared.contracts import EVENTS, Event
from shared.contracts import dispatch as d
from shared.contracts import inspection as i

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


HERE: dict[str, Any] = {"place": "210521", "village": "210521100200"}
TODAY = date(2015, 7, 20)
SET: dict[str, Any] = {"kind": "year", "period": "2015"}
LATE = d.CommitmentOverdue(
    **HERE, **SET, step="reconcile 2015-07-10", due=date(2015, 7, 10), unit="U-1", owed_by="unit"
)
ORDER = i.OrderOverdue(**HERE, order="o1", unit="U-1", leader="C-1", times=1)
CLOSED_ORDER = i.OrderClosed(**HERE, order="o1", accepted_by="县督查组")
DONE = d.CommitmentReconciled(**HERE, **SET, on=date(2015, 7, 10), done=1, open=0, reconciled_by="县扶贫办")
OWN = d.CommitmentOverdue(
    **HERE, kind="own_plan", period="2015", step="set", due=date(2015, 3, 1), unit="U-1", link="leader", owing=2
)


def his(cadre: str) -> Event:
    """One of the two leaders who each owe a plan of their own sets his."""
    return d.CommitmentSet(**HERE, kind="own_plan", period="2015", unit="U-1", items=(), cadre=cadre, set_by="县委办")


@pytest.mark.parametrize(
    ("told", "late", "missed"),
    [
        ((LATE,), {"commitment/year/2015/reconcile 2015-07-10"}, {"2015": 1}),
        ((LATE, DONE), set(), {"2015": 1}),
        ((DONE,), set(), {}),
        ((ORDER,), {"order/o1"}, {"2015": 1}),
        ((ORDER, msgspec.structs.replace(ORDER, times=2)), {"order/o1"}, {"2015": 1}),
        ((LATE, ORDER, CLOSED_ORDER), {"commitment/year/2015/reconcile 2015-07-10"}, {"2015": 2}),
        ((OWN, his("C-1")), {"commitment/own_plan/2015/set"}, {"2015": 1}),
        ((OWN, his("C-1"), his("C-2")), set(), {"2015": 1}),
        ((i.SampleMissed(**HERE, attempt=1, body="discipline", what="share"),), set(), {"2015": 1}),
    ],
)
def test_what_is_late_stays_so_until_it_is_made_up_for(
    told: Sequence[Event], late: set[str], missed: dict[str, int]
) -> None:
    village = Village(id=HERE["village"], code=HERE["village"])
    for event in told:
        village = reckoned(village, event, TODAY)
    assert {*village.late} == late
    assert village.missed == missed


@pytest.mark.parametrize(
    ("told", "late"),
    [
        (OWN, Late(OWN.type, date(2015, 3, 1), kind="own_plan", owing=2)),
        (LATE, Late(LATE.type, date(2015, 7, 10), kind="year")),
        (ORDER, Late(ORDER.type, TODAY)),
    ],
)
def test_of_what_is_late_it_is_known_what_it_is_since_when_and_how_many_owe_it(told: Event, late: Late) -> None:
    village = reckoned(Village(id=HERE["village"], code=HERE["village"]), told, TODAY)
    assert [*village.late.values()] == [late]
