"""The clock of a play, and its way to the running services. A day passes as soon as the system has settled.

Every request is repeated until it is answered, so that any process may be killed and restarted meanwhile. Everything
that is sent has an id or a key, by which a repetition is recognised.
"""

import asyncio
import math
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Self, TypeVar

import httpx
import msgspec
from nats.errors import Error as NatsError

from deploy.access.permissions import WIRED
from deploy.access.users import SIMULATION
from deploy.demo.answers import COMMANDS, Awaited, Row
from deploy.demo.forms import hand_in
from deploy.demo.officers import Refusal
from deploy.local.supervisor import System
from deploy.operations.days import day_message
from shared.draws import BODIES
from shared.engine import store
from shared.engine.outbox import PAGE
from shared.policy import Policy
from shared.runtime import heard
from shared.stream import bus
from shared.stream.bus import OPEN, SEALED
from shared.web.lists import LARGEST_LIST
from shared.web.strict import MOST_VALUES
from shared.web.tasks import OpenTask, following
from shared.web.token import body_headers, operator_headers

BY_FORM: Final = ("villages", "units", "cadres", "surveys")
"""What the demo's officers hand in by Excel form."""
ENDED_WITHIN: Final = 120.0
"""Seconds that a play waits for one answer or for the system to settle, through any number of restarts."""
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.02
"""Seconds between two looks."""
T = TypeVar("T")


class _Delivered(msgspec.Struct):
    stream_seq: int


class _Cursor(msgspec.Struct):
    """What the server says about a consumer that is there."""

    delivered: _Delivered
    ack_floor: _Delivered
    num_pending: int
    num_ack_pending: int


class _Stored(msgspec.Struct, frozen=True):
    seq: int = 0


class _Error(msgspec.Struct, frozen=True):
    code: int


class _Found(msgspec.Struct):
    """A stored message, or why it was not found."""

    message: _Stored = _Stored()
    error: _Error = _Error(404)


class _Last(msgspec.Struct):
    last_seq: int


class _Stream(msgspec.Struct):
    state: _Last


class _Ready(msgspec.Struct):
    backlog: int


class Status(msgspec.Struct):
    """What a service says about itself, as far as a play asks."""

    written: int
    """Events decided so far."""
    published: int
    """How many of them are published."""
    dead_letters: int
    next_due: date | None
    read: dict[str, int]
    """By stream, the sequence of the last message that it has read."""


