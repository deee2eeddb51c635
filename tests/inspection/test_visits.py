"""What a visit is asked for, who does not make it, and what happens where a village cannot be reached (2.19, 4.10)."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.inspection.model.cadre import Cadre
from services.inspection.model.campaign import Campaign
from services.inspection.model.commands import ReplaceVisit
from shared.contracts.dispatch import LinkBegun, LinkEnded
from shared.contracts.inspection import CampaignClosed, Replacement, VisitMade, VisitReplaced
from shared.contracts.registry import CadreRegistered, CadreWithdrawn, VillageMerged
from shared.draws import verify_draw
from shared.rules import Refused
from tests.inspection.region import BENXI, Region, changed, team_of

DAY = timedelta(1)
Q4 = "2105-unannounced-2014-10-01"
RULE = {"by": "discipline", "hindrances": {"road_cut": "道路中断", "weather": "灾害性天气"}, "at_most": 2}
FACETS = [{"code": "help", "label": "帮村", "share": 0.10}, {"code": "residence", "label": "驻村", "share": 0.05}]


def drawn(villages: int = 30, **terms: Any) -> Region:
    """The fourth quarter's draw, made on its opening day, with all visits due."""
    region = Region(changed(BENXI, "campaigns", "unannounced", **terms), date(2014, 8, 1), villages=villages)
    region.pass_days(date(2014, 9, 24))
    region.post_hashes(Q4)
    region.pass_days(date(2014, 10, 1))
    region.give_seeds(Q4)
    return region


def on_the_last_day(region: Region) -> Campaign:
    region.pass_days(date(2014, 12, 31))
    campaign: Campaign = region.kept(Campaign, Q4)
    return campaign


def closed(region: Region) -> CampaignClosed:
    region.pass_days(date(2015, 1, 1))
    found: list[CampaignClosed] = region.said(CampaignClosed, campaign=Q4)
    return found[0]


def unreachable(region: Region, village: str, **said: Any) -> ReplaceVisit:
    said = {"hindrance": "road_cut", "body": "discipline", "decided_by": "市纪委", **said}
    return ReplaceVisit(place=region.county, village=village, campaign=Q4, **said)


# ---------------------------------------------------------------- what is looked into


def test_2_19_each_part_of_the_work_is_looked_into_in_its_own_least_share_and_the_end_proves_it() -> None:
    region = drawn(60, share=0.10, facets=FACETS)
    campaign = on_the_last_day(region)
    both = [village for village in campaign.visits if campaign.looked_into(village) == ("help", "residence")]
    assert (len(campaign.visits), len(both)) == (6, 3), "10 % and 5 % of 60, rounded up"
    for village in campaign.visits:
        region.visit(village, Q4, facets=campaign.looked_into(village))
    end = closed(region)
    assert region.commitments(Q4)[0].facets == {"help": 6, "residence": 3}
    assert {facet: len(villages) for facet, villages in end.facets.items()} == {"help": 6, "residence": 3}
    assert (end.uncovered, end.facets["residence"]) == ((), tuple(sorted(both)))


def test_2_19_a_part_that_was_looked_into_too_seldom_is_told_at_the_end() -> None:
    region = drawn(60, share=0.10, facets=FACETS)
    campaign = on_the_last_day(region)
    for village in campaign.visits:
        region.visit(village, Q4, facets=("help",))
    assert closed(region).uncovered == ("residence",)


def test_2_19_a_visit_says_what_it_looked_into_and_no_more_than_is_due_there() -> None:
    region = drawn(60, share=0.10, facets=FACETS)
    campaign = on_the_last_day(region)
    village = next(one for one in campaign.visits if campaign.looked_into(one) == ("help",))
    for facets in ((), ("residence",), ("help", "cooking")):
        region.refuses(region.visit_to(village, Q4, facets=facets), 422, "facets")
    region.visit(village, Q4, facets=("help",))
    assert region.said(VisitMade)[-1].facets == ("help",)


