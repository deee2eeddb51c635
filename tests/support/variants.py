"""A message said otherwise: each of its fields changed a little, by what a story knows and by what its type allows.

What is chosen hangs on the message's type, the field and the value alone, by SHA-256. So a new command, field or id
changes what is said of it, and hardly anything else.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import inspect

from shared.contracts import Payload
from shared.contracts.values import SAID
from shared.divisions import place_of
from shared.policy import Policy
from shared.rules import State

DAY: Final = timedelta(1)
CODE: Final = re.compile("[a-z][a-z0-9_]*")
MOST: Final = 40
"""As many values of a field are remembered as are needed to have something of each kind."""
WORDS: Final = "据实填写"
UNKNOWN: Final = {"999999999999": 12, "999999": 6, "NOBODY-9": 40, "no_such_code": 32, "nothing/9": 120}
"""Ids and codes that nobody has, each for the patterns that it fits."""


@cache
def shape(struct: type[msgspec.Struct]) -> inspect.StructType:
    """The fields of a struct with their types and bounds."""
    found = inspect.type_info(struct)
    assert isinstance(found, inspect.StructType)
    return found


class Known:
    """The values that a story knows, by the name of the field in which they occur, and by the pattern that they fit."""

    def __init__(self, beside: "Known | None" = None) -> None:
        self.beside = beside
        """Who is asked for what is not known here."""
        self.values: dict[str, dict[str, Any]] = {}
        self._orders: dict[tuple[str, str], list[Any]] = {}

    def learn(self, part: msgspec.Struct) -> None:
        """Remember what stands in each field."""
        self._orders.clear()
        for field in shape(type(part)).fields:
            self._learn(plain(field.type), field.name, getattr(part, field.name))

    def learn_pack(self, policy: Policy) -> None:
        """Remember the codes and roles that a pack has, by the names of the fields in which they stand."""
        self._learn_part("", msgspec.to_builtins(policy))

    def _learn_part(self, name: str, part: Any) -> None:
        match part:
            case dict():
                for key, one in part.items():
                    if isinstance(one, dict):
                        self.values.setdefault(name.removesuffix("s"), {}).setdefault(repr(key), key)
                    self._learn_part(key, one)
            case list() | tuple():
                for one in part:
                    self._learn_part(name, one)
            case str() if CODE.fullmatch(part):
                self.values.setdefault(name, {}).setdefault(repr(part), part)

    def _learn(self, type: inspect.Type, name: str, value: Any) -> None:
        match value:
            case None | bool():
                return
            case msgspec.Struct():
                self.learn(value)
            case tuple() | list() | frozenset() | set():
                for one in sorted(value) if isinstance(value, frozenset | set) else value[:5]:
                    self._learn(item(type), name, one)
            case dict():
                for key in sorted(value, key=str)[:5]:
                    self._learn(inspect.AnyType(), f"{name} key", key)
                    self._learn(inspect.AnyType(), f"{name} value", value[key])
            case _:
                pattern = getattr(type, "pattern", None)
                for under in (name, pattern) if pattern in SAID else (name,):
                    kept = self.values.setdefault(under, {})
                    if len(kept) < MOST:
                        kept.setdefault(repr(value), value)

    def some(self, under: str, asked: str, number: int, but: Any = None) -> list[Any]:
        """So many of the values that are known under a name, others than one, as it falls for what is asked."""
        if (under, asked) not in self._orders:
            kept = self.values.get(under, {})
            self._orders[under, asked] = [kept[text] for text in sorted(kept, key=lambda text: ticket(asked, text))]
        found = [value for value in self._orders[under, asked] if value != but][:number]
        return found or (self.beside.some(under, asked, number, but) if self.beside else [])


def ticket(*of: object) -> int:
    """A number that hangs on nothing else than this."""
    return int.from_bytes(hashlib.sha256("\x1f".join(map(str, of)).encode()).digest()[:8], "big")


def text(payload: msgspec.Struct) -> str:
    """A message in one line that is always the same."""
    return f"{type(payload).__name__} {_SORTED(payload).decode()}"


_SORTED: Final = msgspec.json.Encoder(order="deterministic").encode


def plain(type: inspect.Type) -> inspect.Type:
    """A type without its notes, and without None."""
    while isinstance(type, inspect.Metadata):
        type = type.type
    if isinstance(type, inspect.UnionType):
        return plain(next((one for one in type.types if not isinstance(one, inspect.NoneType)), type.types[0]))
    return type


def item(type: inspect.Type) -> inspect.Type:
    """The type of what a list holds."""
    held = getattr(type, "item_type", None) or next(iter(getattr(type, "item_types", ())), None)
    return plain(held) if held else inspect.AnyType()


def otherwise(payload: Payload, known: Known, today: date) -> Iterator[tuple[str, Payload]]:
    """The message with one thing changed, each with what is another."""
    said = set[bytes]()
    for field in shape(type(payload)).fields:
        if field.name == "expects":
            continue
        asked = f"{type(payload).__name__}.{field.name}"
        for value in _others(field.type, field.name, getattr(payload, field.name), known, asked, today):
            other = sound(payload, {field.name: value})
            if other is not None and (raw := _SORTED(other)) not in said:
                said.add(raw)
                yield field.name, other


def sound(payload: Payload, changed: dict[str, Any]) -> Payload | None:
    """The message with these fields, from the division of its village, if it could come in like that."""
    if isinstance(village := changed.get("village"), str):
        changed = {"place": place_of(village), **changed}
    try:
        raw = msgspec.json.encode(msgspec.structs.replace(payload, **changed))
        return msgspec.json.decode(raw, type=type(payload))
    except (ValueError, TypeError):  # It lies outside of a bound.
        return None


def field_otherwise(payload: Payload, name: str, known: Known, today: date, number: int) -> Iterator[Payload]:
    """The message with other values in a field, beginning with those that are known of it."""
    field = next(field for field in shape(type(payload)).fields if field.name == name)
    asked = f"{type(payload).__name__}.{name}"
    value = getattr(payload, name)
    kind = plain(field.type)
    if isinstance(kind, inspect.LiteralType):
        own = sorted((one for one in kind.values if one != value), key=lambda one: ticket(asked, one))
    else:
        own = [one for one in known.some(name, asked, number, value) if _fits(one, kind)]
    for other in (*own, *_others(field.type, name, value, known, asked, today)):
        if found := sound(payload, {name: other}):
            yield found


def about(
    command: type[Payload], state: State, named: Mapping[str, Any], known: Known, today: date, again: str = ""
) -> Payload | None:
    """A message of this type that says of a state what stands in it already, and what the story knows besides."""
    own = Known(known)
    own.learn(state)
    values = made(shape(command), "", own, f"{command.__name__} {state.kind} {state.status}{again}", today, named)
    village = getattr(values, "village", None)
    return sound(values, {"village": village} if village else {}) if values else None


def _others(
    type: inspect.Type, name: str, value: Any, known: Known, asked: str, today: date, depth: int = 0
) -> Iterator[Any]:
    """Other values for a field: those that are near to its own, and those that lie at a bound."""
    kind = plain(type)
    if value is not None and _may_be_none(type):
        yield None
    if value is None:
        yield from () if isinstance(kind, inspect.NoneType) else [made(kind, name, known, asked, today)]
        return
    match kind:
        case inspect.BoolType():
            yield not value
        case inspect.LiteralType(values=values):
            yield from sorted((v for v in values if v != value), key=lambda v: ticket(asked, v))[:2]
        case inspect.IntType(ge=least, le=most):
            yield from (value - 1, value + 1, least, *(known.some(name, asked, 1, value)))
            if most is not None and most <= 1000:
                yield most
        case inspect.FloatType(ge=least, le=most):
            yield from (value / 2, value + 1, least, most if most is not None and most <= 1000 else value * 2)
        case inspect.DateType():
            yield from (value - DAY, value + DAY, today - DAY, today + DAY, value + 400 * DAY)
            yield from known.some(name, asked, 1, value)
        case inspect.StrType(pattern=pattern):
            yield from _texts(pattern, name, value, known, asked)
        case inspect.StructType():
            yield from _parts(kind, value, known, asked, today, depth)
        case inspect.DictType():
            yield from _mappings(kind, name, value, known, asked, today)
        case _ if isinstance(value, (tuple, list)):
            yield from _lists(kind, name, value, known, asked, today, depth)


def _may_be_none(type: inspect.Type) -> bool:
    while isinstance(type, inspect.Metadata):
        type = type.type
    return isinstance(type, inspect.UnionType) and any(isinstance(one, inspect.NoneType) for one in type.types)


def _texts(pattern: str | None, name: str, value: str, known: Known, asked: str) -> Iterator[str]:
    """Another text: of the same field, of the same sort, or known to nobody."""
    free = pattern is None or pattern not in SAID
    like = inspect.StrType(pattern=pattern)
    yield from (one for one in known.some(name, asked, 1 if free else 3, value) if _fits(one, like))
    if not free:
        assert pattern
        yield from known.some(pattern, asked, 1, value)
        yield from UNKNOWN


def _parts(kind: inspect.StructType, value: Any, known: Known, asked: str, today: date, depth: int) -> Iterator[Any]:
    if depth < 2 and type(value) is kind.cls:
        for field in kind.fields:
            own = getattr(value, field.name)
            for other in _others(field.type, field.name, own, known, f"{asked}.{field.name}", today, depth + 1):
                yield msgspec.structs.replace(value, **{field.name: other})


def _mappings(
    kind: inspect.DictType, name: str, value: dict[Any, Any], known: Known, asked: str, today: date
) -> Iterator[dict[Any, Any]]:
    yield {}
    first = min(value, key=str, default=None)
    for key in known.some(f"{name} key", asked, 1, first):
        yield {**value, key: value.get(first, 0)}
    if value:
        held = value[first]
        yield {key: one for key, one in value.items() if key != first}
        for other in _others(kind.value_type, f"{name} value", held, known, asked, today, 1):
            yield {**value, first: other}


def _lists(
    kind: inspect.Type, name: str, value: Iterable[Any], known: Known, asked: str, today: date, depth: int
) -> Iterator[tuple[Any, ...]]:
    first, *rest = (*value,) or (None,)
    yield ()
    if first is None:
        yield (made(item(kind), name, known, asked, today),)
        return
    yield (first, *rest[:-1]) if rest else (first, first)
    yield (first, *rest, made(item(kind), name, known, asked, today))
    for other in _others(item(kind), name, first, known, asked, today, depth):
        yield (other, *rest)


def _fits(value: Any, kind: inspect.Type) -> bool:
    match kind:
        case inspect.LiteralType(values=values):
            return value in values
        case inspect.StrType(pattern=pattern):
            if not isinstance(value, str) or not re.search(pattern or "", value):
                return False
            return not (CODE.fullmatch(value) and re.search(pattern or "", WORDS))  # Nobody writes a code as a text.
        case inspect.DateType():
            return isinstance(value, date)
        case inspect.IntType() | inspect.FloatType():
            return isinstance(value, int | float)
    return False


def made(
    kind: inspect.Type,
    name: str,
    known: Known,
    asked: str,
    today: date,
    named: Mapping[str, Any] = MappingProxyType({}),
) -> Any:
    """A value for a field that has none: one that the story knows, or a plain one of its type."""
    for under in (name, getattr(kind, "pattern", None)):
        for value in known.some(under, asked, 5) if under else ():
            if _fits(value, kind):
                return value
    match plain(kind):
        case inspect.BoolType():
            return True
        case inspect.LiteralType(values=values):
            return min(values, key=lambda v: ticket(asked, v))
        case inspect.IntType(ge=least) | inspect.FloatType(ge=least):
            return max(least or 0, 1)
        case inspect.DateType():
            return today
        case inspect.StrType(pattern=pattern) if pattern in SAID:
            return "2015" if "term" in pattern else "nothing-9"
        case inspect.StrType():
            return WORDS
        case inspect.StructType() as struct:
            fields = {
                field.name: made(plain(field.type), field.name, known, f"{asked}.{field.name}", today)
                for field in struct.fields
                if field.required
            }
            try:
                return struct.cls(**{**fields, **named})
            except ValueError:  # A day that lies outside of a bound.
                return None
        case inspect.DictType(value_type=held):
            keys = known.some(f"{name} key", asked, 1)
            return {key: made(held, f"{name} value", known, asked, today) for key in keys}
        case inspect.VarTupleType() | inspect.ListType() as several:
            return (made(item(several), name, known, asked, today),)
    return None
