"""What an operator, or a body that must not be taken for another, shows until people have identities.

Whoever can read the installation's secret can make these tokens, and hands each to those whose it is.
"""

import hmac
from collections.abc import Iterable
from typing import Final

BODIES_HEADER: Final = "zhucun-bodies"
"""The HTTP header with the tokens of the bodies for which a request speaks, separated by commas."""


def operator_key(secret: bytes) -> str:
    """The bearer token of whoever operates the installation with this secret."""
    return hmac.digest(secret, b"zhucun operator", "sha256").hex()


def operator_headers(secret: bytes) -> dict[str, str]:
    """The headers with which an operator's tool asks; none without a secret."""
    return {"Authorization": f"Bearer {operator_key(secret)}"} if secret else {}


def body_key(secret: bytes, body: str) -> str:
    """The token of a body, such as `discipline`, that this installation's secret makes."""
    return hmac.digest(secret, f"zhucun body {body}".encode(), "sha256").hex()


def body_headers(secret: bytes, bodies: Iterable[str]) -> dict[str, str]:
    """The header of a request that speaks for these bodies."""
    return {BODIES_HEADER: ",".join(body_key(secret, body) for body in bodies)}


def shows_body(secret: bytes, shown: str, body: str) -> bool:
    """Whether a header has this body's token. Without a secret nobody can show one."""
    key = body_key(secret, body).encode()
    return bool(secret) and any(hmac.compare_digest(one.strip().encode(), key) for one in shown.split(","))
