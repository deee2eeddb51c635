"""The data folder of one installation of the embedded deployment, which one supervisor has at a time."""

import fcntl
import json
import os
import random
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from signal import SIGKILL
from typing import IO

# Below the range from which Linux and macOS take the ports of outgoing connections: a port in that range
# could be in use by a client, even by one of our own, at the moment when its owner restarts.
PORT_RANGE = range(20_000, 30_000)


class StartError(RuntimeError):
    """The system cannot start or is not ready. The text, for the operator, says why and what to do."""


class Folder:
    """The data folder of one installation: its paths, its secret, and the ports chosen for it.

    A folder belongs to one supervisor at a time, from claim() to release().
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.nats = self.root / "nats"
        self.logs = self.root / "logs"
        self.secret = self.root / "secret"
        self.ports: dict[str, int] = {}
        self._replicas = self.root / "replicas"
        self._lock: IO[str] | None = None

    @property
    def replicas(self) -> int:
        """How many replicas of each service the installation was made with; 1 before it is made."""
        return int(self._replicas.read_text()) if self._replicas.exists() else 1

    def database(self, name: str) -> Path:
        """The SQLite file of a service's process."""
        return self.root / f"{name}.sqlite3"

    def log(self, name: str) -> Path:
        """The log of a process: its own lines and the supervisor's about it."""
        return self.logs / f"{name}.log"

    def claim(self, names: Iterable[str], replicas: int = 1) -> None:
        """Take the folder, make what it lacks, and end what a supervisor that was killed left running.

        names are those that need a port each; a port once chosen is kept, and so is the number of replicas.

        Raises StartError if another supervisor has the folder, a foreign process has one of its ports, or the folder
        was made for another number of replicas.
        """
        # The databases hold personal data, which is nobody else's business on a shared machine.
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (self.nats, self.logs):
            path.mkdir(exist_ok=True)
        self._lock = (self.root / "lock").open("a+")
        try:
            self._take_lock(self._lock)
            self._end_leftovers()
            self._keep_replicas(replicas)
            self._choose_ports(names)
            if not self.secret.exists():
                _replace(self.secret, secrets.token_hex(32))
        except BaseException:
            self._lock.close()
            raise

    def release(self) -> None:
        """Give the folder up, once no process of it runs any more."""
        (self.root / "pids.json").unlink(missing_ok=True)
        if self._lock:
            self._lock.close()

    def note(self, running: Mapping[str, tuple[int, str]]) -> None:
        """Keep the pid and the arguments of each process, in case the supervisor is killed."""
        _replace(self.root / "pids.json", json.dumps(running, indent=1))

    def _take_lock(self, lock: IO[str]) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read()
            raise StartError(
                f"数据目录 {self.root} 正由进程 {pid} 使用。请先停止该进程，或换一个数据目录。\n"
                f"The folder {self.root} is in use by process {pid}. Stop it, or use another folder."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()

    def _keep_replicas(self, replicas: int) -> None:
        """Each village is in the database of the replica that has its prefecture, which another number would change."""
        if self._replicas.exists() or (self.root / "ports.json").exists():
            if replicas != self.replicas:
                raise StartError(
                    f"数据目录 {self.root} 按每个服务 {self.replicas} 个副本建立，不能改为 {replicas} 个："
                    "各村的数据在其地市所属副本的数据库里。请用原来的副本数，或另建数据目录。\n"
                    f"The folder {self.root} was made for {self.replicas} replicas of each service, not {replicas}, "
                    "which cannot be changed: each village is in the database of the replica that has its prefecture. "
                    "Use that number, or another folder."
                )
        else:
            _replace(self._replicas, str(replicas))

    def _end_leftovers(self) -> None:
        # Needed where the kernel does not end orphans (macOS). A noted pid may long be another process's;
        # the arguments, which name this folder, tell.
        path = self.root / "pids.json"
        noted = json.loads(path.read_text()).values() if path.exists() else ()
        left = [(pid, arguments) for pid, arguments in noted if _command(pid).endswith(arguments)]
        for pid, _ in left:
            kill_group(pid, SIGKILL)
        _soon(lambda: not any(_command(pid).endswith(arguments) for pid, arguments in left))

    def _choose_ports(self, names: Iterable[str]) -> None:
        path = self.root / "ports.json"
        kept: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        for name, port in kept.items():
            if not _soon(partial(_is_free, port)):
                pid = _output("lsof", "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN").partition("\n")[0]
                holder = f"pid {pid}: {_command(int(pid))}" if pid else "?"
                raise StartError(
                    f"{name} 的端口 {port} 已被占用({holder})。请停止占用它的进程;"
                    f"或删除 {path},下次启动将另选端口,使用旧地址的客户端须改用新地址。\n"
                    f"Port {port} of {name} is taken ({holder}). Stop the process that has it; or delete "
                    f"{path} to have new ports chosen at the next start: clients must then learn them."
                )
        missing = [name for name in names if name not in kept]
        shuffled = random.sample(PORT_RANGE, len(PORT_RANGE))
        unused = (port for port in shuffled if port not in kept.values() and _is_free(port))
        self.ports = kept | {name: next(unused) for name in missing}
        if missing:
            _replace(path, json.dumps(self.ports, indent=1))


def kill_group(pid: int, signal: int) -> None:
    """Send a signal to a process that leads a group and to its children, if there are any left."""
    # macOS answers with PermissionError when the group is dead but not yet collected.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal)


def _command(pid: int) -> str:
    """The command line of a process; empty if there is none."""
    if sys.platform == "linux":
        with suppress(OSError):
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).rstrip("\0").replace("\0", " ")
        return ""
    return _output("ps", "-ww", "-o", "command=", "-p", str(pid))


def _output(*command: str) -> str:
    """What a tool of the operating system prints; empty if it is not installed."""
    with suppress(FileNotFoundError):
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return ""


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def _soon(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true within a second: the dead take a moment to let go of a port."""
    until = time.monotonic() + 1
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _replace(path: Path, text: str) -> None:
    """Write a file completely or not at all, for its owner's eyes only."""
    draft = path.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