def test_2_19_what_may_be_read_before_the_end_does_not_tell_where_a_part_is_looked_into() -> None:
    region = drawn(60, share=0.10, facets=FACETS)
    campaign: Campaign = region.kept(Campaign, Q4)
    hidden = {village for village, on in campaign.visits.items() if on > region.today}
    assert hidden
    assert not hidden & {village for villages in campaign.shown().facets.values() for village in villages}


# --------------------------------------------------------------------- evidence


def test_4_10_a_campaign_that_asks_for_both_kinds_of_evidence_takes_no_visit_without_them() -> None:
    both = {"evidence": ["process", "result"]}
    region = Region(changed(BENXI, "campaigns", "half_year", **both), date(2015, 5, 1), villages=2)
    campaign = "2105-half_year-2015-06-20"
    region.pass_days(date(2015, 7, 9))
    village, other = region.villages
    given = {"score": 80, "process": ("DA-2015-0123",), "result": ("9f" * 32, "DA-2015-0007")}
    for kind in both["evidence"]:
        assert "证据" in region.refuses(region.visit_to(village, campaign, **{**given, kind: ()}), 422, kind).zh
    region.visit(village, campaign, **given)
    (made,) = region.said(VisitMade)
    assert (made.process, made.result) == (("DA-2015-0123",), ("9f" * 32, "DA-2015-0007"))
    assert [task.about for task in region.tasks("visits")] == [other]


def test_4_10_evidence_is_taken_where_none_is_asked_for() -> None:
    region = drawn()
    village = next(iter(on_the_last_day(region).visits))
    region.visit(village, Q4, process=("DA-2015-0123",))
    assert region.said(VisitMade)[-1].process == ("DA-2015-0123",)


@pytest.mark.parametrize(
    "exhibit", ["210502197001011234", "21050219700101123X", "13912345678", "张三的照片", "a", "A B"]
)
def test_4_10_evidence_has_no_room_for_a_name_or_the_number_of_a_person(exhibit: str) -> None:
    visit = drawn().visit_to("210521100200", Q4, process=(exhibit,))
    with pytest.raises(msgspec.ValidationError, match="regex"):
        msgspec.json.decode(msgspec.json.encode(visit), type=type(visit))


# ---------------------------------------------------------------------- recusal

BOTH = ["ties", "bearers"]


def register(region: Region, cadre: str, unit: str, *ties: str) -> CadreRegistered:
    born, since = date(1975, 1, 1), date(1998, 1, 1)
    return CadreRegistered(
        place=region.county, cadre=cadre, unit=unit, rank="section", party_member=True, work_since=since,
        born_on=born, reserve=False, ties=ties,
    )  # fmt: skip


def refused_inspectors(region: Region, village: str, *inspectors: str) -> Refused:
    return region.refuses(region.visit_to(village, Q4, inspectors=inspectors), 422, "inspectors")


def test_2_19_who_answers_for_a_village_does_not_inspect_it() -> None:
    region = drawn(recuse=BOTH)
    village, other = list(on_the_last_day(region).visits)[:2]
    link = {"place": region.county, "village": village, "kind": "contact_point", "cadre": "LEADER-1"}
    region.hear(
        register(region, "C9", f"U{village}"),
        LinkBegun(**link, unit="U1", decided_by="市委组织部"),
    )
    for one in (team_of(village)[1], "LEADER-1", "C9"):
        assert one in refused_inspectors(region, village, "I1", one).zh
    region.visit(other, Q4, inspectors=("LEADER-1", "C9", team_of(village)[1]))
    region.hear(LinkEnded(**link, ground="decided", decided_by="市委组织部"))
    region.visit(village, Q4, inspectors=("LEADER-1",))


