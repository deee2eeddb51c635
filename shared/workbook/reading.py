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

from shared.secrecy import is_classified
from shared.workbook import kinds, separated, sheet
from shared.workbook.cells import NOTED, Bad, cell, noted, reader, shown, unseal
from shared.workbook.form import ERRORS, GUIDE, ISSUED, REMARKS, SEAL, SHEET, CellError, Column, Form, Layout, Note, Row
from shared.workbook.kinds import HeadingsRefused, WorkbookRefused
from shared.workbook.sheet import Cells, Raw, Sheet
from shared.workbook.texts import CLASSIFIED, HEADINGS_WRONG, NO_ROWS, NOTES, RULES, TYPED

_HEADINGS_WITHIN = 20  # Rows. There may be titles above the headings, but never so many.
_QUOTED, _NAMED = 60, 10  # Characters quoted of a cell, and headings listed in a refusal.
_COUNTED = ("integer", "number")

_TOTALS = {"合计", "总计", "小计", "共计", "累计", "本页小计", "本页合计", "全县合计", "total", "subtotal", "sum"}
_FOOTER = re.compile(
    r"(?:填表人|填报人|制表人|经办人|审核人|复核人|审批人|(?:单位)?负责人|分管领导|主要领导|联系人|(?:联系)?电话|签字|签章|盖章|公章"
    r"|(?:填表|填报|制表|报送|上报)?(?:日期|时间)|(?:填表|填报|制表|报送)单位|注|备注|说明|填表说明|notes?|filledinby|checkedby|date)"
    r"(?:\([^)]*\))?(?:\d*[:.、]|$)|\((?:盖章|公章|签字)\)"
)


Tell = Callable[[Note], object]
Learn = Callable[[int | None], object]


def _unheard(_told: object) -> None: ...


def read_rows(
    form: Form, source: Path | BinaryIO, *, secret: bytes, tell: Tell = _unheard, issued: Learn = _unheard
) -> Iterator[Row]:
    """Stream the filled-in rows, each with its errors. `secret` is the one with which the seals were made.

    Issued rows without any entry are left out, as are sums, footers and repeated headings. `tell` is called with a note
    about each but a spare row, and about everything that was changed on reading; `issued` with how far the journal was
    when the form was issued. Raises `WorkbookRefused`, perhaps only at a file's end: use nothing of it before.
    """
    rows, about, written = rows_of(form, source)
    layout, _ = find_headings(form, rows, about)
    for note in _file_notes(layout, about):
        tell(note)
    issued(layout.issued)
    readers = [(at, column, reader(column)) for at, column in layout.columns.items()]
    key = [column for column in form.columns if column.field in form.key]
    titles = {column.title for column in key}
    filled_in = [at for at, column in layout.columns.items() if not (column.prefilled or column.suggested)]
    noticed = [(at, column) for at, column in layout.columns.items() if column.kind in NOTED]
    present = {column.field for column in layout.columns.values()}
    nothing = {column.field: None for column in form.columns if column.field not in present}
    sealed = form.sealed
    one_each = sealed and not any(column.suggested for column in form.columns)
    empty = True
    # With the name "", SQLite uses a temporary file. The caller may read from several threads, one after another.
    with closing(sqlite3.connect("", check_same_thread=False)) as seen:
        seen.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID")
        for number, cells in rows:
            if layout.ignored:  # The cells of these columns are not looked at anywhere else.
                _refuse_classified(form, number, cells)
            if not any(map(shown, map(cells.get, filled_in))):
                if one_each and cells.get(layout.others[SEAL]):
                    tell(_note(number, "left", None, None))
                continue
            values: dict[str, object] = dict(nothing)
            errors: list[CellError] = []
            for at, column, read in readers:
                raw = cells.get(at)
                try:
                    values[column.field] = read(raw)
                except Bad as bad:
                    values[column.field] = None
                    if not column.prefilled:  # A prefilled cell gets its error from the seal, which has the original.
                        errors.append(_error(number, column, raw, str(bad), RULES, **bad.facts))
            if sealed:
                errors += _seal_errors(form, layout, number, cells, values, secret)
            shifted = not cells.keys() <= layout.headed and any(shown(cells[at]) for at in cells.keys() - layout.headed)
            if errors or shifted:
                _refuse_classified(form, number, cells)
            if shifted and written:  # An unquoted comma in a .csv: all cells after it are one column too far.
                errors = [_error(number, key[0], cells[max(cells)], "shifted")]
            if errors and (skipped := _no_data(layout, number, cells, [values[column.field] for column in key])):
                tell(skipped)
                continue
            empty = False
            if about.covered or about.filled:
                errors = _merged(layout, number, about, titles, errors)
            # A row with a wrong key must not make another row a repetition.
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


