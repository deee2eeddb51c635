"""Courses, and who came to them (2.12, 4.5). A session is recorded once, however many bodies report it.

A course keeps the cadres who are recorded by name; everybody else who came is only counted. A unit's squad keeps what
its cadres attended. Names are recorded many at a time, in one document for the course and one event for the report,
since hundreds of thousands attend.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from services.dispatch.model.bonds import Bearer
from services.dispatch.model.commands import HoldCourse, RecordAttendance, WithdrawAttendance, WithdrawCourse
from services.dispatch.model.pool import Attended, Pool, Squad, prefixes, without
from services.dispatch.model.roster import Roster
from shared.contracts.dispatch import AttendanceWithdrawn, Attendee, CourseAttended, CourseHeld, CourseWithdrawn
from shared.divisions import jurisdiction_of, prefecture_of
from shared.policy import Policy
from shared.policy.training import Training
from shared.rules import Change, Key, Refused, State, addressed, known, require_body

Others = Mapping[Key, State | None]
OfCourse = HoldCourse | RecordAttendance | WithdrawCourse | WithdrawAttendance
_RULE = "2.12"


class Course(State, frozen=True, kw_only=True, omit_defaults=True):
    """A course that was held. Its id is the prefecture's four digits and the course's own: `5203/ZY-2016-07`."""

    kind = "courses"
    known_as = ("培训班次", "a course")
    hides = '"attended"'

    held: CourseHeld
    attended: dict[str, str] = msgspec.field(default_factory=dict)
    """By cadre who was recorded by name, the cadre's unit."""
    withdrawn: bool = False

    @property
    def status(self) -> str:
        """`held`, or `withdrawn` if it was recorded by mistake."""
        return "withdrawn" if self.withdrawn else "held"

    def shown(self, *, to_operator: bool = False) -> "Course":
        """The course as it may be read: only operators see who came."""
        return self if to_operator else self.but(attended={})


class Count(msgspec.Struct, frozen=True):
    """How many courses of a kind were held by bodies of a role, and how many people came, by group."""

    kind: str
    holder: str
    courses: int
    heads: dict[str, int]


def counts(courses: Iterable[Course], year: int) -> list[Count]:
    """The courses that ended in a year, added up by kind and holder."""
    numbers, heads = Counter[tuple[str, str]](), defaultdict[tuple[str, str], Counter[str]](Counter)
    for course in courses:
        if course.held.last.year == year and not course.withdrawn:
            of = course.held.kind, course.held.holder
            numbers[of] += 1
            heads[of].update(course.held.heads)
    return [Count(*of, number, dict(heads[of])) for of, number in sorted(numbers.items())]


def id_of(message: OfCourse | CourseAttended | AttendanceWithdrawn) -> str:
    """The id of a message's course."""
    return f"{prefecture_of(message.place)}/{message.course}"


def by_id(message: OfCourse, _policy: Policy) -> Iterable[str]:
    """The id of the course that a command is about."""
    return (id_of(message),)


def terms_of(policy: Policy, kind: str) -> Training:
    """The pack's entry for a kind of training. Refuses (422) if there is none."""
    terms = policy.course(kind)
    if terms is None:
        kinds = "、".join(one.label for one in policy.training) or "（无）"
        raise Refused(
            _RULE,
            f"本地规定中没有这类培训，可填：{kinds}",
            f"the pack has no such training, {kind}; its kinds are: "
            f"{', '.join(one.kind for one in policy.training) or 'none'}",
            field="kind",
            status=422,
        )
    return terms


def lacking(_state: Course | None, command: HoldCourse) -> Iterable[Key]:
    """The keys of the rosters of the villages for which the course was held."""
    return ((Roster, village) for village in command.villages)


def hold(state: Course | None, command: HoldCourse, policy: Policy, today: date, others: Others) -> Change:
    """Record a course. A second report of the same session changes nothing; one that says otherwise is refused."""
    terms = terms_of(policy, command.kind)
    _require_holder(command.body, terms)
    _require_sound(command, terms, today)
    held = CourseHeld(
        place=command.place, course=command.course, kind=command.kind, title=command.title, first=command.first,
        last=command.last, days=command.days, heads=command.heads, skills=command.skills, villages=command.villages,
        holder=command.body, held_by=command.held_by,
    )  # fmt: skip
    if state and not state.withdrawn:
        if _session(state.held) == _session(held):
            return Change(state)
        raise Refused(
            _RULE,
            f"编号{command.course}已登记为{state.held.held_by}举办的“{state.held.title}”，内容与本次不同；"
            "同一期培训不必再报，另一期请另编号，登记有误的请先撤销",
            f"{command.course} is known as {state.held.title!r}, held by {state.held.held_by!r}, which is not what is "
            "said now; the same session need not be reported again, another one needs another id, and a mistake is "
            "withdrawn first",
            field="course",
        )
    _require_reported(command, terms, others)
    return Change(Course(id=id_of(command), place=command.place, held=held), (held,))


