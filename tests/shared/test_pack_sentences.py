"""What a pack says in sentences, with where each comes from, and what one pack changes against another."""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared import pack_words
from shared.pack_sentences import TOLD_AT_THE_HEAD, changes, sentences
from shared.policy import Policy, PolicyBook, kept_pack, parse_pack
from shared.policy.shipped import FILES, content, shipped
from tests.support.packs import CHECK, HOME_DOCUMENT, PACK, layer, team_says, with_team

BENXI = parse_pack(tomllib.loads(Path("shared/policy/packs/benxi.toml").read_text("utf-8")))


def book() -> PolicyBook:
    kept = PolicyBook()
    kept.adopt(BENXI)
    return kept


def filled(part: Any, path: tuple[str, ...] = ()) -> set[str]:
    """The fields that a pack fills in, as `Struct.field`."""
    if isinstance(part, tuple):
        return {name for one in part for name in filled(one)}
    if not isinstance(part, msgspec.Struct) or type(part).__module__ == "shared.calendar":
        return set()
    names = {field.name: getattr(part, field.name) for field in msgspec.structs.fields(type(part))}
    own = {f"{type(part).__name__}.{name}" for name, value in names.items() if value not in (None, (), {})}
    return own.union(*(filled(value) for value in names.values()))


def test_every_field_that_a_pack_can_say_has_words_for_its_sentence() -> None:
    for struct in pack_words.structs():
        for field in msgspec.structs.fields(struct):
            zh, en = pack_words.words(struct)[field.encode_name]
            assert re.search("[\u4e00-\u9fff]", zh) and re.search("[a-z]", en), f"{struct.__name__}.{field.name}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_whatever_a_pack_fills_in_is_told(file: Path) -> None:
    """Changing any one field changes what is told: no field is left out."""
    pack = shipped(file.stem)
    told = [*sentences(pack)]
    assert len({one.path for one in told}) == len(told), "each thing once"
    paths = {".".join(one.path) for one in told}
    for known in msgspec.structs.fields(Policy):
        if known.name not in TOLD_AT_THE_HEAD and getattr(pack, known.name):
            assert any(path.startswith(known.name) for path in paths), known.name
    assert {"links.team.each_target", "exit.poverty_line", "assessment.grades.1.at_least"} <= paths
    entries: list[Any] = [pack.procedures[0], *pack.campaigns[:1]]
    for entry in entries:
        section = f"{type(entry).__name__.lower()}s.{entry.kind}"
        for name in filled(entry) - {f"{type(entry).__name__}.{said}" for said in ("rule", "kind")}:
            owner, field = name.split(".")
            assert owner != type(entry).__name__ or any(path.startswith(f"{section}.{field}") for path in paths), name


def test_a_sentence_names_document_article_and_layer() -> None:
    said = layer(documents=HOME_DOCUMENT, campaigns=[CHECK], links=team_says(each_target=4))
    told = {one.path: one for one in sentences(parse_pack(said, book().base))}
    own, citys = told["campaigns", "spot_check", "share"], told["campaigns", "annual", "lasts"]
    assert (
        own.source[0] == "《本溪满族自治县驻村工作办法》第一条，本溪满族自治县"
        and "县抽查" in own.zh
        and "0.2" in own.zh
    )
    assert citys.source == (
        "《本溪市向贫困村选派驻村工作队》第四项，本溪市",
        "“本溪市向贫困村选派驻村工作队”, item 4, Benxi",
    )
    assert "30日" in citys.zh
    assert told["links", "team", "each_target"].source[0] == "本溪满族自治县"
    assert told["links", "team", "term"].source == ("本溪市", "Benxi") and told["links", "team", "term"].zh.endswith(
        "3年"
    )


JALAID = "《扎赉特旗抓党建促脱贫攻坚工作调研》"


@pytest.mark.parametrize(
    "pack,path,source",
    [
        ("jalaid", ("links", "team", "each_target"), f"{JALAID}第一部分第2项，扎赉特旗"),
        ("jalaid", ("links", "team", "term"), "《关于加强贫困村驻村工作队选派管理工作的指导意见》，全国"),
        ("jalaid", ("links", "team", "weights", "reserve"), f"{JALAID}第一部分第2项，扎赉特旗"),
        ("jalaid", ("exit", "criteria", "incidence"), "扎赉特旗"),
        ("jalaid", ("exit", "monitor_for"), "《关于建立贫困退出机制的意见》，全国"),
        ("jalaid", ("procedures", "exit", "label"), "《关于建立贫困退出机制的意见》，全国"),
        ("jalaid", ("listing", "diagnose_by"), "全国"),
        ("jalaid", ("words", "roles"), "扎赉特旗"),
        ("national", ("listing", "diagnose_by"), "全国"),
    ],
)
def test_a_pack_over_the_countrys_tells_which_of_the_two_says_it_and_by_which_document(
    pack: str, path: tuple[str, ...], source: str
) -> None:
    assert {one.path: one.source[0] for one in sentences(shipped(pack))}[path] == source


