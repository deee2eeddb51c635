"""Long lists in answers: how long they may be, and how they are read so that other requests get their turn."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from litestar import MediaType, Response
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncEngine

LARGEST_PAGE: Final = 1000
"""The most entries of a journal, or tasks, in one answer."""
LARGEST_LIST: Final = 10_000
"""The most states in one answer."""
SMOOTH: Final = 200
"""Rows that are encoded without a pause: a few milliseconds, in which no other request is answered."""


async def array(
    engine: AsyncEngine,
    bodies: Select[Any],
    shown: Callable[[str, str], str | None] | None = None,
    told: Callable[[Iterable[str]], None] = lambda _: None,
) -> Response[bytes]:
    """A column of JSON texts as one JSON array. It is read in parts, so that other requests get their turn.

    The last column has the id of each text. From a text and its id, `shown` makes what is answered; None leaves it out.
    `told` is called with the ids of the texts that are answered.
    """
    parts: list[bytes] = []
    async with engine.connect() as conn, conn.stream(bodies) as rows:
        async for part in rows.partitions(SMOOTH):
            texts = {row[-1]: shown(row[0], row[-1]) if shown else row[0] for row in part}
            kept = {id: text for id, text in texts.items() if text is not None}
            parts += [",".join(kept.values()).encode()] if kept else []
            told(kept)
            await asyncio.sleep(0)
    return Response(b"[" + b",".join(parts) + b"]", media_type=MediaType.JSON)
