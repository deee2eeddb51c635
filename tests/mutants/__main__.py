"""`make mutants`: change the rules at random, a little and one at a time, and list what no test notices.

No kept library does it here: mutmut and cosmic-ray draw no sample from a seed, the first leaves out properties
and modules' own lines, and the second starts pytest anew for each change, which takes longer than most need.
"""

import hashlib
import linecache
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.mutants.changes import KINDS, Change, changes
from tests.mutants.session import Job, Verdict

ROOT: Final = Path(__file__).parents[2]
RULES: Final = (
    "services/*/model/**/*.py",
    "shared/rules.py",
    "shared/calendar.py",
    "shared/codes.py",
    "shared/engine/flow.py",
    "shared/policy/**/*.py",
)
SERVICES: Final = ("registry", "dispatch", "inspection", "incentives")
APART: Final = ("accounts", "console", "webhooks")
"""Services with rules of their own that play no part in a village's journey."""
OF_SERVICES: Final = ("names", "defaults", "statuses", "labels", "services", "calendar", "unknown", "long")
"""The tests of `tests/shared` that are about the rules of services; all of them are about the rules that all share."""
PLAYED: Final = ("answers", "forms", "journey_rules", "outages", "tasks", "told", "two_persons", "zunyi")
"""The tests of `tests/journeys` that need no processes."""
NOTICED_AT_LEAST: Final = 0.99
EQUIVALENTS: Final = Path(__file__).with_name("equivalents.toml")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Equivalent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change that makes no difference that anybody could see, and why."""

    file: str
    function: str
    before: str
    after: str
    why: str
    line: str = ""
    """A part of the line that is changed, where other lines of the function hold what is no equivalent."""

    def covers(self, change: Change) -> bool:
        alike = (self.file, self.function, self.before, self.after) == (
            change.file,
            change.function,
            change.before,
            change.after,
        )
        return alike and self.line in linecache.getline(str(ROOT / change.file), change.lines[0])


def equivalents() -> list[Equivalent]:
    """All that are known."""
    found = tomllib.loads(EQUIVALENTS.read_text("utf-8"))
    return msgspec.convert(found.get("equivalent", []), list[Equivalent])


def rules(root: Path, parts: Sequence[str] = ()) -> list[str]:
    """The files that hold rules, or those of them below `parts`."""
    files = {path.relative_to(root).as_posix() for pattern in RULES for path in root.glob(pattern)}
    return sorted(file for file in files if not parts or file.startswith((*parts,)))


@app.command()
def main(
    seed: Annotated[int, typer.Option(help="抽样由此数决定 · the sample follows from it")] = 7,
    sample: Annotated[int, typer.Option(help="改动的数目 · how many changes", min=1)] = 200,
    part: Annotated[
        list[str], typer.Option(help="只改这些文件 · only files below these, such as services/registry")
    ] = [],  # noqa: B006
    kind: Annotated[list[str], typer.Option(help=f"只做这些种类 · only these kinds: {', '.join(KINDS)}")] = [],  # noqa: B006
    like: Annotated[
        list[str], typer.Option(help="只试写法合于此式者 · only those whose line matches this pattern")
    ] = [],  # noqa: B006
    jobs: Annotated[int, typer.Option(help="同时进行的数目 · how many at once", min=1)] = 1,
    seconds: Annotated[float, typer.Option(help="一处改动的测试时间上限 · at most so many for a change")] = 120,
    folder: Annotated[Path, typer.Option(help="工作目录，可续作 · where it works and goes on")] = Path("data/mutants"),
) -> None:
    """随机改动规则，列出测试没有发现的改动 · change the rules at random and list what no test notices."""
    files = rules(ROOT, part)
    known = equivalents()
    all_changes = [change for file in files for change in changes(ROOT, file)]
    meant = [
        change
        for change in all_changes
        if change.kind in (kind or KINDS)
        and not any(one.covers(change) for one in known)
        and (not like or any(re.search(pattern, told(change)) for pattern in like))
    ]
    if not meant:
        raise typer.BadParameter(f"没有可改之处 / there is nothing to change; kinds are {', '.join(KINDS)}")
    drawn = draw(meant, seed)[:sample]
    folder.mkdir(parents=True, exist_ok=True)
    tree = copied(folder.resolve())
    stamp = {file: hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:12] for file in files}
    verdicts = folder / "noticed.json"
    noticed: dict[str, str] = msgspec.json.decode(verdicts.read_bytes()) if verdicts.exists() else {}
    keys = {change.id: f"{stamp[change.file]} {change.id}" for change in drawn}
    whole = (folder / "tree.sha256").read_text()[:12]
    """What survived is tried again as soon as anything is another, a test above all."""
    missed = {change.id: f"{whole} {keys[change.id]}" for change in drawn}
    left = [change for change in drawn if not {keys[change.id], missed[change.id]} & noticed.keys()]
    by_id = {change.id: change for change in drawn}
    for verdict in tried(tree, folder.resolve(), left, reaching(files), jobs, seconds) if left else ():
        noticed[(keys if verdict.noticed else missed)[verdict.id]] = verdict.noticed
        verdicts.write_bytes(msgspec.json.encode(noticed))
        if not verdict.noticed:
            print("SURVIVED", told(by_id[verdict.id]), flush=True)
    survivors = [change for change in drawn if keys[change.id] not in noticed]
    show(Console(width=200), drawn, survivors)
    raise typer.Exit(len(survivors) > (1 - NOTICED_AT_LEAST) * len(drawn))


def draw(meant: Iterable[Change], seed: int) -> list[Change]:
    """The changes in an order that the seed decides. Each has its place by what it says alone, so that a sample stays
    the same, but for the lines that have changed, while rules are added elsewhere."""
    alike = Counter[str]()

    def place(change: Change) -> bytes:
        said = f"{seed} {change.file} {change.function} {change.kind} {change.before} {change.after}"
        alike[said] += 1
        return hashlib.sha256(f"{said} {alike[said]}".encode()).digest()

    return sorted(meant, key=place)


def reaching(files: Iterable[str]) -> list[str]:
    """The tests that may reach some files: a service's own, those of what all share, and the played counties."""
    parts = {file.split("/")[1] for file in files if file.startswith("services/")}
    alike = any(file.startswith("shared/") for file in files)
    own = [f"tests/{service}" for service in (*SERVICES, *APART) if service in parts or (alike and service in SERVICES)]
    if not alike and parts <= {*APART}:
        return own
    common = ["tests/shared"] if alike else [f"tests/shared/test_{name}.py" for name in OF_SERVICES]
    return [*own, *common, *(f"tests/journeys/test_{name}.py" for name in PLAYED)]


