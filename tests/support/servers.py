"""Real servers and databases, for tests to run against."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.folder import Folder
from shared.engine import store
from shared.engine.tables import Tables


@contextmanager
def up(folder: Path, *words: str) -> Iterator[list[str]]:
    """What `zhucun up` prints until the system is ready; Ctrl-C ends it."""
    with subprocess.Popen(
        [str(Path(sys.executable).with_name("zhucun")), "up", "--folder", str(folder), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as system:
        assert system.stdout
        told: list[str] = []
        for line in system.stdout:
            told.append(line)
            if "Ctrl-C" in line:
                break
        assert "Ctrl-C" in told[-1], "".join(told)
        try:
            yield told
        finally:
            system.send_signal(signal.SIGINT)
            assert system.wait(30) == 0


class NatsServer:
    """A nats-server process on a folder of its own, which may be killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        # From the range that nobody's outgoing connections are given, or one of them could take it before the server,
        # or while it is down.
        self.folder = Folder(folder / "server")
        self.folder.claim(["nats"])
        self.port = self.folder.ports["nats"]
        self.url = f"nats://127.0.0.1:{self.port}"
        self._config = folder / "nats.conf"
        self._settings = (
            f'listen: "127.0.0.1:{self.port}"\njetstream {{ store_dir: "{folder}/js", sync_interval: always }}\n'
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, more_settings: str = "") -> None:
        self._config.write_text(self._settings + more_settings)
        beside = Path(sys.executable).with_name("nats-server")
        binary = str(beside) if beside.exists() else shutil.which("nats-server")
        assert binary, "nats-server is not installed"
        self._process = subprocess.Popen(
            [binary, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.1):
                return
            time.sleep(0.05)
        raise AssertionError("nats-server did not start within 10 s")

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self._process:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)

    def resume(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)


async def engine_with(database: str, tables: Tables) -> AsyncEngine:
    """An engine on a database that has a service's tables."""
    engine = store.open_engine(database, by_index=True)
    async with engine.begin() as conn:
        await conn.run_sync(tables.metadata.create_all)
    return engine
