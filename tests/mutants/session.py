"""One pytest session that tries many changes: each in a fork, in which the changed function replaces the living one.

The tests are collected once. Then each is run once under a profiler, which tells what functions it calls and how long
it takes; a change is tried by those that call what it changes, the quick ones that call little else first, until one
fails. What runs only at import is tried by a new process on a changed copy of the source; and whatever survives, by
mypy.

Run by `tests.mutants` in a copy of the tree: `python -m tests.mutants.session FOLDER`.
"""

import ast
import gc
import hashlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from cProfile import Profile
from functools import partial
from itertools import accumulate
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutants.changes import Change, changed

SERVERS: Final = frozenset({"nats_server", "postgres"})
"""What a quick test does without. A whole application on a file of SQLite runs in the test's own process."""
READING: Final = ("tests/shared/test_names.py", "tests/shared/test_defaults.py")
"""The tests that read sources: they call nothing that is changed, and are run while the changed source stands there."""
AT_IMPORT: Final = (
    *READING,
    "tests/shared/test_labels.py::test_every_closed_list",
    "tests/shared/test_statuses.py::test_what_a_service_keeps",
    "tests/shared/test_pack_files.py::test_the_page_and_the_schema",
    "tests/shared/test_long.py",
)
"""The tests that look at what is made at import, such as fields and lists of codes: they call nothing either."""
LONGEST: Final = 30
"""Seconds of processor time that a test may take under the profiler and still be called quick."""
PATIENCE: Final = 900
"""Seconds that a change may keep us waiting, on a busy machine; its processor time is bounded more strictly."""
MEMORY: Final = 6 << 30


T = TypeVar("T")


class Reach(msgspec.Struct, frozen=True):
    """How long a test takes, and which functions it calls, by file."""

    seconds: float
    functions: dict[str, list[str]]


class Job(msgspec.Struct, frozen=True):
    """What to try, and the tests by which it is tried."""

    tests: list[str]
    changes: list[list[Any]]
    jobs: int
    seconds: float = 120
    """Seconds of tests by which one change is tried at most."""


class Verdict(msgspec.Struct, frozen=True):
    """What became of a change: by whom it was noticed; empty if it survived."""

    id: str
    noticed: str


