"""Policy packs: a region's numbers, names and lists, as validated and versioned data.

No number or name of a region is in the code: they are all in `packs/`, and another region is one more file there.
`pack` defines the whole pack; each of its sections has a file of its own, with the checks of that section. `checking`
and `contradictions` find everything that is wrong with a pack, and `book` says which pack is in force.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from shared import chinese
from shared.policy.assessment import Cap, Ground, Review
from shared.policy.book import PolicyBook
from shared.policy.bound import RELATIONS, Bound
from shared.policy.campaigns import Campaign
from shared.policy.checking import Fault, mended, misfits
from shared.policy.commitments import Commitment
from shared.policy.contradictions import find_contradictions, find_doubts
from shared.policy.earlier import renewed
from shared.policy.layers import NAMED, Layer, Merged, by_itself
from shared.policy.outcomes import TRIGGERS, Outcome
from shared.policy.pack import Policy
from shared.policy.procedure import Step
from shared.policy.reading import Lines, Unreadable, content_of, text_of
from shared.policy.section import Path

__all__ = [
    "RELATIONS", "TRIGGERS", "Base", "Bound", "Campaign", "Cap", "Commitment", "Fault", "Ground",
    "Layer", "Outcome", "Policy", "PolicyBook", "PolicyInvalid", "Review", "Step", "by_itself", "find_doubts",
    "kept_pack", "layer_of", "over", "parse_pack", "read_pack", "renewed",
]  # fmt: skip
Base = Callable[[str, date], Policy | None]
"""(jurisdiction, day) -> the pack in force there on that day, or None."""
TOLD = 20
"""The most faults that one message lists; of the rest it gives only the number."""


class PolicyInvalid(ValueError):
    """A pack is not valid. `faults` lists everything that is wrong, each with its place and what to do."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = [fault._replace(zh=chinese.quoted(chinese.written(fault.zh))) for fault in faults]
        super().__init__(f"{self.zh} / {self.en}")

    @property
    def zh(self) -> str:
        """The faults in Chinese, in one sentence that lists at most `TOLD` of them."""
        told = "；".join(f"{_place(fault, '第{}行', '“{}”')}{fault.zh}" for fault in self.faults[:TOLD])
        return f"政策包有{len(self.faults)}处问题：{told}{'……' if len(self.faults) > TOLD else ''}"

    @property
    def en(self) -> str:
        """The faults in English, in one sentence that lists at most `TOLD` of them."""
        told = "; ".join(f"{_place(fault, 'line {}', '{}')}{fault.en}" for fault in self.faults[:TOLD])
        count = "one fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        return f"the pack has {count}: {told}{' …' if len(self.faults) > TOLD else ''}"


def _place(fault: Fault, line: str, part: str) -> str:
    """Where a fault is: the part of the pack, or the line if the file could not be read as TOML."""
    where = part.format(fault.where) if fault.where else line.format(fault.line) if fault.line else ""
    return f"{where}: " if where else ""


def kept_pack(data: Mapping[str, Any]) -> Policy | Layer:
    """A pack as it was adopted, without checking it again: it passed the checks of its day and stays in force.

    Raises msgspec.ValidationError if this version cannot read it.
    """
    return layer_of(data) if "extends" in data else msgspec.convert(renewed(data), Policy)


def layer_of(data: Mapping[str, Any]) -> Layer:
    """The content of a pack that extends another, as a layer.

    Raises msgspec.ValidationError if its head does not fit.
    """
    return msgspec.convert({**{name: data.get(name) for name in (*NAMED, "extends")}, "content": data}, Layer)


def parse_pack(data: bytes | Mapping[str, Any], base: Base | None = None) -> Policy:
    """A pack from its file, or from its content as an event carries it. Raises PolicyInvalid with all faults.

    A pack that extends another is read over that one, which `base` finds; the result is both together.
    """
    return read_pack(data, base)[0] if isinstance(data, bytes) else _checked(data, base)


