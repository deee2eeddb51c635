"""`zhucun selftest`: one village's whole way through a second set of the services, which leaves nothing behind.

A system has one clock, so a working system cannot play three years beside its own days. Therefore the same code runs a
second time, with its own databases, streams and keys, in a prefecture that does not exist. All of it is removed at the
end. The working system's lists, totals, feeds and reports never contain any of it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

import msgspec

from deploy.demo.memory import Memory, counted
from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import Benxi
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import READY_WITHIN, SERVICES
from deploy.operations.scratch import Site, scratch
from deploy.operations.subscriber import OUTSIDE, Difference, Subscriber, compare, journals
from shared.contracts import EVENTS, Envelope, schema_address

NOWHERE: Final = "9905"
"""A prefecture that does not exist."""
UNTIL: Final = date(2016, 2, 29)
"""The last day to play. By then the story's first village has left the list, its team was released, and the outcomes
that followed are decided."""
SEED: Final = 2014

WAY: Final = (
    "registry.village.registered", "registry.village.listed", "registry.survey.recorded", "registry.village.diagnosed",
    "dispatch.village.matched", "dispatch.team.assigned", "dispatch.commitment.set", "dispatch.help.begun",
    "dispatch.commitment.reconciled", "inspection.visit.made", "inspection.assessment.opened",
    "registry.indicators.measured", "inspection.sample.committed", "inspection.report.delivered",
    "registry.exit.requested", "inspection.ballot.held", "inspection.sample.drawn", "inspection.exit.verified",
    "registry.notice.posted", "registry.objection.raised", "registry.objection.decided",
    "dispatch.commitment.settled", "inspection.assessment.proposed", "inspection.assessment.graded",
    "registry.village.delisted", "dispatch.team.kept", "registry.village.monitored", "dispatch.team.released",
    "incentives.outcome.proposed", "incentives.outcome.decided",
)  # fmt: skip
"""The types of events that must be heard about the village. Their first occurrences must be in this order."""

Fault = tuple[str, str]
"""What is wrong, in Chinese and English."""
WELL: Final = ("", "")
MISSING: Final = ("没有发生", "did not happen")
MISORDERED: Final = ("次序不对", "out of order")


class Check(NamedTuple):
    """One check and its faults. It has none if all is well."""

    zh: str
    en: str
    fault: Fault = WELL

    @property
    def failed(self) -> bool:
        """Whether anything is wrong."""
        return self.fault != WELL


async def selftest(watch: Callable[[date], Awaitable[None]], site: Site | None = None) -> list[Check]:
    """Play the village's way and check everything that came of it. `watch` is called with each day.

    It runs on the servers of a site, or on its own. Raises Refusal if a service refuses the script, StartError if the
    system does not start, TimeoutError if it does not settle.
    """
    scenario, told = Benxi(SEED, 1, NOWHERE), Memory(Benxi.start)
    async with scratch(site) as system, Subscriber(system) as subscriber, Simulation(system) as simulation:
        await Officers(scenario, simulation).live(UNTIL, watch)
        await simulation.settle()
        await subscriber.come_to_the_end()
        heard = [msgspec.json.decode(said.body, type=Envelope) for said in subscriber.heard]
        digests = await simulation.digests()
        letters = sum(status.dead_letters for status in (await simulation.statuses()).values())
        difference = compare(await journals(system), subscriber.heard)
        for name in SERVICES:
            system.kill(name)
        await system.ready(READY_WITHIN)
        again = await simulation.digests()
    await asyncio.to_thread(asyncio.run, Officers(scenario, told).live(UNTIL, _nobody))
    village = next(iter(scenario.villages))
    return [
        *on_the_way(heard, village),
        Check("每个事件都符合其结构说明", "every event is as its schema says", misfits(heard)),
        Check("每个事件都按已启用的政策作出", "the pack in force decided every event", other_packs(heard, scenario)),
        Check("订阅方听到的与各服务日志一致", "what was heard is what the journals say", _told_wrongly(difference)),
        Check("没有待处理消息", "no dead letters", (f"{letters} 件", f"{letters}") if letters else WELL),
        Check("事件与仅按规则推演的一致", "the rules alone decide the same events", _otherwise(heard, told)),
        Check("数据与仅按规则推演的一致", "the rules alone lead to the same data", _changed(told.digests(), digests)),
        Check("强行停止全部服务后数据不变", "all services killed, no data changed", _changed(digests, again)),
    ]


async def _nobody(_day: date) -> None:
    """Nobody watches the days in memory."""


def on_the_way(heard: Iterable[Envelope], village: str) -> list[Check]:
    """Check that each step of the village's way was heard, after the step before it.

    Open and sealed events come on two streams, so the order in which they were recorded is taken.
    """
    of_village = sorted((e for e in heard if e.correlationid == village), key=lambda e: (e.occurredon, e.time))
    types = [event.type.removesuffix(".v1") for event in of_village]
    checks, last = [], -1
    for step in WAY:
        at = types.index(step) if step in types else -1
        fault = MISSING if at < 0 else MISORDERED if at < last else WELL
        checks.append(Check(*EVENTS[f"{step}.v1"].label, fault))
        last = max(last, at)
    return checks


def misfits(heard: Iterable[Envelope]) -> Fault:
    """The first event that does not fit its contract, or names another schema."""
    for event in heard:
        if event.type not in EVENTS:
            return f"{event.id}：没有 {event.type} 这种事件", f"{event.id}: there is no event {event.type}"
        zh, en = _named(event)
        try:
            msgspec.json.decode(event.data, type=EVENTS[event.type])
        except msgspec.DecodeError as error:
            at = str(error).rpartition("`$.")[2].rstrip("`")
            return f"{zh}：{at} 的值不合结构说明", f"{en}: {error}"
        if not event.dataschema.endswith((schema_address(event.type), f"/{event.type}.json")):
            return f"{zh}：所指的结构说明是 {event.dataschema}", f"{en}: it names the schema {event.dataschema}"
    return WELL


def other_packs(heard: Iterable[Envelope], scenario: Benxi) -> Fault:
    """The first event that names another pack than the story's, or no pack where its contract requires one."""
    own = scenario.pack["version"]
    for event in heard:
        known = {own} if event.type not in EVENTS or EVENTS[event.type].needs_policy else {own, ""}
        if event.policyversion not in known:
            (zh, en), by = _named(event), event.policyversion
            return f"{zh}：政策版本为“{by}”，应为“{own}”", f"{en}: decided by the pack {by!r} and not by {own!r}"
    return WELL


