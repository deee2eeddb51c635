"""Benxi with presence and leave, and what is said of either."""

from datetime import date
from typing import Any

from services.dispatch.model.commands import (
    CountPresence,
    DecideLeave,
    DecideReturn,
    RequestLeave,
)
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.roster import Roster
from shared.contracts import Command
from shared.contracts.dispatch import (
    Present,
)
from tests.dispatch.benxi import HOME, V1, Benxi

FIRST, SECOND, THIRD = (f"C-U1-{n}" for n in range(3))
PRESENCE: dict[str, Any] = {
    "rule": "S3:第四项", "days": 20, "by": "township", "owed_by": "unit",
    "count_by": {"after": "month", "within": {"calendar_days": 10}},
    "leave": [
        {"kind": "personal", "label": "事假", "longest": 20,
         "decided_by": [{"days": 3, "by": "township"}, {"by": "organisation"}]},
        {"kind": "sick", "label": "病假", "decided_by": [{"by": "organisation"}], "replaced_from": 30},
    ],
}  # fmt: skip


def asking(**more: Any) -> Benxi:
    """A pack that asks for 20 days a month, and knows leave for personal matters and for illness."""
    return Benxi(presence=PRESENCE, **more)


def ask(benxi: Benxi, first: date, last: date, cadre: str = SECOND, kind: str = "sick", **said: Any) -> None:
    send(benxi, RequestLeave, **{"cadre": cadre, "kind": kind, "first": first, "last": last, "body": "team", **said})


def grant(benxi: Benxi, number: int = 1, **said: Any) -> None:
    send(benxi, DecideLeave, **{"number": number, "granted": True, "body": "organisation", **said})


def returns(benxi: Benxi, number: int = 1, **said: Any) -> None:
    send(benxi, DecideReturn, **{"number": number, "returns": True, "body": "organisation", **said})


def count(benxi: Benxi, days: dict[str, int], year: int = 2014, month: int = 7, **said: Any) -> None:
    present = tuple(Present(cadre, number) for cadre, number in days.items())
    send(benxi, CountPresence, **{"year": year, "month": month, "present": present, "body": "township", **said})


def send(benxi: Benxi, command: type[Command], **said: Any) -> None:
    signed = {"asked_by": "驻村工作队", "decided_by": "县委组织部", "counted_by": "碱厂镇党委"}
    fields = {field: value for field, value in signed.items() if field in command.__struct_fields__}
    benxi.world.command("dispatch", command(**{"place": HOME, "village": V1, **fields, **said}))


def roster(benxi: Benxi, village: str = V1) -> Roster:
    state = benxi.dispatch.states[Roster, village]
    assert isinstance(state, Roster)
    return state


def team(benxi: Benxi, village: str = V1) -> dict[str, str]:
    link = benxi.dispatch.states[Link, id_of(village)]
    assert isinstance(link, Link)
    return {member.cadre: member.role for member in link.team}
