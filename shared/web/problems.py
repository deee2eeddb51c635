"""Answers to requests that fail, as problem+json (RFC 9457): refusals by row, and errors of the system."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import DBAPIError

from shared.engine import store
from shared.engine.opening import remedy
from shared.engine.requests import IDEMPOTENCY_KEY, RequestRefused
from shared.rules import Difference, Refused
from shared.web.limits import TooMany
from shared.web.patience import AWAY
from shared.web.serving import PROBLEM as PROBLEM

log = structlog.get_logger()


class Fault(msgspec.Struct, omit_defaults=True):
    """What is wrong with one row of a request, by which rule, and what to do; `field` is the JSON path in the row.

    `basis` is the document on which the rule is based, Chinese and English, if there is one that people can look up.

    Where known data would be overwritten, `differs` lists the fields. To overwrite them all the same, the command is
    sent again with this `version` in its field `replaces`.
    """

    row: int
    rule: str
    zh: str
    en: str
    field: str | None = None
    differs: list[Difference] = []
    version: str = ""
    basis: tuple[str, str] = ("", "")


class Problem(msgspec.Struct, omit_defaults=True):
    """A problem by RFC 9457. `errors` has every refused row; nothing was applied."""

    title: str
    status: int
    detail: str
    errors: list[Fault] = []
    type: str = "about:blank"


class Unfit(Exception):
    """A request that is malformed.

    `faults` says where; `total` is the number of faults if `faults` has not all of them.
    """

    def __init__(self, faults: Sequence[Fault], *, status: int = 400, total: int = 0) -> None:
        super().__init__(f"{len(faults)} faults in a request")
        self.faults, self.status, self.total = faults, status, max(total, len(faults))


def problem(
    status: int, title: str, detail: str, errors: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    """A problem+json answer."""
    body = msgspec.json.encode(Problem(title=title, status=status, detail=detail, errors=list(errors)))
    return Response(body, status_code=status, media_type=PROBLEM, headers=headers)


def fault(row: int, refused: Refused) -> Fault:
    """A refusal of one row, in the form in which it is answered."""
    return Fault(
        row, refused.rule, refused.zh, refused.en, refused.field, list(refused.differs), refused.version, refused.basis
    )


def _refused(_request: Request[Any, Any, Any], error: Refused) -> Response[bytes]:
    headers = {"WWW-Authenticate": 'Bearer realm="zhucun"'} if error.status == 401 else None
    if isinstance(error, TooMany):
        headers = {"Retry-After": str(error.after)}
    return problem(
        error.status, f"{error.zh} / {error.en}", " / ".join(filter(None, error.basis)), [fault(0, error)], headers
    )


def _request_refused(_request: Request[Any, Any, Any], error: RequestRefused) -> Response[bytes]:
    faults = [fault(row, refused) for row, refused in sorted(error.refused.items())]
    status = max(refused.status for refused in error.refused.values())
    detail = f"{len(faults)} 条被退回，未作任何更改 / {len(faults)} refused, nothing was changed"
    return problem(status, "请求被退回 / the request was refused", detail, faults)


def _unfit(_request: Request[Any, Any, Any], error: Unfit) -> Response[bytes]:
    return problem(
        error.status, _TITLES.get(error.status, _TITLES[400]), _counted(error.faults, error.total), error.faults
    )


def _counted(faults: Sequence[Fault], total: int) -> str:
    """The number of faults, and of those that are listed, in words."""
    zh, en = f"共 {total} 处错误", "1 fault" if total == 1 else f"{total} faults"
    if total == len(faults):
        return f"{zh} / {en}"
    return f"{zh}，此处列出前 {len(faults)} 处 / {en}, the first {len(faults)} are named"


def _http_error(_request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer a refusal of the framework, such as a parameter out of range, in the same form as our own."""
    status = error.status_code if error.status_code < 500 else 400  # Its only 5xx: the client went away.
    if status in _ELSEWHERE:
        allowed = (error.headers or {}).get("allow", "")  # Sorted below: the framework's order varies.
        headers = {"Allow": ", ".join(sorted(allowed.split(", ")))} if allowed else None
        return problem(status, _ELSEWHERE[status], error.detail, headers=headers)
    extra = error.extra if isinstance(error.extra, list) else []
    told = [(str(entry.get("message", "")), str(entry.get("key", ""))) for entry in extra] or [(error.detail, "")]
    faults = [_parameter(text, key) for text, key in told]
    return problem(status, _TITLES[400], _counted(faults, len(faults)), faults)


def _parameter(text: str, key: str) -> Fault:
    """The fault of a query parameter or header, in Chinese and English."""
    missing = re.search(r"Missing required (\w+) parameter '(.+?)'", text)
    field = missing[2] if missing else {"key": IDEMPOTENCY_KEY, "data": None}.get(key, key or None)
    if missing:
        zh, en = f"缺少 {field}", f"{field} is missing"
        if field == IDEMPOTENCY_KEY:
            zh, en = f"{zh}，请为每个请求另取 8 至 180 个字符的编号", f"{en}; give each request a key of its own"
        return Fault(0, "schema", zh, en, field)
    zh = next((zh.format(*found.groups()) for pattern, zh in _CHINESE if (found := re.search(pattern, text))), "")
    return Fault(0, "schema", zh or "不符合要求", text, field)


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer an unexpected error, or a database that is away, in the same form. Details go to the log only."""
    if store.passing(error):
        request.scope["state"][AWAY] = store.away(error)
        log.warning("the database is not available", error=str(error))
        title = "数据库暂不可用，请稍后原样重试 / the database is not available; try again with the same key"
        return problem(503, title, " / ".join(remedy(error) or (type(error).__name__,)))
    if isinstance(error, DBAPIError):
        title = "有数据库不能保存的内容 / there is something in it that the database cannot keep"
        return problem(422, title, type(error).__name__)
    log.error("a request failed", exc_info=error)
    title = "系统内部错误，请告知运维 / an error of the system; tell operations"
    return problem(500, title, type(error).__name__)


_TITLES = {
    400: "请求格式有误 / the request does not fit",
    408: "请求迟迟没有发完 / the request was not sent in time",
    413: "请求过大，请分批提交 / the request is too large; send it in parts",
    415: "请求的内容类型不对 / the request is of another media type",
}
_ELSEWHERE = {
    404: "没有这个地址，请对照 /docs / there is no such address; see /docs",
    405: "此地址不接受这种方法，请对照 /docs / this address does not take this method; see /docs",
    413: _TITLES[413],
}
_CHINESE = (
    (r"Object missing required field `data`", "请求没有内容，应为命令的列表"),
    (r"of length >= (\d+)", "至少 {} 个字符"),
    (r"of length <= (\d+)", "最多 {} 个字符"),
    (r"Expected `.+?` >= (.+)", "不能小于 {}"),
    (r"Expected `.+?` <= (.+)", "不能大于 {}"),
)
"""Chinese for the framework's messages about parameters."""

HANDLERS: ExceptionHandlersMap = {
    Refused: _refused,
    RequestRefused: _request_refused,
    Unfit: _unfit,
    HTTPException: _http_error,
    Exception: _failed,
}
"""The handler for each kind of error."""
