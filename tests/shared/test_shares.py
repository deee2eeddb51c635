"""How replicas share the prefectures: who takes what is about a prefecture, and about what is wider than one."""

import pytest

from services.registry.model.commands import AdoptPolicy, RecordFigures, RegisterUnit, WithdrawFigures
from shared.contracts import Command
from shared.divisions import COUNTRY
from shared.engine.shares import Share, owner, owners
from shared.policy import by_itself
from shared.policy.shipped import content, shipped

PROVINCE, CITY, COUNTY = "520000", "529300", "529302"
OF_PROVINCE = Share(owner(PROVINCE, 2), 2)
OTHER = Share(3 - OF_PROVINCE.number, 2)
"""The replica that does not keep what is the province's own, but the city's."""
POLICY = shipped("guizhou")


def figures(place: str, division: str) -> Command:
    return RecordFigures(
        place=place, division=division, year=2006, values={"inhabitants": 39_000_000}, recorded_by="省统计局"
    )


def adoption(place: str, jurisdiction: str) -> Command:
    pack = by_itself(POLICY, jurisdiction) if jurisdiction != POLICY.jurisdiction else content("guizhou")
    return AdoptPolicy(place=place, pack=pack, adopted_by="省委")


def statuses(command: Command) -> list[int]:
    """How the replica of the province's own, and the other one, answer to a command; 0 where they take it."""
    found = (share.misdirected([command]) for share in (OF_PROVINCE, OTHER))
    return [one[0].status if one else 0 for one in found]


@pytest.mark.parametrize(
    "command",
    [
        figures(PROVINCE, "province:52"),
        WithdrawFigures(place=PROVINCE, division="province:52", year=2006, reason="误录", decided_by="省统计局"),
        adoption(PROVINCE, "5200"),
    ],
)
def test_a_provinces_own_figures_and_the_pack_that_names_them_have_one_replica(command: Command) -> None:
    assert statuses(command) == [0, 421]


@pytest.mark.parametrize(
    "command",
    [
        adoption(PROVINCE, "52"),
        figures(PROVINCE, "county:520302"),
        RegisterUnit(place=PROVINCE, unit="U1", name="省厅", level="province", department="农业", strength=50),
        AdoptPolicy(place=COUNTRY, pack=content("national"), adopted_by="国务院扶贫办"),
    ],
)
def test_what_is_about_all_within_a_province_or_the_country_has_none(command: Command) -> None:
    assert statuses(command) == [422, 422]


def test_a_prefectures_figures_and_pack_have_its_replica() -> None:
    assert statuses(adoption(CITY, CITY[:4])) == statuses(figures(CITY, "city:5293")) == [421, 0]
    assert statuses(figures(COUNTY, f"county:{COUNTY}")) == [421, 0]


@pytest.mark.parametrize("place", ["", "5", "52", "529", COUNTRY])
def test_what_spans_prefectures_is_nobody_elses(place: str) -> None:
    assert OTHER.elsewhere(place) is None and OF_PROVINCE.elsewhere(place) is None


@pytest.mark.parametrize("place", [CITY[:4], CITY[:5], CITY, COUNTY, f"{COUNTY}901", f"{COUNTY}901201"])
def test_who_is_asked_about_anothers_prefecture_says_which_share_it_has_and_who_answers(place: str) -> None:
    assert OTHER.elsewhere(place) is None and Share().elsewhere(place) is None
    refused = OF_PROVINCE.elsewhere(place)
    assert refused and (refused.status, refused.rule, refused.field) == (421, "share", "place")
    for said, here, there in (
        (refused.zh, "这里是第{}副本", "由第{}副本"),
        (refused.en, "replica {}", "replica {} of 2"),
    ):
        assert here.format(OF_PROVINCE.number) in said and there.format(OTHER.number) in said and place in said


def test_only_what_is_wider_than_a_prefecture_is_asked_of_all() -> None:
    assert [*owners("", 3)] == [*owners("52", 3)] == [1, 2, 3]
    assert [*owners(PROVINCE, 3)] == [owner("5200", 3)] and [*owners(COUNTY, 3)] == [owner("5293", 3)]
