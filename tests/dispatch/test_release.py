"""Whoever is in a village has no duties at home meanwhile (全脱产, 0.3)."""

from datetime import timedelta
from typing import Any

import pytest

from services.dispatch.forms import FORMS
from services.dispatch.model.commands import ConfirmRelease, ReportDeparture, WithdrawAssignment
from services.dispatch.model.roster import Roster
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import DeadlineMoved, ReleaseConfirmed, ReleaseDoubted, ReleaseMissed
from shared.contracts.registry import PolicyAdopted
from shared.policy import parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import HOME, PACK, START, V1, V2, Benxi, cadre, diagnosed, merged
from tests.dispatch.present import FIRST, SECOND, THIRD
from tests.dispatch.sent import RELEASE

DAY = timedelta(1)


def city() -> Benxi:
    return Benxi(team={"release": RELEASE}).assigned()


def confirm(benxi: Benxi, *cadres: str, released: bool = True, **said: Any) -> None:
    usual = {"members": cadres, "released": released, "confirmed_by": "局党组", "body": "unit"}
    benxi.send(ConfirmRelease, **{**usual, **said})


def bound(benxi: Benxi, village: str = V1) -> set[str]:
    roster = benxi.dispatch.states[Roster, village]
    assert isinstance(roster, Roster)
    return {*roster.bound}


def test_0_3_the_unit_confirms_that_members_have_no_duties_at_home() -> None:
    benxi = city()
    (task,) = benxi.tasks("releases")
    assert (task.role, task.due, task.rule) == ("unit", START + 30 * DAY, "S3:第四项")
    assert task.answer == {"place": HOME, "village": V1, "body": "unit"}
    confirm(benxi, FIRST, SECOND)
    confirm(benxi, FIRST)
    assert [said.released for said in benxi.said(ReleaseConfirmed)] == [(FIRST, SECOND)]
    assert benxi.tasks("releases") and bound(benxi) == {THIRD}
    confirm(benxi, FIRST, THIRD)
    assert benxi.said(ReleaseConfirmed)[-1].released == (THIRD,)
    benxi.until(START + 60 * DAY)
    assert not benxi.tasks("releases") and not benxi.said(ReleaseMissed)


def test_0_3_who_is_not_released_in_time_is_told_once_as_a_number_and_still_awaited() -> None:
    benxi = city()
    benxi.hear(cadre("C-U1-9", "U1"))
    confirm(benxi, FIRST)
    benxi.until(START + 20 * DAY)
    benxi.send(ReportDeparture, cadre=SECOND, cause="retired")
    benxi.replace(SECOND, "C-U1-9")
    benxi.sleep(START + 400 * DAY)
    assert [(said.due, said.missing, said.owed_by) for said in benxi.said(ReleaseMissed)] == [
        (START + 30 * DAY, 1, "unit"),
        (START + 50 * DAY, 1, "unit"),
    ]
    assert bound(benxi) == {THIRD, "C-U1-9"}, "who left owes nothing, and who came has the time from then on"
    confirm(benxi, THIRD, "C-U1-9")
    assert not benxi.tasks("releases")


def test_0_3_whoever_has_duties_at_home_all_the_same_is_to_be_released_anew() -> None:
    benxi = city()
    confirm(benxi, FIRST, SECOND, THIRD)
    benxi.until(START + 40 * DAY)
    confirm(benxi, SECOND, released=False, body="township", confirmed_by="碱厂镇党委")
    confirm(benxi, SECOND, released=False, body="township", confirmed_by="碱厂镇党委")
    (said,) = benxi.said(ReleaseDoubted)
    assert said.is_sealed() and said.doubted == (SECOND,)
    assert [task.due for task in benxi.tasks("releases")] == [START + 70 * DAY]
    with pytest.raises(Refused, match="a matter of the"):
        confirm(benxi, SECOND, body="township")
    confirm(benxi, SECOND)
    confirm(benxi, THIRD, released=False)
    assert bound(benxi) == {THIRD}, "the unit may take back what it confirmed by mistake"


