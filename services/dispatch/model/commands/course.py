"""Courses, and who came to them."""

from typing import Annotated

from msgspec import Meta

from shared.contracts import Command
from shared.contracts.dispatch import Attendees, CourseDays, Heads
from shared.contracts.values import Code, Codes, Day, Name, Organ, PartyId, Reason, Role, RunId, Villages


class HoldCourse(Command, frozen=True, kw_only=True):
    """A course was held (2.12, 4.5). The county and the city give one session one id, so that it counts once."""

    about = "course"
    course: RunId
    """Its id within the prefecture, such as `ZY-2016-07`."""
    kind: Code
    title: Name
    first: Day
    last: Day
    days: CourseDays
    heads: Heads
    """How many came, by the pack's groups. Those who are recorded by name are among them."""
    skills: Codes = ()
    villages: Villages = ()
    """The villages whose people it was held for, where they had reported that these skills are lacking."""
    held_by: Organ
    body: Role


class RecordAttendance(Command, frozen=True, kw_only=True):
    """Cadres who came to a course, by name, so that what they owe is known. Whoever stood in for another is named
    instead."""

    about = "course"
    course: RunId
    attended: Attendees
    recorded_by: Organ
    body: Role


class WithdrawCourse(Command, frozen=True, kw_only=True):
    """Take back a course that was recorded by mistake, with everybody who was recorded for it."""

    about = "course"
    course: RunId
    reason: Reason
    decided_by: Organ
    body: Role


class WithdrawAttendance(Command, frozen=True, kw_only=True):
    """Take back that some cadres came to a course."""

    about = "course"
    course: RunId
    cadres: Annotated[tuple[PartyId, ...], Meta(min_length=1, max_length=2000)]
    reason: Reason
    decided_by: Organ
    body: Role
