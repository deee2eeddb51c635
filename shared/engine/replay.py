"""What operators start: replaying or discarding dead letters, and recovering events that a stream lost."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import RowMapping, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.engine import dead_letters, outbox, store
from shared.engine.days import is_for_all, take_for_all
from shared.engine.dead_letters import TIMERS
from shared.engine.deliveries import decode, handle, too_early
from shared.engine.flow import WAITS, Cause, run
from shared.engine.pipeline import Pipeline
from shared.rules import Refused
from shared.stream.bus import SEALED
from shared.stream.consumer import Delivery

log = structlog.get_logger()


async def replay_letters(pipeline: Pipeline, about: str, id: str = "") -> int:
    """Handle again the dead letters about one village, in order, or a single one. Returns how many succeeded.

    Those that fail again stay, with the new reason.
    """
    letters = pipeline.tables.dead_letters
    for_all: list[tuple[Delivery, Cause]] = []
    async with pipeline.writing:
        async with pipeline.transaction() as work:
            waiting = await _waiting(pipeline, work.conn)
            rows = [row for row in waiting if row["id"] == id or (not id and row["about"] == about)]
            _require_first(rows if id else (), waiting)
            decoded = {row["id"]: _decode_again(pipeline, row) for row in rows if row["stream"] != TIMERS}
            causes = [c for c in decoded.values() if isinstance(c, Cause) and not is_for_all(c)]
            result = await pipeline.run(work, partial(run, work.terms, causes), is_long=len(causes) > outbox.PAGE)
            failed = {id: error for id, error in decoded.items() if not isinstance(error, Cause)}
            failed |= {parked.cause.id: parked.error for parked in result.parked}
            await pipeline.save(work, result)
            for row in rows:
                if row["stream"] == TIMERS:
                    await _set_again(pipeline, work.conn, row)
                elif is_for_all(decoded[row["id"]]):
                    for_all.append((dead_letters.delivery(row), decoded[row["id"]]))
            done = [row["id"] for row in rows if row["id"] not in failed]
            await work.conn.execute(delete(letters).where(letters.c.id.in_(done)))
            for letter, error in failed.items():
                again = letters.update().where(letters.c.id == letter)
                await work.conn.execute(again.values(**dead_letters.why(error)))
            left = {row["about"] for row in waiting if row["about"] and row["id"] not in done}
        pipeline.blocked = left
        await take_for_all(pipeline, for_all)
    return len(done)


async def discard_letter(pipeline: Pipeline, id: str, because: str) -> None:
    """Give up a dead letter, or an event that cannot be published. It is kept, with the operator's reason, but no
    message waits for it any more.
    """
    letters, journal = pipeline.tables.dead_letters, pipeline.tables.outbox
    stuck = id in pipeline.relay.stuck
    async with pipeline.writing:
        async with pipeline.transaction() as work:
            waiting = await _waiting(pipeline, work.conn)
            found = [row for row in waiting if row["id"] == id]
            if stuck:
                row = (await work.conn.execute(select(journal).where(journal.c.id == id))).mappings().one()
                error = pipeline.relay.trouble or ValueError("it cannot be published")
                await store.insert_new(work.conn, letters, [dead_letters.of_outbox(row, error, because)])
            elif not found:
                raise Refused(
                    "identity",
                    f"没有编号为“{id}”的待处理消息，请用 zhucun dead-letters list 查看",
                    f"no dead letter {id} waits; see `zhucun dead-letters list`",
                    status=404,
                )
            else:
                _require_first(found, waiting)
                given_up = letters.update().where(letters.c.id == id)
                await work.conn.execute(given_up.values(discarded_at=datetime.now(UTC), discarded_for=because))
        if stuck:
            pipeline.relay.drop(id)
        pipeline.blocked = {row["about"] for row in waiting if row["about"] and row["id"] != id}
    log.warning("discarded by an operator", id=id, reason=because)


async def _waiting(pipeline: Pipeline, conn: AsyncConnection) -> Sequence[RowMapping]:
    """The dead letters that are not discarded, oldest first."""
    letters = pipeline.tables.dead_letters
    waiting = select(letters).where(letters.c.discarded_at.is_(None))
    found = await conn.execute(waiting.order_by(letters.c.parked_at, letters.c.sequence))
    return found.mappings().all()


def _require_first(chosen: Iterable[RowMapping], waiting: Iterable[RowMapping]) -> None:
    """Refuse if another letter about the same village is older: letters about a village are replayed in order."""
    for row in chosen:
        first = next(letter for letter in waiting if letter["about"] == row["about"])
        if row["about"] and first is not row:
            raise Refused(
                WAITS,
                f"关于“{row['about']}”还有更早的待处理消息“{first['id']}”，请先处理",
                f"an earlier dead letter about {row['about']} comes first: {first['id']}; deal with that one",
            )


def _decode_again(pipeline: Pipeline, letter: RowMapping) -> Any:
    cause = decode(pipeline, dead_letters.delivery(letter), pipeline.clock(), pipeline.simulated)
    return (too_early(pipeline, cause) if letter["stream"] == SEALED else None) or cause


async def _set_again(pipeline: Pipeline, conn: AsyncConnection, letter: RowMapping) -> None:
    """Set the timers again that a letter has kept, except those that were set since."""
    kind, id, taken = dead_letters.timers(letter)
    key = next((k, id) for k in pipeline.tables.states if k.kind == kind)
    state = (await store.load_states(conn, pipeline.tables, [key]))[key]
    if state is not None:
        await store.save_states(conn, pipeline.tables, [state.timed(**{**taken, **state.timers})])


async def recover(pipeline: Pipeline, stream: str, events: Iterable[tuple[str, bytes]]) -> None:
    """Handle events from other services' journals in place of messages that a stream lost; each is subject and body.

    Events that the inbox knows are dropped, and the position stays, so this can be repeated at any time.
    """
    here, now = await pipeline.position(stream), datetime.now(UTC)
    if deliveries := [Delivery(here, subject, body, now) for subject, body in events]:
        await handle(pipeline, stream, deliveries, by_operator=True)


async def recovered(pipeline: Pipeline, stream: str, through: int) -> None:
    """Let reading go on after the last lost message, `through`, in the stream as it is now."""
    async with pipeline.writing, pipeline.transaction() as work:
        work.positions |= {stream: through, f"{stream} made": 0}
