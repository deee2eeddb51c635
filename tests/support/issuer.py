"""A small issuer of tokens on a real socket, whose keys and whose honesty a test chooses."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from shared.web.issuers import Issuer

OFFICE = {"organ": "桓仁满族自治县扶贫办", "roles": [{"role": "poverty_office", "division": "210522"}]}


def made(kind: str = "EC", kid: str = "one", **said: str) -> Any:
    """A new key: EC on P-256, RSA, OKP, another curve of EC, or a secret one."""
    given: Any = {"kid": kid, "use": "sig", **said}
    match kind:
        case "RSA":
            return RSAKey.generate_key(2048, given)
        case "OKP":
            return OKPKey.generate_key("Ed25519", given)
        case "oct":
            return OctKey.generate_key(256, given)
    return ECKey.generate_key("P-256" if kind == "EC" else kind, given)


class SmallIssuer:
    """What it answers, and how often it was asked for its keys."""

    def __init__(self) -> None:
        self.url = ""
        self.keys: list[Any] = [made()]
        self.document: dict[str, Any] = {}
        self.is_away = False
        self.asked = 0

    def token(self, key: Any = None, *, alg: str = "ES256", header: dict[str, Any] | None = None, **said: Any) -> str:
        """A token that holds, but for what is said otherwise: times as seconds from now; what is None is left out."""
        key, now = key or self.keys[0], int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url, "sub": "p-1", "aud": "zhucun", "iat": 0, "exp": 600, "jti": "t", "zhucun": OFFICE,
        } | said  # fmt: skip
        shown = {"alg": alg, "kid": key.kid, "typ": "at+jwt", **(header or {})}
        times = {
            name: now + claims[name] for name in ("iat", "exp", "nbf") if isinstance(claims.get(name), int | float)
        }
        claims = {name: value for name, value in (claims | times).items() if value is not None}
        return jwt.encode({k: v for k, v in shown.items() if v is not None}, claims, key, algorithms=[alg])

    def trusted(self, **said: Any) -> Issuer:
        """The entry of a service that trusts it."""
        return Issuer(url=self.url, **said)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        found: dict[str, Any] = {"keys": [key.as_dict(private=False) for key in self.keys]}
        if path == "/.well-known/openid-configuration":
            found = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.document}
        else:
            self.asked += 1
        body = json.dumps(found).encode()
        status = b"503 Away" if self.is_away else b"200 OK"
        writer.write(b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def issuing() -> AsyncIterator[SmallIssuer]:
    """An issuer that answers on a free port."""
    found = SmallIssuer()
    async with await asyncio.start_server(found.answer, "127.0.0.1", 0) as server:
        sockets: Sequence[Any] = server.sockets
        found.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        yield found
