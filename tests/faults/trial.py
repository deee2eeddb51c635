"""What a trial is, and what all of them have in common: play, injure, settle, compare with the undisturbed run."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from deploy.demo.officers import Diary
from deploy.demo.play import DIARY, Result, play
from deploy.demo.regions.benxi.story import END, START
from deploy.demo.simulation import Simulation
from deploy.local import supervisor
from deploy.local.supervisor import System
from deploy.operations.subscriber import Subscriber, compare, journals

LOOK: Final = 0.05
"""Seconds between two looks at how far a play has come."""


class Verdict(NamedTuple):
    """How a trial ended."""

    passed: bool | None
    """None where this machine does not allow the trial; `seen` says why."""
    seen: str
    """What happened, in one English line with figures."""
    doubled: int = 0
    """How many times a subscriber heard an event that it had heard already."""


class Ground(NamedTuple):
    """What a trial stands on: an empty folder of its own, the seed, and the undisturbed run to compare with."""

    folder: Path
    seed: int
    villages: int
    kills: int
    undisturbed: Result
    """How the play of the same seed and villages ended when nobody disturbed it."""
    tell: Callable[[str], None]
    """Shows one line beside the progress bar."""
    until: date = END


class Trial(NamedTuple):
    """One way to hurt the system."""

    key: str
    zh: str
    en: str
    run: Callable[[Ground], Awaitable[Verdict]]
    needs: str = ""
    """What the machine must allow, such as `root`."""


Injure = Callable[[System, Simulation], Awaitable[None]]
"""Hurts a running system for as long as the play lasts, then is cancelled; what it holds it must let go of then."""
AfterDay = Callable[[date], Awaitable[None]]
"""Is awaited after each day that is played."""


async def hurt(
    ground: Ground, system: System, injure: Injure, *, repeated: bool = False, after: AfterDay | None = None
) -> Verdict:
    """Play on a system that is not entered yet while `injure` runs beside, and compare all with the undisturbed run.

    With `repeated` the trial itself stores events once more, so that a subscriber may hear an event twice.
    `after` may keep a day from following at once.
    """

    @asynccontextmanager
    async def beside(simulation: Simulation) -> AsyncIterator[None]:
        injury = asyncio.ensure_future(injure(system, simulation))
        try:
            yield
        finally:
            injury.cancel()
            with suppress(asyncio.CancelledError):
                await injury

    with _restarts_at_once():
        async with system:
            await system.ready()
            async with Subscriber(system) as subscriber:
                result = await play(
                    system,
                    seed=ground.seed,
                    villages=ground.villages,
                    until=ground.until,
                    quiet=True,
                    beside=beside,
                    after=after,
                )
                await subscriber.come_to_the_end()
                difference = compare(await journals(system), subscriber.heard)
    equal = result.digests == ground.undisturbed.digests
    same = (result.figures, result.ways) == (ground.undisturbed.figures, ground.undisturbed.ways)
    faulty = difference.missing or difference.invented or difference.misordered
    passed = equal and same and not result.dead_letters and not faulty and (repeated or not difference.doubled)
    return Verdict(passed, ", ".join((
        f"{result.seconds:.0f} s", f"{result.dead_letters} dead letters",
        f"digests {'equal' if equal else f'differ: {differing(result.digests, ground.undisturbed.digests)}'}",
        f"figures {'equal' if same else 'differ'}", str(difference),
    )), len(difference.doubled))  # fmt: skip


Digests = Mapping[str, Mapping[str, str]]


def differing(digests: Digests, right: Digests) -> str:
    """The tables whose content is another than it should be."""
    return " ".join(
        f"{service}.{table}"
        for service, tables in right.items()
        for table, digest in tables.items()
        if digests[service].get(table) != digest
    )


async def progress(ground: Ground, system: System) -> AsyncIterator[float]:
    """How far the play on a system has come, again and again: from 0 to 1."""
    path = system.folder.root / DIARY
    while True:
        await asyncio.sleep(LOOK)
        diary = msgspec.json.decode(path.read_bytes(), type=Diary) if path.exists() else Diary(0, 0, START)
        yield min((diary.today - START) / (ground.until - START), 1)


@contextmanager
def _restarts_at_once() -> Iterator[None]:
    """Let supervisors start again at once what dies often; the pauses that they make in use would cost minutes."""
    kept = supervisor.BACKOFF
    supervisor.BACKOFF = (0,)  # type: ignore[assignment]
    try:
        yield
    finally:
        supervisor.BACKOFF = kept
