"""Villagers who are no cadres: Party members who help households, who leads ten of them (2.2), and who leads a project
(2.11)."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.dispatch.model.bonds import Bearer, Posts
from services.dispatch.model.commands import BeginPost, EndPairings, EndPost, PairHouseholds, Pairing, Parting
from services.dispatch.model.pairings import Pairings
from services.dispatch.model.pool import Squad
from shared.contracts.dispatch import (
    ChargeBegun,
    ChargeEnded,
    GapClosed,
    GapFound,
    HouseholdsPaired,
    HouseholdsUnpaired,
    Pair,
    PostBegun,
    PostEnded,
    PostOverdue,
)
from shared.contracts.registry import CadreWithdrawn, PartyMerged, PartyRegistered, PartyWithdrawn
from shared.labels import sentence
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.links import Villager
from shared.policy.shipped import shipped
from shared.rules import Refused
from tests.dispatch.benxi import CITY, HOME, PACK, START, V1, V2, Benxi, cadre, unit
from tests.dispatch.helping import counted
from tests.dispatch.kept import kept_alike
from tests.support.packs import HELPER

DAY = timedelta(1)
PERSONS: list[dict[str, Any]] = [
    {"kind": "member", "label": "农村党员", "parents": ["village"], "personal": True},
    {"kind": "talent", "label": "项目人才", "parents": ["village"], "personal": True},
    {"kind": "project", "label": "村级项目", "parents": ["village"]},
    {"kind": "firm", "label": "企业", "parents": ["county"]},
]
MEMBERS: dict[str, Any] = {
    "kind": "members", "label": "党员联户", "rule": "S3:第一项", "from": "villager", "of": "member", "to": "household",
    "decides": "township", "each_target": 3,
    "begin_by": {"after": "registry.households.counted", "within": {"calendar_days": 30}},
}  # fmt: skip
HEAD: dict[str, Any] = {
    "kind": "head", "label": "十户长", "rule": "S3:第一项", "from": "villager", "of": "member", "to": "household",
    "decides": "township", "each_target": {"at_most": 1}, "each_bearer": {"at_most": 10},
}  # fmt: skip
SECRETARY: dict[str, Any] = {
    "kind": "secretary", "label": "项目书记", "rule": "S3:第一项", "from": "villager", "of": "talent", "to": "party",
    "at": "project", "decides": "organisation", "each_target": {"at_least": 1, "at_most": 2},
    "each_bearer": {"at_most": 1},
    "begin_by": {"after": "registry.party.registered", "within": {"calendar_days": 30}},
}  # fmt: skip
LINKS: list[dict[str, Any]] = [*PACK["links"], HELPER, MEMBERS, HEAD, SECRETARY]


def person(id: str, kind: str = "member", village: str = V1, **more: Any) -> PartyRegistered:
    usual = {"place": HOME, "party": id, "kind": kind, "parent": f"village:{village}", "personal": True}
    return PartyRegistered(**{**usual, **more})


def project(id: str = "XM-1", village: str = V1) -> PartyRegistered:
    return PartyRegistered(place=HOME, party=id, kind="project", parent=f"village:{village}", name="茶叶加工")


def gone(id: str, kind: str = "member", village: str = V1) -> PartyWithdrawn:
    return PartyWithdrawn(
        place=HOME, party=id, kind=kind, parent=f"village:{village}", personal=True, reason="去世", decided_by="镇政府"
    )


def village(*poor: str, links: list[dict[str, Any]] = LINKS) -> Benxi:
    """A village with three Party members D1 to D3, two who know about projects, and a project."""
    benxi = Benxi(links=links, parties=PERSONS)
    benxi.hear(unit("U1"), cadre("L1", "U1", "division"))
    benxi.hear(person("D1"), person("D2"), person("D3"), person("T1", "talent"), person("T2", "talent"))
    benxi.hear(person("E1", village=V2), person("F1", "talent", village=V2), project(), project("XM-2"))
    benxi.hear(*([counted(*poor)] if poor else []))
    return benxi


def pair(benxi: Benxi, kind: str, **helpers: str) -> None:
    """`H1="D1 D2"` means that both help household H1."""
    pairs = tuple(Pairing(household=id, cadre=one) for id, of in helpers.items() for one in of.split())
    benxi.send(PairHouseholds, V1, kind=kind, pairs=pairs, body="township")


def lead(benxi: Benxi, who: str = "T1", party: str = "XM-1", **said: Any) -> None:
    usual = {"place": HOME, "party": party, "kind": "secretary", "cadre": who, "body": "organisation",
             "decided_by": "县委组织部"}  # fmt: skip
    benxi.world.command("dispatch", BeginPost(**{**usual, **said}))
    benxi.check()


def helped(benxi: Benxi, kind: str) -> dict[str, set[str]]:
    """Who helps each household. What each villager's own state counts must agree."""
    state = benxi.dispatch.states[Pairings, V1]
    assert isinstance(state, Pairings)
    found = {household: {*of} for household, of in state.helped(kind).items()}
    for squad in (one for one in benxi.dispatch.states.values() if isinstance(one, Squad) and one.id[0] in "DE"):
        assert squad.helping(kind, squad.id) == sum(squad.id in of for of in found.values())
    return found


