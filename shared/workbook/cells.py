"""Converting cells to values and back, by the kind of the column, and sealing prefilled cells.

Untidy cells are accepted if their meaning is certain, such as full-width digits. Wherever a guess could be wrong, the
cell is refused.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import msgspec

from shared.secrecy import is_classified
from shared.workbook.form import Column, Form
from shared.workbook.sheet import Fault, Raw, Unlike

EXACT = 10**15
"""Excel keeps 15 digits of a number. In numbers from here on, the last digits are lost."""

# Full-width letters and digits become plain ones. Invisible marks, as from text copied out of chats, are removed.
_UNSEEN = (0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
_PLAIN: Mapping[int, int | None] = {
    **{i: i - 0xFEE0 for i in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))},
    **dict.fromkeys(_UNSEEN),
}
# Only full-width forms are converted. A circled or raised digit is a footnote mark, not part of a number.
_NARROW: Mapping[int, int | None] = {i: i - 0xFEE0 for i in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFFE5: 0xA5}
_DITTO = re.compile("[〃〞″\"'“”‘’＂＇]{1,3}|同(?:上|前|左|右|上行|上一行|上栏)|上同|ditto|do\\.", re.IGNORECASE)
_NOTHING = frozenset(("无", "没有", "暂无", "/", "／"))
_DASHES = re.compile("[\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d]+")
_NUMBER = re.compile(r"¥?\s*([+-]?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d+)?)", re.ASCII)
_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?"
    r"|(\d{4})(\d\d)(\d\d)",
    re.ASCII,
)
_MONTH = re.compile(r"((?:19|20)\d\d)(?:\s*([-/.年])\s*(\d{1,2})\s*月?份?|(\d\d))", re.ASCII)
# What a .csv contains if the spreadsheet took a text for a number, a truth value or a date.
_NO_TEXT = re.compile(
    r"[+-]?\d+(?:\.\d+)?E[+-]\d+|TRUE|FALSE|(?:19|20)\d\d([-/])\d{1,2}\1\d{1,2}|\d{1,2}/\d{1,2}/(?:19|20)\d\d",
    re.ASCII | re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s,，、;；]+")  # What officers write between several values in one cell.
_STANDING_IN = frozenset("〃〞″\"'“”‘’＂＇同上dD无没暂/／")  # First characters of `_DITTO` and `_NOTHING`.
_CAPITALS, _STORED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), frozenset("0123456789+-TtFf")
_FAULTS = frozenset(
    ("#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#DIV/0!", "#SPILL!", "#CALC!", "#GETTING_DATA")
)
_NUMBER_OR_DATE, _TRUTH = ("数字或日期", "number or date"), ("是非值", "truth value")
_YES_NO_TYPED: dict[str, object] = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
_DIGEST = 64  # Hexadecimal digits of an HMAC-SHA256.


class Bad(Exception):
    """A cell breaks a rule. `rule` is a key of `texts.RULES`; `facts` fill that rule's text."""

    def __init__(self, rule: str, **facts: object) -> None:
        super().__init__(rule)
        self.facts = facts


Reader = Callable[[Raw], object]
"""Turns a cell into its value, or raises `Bad`."""
_Conversion = Callable[[Raw, str], Any]
"""The same for a cell that is not empty; the second argument is its text, as `shown` returns it."""


def shown(raw: Raw) -> str:
    """The text of a cell without differences that an officer does not see: outer spaces, full-width forms, invisible
    marks.
    """
    if isinstance(raw, str):
        return (raw if raw.isascii() else raw.translate(_PLAIN)).strip()
    if isinstance(raw, float):
        return format(raw, ".15g")
    if isinstance(raw, datetime):
        return raw.date().isoformat()
    return "" if raw is None else str(raw)


def _translated(text: str, table: Mapping[int, int | None]) -> str:
    """The text with some characters replaced. None of these is ASCII, so ASCII texts, as most cells are, need no
    search."""
    return text if text.isascii() else text.translate(table)


def cell(column: Column, value: Any) -> Raw:
    """The content of a cell for a value: the reverse of reading."""
    if column.many and not isinstance(value, str):
        return "、".join(shown(cell(msgspec.structs.replace(column, many=False), one)) for one in value or ()) or None
    for label, meant in column.labels.items():
        if meant == value:
            return label
    raw: Raw = float(shown(value)) if isinstance(value, float) else value  # To 15 digits, as Excel rounds.
    return raw


