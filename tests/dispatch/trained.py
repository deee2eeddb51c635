"""Benxi with a training that members of teams must have."""

from typing import Any

from services.dispatch.model.commands import HoldCourse, RecordAttendance
from shared.contracts import Command
from shared.contracts.dispatch import Attendee
from tests.dispatch.benxi import HOME, Benxi

FIRST, SECOND, THIRD = (f"C-U1-{n}" for n in range(3))
MONTH = {"after": "joining", "within": {"calendar_days": 30}}
YEARLY = {"month": 12, "day": 31}
COURSES: dict[str, Any] = {
    "kind": "posted",
    "label": "驻村干部专题培训",
    "rule": "S3:第一项",
    "by": "county",
    "held_by": ["county", "city"],
    "groups": {"posted": "驻村干部", "village_cadre": "村干部"},
    "duty": {"at_least": {"courses": 1}, "due": MONTH},
}
SKILLS: dict[str, Any] = {
    "skills": {"ecommerce": "电子商务", "masonry": "砌筑"},
    "reported_by": "team",
    "taught_by": {"after": "report", "within": {"calendar_days": 60}},
}


def asks(duty: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Benxi's pack with a training; `duty` overrides what members owe."""
    entry = {**COURSES, "duty": {**COURSES["duty"], **(duty or {})}, **more}
    return {"training": [{field: said for field, said in entry.items() if said is not None}]}


def city(duty: dict[str, Any] | None = None, **more: Any) -> Benxi:
    """A team of three, C-U1-0 to C-U1-2, assigned on the first day."""
    return Benxi(**asks(duty, **more)).assigned()


def send(benxi: Benxi, command: type[Command], **said: Any) -> None:
    signed = {"recorded_by": "县委党校", "held_by": "县委党校", "decided_by": "县委组织部", "reason": "登记有误"}
    usual = {"place": HOME, "course": "K1", "body": "county", **signed}
    fields = {field: value for field, value in usual.items() if field in command.__struct_fields__}
    benxi.world.command("dispatch", command(**{**fields, **said}))


def hold(benxi: Benxi, course: str = "K1", **said: Any) -> None:
    day = {"first": benxi.today, "last": benxi.today, "days": 1}
    what = {"kind": "posted", "title": "专题培训班", "heads": {"posted": 40}}
    send(benxi, HoldCourse, **{"course": course, **day, **what, **said})


def attend(benxi: Benxi, *cadres: str, course: str = "K1", of: str = "U1", **said: Any) -> None:
    send(benxi, RecordAttendance, course=course, attended=tuple(Attendee(of, cadre) for cadre in cadres), **said)