def leads(benxi: Benxi, party: str = "XM-1") -> set[str]:
    """Who is in charge of a project. What each villager's own state says must agree."""
    state = benxi.dispatch.states[Posts, party]
    assert isinstance(state, Posts)
    there = {*state.bound("secretary")}
    squads = [one for one in benxi.dispatch.states.values() if isinstance(one, Squad) and one.villager]
    assert {one.id for one in squads if one.villager and party in one.villager.leads.get("secretary", ())} == there
    return there


# ------------------------------------------------------------------ households (2.2)


def test_2_2_three_party_members_help_each_household_together() -> None:
    benxi = village("H1", "H2")
    assert [(gap.kind, gap.missing) for gap in benxi.said(GapFound)] == [("helper", 2), ("members", 2)]
    (task,) = (one for one in benxi.tasks("pairings") if one.detail == "members")
    assert (task.role, task.due, task.rule) == ("township", START + 30 * DAY, "S3:第一项")
    pair(benxi, "members", H1="D1 D2 D3", H2="D1 D2")
    assert [gap.missing for gap in benxi.said(GapFound) if gap.kind == "members"] == [2, 1]
    pair(benxi, "members", H2="D3")
    assert [gap.kind for gap in benxi.said(GapClosed)] == ["members"]
    assert helped(benxi, "members") == {"H1": {"D1", "D2", "D3"}, "H2": {"D1", "D2", "D3"}}
    told = benxi.said(HouseholdsPaired)[-1]
    assert told.is_sealed() and told.pairs == (Pair(household="H2", unit="D3", cadre="D3"),)
    assert "D1" not in benxi.free, "who is a villager is sent nowhere"


def test_2_2_one_villager_leads_ten_households_and_no_more() -> None:
    houses = [f"H{n:02}" for n in range(1, 12)]
    benxi = village(*houses)
    assert "head" not in [one.detail for one in benxi.tasks("pairings")], "nobody is asked where the pack gives no day"
    pair(benxi, "head", **dict.fromkeys(houses[:10], "D1"))
    with pytest.raises(Refused, match="D1 helps 10 households already, and 10 at most") as refused:
        pair(benxi, "head", H11="D1")
    assert (refused.value.status, refused.value.field) == (409, "pairs.H11.cadre")
    with pytest.raises(Refused, match="and 1 at most; end a pair"):
        pair(benxi, "head", H01="D2")
    pair(benxi, "head", H11="D2")
    assert len(helped(benxi, "head")) == 11
    pair(benxi, "members", H01="D1")
    assert helped(benxi, "members") == {"H01": {"D1"}}, "each kind of link counts alone"


