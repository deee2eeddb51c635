"""What must not be read by others: how passwords are hashed and secrets made."""

import asyncio
import hashlib
import hmac
import os
import secrets
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from services.accounts.model.password import LONGEST

MEMORY, ROUNDS = 19 * 1024, 2
"""KiB and rounds of Argon2id. One password takes about 30 ms and, for that time, 19 MiB of memory."""
FIRST: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
"""The characters of passwords and codes that people type from paper: none looks like another."""


def hashed_now(password: str) -> str:
    """The Argon2id hash of a password, as text with its salt and parameters. It blocks the process meanwhile."""
    return Argon2id(salt=os.urandom(16), length=32, iterations=ROUNDS, lanes=1, memory_cost=MEMORY).derive_phc_encoded(
        password.encode("utf-8", "surrogatepass")
    )


async def hashed(password: str) -> str:
    """The same in a thread, while the process serves others."""
    return await asyncio.to_thread(hashed_now, password)


async def is_password(password: str, hash: str) -> bool:
    """Whether this is the password of the hash. Without a hash it takes as long and says no, so that the time does not
    tell whether there is such an account."""

    def verify() -> bool:
        try:
            typed = password[:LONGEST].encode("utf-8", "surrogatepass")
            Argon2id.verify_phc_encoded(typed, hash or _NOBODY)
        except InvalidKey:
            return False
        return bool(hash) and len(password) <= LONGEST

    return await asyncio.to_thread(verify)


def typed(length: int) -> str:
    """A random text that people can type."""
    return "".join(secrets.choice(FIRST) for _ in range(length))


def first_password() -> str:
    """A password for the first sign-in: 14 random characters in groups, with a digit and a mark."""
    return "-".join((typed(5), typed(5), f"{typed(3)}{secrets.randbelow(10)}"))


def digest(secret: str) -> str:
    """What is kept of a random secret. It is long, so a fast hash is safe."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret(shown: str, kept: str) -> bool:
    """Whether the digest of a secret that was shown is the one that is kept. Compared in a time that tells nothing
    about it."""
    return hmac.compare_digest(digest(shown), kept)


_NOBODY: Final = hashed_now(secrets.token_hex(16))
