"""Several replicas of each service: they share the prefectures, and come to the very end that one comes to."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import msgspec
import nats
import pytest
from typer.testing import CliRunner

from deploy.access.users import HARNESS
from deploy.cli import commands
from deploy.demo.answers import Awaited, Row
from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import CITY, PACK, Benxi
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import SERVICES, StartError, System
from services.console.upstream import Upstream
from services.registry.model.commands import RecodeVillage
from shared.contracts import EVENTS, Envelope
from shared.engine.commands import submit
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.engine.requests import RequestRefused
from shared.engine.shares import Share, owner
from shared.settings import CannotRun
from shared.stream import bus
from shared.stream.bus import OPEN, SEALED
from shared.stream.relay import Relay
from tests.support import small
from tests.support.process import PACK as PLAIN_PACK
from tests.support.process import day
from tests.support.servers import NatsServer, engine_with

UNTIL, VILLAGES, SEED = date(2014, 9, 11), 1, 2014
HOME, AWAY = "2105", "2101"
"""Benxi, and a city whose prefecture belongs to the other one of two replicas."""
VICTIMS = ("registry-1-of-2", "dispatch-2-of-2", "inspection-2-of-2", "incentives-1-of-2")
"""Who is killed on the way, each once."""


class Turns:
    """Lets the officers of several cities live through the same days, one city after the other."""

    def __init__(self, system: System, simulation: Simulation, cities: int, *, kills: bool) -> None:
        self.system, self.simulation, self.living = system, simulation, cities
        self.today: date | None = None
        self.waiting: dict[str, tuple[date, asyncio.Event]] = {}
        self.victims = [*VICTIMS] if kills else []
        self.chance, self.days = random.Random(SEED), 0

    async def pass_day(self, city: str, day: date) -> None:
        """Wait for one's turn, which comes with the earliest day; the first on a day lets it begin."""
        turn = asyncio.Event()
        self.waiting[city] = day, turn
        self.go_on()
        await turn.wait()
        if day != self.today:
            self.today, self.days = day, self.days + 1
            if self.victims and self.chance.random() < 0.5:
                name, delay = self.victims.pop(), self.chance.uniform(0, 0.05)
                asyncio.get_running_loop().call_later(delay, self.system.kill, name)
            await self.simulation.pass_day(day)

    def go_on(self) -> None:
        if self.waiting and len(self.waiting) == self.living:
            self.waiting.pop(min(self.waiting, key=lambda city: (self.waiting[city][0], city)))[1].set()

    def leave(self) -> None:
        self.living -= 1
        self.go_on()


class City:
    """The reach of one city's officers. They tell Benxi's story; what they send and see has the codes of their city."""

    def __init__(self, code: str, turns: Turns) -> None:
        self.code, self.turns, self.simulation = code, turns, turns.simulation

    def there(self, said: Any) -> Any:
        return msgspec.json.decode(msgspec.json.encode(said).replace(HOME.encode(), self.code.encode()))

    def here(self, said: Any, type: Any = Any) -> Any:
        return msgspec.json.decode(msgspec.json.encode(said).replace(self.code.encode(), HOME.encode()), type=type)

    async def pass_day(self, day: date) -> None:
        await self.turns.pass_day(self.code, day)

    async def tasks(self) -> Sequence[Awaited]:
        ours = [task for task in await self.simulation.tasks() if task.place.startswith(self.code)]
        return self.here(ours, list[Awaited])  # type: ignore[no-any-return]

    async def states(self, service: str, kind: str) -> dict[str, Any]:
        states = await self.simulation.states(service, kind)
        return self.here({id: state for id, state in states.items() if state["place"].startswith(self.code)})  # type: ignore[no-any-return]

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        await self.simulation.post(service, path, f"{key}-{self.code}", self.there(rows))

    async def next_due(self) -> date | None:
        return await self.simulation.next_due()

    async def live(self) -> None:
        async def watch(_day: date) -> None:
            pass

        await Officers(Benxi(SEED, VILLAGES), self).live(UNTIL, watch)
        self.turns.leave()


