from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.registry.model import Cadre, Unit
from services.registry.model import commands as c
from shared.contracts import Command, wire_subject
from shared.contracts.registry import CadreRegistered, PolicyAdopted, UnitRegistered
from shared.rules import Refused
from tests.registry.county import (
    AT,
    BEGIN,
    BENXI,
    CADRE,
    CITY,
    DAY,
    TOPICS,
    UNIT,
    VILLAGE,
    County,
    again,
    exit_of,
    pack,
    record,
)


def test_an_adopted_pack_is_told_whole_and_decided_by_at_once() -> None:
    county = County()
    [adopted] = county.world.said(PolicyAdopted)
    assert (adopted.place, adopted.version, adopted.pack) == (CITY, "2105-2014.1", BENXI)
    assert county.listed().village.stage == "listed"


def test_adopting_the_same_pack_again_says_nothing() -> None:
    assert County().do(c.AdoptPolicy(place=CITY, pack=BENXI, adopted_by="市委")) == []


def test_a_pack_that_was_changed_is_not_adopted_under_the_version_that_it_had() -> None:
    county = County()
    refused = county.refusal(c.AdoptPolicy(place=CITY, pack=pack(name="本溪市（改）"), adopted_by="市委"))
    assert (refused.field, refused.status) == ("pack.version", 409) and "应当用新的版本号" in refused.zh
    assert len(county.world.said(PolicyAdopted)) == 1


def test_a_pack_counts_as_the_same_whether_it_came_as_toml_or_as_json() -> None:
    as_json = msgspec.json.decode(msgspec.json.encode(BENXI))
    assert County().do(c.AdoptPolicy(place=CITY, pack=as_json, adopted_by="市委")) == []


def test_a_version_never_changes() -> None:
    refused = County().refusal(c.AdoptPolicy(place=CITY, pack=pack(name="本溪"), adopted_by="市委"))
    assert (refused.status, refused.field) == (409, "pack.version")


@pytest.mark.parametrize("place", ["210521", "210000", "520300"])
def test_a_pack_is_adopted_for_its_own_jurisdiction_only(place: str) -> None:
    assert County().refusal(c.AdoptPolicy(place=place, pack=BENXI, adopted_by="市委")).field == "place"


def test_a_later_pack_governs_from_its_effective_date() -> None:
    county = County().listed()
    narrower = pack(version="2105-2015.1", effective_from=date(2015, 1, 1), listing={"topics": {"incomes": "收入"}})
    county.do(c.AdoptPolicy(place=CITY, pack=narrower, adopted_by="市委"))
    assert county.todo()[0] == ("surveys", "township", ",".join(TOPICS))
    assert county.until(date(2015, 1, 1)).todo()[-1] == ("surveys", "township", "incomes")


@pytest.mark.parametrize(("effective_from", "taken"), [(BEGIN - DAY, False), (BEGIN, False), (BEGIN + DAY, True)])
def test_a_pack_that_replaces_another_is_in_force_on_a_later_day(effective_from: date, taken: bool) -> None:
    county = County()
    adopt = c.AdoptPolicy(place=CITY, pack=pack(version="2105-2", effective_from=effective_from), adopted_by="市委")
    if taken:
        assert [type(event) for event in county.do(adopt)] == [PolicyAdopted]
        assert county.do(adopt) == []
    else:
        refused = county.refusal(adopt)
        assert (refused.status, refused.field) == (409, "pack.effective_from")


def test_a_countys_pack_replaces_its_citys_on_a_later_day_too() -> None:
    county = County()
    of_county = pack(jurisdiction="210521", version="210521-1", effective_from=BEGIN - DAY)
    adopt = c.AdoptPolicy(place="210521", pack=of_county, adopted_by="县委")
    assert county.refusal(adopt).field == "pack.effective_from"
    assert county.do(again(adopt, pack={**of_county, "effective_from": BEGIN + DAY}))


def layer(**said: object) -> dict[str, object]:
    """A county's pack that extends Benxi's."""
    head = {"jurisdiction": "210521", "version": "210521-1", "effective_from": str(BEGIN + DAY), "extends": "2105"}
    return {**head, "name": "本溪满族自治县", "name_en": "Benxi County", **said}


