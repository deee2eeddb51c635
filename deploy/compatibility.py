"""Whether readers of one JSON Schema can read what is told under another: what `zhucun contracts` refuses to write."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from shared.contracts import UNTIL


def breaking(old: Mapping[str, Any], new: Mapping[str, Any], today: date, where: str = "") -> Iterable[str]:
    """The changes of a JSON Schema that would break readers of the old one, or the reading of events kept under it.

    A field may go after the day until which it was promised.
    """
    for name, was in old.get("$defs", {}).items():
        if name in new.get("$defs", {}):
            yield from breaking(was, new["$defs"][name], today, f"{where}{name}.")
    kept, always, always_now = old.get("properties", {}), old.get("required", ()), new.get("required", ())
    for name, was in kept.items():
        now = new.get("properties", {}).get(name)
        if now is None:
            if not over(was, today):
                yield f"{where}{name}: removed{_promised(was)}"
        elif name in always and name not in always_now:
            yield f"{where}{name}: no longer always there"
        elif name in always_now and name not in always:
            yield f"{where}{name}: required, but events without it are kept; leave it its default"
        elif not _fits(_shape(was), _shape(now)):
            yield f"{where}{name}: {_shape(was)} became {_shape(now)}"
    for name in always_now:
        if name not in kept:
            yield f"{where}{name}: required, but events without it are kept; give it a default"


def over(part: Mapping[str, Any], today: date) -> bool:
    """Whether the day is over until which an event or a field was promised. One without such a day is for ever."""
    return UNTIL in part and date.fromisoformat(part[UNTIL]) < today


def _promised(part: Mapping[str, Any]) -> str:
    return f", though it is promised until {part[UNTIL]}" if UNTIL in part else ""


_WORDS: Final = frozenset(("title", "description", "examples", "deprecated", UNTIL))


def _shape(schema: Any) -> Any:
    """The part of a schema on which readers depend: everything but titles and descriptions."""
    if isinstance(schema, dict):
        return {key: _shape(value) for key, value in schema.items() if key not in _WORDS}
    return [_shape(value) for value in schema] if isinstance(schema, list) else schema


BOUNDS = frozenset(
    [
        "pattern",
        "enum",
        "propertyNames",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
    ]
)
"""The keys of a schema that limit the values of a type, such as `maximum`."""


def _fits(was: Any, now: Any) -> bool:
    """Whether readers of the old shape can read values of the new one. A bound may be added, or become narrower.

    If a kept event lies outside a new bound, it waits in the dead letters with its reason.
    """
    if isinstance(was, dict) and isinstance(now, dict):
        return all(_fits_at(key, was, now) for key in was.keys() | now.keys())
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(map(_fits, was, now))
    return bool(was == now)


def _fits_at(key: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    if key not in BOUNDS:
        return (key == "type" and "enum" in now) or (key in was and key in now and _fits(was[key], now[key]))
    if key not in was or key not in now:
        return key in now
    if key == "enum":
        return set(now[key]) <= set(was[key])
    if key.startswith(("min", "exclusiveMin")):
        return bool(now[key] >= was[key])
    return bool(now[key] <= was[key]) if key.startswith(("max", "exclusiveMax")) else _fits(was[key], now[key])
