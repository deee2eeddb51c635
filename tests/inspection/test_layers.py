"""A county's own pack and its layer over the city's: who is drawn together with whom (2.19, 2.21)."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.inspection.model.calendar import Calendar
from services.inspection.model.commands import OpenCampaign
from shared.contracts.inspection import CampaignPlanned
from shared.contracts.registry import PolicyAdopted, VillageRecoded
from tests.inspection.region import PACKS, Region

BENXI = PACKS["benxi"]
HOME, AWAY = "210521", "210522"
HERE = [f"{HOME}1002{number:02}" for number in range(3)]
THERE = [f"{AWAY}1002{number:02}" for number in range(3)]
FROM = date(2016, 9, 1)
OCTOBER = date(2016, 10, 1)
PLAIN = {**BENXI, "documents": {id: {**of, "jurisdiction": "00"} for id, of in BENXI["documents"].items()}}
OWN = [{**BENXI["campaigns"][2], "label": "县半年检查"}]


def city() -> Region:
    """The city of Benxi with teams in two counties."""
    region = Region(BENXI, date(2016, 8, 1))
    region.hear(*(region.assigned(village) for village in HERE))
    region.hear(*(msgspec.structs.replace(region.assigned(village), place=AWAY) for village in THERE))
    return region


def own(region: Region, version: str = f"{HOME}-1", effective: date = FROM, **said: Any) -> None:
    """A county adopts a pack: a layer over the city's if it says what it extends."""
    head = {"jurisdiction": HOME, "version": version, "effective_from": effective, "name": "县", "name_en": "County"}
    pack = {**head, **said} if "extends" in said else {**PLAIN, **head}
    region.hear(PolicyAdopted(place=HOME, version=version, adopted_by="县委", pack=pack))


def planned(region: Region, kind: str) -> dict[str, list[str]]:
    """Who is visited by the last campaign of a kind, by the division that planned it."""
    return {said.place: [*said.frame] for said in region.said(CampaignPlanned, kind=kind)}


def test_2_19_a_county_with_a_pack_of_its_own_draws_its_villages_also_those_with_teams_before() -> None:
    region = city()
    own(region)
    region.pass_days(OCTOBER)
    assert planned(region, "unannounced") == {"210500": THERE, "210521": HERE}


def test_2_19_before_its_day_a_countys_pack_changes_no_frame() -> None:
    region = city()
    own(region, effective=date(2016, 12, 1))
    region.pass_days(OCTOBER)
    assert planned(region, "unannounced") == {"210500": [*HERE, *THERE]}
    region.hear(region.assigned(f"{HOME}100299"))
    region.pass_days(date(2017, 1, 1))
    assert planned(region, "unannounced") == {"210500": THERE, "210521": [*HERE, f"{HOME}100299"]}


def test_2_21_of_a_layer_only_the_campaigns_that_it_declares_have_a_frame_of_their_own() -> None:
    region = city()
    own(region, extends="2105", campaigns=OWN, drop={"campaigns": ["spot_check"]})
    region.pass_days(OCTOBER)
    assert planned(region, "unannounced") == {"210500": [*HERE, *THERE]}, "one draw of the whole city"
    region.pass_days(date(2017, 6, 20))
    assert planned(region, "half_year") == {"210500": THERE, "210521": HERE}
    check: dict[str, Any] = {
        "kind": "spot_check",
        "body": "organisation",
        "asked_by": "市委组织部",
        "opens": date(2017, 8, 1),
    }
    region.ask(OpenCampaign(place=region.place, campaign="floods", **check))
    assert planned(region, "spot_check") == {"210500": THERE}, "the county has dropped it"
    region.refuses(OpenCampaign(place=HOME, campaign="floods", **check), 422, "kind")


def test_2_21_a_further_version_of_the_layer_or_of_the_city_moves_the_frames_on_its_day() -> None:
    region = city()
    own(region, extends="2105", campaigns=OWN)
    own(region, f"{HOME}-2", date(2018, 1, 1), extends="2105")
    region.adopt({**BENXI, "version": "2105-2017.1", "effective_from": date(2017, 1, 1)})
    region.pass_days(date(2017, 6, 20))
    assert planned(region, "half_year") == {"210500": THERE, "210521": HERE}
    region.pass_days(date(2018, 6, 20))
    assert planned(region, "half_year") == {"210500": [*HERE, *THERE], "210521": HERE}
    assert len(region.said(CampaignPlanned, kind="half_year", place="210521")) == 1, "it is the city's again"


@pytest.mark.parametrize("layer", [{}, {"extends": "2105", "campaigns": OWN}])
def test_a_team_that_goes_home_leaves_all_frames(layer: dict[str, Any]) -> None:
    region = city()
    own(region, **layer)
    region.hear(region.released(HERE[0]))
    for jurisdiction in ("2105", HOME):
        assert HERE[0] not in region.kept(Calendar, jurisdiction).frame
    region.pass_days(OCTOBER)
    assert HERE[0] not in [village for frame in planned(region, "unannounced").values() for village in frame]


def test_2_19_a_village_that_is_recoded_between_a_county_and_its_city_goes_with_its_division() -> None:
    region = city()
    own(region)
    region.hear(VillageRecoded(place=HOME, village=HERE[0], code=f"{AWAY}100888", since=region.today))
    region.hear(VillageRecoded(place=AWAY, village=THERE[0], code=f"{HOME}100888", since=region.today))
    region.pass_days(OCTOBER)
    frames = planned(region, "unannounced")
    assert frames == {"210500": [HERE[0], *THERE[1:]], "210521": [*HERE[1:], THERE[0]]}
    region.hear(msgspec.structs.replace(region.released(THERE[0]), place=HOME))
    region.pass_days(OCTOBER + timedelta(100))
    assert planned(region, "unannounced")["210521"] == HERE[1:]
