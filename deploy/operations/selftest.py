"""`zhucun selftest`: one village's whole way through a second set of the services, which leaves nothing behind.

The days are one clock for all of a system, so a system at work cannot play other days beside its own. Therefore the
same code runs once more, with databases, streams and keys of its own, in a prefecture that no province has; all of it
is taken away at the end. What a list, a total, a feed or a report of the system counts is never touched.
"""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from deploy.demo.benxi import Scenario
from deploy.demo.officers import Officers
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import SERVICES, System
from deploy.operations.subscriber import Difference, Subscriber, compare, journals
from shared.contracts import EVENTS, Envelope, schema_address

NOWHERE: Final = "9905"
"""A prefecture that no province has."""
UNTIL: Final = date(2016, 1, 31)
"""By then the first village of the story has left the list, and the first review has found no relapse."""
SEED: Final = 2014

WAY: Final = (
    "registry.village.registered", "registry.village.listed", "registry.village.diagnosed",
    "dispatch.village.matched", "dispatch.team.assigned", "dispatch.commitment.set", "dispatch.help.begun",
    "registry.indicators.measured", "inspection.sample.committed", "registry.exit.requested",
    "inspection.sample.drawn", "inspection.exit.verified", "registry.notice.posted", "registry.objection.raised",
    "registry.objection.decided", "registry.village.delisted", "registry.village.monitored",
)  # fmt: skip
"""What is to be heard of the village, each for the first time in this order."""


class Check(NamedTuple):
    """Something that was looked at, and what is wrong with it; nothing if it is well."""

    zh: str
    en: str
    fault: str = ""


@asynccontextmanager
async def scratch() -> AsyncIterator[System]:
    """A system of its own in a folder that is gone afterwards, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="zhucun-selftest-") as folder:
        async with System(Path(folder) / "system") as system:
            await system.ready()
            yield system


async def selftest(watch: Callable[[date], Awaitable[None]]) -> list[Check]:
    """Play the village's way, told of each day, and look at all that came of it. Raises Refusal, TimeoutError."""
    scenario = Scenario(SEED, 1, NOWHERE)
    async with scratch() as system, Subscriber(system) as subscriber, Simulation(system) as simulation:
        await Officers(scenario, simulation).live(UNTIL, watch)
        await simulation.settle()
        await subscriber.come_to_the_end()
        heard = [msgspec.json.decode(said.body, type=Envelope) for said in subscriber.heard]
        digests = await simulation.digests()
        letters = sum(status.dead_letters for status in (await simulation.statuses()).values())
        difference = compare(await journals(system), subscriber.heard)
        for name in SERVICES:
            system.kill(name)
        await system.ready()
        again = await simulation.digests()
    village = next(iter(scenario.villages))
    return [
        *on_the_way(heard, village),
        Check("每个事件都符合其结构说明", "every event is as its schema says", misfits(heard)),
        Check("每个事件都按已启用的政策作出", "the pack in force decided every event", _other_packs(heard, scenario)),
        Check("订阅方听到的与各服务日志一致", "what was heard is what the journals say", _told_wrongly(difference)),
        Check("没有死信", "no dead letters", f"{letters}" if letters else ""),
        Check("强行停止全部服务后内容不变", "all services killed, nothing changed", _changed(digests, again)),
    ]


def on_the_way(heard: Sequence[Envelope], village: str) -> list[Check]:
    """Whether each step of the way was heard of the village, behind the one before it."""
    types = [event.type.removesuffix(".v1") for event in heard if event.correlationid == village]
    checks, last = [], -1
    for step in WAY:
        at = types.index(step) if step in types else -1
        zh, en = EVENTS[f"{step}.v1"].label
        fault = "没有发生 did not happen" if at < 0 else "次序不对 out of order" if at < last else ""
        checks.append(Check(zh, en, fault))
        last = max(last, at)
    return checks


def misfits(heard: Iterable[Envelope]) -> str:
    """The first event that is not what its contract says, or names another schema."""
    for event in heard:
        try:
            msgspec.json.decode(event.data, type=EVENTS[event.type])
        except (KeyError, msgspec.DecodeError) as error:
            return f"{event.type} {event.id}: {error}"
        if not event.dataschema.endswith((schema_address(event.type), f"/{event.type}.json")):
            return f"{event.type} {event.id}: {event.dataschema}"
    return ""


def _other_packs(heard: Iterable[Envelope], scenario: Scenario) -> str:
    known = {"", scenario.pack["version"]}
    return next((f"{event.type}: {event.policyversion}" for event in heard if event.policyversion not in known), "")


def _told_wrongly(difference: Difference) -> str:
    return str(difference) if any(difference[1:]) else ""


def _changed(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> str:
    return " ".join(
        f"{service}.{table}" for service, of in before.items() for table in of if after[service].get(table) != of[table]
    )
