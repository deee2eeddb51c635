"""The folder of keys of a composed installation. Secrets are made here once and never replaced by themselves.

Each file belongs to the one user whose containers read it. So an attacker in one service cannot read another's secrets.
"""

import os
import secrets
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from deploy.access import grants
from deploy.access.keys import write
from deploy.access.users import SELFTEST
from deploy.init import certificates
from deploy.local.supervisor import SERVICES

OPERATOR: Final = 10000
"""The id of the operator's user and group. Every container of the product is in this group."""
USERS: Final = {"operator": OPERATOR, **{name: OPERATOR + n for n, name in enumerate(SERVICES, 1)}, "nats": 10005}
"""By name, the id of the user under which the containers of compose.yaml run."""
KEEPERS: Final = 10009
"""The id of the group that may read all NATS keys. Only the operator's container is in it, in order to grant access."""
ROLES: Final = ("postgres", *SERVICES, SELFTEST)
"""The roles in PostgreSQL. Each has a file with its password in the format of PostgreSQL's clients (pgpass)."""
PASSWORDS: Final = "databases.pgpass"
"""The name of the file that has all passwords together."""
CONFIGS: Final = ("nats.conf", "cluster.conf", "issuers.toml")
_PUBLIC: Final = (".pem", ".conf", ".toml")


def fill(folder: Path, names: Sequence[str], replicas: int, users: Iterable[str]) -> None:
    """Make what the folder lacks, for this number of replicas of each service and these users of NATS.

    `names` are further names or addresses at which subscribers reach NATS; the certificate gets them too.
    """
    folder.mkdir(exist_ok=True)
    grants.install(folder, users, replicas, selftest=True)
    certificates.make(folder, names)
    _keep(folder / "secret", secrets.token_hex(32))
    for role in ROLES:
        _keep(folder / f"{role}.pgpass", f"*:*:*:{role}:{secrets.token_hex(32)}\n")
    lines = [(folder / f"{role}.pgpass").read_text() for role in ROLES]
    write(folder / PASSWORDS, "".join(lines))
    write(folder / "postgres.password", lines[0].strip().rpartition(":")[2])
    for config in CONFIGS:  # These files belong to the program's version, so they are copied at every start.
        shutil.copyfile(Path(__file__).with_name(config), folder / config)


def _keep(path: Path, text: str) -> None:
    if not path.exists():
        write(path, text)


def hand_out(folder: Path) -> None:
    """Give each file to the user in its name, or else to the operator. Public files may be read by everybody."""
    for path in (folder / SELFTEST).iterdir():
        os.chown(path, OPERATOR, OPERATOR)
    for path in folder.iterdir():
        if path.is_dir():
            user, mode = OPERATOR, 0o700
        elif path.name in ("ca.key", "postgres.password"):  # Read only by these steps and by PostgreSQL's own start.
            user, mode = 0, 0o600
        else:
            user = USERS.get(path.stem, OPERATOR)
            mode = (
                0o644 if path.suffix in _PUBLIC else 0o640 if path.name == "secret" or path.suffix == ".nk" else 0o600
            )
        os.chown(path, user, KEEPERS if path.suffix == ".nk" else OPERATOR)
        path.chmod(mode)
    os.chown(folder, OPERATOR, OPERATOR)
