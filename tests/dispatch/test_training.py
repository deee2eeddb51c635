"""Who is sent has been trained (2.12), and what people in a village lack is taught (1.8), in bulk (4.5)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.forms import FORMS
from services.dispatch.model.commands import (
    HoldCourse,
    RecordAttendance,
    ReportDeparture,
    ReportSkills,
    TakeOver,
    WithdrawAssignment,
    WithdrawAttendance,
    WithdrawCourse,
)
from services.dispatch.model.course import Count, Course, counts
from services.dispatch.model.pool import Squad
from services.dispatch.model.roster import Roster
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import (
    AttendanceWithdrawn,
    Attendee,
    CourseAttended,
    CourseHeld,
    CourseWithdrawn,
    DeadlineMoved,
    Member,
    SkillsReported,
    TeamAssigned,
    TrainingCompleted,
    TrainingMissed,
)
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import (
    AWAY,
    CITY,
    DECIDED,
    HOME,
    PACK,
    START,
    V1,
    V2,
    Benxi,
    cadre,
    delisted,
    diagnosed,
    merged,
    relapsed,
    squad,
    unit,
    unlisted,
)
from tests.dispatch.kept import kept_alike
from tests.dispatch.trained import (
    COURSES,
    FIRST,
    SECOND,
    SKILLS,
    THIRD,
    YEARLY,
    asks,
    attend,
    city,
    hold,
    send,
)

DAY = timedelta(1)


def owing(benxi: Benxi, village: str = V1) -> dict[str, date]:
    """Who owes training in the village, with the last day for it."""
    roster = benxi.dispatch.states.get((Roster, village))
    assert roster is None or isinstance(roster, Roster)
    return {cadre: one.train_by for cadre, one in (roster.lessons.get("posted", {}) if roster else {}).items()}


def missed(benxi: Benxi) -> list[tuple[str, int, str | None]]:
    return [(said.village, said.missing, said.skill) for said in benxi.said(TrainingMissed)]


def test_2_12_who_is_sent_owes_training_until_it_is_recorded_by_name() -> None:
    benxi = city()
    last = START + 30 * DAY
    assert owing(benxi) == {FIRST: last, SECOND: last, THIRD: last}
    (task,) = benxi.tasks("attendances")
    assert (task.about, task.role, task.due, task.rule) == (V1, "county", last, "S3:第一项")
    assert task.answer == {"place": HOME, "body": "county"}
    hold(benxi)
    attend(benxi, FIRST, SECOND)
    assert owing(benxi) == {THIRD: last} and len(benxi.tasks("attendances")) == 1
    attend(benxi, FIRST, THIRD)
    assert not benxi.tasks("attendances")
    attended = [[one.cadre for one in said.attended] for said in benxi.said(CourseAttended)]
    assert attended == [[FIRST, SECOND], [THIRD]], "who was known already is no news"
    assert {said.villages for said in benxi.said(CourseAttended)} == {(V1,)}
    benxi.until(START + 400 * DAY)
    assert not missed(benxi)


def test_2_12_training_before_the_work_begins_is_owed_on_the_day_of_joining() -> None:
    benxi = city({"due": {"after": "joining"}})
    assert owing(benxi) == {FIRST: START, SECOND: START, THIRD: START}
    hold(benxi)
    attend(benxi, FIRST, SECOND)
    benxi.until(START + 3 * DAY)
    assert missed(benxi) == [(V1, 1, None)]


def test_2_12_a_pack_without_training_asks_for_none_and_keeps_nothing() -> None:
    benxi = Benxi().assigned()
    assert not any(isinstance(state, Roster) for state in benxi.dispatch.states.values())
    with pytest.raises(Refused, match="no such training, posted; its kinds are: none"):
        hold(benxi)


def test_2_12_an_untrained_team_is_told_once_to_who_sees_to_the_courses_and_names_nobody() -> None:
    benxi = city({"roles": ["member"]})
    hold(benxi)
    attend(benxi, THIRD)
    benxi.until(START + 30 * DAY)
    assert not missed(benxi), "the last day is still in time"
    benxi.until(START + 90 * DAY)
    (told,) = benxi.said(TrainingMissed)
    assert told == TrainingMissed(
        place=HOME, village=V1, kind="posted", due=START + 30 * DAY, missing=1, owed_by="county"
    )
    assert not told.is_sealed() and SECOND not in repr(told)
    assert len(benxi.tasks("attendances")) == 1, "it is still owed"
    hold(benxi, "K2")
    attend(benxi, SECOND, course="K2")
    assert benxi.said(TrainingCompleted) == [TrainingCompleted(place=HOME, village=V1, kind="posted")]
    assert not benxi.tasks("attendances")


@pytest.mark.parametrize(
    ("at_least", "lengths", "is_enough"),
    [
        ({"courses": 2}, (1,), False),
        ({"courses": 2}, (1, 1), True),
        ({"days": 5}, (4,), False),
        ({"days": 5}, (2, 3), True),
        ({"days": 5}, (6,), True),
    ],
)
def test_2_12_courses_or_days_are_added_up(at_least: dict[str, int], lengths: tuple[int, ...], is_enough: bool) -> None:
    benxi = city({"at_least": at_least})
    benxi.until(START + 20 * DAY)
    for n, days in enumerate(lengths):
        hold(benxi, f"K{n}", first=benxi.today - (days - 1) * DAY, days=days)
        attend(benxi, FIRST, course=f"K{n}")
    assert (FIRST in owing(benxi)) is not is_enough


def test_2_12_one_session_that_county_and_city_report_counts_once() -> None:
    benxi = city()
    hold(benxi)
    hold(benxi, place=CITY, body="city", held_by="市委党校", title="驻村干部培训班")
    assert len(benxi.said(CourseHeld)) == 1
    with pytest.raises(Refused, match="K1 is known as '专题培训班', held by '县委党校'") as refused:
        hold(benxi, place=CITY, body="city", heads={"posted": 41})
    assert "内容与本次不同" in refused.value.zh and refused.value.status == 409
    attend(benxi, FIRST)
    attend(benxi, FIRST, place=CITY, body="city")
    assert len(benxi.said(CourseAttended)) == 1


def test_2_12_who_came_is_recorded_where_the_course_was_held_and_for_a_city_s_in_each_county() -> None:
    benxi = city()
    hold(benxi)
    with pytest.raises(Refused, match="course K1 belongs to division 210521, not 210522") as refused:
        attend(benxi, FIRST, place=AWAY)
    assert refused.value.field == "place" and FIRST in owing(benxi)
    hold(benxi, course="K2", place=CITY, body="city", held_by="市委党校")
    attend(benxi, FIRST, course="K2", place=HOME)
    assert FIRST not in owing(benxi)


def test_2_12_who_stands_in_for_another_is_not_the_other() -> None:
    benxi = city()
    benxi.hear(cadre("C-U2-0", "U2"), unit("U2"))
    hold(benxi)
    attend(benxi, "C-U2-0", of="U2")
    assert {*owing(benxi)} == {FIRST, SECOND, THIRD}, "a proxy trains himself alone"
    assert benxi.said(CourseAttended)[0].villages == ()
    with pytest.raises(Refused, match="C-U3-0 is not registered as a cadre of U1") as refused:
        attend(benxi, FIRST, "C-U3-0")
    assert "按实际到场的人登记" in refused.value.zh
    assert FIRST in owing(benxi), "nothing of it was recorded"


def test_2_12_who_was_trained_before_joining_owes_nothing_and_takes_it_along_to_another_unit() -> None:
    benxi = Benxi(**asks())
    benxi.hear(unit("U1"), unit("U2"), *squad("U1"), cadre("C-U2-9", "U2"), diagnosed(V1))
    hold(benxi)
    attend(benxi, FIRST)
    attend(benxi, "C-U2-9", of="U2")
    benxi.hear(cadre("C-U2-9", "U1", left="U2"))
    benxi.solve()
    benxi.assign()
    assert {*owing(benxi)} == {SECOND, THIRD}
    benxi.until(START + 10 * DAY)
    benxi.send(ReportDeparture, cadre=SECOND, cause="retired")
    assert {*owing(benxi)} == {THIRD}, "who left owes nothing"
    benxi.replace(SECOND, "C-U2-9")
    assert {*owing(benxi)} == {THIRD}
    benxi.send(ReportDeparture, cadre=THIRD, cause="transferred")
    benxi.hear(cadre("C-U1-9", "U1"))
    benxi.replace(THIRD, "C-U1-9")
    assert owing(benxi) == {"C-U1-9": START + 40 * DAY}, "who comes later has the time from then on"


def test_2_12_a_member_whom_another_unit_has_by_now_is_trained_from_there() -> None:
    benxi = city()
    benxi.hear(cadre(SECOND, "U2", left="U1"))
    hold(benxi)
    attend(benxi, SECOND, of="U2")
    assert {*owing(benxi)} == {FIRST, THIRD}


def test_2_12_attendance_that_is_taken_back_after_a_change_of_unit_counts_in_neither() -> None:
    benxi = city()
    hold(benxi)
    attend(benxi, SECOND)
    assert {*owing(benxi)} == {FIRST, THIRD}
    benxi.hear(unit("U2"), cadre(SECOND, "U2", left="U1"))
    send(benxi, WithdrawAttendance, cadres=(SECOND,))
    assert {*owing(benxi)} == {FIRST, SECOND, THIRD}
    assert not any(state.attended for state in benxi.dispatch.states.values() if isinstance(state, Squad))
    attend(benxi, SECOND, of="U2")
    benxi.hear(cadre(SECOND, "U1", left="U2"))
    send(benxi, WithdrawCourse)
    assert {*owing(benxi)} == {FIRST, SECOND, THIRD}
    benxi.hear(cadre(SECOND, "U2", left="U1"))
    other = benxi.dispatch.states[Squad, "U2"]
    assert isinstance(other, Squad) and SECOND not in other.attended


def test_2_12_who_is_replaced_before_the_last_day_is_not_missed() -> None:
    benxi = city()
    benxi.until(START + 29 * DAY)
    for gone in (FIRST, SECOND, THIRD):
        benxi.send(ReportDeparture, cadre=gone, cause="transferred")
    benxi.until(START + 60 * DAY)
    assert not missed(benxi) and not benxi.tasks("attendances")


def test_2_12_a_course_of_the_past_that_is_entered_late_makes_up_for_what_was_told() -> None:
    benxi = city()
    benxi.until(START + 40 * DAY)
    assert missed(benxi) == [(V1, 3, None)]
    hold(benxi, first=START + 3 * DAY, last=START + 5 * DAY, days=3)
    attend(benxi, FIRST, SECOND)
    assert not benxi.said(TrainingCompleted), "one member is still without"
    attend(benxi, THIRD)
    assert len(benxi.said(TrainingCompleted)) == 1


def test_2_12_a_yearly_duty_begins_with_the_year_after_joining_and_each_year_anew() -> None:
    benxi = city({"due": YEARLY, "at_least": {"days": 2}})
    assert not owing(benxi)
    benxi.until(date(2015, 1, 1))
    assert owing(benxi) == dict.fromkeys((FIRST, SECOND, THIRD), date(2015, 12, 31))
    benxi.until(date(2015, 3, 2))
    hold(benxi, first=benxi.today - DAY, days=2)
    attend(benxi, FIRST, SECOND)
    benxi.until(date(2016, 1, 2))
    assert missed(benxi) == [(V1, 1, None)]
    assert owing(benxi) == dict.fromkeys((FIRST, SECOND, THIRD), date(2016, 12, 31)), "what lapsed is not owed twice"
    hold(benxi, "K2", first=date(2015, 12, 1), last=date(2015, 12, 2), days=2)
    attend(benxi, FIRST, course="K2")
    assert FIRST in owing(benxi), "a course of last year does not count for this one"


def test_2_12_who_stays_when_the_village_is_on_the_list_again_has_joined_before() -> None:
    benxi = city({"due": YEARLY, "at_least": {"days": 2}})
    benxi.begin()
    benxi.until(date(2015, 3, 2))
    was = owing(benxi)
    assert was == dict.fromkeys((FIRST, SECOND, THIRD), date(2015, 12, 31))
    benxi.hear(delisted(V1), relapsed(V1), diagnosed(V1, spell=2))
    benxi.settle("2014")
    benxi.assign()
    hold(benxi)
    attend(benxi, FIRST, SECOND, THIRD)
    assert len(benxi.said(TeamAssigned)) == 2 and owing(benxi) == was, "a day is too few, and they joined last year"


def test_2_12_a_wrong_registration_is_taken_back_and_what_it_answered_is_owed_by_the_same_day() -> None:
    benxi = city()
    hold(benxi)
    attend(benxi, FIRST, SECOND, THIRD)
    benxi.until(START + 10 * DAY)
    with pytest.raises(Refused, match="not of the organisation department"):
        send(benxi, WithdrawAttendance, cadres=(FIRST,), body="organisation")
    with pytest.raises(Refused, match="C9 is not recorded as having come"):
        send(benxi, WithdrawAttendance, cadres=("C9",))
    send(benxi, WithdrawAttendance, cadres=(FIRST,))
    assert owing(benxi) == {FIRST: START + 30 * DAY}
    attend(benxi, FIRST)
    assert not owing(benxi)
    with pytest.raises(Refused, match="belongs to division 210521, not 210522"):
        send(benxi, WithdrawCourse, place=AWAY)
    send(benxi, WithdrawCourse)
    send(benxi, WithdrawCourse)
    assert owing(benxi) == dict.fromkeys((FIRST, SECOND, THIRD), START + 30 * DAY)
    assert len(benxi.said(CourseWithdrawn)) == 1 and len(benxi.said(AttendanceWithdrawn)) == 2
    assert all(said.is_sealed() for said in benxi.said(AttendanceWithdrawn))
    with pytest.raises(Refused, match="the course was withdrawn") as refused:
        attend(benxi, FIRST)
    assert "已撤销" in refused.value.zh
    hold(benxi, heads={"posted": 2})
    attend(benxi, FIRST)
    assert {*owing(benxi)} == {SECOND, THIRD}, "the same id can be used for the course as it really was"
    squads = benxi.dispatch.states[Squad, "U1"]
    assert isinstance(squads, Squad) and {*squads.attended} == {FIRST}


def test_2_12_attendance_that_is_taken_back_after_the_day_is_told_as_missed() -> None:
    benxi = city()
    hold(benxi)
    attend(benxi, FIRST, SECOND, THIRD)
    benxi.until(START + 100 * DAY)
    send(benxi, WithdrawAttendance, cadres=(FIRST, SECOND))
    benxi.until(START + 101 * DAY)
    assert missed(benxi) == [(V1, 2, None)]


@pytest.mark.parametrize(
    ("said", "field", "zh"),
    [
        ({"body": "township"}, "body", "县办理"),
        ({"last": START + DAY}, "last", "培训结束后再登记"),
        ({"first": START + DAY}, "last", "最后一日不得早于首日"),
        ({"days": 2}, "days", "共1天"),
        ({"heads": {"posted": 0}}, "heads", "人数不能都是0"),
        ({"heads": {"teachers": 3}}, "heads", "可填：驻村干部、村干部"),
        ({"skills": ("cooking",)}, "skills", "可填：电子商务、砌筑"),
        ({"skills": ("masonry",), "villages": (V1,)}, "villages", "未报告缺少所列技能"),
        ({"kind": "other"}, "kind", "可填：驻村干部专题培训"),
    ],
)
def test_2_12_a_course_that_cannot_be_is_refused(said: dict[str, Any], field: str, zh: str) -> None:
    benxi = city(**SKILLS)
    with pytest.raises(Refused) as refused:
        hold(benxi, **said)
    assert (refused.value.field, refused.value.status) == (field, 422) and zh in refused.value.zh
    assert not benxi.said(CourseHeld)


def test_2_12_no_more_come_by_name_than_came_and_nobody_to_a_course_that_there_is_not() -> None:
    benxi = city()
    with pytest.raises(Refused, match="'K1' does not exist"):
        attend(benxi, FIRST)
    hold(benxi, heads={"posted": 1, "village_cadre": 1})
    with pytest.raises(Refused, match="2 people came to the course, and 3 would be recorded by name"):
        attend(benxi, FIRST, SECOND, THIRD)
    attend(benxi, FIRST, SECOND)
    course = benxi.dispatch.states[Course, "2105/K1"]
    assert isinstance(course, Course) and {*course.attended} == {FIRST, SECOND}
    assert course.shown().attended == {} and course.shown(to_operator=True) == course


def test_2_12_a_team_that_goes_home_owes_nothing() -> None:
    benxi = city()
    benxi.send(WithdrawAssignment)
    assert not owing(benxi)
    benxi.assign()
    assert len(owing(benxi)) == 3
    benxi.hear(unlisted(V1))
    benxi.until(START + 60 * DAY)
    assert not owing(benxi) and not missed(benxi)


def test_2_12_after_a_merger_the_team_owes_in_the_village_that_took_it() -> None:
    benxi = city(**SKILLS)
    send(benxi, ReportSkills, village=V1, body="team", kind="posted", lacking={"masonry": 4}, reported_by="工作队")
    benxi.hear(merged(V1, V2))
    assert not owing(benxi) and owing(benxi, V2) == dict.fromkeys((FIRST, SECOND, THIRD), START + 30 * DAY)
    hold(benxi)
    attend(benxi, FIRST)
    assert {*owing(benxi, V2)} == {SECOND, THIRD}
    benxi.until(START + 90 * DAY)
    assert missed(benxi) == [(V2, 2, None), (V2, 4, "masonry")]


def test_2_12_one_team_of_two_villages_owes_in_both_and_is_trained_once() -> None:
    benxi = Benxi(team={"each_bearer": {"at_most": 2}}, **asks())
    benxi.hear(unit("U1"), *squad("U1"), diagnosed(V1), diagnosed(V2))
    benxi.solve()
    benxi.assign(V1)
    benxi.assign(V2)
    assert len(owing(benxi)) == len(owing(benxi, V2)) == 3
    hold(benxi)
    attend(benxi, FIRST, SECOND, THIRD)
    assert not owing(benxi) and not owing(benxi, V2)


def test_2_12_a_team_that_is_taken_over_has_its_time_from_now_on() -> None:
    benxi = Benxi(**asks())
    benxi.hear(unit("U1"), *squad("U1"), diagnosed(V1))
    team = (Member(FIRST, "leader"), Member(SECOND, "member"), Member(THIRD, "member"))
    since = START - 400 * DAY
    benxi.send(TakeOver, unit="U1", team=team, since=since, term_start=since)
    assert owing(benxi) == dict.fromkeys((FIRST, SECOND, THIRD), START + 30 * DAY)


def test_2_12_new_holidays_move_the_last_day() -> None:
    benxi = city({"due": {"after": "joining", "within": {"working_days": 5}}})
    (before, *_) = owing(benxi).values()
    off = (before - DAY, before)
    benxi.world.announce(
        HolidaysAnnounced(place=CITY, notice="2014", year=2014, document="通知", off=off, worked=(), announced_by="市")
    )
    assert set(owing(benxi).values()) != {before}
    assert {said.village for said in benxi.said(DeadlineMoved)} == {V1}
    benxi.until(before + DAY)
    assert not missed(benxi)


def test_4_5_a_course_of_hundreds_is_one_document_and_one_event_and_the_rest_are_numbers() -> None:
    benxi = Benxi(**asks())
    units = [f"U{n}" for n in range(100)]
    benxi.hear(*(cadre(f"C-{of}-{n}", of) for of in units for n in range(4)))
    hold(benxi, heads={"posted": 400, "village_cadre": 1200})
    before = len(benxi.dispatch.states)
    came = tuple(Attendee(of, f"C-{of}-{n}") for of in units for n in range(4))
    send(benxi, RecordAttendance, attended=came)
    assert len(benxi.dispatch.states) == before, "who came stands in the course and in the units' squads"
    assert [len(said.attended) for said in benxi.said(CourseAttended)] == [400]
    course = benxi.dispatch.states[Course, "2105/K1"]
    assert isinstance(course, Course)
    assert counts([course], 2014) == [Count("posted", "county", 1, {"posted": 400, "village_cadre": 1200})]
    assert not counts([course], 2015)
    send(benxi, WithdrawCourse)
    course = benxi.dispatch.states[Course, "2105/K1"]
    assert isinstance(course, Course) and not counts([course], 2014)


def test_1_8_what_is_lacking_in_a_village_is_taught_by_the_day() -> None:
    benxi = city(**SKILLS)
    said = {"village": V1, "kind": "posted", "body": "team", "reported_by": "工作队"}
    send(benxi, ReportSkills, **said, lacking={"ecommerce": 12, "masonry": 5})
    send(benxi, ReportSkills, **said, lacking={"ecommerce": 12, "masonry": 5})
    assert len(benxi.said(SkillsReported)) == 1
    last = START + 60 * DAY
    assert [(t.detail, t.role, t.due) for t in benxi.tasks("courses")] == [
        ("ecommerce", "county", last),
        ("masonry", "county", last),
    ]
    assert benxi.tasks("courses")[0].answer == {"place": HOME, "kind": "posted", "body": "county"}
    hold(benxi, skills=("ecommerce",), villages=(V1,))
    assert benxi.details("courses") == ["masonry"]
    benxi.until(START + 61 * DAY)
    assert missed(benxi) == [(V1, 3, None), (V1, 5, "masonry")]
    send(benxi, WithdrawCourse)
    benxi.until(START + 62 * DAY)
    assert missed(benxi)[2:] == [(V1, 12, "ecommerce")], "a course that was none has answered nothing"
    hold(benxi, "K2", skills=("ecommerce", "masonry"), villages=(V1,))
    assert [done.skill for done in benxi.said(TrainingCompleted)] == ["ecommerce", "masonry"]
    send(benxi, ReportSkills, **said, lacking={"ecommerce": 3, "masonry": 0})
    assert [(t.detail, t.due) for t in benxi.tasks("courses")] == [("ecommerce", benxi.today + 60 * DAY)]


@pytest.mark.parametrize(
    ("said", "status", "en"),
    [
        ({"lacking": {"cooking": 1}}, 422, "the pack does not have cooking; it has: ecommerce, masonry"),
        ({"body": "village"}, 422, "a matter of the team"),
        ({"village": V2}, 404, "does not exist"),
        ({"place": AWAY}, 422, "belongs to division 210521"),
    ],
)
def test_1_8_a_report_that_cannot_be_is_refused(said: dict[str, Any], status: int, en: str) -> None:
    benxi = city(**SKILLS)
    usual = {"village": V1, "kind": "posted", "body": "team", "reported_by": "工作队", "lacking": {"masonry": 1}}
    with pytest.raises(Refused, match=en) as refused:
        send(benxi, ReportSkills, **{**usual, **said})
    assert refused.value.status == status


@pytest.mark.parametrize("lacking", [{}, {"masonry": 1}])
def test_1_8_no_lack_is_reported_where_the_pack_has_no_skills(lacking: dict[str, int]) -> None:
    said = {"village": V1, "kind": "posted", "body": "team", "reported_by": "工作队", "lacking": lacking}
    with pytest.raises(Refused, match="it has: none") as refused:
        send(city(), ReportSkills, **said)
    assert (refused.value.status, refused.value.field) == (422, "lacking") and "可填：（无）" in refused.value.zh


@pytest.mark.parametrize(
    ("wrong", "en"),
    [
        (asks({"at_least": {}}), "it is a number of courses or of days: one of both"),
        (asks({"at_least": {"courses": 1, "days": 3}}), "it is a number of courses or of days: one of both"),
        (asks({"roles": ["leader", "leader"]}), "a role stands there twice"),
        (asks({"due": {"after": "vacancy", "within": {"months": 1}}}), "from vacancy, but from joining"),
        (asks(**{**SKILLS, "taught_by": None}), "`skills` and `taught_by` stand together"),
        (asks(**{**SKILLS, "skills": {}}), "`skills` and `reported_by` stand together"),
        (asks(by="operator"), "operator cannot do this"),
        (asks(held_by=["operator"]), "operator cannot do this"),
        (asks(rule="S9:1"), "S9 is none of [documents]"),
        ({"training": [COURSES, COURSES]}, "posted occurs twice"),
    ],
)
def test_2_12_what_a_pack_cannot_say_of_training_is_refused(wrong: dict[str, Any], en: str) -> None:
    with pytest.raises(PolicyInvalid) as invalid:
        parse_pack({**PACK, **wrong})
    assert en in invalid.value.en


def test_2_12_the_form_names_who_owes_and_a_filled_one_records_them() -> None:
    benxi = city()
    blank = FORMS["attendances"]
    (task,) = benxi.tasks("attendances")
    state = benxi.dispatch.states[Roster, V1]
    rows = [*blank.lines(blank.row(state, task, benxi.policy), 1)]
    assert [(row["place"], row["body"], row["attended.unit"], row["attended.cadre"]) for row in rows] == [
        (HOME, "county", "U1", one) for one in (FIRST, SECOND, THIRD)
    ]


def test_2_12_after_the_exit_nothing_new_is_owed_once() -> None:
    benxi = city()
    hold(benxi)
    attend(benxi, FIRST, SECOND, THIRD)
    benxi.hear(delisted(V1))
    benxi.until(START + 100 * DAY)
    assert not owing(benxi) and not missed(benxi)


async def test_2_12_1_8_training_is_kept_alike_on_both_databases(database: str) -> None:
    held: dict[str, Any] = {"place": HOME, "kind": "posted", "title": "培训班", "days": 1, "heads": {"posted": 9}}
    held |= {"body": "county", "held_by": "县委党校", "first": START, "last": START}
    await kept_alike(
        Benxi(**asks(**SKILLS)),
        {**PACK, **asks(**SKILLS)},
        [
            unit("U1"),
            *squad("U1"),
            diagnosed(V1),
            HoldCourse(course="K1", **held),
            RecordAttendance(
                place=HOME, course="K1", attended=(Attendee("U1", FIRST),), recorded_by="县", body="county"
            ),
            ReportSkills(
                place=HOME, village=V1, kind="posted", lacking={"masonry": 2}, reported_by="工作队", body="team"
            ),
            HoldCourse(course="K2", **held, skills=("masonry",), villages=(V1,)),
            WithdrawCourse(place=HOME, course="K2", reason="登记有误", body="county", **DECIDED),
            START + 70 * DAY,
        ],
        database,
    )


def test_2_12_a_yearly_duty_comes_anew_beside_another_that_is_owed_once() -> None:
    once, yearly = asks()["training"][0], asks({"due": YEARLY}, kind="yearly")["training"][0]
    benxi = Benxi(training=[once, yearly]).assigned()
    hold(benxi)
    attend(benxi, FIRST, SECOND, THIRD)
    assert not benxi.tasks("attendances")
    benxi.until(date(2015, 1, 1))
    assert benxi.details("attendances") == ["yearly"]


def test_2_12_a_training_that_nobody_owes_is_asked_of_no_member() -> None:
    open_to_all = {field: said for field, said in COURSES.items() if field != "duty"} | {"kind": "open"}
    benxi = Benxi(training=[open_to_all, COURSES]).assigned()
    assert {*owing(benxi)} == {FIRST, SECOND, THIRD}
    benxi.hear(cadre("C-NEW", "U1"))
    benxi.send(ReportDeparture, cadre=THIRD, cause="ill")
    benxi.replace(THIRD, "C-NEW")
    roster = benxi.dispatch.states[Roster, V1]
    assert isinstance(roster, Roster) and {*roster.lessons} == {"posted"}


def test_2_12_who_joins_owes_no_yearly_training_before_the_next_year() -> None:
    benxi = city({"due": YEARLY})
    benxi.hear(cadre("C-NEW", "U1"))
    benxi.send(ReportDeparture, cadre=THIRD, cause="ill")
    benxi.replace(THIRD, "C-NEW")
    assert not owing(benxi)
    benxi.until(date(2015, 1, 1))
    assert {*owing(benxi)} == {FIRST, SECOND, "C-NEW"}


def test_2_12_what_was_missed_is_let_go_in_the_new_year_where_the_pack_asks_no_more() -> None:
    benxi = city()
    benxi.until(START + 40 * DAY)
    assert missed(benxi) and {*owing(benxi)} == {FIRST, SECOND, THIRD}
    benxi.adopt()
    benxi.until(date(2015, 1, 2))
    assert not owing(benxi) and not benxi.dispatch.states[Roster, V1].awaits


def test_2_12_who_came_from_a_unit_that_nobody_knows_is_not_recorded() -> None:
    benxi = city()
    hold(benxi)
    with pytest.raises(Refused, match="not registered as a cadre of U9") as refused:
        attend(benxi, FIRST, of="U9")
    assert (refused.value.field, refused.value.status) == (f"attended.{FIRST}.cadre", 422)


def test_2_12_a_course_to_which_nobody_came_by_name_is_withdrawn_and_takes_back_no_attendance() -> None:
    benxi = city()
    hold(benxi)
    send(benxi, WithdrawCourse)
    assert len(benxi.said(CourseWithdrawn)) == 1 and not benxi.said(AttendanceWithdrawn)


def test_1_8_who_reports_an_unknown_skill_reads_which_there_are() -> None:
    benxi = city(**SKILLS)
    with pytest.raises(Refused) as refused:
        send(benxi, ReportSkills, village=V1, kind="posted", body="team", reported_by="工作队", lacking={"cooking": 1})
    assert "电子商务、砌筑" in refused.value.zh and "（无）" not in refused.value.zh
    with pytest.raises(Refused) as without:
        send(city(), ReportSkills, village=V1, kind="posted", body="team", reported_by="工作队", lacking={"tea": 1})
    assert "（无）" in without.value.zh
