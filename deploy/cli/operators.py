"""Commands for operators and developers: digests, recovery, logs, contract documents."""

from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
import typer
from rich.progress import Progress, track

from deploy.cli.reach import (
    DEFAULT,
    FOLDER_HELP,
    FolderOption,
    ServiceArgument,
    Trouble,
    addresses,
    clients,
    console,
    is_elsewhere,
    kinds,
    open_client,
    require_service,
)
from deploy.language import told
from deploy.local.folder import Folder
from deploy.local.logs import follow
from deploy.local.supervisor import SERVICES
from deploy.terminal import Terminal, neutral

app = typer.Typer()


@app.command()
def digest(folder: FolderOption = DEFAULT) -> None:
    """各服务业务内容的摘要；两次运行相同则摘要相同 · digests of the business content of every service."""
    from shared.engine.store import united

    for service in SERVICES:
        known = kinds(service)
        for kind, value in united(http.get("/v1/digest").json() for http in clients(folder, service)).items():
            name = f"  {told(*known[kind].known_as)}" if kind in known else ""
            console.say(f"{service:<11} {kind:<14} {value}{name}")


@app.command()
def backup(
    archive: Annotated[Path, typer.Argument(help="备份文件 · the file to write")],
    folder: FolderOption = DEFAULT,
) -> None:
    """把停止的系统连同账号、网页、推送的数据存入一个文件 · put a stopped system, whole, into one file."""
    from deploy.local.backup import save

    names = save(Folder(folder), archive)
    console.good(f"{archive}：{'、'.join(names)} · {len(names)} databases, each read whole, streams and keys")


@app.command()
def restore(
    archive: Annotated[Path, typer.Argument(help="备份文件 · a file that `zhucun backup` wrote")],
    folder: FolderOption = DEFAULT,
) -> None:
    """从备份恢复到新目录或空目录 · make a new folder of a backup."""
    from deploy.local.backup import restore as take_out

    names = take_out(archive, Folder(folder))
    console.good(f"{folder}：已恢复{len(names)}个数据库 · {len(names)} databases are back, with streams and keys")
    console.note(
        "启动后请运行 zhucun access anew，告知各订阅者；推送用 zhucun webhook resend 自备份之日起补发 · "
        "once it runs, `zhucun access anew` tells subscribers, and `zhucun webhook resend` sends again from that day on"
    )


@app.command()
def recover(
    service: ServiceArgument,
    folder: FolderOption = DEFAULT,
) -> None:
    """消息丢失后从各服务日志补齐，可重复 · make good what a stream lost unread; may be repeated."""
    from deploy.operations.recovery import recover as hand_in
    from shared.runtime import heard

    require_service(service)
    with ExitStack() as stack, Progress(console=console) as progress:

        def operators(service: str) -> list[httpx.Client]:
            return [stack.enter_context(open_client(url, service, folder)) for url in addresses(folder, service)]

        journals = [journal for other in SERVICES for journal in operators(other)]
        reactions = import_module(f"services.{service}.app").SERVICE
        count = sum(hand_in(replica, journals, heard(reactions), progress) for replica in operators(service))
    console.good(f"{service}：已对照各服务日志的 {count} 条 · {count} events of all journals compared")


@app.command()
def logs(
    about: Annotated[
        str, typer.Argument(help="村代码或其他编号；不写则全部 · village or other id; all if it is left out")
    ] = "",
    following: Annotated[bool, typer.Option("--follow", "-f", help="接着看新写的行 · and what comes")] = False,
    folder: Annotated[Path, typer.Option("--folder", envvar="ZHUCUN_FOLDER", help=FOLDER_HELP)] = DEFAULT,
) -> None:
    """在四个服务的日志里追踪一个村 · follow one village through the logs of all services, in order of time."""
    kept = folder / "logs"
    if is_elsewhere():
        raise Trouble(
            "日志在系统所在的机器上：用容器运行的，请用 docker compose logs 查看。\n"
            "  The logs are where the system runs: with containers, read them by `docker compose logs`."
        )
    if not kept.is_dir():
        raise Trouble(f"{folder} 里没有日志 / there are no logs in {folder}; name the folder with --folder")
    lines = []
    for path in track([*kept.glob("*.log*")], description="读日志 · reading", console=Terminal(stderr=True)):
        with path.open("rb") as file:
            lines += [(_written_at(line), line) for line in file if about.encode() in line and (about or line.strip())]
    for _, line in sorted(lines):
        _show(line)
    if following:
        for name, line in follow({path.stem: path for path in kept.glob("*.log")}):
            if about.encode() in line:
                _show(line if line.startswith(b"{") else name.encode() + b": " + line)
    elif not lines:
        raise Trouble(f"{folder} 的日志里没有 {about} / nothing in the logs of {folder} names {about}")


def _written_at(line: bytes) -> str:
    """When a line was logged. A line that is not in our format, such as a broken one, sorts first."""
    try:
        return str(msgspec.json.decode(line, type=_Line).timestamp)
    except msgspec.MsgspecError:
        return ""


class _Line(msgspec.Struct):
    timestamp: str = ""


def _show(line: bytes) -> None:
    print(neutral(line.decode(errors="replace").rstrip("\n")), flush=True)


@app.command()
def contracts() -> None:
    """由代码生成数据结构说明与 AsyncAPI 文档 · write the contract documents from the code."""
    from deploy import event_pages, form_pages, mechanisms, policy_pages, rights_page
    from deploy.contracts import FOLDER, write

    faults = write()
    if faults:
        raise Trouble("不兼容的改动，请新建版本 / breaking changes; make a new version:\n  " + "\n  ".join(faults))
    policy_pages.write()
    mechanisms.write()
    form_pages.write()
    rights_page.write()
    event_pages.write()
    console.good(
        f"{FOLDER}, {policy_pages.FOLDER / policy_pages.PAGE}, {mechanisms.PAGE}, {form_pages.PAGE}, "
        f"{rights_page.PAGE}, {event_pages.FOLDER}"
    )
