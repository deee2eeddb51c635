"""What officers and operators must be able to rely on in Excel forms. Files are read back with openpyxl, a reader and
writer of its own, and files as Excel and WPS make them are built part by part."""

import csv
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.workbook import Column, Form, Row, WorkbookRefused
from shared.workbook.reading import read_rows
from shared.workbook.sheet import MAX_UNPACKED, rows
from shared.workbook.writing import annotate, write_template
from tests.support.workbooks import MAIN, OFFICE, STYLES, package, saved, with_part

SECRET = b"one secret of many"
ASKED = {
    "asked_by_zh": "县扶贫开发领导小组办公室（示例文件第1号）",
    "asked_by_en": "the county poverty office, document 1",
}
KINDS = {"弱": "weak", "空壳": "shell"}
FREE = Form(
    name="survey",
    title="贫困村简要情况登记表",
    en="Village survey",
    key=("code",),
    columns=(
        Column(
            field="code",
            title="村代码",
            en="Code",
            kind="code",
            pattern=r"\d{12}",
            help_zh="12位代码。",
            help_en="Twelve digits.",
        ),
        Column(field="name", title="村名", en="Village"),
        Column(field="people", title="人口", en="People", kind="integer"),
        Column(field="income", title="收入", en="Income", kind="number", required=False),
        Column(field="since", title="列入日期", en="Listed on", kind="date"),
        Column(field="weak", title="软弱涣散", en="Weak", kind="yes_no"),
        Column(field="sort", title="类别", en="Sort", kind="choice", choices=KINDS, required=False),
    ),
    **ASKED,
)
ISSUED = Form(
    name="follow-up",
    title="回访表",
    en="Follow-up",
    key=("code",),
    columns=(
        Column(field="code", title="村代码", en="Code", kind="code", pattern=r"\d{12}", prefilled=True),
        Column(field="listed", title="列入日期", en="Listed on", kind="date", prefilled=True),
        Column(field="rate", title="发生率", en="Incidence", kind="number", prefilled=True, required=False),
        Column(field="sort", title="类别", en="Sort", kind="choice", choices=KINDS, prefilled=True),
        Column(field="people", title="人口", en="People", kind="integer"),
    ),
    **ASKED,
)
GOOD = ("520402100201", "甲村", 312, 1985.5, date(2014, 6, 1), "是", "弱")
VILLAGES = [
    {"code": f"52040210020{i}", "listed": date(2014, 1, 1 + i), "rate": 9.13 / (i + 1), "sort": "weak"}
    for i in range(3)
]


