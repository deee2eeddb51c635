"""How a database is opened, how an error shows that it is away, and what an operator can do about it. This is no part
of `store.py`, so that a process without rules need not import packs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.engine import sqlite
from shared.settings import CannotRun

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=5000",
    # A cache of 8 MB, and a checkpoint only after 16 MB: so the same pages are written less often.
    "cache_size=-8192",
    "wal_autocheckpoint=4000",
)


_AWAY = ("08", "57P")
"""Classes of SQLSTATE for a lost connection and for a server that is starting or stopping."""


def away(error: BaseException) -> bool:
    """Whether the database did not answer at all, for example because it is starting. A full disk is not this case."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (getattr(error.orig, "sqlstate", None) or "").startswith(_AWAY)
    return isinstance(error, (OSError, PoolTimeoutError))


_READ_ONLY = (
    "只读，请检查文件和目录的属主、权限和挂载方式",
    "it is read-only; see owner, rights and mount of its files",
)
_FULL = ("磁盘已满，请清理或扩容", "the disk is full; make room")
_UNOPENED = ("打不开，请核对其地址、目录和权限", "it cannot be opened; see its address, folder and rights")
_DAMAGED = ("已损坏或不是 SQLite 数据库，请恢复备份", "it is damaged or no SQLite database; restore a backup")
_STRANGER = (
    "不认这个用户或密码，请核对 ZHUCUN_DATABASE",
    "it does not know the user or the password; look at ZHUCUN_DATABASE",
)
_AWAY_TOLD = (
    "没有应答，请检查它是否运行、地址是否正确",
    "it does not answer; see whether it runs and whether its address is right",
)
_REMEDIES: Mapping[Any, tuple[str, str]] = {
    8: _READ_ONLY, 13: _FULL, "53100": _FULL, 14: _UNOPENED, 11: _DAMAGED, 26: _DAMAGED,
    "28000": _STRANGER, "28P01": _STRANGER,
    "25006": (
        "只读，请检查是否连到了备库、“default_transaction_read_only”是否打开",
        "it is read-only; see whether this is a standby, and default_transaction_read_only",
    ),
    5: ("被别的程序锁住，请关闭它", "another program has locked it; close that one"),
    10: ("磁盘读写出错，请检查磁盘", "the disk fails; check it"),
    "3D000": ("没有这个库，请核对 ZHUCUN_DATABASE", "there is none of this name; look at ZHUCUN_DATABASE"),
    "42501": ("用户的权限不够，请由库的所有者授权", "the user may not do this; let the owner of the database grant it"),
    "53300": ("连接已满，请调大“max_connections”", "it has no connection left; raise max_connections"),
}  # fmt: skip
"""Texts for database errors, by SQLSTATE of PostgreSQL or primary result code of SQLite."""


def remedy(error: BaseException) -> tuple[str, str] | None:
    """What is wrong with a database and what to do, in Chinese and English; None for an error that nobody foresaw."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(origin, "sqlite_errorcode", None)
    known = _REMEDIES.get(getattr(origin, "sqlstate", None) or (code & 0xFF if code else None))
    return known or (_AWAY_TOLD if away(error) else None)


@contextmanager
def addressed() -> Iterator[None]:
    """A context in which the address of a database is read. One that is not valid is raised as CannotRun."""
    try:
        yield
    except (ArgumentError, InvalidRequestError, ImportError) as error:
        raise CannotRun(
            "数据库地址不对，应写作 sqlite+aiosqlite:////目录/库.sqlite3 或 postgresql+asyncpg://用户:密码@主机/库名",
            f"the database's address is not right ({error}); write sqlite+aiosqlite:////folder/name.sqlite3 or "
            "postgresql+asyncpg://user:password@host/name",
        ) from error


@contextmanager
def contact() -> Iterator[None]:
    """A context for the first contact with a database. A fault that an operator can mend is raised as CannotRun."""
    try:
        yield
    except (DBAPIError, OSError) as error:
        told = _UNOPENED if isinstance(error, FileNotFoundError | PermissionError) else remedy(error)
        if not told:
            raise
        origin = error.orig if isinstance(error, DBAPIError) else error
        raise CannotRun(f"数据库用不了：{told[0]}（{origin}）", f"the database: {told[1]} ({origin})") from error


_BY_INDEX = {"server_settings": {"enable_seqscan": "off", "jit": "off"}}
"""Settings for PostgreSQL's planner. It keeps a plan that it made while a table was small, which would later compare
each id of a batch with each row; so it must use an index if there is one. A query that no index serves still reads the
whole table, but now counts as so costly that PostgreSQL would compile it first, so `jit` is off."""


def open_engine(url: str, *, by_index: bool = False) -> AsyncEngine:
    """An engine whose commits are durable: SQLite in WAL mode with full syncs, PostgreSQL with its defaults.

    With `by_index`, PostgreSQL reads no whole table if an index will do. Raises CannotRun if the address is not valid.
    """
    with addressed():
        driver = _BY_INDEX if by_index and make_url(url).get_backend_name() == "postgresql" else {}
        # Errors are logged, and parameters may be personal data.
        engine = create_async_engine(url, hide_parameters=True, connect_args=driver)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "do_connect", sqlite.connect)

        @event.listens_for(engine.sync_engine, "connect")
        def set_pragmas(connection: Any, _record: Any) -> None:
            # Otherwise the driver commits before each change of the schema, but a migration must be all or nothing.
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in _PRAGMAS:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            connection.connection.dbapi_connection.waiting.append(sqlite.BEGIN)  # type: ignore[union-attr]

    return engine
