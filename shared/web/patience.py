"""Who reads meets a delay and no error while the database is away; commands are waited for where they are decided."""

import asyncio
import time
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from shared.engine import store

AWAY: Final = "database is away"
"""Under this name a request's state holds that it was to be told so."""


def patient(app: ASGIApp) -> ASGIApp:
    """Ask again what an officer reads, until a database answers. Who operates is told at once that none does."""

    async def again(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET" or _of_operations(scope):
            await app(scope, receive, send)
            return
        until, held = time.monotonic() + store.PATIENCE, True

        async def unless_away(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                held = scope["state"].pop(AWAY, False) and time.monotonic() < until
            if not held:
                await send(message)

        while True:
            await app(scope, receive, unless_away)
            if not held:
                return
            await asyncio.sleep(store.PAUSE)

    return again


def _of_operations(scope: Scope) -> bool:
    return "operations" in (getattr(scope["route_handler"], "tags", None) or ())
