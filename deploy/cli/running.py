"""Commands that start a system, look after it and prepare its databases."""

import asyncio
import shutil
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import httpx
import typer
import uvloop

from deploy.cli.reach import DEFAULT, FolderOption, ServiceArgument, Trouble, addresses, console, require_service
from deploy.local.folder import Folder

app = typer.Typer()
DEMO = Path("data/demo")


@app.command()
def demo(
    folder: FolderOption = DEMO,
    seed: Annotated[int, typer.Option(help="随机种子 · seed of the scenario")] = 2014,
    villages: Annotated[int, typer.Option(help="贫困村数 · number of villages")] = 72,
    until: Annotated[str, typer.Option(help="演到哪一天 · last day to play")] = "2017-09-30",
    kills: Annotated[int, typer.Option(help="途中 kill -9 的次数 · kill -9 at so many random moments")] = 0,
    resume: Annotated[
        bool, typer.Option(help="接着上次继续，而不是重新开始 · resume instead of starting afresh")
    ] = False,
    stay: Annotated[
        bool, typer.Option(help="结束后保持运行，可继续查看 · keep running afterwards to look around")
    ] = False,
) -> None:
    """演示：本溪 72 个贫困村三年全流程 · Benxi's 72 villages, three years, through the real services."""
    from deploy.local.play import demo as play_demo

    if folder.exists() and not resume:
        if not (folder / "ports.json").exists() and any(folder.iterdir()):
            raise Trouble(f"{folder} 里有别的文件，不敢清空 / {folder} holds other files; name another folder.")
        held = Folder(folder)
        held.claim(())  # Refused while another system has it.
        aside = folder.with_name(f"{folder.name}.{uuid4().hex}")  # An interruption leaves no half of it behind.
        folder.rename(aside)
        held.release()
        shutil.rmtree(aside)
    uvloop.run(play_demo(folder, seed=seed, villages=villages, until=date.fromisoformat(until), kills=kills, stay=stay))


@app.command()
def up(
    folder: FolderOption = DEFAULT,
    replicas: Annotated[
        int | None,
        typer.Option(min=1, help="每个服务几个副本，首次启动时定 · replicas of each service, set at the first start"),
    ] = None,
) -> None:
    """启动系统（真实日历），Ctrl-C 停止，数据保留 · run the system on the real calendar; Ctrl-C stops it."""
    from deploy.local.supervisor import System, run
    from deploy.local.up import start_calendar

    async def announce(system: System) -> None:
        await start_calendar(system.nats_url)
        console.print("[bold green]✓[/] 驻村系统已就绪 · Zhucun is ready")
        width = max(map(len, system.services))
        async with httpx.AsyncClient(trust_env=False) as http:
            for name in system.services:
                console.print(f"  {name:<{width}} {system.url(name)}/docs")
                health = (await http.get(f"{system.url(name)}/health/ready")).json()
                for alarm in (text for part, text in health.items() if part.startswith("lost ")):
                    console.print(f"  [bold red]✗[/] {alarm}")
        console.print(f"  {'NATS':<{width}} {system.nats_url}\n  Ctrl-C 停止 · stops it")

    asyncio.run(run(System(folder, replicas=replicas or Folder(folder).replicas), announce))


@app.command()
def doctor(folder: FolderOption = DEFAULT) -> None:
    """体检：安装与运行中的系统 · check the installation and a running system, end to end."""
    from deploy.doctor import checks

    bad = 0
    for zh, en, fault in checks(folder, lambda service: addresses(folder, service)):
        bad += bool(fault)
        mark = "[red]✗[/]" if fault else "[green]✓[/]"
        console.print(f"{mark} {zh} · {en}" + (f"\n    {fault}" if fault else ""), highlight=False)
    raise typer.Exit(1 if bad else 0)


@app.command()
def migrate(
    database: Annotated[str, typer.Option(help="数据库地址 · SQLAlchemy address", envvar="ZHUCUN_DATABASE")],
    service: ServiceArgument,
) -> None:
    """升级一个服务的数据库结构 · bring a service's database to the newest schema."""
    from shared import migrations

    require_service(service)
    migrations.upgrade(service, database)
    console.print(f"[green]✓[/] {service}")
