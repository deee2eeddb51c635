"""Copies with the errors beside their rows, and files of separated values (.csv), of which there are copies as well."""

import csv
import io
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from shared.workbook.reading import read_rows
from shared.workbook.writing import annotate, write_template
from tests.support.surveys import (
    FREE,
    GOOD,
    ISSUED,
    SECRET,
    TITLES,
    VILLAGES,
    annotated,
    filled,
    headed,
    read,
    refusal,
    separated,
    template,
)
from tests.support.workbooks import package, saved


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


MARK = b"\xef\xbb\xbf"


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
