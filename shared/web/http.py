"""Commands and queries over HTTP, the same way in every service: OpenAPI, Idempotency-Key, problem+json, health."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

import msgspec
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.exceptions import ClientException
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from litestar.static_files import create_static_files_router
from litestar.types import Guard
from sqlalchemy import ColumnElement, Select, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.codes import Code
from shared.contracts import EVENTS, Command, Envelope, json_schema
from shared.contracts.values import Role
from shared.engine import store
from shared.engine.commands import submit
from shared.engine.flow import encode_state
from shared.engine.outbox import PAGE
from shared.engine.pipeline import Pipeline
from shared.engine.replay import recover, recovered
from shared.engine.requests import IDEMPOTENCY_KEY
from shared.engine.tables import Tables
from shared.labels import Both, awaited, basis, in_words
from shared.policy import Policy
from shared.rules import Refused, State, Task
from shared.stream.bus import SEALED
from shared.web.openapi import File, Page
from shared.web.operations import is_operator, operations, require_body_token, require_operator
from shared.web.patience import patient
from shared.web.problems import HANDLERS, Fault, fault
from shared.web.strict import BIGGEST, LARGEST_BODY, StrictRequest, strict

PUBLISHED_WITHIN = 2.0
"""Seconds that an answer waits for its events to be published; what is committed is published later otherwise."""
LARGEST_PAGE = 1000
"""Entries of a journal, or tasks, in one answer."""
LARGEST_RECOVERY = 512 * 2**20
"""Bytes of a page of a journal, each of whose entries may be as large as a message."""
SMOOTH = 200
"""Rows that are read and written down at once, within a few milliseconds."""
PlaceQuery = Annotated[str, QueryParameter(pattern=r"^[0-9]{0,6}$")]
"""A prefix of a division's code."""

NATION = "000000"
"""The division of what concerns the whole country."""


class Route(NamedTuple):
    """One command's address: POST /v1/<path> takes a JSON array of it."""

    path: str
    command: type[Command]
    zh: str
    en: str


class Accepted(msgspec.Struct, omit_defaults=True):
    """What was applied on which business day, and how many commands said what was known already.

    `events` has the types of what each command led to; `refused` is filled only if asked to keep the good ones.
    """

    today: date
    applied: int
    events: list[list[str]]
    unchanged: int = 0
    refused: list[Fault] = []
    dry_run: bool = False


class InWords(msgspec.Struct, frozen=True):
    """A task as people read it, each part in Chinese and English."""

    by: Both
    """Who is awaited to do it."""
    about: Both
    """What it concerns: a village by its code, a campaign by its day and kind."""
    detail: Both
    """What tells it from others about the same: 2015年度工作台账."""
    basis: Both
    """The document that it rests on; empty if it is none of the region's and no law."""


class OpenTask(msgspec.Struct, omit_defaults=True):
    """A task with the kind and id of the state that awaits it."""

    kind: str
    id: str
    place: str
    task: Task
    words: InWords | None = None
    """Only if it is asked for."""

    def told(self, policy: Policy | None) -> Self:
        """The same with its words: those of a region's own pack first."""
        task = self.task
        by = in_words("by", task.role, policy)
        words = InWords(by, *awaited(task.about, task.answer, task.detail, policy), basis(task.rule, policy))
        return msgspec.structs.replace(self, words=words)


def following(page: Sequence[OpenTask]) -> str:
    """What to ask for `after` a page of tasks; empty if it was the last one."""
    return f"{page[-1].kind}/{page[-1].id}" if len(page) >= LARGEST_PAGE else ""


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One event in a service's journal: its number there, the NATS subject it was published on, and the CloudEvent."""

    position: int
    subject: str
    event: msgspec.Raw