class Told(msgspec.Struct):
    """What a system came to."""

    digests: Mapping[str, Mapping[str, str]]
    dead_letters: int
    messages: list[Envelope]
    """Of both streams, in order of each."""
    written: int
    days: int


async def told(system: System, *, kills: bool = False) -> Told:
    """Let two cities live through Benxi's story."""
    async with Simulation(system) as simulation:
        turns = Turns(system, simulation, 2, kills=kills)
        await asyncio.gather(City(HOME, turns).live(), City(AWAY, turns).live())
        await simulation.settle()
        statuses = await simulation.statuses()
        return Told(
            await simulation.digests(),
            sum(status.dead_letters for status in statuses.values()),
            [m for stream in (OPEN, SEALED) for m in await stored(system.nats_url, stream, system.key(HARNESS))],
            sum(status.written for status in statuses.values()),
            turns.days,
        )


async def stored(url: str, stream: str, key: Path | None = None) -> list[Envelope]:
    """Everything that a stream holds, in order."""
    broker = await bus.connect(url, "test", key)
    jetstream = broker.connection.jetstream()
    subscription = await jetstream.subscribe(">", stream=stream, ordered_consumer=True)
    count = (await jetstream.stream_info(stream)).state.messages
    found = [await subscription.next_msg() for _ in range(count)]
    await broker.stop()
    return [msgspec.json.decode(body, type=Envelope) for message in found for body in bus.parts(message.data)]


async def seen(system: System, messages: list[Envelope]) -> None:
    """What people see of the replicas: whose a village is, who takes a command about it, and the day that it is."""
    heard = [message for message in messages if EVENTS[message.type].sealing == "never"]
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        listings, days = dict[str, list[str]](), set()
        for name, (service, share) in system.services.items():
            status = (await client.get(f"{system.url(name)}/v1/status")).json()
            days.add(status["today"])
            assert list(status["policies"]) == [HOME if share.number == owner(HOME, 2) else AWAY], name
            if service == "registry":
                listed = (await client.get(f"{system.url(name)}/v1/villages")).json()
                listings[name] = [village["id"] for village in listed]
        assert len(days) == 1 and days != {None}, "days reach all"
        assert sorted(map(len, listings.values())) == [VILLAGES, VILLAGES]
        for name, ids in listings.items():
            assert {system.process("registry", id) for id in ids} == {name}, "a village is where its prefecture is"
            for service, village in product(SERVICES, ids):
                journal = (await client.get(f"{system.url(service, village)}/v1/journal/{village}")).json()
                of_both = (village, f"urn:zhucun:{service}")
                told = [m.id for m in heard if (m.correlationid, m.source) == of_both]
                assert list(dict.fromkeys(told)) == [e["id"] for e in journal if EVENTS[e["type"]].sealing == "never"]

        row = {"place": CITY, "pack": PACK, "adopted_by": "市委"}
        for place, status_code, words in (
            (CITY, 421, f"replica {owner(CITY, 2)} of 2; send it there; at the command line, add --place {CITY}"),
            ("210000", 422, "wider than a prefecture"),
        ):
            answer = await client.post(
                f"{system.url('registry', AWAY)}/v1/policies",
                content=msgspec.json.encode([{**row, "place": place}]),
                headers={"Idempotency-Key": f"misdirected {place}", "Content-Type": "application/json"},
            )
            assert answer.status_code == status_code, answer.text
            assert words in answer.json()["errors"][0]["en"] and answer.json()["errors"][0]["rule"] == "share"
        await questions(system, client, listings)


