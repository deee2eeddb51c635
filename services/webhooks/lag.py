"""How far endpoints are behind: what they were sent and have not taken, and what was not read for them yet."""

import asyncio
from typing import Final

from services.webhooks import store
from services.webhooks.courier import Post, chosen, together, yesterday
from services.webhooks.model import Endpoint, Lag
from shared.web.following import AnotherJournal, Away

COUNTED: Final = 200
"""Events of a service that are counted at most. If there are more, the lag says only that."""
AT_ONCE: Final = 8
"""Endpoints that are looked at together, so that services answer others as well."""


async def lags(post: Post, endpoints: list[Endpoint]) -> list[Lag]:
    """The lag of each endpoint. The services are asked only about endpoints that are behind."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def of(one: Endpoint) -> Lag:
        async with limit:
            return await _lag(post, one)

    return await together(of(one) for one in endpoints)


async def _lag(post: Post, one: Endpoint) -> Lag:
    async with post.store.engine.connect() as conn:
        count = await store.count(conn, one.id)
        day, since = await store.oldest(conn, one.id)
    lag = Lag(count=count, day=day, since=since)
    if not post.is_idle(one.id):
        for source in post.feeds.of(one.asked.types):
            lag = lag.joined(await _unread(post, one, source))
    return lag


async def _unread(post: Post, one: Endpoint, source: str) -> Lag:
    """What a source has told and was not read yet."""
    async with post.store.engine.connect() as conn:
        cursor, reached = await store.position(conn, one.id, source)
    try:
        page = await post.feeds.page(source, chosen(one), cursor or str(one.asked.since or yesterday()), limit=COUNTED)
    except Away:
        return Lag(away=(source,))
    except AnotherJournal:  # All is sent again from the day that was reached.
        return Lag(is_more=True, day=reached)
    if not page.events:
        return Lag(is_more=not page.end, day="" if page.end else reached)
    first = page.events[0]
    return Lag(count=len(page.events), is_more=not page.end, day=first.day, since=first.time.timestamp())