def filled(*lines: Sequence[object], form: Form = FREE, headings: Sequence[str] | None = None) -> io.BytesIO:
    """A file as openpyxl writes it, with these lines under the headings."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(headings or [column.title for column in form.columns])
    for line in lines:
        page.append(line)
    return saved(book)


def template(form: Form, prefilled: Sequence[dict[str, object]] = ()) -> io.BytesIO:
    file = io.BytesIO()
    write_template(form, file, prefilled=prefilled, secret=SECRET)
    return file


def read(file: Any, form: Form = FREE) -> list[Row]:
    return list(read_rows(form, file, secret=SECRET))


def one(**cells: object) -> Row:
    """The row that comes of a good line with these cells put into it."""
    line = [cells.get(column.field, good) for column, good in zip(FREE.columns, GOOD, strict=True)]
    (row,) = read(filled(line))
    return row


def refusal(file: Any, form: Form = FREE) -> WorkbookRefused:
    with pytest.raises(WorkbookRefused) as refused:
        read(file, form)
    return refused.value


# Templates.


def test_a_template_shows_officers_what_to_fill_in_and_how() -> None:
    book = openpyxl.load_workbook(template(FREE))
    page, guide, lists = book.worksheets
    heads = (
        "村代码 *\nCode|村名 *\nVillage|人口 *\nPeople|收入\nIncome|列入日期 *\nListed on|软弱涣散 *\nWeak|类别\nSort"
    )
    assert [cell.value for cell in page[1]] == heads.split("|")
    assert page.freeze_panes == "A2"
    assert lists.sheet_state == "hidden"
    rules = {str(rule.sqref).rstrip("0123456789")[:1]: rule for rule in page.data_validations.dataValidation}
    assert {at: rule.type for at, rule in rules.items()} == {
        "A": None, "B": None, "C": "whole", "D": "decimal", "E": "date", "F": "list", "G": "list",
    }  # fmt: skip
    assert rules["A"].prompt == "12位代码。\nTwelve digits."
    for at, labels in (("F", ["是", "否"]), ("G", ["弱", "空壳"])):
        name, _, area = rules[at].formula1.replace("$", "").partition("!")
        assert book[name.strip("'")][area][0][0].value == labels[0]
        assert [cell.value for (cell,) in book[name.strip("'")][area]] == labels
    assert page.column_dimensions["A"].width >= 12
    assert page.protection.sheet is False  # Nothing is prefilled: nothing is locked, and no row bears a seal.
    told = "\n".join(str(cell.value) for line in guide for cell in line if cell.value)
    for words in (
        "县扶贫开发领导小组办公室（示例文件第1号）",
        "document 1",
        "不得编造",
        "neither invent",
        "12位代码。",
        "弱、空壳",
    ):
        assert words in told


def test_prefilled_cells_are_grey_and_locked_and_the_others_are_neither() -> None:
    page = openpyxl.load_workbook(template(ISSUED, VILLAGES)).worksheets[0]
    assert page.protection.sheet is True
    assert page.protection.password is None
    for line in page["A2:D4"]:
        assert all(cell.protection.locked and cell.fill.fgColor.rgb == "FFD9D9D9" for cell in line)
    assert page.column_dimensions["E"].protection is None or not page.column_dimensions["E"].protection.locked
    assert page.column_dimensions["F"].hidden
    assert page["D2"].value == "弱"
    assert page["B2"].value == datetime(2014, 1, 1)


def test_a_template_is_returned_filled_and_read_with_its_types() -> None:
    book = openpyxl.load_workbook(template(ISSUED, VILLAGES))
    for line, people in zip((2, 3, 4), (312, 0, 77), strict=True):
        book.worksheets[0][f"E{line}"] = people
    got = read(saved(book), ISSUED)
    assert [row.errors for row in got] == [(), (), ()]
    assert [row.number for row in got] == [2, 3, 4]
    assert got[0].values == {
        "code": "520402100200",
        "listed": date(2014, 1, 1),
        "rate": 9.13,
        "sort": "weak",
        "people": 312,
    }
    assert isinstance(got[0].values["people"], int)
    assert got[2].values["rate"] == pytest.approx(9.13 / 3, rel=1e-14)


def test_issued_rows_in_which_nothing_was_filled_in_are_left_out() -> None:
    number = Column(field="number", title="编号", en="Number", kind="integer", suggested=True)
    form = Form(name="f", title="表", en="F", columns=(*ISSUED.columns, number), key=("code", "number"), **ASKED)
    issued = [{**VILLAGES[0], "number": 1}, {**VILLAGES[0], "number": 2, "people": 7}, VILLAGES[1]]
    (row,) = read(template(form, issued), form)
    assert (row.number, row.values["number"], row.values["people"], row.errors) == (3, 2, 7, ())


def test_the_product_cannot_issue_a_row_that_it_would_refuse() -> None:
    with pytest.raises(ValueError, match="row 2: code breaks the rule pattern"):
        template(ISSUED, [VILLAGES[0] | {"code": "1"}])
    with pytest.raises(ValueError, match="sort breaks the rule choice"):
        template(ISSUED, [VILLAGES[0] | {"sort": "rich"}])


def test_a_form_that_cannot_work_is_refused_where_it_is_declared() -> None:
    column = Column(field="a", title="甲", en="A")
    with pytest.raises(ValueError, match="no fields"):
        Form(name="f", title="表", en="F", columns=(column,), key=("b",), **ASKED)
    with pytest.raises(ValueError, match="nothing to choose"):
        Form(
            name="f",
            title="表",
            en="F",
            columns=(Column(field="a", title="甲", en="A", kind="choice"),),
            key=("a",),
            **ASKED,
        )


# Reading: tolerant.


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("code", 520402100201, "520402100201"),
        ("code", " ５２０４０２１００２０１　", "520402100201"),
        ("code", "\u202d520402100201\u202c\ufeff", "520402100201"),
        ("name", "　甲 村 ", "甲 村"),
        ("name", "甲村（二组）", "甲村（二组）"),
        ("people", " 1,234 ", 1234),
        ("people", "１２", 12),
        ("people", 12.0, 12),
        ("income", "¥1,985.50", 1985.5),
        ("income", "￥３，５８７", 3587.0),
        ("income", "-12.5", -12.5),
        ("income", None, None),
        ("income", "　", None),
        ("since", datetime(2014, 6, 1), date(2014, 6, 1)),
        ("since", datetime(2014, 6, 1, 13, 30), date(2014, 6, 1)),
        ("since", "2014-06-01", date(2014, 6, 1)),
        ("since", "2014-06-01 00:00:00", date(2014, 6, 1)),
        ("since", "2014/6/1", date(2014, 6, 1)),
        ("since", "2014.6.1", date(2014, 6, 1)),
        ("since", "２０１４年６月１日", date(2014, 6, 1)),
        ("since", "20140601", date(2014, 6, 1)),
        ("since", 20140601, date(2014, 6, 1)),
        ("weak", "是", True),
        ("weak", " No ", False),
        ("weak", "YES", True),
        ("weak", True, True),
        ("sort", " 空壳", "shell"),
    ],
)
def test_sloppy_cells_are_understood(field: str, cell: object, value: object) -> None:
    row = one(**{field: cell})
    assert row.errors == ()
    assert row.values[field] == value
    assert type(row.values[field]) is type(value)


@given(
    st.dates(min_value=date(1900, 3, 1)),
    st.sampled_from(["{0:04}-{1:02}-{2:02}", "{0:04}/{1}/{2}", "{0:04}年{1}月{2}日", "{0:04}{1:02}{2:02}"]),
)
@settings(max_examples=40, deadline=None)
def test_every_day_reads_alike_as_date_and_in_every_spelling(day: date, spelling: str) -> None:
    text = spelling.format(day.year, day.month, day.day)
    got = read(filled([*GOOD[:4], day, *GOOD[5:]], ["520402100202", *GOOD[1:4], text, *GOOD[5:]]))
    assert [row.values["since"] for row in got] == [day, day]


def test_columns_are_found_by_heading_below_a_title_and_in_either_language() -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(["某县贫困村简要情况登记表"])
    page.merge_cells("A1:G1")
    page.append([])
    page.append(["村名", "CODE", "人 口*", "收入\nIncome", "Listed on", "软弱涣散", "类别（Sort）"[:2]])
    page.append(["甲村", "520402100201", 312, 1985.5, "2014-06-01", "是", "弱"])
    (row,) = read(saved(book))
    assert (row.number, row.errors) == (4, ())
    assert row.values == dict(zip([column.field for column in FREE.columns], [*GOOD[:5], True, "weak"], strict=True))


def test_empty_rows_are_skipped_and_numbers_are_those_of_the_sheet() -> None:
    got = read(filled(GOOD, [None] * 7, ["  ", "　", None, None, None, None, None], ["520402100202", *GOOD[1:]]))
    assert [row.number for row in got] == [2, 5]


def headed(body: str) -> str:
    titles = "".join(f'<c t="inlineStr"><is><t>{column.title}</t></is></c>' for column in FREE.columns)
    return f"<row>{titles}</row>{body}"


@pytest.mark.parametrize("main", [MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main"])
@pytest.mark.parametrize(("book", "serial"), [("", 41791), ('<workbookPr date1904="1"/>', 41791 - 1462)])
def test_files_of_chinese_excel_are_read(main: str, book: str, serial: int) -> None:
    """Shared, rich and annotated strings, formulas, cells without addresses, built-in Chinese dates, both calendars."""
    strings = (
        "<si><t>520402100201</t></si>"
        '<si><r><t>甲</t></r><r><rPr><b/></rPr><t>村</t></r><rPh sb="0" eb="1"><t>jia</t></rPh><phoneticPr/></si>'
        '<si><t xml:space="preserve"> 是_x000D_\n</t></si>'
    )
    body = headed(
        '<row r="7"><c r="A7" t="s"><v>0</v></c><c t="s"><v>1</v></c><c r="C7"><f>300+12</f><v>312</v></c>'
        f'<c r="E7" s="1"><v>{serial}</v></c><c r="F7" t="s"><v>2</v></c><c t="str"><f>"弱"</f><v>弱</v></c></row>'
        f'<row><c t="n"><v>5.20402100202E11</v></c><c t="s"><v>1</v></c><c><v>312</v></c><c/>'
        f'<c s="2"><v>{serial}</v></c><c t="b"><v>1</v></c></row>'
    )
    first, second = read(
        package(
            body,
            strings,
            STYLES,
            book,
            main,
            OFFICE if main == MAIN else "http://purl.oclc.org/ooxml/officeDocument/relationships",
        )
    )
    assert (first.errors, second.errors) == ((), ())
    expected = {
        "code": "520402100201",
        "name": "甲村",
        "people": 312,
        "income": None,
        "since": date(2014, 6, 1),
        "weak": True,
        "sort": "weak",
    }
    assert (first.number, first.values) == (7, expected)
    assert (second.number, second.values) == (8, expected | {"code": "520402100202", "sort": None})


# Reading: strict.


@pytest.mark.parametrize(
    ("field", "cell", "zh", "en"),
    [
        ("code", None, "必须填写", "must be filled in"),
        ("code", "5204021002", "不合规定格式", "is not in the form"),
        ("code", 110101199001011234, "只保留15位", "15 digits"),
        ("people", "312人", "只能填整数", "whole number"),
        ("people", 3.5, "只能填整数", "whole number"),
        ("people", "三百", "只能填整数", "whole number"),
        ("people", datetime(2014, 6, 1), "只能填整数", "whole number"),
        ("people", True, "只能填整数", "whole number"),
        ("people", 10**15, "只保留15位", "15 digits"),
        ("income", "1,5", "只能填数字", "takes a number"),
        ("income", "2万", "只能填数字", "takes a number"),
        ("income", "1e5", "只能填数字", "takes a number"),
        ("income", "9.13%", "只能填数字", "takes a number"),
        ("since", "2014-02-30", "无此日", "takes a date"),
        ("since", "14-6-1", "只能填日期", "takes a date"),
        ("since", "2014年6月", "只能填日期", "takes a date"),
        ("since", 41791, "只能填日期", "takes a date"),
        ("weak", "有点", "只能填：是、否", "takes one of"),
        ("weak", 1, "只能填：是、否", "takes one of"),
        ("sort", "weak", "只能填：弱、空壳", "takes one of"),
        ("income", "=1/0", "公式没有结果", "has no result"),
        ("income", "#N/A", "错误值（#N/A）", "an error (#N/A)"),
    ],
)
def test_doubtful_cells_are_refused_with_rule_and_remedy(field: str, cell: object, zh: str, en: str) -> None:
    row = one(**{field: cell})
    (error,) = row.errors
    column = next(column for column in FREE.columns if column.field == field)
    assert (error.row, error.column) == (2, column.title)
    assert zh in error.zh and column.title in error.zh
    assert en in error.en and column.en in error.en
    assert "{" not in error.zh + error.en
    assert row.values[field] is None


def test_help_is_repeated_where_a_cell_is_wrong() -> None:
    (error,) = one(code="5204").errors
    assert error.zh.endswith("12位代码。") and error.en.endswith("Twelve digits.") and error.value == "5204"


def test_every_bad_cell_of_a_row_is_reported() -> None:
    (row,) = read(filled(["x", None, "y", "z", "2014", "maybe", "?"]))
    assert [error.column for error in row.errors] == [column.title for column in FREE.columns]


def test_a_repeated_key_names_both_rows() -> None:
    first, _, third = read(filled(GOOD, ["520402100202", *GOOD[1:]], ["５２０４０２１００２０１", "乙村", *GOOD[2:]]))
    assert first.errors == ()
    (error,) = third.errors
    assert "第4行与第2行重复" in error.zh and "Row 4 repeats row 2" in error.en and error.column == "村代码"


def test_keys_of_several_columns_repeat_only_together() -> None:
    columns = tuple(Column(field=name, title=title, en=name) for name, title in (("a", "甲"), ("b", "乙")))
    form = Form(name="f", title="表", en="F", columns=columns, key=("a", "b"), **ASKED)
    got = read(filled(["1", "23"], ["12", "3"], ["1", "2"], ["1", "23"], form=form), form)
    assert [len(row.errors) for row in got] == [0, 0, 0, 1]
    assert "“甲 + 乙”同为“1 + 23”" in got[3].errors[0].zh


# Files refused as a whole.


def test_wrong_headings_are_one_error_that_names_each() -> None:
    refused = refusal(filled(GOOD, headings=["村代码", "村名", "人口", "收入", "日期", "软弱涣散", "村名"]))
    assert "缺少的栏目：列入日期、类别；无法识别的栏目：“日期”（是否应为“列入日期”）；重复的栏目：村名" in refused.zh
    assert "Missing: “Listed on”, “Sort”; unknown: 日期 (for “列入日期”?); repeated: “Village”" in refused.en
    only = refusal(filled(["a"] * 2, headings=["a", "b"]))
    assert "重复" not in only.zh and "repeated" not in only.en, "what is not wrong is not named"
    assert "缺少的栏目：村代码、" in refusal(filled(["a"] * 7, headings=["a", "b", "c", "d", "e", "f", "g"])).zh
    assert "无法识别的栏目：“a”、“b”" in refusal(filled(["a"] * 2, headings=["a", "b"])).zh


def test_an_unfilled_form_is_refused() -> None:
    assert "一行数据也没有" in refusal(template(FREE)).zh
    assert "缺少" in refusal(saved(openpyxl.Workbook())).zh


def with_password() -> io.BytesIO:
    data = bytearray(filled(GOOD).getvalue())
    at = data.index(b"PK\x01\x02")
    while at >= 0:  # Bit 0 of the flags in every entry of the directory.
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    return io.BytesIO(data)


@pytest.mark.parametrize(
    ("make", "zh"),
    [
        (lambda: io.BytesIO(b""), "文件是空的"),
        (with_password, "设了打开密码"),
        (lambda: io.BytesIO(filled(GOOD).getvalue()[:-900]), "已损坏"),
        (lambda: with_part(io.BytesIO(b"PK\x05\x06" + bytes(18)), "word/document.xml", b""), "不是 .xlsx"),
        (lambda: with_part(filled(GOOD), "xl/vbaProject.bin", b"x"), "带有宏"),
        (lambda: with_part(filled(GOOD), "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"), "已损坏"),
        (lambda: with_part(filled(GOOD), "xl/workbook.xml", b"<workbook/>"), "已损坏"),
        (lambda: package('<row r="2"/><row r="2"/>'), "单元格 A2 在文件里出现两次"),
        (lambda: package('<row><c t="s"><v>7</v></c></row>'), "已损坏"),
        (lambda: package('<row><c r="XFE1"><v>7</v></c></row>'), "已损坏"),
        (lambda: package("<row>" + "<c/>" * 20_000 + "</row>"), "已损坏"),
    ],
)
def test_whatever_is_no_sound_workbook_is_refused_with_a_remedy(make: Callable[[], io.BytesIO], zh: str) -> None:
    refused = refusal(make())
    assert zh in refused.zh
    assert "upload it again" in refused.en


@pytest.mark.parametrize(
    "sheet",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet><sheetData>&b;</sheetData></worksheet>',
        b"<worksheet><sheetData><row><c t='str'><v>" + b"a" * 2**22 + b"</v></c></row></sheetData></worksheet>",
        b"<worksheet a='" + b"a" * 2**22 + b"'/>",
        b"<worksheet>" + b"".join(b"<a%d/>" % i for i in range(30_000)) + b"</worksheet>",
        b"<worksheet " + b" ".join(b"a%d=''" % i for i in range(30_000)) + b"/>",
    ],
    ids=["entities", "endless text", "endless token", "names of elements", "names of attributes"],
)
def test_a_hostile_sheet_is_refused_before_it_piles_up(sheet: bytes) -> None:
    assert "已损坏" in refusal(with_part(filled(GOOD), "xl/worksheets/sheet1.xml", sheet)).zh


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(filled(GOOD)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for part in old.namelist():
            new.writestr(part, old.read(part))
        with new.open("xl/media/image1.png", "w") as stream:
            for _ in range(MAX_UNPACKED // 2**20 + 1):
                stream.write(bytes(2**20))
    assert len(file.getvalue()) < 3 * 2**20
    assert "256 MB" in refusal(file).zh


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_file_damaged_anywhere_is_read_or_refused_but_never_breaks_the_reader(flips: list[tuple[float, int]]) -> None:
    data = bytearray(template(ISSUED, VILLAGES).getvalue())
    for where, bits in flips:
        data[int(where * len(data))] ^= bits
    try:
        assert len(read(io.BytesIO(data), ISSUED)) <= 3
    except WorkbookRefused as refused:
        assert refused.zh and refused.en


@given(
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(list("<>/\"'=9-AZs &;"))), min_size=1, max_size=4
    )
)
@settings(max_examples=150, deadline=None)
def test_a_sheet_with_senseless_content_is_read_or_refused(edits: list[tuple[float, str]]) -> None:
    body = list(
        headed(
            '<row r="3"><c r="A3" s="1"><v>41791</v></c><c r="B3" t="s"><v>0</v></c><c t="b"><f>1</f><v>1</v></c></row>'
        )
    )
    for where, character in edits:
        body[int(where * len(body))] = character
    try:
        assert len(list(rows(package("".join(body), "<si><t>a</t></si>", STYLES), "表"))) <= 2
    except WorkbookRefused as refused:
        assert refused.zh and refused.en


# Seals.


def returned(change: Callable[[Any], None], form: Form = ISSUED) -> list[Row]:
    """The rows of the issued form after an officer unprotected it and made this change."""
    book = openpyxl.load_workbook(template(form, VILLAGES))
    for line in (2, 3, 4):
        book.worksheets[0][f"E{line}"] = 1
    change(book.worksheets[0])
    return read(saved(book), form)


@pytest.mark.parametrize(
    ("place", "value", "original"),
    [("A3", "520402100209", "520402100201"), ("A3", None, "520402100201"), ("B3", datetime(2015, 1, 2), "2014-01-02"),
     ("B3", "1月2日", "2014-01-02"), ("C3", 1.45, "4.565"), ("C3", None, "4.565"), ("C3", "4.565a", "4.565"),
     ("D3", "空壳", "弱"), ("D3", "weak", "弱")],
)  # fmt: skip
def test_a_changed_prefilled_cell_is_refused_with_its_original(place: str, value: object, original: str) -> None:
    def change(page: Any) -> None:
        page[place] = value

    first, second, third = returned(change)
    assert (first.errors, third.errors) == ((), ())
    (error,) = second.errors
    assert error.column == ISSUED.columns["ABCD".index(place[0])].title
    assert "由系统预填，不得改动" in error.zh and f"原值为“{original}”" in error.zh
    assert "must not be changed" in error.en and f"“{original}”" in error.en


def test_an_untouched_value_retyped_in_another_form_is_no_change() -> None:
    def change(page: Any) -> None:
        page["A2"], page["B2"], page["C2"] = 520402100200, "2014年1月1日", "9.13"

    assert [row.errors for row in returned(change)] == [(), (), ()]


def test_a_seal_moved_from_another_row_is_refused() -> None:
    def change(page: Any) -> None:
        page["F3"] = page["F2"].value

    _, second, _ = returned(change)
    assert {error.column for error in second.errors} == {"村代码", "列入日期", "发生率"}
    assert "从别处复制" in second.errors[0].zh


def test_a_row_copied_whole_is_refused_as_repeated() -> None:
    def change(page: Any) -> None:
        for at, cell in enumerate(page[2], start=1):
            page.cell(5, at, cell.value)

    (error,) = returned(change)[3].errors
    assert "第5行与第2行重复" in error.zh


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_when_a_form_was_issued_is_known_however_it_is_saved(suffix: str) -> None:
    """The heading that says so is kept in a .csv, and copied beside errors."""
    file, copy, learned = io.BytesIO(), io.BytesIO(), list[int | None]()
    write_template(ISSUED, file, prefilled=VILLAGES, secret=SECRET, position=1204)
    book = openpyxl.load_workbook(file)
    sheet = book["填报表"]
    headings = [cell.value for cell in sheet[1]]
    hidden = [(one.min, one.max) for one in sheet.column_dimensions.values() if one.hidden]
    assert headings[-1] == "签发号 1204" and any(low <= len(headings) <= high for low, high in hidden)
    sheet.cell(2, len(ISSUED.columns), 312)
    returned = io.BytesIO()
    if suffix == ".csv":
        text = io.StringIO()
        csv.writer(text).writerows([[cell.value for cell in row] for row in sheet.iter_rows()])
        returned.write(text.getvalue().encode())
    else:
        book.save(returned)
    assert len([*read_rows(ISSUED, returned, secret=SECRET, issued=learned.append)]) == 1
    assert annotate(ISSUED, returned, copy, {}) == suffix
    [*read_rows(ISSUED, copy, secret=SECRET, issued=learned.append)]
    assert learned == [1204, 1204]


def test_a_form_that_does_not_say_when_it_was_issued_is_taken_as_before() -> None:
    learned = list[int | None]()
    [*read_rows(FREE, filled(GOOD), secret=SECRET, issued=learned.append)]
    assert learned == [None]


def test_a_row_that_was_not_issued_is_refused() -> None:
    def change(page: Any) -> None:
        page.append(["520402100299", datetime(2014, 1, 1), None, "弱", 5])

    errors = returned(change)[3].errors
    assert [error.column for error in errors] == ["村代码", "列入日期", "类别"]
    assert "没有封签" in errors[0].zh and "bears no seal" in errors[0].en


@pytest.mark.parametrize("seal", ["0" * 64 + '["follow-up",{"code":"520402100200"}]', "", "封", 7, "_xD800_", True])
def test_a_forged_seal_is_refused(seal: object) -> None:
    def change(page: Any) -> None:
        page["F2"] = seal

    errors = returned(change)[0].errors
    assert errors
    assert "封签" in errors[0].zh and "seal" in errors[0].en


def test_seals_hold_for_one_secret_and_one_form() -> None:
    file = template(ISSUED, [{**village, "people": 5} for village in VILLAGES])
    for row in read_rows(ISSUED, file, secret=b"another"):
        assert any("封签无效" in error.zh for error in row.errors)
    twin = Form(name="twin", title="表", en="F", columns=ISSUED.columns, key=ISSUED.key, **ASKED)
    assert all(any("封签无效" in error.zh for error in row.errors) for row in read(file, twin))


def test_a_sheet_without_its_seals_is_refused() -> None:
    headings = [column.title for column in ISSUED.columns]
    refused = refusal(filled(["520402100200", "2014-01-01", 9.13, "弱", 5], form=ISSUED, headings=headings), ISSUED)
    assert "缺少的栏目：封签" in refused.zh


# Annotated copies.


def annotated(file: io.BytesIO, form: Form = FREE) -> io.BytesIO:
    copy = io.BytesIO()
    annotate(form, file, copy, {row.number: row.errors for row in read(file, form) if row.errors})
    return copy


def test_errors_stand_beside_their_rows_and_bad_cells_are_red() -> None:
    file = filled(
        GOOD,
        [None] * 7,
        ["520402100202", None, "=HYPERLINK(1)", "=1/0", "5月", "是", None],
        [None] * 7,
        ["520402100203", *GOOD[1:]],
    )
    page = openpyxl.load_workbook(annotated(file)).worksheets[0]
    assert page["H1"].value == "错误\nErrors"
    assert [page[f"H{line}"].value for line in (2, 3, 5, 6)] == [None] * 4
    assert page["H4"].alignment.wrap_text
    for words in ("“村名”必须填写", "“Village” must be filled in", "“列入日期”只能填日期", "“人口”", "“收入”"):
        assert words in page["H4"].value
    red = [cell.coordinate for line in page for cell in line if cell.fill.fgColor.rgb == "FFFFC7CE"]
    assert red == ["B4", "C4", "D4", "E4"]
    assert [cell.value for cell in page[2]][:7] == [*GOOD[:4], datetime(2014, 6, 1), *GOOD[5:]]
    assert page["E2"].number_format == "yyyy-mm-dd"
    assert page["A6"].value == "520402100203"
    assert page.data_validations.dataValidation


def test_what_an_officer_typed_never_becomes_a_formula_or_a_link() -> None:
    texts = ["=cmd|'/c calc'!A1", "http://example.org", "{=1+1}", "@SUM(1)"]
    file = package(headed("".join(f'<row><c t="str"><v>x</v></c><c t="str"><v>{text}</v></c></row>' for text in texts)))
    page = openpyxl.load_workbook(annotated(file)).worksheets[0]
    assert [page[f"B{line}"].value for line in (2, 3, 4, 5)] == texts
    assert {page[f"B{line}"].data_type for line in (2, 3, 4, 5)} <= {"s"}
    assert not any(page[f"B{line}"].hyperlink for line in (2, 3, 4, 5))


def test_a_corrected_copy_is_accepted_and_forgets_its_errors() -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(["某县登记表"])
    page.append(["软弱涣散", *(column.title for column in FREE.columns if column.field != "weak")])
    page.append(["也许", *GOOD[:5], GOOD[6]])
    page.append(["是", "520402100202", *GOOD[1:5], GOOD[6]])
    file = saved(book)
    for _ in range(2):  # A copy of a copy is no different.
        file = annotated(file)
    book = openpyxl.load_workbook(file)
    page = book.worksheets[0]
    assert (page["A1"].value, page["A3"].value, page.freeze_panes) == ("某县登记表", "也许", "A3")
    assert [cell.value for cell in page[2]].count("错误\nErrors") == 1
    page["A3"] = "否"
    got = read(saved(book))
    assert [(row.number, row.errors, row.values["weak"]) for row in got] == [(3, (), False), (4, (), True)]
    assert openpyxl.load_workbook(annotated(saved(book))).worksheets[0]["H3"].value is None


def test_a_copy_keeps_its_seals_and_opens_the_wrong_prefilled_cell() -> None:
    book = openpyxl.load_workbook(template(ISSUED, VILLAGES))
    for line in (2, 3, 4):
        book.worksheets[0][f"E{line}"] = 1
    book.worksheets[0]["A3"] = "520402100209"
    book = openpyxl.load_workbook(annotated(saved(book), ISSUED))
    page = book.worksheets[0]
    assert page["A2"].protection.locked and not page["A3"].protection.locked
    assert page.column_dimensions["F"].hidden and page["G1"].value == "错误\nErrors"
    page["A3"] = "520402100201"
    assert [row.errors for row in read(saved(book), ISSUED)] == [(), (), ()]


def test_paths_serve_as_well_as_open_files(tmp_path: Path) -> None:
    source, target = tmp_path / "form.xlsx", tmp_path / "copy.xlsx"
    write_template(ISSUED, source, prefilled=[{**village, "people": "许多"} for village in VILLAGES], secret=SECRET)
    errors = {row.number: row.errors for row in read_rows(ISSUED, source, secret=SECRET)}
    annotate(ISSUED, source, target, errors)
    assert openpyxl.load_workbook(target).worksheets[0]["G4"].value.startswith("“人口”只能填整数")


# Files of separated values.

TITLES = [column.title for column in FREE.columns]
MARK = b"\xef\xbb\xbf"


def separated(*lines: Sequence[object], encoding: str = "utf-8-sig") -> io.BytesIO:
    """A .csv file with these lines."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return io.BytesIO(text.getvalue().encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_separated_values_are_read_as_a_sheet_is(encoding: str) -> None:
    lines = [["某县登记表"], [], TITLES, GOOD, [], ["520402100202", "甲，“乙”𠮷,", "1,234", "", "2014/6/1", "否", ""]]
    got = read(separated(*lines, encoding=encoding))
    assert [(row.number, row.errors) for row in got] == [(4, ()), (6, ())]
    assert got[0].values == dict(zip([c.field for c in FREE.columns], [*GOOD[:5], True, "weak"], strict=True))
    assert [*got[1].values.values()] == ["520402100202", "甲，“乙”𠮷,", 1234, None, date(2014, 6, 1), False, None]


