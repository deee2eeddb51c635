"""Commands and queries over HTTP, the same for every service: OpenAPI, Idempotency-Key, problem+json, health."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self, cast

import msgspec
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.exceptions import ClientException
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from litestar.static_files import create_static_files_router
from sqlalchemy import Select, Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts import EVENTS, Command, Envelope, json_schema
from shared.contracts.values import OWN, Role
from shared.engine import store
from shared.engine.commands import submit
from shared.engine.outbox import PAGE
from shared.engine.people import People
from shared.engine.pipeline import Pipeline
from shared.engine.replay import recover, recovered
from shared.engine.requests import IDEMPOTENCY_KEY, RequestRefused, request_key
from shared.engine.versions import written
from shared.labels import Both, awaited, basis, in_words
from shared.policy import Policy
from shared.rules import Refused, State, Task
from shared.stream.bus import SEALED
from shared.web import audited, masking
from shared.web.changes import explained
from shared.web.feed import feed
from shared.web.identity import (
    KEEPERS,
    PERSONAL,
    PLACE,
    PUBLIC,
    READERS,
    TOLD,
    Asks,
    Caller,
    acting,
    admit,
    caller,
    in_all,
    in_which,
    not_his,
    require_reach,
    require_say,
    sees,
    tells_of,
)
from shared.web.issuers import Issuers
from shared.web.limits import Limits, guarded
from shared.web.openapi import File, Page
from shared.web.operations import because, operations
from shared.web.patience import patient
from shared.web.places import PlaceQuery, codes_now, told_in, within
from shared.web.problems import HANDLERS, Fault, fault
from shared.web.readings import readings
from shared.web.snapshots import snapshots
from shared.web.strict import BIGGEST, IF_MATCH, LARGEST_BODY, StrictRequest, expecting, strict

PUBLISHED_WITHIN = 2.0
"""Seconds that an answer waits for its events to be published. If it takes longer, they are published after it."""
LARGEST_PAGE = 1000
"""The most entries of a journal, or tasks, in one answer."""
LARGEST_LIST = 10_000
"""The most states in one answer."""
LARGEST_RECOVERY = 512 * 2**20
"""The most bytes of a page of a journal handed in for recovery: each entry may be as large as a NATS message."""
SMOOTH = 200
"""Rows that are encoded without a pause: a few milliseconds, in which no other request is answered."""


class Route(NamedTuple):
    """A command and its address: POST /v1/<path> takes a JSON array of these commands."""

    path: str
    command: type[Command]
    zh: str
    en: str
    by: tuple[Role, ...] = ()
    """The roles that may say it, in a division that contains its place; none if the command names its `body` itself."""
    concerns: tuple[str, ...] | None = None
    """Its fields that name about whom it decides: cadres, a team by its village, or a `subject`. It is empty where only
    the states know whom (`involves`), and None if it decides about nobody. Nobody decides about himself, his team or
    his unit (Civil Servant Law 76)."""

    @property
    def decides(self) -> bool:
        """Whether it decides about somebody."""
        return self.concerns is not None


class Accepted(msgspec.Struct, omit_defaults=True):
    """The answer to a request: the business day, how many commands were applied, and how many changed nothing.

    `events` has, for each command, the types of the events that it caused. `refused` is filled only if the request
    asked to apply the good commands and leave the others out.
    """

    today: date
    applied: int
    events: list[list[str]]
    unchanged: int = 0
    refused: list[Fault] = []
    dry_run: bool = False


class InWords(msgspec.Struct, frozen=True):
    """A task in words, each part in Chinese and English."""

    by: Both
    """Who has to do it: the role, and the cadres whose duty it is, where it is that of single cadres."""
    about: Both
    """What it concerns: a village with its code, a campaign with its day and kind."""
    detail: Both
    """What distinguishes it from other tasks about the same thing: 2015年度工作台账."""
    basis: Both
    """The law or the region's document that demands it; empty if only the system does."""


