"""A county's pack that says only what differs from its city's (2.21): merged by name, refused where it contradicts."""

import json
import tomllib
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from shared.policy import Policy, PolicyBook, PolicyInvalid, by_itself, kept_pack, parse_pack, renewed
from shared.policy.checking import hints_of, toml
from tests.support.packs import BENXI, CHECK, CONTACT, COUNTY, HELPER, HOME_DOCUMENT, PACK, layer, team_says


def book(*packs: dict[str, Any]) -> PolicyBook:
    kept = PolicyBook()
    for pack in packs:
        kept.adopt(kept_pack(json.loads(json.dumps(pack, default=str))))
    return kept


def merged(**said: Any) -> Policy:
    return parse_pack(layer(**said), book(PACK).base)


def faults(**said: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyInvalid) as refused:
        merged(**said)
    return [(fault.where, fault.en) for fault in refused.value.faults]


def test_2_21_a_layer_that_says_nothing_is_its_citys_pack_under_the_countys_name() -> None:
    pack = merged()
    assert (pack.jurisdiction, pack.name, pack.version) == (COUNTY, "本溪满族自治县", f"{COUNTY}-2015.1+2105-2014.1")
    assert (pack.campaigns, pack.outcomes, pack.links, pack.exit) == (
        BENXI.campaigns,
        BENXI.outcomes,
        BENXI.links,
        BENXI.exit,
    )
    assert {pack.layer("campaigns", campaign.kind) for campaign in pack.campaigns} == {"2105"} and pack.pool == "2105"


def test_2_21_an_entry_is_overridden_by_its_kind_added_or_dropped_and_remembers_who_declared_it() -> None:
    pack = merged(
        documents=HOME_DOCUMENT,
        campaigns=[CHECK, {**CHECK, "kind": "flood_check"}],
        exit={"criteria": [{**PACK["exit"]["criteria"][1], "at_least": 30000}], "poverty_line": {"2018": 3535}},
        drop={"outcomes": ["talk"], "listing": {"topics": ["problems"]}},
    )
    kinds = [campaign.kind for campaign in pack.campaigns]
    assert kinds == ["unannounced", "spot_check", "half_year", "annual", "flood_check"], "overridden where it stood"
    assert [pack.layer("campaigns", kind) for kind in kinds] == ["2105", COUNTY, "2105", "2105", COUNTY]
    found, city = pack.campaign("spot_check"), BENXI.campaign("spot_check")
    assert found and city and (found.share, city.share, found.label) == (0.2, 0.05, "县抽查")
    assert [criterion.figure for criterion in pack.exit.criteria] == [c.figure for c in BENXI.exit.criteria]
    assert pack.exit.line(2018) == 3535 and pack.exit.line(2017) == 2952
    assert "talk" not in [outcome.kind for outcome in pack.outcomes] and "problems" not in pack.listing.topics
    assert next(iter(pack.documents)) == "H1", "what the county's pack rests on comes first"


@pytest.mark.parametrize(
    ("team", "own"),
    [
        ({"each_target": 4}, True),
        ({"each_bearer": {"at_most": 2}}, True),
        ({"weights": {"young": 1}}, True),
        ({"term": {"years": 2}}, False),
    ],
)
def test_3_2_whoever_says_whom_to_send_matches_by_itself(team: dict[str, Any], own: bool) -> None:
    pack = merged(links=team_says(**team))
    assert pack.pool == (COUNTY if own else "2105")


def test_a_layer_drops_a_part_of_a_link_with_what_needs_it() -> None:
    gone = ["weak_governance"]
    pack = merged(drop={"links": {"team": {"suits": gone}}, "listing": {"problem_classes": gone}})
    assert {*pack.team.suits} == {*pack.listing.problem_classes} == {"lagging_economy"}
    earlier = renewed(layer(drop={"team": {"suits": gone}, "listing": {"problem_classes": gone}}))
    assert parse_pack(earlier, book(PACK).base) == pack, "as it was said when teams were a section of their own"


def test_a_layer_that_once_named_its_team_beside_the_link_still_calls_it_so() -> None:
    pack = parse_pack(renewed(layer(words={"team": "工作组"})), book(PACK).base)
    assert (pack.team.label, pack.pool) == ("驻村工作组", "2105"), "and the city still matches"


