"""`zhucun selftest`: whether this installation's code, machine and servers carry a village all the way."""

import asyncio
import os
import signal
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.access.users import SELFTEST
from deploy.cli.reach import Trouble, console
from deploy.language import chosen, told
from deploy.language import day as in_language
from deploy.terminal import folded

if TYPE_CHECKING:  # Importing it takes time, and most commands do not need it.
    from deploy.operations.scratch import Site

app = typer.Typer()


@app.command()
def selftest() -> None:
    """自检：在另起的一套服务上走完一个村的全程，不留下任何数据 · a village's whole way, which leaves nothing behind."""
    from deploy.demo.officers import Refusal
    from deploy.demo.regions.benxi.story import START
    from deploy.local.supervisor import until_stopped
    from deploy.operations.scratch import LeftBehind
    from deploy.operations.selftest import UNTIL, Check
    from deploy.operations.selftest import selftest as carry

    found, site = list[Check](), _site()

    async def run() -> None:
        columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("启动 · starting", total=(UNTIL - START).days)

            async def watch(day: date) -> None:
                progress.update(bar, completed=(day - START).days, description=in_language(day))

            found.extend(await carry(watch, site))

    try:
        if not asyncio.run(until_stopped(run())):
            # Everything is being removed; a second Ctrl-C must not hide the message about it.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except LeftBehind as error:
        raise Trouble(str(error)) from error
    except (Refusal, RuntimeError, TimeoutError) as error:
        raise Trouble(
            f"自检中断，未留下任何数据\n  the self-test came to a stop, and nothing is left of it: {error}"
        ) from error
    if not found:
        raise Trouble("自检被中断，未留下任何数据\n  the self-test was interrupted, and nothing is left of it")
    table = folded("", told("环节", "step"), told("问题", "what is wrong"))
    for check in found:
        table.add_row("✗" if check.failed else "✓", told(check.zh, check.en), chosen(check.fault))
    console.print(table)
    if wrong := sum(check.failed for check in found):
        console.bad(f"自检有 {wrong} 项不符 · {wrong} of the self-test's checks failed")
        raise typer.Exit(1)
    console.good("自检通过，未留下任何数据 · the self-test passed, and nothing is left of it")


def _site() -> "Site | None":
    """The servers in the environment, on which the self-test has its own account. None if it must start its own.

    Raises Trouble if the self-test's keys cannot be read.
    """
    from deploy.operations.scratch import Site

    nats, ca = os.environ.get("ZHUCUN_NATS"), os.environ.get("ZHUCUN_NATS_CA")
    if not nats:
        return None
    keys = Path(os.environ.get("ZHUCUN_KEYS") or "/keys") / SELFTEST
    if not os.access(keys, os.R_OK | os.W_OK):
        raise Trouble(
            f"读不到自检的密钥目录 {keys}。请在安装系统的机器上运行：docker compose exec operator zhucun selftest；"
            "只检查本机的程序，则先去掉 ZHUCUN_NATS 设置。\n"
            f"  The self-test's keys in {keys} cannot be read. Run it where the system is installed: `docker compose "
            "exec operator zhucun selftest`; to test this machine's own programs only, unset ZHUCUN_NATS first."
        )
    return Site(
        nats,
        Path(ca) if ca else None,
        int(os.environ.get("ZHUCUN_STREAM_REPLICAS") or "1"),
        keys,
        os.environ.get("ZHUCUN_SELFTEST_DATABASES", ""),
    )