class OpenTask(msgspec.Struct, omit_defaults=True):
    """A task, with the kind and id of the state that it belongs to."""

    kind: str
    id: str
    place: str
    task: Task
    words: InWords | None = None
    """Only if it is asked for."""
    version: str = ""
    """The version of the state, for `expects` or `If-Match` of the answer. Only if it is asked for."""

    def told(self, policy: Policy | None, names: Mapping[str, str]) -> Self:
        """The same task with `words`; a region's own words come first. `names` has the villages' names by id."""
        task = self.task
        (zh, en), whom = in_words("by", task.role, policy), task.whom
        by = (f"{zh}（{'、'.join(whom)}）", f"{en} ({', '.join(whom)})") if whom else (zh, en)
        about, detail = awaited(task.about, task.answer, task.detail, policy)
        if name := names.get(task.about):
            about = f"{name}（{about[0]}）", f"{name} ({about[1]})"
        words = InWords(by, about, detail, basis(task.rule, policy))
        return msgspec.structs.replace(self, words=words)


def following(page: Sequence[OpenTask]) -> str:
    """The value of `after` for the next page of tasks; empty if this was the last page."""
    return f"{page[-1].kind}/{page[-1].id}" if len(page) >= LARGEST_PAGE else ""


class _Placed(msgspec.Struct):
    id: str
    place: str


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One event in a service's journal: its position, the NATS subject it was published on, and the CloudEvent."""

    position: int
    subject: str
    event: msgspec.Raw


async def published_soon(pipeline: Pipeline, position: int) -> None:
    """Wait until the outbox is published up to a position, but for `PUBLISHED_WITHIN` seconds at most."""
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
    issuers: Issuers | None = None,
    limits: Limits | None = None,
) -> Litestar:
    """The HTTP application of a service. `secret` is the installation's, for tokens and the seals of forms.

    `lost` returns, for each stream that removed messages before they were read, their first and last sequence.
    Without `issuers` nobody is asked who he is.
    """
    name, stopping = pipeline.service.name, asyncio.Event()
    pipeline.wiring.secret = secret
    people = People(pipeline.engine, pipeline.tables.people, pipeline.writing)
    return Litestar(
        route_handlers=[
            *(_command(pipeline, route) for route in commands),
            *_common(pipeline, stopping),
            *operations(pipeline, health, lost),
            *_recovery(pipeline, lost),
            *audited.reading(pipeline.audit, people),
            readings(pipeline),
            *queries,
            create_static_files_router("/docs-assets", [_swagger()]),
        ],
        exception_handlers=HANDLERS,
        guards=[admit],
        middleware=[*([audited.audited(pipeline.audit, people)] if issuers else []), patient],
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
                    favicon="<link rel='icon' href='data:,'>",  # An empty icon: the page loads nothing from outside.
                ),
                File(),
            ],
            use_handler_docstrings=True,
        ),
        logging_config=None,
        # Also for queries that a service adds.
        state=AppState(
            {
                "pipeline": pipeline,
                "secret": secret,
                "stopping": stopping,
                "issuers": issuers,
                "limits": limits or Limits(),
                "speakers": {route.command: route.by for route in commands},
                "routes": {route.path: route for route in commands},
                "paths": {route.command: route.path for route in commands},
                "decisions": {route.path: route.concerns for route in commands if route.concerns is not None},
            }
        ),
        request_max_body_size=LARGEST_BODY,
        before_send=[guarded],
    )


async def said(
    request: Request[Any, Any, Any],
    pipeline: Pipeline,
    route: Route,
    commands: Sequence[Command],
    key: str,
    *,
    dry_run: bool = False,
    keep_good: bool = False,
) -> Accepted:
    """The answer to commands that the caller of a request says."""
    require_say(request, commands)
    who = caller(request)
    asked = partial(submit, pipeline, request_key(route.path, who.sender, key), commands, actor=acting(request))
    try:
        answer, refused = await asked(dry_run=dry_run, keep_good=keep_good)
    except RequestRefused as error:
        raise RequestRefused(await explained(pipeline, who, commands, error.refused)) from error
    refused = await explained(pipeline, who, commands, refused)
    await published_soon(pipeline, pipeline.written)
    faults = [fault(row, error) for row, error in sorted(refused.items())]
    effects = zip(answer.effects, answer.events, strict=True)
    unchanged = sum(effect == "unchanged" and not events for effect, events in effects)
    return Accepted(answer.today, answer.applied - unchanged, answer.events, unchanged, faults, dry_run)