def copied(folder: Path) -> Path:
    """A copy of the tree as it is now, whose changed sources and whose waste lie in nobody's way."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    files = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    hashes = hashlib.sha256()
    for name in sorted(files):
        hashes.update(name.encode() + (ROOT / name).read_bytes())
    tree, mark = folder / "tree", folder / "tree.sha256"
    if mark.exists() and mark.read_text() == hashes.hexdigest() and tree.exists():
        for file in rules(ROOT):  # A run that was broken off may have left one changed.
            shutil.copyfile(ROOT / file, tree / file)
        return tree
    cache = tree / ".mypy_cache"
    kept = folder / "mypy_cache"
    if cache.exists():
        shutil.rmtree(kept, ignore_errors=True)
        cache.rename(kept)
    shutil.rmtree(tree, ignore_errors=True)
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)
    if kept.exists():
        kept.rename(cache)
    mark.write_text(hashes.hexdigest())
    return tree


def tried(
    tree: Path, folder: Path, left: Sequence[Change], tests: list[str], jobs: int, seconds: float
) -> Iterable[Verdict]:
    """What became of each change, as it becomes known."""
    (folder / "verdicts.jsonl").unlink(missing_ok=True)
    job = Job(tests=tests, changes=[list(change) for change in left], jobs=jobs, seconds=seconds)
    (folder / "job.json").write_bytes(msgspec.json.encode(job))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=Console(stderr=True)) as progress,
        (folder / "session.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.session", str(folder)],
            cwd=tree,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=lambda: os.nice(3),
        ) as session,
    ):
        assert session.stdout
        task = progress.add_task("收集 collecting", total=len(left))
        survived = 0
        for line in session.stdout:
            print(line, end="", file=log, flush=True)
            word, _, rest = line.partition(" ")
            if word == "reach":
                progress.update(task, description=f"所及 reach {rest.strip()}")
            elif word == "tried":
                survived += "SURVIVED" in rest
                progress.update(task, advance=1, description=f"试改 trying, {survived} survived")
                last = (folder / "verdicts.jsonl").read_bytes().splitlines()[-1]
                yield msgspec.json.decode(last, type=Verdict)
    if session.returncode:
        raise SystemExit(f"测试未能运行 / the tests did not run; see {folder / 'session.log'}")


def told(change: Change) -> str:
    """A change in one line."""
    return f"{change.file}:{change.lines[0]} {change.function} {change.kind}: {change.before} -> {change.after}"


def show(console: Console, drawn: Sequence[Change], survivors: Sequence[Change]) -> None:
    """The survivors, and the rate of each kind and of each service."""
    table = Table("where", "in", "kind", "before", "after", title="没有测试发现 · what no test notices")
    for change in sorted(survivors):
        table.add_row(f"{change.file}:{change.lines[0]}", change.function, change.kind, change.before, change.after)
    if survivors:
        console.print(table)
    rates = Table("kind or part", "tried", "noticed", "share", title="所试与所发现 · what was tried, and noticed")
    tries = Counter(of for change in drawn for of in (change.kind, part_of(change)))
    missed = Counter(of for change in survivors for of in (change.kind, part_of(change)))
    parts = sorted({*tries} - {*KINDS})
    for name in (*(kind for kind in KINDS if tries[kind]), *parts):
        rates.add_row(name, str(tries[name]), str(tries[name] - missed[name]), f"{1 - missed[name] / tries[name]:.1%}")
    known = len(drawn) - len(survivors)
    rates.add_row("all", str(len(drawn)), str(known), f"{known / len(drawn):.1%}")
    console.print(rates)


def part_of(change: Change) -> str:
    """The service, or the part of what all share, to which a changed file belongs."""
    first, second, *_ = change.file.split("/")
    return second if first == "services" else f"{first}/{second}"


if __name__ == "__main__":
    app()
