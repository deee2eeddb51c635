"""`python -m deploy.init folder`, then `python -m deploy.init databases`: both may be repeated."""

import os
import sys
from pathlib import Path

from deploy.access.users import TRIAL_USERS, USERS
from deploy.init import databases, folder
from deploy.local.errors import StartError
from shared.settings import CannotRun

FOLDER = Path("/keys")


def main(step: str) -> None:
    """Take one of the two steps. The number of replicas and further names of NATS are read from the environment."""
    os.umask(0o077)
    replicas = int(os.environ.get("ZHUCUN_REPLICAS") or "1")
    if step == "folder":
        names = os.environ.get("ZHUCUN_NATS_NAMES", "").replace(",", " ").split()
        simulated = os.environ.get("ZHUCUN_SIMULATED") == "true"
        folder.fill(FOLDER, names, replicas, TRIAL_USERS if simulated else USERS)
        folder.hand_out(FOLDER)
    else:
        databases.prepare(FOLDER, replicas)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (StartError, CannotRun) as error:
        sys.exit(str(error))