def _swagger() -> Path:
    """The folder with the scripts of the documentation page. Their package is not imported: that takes 0.17 s."""
    spec = find_spec("swagger_ui")
    assert spec and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "static"


def _command(pipeline: Pipeline, route: Route) -> Any:
    """The handler of one command. The type of its body is set from `route`, so that OpenAPI can describe it."""

    async def handler(
        request: Request[Any, Any, Any],
        data: Any,
        key: Annotated[str, HeaderParameter(name=IDEMPOTENCY_KEY, min_length=8, max_length=180)],
        seen: Annotated[str | None, HeaderParameter(name=IF_MATCH, required=False)] = None,
        dry_run: FromQuery[bool] = False,
        keep_good: FromQuery[bool] = False,
    ) -> Accepted:
        return await said(request, pipeline, route, expecting(seen, data), key, dry_run=dry_run, keep_good=keep_good)

    handler.__annotations__["data"] = JSONBody[list[route.command]]  # type: ignore[name-defined]
    handler.__name__ = "post_" + route.path.replace("-", "_")
    return post(
        f"/v1/{route.path}",
        summary=f"{route.zh} · {route.en}",
        description=(route.command.__doc__ or "").strip(),
        status_code=200,
        tags=["commands"],
        opt={"command": route.command, "refuses": (401, 403, 412)},
    )(handler)


def _common(pipeline: Pipeline, stopping: asyncio.Event) -> list[Any]:
    """The queries that every service has: states, tasks, journal, feed, digests and contracts."""
    states = pipeline.tables.states.items()
    return [
        _tasks(pipeline), *_journals(pipeline), feed(pipeline, stopping), snapshots(pipeline), *_accounts(pipeline),
        *(handler for kind, table in states for handler in _states(pipeline, kind, table)),
    ]  # fmt: skip


async def waiting(
    pipeline: Pipeline, place: str, *, to: Caller, after: str = "", enough: Callable[[], bool] = lambda: False
) -> AsyncGenerator[tuple[State, Policy | None], None]:
    """The states of a division that wait for somebody, each with its pack in force, in order of kind and id.

    Those about persons are left out where nobody is asked who he is. They begin after the `kind/id` given as `after`,
    and end as soon as there are `enough`: rows that are left open half-way cannot be closed safely from outside.
    """
    # A kind that never awaits anything, such as cadres, may have millions of states: its table is not searched.
    waits = {kind: table for kind, table in pipeline.tables.states.items() if kind.awaits is not State.awaits}
    first, _, last = after.partition("/")
    async with pipeline.engine.connect() as conn:
        for kind, table in sorted(waits.items(), key=lambda item: item[0].kind):
            if kind.kind < first or (kind.personal and to.is_anybody):
                continue
            behind = table.c.id > (last if kind.kind == first else "")
            found = select(table.c.body).where(table.c.awaits, behind, *within(table, place)).order_by(table.c.id)
            async with conn.stream(found) as rows, aclosing(cast("Any", rows.partitions(SMOOTH))) as parts:
                async for part in parts:
                    for (body,) in part:
                        state = store.decode_state(kind, body)
                        yield state, pipeline.book.at(state.place, pipeline.today) if pipeline.today else None
                        if enough():
                            return
                    await asyncio.sleep(0)  # Other requests get their turn.