def test_a_county_over_a_city_over_the_country_tells_each_of_the_three() -> None:
    kept = PolicyBook()
    city = {
        "extends": "00",
        "jurisdiction": "1522",
        "version": "1522-2018.1",
        "effective_from": date(2018, 1, 1),
        "name": "兴安盟",
        "name_en": "Hinggan",
        "exit": {"poverty_line": {"2021": 4100}},
        "links": team_says(each_target=4),
    }
    for pack in (content("national"), city):
        kept.adopt(kept_pack(pack))
    told = {
        one.path: one.source[0] for one in sentences(parse_pack({**content("jalaid"), "extends": "1522"}, kept.base))
    }
    assert told["exit", "poverty_line"] == "兴安盟", "the league adds a year to the country's table"
    assert told["links", "team", "each_target"].endswith("扎赉特旗") and told["links", "team", "term"].endswith("全国")


@pytest.mark.parametrize("pack", [file.stem for file in FILES])
def test_no_sentence_has_a_code_or_an_english_word(pack: str) -> None:
    assert [one.zh for one in sentences(shipped(pack)) if re.search("[A-Za-z]", one.zh)] == []


def test_the_difference_tells_what_changes_and_nothing_else() -> None:
    said = layer(documents=HOME_DOCUMENT, links=team_says(each_target=4), drop={"outcomes": ["talk"]})
    after = parse_pack(said, book().base)
    found = [*changes(BENXI, after)]
    told = {(old or new).path for old, new in found if old or new}  # type: ignore[union-attr]
    assert {path[:2] for path in told} == {("documents",), ("documents", "H1"), ("links", "team"), ("outcomes", "talk")}
    assert [path for path in told if path[0] == "links"] == [("links", "team", "each_target")]
    assert all(new is None for old, new in found if old and old.path[:2] == ("outcomes", "talk"))
    ((old, new),) = [pair for pair in found if pair[0] and pair[0].path == ("links", "team", "each_target")]
    assert old and new and old.zh.endswith("3") and new.zh.endswith("4")
    assert not [*changes(BENXI, BENXI)]


@pytest.mark.parametrize(
    ("size", "zh", "en"),
    [
        (3, "3", "3"),
        ({"at_least": 3}, "不少于3", "3 or more"),
        ({"at_least": 3, "at_most": 5}, "3至5", "3 to 5"),
        ({"at_least": 3, "at_most": 3}, "3", "3"),
    ],
)
def test_a_size_is_told_in_one_sentence(size: Any, zh: str, en: str) -> None:
    after = parse_pack(layer(documents=HOME_DOCUMENT, links=team_says(each_target=size)), book().base)
    told = {one.path: one for one in sentences(after)}["links", "team", "each_target"]
    assert (told.zh, told.en) == (
        f"派驻和联系“驻村工作队”：每队人数——{zh}",
        f"Who is bound to a village “驻村工作队”: Cadres in a team – {en}",
    )


