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
