"""Streaming the rows of an .xlsx sheet, in memory that does not grow with the number of rows.

openpyxl is not used for reading: it keeps the whole string table and a part of every row in memory, fails on unusual
styles, and takes about twice as long. Here the unpacked bytes go straight to expat, and the string table is kept on
disk. Nothing in the file is trusted: sizes are limited before unpacking, document types and endless tokens are refused,
and all damage ends in `WorkbookRefused`.
"""

import errno
import math
import posixpath
import re
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, BinaryIO, Literal
from urllib.parse import unquote
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import msgspec

from shared.workbook import excel, kinds
from shared.workbook.excel import MAC_EPOCH, WINDOWS_EPOCH
from shared.workbook.kinds import WorkbookRefused
from shared.workbook.merges import Merge, Merges

MAX_UNPACKED = 256 * 2**20
"""The most bytes of an unpacked file: about 250,000 rows of 12 columns. A larger one may be a zip bomb."""
MAX_SHEET = 1024 * 2**20
"""The most bytes of a sheet with its empty cells. These cost little, and a format on whole columns makes many."""
MAX_PART = 16 * 2**20
"""The most bytes of any other part, except the string table."""
MAX_RATIO = 100
"""The highest ratio by which a large part may be compressed. Real sheets stay far below."""
LAST_ROW, LAST_COLUMN, LONGEST_TEXT = 1_048_576, 16_384, 32_767
"""Excel's own limits: rows, columns, and characters in a cell."""

_CHUNK, _LONGEST_TOKEN, _MOST_NAMES = 2**16, 2**20, 10_000
_STRINGS_IN_BLOCK, _LONGEST_BLOCK, _BLOCKS_AT_HAND = 256, 2**16, 64
_LONGEST_DIRECTORY = 2**20  # Bytes: enough for some ten thousand parts.
_KEPT = 64 * 2**20  # Bytes. A sheet up to this size is kept on disk; a larger one is unpacked twice.
_MERGE = (b"mergeCell ", b"m\0e\0r\0g\0e\0C")  # In UTF-8 and in UTF-16.
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
# Cells with a format and no value. They can be removed only if the next cell names its own position.
_EMPTY_CELLS = re.compile(rb'(?:<c r="[A-Z]{1,3}[0-9]{1,7}"(?: s="[0-9]+")?\s*(?:/>|></c>))+(?=<c r="|</row>)')
_EMPTY_ROWS = re.compile(rb'(?:<row r="[0-9]{1,7}"[^<>]*(?:/>|(?<!/)></row>))+(?=<row r="|</sheetData>)')
_PLAIN_FORMAT = re.compile(r"(?:general|g/通用格式|@|#|0)?", re.IGNORECASE)
# Formats by which 1200 is shown as another number: 1, 1200.0万 or 11200.
_LITERAL = re.compile(r'"([^"]*)"|[\\!](.)')
_SCALED, _MULTIPLIED = re.compile("[0#?],+(?![0#?,])"), re.compile("[0-9十百千万亿]|^ ?[kKmM.]$")
_HIDDEN = ("hidden", "veryhidden")
_TRUE = ("1", "true")

