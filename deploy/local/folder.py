"""The data folder of one embedded installation. Only one supervisor can have it at a time."""

import fcntl
import json
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from pwd import getpwuid
from signal import SIGKILL
from stat import S_ISLNK
from typing import IO, Annotated, Any, Final, Literal, NoReturn
from uuid import uuid4

import msgspec
from msgspec import Meta

from deploy.access.keys import private
from deploy.local import databases, ports
from deploy.local.errors import StartError, told
from deploy.local.mark import LOCAL, NAME, Kind, Mark, new_mark, read_mark, recognised
from deploy.local.processes import command, kill_group, soon, started, works_in

__all__ = ["Folder", "StartError"]

ROOM: Final = 64 * 2**20
"""Bytes of free disk that a start needs. With less, databases and streams would fail at once."""
PARTS: Final = (
    NAME, "lock", "ports.json", "pids.json", "secret", "replicas", "*.new", "*.sqlite3", "*.sqlite3-*", "nats",
    "nats.conf", "keys", "logs", "forms", "play.json", "villages.svg", "accounts.keys", "issuers.toml",
)  # fmt: skip
"""The names of the files that an installation keeps in its folder."""
NOT_OURS: Final = (".*", "lost+found")
"""Names that file systems and desktops put into folders. They do not count as somebody else's files."""
FITTING: Final[Mapping[Kind, tuple[Kind, ...]]] = {
    "real": ("real", "continued"),
    "demo": ("demo",),
    "continued": ("demo", "continued"),
    "trial": ("trial",),
}
"""By what is to run: the kinds that the folder may be marked as."""
_REFUSED: Final[Mapping[Kind, tuple[str, str]]] = {
    "real": (
        "正式使用请用 --folder 另建目录。zhucun up --demo 则在演示数据上按今天的日历接着运行："
        "演示停下那天之后的期限会一次到期，此后不能再用 zhucun demo --resume 继续",
        "For real work name another folder with --folder. `zhucun up --demo` goes on with a demo on today's calendar: "
        "what fell due since its last day falls due at once, and `demo --resume` is not possible any more",
    ),
    "demo": (
        "zhucun demo 会清空目录重来，所以只动演示自己的目录；请用 --folder 另行指明",
        "`zhucun demo` empties its folder and begins afresh, so it touches only its own; name another with --folder",
    ),
    "continued": (
        "zhucun up --demo 只用于演示的目录；请去掉 --demo，或用 --folder 指明演示的目录",
        "`up --demo` is for a demo's folder; leave --demo out, or name the demo's folder with --folder",
    ),
    "trial": ("请另用空目录", "Use another, empty folder"),
}
Standing = Literal["at home", "moved", "copied"]


class Noted(msgspec.Struct, frozen=True, array_like=True):
    """A started process, noted so that the next start can end it if the supervisor is killed."""

    pid: int
    arguments: str
    started: str = ""


