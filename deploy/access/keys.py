"""Keys of NATS users: pairs of which a server knows the public half only."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import nkeys


def new_key() -> tuple[str, str]:
    """A new seed, which its user alone is to have, and the public key that the server knows it by."""
    seed = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
    return seed.decode(), public_key(seed)


def public_key(seed: bytes) -> str:
    """The public key of a seed. Raises nkeys.NkeysError for what is none."""
    pair = nkeys.from_seed(bytearray(seed.strip()))
    public: str = pair.public_key.decode()
    return public


def seed_file(folder: Path, user: str) -> Path:
    """Where the seed of a user is kept."""
    return folder / f"{user}.nk"


def make_keys(folder: Path, users: Iterable[str]) -> dict[str, str]:
    """Make the seeds that are missing in a folder, for their owner's eyes only; the public key of each user."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for user in users:
        if not seed_file(folder, user).exists():
            write_seed(seed_file(folder, user), new_key()[0])
    return {user: public_key(seed_file(folder, user).read_bytes()) for user in users}


def write_seed(path: Path, seed: str) -> None:
    """Write a seed completely or not at all; a file that is there is replaced."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{seed}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
