"""What a rule of accounts answers when it says no."""

from typing import Literal

from shared import chinese, english

Ground = Literal[
    "accounts", "administrators", "attempts", "authorize", "locked", "password", "schema", "sign-in", "token"
]
"""Why somebody is refused: what the log tells beside the deed."""


class Denied(Exception):
    """A refusal: its ground, what is wrong and what to do about it in both languages, and the HTTP status.

    `typed` names what to correct, if it is one thing.

    The other services' refusals look up documents in packs. There are no packs here, which spares memory.
    """

    def __init__(self, ground: Ground, zh: str, en: str, *, status: int = 409, typed: str = "") -> None:
        super().__init__(f"[{ground}] {en}")
        self.ground, self.status, self.typed = ground, status, typed
        self.zh, self.en = chinese.written(zh), english.written(en)
