"""Reading a returned form: its headings, its rows, and everything that is wrong with them."""

import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import closing
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from shared.workbook import kinds, separated, sheet
from shared.workbook.cells import NOTED, Bad, cell, noted, reader, shown, unseal
from shared.workbook.form import ERRORS, GUIDE, REMARKS, SEAL, SHEET, CellError, Column, Form, Layout, Note, Row
from shared.workbook.kinds import WorkbookRefused
from shared.workbook.sheet import Cells, Raw, Sheet
from shared.workbook.texts import HEADINGS_WRONG, NO_ROWS, NOTES, RULES

_HEADINGS_WITHIN = 20  # Officers put titles above the headings, but never this many rows of them.
_QUOTED, _NAMED = 60, 10  # Characters of a cell that an error quotes, and headings that a refusal names.
_COUNTED = ("integer", "number")

_TOTALS = {"合计", "总计", "小计", "共计", "累计", "本页小计", "本页合计", "全县合计", "total", "subtotal", "sum"}
_FOOTER = re.compile(
    r"(?:填表人|填报人|制表人|经办人|审核人|复核人|审批人|(?:单位)?负责人|分管领导|主要领导|联系人|(?:联系)?电话|签字|签章|盖章|公章"
    r"|(?:填表|填报|制表|报送|上报)?(?:日期|时间)|(?:填表|填报|制表|报送)单位|注|备注|说明|填表说明|notes?|filledinby|checkedby|date)"
    r"(?:\([^)]*\))?(?:\d*[:.、]|$)|\((?:盖章|公章|签字)\)"
)


def read_rows(
    form: Form, source: Path | BinaryIO, *, secret: bytes, tell: Callable[[Note], object] = lambda _note: None
) -> Iterator[Row]:
    """Stream the filled rows, each with all that is wrong with it; `secret` is what the seals were made with.

    Rows that were issued and in which nothing was filled in are left out, and so are those that are no data: sums,
    what stands below a table, repeated headings. `tell` is told of those, and of all that was read otherwise than it
    stands there.
    Raises `WorkbookRefused`, at the first row or any later one: keep nothing of a file until its end was reached.
    """
    rows, about, written = rows_of(form, source)
    layout, _ = find_headings(form, rows, about)
    for note in _file_notes(layout, about):
        tell(note)
    readers = [(at, column, reader(column)) for at, column in layout.columns.items()]
    key = [column for column in form.columns if column.field in form.key]
    titles = {column.title for column in key}
    filled_in = [at for at, column in layout.columns.items() if not (column.prefilled or column.suggested)]
    noticed = [(at, column) for at, column in layout.columns.items() if column.kind in NOTED]
    present = {column.field for column in layout.columns.values()}
    nothing = {column.field: None for column in form.columns if column.field not in present}
    empty = True
    # The keys wait in a private file of SQLite's, whose name is "". The caller may read from several threads in turn.
    with closing(sqlite3.connect("", check_same_thread=False)) as seen:
        seen.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID")
        for number, cells in rows:
            if not any(shown(cells.get(at)) for at in filled_in):
                continue
            values: dict[str, object] = dict(nothing)
            errors: list[CellError] = []
            for at, column, read in readers:
                raw = cells.get(at)
                try:
                    values[column.field] = read(raw)
                except Bad as bad:
                    values[column.field] = None
                    if not column.prefilled:  # The seal says more about those.
                        errors.append(_error(number, column, raw, str(bad), **bad.facts))
            if form.sealed:
                errors += _seal_errors(form, layout, number, cells, values, secret)
            shifted = not cells.keys() <= layout.headed and any(shown(cells[at]) for at in cells.keys() - layout.headed)
            if shifted and written:  # A comma too many within a cell: whatever stands behind it is in a wrong column.
                errors = [_error(number, key[0], cells[max(cells)], "shifted")]
            if errors and (skipped := _no_data(layout, number, cells, [values[column.field] for column in key])):
                tell(skipped)
                continue
            empty = False
            if about.covered or about.filled:
                errors = _merged(layout, number, about, titles, errors)
            # A wrong key must not make a right one a repetition.
            if not errors or not any(error.column in titles for error in errors):
                errors += _key_errors(key, number, values, seen)
            for at, column in noticed:
                if rule := noted(column, cells.get(at), values[column.field]):
                    tell(_note(number, rule, column, cells.get(at), read=_bare(values[column.field])))
            if about.hidden or about.filled or shifted:
                _row_notes(layout, number, cells, about, {error.column for error in errors}, tell)
                if shifted and not written:
                    tell(_note(number, "unheaded", None, None))
            yield Row(number=number, values=values, errors=tuple(errors))
    if empty:
        raise _refused(NO_ROWS, form)


