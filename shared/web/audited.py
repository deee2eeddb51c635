"""What people do and read goes into the audit log before they get the answer (Cybersecurity Law, article 21).

Where nobody is asked who he is, there is nobody to name, and nothing is logged. Otherwise these requests are logged:
each command of a known caller, whatever its result; each reading by the operator, who alone reads what is sealed; and
each reading that told anybody of persons. The entry of such a reading names these persons, also for lists, tasks and
forms.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, cast
from urllib.parse import parse_qsl

import structlog
from litestar import Request, Response, get
from litestar.enums import ScopeType
from litestar.params import FromPath, FromQuery
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from shared.engine import store
from shared.engine.audit import TELLS, AuditLog, Entry, Read, encode, plain
from shared.engine.opening import remedy
from shared.engine.people import People, Person
from shared.rules import Refused
from shared.secrecy import is_classified
from shared.web.identity import CALLER, ORGAN, PERSONAL, Asks, Caller, require_reach, told_of
from shared.web.patience import of_operations
from shared.web.problems import PROBLEM, problem

logger = structlog.get_logger()
READERS: Final = Asks("found", frozenset({"audit"}))
"""Who reads the log: the audit administrator, and not those whom it is about."""


COUNTRYWIDE: Final = ""
"""The division that contains all others. The log is about the whole installation, so its reader needs this one."""
UNMASKED: Final = "/v1/unmasked/"
"""How those addresses begin that tell a whole name. Whoever asks says in words for which purpose."""
PURPOSE: Final = "purpose"
"""The parameter with the purpose. One that contains the person's name is refused, so the words may go into the log."""
NAMED: Final = 1000
"""The most persons that one entry names. An answer that tells of more makes several entries."""


def audited(log: AuditLog, people: People) -> Callable[[ASGIApp], ASGIApp]:
    """The middleware that logs. If an entry cannot be written, the request fails; send it again with the same key."""

    async def note(scope: HTTPScope, status: int) -> None:
        entries = [*_entries(scope, status)]
        if entries:
            caller = cast(Caller, scope["state"][CALLER])
            for person in filter(None, (*caller.givers, caller.person)):
                await people.note(person)
        for entry in entries:
            await log.note(entry)

    def around(app: ASGIApp) -> ASGIApp:
        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            is_withheld = False

            async def before_answer(message: Message) -> None:
                nonlocal is_withheld
                if message["type"] == "http.response.start":
                    until = time.monotonic() + (0 if of_operations(scope) else store.PATIENCE)
                    try:
                        await store.patiently(partial(note, cast(HTTPScope, scope), message["status"]), until)
                    except Exception as error:
                        is_withheld = True
                        await _unlogged(error)(scope, receive, send)
                if not is_withheld:
                    await send(message)

            await app(scope, receive, before_answer if scope["type"] == ScopeType.HTTP else send)

        return noted

    return around


def _unlogged(error: Exception) -> ASGIResponse:
    """The answer that takes the place of one that could not be logged."""
    logger.error("the audit log cannot be written", exc_info=None if store.passing(error) else error, error=str(error))
    title = "审计日志暂时写不进，请稍后原样重试 / the audit log cannot be written now; try again with the same key"
    answer = problem(503, title, " / ".join(remedy(error) or (type(error).__name__,)))
    return ASGIResponse(body=answer.content, status_code=503, media_type=PROBLEM)


def _entries(scope: HTTPScope, status: int) -> Iterator[Entry]:
    """The entries for a request, if any. What somebody unknown tries is not logged: a stranger could fill the log."""
    caller: Caller | None = scope["state"].get(CALLER)
    handler = scope.get("route_handler")
    if not caller or not caller.pseudonym or handler is None:
        return
    is_read, persons = scope["method"] in ("GET", "HEAD", "OPTIONS"), told_of(scope)
    if is_read and not caller.is_operator and not handler.opt.get(PERSONAL) and not persons:
        return
    path = scope["path_template"]
    if path.startswith(("/health", "/docs")):
        return
    said = [f"{name}={_kept(str(value))}" for name, value in sorted(scope.get("path_params", {}).items())]
    if is_read and status < 400:  # Then the query is well formed.
        asked_for = parse_qsl(scope["query_string"].decode("latin-1"))
        # A purpose is kept in its own words only if it is the one parameter: of two, just one was checked.
        words = PURPOSE if [name for name, _ in asked_for] == [PURPOSE] else ""
        said += [f"{name}={value if name == words else plain(value)}" for name, value in asked_for]
    if caller.delegated:
        said.insert(0, f"delegated_from={' '.join(one.giver for one in caller.delegated)}")
    asked, named = ", ".join(said)[:500], [*persons]
    organ = str(scope["state"].get(ORGAN, caller.organ))[:120]
    for first in range(0, len(named) or 1, NAMED):
        some = named[first : first + NAMED]
        yield Read(
            who=caller.pseudonym,
            organ=organ,
            address=str((scope.get("client") or ("",))[0]),
            deed=f"{scope['method']} {path}"[:200],
            about=f"{asked}{TELLS}{' '.join(some)}" if some else asked,
            result="done" if status < 400 else str(status),
            told=some,
        )


def _kept(value: str) -> str:
    """A part of an address in a form that may be kept, even if the request was refused: nothing classified is kept."""
    return "…" if is_classified(value) else plain(value)


def reading(log: AuditLog, people: People) -> list[Any]:
    """The handlers by which the audit administrator reads the log, and learns who the people in it are."""

    @get("/v1/audit", tags=["operations"], opt={"asks": READERS, PERSONAL: True}, media_type="application/jsonl")
    async def audit(request: Request[Any, Any, Any], after: FromQuery[int] = 0) -> Response[bytes]:
        """The audit log after an entry's number, at most 1000 entries, one JSON object a line, each with its hash."""
        require_reach(request, COUNTRYWIDE, READERS.roles)
        return Response(encode(await log.read(after)), media_type="application/jsonl")

    @get("/v1/people/{pseudonym:str}", tags=["operations"], opt={"asks": READERS, PERSONAL: True})
    async def person(request: Request[Any, Any, Any], pseudonym: FromPath[str]) -> Person:
        """Who stands behind a pseudonym of an event or of the audit log. This reading is logged as well.

        The name is there if tokens tell it; otherwise the issuer knows who its `subject` is.
        """
        require_reach(request, COUNTRYWIDE, READERS.roles)
        found = await people.find(pseudonym)
        if found is None:
            raise Refused("identity", "本服务没有这个代称", "nobody with this pseudonym has acted here", status=404)
        return found

    return [audit, person]
