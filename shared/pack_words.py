"""What the sections of a policy pack and their fields mean: the docstrings of the structs in `shared/policy`."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import msgspec

from shared import chinese
from shared.policy import checking, pack


def structs() -> Iterator[type[msgspec.Struct]]:
    """The pack and all its sections, each before those within it, once."""
    seen: dict[type[msgspec.Struct], None] = {}

    def walk(struct: type[msgspec.Struct]) -> None:
        if struct not in seen:
            seen[struct] = None
            for hint in checking.hints_of(struct).values():
                for part in parts(hint):
                    walk(part)

    walk(pack.Policy)
    return iter(seen)


def parts(hint: Any) -> Iterator[type[msgspec.Struct]]:
    """The sections that a field can hold."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for part in get_args(hint):
        yield from parts(part)


def words(struct: type[msgspec.Struct]) -> dict[str, tuple[str, str]]:
    """The docstrings of a struct's fields by name, in Chinese and English. The struct's own is under the empty name."""
    found: dict[str, tuple[str, str]] = {}
    for part in reversed(struct.__mro__):
        written = {field.name: field.encode_name for field in msgspec.structs.fields(part)} if _is_section(part) else {}
        if written and (tag := checking.tag_of(part)):
            written["bearer"] = tag[0]  # The tag is no field of the struct, so the class variable has its docstring.
        said = _documented(inspect.getmodule(part)).get(part.__name__, {}) if written else {}
        found |= {written.get(name, name): told for name, told in said.items()}
    return found


def _is_section(part: type) -> bool:
    return issubclass(part, msgspec.Struct) and part is not msgspec.Struct


@cache
def _documented(module: Any) -> dict[str, dict[str, tuple[str, str]]]:
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            words = found[node.name] = {"": _split(ast.get_docstring(node) or "")}
            for before, after in zip(node.body, node.body[1:], strict=False):
                if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name):
                    text = (
                        after.value.value
                        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                        else ""
                    )
                    words[before.target.id] = _split(str(text))
    return found


def _split(text: str) -> tuple[str, str]:
    zh, _, en = " ".join(text.split("\n\n")[0].split()).partition(" ·")
    return chinese.quoted(zh.strip()), en.strip()
