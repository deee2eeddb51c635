"""The mark of a data folder: a small file in it that says what kind of installation it holds and where it was last."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Literal
from uuid import uuid4

import msgspec
from msgspec import Meta

from deploy.local.errors import StartError, told

Kind = Literal["real", "demo", "continued", "trial"]
KINDS: Final[Mapping[Kind, tuple[str, str]]] = {
    "real": ("正式数据", "real work"),
    "demo": ("演示数据", "the demo"),
    "continued": ("由 zhucun up 接续的演示数据", "a demo that `zhucun up` went on with"),
    "trial": ("测试、压测或故障演练的数据", "a test, bench or fault trial"),
}
NAME: Final = "installation.json"
MOST_REPLICAS: Final = 512
"""The most replicas that a mark may name: more than there are prefectures. It only bounds what is read."""
LOCAL: Final = "127.0.0.1"
_PLAYED: Final = ("play.json", "villages.svg", "logs/play.log")
"""Files that only a play leaves in a folder."""
_SHARE: Final = re.compile(r"registry-\d+-of-(\d+)\.sqlite3")


class Mark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a folder's mark."""

    kind: Kind
    identity: Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    """A random id of the installation. A copy gets another one."""
    version: str
    """The version of the product that made the mark."""
    made: datetime
    place: str
    """Where the folder was at its latest start."""
    inode: int
    """The directory's number on its disk. A renamed folder keeps it, a copy has another one."""
    replicas: Annotated[int, Meta(ge=1, le=MOST_REPLICAS)] = 1
    bind: str = LOCAL
    """The address on which the services answer."""
    served: bool = False
    """Whether the services have ever been ready. Then their databases must exist."""

    def __post_init__(self) -> None:
        ip_address(self.bind)

    @property
    def told(self) -> tuple[str, str]:
        """What it is, in Chinese and English."""
        zh, en = KINDS[self.kind]
        return f"{zh}，{self.made:%Y-%m-%d} 建立", f"{en}, made on {self.made:%Y-%m-%d}"


def new_mark(root: Path, kind: Kind, replicas: int) -> Mark:
    """The mark of a new installation."""
    return Mark(
        kind=kind,
        identity=uuid4().hex,
        version=version("zhucun"),
        made=datetime.now(UTC),
        place=str(root),
        inode=0,
        replicas=replicas,
    )


def read_mark(root: Path) -> Mark | None:
    """The mark of a folder, or None if it has none. Raises StartError if the mark is broken."""
    path = root / NAME
    with told(f"数据目录的标记 {path}", f"the mark of the folder, {path}"):
        try:
            return msgspec.json.decode(path.read_bytes(), type=Mark)
        except FileNotFoundError:
            return None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise StartError(
                f"{path} 被改坏，或由更新的版本写成。请恢复备份中的该文件；"
                "没有备份时可删除它，下次启动将按目录内容重新认定（有了新的标识，并只在本机监听）。\n"
                f"{path} is broken, or a newer version wrote it ({error}). Restore it from the backup; without one "
                "delete it: the next start recognises the folder by what it holds (with a new identity, on 127.0.0.1)."
            ) from None


def recognised(root: Path) -> Mark | None:
    """A mark for a folder without one that an older version made. None if there is no installation in it.

    If it has a play's diary or picture it is a demo. Any other folder with databases counts as real work.
    """
    databases = [path.name for path in root.glob("*.sqlite3")]
    if not databases:
        return None
    kind: Kind = "demo" if any((root / name).exists() for name in _PLAYED) else "real"
    shares = {int(share[1]) for name in databases if (share := _SHARE.fullmatch(name))}
    return msgspec.structs.replace(new_mark(root, kind, max(shares, default=1)), served=True)
