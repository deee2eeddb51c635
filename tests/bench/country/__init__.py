"""Part 4 of `make bench`: the whole country on one machine, three years of every poor village's journey.

832 counties with 154 villages and 3,600 cadres each adopt packs of their own, and live through the same business days,
so that each service's work comes in large batches. What officers do goes in through the endpoints that imports use, in
arrays of commands; where the script must know who was matched or which village was drawn, it reads states in bulk.
"""

import asyncio
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import uvloop
from nats.errors import Error as NatsError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import text

from deploy.demo.answers import COMMANDS, Row
from deploy.demo.officers import Refusal
from deploy.demo.simulation import ENDED_WITHIN, Simulation, Status
from deploy.local.supervisor import System
from shared.engine import store
from shared.stream.bus import SEALED
from tests.bench.country import county as story
from tests.bench.country.county import FIRST, LAST, County, Village
from tests.bench.figure import Figure

COUNTIES, VILLAGES, CADRES = 832, 154, 3_600
"""Of the country, of a county, and in a county's register."""
REFERENCE: Final = 7
"""Counties of the run that the time for each village is compared with: some thousand villages."""
GROUPS, GROUP = 7, 16
"""In how many groups the counties do the same things one after the other, and how many make a group at least, or
batches are small. The number is odd, since only every second province has counties that count days."""
CHAIN: Final = 5
"""How many services stand in a chain of messages at most, each of which follows from the one before."""
LOOK: Final = 0.05
"""Seconds between two looks at a service that is behind."""
FLIGHT = 3
"""Requests that are on their way to one process."""
MATCHINGS = 5
"""Matchings in a request: each loads all cadres of its county."""
COURSES = 4
"""Courses in a request whose attendance is recorded: each names all members of a county's teams."""
PAGE: Final = 5_000
"""States that are read at once."""
MATCHED: Final = ("dispatch", "links", "matched")
ASSIGNED: Final = ("dispatch", "commitments", "assigned")
OPENED: Final = ("inspection", "campaigns", "open")
ORDERED: Final = ("inspection", "supervisions", "rectifying")
PROPOSED: Final = ("inspection", "assessments", "proposed")
UNDECIDED: Final = ("incentives", "records", "open")
MARKED: Final = ("incentives", "records", "marked")
STAFFED: Final = ("dispatch", "rosters", "staffed")
APPRAISED: Final = ("inspection", "appraisals", "proposed")
WHOLE: Final = ("inspection", "cohorts", "whole")
RANKED: Final = ("registry", "listings", "proposed")
LAGGING: Final = ("registry", "listings", "lagging")
"""Service, kind and status of states that the script reads, since it cannot know which they are."""
SERVICE_OF: Final = {path: service for service, path in COMMANDS}


class Journeys(NamedTuple):
    """What a country's journeys came to."""

    villages: int
    events: int
    """Decided: rows of all outboxes."""
    registered: int
    """Of them, those by which the register was filled."""
    handled: int
    """Messages taken from the streams, and commands."""
    handled_registering: int
    """Of them, those while the register was filled."""
    seconds: float
    phases: dict[str, float]
    """Seconds by phase, in order."""
    stages: dict[str, int]
    """In which stage how many villages ended."""
    dead_letters: int


class Step(NamedTuple):
    """Commands of one kind, which all counties send on one day."""

    path: str
    rows: Callable[..., Iterable[Row]]
    """Of a county; with `reads`, of a state; with `of` as well, of a county and all its states."""
    reads: tuple[str, str, str] | None = None
    """The service, kind and status of the states that are read first."""
    of: Callable[[County], bool] | None = None
    """The counties whose states are read together; None if each state answers for itself."""
    fewer: int = 0
    """Commands in one request; 0 for as many as the service takes."""

    @property
    def service(self) -> str:
        """The service that takes them."""
        return SERVICE_OF[self.path]

    @property
    def most(self) -> int:
        """Commands in one request."""
        return self.fewer or COMMANDS[self.service, self.path].at_once


Rounds = tuple[tuple[Step, ...], ...]


class Day(NamedTuple):
    """A business day: its rounds follow one upon the other, each when the one before has led to all that follows."""

    on: date
    phase: str
    rounds: Rounds = ()
    """Of a round's steps, those for one service are taken in order, those for several at the same time."""


