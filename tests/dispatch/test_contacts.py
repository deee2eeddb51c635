"""Cadres who are bound to a village without a team, as a leader to a contact point (联系点, 4.2)."""

from datetime import date, timedelta
from importlib import import_module
from typing import Any

import msgspec
import pytest

from services.dispatch.model.bonds import Bearer, Contacts
from services.dispatch.model.commands import BeginLink, EndLink
from shared.contracts import Command, Event
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import DeadlineMoved, LinkBegun, LinkEnded
from shared.contracts.registry import (
    CadreRegistered,
    CadreWithdrawn,
    DiagnosisWithdrawn,
    PolicyAdopted,
    VillageRecoded,
    VillageWithdrawn,
)
from shared.labels import said
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
    V3,
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
from tests.support.packs import CONTACT, HELPER

DAY = timedelta(1)


def city(*villages: str, **contact: Any) -> Benxi:
    """Benxi with contact points: two leaders L1 and L2, of whom L2 has ties to V1, and a clerk C."""
    said = {field: value for field, value in {**CONTACT, **contact}.items() if value is not None}
    benxi = Benxi(links=[*PACK["links"], said])
    benxi.hear(unit("U1"), cadre("L1", "U1", "division"), cadre("L2", "U1", "deputy_division", ties=(V1,)))
    benxi.hear(cadre("C", "U1", "section"), *map(diagnosed, villages))
    return benxi


def begin(benxi: Benxi, cadre: str = "L1", village: str = V1, **said: Any) -> None:
    benxi.send(BeginLink, village, **{"kind": "contact", "unit": "U1", "cadre": cadre, **said})


def end(benxi: Benxi, cadre: str = "L1", village: str = V1, **said: Any) -> None:
    benxi.send(EndLink, village, **{"kind": "contact", "cadre": cadre, **said})


def bound(benxi: Benxi, village: str = V1) -> set[str]:
    """The cadres who are bound to a village. What each cadre's own state says must agree."""
    states = benxi.dispatch.states.values()
    of = {s.id for s in states if isinstance(s, Bearer) and village in s.villages.get("contact", ())}
    contacts = benxi.dispatch.states.get((Contacts, village))
    assert of == {*(contacts.bonds["contact"].since if isinstance(contacts, Contacts) and contacts.bonds else ())}
    return of


def owed(benxi: Benxi) -> list[tuple[str, date | None]]:
    return [(task.about, task.due) for task in benxi.tasks("links")]


def test_4_2_a_diagnosed_village_needs_a_contact_until_one_is_named() -> None:
    benxi = city(V1, V2)
    assert owed(benxi) == [(V1, START + 30 * DAY), (V2, START + 30 * DAY)]
    (task, _) = benxi.tasks("links")
    assert (task.role, task.rule, task.detail) == ("organisation", "S3:第一项", "contact")
    assert task.answer == {"place": HOME, "village": V1, "kind": "contact", "body": "organisation"}
    begin(benxi)
    assert benxi.said(LinkBegun) == [
        LinkBegun(place=HOME, village=V1, kind="contact", unit="U1", cadre="L1", decided_by="本组干〔2014〕12号")
    ]
    assert bound(benxi) == {"L1"} and [about for about, _ in owed(benxi)] == [V2]
    assert [benxi.dispatch.states[Contacts, village].status for village in (V1, V2)] == ["filled", "open"]
    begin(benxi)
    assert len(benxi.said(LinkBegun)) == 1, "a repetition changes nothing"


def test_4_2_a_contact_for_a_term_ends_with_it_and_the_place_is_open() -> None:
    benxi = city(V1, term={"years": 1})
    begin(benxi)
    assert benxi.said(LinkBegun)[0].until == date(2015, 6, 20)
    benxi.until(date(2015, 6, 21))
    assert [(said.cadre, said.ground) for said in benxi.said(LinkEnded)] == [("L1", "term")]
    assert not bound(benxi) and owed(benxi) == [(V1, date(2015, 7, 21))]


