"""Whether the system is well, for those who keep it running."""

import asyncio
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency

from services.console import web
from services.console.upstream import Refusal, Upstream
from services.console.web import Request, Visitor

SERVICES: Final = {
    "registry": ("村档案", "registry"),
    "dispatch": ("选派", "dispatch"),
    "inspection": ("督查", "inspection"),
    "incentives": ("奖惩", "incentives"),
}
PARTS: Final = {
    "database": ("数据库", "database"), "nats": ("消息总线", "NATS"), "consumers": ("接收", "consumers"),
    "relay": ("发布", "publishing"), "dead letters": ("死信", "dead letters"), "consumer": ("接收", "consumer"),
    "calendar": ("日历", "calendar"), "clock": ("时钟", "clock"), "streams": ("消息流", "streams"),
}  # fmt: skip
"""The parts of a service's health, in words. A part that is not here is shown without a name."""
BY_COMMAND: Final = (
    ("zhucun doctor", "检查系统，逐项说明怎样处理", "Check the system, and be told what to do"),
    ("zhucun dead-letters list", "列出待处理消息及其原因", "List dead letters, with why they are dead"),
    ("zhucun dead-letters show ID", "查看一件的全文", "Read one whole"),
    ("zhucun dead-letters replay SERVICE --all", "排除原因后重放", "Replay them once the cause is mended"),
    ("zhucun dead-letters discard ID --reason 原因", "放弃一件，写明原因", "Give one up, with the reason"),
    ("zhucun access list", "查看订阅者及其进度", "See subscribers and how far each is"),
    ("zhucun webhook list", "查看推送的接收地址及未送达的事件", "See endpoints, and what was not taken"),
    ("zhucun backup FILE.tar.gz", "停止系统后整体备份", "Stop the system, and back it up whole"),
)
"""What operators do at a terminal, since it needs the data folder: the command, and what it is for."""


@get("/operations")
async def operations(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]
) -> Response[str]:
    """What each service says of its health, and how far it is behind."""
    healths, statuses = await asyncio.gather(upstream.healths(), upstream.all("/v1/status", visitor))
    rows = [
        {"name": named(name), "wrong": _wrong(healths[name]), "status": statuses[name]} for name in upstream.sources
    ]
    away = {name: one for name, one in statuses.items() if isinstance(one, Refusal)}
    return web.page(request, "operations.html", visitor, rows=rows, away=away, named=named, by_command=BY_COMMAND)


def named(process: str) -> tuple[str, str]:
    """A service's process in words; a replica says which it is."""
    service, _, share = process.partition("-")
    zh, en = SERVICES.get(service, (service, service))
    number, _, of = share.partition("-of-")
    return (f"{zh}（第{number}副本，共{of}个）", f"{en} (replica {number} of {of})") if share else (zh, en)


def _wrong(health: dict[str, Any]) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """The parts that are not well, each in words, with what it says."""
    found = []
    for part, said in health.items():
        if isinstance(said, str) and said != "ok":
            zh, _, en = said.partition(" / ")
            found.append((PARTS.get(part, ("", "")), (zh, en or zh)))
    return found


HANDLERS: Final = (operations,)
