"""Keys of NATS users. A key is a secret seed for its user and a public key for the server."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import nkeys


def new_key() -> tuple[str, str]:
    """A new seed, which only its user may have, and its public key, by which the server recognises the user."""
    seed = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
    return seed.decode(), public_key(seed)


def public_key(seed: bytes) -> str:
    """The public key of a seed. Raises nkeys.NkeysError if it is no seed."""
    pair = nkeys.from_seed(bytearray(seed.strip()))
    public: str = pair.public_key.decode()
    return public


def seed_file(folder: Path, user: str) -> Path:
    """Where the seed of a user is kept."""
    return folder / f"{user}.nk"


def make_keys(folder: Path, users: Iterable[str]) -> dict[str, str]:
    """Make missing seeds in a folder, readable by its owner only. Returns the public key of each user."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for user in users:
        if not seed_file(folder, user).exists():
            write(seed_file(folder, user), f"{new_key()[0]}\n")
    return {user: public_key(seed_file(folder, user).read_bytes()) for user in users}


def write(path: Path, text: str) -> None:
    """Write a file completely or not at all. Only its owner can read a new file; an existing one keeps its rights."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with open(draft, "x", opener=private, encoding="utf-8") as file:
        if path.exists():
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def private(path: str, flags: int) -> int:
    """Open a file so that only its owner can read it. To be used as `opener` of open()."""
    return os.open(path, flags, 0o600)