def _session(held: CourseHeld) -> tuple[object, ...]:
    """What makes a session: two reports that agree in this are of the same one, whoever reports it."""
    return held.kind, held.first, held.last, held.days, held.heads, held.skills, held.villages


def _require_holder(body: str, terms: Training) -> None:
    """Refuse a body whose courses do not count."""
    if body not in terms.held_by:
        require_body(body, terms.held_by[0], terms.rule)


def _require_sound(command: HoldCourse, terms: Training, today: date) -> None:
    """Refuse days, groups and skills that cannot be."""
    span = (command.last - command.first).days + 1
    wrong: tuple[str, str, str] | None = None
    if command.last > today or span < 1:
        wrong = (
            "last",
            f"培训结束后再登记：最后一日不得早于首日，不得晚于今天（{today}），请更正",
            f"a course is recorded after its end: `last` is not before `first`, and not after today ({today})",
        )
    elif command.days > span:
        wrong = (
            "days",
            f"首日至最后一日共{span}天，培训天数不能多于此数，请更正",
            f"from the first to the last day there are {span} days, and the course cannot have more; correct it",
        )
    elif not sum(command.heads.values()):
        wrong = "heads", "人数不能都是0，请填写参训人数", "nobody came: say how many did, by group"
    for field, given, may in (("heads", command.heads, terms.groups), ("skills", command.skills, terms.skills)):
        if unknown := [code for code in given if code not in may]:
            wrong = (
                field,
                f"本地规定中没有这一类，可填：{'、'.join(may.values()) or '（无）'}",
                f"the pack does not have {', '.join(unknown)}; it has: {', '.join(may) or 'none'}",
            )
    if wrong:
        field, zh, en = wrong
        raise Refused(terms.rule, zh, en, field=field, status=422)


def _require_reported(command: HoldCourse, terms: Training, others: Others) -> None:
    """Refuse villages of other divisions, and those that have not reported that they lack one of these skills."""
    within = jurisdiction_of(command.place)
    for village in command.villages:
        roster = others[Roster, village]
        reported = isinstance(roster, Roster) and not roster.lacking.get(command.kind, {}).keys().isdisjoint(
            command.skills
        )
        if not reported or not roster or not roster.place.startswith(within):
            raise Refused(
                terms.rule,
                f"村{village}不在本辖区，或者未报告缺少所列技能，请核对所针对的村和技能",
                f"village {village} is not in this division, or has reported no lack of these skills; check both",
                field="villages",
                status=422,
            )


def asked_about(_state: Course | None, command: RecordAttendance) -> Iterable[Key]:
    """The keys of the cadres' units, and of what knows where the cadres are: in teams, or bound to villages."""
    return _whereabouts({one.cadre: one.unit for one in command.attended}, command.place)


def _whereabouts(attended: Mapping[str, str], place: str) -> Iterable[Key]:
    """The keys of the units' squads, of what each cadre is bound to, and of the pools. `attended` gives the unit by
    cadre."""
    yield from ((Squad, unit) for unit in sorted({*attended.values()}))
    yield from ((Bearer, cadre) for cadre in sorted(attended))
    yield from ((Pool, id) for id in prefixes(place))


def _standing(state: Course | None, command: RecordAttendance | WithdrawAttendance | WithdrawCourse) -> Course:
    state = known(state, "培训", "the course", command.course)
    if state.withdrawn:
        raise Refused(
            _RULE,
            "该期培训的登记已撤销，不能再登记参训人员，请核对编号",
            "the course was withdrawn, so that nobody can have attended it; check its id",
            field="course",
        )
    return state


def attend(state: Course | None, command: RecordAttendance, policy: Policy, today: date, others: Others) -> Change:
    """Cadres came to a course, also if it is recorded long after. Each must be registered with the unit that is named.

    If somebody came in another's place, that person is recorded, and the other is not. A name that is recorded already
    is not told again.
    """
    state = _standing(state, command)
    held_in, here = jurisdiction_of(state.place), jurisdiction_of(command.place)
    if not held_in.startswith(here) and not here.startswith(held_in):  # A city's course is for all its counties.
        state = addressed(state, command, "培训", "course")
    terms = terms_of(policy, state.held.kind)
    _require_holder(command.body, terms)
    new = tuple(one for one in command.attended if one.cadre not in state.attended)
    for one in new:
        squad = others[Squad, one.unit]
        if not isinstance(squad, Squad) or one.cadre not in squad.cadres:
            raise Refused(
                terms.rule,
                f"{one.cadre}不是单位{one.unit}登记的干部，请核对；代人参训的，按实际到场的人登记",
                f"{one.cadre} is not registered as a cadre of {one.unit}; check both ids, and name who really came",
                field=f"attended.{one.cadre}.cadre",
                status=422,
            )
    came = state.attended | {one.cadre: one.unit for one in new}
    if len(came) > (heads := sum(state.held.heads.values())):
        raise Refused(
            terms.rule,
            f"该期培训共{heads}人，按姓名登记的已有{len(came)}人，请核对人数或名单",
            f"{heads} people came to the course, and {len(came)} would be recorded by name; check both",
            field="attended",
            status=422,
        )
    if not new:
        return Change(state)
    held = state.held
    told = CourseAttended(
        place=state.place,
        course=held.course,
        kind=held.kind,
        last=held.last,
        days=held.days,
        attended=new,
        villages=_served(new, terms, others),
    )
    return Change(state.but(attended=came), (told,))


