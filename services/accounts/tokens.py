"""Signed tokens, and the keys that sign them."""

import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from services.accounts.model import BELONGS, Account, Delegation
from shared.calendar import CHINA, DAY

ALGORITHM: Final = "ES256"
MINUTES: Final = timedelta(minutes=10)
"""How long an access token holds. A lock or a change of roles is known everywhere after this time at most."""
RENEWED: Final = timedelta(days=90)
"""How old a signing key becomes before another signs."""
SHOWN: Final = DAY
"""How long an old key is shown after another signs: longer than any token that it signed."""
CLAIM: Final = "zhucun"


class _Kept(msgspec.Struct):
    jwk: dict[str, Any]
    made: datetime


class Keys:
    """The signing keys, in one file that its owner alone reads. The first one is made at the first start."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept = msgspec.json.decode(path.read_bytes(), type=list[_Kept]) if path.exists() else []
        self.renew(datetime.now(UTC))

    def renew(self, now: datetime, *, at_once: bool = False) -> None:
        """Make another key if the newest is old or `at_once`, and forget those of which no token can still be valid."""
        before = [*self._kept]
        if at_once or not self._kept or now - self._kept[-1].made > RENEWED:
            jwk = ECKey.generate_key("P-256", {"kid": secrets.token_hex(8), "use": "sig", "alg": ALGORITHM})
            self._kept.append(_Kept(dict(jwk.as_dict(private=True)), now))
        until = [later.made + SHOWN for later in self._kept[1:]]
        kept = [one for one, end in zip(self._kept, until, strict=False) if end > now] + self._kept[-1:]
        self._kept, self._set = kept, KeySet([ECKey.import_key(one.jwk) for one in kept])
        if kept == before:
            return
        draft = self.path.with_suffix(".new")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def public(self) -> Mapping[str, Any]:
        """The public keys (JWKS)."""
        return self._set.as_dict(private=False)

    def signed(self, claims: Mapping[str, Any], typ: str) -> str:
        """A token with these claims."""
        key = self._set.keys[-1]
        return jwt.encode({"alg": ALGORITHM, "typ": typ, "kid": key.kid}, dict(claims), key, algorithms=[ALGORITHM])

    def read(
        self, token: str, typ: str, issuer: str, audience: str, *, even_late: bool = False
    ) -> dict[str, Any] | None:
        """The claims of a token of ours of this type, for this audience; None for anything else, and for an expired one
        unless `even_late`."""
        try:
            found = jwt.decode(token, self._set, algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            return None
        claims, now = found.claims, datetime.now(UTC).timestamp()
        fits = found.header.get("typ") == typ and claims.get("iss") == issuer and claims.get("aud") == audience
        return claims if fits and (even_late or claims["exp"] > now) else None


def access_claims(
    account: Account,
    issuer: str,
    audience: str,
    client: str,
    amr: tuple[str, ...],
    taken: Iterable[tuple[Account, Delegation]],
    relative: Callable[[str], str],
) -> dict[str, Any]:
    """What an access token says (RFC 9068): an account's id, organ and roles, to whom it belongs, and what it has
    `taken` from others for a time; no person's name. `relative` turns the id of a giver's relative into one that
    services recognise, but not the colleague who holds the token."""
    now = int(datetime.now(UTC).timestamp())
    roles = _roles(account)
    if account.administers:
        roles = [{"role": account.administers, "division": ""}]
    delegated = [
        {
            "from": giver.sub,
            "organ": giver.organ,
            "roles": _roles(one),
            "until": _ends(one),
            **_belongs(giver),
            **({"kin": [*map(relative, giver.kin)]} if giver.kin else {}),
        }
        for giver, one in taken
    ]
    return {
        "iss": issuer, "sub": account.sub, "aud": audience, "client_id": client, "jti": secrets.token_hex(16),
        "iat": now, "exp": now + int(MINUTES.total_seconds()),
        CLAIM: {
            "organ": account.organ, "roles": roles, "amr": [*amr], **_belongs(account),
            **({"kin": [*account.kin]} if account.kin else {}), **({"delegated": delegated} if delegated else {}),
        },
    }  # fmt: skip


def _roles(of: Account | Delegation) -> list[dict[str, str]]:
    return [{"role": one.role, "division": one.division} for one in of.roles]


def _belongs(account: Account) -> dict[str, str]:
    return {name: value for name in BELONGS if (value := getattr(account, name))}


def _ends(delegation: Delegation) -> int:
    """The second after its last day, since 1970."""
    return int(datetime.combine(delegation.until + DAY, time(), CHINA).timestamp())