async def questions(system: System, client: httpx.AsyncClient, listings: Mapping[str, list[str]]) -> None:
    """Who asks a replica about the other one's prefecture is told so; a province is answered in parts; and the console
    asks who has the answer."""
    here, there = (Share(owner(city, 2), 2) for city in (HOME, AWAY))
    (village,) = listings[there.named("registry")]
    asked = {
        "registry": (f"villages?place={AWAY}", f"summary/villages?place={AWAY}21", f"tasks?place={village[:6]}",
                     f"totals/{AWAY}?since=2014", f"packs/{AWAY}00", f"why-not-yet/{village}", f"blanks?place={AWAY}",
                     f"snapshots?place={AWAY}", f"villages/{village}", f"journal/{village}"),
        "dispatch": (f"journal/{village}", f"proposals/{AWAY}", f"assignments/{village}", f"links?place={AWAY}"),
        "inspection": (f"campaigns?place={AWAY}",),
        "incentives": (f"tasks?place={AWAY}",),
    }  # fmt: skip
    for service, paths in asked.items():
        for path in paths:
            answer = await client.get(f"{system.url(service, HOME)}/v1/{path}")
            assert answer.status_code == 421, (service, path, answer.text)
            (fault,) = answer.json()["errors"]
            assert f"replica {here.number}, " in fault["en"] and f"replica {there.number} of 2" in fault["en"]
            assert f"这里是第{here.number}副本" in fault["zh"] and f"由第{there.number}副本" in fault["zh"]
            assert (await client.get(f"{system.url(service, AWAY)}/v1/{path}")).status_code != 421, path
    for wide in ("", "21", "2", "210000", "000000"):
        for city in (HOME, AWAY):
            assert (await client.get(f"{system.url('registry', city)}/v1/villages?place={wide}")).is_success
    assert (await client.get(f"{system.url('registry', HOME)}/v1/events?below={AWAY}")).is_success, "a feed is its own"

    upstream = Upstream({name: system.url(name) for name in system.services})
    for city in (HOME, AWAY):
        found = await upstream.all("/v1/tasks", Visitor(), place=f"{city}21")
        assert {*found} == {system.process(service, city) for service in SERVICES}
        assert all(isinstance(answer, list) for answer in found.values()), found
    assert {*(await upstream.all("/v1/tasks", Visitor(), place="21"))} == {*system.services}
    await upstream.aclose()


class Visitor:
    """Who looks at the console's pages where nobody is asked who he is."""

    token = ""


async def at_the_command_line(folder: Path) -> None:
    """An officer names the division, or the village; an operator sees all replicas together."""

    async def zhucun(*words: str) -> tuple[int, str]:
        ran = await asyncio.to_thread(CliRunner().invoke, commands.app, [*words, "--folder", str(folder)])
        return ran.exit_code, f"{ran.output}{ran.exception}"

    for village in ("210121901201", "210521901201"):
        code, told = await zhucun("village", village)
        assert code == 0 and village in told, told
    code, told = await zhucun("template", "units", "--out", str(folder / "units.xlsx"))
    assert code == 1 and "--place" in told, told
    code, told = await zhucun("template", "units", "--place", HOME, "--out", str(folder / "units.xlsx"))
    assert code == 0, told
    code, told = await zhucun("events", "registry", "--place", AWAY, "--snapshot")
    assert code == 0 and told.count("（“villages”）1条") == 1, told
    code, told = await zhucun("doctor")
    assert code == 0 and all(f"{service}-{number}-of-2" in told for service in SERVICES for number in (1, 2)), told


async def today_reaches_all(system: System) -> None:
    """The server's schedule fires, one replica of the registry says which day that is, and all hear it."""
    broker = await bus.connect(system.nats_url, "calendar", system.key(HARNESS))
    await bus.start_calendar(broker.connection.jetstream())
    await broker.stop()
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client, asyncio.timeout(30):
        while True:
            days = {(await client.get(f"{system.url(name)}/v1/status")).json()["today"] for name in system.services}
            if len(days) == 1 and days.pop() > str(UNTIL):
                break
            await asyncio.sleep(0.1)
        clocks = [(await client.get(f"{system.url(f'registry-{n}-of-2')}/v1/clocks")).json() for n in (1, 2)]
    assert list(map(len, clocks)) == [1, 0]