class Plugin:
    """Takes the place of pytest's own loop over the tests."""

    def __init__(self, folder: Path, job: Job) -> None:
        self.root, self.folder, self.job = Path.cwd(), folder, job
        self.in_fork = self.is_reaching = False
        self.failed: set[str] = set()

    # --------------------------------------------------------------------- hooks

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = [item for item in session.items if not _is_slow(item)]
        gc.collect()
        gc.freeze()
        reached = self.reached(items)
        quick = [item for item in items if item.nodeid in reached]
        changes = [Change(*fields) for fields in self.job.changes]
        self.try_all(changes, quick, reached)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.in_fork and report.failed:
            if not self.is_reaching:
                _leave(self.folder / f"{os.getpid()}.failed", report.nodeid)
            self.failed.add(report.nodeid)

    # -------------------------------------------------------------- what tests reach

    def reached(self, items: Sequence[pytest.Item]) -> Mapping[str, Reach]:
        """What each test calls, and how long it takes; those that fail or are slow are left out.

        It is known from earlier runs for each file of tests that is as it was; an old account only chooses worse.
        """
        files: dict[Path, list[pytest.Item]] = defaultdict(list)
        for item in items:
            files[item.path].append(item)
        marks = {
            path: self.folder / "reach" / hashlib.sha256(str(path).encode() + path.read_bytes()).hexdigest()[:16]
            for path in files
        }
        running: dict[int, Path] = {}
        for path, mark in marks.items():
            if not mark.exists():
                self._wait(running, self.job.jobs - 1)
                print("reach", path.relative_to(self.root), flush=True)
                running[_fork(partial(self._trace, files[path], mark))] = path
        self._wait(running, 0)
        found: dict[str, Reach] = {}
        for mark in filter(Path.exists, marks.values()):
            found |= msgspec.json.decode(mark.read_bytes(), type=dict[str, Reach])
        return found

    def _wait(self, running: dict[int, Path], most: int) -> None:
        while len(running) > most:
            pid, _ = os.wait()
            running.pop(pid, None)

    def _trace(self, items: Sequence[pytest.Item], mark: Path) -> None:
        """Run the tests of one file. What is made for the first of them may serve the others, so it counts for all."""
        self.in_fork = self.is_reaching = True
        of_all: set[tuple[str, str]] = set()
        of_each: dict[str, tuple[float, set[tuple[str, str]]]] = {}
        module = getattr(items[0], "module", None)
        keeps = any(hasattr(thing, "cache_clear") for thing in vars(module).values())
        product = (f"{self.root}/services/", f"{self.root}/shared/")

        signal.signal(signal.SIGPROF, lambda *_: pytest.fail("it is not quick"))
        for item, after in _with_next(items):
            signal.setitimer(signal.ITIMER_PROF, LONGEST)  # A busy machine makes no test slow.
            profile = Profile(subcalls=False, builtins=False)  # In C, so that a test takes hardly longer than alone.
            began, at = time.process_time(), time.monotonic()
            profile.enable()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            profile.disable()
            own = {
                (code.co_filename[len(str(self.root)) + 1 :], code.co_qualname)
                for code, *_ in profile.getstats()
                if isinstance(code, CodeType) and code.co_filename.startswith(product)
            }
            # Who waits for other processes takes our time as well, though not all of it on a busy machine.
            of_each[item.nodeid] = max(time.process_time() - began, (time.monotonic() - at) / 4), own
            if keeps or len(of_each) == 1:
                of_all |= own
        told = {}
        for id, (seconds, names) in of_each.items():
            if id not in self.failed:
                by_file: dict[str, list[str]] = defaultdict(list)
                for file, name in sorted(names | of_all):
                    by_file[file].append(name)
                told[id] = Reach(seconds, by_file)
        mark.parent.mkdir(exist_ok=True)
        mark.write_bytes(msgspec.json.encode(told))
        os._exit(0)

    # ------------------------------------------------------------------- the changes

    def try_all(self, changes: Sequence[Change], items: Sequence[pytest.Item], reached: Mapping[str, Reach]) -> None:
        callers: dict[tuple[str, str], set[str]] = defaultdict(set)
        for id, reach in reached.items():
            for file, names in reach.functions.items():
                for name in names:
                    callers[file, name].add(id)
        by_id = {item.nodeid: item for item in items}
        reading = [item for item in items if item.nodeid.startswith(READING)]
        at_import = [item.nodeid for item in items if item.nodeid.startswith(AT_IMPORT)]
        for item, after in _with_next(reading):  # Each fork reads again what has been changed, and no more.
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        print(flush=True)
        running: dict[int, Change] = {}
        sharp: dict[str, set[str]] = defaultdict(set)
        """The tests that noticed a change of a file: they are tried before others that take up to ten times less."""

        def told(change: Change, noticed: str) -> None:
            sharp[change.file].add(noticed)
            self.say(change, noticed)

        def collect(most: int) -> None:
            """Wait until few forks run. What survived is shown to mypy once none runs, since they share the source."""
            again: list[Change] = []
            while len(running) > (0 if again else most):
                pid, status = os.wait()
                if pid in running:
                    change = running.pop(pid)
                    if status == 0:
                        again.append(change)
                    else:
                        told(change, self._told(pid))
            for change in again:
                told(change, self._anew(change))

        for change in changes:
            if reading and change.kind == "constant":  # It may be a name.
                collect(0)
                if noticed := self._read(change, reading):
                    told(change, noticed)
                    continue
            calling = callers[change.file, change.function]
            if not change.function or not calling:  # A busy machine may have left out those that call it.
                files = {change.file} if change.function else {change.file, *_users(self.root, change.file)}
                calling = {id for id, reach in reached.items() if not files.isdisjoint(reach.functions)}
            first = sharp[change.file]

            own = change.file.split("/")[1]
            if not calling:  # Nothing is called where a file has only fields, such as those of commands.
                calling = {id for id in reached if f"/{own}/" in id}

            def dear(id: str, change: Change = change, first: Set[str] = first, own: str = own) -> float:
                """What reaches much besides says little of this: a played county comes after the rule's own case, and
                what other services answer in it after what this one does."""
                functions = reached[id].functions
                here = max(1, len(functions.get(change.file, ()))) / sum(map(len, functions.values()), start=1)
                return reached[id].seconds / here**2 / (10 if id in first or own in id else 1)

            ids = sorted(calling, key=dear)
            ids = _within_budget(ids, reached, self.job.seconds)
            swap = _swap(self.root, change) if change.function else None
            if swap is None:
                collect(0)
                told(change, self._anew(change, [*at_import, *ids]))
                continue
            collect(self.job.jobs - 1)
            chosen = [(by_id[id], 10 + 5 * reached[id].seconds) for id in ids]
            running[_fork(partial(self._try, swap, chosen))] = change
        collect(0)

    def _try(self, swap: Callable[[], None], tests: Sequence[tuple[pytest.Item, float]]) -> None:
        """In a fork: put the change in, and run tests until one fails, or takes more processor time than it may: then
        the change made something endless, and the signal ends the fork."""
        self.in_fork = True
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        swap()
        for (item, seconds), after in _with_next(tests):
            signal.setitimer(signal.ITIMER_PROF, seconds)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after and after[0])
        os._exit(0)

    def _told(self, pid: int) -> str:
        """By what a fork noticed its change."""
        mark = self.folder / f"{pid}.failed"
        told = mark.read_text() if mark.exists() else "it ends the run, or never ends"
        mark.unlink(missing_ok=True)
        return told

    def _read(self, change: Change, items: Sequence[pytest.Item]) -> str:
        """In a fork, on changed source: which of the tests that read sources fails."""
        with self._standing(change):
            pid = _fork(partial(self._try, lambda: None, [(item, 60) for item in items]))
            _, status = os.waitpid(pid, 0)
        return self._told(pid) if status else ""

    @contextmanager
    def _standing(self, change: Change) -> Iterator[None]:
        """While this lasts, the changed source stands in the tree."""
        path = self.root / change.file
        source = path.read_bytes()
        path.write_text(ast.unparse(changed(self.root, change)), "utf-8")
        try:
            yield
        finally:
            path.write_bytes(source)

    def _anew(self, change: Change, ids: Sequence[str] = ()) -> str:
        """In a new process, on changed source: whether one of these tests fails, or mypy does not believe it."""
        test = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *ids]
        believe = [sys.executable, "-m", "mypy", "--no-error-summary", change.file]
        with self._standing(change):
            for command in (test, believe) if ids else (believe,):
                try:
                    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
                except subprocess.TimeoutExpired:
                    return "it never ends"
                if done.returncode:
                    told = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
                    return told[0].split(" - ")[0].split()[-1] if told else command[2]
        return ""

    def say(self, change: Change, noticed: str) -> None:
        with (self.folder / "verdicts.jsonl").open("ab") as file:
            file.write(msgspec.json.encode(Verdict(change.id, noticed)) + b"\n")
        print("tried", change.id, "noticed" if noticed else "SURVIVED", flush=True)