class Folder:
    """The data folder of one installation: its mark, its paths, its secret, and the ports chosen for it.

    It belongs to one supervisor at a time, from claim() to release(). `kind` says what is to run in it.
    """

    def __init__(self, root: Path, kind: Kind = "trial") -> None:
        self.given, self.kind = root.absolute(), kind
        self.root = Path(os.path.realpath(root))
        self.nats = self.root / "nats"
        self.config = self.root / "nats.conf"
        self.keys = self.root / "keys"
        """The folder with the keys of all users of NATS and the grants of subscribers."""
        self.logs = self.root / "logs"
        self.secret = self.root / "secret"
        self.signing_keys = self.root / "accounts.keys"
        """The keys by which accounts sign tokens. Where they exist, the accounts run and whoever comes must sign in."""
        self.issuers = self.root / "issuers.toml"
        """The file that says whose tokens the services take."""
        self.ports: dict[str, int] = {}
        self.notes: list[str] = []
        """Messages to the operator about the latest claim, such as a changed port."""
        self.standing: Standing = "at home"
        self._bind = ""
        self._lock: IO[str] | None = None
        self._identity: socket.socket | None = None

    @property
    def mark(self) -> Mark | None:
        """The folder's mark, which says what it is. None if no installation was made in it."""
        return read_mark(self.root) or recognised(self.root)

    @property
    def sign(self) -> str:
        """The signature with which services on this very directory answer. Those on a copy answer with another one."""
        mark, here = self.mark, self.root.stat()
        return sha256(f"{mark and mark.identity} {here.st_dev} {here.st_ino}".encode()).hexdigest()[:32]

    @property
    def replicas(self) -> int:
        """How many replicas of each service the installation was made with. 1 before it is made."""
        mark = self.mark
        return mark.replicas if mark else 1

    @property
    def bind(self) -> str:
        """The address on which the services answer."""
        if not self._bind:
            mark = self.mark
            self._bind = mark.bind if mark else LOCAL
        return self._bind

    @property
    def host(self) -> str:
        """The address at which the services are reached from this machine, as it stands in a URL."""
        address = ip_address(self.bind)
        if address.is_unspecified:
            return "[::1]" if address.version == 6 else LOCAL
        return f"[{address}]" if address.version == 6 else str(address)

    def database(self, name: str) -> Path:
        """The SQLite file of a service's process."""
        return self.root / f"{name}.sqlite3"

    def log(self, name: str) -> Path:
        """The log file of a process. It has the process's own lines and the supervisor's lines about it."""
        return self.logs / f"{name}.log"

    def kept_ports(self) -> dict[str, int]:
        """The ports that were chosen for this folder. Raises StartError if the file is broken."""
        kept: dict[str, int] = self._kept("ports.json", dict[str, ports.Port]) or {}
        twice = [name for name, port in kept.items() if [*kept.values()].count(port) > 1]
        if twice:
            self._broken("ports.json", f"{', '.join(twice)}: {kept[twice[0]]}")
        return kept

    # ------------------------------------------------------------ belonging

    def inspect(self) -> Mark | None:
        """The folder's mark. Raises StartError, which says what the folder is, if `kind` may not run here."""
        with told(f"数据目录 {self.root}", f"the folder {self.root}"):
            self._require_path()
            if not self.root.exists():
                return None
            owner = self.root.stat().st_uid
            if owner != os.geteuid():
                self._refuse_owner(owner)
            mark = self.mark
            held = [path.name for path in self.root.iterdir()]
        if mark and mark.kind not in FITTING[self.kind]:
            (zh, en), (do_zh, do_en) = mark.told, _REFUSED[self.kind]
            raise StartError(f"{self.root} 里是{zh}。{do_zh}。\n{self.root} holds {en}. {do_en}.")
        strange = _strange(held)
        if not mark and strange and self.kind != "trial":
            raise StartError(
                f"{self.root} 里有别的文件（{few(strange)}），不是驻村系统的数据目录。请用 --folder 另行指明空目录。\n"
                f"{self.root} holds other files ({few(strange)}) and no installation. Name an empty or a new folder."
            )
        return mark

    def _require_path(self) -> None:
        for path in (self.given, *self.given.parents):
            if path.is_symlink() and not path.exists():
                raise StartError(
                    f"{path} 是符号链接，指向的位置不存在。磁盘是否已挂载？请先挂载，或改正链接。\n"
                    f"{path} links to what does not exist. Is the disk mounted? Mount it, or mend the link."
                )
        if not str(self.root).isprintable() or "?" in str(self.root):
            raise StartError(
                f"目录名 {str(self.root)!r} 含问号或控制字符，数据库地址写不下。请换一个名称。\n"
                f"The path {str(self.root)!r} has a question mark or a control character. Use another name."
            )

    def claim(
        self,
        names: Iterable[str],
        replicas: int = 1,
        *,
        wanted: Mapping[str, int] = {},
        bind: str = "",
        local: Collection[str] = (),
    ) -> None:
        """Take the folder, make what it lacks, and end processes that a killed supervisor left running.

        Each of `names` gets a port. Ports, the number of replicas and the services' address are chosen once and kept;
        `wanted` ports and `bind` change them. Names in `local` listen on 127.0.0.1 whatever `bind` says.

        Raises StartError if the folder is not what it should be, if another supervisor has it, or if a foreign process
        has one of its ports.
        """
        self.inspect()
        self.notes.clear()
        with told(f"数据目录 {self.root}", f"the folder {self.root}"):
            # The databases hold personal data, which other users of the machine must not read.
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take()
            try:
                mark = self._identified(replicas)
                self._end_leftovers()
                self._bind = ports.address(bind or mark.bind)
                mark = msgspec.structs.replace(mark, bind=self._bind)
                self._require_room()
                for path in (self.nats, self.logs):
                    path.mkdir(mode=0o700, exist_ok=True)
                self._choose_ports([*names], wanted, mark.bind, local)
                self._keep_secret(mark)
                self._keep_mark(mark)
                self._close_to_others()
            except BaseException:
                self._let_go()
                raise

    def served(self) -> None:
        """Note that the services have been ready. From now on a missing database is an error, not a first start."""
        mark = read_mark(self.root)
        if mark and not mark.served:
            self._keep_mark(msgspec.structs.replace(mark, served=True))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have the folder for oneself while nothing runs in it. Raises StartError if there is none, or it is in use."""
        if not self.root.is_dir() or not self.mark:
            raise StartError(
                f"{self.root} 里没有驻村系统的数据。请用 --folder 指明数据目录。\n"
                f"There is no installation in {self.root}. Name its folder by --folder."
            )
        with told(f"数据目录 {self.root}", f"the folder {self.root}"):
            self._take()
            try:
                self._end_leftovers()
                yield
            finally:
                self.release()

    def release(self) -> None:
        """Give the folder up. Call it when none of its processes is running any more."""
        with suppress(OSError):
            (self.root / "pids.json").unlink(missing_ok=True)
        self._let_go()

    def erase(self) -> None:
        """Remove the folder's content. Raises StartError if it is anything else than what `kind` may begin afresh.

        So a demo removes a demo's data, but never real work or files that are not an installation's.
        """
        mark = self.inspect()
        if not mark:
            return
        made = recognised(self.root)
        if mark.served and made and made.kind == "real":
            raise StartError(
                f"{self.root} 标记为演示，但里面的数据库不是演示留下的（{NAME} 可能被改过），不能清空。"
                "请改回标记；确实不要这些数据，请自行移走整个目录。\n"
                f"{self.root} is marked as a demo, but no demo made its databases ({NAME} may have been edited): it "
                "is not emptied. Put the mark right; if nobody needs these data, move the folder away yourself."
            )
        strange = _strange(path.name for path in self.root.iterdir())
        if strange:
            raise StartError(
                f"{self.root} 里还有别的文件（{few(strange)}），不能清空。请先移走它们，或用 --folder 另行指明。\n"
                f"{self.root} also holds other files ({few(strange)}). Move them away, or name another folder."
            )
        with told(f"清空数据目录 {self.root}", f"emptying the folder {self.root}"):
            self._take()  # Raises StartError while another system has it.
            try:
                self._end_leftovers()
                if handed_in := databases.not_played(self.root):
                    raise StartError(
                        f"{self.root} 里有不是演示提交的内容（{few(handed_in)}），不能清空。"
                        "请用 --folder 另行指明；确实不要这些数据，请自行移走整个目录。\n"
                        f"{self.root} holds what no demo handed in ({few(handed_in)}): it is not emptied. Name another "
                        "folder by --folder; if nobody needs these data, move the folder away yourself."
                    )
                aside = self.root.with_name(f"{self.root.name}.{uuid4().hex}")
                self.root.rename(aside)  # Renamed first, so that an interruption leaves no half-empty folder behind.
            finally:
                self._let_go()
            shutil.rmtree(aside)

    def note(self, running: Mapping[str, tuple[int, str]]) -> None:
        """Note the pid, arguments and start of each process, so that the next start can end them after a kill."""
        noted = {name: Noted(pid, arguments, started(pid)) for name, (pid, arguments) in running.items()}
        _replace(self.root / "pids.json", msgspec.json.format(msgspec.json.encode(noted)).decode())

    # --------------------------------------------------------------- claiming

    def _take(self) -> None:
        self._lock = open(  # noqa: SIM115 - held for as long as the folder is.
            self.root / "lock", "a+", opener=private, encoding="ascii", errors="replace"
        )
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._lock.truncate(0)
            self._lock.write(str(os.getpid()))
            self._lock.flush()
        except BlockingIOError:
            self._lock.seek(0)
            pid = self._lock.read(20)
            self._lock.close()
            raise StartError(
                f"数据目录 {self.root} 正由进程 {pid} 使用。请先停止该进程，或换一个数据目录。\n"
                f"The folder {self.root} is in use by process {pid}. Stop it, or use another folder."
            ) from None
        except BaseException:
            self._lock.close()
            raise

    def _let_go(self) -> None:
        for held in (self._lock, self._identity):
            if held:
                held.close()

    def _identified(self, replicas: int) -> Mark:
        """The folder's new mark, after finding out whether it is where it was, was moved, or is a copy."""
        mark = read_mark(self.root)
        if not mark:
            mark = self._adopted(replicas)
        self._require_replicas(mark, replicas)
        self.standing = self._stands(mark)
        if not self._lock_identity(mark):
            if mark.inode == self.root.stat().st_ino:
                raise StartError(
                    f"本机上另有一个目录正以同一安装（{mark.identity[:8]}）运行，与 {self.root} 互为副本。请先停止它；"
                    f"两个都要用，则把副本目录里的 {NAME} 和 ports.json 删除，它就成为独立的安装。\n"
                    f"Another folder runs as the same installation ({mark.identity[:8]}) on this machine: one is a "
                    f"copy of the other. Stop it; to use both, delete {NAME} and ports.json in the copy, which makes "
                    "it an installation of its own."
                )
            self.standing = "copied"
        if self.standing == "copied":
            self.notes.append(
                f"此目录是 {mark.place} 的副本：已有自己的标识和端口，与原目录互不影响 · this folder is a copy of "
                f"{mark.place}; it has an identity and ports of its own"
            )
            mark = msgspec.structs.replace(mark, identity=uuid4().hex)
            self._lock_identity(mark)
        elif self.standing == "moved":
            self.notes.append(f"此安装原在 {mark.place} · this installation was at {mark.place} before")
        kind = self.kind if self.kind == "continued" else mark.kind
        return msgspec.structs.replace(mark, kind=kind, place=str(self.root), inode=self.root.stat().st_ino)

    def _adopted(self, replicas: int) -> Mark:
        """A mark for a folder that has none, because it is new or an older version made it."""
        found = recognised(self.root)
        kept = self.root / "replicas"
        if found:
            if kept.exists():
                number = self._kept("replicas", Annotated[int, Meta(ge=1, le=512)])
                found = msgspec.structs.replace(found, replicas=number)
            zh, en = found.told
            self.notes.append(
                f"此目录没有标记，按内容认定为{zh} · this folder had no mark and is by what it holds {en}"
            )
            return found
        if self.kind == "continued":
            raise StartError(f"{self.root} 里没有演示。{_REFUSED['continued'][0]}。\n{self.root} holds no demo.")
        self.notes.append(f"新建安装于 {self.root} · a new installation in {self.root}")
        return new_mark(self.root, self.kind, replicas)

    def _require_replicas(self, mark: Mark, replicas: int) -> None:
        """Refuse another number of replicas. It would give prefectures to other replicas, whose databases lack their
        villages."""
        there = recognised(self.root)
        if there and there.replicas != mark.replicas:
            self._broken(NAME, f"replicas = {mark.replicas}; {there.replicas}: *.sqlite3")
        if replicas != mark.replicas:
            raise StartError(
                f"数据目录 {self.root} 按每个服务 {mark.replicas} 个副本建立，不能改为 {replicas} 个："
                "各村的数据在其地市所属副本的数据库里。请用原来的副本数，或另建数据目录。\n"
                f"The folder {self.root} was made for {mark.replicas} replicas of each service, not {replicas}, "
                "which cannot be changed: each village is in the database of the replica that has its prefecture. "
                "Use that number, or another folder."
            )

    def _stands(self, mark: Mark) -> Standing:
        """Whether the folder is at home, moved or a copy.

        If the same installation is also at the noted place, one of the two is a copy: the original has the noted inode.
        """
        home = Path(mark.place)
        if home == self.root or not mark.inode:
            return "at home"
        with suppress(OSError, StartError):
            there, here = home.stat(), self.root.stat()
            other = read_mark(home)
            if other and other.identity == mark.identity and not os.path.samestat(there, here):
                original = here.st_ino == mark.inode and there.st_ino != mark.inode
                return "moved" if original else "copied"
        return "moved"

    def _lock_identity(self, mark: Mark) -> bool:
        """Whether no other folder runs as this installation on this machine.

        On Linux the supervisor holds an abstract socket with the installation's name, which ends with the process.
        """
        if self._identity:
            self._identity.close()
        self._identity = socket.socket(socket.AF_UNIX)
        if sys.platform == "linux":
            try:
                self._identity.bind(f"\0zhucun {mark.identity}")
            except OSError:
                return False
        return True

    def _end_leftovers(self) -> None:
        # Needed where the kernel does not end orphans (macOS). A noted pid may belong to another process by now, and
        # the notes may have been copied with the folder. So the arguments and the start of the process must be the
        # noted ones, and it must work in this folder.
        noted = self._kept("pids.json", dict[str, Noted]) or {}
        left = [one for one in noted.values() if self._runs(one)]
        for one in left:
            kill_group(one.pid, SIGKILL)
        soon(lambda: not any(map(self._runs, left)))

    def _runs(self, one: Noted) -> bool:
        return (
            one.pid > 1
            and bool(one.arguments)
            and command(one.pid).endswith(one.arguments)
            and one.started in ("", started(one.pid))
            and works_in(one.pid, self.root)
        )

    def _require_room(self) -> None:
        free = shutil.disk_usage(self.root).free
        if free < ROOM:
            raise StartError(
                f"{self.root} 所在磁盘只剩 {free >> 20} MiB，至少要 {ROOM >> 20} MiB。请腾出空间再启动。\n"
                f"Only {free >> 20} MiB are free on the disk of {self.root}, {ROOM >> 20} are the least. Make room."
            )

    def _keep_secret(self, mark: Mark) -> None:
        """Make the secret at a first start. It is never replaced, since forms that officers have are sealed with it."""
        if not self.secret.exists() and not mark.served:
            _replace(self.secret, secrets.token_hex(32))
        kept = self.secret.read_text("ascii", errors="replace").strip() if self.secret.exists() else ""
        if len(kept) != 64 or not set(kept) <= set("0123456789abcdef"):
            raise StartError(
                f"密钥 {self.secret} 不见了或被改坏。请从备份恢复；没有备份时另造一个：“openssl rand -hex 32 > "
                f"{self.secret}”，已发出的 Excel 模板须重新下载，抽签令牌须重发，动态码由运维取消后重设"
                "（zhucun account factor <登录名> --operator），推送密钥须换发（zhucun webhook rotate <编号>）；"
                "业务数据不受影响。\n"
                f"The secret {self.secret} is missing or broken. Restore it from the backup; without one make another "
                f"by `openssl rand -hex 32 > {self.secret}`: templates handed out must be downloaded again, the bodies "
                "of a draw get other tokens, second factors are taken away (`zhucun account factor <name> --operator`) "
                "and set up anew, and receivers of webhooks get other secrets (`zhucun webhook rotate <id>`); no other "
                "data is lost."
            )

    def _keep_mark(self, mark: Mark) -> None:
        _replace(self.root / NAME, msgspec.json.format(msgspec.json.encode(mark)).decode())
        (self.root / "replicas").unlink(missing_ok=True)  # Older versions kept the number there.

    def _close_to_others(self) -> None:
        """Make all files readable by their owner only. Restored or copied files may have other rights."""
        found = self.open_to_others()
        for name in found:
            path = self.root / name
            path.chmod(path.stat().st_mode & 0o700)
        if found:
            self.notes.append(
                f"{few(found)} 原来其他用户可读，已改为仅所有者可读 · could be read by other users, and is the owner's "
                "alone now"
            )

    def open_to_others(self) -> list[str]:
        """The installation's files that others than the owner can read or write."""
        found = []
        for path in self._parts():
            with suppress(FileNotFoundError):  # A running system removes files.
                mode = path.lstat().st_mode
                if not S_ISLNK(mode) and mode & 0o077:
                    found.append(str(path.relative_to(self.root)))
        return found

    def _parts(self) -> Iterator[Path]:
        """The folder and all of the installation's files in it."""
        yield self.root
        for path in self.root.iterdir():
            if any(fnmatchcase(path.name, part) for part in PARTS):
                yield path
                if path.is_dir() and not path.is_symlink():
                    yield from path.rglob("*")

    def _choose_ports(self, names: list[str], wanted: Mapping[str, int], bind: str, local: Collection[str]) -> None:
        before = {} if self.standing == "copied" else self.kept_ports()
        self.ports, given_up = ports.choose(
            names,
            before,
            wanted,
            {name: LOCAL if name in local else bind for name in {*names, *before}},
            path=self.root / "ports.json",
            moved=self.standing == "moved",
        )
        self.notes += [
            f"{name} 的端口 {before[name]} 已被占用，改用 {self.ports[name]} · port {before[name]} of {name} is taken, "
            f"it has {self.ports[name]} now"
            for name in given_up
        ]
        if self.ports != before:
            _replace(self.root / "ports.json", json.dumps(self.ports, indent=1))

    # ------------------------------------------------------------ broken files

    def _kept(self, name: str, type: Any) -> Any:
        """The content of a file in the folder. None if there is no such file. Raises StartError if it is broken."""
        path = self.root / name
        with told(f"文件 {path}", f"the file {path}"):
            try:
                return msgspec.json.decode(path.read_bytes(), type=type)
            except FileNotFoundError:
                return None
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                self._broken(name, said=str(error))

    def _broken(self, name: str, fault: str = "", said: str = "") -> NoReturn:
        """Refuse a broken file. `fault` is shown in both languages, `said` (a library's words) in English only."""
        zh, en = _MENDING[name]
        path = self.root / name
        told = f"（{fault}）" if fault else ""
        raise StartError(f"{path} 被改坏{told}。{zh}。\n{path} is broken ({fault or said}). {en}.")

    def _refuse_owner(self, owner: int) -> NoReturn:
        name = str(owner)
        with suppress(KeyError):
            name = getpwuid(owner).pw_name
        raise StartError(
            f"数据目录 {self.root} 属于用户 {name}，不是当前用户。请以该用户运行（“sudo -u {name} zhucun …”），"
            "或用“chown -R”把整个目录改归当前用户。\n"
            f"The folder {self.root} belongs to {name}, not to you. Run as that user (sudo -u {name} zhucun …), "
            "or give all of it to yourself by chown -R."
        )