async def test_two_replicas_of_which_each_is_killed_come_to_what_one_comes_to(tmp_path: Path) -> None:
    async with System(tmp_path / "one") as system:
        await system.ready()
        one = await told(system)
    async with System(tmp_path / "two", replicas=2) as system:
        await system.ready()
        pids = {name: system.pid(name) for name in system.services}
        two = await told(system, kills=True)
        await system.ready()
        assert {name for name, pid in pids.items() if system.pid(name) != pid} == set(VICTIMS)
        await seen(system, two.messages)
        await at_the_command_line(tmp_path / "two")
        await today_reaches_all(system)
    assert (one.dead_letters, two.dead_letters) == (0, 0)
    assert two.digests == one.digests
    assert len({message.id for message in two.messages}) == two.written + two.days, "no id is used twice, none is lost"


@asynccontextmanager
async def replica(folder: Path, url: str, share: Share) -> AsyncIterator[Pipeline]:
    """One of several replicas of the smallest service, on the first day of its share's policy."""
    engine = await engine_with(f"sqlite+aiosqlite:///{folder}/{share.number}.sqlite3", small.SERVICE.tables)
    broker = await bus.connect(url, share.named("registry"))
    relay = Relay(partial(bus.publish_batch, broker.connection))
    pipeline = Pipeline(small.SERVICE, engine, relay, "http://localhost/schemas", share)
    await pipeline.start()
    task = asyncio.create_task(relay.run())
    try:
        yield pipeline
    finally:
        task.cancel()
        await broker.stop()
        await engine.dispose()


async def test_no_event_of_one_replica_is_taken_for_one_of_another(nats_server: NatsServer, tmp_path: Path) -> None:
    """Neither where parts of a request go to both under one key, nor where both keep something under one id."""
    async with (
        replica(tmp_path, nats_server.url, Share(owner(HOME, 2), 2)) as home,
        replica(tmp_path, nats_server.url, Share(owner(AWAY, 2), 2)) as away,
    ):
        client = await nats.connect(nats_server.url)
        await bus.declare_streams(client.jetstream())
        await client.close()
        for city, pipeline in ((HOME, home), (AWAY, away)):
            place = city.ljust(6, "0")
            await handle(pipeline, OPEN, [day(0, 1)])
            documents = {name: {**of, "jurisdiction": "00"} for name, of in PLAIN_PACK["documents"].items()}
            documents |= {"X1": {"title": "示例", "jurisdiction": "00"}}
            pack = {**PLAIN_PACK, "jurisdiction": city, "version": f"{city}-2014.1", "documents": documents}
            pack["outcomes"] = [{**outcome, "clause": "X1"} for outcome in pack["outcomes"]]
            await submit(pipeline, "one key", [small.Adopt(place=place, pack=pack)])
            await submit(pipeline, "the same", [small.Register(place=place, village="V", name="村")])
            await handle(pipeline, OPEN, [day(1, 2)])
            await pipeline.published()
        assert (home.written, away.written) == (3, 3)
    assert len({message.id for message in await stored(nats_server.url, OPEN)}) == 6


async def test_a_village_stays_with_its_replica(nats_server: NatsServer, tmp_path: Path) -> None:
    """A code in a prefecture of the other one would leave it where nobody looks for it."""
    home = Share(owner(HOME, 2), 2)
    async with replica(tmp_path, nats_server.url, home) as pipeline:
        await handle(pipeline, OPEN, [day(0, 1)])
        recode = RecodeVillage(
            place="210521",
            village="210521901201",
            code=f"{AWAY}21901201",
            since=date(2014, 6, 1),
            document="民发〔2014〕3号",
            decided_by="省民政厅",
        )
        with pytest.raises(RequestRefused) as refused:
            await submit(pipeline, "recode", [recode])
        assert (refused.value.refused[0].rule, refused.value.refused[0].field) == ("share", "code")
    with pytest.raises(CannotRun, match="another replica than 2 of 3"):
        async with replica(tmp_path, nats_server.url, home._replace(of=3)):
            pass


async def test_a_folder_keeps_the_number_of_replicas_that_it_was_made_for(tmp_path: Path) -> None:
    folder = System(tmp_path, replicas=2).folder
    folder.claim((), 2)
    folder.release()
    with pytest.raises(StartError, match="made for 2 replicas of each service, not 3"):
        async with System(tmp_path, replicas=3):
            pass
    assert System(tmp_path).folder.replicas == 2
