"""Lists on which each poor village is to be: each has its mode of development (4.2)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.registry.model import commands as c
from shared.contracts import registry as r
from shared.labels import sentence
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.shipped import shipped
from tests.registry.county import AT, BEGIN, CITY, PLACE, TAKE_OVER, VILLAGE, WHY, County, again
from tests.registry.lists import (
    ASKED,
    BRANCH,
    MERGE,
    MODES,
    OTHER,
    SPLIT,
    asking_county,
    enter,
    leave,
    listing,
    with_other,
    withdraw,
)
from tests.support.packs import PACK

DAY = timedelta(1)
DUE = BEGIN + 30 * DAY


def modes(here: County) -> list[tuple[str, Any]]:
    """The villages that are asked for, each with the last day."""
    return [(task.about, task.due) for task in here.tasks if task.action == "listings"]


def mode(said: str = "development", village: str = VILLAGE) -> c.EnterList:
    return enter("relief_mode", village, mode=said, since=BEGIN)


def test_4_2_each_poor_village_is_asked_for_its_mode_and_no_other_village_is() -> None:
    here = with_other(asking_county().listed())
    (asked,) = here.world.said(r.EntryAsked)
    assert (asked.village, asked.kind, asked.due) == (VILLAGE, "relief_mode", DUE)
    (task,) = (one for one in here.tasks if one.action == "listings")
    assert (task.about, task.role, task.due, task.rule) == (VILLAGE, "organisation", DUE, "S3:第一项")
    assert task.answer == {"place": PLACE, "kind": "relief_mode", "village": VILLAGE, "body": "organisation"}
    assert listing(here, "relief_mode").status == "asked", "it is on no list by being asked for"
    assert sentence(asked, here.policy, {}) == (
        "应在2014年7月3日前列入“分类扶贫的村”名单",
        "is to be on the list relief mode by 3 July 2014",
    )
    here.do(mode())
    assert modes(here) == [] and here.until(DUE + 2 * DAY).world.said(r.EntryOverdue) == []
    assert listing(here, "relief_mode").last.mode == "development"  # type: ignore[union-attr]


def test_4_2_a_mode_that_is_missing_after_its_day_is_told_once_and_still_awaited() -> None:
    here = asking_county().listed().until(DUE)
    assert here.world.said(r.EntryOverdue) == []
    here.until(DUE + 40 * DAY)
    (told,) = here.world.said(r.EntryOverdue)
    assert (told.village, told.kind, told.due, told.owed_by) == (VILLAGE, "relief_mode", DUE, "organisation")
    assert modes(here) == [(VILLAGE, DUE)]
    here.do(mode("relief"))
    assert modes(here) == []


def test_4_2_a_mode_that_is_taken_off_is_asked_for_again() -> None:
    here = asking_county().listed()
    here.do(mode())
    here.until(BEGIN + 3 * DAY).do(enter("relief_mode", mode="relief", since=here.world.today))
    here.do(withdraw("relief_mode", since=here.world.today))
    assert modes(here) == [], "the mode before is restored"
    here.do(leave("relief_mode"))
    assert modes(here) == [(VILLAGE, here.world.today + 30 * DAY)]
    here.do(enter("relief_mode", mode="relocation", since=here.world.today))
    assert modes(here) == []


def test_4_2_who_stands_there_before_it_is_poor_is_not_asked_for() -> None:
    here = asking_county().registered()
    assert modes(here) == []
    here.do(mode())
    here.do(c.RegisterVillage(**AT, name="上石村", township="小市镇", population=1000, listed=True))
    assert here.world.said(r.VillageListed) and here.world.said(r.EntryAsked) == []


@pytest.mark.parametrize("ends", ["unlisted", "merged", "delisted"])
def test_4_2_nobody_is_asked_for_a_village_that_is_poor_no_more(ends: str) -> None:
    here = asking_county(each_poor={"after": "registry.village.listed", "within": {"years": 2}})
    if ends == "unlisted":
        here.listed()
        here.do(c.WithdrawListing(**AT, **WHY))
    elif ends == "merged":
        here.registered()
        here.do(
            c.RegisterVillage(place=PLACE, village=OTHER, name="下石村", township="小市镇", population=500, listed=True)
        )
        assert [about for about, _ in modes(here)] == [OTHER]
        here.do(MERGE)
    else:
        here.delisted()
    gone = OTHER if ends == "merged" else VILLAGE
    assert gone not in dict(modes(here)) and "enter" not in listing(here, "relief_mode", gone).timers
    assert (VILLAGE in dict(modes(here))) == (ends == "merged"), "who goes on is poor, and is asked for"


def test_4_2_nobody_is_asked_for_a_village_that_comes_after_its_exit() -> None:
    here = asking_county().delisted()
    here.world.facts.clear()
    here.do(again(SPLIT, since=here.world.today))
    assert [one.left for one in here.world.said(r.VillageListed)] == [date(2014, 12, 10)]
    assert here.world.said(r.VillageDelisted) and here.world.said(r.EntryAsked) == []
    here = asking_county().until(date(2016, 5, 2))
    here.do(again(TAKE_OVER, delisted_on=date(2016, 3, 1)))
    assert here.world.said(r.VillageDelisted) and here.world.said(r.EntryAsked) == []
    here = asking_county().until(date(2016, 5, 2))
    here.do(TAKE_OVER)
    assert [one.village for one in here.world.said(r.EntryAsked)] == [VILLAGE], "it is poor yet"


def test_4_2_a_recoded_village_is_asked_for_in_its_new_asking_county() -> None:
    here = asking_county().listed()
    here.do(
        c.RecodeVillage(
            place=CITY,
            village=VILLAGE,
            code="210522100201",
            since=BEGIN,
            document="辽政〔2014〕9号",
            decided_by="县政府",
        )
    )
    (task,) = (one for one in here.tasks if one.action == "listings")
    assert (task.answer["place"], task.due) == ("210522", DUE)
    here.do(enter("relief_mode", place="210522", mode="relief", since=BEGIN))
    assert modes(here) == []


def test_4_2_a_last_day_in_the_spring_festival_is_the_first_working_days_after_it() -> None:
    """In 2016 the festival was from 7 to 13 February; Saturday the 6th and Sunday the 14th were worked."""
    for within, due in (
        ({"working_days": 3}, date(2016, 2, 6)),
        ({"working_days": 5}, date(2016, 2, 15)),
        ({"calendar_days": 7, "roll": True}, date(2016, 2, 14)),
        ({"calendar_days": 7}, date(2016, 2, 10)),
    ):
        here = asking_county(each_poor={"after": "registry.village.listed", "within": within})
        here.until(date(2016, 2, 3)).listed()
        assert modes(here) == [(VILLAGE, due)]
        assert here.until(due).world.said(r.EntryOverdue) == []
        assert [one.due for one in here.until(due + DAY).world.said(r.EntryOverdue)] == [due]


def test_4_2_new_holidays_move_the_day() -> None:
    here = asking_county(each_poor={"after": "registry.village.listed", "within": {"working_days": 20}}).listed()
    ((_, before),) = modes(here)
    off = tuple(before - n * DAY for n in range(3))
    counted, (moved,) = listing(here, "relief_mode").recounted(here.policy.calendar.told(off, ()), BEGIN)
    told = counted.tell_moved(moved, "2014")
    assert (told.subject_id, moved.was, counted.timers["enter"]) == (VILLAGE, before, before + DAY)
    assert counted.enter_by == moved.due > before and sentence(told, here.policy, {})[0].count("列入名单的期限") == 1


def test_4_2_a_pack_that_asks_no_more_lets_it_rest() -> None:
    here = asking_county().listed()
    without = {**PACK, "version": "2105-2014.2", "effective_from": BEGIN + DAY, "lists": [MODES]}
    here.do(c.AdoptPolicy(place=CITY, pack=without, adopted_by="市委"))
    assert modes(here.until(BEGIN + DAY)) == []
    assert here.until(DUE + 9 * DAY).world.said(r.EntryOverdue) == [] and not listing(here, "relief_mode").awaits


@pytest.mark.parametrize(
    ("wrong", "zh", "en"),
    [
        ({"of": "branch"}, "名单上不是村", "no villages stand on it"),
        ({"at_most": 3}, "不能限定名额", "it has no `at_most`"),
        ({"each_poor": {"after": "registry.village.diagnosed", "within": {"months": 1}}}, "不能自", "counted from"),
        ({"each_poor": {"after": "registry.village.listed"}}, "应填时间", "needs its time"),
    ],
)
def test_4_2_what_no_list_can_ask_of_each_village_is_refused(wrong: dict[str, Any], zh: str, en: str) -> None:
    with pytest.raises(PolicyInvalid) as invalid:
        parse_pack({**PACK, "parties": [BRANCH], "lists": [{**ASKED, **wrong}]})
    assert any(zh in fault.zh and en in fault.en for fault in invalid.value.faults), invalid.value.faults


def test_4_2_guizhou_asks_each_poor_village_for_its_mode() -> None:
    listed = shipped("guizhou").list_kind("relief_mode")
    assert listed and listed.each_poor and [*listed.modes] == ["development", "relocation", "relief"]


def test_4_2_a_village_that_is_merged_into_another_is_not_asked_for_again() -> None:
    here = asking_county().listed()
    other: dict[str, Any] = {"place": PLACE, "village": OTHER, "population": 500, "listed": True}
    here.do(c.RegisterVillage(**other, name="下石村", township="小市镇"), mode(), mode(village=OTHER))
    before = here.world.said(r.EntryAsked)
    assert {one.village for one in before} == {VILLAGE, OTHER}
    here.do(MERGE)
    assert here.world.said(r.EntryAsked) == before
