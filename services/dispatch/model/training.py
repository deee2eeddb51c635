"""Training that is owed: by members who were sent (2.12), by cadres who are bound to a village otherwise, such as
leaders and helpers of households (1.8), and to people in a village who lack skills (1.8).

Whoever joins a team, or is bound to a village, owes what the pack asks, less what the cadre attended before. A reported
lack is answered by a course for the village. Training that was missed is told once, to the body that has to arrange the
courses.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from services.dispatch.model.bonds import Contacts
from services.dispatch.model.commands import ReportSkills
from services.dispatch.model.course import terms_of
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.pool import Attended, Squad, without
from services.dispatch.model.release import bind
from services.dispatch.model.roster import Holder, Leave, Lesson, Others, Post, Roster, clocked
from shared.calendar import DAY
from shared.contracts import Event
from shared.contracts.dispatch import (
    AttendanceWithdrawn,
    CourseAttended,
    CourseHeld,
    CourseWithdrawn,
    HouseholdsPaired,
    HouseholdsUnpaired,
    LinkBegun,
    LinkEnded,
    MemberReplaced,
    SkillsReported,
    TeamAssigned,
    TrainingCompleted,
    TrainingMissed,
)
from shared.policy import Policy
from shared.policy.training import Duty
from shared.rules import Change, Due, Key, Refused, addressed, known, require_body


def squad_of(_state: Roster | None, event: TeamAssigned) -> Iterable[Key]:
    """The key of the unit's squad, which knows who attended what."""
    return ((Squad, event.unit),)


def squad_and_team(_state: Roster | None, event: MemberReplaced) -> Iterable[Key]:
    """The keys of the unit's squad and of the village's team."""
    return (Squad, event.unit), (Link, id_of(event.village))


def arrive(state: Roster | None, event: TeamAssigned, policy: Policy, today: date, others: Others) -> Change:
    """A team is assigned. Its members owe what the pack asks of them. A member who was there before keeps the earlier
    first day."""
    state = state or Roster(id=event.village, place=event.place)
    since = {cadre: post.since for cadre, post in state.members.items()}
    members = {one.cadre: Post(one.role, since.get(one.cadre, today)) for one in event.team}
    state = bind(state.but(unit=event.unit, members=members), (id for id in members if id not in since), policy, today)
    return Change(clocked(_owing(state, members, policy, others, today), policy, today))


def join(state: Roster | None, event: MemberReplaced, policy: Policy, today: date, others: Others) -> Change:
    """A cadre joins the team, or a member takes another role.

    A team that is only proposed is not there yet. A team that was there before the pack asked for anything becomes
    known here with its first replacement. A member who takes the lead while the leader is on leave leads for that time.
    """
    link = others[Link, id_of(event.village)]
    if not isinstance(link, Link) or link.since is None:
        return Change(state)
    state = state or Roster(id=event.village, place=event.place, unit=event.unit)
    if not state.members:
        state = state.but(
            unit=event.unit, members={one.cadre: Post(one.role, today) for one in link.team if one.cadre != event.cadre}
        )
    before = state.members.get(event.cadre)
    post = Post(event.role, before.since if before else today)
    leaves = {number: _stood_in(leave, event, is_new=before is None) for number, leave in state.leaves.items()}
    state = state.but(members={**state.members, event.cadre: post}, leaves=leaves)
    state = bind(state, () if before else (event.cadre,), policy, today)
    return Change(clocked(_owing(state, [event.cadre], policy, others, today), policy, today))


def _stood_in(leave: Leave, event: MemberReplaced, *, is_new: bool) -> Leave:
    """The leave, with the cadre who takes the member's place meanwhile, or who leads the team in the leader's place."""
    if is_new and event.recalled in (leave.cadre, leave.substitute):
        return replace(leave, substitute=event.cadre)
    leads = event.role == "leader" and leave.role == "leader" and event.recalled in (leave.cadre, leave.acting)
    return replace(leave, acting=event.cadre) if leads else leave


