"""Cadres who are bound to a party: deputies of townships that have much to do (挂任, 0.5)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.model.bonds import Bearer, Posts
from services.dispatch.model.commands import ReportDeparture
from services.dispatch.model.pool import Pool
from services.dispatch.model.posts import counts
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import (
    PostBegun,
    PostDeadlineMoved,
    PostEnded,
    PostFilled,
    PostOverdue,
)
from shared.contracts.registry import CadreWithdrawn, PartyMerged, PartyWithdrawn
from shared.labels import sentence
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.links import Contact
from shared.policy.shipped import shipped
from shared.rules import Refused
from tests.dispatch.benxi import HOME, PACK, START, V1, Benxi, cadre, diagnosed, own_pack, recalled, squad, unit
from tests.dispatch.posted import DEPUTY, G1, G2, GROUP, HARD, SAID, begin, county, end, group, hard, no_longer

DAY = timedelta(1)
LAST = date(2016, 6, 20)
"""The last day of a term of two years."""


def posted(benxi: Benxi, party: str = G1) -> set[str]:
    """The cadres who are posted to a party. What each cadre's own state and the pool say must agree."""
    state = benxi.dispatch.states[Posts, party]
    assert isinstance(state, Posts)
    there = {*state.bound("deputy")}
    kept = [one for one in benxi.dispatch.states.values() if isinstance(one, Bearer)]
    assert {one.id for one in kept if party in one.villages.get("deputy", {})} == there
    assert {id for id, at in benxi.pool.bound.get("deputy", {}).items() if party in at} == there
    return there


def test_0_5_a_township_with_much_to_do_gets_a_young_reserve_cadre_as_deputy() -> None:
    benxi = county()
    (task,) = benxi.tasks("posts")
    assert (task.about, task.role, task.due, task.detail) == (G1, "organisation", START + 30 * DAY, "deputy")
    assert task.answer == {"place": HOME, "party": G1, "kind": "deputy", "body": "organisation"}
    begin(benxi)
    begin(benxi)
    assert benxi.said(PostBegun) == [
        PostBegun(place=HOME, party=G1, kind="deputy", unit="U1", cadre="Y1", post="secretary", until=LAST,
                  decided_by="县委组织部"),
    ]  # fmt: skip
    zh, en = sentence(benxi.said(PostBegun)[0], benxi.policy, {})
    assert zh == "县委组织部确定U1的Y1到BZ-100：挂任乡镇领导，任副书记，任期至2016年6月20日"
    assert "bound Y1 of U1 to BZ-100" in en
    assert posted(benxi) == {"Y1"} and not benxi.tasks("posts") and "Y1" not in benxi.free


@pytest.mark.parametrize(
    ("given", "status", "zh", "en"),
    [
        ({"kind": "contact"}, 422, "可填：挂任乡镇领导", "its kinds are: deputy"),
        ({"body": "county"}, 422, "组织部门办理", "a matter of the organisation department"),
        ({"party": "BZ-999"}, 404, "不存在", "does not exist"),
        ({"place": "210500"}, 422, "属于区划", "belongs to division"),
        ({"party": G2}, 409, "不在需要“挂任乡镇领导”的名单上", "is on no list that needs a deputy"),
        ({"cadre": "Y9"}, 422, "不是单位U1登记的干部", "not registered as a cadre of U1"),
        ({"cadre": "C-U1-1"}, 422, "不是后备干部", "is no reserve cadre"),
        ({"cadre": "O"}, 422, "已满40周岁", "is 40 or older"),
        ({"post": None}, 422, "须填职务，可填：副书记、副乡长", "it names a post: secretary, head"),
        ({"post": "chief"}, 422, "没有这项职务", "does not have chief"),
    ],
)
def test_0_5_a_deputy_who_does_not_fit_is_refused(given: dict[str, Any], status: int, zh: str, en: str) -> None:
    benxi = county()
    benxi.hear(cadre("O", "U1", "section", reserve=True, born_on=date(1974, 6, 20)))
    with pytest.raises(Refused, match=en) as refused:
        begin(benxi, **given)
    assert refused.value.status == status and zh in refused.value.zh
    assert not posted(benxi)


