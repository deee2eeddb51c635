"""`zhucun doctor`: checks what an operator would look at first when something is wrong. Each fault has its remedy."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import httpx
from nats.errors import Error

from deploy.access.asking import connected
from deploy.access.lags import Lag, lags
from deploy.local.condition import folder_checks
from deploy.local.errors import StartError
from deploy.local.supervisor import SERVICES, find_server
from shared import chinese, english
from shared.engine.schema import revisions
from shared.engine.shares import Share
from shared.policy import PolicyInvalid, parse_pack, shipped
from shared.stream import bus

Check = tuple[str, str, str]
"""What was checked, in Chinese and in English, and the fault with its remedy. The fault is empty if all is well."""
MIN_DISK = 2 * 2**30
"""Bytes of free disk: a county's three years need less."""


class Servers(NamedTuple):
    """How to reach the nats-servers: their address, the key to use, and for TLS the certificate of their authority."""

    url: str
    key: Path
    ca: Path | None


def versions() -> Iterator[tuple[str, str]]:
    """The version of each part, for an operator who reports a fault."""
    yield "zhucun", version("zhucun")
    yield "Python", sys.version.split()[0]
    found, fault = _nats_version()
    yield "nats-server", fault or found.removeprefix("nats-server: ")
    yield "SQLite", sqlite3.sqlite_version
    for service in SERVICES:
        yield f"schema {service}", revisions(service)[-1]


def checks(
    folder: Path | None,
    addresses: Callable[[str], Sequence[str]],
    servers: Callable[[], Servers],
    token: Callable[[str], Mapping[str, str]],
    beside: Mapping[str, str],
) -> Iterator[Check]:
    """All checks in order: first the installation, then the running system if there is one.

    `folder` is None if the system runs elsewhere; then only its answers are checked. `addresses` gives the addresses of
    a service's replicas, and raises StartError if another folder's system answers there. `servers` gives those of NATS.
    `token` gives the header by which a service knows who asks.
    `beside` has the addresses of the processes beside the services, by name.
    """
    wanted = sys.version_info >= (3, 11)
    yield (
        "Python 版本",
        f"Python {sys.version.split()[0]}",
        "" if wanted else "需要 3.11 以上 / 3.11 or later is needed",
    )
    yield "nats-server", *_nats_version()
    yield "SQLite", sqlite3.sqlite_version, ""
    if folder:
        free = shutil.disk_usage(folder if folder.exists() else Path.cwd()).free
        yield (
            "磁盘空间",
            f"free disk {free / 2**30:.1f} GiB",
            ""
            if free > MIN_DISK
            else "不足 2 GiB，请清理或换数据目录 / less than 2 GiB; make room or use another folder",
        )
    for path in shipped.FILES:
        yield "政策包", f"policy pack {path.name}", _pack_fault(path)
    if folder:
        yield from folder_checks(folder)
    if folder and not (folder / "ports.json").exists():
        zh, en = "尚未运行过 zhucun up", "`zhucun up` has not run there yet"
        yield "运行中的系统", "a running system", f"{folder}: {zh} / {en}"
        return
    try:
        urls = {
            Share(number, len(found)).named(service): url
            for service in SERVICES
            for found in [addresses(service)]
            for number, url in enumerate(found, 1)
        }
    except StartError as error:
        yield "运行中的系统", "a running system", str(error)
        return
    yield from _running(urls, servers, token, beside)


def _running(
    urls: Mapping[str, str],
    servers: Callable[[], Servers],
    token: Callable[[str], Mapping[str, str]],
    beside: Mapping[str, str],
) -> Iterator[Check]:
    """What the processes of a running system say, and whether a day comes through to all services."""
    with ExitStack() as opened:
        services = {
            name: opened.enter_context(
                httpx.Client(base_url=url, headers=token(name.partition("-")[0]), timeout=15, trust_env=False)
            )
            for name, url in urls.items()
        }
        for name, service in services.items():
            yield f"服务“{name}”", *_service(service)
        for name, url in beside.items():
            yield f"进程“{name}”", "process", _amiss(url)
        yield "节假日安排", *_holidays(services[next(name for name in services if name.startswith("registry"))])
        zh, en = "端到端：日历消息", "end to end: a day's way through NATS to all services"
        yield zh, en, _days_fault(servers, services)
    yield from _subscribers(servers)


def _nats_version() -> tuple[str, str]:
    try:
        out = subprocess.run([find_server(), "--version"], capture_output=True, text=True, check=True)
    except (StartError, OSError, subprocess.CalledProcessError) as error:
        return "not found", str(error)
    return out.stdout.strip(), ""


def _pack_fault(path: Path) -> str:
    try:
        parse_pack(path.read_bytes(), shipped.base)
    except PolicyInvalid as error:
        return str(error)
    return ""