def _owing(state: Roster, joined: Iterable[str], policy: Policy, others: Others, today: date) -> Roster:
    """The roster with the duties that these cadres owe only once, counted from their joining, less what they
    attended."""
    for terms in policy.training:
        if terms.duty and terms.duty.due.after:
            for cadre in sorted(joined):
                state = _judged(state, cadre, terms.kind, terms.duty, policy, others, today)
    return state


def _judged(state: Roster, cadre: str, kind: str, duty: Duty, policy: Policy, others: Others, today: date) -> Roster:
    """The roster with or without a cadre's duty, by what the cadre attended.

    A yearly duty is looked at for the current year. It is not owed for the year of joining.
    """
    owed, first = state.lessons.get(kind, {}), state.owing_since(cadre, duty)
    if first is None:
        return state.but(lessons={**state.lessons, kind: without(owed, cadre)})
    since = first if duty.due.after else date(today.year, 1, 1) - DAY
    train_by = owed[cadre].train_by if cadre in owed else duty.due.due(since, policy.calendar)
    begun = duty.due.after or first.year < train_by.year
    of = None if duty.due.after else train_by.year
    came = _days(others, cadre, kind, of)
    if not begun or duty.at_least.met(came):
        return state.but(lessons={**state.lessons, kind: without(owed, cadre)})
    lesson = owed.get(cadre) or Lesson(train_by)
    state = state.but(lessons={**state.lessons, kind: {**owed, cadre: lesson}})
    return state.counting("lessons", kind, cadre, "train_by", since=since, span=duty.due.within, timer="training")


def _days(others: Others, cadre: str, kind: str, year: int | None) -> list[int]:
    """The lengths of the courses of a kind that a cadre attended, all or those that ended in a year."""
    squads = (squad for squad in others.values() if isinstance(squad, Squad))
    courses: dict[str, Attended] = {id: one for squad in squads for id, one in squad.attended.get(cadre, {}).items()}
    return [one.days for one in courses.values() if one.kind == kind and year in (None, one.last.year)]


# ------------------------------------------------------------- of who is bound to the village otherwise


def of_link(event: LinkBegun | HouseholdsPaired, policy: Policy) -> Iterable[str]:
    """The village, where the pack asks those who have this kind of link for training."""
    asks = any(one.duty and event.kind in one.duty.links for one in policy.training)
    return (event.village,) if asks else ()


def of_units(_state: Roster | None, event: LinkBegun | HouseholdsPaired) -> Iterable[Key]:
    """The keys of the squads that know what the cadres attended."""
    named = (event.unit,) if isinstance(event, LinkBegun) else dict.fromkeys(pair.unit for pair in event.pairs)
    return ((Squad, unit) for unit in named)


def bind_holders(
    state: Roster | None, event: LinkBegun | HouseholdsPaired, policy: Policy, today: date, others: Others
) -> Change:
    """Cadres are bound to the village, or help households there, and owe what the pack asks of them (1.8)."""
    state = state or Roster(id=event.village, place=event.place)
    of_kind = state.holders.get(event.kind, {})
    if isinstance(event, LinkBegun):
        came = {event.cadre: Holder(event.unit, today)}
    else:
        numbers = Counter(pair.cadre for pair in event.pairs)
        known_before = {pair.cadre: of_kind.get(pair.cadre, Holder(pair.unit, today)) for pair in event.pairs}
        came = {cadre: replace(one, households=one.households + numbers[cadre]) for cadre, one in known_before.items()}
    state = state.but(holders={**state.holders, event.kind: {**of_kind, **came}})
    return Change(clocked(_owing(state, came, policy, others, today), policy, today))


def free_holders(state: Roster | None, event: LinkEnded | HouseholdsUnpaired, policy: Policy, today: date) -> Change:
    """Cadres are not bound to the village any more, or help fewer households. A cadre who has none left owes nothing
    here."""
    if state is None or event.kind not in state.holders:
        return Change(state)
    gone = [event.cadre] if isinstance(event, LinkEnded) else [pair.cadre for pair in event.pairs]
    of_kind = dict(state.holders[event.kind])
    for cadre, number in Counter(gone).items():
        one = of_kind.pop(cadre, None)
        if one and one.households > number:
            of_kind[cadre] = replace(one, households=one.households - number)
    rest = {kind: of for kind, of in {**state.holders, event.kind: of_kind}.items() if of}
    return Change(clocked(state.but(holders=rest), policy, today))