class Simulation:
    """The officers' way to the days and services of a running system with any number of replicas.

    A parameter `name` is the name of one process. With a single replica it is the service's name.
    Without the region's pack nothing is handed in by Excel form.
    """

    def __init__(self, system: System, policy: Policy | None = None) -> None:
        self.system, self.policy = system, policy
        self.sent: Counter[str] = Counter()
        """How many commands were sent, by path."""
        self._cursors = {
            (stream, name): subjects
            for name, (service, share) in system.services.items()
            for stream, subjects in heard(WIRED[service], share).items()
            if subjects
        }
        """The durable consumers of all processes, each with what it hears of its stream."""
        self._in_cluster = "," in system.nats_url
        self._heard: dict[tuple[str, str], int] = {}
        """By consumer, the last message that it had reached when the system last settled."""
        self._end = 0
        """The last sequence of the open stream at that time."""
        self._changed = set(system.services)
        """Processes that have had something to do since their tasks and status were last read."""
        self._tasks: dict[str, list[Awaited]] = {}
        self._statuses: dict[str, Status] = {}

    async def __aenter__(self) -> Self:
        self._broker = await bus.connect(
            self.system.nats_url, "simulation", self.system.key(SIMULATION), self.system.nats_ca
        )
        secret = self.system.folder.secret.read_bytes()
        tokens = operator_headers(secret) | body_headers(secret, BODIES)  # Who simulates a county speaks for everybody.
        self._clients = {
            name: httpx.AsyncClient(
                base_url=self.system.url(name), headers=tokens, timeout=ENDED_WITHIN, trust_env=False
            )
            for name in self.system.services
        }
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(client.aclose() for client in self._clients.values()))
        await self._broker.stop()

    # ------------------------------------------------------------------ time

    async def pass_day(self, day: date) -> None:
        """Publish the day, as the schedule does in real use, and wait until everything that follows is done."""
        message = day_message(day, "simulation")
        statuses = await self.statuses() if self._end else {}
        due = {name for name, status in statuses.items() if status.next_due and status.next_due <= day}
        await _persist(lambda: bus.publish_batch(self._broker.connection, OPEN, [message]), bus.PublishFailed)
        # In a settled stream the day is the next message. It gives work only to processes where something is due.
        await self.settle(due, day=self._end + 1)

    async def next_due(self) -> date | None:
        """The next day on which anything falls due in any service."""
        return min((s.next_due for s in (await self.statuses()).values() if s.next_due), default=None)

    async def settle(self, moved: Iterable[str] | None = None, *, day: int = 0) -> None:
        """Wait until every service has heard everything and has published everything that follows.

        A message is acknowledged only after its consequences are published. So it is enough to look at consumers and
        outboxes, and then to see that the streams still end where they ended before; if not, something came in between.
        `moved` are the processes that were given something to do (default: all). `day` is the sequence of the day's
        message, which gives no work to the others.

        In a cluster, each consumer has a server of its own, whose copy of the stream may lag, and a leader that was cut
        off reports old ends for a while. Therefore all services are asked as well.
        """
        moved = self.system.services if moved is None or self._in_cluster else {*moved}
        until = time.monotonic() + ENDED_WITHIN
        while True:
            try:
                ends = await self._ends()
                heard = {cursor: await self._come_to_the_end(*cursor) for cursor in self._cursors}
                if await self._ends() == ends and (not self._in_cluster or await self._is_read(ends, day)):
                    busy = {c[1] for c, at in heard.items() if at not in (self._heard.get(c), day)}.union(moved)
                    if not await self._backlog(busy) and await self._ends() == ends:
                        break
            except (NatsError, msgspec.DecodeError, TimeoutError):
                # A server or service that is being restarted, or a consumer that is being made anew.
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(LONGEST_PAUSE)
        self._heard, self._end = heard, ends[0]
        self._changed |= busy

    async def _ends(self) -> list[int]:
        """The last sequence of each stream."""
        return [(await self._asked("STREAM.INFO", stream, type=_Stream)).state.last_seq for stream in (OPEN, SEALED)]

    async def _come_to_the_end(self, stream: str, durable: str, end: float = math.inf) -> int:
        """Wait until a consumer has nothing more to read or acknowledge, or has acknowledged all up to the message
        `end`. Returns the last message that it reached."""
        until, pause = time.monotonic() + ENDED_WITHIN, FIRST_PAUSE
        while time.monotonic() < until:
            cursor = await self._asked("CONSUMER.INFO", stream, durable, type=_Cursor)
            if cursor.ack_floor.stream_seq >= end or not (cursor.num_pending or cursor.num_ack_pending):
                return cursor.delivered.stream_seq
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, LONGEST_PAUSE)
        raise TimeoutError(f"{durable} has not come to the end of {stream} within {ENDED_WITHIN:.0f} s")

    async def _is_read(self, ends: list[int], day: int) -> bool:
        """Whether the streams contain the day, and all processes say that they have read everything meant for them."""
        lasts = await asyncio.gather(*(self._last(stream, of) for (stream, _), of in self._cursors.items()))
        standings = await self.standings(self.system.services)
        read = (standings[name].read.get(stream, 0) for stream, name in self._cursors)
        if ends[0] >= day and all(at >= last for at, last in zip(read, lasts, strict=True)):
            return True
        await asyncio.sleep(LONGEST_PAUSE)
        return False

    async def _last(self, stream: str, subjects: Iterable[str]) -> int:
        """The last message of a stream on one of these subjects; 0 if there is none."""
        asked = (msgspec.json.encode({"last_by_subj": subject}) for subject in subjects)
        found = await asyncio.gather(*(self._asked("STREAM.MSG.GET", stream, body=body, type=_Found) for body in asked))
        if any(one.error.code != HTTPStatus.NOT_FOUND for one in found):
            raise TimeoutError(f"{stream} cannot be read now")
        return max(one.message.seq for one in found)

    async def _backlog(self, names: Iterable[str]) -> int:
        """How many events of these processes are committed and not published yet. Waits for processes that are down."""
        answers = await asyncio.gather(*(self.get(name, "/health/ready") for name in names))
        return sum(msgspec.json.decode(answer, type=_Ready).backlog for answer in answers)

    async def _asked(self, question: str, *names: str, body: bytes = b"", type: type[T]) -> T:
        """JetStream's answer. If something is missing, such as a consumer that is being made anew, decoding raises."""
        subject = ".".join(("$JS.API", question, *names))
        answer = await self._broker.connection.request(subject, body, timeout=2)
        return msgspec.json.decode(answer.data, type=type)

    # -------------------------------------------------------------- services

    async def get(self, name: str, path: str, **params: str | int | list[str]) -> bytes:
        """What a process answers to a query."""
        return (await self._request(name, "GET", path, params=params)).content

    async def _get_all(self, service: str, path: str, **params: str | int) -> list[bytes]:
        """What each replica of a service answers to a query."""
        names = [name for name, (of, _) in self.system.services.items() if of == service]
        return await asyncio.gather(*(self.get(name, path, **params) for name in names))

    async def tasks(self) -> list[Awaited]:
        """Everything that is awaited in any service."""
        await self._look()
        return [task for name in self.system.services for task in self._tasks[name]]

    async def statuses(self) -> Mapping[str, Status]:
        """What every process says about itself."""
        await self._look()
        return self._statuses

    async def standings(self, names: Iterable[str]) -> dict[str, Status]:
        """What processes say about themselves now."""
        asked = [*names]
        answers = await asyncio.gather(*(self.get(name, "/v1/status") for name in asked))
        return {name: msgspec.json.decode(of, type=Status) for name, of in zip(asked, answers, strict=True)}

    async def _look(self) -> None:
        """Read tasks and status of the processes that have had something to do since the last look."""
        changed = sorted(self._changed)
        tasks = await asyncio.gather(*(self._open_tasks(name) for name in changed))
        self._statuses |= await self.standings(changed)
        for name, of_process in zip(changed, tasks, strict=True):
            service, _ = self.system.services[name]
            self._tasks[name] = [Awaited.of(service, open, open.task) for open in of_process]
        self._changed.clear()

    async def _open_tasks(self, name: str) -> list[OpenTask]:
        """All tasks of a process, page by page."""
        found: list[OpenTask] = []
        after = ""
        while True:
            page = msgspec.json.decode(await self.get(name, "/v1/tasks", after=after), type=list[OpenTask])
            found += page
            if not (after := following(page)):
                return found

    async def states(self, service: str, kind: str) -> dict[str, Any]:
        """All states of a kind by id, as the service shows them, page by page from each replica."""
        names = [name for name, (of, _) in self.system.services.items() if of == service]
        found = await asyncio.gather(*(self._all_of(name, kind) for name in names))
        return {id: state for part in found for id, state in part.items()}

    async def _all_of(self, name: str, kind: str) -> dict[str, Any]:
        """All states of a kind that one process has."""
        found: dict[str, Any] = {}
        while True:
            after = next(reversed(found), "")
            page = msgspec.json.decode(await self.get(name, f"/v1/{kind}", limit=LARGEST_LIST, after=after))
            found |= {state["id"]: state for state in page}
            if len(page) < LARGEST_LIST:
                return found

    async def digests(self) -> dict[str, dict[str, str]]:
        """The digests of each service's content, the same with any number of replicas."""
        return {
            service: store.united(map(msgspec.json.decode, await self._get_all(service, "/v1/digest")))
            for service in WIRED
        }

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        """Send commands, and wait until all that follows from them is done. Raises Refusal.

        The commands of each prefecture are one request to its replica, with a key that names the prefecture. The ids of
        everything that follows are made from this key. So they are the same with any number of replicas, and two
        replicas never get the same key.
        """
        prefectures: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            prefectures[row["place"][:4]].append(row)
        names = {prefecture: self.system.process(service, prefecture) for prefecture in prefectures}
        await asyncio.gather(
            *(self._send(service, names[of], path, of, f"{key}-{of}", sent) for of, sent in prefectures.items())
        )
        self.sent[path] += len(rows)
        await self.settle(names.values())

    async def _send(self, service: str, name: str, path: str, place: str, key: str, rows: Sequence[Row]) -> None:
        """Send one prefecture's commands to its process.

        With a pack, what officers enter at the beginning is handed in by its Excel forms; all else in requests of at
        most one page, or of as many as the command allows, which contain at most a quarter of the values that a service
        takes at once.
        """
        if self.policy and path in BY_FORM:
            folder, area = self.system.folder.root / "forms", max(place, self.policy.jurisdiction, key=len)
            answer = await hand_in(partial(self._request, name), folder, path, self.policy, area, key, rows)
            if answer.is_error or not answer.json()["applied"]:
                raise Refusal(f"{name} refused the form {path} ({key}): {answer.text}", answer.status_code)
        else:
            for start, body in _requests(rows, min(PAGE, COMMANDS[service, path].at_once)):
                answer = await self._request(
                    name,
                    "POST",
                    f"/v1/{path}",
                    content=body,
                    headers={"Idempotency-Key": f"{key}-{start}", "Content-Type": "application/json"},
                )
                if answer.is_error:
                    raise Refusal(f"{name} refused {path} ({key}): {answer.text}", answer.status_code)

    async def _request(self, name: str, method: str, path: str, **parts: Any) -> httpx.Response:
        """Ask until there is an answer: a service that is down or not ready yet will be up again."""

        async def attempt() -> httpx.Response:
            answer = await self._clients[name].request(method, path, **parts)
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                raise httpx.ReadError(answer.text)
            return answer

        return await _persist(attempt, httpx.TransportError)


def _requests(rows: Sequence[Row], most: int) -> Iterator[tuple[int, bytes]]:
    """The rows in requests of so many rows at most, or fewer if they have many values. Each request is the number of
    its first row, and the body."""
    start, said, bodies = 0, 0, list[bytes]()
    for number, row in enumerate(rows):
        body = msgspec.json.encode(row)
        values = body.count(b",")
        if bodies and (len(bodies) == most or said + values > MOST_VALUES // 4):
            yield start, b"[" + b",".join(bodies) + b"]"
            start, said, bodies = number, 0, []
        bodies.append(body)
        said += values
    if bodies:
        yield start, b"[" + b",".join(bodies) + b"]"


async def _persist(attempt: Callable[[], Awaitable[T]], trouble: type[Exception]) -> T:
    """Repeat an attempt until it succeeds. After ENDED_WITHIN seconds the last error is raised."""
    until, pause = time.monotonic() + ENDED_WITHIN, FIRST_PAUSE
    while True:
        try:
            return await attempt()
        except trouble:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, 0.5)
