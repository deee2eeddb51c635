"""Writing forms: templates to issue, and copies of returned forms with the errors marked."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import xlsxwriter
from xlsxwriter.utility import xl_range_abs

from shared import neutral
from shared.workbook import excel, separated, sheet
from shared.workbook.cells import EXACT, Bad, cell, reader, seal, shown
from shared.workbook.form import ERRORS, GUIDE, ISSUED, SEAL, SHEET, CellError, Column, Form, Layout
from shared.workbook.reading import find_headings, rows_of
from shared.workbook.sheet import Cells

_LISTS = "选项"
_BLUE, _GREY, _RED = "#BDD7EE", "#D9D9D9", "#FFC7CE"
_DATE = "yyyy-mm-dd"
# Rows are written one by one, to save memory. Nothing that an officer typed becomes a formula or a link.
_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_INSTRUCTIONS = (
    ("《{form.title}》由{form.asked_by_zh}要求填报。", "“{form.en}” is asked for by {form.asked_by_en}."),
    (
        "请在“填报表”中填写。只填真实数据，不得编造或估算；不掌握的，选填项留空，必填项先核实。",
        "Fill in the sheet “填报表”. Enter facts only, and neither invent nor estimate: leave empty what is optional "
        "and not known, and find out what is required.",
    ),
    (
        "带 * 的必填。灰色格由系统按已有数据预填，不得改动；有误的，请报提供该数据的部门更正。",
        "* is required. Grey cells come from data already on record and must not be changed; if one is wrong, ask the "
        "owner of the data to correct it.",
    ),
    (
        "不要改表头，不要加栏；栏目次序可以调整。上传后如有错误，系统退回的表中逐行写明，改正后再上传即可。",
        "Leave the headings alone and add none; their order is free. If anything is wrong, the sheet comes back with "
        "the errors beside their rows: correct them and upload it again.",
    ),
)
_TABLE = (
    "栏目 · Column",
    "英文 · English",
    "类型 · Kind",
    "必填 · Required",
    "可填内容 · Choices",
    "说明",
    "What it is",
)


class _Look(NamedTuple):
    """For a kind of column: its name in the guide, its number format and its validation."""

    name: str
    format: str
    validation: Mapping[str, object]


_EXACT = {"criteria": "between", "minimum": 1 - EXACT, "maximum": EXACT - 1}
_DAYS = {"criteria": "between", "minimum": date(1900, 1, 1), "maximum": date(9999, 12, 31)}
LOOKS = {
    "text": _Look("文字 · Text", "@", {"validate": "any"}),
    "id": _Look("编号 · Id", "@", {"validate": "any"}),
    "code": _Look("代码 · Code", "@", {"validate": "any"}),
    "integer": _Look("整数 · Whole number", "0", {"validate": "integer", **_EXACT}),
    "number": _Look("数字 · Number", "General", {"validate": "decimal", **_EXACT}),
    "date": _Look("日期 · Date", _DATE, {"validate": "date", **_DAYS}),
    "month": _Look("日期或年月 · Date or month", _DATE, {"validate": "any"}),
    "yes_no": _Look("是否 · Yes or no", "@", {"validate": "list"}),
    "choice": _Look("选择 · Choice", "@", {"validate": "list"}),
}
"""How columns of each kind look."""


class _Line(NamedTuple):
    """A row to write, with the titles of the columns that have errors."""

    number: int
    cells: Cells
    wrong: Collection[str] = ()


def write_template(
    form: Form,
    target: Path | BinaryIO,
    *,
    prefilled: Iterable[Mapping[str, object]] = (),
    secret: bytes,
    position: int | None = None,
) -> None:
    """Write an empty form for officers, with a row for each entry of `prefilled`, which has values by field.

    Only prefilled columns are sealed. Values for other columns are suggestions that officers may change. `position`
    says how far the journal is now, so that it can be told later what has changed since. Raises ValueError if a
    prefilled value breaks the form's own rules: the row would be refused when it is returned.
    """
    titles = [*([SEAL] if form.sealed else []), *([] if position is None else [f"{ISSUED} {position}"])]
    others = {title: at for at, title in enumerate(titles, len(form.columns))}
    layout = Layout(1, dict(enumerate(form.columns)), others)
    _write(form, target, layout, [], _issued(form, layout, prefilled, secret))


def _issued(form: Form, layout: Layout, prefilled: Iterable[Mapping[str, object]], secret: bytes) -> Iterator[_Line]:
    readers = {at: reader(column) for at, column in layout.columns.items() if column.prefilled}
    for number, row in enumerate(prefilled, start=layout.header + 1):
        given = ((at, column, row.get(column.field)) for at, column in layout.columns.items())
        cells = {at: cell(column, value) for at, column, value in given if value is not None}
        sealed = {}
        for at, read in readers.items():
            column = layout.columns[at]
            try:
                sealed[column.field] = shown(cell(column, read(cells.get(at))))
            except Bad as bad:
                raise ValueError(f"form {form.name}, row {number}: {column.field} breaks the rule {bad}") from bad
        if form.sealed:
            cells[layout.others[SEAL]] = seal(form, sealed, secret)
        yield _Line(number, cells)


def annotate(
    form: Form, source: Path | BinaryIO, target: Path | BinaryIO, errors: Mapping[int, Sequence[CellError]]
) -> str:
    """Write a copy of a returned file with every error beside its row, to be corrected and returned again.

    `errors` has the errors by row number. The copy is of the same kind as the file, and this suffix is returned: .xlsx
    or .csv. Rows, their numbers, the order of columns and the seals stay the same. A workbook gets the template's
    formats and drop-downs, and other sheets are left out. Raises `WorkbookRefused`, like `read_rows`.
    """
    rows, about, written = rows_of(form, source)
    layout, above = find_headings(form, rows, about)

    def lines() -> Iterator[_Line]:
        for number, cells in rows:
            found = errors.get(number, ())
            at = layout.others[ERRORS]
            if at not in layout.headed and at in cells:  # The officer has a cell without heading there: keep it.
                at = max(cells) + 1
            cells[at] = "\n".join(f"{error.zh}\n{error.en}" for error in found) or None
            yield _Line(number, cells, {error.column for error in found})

    if written:
        headings: Cells = {at: column.heading for at, column in layout.columns.items()}
        headings |= {at: title for title, at in layout.others.items()} | dict(layout.ignored)
        copied = ((line.number, line.cells) for line in lines())
        separated.write(target, *written, chain(above, [(layout.header, headings)], copied))
        return ".csv"
    _write(form, target, layout, [_Line(*row) for row in above], lines())
    return ".xlsx"


def _write(form: Form, target: Path | BinaryIO, layout: Layout, above: Iterable[_Line], lines: Iterable[_Line]) -> None:
    with xlsxwriter.Workbook(target, _OPTIONS) as book:
        page, guide, lists = (book.add_worksheet(name) for name in (SHEET, GUIDE, _LISTS))

        @cache
        def style(**looks: object) -> Any:
            return book.add_format({"valign": "top", "locked": False, **looks})

        for line in above:
            _put(page, line, Layout(line.number, {}, {}), style)
        _head(form, layout, page, lists, style)
        for line in lines:
            _put(page, line, layout, style)
        _explain(form, guide, style)


def _look(column: Column) -> dict[str, object]:
    """The format of a column's cells; prefilled ones are locked."""
    return {"num_format": LOOKS[column.kind].format} | ({"bg_color": _GREY, "locked": True} if column.prefilled else {})


