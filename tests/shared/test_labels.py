"""What people read in place of codes: every code has its word, and rules are told by law and article."""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.inspect import LiteralType, type_info

from deploy.access.users import SERVICES
from shared import chinese
from shared.contracts import EVENTS, incentives, inspection
from shared.contracts.dispatch import Member
from shared.contracts.registry import Level, Rank, Unmet
from shared.contracts.values import Role
from shared.labels import NATIONAL, PACKED, basis, figure, label, said
from shared.policy import parse_pack
from shared.policy.exit import Criterion
from shared.rules import Refused

PACKS = {name: Path(f"shared/policy/packs/{name}.toml").read_bytes() for name in ("benxi", "zunyi")}
BENXI = parse_pack(PACKS["benxi"])


def called(team: str, **words: Any) -> Any:
    """Benxi's pack with another name for its team, and words of its own."""
    pack = tomllib.loads(PACKS["benxi"].decode())
    first, *others = pack["links"]
    return parse_pack({**pack, "links": [{**first, "label": team}, *others], "words": words})


@pytest.mark.parametrize(("name", "codes"), [("level", Level), ("rank", Rank), ("by", Role)])
def test_every_level_rank_and_role_has_its_word(name: str, codes: Any) -> None:
    assert NATIONAL[name].keys() == set(get_args(codes))


def test_every_closed_list_of_codes_in_an_event_has_its_words() -> None:
    bare = set()
    for event in EVENTS.values():
        for field in type_info(event).fields:  # type: ignore[attr-defined]
            if isinstance(field.type, LiteralType):
                words = {str(code): label(field.name, str(code), BENXI) for code in field.type.values}
                bare |= {(field.name, code) for code, word in words.items() if word.startswith("代码")}
    assert not bare


def test_every_closed_list_of_codes_in_a_command_has_its_words() -> None:
    named_otherwise = {"cause": "cause_of_leave", "body": "by"}
    bare = {
        (name, code)
        for service in SERVICES
        for route in import_module(f"services.{service}.api").COMMANDS
        for name, code in codes(type_info(route.command))
        if label(named_otherwise.get(name, name), code).startswith("代码")
    }
    assert bare == set()


