"""The composed system in containers of this machine, of which one is lost for a minute while everybody goes on working.

An officer asks and tells all the while as a browser would, without ever trying again: a delay is all that he may meet.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from functools import partial
from itertools import count
from typing import Final

import httpx

from deploy.access.users import HARNESS
from deploy.demo.regions.benxi.story import START
from deploy.init.certificates import NODES
from deploy.local.supervisor import SERVICES
from tests.compose.engine import Broken, Installation, find
from tests.compose.placed import Composed, placed
from tests.faults.cluster import leader
from tests.faults.injury import NotAllowed, due, hurt_often, where_allowed
from tests.faults.trial import Ground, Trial, Verdict

AWAY: Final = 60.0
"""Seconds for which a container is lost."""
PAUSE: Final = 0.1
"""Seconds between an answer and the officer's next request."""
PATIENCE: Final = 120.0
"""Seconds after which an answer counts as none."""
COUNTY: Final = "210521"

Victim = Callable[[Composed], Awaitable[str]]
"""Says which container is to be lost."""


async def node(system: Composed) -> str:
    """A nats-server that does not lead the open stream."""
    leads = await leads_streams(system)
    return next(node for node in NODES if node != leads)


async def leads_streams(system: Composed) -> str:
    """The nats-server that leads the open stream, by the servers' own word."""
    return await leader(system.nats_url, system.key(HARNESS), system.nats_ca)


async def postgres(_system: Composed) -> str:
    """The one PostgreSQL."""
    return "postgres"


class Officer:
    """Somebody who reads in every service and has commands checked, and notes what went wrong and what took longest."""

    def __init__(self, system: Composed) -> None:
        self._system, self._numbers, self._leaves = system, count(), False
        self.errors: list[str] = []
        self.answers, self.longest = 0, 0.0

    def __str__(self) -> str:
        first = f" such as {self.errors[0]}" if self.errors else ""
        return (
            f"{self.answers} answers to an officer, {len(self.errors)} errors{first}, the longest {self.longest:.0f} s"
        )

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Work within; every answer is waited for at the end."""
        self._leaves = False
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http, asyncio.TaskGroup() as work:
            for service in SERVICES:
                work.create_task(self._ask(partial(http.get, f"{self._url(service)}/v1/tasks")))
            work.create_task(self._ask(partial(self._tell, http)))
            try:
                yield
            finally:
                self._leaves = True

    def _url(self, service: str) -> str:
        return self._system.url(service, COUNTY)

    async def _tell(self, http: httpx.AsyncClient) -> httpx.Response:
        """Have the registration of a village checked, which leaves nothing behind."""
        number = next(self._numbers)
        village = {
            "place": COUNTY,
            "village": f"{COUNTY}{number // 900 + 100:03}{number % 900 + 100}",
            "name": "某村",
            "township": "某乡",
            "population": 800,
            "listed": False,
        }
        return await http.post(
            f"{self._url('registry')}/v1/villages",
            params={"dry_run": "true"},
            json=[village],
            headers={"Idempotency-Key": f"officer-{number:06}"},
        )

    async def _ask(self, request: Callable[[], Awaitable[httpx.Response]]) -> None:
        while not self._leaves:
            began = time.monotonic()
            try:
                answer = await request()
            except httpx.HTTPError as error:
                self.errors.append(repr(error))
            else:
                self.answers += 1
                if answer.is_error:
                    self.errors.append(answer.text)
            self.longest = max(self.longest, time.monotonic() - began)
            await asyncio.sleep(PAUSE)


class Pace:
    """Spreads the days of a play over a loss, for a fast play would be at its end before the loss is."""

    def __init__(self) -> None:
        self._today = self._first = START
        self._last = START + timedelta(1)
        self._began = self._seconds = 0.0
        self._held: date | None = None
        self._freed = asyncio.Event()
        self.days = 0
        """Days that were played while something was lost."""

    async def lose(self, seconds: float, last: date) -> None:
        """Wait for so long. The day `last` ends no sooner, and those until then in proportion."""
        self._first, self._last = self._today, max(last, self._today + timedelta(1))
        self._began, self._seconds = time.monotonic(), seconds
        await asyncio.sleep(seconds)

    @asynccontextmanager
    async def holding(self, last: date) -> AsyncIterator[None]:
        """The day `last` ends no sooner than what is done within, however long a container takes to come back."""
        self._held, self._freed = last, asyncio.Event()
        try:
            yield
        finally:
            self._held = None
            self._freed.set()

    async def after(self, day: date) -> None:
        """Wait until the next day may begin."""
        self._today = day
        if self._held and day >= self._held:
            await self._freed.wait()
        part = min((day - self._first) / (self._last - self._first), 1)
        wait = self._began + self._seconds * part - time.monotonic()
        self.days += time.monotonic() < self._began + self._seconds
        await asyncio.sleep(wait)


async def lost(
    ground: Ground, found: Installation, system: Composed, victims: Sequence[Victim], seconds: float
) -> Verdict:
    """Play on a composed system that is ready while one container after the other is lost for so long."""
    officer, pace, names, whole = Officer(system), Pace(), list[str](), 0

    async def harm(number: int) -> None:
        nonlocal whole
        names.append(await victims[number](system))
        last = START + due(number + 1, len(victims)) * (ground.until - START)
        async with pace.holding(last), officer.at_work():
            await asyncio.to_thread(found.kill, names[-1])
            try:
                await pace.lose(seconds, last)
                whole += 1
            finally:
                await asyncio.to_thread(found.start, names[-1])

    verdict = await hurt_often(ground, system, len(victims), harm, pace.after)
    passed = verdict.passed and whole == len(victims) and not officer.errors
    return Verdict(
        passed,
        (
            f"{', '.join(names)} lost for {seconds:.0f} s, {whole} times to the end, "
            f"{pace.days} days played meanwhile, {officer}, {verdict.seen}"
        ),
    )


async def alone(ground: Ground, victim: Victim) -> Verdict:
    """Start a composed system, lose one container of it, and take it down. Raises NotAllowed without an engine."""
    try:
        engine = find()
    except Broken as error:
        raise NotAllowed(f"not tried, since compose does not answer here: {error}") from error
    if engine is None:
        raise NotAllowed("not tried, since neither docker nor podman answers here")
    with placed(engine, ground.folder) as (found, system):
        return await lost(ground, found, system, [victim], AWAY)


TRIALS: Final[tuple[Trial, ...]] = tuple(
    Trial(f"compose.{key}", zh, en, where_allowed(partial(alone, victim=victim)), "docker or podman")
    for key, zh, en, victim in (
        ("node_lost", "容器部署失去一台 nats-server 一分钟", "composed: a nats-server lost for a minute", node),
        ("leader_lost", "容器部署失去主节点一分钟", "composed: the streams' leader lost for a minute", leads_streams),
        ("postgres_lost", "容器部署失去 PostgreSQL 一分钟", "composed: PostgreSQL lost for a minute", postgres),
    )
)
