"""Run by `make migration SERVICE=… MESSAGE=…`: writes the next revision from what a service's tables have become."""

import sys
import tempfile

from shared.migrations import revise, upgrade

if __name__ == "__main__":
    service, message = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite+aiosqlite:///{folder}/newest.sqlite3"
        upgrade(service, database)
        revise(service, database, message)