def test_a_bound_reads_as_a_relation() -> None:
    told = {one.path: one for one in sentences(BENXI)}
    criteria = [one for path, one in told.items() if path[:3] == ("exit", "criteria", "collective_income")]
    assert any("不低于 20000" in one.zh for one in criteria), criteria
    rates = [one.zh for path, one in told.items() if path[:3] == ("exit", "verification", "rates")]
    assert [zh.rpartition("：")[2] for zh in rates] == ["错退率 低于 0.02", "漏评率 低于 0.02", "群众认可度 不低于 0.9"]
    assert any(
        "民主测评满意率 低于 0.6" in one.zh for path, one in told.items() if path[:2] == ("assessment", "grounds")
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_figure_is_told_by_the_name_that_it_has_in_its_section(file: Path) -> None:
    said = {one.path: one.zh for one in sentences(shipped(file.stem))}
    assert "抽查数量：抽查户数 不低于" in said["exit", "verification", "sample", "households"]


@pytest.mark.parametrize(
    ("path", "zh", "en"),
    [
        (("assessment", "report_audiences"), "派出单位、组织部门", "the sending unit, the organisation department"),
        (("monitoring", "classes", "unstable", "of"), "脱贫户", "lifted"),
        (("procedures", "rectification", "effect"), "整顿完成、移出名单", "rectify"),
        (("procedures", "rectification", "steps", "3", "kind"), "办理", "act"),
        (("procedures", "rectification", "steps", "4", "on_refusal"), "制定一村一策", "make plan"),
        (("lists", "weak_organisation", "of"), "村党组织", "organisation"),
    ],
)
def test_a_code_has_the_word_of_its_own_section(path: tuple[str, ...], zh: str, en: str) -> None:
    """`organisation` is a department where a role stands, and a kind of party where the pack has such a kind."""
    told = {one.path: one for one in sentences(shipped("national-2021"))}[path]
    assert told.zh.rpartition("——")[2] == zh and told.en.rpartition(" – ")[2].startswith(en)


def test_codes_with_labels_of_their_own_are_told_by_these() -> None:
    told = {one.path: one.zh for one in sentences(shipped("guizhou"))}
    assert told["procedures", "question", "subjects"].endswith("——党务；村务；财务"), "not 财政部门, which is a role"
    told = {one.path: one.zh for one in sentences(shipped("zunyi"))}
    assert told["training", "poverty_relief", "held_by"].endswith("由谁举办的算数——县、市")


def test_one_month_is_told_in_the_singular() -> None:
    told = {one.path: one.en for one in sentences(shipped("national"))}
    assert told["links", "team", "assign_by"].endswith("within 1 month of the matching")
    assert told["links", "team", "term"].endswith(" 2 years")


def test_a_campaign_is_told_by_what_it_asks_and_never_by_a_nought() -> None:
    told = {one.path: one for one in sentences(shipped("xixiu"))}
    asked = {
        field: one.zh.rpartition("——")[2] for (*of, field), one in told.items() if of == ["campaigns", "supervision"]
    }
    assert asked | {"turn": "8", "share": "不适用", "yearly_at_most": "不限", "inspectors": "不要求"} == asked
    assert told["campaigns", "supervision", "lasts"].zh.endswith("自开始日起到最后一日的时间——1日")
    assert told["campaigns", "supervision", "yearly_at_most"].en.endswith("– no limit")
    drawn = {one.path: one.zh for one in sentences(shipped("zunyi"))}
    assert drawn["campaigns", "unannounced", "share"].endswith("抽取比例——0.1")
    assert drawn["campaigns", "unannounced", "turn"].endswith("每次轮到几个村——不适用")


def test_a_time_that_rolls_over_holidays_is_told_in_one_sentence() -> None:
    rolls = {"after": "vacancy", "within": {"calendar_days": 10, "roll": True}}
    told = {one.path: one for one in sentences(parse_pack(with_team(replace_by=rolls)))}
    said = told["links", "team", "replace_by"]
    assert said.zh.endswith("——自队员被召回或者离队起10日内，遇节假日顺延")
    assert said.en.endswith("– within 10 calendar days of a member's recall or leaving, never ending on a holiday")


def test_a_recall_is_told_as_the_leaders_and_what_follows_a_ledger_by_its_name() -> None:
    after = {"after": "ledger", "within": {"calendar_days": 3}}
    follower = {"kind": "notes", "label": "工作日志", "rule": "S3:第三项", "by": "team", "set_by": after}
    pack = parse_pack({**PACK, "commitments": [*PACK["commitments"], follower]})
    told = {one.path: one for one in sentences(pack)}
    assert told["outcomes", "recall", "subject"].zh.endswith("对象——队长")
    assert told["outcomes", "recall", "subject"].en.endswith("Whom it concerns – the team's leader")
    (label,) = [one["label"] for one in PACK["commitments"] if one["kind"] == "ledger"]
    assert told["commitments", "notes", "set_by"].zh.endswith(f"——自{label}起3日内")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_sentence_names_a_field_or_a_mechanism(file: Path) -> None:
    told = [one.en.partition(" – ")[0] for one in sentences(shipped(file.stem))]
    assert [one for one in told if re.search(r"`|\([0-9]+\.[0-9]|[a-z]_[a-z]", one)] == []


def test_the_difference_tells_of_an_order_that_means_something() -> None:
    weak = {
        "kind": "weak",
        "label": "后进村",
        "rule": "S3:第一项",
        "of": "village",
        "by": "county",
        "unlisted_by": "county",
    }
    strata = [{"on_list": "poverty", "share": 0.2}, {"on_list": "weak", "share": 0.5}]
    drawn, *others = PACK["campaigns"]
    one, other = (
        parse_pack({**PACK, "lists": [weak], "campaigns": [{**drawn, "strata": order}, *others]})
        for order in (strata, strata[::-1])
    )
    told = [old.zh.rpartition("：")[2] for old, _ in changes(one, other) if old]
    lists = ["哪个名单上的村——贫困村名单", "哪个名单上的村——后进村"]
    assert told == [lists[0], "本层的抽取比例——0.2", lists[1], "本层的抽取比例——0.5"]
    turned = parse_pack({**PACK, "documents": dict(reversed(PACK["documents"].items()))})
    basis = [new.zh for _, new in changes(BENXI, turned) if new and "制定依据" in new.zh]
    assert basis == [f"制定依据：《{[*PACK['documents'].values()][-1]['title']}》"]


def test_the_difference_tells_once_that_an_entry_rests_on_something_else() -> None:
    talk = next(one for one in PACK["outcomes"] if one["kind"] == "talk")
    others = [one for one in PACK["outcomes"] if one is not talk]
    after = parse_pack({**PACK, "outcomes": [*others, {**talk, "clause": "S3:第三项"}]})
    before = parse_pack({**PACK, "outcomes": [*others, talk]})
    ((old, new),) = changes(before, after)
    assert old and new and old.zh == new.zh and old.path[:2] == ("outcomes", "talk")
    assert "第四项" in old.source[0] and "第三项" in new.source[0]
