"""Who sends a request, and what of it goes into the audit log (Cybersecurity Law, article 21)."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import wraps

from services.webhooks import signing, store
from services.webhooks.model import Acting, Endpoint
from shared.denied import Denied
from shared.engine.audit import AuditLog, Entry, plain
from shared.web.asgi import Answer, Handler, Request
from shared.web.issuers import Granted, IssuerAway, Issuers, TokenRefused
from shared.web.rates import Limits
from shared.web.token import is_operator_key

LONGEST_ABOUT = 40
"""The characters of an endpoint's id that are logged at most."""


class Call:
    """A request whose sender is known. `about` is the endpoint that it is about, for the log."""

    def __init__(self, request: Request, by: Acting) -> None:
        self.request, self.by, self.about = request, by, request.name


class Callers:
    """Finds out who calls. Where there are no issuers of tokens, only the operator and receivers are known."""

    def __init__(
        self,
        kept: store.Store,
        log: AuditLog,
        installation: bytes,
        secrets: Callable[[Endpoint], list[str]],
        issuers: Issuers | None,
        limits: Limits,
    ) -> None:
        self._store, self._log, self._installation, self._secrets, self._issuers, self._limits = (
            kept,
            log,
            installation,
            secrets,
            issuers,
            limits,
        )

    def asked(self, deed: str, handle: Callable[[Call], Awaitable[Answer]]) -> Handler:
        """A handler that answers known callers only. What the operator and people do or read is in the log before its
        answer goes out.

        A receiver's questions about its own endpoint are not logged: it may ask every few seconds.
        """

        @wraps(handle)
        async def answer(request: Request) -> Answer:
            call = Call(request, await self._acting(request))
            try:
                said = await handle(call)
            except Denied as error:
                await self._note(deed, call, error.ground)
                raise
            await self._note(deed, call, "done")
            return said

        return answer

    async def _note(self, deed: str, call: Call, result: str) -> None:
        by, request = call.by, call.request
        if not by.endpoint:
            about = plain(call.about[:LONGEST_ABOUT])
            await self._log.note(
                Entry(who=by.who, organ=by.organ[:120], address=request.address, deed=deed, about=about, result=result)
            )

    async def _acting(self, request: Request) -> Acting:
        """Who sends a request. Refuses a caller who sends too many. Raises Denied (401, 429, 503)."""
        try:
            found = await self._shown(request)
        except Denied as error:
            if error.status == 401:
                self._limits.require_known(request.bearer, request.address)
            raise
        if not found.is_operator:
            self._limits.require(found.who)
        return found

    async def _shown(self, request: Request) -> Acting:
        """Who shows this token or secret. Raises Denied (401, 503)."""
        shown = request.bearer
        if is_operator_key(self._installation, shown):
            return Acting(who="operator", is_operator=True)
        if shown.startswith(signing.PREFIX):
            async with self._store.engine.connect() as conn:
                one = await store.endpoint(conn, request.name)
            if one and signing.is_one_of(shown, self._secrets(one)):
                return Acting(who=one.id, endpoint=one.id)
            raise _unknown("密钥不属于此接收地址", "this is not the endpoint's secret")
        if not (shown and self._issuers):
            raise _unknown(
                "须出示令牌：登录取得的或运维的；接收方查询本方地址时出示其密钥",
                "a token is asked for, from signing in or the operator's; a receiver shows its secret for its own "
                "endpoint",
            )
        try:
            bearer = await self._issuers.bearer(shown)
        except TokenRefused as refused:
            raise _unknown(refused.zh, refused.en) from refused
        except IssuerAway as away:
            raise Denied("token", away.zh, away.en, status=503) from away
        return Acting(who=bearer.person.pseudonym, organ=bearer.granted.organ, roles=_by_role(bearer.granted))


def _by_role(granted: Granted) -> dict[str, frozenset[str]]:
    found = defaultdict[str, set[str]](set)
    for held in granted.roles:
        found[held.role].add(held.division)
    return {role: frozenset(divisions) for role, divisions in found.items()}


def _unknown(zh: str, en: str) -> Denied:
    return Denied("token", zh, en, status=401)