def test_0_5_whether_somebody_is_in_the_reserve_is_asked_for_where_nobody_recorded_it() -> None:
    benxi = county()
    unknown = cadre("N", "U1", "section", born_on=date(1985, 3, 1), unrecorded=("reserve",))
    benxi.hear(unknown)
    with pytest.raises(Refused, match="no entry that says whether in the reserve") as refused:
        begin(benxi, "N")
    assert "未登记是否后备干部" in refused.value.zh and "不是后备干部" not in refused.value.zh
    benxi.hear(cadre("N", "U1", "section", born_on=date(1985, 3, 1), reserve=True))
    begin(benxi, "N")
    benxi.hear(unknown)
    assert posted(benxi) == {"N"}, "what is asked when it begins ends nothing later"


def test_0_5_who_is_forty_tomorrow_is_still_young_enough() -> None:
    benxi = county()
    benxi.hear(cadre("O", "U1", "section", reserve=True, born_on=date(1974, 6, 21)))
    begin(benxi, "O")
    assert posted(benxi) == {"O"}


def test_0_5_a_township_and_a_deputy_have_no_more_than_the_pack_allows() -> None:
    benxi = county()
    benxi.hear(hard(G2), cadre("Y3", "U1", "section", reserve=True, born_on=date(1985, 3, 1)))
    begin(benxi)
    with pytest.raises(Refused, match="is bound there for another post; end that first") as other:
        begin(benxi, post="head")
    assert other.value.field == "post" and "已按另一职务确定" in other.value.zh
    with pytest.raises(Refused, match="is out in a village, under a recall or away"):
        begin(benxi, party=G2)
    begin(benxi, "Y2", post="head")
    with pytest.raises(Refused, match="2 at most"):
        begin(benxi, "Y3")


def test_0_5_without_a_deputy_in_time_it_is_told_until_one_is_there() -> None:
    benxi = county()
    benxi.until(START + 32 * DAY)
    due = START + 30 * DAY
    assert benxi.said(PostOverdue) == [
        PostOverdue(place=HOME, party=G1, kind="deputy", missing=1, due=due, owed_by="organisation")
    ]
    begin(benxi)
    assert benxi.said(PostFilled) == [PostFilled(place=HOME, party=G1, kind="deputy")]


def test_0_5_a_deputy_who_is_recalled_is_replaced() -> None:
    benxi = county()
    begin(benxi)
    with pytest.raises(Refused, match="a matter of the organisation department"):
        end(benxi, body="county")
    end(benxi)
    with pytest.raises(Refused, match="is not bound to the party now"):
        end(benxi)
    assert [(said.cadre, said.ground) for said in benxi.said(PostEnded)] == [("Y1", "decided")]
    assert not posted(benxi) and "Y1" in benxi.free and len(benxi.tasks("posts")) == 1
    begin(benxi, "Y2")
    assert posted(benxi) == {"Y2"} and not benxi.tasks("posts")


def test_0_5_a_term_ends_by_itself_and_the_place_is_open_anew() -> None:
    benxi = county()
    begin(benxi)
    benxi.until(LAST)
    assert posted(benxi) == {"Y1"}, "the last day of the term counts"
    benxi.until(LAST + DAY)
    assert [(said.cadre, said.ground) for said in benxi.said(PostEnded)] == [("Y1", "term")]
    (task,) = benxi.tasks("posts")
    assert task.due == LAST + 31 * DAY and "Y1" in benxi.free
    begin(benxi)
    assert posted(benxi) == {"Y1"}, "a second term is another decision"


