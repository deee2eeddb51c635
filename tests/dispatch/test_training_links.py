"""Training of cadres who are bound to a village without a team: leaders, and helpers of households (1.8)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.forms import FORMS
from services.dispatch.model.commands import (
    BeginLink,
    EndLink,
    EndPairings,
    PairHouseholds,
    Pairing,
    Parting,
    WithdrawAttendance,
    WithdrawCourse,
)
from services.dispatch.model.roster import Roster
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import DeadlineMoved, TrainingCompleted, TrainingMissed
from shared.policy import PolicyInvalid, parse_pack
from tests.dispatch.benxi import HOME, PACK, START, V1, V2, Benxi, cadre, delisted, diagnosed, merged, squad, unit
from tests.dispatch.helping import counted
from tests.dispatch.trained import COURSES, YEARLY, asks, attend, hold, send
from tests.support.packs import CONTACT, HELPER

DAY = timedelta(1)
LINKS = [*PACK["links"], CONTACT, HELPER]


def city(*links: str, **duty: Any) -> Benxi:
    """A diagnosed village; the pack asks those who have these kinds of link there for a course within 30 days."""
    benxi = Benxi(links=LINKS, **asks({"links": list(links or ("contact", "helper")), **duty}))
    leaders = (cadre(id, "U1", "division") for id in ("L1", "L2"))
    benxi.hear(unit("U1"), *squad("U1", size=4), *leaders, diagnosed(V1))
    return benxi


def lead(benxi: Benxi, who: str = "L1", village: str = V1) -> None:
    benxi.send(BeginLink, village, kind="contact", unit="U1", cadre=who)


def pair(benxi: Benxi, *pairs: tuple[str, str]) -> None:
    """By household, who helps it."""
    of = tuple(Pairing(household=household, unit="U1", cadre=one) for household, one in pairs)
    benxi.send(PairHouseholds, kind="helper", pairs=of, body="township")


def part(benxi: Benxi, *pairs: tuple[str, str]) -> None:
    of = tuple(Parting(household=household, cadre=one) for household, one in pairs)
    benxi.send(EndPairings, kind="helper", pairs=of, because="changed", body="township")


def owing(benxi: Benxi, village: str = V1) -> set[str]:
    roster = benxi.dispatch.states.get((Roster, village))
    return {*roster.lessons.get("posted", {})} if isinstance(roster, Roster) else set()


def test_1_8_a_leader_who_is_bound_to_a_village_owes_a_course_until_it_is_recorded() -> None:
    benxi = city()
    lead(benxi)
    (task,) = benxi.tasks("attendances")
    assert (task.about, task.role, task.due, task.detail) == (V1, "county", START + 30 * DAY, "posted")
    hold(benxi)
    attend(benxi, "L1")
    assert not owing(benxi) and not benxi.tasks("attendances")


def test_1_8_helpers_of_households_owe_it_once_however_many_they_help() -> None:
    benxi = city()
    benxi.hear(counted("H1", "H2", "H3"))
    pair(benxi, ("H1", "C-U1-1"), ("H2", "C-U1-1"), ("H3", "C-U1-2"))
    assert owing(benxi) == {"C-U1-1", "C-U1-2"}
    part(benxi, ("H1", "C-U1-1"), ("H3", "C-U1-2"))
    assert owing(benxi) == {"C-U1-1"}, "who helps another household still owes it"
    hold(benxi)
    attend(benxi, "C-U1-1")
    assert not owing(benxi)
    part(benxi, ("H2", "C-U1-1"))
    send(benxi, WithdrawAttendance, cadres=("C-U1-1",))
    assert not owing(benxi), "who helps nobody any more owes nothing"


def test_1_8_what_is_missed_is_told_as_a_number_and_when_it_is_made_up_for() -> None:
    benxi = city()
    lead(benxi)
    lead(benxi, "L2")
    benxi.until(START + 32 * DAY)
    missed = TrainingMissed(place=HOME, village=V1, kind="posted", due=START + 30 * DAY, missing=2, owed_by="county")
    assert benxi.said(TrainingMissed) == [missed]
    hold(benxi)
    attend(benxi, "L1")
    assert not benxi.said(TrainingCompleted)
    attend(benxi, "L2")
    assert benxi.said(TrainingCompleted) == [TrainingCompleted(place=HOME, village=V1, kind="posted")]
    send(benxi, WithdrawCourse)
    assert owing(benxi) == {"L1", "L2"}


def test_1_8_a_leader_of_two_villages_is_trained_once_for_both() -> None:
    benxi = city()
    benxi.hear(diagnosed(V2))
    lead(benxi)
    lead(benxi, village=V2)
    hold(benxi)
    attend(benxi, "L1")
    assert not owing(benxi) and not owing(benxi, V2)
    benxi.send(EndLink, kind="contact", cadre="L1")
    lead(benxi)
    assert not owing(benxi), "what was attended before counts"


def test_1_8_who_is_not_bound_any_more_owes_nothing() -> None:
    benxi = city()
    lead(benxi)
    benxi.send(EndLink, kind="contact", cadre="L1")
    assert not owing(benxi)
    lead(benxi)
    benxi.hear(diagnosed(V2))
    lead(benxi, "L2", V2)
    benxi.hear(delisted(V1))
    assert not owing(benxi) and owing(benxi, V2) == {"L2"}
    benxi.hear(merged(V2, V1))
    assert not owing(benxi, V2)


def test_1_8_2_12_a_duty_of_links_is_the_teams_only_where_roles_are_named() -> None:
    benxi = city()
    benxi.solve()
    benxi.assign()
    assert not owing(benxi)
    benxi = city(roles=["leader"])
    benxi.solve()
    benxi.assign()
    first = next(id for id, role in benxi.pool.teams[V1].members.items() if role == "leader")
    other = next(id for id in ("L1", "L2") if id != first)
    lead(benxi, other)
    assert owing(benxi) == {first, other}
    rows = [task for task in benxi.tasks("attendances") if task.about == V1]
    known = FORMS["attendances"].facts(benxi.dispatch.states[Roster, V1], rows[0], benxi.policy)
    assert {*known["owing"]} == {("U1", first), ("U1", other)}


def test_1_8_a_yearly_duty_begins_with_the_year_after() -> None:
    benxi = city(due=YEARLY)
    lead(benxi)
    assert not owing(benxi)
    benxi.until(date(2015, 1, 1))
    assert owing(benxi) == {"L1"}


def test_1_8_a_pack_that_asks_no_more_lets_it_go() -> None:
    benxi = city()
    lead(benxi)
    benxi.adopt(links=LINKS, **asks())
    benxi.until(START + 40 * DAY)
    assert not owing(benxi)


def test_1_8_who_helps_households_is_shown_to_operators_alone() -> None:
    benxi = city()
    benxi.hear(counted("H1"))
    pair(benxi, ("H1", "C-U1-1"))
    lead(benxi)
    roster = benxi.dispatch.states[Roster, V1]
    assert isinstance(roster, Roster)
    assert {*roster.shown().holders} == {"contact"}
    assert {*roster.shown(to_operator=True).holders} == {"contact", "helper"}
    assert {*roster.shown().lessons["posted"]} == {"L1"}, "what helpers owe would say who they are"
    assert {*roster.shown(to_operator=True).lessons["posted"]} == {"L1", "C-U1-1"}


def test_1_8_a_moved_last_day_does_not_say_who_helps_households() -> None:
    benxi = city(due={"after": "joining", "within": {"working_days": 5}})
    benxi.hear(counted("H1"))
    pair(benxi, ("H1", "C-U1-1"))
    lead(benxi)
    off = (START + 3 * DAY, START + 4 * DAY, START + 5 * DAY, START + 6 * DAY)
    benxi.world.announce(
        HolidaysAnnounced(place="000000", notice="2014", year=2014, document="国办发明电", off=off, announced_by="国办")
    )
    assert {moved.deadline for moved in benxi.said(DeadlineMoved)} == {"lessons train_by", "lessons posted L1 train_by"}


def test_1_8_what_leaders_of_the_remaining_village_owe_outlasts_the_merger_that_brings_it_a_team() -> None:
    benxi = Benxi(links=LINKS, **asks({"links": ["contact"], "roles": ["leader", "member"]})).assigned()
    benxi.hear(cadre("L1", "U1", "division"), diagnosed(V2))
    lead(benxi, "L1", V2)
    assert owing(benxi, V2) == {"L1"}
    benxi.hear(merged(V1, V2))
    assert {"L1"} < owing(benxi, V2)


@pytest.mark.parametrize(
    ("links", "en"),
    [
        (["team"], "team is no link from a cadre to a village or its households: contact, helper"),
        (["contact", "contact"], "stands there already"),
    ],
)
def test_1_8_what_no_duty_can_ask_is_refused(links: list[str], en: str) -> None:
    with pytest.raises(PolicyInvalid, match=en):
        parse_pack({**PACK, "links": LINKS, **asks({"links": links})})


def test_1_8_a_training_that_nobody_owes_is_asked_of_no_leader() -> None:
    open_to_all = {field: said for field, said in COURSES.items() if field != "duty"} | {"kind": "open"}
    benxi = Benxi(links=LINKS, training=[open_to_all])
    benxi.hear(unit("U1"), cadre("L1", "U1", "division"), diagnosed(V1))
    lead(benxi)
    assert not owing(benxi) and (Roster, V1) not in benxi.dispatch.states