def test_2_19_who_has_ties_to_a_village_does_not_inspect_it_and_another_one_goes() -> None:
    region = drawn(recuse=BOTH)
    village = next(iter(on_the_last_day(region).visits))
    region.hear(register(region, "C9", "U9", village))
    assert "回避" in refused_inspectors(region, village, "C9").zh
    region.hear(CadreWithdrawn(place=region.county, cadre="C9", unit="U9", reason="调离", decided_by="市委组织部"))
    refused_inspectors(region, village, "C9")
    region.visit(village, Q4, inspectors=("C8",))


def test_2_19_where_only_those_who_answer_for_a_village_are_recused_ties_are_nothing() -> None:
    region = drawn(recuse=["bearers"])
    village = next(iter(on_the_last_day(region).visits))
    region.hear(register(region, "C9", "U9", village))
    region.visit(village, Q4, inspectors=("C9",))


def test_2_19_who_has_ties_to_a_village_that_was_merged_has_them_to_the_one_that_remains() -> None:
    region = drawn(recuse=["ties"])
    campaign = on_the_last_day(region)
    into = next(iter(campaign.visits))
    first, second, *_ = (one for one in region.villages if one not in campaign.visits)
    region.hear(register(region, "Q1", "U1", first))
    for gone, remains in ((first, second), (second, into)):
        region.hear(
            VillageMerged(place=region.county, village=gone, into=remains, into_place=region.county,
                          since=region.today, decided_by="市民政局", document="民发〔2014〕1号")
        )  # fmt: skip
    assert "亲属" in refused_inspectors(region, into, "Q1").zh


def test_2_19_recusal_needs_to_know_who_went_and_keeps_it_to_itself() -> None:
    region = drawn(recuse=BOTH)
    village = next(iter(on_the_last_day(region).visits))
    refused_inspectors(region, village)
    region.visit(village, Q4, inspectors=("SECRET-7",))
    states = region.services["inspection"].states.values()
    told = (*states, *(fact.event for fact in region.facts))
    assert not any("SECRET-7" in str(one) for one in told)


def test_2_19_who_is_recused_is_not_said_of_a_village_whose_visit_is_not_due() -> None:
    region = drawn(recuse=BOTH)
    campaign = on_the_last_day(region)
    village = next(one for one in region.villages if one not in campaign.visits)
    region.hear(register(region, "C9", "U9", village))
    region.refuses(region.visit_to(village, Q4, inspectors=("C9",)), 409, "village")


def test_2_19_a_pack_that_asks_for_no_recusal_recuses_nobody() -> None:
    region = drawn(recuse=["ties"])
    village = next(iter(on_the_last_day(region).visits))
    region.visit(village, Q4, inspectors=(team_of(village)[0],))


# ----------------------------------------------------------------- a road is cut


def test_2_19_the_next_ticket_of_the_same_draw_takes_the_place_of_a_village_behind_a_cut_road() -> None:
    region = drawn(unreachable=RULE)
    before = list(on_the_last_day(region).visits)
    region.ask(unreachable(region, before[0]))
    (told,) = region.said(VisitReplaced)
    assert told.replacement not in before and told.is_sealed()
    assert {task.about for task in region.tasks("visits") if task.detail == Q4} == {*before[1:], told.replacement}
    for village in (*before[1:], str(told.replacement)):
        region.visit(village, Q4)
    end = closed(region)
    assert (end.planned, end.visited) == (3, 3)
    assert end.replaced == (
        Replacement(village=before[0], replacement=told.replacement, hindrance="road_cut", on=date(2014, 12, 31)),
    )
    assert verify_draw(end, *region.commitments(Q4)) == []


def test_2_19_another_county_does_not_say_that_a_road_is_cut_here() -> None:
    region = drawn(unreachable=RULE)
    village = next(iter(on_the_last_day(region).visits))
    foreign = msgspec.structs.replace(unreachable(region, village), place="210522")
    assert "belongs to division 210521, not 210522" in region.refuses(foreign, 422, "place").en
    region.ask(unreachable(region, village))
    assert [told.place for told in region.said(VisitReplaced)] == [region.county]


