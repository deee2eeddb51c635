"""The events that a service decided: its journal, and what `zhucun recover` hands from one journal to another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath, FromQuery, QueryParameter
from sqlalchemy import select

from shared.contracts import Envelope
from shared.engine import store
from shared.engine.outbox import PAGE
from shared.engine.pipeline import Pipeline
from shared.engine.replay import recover, recovered
from shared.rules import Refused
from shared.stream.bus import SEALED
from shared.web.identity import READERS, TOLD, caller
from shared.web.lists import LARGEST_PAGE, array
from shared.web.places import told_in
from shared.web.strict import BIGGEST

LARGEST_RECOVERY = 512 * 2**20
"""The most bytes of a page of a journal handed in for recovery: each entry may be as large as a NATS message."""


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One event in a service's journal: its position, the NATS subject it was published on, and the CloudEvent."""

    position: int
    subject: str
    event: msgspec.Raw


def journals(pipeline: Pipeline) -> list[Any]:
    """The queries of the journal, of one village and as a whole."""
    tables, engine = pipeline.tables, pipeline.engine

    @get(
        "/v1/journal/{about:str}",
        tags=["queries"],
        media_type=MediaType.JSON,
        opt={"answers": list[Envelope], "asks": TOLD, "refuses": (421,)},
    )
    async def journal(request: Request[Any, Any, Any], about: FromPath[str]) -> Response[bytes]:
        """The events that this service decided about one village, in order: the open ones from the caller's divisions.

        Operators are shown sealed ones as well.
        """
        outbox = tables.outbox
        async with engine.connect() as conn:
            about = await store.id_by_code(conn, tables, about)
        found = select(outbox.c.body).where(outbox.c.about == about)
        if not (who := caller(request)).is_operator:
            found = found.where(outbox.c.sealed.is_(False), told_in(outbox, who.divisions(READERS)))
        return await array(engine, found.order_by(outbox.c.position))

    @get("/v1/journal", tags=["queries"], opt={"asks": TOLD})
    async def journal_page(
        request: Request[Any, Any, Any],
        after: Annotated[int, QueryParameter(ge=0, le=BIGGEST)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = PAGE,
        type: FromQuery[list[str] | None] = None,
    ) -> list[Entry]:
        """The open events that this service decided, after a position and in the order in which it published them. Only
        events from the caller's divisions are among them.

        A subscriber whose stream was purged or made anew reads here what it missed, and drops the ids that it knows.
        Fewer than `limit` means the end. `type` may be given several times.
        """
        divisions = caller(request).divisions(READERS)
        return await _page(pipeline, after, limit, type, sealed=False, below=divisions)

    return [journal, journal_page]


def recovery(pipeline: Pipeline, lost: Callable[[], Mapping[str, tuple[int, int]]]) -> list[Any]:
    """What `zhucun recover` needs.

    For operators only: it reads sealed events, and events handed in are taken as true.
    """

    @get("/v1/recovery/journal", tags=["operations"])
    async def journal(
        stream: FromQuery[str],
        type: FromQuery[list[str]],
        after: Annotated[int, QueryParameter(ge=0, le=BIGGEST)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = PAGE,
    ) -> list[Entry]:
        """The events that this service published to a stream, of the types that the service to be recovered hears."""
        return await _page(pipeline, after, limit, type, sealed=stream == SEALED)

    @post(
        "/v1/recovery",
        tags=["operations"],
        status_code=204,
        request_max_body_size=LARGEST_RECOVERY,
        opt={"takes": Entry},
    )
    async def take(request: Request[Any, Any, Any], stream: FromQuery[str]) -> None:
        """Handle events from other services' journals as if the stream had delivered them. Known ones change nothing.

        The body is an array of entries as journals give them.
        """
        try:
            entries = msgspec.json.decode(await request.body(), type=list[Entry])
        except msgspec.DecodeError as error:
            raise ClientException(str(error)) from error
        await recover(pipeline, stream, [(entry.subject, bytes(entry.event)) for entry in entries])

    @post("/v1/recovery/end", tags=["operations"], status_code=204, opt={"refuses": (409,)})
    async def end(stream: FromQuery[str], through: Annotated[int, QueryParameter(ge=0, le=BIGGEST)]) -> None:
        """End a recovery: all journals are handed in, and reading goes on behind the last lost message, `through`."""
        if stream not in lost() or through > lost()[stream][1]:
            raise Refused(
                "recovery", f"{stream} 没有丢失到 {through}", f"{stream} has not lost anything up to {through}"
            )
        await recovered(pipeline, stream, through)

    return [journal, take, end]


async def _page(
    pipeline: Pipeline,
    after: int,
    limit: int,
    types: Sequence[str] | None,
    *,
    sealed: bool,
    below: Iterable[str] = ("",),
) -> list[Entry]:
    outbox = pipeline.tables.outbox
    found = select(outbox.c.position, outbox.c.subject, outbox.c.body).where(
        outbox.c.position > after, outbox.c.sealed == sealed, told_in(outbox, below)
    )
    if types is not None:
        found = found.where(outbox.c.type.in_(types))
    async with pipeline.engine.connect() as conn:
        rows = await conn.execute(found.order_by(outbox.c.position).limit(limit))
        return [Entry(position, subject, msgspec.Raw(body.encode())) for position, subject, body in rows]
