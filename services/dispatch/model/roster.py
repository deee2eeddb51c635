"""The members of a village's team, and what each of them owes or is granted: a state apart from the link itself.

The link knows who is in the team. The roster hears the same events and keeps what comes up in the course of time:
training that is owed (`training`), release from duties at home (`release`), leave (`leave`), the days in the village
(`presence`), and grades at the end of a term (`term`). It exists only where the pack asks for any of these, so that
other regions need not store it.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from services.dispatch.model.link import Link, id_of
from services.dispatch.model.pool import without
from shared.calendar import DAY, add_months
from shared.contracts import Payload
from shared.contracts.dispatch import (
    AssignmentWithdrawn,
    DeadlineMoved,
    MemberLeft,
    MemberRecalled,
    Role,
    TeamDisbanded,
    TeamReleased,
)
from shared.contracts.registry import VillageMerged
from shared.contracts.values import EventRole
from shared.policy import Policy
from shared.policy.training import Duty
from shared.rules import Change, Involved, Key, Moved, State, Task

Others = Mapping[Key, State | None]


class Post(msgspec.Struct, frozen=True, omit_defaults=True):
    """A member's place in the team."""

    role: Role
    since: date
    """The first day in this team."""


class Holder(msgspec.Struct, frozen=True, omit_defaults=True):
    """A cadre who is bound to the village, or helps households there, and owes training."""

    unit: str
    since: date
    households: int = 0
    """How many households the cadre helps there; 0 for a link to the village."""


class Lesson(msgspec.Struct, frozen=True, omit_defaults=True):
    """Training that is owed: by a member, by a cadre who is bound to the village, or for people who lack a skill."""

    train_by: date
    """The last day for it."""
    missing: int = 0
    """How many people lack the skill; 0 where it is a cadre's own duty."""
    is_missed: bool = False
    """Whether it was told that the day passed."""
    course: str = ""
    """The course that taught the skill; empty while the training is owed, also again after that course was
    withdrawn."""