async def published_soon(pipeline: Pipeline, position: int) -> None:
    """Wait, but not for ever, until the stream has what is in the outbox up to a position."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PUBLISHED_WITHIN):
            await pipeline.relay.reached(position)


def build(
    pipeline: Pipeline,
    commands: Sequence[Route],
    queries: Sequence[Any],
    health: Callable[[], Awaitable[Mapping[str, Any]]],
    secret: bytes,
    lost: Callable[[], Mapping[str, tuple[int, int]]] = dict,
) -> Litestar:
    """The service's HTTP side. `secret` is the installation's own, for what it issues and must know again.

    `lost` tells of each stream that removed messages unread the first and the last of them.
    """
    name = pipeline.service.name
    return Litestar(
        route_handlers=[
            *(_command(pipeline, route) for route in commands),
            *_common(pipeline),
            *operations(pipeline, health, lost),
            *_recovery(pipeline, lost),
            *queries,
            create_static_files_router("/docs-assets", [_swagger()]),
        ],
        exception_handlers=HANDLERS,
        middleware=[patient],
        request_class=StrictRequest,
        before_request=strict,
        openapi_config=OpenAPIConfig(
            title=f"驻村 Zhucun · {name}",
            version="1",
            path="/docs",
            render_plugins=[
                Page(
                    js_url="/docs-assets/swagger-ui-bundle.js",
                    standalone_preset_js_url="/docs-assets/swagger-ui-standalone-preset.js",
                    css_url="/docs-assets/swagger-ui.css",
                    favicon="<link rel='icon' href='data:,'>",  # Nothing is fetched from outside.
                ),
                File(),
            ],
            use_handler_docstrings=True,
        ),
        logging_config=None,
        state=AppState({"pipeline": pipeline, "secret": secret}),  # For a service's own queries.
        request_max_body_size=LARGEST_BODY,
    )


def _swagger() -> Path:
    """Where the scripts of the documentation page lie; importing their package would cost a sixth of a second."""
    spec = find_spec("swagger_ui")
    assert spec and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "static"


def _command(pipeline: Pipeline, route: Route) -> Any:
    """The handler of one command. Its body's type comes from the table, so that OpenAPI says what it takes."""

    async def handler(
        request: Request[Any, Any, Any],
        data: Any,
        key: Annotated[str, HeaderParameter(name=IDEMPOTENCY_KEY, min_length=8, max_length=180)],
        dry_run: FromQuery[bool] = False,
        keep_good: FromQuery[bool] = False,
    ) -> Accepted:
        if any(command.place == NATION for command in data):
            require_operator(request, None)  # What holds for the whole country is for operators to say.
        if route.command.by_token:
            for command in data:
                require_body_token(request, command.body)
        answer, refused = await submit(pipeline, f"{route.path}:{key}", data, dry_run=dry_run, keep_good=keep_good)
        await published_soon(pipeline, pipeline.written)
        faults = [fault(row, error) for row, error in sorted(refused.items())]
        effects = zip(answer.effects, answer.events, strict=True)
        unchanged = sum(effect == "unchanged" and not said for effect, said in effects)
        return Accepted(answer.today, answer.applied - unchanged, answer.events, unchanged, faults, dry_run)

    handler.__annotations__["data"] = JSONBody[list[route.command]]  # type: ignore[name-defined]
    handler.__name__ = "post_" + route.path.replace("-", "_")
    return post(
        f"/v1/{route.path}",
        summary=f"{route.zh} · {route.en}",
        description=(route.command.__doc__ or "").strip(),
        status_code=200,
        tags=["commands"],
        opt={"command": route.command, "refuses": (401,)},
    )(handler)


def _common(pipeline: Pipeline) -> list[Any]:
    """What every service answers about its states, its journal and its contracts."""
    states = pipeline.tables.states.items()
    return [
        _tasks(pipeline), *_journals(pipeline), *_accounts(pipeline),
        *(handler for kind, table in states for handler in _states(pipeline.engine, pipeline.tables, kind, table)),
    ]  # fmt: skip


def _tasks(pipeline: Pipeline) -> Any:
    tables, engine = pipeline.tables, pipeline.engine

    @get("/v1/tasks", tags=["queries"])
    async def tasks(
        request: Request[Any, Any, Any],
        place: PlaceQuery = "",
        role: FromQuery[Role | None] = None,
        after: FromQuery[str] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE,
        words: FromQuery[bool] = False,
    ) -> list[OpenTask]:
        """What people are awaited to do: the lines of an officer's day page. `place` is a prefix of the division.

        With `words` each says in Chinese and English what it is about and by which document. What is about persons is
        told to operators only. In order of kind and id, after the `kind/id` of a task. One state's tasks stay together,
        so there may be more than `limit`; less means the end.
        """
        found: list[OpenTask] = []
        first, _, last = after.partition("/")
        async with engine.connect() as conn:
            for kind, table in sorted(tables.states.items(), key=lambda item: item[0].kind):
                if kind.kind < first or (kind.personal and not is_operator(request)):
                    continue
                behind = table.c.id > (last if kind.kind == first else "")
                waiting = select(table.c.body).where(table.c.awaits, behind, *within(table, place))
                async with conn.stream(waiting.order_by(table.c.id)) as rows:
                    async for (body,) in rows:
                        state = store.decode_state(kind, body)
                        policy: Any = pipeline.book.at(state.place, pipeline.today) if pipeline.today else None
                        of_state = [
                            OpenTask(kind.kind, state.id, state.place, task)
                            for task in (state.tasks(policy) if policy or not kind.needs_policy else ())
                            if role in (None, task.role)
                        ]
                        found += [task.told(policy) for task in of_state] if words else of_state
                        if len(found) >= limit:
                            return found
        return found

    return tasks


