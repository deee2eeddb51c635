"""Everything in a pack that does not fit the schema: each field with what is wrong and what is allowed there."""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib import resources
from types import UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from shared.contracts.values import ROLES, Code, EventRole, Role, Version
from shared.policy.bound import Part
from shared.policy.section import DocumentKey, Jurisdiction, Path, Year

MOST: Final = 200
"""The most faults that are looked for."""


class Fault(NamedTuple):
    """One thing that is wrong, where it stands, and what to do."""

    path: Path
    zh: str
    en: str
    line: int | None = None
    """The line in the file, counted from 1; None if the pack did not come as a file."""
    instead: str | None = None
    """The example to show. None: take it from a valid pack. Empty: show none."""

    @property
    def where(self) -> str:
        """The place in writing: `campaigns[2].share`, entries counted from 0."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).removeprefix(".")

    @property
    def example(self) -> str:
        """A valid line for this place; empty if there is none."""
        return example(self.path) if self.instead is None else self.instead


def misfits(struct: type[msgspec.Struct], data: object) -> list[Fault]:
    """The places where a content does not fit its schema, at most `MOST`.

    A content that was made to do harm takes no longer than a long one.
    """
    found: list[Fault] = []
    for fault in _of(struct, data, ()):
        found.append(fault)
        if len(found) == MOST:
            break
    return found


def _of(hint: Any, value: Any, path: Path) -> Iterator[Fault]:
    """The faults of a value that should be of this type.

    It follows the type and not the value, so it does not walk values that are nested deeper than the type.
    """
    inner, metas = bare(hint)
    origin = get_origin(inner)
    parts = get_args(inner) if origin in (Union, UnionType) else (inner,)
    structs = [part for part in parts if _is_struct(part)]
    struct = tagged(structs, value) if structs else None
    if struct is None and structs and isinstance(value, Mapping):
        yield _untagged(structs, value, path)
    elif struct and (struct is inner or isinstance(value, Mapping)):
        yield from _of_struct(struct, value, path)
    elif origin is tuple and isinstance(value, list | tuple) and _fits(inner, metas, value):
        for n, entry in enumerate(value):
            yield from _of(get_args(inner)[0], entry, (*path, n))
    elif origin is not None and _is_mapping(origin) and isinstance(value, Mapping) and _fits(inner, metas, value):
        of_key, of_value = get_args(inner)
        for key, entry in value.items():
            if wrong := _misfit(of_key, key, (*path, str(key)[:60])):
                yield wrong
            else:
                yield from _of(of_value, entry, (*path, key))
    elif wrong := _misfit(hint, value, path):
        yield wrong


def tag_of(struct: type[msgspec.Struct]) -> tuple[str, str] | None:
    """The field and its value by which a kind of entry is told from others of the same list; None if it is alone."""
    config = struct.__struct_config__
    return (config.tag_field, str(config.tag)) if config.tag_field and config.tag else None


def tagged(structs: Sequence[type[msgspec.Struct]], value: Any) -> type[msgspec.Struct] | None:
    """Which of these kinds of entry a value is; None if it does not say."""
    tags = {tag: struct for struct in structs if (tag := tag_of(struct))}
    if len(structs) == 1 or not isinstance(value, Mapping):
        return structs[0]
    return next((struct for (field, tag), struct in tags.items() if value.get(field) == tag), None)


def _untagged(structs: Sequence[type[msgspec.Struct]], value: Mapping[str, Any], path: Path) -> Fault:
    """The fault of an entry that does not say which kind of entry it is, or names one that does not exist."""
    tags = [tag for struct in structs if (tag := tag_of(struct))]
    field = tags[0][0]
    zh, en = f"应为其中之一：{'、'.join(tag for _, tag in tags)}", f"it must be one of {', '.join(t for _, t in tags)}"
    shown = _shown(value[field]) if field in value else ("缺少这个字段", "it is missing")
    return Fault((*path, field), f"{shown[0]}，{zh}", f"{shown[1]}; {en}")


def _of_struct(struct: type[msgspec.Struct], value: Any, path: Path) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        (shown, shown_en), (zh, en) = _shown(value), allowed(struct)
        yield Fault(path, f"{shown}，应为{zh}", f"{shown_en}; it must be {en}")
        return
    hints = hints_of(struct)
    sound = True
    for key in value:
        if key not in hints:
            sound = False
            name = str(key)[:60]
            close = get_close_matches(name, hints, 1)
            zh, en = (
                (f"，是否为 {close[0]}？", f"; do you mean `{close[0]}`?")
                if close
                else (f"，可填：{'、'.join(hints)}", f"; it may be {', '.join(hints)}")
            )
            yield Fault((*path, name), f"没有这个字段{zh}", f"there is no such field{en}")
    for field in msgspec.structs.fields(struct):
        name = field.encode_name
        if name in value:
            for fault in _of(hints[name], value[name], (*path, name)):
                sound = False
                yield fault
        elif field.required:
            sound = False
            zh, en = allowed(hints[name])
            yield Fault((*path, name), f"缺少这个字段，应为{zh}", f"it is missing; it must be {en}")
    if sound and (wrong := _misfit(struct, value, path)):  # Each field fits, but not with the others, as 30 February.
        yield wrong


def _misfit(hint: Any, value: Any, path: Path) -> Fault | None:
    try:
        known = msgspec.convert(value, hint)
        years = next((meta.extra["years"] for meta in bare(hint)[1] if meta.extra), None)
        if years and known is not None and not years[0] <= known.year <= years[1]:
            raise ValueError
    except (ValueError, RecursionError, OverflowError):
        zh, en = allowed(hint)
        shown = _shown(value)
        if bare(hint)[0] in (Role, EventRole) and isinstance(value, Mapping) and {"link", "of"} & {*value}:
            zh = f"{zh}；按联系（link）或者关系（of）还不能确定由谁办理"
            en = f"{en}; who holds a link or stands in a relation cannot be found yet"
        elif _is_struct(bare(hint)[0]):
            zh, en = "每年都有的一天，如“{ month = 6, day = 30 }”", "one that exists, such as { month = 6, day = 30 }"
            shown = (f"现为 {toml(value)}", f"it is {toml(value)}")
        elif isinstance(value, str) and _is_number(bare(hint)[0]):
            zh, en = f"{zh}，不加引号", f"{en}, without quotes"
        return Fault(path, f"{shown[0]}，应为{zh}", f"{shown[1]}; it must be {en}")
    return None


# ------------------------------------------------------------ what is allowed

_PATTERNS: Final = {
    get_args(hint)[1].pattern: words
    for hint, words in (
        (Code, ("代码：小写字母开头，只用小写字母、数字和下划线", "a code of small letters, digits and `_`")),
        (Version, ("版本号：字母、数字、点、横线", "a version of letters, digits, `.` and `-`")),
        (Jurisdiction, ("区划代码：2、4 或 6 位数字", "the 2, 4 or 6 digits of a division")),
        (DocumentKey, ("文件简称：字母开头，最多 12 个字母数字", "a document's short name, such as S3")),
        (Year, ("1990 至 2100 的年度", "a year from 1990 to 2100")),
        (Part, ('分数，如 "2/3"', 'a fraction such as "2/3"')),
    )
}


def allowed(hint: Any) -> tuple[str, str]:
    """What may stand in a field, in Chinese and English."""
    inner, metas = bare(hint)
    origin, args = get_origin(inner), get_args(inner)
    if inner in (Role, EventRole):
        roles = [role for role in args if role != "operator"]  # Who keeps the system running decides nothing.
        return f"其中之一：{'、'.join(f'{role}（{ROLES[role][0]}）' for role in roles)}", f"one of {', '.join(roles)}"
    if origin is Literal:
        return f"其中之一：{'、'.join(args)}", f"one of {', '.join(args)}"
    if origin is tuple:
        zh, en = allowed(args[0])
        zh_size, en_size = _sizes(inner, metas)
        return f"列表（{zh_size}），每项为{zh}", f"a list ({en_size}), each {en}"
    if origin is not None and _is_mapping(origin):
        zh, en = allowed(args[1])
        zh_size, en_size = _sizes(inner, metas)
        return f"一节（{zh_size}），每项为{zh}", f"a table ({en_size}), each {en}"
    if args and origin is not Annotated:
        kinds = [allowed(part) for part in args if part is not type(None)]
        return "或".join(dict.fromkeys(zh for zh, _ in kinds)), " or ".join(dict.fromkeys(en for _, en in kinds))
    if _is_struct(inner):
        fields = "、".join(field.encode_name for field in msgspec.structs.fields(inner))
        return f"一节（{fields}）", f"a table ({fields.replace('、', ', ')})"
    return _of_scalar(inner, metas)


def _of_scalar(inner: Any, metas: Iterable[Meta]) -> tuple[str, str]:
    if inner is bool:
        return "true 或 false", "true or false"
    if inner is date:
        return "1980年至2100年的日期，如“2014-06-01”，不加引号", "a day from 1980-01-01 to 2100-12-31, without quotes"
    bounds = {name: getattr(meta, name) for meta in metas for name in ("ge", "le", "max_length", "pattern")}
    if inner in (int, float):
        zh, en = ("整数", "a whole number") if inner is int else ("数", "a number")
        if (inner, bounds["ge"], bounds["le"]) == (float, 0, 1):
            return "0 至 1 的数，如 60% 填 0.6", "a share from 0 to 1: 60 % is 0.6"
        low, high = (f"{bounds[name]:,.10g}" if bounds[name] % 1 else f"{int(bounds[name]):,}" for name in ("ge", "le"))
        return f"{low} 至 {high} 的{zh}", f"{en} from {low} to {high}"
    if words := _PATTERNS.get(bounds.get("pattern")):
        return words
    longest = bounds.get("max_length") or 60
    return f"一行文字，最多 {longest} 字", f"a line of at most {longest} characters"


def _sizes(inner: Any, metas: Iterable[Meta]) -> tuple[str, str]:
    least, most = _length(inner, metas)
    if least == most:
        return f"{most} 项", f"{most} entries"
    return f"{least} 至 {most} 项", f"{least} to {most} entries"


def _length(inner: Any, metas: Iterable[Meta]) -> tuple[int, int]:
    """The fewest and the most entries that a list or table may have; each is bounded."""
    args = get_args(inner)
    if get_origin(inner) is tuple and args[-1] is not Ellipsis:
        return len(args), len(args)
    return max(meta.min_length or 0 for meta in metas), max(meta.max_length or 0 for meta in metas)


def _shown(value: object) -> tuple[str, str]:
    """A value, shortened to stand in a sentence: Chinese and English."""
    if isinstance(value, Mapping):
        return "现为一节", "it is a table"
    if isinstance(value, list | tuple):
        return f"现为 {len(value)} 项的列表", f"it is a list of {len(value)}"
    if isinstance(value, str):
        text = value if len(value) <= 40 else f"{value[:40]}…"
        return f"现为“{text}”", f"it is {toml(text)}"
    text = hex(value) if isinstance(value, int) and abs(value) > 10**40 else toml(value)
    text = text if len(text) <= 40 else f"{text[:40]}…"
    return f"现为 {text}", f"it is {text}"


@cache
def hints_of(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """The types of a struct's fields, with their bounds, by the names that a pack uses for the fields."""
    hints = get_type_hints(struct, include_extras=True)
    tag = tag_of(struct)
    head: dict[str, Any] = {tag[0]: Literal[tag[1]]} if tag else {}
    return head | {field.encode_name: hints[field.name] for field in msgspec.structs.fields(struct)}


