"""Removes data about persons by itself once the time is over that packs set for it in `[keeping]`.

There are two kinds: who stands behind a pseudonym (`callers`), and in which entries of the audit log somebody occurs
(`readings`). The journal and the log themselves stay.

A service does not know to which division a caller belongs. So the longest time of all packs in force counts, and if one
of them sets none, nothing is removed. Days are those of this machine's clock, which also dates the log.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Final

from sqlalchemy import delete, select

from shared.calendar import CHINA, DAY, Span, add_months, national
from shared.engine.pipeline import Pipeline

PAGE: Final = 1000
"""The most readings that end in one transaction."""


async def end(pipeline: Pipeline, day: date) -> None:
    """Remove what the packs in force on a business day keep no longer, including what missed days have left behind."""
    today = datetime.now(CHINA).date()
    keeping = [policy.keeping for policy in pipeline.book.in_force(day)]
    if last := last_over((one.callers if one else None for one in keeping), today):
        people = pipeline.tables.people
        async with pipeline.engine.begin() as conn:
            await conn.execute(delete(people).where(people.c.seen <= last))
    if last := last_over((one.readings if one else None for one in keeping), today):
        begun = datetime.combine(last + DAY, time(), CHINA).astimezone(UTC)
        while await _end_readings(pipeline, begun.isoformat(timespec="milliseconds")) == PAGE:
            pass


def last_over(spans: Iterable[Span | None], today: date) -> date | None:
    """The last day of which nothing is kept any more; None if one of the spans is missing, or if there is none."""
    days = [_last_over(span, today) if span else date.min for span in spans]
    return min(days, default=None) if date.min not in days else None


def _last_over(span: Span, today: date) -> date:
    """The latest day such that a span from it on is over by today: for two months, on 1 March, it is 31 December."""
    day = add_months(today, -12 * span.years - span.months) - timedelta(span.calendar_days)
    while span.after(day, national()) >= today:
        day -= DAY
    return day


async def _end_readings(pipeline: Pipeline, begun: str) -> int:
    """Remove readings from before a time, the oldest first, a page at a time. Returns how many of the page were old."""
    log, readings = pipeline.tables.audit, pipeline.tables.readings
    oldest = select(readings.c.number, log.c.at).join_from(readings, log, log.c.number == readings.c.number)
    async with pipeline.engine.begin() as conn:
        page = await conn.execute(oldest.order_by(readings.c.number).limit(PAGE))
        over = [*takewhile(lambda row: row.at < begun, page)]
        if over:
            await conn.execute(delete(readings).where(readings.c.number <= over[-1].number))
    return len(over)
