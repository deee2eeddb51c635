"""One nats-server that is killed, held still and out of disk, while everybody goes on working."""

import asyncio
import random
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Final

from deploy.local.supervisor import System
from tests.faults.crashing import Frail, Plan
from tests.faults.injury import filled, hurt_often, small_disk, where_allowed
from tests.faults.trial import Ground, Trial, Verdict

TIMES: Final = 6
ACK_WAIT, PAUSE = 1.0, 2.5
"""Seconds that nats-server waits for an acknowledgement in this trial, and those for which somebody is held still."""
DISK, FULL = 24, 3.0
"""MiB of the disk that fills up, and seconds for which nothing more can be written."""


async def killed(ground: Ground) -> Verdict:
    """Kill nats-server in the middle of the work, again and again."""
    system = System(ground.folder)

    async def harm(_number: int) -> None:
        system.kill("nats", SIGKILL)

    return await hurt_often(ground, system, max(2, ground.kills // 20), harm)


async def paused(ground: Ground) -> Verdict:
    """Hold nats-server still, and then a service that has messages in hand, for longer than the server waits."""
    system = Frail(ground.folder, Plan(ground.seed, ack_wait=ACK_WAIT))
    victims = random.Random(ground.seed).sample(system.processes, len(system.processes))

    async def harm(number: int) -> None:
        for victim in ("nats", victims[number % len(victims)]):
            system.kill(victim, SIGSTOP)
            try:
                await asyncio.sleep(PAUSE)
            finally:
                system.kill(victim, SIGCONT)

    verdict = await hurt_often(ground, system, TIMES, harm)
    return Verdict(
        verdict.passed, f"nats-server and another process for {PAUSE} s each, ack wait {ACK_WAIT} s, {verdict.seen}"
    )


@where_allowed
async def disk_full(ground: Ground) -> Verdict:
    """Fill the disk below nats-server, and empty it again."""

    async def harm(_number: int) -> None:
        with filled(disk):
            await asyncio.sleep(FULL)

    with small_disk(ground.folder / "nats", DISK) as disk:
        verdict = await hurt_often(ground, System(ground.folder), TIMES, harm)
    return Verdict(verdict.passed, f"full for {FULL:.0f} s, {verdict.seen}")


TRIALS: Final = (
    Trial("nats.killed", "工作中杀死 nats-server", "nats-server killed under load", killed),
    Trial("nats.paused", "暂停超过确认时限", "processes held still for longer than the ack wait", paused),
    Trial("nats.disk_full", "nats-server 磁盘写满", "nats-server out of disk", disk_full, needs="root"),
)
