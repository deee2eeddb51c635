"""A form of a village survey and one that is issued filled in part, as officers hand them in, and how they are read."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import openpyxl
import pytest

from shared.workbook import Column, Form, Row, WorkbookRefused
from shared.workbook.reading import read_rows
from shared.workbook.writing import annotate, write_template
from tests.support.workbooks import saved

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
TITLES = [column.title for column in FREE.columns]
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


def annotated(file: io.BytesIO, form: Form = FREE) -> io.BytesIO:
    copy = io.BytesIO()
    annotate(form, file, copy, {row.number: row.errors for row in read(file, form) if row.errors})
    return copy


def separated(*lines: Sequence[object], encoding: str = "utf-8-sig") -> io.BytesIO:
    """A .csv file with these lines."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return io.BytesIO(text.getvalue().encode(encoding))


def headed(body: str) -> str:
    titles = "".join(f'<c t="inlineStr"><is><t>{column.title}</t></is></c>' for column in FREE.columns)
    return f"<row>{titles}</row>{body}"