def test_0_5_with_the_list_the_posting_ends() -> None:
    benxi = county()
    begin(benxi)
    benxi.hear(no_longer())
    assert [(said.cadre, said.ground) for said in benxi.said(PostEnded)] == [("Y1", "list_ended")]
    assert not posted(benxi) and not benxi.tasks("posts") and "Y1" in benxi.free


def test_0_5_1_4_who_is_posted_is_in_no_team_and_the_other_way_round() -> None:
    benxi = county()
    begin(benxi)
    benxi.hear(diagnosed(V1))
    benxi.solve()
    benxi.assign()
    assert "Y1" not in benxi.pool.teams[V1].members
    member = next(iter(benxi.pool.teams[V1].members))
    benxi.hear(cadre(member, "U1", "section", reserve=True, born_on=date(1985, 3, 1)))
    with pytest.raises(Refused, match="is out in a village") as refused:
        begin(benxi, member)
    assert refused.value.field == "cadre"
    left = next(id for id, role in benxi.pool.teams[V1].members.items() if role == "member" and id != member)
    benxi.send(ReportDeparture, cadre=left, cause="transferred")
    with pytest.raises(Refused, match="out in a village"):
        benxi.replace(left, "Y1")


def test_0_5_2_20_who_is_under_a_recall_is_posted_nowhere() -> None:
    benxi = county()
    benxi.hear(recalled("Y1", V1))
    with pytest.raises(Refused, match="under a recall"):
        begin(benxi)


@pytest.mark.parametrize(
    ("event", "ground"),
    [
        (CadreWithdrawn(place="210500", cadre="Y1", unit="U1", reason="去世", decided_by="市委组织部"), "disqualified"),
        (PartyWithdrawn(place=HOME, party=G1, kind="group", parent="township:210521100", reason="撤乡",
                        decided_by="县政府"), "dissolved"),
        (PartyMerged(place=HOME, party=G1, into=G2, kind="group", parent="township:210521100", reason="重复登记",
                     decided_by="县政府"), "duplicate"),
    ],
)  # fmt: skip
def test_0_5_what_happens_to_cadre_or_township_ends_the_posting(event: Any, ground: str) -> None:
    benxi = county()
    begin(benxi)
    benxi.hear(event)
    assert [(said.cadre, said.ground) for said in benxi.said(PostEnded)] == [("Y1", ground)]
    assert not posted(benxi)
    if ground != "disqualified":
        assert not benxi.tasks("posts")
        with pytest.raises(Refused, match="was withdrawn"):
            begin(benxi, "Y2")


def test_0_5_a_cadre_who_is_no_reserve_cadre_any_more_stays_at_the_post() -> None:
    benxi = county()
    begin(benxi)
    benxi.hear(cadre("Y1", "U1", "section", reserve=False, born_on=date(1985, 3, 1)))
    assert posted(benxi) == {"Y1"} and not benxi.said(PostEnded)


def test_0_5_a_township_that_was_registered_before_the_pack_asked_gets_deputies() -> None:
    benxi = Benxi(parties=[GROUP])
    benxi.hear(unit("U1"), *squad("U1", reserve=True, born_on=date(1985, 3, 1)), group())
    benxi.adopt(**SAID)
    with pytest.raises(Refused, match="is on no list that needs a deputy"):
        begin(benxi, "C-U1-0")
    benxi.hear(hard())
    begin(benxi, "C-U1-0")
    assert posted(benxi) == {"C-U1-0"}


def test_0_5_a_pack_may_ask_for_somebody_from_the_registration_on() -> None:
    always = {**DEPUTY, "begin_by": {"after": "registry.party.registered", "within": {"calendar_days": 10}}}
    benxi = county(links=[*PACK["links"], always], lists=[])
    assert [(task.about, task.due) for task in benxi.tasks("posts")] == [(G1, START + 10 * DAY), (G2, START + 10 * DAY)]
    begin(benxi)
    benxi.hear(
        PartyWithdrawn(
            place=HOME, party=G2, kind="group", parent="township:210521100", reason="撤乡", decided_by="县政府"
        )
    )
    assert not benxi.tasks("posts")
    benxi.hear(group(G2, name="高官镇领导班子"))
    assert [task.about for task in benxi.tasks("posts")] == [G2], "registered again, it needs somebody again"


