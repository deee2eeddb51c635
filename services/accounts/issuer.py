"""The OpenID Connect issuer: discovery, keys, authorization codes with PKCE, refresh, service accounts, sign-out."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from typing import Annotated, Any, Final
from urllib.parse import unquote, urlencode

import msgspec
from msgspec import Meta

from services.accounts import pages, store, tokens
from services.accounts.log import Log
from services.accounts.model import Account, Delegation, Session, attempts
from services.accounts.model.session import ended
from services.accounts.secret import digest, is_secret
from services.accounts.signin import Ask, Form, Signed, SignIn, stands
from shared.calendar import CHINA
from shared.denied import Denied
from shared.web.asgi import Answer, Request, Routes, problem, told
from shared.web.brief import Brief
from shared.web.documents import HTML, JSON, Problem, says
from shared.web.serving import PROBLEM
from shared.web.token import LONGEST_TOKEN

CLIENT: Final = "zhucun-cli"
"""The client by which programs on people's own machines sign in. It has no secret (RFC 8252)."""
CONSOLE: Final = "zhucun-console"
"""The client by which people sign in to the pages in the browser. It has no secret either."""
_LOOPBACK: Final = r"http://127\.0\.0\.1:[0-9]{1,5}/callback"
"""The addresses to which programs may be led back. Redirects lead only to these and to the console's addresses."""
COOKIE: Final = "zhucun_form"
_PARAMETERS: Final = (
    "client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
)  # fmt: skip
CODE_SECONDS: Final = 120
Typed: Final = msgspec.defstruct(
    "Typed", [(name, Annotated[str, Meta(max_length=1024)], "") for name in _PARAMETERS], bases=(Form,), kw_only=True
)
"""What the command line sends to sign in: the request for a code, and what was typed."""
_GRANTS: Final = (
    "grant_type", "code", "redirect_uri", "client_id", "code_verifier", "refresh_token", "client_secret",
)  # fmt: skip


class _Granted(msgspec.Struct, kw_only=True):
    """What an authorization code stands for."""

    name: str
    client: str
    stood: tuple[str, str]
    """The password and second factor that the account had when the code was made."""
    amr: tuple[str, ...]
    redirect_uri: str
    challenge: str
    nonce: str
    at: int


class Onward(msgspec.Struct, kw_only=True):
    """Where somebody is led back to, and the recovery codes of a second factor that was just set up."""

    redirect: str
    recovery: tuple[str, ...]


class Refusal(msgspec.Struct, kw_only=True):
    """A refusal of the token endpoint (RFC 6749, 5.2)."""

    error: str
    error_description: str
    zh: str


class _Refusal(Exception):
    """A refusal of the token endpoint (RFC 6749, 5.2)."""

    def __init__(self, error: str, zh: str, en: str, status: int = 400) -> None:
        super().__init__(error)
        self.answer = msgspec.structs.replace(
            told(Refusal(error=error, error_description=en, zh=zh), status),
            headers={"www-authenticate": 'Basic realm="zhucun"'} if status == 401 else {},
        )


