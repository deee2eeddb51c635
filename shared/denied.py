"""What a small process without packs answers when it says no."""

from shared import chinese, english


class Denied(Exception):
    """A refusal: its ground, what is wrong and what to do about it in both languages, and the HTTP status.

    `typed` names what to correct, if it is one thing; `after` is the number of seconds to wait for whoever asks too
    often.

    The four services' refusals look up documents in packs. Accounts and webhooks have no packs, which spares memory.
    """

    def __init__(self, ground: str, zh: str, en: str, *, status: int = 409, typed: str = "", after: int = 0) -> None:
        super().__init__(f"[{ground}] {en}")
        self.ground, self.status, self.typed, self.after = ground, status, typed, after
        self.zh, self.en = chinese.written(zh), english.written(en)
