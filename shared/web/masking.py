"""Masks what is shown of a person only in part, such as 张**: whoever lists persons need not know who each of them is.

The type of a field says that it is masked (`MASKED`). Whoever needs the whole name asks for one person and says for
which purpose; the audit log keeps both.
"""

import re
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from shared.contracts.values import ANONYMOUS, MASKED
from shared.rules import State

_IDENTITY_CARD: Final = re.compile(r"[0-9]{17}[0-9Xx]")
_PHONE: Final = re.compile(r"[0-9]{11}")
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""A code from a pack, such as `retired`, which names nobody and so is not masked."""


@cache
def fields(kind: type[State]) -> tuple[str, ...]:
    """The fields of a kind of state that are masked."""
    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)
    return tuple(
        field.encode_name
        for field in shape.fields
        if isinstance(field.type, inspect.Metadata) and MASKED in (field.type.extra or {})
    )


def masked(kind: type[State], body: str) -> str:
    """A stored state in which the fields of `fields` are shown only in part."""
    said = msgspec.json.decode(body)
    for field in fields(kind):
        if field in said:
            said[field] = _masked(said[field])
    return msgspec.json.encode(said).decode()


def is_named(kind: type[State], body: str, text: str) -> bool:
    """Whether a text contains the name of the person whom a stored state is about."""
    said = msgspec.json.decode(body)
    return any(isinstance(name := said.get(field), str) and len(name) > 1 and name in text for field in fields(kind))


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked(one) for name, one in value.items()}
    names = isinstance(value, str) and value != ANONYMOUS and not _CODE.fullmatch(value)
    return part_of(value) if names else value


def part_of(text: str) -> str:
    """张** for 张三丰, 138****1234 for a phone, 2105**********123X for an identity card."""
    if _IDENTITY_CARD.fullmatch(text):
        return f"{text[:4]}{'*' * 10}{text[-4:]}"
    if _PHONE.fullmatch(text):
        return f"{text[:3]}****{text[-4:]}"
    return text[:1] + "*" * (len(text) - 1)
