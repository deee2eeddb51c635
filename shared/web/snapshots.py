"""Snapshots: all that is known of a village or a division now, and the cursor after which its later events follow."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.params import FromQuery, QueryParameter
from sqlalchemy import ColumnElement, Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.engine.store import within
from shared.rules import Refused
from shared.web.feed import cursor_at
from shared.web.identity import FOUND, require_reach
from shared.web.places import PlaceQuery

LARGEST: Final = 500
"""States of one page. The states of one village always come together."""


class Standing(msgspec.Struct):
    """A state as queries show it to anybody, with its kind, such as `villages`."""

    kind: str
    state: msgspec.Raw


class Snapshot(msgspec.Struct):
    """States as they were at one moment, and how to go on from there."""

    states: list[Standing]
    after: str
    """The cursor for `/v1/events`: these states contain all events before it, and none of those after it."""
    page: str
    """What to ask for as `page` to get the rest; empty if this is all."""


def snapshots(pipeline: Pipeline) -> Any:
    """The handler of snapshots."""

    @get(
        "/v1/snapshots",
        tags=["queries"],
        media_type=MediaType.JSON,
        opt={"answers": Snapshot, "refuses": (403, 422), "asks": FOUND},
    )
    async def snapshot(
        request: Request[Any, Any, Any],
        about: FromQuery[str] = "",
        place: PlaceQuery = "",
        page: FromQuery[str] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST)] = LARGEST,
    ) -> Response[bytes]:
        """All that this service has about one village (`about`), or about a division (`place`, a prefix of its code):
        its states, and the cursor of the feed after which their events follow, read at one moment.

        What is about persons, or secret for the time being, is left out. A village is one answer. A division comes in
        pages. Each page is read at one moment, the next page at a later one. Keep the `after` of the first page: what
        happened between the pages comes again as events, even if the states of a later page contain it already.
        """
        if bool(about) == bool(place):
            zh, en = "请用“about”指明一个村，或用“place”指明区划", "name a village by about, or a division by place"
            raise Refused("feed", f"{zh}（填且只填一个）", f"{en}: one of the two", field="about", status=422)
        if place:
            require_reach(request, place)
        async with _at_one_moment(pipeline) as conn:
            written = (await conn.execute(select(func.max(pipeline.tables.outbox.c.position)))).scalar() or 0
            after = await cursor_at(conn, pipeline, written)
            id = await store.id_by_code(conn, pipeline.tables, about) if about else ""
            found = await _found(conn, pipeline, id, place, page, 0 if about else limit)
        for where in {row.place for _, row in found if about}:
            require_reach(request, where)
        following = f"{found[-1][0]}/{found[-1][1].id}" if place and len(found) == limit else ""
        told = [Standing(kind, msgspec.Raw(row.body.encode())) for kind, row in found]
        return Response(msgspec.json.encode(Snapshot(told, after, following)), media_type=MediaType.JSON)

    return snapshot


@asynccontextmanager
async def _at_one_moment(pipeline: Pipeline) -> AsyncIterator[AsyncConnection]:
    """A transaction that sees the database as it is at its first statement. On SQLite every transaction does."""
    async with pipeline.engine.connect() as conn:
        if conn.dialect.name == "postgresql":
            await conn.execution_options(isolation_level="REPEATABLE READ")
        yield conn


class _Row(msgspec.Struct):
    id: str
    place: str
    body: str


async def _found(
    conn: AsyncConnection, pipeline: Pipeline, about: str, place: str, page: str, limit: int
) -> list[tuple[str, _Row]]:
    """States in order of kind and id, as anybody may see them, after `page`; at most `limit`, unless that is 0."""
    found: list[tuple[str, _Row]] = []
    first, _, last = page.partition("/")
    for kind, table in sorted(pipeline.tables.states.items(), key=lambda item: item[0].kind):
        if kind.personal or kind.kind < first or (limit and len(found) == limit):
            continue
        chosen = select(table.c.id, table.c.place, table.c.body).where(
            *([_of_village(table, about)] if about else within(table, place))
        )
        if kind.kind == first:
            chosen = chosen.where(table.c.id > last)
        if limit:
            chosen = chosen.limit(limit - len(found))
        for row in await conn.execute(chosen.order_by(table.c.id)):
            found.append((kind.kind, _Row(row.id, row.place, store.shown(kind, row.body, to_operator=False))))
    return found


def _of_village(table: Table, id: str) -> ColumnElement[bool]:
    """The condition that a state is a village's: its id is the village's, or begins with it and a slash."""
    return or_(table.c.id == id, table.c.id.startswith(f"{id}/", autoescape=True))
