"""Reading a pack's file, in whatever encoding an editor saved it, and finding the line of each part."""

import re
import tomllib
from typing import Any

from shared.policy.checking import Fault
from shared.policy.section import Path

LARGEST = 256 * 2**10
"""The most bytes of a pack. Those that we ship have about 15,000."""
_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_DEEPEST = 20
"""The most names in a dotted key, such as `a.b.c`. Packs need three; tomllib needs minutes for a key of thousands."""
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_DOTTED = re.compile(rf"(?<![A-Za-z0-9_-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_DEEPEST}}}")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


_TWICE = (
    "这一项在文件中写了两次，请删去一处",
    "this stands in the file twice; delete one of the two",
)
_BRACKETS = (
    "不合 TOML 格式：检查引号、等号和括号是否成对，文字是否加了英文引号，是否用了全角符号",
    "this is no TOML: check quotes, equals signs and brackets, and that texts are quoted",
)
_VALUE = (
    '等号后的值不合格式：文字加英文引号，如 name = "本溪市"；数不加引号，10% 填 0.1；日期如“2014-06-01”',
    'the value is written wrongly: name = "Benxi" for a text, 0.1 for 10 %, 2014-06-01 for a day',
)
_BROKEN = {
    "Cannot overwrite": _TWICE,
    "Cannot declare": _TWICE,
    "Cannot mutate": _TWICE,
    "Duplicate": _TWICE,
    "Invalid date": (
        "没有这一天或这个时刻，请核对日期，如 6 月只有 30 日；写法如“2014-06-01”",
        "there is no such day or time; check it (June has 30 days), and write 2014-06-01",
    ),
    "Invalid value": _VALUE,
    "after a statement": _VALUE,
    "after value": _VALUE,
}
"""Explanations of why a text is not TOML, by words in the error message of tomllib."""


class Unreadable(Exception):
    """A file cannot be read as a pack at all; `fault` says why."""

    def __init__(self, zh: str, en: str, line: int | None = None) -> None:
        super().__init__(en)
        self.fault = Fault((), zh, en, line)


def text_of(data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or GB 18030, with a byte order mark or without. Raises Unreadable."""
    if len(data) > LARGEST:
        raise Unreadable(
            f"文件有 {len(data) // 1024} KiB，政策包最多 {LARGEST // 1024} KiB",
            f"the file has {len(data) // 1024} KiB; a pack has {LARGEST // 1024} KiB at most",
        )
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable(
        "文件不是文本，请在记事本中另存为 UTF-8 编码",
        "the file is no text; save it again with the encoding UTF-8",
    )


def content_of(text: str) -> dict[str, Any]:
    """The content of a TOML text. Raises Unreadable."""
    if deep := _DOTTED.search(text):
        line = text.count("\n", 0, deep.start()) + 1
        raise Unreadable(
            f"带点的键太长，最多 {_DEEPEST} 段", f"a dotted key is too long; it has {_DEEPEST} parts at most", line
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        zh, en = next((told for said, told in _BROKEN.items() if said in str(error)), _BRACKETS)
        raise Unreadable(zh, en, int(at[1]) if at else len(text.splitlines())) from error
    except ValueError as error:  # A number of thousands of digits is valid TOML, but Python does not convert it.
        raise Unreadable("有的数位数过多，请核对", "a number has too many digits; check it") from error
    except RecursionError as error:
        raise Unreadable("括号嵌套过深", "brackets are nested too deeply") from error


class Lines:
    """The line of each part of a TOML text, counted from 1."""

    def __init__(self, text: str) -> None:
        self._of: dict[Path, int] = {(): 1}
        counts: dict[Path, int] = {}
        table: Path = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := _TABLE.match(line):
                table = self._within(_names(header[2]), counts)
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    self._of.setdefault(table, number)
                    table = (*table, counts[table])
                self._of.setdefault(table, number)
            elif key := _KEY.match(line):
                path = table
                for name in _names(key[1]):
                    path = (*path, name)
                    self._of.setdefault(path, number)

    def of(self, path: Path) -> int:
        """The line of a part; if the part is missing, that of the table that should contain it.

        An entry of a list that the text does not have belongs to none of its tables, such as one of the pack below.
        """
        asked = path
        while path not in self._of or (path != asked and (*path, 0) in self._of):
            path = path[:-1]
        return self._of[path]

    def _within(self, names: list[str], counts: dict[Path, int]) -> Path:
        """The path of a table. If it belongs to a list of tables, it belongs to the last entry so far."""
        path: Path = ()
        for n, name in enumerate(names):
            path = (*path, name)
            if n < len(names) - 1 and path in counts:
                path = (*path, counts[path])
        return path


def _names(dotted: str) -> list[str]:
    return [name.strip().strip("\"'") for name in re.findall(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""", dotted)]