def _named(event: Envelope) -> Fault:
    zh, en = EVENTS[event.type].label if event.type in EVENTS else (event.type, event.type)
    return f"{zh}（{event.id}）", f"{en} ({event.id})"


def _told_wrongly(difference: Difference) -> Fault:
    counts = [len(ids) for ids in difference[1:]]
    if not any(counts):
        return WELL
    words = ("缺少", "多出或内容不符", "重复", "次序不对")
    zh = [f"{word} {count} 件" for word, count in zip(words, counts, strict=True) if count]
    return f"听到 {difference.heard} 件；{'，'.join(zh)}", str(difference)


def _otherwise(heard: Iterable[Envelope], told: Memory) -> Fault:
    """How the heard events differ from what the rules alone decide. Ids always differ, so they are not compared."""
    found = counted((event.type, bytes(event.data)) for event in heard if event.source != OUTSIDE)
    expected = told.events()
    missing, more = Counter(t for t, _ in (expected - found)), Counter(t for t, _ in (found - expected))
    if not missing and not more:
        return WELL
    zh = [f"{word} {'、'.join(_counted(of, 0))}" for word, of in (("缺少", missing), ("多出", more)) if of]
    en = [f"{word} {', '.join(_counted(of, 1))}" for word, of in (("missing", missing), ("not decided", more)) if of]
    return "；".join(zh), "; ".join(en)


def _counted(types: Mapping[str, int], language: int) -> Sequence[str]:
    labels = ((EVENTS[type].label[language] if type in EVENTS else type, count) for type, count in types.items())
    return [f"{label} × {count}" for label, count in labels]


def _changed(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> Fault:
    """The tables in `before` whose digests have changed."""
    tables = [f"{service}.{t}" for service, of in before.items() for t in of if after[service].get(t) != of[t]]
    return (f"不一致：{'、'.join(tables)}", f"different: {', '.join(tables)}") if tables else WELL
