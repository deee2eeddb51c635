"""A service's OpenAPI document. The framework makes it from the routes; here is added what it cannot know."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin, SwaggerRenderPlugin
from litestar.response import Stream

from shared.web.documents import REFUSALS, plain
from shared.web.identity import asked_of
from shared.web.problems import PROBLEM, Problem
from shared.web.strict import LARGEST_BODY, MOST_COMMANDS, VILLAGE, spelling
from shared.web.token import BODIES_HEADER

_SCHEMAS = "#/components/schemas/{name}"
_EVERYWHERE = (400, 405, 431, 503)
"""Status codes that any address may answer: unknown parameter, wrong method, long headers, database away."""


_TOLD = {401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After"}
"""Status codes whose answers have a header of their own, with its name."""


def document(app: Litestar) -> dict[str, Any]:
    """The OpenAPI document of a service, as it is served."""
    document = app.openapi_schema.to_schema()
    operations = [*_operations(app, document)]
    types: dict[str, Any] = {"problem": Problem}
    for handler, operation in operations:
        name = operation["operationId"]
        if taken := handler.opt.get("command") or handler.opt.get("takes"):
            types[f"{name} takes"] = taken
        if (answer := _answer(handler)) is not None:
            types[f"{name} answers"] = answer
    schemas, components = msgspec.json.schema_components([*types.values()], ref_template=_SCHEMAS)
    of = dict(zip(types, map(plain, schemas), strict=True))
    taken = {name for title, schema in of.items() if title.endswith(" takes") for name in _named(schema, components)}
    for name in taken:
        components[name]["additionalProperties"] = False  # Unknown fields inside a command are refused, too.
    for handler, operation in operations:
        _complete(handler, operation, of)
    document["components"] = {
        "schemas": plain(components),
        "securitySchemes": {
            "operator": {"type": "http", "scheme": "bearer", "description": "运维令牌 / an operator's token"},
            "person": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "本人的访问令牌，服务配有 ZHUCUN_ISSUERS 时须出示 / a person's access token, "
                "which is asked for where the service has ZHUCUN_ISSUERS",
            },
            "bodies": {
                "type": "apiKey",
                "in": "header",
                "name": BODIES_HEADER,
                "description": "抽签部门的令牌 / the token of a body that draws",
            },
        },
    }
    return document


def _operations(app: Litestar, document: Mapping[str, Any]) -> Iterator[tuple[HTTPRouteHandler, dict[str, Any]]]:
    for route in app.routes:
        path = document["paths"].get(getattr(route, "path_format", ""), {})
        for method, (handler, _) in getattr(route, "route_handler_map", {}).items():
            if method.lower() in path:
                yield handler, path[method.lower()]


def _answer(handler: HTTPRouteHandler) -> Any:
    """The type of a route's answer; None for a file or an empty answer."""
    answer = handler.opt.get("answers") or handler.parsed_fn_signature.return_type.raw
    return None if answer in (Stream, None, type(None)) or getattr(answer, "__origin__", None) is Response else answer


def _complete(handler: HTTPRouteHandler, operation: dict[str, Any], of: Mapping[str, Any]) -> None:
    name, content = operation["operationId"], operation["responses"]
    for parameter in operation.get("parameters", ()):
        spelt = spelling(handler, parameter["name"])
        parameter["schema"] = spelt | parameter["schema"] | {key: spelt[key] for key in spelt if key == "items"}
        if parameter["in"] == "header":  # A header that is left out is not null.
            parameter["schema"] = {"type": "string"} | {k: v for k, v in parameter["schema"].items() if k != "oneOf"}
    statuses = {*_EVERYWHERE, *handler.opt.get("refuses", ())}
    named = {one["name"] for one in operation.get("parameters", ())}
    if f"{name} takes" in of or named & {"place", "village"} or VILLAGE in handler.paths:
        statuses.add(421)
    if "{" in "".join(handler.paths):
        statuses.add(404)
    if (asks := asked_of(handler)).where != "public":
        statuses |= {401, 403} if asks.where == "operator" else {401, 403, 429}
        others: list[Any] = (
            [] if asks.where == "operator" else [{}, {"person": []}]
        )  # Without issuers, no token is asked for.
        operation["security"] = [{"operator": []}, *others]
    if f"{name} takes" in of:
        statuses |= {404, 408, 409, 413, 415, 422}
        rows: dict[str, Any] = {"type": "array", "items": of[f"{name} takes"]}
        if at_once := getattr(handler.opt.get("command") or handler.opt["takes"], "at_once", None):
            rows["maxItems"] = at_once
        most = rows.get("maxItems", MOST_COMMANDS)
        told = f"命令的列表，最多 {most} 条、{LARGEST_BODY // 2**20} MiB / commands, at most so many and so large"
        operation["requestBody"] = {
            "required": True,
            "description": told,
            "content": {"application/json": {"schema": rows}},
        }
    elif "requestBody" in operation:
        statuses |= {408, 409, 413, 415, 422}
    if f"{name} answers" in of:
        success = content[str(handler.status_code)]
        success["content"] = {"application/json": {"schema": of[f"{name} answers"]}}
    for status in sorted(statuses - {int(told) for told in content if told != "400"}):
        content[str(status)] = {
            "description": REFUSALS[status],
            "content": {PROBLEM: {"schema": of["problem"]}},
            **({"headers": {_TOLD[status]: {"schema": {"type": "string"}}}} if status in _TOLD else {}),
        }


def _named(schema: Any, components: Mapping[str, Any], known: frozenset[str] = frozenset()) -> set[str]:
    """The names of all components that a schema refers to, also indirectly."""
    names = {reference.rsplit("/", 1)[-1] for reference in re.findall(r"'\$ref': '([^']+)'", repr(schema))} - known
    return names.union(*(_named(components[name], components, known | names) for name in names))


class Page(SwaggerRenderPlugin):
    """The documentation page for people, at `/docs`."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page with the completed document in it."""
        return super().render(request, document(request.app))


class File(JsonRenderPlugin):
    """The document as JSON, for programs."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The completed document."""
        return super().render(request, document(request.app))
