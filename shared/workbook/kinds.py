"""Recognises a file by its first bytes, or by the parts of its archive, so that a refusal can say what it is."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Literal


class WorkbookRefused(Exception):
    """A file that cannot be taken as a whole; `zh` and `en` say what is wrong and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh, self.en = zh, en


class HeadingsRefused(WorkbookRefused):
    """The headings of a file are not those of the form. `headings` has them: they may be those of another form."""

    headings: frozenset[str] = frozenset()


_LOOK: Final = 2**16
_AGAIN: Final = (
    "请用 Excel 或 WPS 打开原表，用“另存为”存成 .xlsx 后重新上传。",
    "Open the form in Excel or WPS, save it as .xlsx and upload it again.",
)
_OTHERS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"%PDF", "PDF 文档", "a PDF document"),
    (b"{\\rtf", "RTF 文档", "an RTF document"),
    (b"\x89PNG", "PNG 图片", "a PNG picture"),
    (b"\xff\xd8\xff", "JPEG 图片", "a JPEG picture"),
    (b"GIF8", "GIF 图片", "a GIF picture"),
    (b"BM", "BMP 图片", "a BMP picture"),
    (b"Rar!", "RAR 压缩包", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z 压缩包", "a 7z archive"),
    (b"\x1f\x8b", "gzip 压缩包", "a gzip archive"),
    (b"MZ", "Windows 程序", "a program for Windows"),
    (b"\x7fELF", "Linux 程序", "a program for Linux"),
    (b"SQLite format 3\0", "SQLite 数据库", "an SQLite database"),
)
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IN_COMPOUND: Final = (
    ("EncryptedPackage", "设了打开密码的 Excel 工作簿", "an Excel workbook with a password"),
    ("Workbook", "旧版（97—2003）Excel 工作簿（.xls）", "a workbook of Excel 97 to 2003 (.xls)"),
    ("Book", "旧版（5.0/95）Excel 工作簿（.xls）", "a workbook of Excel 5 or 95 (.xls)"),
    ("WordDocument", "旧版 Word 文档（.doc）", "a document of an old Word (.doc)"),
    ("PowerPoint Document", "旧版 PowerPoint 演示文稿（.ppt）", "a presentation of an old PowerPoint (.ppt)"),
)
_IN_ARCHIVE: Final = (
    ("xl/workbook.bin", "二进制工作簿（.xlsb）", "a binary workbook (.xlsb)"),
    ("word/", "Word 文档（.docx）", "a Word document (.docx)"),
    ("ppt/", "PowerPoint 演示文稿（.pptx）", "a PowerPoint presentation (.pptx)"),
    ("ofd.xml", "OFD 版式文档", "an OFD document"),
    ("content.xml", "OpenDocument 文件（.ods 或 .odt）", "an OpenDocument file (.ods or .odt)"),
    ("index/", "Apple 表格（.numbers）", "a sheet of Apple's Numbers (.numbers)"),
)
_PASSWORD: Final = "请先取消打开密码（文件→信息→保护工作簿，或 WPS：文件→文档加密），", "Remove its password first. "


def of(source: Path | BinaryIO) -> Literal["archive", "text"]:
    """Whether a file is an archive, as an .xlsx is, or text. Raises `WorkbookRefused` for everything else."""
    with opened(source) as file:
        file.seek(0)
        head = file.read(_LOOK)
        if not head:
            raise WorkbookRefused(f"文件是空的（0 字节）。{_AGAIN[0]}", f"The file is empty (0 bytes). {_AGAIN[1]}")
        if head.startswith(b"PK"):
            return "archive"
        if head.startswith(_COMPOUND):
            raise _compound(file)
    for start, zh, en in _OTHERS:
        if head.startswith(start):
            raise named(zh, en)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:512].lower()
    if start.startswith(b"<"):
        if b"<html" in start or b"<table" in start or b"<!doctype html" in start or b"<meta" in start:
            raise named("网页（HTML）", "a web page (HTML)")
        raise named("XML 文件", "an XML file")
    if _is_wide(head):
        raise WorkbookRefused(
            "文件是 UTF-16 编码的文本（Excel 的“Unicode 文本”），不能读取。请用 Excel 或 WPS 打开，另存为“CSV UTF-8”，"
            "或存成 .xlsx 后重新上传。",
            "The file is text in UTF-16 (Excel's “Unicode text”), which is not read. Open it in Excel or WPS, save it "
            "as “CSV UTF-8” or as .xlsx and upload it again.",
        )
    return "text"


def named(zh: str, en: str) -> WorkbookRefused:
    """The refusal of a file of another kind, such as a picture."""
    return WorkbookRefused(
        f"文件是{zh}，不是 .xlsx 工作簿或 .csv，改后缀并不改变文件格式。{_AGAIN[0]}",
        f"The file is {en}, neither an .xlsx workbook nor a .csv; another suffix makes it no other file. {_AGAIN[1]}",
    )


def in_archive(names: Collection[str]) -> WorkbookRefused:
    """The refusal of an archive that is no workbook. `names` are its parts in small letters."""
    for part, zh, en in _IN_ARCHIVE:
        if any(name.startswith(part) for name in names):
            return named(zh, en)
    return named("ZIP 压缩包", "a ZIP archive")


def with_password() -> WorkbookRefused:
    """The refusal of a file that is protected by a password."""
    return WorkbookRefused(
        f"文件设了打开密码，无法读取。{_PASSWORD[0]}{_AGAIN[0]}",
        f"The file is protected by a password. {_PASSWORD[1]}{_AGAIN[1]}",
    )


def _compound(file: BinaryIO) -> WorkbookRefused:
    """The refusal of a file in the old Office format, such as .doc or .xls, recognised by the streams in it."""
    file.seek(0)
    content = file.read()
    for stream, zh, en in _IN_COMPOUND:
        if f"{stream}\0".encode("utf-16-le") in content:
            return with_password() if stream == "EncryptedPackage" else named(zh, en)
    return named("旧版 Office 文件", "a file of an old Office program")


def _is_wide(head: bytes) -> bool:
    """Whether it is text with two bytes for a character: it has a byte order mark, or every other byte is 0."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    even, odd = head[::2], head[1::2]
    pairs = ((even.count(0), odd.count(0)), (odd.count(0), even.count(0)))
    return any(zeros > len(odd) // 20 and zeros > 4 * others for zeros, others in pairs)


@contextmanager
def opened(file: Path | BinaryIO, mode: str = "rb") -> Iterator[BinaryIO]:
    """The file itself, or the file at this path, opened."""
    if not isinstance(file, Path):
        yield file
        return
    with file.open(mode) as stream:
        yield stream  # type: ignore[misc]  # Both modes are binary.
