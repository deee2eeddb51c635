"""How long it takes from an officer's command to the receipt of its event by a province that subscribes.

Commands go over HTTP to the real registry of a running system on SQLite; the subscriber is a plain nats-py client as
any provincial system would write it. Both stand in this process, so that one clock measures. Under load commands are
sent when they are due, whether or not earlier ones were answered, and time counts from when they were due: a service
that falls behind cannot hide it by being asked less.
"""

import asyncio
import json
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple, Self

import msgspec
import uvloop
from nats.aio.msg import Msg
from rich.console import Console

from deploy.access.users import HARNESS
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from shared.stream import bus
from tests.bench.figure import Figure

DAY: Final = date(2016, 1, 4)
PACK: Final = Path(__file__).parents[2] / "shared/policy/packs/benxi.toml"
COUNTIES: Final = 99
"""Counties of Benxi's prefecture in which villages are registered, each request in the next one: so none has more than
the few hundred that a county has."""
SINGLE: Final = 300
"""Commands that are sent one after the other."""
SECONDS, RATE, BATCH = 10, 1000, 10
"""How long a load lasts, in seconds; its commands in a second; and how many of them a request of a batch has."""
LINES: Final = 64
"""HTTP connections kept open: as many officers' browsers."""
READ_WITHIN: Final = 30.0
"""Seconds after the last command in which its event must have come."""
PROBE: Final = "zhucun.v1.21.05.21.bench.probe.sent"
"""A subject of the open stream that no service listens to."""


class Heard(msgspec.Struct):
    """What the subscriber looks at in an event."""

    subject: str


class Load(NamedTuple):
    """How commands came through: seconds from when each was due to its event's receipt, and how many in a second."""

    seconds: list[float]
    rate: float

    def ms(self, percent: int) -> float:
        """A percentile in milliseconds."""
        return 1000 * quantiles(self.seconds, n=100)[percent - 1]


