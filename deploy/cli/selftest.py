"""`zhucun selftest`: whether this installation's code and machine carry a village all the way."""

import asyncio
from datetime import date

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.cli.reach import Trouble, console
from deploy.terminal import folded

app = typer.Typer()


@app.command()
def selftest() -> None:
    """自检：在另起的一套服务上走完一个村的全程，不留下任何数据 · a village's whole way, which leaves nothing behind."""
    from deploy.demo.benxi import START
    from deploy.demo.simulation import Refusal
    from deploy.local.supervisor import until_stopped
    from deploy.operations.selftest import UNTIL, Check
    from deploy.operations.selftest import selftest as carry

    found: list[Check] = []

    async def run() -> None:
        columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("启动 starting", total=(UNTIL - START).days)

            async def watch(day: date) -> None:
                progress.update(bar, completed=(day - START).days, description=str(day))

            found.extend(await carry(watch))

    try:
        asyncio.run(until_stopped(run()))
    except (Refusal, RuntimeError, TimeoutError) as error:
        raise Trouble(
            f"自检中断，未留下任何数据\n  the self-test came to a stop, and nothing is left of it: {error}"
        ) from error
    if not found:
        raise Trouble("自检被中断，未留下任何数据\n  the self-test was interrupted, and nothing is left of it")
    table = folded("", "环节", "step", "问题 what is wrong")
    for check in found:
        table.add_row("✗" if check.fault else "✓", check.zh, check.en, check.fault)
    console.print(table)
    if wrong := sum(bool(check.fault) for check in found):
        console.bad(f"自检有 {wrong} 项不符 · {wrong} of the self-test's checks failed")
        raise typer.Exit(1)
    console.good("自检通过，未留下任何数据 · the self-test passed, and nothing is left of it")