@pytest.mark.parametrize(
    ("said", "field", "zh", "en"),
    [
        ({"cadre": "D9"}, "cadre", "不是登记的人员", "D9 is not registered as a member"),
        ({"cadre": "T1"}, "cadre", "要求的那一类", "T1 is not registered as a member"),
        ({"cadre": "L1"}, "cadre", "不是登记的人员", "L1 is not registered as a member"),
        ({"cadre": "E1"}, "cadre", "不是本村的人员", "E1 is of another village"),
        ({"cadre": "D1", "unit": "U1"}, "unit", "村民没有派出单位", "a villager is of no unit"),
        ({"cadre": "D1", "kin": True}, "cadre", "应当回避", "is a relative of household H1"),
        ({"cadre": "L1", "kind": "helper"}, "unit", "须填L1登记时所属的单位", "names the unit"),
    ],
)
def test_2_2_a_villager_who_cannot_help_is_refused(said: dict[str, Any], field: str, zh: str, en: str) -> None:
    benxi = village("H1")
    kind = said.pop("kind", "members")
    with pytest.raises(Refused, match=en) as refused:
        benxi.send(PairHouseholds, V1, kind=kind, pairs=(Pairing(household="H1", **said),), body="township")
    assert (refused.value.status, refused.value.field) == (422, f"pairs.H1.{field}") and zh in refused.value.zh
    assert not helped(benxi, "members")


def test_2_2_a_villager_who_dies_leaves_the_households_without_a_helper_that_day() -> None:
    benxi = village("H1", "H2")
    pair(benxi, "members", H1="D1 D2 D3", H2="D1 D2 D3")
    benxi.until(START + 50 * DAY)
    benxi.hear(gone("D1"))
    (told,) = benxi.said(HouseholdsUnpaired)
    assert (told.ground, [one.household for one in told.pairs], told.is_sealed()) == ("left", ["H1", "H2"], True)
    assert helped(benxi, "members") == {"H1": {"D2", "D3"}, "H2": {"D2", "D3"}}
    (task,) = (one for one in benxi.tasks("pairings") if one.detail == "members")
    assert task.due == benxi.today + 30 * DAY
    with pytest.raises(Refused, match="D1 is not registered as a member"):
        pair(benxi, "members", H1="D1")
    benxi.hear(person("D1"))
    pair(benxi, "members", H1="D1")
    assert helped(benxi, "members")["H1"] == {"D1", "D2", "D3"}, "who was withdrawn by mistake may help again"


def test_2_2_a_villager_registered_twice_helps_under_neither_id_until_paired_anew() -> None:
    benxi = village("H1")
    pair(benxi, "members", H1="D1 D2 D3")
    benxi.hear(PartyMerged(place=HOME, party="D1", into="D9", kind="member", parent=f"village:{V1}", personal=True,
                           reason="重复登记", decided_by="镇政府"), person("D9"))  # fmt: skip
    assert helped(benxi, "members") == {"H1": {"D2", "D3"}}
    pair(benxi, "members", H1="D9")
    assert helped(benxi, "members") == {"H1": {"D2", "D3", "D9"}}


def test_2_2_villagers_go_along_with_a_merger_and_stay_with_their_households() -> None:
    benxi = village("H1")
    pair(benxi, "members", H1="D1 D2 D3")
    benxi.hear(person("D1", village=V2, former=f"village:{V1}"))
    assert helped(benxi, "members") == {"H1": {"D1", "D2", "D3"}}, "until the households are told there"
    benxi.hear(counted("X1", village=V2, former=V1, came={"H1": "X1"}))
    state = benxi.dispatch.states[Pairings, V2]
    assert isinstance(state, Pairings) and {*state.helped("members")["X1"]} == {"D1", "D2", "D3"}
    squad = benxi.dispatch.states[Squad, "D1"]
    assert isinstance(squad, Squad) and squad.helps == {"members": {"D1": {V2: 1}}}