def _holidays(service: httpx.Client) -> tuple[str, str]:
    """Until when holidays are known, and the remedy if they end soon: after that, working days are just weekdays."""
    try:
        status = service.get("/v1/status").json()
        known, today = (date.fromisoformat(status[field]) for field in ("calendar_known_until", "today"))
    except (httpx.HTTPError, KeyError, TypeError, ValueError):
        return "holidays", ""  # Another check has told already that the service does not answer or has no day yet.
    remedy = (
        f"{known.year + 1}年放假通知公布后，请用 zhucun policy holidays 录入 / "
        f"enter the notice of {known.year + 1} by `zhucun policy holidays` once it is out"
    )
    soon = f"; {remedy}" if today + timedelta(60) > known else ""
    return f"holidays known until {english.day(known)}{soon}", remedy if today > known else ""


def _service(service: httpx.Client) -> tuple[str, str]:
    """The service's name and everything that is wrong there, each with its remedy in the service's own words."""
    try:
        health = service.get("/health").json()
        status = service.get("/v1/status").raise_for_status().json()
    except httpx.HTTPStatusError as error:
        told = error.response.status_code
        if why := _words(error.response):
            return "service", f"{service.base_url} {why}"
        zh = "请由目录所有者以运维身份检查（zhucun logout）" if told in (401, 403) else "请查看日志"
        en = "let whoever owns the folder look (`zhucun logout`)" if told in (401, 403) else "read its log"
        return "service", f"{service.base_url} 不予答复（{told}），{zh} / it refuses to say how it is ({told}); {en}"
    except (httpx.HTTPError, ValueError) as error:
        return (
            "service",
            f"{service.base_url} 无应答，请查看日志 / it does not answer ({error}); read its log, or run `zhucun up`",
        )
    amiss = [word for word in health.values() if isinstance(word, str) and word != "ok"]
    return "service, days simulated" if status["simulated"] else "service", "\n".join(amiss)


def _words(answer: httpx.Response) -> str:
    """What a service that cannot work says about the reason. Empty if it says nothing, or only refuses the caller."""
    try:
        said = answer.json() if answer.status_code >= 500 else {}
    except ValueError:
        return ""
    return f"{said['title']}\n    {said['detail']}" if {"title", "detail"} <= said.keys() else ""


def _amiss(url: str) -> str:
    """What a process beside the services says is wrong there."""
    try:
        health = httpx.get(f"{url}/health", timeout=15, trust_env=False).json()
    except (httpx.HTTPError, ValueError) as error:
        return f"{url} 无应答，请查看日志 / it does not answer ({error}); read its log, or run `zhucun up`"
    return "\n".join(word for word in health.values() if isinstance(word, str) and word != "ok")


def _days_fault(servers: Callable[[], Servers], services: Mapping[str, httpx.Client]) -> str:
    """What is wrong if services differ in their business day, or do not read their streams to the end in seconds."""
    try:
        return asyncio.run(_read_to_the_end(servers(), services))
    except Exception as error:  # Whatever fails here, the operator should see a message and no traceback.
        why = f"{type(error).__name__}: {error}".rstrip(": ")
        zh = "没有查成。请先解决前面指出的问题；前面没有指出的，请查看日志“nats.log”"
        return f"{zh} / it was not found out ({why}): mend what is told above, or else read nats.log"


def _named(services: Sequence[str]) -> str:
    """Services by their names, in a Chinese sentence."""
    return "、".join(f"“{name}”" for name in services)


def _subscribers(servers: Callable[[], Servers]) -> Iterator[Check]:
    """How far each subscriber on NATS is behind, and what it would lose."""

    async def asked() -> list[Lag]:
        at = servers()
        async with connected(at.url, at.key, at.ca) as client:
            return await lags(client)

    try:
        found = asyncio.run(asked())
    except (Error, OSError, StartError):
        return  # Another check has told already that NATS does not answer.
    for lag in found:
        (zh, en), alarm = lag.told, lag.alarm(datetime.now(UTC))
        yield f"订阅者“{lag.name}”：{zh}", f"subscriber: {en}", " / ".join(alarm) if alarm else ""


async def _read_to_the_end(servers: Servers, services: Mapping[str, httpx.Client]) -> str:
    broker = await asyncio.wait_for(bus.connect(servers.url, "doctor", servers.key, servers.ca), 5)
    js = broker.connection.jetstream()
    until = time.monotonic() + 5
    lagging = dict.fromkeys(services, -1)
    while any(lagging.values()) and time.monotonic() < until:
        for name in services:
            info = await js.consumer_info(bus.OPEN, name)
            lagging[name] = (info.num_pending or 0) + (info.num_ack_pending or 0)
        await asyncio.sleep(0.1)
    await broker.stop()
    days = {service.get("/v1/status").json()["today"] for service in services.values()}
    if any(lagging.values()):
        behind = [name for name, messages in lagging.items() if messages]
        return f"有服务落后于消息流：{_named(behind)} / services lag behind the stream: {lagging}"
    if len(days) > 1 or None in days:
        told = sorted(date.fromisoformat(day) for day in days if day)
        zh, en = "、".join(map(chinese.day, told)) or "尚无", ", ".join(map(english.day, told)) or "none"
        return f"各服务的业务日期不一致：{zh} / the services do not have one business day: {en}"
    return ""
