"""So many visits to a village a year: who had them is in no frame of that year any more (2.19)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.inspection.model.commands import OpenCampaign
from shared.contracts.inspection import CampaignClosed, CampaignPlanned
from shared.policy import PolicyInvalid, parse_pack
from tests.inspection.region import BENXI, Region, changed

DAY = timedelta(1)


def capped(**terms: Any) -> dict[str, Any]:
    """Benxi's quarterly draws of half of the villages, each visited once a year at most."""
    said = {"share": 0.5, "lasts": {"months": 1}, "yearly_at_most": 1, **terms}
    return changed(BENXI, "campaigns", "unannounced", **said)


def quarters(region: Region, until: date, *, visits: bool = True) -> None:
    """Let days pass, with every share and visit that is awaited."""
    while region.today < until:
        region.answer_seeds()
        if visits:
            region.visit_all()
        region.pass_days(region.today + DAY)


def frames(region: Region) -> dict[str, set[str]]:
    return {str(said.opens): set(said.frame) for said in region.said(CampaignPlanned, kind="unannounced")}


def visited(region: Region) -> list[set[str]]:
    return [set(said.drawn) for said in region.said(CampaignClosed, kind="unannounced")]


def test_2_19_who_was_visited_is_not_drawn_again_before_the_next_year() -> None:
    region = Region(capped(), date(2014, 12, 15), villages=4)
    quarters(region, date(2016, 1, 10))
    every = set(region.villages)
    first, second, *_ = visited(region)
    assert frames(region)["2015-01-01"] == every and len(first) == 2
    assert frames(region)["2015-04-01"] == every - first
    third = every - first - second
    assert frames(region)["2015-07-01"] == third and len(third) == 1
    assert "2015-10-01" not in frames(region), "nobody is left"
    assert frames(region)["2016-01-01"] == every


def test_2_19_who_was_drawn_and_not_visited_stays_in_the_frame() -> None:
    region = Region(capped(), date(2014, 12, 15), villages=4)
    quarters(region, date(2015, 4, 2), visits=False)
    assert frames(region)["2015-04-01"] == set(region.villages)


def test_2_19_a_frame_that_is_fixed_later_than_the_end_tells_nothing_of_a_running_draw() -> None:
    """A frame is fixed seven days before a draw opens. The last one has ended and is public by then."""
    for days in (-1, -7, -8):
        with pytest.raises(PolicyInvalid, match="would tell its draw"):
            parse_pack(capped(lasts={"months": 3, "calendar_days": days}))
    parse_pack(capped(lasts={"months": 3, "calendar_days": -9}))
    parse_pack(capped(lasts={"months": 3, "calendar_days": -1}, yearly_at_most=0))


def test_2_19_a_cap_is_a_draw_s() -> None:
    with pytest.raises(PolicyInvalid, match="is no draw"):
        parse_pack(changed(BENXI, "campaigns", "annual", yearly_at_most=1))


def test_2_19_an_irregular_draw_is_refused_once_nobody_is_left() -> None:
    region = Region(capped(), date(2014, 12, 15), villages=1)
    quarters(region, date(2015, 3, 1))
    command = OpenCampaign(
        place="210500",
        kind="unannounced",
        campaign="floods",
        opens=date(2015, 3, 20),
        body="organisation",
        asked_by="市委组织部",
    )
    refused = region.refuses(command, 409)
    assert "都已抽查1次" in refused.zh