_LEFT_OUT: Final = {type(None), msgspec.UnsetType}


def bare(hint: Any) -> tuple[Any, tuple[Meta, ...]]:
    """A type without its annotations, and those annotations.

    `X | None` and `X | UnsetType` only say that a field is optional, and become X.
    """
    metas: tuple[Meta, ...] = ()
    while get_origin(hint) is Annotated or not _LEFT_OUT.isdisjoint(get_args(hint)):
        if get_origin(hint) is Annotated:
            metas += tuple(meta for meta in hint.__metadata__ if isinstance(meta, Meta))
            hint = hint.__origin__
        elif len(rest := [part for part in get_args(hint) if part not in _LEFT_OUT]) == 1:
            (hint,) = rest
        else:
            break
    return hint, metas


def _is_struct(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, msgspec.Struct)


def _is_number(inner: Any) -> bool:
    """Whether a field takes a number or truth value, and nothing else but perhaps a table."""
    kinds = [bare(part)[0] for part in get_args(inner) or (inner,)]
    return any(kind in (int, float, bool) for kind in kinds) and all(
        kind in (int, float, bool) or _is_struct(kind) for kind in kinds
    )


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _fits(inner: Any, metas: Iterable[Meta], value: Any) -> bool:
    least, most = _length(inner, metas)
    return least <= len(value) <= most