def squads(state: Roster | None, event: CourseAttended | AttendanceWithdrawn) -> Iterable[Key]:
    """The keys of the squad from which the village's team comes, and of the units from which the event says that cadres
    of this village came."""
    held = {cadre for of in (state.holders.values() if state else ()) for cadre in of}
    theirs = (one.unit for one in event.attended if state and (one.cadre in state.members or one.cadre in held))
    return ((Squad, unit) for unit in dict.fromkeys((state.unit, *theirs))) if state else ()


def count(
    state: Roster | None, event: CourseAttended | AttendanceWithdrawn, policy: Policy, today: date, others: Others
) -> Change:
    """Members attended a course, or did not after all: what they owe is judged anew."""
    terms = policy.course(event.kind)
    if state is None or terms is None or terms.duty is None:
        return Change(state)
    was = _overdue(state, event.kind)
    for one in event.attended:
        # Attendance can only lessen what is owed; what was owed before comes back with its withdrawal.
        concerned = isinstance(event, AttendanceWithdrawn) or one.cadre in state.lessons.get(event.kind, {})
        if concerned and state.owing_since(one.cadre, terms.duty):
            state = _judged(state, one.cadre, event.kind, terms.duty, policy, others, today)
    return Change(clocked(state, policy, today), _made_up(state, event.kind, was))


def _overdue(state: Roster, kind: str) -> bool:
    """Whether it was told that members missed a kind of training which they still owe."""
    return any(lesson.is_missed for lesson in state.lessons.get(kind, {}).values())


def _made_up(state: Roster, kind: str, was_overdue: bool) -> tuple[Event, ...]:
    """What is told when nobody owes a kind of training any more that had been missed."""
    if not was_overdue or _overdue(state, kind):
        return ()
    return (TrainingCompleted(place=state.place, village=state.id, kind=kind),)


def diagnosed(_state: Roster | None, command: ReportSkills) -> Iterable[Key]:
    """The key of a state that every diagnosed village has, and that knows its division."""
    return ((Contacts, command.village),)


def report(state: Roster | None, command: ReportSkills, policy: Policy, today: date, others: Others) -> Change:
    """Tell how many people in a village lack which skills (1.8). A course is to answer each by the pack's day."""
    terms = terms_of(policy, command.kind)
    unknown = command.lacking.keys() - terms.skills.keys()
    if unknown or not terms.skills:
        zh = "、".join(terms.skills.values()) or "（无）"
        raise Refused(
            terms.rule,
            f"本地规定中没有这项技能，可填：{zh}",
            f"the pack does not have {', '.join(sorted(unknown)) or 'any'}; "
            f"it has: {', '.join(terms.skills) or 'none'}",
            field="lacking",
            status=422,
        )
    assert terms.reported_by and terms.taught_by, "a pack with skills says who reports their lack, and until when"
    require_body(command.body, terms.reported_by, terms.rule)
    place = known(others[Contacts, command.village], "村", "the village", command.village).place
    state = addressed(state or Roster(id=command.village, place=place), command)
    open_now = state.lacking.get(command.kind, {})
    lacking = dict(open_now)
    for skill, missing in command.lacking.items():
        before = open_now.get(skill)
        if not missing:
            lacking.pop(skill, None)
        elif before and not before.course:
            lacking[skill] = replace(before, missing=missing)
        else:
            lacking[skill] = Lesson(terms.taught_by.due(today, policy.calendar), missing)
    if lacking == open_now:
        return Change(state)
    state = state.but(lacking={**state.lacking, command.kind: lacking})
    known_before = {skill for skill, one in open_now.items() if not one.course}
    for skill in (one for one in lacking if one not in known_before):
        state = state.counting(
            "lacking", command.kind, skill, "train_by", since=today, span=terms.taught_by.within, timer="training"
        )
    told = SkillsReported(
        place=state.place, village=state.id, kind=command.kind, lacking=command.lacking, reported_by=command.reported_by
    )
    return Change(clocked(state, policy, today), (told,))


