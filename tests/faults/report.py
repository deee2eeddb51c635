"""What came of the trials: a table to look at, Markdown to keep, JSON to compare."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from tests.faults.trial import Trial, Verdict

WORDS: Final = {True: ("✔", "通过 passed"), False: ("✘", "未过 FAILED"), None: ("–", "未做 not possible here")}


class Outcome(NamedTuple):
    """A trial, how it ended, and how many seconds it took."""

    trial: Trial
    verdict: Verdict
    seconds: float


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print one line for each trial."""
    table = Table(title="故障试验 · fault trials", show_lines=True)
    for column in ("", "试验 trial", "所见 what was seen"):
        table.add_column(column)
    table.add_column("s", justify="right")
    for (trial, verdict, seconds), colour in zip(outcomes, map(_colour, outcomes), strict=True):
        name = f"{trial.zh}\n{trial.en}\n[dim]{trial.key}[/]"
        table.add_row(f"[{colour}]{WORDS[verdict.passed][0]}[/]", name, verdict.seen, f"{seconds:.0f}")
    console.print(table)
    console.print(summary(outcomes))


def line(outcome: Outcome) -> str:
    """How one trial ended, while the others go on."""
    trial, verdict, seconds = outcome
    return f"[{_colour(outcome)}]{WORDS[verdict.passed][1]}[/] {trial.key} {seconds:.0f} s: {verdict.seen}"


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many passed, how many did not, how many could not be made on this machine."""
    passed, failed, impossible = (sum(o.verdict.passed is way for o in outcomes) for way in (True, False, None))
    return (
        f"{len(outcomes)} 项：{passed} 通过，{failed} 未过，{impossible} 项本机不能做 · "
        f"{len(outcomes)} trials: {passed} passed, {failed} failed, {impossible} not possible here"
    )


def write(folder: Path, outcomes: Sequence[Outcome], seed: int, villages: int) -> None:
    """Write `faults.md` and `faults.json` into a folder."""
    lines = [
        "# 故障试验 · Fault trials",
        "",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · seed {seed} · {villages} villages · {summary(outcomes)}",
        "",
        "| | 试验 trial | 所见 what was seen | s |",
        "|---|---|---|--:|",
        *(
            f"| {WORDS[v.passed][1]} | {t.zh} {t.en} `{t.key}` | {v.seen.replace('|', '/')} | {seconds:.0f} |"
            for t, v, seconds in outcomes
        ),
    ]
    (folder / "faults.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = [
        {"key": t.key, "zh": t.zh, "en": t.en, "passed": v.passed, "seen": v.seen, "seconds": round(seconds, 1)}
        for t, v, seconds in outcomes
    ]
    body = msgspec.json.encode({"seed": seed, "villages": villages, "trials": told})
    (folder / "faults.json").write_bytes(msgspec.json.format(body))


def _colour(outcome: Outcome) -> str:
    return {True: "green", False: "red", None: "yellow"}[outcome.verdict.passed]
