"""Parties beside villages, units and cadres: of the kinds, with the fields and the parents that a pack names."""

import tomllib
from datetime import date
from typing import Any

import pytest

from services.registry.model import Party, Person, party, twins
from services.registry.model import commands as c
from shared.contracts import registry as r
from shared.contracts.calendar import DayPassed
from shared.engine.deliveries import handle
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.shipped import FILES
from shared.stream.bus import OPEN
from tests.registry.county import AT, CITY, PLACE, VILLAGE, County, again
from tests.registry.office import office
from tests.support.packs import PACK
from tests.support.process import delivery

BRANCH: dict[str, Any] = {
    "kind": "branch",
    "label": "党支部",
    "parents": ["village", "township", "firm"],
    "fields": [
        {"field": "type", "label": "类型", "one_of": {"village": "村党支部", "ecommerce": "电商党支部"}},
        {"field": "members", "label": "党员人数", "most": 5000},
        {"field": "secretary", "label": "书记代号", "required": False},
    ],
}
FIRM: dict[str, Any] = {"kind": "firm", "label": "企业", "parents": ["county"]}
ADVISER: dict[str, Any] = {"kind": "adviser", "label": "顾问团成员", "parents": ["village", "branch"], "personal": True}
SHOP, SIZE = {**FIRM, "kind": "shop", "label": "商店"}, {"field": "size", "label": "规模"}
KINDS = [BRANCH, FIRM, ADVISER]
OF_VILLAGE = f"village:{VILLAGE}"


def county() -> County:
    return County({**PACK, "parties": KINDS}).registered()


def branch(**said: Any) -> c.RegisterParty:
    fields: dict[str, Any] = {"party": "B-1", "kind": "branch", "parent": OF_VILLAGE, "name": "上石村党支部"}
    known: dict[str, Any] = {"place": PLACE, **fields, "fields": {"type": "village", "members": 23.0}}
    return c.RegisterParty(**{**known, **said})


def withdrawal(party: str, **said: Any) -> c.WithdrawParty:
    return c.WithdrawParty(**{"place": PLACE, "party": party, "reason": "登记有误", "decided_by": "县委组织部", **said})


@pytest.mark.parametrize("mistaken", [False, True])
def test_2_7_it_is_told_whether_a_withdrawn_registration_was_a_mistake(mistaken: bool) -> None:
    here = county()
    here.do(branch())
    (told,) = here.do(withdrawal("B-1", mistaken=mistaken))
    assert told.mistaken == mistaken


FIRST_FIRM = c.RegisterParty(place=PLACE, party="F-1", kind="firm", parent=f"county:{PLACE}", name="山泉公司")
FIRST_ADVISER = c.RegisterParty(place=PLACE, party="A-1", kind="adviser", parent=OF_VILLAGE, name="老村长")


def test_2_7_a_branch_is_registered_once_and_corrected_knowingly() -> None:
    here = county()
    (event,) = here.do(branch())
    assert (event.kind, event.parent, event.name, event.personal) == ("branch", OF_VILLAGE, "上石村党支部", False)
    assert not event.is_sealed() and here.do(branch()) == []
    assert "党员人数" in here.refusal(branch(fields={"type": "village", "members": 25.0})).zh
    (event,) = here.correct(branch(fields={"type": "village", "members": 25.0}))
    assert (event.fields["members"], event.former) == (25.0, None)
    kept = here.world.state("registry", Party, "B-1")
    assert (kept.status, kept.fields, kept.place) == ("branch", {"type": "village", "members": 25.0}, PLACE)


