"""`make bench`: measure what Zhucun does, part by part, beside what its users would pick instead.

Everything is measured in one run, since only ratios within one run can be trusted. What is done is on disk after each
part, so that an interruption loses nothing but the part under way.
"""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.bench import report
from tests.bench.report import PARTS, Report

DOCS = Path("docs")
"""Where the figures are kept that later runs are compared with, and the picture that the README shows."""


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bench(
    parts: Annotated[
        list[str] | None, typer.Argument(help=f"只测这些部分 · only these of: {', '.join(PARTS)}", show_default=False)
    ] = None,
    scale: Annotated[
        float, typer.Option(help="规模，1 为全国 · how much of the whole country", min=0.001, max=1)
    ] = 0.1,
    whole: Annotated[bool, typer.Option("--whole", help="全国 · the whole country: --scale 1")] = False,
    folder: Annotated[Path, typer.Option("--report", help="报告写到哪里 · where the report goes")] = Path("data/bench"),
    compare: Annotated[
        bool, typer.Option("--compare", help="与存档的比值相比，变差即失败 · fail where a ratio got worse")
    ] = False,
    store: Annotated[bool, typer.Option("--store", help="存为今后比较的基准 · keep as what to compare with")] = False,
) -> None:
    """性能测试：与用户会选的其他方案并排比较 · the benchmark, beside what users would pick instead."""
    console = Console()
    if strangers := set(parts or ()) - set(PARTS):
        raise typer.BadParameter(f"没有部分 {', '.join(strangers)} / no such part; there are {', '.join(PARTS)}")
    chosen = [part for part in PARTS if part in (parts or PARTS)]
    measured = Report(scale=1.0 if whole else scale, machine=report.machine())
    kept = report.read(DOCS) if compare or (store and (DOCS / "bench.json").exists()) else measured
    if kept.scale != measured.scale:
        raise typer.BadParameter(f"存档的规模是 {kept.scale:g} / what is kept was measured at --scale {kept.scale:g}")
    folder.mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(chosen, 1):
        console.rule(f"{number}/{len(chosen)} {' '.join(PARTS[part])}")
        measured.parts[part] = import_module(f"tests.bench.{part}").measure(console, measured.scale)
        report.write(measured, folder)
    console.print(*(report.table(part, figures) for part, figures in measured.parts.items()))
    console.print(f"{folder}/bench.json, bench.md, bench.svg")
    if compare:
        found, ratios = report.worse(measured, kept), [f.ratio for part in chosen for f in kept.parts.get(part, ())]
        well = "[green]✓[/] 没有变差的比值 · no ratio got worse"
        console.print("\n".join(found) or (well if any(ratios) else "没有可比的比值 · no ratio to compare with"))
        if found:
            raise typer.Exit(1)
    if store:
        report.keep(measured, DOCS)


if __name__ == "__main__":
    app()
