"""A pack's content with one thing changed: each place in each way that its type allows."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from shared.calendar import Span, YearDay
from shared.policy import Policy, parse_pack
from shared.policy.shipped import FILES, base, content
from tests.support.variants import Known, item, made, shape, ticket

NAMES: Final = tuple(file.stem for file in FILES)
HEAD: Final = ("jurisdiction", "version", "effective_from", "name", "name_en", "extends")
"""By what a pack names itself."""
Where = tuple[str | int, ...]


class Edit(NamedTuple):
    """One thing in a pack that is another."""

    at: Where
    how: str
    value: Any
    """What stands there; LEFT_OUT if nothing does."""

    @property
    def told(self) -> str:
        """In a line, which is always the same."""
        return f"{generic(self.at)} {self.how} {self.at} {'' if self.value is LEFT_OUT else repr(self.value)[:200]}"


LEFT_OUT: Final = object()
UNKNOWN: Final = "no_such_code"
BESIDE: Final = 3
"""How many values of the same sort are taken from the places beside one."""


def generic(at: Where) -> str:
    """A place without its numbers: `links.roles.role`."""
    return ".".join(part for part in at if isinstance(part, str))


def entry(at: Where) -> Where:
    """The entry of a pack in which a place lies, such as the third of its links; else its section."""
    return at[:2] if len(at) > 1 and isinstance(at[1], int) else at[:1]


def edited(part: Any, at: Where, value: Any) -> Any:
    """A copy of a part in which one thing is another."""
    if not at:
        return value
    step, *rest = at
    copy = part.copy()
    if not rest and value is LEFT_OUT:
        del copy[step]
    elif not rest:
        copy[step] = value
    else:
        copy[step] = edited(part[step], tuple(rest), value)
    return copy


# ------------------------------------------------------------ what may be another


def kind_of(type: inspect.Type, value: Any) -> inspect.Type:
    """Which of the types that may stand at a place a value is of."""
    while isinstance(type, inspect.Metadata):
        type = type.type
    if not isinstance(type, inspect.UnionType):
        return type
    kinds = [kind_of(one, value) for one in type.types]
    for kind in kinds:
        match kind:
            case inspect.StructType(tag_field=field, tag=tag) if isinstance(value, dict):
                if field is None or value.get(field) == tag:
                    return kind
            case inspect.BoolType() if isinstance(value, bool):
                return kind
            case inspect.IntType() | inspect.FloatType() if isinstance(value, int | float):
                return kind
            case inspect.StrType() | inspect.LiteralType() if isinstance(value, str):
                return kind
            case inspect.VarTupleType() if isinstance(value, list):
                return kind
    return next(kind for kind in kinds if not isinstance(kind, inspect.NoneType))


def places(type: inspect.Type, value: Any, at: Where = ()) -> Iterator[tuple[Where, inspect.Type, Any]]:
    """Every place of a content with its type."""
    kind = kind_of(type, value)
    yield at, kind, value
    match kind:
        case inspect.StructType(fields=fields) if isinstance(value, dict):
            for field in fields:
                if field.encode_name in value:
                    yield from places(field.type, value[field.encode_name], (*at, field.encode_name))
        case inspect.DictType(value_type=held) if isinstance(value, dict):
            for key in value:
                yield from places(held, value[key], (*at, key))
        case _ if isinstance(value, list):
            for n, one in enumerate(value):
                yield from places(item(kind), one, (*at, n))


@cache
def said() -> dict[str, list[Any]]:
    """What all shipped packs say, by place."""
    found = defaultdict[str, list[Any]](list)
    for name in NAMES:
        for at, _, value in places(shape(Policy), content(name)):
            found[generic(at)].append(value)
    return found


IN_TIMES: Final = frozenset({*Span.__struct_fields__, *YearDay.__struct_fields__})
"""The numbers of which times consist. Times are compared as a whole."""


def sort_of(at: Where, kind: inspect.Type) -> Any:
    """By what a value is compared with others of its sort; None where a value is compared with none."""
    match kind:
        case _ if at and at[-1] in IN_TIMES:
            return None
        case inspect.StructType(cls=struct):
            return struct
        case inspect.IntType() | inspect.FloatType() | inspect.DateType():
            return type(kind)
    return None


class Beside:
    """What an entry of a pack says in other places of the same sort: the rules of packs compare such values, and
    answer otherwise where they are alike."""

    def __init__(self, own: Any) -> None:
        self.values = defaultdict[tuple[Where, Any], list[tuple[Where, Any]]](list)
        for at, kind, value in places(shape(Policy), own):
            self.values[entry(at), sort_of(at, kind)].append((at, value))

    def of(self, at: Where, kind: inspect.Type) -> Iterator[Edit]:
        """A few of the other values, those first that stand near."""
        sort = sort_of(at, kind)
        others = [one for one in self.values.get((entry(at), sort), ()) if sort and one[0] != at]
        near = sorted(others, key=lambda one: (len(one[0]), ticket(generic(at), generic(one[0]))))
        for there, value in near[:BESIDE]:
            yield Edit(at, f"as {generic(there)}", value)


def edits(pack: str, own: Mapping[str, Any]) -> Iterator[Edit]:
    """Everything that is changed in what a pack says."""
    beside = Beside(own)
    known = Known()
    known.learn_pack(parse_pack(own, base))
    words = defaultdict[str, dict[str, None]](dict)
    for at, _, value in places(shape(Policy), own):
        if isinstance(value, str):
            words[str(next(part for part in reversed(at) if isinstance(part, str)))][value] = None
    for at, kind, value in places(shape(Policy), own):
        name = next((part for part in reversed(at) if isinstance(part, str)), "")
        asked = generic(at)
        for n, other in enumerate(_others(kind, name, value, [*words[name]], known, asked)):
            if other != value:
                yield Edit(at, str(n), other)
        yield from (edit for edit in beside.of(at, kind) if edit.value != value)
        if isinstance(kind, inspect.StructType) and isinstance(value, dict):
            yield from _fields(at, kind, value, known, beside)
        if len(at) == 1 and isinstance(value, dict | list):
            for other in sorted({*NAMES} - {pack}, key=lambda other: ticket(pack, at, other)):
                if at[0] in content(other):
                    yield Edit(at, f"as in {other}", content(other)[at[0]])


def _fields(at: Where, kind: inspect.StructType, value: dict[str, Any], known: Known, beside: Beside) -> Iterator[Edit]:
    """Fields that are left out, and those that are said where they were not."""
    for field in kind.fields:
        there = (*at, field.encode_name)
        if field.encode_name in value:
            if not field.required:
                yield Edit(there, "left out", LEFT_OUT)
            continue
        examples = {str(one): one for one in said().get(generic(there), ())}
        for text in sorted(examples, key=lambda one: ticket(generic(there), one))[:2]:
            yield Edit(there, "said", examples[text])
        yield from beside.of(there, kind_of(field.type, None))
        if not examples:
            value_ = made(kind_of(field.type, None), field.name, known, generic(there), date(2016, 1, 1))
            yield Edit(there, "said", _plain(value_))


def _plain(value: Any) -> Any:
    """A value as a file has it."""
    match value:
        case msgspec.Struct():
            return {name: _plain(one) for name, one in msgspec.structs.asdict(value).items() if one is not None}
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
    return value


def _others(kind: inspect.Type, name: str, value: Any, words: Sequence[str], known: Known, asked: str) -> Iterator[Any]:
    """Other values for a place: near to its own, at a bound, said elsewhere in the pack, or known to nobody."""
    match value:
        case bool():
            yield not value
        case int():
            yield from (value + 1, value - 1, getattr(kind, "ge", None) or 0, min(getattr(kind, "le", 0) or 0, 10**6))
        case float():
            yield from (value / 2, value * 2, 0.0, 1.0)
        case date():
            yield from (value + timedelta(1), value - timedelta(1), value + timedelta(1500), value - timedelta(1500))
        case str() if isinstance(kind, inspect.LiteralType):
            yield from sorted((one for one in kind.values if one != value), key=lambda one: ticket(asked, one))[:4]
        case str():
            yield from sorted((one for one in words if one != value), key=lambda one: ticket(asked, value, one))[:3]
            yield UNKNOWN
        case dict() if isinstance(kind, inspect.DictType):
            yield {}
            yield dict([*value.items()][1:])
            yield value | {UNKNOWN: next(iter(value.values()), "据实填写")}
        case list():
            yield []
            yield value[1:]
            yield value[:-1]
            yield value[::-1]
            yield [*value, value[0]] if value else value
            others = {str(one): one for each in said()[asked] for one in each if one not in value}
            for text in sorted(others, key=lambda text: ticket(asked, text))[:3]:
                yield [*value, others[text]]