# -------------------------------------------------------------------- examples


@cache
def _sound() -> tuple[dict[str, Any], ...]:
    """The contents of valid packs, from which examples are taken: Benxi's first, others for what it does not say."""
    files = [file for file in (resources.files("shared.policy") / "packs").iterdir() if file.name.endswith(".toml")]
    files.sort(key=lambda file: (file.name != "benxi.toml", file.name))
    return tuple(tomllib.loads(file.read_text("utf-8")) for file in files)


def example_at(path: Path) -> Any:
    """The value at this place in a valid pack; of a list, in the first entry that has it. None if there is none."""
    found: list[Any] = [*_sound()]
    for part in path:
        if isinstance(part, int):
            found = [entry for part in found if isinstance(part, list) for entry in part]
        else:
            found = [part_[part] for part_ in found if isinstance(part_, dict) and part in part_]
    return found[0] if found else None


def example(path: Path) -> str:
    """A line of TOML for this place, taken from a valid pack; empty if there is none."""
    value = example_at(path)
    if value is None and path[:-1] and not isinstance(path[-2], int):
        return example(path[:-1])  # If `calendar_days` is asked for and the valid pack has months, show the whole time.
    tables = isinstance(value, list) and any(isinstance(entry, dict) and len(entry) > 2 for entry in value[:1])
    if (
        not path
        or not isinstance(path[-1], str)
        or value is None
        or tables
        or (isinstance(value, dict) and len(path) < 2)
    ):
        return ""
    return f"{path[-1]} = {toml(value)}"


