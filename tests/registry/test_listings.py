"""Lists beside the poverty list: put on, for a term, within a quota, taken off, mistaken; merged and split villages."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.registry.model import Register, Roster, Village, why_not_yet
from services.registry.model import commands as c
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.policy import PolicyInvalid, parse_pack
from tests.registry.county import (
    AT,
    BEGIN,
    CADRE,
    CITY,
    PLACE,
    RELEASED,
    UNIT,
    VILLAGE,
    County,
    again,
    assigned,
    of_type,
)
from tests.registry.lists import (
    BRANCH,
    EACH,
    KEY,
    LISTS,
    MERGE,
    OPEN,
    OTHER,
    PART,
    POINT,
    RECTIFICATION,
    SPLIT,
    STEPS,
    THIRD,
    WEAK,
    county,
    each_county,
    enter,
    leave,
    listing,
    members,
    step,
    with_other,
    withdraw,
)
from tests.support.packs import PACK

DAY = timedelta(1)


def test_2_10_a_list_that_the_region_does_not_have_is_refused_with_those_that_it_has() -> None:
    refused = county().refusal(again(enter(), kind="chaotic"))
    assert (refused.field, refused.status) == ("kind", 422)
    assert "可填：" + "、".join(one["label"] for one in LISTS["lists"]) in refused.zh
    assert "可填：（无）" in County().helped().refusal(enter()).zh


def test_2_10_a_village_is_on_two_lists_and_leaves_one() -> None:
    here = county()
    (begun,) = here.do(enter())
    assert (begun.subject_id, begun.kind, begun.spell, begun.since, begun.until) == (
        VILLAGE,
        "key_village",
        1,
        BEGIN,
        None,
    )
    here.do(enter("demonstration"))
    assert [*here.village.listings] == [f"demonstration/{VILLAGE}", f"key_village/{VILLAGE}"]
    (ended,) = here.do(leave())
    assert (ended.ground, ended.reason) == ("decided", "已达到要求") and here.do(leave()) == []
    assert [*here.village.listings] == [f"demonstration/{VILLAGE}"]
    assert (listing(here).status, listing(here, "demonstration").status) == ("ended", "demonstration")
    (begun,) = here.until(BEGIN + 3 * DAY).do(enter(since=BEGIN + 2 * DAY))
    assert begun.spell == 2 and [one.ended for one in listing(here).spells] == [BEGIN, None]


@pytest.mark.parametrize(
    ("command", "status", "field", "word"),
    [
        (enter("club"), 422, "kind", "示范点"),
        (enter(village="210521100299"), 404, None, "村"),
        (enter(village=None), 422, "village", "村代码"),
        (enter(party="B-1"), 422, "party", "不填组织编号"),
        (enter("weak_organisation", party="B-9"), 404, None, "组织"),
        (enter(place="210522"), 422, "place", PLACE),
        (enter(body="township"), 422, "body", "县"),
        (enter(since=BEGIN + DAY), 422, "since", "列入日期"),
        (enter(since=date(2000, 12, 31)), 422, "since", "列入日期"),
        (enter("demonstration", since=BEGIN.replace(year=2012) - DAY), 422, "since", "届满"),
        (leave(), 404, "village", "没有列入"),
        (withdraw(), 404, "village", "没有列入"),
    ],
)
def test_2_10_what_cannot_be_on_a_list_is_refused(command: Any, status: int, field: str | None, word: str) -> None:
    refused = county().refusal(command)
    assert (refused.status, refused.field) == (status, field) and word in refused.zh


def test_2_10_a_listing_may_be_backdated_repeated_and_is_not_made_twice() -> None:
    here = county()
    early = enter(since=date(2013, 5, 1))
    here.do(early)
    assert here.do(early) == [] and here.refusal(enter()).field == "since"
    here.do(leave())
    refused = here.refusal(enter(since=date(2013, 6, 1)))
    assert str(BEGIN.year) in refused.zh and listing(here).count == 1


def test_2_10_a_mistaken_entry_is_withdrawn_by_a_named_body_and_leaves_nothing() -> None:
    here = county()
    here.do(enter(), enter("demonstration"))
    (gone,) = here.do(withdraw())
    assert (gone.ground, gone.reason, gone.decided_by) == ("mistaken", "误列", "县委")
    assert here.do(withdraw()) == [] and listing(here).spells == ()
    (begun,) = here.do(enter())
    assert begun.spell == 2


def test_2_22_4_9_no_more_demonstration_points_than_the_pack_allows() -> None:
    here = with_other(with_other(county()), id=THIRD)
    here.do(enter("demonstration"), enter("demonstration", OTHER))
    refused = here.refusal(enter("demonstration", THIRD))
    assert refused.rule == "S3:第一项" and "至多2个" in refused.zh
    assert here.do(enter("demonstration")) == []
    here.do(leave("demonstration", OTHER))
    here.do(enter("demonstration", THIRD))
    assert members(here) == (f"demonstration/{VILLAGE}", f"demonstration/{THIRD}")


def test_2_22_4_9_a_term_is_told_before_its_end_begins_anew_or_ends() -> None:
    here = county()
    here.do(enter("demonstration"))
    assert here.until(date(2016, 5, 2)).todo() == []
    (task,) = here.until(date(2016, 5, 3)).tasks
    assert (task.action, task.role, task.due) == ("listings", "organisation", date(2016, 6, 3))
    assert task.answer == {"place": PLACE, "kind": "demonstration", "village": VILLAGE, "body": "organisation"}
    (begun,) = here.do(enter("demonstration", since=date(2016, 5, 3), document="续定"))
    assert (begun.spell, begun.until) == (2, date(2018, 5, 3)) and here.tasks == []
    assert members(here) == (f"demonstration/{VILLAGE}",)
    assert [one.ended for one in listing(here, "demonstration").spells] == [date(2016, 5, 3), None]
    assert here.until(date(2018, 5, 3)).village.listings
    assert listing(here, "demonstration").awaits, "its term is nearly over again"
    assert here.until(date(2018, 5, 4)).village.listings == {} and members(here) == ()
    assert listing(here, "demonstration").spells[-1].ended == date(2018, 5, 3)
    assert not listing(here, "demonstration").awaits


def test_2_22_a_mistaken_renewal_is_withdrawn_and_the_term_before_it_goes_on() -> None:
    here = county()
    here.do(enter("demonstration"))
    here.until(date(2016, 5, 3)).do(enter("demonstration", since=date(2016, 5, 3), document="续定"))
    refused = here.refusal(withdraw("demonstration"))
    assert refused.field == "since" and "2016年5月3日" in refused.zh, "either listing could be meant"
    (event,) = here.do(withdraw("demonstration", since=date(2016, 5, 3)))
    assert (event.restored, event.since, event.until, event.reason) == (True, BEGIN, date(2016, 6, 3), "误列")
    assert [one.since for one in listing(here, "demonstration").spells] == [BEGIN]
    assert here.village.listings[f"demonstration/{VILLAGE}"].until == date(2016, 6, 3)
    assert members(here) == (f"demonstration/{VILLAGE}",)
    assert here.refusal(withdraw("demonstration", since=date(2016, 5, 3))).field == "since", "not a second time"
    (task,) = here.until(date(2016, 5, 4)).tasks
    assert (task.action, task.due) == ("listings", date(2016, 6, 3))
    (renewed,) = here.do(enter("demonstration", since=date(2016, 5, 4), document="续定"))
    assert renewed.spell == 4
    here.until(date(2016, 6, 4))
    (ended,) = here.do(withdraw("demonstration", since=date(2016, 5, 4)))
    assert ended.ground == "mistaken" and here.village.listings == {}, "the term before it is over by now"
    assert [one.ended for one in listing(here, "demonstration").spells] == [date(2016, 6, 3)]


def test_2_22_two_mistaken_renewals_are_withdrawn_one_after_the_other() -> None:
    here = county()
    here.do(enter("demonstration"))
    for day in (date(2016, 5, 3), date(2016, 5, 4)):
        here.until(day).do(enter("demonstration", since=day, document="续定"))
    here.do(withdraw("demonstration", since=date(2016, 5, 4)))
    (event,) = here.do(withdraw("demonstration", since=date(2016, 5, 3)))
    assert (event.since, event.until) == (BEGIN, date(2016, 6, 3)), "the first term goes on"
    assert [one.since for one in listing(here, "demonstration").spells] == [BEGIN]


def test_2_22_who_was_taken_off_and_listed_again_on_a_day_was_not_renewed() -> None:
    here = county()
    here.do(enter("demonstration"), leave("demonstration"), enter("demonstration", document="重新认定"))
    (ended,) = here.do(withdraw("demonstration"))
    assert ended.ground == "mistaken" and [one.document for one in listing(here, "demonstration").spells] == [
        "县委发〔2014〕5号"
    ]


FREE = {**PACK, **LISTS, "lists": [{name: said for name, said in POINT.items() if name != "at_most"}, WEAK]}
OF_COUNTY = {
    "jurisdiction": PLACE,
    "extends": "2105",
    "name": "本溪满族自治县",
    "name_en": "Benxi County",
    "lists": [POINT],
}


@pytest.mark.parametrize("pack", [OF_COUNTY, {**FREE, "lists": [POINT, WEAK]}], ids=["county", "city"])
def test_2_22_4_9_a_quota_counts_what_was_listed_before_it_was_said(pack: dict[str, Any]) -> None:
    here = with_other(with_other(County(FREE).registered()), id=THIRD)
    here.do(enter("demonstration"), enter("demonstration", OTHER))
    later = {**pack, "version": f"{pack['jurisdiction']}-2014.9", "effective_from": date(2014, 7, 1)}
    here.do(c.AdoptPolicy(place=pack["jurisdiction"].ljust(6, "0"), pack=later, adopted_by="县委"))
    here.until(date(2014, 7, 1))
    assert "至多2个" in here.refusal(enter("demonstration", THIRD)).zh
    here.do(leave("demonstration", OTHER), enter("demonstration", THIRD))


def test_2_22_a_new_village_of_a_split_is_on_a_list_only_where_it_has_a_place() -> None:
    here = with_other(county())
    here.do(enter(), enter("demonstration"), enter("demonstration", OTHER))
    told = here.do(SPLIT)
    (omitted,) = of_type(told, r.ListingOmitted)
    assert (omitted.village, omitted.kind, omitted.at_most) == (PART, "demonstration", 2)
    assert [one.listing for one in of_type(told, r.ListingBegun)] == [f"key_village/{PART}"]
    assert len(members(here)) == 2


def test_2_22_of_two_new_villages_the_first_gets_the_last_place() -> None:
    here = county()
    here.do(enter("demonstration"))
    more = c.NewVillage(code="210521100302", name="石门村", township="小市镇", population=100)
    told = here.do(again(SPLIT, parts=(*SPLIT.parts, more)))
    assert [one.village for one in of_type(told, r.ListingBegun)] == [PART]
    assert [one.village for one in of_type(told, r.ListingOmitted)] == ["210521100302"]


def test_2_22_a_county_with_too_few_demonstration_points_is_told_and_may_go_on() -> None:
    here = each_county()
    here.do(enter("demonstration"))
    assert here.until(date(2014, 12, 31)).todo() == []
    here.until(date(2015, 1, 1))
    (short,) = here.world.said(r.ListUnfilled)
    assert (short.place, short.number, short.at_least, short.due) == (PLACE, 1, 2, date(2014, 12, 31))
    (task,) = (one for one in here.tasks if one.action == "listings")
    assert (task.about, task.role, task.detail) == (PLACE, "organisation", "demonstration")
    assert task.answer == {"place": PLACE, "kind": "demonstration", "body": "organisation"}
    here.until(date(2016, 1, 1))
    assert len(here.world.said(r.ListUnfilled)) == 1, "it is told once"
    (_, filled) = here.do(enter("demonstration", OTHER))
    assert isinstance(filled, r.ListFilled) and filled.number == 2
    assert "listings" not in [action for action, _, _ in here.todo()]


def test_2_22_a_county_without_any_is_told_as_well_and_a_village_counts_where_it_lies() -> None:
    here = each_county()
    here.until(date(2015, 1, 1))
    assert [one.number for one in here.world.said(r.ListUnfilled)] == [0]
    here.do(enter("demonstration"), enter("demonstration", OTHER))
    code = "210522" + VILLAGE[6:]
    here.do(c.RecodeVillage(place=CITY, village=VILLAGE, code=code, since=BEGIN, document="3号", decided_by="市政府"))
    here.until(date(2016, 1, 1))
    told = {one.place: one.number for one in here.world.said(r.ListUnfilled)[1:]}
    assert told == {PLACE: 1, "210522": 1}


def test_2_22_a_county_from_an_earlier_version_is_told_from_its_next_listing_on() -> None:
    here = each_county()
    before = here.registry.states[Roster, PLACE]
    assert before is not None
    here.registry.states[Roster, PLACE] = before.but(timers={})
    here.do(enter("demonstration"))
    here.until(date(2015, 1, 1))
    assert [one.number for one in here.world.said(r.ListUnfilled)] == [1]


def test_wish_10_a_village_reads_which_lists_it_is_on_and_how_each_is_left() -> None:
    here = county()
    here.do(enter(), enter("demonstration"), enter("weak_organisation"))
    said = {one.code: one for one in why_not_yet(here.village, here.policy)}
    assert said["key_village"].zh == "本村自2014年6月3日起列入“重点村”名单，由县决定移出"
    assert "至2016年6月3日到期" in said["demonstration"].zh
    assert "组织B-1" in said["weak_organisation"].zh and "“软弱涣散党组织整顿”验收移出" in said["weak_organisation"].zh
    assert [one.mover for one in said.values()] == ["organisation", "county", "county"]
    assert all(one.en for one in said.values())


# ------------------------------------------------------------------ weak organisations


def test_0_6_2_6_a_weak_organisation_is_put_in_order_and_leaves_the_list() -> None:
    here = county()
    (begun,) = here.do(enter("weak_organisation"))
    assert (begun.village, begun.party, begun.subject_id) == (VILLAGE, "B-1", VILLAGE)
    here.do(OPEN)
    assert here.todo() == [("resolution-steps", "township", "2014-1 find")]
    for one in STEPS[:3]:
        here.do(one)
    refused = step("accept_it", "county", agreed=0)
    here.do(refused)
    assert here.todo() == [("resolution-steps", "township", "2014-1 make_plan")], "a refusal leads back to the plan"
    here.do(*STEPS[1:3])
    _taken, _passed, rectified, ended = here.do(STEPS[3])
    assert (rectified.party, rectified.found, rectified.decided_by) == ("B-1", ("chaotic", "rules"), "县委组织部")
    assert (ended.ground, ended.party) == ("rectified", "B-1")
    assert here.village.listings == {} and listing(here, "weak_organisation", "B-1").matter == ""
    assert here.refusal(c.WithdrawStep(**AT, matter="2014-1", step="accept_it", reason="误录", decided_by="县委")).zh


@pytest.mark.parametrize(
    ("command", "field", "word"),
    [
        (again(STEPS[0], codes=()), "codes", "查明的问题"),
        (again(STEPS[0], codes=("lazy",)), "codes", "管理混乱"),
        (again(STEPS[0], body="county"), "body", "乡镇"),
    ],
)
def test_0_6_a_finding_names_the_packs_codes(command: Any, field: str, word: str) -> None:
    here = county()
    here.do(enter("weak_organisation"), OPEN)
    refused = here.refusal(command)
    assert refused.field == field and word in refused.zh
    here.do(STEPS[0])
    assert here.do(STEPS[0]) == [] and here.refusal(again(STEPS[0], codes=("chaotic",))).status == 409
    assert here.refusal(again(STEPS[1], codes=("chaotic",))).field == "codes"


def test_0_6_only_what_is_on_the_list_is_rectified_and_once_at_a_time() -> None:
    here = county()
    refused = here.refusal(OPEN)
    assert refused.field == "party" and "软弱涣散党组织" in refused.zh and "重点村" not in refused.zh
    assert here.refusal(again(OPEN, party=None)).field == "party"
    assert here.refusal(again(OPEN, kind="four_deliberations_one_review")).field == "party"
    here.do(enter("weak_organisation"), OPEN)
    assert here.do(OPEN) == [] and "2014-1" in here.refusal(again(OPEN, matter="2014-2")).zh
    assert "2014-1" in here.refusal(withdraw("weak_organisation")).zh
    assert "整顿" in here.refusal(leave("weak_organisation")).zh
    here.do(c.WithdrawResolution(**AT, matter="2014-1", reason="误录", decided_by="县委"))
    here.do(again(OPEN, matter="2014-2"))
    assert listing(here, "weak_organisation", "B-1").matter == "2014-2"


def test_0_6_a_step_that_was_entered_by_mistake_is_taken_back_while_a_rectification_goes_on() -> None:
    here = county()
    here.do(enter("weak_organisation"), OPEN, STEPS[0])
    before = here.todo()
    here.do(STEPS[1])
    here.do(c.WithdrawStep(**AT, matter="2014-1", step="make_plan", reason="误录", decided_by="县委"))
    assert here.todo() == before == [("resolution-steps", "township", "2014-1 make_plan")]


def test_0_6_a_plan_that_is_refused_ends_the_matter_and_the_organisation_stays_on_the_list() -> None:
    here = county()
    here.do(enter("weak_organisation"), OPEN, STEPS[0], again(STEPS[1], agreed=0))
    assert listing(here, "weak_organisation", "B-1").matter == "" and here.village.listings
    assert here.refusal(c.WithdrawStep(**AT, matter="2014-1", step="make_plan", reason="误录", decided_by="县委")).zh
    here.do(again(OPEN, matter="2014-2"))


def test_2_6_an_organisation_on_a_list_stays_registered_where_it_is() -> None:
    here = county()
    here.do(enter("weak_organisation"))
    gone = c.WithdrawParty(place=PLACE, party="B-1", reason="误录", decided_by="县委")
    assert "软弱涣散党组织" in here.refusal(gone).zh
    moved = c.RegisterParty(
        place=PLACE, party="B-1", kind="branch", parent=f"township:{VILLAGE[:9]}", name="上石村党支部"
    )
    refused = here.refusal(moved)
    assert "软弱涣散党组织" in here.refusal(again(moved, replaces=refused.version)).zh
    here.do(withdraw("weak_organisation"))
    here.correct(moved)
    assert "不直接隶属于村" in here.refusal(enter("weak_organisation")).zh
    here.do(gone)
    assert here.refusal(enter("weak_organisation")).field == "party"


# --------------------------------------------------------------- villages that change


def test_2_10_a_village_on_a_list_is_not_withdrawn() -> None:
    here = county()
    here.do(enter())
    gone = c.WithdrawVillage(**AT, reason="误录", decided_by="县委")
    assert "重点村" in here.refusal(gone).zh
    here.do(withdraw())
    here.do(c.WithdrawParty(place=PLACE, party="B-1", reason="误录", decided_by="县委"))
    here.do(gone)
    assert here.refusal(enter()).zh


def test_2_10_what_a_merged_village_had_goes_on_in_the_one_that_remains() -> None:
    here = with_other(county())
    branch = c.RegisterParty(place=PLACE, party="B-2", kind="branch", parent=f"village:{OTHER}", name="下石村党支部")
    here.do(branch, enter(), enter("demonstration", OTHER), enter(village=OTHER))
    here.do(enter("weak_organisation", party="B-2"))
    told = here.do(MERGE)
    ended, begun = of_type(told, r.ListingEnded), of_type(told, r.ListingBegun)
    assert {(one.listing, one.ground, one.into) for one in ended} == {
        (f"demonstration/{OTHER}", "merged", VILLAGE),
        (f"key_village/{OTHER}", "merged", VILLAGE),
        ("weak_organisation/B-2", "merged", VILLAGE),
    }
    assert {(one.listing, one.village) for one in begun} == {
        (f"demonstration/{VILLAGE}", VILLAGE),
        ("weak_organisation/B-2", VILLAGE),
    }
    assert {*here.village.listings} == {f"demonstration/{VILLAGE}", f"key_village/{VILLAGE}", "weak_organisation/B-2"}
    assert members(here) == (f"demonstration/{VILLAGE}",)
    assert here.world.state("registry", Village, OTHER).listings == {}
    assert [type(one) for one in told].index(r.ListingEnded) < [type(one) for one in told].index(r.VillageMerged)


def test_2_10_a_merged_villages_organisation_is_listed_where_it_belongs_by_now() -> None:
    here = with_other(county())
    branch = c.RegisterParty(place=PLACE, party="B-2", kind="branch", parent=f"village:{OTHER}", name="下石村党支部")
    here.do(branch)
    forgotten = with_other(county())
    forgotten.do(branch)
    forgotten.registry.states[Register, OTHER] = forgotten.world.state("registry", Register, OTHER).but(parties=())
    (moved,) = of_type(here.do(MERGE), r.PartyRegistered)
    assert (moved.party, moved.former, moved.parent) == ("B-2", f"village:{OTHER}", f"village:{VILLAGE}")
    (begun,) = here.do(enter("weak_organisation", party="B-2"))
    assert begun.village == VILLAGE
    # What was registered before villages knew their organisations stayed behind, until it is corrected.
    forgotten.do(MERGE)
    refused = forgotten.refusal(enter("weak_organisation", party="B-2"))
    assert refused.field == "party" and f"已并入村{VILLAGE}" in refused.zh
    forgotten.correct(again(branch, parent=f"village:{VILLAGE}"))
    (begun,) = forgotten.do(enter("weak_organisation", party="B-2"))
    assert begun.village == VILLAGE


def test_2_22_the_term_of_a_merged_villages_organisation_begins_anew_where_it_went() -> None:
    point = {**POINT, "of": "branch"}
    here = with_other(County({**PACK, **LISTS, "lists": [point, WEAK]}).registered())
    here.do(c.RegisterParty(place=PLACE, party="B-2", kind="branch", parent=f"village:{OTHER}", name="下石村党支部"))
    listed = enter("demonstration", village=None, party="B-2")
    here.do(listed, MERGE)
    (begun,) = here.until(date(2016, 5, 3)).do(again(listed, since=date(2016, 5, 3), document="续定"))
    assert begun.village == VILLAGE and [*here.village.listings] == ["demonstration/B-2"]


def test_3_3_a_cadre_serves_for_a_list_until_the_team_has_gone_home() -> None:
    here = county()
    here.do(enter(), UNIT, CADRE)
    here.hear(assigned(0))
    here.do(leave())
    gone = c.WithdrawCadre(place=CITY, cadre="C1", reason="调离", decided_by="市委组织部")
    assert VILLAGE in here.refusal(gone).zh, "the team is kept for its handing over"
    here.hear(RELEASED)
    assert here.do(gone)


def test_2_10_what_is_on_a_list_that_a_later_pack_drops_can_be_taken_off() -> None:
    here = with_other(county())
    here.do(enter(), enter(village=OTHER), enter("weak_organisation"), OPEN)
    later = {**PACK, **LISTS, "lists": [POINT], "version": "2105-2014.9", "effective_from": date(2014, 7, 1)}
    here.do(c.AdoptPolicy(place=CITY, pack={**later, "procedures": PACK["procedures"]}, adopted_by="市委"))
    here.until(date(2014, 7, 1))
    assert here.refusal(leave(place="210522")).field == "place" and here.refusal(enter()).field == "kind"
    [told, _] = why_not_yet(here.village, here.policy)
    assert (told.code, told.zh) == (
        "unlistings",
        "本村自2014年6月3日起列入的名单本地规定已不再列明（代码“key_village”），请予移出",
    )
    (ended,) = here.do(leave(body="township"))
    assert ended.ground == "decided" and here.refusal(leave()).field == "kind"
    (ended,) = here.do(withdraw(village=OTHER))
    assert ended.ground == "mistaken"
    assert "2014-1" in here.refusal(withdraw("weak_organisation")).zh
    here.do(*STEPS, leave("weak_organisation"))
    assert here.village.listings == {}


def test_2_10_a_new_village_of_a_split_is_on_the_lists_of_the_old_one_and_its_branch_stays_there() -> None:
    here = county()
    here.do(enter("demonstration"), enter("weak_organisation"))
    (begun,) = of_type(here.do(SPLIT), r.ListingBegun)
    assert (begun.listing, begun.until) == (f"demonstration/{PART}", date(2016, 6, 3))
    assert {*here.village.listings} == {f"demonstration/{VILLAGE}", "weak_organisation/B-1"}


def test_2_10_a_listing_goes_along_to_the_county_of_a_new_code() -> None:
    here = county()
    here.do(enter(), enter("weak_organisation"))
    code = "210522" + VILLAGE[6:]
    here.do(
        c.RecodeVillage(place=CITY, village=VILLAGE, code=code, since=BEGIN, document="民发3号", decided_by="市政府")
    )
    assert {listing(here).place, listing(here, "weak_organisation", "B-1").place} == {"210522"}
    assert here.refusal(leave()).field == "place"
    (ended,) = here.do(leave(place="210522", village=code))
    assert (ended.place, ended.village) == ("210522", VILLAGE) and [*here.village.listings] == ["weak_organisation/B-1"]


# ---------------------------------------------------------------------------- the pack


def test_2_10_where_there_is_no_poverty_list_no_village_enters_it() -> None:
    here = County({**PACK, **LISTS, "listing": {**PACK["listing"], "poverty_list": False}})
    village = c.RegisterVillage(**AT, name="上石村", township="小市镇", population=1000, listed=True)
    refused = here.refusal(village)
    assert (refused.status, refused.field) == (422, "listed") and "重点村" in refused.zh
    here.do(again(village, listed=False))
    here.do(enter())


def test_2_22_places_on_a_list_are_not_counted_for_the_whole_country() -> None:
    wide = PACK | {"lists": [POINT], "outcomes": [], "jurisdiction": "00", "version": "00-2014.1"}
    titles = {key: {"title": "某文件", "jurisdiction": "00"} for key in PACK["documents"]}
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**wide, "documents": titles})
    assert [fault.path for fault in refused.value.faults] == [("lists", 0, "at_most")]


def without(entry: dict[str, Any], *fields: str, **said: Any) -> dict[str, Any]:
    return {name: value for name, value in {**entry, **said}.items() if name not in fields}


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"lists": [KEY, KEY]}, ("lists", 1)),
        ({"lists": [{**KEY, "kind": "poverty"}]}, ("lists", 0, "kind")),
        ({"lists": [{**KEY, "kind": "branch"}]}, ("lists", 0, "kind")),
        ({"lists": [{**KEY, "of": "club"}]}, ("lists", 0, "of")),
        ({"lists": [{**KEY, "rule": "S9:1"}]}, ("lists", 0, "rule")),
        ({"lists": [{**KEY, "by": "village"}]}, ("lists", 0, "by")),
        ({"lists": [{**KEY, "unlisted_by": "team"}]}, ("lists", 0, "unlisted_by")),
        ({"lists": [without(KEY, "unlisted_by")]}, ("lists", 0, "unlisted_by")),
        ({"lists": [{**WEAK, "unlisted_by": "county"}]}, ("lists", 0, "unlisted_by")),
        ({"lists": [{**WEAK, "leaves_by": "exit"}]}, ("lists", 0, "leaves_by")),
        ({"lists": [{**WEAK, "of": "village"}]}, ("lists", 0, "leaves_by")),
        ({"lists": [{**KEY, "at_most": 0}]}, ("lists", 0, "at_most")),
        ({"lists": [{**EACH, "at_most": 1}]}, ("lists", 0, "each_county", "at_least")),
        (
            {"lists": [{**EACH, "each_county": {"at_least": 0, "by": {"month": 12, "day": 31}}}]},
            ("lists", 0, "each_county", "at_least"),
        ),
        ({"lists": [{**KEY, "needs": ["helper"]}]}, ("lists", 0, "needs", 0)),
        ({"lists": [without(KEY, "problem_class")]}, ("lists", 0, "problem_class")),
        ({"lists": [{**KEY, "problem_class": "poor"}]}, ("lists", 0, "problem_class")),
        ({"lists": [{**POINT, "problem_class": "weak_governance"}]}, ("lists", 0, "problem_class")),
        ({"lists": [without(POINT, "remind")]}, ("lists", 0, "remind")),
        ({"lists": [without(POINT, "term")]}, ("lists", 0, "term")),
        ({"lists": [{**POINT, "remind": {"years": 2}}]}, ("lists", 0, "remind")),
        ({"lists": [{**POINT, "remind": {"months": 24}}]}, ("lists", 0, "remind")),
        ({"lists": [{**POINT, "remind": {"calendar_days": 731}}]}, ("lists", 0, "remind")),
        ({"lists": [{**POINT, "term": {"working_days": 9}}]}, ("lists", 0, "term")),
        ({"parties": [{**BRANCH, "personal": True}]}, ("lists", 2, "of")),
        ({"parties": [{**BRANCH, "parents": ["county"]}]}, ("lists", 2, "of")),
        ({"lists": []}, ("procedures", len(PACK["procedures"]), "effect")),
    ],
)
def test_2_10_a_list_that_contradicts_itself_is_refused_when_the_pack_is_checked(
    said: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    parse_pack({**PACK, **LISTS})
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, **LISTS, **said})
    assert path in [fault.path for fault in refused.value.faults]
    assert all(fault.zh and fault.en for fault in refused.value.faults)


@pytest.mark.parametrize(
    "steps",
    [
        RECTIFICATION["steps"][1:],
        RECTIFICATION["steps"][:3],
        [without(RECTIFICATION["steps"][0], "codes"), *RECTIFICATION["steps"][1:]],
        [*RECTIFICATION["steps"][:3], without(RECTIFICATION["steps"][3], "on_refusal")],
        [*RECTIFICATION["steps"][:3], {**RECTIFICATION["steps"][3], "by": "village"}],
    ],
)
def test_0_6_a_rectification_without_its_steps_is_refused(steps: list[dict[str, Any]]) -> None:
    changed = [*PACK["procedures"], {**RECTIFICATION, "steps": steps}]
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, **LISTS, "procedures": changed})
    assert ("procedures", len(changed) - 1, "steps") in [fault.path for fault in refused.value.faults]


# ------------------------------------------------------------ proposed by a ranking

NAMED: dict[str, Any] = {"place": PLACE, "ranking": "2105/review/2014", "kind": "weak_organisation", "party": "B-1"}
PROPOSED, DROPPED = i.EntryProposed(**NAMED, score=41.5), i.EntryDropped(**NAMED)


def asked(here: County) -> list[tuple[str, str]]:
    return [(task.role, str(task.answer["party"])) for task in here.tasks if task.action == "listings"]


def test_2_6_who_keeps_the_list_is_asked_about_what_a_ranking_proposes_until_it_is_listed() -> None:
    here = county()
    here.hear(PROPOSED, PROPOSED)
    assert asked(here) == [("organisation", "B-1")] and listing(here, "weak_organisation", "B-1").status == "proposed"
    (begun,) = of_type(here.do(enter("weak_organisation")), r.ListingBegun)
    assert (begun.party, begun.village, begun.spell) == ("B-1", VILLAGE, 1)
    assert asked(here) == []
    here.hear(PROPOSED)
    assert asked(here) == [], "it is on the list already"


def test_2_6_a_proposal_is_declined_with_a_reason_or_ends_with_its_ranking() -> None:
    here = county()
    here.hear(PROPOSED)
    (declined,) = here.do(withdraw("weak_organisation", reason="已另行整顿"))
    assert (type(declined), declined.party, declined.reason) == (r.EntryDeclined, "B-1", "已另行整顿")
    assert asked(here) == [] and here.do(withdraw("weak_organisation")) == []
    here.hear(PROPOSED)
    here.hear(i.EntryDropped(**{**NAMED, "ranking": "2105/review/2013"}))
    assert asked(here) == [("organisation", "B-1")], "another ranking proposed it"
    here.hear(DROPPED)
    assert asked(here) == []
    here.hear(i.EntryDropped(**{**NAMED, "party": "B-9"}))


def test_2_6_what_is_proposed_leaves_the_list_as_anything_else_does_and_can_be_proposed_again() -> None:
    here = county()
    here.hear(PROPOSED)
    here.do(enter("weak_organisation"))
    here.do(withdraw("weak_organisation"))
    here.hear(PROPOSED)
    assert asked(here) == [("organisation", "B-1")]


GONE: dict[str, tuple[Any, ...]] = {
    "withdrawn": (c.WithdrawParty(place=PLACE, party="B-1", reason="误录", decided_by="县委"),),
    "merged": (
        c.RegisterParty(place=PLACE, party="B-2", kind="branch", parent=f"village:{VILLAGE}", name="上石村支部"),
        c.MergeParty(place=PLACE, party="B-1", into="B-2", reason="重复登记", decided_by="县委"),
    ),
}


@pytest.mark.parametrize("how", GONE)
def test_2_6_nobody_is_asked_about_an_organisation_that_is_no_more(how: str) -> None:
    here = county()
    here.hear(PROPOSED)
    here.do(*GONE[how])
    assert asked(here) == []


def test_2_6_nobody_is_asked_about_a_village_that_was_merged() -> None:
    here = with_other(county())
    here.hear(i.EntryProposed(place=PLACE, ranking="2105/review/2014", kind="key_village", village=OTHER, score=41.5))
    assert [task.about for task in here.tasks if task.action == "listings"] == [OTHER]
    here.do(MERGE)
    assert [task.about for task in here.tasks if task.action == "listings"] == []


def test_2_6_what_is_proposed_is_asked_about_where_it_lies_by_now() -> None:
    here = county()
    here.hear(
        PROPOSED, i.EntryProposed(place=PLACE, ranking="2105/review/2014", kind="key_village", village=VILLAGE, score=9)
    )
    code = "210522" + VILLAGE[6:]
    here.do(
        c.RecodeVillage(place="210500", village=VILLAGE, code=code, since=BEGIN, document="3号", decided_by="市政府")
    )
    places = {task.about: task.answer["place"] for task in here.tasks if task.action == "listings"}
    assert places == {VILLAGE: "210522", "B-1": "210522"}


def test_2_22_a_list_that_asks_for_a_number_no_more_says_nothing_of_it() -> None:
    here = each_county()
    here.until(date(2015, 1, 1))
    (short,) = here.world.said(r.ListUnfilled)
    assert (short.kind, short.number) == ("demonstration", 0)
    kept = {key: value for key, value in EACH.items() if key != "each_county"}
    later = {**PACK, **LISTS, "lists": [kept, WEAK], "version": "2105-2015.1", "effective_from": date(2015, 1, 2)}
    here.do(c.AdoptPolicy(place=CITY, pack=later, adopted_by="市委"))
    here.until(date(2015, 1, 2)).do(enter("demonstration", since=date(2015, 1, 2)))
    here.do(enter("demonstration", OTHER, since=date(2015, 1, 2)))
    assert here.world.said(r.ListFilled) == []


@pytest.mark.parametrize(("kind", "named"), [("key_village", (VILLAGE, None)), ("weak_organisation", (VILLAGE, "B-1"))])
def test_2_10_events_of_a_listing_name_whom_it_is_about_and_nobody_else(kind: str, named: Any) -> None:
    here = county()
    (begun,) = here.do(enter(kind))
    assert (begun.village, begun.party) == named
    (ended,) = here.do(withdraw(kind))
    assert (ended.village, ended.party) == named


def test_0_6_what_was_listed_by_mistake_is_not_rectified() -> None:
    here = county()
    here.do(enter("weak_organisation"), withdraw("weak_organisation"))
    assert here.refusal(OPEN).field == "party"


def test_2_22_what_was_listed_without_a_term_is_never_asked_about_its_end() -> None:
    """Also where the pack gives terms by the day on which it goes on in another village."""
    plain = {key: value for key, value in POINT.items() if key not in ("term", "remind")}
    here = with_other(County({**PACK, **LISTS, "lists": [plain, WEAK]}).registered())
    here.do(enter("demonstration", OTHER))
    later = {**PACK, **LISTS, "lists": [POINT, WEAK], "version": "2105-2014.9", "effective_from": BEGIN + DAY}
    here.do(c.AdoptPolicy(place=CITY, pack=later, adopted_by="市委"))
    here.until(BEGIN + DAY).do(again(MERGE, since=BEGIN + DAY))
    assert listing(here, "demonstration").last and listing(here, "demonstration").timers == {}
