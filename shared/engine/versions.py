"""Versions of states: whoever changes something may say which version he saw, and is refused if it has changed since.

A version names its state, so a command may refer to any state that its sender looked at. Its hash covers what he was
shown, so that a change of something hidden from him does not matter. The hash is made with the installation's secret:
otherwise somebody who sees 138****1234 could try all telephone numbers until one has this hash. The position says how
far the journal was at that time, so that a refusal can tell what has happened since.
"""

import hmac
from typing import NamedTuple, Self
from urllib.parse import quote, unquote

import msgspec

from shared.rules import LONGEST_ID, Refused, State

CHANGED = "version"
"""The rule of the refusal of a command whose sender saw another version."""


class Seen(NamedTuple):
    """What somebody saw of a state."""

    kind: str
    id: str
    hash: str
    position: int

    @classmethod
    def read(cls, version: str) -> Self:
        """Read a version in its written form, which has the pattern of `SeenVersion`. Refuses one with no valid id."""
        named, _, rest = version.rpartition("@")
        kind, _, id = named.partition("/")
        hash, _, position = rest.partition("-")
        seen = cls(kind, unquote(id), hash, int(position))
        if not seen.id.isprintable() or len(seen.id) > LONGEST_ID:
            raise unknown(cls(kind, "…", hash, 0))
        return seen


def written(state: State, position: int, secret: bytes, *, to_operator: bool) -> str:
    """The version of a state as it is shown now; `position` is the journal's last one."""
    id = quote(state.id, safe="/:")
    return f"{state.kind}/{id}@{_hash(state, secret, to_operator=to_operator)}-{position}"


def _hash(state: State, secret: bytes, *, to_operator: bool) -> str:
    shown = msgspec.json.encode(state.shown(to_operator=to_operator), order="deterministic")
    return hmac.digest(secret, b"zhucun version " + shown, "sha256").hex()[:12]


def require_same(seen: Seen, state: State | None, secret: bytes) -> None:
    """Refuse (412) if the state is no longer as it was seen."""
    if state is None or seen.hash not in [_hash(state, secret, to_operator=one) for one in (False, True)]:
        raise Refused(
            CHANGED,
            f"“{seen.id}”在您查看之后已有变动，本次未作更改；请重新查看，确认后再提交",
            f"{seen.id} has changed since you saw it, and nothing was done; look at it again before you send this",
            field="expects",
            status=412,
        )


def unknown(seen: Seen) -> Refused:
    """The refusal of a version of another service's state."""
    return Refused(
        CHANGED,
        f"“{seen.id}”的这个版本不是本服务给出的，请填写从本服务查得的版本",
        f"this version of {seen.id} is not of this service; send one that it answered",
        field="expects",
        status=422,
    )
