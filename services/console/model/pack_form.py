"""A pack as a form: its numbers, names, days and times, each with what the schema says that it means."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from types import UnionType
from typing import Any, Final, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from shared.labels import Both
from shared.pack_sentences import word_of_key
from shared.pack_words import words
from shared.policy import Policy
from shared.policy.checking import bare, hints_of, tagged
from shared.policy.section import Path

HEAD: Final = ("jurisdiction", "version", "effective_from", "name", "name_en")
"""What every pack says of itself."""
_NAMED: Final = ("label", "title", "channel", "rank", "on_list", "figure")
"""The fields by which people call an entry."""
_CODE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/-]*")
"""What only programs read, such as `registry.village.listed`: the form does not ask for it, and the pack that one
begins with has it."""
Kind = Literal["number", "text", "day", "truth", "entry"]


class Line(NamedTuple):
    """One thing that the form asks for, or an entry that can be left out."""

    path: Path
    about: Both
    """The entry to which it belongs; empty for what stands in the section itself."""
    label: Both
    kind: Kind
    value: str

    @property
    def name(self) -> str:
        """The name of its field: `exit.criteria.0.below`."""
        return ".".join(map(str, self.path))


def sections(content: Mapping[str, Any]) -> dict[str, Both]:
    """The sections that a pack fills in, by name, with what they are called."""
    said = words(Policy)
    return {name: _title(said[name]) for name in hints_of(Policy) if name not in HEAD and content.get(name)}


def lines(policy: Policy, content: Mapping[str, Any], section: str) -> list[Line]:
    """Everything that the form asks for in a section of a pack with this content, or in its head for an empty name."""
    hints, said = hints_of(Policy), words(Policy)
    names = (section,) if section else HEAD
    return [
        line
        for name in names
        for line in _of(policy, hints[name], content[name], (name,), ("", ""), _title(said[name]))
    ]


def filled(policy: Policy, content: Mapping[str, Any], said: Mapping[str, str]) -> dict[str, Any]:
    """The content with what was said, by the names of lines. A name after a minus sign leaves an entry out. A text that
    should be a number and is not stays a text, and the check says so."""
    made = deepcopy(dict(content))
    for section in ("", *sections(content)):
        for line in lines(policy, content, section):
            if line.kind != "entry" and line.name in said:
                _put(made, line, said[line.name].strip())
    entries = [
        line for section in sections(content) for line in lines(policy, content, section) if line.kind == "entry"
    ]
    for line in reversed(entries):  # The last ones first: those before them keep their numbers.
        if f"-{line.name}" in said:
            _held(made, line.path).pop(line.path[-1])
    return made


def _put(made: Any, line: Line, text: str) -> None:
    held, last = _held(made, line.path), line.path[-1]
    if text:
        held[last] = _value(line.kind, text, held.get(last) if isinstance(held, dict) else None)
    elif isinstance(held, dict):
        held.pop(last, None)


def _held(made: Any, path: Path) -> Any:
    """The table or list that contains what is at this path."""
    for part in path[:-1]:
        made = made[part]
    return made


def _value(kind: Kind, text: str, before: Any) -> Any:
    if isinstance(before, list):
        return [_value(kind, part.strip(), None) for part in re.split("[、,，]", text) if part.strip()]
    if kind == "truth":
        return text == "yes"
    if kind == "number":
        try:
            return int(text) if re.fullmatch(r"-?\d{1,12}", text) else float(text)
        except ValueError:
            return text
    return text


def _of(policy: Policy, hint: Any, value: Any, path: Path, about: Both, label: Both) -> Iterator[Line]:
    """The lines of a value of this type."""
    inner, _ = bare(hint)
    origin, args = get_origin(inner), get_args(inner)
    structs = [one for one in (args if origin in (Union, UnionType) else (inner,)) if _is_struct(one)]
    if structs and isinstance(value, Mapping):
        struct = tagged(structs, value) or structs[0]
        fields, said = hints_of(struct), words(struct)
        for name, part in value.items():
            if name in fields:
                yield from _of(policy, fields[name], part, (*path, name), about, _below(label, said[name], path))
    elif isinstance(value, Mapping):
        for key, part in value.items():
            zh, en = word_of_key(policy, key, str(path[-1]))
            zh = part if zh.startswith("代码") and isinstance(part, str) else zh
            one = (f"{label[0]}：{zh}", f"{label[1]}: {en}")
            yield from _of(policy, args[1] if args else Any, part, (*path, key), about, one)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for n, entry in enumerate(value):
            name = next((name for name in _NAMED if name in entry), "")
            zh, en = word_of_key(policy, str(entry[name]), name) if name else ("代码", "")
            zh, en = (f"第{n + 1}项", f"no. {n + 1}") if zh.startswith("代码") else (f"“{zh}”", f"“{en}”")
            one = (f"{label[0]}{zh}", f"{label[1]} {en}")
            yield Line((*path, n), one, label, "entry", "")
            yield from _of(policy, args[0], entry, (*path, n), one, ("", ""))
    elif kind := _kind(value):
        yield Line(path, about, label, kind, _text(value))


def _kind(value: Any) -> Kind | None:
    """How a value is typed; None for a code, and for an empty list."""
    one = value[0] if isinstance(value, list) and value else value
    if isinstance(one, bool):
        return "truth"
    if isinstance(one, int | float):
        return "number"
    if not isinstance(one, str) or not one or _CODE.fullmatch(one):
        return None
    return "day" if re.fullmatch(r"\d{4}-\d\d-\d\d", one) and not isinstance(value, list) else "text"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        "、".join(map(_text, value))
        if isinstance(value, list)
        else f"{value:.12g}"
        if isinstance(value, float)
        else str(value)
    )


def _below(label: Both, said: Both, path: Path) -> Both:
    """What a field of a section or entry is called: with what it is a part of, unless that stands above it already."""
    zh, en = _title(said)
    return (f"{label[0]}：{zh}", f"{label[1]}: {en}") if label[0] and len(path) > 1 else (zh, en)


def _title(said: Both) -> Both:
    """The first sentence of a docstring, without explanations and examples."""
    zh, en = said
    return re.split("[。；：]|，如", zh)[0], re.split("[.;:] |, such as ", en)[0].rstrip(".")


def _is_struct(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, msgspec.Struct)
