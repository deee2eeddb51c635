"""How filled rows of the registry's Excel forms become commands, and what is said of those that cannot."""

import tomllib
from datetime import date
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import msgspec
import openpyxl
import pytest

from services.registry import forms
from services.registry.model import commands as c
from shared.contracts import Command
from shared.contracts.registry import Level, Rank
from shared.forms import refusal
from shared.policy import Policy, PolicyInvalid, parse_pack
from shared.policy.indicators import HOUSEHOLD_FIGURES
from shared.policy.shipped import shipped
from shared.rules import Refused
from shared.workbook import CellError, Form
from shared.workbook.reading import read_rows
from shared.workbook.writing import write_template
from tests.support.packs import PACK

SECRET = b"s"


def pack(name: str) -> Policy:
    return parse_pack(tomllib.loads((resources.files("shared.policy") / f"packs/{name}.toml").read_text("utf-8")))


BENXI, ZUNYI = pack("benxi"), pack("zunyi")
VILLAGE = {"village": "210521100201", "name": "上石村", "township": "小市镇", "population": 900, "listed": True}
CADRE: dict[str, Any] = {
    "cadre": "C1", "unit": "U1", "name": "某人（虚构）", "place": "210500", "rank": "section", "party_member": True,
    "work_since": date(2001, 8, 1), "born_on": date(1978, 5, 4), "reserve": False,
}  # fmt: skip
SURVEY: dict[str, Any] = {
    "place": "210521",
    "village": "210521100201",
    "name": "上石村",
    "number": 3,
    "kind": "household_visit",
    "topic": "incomes",
    "on": date(2014, 6, 9),
}


def taken(name: str, /, **row: Any) -> Command | CellError:
    """What comes of a row that is written into the form and read back."""
    form = forms.FORMS[name].form([BENXI])
    file = BytesIO()
    write_template(form, file, prefilled=[row], secret=SECRET)
    (read,) = read_rows(form, file, secret=SECRET)
    said = forms.FORMS[name].said(form, [read])
    if isinstance(said, Command):
        return said
    (error,) = said
    return error


def wrong(name: str, /, **row: Any) -> CellError:
    error = taken(name, **row)
    assert isinstance(error, CellError)
    return error


def labels(form: Form, field: str) -> set[str]:
    (column,) = (column for column in form.columns if column.field == field)
    return set(column.labels)


def test_a_row_says_what_the_command_says() -> None:
    assert taken("villages", **VILLAGE) == c.RegisterVillage(**VILLAGE, place="210521")  # type: ignore[arg-type]
    unit = {"unit": "U1", "name": "局", "place": "210500", "level": "city", "department": "民政", "strength": 70}
    assert taken("units", **unit) == c.RegisterUnit(**unit)  # type: ignore[arg-type]
    assert taken("cadres", **CADRE) == c.RegisterCadre(**CADRE)
    del (record := dict(SURVEY))["name"]
    assert taken("surveys", **SURVEY) == c.RecordSurvey(**record)


def test_what_a_county_does_not_keep_of_its_cadres_stays_empty() -> None:
    left_out = {field: value for field, value in CADRE.items() if field not in ("party_member", "reserve")}
    assert taken("cadres", **left_out) == c.RegisterCadre(**CADRE | {"party_member": None, "reserve": None})
    assert wrong("cadres", **CADRE | {"reserve": "不详"}).column == "是否后备干部"


def test_a_village_that_changed_its_division_names_it_and_others_need_not() -> None:
    moved = taken("villages", **VILLAGE, place="210522")
    assert isinstance(moved, c.RegisterVillage) and (moved.place, moved.village) == ("210522", VILLAGE["village"])


def test_villages_to_avoid_may_be_separated_as_officers_do() -> None:
    found = taken("cadres", **CADRE, ties="210521100201、210521100202, 210521100203")
    assert isinstance(found, c.RegisterCadre)
    assert found.ties == ("210521100201", "210521100202", "210521100203")
    assert wrong("cadres", **CADRE, ties="210521100201、上石村").column == "应回避的村（代码）"


def test_1_18_a_visit_brings_the_facts_of_a_household_and_other_records_bring_none() -> None:
    facts = {"household.household": "H1", "household.persons": 3, "household.income": 2100.5, "household.secured": True}
    visit = taken("surveys", **SURVEY, **facts, **{"household.registered": False})
    assert isinstance(visit, c.RecordSurvey)
    assert visit.household == c.HouseholdFacts(household="H1", persons=3, income=2100.5, secured=True, registered=False)
    assert getattr(taken("surveys", **SURVEY), "household", ...) is None


