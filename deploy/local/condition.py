"""Checks a data folder without changing it. Each fault has its remedy."""

from collections.abc import Iterator
from pathlib import Path

from deploy.local import databases
from deploy.local.errors import StartError
from deploy.local.folder import Folder, few
from deploy.local.supervisor import BESIDE, SERVICES
from shared.engine.shares import Share

Check = tuple[str, str, str]
"""What was checked, in Chinese and in English, and the fault with its remedy. The fault is empty if all is well."""


def folder_checks(root: Path) -> Iterator[Check]:
    """Check what the folder is, where it is, who can read it, and whether its files are whole."""
    folder, mark = Folder(root), None
    try:
        mark = folder.mark
        folder.kept_ports()
    except StartError as error:
        yield "数据目录", f"folder {folder.root}", str(error)
        return
    if not mark:
        return
    zh, en = mark.told
    yield f"数据目录：{zh}", f"folder {folder.root}: {en}", ""
    yield "目录位置", "where the folder is", _displaced(folder, mark.place)
    closed = not folder.root.stat().st_mode & 0o077  # Then nobody else can reach the files inside.
    open_ones = [] if closed else folder.open_to_others()
    told = f"其他用户可读：{few(open_ones)}；下次启动会改正 / others can read {few(open_ones)}; the next start mends it"
    yield "访问权限", "only the owner can read it", told if open_ones else ""
    own = {
        Share(number, mark.replicas).named(service): service
        for service in SERVICES
        for number in range(1, mark.replicas + 1)
    }
    for name, service in (own | {name: name for name in BESIDE}).items():
        path, needed = folder.database(name), mark.served and name in own
        if path.exists() or needed:
            yield f"数据库“{name}”", "database", _database_fault(path, service, needed=needed)


def _displaced(folder: Folder, place: str) -> str:
    if place == str(folder.root):
        return ""
    return (
        f"原在“{place}”，移动或复制到此处后还没有启动过 / it was at {place}, and was not started since it was moved or "
        "copied here"
    )


def _database_fault(path: Path, service: str, *, needed: bool) -> str:
    try:
        databases.check(path, service, (*SERVICES, *BESIDE), needed=needed)
    except StartError as error:
        return str(error)
    return ""