def test_4_2_a_county_adds_a_kind_of_link_and_changes_one_field_of_its_citys() -> None:
    pack = merged(links=[CONTACT])
    assert [link.kind for link in pack.links] == ["team", "contact"] and pack.pool == "2105", "the city still matches"
    assert [pack.layer("links", kind) for kind in ("team", "contact")] == ["2105", COUNTY]
    city = parse_pack({**PACK, "links": [*PACK["links"], CONTACT]})
    kept = PolicyBook()
    kept.adopt(city)
    changed = parse_pack(layer(links=[{"kind": "contact", "each_target": 2}]), kept.base)
    contact, before = changed.contacts["contact"], city.contacts["contact"]
    assert (contact.fewest, contact.rank, before.fewest) == (2, before.rank, 1)
    assert not parse_pack(layer(drop={"links": ["contact"]}), kept.base).contacts


def test_4_2_a_link_that_does_not_say_what_it_leads_from_is_refused_at_its_field() -> None:
    nameless = {field: said for field, said in CONTACT.items() if field != "from"}
    assert [where for where, _ in faults(links=[nameless])] == ["links[0].from"]
    twice = faults(links=[nameless, {"kind": CONTACT["kind"], "each_target": 2}])
    assert [where for where, _ in twice] == ["links[0].from", "links[1].from"]


@pytest.mark.parametrize("wrong", ["nobody", None])
def test_4_2_a_link_that_a_layer_says_twice_and_once_wrongly_is_refused_at_its_field(wrong: Any) -> None:
    said = [{"kind": "team", "from": wrong}, {"kind": "team", "each_target": 3}]
    assert [where for where, _ in faults(links=said)] == ["links[1].from"]


def test_a_further_version_of_the_city_is_read_under_the_countys_layer_from_its_day_on_in_any_order() -> None:
    second = {**PACK, "version": "2105-2016.1", "effective_from": date(2016, 1, 1)}
    second["campaigns"] = [{**campaign, "label": "新"} for campaign in PACK["campaigns"]]
    packs = [PACK, second, layer(documents=HOME_DOCUMENT, campaigns=[CHECK])]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        kept = book(*(packs[n] for n in order))
        before, after = kept.at(COUNTY, date(2015, 12, 31)), kept.at(COUNTY, date(2016, 1, 1))
        assert before and after and before.version.endswith("+2105-2014.1") and after.version.endswith("+2105-2016.1")
        assert [campaign.label for campaign in after.campaigns] == ["新", "县抽查", "新", "新"]
        assert kept.knows(after.version) and not kept.knows(f"{COUNTY}-2015.1+2105-2017.1")
        city = kept.at("210522", date(2016, 1, 1))
        assert city and city.version == "2105-2016.1"
    assert (early := book(*packs).at(COUNTY, date(2014, 12, 31))) and early.version == "2105-2014.1"


@pytest.mark.parametrize(
    ("said", "where", "says"),
    [
        ({"drop": {"outcomes": ["prise"]}}, "drop.outcomes", "there is no prise to drop"),
        ({"drop": {"outcomes": "talk"}}, "drop.outcomes", "a list of names"),
        ({"drop": {"documents": {"S3": ["title"]}}}, "drop.documents", "a list of names"),
        ({"drop": 3}, "drop", "a table"),
        ({"drop": {"campaigns": ["annual"]}}, "assessment.inputs[4].channel", "annual is no channel"),
        ({"documents": {"S3": {"title": "县办法", "jurisdiction": COUNTY}}}, "documents.S3", "choose another name"),
        ({"campaigns": [{**CHECK, "rule": "H1:1"}]}, "campaigns[0].rule", "H1 is none of [documents]"),
        ({"outcomes": [{**PACK["outcomes"][1], "clause": "X1"}], "documents": {"X1": {"title": "甲", "jurisdiction":
          "5203"}}}, "outcomes[0].clause", "X1 is a document of division 5203"),
        ({"links": team_says(each_tarject=3)}, "links[0].each_tarject", "do you mean `each_target`?"),
        ({"links": team_says(to="household")}, "links[0].to", "one of village"),
        ({"links": team_says(roles=[{"role": "member", "at_least": 9, "at_most": 8}])}, "links[0].roles[0].at_most",
          "it is fewer"),
        ({"links": [{"kind": "contact"}]}, "links[0].from", "one of unit, cadre"),
        ({"links": [CONTACT | {"each_target": {"at_least": 2, "at_most": 1}}]}, "links[0].each_target.at_most",
          "fewer than"),
        ({"links": [HELPER]}, "links[0].quotas", "quotas are looked at for the whole of 2105, which matches"),
        ({"drop": {"links": ["team"]}}, "links", "1 to 20 entries"),
        ({"drop": {"links": ["team"]}, "links": [CONTACT]}, "links", "every region needs a team"),
        ({"drop": {"links": {"contact": {"suits": []}}}}, "drop.links", "there is no contact to drop; there is team"),
        ({"drop": {"links": {"team": {"suits": ["remote"]}}}}, "drop.links.team.suits", "there is no remote to drop"),
        ({"drop": {"links": {"team": {"suits": ["weak_governance"]}}}}, "links[0].suits", "no department suits"),
        ({"links": [CONTACT], "listing": {"problem_classes": {"remote": "偏远村"}}}, "links.team.suits",
          "said by 2105-2014.1; say it in this pack"),
        ({"commitments": 3}, "commitments", "it must be a list"),
        ({"campaigns": [{"kind": "spot_check"}]}, "campaigns[0].label", "it is missing"),
        ({"extends": "21052"}, "extends", "2 or 4 digits"),
        ({"extends": "2106"}, "extends", "no pack is in force in 2106"),
        ({"extends": COUNTY}, "extends", "a division that 210521 lies in"),
        ({"version": "210521-" + "9" * 30}, "version", "40 are the most"),
        ({"effective_from": date(2014, 5, 1)}, "extends", "no pack is in force in 2105 on 2014-05-01"),
    ],
)  # fmt: skip
def test_what_contradicts_the_layer_above_is_refused_where_the_layer_says_it(
    said: dict[str, Any], where: str, says: str
) -> None:
    assert any(place == where and says in en for place, en in faults(**said)), faults(**said)