class Office:
    """An officers' network: HTTP connections to the registry, and a province that listens."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._arrived: dict[str, float] = {}
        self._requests = count()
        self._numbers: Iterator[int] = (n for n in range(1_000_000) if n % 1000)

    async def __aenter__(self) -> Self:
        self._broker = await bus.connect(self._system.nats_url, "province", self._system.key(HARNESS))
        self._js = self._broker.connection.jetstream()

        async def hear(message: Msg) -> None:
            self._arrived[msgspec.json.decode(message.data, type=Heard).subject] = time.perf_counter()

        await self._js.subscribe("zhucun.v1.21.>", stream=bus.OPEN, cb=hear, ordered_consumer=True)
        for _ in range(LINES):
            self._free.put_nowait(await self._connected())
        return self

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._system.url("registry").removeprefix("http://").split(":")
        return await asyncio.open_connection(host, int(port))

    async def __aexit__(self, *_: object) -> None:
        while not self._free.empty():
            self._free.get_nowait()[1].close()
        await self._broker.stop()

    def commands(self, number: int) -> Sequence[Mapping[str, Any]]:
        """Registrations of villages that nobody has heard of yet."""
        county = f"2105{next(self._requests) % COUNTIES + 1:02}"
        codes = [f"{county}{next(self._numbers):06}" for _ in range(number)]
        return [
            {"place": county, "village": code, "name": "某村", "township": "某乡", "population": 800, "listed": False}
            for code in codes
        ]

    async def post(self, commands: Sequence[Mapping[str, Any]]) -> None:
        """One request, on a connection of its own as long as it lasts; all its commands must be accepted."""
        body = msgspec.json.encode(commands)
        head = (
            f"POST /v1/villages HTTP/1.1\r\nHost: registry\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: bench-{commands[0]['village']}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        reader, writer = line = await self._free.get()
        if reader.at_eof():  # The service ends connections that have been idle for some seconds.
            writer.close()
            reader, writer = line = await self._connected()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        told = await reader.readexactly(length)
        self._free.put_nowait(line)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the registry refused a command of the bench: {told.decode()}")

    async def arrived(self, subject: str) -> float:
        """When an event about a subject came."""
        async with asyncio.timeout(READ_WITHIN):
            while subject not in self._arrived:  # noqa: ASYNC110 - a callback at each message would cost what is measured
                await asyncio.sleep(0.0002)
        return self._arrived[subject]

    async def one_by_one(self) -> list[float]:
        """Seconds from sending a command to the receipt of its event while nothing else is going on."""
        taken = []
        for _ in range(SINGLE):
            commands, sent = self.commands(1), time.perf_counter()
            await asyncio.gather(self.post(commands), self.arrived(commands[0]["village"]))
            taken.append(self._arrived[commands[0]["village"]] - sent)
        return taken

    async def bare(self) -> list[float]:
        """The same for a message that is published to the stream with nothing before it."""
        taken = []
        for number in range(SINGLE):
            subject, sent = f"probe-{number}", time.perf_counter()
            await self._js.publish(PROBE, json.dumps({"subject": subject}).encode())
            taken.append(await self.arrived(subject) - sent)
        return taken

    async def most(self) -> float:
        """Commands in a second that come through if every connection sends the next as soon as one is answered."""
        until, sent = time.perf_counter() + SECONDS / 2, list[str]()

        async def work() -> None:
            while time.perf_counter() < until:
                commands = self.commands(1)
                await self.post(commands)
                sent.append(commands[0]["village"])

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(LINES)))
        return len(sent) / (max([await self.arrived(village) for village in sent]) - began)

    async def offered(self, rate: float, batch: int) -> Load:
        """So many commands in a second, in requests of so many, whatever becomes of them."""
        requests = [self.commands(batch) for _ in range(round(SECONDS * rate / batch))]
        began = time.perf_counter()
        due = [began + number * batch / rate for number in range(len(requests))]
        async with asyncio.TaskGroup() as sending:
            for commands, at in zip(requests, due, strict=True):
                if (early := at - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                sending.create_task(self.post(commands))
        came = [[await self.arrived(c["village"]) for c in commands] for commands in requests]
        taken = [received - at for of_request, at in zip(came, due, strict=True) for received in of_request]
        return Load(taken, len(taken) / (max(map(max, came)) - began))


def measure(console: Console, scale: float) -> list[Figure]:
    """Idle, as fast as it goes, and under a steady load; `scale` changes nothing, since a county is enough for it."""
    with TemporaryDirectory() as folder:
        return uvloop.run(_measure(console, Path(folder)))


async def _measure(console: Console, folder: Path) -> list[Figure]:
    async with System(folder) as system:
        await system.ready()
        async with Simulation(system) as simulation, Office(system) as office:
            pack = json.loads(json.dumps(tomllib.loads(PACK.read_text("utf-8")), default=str))
            await simulation.pass_day(DAY)
            adoption = {"place": pack["jurisdiction"].ljust(6, "0"), "pack": pack, "adopted_by": "bench"}
            await simulation.post("registry", "policies", "bench-pack", [adoption])
            with console.status("") as status:
                status.update("一条一条地发 one at a time")
                await office.offered(100, 1)  # Caches fill and code is loaded before anything counts.
                bare, idle = Load(await office.bare(), 0), Load(await office.one_by_one(), 0)
                status.update("一请求一命令，能有多快 as many requests as it takes")
                most = await office.most()
                steady = min(RATE, 0.8 * most)
                status.update(f"每秒{steady:.0f}个请求 {steady:.0f} requests in a second")
                single = await office.offered(steady, 1)
                status.update(f"每秒{RATE // BATCH}个请求，各{BATCH}条 {RATE // BATCH} requests of {BATCH} in a second")
                batched = await office.offered(RATE, BATCH)
    beside = "a bare publication, heard by the same subscriber"
    alone, ten = ("一请求一命令", "one command a request"), (f"每请求{BATCH}条", f"{BATCH} commands a request")
    figures = [
        *_percentiles("latency.idle", ("空闲时", "idle"), idle, "", beside, bare),
        Figure(
            key="latency.single.most",
            zh=f"{alone[0]}，能承受",
            en=f"{alone[1]}, sustained",
            value=most,
            unit="commands/s",
            least=RATE,
            note=f"{LINES} connections, each sending the next as soon as it is answered",
        ),
    ]
    for key, words, load, rate in (("single", alone, single, steady), ("batched", ten, batched, RATE)):
        note = f"{rate:,.0f} commands a second offered for {SECONDS} s; {load.rate:,.0f} came through"
        figures += _percentiles(f"latency.{key}", words, load, note)
    return figures


def _percentiles(
    key: str, words: tuple[str, str], load: Load, note: str, beside: str = "", lean: Load | None = None
) -> list[Figure]:
    """What a load felt like: in the middle, and at its worst but for one in a hundred."""
    zh, en = words
    return [
        Figure(
            key=f"{key}.p{percent}",
            zh=f"{zh}，{percent}% 分位",
            en=f"{en}, p{percent}",
            value=load.ms(percent),
            unit="ms",
            beside=beside,
            ratio=load.ms(percent) / lean.ms(percent) if lean else None,
            note=note,
        )
        for percent in (50, 99)
    ]
