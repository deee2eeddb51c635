"""Reinforcement teams: cadres who are in a village full-time for a while, beside its resident team (突击队, 1.4)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.model.commands import BeginLink, EndLink, ReportDeparture
from services.dispatch.model.division import take_part
from services.dispatch.model.pool import Pool
from shared.contracts.dispatch import LinkBegun, LinkEnded, PoolDivided
from shared.contracts.registry import ListingBegun, ListingEnded
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import (
    HOME,
    PACK,
    START,
    V1,
    V2,
    Benxi,
    cadre,
    diagnosed,
    extending,
    own_pack,
    recalled,
    squad,
    unit,
)

DAY = timedelta(1)
REINFORCEMENT: dict[str, Any] = {
    "kind": "reinforcement", "label": "党员突击队", "rule": "S3:第一项", "from": "cadre", "to": "village",
    "decides": "organisation", "full_time": True, "each_target": {"at_least": 3}, "each_bearer": {"at_most": 1},
    "begin_by": {"after": "registry.listing.begun", "within": {"calendar_days": 15}},
}  # fmt: skip
REINFORCED: dict[str, Any] = {
    "kind": "reinforced", "label": "突击攻坚村", "rule": "S3:第一项", "of": "village", "by": "county",
    "unlisted_by": "county", "term": {"months": 6}, "remind": {"months": 1}, "needs": ["reinforcement"],
}  # fmt: skip
OTHERS = ("C-U2-0", "C-U2-1", "C-U2-2")


def listed(village: str = V1) -> ListingBegun:
    return ListingBegun(
        place=village[:6],
        kind="reinforced",
        village=village,
        spell=1,
        since=START,
        until=date(2014, 12, 20),
        document="县委发〔2014〕6号",
        decided_by="县委",
    )


def over(village: str = V1) -> ListingEnded:
    return ListingEnded(
        place=village[:6],
        kind="reinforced",
        village=village,
        spell=1,
        ground="expired",
    )


def county() -> Benxi:
    """A village with the team of U1, which is on the list of those that are reinforced, and a second unit U2."""
    benxi = Benxi(links=[*PACK["links"], REINFORCEMENT], lists=[REINFORCED]).assigned()
    benxi.hear(unit("U2"), *squad("U2"), listed())
    return benxi


def begin(benxi: Benxi, cadre: str, of: str = "U2", village: str = V1) -> None:
    benxi.send(BeginLink, village, kind="reinforcement", unit=of, cadre=cadre)


def test_1_4_a_reinforced_village_gets_cadres_full_time_beside_its_team_until_the_list_ends() -> None:
    benxi = county()
    (task,) = benxi.tasks("links")
    assert (task.detail, task.due) == ("reinforcement", START + 15 * DAY)
    for one in OTHERS:
        begin(benxi, one)
        begin(benxi, one)
    assert len(benxi.said(LinkBegun)) == 3 and not benxi.tasks("links")
    assert not {*OTHERS} & {*benxi.free} and len(benxi.assignment().team) == 3, "the resident team is as it was"
    benxi.hear(over())
    assert [(said.cadre, said.ground) for said in benxi.said(LinkEnded)] == [(one, "list_ended") for one in OTHERS]
    assert {*OTHERS} <= {*benxi.free}
    with pytest.raises(Refused, match="no reinforcement link can begin"):
        begin(benxi, OTHERS[0])


def test_1_4_whoever_is_there_full_time_is_nowhere_else() -> None:
    benxi = county()
    benxi.hear(diagnosed(V2), listed(V2), cadre("C-U1-9", "U1"))
    with pytest.raises(Refused, match="is out in a village, under a recall or away") as refused:
        begin(benxi, "C-U1-1", "U1")
    assert refused.value.field == "cadre", "a member of the resident team"
    begin(benxi, "C-U1-9", "U1")
    with pytest.raises(Refused, match="is out in a village"):
        begin(benxi, "C-U1-9", "U1", V2)
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="transferred")
    with pytest.raises(Refused, match="out in a village"):
        benxi.replace("C-U1-2", "C-U1-9")
    benxi.send(EndLink, kind="reinforcement", cadre="C-U1-9")
    benxi.replace("C-U1-2", "C-U1-9")
    assert "C-U1-9" in benxi.pool.teams[V1].members


def test_1_4_2_20_whoever_is_under_a_recall_or_in_another_unit_does_not_reinforce() -> None:
    benxi = county()
    benxi.hear(recalled("C-U2-1", V1))
    with pytest.raises(Refused, match="under a recall"):
        begin(benxi, "C-U2-1")
    with pytest.raises(Refused, match="is not registered as a cadre of U1"):
        begin(benxi, "C-U2-0", "U1")


def test_1_4_a_matching_sends_nobody_who_reinforces_a_village() -> None:
    benxi = county()
    begin(benxi, "C-U2-0")
    benxi.hear(diagnosed(V2))
    benxi.solve("m2")
    assert V2 in benxi.pool.needs, "the one who could lead is out"
    benxi.send(EndLink, kind="reinforcement", cadre="C-U2-0")
    benxi.solve("m3")
    assert benxi.pool.teams[V2].unit == "U2"


@pytest.mark.parametrize(
    ("wrong", "en"),
    [
        ({"each_bearer": {"at_most": 2}}, "in one village"),
        (
            {"to": "household", "begin_by": {"after": "registry.households.counted", "within": {"months": 1}}},
            "only a link with",
        ),
    ],
)
def test_1_4_what_no_full_time_link_can_be_is_refused(wrong: dict[str, Any], en: str) -> None:
    with pytest.raises(PolicyInvalid, match=en):
        parse_pack({**PACK, "links": [*PACK["links"], {**REINFORCEMENT, **wrong}], "lists": [REINFORCED]})


PART_TIME: dict[str, Any] = {**REINFORCEMENT, "full_time": False, "each_bearer": {"at_most": 2}}


def adopt(benxi: Benxi, link: dict[str, Any]) -> None:
    benxi.adopt(links=[*PACK["links"], link], lists=[REINFORCED])


def test_1_4_who_holds_a_link_is_matched_as_the_pack_in_force_says() -> None:
    benxi = county()
    adopt(benxi, PART_TIME)
    begin(benxi, "C-U2-0")
    assert "C-U2-0" in benxi.free
    benxi.hear(diagnosed(V2))
    adopt(benxi, REINFORCEMENT)
    benxi.solve("m2")
    assert V2 in benxi.pool.needs, "the one who could lead holds a link that is full-time by now"
    adopt(benxi, PART_TIME)
    benxi.solve("m3")
    assert "C-U2-0" in benxi.pool.teams[V2].members
    adopt(benxi, REINFORCEMENT)
    assert benxi.pool.teams[V2].members["C-U2-0"] == "leader", "nobody is called off a team by a pack"
    begin(benxi, "C-U2-0")  # Said again, it changes nothing.
    with pytest.raises(Refused, match="is out in a village"):
        begin(benxi, "C-U2-1", village=V2)


def test_1_4_whoever_holds_several_is_free_when_all_are_over() -> None:
    benxi = county()
    adopt(benxi, PART_TIME)
    benxi.hear(diagnosed(V2), listed(V2))
    for village in (V1, V2):
        begin(benxi, "C-U2-1", village=village)
    adopt(benxi, REINFORCEMENT)
    benxi.send(EndLink, kind="reinforcement", cadre="C-U2-1")
    assert "C-U2-1" not in benxi.free and benxi.pool.bound == {"reinforcement": {"C-U2-1": (V2,)}}
    benxi.send(EndLink, V2, kind="reinforcement", cadre="C-U2-1")
    assert "C-U2-1" in benxi.free and not benxi.pool.bound


@pytest.mark.parametrize(("link", "owed"), [(REINFORCEMENT, True), (PART_TIME, False)])
def test_1_4_another_matching_is_owed_when_somebody_comes_home(link: dict[str, Any], owed: bool) -> None:
    benxi = county()
    adopt(benxi, REINFORCEMENT)
    begin(benxi, "C-U2-0")
    benxi.hear(diagnosed(V2))
    benxi.solve("m2")
    adopt(benxi, link)
    assert not benxi.pool.matching_owed
    benxi.send(EndLink, kind="reinforcement", cadre="C-U2-0")
    assert benxi.pool.matching_owed is owed


def test_1_4_a_county_that_comes_back_to_the_citys_pool_says_who_is_in_a_village_full_time() -> None:
    said: dict[str, Any] = {"links": [*PACK["links"], REINFORCEMENT], "lists": [REINFORCED]}
    benxi = Benxi(**said)
    own_pack(benxi, **said)
    benxi.hear(unit("U3", level="county", place=HOME), *squad("U3", place=HOME), diagnosed(V1), listed())
    begin(benxi, "C-U3-1", "U3")
    assert benxi.dispatch.states[Pool, HOME].bound == {"reinforcement": {"C-U3-1": (V1,)}}  # type: ignore[attr-defined]
    extending(benxi, number=2)
    assert benxi.pool.bound == {"reinforcement": {"C-U3-1": (V1,)}} and {*benxi.free} == {"C-U3-0", "C-U3-2"}
    benxi.hear(over())
    assert "C-U3-1" in benxi.free


def test_1_4_a_pool_that_takes_over_two_counties_knows_every_village_of_a_cadre() -> None:
    benxi = Benxi(links=[*PACK["links"], REINFORCEMENT], lists=[REINFORCED])
    ends = {
        (Pool, id): Pool(id=id, place=id, bound={"reinforcement": {"C-1": (f"{id}100201",)}})
        for id in ("210521", "210522")
    }
    taken: Pool | None = None
    for (_, id), pool in ends.items():
        change = take_part(taken, PoolDivided(place=id), benxi.policy, START, {(Pool, id): pool})
        assert isinstance(change.state, Pool)
        taken = change.state
    assert taken and {*taken.bound["reinforcement"]["C-1"]} == {"210521100201", "210522100201"}


def test_1_4_a_link_beside_ones_work_that_ends_leaves_the_matching_owed_that_was_owed() -> None:
    benxi = county()
    adopt(benxi, PART_TIME)
    begin(benxi, "C-U2-0")
    benxi.hear(diagnosed(V2))
    assert benxi.pool.matching_owed
    benxi.send(EndLink, kind="reinforcement", cadre="C-U2-0")
    assert benxi.pool.matching_owed
