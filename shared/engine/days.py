"""Messages that concern every state of a service: a new day, and announced holidays. They are handled page by page."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import structlog

from shared.contracts.calendar import DayPassed, HolidaysAnnounced
from shared.engine import dead_letters, outbox, store
from shared.engine.flow import Cause, Result, derived_id, recount, run_due, stop
from shared.engine.pipeline import Pipeline, apart, log_facts
from shared.rules import State
from shared.stream.bus import OPEN
from shared.stream.consumer import Delivery

log = structlog.get_logger()


def is_for_all(cause: object) -> bool:
    """Whether a message concerns every state, so that `take_for_all` must handle it."""
    return isinstance(cause, Cause) and isinstance(cause.payload, (DayPassed, HolidaysAnnounced))


async def take_for_all(pipeline: Pipeline, delivery: Delivery, cause: Cause, stream: str = "") -> None:
    """Handle a new day or announced holidays. `stream` is empty if an operator replays them: no position moves then."""
    await (_pass_day if isinstance(cause.payload, DayPassed) else _announce)(pipeline, delivery, cause, stream)


async def _pass_day(pipeline: Pipeline, delivery: Delivery, cause: Cause, stream: str) -> None:
    """Run all timers that are due, page by page.

    Only the last page marks the day as done, so a restart continues it.
    """
    assert isinstance(cause.payload, DayPassed)
    if cause.payload.day.toordinal() <= pipeline.positions.get("passed", 0):
        return  # A repetition: a timer set since then for this very day runs out on the next one.
    day, more = max(cause.payload.day, pipeline.today or cause.payload.day), True
    while more:
        await pipeline.refresh()
        async with pipeline.engine.connect() as conn:
            states = await store.due_states(
                conn, pipeline.tables, pipeline.service.due, day, outbox.PAGE, pipeline.blocked
            )
        more = len(states) == outbox.PAGE
        done = {} if more else {"passed": cause.payload.day.toordinal()}
        if stream and not more:
            done[stream] = delivery.sequence

        async def run_out(
            part: Sequence[State], failure: Exception | None = None, last: Any = states[-1:], done: Any = done
        ) -> None:
            ended = done if part[-1:] == last else {}
            await _run_out(pipeline, part, delivery, cause, {"today": day.toordinal(), **ended}, failure)

        await apart(states, run_out)
    log.info("day passed", day=day, service=pipeline.service.name)


async def _run_out(
    pipeline: Pipeline,
    states: Sequence[State],
    delivery: Delivery,
    cause: Cause,
    positions: Mapping[str, int],
    failure: Exception | None,
) -> None:
    """Run the due timers of some states in one transaction.

    With a `failure`, `states` is the single one that caused it: its timers are taken off and kept as a dead letter.
    """
    day = date.fromordinal(positions["today"])
    async with pipeline.transaction() as work:
        work.day = day
        if failure:
            result = stop(cause.id, states[0], failure)
        else:
            result = await pipeline.run(
                work, lambda loaded: run_due(pipeline.wiring, pipeline.book, day, cause.id, states, loaded)
            )
        await pipeline.save(work, result, [])
        failed = {p.cause.id: p.error for p in result.parked}
        ids = {derived_id(cause.id, state.kind, state.id): state for state in states} if failed else {}
        await pipeline.park(work, [
            dead_letters.of_timers(delivery, id, ids[id], error) for id, error in failed.items()
        ])  # fmt: skip
        work.positions |= positions
    log_facts(result.facts)


async def _announce(pipeline: Pipeline, delivery: Delivery, cause: Cause, stream: str) -> None:
    """Add announced holidays and count all running deadlines again, page by page.

    Counting twice has no further effect.
    """
    assert isinstance(cause.payload, HolidaysAnnounced)
    notice, after, more = cause.payload, ("", ""), True
    while more:
        await pipeline.refresh()
        async with pipeline.engine.connect() as conn:
            states = await store.counting_states(conn, pipeline.tables, after, outbox.PAGE)
        more = len(states) == outbox.PAGE
        done = {stream: delivery.sequence} if stream and not more else {}

        async def count_anew(
            part: Sequence[State], failure: Exception | None = None, last: Any = states[-1:], done: Any = done
        ) -> None:
            async with pipeline.transaction() as work:
                await store.keep_holidays(work.conn, pipeline.tables, notice)
                pipeline.book.announce(notice)
                if failure:
                    id = derived_id(cause.id, part[0].kind, part[0].id)
                    await pipeline.park(work, [dead_letters.of_message(OPEN, delivery, id, "", failure)])
                    result = Result({}, [], [])
                else:
                    result = recount(pipeline.wiring, pipeline.book, work.day, cause, part)
                await pipeline.save(work, result, [])
                work.positions |= done if part[-1:] == last else {}
            log_facts(result.facts)

        await apart(states, count_anew)
        after = (states[-1].kind, states[-1].id) if states else after
