"""Whether the system is well, for those who keep it running."""

import asyncio
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency

from services.console import web
from services.console.upstream import Refusal, Upstream
from services.console.web import Request, Visitor

SERVICES: Final = {
    "registry": ("村档案", "registry"), "dispatch": ("选派", "dispatch"), "inspection": ("督查", "inspection"),
    "incentives": ("奖惩", "incentives"),
}  # fmt: skip
PARTS: Final = {
    "database": ("数据库", "database"), "nats": ("消息总线", "NATS"), "consumers": ("接收", "consumers"),
    "relay": ("发布", "publishing"), "dead letters": ("死信", "dead letters"), "consumer": ("接收", "consumer"),
    "calendar": ("日历", "calendar"), "clock": ("时钟", "clock"), "streams": ("消息流", "streams"),
}  # fmt: skip
"""The parts of a service's health, in words. One that is not here is shown by what it says alone."""


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
    return web.page(request, "operations.html", visitor, rows=rows, away=away, named=named)


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
