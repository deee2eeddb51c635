"""Who has signed in: sessions on the server, by OpenID Connect (authorization code with PKCE).

Tokens never leave the server. The browser has a random value alone; the table has its hash, and the tokens sealed.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode
from weakref import WeakValueDictionary

import httpx
import msgspec
import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from services.console.tables import TABLES
from shared.web.brief import Brief
from shared.web.issuers import ANSWERED_WITHIN, Bearer, Issuer, IssuerAway, Issuers, TokenRefused, discovered
from shared.web.sealing import Seal

log = structlog.get_logger()
CLIENT: Final = "zhucun-console"
"""The client id by which issuers know the console. It has no secret; PKCE takes its place."""
REST: Final = 30 * 60
"""Seconds after which a session ends if no page is asked for."""
LONGEST: Final = 12 * 3600
"""Seconds after which a session ends in any case."""
MARGIN: Final = 30
"""Seconds before its end at which an access token is renewed."""
NOTED: Final = 60
"""Seconds after which it is noted again that a session is in use."""
SIGNING_IN: Final = 15 * 60
"""Seconds that somebody may take to sign in."""
_SESSIONS: Final = TABLES.sessions


class Kept(msgspec.Struct, kw_only=True):
    """The part of a session that is stored sealed."""

    issuer: str
    access: str
    until: float
    refresh: str = ""
    identity: str = ""
    acting: str = ""
    """The role and division that were chosen, such as `township.210522`."""


class Session(msgspec.Struct, kw_only=True):
    """A session that is valid."""

    id: str
    kept: Kept
    bearer: Bearer


class _Asked(msgspec.Struct, frozen=True):
    """A sign-in that was begun."""

    issuer: str
    verifier: str
    nonce: str
    browser: str
    back: str
    to: str


class NotSignedIn(Exception):
    """Nobody has signed in here, or the session has ended."""


class SignInFailed(Exception):
    """Somebody cannot be let in: what his browser brought is no answer of an issuer, or the issuer is away (503)."""

    def __init__(self, zh: str, en: str, status: int = 400) -> None:
        super().__init__(en)
        self.zh, self.en, self.status = zh, en, status


class Sessions:
    """The sessions of this console."""

    def __init__(self, engine: AsyncEngine, secret: bytes, issuers: Issuers) -> None:
        self.issuers = issuers
        self._engine, self._seal = engine, Seal(secret, "console sessions")
        self._asked = Brief[_Asked](SIGNING_IN)
        self._renewing = WeakValueDictionary[str, asyncio.Lock]()
        self._http = httpx.AsyncClient(timeout=ANSWERED_WITHIN, trust_env=False, follow_redirects=False)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    # ------------------------------------------------------------- signing in

    async def begin(self, issuer: Issuer, browser: str, back: str, to: str) -> str:
        """Where to lead a browser so that somebody signs in. `back` is the console's address for the way back, and `to`
        the page that was wanted. Raises SignInFailed."""
        addresses = await self._addresses(issuer, "authorization_endpoint")
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        state = self._asked.put(_Asked(issuer.url, verifier, nonce, _hash(browser), back, to))
        proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": CLIENT, "redirect_uri": back, "response_type": "code", "scope": "openid", "state": state,
            "nonce": nonce, "code_challenge": proof, "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{addresses['authorization_endpoint']}?{urlencode(asked)}"

    async def finish(self, browser: str, given: Mapping[str, str]) -> tuple[str, str]:
        """Take the code with which a browser came back. Returns the value of its new cookie, and the page that was
        wanted. Raises SignInFailed."""
        asked = self._asked.take(given.get("state", ""))
        if not asked or not hmac.compare_digest(asked.browser, _hash(browser)):
            raise SignInFailed("登录已过期，请重新登录", "this sign-in is too old; sign in again")
        if given.get("error") or given.get("iss", asked.issuer) != asked.issuer:
            raise SignInFailed("登录服务未予登录，请重新登录", "the issuer did not sign you in; try again")
        issuer = next(one for one in self.issuers.trusted if one.url == asked.issuer)
        fields = {
            "grant_type": "authorization_code",
            "client_id": CLIENT,
            "redirect_uri": asked.back,
            "code": given.get("code", ""),
            "code_verifier": asked.verifier,
        }
        answer = await self._told(issuer, fields)
        kept = _tokens(issuer.url, answer) if answer.is_success else None
        if not kept or not _is_for(kept.identity, issuer.url, asked.nonce):
            raise SignInFailed("登录未完成，请重新登录", "signing in was not completed; try again")
        await self._bearer(kept)
        shown, now = secrets.token_urlsafe(32), int(time.time())
        async with self._engine.begin() as conn:
            await conn.execute(delete(_SESSIONS).where(_SESSIONS.c.id == _hash(browser)))
            old = (_SESSIONS.c.used < now - REST) | (_SESSIONS.c.begun < now - LONGEST)
            await conn.execute(delete(_SESSIONS).where(old))
            row = {"id": _hash(shown), "sealed": self._sealed(_hash(shown), kept), "begun": now, "used": now}
            await conn.execute(insert(_SESSIONS).values(row))
        return shown, asked.to

    # ---------------------------------------------------------------- sessions

    async def of(self, browser: str) -> Session:
        """The session of a browser, its access token renewed if that is about to end. Raises NotSignedIn, and
        SignInFailed if the issuer is away."""
        id = _hash(browser)
        kept, used = await self._read(id)
        if kept.until - MARGIN < time.time():
            async with self._renewing.setdefault(id, asyncio.Lock()):
                # Another request may have renewed it: a refresh token can be used only once.
                kept, used = await self._read(id)
                if kept.until - MARGIN < time.time():
                    kept = await self._renewed(id, kept)
        if used < time.time() - NOTED:
            async with self._engine.begin() as conn:
                await conn.execute(update(_SESSIONS).where(_SESSIONS.c.id == id).values(used=int(time.time())))
        return Session(id=id, kept=kept, bearer=await self._bearer(kept))

    async def choose(self, session: Session, acting: str) -> None:
        """Keep the role and division that somebody chose."""
        session.kept.acting = acting
        await self._keep(session.id, session.kept)

    async def end(self, browser: str) -> None:
        """Sign out: here, and at the issuer if it can be told."""
        id = _hash(browser)
        try:
            kept, _ = await self._read(id)
        except NotSignedIn:
            return
        await self._forget(id)
        issuer = next((one for one in self.issuers.trusted if one.url == kept.issuer), None)
        if issuer and kept.identity:
            try:
                addresses = await self._addresses(issuer, "end_session_endpoint")
                await self._http.post(addresses["end_session_endpoint"], data={"id_token_hint": kept.identity})
            except (SignInFailed, httpx.HTTPError) as error:
                log.warning("an issuer was not told of a sign-out", error=type(error).__name__)

    async def _read(self, id: str) -> tuple[Kept, int]:
        async with self._engine.connect() as conn:
            row = (await conn.execute(select(_SESSIONS).where(_SESSIONS.c.id == id))).one_or_none()
        now = time.time()
        if row is None:
            raise NotSignedIn
        content = self._seal.open(row.sealed, id)
        if content is None or row.used < now - REST or row.begun < now - LONGEST:
            await self._forget(id)
            raise NotSignedIn
        return msgspec.json.decode(content, type=Kept), row.used

    async def _renewed(self, id: str, kept: Kept) -> Kept:
        issuer = next((one for one in self.issuers.trusted if one.url == kept.issuer), None)
        answer = None
        if issuer and kept.refresh:
            fields = {"grant_type": "refresh_token", "refresh_token": kept.refresh, "client_id": CLIENT}
            answer = await self._told(issuer, fields)
        if answer is None or not answer.is_success:
            await self._forget(id)
            raise NotSignedIn
        found = _tokens(kept.issuer, answer)
        if found is None:
            raise _away()
        found.acting, found.refresh = kept.acting, found.refresh or kept.refresh
        found.identity = found.identity or kept.identity
        await self._keep(id, found)
        return found

    async def _bearer(self, kept: Kept) -> Bearer:
        try:
            return await self.issuers.bearer(kept.access)
        except TokenRefused as error:
            raise SignInFailed(error.zh, error.en, 403) from error
        except IssuerAway as error:
            raise _away() from error

    async def _told(self, issuer: Issuer, fields: Mapping[str, str]) -> httpx.Response:
        """What the token endpoint answers. Raises SignInFailed if it is away, so that the session is not forgotten for
        that."""
        addresses = await self._addresses(issuer, "token_endpoint")
        try:
            answer = await self._http.post(addresses["token_endpoint"], data=dict(fields))
        except httpx.HTTPError as error:
            raise _away() from error
        if answer.status_code >= 500:
            raise _away()
        return answer

    async def _addresses(self, issuer: Issuer, needed: str) -> dict[str, str]:
        try:
            return await discovered(issuer, self._http, needed)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            log.warning("an issuer cannot be asked", issuer=issuer.url, error=repr(error)[:300])
            raise _away() from error

    def _sealed(self, id: str, kept: Kept) -> str:
        return self._seal.close(msgspec.json.encode(kept), id)

    async def _keep(self, id: str, kept: Kept) -> None:
        async with self._engine.begin() as conn:
            await conn.execute(update(_SESSIONS).where(_SESSIONS.c.id == id).values(sealed=self._sealed(id, kept)))

    async def _forget(self, id: str) -> None:
        async with self._engine.begin() as conn:
            await conn.execute(delete(_SESSIONS).where(_SESSIONS.c.id == id))


def _hash(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()


def _away() -> SignInFailed:
    return SignInFailed("登录服务暂无应答，请稍后再试", "the issuer does not answer; try again later", 503)


class _Answer(msgspec.Struct):
    access_token: str
    expires_in: float = 300.0
    refresh_token: str = ""
    id_token: str = ""


def _tokens(issuer: str, answer: httpx.Response) -> Kept | None:
    """The tokens in an answer of the token endpoint; None if there are none."""
    try:
        said = msgspec.json.decode(answer.content, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return Kept(
        issuer=issuer,
        access=said.access_token,
        until=time.time() + said.expires_in,
        refresh=said.refresh_token,
        identity=said.id_token,
    )


def _is_for(identity: str, issuer: str, nonce: str) -> bool:
    """Whether an identity token is this issuer's answer to this sign-in. It came from the issuer itself, so that its
    signature need not be looked at (OpenID Connect Core, 3.1.3.7)."""
    try:
        part = identity.split(".")[1]
        claims: dict[str, Any] = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        return claims["iss"] == issuer and CLIENT in audience and hmac.compare_digest(str(claims["nonce"]), nonce)
    except (IndexError, KeyError, TypeError, ValueError):
        return False
