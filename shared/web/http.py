"""Commands and queries over HTTP, the same for every service: OpenAPI, Idempotency-Key, problem+json, health."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import Litestar, Request, get, post
from litestar.datastructures import State as AppState
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody
from litestar.static_files import create_static_files_router

from shared.contracts import EVENTS, Command, json_schema
from shared.contracts.values import Role
from shared.engine import store
from shared.engine.commands import submit
from shared.engine.people import People
from shared.engine.pipeline import Pipeline
from shared.engine.requests import IDEMPOTENCY_KEY, RequestRefused, request_key
from shared.rules import Refused
from shared.web import audited, states, tasks
from shared.web.changes import explained
from shared.web.feed import feed
from shared.web.identity import (
    KEEPERS,
    PUBLIC,
    acting,
    admit,
    caller,
    require_say,
)
from shared.web.issuers import Issuers
from shared.web.journals import journals, recovery
from shared.web.limits import Limits, guarded
from shared.web.openapi import File, Page
from shared.web.operations import operations
from shared.web.patience import patient
from shared.web.problems import HANDLERS, Fault, fault
from shared.web.readings import readings
from shared.web.snapshots import snapshots
from shared.web.strict import IF_MATCH, LARGEST_BODY, StrictRequest, expecting, strict

PUBLISHED_WITHIN = 2.0
"""Seconds that an answer waits for its events to be published. If it takes longer, they are published after it."""


class Route(NamedTuple):
    """A command and its address: POST /v1/<path> takes a JSON array of these commands."""

    path: str
    command: type[Command]
    zh: str
    en: str
    by: tuple[Role, ...] = ()
    """The roles that may say it, in a division that contains its place; none if the command itself names its `body`."""
    concerns: tuple[str, ...] | None = None
    """Its fields that name those about whom it decides: cadres, a team by its village, or a `subject`. It is empty if
    only the states know them (`involves`), and None if it decides about nobody. Nobody decides about himself, his team
    or his unit (Civil Servant Law 76)."""

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
            *recovery(pipeline, lost),
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
        # The queries that a service adds use these as well.
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
    """Submit the commands of a request in its caller's name. Returns the answer."""
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
    """The queries that every service has: states, tasks, journal, feed, snapshots, digests and contracts."""
    kinds = pipeline.tables.states.items()
    return [
        *tasks.queries(pipeline),
        *journals(pipeline),
        feed(pipeline, stopping),
        snapshots(pipeline),
        *_accounts(pipeline),
        *(handler for kind, table in kinds for handler in states.queries(pipeline, kind, table)),
    ]


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
