"""A backup of a whole data folder, in one archive.

Databases, streams and keys of a folder belong to one moment. So the system is stopped, and all of it is kept and
restored together, with what accounts, webhooks and the console have of their own.
"""

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import IO, Final

from deploy.access.keys import private
from deploy.local import databases
from deploy.local.errors import StartError, told
from deploy.local.folder import PARTS, Folder
from deploy.local.supervisor import BESIDE, SERVICES

OF_A_RUN: Final = ("lock", "pids.json")
"""Files that mean something only while the system runs."""


def save(folder: Folder, archive: Path) -> list[str]:
    """Put a folder whose system is stopped into an archive. Returns the names of its databases.

    Raises StartError if the system runs, or a database is damaged: a backup is worth only what can be restored from it.
    An earlier backup is never overwritten.
    """
    if archive.exists():
        raise StartError(
            f"{archive} 已存在，不覆盖以前的备份；请换一个文件名，或者先把它移走。\n"
            f"{archive} is there already, and no earlier backup is overwritten: choose another name, or move it away."
        )
    new = archive.with_name(f"{archive.name}.new")
    with folder.held(), told(f"备份文件 {archive}", f"the backup {archive}"):
        found = _checked(folder.root)
        try:
            with open(new, "wb", opener=private) as file:
                with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as packed:
                    for path in sorted(folder.root.iterdir()):
                        if _is_part(path.name) and path.name not in OF_A_RUN:
                            packed.add(path, path.name)
                file.flush()
                os.fsync(file.fileno())
            new.replace(archive)
        finally:
            new.unlink(missing_ok=True)
    return found


def restore(archive: Path, folder: Folder) -> list[str]:
    """Make a folder from an archive. Returns the names of its databases.

    Raises StartError if something is in the folder, or if the archive is no whole backup; then nothing is left of it.
    """
    root = folder.root
    with told(f"数据目录 {root}", f"the folder {root}"):
        if root.exists() and any(root.iterdir()):
            raise StartError(
                f"{root} 里已有文件。恢复须用新目录或空目录：请先把它改名留存，或用 --folder 另行指明。\n"
                f"There is something in {root}. Restore into a new or empty folder: rename this one, or name another "
                "by --folder."
            )
        root.parent.mkdir(parents=True, exist_ok=True)
        new = Path(mkdtemp(prefix=f".{root.name}.", dir=root.parent))
        try:
            with _readable(archive), gzip.open(archive) as stream:
                with tarfile.open(fileobj=stream, mode="r:") as packed:
                    for member in packed:
                        _take_out(packed, member, new)
                while stream.read(2**20):  # The checksum is compared only at the very end.
                    pass
            if not Folder(new).mark:
                raise StartError(_broken(archive, "没有安装标识", "it has no installation's mark"))
            found = _checked(new)
            if root.exists():
                root.rmdir()
            new.rename(root)
        finally:
            rmtree(new, ignore_errors=True)
    return found


def _take_out(packed: tarfile.TarFile, member: tarfile.TarInfo, root: Path) -> None:
    """Write one file of the archive below a folder, for its owner alone. Raises TarError for anything that is no part
    of a data folder."""
    parts = Path(member.name).parts
    if not parts or ".." in parts or Path(member.name).is_absolute() or not _is_part(parts[0]):
        raise tarfile.TarError(member.name)
    target = root / member.name
    if member.isdir():
        target.mkdir(mode=0o700, exist_ok=True)
        return
    content: IO[bytes] | None = packed.extractfile(member) if member.isfile() else None
    if content is None:
        raise tarfile.TarError(member.name)
    with open(target, "xb", opener=private) as file:
        while part := content.read(2**20):
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    """Raise StartError, with the remedy, for an archive that cannot be read to its end."""
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise StartError(_broken(archive, "已损坏，或不是备份", f"damaged or no backup ({error})")) from error


def _broken(archive: Path, zh: str, en: str) -> str:
    return (
        f"备份文件 {archive} 不能恢复（{zh}）。请用另一份备份。\n"
        f"The backup {archive} cannot be restored: {en}. Use another one."
    )


def _checked(root: Path) -> list[str]:
    """The names of the databases in a folder, each read whole. Raises StartError for a damaged one."""
    found = sorted(root.glob("*.sqlite3"))
    for path in found:
        databases.check(path, path.stem.partition("-")[0], (*SERVICES, *BESIDE), needed=False, thorough=True)
    return [path.stem for path in found]


def _is_part(name: str) -> bool:
    return any(fnmatchcase(name, part) for part in PARTS)
