"""Who is signed in at this terminal: the tokens of `zhucun login`, in a file that its owner alone reads."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import msgspec

from deploy.access.keys import write

FILE: Final = "ZHUCUN_LOGIN_FILE"
"""The environment variable that names another file."""
MARGIN: Final = 30
"""Seconds before its end at which an access token is renewed."""


class Tokens(msgspec.Struct):
    """The tokens of a session at the accounts of one installation."""

    name: str
    access: str
    until: float
    refresh: str
    identity: str


def file() -> Path:
    """Where tokens are kept."""
    return Path(os.environ.get(FILE) or Path.home() / ".config" / "zhucun" / "login.json")


def keep(url: str, tokens: Tokens | None) -> None:
    """Write the tokens of the accounts at an address, or forget them."""
    with _held() as kept:
        kept.pop(url, None)
        if tokens:
            kept[url] = tokens


def session(url: str) -> Tokens | None:
    """The tokens at an address, renewed if the access token is about to end; as they were if the accounts refuse that.

    None if nobody has signed in there, or has signed out again.
    """
    if not file().exists():
        return None
    with _held() as kept:  # Held meanwhile: a refresh token serves once, so two commands must not use the same one.
        tokens = kept.get(url)
        if tokens and tokens.until - MARGIN < time.time():
            fields = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
            answer = httpx.post(f"{url}/token", data=fields, timeout=60, trust_env=False)
            if answer.is_success:
                tokens = kept[url] = taken(tokens.name, answer)
        return tokens


def taken(name: str, answer: httpx.Response) -> Tokens:
    """The tokens in an answer of the token endpoint."""
    body = answer.json()
    until = time.time() + body["expires_in"]
    return Tokens(name, body["access_token"], until, body["refresh_token"], body["id_token"])


@contextmanager
def _held() -> Iterator[dict[str, Tokens]]:
    """The file's content by address, which is written at the end. Nobody else has the file meanwhile."""
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(path.with_suffix(".lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=dict[str, Tokens])
        except (FileNotFoundError, msgspec.MsgspecError):
            kept = {}
        before = dict(kept)
        yield kept
        if kept != before:
            write(path, msgspec.json.encode(kept).decode())
