"""Messages that concern every state of a service: a new day, and announced holidays. They are handled page by page."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.calendar import DayPassed, HolidaysAnnounced
from shared.engine import dead_letters, endings, outbox, store
from shared.engine.flow import Cause, derived_id, recount, run_due, stop
from shared.engine.pipeline import Pipeline, apart
from shared.rules import State
from shared.stream.bus import OPEN
from shared.stream.consumer import Delivery

log = structlog.get_logger()
Positions = Mapping[str, int]


def is_for_all(cause: object) -> bool:
    """Whether a message concerns every state, so that `take_for_all` must handle it."""
    return isinstance(cause, Cause) and isinstance(cause.payload, (DayPassed, HolidaysAnnounced))


async def take_for_all(pipeline: Pipeline, heard: Iterable[tuple[Delivery, Cause]], stream: str = "") -> None:
    """Handle new days or announced holidays. `stream` is empty if an operator replays them: no position moves then."""
    for delivery, cause in heard:
        await (_pass_day if isinstance(cause.payload, DayPassed) else _announce)(pipeline, delivery, cause, stream)


async def _pass_day(pipeline: Pipeline, delivery: Delivery, cause: Cause, stream: str) -> None:
    """Run all timers that are due."""
    assert isinstance(cause.payload, DayPassed)
    if cause.payload.day.toordinal() <= pipeline.positions.get("passed", 0):
        return  # A repetition. A timer that was set since then for this very day runs out on the next day.
    day = max(cause.payload.day, pipeline.today or cause.payload.day)

    def due(conn: AsyncConnection, _: Sequence[State]) -> Awaitable[Sequence[State]]:
        return store.due_states(conn, pipeline.tables, pipeline.service.due, day, outbox.PAGE, pipeline.blocked)

    async def take(states: Sequence[State], done: Positions, failure: Exception | None) -> bool:
        return await _run_out(pipeline, states, delivery, cause, day, done, failure)

    await _by_pages(pipeline, due, take, {"passed": cause.payload.day.toordinal(), **_read_to(stream, delivery)})
    await endings.end(pipeline, day)
    log.info("day passed", day=day, service=pipeline.service.name)


async def _run_out(
    pipeline: Pipeline,
    states: Sequence[State],
    delivery: Delivery,
    cause: Cause,
    day: date,
    done: Positions,
    failure: Exception | None,
) -> bool:
    """Run the due timers of some states in one transaction.

    Returns whether this has woken other states, which are now due as well; then the positions `done` are not kept yet.
    With a `failure`, `states` has only the state that caused it. Its timers are taken off and kept as a dead letter.
    """
    async with pipeline.transaction() as work:
        work.terms = msgspec.structs.replace(work.terms, today=day)
        if failure:
            result = stop(cause.id, states[0], failure)
        else:
            result = await pipeline.run(work, partial(run_due, work.terms, cause.id, states))
        await pipeline.save(work, result)
        await store.wake(work.conn, pipeline.tables, result.woken, outbox.PAGE)
        failed = {p.cause.id: p.error for p in result.parked}
        ids = {derived_id(cause.id, state.kind, state.id): state for state in states} if failed else {}
        await pipeline.park(
            work, [dead_letters.of_timers(delivery, id, ids[id], error) for id, error in failed.items()]
        )
        work.positions |= {"today": day.toordinal(), **({} if result.woken else done)}
    return bool(result.woken)


async def _announce(pipeline: Pipeline, delivery: Delivery, cause: Cause, stream: str) -> None:
    """Add announced holidays and count all running deadlines again. Counting twice has no further effect."""
    assert isinstance(cause.payload, HolidaysAnnounced)
    notice = cause.payload

    def counting(conn: AsyncConnection, before: Sequence[State]) -> Awaitable[Sequence[State]]:
        after = (before[-1].kind, before[-1].id) if before else ("", "")
        return store.counting_states(conn, pipeline.tables, after, outbox.PAGE)

    async def take(states: Sequence[State], done: Positions, failure: Exception | None) -> bool:
        async with pipeline.transaction() as work:
            await store.keep_holidays(work.conn, pipeline.tables, notice)
            pipeline.book.announce(notice)
            if failure:
                id = derived_id(cause.id, states[0].kind, states[0].id)
                await pipeline.park(work, [dead_letters.of_message(OPEN, delivery, id, "", failure)])
            else:
                await pipeline.save(work, recount(work.terms, cause, states))
            work.positions |= done
        return False

    await _by_pages(pipeline, counting, take, _read_to(stream, delivery))


async def _by_pages(
    pipeline: Pipeline,
    read: Callable[[AsyncConnection, Sequence[State]], Awaitable[Sequence[State]]],
    take: Callable[[Sequence[State], Positions, Exception | None], Awaitable[bool]],
    done: Positions,
) -> None:
    """Take states page by page. `read` gets the previous page and returns the next one. `take` handles a page or a part
    of one, and returns whether this has made more states due.

    Only the last part of the last page gets `done`, the positions that mark all as handled. So after a restart the
    message comes again, and the states that are left are handled.
    """
    page: Sequence[State] = []
    more = True
    while more:
        await pipeline.refresh()
        async with pipeline.engine.connect() as conn:
            page = await read(conn, page)
        more = len(page) == outbox.PAGE

        async def take_part(
            part: Sequence[State], failure: Exception | None = None, last: Any = page[-1:], is_last: bool = not more
        ) -> None:
            nonlocal more
            more |= await take(part, done if is_last and part[-1:] == last else {}, failure)

        await apart(page, take_part, lambda state, failure: take_part([state], failure))


def _read_to(stream: str, delivery: Delivery) -> Positions:
    """The position which says that the message was read. Empty if an operator replays it: no position moves then."""
    return {stream: delivery.read} if stream else {}