def test_an_issued_form_that_was_saved_as_separated_values_keeps_its_seals() -> None:
    page = openpyxl.load_workbook(template(ISSUED, VILLAGES)).worksheets[0]
    heads, *lines = [[shown.date() if isinstance(shown, datetime) else shown for shown in line] for line in page.values]
    lines[0][4] = lines[1][4] = 7
    lines[1][0] = "520402100209"
    good, bad = read(separated(heads, *lines), ISSUED)
    assert (good.number, good.values["people"], good.errors) == (2, 7, ())
    assert ["原值为“520402100201”" in error.zh for error in bad.errors] == [True]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_errors_stand_beside_their_rows_in_a_copy_of_the_same_kind(encoding: str) -> None:
    lines = [["某县登记表"], TITLES, GOOD, [], ["1", "", *GOOD[2:]], ["520402100202", *GOOD[1:]]]
    file = separated(*lines, encoding=encoding)
    for _ in range(2):  # A copy of a copy is no different.
        file = annotated(file)
    assert file.getvalue().startswith(MARK) == (encoding == "utf-8-sig")
    copy = [*csv.reader(io.StringIO(file.getvalue().decode(encoding), newline=""))]
    assert copy[0][0] == "某县登记表" and copy[1][-1] == "错误\nErrors" and len(copy[1]) == 8
    assert copy[2] == [*map(str, GOOD), ""] and copy[5] == ["520402100202", *map(str, GOOD[1:]), ""]
    assert copy[4][:7] == ["1", "", *map(str, GOOD[2:])]
    assert "“村代码”的“1”不合规定格式" in copy[4][7] and "“Village” must be filled in" in copy[4][7]
    copy[4][:2] = ["520402100203", "乙村"]
    assert [row.errors for row in read(separated(*copy, encoding=encoding))] == [(), (), ()]