def test_4_2_a_pack_without_contacts_asks_for_none() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1"), cadre("L1", "U1", "division"), diagnosed(V1))
    assert not benxi.tasks("links")
    with pytest.raises(Refused, match="no such kind of link, contact; its kinds are: none"):
        begin(benxi)


@pytest.mark.parametrize(
    ("given", "status", "zh", "en"),
    [
        ({"kind": "helper"}, 422, "可填：领导干部联系点", "its kinds are: contact"),
        ({"body": "county"}, 422, "组织部门办理", "a matter of the organisation department"),
        ({"village": V3, "place": HOME}, 404, "不存在", "does not exist"),
        ({"place": CITY}, 422, "属于区划", "belongs to division"),
        ({"cadre": "L9"}, 422, "不是单位U1登记的干部", "not registered as a cadre of U1"),
        ({"unit": "U9"}, 422, "不是单位U9登记的干部", "not registered as a cadre of U9"),
        ({"cadre": "C"}, 422, "职务层次低于副处级", "ranks below deputy division"),
        ({"cadre": "L2"}, 422, "须回避该村", "has ties to the village"),
    ],
)
def test_4_2_a_contact_who_does_not_fit_is_refused(given: dict[str, Any], status: int, zh: str, en: str) -> None:
    benxi = city(V1)
    with pytest.raises(Refused, match=en) as refused:
        begin(benxi, **{"cadre": "L1", **given})
    assert refused.value.status == status and zh in refused.value.zh
    assert not bound(benxi) and len(benxi.tasks("links")) == 1


def test_4_2_a_village_and_a_leader_have_no_more_than_the_pack_allows() -> None:
    benxi = city(V1, V2, V3, each_target=1)
    benxi.hear(cadre("L3", "U1", "division"))
    begin(benxi)
    with pytest.raises(Refused, match="the village has L1 already, and 1 at most"):
        begin(benxi, "L3")
    begin(benxi, "L1", V2)
    with pytest.raises(Refused, match="2 at most; choose another cadre") as refused:
        begin(benxi, "L1", V3)
    assert refused.value.field == "cadre" and not bound(benxi, V3), "neither half of it happened"
    end(benxi)
    begin(benxi, "L1", V3)
    assert (bound(benxi), bound(benxi, V2), bound(benxi, V3)) == (set(), {"L1"}, {"L1"})


def test_4_2_a_link_that_ends_leaves_a_place_open_from_that_day() -> None:
    benxi = city(V1)
    begin(benxi)
    benxi.until(START + 40 * DAY)
    with pytest.raises(Refused, match="L2 is not bound"):
        end(benxi, "L2")
    with pytest.raises(Refused, match="a matter of the organisation department"):
        end(benxi, body="county")
    end(benxi)
    (ended,) = benxi.said(LinkEnded)
    assert (ended.cadre, ended.ground, ended.decided_by) == ("L1", "decided", "本组干〔2014〕12号")
    assert owed(benxi) == [(V1, START + 70 * DAY)] and not bound(benxi)


def test_4_2_of_two_contacts_one_may_go_without_a_place_being_owed() -> None:
    benxi = city(V2)
    begin(benxi, "L1", V2)
    begin(benxi, "L2", V2)
    end(benxi, "L1", V2)
    assert bound(benxi, V2) == {"L2"} and not benxi.tasks("links")


GONE = CadreWithdrawn(place=CITY, cadre="L1", unit="U1", reason="误登", **DECIDED)


@pytest.mark.parametrize(
    ("happens", "left"),
    [
        (GONE, [V1, V2]),
        (cadre("L1", "U1", "staff"), [V1, V2]),
        (cadre("L1", "U1", "section"), [V1, V2]),
        (cadre("L1", "U1", "division", ties=(V2, V3)), [V2]),
        (cadre("L1", "U1", "staff", ties=(V1,)), [V1, V2]),
        (cadre("L1", "U1", "deputy_division", party_member=False), []),
        (cadre("L1", "U2", "division", left="U1"), []),
        (cadre("L3", "U1", "staff", ties=(V1,)), []),
    ],
)
def test_4_2_a_cadre_who_no_longer_fits_leaves_the_village_that_day_and_why_is_said_to_nobody(
    happens: CadreRegistered | CadreWithdrawn, left: list[str]
) -> None:
    benxi = city(V1, V2)
    begin(benxi)
    begin(benxi, "L1", V2)
    benxi.until(START + 10 * DAY)
    benxi.hear(happens)
    assert benxi.said(LinkEnded) == [
        LinkEnded(place=HOME, village=village, kind="contact", cadre="L1", ground="disqualified", decided_by="")
        for village in left
    ]
    assert owed(benxi) == [(village, START + 40 * DAY) for village in left]
    assert [village for village in (V1, V2) if not bound(benxi, village)] == left