NATION: dict[str, Any] = tomllib.loads(Path("shared/policy/packs/national.toml").read_text("utf-8"))
OVER_NATION: dict[str, Any] = {
    "jurisdiction": "2105",
    "version": "2105-2018.1",
    "effective_from": date(2018, 6, 1),
    "name": "本溪市",
    "name_en": "Benxi",
    "extends": "00",
}


def test_5_1_a_region_says_only_where_it_differs_from_the_whole_country_and_decides_for_itself() -> None:
    west = {**OVER_NATION, "exit": {"criteria": [{**NATION["exit"]["criteria"][0], "below": 0.03}]}}
    packs = book(NATION, west)
    pack = packs.at("210521", date(2018, 6, 1))
    assert pack and pack.exit.criteria[0].number == Fraction(3, 100) and pack.version == "2105-2018.1+00-2018.1"
    assert pack.procedures == parse_pack(NATION).procedures
    assert (pack.root, pack.pool, pack.layer("campaigns", "annual")) == ("2105", "2105", "2105")
    assert packs.at("210521", date(2018, 5, 31)) is None, "by itself the country's pack is in force nowhere"
    county = {**OVER_NATION, "jurisdiction": "210521", "version": "210521-2018.1", "extends": "2105"}
    packs.adopt(kept_pack(json.loads(json.dumps(county, default=str))))
    below = packs.at("210521", date(2018, 6, 1))
    assert below and (below.root, below.pool) == ("2105", "2105")


def test_4_2_who_declared_a_link_stays_known_where_a_layer_drops_something_else_of_that_name() -> None:
    province = {**OVER_NATION, "jurisdiction": "21", "version": "21-2018.1"}
    link = {**CONTACT, "kind": "household_exit", "rule": f"{next(iter(NATION['documents']))}:1"}
    city = {**OVER_NATION, "extends": "21", "links": [link]}
    county = {**OVER_NATION, "jurisdiction": "210521", "version": "210521-2018.1", "extends": "2105"}
    packs = book(NATION, province, city, {**county, "drop": {"procedures": ["household_exit"]}})
    pack = packs.at("210521", date(2018, 6, 1))
    assert pack and pack.layer("links", "household_exit") == "2105"


def test_5_1_a_new_version_for_the_country_is_checked_against_every_region_that_extends_it() -> None:
    packs = book(NATION, {**OVER_NATION, "drop": {"procedures": ["household_exit"]}})
    newer = {**NATION, "version": "00-2019.1", "effective_from": date(2019, 1, 1)}
    [(layer, merged)] = packs.remerged(kept_pack(json.loads(json.dumps(newer, default=str))))
    assert (layer.jurisdiction, merged.version) == ("2105", "00-2019.1")


def test_a_layer_is_read_by_its_lines() -> None:
    text = "\n".join(
        f"{name} = {json.dumps(str(value), ensure_ascii=False) if name != 'effective_from' else value}"
        for name, value in layer().items()
    )
    text += '\n[[outcomes]]\nkind = "talk"\n'
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack(text.encode(), book(PACK).base)
    assert {fault.line for fault in refused.value.faults} == {7} and "outcomes[0].label" in refused.value.en


