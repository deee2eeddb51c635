"""Commands about dead letters: messages that could not be handled and wait for an operator."""

import json
from datetime import datetime
from typing import Annotated, Final

import typer

from deploy.cli.reach import DEFAULT, FolderOption, ServiceArgument, Trouble, clients, console, require_service
from deploy.cli.usage import meant
from deploy.language import chosen, moment, told
from deploy.local.supervisor import SERVICES
from deploy.terminal import folded
from shared.calendar import CHINA
from shared.contracts.values import Reason
from shared.labels import basis

app = typer.Typer(
    help="待处理消息：列出、查看、重放、放弃 · dead letters: list, show, replay, discard", no_args_is_help=True
)


@app.command("list")
def list_letters(
    discarded: Annotated[bool, typer.Option(help="列出已放弃的 · those that were discarded")] = False,
    folder: FolderOption = DEFAULT,
) -> None:
    """列出各服务的待处理消息 · list the dead letters of every service."""
    table = folded(*map(chosen, _HEADINGS))
    for service in SERVICES:
        for http in clients(folder, service):
            for letter in http.get("/v1/dead-letters", params={"discarded": discarded}).json():
                reason = letter["discarded_for"] if discarded else _why(letter["reason"])
                since = moment(datetime.fromisoformat(letter["parked_at"]).astimezone(CHINA))
                table.add_row(service, letter["id"], letter["about"], chosen(basis(letter["rule"])), reason, since)
    console.print(table)


_HEADINGS: Final = (
    ("服务", "service"),
    ("编号", "id"),
    ("对象", "about"),
    ("依据", "basis"),
    ("原因", "reason"),
    ("北京时间", "since, in China"),
)


def _why(reason: str) -> str:
    """Why a message could not be handled, in the reader's language if the reason was given in both."""
    zh, between, en = reason.partition(" / ")
    if between:
        return told(zh, en)[:200]
    return told(f"程序错误：“{reason[:200]}”", reason[:200])


@app.command()
def show(id: str, folder: FolderOption = DEFAULT) -> None:
    """查看一件待处理消息的全文 · show one dead letter whole."""
    for service in SERVICES:
        for http in clients(folder, service):
            for letter in http.get("/v1/dead-letters").json():
                if letter["id"] == id:
                    console.say(json.dumps({"service": service, **letter}, indent=2, ensure_ascii=False))
                    return
    raise Trouble(f"没有编号为“{id}”的待处理消息 / there is no dead letter {id}")


@app.command()
def replay(
    service: ServiceArgument,
    about: Annotated[
        str, typer.Option(help="按次序重放这个对象的全部待处理消息 · all about this village, in order")
    ] = "",
    id: Annotated[str, typer.Option(help="只重放这一件 · only this one")] = "",
    every: Annotated[
        bool, typer.Option("--all", help="按次序重放全部，如时钟校正之后 · all, in order, as after a clock was mended")
    ] = False,
    folder: FolderOption = DEFAULT,
) -> None:
    """排除原因后重放 · take dead letters again once their cause is mended."""
    if not (about or id or every):
        raise Trouble("请用 --about、--id 或 --all 指明要重放哪些 / name with --about, --id or --all what to replay")
    require_service(service)
    there = done = left = 0
    for http in clients(folder, service):  # Replicas that do not have the letter replay nothing.
        waiting = http.get("/v1/dead-letters").json()
        there += sum(id in ("", one["id"]) and about in ("", one["about"]) for one in waiting)
        # Messages about no village, such as a day, come first: the others may have been decided upon them.
        subjects = sorted({one["about"] for one in waiting}) if every else [about]
        for subject in subjects:
            done += http.post("/v1/dead-letters/replay", params={"about": subject, "id": id}).json()["replayed"]
        left += len(http.get("/v1/dead-letters").json())
    if not there:
        raise Trouble(
            f"{service} 没有这样的待处理消息，请对照 zhucun dead-letters list 核对编号和对象 / "
            f"{service} has no such dead letter; compare id and subject with `zhucun dead-letters list`"
        )
    if not done:
        raise Trouble(f"重放均未成功，还有{left}件待处理消息 / none went through; {left} dead letters are left")
    console.good(f"重放成功{done}件，还有{left}件 · {done} went through, {left} are left")


@app.command()
def discard(
    id: str,
    reason: Annotated[
        str,
        typer.Option(
            help="为何放弃，存档备查 · why; it is kept",
            callback=meant("--reason", Reason, "放弃的原因，一行文字，至少两个字", "the reason, a line of text"),
        ),
    ],
    folder: FolderOption = DEFAULT,
) -> None:
    """放弃一件待处理消息，或者一个发不出去的事件 · give up a dead letter, or an event that cannot be published."""
    for service in SERVICES:
        for http in clients(folder, service):
            stuck = http.get("/health/ready").json().get("outbox", "")
            if id in stuck or any(letter["id"] == id for letter in http.get("/v1/dead-letters").json()):
                http.post("/v1/dead-letters/discard", params={"id": id, "reason": reason})
                console.good(f"服务“{service}”：已放弃“{id}”，原因存档备查 · {id} is discarded, and the reason kept")
                return
    raise Trouble(f"没有编号为“{id}”的待处理消息 / there is no dead letter {id}")
