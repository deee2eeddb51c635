"""Commands about webhooks: where events are sent over HTTP, and what was not taken there."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from deploy.cli.reach import DEFAULT, FolderOption, Trouble, beside_address, console, open_beside, token
from deploy.language import told
from deploy.local.supervisor import WEBHOOKS
from deploy.terminal import folded
from shared import chinese, english

app = typer.Typer(help="以 HTTP 推送事件：接收地址、补发、密钥 · events sent over HTTP", no_args_is_help=True)
URL = "ZHUCUN_WEBHOOKS_URL"
IdArgument = Annotated[
    str, typer.Argument(help="接收地址的编号，见 zhucun webhook list · the endpoint's id, as list shows it")
]
DayOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="自业务日期起，如“2014-05-04” · from this business day on")
]


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="接收地址，以“https”开头 · where events are sent")],
    description: Annotated[str, typer.Option(help="用途与接收单位 · who receives them, and what for")],
    contact: Annotated[str, typer.Option(help="接收方的联系方式 · how to reach the receiver")],
    division: Annotated[
        str, typer.Option(help="区划代码的前 2、4 或 6 位，不填为全国 · first digits of the division")
    ] = "",
    type: Annotated[
        list[str] | None, typer.Option(help="事件类型，可多次，不填为全部 · a type of event; repeatable")
    ] = None,
    since: DayOption = None,
    folder: FolderOption = DEFAULT,
) -> None:
    """增加接收地址，询问对方是否接收，显示密钥一次 · add an endpoint; its secret is shown once."""
    said = {
        "url": url,
        "division": division,
        "types": type or [],
        "description": description,
        "contact": contact,
        **({"since": str(since.date())} if since else {}),
    }
    with client(folder) as http:
        made = http.post("/v1/endpoints", json=said).json()
    console.good(made["id"])
    _show_secret(made["secret"])
    if made["status"] != "active":
        console.bad(
            told(
                f"对方尚未同意接收（{made['zh']}）。请对方办好后运行 zhucun webhook test {made['id']}",
                f"the receiver has not agreed yet ({made['error']}); afterwards run `zhucun webhook test {made['id']}`",
            )
        )


@app.command("list")
def list_endpoints(
    of: Annotated[
        str, typer.Option(help="列出此编号未送达的事件 · list the events that this endpoint has not taken")
    ] = "",
    about: Annotated[str, typer.Option(help="只列此村 · of this village only")] = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """列出接收地址及其状态，或未送达的事件 · list endpoints, or what was not taken."""
    from services.webhooks.model.endpoint import STATUSES

    with client(folder) as http:
        if of:
            events = http.get(f"/v1/endpoints/{of}/undelivered", params={"about": about}).json()
            table = folded(
                "事件 · event", "对象 · about", "类型 · type", "业务日期 · day", "次数 · attempts", "原因 · why"
            )
            for event in events:
                table.add_row(
                    event["id"], event["subject"], event["type"], event["day"], str(event["attempts"]), _reason(event)
                )
        else:
            table = folded(
                "编号 · id", "地址 · address", "状态 · status", "未送达 · not taken", "原因 · why", "联系 · contact"
            )
            for one in http.get("/v1/endpoints").json():
                status = told(*STATUSES[one["status"]])
                table.add_row(one["id"], one["url"], status, _lag(one), _reason(one), one["contact"])
    console.print(table)


@app.command()
def test(id: IdArgument, folder: FolderOption = DEFAULT) -> None:
    """发送测试事件，必要时先询问对方是否接收 · send a test event, and confirm the receiver if need be."""
    answer = _ask(folder, id, "test")
    if not answer["is_delivered"]:
        raise Trouble(
            f"测试事件没有送达：{answer['zh']}。请与接收方核对地址和应答。\n"
            f"  The test event was not taken: {answer['error']}. Compare address and answer with the receiver."
        )
    console.good(told("测试事件已送达", "the test event was taken"))


@app.command()
def resend(
    id: IdArgument,
    about: Annotated[str, typer.Option(help="只补发此村 · of this village only")] = "",
    since: DayOption = None,
    folder: FolderOption = DEFAULT,
) -> None:
    """立即补发未送达的事件；填日期则该日起的全部重发 · send what was not taken; with a day, all from then on."""
    said = {"about": about, **({"since": str(since.date())} if since else {})}
    _ask(folder, id, "resend", said)
    console.good(told("已安排补发", "it is being sent again"))


@app.command()
def pause(id: IdArgument, folder: FolderOption = DEFAULT) -> None:
    """暂停推送，其间的事件留待恢复 · send nothing until it is resumed; nothing is lost."""
    _ask(folder, id, "pause")
    console.good(told("已暂停", "paused"))


@app.command()
def resume(id: IdArgument, folder: FolderOption = DEFAULT) -> None:
    """恢复推送 · send again from where it stood."""
    _ask(folder, id, "resume")
    console.good(told("已恢复", "resumed"))


@app.command()
def remove(id: IdArgument, folder: FolderOption = DEFAULT) -> None:
    """删除接收地址及其未送达的记录 · forget an endpoint and what waits for it."""
    _ask(folder, id, "remove")
    console.good(told("已删除", "removed"))


@app.command()
def rotate(
    id: IdArgument,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="旧密钥立即失效，用于泄露 · end the old ones now, if one leaked")
    ] = False,
    folder: FolderOption = DEFAULT,
) -> None:
    """换发密钥，显示一次；旧密钥一天内仍有效 · make another secret; the old one signs too for a day."""
    _show_secret(_ask(folder, id, "rotate", {"at_once": at_once})["secret"])


def _lag(one: Mapping[str, Any]) -> str:
    """How many events an endpoint lacks, and since when."""
    more_zh, more_en = ("以上", " or more") if one["lacks_more"] else ("", "")
    zh, en = f"{one['lacks']} 条{more_zh}", f"{one['lacks']}{more_en}"
    if one["oldest_at"]:
        age = datetime.now(UTC) - datetime.fromisoformat(one["oldest_at"])
        hours, day = age.total_seconds() / 3600, date.fromisoformat(one["oldest_day"])
        zh += f"，最早的业务日期为{chinese.day(day)}，已等 {hours:.1f} 小时"
        en += f", the oldest of {english.day(day)}, for {hours:.1f} hours"
    if one["away"]:
        zh += f"（暂时读不到“{'、'.join(one['away'])}”）"
        en += f" ({', '.join(one['away'])} cannot be read now)"
    return told(zh, en)


def _reason(failed: Mapping[str, Any]) -> str:
    """Why something was not taken. What failed under an earlier version has its reason in English alone."""
    return told(failed["zh"] or failed["error"], failed["error"])


def _show_secret(text: str) -> None:
    console.say(told("密钥（只显示一次，请安全交给接收方）", "its secret, shown only once; hand it over in safety"))
    console.say(f"  {text}")


def _ask(folder: Path, id: str, what: str, said: dict[str, Any] | None = None) -> dict[str, Any]:
    with client(folder) as http:
        answer: dict[str, Any] = http.post(f"/v1/endpoints/{id}/{what}", json=said or {}).json()
        return answer


def client(folder: Path) -> httpx.Client:
    """A client of the webhooks, as whoever has signed in here, or else as the operator. Raises Trouble if there are
    none."""
    url = beside_address(folder, WEBHOOKS)
    if not url:
        raise Trouble(
            f"{folder} 的系统不推送事件。请用 zhucun up --webhooks 启动，或用 {URL} 指明地址。\n"
            f"  The system of {folder} sends no events. Start it by `zhucun up --webhooks`, or name them by {URL}."
        )
    shown = token(folder, WEBHOOKS)
    if not shown:
        raise Trouble(
            "没有令牌：请先登录（zhucun login），或在系统所在的机器上用 ZHUCUN_SECRET_FILE 指明安装密钥。\n"
            "  There is no token: sign in (`zhucun login`), or name the installation's secret by ZHUCUN_SECRET_FILE."
        )
    return open_beside(url, shown)