@pytest.mark.parametrize(
    ("said", "field", "word"),
    [
        ({"kind": "club"}, "kind", "党支部"),
        ({"fields": {"members": 3.0}}, "fields.type", "类型"),
        ({"fields": {"type": "city", "members": 3.0}}, "fields.type", "电商党支部"),
        ({"fields": {"type": "village", "members": 5001.0}}, "fields.members", "5,000"),
        ({"fields": {"type": "village", "members": -1.0}}, "fields.members", "党员人数"),
        ({"fields": {"type": "village", "members": "很多"}}, "fields.members", "数字"),
        ({"fields": {"type": "village", "members": 3.0, "secretary": 5.0}}, "fields.secretary", "文字"),
        ({"fields": {"type": "village", "members": 3.0, "colour": "红"}}, "fields.colour", "没有"),
        ({"parent": f"county:{PLACE}"}, "parent", "乡镇"),
        ({"parent": "township:210522100"}, "place", "210522"),
        ({"place": "210522"}, "place", PLACE),
    ],
)
def test_2_7_what_the_pack_does_not_say_of_a_kind_is_refused(said: dict[str, Any], field: str, word: str) -> None:
    refused = county().refusal(branch(**said))
    assert (refused.status, refused.field) == (422, field) and word in refused.zh


@pytest.mark.parametrize("parent", ["village:210521902299", "party:F-9"])
def test_2_7_nobody_belongs_to_what_is_unknown(parent: str) -> None:
    assert county().refusal(branch(parent=parent)).status == 404


def test_2_7_4_4_a_branch_of_a_firm_moves_and_the_firm_stays_until_nothing_belongs_to_it() -> None:
    here = county()
    here.do(FIRST_FIRM)
    here.do(branch(parent="party:F-1"))
    assert here.world.state("registry", Party, "F-1").holds == ("B-1",)
    assert "B-1" in here.refusal(withdrawal("F-1")).zh
    (event,) = here.correct(branch(parent=f"township:{VILLAGE[:9]}"))
    assert (event.parent, event.former) == (f"township:{VILLAGE[:9]}", "party:F-1")
    assert [type(event) for event in here.do(withdrawal("F-1"))] == [r.PartyWithdrawn]
    assert here.do(withdrawal("F-1")) == []
    assert here.refusal(branch(party="B-2", parent="party:F-1")).status == 404
    here.do(FIRST_FIRM)
    assert here.world.state("registry", Party, "F-1").status == "firm"


def test_1_11_an_adviser_is_a_person_whose_name_nobody_is_told() -> None:
    here = county()
    (event,) = here.do(FIRST_ADVISER)
    assert event.is_sealed() and event.name is None
    assert here.world.state("registry", Person, "A-1").name == "老村长"
    assert (Party, "A-1") not in here.registry.states and Person.personal
    (gone,) = here.do(withdrawal("A-1"))
    assert gone.is_sealed()
    assert here.refusal(withdrawal("A-9")).status == 404


def test_1_11_a_villages_advisory_group_has_advisers_by_name_of_whom_one_convenes_it() -> None:
    kinds = tomllib.loads((FILES[0].parent / "xixiu.toml").read_text("utf-8"))["parties"]
    here = County({**PACK, "parties": kinds}).registered()
    group = c.RegisterParty(place=PLACE, party="G-1", kind="advisory_group", parent=OF_VILLAGE, name="上石村顾问团")
    (formed,) = here.do(group)
    assert (formed.name, formed.is_sealed()) == ("上石村顾问团", False)

    def adviser(id: str, parent: str = "party:G-1", **fields: Any) -> c.RegisterParty:
        return c.RegisterParty(place=PLACE, party=id, kind="adviser", parent=parent, name="某某", fields=fields)

    (told,) = here.do(adviser("A-1", type="elder", duty="convener"))
    assert told.is_sealed() and told.name is None
    assert here.world.state("registry", Person, "A-1").fields == {"type": "elder", "duty": "convener"}
    assert here.world.state("registry", Party, "G-1").holds == ("A-1",)
    assert here.refusal(adviser("A-2", type="elder")).field == "fields.duty", "each has a duty in the group"
    assert here.refusal(adviser("A-2", OF_VILLAGE, type="elder", duty="adviser")).field == "parent"
    assert here.refusal(withdrawal("G-1")).status == 409, "it has an adviser"
    here.do(withdrawal("A-1"))
    here.do(withdrawal("G-1"))


def leader(party: str, **fields: Any) -> c.RegisterParty:
    return c.RegisterParty(
        place=PLACE, party=party, kind="village_leader", parent=OF_VILLAGE, name="某某", fields=fields
    )


