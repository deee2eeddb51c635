"""Processes of the operating system: how to recognise them, who has a port, and how they end."""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM

_PR_SET_PDEATHSIG = 1


def command(pid: int) -> str:
    """The command line of a process; empty if there is none."""
    if sys.platform == "linux":
        with suppress(OSError):
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).rstrip("\0").replace("\0", " ")
        return ""
    return output("ps", "-ww", "-o", "command=", "-p", str(pid))


def started(pid: int) -> str:
    """When a process began, so that it is not mistaken for a later one with the same pid. Empty if there is none."""
    if sys.platform == "linux":
        with suppress(OSError):
            boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
            # The program's name, in parentheses, may contain anything, even spaces. After it there are only numbers.
            facts = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            return f"{boot}/{int(facts[19])}"
        return ""
    return output("ps", "-o", "lstart=", "-p", str(pid))


def works_in(pid: int, folder: Path) -> bool:
    """Whether a process's working directory is this very directory, even if it was renamed since."""
    with suppress(OSError):
        if sys.platform == "linux":
            return os.path.samefile(f"/proc/{pid}/cwd", folder)
        told = output("lsof", "-a", "-p", str(pid), "-d", "cwd", "-Fn").rpartition("\nn")[2]
        return bool(told) and os.path.samefile(told, folder)
    return False


def holder(port: int) -> str:
    """Who listens on a port: its pid and command line. “?” if the system does not tell."""
    pid = output("lsof", "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN").partition("\n")[0]
    return f"pid {pid}: {command(int(pid))}" if pid else "?"


def kill_group(pid: int, signal: int) -> None:
    """Send a signal to a process group: a process and its children, as far as they still exist."""
    # macOS answers with PermissionError when the group is dead but not yet collected.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal)


def dying_with(supervisor: int, signal: int = SIGKILL) -> Callable[[], None]:
    """A function that a child calls before it becomes a service, so that the kernel sends it this signal when the
    supervisor ends."""
    prctl = ctypes.CDLL(None).prctl

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal))
        # The supervisor may have died before the kernel was asked.
        if os.getppid() != supervisor:
            os._exit(1)

    return ask_kernel


def private_and_dying_with(supervisor: int) -> Callable[[], None]:
    """Like `dying_with` where the system can do that; besides, the child's files are readable by their owner only."""
    die = dying_with(supervisor) if sys.platform == "linux" else None

    def prepare() -> None:
        os.umask(0o077)
        if die:
            die()

    return prepare


def output(*command: str) -> str:
    """The output of a tool of the operating system. Empty if the tool is not installed."""
    with suppress(FileNotFoundError):
        return subprocess.run(command, capture_output=True, text=True, errors="replace").stdout.strip()
    return ""


def soon(condition: Callable[[], bool]) -> bool:
    """Whether a condition becomes true within a second: a killed process takes a moment to release its port."""
    until = time.monotonic() + 1
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def become(command: Sequence[str]) -> None:
    """Become another program, which is asked to stop when the process that has begun it ends, however that ends.

    `python -m deploy.local.processes COMMAND …` does it: so the console's demo ends with a console that is killed.
    """
    if sys.platform == "linux":
        dying_with(os.getppid(), SIGTERM)()
    os.execv(command[0], [*command])


if __name__ == "__main__":
    become(sys.argv[1:])