@pytest.mark.parametrize(
    ("name", "row", "column", "zh", "en"),
    [
        ("villages", VILLAGE | {"population": 0}, "户籍人口", "“0”不合规定。至少1人。", "“0” is not allowed"),
        ("villages", VILLAGE | {"listing_document": "长" * 201}, "列入文件", "不超过200字", "200 characters"),
        ("villages", VILLAGE | {"population": 10**9}, "户籍人口", "不能大于", "at most"),
        ("villages", VILLAGE | {"township": "210521101"}, "乡镇", "只有数字、符号，应写明内容", "needs words"),
        ("surveys", SURVEY | {"number": 0}, "编号", "“0”不合规定。", "“0” is not allowed"),
        ("surveys", SURVEY | {"household.persons": 3}, "户编号", "须与旁边各栏一并填写", "with the cells beside it"),
        (
            "surveys",
            SURVEY | {"household.household": "H1"},
            "家庭人口",
            "须与旁边各栏一并填写",
            "with the cells beside",
        ),
        ("surveys", SURVEY | {"kind": "暗访"}, "调查方式", "只能填：统计表和调查问卷、座谈会", "takes one of"),
    ],
)
def test_a_row_that_fits_no_command_names_cell_bound_and_remedy(
    name: str, row: dict[str, Any], column: str, zh: str, en: str
) -> None:
    error = wrong(name, **row)
    assert (error.row, error.column) == (2, column)
    assert zh in error.zh and en in error.en


def test_a_refusal_stands_at_the_cell_that_the_rule_names() -> None:
    form = forms.FORMS["surveys"].form([BENXI])
    refused = Refused("3.1", "须写明原因", "needs its cause", field="cause", status=422).by(BENXI)
    error = refusal(form, 7, "cause", refused)
    assert (error.row, error.column) == (7, "问题原因")
    assert error.zh == "须写明原因（依据：《本溪市向贫困村选派驻村工作队》）"
    assert refusal(form, 7, "", Refused("3.1", "已封存", "closed")).column == "编号"
    assert refusal(form, 7, "", Refused("identity", "已封存", "closed")).zh == "已封存"


@pytest.mark.parametrize("code", ["210521100000", "210500100201"])
def test_the_code_of_a_township_or_a_city_is_no_village(code: str) -> None:
    assert "001至999" in wrong("villages", **VILLAGE | {"village": code}).zh
    assert wrong("cadres", **CADRE, ties=code).column == "应回避的村（代码）"


def test_a_city_without_counties_has_villages() -> None:
    assert isinstance(taken("villages", **VILLAGE | {"village": "441900100201"}), c.RegisterVillage)


def test_ranks_and_levels_are_all_there_under_their_chinese_names() -> None:
    assert set(forms.RANKS.values()) == set(get_args(Rank))
    levels = ["科员", "副科级", "正科级", "副处级", "正处级", "副厅级", "正厅级"]
    assert [*forms.RANKS][:7] == levels and [forms.RANKS[name] for name in levels] == [*get_args(Rank)]
    assert {name: forms.RANKS[f"相当{name}"] for name in levels} == dict(zip(levels, get_args(Rank), strict=True))
    assert set(forms.LEVELS.values()) == set(get_args(Level))


@pytest.mark.parametrize(
    ("rank", "level"),
    [
        ("一级主任科员", "section"), ("四级主任科员", "deputy_section"), ("三级调研员", "deputy_division"),
        ("二级调研员", "division"), ("二级巡视员", "deputy_department"), ("一级科员", "staff"),
        ("主任科员", "section"), ("副调研员", "deputy_division"), ("相当正科级", "section"),
    ],
)  # fmt: skip
def test_3_3_ranks_of_today_and_posts_of_then_count_as_the_level_that_the_law_gives_them(rank: str, level: str) -> None:
    form = forms.FORMS["cadres"].form([BENXI])
    file = BytesIO()
    book = openpyxl.Workbook()
    book.active.append([column.title for column in form.columns])
    book.active.append(["C1", "U1", "某人（虚构）", "210500", rank, "是", "2001-08", "1978.05", "否", None])
    book.save(file)
    (row,) = read_rows(form, file, secret=SECRET)
    said = forms.FORMS["cadres"].said(form, [row])
    assert isinstance(said, c.RegisterCadre) and said.rank == level
    assert (said.work_since, said.born_on) == (date(2001, 8, 1), date(1978, 5, 1))