def test_0_5_in_a_county_with_a_pool_of_its_own_as_well() -> None:
    benxi = Benxi(**SAID)
    own_pack(benxi, **SAID)
    young: dict[str, Any] = {"reserve": True, "born_on": date(1985, 3, 1)}
    benxi.hear(unit("U3", level="county", place=HOME), *squad("U3", place=HOME, **young), group(), hard())
    begin(benxi, "C-U3-1", unit="U3")
    assert benxi.dispatch.states[Pool, HOME].bound == {"deputy": {"C-U3-1": (G1,)}}  # type: ignore[attr-defined]
    end(benxi, "C-U3-1")
    assert benxi.dispatch.states[Pool, HOME].bound == {}  # type: ignore[attr-defined]


def test_0_5_announced_holidays_move_the_last_day() -> None:
    working = {**DEPUTY, "begin_by": {"after": "registry.listing.begun", "within": {"working_days": 5}}}
    benxi = county(links=[*PACK["links"], working])
    (task,) = benxi.tasks("posts")
    assert task.due == date(2014, 6, 27)
    notice = HolidaysAnnounced(
        place="000000",
        notice="2014",
        year=2014,
        document="国办发明电",
        off=(date(2014, 6, 26),),
        worked=(),
        announced_by="国务院办公厅",
    )
    benxi.world.announce(notice)
    (moved,) = benxi.said(PostDeadlineMoved)
    assert (moved.party, moved.due) == (G1, date(2014, 6, 30))


def test_0_5_deputies_and_townships_are_counted() -> None:
    benxi = county()
    begin(benxi)
    benxi.hear(hard(G2))
    (count,) = counts((one for one in benxi.dispatch.states.values() if isinstance(one, Posts)), benxi.policy)
    assert (count.kind, count.label, count.cadres, count.parties, count.missing) == ("deputy", "挂任乡镇领导", 1, 1, 1)


@pytest.mark.parametrize(
    ("wrong", "zh", "en"),
    [
        ({"at": None}, "应写明到哪一类组织", "names the kind of party"),
        ({"at": "firm"}, "可填：“group”", "leads: group"),
        ({"ends": "delisted"}, "组织没有出列", "no party leaves the list"),
        ({"skills": {"tea": "茶叶"}}, "只有联系村的可以写", "only a link with to = 'village' can say this"),
        ({"quota_on": {"month": 12, "day": 31}}, "只有联系户的可以写", "only a link with to = 'household'"),
        ({"each_bearer": {"at_most": 2}}, "脱产的只能在一处", "in one village"),
        (
            {"begin_by": {"after": "registry.village.diagnosed", "within": {"months": 1}}},
            "应自“registry.party.registered”",
            "counted from registry.party.registered",
        ),
        ({"to": "village"}, "只有到组织任职的可以写", "only a link with to = 'party' can say this"),
    ],
)
def test_0_5_what_no_posting_can_be_is_refused(wrong: dict[str, Any], zh: str, en: str) -> None:
    link = {name: value for name, value in {**DEPUTY, **wrong}.items() if value is not None}
    with pytest.raises(PolicyInvalid) as invalid:
        parse_pack({**PACK, **SAID, "links": [*PACK["links"], link]})
    assert any(zh in fault.zh and en in fault.en for fault in invalid.value.faults), invalid.value.faults


def test_0_5_a_list_of_villages_needs_no_deputies() -> None:
    with pytest.raises(PolicyInvalid, match="deputy among the links to villages, or to what is listed"):
        parse_pack({**PACK, **SAID, "lists": [{**HARD, "of": "village"}]})