def typed(form: Form, number: int, texts: Mapping[str, str]) -> Row:
    """A row that was typed into a page: the text of each column by its field. A text is read like a cell of a sheet."""
    values: dict[str, object] = {}
    errors: list[CellError] = []
    for column in form.columns:
        raw = texts.get(column.field)
        try:
            values[column.field] = reader(column)(raw)
        except Bad as bad:
            values[column.field] = None
            errors.append(_error(number, column, raw, str(bad), TYPED, **bad.facts))
    return Row(number=number, values=values, errors=tuple(errors))


def rows_of(form: Form, source: Path | BinaryIO) -> tuple[Iterator[tuple[int, Cells]], Sheet, tuple[str, str] | None]:
    """The rows of the sheet to fill in, or of a .csv; what is known of the sheet; and for a .csv its encoding and
    delimiter, else None.

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

    delimiter = max(separated.DELIMITERS, key=headings)  # The one that finds the most headings; the comma if equal.
    return separated.rows(source, encoding, delimiter), about, (encoding, delimiter)


def _refuse_classified(form: Form, row: int, cells: Cells) -> None:
    """Refuse the whole file if any cell of a row bears a mark of classification: its other rows may say the same."""
    if any(is_classified(text) for text in _texts(cells).values()):
        raise _refused(CLASSIFIED, form, row=(str(row),) * 2)


def has_headings(form: Form, headings: Set[str]) -> bool:
    """Whether this form would accept the headings of a refused file."""
    titles = _titles(form)
    return {column.title for column in form.columns if not column.spare} <= {
        titles.get(heading) for heading in headings
    }


def _titles(form: Form) -> dict[str, str]:
    """The title of each column by all spellings of its heading, in the form in which headings are compared."""
    titles = {_plain(title): title for title in ([SEAL, ERRORS] if form.sealed else [ERRORS])}
    for column in form.columns:
        for heading in (column.title, column.en, column.heading, *column.once):
            titles[_plain(heading)] = column.title
    return titles


def find_headings(
    form: Form, rows: Iterator[tuple[int, Cells]], about: Sheet
) -> tuple[Layout, list[tuple[int, Cells]]]:
    """Read as far as the headings: the layout, and the rows above them. Raises `WorkbookRefused`."""
    columns = {column.title: column for column in form.columns}
    wanted = [*(column.title for column in form.columns if not column.spare), *([SEAL] if form.sealed else [])]
    titles = _titles(form)
    remarks = {_plain(title) for title in REMARKS}
    above: list[tuple[int, Cells]] = []
    header, headings = 0, dict[int, str]()
    for header, cells in islice(rows, _HEADINGS_WITHIN):
        _refuse_classified(form, header, cells)
        headings = _texts(cells)
        # Two headings must be found, since a single cell above them may look like one, such as 村名.
        if sum(_plain(text) in titles for text in headings.values()) >= min(2, len(columns)):
            break
        above.append((header, cells))
    else:  # No row has the headings: take the row with the most cells, to say what is wrong with it.
        headings = _texts(max((cells for _, cells in above), key=len)) if above else {}
    found = {at: titles.get(_plain(text)) or _issued(text) for at, text in headings.items()}
    ignored = {at: text for at, text in headings.items() if found[at] is None and _plain(text) in remarks}
    places = {at: title for at, title in found.items() if at not in ignored}
    counts = Counter(places.values())
    missing = [title for title in wanted if not counts[title]]
    unknown = [text for at, text in headings.items() if at in places and places[at] is None]
    repeated = [title for title, times in counts.items() if title and times > 1]
    if missing or unknown or repeated:
        where = (f"读的是工作表“{about.name}”。", f"The sheet read is “{about.name}”. ") if about.name else ("", "")
        told = [_nearest(text, missing) for text in unknown]
        english = {column.title: f"“{column.en}”" for column in form.columns}
        wrong = (
            ("缺少的栏目", "Missing", [(title, english.get(title, title)) for title in missing]),
            ("无法识别的栏目", "unknown", told),
            ("重复的栏目", "repeated", [(title, english.get(title, title)) for title in repeated]),
        )
        parts = [
            (*said, _listed([zh for zh, _ in named], "、"), _listed([en for _, en in named], ", "))
            for *said, named in wrong
            if named
        ]
        zh = "；".join(f"{said}：{listed}" for said, _, listed, _ in parts)
        en = "; ".join(f"{said}: {listed}" for _, said, _, listed in parts)
        error = _refused(HEADINGS_WRONG, form, HeadingsRefused, where=where, wrong=(zh, en))
        error.headings = frozenset(map(_plain, headings.values()))  # type: ignore[attr-defined]
        raise error
    named = (title for title in counts if title and (title in (SEAL, ERRORS) or title.startswith(ISSUED)))
    others = {ERRORS: max(found) + 1} | {title: at for title in named for at, of in places.items() if of == title}
    known = {at: columns[title] for at, title in places.items() if title in columns}
    return Layout(header, known, others, ignored, found.keys()), above


def _issued(heading: str) -> str | None:
    """The heading that says how far the journal was, in one spelling; None for any other."""
    said = re.fullmatch(rf"{ISSUED}([0-9]{{1,15}})", _plain(heading))
    return f"{ISSUED} {said[1]}" if said else None


def _nearest(unknown: str, missing: Sequence[str]) -> tuple[str, str]:
    """An unknown heading, with the missing one that it resembles, in Chinese and English."""
    close = get_close_matches(unknown, missing, 1, 0.4)
    return (
        (f"“{unknown}”（是否应为“{close[0]}”）", f"{unknown} (for “{close[0]}”?)")
        if close
        else (f"“{unknown}”", unknown)
    )


def _texts(cells: Cells) -> dict[int, str]:
    """The texts of the cells of a row that are not empty, by column."""
    return {at: text for at, raw in cells.items() if (text := shown(raw))}


@lru_cache(maxsize=4096)
def _plain(heading: str) -> str:
    """A heading for comparison: without spaces, line breaks, the mark of required columns, letter case and width."""
    return re.sub(r"[\s*★]+", "", unicodedata.normalize("NFKC", shown(heading))).casefold().rstrip(":")


def _listed(names: Sequence[str], between: str) -> str:
    """The first names of a list, each on one line and cut where it is long."""
    return between.join(" ".join(name.split())[:_QUOTED] for name in names[:_NAMED])


def _refused(
    texts: tuple[str, str], form: Form, kind: type[WorkbookRefused] = WorkbookRefused, **both: tuple[str, str]
) -> WorkbookRefused:
    """The refusal of a file. Each of `both` fills its place in the Chinese and in the English text."""
    zh, en = (
        text.format(form=(form.title, form.en)[n], **{key: said[n] for key, said in both.items()})
        for n, text in enumerate(texts)
    )
    return kind(zh, en)


def _bare(value: object) -> str:
    return format(value, ".15g") if isinstance(value, float) else str(value)


def _note(row: int, rule: str, column: Column | None, raw: Raw, **facts: object) -> Note:
    value = (raw.strip() if isinstance(raw, str) else shown(raw))[:_QUOTED]
    told = {"title": column.title if column else "", "en": column.en if column else "", "value": value} | facts
    zh, en = (text.format(**told) for text in NOTES[rule])
    return Note(row=row, column=str(told["title"]), value=value, rule=rule, zh=zh, en=en)


def _file_notes(layout: Layout, about: Sheet) -> Iterator[Note]:
    """The notes about the whole file."""
    for title in layout.ignored.values():
        yield _note(0, "ignored", None, None, title=" ".join(title.split()))
    for at, column in layout.columns.items():
        if at in about.hidden_columns:
            yield _note(0, "hidden_column", column, None)
    if others := [name for name in about.others if name != GUIDE]:
        yield _note(0, "sheets", None, about.name, others="、".join(others[:_NAMED])[: 4 * _QUOTED])


def _row_notes(layout: Layout, row: int, cells: Cells, about: Sheet, wrong: Set[str], tell: Tell) -> None:
    if about.hidden:
        tell(_note(row, "hidden_row", None, None))
    for at, column in layout.columns.items():
        if at in about.filled and column.title not in wrong:
            tell(_note(row, "filled", column, cells[at], range=about.filled[at]))


def _no_data(layout: Layout, row: int, cells: Cells, key: Sequence[object]) -> Note | None:
    """A note if a row with errors is no data at all: a sum, a footer or a repeated heading. None if it is data.

    A row with a complete key is always data.
    """
    if None not in key:
        return None
    texts = [(at, text) for at, raw in sorted(cells.items()) if (text := shown(raw))]
    bare = _plain(texts[0][1])
    if bare in _TOTALS:
        return _note(row, "total", None, texts[0][1])
    if _FOOTER.match(bare):
        return _note(row, "footer", None, texts[0][1])
    headings = {
        at: {_plain(heading) for heading in (column.title, column.en, column.heading, *column.once)}
        for at, column in layout.columns.items()
    }
    repeated = [at in layout.ignored or _plain(text) in headings.get(at, ()) for at, text in texts]
    return _note(row, "heading", None, None) if sum(repeated) > len(texts) / 2 else None


def _merged(layout: Layout, row: int, about: Sheet, key: Set[str], errors: Sequence[CellError]) -> list[CellError]:
    """The errors of a row; for a merged cell, one error that names the merge replaces all others.

    A merged text holds for each of its rows, and is no error. But a merged number may be a sum, and a merged key may
    belong to the first row only.
    """
    merged = [
        _error(row, column, None, "merged", range=about.covered.get(at) or about.filled[at])
        for at, column in layout.columns.items()
        if not column.prefilled
        and (at in about.covered or (at in about.filled and (column.kind in _COUNTED or column.title in key)))
    ]
    wrong = {error.column for error in merged}
    return [*merged, *(error for error in errors if error.column not in wrong)]


def _error(
    row: int, column: Column, raw: Raw, rule: str, /, texts: Mapping[str, tuple[str, str]] = RULES, **facts: object
) -> CellError:
    value, choices = shown(raw)[:_QUOTED], "、".join(column.labels)
    told = {"row": row, "title": column.title, "en": column.en, "value": value, "choices": choices} | facts
    zh, en = texts[rule]
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
    """The errors of a row's prefilled cells, which are compared with its seal."""
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
    """An error if an earlier row has the same key. Incomplete keys are not compared."""
    key = [values[column.field] for column in columns]
    if None in key:
        return
    named = msgspec.json.encode(key)
    if not seen.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (named, row)).rowcount:
        (first,) = seen.execute("SELECT row FROM seen WHERE key = ?", (named,)).fetchone()
        title, en = (" + ".join(names) for names in zip(*((c.title, c.en) for c in columns), strict=True))
        value = " + ".join(shown(cell(column, values[column.field])) for column in columns)
        yield _error(row, columns[0], value, "repeated", first=first, title=title, en=en)
