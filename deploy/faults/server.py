"""One nats-server that is killed, held still and out of disk, while everybody goes on working."""

import asyncio
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Final

from deploy.faults.crashing import Frail, Plan
from deploy.faults.trial import Ground, Trial, Verdict, hurt, progress
from deploy.local.simulation import Simulation
from deploy.local.supervisor import System

PAUSES: Final = 6
ACK_WAIT, PAUSE = 1.0, 2.5
"""Seconds that nats-server waits for an acknowledgement in this trial, and those for which somebody is held still."""
DISK: Final = 24 << 20
"""Bytes of the disk that fills up."""
FULL: Final = 3.0
"""Seconds for which nothing more can be written."""


async def killed(ground: Ground) -> Verdict:
    """Kill nats-server in the middle of the work, again and again."""
    chance, wanted, kills = random.Random(ground.seed), max(2, ground.kills // 20), 0

    async def injure(system: System, _simulation: Simulation) -> None:
        nonlocal kills
        async for part in progress(ground, system):
            if kills < wanted * part:
                await asyncio.sleep(chance.uniform(0, 0.5))
                system.kill("nats", SIGKILL)
                kills += 1
                ground.tell(f"{kills} / {wanted} kills")

    verdict = await hurt(ground, System(ground.folder), injure)
    return Verdict(verdict.passed and kills > wanted / 2, f"{kills} kills of nats-server, {verdict.seen}")


async def paused(ground: Ground) -> Verdict:
    """Hold nats-server still, and then a service that has messages in hand, for longer than the server waits."""
    system, pauses = Frail(ground.folder, Plan(ground.seed, ack_wait=ACK_WAIT)), 0
    victims = random.Random(ground.seed).sample(system.processes, len(system.processes))

    async def injure(_system: System, _simulation: Simulation) -> None:
        nonlocal pauses
        async for part in progress(ground, system):
            if pauses < PAUSES * part:
                for victim in ("nats", victims[pauses % len(victims)]):
                    system.kill(victim, SIGSTOP)
                    try:
                        await asyncio.sleep(PAUSE)
                    finally:
                        system.kill(victim, SIGCONT)
                pauses += 1
                ground.tell(f"{pauses} / {PAUSES} pauses")

    verdict = await hurt(ground, system, injure)
    return Verdict(
        verdict.passed and pauses > PAUSES / 2,
        f"{pauses} pauses of {PAUSE} s each of nats-server and of another process, with an ack wait of {ACK_WAIT} s, "
        + verdict.seen,
    )


async def disk_full(ground: Ground) -> Verdict:
    """Fill the disk below nats-server, and empty it again."""
    if os.geteuid():
        return Verdict(None, "only root may mount a small disk")
    fillings, store = 0, ground.folder / "nats"
    filling = store / "filling"

    async def injure(system: System, _simulation: Simulation) -> None:
        nonlocal fillings
        async for part in progress(ground, system):
            if fillings < PAUSES * part:
                try:
                    fill(filling)
                    await asyncio.sleep(FULL)
                finally:
                    filling.unlink()
                fillings += 1
                ground.tell(f"{fillings} / {PAUSES} times full")

    with small_disk(store):
        verdict = await hurt(ground, System(ground.folder), injure)
    return Verdict(verdict.passed and fillings > PAUSES / 2, f"full {fillings} times for {FULL:.0f} s, {verdict.seen}")


@contextmanager
def small_disk(folder: Path, size: int = DISK) -> Iterator[None]:
    """A disk of so many bytes at a folder; only root may mount one."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    """Write a file until its disk is full."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


TRIALS: Final = (
    Trial("nats.killed", "工作中杀死 nats-server", "nats-server killed under load", killed),
    Trial("nats.paused", "暂停超过确认时限", "processes held still for longer than the ack wait", paused),
    Trial("nats.disk_full", "nats-server 磁盘写满", "nats-server out of disk", disk_full, needs="root"),
)