class Country(Simulation):
    """Officers of many counties, who send what the script says and do not look at each task."""

    def __init__(self, system: System, counties: list[County]) -> None:
        super().__init__(system)
        self.counties = defaultdict[str, list[County]](list)
        """By province."""
        for county in counties:
            self.counties[county.code[:2]].append(county)
        groups = max(1, min(GROUPS, len(counties) // GROUP))
        self.groups = [[*self.counties][group::groups] for group in range(groups)]
        """The provinces that do the same things at the same time."""
        self._turns = defaultdict[str, asyncio.Lock](asyncio.Lock)
        """By service, who is at it."""

    async def statuses(self) -> Mapping[str, Status]:
        """What every process says about itself. The tasks, which are many, are not read."""
        return await self.standings(self.system.services)

    async def written(self) -> int:
        """How many events were decided so far."""
        return sum(standing.written for standing in (await self.statuses()).values())

    async def settle(self, moved: Iterable[str] | None = None, *, day: int = 0) -> None:
        """Wait until all is quiet, for as long as anything moves: a country's day takes longer than a county's."""
        moved = moved and [*moved]
        await self._while_it_moves(partial(super().settle, moved, day=day))

    async def _while_it_moves(self, wait: Callable[[], Awaitable[None]]) -> None:
        """Wait once more whenever it has taken too long, unless nothing moves any more."""
        before: Mapping[str, Status] = {}
        until = 0.0
        while True:
            try:
                return await wait()
            except (NatsError, msgspec.DecodeError, TimeoutError):
                now = await self.statuses()
                if now != before:
                    before, until = now, time.monotonic() + ENDED_WITHIN
                elif time.monotonic() > until:
                    raise
            await asyncio.sleep(LOOK)

    async def live(self, day: Day) -> None:
        """Let a day begin, and do all that is to be done on it.

        Counties do not move in step, and if they did, all services would wait for the one whose turn it is. So where a
        day has several rounds, each group of counties goes on as soon as its own round has led to all that follows.
        """
        await self.pass_day(day.on)
        groups = self.groups if len(day.rounds) > 1 else [[*self.counties]]
        async with asyncio.TaskGroup() as living:
            for number, group in enumerate(groups):
                living.create_task(self._live(day, number, group))
        await self.settle()

    async def _live(self, day: Day, number: int, group: list[str]) -> None:
        """What a group of counties does on a day, round by round."""
        for turn, steps in enumerate(day.rounds):
            by_service = defaultdict[str, list[tuple[str, Step]]](list)
            for step in steps:
                by_service[step.service].append((f"{day.on}-{turn}-{number}-{len(by_service[step.service])}", step))
            await asyncio.gather(*(self._take(of, taken, group) for of, taken in by_service.items()))
            if turn < len(day.rounds) - 1:
                await self._while_it_moves(partial(self._followed, [*by_service]))

    async def _take(self, service: str, taken: Iterable[tuple[str, Step]], group: list[str]) -> None:
        """One group after the other is at a service, so that the first goes on while it works for the next."""
        async with self._turns[service]:
            for key, step in taken:
                await self._spread(self._rows(step, group), step, key)

    async def _followed(self, services: Collection[str]) -> None:
        """Wait until what was said to these services by now has led to all that follows, while others go on.

        A message is acknowledged only after its consequences are published. So once all consumers are past what the
        streams hold, these hold the consequences as well, which are looked at next.
        """
        asked = [name for name, (service, _) in self.system.services.items() if service in services]
        written: dict[str, int] = {}
        while asked:
            standings = await self.standings(asked)
            written = {name: standing.written for name, standing in standings.items()} | written
            asked = [name for name in asked if standings[name].published < written[name]]
            await asyncio.sleep(LOOK if asked else 0)
        ends = await self._ends()
        for _ in range(CHAIN):
            for stream, durable in self._cursors:
                await self._come_to_the_end(stream, durable, ends[stream == SEALED])
            before, ends = ends, await self._ends()
            if ends == before:
                return

    async def _rows(self, step: Step, provinces: list[str]) -> AsyncIterator[Row]:
        """The commands of provinces. States are read while commands are sent, since all would take much memory."""
        for province in provinces:
            if step.reads and step.of:
                for county in filter(step.of, self.counties[province]):
                    states = [state async for state in self._states(*step.reads, county.code)]
                    for row in step.rows(county, states):
                        yield row
            elif step.reads:
                async for state in self._states(*step.reads, province):
                    for row in step.rows(state):
                        yield row
            else:
                for county in self.counties[province]:
                    for row in step.rows(county):
                        yield row

    async def _spread(self, rows: AsyncIterator[Row], step: Step, key: str) -> None:
        """Send commands in large requests, several at a time, each to the process that has the place."""
        waiting: defaultdict[str, list[Row]] = defaultdict(list)
        flights = {name: asyncio.Semaphore(FLIGHT) for name in self.system.services}
        requests: Counter[str] = Counter()
        service, most = step.service, step.most

        async def launch(name: str) -> None:
            number, body = requests[name], msgspec.json.encode(waiting.pop(name))
            requests[name] += 1
            await flights[name].acquire()
            group.create_task(send(name, f"{key}-{name}-{number}", body))

        async def send(name: str, key: str, body: bytes) -> None:
            headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
            answer = await self._request(name, "POST", f"/v1/{step.path}", content=body, headers=headers)
            flights[name].release()
            if answer.is_error:
                raise Refusal(f"{name} refused {step.path} ({key}): {answer.text[:2000]}")

        async with asyncio.TaskGroup() as group:
            async for row in rows:
                name = self.system.process(service, row["place"])
                waiting[name].append(row)
                self.sent[step.path] += 1
                if len(waiting[name]) == most:
                    await launch(name)
            for name in [*waiting]:
                await launch(name)

    async def _states(self, service: str, kind: str, status: str, place: str) -> AsyncIterator[Row]:
        """A division's states of a kind that have a status, page by page."""
        for name in (name for name, (of, _) in self.system.services.items() if of == service):
            last, page = "", [Row()] * PAGE
            while len(page) == PAGE:
                asked: dict[str, str | int] = {"status": status, "place": place, "after": last, "limit": PAGE}
                page = msgspec.json.decode(await self.get(name, f"/v1/{kind}", **asked))
                for state in page:
                    yield state
                last = page[-1]["id"] if page else last


def script(*, is_plain: bool = False) -> Iterator[Day]:
    """Three years, from the packs' adoption to the last grades; plain ones have only what a journey needs."""
    for day in _days():
        rounds = (tuple(step for step in steps if step.path not in story.BESIDE) for steps in day.rounds)
        kept = tuple(steps for steps in rounds if steps) if is_plain else day.rounds
        if kept or not day.rounds:
            yield day._replace(rounds=kept)


def _days() -> Iterator[Day]:
    yield Day(date(FIRST, 1, 5), "register", ((
        Step("policies", County.policies),
        Step("units", County.units),
        Step("cadres", County.cadres),
    ),))  # fmt: skip
    listed = date(FIRST, 1, 6)
    yield Day(
        listed,
        "list, match",
        (
            (
                Step("villages", story.registrations),
                Step("parties", story.parties),
                *_diagnosed(lambda county: county.villages, listed),
            ),
            *_matched(listed, lambda county: True),
        ),
    )
    late = date(FIRST, 1, 12)
    leaders = (Step("cadres", County.late_leaders), _asked("statements", late, FIRST - 1))
    yield Day(late, "list, match", (leaders, *_matched(late, lambda county: county.is_short)))
    for year in range(FIRST, LAST + 1):
        yield from _year(year)


def _year(year: int) -> Iterator[Day]:
    """From a February to the next January. In each month the days of the one before are counted."""
    phase = str(year)
    for month in (2, 3):
        yield _month(date(year, month, 1))
    yield from _drawn(date(year, 4, 1), phase)
    spring = date(year, 4, 8)
    trained = (
        Step("courses", partial(story.courses, spring)),
        Step("attendances", partial(story.attendances, spring), STAFFED, lambda county: True, fewer=COURSES),
    )
    yield Day(spring, phase, _beside(_visited(spring), (trained,), _counted(spring)))
    may = date(year, 5, 1)
    yield _month(may, ((_bulletin(year, 4),), (_of_rosters("leaves", may),), (_of_rosters("leave-decisions", may),),
                       (_of_rosters("replacements", may),)))  # fmt: skip
    yield _month(date(year, 6, 1))
    yield from _drawn(date(year, 7, 1), phase)
    yield _summer(date(year, 7, 8))
    yield _month(date(year, 8, 1), ((_bulletin(year, 7),),))
    september = date(year, 9, 1)
    yield _month(september, ((_of_rosters("leave-returns", september),),))
    yield from _drawn(date(year, 10, 1), phase)
    yield _autumn(date(year, 10, 8))
    approved = date(year, 10, 19)
    yield Day(approved, phase, ((_asked("approvals", approved),),))
    yield _month(date(year, 11, 1), ((_bulletin(year, 10),),))
    winter = date(year, 12, 1)
    reported = (
        _asked("reports", winter),
        _asked("ballots", winter),
        _asked("settlements", winter, left=True),
        _asked("pairings", winter),
        _asked("checklists", winter),
        _asked("appraisal-scores", winter),
        Step("appraisal-scores", partial(story.reviews, winter)),
        _asked_by("unlistings", LAGGING, winter),
    )
    yield Day(winter, phase, _beside((reported,), _counted(winter)))
    yield Day(date(year, 12, 21), phase)  # Teams go home.
    yield from _drawn(date(year + 1, 1, 1), phase)
    yield from _january(year)


def _summer(on: date) -> Day:
    checked, *closed = _visited(on)
    return Day(on, str(on.year), _beside((
        (
            *checked,
            _asked("reconciliations", on),
            _asked("households", on, summer=True),
            _asked("measurements", on, summer=True),
            _asked("fallback-measures", on),
            _asked("household-reviews", on),
        ),
        *closed,
        (_asked("resolutions", on),),
        (_asked("resolution-steps", on, last=False),),
        (_asked("notices", on, watched=True),),
    ), _counted(on)))  # fmt: skip


def _autumn(on: date) -> Day:
    checked, *closed = _visited(on)
    return Day(on, str(on.year), _beside((
        (
            *checked,
            _asked("reconciliations", on),
            _asked("households", on, summer=False),
            _asked("measurements", on, summer=False),
            _asked("resolution-steps", on, last=True),
        ),
        *closed,
        (_asked("verification-seed-hashes", on),),
        (_asked("exit-requests", on),),
        (_asked("verification-seeds", on), _asked("verifications", on)),
        (_asked("notices", on, watched=False),),
    ), _counted(on)))  # fmt: skip


def _january(year: int) -> Iterator[Day]:
    """What is decided about a year when it is over."""
    phase, on = str(year), date(year + 1, 1, 8)
    checked, *closed = _visited(on)
    yield Day(on, phase, _beside((
        (
            *checked,
            _asked("settlements", on, year, left=False),
            _asked("commitments", on),
            _asked("listings", on),
            _asked("unlistings", on),
            _asked_by("grades", PROPOSED, on),
            _asked("appraisal-grades", on, year),
        ),
        *closed,
    ), _counted(on)))  # fmt: skip
    decided = date(year + 1, 1, 11)
    yield Day(
        decided,
        phase,
        (
            (
                _asked_by("defences", UNDECIDED, decided),
                _asked_by("decisions", UNDECIDED, decided),
                _asked("statements", decided, year),
                _asked_by("appraisal-grades", APPRAISED, decided),
                _bulletin(year + 1, 1),
            ),
            (_asked_by("replacements", MARKED, decided), _asked_by("rankings", WHOLE, decided)),
            (_asked_by("listings", RANKED, decided),),
        ),
    )


def _month(on: date, beside: Rounds = ()) -> Day:
    """The first day of a month, with what else is done on it."""
    return Day(on, str(on.year), _beside(_counted(on), beside))


def _counted(on: date) -> Rounds:
    """The days that members were in their villages in the month before, and the allowances that follow from them."""
    month = on.replace(day=1) - timedelta(1)
    return (_of_rosters("presences", on),), (Step("statements", partial(story.allowances, month)),)


def _of_rosters(path: str, on: date) -> Step:
    """What is answered to the rosters of teams in counties that count days."""
    return Step(path, partial(story.of_rosters, path, on), STAFFED, lambda county: county.is_counted)


def _bulletin(year: int, month: int) -> Step:
    """The bulletins of the rotas that opened in a month."""
    return Step("bulletins", partial(story.bulletins, date(year, month, 1)))


def _beside(*plans: Rounds) -> Rounds:
    """Rounds of several plans that go on at the same time."""
    return tuple(sum(rounds, start=()) for rounds in zip_longest(*plans, fillvalue=()))


def _asked(path: str, on: date, year: int = 0, **how: int) -> Step:
    """What all villages answer on a day, about its own year or another."""
    return Step(path, lambda county: story.answers(path, county.villages, on, year or on.year, **how))


def _asked_by(path: str, reads: tuple[str, str, str], on: date) -> Step:
    """What is answered to states that are read."""
    return Step(path, partial(story.answers_to, path, on), reads)


def _diagnosed(villages: Callable[[County], list[Village]], on: date) -> Iterator[Step]:
    def answers(path: str, county: County) -> Iterator[Row]:
        return story.answers(path, villages(county), on, on.year)

    return (Step(path, partial(answers, path)) for path in ("surveys", "diagnoses"))


def _matched(on: date, is_asked: Callable[[County], bool]) -> Rounds:
    """A matching in some counties, and what follows until help has begun."""
    return (
        (Step("matchings", lambda county: story.matching(county, on) if is_asked(county) else [], fewer=MATCHINGS),),
        (_asked_by("assignments", MATCHED, on), _asked_by("commitments", ASSIGNED, on)),
    )


def _drawn(opens: date, phase: str) -> Iterator[Day]:
    """Hashes a week before, shares on the opening day."""
    for path, on in (("seed-hashes", opens - timedelta(7)), ("seeds", opens)):
        yield Day(on, phase, ((Step(path, partial(_shares, path, opens)),),))


def _shares(path: str, opens: date, county: County) -> Iterator[Row]:
    return story.shares(path, county, f"{county.code}-unannounced-{opens}", opens)


def _visited(on: date) -> Rounds:
    return (_asked_by("visits", OPENED, on),), (_asked_by("order-closings", ORDERED, on),)


async def journeys(
    system: System,
    counties: int,
    *,
    villages: int = VILLAGES,
    cadres: int = CADRES,
    is_plain: bool = False,
    console: Console | None = None,
) -> Journeys:
    """Let so many counties live through three years on a running system; `villages` and `cadres` are of each county.

    In plain ones nothing is asked but what a village's journey needs.

    A county needs ten cadres for each village at least. Raises Refusal where a service refuses what the script says,
    TimeoutError where nothing moves any more.
    """
    days, phases = [*script(is_plain=is_plain)], defaultdict[str, float](float)
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    began = time.perf_counter()
    of_country = [County(number, villages, cadres, is_plain=is_plain) for number in range(counties)]
    async with Country(system, of_country) as country:
        with Progress(*columns, console=console or Console(quiet=True)) as progress:
            bar = progress.add_task("", total=len(days))
            async with _watched(country, lambda told: progress.update(bar, description=told)):
                for day in days:
                    start = time.perf_counter()
                    await country.live(day)
                    phases[day.phase] += time.perf_counter() - start
                    if day.phase == "register":
                        registered, registering = await country.written(), await _handled(system, country)
                    progress.advance(bar)
        seconds = time.perf_counter() - began
        events, standings = await country.written(), (await country.statuses()).values()
        stages = Counter[str]()
        for name, (service, _) in system.services.items():
            if service == "registry":
                stages.update(msgspec.json.decode(await country.get(name, "/v1/summary/villages")))
    return Journeys(
        villages=counties * villages,
        events=events,
        registered=registered,
        handled=await _handled(system, country),
        handled_registering=registering,
        seconds=seconds,
        phases=dict(phases),
        stages=dict(stages),
        dead_letters=sum(standing.dead_letters for standing in standings),
    )


@asynccontextmanager
async def _watched(country: Country, tell: Callable[[str], None]) -> AsyncIterator[None]:
    """Tell every second how many villages are on their way or through, and how the machine does."""

    async def watch() -> None:
        before, at = 0, time.perf_counter()
        while True:
            await asyncio.sleep(1)
            with suppress(Exception):  # A service that is down now is there again at the next look.
                events, now = await country.written(), time.perf_counter()
                listed, left = country.sent["villages"], country.sent["approvals"]
                memory = sum(_memory(country.system).values())
                tell(
                    f"村 villages {listed:6}  出列 exits {left:6}  "
                    f"事件 {(events - before) / (now - at):6,.0f} events/s  内存 {memory:5,.0f} MiB"
                )
                before, at = events, now

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


def measure(console: Console, scale: float) -> list[Figure]:
    """The country at a scale, and before it about a thousand villages, which its time for each is compared with."""
    counties = max(round(COUNTIES * scale), REFERENCE)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # The peak of what this process did before is not the run's.
    reference, _ = uvloop.run(_run(console, REFERENCE))
    whole, space = uvloop.run(_run(console, counties))
    each, each_there = whole.seconds / whole.villages, reference.seconds / reference.villages
    phases = ", ".join(f"{phase} {seconds:.0f} s" for phase, seconds in whole.phases.items())
    stages = ", ".join(f"{stage} {count:,}" for stage, count in sorted(whole.stages.items()))
    size = f"{whole.villages:,} villages in {counties} counties, {counties * CADRES:,} cadres; dead letters: "
    return [
        Figure(
            key="country.seconds", zh="三年历程用时", en="Three years of every village", value=whole.seconds, unit="s",
            most=2400 if counties == COUNTIES else None, note=f"{size}{whole.dead_letters}. {phases}. {stages}",
        ),
        Figure(
            key="country.per_village_ratio", zh="每村用时与一千村之比", en="Time for each village", value=1000 * each,
            unit="ms/village", beside=f"{reference.villages:,} villages, in the same run", ratio=each / each_there,
            most=1.2,
        ),
        Figure(
            key="country.events_per_s", zh="四个服务合计每秒处理", en="Handled by the four services together",
            value=whole.handled / whole.seconds, unit="messages and commands/s", least=8000,
            note=f"{whole.handled:,} in all; {whole.events:,} events were decided, "
            f"{whole.events / whole.villages:.0f} for each village, cadres included; nats-server with one thread",
        ),
        Figure(
            key="country.peak_mib", zh="内存峰值合计", en="Peak memory, all processes",
            value=sum(space.memory.values()), unit="MiB", most=6144,
            note="each at its own peak, which need not be at the same time",
        ),
        *(
            Figure(
                key=f"country.peak_mib.{name}", zh=f"内存峰值 {name}", en=f"Peak memory of {name}", value=peak,
                unit="MiB",
            )
            for name, peak in space.memory.items()
        ),
        Figure(
            key="country.disk_gib", zh="磁盘占用", en="Disk", value=sum(space.disk.values()) / 1024**3, unit="GiB",
            note=", ".join(f"{name} {size / 1024**3:.2f}" for name, size in sorted(space.disk.items()) if size > 2**20),
        ),
        Figure(
            key="country.bytes_per_village", zh="每村占用字节", en="Bytes for each village",
            value=sum(space.disk.values()) / whole.villages, unit="bytes/village",
            note="journals, states and streams of all, with the cadres of its county",
        ),
    ]  # fmt: skip


class _Space(NamedTuple):
    """What a run took: the peak of each process in MiB, and bytes on disk."""

    memory: dict[str, float]
    disk: dict[str, int]


async def _run(console: Console, counties: int) -> tuple[Journeys, _Space]:
    """One run on a system of its own."""
    with tempfile.TemporaryDirectory() as folder:
        # Where work never ends, a nats-server with one thread leaves the services more of two cores.
        async with System(Path(folder), env={"GOMAXPROCS": "1"}) as system:
            await system.ready()
            result = await journeys(system, counties, console=console)
            return result, _Space(_memory(system, "VmHWM"), _disk(system.folder.root))


def _memory(system: System, what: str = "VmRSS") -> dict[str, float]:
    """MiB of each process and of the officers, as the kernel counts them: now, or at its peak."""
    pids = {name: str(system.pid(name)) for name in system.processes} | {"officers": "self"}
    lines = {name: Path(f"/proc/{pid}/status").read_text().splitlines() for name, pid in pids.items()}
    return {
        name: int(line.split()[1]) / 1024 for name, of in lines.items() for line in of if line.startswith(f"{what}:")
    }


def _disk(root: Path) -> dict[str, int]:
    """Bytes on disk of each database with its log, of the streams, and of the processes' logs."""
    sizes = Counter[str]()
    for file in root.rglob("*"):
        if file.is_file():
            sizes[file.relative_to(root).parts[0].partition(".")[0]] += file.stat().st_blocks * 512
    return dict(sizes)


async def _handled(system: System, country: Country) -> int:
    """How many messages all processes have taken from the streams, and commands."""
    return sum([await _heard(system, name) for name in system.services]) + country.sent.total()


async def _heard(system: System, name: str) -> int:
    """How many messages a process has taken from the streams: the rows of its inbox."""
    engine = store.open_engine(system.environment(name)["ZHUCUN_DATABASE"])
    async with engine.connect() as conn:
        count = (await conn.execute(text("SELECT count(*) FROM inbox"))).scalar_one()
    await engine.dispose()
    return int(count)
