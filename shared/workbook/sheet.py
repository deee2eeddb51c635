"""The rows of an .xlsx sheet as a stream, in memory that does not grow with them.

openpyxl keeps the whole string table and something of every row, fails on styles that it finds wrong, and takes about
twice as long; here expat gets the unpacked bytes as they come, and the string table waits on disk. Nothing in the
file is trusted: sizes are bounded before unpacking, document types and endless tokens are refused, and whatever is
damaged ends in `WorkbookRefused`.
"""

import math
import posixpath
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, BinaryIO
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import msgspec
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils import column_index_from_string
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

MAX_UNPACKED = 256 * 2**20
"""Bytes that a file may take when unpacked, about 250,000 rows of 12 columns; beyond it, it may be a zip bomb."""
MAX_PART = 16 * 2**20
"""The same for each part that is neither a sheet nor the string table."""
LAST_ROW, LAST_COLUMN, LONGEST_TEXT = 1_048_576, 16_384, 32_767
"""Excel's own limits: rows, columns, characters in a cell."""

_CHUNK, _LONGEST_TOKEN, _MOST_NAMES = 2**16, 2**20, 10_000
_STRINGS_IN_BLOCK, _BLOCKS_AT_HAND = 256, 64
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
# Built-in formats 27-36 and 50-58 are dates in a Chinese Excel, which then writes no format code
# (ECMA-376 part 1, 18.8.30); openpyxl's table lacks them.
_DATE_FORMATS = {str(i) for i in (*range(27, 37), *range(50, 59))} | {
    str(i) for i, code in BUILTIN_FORMATS.items() if is_date_format(code)
}

_FORMAT = (
    "无法打开：文件不是 .xlsx 工作簿，也不是 UTF-8 或 GB18030 编码的 .csv，或者设了打开密码。请取消密码，并用“另存为”"
    "存成 .xlsx 后重新上传。",
    "It cannot be opened: neither an .xlsx workbook nor a .csv in UTF-8 or GB18030, or protected by a password. Remove "
    "the password, save it as .xlsx and upload it again.",
)
_DAMAGED = (
    "文件已损坏，无法读取。请用 Excel 或 WPS 打开，另存为新的 .xlsx 后重新上传。",
    "The file is damaged and cannot be read. Open it in Excel or WPS, save it as a new .xlsx and upload it again.",
)
_MACROS = (
    "文件带有宏，按安全规定不予接收。请另存为不带宏的 .xlsx 后重新上传。",
    "The file carries macros, which are not accepted. Save it as an .xlsx without macros and upload it again.",
)
_SIZE = (
    f"文件解压后超过上限（{MAX_UNPACKED // 2**20} MB），不予接收。请删除无关的工作表和图片，或拆成几个文件上传。",
    f"Unpacked, the file is larger than the limit of {MAX_UNPACKED // 2**20} MB. Remove other sheets and pictures, "
    "or split it into several files.",
)
_DAMAGES = (
    BadZipFile, zlib.error, struct.error, EOFError, expat.ExpatError, LookupError, ValueError, ArithmeticError,
    NotImplementedError, RuntimeError,
)  # fmt: skip

Raw = str | int | float | bool | date | None
"""What stands in a cell; for a formula, its cached value."""
Cells = dict[int, Raw]
"""A row's cells by column, counted from 0; empty ones are left out."""


class Fault(str):
    """What a cell shows that has no value, such as #N/A, or a formula that was never calculated."""


