"""What a rule of accounts answers when it says no."""

from typing import Literal

from shared import denied

Ground = Literal[
    "accounts",
    "administrators",
    "attempts",
    "authorize",
    "delegation",
    "locked",
    "password",
    "schema",
    "sign-in",
    "token",
]
"""Why somebody is refused, as the log says it beside the deed."""


class Denied(denied.Denied):
    """A refusal whose ground the log knows."""

    def __init__(self, ground: Ground, zh: str, en: str, *, status: int = 409, typed: str = "") -> None:
        super().__init__(ground, zh, en, status=status, typed=typed)
