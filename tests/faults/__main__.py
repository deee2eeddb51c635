"""`make faults`: hurt a running county in every way of the table below, and say whether anything was lost."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo.play import Result, play
from deploy.demo.regions.benxi.story import END
from deploy.local.supervisor import System
from tests.faults import cluster, composed, databases, kills, power, purge, report, server, stream
from tests.faults.report import Outcome
from tests.faults.trial import Ground, Trial, Verdict

TRIALS: Final = (
    *kills.TRIALS,
    *server.TRIALS,
    *stream.TRIALS,
    *purge.TRIALS,
    *cluster.TRIALS,
    *databases.TRIALS,
    *power.TRIALS,
    *composed.TRIALS,
)
_KEYS: Final = ", ".join([*dict.fromkeys(t.key.partition(".")[0] for t in TRIALS), *(t.key for t in TRIALS)])
"""What trials are named by: groups, and each."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    seed: Annotated[int, typer.Option(help="所有随机取自此数 · every draw follows from it")] = 2014,
    kills: Annotated[int, typer.Option(help="kill -9 的次数 · how many kills, over all moments")] = 500,
    villages: Annotated[int, typer.Option(help="村数 · how many villages", min=2, max=72)] = 3,
    only: Annotated[list[str], typer.Option(help=f"只做这些试验，可重复 · only these, may be repeated: {_KEYS}")] = [],  # noqa: B006
    report_to: Annotated[Path, typer.Option("--report", help="报告的目录 · the report's folder")] = Path("data/faults"),
) -> None:
    """让一个县的三年在各种故障中运行，与无故障的一次比较 · play a county's three years through faults and compare."""
    for key in only:
        if not any(_meant(trial, key) for trial in TRIALS):
            raise typer.BadParameter(
                f"没有试验 {key} / there is no trial {key}; there are {_KEYS}", param_hint="--only"
            )
    chosen = [trial for trial in TRIALS if not only or any(_meant(trial, key) for key in only)]
    report_to.mkdir(parents=True, exist_ok=True)
    outcomes = asyncio.run(run(chosen, seed, kills, villages, report_to))
    report.show(Console(), outcomes)
    report.write(report_to, outcomes, seed, villages)
    print(f"报告 report: {report_to / 'faults.md'}, {report_to / 'faults.json'}")
    raise typer.Exit(any(outcome.verdict.passed is False for outcome in outcomes))


def _meant(trial: Trial, key: str) -> bool:
    return trial.key == key or trial.key.startswith(f"{key}.")


async def run(trials: Sequence[Trial], seed: int, kills: int, villages: int, kept: Path) -> list[Outcome]:
    """Play once undisturbed, then through each trial, each in a folder of its own.

    That is gone afterwards; the logs of a trial that failed are kept in the folder `kept`.
    """
    outcomes = []
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with tempfile.TemporaryDirectory(prefix="zhucun-faults-") as root, Progress(*columns) as progress:
        # What dies and comes back says so in a log, not between the lines of the bar.
        log = (Path(root) / "log").open("a", encoding="utf-8")
        structlog.configure(logger_factory=structlog.WriteLoggerFactory(log))
        bar = progress.add_task("无故障 undisturbed", total=len(trials) + 1)
        undisturbed = await play_undisturbed(Path(root) / "undisturbed", seed, villages)
        for trial in trials:
            progress.advance(bar)

            def tell(line: str, trial: Trial = trial) -> None:
                progress.update(bar, description=f"{trial.zh} {trial.en}: {line}")

            tell("…")
            folder, began = Path(root) / trial.key, time.monotonic()
            folder.mkdir()
            try:
                verdict = await trial.run(Ground(folder, seed, villages, kills, undisturbed, tell))
            except Exception as error:  # Whatever a trial stumbles over is its result; the others go on.
                verdict = Verdict(False, f"{type(error).__name__}: {error}")
            if verdict.passed is False and (folder / "logs").exists():
                shutil.copytree(folder / "logs", kept / "logs" / trial.key, dirs_exist_ok=True)
            outcomes.append(Outcome(trial, verdict, time.monotonic() - began))
            progress.console.print(report.line(outcomes[-1]), highlight=False)
    return outcomes


async def play_undisturbed(folder: Path, seed: int, villages: int) -> Result:
    """How the play ends when nobody disturbs it."""
    async with System(folder) as system:
        await system.ready()
        return await play(system, seed=seed, villages=villages, until=END, quiet=True)


if __name__ == "__main__":
    app()