def test_4_4_a_member_without_office_has_a_post_a_zone_and_a_pledge_that_nobody_is_told() -> None:
    kinds = tomllib.loads((FILES[0].parent / "guizhou.toml").read_text("utf-8"))["parties"]
    here = County({**PACK, "parties": kinds}).registered()
    here.do(
        c.RegisterParty(
            place=PLACE, party="B-1", kind="branch", parent=OF_VILLAGE, name="联合支部", fields={"type": "villages"}
        )
    )

    def post(id: str, **fields: Any) -> c.RegisterParty:
        return c.RegisterParty(
            place=PLACE, party=id, kind="member_post", parent="party:B-1", name="某某", fields=fields
        )

    (told,) = here.do(post("M-1", duty_post="industry", zone="第三村民组", pledge="带动两户种茶"))
    assert told.is_sealed() and told.name is None
    here.do(post("M-2", duty_post="policy"))
    assert here.world.state("registry", Party, "B-1").holds == ("M-1", "M-2")
    assert here.refusal(post("M-3", zone="第一村民组")).field == "fields.duty_post"
    assert here.refusal(post("M-3", duty_post="chief")).field == "fields.duty_post"
    assert here.refusal(withdrawal("B-1")).status == 409


def test_4_3_how_a_village_leader_came_to_office_and_whether_one_is_both_is_known() -> None:
    kinds = tomllib.loads((FILES[0].parent / "guizhou.toml").read_text("utf-8"))["parties"]
    here = County({**PACK, "parties": kinds}).registered()
    here.do(leader("L-1", post="both", chosen_by="two_rounds"))
    known = here.world.state("registry", Person, "L-1")
    assert known.fields == {"post": "both", "chosen_by": "two_rounds"}
    assert here.refusal(leader("L-2", post="both", chosen_by="lot")).field == "fields.chosen_by"
    assert here.refusal(leader("L-2", post="both")).field == "fields.chosen_by", "how is asked of every leader"


def test_4_6_pension_medical_care_and_compensation_of_village_cadres_are_on_record() -> None:
    kinds = tomllib.loads((FILES[0].parent / "guizhou.toml").read_text("utf-8"))["parties"]
    here = County({**PACK, "parties": kinds}).registered()
    office = {"post": "director", "chosen_by": "election"}
    care = {"pension": "joined", "medical": "joined", "compensation": "agreed"}
    here.do(leader("L-1", **office), leader("L-2", **office, **care))
    assert here.world.state("registry", Person, "L-1").fields == office, "what nobody knows is left out"
    assert here.world.state("registry", Person, "L-2").fields == {**office, **care}
    assert here.refusal(leader("L-3", **office, pension="maybe")).field == "fields.pension"


def test_2_7_an_id_is_one_partys() -> None:
    here = county()
    here.do(branch(), FIRST_ADVISER)
    for other in (
        branch(party="A-1"),
        c.RegisterParty(place=PLACE, party="B-1", kind="adviser", parent=OF_VILLAGE, name="老村长"),
        c.RegisterParty(place=PLACE, party="B-1", kind="firm", parent=f"county:{PLACE}", name="山泉公司"),
    ):
        assert here.refusal(other).field == "party"


def test_2_7_a_branch_moves_with_its_village_to_another_county() -> None:
    here = county()
    here.do(branch())
    code, since, by = "210522" + VILLAGE[6:], here.world.today, {"document": "民发〔2014〕3号", "decided_by": "市政府"}
    here.do(c.RecodeVillage(place=CITY, village=VILLAGE, code=code, since=since, **by))
    assert here.world.state("registry", Party, "B-1").place == "210522", "it came along by itself"
    assert here.refusal(branch(name="新支部")).field == "place"
    (event,) = here.sure(branch(place="210522", name="新支部"))
    assert (event.place, here.world.state("registry", Party, "B-1").place) == ("210522", "210522")