def _tasks(pipeline: Pipeline) -> Any:
    @get("/v1/tasks", tags=["queries"], opt={"asks": PLACE})
    async def tasks(
        request: Request[Any, Any, Any],
        place: PlaceQuery = "",
        role: FromQuery[Role | None] = None,
        about: FromQuery[str] = "",
        after: FromQuery[str] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE,
        words: FromQuery[bool] = False,
        versions: FromQuery[bool] = False,
    ) -> list[OpenTask]:
        """What people have to do: the lines of an officer's day page. `place` is a prefix of the division, `about` what
        a task is about, such as a village, its team or a unit.

        With `words`, each task says in Chinese and English what it is about and by which document; with `versions`, in
        which version its state was, so that who answers it is told if somebody else did meanwhile. Tasks about persons
        are shown to who has them to do, and to operators; decisions about the caller himself, or his own, to others.
        What another unit, team, village or township has to do is not shown to who acts in the same role for his own.
        Tasks come in order of kind and id, after the `kind/id` given as `after`. Tasks of one state stay together, so
        there may be more than `limit`. Fewer than `limit` means the end.
        """
        found: list[tuple[OpenTask, Policy | None]] = []
        policy: Any
        who, position = caller(request), pipeline.written
        states = waiting(pipeline, place, to=who, after=after, enough=lambda: len(found) >= limit)
        code_now = await codes_now(pipeline, place, who)
        async for state, policy in states:
            seen = written(state, position, pipeline.wiring.secret, to_operator=who.is_operator) if versions else ""
            found += [
                (OpenTask(state.kind, state.id, state.place, task, version=seen), policy)
                for task in (state.tasks(policy) if policy or not state.needs_policy else ())
                if role in (None, task.role)
                and sees(who, state, task, request.app.state.decisions, code_now)
                and about in ("", task.about, task.answer.get("village"), task.answer.get("subject"))
            ]
        personal = {kind.kind for kind in pipeline.tables.states if kind.personal}
        tells_of(request, (f"{task.kind}/{task.id}" for task, _ in found if task.kind in personal))
        if not words:
            return [task for task, _ in found]
        async with pipeline.engine.connect() as conn:
            names = await store.names(conn, pipeline.tables, (task.task.about for task, _ in found))
        return [task.told(policy, names) for task, policy in found]

    return tasks