def test_2_19_a_replacement_that_nobody_drew_is_found_out() -> None:
    region = drawn(unreachable=RULE)
    campaign = on_the_last_day(region)
    region.ask(unreachable(region, next(iter(campaign.visits))))
    end = closed(region)
    (one,) = end.replaced
    chosen = next(village for village in region.villages if village not in end.drawn)
    swapped = msgspec.structs.replace(
        end,
        replaced=(msgspec.structs.replace(one, replacement=chosen),),
        drawn=tuple(sorted({*end.drawn} - {one.replacement} | {chosen})),
        visits={chosen if village == one.replacement else village: on for village, on in end.visits.items()},
    )
    faults = verify_draw(swapped, *region.commitments(Q4))
    assert faults == ["next"]


def test_2_19_a_replacement_that_cannot_be_reached_either_is_replaced_in_its_turn() -> None:
    region = drawn(unreachable=RULE)
    first, *_ = on_the_last_day(region).visits
    region.ask(unreachable(region, first))
    second = str(region.said(VisitReplaced)[-1].replacement)
    region.ask(unreachable(region, second, hindrance="weather"))
    end = closed(region)
    assert [(one.village, one.hindrance) for one in end.replaced] == [(first, "road_cut"), (second, "weather")]
    assert verify_draw(end, *region.commitments(Q4)) == []


def test_2_19_a_merged_village_takes_nobody_s_place() -> None:
    region = drawn(unreachable=RULE)
    campaign = on_the_last_day(region)
    first = next(iter(campaign.visits))
    other = drawn(unreachable=RULE)
    on_the_last_day(other)
    other.ask(unreachable(other, first))
    gone = str(other.said(VisitReplaced)[-1].replacement)
    into = next(one for one in region.villages if one not in (*campaign.visits, gone))
    region.hear(
        VillageMerged(
            place=region.county,
            village=gone,
            into=into,
            into_place=region.county,
            since=region.today,
            decided_by="市民政局",
            document="民发〔2014〕1号",
        )
    )
    region.ask(unreachable(region, first))
    (told,) = region.said(VisitReplaced)
    assert told.replacement not in (gone, None), "it names the village that is visited in the end"
    second = next(one for one in campaign.visits if one != first)
    region.ask(unreachable(region, second))
    end = closed(region)
    said = [(one.village, one.hindrance) for one in end.replaced]
    assert said == [(first, "road_cut"), (gone, "merged"), (second, "road_cut")], "a merger is not one of the two"
    assert end.replaced[1].replacement == told.replacement
    assert verify_draw(end, *region.commitments(Q4)) == []


def test_2_19_a_road_that_is_open_again_in_time_lets_the_visit_be_made_after_all() -> None:
    region = drawn(unreachable=RULE)
    first = next(iter(on_the_last_day(region).visits))
    region.ask(unreachable(region, first))
    region.visit(first, Q4)
    region.visit(str(region.said(VisitReplaced)[-1].replacement), Q4)
    end = closed(region)
    assert (end.visited, verify_draw(end, *region.commitments(Q4))) == (2, [])


def test_2_19_nobody_but_the_named_body_decides_it_for_a_reason_of_the_pack_so_many_times() -> None:
    region = drawn(unreachable=RULE)
    villages = list(on_the_last_day(region).visits)
    region.refuses(unreachable(region, villages[0], body="inspection"), 422, "body")
    region.refuses(unreachable(region, villages[0], hindrance="rain"), 422, "hindrance")
    region.ask(unreachable(region, villages[0]), unreachable(region, villages[1]))
    region.ask(unreachable(region, villages[1]))
    assert len(region.said(VisitReplaced)) == 2, "what is sent again is not decided again"
    assert "上限" in region.refuses(unreachable(region, villages[2]), 409, "village").zh