_MENDING: Final = {
    "ports.json": (
        "请改正，或从备份恢复；也可删除它，下次启动将另选端口，使用旧地址的客户端须改用新地址",
        "Mend it, or restore it from the backup; or delete it to have new ports chosen at the next start: clients must "
        "then learn them",
    ),
    "pids.json": (
        "请先确认没有以本目录运行的进程（可用“ps -ef”查看），再删除它",
        "Make sure that no process runs on this folder (ps -ef | grep zhucun), then delete it",
    ),
    "replicas": (
        "请写回安装时每个服务的副本数，一般为 1",
        "Write the number of replicas of each service back that the installation was made with, mostly 1",
    ),
    NAME: (
        "副本数与目录里的数据库不符。请改回原来的数，或从备份恢复该文件",
        "The number of replicas is not that of the databases. Put it right, or restore the file from the backup",
    ),
}
"""By file, what to do if it is broken."""


def _strange(names: Iterable[str]) -> list[str]:
    """The names that are no files of an installation."""
    return sorted(name for name in names if not any(fnmatchcase(name, part) for part in (*PARTS, *NOT_OURS)))


def few(names: Sequence[str]) -> str:
    """The first names of a list, and how many there are, as one text."""
    return ", ".join(names[:3]) + (f" …… {len(names)}" if len(names) > 3 else "")


def _replace(path: Path, text: str) -> None:
    """Write a file completely or not at all. Only its owner can read it."""
    draft = path.with_suffix(".new")
    with open(draft, "w", opener=private, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
