"""What readers of a stream must bear: repetitions, doubles, clocks that jump, a month to catch up with, poison."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import product
from signal import SIGCONT, SIGSTOP
from typing import Final

import httpx
import msgspec
from nats.errors import Error
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from deploy.demo.play import play
from deploy.demo.regions.benxi.story import CITY, PACK, START
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import SERVICES, System
from deploy.operations.days import day_message
from deploy.operations.subscriber import Subscriber, compare, journals
from shared.contracts import Envelope, Event, schema_address, teller, wire_subject
from shared.contracts.registry import VillageDiagnosed, VillageRecoded
from shared.engine import outbox
from shared.engine.flow import derived_id
from shared.stream import bus
from shared.stream.bus import OPEN, SEALED, STREAMS
from shared.web.token import operator_headers
from tests.faults.crashing import Frail, Plan
from tests.faults.trial import Ground, Trial, Verdict, differing, hurt, progress

BURSTS: Final = 12
"""How often the trials of repetition strike in a play."""
FORGETFUL: Final = 0.1
"""Seconds for which the server knows an id again; two minutes in use."""
ACK_WAIT: Final = 1.0
"""Seconds after which the server delivers again in the storm; a minute in use."""
JUMPS: Final = (0, 86_400, -3_600, 40 * 86_400, -86_400, 3_600)
"""Seconds that the services' clocks are ahead of the machine's, one after the other."""
QUIET: Final = date(2015, 1, 5)
"""From here on nobody acts for a month for each service, and each in turn is behind."""
MONTH: Final = 31
HEALTHY: Final = 499
"""Messages in the batch beside the one that no rule can take."""
MOVED: Final = "210505"
"""The county to which the villages of that batch come afterwards."""


async def storm(ground: Ground) -> Verdict:
    """Delete the durable consumers again and again, with an ack wait in which little can be handled."""
    system, deleted = Frail(ground.folder, Plan(ground.seed, ack_wait=ACK_WAIT)), 0
    chance = random.Random(ground.seed)

    async def injure(_system: System, _simulation: Simulation) -> None:
        nonlocal deleted
        async with Subscriber(system) as reach:
            async for _ in progress(ground, system):
                await asyncio.sleep(chance.uniform(0.5, 2.5))
                for stream, service in product((OPEN, SEALED), SERVICES):
                    with suppress(Error, NotFoundError):
                        await reach.js.delete_consumer(stream, service)
                        deleted += 1
                ground.tell(f"{deleted} consumers deleted")

    verdict = await hurt(ground, system, injure)
    return Verdict(
        verdict.passed and deleted > BURSTS, f"{deleted} consumers deleted, ack wait {ACK_WAIT} s, {verdict.seen}"
    )


async def repeated(ground: Ground) -> Verdict:
    """Store all that was ever said once more, days included, on a server that does not know the ids any more."""
    stored = bursts = 0

    async def injure(system: System, _simulation: Simulation) -> None:
        nonlocal stored, bursts
        async with Subscriber(system) as subscriber:
            async for part in progress(ground, system):
                if bursts < BURSTS * part:
                    for config in STREAMS:  # Each time, since whoever keeps the streams puts them right meanwhile.
                        await subscriber.js.update_stream(config.evolve(duplicate_window=FORGETFUL))
                    await asyncio.sleep(2 * FORGETFUL)
                    once = {said.id: said for said in list(subscriber.heard)}
                    for stream in (OPEN, SEALED):
                        events = [bus.Message(s.id, s.subject, s.body) for s in once.values() if s.stream == stream]
                        for start in range(0, len(events), outbox.PAGE):
                            batch = events[start : start + outbox.PAGE]
                            await bus.publish_batch(subscriber.client, stream, batch)
                            stored += len(batch)
                    bursts += 1
                    ground.tell(f"{stored} messages stored again")

    verdict = await hurt(ground, System(ground.folder), injure, repeated=True)
    return Verdict(
        verdict.passed and bursts > BURSTS / 2 and verdict.doubled > 0,
        f"{stored} messages said again in {bursts} bursts under their old ids, {verdict.seen}",
    )


async def clocks(ground: Ground) -> Verdict:
    """Let the services' clocks jump by days and hours, forwards and backwards; nats-server's own stands."""
    system, jumps = Frail(ground.folder, Plan(ground.seed, clock=True)), 0
    chance = random.Random(ground.seed)

    async def injure(_system: System, _simulation: Simulation) -> None:
        nonlocal jumps
        async for _ in progress(ground, system):
            await asyncio.sleep(chance.uniform(0, 0.2))
            system.set_clocks(chance.choice(JUMPS))
            jumps += 1
            ground.tell(f"{jumps} jumps")

    verdict = await hurt(ground, system, injure)
    return Verdict(verdict.passed and jumps > BURSTS, f"{jumps} jumps of the services' clocks, {verdict.seen}")


async def behind(ground: Ground) -> Verdict:
    """Hold one service after the other still while a month passes in which nobody acts, and let it catch up.

    Each must then stand where it would stand anyway, and in the end the same must have been said of the same things.
    Those who hear it late date what follows by the day on which they hear it, lest somebody's time to answer be over
    before it began; so each is held before those that it hears, and days and ids that follow from days may differ.
    """
    seen, digests, said = [], [], []
    for held in (False, True):
        async with System(ground.folder / ("behind" if held else "abreast")) as system:
            await system.ready()
            async with Subscriber(system) as subscriber, Simulation(system) as simulation:
                await play(system, seed=ground.seed, villages=ground.villages, until=QUIET, quiet=True)
                await simulation.settle()
                today, stands = QUIET, dict[str, Mapping[str, str]]()
                for service in reversed(SERVICES):
                    if held:
                        system.kill(service, SIGSTOP)
                    try:
                        for _ in range(MONTH):
                            today += timedelta(1)
                            ground.tell(f"{today} {'without ' + service if held else ''}")
                            await _pass_day(subscriber, today)
                            others = [name for name in SERVICES if not held or name != service]
                            await _all_heard(subscriber.js, others)
                    finally:
                        system.kill(service, SIGCONT)
                    await simulation.settle()
                    stands[service] = (await simulation.digests())[service]
                digests.append(stands)
                letters = sum(status.dead_letters for status in (await simulation.statuses()).values())
                await subscriber.come_to_the_end()
                journal = await journals(system)
                difference = compare(journal, subscriber.heard)
        envelopes = (msgspec.json.decode(one.body, type=Envelope) for one in journal)
        said.append(Counter((envelope.type, envelope.subject) for envelope in envelopes))
        faulty = difference.missing or difference.invented or difference.doubled or difference.misordered
        seen.append((not letters and not faulty, f"{letters} dead letters, {difference}"))
    equal, other = digests[0] == digests[1], (said[0] - said[1]) + (said[1] - said[0])
    return Verdict(
        equal and not other and all(good for good, _ in seen),
        f"each service {MONTH} days behind, {seen[1][1]}, digests "
        + ("equal" if equal else f"differ: {differing(digests[1], digests[0])}")
        + (f", said by one alone: {[*other]}" if other else ", the same said of the same things"),
    )


async def _pass_day(subscriber: Subscriber, day: date) -> None:
    await bus.publish_batch(subscriber.client, OPEN, [day_message(day, "simulation")])


def _message(event: Event, id: str, day: date) -> bus.Message:
    """An event as one of the services would say it."""
    envelope = Envelope(
        id=id, source=teller(event.type), type=event.type, subject=event.subject_id, time=datetime.now(UTC),
        dataschema=schema_address(event.type), correlationid=event.subject_id, causationid=id, occurredon=day,
        policyversion="", data=msgspec.Raw(msgspec.json.encode(event)),
    )  # fmt: skip
    return bus.Message(id, wire_subject(event), msgspec.json.encode(envelope))


async def _all_heard(js: JetStreamContext, services: Sequence[str]) -> None:
    """Wait until some services have heard everything, and the last of what followed from it."""
    ends: list[int] = []
    while ends != (now := [(await js.stream_info(stream)).state.last_seq for stream in (OPEN, SEALED)]):
        ends = now
        for stream in (OPEN, SEALED):
            for service in services:
                with suppress(NotFoundError):
                    while (info := await js.consumer_info(stream, service)).num_pending or info.num_ack_pending:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)


async def poison(ground: Ground) -> Verdict:
    """Send one message that a rule fails at among 499 that are healthy, then another about every village; cure it."""
    ids = [f"210521{901000 + number}" for number in range(HEALTHY + 1)]
    poisoned = random.Random(ground.seed).choice(ids)
    system, ill = Frail(ground.folder, Plan(ground.seed, unable=poisoned)), ground.folder / poisoned
    async with system:
        await system.ready()
        ill.touch()
        async with Subscriber(system) as subscriber, Simulation(system) as simulation:
            await simulation.pass_day(START)
            pack = {"place": CITY, "pack": PACK, "adopted_by": "中共本溪市委（虚构）"}
            await simulation.post("registry", "policies", "poison", [pack])
            await bus.publish_batch(subscriber.client, OPEN, [
                _message(VillageDiagnosed(
                    place=id[:6], village=id, spell=1, problem_class="poor", counts={}, problems=(),
                    decided_by="县（区）集体会诊会议",
                ), derived_id("poison", id), START)
                for id in ids
            ])  # fmt: skip
            await simulation.settle()
            through = await simulation.states("dispatch", "links")
            first = (await simulation.statuses())["dispatch"].dead_letters
            await bus.publish_batch(subscriber.client, OPEN, [
                _message(VillageRecoded(place=id[:6], village=id, code=f"{MOVED}{id[6:]}", since=START),
                         derived_id("poison again", id), START)
                for id in ids
            ])  # fmt: skip
            await simulation.settle()
            moved = await simulation.states("dispatch", "links")
            waiting = (await simulation.statuses())["dispatch"].dead_letters
            ill.unlink()
            token = operator_headers(system.folder.secret.read_bytes())
            async with httpx.AsyncClient(
                base_url=system.url("dispatch"), headers=token, timeout=60, trust_env=False
            ) as client:
                answer = await client.post("/v1/dead-letters/replay", params={"about": poisoned})
            replayed = answer.raise_for_status().json()["replayed"]
            await simulation.settle()
            cured = await simulation.states("dispatch", "links")
            left = (await simulation.statuses())["dispatch"].dead_letters
    healthy = [state for id, state in moved.items() if id != f"{poisoned}/team" and state["place"] == MOVED]
    alike = {msgspec.json.encode({**state, "id": ""}) for state in cured.values()}
    return Verdict(
        (len(through), first, waiting, replayed, left) == (HEALTHY, 1, 2, 2, 0)
        and len(healthy) == len(moved) == HEALTHY
        and (len(cured), len(alike)) == (len(ids), 1),
        f"{len(through)} of {len(ids)} went through, {first} dead letter; of a second message about each village "
        f"{len(healthy)} went through, then {waiting} dead letters, since order holds; {replayed} replayed after the "
        f"cure, {left} left, {len(cured)} states, different ones but for their ids: {len(alike)}",
    )


TRIALS: Final = (
    Trial("stream.storm", "重复投递风暴", "a storm of redelivery", storm),
    Trial("stream.repeated", "去重时限之外的重复", "everything stored again beyond the duplicate window", repeated),
    Trial("stream.clocks", "时钟跳变", "clocks that jump", clocks),
    Trial("stream.behind", "各服务轮流落后一月", "each service a month behind", behind),
    Trial("stream.poison", "一批五百条中的毒消息", "a poisonous message among five hundred", poison),
)