def test_2_2_pairs_of_villagers_end_by_decision_also_of_a_kind_that_the_pack_dropped() -> None:
    benxi = village("H1")
    pair(benxi, "members", H1="D1 D2 D3")
    part = {"kind": "members", "pairs": (Parting(household="H1", cadre="D1"),), "because": "mistaken"}
    with pytest.raises(Refused, match="a matter of the township"):
        benxi.send(EndPairings, V1, **part, body="county")
    benxi.send(EndPairings, V1, **part, body="township")
    assert helped(benxi, "members") == {"H1": {"D2", "D3"}}
    benxi.adopt(links=[*PACK["links"], HELPER], parties=PERSONS)
    part["pairs"] = (Parting(household="H1", cadre="D2"),)
    benxi.send(EndPairings, V1, **part, body="organisation")
    assert helped(benxi, "members") == {"H1": {"D3"}} and [one.detail for one in benxi.tasks("pairings")] == ["helper"]


# ------------------------------------------------------------------ projects (2.11)


def test_2_11_a_villager_leads_a_project_as_its_secretary() -> None:
    benxi = village()
    task = benxi.tasks("posts")[0]
    assert (task.about, task.role, task.due, task.detail) == ("XM-1", "organisation", START + 30 * DAY, "secretary")
    lead(benxi)
    lead(benxi)
    (told,) = benxi.said(ChargeBegun)
    assert told == ChargeBegun(place=HOME, party="XM-1", kind="secretary", villager="T1", decided_by="县委组织部")
    assert told.is_sealed() and not benxi.said(PostBegun)
    zh, en = sentence(told, benxi.policy, {})
    assert zh == "县委组织部确定T1到XM-1：项目书记" and en.startswith("县委组织部 put T1 in charge of XM-1")
    assert leads(benxi) == {"T1"} and [one.about for one in benxi.tasks("posts")] == ["XM-2"]
    with pytest.raises(Refused, match="T1 has XM-1 already, and 1 at most"):
        lead(benxi, party="XM-2")
    assert not leads(benxi, "XM-2")


def test_2_11_only_operators_read_who_leads_a_project() -> None:
    benxi = village()
    lead(benxi)
    state = benxi.dispatch.states[Posts, "XM-1"]
    assert isinstance(state, Posts)
    assert b"T1" not in msgspec.json.encode(state.shown()) and state.shown(to_operator=True) == state
    assert state.shown().status == state.status == "filled"
    assert not [one for one in benxi.dispatch.states.values() if isinstance(one, Bearer)]
    assert all(one.personal for one in benxi.dispatch.states.values() if one.id == "T1")


@pytest.mark.parametrize(
    ("said", "zh", "en"),
    [
        ({"who": "D1"}, "要求的那一类", "D1 is not registered as a talent"),
        ({"who": "F1"}, "不是本村的人员", "F1 is of another village"),
        ({"who": "L1"}, "不是登记的人员", "L1 is not registered as a talent"),
        ({"unit": "U1"}, "村民没有派出单位", "a villager is of no unit"),
        ({"body": "county"}, "组织部门办理", "a matter of the organisation department"),
        ({"post": "chief"}, "不填职务", "names no post"),
    ],
)
def test_2_11_who_cannot_lead_a_project_is_refused(said: dict[str, Any], zh: str, en: str) -> None:
    benxi = village()
    with pytest.raises(Refused, match=en) as refused:
        lead(benxi, **said)
    assert refused.value.status == 422 and zh in refused.value.zh and not leads(benxi)


def test_2_11_a_project_whose_secretary_goes_is_without_one_that_day() -> None:
    benxi = village()
    lead(benxi)
    lead(benxi, "T2", "XM-2")
    benxi.hear(gone("T1", "talent"))
    (told,) = benxi.said(ChargeEnded)
    assert (told.party, told.villager, told.ground, told.is_sealed()) == ("XM-1", "T1", "disqualified", True)
    assert not leads(benxi) and leads(benxi, "XM-2") == {"T2"}
    benxi.until(START + 31 * DAY)
    assert [one.party for one in benxi.said(PostOverdue)] == ["XM-1"]