def test_2_21_a_layer_is_adopted_under_its_own_version_and_what_is_decided_by_it_names_both() -> None:
    county = County().listed()
    adopt = c.AdoptPolicy(place="210521", pack=layer(listing={"topics": {"roads": "道路"}}), adopted_by="县委")
    (event,) = county.do(adopt)
    assert isinstance(event, PolicyAdopted) and (event.version, event.pack) == ("210521-1", adopt.pack)
    assert county.do(adopt) == []
    county.until(BEGIN + DAY)
    assert county.policy.version == "210521-1+2105-2014.1"
    assert county.todo()[0] == ("surveys", "township", f"roads,{','.join(TOPICS)}")


def test_2_21_what_a_layer_makes_contradictory_is_refused_from_either_side() -> None:
    county = County()
    adopt = c.AdoptPolicy(place="210521", pack=layer(drop={"campaigns": ["annual"]}), adopted_by="县委")
    refused = county.refusal(adopt)
    assert (refused.status, refused.field) == (422, "pack.assessment.inputs[4].channel")
    county.do(again(adopt, pack=layer(drop={"campaigns": ["spot_check"]})))
    campaigns = [campaign for campaign in BENXI["campaigns"] if campaign["kind"] != "spot_check"]
    later = pack(version="2105-2", effective_from=BEGIN + 9 * DAY, campaigns=campaigns)
    refused = county.refusal(c.AdoptPolicy(place=CITY, pack=later, adopted_by="市委"))
    assert "pack 210521-1 of Benxi County extends this one" in refused.en and "no spot_check to drop" in refused.en


def test_two_packs_of_one_division_do_not_start_on_the_same_day() -> None:
    county = County()
    later = BEGIN + 9 * DAY
    first, second = (pack(version=f"2105-{n}", effective_from=later) for n in (1, 2))
    county.do(c.AdoptPolicy(place=CITY, pack=first, adopted_by="市委"))
    refused = county.refusal(c.AdoptPolicy(place=CITY, pack=second, adopted_by="市委"))
    assert refused.field == "pack.effective_from" and "2105-1" in refused.zh


def test_a_pack_may_be_in_force_at_once_where_none_is_yet() -> None:
    county = County(pack(effective_from=BEGIN + 9 * DAY))
    at_once = pack(version="2105-2014.0", effective_from=BEGIN)
    assert len(county.do(c.AdoptPolicy(place=CITY, pack=at_once, adopted_by="市委"))) == 1
    assert county.policy.version == "2105-2014.0"


@pytest.mark.parametrize(
    "steps",
    [
        ["verify", "decide"],
        ["notice", "verify", "decide"],
        ["verify", "notice", "verify", "decide"],
        ["verify", "notice"],
        ["verify", "notice_without_objection", "decide"],
        [],
    ],
)
def test_a_procedure_that_the_journey_cannot_follow_is_no_policy(steps: list[str]) -> None:
    week: dict[str, Any] = {"calendar_days": 7}
    more: dict[str, Any] = {
        "notice": {"on_objection": "step_0", "notice_for": week, "answer": week},
        "notice_without_objection": {"notice_for": week, "answer": week},
        "decide": {"on_refusal": "step_0"},
    }
    procedure = [
        {"name": f"step_{n}", "label": "环节", "kind": step.split("_")[0], "by": "county", "within": week}
        | more.get(step, {})
        for n, step in enumerate(steps)
    ]
    broken = pack(version="2105-x", **exit_of(procedure))
    with pytest.raises(Refused, match=r"procedures\[1\]") as refused:
        County().do(c.AdoptPolicy(place=CITY, pack=broken, adopted_by="市委"))
    assert refused.value.status == 422 and str(refused.value.field).startswith("pack.procedures[1].steps")


def test_3_3_a_unit_is_told_once_and_again_when_its_data_change() -> None:
    county = County()
    [first] = county.do(UNIT)
    assert first == UnitRegistered(
        place=CITY, unit="U1", name="市交通局", level="city", department="交通", strength=80, village=None
    )
    assert county.do(UNIT) == []
    [second] = county.do(again(UNIT, village=VILLAGE))
    assert second.village == VILLAGE
    assert county.world.state("registry", Unit, "U1").village == VILLAGE