def rows_of(form: Form, source: Path | BinaryIO) -> tuple[Iterator[tuple[int, Cells]], Sheet, tuple[str, str] | None]:
    """The rows of the sheet that is filled in, or of a .csv, whichever the file is; of the latter, how it is written.

    Raises `WorkbookRefused`.
    """
    about = Sheet()
    if kinds.of(source) == "archive":
        return sheet.rows(source, SHEET, about), about, None
    encoding = separated.encoding(source)
    titles = _titles(form)

    def headings(delimiter: str) -> int:
        try:
            lines = [*islice(separated.rows(source, encoding, delimiter), _HEADINGS_WITHIN)]
        except WorkbookRefused:
            return 0
        return max((sum(_plain(str(cell)) in titles for cell in cells.values()) for _, cells in lines), default=0)

    delimiter = max(separated.DELIMITERS, key=headings)  # The comma, unless another one shows more headings.
    return separated.rows(source, encoding, delimiter), about, (encoding, delimiter)


class HeadingsRefused(WorkbookRefused):
    """A file whose headings are not those of the form; they may be those of another one."""

    headings: frozenset[str] = frozenset()


def has_headings(form: Form, headings: Set[str]) -> bool:
    """Whether headings of a refused file are all that this form has."""
    titles = _titles(form)
    return {column.title for column in form.columns if not column.spare} <= {
        titles.get(heading) for heading in headings
    }


def _titles(form: Form) -> dict[str, str]:
    """The headings of a form in all their spellings, without what may differ, and the title that each stands for."""
    titles = {_plain(title): title for title in ([SEAL, ERRORS] if form.sealed else [ERRORS])}
    for column in form.columns:
        for heading in (column.title, column.en, column.heading, *column.once):
            titles[_plain(heading)] = column.title
    return titles


def find_headings(
    form: Form, rows: Iterator[tuple[int, Cells]], about: Sheet
) -> tuple[Layout, list[tuple[int, Cells]]]:
    """Read on up to the headings: where things stand, and the rows above. Raises `WorkbookRefused`."""
    columns = {column.title: column for column in form.columns}
    wanted = [*(column.title for column in form.columns if not column.spare), *([SEAL] if form.sealed else [])]
    titles = _titles(form)
    remarks = {_plain(title) for title in REMARKS}
    above: list[tuple[int, Cells]] = []
    header, headings = 0, dict[int, str]()
    for header, cells in islice(rows, _HEADINGS_WITHIN):
        headings = _texts(cells)
        # A title may hold the word of a heading; the headings are a row of them.
        if sum(_plain(text) in titles for text in headings.values()) >= min(2, len(columns)):
            break
        above.append((header, cells))
    else:  # Another form, or no form at all: the line with most cells tells which.
        headings = _texts(max((cells for _, cells in above), key=len)) if above else {}
    found = {at: titles.get(_plain(text)) for at, text in headings.items()}
    ignored = {at: text for at, text in headings.items() if found[at] is None and _plain(text) in remarks}
    places = {at: title for at, title in found.items() if at not in ignored}
    counts = Counter(places.values())
    missing = [title for title in wanted if not counts[title]]
    unknown = [text for at, text in headings.items() if at in places and places[at] is None]
    repeated = [title for title, times in counts.items() if title and times > 1]
    if missing or unknown or repeated:
        where = (f"读的是工作表“{about.name}”。", f"The sheet read is “{about.name}”.") if about.name else ("", "")
        told = [_nearest(text, missing) for text in unknown]
        error = _refused(
            HEADINGS_WRONG, form, HeadingsRefused, missing=missing, repeated=repeated, where=[where[0]],
            where_en=[where[1]], unknown=[zh for zh, _ in told], unknown_en=[en for _, en in told],
        )  # fmt: skip
        error.headings = frozenset(map(_plain, headings.values()))  # type: ignore[attr-defined]
        raise error
    others = {ERRORS: max(found) + 1} | {title: at for at, title in places.items() if title in (SEAL, ERRORS)}
    known = {at: columns[title] for at, title in places.items() if title in columns}
    return Layout(header, known, others, ignored, found.keys()), above


def _nearest(unknown: str, missing: Sequence[str]) -> tuple[str, str]:
    """An unknown heading, with the missing one that it may stand for."""
    close = get_close_matches(unknown, missing, 1, 0.4)
    return (
        (f"“{unknown}”（是否应为“{close[0]}”）", f"{unknown} (for “{close[0]}”?)")
        if close
        else (f"“{unknown}”", unknown)
    )


