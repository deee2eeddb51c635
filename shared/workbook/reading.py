"""Reading a returned form: its headings, its rows, and everything that is wrong with them."""

import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from shared.workbook import separated, sheet
from shared.workbook.cells import Bad, cell, reader, shown, unseal
from shared.workbook.form import ERRORS, SEAL, SHEET, CellError, Column, Form, Layout, Row
from shared.workbook.sheet import Cells, Raw, WorkbookRefused

_HEADINGS_WITHIN = 20  # Officers put titles above the headings, but never this many rows of them.
_QUOTED, _NAMED = 60, 10  # Characters of a cell that an error quotes, and headings that a refusal names.

_HEADINGS_WRONG = (
    "表头与《{form}》不符。缺少：{missing}；不认识：{unknown}；重复：{repeated}。请使用系统下发的模板，不要改动表头。",
    "The headings are not those of “{form_en}”. Missing: {missing}; unknown: {unknown}; repeated: {repeated}. Use the "
    "template as issued and leave its headings alone.",
)
_NO_ROWS = (
    "《{form}》里一行数据也没有。请填写后再上传。",
    "There is not one row of data in “{form_en}”. Fill it in and upload it again.",
)
_RULES = {
    "required": ("“{title}”必须填写，此格为空。{help}", "“{en}” must be filled in and is empty. {help}"),
    "pattern": (
        "“{title}”的“{value}”不合规定格式，请改正。{help}",
        "“{value}” is not in the form set for “{en}”; correct it. {help}",
    ),
    "digits": (
        "“{title}”存成了数字，Excel 只保留15位，其余已丢失。请先把单元格格式设为“文本”，再重新录入。",
        "“{en}” was stored as a number, of which Excel keeps 15 digits; the rest is lost. Format the cell as text and "
        "type it again.",
    ),
    "integer": (
        "“{title}”只能填整数，不带单位；“{value}”不是。{help}",
        "“{en}” takes a whole number without unit, not “{value}”. {help}",
    ),
    "number": (
        "“{title}”只能填数字，不带单位；“{value}”不是。{help}",
        "“{en}” takes a number without unit, not “{value}”. {help}",
    ),
    "date": (
        "“{title}”只能填日期；“{value}”不是日期，或无此日。请按 2014-06-01 的样式填写。{help}",
        "“{en}” takes a date written like 2014-06-01; “{value}” is none. {help}",
    ),
    "choice": (
        "“{title}”只能填：{choices}；“{value}”不在其中。请从下拉列表中选。{help}",
        "“{en}” takes one of: {choices}; “{value}” is none of them. Use the drop-down. {help}",
    ),
    "fault": (
        "“{title}”的公式没有结果（{value}）。请直接填写内容。",
        "The formula in “{en}” has no result ({value}). Enter the value itself.",
    ),
    "changed": (
        "“{title}”由系统预填，不得改动：现为“{value}”，本行封签所记原值为“{original}”。请改回原值；本行若是从别处复制来的，"
        "请重新下载模板；原值有误的，请报提供该数据的部门更正，不要在表中改。",
        "“{en}” was filled in by the system and must not be changed: it reads “{value}”, and the seal of this row says "
        "“{original}”. Put that back; if the row was copied from elsewhere, start from a fresh template; if the "
        "original is wrong, its owner must correct it, not this sheet.",
    ),
    "unsealed": (
        "“{title}”只能由系统预填，而本行没有封签，不是系统下发的行。请删除本行，在下发的行中填写。",
        "“{en}” is filled in by the system only, and this row bears no seal: it was not issued. Delete it and fill "
        "in a row that was.",
    ),
    "broken": (
        "本行封签无效，无法证明“{title}”等预填内容未被改动。请重新下载模板填写。",
        "The seal of this row is not valid, so nothing shows that “{en}” and the other prefilled cells are unchanged. "
        "Start from a fresh template.",
    ),
    "repeated": (
        "第{row}行与第{first}行重复：“{title}”同为“{value}”。同一对象只填一行，请删除或改正其中一行。",
        "Row {row} repeats row {first}: “{en}” is “{value}” in both. Delete or correct one of them.",
    ),
}


def read_rows(form: Form, source: Path | BinaryIO, *, secret: bytes) -> Iterator[Row]:
    """Stream the filled rows, each with all that is wrong with it; `secret` is what the seals were made with.

    Rows that were issued and in which nothing was filled in are left out.
    Raises `WorkbookRefused`, at the first row or any later one: keep nothing of a file until its end was reached.
    """
    rows = rows_of(source)
    layout, _ = find_headings(form, rows)
    readers = [(at, column, reader(column)) for at, column in layout.columns.items()]
    key = [column for column in form.columns if column.field in form.key]
    titles = {column.title for column in key}
    filled_in = [at for at, column in layout.columns.items() if not (column.prefilled or column.suggested)]
    empty = True
    # The keys wait in a private file of SQLite's, whose name is "". The caller may read from several threads in turn.
    with closing(sqlite3.connect("", check_same_thread=False)) as seen:
        seen.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID")
        for number, cells in rows:
            if not any(shown(cells.get(at)) for at in filled_in):
                continue
            empty = False
            values: dict[str, object] = {}
            errors: list[CellError] = []
            for at, column, read in readers:
                raw = cells.get(at)
                try:
                    values[column.field] = read(raw)
                except Bad as bad:
                    values[column.field] = None
                    if not column.prefilled:  # The seal says more about those.
                        errors.append(_error(number, column, raw, str(bad)))
            if form.sealed:
                errors += _seal_errors(form, layout, number, cells, values, secret)
            # A wrong key must not make a right one a repetition.
            if not errors or not any(error.column in titles for error in errors):
                errors += _key_errors(key, number, values, seen)
            yield Row(number=number, values=values, errors=tuple(errors))
    if empty:
        raise _refused(_NO_ROWS, form)