class WorkbookRefused(Exception):
    """A file that cannot be taken as a whole; `zh` and `en` say what is wrong and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh, self.en = zh, en


def rows(source: Path | BinaryIO, sheet: str) -> Iterator[tuple[int, Cells]]:
    """Stream the rows of the sheet of that name, or else of the first one, each with its number from 1.

    Raises `WorkbookRefused` for whatever is no sound .xlsx, also in mid-stream; errors of the disk pass through.
    """
    try:
        archive = ZipFile(source)
    except _DAMAGES as error:
        raise WorkbookRefused(*_FORMAT) from error
    with archive, TemporaryFile() as scratch:
        _check(archive)
        try:
            yield from _rows(archive, sheet, scratch)
        except _DAMAGES as error:
            raise WorkbookRefused(*_DAMAGED) from error


def _check(archive: ZipFile) -> None:
    """Refuse by the directory alone; zipfile never unpacks more of a part than the directory states."""
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if any("vbaproject" in name or "/macrosheets/" in name for name in names):
        raise WorkbookRefused(*_MACROS)
    sound = all(not part.flag_bits & 1 and part.compress_type in (ZIP_STORED, ZIP_DEFLATED) for part in parts)
    if not sound or "[content_types].xml" not in names or "xl/workbook.bin" in names:
        raise WorkbookRefused(*_FORMAT)
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise WorkbookRefused(*_SIZE)


def _rows(archive: ZipFile, sheet: str, scratch: IO[bytes]) -> Iterator[tuple[int, Cells]]:
    book = dict(_relations(archive, "").values())["officeDocument"]
    relations = _relations(archive, book)
    parts = dict(relations.values())
    sheets: dict[str, str] = {}
    epoch = WINDOWS_EPOCH
    for kind, attributes, _ in _elements(archive, book, {"sheet", "workbookPr"}):
        if kind == "workbookPr":
            epoch = MAC_EPOCH if attributes.get("date1904") in ("1", "true") else WINDOWS_EPOCH
            continue
        kind, part = relations[next(link for name, link in attributes.items() if name.endswith("}id"))]
        if kind == "worksheet":
            sheets[attributes["name"]] = part
    dates = _date_styles(archive, parts["styles"]) if "styles" in parts else set()
    string = _strings(archive, parts.get("sharedStrings"), scratch)

    number, column = 0, -1
    cells: Cells = {}
    body = sheets[sheet] if sheet in sheets else next(iter(sheets.values()))
    for kind, attributes, text in _elements(archive, body, {"row", "c"}, MAX_UNPACKED):
        if kind == "c":
            place = attributes.get("r")
            column = _column(place.rstrip("0123456789")) if place else column + 1
            if column >= LAST_COLUMN:
                raise ValueError(f"a cell beyond column {LAST_COLUMN}")
            value = _value(attributes, text, string, dates, epoch)
            if value is not None:
                cells[column] = value
            continue
        previous, number = number, int(attributes.get("r", number + 1))
        if not previous < number <= LAST_ROW:
            raise ValueError(f"row {number} after row {previous}")
        yield number, cells
        column, cells = -1, {}


def _value(
    attributes: dict[str, str], text: str, string: Callable[[int], str], dates: set[str], epoch: datetime
) -> Raw:
    kind = attributes.get("t", "n")
    if not text:
        return Fault("=") if kind == "n" and "formula" in attributes else None
    if kind == "n":
        number = float(text)
        if not math.isfinite(number):
            return Fault(text)
        if attributes.get("s") in dates:
            try:
                moment = _moment(number, epoch)
            except (OverflowError, ValueError):
                return Fault(text)
            return moment if isinstance(moment, datetime) else number
        return int(number) if number.is_integer() else number
    if kind == "b":
        return text == "1"
    if kind == "e":
        return Fault(text)
    if kind == "s":
        text = string(int(text))
    return _ESCAPED.sub(_unescaped, text) if "_x" in text else text


@lru_cache(maxsize=1024)
def _column(letters: str) -> int:
    """The place of a column, counted from 0."""
    return int(column_index_from_string(letters)) - 1


_moment = lru_cache(maxsize=2**14)(from_excel)  # Whole columns repeat the same days.


def _unescaped(escape: re.Match[str]) -> str:
    """The character that Excel writes as _xHHHH_; control characters and halves of a pair are dropped."""
    character = chr(int(escape[1], 16))
    return character if character.isprintable() or character in "\t\n" else ""


def _relations(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """What a part points to: kind and part by the link's id."""
    folder, name = posixpath.split(part)
    return {
        attributes["Id"]: (
            attributes["Type"].rpartition("/")[2],
            posixpath.normpath(posixpath.join("/", folder, attributes["Target"])).lstrip("/"),
        )
        for _, attributes, _ in _elements(archive, posixpath.join(folder, f"_rels/{name}.rels"), {"Relationship"})
    }