def _journals(pipeline: Pipeline) -> list[Any]:
    tables, engine = pipeline.tables, pipeline.engine

    @get("/v1/journal/{about:str}", tags=["queries"], media_type=MediaType.JSON, opt={"answers": list[Envelope]})
    async def journal(request: Request[Any, Any, Any], about: FromPath[str]) -> Response[bytes]:
        """What this service decided about one village, as CloudEvents in order; what is sealed only for operators."""
        outbox = tables.outbox
        async with engine.connect() as conn:
            about = await id_by_code(conn, tables, about)
        found = select(outbox.c.body).where(outbox.c.about == about)
        if not is_operator(request):
            found = found.where(outbox.c.sealed.is_(False))
        return await _array(engine, found.order_by(outbox.c.position))

    @get("/v1/journal", tags=["queries"])
    async def journal_page(
        after: Annotated[int, QueryParameter(ge=0, le=BIGGEST)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = PAGE,
        type: FromQuery[list[str] | None] = None,
    ) -> list[Entry]:
        """The open events that this service decided, in the order in which it published them, after a position.

        A subscriber whose stream was purged or made anew reads here what it missed; ids tell what it knows already.
        Less than `limit` means the end. `type` may be given several times.
        """
        return await _page(pipeline, after, limit, type, sealed=False)

    return [journal, journal_page]


def _accounts(pipeline: Pipeline) -> list[Any]:
    """By what a service's content, and what it says, is checked."""

    @get("/v1/digest", tags=["operations"])
    async def digest() -> dict[str, str]:
        """SHA-256 over the business content of each table: equal for runs that decided the same."""
        async with pipeline.engine.connect() as conn:
            return await store.digest(conn, pipeline.tables)

    @get("/schemas/{file:str}", tags=["contracts"])
    async def schema(file: FromPath[str]) -> dict[str, Any]:
        """The JSON Schema of an event's data: the address in `dataschema`."""
        event = EVENTS.get(file.removesuffix(".json"))
        if event is None:
            raise Refused("contract", f"没有事件类型 {file}", f"there is no event type {file}", status=404)
        return json_schema(event, event.type, pipeline.schemas)

    return [digest, schema]


def _recovery(pipeline: Pipeline, lost: Callable[[], Mapping[str, tuple[int, int]]]) -> list[Any]:
    """What `zhucun recover` asks for. Only operators may: it shows sealed events, and what it hands in is believed."""

    @get("/v1/recovery/journal", tags=["operations"], guards=[require_operator])
    async def journal(
        stream: FromQuery[str],
        type: FromQuery[list[str]],
        after: Annotated[int, QueryParameter(ge=0, le=BIGGEST)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = PAGE,
    ) -> list[Entry]:
        """What this service published to a stream, of the types that the service hears which is to be recovered."""
        return await _page(pipeline, after, limit, type, sealed=stream == SEALED)

    @post(
        "/v1/recovery",
        tags=["operations"],
        status_code=204,
        guards=[require_operator],
        request_max_body_size=LARGEST_RECOVERY,
        opt={"takes": Entry},
    )
    async def take(request: Request[Any, Any, Any], stream: FromQuery[str]) -> None:
        """Take events from other services' journals as if the stream had delivered them; known ones change nothing.

        The body is an array of entries as journals give them.
        """
        try:
            entries = msgspec.json.decode(await request.body(), type=list[Entry])
        except msgspec.DecodeError as error:
            raise ClientException(str(error)) from error
        await recover(pipeline, stream, [(entry.subject, bytes(entry.event)) for entry in entries])

    @post("/v1/recovery/end", tags=["operations"], status_code=204, guards=[require_operator], opt={"refuses": (409,)})
    async def end(stream: FromQuery[str], through: Annotated[int, QueryParameter(ge=0, le=BIGGEST)]) -> None:
        """Go on reading behind the last lost message, now that all of the journals was handed in."""
        if stream not in lost() or through > lost()[stream][1]:
            raise Refused(
                "recovery", f"{stream} 没有丢失到 {through}", f"{stream} has not lost anything up to {through}"
            )
        await recovered(pipeline, stream, through)

    return [journal, take, end]


async def id_by_code(conn: AsyncConnection, tables: Tables, id: str) -> str:
    """The id itself, or that of the village which has this as another of its codes."""
    if (codes := tables.states.get(Code)) is None:
        return id
    body = (await conn.execute(select(codes.c.body).where(codes.c.id == id))).scalar()
    return msgspec.json.decode(body, type=Code).village if body else id


async def _array(
    engine: AsyncEngine, bodies: Select[Any], shown: Callable[[str], str] | None = None
) -> Response[bytes]:
    """What a column of JSON says, as an array. It is read in parts, so that others have their turn between them."""
    parts: list[bytes] = []
    async with engine.connect() as conn, conn.stream(bodies) as rows:
        async for part in rows.partitions(SMOOTH):
            texts = [body for (body,) in part]
            parts.append(",".join(map(shown, texts) if shown else texts).encode())
            await asyncio.sleep(0)
    return Response(b"[" + b",".join(parts) + b"]", media_type=MediaType.JSON)


async def _page(
    pipeline: Pipeline, after: int, limit: int, types: Sequence[str] | None, *, sealed: bool
) -> list[Entry]:
    outbox = pipeline.tables.outbox
    found = select(outbox.c.position, outbox.c.subject, outbox.c.body).where(
        outbox.c.position > after, outbox.c.sealed == sealed
    )
    if types is not None:
        found = found.where(outbox.c.type.in_(types))
    async with pipeline.engine.connect() as conn:
        rows = await conn.execute(found.order_by(outbox.c.position).limit(limit))
        return [Entry(position, subject, msgspec.Raw(body.encode())) for position, subject, body in rows]


def within(table: Table, place: str) -> Iterable[ColumnElement[bool]]:
    """Whether a state lies in the division with this prefix; by comparison, since LIKE would read the whole table."""
    if len(place) == 6:
        yield table.c.place == place
    elif place:
        yield table.c.place.between(place.ljust(6, "0"), place.ljust(6, "9"))


def _states(engine: AsyncEngine, tables: Tables, state: type[State], table: Table) -> list[Any]:
    """The queries of one kind of state: a list, a single one, and how many stand where."""
    kind = state.kind

    def shown(request: Request[Any, Any, Any]) -> Callable[[str], str] | None:
        """What turns a kept state into what may be read of it; None where nothing in it is secret."""
        if state.shown is State.shown:
            return None
        to_operator = is_operator(request)

        def told(body: str) -> str:
            if state.hides not in body:  # Nothing is secret in most, and these are not decoded.
                return body
            return encode_state(store.decode_state(state, body).shown(to_operator=to_operator)).decode()

        return told

    guards: list[Guard] = [require_operator] if state.personal else []

    @get(
        f"/v1/{kind}",
        tags=["queries"],
        media_type=MediaType.JSON,
        name=kind,
        opt={"answers": list.__class_getitem__(state)},
        guards=guards,
    )
    async def listing(
        request: Request[Any, Any, Any],
        place: PlaceQuery = "",
        status: FromQuery[str] = "",
        after: FromQuery[str] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 500,
    ) -> Response[bytes]:
        """States in order of id after a given id, by division prefix and status."""
        found = select(table.c.body).where(table.c.id > after, *within(table, place))
        if status:
            found = found.where(table.c.status == status)
        return await _array(engine, found.order_by(table.c.id).limit(limit), shown(request))

    @get(
        f"/v1/{kind}/{{id:path}}",
        tags=["queries"],
        media_type=MediaType.JSON,
        name=f"one of {kind}",
        opt={"answers": state},
        guards=guards,
    )
    async def one(request: Request[Any, Any, Any], id: FromPath[str]) -> Response[bytes]:
        """One state by its id."""
        id = id.lstrip("/")
        async with engine.connect() as conn:
            body = (await conn.execute(select(table.c.body).where(table.c.id == id))).scalar()
            if body is None and (alias := await id_by_code(conn, tables, id)) != id:
                body = (await conn.execute(select(table.c.body).where(table.c.id == alias))).scalar()
        if body is None:
            raise Refused("identity", f"查无 {id}，请核对编号", f"there is no {id} among the {kind}", status=404)
        hiding = shown(request)
        return Response((hiding(body) if hiding else body).encode(), media_type=MediaType.JSON)

    @get(f"/v1/summary/{kind}", tags=["queries"], name=f"summary of {kind}")
    async def summary() -> dict[str, int]:
        """How many stand in each status."""
        async with engine.connect() as conn:
            counts = select(table.c.status, func.count()).group_by(table.c.status)
            return {row[0]: row[1] for row in await conn.execute(counts)}

    return [listing, one, summary]
