"""The power of the whole machine fails: what was written and never synced is lost, and all starts again on the rest.

nats-server and the databases each have an ext4 file system of their own in a file, mounted by a loop device. That file
holds what the file system has written to its device; what only the kernel's memory holds is not in it. So a copy of the
file, taken while every process stands still, is the disk as it would be found when the power is back. It is mounted in
the place of the first, ext4 replays its journal, and the processes are started again.

Three things make it hard: two file systems, so that a sync of the one does not carry the other along; a journal that is
committed by itself only every ten minutes; and no flushing on behalf of programs that replace files without a sync.
The kernel writes back what is older than /proc/sys/vm/dirty_expire_centisecs (30 s unless set otherwise), so cuts must
come sooner. What a disk's own cache would lose, since it was told to write and never to flush, is not lost here.
"""

import subprocess
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final, Self

from deploy.local.supervisor import System
from tests.faults.databases import Postgres, on_disk, reachable_folder
from tests.faults.injury import hold, hurt_often, kill, mount, small_disk, where_allowed
from tests.faults.trial import Ground, Trial, Verdict

CUTS: Final = 6
"""How often the power fails during a play."""
MEGABYTES: Final = 256
"""The size of each disk, of which only what is written takes memory."""
HARD: Final = "loop,noatime,commit=600,noauto_da_alloc"
"""How disks are mounted, so that the kernel does nothing that it is not asked for."""
WITNESS: Final = "never-synced"
"""A file that is written just before each cut, and must be lost."""


class Disk:
    """An ext4 file system in a file, mounted for as long as the context is entered."""

    def __init__(self, image: Path, at: Path) -> None:
        self.at = at
        self._image, self._found = image, image.with_suffix(".found")

    def __enter__(self) -> Self:
        with self._image.open("wb") as file:
            file.truncate(MEGABYTES * 2**20)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        self._mount()
        return self

    def __exit__(self, *_: object) -> None:
        _run("umount", str(self.at))

    def remember(self) -> None:
        """Note what the device holds at this moment, in which nobody may be writing."""
        _run("cp", "--sparse=always", str(self._image), str(self._found))

    def find_again(self) -> None:
        """Put what was remembered in the place of what is there, once nobody has a file open on it."""
        _run("umount", str(self.at))
        self._found.replace(self._image)
        self._mount()

    def _mount(self) -> None:
        mount(self._image, self.at, "-o", HARD)


def cut_power(pids: Iterable[int], disks: Sequence[Disk]) -> None:
    """Let all these processes and what they never synced to the disks be gone, in one moment."""
    pids = list(pids)
    hold(pids)
    for disk in disks:
        disk.remember()
    kill(pids)
    for disk in disks:
        disk.find_again()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


async def power_fails(ground: Ground, on_postgres: bool) -> Verdict:
    """Cut the power again and again while nats-server and databases work; the officers remember what they did."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(reachable_folder())
        images = stack.enter_context(small_disk(folder / "images", 4 * MEGABYTES))
        of_nats = stack.enter_context(Disk(images / "nats", ground.folder / "nats"))
        of_data = stack.enter_context(Disk(images / "data", folder / "disk"))
        disks, witnesses_lost = (of_nats, of_data), 0
        postgres = Postgres(folder, of_data.at / "data") if on_postgres else None
        if postgres:
            await stack.enter_async_context(postgres)
        system = System(ground.folder, databases=postgres.urls if postgres else on_disk(of_data.at))

        async def harm(_number: int) -> None:
            """Nothing in here waits for others, so nobody acts before the power is back."""
            nonlocal witnesses_lost
            for disk in disks:
                (disk.at / WITNESS).write_text(WITNESS)
            cut_power([*map(system.pid, system.processes), *([postgres.server.pid] if postgres else [])], disks)
            for disk in disks:
                witness = disk.at / WITNESS
                witnesses_lost += not witness.exists() or not witness.read_text()
            if postgres:
                postgres.begin_again()

        verdict = await hurt_often(ground, system, CUTS, harm)
        return Verdict(
            verdict.passed and witnesses_lost == CUTS * len(disks),
            f"{witnesses_lost} of {CUTS * len(disks)} files lost that were never synced, {verdict.seen}",
        )


TRIALS: Final = tuple(
    Trial(f"power.{key}", zh, en, where_allowed(partial(power_fails, on_postgres=on_postgres)), "root")
    for key, zh, en, on_postgres in (
        ("sqlite", "断电（SQLite）", "power cut, on SQLite", False),
        ("postgres", "断电（PostgreSQL）", "power cut, on PostgreSQL", True),
    )
)