def test_4_2_a_cadre_is_judged_by_the_rank_that_was_asked_for_when_the_link_began() -> None:
    benxi = city(V1, rank="section")
    begin(benxi, "C")
    pack = {**PACK, "version": "2105-2014.2", "links": [*PACK["links"], CONTACT]}
    benxi.hear(PolicyAdopted(place=CITY, version="2105-2014.2", adopted_by="市委", pack=pack))
    benxi.hear(cadre("C", "U1", "section", reserve=True))
    assert bound(benxi) == {"C"}
    benxi.hear(cadre("C", "U1", "deputy_section"))
    assert not bound(benxi)


NO_EXITS = {
    merged(V1, V2): "merged",
    unlisted(V1): "unlisted",
    VillageWithdrawn(place=HOME, village=V1, reason="误登", **DECIDED): "withdrawn",
    DiagnosisWithdrawn(place=HOME, village=V1, spell=1, reason="误录", **DECIDED): "undiagnosed",
}


@pytest.mark.parametrize(
    ("happens", "ground"),
    [(delisted(V1), "delisted"), *NO_EXITS.items()],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
def test_4_2_where_the_village_leaves_the_list_its_contacts_are_free(happens: Any, ground: str) -> None:
    benxi = city(V1, V2)
    begin(benxi)
    benxi.hear(happens)
    assert [ended.ground for ended in benxi.said(LinkEnded)] == [ground] and not bound(benxi)
    assert [about for about, _ in owed(benxi)] == [V2], "the other village's need is its own"


def test_4_2_a_contact_who_stays_after_the_exit_is_owed_again_only_after_a_relapse() -> None:
    benxi = city(V1, ends=None)
    begin(benxi)
    benxi.hear(delisted(V1))
    assert bound(benxi) == {"L1"} and not benxi.said(LinkEnded)
    end(benxi)
    assert not benxi.tasks("links")
    benxi.hear(relapsed(V1), diagnosed(V1, spell=2))
    assert [about for about, _ in owed(benxi)] == [V1]


def test_4_2_a_contact_who_may_stay_after_the_exit_may_also_begin_after_it() -> None:
    benxi = city(V1, ends=None)
    benxi.hear(delisted(V1))
    begin(benxi)
    assert bound(benxi) == {"L1"}
    end(benxi)
    assert not benxi.tasks("links"), "nobody is needed there"


def test_4_2_a_link_ends_also_when_the_pack_has_no_such_kind_any_more() -> None:
    benxi = city(V1, V2, decides="county")
    begin(benxi, body="county")
    with pytest.raises(Refused, match="a matter of the county"):
        end(benxi)
    pack = {**PACK, "version": "2105-2014.2"}
    benxi.hear(PolicyAdopted(place=CITY, version="2105-2014.2", adopted_by="市委", pack=pack))
    benxi.policy = parse_pack(pack)
    assert not benxi.tasks("links")
    with pytest.raises(Refused, match="not bound"):
        end(benxi, "L2")
    end(benxi)
    assert not bound(benxi) and benxi.said(LinkEnded)[0].kind == "contact"


def test_4_2_no_contact_begins_in_a_village_that_left_the_list() -> None:
    benxi = city(V1)
    benxi.hear(delisted(V1))
    with pytest.raises(Refused, match="not on the poverty list now"):
        begin(benxi)


@pytest.mark.parametrize("happens", NO_EXITS, ids=lambda one: type(one).__name__)
def test_4_2_no_contact_begins_in_a_village_that_left_the_list_without_an_exit(happens: Any) -> None:
    benxi = city(V1, V2, ends=None)
    benxi.hear(happens)
    with pytest.raises(Refused, match="not on the poverty list now"):
        begin(benxi)
    assert not bound(benxi)


@pytest.mark.parametrize("mergers", [(merged(V1, V2),), (merged(V1, V3), merged(V3, V2))])
def test_5_6_who_has_ties_to_a_merged_village_is_no_contact_of_the_one_that_goes_on(mergers: Any) -> None:
    benxi = city(V2)
    benxi.hear(*mergers)
    with pytest.raises(Refused, match="has ties to the village"):
        begin(benxi, village=V2, cadre="L2")
    begin(benxi, village=V2)
    assert bound(benxi, V2) == {"L1"}


def test_4_2_no_contact_begins_in_a_village_that_has_only_the_team_of_another() -> None:
    benxi = city(V1)
    benxi.hear(unit("U2"), *squad("U2"))
    benxi.solve()
    benxi.assign()
    benxi.hear(merged(V1, V2))
    assert benxi.assignment(V2).status == "merged"
    with pytest.raises(Refused, match="not on the poverty list now"):
        begin(benxi, village=V2)
    benxi.hear(diagnosed(V2))
    begin(benxi, village=V2)
    assert bound(benxi, V2) == {"L1"}


def test_4_2_a_village_that_fell_back_has_contacts_again_from_its_next_diagnosis() -> None:
    benxi = city(V1)
    benxi.hear(delisted(V1), relapsed(V1))
    with pytest.raises(Refused, match="or was not diagnosed"):
        begin(benxi)
    benxi.hear(diagnosed(V1, spell=2))
    begin(benxi)
    assert bound(benxi) == {"L1"}


def test_4_2_a_village_that_was_diagnosed_before_the_pack_asked_for_contacts_gets_one() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1"), cadre("L1", "U1", "division"), diagnosed(V1))
    pack = {**PACK, "version": "2105-2014.2", "links": [*PACK["links"], CONTACT]}
    benxi.hear(PolicyAdopted(place=CITY, version="2105-2014.2", adopted_by="市委", pack=pack))
    benxi.policy = parse_pack(pack)
    begin(benxi)
    assert bound(benxi) == {"L1"} and not benxi.tasks("links")
    end(benxi)
    assert [about for about, _ in owed(benxi)] == [V1]


def test_4_2_a_village_with_another_code_keeps_its_contacts() -> None:
    benxi = city(V1)
    begin(benxi)
    benxi.hear(VillageRecoded(place=HOME, village=V1, code="210522100777", since=START, document="民发1号", **DECIDED))
    with pytest.raises(Refused, match="belongs to division 210522"):
        end(benxi)
    end(benxi, place="210522")
    assert not bound(benxi) and benxi.said(LinkEnded)[0].place == "210522"


@pytest.mark.parametrize("happens", [GONE, cadre("L1", "U1", "staff")], ids=lambda one: type(one).__name__)
def test_4_2_a_cadre_leaves_a_village_in_the_division_where_it_is_by_then(happens: Any) -> None:
    benxi = city(V1, V2)
    begin(benxi)
    begin(benxi, "L1", V2)
    benxi.hear(VillageRecoded(place=HOME, village=V1, code="210522100777", since=START, document="民发1号", **DECIDED))
    benxi.hear(happens)
    assert {(ended.village, ended.place) for ended in benxi.said(LinkEnded)} == {(V1, AWAY), (V2, HOME)}


def test_4_2_holidays_move_the_last_day_of_an_open_place() -> None:
    benxi = city(V1, begin_by={"after": "registry.village.diagnosed", "within": {"working_days": 5}})
    ((_, before),) = owed(benxi)
    assert before
    benxi.world.announce(
        HolidaysAnnounced(place="000000", notice="2014", year=2014, document="国办发明电", off=(before,), worked=(),
                          announced_by="国务院办公厅")
    )  # fmt: skip
    ((_, after),) = owed(benxi)
    assert after and after > before
    (moved,) = benxi.said(DeadlineMoved)
    assert (moved.village, moved.was, moved.due) == (V1, before, after)
    assert said("deadline", moved.deadline, benxi.policy) == "确定联系人的期限"


def test_4_2_a_place_that_is_filled_leaves_the_last_day_of_the_other_counted_as_before() -> None:
    within = {"after": "registry.village.diagnosed", "within": {"working_days": 5}}
    benxi, alone = (city(V1, begin_by=within, each_target=2) for _ in range(2))
    benxi.until(START + 3 * DAY)
    alone.until(START + 3 * DAY)
    begin(benxi)
    off = (date(2014, 6, 25), date(2014, 6, 26))
    for one in (benxi, alone):
        one.world.announce(
            HolidaysAnnounced(place="000000", notice="2014", year=2014, document="国办发明电", off=off, worked=(),
                              announced_by="国务院办公厅")
        )  # fmt: skip
    assert owed(benxi) == owed(alone) and len(benxi.said(DeadlineMoved)) == 1


async def test_4_2_contacts_are_on_both_databases_what_the_rules_decide_in_memory(database: str) -> None:
    benxi = Benxi(links=[*PACK["links"], CONTACT])
    signed: dict[str, Any] = {"kind": "contact", "decided_by": "市委组织部", "body": "organisation"}
    steps: list[Event | Command | date] = [
        unit("U1"),
        cadre("L1", "U1", "division"),
        cadre("L2", "U1", "deputy_division"),
        *map(diagnosed, (V1, V2)),
        *(
            BeginLink(place=HOME, village=village, unit="U1", cadre=of, **signed)
            for village, of in ((V1, "L1"), (V2, "L1"), (V2, "L2"))
        ),
        EndLink(place=HOME, village=V2, cadre="L1", **signed),
        CadreWithdrawn(place=CITY, cadre="L1", unit="U1", reason="调离", **DECIDED),
        START + DAY,
        delisted(V2),
    ]
    await kept_alike(benxi, {**PACK, "links": [*PACK["links"], CONTACT]}, steps, database)
    assert (bound(benxi), bound(benxi, V2)) == (set(), set())
    assert owed(benxi) == [(V1, START + 30 * DAY)], "L1 left V1 on the first day"


def test_4_2_what_earlier_versions_kept_of_a_cadre_is_read() -> None:
    migration = import_module("services.dispatch.migrations.0008_bearers")
    kept = {"id": "L1", "place": HOME, "villages": {"contact": {V1: HOME}}}
    bearer = msgspec.json.decode(msgspec.json.encode(migration._bearer(kept)), type=Bearer)
    assert bearer.villages == {"contact": {V1: "staff"}}


# ------------------------------------------------------------ what a pack can say


@pytest.mark.parametrize(
    ("links", "where", "zh", "en"),
    [
        ([CONTACT], "links", "必须有一项派驻工作队的规定", "one entry has kind"),
        ([*PACK["links"], {**CONTACT, "from": "firm"}], "links[1].from", "应为其中之一", "one of unit, cadre"),
        ([*PACK["links"], {**CONTACT, "to": "party"}], "links[1].at", "应写明到哪一类组织", "names the kind of party"),
        ([*PACK["links"], {**CONTACT, "to": "household"}], "links[1].begin_by.after", "应自", "households.counted"),
        ([*PACK["links"], {**CONTACT, "to": "household"}], "links[1].ends", "不能写", "nothing stands here"),
        ([*PACK["links"], {**HELPER, "to": "village"}], "links[1].quotas", "只有联系户的", "only a link with"),
        ([*PACK["links"], {**HELPER, "to": "village"}], "links[1].begin_by.after", "应自", "village.diagnosed"),
        ([*PACK["links"], {k: v for k, v in HELPER.items() if k != "quota_on"}], "links[1].quota_on", "一并填写",
         "go together"),
        ([*PACK["links"], {**HELPER, "quota_on": {"every": {"months": 3}, "from": START}}], "links[1].quota_on",
         "不能写循环", "cannot stand here"),
        ([*PACK["links"], {**HELPER, "each_bearer": {"at_most": 1}}], "links[1].quotas[1].at_least", "每名最多帮扶1户",
         "helps 1 households at most"),
        ([*PACK["links"], {**HELPER, "quotas": HELPER["quotas"][:1] * 2}], "links[1].quotas[1].rank", "已经写过",
         "stands there already"),
        ([*PACK["links"], {**CONTACT, "kind": "team"}], "links[1].kind", "专指单位派驻", "a unit's team"),
        ([*PACK["links"], {**CONTACT, "from": "unit"}], "links[1].kind", "应为其中之一", "one of team"),
        ([*PACK["links"], CONTACT, CONTACT], "links[2]", "出现了两次", "contact occurs twice"),
        ([*PACK["links"], {**CONTACT, "each_bearer": {"at_least": 1}}], "links[1].each_bearer.at_least",
         "不能要求每名干部都联系村", "obliged to have a village"),
        ([*PACK["links"], {**CONTACT, "each_target": {"at_least": 2, "at_most": 1}}], "links[1].each_target.at_most",
         "少于至少", "fewer than"),
        ([*PACK["links"], {**CONTACT, "decides": "operator"}], "links[1].decides", "不能办理此事", "cannot do this"),
        ([*PACK["links"], {**CONTACT, "rule": "S9:1"}], "links[1].rule", "不在", "none of [documents]"),
        ([*PACK["links"], {**CONTACT, "begin_by": {"after": "vacancy", "within": {"calendar_days": 3}}}],
         "links[1].begin_by.after", "不能自", "cannot be counted from vacancy"),
        ([*PACK["links"], {**CONTACT, "pay": 1}], "links[1].pay", "没有这个字段", "no such field"),
        ([*PACK["links"], {**HELPER, "term": {"years": 1}}], "links[1].term", "只有联系村或者", "or 'party' can say"),
    ],
)  # fmt: skip
def test_4_2_links_that_nothing_in_the_system_can_carry_are_refused(
    links: list[Any], where: str, zh: str, en: str
) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, "links": links})
    assert any(f.where == where and zh in f.zh and en in f.en for f in refused.value.faults), refused.value.faults
    assert not any("None" in f.example for f in refused.value.faults)


