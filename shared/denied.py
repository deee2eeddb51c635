"""The refusals of small processes without packs."""

from shared import chinese, english


class Denied(Exception):
    """A refusal: its ground, what is wrong and what to do about it in both languages, and the HTTP status.

    `typed` names the one thing to correct, if there is one. `after` is the number of seconds to wait, for somebody who
    asks too often.

    The four services use `Refused` instead, which looks up documents in packs. Accounts and webhooks have no packs,
    which saves memory.
    """

    def __init__(self, ground: str, zh: str, en: str, *, status: int = 409, typed: str = "", after: int = 0) -> None:
        super().__init__(f"[{ground}] {en}")
        self.ground, self.status, self.typed, self.after = ground, status, typed, after
        self.zh, self.en = chinese.written(zh), english.written(en)
