"""Streaming the rows of a .csv file in UTF-8, with or without byte order mark, or in GB18030."""

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
"""Characters that may separate values. Excel writes semicolons where numbers have a comma, and tabs if a file is saved
as “text”."""
_ENCODINGS: Final = ("utf-8-sig", "gb18030")  # In this order: Chinese in GB18030 is hardly ever valid UTF-8.
_CHUNK, _LONGEST = 2**16, 2**20  # Bytes read at a time; the most characters of a row.

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
    """The encoding in which the whole file can be read. Raises `WorkbookRefused` if there is none."""
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
    """Stream the rows with content, each with its row number in Excel, from 1. Raises `WorkbookRefused`."""
    with opened(source) as file:
        file.seek(0)
        text = TextIOWrapper(file, encoding, newline="")
        number = length = 0

        def lines() -> Iterator[str]:
            nonlocal length
            while line := text.readline(_LONGEST):
                length += len(line)
                if length >= _LONGEST:  # An unclosed quotation mark: the rest of the file would be one row.
                    raise csv.Error("a row is too long")
                yield line

        try:
            for number, cells in enumerate(csv.reader(lines(), delimiter=delimiter, strict=True), 1):
                length = 0
                if len(cells) > LAST_COLUMN:
                    raise csv.Error("a row has more cells than a sheet")
                found: Cells = {
                    at: neutral.typed(cell) if cell[0] == "'" else cell for at, cell in enumerate(cells) if cell
                }
                if found:
                    yield number, found
        except csv.Error as error:
            where = (f"第{number}行之后", f"After row {number} this") if number else ("文件", "The file")
            zh, en = (words.format(where=where[0], where_en=where[1]) for words in _BROKEN)
            raise WorkbookRefused(zh, en) from error
        finally:
            if not file.closed:  # It is closed if the caller gave up reading before this generator ended.
                text.detach()  # The caller closes the file.


def write(target: Path | BinaryIO, encoding: str, delimiter: str, lines: Iterable[tuple[int, Cells]]) -> None:
    """Write rows, each at its row number. UTF-8 gets a byte order mark; without it, Excel assumes GB18030.

    Texts that a spreadsheet could take for formulas get an apostrophe, which `rows` removes again.
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