def _served(attended: Iterable[Attendee], terms: Training, others: Others) -> tuple[str, ...]:
    """The villages where some of the cadres may owe the training: those of their teams, and of links that the duty
    names."""
    cadres = {one.cadre for one in attended}
    teams = {v: team for pool in others.values() if isinstance(pool, Pool) for v, team in pool.teams.items()}
    villages = {village for village, team in teams.items() if not cadres.isdisjoint(team.members)}
    for kind in terms.duty.links if terms.duty else ():
        for state in others.values():
            if isinstance(state, Bearer):
                villages.update(state.villages.get(kind, ()))
            elif isinstance(state, Squad):
                helped = (of for cadre, of in state.helps.get(kind, {}).items() if cadre in cadres)
                villages.update(village for of in helped for village in of)
    return tuple(sorted(villages))


def unseat(state: Course | None, command: WithdrawAttendance, policy: Policy, today: date, others: Others) -> Change:
    """Take back that these cadres came. A body that may hold such courses may do so."""
    state = addressed(_standing(state, command), command, "培训", "course")
    terms = terms_of(policy, state.held.kind)
    _require_holder(command.body, terms)
    for cadre in command.cadres:
        if cadre not in state.attended:
            raise Refused(
                _RULE,
                f"{cadre}未登记参加该期培训，请核对",
                f"{cadre} is not recorded as having come to the course; check the id",
                field="cadres",
                status=422,
            )
    gone = {cadre: state.attended[cadre] for cadre in command.cadres}
    rest = {cadre: unit for cadre, unit in state.attended.items() if cadre not in gone}
    return Change(state.but(attended=rest), (_unseated(state, gone, command, terms, others),))


def _unseated(
    state: Course,
    gone: Mapping[str, str],
    command: WithdrawAttendance | WithdrawCourse,
    terms: Training,
    others: Others,
) -> AttendanceWithdrawn:
    attended = tuple(Attendee(unit, cadre) for cadre, unit in gone.items())
    return AttendanceWithdrawn(
        place=state.place,
        course=state.held.course,
        kind=state.held.kind,
        attended=attended,
        villages=_served(attended, terms, others),
        reason=command.reason,
        decided_by=command.decided_by,
    )


def served_by(state: Course | None, command: WithdrawCourse | WithdrawAttendance) -> Iterable[Key]:
    """The keys of the states that know where those who came serve."""
    return _whereabouts(state.attended if state else {}, command.place)


def withdraw(state: Course | None, command: WithdrawCourse, policy: Policy, today: date, others: Others) -> Change:
    """Take back a course that was recorded by mistake, with everybody who was recorded for it."""
    state = addressed(state, command, "培训", "course")
    terms = terms_of(policy, state.held.kind)
    _require_holder(command.body, terms)
    if state.withdrawn:
        return Change(state)
    held = state.held
    told = CourseWithdrawn(
        place=state.place,
        course=held.course,
        kind=held.kind,
        skills=held.skills,
        villages=held.villages,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    gone = (_unseated(state, state.attended, command, terms, others),) if state.attended else ()
    return Change(state.but(withdrawn=True, attended={}), (told, *gone))


def units(event: CourseAttended | AttendanceWithdrawn, _policy: Policy) -> Iterable[str]:
    """The units whose cadres an event names."""
    return dict.fromkeys(one.unit for one in event.attended)


def note(state: Squad | None, event: CourseAttended, policy: Policy, today: date) -> Change:
    """Keep with each unit what its cadres attended."""
    if state is None:
        return Change(state)
    course, what = id_of(event), Attended(event.kind, event.last, event.days)
    came = {
        one.cadre: {**state.attended.get(one.cadre, {}), course: what} for one in event.attended if one.unit == state.id
    }
    return Change(state.but(attended={**state.attended, **came}))


def forget(state: Squad | None, event: AttendanceWithdrawn, policy: Policy, today: date) -> Change:
    """These cadres did not come after all. If a cadre has gone to another unit since, that unit is told as well."""
    if state is None:
        return Change(state)
    left = {
        one.cadre: without(state.attended.get(one.cadre, {}), id_of(event))
        for one in event.attended
        if one.unit == state.id
    }
    kept = {cadre: courses for cadre, courses in {**state.attended, **left}.items() if courses}
    went = tuple(Attendee(state.went[cadre], cadre) for cadre in left if cadre in state.went)
    told = (msgspec.structs.replace(event, attended=went),) if went else ()
    return Change(state.but(attended=kept), told)
