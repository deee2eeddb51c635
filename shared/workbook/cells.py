"""From a cell to a value and back, by the kind of its column, and the seal over what was prefilled.

Tolerant where officers are sloppy and no doubt is possible; strict wherever a guess could be wrong.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from shared.workbook.form import Column, Form
from shared.workbook.sheet import Fault, Raw

EXACT = 10**15
"""Excel keeps 15 digits of a number: from here on, the last ones are lost."""

# Full-width letters and digits become plain ones; invisible marks that chat programs leave behind go.
_PLAIN: dict[int, int | None] = {
    **{i: i - 0xFEE0 for i in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))},
    **dict.fromkeys((0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF)),
}
_NUMBER = re.compile(r"¥?\s*([+-]?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d+)?)", re.ASCII)
_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?"
    r"|(\d{4})(\d\d)(\d\d)",
    re.ASCII,
)
_YES_NO_TYPED: dict[str, object] = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
_DIGEST = 64  # Hexadecimal digits of an HMAC-SHA256.


class Bad(Exception):
    """The cell breaks the rule of this name (see `reading`)."""


Reader = Callable[[Raw], object]
"""Turns a cell into its value, or raises `Bad`."""
_Conversion = Callable[[Raw, str], Any]
"""The same for a cell that is not empty, given with its text."""


def shown(raw: Raw) -> str:
    """The text of a cell, without what an officer does not see: outer spaces, full-width forms, invisible marks."""
    if isinstance(raw, str):
        return raw.translate(_PLAIN).strip()
    if isinstance(raw, float):
        return format(raw, ".15g")
    if isinstance(raw, datetime):
        return raw.date().isoformat()
    return "" if raw is None else str(raw)


def cell(column: Column, value: Any) -> Raw:
    """What stands in the sheet for a value: the reverse of reading."""
    for label, meant in column.labels.items():
        if meant == value:
            return label
    raw: Raw = float(shown(value)) if isinstance(value, float) else value  # Excel would round to 15 digits itself.
    return raw


def reader(column: Column) -> Reader:
    """The way to read the cells of this column."""
    convert = _READERS[column.kind](column)

    def read(raw: Raw) -> object:
        if isinstance(raw, Fault):
            raise Bad("fault")
        if text := shown(raw):
            return convert(raw, text)
        if column.required:
            raise Bad("required")
        return None

    return read


def _text(column: Column) -> _Conversion:
    pattern = re.compile(column.pattern) if column.pattern else None

    def convert(raw: Raw, text: str) -> str:
        if isinstance(raw, int | float) and abs(raw) >= EXACT:
            raise Bad("digits")
        if pattern and not pattern.fullmatch(text):
            raise Bad("pattern")
        return text

    return convert


def _number(column: Column) -> _Conversion:
    def convert(raw: Raw, text: str) -> float:
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            return float(raw)
        found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text)) if isinstance(raw, str) else None
        if not found:
            raise Bad(column.kind)
        return float(found[1].replace(",", ""))

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


def _date(column: Column) -> _Conversion:
    def convert(raw: Raw, text: str) -> date:
        found = _DATE.fullmatch(unicodedata.normalize("NFKC", text))
        if not found:
            raise Bad("date")
        try:
            return date(*(int(part) for part in found.groups() if part))
        except ValueError as error:
            raise Bad("date") from error

    return convert


def _choice(column: Column) -> _Conversion:
    values = {shown(label).casefold(): value for label, value in column.labels.items()}
    if column.kind == "yes_no":
        values |= _YES_NO_TYPED

    def convert(raw: Raw, text: str) -> object:
        try:
            return values[text.casefold()]
        except KeyError as error:
            raise Bad("choice") from error

    return convert


_READERS: Mapping[str, Callable[[Column], _Conversion]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "date": _date,
    "yes_no": _choice,
    "choice": _choice,
}


def seal(form: Form, prefilled: Mapping[str, str], secret: bytes) -> str:
    """An HMAC-SHA256 over the form's name and the prefilled cells as shown, followed by what it covers.

    The originals stand in the seal so that an officer can be told which cell was changed, and what it was.
    """
    covered = msgspec.json.encode([form.name, prefilled])
    return hmac.digest(secret, covered, "sha256").hex() + covered.decode()


def unseal(form: Form, text: Raw, secret: bytes) -> dict[str, str] | None:
    """The prefilled cells as they were issued, or None where this is no seal of ours for this form."""
    if not isinstance(text, str):
        return None
    digest, covered = text[:_DIGEST].encode(), text[_DIGEST:].encode()
    if not hmac.compare_digest(digest, hmac.digest(secret, covered, "sha256").hex().encode()):
        return None
    name, prefilled = msgspec.json.decode(covered, type=tuple[str, dict[str, str]])
    return prefilled if name == form.name else None
