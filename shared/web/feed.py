"""The pull feed: a service's open events over plain HTTP, for those who cannot speak NATS.

It is read from the journal, so it goes back to the first event and needs no stream. A subscriber keeps one text, the
cursor, and asks for what follows it.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated, Any, Final

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.params import FromQuery, QueryParameter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import EVENTS, Envelope, teller
from shared.engine import store
from shared.engine.outbox import PAGE
from shared.engine.pipeline import Pipeline
from shared.rules import Refused
from shared.web.identity import READERS, TOLD, caller
from shared.web.places import PlaceQuery, told_in

SCANNED: Final = 20_000
"""Rows of the journal that one request looks through. If few of them match, the cursor moves on over the others."""
LONGEST_WAIT: Final = 55
"""Seconds that a request may wait for an event. Proxies commonly end a silent request after a minute."""
MOST_WAITING: Final = 100
"""Requests that may wait at the same time: fewer than the connections of a service, so that officers get theirs."""
GATHER: Final = 0.1
"""Seconds between an event and the reading of the journal, so that events that come together are sent together."""
LARGEST_FEED: Final = 1000
"""The most events in one answer."""
_CURSOR = "前一次查询返回的“after” · `after` as the query before answered it"
Cursor = Annotated[str, QueryParameter(pattern=r"^([0-9]{1,15}-[0-9a-f]{16})?$", description=_CURSOR)]


class Feed(msgspec.Struct):
    """Events in the order in which the service decided them, and where to go on."""

    events: list[Envelope]
    after: str
    """The cursor of the next request. It moves on even if no event matched."""
    end: bool
    """Whether the journal has no more for now. Otherwise ask again at once."""


class Filter(msgspec.Struct, frozen=True):
    """Which open events are asked for."""

    below: str = ""
    types: Sequence[str] | None = None
    about: str = ""


def feed(pipeline: Pipeline, stopping: asyncio.Event) -> Any:
    """The handler of the feed. `stopping` ends the requests that wait, so that the service can stop at once."""
    tables, waiting = pipeline.tables, Waiting(pipeline, stopping)

    @get(
        "/v1/events",
        tags=["queries"],
        media_type=MediaType.JSON,
        opt={"answers": Feed, "refuses": (403, 409, 422), "asks": TOLD},
    )
    async def events(
        request: Request[Any, Any, Any],
        after: Cursor = "",
        since: FromQuery[date | None] = None,
        below: PlaceQuery = "",
        type: FromQuery[list[str] | None] = None,
        about: FromQuery[str] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_FEED)] = PAGE,
        wait: Annotated[int, QueryParameter(ge=0, le=LONGEST_WAIT)] = 0,
    ) -> Response[bytes]:
        """The open events of this service, in its order: from the beginning, from the business day `since` on, or
        after the cursor `after` that the previous answer gave.

        `below` is a prefix of the division, `type` may be given several times, `about` is the id of a village or of
        whatever else an event is about. The answer's `after` is the next cursor and moves on even if nothing matched;
        `end` says whether that was all for now. With `wait` an answer without events comes after so many seconds at
        most, and as soon as there is one.

        A cursor belongs to the journal that gave it. If a backup was restored since, or the database is another, it is
        refused (409), and nothing is passed over in silence. `ETag` and `If-None-Match` are understood (304).
        """
        require_readable(request, below)
        require_types(pipeline, type or ())
        async with pipeline.engine.connect() as conn:
            asked = Filter(below, type, await store.id_by_code(conn, tables, about) if about else "")
            position = await _start(conn, pipeline, after, since)
        async with waiting.until(wait) as more:
            while True:
                bodies, position, end = await _read(pipeline, asked, position, limit)
                if bodies or not end or not await more(position):
                    break
        async with pipeline.engine.connect() as conn:
            cursor = await cursor_at(conn, pipeline, position)
        told = f'],"after":"{cursor}","end":{"true" if end else "false"}}}'
        body = ('{"events":[' + ",".join(bodies) + told).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        is_known = etag in request.headers.get("If-None-Match", "")
        return Response(
            b"" if is_known else body,
            status_code=304 if is_known else 200,
            media_type=MediaType.JSON,
            headers={"ETag": etag},
        )

    return events


def require_readable(request: Request[Any, Any, Any], below: str) -> None:
    """Refuse (403) a caller who asks for events from outside his divisions."""
    who = caller(request)
    if not who.reads(below):
        own = sorted({held.division for held in who.roles if held.role in READERS})
        raise Refused(
            "feed",
            f"只能读取本账号区划内的事件，请用“below”指明区划：{'、'.join(own) or '（无）'}",
            f"this account reads events of its divisions only; name one by below: {', '.join(own) or 'none'}",
            field="below",
            status=403,
        )


def require_types(pipeline: Pipeline, types: Sequence[str]) -> None:
    """Refuse (422) a type that this service never tells in the open: its reader would wait for ever."""
    told = {
        name
        for name, event in EVENTS.items()
        if event.sealing != "always" and teller(name) == f"urn:zhucun:{pipeline.service.name}"
    }
    if wrong := [name for name in types if name not in told]:
        where = teller(wrong[0]).rsplit(":", 1)[-1] if wrong[0] in EVENTS else ""
        zh = f"应向“{where}”服务查询，涉密的不公开" if where else "请对照 docs/contracts"
        en = f"it is told by {where}, if it is open" if where else "the types are in docs/contracts"
        raise Refused(
            "feed",
            f"本服务没有公开的事件类型“{wrong[0][:80]}”，{zh}",
            f"this service tells no open events of type {wrong[0][:80]!r}; {en}",
            field="type",
            status=422,
        )


class Waiting:
    """The requests that wait for an event. There are `MOST_WAITING` of them at most."""

    def __init__(self, pipeline: Pipeline, stopping: asyncio.Event) -> None:
        self._relay, self._stopping, self._count = pipeline.relay, stopping, 0

    @asynccontextmanager
    async def until(self, seconds: float) -> Any:
        """Give a function that waits until something behind a position is published, and returns whether it is.

        It returns False when the seconds are over or the service stops. Refuses (503) one request too many.
        """
        ends, self._count = asyncio.get_running_loop().time() + seconds, self._count + (seconds > 0)
        try:
            if seconds and self._count > MOST_WAITING:
                raise Refused(
                    "feed",
                    f"等待的请求过多（最多 {MOST_WAITING} 个），请稍后再试，或不带“wait”查询",
                    f"too many requests wait ({MOST_WAITING} at most); try again later, or ask without wait",
                    field="wait",
                    status=503,
                )

            async def more(position: int) -> bool:
                left = ends - asyncio.get_running_loop().time()
                return left > 0 and await self._said(position + 1, left)

            yield more
        finally:
            self._count -= seconds > 0

    async def _said(self, position: int, seconds: float) -> bool:
        said = asyncio.create_task(self._relay.reached(position))
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((said, stopped), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if said.done() and not stopped.done():
                await asyncio.sleep(GATHER)
            return said.done() and not stopped.done()
        finally:
            said.cancel()
            stopped.cancel()


async def _read(pipeline: Pipeline, asked: Filter, position: int, limit: int) -> tuple[list[str], int, bool]:
    """The next events behind a position, as JSON; how far the journal was looked through; whether that is its end."""
    outbox, written = pipeline.tables.outbox, pipeline.written
    # Events about one village are found by an index. For any other question the rows are looked through.
    upto = written if asked.about else min(position + SCANNED, written)
    found = select(outbox.c.position, outbox.c.body).where(
        outbox.c.position > position, outbox.c.position <= upto, outbox.c.sealed.is_(False)
    )
    if asked.about:
        found = found.where(outbox.c.about == asked.about)
    if asked.types:
        found = found.where(outbox.c.type.in_(asked.types))
    found = found.where(told_in(outbox, [asked.below]))
    async with pipeline.engine.connect() as conn:
        rows = (await conn.execute(found.order_by(outbox.c.position).limit(limit))).all()
    reached = rows[-1].position if len(rows) == limit else max(position, upto)
    return [row.body for row in rows], reached, reached >= written


async def _start(conn: AsyncConnection, pipeline: Pipeline, after: str, since: date | None) -> int:
    """The position after which to read. Refuses a cursor of another journal (409), and `after` with `since` (422)."""
    if after and since:
        raise Refused(
            "feed",
            "“after”和“since”只能填一个：首次用“since”，以后用上次返回的“after”",
            "give after or since, not both: since to begin, and then the after of the answer before",
            field="since",
            status=422,
        )
    if since:
        return await _before(conn, pipeline, since)
    position = int(after.partition("-")[0] or 0)
    if after and (position > pipeline.written or after != await cursor_at(conn, pipeline, position)):
        raise Refused(
            "feed",
            "续读位置不属于本服务现在的日志：可能恢复过备份、换过数据库，或者应向另一服务或副本查询。"
            "请用“since”填最后收到事件的业务日期重新读起，按事件“id”去重；此后仍有而日志中没有的事件已不作数",
            "this cursor is not of the journal that the service has now: a backup was restored, the database is "
            "another one, or another service or replica gave it. Begin again with since=<business day of your last "
            "event> and drop the ids that you know; later ones that the journal has not are not in force",
            field="after",
            status=409,
        )
    return position


async def cursor_at(conn: AsyncConnection, pipeline: Pipeline, position: int) -> str:
    """The cursor of a position. The hash binds it to this service, this replica and the event that stands there.

    An event contains the time at which it was written. So if the same decision is taken again after a backup was
    restored, its event has another hash here.
    """
    outbox = pipeline.tables.outbox
    body = (await conn.execute(select(outbox.c.body).where(outbox.c.position == position))).scalar() or ""
    told = f"{pipeline.service.name}\n{pipeline.share.mark}\n{position}\n{body}"
    return f"{position}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


async def _before(conn: AsyncConnection, pipeline: Pipeline, day: date) -> int:
    """The last position of the business days before this one. Days never decrease in a journal, so this bisects it."""
    outbox, low, high = pipeline.tables.outbox, 0, pipeline.written
    while low < high:
        middle = (low + high + 1) // 2
        found = (await conn.execute(select(outbox.c.occurred_on).where(outbox.c.position == middle))).scalar_one()
        low, high = (middle, high) if found < day else (low, middle - 1)
    return low
