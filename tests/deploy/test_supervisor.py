"""The supervisor with the real nats-server. The services' place is taken by a few lines that answer HTTP."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import nats
import psutil
import pytest
import uvloop

from deploy.access.users import HARNESS
from deploy.local import logs, supervisor
from deploy.local.supervisor import INHERITED, PROCESSES, SERVICES, StartError, System, run
from shared import runtime
from shared.settings import variable
from shared.stream import bus
from shared.web.issuers import UNASKED

# Answers 200 on /health/ready, and its environment elsewhere.
READY = """
import http.server, json, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"" if self.path == "/health/ready" else json.dumps(dict(os.environ)).encode())
http.server.HTTPServer((os.environ["ZHUCUN_HOST"], int(os.environ["ZHUCUN_PORT"])), Handler).serve_forever()
"""
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY
UNREADY = READY.replace("send_response(200)", "send_response(503)").replace('b""', '"等待迁移".encode()')
SILENT = "import time; time.sleep(60)"
CRASHING = "import os; print('first'); print('数据库无法打开'); os._exit(3)"

STOPS = """
import pathlib, signal, sys
def stop(*_):
    pathlib.Path("stopped").touch()
    sys.exit()
signal.signal(signal.SIGTERM, stop)
pathlib.Path("begun").touch()
signal.pause()
"""

SUPERVISOR = f"""
import asyncio, pathlib, sys
from deploy.local.supervisor import SERVICES, System, run
class Stub(System):
    def command(self, name):
        return [sys.executable, "-S", "-c", {READY!r}, "stub"] if name in SERVICES else super().command(name)
async def announce(system):
    print("ready", flush=True)