@pytest.mark.parametrize(
    ("data", "zh"),
    [
        (",".join(TITLES).encode() + '\n1,"甲村\n'.encode() * 3, "引号没有成对"),
        (",".join(TITLES).encode() + b"\n" + b"1" * 2**21, "一行过长"),
        (",".join(TITLES).encode() + b"\n" + b'"a\n","' * 2**19, "一行过长"),
        (",".join(TITLES).encode() + b"\n\0", "空字符（NUL）"),
        (",".join(TITLES).encode("utf-16"), "UTF-16"),
        (",".join(TITLES).encode("big5", "replace") + b"\xff", "不是 UTF-8 或 GB18030"),
        ("；".join(TITLES).encode(), "缺少的栏目：村代码、"),
    ],
)
def test_text_that_is_no_table_is_refused_with_a_remedy(data: bytes, zh: str) -> None:
    assert zh in refusal(io.BytesIO(data)).zh


# Memory.

MEASURE = """
import sys, threading
from pathlib import Path
import psutil
from shared.workbook import Column, Form
from shared.workbook.reading import read_rows
from shared.workbook.writing import annotate, write_template

work, source, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
columns = tuple(Column(field=f"f{i}", title=f"栏{i}", en=f"Column {i}", prefilled=work == "write") for i in range(12))
form = Form(name="f", title="表", en="Form", columns=columns, key=("f0",), asked_by_zh="县", asked_by_en="the county")
process, stop, peak = psutil.Process(), threading.Event(), 0

def watch():
    global peak
    while not stop.wait(0.005):
        peak = max(peak, process.memory_info().rss)

watching = threading.Thread(target=watch)
watching.start()
try:
    if work == "write":
        lines = ({f"f{i}": f"某县某镇某村的情况说明{row}-{i}" for i in range(12)} for row in range(count))
        write_template(form, source.with_suffix(".new"), prefilled=lines, secret=b"s")
    elif work == "read":
        assert sum(not row.errors for row in read_rows(form, source, secret=b"s")) == count
    else:
        annotate(form, source, source.with_suffix(".copy"), {})
finally:
    stop.set()
    watching.join()
print(max(peak, process.memory_info().rss))
"""


