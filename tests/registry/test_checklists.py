"""Lists that are ticked off for a village on known days: opened, ticked off, missed, taken back; what packs may say."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.registry.model import Checklists, checklist
from services.registry.model import commands as c
from services.registry.model.checklist import Ticked
from shared.contracts import registry as r
from shared.labels import sentence
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.shipped import content, shipped
from tests.registry.checklists import DISCLOSURE, LISTS, METHODS, county, tick, withdraw
from tests.registry.county import AT, BEGIN, CITY, PLACE, VILLAGE, County, again
from tests.registry.lists import MERGE, OTHER, PART, SPLIT, with_other
from tests.support.packs import PACK

DAY = timedelta(1)
Q2, LAST = date(2014, 6, 30), date(2014, 7, 15)


def kept(here: County, village: str = VILLAGE) -> Checklists:
    found: Checklists = here.world.state("registry", Checklists, village)
    return found


def asked(here: County) -> list[tuple[str, str]]:
    return [(task.role, task.detail) for task in here.tasks if task.action == "checklists"]


def test_1_17_a_village_discloses_its_affairs_each_quarter_with_proof_and_what_is_missing_is_told() -> None:
    here = county()
    assert here.until(Q2 - DAY).tasks == []
    (task,) = here.until(Q2).tasks
    assert (task.action, task.role, task.due, task.rule) == ("checklists", "village", LAST, "VCL:第三十条")
    assert task.answer == {**AT, "kind": "disclosure", "on": "2014-06-30", "body": "village"}
    (event,) = here.do(tick(followed=("finance",), vacant=("village_affairs",)))
    assert (event.followed, event.vacant, event.unfollowed) == (("finance",), ("village_affairs",), ("party_affairs",))
    zh, en = sentence(event, here.policy, {})
    assert "已落实：财务公开" in zh and "未落实：党务公开" in zh and "村务公开栏" in zh and "not followed" in en
    assert here.tasks == [] and here.do(tick(followed=("finance",), vacant=("village_affairs",))) == []
    assert here.until(date(2014, 9, 30)).tasks[0].detail == "disclosure/2014-09-30", "and again each quarter"


def test_0_8_the_methods_that_a_county_has_named_are_ticked_off_by_the_township_each_half_year() -> None:
    here = county()
    here.until(date(2014, 12, 1))
    assert ("township", "methods/2014-12-01") in asked(here)
    (event,) = here.do(tick("methods", date(2014, 12, 1), followed=("meetings", "method_456"), proof=None))
    assert (event.followed, event.unfollowed) == (("method_456", "meetings"), ("method_532",))


def test_1_17_what_was_not_disclosed_in_time_is_told_once_and_owed_until_the_next_day_of_the_list() -> None:
    here = county()
    here.until(LAST)
    assert not here.world.said(r.ChecklistOverdue)
    here.until(LAST + DAY)
    (late,) = here.world.said(r.ChecklistOverdue)
    assert (late.village, late.on, late.due, late.owed_by) == (VILLAGE, Q2, LAST, "village")
    here.until(date(2014, 9, 29))
    assert len(here.world.said(r.ChecklistOverdue)) == 1
    assert here.do(tick()), "late is better than never"
    here.until(date(2014, 12, 31))
    assert [detail for _, detail in asked(here)] == ["disclosure/2014-12-31", "methods/2014-12-01"]
    refused = here.refusal(tick(on=date(2014, 9, 30)))
    assert refused.field == "on" and "2014年12月31日" in refused.zh


def test_1_17_a_mistake_is_withdrawn_by_a_named_body_and_owed_again_until_the_next_day() -> None:
    here = county()
    here.until(Q2).do(tick())
    refused = here.refusal(tick(followed=("finance",)))
    assert refused.field == "on" and "请先撤销" in refused.zh
    (event,) = here.do(withdraw())
    assert (event.on, event.reason, event.decided_by) == (Q2, "误填", "镇政府")
    assert here.do(withdraw()) == [] and asked(here) == [("village", "disclosure/2014-06-30")]
    here.do(tick(followed=("finance",)))
    assert kept(here).last == {"disclosure": Ticked(Q2, LAST, ("finance",), (), "村务公开栏")}
    here.until(date(2014, 9, 30))
    assert "下一次已经开始" in here.refusal(withdraw()).zh


def test_1_17_what_is_taken_back_after_its_time_is_told_as_overdue_once() -> None:
    here = county()
    here.until(Q2).do(tick())
    here.until(LAST + DAY)
    _, late = here.do(withdraw())
    assert (late.on, late.due, late.owed_by) == (Q2, LAST, "village")
    here.do(tick())
    assert not [one for one in here.do(withdraw()) if isinstance(one, r.ChecklistOverdue)], "it has been told"
    assert asked(here) == [("village", "disclosure/2014-06-30")]


@pytest.mark.parametrize(
    ("command", "status", "field", "word"),
    [
        (tick("club"), 422, "kind", "三公开"),
        (tick(on=Q2 + DAY), 409, "on", "没有应填报的一次"),
        (tick(body="township"), 422, "body", "村"),
        (tick(followed=("club",)), 422, "followed", "财务公开"),
        (tick(followed=("finance",), vacant=("finance",)), 422, "vacant", "不能既已落实又本期无内容"),
        (tick(proof=None), 422, "proof", "佐证"),
        (tick("methods", followed=(), vacant=("meetings",), body="township"), 422, "vacant", "本期无内容"),
        (tick(place="210522"), 422, "place", PLACE),
        (tick(village="210521100299"), 404, None, "村"),
        (withdraw(on=Q2 + DAY), 409, "on", "没有填报"),
        (withdraw(kind="club"), 422, "kind", "三公开"),
    ],
)
def test_0_8_1_17_what_cannot_be_ticked_off_is_refused(command: Any, status: int, field: str | None, word: str) -> None:
    here = county()
    refused = here.until(Q2).refusal(command)
    assert (refused.status, refused.field) == (status, field) and word in refused.zh


def test_1_17_a_village_that_has_nothing_at_all_says_so_without_proof() -> None:
    here = county()
    (event,) = here.until(Q2).do(tick(followed=(), vacant=("party_affairs", "village_affairs", "finance"), proof=None))
    assert event.unfollowed == ()


def test_0_8_a_village_from_before_the_pack_had_lists_begins_with_its_next_figures() -> None:
    here = County(PACK).registered()
    later = {**PACK, **LISTS, "version": "2105-2014.9", "effective_from": date(2014, 7, 1)}
    here.do(c.AdoptPolicy(place=CITY, pack=later, adopted_by="市委"))
    here.until(date(2014, 9, 30))
    assert asked(here) == []
    here.measured()
    assert asked(here.until(date(2014, 12, 31))) == [("village", "disclosure/2014-12-31")]


def test_0_8_lists_that_a_later_pack_drops_are_not_owed_any_more() -> None:
    here = county()
    later = {**PACK, "version": "2105-2014.9", "effective_from": date(2014, 7, 1)}
    here.do(c.AdoptPolicy(place=CITY, pack=later, adopted_by="市委"))
    here.until(Q2)
    assert asked(here)
    here.until(LAST + DAY)
    assert here.tasks == [] and not here.world.said(r.ChecklistOverdue)
    assert "（无）" in here.refusal(tick()).zh


def test_1_17_villages_that_are_merged_split_or_recoded_owe_their_own() -> None:
    here = with_other(county())
    here.do(MERGE)
    here.do(again(SPLIT, since=BEGIN))
    here.until(Q2)
    assert sorted(task.about for task in here.tasks if task.action == "checklists") == [VILLAGE, PART]
    assert not kept(here, OTHER).timers
    code = "210522" + VILLAGE[6:]
    here.do(c.RecodeVillage(place=CITY, village=VILLAGE, code=code, since=BEGIN, document="3号", decided_by="市政府"))
    (event,) = here.do(tick(place="210522"))
    assert event.place == "210522"


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ([{**DISCLOSURE, "rule": "S9:1"}], ("checklists", 0, "rule")),
        ([{**DISCLOSURE, "by": "operator"}], ("checklists", 0, "by")),
        ([DISCLOSURE, DISCLOSURE], ("checklists", 1)),
        ([{**DISCLOSURE, "when": []}], ("checklists", 0, "when")),
        ([{**DISCLOSURE, "when": [{"after": "joining", "within": {"months": 1}}]}], ("checklists", 0, "when", 0)),
        (
            [{**DISCLOSURE, "when": [{"month": 6, "day": 30, "within": {"working_days": 5}}]}],
            ("checklists", 0, "when", 0, "within"),
        ),
        ([{**DISCLOSURE, "when": [{"month": 6, "day": 30, "within": {"months": 13}}]}], ("checklists", 0, "when")),
        ([DISCLOSURE, {**METHODS, "items": {"books": "财务公开"}}], ("checklists", 1, "items", "books")),
        ([DISCLOSURE, {**METHODS, "items": {"finance": "账目公开"}}], ("checklists", 1, "items", "finance")),
    ],
)
def test_0_8_1_17_a_list_that_contradicts_itself_is_refused_when_the_pack_is_checked(
    said: list[dict[str, Any]], path: tuple[str | int, ...]
) -> None:
    parse_pack({**PACK, **LISTS})
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, "checklists": said})
    assert path in [fault.path for fault in refused.value.faults]
    assert all(fault.zh and fault.en for fault in refused.value.faults)


def test_0_8_0_13_1_17_packs_name_the_methods_the_disclosures_and_the_demonstration_households() -> None:
    methods, disclosure = shipped("jalaid").checklist("methods"), shipped("xixiu").checklist("disclosure")
    assert methods and disclosure
    assert {"method_456", "method_532", "method_6433"} <= {*methods.items} and len(disclosure.items) == 3
    assert [day.month for when in disclosure.when for day in when.of(2019, shipped("xixiu").calendar)] == [3, 6, 9, 12]
    (shown,) = (one for one in shipped("jalaid").parties if one.kind == "demonstration_household")
    assert shown.personal and shown.parents == ("village",)


def test_0_8_a_village_that_moves_to_another_county_owes_that_countys_lists_from_the_next_day_on() -> None:
    here = County().registered()
    pack = {
        "jurisdiction": "210522",
        "version": "210522-2014.1",
        "effective_from": date(2014, 6, 10),
        "extends": "2105",
    }
    named = {"name": "桓仁满族自治县", "name_en": "Huanren County", "checklists": LISTS["checklists"]}
    here.do(c.AdoptPolicy(place="210522", pack={**pack, **named}, adopted_by="县委"))
    here.until(date(2014, 6, 11))
    code = "210522" + VILLAGE[6:]
    here.do(
        c.RecodeVillage(
            place=CITY, village=VILLAGE, code=code, since=here.world.today, document="3号", decided_by="市政府"
        )
    )
    here.until(date(2014, 7, 1))
    state = here.world.state("registry", Checklists, VILLAGE)
    assert (state.place, [*state.open]) == ("210522", ["disclosure/2014-06-30"])


def test_0_8_a_day_that_was_not_looked_at_yet_when_a_village_moves_still_is() -> None:
    today, code = date(2014, 7, 1), "210522" + VILLAGE[6:]
    moved = r.VillageRecoded(place=PLACE, village=VILLAGE, code=code, since=today, document="3号", decided_by="市政府")
    waiting = Checklists(id=VILLAGE, place=PLACE).timed(lists=today)
    state = checklist.move(waiting, moved, County().policy, today).state
    assert isinstance(state, Checklists) and (state.place, state.timers) == ("210522", {"lists": today})


def test_4_4_whether_a_villages_organisation_is_good_in_five_ways_is_ticked_off_each_december() -> None:
    lists = [{**one, "rule": "S3:第二项"} for one in content("guizhou")["checklists"]]
    here = County({**PACK, "checklists": lists}).registered()
    here.until(date(2014, 12, 1))
    ticked = tick("five_good", date(2014, 12, 1), body="township", followed=("good_leaders", "good_results"))
    (told,) = here.do(ticked)
    assert told.unfollowed == ("good_members", "good_mechanism", "good_opinion")


def test_1_17_a_list_that_a_further_pack_has_no_more_is_awaited_of_nobody() -> None:
    here = county().until(date(2014, 6, 30))
    assert [task.detail for task in here.tasks if task.action == "checklists"] == ["disclosure/2014-06-30"]
    later = {**PACK, "checklists": [], "version": "2105-2014.2", "effective_from": date(2014, 7, 1)}
    here.do(c.AdoptPolicy(place=CITY, pack=later, adopted_by="市委"))
    here.until(date(2014, 7, 1))
    assert not [task for task in here.tasks if task.action == "checklists"]
    here.until(date(2014, 12, 31))
    assert not here.world.said(r.ChecklistOverdue)