def reader(column: Column) -> Reader:
    """The function that reads the cells of a column."""
    convert = _READERS[column.kind](column)
    if column.many:
        convert = _choices(column) if column.labels else _several(convert)

    def read(raw: Raw) -> object:
        if isinstance(raw, str) and (raw in _FAULTS or isinstance(raw, Fault)):
            raise Bad("uncalculated" if raw == "=" else "fault")
        if text := shown(raw):
            if text[0] in _STANDING_IN:
                if _DITTO.fullmatch(text):
                    raise Bad("ditto")
                if text in _NOTHING and not column.labels:
                    if column.required:
                        raise Bad("none")
                    return None
            return convert(raw, text)
        if column.required:
            raise Bad("required")
        return None

    if column.kind not in _REPEATED:
        return read
    known = lru_cache(_REMEMBERED)(read)

    def read_once(raw: Raw) -> object:
        is_short = len(raw) <= _SHORT if raw.__class__ is str else raw.__class__ is datetime
        return known(raw) if is_short else read(raw)

    return read_once


_REPEATED = ("code", "date", "month", "yes_no", "choice")
"""The kinds of columns whose cells have the same few contents again and again, so that their values are remembered."""
_REMEMBERED, _SHORT = 4096, 32
"""How many cells of a column are remembered, and how many characters each has at most, so that memory stays bounded."""

NOTED = ("id", "code", "month", "integer", "number")
"""The kinds of columns for which `noted` has something to say."""


def noted(column: Column, raw: Raw, value: object) -> str | None:
    """The rule by which a cell was changed on reading, if the officer should know: `folded` or `month`. Else None."""
    if value is None or value == raw:  # This is true of most texts, which are spelt as they should be.
        return None
    if isinstance(raw, str):
        bare = raw.strip()
        if isinstance(value, tuple):
            return "folded" if column.kind in ("id", "code") and (*_BETWEEN.split(bare),) != value else None
        if bare != value if isinstance(value, str) else isinstance(value, (int, float)) and _narrow(raw) != bare:
            return "folded"
    if isinstance(value, date) and value.day == 1 and not isinstance(raw, date) and raw != value.isoformat():
        return "month" if _MONTH.fullmatch(_narrow(raw)) else None
    return None


def _narrow(raw: Raw) -> str:
    return _translated(shown(raw), _NARROW)


def _several(convert: _Conversion) -> _Conversion:
    """Read several values with commas between them. A cell that is a number or a date is one value."""

    def convert_all(raw: Raw, text: str) -> tuple[Any, ...]:
        if not isinstance(raw, str):
            return (convert(raw, text),)
        return tuple(convert(part, shown(part)) for part in _BETWEEN.split(raw.strip()) if shown(part))

    return convert_all


def _choices(column: Column) -> _Conversion:
    """Read several labels with commas between them. A label may contain a comma itself."""
    values = {_bare(label): value for label, value in column.labels.items()}
    one = re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True))))

    def convert(_raw: Raw, text: str) -> tuple[object, ...]:
        bare = _bare(text)
        if _BETWEEN.sub("", one.sub("", bare)):
            raise Bad("choice")
        return tuple(values[label] for label in one.findall(bare))

    return convert


def _refuse_strange(text: str) -> None:
    """Refuse letters and digits of other scripts, which look like those of an id.

    Chinese characters are let through.
    """
    for character in text:
        if ord(character) > 127 and unicodedata.category(character) in ("Nd", "Nl", "No", "Lu", "Ll", "Lt", "Lm"):
            raise Bad("strange", strange=character, code=f"U+{ord(character):04X}")


def _text(column: Column) -> Callable[[Raw, str], str]:
    """Read a text.

    A number, date or truth value is refused: Excel may have made it from something else, such as 007.
    """
    pattern = re.compile(column.pattern, re.ASCII) if column.pattern else None

    def convert(raw: Raw, text: str) -> str:
        if not isinstance(raw, str) or (text[0] in _STORED and _NO_TEXT.fullmatch(text)):
            truth = text.upper() in ("TRUE", "FALSE")
            raise Bad("stored", **dict(zip(("was", "was_en"), _TRUTH if truth else _NUMBER_OR_DATE, strict=True)))
        if "\ufffd" in text:
            raise Bad("lost")
        if not text.isprintable():
            if re.search(r"[\n\r\t\v\f\x85\u2028\u2029]", text):
                raise Bad("line")
            if any(unicodedata.category(character) == "Co" for character in text):
                raise Bad("private")
            if re.search(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]", text):
                raise Bad("control")
        if is_classified(text):
            raise Bad("classified")
        if column.longest and len(text) > column.longest:
            raise Bad("long", longest=column.longest, length=len(text))
        if pattern and not pattern.fullmatch(text):
            raise Bad("pattern")
        return text

    return convert


def _id(column: Column) -> _Conversion:
    """Read an id. It gets one spelling: capitals, plain digits and plain hyphens."""
    plain = _text(column)
    pattern = re.compile(column.pattern or "", re.ASCII)

    def convert(raw: Raw, text: str) -> str:
        if isinstance(raw, str) and text[0] in _CAPITALS and text not in ("TRUE", "FALSE") and pattern.fullmatch(text):
            return text
        if isinstance(raw, str) and not (text.isascii() and text.isupper()):
            text = _DASHES.sub("-", text)
            text = _translated(text, _NARROW)
            text = text.upper() if text.isascii() else text
        _typed_plainly(text)
        return plain(raw, text)

    return convert