def _date_styles(archive: ZipFile, part: str) -> set[str]:
    """The cell styles, by their number as the cells bear it, that make a number a date."""
    formats, styles, index = set(_DATE_FORMATS), set(), 0
    for kind, attributes, _ in _elements(archive, part, {"numFmt", "xf", "cellStyleXfs", "cellXfs"}):
        if kind == "numFmt" and is_date_format(attributes["formatCode"]):
            formats.add(attributes["numFmtId"])
        elif kind == "xf":
            if attributes.get("numFmtId") in formats:
                styles.add(str(index))
            index += 1
        elif kind == "cellStyleXfs":  # The named styles come first and are numbered for themselves.
            styles, index = set(), 0
        elif kind == "cellXfs":
            break
    return styles


def _strings(archive: ZipFile, part: str | None, scratch: IO[bytes]) -> Callable[[int], str]:
    """Put the string table on disk in blocks, and return the way to look a string up."""
    items = _elements(archive, part, {"si"}, MAX_UNPACKED) if part else iter(())
    starts = [0]
    while block := [text for _, _, text in islice(items, _STRINGS_IN_BLOCK)]:
        starts.append(starts[-1] + scratch.write(msgspec.msgpack.encode(block)))

    @lru_cache(maxsize=_BLOCKS_AT_HAND)
    def load(number: int) -> list[str]:
        scratch.seek(starts[number])
        return msgspec.msgpack.decode(scratch.read(starts[number + 1] - starts[number]), type=list[str])

    def string(index: int) -> str:
        if index < 0:
            raise ValueError(f"there is no string {index}")
        return load(index // _STRINGS_IN_BLOCK)[index % _STRINGS_IN_BLOCK]

    return string


def _elements(
    archive: ZipFile, part: str, names: set[str], limit: int = MAX_PART
) -> Iterator[tuple[str, dict[str, str], str]]:
    """Stream the elements of these names, at their end: name, attributes, and the text of the `v` and `t` within.

    A cell with a formula gets the attribute `formula`; how a text is pronounced (`rPh`) is left out.
    """
    if archive.getinfo(part).file_size > limit:
        raise WorkbookRefused(*_SIZE)
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    roles: dict[str, str] = {}
    opened: dict[str, dict[str, str]] = {}
    text: list[str] = []
    done: list[tuple[str, dict[str, str], str]] = []
    current: dict[str, str] = {}
    silent = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal current, silent
        role = roles.get(tag) or roles.setdefault(tag, tag.rpartition("}")[2])
        if role in names:
            opened[role] = current = attributes
        elif role == "v" or role == "t":
            parser.CharacterDataHandler = None if silent else text.append
        elif role == "f":
            current["formula"] = ""
        elif role == "rPh":
            silent = True

    def end(tag: str) -> None:
        nonlocal silent
        role = roles[tag]
        if role in names:
            done.append((role, opened[role], "".join(text)))
            text.clear()
        elif role == "rPh":
            silent = False
        else:
            parser.CharacterDataHandler = None

    def refuse(*_: object) -> None:
        raise ValueError("a part declares a document type, which no Excel writes and entity bombs need")

    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, refuse
    with archive.open(part) as stream:
        fed = 0
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
            fed += len(chunk)
            yield from done
            done.clear()
            # What a hostile part could pile up here: an endless token, text in one cell, names of elements.
            if fed - parser.CurrentByteIndex > _LONGEST_TOKEN or sum(map(len, text)) > _LONGEST_TOKEN:
                raise ValueError("a part has a token or a text longer than any cell may be")
            if len(parser.intern) > _MOST_NAMES:
                raise ValueError("a part has more names of elements and attributes than the format knows")
        parser.Parse(b"", True)
        yield from done