def test_2_11_a_secretary_is_free_when_the_project_is_over_or_the_body_says_so() -> None:
    benxi = village()
    lead(benxi)
    end: dict[str, Any] = {
        "place": HOME,
        "party": "XM-1",
        "kind": "secretary",
        "body": "organisation",
        "decided_by": "县委组织部",
    }
    with pytest.raises(Refused, match="is not bound to the party now"):
        benxi.world.command("dispatch", EndPost(**end, cadre="T2"))
    benxi.world.command("dispatch", EndPost(**end, cadre="T1"))
    lead(benxi, party="XM-2")
    benxi.hear(
        PartyWithdrawn(
            place=HOME, party="XM-2", kind="project", parent=f"village:{V1}", reason="结束", decided_by="镇政府"
        )
    )
    assert [(one.party, one.ground) for one in benxi.said(ChargeEnded)] == [("XM-1", "decided"), ("XM-2", "dissolved")]
    zh, en = sentence(benxi.said(ChargeEnded)[1], benxi.policy, {})
    assert zh == "结束T1在XM-2的项目书记，原因：组织已撤销" and not en.startswith(" ")
    lead(benxi)
    assert leads(benxi) == {"T1"}


def test_2_11_a_term_of_a_secretary_ends_by_itself() -> None:
    benxi = village(links=[*PACK["links"], HELPER, MEMBERS, HEAD, {**SECRETARY, "term": {"years": 1}}])
    lead(benxi)
    state = benxi.dispatch.states[Posts, "XM-1"]
    assert isinstance(state, Posts) and "terms" in state.timers and "terms" not in state.shown().timers
    benxi.until(START + 366 * DAY)
    assert [one.ground for one in benxi.said(ChargeEnded)] == ["term"] and not leads(benxi)


def test_2_11_villagers_in_charge_stay_unnamed_and_can_go_when_the_pack_asks_for_cadres_instead() -> None:
    benxi = village()
    lead(benxi)
    lead(benxi, "T2")
    by_cadres = {field: said for field, said in SECRETARY.items() if field != "of"} | {"from": "cadre"}
    benxi.adopt(links=[*PACK["links"], HELPER, MEMBERS, HEAD, by_cadres], parties=PERSONS)
    with pytest.raises(Refused, match="as an earlier pack said it") as refused:
        lead(benxi, "L1", unit="U1")
    assert (refused.value.status, refused.value.field) == (409, "kind") and "请先解除" in refused.value.zh
    end: dict[str, Any] = {
        "place": HOME,
        "party": "XM-1",
        "kind": "secretary",
        "body": "organisation",
        "decided_by": "县委组织部",
    }
    benxi.world.command("dispatch", EndPost(**end, cadre="T1"))
    state = benxi.dispatch.states[Posts, "XM-1"]
    assert isinstance(state, Posts) and {*state.bound("secretary")} == {"T2"}
    assert b"T2" not in msgspec.json.encode(state.shown())
    benxi.world.command("dispatch", EndPost(**end, cadre="T2"))
    assert [one.villager for one in benxi.said(ChargeEnded)] == ["T1", "T2"] and not benxi.said(PostEnded)
    lead(benxi, "L1", unit="U1")
    assert [one.cadre for one in benxi.said(PostBegun)] == ["L1"]


def test_2_11_a_cadre_whose_post_became_a_villagers_is_told_as_a_cadre_to_the_end() -> None:
    by_cadres = {field: said for field, said in SECRETARY.items() if field != "of"} | {"from": "cadre"}
    benxi = village(links=[*PACK["links"], HELPER, MEMBERS, HEAD, by_cadres])
    lead(benxi, "L1", unit="U1")
    benxi.adopt(links=LINKS, parties=PERSONS)
    with pytest.raises(Refused, match="end these links first"):
        lead(benxi)
    benxi.hear(CadreWithdrawn(place=CITY, cadre="L1", unit="U1", reason="调出", decided_by="局党组"))
    assert [one.cadre for one in benxi.said(PostEnded)] == ["L1"] and not benxi.said(ChargeEnded)
    lead(benxi)
    assert leads(benxi) == {"T1"}


