"""A process that cannot run: what an operator can mend ends it with one line, anything else with a traceback. And
processes that bring one database to the newest schema at the same time."""

import fcntl
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from shared import migrations

PROCESSES = ("registry", "accounts", "webhooks", "console")
SOON = "import sys; from shared.engine import hold; hold.WAIT = 1; from runpy import run_module; "
"""What makes a process wait for a second only, where it would wait for a minute."""


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept.db"


def made(service: str, kept: Path, *statements: str) -> None:
    """A service's database, and what was done to it since."""
    migrations.upgrade(service, f"sqlite+aiosqlite:///{kept}")
    with closing(sqlite3.connect(kept)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def ended(service: str, kept: Path, **more: str) -> str:
    """What a process that does not run told on its standard error."""
    secret = kept.with_name("secret")
    secret.write_bytes(b"s" * 32)
    found = {
        "ZHUCUN_DATABASE": f"sqlite+aiosqlite:///{kept}",
        "ZHUCUN_SECRET_FILE": str(secret),
        "ZHUCUN_PORT": "1",
        "ZHUCUN_SIGNING_KEYS": str(kept.with_name("keys.json")),
        "ZHUCUN_ISSUERS": "none",
        "ZHUCUN_SOURCES": "a=http://a",
        "ZHUCUN_NATS": "nats://127.0.0.1:1",
    } | more
    command = [sys.executable, "-c", f"{SOON} run_module('services.{service}.app', run_name='__main__')"]
    ran = subprocess.run(command, env=os.environ | found, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1, ran
    return ran.stderr


def told(service: str, kept: Path, zh: str, en: str, **more: str) -> None:
    """A process ends with one line and nothing else, which says this in both languages."""
    said = ended(service, kept, **more)
    assert said.startswith("无法运行：") and " · cannot run: " in said and said.count("\n") == 1, said
    assert zh in said.partition(" · ")[0] and en in said.partition(" · ")[2], said


@contextmanager
def taken(kept: Path) -> Iterator[None]:
    """Somebody else holds a database."""
    with kept.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("service", PROCESSES)
def test_a_database_that_does_not_fit_is_told_in_one_line(service: str, kept: Path) -> None:
    made(service, kept, "update alembic_version set version_num = '9999'")
    told(service, kept, "被更新的版本用过", "a newer version has used it")
    kept.unlink()
    made("dispatch", kept)
    told(service, kept, f"不是 {service} 的", f"not of {service}")
    told(service, kept, f"不是 {service} 的", f"not the database of {service}", ZHUCUN_MIGRATE_ON_START="false")
    kept.unlink()
    made(service, kept, "update alembic_version set version_num = '0001'")
    told(service, kept, f"zhucun migrate {service}", "not at this version yet", ZHUCUN_MIGRATE_ON_START="false")


@pytest.mark.parametrize("service", PROCESSES)
def test_a_database_or_a_port_that_somebody_has_is_told_in_one_line(service: str, kept: Path) -> None:
    made(service, kept)
    with taken(kept):
        told(service, kept, "另一进程使用", "another process uses")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        told(service, kept, f"端口 {port}", f"port {port}", ZHUCUN_PORT=port)


def test_a_database_that_nobody_reaches_is_told_in_one_line(kept: Path, postgres: str) -> None:
    nowhere = "sqlite+aiosqlite:////nowhere/at/all.db"
    told("accounts", kept, "打不开", "cannot be opened", ZHUCUN_DATABASE=nowhere)
    told("accounts", kept, "打不开", "cannot be opened", ZHUCUN_MIGRATE_ON_START="false", ZHUCUN_DATABASE=nowhere)
    away = "postgresql+asyncpg://registry:hush@127.0.0.1:1/registry"
    told("registry", kept, "没有应答", "does not answer", ZHUCUN_DATABASE=away)
    told("accounts", kept, "没有这个库", "none of this name", ZHUCUN_DATABASE=postgres.format("none"))
    stranger = postgres.replace("postgres:@", "nobody:@").format("postgres")
    told("accounts", kept, "不认这个用户", "does not know the user", ZHUCUN_DATABASE=stranger)
    for address in ("nonsense", "mysql://host/name", "sqlite:///kept.db"):
        for migrates in ("true", "false"):
            more = {"ZHUCUN_DATABASE": address, "ZHUCUN_MIGRATE_ON_START": migrates}
            told("accounts", kept, "数据库地址不对", "address is not right", **more)
    kept.write_bytes(b"no database" * 1000)
    told("accounts", kept, "已损坏", "damaged")


def test_a_database_of_another_replica_is_told_in_one_line(kept: Path) -> None:
    made("registry", kept, f"insert into positions values ('share', {2 << 16 | 1})")
    told("registry", kept, "另一副本，不是第1个（共1个）", "another replica than 1 of 1")


@pytest.mark.parametrize("setting", ["ZHUCUN_NATS_KEY", "ZHUCUN_NATS_CA"])
def test_a_file_for_nats_that_is_none_is_named_in_one_line(setting: str, kept: Path) -> None:
    file = kept.with_name("file")
    for content in (None, b"nonsense", "密".encode()):
        if content:
            file.write_bytes(content)
        said = ended("registry", kept, **{setting: str(file)})
        assert said.startswith("无法启动：") and said.count("\n") == 1 and str(file) in said, said


def test_what_nobody_has_foreseen_keeps_its_traceback(kept: Path) -> None:
    made("accounts", kept, "drop table alembic_version")
    said = ended("accounts", kept)
    assert "Traceback" in said and "already exists" in said


def test_who_migrates_at_the_same_time_waits_for_the_other_and_goes_on(database: str) -> None:
    script = (
        "import sys; from shared import migrations; import alembic.command, services.dispatch.tables; "
        "print('ready', flush=True); sys.stdin.readline(); migrations.upgrade('dispatch', sys.argv[1])"
    )
    command = [sys.executable, "-c", script, database]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    together = [subprocess.Popen(command, text=True, **pipes) for _ in range(3)]  # type: ignore[call-overload]
    for one in together:
        assert one.stdout.readline() == "ready\n"
    for one in together:
        one.stdin.write("\n")
        one.stdin.flush()
    for one in together:
        _, errors = one.communicate(timeout=120)
        assert one.returncode == 0, errors


def test_a_service_that_migrates_loads_no_code_of_others(kept: Path) -> None:
    """The solver of the dispatch alone would take 20 MiB of each service's memory, for as long as it runs."""
    program = (
        "import sys\nfrom shared import migrations\nimport services.registry.app\n"
        "for _ in range(2): migrations.upgrade('registry', sys.argv[1])\n"
        "print(*sorted(name for name in sys.modules if name.startswith(('services.dispatch', 'numpy', 'highspy'))))"
    )
    address = f"sqlite+aiosqlite:///{kept}"
    done = subprocess.run([sys.executable, "-c", program, address], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
