"""What the code and its documents look like: held here, since nobody looks for it at every change."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from shared.engine.commands import submit
from shared.engine.deliveries import handle
from shared.stream.bus import OPEN
from tests.support import nearby
from tests.support.process import V1, begin, begun, delivery, process, villages

ROOT = Path(__file__).parents[2]
LONGEST_FUNCTION = 70
"""Lines of a function, with its docstring, that one person reads at one go."""
DECISION = re.compile(r"^\*\*(\d+)\. .+?\*\* \((\d{4}-\d{2}-\d{2})\)", re.MULTILINE)
PASSED_OVER = "# fmt: skip"
SAVES_AT_LEAST = 6
"""Lines that the formatter would need more where it is passed over: many short parts of one call or table, each on a
line of its own, would hide what stands around them. Anywhere else what it makes is taken."""
SOURCES = [
    path
    for room in ("shared", "services", "deploy")
    for path in (ROOT / room).rglob("*.py")
    if path.parent.name != "migrations" or path.parent.parent.name == "shared"
]


def test_no_function_is_longer_than_what_is_read_at_one_go() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_the_formatter_is_passed_over_only_where_that_saves_many_lines(tmp_path: Path) -> None:
    marked = [path for path in _all_sources() if PASSED_OVER in path.read_text("utf-8")]
    formatted = {path: tmp_path / f"{number}.py" for number, path in enumerate(marked)}
    for path, copy in formatted.items():
        copy.write_text(re.sub(f"{PASSED_OVER}$", "", path.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    config = ("--config", str(ROOT / "pyproject.toml"))
    subprocess.run([sys.executable, "-m", "ruff", "format", *config, str(tmp_path)], check=True, capture_output=True)
    for_little = [
        f"{path.relative_to(ROOT)}:{last}"
        for path, copy in formatted.items()
        for (first, last), (begins, ends) in zip(_written(path), _written(copy), strict=True)
        if path.read_text("utf-8").splitlines()[last - 1].endswith(PASSED_OVER)
        and ends - begins - (last - first) < SAVES_AT_LEAST
    ]
    assert for_little == []


def _all_sources() -> Iterator[Path]:
    return (path for room in ("shared", "services", "deploy", "tests") for path in (ROOT / room).rglob("*.py"))


def _written(path: Path) -> list[tuple[int, int]]:
    """The first and last line of each statement, in order; of one that holds others, of what stands above them."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.stmt | ast.ExceptHandler):
            body = getattr(node, "body", None)
            found.append((node.lineno, max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or 0))
    return found


def test_every_folder_of_tests_is_a_package() -> None:
    """Two files of one name, say a `test_forms.py` of two services, can be collected together only in packages."""
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("service", ["dispatch", "registry"])
@pytest.mark.parametrize("package", ["shared/contracts/{}", "services/{}/model/commands"])
def test_what_is_collected_from_a_package_misses_none_of_its_files(package: str, service: str) -> None:
    package = package.format(service)
    imports = re.findall(r"^from (\S+) import \*$", (ROOT / package / "__init__.py").read_text("utf-8"), re.MULTILINE)
    files = [path.stem for path in (ROOT / package).glob("*.py") if path.stem != "__init__"]
    assert imports == [f"{package.replace('/', '.')}.{file}" for file in sorted(files)]


WAY = {
    "stream/consumer.py": ("OrderedConsumer._work", "OrderedConsumer._handled", "OrderedConsumer._acknowledge"),
    "engine/deliveries.py": ("handle", "decode", "_told", "_take"),
    "engine/pipeline.py": ("apart", "Pipeline.transaction", "Pipeline.run", "Pipeline.save"),
    "engine/store.py": ("note_heard", "load_states", "save_states", "_write"),
    "engine/flow.py": (
        "run", "_Batch.chain", "_Batch.begin", "_Batch.targets", "_Batch.follow", "_Batch.apply", "_Batch.fact",
        "_Batch.result",
    ),
    "engine/outbox.py": ("rows", "batches"),
    "stream/relay.py": ("Relay.put", "Relay.run"),
    "stream/bus.py": ("publish_batch",),
}  # fmt: skip
"""By file the functions through which an event comes from its subject to the next one. What they call only at times
stands beside them: gaps, retries, refusals, packs, dead letters, recovery."""
LONGEST_WAY = 299
"""Lines of code of all these together."""
STEPS = {
    "stream/consumer.py": ("OrderedConsumer._receive", "OrderedConsumer._complete", "_delivery", "Delivery.read"),
    "engine/days.py": ("is_for_all",),
    "engine/deliveries.py": ("_is_ours", "_placed"),
    "engine/pipeline.py": (
        "Pipeline.published", "Pipeline.refresh", "Pipeline.today", "Work.__init__", "Work.day",
        "beside", "log_facts",
    ),
    "engine/store.py": ("upsert", "insert", "keep_packs", "decode_state"),
    "engine/sqlite.py": (
        "_Cursor.__init__", "_Cursor.execute", "_Cursor._async_soft_close", "_Cursor.close", "_Connection.run",
        "_Connection.commit", "_Connection.rollback", "write_later",
    ),
    "engine/shares.py": ("Share.mark",),
    "engine/flow.py": (
        "_Batch.__init__", "_Batch.learn", "_Batch.absent", "_Batch.policy_for", "_Batch.concerned",
        "Missing.__init__",
        "Terms.policy", "Wiring.likely", "derived_id", "id_bytes", "encode_state",
    ),
    "stream/relay.py": ("Relay.reached",),
    "stream/bus.py": ("_require_publishable", "_is_subject", "_send_ahead"),
}  # fmt: skip
"""By file what these call for every event. Each does what one sentence says, so that the way is read without them."""
LONGEST_STEPS = 200
"""Lines of code of all these together."""


