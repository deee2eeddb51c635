"""The days in the village, which a township confirms once a month (5.12)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.forms import FORMS
from services.dispatch.model.commands import (
    AssignTeam,
    CountPresence,
    DecideLeave,
    DecideReturn,
    ReportDeparture,
    RequestLeave,
    SolveMatching,
)
from shared.contracts import Command
from shared.contracts.dispatch import (
    PresenceCounted,
    PresenceMissed,
    PresenceShort,
    Present,
)
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import HOME, PACK, START, V1, Benxi, cadre, diagnosed, squad, unit
from tests.dispatch.kept import kept_alike
from tests.dispatch.present import (
    FIRST,
    PRESENCE,
    SECOND,
    THIRD,
    ask,
    asking,
    count,
    grant,
    roster,
)

DAY = timedelta(1)


JULY = {FIRST: 22, SECOND: 20, THIRD: 31}


def test_5_12_the_township_says_once_a_month_who_was_there() -> None:
    benxi = asking().assigned()
    benxi.until(date(2014, 7, 1))
    (task,) = benxi.tasks("presences")
    assert (task.role, task.due, task.detail) == ("township", date(2014, 7, 10), "2014-06")
    assert task.answer == {"place": HOME, "village": V1, "year": 2014, "month": 6, "body": "township"}
    count(benxi, {FIRST: 11, SECOND: 8, THIRD: 7}, month=6)
    assert not benxi.tasks("presences")
    assert not benxi.said(PresenceShort), "of 11 days of 30 a third of 20 is asked: 7"
    assert [said.asked for said in benxi.said(PresenceCounted)] == [(7, 7, 7)]
    benxi.until(date(2014, 8, 1))
    count(benxi, JULY)
    assert [said.is_sealed() for said in benxi.said(PresenceCounted)] == [True, True]
    assert not benxi.said(PresenceShort)
    benxi.until(date(2014, 12, 31))
    assert [(said.month, said.owed_by) for said in benxi.said(PresenceMissed)] == [
        (8, "township"),
        (9, "township"),
        (10, "township"),
        (11, "township"),
    ]
    assert len(benxi.tasks("presences")) == 4, "they stay awaited"


def test_5_12_too_few_days_are_told_to_the_unit_as_a_number_and_a_correction_takes_it_back() -> None:
    benxi = asking().assigned()
    benxi.until(date(2014, 8, 1))
    count(benxi, {**JULY, SECOND: 19})
    assert [said.asked for said in benxi.said(PresenceCounted)] == [(20, 20, 20)]
    (said,) = benxi.said(PresenceShort)
    assert said == PresenceShort(place=HOME, village=V1, year=2014, month=7, short=1, owed_by="unit")
    count(benxi, {**JULY, SECOND: 19})
    assert len(benxi.said(PresenceCounted)) == 1, "a repetition changes nothing"
    with pytest.raises(Refused) as refused:
        count(benxi, JULY)
    assert SECOND not in refused.value.en and refused.value.version
    count(benxi, JULY, replaces=refused.value.version)
    assert [said.short for said in benxi.said(PresenceShort)] == [1, 0]
    assert len(benxi.said(PresenceCounted)) == 2


CLOSED: dict[str, Any] = {
    "label": "伏季休渔期",
    "from": {"month": 5, "day": 1},
    "until": {"month": 8, "day": 16},
    "days": 26,
}


@pytest.mark.parametrize(
    ("month", "days", "short"),
    [(7, 25, 1), (7, 26, 0), (8, 22, 1), (8, 23, 0), (9, 19, 1), (9, 20, 0)],
)
def test_5_12_a_season_asks_for_other_days_and_a_month_that_lies_in_it_in_part_for_its_share(
    month: int, days: int, short: int
) -> None:
    """Of August 16 days are asked as 26 a month and 15 as 20, which makes 23."""
    benxi = Benxi(presence={**PRESENCE, "seasons": [CLOSED]}).assigned()
    benxi.until(date(2014, month + 1, 1))
    count(benxi, {FIRST: 26, SECOND: days, THIRD: 26}, month=month)
    assert sum(said.short for said in benxi.said(PresenceShort)) == short


def test_5_12_a_season_over_the_new_year_and_one_of_leap_days_hold_their_days() -> None:
    winter = {"label": "冬季", "from": {"month": 12, "day": 1}, "until": {"month": 2, "day": 29}, "days": 10}
    presence = parse_pack({**PACK, "presence": {**PRESENCE, "seasons": [CLOSED, winter]}}).presence
    assert presence and [int(presence.asked(2015, month)) for month in range(1, 13)] == [
        10, 10, 20, 20, 26, 26, 26, 23, 20, 20, 20, 10,
    ]  # fmt: skip


def test_5_12_two_seasons_of_one_day_are_refused() -> None:
    autumn = {"label": "台风季", "from": {"month": 8, "day": 16}, "until": {"month": 10, "day": 31}, "days": 12}
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, "presence": {**PRESENCE, "seasons": [CLOSED, autumn]}})
    (fault,) = refused.value.faults
    assert (fault.where, fault.zh) == ("presence.seasons[1].from", "台风季与伏季休渔期有重叠的日子，如2015年8月16日")


def test_5_12_days_on_leave_are_not_asked_for_and_not_counted() -> None:
    benxi = asking().assigned()
    ask(benxi, date(2014, 7, 1), date(2014, 7, 15))
    grant(benxi)
    benxi.until(date(2014, 8, 1))
    with pytest.raises(Refused, match="not on leave for 16 days of it"):
        count(benxi, {**JULY, SECOND: 17})
    count(benxi, {**JULY, SECOND: 10})
    assert not benxi.said(PresenceShort), "16 of 31 days: 10 of 20"


@pytest.mark.parametrize(
    ("days", "said", "zh"),
    [
        ({FIRST: 20}, {}, "应填写月末在队的每名队员"),
        ({**JULY, "C9": 3}, {}, "应填写月末在队的每名队员"),
        (JULY, {"month": 8}, "2014年8月不须确认"),
        (JULY, {"month": 5}, "2014年5月不须确认"),
        (JULY, {"body": "team"}, "乡镇办理"),
    ],
)
def test_5_12_a_month_that_cannot_be_is_refused(days: dict[str, int], said: dict[str, Any], zh: str) -> None:
    benxi = asking().assigned()
    benxi.until(date(2014, 8, 1))
    with pytest.raises(Refused) as refused:
        count(benxi, days, **said)
    assert zh in refused.value.zh and not benxi.said(PresenceCounted)


def test_5_12_who_came_in_the_month_owes_a_part_of_it_and_who_left_nothing() -> None:
    benxi = asking().assigned()
    benxi.hear(cadre("C-U1-9", "U1"))
    benxi.until(date(2014, 7, 21))
    benxi.send(ReportDeparture, cadre=SECOND, cause="transferred")
    benxi.replace(SECOND, "C-U1-9")
    benxi.until(date(2014, 8, 1))
    with pytest.raises(Refused, match="was in the team and not on leave for 11 days"):
        count(benxi, {FIRST: 22, THIRD: 22, "C-U1-9": 12})
    count(benxi, {FIRST: 22, THIRD: 22, "C-U1-9": 6})
    assert [said.short for said in benxi.said(PresenceShort)] == [1]


def test_5_12_a_year_of_months_is_kept_and_no_more() -> None:
    benxi = asking().assigned()
    benxi.until(date(2016, 1, 2))
    assert [*roster(benxi).months] == [f"2015-{month:02}" for month in range(1, 13)]


def test_5_12_the_forms_name_who_was_in_the_team() -> None:
    benxi = asking().assigned()
    benxi.until(date(2014, 7, 1))
    (task,) = benxi.tasks("presences")
    blank = FORMS["presences"]
    rows = [*blank.lines(blank.row(roster(benxi), task, benxi.policy), 1)]
    assert [(row["village"], row["month"], row["present.cadre"]) for row in rows] == [
        (V1, 6, one) for one in (FIRST, SECOND, THIRD)
    ]


SICK = PRESENCE["leave"][1]


@pytest.mark.parametrize(
    ("wrong", "en"),
    [
        ({"count_by": {"after": "vacancy", "within": {"calendar_days": 10}}}, "from vacancy, but from month"),
        ({"by": "operator"}, "operator cannot do this"),
        ({"rule": "S9:1"}, "S9 is none of [documents]"),
        ({"leave": [{**SICK, "decided_by": [{"days": 9, "by": "county"}]}]}, "nobody decides on leave of more than 9"),
        ({"leave": [{**SICK, "decided_by": [{"by": "county"}, {"days": 3, "by": "township"}]}]}, "rise from tier to"),
        ({"leave": [{**SICK, "decided_by": [{"by": "operator"}]}]}, "operator cannot do this"),
        ({"leave": [{**SICK, "longest": 10}]}, "it is more than the longest leave"),
        ({"leave": [SICK, SICK]}, "sick occurs twice"),
    ],
)
def test_5_12_what_a_pack_cannot_say_of_presence_is_refused(wrong: dict[str, Any], en: str) -> None:
    with pytest.raises(PolicyInvalid) as invalid:
        parse_pack({**PACK, "presence": {**PRESENCE, **wrong}})
    assert en in invalid.value.en


async def test_5_12_leave_and_presence_are_kept_alike_on_both_databases(database: str) -> None:
    at: dict[str, Any] = {"place": HOME, "village": V1}
    benxi = asking()
    at_work = [unit("U1"), *squad("U1"), diagnosed(V1)]
    await kept_alike(
        benxi,
        {**PACK, "presence": PRESENCE},
        [
            *at_work,
            *_assigned(),
            RequestLeave(
                **at, cadre=SECOND, kind="sick", first=START, last=START + 60 * DAY, asked_by="队", body="team"
            ),
            DecideLeave(**at, number=1, granted=True, decided_by="县委组织部", body="organisation"),
            date(2014, 7, 1),
            CountPresence(
                **at,
                year=2014,
                month=6,
                present=(Present(FIRST, 8), Present(THIRD, 8)),
                counted_by="镇",
                body="township",
            ),
            START + 61 * DAY,
            DecideReturn(**at, number=1, returns=True, decided_by="县委组织部", body="organisation"),
        ],
        database,
    )


def _assigned() -> list[Command]:
    return [
        SolveMatching(place="210500", matching="m1", asked_by="市委组织部", body="organisation"),
        AssignTeam(place=HOME, village=V1, assigned_by="市委组织部", body="organisation"),
    ]


def test_5_12_days_on_which_nobody_could_get_there_count_where_the_pack_says_so() -> None:
    benxi = Benxi(presence={**PRESENCE, "hindered": "台风停航"}).assigned()
    benxi.until(date(2014, 8, 1))
    count(benxi, {**JULY, SECOND: 18}, hindered=2)
    assert not benxi.said(PresenceShort)
    (said,) = benxi.said(PresenceCounted)
    assert said.hindered == 2 and {one.cadre: one.days for one in said.present}[SECOND] == 18, (
        "what is paid is paid by it"
    )
    count(benxi, {**JULY, SECOND: 18}, hindered=2)
    assert len(benxi.said(PresenceCounted)) == 1, "a repetition changes nothing"
    with pytest.raises(Refused) as refused:
        count(benxi, {**JULY, SECOND: 18}, hindered=1)
    count(benxi, {**JULY, SECOND: 18}, hindered=1, replaces=refused.value.version)
    assert [said.short for said in benxi.said(PresenceShort)] == [1]


def test_5_12_days_on_which_nobody_could_get_there_are_refused_where_the_pack_knows_none() -> None:
    benxi = asking().assigned()
    benxi.until(date(2014, 8, 1))
    with pytest.raises(Refused, match="no days count as days there"):
        count(benxi, JULY, hindered=2)
    assert not benxi.said(PresenceCounted)


def test_5_12_nobody_was_kept_away_on_more_days_than_the_month_has() -> None:
    benxi = Benxi(presence={**PRESENCE, "hindered": "台风停航"}).assigned()
    benxi.until(date(2015, 3, 1))
    with pytest.raises(Refused, match="the month has 28 days") as refused:
        count(benxi, dict.fromkeys(JULY, 1), year=2015, month=2, hindered=29)
    assert (refused.value.field, refused.value.status) == ("hindered", 422) and "只有28日" in refused.value.zh
    count(benxi, dict.fromkeys(JULY, 0), year=2015, month=2, hindered=28)


def test_5_12_such_days_are_not_taken_back_silently_once_the_pack_counts_them_no_more() -> None:
    benxi = Benxi(presence={**PRESENCE, "hindered": "台风停航"}).assigned()
    benxi.until(date(2014, 8, 1))
    count(benxi, JULY, hindered=2)
    benxi.adopt(presence=PRESENCE)
    with pytest.raises(Refused, match="hindered") as refused:
        count(benxi, JULY)
    assert roster(benxi).months["2014-07"].hindered == 2
    count(benxi, JULY, replaces=refused.value.version)
    assert benxi.said(PresenceCounted)[-1].hindered == 0


def test_5_12_days_of_hindrance_are_not_added_unawares_to_a_month_that_had_none() -> None:
    benxi = Benxi(presence={**PRESENCE, "hindered": "台风停航"}).assigned()
    benxi.until(date(2014, 8, 1))
    count(benxi, JULY)
    with pytest.raises(Refused) as refused:
        count(benxi, JULY, hindered=3)
    assert refused.value.version and roster(benxi).months["2014-07"].hindered == 0
    count(benxi, JULY, hindered=3, replaces=refused.value.version)
    assert roster(benxi).months["2014-07"].hindered == 3


def test_5_12_a_refusal_names_the_document_that_asks_for_presence() -> None:
    benxi = asking().assigned()
    with pytest.raises(Refused) as refused:
        grant(benxi, 9)
    assert refused.value.rule == "S3:第四项"
