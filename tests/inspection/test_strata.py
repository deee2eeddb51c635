"""Strata: the villages on a list are drawn with a share of their own (2.19)."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inspection.model.campaign import Campaign
from shared.contracts.inspection import CampaignCommitted, CampaignPlanned
from shared.contracts.registry import VillageListed
from shared.draws import divided, draw, drawn_apart, sample_size, verify_draw
from shared.policy import PolicyInvalid, parse_pack
from tests.inspection.region import BENXI, changed
from tests.inspection.strata import (
    Q4,
    STRATA,
    closed,
    drawn,
    invented,
    moved,
    pack,
    planned,
    swapped,
    unreachable,
)


def test_2_19_each_stratum_is_drawn_with_its_own_share_rounded_up_and_the_rest_with_the_campaign_s() -> None:
    region = planned(30, key=range(5), poor=range(3, 12))
    (said,) = region.said(CampaignPlanned, campaign=Q4)
    key, poor = set(region.villages[:5]), set(region.villages[5:12])
    assert {code: set(villages) for code, villages in said.strata.items()} == {"key_village": key, "poverty": poor}, (
        "a village on both lists belongs to the first"
    )
    (committed,) = region.said(CampaignCommitted, campaign=Q4)
    sizes = {code: (one.frame, one.size) for code, one in committed.strata.items()}
    assert (committed.size, sizes) == (3 + 2 + 2, {"key_village": (5, 3), "poverty": (7, 2)})
    end = closed(drawn(region))
    assert [len({*end.drawn} & of) for of in (key, poor)] == [3, 2] and len(end.drawn) == 7
    assert verify_draw(end, *region.commitments(Q4)) == []


def test_2_19_a_stratum_without_villages_draws_none_and_one_with_all_leaves_none_for_the_rest() -> None:
    region = drawn(planned(4, key=range(0), poor=range(4)))
    assert len(region.kept(Campaign, Q4).visits) == 1, "a quarter of four, and nobody else"
    end = closed(region)
    assert end.strata == {"key_village": (), "poverty": tuple(region.villages)}
    assert verify_draw(end, *region.commitments(Q4)) == []


def test_2_19_a_village_that_changes_its_list_later_stays_in_the_stratum_that_was_published() -> None:
    region = planned(10, key=range(2), poor=range(0))
    region.hear(VillageListed(place=region.county, village=region.villages[9]))
    end = closed(drawn(region))
    assert end.strata == {"key_village": tuple(region.villages[:2]), "poverty": ()}
    assert verify_draw(end, *region.commitments(Q4)) == []


def test_2_19_a_village_behind_a_cut_road_is_replaced_by_one_of_its_stratum_and_by_none_where_all_were_drawn() -> None:
    region = drawn(planned(20, key=range(4), poor=range(4, 5)))
    key, poor = region.villages[:4], region.villages[4]
    visits = region.kept(Campaign, Q4).visits
    first, second = (village for village in key if village in visits)
    others = [unreachable(region, first), unreachable(region, second)]
    assert {first, second, *others} == {*key}
    assert unreachable(region, str(others[0])) is None, "no key village is left, though others are"
    assert unreachable(region, poor) is None
    assert unreachable(region, next(village for village in visits if village not in (*key, poor))) not in (*key, None)
    end = closed(region)
    assert verify_draw(end, *region.commitments(Q4)) == []


def test_2_19_visits_of_a_stratum_do_not_come_before_the_others() -> None:
    """Who knew that key villages come first could tell the days."""
    region = drawn(planned(40, key=range(20), poor=range(0), share=0.5, visit_days=20))
    key = {*region.villages[:20]}
    order = [village in key for village, _ in sorted(region.kept(Campaign, Q4).visits.items(), key=lambda one: one[1])]
    assert sum(order) == 10 and order != sorted(order, reverse=True) and order != sorted(order)


@pytest.mark.parametrize(
    ("fraud", "fault"),
    [
        (moved, "strata"),
        (lambda end: {"strata": {}}, "strata"),
        (swapped, "next"),
        (invented, "replaced"),
    ],
)
def test_2_19_a_draw_that_does_not_keep_its_strata_is_found_out(fraud: Any, fault: str) -> None:
    region = drawn(planned(30, key=range(8), poor=range(8, 16)))
    key = next(village for village in region.kept(Campaign, Q4).visits if village in region.villages[:8])
    unreachable(region, key)
    end = closed(region)
    assert verify_draw(end, *region.commitments(Q4)) == []
    assert fault in verify_draw(msgspec.structs.replace(end, **fraud(end)), *region.commitments(Q4))


@given(
    sizes=st.lists(st.tuples(st.integers(0, 12), st.sampled_from([0.05, 0.1, 0.3, 0.5, 1.0])), min_size=1, max_size=4),
    seed=st.text("0123456789abcdef", min_size=8, max_size=8),
)
def test_2_19_every_stratum_gets_its_share_whatever_the_others_have(sizes: list[tuple[int, float]], seed: str) -> None:
    ids = iter(f"V{n:03}" for n in range(99))
    groups = [([next(ids) for _ in range(count)], share) for count, share in sizes]
    frame = sorted(id for of, _ in groups for id in of)
    wanted = [sample_size(share, len(of)) for of, share in groups]
    *strata, _ = zip((of for of, _ in groups), wanted, strict=True)
    found = divided(frame, sum(wanted), strata)
    assert found[-1] == (tuple(sorted(groups[-1][0])), wanted[-1]), "whoever is in no stratum is the rest"
    drawn = drawn_apart(seed, "C", found)
    for (of, share), size in zip(groups, wanted, strict=True):
        assert len({*drawn} & {*of}) == size >= share * len(of)
        assert {*drawn} & {*of} == {*draw(seed, "C", of, size)}, "a stratum is drawn as if it were alone"
    assert drawn == draw(seed, "C", drawn, len(drawn))


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"strata": [{"on_list": "nowhere", "share": 0.5}]}, "nowhere is no list of villages"),
        ({"strata": [{"on_list": "poverty", "share": 0.0}]}, "draws nothing, since its share is 0"),
        ({"strata": [STRATA[1], STRATA[1]]}, "is a stratum of unannounced twice"),
        ({"on_list": "poverty"}, "this stratum is the whole frame"),
        ({"strata": [{"on_list": "poverty", "share": 1.5}]}, "1.5"),
        ({"facets": [{"code": "help", "label": "帮村", "share": 0.2}], "share": 0.5,
          "strata": [{"on_list": "poverty", "share": 0.1}]}, "the share of help must be above 0 and no more than that"),
    ],
)  # fmt: skip
def test_2_19_strata_that_a_draw_could_not_keep_are_refused(terms: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyInvalid, match=said):
        parse_pack(pack(**terms))


def test_2_19_strata_are_a_draw_s() -> None:
    with pytest.raises(PolicyInvalid, match="is no draw, so it has no strata"):
        parse_pack(changed(BENXI, "campaigns", "annual", strata=[{"on_list": "poverty", "share": 0.5}]))
