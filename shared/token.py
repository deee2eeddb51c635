"""What an operator shows until people have identities: whoever can read the installation's secret can make it."""

import hmac


def operator_key(secret: bytes) -> str:
    """The bearer token of whoever operates the installation with this secret."""
    return hmac.digest(secret, b"zhucun operator", "sha256").hex()


def operator_headers(secret: bytes) -> dict[str, str]:
    """The headers with which an operator's tool asks; none without a secret."""
    return {"Authorization": f"Bearer {operator_key(secret)}"} if secret else {}