class Leave(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A member's leave: asked for, and granted or not yet."""

    cadre: str
    kind: str
    first: date
    last: date
    decided_by: str = ""
    """The organ that granted it; empty while that is awaited."""
    replaced: bool = False
    """Whether the leave is long, so that the unit sends somebody else for the time."""
    begun: bool = False
    """Whether it is long leave that has begun, so that the member is off the team."""
    over: bool = False
    """Whether it is long leave that is over, so that it must be decided whether the cadre comes back."""
    substitute: str = ""
    """Who was sent for the time."""
    role: Role | None = None
    """For long leave that has begun: the role that the member had."""
    acting: str = ""
    """If the leader is on leave: the member who leads the team meanwhile."""

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


class Bound(msgspec.Struct, frozen=True, omit_defaults=True):
    """A member who is not confirmed to have no duties at home (see `release`)."""

    release_by: date
    """The last day for the confirmation."""
    is_missed: bool = False
    """Whether it was told that the day passed."""


class Ended(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A term that is over: who was in the team, and how each was assessed (see `term`)."""

    unit: str
    members: tuple[str, ...]
    assess_by: date
    grades: dict[str, str] = msgspec.field(default_factory=dict)
    """By cadre, the grade; empty while they are awaited."""
    is_missed: bool = False
    """Whether it was told that the day passed."""

    @property
    def is_owed(self) -> bool:
        """Whether the assessment is awaited."""
        return not self.grades


class Month(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The presence of a month: who was in the team at its end, and how many days each was in the village."""

    count_by: date
    since: dict[str, date]
    """By cadre, the first day in this team."""
    days: dict[str, int] = msgspec.field(default_factory=dict)
    """By cadre, the days in the village; empty while they are awaited."""
    hindered: int = 0
    """The days on which nobody could get there, which count as days there."""
    is_missed: bool = False
    """Whether it was told that they were not confirmed in time."""
    short: int = 0
    """How many members were there for too few days, as was told last."""


class Roster(State, frozen=True, kw_only=True, omit_defaults=True):
    """The members of a village's team, and what each of them owes. Its id is the village's."""

    kind = "rosters"
    known_as = ("驻村工作队名册", "the members of a village's team")

    unit: str = ""
    members: dict[str, Post] = msgspec.field(default_factory=dict)
    lessons: dict[str, dict[str, Lesson]] = msgspec.field(default_factory=dict)
    """By kind of training, the members and other cadres who still owe it."""
    holders: dict[str, dict[str, Holder]] = msgspec.field(default_factory=dict)
    """By kind of link, the cadres who have it here, as far as the pack asks them for training (1.8)."""
    lacking: dict[str, dict[str, Lesson]] = msgspec.field(default_factory=dict)
    """By kind of training, the skills that people in the village lack."""

    bound: dict[str, Bound] = msgspec.field(default_factory=dict)
    """The members who are to be released from duties at home (0.3)."""
    leaves: dict[str, Leave] = msgspec.field(default_factory=dict)
    """By number, the leave that members asked for."""
    asked: int = 0
    """The number of the last request for leave."""
    months: dict[str, Month] = msgspec.field(default_factory=dict)
    """By month, such as `2016-03`: presence that is awaited, and what was said of the last twelve months."""
    ended: dict[str, Ended] = msgspec.field(default_factory=dict)
    """By the day on which they were over, the terms whose members are to be or were assessed (5.14)."""

    def involves(self, said: object) -> Involved:
        """Whom a command concerns: the unit, and the cadre whose leave it is, the cadres whose term it was, or else all
        who are in the team."""
        leave = self.leaves.get(str(getattr(said, "number", "")))
        term = self.ended.get(str(getattr(said, "ended", "")))
        if term:
            return Involved(term.unit, term.members)
        return Involved(self.unit, (leave.cadre,) if leave else tuple(self.members))

    @property
    def status(self) -> str:
        """`staffed` while there is a team, else `empty`."""
        return "staffed" if self.members else "empty"

    @property
    def awaits(self) -> bool:
        """Whether training, a release, an assessment, a decision on leave or a month's presence is awaited here."""
        return (
            any(self.lessons.values())
            or bool(self.bound)
            or any(one.is_owed for one in self.ended.values())
            or any(not one.course for skills in self.lacking.values() for one in skills.values())
            or any(not one.decided_by or one.over for one in self.leaves.values())
            or any(not month.days for month in self.months.values())
        )

    def shown(self, *, to_operator: bool = False) -> "Roster":
        """The roster as it may be read: only operators see who helps households, leave, who is not released from
        duties at home, how many days each was there, and grades."""
        if to_operator:
            return self
        months = {name: msgspec.structs.replace(month, days={}) for name, month in self.months.items()}
        ended = {day: msgspec.structs.replace(one, grades={}) for day, one in self.ended.items()}
        hidden = self._helpers()
        lessons = {
            kind: {who: one for who, one in of.items() if who not in hidden} for kind, of in self.lessons.items()
        }
        deadlines = tuple(one for one in self.deadlines if one.path[0] != "bound" and hidden.isdisjoint(one.path))
        open_links = {
            kind: {cadre: one for cadre, one in of.items() if not one.households} for kind, of in self.holders.items()
        }
        holders = {kind: of for kind, of in open_links.items() if of}
        shown = self.but(
            lessons=lessons, holders=holders, bound={}, leaves={}, months=months, ended=ended, deadlines=deadlines
        )
        return shown.timed(turn=None)

    def _helpers(self) -> set[str]:
        """The cadres who are known here only as helpers of households, which is not told openly."""
        held = [(cadre, one) for of in self.holders.values() for cadre, one in of.items()]
        others = {*self.members, *(cadre for cadre, one in held if not one.households)}
        return {cadre for cadre, one in held if one.households} - others

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """The last day of something that is owed here moved. Who is not released from duties at home is not said, nor
        who helps households."""
        is_hidden = moved.path[0] == "bound" or not self._helpers().isdisjoint(moved.path)
        path = (moved.path[0], moved.path[-1]) if is_hidden else moved.path
        return DeadlineMoved(place=self.place, village=self.id, **moved._replace(path=path).said(notice))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """Training that is owed, members to be released, ended terms to be assessed, leave to be decided on, and months
        whose presence is to be confirmed."""
        yield from self._lessons(policy)
        if self.bound and (release := policy.team.release):
            yield Task(
                action="releases",
                about=self.id,
                role=release.by,
                rule=release.rule,
                due=min(one.release_by for one in self.bound.values()),
                answer={"place": self.place, "village": self.id, "body": release.by},
            )
        for day, over in sorted(self.ended.items()):
            if over.is_owed and (assessing := policy.team.term_assessment):
                yield Task(
                    action="term-assessments",
                    about=self.id,
                    role=assessing.by,
                    due=over.assess_by,
                    rule=assessing.rule,
                    detail=day,
                    answer={"place": self.place, "village": self.id, "ended": day, "body": assessing.by},
                )
        terms, village = policy.presence, dict[str, str | int](place=self.place, village=self.id)
        rule = terms.rule if terms else "5.12"
        for number, leave in sorted(self.leaves.items(), key=lambda item: int(item[0])):
            if not leave.decided_by:
                role = decider(leave, policy)
                yield Task(
                    action="leave-decisions",
                    about=self.id,
                    role=role,
                    due=leave.first,
                    rule=rule,
                    detail=number,
                    answer={**village, "number": int(number), "body": role},
                )
            elif leave.over:
                yield Task(
                    action="leave-returns",
                    about=self.id,
                    role="organisation",
                    due=leave.last + DAY,
                    rule=rule,
                    detail=number,
                    answer={**village, "number": int(number), "body": "organisation"},
                )
        if terms is None:
            return
        for name, month in sorted(self.months.items()):
            if not month.days:
                year, _, number = name.partition("-")
                yield Task(
                    action="presences",
                    about=self.id,
                    role=terms.by,
                    due=month.count_by,
                    rule=terms.rule,
                    detail=name,
                    answer={**village, "year": int(year), "month": int(number), "body": terms.by},
                )

    def _lessons(self, policy: Policy) -> Iterable[Task]:
        for kind, owed in sorted(self.lessons.items()):
            if owed and (terms := policy.course(kind)):
                yield Task(
                    action="attendances",
                    about=self.id,
                    role=terms.by,
                    rule=terms.rule,
                    detail=kind,
                    due=min(lesson.train_by for lesson in owed.values()),
                    answer={"place": self.place, "body": terms.by},
                )
        for kind, skills in sorted(self.lacking.items()):
            for skill, lesson in sorted(skills.items()):
                if not lesson.course and (terms := policy.course(kind)):
                    yield Task(
                        action="courses",
                        about=self.id,
                        role=terms.by,
                        due=lesson.train_by,
                        rule=terms.rule,
                        detail=skill,
                        answer={"place": self.place, "kind": kind, "body": terms.by},
                    )

    def owing_since(self, cadre: str, duty: Duty) -> date | None:
        """Since when a cadre has had a role or a link here for which the duty is owed; None if the cadre does not owe
        it."""
        post = self.members.get(cadre)
        days = [post.since] if post and duty.of_team(post.role) else []
        held = (self.holders.get(kind, {}).get(cadre) for kind in duty.links)
        return min((*days, *(one.since for one in held if one)), default=None)

    def unit_of(self, cadre: str) -> str:
        """The unit of a cadre who owes training here."""
        held = (of[cadre].unit for of in self.holders.values() if cadre in of)
        return self.unit if cadre in self.members else next(held, self.unit)


def decider(leave: Leave, policy: Policy) -> EventRole:
    """Who decides on leave. If the pack no longer has the kind of leave, the organisation department does."""
    kind = policy.presence.kind(leave.kind) if policy.presence else None
    return kind.decider(leave.days) if kind else "organisation"


def kept(message: Any, policy: Policy) -> Iterable[str]:
    """The roster of a message's village, where the pack asks for anything that it keeps."""
    team = policy.team
    asks = policy.training or policy.presence or team.release or team.term_assessment
    return (message.village,) if asks else ()


def lose(state: Roster | None, event: MemberLeft | MemberRecalled, policy: Policy, today: date) -> Change:
    """A member is not in the team any more, and owes nothing as such."""
    if state is None:
        return Change(state)
    left = state.but(members=without(state.members, event.cadre), bound=without(state.bound, event.cadre))
    return Change(clocked(left, policy, today))


def clear(
    state: Roster | None, event: TeamReleased | TeamDisbanded | AssignmentWithdrawn, policy: Policy, today: date
) -> Change:
    """The team is home. What people in the village lack stays, and what others owe who are bound to it."""
    return Change(state and clocked(state.but(unit="", members={}, bound={}, leaves={}, months={}), policy, today))


def merging(_state: Roster | None, event: VillageMerged) -> Iterable[Key]:
    """The keys of the ended village's roster and of the team of the one that remains."""
    return (Roster, event.village), (Link, id_of(event.into))


def absorb(state: Roster | None, event: VillageMerged, policy: Policy, today: date, others: Others) -> Change:
    """The remaining village takes over the skills that people lack and the terms that ended. If it took the other one's
    team, it also takes over what the members owe or are granted."""
    other, link = others[Roster, event.village], others[Link, id_of(event.into)]
    if not isinstance(other, Roster):
        return Change(state)
    state = state or Roster(id=event.into, place=event.into_place)
    lacking = {kind: {**skills, **state.lacking.get(kind, {})} for kind, skills in other.lacking.items()}
    state = state.but(lacking={**state.lacking, **lacking}, ended={**other.ended, **state.ended})
    if not state.members and isinstance(link, Link) and link.unit == other.unit:
        kinds = dict.fromkeys((*other.lessons, *state.lessons))
        lessons = {kind: {**other.lessons.get(kind, {}), **state.lessons.get(kind, {})} for kind in kinds}
        state = state.but(
            unit=other.unit,
            members=other.members,
            lessons=lessons,
            bound=other.bound,
            leaves=other.leaves,
            asked=other.asked,
            months=other.months,
        )
    return Change(clocked(state, policy, today))


def dissolve(state: Roster | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """A village that was merged into another has no team any more, and nobody lacks a skill there."""
    return Change(state and Roster(id=state.id, place=state.place))


def clocked(state: Roster, policy: Policy, today: date) -> Roster:
    """The roster with its timers on the next days on which something begins or has become overdue.

    On New Year's Day the training begins that members owe each year, and on the first of each month the presence of the
    one before is asked for. A timer whose day has come and which has not run yet stays, so that neither another timer
    nor a command of that day moves it. What the pack no longer asks for is dropped here, so at the latest when a timer
    runs.
    """
    state = _asked_for(state, policy)
    every = (*state.lessons.values(), *state.lacking.values())
    lessons = [lesson for lessons in every for lesson in lessons.values() if not lesson.course]
    days = [lesson.train_by + DAY for lesson in lessons if not lesson.is_missed]
    if (
        lessons
        or state.bound
        or ((state.members or state.holders) and any(one.duty and not one.duty.due.after for one in policy.training))
    ):
        days.append(date(today.year + 1, 1, 1))
    months = state.months.values() if policy.presence else ()
    counts = [month.count_by + DAY for month in months if not month.days and not month.is_missed]
    if state.members and policy.presence:
        counts.append(add_months(today.replace(day=1), 1))
    replaced = [leave for leave in state.leaves.values() if leave.replaced and not leave.over]
    turns = [leave.last + DAY if leave.begun else leave.first for leave in replaced]
    releases = [one.release_by + DAY for one in state.bound.values() if not one.is_missed]
    over = [one.assess_by + DAY for one in state.ended.values() if one.is_owed and not one.is_missed]
    firsts = {"training": days, "presence": counts, "turn": turns, "release": releases, "assessment": over}
    still = {name for name, on in state.timers.items() if on <= today}
    return state.timed(**{name: min(on, default=None) for name, on in firsts.items() if name not in still})


def _asked_for(state: Roster, policy: Policy) -> Roster:
    """The roster without training that nobody here owes any more, or that the pack no longer asks for, and without
    months that it no longer asks for."""
    duties = {one.kind: one.duty for one in policy.training if one.duty}
    taught = {one.kind for one in policy.training if one.skills}
    return state.but(
        lessons={
            kind: {cadre: one for cadre, one in lessons.items() if state.owing_since(cadre, duties[kind])}
            for kind, lessons in state.lessons.items()
            if kind in duties
        },
        lacking={kind: skills for kind, skills in state.lacking.items() if kind in taught},
        bound=state.bound if policy.team.release else {},
        ended={day: one for day, one in state.ended.items() if not one.is_owed or policy.team.term_assessment},
        months={name: month for name, month in state.months.items() if month.days or policy.presence},
    )


def named(message: Payload, _policy: Policy) -> Iterable[str]:
    """The villages that a message names, as ids of their rosters."""
    villages: tuple[str, ...] = message.villages  # type: ignore[attr-defined]
    return villages