_DAMAGED = (
    "文件不完整或已损坏，无法读取。请用 Excel 或 WPS 打开原表，存成 .xlsx 后重新上传。",
    "The file is damaged and cannot be read. Open the form in Excel or WPS, save it as .xlsx and upload it again.",
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
_TWICE = (
    "单元格 {place} 在文件里出现两次，无法确定以哪个为准。请用 Excel 或 WPS 打开核对，另存为新的 .xlsx 后重新上传。",
    "The cell {place} stands in the file twice, and nobody can tell which one counts. Open it in Excel or WPS, check "
    "the cell, save it as a new .xlsx and upload it again.",
)
_ALL_HIDDEN = (
    "文件里的工作表都是隐藏的，无法确定读哪一个。请取消隐藏要上报的工作表（右键工作表标签→取消隐藏），保存后重新上传。",
    "All sheets of the file are hidden, so that nobody can tell which one is meant. Unhide the one to be read, save "
    "the file and upload it again.",
)
_DAMAGES = (
    BadZipFile, zlib.error, struct.error, EOFError, expat.ExpatError, LookupError, ValueError, ArithmeticError,
    NotImplementedError, RuntimeError,
)  # fmt: skip

Raw = str | int | float | bool | date | None
"""The content of a cell; for a formula, the value that was stored with it."""
Cells = dict[int, Raw]
"""The cells of a row by column, counted from 0. Empty ones are left out."""


class Fault(str):
    """The text of a cell without a value: an error such as #N/A, or `=` for a formula that was never calculated."""


class Styled(float):
    """A number with a format that changes its look, as 12 shown as 0012."""


class Unlike(Styled):
    """A number with a format by which people read another number, as 0.6 shown as 60 % or 0.5 as 12:00."""


class Sheet:
    """Facts about the sheet besides its rows. Some hold for the current row only, until the next one is read."""

    def __init__(self) -> None:
        self.name = ""
        self.others: list[str] = []
        """The names of other visible sheets, which are not read."""
        self.hidden_columns: set[int] = set()
        self.hidden = False
        """Whether the current row is hidden, by hand or by a filter."""
        self.filled: dict[int, str] = {}
        self.covered: dict[int, str] = {}
        """Cells of the current row, with the range of the merge: those that it fills (`filled`) or only covers
        (`covered`)."""


def rows(source: Path | BinaryIO, sheet: str, about: Sheet | None = None) -> Iterator[tuple[int, Cells]]:
    """Stream the rows with content, numbered from 1, of the sheet with this name, or else of the first visible one.

    Raises `WorkbookRefused` for a damaged .xlsx, perhaps only after some rows. Errors of the disk are raised as they
    are.
    """
    with kinds.opened(source) as file, TemporaryFile() as scratch, TemporaryFile() as unpacked:
        try:
            with ZipFile(_Bounded(file)) as archive:
                yield from _rows(_Package(archive), sheet, scratch, unpacked, about or Sheet())
        except _DAMAGES as error:
            raise WorkbookRefused(*_DAMAGED) from error
        except OSError as error:
            if error.errno != errno.EINVAL:  # EINVAL: a damaged directory made the reader seek to before the file.
                raise
            raise WorkbookRefused(*_DAMAGED) from error


class _Bounded:
    """A file that refuses large single reads, so that a directory of millions of parts is refused before it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, _LONGEST_DIRECTORY + 1) if size >= 0 else _LONGEST_DIRECTORY + 1)
        if len(data) > _LONGEST_DIRECTORY:
            raise BadZipFile("the directory is too long")
        return data


class _Package:
    """The parts of a workbook. Letter case and slashes in their names make no difference."""

    def __init__(self, archive: ZipFile) -> None:
        """Refuse sizes by the archive's directory.

        That is enough: zipfile unpacks no more than the directory states.
        """
        self._archive = archive
        self._parts: dict[str, ZipInfo] = {}
        for part in archive.infolist():
            if self._parts.setdefault(_name(part.filename), part) is not part:
                raise ValueError("a part stands in the archive twice")
        if any("vbaproject" in name or "/macrosheets/" in name for name in self._parts):
            raise WorkbookRefused(*_MACROS)
        if any(part.flag_bits & 1 for part in self._parts.values()):
            raise kinds.with_password()
        sound = all(part.compress_type in (ZIP_STORED, ZIP_DEFLATED) for part in self._parts.values())
        if not sound or "[content_types].xml" not in self._parts or not any(n.startswith("xl/") for n in self._parts):
            raise kinds.in_archive(self._parts)
        if "xl/workbook.bin" in self._parts:
            raise kinds.in_archive(["xl/workbook.bin"])
        sheets = sum(p.file_size for name, p in self._parts.items() if name.startswith("xl/worksheets/"))
        if sheets > MAX_SHEET or sum(part.file_size for part in self._parts.values()) - sheets > MAX_UNPACKED:
            raise WorkbookRefused(*_SIZE)

    def __contains__(self, part: str) -> bool:
        return _name(part) in self._parts

    def size(self, part: str) -> int:
        """The size of a part in bytes, unpacked."""
        return self._parts[_name(part)].file_size

    def chunks(self, part: str, limit: int) -> Iterator[bytes]:
        """Stream the unpacked bytes of a part."""
        info = self._parts[_name(part)]
        if info.file_size > limit or (info.file_size > MAX_PART and info.file_size > MAX_RATIO * info.compress_size):
            raise WorkbookRefused(*_SIZE)
        with self._archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk


def _name(part: str) -> str:
    """The name of a part in the form in which names are compared (ECMA-376 part 2, 6.2.2)."""
    return part.replace("\\", "/").lstrip("/").lower()


def _rows(
    package: _Package, sheet: str, scratch: IO[bytes], unpacked: IO[bytes], about: Sheet
) -> Iterator[tuple[int, Cells]]:
    book = dict(_relations(package, "").values())["officeDocument"]
    relations = _relations(package, book)
    parts = dict(relations.values())
    epoch = WINDOWS_EPOCH
    sheets: dict[str, str] = {}
    hidden = False
    for kind, attributes, _ in _elements(package.chunks(book, MAX_PART), {"sheet", "workbookPr"}):
        if kind == "workbookPr":
            epoch = MAC_EPOCH if attributes.get("date1904") in _TRUE else WINDOWS_EPOCH
            continue
        kind, part = relations[next(link for name, link in attributes.items() if name.endswith("}id"))]
        if kind == "worksheet":
            if attributes.get("state", "visible").lower() in _HIDDEN:
                hidden = True
            else:
                sheets[attributes["name"]] = part
    if hidden and not sheets:
        raise WorkbookRefused(*_ALL_HIDDEN)
    about.name = sheet if sheet in sheets else next(iter(sheets))
    about.others = [name for name in sheets if name != about.name]
    formats = _formats(package, parts["styles"]) if parts.get("styles", "") in package else {}
    table = parts.get("sharedStrings", "")
    string = _strings(package.chunks(table, MAX_UNPACKED) if table in package else iter(()), scratch)
    body, has_merges = _unpacked(package, sheets[about.name], unpacked)
    merges = Merges(_merges(body())) if has_merges else None

    number, column = 0, -1
    cells: Cells = {}
    said = ""  # The row number in the cells' own references.
    for kind, attributes, text in _elements(_lean(body()), {"row", "c", "col", "sheetData"}):
        if kind == "c":
            place = attributes.get("r")
            if place:
                letters = place.rstrip("0123456789")
                column = _column(letters)
                if (digits := place[len(letters) :]) != said:
                    if said:  # The cells of one element name two different rows.
                        raise _twice(place)
                    said = digits
            else:
                column += 1
            if column >= LAST_COLUMN:
                raise ValueError(f"a cell beyond column {LAST_COLUMN}")
            value = _value(attributes, text, string, formats, epoch)
            if value is not None:
                if column in cells:
                    raise _twice(place or f"{excel.letters(column)}{number + 1}")
                cells[column] = value
        elif kind == "row":
            previous, number = number, int(attributes.get("r") or said or number + 1)
            if not previous < number <= LAST_ROW or (said and int(said) != number):
                raise _twice(f"{excel.letters(min(cells, default=0))}{number}")
            if cells:
                about.hidden = "hidden" in attributes and attributes["hidden"] in _TRUE
                if merges:
                    about.filled, about.covered = merges.cover(number, cells)
                yield number, cells
            column, cells, said = -1, {}, ""
        elif kind == "col":
            if attributes.get("hidden") in _TRUE and len(about.hidden_columns) < LAST_COLUMN:
                about.hidden_columns.update(range(int(attributes["min"]) - 1, min(int(attributes["max"]), LAST_COLUMN)))
        else:
            return


def _twice(place: str) -> WorkbookRefused:
    zh, en = (words.format(place=place) for words in _TWICE)
    return WorkbookRefused(zh, en)


def _unpacked(package: _Package, part: str, unpacked: IO[bytes]) -> tuple[Callable[[], Iterator[bytes]], bool]:
    """A function that reads the sheet from its start, and whether the sheet has merges, which come after its rows.

    The sheet is unpacked to its end first, so that damage is noticed before any row is read. Unless it is large, the
    unpacked bytes are kept on disk.
    """
    kept, found, before = package.size(part) <= _KEPT, False, b""
    for chunk in package.chunks(part, MAX_SHEET):
        start = before + chunk[:20]
        found = found or any(name in chunk or name in start for name in _MERGE)
        before = chunk[-20:]
        if kept:
            unpacked.write(chunk)

    def again() -> Iterator[bytes]:
        unpacked.seek(0)
        return iter(lambda: unpacked.read(_CHUNK), b"")

    return again if kept else lambda: package.chunks(part, MAX_SHEET), found


def _merges(chunks: Iterator[bytes]) -> Iterator[Merge]:
    for _, attributes, _ in _elements(_lean(chunks), {"mergeCell"}):
        yield Merge.of(attributes["ref"])


def _lean(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """A sheet without empty cells and rows. A format on whole columns may have made millions of them.

    A cell without a position of its own is counted from the one before. So an empty cell or row is removed only if the
    next one names its position.
    """
    held, fed, plain = b"", 0, False
    for chunk in chunks:
        held += chunk
        plain = plain or b"<![CDATA[" in held
        cut = held.rfind(b"<row ")
        if plain or (cut <= 0 and len(held) > _LONGEST_TOKEN):
            cut = len(held)
        if cut > 0:
            piece, held = held[:cut], held[cut:]
            piece = piece if plain else _stripped(piece)
            fed += len(piece)
            if fed > MAX_UNPACKED:
                raise WorkbookRefused(*_SIZE)
            yield piece
    yield held


def _stripped(piece: bytes) -> bytes:
    """The piece without empty cells, if most are empty. For a few, searching costs more than parsing them."""
    if piece.count(b"/>") + piece.count(b"></c>") + piece.count(b"></row>") <= piece.count(b"</"):
        return piece
    return _EMPTY_ROWS.sub(b"", _EMPTY_CELLS.sub(b"", piece))


def _value(
    attributes: dict[str, str], text: str, string: Callable[[int], str], formats: dict[str, str], epoch: datetime
) -> Raw:
    kind = attributes.get("t", "n")
    if not text:
        return Fault("=") if kind == "n" and "formula" in attributes else None
    if kind == "n":
        number = float(text)
        if not math.isfinite(number):
            return Fault(text)
        shown = formats.get(attributes.get("s", "0"))
        if shown is None:
            return int(number) if number.is_integer() else number
        if shown == "date":
            try:
                moment = _moment(number, epoch)
            except (OverflowError, ValueError):
                return Fault(text)
            return moment or Unlike(number)
        return Styled(number) if shown == "styled" else Unlike(number)
    if kind == "b":
        return text == "1"
    if kind == "e":
        return Fault(text)
    if kind == "s":
        text = string(int(text))
    return _ESCAPED.sub(_unescaped, text) if "_x" in text else text


@lru_cache(maxsize=1024)
def _column(letters: str) -> int:
    """The position of a column given by its letters, counted from 0."""
    return excel.column(letters)


_moment = lru_cache(maxsize=2**14)(excel.moment)  # Columns have the same days again and again.


def _unescaped(escape: re.Match[str]) -> str:
    """The character that Excel writes as _xHHHH_. Control characters and lone surrogates are dropped."""
    character = chr(int(escape[1], 16))
    return character if character.isprintable() or character in "\t\n" else ""


def _relations(package: _Package, part: str) -> dict[str, tuple[str, str]]:
    """The links of a part: kind and target by the link's id."""
    folder, name = posixpath.split(part)
    links = package.chunks(posixpath.join(folder, f"_rels/{name}.rels"), MAX_PART)
    return {
        attributes["Id"]: (
            attributes["Type"].rpartition("/")[2],
            posixpath.normpath(posixpath.join("/", folder, unquote(attributes["Target"]).replace("\\", "/"))).lstrip(
                "/"
            ),
        )
        for _, attributes, _ in _elements(links, {"Relationship"})
    }


def _formats(package: _Package, part: str) -> dict[str, str]:
    """By the number of a cell style: how it shows numbers (see `_shown`). Styles that change nothing are left out."""
    codes = {**excel.BUILT_IN}
    formats: dict[str, str] = {}
    index = 0
    names = {"numFmt", "xf", "cellStyleXfs", "cellXfs"}
    for kind, attributes, _ in _elements(package.chunks(part, MAX_PART), names):
        if kind == "numFmt":
            codes[attributes["numFmtId"]] = attributes["formatCode"]
        elif kind == "xf":
            if shown := _shown(codes.get(attributes.get("numFmtId", "0"), "General")):
                formats[str(index)] = shown
            index += 1
        elif kind == "cellStyleXfs":  # Named styles come first and have a numbering of their own.
            formats, index = {}, 0
        elif kind == "cellXfs":
            break
    return formats


@lru_cache(maxsize=1024)
def _shown(code: str) -> Literal["date", "unlike", "styled", ""]:
    """How a format shows a number: as a date, as another value (`unlike`), with another look (`styled`), or
    unchanged."""
    if excel.is_date(code):
        return "date"
    bare = re.sub(r'"[^"]*"|\\.|_.|\[[^\]]*\]', "", code)
    literals = [quoted or escaped for quoted, escaped in _LITERAL.findall(code)]
    if "%" in bare or _SCALED.search(bare) or any(map(_MULTIPLIED.search, (*literals, re.sub("[0-9]", "", bare)))):
        return "unlike"
    return "" if _PLAIN_FORMAT.fullmatch(bare.split(";")[0].strip()) else "styled"


def _strings(chunks: Iterator[bytes], scratch: IO[bytes]) -> Callable[[int], str]:
    """Write the string table to disk in blocks. Returns the function that looks up a string by its index."""
    starts, firsts = [0], [0]
    block: list[str] = []
    size, even = 0, True

    def put() -> None:
        starts.append(starts[-1] + scratch.write(msgspec.msgpack.encode(block)))
        firsts.append(firsts[-1] + len(block))
        block.clear()

    for _, _, text in _elements(chunks, {"si"}):
        block.append(text)
        size += len(text)
        if len(block) == _STRINGS_IN_BLOCK or size > _LONGEST_BLOCK:
            even = even and len(block) == _STRINGS_IN_BLOCK
            put()
            size = 0
    put()

    @lru_cache(maxsize=_BLOCKS_AT_HAND)
    def load(number: int) -> list[str]:
        scratch.seek(starts[number])
        return msgspec.msgpack.decode(scratch.read(starts[number + 1] - starts[number]), type=list[str])

    def string(index: int) -> str:
        if not 0 <= index < firsts[-1]:
            raise ValueError(f"there is no string {index}")
        if even:
            return load(index // _STRINGS_IN_BLOCK)[index % _STRINGS_IN_BLOCK]
        number = bisect_right(firsts, index) - 1
        return load(number)[index - firsts[number]]

    return string


def _elements(chunks: Iterator[bytes], names: set[str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """Stream the elements with these names as they end: name, attributes, and the text of `v` and `t` inside.

    A cell with a formula gets the attribute `formula`. Phonetic guides (`rPh`) are left out.
    """
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
    fed = 0
    for chunk in chunks:
        for at in range(0, len(chunk), _CHUNK):
            piece = chunk[at : at + _CHUNK]
            parser.Parse(piece, False)
            fed += len(piece)
            yield from done
            done.clear()
            # A hostile part could fill the memory by an endless token, a long text in a cell, or many element names.
            if fed - parser.CurrentByteIndex > _LONGEST_TOKEN or sum(map(len, text)) > _LONGEST_TOKEN:
                raise ValueError("a part has a token or a text longer than any cell may be")
            if len(parser.intern) > _MOST_NAMES:
                raise ValueError("a part has more names of elements and attributes than the format knows")
    if fed:
        parser.Parse(b"", True)
        yield from done
