"""The rows of a .csv file as a stream: in UTF-8, with its mark or without, or in GB18030."""

import codecs
import csv
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final

from shared import neutral
from shared.workbook.kinds import WorkbookRefused, opened
from shared.workbook.sheet import LAST_COLUMN, Cells

DELIMITERS: Final = ",\t;"
"""What may stand between the values: Excel writes a semicolon where the comma is in numbers, and tabs as “text”."""
_ENCODINGS: Final = ("utf-8-sig", "gb18030")  # Chinese text in GB18030 is next to never valid UTF-8.
_CHUNK, _LONGEST = 2**16, 2**20  # Bytes read at a time, and characters that a row may have.

_ENCODING = (
    "文件不是 UTF-8 或 GB18030（GBK）编码的文本，也不是 .xlsx 工作簿，无法读取。"
    "请用 Excel 或 WPS 打开，存成 .xlsx 后重新上传。",
    "The file is neither text in UTF-8 or GB18030 (GBK) nor an .xlsx workbook. Open it in Excel or WPS, save it as "
    ".xlsx and upload it again.",
)
_NUL = (
    "文件里有空字符（NUL），不是完好的 .csv。请用 Excel 或 WPS 打开，存成 .xlsx 后重新上传。",
    "There are NUL characters in the file, which is no sound .csv. Open it in Excel or WPS, save it as .xlsx and "
    "upload it again.",
)
_BROKEN = (
    "{where}不是有效的 .csv：引号没有成对，或者一行过长。请用 Excel 或 WPS 打开，另存为新的 .csv 后重新上传。",
    "{where_en} is no valid .csv: a quotation mark has no partner, or a row is too long. Open it in Excel or "
    "WPS, save it as a new .csv and upload it again.",
)


def encoding(source: Path | BinaryIO) -> str:
    """The encoding in which a file is text from end to end. Raises `WorkbookRefused`."""
    with opened(source) as file:
        for name in _ENCODINGS:
            decoder = codecs.getincrementaldecoder(name)()
            file.seek(0)
            try:
                while chunk := file.read(_CHUNK):
                    if b"\0" in chunk:
                        raise WorkbookRefused(*_NUL)
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return name
    raise WorkbookRefused(*_ENCODING)


def rows(source: Path | BinaryIO, encoding: str, delimiter: str = ",") -> Iterator[tuple[int, Cells]]:
    """Stream the rows with content, each with its number from 1 as Excel would show it. Raises `WorkbookRefused`."""
    with opened(source) as file:
        file.seek(0)
        text = TextIOWrapper(file, encoding, newline="")
        number = length = 0

        def lines() -> Iterator[str]:
            nonlocal length
            while line := text.readline(_LONGEST):
                length += len(line)
                if length >= _LONGEST:  # A quotation mark without partner makes one row of all that follows.
                    raise csv.Error("a row is too long")
                yield line

        try:
            for number, cells in enumerate(csv.reader(lines(), delimiter=delimiter, strict=True), 1):
                length = 0
                if len(cells) > LAST_COLUMN:
                    raise csv.Error("a row has more cells than a sheet")
                if found := {at: neutral.typed(cell) for at, cell in enumerate(cells) if cell}:
                    yield number, found  # type: ignore[misc]  # A text is a cell.
        except csv.Error as error:
            where = (f"第{number}行之后", f"After row {number} this") if number else ("文件", "The file")
            zh, en = (words.format(where=where[0], where_en=where[1]) for words in _BROKEN)
            raise WorkbookRefused(zh, en) from error
        finally:
            text.detach()  # The file is the caller's to close.


def write(target: Path | BinaryIO, encoding: str, delimiter: str, lines: Iterable[tuple[int, Cells]]) -> None:
    """Write rows, each in its place; UTF-8 gets its mark, without which Excel takes it for GB18030.

    No text in it becomes a formula, and reading gives it back as it was.
    """
    with opened(target, "wb") as file:
        text = TextIOWrapper(file, encoding, newline="")
        writer = csv.writer(text, delimiter=delimiter)
        next_row = 1
        for number, cells in lines:
            writer.writerows([] for _ in range(number - next_row))
            values = (cells.get(at) for at in range(max(cells, default=-1) + 1))
            writer.writerow(neutral.cell(value) if isinstance(value, str) else value for value in values)
            next_row = number + 1
        text.flush()
        text.detach()
