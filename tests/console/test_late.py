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
from shared.contracts import registry as r

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


HERE: dict[str, Any] = {"place": "210521", "village": "210521100200"}
TODAY = date(2015, 7, 20)
OF_EXIT: dict[str, Any] = {"attempt": 1, "decided_by": "市扶贫办"}
STEP_LATE = r.StepOverdue(**HERE, attempt=1, kind="exit", step="approve", due=date(2015, 7, 1), owed_by="county")


@pytest.mark.parametrize(
    "event",
    [
        r.ExitApproved(**HERE, **OF_EXIT, step="approve"),
        r.ExitWithdrawn(**HERE, **OF_EXIT, reason="数据有误"),
        r.VillageDelisted(**HERE, spell=1, incidence=0.01, decided_by="市扶贫办"),
        r.NoticePosted(**HERE, attempt=1, until=date(2015, 8, 1)),
    ],
)
def test_a_late_step_of_the_exit_is_made_up_for_by_the_next_one_or_by_its_end(event: Event) -> None:
    village = reckoned(Village(id=HERE["village"], code=HERE["village"]), STEP_LATE, TODAY)
    assert len(village.late) == 1 and not reckoned(village, event, TODAY).late
    matter = msgspec.structs.replace(STEP_LATE, matter="2015-1")
    village = reckoned(Village(id=HERE["village"], code=HERE["village"]), matter, TODAY)
    assert reckoned(village, event, TODAY).late == village.late, "what is late of another matter stays so"


def test_only_open_events_change_rows() -> None:
    """What is sealed, such as what a member of a team is paid, never comes into the tables."""
    heard: set[type[Event]] = {*KNOWN, *CLOSED}
    assert [event.type for event in heard if event.sealing == "always"] == []


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