def big(folder: Path, count: int) -> Path:
    """A file as Excel saves it: every text stands once in the string table."""
    titles = "<row>" + "".join(f'<c t="inlineStr"><is><t>栏{i}</t></is></c>' for i in range(12)) + "</row>"
    body = titles + "".join(
        f'<row r="{row + 2}" spans="1:12" ht="18" customHeight="1">'
        + "".join(f'<c r="{chr(65 + i)}{row + 2}" t="s"><v>{row * 12 + i}</v></c>' for i in range(12))
        + "</row>"
        for row in range(count)
    )
    strings = "".join(f"<si><t>某县某镇某村的情况说明{row}-{i}</t></si>" for row in range(count) for i in range(12))
    path = folder / f"{count}.xlsx"
    path.write_bytes(package(body, strings).getvalue())
    return path


def big_text(folder: Path, count: int) -> Path:
    """The same as separated values."""
    lines = ([f"某县某镇某村的情况说明{row}-{i}" for i in range(12)] for row in range(count))
    path = folder / f"{count}.csv"
    path.write_bytes(separated([f"栏{i}" for i in range(12)], *lines).getvalue())
    return path


@pytest.mark.parametrize(
    ("work", "make"),
    [("write", big), ("read", big), ("annotate", big), ("read", big_text), ("annotate", big_text)],
)
def test_memory_does_not_grow_with_the_rows(work: str, make: Callable[[Path, int], Path], tmp_path: Path) -> None:
    """In 7,000 more rows of 12 different texts lie 11 MB of strings alone; 100,000 rows were measured by hand."""
    peaks = [
        int(
            subprocess.run(
                [sys.executable, "-c", MEASURE, work, str(make(tmp_path, count)), str(count)],
                check=True,
                capture_output=True,
                timeout=120,
                cwd=Path(__file__).parents[2],
            ).stdout
        )
        for count in (1_000, 8_000)
    ]
    assert peaks[1] - peaks[0] < 4 * 2**20
