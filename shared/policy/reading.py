"""A pack's file as people save it: whatever editor it comes from, and on which line a part of it stands."""

import re
import tomllib
from typing import Any

from shared.policy.checking import Fault, Path

LARGEST = 256 * 2**10
"""Bytes of a pack. The shipped ones have fifteen thousand."""
_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


class Unreadable(Exception):
    """A file is no pack at all; `fault` says why."""

    def __init__(self, zh: str, en: str, line: int | None = None) -> None:
        super().__init__(en)
        self.fault = Fault((), zh, en, line)


def text_of(data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or GB 18030, with or without a byte order mark."""
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
    """What a TOML text says."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) if at else len(text.splitlines())
        raise Unreadable(
            f"第 {line} 行不合 TOML 格式（{error}）：检查引号、等号和括号是否成对、是否用了全角符号",
            f"line {line} is no TOML ({error}): check quotes, equals signs and brackets",
            line,
        ) from error
    except RecursionError as error:
        raise Unreadable("括号嵌套过深", "brackets are nested too deeply") from error


class Lines:
    """On which line each part of a TOML text stands."""

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
        """The line of a part, or of what it would stand in."""
        while path not in self._of:
            path = path[:-1]
        return self._of[path]

    def _within(self, names: list[str], counts: dict[Path, int]) -> Path:
        """The path of a table, in the last entry of each list that it lies in."""
        path: Path = ()
        for n, name in enumerate(names):
            path = (*path, name)
            if n < len(names) - 1 and path in counts:
                path = (*path, counts[path])
        return path


def _names(dotted: str) -> list[str]:
    return [name.strip().strip("\"'") for name in re.findall(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""", dotted)]
