"""The machine that changes rules: what it changes, that a change is one, and what is known to make no difference."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tests.mutants.__main__ import ROOT, draw, equivalents, reaching, rules
from tests.mutants.changes import KINDS, changed, changes
from tests.mutants.session import Job, Verdict

SOURCE = '''"""Texts stay."""

def late(state: object, due: object, today: int, bound: int = 3) -> object:
    """And so does this one."""
    if today > bound and not state.closed:
        raise Refused("2.4", "逾期", f"late since {bound + 1}", field="due")
    state = state.timed(close=due.on, open=None)
    return Change(state.but(days=min(today, 5), when=today), ("told",))
'''

CHANGES: dict[str, Sequence[tuple[str, str]]] = {
    "comparison": [("today > bound", "today <= bound")],
    "boundary": [("today > bound", "today >= bound")],
    "logic": [("today > bound and (not state.closed)", "today > bound or not state.closed"),
              ("not state.closed", "state.closed")],
    "constant": [("'2.4'", "'2.4x'"), ("'due'", "'duex'"), ("5", "6"), ("5", "4")],
    "arithmetic": [("min(today, 5)", "max(today, 5)")],
    "branch": [("if today > bound and (not state.closed):", "if False:")],
    "argument": [("state.timed(close=due.on, open=None)", "state.timed(open=None)")],
    "return": [("return Change(state.but(days=min(today, 5), when=today), ('told',))",
                "return Change(state.but(days=min(today, 5), when=today))")],
    "statement": [("state = state.timed(close=due.on, open=None)", "pass")],
    "day": [("due.on", "today"), ("today", "due.on")],
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_change_is_found_where_it_can_be_made(kind: str, tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text(SOURCE)
    found = [(one.before, one.after) for one in changes(tmp_path, "rule.py") if one.kind == kind]
    assert {*CHANGES[kind]} <= {*found}


def test_a_change_is_made_once_and_leaves_everything_else_alone(tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text(SOURCE)
    before = ast.unparse(ast.parse(SOURCE))
    found = changes(tmp_path, "rule.py")
    sources = [ast.unparse(changed(tmp_path, one)) for one in found]
    assert before not in sources and len({*sources}) == len(sources)
    assert all("逾期" in source and "f'late since {bound + 1}'" in source for source in sources if "raise" in source)


def test_a_sample_stays_the_same_while_rules_are_added_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text(SOURCE)
    sample = [change.after for change in draw(changes(tmp_path, "rule.py"), 7)]
    added = "\n\ndef added(days: int) -> bool:\n    return days > 3\n"
    (tmp_path / "rule.py").write_text(f"{added}{SOURCE}{added.replace('added', 'again')}")
    longer = draw(changes(tmp_path, "rule.py"), 7)
    assert [change.after for change in longer if change.function == "late"] == sample
    assert {change.function for change in longer[: len(sample)]} == {"late", "added", "again"}
    assert [change.after for change in draw(longer, 8) if change.function == "late"] != sample


def test_to_leave_a_state_as_it_is_is_no_change_but_to_forget_another_one_is(tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text(
        "def end(state, event, policy, today):\n    if event.off:\n        return Change(state)\n"
        "    if event.told:\n        return Change(state, (event,))\n"
        "    state = state.but(on=today)\n    return Change(state)\n"
    )
    found = [(one.lines[0], one.after) for one in changes(tmp_path, "rule.py") if one.kind == "return"]
    assert sorted(found) == [(5, "return Change(state)"), (7, "return Change(None)")]


def test_what_is_said_to_make_no_difference_can_still_be_changed() -> None:
    """Else the rule was written anew, and the entry hides another change."""
    found = {file: changes(ROOT, file) for file in rules(ROOT)}
    stale = [one for one in equivalents() if not any(map(one.covers, found.get(one.file, ())))]
    assert not stale and all(one.why for one in equivalents())


def test_the_rules_of_each_service_are_tried_by_its_own_tests() -> None:
    """Else all their changes would seem to survive."""
    services = {file.split("/")[1] for file in rules(ROOT) if file.startswith("services/")}
    own = {service: f"tests/{service}" for service in services}
    assert {
        service for service, folder in own.items() if folder in reaching([f"services/{service}/model/x.py"])
    } == services
    assert all((ROOT / folder).is_dir() for folder in own.values())


def test_a_change_that_tests_notice_is_told_apart_from_one_that_they_miss(tmp_path: Path) -> None:
    tree, folder = tmp_path / "tree", tmp_path / "work"
    for name, text in {
        "services/__init__.py": "",
        "services/rule.py": "LEAST = 3\n\n\ndef grown(n: int) -> int:\n    return n + 1 if n > LEAST else n\n",
        "services/fields/__init__.py": "",
        "services/fields/model.py": "class Told:\n    is_open = True\n",
        "tests/__init__.py": "",
        "tests/test_rule.py": "from services.rule import grown\n\n\ndef test_grown() -> None:\n"
        "    assert (grown(2), grown(5)) == (2, 6)\n",
        "tests/fields/__init__.py": "",
        "tests/fields/test_fields.py": "from services.fields.model import Told\n\n\ndef test_told() -> None:\n"
        "    assert Told.is_open\n",
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    shutil.copytree(Path(__file__).parent, tree / "tests/mutants")
    folder.mkdir()
    found = [*changes(tree, "services/rule.py"), *changes(tree, "services/fields/model.py")]
    job = Job(["tests/test_rule.py", "tests/fields"], [list(change) for change in found], 1)
    (folder / "job.json").write_bytes(msgspec.json.encode(job))
    subprocess.run([sys.executable, "-m", "tests.mutants.session", str(folder)], cwd=tree, check=True, timeout=300)
    verdicts = [msgspec.json.decode(line, type=Verdict) for line in (folder / "verdicts.jsonl").open()]
    missed = {verdict.id for verdict in verdicts if not verdict.noticed}
    assert len(verdicts) == len(found)
    assert {(one.before, one.after) for one in found if one.id in missed} == {
        ("n > LEAST", "n >= LEAST"),
        ("3", "4"),
        ("3", "2"),
    }