def test_2_7_a_merged_villages_organisations_and_persons_go_along_and_are_withdrawn_from_there() -> None:
    here = county()
    other = "210521100202"
    here.do(
        c.RegisterVillage(place=PLACE, village=other, name="下石村", township="小市镇", population=500, listed=False)
    )
    here.do(branch(party="B-2", parent=f"village:{other}"), branch(party="B-3", parent=f"village:{other}"))
    here.do(again(FIRST_ADVISER, party="A-2", parent=f"village:{other}"), withdrawal("B-3"))
    since = here.world.today
    merge = c.MergeVillages(**AT, merged=(other,), since=since, document="辽政〔2014〕9号", decided_by="县政府")
    told = {one.party: one for one in here.do(merge) if isinstance(one, r.PartyRegistered)}
    assert {*told} == {"A-2", "B-2"} and {one.parent for one in told.values()} == {OF_VILLAGE}
    assert told["A-2"].is_sealed() and told["A-2"].name is None and told["B-2"].name == "上石村党支部"
    assert here.world.state("registry", Person, "A-2").parent == OF_VILLAGE
    assert [*here.register.parties] == ["A-2", "B-2"] and here.do(merge) == []
    here.do(withdrawal("B-2"))
    assert [*here.register.parties] == ["A-2"]


def test_2_7_what_belongs_to_a_villages_organisation_moves_with_it_to_another_county() -> None:
    nested = {"kind": "group", "label": "小组", "parents": ["branch"]}
    here = County({**PACK, "parties": [*KINDS, nested]}).registered()
    here.do(branch(), c.RegisterParty(place=PLACE, party="G-1", kind="group", parent="party:B-1", name="第一小组"))
    code, since, by = "210522" + VILLAGE[6:], here.world.today, {"document": "民发〔2014〕3号", "decided_by": "市政府"}
    here.do(c.RecodeVillage(place=CITY, village=VILLAGE, code=code, since=since, **by))
    group = here.world.state("registry", Party, "G-1")
    assert (group.place, group.parent) == ("210522", "party:B-1")


@pytest.mark.parametrize("parent", ["party:C-1", "party:C-2"])
def test_2_7_nobody_belongs_to_itself_or_its_own_parts(parent: str) -> None:
    group = {"kind": "group", "label": "联合社", "parents": ["county", "group"]}
    here = County({**PACK, "parties": [group]})
    of: dict[str, Any] = {"place": PLACE, "kind": "group", "name": "联合社"}
    here.do(c.RegisterParty(party="C-1", parent=f"county:{PLACE}", **of))
    here.do(c.RegisterParty(party="C-2", parent="party:C-1", **of))
    assert here.refusal(c.RegisterParty(party="C-1", parent=parent, **of)).field == "parent"


def test_an_ended_village_gets_no_branch() -> None:
    here = county()
    here.do(c.WithdrawVillage(**AT, reason="登记有误", decided_by="县政府"))
    assert "登记已撤销" in here.refusal(branch()).zh


def test_2_7_a_village_is_not_withdrawn_while_parties_belong_to_it() -> None:
    here = county()
    here.do(branch(), FIRST_ADVISER)
    gone = c.WithdrawVillage(**AT, reason="登记有误", decided_by="县政府")
    refused = here.refusal(gone)
    assert "组织（人员）A-1、B-1" in refused.zh and "parties A-1, B-1" in refused.en
    here.do(withdrawal("B-1"), withdrawal("A-1"), gone)
    assert here.village.stage == "withdrawn"


def test_2_7_parties_are_counted_by_kind_and_choice() -> None:
    here = county()
    here.do(branch(), branch(party="B-2", fields={"type": "ecommerce", "members": 5.0}), FIRST_FIRM, FIRST_ADVISER)
    here.do(branch(party="B-3"))
    here.do(withdrawal("B-3"))
    found = [state for state in here.registry.states.values() if isinstance(state, Party)]
    counted = {(one.label, one.value): one.number for one in party.counts(found, here.policy.parties)}
    assert counted == {
        ("党支部", ""): 2,
        ("党支部", "村党支部"): 1,
        ("党支部", "电商党支部"): 1,
        ("企业", ""): 1,
    }


