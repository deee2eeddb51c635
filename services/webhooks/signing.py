"""Signatures after Standard Webhooks 1.0, and the secrets that make them."""

import base64
import hmac
from collections.abc import Iterable, Mapping

PREFIX = "whsec_"


def secret(installation: bytes, endpoint: str, generation: int) -> str:
    """The secret of an endpoint as its receiver gets it. It is derived, so the database reveals none."""
    key = hmac.digest(installation, f"zhucun webhook {endpoint} {generation}".encode(), "sha256")
    return PREFIX + base64.b64encode(key).decode()


def mark(installation: bytes) -> str:
    """A mark by which the installation's secret is recognised. It reveals nothing of the secret."""
    return hmac.digest(installation, b"zhucun webhooks know it by", "sha256").hex()[:16]


def headers(id: str, at: int, body: bytes, secrets: Iterable[str]) -> Mapping[str, str]:
    """The headers of a message: its id, which stays the same when it is sent again, the time, a signature by each
    secret."""
    said = b".".join((id.encode(), str(at).encode(), body))
    signed = (hmac.digest(base64.b64decode(one.removeprefix(PREFIX)), said, "sha256") for one in secrets)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signed),
    }


def is_one_of(shown: str, secrets: Iterable[str]) -> bool:
    """Whether a text is one of the secrets."""
    return any(hmac.compare_digest(shown.encode(), one.encode()) for one in secrets)
