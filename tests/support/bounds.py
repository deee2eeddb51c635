"""Which values of a message or a policy pack could be of any size: walks every field, through every nested struct."""

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

LIST_TYPES = (tuple, list, dict, set, frozenset, Mapping, Sequence)
LONGEST = 1000
"""Characters of the longest text that a field may take."""


def fields(struct: type[msgspec.Struct], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of a struct and of those nested in it, with its path and its type."""
    hints = get_type_hints(struct, include_extras=True)
    for name in struct.__struct_fields__:
        where = f"{path or struct.__name__}.{name}"
        yield where, hints[name]
        for nested in _structs(hints[name]):
            yield from fields(nested, where)


def unbounded(hint: Any) -> list[str]:
    """What in a field's type has no bound; nested structs are fields of their own."""
    metas: list[Meta] = []
    while get_origin(hint) is Annotated:
        metas += [meta for meta in hint.__metadata__ if isinstance(meta, Meta)]
        hint = hint.__origin__
    origin, inner = get_origin(hint) or hint, get_args(hint)
    if origin in (Union, types.UnionType):
        return [fault for part in inner for fault in unbounded(part)]
    if origin in (bool, type(None), msgspec.UnsetType, Literal) or (
        isinstance(origin, type) and issubclass(origin, msgspec.Struct)
    ):
        return []
    if origin in LIST_TYPES:
        of = [fault for part in inner if part is not ... for fault in unbounded(part)]
        fixed = origin is tuple and ... not in inner
        return of if fixed or _given(metas, "max_length") else [*of, f"{origin.__name__} of any length"]
    if origin is str:
        return [] if _longest(metas) <= LONGEST else ["text of any length"]
    if origin in (int, float):
        low, high = _given(metas, "ge") or _given(metas, "gt"), _given(metas, "le") or _given(metas, "lt")
        return [] if low and high else [f"{origin.__name__} of any size"]
    if origin is date:
        return [] if any(meta.extra and "years" in meta.extra for meta in metas) else ["a day of any year"]
    return [f"{origin}"]


def _given(metas: Sequence[Meta], bound: str) -> bool:
    return any(getattr(meta, bound) is not None for meta in metas)


def _longest(metas: Sequence[Meta]) -> float:
    """The length of the longest text that fits; a pattern bounds it only if it holds for the whole of it."""
    lengths = [float(meta.max_length) for meta in metas if meta.max_length is not None]
    for meta in metas:
        if meta.pattern and meta.pattern.startswith("^") and meta.pattern.endswith("$(?!\\n)"):
            lengths.append(float(re._parser.parse(meta.pattern).getwidth()[1]))
    return min(lengths, default=float("inf"))


def _structs(hint: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for part in get_args(hint):
        yield from _structs(part)


def longest(hint: Any, *, real: bool = False) -> Any:
    """A value as long as a field of a type can be; what a struct's own checks ask for is not looked at.

    A struct is one that can be changed, unless it shall be a real one.
    """
    metas: list[Meta] = []
    while get_origin(hint) is Annotated:
        metas += [meta for meta in hint.__metadata__ if isinstance(meta, Meta)]
        hint = hint.__origin__
    origin, inner = get_origin(hint) or hint, get_args(hint)
    if origin in (Union, types.UnionType):
        return longest(next(part for part in inner if part is not type(None)), real=real)
    if origin is Literal:
        return max(inner, key=len)
    if origin in LIST_TYPES:
        parts = [longest(part, real=real) for part in inner if part is not ...]
        return dict([parts]) if len(parts) == 2 and origin in (dict, Mapping) else origin(parts[:1])
    if origin is str:
        return "9" * int(min(_longest(metas), LONGEST))
    if origin in (int, float):
        return next((bound for meta in metas if (bound := meta.le or meta.lt) is not None), 0)
    if origin is date:
        return date(2100, 12, 31)
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
        return longest_of(origin, real=real)
    return False if origin is bool else None


def longest_of(struct: type[msgspec.Struct], *, real: bool = False) -> Any:
    """One with the longest values in all its fields."""
    hints = get_type_hints(struct, include_extras=True)
    values = {name: longest(hints[name], real=real) for name in struct.__struct_fields__}
    if real:
        return struct(**values)
    said = {
        name: of for base in struct.__mro__[::-1] for name, of in vars(base).items() if isinstance(of, property | str)
    }
    kind = type(struct.__name__, (SimpleNamespace,), said)
    return kind(**values)