def teach(state: Roster | None, event: CourseHeld, policy: Policy, today: date) -> Change:
    """A course was held for people of the village in skills that they lack. Skills that are still lacking are reported
    again."""
    return _answered(state, event, "", event.course, policy, today)


def unteach(state: Roster | None, event: CourseWithdrawn, policy: Policy, today: date) -> Change:
    """The course was recorded by mistake: what it answered is owed again, by the same last day as before."""
    return _answered(state, event, event.course, "", policy, today)


def _answered(
    state: Roster | None, event: CourseHeld | CourseWithdrawn, was: str, course: str, policy: Policy, today: date
) -> Change:
    """The roster in which lacks of the event's skills that were answered by `was` are answered by `course`."""
    skills = state.lacking.get(event.kind, {}) if state else {}
    taught = {skill: one for skill, one in skills.items() if skill in event.skills and one.course == was}
    if state is None or not taught:
        return Change(state)
    now = {skill: replace(one, course=course) for skill, one in taught.items()}
    state = state.but(lacking={**state.lacking, event.kind: {**skills, **now}})
    made_up = (
        TrainingCompleted(place=state.place, village=state.id, kind=event.kind, skill=skill)
        for skill, one in sorted(taught.items())
        if one.is_missed and course
    )
    return Change(clocked(state, policy, today), tuple(made_up))


def fall_due(state: Roster, due: Due, policy: Policy, today: date) -> Change:
    """Tell once which training was not had by its last day. On New Year's Day, begin what is owed each year."""
    told: list[Event] = []
    for kind, owed in sorted(state.lessons.items()):
        missed = {cadre: one for cadre, one in owed.items() if not one.is_missed and one.train_by < due.on}
        now = {cadre: replace(one, is_missed=True) for cadre, one in missed.items()}
        state = state.but(lessons={**state.lessons, kind: {**owed, **now}})
        for last in sorted({one.train_by for one in missed.values()}):
            told += _missed(state, kind, None, last, sum(one.train_by == last for one in missed.values()), policy)
    for kind, skills in sorted(state.lacking.items()):
        for skill, one in sorted(skills.items()):
            if not one.is_missed and not one.course and one.train_by < due.on:
                skills = {**skills, skill: replace(one, is_missed=True)}
                told += _missed(state, kind, skill, one.train_by, one.missing, policy)
        state = state.but(lacking={**state.lacking, kind: skills})
    if (due.on.month, due.on.day) == (1, 1):
        state = _new_year(state, policy, due.on)
    return Change(clocked(state, policy, due.on), tuple(told))


def _missed(
    state: Roster, kind: str, skill: str | None, due: date, missing: int, policy: Policy
) -> tuple[TrainingMissed, ...]:
    """What is told of training that was missed; nothing if the pack in force has no such training any more."""
    terms = policy.course(kind)
    if terms is None:
        return ()
    return (
        TrainingMissed(
            place=state.place, village=state.id, kind=kind, skill=skill, due=due, missing=missing, owed_by=terms.by
        ),
    )


def _new_year(state: Roster, policy: Policy, day: date) -> Roster:
    """The roster with the year's duties of all who came before. Duties of the year before that were not met lapse."""
    for terms in policy.training:
        duty = terms.duty
        if duty and not duty.due.after:
            last = duty.due.due(day - DAY, policy.calendar)
            there = {*state.members, *(cadre for of in state.holders.values() for cadre in of)}
            since = {cadre: state.owing_since(cadre, duty) for cadre in sorted(there)}
            owed = {cadre: Lesson(last) for cadre, first in since.items() if first and first < day}
            state = state.but(lessons={**state.lessons, terms.kind: owed})
    return state
