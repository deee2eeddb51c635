"""The rows of a .csv file as a stream: in UTF-8, with its mark or without, or in GB18030."""

import codecs
import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final

from shared.workbook.sheet import Cells, WorkbookRefused

_ENCODINGS: Final = ("utf-8-sig", "gb18030")  # Chinese text in GB18030 is next to never valid UTF-8.
_CHUNK, _LONGEST = 2**16, 2**20  # Bytes read at a time, and characters that a row may have.

_BROKEN = (
    "第{row}行之后不是有效的 .csv：引号没有成对，或者一行过长。请用 Excel 或 WPS 打开，另存为新的 .csv 后重新上传。",
    "After row {row} this is no valid .csv: a quotation mark has no partner, or a row is too long. Open it in Excel or "
    "WPS, save it as a new .csv and upload it again.",
)


def encoding(source: Path | BinaryIO) -> str | None:
    """The encoding in which a file is text from end to end; None for what is no text, such as a workbook."""
    with _opened(source) as file:
        for name in _ENCODINGS:
            decoder, chunk = codecs.getincrementaldecoder(name)(), b""
            file.seek(0)
            try:
                while chunk := file.read(_CHUNK):
                    # A workbook is a zip archive, and half of one is no text either.
                    if b"\0" in chunk or chunk.startswith(b"PK\3\4"):
                        return None
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return name if file.tell() else None
    return None


def rows(source: Path | BinaryIO, encoding: str) -> Iterator[tuple[int, Cells]]:
    """Stream the rows, each with its number from 1 as Excel would show it. Raises `WorkbookRefused`."""
    with _opened(source) as file:
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
            for number, cells in enumerate(csv.reader(lines(), strict=True), 1):
                length = 0
                yield number, {at: cell for at, cell in enumerate(cells) if cell}
        except csv.Error as error:
            zh, en = (words.format(row=number) for words in _BROKEN)
            raise WorkbookRefused(zh, en) from error
        finally:
            text.detach()  # The file is the caller's to close.


def write(target: Path | BinaryIO, encoding: str, lines: Iterable[Cells]) -> None:
    """Write rows; UTF-8 gets its mark, without which Excel takes it for GB18030."""
    with _opened(target, "wb") as file:
        text = TextIOWrapper(file, encoding, newline="")
        writer = csv.writer(text)
        writer.writerows([cells.get(at) for at in range(max(cells, default=-1) + 1)] for cells in lines)
        text.flush()
        text.detach()


@contextmanager
def _opened(file: Path | BinaryIO, mode: str = "rb") -> Iterator[BinaryIO]:
    """The file, opened if it is named by its path."""
    if not isinstance(file, Path):
        yield file
        return
    with file.open(mode) as opened:
        yield opened  # type: ignore[misc]  # Both modes are binary.
