"""What several trials injure with: servers beside the system, families of processes, small disks, moments in a play."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Final

import psutil

from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System, dying_with
from tests.faults.trial import AfterDay, Ground, Verdict, hurt, progress

DONE_WITHIN = 20.0
"""Seconds within which processes stand still or are gone, even on a machine that does much else."""
EARLY: Final = 1.1
"""How much faster than the days harm comes, so that all of it has come when the play ends."""
GRACE = 5.0
"""Seconds that a server may take to stop."""
AT_REST = frozenset("TtZX")
"""How Linux calls threads that do nothing any more: stopped, traced, dead."""


class Server:
    """A process that the system needs and does not start itself. It never outlives the harness."""

    def __init__(self, command: Sequence[str], log: Path, user: str | None = None) -> None:
        self._command, self._log, self._user = command, log, user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The pid that it got at its latest start."""
        assert self._process
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended since, by itself or by others."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; nobody waits here until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
                cwd="/",
                start_new_session=True,
                preexec_fn=dying_with(os.getpid()) if sys.platform == "linux" else None,
            )

    def stop(self) -> None:
        """Let it tidy up and end, for which it has a few seconds."""
        if self.runs and self._process:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to it and all that it started, so that none of them can tidy up after another."""
        if self.runs:
            kill([self.pid])
        if self._process:
            self._process.wait()


def hold(pids: Iterable[int]) -> list[psutil.Process]:
    """Stop processes and all that they started, and return when no thread of theirs does anything any more.

    Raises TimeoutError for those that do not come to rest: a thread in a write stops only when that is done.
    """
    parents = list(_alive(pids))
    family = list[psutil.Process]()
    for parent in parents:
        parent.send_signal(signal.SIGSTOP)  # Before its children are listed, or it might start another.
        family += [parent, *parent.children(recursive=True)]
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.send_signal(signal.SIGSTOP)
    _until(lambda: all(_at_rest(member.pid) for member in family), f"stopped: {family}")
    return family


def resume(family: Iterable[psutil.Process]) -> None:
    """Let processes that were held go on, the parents last."""
    for member in reversed(list(family)):
        with suppress(psutil.NoSuchProcess):
            member.send_signal(signal.SIGCONT)


def kill(pids: Iterable[int]) -> None:
    """Kill processes and all that they started in one moment, and return when they are gone or wait to be collected."""
    family = hold(pids)
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    _until(lambda: all(_gone(member.pid) for member in family), f"dead: {family}")


def _alive(pids: Iterable[int]) -> Iterator[psutil.Process]:
    """Those of the processes that live. The pid of one that ended may be a stranger's by now; ours are our children."""
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if process.ppid() == os.getpid():
                yield process


def _states(pid: int) -> list[str]:
    """The state of each thread."""
    states = []
    for task in Path(f"/proc/{pid}/task").glob("*/stat"):
        with suppress(OSError):  # It ended meanwhile.
            states.append(task.read_text().rpartition(")")[2].split()[0])
    return states


def _at_rest(pid: int) -> bool:
    return AT_REST.issuperset(_states(pid))


def _gone(pid: int) -> bool:
    return {"Z", "X"}.issuperset(_states(pid))


def _until(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + DONE_WITHIN
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {DONE_WITHIN:.0f} s {what}")
        time.sleep(0.002)


class NotAllowed(Exception):
    """This machine does not let us do what a trial needs. The text says what, and in whose words."""


def where_allowed(trial: Callable[[Ground], Awaitable[Verdict]]) -> Callable[[Ground], Awaitable[Verdict]]:
    """Let a trial say, where the machine does not allow it, that it was not made."""

    @wraps(trial)
    async def made(ground: Ground) -> Verdict:
        try:
            return await trial(ground)
        except NotAllowed as error:
            return Verdict(None, str(error))

    return made


def mount(what: Path | str, at: Path, *options: str) -> None:
    """Mount a file system. Raises NotAllowed, as for everybody but root."""
    at.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(what), str(at)], capture_output=True, text=True)
    if done.returncode:
        raise NotAllowed(f"not tried, since it takes a disk of its own: {done.stderr.strip()}")


@contextmanager
def small_disk(at: Path, megabytes: int) -> Iterator[Path]:
    """Mount a small file system in memory. Raises NotAllowed."""
    mount("tmpfs", at, "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755")
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Take all the room that a disk has left, and give it back."""
    ballast = disk / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            for size in (2**20, 2**12):  # The last page as well, whoever else is writing.
                with suppress(OSError):
                    while file.write(bytes(size)):
                        pass
        yield
    finally:
        ballast.unlink(missing_ok=True)


def due(number: int, times: int) -> float:
    """How far the play has come, from 0 to 1, when harm comes for the time `number`, from 0 on, of so many."""
    return (number + 1) / (times + 1) / EARLY


async def hurt_often(
    ground: Ground, system: System, times: int, harm: Callable[[int], Awaitable[None]], after: AfterDay | None = None
) -> Verdict:
    """Play while harm is done so many times, evenly over most of the play; it is told which time this is, from 0 on.

    The play may end and cancel the last harm, which must mend then what would keep the system from settling. `after`
    may keep the days from coming so fast.
    """
    chance, done = random.Random(ground.seed), 0

    async def injure(_system: System, _simulation: Simulation) -> None:
        nonlocal done
        async for part in progress(ground, system):
            if done < times and part > due(done, times):
                await asyncio.sleep(chance.uniform(0, 0.5))  # Not always when a day has just begun.
                done += 1
                ground.tell(f"{done} / {times}")
                await harm(done - 1)

    verdict = await hurt(ground, system, injure, after=after)
    return Verdict(verdict.passed and done == times, f"{done} times of {times}, {verdict.seen}")


def shown(verdict: Verdict, words: str, logs: Iterable[Path]) -> Verdict:
    """The verdict only if the logs say that the injury was felt, and how often."""
    felt = sum(log.read_text(errors="replace").count(words) for log in logs)
    return Verdict(verdict.passed and felt > 0, f"“{words}” {felt} times in the logs, {verdict.seen}")