async def test_2_7_people_ask_over_http_and_only_operators_read_persons(database: str) -> None:
    async with office(database) as desk:
        later = {**PACK, "version": "2105-2014.2", "effective_from": "2014-06-13", "parties": KINDS}
        await desk.post("policies", {"place": CITY, "pack": later, "adopted_by": "市委"})
        await handle(desk.pipeline, OPEN, [delivery(DayPassed(day=date(2014, 6, 13)), 3)])
        firm = {"place": PLACE, "party": "F-1", "kind": "firm", "parent": f"county:{PLACE}", "name": "山泉公司"}
        people = {"party": "A-1", "kind": "adviser", "parent": "party:B-1", "name": "老村长"}
        of_firm = {"party": "B-1", "kind": "branch", "parent": "party:F-1", "name": "山泉公司党支部"}
        await desk.post("parties", firm)
        await desk.post("parties", {"place": PLACE, **of_firm, "fields": {"type": "ecommerce", "members": 7}})
        await desk.post("parties", {"place": PLACE, **people})
        counted = (await desk.get("/v1/party-counts/2105")).json()
        assert {(one["label"], one["value"]): one["number"] for one in counted} == {
            ("党支部", ""): 1,
            ("党支部", "村党支部"): 0,
            ("党支部", "电商党支部"): 1,
            ("企业", ""): 1,
        }
        assert len((await desk.get("/v1/parties", place=PLACE)).json()) == 2
        assert (await desk.get("/v1/party-twins/2105")).json() == []
        await desk.post("parties", {**firm, "party": "F-2", "name": "山泉有限公司"})
        (twins_,) = (await desk.get("/v1/party-twins/210521")).json()
        assert (twins_["label"], [one["party"] for one in twins_["parties"]]) == ("企业", ["F-1", "F-2"])
        assert (await desk.client.get("/v1/persons")).status_code in (401, 403)


# --------------------------------------------------------------------- registered twice


def merger(party: str, into: str, **said: Any) -> c.MergeParty:
    signed: dict[str, Any] = {"place": PLACE, "reason": "重复登记", "decided_by": "县扶贫办"}
    return c.MergeParty(**{**signed, "party": party, "into": into, **said})


def firm(id: str, name: str) -> c.RegisterParty:
    return c.RegisterParty(place=PLACE, party=id, kind="firm", parent=f"county:{PLACE}", name=name)


def test_1_12_a_firm_that_was_registered_twice_goes_on_under_one_id() -> None:
    here = county()
    here.do(FIRST_FIRM, firm("F-2", "山泉有限公司"))
    (event,) = here.do(merger("F-1", "F-2"))
    assert event == r.PartyMerged(
        place=PLACE,
        party="F-1",
        into="F-2",
        kind="firm",
        parent=f"county:{PLACE}",
        reason="重复登记",
        decided_by="县扶贫办",
    )
    assert here.registry.states[Party, "F-1"].status == "withdrawn" and here.do(merger("F-1", "F-2")) == []
    assert here.refusal(merger("F-2", "F-1")).status == 404, "F-1 is no more"
    here.do(firm("F-3", "山泉饮品公司"))
    refused = here.refusal(merger("F-1", "F-3"))
    assert (refused.field, refused.status) == ("party", 409) and "已并入“F-2”" in refused.zh
    here.do(withdrawal("F-3"))
    assert "已撤销登记" in here.refusal(merger("F-3", "F-2")).zh


@pytest.mark.parametrize(
    ("command", "status", "zh", "en"),
    [
        (merger("F-1", "F-1"), 422, "只能并入另一编号的同类登记", "under another id of the same kind"),
        (merger("F-1", "B-1"), 422, "B-1是党支部", "B-1 is a branch"),
        (merger("F-1", "F-9"), 404, "不存在", "does not exist"),
        (merger("F-9", "F-1"), 404, "不存在", "does not exist"),
        (merger("F-1", "F-2", place="210522"), 422, "属于区划", "belongs to division"),
        (merger("F-2", "F-1"), 409, "下属B-2", "B-2, which belongs to it"),
    ],
)
def test_1_12_a_merger_of_what_is_not_one_party_is_refused(
    command: c.MergeParty, status: int, zh: str, en: str
) -> None:
    here = county()
    here.do(FIRST_FIRM, firm("F-2", "山泉有限公司"), branch(), branch(party="B-2", parent="party:F-2"))
    refused = here.refusal(command)
    assert refused.status == status and zh in refused.zh and en in refused.en, (refused.zh, refused.en)


