"""Parties that help villages: firms (1.12), branches (2.17), and what lists need beside a team (2.10)."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.dispatch.model.bonds import Contacts, comparison
from services.dispatch.model.commands import (
    BeginLink,
    BeginPartner,
    CountVisits,
    EndLink,
    EndPartner,
    PledgeSupport,
    ReportSupport,
)
from services.dispatch.model.partners import Ally
from shared.contracts import Command, Event
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import (
    ComparisonMissed,
    DeadlineMoved,
    LinkBegun,
    LinkEnded,
    PartnerBegun,
    PartnerEnded,
    PartnerMoved,
    PlaceFilled,
    PlaceOverdue,
    SupportDelivered,
    SupportPledged,
    Visited,
)
from shared.contracts.registry import PartyMerged, PartyWithdrawn, PolicyAdopted, VillageRecoded
from shared.labels import parties_of, sentence
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.shipped import content
from shared.rules import Refused
from tests.dispatch.benxi import AWAY, DECIDED, HOME, PACK, START, V1, V2, V3, Benxi, cadre, delisted, diagnosed, merged
from tests.dispatch.kept import kept_alike
from tests.dispatch.partnered import (
    BRANCH,
    EXPERT,
    FIRM,
    LIST,
    PARTIES,
    PARTNERED,
    begin,
    city,
    listed,
    party,
    pledge,
    report,
    there,
    unlisted,
)
from tests.support.packs import CONTACT, HELPER

DAY = timedelta(1)
MISTAKE: dict[str, Any] = {"reason": "重复登记", "decided_by": "县扶贫办"}


def end(benxi: Benxi, party: str = "F1", village: str = V1, **said: Any) -> None:
    signed = {"kind": "firm", "body": "poverty_office", "because": "agreed"}
    benxi.send(EndPartner, village, **{**signed, "party": party, **said})


def contacts(benxi: Benxi, village: str = V1) -> Contacts:
    state = benxi.dispatch.states[Contacts, village]
    assert isinstance(state, Contacts)
    return state


# ---------------------------------------------------------------------------- pairs


def test_1_12_a_firm_is_paired_with_villages_as_far_as_the_pack_allows() -> None:
    benxi = city(V1, V2, V3)
    begin(benxi)
    assert benxi.said(PartnerBegun) == [
        PartnerBegun(place=HOME, village=V1, kind="firm", party="F1", decided_by="本组干〔2014〕12号")
    ]
    begin(benxi)
    assert len(benxi.said(PartnerBegun)) == 1, "a repetition changes nothing"
    begin(benxi, village=V2)
    with pytest.raises(Refused, match="already, and 2 at most; choose another one"):
        begin(benxi, village=V3)
    assert there(benxi) == there(benxi, V2) == {"F1"} and not there(benxi, V3), "neither half of it happened"
    begin(benxi, "F2")
    with pytest.raises(Refused, match="the village has F1, F2 already, and 2 at most"):
        begin(benxi, "F3")
    end(benxi)
    begin(benxi, "F3")
    assert there(benxi) == {"F2", "F3"}
    begin(benxi, village=V3)
    assert there(benxi, V3) == {"F1"}, "F1 has one village less"


@pytest.mark.parametrize(
    ("given", "status", "zh", "en"),
    [
        ({"kind": "donor"}, 422, "可填：企业结对、支部结对", "its kinds are: firm, branch pair"),
        ({"kind": "expert"}, 422, "可填：企业结对、支部结对", "its kinds are: firm, branch pair"),
        ({"body": "county"}, 422, "扶贫部门办理", "a matter of the poverty office"),
        ({"party": "F9"}, 422, "F9不是登记的企业", "F9 is not registered as a company"),
        ({"party": "B1"}, 422, "B1不是登记的企业", "B1 is not registered as a company"),
        ({"paired": "B2"}, 422, "不填村里的组织", "names no party of the village"),
        ({"village": V2}, 404, "不存在", "does not exist"),
        ({"kind": "branch_pair", "body": "organisation", "party": "B1"}, 422, "哪一党支部结对", "own branch"),
        ({"kind": "branch_pair", "body": "organisation", "party": "B1", "paired": "B1"}, 422, "不是该村的组织",
         "no party of the village"),
        ({"kind": "branch_pair", "body": "organisation", "party": "B1", "paired": "F1"}, 422, "F1不是登记的党支部",
         "F1 is not registered as a branch"),
    ],
)  # fmt: skip
def test_1_12_a_partner_that_does_not_fit_is_refused(given: dict[str, Any], status: int, zh: str, en: str) -> None:
    benxi = city(V1)
    with pytest.raises(Refused) as refused:
        begin(benxi, **given)
    assert refused.value.status == status and zh in refused.value.zh and en in refused.value.en, refused.value.zh
    assert not there(benxi)


def test_1_12_no_pair_begins_in_a_village_that_merged_and_an_exit_leaves_the_firm() -> None:
    benxi = city(V1, V2)
    begin(benxi)
    benxi.hear(delisted(V1))
    assert there(benxi) == {"F1"} and not benxi.said(PartnerEnded), "firms stay after the exit"
    begin(benxi, "F2")
    benxi.hear(merged(V1, V2))
    assert [(one.party, one.ground) for one in benxi.said(PartnerEnded)] == [("F1", "merged"), ("F2", "merged")]
    assert not there(benxi)
    with pytest.raises(Refused, match="not on the poverty list now"):
        begin(benxi)


def test_2_17_a_units_branch_is_paired_with_the_villages_and_goes_with_the_exit() -> None:
    benxi = city(V1)
    (task,) = benxi.tasks("partners")
    assert (task.role, task.due, task.detail) == ("organisation", START + 30 * DAY, "branch_pair")
    assert task.answer == {"place": HOME, "village": V1, "kind": "branch_pair", "body": "organisation"}
    begin(benxi, "B1", kind="branch_pair", paired="B2", body="organisation")
    assert not benxi.tasks("partners") and there(benxi, kind="branch_pair") == {"B1"}
    assert benxi.said(PartnerBegun)[0].paired == "B2"
    benxi.hear(delisted(V1))
    assert [(one.party, one.ground) for one in benxi.said(PartnerEnded)] == [("B1", "delisted")]


@pytest.mark.parametrize("gone", ["B1", "B2"])
def test_2_17_a_pair_ends_when_either_branch_is_no_more_and_the_place_is_open_that_day(gone: str) -> None:
    benxi = city(V1)
    begin(benxi, "B1", kind="branch_pair", paired="B2", body="organisation")
    benxi.until(START + 10 * DAY)
    parent = f"village:{V1}" if gone == "B2" else f"county:{HOME}"
    benxi.hear(PartyWithdrawn(place=HOME, party=gone, kind="branch", parent=parent, **MISTAKE))
    assert [(one.party, one.ground) for one in benxi.said(PartnerEnded)] == [("B1", "dissolved")]
    assert [task.due for task in benxi.tasks("partners")] == [START + 40 * DAY]
    with pytest.raises(Refused, match=f"{gone} is not registered as a branch"):
        begin(benxi, "B1", kind="branch_pair", paired="B2", body="organisation")


def test_2_17_a_person_is_no_partner() -> None:
    benxi = city(V1)
    benxi.hear(party("P1", "elder", f"village:{V1}", personal=True, name=None))
    assert (Ally, "P1") not in benxi.dispatch.states


def test_0_2_a_place_that_nobody_filled_in_time_is_told_once_and_when_it_is_filled() -> None:
    benxi = city(V1)
    benxi.until(START + 30 * DAY)
    assert not benxi.said(PlaceOverdue)
    benxi.until(START + 90 * DAY)
    (told,) = benxi.said(PlaceOverdue)
    assert (told.kind, told.missing, told.due, told.owed_by) == ("branch_pair", 1, START + 30 * DAY, "organisation")
    assert not benxi.said(PlaceFilled)
    begin(benxi, "B1", kind="branch_pair", paired="B2", body="organisation")
    assert [(one.village, one.kind) for one in benxi.said(PlaceFilled)] == [(V1, "branch_pair")]


@pytest.mark.parametrize("fewer", [[], [{**BRANCH, "each_target": {"at_most": 2}, "begin_by": None}]])
def test_0_2_a_place_that_a_further_pack_does_not_ask_for_is_awaited_and_told_no_more(fewer: list[Any]) -> None:
    benxi = city(V1)
    assert benxi.tasks("partners") and contacts(benxi).status == "open"
    benxi.adopt(**{**PARTNERED, "links": [*PACK["links"], FIRM, EXPERT, *fewer]})
    assert not benxi.tasks("partners")
    benxi.until(START + 40 * DAY)
    assert not benxi.said(PlaceOverdue) and contacts(benxi).status == "filled"


def test_0_2_a_place_that_is_needed_no_more_is_told_as_closed() -> None:
    benxi = city(V1)
    benxi.until(START + 60 * DAY)
    benxi.hear(delisted(V1))
    assert [one.kind for one in benxi.said(PlaceFilled)] == ["branch_pair"] and not benxi.tasks("partners")


def test_1_12_a_village_with_another_code_keeps_its_partners_and_their_promises() -> None:
    benxi = city(V1)
    begin(benxi)
    pledge(benxi, {"yuan": 5})
    benxi.hear(VillageRecoded(place=HOME, village=V1, code="210522100777", since=START, document="民发1号", **DECIDED))
    with pytest.raises(Refused, match="belongs to division 210522"):
        end(benxi)
    end(benxi, place=AWAY)
    (ended,) = benxi.said(PartnerEnded)
    assert (ended.place, ended.outstanding) == (AWAY, {"yuan": 5})


# ----------------------------------------------------------------- promises and what came


def test_1_12_what_a_firm_promised_is_compared_with_what_came() -> None:
    benxi = city(V1)
    begin(benxi)
    pledge(benxi, {"yuan": 50000, "jobs": 4})
    assert benxi.said(SupportPledged)[0].pledged == {"yuan": 50000, "jobs": 4}
    report(benxi, {"yuan": 20000})
    (told,) = benxi.said(SupportDelivered)
    assert not told.compared and not told.outstanding and not benxi.tasks("deliveries"), "it is only told how far it is"
    benxi.until(date(2014, 12, 30))
    assert not benxi.tasks("deliveries")
    benxi.until(date(2014, 12, 31))
    (task,) = benxi.tasks("deliveries")
    assert (task.role, task.due, task.rule) == ("county", date(2015, 1, 31), "S3:第一项")
    assert task.answer == {"place": HOME, "village": V1, "kind": "firm", "party": "F1", "year": 2014, "body": "county"}
    report(benxi, {"yuan": 30000, "jobs": 5})
    told = benxi.said(SupportDelivered)[-1]
    assert told.compared and told.outstanding == {"yuan": 20000}, "five jobs are more than was promised"
    assert not benxi.tasks("deliveries")
    assert sentence(told, benxi.policy, {}) == (
        "2014年度F1帮扶到位：帮扶资金（元）30000、吸纳就业（人）5（承诺帮扶资金（元）50000、吸纳就业（人）4），"
        "尚缺帮扶资金（元）20000，由县扶贫办对照",
        "2014: of F1 came yuan 30000, jobs 5, of yuan 50000, jobs 4 promised; missing yuan 20000; compared by 县扶贫办",
    )
    assert parties_of(told) == ["F1"]
    named = sentence(told, benxi.policy, {"F1": "某局", "party:F1": "清泉矿泉水公司"})
    assert [text.count("清泉矿泉水公司") for text in named] == [1, 1] and "F1" not in "".join(named)
    benxi.until(date(2015, 3, 1))
    assert not benxi.said(ComparisonMissed)


def test_1_12_a_comparison_that_nobody_made_is_told_once_and_still_awaited() -> None:
    benxi = city(V1)
    begin(benxi)
    pledge(benxi, {"yuan": 50000})
    benxi.until(date(2015, 1, 31))
    assert not benxi.said(ComparisonMissed)
    benxi.until(date(2015, 6, 1))
    (told,) = benxi.said(ComparisonMissed)
    assert (told.year, told.party, told.due, told.owed_by) == (2014, "F1", date(2015, 1, 31), "county")
    assert len(benxi.tasks("deliveries")) == 1
    report(benxi, {})
    assert benxi.said(SupportDelivered)[-1].outstanding == {"yuan": 50000} and not benxi.tasks("deliveries")


def test_1_12_nothing_that_was_said_is_overwritten_unawares() -> None:
    benxi = city(V1)
    begin(benxi)
    pledge(benxi, {"yuan": 50000})
    with pytest.raises(Refused, match="yuan is known as '50000'") as refused:
        pledge(benxi, {"yuan": 40000})
    assert "帮扶资金（元）已登记为" in refused.value.zh
    pledge(benxi, {"yuan": 40000}, replaces=refused.value.version)
    report(benxi, {"yuan": 20000})
    with pytest.raises(Refused) as refused:
        report(benxi, {"yuan": 10000})
    report(benxi, {"yuan": 30000})
    benxi.until(date(2015, 1, 1))
    report(benxi, {"yuan": 30000})
    with pytest.raises(Refused) as refused:
        report(benxi, {"yuan": 35000})
    report(benxi, {"yuan": 35000}, replaces=refused.value.version)
    assert [one.outstanding for one in benxi.said(SupportDelivered)[-2:]] == [{"yuan": 10000}, {"yuan": 5000}]


def test_1_12_a_promise_can_be_taken_back_and_one_for_a_past_year_is_compared_at_once() -> None:
    benxi = city(V1)
    begin(benxi)
    pledge(benxi, {"yuan": 1}, year=2013)
    (task,) = benxi.tasks("deliveries")
    assert task.due == START, "its time was over before it was entered"
    with pytest.raises(Refused) as refused:
        pledge(benxi, {}, year=2013)
    pledge(benxi, {}, year=2013, replaces=refused.value.version)
    assert not benxi.tasks("deliveries") and benxi.said(SupportPledged)[-1].pledged == {}
    benxi.until(date(2015, 1, 1))
    assert not benxi.said(ComparisonMissed)


@pytest.mark.parametrize(
    ("given", "status", "en"),
    [
        ({"kind": "branch_pair"}, 422, "has no promises in such a kind of link, branch_pair; those that have: firm"),
        ({"body": "county"}, 422, "a matter of the poverty office"),
        ({"party": "F2"}, 409, "F2 is not paired with the village now"),
        ({"amounts": {"cows": 3}}, 422, "cannot promise cows, only yuan, jobs"),
    ],
)
def test_1_12_a_promise_that_cannot_be_is_refused(given: dict[str, Any], status: int, en: str) -> None:
    benxi = city(V1)
    begin(benxi)
    with pytest.raises(Refused, match=en) as refused:
        pledge(benxi, **{"amounts": {"yuan": 1}, **given})
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("given", "en"),
    [
        ({"year": 2016}, "promised nothing for 2016"),
        ({"body": "poverty_office"}, "a matter of the county"),
        ({"amounts": {"cows": 3}}, "cannot promise cows"),
    ],
)
def test_1_12_what_came_of_no_promise_is_refused(given: dict[str, Any], en: str) -> None:
    benxi = city(V1)
    begin(benxi)
    pledge(benxi, {"yuan": 1})
    with pytest.raises(Refused, match=en):
        report(benxi, **{"amounts": {"yuan": 1}, **given})


def test_1_12_a_bankrupt_firm_leaves_its_open_promise_told() -> None:
    benxi = city(V1)
    begin(benxi)
    pledge(benxi, {"yuan": 50000, "jobs": 4})
    pledge(benxi, {"yuan": 10000}, year=2015)
    report(benxi, {"yuan": 20000, "jobs": 9})
    end(benxi, because="insolvent")
    (ended,) = benxi.said(PartnerEnded)
    assert (ended.ground, ended.outstanding) == ("insolvent", {"yuan": 40000})
    benxi.until(date(2016, 3, 1))
    assert not benxi.said(ComparisonMissed) and not benxi.tasks("deliveries"), "nobody waits for it any more"
    with pytest.raises(Refused, match="F1 is not paired"):
        end(benxi)


def test_1_12_a_kind_of_pair_that_a_pack_has_no_more_is_ended_by_the_organisation_department() -> None:
    benxi = city(V1)
    begin(benxi)
    pledge(benxi, {"yuan": 1})
    pack = {**PACK, "version": "2105-2014.2"}
    benxi.hear(PolicyAdopted(place="210500", version="2105-2014.2", adopted_by="市委", pack=pack))
    benxi.policy = parse_pack(pack)
    benxi.until(date(2015, 3, 1))
    assert not benxi.tasks("deliveries") and not benxi.said(ComparisonMissed)
    with pytest.raises(Refused, match="a matter of the organisation department"):
        end(benxi)
    end(benxi, body="organisation")
    assert not there(benxi)


# --------------------------------------------------------------------- registered twice


def test_1_12_a_firm_that_was_registered_twice_goes_on_with_its_villages_and_promises() -> None:
    benxi = city(V1, V2)
    begin(benxi)
    begin(benxi, "F2")
    begin(benxi, village=V2)
    pledge(benxi, {"yuan": 5})
    pledge(benxi, {"yuan": 5}, "F2")
    pledge(benxi, {"yuan": 7}, year=2015)
    benxi.hear(PartyMerged(place=HOME, party="F1", into="F2", kind="company", parent=f"county:{HOME}", **MISTAKE))
    assert there(benxi) == there(benxi, V2) == {"F2"} and not benxi.said(PartnerEnded)
    assert [(one.village, one.into) for one in benxi.said(PartnerMoved)] == [(V1, "F2"), (V2, "F2")]
    end(benxi, "F2")
    assert benxi.said(PartnerEnded)[0].outstanding == {"yuan": 12}, "5 were promised once, and entered twice"
    with pytest.raises(Refused, match="F1 is not registered as a company"):
        begin(benxi)


def test_2_11_of_a_firm_that_was_registered_twice_its_one_id_is_counted_and_what_was_counted_stays() -> None:
    firm = {**FIRM, "visits": {**EXPERT["visits"], "every": "month"}}
    benxi = city(V1, links=[*PACK["links"], firm, BRANCH, EXPERT])
    begin(benxi)
    benxi.until(date(2014, 8, 1))
    count(benxi, date(2014, 6, 30), "F1")
    benxi.hear(PartyMerged(place=HOME, party="F1", into="F2", kind="firm", parent=f"county:{HOME}", **MISTAKE))
    periods = contacts(benxi).visits["firm"]
    assert [({*one.whole}, one.times) for one in periods.values()] == [({"F1"}, {"F1": 2}), ({"F2"}, {})]
    count(benxi, date(2014, 7, 31), "F2")
    assert not benxi.tasks("visit-counts")


@pytest.mark.parametrize(
    ("every", "ends"),
    [
        ("month", ["2014-06-30", "2014-07-31", "2014-08-31"]),
        ("quarter", ["2014-06-30", "2014-09-30", "2014-12-31"]),
        ("half_year", ["2014-06-30", "2014-12-31", "2015-06-30"]),
        ("year", ["2014-12-31", "2015-12-31", "2016-12-31"]),
    ],
)
def test_2_11_visits_are_counted_when_a_period_ends(every: str, ends: list[str]) -> None:
    firm = {**FIRM, "visits": {**EXPERT["visits"], "every": every}}
    benxi = city(V1, links=[*PACK["links"], firm, BRANCH, EXPERT])
    begin(benxi)
    for last in map(date.fromisoformat, ends):
        benxi.until(last)
        assert not benxi.tasks("visit-counts")
        benxi.until(last + DAY)
        assert [task.answer["last"] for task in benxi.tasks("visit-counts")] == [last.isoformat()]
        count(benxi, last, "F1")


def count(benxi: Benxi, last: date, firm: str) -> None:
    signed: dict[str, Any] = {"counted_by": "朝阳村", "body": "village"}
    benxi.send(CountVisits, kind="firm", last=last, visited=(Visited(firm, 2),), **signed)


def test_2_17_a_villages_branch_that_was_registered_twice_stays_paired() -> None:
    benxi = city(V1)
    begin(benxi, "B1", kind="branch_pair", paired="B2", body="organisation")
    benxi.hear(party("B3", "branch", f"village:{V1}"))
    benxi.hear(PartyMerged(place=HOME, party="B2", into="B3", kind="branch", parent=f"village:{V1}", **MISTAKE))
    assert contacts(benxi).bonds["branch_pair"].about == {"B1": "B3"}
    benxi.hear(PartyWithdrawn(place=HOME, party="B3", kind="branch", parent=f"village:{V1}", **MISTAKE))
    assert [(one.party, one.ground) for one in benxi.said(PartnerEnded)] == [("B1", "dissolved")]


def test_2_17_a_pair_ends_with_the_villages_branch_also_after_the_other_was_registered_twice() -> None:
    benxi = city(V1)
    benxi.hear(party("B4", "branch"))
    begin(benxi, "B1", kind="branch_pair", paired="B2", body="organisation")
    benxi.hear(PartyMerged(place=HOME, party="B1", into="B4", kind="branch", parent=f"county:{HOME}", **MISTAKE))
    assert contacts(benxi).bonds["branch_pair"].about == {"B4": "B2"}
    benxi.hear(PartyWithdrawn(place=HOME, party="B2", kind="branch", parent=f"village:{V1}", **MISTAKE))
    assert [(one.party, one.ground) for one in benxi.said(PartnerEnded)] == [("B4", "dissolved")]


def test_2_17_a_branch_that_is_paired_no_more_moves_nowhere() -> None:
    benxi = city(V1)
    benxi.hear(party("B3", "branch", f"village:{V1}"))
    begin(benxi, "B1", kind="branch_pair", paired="B2", body="organisation")
    end(benxi, "B1", kind="branch_pair", body="organisation")
    benxi.hear(PartyMerged(place=HOME, party="B2", into="B3", kind="branch", parent=f"village:{V1}", **MISTAKE))
    assert not benxi.said(PartnerMoved)


def test_2_17_another_branch_of_the_village_takes_the_place_only_after_the_first_pair_ended() -> None:
    benxi = city(V1)
    benxi.hear(party("B3", "branch", f"village:{V1}"))
    for _ in range(2):
        begin(benxi, "B1", kind="branch_pair", paired="B2", body="organisation")
    with pytest.raises(Refused, match="is paired with B2 there") as refused:
        begin(benxi, "B1", kind="branch_pair", paired="B3", body="organisation")
    assert refused.value.field == "paired" and contacts(benxi).bonds["branch_pair"].about == {"B1": "B2"}
    end(benxi, "B1", kind="branch_pair", body="organisation")
    begin(benxi, "B1", kind="branch_pair", paired="B3", body="organisation")
    assert contacts(benxi).bonds["branch_pair"].about == {"B1": "B3"}


# ------------------------------------------------------------------- what lists need


def test_2_10_a_list_needs_experts_in_its_villages_and_in_no_others() -> None:
    benxi = city(V1, V2)
    benxi.hear(listed(V1))
    (task,) = benxi.tasks("links")
    assert (task.about, task.detail, task.due) == (V1, "expert", START + 30 * DAY)
    benxi.send(BeginLink, kind="expert", unit="U1", cadre="E1", skill="tea")
    assert benxi.said(LinkBegun)[0].skill == "tea" and not benxi.tasks("links")
    benxi.send(EndLink, kind="expert", cadre="E1")
    assert benxi.tasks("links")
    benxi.hear(unlisted(V1))
    assert not benxi.tasks("links")


def test_2_10_a_village_that_is_on_no_poverty_list_has_what_another_list_needs() -> None:
    benxi = city(V1, links=[*PACK["links"], FIRM, BRANCH, {**EXPERT, "ends": "delisted"}])
    benxi.hear(listed(V3))
    assert [task.about for task in benxi.tasks("links")] == [V3]
    benxi.send(BeginLink, V3, kind="expert", unit="U1", cadre="E1", skill="herding")
    with pytest.raises(Refused, match="not on the poverty list now"):
        begin(benxi, village=V3)
    benxi.hear(unlisted(V3))
    assert [(one.village, one.ground) for one in benxi.said(LinkEnded)] == [(V3, "list_ended")]


def test_2_10_an_exit_leaves_what_a_list_still_needs() -> None:
    benxi = city(V1, links=[*PACK["links"], FIRM, BRANCH, {**EXPERT, "ends": "delisted"}])
    benxi.hear(listed(V1))
    benxi.send(BeginLink, kind="expert", unit="U1", cadre="E1", skill="tea")
    benxi.hear(delisted(V1))
    assert not benxi.said(LinkEnded)
    benxi.hear(unlisted(V1))
    assert [one.ground for one in benxi.said(LinkEnded)] == ["list_ended"]


@pytest.mark.parametrize(
    ("skill", "zh", "en"),
    [
        (None, "须填专长，可填：茶叶、养殖", "names a skill: tea, herding"),
        ("bees", "没有这项专长", "does not have bees"),
    ],
)
def test_2_11_an_expert_has_a_skill_of_the_pack(skill: str | None, zh: str, en: str) -> None:
    benxi = city(V1)
    benxi.hear(listed(V1))
    with pytest.raises(Refused, match=en) as refused:
        benxi.send(BeginLink, kind="expert", unit="U1", cadre="E1", skill=skill)
    assert zh in refused.value.zh and refused.value.field == "skill"
    with pytest.raises(Refused, match="has ties to the village"):
        benxi.send(BeginLink, kind="expert", unit="U1", cadre="E2", skill="tea")


# -------------------------------------------------------------------- what a pack can say


def without(link: dict[str, Any], *fields: str, **said: Any) -> dict[str, Any]:
    return {field: value for field, value in {**link, **said}.items() if field not in fields}


@pytest.mark.parametrize(
    ("changes", "where", "zh", "en"),
    [
        ({"links": [{**FIRM, "of": "bank"}]}, "links[1].of", "没有组织类别“bank”", "bank is none of [[parties]]"),
        ({"links": [{**FIRM, "of": "elder"}]}, "links[1].of", "个人", "is a person"),
        ({"links": [{**BRANCH, "paired_with": "company"}]}, "links[1].paired_with", "不隶属于村",
         "belongs to no village"),
        ({"links": [{**FIRM, "to": "household"}]}, "links[1].to", "只能与村结对", "paired with a village"),
        ({"links": [{**FIRM, "kind": "team"}]}, "links[1].kind", "专指单位派驻", "a unit's team"),
        ({"links": [without(FIRM, "compare_on")]}, "links[1].compare_on", "一并填写", "go together"),
        ({"links": [without(FIRM, "compared_by")]}, "links[1].compared_by", "一并填写", "go together"),
        ({"links": [without(FIRM, "pledges")]}, "links[1].compare_on", "一并填写", "go together"),
        ({"links": [{**FIRM, "compared_by": "operator"}]}, "links[1].compared_by", "不能办理", "cannot do this"),
        ({"links": [{**FIRM, "compare_on": {"every": {"months": 3}, "from": START}}]}, "links[1].compare_on",
         "不能写循环", "cannot stand here"),
        ({"links": [{**FIRM, "each_bearer": {"at_least": 1}}]}, "links[1].each_bearer.at_least", "不能要求", "obliged"),
        ({"links": [{**FIRM, "each_target": {"at_least": 1}}]}, "links[1].begin_by", "确定期限", "by a day"),
        ({"links": [{**BRANCH, "each_target": {"at_most": 3}}]}, "links[1].begin_by", "不写期限", "by a day"),
        ({"links": [{**BRANCH, "each_target": {"at_least": 2, "at_most": 1}}]}, "links[1].each_target.at_most", "少于",
         "fewer than"),
        ({"links": [{**BRANCH, "begin_by": {"after": "registry.households.counted", "within": {"months": 1}}}]},
         "links[1].begin_by.after", "应自", "counted from"),
        ({"links": [{**EXPERT, "visits": {**EXPERT["visits"], "by": "operator"}}]}, "links[1].visits.by", "不能办理",
         "cannot do this"),
        ({"links": [{**EXPERT, "visits": {**EXPERT["visits"], "every": "week"}}]}, "links[1].visits.every",
         "应为其中之一", "one of month, quarter, half_year, year"),
        ({"links": [without(EXPERT, to="household",
                            begin_by={"after": "registry.households.counted", "within": {"months": 1}})]},
         "links[1].visits", "只有联系村的", "only a link with"),
        ({"links": [{**HELPER, "each_target": {"at_most": 1}}]}, "links[1].each_target", "每户至少几名", "at least"),
        ({"links": [FIRM], "lists": [{**LIST, "needs": ["firm"]}]}, "lists[0].needs[0]",
         "没有写明至少几名", "at least"),
        ({"links": [FIRM], "lists": [{**LIST, "needs": ["bank"]}]}, "lists[0].needs[0]", "没有“bank”", "no bank"),
        ({"links": [EXPERT], "lists": []}, "links[1].begin_by.after", "没有名单需要", "no list needs"),
    ],
)  # fmt: skip
def test_1_12_2_11_2_17_a_link_that_no_partner_can_have_is_refused(
    changes: dict[str, Any], where: str, zh: str, en: str
) -> None:
    links = [*PACK["links"], *changes["links"]]
    lists = changes.get("lists", [LIST] if EXPERT["kind"] in {one["kind"] for one in links} else [])
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, "parties": PARTIES, "links": links, "lists": lists})
    assert any(f.where == where and zh in f.zh and en in f.en for f in refused.value.faults), refused.value.faults


async def test_1_12_partners_are_on_both_databases_what_the_rules_decide_in_memory(database: str) -> None:
    benxi = Benxi(**PARTNERED)
    at: dict[str, Any] = {"place": HOME, "village": V1, "kind": "firm"}
    steps: list[Event | Command | date] = [
        party("F1"),
        party("F2"),
        diagnosed(V1),
        *(BeginPartner(**at, party=of, decided_by="县扶贫办", body="poverty_office") for of in ("F1", "F2")),
        PledgeSupport(**at, party="F1", year=2014, pledged={"yuan": 5.5}, pledged_by="绿源公司", body="poverty_office"),
        date(2014, 8, 1),
        date(2014, 12, 31),
        ReportSupport(**at, party="F1", year=2014, delivered={"yuan": 5}, reported_by="县扶贫办", body="county"),
        PartyMerged(place=HOME, party="F1", into="F2", kind="company", parent=f"county:{HOME}", **MISTAKE),
    ]
    await kept_alike(benxi, {**PACK, **PARTNERED}, steps, database)


def test_4_4_a_joint_branch_is_one_of_several_villages_and_goes_on_when_two_of_them_merge() -> None:
    (joint,) = [link for link in content("guizhou")["links"] if link["kind"] == "joint_branch"]
    benxi = city(V1, V2, V3, links=[*PACK["links"], FIRM, BRANCH, EXPERT, {**joint, "rule": "S3:第一项"}])
    by: dict[str, Any] = {"kind": "joint_branch", "body": "organisation"}
    for village in (V1, V2, V3):
        begin(benxi, "B1", village, **by)
    assert [there(benxi, village, "joint_branch") for village in (V1, V2, V3)] == [{"B1"}] * 3
    with pytest.raises(Refused):
        begin(benxi, "F1", V1, **by)
    benxi.hear(merged(V1, V2))
    assert there(benxi, V2, "joint_branch") == {"B1"} == there(benxi, V3, "joint_branch")
    assert [(one.village, one.party) for one in benxi.said(PartnerEnded)] == [(V1, "B1")]
    end(benxi, "B1", V3, **by)
    assert there(benxi, V3, "joint_branch") == set()


def test_1_12_no_firm_is_paired_while_cadres_bear_the_link_as_an_earlier_pack_said_it() -> None:
    cadres = {**CONTACT, "kind": "firm", "each_target": {"at_most": 2}}
    del cadres["begin_by"]
    benxi = city(V1, links=[*PACK["links"], BRANCH, EXPERT, cadres])
    benxi.hear(cadre("L1", "U1", "division"))
    benxi.send(BeginLink, kind="firm", unit="U1", cadre="L1")
    benxi.adopt(**PARTNERED)
    with pytest.raises(Refused, match="some bear firm as an earlier pack said it") as refused:
        begin(benxi)
    assert refused.value.field == "kind"
    benxi.send(EndLink, kind="firm", cadre="L1")
    begin(benxi)
    assert there(benxi) == {"F1"}


def test_1_12_where_no_firm_promises_anything_a_promise_is_refused_and_says_so() -> None:
    bare = {name: said for name, said in FIRM.items() if name not in ("pledges", "compare_on", "compared_by")}
    benxi = city(V1, links=[*PACK["links"], bare, BRANCH, EXPERT])
    begin(benxi)
    with pytest.raises(Refused, match="those that have: none") as refused:
        pledge(benxi, {"yuan": 1})
    assert refused.value.field == "kind" and "可填：（无）" in refused.value.zh


def test_1_12_what_was_promised_for_a_year_is_compared_at_its_end_where_a_later_pack_names_no_day() -> None:
    """The promises stand, whatever the pack says now."""
    policy = city(V1).policy
    link = policy.partners["firm"]
    assert comparison(link, 2015, policy) == date(2015, 12, 31)
    assert link.compare_on
    january = msgspec.structs.replace(link, compare_on=msgspec.structs.replace(link.compare_on, month=1))
    assert comparison(january, 2015, policy) == date(2015, 1, 31)
    assert comparison(msgspec.structs.replace(link, compare_on=None), 2015, policy) == date(2015, 12, 31)


def test_1_12_holidays_move_the_last_day_of_a_comparison_until_it_is_made() -> None:
    soon = {**FIRM, "compare_on": {"month": 12, "day": 31, "within": {"working_days": 5}}}
    links = [soon if one is FIRM else one for one in PARTNERED["links"]]
    benxi = city(V1, links=links)
    begin(benxi)
    begin(benxi, "F2")
    pledge(benxi, {"yuan": 5})
    pledge(benxi, {"yuan": 7}, "F2")
    benxi.until(date(2014, 12, 31))
    (before,) = {task.due for task in benxi.tasks("deliveries")}
    report(benxi, {"yuan": 5})
    assert before
    benxi.world.announce(
        HolidaysAnnounced(place="000000", notice="2015", year=2015, document="国办发明电", off=(before,), worked=(),
                          announced_by="国务院办公厅")
    )  # fmt: skip
    (moved,) = benxi.said(DeadlineMoved)
    (task,) = benxi.tasks("deliveries")
    assert moved.was == before < moved.due == task.due and task.answer["party"] == "F2"
    benxi.until(moved.due)
    assert not benxi.said(ComparisonMissed)
    benxi.until(moved.due + timedelta(1))
    assert [one.party for one in benxi.said(ComparisonMissed)] == ["F2"]
