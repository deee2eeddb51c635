"""`kill -9` of services at the moments where most could be lost, and of anything at any moment."""

import asyncio
import random
from functools import partial
from math import ceil
from typing import Final

from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from tests.faults.crashing import MOMENTS, Frail, Plan
from tests.faults.injury import EARLY
from tests.faults.trial import Ground, Trial, Verdict, hurt, progress

AT_RANDOM: Final = 0.1
"""The share of all kills that come from outside: after these a process is loaded anew, which takes a second."""


async def at_moment(ground: Ground, moment: str) -> Verdict:
    """Let services kill themselves whenever they come to a moment, evenly over the play.

    All may die equally often; for those that hardly ever come there the others die more often.
    """
    system = Frail(ground.folder, Plan(ground.seed, (moment,)))
    wanted = ceil(ground.kills * (1 - AT_RANDOM) / len(MOMENTS))

    def died() -> dict[str, int]:
        return {service: deaths[moment] for service, deaths in system.deaths().items()}

    async def injure(_system: System, _simulation: Simulation) -> None:
        level = 0
        async for part in progress(ground, system):
            due, deaths = ceil(wanted * min(EARLY * part, 1)), died()
            if sum(deaths.values()) < due and level <= max(deaths.values()):
                level += 1
                system.allow(level)
                ground.tell(f"{sum(deaths.values())} / {wanted} kills")

    verdict = await hurt(ground, system, injure)
    deaths = died()
    kills = ", ".join(f"{service} {count}" for service, count in deaths.items())
    enough = sum(deaths.values()) >= wanted and all(deaths.values())
    return Verdict(
        verdict.passed and enough,
        f"{sum(deaths.values())} kills ({wanted} wanted) {MOMENTS[moment][1]} ({kills}), {verdict.seen}",
    )


async def at_random(ground: Ground) -> Verdict:
    """Kill one to all of the services and nats-server from outside, several in one moment, evenly over the play."""
    chance = random.Random(ground.seed)
    wanted = ceil(ground.kills * AT_RANDOM)
    system = System(ground.folder)
    victims = chance.sample(system.processes, len(system.processes))

    async def injure(_system: System, _simulation: Simulation) -> None:
        async for part in progress(ground, system):
            if len(killed) < wanted * min(EARLY * part, 1):
                await asyncio.sleep(chance.uniform(0, 0.5))
                for _ in range(min(chance.randint(1, len(victims)), wanted - len(killed))):
                    system.kill(victim := victims[len(killed) % len(victims)])
                    killed.append(victim)
                ground.tell(f"{len(killed)} / {wanted} kills")

    killed: list[str] = []
    verdict = await hurt(ground, system, injure)
    kills = ", ".join(f"{name} {killed.count(name)}" for name in system.processes)
    return Verdict(
        verdict.passed and len(killed) >= wanted, f"{len(killed)} kills ({wanted} wanted; {kills}), {verdict.seen}"
    )


TRIALS: Final = (
    *(
        Trial(f"kills.{moment}", f"{zh}杀死服务", f"services killed {en}", partial(at_moment, moment=moment))
        for moment, (zh, en, _) in MOMENTS.items()
    ),
    Trial("kills.random", "随机杀死任何进程", "anything killed at random", at_random),
)