def test_1_12_a_person_who_was_registered_twice_is_merged_under_seal() -> None:
    here = county()
    here.do(FIRST_ADVISER, c.RegisterParty(place=PLACE, party="A-2", kind="adviser", parent=OF_VILLAGE, name="老村长"))
    (event,) = here.do(merger("A-1", "A-2"))
    assert event.is_sealed() and here.registry.states[Person, "A-1"].status == "withdrawn"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("本溪市绿源农业有限公司", "本溪绿源农业有限责任公司", True),
        ("绿源（本溪）农业公司", "绿源(本溪)农业", True),
        ("ＡＢＣ 食品", "abc食品集团", True),
        ("绿源农业有限公司", "绿野农业有限公司", False),
        ("公司", "合作社", False),
        ("市", "县", False),
        ("向阳专业合作社", "向阳村合作社", True),
        ("绿源集团有限公司", "绿源公司", True),
    ],
)
def test_1_12_two_spellings_of_one_firm_are_found(one: str, other: str, alike: bool) -> None:
    here = county()
    here.do(firm("F-1", one), firm("F-2", other), branch(name=one), firm("F-3", "山泉公司"))
    found = [state for state in here.registry.states.values() if isinstance(state, Party)]
    told = [[twin.party for twin in of.parties] for of in twins.twins(found, here.policy.parties)]
    assert told == ([["F-1", "F-2"]] if alike else [])
    here.do(merger("F-1", "F-2"))
    found = [state for state in here.registry.states.values() if isinstance(state, Party)]
    assert twins.twins(found, here.policy.parties) == [], "who was merged is not found again"


def test_1_12_persons_of_one_name_are_no_twins() -> None:
    here = county()
    here.do(FIRST_ADVISER, c.RegisterParty(place=PLACE, party="A-2", kind="adviser", parent=OF_VILLAGE, name="老村长"))
    found = [state for state in here.registry.states.values() if isinstance(state, Party)]
    assert found and twins.twins(found, here.policy.parties) == []


@pytest.mark.parametrize(
    ("kinds", "path"),
    [
        ([{**BRANCH, "kind": "village"}, FIRM], (0, "kind")),
        ([BRANCH], (0, "parents")),
        ([FIRM, FIRM], (1,)),
        ([FIRM, {**ADVISER, "parents": ["village"], "fields": [{"field": "a", "label": "甲"}] * 2}], (1, "fields", 1)),
        (
            [{**FIRM, "fields": [{"field": "a", "label": "甲", "one_of": {"x": "乙"}, "most": 3}]}],
            (0, "fields", 0, "most"),
        ),
        ([FIRM, {**FIRM, "kind": "shop"}], (1, "label")),
        ([{**FIRM, "fields": [SIZE, {**SIZE, "field": "scale"}]}], (0, "fields", 1, "label")),
        *(
            ([{**FIRM, "fields": [SIZE]}, {**SHOP, "fields": [{**SIZE, **other}]}], (1, "fields", 0, "field"))
            for other in ({"one_of": {"big": "大"}}, {"most": 9}, {"label": "面积"})
        ),
        (
            [{**one, "fields": [{**SIZE, "one_of": {code: "大"}}]} for one, code in ((FIRM, "big"), (SHOP, "large"))],
            (1, "fields", 0, "field"),
        ),
    ],
)
def test_what_a_pack_cannot_mean_by_its_parties_is_refused(kinds: list[dict[str, Any]], path: tuple[Any, ...]) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, "parties": kinds})
    assert ("parties", *path) in [fault.path for fault in refused.value.faults]
