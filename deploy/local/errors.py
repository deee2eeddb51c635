"""Turns errors of the operating system into messages with a remedy."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final


class StartError(RuntimeError):
    """The system cannot start or is not ready. The text, for the operator, says why and what to do."""


_NO_LOCKS: Final = (
    "该文件系统不支持文件锁（如某些 NFS），数据库在上面也不安全；请把数据目录放在本机磁盘上",
    "this file system has no file locks (as some NFS), and databases are not safe on it; use a folder on a local disk",
)
_NOT_ALLOWED: Final = (
    "没有权限；请以该目录的所有者身份运行，或用“chown”“chmod”改正权限",
    "not permitted; run as the owner of the folder, or mend the permissions by chown or chmod",
)
_FULL: Final = (
    "磁盘已满或超出配额；请腾出空间后再启动，数据没有损失",
    "the disk or the quota is full; make room and start again, nothing is lost",
)
_REMEDIES: Final = {
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: (
        "磁盘只读；请以可写方式挂载，或换一个数据目录",
        "the disk is read-only; mount it writable, or use another folder",
    ),
    errno.ENOLCK: _NO_LOCKS,
    errno.EOPNOTSUPP: _NO_LOCKS,
    errno.ENOSYS: _NO_LOCKS,
    errno.ENOENT: ("没有这个文件或目录；请核对路径", "there is no such file or folder; look at the path again"),
    errno.EISDIR: ("这是目录，不是文件；请核对路径", "this is a folder and no file; look at the path again"),
    errno.ENOTDIR: ("路径中有一段不是目录；请核对路径", "a part of the path is no folder; look at the path again"),
    errno.EEXIST: ("这是文件，不是目录；请核对路径", "this is a file and no folder; look at the path again"),
    errno.ELOOP: ("符号链接互相指向；请改正链接", "symbolic links lead in a circle; mend them"),
    errno.ENAMETOOLONG: ("名称太长；请换短一些的路径", "the name is too long; use a shorter path"),
    errno.EIO: ("磁盘读写出错；请检查磁盘，并准备恢复备份", "the disk fails; check it, and have the backup at hand"),
}


def refused(error: OSError, about: str = "") -> tuple[str, str]:
    """What the operating system refused and what to do, in Chinese and English. The system's own words stay English.

    The path is added unless `about` has it already.
    """
    path = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else ""
    path = f"：{path}" if path and path not in about else ""
    zh, en = _REMEDIES.get(error.errno or 0, (f"读写出错（错误号 {error.errno}）", "cannot be read or written"))
    return f"{zh}{path}", f"{en} ({error})"


@contextmanager
def told(zh: str, en: str) -> Iterator[None]:
    """Turn an OSError raised inside this context into a StartError about the named place."""
    try:
        yield
    except OSError as error:
        told_zh, told_en = refused(error, zh)
        raise StartError(f"{zh}：{told_zh}。\n{en}: {told_en}.") from error