def _lines(listed: dict[str, tuple[str, ...]]) -> dict[tuple[str, str], int]:
    """The lines of code of these functions: without docstrings, comments and empty lines."""
    lengths: dict[tuple[str, str], int] = {}
    for file in listed:
        text = (ROOT / "shared" / file).read_text("utf-8")
        tree = ast.parse(text)
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        for owner, body in (("", tree.body), *((f"{node.name}.", node.body) for node in classes)):
            for node in body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and owner + node.name in listed[file]:
                    code = node.body[1:] if ast.get_docstring(node) else node.body
                    lines = text.splitlines()[node.lineno - 1 : node.body[0].lineno - 1]
                    lines += text.splitlines()[code[0].lineno - 1 : node.end_lineno] if code else []
                    count = sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))
                    lengths[file, owner + node.name] = count
    assert {*lengths} == {(file, name) for file, names in listed.items() for name in names}
    return lengths


@pytest.mark.parametrize(("listed", "most"), [(WAY, LONGEST_WAY), (STEPS, LONGEST_STEPS)], ids=["way", "steps"])
def test_an_events_way_is_read_in_one_sitting(listed: dict[str, tuple[str, ...]], most: int) -> None:
    lengths = _lines(listed)
    assert sum(lengths.values()) <= most, lengths


async def test_an_event_passes_no_function_of_the_engine_that_is_not_listed(tmp_path: Path) -> None:
    """Else the way would get shorter by what is moved out of the list."""
    passed: set[tuple[str, str]] = set()

    def note(frame: FrameType, what: str, _: object) -> None:
        path, name = frame.f_code.co_filename, frame.f_code.co_qualname
        ours = path.startswith((f"{ROOT}/shared/engine/", f"{ROOT}/shared/stream/"))
        if what == "call" and ours and "<locals>" not in name:  # What stands within a function is counted with it.
            passed.add((path.removeprefix(f"{ROOT}/shared/"), name))

    async with process(f"sqlite+aiosqlite:///{tmp_path}/service") as running:
        await begin(running)
        await submit(running.pipeline, "register", villages(V1))
        await handle(running.pipeline, OPEN, [delivery(begun(V1, "U1"), 2)])  # What is made once is made by now.
        await running.pipeline.published()
        sys.setprofile(note)
        try:
            await handle(running.pipeline, OPEN, [delivery(begun(V1, "U2"), 3)])
            await running.pipeline.published()
        finally:
            sys.setprofile(None)
        assert (await running.state(V1)).heard == ("U1", "U2")
    listed = {(file, name) for names in (WAY, STEPS) for file, of_file in names.items() for name in of_file}
    assert passed <= listed, "it is on the way of every event"
    carried = {place for place in listed if place[0] not in ("stream/consumer.py", "stream/bus.py")}
    assert passed >= carried, "it is on no event's way"


def test_decisions_are_numbered_dated_and_those_that_are_cited_exist() -> None:
    text = (ROOT / "DECISIONS.md").read_text("utf-8")
    numbers = [int(number) for number, _ in DECISION.findall(text)]
    assert numbers == [*range(1, len(numbers) + 1)]
    assert len(numbers) == len(re.findall(r"^\*\*", text, re.MULTILINE)), "each has a number and a date"
    cited = {int(number) for path in SOURCES for number in re.findall(r"\(decision (\d+)\)", path.read_text("utf-8"))}
    assert cited and cited <= {*numbers}


@pytest.mark.parametrize("pattern", [r"\bDESIGN\b", r"\(wish \d", r"\bCONCEPTS\b", r"[Rr]ules §\d"])
def test_nothing_refers_to_what_is_not_in_the_repository(pattern: str) -> None:
    found = [str(path.relative_to(ROOT)) for path in SOURCES if re.search(pattern, path.read_text("utf-8"))]
    assert found == []


def test_no_file_of_tests_takes_anything_from_another_one() -> None:
    taken = re.compile(r"^\s*(from tests\.[\w.]*\btest_|from tests[\w.]* import .*\btest_)", re.MULTILINE)
    assert [path.name for path in (ROOT / "tests").rglob("*.py") if taken.search(path.read_text("utf-8"))] == []


def test_what_is_told_near_to_tests_is_told_of_tests_that_exist() -> None:
    stale = list[str]()
    for file in (ROOT / "tests").glob("*/told/test_*.txt"):
        source = file.parents[1] / f"{file.stem}.py"
        tests = re.findall(r"\bdef (\w+)\(", source.read_text("utf-8") if source.exists() else "")
        stale += [line for line in file.read_text("utf-8").splitlines() if re.split(r"[\[:]", line)[0] not in tests]
    assert not stale, f"write the file anew, or take it away: pytest FILE {nearby.ANEW}"