def _put(page: Any, line: _Line, layout: Layout, style: Callable[..., Any]) -> None:
    """Write a row. A cell with an error is highlighted, even if it is empty, and is not locked."""
    columns, errors = layout.columns, layout.others.get(ERRORS)
    wrong = {at for at, column in columns.items() if column.title in line.wrong}
    for at in line.cells.keys() | wrong:
        raw = line.cells.get(at)
        looks: dict[str, object] = _look(columns[at]) if at in columns else {"text_wrap": at == errors}
        if at in wrong:
            looks |= {"bg_color": _RED, "locked": False}
        if isinstance(raw, date):
            raw, looks = excel.serial(raw), looks | {"num_format": _DATE}
        elif isinstance(raw, str):
            raw = neutral.seen(raw)[: sheet.LONGEST_TEXT]
            looks |= {"quote_prefix": True} if neutral.is_formula(raw) else {}  # Else editing would make it a formula.
        page.write(line.number - 1, at, raw, style(**looks))


def _head(form: Form, layout: Layout, page: Any, lists: Any, style: Callable[..., Any]) -> None:
    """Write the headings, and what applies to whole columns: width, format, drop-down, input message, lock."""
    heading = style(bold=True, text_wrap=True, border=1, bg_color=_BLUE, locked=True)
    top = layout.header - 1
    page.set_row(top, 48)
    page.freeze_panes(layout.header, 0)
    for place, (at, column) in enumerate(layout.columns.items()):
        page.write(top, at, column.heading, heading)
        page.set_column(at, at, min(40, max(12, 2 * len(column.title) + 4, len(column.en) + 2)), style(**_look(column)))
        message = f"{column.help_zh}\n{column.help_en}".strip()[:255]
        validation = {"validate": "any"} if column.many else LOOKS[column.kind].validation
        rule = {**validation, "input_title": column.title[:32], "input_message": message}
        if column.labels and not column.many:
            rule["source"] = f"='{_LISTS}'!{xl_range_abs(0, place, len(column.labels) - 1, place)}"
        page.data_validation(layout.header, at, sheet.LAST_ROW - 1, at, rule)
    for row, labels in enumerate(zip_longest(*(column.labels for column in layout.columns.values()))):
        lists.write_row(row, 0, labels)
    lists.hide()
    for at, title in layout.ignored.items():
        page.write(top, at, neutral.seen(title), heading)
    for title, at in layout.others.items():
        page.write(top, at, title, heading)
        page.set_column(at, at, 80, style(text_wrap=True), {"hidden": title != ERRORS})
    if form.sealed:
        page.protect("", {"format_cells": True, "format_columns": True, "format_rows": True})


def _explain(form: Form, guide: Any, style: Callable[..., Any]) -> None:
    """Write the sheet with the instructions and a description of each column."""
    plain, bold = style(text_wrap=True), style(text_wrap=True, bold=True, bg_color=_BLUE)
    guide.set_column(0, len(_TABLE) - 3, 18)
    guide.set_column(len(_TABLE) - 2, len(_TABLE) - 1, 60)
    texts = [text.format(form=form) for pair in _INSTRUCTIONS for text in pair]
    for row, text in enumerate(texts):
        guide.merge_range(row, 0, row, len(_TABLE) - 1, text, plain)
    guide.write_row(len(texts), 0, _TABLE, bold)
    for row, column in enumerate(form.columns, start=len(texts) + 1):
        need = "预填 · Prefilled" if column.prefilled else "是 · Yes" if column.required else "否 · No"
        several = "；可填多个，用顿号隔开 · several, with commas between" if column.many else ""
        kind, choices = f"{LOOKS[column.kind].name}{several}", "" if column.prefilled else "、".join(column.labels)
        cells = (column.title, column.en, kind, need, choices, column.help_zh, column.help_en)
        guide.write_row(row, 0, cells, plain)
