"""A list whose villages are told apart by a mode, such as development, relocation and relief (4.2)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.registry.model import why_not_yet
from services.registry.model.listing import Number, numbers, united
from shared.contracts import registry as r
from shared.contracts.calendar import DayPassed
from shared.engine.deliveries import handle
from shared.policy import PolicyInvalid, parse_pack
from shared.stream.bus import OPEN
from tests.registry.county import BEGIN, CITY, PLACE, VILLAGE, County, of_type
from tests.registry.lists import (
    LISTS,
    MERGE,
    MODES,
    OTHER,
    PART,
    SPLIT,
    county,
    enter,
    leave,
    listing,
    with_other,
    withdraw,
)
from tests.registry.office import office
from tests.support.packs import PACK
from tests.support.process import delivery

LATER = BEGIN + timedelta(30)


def mode(code: str | None, **said: Any) -> Any:
    return enter("relief_mode", mode=code, **said)


def moded() -> County:
    """A county in which the village is one of development, and of relocation a month later."""
    here = county()
    here.do(mode("development"))
    here.until(LATER)
    here.do(mode("relocation", since=LATER))
    return here


def counted(here: County) -> dict[str, int]:
    """How many villages there are in each mode."""
    found = [listing(here, "relief_mode")]
    return {one.mode: one.number for one in numbers(found, here.policy.lists) if one.kind == "relief_mode"}


def test_4_2_a_body_sets_a_villages_mode_and_changes_it() -> None:
    here = county()
    (begun,) = here.do(mode("development"))
    assert (begun.spell, begun.mode) == (1, "development")
    assert here.do(mode("development")) == [], "said twice"
    assert here.refusal(mode("development", since=BEGIN, document="县发2号")).field == "since", "it is so already"
    here.until(LATER)
    (changed,) = here.do(mode("relocation", since=LATER))
    assert (changed.spell, changed.mode, changed.until) == (2, "relocation", None)
    held = here.village.listings[f"relief_mode/{VILLAGE}"]
    assert (held.since, held.mode) == (LATER, "relocation")
    assert [(one.mode, one.ended) for one in listing(here, "relief_mode").spells] == [
        ("development", LATER),
        ("relocation", None),
    ]


@pytest.mark.parametrize(
    ("command", "zh"),
    [
        (mode(None), "应填写分类，可填：开发式、搬迁式、救助式"),
        (mode("lagging"), "应填写分类，可填：开发式、搬迁式、救助式"),
        (enter("demonstration", mode="relief"), "不分类，请不填分类"),
    ],
)
def test_4_2_a_mode_that_the_list_does_not_have_is_refused(command: Any, zh: str) -> None:
    refused = county().refusal(command)
    assert (refused.field, refused.status) == ("mode", 422) and zh in refused.zh


def test_4_2_only_the_named_body_sets_it() -> None:
    assert county().refusal(mode("relief", body="county")).field == "body"


def test_4_2_a_mistaken_change_leaves_the_mode_before() -> None:
    here = moded()
    assert here.refusal(withdraw("relief_mode")).field == "since", "either of two could be meant"
    (restored,) = here.do(withdraw("relief_mode", since=LATER))
    assert (restored.restored, restored.mode) == (True, "development")
    assert here.village.listings[f"relief_mode/{VILLAGE}"].mode == "development"
    here.do(withdraw("relief_mode"))
    assert here.village.listings == {}


def test_4_2_the_mode_is_shown_with_the_village_and_counted() -> None:
    here = moded()
    (said,) = (one for one in why_not_yet(here.village, here.policy) if one.code == "relief_mode")
    assert "列入“分类扶贫的村”名单（搬迁式）" in said.zh and "as relocation" in said.en
    assert counted(here) == {"": 1, "开发式": 0, "搬迁式": 1, "救助式": 0}
    here.do(leave("relief_mode"))
    assert counted(here) == {"": 0, "开发式": 0, "搬迁式": 0, "救助式": 0}


def test_4_2_each_list_counts_what_is_on_it_and_on_no_other() -> None:
    here = moded()
    here.do(enter("demonstration"))
    found = [listing(here, kind) for kind in ("relief_mode", "demonstration")]
    told = {(one.kind, one.mode): one.number for one in numbers(found, here.policy.lists) if one.number}
    assert told == {("relief_mode", ""): 1, ("relief_mode", "搬迁式"): 1, ("demonstration", ""): 1}


def test_4_2_what_replicas_count_each_of_their_own_is_added_up_by_list_and_mode() -> None:
    one = [Number("relief_mode", "分类扶贫的村", "", 3), Number("relief_mode", "分类扶贫的村", "搬迁式", 2)]
    other = [Number("relief_mode", "分类扶贫的村", "", 4), Number("demonstration", "示范村", "", 1)]
    whole = [Number("relief_mode", "分类扶贫的村", "", 7), one[1], other[1]]
    assert united([*one, *other]) == whole


def test_4_2_a_split_village_passes_its_mode_on_and_a_merged_one_leaves_it_to_the_one_that_remains() -> None:
    here = county()
    here.do(mode("relief"))
    assert [one.mode for one in of_type(here.do(SPLIT), r.ListingBegun) if one.village == PART] == ["relief"]
    here = with_other(county())
    here.do(mode("relief", village=OTHER))
    here.do(MERGE)
    assert here.village.listings[f"relief_mode/{VILLAGE}"].mode == "relief"


@pytest.mark.parametrize(
    ("lists", "path"),
    [
        ([{**MODES, "modes": {"relief": "救助式"}}], ("lists", 1, "modes")),
        ([{**MODES, "modes": {"relief": "救助式", "other": "救助式"}}], ("lists", 1, "modes", "other")),
        (
            [MODES, {**MODES, "kind": "second", "label": "又一名单", "modes": {"relief": "输血", "x": "造血"}}],
            ("lists", 2, "modes", "relief"),
        ),
    ],
)
def test_4_2_modes_that_tell_nothing_apart_are_refused(lists: Any, path: Any) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, **LISTS, "lists": [LISTS["lists"][0], *lists]})
    assert path in [fault.path for fault in refused.value.faults]
    assert all(fault.zh and fault.en for fault in refused.value.faults)


async def test_4_2_people_read_over_http_how_many_villages_are_in_each_mode(database: str) -> None:
    async with office(database) as desk:
        later = {**PACK, **LISTS, "version": "2105-2014.2", "effective_from": "2014-06-13"}
        await desk.post("policies", {"place": CITY, "pack": later, "adopted_by": "市委"})
        await handle(desk.pipeline, OPEN, [delivery(DayPassed(day=date(2014, 6, 13)), 3)])
        told = {"place": PLACE, "village": VILLAGE, "name": "上石村", "township": "小市镇", "population": 900}
        await desk.post("villages", {**told, "listed": False})
        entry = {"place": PLACE, "village": VILLAGE, "kind": "relief_mode", "mode": "relief", "body": "organisation"}
        since = {"since": "2014-06-13", "document": "县委发〔2014〕5号", "decided_by": "县委"}
        await desk.post("listings", {**entry, **since})
        counted = (await desk.get("/v1/list-counts/2105")).json()
        modes = {one["mode"]: one["number"] for one in counted if one["kind"] == "relief_mode"}
        assert modes == {"": 1, "开发式": 0, "搬迁式": 0, "救助式": 1}
        assert (await desk.get("/v1/list-counts/2106")).json() == []
        assert (await desk.client.get("/v1/list-counts/210")).status_code == 400