def _is_slow(item: pytest.Item) -> bool:
    starts_others = "/browser/" in item.nodeid or hasattr(getattr(item, "module", None), "System")
    return starts_others or "postgresql" in item.nodeid or bool(SERVERS & {*getattr(item, "fixturenames", ())})


def _with_next(items: Sequence[T]) -> Iterator[tuple[T, T | None]]:
    return zip(items, [*items, None][1:], strict=True)


def _users(root: Path, file: str) -> set[str]:
    """The files that take something from a file, such as a list that its own functions do not look at."""
    module = re.escape(file.removesuffix(".py").replace("/", "."))
    takes = re.compile(rf"^from {module} import ", re.MULTILINE)
    sources = (path for room in ("services", "shared") for path in (root / room).rglob("*.py"))
    return {path.relative_to(root).as_posix() for path in sources if takes.search(path.read_text("utf-8"))}


def _within_budget(ids: Iterable[str], reached: Mapping[str, Reach], most: float) -> list[str]:
    """As many as may be run for one change, and one at least."""
    ids = [*ids]
    spent = accumulate(reached[id].seconds for id in ids)
    return [id for n, (id, seconds) in enumerate(zip(ids, spent, strict=True)) if not n or seconds <= most]


def _leave(mark: Path, text: str) -> None:
    mark.write_text(text)
    os._exit(1)


def _fork(work: Callable[[], None]) -> int:
    """Do some work in a fork that says nothing."""
    pid = os.fork()
    if pid:
        return pid
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    try:
        work()
    finally:
        os._exit(3)


def _swap(root: Path, change: Change) -> Callable[[], None] | None:
    """What puts a change into the living functions; None if there are none, or they hold on to something else now."""
    path = str(root / change.file)
    code = _code(compile(changed(root, change), path, "exec"), change)
    living = [
        thing
        for thing in _functions()
        if thing.__code__.co_filename == path
        and thing.__code__.co_qualname == change.function
        and thing.__code__.co_firstlineno == change.begins
    ]
    if code is None or not living or any(thing.__code__.co_freevars != code.co_freevars for thing in living):
        return None

    def swap() -> None:
        for thing in living:
            thing.__code__ = code

    return swap


def _code(module: CodeType, change: Change) -> CodeType | None:
    for code in (constant for constant in module.co_consts if isinstance(constant, CodeType)):
        if code.co_qualname == change.function and code.co_firstlineno == change.begins:
            return code
        if found := _code(code, change):
            return found
    return None


_FUNCTIONS: list[FunctionType] = []


def _functions() -> list[FunctionType]:
    """All functions of the product that live."""
    if not _FUNCTIONS:
        gc.unfreeze()
        _FUNCTIONS.extend(
            thing
            for thing in gc.get_objects()
            if isinstance(thing, FunctionType) and (thing.__module__ or "").startswith(("services.", "shared."))
        )
        gc.freeze()
    return _FUNCTIONS


def main() -> None:
    folder = Path(sys.argv[1])
    job = msgspec.json.decode((folder / "job.json").read_bytes(), type=Job)
    # No time goes into making a failing example small; what survives meets the tests as they are anyway.
    settings.register_profile(
        "mutants",
        deadline=None,
        database=None,
        derandomize=True,
        max_examples=20,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    settings.load_profile("mutants")
    arguments = ["-q", "-s", "-p", "no:cacheprovider", *job.tests]
    sys.exit(pytest.main(arguments, plugins=[Plugin(folder, job)]))


if __name__ == "__main__":
    main()