@pytest.mark.parametrize(
    ("said", "field", "zh"),
    [
        ({"members": (FIRST, "C9")}, "members", "C9不是该村工作队的现任队员"),
        ({"body": "county", "released": False}, "body", "派出单位办理"),
        ({"village": V2}, None, "不存在"),
        ({"place": "210522"}, "place", "属于区划"),
    ],
)
def test_0_3_a_confirmation_that_cannot_be_is_refused(said: dict[str, Any], field: str | None, zh: str) -> None:
    benxi = city()
    with pytest.raises(Refused) as refused:
        confirm(benxi, **{"members": (FIRST,), **said})
    assert refused.value.field == field and zh in refused.value.zh and bound(benxi) == {FIRST, SECOND, THIRD}


def test_0_3_a_team_that_goes_home_owes_nothing_and_after_a_merger_it_owes_where_it_went() -> None:
    benxi = city()
    benxi.send(WithdrawAssignment)
    assert not bound(benxi) and not benxi.tasks("releases")
    benxi.assign()
    benxi.hear(diagnosed(V2), merged())
    assert bound(benxi, V2) == {FIRST, SECOND, THIRD} and not bound(benxi)


def test_0_3_a_pack_that_asks_no_more_awaits_nothing_after_the_year() -> None:
    benxi = city()
    with pytest.raises(Refused, match="the pack asks for no full release"):
        confirm(Benxi().assigned(), FIRST)
    later = {**PACK, "version": "2105-2", "effective_from": START + DAY}
    benxi.until(START + DAY)
    benxi.hear(PolicyAdopted(place="210500", version="2105-2", adopted_by="市委", pack=later))
    benxi.policy = parse_pack(later)
    benxi.until(START + 31 * DAY)
    assert not bound(benxi) and not benxi.said(ReleaseMissed)


def test_0_3_the_form_names_the_team_and_who_was_found_to_have_duties_at_home_is_said_to_operators_alone() -> None:
    benxi = city()
    confirm(benxi, FIRST, SECOND, THIRD)
    confirm(benxi, SECOND, released=False, body="township")
    (task,), roster = benxi.tasks("releases"), benxi.dispatch.states[Roster, V1]
    assert isinstance(roster, Roster)
    assert FORMS["releases"].facts(roster, task, benxi.policy) == {"in_team": [FIRST, SECOND, THIRD]}
    assert {*roster.shown(to_operator=True).bound} == {SECOND}
    shown = roster.shown()
    assert not shown.bound and not [one for one in shown.deadlines if "bound" in one.path]
    confirm(benxi, FIRST, SECOND, THIRD)
    assert benxi.said(ReleaseConfirmed)[-1].released == (SECOND,) and not bound(benxi)


def test_0_3_holidays_move_the_day_and_name_nobody() -> None:
    working = {**RELEASE, "confirm_by": {"after": "joining", "within": {"working_days": 20}}}
    benxi = Benxi(team={"release": working}).assigned()
    confirm(benxi, FIRST, SECOND)
    (before,) = benxi.tasks("releases")
    assert before.due
    benxi.world.announce(
        HolidaysAnnounced(place="000000", notice="2014", year=2014, document="国办发明电", off=(before.due,), worked=(),
                          announced_by="国务院办公厅")
    )  # fmt: skip
    roster = benxi.dispatch.states[Roster, V1]
    assert isinstance(roster, Roster)
    assert THIRD in str(roster.deadlines) and THIRD not in str(roster.shown().deadlines)
    assert benxi.tasks("releases")[0].due != before.due
    assert [said.deadline for said in benxi.said(DeadlineMoved)] == ["bound release_by"]


def test_0_3_who_is_to_be_released_is_kept_in_the_order_of_the_team() -> None:
    benxi = city()
    roster = benxi.dispatch.states[Roster, V1]
    assert isinstance(roster, Roster) and [*roster.bound] == [*roster.members] == [FIRST, SECOND, THIRD]