def test_2_19_a_village_that_was_not_drawn_is_refused_in_the_words_of_a_visit() -> None:
    region = drawn(unreachable=RULE)
    campaign = on_the_last_day(region)
    never = next(one for one in region.villages if one not in campaign.visits)
    of_visit = region.refuses(region.visit_to(never, Q4), 409, "village")
    assert region.refuses(unreachable(region, never), 409, "village").zh == of_visit.zh


def test_2_19_where_the_pack_has_no_rule_the_visit_stays_due() -> None:
    region = drawn()
    first = next(iter(on_the_last_day(region).visits))
    region.refuses(unreachable(region, first), 409, "campaign")
    assert first in {task.about for task in region.tasks("visits")}


def test_2_19_nobody_takes_the_place_where_every_village_is_visited() -> None:
    region = Region(changed(BENXI, "campaigns", "half_year", unreachable=RULE), date(2015, 5, 1), villages=2)
    campaign = "2105-half_year-2015-06-20"
    region.pass_days(date(2015, 7, 9))
    region.ask(msgspec.structs.replace(unreachable(region, region.villages[0]), campaign=campaign))
    (told,) = region.said(VisitReplaced)
    assert told.replacement is None
    assert [task.about for task in region.tasks("visits")] == region.villages[1:]
    region.pass_days(date(2015, 7, 11))
    (end,) = region.said(CampaignClosed, campaign=campaign)
    assert (end.planned, [one.village for one in end.replaced]) == (2, region.villages[:1])


def test_2_19_a_part_of_the_work_goes_over_to_the_village_that_takes_the_place() -> None:
    region = drawn(60, share=0.10, facets=FACETS, unreachable=RULE)
    campaign = on_the_last_day(region)
    first = next(one for one in campaign.visits if campaign.looked_into(one) == ("help", "residence"))
    region.ask(unreachable(region, first))
    after: Campaign = region.kept(Campaign, Q4)
    assert after.looked_into(str(after.replaced[first].by)) == ("help", "residence")


def test_2_19_of_cadres_without_ties_nothing_is_kept_where_no_unit_is_recused() -> None:
    for recuse, kept in ((["ties"], {"C-TIED"}), (BOTH, {"C-TIED", "C-FREE"})):
        region = drawn(recuse=recuse)
        region.hear(register(region, "C-TIED", "U9", region.villages[0]), register(region, "C-FREE", "U9"))
        states = region.services["inspection"].states
        assert {id for id in ("C-TIED", "C-FREE") if states.get((Cadre, id))} == kept


def test_2_19_inspectors_go_in_pairs_where_the_pack_asks_for_it() -> None:
    region = drawn(inspectors=2)
    village = next(iter(on_the_last_day(region).visits))
    for alone in ((), ("I1",)):
        refused = region.refuses(region.visit_to(village, Q4, inspectors=alone), 422, "inspectors")
        assert "至少2名督查人员同行" in refused.zh
    region.visit(village, Q4, inspectors=("I1", "I2"))
    assert region.said(VisitMade)


def test_2_19_of_two_who_answer_for_a_village_the_other_stays_recused() -> None:
    region = drawn(recuse=BOTH)
    village = next(iter(on_the_last_day(region).visits))
    for cadre in ("LEADER-1", "LEADER-2"):
        link = {"place": region.county, "village": village, "kind": "contact_point", "cadre": cadre}
        region.hear(LinkBegun(**link, unit="U1", decided_by="市委组织部"))
    link = {"place": region.county, "village": village, "kind": "contact_point", "cadre": "LEADER-1"}
    region.hear(LinkEnded(**link, ground="decided", decided_by="市委组织部"))
    assert "LEADER-2" in refused_inspectors(region, village, "LEADER-1", "LEADER-2").zh
    region.visit(village, Q4, inspectors=("LEADER-1",))
