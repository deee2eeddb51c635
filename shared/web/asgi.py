"""Requests and answers over ASGI for small processes, such as accounts and webhooks. The framework of the four services
would take 15 MiB of memory."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
import structlog
from sqlalchemy.exc import DBAPIError

from shared import secrecy
from shared.denied import Denied
from shared.secrecy import classified_in, may_be_classified
from shared.web.documents import FORM, JSON, LONGEST_NAME, Fault, Problem, Says, document
from shared.web.serving import PROBLEM

log = structlog.get_logger()
LONGEST: Final = 64 * 2**10
"""The most bytes of a request's body."""
HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
}
"""The headers of every answer, unless it says otherwise."""
T = TypeVar("T")
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""A NUL character in JSON. PostgreSQL takes none into a text."""


class Request:
    """One request."""

    def __init__(self, scope: Mapping[str, Any], body: bytes) -> None:
        """Raises Denied for a request that could be understood in two ways, such as one with two tokens."""
        if [name for name, _ in scope["headers"]].count(b"authorization") > 1:
            raise Denied("token", "令牌只能有一个", "there may be one token only", status=401)
        self.body = body
        self.headers: dict[str, str] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        self.query = _pairs(scope["query_string"].decode("latin-1"))
        self.address = str((scope.get("client") or ("",))[0])
        """The other side's network address. Headers of proxies are not believed, since anybody can send them."""
        self.name = ""
        """What stands in the path in place of `{name}`."""

    @property
    def media(self) -> str:
        """The media type of the body."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def bearer(self) -> str:
        """The bearer token that the request shows; empty if there is none."""
        kind, _, shown = self.headers.get("authorization", "").partition(" ")
        return shown if kind.lower() == "bearer" else ""

    def number(self, name: str) -> int:
        """A number from the query, of 15 digits at most; 0 if it is not given. Raises Denied for anything else."""
        given = self.query.get(name, "0")
        if not (given.isascii() and given.isdigit() and len(given) < 16):
            raise Denied("schema", f"“{name}”应为序号", f"{name} takes a number", status=400, typed=name)
        return int(given)

    def form(self) -> dict[str, str]:
        """The fields of a form. Raises Denied if the body is no form, or if a field occurs twice."""
        if self.media != FORM:
            raise Denied("schema", f"请求的内容类型应为 {FORM}", f"the body should be {FORM}", status=415)
        return _pairs(self.body.decode("utf-8", errors="replace"))

    def json(self, type: type[T]) -> T:
        """The body as this type. Raises Denied, which says what does not fit."""
        if self.media != JSON:
            raise Denied("schema", f"请求的内容类型应为 {JSON}", f"the body should be {JSON}", status=415)
        if _NUL.search(self.body):
            raise _nul()
        try:
            if may_be_classified(self.body) and [*classified_in(msgspec.json.decode(self.body))]:
                raise Denied(secrecy.RULE, secrecy.ZH, secrecy.EN, status=400)
            found = msgspec.json.decode(self.body, type=type)
            json.loads(self.body, object_pairs_hook=_once, parse_int=str, parse_float=str)
            return found
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Denied(
                "schema", "请求内容不符合要求，请对照文档", f"the body does not fit: {error}", status=400
            ) from None


class Answer(msgspec.Struct, kw_only=True):
    """One answer."""

    status: int = 200
    body: bytes = b""
    media: str = JSON
    headers: Mapping[str, str] = {}


Handler = Callable[[Request], Awaitable[Answer]]
Routes = Mapping[tuple[str, str], Handler]
"""Handlers by method and path. In a path, `{name}` stands for any single part."""


def told(thing: object, status: int = 200) -> Answer:
    """An answer in JSON."""
    return Answer(status=status, body=msgspec.json.encode(thing))


def problem(status: int, rule: str, zh: str, en: str, field: str = "", headers: Mapping[str, str] = {}) -> Answer:
    """A refusal as problem+json, in the form in which the other services refuse."""
    fault = Fault(row=0, rule=rule, zh=zh, en=en, field=field)
    body = Problem(title=f"{zh} / {en}", status=status, detail=HTTPStatus(status).phrase, errors=[fault])
    return Answer(status=status, body=msgspec.json.encode(body), media=PROBLEM, headers=headers)


def refusal(error: Denied) -> Answer:
    """The answer to what a rule refuses."""
    headers = {"www-authenticate": 'Bearer realm="zhucun"'} if error.status == 401 else {}
    if error.after:
        headers = {"retry-after": str(error.after)}
    return problem(error.status, error.ground, error.zh, error.en, error.typed, headers)


class App:
    """The application that uvicorn calls. `/docs/openapi.json` has its document, under this title."""

    def __init__(self, routes: Routes, title: str) -> None:
        async def documented(_request: Request) -> Answer:
            return told(document(title, routes))

        every = {**routes, ("GET", "/docs/openapi.json"): documented}
        self._routes = {(method, tuple(path.split("/"))): handle for (method, path), handle in every.items()}

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """Answer a request. Errors become answers; what they say in detail goes to the log only."""
        answer = await self._answer(scope, receive)
        headers = {**HEADERS, "content-type": answer.media, "content-length": str(len(answer.body)), **answer.headers}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, scope: Mapping[str, Any], receive: Any) -> Answer:
        try:
            handle, name = self._found("GET" if scope["method"] == "HEAD" else scope["method"], scope["path"])
            request = Request(scope, await _body(receive))
            request.name = name
            _require_known(request, handle)
            return await handle(request)
        except Denied as error:
            return refusal(error)
        except (OSError, DBAPIError) as error:
            log.warning("the database is not available", error=type(error).__name__)
            return problem(
                503, "database", "数据库暂不可用，请稍后再试", "the database is not available; try again later"
            )
        except Exception as error:
            log.error("a request failed", exc_info=error)
            return problem(500, "system", "系统内部错误，请告知运维", "an error of the system; tell operations")

    def _found(self, method: str, path: str) -> tuple[Handler, str]:
        if "\0" in path:
            raise _nul()
        parts, others = tuple(path.split("/")), set[str]()
        for (of, pattern), handle in self._routes.items():
            if len(pattern) == len(parts) and all(
                p in (part, "{name}") for p, part in zip(pattern, parts, strict=True)
            ):
                if of == method:
                    return handle, next((part for p, part in zip(pattern, parts, strict=True) if p == "{name}"), "")
                others |= {of, *(["HEAD"] if of == "GET" else [])}
        if others:
            return _other_method(", ".join(sorted(others))), ""
        raise Denied("schema", "没有这个地址", "there is no such address", status=404)


def _other_method(allowed: str) -> Handler:
    async def refuse(_request: Request) -> Answer:
        zh, en = "此地址不接受这种方法", "this address does not take this method"
        return problem(405, "schema", zh, en, headers={"allow": allowed})

    return refuse


def _require_known(request: Request, handle: Handler) -> None:
    """Refuse values that do not fit, and parameters that the address does not take: a misspelt one would be ignored."""
    says: Says | None = getattr(handle, "says", None)
    if len(request.name) > LONGEST_NAME:
        raise Denied("schema", "没有这个地址", "there is no such address", status=404)
    if says is None or says.query is None:
        return
    for name, value in request.query.items():
        if name not in says.query:
            raise Denied(
                "schema", f"没有参数“{name[:40]}”", f"there is no parameter {name[:40]}", status=400, typed=name
            )
        try:
            msgspec.convert(value, says.query[name], strict=False)
        except msgspec.ValidationError as error:
            raise Denied(
                "schema", f"参数“{name}”不符合要求，请对照文档", f"{name} does not fit: {error}", status=400, typed=name
            ) from None


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Raises Denied if a field of a JSON object occurs twice, since readers would differ on which one counts."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise Denied("schema", "同一字段出现两次", "a field stands twice", status=400)


def _nul() -> Denied:
    return Denied("schema", "文字中不能有空字符", "a text has no NUL character here", status=400)


async def _body(receive: Any) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > LONGEST:
            raise Denied("schema", "请求过大", "the request is too large", status=413)
        if not message.get("more_body"):
            return body


def _pairs(text: str) -> dict[str, str]:
    """The pairs of a query or form. Raises Denied if a name occurs twice: readers would differ on which one counts."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=40)
    except ValueError:
        raise Denied("schema", "参数过多", "there are too many parameters", status=400) from None
    if any("\0" in text for pair in pairs for text in pair):
        raise _nul()
    if len({name for name, _ in pairs}) < len(pairs):
        raise Denied("schema", "同一参数出现两次", "a parameter stands twice", status=400)
    return dict(pairs)