def read_pack(data: bytes, base: Base | None = None) -> tuple[Policy, dict[str, Any]]:
    """A pack from its file, and its content as an event carries it.

    Raises PolicyInvalid; its faults have line numbers.
    """
    try:
        text = text_of(data)
        content = content_of(text)
    except Unreadable as error:
        raise PolicyInvalid([error.fault]) from error
    try:
        return _checked(content, base), msgspec.to_builtins(content)
    except PolicyInvalid as error:
        lines = Lines(text)
        numbered = [fault._replace(line=lines.of(fault.path)) for fault in error.faults]
        raise PolicyInvalid(sorted(numbered, key=lambda fault: fault.line or 0)) from error


def _checked(data: Mapping[str, Any], base: Base | None) -> Policy:
    if "extends" in data:
        return _checked_layer(data, base)
    try:
        policy = msgspec.convert(data, Policy)
    except (msgspec.ValidationError, RecursionError, OverflowError):
        faults = misfits(Policy, data)
        raise PolicyInvalid([*faults, *_elsewhere(data, faults)]) from None
    if faults := list(find_contradictions(policy)):
        raise PolicyInvalid(faults)
    return policy


def _checked_layer(data: Mapping[str, Any], base: Base | None) -> Policy:
    """A layer read over its base.

    Raises PolicyInvalid; each fault is shown at the place in the layer that causes it.
    """
    try:
        layer = layer_of(data)
    except (msgspec.ValidationError, RecursionError, OverflowError):
        missing = [Fault((name,), *_MISSING) for name in (*NAMED, "extends") if name not in data]
        wrong = [Fault(fault.path, fault.zh, fault.en) for fault in misfits(Policy, data) if fault.path[0] in NAMED]
        raise PolicyInvalid(missing or wrong or [Fault(("extends",), *_DIGITS)]) from None
    below = base(layer.extends, layer.effective_from) if base else None
    if below is None:
        zh = f"区划 {layer.extends} 在 {layer.effective_from} 没有生效的政策包，本包无从扩展；请先启用该区划的政策包"
        en = f"no pack is in force in {layer.extends} on {layer.effective_from} that this one could extend; adopt one"
        raise PolicyInvalid([Fault(("extends",), zh, en, instead="")])
    return over(below, layer)


def over(base: Policy, layer: Layer) -> Policy:
    """A layer read over a pack. Raises PolicyInvalid with everything that is wrong with the two together."""
    merged = Merged(base, layer.content)
    faults = list(merged.faults)
    try:
        policy = merged.policy()
    except (msgspec.ValidationError, RecursionError, OverflowError):
        wrong = misfits(Policy, merged.whole)
        faults += [*wrong, *_elsewhere(merged.whole, wrong)]
    else:
        faults += find_contradictions(policy)
    if faults:
        raise PolicyInvalid([merged.told(fault) for fault in faults])
    return policy


_MISSING = "缺少这个字段", "it is missing"
_DIGITS = "应为上级区划代码：2 或 4 位数字", "it must be the 2 or 4 digits of a division above"


def _entry(path: Path) -> Path:
    """The list entry that contains this place, since the fields of an entry depend on each other; else the place."""
    numbers = [n for n, part in enumerate(path) if isinstance(part, int)]
    return path[: numbers[0] + 1] if numbers else path


def _elsewhere(data: Mapping[str, Any], faults: Sequence[Fault]) -> list[Fault]:
    """Contradictions in the rest of a pack if some of its parts do not fit the schema.

    Those parts are replaced by sound ones, and contradictions at or around them are not reported.
    """
    try:
        policy = msgspec.convert(mended(data, faults), Policy)
    except (msgspec.ValidationError, RecursionError, OverflowError):
        return []
    wrong = [_entry(fault.path) for fault in faults]
    return [
        fault
        for fault in find_contradictions(policy)
        if not any(fault.path[: len(path)] == path or path[: len(fault.path)] == fault.path for path in wrong)
    ]
