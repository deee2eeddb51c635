"""Commands for operators and developers: digests, recovery, logs, contract documents."""

import json
import os
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import Progress, track

from deploy.cli.reach import (
    DEFAULT,
    FolderOption,
    ServiceArgument,
    Trouble,
    addresses,
    clients,
    console,
    open_client,
    require_service,
)
from deploy.local.supervisor import SERVICES

app = typer.Typer()


@app.command()
def digest(folder: FolderOption = DEFAULT) -> None:
    """各服务业务内容的摘要；两次运行相同则摘要相同 · digests of the business content of every service."""
    from shared.store import united

    for service in SERVICES:
        for kind, value in united(http.get("/v1/digest").json() for http in clients(folder, service)).items():
            console.print(f"{service:<11} {kind:<14} {value}", highlight=False, soft_wrap=True)


@app.command()
def recover(
    service: ServiceArgument,
    folder: FolderOption = DEFAULT,
) -> None:
    """消息丢失后从各服务日志补齐，可重复 · make good what a stream lost unread; may be repeated."""
    from deploy.recovery import recover as hand_in
    from shared.http import operator_key
    from shared.runtime import heard

    require_service(service)
    addresses(folder, service)  # A wrong folder is told as such, not by the secret that it lacks.
    secret = Path(os.environ.get("ZHUCUN_SECRET_FILE", folder / "secret")).read_bytes()
    with ExitStack() as stack, Progress(console=console) as progress:

        def operators(service: str) -> list[httpx.Client]:
            headers = {"Authorization": f"Bearer {operator_key(secret)}"}
            return [stack.enter_context(open_client(url, headers)) for url in addresses(folder, service)]

        journals = [journal for other in SERVICES for journal in operators(other)]
        reactions = import_module(f"services.{service}.app").SERVICE
        count = sum(hand_in(replica, journals, heard(reactions), progress) for replica in operators(service))
    console.print(f"[green]✓[/] {service}：已对照各服务日志的 {count} 条 · {count} events of all journals compared")


@app.command()
def logs(
    about: Annotated[str, typer.Argument(help="村代码或其他编号 · village or other id")],
    folder: FolderOption = DEFAULT,
) -> None:
    """在四个服务的日志里追踪一个村 · follow one village through the logs of all services, in order of time."""
    lines = []
    for path in track([*(folder / "logs").glob("*.log*")], description="读日志 reading", console=Console(stderr=True)):
        with path.open("rb") as file:
            for line in file:
                if about.encode() in line and line.startswith(b"{"):
                    lines.append((json.loads(line)["timestamp"], line.decode().rstrip()))
    if not lines:
        raise Trouble(f"{folder} 的日志里没有 {about} / nothing in the logs of {folder} names {about}")
    for _, text in sorted(lines):
        print(text)


@app.command()
def contracts() -> None:
    """由代码生成 JSON Schema 与 AsyncAPI 文档 · write the contract documents from the code."""
    from deploy.contracts import FOLDER, write

    faults = write()
    if faults:
        raise Trouble("不兼容的改动，请新建版本 / breaking changes; make a new version:\n  " + "\n  ".join(faults))
    console.print(f"[green]✓[/] {FOLDER}")