class Issuer:
    """The issuer at one address."""

    def __init__(
        self, url: str, audience: str, keys: tokens.Keys, log: Log, sign_in: SignIn, console: str, pages: str
    ) -> None:
        """`console` has the console's addresses, with commas in between; browsers sign in at `pages`."""
        self.url, self.audience, self.keys, self.pages = url, audience, keys, (pages or url).rstrip("/")
        own = "|".join(re.escape(f"{one.strip().rstrip('/')}/callback") for one in console.split(",") if one.strip())
        self._back = {CLIENT: _LOOPBACK, **({CONSOLE: own} if own else {})}
        self._log, self._sign_in = log, sign_in
        self._codes, self._used = Brief[_Granted](CODE_SECONDS), Brief[str](CODE_SECONDS)

    @property
    def routes(self) -> Routes:
        """The issuer's addresses."""
        return {
            ("GET", "/.well-known/openid-configuration"): self.discovery,
            ("GET", "/jwks"): self.jwks,
            ("GET", "/authorize"): self.ask,
            ("POST", "/authorize"): self.authorize,
            ("POST", "/token"): self.token,
            ("GET", "/end-session"): self.end_session,
            ("POST", "/end-session"): self.end_session,
        }

    @says(answers=dict[str, Any], asks=False)
    async def discovery(self, _request: Request) -> Answer:
        """What the issuer is and can do (OpenID Connect Discovery 1.0)."""
        return told({
            "issuer": self.url, "authorization_endpoint": f"{self.pages}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/end-session", "scopes_supported": ["openid"],
            "response_types_supported": ["code"], "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": [tokens.ALGORITHM],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": True,
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "amr", tokens.CLAIM],
        })  # fmt: skip

    @says(answers=dict[str, Any], asks=False)
    async def jwks(self, _request: Request) -> Answer:
        """The public keys. From time to time a new key takes over the signing."""
        self.keys.renew(datetime.now(UTC))
        return told(self.keys.public())

    # -------------------------------------------------------------- authorize

    @says(query=None, media=[HTML], asks=False, also={400: {HTML: None}})
    async def ask(self, request: Request) -> Answer:
        """Show the page to sign in. A wrong request gets a page that says so, and leads nowhere."""
        try:
            return self._page(self._required(request.query), None)
        except Denied as error:
            return pages.said(("不能登录", "This does not work"), (error.zh, error.en), error.status)

    @says(
        takes=Typed,
        fields=[*_PARAMETERS, *Form.__struct_fields__, "form"],
        answers=dict[str, Any],
        media=[JSON, HTML],
        asks=False,
        also={303: {}, 400: {PROBLEM: Problem, HTML: None}, 401: {PROBLEM: Problem}},
    )
    async def authorize(self, request: Request) -> Answer:
        """Take what was typed: from the page, or in JSON from the command line. A page elsewhere cannot send JSON here,
        so JSON needs no cookie."""
        if request.media == JSON:
            typed: Any = request.json(Typed)
            asked = self._required({name: getattr(typed, name) for name in _PARAMETERS})
            result = await self._sign_in.enter(typed, request.address)
            if isinstance(result, Ask):
                return told(result)
            return told(Onward(redirect=self._led_back(result, asked), recovery=result.recovery))
        try:
            return await self._from_page(request)
        except Denied as error:
            return pages.said(("不能登录", "This does not work"), (error.zh, error.en), error.status)

    async def _from_page(self, request: Request) -> Answer:
        fields = request.form()
        asked = self._required({name: fields.pop(name, "") for name in _PARAMETERS})
        shown, expected = fields.pop("form", ""), _cookie(request)
        # A page elsewhere can send this form too, in order to sign somebody in as somebody else; it lacks the cookie.
        if not expected or not hmac.compare_digest(shown.encode(), expected.encode()):
            return self._page(asked, ("页面已过期，请重新填写", "the page is too old; fill it in again"))
        try:
            typed = {name: value == "true" if name in ("change", "enrol") else value for name, value in fields.items()}
            form = msgspec.convert(typed, Form)
        except msgspec.ValidationError:
            return self._page(asked, ("填写的内容过长或不符合要求", "what was typed is too long or does not fit"))
        try:
            result = await self._sign_in.enter(form, request.address)
        except Denied as error:
            return self._page(asked, (error.zh, error.en))
        if isinstance(result, Ask):
            return pages.ask(result, {**asked, "form": expected}, _origin(asked), {})
        onward = self._led_back(result, asked)
        if result.recovery:
            return pages.recovery(result.recovery, onward)
        return Answer(status=303, headers={"location": onward})

    def _required(self, given: dict[str, str]) -> dict[str, str]:
        """The request for a code. Raises Denied unless it is one of our client's, with PKCE."""
        asked = {name: given.get(name, "") for name in _PARAMETERS}
        back = self._back.get(asked["client_id"])
        is_ours = back and re.fullmatch(back, asked["redirect_uri"])
        is_asked = asked["response_type"] == "code" and "openid" in asked["scope"].split()
        has_proof = asked["code_challenge_method"] == "S256" and re.fullmatch(
            r"[A-Za-z0-9_-]{43}", asked["code_challenge"]
        )
        if not is_ours or not is_asked or not has_proof or any(len(value) > 1024 for value in asked.values()):
            raise Denied(
                "authorize",
                "登录请求不符合要求，请从应用重新开始",
                f"the request to sign in must come from {CLIENT} and lead to http://127.0.0.1:<port>/callback, or from "
                f"{CONSOLE} and lead to it, ask for a code with the scope openid, and prove itself by PKCE (S256)",
                status=400,
            )
        return asked

    def _page(self, asked: dict[str, str], fault: tuple[str, str] | None) -> Answer:
        shown = secrets.token_urlsafe(32)
        secure = "; Secure" if self.url.startswith("https:") else ""
        cookie = {"set-cookie": f"{COOKIE}={shown}; HttpOnly; SameSite=Strict; Path=/; Max-Age=3600{secure}"}
        return pages.sign_in({**asked, "form": shown}, fault, _origin(asked), cookie)

    def _led_back(self, signed: Signed, asked: dict[str, str]) -> str:
        """The address to which the person is led back, with a code that serves once."""
        code = self._codes.put(
            _Granted(
                name=signed.account.name, client=asked["client_id"], stood=stands(signed.account), amr=signed.amr,
                redirect_uri=asked["redirect_uri"], challenge=asked["code_challenge"], nonce=asked["nonce"], at=_now(),
            )
        )  # fmt: skip
        back = {"code": code, "iss": self.url, **({"state": asked["state"]} if asked["state"] else {})}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    # ------------------------------------------------------------------ token

    @says(
        fields=_GRANTS,
        query=None,
        answers=dict[str, Any],
        asks=False,
        also={400: {JSON: Refusal}, 401: {JSON: Refusal}},
    )
    async def token(self, request: Request) -> Answer:
        """Give tokens for a code, a refresh token, or a service account's secret (RFC 6749)."""
        try:
            fields = request.form()
            grant = fields.get("grant_type", "")
            if grant == "authorization_code":
                return await self._for_code(fields, request.address)
            if grant == "refresh_token":
                return await self._refreshed(fields, request.address)
            if grant == "client_credentials":
                return await self._for_service(*_client(fields, request), request.address)
            raise _Refusal("unsupported_grant_type", "不支持这种授权方式", "there is no such grant")
        except _Refusal as refusal:
            return refusal.answer

    async def _for_code(self, fields: dict[str, str], address: str) -> Answer:
        code, verifier = fields.get("code", ""), fields.get("code_verifier", "")
        granted = self._codes.take(code)
        proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if not granted:
            # The code comes a second time, so somebody else has it: the session that it began ends.
            if begun := self._used.take(code):
                async with self._log.writing() as conn:
                    await store.end(conn, begun)
            raise _Refusal("invalid_grant", "授权码无效或已用过", "the code is unknown, used or too old")
        if (
            fields.get("client_id") != granted.client
            or fields.get("redirect_uri") != granted.redirect_uri
            or not hmac.compare_digest(proof, granted.challenge)
        ):
            raise _Refusal("invalid_grant", "授权码不属于此请求", "the code is another request's")
        now, id, secret = datetime.now(UTC), secrets.token_urlsafe(16), secrets.token_urlsafe(32)
        async with self._log.writing() as conn:
            account = await self._live(await store.named(conn, granted.name))
            if stands(account) != granted.stood:
                raise _Refusal(
                    "invalid_grant", "账号的密码或动态码已变更，请重新登录", "the account was changed; sign in again"
                )
            await store.make_room(conn, account.name, now)
            session = Session(
                id=id,
                name=account.name,
                secret=digest(secret),
                client=granted.client,
                amr=granted.amr,
                begun=now,
                used=now,
            )
            await store.keep(conn, session)
            taken = await store.taken(conn, account.name, datetime.now(CHINA).date())
        self._used.put(id, code)
        return self._answer(account, session, secret, taken, nonce=granted.nonce, at=granted.at)

    async def _refreshed(self, fields: dict[str, str], address: str) -> Answer:
        id, _, shown = fields.get("refresh_token", "").partition(".")
        now, secret, stolen = datetime.now(UTC), secrets.token_urlsafe(32), False
        async with self._log.writing() as conn:
            session = await store.session(conn, id)
            account = await store.named(conn, session.name) if session else None
            if session and (ended(session, now) or not is_secret(shown, session.secret)):
                stolen = not ended(session, now)
                await store.end(conn, id)
                # This refresh token was used before, by a thief or by the owner. Neither may go on.
                if stolen and account:
                    await self._log.append(conn, [self._log.entry(account, address, "session.refresh", "reused")])
                session = None
            if session and account and not account.locked:
                session = msgspec.structs.replace(session, secret=digest(secret), used=now)
                await store.keep(conn, session)
            taken = await store.taken(conn, account.name, datetime.now(CHINA).date()) if account else []
        if not session:
            raise _Refusal("invalid_grant", "会话已结束，请重新登录", "the session has ended; sign in again")
        return self._answer(await self._live(account), session, secret, taken, at=int(session.begun.timestamp()))

    async def _for_service(self, name: str, shown: str, address: str) -> Answer:
        now, key = datetime.now(UTC), store.attempts_key(name, address)
        async with self._log.writing() as conn:
            account = await store.named(conn, name)
            kept = next((one for one in account.secrets if is_secret(shown, one)), "") if account else ""
            if account and kept and not account.locked:
                if kept == account.secrets[0] and len(account.secrets) > 1:
                    # The new secret is in use, so the old one ends.
                    account = msgspec.structs.replace(account, secrets=(kept,))
                    await store.save(conn, account)
                await self._log.append(conn, [self._log.entry(account, address, "service.sign-in")])
            elif account and not attempts.wait(counted := await store.attempts(conn, key), now):
                await store.note_attempts(conn, key, attempts.failed(counted, now), now)
                await self._log.append(conn, [self._log.entry(account, address, "service.sign-in", "refused")])
        if not account or not kept or account.locked:
            raise _Refusal("invalid_client", "服务账号或密钥不对", "no such service account, or a wrong secret", 401)
        access = self.keys.signed(self._claims(account, account.name, ("secret",)), "at+jwt")
        return told({"access_token": access, "token_type": "Bearer", "expires_in": int(tokens.MINUTES.total_seconds())})

    def _claims(
        self, account: Account, client: str, amr: tuple[str, ...], taken: Sequence[tuple[Account, Delegation]] = ()
    ) -> dict[str, Any]:
        return tokens.access_claims(account, self.url, self.audience, client, amr, taken, self._log.relative)

    def has_room(self, account: Account, taken: Sequence[tuple[Account, Delegation]]) -> bool:
        """Whether an account's token, with the powers that others handed to it, is short enough for the services."""
        claims = self._claims(account, "x" * 40, ("pwd", "otp"), taken)
        return len(self.keys.signed(claims, "at+jwt")) <= LONGEST_TOKEN

    async def _live(self, account: Account | None) -> Account:
        if not account or account.locked:
            raise _Refusal("invalid_grant", "账号已停用", "the account is locked")
        return account

    def _answer(
        self, account: Account, session: Session, secret: str, taken: Sequence[tuple[Account, Delegation]], *, at: int,
        nonce: str = "",
    ) -> Answer:  # fmt: skip
        access = self._claims(account, session.client, session.amr, taken)
        identity = {
            "iss": self.url, "sub": account.sub, "aud": session.client, "iat": access["iat"], "exp": access["exp"],
            "auth_time": at, "amr": [*session.amr], "sid": session.id, **({"nonce": nonce} if nonce else {}),
        }  # fmt: skip
        return told(
            {
                "access_token": self.keys.signed(access, "at+jwt"),
                "token_type": "Bearer",
                "expires_in": int(tokens.MINUTES.total_seconds()),
                "refresh_token": f"{session.id}.{secret}",
                "id_token": self.keys.signed(identity, "JWT"),
                "scope": "openid",
            }
        )

    # --------------------------------------------------------------- sign out

    @says(fields=["id_token_hint"], query={"id_token_hint": str}, media=[HTML], asks=False)
    async def end_session(self, request: Request) -> Answer:
        """End the session of an id token (OpenID Connect RP-Initiated Logout 1.0), even if the token has expired."""
        given = request.form() if request.body else request.query
        hint = given.get("id_token_hint", "")
        found = (self.keys.read(hint, "JWT", self.url, client, even_late=True) for client in self._back)
        claims = next(filter(None, found), None)
        if claims is None:
            return problem(400, "end-session", "缺少有效的身份令牌", "a valid id_token_hint is missing")
        async with self._log.writing() as conn:
            if account := await store.known_as(conn, claims["sub"]):
                await store.end(conn, claims["sid"])
                await self._log.append(conn, [self._log.entry(account, request.address, "sign-out")])
        return pages.said(("已退出", "Signed out"), ("可以关闭此页面", "you may close this page"))


def _client(fields: dict[str, str], request: Request) -> tuple[str, str]:
    """Name and secret of a service account, from the header or the form, but not from both."""
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    if not kind:
        return fields.get("client_id", ""), fields.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(shown, validate=True).decode().partition(":")
    except ValueError:
        name, secret = "", ""
    if kind.lower() != "basic" or "client_secret" in fields:
        raise _Refusal("invalid_request", "密钥须以一种方式出示", "show the secret in one way")
    return unquote(name), unquote(secret)


def _cookie(request: Request) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _origin(asked: dict[str, str]) -> str:
    return asked["redirect_uri"].removesuffix("/callback")


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
