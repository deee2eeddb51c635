"""Courses, and who came to them."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shared.contracts import Event, values
from shared.contracts.values import Code, Codes, Count, Day, Name, Organ, PartyId, Reason, RunId, Villages


class Attendee(msgspec.Struct, frozen=True):
    """A cadre who came to a course, with the unit that has registered the cadre."""

    unit: PartyId
    cadre: PartyId

    named_by: ClassVar = ("cadre",)


CourseDays = Annotated[int, Meta(ge=1, le=120)]
"""How many days a course lasts."""
Attendees = Annotated[tuple[Attendee, ...], Meta(max_length=2000)]
"""At most as many as one command may name."""
Heads = Annotated[dict[Code, Count], Meta(max_length=50)]
"""Persons by the pack's groups."""


class CourseHeld(Event, frozen=True, kw_only=True):
    """A course was held (2.12, 4.5): how many came, by group. Who came is said in no open event."""

    about = "course"
    label = ("举办培训", "course held")
    source = "2.12"
    course: RunId
    kind: Code
    title: Name
    first: Day
    last: Day
    days: CourseDays
    heads: Heads
    skills: Codes = ()
    villages: Villages = ()
    """The villages whose reported lack of these skills it answers (1.8)."""
    holder: values.Role
    held_by: Organ


class CourseWithdrawn(Event, frozen=True, kw_only=True):
    """A course was recorded by mistake. It counts for nobody, and a lack that it answered is open again."""

    about = "course"
    label = ("撤销培训登记", "course withdrawn")
    source = "2.12"
    course: RunId
    kind: Code
    skills: Codes = ()
    villages: Villages = ()
    reason: Reason
    decided_by: Organ


class CourseAttended(Event, frozen=True, kw_only=True):
    """Who came to a course, as far as it was recorded by name: for those who owe training."""

    about = "course"
    label = ("参加培训", "course attended")
    source = "2.12"
    sealing = "always"
    course: RunId
    kind: Code
    last: Day
    days: CourseDays
    attended: Attendees
    villages: Villages
    """The villages that are served by the teams of which some are members, or to which some are bound otherwise."""


class AttendanceWithdrawn(Event, frozen=True, kw_only=True):
    """Cadres were recorded as having come to a course by mistake, or the course itself was."""

    about = "course"
    label = ("撤销参训登记", "attendance withdrawn")
    source = "2.12"
    sealing = "always"
    course: RunId
    kind: Code
    attended: Attendees
    villages: Villages
    reason: Reason
    decided_by: Organ