def test_0_5_in_jalaid_townships_with_much_to_do_get_deputies() -> None:
    jalaid = shipped("jalaid")
    link = jalaid.posts["township_deputy"]
    listed = jalaid.list_kind("hard_township")
    assert isinstance(link, Contact) and link.reserve and link.full_time
    assert listed and "township_deputy" in listed.needs


def test_2_13_in_zunyi_reserve_cadres_go_to_the_townships_that_have_not_left() -> None:
    zunyi = shipped("zunyi")
    link, listed = zunyi.posts["township_reserve"], zunyi.list_kind("poor_township")
    assert (
        isinstance(link, Contact)
        and link.reserve
        and link.full_time
        and listed
        and listed.needs == ("township_reserve",)
    )


def test_2_13_a_reserve_cadre_is_at_the_post_until_the_township_is_off_the_list() -> None:
    until_then = {name: said for name, said in DEPUTY.items() if name not in ("term", "posts", "younger_than")}
    benxi = county(links=[*PACK["links"], until_then])
    begin(benxi, post=None)
    benxi.until(date(2017, 6, 20))
    assert posted(benxi) == {"Y1"}, "no term ends it before"
    benxi.hear(no_longer())
    assert not posted(benxi) and "Y1" in benxi.free


@pytest.mark.parametrize("full_time", [True, False])
def test_0_5_a_cadre_whose_unit_is_left_out_is_refused(full_time: bool) -> None:
    benxi = county(links=[*PACK["links"], {**DEPUTY, "full_time": full_time}])
    with pytest.raises(Refused, match="names the unit with which Y1 is registered") as refused:
        begin(benxi, unit=None)
    assert (refused.value.field, refused.value.status) == ("unit", 422) and "须填Y1登记时所属的单位" in refused.value.zh


def test_0_5_a_post_leads_to_one_kind_of_party_alone() -> None:
    station: dict[str, Any] = {"kind": "station", "label": "工作站", "parents": ["township"]}
    guide = {**DEPUTY, "kind": "guide", "label": "指导员", "at": "station", "each_target": {"at_most": 2}}
    del guide["begin_by"]
    benxi = county(links=[*SAID["links"], guide], parties=[*SAID["parties"], station])
    benxi.hear(group("BZ-200", kind="station"))
    with pytest.raises(Refused, match="BZ-200 is no group; check its id") as refused:
        begin(benxi, party="BZ-200")
    assert (refused.value.field, refused.value.status) == ("party", 422)
    begin(benxi, party="BZ-200", kind="guide")
    assert benxi.said(PostBegun)[-1].party == "BZ-200"


def test_0_5_what_nobody_must_fill_begins_while_the_township_is_there_and_no_longer() -> None:
    free = {field: said for field, said in DEPUTY.items() if field not in ("begin_by", "each_target")}
    benxi = county(links=[*PACK["links"], {**free, "each_target": {"at_most": 2}}], lists=[])
    begin(benxi)
    assert posted(benxi) == {"Y1"} and not benxi.tasks("posts")
    benxi.hear(
        PartyWithdrawn(
            place=HOME, party=G1, kind="group", parent="township:210521100", reason="撤乡", decided_by="县政府"
        )
    )
    with pytest.raises(Refused):
        begin(benxi, "Y2", post="head")
    assert not posted(benxi)


def test_0_5_whoever_reads_sees_who_is_posted_and_until_when() -> None:
    benxi = county()
    begin(benxi)
    state = benxi.dispatch.states[Posts, G1]
    assert isinstance(state, Posts) and "terms" in state.timers and state.shown() == state


@pytest.mark.parametrize("body", [{"place": "210500"}, {"party": "BZ-999"}])
def test_0_5_a_refusal_speaks_of_an_organisation(body: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        begin(county(), **body)
    assert refused.value.zh.startswith("组织“") and refused.value.en.startswith("party ")
