"""Cells that were issued filled in come back as they were, whatever an officer or a forger does to the sheet."""

import csv
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from shared.workbook import Form, Row
from shared.workbook.reading import read_rows
from shared.workbook.writing import annotate, write_template
from tests.support.surveys import (
    ASKED,
    FREE,
    GOOD,
    ISSUED,
    SECRET,
    VILLAGES,
    filled,
    read,
    refusal,
    template,
)
from tests.support.workbooks import saved


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
