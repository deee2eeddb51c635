"""What the code and its documents look like: held here, since nobody looks for it at every change."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FUNCTION = 70
"""Lines of a function, with its docstring, that one person reads at one go."""
DECISION = re.compile(r"^\*\*(\d+)\. .+?\*\* \((\d{4}-\d{2}-\d{2})\)", re.MULTILINE)
SOURCES = [
    path for room in ("shared", "services", "deploy") for path in (ROOT / room).rglob("*.py")
    if path.parent.name != "migrations" or path.parent.parent.name == "shared"
]  # fmt: skip


def test_no_function_is_longer_than_what_is_read_at_one_go() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


@pytest.mark.parametrize("package", ["shared/contracts/registry", "services/registry/model/commands"])
def test_what_is_collected_from_a_package_misses_none_of_its_files(package: str) -> None:
    imports = re.findall(r"^from (\S+) import \*$", (ROOT / package / "__init__.py").read_text("utf-8"), re.MULTILINE)
    files = [path.stem for path in (ROOT / package).glob("*.py") if path.stem != "__init__"]
    assert imports == [f"{package.replace('/', '.')}.{file}" for file in sorted(files)]


WAY = {
    "stream/consumer.py": ("_work", "_handled", "_acknowledge"),
    "engine/deliveries.py": ("handle", "decode", "_told", "_require_genuine", "_take"),
    "engine/pipeline.py": ("apart", "transaction", "run", "save"),
    "engine/store.py": ("note_heard", "load_states", "save_states", "_write"),
    "engine/flow.py": ("run", "_one_by_one", "begin", "targets", "follow", "apply", "fact"),
    "engine/outbox.py": ("rows", "batches"),
    "stream/relay.py": ("put", "run"),
    "stream/bus.py": ("publish_batch",),
}
"""By file the functions through which an event comes from its subject to the next one. What they call only at times
stands beside them: gaps, retries, refusals, packs, dead letters, recovery."""
LONGEST_WAY = 345
"""Lines of code of all these together."""


def test_an_events_way_is_read_in_one_sitting() -> None:
    lengths: dict[tuple[str, str], int] = {}
    for file, names in WAY.items():
        text = (ROOT / "shared" / file).read_text("utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in names:
                code = node.body[1] if ast.get_docstring(node) else node.body[0]
                lines = text.splitlines()[node.lineno - 1 : node.body[0].lineno - 1]
                lines += text.splitlines()[code.lineno - 1 : node.end_lineno]
                count = sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))
                lengths[file, node.name] = lengths.get((file, node.name), 0) + count
    assert {*lengths} == {(file, name) for file, names in WAY.items() for name in names}
    assert sum(lengths.values()) <= LONGEST_WAY, lengths


def test_decisions_are_numbered_dated_and_those_that_are_cited_exist() -> None:
    text = (ROOT / "DECISIONS.md").read_text("utf-8")
    numbers = [int(number) for number, _ in DECISION.findall(text)]
    assert numbers == [*range(1, len(numbers) + 1)]
    assert len(numbers) == len(re.findall(r"^\*\*", text, re.MULTILINE)), "each has a number and a date"
    cited = {
        int(number)
        for path in SOURCES
        for number in re.findall(r"\(decision (\d+)\)", path.read_text("utf-8"))
    }  # fmt: skip
    assert cited and cited <= {*numbers}


@pytest.mark.parametrize("pattern", [r"\bDESIGN\b", r"\(wish \d", r"\bCONCEPTS\b", r"[Rr]ules §\d"])
def test_nothing_refers_to_what_is_not_in_the_repository(pattern: str) -> None:
    found = [str(path.relative_to(ROOT)) for path in SOURCES if re.search(pattern, path.read_text("utf-8"))]
    assert found == []


def test_no_file_of_tests_takes_anything_from_another_one() -> None:
    taken = re.compile(r"^\s*(from tests\.[\w.]*\btest_|from tests[\w.]* import .*\btest_)", re.MULTILINE)
    assert [path.name for path in (ROOT / "tests").rglob("*.py") if taken.search(path.read_text("utf-8"))] == []