_NUMBERS = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def toml(value: Any) -> str:
    """A value as a pack's file writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(part)}" for key, part in [*value.items()][:6]) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value[:3])) + "]"
    plain = value is None or isinstance(value, bool | int | float | str)
    return _NUMBERS.get(written := json.dumps(value, ensure_ascii=False), written) if plain else str(value)


# ----------------------------------------------------------------- mended parts


def mended(data: Any, faults: Iterable[Fault]) -> Any:
    """The content with each faulty value replaced by a valid one, so that the rest can be checked for
    contradictions. Raises RecursionError if it is nested without end."""
    copy = _copied(data)
    for n, fault in enumerate(faults):
        *way, last = fault.path or ("",)
        part = copy
        for step in way:
            part = part[step] if _has(part, step) else None
        value = example_at(fault.path)
        if isinstance(value, str) and value.isascii() and value.islower():
            value = f"mended{n}" if fault.path[-1] in ("name", "kind", "code", "figure") else value
        if isinstance(part, dict) and value is not None:
            part[last] = value
        elif isinstance(part, dict):
            part.pop(last, None)
        elif isinstance(part, list) and isinstance(last, int) and last < len(part):
            part[last] = value
    return copy


def _has(part: Any, step: str | int) -> bool:
    if isinstance(part, list):
        return isinstance(step, int) and step < len(part)
    return isinstance(part, dict) and step in part


def _copied(value: Any) -> Any:
    """A copy, cut off where it is longer than any pack. Raises RecursionError where it is nested without end."""
    if isinstance(value, Mapping):
        return {str(key): _copied(part) for key, part in [*value.items()][:MOST]}
    return [_copied(part) for part in value[:MOST]] if isinstance(value, list | tuple) else value
