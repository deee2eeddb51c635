"""A layer: a pack that says only how its region differs from a wider one, as a county's from its city's.

A layer is read over the pack of the jurisdiction that `extends` names, as that pack is in force on the day. It
overrides fields of sections, overrides or adds named entries of lists, and removes the entries that `drop` names. A
list whose entries have no names, such as the steps of a procedure, is replaced as a whole. For every entry it is
remembered which jurisdiction declared it.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

import msgspec

from shared.contracts.values import Name, Version
from shared.divisions import NATIONAL, lies_in
from shared.policy.checking import Fault, bare, hints_of, tagged, toml
from shared.policy.pack import Policy
from shared.policy.section import Jurisdiction, Path, Section

NAMED = ("jurisdiction", "version", "effective_from", "name", "name_en")
"""The fields with which every pack names itself."""
OVER = ("extends", "drop")
"""The fields that only a layer has."""
LONGEST_VERSION = 40
"""The most characters of all layers' versions together, since the envelope of every event carries them."""


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that extends another, as it was adopted."""

    jurisdiction: Jurisdiction
    version: Version
    effective_from: date
    name: Name
    name_en: Name
    extends: Jurisdiction
    content: Mapping[str, Any]


class Entry(NamedTuple):
    """An entry of a list, on the way to a part of a pack: its name, and its numbers in the whole and in the layer."""

    name: str
    whole: int
    own: int


_NAMES: Final = ("kind", "name", "code", "figure", "role", "field", "rank")
"""The fields that may name an entry of a list. Each entry is named by only one of them."""
Way = tuple[str | Entry, ...]
"""The way to a part of a pack. From it follow the path by names (`_named`) and those by numbers (`_numbered`)."""


class Merged:
    """A layer read over a pack: the whole content, which jurisdiction declared each part, and where the layer says
    it."""

    def __init__(self, base: Policy, content: Mapping[str, Any]) -> None:
        self.base, self.faults = base, list[Fault]()
        self.said: Mapping[str, Any] = msgspec.to_builtins(content)
        self.of = str(self.said.get("jurisdiction", ""))
        self.declared = dict(base.declared)
        self.places: dict[Path, Path] = {}
        """By the place of an entry in the whole: its place in the layer, which may have another number there."""
        whole: dict[str, Any] = plain(msgspec.to_builtins(base))
        self._drop(Policy, whole, self.said.get("drop", {}), ())
        self._read(Policy, whole, {name: part for name, part in self.said.items() if name not in OVER}, ())
        whole["version"] = self.said.get("version")
        self.whole = whole
        self._check_head()

    def policy(self) -> Policy:
        """Both as one pack, not checked for contradictions.

        Raises msgspec.ValidationError if it does not fit the schema.
        """
        policy = msgspec.convert(self.whole, Policy)
        policy = msgspec.structs.replace(policy, version=f"{policy.version}+{self.base.version}")
        # A region that extends the country's rules has them as its own: it draws and matches for itself.
        root = self.of if self.base.root == NATIONAL else self.base.root
        policy.__dict__.update(declared=self.declared, root=root, extends=str(self.said["extends"]), base=self.base)
        return policy

    def told(self, fault: Fault) -> Fault:
        """A fault of the whole, with its place in the layer.

        If the layer does not say that part, the text names the base. An entry of the base is called by its name, as in
        `links.team.suits`, since its number in the whole would point at another entry of the layer.
        """
        for length in range(len(fault.path), 0, -1):
            if fault.path[:length] in self.places:
                return fault._replace(path=(*self.places[fault.path[:length]], *fault.path[length:]))
        path = self._by_names(fault.path)
        if len(path) < 2 or (path == fault.path and path[0] in self.said):
            return fault
        zh = f"{fault.zh}（该项由 {self.base.version} 规定，在本包中写明即可更改）"
        en = f"{fault.en} (said by {self.base.version}; say it in this pack to change it)"
        return fault._replace(path=path, zh=zh, en=en)

    def _by_names(self, path: Path) -> Path:
        """A path in which an entry of the base has its name, if the layer says other entries of the same list."""
        part: Any = self.whole
        named = list[str | int]()
        for n, step in enumerate(path):
            part = part[step] if isinstance(part, list) and isinstance(step, int) else part.get(step, {})
            is_of_base = isinstance(step, int) and any(place[:-1] == path[:n] for place in self.places)
            called = (str(part[name]) for name in _NAMES if name in part) if is_of_base else iter(())
            named.append(next(called, step))
        return tuple(named)

    def _check_head(self) -> None:
        extends, version = str(self.said.get("extends")), f"{self.whole['version']}+{self.base.version}"
        if not lies_in(self.of, extends):
            zh = f"extends 应填本区划 {self.of} 的上级区划代码，全国性规定填 {NATIONAL}，现为 {extends}"
            en = f"it must be a division that {self.of} lies in, or {NATIONAL} for the country, not {extends}"
            self.faults.append(Fault(("extends",), zh, en, instead=f'extends = "{self.of[:-2]}"'))
        if len(version) > LONGEST_VERSION:
            zh = f"各层版本号合计 {len(version)} 个字符（{version}），最多 {LONGEST_VERSION} 个，请缩短"
            en = (
                f"the versions of all layers have {len(version)} characters ({version}); {LONGEST_VERSION} are the most"
            )
            self.faults.append(Fault(("version",), zh, en, instead=""))
        for key in self.said.get("documents", {}) if isinstance(self.said.get("documents"), dict) else ():
            if key in self.base.documents:
                zh = f"{key} 已由上层列为《{self.base.title(key)}》，其条款仍引用它，请换一个简称"
                en = f"{key} is a document of the pack that is extended, whose clauses cite it; choose another name"
                self.faults.append(Fault(("documents", key), zh, en, instead=""))

    def _read(self, struct: type[msgspec.Struct], whole: dict[str, Any], said: Mapping[str, Any], path: Way) -> None:
        """Override, in `whole`, the fields of one section that the layer says."""
        hints = hints_of(struct)
        for field, value in said.items():
            inner: Any = bare(hints[field])[0] if field in hints else None
            before, at = whole.get(field), (*path, field)
            if _is_section(inner) and isinstance(before, dict) and isinstance(value, dict):
                self._read(inner, before, value, at)
            elif isinstance(before, dict) and isinstance(value, dict) and not _is_struct(inner):
                # Entries of the layer come first, since the first document is the basis of the pack.
                whole[field] = {**value, **{key: part for key, part in before.items() if key not in value}}
                self.declared |= {(*_named(at), key): self.of for key in value}
            elif _named_by(inner) and isinstance(before, list) and isinstance(value, list):
                self._read_entries(get_args(inner)[0], before, value, at)
            else:
                whole[field] = value
                self.declared[_named(at)] = self.of

    def _read_entries(self, hint: Any, before: list[Any], value: list[Any], at: Way) -> None:
        """Override or add, in the list `before`, the entries that the layer says."""
        struct = _struct_of(hint)
        names, is_merged = getattr(struct, "named_by", ()), getattr(struct, "merged", False)
        of_base = {_name(entry, names): n for n, entry in enumerate(before)}
        for own, entry in enumerate(value):
            name = _name(entry, names)
            n = of_base.get(name, len(before))
            way = (*at, Entry(name, n, own))
            self.places[_numbered(way, "whole")] = _numbered(way, "own")
            if is_merged and n < len(before) and isinstance(entry, dict):
                self._read(_struct_of(hint, before[n]), before[n], entry, way)
            else:
                before[n:] = [entry, *before[n + 1 :]]
                self.declared[_named(way)] = self.of

    def _drop(self, struct: type[msgspec.Struct], whole: dict[str, Any], names: Any, path: Path) -> None:
        """Remove what the layer's `drop` names: entries of a list, or keys of a table.

        If layers override an entry field by field, `drop` names what is removed within it: `links.team.suits`.
        """
        hints = hints_of(struct)
        for field, dropped in names.items() if isinstance(names, dict) else ():
            inner: Any = bare(hints[field])[0] if field in hints else None
            at, found = (*path, field), whole.get(field)
            if _is_section(inner) and isinstance(found, dict):
                self._drop(inner, found, dropped, at)
            elif isinstance(dropped, dict) and isinstance(found, list) and _is_merged(inner):
                entries = {_name(entry, _named_by(inner)): entry for entry in found}
                self._check_dropped(dropped, [*entries], at)
                for name in entries.keys() & dropped.keys():
                    self._drop(_struct_of(get_args(inner)[0], entries[name]), entries[name], dropped[name], (*at, name))
            elif not isinstance(dropped, list):
                self.faults.append(Fault(("drop", *at), "应为名称的列表", "it must be a list of names", instead=""))
            else:
                whole[field] = self._without(found, [str(name) for name in dropped], at, _named_by(inner))
        if not isinstance(names, dict):
            self.faults.append(Fault(("drop", *path), "应为一节", "it must be a table", instead=""))

    def _without(self, found: Any, dropped: list[str], at: Path, names: tuple[str, ...]) -> Any:
        """A list or a table without the names that are dropped."""
        known: list[str] = []
        if isinstance(found, dict):
            known = [*found]
        elif isinstance(found, list) and names:
            known = [_name(entry, names) for entry in found]
        self._check_dropped(dropped, known, at)
        self.declared = {of: by for of, by in self.declared.items() if not (of[:-1] == at and of[-1] in dropped)}
        if isinstance(found, dict):
            return {key: part for key, part in found.items() if key not in dropped}
        return [part for name, part in zip(known, found, strict=True) if name not in dropped] if known else found

    def _check_dropped(self, dropped: Iterable[str], known: list[str], at: Path) -> None:
        """A dropped name that the base does not have is a fault."""
        for name in dropped:
            if name not in known:
                zh = f"上层没有 {name}，可删：{'、'.join(known) or '（无）'}"
                en = f"there is no {name} to drop; there is {', '.join(known) or 'nothing'}"
                self.faults.append(Fault(("drop", *at), zh, en, instead=f"{at[-1]} = {toml(known[:1])}"))


def _name(entry: Any, names: tuple[str, ...]) -> str:
    """The name of an entry: its naming fields, joined."""
    return "/".join(str(entry.get(name)) for name in names) if isinstance(entry, dict) else str(entry)


def _named_by(inner: Any) -> tuple[str, ...]:
    """The fields that name the entries of a list of this type; empty if they have no names."""
    entry = _struct_of(get_args(inner)[0]) if get_origin(inner) is tuple else None
    named: tuple[str, ...] = getattr(entry, "named_by", ())
    return named


def _is_merged(inner: Any) -> bool:
    """Whether a layer overrides single fields of the entries of a list of this type."""
    return bool(_named_by(inner)) and bool(getattr(_struct_of(get_args(inner)[0]), "merged", False))


def _struct_of(hint: Any, entry: Any = None) -> Any:
    """The type of an entry of a list. Where the list has several kinds of entries, the one that the entry says."""
    structs = get_args(hint)
    return tagged(structs, entry) or structs[0] if structs and _is_struct(structs[0]) else hint


def _named(way: Way) -> Path:
    """The path of a way by the names of entries, under which it is remembered who declared them."""
    return tuple(part.name if isinstance(part, Entry) else part for part in way)


def _numbered(way: Way, by: Literal["whole", "own"]) -> Path:
    """The path of a way by the numbers of entries, in the whole or in the layer."""
    return tuple(getattr(part, by) if isinstance(part, Entry) else part for part in way)


def _is_struct(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, msgspec.Struct)


def _is_section(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, Section)


def by_itself(policy: Policy, jurisdiction: str) -> dict[str, Any]:
    """The content of a pack with all that it extends, as the pack of a division that extends nothing.

    The division is that of the pack or lies in it. Draws, matchings and quotas are then its own.
    """
    version = f"{jurisdiction}{policy.own_version.removeprefix(policy.jurisdiction)}"
    whole = plain(msgspec.to_builtins(policy))
    places = {code: name for code, name in policy.words.places.items() if code.startswith(jurisdiction)}
    places.pop(jurisdiction, None)
    return {**whole, "jurisdiction": jurisdiction, "version": version, "words": {**whole["words"], "places": places}}


def plain(value: Any) -> Any:
    """The content of a pack as a file would have it: lists, tables and values; None means left out."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items() if part is not None}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value