def test_a_fault_of_the_base_points_at_no_line_of_another_entry() -> None:
    head = "\n".join(
        f"{name} = {json.dumps(str(value), ensure_ascii=False) if name != 'effective_from' else value}"
        for name, value in layer().items()
    )
    text = f'{head}\n[listing.problem_classes]\nremote = "偏远村"\n[[links]]\nkind = "contact"\n' + "\n".join(
        f"{name} = {toml(value)}" for name, value in CONTACT.items() if name != "kind"
    )
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack(text.encode(), book(PACK).base)
    assert [(fault.where, fault.line) for fault in refused.value.faults] == [("links.team.suits", 1)]


def test_a_pack_without_a_base_says_which_one_is_missing() -> None:
    with pytest.raises(PolicyInvalid, match="no pack is in force in 2105"):
        parse_pack(layer())


def test_holidays_of_both_layers_count() -> None:
    ours = {"kind": "holiday", "days": [date(2015, 3, 4)], "document": "S3"}
    city = {**PACK, "holidays": [{**ours, "days": [date(2015, 3, 3)]}]}
    pack = parse_pack(layer(holidays=[ours]), book(city).base)
    assert [pack.calendar.works(date(2015, 3, day)) for day in (2, 3, 4)] == [True, False, False]


def test_all_that_is_wrong_with_a_layer_is_told_at_once() -> None:
    national = parse_pack(Path("shared/policy/packs/national.toml").read_bytes())
    text = Path("shared/policy/packs/xixiu.toml").read_text("utf-8")
    for sound, faulty in (("\nmerge_within = 7", '\nmerge_within = "7"'), ("weight = 60", "weight = 70")):
        assert sound in text
        text = text.replace(sound, faulty, 1)
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack(text.encode(), base=lambda _place, _day: national)
    assert [fault.where for fault in refused.value.faults] == ["burden.merge_within", "appraisals[0].channels"]


def test_2_21_a_layer_written_out_is_the_pack_of_its_own_division() -> None:
    whole = merged(documents=HOME_DOCUMENT, campaigns=[CHECK])
    alone = parse_pack(by_itself(whole, COUNTY))
    assert (alone.jurisdiction, alone.version, alone.pool) == (COUNTY, f"{COUNTY}-2015.1", COUNTY)
    assert (alone.campaigns, alone.outcomes, alone.exit) == (whole.campaigns, whole.outcomes, whole.exit)
    assert {alone.layer("campaigns", one.kind) for one in alone.campaigns} == {COUNTY}, "draws are its own"


def test_names_of_divisions_are_of_those_in_it_and_a_layer_has_those_below_it() -> None:
    whole = merged(documents=HOME_DOCUMENT)
    assert whole.words.places["210522"] == "桓仁满族自治县"
    assert by_itself(whole, COUNTY)["words"]["places"] == {}, "nothing lies in the county"
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, "words": {"places": {"5203": "遵义市", "210502": "平山区"}}})
    assert [fault.where for fault in refused.value.faults] == ["words.places.5203"]


def test_2_21_a_chain_is_the_pack_that_extends_none_and_the_layers_over_it() -> None:
    kept = book(PACK, layer(documents=HOME_DOCUMENT))
    day = date(2015, 6, 1)
    city, county = kept.chain(COUNTY, day)
    assert (city["jurisdiction"], county["jurisdiction"], county["extends"]) == ("2105", COUNTY, "2105")
    assert [pack["jurisdiction"] for pack in kept.chain("210522", day)] == ["2105"]
    assert [pack["jurisdiction"] for pack in kept.chain(COUNTY, date(2014, 12, 31))] == ["2105"], "not yet in force"
    assert kept.chain("520321", day) == [] and kept.chain(COUNTY, date(2010, 1, 1)) == []


def kinds_of_entries(hint: Any, seen: set[Any]) -> Iterator[list[Any]]:
    """Below a type, the structs of each place where one of several may stand."""
    if hint in seen:
        return
    seen.add(hint)
    inner = hints_of(hint).values() if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else get_args(hint)
    kinds = [one for one in get_args(hint) if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    if len(kinds) > 1:
        yield kinds
    for one in inner:
        yield from kinds_of_entries(one, seen)


def test_all_kinds_of_entries_of_one_list_are_named_by_the_same_fields() -> None:
    """Where an entry says no kind, a layer reads it as the first of them."""
    found = [*kinds_of_entries(Policy, set())]
    assert found
    for kinds in found:
        assert len({(getattr(one, "named_by", ()), getattr(one, "merged", False)) for one in kinds}) == 1, kinds