def _code(column: Column) -> _Conversion:
    """Read a code of fixed length. A number is accepted only if it has all its digits and Excel shows it unchanged."""
    plain = _text(column)
    pattern = re.compile(column.pattern or "", re.ASCII)

    def convert(raw: Raw, text: str) -> str:
        if isinstance(raw, (str, int)) and not isinstance(raw, bool) and pattern.fullmatch(text):
            return text
        if isinstance(raw, str):
            text = _translated(text, _NARROW)
            _typed_plainly(text)
        return plain(raw, text)

    return convert


def _typed_plainly(text: str) -> None:
    """Refuse an apostrophe or formula before an id, and look-alike characters in it, each with its own reason."""
    if text.startswith("'"):
        raise Bad("apostrophe")
    if text.startswith("="):
        raise Bad("formula")
    if not text.isascii():
        _refuse_strange(text)


def _number(column: Column) -> _Conversion:
    def convert(raw: Raw, text: str) -> float:
        if isinstance(raw, Unlike):
            raise Bad("unlike")
        if isinstance(raw, (int, float)) and not isinstance(raw, bool):
            return float(raw)
        narrow = _translated(text, _NARROW)
        found = _NUMBER.fullmatch(narrow) if isinstance(raw, str) else None
        if found:
            return float(found[1].replace(",", ""))
        _refuse_strange(narrow)
        raise Bad(column.kind)

    return convert


def _integer(column: Column) -> _Conversion:
    number = _number(column)

    def convert(raw: Raw, text: str) -> int:
        value = number(raw, text)
        if abs(value) >= EXACT:
            raise Bad("digits")
        if not value.is_integer():
            raise Bad("integer")
        return int(value)

    return convert


def _date(column: Column) -> Callable[[Raw, str], date]:
    def convert(raw: Raw, text: str) -> date:
        found = _DATE.fullmatch(_translated(text, _NARROW))
        if not found:
            raise Bad(column.kind)
        try:
            return date(*(int(part) for part in found.groups() if part))
        except ValueError as error:
            raise Bad(column.kind) from error

    return convert


def _month(column: Column) -> _Conversion:
    """Read a day or a month. A cadre's file may give only the month; then the first day of the month is used."""
    day = _date(column)

    def convert(raw: Raw, text: str) -> date:
        found = _MONTH.fullmatch(_translated(text, _NARROW))
        if not found:
            return day(raw, text)
        year, between, month, joined = found.groups()
        if between == "." and month == "1":  # Excel shortens 1976.10, October, to 1976.1.
            raise Bad("january")
        try:
            return date(int(year), int(month or joined), 1)
        except ValueError as error:
            raise Bad("month") from error

    return convert


def _choice(column: Column) -> _Conversion:
    values = {_bare(shown(label)): value for label, value in column.labels.items()}
    if column.kind == "yes_no":
        values |= _YES_NO_TYPED

    def convert(raw: Raw, text: str) -> object:
        try:
            return values[_bare(text)]
        except KeyError as error:
            raise Bad("choice") from error

    return convert


@lru_cache(maxsize=1024)
def _bare(label: str) -> str:
    """A label for comparison: without spaces, letter case and width."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", label)).casefold()


_READERS: Mapping[str, Callable[[Column], _Conversion]] = {
    "text": _text,
    "id": _id,
    "code": _code,
    "integer": _integer,
    "number": _number,
    "date": _date,
    "month": _month,
    "yes_no": _choice,
    "choice": _choice,
}


def seal(form: Form, prefilled: Mapping[str, str], secret: bytes) -> str:
    """The seal of a row: an HMAC-SHA256 of the form's name and the prefilled cells, followed by these themselves.

    The cells are part of the seal, so that the officer can be told which cell was changed and what it was before.
    """
    covered = msgspec.json.encode([form.name, prefilled])
    return hmac.digest(secret, covered, "sha256").hex() + covered.decode()


def unseal(form: Form, text: Raw, secret: bytes) -> dict[str, str] | None:
    """The prefilled cells as they were issued; None if this is no seal of this installation for this form."""
    if not isinstance(text, str):
        return None
    digest, covered = text[:_DIGEST].encode(), text[_DIGEST:].encode()
    if not hmac.compare_digest(digest, hmac.digest(secret, covered, "sha256").hex().encode()):
        return None
    name, prefilled = msgspec.json.decode(covered, type=tuple[str, dict[str, str]])
    return prefilled if name == form.name else None