def _journals(pipeline: Pipeline) -> list[Any]:
    tables, engine = pipeline.tables, pipeline.engine

    @get(
        "/v1/journal/{about:str}",
        tags=["queries"],
        media_type=MediaType.JSON,
        opt={"answers": list[Envelope], "asks": TOLD},
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
        return await _array(engine, found.order_by(outbox.c.position))

    @get("/v1/journal", tags=["queries"], opt={"asks": TOLD})
    async def journal_page(
        request: Request[Any, Any, Any],
        after: Annotated[int, QueryParameter(ge=0, le=BIGGEST)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = PAGE,
        type: FromQuery[list[str] | None] = None,
    ) -> list[Entry]:
        """The open events that this service decided, after a position, in the order in which it published them: those
        from the caller's divisions.

        A subscriber whose stream was purged or made anew reads here what it missed, and drops the ids that it knows.
        Fewer than `limit` means the end. `type` may be given several times.
        """
        divisions = caller(request).divisions(READERS)
        return await _page(pipeline, after, limit, type, sealed=False, below=divisions)

    return [journal, journal_page]


def _accounts(pipeline: Pipeline) -> list[Any]:
    """Queries for checking a service: digests of its data, and the schemas of its events."""

    @get("/v1/digest", tags=["operations"], opt={"asks": KEEPERS})
    async def digest() -> dict[str, str]:
        """A digest (SHA-256) of the business content of each table.

        Runs with the same decisions have the same digests.
        """
        async with pipeline.engine.connect() as conn:
            return await store.digest(conn, pipeline.tables)

    @get("/schemas/{file:str}", tags=["contracts"], opt={"asks": PUBLIC})
    async def schema(file: FromPath[str]) -> dict[str, Any]:
        """The JSON Schema of an event's data: the address in `dataschema`."""
        event = EVENTS.get(file.removesuffix(".json"))
        if event is None:
            raise Refused("contract", f"没有事件类型 {file}", f"there is no event type {file}", status=404)
        return json_schema(event, event.type, pipeline.schemas)

    return [digest, schema]


def _recovery(pipeline: Pipeline, lost: Callable[[], Mapping[str, tuple[int, int]]]) -> list[Any]:
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


async def _array(
    engine: AsyncEngine,
    bodies: Select[Any],
    shown: Callable[[str, str], str | None] | None = None,
    told: Callable[[Iterable[str]], None] = lambda _: None,
) -> Response[bytes]:
    """A column of JSON texts as one JSON array. It is read in parts, so that other requests get their turn.

    `shown` makes of a text and the last column, its id, what is told; None leaves it out. `told` is given the ids of
    those of whom the texts tell.
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


class _Shows(NamedTuple):
    """How states of a kind are shown to a caller in a division."""

    state: type[State]
    who: Caller
    is_reader: bool
    """Whether he reads secrets of this open kind, in the villages that are his."""
    his: Callable[[str], bool]
    """In which villages he is a reader."""

    def all_of(self, id: str) -> bool:
        """Whether he is shown the secrets of a state: operators, and the readers of an open kind."""
        return self.who.is_operator or (self.is_reader and self.his(id))

    @property
    def text(self) -> Callable[[str, str], str | None] | None:
        """A function that leaves secrets out of a stored state, and masks whom it names, or leaves it out as a whole
        where the kind is about persons and he reads of others; None if he is shown all as it is."""
        state, masks = self.state, bool(masking.fields(self.state))
        if state.shown is State.shown and (not masks or self.who.is_operator) and self.his is in_all:
            return None

        def text(body: str, id: str) -> str | None:
            if state.personal and not self.his(id):
                return None
            is_whole = self.all_of(id)
            body = store.shown(state, body, to_operator=is_whole)
            return masking.masked(state, body) if masks and not is_whole else body

        return text

    def told(self, request: Request[Any, Any, Any]) -> Callable[[Iterable[str]], None]:
        """A function that notes of whom he is told: of all of a kind about persons, of the secrets of another."""
        kind = self.state
        return lambda ids: tells_of(
            request, (f"{kind.kind}/{id}" for id in ids if kind.personal or (kind.readers and self.all_of(id)))
        )


async def _shows(pipeline: Pipeline, state: type[State], request: Request[Any, Any, Any], place: str) -> _Shows:
    """How states of a kind in a division are shown to who sent a request."""
    who = caller(request)
    is_reader = bool(state.readers) and not state.personal and not who.is_anybody and who.may(state.readers, place)
    if OWN.keys().isdisjoint(state.readers):
        return _Shows(state, who, is_reader, in_all)
    return _Shows(state, who, is_reader, in_which(who, state.readers, place, await codes_now(pipeline, place, who)))


def _states(pipeline: Pipeline, state: type[State], table: Table) -> list[Any]:
    """The queries of one kind of state: a list, a single state, and the number of states by status."""
    kind, engine, tables = state.kind, pipeline.engine, pipeline.tables

    shows = partial(_shows, pipeline, state)
    asks = Asks("place" if state.readers else "operator", state.readers) if state.personal else PLACE

    @get(
        f"/v1/{kind}",
        tags=["queries"],
        media_type=MediaType.JSON,
        name=kind,
        opt={"answers": list.__class_getitem__(state), "asks": asks, PERSONAL: state.personal},
        summary=" · ".join(state.known_as),
    )
    async def listing(
        request: Request[Any, Any, Any],
        place: PlaceQuery = "",
        status: FromQuery[str] = "",
        after: FromQuery[str] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_LIST)] = 500,
    ) -> Response[bytes]:
        """States in order of id, after a given id. They can be limited to a prefix of the division and to a status."""
        found = select(table.c.body, table.c.id).where(table.c.id > after, *within(table, place))
        if status:
            found = found.where(table.c.status == status)
        found = found.order_by(table.c.id).limit(limit)
        shown = await shows(request, place)
        return await _array(engine, found, shown.text, shown.told(request))

    @get(
        f"/v1/{kind}/{{id:path}}",
        tags=["queries"],
        media_type=MediaType.JSON,
        name=f"one of {kind}",
        opt={
            "answers": state,
            "asks": Asks("found", asks.roles) if asks.where == "place" else asks,
            PERSONAL: state.personal,
        },
        summary=" · ".join(state.known_as),
    )
    async def one(request: Request[Any, Any, Any], id: FromPath[str]) -> Response[bytes]:
        """One state by its id. The ETag is its version, for `If-Match` or `expects` of a command that changes it."""
        id, position = id.lstrip("/"), pipeline.written
        async with engine.connect() as conn:
            body = (await conn.execute(select(table.c.body).where(table.c.id == id))).scalar()
            if body is None and (alias := await store.id_by_code(conn, tables, id)) != id:
                body = (await conn.execute(select(table.c.body).where(table.c.id == alias))).scalar()
        if body is None:
            raise _none(state, id)
        found = msgspec.json.decode(body, type=_Placed)
        if asks.where == "place":
            require_reach(request, found.place, asks.roles)
        shown = await shows(request, found.place)
        if (text := shown.text(body, found.id) if shown.text else body) is None:
            raise not_his(found.id)
        shown.told(request)([found.id])
        seen = store.decode_state(state, body)
        version = written(seen, position, pipeline.wiring.secret, to_operator=shown.all_of(found.id))
        return Response(text.encode(), media_type=MediaType.JSON, headers={"ETag": f'"{version}"'})

    return [
        listing,
        one,
        _summary(engine, state, table),
        *([_unmasked(pipeline, state, table, asks.roles)] if masking.fields(state) else []),
    ]


def _summary(engine: AsyncEngine, state: type[State], table: Table) -> Any:
    """The query that counts the states of one kind."""

    @get(
        f"/v1/summary/{state.kind}",
        tags=["queries"],
        name=f"summary of {state.kind}",
        opt={"asks": PLACE},
        summary=" · ".join(state.known_as),
    )
    async def summary(place: PlaceQuery = "") -> dict[str, int]:
        """The number of states by status, in a division with this prefix."""
        counts = select(table.c.status, func.count()).where(*within(table, place)).group_by(table.c.status)
        async with engine.connect() as conn:
            return {row[0]: row[1] for row in await conn.execute(counts.order_by(table.c.status))}

    return summary


def _none(state: type[State], id: str) -> Refused:
    """The refusal of an id that no state of this kind has."""
    zh, en = state.known_as
    return Refused("identity", f"查无{zh}“{id}”，请核对编号", f"{en} {id!r} does not exist; check its id", status=404)


def _unmasked(pipeline: Pipeline, state: type[State], table: Table, readers: Collection[str]) -> Any:
    """The query that names one person, to who says what for."""

    @get(
        f"{audited.UNMASKED}{state.kind}/{{id:path}}",
        tags=["queries"],
        media_type=MediaType.JSON,
        name=f"one of {state.kind} by name",
        opt={"answers": state, "asks": Asks("found", readers), PERSONAL: True, "refuses": (403, 404, 422)},
        summary=" · ".join(state.known_as),
    )
    async def unmasked(
        request: Request[Any, Any, Any],
        id: FromPath[str],
        purpose: Annotated[str, QueryParameter(min_length=2, max_length=200)],
    ) -> Response[bytes]:
        """One person with the name and all else that lists show in part only. The audit log keeps who asked, and for
        which `purpose`: a line in words, such as 核对任职文件姓名."""
        because(purpose, "purpose")
        async with pipeline.engine.connect() as conn:
            body = (await conn.execute(select(table.c.body).where(table.c.id == id.lstrip("/")))).scalar()
        if body is None:
            raise _none(state, id)
        found = msgspec.json.decode(body, type=_Placed)
        require_reach(request, found.place, readers)
        tells_of(request, [f"{state.kind}/{found.id}"])
        if masking.is_named(state, body, purpose):  # The log would lead from the id to the name for ever.
            zh, en = "用途长期留存，不得写当事人的姓名，写明事由即可", "the log keeps the purpose: name nobody in it"
            raise Refused("schema", zh, en, field="purpose", status=422)
        whole = store.shown(state, body, to_operator=caller(request).is_operator)
        return Response(whole.encode(), media_type=MediaType.JSON)

    return unmasked