def codes(kind: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The codes of a type and of all that lies within it, each with the field that has it."""
    if isinstance(kind, LiteralType):
        yield from ((name, str(code)) for code in kind.values)
    for field in getattr(kind, "fields", ()):
        yield from codes(field.type, field.name)
    for part in ("types", "item_types"):
        for inner in getattr(kind, part, ()):
            yield from codes(inner, name)
    for part in ("item_type", "value_type"):
        if inner := getattr(kind, part, None):
            yield from codes(inner, name)


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_no_label_of_a_pack_is_a_bare_code(pack: bytes) -> None:
    labels = parse_pack(pack).labels
    assert [zh for words in labels.values() for zh in words.values() if re.search("[a-z]", zh)] == []


def test_the_words_of_a_pack_are_kept_under_the_names_by_which_they_are_looked_up() -> None:
    assert BENXI.labels.keys() <= PACKED | {*NATIONAL}
    steps = {step.name: step.label for procedure in BENXI.procedures for step in procedure.steps}
    assert {name: label("leads_to", name, BENXI) for name in steps} == steps


@pytest.mark.parametrize(
    ("rule", "zh"),
    [
        ("Civil Servant Law 95", "《公务员法》第九十五条"),
        ("Regulation on Administrative Divisions", "《行政区划管理条例》"),
        ("VCL:26", "《村民委员会组织法》第二十六条"),
        ("VCL 26", "《村民委员会组织法》第二十六条"),
        ("S3 3.9", "《本溪市向贫困村选派驻村工作队》"),
        ("3.4", "《本溪市向贫困村选派驻村工作队》"),
        ("5.10", "《本溪市向贫困村选派驻村工作队》"),
        ("rules §2", "《本溪市向贫困村选派驻村工作队》"),
        ("identity", ""),
    ],
)
def test_a_rule_is_told_by_its_document_and_article(rule: str, zh: str) -> None:
    assert basis(rule, BENXI)[0] == zh


@pytest.mark.parametrize(
    ("field", "value", "zh"),
    [
        ("due", date(2016, 3, 1), "2016年3月1日"),
        ("incidence", 0.0483871, "4.84%"),
        ("team", (Member("C1", "leader"),), "队长C1"),
        ("grade", "competent", "称职"),
        ("period", "term", "本届任期"),
        ("step", "reconcile 03-31", "3月31日对账"),
        ("owed", "ledger/2015", "2015年度工作台账"),
        ("campaign", "2105-unannounced-2015-01-01", "2015年1月1日季度暗访"),
        ("campaign", "2105.mine", "“2105.mine”"),
        ("deadline", "owed ledger/2015 reconcile 2015-03-31", "2015年度工作台账2015年3月31日对账期限"),
        ("obstacles", {"U1": "leader_rank"}, "U1无符合职务层次要求的队长人选"),
        ("unmet", (Unmet("safe_water", 0.85, 1.0, "county"),), "安全饮水覆盖率85%"),
        ("findings", ("absent",), "不在岗"),
        ("kind", "unheard_of", "代码“unheard_of”"),
    ],
)
def test_a_value_is_told_in_words(field: str, value: Any, zh: str) -> None:
    assert said(field, value, BENXI) == zh


def test_figures_are_per_cent_only_where_they_are_parts_of_a_whole() -> None:
    assert figure("collective_income", 12_000.0, BENXI) == "12000" and figure("hard_road", None, BENXI) == "未测算"


@pytest.mark.parametrize(
    ("bound", "label", "is_share"),
    [
        ({"at_least": 0.95}, "通硬化路", True),
        ({"at_least": 1}, "安全饮水覆盖率", True),
        ({"at_least": 1}, "标准化卫生室（个）", False),
        ({"at_least": 2}, "合作社覆盖率", False),
        ({"at_most": 0}, "危房比例", False),
    ],
)
def test_a_bound_of_one_is_a_share_only_if_its_label_says_so(bound: Any, label: str, is_share: bool) -> None:
    assert Criterion(figure="clinic", label=label, mover="county", **bound).is_share == is_share


def test_articles_are_numbered_as_laws_number_them() -> None:
    numbers = {
        1: "一",
        10: "十",
        17: "十七",
        26: "二十六",
        95: "九十五",
        100: "一百",
        105: "一百零五",
        117: "一百一十七",
    }
    assert {n: chinese.article(n) for n in numbers} == {n: f"第{zh}条" for n, zh in numbers.items()}


def test_a_refusal_writes_days_in_words_and_leaves_quoted_ids_alone() -> None:
    zh, en = "督查“2105-annual-2015-12-01”自 2015-12-01 起", "“2105-annual-2015-12-01” opens on 2015-12-01"
    refused = Refused("3.7", zh, en)
    assert refused.zh == "督查“2105-annual-2015-12-01”自2015年12月1日起"
    assert refused.en == "“2105-annual-2015-12-01” opens on 1 December 2015"


def test_a_region_has_its_own_words_and_the_nation_s_otherwise() -> None:
    told = "组织部门决定：驻村工作队在村出列后撤离"
    own = called(team="驻村工作组", exit="销号", roles={"organisation": "市委组织部"})
    assert BENXI.spoken(told) == told
    assert own.spoken(told) == "市委组织部决定：驻村工作组在村销号后撤离"
    assert label("by", "organisation", own) == "市委组织部" and label("by", "team", own) == "驻村工作组"
    assert Refused("3.3", told, "").by(own).zh == own.spoken(told)


def test_a_team_that_is_on_an_island_is_not_called_one_in_a_village_too() -> None:
    own = called(team="驻岛工作队", exit="出列", roles={})
    assert label("by", "team", own) == "驻岛工作队"
    assert own.spoken("驻村工作队由工作队队长带领") == "驻岛工作队由驻岛工作队队长带领"


def test_a_region_s_words_leave_titles_alone_and_are_never_put_in_twice() -> None:
    own = called(team="驻村帮扶工作队", exit="正式出列", roles={"organisation": "县委组织部门"})
    once = own.spoken("组织部门依据《选派驻村工作队办法》，在村出列后撤回驻村工作队")
    assert once == "县委组织部门依据《选派驻村工作队办法》，在村正式出列后撤回驻村帮扶工作队"
    assert own.spoken(once) == once


def test_zunyi_calls_its_teams_as_its_document_does() -> None:
    zunyi = parse_pack(PACKS["zunyi"])
    assert label("by", "team", zunyi) == "驻村工作组" and label("by", "team", BENXI) == "驻村工作队"


def test_the_source_of_an_event_is_one_that_people_can_look_up() -> None:
    told = {kind: source for kind, event in EVENTS.items() if (source := event.source)}
    assert (
        told[incentives.OutcomeAppealed.type] == "Civil Servant Law 95" and told[inspection.OrderIssued.type] == "1.6"
    )
    assert [kind for kind, source in told.items() if not all(basis(source, BENXI))] == []
