"""Queries and commands for operators: health, status, and dead letters."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery, QueryParameter
from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.values import Reason
from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.engine.replay import discard_letter, replay_letters
from shared.rules import Refused
from shared.web.identity import KNOWN, PUBLIC, caller


def operations(
    pipeline: Pipeline,
    parts: Callable[[], Awaitable[Mapping[str, Any]]],
    lost: Callable[[], Mapping[str, tuple[int, int]]],
) -> list[Any]:
    """The handlers. `parts` returns the health of each part; `lost`, by stream, the span of messages lost unread."""
    return [_standing(pipeline, lost), *_letters(pipeline), *_healths(pipeline, parts)]


async def _waiting(conn: AsyncConnection, letters: Table) -> int:
    """The number of dead letters that are not discarded."""
    found = select(func.count()).select_from(letters).where(letters.c.discarded_at.is_(None))
    return int((await conn.execute(found)).scalar() or 0)


def _standing(pipeline: Pipeline, lost: Callable[[], Mapping[str, tuple[int, int]]]) -> Any:
    tables, engine = pipeline.tables, pipeline.engine

    @get("/v1/status", tags=["operations"], opt={"asks": KNOWN})
    async def status(request: Request[Any, Any, Any]) -> dict[str, Any]:
        """Where the service stands: business day, positions, lost messages, backlog, dead letters.

        The next day on which a timer runs out is shown to operators only: it may be the day of an unannounced visit.
        """
        async with engine.connect() as conn:
            due, parked = (
                await store.next_due(conn, tables, pipeline.service.due),
                await _waiting(conn, tables.dead_letters),
            )
        return {
            "service": pipeline.service.name,
            "simulated": pipeline.simulated,
            "today": pipeline.today,
            "next_due": due if caller(request).is_operator else None,
            "read": pipeline.read,
            "lost": lost(),
            "written": pipeline.written,
            "published": pipeline.relay.published,
            "backlog": pipeline.relay.backlog,
            "dead_letters": parked,
            "calendar_known_until": pipeline.book.calendar().known_until,
            "policies": {j: [p.version for p in packs] for j, packs in pipeline.book.packs.items()},
        }

    return status


def _letters(pipeline: Pipeline) -> list[Any]:
    """Listing, replaying and discarding dead letters."""
    letters, engine = pipeline.tables.dead_letters, pipeline.engine

    @get("/v1/dead-letters", tags=["operations"])
    async def dead_letters(discarded: FromQuery[bool] = False) -> list[dict[str, Any]]:
        """Messages that could not be handled, oldest first, each with the reason; with `discarded`, those given up."""
        chosen = letters.c.discarded_at.is_not(None) if discarded else letters.c.discarded_at.is_(None)
        async with engine.connect() as conn:
            rows = (await conn.execute(select(letters).where(chosen).order_by(letters.c.parked_at))).mappings()
            return [{**row, "body": row["body"].decode(errors="replace")} for row in rows]

    @post(
        "/v1/dead-letters/replay",
        tags=["operations"],
        status_code=200,
        opt={"refuses": (409,)},
    )
    async def replay(about: FromQuery[str] = "", id: FromQuery[str] = "") -> dict[str, int]:
        """Handle dead letters again: all about one village, in order, or the one with this id."""
        return {"replayed": await replay_letters(pipeline, about, id)}

    @post(
        "/v1/dead-letters/discard",
        tags=["operations"],
        status_code=204,
        opt={"refuses": (404, 409, 422)},
    )
    async def discard(
        id: Annotated[str, QueryParameter(max_length=36)],
        reason: Annotated[str, QueryParameter(min_length=2, max_length=500)],
    ) -> None:
        """Give up a dead letter, or an event that cannot be published. It is kept with the reason given."""
        await discard_letter(pipeline, id, because(reason, "reason"))

    return [dead_letters, replay, discard]


def because(said: str, field: str) -> str:
    """A reason or purpose from the address of a request. Refuses (422) one that says nothing."""
    try:
        return msgspec.convert(said, Reason)
    except msgspec.ValidationError as error:
        what, what_en = ("查阅用途", "the purpose") if field == "purpose" else ("原因", "the reason")
        raise Refused(
            "schema",
            f"{what}应为一行可见文字，用文字写明",
            f"{what_en} is a line of visible text, in words",
            field=field,
            status=422,
        ) from error


def _healths(pipeline: Pipeline, parts: Callable[[], Awaitable[Mapping[str, Any]]]) -> list[Any]:
    async def database(parts: dict[str, Any]) -> int:
        """The number of dead letters. If the database cannot be read, the error is added to the parts."""
        parts.setdefault("database", "ok")
        try:
            async with pipeline.engine.connect() as conn:
                return await _waiting(conn, pipeline.tables.dead_letters)
        except Exception as error:  # Any error here means that the service cannot work.
            parts["database"] = f"数据库读不出 / the database cannot be read: {type(error).__name__}: {error}"
            return 0

    @get("/health/live", tags=["operations"], opt={"asks": PUBLIC})
    async def live() -> dict[str, str]:
        """The process runs."""
        return {"service": pipeline.service.name}

    @get("/health/ready", tags=["operations"], opt={"asks": PUBLIC})
    async def ready() -> Response[dict[str, Any]]:
        """Whether the service can work: each part with `ok` or what to do. 503 if it cannot."""
        found = dict(await parts())
        await database(found)
        return Response(found, status_code=503 if _amiss(found) else 200)

    @get("/health", tags=["operations"], opt={"asks": PUBLIC})
    async def health() -> Response[dict[str, Any]]:
        """Whether all is well. 503 also for what hinders only some villages, such as dead letters."""
        found = dict(await parts())
        if count := await database(found):
            found["dead letters"] = (
                f"{count}件消息待处理：请用 zhucun dead-letters list 查看，排除原因后重放或者放弃 / {count} dead "
                "letters wait: see `zhucun dead-letters list`, mend the cause and replay them, or discard them"
            )
        return Response(found, status_code=503 if _amiss(found) else 200)

    return [live, ready, health]


def _amiss(parts: Mapping[str, Any]) -> bool:
    return any(isinstance(word, str) and word != "ok" for word in parts.values())