def rows_of(source: Path | BinaryIO) -> Iterator[tuple[int, Cells]]:
    """The rows of the sheet that is filled in, or of a .csv, whichever the file is. Raises `WorkbookRefused`."""
    encoding = separated.encoding(source)
    return separated.rows(source, encoding) if encoding else sheet.rows(source, SHEET)


def find_headings(form: Form, rows: Iterator[tuple[int, Cells]]) -> tuple[Layout, list[tuple[int, Cells]]]:
    """Read on up to the headings: where things stand, and the rows above. Raises `WorkbookRefused`."""
    columns = {column.title: column for column in form.columns}
    wanted = [*columns, *([SEAL] if form.sealed else [])]
    titles = {_plain(title): title for title in (*wanted, ERRORS)}
    for title, column in columns.items():
        titles |= {_plain(column.en): title, _plain(column.heading): title}
    above: list[tuple[int, Cells]] = []
    header, headings = 0, dict[int, str]()
    for header, cells in islice(rows, _HEADINGS_WITHIN):
        headings = _texts(cells)
        if any(_plain(text) in titles for text in headings.values()):
            break
        above.append((header, cells))
    else:  # Another form, or no form at all: its first line tells which.
        headings = _texts(above[0][1]) if above else {}
    places = {at: titles.get(_plain(text)) for at, text in headings.items()}
    counts = Counter(places.values())
    missing = [title for title in wanted if not counts[title]]
    unknown = [text for at, text in headings.items() if places[at] is None]
    repeated = [title for title, times in counts.items() if title and times > 1]
    if missing or unknown or repeated:
        raise _refused(_HEADINGS_WRONG, form, missing=missing, unknown=unknown, repeated=repeated)
    others = {ERRORS: max(places) + 1} | {title: at for at, title in places.items() if title in (SEAL, ERRORS)}
    return Layout(header, {at: columns[title] for at, title in places.items() if title in columns}, others), above


def _texts(cells: Cells) -> dict[int, str]:
    """What stands in the cells of a row that are not empty."""
    return {at: text for at, raw in cells.items() if (text := shown(raw))}


def _plain(heading: str) -> str:
    """A heading without what may differ: spaces, line breaks, the mark of what is required, letter case, width."""
    return re.sub(r"[\s*]+", "", unicodedata.normalize("NFKC", heading)).casefold()


def _refused(texts: tuple[str, str], form: Form, **names: Sequence[str]) -> WorkbookRefused:
    listed = {
        key: "、".join(" ".join(name.split())[:_QUOTED] for name in value[:_NAMED]) for key, value in names.items()
    }
    facts = {key: value or "—" for key, value in listed.items()}
    zh, en = (text.format(form=form.title, form_en=form.en, **facts) for text in texts)
    return WorkbookRefused(zh, en)


def _error(row: int, column: Column, raw: Raw, rule: str, **facts: object) -> CellError:
    value, choices = shown(raw), "、".join(column.labels)
    told = {"row": row, "title": column.title, "en": column.en, "value": value[:_QUOTED], "choices": choices} | facts
    zh, en = _RULES[rule]
    return CellError(
        row=row,
        column=column.title,
        value=value,
        zh=zh.format(help=column.help_zh, **told),
        en=en.format(help=column.help_en, **told).rstrip(),
    )


def _seal_errors(
    form: Form, layout: Layout, row: int, cells: Cells, values: Mapping[str, object], secret: bytes
) -> Iterator[CellError]:
    """What is wrong with the prefilled cells of a row."""
    text = cells.get(layout.others[SEAL])
    originals = unseal(form, text, secret)
    for at, column in layout.columns.items():
        if not column.prefilled:
            continue
        raw, value = cells.get(at), values[column.field]
        if text is None:
            if column.required or shown(raw):
                yield _error(row, column, raw, "unsealed")
        elif originals is None:
            yield _error(row, column, raw, "broken")
            break
        else:
            original = originals.get(column.field, "")
            now = shown(cell(column, value)) if value is not None else shown(raw)
            if now != original or (value is None and original):
                yield _error(row, column, raw, "changed", original=original)


def _key_errors(
    columns: Sequence[Column], row: int, values: Mapping[str, object], seen: sqlite3.Connection
) -> Iterator[CellError]:
    """The error of a row that has the key of an earlier one; keys that are not whole are not compared."""
    key = [values[column.field] for column in columns]
    if None in key:
        return
    (first,) = seen.execute(
        "INSERT INTO seen VALUES (?, ?) ON CONFLICT DO UPDATE SET row = row RETURNING row",
        (msgspec.json.encode(key), row),
    ).fetchone()
    if first != row:
        title, en = (" + ".join(names) for names in zip(*((c.title, c.en) for c in columns), strict=True))
        value = " + ".join(shown(cell(column, values[column.field])) for column in columns)
        yield _error(row, columns[0], value, "repeated", first=first, title=title, en=en)