asyncio.run(run(Stub(pathlib.Path(sys.argv[1])), announce))
"""


class Stub(System):
    """A system whose services are scripts; all are READY unless the test says otherwise."""

    scripts: dict[str, str] = {}  # noqa: RUF012 - replaced, never changed

    def command(self, name: str) -> list[str]:
        if name not in SERVICES:
            return super().command(name)
        return [sys.executable, "-S", "-c", self.scripts.get(name, READY), str(self.folder.root)]


def stub(root: Path, *, restart: bool = True, issuers: str = UNASKED, **scripts: str) -> Stub:
    system = Stub(root, restart=restart, issuers=issuers, env={"EXTRA": "额外"})
    system.scripts = scripts
    return system


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "驻村 数据"


def heard(system: System, name: str) -> bool:
    """Whether a process takes connections."""
    with socket.socket() as client:
        return not client.connect_ex(("127.0.0.1", system.folder.ports[name]))


def alive(pids: list[int]) -> list[int]:
    def is_alive(pid: int) -> bool:
        try:
            return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    return [pid for pid in pids if is_alive(pid)]


def soon(condition: Callable[[], bool], seconds: float = 5) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.05)


async def restarted(system: System, name: str, old: int) -> None:
    async with asyncio.timeout(20):
        while system.pid(name) == old:  # noqa: ASYNC110 - the process is not ours to wait for
            await asyncio.sleep(0.02)
    await system.ready(10)


def noted(root: Path) -> dict[str, int]:
    return {name: pid for name, (pid, *_) in json.loads((root / "pids.json").read_text()).items()}


def reports(root: Path, name: str, event: str) -> list[dict[str, Any]]:
    """What the supervisor reported about a process: the lines of its log that are JSON."""
    lines = (root / "logs" / f"{name}.log").read_text().splitlines()
    return [line for line in (json.loads(text) for text in lines if text[:1] == "{") if line["event"] == event]


async def publish(system: System, text: bytes) -> None:
    client = await nats.connect(system.nats_url, nkeys_seed=str(system.key(HARNESS)), inbox_prefix=bus.inbox(HARNESS))
    stream = client.jetstream()
    await stream.add_stream(name="JOURNAL", subjects=["journal"])
    await stream.publish("journal", text)
    await client.close()


async def published(system: System) -> list[bytes | None]:
    client = await nats.connect(system.nats_url, nkeys_seed=str(system.key(HARNESS)), inbox_prefix=bus.inbox(HARNESS))
    stream = client.jetstream()
    count = (await stream.stream_info("JOURNAL")).state.messages
    messages = [(await stream.get_msg("JOURNAL", seq=n + 1)).data for n in range(count)]
    await client.close()
    return messages


@contextmanager
def supervised(root: Path) -> Iterator[subprocess.Popen[str]]:
    """A supervisor in a process of its own, which leads its own group as under a terminal."""
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout and process.stderr
    try:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", ["registry", "accounts", "webhooks", "console"])
def test_each_setting_of_a_process_is_said_by_the_system_or_taken_from_its_environment(root: Path, name: str) -> None:
    """Else what the documents say of it would change nothing."""
    of = runtime.Settings if name == "registry" else import_module(f"services.{name}.app").Settings
    system = System(root, accounts=True, webhooks=True, console=True, nats_ca=root)
    system.folder.claim(("nats", *system.services, *system.beside), 1)
    said = system.environment(name)
    system.folder.release()
    unsaid = {one for one in map(variable, of.__struct_fields__) if one not in said and not INHERITED.fullmatch(one)}
    # Databases of the folder are migrated always, and only a folder of real work begins demos beside it. For whom
    # tokens are and where people sign in is said to containers alone.
    demo, composed = {"ZHUCUN_DEMO", "ZHUCUN_DEMO_FOLDER"}, {"ZHUCUN_AUDIENCE", "ZHUCUN_PAGES"}
    assert unsaid <= {"ZHUCUN_MIGRATE_ON_START", *demo, *composed}


def test_a_service_is_started_as_its_module_with_what_it_needs_to_know(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # of no concern to addresses of this machine
    # What says how another system's services reach their servers, as in an operator's container, is not for these.
    others = ("ZHUCUN_NATS_CA", "ZHUCUN_KEYS", "ZHUCUN_MIGRATE_ON_START", "ZHUCUN_REGISTRY_URL", "PGPASSFILE")
    for name in others:
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("ZHUCUN_SCHEMAS", "https://zhucun.example/schemas")
    command = System(root).command("dispatch")
    assert command[0] == sys.executable
    assert command[-2:] == ["-m", "services.dispatch.app"]

    async def scenario() -> None:
        async with stub(root, issuers="/etc/site.toml") as system:
            await system.ready(10)
            async with httpx.AsyncClient(trust_env=False) as client:
                told = (await client.get(f"{system.url('dispatch')}/")).json()
        assert told["ZHUCUN_DATABASE"] == f"sqlite+aiosqlite:///{root}/dispatch.sqlite3"
        assert told["ZHUCUN_NATS"] == system.nats_url
        assert system.url("dispatch") == f"http://{told['ZHUCUN_HOST']}:{told['ZHUCUN_PORT']}"
        assert told["EXTRA"] == "额外"
        assert told["ZHUCUN_SECRET_FILE"] == str(root / "secret")
        assert told["ZHUCUN_SCHEMAS"] == "https://zhucun.example/schemas"
        assert told["ZHUCUN_ISSUERS"] == "/etc/site.toml"
        assert not told.keys() & {"HTTP_PROXY", *others}

    asyncio.run(scenario())
    assert len(bytes.fromhex((root / "secret").read_text())) == 32
    assert (root / "secret").stat().st_mode & 0o777 == 0o600
    assert root.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run])
def test_whatever_is_killed_comes_back_at_its_address_and_nothing_is_lost(
    root: Path, runner: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    async def scenario() -> None:
        async with stub(root) as system:
            await system.ready(10)
            await publish(system, b"before the crash")
            for name in ("nats", "registry"):
                old = system.pid(name)
                system.kill(name)
                await restarted(system, name, old)
            assert await published(system) == [b"before the crash"]
            for name in ("nats", "registry"):
                assert [(r["code"], r["delay"]) for r in reports(root, name, "restarting")] == [(-9, 0)]
            children = psutil.Process().children()
            assert {child.pid for child in children} >= {system.pid(name) for name in PROCESSES}
            assert psutil.STATUS_ZOMBIE not in {child.status() for child in children}
            pids = list(noted(root).values())
        assert not alive(pids)
        assert not (root / "pids.json").exists()

        # The second start finds the same data at the same addresses, with the same secret.
        secret = (root / "secret").read_text()
        async with stub(root) as again:
            await again.ready(10)
            assert (again.nats_url, again.url("registry")) == (system.nats_url, system.url("registry"))
            assert await published(again) == [b"before the crash"]
        assert (root / "secret").read_text() == secret

    runner(scenario())


def test_nats_syncs_before_it_acknowledges_and_nothing_is_reachable_from_outside(root: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monitor = free.getsockname()[1]

    class Monitored(Stub):
        """Its nats-server tells more of itself than that of an installation does."""

        def command(self, name: str) -> list[str]:
            return super().command(name) + (["-m", str(monitor)] if name == "nats" else [])

    async def scenario() -> None:
        async with Monitored(root) as system:
            await system.ready(10)
            async with httpx.AsyncClient(trust_env=False) as client:
                facts = (await client.get(f"http://127.0.0.1:{monitor}/varz")).json()
            jetstream = facts["jetstream"]["config"]
            assert jetstream["sync_always"] is True
            assert Path(jetstream["store_dir"]).is_relative_to(root / "nats")
            assert jetstream["max_storage"] == 32 * 2**30
            assert facts["max_payload"] == 8 * 2**20
            listening = [
                connection.laddr
                for name in PROCESSES
                for connection in psutil.Process(system.pid(name)).net_connections()
                if connection.status == psutil.CONN_LISTEN
            ]
            assert {address.port for address in listening} == {*system.folder.ports.values(), monitor}
            assert {address.ip for address in listening} == {"127.0.0.1"}

    asyncio.run(scenario())


def test_a_service_that_keeps_dying_is_restarted_ever_more_slowly_and_named_by_ready(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The log is complete and in UTF-8 whatever the operator's shell says.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    for name, value in {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}.items():
        monkeypatch.setenv(name, value)

    async def scenario() -> None:
        # That another service is not ready yet does not put the news off, nor is it blamed.
        async with stub(root, incentives=CRASHING, registry=UNREADY) as system:
            began = time.monotonic()
            with pytest.raises(StartError) as failure:
                await system.ready(30)
            assert time.monotonic() - began < 20
            assert "incentives 未就绪" in str(failure.value)
            assert "first\n数据库无法打开" in str(failure.value)
            assert str(root / "logs" / "incentives.log") in str(failure.value)
            assert not any(f"{name} 未就绪" in str(failure.value) for name in PROCESSES if name != "incentives")
            assert [r["delay"] for r in reports(root, "incentives", "restarting")][:3] == [0, 0.25, 0.5]
            assert not any(reports(root, name, "restarting") for name in PROCESSES if name != "incentives")

    asyncio.run(scenario())


def test_backoff_begins_anew_after_a_steady_life_and_has_an_upper_bound(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "BACKOFF", (0, 0.01, 0.02))
    monkeypatch.setattr(supervisor, "STEADY", 2)  # Longer than it takes to start and die on a busy machine.

    async def scenario() -> None:
        async with stub(root, registry="import time; time.sleep(3)", dispatch=""):
            await until(lambda: len(reports(root, "registry", "restarting")) >= 2)
            await until(lambda: len(reports(root, "dispatch", "restarting")) >= 4)
            assert [r["deaths"] for r in reports(root, "registry", "restarting")][:2] == [1, 1]
            delays = [r["delay"] for r in reports(root, "dispatch", "restarting")]
            assert delays[:3] == [0, 0.01, 0.02]
            assert set(delays[3:]) == {0.02}

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["registry", "nats"])
def test_what_is_held_still_for_long_is_started_again_and_the_operator_is_told(
    root: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LOOK", 0.1)
    monkeypatch.setattr(supervisor, "DEAF", 3)
    told: list[str] = []

    async def scenario() -> None:
        system = Stub(root, tell=told.append)
        system.scripts = {"dispatch": UNREADY, "incentives": SILENT}
        async with system:
            await until(lambda: all(heard(system, one) for one in PROCESSES if one != "incentives"))
            await asyncio.sleep(0.5)  # For a look at it.
            old = {name: system.pid(name) for name in PROCESSES}
            system.kill(name, signal.SIGSTOP)
            await until(lambda: system.pid(name) != old[name] and heard(system, name))
            assert {other for other in PROCESSES if system.pid(other) != old[other]} == {name}
        assert [r["code"] for r in reports(root, name, "restarting") if "code" in r] == [-signal.SIGKILL]

    asyncio.run(scenario())
    assert len([text for text in told if text.startswith(f"{name} 已") and "has answered nothing" in text]) == 1


def test_a_machine_that_cannot_start_a_process_now_starts_it_later(root: Path) -> None:
    class Exhausted(Stub):
        exhausted = False

        def command(self, name: str) -> list[str]:
            if self.exhausted:
                raise BlockingIOError("no more processes")
            return super().command(name)

    async def scenario() -> None:
        async with Exhausted(root) as system:
            await system.ready(10)
            old = system.pid("registry")
            system.exhausted = True
            system.kill("registry")
            await asyncio.sleep(0.1)
            system.exhausted = False
            await restarted(system, "registry", old)
            assert [r["error"] for r in reports(root, "registry", "not started")] == ["no more processes"]

    asyncio.run(scenario())


def test_a_log_that_grew_too_long_is_put_aside_while_its_process_goes_on(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs.Log.__init__, "__defaults__", (5000, 3))
    chatty = "for number in range(2000): print(number, 'x' * 50, flush=True)\n" + READY

    async def scenario() -> None:
        async with stub(root, registry=chatty) as system:
            await system.ready(10)
            assert len(reports(root, "registry", "restarting")) == 0

    asyncio.run(scenario())
    kept = [root / "logs" / name for name in ("registry.log.2", "registry.log.1", "registry.log")]
    assert all(path.stat().st_size <= 5000 for path in kept) and not (root / "logs" / "registry.log.3").exists()
    said = [line for path in kept for line in path.read_text().splitlines() if line.endswith("x" * 50)]
    assert [int(line.split()[0]) for line in said] == list(range(2000 - len(said), 2000)) and len(said) > 100
    assert not (root / "logs" / "dispatch.log.1").exists()


def test_a_service_that_keeps_dying_is_told_while_the_system_runs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "BACKOFF", (0, 0.01, 0.02))
    told: list[str] = []

    async def scenario() -> None:
        system = Stub(root, tell=told.append)
        system.scripts = {"incentives": CRASHING}
        async with system:
            await until(lambda: any("反复退出" in text for text in told))
            await until(lambda: len(reports(root, "incentives", "restarting")) >= 6)

    asyncio.run(scenario())
    dying = [text for text in told if "反复退出" in text]
    assert len(dying) == 1 and "incentives" in dying[0] and "数据库无法打开" in dying[0]


def test_ready_tells_what_an_unready_service_answered(root: Path) -> None:
    async def scenario() -> None:
        async with stub(root, registry=UNREADY) as system:
            with pytest.raises(StartError, match=r"registry 未就绪.*503 等待迁移"):
                await system.ready(0.7)

    asyncio.run(scenario())


def test_without_restart_a_dead_service_stays_dead_and_ready_says_so_at_once(root: Path) -> None:
    async def scenario() -> None:
        async with stub(root, restart=False) as system:
            await system.ready(10)
            system.kill("inspection")
            began = time.monotonic()
            with pytest.raises(StartError, match="inspection 未就绪"):
                await system.ready(10)
            assert time.monotonic() - began < 2
            assert not alive([system.pid("inspection")])
            assert [r["code"] for r in reports(root, "inspection", "ended")] == [-9]

    asyncio.run(scenario())


def test_a_service_deaf_to_sigterm_is_killed_after_a_grace(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "GRACE", 0.3)

    async def scenario() -> None:
        async with stub(root, registry=DEAF) as system:
            await system.ready(10)
            pids = list(noted(root).values())
        assert not alive(pids)
        assert reports(root, "registry", "ended")[0]["code"] == -signal.SIGKILL
        assert reports(root, "dispatch", "ended")[0]["code"] == -signal.SIGTERM

    asyncio.run(scenario())


def test_a_folder_in_use_is_refused_and_left_alone(root: Path) -> None:
    async def scenario() -> None:
        async with stub(root) as system:
            with pytest.raises(StartError, match=f"正由进程 {os.getpid()} 使用"):
                async with stub(root):
                    pass
            await system.ready(10)
            assert noted(root) == {name: system.pid(name) for name in PROCESSES}

    asyncio.run(scenario())


def test_a_taken_port_is_named_with_its_holder_and_the_way_out(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        root.mkdir()
        (root / "ports.json").write_text(json.dumps({"dispatch": port}))
        with pytest.raises(StartError) as failure:
            asyncio.run(stub(root).__aenter__())
    assert f"dispatch 的端口 {port} 已被占用" in str(failure.value)
    assert str(root / "ports.json") in str(failure.value)
    assert f"(pid {os.getpid()}: " in str(failure.value) or not shutil.which("lsof")


def test_what_a_killed_supervisor_left_running_is_ended_and_a_stranger_with_its_pid_is_not(root: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(30)"]
    root.mkdir()
    left = subprocess.Popen([*sleep, str(root)], start_new_session=True, cwd=root)
    stranger = subprocess.Popen([*sleep, "elsewhere"], start_new_session=True)
    arguments = " ".join([*sleep[1:], str(root)])
    (root / "pids.json").write_text(
        json.dumps({"registry": [left.pid, arguments], "dispatch": [stranger.pid, arguments]})
    )

    async def scenario() -> None:
        async with stub(root):
            assert not alive([left.pid])
            assert alive([stranger.pid])

    try:
        asyncio.run(scenario())
    finally:
        for process in (left, stranger):
            process.kill()
            process.wait()


def test_kill_9_of_the_supervisor_leaves_no_process_and_the_next_start_works(root: Path) -> None:
    with supervised(root) as process:
        pids = noted(root)
        assert sorted(pids) == sorted(PROCESSES)
        assert len(alive(list(pids.values()))) == len(PROCESSES)
        process.kill()
        assert soon(lambda: not alive(list(pids.values())))

    async def scenario() -> None:
        async with stub(root) as system:
            await system.ready(10)
            assert not set(noted(root).values()) & set(pids.values())

    asyncio.run(scenario())


def assert_stopped_in_order(root: Path) -> None:
    ends = {name: reports(root, name, "ended")[-1] for name in PROCESSES}
    # A service that died of SIGTERM was told by the supervisor; nats-server leaves with 0 when it is graceful.
    assert {end["code"] for name, end in ends.items() if name != "nats"} == {-signal.SIGTERM}
    assert ends["nats"]["code"] == 0
    assert max(ends, key=lambda name: str(ends[name]["timestamp"])) == "nats"


def test_ctrl_c_for_the_whole_group_stops_services_first_and_nats_last(root: Path) -> None:
    with supervised(root) as process:
        pids = list(noted(root).values())
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(10) == 0
        assert not alive(pids)
    assert_stopped_in_order(root)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ends_are_as_orderly(root: Path, number: signal.Signals) -> None:
    pids: list[int] = []

    async def announce(system: System) -> None:
        pids.extend(noted(root).values())
        os.kill(os.getpid(), number)

    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # These tests themselves may run under nohup.
    try:
        asyncio.run(run(stub(root), announce))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert len(pids) == len(PROCESSES)
    assert not alive(pids)
    assert_stopped_in_order(root)


def test_under_nohup_the_end_of_the_terminal_changes_nothing(root: Path) -> None:
    running: list[int] = []

    async def announce(system: System) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        asyncio.get_running_loop().call_later(0.3, end)

    def end() -> None:
        running.extend(alive(list(noted(root).values())))
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        asyncio.run(run(stub(root), announce))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert len(running) == len(PROCESSES)
    assert_stopped_in_order(root)


def test_a_second_ctrl_c_does_not_wait_for_the_deaf(root: Path) -> None:
    pids: list[int] = []

    async def announce(system: System) -> None:
        pids.extend(noted(root).values())
        os.kill(os.getpid(), signal.SIGINT)
        asyncio.get_running_loop().call_later(0.3, os.kill, os.getpid(), signal.SIGINT)

    began = time.monotonic()
    asyncio.run(run(stub(root, registry=DEAF), announce))
    assert time.monotonic() - began < supervisor.GRACE
    assert len(pids) == len(PROCESSES)
    assert soon(lambda: not alive(pids))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that the one which began it has ended")
def test_what_a_process_has_begun_stops_in_order_also_when_that_process_is_killed(tmp_path: Path) -> None:
    """As a demo that the console has begun, in a session of its own."""
    command = [sys.executable, "-m", "deploy.local.processes", sys.executable, "-c", STOPS]
    parent = f"import subprocess, time; subprocess.Popen({command!r}, start_new_session=True); time.sleep(60)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", parent], cwd=tmp_path, env=environment) as process:
        assert soon((tmp_path / "begun").exists, 20)
        assert not (tmp_path / "stopped").exists()
        process.kill()
        assert soon((tmp_path / "stopped").exists, 20)