async def test_2_11_villagers_are_kept_in_the_database_as_in_memory(database: str) -> None:
    pack = {**PACK, "links": LINKS, "parties": PERSONS}
    pairing = PairHouseholds(
        place=HOME,
        village=V1,
        kind="members",
        pairs=(Pairing(household="H1", cadre="D1"),),
        decided_by="镇党委",
        body="township",
    )
    leading = BeginPost(
        place=HOME, party="XM-1", kind="secretary", cadre="T1", body="organisation", decided_by="县委组织部"
    )
    steps: list[Any] = [
        person("D1"), person("T1", "talent"), project(), counted("H1"), pairing, leading, START + 31 * DAY, gone("D1"),
        gone("T1", "talent"),
    ]  # fmt: skip
    await kept_alike(Benxi(links=LINKS, parties=PERSONS), pack, steps, database)


# ------------------------------------------------------------------ what a pack can say


@pytest.mark.parametrize(
    ("link", "wrong", "zh", "en"),
    [
        (HEAD, {"to": "village"}, "只能帮扶本村的户", "villagers are of the village"),
        (HEAD, {"of": "project"}, "可填：“member”、“talent”", "member, talent"),
        (HEAD, {"of": "firm"}, "村里的哪一类人员", "a kind of person of a village"),
        (HEAD, {"each_bearer": {"at_least": 1}}, "不能要求每名村民", "nobody is obliged"),
        (HEAD, {"each_target": 1}, "应写确定期限", "goes with the least number"),
        (HEAD, {"ends": "delisted"}, "仍须帮扶到户", "helped on after the village's exit"),
        (HEAD, {"term": {"years": 1}}, "只有联系村或者到组织任职的可以写", "with to = 'village' or 'party'"),
        (HEAD, {"at": "project"}, "只有到组织任职的可以写", "only a link with to = 'party'"),
        (HEAD, {"rank": "section"}, "没有这个字段", "no such field"),
        (SECRETARY, {"at": "member"}, "不能是个人", "no person"),
        (SECRETARY, {"visits": {"at_least": 1, "every": "year", "by": "village", "owed_by": "organisation",
                                "count_by": {"after": "period", "within": {"calendar_days": 9}}}},
         "只有联系村的可以写", "only a link with to = 'village'"),
    ],
)  # fmt: skip
def test_2_11_what_no_villagers_link_can_be_is_refused(
    link: dict[str, Any], wrong: dict[str, Any], zh: str, en: str
) -> None:
    with pytest.raises(PolicyInvalid) as invalid:
        parse_pack({**PACK, "parties": PERSONS, "links": [*PACK["links"], {**link, **wrong}]})
    assert any(zh in fault.zh and en in fault.en for fault in invalid.value.faults), invalid.value.faults


def test_2_11_no_training_is_asked_of_villagers() -> None:
    duty = {"links": ["head"], "at_least": {"courses": 1}, "due": {"after": "joining"}}
    course = {"kind": "course", "label": "培训", "rule": "S3:第一项", "by": "county", "held_by": ["county"],
              "groups": {"all": "各类"}, "duty": duty}  # fmt: skip
    with pytest.raises(PolicyInvalid, match="head is no link from a cadre"):
        parse_pack({**PACK, "parties": PERSONS, "links": [*PACK["links"], HEAD], "training": [course]})


def test_2_2_2_11_zunyi_says_three_members_ten_households_and_secretaries_of_projects() -> None:
    zunyi = shipped("zunyi")
    members, head = zunyi.helping["member_helper"], zunyi.helping["household_head"]
    assert isinstance(members, Villager) and members.most == 3
    assert isinstance(head, Villager) and (head.most, head.each_bearer.at_most) == (1, 10)
    secretary = zunyi.posts["project_secretary"]
    assert isinstance(secretary, Villager) and secretary.at == "project"