def test_forms_that_were_issued_under_earlier_headings_are_still_read() -> None:
    form = forms.FORMS["cadres"].form([BENXI])
    once = [column.once[0] if column.once else column.title for column in form.columns]
    assert "职级" in once and "出生日期" in once
    book = openpyxl.Workbook()
    book.active.append(once)
    book.active.append(["C1", "U1", "某人（虚构）", "210500", "正科级", "是", "2001-08-01", "1978-05-04", "否", None])
    book.save(file := BytesIO())
    (row,) = read_rows(form, file, secret=SECRET)
    assert row.errors == ()


ISSUED = Path(__file__).parent / "issued"
"""Files as they were issued and filled in before forms were made from commands."""


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("cadres", c.RegisterCadre(**CADRE, ties=("210521100201", "210521100202"))),
        (
            "surveys",
            c.RecordSurvey(
                **{field: value for field, value in SURVEY.items() if field != "name"},
                household=c.HouseholdFacts(household="H1", persons=3, income=2100.5, secured=True),
            ),
        ),
    ],
)
def test_a_file_of_an_earlier_version_is_read_as_it_was_meant(name: str, command: Command) -> None:
    form = forms.FORMS[name].form([BENXI])
    (row,) = read_rows(form, ISSUED / f"{name}.xlsx", secret=SECRET)
    assert forms.FORMS[name].said(form, [row]) == command


def test_choices_and_the_asking_body_are_those_of_the_pack_in_force() -> None:
    benxi, zunyi, both = (forms.FORMS["surveys"].form(packs) for packs in ([BENXI], [ZUNYI], [BENXI, ZUNYI]))
    assert labels(benxi, "topic") == set(BENXI.listing.topics.values())
    assert labels(zunyi, "topic") == set(ZUNYI.listing.topics.values())
    assert labels(both, "topic") == labels(benxi, "topic") | labels(zunyi, "topic")
    assert "本溪市" in benxi.asked_by_zh and "遵义市" not in benxi.asked_by_zh
    (department,) = (column for column in forms.FORMS["units"].form([ZUNYI]).columns if column.field == "department")
    assert "民族宗教" in department.help_zh


def test_no_form_is_issued_without_a_pack() -> None:
    with pytest.raises(Refused) as refused:
        forms.FORMS["villages"].form([])
    assert refused.value.rule == "policy"
    with pytest.raises(Refused, match="99"):
        forms.FORMS["villages"].form([], "99")


@pytest.mark.parametrize("name", forms.FORMS)
def test_every_column_explains_itself_in_both_languages_and_asks_for_no_identity_card(name: str) -> None:
    form = forms.FORMS[name].form([BENXI, ZUNYI, shipped("national-2021"), shipped("xixiu")])
    file = BytesIO()
    write_template(form, file, secret=SECRET)
    headings = [str(cell.value) for cell in openpyxl.load_workbook(file).worksheets[0][1]]
    assert all("\n" in heading and heading.split("\n")[1].isascii() for heading in headings)
    assert not any("身份证" in heading or "手机" in heading for heading in headings)
    assert all(bool(column.help_zh) == bool(column.help_en) for column in form.columns)


# ---------------------------------------------------------------- rows that become one command

HOUSE: dict[str, Any] = {
    "place": "210521", "village": "210521100201", "name": "上石村", "year": 2015, "households.household": "H1",
    "households.persons": 3, "households.income": 2800.0, "households.secured": True, "recorded_by": "小市镇人民政府",
}  # fmt: skip


def all_taken(name: str, *rows: dict[str, Any], policy: Policy = BENXI) -> list[Command | list[CellError]]:
    """What comes of rows that are written into a form and read back: a command for those that belong together."""
    blank, file = forms.FORMS[name], BytesIO()
    form = blank.form([policy])
    write_template(form, file, prefilled=rows, secret=SECRET)
    groups = blank.together(form, read_rows(form, file, secret=SECRET))
    return [said if isinstance(said := blank.said(form, group), Command) else [*said] for group in groups]


def house(household: str, village: str = "210521100201", /, **row: Any) -> dict[str, Any]:
    return {**HOUSE, "village": village, "households.household": household, **row}


def test_1_18_the_households_of_a_village_are_one_command() -> None:
    other = "210521100202"
    first, second = all_taken("households", house("H1"), house("H2"), house("H1", other))
    assert isinstance(first, c.RecordHouseholds) and isinstance(second, c.RecordHouseholds)
    assert [one.household for one in first.households] == ["H1", "H2"]
    assert (first.village, second.village, second.year) == ("210521100201", other, 2015)


