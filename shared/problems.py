"""What a request is answered with instead of what it asked for: refusals by row, and failures of ours (RFC 9457)."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import DBAPIError, OperationalError

from shared.requests import IDEMPOTENCY_KEY, RequestRefused
from shared.rules import Refused

log = structlog.get_logger()
PROBLEM = "application/problem+json"
REFUSALS = {
    400: "请求格式有误，见 errors 中的行号和字段 / the request does not fit; errors names row and field",
    404: "所指的对象不存在 / what it is about does not exist",
    409: "当前状态不允许 / the state does not allow it now",
    422: "内容有误 / what was said is wrong in itself",
    503: "暂不可用，请用同一请求编号重试 / not available now; try again with the same key",
}
"""What a command may be answered with instead, all as problem+json."""


class Fault(msgspec.Struct, omit_defaults=True):
    """What is wrong with one row of a request, by which rule, and what to do."""

    row: int
    rule: str
    zh: str
    en: str
    field: str | None = None


class Problem(msgspec.Struct, omit_defaults=True):
    """RFC 9457. `errors` names every row that was refused; nothing was applied."""

    title: str
    status: int
    detail: str
    errors: list[Fault] = []
    type: str = "about:blank"


def problem(status: int, title: str, detail: str, errors: Sequence[Fault] = ()) -> Response[bytes]:
    """A problem+json answer."""
    body = msgspec.json.encode(Problem(title=title, status=status, detail=detail, errors=list(errors)))
    return Response(body, status_code=status, media_type=PROBLEM)


def fault(row: int, refused: Refused) -> Fault:
    """A refusal as it is told."""
    return Fault(row=row, rule=refused.rule, zh=refused.zh, en=refused.en, field=refused.field)


def _refused(_request: Request[Any, Any, Any], error: Refused) -> Response[bytes]:
    return problem(error.status, f"{error.zh} / {error.en}", error.rule, [fault(0, error)])


def _request_refused(_request: Request[Any, Any, Any], error: RequestRefused) -> Response[bytes]:
    faults = [fault(row, refused) for row, refused in sorted(error.refused.items())]
    status = max(refused.status for refused in error.refused.values())
    detail = f"{len(faults)} 条被退回，未作任何更改 / {len(faults)} refused, nothing was changed"
    return problem(status, "请求被退回 / the request was refused", detail, faults)


def _http_error(_request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework refuses, such as a body that does not fit the schema, told like every other refusal."""
    title = _ELSEWHERE.get(error.status_code)
    if title is not None:
        return problem(error.status_code, title, error.detail)
    text = str(error.__cause__) if isinstance(error.__cause__, msgspec.DecodeError) else error.detail
    place = re.search(r"at `\$\.(?:data\b(?:\[(\d+)])?\.?)?(.*)`", text)
    missing = re.search(r"field `(.+?)`", text)
    field = ".".join(part for part in (place and place[2], missing and missing[1]) if part and part != "data")
    if field == "key" or IDEMPOTENCY_KEY in text:
        field = IDEMPOTENCY_KEY
    zh = next((zh.format(*found.groups()) for pattern, zh in _CHINESE if (found := re.search(pattern, text))), "")
    fault = Fault(int(place[1]) if place and place[1] else 0, "schema", zh or "格式有误", text, field or None)
    return problem(error.status_code, "请求格式有误 / the request does not fit", error.detail, [fault])


def _failed(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """What nobody foresaw, or a database that is away: told in the same shape; the particulars are in the log only."""
    if isinstance(error, (OSError, OperationalError)) or (
        isinstance(error, DBAPIError)
        and (error.statement is None or error.connection_invalidated or _sqlstate(error).startswith(_PASSING))
    ):
        log.warning("the database is not available", error=str(error))
        title = "数据库暂不可用，请用同一请求编号重试 / the database is not available; try again with the same key"
        return problem(503, title, type(error).__name__)
    log.error("a request failed", exc_info=error)
    title = "系统内部错误，请告知运维 / an error of the system; tell operations"
    return problem(500, title, type(error).__name__)


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


_PASSING = ("08", "53", "57", "58")
"""Classes of SQLSTATE that say that PostgreSQL cannot now: connection, room or memory, its operator, its machine."""
_ELSEWHERE = {
    404: "没有这个地址，请对照 /docs / there is no such address; see /docs",
    405: "此地址不接受这种方法，请对照 /docs / this address does not take this method; see /docs",
    413: "请求过大，请分批提交 / the request is too large; send it in parts",
}
_CHINESE = (
    (r"Object missing required field `data`", "请求没有内容，应为命令的数组"),
    (r"Object missing required field `(.+?)`", "缺少字段 {}"),
    (r"Object contains unknown field `(.+?)`", "没有字段 {}，请检查拼写"),
    (r"Missing required header parameter", "缺少请求头 Idempotency-Key，请为每个请求另取 8 至 180 个字符的编号"),
    (r"Expected `(.+?)`, got `(.+?)`", "类型应为 {}，实为 {}"),
    (r"Expected `.+?` matching regex '(.+?)'", "格式应符合 {}"),
    (r"Expected `.+?` of length (.+?) - ", "长度应 {}"),
    (r"Expected `.+?` ([<>]=? .+?) - ", "数值应 {}"),
    (r"Invalid enum value (.+?) - ", "不能取 {}"),
    (r"Invalid RFC3339 encoded date", "不是有效日期，应如 2014-06-30"),
    (r"JSON is malformed|truncated|utf-8", "请求不是有效的 JSON"),
)
"""What the decoder says, in Chinese."""

HANDLERS: ExceptionHandlersMap = {
    Refused: _refused,
    RequestRefused: _request_refused,
    HTTPException: _http_error,
    Exception: _failed,
}
"""What answers for each kind of error."""
