"""One-time codes of a second factor (RFC 6238): six digits that an app on a phone makes from a shared secret."""

import base64
import hmac
from typing import Final

SECONDS: Final = 30
"""How long a code holds."""
DIGITS: Final = 6
DRIFT: Final = 1
"""How many steps a phone's clock may be off to either side."""


def code(secret: bytes, step: int) -> str:
    """The code of a time step, which is the number of `SECONDS` since 1970."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matched(secret: bytes, given: str, now: float, last: int) -> int | None:
    """The time step whose code was given, or None. Steps up to the last used one are over, so no code serves twice."""
    here = int(now) // SECONDS
    for step in range(max(here - DRIFT, last + 1), here + DRIFT + 1):
        if hmac.compare_digest(code(secret, step).encode(), given.encode()):
            return step
    return None


def written(secret: bytes) -> str:
    """The secret as people type it into an app."""
    return base64.b32encode(secret).decode().rstrip("=")


def address(secret: bytes, name: str) -> str:
    """The address that an app reads from a link or picture."""
    return f"otpauth://totp/Zhucun:{name}?secret={written(secret)}&issuer=Zhucun"
