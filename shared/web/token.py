"""Tokens of the operator, and of bodies that must not speak for each other; and the pseudonyms of people.

A token is made from the installation's secret, so whoever can read the secret can make it. That is the operator, who
gives each body its own.
"""

import hmac
from collections.abc import Iterable
from typing import Final

import msgspec

BODIES_HEADER: Final = "zhucun-bodies"
"""The HTTP header with the tokens of the bodies for which a request speaks, separated by commas."""


def operator_key(secret: bytes) -> str:
    """The operator's bearer token."""
    return hmac.digest(secret, b"zhucun operator", "sha256").hex()


def operator_headers(secret: bytes) -> dict[str, str]:
    """The HTTP headers with the operator's token; none if the secret is empty."""
    return {"Authorization": f"Bearer {operator_key(secret)}"} if secret else {}


def is_operator_key(secret: bytes, shown: str) -> bool:
    """Whether a bearer token is the operator's. If the secret is empty, none is."""
    return bool(secret) and hmac.compare_digest(shown.encode(), operator_key(secret).encode())


LONGEST_TOKEN: Final = 8 * 2**10
"""The most characters of a token that is shown by somebody."""


def pseudonym(secret: bytes, issuer: str, subject: str) -> str:
    """The pseudonym of a token's bearer in events and logs: 16 hexadecimal digits.

    It is the same everywhere in an installation, and cannot be computed from the person's name without the secret.
    """
    return hmac.digest(secret, b"zhucun person " + msgspec.json.encode([issuer, subject]), "sha256").hex()[:16]


def relative(secret: bytes, id: str) -> str:
    """The form in which a token names a relative of the person for whom its bearer acts: 16 hexadecimal digits.

    The services have the secret, and so recognise a cadre whose id they know. The bearer learns of no relative.
    """
    return hmac.digest(secret, f"zhucun relative {id}".encode(), "sha256").hex()[:16]


def body_key(secret: bytes, body: str) -> str:
    """The token of a body, such as `discipline`."""
    return hmac.digest(secret, f"zhucun body {body}".encode(), "sha256").hex()


def body_headers(secret: bytes, bodies: Iterable[str]) -> dict[str, str]:
    """The header of a request that speaks for these bodies."""
    return {BODIES_HEADER: ",".join(body_key(secret, body) for body in bodies)}


def shows_body(secret: bytes, shown: str, body: str) -> bool:
    """Whether the header value `shown` has this body's token. If the secret is empty, no token is valid."""
    key = body_key(secret, body).encode()
    return bool(secret) and any(hmac.compare_digest(one.strip().encode(), key) for one in shown.split(","))
