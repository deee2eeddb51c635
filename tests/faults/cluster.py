"""Three nats-servers that keep every stream threefold: nodes are lost, majorities are lost, links between them break.

The servers reach one another through small proxies only, one for each direction, so that a link can be cut without any
rights on the machine. The services know all three addresses and connect again to any of them, a server that is cut off
included.

Simulation and subscriber come in by doors of their own. For a cut-off leader goes on to answer, for about ten seconds,
how things stood, and a replica that is catching up believes itself at the end. Officers who asked them would act before
the services have said what they know: nothing would be lost, but the story would be another one. So the door of who is
cut off is shut, and all of them until the servers agree with one another again.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Final, Self

import httpx
from nats.errors import Error as NatsError

from deploy.access import grants
from deploy.access.keys import seed_file
from deploy.access.users import HARNESS, TRIAL_USERS
from deploy.local.folder import Folder
from deploy.local.supervisor import System, configure, find_server
from shared.stream import bus
from tests.faults.injury import Server, hurt_often
from tests.faults.trial import Ground, Trial, Verdict

NODES: Final = ("a", "b", "c")
FORMING: Final = 60.0
"""Seconds within which three servers find one another and agree on a leader."""
TIMES: Final = 3
"""How often each thing is done to the cluster during a play."""
AWAY, APART, FLAP = (1.0, 4.0), (3.0, 12.0), (0.05, 0.4)
"""Seconds, at least and at most, for which servers are lost, partitioned, and a link is broken."""
FLAPS: Final = 15
"""Times that a link breaks in a row."""
NOWHERE: Final = "127.0.0.1:9"
"""What servers tell one another as their address: nobody is to pass by the proxies."""


_NODE: Final = """
include nats.conf
server_name: {node}
cluster {{ name: zhucun, listen: "127.0.0.1:{route}", advertise: "{away}", no_advertise: true, routes: [{routes}] }}
"""


class Link:
    """One direction of a route between two servers, as a TCP proxy in this process."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._flows = asyncio.Event()
        self._flows.set()
        self._refuses = False
        self._carried: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.sever()
        await asyncio.gather(*self._carried, return_exceptions=True)

    @property
    def address(self) -> str:
        """Where the server at the beginning of the link finds the one at its end."""
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    def cut(self) -> None:
        """Let nothing through any more, in silence, as when packets are lost: nobody is told that the other is away."""
        self._flows.clear()

    def sever(self) -> None:
        """Close what is connected and refuse what comes, as when a host is away."""
        self._refuses = True
        for task in self._carried:
            task.cancel()

    def join(self) -> None:
        """Let through again; what a cut held back comes first, as TCP would send it again."""
        self._refuses = False
        self._flows.set()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry both directions of one connection until either end is away."""
        ends = [writer]
        try:
            await self._flows.wait()
            if not self._refuses:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
                ends.append(far_writer)
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, far_writer))
                    both.create_task(self._pump(far_reader, writer))
        except (OSError, ExceptionGroup):
            pass
        finally:
            for end in ends:
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError


class Cluster:
    """Three nats-servers with the configuration of the embedded one and the keys of a folder, while it is entered."""

    def __init__(self, root: Path, keys: Path) -> None:
        self._folder, self._keys = Folder(root), keys
        self._servers: dict[str, Server] = {}
        self.links: dict[tuple[str, str], Link] = {}
        self._doors: dict[str, Link] = {}

    @property
    def url(self) -> str:
        """The addresses of all servers, for the services."""
        return ",".join(f"nats://127.0.0.1:{self._folder.ports[node]}" for node in NODES)

    @property
    def doors(self) -> str:
        """The addresses of all servers, for those who look on."""
        return ",".join(f"nats://{door.address}" for door in self._doors.values())

    async def __aenter__(self) -> Self:
        self._folder.claim([f"{role}{node}" for role in ("", "monitor ", "route ") for node in NODES])
        ports = self._folder.ports
        configure(self._folder.config, grants.install(self._keys, TRIAL_USERS))
        try:
            for way in permutations(NODES, 2):
                self.links[way] = await Link(ports[f"route {way[1]}"]).__aenter__()
            for node in NODES:
                self._doors[node] = await Link(ports[node]).__aenter__()
                routes = ",".join(f"nats://{link.address}" for (end, _), link in self.links.items() if end == node)
                # What a command line says of a cluster is forgotten when a server reads again who may do what.
                config = self._folder.config.with_name(f"{node}.conf")
                config.write_text(_NODE.format(node=node, route=ports[f"route {node}"], away=NOWHERE, routes=routes))
                command = [
                    find_server(), "-c", str(config), "-p", str(ports[node]),
                    "-m", str(ports[f"monitor {node}"]), "-sd", str(self._folder.nats / node),
                ]  # fmt: skip
                self._servers[node] = Server(command, self._folder.log(node))
                self.start(node)
            await self.agreed()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.kill()
        for link in (*self.links.values(), *self._doors.values()):
            await link.__aexit__()
        self._folder.release()

    def start(self, node: str) -> None:
        """Start a server, or start it again on what it has on disk."""
        self._servers[node].start()

    def kill(self, node: str) -> None:
        """Kill a server with SIGKILL."""
        self._servers[node].kill()

    def pid(self, node: str) -> int:
        """The process of a server."""
        return self._servers[node].pid

    def around(self, node: str) -> list[Link]:
        """The links between one server and the two others, in both directions."""
        return [link for way, link in self.links.items() if node in way]

    @asynccontextmanager
    async def trouble(self, *nodes: str) -> AsyncIterator[None]:
        """Something is done to servers within, and mended at its end: until they agree again nobody looks on."""
        for node in nodes:
            self._doors[node].sever()
        try:
            yield
        finally:
            for door in self._doors.values():
                door.sever()
            try:
                await self.agreed()
            finally:
                for door in self._doors.values():
                    door.join()

    async def agreed(self) -> None:
        """Wait until all servers are healthy and say the same of every stream and consumer. Raises TimeoutError."""
        async with asyncio.timeout(FORMING), httpx.AsyncClient(trust_env=False, verify=False, timeout=2) as client:
            while True:
                with suppress(httpx.HTTPError):
                    views = [await self._view(client, node) for node in NODES]
                    if None not in views and views.count(views[0]) == len(views):
                        return
                await asyncio.sleep(0.1)

    async def _view(self, client: httpx.AsyncClient, node: str) -> dict[str, tuple[str, int]] | None:
        """How a server sees the streams: who leads each of them and its consumers, and the last message here."""
        monitor = f"http://127.0.0.1:{self._folder.ports[f'monitor {node}']}"
        if (await client.get(f"{monitor}/healthz")).status_code != httpx.codes.OK:
            return None
        accounts = (await client.get(f"{monitor}/jsz?consumers=true")).json().get("account_details", [])
        streams = [stream for account in accounts for stream in account.get("stream_detail", [])]
        view = {
            f"{stream['name']} {one.get('stream_name', '')} {one['name']}": (
                one["cluster"].get("leader", ""),
                stream["state"]["last_seq"],
            )
            for stream in streams
            for one in (stream, *stream.get("consumer_detail", []))
            if len(one["cluster"].get("replicas", [])) == len(NODES) - 1
        }
        return view if all(leader for leader, _ in view.values()) else None

    async def leader(self) -> str:
        """Which server leads the open stream. Raises TimeoutError."""
        return await leader(self.url, seed_file(self._keys, HARNESS))


async def leader(url: str, key: Path, ca: Path | None = None) -> str:
    """Which of the servers at these addresses leads the open stream. Raises TimeoutError."""
    broker = await bus.connect(url, HARNESS, key, ca)
    try:
        async with asyncio.timeout(FORMING):
            while True:
                with suppress(NatsError):
                    info = await broker.connection.jetstream(timeout=1).stream_info(bus.OPEN)
                    if info.cluster and info.cluster.leader:
                        return info.cluster.leader
                await asyncio.sleep(0.1)
    finally:
        await broker.stop()


Harm = Callable[[Cluster, random.Random, int], Awaitable[None]]
"""What is done to a cluster, with chances to draw from, for which time from 0 on."""


async def lose(cluster: Cluster, nodes: Iterable[str], seconds: float) -> None:
    """Kill servers, and start them again on what they had on disk."""
    async with cluster.trouble():
        for node in nodes:
            cluster.kill(node)
        try:
            await asyncio.sleep(seconds)
        finally:
            for node in nodes:
                cluster.start(node)


async def isolate(cluster: Cluster, node: str, seconds: float) -> None:
    """Let nothing through between a server and the two others; clients still reach it."""
    async with cluster.trouble(node):
        for link in cluster.around(node):
            link.cut()
        try:
            await asyncio.sleep(seconds)
        finally:
            for link in cluster.around(node):
                link.join()


async def node_lost(cluster: Cluster, chance: random.Random, number: int) -> None:
    """One server after the other is lost and comes back."""
    await lose(cluster, [NODES[number % len(NODES)]], chance.uniform(*AWAY))


async def leader_lost(cluster: Cluster, chance: random.Random, _number: int) -> None:
    """The server that leads the open stream is lost and comes back."""
    await lose(cluster, [await cluster.leader()], chance.uniform(*AWAY))


async def majority_lost(cluster: Cluster, chance: random.Random, _number: int) -> None:
    """Two of three are lost, so that nothing can be stored until they are back."""
    await lose(cluster, chance.sample(NODES, 2), chance.uniform(*AWAY))


async def node_isolated(cluster: Cluster, chance: random.Random, _number: int) -> None:
    """A server that does not lead is cut off, with whoever is connected to it."""
    leader = await cluster.leader()
    await isolate(cluster, chance.choice([node for node in NODES if node != leader]), chance.uniform(*APART))


async def leader_isolated(cluster: Cluster, chance: random.Random, _number: int) -> None:
    """The leader is cut off: it takes what it cannot keep, while the others choose another one."""
    await isolate(cluster, await cluster.leader(), chance.uniform(*APART))


async def links_flap(cluster: Cluster, chance: random.Random, _number: int) -> None:
    """Connections between the servers break again and again, never for long."""
    async with cluster.trouble(*NODES):
        for _ in range(FLAPS):
            link = chance.choice(list(cluster.links.values()))
            link.sever()
            try:
                await asyncio.sleep(chance.uniform(*FLAP))
            finally:
                link.join()


class OnCluster(System):
    """A system whose services reach the servers themselves, while all others come in by the doors."""

    def __init__(self, root: Path, cluster: Cluster) -> None:
        super().__init__(root, nats=cluster.doors, stream_replicas=len(NODES))
        self._servers = cluster.url

    def environment(self, name: str) -> dict[str, str]:
        return {**super().environment(name), "ZHUCUN_NATS": self._servers}


async def on_cluster(ground: Ground, harm: Harm) -> Verdict:
    """Play on three servers while something is done to them."""
    chance = random.Random(ground.seed)
    async with Cluster(ground.folder / "cluster", Folder(ground.folder).keys) as cluster:
        return await hurt_often(ground, OnCluster(ground.folder, cluster), TIMES, partial(harm, cluster, chance))


TRIALS: Final = tuple(
    Trial(f"cluster.{key}", zh, en, partial(on_cluster, harm=harm))
    for key, zh, en, harm in (
        ("node_lost", "集群失去一台又恢复", "a node of three lost and back", node_lost),
        ("leader_lost", "集群失去主节点", "the streams' leader lost", leader_lost),
        ("majority_lost", "集群失去多数又恢复", "a majority lost for a while", majority_lost),
        ("node_isolated", "一个节点与其他隔绝", "a node partitioned from the others", node_isolated),
        ("leader_isolated", "主节点与其他隔绝", "the leader partitioned from the others", leader_isolated),
        ("links_flap", "节点间连接反复断开", "links between nodes that flap", links_flap),
    )
)