@pytest.mark.parametrize(
    ("rows", "row", "column", "zh"),
    [
        ([house("H1"), {**house("H2"), "households.persons": 51}], 3, "家庭人口", "“51”不合规定。1至50人。"),
        ([house("H1"), house("H2", recorded_by="县扶贫办")], 3, "采集单位", "与第2行不同"),
        ([house("H1"), house("H1", "210521100202"), house("H2")], 4, "村代码", "第2行起已有同一对象的内容"),
        ([house("H1"), house("h1")], 3, "村代码", "第3行与第2行重复"),
        ([{**house("H1"), "households.income": "很多"}], 2, "人均纯收入（元）", "只能填数字"),
    ],
)
def test_what_is_wrong_among_rows_of_one_village_is_told_at_its_cell(
    rows: list[dict[str, Any]], row: int, column: str, zh: str
) -> None:
    *_, (error,) = (said for said in all_taken("households", *rows) if isinstance(said, list))
    assert (error.row, error.column) == (row, column) and zh in error.zh and error.en


def test_1_18_a_form_asks_for_each_figure_that_people_record_and_for_none_that_is_computed() -> None:
    columns = {column.field: column for column in forms.FORMS["measurements"].form([ZUNYI]).columns}
    asked = {field.removeprefix("values.") for field in columns if field.startswith("values.")}
    computed = {"incidence", *(one.figure for one in ZUNYI.indicators if one.derive)}
    criteria = {one.figure for one in ZUNYI.exit.criteria}
    recorded = criteria | {one.figure for one in ZUNYI.indicators if one.of == "village"}
    assert asked == recorded - computed and "incidence" not in asked
    assert not any(column.required for field, column in columns.items() if field.startswith("values."))


def test_two_regions_that_call_different_figures_by_one_name_have_a_column_each() -> None:
    (first, *_) = (one for one in BENXI.exit.criteria if one.figure != "incidence")
    there = [msgspec.structs.replace(first, figure="otherwise")]
    other = msgspec.structs.replace(ZUNYI, exit=msgspec.structs.replace(ZUNYI.exit, criteria=tuple(there)))
    titles = [column.title for column in forms.FORMS["measurements"].form([BENXI, other]).columns]
    assert len(set(titles)) == len(titles) and f"{first.label}（遵义市）" in titles


def test_0_1_a_division_is_named_by_its_level_and_code() -> None:
    one = next(one for one in ZUNYI.indicators if not one.derive and one.figure not in HOUSEHOLD_FIGURES)
    pack = msgspec.structs.replace(ZUNYI, indicators=(msgspec.structs.replace(one, of="township"),))
    row = {"level": "township", "code": "520321100", "year": 2016, "recorded_by": "某镇人民政府"}
    told = {f"values.{one.figure}": 12.5, "estimated": (one.figure,), "drawn_from": "统计年报"}
    (said,) = all_taken("division-figures", {**row, **told}, policy=pack)
    assert said == c.RecordFigures(
        place="520321",
        division="township:520321100",
        year=2016,
        values={one.figure: 12.5},
        estimated=(one.figure,),
        drawn_from="统计年报",
        recorded_by="某镇人民政府",
    )


def test_2_10_the_form_of_a_region_without_lists_is_refused_with_what_to_do() -> None:
    for name, column in {"listings": "名单", "unlistings": "名单", "checklists": "清单"}.items():
        with pytest.raises(Refused) as refused:
            forms.FORMS[name].form([BENXI], "2105")
        assert f"可选的“{column}”" in refused.value.zh and "请先在政策包中规定" in refused.value.zh


def test_0_1_forms_name_the_levels_of_divisions_as_the_region_does() -> None:
    form = forms.FORMS["division-figure-withdrawals"].form([shipped("jalaid")])
    (level,) = (one for one in form.columns if one.title == "层级")
    assert {"旗": "county", "苏木乡镇": "township", "市": "city"}.items() <= dict(level.choices).items()


def test_0_1_two_levels_of_one_name_are_refused_since_a_form_cannot_tell_them_apart() -> None:
    for divisions in ({"county": "旗", "township": "旗"}, {"county": "市"}):
        words = {"divisions": divisions}
        with pytest.raises(PolicyInvalid, match="another level is called"):
            parse_pack({**PACK, "words": words})
