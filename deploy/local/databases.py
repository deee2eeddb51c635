"""Checks that a service's SQLite database is what it should be, before a service opens it or a demo removes it."""

import re
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn

from deploy.local.errors import StartError
from shared.engine.schema import revisions

RESTORE: Final = (
    "请停止系统，把整个数据目录恢复到同一份备份，再启动",
    "restore the whole folder from one backup, then start again",
)
WAIT: Final = 5.0
"""Seconds to wait until another program, such as a backup, releases a database."""


@cache
def _own_tables(services: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
    """The tables that only one service has, by service."""
    all_tables = {name: {*import_module(f"services.{name}.tables").TABLES.metadata.tables} for name in services}
    return {
        name: frozenset(tables.difference(*(others for other, others in all_tables.items() if other != name)))
        for name, tables in all_tables.items()
    }


def check(path: Path, service: str, services: Iterable[str], *, needed: bool, thorough: bool = False) -> None:
    """Raise StartError, with the remedy, unless this is the service's database, whole, and of a known version.

    Unless it is `needed`, it may be missing or empty. With `thorough`, SQLite reads all of it.
    """
    if not path.exists() or not path.stat().st_size:
        if needed:
            _refuse(path, "不见了，或是空文件；服务会从头开始", "is missing or empty, so the service would begin anew")
        return
    try:
        with closing(sqlite3.connect(path, timeout=WAIT)) as database:
            tables = {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}
            if needed and not tables:
                _refuse(path, "是空的；服务会从头开始", "is empty, so the service would begin anew")
            if tables and "alembic_version" not in tables:
                _refuse(path, "不是驻村系统的数据库", "is no database of this system")
            found = database.execute("select version_num from alembic_version").fetchone() if tables else None
            fault = database.execute("pragma quick_check(1)").fetchone()[0] if thorough else "ok"
    except sqlite3.OperationalError as error:
        told = "读不了；请检查权限、磁盘空间和占用它的程序", "cannot be read: permissions, disk, who has it open"
        raise StartError(f"数据库 {path} {told[0]}。\nThe database {path} {told[1]} ({error}).") from None
    except sqlite3.DatabaseError as error:
        _refuse(path, "已损坏或不是 SQLite 数据库", f"is damaged or no SQLite database ({error})")
    if fault != "ok":
        _refuse(path, f"已损坏（{fault}）", f"is damaged ({fault})")
    owner = next((name for name, own in _own_tables((*services,)).items() if own & tables), service)
    if owner != service:
        _refuse(path, f"是 {owner} 的数据库，不是 {service} 的", f"is the database of {owner}, not of {service}")
    if found and found[0] not in revisions(service):
        raise StartError(
            f"数据库 {path} 的结构版本是 {found[0]}，本程序只认得到 {revisions(service)[-1]}：它被更新的版本用过。"
            "请安装那个版本再启动，或恢复升级之前的备份。\n"
            f"The schema of {path} is at {found[0]}, this program knows it up to {revisions(service)[-1]}: a newer "
            "version has used it. Install that version, or restore the backup from before."
        )


_PLAYED: Final = re.compile(r"[^:]+:\d{4}-\d\d-\d\d-\d+-\d+-\d{4}(-\d+)?(:\w+)?")
"""The key of a request that a play sent: its path, the day, round, number and prefecture, and the part."""


def not_played(root: Path) -> list[str]:
    """The paths at which somebody other than a play has handed something in, as the databases of a folder tell.

    Raises StartError if the databases cannot be read.
    """
    keys: list[str] = []
    for path in sorted(root.glob("*.sqlite3")):
        try:
            with closing(sqlite3.connect(path, timeout=WAIT)) as database:
                if database.execute("select 1 from sqlite_master where name = 'requests'").fetchone():
                    keys += [key for (key,) in database.execute("select key from requests")]
        except sqlite3.Error as error:
            zh = "读不了，无从确认是否只有演示数据；请自行移走整个目录"
            en = "cannot be read, so nobody knows whether a demo made all of it: move the folder away yourself"
            raise StartError(f"数据库 {path} {zh}。\nThe database {path} {en} ({error}).") from None
    return sorted({key.partition(":")[0] for key in keys if not _PLAYED.fullmatch(key)})


def _refuse(path: Path, zh: str, en: str) -> NoReturn:
    raise StartError(f"数据库 {path} {zh}。{RESTORE[0]}。\nThe database {path} {en}: {RESTORE[1]}.")
