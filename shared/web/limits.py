"""How often somebody may ask a service, and what every answer tells a browser: limits and headers.

If nobody is asked who he is, there are no limits: then nobody can reach the service who may not do everything in it.
"""

from typing import Final

from litestar.types import Message, Scope

from shared.rules import Refused
from shared.web import rates

IMPORTS: Final = 2
"""The most files of one caller that are taken in at the same time."""


class TooMany(Refused):
    """Somebody asks too often. `after` is the number of seconds after which he may ask again."""

    def __init__(self, zh: str, en: str, after: int) -> None:
        super().__init__("limit", *rates.worded(zh, en, after), status=429)
        self.after = after


class Limits(rates.Limits):
    """The limits of a service, which refuses as its rules do."""

    def refusal(self, zh: str, en: str, after: int) -> Exception:
        return TooMany(zh, en, after)


# -------------------------------------------------------------------- headers

_COMMON: Final = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
_POLICY: Final = b"content-security-policy"
_DATA: Final = [
    *_COMMON,
    (b"cache-control", b"no-store"),
    (_POLICY, b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
]
_PAGE: Final = [
    *_COMMON,
    (
        _POLICY,
        b"default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
]
"""The headers of the page at /docs, which runs its own scripts and sends requests to this service only."""


async def guarded(message: Message, scope: Scope) -> None:
    """Add to every answer what keeps browsers from storing it, guessing its type, or showing it within another page."""
    if message["type"] == "http.response.start":
        is_page = scope["path"] == "/docs" or scope["path"].startswith(("/docs/", "/docs-assets/"))
        message["headers"] = [*message["headers"], *(_PAGE if is_page else _DATA)]
