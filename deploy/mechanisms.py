"""The field's mechanisms and where the code carries them: `docs/mechanisms.md`.

People say in `docs/mechanisms.toml` what a mechanism is, what it asks, and how much of it is carried. Where it is
carried is found in the source itself by the ids that it cites: in brackets in docstrings and comments, as keys of
refusals and tasks, in the names of tests, in the comments of packs.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from deploy.local.supervisor import SERVICES
from shared import pack_words
from shared.contracts import EVENTS, Event
from shared.policy import checking, pack

ROOT = Path(__file__).parent.parent
FILE, PAGE = ROOT / "docs" / "mechanisms.toml", ROOT / "docs" / "mechanisms.md"
CODE = ("shared", "services", "deploy")
PACKS = ("shared/policy/packs", "tests/bench/country")
HEAD = """# 机制 · Mechanisms

代码、测试和政策包用编号（如 3.4）引用业务文件提出的机制。本页由程序生成（`zhucun contracts`）：名称、要求、出处和
政策包条目来自 [mechanisms.toml](mechanisms.toml)，规则、事件和测试由程序在代码中查得。“部分”指代码只做到其中一部分；
“政策包”指只由政策包的数值和清单体现；“未做”列在各节末尾。

Code, tests and packs cite by its id (3.4) what the field's documents ask for. This page is generated (`zhucun
contracts`): names, demands, sources and pack keys are those of [mechanisms.toml](mechanisms.toml), while rules, events
and tests are found in the source. What is carried in part says so; “pack” is what only figures and lists of a pack say;
what is open stands at the end of each section."""
STATES = {"whole": "已做 · carried", "part": "部分 · in part", "pack": "政策包 · pack", "open": "未做 · open"}
_ID = r"[0-5]\.[1-9][0-9]?"
_KEY = re.compile(_ID)
_BRACKETS = re.compile(r"[(（]([^()（）]*)[)）]")
_PART = re.compile(rf"(?:mechanisms? )?({_ID})(?:–({_ID}))?")
_IN_PACK = re.compile(rf"(?<![\w.,]){_ID}(?![\w%]|\.\w| %)")
_TEST = re.compile(r"test_((?:[0-5]_[1-9][0-9]?_)+)")


class Source(msgspec.Struct, forbid_unknown_fields=True):
    """A document, or what a family of mechanisms rests on."""

    zh: str
    en: str
    year: str


class Mechanism(msgspec.Struct, forbid_unknown_fields=True):
    """What people say of one mechanism."""

    zh: str
    en: str
    asks: str
    state: Literal["whole", "part", "pack", "open"]
    packs: tuple[str, ...] = ()
    source: str = ""

    @property
    def has_rule(self) -> bool:
        """Whether a rule and a test of its own carry it."""
        return self.state in ("whole", "part")


class Book(msgspec.Struct, forbid_unknown_fields=True):
    """The content of `docs/mechanisms.toml`."""

    sources: dict[str, Source]
    mechanisms: dict[str, Mechanism]


class Citation(NamedTuple):
    """A place that cites an id: a file, the class or function in it, and the events that a function may tell."""

    id: str
    file: str
    name: str = ""
    kind: Literal["told", "remark", "test"] = "told"
    tells: frozenset[str] = frozenset()

    @property
    def is_rule(self) -> bool:
        """Whether a rule cites the id. A command or an event is what a rule is about, and a pack's section is found by
        its key, so neither is a rule."""
        rules = self.file.startswith(("services/", "shared/")) and "/model/commands" not in self.file
        return self.kind == "told" and rules and not self.file.startswith(("shared/contracts/", "shared/policy/"))


def book() -> Book:
    """Read `docs/mechanisms.toml`."""
    return msgspec.toml.decode(FILE.read_bytes(), type=Book)


def citations() -> list[Citation]:
    """Every place of the project that cites an id."""
    found = [cited for room in CODE for path in sorted((ROOT / room).rglob("*.py")) for cited in in_code(path)]
    for path in sorted((ROOT / "tests").rglob("*.py")):
        found += in_tests(path)
    for folder in PACKS:
        for path in sorted((ROOT / folder).glob("*.toml")):
            for line in path.read_text("utf-8").splitlines():
                comment = line.partition("#")[2]
                found += [Citation(id, _named(path), kind="remark") for id in _IN_PACK.findall(comment)]
    return found


def in_code(path: Path) -> Iterator[Citation]:
    """What one file of the code cites: its docstrings, the keys of its refusals and tasks, its comments."""
    text, file = path.read_text("utf-8"), _named(path)
    if not re.search(_ID, text):
        return
    yield from _in_tree(ast.parse(text), file, "")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield from (Citation(id, file, kind="remark") for id in in_brackets(token.string))


def _in_tree(node: ast.AST, file: str, name: str) -> Iterator[Citation]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Expr(value=ast.Constant(value=str(text))):
                tells = _names(node) if isinstance(node, ast.FunctionDef) else frozenset()
                yield from (Citation(id, file, name, tells=tells) for id in in_brackets(text))
            case ast.Constant(value=str(text)) if _KEY.fullmatch(text):
                yield Citation(text, file, name)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield from _in_tree(child, file, f"{name}.{child.name}".lstrip("."))
            case _:
                yield from _in_tree(child, file, name)


def _names(function: ast.AST) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(function) if isinstance(node, ast.Name))


def in_tests(path: Path) -> Iterator[Citation]:
    """What a file of tests cites: by the names of its tests, and in its docstrings."""
    text, file = path.read_text("utf-8"), _named(path)
    if not re.search(f"{_TEST.pattern}|{_ID}", text):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (ids := _TEST.match(node.name)):
            yield from (Citation(id.replace("_", "."), file, node.name, "test") for id in _pairs(ids[1]))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (Citation(id, file, kind="remark") for id in in_brackets(ast.get_docstring(node) or ""))


def _pairs(digits: str) -> list[str]:
    """`3_6_3_5_` names 3_6 and 3_5."""
    return re.findall(r"[0-9]_[0-9]+(?=_)", digits)


def in_brackets(text: str) -> Iterator[str]:
    """The ids that a text cites in brackets: `(3.3, 3.4)`, `(mechanism 2.4)`, `(季度对账, 2.4)`, `(3.2–3.4)`."""
    for within in _BRACKETS.findall(" ".join(text.split())):
        for part in re.split(r"[,;:，；：、]", within):
            if cited := _PART.fullmatch(part.strip()):
                family, first = cited[1].split(".")
                last = (cited[2] or cited[1]).split(".")[1]
                yield from (f"{family}.{number}" for number in range(int(first), int(last) + 1))


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def faults(told: Book, cited: Iterable[Citation]) -> list[str]:
    """What does not agree between the file, the source and the packs."""
    cited, keys = list(cited), pack_keys()
    found = [
        f"{place.file} {place.name}: there is no mechanism {place.id}"
        for place in cited
        if place.id not in told.mechanisms
    ]
    ruled = {place.id for place in cited if place.is_rule}
    tested = {place.id for place in cited if place.kind == "test"}
    for id, row in told.mechanisms.items():
        if not _KEY.fullmatch(id) or id[0] not in told.sources:
            found.append(f"{id}: it has no source")
        if row.has_rule and id not in ruled:
            found.append(f"{id} is carried, but no rule cites it")
        if row.has_rule and id not in tested:
            found.append(f"{id} is carried, but no test bears its id")
        if row.state == "pack" and not row.packs:
            found.append(f"{id} is said by packs, but no key is named")
        found += [f"{id}: a pack has no {key}" for key in row.packs if key not in keys]
    return found


def pack_keys() -> frozenset[str]:
    """Every key that a pack can have, with those before it: `links.roles.rank`."""

    def within(struct: type[msgspec.Struct], before: str) -> Iterator[str]:
        for name, hint in checking.hints_of(struct).items():
            yield before + name
            for part in pack_words.parts(hint):
                yield from within(part, f"{before}{name}.")

    return frozenset(within(pack.Policy, ""))


def page(told: Book, cited: Iterable[Citation]) -> str:
    """The page for people."""
    places = sorted(cited, key=lambda place: place[:4])
    by_id = {id: list(found) for id, found in groupby(places, key=lambda place: place.id)}
    lines = [HEAD]
    for family, source in told.sources.items():
        rows = {id: row for id, row in told.mechanisms.items() if id[0] == family}
        lines.append(f"\n## {family}. {source.zh} · {source.en} ({source.year})\n")
        for id, row in rows.items():
            if row.state != "open":
                lines += _entry(id, row, by_id.get(id, []))
        if left := {id: row for id, row in rows.items() if row.state == "open"}:
            lines += _open(left)
    return "\n".join(lines).rstrip() + "\n"


def _entry(id: str, row: Mechanism, cited: list[Citation]) -> list[str]:
    lines = [f"### {id} {row.zh} · {row.en}\n", f"{row.asks}\n", f"- {STATES[row.state]}"]
    if row.source:
        lines.append(f"- 出处 · source: {row.source}")
    if row.packs:
        lines.append("- 政策包条目 · pack keys: " + ", ".join(f"`{key}`" for key in row.packs))
    rules = [place for place in cited if place.is_rule]
    for label, found in (("规则 · rules", _by_file(rules)), ("事件 · events", _events(cited))):
        if row.has_rule and found:
            lines.append(f"- {label}: " + "; ".join(found))
    tests = dict.fromkeys(place.file for place in cited if place.kind == "test")
    if tests:
        named = f"`test_{id.replace('.', '_')}_…`"
        lines.append(f"- 测试 · tests: {named} in " + ", ".join(f"[{file}](../{file})" for file in tests))
    return [*lines, ""]


def _by_file(rules: list[Citation]) -> list[str]:
    found: dict[str, dict[str, None]] = {}
    for place in rules:
        found.setdefault(place.file, {}).update({place.name: None} if place.name else {})
    return [
        f"[{file}](../{file})" + (": " + ", ".join(f"`{n}`" for n in names) if names else "")
        for file, names in found.items()
    ]


def _events(cited: list[Citation]) -> list[str]:
    """The events that cite the id, and those that a function whose docstring cites it tells."""
    told = [type for type, event in _all_events().items() if any(_tells(place, type, event) for place in cited)]
    return [f"[{type}](contracts/schemas/{type}.json)" for type in sorted(told)]


def _tells(place: Citation, type: str, event: type[Event]) -> bool:
    owner = type.partition(".")[0]
    if place.file.startswith((f"shared/contracts/{owner}.py", f"shared/contracts/{owner}/")):
        return place.name == event.__name__
    return place.is_rule and place.file.startswith(f"services/{owner}/") and event.__name__ in place.tells


def _all_events() -> Mapping[str, type[Event]]:
    for service in SERVICES:
        import_module(f"shared.contracts.{service}")
    return EVENTS


def _open(rows: Mapping[str, Mechanism]) -> list[str]:
    table = [f"| {id} | {row.zh} · {row.en} | {row.asks} |" for id, row in rows.items()]
    return [f"**{STATES['open']}**\n", "| # | 机制 · mechanism | 要求 · what it asks |", "|---|---|---|", *table, ""]


def write() -> None:
    """Write the page anew."""
    PAGE.write_text(page(book(), citations()), "utf-8")
