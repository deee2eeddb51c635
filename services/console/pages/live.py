"""What happens elsewhere, as server-sent events: the codes of villages that have changed, for whoever may see them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import ServerSentEvent, ServerSentEventMessage

from services.console.pages.overview import hearing_of, require_seen
from services.console.web import Request, Visitor

BEAT: Final = 25.0
"""Seconds of silence after which a comment keeps the connection open. Proxies commonly end a silent one after 60."""
MOST_NAMED: Final = 50
"""Villages that one message names. Where more have changed, it names none, and the page that hears it asks for
everything anew."""


@get("/live")
async def live(request: Request, visitor: NamedDependency[Visitor], place: FromQuery[str] = "") -> ServerSentEvent:
    """Tell what changes in a division, or in a village by its code, from now on."""
    require_seen(visitor, place)
    hearing = hearing_of(request)

    async def told() -> AsyncIterator[ServerSentEventMessage]:
        with hearing.listening() as queue:
            while True:
                try:
                    async with asyncio.timeout(BEAT):
                        codes = await queue.get()
                except TimeoutError:
                    yield ServerSentEventMessage(comment="still here")
                    continue
                mine = sorted(code for code in codes if code.startswith(place))
                if mine or not codes:
                    said = mine if len(mine) <= MOST_NAMED else []
                    yield ServerSentEventMessage(event="news", data=msgspec.json.encode(said).decode())

    return ServerSentEvent(told())


HANDLERS: Final = (live,)