def _texts(cells: Cells) -> dict[int, str]:
    """What stands in the cells of a row that are not empty."""
    return {at: text for at, raw in cells.items() if (text := shown(raw))}


@lru_cache(maxsize=4096)
def _plain(heading: str) -> str:
    """A heading without what may differ: spaces, line breaks, the mark of what is required, letter case, width."""
    return re.sub(r"[\s*★]+", "", unicodedata.normalize("NFKC", shown(heading))).casefold().rstrip(":")


def _refused(
    texts: tuple[str, str], form: Form, kind: type[WorkbookRefused] = WorkbookRefused, **names: Sequence[str]
) -> WorkbookRefused:
    listed = {
        key: "、".join(" ".join(name.split())[:_QUOTED] for name in value[:_NAMED]) for key, value in names.items()
    }
    facts = {key: value or ("" if key.startswith("where") else "—") for key, value in listed.items()}
    if facts.get("where_en"):
        facts["where_en"] += " "
    zh, en = (text.format(form=form.title, form_en=form.en, **facts) for text in texts)
    return kind(zh, en)


def _bare(value: object) -> str:
    return format(value, ".15g") if isinstance(value, float) else str(value)


def _note(row: int, rule: str, column: Column | None, raw: Raw, **facts: object) -> Note:
    value = (raw.strip() if isinstance(raw, str) else shown(raw))[:_QUOTED]
    told = {"title": column.title if column else "", "en": column.en if column else "", "value": value} | facts
    zh, en = (text.format(**told) for text in NOTES[rule])
    return Note(row=row, column=str(told["title"]), value=value, rule=rule, zh=zh, en=en)


def _file_notes(layout: Layout, about: Sheet) -> Iterator[Note]:
    """What is to be said of the whole file."""
    for title in layout.ignored.values():
        yield _note(0, "ignored", None, None, title=" ".join(title.split()))
    for at, column in layout.columns.items():
        if at in about.hidden_columns:
            yield _note(0, "hidden_column", column, None)
    if others := [name for name in about.others if name != GUIDE]:
        yield _note(0, "sheets", None, about.name, others="、".join(others[:_NAMED])[: 4 * _QUOTED])


def _row_notes(
    layout: Layout, row: int, cells: Cells, about: Sheet, wrong: Set[str], tell: Callable[[Note], object]
) -> None:
    if about.hidden:
        tell(_note(row, "hidden_row", None, None))
    for at, column in layout.columns.items():
        if at in about.filled and column.title not in wrong:
            tell(_note(row, "filled", column, cells[at], range=about.filled[at]))


def _no_data(layout: Layout, row: int, cells: Cells, key: Sequence[object]) -> Note | None:
    """Why a row that cannot be read is no data: it has no whole key, and is a sum, a footer or a repeated heading."""
    if None not in key:
        return None
    texts = [(at, text) for at, raw in sorted(cells.items()) if (text := shown(raw))]
    bare = _plain(texts[0][1])
    if bare in _TOTALS:
        return _note(row, "total", None, texts[0][1])
    if _FOOTER.match(bare):
        return _note(row, "footer", None, texts[0][1])
    headings = {at: {_plain(heading) for heading in (column.title, column.en, column.heading, *column.once)}
                for at, column in layout.columns.items()}  # fmt: skip
    repeated = [at in layout.ignored or _plain(text) in headings.get(at, ()) for at, text in texts]
    return _note(row, "heading", None, None) if sum(repeated) > len(texts) / 2 else None


def _merged(layout: Layout, row: int, about: Sheet, key: Set[str], errors: Sequence[CellError]) -> list[CellError]:
    """The errors of a row with those of its merged cells instead of what else is wrong there.

    A merge tells what several rows have in common; a number or a key in it may be the sum or the first of them.
    """
    merged = [
        _error(row, column, None, "merged", range=about.covered.get(at) or about.filled[at])
        for at, column in layout.columns.items()
        if not column.prefilled
        and (at in about.covered or (at in about.filled and (column.kind in _COUNTED or column.title in key)))
    ]
    wrong = {error.column for error in merged}
    return [*merged, *(error for error in errors if error.column not in wrong)]


def _error(row: int, column: Column, raw: Raw, rule: str, **facts: object) -> CellError:
    value, choices = shown(raw)[:_QUOTED], "、".join(column.labels)
    told = {"row": row, "title": column.title, "en": column.en, "value": value, "choices": choices} | facts
    zh, en = RULES[rule]
    return CellError(
        row=row,
        column=column.title,
        value=value,
        rule=rule,
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