def test_3_3_a_cadre_is_told_sealed_and_without_the_name() -> None:
    county = County()
    county.do(UNIT)
    [event] = county.do(CADRE)
    assert isinstance(event, CadreRegistered)
    assert wire_subject(event).startswith("zhucun-sealed.")
    assert "王某" not in msgspec.json.encode(event).decode()
    assert county.world.state("registry", Cadre, "C1").name == "王某"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, 0),
        ({"ties": tuple(reversed(CADRE.ties))}, 0),
        ({"name": "王某某"}, 0),
        ({"rank": "division"}, 1),
        ({"unit": "U2"}, 1),
        ({"ties": ()}, 1),
    ],
)
def test_3_3_a_cadre_registered_again_is_told_only_if_others_may_know_what_changed(
    changes: dict[str, Any], told: int
) -> None:
    county = County()
    county.do(UNIT, again(UNIT, unit="U2"), CADRE)
    changed = again(CADRE, **changes)
    overwrites = (changes and "ties" not in changes) or changes.get("ties") == ()
    assert len(county.correct(changed) if overwrites else county.do(changed)) == told
    assert county.world.state("registry", Cadre, "C1").name == changed.name


def test_3_3_what_is_not_kept_of_a_cadre_is_told_as_unknown_and_never_as_no() -> None:
    county = County()
    county.do(UNIT)
    bare = again(CADRE, party_member=None, reserve=None)
    [event] = county.do(bare)
    assert event.unrecorded == ("party_member", "reserve")
    cadre = county.world.state("registry", Cadre, "C1")
    assert (cadre.party_member, cadre.reserve) == (None, None)
    assert county.do(bare) == []
    [event] = county.do(again(bare, party_member=False))
    assert event.unrecorded == ("reserve",), "what was unknown is added, and nobody need confirm it"
    refused = county.refusal(bare)
    assert [d.field for d in refused.differs] == ["party_member"], "what is known is not left out by mistake"
    [event] = county.correct(bare)
    assert event.unrecorded == ("party_member", "reserve")
    assert county.world.state("registry", Cadre, "C1").party_member is None


def test_what_differs_of_a_cadre_is_named_without_telling_what_is_known() -> None:
    county = County()
    county.do(UNIT, CADRE)
    refused = county.refusal(again(CADRE, name="赵某", born_on=CADRE.born_on - timedelta(400)))
    assert [(d.field, d.known) for d in refused.differs] == [("name", ""), ("born_on", "")]
    assert CADRE.name not in refused.zh + refused.en and str(CADRE.born_on) not in refused.zh + refused.en
    assert county.do(again(CADRE, name="赵某", replaces=refused.version)) == []


def test_a_cadre_who_moves_names_the_unit_that_is_left() -> None:
    county = County()
    county.do(UNIT, again(UNIT, unit="U2"), CADRE)
    (told,) = county.correct(again(CADRE, rank="section"))
    assert told.left is None
    (told,) = county.correct(again(CADRE, rank="section", unit="U2"))
    assert (told.unit, told.left) == ("U2", "U1")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"unit": "U9"}, 404),
        ({"work_since": date(1979, 3, 2)}, 422),
        ({"work_since": date(2014, 6, 4)}, 422),
        ({"work_since": date(1990, 3, 2)}, 422),  # At the age of eleven.
        ({"born_on": date(1926, 1, 1)}, 422),
    ],
)
def test_3_3_a_cadre_needs_a_known_unit_and_possible_dates(changes: dict[str, Any], status: int) -> None:
    county = County()
    county.do(UNIT)
    assert county.refusal(again(CADRE, **changes)).status == status


def test_a_division_without_a_pack_is_told_so() -> None:
    elsewhere = c.RegisterVillage(
        place="520402", village="520402100200", name="村", township="镇", population=900, listed=True
    )
    assert County().refusal(elsewhere).rule == "policy"


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (
            c.RegisterVillage(**{**AT, "village": "2105"}, name="村", township="镇", population=9, listed=True),
            "village",
        ),
        (c.RegisterVillage(**AT, name="村", township="镇", population=0, listed=True), "population"),
        (c.RecordHouseholds(**AT, year=14, households=(), recorded_by="镇"), "year"),
        (record(0), "number"),
    ],
)
def test_what_makes_no_sense_is_refused_by_the_schema_with_its_field(command: Command, field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.json.decode(msgspec.json.encode(command), type=type(command))


def test_the_order_in_which_cadres_come_leaves_no_trace_since_replicas_hear_another_one() -> None:
    units = []
    for order in (("C1", "C2", "C3"), ("C3", "C1", "C2")):
        county = County()
        county.do(UNIT, *(again(CADRE, cadre=cadre) for cadre in order))
        units.append(county.world.state("registry", Unit, "U1"))
    assert units[0] == units[1]