def test_4_2_who_is_in_a_team_may_be_the_contact_of_another_village_beside_it() -> None:
    benxi = Benxi(links=[*PACK["links"], CONTACT]).assigned()
    benxi.hear(diagnosed(V2))
    begin(benxi, "C-U1-0", V2)
    assert bound(benxi, V2) == {"C-U1-0"} and "C-U1-0" in benxi.pool.teams[V1].members


def test_4_2_the_day_on_which_an_open_place_is_told_is_that_of_the_first_place_and_of_none_that_is_filled() -> None:
    """A second kind of link, which is asked for later and has less time, comes before the first."""
    quick = {
        **CONTACT,
        "kind": "quick",
        "label": "联络员",
        "begin_by": {**CONTACT["begin_by"], "within": {"calendar_days": 3}},
    }
    benxi = city(V1, begin_by={**CONTACT["begin_by"], "within": {"calendar_days": 30}})
    contacts = benxi.dispatch.states[Contacts, V1]
    assert contacts.timers["places"] == START + 31 * DAY
    begin(benxi)
    assert "places" not in benxi.dispatch.states[Contacts, V1].timers
    benxi.adopt(links=[*PACK["links"], {**CONTACT, "each_target": {"at_least": 1}}, quick])
    end(benxi)
    state = benxi.dispatch.states[Contacts, V1]
    assert isinstance(state, Contacts)
    begins = [bond.begin_by for bond in state.bonds.values() if bond.begin_by]
    assert state.timers["places"] == min(begins) + DAY


def test_4_2_who_stays_after_the_exit_and_goes_leaves_no_place_open() -> None:
    benxi = city(V1, ends=None)
    begin(benxi)
    benxi.hear(delisted(V1))
    end(benxi)
    state = benxi.dispatch.states[Contacts, V1]
    assert isinstance(state, Contacts) and state.bonds["contact"].begin_by is None and "places" not in state.timers
