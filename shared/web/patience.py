"""While the database is away, queries wait and get no error. Commands wait, too: `shared/engine/commands.py` repeats
them."""

import math
import time
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from shared.engine import store

AWAY: Final = "database is away"
"""The key in a request's state which says that its answer is the error “database away”."""


def patient(app: ASGIApp) -> ASGIApp:
    """Repeat a query until the database answers.

    Queries of operators are not repeated: they must see the error at once.
    """

    async def again(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET" or of_operations(scope):
            await app(scope, receive, send)
            return
        until, held = time.monotonic() + store.PATIENCE, False

        async def unless_away(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                held = scope["state"].pop(AWAY, False) and time.monotonic() < until
            if not held:
                await send(message)

        async def once() -> None:
            await app(scope, receive, unless_away)
            if held:
                raise store.Away

        await store.patiently(once, math.inf)  # It ends once `held` is False: the database answers, or time is up.

    return again


def of_operations(scope: Scope) -> bool:
    """Whether a request is for one of the addresses that operators use."""
    return "operations" in (getattr(scope["route_handler"], "tags", None) or ())
