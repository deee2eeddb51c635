"""Campaigns whose frame is a list: who stands on it is visited, with a team or without (2.10, 2.19)."""

from datetime import date
from typing import Any

import pytest

from services.inspection.model.calendar import Calendar
from services.inspection.model.commands import OpenCampaign
from services.inspection.model.supervision import Supervision
from shared.contracts import Event
from shared.contracts.inspection import CampaignPlanned, OrderIssued, VisitMade
from shared.contracts.registry import (
    ListingBegun,
    ListingEnded,
    VillageDelisted,
    VillageListed,
    VillageMerged,
    VillageRecoded,
    VillageUnlisted,
)
from shared.policy import PolicyInvalid, parse_pack
from tests.inspection.region import BENXI, KEY, PACKS, Region, changed

CHECK = {"label": "名单村检查", "scored": False, "on_list": "poverty"}
A, B, C = (f"210521100{n}" for n in (200, 201, 202))
COUNTY = "210521"


def pack(on_list: str = "poverty") -> dict[str, Any]:
    """Benxi's pack, with a check of the villages on a list in June."""
    listed = changed(BENXI, "campaigns", "half_year", **{**CHECK, "on_list": on_list})
    inputs = [one for one in BENXI["assessment"]["inputs"] if one["channel"] != "half_year"]
    inputs[-1] = {**inputs[-1], "weight": inputs[-1]["weight"] + 100 - sum(one["weight"] for one in inputs)}
    return {**listed, "lists": [KEY], "assessment": {**BENXI["assessment"], "inputs": inputs}}


def listed(village: str, kind: str = "poverty") -> Event:
    if kind == "poverty":
        return VillageListed(place=COUNTY, village=village)
    return ListingBegun(
        place=COUNTY, kind=kind, village=village, spell=1, since=date(2015, 5, 2), document="D", decided_by="县委"
    )


def planned(region: Region, day: date = date(2015, 6, 20)) -> tuple[str, ...]:
    region.pass_days(day)
    frames = [one.frame for one in region.said(CampaignPlanned, kind="half_year")]
    return frames[-1] if frames else ()


def test_2_10_a_campaign_of_a_list_visits_whoever_stands_on_it_with_a_team_or_without() -> None:
    region = Region(pack(), date(2015, 5, 1), villages=1)
    region.hear(listed(B), listed(C))
    assert planned(region) == (B, C), "a team alone is not asked for"
    region.visit(B, "2105-half_year-2015-06-20", findings=("ledger_untrue",))
    assert region.said(VisitMade)[-1].findings == ("ledger_untrue",)
    assert not region.said(OrderIssued), "nobody is there who could be ordered to put it right"
    region.refuses(region.visit_to(A, "2105-half_year-2015-06-20"), 409, "village")


@pytest.mark.parametrize(
    "left",
    [
        VillageUnlisted(place=COUNTY, village=B, spell=1, reason="误列", decided_by="县委"),
        VillageDelisted(place=COUNTY, village=B, spell=1, incidence=0.01, decided_by="县委"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_2_10_who_has_left_the_list_is_not_visited(left: Event) -> None:
    region = Region(pack(), date(2015, 5, 1), villages=1)
    region.hear(listed(A), listed(B), left)
    assert planned(region) == (A,)


def test_2_10_a_list_of_the_pack_is_a_frame_of_its_own() -> None:
    region = Region(pack("key_village"), date(2015, 5, 1), villages=3)
    region.hear(listed(A), listed(B, "key_village"), listed(C, "key_village"), listed(C, "key_village"))
    region.hear(ListingEnded(place=COUNTY, kind="key_village", village=B, spell=1, ground="expired"))
    assert planned(region) == (C,)
    assert region.kept(Supervision, A).lists == ("poverty",)


def test_2_10_an_organisation_on_a_list_puts_no_village_into_a_frame() -> None:
    region = Region(pack("key_village"), date(2015, 5, 1))
    region.hear(
        ListingBegun(place=COUNTY, kind="key_village", village=A, party="ORG-1", spell=1, since=date(2015, 5, 2),
                     document="D", decided_by="县委")
    )  # fmt: skip
    assert planned(region) == ()


def test_2_10_the_list_goes_with_a_village_whose_code_changed_and_ends_with_one_that_was_merged() -> None:
    region = Region(pack(), date(2015, 5, 1))
    region.adopt({**pack(), "jurisdiction": "210522", "version": "210522-1", "name": "某县"})
    region.hear(listed(A), listed(B), listed(C))
    region.hear(VillageRecoded(place=COUNTY, village=A, code="210522100900", since=region.today))
    region.hear(
        VillageMerged(
            place=COUNTY, village=B, into=C, into_place=COUNTY, since=region.today, document="D", decided_by="市民政局"
        )
    )
    assert region.kept(Calendar, "2105").of("poverty") == (A, C)
    assert region.kept(Calendar, "210522").of("poverty") == (A,)
    assert region.kept(Supervision, B).lists == ()


def test_2_10_a_county_that_adopts_a_pack_later_knows_who_stands_on_its_lists() -> None:
    region = Region(pack(), date(2015, 5, 1))
    region.hear(listed(A))
    region.adopt({**pack(), "jurisdiction": COUNTY, "version": f"{COUNTY}-1", "name": "某县"})
    assert region.kept(Calendar, COUNTY).of("poverty") == (A,)


def test_2_10_a_campaign_of_a_list_on_which_no_village_stands_is_refused_for_that() -> None:
    region = Region(pack("key_village"), date(2015, 5, 1), villages=1)
    asked = OpenCampaign(place=region.place, kind="half_year", campaign="extra", opens=date(2015, 5, 20),
                         body="poverty_office", asked_by="市扶贫办")  # fmt: skip
    refused = region.refuses(asked, 409)
    assert "名单上的村" in refused.zh and "工作队" not in refused.zh, "more teams would not help"


def test_2_10_a_team_that_goes_leaves_the_village_on_its_list() -> None:
    region = Region(pack(), date(2015, 5, 1), villages=1)
    region.hear(listed(A), region.released(A))
    assert planned(region) == (A,)


def test_2_10_a_frame_that_no_list_gives_and_scores_of_villages_without_a_team_are_refused() -> None:
    parse_pack(pack())
    with pytest.raises(PolicyInvalid, match="is no list of villages"):
        parse_pack(pack("branches"))
    with pytest.raises(PolicyInvalid, match="may have no team"):
        parse_pack(changed(PACKS["benxi"], "campaigns", "half_year", on_list="poverty"))
