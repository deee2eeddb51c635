"""Encrypts what is kept in a database but must not be readable for somebody who has only the database."""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Seal:
    """Encrypts with a key made from the installation's secret. Each `purpose`, such as `second factors`, has its own
    key."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._cipher = AESGCM(hmac.digest(secret, f"zhucun {purpose}".encode(), "sha256"))

    def close(self, content: bytes, name: str) -> str:
        """The content, sealed for the bearer of this name, such as an account."""
        nonce = os.urandom(12)
        return (nonce + self._cipher.encrypt(nonce, content, name.encode())).hex()

    def open(self, sealed: str, name: str) -> bytes | None:
        """The content; None if it was sealed for another name, or with another installation's secret."""
        raw = bytes.fromhex(sealed)
        try:
            return self._cipher.decrypt(raw[:12], raw[12:], name.encode())
        except InvalidTag:
            return None
