"""The OpenAPI document of a process without the framework, made from the `says` of each of its handlers."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from importlib.metadata import version
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from shared.web.serving import PROBLEM

REFUSALS: Final = {
    400: "请求格式有误，见“errors”中的行号和字段 / the request does not fit; errors names row and field",
    401: "须出示令牌 / a token is asked for",
    403: "无此权限 / there is no right to it",
    404: "所指的对象不存在 / what it is about does not exist",
    405: "此地址不接受这种方法 / this address does not take this method",
    408: "请求迟迟没有发完 / the request was not sent in time",
    409: "当前状态不允许 / the state does not allow it now",
    412: "查看之后已有变动 / it has changed since it was seen",
    413: "请求过大，请分批提交 / the request is too large; send it in parts",
    415: "请求的内容类型不对 / the request is of another media type",
    421: "该区划由另一副本分管 / another replica has this division",
    422: "内容有误 / what was said is wrong in itself",
    429: "请求过于频繁 / too many requests",
    431: "请求头过长 / the headers are too long",
    503: "暂不可用，请用同一请求编号重试 / not available now; try again with the same key",
}
"""The status codes of refusals, each with its description in a document."""
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
LINES: Final = "application/jsonl"
HTML: Final = "text/html"
LONGEST_NAME: Final = 64
"""The most characters of what stands in a path in place of `{name}`."""
Number = Annotated[int, Meta(ge=0, lt=10**15)]
"""A position in a log, as a parameter of a query."""
_SCHEMAS: Final = "#/components/schemas/{name}"
_NAME: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
_EVERYWHERE: Final = (400, 405, 413, 431, 503)
Handler = TypeVar("Handler", bound=Callable[..., Any])


class Fault(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What is wrong, by which rule, in both languages; `field` names what to correct, if it is one thing."""

    rule: str
    zh: str
    en: str
    row: int
    field: str = ""


class Problem(msgspec.Struct, kw_only=True):
    """A refusal by RFC 9457, in the form in which the four services refuse."""

    title: str
    status: int
    detail: str
    errors: list[Fault]


class Says(msgspec.Struct, frozen=True, kw_only=True):
    """What an address takes and answers."""

    takes: Any = None
    """The type of its body in JSON."""
    fields: Collection[str] = ()
    """The fields of its body as a form, each of which may be left out."""
    query: Mapping[str, Any] | None = msgspec.field(default_factory=dict)
    """The parameters that it takes, each of which may be left out. None if it ignores all others, as RFC 6749 (3.1)
    demands."""
    answers: Any = None
    """The type of its answer in JSON."""
    media: Collection[str] = (JSON,)
    """The media types of its answer."""
    status: int = 200
    asks: bool = True
    """Whether it asks for a token."""
    also: Mapping[int, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    """Further answers that are no problem+json: by status and media type the type of the answer, if it is JSON."""


def says(**of: Any) -> Callable[[Handler], Handler]:
    """Say beside a handler what its address takes and answers (see `Says`)."""

    def said(handle: Handler) -> Handler:
        handle.says = Says(**of)  # type: ignore[attr-defined]
        return handle

    return said


def document(title: str, routes: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    """The document of all addresses whose handlers say what they take."""
    told = {at: handle.says for at, handle in routes.items() if hasattr(handle, "says")}
    types = [Problem, *_types(told.values())]
    schemas, components = msgspec.json.schema_components(types, ref_template=_SCHEMAS)
    of = dict(zip(map(repr, types), map(plain, schemas), strict=True))
    paths: dict[str, Any] = {}
    for (method, path), said in told.items():
        words = " ".join((routes[method, path].__doc__ or "").split())
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, said, words, of)
    operator = {"type": "http", "scheme": "bearer", "description": "令牌 / a token"}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version("zhucun")},
        "paths": paths,
        "components": {"schemas": plain(components), "securitySchemes": {"token": operator}},
    }


def _types(told: Collection[Says]) -> Iterator[Any]:
    for said in told:
        yield from (type for type in (said.takes, said.answers, *(said.query or {}).values()) if type is not None)
        yield from (type for answer in said.also.values() for type in answer.values() if type is not None)


def _operation(method: str, path: str, said: Says, words: str, of: Mapping[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _NAME} for name in re.findall(r"{(\w+)}", path)
    ]
    parameters += [{"name": name, "in": "query", "schema": of[repr(type)]} for name, type in (said.query or {}).items()]
    statuses = {*_EVERYWHERE, *([404] if "{" in path else []), *([401, 403, 429] if said.asks else [])}
    body = {JSON: {"schema": of[repr(said.takes)]}} if said.takes else {}
    if said.fields:
        body[FORM] = {"schema": {"type": "object", "properties": {name: {"type": "string"} for name in said.fields}}}
    if method != "GET":
        statuses |= {404, 409, 422, *([408, 415] if body else [])}
    answers: dict[str, Any] = {
        str(status): {"description": REFUSALS[status], "content": {PROBLEM: {"schema": of[repr(Problem)]}}}
        for status in sorted(statuses)
    }
    for status, answer in said.also.items():
        content = {media: {"schema": of[repr(type)]} if type else {} for media, type in answer.items()}
        answers[str(status)] = {"description": REFUSALS.get(status, words), "content": content}
    schema = {"schema": of[repr(said.answers)]} if said.answers else {}
    answers[str(said.status)] = {
        "description": words,
        "content": {media: schema if media == JSON else {} for media in said.media},
    }
    return {
        "operationId": f"{method} {path}",
        "summary": words,
        "parameters": parameters,
        "responses": answers,
        **({"requestBody": {"required": True, "content": body}} if body else {}),
        **({"security": [{"token": []}]} if said.asks else {}),
    }


def plain(schema: Any) -> Any:
    """A schema for OpenAPI, whose patterns lose the range of lone surrogates, which cannot occur in JSON text."""
    if isinstance(schema, dict):
        return {
            key: re.sub(r"\\ud800-\\udfff", "", value) if key == "pattern" and isinstance(value, str) else plain(value)
            for key, value in schema.items()
        }
    return [*map(plain, schema)] if isinstance(schema, (list, tuple)) else schema
